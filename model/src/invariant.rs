//! What holds in every world that steps lead to, one named invariant per function.
//!
//! An invariant looks at one object of the world. Together they say what a world *is*: who points at whom, who waits
//! for what, and that nothing is stuck or left over. The properties of whole steps (first come first accepted, checks
//! that change nothing, totality, determinism) are tested in `model/tests`.
//!
//! An invariant spans the owner of its object and whoever it looks at from there, through a view that notes who these
//! are. So who explores checks it once for each combination of forms that it can tell apart ([`invariants_hold`]).

use std::cell::RefCell;

use crate::call::{Address, Call, Port, ThreadId};
use crate::code::Code;
use crate::engine::names;
// The world as invariants look at it, reads noted.
use crate::look::Look as World;
use crate::world::{
    self, Conn, ConnId, Doing, End, EventId, EventObject, Selection, Socket, SocketId, State, Tcb, Thread, Touched,
};

/// Something that holds of every object of a kind, in every world.
pub struct Invariant<T: 'static> {
    /// Its name.
    pub name: &'static str,
    /// It as a sentence.
    pub says: &'static str,
    /// Does it hold of the object with this index?
    holds: fn(&World, u32, &T) -> bool,
}

/// What holds of every socket.
static SOCKETS: &[Invariant<Socket>] = &[
    Invariant { name: "queues.of-listeners", says: "only a listener has queues", holds: queues_of_listeners },
    Invariant {
        name: "queues.once",
        says: "a queued connection stands in one queue, once, and knows the listener that queues it",
        holds: queued_once,
    },
    Invariant {
        name: "queues.sorted",
        says: "half-open connections wait in the one queue, complete ones in the other",
        holds: queues_sorted,
    },
    Invariant { name: "handles.last", says: "a socket lives as long as its last handle", holds: lives_by_handles },
    Invariant {
        name: "handles.started",
        says: "a process that has not called WSAStartup holds no socket",
        holds: holders_have_started,
    },
    Invariant {
        name: "sockets.connection",
        says: "a socket has a connection exactly while it connects or is connected",
        holds: connection_by_state,
    },
    Invariant { name: "sockets.bound", says: "exactly an unbound socket has no port", holds: bound_has_port },
    Invariant {
        name: "sockets.accepted",
        says: "the socket of an accepted connection is connected, and to that connection",
        holds: accepted_is_connected,
    },
    Invariant {
        name: "sockets.end",
        says: "a connecting socket's end has sent a SYN, a connected one's is established or reset",
        holds: end_by_state,
    },
    Invariant {
        name: "sockets.selection",
        says: "only a registration records or mutes network events",
        holds: selection,
    },
    Invariant {
        name: "threads.waiters",
        says: "every waiter at a socket is blocked in a call on it",
        holds: waiters_wait_here,
    },
    Invariant {
        name: "threads.awake",
        says: "nobody sleeps in accept while more connections wait than threads are awake to take them",
        holds: enough_are_awake,
    },
];

/// What holds of every slot that no socket has.
static FREE_SLOTS: &[Invariant<Socket>] = &[Invariant {
    name: "slots.nothing-left",
    says: "a free socket slot has no handles and holds nothing of its last socket",
    holds: free_is_new,
}];

/// What holds of every connection.
static CONNECTIONS: &[Invariant<Conn>] = &[
    Invariant {
        name: "queues.known",
        says: "a connection that knows a listener stands in one of its queues",
        holds: listener_queues_it,
    },
    Invariant {
        name: "queues.not-accepted",
        says: "an accepted connection is in no queue",
        holds: accepted_is_not_queued,
    },
    Invariant {
        name: "queues.sampled",
        says: "only a queued connection keeps properties for its accept",
        holds: sampled_is_queued,
    },
    Invariant {
        name: "connections.server-end",
        says: "a connection's server end is attached exactly while an accepted socket holds it",
        holds: server_end_attached,
    },
    Invariant {
        name: "connections.client-end",
        says: "a connection's client end is attached exactly while the socket that opened it holds it",
        holds: client_end_attached,
    },
    Invariant {
        name: "connections.goes-on",
        says: "a handshake that is not over has a segment on its way or a timer that runs",
        holds: handshake_goes_on,
    },
    Invariant {
        name: "connections.timer",
        says: "a timer runs only while a handshake is not over",
        holds: timer_has_reason,
    },
    Invariant { name: "connections.data", says: "bytes in flight travel in a segment", holds: data_has_segment },
    Invariant {
        name: "connections.unread",
        says: "unread bytes are kept only where somebody may still read them",
        holds: unread_has_reader,
    },
    Invariant { name: "connections.fin", says: "a FIN arrives only after it was sent", holds: fin_was_sent },
    Invariant {
        name: "connections.forgotten",
        says: "a connection of which nothing is left is forgotten",
        holds: forgotten_when_idle,
    },
];

/// What holds of every thread.
static THREADS: &[Invariant<Thread>] = &[
    Invariant {
        name: "threads.recorded",
        says: "every blocked thread has a waiter record",
        holds: blocked_is_recorded,
    },
    Invariant {
        name: "threads.ended",
        says: "when a process ends all its threads do, and nothing is left to run",
        holds: ended,
    },
];

/// What holds of every event object.
static EVENTS: &[Invariant<EventObject>] = &[
    Invariant {
        name: "threads.event-waiters",
        says: "every waiter at an event waits for it",
        holds: waiters_wait_for_it,
    },
    Invariant {
        name: "events.closed",
        says: "a closed event is not signalled and nobody waits for it",
        holds: closed_is_quiet,
    },
];

/// Every invariant: its name, and it as a sentence.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    told(SOCKETS).chain(told(FREE_SLOTS)).chain(told(CONNECTIONS)).chain(told(THREADS)).chain(told(EVENTS))
}

fn told<T>(invariants: &'static [Invariant<T>]) -> impl Iterator<Item = (&'static str, &'static str)> {
    invariants.iter().map(|invariant| (invariant.name, invariant.says))
}

/// The first broken invariant of a world as a sentence, if there is one.
#[must_use]
pub fn broken_invariant(w: &world::World) -> Option<&'static str> {
    let read = RefCell::default();
    let look = World::at(w, &read);
    let sockets = (0..w.sockets.len()).find_map(|s| broken_socket(&look, s));
    let conns = || (0..w.conns.len()).find_map(|c| broken(&look, c, &look.conns[c], CONNECTIONS));
    let threads = || (0..w.threads.len()).find_map(|t| broken(&look, t, &look.threads[t], THREADS));
    let events = || (0..w.events.len()).find_map(|e| broken(&look, e, &look.events[e], EVENTS));
    sockets.or_else(conns).or_else(threads).or_else(events)
}

/// Do all invariants hold of what this thread owns? `read` becomes whose objects the answer depends on: wherever these are
/// the same it is the same. A world in which they hold of what each thread owns has no broken invariant.
#[must_use]
pub fn invariants_hold(w: &world::World, owner: ThreadId, read: &mut Touched) -> bool {
    let noted = RefCell::default();
    let look = World::at(w, &noted);
    let thread = &look.threads[owner.index()];
    let of_slot = |slot: usize| {
        let accepted = w.accepted_slot(ConnId::new(slot)).index();
        broken_socket(&look, slot)
            .or_else(|| broken_socket(&look, accepted))
            .or_else(|| broken(&look, slot, &look.conns[slot], CONNECTIONS))
    };
    let broken = broken(&look, owner.index(), thread, THREADS)
        .or_else(|| thread.own_slots().find_map(of_slot))
        .or_else(|| thread.own_events().find_map(|e| broken(&look, e, &look.events[e], EVENTS)));
    drop(look);
    *read = noted.into_inner();
    broken.is_none()
}

fn broken_socket(w: &World, s: usize) -> Option<&'static str> {
    let socket = &w.sockets[s];
    let free = socket.state == State::NotASocket;
    broken(w, s, socket, if free { FREE_SLOTS } else { SOCKETS })
}

fn broken<T>(w: &World, index: usize, object: &T, invariants: &'static [Invariant<T>]) -> Option<&'static str> {
    let index = u32::try_from(index).expect("invariant: names of objects have 32 bits");
    invariants.iter().find(|invariant| !(invariant.holds)(w, index, object)).map(|invariant| invariant.says)
}

// Queues.

fn queued(socket: &Socket) -> impl Iterator<Item = ConnId> + '_ {
    socket.syn_queue().iter().chain(socket.accept_queue().iter())
}

fn queues_of_listeners(_: &World, _: u32, socket: &Socket) -> bool {
    socket.state == State::Listening || queued(socket).next().is_none()
}

fn queued_once(w: &World, s: u32, socket: &Socket) -> bool {
    queued(socket).all(|conn| w.conns[conn.index()].listener == Some(SocketId(s)))
        && queued(socket).enumerate().all(|(place, conn)| queued(socket).skip(place + 1).all(|other| other != conn))
}

fn listener_queues_it(w: &World, c: u32, conn: &Conn) -> bool {
    conn.listener.is_none_or(|s| queued(&w.sockets[s.index()]).any(|other| other.0 == c))
}

fn queues_sorted(w: &World, _: u32, socket: &Socket) -> bool {
    let tcb = |conn: ConnId| w.conns[conn.index()].server.tcb;
    socket.syn_queue().iter().all(|conn| tcb(conn) == Tcb::SynReceived)
        && socket.accept_queue().iter().all(|conn| matches!(tcb(conn), Tcb::Established | Tcb::Reset))
}

fn accepted_is_not_queued(_: &World, _: u32, conn: &Conn) -> bool {
    !conn.server.attached || conn.listener.is_none()
}

fn sampled_is_queued(_: &World, _: u32, conn: &Conn) -> bool {
    conn.sampled.is_none() || conn.listener.is_some()
}

// Handles and sockets.

fn lives_by_handles(_: &World, _: u32, socket: &Socket) -> bool {
    socket.holders().next().is_some()
}

fn holders_have_started(w: &World, _: u32, socket: &Socket) -> bool {
    socket.holders().all(|(_, holder)| w.processes[holder.process.index()].startups > 0)
}

fn free_is_new(_: &World, _: u32, socket: &Socket) -> bool {
    // Its options are left out: they are many, and the next socket gets its own.
    socket.holders().next().is_none()
        && socket.conn.is_none()
        && queued(socket).next().is_none()
        && socket.waiters().is_empty()
        && socket.selection() == Selection::default()
        && socket.local == Address::default()
        && socket.error == Code::NONE
        && !socket.send_shut
        && !socket.receive_shut
}

fn connection_by_state(_: &World, _: u32, socket: &Socket) -> bool {
    socket.conn.is_some() == matches!(socket.state, State::Connecting | State::Connected)
}

fn bound_has_port(_: &World, _: u32, socket: &Socket) -> bool {
    let bound = socket.local.port != Port::Unset;
    match socket.state {
        State::Unbound => !bound,
        State::Datagram => true,
        _ => bound,
    }
}

fn accepted_is_connected(w: &World, s: u32, socket: &Socket) -> bool {
    match w.accepts(SocketId(s)) {
        Some(conn) => socket.conn == Some(conn) && socket.state == State::Connected,
        None => socket.conn.is_none_or(|conn| conn.0 == s),
    }
}

fn end_by_state(w: &World, s: u32, socket: &Socket) -> bool {
    let Some(conn) = socket.conn else { return true };
    let tcb = w.end(conn, w.sends(SocketId(s))).tcb;
    match socket.state {
        State::Connecting => tcb == Tcb::SynSent,
        _ => matches!(tcb, Tcb::Established | Tcb::Reset),
    }
}

fn selection(_: &World, _: u32, socket: &Socket) -> bool {
    let selection = &socket.selection();
    match selection.event {
        None => *selection == Selection::default(),
        Some(_) => selection.mask.has(selection.recorded),
    }
}

// Connections.

fn server_end_attached(w: &World, c: u32, conn: &Conn) -> bool {
    conn.server.attached == (w.sockets[w.accepted_slot(ConnId(c)).index()].state != State::NotASocket)
}

fn client_end_attached(w: &World, c: u32, conn: &Conn) -> bool {
    conn.client.attached == (w.sockets[c as usize].conn == Some(ConnId(c)))
}

fn handshake_under_way(conn: &Conn) -> bool {
    conn.client.tcb == Tcb::SynSent || conn.server.tcb == Tcb::SynReceived
}

fn handshake_goes_on(_: &World, _: u32, conn: &Conn) -> bool {
    !handshake_under_way(conn) || conn.timer || !conn.client.flight.is_empty() || !conn.server.flight.is_empty()
}

fn timer_has_reason(_: &World, _: u32, conn: &Conn) -> bool {
    !conn.timer || handshake_under_way(conn)
}

fn ends(conn: &Conn) -> [&End; 2] {
    [&conn.client, &conn.server]
}

fn data_has_segment(_: &World, _: u32, conn: &Conn) -> bool {
    ends(conn).into_iter().all(|end| end.sent.is_empty() || end.flight.contains(world::Segment::Data))
}

fn unread_has_reader(_: &World, _: u32, conn: &Conn) -> bool {
    let kept = |end: &End| !end.unread.is_empty();
    (!kept(&conn.client) || conn.client.attached)
        && (!kept(&conn.server) || conn.server.attached || conn.listener.is_some())
}

fn fin_was_sent(_: &World, _: u32, conn: &Conn) -> bool {
    (!conn.client.fin_received || conn.server.fin_sent) && (!conn.server.fin_received || conn.client.fin_sent)
}

fn forgotten_when_idle(w: &World, c: u32, conn: &Conn) -> bool {
    let busy = |end: &End| end.attached || !end.flight.is_empty();
    if ends(conn).into_iter().any(busy) || conn.listener.is_some() {
        return true;
    }
    // A script may mark the connection that a socket is still to open.
    let marked = conn.held || conn.lose != 0;
    let to_be_opened = w.sockets[c as usize].state != State::NotASocket;
    let nothing = |end: &End| end.tcb == Tcb::None && !end.fin_sent && !end.fin_received;
    ends(conn).into_iter().all(nothing)
        && conn.client_address == Address::default()
        && conn.retries == 0
        && (!marked || to_be_opened)
}

// Threads and events.

fn call_of(thread: &Thread) -> Option<&Call> {
    match &thread.doing {
        Doing::Blocked(call) | Doing::Woken(call) => Some(call),
        _ => None,
    }
}

fn blocked_is_recorded(w: &World, t: u32, thread: &Thread) -> bool {
    let Some(call) = call_of(thread) else { return true };
    let t = ThreadId(t);
    let at_event = |handle| w.resolve_event(handle).is_none_or(|e| w.events[e.index()].waiters.contains(t));
    let at_socket = |handle| {
        let socket = w.resolve(thread.process, handle);
        socket.is_none_or(|(s, _)| w.sockets[s.index()].waiters().contains(t))
    };
    match call {
        Call::WSAWaitForMultipleEvents { events, .. } => events.iter().all(at_event),
        // The name of the server is no object that connect waits for.
        Call::Connect { s, .. } => at_socket(*s),
        _ => names(call).iter().all(at_socket),
    }
}

fn waiters_wait_here(w: &World, s: u32, socket: &Socket) -> bool {
    socket.waiters().iter().all(|t| {
        let thread = &w.threads[t.index()];
        let names_it = |handle| w.resolve(thread.process, handle).is_some_and(|(named, _)| named.0 == s);
        call_of(thread).is_some_and(|call| names(call).iter().any(names_it))
    })
}

fn waiters_wait_for_it(w: &World, e: u32, event: &EventObject) -> bool {
    event.waiters.iter().all(|t| {
        let names_it = |handle| w.resolve_event(handle) == Some(EventId(e));
        call_of(&w.threads[t.index()]).is_some_and(|call| names(call).iter().any(names_it))
    })
}

fn enough_are_awake(w: &World, _: u32, socket: &Socket) -> bool {
    if socket.accept_queue().is_empty() {
        return true;
    }
    let doing = |t: ThreadId| w.threads[t.index()].doing;
    let awake = socket.waiters().iter().filter(|t| matches!(doing(*t), Doing::Woken(_))).count();
    let asleep = |t: ThreadId| {
        let process = w.threads[t.index()].process;
        let short = w.processes[process.index()].faults.no_descriptors;
        matches!(doing(t), Doing::Blocked(Call::Accept { .. })) && !short
    };
    awake >= socket.accept_queue().len() || !socket.waiters().iter().any(asleep)
}

fn ended(w: &World, _: u32, thread: &Thread) -> bool {
    let other = |other: &Thread| other.process != thread.process || other.doing == Doing::Exited;
    thread.doing != Doing::Exited || thread.apcs.is_empty() && w.threads.iter().all(other)
}

fn closed_is_quiet(_: &World, _: u32, event: &EventObject) -> bool {
    event.open || !event.signalled && event.waiters.is_empty()
}
