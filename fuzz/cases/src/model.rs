//! The model: events in a world, under each profile that comes with the program, with every invariant after every step.

use std::cell::RefCell;

use winaccept::profiles::NAMES;
use winaccept_model::arbitrary::OBJECTS;
use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Data, Family, Function, Handle, Ip, Length, Name, Opt, OptVal, Port, ProcessId,
    SockType, ThreadId, Version,
};
use winaccept_model::invariant::broken_invariant;
use winaccept_model::kind::Choices;
use winaccept_model::operation::{OverId, PortId, WindowId};
use winaccept_model::outcome::Value;
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine, pending};
use winaccept_model::world::{EventId, Process, Room, SocketId, State, World};

use crate::bytes::Bytes;
use crate::profiles::machines;

/// How many profiles there are: the first byte of a case, modulo this, says under which it runs. The last is the widest.
pub const PROFILES: usize = NAMES.len() + 1;
/// The second byte says in which of so many worlds it begins.
const BEGINNINGS: usize = 5;
/// So many events a case has at most.
const EVENTS: usize = 96;

/// A machine, and the worlds in which cases begin under it.
struct Stage {
    machine: Machine,
    beginnings: Vec<World>,
}

/// What one case needs and the next can use again.
struct Kept {
    stages: Vec<Stage>,
    events: Vec<Event>,
    walked: Vec<(Event, Tape)>,
    noting: Effects,
    plain: Effects,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept {
        stages: machines().into_iter().map(stage).collect(),
        events: Vec::new(),
        walked: Vec::new(),
        noting: Effects::default(),
        plain: Effects::outcomes_alone(),
    });
}

pub(crate) fn tries(bytes: &[u8]) {
    KEPT.with_borrow_mut(|kept| walk(kept, Bytes::new(bytes)));
}

fn walk(kept: &mut Kept, mut bytes: Bytes<'_>) {
    let Kept { stages, events, walked, noting, plain } = kept;
    let stage = &stages[usize::from(bytes.byte()) % PROFILES];
    let first = &stage.beginnings[usize::from(bytes.byte()) % BEGINNINGS];
    let mut world = first.clone();
    walked.clear();
    while !bytes.is_over() && walked.len() < EVENTS {
        events.clear();
        pending(&world, events);
        let event = next(&mut InWorld { bytes: &mut bytes, world: &world, thread: ThreadId(0) }, events);
        let tape = Tape::drawn(u32::from(bytes.byte()));
        walked.push((event, tape));
        stage.machine.step(&mut world, event, &mut { tape }, noting);
        if let Some(broken) = broken_invariant(&world) {
            panic!("{broken}, under {}, after {walked:#?}", stage.machine.profile.name);
        }
        if noting.limit.is_some() {
            break;
        }
    }
    world
        .kept_twice_agrees()
        .unwrap_or_else(|what| panic!("{what}, under {}, after {walked:#?}", stage.machine.profile.name));
    // The same again, by the code that takes no notes.
    let mut again = first.clone().without_moving();
    for (event, tape) in walked.iter() {
        stage.machine.step(&mut again, *event, &mut { *tape }, plain);
    }
    assert!(again == world, "the same events lead elsewhere under {}: {walked:#?}", stage.machine.profile.name);
}

/// What happens next: something under way, a call by a thread that can make one, or anything at all.
fn next(here: &mut InWorld<'_, '_>, events: &[Event]) -> Event {
    match here.bytes.byte() {
        ..88 if !events.is_empty() => *here.bytes.one(events),
        ..224 => {
            let threads = here.world.threads().len();
            let from = here.bytes.below(threads);
            let able =
                (0..threads).map(|at| ThreadId::new((from + at) % threads)).find(|thread| here.world.runs(*thread));
            here.thread = able.unwrap_or(ThreadId::new(from));
            let function = *here.bytes.one(Function::ALL);
            Event::Call(here.thread, Call::draw(function, here))
        }
        _ => Event::draw(here),
    }
}

/// Choices of somebody who knows the world: what he names is mostly there.
struct InWorld<'b, 'w> {
    bytes: &'b mut Bytes<'w>,
    world: &'b World,
    thread: ThreadId,
}

impl Choices<Handle> for InWorld<'_, '_> {
    fn below(&mut self, bound: u32) -> u32 {
        self.bytes.below(bound as usize) as u32
    }

    fn handle(&mut self) -> Handle {
        let objects = self.world.events().len();
        match self.bytes.byte() {
            at @ ..200 => self.socket(usize::from(at)),
            at @ 200..220 => Handle::event(EventId::new(usize::from(at) % objects.max(1))),
            at @ 220..228 => Handle::overlapped(OverId(u32::from(at) % OBJECTS)),
            at @ 228..238 => Handle::port(PortId(u32::from(at) % OBJECTS)),
            at @ 238..248 => Handle::window(WindowId(u32::from(at) % OBJECTS)),
            248..252 => Handle::INVALID,
            at => Handle(u32::from(at)),
        }
    }

    fn overlapped(&mut self) -> Handle {
        Handle::overlapped(OverId(self.below(OBJECTS)))
    }
}

impl InWorld<'_, '_> {
    /// The next open socket from there on, under the handle that the thread's process has of it, if it has one.
    fn socket(&self, from: usize) -> Handle {
        let all = self.world.sockets();
        let open = (0..all.len()).map(|at| (from + at) % all.len()).find(|at| all[*at].state != State::NotASocket);
        let Some(at) = open else { return Handle::INVALID };
        let process = self.world.threads()[self.thread.index()].process;
        let copy = all[at].holders().find(|(_, holder)| holder.process == process).map_or(0, |(copy, _)| copy);
        Handle::socket(SocketId::new(at), copy)
    }
}

/// A server with two threads, its client, a client of Winsock 1.1, and a raw peer that has started nothing.
fn nobody() -> World {
    let process =
        |startups, major, minor| Process { startups, version: Version { major, minor }, ..Process::default() };
    let processes = [process(1, 2, 2), process(1, 1, 1), process(0, 0, 0)];
    let room = |process, sockets| {
        let room = Room::new(ProcessId(process), sockets, 1);
        Room { overs: 2, operations: 3, watches: 8, ports: 1, windows: 1, ..room }
    };
    World::new(&processes, &[room(0, 3), room(0, 2), room(1, 2), room(2, 2)])
}

fn stage(machine: Machine) -> Stage {
    let beginnings = vec![
        nobody(),
        play(&machine, |play| _ = play.listener()),
        play(&machine, |play| {
            let listener = play.listener();
            play.client(listener);
        }),
        play(&machine, |play| {
            let listener = play.listener();
            let client = play.client(listener);
            let accept = Call::Accept { s: listener, addr: Buffer::Null, addrlen: Length::Null };
            play.calls(0, accept);
            play.calls(2, Call::Send { s: client, data: Data::new(b"abc").unwrap_or_default() });
        }),
        play(&machine, requests),
    ];
    assert_eq!(beginnings.len(), BEGINNINGS, "the second byte says in which world a case begins");
    Stage { machine, beginnings }
}

/// A request is posted at a listener that has a port.
fn requests(play: &mut Play<'_>) {
    let listener = play.listener();
    let port = play.calls(0, Call::CreatePort { key: 1 });
    play.calls(0, Call::AssociatePort { s: listener, port, key: 1 });
    let accept = play.calls(0, STREAM);
    let over = play.calls(0, Call::Overlapped { event: None, low_bit: false });
    play.calls(
        0,
        Call::AcceptEx {
            listen: listener,
            accept,
            buffer: Buffer::Valid,
            receive: 0,
            local: 32,
            remote: 32,
            bytes: true,
            overlapped: Some(over),
        },
    );
}

const STREAM: Call = Call::Socket { family: Family::Inet, kind: SockType::Stream };

/// Calls before a case begins, each with the first of its outcomes.
struct Play<'m> {
    machine: &'m Machine,
    world: World,
}

fn play(machine: &Machine, what: impl FnOnce(&mut Play<'_>)) -> World {
    let mut play = Play { machine, world: nobody() };
    what(&mut play);
    play.world
}

impl Play<'_> {
    /// The handle that a call gives.
    fn calls(&mut self, thread: u32, call: Call) -> Handle {
        let mut fx = Effects::default();
        self.machine.step(&mut self.world, Event::Call(ThreadId(thread), call), &mut Tape::default(), &mut fx);
        match fx.returns.first().map(|(_, outcome)| outcome.value) {
            Some(Value::Handle(handle)) => handle,
            _ => Handle::INVALID,
        }
    }

    fn listener(&mut self) -> Handle {
        let s = self.calls(0, STREAM);
        let address = Address { family: Family::Inet, ip: Ip::Loopback, port: Port::Unset };
        self.calls(0, Call::Bind { s, name: Name::Address(address, 16) });
        self.calls(0, Call::Listen { s, backlog: Backlog::Number(2) });
        s
    }

    /// A client that is connected and would reset the connection.
    fn client(&mut self, listener: Handle) -> Handle {
        let s = self.calls(2, STREAM);
        self.calls(2, Call::Setsockopt { s, opt: Opt::Linger, value: OptVal::Linger(1, 0) });
        self.calls(2, Call::Connect { s, name: Name::Of(listener) });
        let (mut events, mut fx) = (Vec::new(), Effects::default());
        loop {
            events.clear();
            pending(&self.world, &mut events);
            let next = events.iter().find(|event| matches!(event, Event::Deliver(..) | Event::Resume(_)));
            let Some(event) = next else { return s };
            self.machine.step(&mut self.world, *event, &mut Tape::default(), &mut fx);
        }
    }
}
