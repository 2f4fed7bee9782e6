//! What a guard sees and an effect changes.

use std::cell::{Cell, RefCell};

use crate::call::{Call, Handle, NetworkEvents, ProcessId, ThreadId};
use crate::choice::COUNT;
use crate::engine::names;
use crate::outcome::Outcome;
use crate::profile::{Profile, Tape};
use crate::rule::{Cause, Decided, Effects, Mutant, Rule, Tables};
use crate::small::{Queued, Small};
use crate::world::{
    Conn, ConnId, Direction, Doing, End, EventId, EventObject, Faults, Process, Segment, Socket, SocketId, State,
    Thread, WAITERS, World,
};

/// What a guard sees and an effect changes: the world, the profile, and what the event is about.
pub struct At<'a> {
    /// The world. Read freely; change it through the methods of `At`, which note what they touch.
    pub w: &'a mut World,
    pub(crate) profile: &'a Profile,
    pub(crate) mutant: Option<Mutant>,
    /// The tables of rules, handed in: what fires them knows none of them.
    pub(crate) tables: Tables,
    // Guards may ask, and what they ask is decided and noted: hence the cells.
    pub(crate) tape: RefCell<&'a mut Tape>,
    pub(crate) fx: &'a mut Effects,
    /// Choices resolved in this step: alternative plus one, and whether it was open.
    pub(crate) decided: [Cell<u8>; COUNT],
    /// What becomes [`Effects::decided`].
    pub(crate) notes: RefCell<Vec<Decided>>,
    /// The rule that is asked, or that fires.
    pub(crate) asking: Cell<Option<&'static Rule>>,
    /// The call is past its checks on entry.
    pub(crate) taking: bool,
    /// Sockets and events whose waiters must look again.
    pub(crate) pending: Small<Wake, 16>,
    /// Who is calling, or whose call is concerned.
    pub thread: ThreadId,
    /// The call.
    pub call: Call,
    /// The socket in question.
    pub socket: Option<SocketId>,
    /// Which of its handles the caller used.
    pub copy: usize,
    /// The connection in question.
    pub conn: Option<ConnId>,
    /// The direction of the segment in question.
    pub direction: Direction,
    /// The network event in question.
    pub network_event: NetworkEvents,
    /// The call was blocked and looks again.
    pub again: bool,
    /// The call is made from inside a blocking hook.
    pub in_hook: bool,
    /// Why a blocked call is cancelled.
    pub cause: Cause,
    /// A SYN finds the queue of pending connections as long as the backlog allows.
    pub full: bool,
    /// The value that the effect wants returned.
    pub gives: Option<Outcome>,
}

/// What is still to happen in this step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    /// Threads that wait at a socket look again.
    Socket(SocketId),
    /// Threads that wait for an event look again.
    Event(EventId),
    /// A network event occurred at a socket.
    Occurs(SocketId, NetworkEvents),
    /// A blocked call is cancelled.
    Cancel(ThreadId, Cause),
}

impl Queued for Wake {
    const VACANT: Wake = Wake::Socket(SocketId(0));
    const MANY: &'static str = "objects that change in one step";
}

impl<'a> At<'a> {
    pub(crate) fn new(
        w: &'a mut World,
        profile: &'a Profile,
        mutant: Option<Mutant>,
        tables: Tables,
        tape: &'a mut Tape,
        fx: &'a mut Effects,
    ) -> At<'a> {
        let notes = RefCell::new(std::mem::take(&mut fx.decided));
        At {
            w,
            profile,
            mutant,
            tables,
            tape: RefCell::new(tape),
            fx,
            decided: [const { Cell::new(0) }; COUNT],
            notes,
            asking: Cell::new(None),
            taking: false,
            pending: Small::default(),
            thread: ThreadId(0),
            call: Call::WSAGetLastError,
            socket: None,
            copy: 0,
            conn: None,
            direction: Direction::Up,
            network_event: NetworkEvents(0),
            again: false,
            in_hook: false,
            cause: Cause::Close,
            full: false,
            gives: None,
        }
    }

    // What guards ask.

    /// State of the socket in question.
    #[must_use]
    pub fn state(&self) -> State {
        self.socket.map_or(State::NotASocket, |s| self.w.sockets[usize::from(s.0)].state)
    }

    /// The socket in question.
    ///
    /// # Panics
    /// When there is none: only rules whose `from` states are those of a socket may ask.
    #[must_use]
    pub fn sock(&self) -> &Socket {
        self.socket_at(self.socket.expect("invariant: a rule from a socket's state has a socket"))
    }

    /// Any socket.
    #[must_use]
    pub fn socket_at(&self, s: SocketId) -> &Socket {
        &self.w.sockets[usize::from(s.0)]
    }

    /// The connection in question.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn connection(&self) -> &Conn {
        let c = self.conn.expect("invariant: a rule about a connection has one");
        &self.w.conns[usize::from(c.0)]
    }

    /// The end of the connection in question that the segment in question arrives at.
    #[must_use]
    pub fn receiver(&self) -> &End {
        match self.direction {
            Direction::Up => &self.connection().server,
            Direction::Down => &self.connection().client,
        }
    }

    /// The process of the thread in question.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.w.processes[usize::from(self.process_id().0)]
    }

    /// Its id.
    #[must_use]
    pub fn process_id(&self) -> ProcessId {
        self.w.threads[usize::from(self.thread.0)].process
    }

    /// The thread in question.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.w.threads[usize::from(self.thread.0)]
    }

    /// Is the handle used in nonblocking mode?
    #[must_use]
    pub fn nonblocking(&self) -> bool {
        self.sock().holders[self.copy].is_some_and(|holder| holder.nonblocking)
    }

    /// Is anything wrong with the caller's process: no `WSAStartup`, a fault, a call from within its blocking hook? What it would
    /// fail with for that reason needs no look while there is none.
    #[must_use]
    pub fn in_trouble(&self) -> bool {
        let process = self.process();
        process.startups == 0 || self.in_hook || process.faults != Faults::default()
    }

    // What effects do.

    /// The socket in question, to change.
    pub fn sock_mut(&mut self) -> &mut Socket {
        self.socket_mut(self.socket.expect("invariant: a rule from a socket's state has a socket"))
    }

    /// Any socket, to change.
    pub fn socket_mut(&mut self, s: SocketId) -> &mut Socket {
        let socket = &mut self.w.sockets[usize::from(s.0)];
        self.fx.touched.owner(socket.owner);
        socket
    }

    /// A connection, to change.
    pub fn conn_mut(&mut self, c: ConnId) -> &mut Conn {
        self.fx.touched.owner(self.w.sockets[usize::from(c.0)].owner);
        &mut self.w.conns[usize::from(c.0)]
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
        self.fx.touched.owner(t);
        &mut self.w.threads[usize::from(t.0)]
    }

    /// The calling process, to change.
    pub fn process_mut(&mut self) -> &mut Process {
        self.fx.touched.process();
        let process = usize::from(self.process_id().0);
        &mut self.w.processes[process]
    }

    /// An event object, to change.
    pub fn event_mut(&mut self, e: EventId) -> &mut EventObject {
        let event = &mut self.w.events[usize::from(e.0)];
        self.fx.touched.owner(event.owner);
        event
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
        if !self.w.events[usize::from(e.0)].open {
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
            let thread = &self.w.threads[usize::from(t.0)];
            if let Doing::Blocked(call) | Doing::Woken(call) = thread.doing
                && process.is_none_or(|process| thread.process == process)
                && names(&call).contains(handle)
            {
                self.cancel(t, Cause::Close);
            }
        }
    }

    /// The call in question stays blocked for good: what it waited for is gone.
    pub fn strand(&mut self) {
        self.leave(self.thread);
        self.block();
    }

    /// The call in question waits. Handles of it that name nothing now will not name what is opened under them later.
    pub(crate) fn block(&mut self) {
        let (thread, process) = (self.thread, self.process_id());
        self.call = self.call.map(|handle| {
            let open = self.w.resolve(process, handle).is_some() || self.w.resolve_event(handle).is_some();
            if open { handle } else { Handle::INVALID }
        });
        self.thread_mut(thread).doing = Doing::Blocked(self.call);
        self.enlist(true);
    }

    /// This thread waits for nothing any more. If it was to have a connection, others may have it.
    pub fn leave(&mut self, thread: ThreadId) {
        for s in 0..self.w.sockets.len() {
            if self.w.sockets[s].waiters.contains(thread) {
                let id = SocketId(s as u8);
                self.socket_mut(id).waiters.remove(thread);
                self.offer(id);
            }
        }
        for e in 0..self.w.events.len() {
            if self.w.events[e].waiters.contains(thread) {
                self.event_mut(EventId(e as u8)).waiters.remove(thread);
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
        let conn = &self.w.conns[usize::from(c.0)];
        let idle = |end: &End| !end.attached && end.flight.is_empty();
        if idle(&conn.client) && idle(&conn.server) && conn.listener.is_none() && *conn != Conn::default() {
            *self.conn_mut(c) = Conn::default();
        }
    }

    /// The step is over.
    pub(crate) fn finish(self) {
        self.fx.decided = self.notes.into_inner();
    }
}
