//! What effects do. Each verb notes whose objects it may change; what is changed is read, too.

use super::{At, Wake};
use crate::bytes::{MAX_BYTES, MAX_FLIGHT, Spare};
use crate::call::{Address, Call, Data, NetworkEvents, Port, ProcessId, ThreadId};
use crate::id::Maybe;
use crate::list::Line;
use crate::operation::{
    CompletionPort, Message, OpId, Operation, OverId, Overlapped, PortId, Watch, WatchId, Window, WindowId,
};
use crate::outcome::Outcome;
use crate::rule::Limit;
use crate::world::{
    Conn, ConnId, Direction, End, EventId, EventObject, Extra, Holder, Options, Process, Segment, Selection, Socket,
    SocketId, State, Thread, World,
};

/// How many messages may wait for one window: as many as Windows keeps in a queue by default.
const MESSAGES: usize = 10_000;

/// How much memory that nobody needs now is kept of a kind.
const KEPT: usize = 64;

impl At<'_> {
    /// The socket in question, to change: but for its state, its address and its options, which others look for.
    pub fn sock_mut(&mut self) -> &mut Socket {
        self.socket_mut(self.socket_id())
    }

    /// Any socket, to change, but for the same.
    #[inline]
    pub fn socket_mut(&mut self, s: SocketId) -> &mut Socket {
        self.touches_socket(s);
        &mut self.w.sockets[s.index()]
    }

    #[inline(always)]
    fn touches_socket(&mut self, s: SocketId) {
        if self.notes_owners {
            self.notes_touched(self.w.sockets[s.index()].owner);
        }
    }

    /// A socket is in this state from now on.
    #[inline]
    pub fn set_state(&mut self, s: SocketId, state: State) {
        self.touches_socket(s);
        let socket = &mut self.w.sockets[s.index()];
        if socket.is_indexed(s) || state == State::Listening {
            return self.w.reindexes(s, |socket| socket.state = state);
        }
        socket.state = state;
    }

    /// A socket has this address from now on.
    #[inline]
    pub fn set_local(&mut self, s: SocketId, local: Address) {
        self.touches_socket(s);
        let socket = &mut self.w.sockets[s.index()];
        if socket.is_indexed(s) || local.port != Port::Chosen(s) {
            return self.w.reindexes(s, |socket| socket.local = local);
        }
        socket.local = local;
    }

    /// There is a new socket in this slot, of which this is said.
    #[inline(always)]
    pub fn new_socket(&mut self, s: SocketId, is: impl FnOnce(&mut Socket)) {
        self.changes_slot(s, |place| {
            place.becomes_free(Address::default());
            is(place);
        });
        self.w.takes_slot(s.index());
    }

    /// The socket in this slot is closed, and the slot free; it says this of where that was bound.
    #[inline(always)]
    pub fn frees_socket(&mut self, s: SocketId, local: Address) {
        self.changes_slot(s, |place| place.becomes_free(local));
        self.w.leaves_slot(s.index());
    }

    /// What is in a slot becomes something else.
    #[inline(always)]
    fn changes_slot(&mut self, s: SocketId, change: impl FnOnce(&mut Socket)) {
        self.touches_socket(s);
        if self.w.sockets[s.index()].extra.is_some() {
            self.takes_extra(s);
        }
        let World { sockets, index, .. } = &mut *self.w;
        let place = &mut sockets[s.index()];
        if place.is_indexed(s) {
            index.remove(s, place);
        }
        change(place);
        if place.is_indexed(s) {
            index.add(s, place);
        }
    }

    /// A socket that goes leaves what few have.
    #[inline(never)]
    fn takes_extra(&mut self, s: SocketId) {
        self.select(s, Selection::default());
        let extra = self.w.sockets[s.index()].extra.take();
        self.keep_for_later(extra);
    }

    /// A socket has this registration from now on. The event object knows how many there are for it.
    pub fn select(&mut self, s: SocketId, selection: Selection) {
        let before = std::mem::replace(&mut self.extra_mut(s).selection, selection);
        if before.told != selection.told {
            self.counts_registrations(before.event(), selection.event());
        }
    }

    /// What few sockets have, of the socket in question, to change.
    pub fn own_extra_mut(&mut self) -> &mut Extra {
        self.extra_mut(self.socket_id())
    }

    /// What few sockets have, to change.
    #[inline]
    pub fn extra_mut(&mut self, s: SocketId) -> &mut Extra {
        self.touches_socket(s);
        self.fx.changed.extra(s);
        let World { sockets, spare, .. } = &mut *self.w;
        sockets[s.index()].extra.get_or_insert_with(|| spare.extras.pop().unwrap_or_default())
    }

    /// An operation joins the line of a socket.
    #[inline(always)]
    pub(crate) fn joins_line(&mut self, s: SocketId, op: OpId) {
        let socket = self.socket_mut(s);
        if socket.first_waiting.is_none() {
            socket.first_waiting = Maybe::some(op);
        } else {
            self.extra_mut(s).waiting_behind.push(op);
        }
    }

    /// An operation becomes the first of a socket's line.
    pub(crate) fn heads_line(&mut self, s: SocketId, op: OpId) {
        let before = std::mem::replace(&mut self.socket_mut(s).first_waiting, Maybe::some(op));
        if let Some(second) = before.get() {
            self.extra_mut(s).waiting_behind.push_first(second);
        }
    }

    /// An operation leaves the line of a socket; false when it is not there.
    #[inline(always)]
    pub(crate) fn leaves_line(&mut self, s: SocketId, op: OpId) -> bool {
        let socket = self.socket_mut(s);
        let is_first = socket.first_waiting == Maybe::some(op);
        if is_first {
            socket.first_waiting = Maybe::NONE;
        }
        if socket.extra.is_none() { is_first } else { self.leaves_longer_line(s, op, is_first) }
    }

    #[inline(never)]
    fn leaves_longer_line(&mut self, s: SocketId, op: OpId, is_first: bool) -> bool {
        let behind = &mut self.extra_mut(s).waiting_behind;
        if !is_first {
            return behind.remove(op);
        }
        if let Some(second) = behind.pop_first() {
            self.socket_mut(s).first_waiting = Maybe::some(second);
        }
        true
    }

    /// A listener's queue of half-open connections, to change.
    #[inline(always)]
    pub fn syn_queue_mut(&mut self, s: SocketId) -> &mut Line<ConnId> {
        &mut self.queues_mut(s).syn_queue
    }

    /// A listener's queue of complete connections, to change.
    #[inline(always)]
    pub fn accept_queue_mut(&mut self, s: SocketId) -> &mut Line<ConnId> {
        &mut self.queues_mut(s).accept_queue
    }

    /// A connection is complete: it goes from a listener's one queue to the other.
    #[inline(always)]
    pub fn completes_handshake(&mut self, s: SocketId, c: ConnId) {
        let queues = self.queues_mut(s);
        queues.syn_queue.remove(c);
        queues.accept_queue.push(c);
    }

    /// A listener has room for its queues as long as it has a backlog, and nobody else looks at them: what others see of it is as
    /// it was.
    #[inline(always)]
    fn queues_mut(&mut self, s: SocketId) -> &mut Extra {
        if self.socket_at(s).backlog() == 0 {
            return self.extra_mut(s);
        }
        self.touches_socket(s);
        self.w.sockets[s.index()].extra.as_mut().expect("invariant: a backlog stands there")
    }

    /// Memory that nobody needs now.
    fn keep_for_later(&mut self, extra: Option<Box<Extra>>) {
        if let Some(mut extra) = extra
            && self.w.spare.extras.len() < KEPT
        {
            extra.clear();
            self.w.spare.extras.push(extra);
        }
    }

    /// A handle of a socket object is opened, changed, or closed.
    pub fn set_holder(&mut self, s: SocketId, copy: usize, holder: Option<Holder>) {
        let Some(place) = copy.checked_sub(1) else {
            self.socket_mut(s).first_handle = holder;
            return;
        };
        let duplicates = &mut self.extra_mut(s).duplicates;
        if duplicates.len() <= place {
            duplicates.resize(place + 1, None);
        }
        duplicates[place] = holder;
        while duplicates.last() == Some(&None) {
            duplicates.pop();
        }
    }

    /// Sets the options of a socket; `like` is one that may have the same.
    pub fn set_options(&mut self, s: SocketId, options: Options, like: Option<SocketId>) {
        if options == Options::NEW && self.socket_at(s).changed.is_none() {
            return;
        }
        let shared = like.and_then(|like| self.socket_at(like).changed.clone());
        self.touches_socket(s);
        self.w.reindexes(s, |socket| socket.set_options(options, shared.as_ref()));
    }

    /// A connection, to change.
    #[inline]
    pub fn conn_mut(&mut self, c: ConnId) -> &mut Conn {
        if self.changes != Maybe::some(c) {
            if !self.changes.is_none() || self.notes_owners {
                self.notes_conn(c);
            }
            self.changes = Maybe::some(c);
        }
        &mut self.w.conns[c.index()]
    }

    /// A connection may change in this step.
    #[inline(never)]
    fn notes_conn(&mut self, c: ConnId) {
        self.touches(self.conn_owner(c));
        if let Some(before) = self.changes.get() {
            self.fx.changed.conn(before);
        }
    }

    /// A connection, to change, and memory for bytes.
    #[inline]
    pub(crate) fn conn_and_spare(&mut self, c: ConnId) -> (&mut Conn, &mut Spare) {
        let _ = self.conn_mut(c);
        let World { conns, spare, .. } = &mut *self.w;
        (&mut conns[c.index()], &mut spare.bytes)
    }

    /// Bytes go on their way in this direction.
    pub fn puts_in_flight(&mut self, c: ConnId, direction: Direction, bytes: &[u8]) {
        let (conn, spare) = self.conn_and_spare(c);
        if !conn.end_mut(direction).sent.push(bytes, spare) {
            self.reaches(Limit { most: MAX_BYTES, of: "bytes in flight in one direction of a connection" });
        }
    }

    /// The bytes on their way in this direction arrive.
    pub fn sent_arrive(&mut self, c: ConnId, direction: Direction) {
        let (conn, spare) = self.conn_and_spare(c);
        let (from, to) = match direction {
            Direction::Up => (&mut conn.client, &mut conn.server),
            Direction::Down => (&mut conn.server, &mut conn.client),
        };
        if !to.unread.append(&mut from.sent, spare) {
            self.reaches(Limit { most: MAX_BYTES, of: "unread bytes at one end of a connection" });
        }
    }

    /// The bytes on their way in this direction are lost.
    pub fn forget_sent(&mut self, c: ConnId, direction: Direction) {
        if !self.end_at(c, direction).sent.is_empty() {
            let (conn, spare) = self.conn_and_spare(c);
            conn.end_mut(direction).sent.clear(spare);
        }
    }

    /// The bytes that nobody has read at the end that sends in this direction are lost.
    pub fn forget_unread(&mut self, c: ConnId, direction: Direction) {
        if !self.end_at(c, direction).unread.is_empty() {
            let (conn, spare) = self.conn_and_spare(c);
            conn.end_mut(direction).unread.clear(spare);
        }
    }

    /// Takes up to so many of the bytes that are unread at the end that sends in this direction.
    #[inline]
    pub fn takes(&mut self, c: ConnId, direction: Direction, n: usize) -> Data {
        let (conn, spare) = self.conn_and_spare(c);
        let taken = conn.end_mut(direction).unread.take(n, spare);
        if taken.is_none() {
            let long = n.min(self.end_at(c, direction).unread.len()) > Data::MAX;
            self.reaches(if long {
                Limit { most: Data::MAX, of: "bytes that one call receives" }
            } else {
                Limit { most: KEPT, of: "bytes of long strings that calls receive" }
            });
        }
        taken.unwrap_or_default()
    }

    /// This step asks for more than the model holds: what comes of it says nothing any more.
    pub fn reaches(&mut self, limit: Limit) {
        self.fx.limit.get_or_insert(limit);
    }

    /// The end of a connection that sends in this direction, to change.
    #[inline]
    pub fn end_mut(&mut self, c: ConnId, direction: Direction) -> &mut End {
        self.conn_mut(c).end_mut(direction)
    }

    /// A thread, to change.
    #[inline]
    pub fn thread_mut(&mut self, t: ThreadId) -> &mut Thread {
        self.changes_thread(t);
        &mut self.w.threads[t.index()]
    }

    /// A thread changes, or an operation of it.
    #[inline(always)]
    fn changes_thread(&mut self, t: ThreadId) {
        self.trouble = true; // of which nobody knows before somebody looks again
        self.touches(t);
        self.fx.changed.thread(t);
    }

    /// The calling process, to change.
    pub fn process_mut(&mut self) -> &mut Process {
        self.process_at_mut(self.process_id())
    }

    /// Any process, to change.
    pub fn process_at_mut(&mut self, p: ProcessId) -> &mut Process {
        let _ = self.process_at(p);
        // What is wrong is looked for until the step is over.
        (self.trouble, self.w.index.sound) = (true, false);
        self.fx.changed.process();
        if self.notes_owners {
            self.fx.noted.touched.processes();
        }
        &mut self.w.processes[p.index()]
    }

    /// An event object, to change.
    pub fn event_mut(&mut self, e: EventId) -> &mut EventObject {
        self.touches(self.w.events[e.index()].owner);
        self.fx.changed.event(e);
        &mut self.w.events[e.index()]
    }

    /// An operation, to change.
    ///
    /// # Panics
    /// When it is over.
    pub fn op_mut(&mut self, op: OpId) -> &mut Operation {
        let thread = self.op_at(op).thread;
        self.changes_thread(thread);
        self.w.ops.get_mut(op.index()).expect("invariant: what names an operation names one that is not over")
    }

    /// An operation begins.
    #[inline(always)]
    pub(crate) fn op_begins(&mut self, op: OpId, thread: ThreadId, call: &Call, operation: impl FnOnce() -> Operation) {
        self.changes_thread(thread);
        self.w.index.timed_polls += u32::from(call.is_timed_poll());
        self.w.ops.fill(op.index(), operation);
    }

    /// An operation is over.
    #[inline(always)]
    pub(crate) fn op_is_over(&mut self, op: OpId) {
        let over = self.op_at(op);
        let (thread, was_timed) = (over.thread, over.is_timed_poll());
        self.changes_thread(thread);
        self.w.index.timed_polls -= u32::from(was_timed);
        self.w.ops.put(op.index(), None);
    }

    /// An operation begins to watch something, or does not any more.
    pub(crate) fn watch_put(&mut self, id: WatchId, watch: Option<Watch>) {
        self.touches(self.w.watches.owner(id.index()));
        self.w.watches.put(id.index(), watch);
    }

    /// Writes into an OVERLAPPED.
    pub(crate) fn over_put(&mut self, over: OverId, overlapped: Overlapped) {
        self.touches(self.w.overs.owner(over.index()));
        self.w.overs.put(over.index(), Some(overlapped));
    }

    /// A completion port is created.
    pub(crate) fn port_begins(&mut self, port: PortId) {
        self.touches(self.w.ports.owner(port.index()));
        self.w.ports.put(port.index(), Some(CompletionPort::default()));
    }

    /// A completion port, to change.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn port_mut(&mut self, port: PortId) -> &mut CompletionPort {
        self.touches(self.w.ports.owner(port.index()));
        self.w.ports.get_mut(port.index()).expect("invariant: an association names a port")
    }

    /// A window is created.
    pub(crate) fn window_begins(&mut self, window: WindowId) {
        self.touches(self.w.windows.owner(window.index()));
        self.w.windows.put(window.index(), Some(Window::default()));
    }

    /// A window, to change.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn window_mut(&mut self, window: WindowId) -> &mut Window {
        self.touches(self.w.windows.owner(window.index()));
        self.w.windows.get_mut(window.index()).expect("invariant: a registration names a window")
    }

    /// The windows of a thread are destroyed. Registrations still name them, and nothing else ever will: its slots stay its own.
    pub(crate) fn windows_end(&mut self, thread: ThreadId) {
        if self.w.windows.of(thread).iter().any(Option::is_some) {
            self.touches(thread);
            self.w.windows.of_mut(thread).fill(None);
        }
    }

    /// A message is posted to a window. Where its thread has ended there is none, and nobody could fetch the message.
    pub(crate) fn posts_message(&mut self, id: WindowId, message: Message) {
        if !self.is_window(id) {
            return;
        }
        if self.window_at(id).messages.len() == MESSAGES {
            self.reaches(Limit { most: MESSAGES, of: "messages that wait for one window" });
            return;
        }
        let window = self.window_mut(id);
        window.messages.push(message);
        if !window.watches.is_empty() {
            self.later(Wake::Window(id));
        }
    }

    #[inline(always)]
    fn touches(&mut self, owner: ThreadId) {
        if self.notes_owners {
            self.notes_touched(owner);
        }
    }

    #[inline(never)]
    fn notes_touched(&mut self, owner: ThreadId) {
        self.fx.noted.read.owner(owner);
        self.fx.noted.touched.owner(owner);
    }

    /// Sends a segment towards the other end.
    #[inline]
    pub fn send(&mut self, c: ConnId, direction: Direction, segment: Segment) {
        if !self.end_mut(c, direction).flight.push(segment) {
            self.reaches(Limit { most: MAX_FLIGHT, of: "segments in flight in one direction of a connection" });
        }
    }

    /// The call returns this.
    pub fn give(&mut self, outcome: Outcome) {
        self.gives = Some(outcome);
    }

    /// Operations at this socket must look again.
    #[inline]
    pub fn wake(&mut self, s: SocketId) {
        let socket = self.socket_at(s);
        if !socket.waiting().is_empty() || socket.extra.as_deref().is_some_and(Extra::is_looked_at) {
            self.later(Wake::Socket(s));
        }
    }

    /// Both at once, in one look at the socket: operations at it must look again, and these network events occur.
    #[inline(always)]
    pub fn stirs(&mut self, s: SocketId, events: &[NetworkEvents]) {
        let socket = self.socket_at(s);
        let waits = !socket.waiting().is_empty();
        let (looks, is_told) = match socket.extra.as_deref() {
            None => (false, false),
            Some(extra) => (extra.is_looked_at(), extra.selection.told.is_some()),
        };
        if waits || looks {
            self.later(Wake::Socket(s));
        }
        if is_told {
            events.iter().for_each(|event| self.later(Wake::Occurs(s, *event)));
        }
    }

    /// A network event occurs at this socket.
    #[inline]
    pub fn occurs(&mut self, s: SocketId, event: NetworkEvents) {
        if self.socket_at(s).extra.as_ref().is_some_and(|extra| extra.selection.told.is_some()) {
            self.later(Wake::Occurs(s, event));
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
        if !event.watches.is_empty() {
            self.later(Wake::Event(e));
        }
    }

    /// Somebody has to look, once, when the step is done.
    #[inline(never)]
    pub(crate) fn later(&mut self, wake: Wake) {
        if self.fx.wakes.is_empty() || !self.fx.wakes.contains(wake) {
            self.fx.wakes.push(wake);
        }
    }

    /// Operations at this socket look again if it is a listener with connections to be accepted.
    pub fn offer(&mut self, s: SocketId) {
        if !self.socket_at(s).accept_queue().is_empty() {
            self.wake(s);
        }
    }

    /// Forgets a connection of which nothing is left: no socket, no queue, nothing in flight.
    #[inline(always)]
    pub fn reap(&mut self, c: ConnId) {
        let conn = self.conn_at(c);
        // Most have a socket at one end at least, or something in flight.
        if conn.client.socket().is_none()
            && conn.server.socket().is_none()
            && conn.client.flight.is_empty()
            && conn.server.flight.is_empty()
        {
            self.reaps(c);
        }
    }

    #[inline(never)]
    fn reaps(&mut self, c: ConnId) {
        let conn = self.conn_at(c);
        if conn.listener.is_none() && !conn.is_nothing() && !conn.lingers() {
            self.frees(c);
        }
    }

    fn frees(&mut self, c: ConnId) {
        let (conn, spare) = self.conn_and_spare(c);
        for end in [&mut conn.client, &mut conn.server] {
            end.sent.clear(spare);
            end.unread.clear(spare);
        }
        *conn = Conn::default();
        self.frees = true;
    }

    /// What is kept twice is brought up to date, from all that this step may have changed.
    #[inline]
    pub(super) fn bring_up_to_date(&mut self) {
        self.fx.changed_last = self.changes;
        if let Some(c) = self.changes.get()
            && (self.frees || !self.w.index.without_moving)
        {
            self.w.index_conn(c);
        }
        if self.fx.changed.any {
            self.brings_others_up_to_date();
        }
    }

    #[inline(never)]
    fn brings_others_up_to_date(&mut self) {
        self.fx.changed.any = false;
        if std::mem::take(&mut self.fx.changed.processes) {
            self.w.index_processes();
        }
        while let Some(s) = self.fx.changed.extras.pop() {
            let socket = &mut self.w.sockets[s.index()];
            let is_closed = socket.state == State::NotASocket;
            if let Some(extra) = socket.extra.take_if(|extra| extra.is_nothing())
                && self.w.spare.extras.len() < KEPT
            {
                self.w.spare.extras.push(extra);
            }
            // What nothing of a closed socket holds on to is free.
            if is_closed {
                self.w.index_slot(s.index());
            }
        }
        while let Some(c) = self.fx.changed.conns.pop() {
            self.fx.changed_before.push(c);
            self.w.index_conn(c);
        }
        while let Some(t) = self.fx.changed.threads.pop() {
            self.w.index_thread(t);
        }
        while let Some(e) = self.fx.changed.events.pop() {
            self.w.index_event(e);
        }
    }

    /// An event object knows how many sockets are registered for it.
    #[inline(never)]
    fn counts_registrations(&mut self, before: Option<EventId>, now: Option<EventId>) {
        for (e, change) in [(before, -1), (now, 1)] {
            let Some(e) = e else { continue };
            self.touches(self.w.events[e.index()].owner);
            let event = &mut self.w.events[e.index()];
            event.selected = event.selected.wrapping_add_signed(change);
            self.w.index_event(e);
        }
    }
}
