//! A configuration: a world, and how far its script has got in it.

use winaccept_model::call::{Address, Buffer, Call, FdSet, Handle, Ip, Length, Port, ProcessId, Set, ThreadId};
use winaccept_model::code::Code;
use winaccept_model::id::Named;
use winaccept_model::operation::{Ended, Message};
use winaccept_model::outcome::{Given, Out, Outcome, Value};
use winaccept_model::profile::Tape;
use winaccept_model::rule::{Effects, Rule};
use winaccept_model::step::{Event, Machine, pending};
use winaccept_model::world::{ConnId, World};

use crate::limit;
use crate::observe::{Observed, Shown, ShownAddress, ShownEntry, ShownMessage, ShownOut, ShownValue};
use crate::scenario::{Scenario, bound};
use crate::script::{
    Action, Block, Expect, FaultKind, GivenTo, InGroup, NameId, Ref, Said, Step, ValuePattern, comes_back,
};

/// A world, and how far its script has got in it: all that the future depends on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Config {
    /// The world.
    pub world: World,
    /// For each actor, its next instruction in the lane it is in.
    pub at: Vec<u16>,
    /// The handles that variables hold; [`Handle::INVALID`] while unbound.
    pub vars: Vec<Handle>,
    /// For each actor, the number of the step whose call has not returned, plus one; zero: none.
    pub waits: Vec<u16>,
    /// For each actor, what its blocked call gave when it returned, until the script's `resumes` step takes note.
    pub finished: Vec<Option<Outcome>>,
    /// The value that each actor's last call returned, for `prints`; kept only in scenarios that print it.
    pub results: Vec<i64>,
    /// Faults that wait for a call: whose, which, at calls of which name, after how many of them.
    pub armed: Vec<(ProcessId, FaultKind, &'static str, u8)>,
    /// The variables whose sockets were closed outside of lanes, with the step that closed them, or that last looked.
    pub closed: Vec<(NameId, u16)>,
}

impl Config {
    /// The start of a scenario.
    #[must_use]
    pub fn first(scenario: &Scenario) -> Config {
        let actors = scenario.script.actors.len();
        Config {
            world: scenario.first.clone(),
            at: vec![0; actors],
            vars: vec![Handle::INVALID; scenario.script.names.len()],
            waits: vec![0; actors],
            finished: vec![None; actors],
            results: if scenario.prints_results() { vec![0; actors] } else { Vec::new() },
            armed: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// The step that this actor's blocked call belongs to.
    #[must_use]
    pub fn waiting(&self, actor: ThreadId) -> Option<usize> {
        usize::from(self.waits[actor.index()]).checked_sub(1)
    }

    /// Binds what the expectation of a step says to the handle that came back.
    pub fn bind(&mut self, expect: Option<&Expect>, outcome: &Outcome) {
        let (Some(Expect::OneOf(patterns)), Value::Handle(handle)) = (expect, outcome.value) else { return };
        for pattern in patterns {
            if let ValuePattern::Binds(name) = pattern.value {
                self.vars[usize::from(name.0)] = handle;
                return;
            }
        }
    }

    /// What an outcome looks like from outside.
    // Longer than a screen: an arm for each kind of out-parameter.
    #[must_use]
    pub fn shown(&self, call: &Call<Ref>, outcome: &Outcome) -> Shown {
        let value = match outcome.value {
            Value::Handle(_) => ShownValue::Handle,
            other => ShownValue::Is(other),
        };
        let mut out = Vec::new();
        match (*call, outcome.out) {
            (Call::WSAConnect { callee_data: Some(room), .. }, written) => {
                let back = if let Out::Bytes { count: Some(count), .. } = written { count } else { room.into() };
                out.push(ShownOut::Given(GivenTo::CalleeData, Block::Bytes(back)));
            }
            (_, Out::Data(data)) => out.push(ShownOut::Data(data)),
            (_, Out::Polled(bytes, found)) => {
                let entries = found.iter().map(|(s, events)| (self.last_named(s), events));
                out.extend([ShownOut::Bytes(Some(bytes)), ShownOut::Handles(entries.collect())]);
            }
            (_, Out::Option(value)) => out.push(ShownOut::Value(value)),
            (_, Out::Group(first)) => out.push(ShownOut::Group(self.last_named(first))),
            (_, Out::Events(events, errors)) => {
                out.extend([ShownOut::Events(events), ShownOut::EventErrors(errors.all().collect())]);
            }
            (_, Out::Bytes { count, data }) => {
                out.extend(call.tells_bytes().then_some(ShownOut::Bytes(count)));
                out.extend(data.map(ShownOut::Data));
            }
            (_, Out::Packet { counted, over }) => {
                let (bytes, key) = counted.unzip();
                let named = over.and_then(|over| self.first_named(over));
                out.extend([ShownOut::Bytes(bytes), ShownOut::Key(key), ShownOut::Overlapped(named)]);
            }
            (_, Out::Packets { keys, overs, bytes }) => {
                let packets = keys.iter().zip(overs.iter()).zip(bytes.iter());
                let entry = |((key, over), bytes)| ShownEntry { key, over: self.first_named(over), bytes };
                out.push(ShownOut::Entries(packets.map(entry).collect()));
            }
            (_, Out::Message(Message { number, socket, event, error })) => {
                let named = self.last_named(socket);
                out.push(ShownOut::Message(ShownMessage { number, socket: named, event, error }));
            }
            (_, Out::Sockaddrs { local, remote }) => {
                out.push(ShownOut::Local(local.map(|address| self.shown_address(address))));
                out.push(ShownOut::Remote(remote.map(|address| self.shown_address(address))));
            }
            (_, Out::Condition(given)) => self.given_out(&given, &mut out),
            (_, Out::Routine { error, bytes, over }) => {
                out.extend([ShownOut::Error(error), ShownOut::Bytes(Some(bytes))]);
                out.extend([ShownOut::Overlapped(self.first_named(over)), ShownOut::Flags(0)]);
            }
            (_, Out::Revents(revents)) => out.push(ShownOut::Revents(revents.iter().collect())),
            (Call::Select { readfds, writefds, exceptfds, .. }, Out::Sets { read, write, except }) => {
                // Of a set that is NULL there is nothing to tell.
                let names = |asked: FdSet<Ref>, got: Set<Handle>| {
                    let name = |reference: Ref| match reference {
                        Ref::Name(name) => got.iter().any(|h| h == self.vars[usize::from(name.0)]).then_some(name),
                        _ => None,
                    };
                    asked.map(|asked| asked.iter().filter_map(name).collect::<Vec<NameId>>())
                };
                out.extend(names(readfds, read).map(ShownOut::ReadFds));
                out.extend(names(writefds, write).map(ShownOut::WriteFds));
                out.extend(names(exceptfds, except).map(ShownOut::ExceptFds));
            }
            (_, written) => {
                if let Some((addr, addrlen)) = call.name_buffer() {
                    self.name_out(addr, addrlen, written, &mut out);
                }
            }
        }
        if !call.function().does().points {
            return Shown { value, error: outcome.error, out };
        }
        out.extend((outcome.error != Code::NONE).then_some(ShownOut::Errno(outcome.error)));
        Shown { value, error: Code::NONE, out }
    }

    /// The variable that holds this handle. `NULL` has none, though one that is not bound yet holds the same.
    fn first_named(&self, handle: Handle) -> Option<NameId> {
        let place = self.vars.iter().position(|var| *var == handle).filter(|_| handle != Handle::INVALID)?;
        Some(NameId(place as u16))
    }

    /// The later variable of a number: that of a socket that was closed is given again.
    fn last_named(&self, handle: Handle) -> Option<NameId> {
        let place = self.vars.iter().rposition(|var| *var == handle).filter(|_| handle != Handle::INVALID)?;
        Some(NameId(place as u16))
    }

    /// What a condition function is given, in the order of its parameters.
    fn given_out(&self, given: &Given, out: &mut Vec<ShownOut>) {
        let caller_data = match given.caller_data {
            None => Block::Null,
            Some(data) if data.as_slice().is_empty() => Block::Bytes(0),
            Some(data) => Block::Data(data),
        };
        let room = given.room.map_or(Block::Unset, Block::Bytes);
        out.push(ShownOut::CallerId(self.shown_address(given.caller)));
        out.push(ShownOut::Given(GivenTo::CallerData, caller_data));
        out.push(ShownOut::Given(GivenTo::Sqos, given.sqos.map_or(Block::Null, Block::Qos)));
        out.push(ShownOut::Given(GivenTo::Gqos, Block::Null));
        out.push(ShownOut::CalleeId(self.shown_address(given.callee)));
        out.push(ShownOut::Given(GivenTo::CalleeData, room));
        out.push(ShownOut::CallbackData(given.callback_data));
    }

    fn name_out(&self, addr: Buffer, addrlen: Length, written: Out, out: &mut Vec<ShownOut>) {
        let (address, len) = match written {
            Out::Name { addr, len } => (addr, len),
            _ => (None, None),
        };
        if addr == Buffer::Valid {
            out.push(ShownOut::Addr(address.map(|address| self.shown_address(address))));
        }
        if let Length::Holds(n) = addrlen {
            out.push(ShownOut::AddrLen(len.unwrap_or(n)));
        }
    }

    fn shown_address(&self, address: Address) -> ShownAddress {
        let shown = match address.port {
            Port::Chosen(_) => Address { port: Port::SOME, ..address },
            _ => address,
        };
        let same = |handle: &Handle| {
            handle.slot().is_some_and(|slot| {
                self.world.sockets().get(slot.index()).is_some_and(|socket| {
                    let local = match socket.local.port {
                        Port::Unset => Address { ip: Ip::Loopback, port: Port::Chosen(slot), ..address },
                        _ => socket.local,
                    };
                    // What AcceptEx has connected tells no address before SO_UPDATE_ACCEPT_CONTEXT.
                    local == address && !socket.without_context
                })
            })
        };
        let all: Vec<NameId> =
            (0..).map(NameId).zip(&self.vars).filter(|(_, h)| same(h)).map(|(name, _)| name).collect();
        // As the driver of a real stack tells it: where no open socket has the address, those that had it.
        let open: Vec<NameId> = all.iter().copied().filter(|name| self.is_open(*name)).collect();
        ShownAddress { address: shown, names: if open.is_empty() { all } else { open } }
    }

    /// Is what this variable stands for an open handle of a socket?
    fn is_open(&self, name: NameId) -> bool {
        let Named::Socket(slot, copy) = self.vars[usize::from(name.0)].names() else { return false };
        let held = self.world.sockets().get(slot.index()).is_some_and(|socket| socket.holder(copy).is_some());
        held && self.closed.iter().all(|(closed, _)| *closed != name)
    }

    /// The connection that the socket in this variable opens.
    #[must_use]
    pub fn conn_of(&self, name: NameId) -> Option<ConnId> {
        let slot = self.vars[usize::from(name.0)].slot()?;
        (slot.index() < self.world.conns().len()).then_some(ConnId(slot.0))
    }
}

/// One thing that can happen next in an exploration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum Move {
    /// An actor goes on with its lane: takes the step with this number.
    Step(ThreadId, usize),
    /// An actor with an `either` takes the branch that ends its lane.
    Leave(ThreadId),
    /// The network, a timer, a woken thread or an APC.
    Event(Event),
}

/// Something that came of a move: a step's outcome as seen from outside.
#[derive(Clone, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub struct Happened {
    /// The step's number.
    pub step: usize,
    /// What was seen.
    pub observed: Observed,
}

/// Lets one event happen in a configuration, and takes note of every call that returned: binds its variables, ends its wait.
///
/// `hook` is the number of the step whose call is made from inside a blocking hook, when the event is one.
/// Appends what was seen.
#[allow(clippy::too_many_arguments)] // the scratch buffers are arguments so that exploring allocates nothing
pub fn advance(
    scenario: &Scenario,
    machine: &Machine,
    config: &mut Config,
    event: Event,
    hook: Option<usize>,
    tape: &mut Tape,
    fx: &mut Effects,
    happened: &mut Vec<Happened>,
) {
    machine.step(&mut config.world, event, tape, fx);
    limit::heeds(fx, || match event {
        Event::Call(thread, _) => config.waiting(thread),
        Event::InHook(..) => hook,
        _ => None,
    });
    if let Event::Ends(_) = event {
        forget_calls_of_the_ended(config);
    }
    let mut hook = hook;
    for index in 0..fx.returns.len() {
        let (thread, outcome) = fx.returns[index];
        touches(fx, Some(thread));
        let slot = thread.index();
        if let Some(result) = config.results.get_mut(slot) {
            *result = match outcome.value {
                Value::Number(n) => n,
                _ => -1,
            };
        }
        // A call inside a blocking hook returns first, while the call it interrupts may still wait.
        if let Some(number) = hook.take() {
            note(scenario, config, number, &outcome, fx, happened);
            continue;
        }
        let Some(number) = usize::from(config.waits[slot]).checked_sub(1) else { continue };
        config.waits[slot] = 0;
        if blocks(&scenario.steps[number]) && Some(event) != call_of(scenario, config, number) {
            config.finished[slot] = Some(outcome);
        } else {
            note(scenario, config, number, &outcome, fx, happened);
        }
    }
}

/// Nobody waits in a thread that has ended, and nobody takes note of what its last call gave.
fn forget_calls_of_the_ended(config: &mut Config) {
    for (actor, thread) in config.world.threads().iter().enumerate() {
        if thread.ended == Ended::Exited {
            (config.waits[actor], config.finished[actor]) = (0, None);
        }
    }
}

/// Binds and reports what the call of this step gave.
pub fn note(
    scenario: &Scenario,
    config: &mut Config,
    number: usize,
    outcome: &Outcome,
    fx: &mut Effects,
    happened: &mut Vec<Happened>,
) {
    let step = &scenario.steps[number];
    step.written().for_each(|expect| config.bind(Some(expect), outcome));
    let names = step.binds();
    names.for_each(|name| touches(fx, scenario.binder(name)));
    if let Some(call) = scenario.call_at(number) {
        reads_names(scenario, call, fx);
        let shown = config.shown(call, outcome);
        let tells_whose = |out: &ShownOut| {
            let written = matches!(out, ShownOut::Addr(Some(_)) | ShownOut::Local(Some(_)) | ShownOut::Remote(Some(_)));
            written || matches!(out, ShownOut::CallerId(_) | ShownOut::CalleeId(_))
        };
        if shown.out.iter().any(tells_whose) {
            // Whose address it is was asked of every variable.
            (0..scenario.script.actors.len()).for_each(|actor| fx.read.owner(ThreadId::new(actor)));
        }
        let observed = Observed::Returned(shown);
        if let Some(at) = scenario.goes_on_at(number, &observed) {
            config.at[step.actor.index()] = at;
        }
        happened.push(Happened { step: number, observed });
    }
}

/// What an actor has, its variables among it, may have been read and changed.
pub(crate) fn touches(fx: &mut Effects, actor: Option<ThreadId>) {
    if let Some(actor) = actor {
        fx.read.owner(actor);
        fx.touched.owner(actor);
    }
}

/// What another step read and touched, this one did.
pub(crate) fn joins(fx: &mut Effects, other: &Effects) {
    for (all, more) in [(&mut fx.read, &other.read), (&mut fx.touched, &other.touched)] {
        more.owners().for_each(|owner| all.owner(ThreadId::new(owner)));
        if more.shared() {
            all.process();
        }
        if more.has_ports() {
            all.ports();
        }
    }
}

/// The variable that what a condition function has said names was read.
pub(crate) fn reads_group(scenario: &Scenario, action: &Action, fx: &mut Effects) {
    if let Action::ConditionReturns { said: Said { group: Some(InGroup::Of(Ref::Name(name))), .. }, .. } = *action
        && let Some(binder) = scenario.binder(name)
    {
        fx.read.owner(binder);
    }
}

/// The variables that a call names were read.
pub(crate) fn reads_names(scenario: &Scenario, call: &Call<Ref>, fx: &mut Effects) {
    call.map(|reference| {
        if let Ref::Name(name) = reference
            && let Some(binder) = scenario.binder(name)
        {
            fx.read.owner(binder);
        }
    });
}

fn blocks(step: &Step) -> bool {
    matches!(step.expect, Some(Expect::Blocks))
}

fn call_of(scenario: &Scenario, config: &Config, number: usize) -> Option<Event> {
    let step = &scenario.steps[number];
    match &step.action {
        Action::Call(call) => Some(call_event(config, step.actor, call)),
        action => comes_back(action, &config.vars).map(|answer| Event::Returns(step.actor, answer)),
    }
}

/// The event of a step's call, with the handles that its variables hold now.
#[must_use]
pub fn call_event(config: &Config, actor: ThreadId, call: &Call<Ref>) -> Event {
    Event::Call(actor, bound(call, &config.vars))
}

/// What can happen in this configuration without anybody acting.
pub fn network(config: &Config, out: &mut Vec<Event>) {
    pending(&config.world, out);
}

/// The rules that fired, by name.
#[must_use]
pub fn names(fired: &[&'static Rule]) -> Vec<&'static str> {
    fired.iter().map(|rule| rule.name).collect()
}
