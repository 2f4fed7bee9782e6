//! A server, a client and a simulated network with as many open connections as one likes, driven event by event: no script,
//! no search, nothing but [`Machine::step`].

use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Data, Family, Handle, Ip, Length, Name, Port, ProcessId, SockType, ThreadId,
    Version,
};
use winaccept_model::outcome::{Out, Outcome, Value};
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::{ConnId, Direction, Process, Room, World};

use crate::backlog;
use crate::process::thread_seconds;

/// Who listens and accepts.
const SERVER: ThreadId = ThreadId(0);
/// Who connects and is done again.
const CLIENT: ThreadId = ThreadId(1);
/// Who holds connections open.
const HOLDER: ThreadId = ThreadId(2);
/// The first of the threads that do nothing but wait in `accept`.
const WAITERS: usize = 3;
/// How many seconds of the processor filling a network may take; a million connections open in one.
const PATIENCE: f64 = 20.0;
/// What a client sends.
const BYTES: [u8; 16] = *b"sixteen of them.";

/// A world with a listener, and the machine that drives it.
#[derive(Debug)]
pub struct Network {
    machine: Machine,
    world: World,
    effects: Effects,
    listener: Handle,
    address: Address,
}

/// Both ends of an open connection.
#[derive(Clone, Copy, Debug)]
struct Open {
    conn: ConnId,
    client: Handle,
    server: Handle,
}

impl Network {
    /// A network in which so many connections can be open beside the one that comes and goes, and so many threads can wait
    /// in `accept`.
    ///
    /// # Panics
    /// When the model has no room for so many: its message begins with `limit: `.
    #[must_use]
    pub fn new(connections: usize, waiters: usize) -> Network {
        let room = |sockets: usize| Room::new(ProcessId(0), limit(sockets), 0);
        let mut threads = vec![room(1), room(1), room(connections)];
        threads.extend(std::iter::repeat_n(room(0), waiters));
        let world = World::new(&[Process::default()], &threads).without_moving();
        let address = Address { family: Family::Inet, ip: Ip::Loopback, port: Port::Fixed(80) };
        let mut network = Network {
            machine: backlog::machine(),
            world,
            effects: Effects::outcomes_alone(),
            listener: Handle::INVALID,
            address,
        };
        network.zero(SERVER, Call::WSAStartup { version: Version { major: 2, minor: 2 } });
        network.listener = network.socket(SERVER);
        network.zero(SERVER, Call::Bind { s: network.listener, name: Name::Address(address, 16) });
        network.zero(SERVER, Call::Listen { s: network.listener, backlog: Backlog::Number(5) });
        for waiter in 0..waiters {
            let waits = network.call(thread(WAITERS + waiter), network.accept());
            assert!(waits.is_none(), "nobody connects yet, so accept waits");
        }
        network
    }

    /// Opens so many connections and keeps them.
    ///
    /// # Errors
    /// When that takes longer than it can where a step costs the same however many are open.
    pub fn fill(&mut self, connections: usize) -> Result<(), String> {
        let before = thread_seconds().unwrap_or_default();
        for opened in 0..connections {
            self.open();
            if opened % 1_000 == 0 && thread_seconds().is_some_and(|now| now - before > PATIENCE) {
                return Err(format!("limit: {opened} of {connections} connections took {PATIENCE} s to open"));
            }
        }
        Ok(())
    }

    /// Opens a connection and keeps it.
    pub fn open(&mut self) {
        let client = self.connect(HOLDER);
        self.deliver(self.conn_of(client), Direction::Up);
        let accepted = self.call(SERVER, self.accept());
        handle(accepted);
    }

    /// A connection from its beginning to its end: connect, accept, sixteen bytes, read and compared, closed on both sides.
    /// Eight calls and six segments.
    pub fn cycle(&mut self) {
        let client = self.connect(CLIENT);
        let conn = self.conn_of(client);
        self.sends(client);
        self.deliver(conn, Direction::Up);
        self.deliver(conn, Direction::Up);
        let server = handle(self.call(SERVER, self.accept()));
        self.ends(SERVER, Open { conn, client, server });
    }

    /// The same where somebody waits in `accept` already and is woken: the first in line, who then goes to its end.
    pub fn cycle_of_a_waiter(&mut self) {
        let client = self.connect(CLIENT);
        let conn = self.conn_of(client);
        self.sends(client);
        self.deliver(conn, Direction::Up);
        let [(waiter, outcome)] = &self.effects.returns[..] else {
            panic!("the first in line is told of the connection at once")
        };
        let (waiter, server) = (*waiter, handle(Some(outcome)));
        self.deliver(conn, Direction::Up);
        self.ends(waiter, Open { conn, client, server });
        let waits = self.call(waiter, self.accept());
        assert!(waits.is_none(), "nobody else connects, so accept waits again");
    }

    fn connect(&mut self, thread: ThreadId) -> Handle {
        let client = self.socket(thread);
        let waits = self.call(thread, Call::Connect { s: client, name: Name::Address(self.address, 16) });
        assert!(waits.is_none(), "an answer takes its time");
        let conn = self.conn_of(client);
        self.deliver(conn, Direction::Up);
        self.deliver(conn, Direction::Down);
        let [(_, connected)] = &self.effects.returns[..] else { panic!("the answer wakes who connects") };
        assert_eq!(connected.value, Value::Number(0));
        client
    }

    fn sends(&mut self, client: Handle) {
        let data = Data::new(&BYTES).expect("sixteen bytes fit");
        assert_eq!(self.returns(CLIENT, Call::Send { s: client, data }).value, Value::Number(16));
    }

    /// Reads what was sent, closes, and lets the client see that and close, too.
    fn ends(&mut self, server: ThreadId, open: Open) {
        let read = self.returns(server, Call::Recv { s: open.server, len: 16 });
        assert!(matches!(&read.out, Out::Data(data) if data.as_slice() == BYTES), "what was sent is received");
        self.zero(server, Call::Closesocket { s: open.server });
        self.deliver(open.conn, Direction::Down);
        self.zero(CLIENT, Call::Recv { s: open.client, len: 16 });
        self.zero(CLIENT, Call::Closesocket { s: open.client });
        self.deliver(open.conn, Direction::Up);
    }

    fn accept(&self) -> Call {
        Call::Accept { s: self.listener, addr: Buffer::Null, addrlen: Length::Null }
    }

    fn socket(&mut self, thread: ThreadId) -> Handle {
        handle(self.call(thread, Call::Socket { family: Family::Inet, kind: SockType::Stream }))
    }

    fn conn_of(&self, client: Handle) -> ConnId {
        ConnId(self.world.named(client).expect("an open handle names a socket").0)
    }

    fn zero(&mut self, thread: ThreadId, call: Call) {
        assert_eq!(self.returns(thread, call).value, Value::Number(0));
    }

    fn returns(&mut self, thread: ThreadId, call: Call) -> &Outcome {
        self.call(thread, call).expect("the call does not wait")
    }

    /// Makes a call; `None` when it waits.
    fn call(&mut self, thread: ThreadId, call: Call) -> Option<&Outcome> {
        self.step(Event::Call(thread, call));
        self.effects.returns.first().map(|(_, outcome)| outcome)
    }

    fn deliver(&mut self, conn: ConnId, direction: Direction) {
        self.step(Event::Deliver(conn, direction));
    }

    fn step(&mut self, event: Event) {
        self.machine.step(&mut self.world, event, &mut Tape::default(), &mut self.effects);
    }
}

fn handle(outcome: Option<&Outcome>) -> Handle {
    let Some(&Outcome { value: Value::Handle(handle), .. }) = outcome else {
        panic!("a new socket was expected: {outcome:?}")
    };
    handle
}

fn thread(index: usize) -> ThreadId {
    ThreadId(limit(index))
}

/// A number as the model counts, whatever the width.
fn limit<T: TryFrom<usize>>(number: usize) -> T {
    T::try_from(number).unwrap_or_else(|_| panic!("limit: the model does not count up to {number}"))
}
