//! Queues, lines and bytes are as long as they get: nothing of the model ends where a program of the field goes on.

use crate::walk::STREAM;
use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Data, Family, Handle, Ip, Length, Name, Port, ProcessId, ThreadId, Version,
};
use winaccept_model::choice::{BOUND_EXACTLY, COUNTS_ACCEPT_QUEUE, FULL_REFUSE, HANDED, REFUSED_GIVES_UP};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine, pending};
use winaccept_model::world::{Process, Room, World};

const PORT: Address = Address { family: Family::Inet, ip: Ip::Loopback, port: Port::Fixed(80) };

/// A server with a listener, somebody who connects, and others.
struct Crowd {
    machine: Machine,
    world: World,
    listener: Handle,
}

impl Crowd {
    fn new(backlog: i32, clients: u32, others: usize) -> Crowd {
        let mut profile = Profile::widest("crowd");
        for alt in [BOUND_EXACTLY, COUNTS_ACCEPT_QUEUE, FULL_REFUSE, HANDED, REFUSED_GIVES_UP] {
            profile.only(alt);
        }
        let process = Process { startups: 1, version: Version { major: 2, minor: 2 }, ..Process::default() };
        let room = |sockets| Room::new(ProcessId(0), sockets, 0);
        let threads: Vec<Room> = [room(1), room(clients)].into_iter().chain(vec![room(0); others]).collect();
        let (machine, world) = (Machine::new(profile), World::new(&[process], &threads));
        let mut crowd = Crowd { machine, world, listener: Handle::INVALID };
        crowd.listener = crowd.handle(0, STREAM);
        crowd.call(0, Call::Bind { s: crowd.listener, name: Name::Address(PORT, 16) });
        crowd.call(0, Call::Listen { s: crowd.listener, backlog: Backlog::Number(backlog) });
        crowd
    }

    fn happens(&mut self, event: Event) -> Vec<(ThreadId, Outcome)> {
        let mut fx = Effects::default();
        self.machine.step(&mut self.world, event, &mut Tape::default(), &mut fx);
        assert_eq!(fx.limit, None, "{event:?}");
        fx.returns
    }

    fn call(&mut self, thread: u32, call: Call) -> Option<Outcome> {
        self.happens(Event::Call(ThreadId(thread), call)).first().map(|(_, outcome)| *outcome)
    }

    fn handle(&mut self, thread: u32, call: Call) -> Handle {
        match self.call(thread, call) {
            Some(Outcome { value: Value::Handle(handle), .. }) => handle,
            other => panic!("{call:?} gives {other:?}"),
        }
    }

    /// Everything that is on its way arrives.
    fn deliver(&mut self) -> Vec<(ThreadId, Outcome)> {
        let (mut returned, mut events) = (Vec::new(), Vec::new());
        loop {
            events.clear();
            pending(&self.world, &mut events);
            let Some(event) = events.iter().find(|event| matches!(event, Event::Deliver(..))) else { return returned };
            returned.extend(self.happens(*event));
        }
    }

    /// A client connects without waiting; who returned on the way.
    fn connect(&mut self) -> (Handle, Vec<(ThreadId, Outcome)>) {
        let c = self.handle(1, STREAM);
        self.call(1, Call::Ioctlsocket { s: c, argp: Some(1) });
        self.call(1, Call::Connect { s: c, name: Name::Address(PORT, 16) });
        (c, self.deliver())
    }

    fn accept(&self) -> Call {
        Call::Accept { s: self.listener, addr: Buffer::Null, addrlen: Length::Null }
    }
}

#[test]
fn a_queue_holds_what_its_backlog_allows() {
    for backlog in [200, 511] {
        let mut crowd = Crowd::new(backlog, 512, 0);
        for _ in 0..backlog {
            crowd.connect();
        }
        let listener = crowd.listener.slot().expect("a socket has a slot");
        assert_eq!(crowd.world.sockets()[listener.index()].accept_queue().len(), backlog as usize);
        let (c, _) = crowd.connect();
        let late = crowd.world.named(c).expect("it is open");
        assert_eq!(crowd.world.sockets()[late.index()].error, Code::WSAECONNREFUSED, "one more is refused");
        for _ in 0..backlog {
            crowd.handle(0, crowd.accept());
        }
        assert_eq!(crowd.world.kept_twice_agrees(), Ok(()));
    }
}

#[test]
fn three_hundred_threads_wait_in_one_accept_and_are_served_in_order() {
    const THREADS: u32 = 300;
    let mut crowd = Crowd::new(5, THREADS, THREADS as usize);
    for waiter in 2..2 + THREADS {
        assert_eq!(crowd.call(waiter, crowd.accept()), None);
    }
    for waiter in 2..2 + THREADS {
        let (_, returned) = crowd.connect();
        assert!(matches!(returned[..], [(who, Outcome { value: Value::Handle(_), .. })] if who == ThreadId(waiter)));
    }
}

#[test]
fn more_bytes_are_on_their_way_than_one_call_sends() {
    let mut crowd = Crowd::new(5, 1, 0);
    let (c, _) = crowd.connect();
    let s = crowd.handle(0, crowd.accept());
    const MANY: usize = 4096;
    let part = |number: u8| Data::new(&[number; MANY]).expect("as many as fit");
    for number in 0..100 {
        assert_eq!(crowd.call(1, Call::Send { s: c, data: part(number) }), Some(Outcome::number(MANY as i64)));
    }
    crowd.deliver();
    for number in 0..100 {
        let received = crowd.call(0, Call::Recv { s, len: MANY as u32 }).expect("there are more");
        assert_eq!(received.out, Out::Data(part(number)));
    }
    assert_eq!(crowd.call(0, Call::Recv { s, len: 1 }), None, "and then no more");
}
