//! Calls that wait: how they begin to, who looks again when something changes, and what becomes of them when what they wait
//! for goes.

use crate::at::{At, Wake};
use crate::call::{Call, Handle, ProcessId, ThreadId, Timeout};
use crate::choice::WAIT_MFILE_FAILS;
use crate::engine::names;
use crate::id::Named;
use crate::list::Line;
use crate::operation::{Frame, Object, OpId, Operation, OverId, Overlapped, Phase, PortId, Tells, Wants, Watch};
use crate::rule::{Cause, Limit, Table};
use crate::status::Status;
use crate::world::{ConnId, Direction, SocketId, State};

/// What a call waits for.
fn wanted(call: &Call) -> Wants {
    match call.function().looks_again() {
        Some(Table::AcceptQueue) if call.has_condition() => Wants::Decision,
        Some(Table::AcceptQueue) => Wants::Connection,
        Some(Table::ConnectAnswer) => Wants::Established,
        Some(Table::RecvData | Table::ReceiveTakes) => Wants::Bytes,
        Some(Table::SelectReady | Table::WSAPollReady) => Wants::Readable,
        Some(Table::GetQueuedCompletionStatus | Table::GetQueuedCompletionStatusEx) => Wants::Packet,
        Some(Table::WSAResultIsThere | Table::ResultIsThere) => Wants::Completion,
        Some(Table::Recycle) => Wants::Disconnection { first: true },
        _ if matches!(call, Call::Send { .. } | Call::WSASend { .. }) => Wants::Room,
        _ => Wants::Signal,
    }
}

/// The port that a call fetches from.
pub(crate) fn port_of(call: &Call) -> Option<PortId> {
    match *call {
        Call::GetQueuedCompletionStatus { port, .. } | Call::GetQueuedCompletionStatusEx { port, .. } => {
            match port.names() {
                Named::Port(port) => Some(port),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Does what wants this only watch, and stand in no line?
fn watches(wants: Wants) -> bool {
    matches!(wants, Wants::Readable | Wants::Signal | Wants::Packet | Wants::Completion)
}

impl At<'_> {
    // Operations begin.

    /// The call in question waits. Handles of it that name nothing now will not name what is opened under them later.
    pub(crate) fn block(&mut self) {
        let forgets = self.without_closed_handles();
        let thread = self.thread;
        if let Some(op) = self.op() {
            // Who looks again stands in every line already, and keeps its place.
            let operation = self.op_mut(op);
            operation.phase = Phase::Waits;
            if let Some(call) = forgets {
                operation.call = call;
            }
            return;
        }
        let call = forgets.as_ref().unwrap_or(self.makes);
        let wants = match wanted(call) {
            Wants::Disconnection { .. } if self.conn().is_some_and(|conn| self.conn_at(conn).timer) => Wants::TimeWait,
            Wants::Disconnection { .. } => Wants::Disconnection { first: self.first },
            wants => wants,
        };
        // The call is being made, and its socket in question.
        let about = if watches(wants) { None } else { self.socket() };
        debug_assert!(about == self.is_about(call, wants), "a call that waits is about the socket in question");
        let Some(op) = self.starts(thread, call, wants, Tells::RETURNS, about) else { return };
        self.thread_mut(thread).frames.push(Frame::Waits(op));
        self.enlist(op);
    }

    /// The call in question without those of its handles that name nothing; `None`: there are none such.
    #[inline(always)]
    fn without_closed_handles(&self) -> Option<Call> {
        // While a call is made it is known that the socket in question is open.
        let known = self.socket().filter(|_| self.copy == 0 && self.op().is_none());
        let mut all_open = true;
        self.call().map(|handle| {
            all_open &= known.is_some() && known == handle.first_of() || self.is_open(handle);
        });
        let kept = |handle| if self.is_open(handle) { handle } else { Handle::INVALID };
        (!all_open).then(|| self.call().map(kept))
    }

    /// Does this handle name anything?
    fn is_open(&self, handle: Handle) -> bool {
        match handle.names() {
            Named::Socket(..) => self.resolve(handle).is_some(),
            Named::Event(_) => self.resolve_event(handle).is_some(),
            Named::Overlapped(_) => self.resolve_over(handle).is_some(),
            Named::Window(_) => self.resolve_window(handle).is_some(),
            Named::Port(_) => self.resolve_port(handle).is_some(),
            Named::Nothing => false,
        }
    }

    /// An operation of this thread begins. It stands nowhere yet.
    #[inline(always)]
    pub(crate) fn starts(
        &mut self,
        thread: ThreadId,
        call: &Call,
        wants: Wants,
        tells: Tells,
        about: Option<SocketId>,
    ) -> Option<OpId> {
        let Some(op) = self.free_op(thread) else {
            let most = self.room_for_operations(thread);
            self.reaches(Limit { most, of: "operations of this thread" });
            return None;
        };
        let limit = call.time_out().flatten().or_else(|| self.receive_time_out(call, tells, about));
        self.op_begins(op, thread, call, || Operation {
            call: *call,
            wants,
            phase: Phase::Waits,
            tells,
            status: Status::PENDING,
            bytes: 0,
            limit,
            gives: None,
            thread,
            about,
            watched: Line::default(),
            port: None,
        });
        Some(op)
    }

    /// SO_RCVTIMEO of the socket that a call waits to receive from. It acts on blocking calls, and on sockets for overlapped I/O alone
    /// (solsocket.rcvtimeo.blocking, solsocket.rcvtimeo.overlapped-sockets).
    #[inline(always)]
    fn receive_time_out(&self, call: &Call, tells: Tells, about: Option<SocketId>) -> Timeout {
        if !tells.returns || !matches!(call, Call::Recv { .. } | Call::WSARecv { .. }) {
            return None;
        }
        let socket = self.socket_at(about?);
        let timeout = socket.options().rcvtimeo;
        (socket.overlapped && timeout != 0).then_some(timeout)
    }

    /// The socket in whose line an operation stands: what only watches is in none.
    #[inline(always)]
    fn is_about(&self, call: &Call, wants: Wants) -> Option<SocketId> {
        if watches(wants) { None } else { call.subject().and_then(|handle| self.resolve_socket(handle)) }
    }

    /// Puts an operation into the line of the socket that it is about, or into the lists of the objects that it watches.
    #[inline(always)]
    pub(crate) fn enlist(&mut self, op: OpId) {
        let Operation { wants, about, .. } = *self.op_at(op);
        match wants {
            Wants::Readable | Wants::Signal => return self.watches(op),
            Wants::Packet => return self.waits_at_port(op),
            // Who waits for a request is found by it.
            Wants::Completion => return,
            _ => {}
        }
        if let Some(s) = about {
            self.joins_line(s, op);
        }
    }

    /// Puts an operation into the line of the port that it fetches from.
    #[inline(never)]
    fn waits_at_port(&mut self, op: OpId) {
        if let Some(port) = port_of(&self.op_at(op).call) {
            self.port_mut(port).waiting.push(op);
        }
    }

    /// Puts an operation into the lists of the objects that it watches.
    #[inline(never)]
    fn watches(&mut self, op: OpId) {
        let call = self.op_at(op).call;
        let mut objects = std::mem::take(&mut self.fx.objects);
        self.watchable(&call, &mut objects);
        for object in objects.drain(..) {
            let Some(watch) = self.free_watch(op) else {
                self.reaches(Limit { most: self.room_for_watches(op), of: "objects that this thread watches" });
                break;
            };
            self.watch_put(watch, Some(Watch { op, object }));
            self.op_mut(op).watched.push(watch);
            match object {
                Object::Socket(s) => self.extra_mut(s).watches.push(watch),
                Object::Event(e) => self.event_mut(e).watches.push(watch),
                Object::Window(w) => self.window_mut(w).watches.push(watch),
            }
        }
        self.fx.objects = objects;
    }

    /// What a call that watches names, each object once.
    fn watchable(&self, call: &Call, objects: &mut Vec<Object>) {
        let mut add = |object: Option<Object>| {
            if let Some(object) = object.filter(|object| !objects.contains(object)) {
                objects.push(object);
            }
        };
        let socket = |handle: Handle| self.resolve_socket(handle).map(Object::Socket);
        match call {
            Call::Select { readfds, writefds, exceptfds, .. } => {
                for set in [readfds, writefds, exceptfds].into_iter().flatten() {
                    set.iter().for_each(|handle| add(socket(handle)));
                }
            }
            Call::WSAPoll { fds, .. } => fds.iter().for_each(|(handle, _)| add(socket(handle))),
            Call::WSAWaitForMultipleEvents { events, .. } | Call::WSAWaitForAllEvents { events, .. } => {
                events.iter().for_each(|handle| add(self.resolve_event(handle).map(Object::Event)));
            }
            // It stands at the socket through which it is made as well, to be found there.
            Call::AfdPoll { file, handles, .. } => {
                add(socket(*file));
                handles.iter().for_each(|(handle, _)| add(socket(handle)));
            }
            Call::GetMessage { window } => add(self.resolve_window(*window).map(Object::Window)),
            _ => {}
        }
    }

    /// The call in question stays blocked for good: what it waited for is gone.
    pub fn strand(&mut self) {
        if let Some(op) = self.op() {
            self.withdraw(op);
            self.block();
            let Operation { ref call, wants, .. } = *self.op_at(op);
            let about = self.is_about(call, wants);
            self.op_mut(op).about = about;
            self.enlist(op);
        }
    }

    // Operations go on.

    /// Makes this the step of an operation that looks again.
    pub(crate) fn look_again(&mut self, op: OpId) {
        self.focus_on(op);
        self.goes_on(op);
    }

    /// The operation in question looks again.
    #[inline]
    pub(crate) fn goes_on(&mut self, op: OpId) {
        self.again = true;
        if let Some(table) = self.call().function().looks_again() {
            self.fires(op, table);
        }
    }

    /// The rules of this table say what becomes of an operation.
    pub(crate) fn decides_by(&mut self, op: OpId, table: Table) {
        self.focus_on(op);
        self.fires(op, table);
    }

    /// The rules of this table say what becomes of the operation in question.
    #[inline]
    pub(crate) fn fires(&mut self, op: OpId, table: Table) {
        let thread = self.thread;
        if self.apply(table) {
            self.resume(op, thread, self.outcome());
        }
    }

    /// Lets everybody look again who was woken, until nobody is left. Operations that stand in a socket's lines come
    /// before those that only watch it: what they take, nobody sees (windows-facts WT-AEX-041, -042).
    #[inline]
    pub(crate) fn settle(&mut self) {
        if !self.fx.wakes.is_empty() {
            self.all_look();
        }
    }

    #[inline(never)]
    fn all_look(&mut self) {
        while let Some(wake) = self.fx.wakes.pop_first() {
            match wake {
                Wake::Socket(s) => {
                    if let Some(op) = self.socket_at(s).extra().claimed
                        && matches!(self.op_at(op).phase, Phase::Holds(_))
                    {
                        self.goes_on_by(op, Table::AcceptExData);
                    }
                    self.line_looks(s);
                    if self.socket_at(s).watches().is_empty() {
                        continue;
                    }
                    self.watchers_look(Object::Socket(s));
                }
                Wake::Event(e) => self.watchers_look(Object::Event(e)),
                Wake::Window(w) => self.watchers_look(Object::Window(w)),
                Wake::Occurs(s, event) => {
                    self.turns_to_socket(Some(s));
                    self.network_event = event;
                    // A request that gives the socket back may be over by the same segment: then it has no connection any more.
                    // And a call may have brought down its process, with all its sockets.
                    if !self.sock().recycled && self.state() != State::NotASocket {
                        self.apply(Table::NetworkEvent);
                    }
                }
                Wake::Ends(op, cause) => {
                    self.cause = cause;
                    let withdrawn = cause == Cause::Withdrawn;
                    self.ends(op, if withdrawn { Status::CONNECTION_RESET } else { Status::CANCELLED });
                }
                Wake::Answered(op) => self.is_answered(op),
                Wake::Packet(port) => self.port_looks(port),
                Wake::Abandoned(op) => self.decides_by(op, Table::PortIsClosed),
                Wake::Completed(over, thread) => {
                    for op in self.who_awaits(over, thread) {
                        self.look_again(op);
                    }
                }
            }
        }
    }

    /// Operations that watch this among others look again, first come first.
    #[inline(never)]
    fn watchers_look(&mut self, object: Object) {
        let mut looking = std::mem::take(&mut self.fx.looking);
        let watches = match object {
            Object::Socket(s) => self.socket_at(s).watches(),
            Object::Event(e) => &self.event_at(e).watches,
            Object::Window(w) => &self.window_at(w).watches,
        };
        looking.extend(watches.iter().map(|watch| self.watch_at(watch).op));
        looking.drain(..).for_each(|op| self.woken(op));
        self.fx.looking = looking;
    }

    /// Operations in a socket's line look again, first come first. At a listener they do while there is a connection for one more:
    /// whoever stands behind does not cost anything.
    #[inline(always)]
    fn line_looks(&mut self, s: SocketId) {
        let (mut place, mut awake) = (0, 0);
        let mut next = self.socket_at(s).waiting().first();
        while let Some(op) = next {
            let socket = self.socket_at(s);
            if socket.state == State::Listening && socket.accept_queue().len() <= awake {
                return;
            }
            self.woken(op);
            next = self.socket_at(s).waiting().get(place);
            // Who was served has left the line.
            if next == Some(op) {
                awake += usize::from(self.op_at(op).phase == Phase::Woken);
                place += 1;
                next = self.socket_at(s).waiting().get(place);
            }
        }
    }

    /// The port is closed that a call waits at: when the step has done the rest, it ends.
    pub(crate) fn abandons(&mut self, op: OpId) {
        self.later(Wake::Abandoned(op));
    }

    /// Of those who wait at a port the last to come looks first, as long as there are packets.
    fn port_looks(&mut self, port: PortId) {
        while let Some(op) = self.port_at(port).waiting.iter().last().filter(|_| !self.port_at(port).packets.is_empty())
        {
            self.look_again(op);
            if self.op_if(op).is_some() {
                return;
            }
        }
    }

    /// The calls that wait for the end of the request with this OVERLAPPED, which this thread has made.
    pub(crate) fn who_awaits(&self, over: OverId, thread: ThreadId) -> Vec<OpId> {
        let awaits = |op: &OpId| match self.op_at(*op).call {
            Call::WSAGetOverlappedResult { overlapped, .. } | Call::GetOverlappedResult { overlapped, .. } => {
                overlapped.names() == Named::Overlapped(over)
            }
            _ => false,
        };
        let threads = self.threads_of(self.process_of(thread));
        threads.iter().filter_map(|thread| self.waits(*thread)).filter(awaits).collect()
    }

    /// What was sent in this direction has arrived: requests that wait for that look again.
    pub(crate) fn has_arrived(&mut self, conn: ConnId, direction: Direction) {
        let Some(s) = self.end_at(conn, direction).socket() else { return };
        let waits = |op: OpId| self.op_at(op).wants == Wants::Room;
        let waiting = self.socket_at(s).waiting();
        if !waiting.is_empty() && waiting.iter().any(waits) {
            self.later(Wake::Socket(s));
        }
    }

    #[inline(always)]
    fn woken(&mut self, op: OpId) {
        let Some(&Operation { phase: Phase::Waits, wants, thread, ref call, tells, .. }) = self.op_if(op) else {
            return;
        };
        match wants {
            Wants::ConnectionInto { .. } => self.goes_on_by(op, Table::AcceptExTakes),
            Wants::Bytes
            | Wants::Room
            | Wants::Established
            | Wants::Readable
            | Wants::Disconnection { .. }
            | Wants::TimeWait
                if !tells.returns =>
            {
                if let Some(table) = call.function().looks_again() {
                    self.goes_on_by(op, table);
                }
            }
            // Where its thread is in other user code a condition function has nowhere to run.
            Wants::Decision if self.thread_at(thread).frames.last() != Some(Frame::Waits(op)) => {}
            _ => {
                self.focus_on(op);
                self.apply(Table::Wake);
            }
        }
    }

    /// A thread in accept is woken, to look again later.
    pub(crate) fn wakes(&mut self, op: OpId) {
        let Operation { thread, about, .. } = *self.op_at(op);
        if self.process_at(self.process_of(thread)).faults.no_descriptors && !self.chooses(WAIT_MFILE_FAILS) {
            // It could not take the connection: somebody else may.
            return;
        }
        let Some(listener) = about else { return };
        let queued = self.socket_at(listener).accept_queue().len();
        let is_awake = |op: &OpId| self.op_at(*op).phase == Phase::Woken;
        let awake = self.socket_at(listener).waiting().iter().filter(is_awake).count();
        // One thread is woken per connection that waits, no more.
        if awake < queued {
            self.op_mut(op).phase = Phase::Woken;
        }
    }

    /// An overlapped operation goes on by these rules, at the socket that it is about: the handle that it came through may be
    /// gone.
    pub(crate) fn goes_on_by(&mut self, op: OpId, table: Table) {
        self.focus_on(op);
        let about = self.op_at(op).about;
        self.turns_to_socket(about);
        self.turns_to_conn(about.and_then(|s| self.socket_at(s).conn));
        self.again = true;
        self.apply(table);
    }

    /// The same within the effect of another rule: what was in question is in question afterwards.
    pub(crate) fn aside(&mut self, op: OpId, table: Table) {
        let At { thread, op: before, socket, copy, conn, again, taking, gives, .. } = *self;
        let asking = self.asking.get();
        self.goes_on_by(op, table);
        (self.thread, self.op, self.socket, self.copy, self.conn) = (thread, before, socket, copy, conn);
        (self.again, self.taking, self.gives) = (again, taking, gives);
        self.trouble = true; // what is wrong is looked for again
        self.asking.set(asking);
    }

    /// An overlapped operation begins: its OVERLAPPED says that it is pending, its event is reset. It stands in the line of the
    /// socket that it is about, and in that order it is served.
    pub(crate) fn posts(&mut self, wants: Wants, over: OverId) -> Option<OpId> {
        let overlapped = *self.over_at(over);
        let routine = self.call().has_routine();
        // Who has a completion routine may use `hEvent` as he likes.
        let event = overlapped.event.filter(|_| !routine).and_then(|handle| self.resolve_event(handle));
        let tells =
            Tells { over: Some(over), event, routine, port: !routine && !overlapped.low_bit, ..Tells::default() };
        let call = *self.call();
        let about = self.is_about(&call, wants);
        let op = self.starts(self.thread, &call, wants, tells, about)?;
        self.over_put(over, Overlapped { status: Status::PENDING, bytes: 0, ..overlapped });
        if let Some(event) = event {
            self.event_mut(event).signalled = false;
        }
        self.enlist(op);
        if let Wants::ConnectionInto { socket, .. } = wants {
            self.extra_mut(socket).claimed = Some(op);
        }
        if let Some(about) = self.op_at(op).about {
            self.offer(about);
        }
        Some(op)
    }

    /// The first connection of the queue goes into the socket that is there for it.
    pub(crate) fn takes_into(&mut self, op: OpId) {
        let Operation { wants: Wants::ConnectionInto { socket, .. }, about: Some(listener), .. } = *self.op_at(op)
        else {
            return;
        };
        let Some(conn) = self.extra_mut(listener).accept_queue.pop_first() else { return };
        let connection = self.conn_mut(conn);
        (connection.listener, connection.sampled) = (None, None);
        connection.server.hold(Some(socket));
        let local = connection.server_address;
        let local = local.seen_by(self.socket_at(socket).family);
        let accept = self.socket_mut(socket);
        (accept.conn, accept.without_context) = (Some(conn), true);
        self.set_state(socket, State::Connected);
        self.set_local(socket, local);
        self.op_mut(op).phase = Phase::Holds(conn);
        self.moves_to_holding(op);
    }

    /// It has a connection, and is not complete: nobody walks past it, and it takes no other.
    pub(crate) fn moves_to_holding(&mut self, op: OpId) {
        if let Some(s) = self.op_at(op).about {
            self.leaves_line(s, op);
            self.extra_mut(s).holding.push(op);
        }
    }

    /// It has no connection any more.
    pub(crate) fn moves_to_waiting(&mut self, op: OpId) {
        if let Some(s) = self.op_at(op).about {
            self.extra_mut(s).holding.remove(op);
            self.heads_line(s, op);
        }
    }

    // What they wait for goes.

    /// An operation loses its socket or its Winsock: when the step has done the rest, it ends.
    pub fn cancel(&mut self, op: OpId, cause: Cause) {
        self.later(Wake::Ends(op, cause));
    }

    /// A handle has just been closed: calls that wait through it lose what they wait for. Overlapped operations go on
    /// until the last handle is (windows-facts WT-IOCP-008). `process` is the one whose handle it was; `None` for a
    /// handle that all share.
    pub fn handle_closed(&mut self, object: Object, handle: Handle, process: Option<ProcessId>) {
        if let Object::Socket(s) = object
            && self.socket_at(s).is_plain()
        {
            return;
        }
        let mut ops = std::mem::take(&mut self.fx.looking);
        let watches = match object {
            Object::Socket(s) => {
                let socket = self.socket_at(s);
                ops.extend(socket.waiting().iter().chain(socket.holding().iter()));
                socket.watches()
            }
            Object::Event(e) => &self.event_at(e).watches,
            Object::Window(w) => &self.window_at(w).watches,
        };
        ops.extend(watches.iter().map(|watch| self.watch_at(watch).op));
        for op in ops.drain(..) {
            let Operation { thread, call, tells, .. } = *self.op_at(op);
            if tells.returns
                && process.is_none_or(|process| self.process_of(thread) == process)
                && names(&call, |named| named == handle)
            {
                self.cancel(op, Cause::Close);
            }
        }
        self.fx.looking = ops;
    }

    /// Polls of the driver that watch a socket which is gone, or were made through it.
    #[inline(never)]
    fn polls_lose(&mut self, s: SocketId) {
        let polls = self.polls_at(s, |_| true);
        polls.into_iter().for_each(|op| self.aside(op, Table::AfdPollCloses));
    }

    /// The socket is gone through which a poll of the driver was made: its packet goes where that sent packets.
    pub(crate) fn forgets_handle(&mut self, op: OpId) {
        let Call::AfdPoll { file, .. } = self.op_at(op).call else { return };
        let Some(s) = self.slot_of(file) else { return };
        let port = self.socket_at(s).extra().port;
        let operation = self.op_mut(op);
        operation.port = port;
        if let Call::AfdPoll { file, .. } = &mut operation.call {
            *file = Handle::INVALID;
        }
    }

    /// The polls of the driver that stand at a socket and of which this holds.
    pub(crate) fn polls_at(&self, s: SocketId, is_it: impl Fn(&Operation) -> bool) -> Vec<OpId> {
        let at_it = self.socket_at(s).watches().iter().map(|watch| self.watch_at(watch).op);
        at_it.filter(|op| self.op_at(*op).is_poll() && is_it(self.op_at(*op))).collect()
    }

    /// The last handle of a socket is gone. What is to give it its connection ends; so do overlapped operations that go
    /// on at it. Blocked calls stand here no more: they end for the same cause, or stay blocked for good. Those whose
    /// thread decides about a connection stay until it has.
    pub(crate) fn socket_closed(&mut self, s: SocketId) {
        if self.socket_at(s).is_plain() {
            return;
        }
        if let Some(op) = self.socket_at(s).extra().claimed {
            self.aside(op, Table::AcceptExLoses);
        }
        let mut ops = std::mem::take(&mut self.fx.looking);
        let socket = self.socket_at(s);
        ops.extend(socket.waiting().iter().chain(socket.holding().iter()));
        for op in ops.drain(..) {
            let Operation { tells, phase, wants, .. } = *self.op_at(op);
            let of_connection =
                matches!(wants, Wants::Bytes | Wants::Room | Wants::Disconnection { .. } | Wants::TimeWait);
            if !tells.returns && of_connection {
                self.aside(op, Table::RequestCloses);
            } else if !tells.returns {
                self.ends(op, Status::CANCELLED);
            } else if !matches!(phase, Phase::Decides(_)) {
                self.withdraw(op);
                let operation = self.op_mut(op);
                operation.about = None;
                if let Phase::Answers(_) = phase {
                    operation.phase = Phase::Waits;
                }
            }
        }
        self.fx.looking = ops;
        self.polls_lose(s);
        while let Some(watch) = self.socket_at(s).watches().first() {
            let op = self.watch_at(watch).op;
            self.extra_mut(s).watches.remove(watch);
            self.op_mut(op).watched.remove(watch);
            self.watch_put(watch, None);
        }
    }
}
