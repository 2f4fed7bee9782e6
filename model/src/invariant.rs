//! What holds in every world that steps lead to, one named invariant per function.
//!
//! An invariant looks at one object of the world. Together they say what a world *is*: who points at whom, who waits
//! for what, and that nothing is stuck or left over. The properties of whole steps (first come first accepted, checks
//! that change nothing, totality, determinism) are tested in `model/tests`.
//!
//! An invariant spans the owner of its object and whoever it looks at from there, through a view that notes who these
//! are. So who explores checks it once for each combination of forms that it can tell apart ([`invariants_hold`]).

use std::cell::RefCell;

use crate::call::{Address, Handle, NetworkEvents, Port, ThreadId};
use crate::code::Code;
use crate::engine::names;
use crate::list::Line;
// The world as invariants look at it, reads noted.
use crate::look::Look as World;
use crate::operation::{Ended, Frame, Object, OpId, Operation, Phase, Wants, WatchId};
use crate::world::{
    self, Conn, ConnId, End, EventId, EventObject, Selection, Socket, SocketId, State, Tcb, Thread, Touched,
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
        name: "sockets.named",
        says: "exactly one end of a socket's connection names that socket",
        holds: one_end_names_it,
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
        name: "operations.lines",
        says: "what stands in a line of a socket is about it, is as far as that line says, and stands there once",
        holds: lines_hold_their_own,
    },
    Invariant {
        name: "operations.named",
        says: "a call that waits at a socket names it, and so does one that watches it",
        holds: waiters_name_it,
    },
    Invariant {
        name: "operations.claimed",
        says: "a socket that waits for a connection is named by the operation that is to give it one",
        holds: claim_is_mutual,
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
    says: "a free socket slot has no handles and holds nothing of its last socket but operations that cannot end yet",
    holds: free_is_new,
}];

/// What holds of every connection.
static CONNECTIONS: &[Invariant<Conn>] = &[
    Invariant {
        name: "queues.known",
        says: "a connection that knows a listener stands in one of its queues, or is decided about",
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
        says: "the socket that a connection's server end names is in that connection",
        holds: server_end_names_socket,
    },
    Invariant {
        name: "connections.client-end",
        says: "the socket that a connection's client end names opened it, and is in it",
        holds: client_end_names_socket,
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
        name: "threads.frames",
        says: "what a frame names is an operation of its thread, whose call returns, and user code runs above a wait",
        holds: frames_name_own,
    },
    Invariant {
        name: "threads.ended",
        says: "a thread that has ended has no frames, and nothing is left to run",
        holds: ended,
    },
    Invariant {
        name: "threads.watches",
        says: "a thread has as many watches as its operations name",
        holds: watches_are_named,
    },
];

/// What holds of every operation.
static OPERATIONS: &[Invariant<Operation>] = &[
    Invariant {
        name: "operations.stand",
        says: "an operation stands in the line of its socket that says how far it is",
        holds: stands_in_line,
    },
    Invariant {
        name: "operations.recorded",
        says: "a call that waits stands at every object that it names and waits for",
        holds: stands_at_all,
    },
    Invariant {
        name: "operations.watch",
        says: "a watch names its operation, and stands once in the list of the object that it names",
        holds: watches_are_mutual,
    },
    Invariant {
        name: "operations.returns",
        says: "exactly a call that returns has a frame, in the thread that made it",
        holds: frame_by_tells,
    },
    Invariant {
        name: "operations.done",
        says: "a complete call waits only for user code above it",
        holds: done_is_covered,
    },
    Invariant {
        name: "operations.holds",
        says: "what an operation holds is in its socket, or is still its listener's while it is decided about",
        holds: held_names_it,
    },
    Invariant {
        name: "operations.claims",
        says: "a socket names the operation that is to give it a connection",
        holds: claims_socket,
    },
];

/// What holds of every event object.
static EVENTS: &[Invariant<EventObject>] = &[
    Invariant { name: "operations.at-events", says: "what watches an event waits for it", holds: waiters_wait_for_it },
    Invariant {
        name: "events.closed",
        says: "a closed event is not signalled and nobody waits for it",
        holds: closed_is_quiet,
    },
];

/// Every invariant: its name, and it as a sentence.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let objects = told(SOCKETS).chain(told(FREE_SLOTS)).chain(told(CONNECTIONS));
    objects.chain(told(THREADS)).chain(told(OPERATIONS)).chain(told(EVENTS))
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
    let ops = || w.ops.iter().find_map(|(op, operation)| broken(&look, op, operation, OPERATIONS));
    sockets.or_else(conns).or_else(threads).or_else(ops).or_else(events)
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
    let operation = |op: usize| broken(&look, op, look.ops.get(op)?, OPERATIONS);
    let broken = broken(&look, owner.index(), thread, THREADS)
        .or_else(|| w.ops.range(owner).find_map(operation))
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
    conn.listener.is_none_or(|s| {
        let decides = |op| phase(w, op) == Some(Phase::Decides(ConnId(c)));
        w.sockets[s.index()].holding().iter().any(decides) || queued(&w.sockets[s.index()]).any(|other| other.0 == c)
    })
}

fn queues_sorted(w: &World, _: u32, socket: &Socket) -> bool {
    let tcb = |conn: ConnId| w.conns[conn.index()].server.tcb;
    socket.syn_queue().iter().all(|conn| tcb(conn) == Tcb::SynReceived)
        && socket.accept_queue().iter().all(|conn| matches!(tcb(conn), Tcb::Established | Tcb::Reset | Tcb::Undecided))
}

fn accepted_is_not_queued(_: &World, _: u32, conn: &Conn) -> bool {
    conn.server.socket().is_none() || conn.listener.is_none()
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

fn free_is_new(w: &World, _: u32, socket: &Socket) -> bool {
    // Its options are left out: they are many, and the next socket gets its own. A port that its script chose is remembered.
    socket.holders().next().is_none()
        && socket.conn.is_none()
        && queued(socket).next().is_none()
        && socket.waiting().is_empty()
        && socket.watches().is_empty()
        && socket.holding().iter().all(|op| matches!(phase(w, op), Some(Phase::Decides(_))))
        && socket.extra().claimed.is_none()
        && socket.extra().port.is_none()
        && socket.selection() == Selection::default()
        && (socket.local == Address::default() || matches!(socket.local.port, Port::Fixed(_)))
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

fn one_end_names_it(w: &World, s: u32, socket: &Socket) -> bool {
    socket.conn.is_none_or(|conn| {
        let named = ends(&w.conns[conn.index()]).map(|end| end.socket() == Some(SocketId(s)));
        named[0] != named[1]
    })
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
    // What was recorded and reported may outlive the registration.
    let selection = &socket.selection();
    selection.told.is_some() || selection.mask == NetworkEvents::default()
}

// Connections.

fn server_end_names_socket(w: &World, c: u32, conn: &Conn) -> bool {
    conn.server.socket().is_none_or(|s| w.sockets[s.index()].conn == Some(ConnId(c)))
}

fn client_end_names_socket(w: &World, c: u32, conn: &Conn) -> bool {
    let is_in_it = |s: SocketId| w.sockets[s.index()].conn == Some(ConnId(c));
    conn.client.socket().is_none_or(|s| is_in_it(s) && w.opened_by(s) == Some(ConnId(c)))
}

fn handshake_under_way(conn: &Conn) -> bool {
    conn.client.tcb == Tcb::SynSent || conn.server.tcb == Tcb::SynReceived
}

fn handshake_goes_on(_: &World, _: u32, conn: &Conn) -> bool {
    // A raw peer may have seen the answer and never send again; a call over ATM waits for its answer as long as that takes.
    !handshake_under_way(conn)
        || conn.client.tcb == Tcb::Raw
        || conn.server.tcb == Tcb::Undecided && conn.server_address.family.transport().answers_late
        || conn.timer
        || !conn.client.flight.is_empty()
        || !conn.server.flight.is_empty()
}

fn timer_has_reason(_: &World, _: u32, conn: &Conn) -> bool {
    // Behind the handshake it is that of TIME_WAIT.
    !conn.timer || handshake_under_way(conn) || conn.client.fin_sent && conn.server.fin_sent
}

fn ends(conn: &Conn) -> [&End; 2] {
    [&conn.client, &conn.server]
}

fn data_has_segment(_: &World, _: u32, conn: &Conn) -> bool {
    ends(conn).into_iter().all(|end| end.sent.is_empty() || end.flight.contains(world::Segment::Data))
}

fn unread_has_reader(_: &World, _: u32, conn: &Conn) -> bool {
    let kept = |end: &End| !end.unread.is_empty();
    (!kept(&conn.client) || conn.client.socket().is_some())
        && (!kept(&conn.server) || conn.server.socket().is_some() || conn.listener.is_some())
}

fn fin_was_sent(_: &World, _: u32, conn: &Conn) -> bool {
    (!conn.client.fin_received || conn.server.fin_sent) && (!conn.server.fin_received || conn.client.fin_sent)
}

fn forgotten_when_idle(w: &World, c: u32, conn: &Conn) -> bool {
    let busy = |end: &End| end.socket().is_some() || !end.flight.is_empty();
    if ends(conn).into_iter().any(busy) || conn.listener.is_some() || conn.lingers() {
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

// Threads, operations and events.

fn operation<'w>(w: &World<'w>, op: OpId) -> Option<&'w Operation> {
    w.ops.get(op.index())
}

fn phase(w: &World, op: OpId) -> Option<Phase> {
    operation(w, op).map(|operation| operation.phase)
}

/// The operations whose watches these are, each of which must name this object.
fn watching<'w>(w: &'w World, watches: &Line<WatchId>, object: Object) -> impl Iterator<Item = Option<&'w Operation>> {
    watches.iter().collect::<Vec<_>>().into_iter().map(move |watch| {
        let watch = w.watches.get(watch.index()).filter(|watch| watch.object == object)?;
        operation(w, watch.op)
    })
}

fn lines_hold_their_own(w: &World, s: u32, socket: &Socket) -> bool {
    let about = |op: OpId| operation(w, op).filter(|operation| operation.about == Some(SocketId(s)));
    let waits = |op| about(op).is_some_and(|op| matches!(op.phase, Phase::Waits | Phase::Woken));
    let holds =
        |op| about(op).is_some_and(|op| matches!(op.phase, Phase::Holds(_) | Phase::Decides(_) | Phase::Answers(_)));
    let once = |op| socket.waiting().iter().chain(socket.holding().iter()).filter(|other| *other == op).count() == 1;
    socket.waiting().iter().all(|op| waits(op) && once(op)) && socket.holding().iter().all(|op| holds(op) && once(op))
}

fn stands_in_line(w: &World, o: u32, op: &Operation) -> bool {
    op.about.is_none_or(|s| {
        let socket = &w.sockets[s.index()];
        match op.phase {
            Phase::Waits | Phase::Woken => socket.waiting().contains(OpId(o)),
            Phase::Holds(_) | Phase::Decides(_) | Phase::Answers(_) => socket.holding().contains(OpId(o)),
            Phase::Done => !socket.waiting().contains(OpId(o)) && !socket.holding().contains(OpId(o)),
        }
    })
}

fn process_of(w: &World, op: &Operation) -> crate::call::ProcessId {
    w.threads[op.thread.index()].process
}

fn waiters_name_it(w: &World, s: u32, socket: &Socket) -> bool {
    let names_it = |op: &Operation| {
        // An overlapped operation outlives the handle that it came through.
        let is_it = |handle: Handle| w.resolve(process_of(w, op), handle).is_some_and(|(named, _)| named.0 == s);
        !op.tells.returns || names(&op.call, is_it)
    };
    let in_line = socket.waiting().iter().all(|op| operation(w, op).is_some_and(names_it));
    in_line && watching(w, socket.watches(), Object::Socket(SocketId(s))).all(|op| op.is_some_and(names_it))
}

fn waiters_wait_for_it(w: &World, e: u32, event: &EventObject) -> bool {
    watching(w, &event.watches, Object::Event(EventId(e))).all(|op| {
        let names_it = |handle| w.resolve_event(handle) == Some(EventId(e));
        op.is_some_and(|op| names(&op.call, names_it))
    })
}

fn stands_at_all(w: &World, _: u32, op: &Operation) -> bool {
    let watches =
        |object| op.watched.iter().any(|watch| w.watches.get(watch.index()).is_some_and(|w| w.object == object));
    let at_socket = |handle| w.resolve(process_of(w, op), handle).is_none_or(|(s, _)| watches(Object::Socket(s)));
    match op.wants {
        _ if op.phase == Phase::Done => true,
        Wants::Packet | Wants::Completion => true,
        Wants::Signal => !names(&op.call, |h| w.resolve_event(h).is_some_and(|e| !watches(Object::Event(e)))),
        Wants::Readable => !names(&op.call, |handle| !at_socket(handle)),
        _ => op
            .through()
            .is_none_or(|handle| w.resolve(process_of(w, op), handle).is_none_or(|(s, _)| op.about == Some(s))),
    }
}

fn watches_are_mutual(w: &World, o: u32, op: &Operation) -> bool {
    op.watched.iter().all(|id| {
        let Some(watch) = w.watches.get(id.index()) else { return false };
        let list = match watch.object {
            Object::Socket(s) => w.sockets[s.index()].watches(),
            Object::Event(e) => &w.events[e.index()].watches,
            Object::Window(window) => match w.windows.get(window.index()) {
                Some(window) => &window.watches,
                None => return false,
            },
        };
        watch.op.0 == o && list.iter().filter(|other| *other == id).count() == 1
    })
}

fn watches_are_named(w: &World, t: u32, _: &Thread) -> bool {
    let own = w.watches.of(ThreadId(t)).count();
    own == w.ops.of(ThreadId(t)).map(|op| op.watched.len()).sum::<usize>()
}

fn frame_by_tells(w: &World, o: u32, op: &Operation) -> bool {
    let frames = &w.threads[op.thread.index()].frames;
    frames.iter().filter(|frame| *frame == Frame::Waits(OpId(o))).count() == usize::from(op.tells.returns)
}

fn done_is_covered(w: &World, o: u32, op: &Operation) -> bool {
    op.phase != Phase::Done || w.threads[op.thread.index()].frames.last() != Some(Frame::Waits(OpId(o)))
}

fn held_names_it(w: &World, _: u32, op: &Operation) -> bool {
    match (op.phase, op.wants) {
        (Phase::Holds(conn), Wants::ConnectionInto { socket, .. }) => {
            w.conns[conn.index()].server.socket() == Some(socket)
        }
        (Phase::Holds(_), _) => false,
        (Phase::Decides(conn), wants) => {
            wants == Wants::Decision && op.about.is_some() && w.conns[conn.index()].listener == op.about
        }
        (Phase::Answers(conn), wants) => {
            let connection = &w.conns[conn.index()];
            matches!(wants, Wants::Decision | Wants::Connection | Wants::ConnectionInto { .. })
                && op.about.is_some()
                && connection.listener == op.about
                && connection.server.tcb == Tcb::SynReceived
        }
        _ => true,
    }
}

fn claims_socket(w: &World, o: u32, op: &Operation) -> bool {
    match op.wants {
        Wants::ConnectionInto { socket, .. } => w.sockets[socket.index()].extra().claimed == Some(OpId(o)),
        _ => true,
    }
}

fn claim_is_mutual(w: &World, s: u32, socket: &Socket) -> bool {
    socket.extra().claimed.is_none_or(|op| {
        operation(w, op).is_some_and(|op| matches!(op.wants, Wants::ConnectionInto { socket, .. } if socket.0 == s))
    })
}

fn frames_name_own(w: &World, t: u32, thread: &Thread) -> bool {
    let returns = |op: OpId| operation(w, op).is_some_and(|op| op.thread.0 == t && op.tells.returns);
    let fits = |below: Option<Frame>, frame: Frame| match frame {
        Frame::Waits(op) => returns(op) && !matches!(below, Some(Frame::Waits(_))),
        Frame::Condition(op) | Frame::Hook(op) => below == Some(Frame::Waits(op)) && returns(op),
        Frame::Apc => matches!(below, Some(Frame::Waits(_))),
    };
    let below = std::iter::once(None).chain(thread.frames.iter().map(Some));
    below.zip(thread.frames.iter()).all(|(below, frame)| fits(below, frame))
}

fn enough_are_awake(w: &World, _: u32, socket: &Socket) -> bool {
    // Who waits need not be told of a connection that was deferred before another one comes.
    if socket.accept_queue().iter().all(|conn| w.conns[conn.index()].deferred) {
        return true;
    }
    let awake = socket.waiting().iter().filter(|op| phase(w, *op) == Some(Phase::Woken)).count();
    let asleep = |op: OpId| {
        operation(w, op).is_some_and(|op| {
            let short = w.processes[process_of(w, op).index()].faults.no_descriptors;
            op.phase == Phase::Waits && op.wants == Wants::Connection && !short
        })
    };
    awake >= socket.accept_queue().len() || !socket.waiting().iter().any(asleep)
}

fn ended(w: &World, t: u32, thread: &Thread) -> bool {
    let gone = thread.frames.is_empty() && !w.ops.of(ThreadId(t)).any(|op| op.tells.returns);
    match thread.ended {
        Ended::No => true,
        Ended::Undefined => gone,
        Ended::Exited => gone && thread.apcs.is_empty(),
    }
}

fn closed_is_quiet(_: &World, _: u32, event: &EventObject) -> bool {
    event.open || !event.signalled && event.watches.is_empty()
}
