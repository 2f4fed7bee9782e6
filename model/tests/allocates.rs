//! A connection that comes and goes allocates nothing. A test program of its own, because its allocator counts for all threads.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Data, Family, Handle, Ip, Length, Name, Opt, OptVal, Port, ProcessId, SockType,
    ThreadId, Version,
};
use winaccept_model::outcome::Value;
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::{ConnId, Direction, Process, Room, World};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

struct Network {
    machine: Machine,
    world: World,
    fx: Effects,
}

impl Network {
    fn happens(&mut self, event: Event) {
        self.machine.step(&mut self.world, event, &mut Tape::default(), &mut self.fx);
        assert_eq!(self.fx.limit, None);
    }

    /// Makes a call; the handle or number it returns, if it returns.
    fn call(&mut self, thread: u32, call: Call) -> Option<Value> {
        self.happens(Event::Call(ThreadId(thread), call));
        self.fx.returns.first().map(|(_, outcome)| outcome.value)
    }

    fn handle(&mut self, thread: u32, call: Call) -> Handle {
        match self.call(thread, call) {
            Some(Value::Handle(handle)) => handle,
            other => panic!("{call:?} gives {other:?}"),
        }
    }

    /// Connect, accept that waits, bytes that somebody waits for, closed on both sides.
    fn cycle(&mut self, listener: Handle, to: Address) {
        let accept = Call::Accept { s: listener, addr: Buffer::Valid, addrlen: Length::Holds(16) };
        assert_eq!(self.call(0, accept), None);
        let c = self.handle(1, Call::Socket { family: Family::Inet, kind: SockType::Stream });
        let conn = ConnId(c.slot().expect("a socket has a slot").0);
        assert_eq!(self.call(1, Call::Connect { s: c, name: Name::Address(to, 16) }), None);
        self.happens(Event::Deliver(conn, Direction::Up));
        self.happens(Event::Deliver(conn, Direction::Down));
        self.happens(Event::Deliver(conn, Direction::Up));
        let accepted = self.fx.returns.first().map(|(_, outcome)| outcome.value);
        let Some(Value::Handle(s)) = accepted else { panic!("accept gives {accepted:?}") };
        assert_eq!(self.call(0, Call::Recv { s, len: 16 }), None);
        let data = Data::new(b"sixteen of them.").expect("sixteen bytes fit");
        assert_eq!(self.call(1, Call::Send { s: c, data }), Some(Value::Number(16)));
        self.happens(Event::Deliver(conn, Direction::Up));
        assert_eq!(self.fx.returns.len(), 1);
        self.call(0, Call::Closesocket { s });
        self.happens(Event::Deliver(conn, Direction::Down));
        assert_eq!(self.call(1, Call::Recv { s: c, len: 16 }), Some(Value::Number(0)));
        self.call(1, Call::Closesocket { s: c });
        self.happens(Event::Deliver(conn, Direction::Up));
    }
}

#[test]
fn a_connection_that_comes_and_goes_allocates_nothing() {
    let process = Process { startups: 1, version: Version { major: 2, minor: 2 }, ..Process::default() };
    let room = |sockets| Room::new(ProcessId(0), sockets, 0);
    let world = World::new(&[process], &[room(1), room(2)]);
    let mut network = Network { machine: Machine::new(Profile::widest("any")), world, fx: Effects::default() };
    let listener = network.handle(0, Call::Socket { family: Family::Inet, kind: SockType::Stream });
    // What accepted sockets inherit is shared with the listener.
    network.call(0, Call::Setsockopt { s: listener, opt: Opt::KeepAlive, value: OptVal::Number(1) });
    let address = Address { family: Family::Inet, ip: Ip::Loopback, port: Port::Fixed(80) };
    network.call(0, Call::Bind { s: listener, name: Name::Address(address, 16) });
    network.call(0, Call::Listen { s: listener, backlog: Backlog::Number(5) });
    (0..10).for_each(|_| network.cycle(listener, address));
    // What counts is counted for the whole process, and the test's own runner may say that it still waits: the least of a few.
    let least = (0..5).map(|_| {
        let region = Region::new(ALLOCATOR);
        (0..100).for_each(|_| network.cycle(listener, address));
        let change = region.change();
        change.allocations + change.reallocations
    });
    assert_eq!(least.min(), Some(0));
    assert_eq!(network.world.kept_twice_agrees(), Ok(()));
}
