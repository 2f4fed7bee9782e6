//! One step of the world: an event happens.

use crate::call::{Address, Call, Data, Family, Ip, ProcessId, ThreadId};
use crate::operation::{Ended, Frame, OpId, Phase};
use crate::outcome::{Outcome, Value};
use crate::profile::Tape;
use crate::rule::{At, Effects, Table};
use crate::rules::{BY_CODE, BY_DATA};
use crate::world::{Conn, ConnId, Direction, Faults, Segment, Socket, SocketId, State, Tcb, World};

pub use crate::invariant::{broken_invariant, invariants_hold};
pub use crate::machine::Machine;
pub use crate::operation::Answer;

/// What can happen to a world.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Event {
    /// A thread that is in its own code makes a call.
    Call(ThreadId, Call),
    /// A thread makes a call from inside the blocking hook of the 1.1 call it is blocked in.
    InHook(ThreadId, Call),
    /// User code that Winsock called comes back.
    Returns(ThreadId, Answer),
    /// A woken operation looks again for what it waits for.
    Resume(OpId),
    /// The first segment in flight in this direction arrives.
    Deliver(ConnId, Direction),
    /// The first segment in flight in this direction is lost.
    Lose(ConnId, Direction),
    /// A retransmission timer of this connection runs out.
    Timer(ConnId),
    /// The time-out of an operation runs out.
    Expire(OpId),
    /// A user APC runs in a thread's alertable wait.
    Apc(ThreadId),
    /// The program prints; the outcome is the number it can print, the last error.
    Print(ThreadId),
    /// The process of this thread ends.
    Exit(ThreadId),
    /// This thread ends, whatever it is in.
    Ends(ThreadId),
    /// A fault begins or ends in a process.
    Faults(ProcessId, Faults),
    /// The script holds a connection's segments in flight, or lets them go.
    Hold(ConnId, bool),
    /// The script loses the next segment of this kind on a connection.
    LoseNext(ConnId, Segment),
    /// A raw peer sends a segment to the address of this socket, with these bytes if it is data. A plain RST has an ACK.
    PeerSends(ThreadId, SocketId, Segment, Data),
    /// A raw peer takes what has come to it first.
    PeerTakes(ThreadId),
}

impl Machine {
    /// Lets `event` happen to the world. Total: an event that cannot happen now, or is about nobody there is, changes nothing.
    ///
    /// Where the profile leaves a choice, `tape` decides it. `fx` tells what happened; it is cleared first.
    ///
    /// # Panics
    /// With the invariant's name when an invariant is broken, with the limit's name when a limit is exceeded.
    pub fn step(&self, w: &mut World, event: Event, tape: &mut Tape, fx: &mut Effects) {
        fx.clear();
        // At knows none of the tables.
        let tables = if self.mutant.is_none() { &BY_CODE } else { &BY_DATA };
        let mut at = At::new(w, self, tables, tape, fx);
        at.event(&event);
        at.settle();
        at.finish();
    }
}

impl<'a> At<'a> {
    /// Is it about a thread, a connection, a process that there is?
    fn concerns_somebody(&self, event: &Event) -> bool {
        match *event {
            Event::Call(thread, _)
            | Event::InHook(thread, _)
            | Event::Returns(thread, _)
            | Event::Apc(thread)
            | Event::Print(thread)
            | Event::Exit(thread)
            | Event::Ends(thread) => self.has_thread(thread),
            Event::Deliver(conn, _)
            | Event::Lose(conn, _)
            | Event::Timer(conn)
            | Event::Hold(conn, _)
            | Event::LoseNext(conn, _) => self.has_conn(conn),
            Event::Resume(op) | Event::Expire(op) => self.op_if(op).is_some(),
            Event::Faults(process, _) => self.has_process(process),
            Event::PeerSends(peer, to, ..) => self.has_thread(peer) && self.has_socket(to),
            Event::PeerTakes(peer) => self.has_thread(peer),
        }
    }

    #[inline(always)]
    fn event(&mut self, event: &'a Event) {
        match *event {
            // What there is most of comes first.
            Event::Call(thread, ref call) if self.has_thread(thread) && self.runs(thread) => self.makes(thread, call),
            Event::Deliver(conn, direction) if self.has_conn(conn) => self.arrives(conn, direction, false),
            _ if self.concerns_somebody(event) => self.rare_event(event),
            _ => {}
        }
    }

    // Longer than a screen: a paragraph for each kind of event, none of which is long.
    #[inline(never)]
    fn rare_event(&mut self, event: &'a Event) {
        // What a script does to a connection, or a raw peer, may leave nothing of it, or begin one where no socket is.
        self.frees = true;
        match *event {
            Event::Call(..) | Event::Deliver(..) => {}
            Event::InHook(thread, ref call) => {
                // Only Windows Sockets 1.1 has blocking hooks.
                let hooked = self.process_at(self.process_of(thread)).version.major == 1;
                if let Some(op) = self.waits(thread).filter(|_| hooked) {
                    self.thread_mut(thread).frames.push(Frame::Hook(op));
                    self.makes(thread, call);
                    if self.thread_at(thread).frames.last() == Some(Frame::Hook(op)) {
                        self.thread_mut(thread).frames.pop_last();
                    }
                }
            }
            Event::Returns(thread, answer) => self.comes_back(thread, answer),
            Event::Resume(op) => {
                if self.op_if(op).is_some_and(|op| op.phase == Phase::Woken) {
                    self.look_again(op);
                    if let Some(listener) = self.socket() {
                        self.offer(listener);
                    }
                }
            }
            Event::Lose(conn, direction) => self.arrives(conn, direction, true),
            Event::Timer(conn) => {
                if self.conn_at(conn).timer {
                    self.turns_to_conn(Some(conn));
                    self.turns_to_socket(Some(SocketId(conn.0)));
                    self.apply(Table::Timer);
                    self.reap(conn);
                }
            }
            Event::Expire(op) => {
                let waits = self.op_if(op).is_some_and(|expired| {
                    expired.times_out() && (expired.is_poll() || self.waits(expired.thread) == Some(op))
                });
                if waits {
                    self.decides_by(op, Table::Expire);
                }
            }
            Event::Apc(thread) => {
                let due = !self.thread_at(thread).apcs.is_empty();
                if let Some(op) = self.waits(thread).filter(|&op| due && self.op_at(op).call.alertable()) {
                    self.decides_by(op, Table::Apc);
                }
            }
            // Only a thread in code of its own prints, or ends its process.
            Event::Print(thread) | Event::Exit(thread) if !self.runs(thread) => {}
            Event::Print(thread) => {
                self.focus(thread, &Call::WSAGetLastError);
                self.tells(thread, Table::Program);
            }
            Event::Exit(thread) => {
                self.focus(thread, &Call::WSAGetLastError);
                self.again = true;
                self.apply(Table::Program);
            }
            Event::Ends(thread) => {
                if self.thread_at(thread).ended == Ended::No {
                    self.focus(thread, &Call::WSAGetLastError);
                    self.tells(thread, Table::ThreadEnds);
                }
            }
            Event::Faults(process, faults) => {
                self.process_at_mut(process).faults = faults;
                // A call may have waited for descriptors, with a connection there to be accepted.
                for s in self.socket_ids() {
                    self.offer(s);
                }
            }
            Event::Hold(conn, held) => {
                if self.is_somebodys(conn) && self.conn_at(conn).client.tcb != Tcb::Raw {
                    self.conn_mut(conn).held = held;
                }
            }
            Event::LoseNext(conn, segment) => {
                if self.is_somebodys(conn) {
                    self.conn_mut(conn).lose |= bit(segment);
                }
            }
            Event::PeerSends(peer, to, segment, data) => self.peer_sends(peer, to, segment, data),
            Event::PeerTakes(peer) => {
                self.peer_takes(peer);
            }
        }
    }

    /// Is there a connection, or a socket that may open it?
    fn is_somebodys(&self, conn: ConnId) -> bool {
        self.socket_at(SocketId(conn.0)).state != State::NotASocket || *self.conn_at(conn) != Conn::default()
    }

    #[inline(always)]
    fn makes(&mut self, thread: ThreadId, call: &'a Call) {
        self.focus(thread, call);
        self.tells(thread, call.function().table());
    }

    /// By these rules, and the thread is told what they give.
    #[inline(always)]
    fn tells(&mut self, thread: ThreadId, table: Table) {
        if self.apply(table) {
            // An outcome is large, and most calls give no more than zero.
            match &self.gives {
                Some(outcome) => self.fx.returns.push((thread, *outcome)),
                None => self.fx.returns.push((thread, Outcome::number(0))),
            }
        }
    }

    /// The first segment in flight arrives, or is lost on the way.
    fn arrives(&mut self, conn: ConnId, direction: Direction, lost: bool) {
        let connection = self.conn_mut(conn);
        let Some(segment) = connection.end_mut(direction).flight.pop_first() else { return };
        // What comes to a raw peer it takes by itself.
        if lost || connection.lose & bit(segment) != 0 || connection.client.tcb == Tcb::Raw {
            return self.is_lost(conn, direction, segment);
        }
        // Every segment of a client that is connected carries an ACK, which ends the handshake, whatever else it brings.
        let carries_ack = direction == Direction::Up
            && connection.server.tcb == Tcb::SynReceived
            && matches!(segment, Segment::Fin | Segment::Data);
        let to = connection.server_address;
        let socket = match (segment, direction) {
            (Segment::Syn, _) => self.listener_on(to),
            (_, Direction::Up) => connection.server.socket().or(connection.listener),
            (_, Direction::Down) => connection.client.socket(),
        };
        self.turns_to_conn(Some(conn));
        self.direction = direction;
        self.turns_to_socket(socket);
        if carries_ack && socket.is_some() {
            self.apply(Table::Ack);
        }
        let table = match segment {
            Segment::Syn => Table::Syn,
            Segment::SynAck => Table::SynAck,
            Segment::Ack => Table::Ack,
            Segment::Rst | Segment::BareRst => Table::Rst,
            Segment::Fin => Table::Fin,
            Segment::Data => Table::Data,
        };
        self.apply(table);
        self.reap(conn);
    }

    /// A segment is lost on the way.
    #[inline(never)]
    fn is_lost(&mut self, conn: ConnId, direction: Direction, segment: Segment) {
        let connection = self.conn_mut(conn);
        connection.lose &= !bit(segment);
        // Whoever still waits for an answer will ask again.
        connection.timer |= connection.client.tcb == Tcb::SynSent || connection.server.tcb == Tcb::SynReceived;
        if segment == Segment::Data {
            self.forget_sent(conn, direction);
            self.has_arrived(conn, direction);
        }
        self.reap(conn);
    }

    /// The listener that a SYN of this connection reaches.
    pub(crate) fn listener_of(&self, conn: ConnId) -> Option<SocketId> {
        self.listener_on(self.conn_at(conn).server_address)
    }

    /// The listener that a SYN to this address reaches: a specific address before the wildcard, and that before the wildcard of
    /// both families.
    #[inline(never)]
    fn listener_on(&self, to: Address) -> Option<SocketId> {
        if to.ip == Ip::NotLocal {
            return None;
        }
        let rank = |listener: &Socket| match listener.local {
            local if local.family == to.family && local.ip == to.ip => 0,
            local if local.family == to.family && local.ip == Ip::Any => 1,
            local if to.family == Family::Inet && local.ip == Ip::Any && !listener.options().v6only => 2,
            _ => 3,
        };
        // Of those of one rank the first; nobody comes before one of the lowest.
        let (mut best, mut found) = (3, None);
        for (s, listener) in self.listeners_on(to.port) {
            let rank = rank(listener);
            if rank < best {
                (best, found) = (rank, Some(s));
                if rank == 0 {
                    break;
                }
            }
        }
        found
    }
}

fn bit(segment: Segment) -> u8 {
    1 << segment as u8
}

/// Everything that can happen without a call, in a fixed order: deliveries, timers, woken threads, APCs.
pub fn pending(w: &World, out: &mut Vec<Event>) {
    for id in w.moving() {
        let conn = &w.conns[id.index()];
        if !conn.held {
            if !conn.client.flight.is_empty() {
                out.push(Event::Deliver(id, Direction::Up));
            }
            if !conn.server.flight.is_empty() {
                out.push(Event::Deliver(id, Direction::Down));
            }
        }
        if conn.timer {
            out.push(Event::Timer(id));
        }
    }
    for id in w.index.ready.iter().map(ThreadId::new) {
        let thread = &w.threads[id.index()];
        out.extend(w.timed_polls(id).map(Event::Expire));
        let Some((op, operation)) = w.waits(id) else { continue };
        match operation.phase {
            Phase::Woken => out.push(Event::Resume(op)),
            _ => {
                if !thread.apcs.is_empty() && operation.call.alertable() {
                    out.push(Event::Apc(id));
                }
                if operation.times_out() {
                    out.push(Event::Expire(op));
                }
            }
        }
    }
}

/// The first thread, of those that can go on by themselves now: it was woken, or an APC is due. What [`pending`] has beside it are
/// segments, timers and time-outs, which have their time.
#[must_use]
#[inline]
pub fn woken(w: &World) -> Option<Event> {
    if w.index.ready.any() { first_woken(w) } else { None }
}

fn first_woken(w: &World) -> Option<Event> {
    w.index.ready.iter().map(ThreadId::new).find_map(|id| {
        let (op, operation) = w.waits(id)?;
        let due = operation.call.alertable() && !w.threads[id.index()].apcs.is_empty();
        match operation.phase {
            Phase::Woken => Some(Event::Resume(op)),
            _ => due.then_some(Event::Apc(id)),
        }
    })
}

/// An outcome that nobody may rely on.
#[must_use]
pub fn is_undefined(outcome: &Outcome) -> bool {
    matches!(outcome.value, Value::Undefined | Value::Unmodelled | Value::Crashes)
}
