//! The harness around the stack: a program with one listener, one accepted socket and one thread that waits, and a raw peer.
//!
//! It is that of Fiterau-Brostean, Janssen and Vaandrager (CAV 2016), whose machines of several systems are public: `accept` and
//! `recv` run in a thread of their own, one at a time; no second accept while a socket is held; whoever waits is ended before
//! something is closed, where the model can tell that from closing under it.

use std::collections::BTreeSet;

use winaccept_model::call::{Address, Buffer, Call, Data, Family, Handle, Ip, Length, Port, SockType, ThreadId};
use winaccept_model::call::{Backlog, Name, ProcessId, Version};
use winaccept_model::choice::Alt;
use winaccept_model::operation::Wants;
use winaccept_model::outcome::Value;
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine, pending};
use winaccept_model::world::{Process, Room, Segment, SocketId, World};

use crate::branch::decided;
use crate::distinct::Distinct;

/// What can be put in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Input {
    /// `listen(L, 1)`.
    Listen,
    /// `accept`, in a thread of its own.
    Accept,
    /// `recv` on the accepted socket, in a thread of its own.
    Recv,
    /// `send` of one byte on the accepted socket.
    Send,
    /// `closesocket` of the accepted socket.
    CloseConnection,
    /// `closesocket` of the listener.
    CloseListener,
    /// The peer sends this.
    Peer(Segment),
}

/// The inputs by name.
pub const INPUTS: &[(&str, Input)] = &[
    ("listen", Input::Listen),
    ("accept", Input::Accept),
    ("recv", Input::Recv),
    ("send", Input::Send),
    ("close-connection", Input::CloseConnection),
    ("close-listener", Input::CloseListener),
    ("syn", Input::Peer(Segment::Syn)),
    ("syn-ack", Input::Peer(Segment::SynAck)),
    ("ack", Input::Peer(Segment::Ack)),
    ("data", Input::Peer(Segment::Data)),
    ("fin", Input::Peer(Segment::Fin)),
    ("rst", Input::Peer(Segment::BareRst)),
    ("rst-ack", Input::Peer(Segment::Rst)),
];

/// The first segment that comes to the peer. Resets are not told apart: their numbers and flags tell who made them, not what
/// becomes of the connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // named after the segments
pub enum Output {
    Nothing,
    SynAck,
    Ack,
    Data,
    Fin,
    Reset,
}

/// The outputs by name; behind those of a reset may stand a colon and what more was seen of it.
pub const OUTPUTS: &[(&str, Output)] = &[
    ("-", Output::Nothing),
    ("SYN-ACK", Output::SynAck),
    ("ACK", Output::Ack),
    ("DATA", Output::Data),
    ("FIN", Output::Fin),
    ("RST", Output::Reset),
    ("RST-ACK", Output::Reset),
];

impl Output {
    /// The output of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Output> {
        let plain = match name.split_once(':') {
            Some((reset @ ("RST" | "RST-ACK"), _)) => reset,
            _ => name,
        };
        OUTPUTS.iter().find(|(known, _)| *known == plain).map(|(_, output)| *output)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        OUTPUTS.iter().find(|(_, output)| *output == self).map_or("?", |(name, _)| name)
    }

    fn of(segment: Option<Segment>) -> Output {
        match segment {
            None => Output::Nothing,
            Some(Segment::SynAck) => Output::SynAck,
            Some(Segment::Ack) => Output::Ack,
            Some(Segment::Data) => Output::Data,
            Some(Segment::Fin) => Output::Fin,
            // The stack never connects, and so sends no SYN.
            Some(Segment::Rst | Segment::BareRst | Segment::Syn) => Output::Reset,
        }
    }
}

/// The thread of the program, the one that waits in accept and recv, and the peer.
const MAIN: ThreadId = ThreadId(0);
const WAITER: ThreadId = ThreadId(1);
const PEER: ThreadId = ThreadId(2);

/// How many connections of the peer sockets may have at a time: with one place in the queue and one socket held there are
/// three at most, four where a backlog of one admits two.
const CONNECTIONS: u32 = 8;

/// A world, and what the harness knows of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Way {
    world: World,
    listener: Option<Handle>,
    held: Option<Handle>,
    /// What the harness has been told to reach beyond: why nothing can be said of what follows.
    pub(super) limit: Option<String>,
}

/// A way on, its answer, and what the profile left open and was decided.
pub(super) struct Step {
    pub(super) way: Way,
    pub(super) output: Output,
    pub(super) choices: BTreeSet<Alt>,
}

impl Way {
    /// The program has a name that the system chose, and does not listen yet.
    pub(super) fn first(machine: &Machine) -> Way {
        let process = Process { startups: 1, version: Version { major: 2, minor: 2 }, ..Process::default() };
        let room = |sockets| Room::new(ProcessId(0), sockets, 0);
        let world = World::new(&[process], &[room(1), room(0), room(CONNECTIONS)]);
        let way = Way { world, listener: None, held: None, limit: None };
        let socket = Call::Socket { family: Family::Inet, kind: SockType::Stream };
        let mut made = once(machine, way, Event::Call(MAIN, socket));
        made.listener = Some(Handle::socket(SocketId(0), 0));
        let any = Address { family: Family::Inet, ip: Ip::Any, port: Port::Unset };
        let bind = made.listener.map(|s| Call::Bind { s, name: Name::Address(any, 16) });
        match bind {
            Some(bind) => once(machine, made, Event::Call(MAIN, bind)),
            None => made,
        }
    }

    /// Everything that may come of an input.
    pub(super) fn after(&self, machine: &Machine, input: Input) -> Vec<Step> {
        let mut ways = vec![(self.clone(), BTreeSet::new())];
        for event in self.events(input) {
            ways = ways.into_iter().flat_map(|way| quiet(machine, event, way)).collect();
        }
        ways.into_iter().map(|(way, choices)| way.answers(machine, input, choices)).collect()
    }

    /// What the harness does.
    fn events(&self, input: Input) -> Vec<Event> {
        let waits = self.world.waits(WAITER).is_some();
        let ends = waits.then_some(Event::Ends(WAITER));
        let calls = |thread, call: Option<Call>| call.map(|call| Event::Call(thread, call));
        let (listener, held) = (self.listener, self.held);
        match input {
            Input::Listen => {
                calls(MAIN, listener.map(|s| Call::Listen { s, backlog: Backlog::Number(1) })).into_iter().collect()
            }
            Input::Accept if waits || held.is_some() => Vec::new(),
            Input::Accept => {
                let accept = |s| Call::Accept { s, addr: Buffer::Null, addrlen: Length::Null };
                calls(WAITER, listener.map(accept)).into_iter().collect()
            }
            Input::Recv if waits => Vec::new(),
            Input::Recv => calls(WAITER, held.map(|s| Call::Recv { s, len: 255 })).into_iter().collect(),
            Input::Send => calls(MAIN, held.map(|s| Call::Send { s, data: byte() })).into_iter().collect(),
            // Who ends a thread in recv and closes its socket at once closes it under recv: the receive is still cancelled.
            Input::CloseConnection => {
                let ends = ends.filter(|_| self.is_in_accept());
                ends.into_iter().chain(calls(MAIN, held.map(|s| Call::Closesocket { s }))).collect()
            }
            Input::CloseListener => {
                ends.into_iter().chain(calls(MAIN, listener.map(|s| Call::Closesocket { s }))).collect()
            }
            Input::Peer(segment) => {
                let data = if segment == Segment::Data { byte() } else { Data::default() };
                vec![Event::PeerSends(PEER, SocketId(0), segment, data)]
            }
        }
    }

    /// Does the thread that waits wait for a connection?
    fn is_in_accept(&self) -> bool {
        self.world.waits(WAITER).is_some_and(|(_, op)| op.wants == Wants::Connection)
    }

    /// Takes note of a call that has returned.
    fn returned(&mut self, fx: &Effects) {
        for (thread, outcome) in &fx.returns {
            if let (WAITER, Value::Handle(handle)) = (*thread, outcome.value) {
                self.held = Some(handle);
            }
        }
    }

    /// The network is quiet: what has come to the peer, and what the harness forgets.
    fn answers(mut self, machine: &Machine, input: Input, choices: BTreeSet<Alt>) -> Step {
        match input {
            Input::CloseConnection => self.held = None,
            Input::CloseListener => self.listener = None,
            _ => {}
        }
        let output = Output::of(self.world.first_to(PEER).map(|(segment, _)| segment));
        while self.world.first_to(PEER).is_some() {
            self = once(machine, self, Event::PeerTakes(PEER));
        }
        for thread in [MAIN, WAITER] {
            if self.world.waits(thread).is_none() {
                // The next call is made by a new thread; of the old one nothing is left.
                self.world.begins_again(thread);
            }
        }
        // Nobody sees how many bytes are unread: recv takes all that the harness lets come.
        self.world.shortens_unread(1);
        Step { way: self, output, choices }
    }
}

fn byte() -> Data {
    Data::new(b"x").unwrap_or_default()
}

/// What may come of an event, in every way that the profile leaves open, and of all that follows without anybody acting but
/// timers.
fn quiet(machine: &Machine, event: Event, from: (Way, BTreeSet<Alt>)) -> Vec<(Way, BTreeSet<Alt>)> {
    let mut todo = vec![(from, Some(event))];
    let mut done = Distinct::new();
    while let Some(((way, choices), event)) = todo.pop() {
        let mut next = Vec::new();
        pending(&way.world, &mut next);
        let next = next.into_iter().find(|event| !matches!(event, Event::Timer(_) | Event::Expire(_)));
        let Some(event) = event.or(next).filter(|_| way.limit.is_none()) else {
            done.insert(way, choices);
            continue;
        };
        let (mut tape, mut fx) = (Tape::default(), Effects::default());
        loop {
            let mut after = way.clone();
            machine.step(&mut after.world, event, &mut tape, &mut fx);
            after.returned(&fx);
            after.limit = fx.limit.map(|limit| limit.to_string());
            let mut choices = choices.clone();
            choices.extend(decided(&machine.profile, &fx));
            todo.push(((after, choices), None));
            if !tape.advance() {
                break;
            }
        }
    }
    done.into_vec()
}

/// One event with nothing to decide.
fn once(machine: &Machine, mut way: Way, event: Event) -> Way {
    machine.step(&mut way.world, event, &mut Tape::default(), &mut Effects::default());
    way
}
