//! What guards ask. Each answer notes whose objects it was read from.

use super::At;
use crate::call::{Address, Call, Handle, Port, ProcessId, SockType, ThreadId};
use crate::id::{Maybe, Named};
use crate::operation::{
    CompletionPort, Ended, Frame, OpId, Operation, OverId, Overlapped, Phase, PortId, Watch, WatchId, Window, WindowId,
};
use crate::world::{
    Bound, Conn, ConnId, Direction, End, EventId, EventObject, Process, Sharing, Socket, SocketId, State, Thread,
};

const NO_SOCKET: &str = "invariant: a rule from a socket's state has a socket";

impl At<'_> {
    // What is in question was noted when the step turned to it, so that the hundred guards that look at it need not.

    /// The operation that the call has become; `None` while the call is being made.
    #[must_use]
    #[inline(always)]
    pub fn op(&self) -> Option<OpId> {
        self.op.get()
    }

    /// The socket in question.
    #[must_use]
    #[inline(always)]
    pub fn socket(&self) -> Option<SocketId> {
        self.socket.get()
    }

    /// The connection in question.
    #[must_use]
    #[inline(always)]
    pub fn conn(&self) -> Option<ConnId> {
        self.conn.get()
    }

    /// From here on this operation is in question, or none.
    #[inline(always)]
    pub(crate) fn turns_to_op(&mut self, op: Option<OpId>) {
        self.op = Maybe::new(op);
    }

    /// From here on this socket is in question.
    #[inline(always)]
    pub(crate) fn turns_to_socket(&mut self, socket: Option<SocketId>) {
        self.socket = Maybe::new(socket);
        if self.notes_owners
            && let Some(s) = socket
        {
            self.notes_read(self.w.sockets[s.index()].owner);
        }
    }

    /// From here on this connection is in question.
    #[inline(always)]
    pub(crate) fn turns_to_conn(&mut self, conn: Option<ConnId>) {
        self.conn = Maybe::new(conn);
        if self.notes_owners
            && let Some(c) = conn
        {
            self.notes_read(self.conn_owner(c));
        }
    }

    /// From here on a call of this thread is in question, and so are its process, the socket behind this handle, and its connection.
    #[inline(always)]
    pub(crate) fn turns_to_call(&mut self, thread: ThreadId, subject: Option<Handle>) {
        // All of it is noted at once, so that it need not be asked at each of them whether it is to be.
        if self.notes_owners {
            self.notes_call(thread, subject);
        }
        self.thread = thread;
        self.trouble = self.in_trouble();
        let resolved = subject.and_then(|handle| self.w.resolve(self.process_id(), handle));
        (self.socket, self.copy, self.conn) = match resolved {
            Some((socket, copy)) => (Maybe::some(socket), copy, Maybe::new(self.w.sockets[socket.index()].conn)),
            None => (Maybe::NONE, 0, Maybe::NONE),
        };
    }

    #[inline(never)]
    fn notes_call(&mut self, thread: ThreadId, subject: Option<Handle>) {
        self.notes_read(thread);
        self.fx.noted.read.processes();
        let Some(handle) = subject else { return };
        self.looks_behind(handle);
        let resolved = self.w.resolve(self.process_of(thread), handle);
        if let Some(conn) = resolved.and_then(|(socket, _)| self.w.sockets[socket.index()].conn) {
            self.notes_read(self.conn_owner(conn));
        }
    }

    fn is_noted(&self, owner: ThreadId) -> bool {
        !self.notes_owners || self.fx.noted.read.has(owner)
    }

    /// The call: that which is being made, or of the operation in question that which it was.
    #[must_use]
    #[inline(always)]
    pub fn call(&self) -> &Call {
        match self.op() {
            None => self.makes,
            // Its thread is in question.
            Some(op) => self.w.ops.get(op.index()).map_or(self.makes, |op| &op.call),
        }
    }

    /// State of the socket in question.
    #[must_use]
    #[inline(always)]
    pub fn state(&self) -> State {
        self.w.sockets.get(self.socket.index()).map_or(State::NotASocket, |socket| socket.state)
    }

    /// The number of the socket in question.
    ///
    /// # Panics
    /// When there is none: only rules whose `from` states are those of a socket may ask.
    #[must_use]
    #[inline(always)]
    pub fn socket_id(&self) -> SocketId {
        self.socket().expect(NO_SOCKET)
    }

    /// The socket in question.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[inline(always)]
    pub fn sock(&self) -> &Socket {
        // Where there is none its place is beyond all.
        let socket = self.w.sockets.get(self.socket.index()).expect(NO_SOCKET);
        debug_assert!(self.is_noted(socket.owner), "the step did not turn to this socket");
        socket
    }

    /// Any socket.
    #[must_use]
    #[inline(always)]
    pub fn socket_at(&self, s: SocketId) -> &Socket {
        let socket = &self.w.sockets[s.index()];
        self.reads(socket.owner);
        socket
    }

    /// The connection in question.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[inline(always)]
    pub fn connection(&self) -> &Conn {
        debug_assert!(
            self.conn().is_none_or(|c| self.is_noted(self.conn_owner(c))),
            "the step did not turn to this connection"
        );
        self.w.conns.get(self.conn.index()).expect("invariant: a rule about a connection has one")
    }

    /// Any connection.
    #[must_use]
    #[inline(always)]
    pub fn conn_at(&self, c: ConnId) -> &Conn {
        if self.notes_owners {
            self.reads(self.conn_owner(c));
        }
        &self.w.conns[c.index()]
    }

    /// The end of the connection in question that the segment in question arrives at.
    #[must_use]
    #[inline(always)]
    pub fn receiver(&self) -> &End {
        match self.direction {
            Direction::Up => &self.connection().server,
            Direction::Down => &self.connection().client,
        }
    }

    /// The end of a connection that sends in this direction.
    #[must_use]
    #[inline(always)]
    pub fn end_at(&self, c: ConnId, direction: Direction) -> &End {
        let conn = self.conn_at(c);
        match direction {
            Direction::Up => &conn.client,
            Direction::Down => &conn.server,
        }
    }

    /// The end of the connection in question that the socket in question holds.
    ///
    /// # Panics
    /// When there is no socket or no connection in question.
    #[must_use]
    #[inline(always)]
    pub fn own(&self) -> &End {
        let connection = self.connection();
        if connection.server.is_held_by(self.socket) { &connection.server } else { &connection.client }
    }

    /// This socket's own end of its connection, if it has one.
    #[must_use]
    #[inline]
    pub fn own_end(&self, s: SocketId) -> Option<&End> {
        self.socket_at(s).conn.map(|conn| self.end_at(conn, self.sends(s)))
    }

    /// The direction in which a segment goes that this socket's end of its connection sends.
    #[must_use]
    #[inline(always)]
    pub fn sends(&self, s: SocketId) -> Direction {
        let is_server = |conn: ConnId| self.conn_at(conn).server.is_held_by(Maybe::some(s));
        if self.socket_at(s).conn.is_some_and(is_server) { Direction::Down } else { Direction::Up }
    }

    /// The slot of the socket that accepts this connection.
    #[must_use]
    pub fn accepted_slot(&self, c: ConnId) -> SocketId {
        self.w.accepted_slot(c)
    }

    /// The connection that a socket in this slot opens when it connects; `None` for a slot of an accepted socket.
    #[must_use]
    pub fn opened_by(&self, s: SocketId) -> Option<ConnId> {
        self.w.opened_by(s)
    }

    /// The thread that opens this connection.
    #[must_use]
    pub fn conn_owner(&self, c: ConnId) -> ThreadId {
        self.w.sockets[c.index()].owner
    }

    /// All sockets. Whoever asks depends on everything.
    pub fn socket_ids(&self) -> impl Iterator<Item = SocketId> + use<> {
        (0..self.w.sockets.len()).map(SocketId::new)
    }

    /// The listeners on this port.
    #[inline]
    pub fn listeners_on(&self, port: Port) -> impl Iterator<Item = (SocketId, &Socket)> + '_ {
        self.reads_ports();
        self.w.index.listeners_on(port).map(|s| (s, &self.w.sockets[s.index()]))
    }

    /// Is a socket of this type bound to this address? Of those that share it with who asks, none counts for one that shares it too.
    #[must_use]
    pub fn is_bound(&self, address: Address, kind: SockType, shares: bool) -> bool {
        self.shares(address, kind).any(|other| !(other.reuseaddr && shares))
    }

    /// How those share this address that are bound to it.
    pub(crate) fn shares(&self, address: Address, kind: SockType) -> impl Iterator<Item = Sharing> + '_ {
        self.reads_ports();
        // One whose port was chosen for it is not counted.
        let own = match address.port {
            Port::Chosen(s) if s.index() < self.w.sockets.len() => self.w.bound_as(s),
            _ => None,
        };
        let own = own.filter(|bound| bound.local == address && bound.kind == kind);
        let own = own.map(|Bound { reuseaddr, exclusive, v6only, .. }| Sharing { reuseaddr, exclusive, v6only });
        self.w.index.at(address, kind).chain(own)
    }

    /// The lowest slot in which the thread in question can put a new socket.
    #[must_use]
    #[inline]
    pub fn free_socket(&self) -> Option<SocketId> {
        let own = self.thread().own_slots();
        self.w.index.free_slots.next(own.start).filter(|slot| own.contains(slot)).map(SocketId::new)
    }

    /// The lowest slot in which the thread in question can put a new event object.
    #[must_use]
    pub fn free_event(&self) -> Option<EventId> {
        let own = self.thread().own_events();
        self.w.index.free_events.next(own.start).filter(|event| own.contains(event)).map(EventId::new)
    }

    /// An event object.
    #[must_use]
    pub fn event_at(&self, e: EventId) -> &EventObject {
        let event = &self.w.events[e.index()];
        self.reads(event.owner);
        event
    }

    /// The process of the thread in question.
    #[must_use]
    #[inline(always)]
    pub fn process(&self) -> &Process {
        debug_assert!(!self.notes_owners || self.fx.noted.read.has_processes(), "the step did not turn to a thread");
        &self.w.processes[self.process_id().index()]
    }

    /// Its id.
    #[must_use]
    pub fn process_id(&self) -> ProcessId {
        self.process_of(self.thread)
    }

    /// Any process.
    #[must_use]
    #[inline(always)]
    pub fn process_at(&self, p: ProcessId) -> &Process {
        self.reads_processes();
        &self.w.processes[p.index()]
    }

    /// Has this process called `WSAStartup`, and not ended since?
    pub(crate) fn has_started(&self, p: ProcessId) -> bool {
        self.reads_processes();
        self.w.processes.get(p.index()).is_some_and(|process| process.startups > 0)
    }

    /// The process that a thread belongs to: what never changes, nobody depends on.
    #[must_use]
    #[inline(always)]
    pub fn process_of(&self, t: ThreadId) -> ProcessId {
        self.w.threads[t.index()].process
    }

    /// The thread in question.
    #[must_use]
    #[inline(always)]
    pub fn thread(&self) -> &Thread {
        debug_assert!(self.is_noted(self.thread), "the step did not turn to this thread");
        &self.w.threads[self.thread.index()]
    }

    /// Any thread.
    #[must_use]
    #[inline(always)]
    pub fn thread_at(&self, t: ThreadId) -> &Thread {
        self.reads(t);
        &self.w.threads[t.index()]
    }

    /// Is there such a thread, running or not?
    #[must_use]
    pub fn has_thread(&self, t: ThreadId) -> bool {
        t.index() < self.w.threads.len()
    }

    /// Is there such a connection slot?
    #[must_use]
    pub fn has_conn(&self, c: ConnId) -> bool {
        c.index() < self.w.conns.len()
    }

    /// Is there such a socket slot?
    #[must_use]
    pub fn has_socket(&self, s: SocketId) -> bool {
        s.index() < self.w.sockets.len()
    }

    /// Is there such a process?
    #[must_use]
    pub fn has_process(&self, p: ProcessId) -> bool {
        p.index() < self.w.processes.len()
    }

    /// The threads of a process, ascending; which they are never changes.
    #[must_use]
    pub fn threads_of(&self, process: ProcessId) -> &[ThreadId] {
        self.w.index.threads_of(process)
    }

    /// Is this thread in code that can make a call?
    #[must_use]
    #[inline(always)]
    pub fn runs(&self, t: ThreadId) -> bool {
        let thread = self.thread_at(t);
        thread.ended == Ended::No && !matches!(thread.frames.last(), Some(Frame::Waits(_)))
    }

    /// The operation of the call that this thread waits in, if it waits.
    #[must_use]
    pub fn waits(&self, t: ThreadId) -> Option<OpId> {
        match self.thread_at(t).frames.last() {
            Some(Frame::Waits(op)) => Some(op),
            _ => None,
        }
    }

    /// The operation in whose blocking hook the thread in question makes its call.
    #[must_use]
    #[inline(always)]
    pub fn hooked(&self) -> Option<OpId> {
        match self.thread().frames.last() {
            Some(Frame::Hook(op)) => Some(op),
            _ => None,
        }
    }

    /// An operation that is not over.
    ///
    /// # Panics
    /// When it is.
    #[must_use]
    #[inline]
    pub fn op_at(&self, op: OpId) -> &Operation {
        self.op_if(op).expect("invariant: what names an operation names one that is not over")
    }

    /// An operation, if it is not over.
    #[must_use]
    #[inline]
    pub fn op_if(&self, op: OpId) -> Option<&Operation> {
        let at = op.index();
        if self.notes_owners && self.w.ops.has_slot(at) {
            self.reads(self.w.ops.owner(at));
        }
        self.w.ops.get(at)
    }

    /// The operations of a thread, ascending.
    #[must_use]
    pub fn ops_of(&self, t: ThreadId) -> Vec<OpId> {
        self.reads(t);
        let of = |at: &usize| self.w.ops.get(*at).is_some();
        self.w.ops.range(t).filter(of).map(OpId::new).collect()
    }

    /// The lowest slot in which this thread can put a new operation.
    #[inline]
    pub(crate) fn free_op(&self, t: ThreadId) -> Option<OpId> {
        self.reads(t);
        self.w.ops.free(t).map(OpId::new)
    }

    /// How many operations this thread may have under way.
    pub(crate) fn room_for_operations(&self, t: ThreadId) -> usize {
        self.w.ops.of(t).len()
    }

    /// Is somebody deciding about this connection?
    #[must_use]
    pub fn is_decided(&self, c: ConnId) -> bool {
        let decides = |op: OpId| self.op_at(op).phase == Phase::Decides(c);
        self.conn_at(c).listener.is_some_and(|listener| self.socket_at(listener).holding().iter().any(decides))
    }

    /// The operation that has accepted the request of this connection, and waits for the end of the handshake.
    #[must_use]
    pub fn answering(&self, c: ConnId) -> Option<OpId> {
        let listener = self.conn_at(c).listener?;
        self.socket_at(listener).holding().iter().find(|op| self.op_at(*op).phase == Phase::Answers(c))
    }

    /// A record of what is watched.
    #[must_use]
    pub fn watch_at(&self, watch: WatchId) -> &Watch {
        self.watch_if(watch).expect("invariant: what names a watch names one that is there")
    }

    /// A record of what is watched, if it is still there.
    #[must_use]
    pub fn watch_if(&self, watch: WatchId) -> Option<&Watch> {
        if self.notes_owners {
            self.reads(self.w.watches.owner(watch.index()));
        }
        self.w.watches.get(watch.index())
    }

    /// The lowest slot in which this operation can put a new watch.
    pub(crate) fn free_watch(&self, op: OpId) -> Option<WatchId> {
        self.w.watches.free(self.op_at(op).thread).map(WatchId::new)
    }

    /// How many objects the thread of this operation may watch.
    pub(crate) fn room_for_watches(&self, op: OpId) -> usize {
        self.w.watches.of(self.op_at(op).thread).len()
    }

    /// Is the handle used in nonblocking mode?
    #[must_use]
    #[inline]
    pub fn nonblocking(&self) -> bool {
        self.sock().holder(self.copy).is_some_and(|holder| holder.nonblocking)
    }

    /// The socket behind a handle of the process in question, and which of its handles it is.
    #[must_use]
    #[inline(always)]
    pub fn resolve(&self, handle: Handle) -> Option<(SocketId, usize)> {
        self.looks_behind(handle);
        self.w.resolve(self.process_id(), handle)
    }

    /// The socket behind a handle of any process.
    #[must_use]
    pub fn resolve_in(&self, process: ProcessId, handle: Handle) -> Option<SocketId> {
        self.looks_behind(handle);
        self.w.resolve(process, handle).map(|(socket, _)| socket)
    }

    /// The socket behind a handle of the process in question.
    #[must_use]
    #[inline]
    pub fn resolve_socket(&self, handle: Handle) -> Option<SocketId> {
        self.resolve(handle).map(|(socket, _)| socket)
    }

    /// The event object behind a handle.
    #[must_use]
    pub fn resolve_event(&self, handle: Handle) -> Option<EventId> {
        self.w.event_of(handle).filter(|&e| self.event_at(e).open)
    }

    /// The OVERLAPPED structure at this address in the process in question.
    #[must_use]
    pub fn resolve_over(&self, handle: Handle) -> Option<OverId> {
        let Named::Overlapped(over) = handle.names() else { return None };
        let mine = self.w.overs.has_slot(over.index())
            && self.process_of(self.w.overs.owner(over.index())) == self.process_id();
        (mine && self.over_if(over).is_some()).then_some(over)
    }

    /// An OVERLAPPED structure.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn over_at(&self, over: OverId) -> &Overlapped {
        self.over_if(over).expect("invariant: an address names a structure that is there")
    }

    fn over_if(&self, over: OverId) -> Option<&Overlapped> {
        self.reads(self.w.overs.owner(over.index()));
        self.w.overs.get(over.index())
    }

    /// The lowest slot in which the thread in question can put a new OVERLAPPED structure.
    pub(crate) fn free_over(&self) -> Option<OverId> {
        self.w.overs.free(self.thread).map(OverId::new)
    }

    /// The completion port behind a handle of the process in question, open or not.
    #[must_use]
    pub fn resolve_port(&self, handle: Handle) -> Option<PortId> {
        let Named::Port(port) = handle.names() else { return None };
        if !self.w.ports.has_slot(port.index()) {
            return None;
        }
        let owner = self.w.ports.owner(port.index());
        self.reads(owner);
        let mine = self.process_of(owner) == self.process_id();
        (mine && self.w.ports.get(port.index()).is_some_and(|port| !port.closed)).then_some(port)
    }

    /// A completion port.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn port_at(&self, port: PortId) -> &CompletionPort {
        self.reads(self.w.ports.owner(port.index()));
        self.w.ports.get(port.index()).expect("invariant: an association names a port")
    }

    /// The window behind a handle, whoever has created it.
    #[must_use]
    pub fn resolve_window(&self, handle: Handle) -> Option<WindowId> {
        let Named::Window(window) = handle.names() else { return None };
        (self.w.windows.has_slot(window.index()) && self.is_window(window)).then_some(window)
    }

    /// Is this window there?
    pub(crate) fn is_window(&self, window: WindowId) -> bool {
        self.reads(self.window_owner(window));
        self.w.windows.get(window.index()).is_some()
    }

    /// The thread whose window it is.
    pub(crate) fn window_owner(&self, window: WindowId) -> ThreadId {
        self.w.windows.owner(window.index())
    }

    /// A window.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn window_at(&self, window: WindowId) -> &Window {
        self.reads(self.window_owner(window));
        self.w.windows.get(window.index()).expect("invariant: a registration names a window")
    }

    /// The lowest slot in which the thread in question can put a new window.
    pub(crate) fn free_window(&self) -> Option<WindowId> {
        self.w.windows.free(self.thread).map(WindowId::new)
    }

    /// How many windows the thread in question may have.
    pub(crate) fn room_for_windows(&self) -> usize {
        self.w.windows.of(self.thread).len()
    }

    /// The lowest slot in which the thread in question can put a new completion port.
    pub(crate) fn free_port(&self) -> Option<PortId> {
        self.w.ports.free(self.thread).map(PortId::new)
    }

    /// How many completion ports the thread in question may have.
    pub(crate) fn room_for_ports(&self) -> usize {
        self.w.ports.of(self.thread).len()
    }

    /// How many OVERLAPPED structures the thread in question may have.
    pub(crate) fn room_for_overs(&self) -> usize {
        self.w.overs.of(self.thread).len()
    }

    /// The socket object that a handle value names, whoever holds it open.
    #[must_use]
    pub fn named(&self, handle: Handle) -> Option<SocketId> {
        self.looks_behind(handle);
        self.w.named(handle)
    }

    /// The slot that a socket handle's value speaks of, whatever is there now.
    #[must_use]
    pub fn slot_of(&self, handle: Handle) -> Option<SocketId> {
        self.w.slot_of(handle)
    }

    /// The slot that an event handle's value speaks of, whatever is there now.
    #[must_use]
    pub fn event_of(&self, handle: Handle) -> Option<EventId> {
        self.w.event_of(handle)
    }

    /// Is anything wrong with the caller's process: no `WSAStartup`, a fault, a call from within its blocking hook? What it would
    /// fail with for that reason needs no look while there is none.
    #[must_use]
    #[inline(always)]
    pub fn in_trouble(&self) -> bool {
        !self.w.index.sound && self.process_in_trouble() || self.hooked().is_some()
    }

    #[inline(never)]
    fn process_in_trouble(&self) -> bool {
        let process = self.process();
        process.startups == 0 || process.faults.any()
    }

    /// Notes that this step depends on what a handle names, or that it names nothing.
    #[inline]
    fn looks_behind(&self, handle: Handle) {
        if self.notes_owners
            && let Some(s) = self.w.slot_of(handle)
        {
            let _ = self.socket_at(s);
        }
    }

    /// Notes that this step depends on what a thread owns.
    #[inline(always)]
    pub(super) fn reads(&self, owner: ThreadId) {
        if self.notes_owners {
            self.notes_read(owner);
        }
    }

    // Called where somebody wants to know alone: there are hundreds of reads in the code of the rules.
    #[inline(never)]
    fn notes_read(&self, owner: ThreadId) {
        self.fx.noted.read.owner(owner);
    }

    /// Notes that this step depends on the processes.
    #[inline]
    fn reads_processes(&self) {
        if self.notes_owners {
            self.fx.noted.read.processes();
        }
    }

    /// Notes that this step depends on who is bound where.
    fn reads_ports(&self) {
        if self.notes_owners {
            self.fx.noted.read.ports();
        }
    }
}
