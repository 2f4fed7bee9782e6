//! How operations end: the one place that completes them, and the one that ends those that have not what they wait for.

use crate::at::{At, Wake};
use crate::call::{Address, Call, Handle, ThreadId};
use crate::code::Code;
use crate::engine::failure;
use crate::operation::{
    Apc, Association, Ended, Frame, Object, OpId, Operation, Overlapped, Packet, Phase, PortId, Tells, Wants,
};
use crate::outcome::Outcome;
use crate::rule::{Limit, Table};
use crate::rules::disconnection;
use crate::status::Status;
use crate::wait::port_of;
use crate::world::{APCS, ConnId, Direction, Segment, State, Tcb};

impl At<'_> {
    /// The one place where an operation becomes complete: it stands nowhere any more, and tells so in every way it has.
    /// `gives` is what its call returns, where the page of the call says so itself; else it follows from the status.
    pub(crate) fn completes(&mut self, op: OpId, status: Status, bytes: u32, gives: Option<&Outcome>) {
        debug_assert!(
            self.asking.get().is_none_or(|rule| rule.ends.is_empty() || rule.ends.contains(&status)),
            "{:?} ends a request with {status:?}, which it does not declare",
            self.asking.get()
        );
        self.withdraw(op);
        let &Operation { tells, thread, .. } = self.op_at(op);
        if tells == Tells::RETURNS && self.waits(thread) == Some(op) {
            // A plain call whose frame is the top one: nobody could see that it was complete and had not returned.
            return self.returns(op, thread, status, gives);
        }
        let done = self.op_mut(op);
        (done.phase, done.status, done.bytes, done.gives) = (Phase::Done, status, bytes, gives.copied().map(Box::new));
        if let Some(over) = tells.over {
            let before = *self.over_at(over);
            self.over_put(over, Overlapped { status, bytes, ..before });
            if let Some(Association { port, key }) = self.port_for(op).filter(|_| tells.port) {
                self.posts_packet(port, Packet { key, over: Some(Handle::overlapped(over)), status, bytes });
            }
            if !self.who_awaits(over, thread).is_empty() {
                self.later(Wake::Completed(over, thread));
            }
        }
        if let Some(event) = tells.event {
            self.signal(event);
        }
        if let Some(over) = tells.over.filter(|_| tells.routine) {
            self.queues(thread, Apc::Completion(over));
        }
        if tells.returns {
            self.tells_caller(thread);
        } else {
            self.op_is_over(op);
        }
    }

    /// Where the packet of a request goes: to the port of the socket that it is about, or through which it was made.
    pub(crate) fn port_for(&self, op: OpId) -> Option<Association> {
        let operation = self.op_at(op);
        let s = match operation.call {
            Call::AfdPoll { file, .. } => self.slot_of(file),
            _ => operation.about,
        };
        s.map_or(operation.port, |s| self.socket_at(s).extra().port)
    }

    /// An APC waits for its thread to wait alertably.
    pub(crate) fn queues(&mut self, thread: ThreadId, apc: Apc) {
        if self.thread_at(thread).apcs.len() == APCS {
            self.reaches(Limit { most: APCS, of: "APCs queued to one thread" });
        }
        self.thread_mut(thread).apcs.push(apc);
    }

    /// A packet goes to a port, if that is still there.
    pub(crate) fn posts_packet(&mut self, port: PortId, packet: Packet) {
        if !self.port_at(port).closed {
            self.port_mut(port).packets.push(packet);
            if !self.port_at(port).waiting.is_empty() {
                self.later(Wake::Packet(port));
            }
        }
    }

    /// A complete call returns as soon as its frame is the top one.
    pub(crate) fn tells_caller(&mut self, thread: ThreadId) {
        let Some(Frame::Waits(op)) = self.thread_at(thread).frames.last() else { return };
        let &Operation { phase: Phase::Done, status, ref gives, .. } = self.op_at(op) else { return };
        let gives = gives.as_deref().copied();
        self.returns(op, thread, status, gives.as_ref());
    }

    /// A call returns: its operation is over, and its frame, the top one, goes.
    #[inline(always)]
    fn returns(&mut self, op: OpId, thread: ThreadId, status: Status, gives: Option<&Outcome>) {
        let failed;
        let outcome = match gives {
            Some(outcome) => outcome,
            None => {
                failed = failure(&self.op_at(op).call, status.winsock());
                &failed
            }
        };
        let frames = &mut self.thread_mut(thread).frames;
        frames.pop_last();
        if let Some(Frame::Hook(_)) = frames.last() {
            // A hook makes one call.
            frames.pop_last();
        }
        if outcome.error != Code::NONE && !self.op_at(op).call.function().does().points {
            self.thread_mut(thread).last_error = outcome.error;
        }
        self.op_is_over(op);
        self.fx.returns.extend(std::iter::once_with(|| (thread, *outcome)));
    }

    /// The rules have said what the call of the operation in question gives.
    #[inline]
    pub(crate) fn resume(&mut self, op: OpId, thread: ThreadId, outcome: Outcome) {
        if self.op_if(op).is_none() {
            // Nothing more can be said of its thread, and so the operation is gone.
            self.fx.returns.push((thread, outcome));
            return;
        }
        let status = if outcome.error == Code::NONE { Status::SUCCESS } else { Status::UNSUCCESSFUL };
        self.completes(op, status, 0, Some(&outcome));
    }

    /// Ends an operation that has not what it waits for, and lets go of what it holds. What a blocked call then shows is
    /// said by rules, and depends on the cause.
    pub(crate) fn ends(&mut self, op: OpId, status: Status) {
        let Some(&Operation { phase, tells, .. }) = self.op_if(op) else { return };
        match phase {
            Phase::Done => {}
            // Its thread is in user code: the call cannot return before that does.
            Phase::Decides(_) => self.op_mut(op).status = status,
            _ if tells.returns => {
                self.decides_by(op, Table::Cancelled);
            }
            Phase::Waits | Phase::Woken | Phase::Holds(_) | Phase::Answers(_) => {
                self.lets_go(op);
                self.completes(op, status, 0, None);
            }
        }
    }

    /// The connection that an operation holds is reset; the socket that was to have it is as it was.
    pub(crate) fn lets_go(&mut self, op: OpId) {
        let Operation { phase: Phase::Holds(conn) | Phase::Decides(conn), wants, .. } = *self.op_at(op) else { return };
        if let Wants::ConnectionInto { socket, .. } = wants {
            let accept = self.socket_mut(socket);
            (accept.conn, accept.without_context) = (None, false);
            self.set_state(socket, State::Unbound);
            self.set_local(socket, Address::default());
        }
        self.op_mut(op).phase = Phase::Waits;
        let connection = self.conn_mut(conn);
        (connection.listener, connection.sampled) = (None, None);
        connection.server.hold(None);
        self.resets(conn);
    }

    /// The server's end of a connection that nobody has any more is reset.
    fn resets(&mut self, conn: ConnId) {
        self.forget_unread(conn, Direction::Down);
        let end = &mut self.conn_mut(conn).server;
        let live = end.tcb == Tcb::Established;
        end.tcb = Tcb::None;
        if live {
            self.send(conn, Direction::Down, Segment::Rst);
        }
        self.reap(conn);
    }

    /// Takes an operation out of its line, and off every object that it watches. Who comes behind it may have what it
    /// does not take.
    #[inline]
    pub(crate) fn withdraw(&mut self, op: OpId) {
        let &Operation { about, ref watched, wants, .. } = self.op_at(op);
        if !watched.is_empty() {
            self.watches_no_more(op);
        }
        if let Wants::ConnectionInto { socket, .. } = wants
            && self.socket_at(socket).extra().claimed == Some(op)
        {
            self.extra_mut(socket).claimed = None;
        }
        if wants == Wants::Packet
            && let Some(port) = port_of(&self.op_at(op).call)
        {
            self.port_mut(port).waiting.remove(op);
        }
        if let Some(s) = about {
            if !self.leaves_line(s, op) && self.socket_at(s).extra.is_some() {
                self.extra_mut(s).holding.remove(op);
            }
            let socket = self.socket_at(s);
            if !socket.accept_queue().is_empty() {
                self.wake(s);
            } else if !socket.waiting().is_empty()
                && socket.state == State::Connected
                && disconnection(self, s).is_some()
            {
                // It has let those go first that stood there, too.
                self.wake(s);
            }
        }
    }

    /// Takes an operation off every object that it watches.
    fn watches_no_more(&mut self, op: OpId) {
        let watched = std::mem::take(&mut self.op_mut(op).watched);
        for watch in watched.iter() {
            match self.watch_at(watch).object {
                Object::Socket(s) => self.extra_mut(s).watches.remove(watch),
                Object::Event(e) => self.event_mut(e).watches.remove(watch),
                Object::Window(w) => self.window_mut(w).watches.remove(watch),
            };
            self.watch_put(watch, None);
        }
    }

    /// A thread is no more, or nothing can be said of it: the call that it waits in ends with it and tells nobody. What becomes of
    /// its overlapped requests rules say, unless its whole process goes; they stay where nothing can be said of their thread.
    pub(crate) fn thread_ends(&mut self, thread: ThreadId, ended: Ended, with_process: bool) {
        let gone = self.thread_mut(thread);
        (gone.frames, gone.ended) = (crate::small::Small::default(), ended);
        for op in self.ops_of(thread) {
            let tells = self.op_at(op).tells;
            if tells.returns {
                self.lets_go(op);
                self.withdraw(op);
                self.op_is_over(op);
                continue;
            }
            if with_process {
                self.ends(op, Status::CANCELLED);
            } else if ended == Ended::Exited {
                self.aside(op, Table::ThreadEndsRequest);
            }
        }
        if ended == Ended::Exited {
            self.thread_mut(thread).apcs.clear();
            // The system destroys its windows, with all that waits for them.
            self.windows_end(thread);
        }
    }
}
