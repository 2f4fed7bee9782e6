//! The state of one replay: the processes that play, what the script's variables stand for, who is inside a call.

use std::collections::{BTreeMap, BTreeSet};

use winaccept_model::call::{Address, Call, Name, Opt, OptVal, Port, ProcessId, ThreadId};
use winaccept_sim::observe::Observed;
use winaccept_sim::script::{Action, NameId, Ref, Script, Step};

use super::child::{Child, Loss, Ticket};
use super::plan::{Numbered, numbered};
use super::protocol::{Bytes, INVALID_SOCKET, Order, RawHandle, Report, SocketAddress};
use super::seen::Known;
use super::wire::Names;
use super::{Lacks, StepReport};

/// What a variable stands for.
pub(super) struct Bound {
    pub(super) process: ProcessId,
    pub(super) raw: RawHandle,
    /// False once it was closed. Its handle is still what the script's name means.
    pub(super) open: bool,
    /// Its local address; the last one known, when it is closed.
    pub(super) local: Option<SocketAddress>,
    /// The address of its peer, likewise.
    pub(super) remote: Option<SocketAddress>,
    pub(super) listening: bool,
}

/// A call in progress.
pub(super) struct InProgress<'s> {
    pub(super) call: &'s Call<Ref>,
    pub(super) ticket: Ticket,
    /// The step that issued it.
    pub(super) step: &'s Step,
}

/// One replay in progress.
pub(super) struct Stage<'s> {
    pub(super) script: &'s Script,
    /// The processes by [`ProcessId`].
    pub(super) processes: Vec<Child>,
    /// The variables by [`NameId`].
    pub(super) names: Vec<Option<Bound>>,
    /// What `WSADuplicateSocket` filled in, by the socket it was called for.
    pub(super) infos: BTreeMap<NameId, Bytes>,
    /// The calls in progress by [`ThreadId`].
    pub(super) in_progress: Vec<Option<InProgress<'s>>>,
    /// How many condition functions each actor is in, by [`ThreadId`].
    pub(super) asked: Vec<u32>,
    /// By actor, how many of its completion routines run.
    pub(super) interrupted: Vec<u32>,
    /// What the last call returned, by [`ThreadId`].
    pub(super) last_value: Vec<Option<i64>>,
    /// The actors that have ended, by [`ThreadId`].
    pub(super) ended: Vec<bool>,
    /// Ports that the script wrote.
    written: BTreeSet<u16>,
    /// True once a connection was asked for: before that the network cannot be anything but quiet.
    pub(super) connecting: bool,
    /// True once an overlapped request was made.
    pub(super) has_requests: bool,
    /// Sides of connections that did not settle in the time they were given.
    pub(super) unsettled: Vec<(SocketAddress, SocketAddress)>,
    /// True if some call of the script gives receiving a time-out.
    pub(super) receive_timeouts: bool,
    /// The longest time, in milliseconds, that some call of the script lets a socket wait: a time-out, or to linger.
    pub(super) longest_option: u64,
}

impl<'s> Stage<'s> {
    /// Sets the processes up for this script.
    pub(super) fn begin(script: &'s Script, mut processes: Vec<Child>) -> Result<Stage<'s>, (Vec<Child>, String)> {
        for (id, process) in script.processes.iter().enumerate() {
            let threads = script.actors.iter().filter(|actor| actor.process.index() == id).count();
            let winsock = process.started.map(|version| [version.major, version.minor]);
            let begun = match u8::try_from(threads) {
                Ok(threads) => processes[id].ask(Order::Begin { winsock, threads }),
                Err(_) => Err(format!("process {} has more than 255 threads", process.name)),
            };
            if let Err(reason) = begun {
                return Err((processes, format!("process {} cannot begin: {reason}", process.name)));
            }
        }
        let mut stage = Stage {
            script,
            processes,
            names: script.names.iter().map(|_| None).collect(),
            infos: BTreeMap::new(),
            in_progress: script.actors.iter().map(|_| None).collect(),
            asked: vec![0; script.actors.len()],
            interrupted: vec![0; script.actors.len()],
            last_value: vec![None; script.actors.len()],
            ended: vec![false; script.actors.len()],
            written: BTreeSet::new(),
            connecting: false,
            has_requests: false,
            unsettled: Vec::new(),
            receive_timeouts: false,
            longest_option: 0,
        };
        for call in calls(script) {
            stage.written.extend(written_port(call));
            stage.longest_option = stage.longest_option.max(time_of(call));
            stage.receive_timeouts |= matches!(call, Call::Setsockopt { opt: Opt::RcvTimeo, .. });
        }
        Ok(stage)
    }

    /// Cleans up, and gives back the processes that can be used again.
    pub(super) fn end(mut self) -> (Vec<Child>, Option<Loss>) {
        for process in &mut self.processes {
            // A process that does not answer is lost now, and so not kept.
            let clean = process.is_alive() && matches!(process.ask(Order::End), Ok(Report::Ended { clean: true }));
            if !clean {
                process.retire();
            }
        }
        let lost = loss(&self.processes);
        self.processes.retain(Child::is_alive);
        (self.processes, lost)
    }

    /// The call that a worker says it does not have, if it was made meanwhile. Its report, and those behind it, go.
    pub(super) fn lacks(&mut self, reports: &mut Vec<StepReport>) -> Option<Lacks> {
        let reason = self.processes.iter_mut().find_map(Child::lacks)?;
        let of_it = |report: &StepReport| matches!(&report.observed, Observed::NotTaken(why) if *why == reason);
        let at = reports.iter().position(of_it)?;
        let step = reports[at].index;
        reports.truncate(at);
        Some(Lacks { step, reason })
    }

    /// The process of an actor.
    pub(super) fn process_of(&self, actor: ThreadId) -> ProcessId {
        self.script.actors[actor.index()].process
    }

    /// The worker that plays a process.
    pub(super) fn child(&mut self, process: ProcessId) -> &mut Child {
        &mut self.processes[process.index()]
    }

    /// The number of an actor among those of its process.
    pub(super) fn thread_number(&self, actor: ThreadId) -> u8 {
        let process = self.process_of(actor);
        let before = &self.script.actors[..actor.index()];
        before.iter().filter(|other| other.process == process).count() as u8
    }

    /// The spelling of a variable.
    pub(super) fn spelling(&self, name: NameId) -> &str {
        &self.script.names[usize::from(name.0)].text
    }

    /// What a variable stands for now.
    pub(super) fn bound(&self, name: NameId) -> Option<&Bound> {
        self.names.get(usize::from(name.0))?.as_ref()
    }

    /// Lets a variable stand for a new handle.
    pub(super) fn bind(&mut self, name: NameId, process: ProcessId, raw: RawHandle) {
        let bound = Bound { process, raw, open: true, local: None, remote: None, listening: false };
        self.names[usize::from(name.0)] = Some(bound);
    }

    /// The open variables of a process that stand for this handle, changed by `f`.
    pub(super) fn each(&mut self, process: ProcessId, raw: RawHandle, f: impl Fn(&mut Bound)) {
        let same = |bound: &&mut Bound| bound.open && bound.process == process && bound.raw == raw;
        self.names.iter_mut().flatten().filter(same).for_each(f);
    }

    /// Looks at the addresses of this socket and remembers them.
    pub(super) fn learn(&mut self, process: ProcessId, raw: RawHandle) {
        let Ok(Report::Looked { sockets }) = self.child(process).ask(Order::Look { sockets: vec![raw] }) else {
            return;
        };
        let Some(looked) = sockets.into_iter().next() else { return };
        self.each(process, raw, |bound| {
            bound.local = looked.local.or(bound.local);
            bound.remote = looked.remote.or(bound.remote);
        });
    }

    /// The stage as one actor's call sees it.
    pub(super) fn seen_by(&self, actor: ThreadId) -> SeenBy<'_, 's> {
        SeenBy { stage: self, actor }
    }
}

/// How a process was lost, if one was. A crash is the stack's own doing; anything else weighs more.
pub(super) fn loss(processes: &[Child]) -> Option<Loss> {
    processes.iter().filter_map(Child::loss).min_by_key(|loss| loss.crash)
}

/// The stage as one actor's call sees it.
pub(super) struct SeenBy<'a, 's> {
    stage: &'a Stage<'s>,
    actor: ThreadId,
}

impl SeenBy<'_, '_> {
    fn bound(&self, r: Ref) -> Option<&Bound> {
        match r {
            Ref::Name(name) => self.stage.bound(name),
            Ref::InvalidSocket | Ref::Number(_) => None,
        }
    }
}

impl Names for SeenBy<'_, '_> {
    /// A variable that no call has bound holds what the call returned instead, or what a careful program starts it with.
    fn handle(&self, r: Ref) -> RawHandle {
        match r {
            Ref::Number(n) => RawHandle::from(n),
            Ref::InvalidSocket | Ref::Name(_) => self.bound(r).map_or(INVALID_SOCKET, |bound| bound.raw),
        }
    }

    fn address(&self, r: Ref) -> Result<SocketAddress, String> {
        let address = self.bound(r).and_then(|bound| bound.local);
        address.ok_or_else(|| match r {
            Ref::Name(name) => format!("{} has no address", self.stage.spelling(name)),
            Ref::InvalidSocket | Ref::Number(_) => "only a variable has an address".to_owned(),
        })
    }

    fn info(&self, r: Ref) -> Result<Bytes, String> {
        let info = match r {
            Ref::Name(name) => self.stage.infos.get(&name).cloned(),
            Ref::InvalidSocket | Ref::Number(_) => None,
        };
        info.ok_or_else(|| "WSADuplicateSocket has filled in no protocol information for it".to_owned())
    }

    fn process(&self, process: ProcessId) -> Result<u32, String> {
        let child = self.stage.processes.get(process.index());
        child.map(|child| child.greeting().process).ok_or_else(|| "there is no such process".to_owned())
    }

    fn thread(&self, thread: ThreadId) -> Result<u8, String> {
        if self.stage.process_of(thread) == self.stage.process_of(self.actor) {
            Ok(self.stage.thread_number(thread))
        } else {
            Err("a worker queues APCs to threads of its own process only".to_owned())
        }
    }
}

/// What one actor's call gives back is about its own process: in another the same number is another handle.
impl Known for SeenBy<'_, '_> {
    /// Where no open socket has it, those count that had it when they were closed.
    fn at(&self, address: SocketAddress) -> Vec<NameId> {
        let have = |open: bool| {
            let has = move |bound: &Bound| bound.open == open && bound.local == Some(address);
            let numbered = (0..).map(NameId).zip(&self.stage.names);
            numbered.filter(move |(_, bound)| bound.as_ref().is_some_and(has)).map(|(name, _)| name).collect()
        };
        let now: Vec<NameId> = have(true);
        if now.is_empty() { have(false) } else { now }
    }

    fn written(&self, port: u16) -> bool {
        self.stage.written.contains(&port)
    }

    fn raw(&self, name: NameId) -> Option<RawHandle> {
        self.stage.bound(name).map(|bound| bound.raw)
    }

    fn named(&self, raw: RawHandle) -> Option<NameId> {
        let process = self.stage.process_of(self.actor);
        let is_it =
            |bound: &Option<Bound>| bound.as_ref().is_some_and(|bound| (bound.process, bound.raw) == (process, raw));
        self.stage.names.iter().rposition(is_it).map(|at| NameId(at as u16))
    }
}

fn calls(script: &Script) -> Vec<&Call<Ref>> {
    numbered(script)
        .into_iter()
        .filter_map(|numbered| match numbered {
            Numbered::Step(step) => Some(&step.action),
            Numbered::Happening(_) => None,
        })
        .filter_map(|action| match action {
            Action::Call(call) | Action::InHook(call) => Some(call),
            Action::Resumes
            | Action::ConditionReturns { .. }
            | Action::RoutineReturns { .. }
            | Action::Prints { .. }
            | Action::Exits(_)
            | Action::Ends
            | Action::Sends { .. }
            | Action::Expects => None,
        })
        .collect()
}

/// The time that this call lets a socket wait, in milliseconds.
fn time_of(call: &Call<Ref>) -> u64 {
    match call {
        Call::Setsockopt { opt: Opt::RcvTimeo | Opt::SndTimeo, value: OptVal::Number(n), .. } => u64::from(*n),
        Call::Setsockopt { opt: Opt::Linger, value: OptVal::Linger(on, seconds), .. } if *on != 0 => {
            1000 * u64::from(*seconds)
        }
        _ => 0,
    }
}

fn written_port(call: &Call<Ref>) -> Option<u16> {
    match call {
        Call::Bind { name: Name::Address(Address { port: Port::Fixed(port), .. }, _), .. }
        | Call::Connect { name: Name::Address(Address { port: Port::Fixed(port), .. }, _), .. }
        | Call::WSAConnect { name: Name::Address(Address { port: Port::Fixed(port), .. }, _), .. } => Some(*port),
        _ => None,
    }
}
