//! The queue of a listener against a reference: a plain list of client numbers, and what it says a server must see.
//!
//! One listener, six clients, a quiet network, and a profile without choices. The reference knows nothing of segments,
//! ends or rules: a client joins the list if there is room, accept takes the first, and a dead one is an error in its turn.

use crate::walk::{STREAM, call, listener};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use winaccept_model::call::{Buffer, Call, Handle, Length, Name, Opt, OptVal, Port, ProcessId, ThreadId, Version};
use winaccept_model::choice::{
    ADDR_ON_ENTRY, ADDRLEN_ON_ENTRY, BOUND_EXACTLY, COUNTS_BOTH, FULL_REFUSE, HANDED, LISTENER_RESETS,
    REFUSED_GIVES_UP, RESET_ACCEPT_FAILS,
};
use winaccept_model::code::Code;
use winaccept_model::invariant::broken_invariant;
use winaccept_model::outcome::{Out, Outcome, Value};
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine, pending};
use winaccept_model::world::{Process, Room, World};

const CLIENTS: u8 = 6;

/// What can be done.
#[derive(Clone, Copy, Debug)]
enum Do {
    /// This client connects.
    Connect(u8),
    /// This client resets its connection.
    Reset(u8),
    /// This client closes its connection gracefully.
    Close(u8),
    /// The server calls accept without blocking.
    Accept,
    /// The server calls accept with a buffer that is too small.
    AcceptSmall,
}

/// Where a client stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Client {
    Idle,
    Connected,
    Gone,
}

/// What the reference expects of the last transition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expected {
    Nothing,
    Connected,
    Refused,
    /// accept gives the connection of this client.
    Accepts(u8),
    Fails(Code),
}

/// The reference.
#[derive(Clone, Debug)]
struct Queue {
    backlog: usize,
    /// Clients in the order in which they came; true: has reset.
    waiting: Vec<(u8, bool)>,
    clients: [Client; CLIENTS as usize],
    expected: Expected,
}

impl ReferenceStateMachine for Queue {
    type State = Queue;
    type Transition = Do;

    fn init_state() -> BoxedStrategy<Queue> {
        let clients = [Client::Idle; CLIENTS as usize];
        let start = move |backlog| Queue { backlog, waiting: Vec::new(), clients, expected: Expected::Nothing };
        (1_usize..5).prop_map(start).boxed()
    }

    fn transitions(_: &Queue) -> BoxedStrategy<Do> {
        prop_oneof![
            6 => (0..CLIENTS).prop_map(Do::Connect),
            2 => (0..CLIENTS).prop_map(Do::Reset),
            2 => (0..CLIENTS).prop_map(Do::Close),
            4 => Just(Do::Accept),
            1 => Just(Do::AcceptSmall),
        ]
        .boxed()
    }

    fn preconditions(state: &Queue, transition: &Do) -> bool {
        match *transition {
            Do::Connect(c) => state.clients[usize::from(c)] == Client::Idle,
            Do::Reset(c) | Do::Close(c) => state.clients[usize::from(c)] == Client::Connected,
            Do::Accept | Do::AcceptSmall => true,
        }
    }

    fn apply(mut state: Queue, transition: &Do) -> Queue {
        state.expected = match *transition {
            Do::Connect(_) if state.waiting.len() == state.backlog => Expected::Refused,
            Do::Connect(c) => {
                state.clients[usize::from(c)] = Client::Connected;
                state.waiting.push((c, false));
                Expected::Connected
            }
            Do::Reset(c) => {
                state.clients[usize::from(c)] = Client::Gone;
                state.waiting.iter_mut().filter(|(other, _)| *other == c).for_each(|(_, reset)| *reset = true);
                Expected::Nothing
            }
            Do::Close(c) => {
                state.clients[usize::from(c)] = Client::Gone;
                Expected::Nothing
            }
            Do::AcceptSmall if state.waiting.is_empty() => Expected::Nothing,
            Do::AcceptSmall => Expected::Fails(Code::WSAEFAULT),
            Do::Accept if state.waiting.is_empty() => Expected::Fails(Code::WSAEWOULDBLOCK),
            Do::Accept => match state.waiting.remove(0) {
                (_, true) => Expected::Fails(Code::WSAECONNRESET),
                (c, false) => Expected::Accepts(c),
            },
        };
        state
    }
}

/// The model, driven like the reference.
struct Driven {
    machine: Machine,
    world: World,
    listener: Handle,
    clients: Vec<Handle>,
    accepted: Vec<u8>,
}

const SERVER: u32 = 0;

impl Driven {
    fn make(&mut self, thread: u32, call: Call) -> Option<Outcome> {
        let mut fx = Effects::default();
        self.machine.step(&mut self.world, Event::Call(ThreadId(thread), call), &mut Tape::default(), &mut fx);
        let mut returned = fx.returns.first().map(|(_, outcome)| *outcome);
        let mut events = Vec::new();
        loop {
            events.clear();
            pending(&self.world, &mut events);
            let Some(event) = events.first() else { return returned };
            self.machine.step(&mut self.world, *event, &mut Tape::default(), &mut fx);
            let own = fx.returns.iter().find(|(other, _)| other.0 == thread);
            returned = returned.or(own.map(|(_, outcome)| *outcome));
        }
    }

    fn accept(&mut self, addrlen: i32) -> Outcome {
        let call = Call::Accept { s: self.listener, addr: Buffer::Valid, addrlen: Length::Holds(addrlen) };
        self.make(SERVER, call).expect("a nonblocking accept returns")
    }

    /// The client behind an accepted connection, by the port that accept reported.
    fn client_of(&self, outcome: &Outcome) -> u8 {
        let Out::Name { addr: Some(address), .. } = outcome.out else { panic!("accept reported no peer") };
        let Port::Chosen(slot) = address.port else { panic!("clients have chosen ports") };
        let place = self.clients.iter().position(|handle| handle.slot() == Some(slot));
        place.expect("the peer is one of the clients") as u8
    }
}

struct QueueTest;

impl StateMachineTest for QueueTest {
    type SystemUnderTest = Driven;
    type Reference = Queue;

    fn init_test(queue: &Queue) -> Driven {
        let mut profile = Profile::widest("no choices");
        for alt in [
            ADDR_ON_ENTRY,
            ADDRLEN_ON_ENTRY,
            BOUND_EXACTLY,
            COUNTS_BOTH,
            FULL_REFUSE,
            HANDED,
            LISTENER_RESETS,
            REFUSED_GIVES_UP,
            RESET_ACCEPT_FAILS,
        ] {
            profile.only(alt);
        }
        let machine = Machine::new(profile);
        let process = Process { startups: 1, version: Version { major: 2, minor: 2 }, ..Process::default() };
        let room = Room::new(ProcessId(0), 1, 0);
        let threads = vec![room; usize::from(CLIENTS) + 1];
        let mut world = World::new(&[process], &threads);
        let listener = listener(&machine, &mut world, SERVER, queue.backlog as i32);
        call(&machine, &mut world, SERVER, Call::Ioctlsocket { s: listener, argp: Some(1) });
        let socket = |c| call(&machine, &mut world, c, STREAM).expect("each client has a slot");
        let clients = (1..=u32::from(CLIENTS)).map(socket).collect();
        Driven { machine, world, listener, clients, accepted: Vec::new() }
    }

    fn apply(mut driven: Driven, queue: &Queue, transition: Do) -> Driven {
        let s = |c: u8, driven: &Driven| driven.clients[usize::from(c)];
        match transition {
            Do::Connect(c) => {
                let call = Call::Connect { s: s(c, &driven), name: Name::Of(driven.listener) };
                let outcome = driven.make(u32::from(c) + 1, call).expect("connect comes to an end");
                let expected = match queue.expected {
                    Expected::Connected => Outcome::number(0),
                    _ => Outcome::socket_error(Code::WSAECONNREFUSED),
                };
                assert_eq!(outcome, expected);
            }
            Do::Reset(c) | Do::Close(c) => {
                let s = s(c, &driven);
                if matches!(transition, Do::Reset(_)) {
                    driven
                        .make(u32::from(c) + 1, Call::Setsockopt { s, opt: Opt::Linger, value: OptVal::Linger(1, 0) });
                }
                driven.make(u32::from(c) + 1, Call::Closesocket { s });
            }
            Do::Accept => {
                let outcome = driven.accept(16);
                match queue.expected {
                    Expected::Accepts(c) => {
                        assert!(matches!(outcome.value, Value::Handle(_)), "{outcome:?}");
                        assert_eq!(driven.client_of(&outcome), c, "first come, first accepted");
                        assert!(!driven.accepted.contains(&c), "accepted twice");
                        driven.accepted.push(c);
                    }
                    Expected::Fails(code) => assert_eq!(outcome, Outcome::invalid_socket(code)),
                    other => panic!("the reference does not expect {other:?} of accept"),
                }
            }
            // On an empty queue either error will do; the documents rank none.
            Do::AcceptSmall => {
                let outcome = driven.accept(3);
                match queue.expected {
                    Expected::Fails(code) => assert_eq!(outcome, Outcome::invalid_socket(code)),
                    _ => assert!(matches!(outcome.error, Code::WSAEFAULT | Code::WSAEWOULDBLOCK), "{outcome:?}"),
                }
            }
        }
        driven
    }

    fn check_invariants(driven: &Driven, queue: &Queue) {
        assert_eq!(broken_invariant(&driven.world), None);
        let (s, _) = driven.world.resolve(ProcessId(0), driven.listener).expect("the listener stays open");
        let waiting = driven.world.sockets()[s.index()].accept_queue().iter().map(|conn| conn.0 - 1);
        assert!(waiting.eq(queue.waiting.iter().map(|(c, _)| u32::from(*c))), "nobody is lost and nobody overtakes");
    }
}

prop_state_machine! {
    #![proptest_config(Config {
        cases: 200,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn a_listener_is_a_queue(sequential 1..40 => QueueTest);
}
