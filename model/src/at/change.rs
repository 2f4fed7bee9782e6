//! What effects do. Each verb notes whose objects it may change; what is changed is read, too.

use super::{At, Wake};
use crate::call::{Handle, NetworkEvents, ProcessId, ThreadId};
use crate::engine::names;
use crate::outcome::Outcome;
use crate::rule::Cause;
use crate::small::Small;
use crate::world::{
    Conn, ConnId, Direction, Doing, End, EventId, EventObject, Process, Segment, Socket, SocketId, Thread, WAITERS,
};

impl At<'_> {
    /// The socket in question, to change.
    pub fn sock_mut(&mut self) -> &mut Socket {
        self.socket_mut(self.socket.expect("invariant: a rule from a socket's state has a socket"))
    }

    /// Any socket, to change.
    pub fn socket_mut(&mut self, s: SocketId) -> &mut Socket {
        self.touches(self.w.sockets[s.index()].owner);
        &mut self.w.sockets[s.index()]
    }

    /// A connection, to change.
    pub fn conn_mut(&mut self, c: ConnId) -> &mut Conn {
        self.touches(self.conn_owner(c));
        &mut self.w.conns[c.index()]
    }

    /// The end of a connection that sends in this direction, to change.
    pub fn end_mut(&mut self, c: ConnId, direction: Direction) -> &mut End {
        let conn = self.conn_mut(c);
        match direction {
            Direction::Up => &mut conn.client,
            Direction::Down => &mut conn.server,
        }
    }

    /// A thread, to change.
    pub fn thread_mut(&mut self, t: ThreadId) -> &mut Thread {
        self.touches(t);
        &mut self.w.threads[t.index()]
    }

    /// The calling process, to change.
    pub fn process_mut(&mut self) -> &mut Process {
        self.process_at_mut(self.process_id())
    }

    /// Any process, to change.
    pub fn process_at_mut(&mut self, p: ProcessId) -> &mut Process {
        let _ = self.process_at(p);
        self.fx.touched.process();
        &mut self.w.processes[p.index()]
    }

    /// An event object, to change.
    pub fn event_mut(&mut self, e: EventId) -> &mut EventObject {
        self.touches(self.w.events[e.index()].owner);
        &mut self.w.events[e.index()]
    }

    fn touches(&mut self, owner: ThreadId) {
        self.read.get_mut().owner(owner);
        self.fx.touched.owner(owner);
    }

    /// Sends a segment towards the other end.
    pub fn send(&mut self, c: ConnId, direction: Direction, segment: Segment) {
        self.end_mut(c, direction).flight.push(segment);
    }

    /// The call returns this.
    pub fn give(&mut self, outcome: Outcome) {
        self.gives = Some(outcome);
    }

    /// Threads that wait at this socket must look again.
    pub fn wake(&mut self, s: SocketId) {
        if !self.socket_at(s).waiters.is_empty() {
            self.pending.insert(Wake::Socket(s));
        }
    }

    /// A network event occurs at this socket.
    pub fn occurs(&mut self, s: SocketId, event: NetworkEvents) {
        if self.socket_at(s).selection.event.is_some() {
            self.pending.insert(Wake::Occurs(s, event));
        }
    }

    /// An event object becomes signalled.
    pub fn signal(&mut self, e: EventId) {
        if !self.event_at(e).open {
            // A registration keeps a closed event object alive, but nobody can see it any more.
            return;
        }
        let event = self.event_mut(e);
        event.signalled = true;
        if !event.waiters.is_empty() {
            self.pending.insert(Wake::Event(e));
        }
    }

    /// A blocked call loses its socket or its Winsock.
    pub fn cancel(&mut self, t: ThreadId, cause: Cause) {
        self.pending.insert(Wake::Cancel(t, cause));
    }

    /// The calls of these threads that wait through a handle which has just been closed lose what they wait for.
    /// `process` is the one whose handle it was; `None` for a handle that all share.
    pub fn cancel_waiters(&mut self, waiters: Small<ThreadId, WAITERS>, handle: Handle, process: Option<ProcessId>) {
        for t in waiters.iter() {
            if let Doing::Blocked(call) | Doing::Woken(call) = self.thread_at(t).doing
                && process.is_none_or(|process| self.process_of(t) == process)
                && names(&call).contains(handle)
            {
                self.cancel(t, Cause::Close);
            }
        }
    }

    /// Threads that wait at this socket look again if it is a listener with connections to be accepted.
    pub fn offer(&mut self, s: SocketId) {
        if !self.socket_at(s).accept_queue.is_empty() {
            self.wake(s);
        }
    }

    /// Forgets a connection of which nothing is left: no socket, no queue, nothing in flight.
    pub fn reap(&mut self, c: ConnId) {
        let conn = self.conn_at(c);
        let idle = |end: &End| !end.attached && end.flight.is_empty();
        if idle(&conn.client) && idle(&conn.server) && conn.listener.is_none() && *conn != Conn::default() {
            *self.conn_mut(c) = Conn::default();
        }
    }
}
