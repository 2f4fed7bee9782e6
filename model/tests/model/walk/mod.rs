//! Random walks through the model, shared by the property tests.
//!
//! A walk is a world, a profile and a list of [`Op`]s: plain numbers that are read against the world they meet, so that
//! proptest can shrink them and every one of them means something everywhere.
#![allow(unreachable_pub)] // it is shared inside a test program, which exports nothing

pub mod event;
pub mod properties;
pub mod tickets;

use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Data, Family, Handle, Ip, Length, Name, NetworkEvents, Opt, OptVal, Port,
    ProcessId, SockType, ThreadId, Version,
};
use winaccept_model::choice::CHOICES;
use winaccept_model::outcome::{Outcome, Value};
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine, pending};
use winaccept_model::world::{Process, Room, Segment, SocketId, World};

/// One step of a walk, as numbers that [`event::event`] reads against a world.
#[derive(Clone, Copy, Default)]
pub struct Op(pub [u8; 10]);

impl std::fmt::Debug for Op {
    /// On one line, also where proptest asks for many.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Op({:?})", self.0)
    }
}

/// Reads an [`Op`] number by number.
pub struct Dice {
    op: Op,
    at: usize,
}

impl Dice {
    pub fn new(op: Op) -> Dice {
        Dice { op, at: 0 }
    }

    /// The next number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        let number = match self.op.0.get(self.at) {
            Some(number) => usize::from(*number),
            // Past the end: other numbers that the same op always gives.
            None => {
                let seed =
                    self.op.0.iter().fold(self.at as u64, |seed, byte| seed << 5 ^ seed >> 59 ^ u64::from(*byte));
                (Numbers(seed).next() >> 32) as usize
            }
        };
        self.at += 1;
        number % n.max(1)
    }

    /// One of these; `None` when there are none.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let index = self.below(of.len());
        of.get(index).copied()
    }

    /// True in one of `n` cases.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }
}

/// A stream of numbers that is the same everywhere (splitmix64).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn op(&mut self) -> Op {
        let (a, b) = (self.next().to_le_bytes(), self.next().to_le_bytes());
        Op(std::array::from_fn(|i| if i < 8 { a[i] } else { b[i - 8] }))
    }
}

/// A profile with a non-empty subset of each choice point, from random numbers.
pub fn profile(numbers: &mut Numbers) -> Profile {
    let mut profile = Profile::widest("random");
    for point in &CHOICES {
        let all = point.alternatives;
        let bits = 1 + numbers.next() as usize % ((1 << all.len()) - 1);
        let chosen = all.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, name)| *name);
        profile.narrow(point.name, chosen).expect("the choice points are the model's own");
    }
    profile
}

const STARTED: Version = Version { major: 2, minor: 2 };
const OLD: Version = Version { major: 1, minor: 1 };

/// A world to walk in: two processes on Winsock 2 and 1.1, one not started; servers and clients in each.
pub fn world() -> World {
    let process = |startups, version| Process { startups, version, ..Process::default() };
    let processes = [process(1, STARTED), process(1, OLD), process(0, Version::default())];
    let threads = [(0, 3), (0, 2), (1, 3), (0, 2), (1, 2), (2, 1)];
    // Where a thread makes requests it has room for them beside the call that it waits in.
    let room =
        |(p, sockets)| Room { overs: 2, operations: 3, ports: 1, windows: 1, ..Room::new(ProcessId(p), sockets, 2) };
    World::new(&processes, &threads.map(room))
}

/// A call that a set-up makes, taken under the first alternatives; the handle it returned, if any.
pub fn call(machine: &Machine, world: &mut World, thread: u32, call: Call) -> Option<Handle> {
    let (mut tape, mut fx) = (Tape::default(), Effects::default());
    machine.step(world, Event::Call(ThreadId(thread), call), &mut tape, &mut fx);
    match fx.returns.first()?.1.value {
        Value::Handle(handle) => Some(handle),
        _ => None,
    }
}

pub const STREAM: Call = Call::Socket { family: Family::Inet, kind: SockType::Stream };
pub const LOOPBACK: Address = Address { family: Family::Inet, ip: Ip::Loopback, port: Port::Unset };

/// A listener of this thread, bound to a port that the system chooses.
pub fn listener(machine: &Machine, world: &mut World, thread: u32, backlog: i32) -> Handle {
    listener_with(machine, world, thread, backlog, false)
}

/// A listener that may have SO_CONDITIONAL_ACCEPT.
fn listener_with(machine: &Machine, world: &mut World, thread: u32, backlog: i32, conditional: bool) -> Handle {
    let s = call(machine, world, thread, STREAM).expect("the thread has a free slot");
    if conditional {
        call(machine, world, thread, Call::Setsockopt { s, opt: Opt::ConditionalAccept, value: OptVal::Number(1) });
    }
    call(machine, world, thread, Call::Bind { s, name: Name::Address(LOOPBACK, 16) });
    call(machine, world, thread, Call::Listen { s, backlog: Backlog::Number(backlog) });
    s
}

/// The world with listeners in both started processes, as most walks begin.
pub fn busy_world(machine: &Machine, backlogs: [u8; 2]) -> World {
    let mut world = world();
    for (thread, backlog) in [(0, backlogs[0]), (2, backlogs[1])] {
        if backlog > 0 {
            let conditional = thread == 0 && backlogs[0] == 1;
            listener_with(machine, &mut world, thread, i32::from(backlog) - 1, conditional);
        }
    }
    if backlogs.contains(&4) {
        // The first listener reports its connections by an event.
        let event = call(machine, &mut world, 0, Call::WSACreateEvent);
        call(machine, &mut world, 0, Call::WSAEventSelect { s: Handle(0), event, mask: NetworkEvents::ACCEPT });
    }
    if backlogs[0] == 4 && backlogs[1] != 4 {
        // Or by messages.
        let window = call(machine, &mut world, 0, Call::CreateWindow);
        let mask = NetworkEvents::ACCEPT.with(NetworkEvents::READ);
        call(machine, &mut world, 0, Call::WSAAsyncSelect { s: Handle(0), window, message: 1025, mask });
    }
    if backlogs[0] == 3 {
        reset_while_queued(machine, &mut world);
    }
    if backlogs[0] == 2 {
        both_have_ended(machine, &mut world, backlogs[1].is_multiple_of(2));
    }
    if backlogs[1] == 3 {
        // Somebody who would share an address with others.
        let s = call(machine, &mut world, 3, STREAM).expect("the thread has a free slot");
        call(machine, &mut world, 3, Call::Setsockopt { s, opt: Opt::ReuseAddr, value: OptVal::Number(1) });
    }
    if backlogs == [1, 3] {
        shares(machine, &mut world);
    }
    if backlogs[1] == 2 && backlogs[0] > 2 {
        alone(machine, &mut world);
    }
    if backlogs[1] == 1 && backlogs[0] > 2 {
        request(machine, &mut world, backlogs[0] == 4);
    }
    world
}

/// The first listener's address is bound a second time: both have SO_REUSEADDR.
fn shares(machine: &Machine, world: &mut World) {
    let reuses = |s| Call::Setsockopt { s, opt: Opt::ReuseAddr, value: OptVal::Number(1) };
    call(machine, world, 0, reuses(Handle(0)));
    let s = call(machine, world, 3, STREAM).expect("the thread has a free slot");
    call(machine, world, 3, reuses(s));
    call(machine, world, 3, Call::Bind { s, name: Name::Of(Handle(0)) });
}

/// An AcceptEx of thread 0, which a client of thread 3 has completed where the listener has nobody else in its queue; or thread 1
/// waits for what becomes of it, and the client's SYN is on its way.
fn request(machine: &Machine, world: &mut World, waits: bool) {
    let accept = call(machine, world, 0, STREAM).expect("the thread has a free slot");
    let overlapped = call(machine, world, 0, Call::Overlapped { event: None, low_bit: false });
    let (listen, buffer) = (Handle(0), Buffer::Valid);
    let posted = Call::AcceptEx { listen, accept, buffer, receive: 0, local: 32, remote: 32, bytes: true, overlapped };
    call(machine, world, 0, posted);
    if let (true, Some(overlapped)) = (waits, overlapped) {
        call(machine, world, 1, Call::WSAGetOverlappedResult { s: listen, overlapped, bytes: true, wait: true });
    }
    if let Some(s) = call(machine, world, 3, STREAM) {
        call(machine, world, 3, Call::Ioctlsocket { s, argp: Some(1) });
        call(machine, world, 3, Call::Connect { s, name: Name::Of(listen) });
        if !waits {
            deliver(machine, world);
        }
    }
}

/// One socket has a wildcard for itself alone, another wants to, where a third has a single address.
fn alone(machine: &Machine, world: &mut World) {
    let at = |ip, number| Name::Address(Address { family: Family::Inet, ip, port: Port::Fixed(number) }, 16);
    for (thread, name) in [(3, Some(at(Ip::Any, 1))), (1, None)] {
        let s = call(machine, world, thread, STREAM).expect("the thread has a free slot");
        call(machine, world, thread, Call::Setsockopt { s, opt: Opt::ExclusiveAddrUse, value: OptVal::Number(1) });
        if let Some(name) = name {
            call(machine, world, thread, Call::Bind { s, name });
        }
    }
    let s = call(machine, world, 1, STREAM).expect("the thread has a free slot");
    call(machine, world, 1, Call::Bind { s, name: at(Ip::Loopback, 2) });
}

/// A raw peer, thread 4, has connected to the first listener, and both have ended the connection: the server first, which is in
/// TIME_WAIT, or the peer, whose last ACK is still to come.
fn both_have_ended(machine: &Machine, world: &mut World, server_first: bool) {
    let (mut fx, nothing) = (Effects::default(), Data::default());
    let mut sends = |world: &mut World, segment| {
        let event = Event::PeerSends(ThreadId(4), SocketId(0), segment, nothing);
        machine.step(world, event, &mut Tape::default(), &mut fx);
    };
    sends(world, Segment::Syn);
    sends(world, Segment::Ack);
    if let Some(s) = call(machine, world, 0, Call::Accept { s: Handle(0), addr: Buffer::Null, addrlen: Length::Null }) {
        if !server_first {
            sends(world, Segment::Fin);
        }
        call(machine, world, 0, Call::Closesocket { s });
        if server_first {
            sends(world, Segment::Fin);
        }
    }
}

/// A client of thread 3 connects to the first listener, and resets the connection while it waits to be accepted.
fn reset_while_queued(machine: &Machine, world: &mut World) {
    let s = call(machine, world, 3, STREAM).expect("the thread has a free slot");
    call(machine, world, 3, Call::Ioctlsocket { s, argp: Some(1) });
    call(machine, world, 3, Call::Connect { s, name: Name::Of(Handle(0)) });
    deliver(machine, world);
    call(machine, world, 3, Call::Setsockopt { s, opt: Opt::Linger, value: OptVal::Linger(1, 0) });
    call(machine, world, 3, Call::Closesocket { s });
    deliver(machine, world);
}

/// Lets everything in flight arrive; tells who returned meanwhile.
pub fn deliver(machine: &Machine, world: &mut World) -> Vec<(ThreadId, Outcome)> {
    let (mut events, mut fx, mut returned) = (Vec::new(), Effects::default(), Vec::new());
    loop {
        events.clear();
        pending(world, &mut events);
        let Some(event) = events.iter().find(|event| matches!(event, Event::Deliver(..))) else { return returned };
        machine.step(world, *event, &mut Tape::default(), &mut fx);
        returned.append(&mut fx.returns);
    }
}
