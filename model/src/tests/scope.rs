//! Every interleaving of the smallest case, counted by hand; and of a larger one: with keys and with plain worlds.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hasher};

use super::*;
use crate::call::FdSet;
use crate::id::SocketId;
use crate::parts::Parts;
use crate::parts::rename::Renaming;
use crate::step::Answer;

const ROOM: Room =
    Room { process: ProcessId(0), sockets: 2, events: 1, operations: 3, watches: 2, overs: 1, ports: 1, windows: 1 };

/// The forms of what each thread owns, and of the processes, each under a number.
struct Keys {
    parts: Vec<Parts>,
    /// By hash, the numbers of the forms that have it.
    known: Vec<HashMap<u64, Vec<usize>>>,
    processes: Vec<Vec<Process>>,
    hash: std::hash::RandomState,
}

impl Keys {
    fn new(w: &World) -> Keys {
        let owners = 0..w.threads.len();
        Keys {
            parts: owners.clone().map(|owner| Parts::new(w, ThreadId::new(owner))).collect(),
            known: owners.map(|_| HashMap::new()).collect(),
            processes: Vec::new(),
            hash: std::hash::RandomState::new(),
        }
    }

    fn key(&mut self, w: &World) -> Vec<usize> {
        let place = self.processes.iter().position(|form| *form == w.processes).unwrap_or_else(|| {
            self.processes.push(w.processes.clone());
            self.processes.len() - 1
        });
        let mut key = vec![place];
        for (parts, known) in self.parts.iter_mut().zip(&mut self.known) {
            let mut hasher = self.hash.build_hasher();
            parts.hash(w, &mut hasher);
            let alike = known.entry(hasher.finish()).or_default();
            let number = alike.iter().copied().find(|number| parts.same(*number, w)).unwrap_or_else(|| {
                alike.push(parts.len());
                parts.keep(w);
                parts.len() - 1
            });
            key.push(number);
        }
        key
    }

    fn read(&self, key: &[usize], w: &mut World) {
        w.put_processes(&self.processes[key[0]]);
        self.parts.iter().zip(&key[1..]).for_each(|(parts, number)| parts.put(*number, w));
    }
}

/// How many states and transitions there are, breadth first, up to so many states: with keys, each read back, and with the
/// worlds themselves. Both must be the same; these worlds are handed back.
fn explore(t: &mut Trial, most: usize, deeds: impl Fn(&World) -> Vec<Deed>) -> (HashSet<World>, usize) {
    let first = t.w.clone();
    let mut keys = Keys::new(&first);
    let start = keys.key(&first);
    let (mut seen, mut todo, mut transitions) = (HashSet::from([start.clone()]), VecDeque::from([start]), 0);
    let mut from = first.clone();
    while let Some(key) = todo.pop_front() {
        keys.read(&key, &mut from);
        for deed in deeds(&from) {
            t.w.clone_from(&from);
            t.does(deed);
            transitions += 1;
            let key = keys.key(&t.w);
            if seen.len() < most && seen.insert(key.clone()) {
                let mut back = first.clone();
                keys.read(&key, &mut back);
                assert_eq!(back, t.w, "what was read back after {deed:?}");
                todo.push_back(key);
            }
        }
    }
    let (mut worlds, mut todo, mut again) = (HashSet::from([first.clone()]), VecDeque::from([first]), 0);
    while let Some(from) = todo.pop_front() {
        for deed in deeds(&from) {
            t.w.clone_from(&from);
            t.does(deed);
            again += 1;
            if worlds.len() < most && worlds.insert(t.w.clone()) {
                todo.push_back(t.w.clone());
            }
        }
    }
    assert_eq!((seen.len(), transitions), (worlds.len(), again), "with keys, and with the worlds themselves");
    (worlds, transitions)
}

fn call(thread: u32, call: Call) -> Deed {
    Deed::Event(Event::Call(ThreadId(thread), call))
}

fn deliveries(w: &World, all: &mut Vec<Deed>) {
    let mut events = Vec::new();
    pending(w, &mut events);
    all.extend(events.into_iter().filter(|event| matches!(event, Event::Deliver(..))).map(Deed::Event));
}

/// A client of this thread, ready to connect without waiting.
fn ready_client(t: &mut Trial, thread: u32) -> Handle {
    let c = t.socket(thread);
    t.call(thread, Call::Ioctlsocket { s: c, argp: Some(1) });
    c
}

fn status(w: &World) -> Option<Status> {
    w.overs.get(0).map(|over| over.status)
}

/// A listener; thread 0 may post one overlapped accept and cancel it while it pends, thread 1 may call accept once, thread 2
/// connects. By hand:
///
/// The connection goes through four stages before it is there: not begun, and one of SYN, SYN-ACK and ACK on its way. At
/// each of them the overlapped accept is not posted (0), pends (W) or is cancelled (X), and accept is not called (0) or
/// waits (W); where both wait one of them came first. That makes 7 states a stage: 00, W0, X0, 0W, XW, WW and WW. From each
/// the network goes on (7 transitions a stage), where it is not posted it can be (2: from 00, 0W), where accept is not called
/// it can be (3: from 00, W0, X0), and what pends can be cancelled (3: from W0, WW, WW). Four stages: 28 states and 60
/// transitions.
///
/// Then it is there, and each of the seven has become one of these (C complete, R returned): 00 a queued connection, X0 a
/// queued connection, W0 C0, 0W 0R, XW XR, WW CW or WR by who came first. Posting goes from 00 to C0 and from 0R to WR,
/// accept from 00 to 0R, from X0 to XR and from C0 to CW, cancelling from WR to XR: 7 states and 6 transitions.
#[test]
fn the_smallest_case_counted_by_hand() {
    let mut t = Trial::new(&[0, 0, 0], ROOM);
    let l = t.listener(0);
    let a = t.socket(0);
    let c = ready_client(&mut t, 2);
    let deeds = |w: &World| {
        let mut all = Vec::new();
        deliveries(w, &mut all);
        let conn = ConnId::new(c.slot().map_or(0, SocketId::index));
        let accepted = w.sockets[w.accepted_slot(conn).index()].state != State::NotASocket;
        if w.runs(ThreadId(1)) && !accepted {
            all.push(call(1, accept(l)));
        }
        match status(w) {
            None => {
                let start = Start::AcceptEx { listen: l, accept: a, receive: 0, tells: over(0) };
                all.push(Deed::Start(ThreadId(0), start));
            }
            Some(Status::PENDING) => all.push(Deed::Start(ThreadId(0), Start::Cancel { s: l, over: OverId(0) })),
            Some(_) => {}
        }
        if w.sockets[conn.index()].state == State::Unbound {
            all.push(call(2, Call::Connect { s: c, name: Name::Of(l) }));
        }
        all
    };
    let (worlds, transitions) = explore(&mut t, usize::MAX, deeds);
    assert_eq!((worlds.len(), transitions), (28 + 7, 60 + 6));
}

/// Two threads that may call accept are alike: of every world the one in which they have changed places is there, too.
#[test]
fn alike_waiters_may_change_places() {
    let mut t = Trial::new(&[0, 0, 0, 0], ROOM);
    let l = t.listener(0);
    let a = t.socket(0);
    let c = ready_client(&mut t, 3);
    let deeds = |w: &World| {
        let mut all = Vec::new();
        deliveries(w, &mut all);
        for thread in [1, 2] {
            if w.runs(ThreadId(thread)) {
                all.push(call(thread, accept(l)));
            }
        }
        if status(w).is_none() {
            let start = Start::AcceptEx { listen: l, accept: a, receive: 0, tells: over(0) };
            all.push(Deed::Start(ThreadId(0), start));
        }
        if w.sockets[c.slot().map_or(0, SocketId::index)].state == State::Unbound {
            all.push(call(3, Call::Connect { s: c, name: Name::Of(l) }));
        }
        all
    };
    let (worlds, _) = explore(&mut t, usize::MAX, deeds);
    let mut changed = 0;
    for world in &worlds {
        let mut renaming = Renaming::new(world);
        renaming.set(1, 2);
        renaming.set(2, 1);
        let mut other = world.clone();
        (0..4).for_each(|owner| renaming.copy(world, owner, &mut other));
        assert_eq!(broken_invariant(&other), None);
        assert!(worlds.contains(&other), "{other:#?}");
        changed += usize::from(other != *world);
        let mut back = other.clone();
        (0..4).for_each(|owner| renaming.copy(&other, owner, &mut back));
        assert_eq!(back, *world);
    }
    assert!(changed > 0 && changed < worlds.len(), "{changed} of {}", worlds.len());
}

/// Overlapped accepts with an event and with a routine, condition functions with any answer, APCs, select, closing, the end
/// of a thread and of a process, by four threads: as many states with keys as with plain worlds, and no invariant broken.
#[test]
fn keys_tell_operations_apart_exactly() {
    let mut t = Trial::new(&[0, 0, 1, 2], Room { sockets: 3, ..ROOM });
    let l = t.listener(0);
    t.call(0, Call::WSADuplicateSocket { s: l, process: ProcessId(1) });
    let copy = t.made(2, Call::WSASocketFromInfo { s: l });
    t.made(0, Call::WSACreateEvent);
    let a = t.socket(0);
    let clients = [ready_client(&mut t, 3), ready_client(&mut t, 3)];
    let (worlds, _) = explore(&mut t, 4_000, |w| deeds(w, l, copy, a, clients));
    let any = |of: fn(&Operation) -> bool| worlds.iter().any(|w| w.operations().iter().any(|(_, op)| of(op)));
    assert!(any(|op| matches!(op.phase, Phase::Holds(_))), "one holds a connection");
    assert!(any(|op| matches!(op.phase, Phase::Decides(_))), "one decides about a connection");
    assert!(any(|op| op.phase == Phase::Done), "one is complete below user code");
    assert!(any(|op| !op.watched.is_empty()), "one watches");
    assert!(worlds.len() >= 4_000, "{}", worlds.len());
}

/// What the four threads of the larger scope can do.
fn deeds(w: &World, l: Handle, copy: Handle, a: Handle, clients: [Handle; 2]) -> Vec<Deed> {
    let mut all = Vec::new();
    deliveries(w, &mut all);
    let state = |s: Handle| s.slot().map_or(State::NotASocket, |s| w.sockets[s.index()].state);
    let may = |thread: u32| w.runs(ThreadId(thread)) && w.threads[thread as usize].frames.len() < 3;
    let listens = w.resolve(ProcessId(0), l).is_some();
    for thread in [0, 1] {
        match w.threads[thread as usize].frames.last() {
            Some(Frame::Condition(_)) => {
                let answers = [Answer::ACCEPTS, Answer::Rejects, Answer::Defers];
                all.extend(answers.map(|answer| Deed::Event(Event::Returns(ThreadId(thread), answer))));
            }
            Some(Frame::Apc) => all.push(Deed::Event(Event::Returns(ThreadId(thread), Answer::Nothing))),
            Some(Frame::Waits(_)) if !w.threads[thread as usize].apcs.is_empty() => {
                all.push(Deed::Start(ThreadId(thread), Start::RunApc));
            }
            _ => {}
        }
    }
    if may(0) && listens {
        let routine = Tells { routine: true, ..over(0) };
        let set = Tells { event: Some(EventId(0)), ..over(0) };
        let pends = status(w) == Some(Status::PENDING);
        for (receive, tells) in [(1, routine), (0, set)] {
            if state(a) == State::Unbound && !pends && w.threads[0].apcs.is_empty() {
                all.push(Deed::Start(ThreadId(0), Start::AcceptEx { listen: l, accept: a, receive, tells }));
            }
        }
        all.push(Deed::Start(ThreadId(0), Start::Decide { listen: l }));
        if pends {
            all.push(Deed::Start(ThreadId(0), Start::Cancel { s: l, over: OverId(0) }));
        }
        if state(a) != State::NotASocket {
            all.push(call(0, Call::Closesocket { s: a }));
        }
    }
    if may(1) && listens {
        let readfds: FdSet<Handle> = Some(crate::call::Set::collect([l]));
        all.push(call(1, accept(l)));
        all.push(call(1, Call::Select { readfds, writefds: None, exceptfds: None, timeout: None }));
        all.push(call(1, Call::Closesocket { s: l }));
        all.push(Deed::Start(ThreadId(1), Start::Decide { listen: l }));
    }
    if w.threads[1].ended == Ended::No {
        all.push(Deed::Event(Event::Ends(ThreadId(1))));
    }
    if may(2) {
        all.push(call(2, accept(copy)));
        all.push(Deed::Event(Event::Exit(ThreadId(2))));
    }
    for c in clients {
        let unread = c.slot().and_then(|c| w.sockets[c.index()].conn).map(|conn| &w.conns[conn.index()]);
        let quiet = unread.is_some_and(|conn| conn.server.unread.is_empty() && conn.client.sent.is_empty());
        match state(c) {
            State::Unbound => all.push(call(3, Call::Connect { s: c, name: Name::Of(copy) })),
            State::Connected if quiet => {
                all.push(call(3, Call::Send { s: c, data: crate::call::Data::new(b"x").unwrap_or_default() }));
                all.push(call(3, Call::Closesocket { s: c }));
            }
            _ => {}
        }
    }
    all
}
