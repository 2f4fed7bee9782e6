//! `any order` on a real stack: one deterministic order of the many.
//!
//! The lanes take turns, a step each. A lane whose call blocks waits, and goes on once the call has returned. Of
//! `either` the first branch is taken. `repeat` goes on until a call of it blocks for ever: that last blocking is what the
//! scenario says of it, and is not reported. One whose calls do not block ends some rounds after all other lanes. `if` and
//! `until` look at what the call before them has given. A `repeat` with an `until` has an end: what waits in it is reported, and a lane
//! that goes round too often ends there.

use std::time::{Duration, Instant};

use winaccept_sim::observe::{Observed, ends_so};
use winaccept_sim::script::{Action, Ending, Expect, Step};

use super::StepReport;
use super::plan::{PlannedInLane, PlannedLane, can_be_left};
use super::stage::Stage;
use super::turn::{Given, Patience, Turnout};

/// No `repeat` goes round more often than this.
pub(crate) const MAX_ROUNDS: u32 = 100;
/// Nor more often than this once every other lane is done.
const MAX_ROUNDS_ALONE: u32 = 8;
/// When every lane waits: how long for one of them to go on.
const STUCK: Duration = Duration::from_millis(300);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// How far a lane has come.
struct Progress<'p, 's> {
    lane: &'p PlannedLane<'s>,
    /// The bodies that the lane is in, the innermost last.
    frames: Vec<Frame<'p, 's>>,
    /// The step whose call is in progress, and whether it stands inside `repeat`.
    waiting: Option<(usize, &'s Step, bool)>,
    /// What was seen of its last step.
    last: Option<Observed>,
}

struct Frame<'p, 's> {
    body: &'p [PlannedInLane<'s>],
    next: usize,
    /// For the body of a `repeat`.
    rounds: Option<Rounds>,
}

/// Is there another round behind a step that gave this? Behind one that was not taken, or waits, nothing would come.
pub(crate) fn goes_round(last: Option<&Observed>) -> bool {
    last.is_some_and(|last| !matches!(last, Observed::Blocks | Observed::NotTaken(_)))
}

/// Does an `until` behind a step that gave this leave its `repeat`? Where the step was not taken nothing else would come either.
pub(crate) fn leaves(until: &Ending, last: Option<&Observed>) -> bool {
    !goes_round(last) || last.is_some_and(|last| ends_so(until, last))
}

/// The body that is taken behind a step that gave this.
pub(crate) fn body_behind(ending: &Ending, last: Option<&Observed>) -> usize {
    usize::from(!last.is_some_and(|last| ends_so(ending, last)))
}

/// How often a `repeat` has gone round.
#[derive(Clone, Copy, Default)]
struct Rounds {
    all: u32,
    /// Those that began when every other lane was done.
    alone: u32,
}

impl Rounds {
    fn another(self, alone: bool) -> Rounds {
        Rounds { all: self.all + 1, alone: self.alone + u32::from(alone) }
    }

    fn are_enough(self) -> bool {
        self.all >= MAX_ROUNDS || self.alone >= MAX_ROUNDS_ALONE
    }
}

impl<'p, 's> Progress<'p, 's> {
    fn new(lane: &'p PlannedLane<'s>) -> Self {
        let frame = Frame { body: &lane.body, next: 0, rounds: None };
        Progress { lane, frames: vec![frame], waiting: None, last: None }
    }

    /// The lane's next step, and whether it stands inside `repeat`. `alone`: every other lane is done.
    fn next(&mut self, alone: bool) -> Option<(usize, &'s Step, bool)> {
        loop {
            let repeating = self.repeats();
            let frame = self.frames.last_mut()?;
            match frame.body.get(frame.next) {
                Some(PlannedInLane::Step(number, step)) => {
                    frame.next += 1;
                    return Some((*number, step, repeating));
                }
                Some(PlannedInLane::Repeat(body)) => {
                    frame.next += 1;
                    let rounds = Some(Rounds::default().another(alone));
                    self.frames.push(Frame { body, next: 0, rounds });
                }
                Some(PlannedInLane::Until(until)) => {
                    frame.next += 1;
                    if leaves(until, self.last.as_ref()) {
                        while self.frames.pop().is_some_and(|left| left.rounds.is_none()) {}
                    }
                }
                Some(PlannedInLane::If(ending, bodies)) => {
                    frame.next += 1;
                    let body = &bodies[body_behind(ending, self.last.as_ref())];
                    self.frames.push(Frame { body, next: 0, rounds: None });
                }
                None => match frame.rounds {
                    Some(rounds) if can_be_left(frame.body) => {
                        if !goes_round(self.last.as_ref()) {
                            self.frames.pop();
                        } else if rounds.all >= MAX_ROUNDS {
                            self.frames.clear();
                        } else {
                            (frame.next, frame.rounds) = (0, Some(rounds.another(alone)));
                        }
                    }
                    Some(rounds) if !rounds.are_enough() && !frame.body.is_empty() => {
                        (frame.next, frame.rounds) = (0, Some(rounds.another(alone)));
                    }
                    _ => {
                        self.frames.pop();
                    }
                },
            }
        }
    }

    fn repeats(&self) -> bool {
        self.frames.iter().any(|frame| frame.rounds.is_some() && !can_be_left(frame.body))
    }

    /// Takes note of what a step of this lane has given.
    fn report(&mut self, index: usize, step: &Step, given: Given) -> StepReport {
        self.last = Some(given.observed.clone());
        StepReport { index, actor: step.actor, observed: given.observed, assumed: given.assumed }
    }

    fn is_done(&self) -> bool {
        self.frames.is_empty() && self.waiting.is_none()
    }
}

impl<'s> Stage<'s> {
    /// Runs the lanes in turn.
    pub(super) fn any_order(&mut self, lanes: &[PlannedLane<'s>], reports: &mut Vec<StepReport>) {
        let mut lanes: Vec<_> = lanes.iter().map(Progress::new).collect();
        let mut stuck_since: Option<Instant> = None;
        while !lanes.iter().all(Progress::is_done) {
            let mut moved = false;
            for i in 0..lanes.len() {
                let alone = lanes.iter().enumerate().all(|(j, lane)| j == i || lane.is_done() || lane.repeats());
                moved |= self.turn_of(&mut lanes[i], alone, reports);
            }
            if moved {
                stuck_since = None;
            } else if stuck_since.get_or_insert_with(Instant::now).elapsed() < STUCK {
                std::thread::sleep(PAUSE);
            } else {
                return self.give_up(&mut lanes, reports);
            }
        }
    }

    /// Gives one lane its turn. False if it has to wait.
    fn turn_of(&mut self, lane: &mut Progress<'_, 's>, alone: bool, reports: &mut Vec<StepReport>) -> bool {
        let actor = lane.lane.actor;
        if let Some((number, step, _)) = lane.waiting {
            if !self.has_returned(actor) {
                return false;
            }
            if let Turnout::Returned(returned) = self.turnout(actor, Patience::ToReturn) {
                let given = self.finish(actor, step, returned);
                reports.push(lane.report(number, step, given));
            }
            lane.waiting = None;
            return true;
        }
        let Some((number, step, repeating)) = lane.next(alone) else { return false };
        let issued = match &step.action {
            Action::Call(call) => self.issue(step, call),
            Action::ConditionReturns { said, call } => self.condition_returns(step, call, *said),
            Action::RoutineReturns { call } => self.routine_returns(step, call),
            Action::Resumes if self.in_progress[actor.index()].is_some() => {
                lane.waiting = Some((number, step, repeating));
                return true;
            }
            Action::Resumes
            | Action::InHook(_)
            | Action::Prints { .. }
            | Action::Exits(_)
            | Action::Ends
            | Action::Sends { .. }
            | Action::Expects => {
                let given = self.take(step, Patience::ToReturn);
                reports.push(lane.report(number, step, given));
                return true;
            }
        };
        if let Err(why) = issued {
            reports.push(lane.report(number, step, Given::not_taken(why)));
            return true;
        }
        match self.turnout(actor, Patience::ToBlock) {
            Turnout::Returned(returned) => {
                let given = self.finish(actor, step, returned);
                reports.push(lane.report(number, step, given));
            }
            Turnout::Blocks(assumed) if step.expect == Some(Expect::Blocks) => {
                reports.push(lane.report(number, step, Given { observed: Observed::Blocks, assumed }));
            }
            Turnout::Blocks(_) => {
                self.quieten_after_blocking(actor);
                lane.waiting = Some((number, step, repeating));
            }
        }
        true
    }

    /// Every lane waits for something that does not come.
    fn give_up(&mut self, lanes: &mut [Progress<'_, 's>], reports: &mut Vec<StepReport>) {
        for lane in lanes {
            let Some((number, step, repeating)) = lane.waiting.take() else { continue };
            match self.turnout(lane.lane.actor, Patience::ToBlock) {
                Turnout::Returned(returned) => {
                    let given = self.finish(lane.lane.actor, step, returned);
                    reports.push(lane.report(number, step, given));
                }
                Turnout::Blocks(_) if repeating => {} // which is how a `repeat` ends
                Turnout::Blocks(assumed) => {
                    reports.push(lane.report(number, step, Given { observed: Observed::Blocks, assumed }));
                    while let Some((number, step, _)) = lane.next(true) {
                        let given = Given::not_taken("an earlier call of this lane blocks");
                        reports.push(lane.report(number, step, given));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use winaccept_model::code::Code;
    use winaccept_model::outcome::Value;
    use winaccept_sim::observe::{Shown, ShownValue};

    use super::super::plan::{Planned, plan};
    use super::*;

    #[test]
    fn a_lane_repeats_until_it_was_alone_for_some_rounds() {
        let source = "scenario \"a lane\"\n\nany order {\n  server  WSAGetLastError()\n  either {\n    \
            server  WSASetLastError(2)\n  } or {\n    server  WSASetLastError(3)\n  }\n  repeat {\n    \
            server  WSASetLastError(1)\n    server  WSAGetLastError()\n  }\n}\n";
        let script = crate::lang::parse(source.as_bytes(), "test", &|_| true).unwrap_or_else(|error| panic!("{error}"));
        let planned = plan(&script).expect("a real stack can take it");
        let Planned::AnyOrder(lanes) = &planned[0] else { panic!("{planned:?}") };
        let mut lane = Progress::new(&lanes[0]);
        let mut taken = Vec::new();
        while let Some((number, _, repeating)) = lane.next(taken.len() > 5) {
            assert_eq!(repeating, number > 2);
            taken.push(number);
        }
        let rounds = 2 + MAX_ROUNDS_ALONE as usize;
        let expected: Vec<_> = [0, 1].into_iter().chain([3, 4].repeat(rounds)).collect();
        assert_eq!(taken, expected, "and of `either` the first branch");
        assert!(lane.is_done());
    }

    #[test]
    fn a_lane_goes_where_its_calls_lead_it() {
        let source = "scenario \"a lane\"\n\nany order {\n  repeat {\n    server  WSASetEvent(INVALID_SOCKET)\n    until WSAEINTR\n    \
            if succeeds {\n      server  WSASetLastError(1)\n    } else if fails {\n      server  WSASetLastError(2)\n    }\n  }\n  \
            server  WSASetLastError(3)\n}\n";
        let script = crate::lang::parse(source.as_bytes(), "test", &|_| true).unwrap_or_else(|error| panic!("{error}"));
        let planned = plan(&script).expect("a real stack can take it");
        let Planned::AnyOrder(lanes) = &planned[0] else { panic!("{planned:?}") };
        let gives = |error: Code| {
            let value = ShownValue::Is(Value::Number(i64::from(error == Code::NONE)));
            Observed::Returned(Shown { value, error, out: Vec::new() })
        };
        let walk = |codes: &[Code]| {
            let mut lane = Progress::new(&lanes[0]);
            let (mut taken, mut codes) = (Vec::new(), codes.iter().cycle());
            while let Some((number, _, _)) = lane.next(false) {
                lane.last = Some(gives(if number == 0 { *codes.next().expect("they are cycled") } else { Code::NONE }));
                taken.push(number);
            }
            taken
        };
        assert_eq!(walk(&[Code::NONE, Code::WSAEFAULT, Code::WSAEINTR]), [0, 1, 0, 2, 0, 3]);
        let endless = walk(&[Code::NONE]);
        assert_eq!(endless, [0, 1].repeat(MAX_ROUNDS as usize), "and nothing behind it");
    }
}
