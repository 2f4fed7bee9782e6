//! What holds in every world that steps lead to, one named invariant per function.
//!
//! An invariant looks at one object of the world. Together they say what a world *is*: who points at whom, who waits
//! for what, and that nothing is stuck or left over. The properties of whole steps (first come first accepted, checks
//! that change nothing, totality, determinism) are tested in `model/tests`.

use crate::call::{Call, ThreadId};
use crate::engine::names;
use crate::world::{
    Conn, ConnId, Doing, End, EventId, EventObject, Selection, Socket, SocketId, State, Tcb, Thread, World,
};

/// Something that holds in every world.
pub struct Invariant {
    /// Its name.
    pub name: &'static str,
    /// It as a sentence.
    pub says: &'static str,
    holds: Holds,
}

/// An invariant of one kind of object.
enum Holds {
    Socket(fn(&World, SocketId, &Socket) -> bool),
    Conn(fn(&World, ConnId, &Conn) -> bool),
    Thread(fn(&World, ThreadId, &Thread) -> bool),
    Event(fn(&World, EventId, &EventObject) -> bool),
}

impl std::fmt::Debug for Invariant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.says)
    }
}

/// Shorthand for the table.
const fn invariant(name: &'static str, says: &'static str, holds: Holds) -> Invariant {
    Invariant { name, says, holds }
}

/// Every invariant.
pub static INVARIANTS: &[Invariant] = &[
    invariant("queues.of-listeners", "only a listener has queues", Holds::Socket(queues_of_listeners)),
    invariant(
        "queues.once",
        "a queued connection stands in one queue, once, and knows the listener that queues it",
        Holds::Socket(queued_once),
    ),
    invariant(
        "queues.known",
        "a connection that knows a listener stands in one of its queues",
        Holds::Conn(listener_queues_it),
    ),
    invariant(
        "queues.sorted",
        "half-open connections wait in the one queue, complete ones in the other",
        Holds::Socket(queues_sorted),
    ),
    invariant("queues.not-accepted", "an accepted connection is in no queue", Holds::Conn(accepted_is_not_queued)),
    invariant(
        "queues.sampled",
        "only a queued connection keeps properties for its accept",
        Holds::Conn(sampled_is_queued),
    ),
    invariant("handles.of-sockets", "a handle that is open belongs to a socket", Holds::Socket(handles_of_sockets)),
    invariant("handles.last", "a socket lives as long as its last handle", Holds::Socket(lives_by_handles)),
    invariant(
        "handles.started",
        "a process that has not called WSAStartup holds no socket",
        Holds::Socket(holders_have_started),
    ),
    invariant(
        "sockets.nothing-left",
        "a free socket slot holds nothing of its last socket",
        Holds::Socket(free_is_new),
    ),
    invariant(
        "sockets.connection",
        "a socket has a connection exactly while it connects or is connected",
        Holds::Socket(connection_by_state),
    ),
    invariant("sockets.bound", "exactly an unbound socket has no port", Holds::Socket(bound_has_port)),
    invariant(
        "sockets.accepted",
        "the socket of an accepted connection is connected, and to that connection",
        Holds::Socket(accepted_is_connected),
    ),
    invariant(
        "sockets.end",
        "a connecting socket's end has sent a SYN, a connected one's is established or reset",
        Holds::Socket(end_by_state),
    ),
    invariant("sockets.selection", "only a registration records or mutes network events", Holds::Socket(selection)),
    invariant(
        "connections.server-end",
        "a connection's server end is attached exactly while an accepted socket holds it",
        Holds::Conn(server_end_attached),
    ),
    invariant(
        "connections.client-end",
        "a connection's client end is attached exactly while the socket that opened it holds it",
        Holds::Conn(client_end_attached),
    ),
    invariant(
        "connections.goes-on",
        "a handshake that is not over has a segment on its way or a timer that runs",
        Holds::Conn(handshake_goes_on),
    ),
    invariant("connections.timer", "a timer runs only while a handshake is not over", Holds::Conn(timer_has_reason)),
    invariant("connections.data", "bytes in flight travel in a segment", Holds::Conn(data_has_segment)),
    invariant(
        "connections.unread",
        "unread bytes are kept only where somebody may still read them",
        Holds::Conn(unread_has_reader),
    ),
    invariant("connections.fin", "a FIN arrives only after it was sent", Holds::Conn(fin_was_sent)),
    invariant(
        "connections.forgotten",
        "a connection of which nothing is left is forgotten",
        Holds::Conn(forgotten_when_idle),
    ),
    invariant("threads.recorded", "every blocked thread has a waiter record", Holds::Thread(blocked_is_recorded)),
    invariant(
        "threads.waiters",
        "every waiter at a socket is blocked in a call on it",
        Holds::Socket(waiters_wait_here),
    ),
    invariant("threads.event-waiters", "every waiter at an event waits for it", Holds::Event(waiters_wait_for_it)),
    invariant(
        "threads.awake",
        "nobody sleeps in accept while more connections wait than threads are awake to take them",
        Holds::Socket(enough_are_awake),
    ),
    invariant(
        "threads.ended",
        "when a process ends all its threads do, and nothing is left to run",
        Holds::Thread(ended),
    ),
    invariant(
        "events.closed",
        "a closed event is not signalled and nobody waits for it",
        Holds::Event(closed_is_quiet),
    ),
];

/// The sentence of the first broken invariant of a world, if there is one.
#[must_use]
pub fn broken_invariant(w: &World) -> Option<&'static str> {
    first_broken(w).map(|invariant| invariant.says)
}

/// The first broken invariant of a world, if there is one.
#[must_use]
pub fn first_broken(w: &World) -> Option<&'static Invariant> {
    INVARIANTS.iter().find(|invariant| !invariant.holds_in(w))
}

impl Invariant {
    /// Does it hold in this world?
    #[must_use]
    pub fn holds_in(&self, w: &World) -> bool {
        match self.holds {
            Holds::Socket(holds) => each(&w.sockets).all(|(s, socket)| holds(w, SocketId(s), socket)),
            Holds::Conn(holds) => each(&w.conns).all(|(c, conn)| holds(w, ConnId(c), conn)),
            Holds::Thread(holds) => each(&w.threads).all(|(t, thread)| holds(w, ThreadId(t), thread)),
            Holds::Event(holds) => each(&w.events).all(|(e, event)| holds(w, EventId(e), event)),
        }
    }
}

fn each<T>(objects: &[T]) -> impl Iterator<Item = (u8, &T)> {
    objects.iter().enumerate().map(|(index, object)| (index as u8, object))
}

// Queues.

fn queued(socket: &Socket) -> impl Iterator<Item = ConnId> + '_ {
    socket.syn_queue.iter().chain(socket.accept_queue.iter())
}

fn queues_of_listeners(_: &World, _: SocketId, socket: &Socket) -> bool {
    socket.state == State::Listening || queued(socket).next().is_none()
}

fn queued_once(w: &World, s: SocketId, socket: &Socket) -> bool {
    queued(socket).all(|conn| w.conns[usize::from(conn.0)].listener == Some(s))
        && queued(socket).enumerate().all(|(place, conn)| queued(socket).skip(place + 1).all(|other| other != conn))
}

fn listener_queues_it(w: &World, c: ConnId, conn: &Conn) -> bool {
    conn.listener.is_none_or(|s| queued(&w.sockets[usize::from(s.0)]).any(|other| other == c))
}

fn queues_sorted(w: &World, _: SocketId, socket: &Socket) -> bool {
    let tcb = |conn: ConnId| w.conns[usize::from(conn.0)].server.tcb;
    socket.syn_queue.iter().all(|conn| tcb(conn) == Tcb::SynReceived)
        && socket.accept_queue.iter().all(|conn| matches!(tcb(conn), Tcb::Established | Tcb::Reset))
}

fn accepted_is_not_queued(_: &World, _: ConnId, conn: &Conn) -> bool {
    !conn.server.attached || conn.listener.is_none()
}

fn sampled_is_queued(_: &World, _: ConnId, conn: &Conn) -> bool {
    conn.sampled.is_none() || conn.listener.is_some()
}

// Handles and sockets.

fn handles_of_sockets(_: &World, _: SocketId, socket: &Socket) -> bool {
    socket.state != State::NotASocket || socket.holders.iter().all(Option::is_none)
}

fn lives_by_handles(_: &World, _: SocketId, socket: &Socket) -> bool {
    socket.state == State::NotASocket || socket.holders.iter().any(Option::is_some)
}

fn holders_have_started(w: &World, _: SocketId, socket: &Socket) -> bool {
    socket.holders.iter().flatten().all(|holder| w.processes[usize::from(holder.process.0)].startups > 0)
}

fn free_is_new(_: &World, _: SocketId, socket: &Socket) -> bool {
    socket.state != State::NotASocket || *socket == Socket::free(socket.owner)
}

fn connection_by_state(_: &World, _: SocketId, socket: &Socket) -> bool {
    socket.conn.is_some() == matches!(socket.state, State::Connecting | State::Connected)
}

fn bound_has_port(_: &World, _: SocketId, socket: &Socket) -> bool {
    let bound = socket.local.port != crate::call::Port::Unset;
    match socket.state {
        State::NotASocket | State::Unbound => !bound,
        State::Datagram => true,
        _ => bound,
    }
}

fn accepted_is_connected(w: &World, s: SocketId, socket: &Socket) -> bool {
    match w.accepts(s) {
        Some(conn) => {
            socket.state == State::NotASocket || socket.conn == Some(conn) && socket.state == State::Connected
        }
        None => socket.conn.is_none_or(|conn| conn.0 == s.0),
    }
}

fn end_by_state(w: &World, s: SocketId, socket: &Socket) -> bool {
    let Some(conn) = socket.conn else { return true };
    let tcb = w.end(conn, w.sends(s)).tcb;
    match socket.state {
        State::Connecting => tcb == Tcb::SynSent,
        _ => matches!(tcb, Tcb::Established | Tcb::Reset),
    }
}

fn selection(_: &World, _: SocketId, socket: &Socket) -> bool {
    let selection = &socket.selection;
    match selection.event {
        None => *selection == Selection::default(),
        Some(_) => selection.mask.has(selection.recorded),
    }
}

// Connections.

fn server_end_attached(w: &World, c: ConnId, conn: &Conn) -> bool {
    conn.server.attached == (w.sockets[usize::from(w.accepted_slot(c).0)].state != State::NotASocket)
}

fn client_end_attached(w: &World, c: ConnId, conn: &Conn) -> bool {
    conn.client.attached == (w.sockets[usize::from(c.0)].conn == Some(c))
}

fn handshake_under_way(conn: &Conn) -> bool {
    conn.client.tcb == Tcb::SynSent || conn.server.tcb == Tcb::SynReceived
}

fn handshake_goes_on(_: &World, _: ConnId, conn: &Conn) -> bool {
    !handshake_under_way(conn) || conn.timer || !conn.client.flight.is_empty() || !conn.server.flight.is_empty()
}

fn timer_has_reason(_: &World, _: ConnId, conn: &Conn) -> bool {
    !conn.timer || handshake_under_way(conn)
}

fn ends(conn: &Conn) -> [&End; 2] {
    [&conn.client, &conn.server]
}

fn data_has_segment(_: &World, _: ConnId, conn: &Conn) -> bool {
    ends(conn).into_iter().all(|end| end.sent.as_slice().is_empty() || end.flight.contains(crate::world::Segment::Data))
}

fn unread_has_reader(_: &World, _: ConnId, conn: &Conn) -> bool {
    let kept = |end: &End| !end.unread.as_slice().is_empty();
    (!kept(&conn.client) || conn.client.attached)
        && (!kept(&conn.server) || conn.server.attached || conn.listener.is_some())
}

fn fin_was_sent(_: &World, _: ConnId, conn: &Conn) -> bool {
    (!conn.client.fin_received || conn.server.fin_sent) && (!conn.server.fin_received || conn.client.fin_sent)
}

fn forgotten_when_idle(w: &World, c: ConnId, conn: &Conn) -> bool {
    let busy = |end: &End| end.attached || !end.flight.is_empty();
    // A script may mark the connection that a socket is still to open.
    let to_be_opened = w.sockets[usize::from(c.0)].state != State::NotASocket;
    let unmarked = Conn { held: false, lose: 0, ..conn.clone() };
    ends(conn).into_iter().any(busy)
        || conn.listener.is_some()
        || unmarked == Conn::default() && (to_be_opened || unmarked == *conn)
}

// Threads and events.

fn call_of(thread: &Thread) -> Option<&Call> {
    match &thread.doing {
        Doing::Blocked(call) | Doing::Woken(call) => Some(call),
        _ => None,
    }
}

fn blocked_is_recorded(w: &World, t: ThreadId, thread: &Thread) -> bool {
    let Some(call) = call_of(thread) else { return true };
    let at_event = |handle| w.resolve_event(handle).is_none_or(|e| w.events[usize::from(e.0)].waiters.contains(t));
    let at_socket = |handle| {
        let socket = w.resolve(thread.process, handle);
        socket.is_none_or(|(s, _)| w.sockets[usize::from(s.0)].waiters.contains(t))
    };
    match call {
        Call::WSAWaitForMultipleEvents { events, .. } => events.iter().all(at_event),
        // The name of the server is no object that connect waits for.
        Call::Connect { s, .. } => at_socket(*s),
        _ => names(call).iter().all(at_socket),
    }
}

fn waiters_wait_here(w: &World, s: SocketId, socket: &Socket) -> bool {
    socket.waiters.iter().all(|t| {
        let thread = &w.threads[usize::from(t.0)];
        let names_it = |handle| w.resolve(thread.process, handle).is_some_and(|(named, _)| named == s);
        call_of(thread).is_some_and(|call| names(call).iter().any(names_it))
    })
}

fn waiters_wait_for_it(w: &World, e: EventId, event: &EventObject) -> bool {
    event.waiters.iter().all(|t| {
        let names_it = |handle| w.resolve_event(handle) == Some(e);
        call_of(&w.threads[usize::from(t.0)]).is_some_and(|call| names(call).iter().any(names_it))
    })
}

fn enough_are_awake(w: &World, _: SocketId, socket: &Socket) -> bool {
    if socket.accept_queue.is_empty() {
        return true;
    }
    let doing = |t: ThreadId| w.threads[usize::from(t.0)].doing;
    let awake = socket.waiters.iter().filter(|t| matches!(doing(*t), Doing::Woken(_))).count();
    let asleep = |t: ThreadId| {
        let process = w.threads[usize::from(t.0)].process;
        let short = w.processes[usize::from(process.0)].faults.no_descriptors;
        matches!(doing(t), Doing::Blocked(Call::Accept { .. })) && !short
    };
    awake >= socket.accept_queue.len() || !socket.waiters.iter().any(asleep)
}

fn ended(w: &World, _: ThreadId, thread: &Thread) -> bool {
    let other = |other: &Thread| other.process != thread.process || other.doing == Doing::Exited;
    thread.doing != Doing::Exited || thread.apcs.is_empty() && w.threads.iter().all(other)
}

fn closed_is_quiet(_: &World, _: EventId, event: &EventObject) -> bool {
    event.open || !event.signalled && event.waiters.is_empty()
}
