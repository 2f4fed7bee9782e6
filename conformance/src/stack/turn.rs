//! One step on a stage: issuing a call, telling whether it blocks, taking its return in.

use std::time::{Duration, Instant};

use winaccept_model::call::{Call, ProcessId, Returns, ThreadId};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_sim::observe::{Observed, Shown, ShownValue};
use winaccept_sim::script::{Action, PrintArgument, Ref, Said, Step};

use super::protocol::{Function, Order, Report, Returned};
use super::seen::seen;
use super::stage::{InProgress, Stage};

/// How long to wait for a call without any further look at its thread; most calls return in less.
const AT_ONCE: Duration = Duration::from_millis(4);
/// Between two looks at a thread.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
/// So many looks in a row must find the thread in the same wait before it counts as seen waiting.
const LOOKS: u32 = 3;
/// A call that is expected to block and was not seen waiting is believed to block after this time.
const GRACE: Duration = Duration::from_millis(150);
/// A call that is expected to return but is seen waiting all this time is given up.
const STILL_WAITING: Duration = Duration::from_secs(1);
/// A `connect` or `send` is given up after this time. A refused `connect` takes real Windows two seconds.
const CONNECT: Duration = Duration::from_secs(4);
/// Any other call is given up after this time, or after its own time-out and some more.
const GIVE_UP: Duration = Duration::from_secs(10);
/// So much longer than its own time-out may a call take.
const BEYOND_TIME_OUT: Duration = Duration::from_secs(2);

/// What a step gave, and why that is in part assumed.
pub(super) struct Given {
    pub(super) observed: Observed,
    pub(super) assumed: Option<String>,
}

impl Given {
    fn witnessed(observed: Observed) -> Given {
        Given { observed, assumed: None }
    }

    /// The step was not taken.
    pub(super) fn not_taken(why: impl Into<String>) -> Given {
        Given::witnessed(Observed::NotTaken(why.into()))
    }
}

/// How a call in progress turned out.
#[allow(clippy::large_enum_variant)] // nearly all of them are returns
pub(super) enum Turnout {
    /// It returned, or the process was lost.
    Returned(Result<Returned, String>),
    /// It blocks; with the reason if that is assumed.
    Blocks(Option<String>),
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Whether the call blocks: as soon as that is known.
    ToBlock,
    /// Its return: until there is no more hope for it.
    ToReturn,
}

impl<'s> Stage<'s> {
    /// Takes a step to its end; patience is for what may wait.
    pub(super) fn take(&mut self, step: &'s Step, patience: Patience) -> Given {
        let actor = step.actor;
        match &step.action {
            Action::Call(call) => {
                if let Err(why) = self.issue(step, call) {
                    return Given::not_taken(why);
                }
                self.conclude(actor, step, patience)
            }
            Action::ConditionReturns { said, call } => {
                if let Err(why) = self.condition_returns(step, call, *said) {
                    return Given::not_taken(why);
                }
                self.conclude(actor, step, patience)
            }
            Action::RoutineReturns { call } => {
                if let Err(why) = self.routine_returns(step, call) {
                    return Given::not_taken(why);
                }
                self.conclude(actor, step, patience)
            }
            Action::Resumes => match self.in_progress[actor.index()] {
                Some(_) => self.conclude(actor, step, patience),
                None => Given::not_taken("no call of this actor is in progress"),
            },
            Action::Prints { format, argument } => match self.print(actor, format, *argument) {
                Ok(text) => Given::witnessed(Observed::Printed(text)),
                Err(why) => Given::not_taken(why),
            },
            Action::Exits(_) if self.in_progress[actor.index()].is_some() && !self.has_returned(actor) => {
                Given::not_taken("the actor is still inside a call")
            }
            Action::Exits(code) => self.exit(actor, *code),
            Action::Ends => self.end_thread(actor),
            Action::Sends { .. } | Action::Expects => Given::not_taken("no worker has a raw socket"),
            Action::InHook(_) => Given::not_taken("blocking hooks exist only in 16-bit Winsock 1.1"),
        }
    }

    /// Hands a call to its actor.
    pub(super) fn issue(&mut self, step: &'s Step, call: &'s Call<Ref>) -> Result<(), String> {
        let actor = step.actor;
        if let Some(busy) = &self.in_progress[actor.index()] {
            let (name, ticket, issued) = (busy.call.name(), busy.ticket, busy.step);
            if !self.has_returned(actor) {
                return Err(format!("the actor is still inside {name}"));
            }
            // It returned meanwhile, and no step asks what it gave.
            let process = self.process_of(actor);
            if let Some(returned) = self.child(process).returned(ticket, Duration::ZERO) {
                self.finish(actor, issued, returned);
            }
        }
        let function = Function::of(call, &self.seen_by(actor))?;
        if call.function().does().closes
            && let Some(Ref::Name(name)) = call.subject()
            && let Some(bound) = self.bound(name)
        {
            let (process, raw) = (bound.process, bound.raw);
            self.learn(process, raw); // its addresses are asked for even after it is closed
        }
        let thread = self.thread_number(actor);
        let process = self.process_of(actor);
        let ticket = self.child(process).call(thread, function)?;
        self.in_progress[actor.index()] = Some(InProgress { call, ticket, step });
        Ok(())
    }

    /// Lets the condition function of an actor return, in the middle of this call.
    pub(super) fn condition_returns(&mut self, step: &'s Step, call: &'s Call<Ref>, said: Said) -> Result<(), String> {
        let actor = step.actor;
        let running = self.asked[actor.index()];
        if running == 0 {
            return Err("no condition function of this actor is running".to_owned());
        }
        if said.group.is_some() || said.callee_data.is_some() {
            return Err("the condition function of a worker writes nothing".to_owned());
        }
        let (process, thread) = (self.process_of(actor), self.thread_number(actor));
        let ticket = self.child(process).condition_returns(thread, said.value)?;
        self.asked[actor.index()] -= 1;
        self.in_progress[actor.index()] = Some(InProgress { call, ticket, step });
        Ok(())
    }

    /// Lets the completion routine of an actor return, in the middle of this call.
    pub(super) fn routine_returns(&mut self, step: &'s Step, call: &'s Call<Ref>) -> Result<(), String> {
        let actor = step.actor;
        if self.interrupted[actor.index()] == 0 {
            return Err("no completion routine of this actor is running".to_owned());
        }
        let (process, thread) = (self.process_of(actor), self.thread_number(actor));
        let ticket = self.child(process).routine_returns(thread)?;
        self.interrupted[actor.index()] -= 1;
        self.in_progress[actor.index()] = Some(InProgress { call, ticket, step });
        Ok(())
    }

    /// Waits for the call in progress and takes in what it gave. `step` says what it may bind.
    fn conclude(&mut self, actor: ThreadId, step: &'s Step, patience: Patience) -> Given {
        match self.turnout(actor, patience) {
            Turnout::Returned(returned) => self.finish(actor, step, returned),
            Turnout::Blocks(assumed) => {
                let quiet = self.quieten_after_blocking(actor);
                Given { observed: Observed::Blocks, assumed: assumed.or(quiet) }
            }
        }
    }

    /// Waits for the call in progress of this actor, which must have one.
    pub(super) fn turnout(&mut self, actor: ThreadId, patience: Patience) -> Turnout {
        let Some(InProgress { call, ticket, .. }) = &self.in_progress[actor.index()] else {
            return Turnout::Returned(Err("no call of this actor is in progress".to_owned()));
        };
        let (call, ticket) = (*call, *ticket);
        let local = call.function().does().locally;
        let no_limit = local && waits_without_limit(call, self.receive_timeouts);
        let limit = match patience {
            Patience::ToBlock => GRACE,
            Patience::ToReturn
                if matches!(
                    call,
                    Call::Connect { .. } | Call::WSAConnect { .. } | Call::Send { .. } | Call::WSASend { .. }
                ) =>
            {
                CONNECT
            }
            Patience::ToReturn => GIVE_UP,
        };
        let limit = match patience {
            Patience::ToBlock => limit,
            Patience::ToReturn => {
                limit.max(own_time_out(call, self.longest_option).map_or(Duration::ZERO, |own| own + BEYOND_TIME_OUT))
            }
        };
        let process = self.process_of(actor);
        let thread = self.thread_number(actor);
        let start = Instant::now();
        let mut pause = AT_ONCE;
        let mut looks = 0;
        let mut waited_at = None;
        loop {
            if let Some(returned) = self.child(process).returned(ticket, pause) {
                return Turnout::Returned(returned);
            }
            let waited = start.elapsed();
            let waits_at = match self.child(process).ask(Order::Waiting { thread }) {
                Ok(Report::Waiting { at }) => at,
                _ => None,
            };
            looks = match &waits_at {
                Some(_) if waits_at == waited_at => looks + 1,
                Some(_) => 1,
                None => 0,
            };
            waited_at = waits_at;
            let seen_waiting = looks >= LOOKS;
            let blocks = match patience {
                Patience::ToBlock if seen_waiting && local => Some(None),
                Patience::ToReturn if seen_waiting && no_limit && waited >= STILL_WAITING => Some(None),
                _ if waited >= limit => Some(Some(format!(
                    "{} did not return within {} ms; nothing shows that it never would",
                    call.name(),
                    limit.as_millis()
                ))),
                _ => None,
            };
            if let Some(assumed) = blocks
                && !self.child(process).has_returned(ticket)
            {
                return Turnout::Blocks(assumed);
            }
            pause = if waited < GRACE { BETWEEN_LOOKS } else { BETWEEN_LOOKS * 10 };
        }
    }

    /// Has the call in progress of this actor returned by now?
    pub(super) fn has_returned(&mut self, actor: ThreadId) -> bool {
        let ticket = self.in_progress[actor.index()].as_ref().map(|in_progress| in_progress.ticket);
        let process = self.process_of(actor);
        ticket.is_some_and(|ticket| self.child(process).has_returned(ticket))
    }

    /// Leaves the return of the call in progress to a later step.
    pub(super) fn put_back(&mut self, actor: ThreadId, returned: Result<Returned, String>) {
        let ticket = self.in_progress[actor.index()].as_ref().map(|in_progress| in_progress.ticket);
        let process = self.process_of(actor);
        if let Some(ticket) = ticket {
            self.child(process).put_back(ticket, returned);
        }
    }

    /// Takes in what the call in progress gave, and lets its effects arrive.
    pub(super) fn finish(&mut self, actor: ThreadId, step: &'s Step, returned: Result<Returned, String>) -> Given {
        let Some(InProgress { call, .. }) = self.in_progress[actor.index()].take() else {
            return Given::not_taken("no call of this actor is in progress");
        };
        let process = self.process_of(actor);
        let returned = match returned {
            Ok(returned) => returned,
            // Of two calls in progress nobody can tell which of them did it.
            Err(_) if self.child(process).has_crashed() && !self.is_inside_a_call(process) => {
                let crashed = Shown { value: ShownValue::Is(Value::Crashes), error: Code::NONE, out: Vec::new() };
                let assumed = self.quieten_after_crash(actor);
                return Given { observed: Observed::Returned(crashed), assumed };
            }
            Err(why) => return Given::not_taken(why),
        };
        match (&returned.condition, returned.routine) {
            (Some(_), _) => self.asked[actor.index()] += 1,
            (_, Some(_)) => self.interrupted[actor.index()] += 1,
            _ => self.last_value[actor.index()] = Some(returned.value),
        }
        let seen_now = seen(call, &returned, &self.seen_by(actor));
        if seen_now.value == ShownValue::Handle
            && let Some(name) = step.binds().next()
        {
            self.bind(name, self.process_of(actor), returned.value);
        }
        self.take_in(actor, call, &returned, &seen_now);
        // The new socket itself may have the address that was just reported: look again, now that it is bound.
        let seen_now = seen(call, &returned, &self.seen_by(actor));
        let assumed = self.quieten(actor, call, &seen_now);
        Given { observed: Observed::Returned(seen_now), assumed }
    }

    /// Is some actor of this process in the middle of a call?
    fn is_inside_a_call(&self, process: ProcessId) -> bool {
        let actors = self.in_progress.iter().zip(&self.script.actors);
        actors.filter(|(_, actor)| actor.process == process).any(|(in_progress, _)| in_progress.is_some())
    }

    /// Remembers what the call changed.
    fn take_in(&mut self, actor: ThreadId, call: &Call<Ref>, returned: &Returned, seen_now: &Shown) {
        let process = self.process_of(actor);
        let succeeded = seen_now.error == Code::NONE;
        if seen_now.value == ShownValue::Handle && call.function().returns() == Returns::Socket {
            self.learn(process, returned.value);
        }
        match *call {
            Call::Bind { s: Ref::Name(name), .. }
            | Call::Connect { s: Ref::Name(name), .. }
            | Call::WSAConnect { s: Ref::Name(name), .. }
            | Call::Listen { s: Ref::Name(name), .. } => {
                let Some(bound) = self.bound(name) else { return };
                let (process, raw) = (bound.process, bound.raw);
                self.learn(process, raw);
                if succeeded && matches!(call, Call::Listen { .. }) {
                    self.each(process, raw, |bound| bound.listening = true);
                }
            }
            // From here on it has the addresses of its connection.
            Call::UpdateAcceptContext { s: Ref::Name(name), .. } if succeeded => {
                let Some(bound) = self.bound(name) else { return };
                let (process, raw) = (bound.process, bound.raw);
                self.learn(process, raw);
            }
            Call::WSADuplicateSocket { s: Ref::Name(name), .. } => {
                if let Some(info) = &returned.info {
                    self.infos.insert(name, info.clone());
                }
            }
            _ => {}
        }
        if succeeded
            && call.function().does().closes
            && let Some(Ref::Name(name)) = call.first_handle()
            && let Some(raw) = self.bound(name).map(|bound| bound.raw)
        {
            self.each(process, raw, |bound| bound.open = false);
        }
    }

    /// What a C program would print.
    fn print(&mut self, actor: ThreadId, format: &str, argument: Option<PrintArgument>) -> Result<String, String> {
        let number = match argument {
            None => None,
            Some(PrintArgument::LastResult) => {
                let value = self.last_value[actor.index()];
                Some(value.ok_or("the actor has made no call that returned")?)
            }
            Some(PrintArgument::LastError) => {
                if let Some(busy) = &self.in_progress[actor.index()] {
                    return Err(format!("the actor is still inside {}", busy.call.name()));
                }
                let (process, thread) = (self.process_of(actor), self.thread_number(actor));
                let child = self.child(process);
                let ticket = child.call(thread, Function::WSAGetLastError)?;
                match child.returned(ticket, GIVE_UP) {
                    Some(returned) => Some(returned?.value),
                    None => return Err("WSAGetLastError did not return".to_owned()),
                }
            }
        };
        Ok(printf(format, number))
    }

    /// Ends the actor, whatever it is in; its process too, when it is the last there.
    fn end_thread(&mut self, actor: ThreadId) -> Given {
        let process = self.process_of(actor);
        self.ended[actor.index()] = true;
        let of_process = self.script.actors.iter().zip(&self.ended).filter(|(other, _)| other.process == process);
        if of_process.into_iter().all(|(_, ended)| *ended) {
            return self.exit(actor, 0);
        }
        let thread = self.thread_number(actor);
        if let Err(why) = self.child(process).end_thread(thread) {
            return Given::not_taken(why);
        }
        self.in_progress[actor.index()] = None;
        let assumed = self.settle(None);
        self.let_requests_complete();
        Given { observed: Observed::Done, assumed: assumed.or(self.let_the_woken_return(actor)) }
    }

    /// Ends the actor's process.
    fn exit(&mut self, actor: ThreadId, code: i32) -> Given {
        let process = self.process_of(actor);
        let sockets: Vec<_> =
            self.names.iter().flatten().filter(|b| b.open && b.process == process).map(|b| b.raw).collect();
        for raw in sockets {
            self.learn(process, raw);
        }
        let ended = self.child(process).exit(code);
        for bound in self.names.iter_mut().flatten().filter(|bound| bound.process == process) {
            bound.open = false;
        }
        for (i, in_progress) in self.in_progress.iter_mut().enumerate() {
            if self.script.actors[i].process == process {
                *in_progress = None;
            }
        }
        let wanted = if cfg!(windows) { code } else { code & 0xff };
        match ended {
            Ok(code) if code == wanted => {
                let assumed = self.settle(None);
                Given { observed: Observed::Done, assumed: assumed.or(self.let_the_woken_return(actor)) }
            }
            Ok(other) => Given::not_taken(format!("the process ended with exit code {other}")),
            Err(why) => Given::not_taken(why),
        }
    }
}

/// Does nothing in the call's own arguments, or in the socket's, end the wait after some time?
fn waits_without_limit(call: &Call<Ref>, receive_timeouts: bool) -> bool {
    // What is about one socket takes its time-out from there.
    let socket_limits = call.subject().is_some() && receive_timeouts;
    call.function().does().locally && !call.times_out() && !socket_limits
}

/// After which time the call ends by itself: its own time-out, or the longest of the script's that its socket may have.
fn own_time_out(call: &Call<Ref>, longest_option: u64) -> Option<Duration> {
    let milliseconds = match call.time_out() {
        Some(milliseconds) => u64::from(milliseconds?),
        // A close may linger, a transfer have the time-out of its direction; results are waited for as long as their request.
        _ if call.function().does().waits || call.function().does().closes => longest_option,
        _ => return None,
    };
    Some(Duration::from_millis(milliseconds))
}

/// `printf` with at most one conversion, `%d` or `%ld`.
fn printf(format: &str, argument: Option<i64>) -> String {
    let Some(number) = argument else { return format.replace("%%", "%") };
    let number = (number as i32).to_string();
    format.replacen("%ld", &number, 1).replacen("%d", &number, 1).replace("%%", "%")
}

/// True for a failure that only says that a connection attempt goes on.
pub(super) fn goes_on(seen_now: &Shown) -> bool {
    seen_now.value == ShownValue::Is(Value::SocketError) && seen_now.error == Code::WSAEWOULDBLOCK
}

#[cfg(test)]
mod tests {
    use winaccept_model::call::Function;
    use winaccept_model::kind::Choices;

    use super::*;

    /// Always the first that there is to choose, or the last.
    struct Ends(bool);

    impl Choices<Ref> for Ends {
        fn below(&mut self, bound: u32) -> u32 {
            if self.0 { bound - 1 } else { 0 }
        }
        fn handle(&mut self) -> Ref {
            Ref::InvalidSocket
        }
    }

    #[test]
    fn no_call_is_given_up_before_its_own_time_out() {
        for function in Function::ALL.iter().filter(|function| function.does().waits || function.does().closes) {
            let calls = [false, true].map(|last| Call::draw(*function, &mut Ends(last)));
            let has_own = calls.iter().any(Call::times_out);
            for call in &calls {
                let known = own_time_out(call, 12_000);
                assert_eq!(known.is_some(), call.times_out() || !has_own, "{}", function.name());
                assert!(has_own || known == Some(Duration::from_secs(12)), "{}", function.name());
            }
        }
    }

    #[test]
    fn prints_as_c_does() {
        assert_eq!(printf("accept failed with error: %ld\n", Some(10022)), "accept failed with error: 10022\n");
        assert_eq!(printf("%d of 100%%", Some(-1)), "-1 of 100%");
        assert_eq!(printf("100%%", None), "100%");
    }
}
