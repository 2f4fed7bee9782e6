//! What effects do. Each verb notes whose objects it may change; what is changed is read, too.

use super::{At, Wake};
use crate::bytes::{MAX_BYTES, MAX_FLIGHT};
use crate::call::{Data, NetworkEvents, ProcessId, ThreadId};
use crate::operation::{CompletionPort, OpId, Operation, OverId, Overlapped, PortId, Watch, WatchId};
use crate::outcome::Outcome;
use crate::rule::Limit;
use crate::world::{
    Conn, ConnId, Direction, End, EventId, EventObject, Extra, Holder, Options, Process, Segment, Socket, SocketId,
    Thread,
};

/// How much memory that nobody needs now is kept of a kind.
const KEPT: usize = 64;

impl At<'_> {
    /// The socket in question, to change.
    pub fn sock_mut(&mut self) -> &mut Socket {
        self.socket_mut(self.socket.expect("invariant: a rule from a socket's state has a socket"))
    }

    /// Any socket, to change.
    pub fn socket_mut(&mut self, s: SocketId) -> &mut Socket {
        self.touches(self.w.sockets[s.index()].owner);
        if !self.w.sockets[s.index()].noted {
            let shown = self.w.shown(s);
            self.fx.changed.sockets.push((s, shown));
        }
        let socket = &mut self.w.sockets[s.index()];
        socket.noted = true;
        socket
    }

    /// Puts another socket into this slot.
    pub fn put_socket(&mut self, s: SocketId, socket: Socket) {
        let place = self.socket_mut(s);
        let before = std::mem::replace(place, Socket { noted: true, ..socket });
        self.keep_for_later(before.extra);
    }

    /// What few sockets have, of the socket in question, to change.
    pub fn own_extra_mut(&mut self) -> &mut Extra {
        self.extra_mut(self.socket.expect("invariant: a rule from a socket's state has a socket"))
    }

    /// What few sockets have, to change.
    pub fn extra_mut(&mut self, s: SocketId) -> &mut Extra {
        if self.socket_mut(s).extra.is_none() {
            let spare = self.w.spare.extras.pop();
            self.w.sockets[s.index()].extra = Some(spare.unwrap_or_default());
        }
        self.w.sockets[s.index()].extra.as_deref_mut().expect("invariant: it was just put there")
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
        let shared = like.and_then(|like| self.socket_at(like).changed.clone());
        self.socket_mut(s).set_options(options, shared.as_ref());
    }

    /// A connection, to change.
    pub fn conn_mut(&mut self, c: ConnId) -> &mut Conn {
        self.touches(self.conn_owner(c));
        if self.fx.changed.conns.last() != Some(&c) {
            self.fx.changed.conns.push(c);
        }
        &mut self.w.conns[c.index()]
    }

    /// Bytes go on their way in this direction.
    pub fn puts_in_flight(&mut self, c: ConnId, direction: Direction, bytes: &[u8]) {
        let mut spare = std::mem::take(&mut self.w.spare.bytes);
        if !self.end_mut(c, direction).sent.push(bytes, &mut spare) {
            self.reaches(Limit { most: MAX_BYTES, of: "bytes in flight in one direction of a connection" });
        }
        self.w.spare.bytes = spare;
    }

    /// The bytes on their way in this direction arrive.
    pub fn sent_arrive(&mut self, c: ConnId, direction: Direction) {
        let mut spare = std::mem::take(&mut self.w.spare.bytes);
        let conn = self.conn_mut(c);
        let (from, to) = match direction {
            Direction::Up => (&mut conn.client, &mut conn.server),
            Direction::Down => (&mut conn.server, &mut conn.client),
        };
        let fits = to.unread.append(&mut from.sent, &mut spare);
        self.w.spare.bytes = spare;
        if !fits {
            self.reaches(Limit { most: MAX_BYTES, of: "unread bytes at one end of a connection" });
        }
    }

    /// The bytes on their way in this direction are lost.
    pub fn forget_sent(&mut self, c: ConnId, direction: Direction) {
        let mut spare = std::mem::take(&mut self.w.spare.bytes);
        self.end_mut(c, direction).sent.clear(&mut spare);
        self.w.spare.bytes = spare;
    }

    /// The bytes that nobody has read at the end that sends in this direction are lost.
    pub fn forget_unread(&mut self, c: ConnId, direction: Direction) {
        let mut spare = std::mem::take(&mut self.w.spare.bytes);
        self.end_mut(c, direction).unread.clear(&mut spare);
        self.w.spare.bytes = spare;
    }

    /// Takes up to so many of the bytes that are unread at the end that sends in this direction.
    pub fn takes(&mut self, c: ConnId, direction: Direction, n: usize) -> Data {
        if n.min(self.end_at(c, direction).unread.len()) > Data::MAX {
            self.reaches(Limit { most: Data::MAX, of: "bytes that one call receives" });
        }
        let mut spare = std::mem::take(&mut self.w.spare.bytes);
        let taken = self.end_mut(c, direction).unread.take(n.min(Data::MAX), &mut spare);
        self.w.spare.bytes = spare;
        taken
    }

    /// This step asks for more than the model holds: what comes of it says nothing any more.
    pub fn reaches(&mut self, limit: Limit) {
        self.fx.limit.get_or_insert(limit);
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
        if self.fx.changed.threads.last() != Some(&t) {
            self.fx.changed.threads.push(t);
        }
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
        if self.fx.changed.events.last() != Some(&e) {
            self.fx.changed.events.push(e);
        }
        &mut self.w.events[e.index()]
    }

    /// An operation, to change.
    ///
    /// # Panics
    /// When it is over.
    pub fn op_mut(&mut self, op: OpId) -> &mut Operation {
        let _ = self.thread_mut(self.w.thread_of(op));
        self.w.ops.get_mut(op.index()).expect("invariant: what names an operation names one that is not over")
    }

    /// An operation begins, or is over.
    pub(crate) fn op_put(&mut self, op: OpId, operation: Option<Operation>) {
        let _ = self.thread_mut(self.w.thread_of(op));
        self.w.ops.put(op.index(), operation);
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

    /// A completion port, to change.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn port_mut(&mut self, port: PortId) -> &mut CompletionPort {
        self.touches(self.w.ports.owner(port.index()));
        self.w.ports.get_mut(port.index()).expect("invariant: an association names a port")
    }

    fn touches(&mut self, owner: ThreadId) {
        if self.known.touched.adds(owner) {
            self.reads(owner);
            self.fx.touched.owner(owner);
        }
    }

    /// Sends a segment towards the other end.
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
    pub fn wake(&mut self, s: SocketId) {
        let socket = self.socket_at(s).extra();
        if !socket.waiting.is_empty() || !socket.watches.is_empty() || socket.claimed.is_some() {
            self.later(Wake::Socket(s));
        }
    }

    /// A network event occurs at this socket.
    pub fn occurs(&mut self, s: SocketId, event: NetworkEvents) {
        if self.socket_at(s).selection().event.is_some() {
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
    pub(crate) fn later(&mut self, wake: Wake) {
        if !self.fx.wakes.contains(wake) {
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
    pub fn reap(&mut self, c: ConnId) {
        let conn = self.conn_at(c);
        let idle = |end: &End| end.socket().is_none() && end.flight.is_empty();
        if idle(&conn.client) && idle(&conn.server) && conn.listener.is_none() && !conn.is_nothing() {
            for direction in [Direction::Up, Direction::Down] {
                self.forget_sent(c, direction);
                self.forget_unread(c, direction);
            }
            *self.conn_mut(c) = Conn::default();
        }
    }

    /// What is kept twice is brought up to date, from all that this step may have changed.
    pub(super) fn bring_up_to_date(&mut self) {
        let mut changed = std::mem::take(&mut self.fx.changed);
        for (s, before) in changed.sockets.drain(..) {
            let socket = &mut self.w.sockets[s.index()];
            socket.noted = false;
            let extra = socket.extra.take_if(|extra| extra.is_nothing());
            self.keep_for_later(extra);
            self.w.index_socket(s, &before);
            let event = self.w.sockets[s.index()].selection().event;
            if event != before.event {
                for (e, change) in [(before.event, -1), (event, 1)] {
                    let Some(e) = e else { continue };
                    self.touches(self.w.events[e.index()].owner);
                    let event = &mut self.w.events[e.index()];
                    event.selected = event.selected.wrapping_add_signed(change);
                    self.w.index_event(e);
                }
            }
        }
        changed.conns.drain(..).for_each(|c| self.w.index_conn(c));
        changed.threads.drain(..).for_each(|t| self.w.index_thread(t));
        changed.events.drain(..).for_each(|e| self.w.index_event(e));
        self.fx.changed = changed;
    }
}
