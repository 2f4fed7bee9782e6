//! User code that Winsock calls: condition functions, APCs, blocking hooks. It runs in a frame above the call that it
//! interrupts, and may call again; that call goes on, or returns, when the frame is gone.

use crate::at::At;
use crate::call::{Handle, Routine, ThreadId};
use crate::code::Code;
use crate::operation::{Answer, Apc, Frame, OpId, Operation, Overlapped, Phase, Wants};
use crate::outcome::{Out, Outcome, Value};
use crate::rule::Table;
use crate::rules::RETRIES;
use crate::status::Status;
use crate::world::{ConnId, Direction, Segment, Tcb};

/// What a wait returns when an APC has ended it.
pub(crate) const IO_COMPLETION: Outcome = Outcome { value: Value::WaitIoCompletion, error: Code::NONE, out: Out::None };

impl At<'_> {
    /// A connection is there for a call whose caller decides: its condition function begins to run.
    pub(crate) fn asks(&mut self) {
        self.block();
        let Some(op) = self.op().or_else(|| self.waits(self.thread)) else { return };
        let Operation { about: Some(listener), thread, .. } = *self.op_at(op) else { return };
        let Some(conn) = self.extra_mut(listener).accept_queue.pop_first() else { return };
        // It stays the listener's while it is decided about.
        self.op_mut(op).phase = Phase::Decides(conn);
        self.moves_to_holding(op);
        self.runs_user_code(thread, Frame::Condition(op));
    }

    /// The call in question accepts the first of the queue, a request that nobody has answered: it has its connection when the
    /// handshake is complete.
    pub(crate) fn answers(&mut self) {
        self.block();
        let Some(op) = self.op().or_else(|| self.waits(self.thread)) else { return };
        let Some(listener) = self.op_at(op).about else { return };
        let Some(conn) = self.extra_mut(listener).accept_queue.pop_first() else { return };
        self.op_mut(op).phase = Phase::Answers(conn);
        self.moves_to_holding(op);
        self.extra_mut(listener).syn_queue.push(conn);
        let connection = self.conn_mut(conn);
        // From here on it is the server that repeats what is not answered: its SYN-ACK.
        (connection.server.tcb, connection.timer, connection.retries) = (Tcb::SynReceived, false, RETRIES);
        self.send(conn, Direction::Down, Segment::SynAck);
    }

    /// The handshake is complete of the request that an operation has accepted: the connection is the first of the queue again.
    pub(crate) fn is_answered(&mut self, op: OpId) {
        let Some(&Operation { phase: Phase::Answers(conn), about: Some(listener), .. }) = self.op_if(op) else {
            return;
        };
        self.op_mut(op).phase = Phase::Waits;
        self.moves_to_waiting(op);
        let queues = self.extra_mut(listener);
        queues.syn_queue.remove(conn);
        queues.accept_queue.push_first(conn);
        if let Wants::ConnectionInto { .. } = self.op_at(op).wants {
            return self.goes_on_by(op, Table::AcceptExTakes);
        }
        self.focus_on(op);
        (self.answer, self.again) = (Answer::ACCEPTS, true);
        self.fires(op, Table::AcceptQueue);
    }

    /// User code begins to run in a thread.
    pub(crate) fn runs_user_code(&mut self, thread: ThreadId, frame: Frame) {
        self.thread_mut(thread).frames.push(frame);
        self.fx.runs.push((thread, frame));
    }

    /// User code that Winsock called comes back.
    pub(crate) fn comes_back(&mut self, thread: ThreadId, answer: Answer) {
        match self.thread_at(thread).frames.last() {
            Some(Frame::Condition(op)) if answer != Answer::Nothing => {
                self.thread_mut(thread).frames.pop_last();
                if let Phase::Decides(conn) = self.op_at(op).phase {
                    self.decided(op, conn, answer);
                }
            }
            Some(Frame::Apc) => {
                self.thread_mut(thread).frames.pop_last();
                self.apc_is_over(thread);
            }
            Some(Frame::Condition(_) | Frame::Waits(_) | Frame::Hook(_)) | None => {}
        }
    }

    /// The condition function has said what becomes of the connection: it is the first in the queue again, for the rules that
    /// take it from there.
    fn decided(&mut self, op: OpId, conn: ConnId, answer: Answer) {
        let Operation { about, status, .. } = *self.op_at(op);
        let Some(listener) = about else { return };
        let table = if status == Status::PENDING {
            self.op_mut(op).phase = Phase::Waits;
            self.moves_to_waiting(op);
            self.extra_mut(listener).accept_queue.push_first(conn);
            Table::ConditionReturns
        } else {
            // Its listener has gone meanwhile, and with it the queue.
            self.lets_go(op);
            Table::Cancelled
        };
        self.focus_on(op);
        (self.answer, self.again) = (answer, true);
        self.fires(op, table);
    }

    /// The call below an APC goes on: more APCs may be due, or it may be complete.
    fn apc_is_over(&mut self, thread: ThreadId) {
        let Some(Frame::Waits(op)) = self.thread_at(thread).frames.last() else { return };
        let due = !self.thread_at(thread).apcs.is_empty();
        let Operation { call, about, .. } = *self.op_at(op);
        if due && call.lets_apcs_run() && call.alertable() {
            self.decides_by(op, Table::Apc);
            if self.waits(thread) != Some(op) {
                return;
            }
        }
        if self.op_at(op).phase == Phase::Done {
            return self.tells_caller(thread);
        }
        // A condition function had nowhere to run meanwhile.
        if let Some(about) = about {
            self.offer(about);
        }
    }

    /// A completion routine begins to run in the call in question, and before it the APCs that were queued before. What the call
    /// then gives, where that is known by now, it gives when its thread comes back.
    pub(crate) fn calls_routine(&mut self) {
        let gives = self.gives.take();
        if self.op().is_none() {
            self.block();
        }
        let thread = self.thread;
        let Some(op) = self.op().or_else(|| self.waits(thread)) else { return };
        if let Some(gives) = gives {
            self.withdraw(op);
            let done = self.op_mut(op);
            (done.phase, done.status, done.gives) = (Phase::Done, Status::SUCCESS, Some(Box::new(gives)));
        }
        while let Some(Apc::User(_)) = self.thread_at(thread).apcs.first() {
            self.runs_first_apc();
        }
        self.apc_runs(thread);
    }

    /// The first APC of a thread begins to run as user code that calls.
    pub(crate) fn apc_runs(&mut self, thread: ThreadId) {
        let Some(apc) = self.thread_mut(thread).apcs.pop_first() else { return };
        self.runs_user_code(thread, Frame::Apc);
        if let Apc::Completion(over) = apc {
            let Overlapped { status, bytes, .. } = *self.over_at(over);
            let out = Out::Routine { error: status.winsock(), bytes, over: Handle::overlapped(over) };
            self.fx.returns.push((thread, Outcome { value: Value::CallsRoutine, error: Code::NONE, out }));
        }
    }

    /// Runs the first APC of the thread in question, if it is one that is over at once.
    pub(crate) fn runs_first_apc(&mut self) -> bool {
        let Some(Apc::User(routine)) = self.thread().apcs.first() else { return false };
        self.thread_mut(self.thread).apcs.pop_first();
        if let Routine::SetEvent(handle) = routine
            && let Some(event) = self.resolve_event(handle)
        {
            self.signal(event);
        }
        true
    }
}
