//! Outcome coverage: which outcomes the program's calls have met and what the program did next, and which it could have had there
//! and has not.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use winaccept_model::call::{Call, Function, ThreadId};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Outcome, Value};
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, is_undefined};
use winaccept_model::world::{Faults, World};

use crate::engine::{Engine, PROGRAM, State};
use crate::phase::Phase;
use crate::record::{Entry, THREADS};
use crate::winsock::Request;

/// The outcomes of the program's calls, by the call's name and the outcome: `success`, a code, `calls condition` or `calls routine`.
pub type Coverage = BTreeMap<&'static str, BTreeMap<Cow<'static, str>, Met>>;

/// How the program has met an outcome.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Met {
    /// How often. 0: never, although the call could have had it where it was made, under the profile or with something failing.
    pub times: u64,
    /// What the thread did next, before it was asked to stop, with how often. Runs that ended first are not in it.
    pub next: BTreeMap<Next, u64>,
}

/// What a thread did first after an outcome.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Next {
    /// It made this call.
    Calls(&'static str),
    /// It started a thread of this name.
    Spawns(&'static str),
    /// It let others go on: it put something into a queue, or released a lock.
    HandsOver,
    /// It waited for another thread, a packet or a request.
    Waits,
    /// Its condition function came back.
    Answers,
    /// It waited to be asked to stop.
    AwaitsStop,
    /// It ended.
    Ends,
    /// It panicked.
    Panics,
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Next::Calls(name) => f.write_str(name),
            Next::Spawns(name) => write!(f, "starts {name}"),
            Next::HandsOver => f.write_str("hands over"),
            Next::Waits => f.write_str("waits"),
            Next::Answers => f.write_str("answers"),
            Next::AwaitsStop => f.write_str("awaits the stop"),
            Next::Ends => f.write_str("ends"),
            Next::Panics => f.write_str("panics"),
        }
    }
}

impl Next {
    /// Reads what its text says. A name that is no function's is that of a thread, kept as long as the program runs: there are few.
    #[must_use]
    pub fn read(text: &str) -> Option<Next> {
        let known = [Next::HandsOver, Next::Waits, Next::Answers, Next::AwaitsStop, Next::Ends, Next::Panics];
        if let Some(next) = known.into_iter().find(|next| next.to_string() == text) {
            return Some(next);
        }
        if let Some(thread) = text.strip_prefix("starts ") {
            return Some(Next::Spawns(thread.to_owned().leak()));
        }
        Function::named(text).next().map(|function| Next::Calls(function.name()))
    }
}

/// Takes in what was met elsewhere.
pub fn merge(coverage: &mut Coverage, other: Coverage) {
    for (call, met) in other {
        let of_call = coverage.entry(call).or_default();
        for (outcome, of_outcome) in met {
            let into = of_call.entry(outcome).or_default();
            into.times = into.times.saturating_add(of_outcome.times);
            for (next, times) in of_outcome.next {
                let met = into.next.entry(next).or_default();
                *met = met.saturating_add(times);
            }
        }
    }
}

/// Whether the program has a branch for an outcome, as far as that shows outside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Branch {
    /// It does something that it never does after success.
    Own,
    /// It never did anything but what it also does after success.
    AsSuccess,
    /// Every time it ended there: perhaps it meant to.
    Ends,
    /// It panicked, once at least.
    Panics,
}

impl Branch {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Branch::Own => "own",
            Branch::AsSuccess => "as-success",
            Branch::Ends => "ends",
            Branch::Panics => "panics",
        }
    }
}

/// What shows of a branch for this outcome of a call, of all that the call has met. `None`: for a success, for a request that is
/// under way, for an outcome that was never met, and where it is not known what came next, there or after success.
#[must_use]
pub fn branch(met: &BTreeMap<Cow<'static, str>, Met>, outcome: &str) -> Option<Branch> {
    let next = &met.get(outcome)?.next;
    let goes_on = [SUCCESS, CONDITION, ROUTINE].contains(&outcome) || outcome == Code::ERROR_IO_PENDING.to_string();
    if goes_on || next.is_empty() {
        return None;
    }
    if next.contains_key(&Next::Panics) {
        return Some(Branch::Panics);
    }
    let success = met.get(SUCCESS).map(|met| &met.next);
    let same = |next: &Next| success.is_some_and(|success| success.contains_key(next));
    match next.keys().all(same) {
        true => Some(Branch::AsSuccess),
        false if next.keys().all(|next| *next == Next::Ends) => Some(Branch::Ends),
        // Where it has never succeeded, there is nothing to compare with.
        false => success.is_some_and(|success| !success.is_empty()).then_some(Branch::Own),
    }
}

const SUCCESS: &str = "success";
const CONDITION: &str = "calls condition";
const ROUTINE: &str = "calls routine";

/// At most so many ways of a step are looked at.
const WAYS: u32 = 64;

/// What a report calls this outcome.
fn named(outcome: &Outcome) -> Cow<'static, str> {
    match (outcome.value, outcome.error) {
        (Value::CallsCondition, _) => CONDITION.into(),
        (Value::CallsRoutine, _) => ROUTINE.into(),
        (_, Code::NONE) => SUCCESS.into(),
        (_, error) => error.name().map_or_else(|| error.to_string().into(), Cow::Borrowed),
    }
}

/// What asking this is, for who watches the program.
fn next_of(request: &Request, call: &Call) -> Option<Next> {
    Some(match request {
        Request::Call => Next::Calls(call.name()),
        Request::Spawn(name, _) => Next::Spawns(name),
        Request::Notify(_) => Next::HandsOver,
        Request::Join(_) | Request::Park(_) | Request::Await(..) => Next::Waits,
        Request::Answer(_) => Next::Answers,
        Request::Stop => Next::AwaitsStop,
        // These are none of the program's acts: it goes on behind them.
        Request::Buffer(_) | Request::Family(_) | Request::Yield => return None,
        Request::NoWords(_) | Request::Misuse(..) => return None,
        Request::Ends => Next::Ends,
    })
}

impl Engine<'_> {
    /// A call of the program has returned with this.
    pub(crate) fn has_met(&mut self, index: usize, call: &Call, outcome: &Outcome) {
        let text = named(outcome);
        self.threads[index].told = (self.phase != Phase::Ending).then(|| (call.name(), text.clone()));
        self.coverage.entry(call.name()).or_default().entry(text).or_default().times += 1;
    }

    /// A thread asks for something: that is what it does next.
    pub(crate) fn does_next(&mut self, index: usize, request: &Request) {
        if let Some(next) = next_of(request, &self.common.exchange.call.get()) {
            self.did_next(index, next);
        }
    }

    /// The same of what is no request.
    pub(crate) fn did_next(&mut self, index: usize, next: Next) {
        let told = self.threads[index].told.take().filter(|_| self.phase != Phase::Ending);
        if let Some((call, outcome)) = told
            && let Some(met) = self.coverage.get_mut(call).and_then(|met| met.get_mut(&outcome))
        {
            *met.next.entry(next).or_default() += 1;
        }
    }

    /// After a step from this world that called or came back to the program: what else the program could have got.
    pub(crate) fn looks_around(&mut self, before: &World, event: Event) {
        let calls = matches!(event, Event::Call(thread, _) if thread.index() < THREADS);
        if !calls && !self.fx.returns.iter().any(|(thread, _)| thread.index() < THREADS) {
            return;
        }
        self.could_have(before, event);
        let faults: Faults = before.processes()[PROGRAM.index()].faults;
        let failing = [
            Faults { no_descriptors: true, ..faults },
            Faults { no_buffers: true, ..faults },
            Faults { network_down: true, ..faults },
        ];
        for failing in failing.into_iter().filter(|failing| *failing != faults) {
            let mut world = before.clone();
            self.machine.step(&mut world, Event::Faults(PROGRAM, failing), &mut Tape::default(), &mut self.around);
            self.could_have(&world, event);
        }
    }

    /// Every way of a step: what calls of the program give in it.
    fn could_have(&mut self, before: &World, event: Event) {
        let mut around = std::mem::replace(&mut self.around, Effects::without_notes());
        let mut tape = Tape::default();
        for _ in 0..WAYS {
            let mut world = before.clone();
            self.machine.step(&mut world, event, &mut tape, &mut around);
            for (thread, outcome) in &around.returns {
                if let Some(name) = self.call_of(*thread, event).filter(|_| !is_undefined(outcome)) {
                    self.coverage.entry(name).or_default().entry(named(outcome)).or_default();
                }
            }
            if !tape.advance() {
                break;
            }
        }
        self.around = around;
    }

    /// The name of the call that this thread of the program's is in.
    fn call_of(&self, thread: ThreadId, event: Event) -> Option<&'static str> {
        match event {
            Event::Call(caller, call) if caller == thread => (thread.index() < THREADS).then(|| call.name()),
            _ => {
                let waits = |at: &usize| self.threads[*at].world == thread && self.threads[*at].state == State::InCall;
                let index = (0..self.threads.len()).find(waits)?;
                self.record.iter().rev().find_map(|entry| match entry {
                    Entry::Call(actor, call, None) | Entry::Answer(actor, _, call, None) if *actor == index => {
                        Some(call.name())
                    }
                    _ => None,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(next: &[Next]) -> Met {
        Met { times: next.len() as u64, next: next.iter().map(|next| (*next, 1)).collect() }
    }

    #[test]
    fn a_branch_shows_by_what_comes_next() {
        let all = BTreeMap::from([
            (SUCCESS.into(), met(&[Next::Calls("recv")])),
            ("WSAECONNRESET".into(), met(&[Next::Calls("accept")])),
            ("WSAEMFILE".into(), met(&[Next::Calls("recv")])),
            ("WSAENOBUFS".into(), met(&[Next::Ends])),
            ("WSAENETDOWN".into(), met(&[Next::Calls("accept"), Next::Panics])),
            ("WSAEINTR".into(), met(&[])),
        ]);
        assert_eq!(branch(&all, "WSAECONNRESET"), Some(Branch::Own));
        assert_eq!(branch(&all, "WSAEMFILE"), Some(Branch::AsSuccess));
        assert_eq!(branch(&all, "WSAENOBUFS"), Some(Branch::Ends));
        assert_eq!(branch(&all, "WSAENETDOWN"), Some(Branch::Panics));
        assert_eq!(branch(&all, "WSAEINTR"), None);
        assert_eq!(branch(&all, SUCCESS), None);
        let never = BTreeMap::from([("WSAEMFILE".into(), met(&[Next::Calls("accept")]))]);
        assert_eq!(branch(&never, "WSAEMFILE"), None, "there is nothing to compare with");
    }
}
