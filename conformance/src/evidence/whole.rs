//! Is what was recorded of a scenario whole?
//!
//! Every step is accounted for, in order, by the actor and with the call that the script says; inside `any order` each lane for
//! itself. What was seen is something that this call of a real stack can give, with everything that is looked at.

use winaccept_model::call::{Call, Data, Length};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_model::status::Status;
use winaccept_sim::observe::{Observed, Shown, ShownOut, ShownValue};
use winaccept_sim::script::{Action, Expect, GivenTo, Ref, Step};

use super::{Recorded, StepLine};
use crate::lang::{parse_observed, render_action, render_observed};
use crate::stack::{
    MAX_ROUNDS, Planned, PlannedInLane, PlannedLane, Replay, StepReport, body_behind, can_be_left, goes_round, leaves,
    plan,
};
use crate::suite::Scenario;

/// The replay that this is a recording of.
///
/// # Errors
/// What is missing, too much, in the wrong place, or no outcome of the call.
pub(super) fn check(recorded: &Recorded, scenario: &Scenario) -> Result<Replay, String> {
    let plan = match plan(&scenario.script) {
        Ok(plan) => plan,
        Err(reason) => return cannot_be_taken(recorded, reason),
    };
    if let Some(reason) = &recorded.not_taken {
        return Err(format!("said not to be taken (\"{reason}\"), but a real stack can take it"));
    }
    if recorded.failed.is_some() && !recorded.steps.is_empty() {
        return Err("said not to have been played, but steps of it are here".to_owned());
    }
    let steps: Vec<StepReport> = recorded.steps.iter().map(|line| report(line, scenario)).collect::<Result<_, _>>()?;
    if recorded.failed.is_none() {
        let lacks = recorded.lacks.as_ref().map(|lacks| lacks.step);
        let mut lines = Lines { scenario, reports: &steps, at: 0, lacks };
        lines.check(&plan)?;
    }
    let Recorded { failed, lost, lacks, .. } = recorded.clone();
    Ok(Replay { steps, not_taken: None, failed, lost, lacks, again: None })
}

fn cannot_be_taken(recorded: &Recorded, reason: String) -> Result<Replay, String> {
    let nothing = recorded.steps.is_empty() && recorded.failed.is_none() && recorded.lost.is_none();
    if recorded.not_taken.as_ref() != Some(&reason) || !nothing || recorded.lacks.is_some() {
        return Err(format!("no real stack can take it (\"{reason}\"), so nothing else can be recorded of it"));
    }
    Ok(Replay { not_taken: Some(reason), ..Replay::default() })
}

/// One line as the report of its step.
fn report(line: &StepLine, scenario: &Scenario) -> Result<StepReport, String> {
    let script = &scenario.script;
    let Some(step) = scenario.program.steps.get(line.step) else {
        return Err(format!("there is no step {}", line.step));
    };
    let actor = &script.actors[step.actor.index()].name;
    let call = render_action(&step.action, script);
    if line.actor != *actor || line.call != call {
        let (whose, what) = (&line.actor, &line.call);
        return Err(format!("step {} is `{actor}  {call}`, not `{whose}  {what}`", line.step));
    }
    let no_outcome = |error: String| format!("step {}: `{}` is no outcome of {call}: {error}", line.step, line.seen);
    let observed = observed(line, scenario).map_err(no_outcome)?;
    if render_observed(&observed, script, None) != line.seen && scenario.program.call_at(line.step).is_some() {
        return Err(no_outcome("it is not written as winaccept writes it".to_owned()));
    }
    fits_action(step, &observed).map_err(no_outcome)?;
    if let (Observed::Returned(seen), Some(call)) = (&observed, scenario.program.call_at(line.step)) {
        possible(call, seen).map_err(no_outcome)?;
    }
    Ok(StepReport { index: line.step, actor: step.actor, observed, assumed: line.assumed.clone() })
}

fn observed(line: &StepLine, scenario: &Scenario) -> Result<Observed, String> {
    let script = &scenario.script;
    match scenario.program.call_at(line.step) {
        Some(call) => parse_observed(&line.seen, script, call),
        // What a program prints, or its exit: any call serves to read the forms they share.
        None => match line.seen.strip_prefix('"') {
            Some(_) => serde_json::from_str(&line.seen).map(Observed::Printed).map_err(|error| error.to_string()),
            None => parse_observed(&line.seen, script, &Call::WSACleanup),
        },
    }
}

/// Is this the sort of thing that such a step gives?
fn fits_action(step: &Step, observed: &Observed) -> Result<(), String> {
    let fits = matches!(
        (&step.action, observed),
        (_, Observed::NotTaken(_))
            | (
                Action::Call(_)
                    | Action::Resumes
                    | Action::InHook(_)
                    | Action::ConditionReturns { .. }
                    | Action::RoutineReturns { .. },
                Observed::Blocks | Observed::Returned(_)
            )
            | (Action::Prints { .. }, Observed::Printed(_))
            | (Action::Exits(_) | Action::Ends, Observed::Done)
    );
    if fits { Ok(()) } else { Err("such a step gives something else".to_owned()) }
}

/// Can a real stack be seen to give this, with all that is looked at?
fn possible(call: &Call<Ref>, seen: &Shown) -> Result<(), String> {
    if let ShownValue::Is(value @ (Value::Undefined | Value::Unmodelled)) = seen.value {
        return Err(format!("{value:?} is nothing that a stack does").to_lowercase());
    }
    if seen.value == ShownValue::Is(Value::Crashes) {
        let nothing = seen.out.is_empty() && seen.error == Code::NONE;
        return if nothing { Ok(()) } else { Err("a process that is gone writes nothing".to_owned()) };
    }
    let (must, may) = outputs(call, seen);
    for kind in must {
        if seen.out.iter().filter(|out| kind_of(out) == *kind).count() != 1 {
            return Err(format!("{kind} is missing"));
        }
    }
    if let Some(out) = seen.out.iter().find(|out| !must.contains(&kind_of(out)) && !may.contains(&kind_of(out))) {
        return Err(format!("this call does not tell {}", kind_of(out)));
    }
    let unsorted = |out: &ShownOut| match out {
        ShownOut::Addr(Some(address))
        | ShownOut::Local(Some(address))
        | ShownOut::Remote(Some(address))
        | ShownOut::CallerId(address)
        | ShownOut::CalleeId(address) => !address.names.is_sorted_by(|a, b| a < b),
        _ => false,
    };
    if seen.out.iter().any(unsorted) {
        return Err("each variable is named once, in their order".to_owned());
    }
    counts(call, seen)
}

/// The out-parameters that are always told of such a call, and those that may be.
fn outputs(call: &Call<Ref>, seen: &Shown) -> (&'static [&'static str], &'static [&'static str]) {
    use winaccept_model::call::Buffer::Valid;
    let failed = seen.error != Code::NONE || seen.value == ShownValue::Is(Value::SocketError);
    if seen.value == ShownValue::Is(Value::CallsCondition) {
        return (&["callerdata", "sqos", "gqos", "calleedata", "callbackdata"], &["callerid", "calleeid"]);
    }
    if seen.value == ShownValue::Is(Value::CallsRoutine) {
        return (&["error", "bytes", "overlapped", "flags"], &[]);
    }
    if let Some(buffer) = call.name_buffer() {
        return match buffer {
            (Valid, Length::Holds(_)) => (&["addr", "addrlen"], &[]),
            (Valid, _) => (&["addr"], &[]),
            (_, Length::Holds(_)) => (&["addrlen"], &[]),
            _ => (&[], &[]),
        };
    }
    let told: &'static [&'static str] = match call {
        Call::Recv { .. } | Call::WSARecv { received: true, .. } => &["data"],
        Call::Getsockopt { .. } | Call::IdealSendBacklog { .. } | Call::GetHandleInformation { .. } => &["value"],
        Call::Select { readfds, writefds, exceptfds, .. } => match (readfds, writefds, exceptfds) {
            (None, None, None) => &[],
            (Some(_), None, None) => &["readfds"],
            (None, Some(_), None) => &["writefds"],
            (None, None, Some(_)) => &["exceptfds"],
            (Some(_), Some(_), None) => &["readfds", "writefds"],
            (Some(_), None, Some(_)) => &["readfds", "exceptfds"],
            (None, Some(_), Some(_)) => &["writefds", "exceptfds"],
            (Some(_), Some(_), Some(_)) => &["readfds", "writefds", "exceptfds"],
        },
        Call::WSAPoll { .. } => &["revents"],
        // Recordings from before the errors were told have none.
        Call::WSAEnumNetworkEvents { .. } if !failed => return (&["events"], &["iErrorCode"]),
        Call::WSAEnumNetworkEvents { .. } => &["events"],
        // That it goes on is no failure.
        _ if call.function().does().starts
            && call.tells_bytes()
            && (!failed || seen.error == Code::ERROR_IO_PENDING) =>
        {
            return (&["bytes"], &[]);
        }
        Call::AcceptEx { bytes: true, .. }
        | Call::WSARecvOverlapped { bytes: true, .. }
        | Call::WSASend { bytes: true, .. }
        | Call::WSASendOverlapped { bytes: true, .. }
        | Call::WSAIoctl { .. } => &["bytes"],
        Call::WSAGetOverlappedResult { bytes: true, .. } | Call::GetOverlappedResult { bytes: true, .. } if !failed => {
            return (&["bytes"], &["data"]);
        }
        Call::WSAGetOverlappedResult { .. } | Call::GetOverlappedResult { .. } => return (&[], &["bytes", "data"]),
        Call::GetQueuedCompletionStatus { .. } => return (&["bytes", "key", "overlapped"], &[]),
        Call::GetQueuedCompletionStatusEx { .. } => &["entries"],
        // While it goes on nothing is written.
        Call::AfdPollInfo { .. } if seen.value == ShownValue::Is(Value::Number(Status::PENDING.0.into())) => &[],
        Call::AfdPollInfo { .. } => &["bytes", "handles"],
        Call::WSAConnect { callee_data: Some(_), .. } => return (&["calleedata"], &[]),
        Call::GetAcceptExSockaddrs { .. } => &["local", "remote"],
        Call::PeekMessage { .. } if seen.value != ShownValue::Is(Value::Number(0)) => &["message"],
        Call::GetMessage { .. } => &["message"],
        _ => &[],
    };
    // A failing call may be asked what it wrote; nobody has to.
    if failed { (&[], told) } else { (told, &[]) }
}

fn kind_of(out: &ShownOut) -> &'static str {
    match out {
        ShownOut::Addr(_) => "addr",
        ShownOut::AddrLen(_) => "addrlen",
        ShownOut::Data(_) => "data",
        ShownOut::Value(_) | ShownOut::Group(_) => "value",
        ShownOut::ReadFds(_) => "readfds",
        ShownOut::WriteFds(_) => "writefds",
        ShownOut::ExceptFds(_) => "exceptfds",
        ShownOut::Revents(_) => "revents",
        ShownOut::Handles(_) => "handles",
        ShownOut::Events(_) => "events",
        ShownOut::EventErrors(_) => "iErrorCode",
        ShownOut::Bytes(_) => "bytes",
        ShownOut::Key(_) => "key",
        ShownOut::Overlapped(_) => "overlapped",
        ShownOut::Message(_) => "message",
        ShownOut::Local(_) => "local",
        ShownOut::Remote(_) => "remote",
        ShownOut::CallerId(_) => "callerid",
        ShownOut::CalleeId(_) => "calleeid",
        ShownOut::Given(GivenTo::CallerData, _) => "callerdata",
        ShownOut::Given(GivenTo::Sqos, _) => "sqos",
        ShownOut::Given(GivenTo::Gqos, _) => "gqos",
        ShownOut::Given(GivenTo::CalleeData, _) => "calleedata",
        ShownOut::CallbackData(_) => "callbackdata",
        ShownOut::Errno(_) => "lpErrno",
        ShownOut::Error(_) => "error",
        ShownOut::Entries(_) => "entries",
        ShownOut::Flags(_) => "flags",
    }
}

/// Does the value count what was written?
fn counts(call: &Call<Ref>, seen: &Shown) -> Result<(), String> {
    let ShownValue::Is(Value::Number(value)) = seen.value else { return Ok(()) };
    let bytes = |data: &Data| data.as_slice().len() as i64;
    let counted = match call {
        Call::Recv { len, .. } => {
            let data =
                seen.out.iter().find_map(|out| if let ShownOut::Data(data) = out { Some(bytes(data)) } else { None });
            data.is_none_or(|data| data == value) && (0..=i64::from(*len)).contains(&value)
        }
        Call::WSARecv { buffers, .. } => {
            let room: i64 = buffers.iter().map(i64::from).sum();
            value == 0 && !seen.out.iter().any(|out| matches!(out, ShownOut::Data(data) if bytes(data) > room))
        }
        Call::WSARecvOverlapped { buffers, .. } => value == 0 && within(seen, buffers.iter().map(i64::from).sum()),
        Call::WSASend { buffer, .. } | Call::WSASendOverlapped { buffer, .. } => {
            value == 0 && within(seen, bytes(buffer))
        }
        Call::ReadFile { len, .. } => within(seen, i64::from(*len)),
        Call::WriteFile { data, .. } => within(seen, bytes(data)),
        Call::Send { data, .. } => (0..=bytes(data)).contains(&value),
        Call::Select { .. } => {
            let names = |out: &ShownOut| match out {
                ShownOut::ReadFds(names) | ShownOut::WriteFds(names) | ShownOut::ExceptFds(names) => names.clone(),
                _ => Vec::new(),
            };
            let sets: Vec<_> = seen.out.iter().map(names).collect();
            let all = sets.iter().map(|set| set.len() as i64).sum();
            // What stands twice in a set may count once.
            let once = |set: &Vec<_>| (0..set.len()).filter(|at| !set[..*at].contains(&set[*at])).count() as i64;
            (sets.iter().map(once).sum::<i64>()..=all).contains(&value)
        }
        Call::WSAPoll { fds, .. } => seen.out.iter().all(|out| match out {
            ShownOut::Revents(revents) => {
                // One that counts fewer than it marks is a finding, not a broken line.
                revents.len() == fds.iter().count() && (0..=revents.len() as i64).contains(&value)
            }
            _ => true,
        }),
        _ => true,
    };
    if counted { Ok(()) } else { Err(format!("{value} does not count what was written")) }
}

/// Is the count behind a pointer none, or at most this?
fn within(seen: &Shown, most: i64) -> bool {
    seen.out.iter().all(|out| !matches!(out, ShownOut::Bytes(Some(bytes)) if i64::from(*bytes) > most))
}

/// The lines of a recording, read against the plan.
struct Lines<'a> {
    scenario: &'a Scenario,
    reports: &'a [StepReport],
    at: usize,
    /// The step whose call the stack does not have: everything ends there.
    lacks: Option<usize>,
}

impl Lines<'_> {
    fn check(&mut self, plan: &[Planned<'_>]) -> Result<(), String> {
        for planned in plan {
            match planned {
                Planned::Step(number, _) if self.lacks == Some(*number) => return self.ends(),
                Planned::Step(number, _) => match self.reports.get(self.at) {
                    Some(report) if report.index == *number => self.at += 1,
                    Some(report) => return Err(format!("step {number} is missing before step {}", report.index)),
                    None => return Err(format!("step {number} and what follows are missing")),
                },
                Planned::AnyOrder(lanes) => {
                    self.any_order(lanes)?;
                    if self.lacks.is_some_and(|step| lanes.iter().any(|lane| numbers(&lane.body).contains(&step))) {
                        return self.ends();
                    }
                }
            }
        }
        match self.lacks {
            Some(step) => Err(format!("no step {step} is made whose call could be lacking")),
            None => self.ends(),
        }
    }

    fn ends(&self) -> Result<(), String> {
        match self.reports.get(self.at) {
            Some(report) => Err(format!("step {} is one too many", report.index)),
            None => Ok(()),
        }
    }

    /// The lines of one block, lane by lane.
    fn any_order(&mut self, lanes: &[PlannedLane<'_>]) -> Result<(), String> {
        let all: Vec<usize> = lanes.iter().flat_map(|lane| numbers(&lane.body)).collect();
        let rest = &self.reports[self.at..];
        let here = rest.iter().take_while(|report| all.contains(&report.index)).count();
        let block = &rest[..here];
        self.at += here;
        for lane in lanes {
            let own: Vec<&StepReport> = block.iter().filter(|report| report.actor == lane.actor).collect();
            let mut reader = LaneLines { lines: &own, last: None };
            let came = reader.body(&lane.body)?;
            if let [line, ..] = reader.lines {
                return Err(format!("step {} is one too many in its lane", line.index));
            }
            if came == Came::Short && self.lacks.is_none() {
                return Err(format!("steps of {} are missing", self.name(lane)));
            }
            self.waits_last(lane, &own)?;
        }
        Ok(())
    }

    fn name(&self, lane: &PlannedLane<'_>) -> &str {
        &self.scenario.script.actors[lane.actor.index()].name
    }

    /// A call that waits although nobody said so is the last of its lane; what comes behind it was not taken.
    fn waits_last(&self, lane: &PlannedLane<'_>, lines: &[&StepReport]) -> Result<(), String> {
        let waits = |line: &&StepReport| {
            let expected = self.scenario.program.steps[line.index].expect == Some(Expect::Blocks);
            line.observed == Observed::Blocks && !expected
        };
        let Some(at) = lines.iter().position(waits) else { return Ok(()) };
        if is_endless(&lane.body, lines[at].index) {
            return Err(format!(
                "step {} is said to wait, which is how a `repeat` ends and not reported",
                lines[at].index
            ));
        }
        let goes_on = lines[at + 1..].iter().find(|line| !matches!(line.observed, Observed::NotTaken(_)));
        match goes_on {
            Some(line) => {
                Err(format!("step {} waits, and its actor goes on with step {}", lines[at].index, line.index))
            }
            None => Ok(()),
        }
    }
}

/// The lines of one lane that are left, and what was seen at the last one.
struct LaneLines<'l, 'r> {
    lines: &'l [&'r StepReport],
    last: Option<&'r Observed>,
}

/// How far the lines of a lane lead through a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    /// To its end.
    Through,
    /// To an `until` that leaves the `repeat` around it.
    Left,
    /// To a `repeat` that has gone round and round: nothing of the lane comes behind it.
    Ended,
    /// Less far.
    Short,
}

impl LaneLines<'_, '_> {
    /// Takes the lines of a body away.
    fn body(&mut self, body: &[PlannedInLane<'_>]) -> Result<Came, String> {
        for item in body {
            let came = match item {
                PlannedInLane::Step(number, _) => match self.lines.split_first() {
                    Some((line, rest)) if line.index == *number => {
                        (self.lines, self.last) = (rest, Some(&line.observed));
                        Came::Through
                    }
                    Some((line, _)) => return Err(format!("step {number} is missing before step {}", line.index)),
                    None => Came::Short,
                },
                PlannedInLane::Repeat(body) => self.repeat(body)?,
                PlannedInLane::Until(until) if leaves(until, self.last) => Came::Left,
                PlannedInLane::Until(_) => Came::Through,
                PlannedInLane::If(ending, bodies) => self.body(&bodies[body_behind(ending, self.last)])?,
            };
            if came != Came::Through {
                return Ok(came);
            }
        }
        Ok(Came::Through)
    }

    /// With an `until` it ends there, or after very many rounds; else when a call of it waits for ever, which is not reported, or after
    /// some rounds.
    fn repeat(&mut self, body: &[PlannedInLane<'_>]) -> Result<Came, String> {
        if !can_be_left(body) {
            while !self.lines.is_empty() && self.body(body)? == Came::Through {}
            return Ok(Came::Through);
        }
        for _ in 0..MAX_ROUNDS {
            match self.body(body)? {
                Came::Left => return Ok(Came::Through),
                Came::Through if goes_round(self.last) => {}
                came => return Ok(came),
            }
        }
        Ok(Came::Ended)
    }
}

/// Does this step stand inside a `repeat` that nothing leaves?
fn is_endless(body: &[PlannedInLane<'_>], step: usize) -> bool {
    body.iter().any(|item| match item {
        PlannedInLane::Repeat(body) if !can_be_left(body) => numbers(body).contains(&step),
        PlannedInLane::Repeat(body) => is_endless(body, step),
        PlannedInLane::If(_, bodies) => bodies.iter().any(|body| is_endless(body, step)),
        PlannedInLane::Step(..) | PlannedInLane::Until(_) => false,
    })
}

/// The steps of a body.
fn numbers(body: &[PlannedInLane<'_>]) -> Vec<usize> {
    let of = |item: &PlannedInLane<'_>| match item {
        PlannedInLane::Step(number, _) => vec![*number],
        PlannedInLane::Repeat(body) => numbers(body),
        PlannedInLane::Until(_) => Vec::new(),
        PlannedInLane::If(_, bodies) => bodies.iter().flat_map(|body| numbers(body)).collect(),
    };
    body.iter().flat_map(of).collect()
}
