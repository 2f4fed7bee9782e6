//! Completion routines: closures, which run in an alertable wait of the thread that made the request, and may call themselves.

use std::cell::RefCell;

use winaccept_model::call::{Call, Data, Handle, Set, Timeout};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};
use winaccept_model::step::Answer;

use crate::overlapped::{Overlapped, OverlappedId};
use crate::winsock::{Error, Event, Reply, Request, Socket, Winsock};

type Result<T> = std::result::Result<T, Error>;

/// What a completion routine is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Completion {
    /// `dwError`: Winsock's code, where the request has failed.
    pub error: Option<Error>,
    /// `cbTransferred`
    pub bytes: u32,
    /// `lpOverlapped`
    pub overlapped: OverlappedId,
}

/// A completion routine.
pub type Routine = Box<dyn FnOnce(&Winsock<'_>, Completion)>;

/// Those of a thread that have not run, by the OVERLAPPED of their request.
pub(crate) type Routines = RefCell<Vec<(Handle, Routine)>>;

/// What ended an alertable wait for events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Woken {
    /// The event of this index is set.
    By(usize),
    /// Nothing has come in time.
    TimedOut,
    /// Completion routines have run.
    Routines,
}

impl Winsock<'_> {
    /// The next request of this thread with this OVERLAPPED has this completion routine.
    pub fn completes_by(&self, overlapped: OverlappedId, routine: Routine) {
        self.never_completes(overlapped);
        self.routines.borrow_mut().push((overlapped.0, routine));
    }

    /// The request was not made: its completion routine never runs.
    pub fn never_completes(&self, overlapped: OverlappedId) {
        self.routines.borrow_mut().retain(|(over, _)| *over != overlapped.0);
    }

    /// Completion routines that the call calls run, until it has given something else.
    #[inline(always)]
    pub(crate) fn after_routines(&self, outcome: Outcome) -> Outcome {
        if outcome.value == Value::CallsRoutine { self.runs_routines(outcome) } else { outcome }
    }

    #[inline(never)]
    fn runs_routines(&self, mut outcome: Outcome) -> Outcome {
        while let Outcome { value: Value::CallsRoutine, out: Out::Routine { error, bytes, over }, .. } = outcome {
            let place = self.routines.borrow().iter().position(|(of, _)| *of == over);
            let routine = place.map(|place| self.routines.borrow_mut().remove(place).1);
            if let Some(routine) = routine {
                let error = (error != Code::NONE).then_some(error);
                routine(self, Completion { error, bytes, overlapped: OverlappedId(over) });
            }
            outcome = match self.asks(Request::Answer(Answer::Nothing)) {
                Reply::Outcome(outcome) => outcome,
                _ => Outcome::number(0),
            };
        }
        outcome
    }

    /// A request with a completion routine begins.
    fn begins(&self, overlapped: &Overlapped, routine: Routine, call: Call) -> Result<u32> {
        self.completes_by(overlapped.id(), routine);
        let moved = self.moved(call);
        if !matches!(moved, Ok(_) | Err(Code::ERROR_IO_PENDING)) {
            self.never_completes(overlapped.id());
        }
        moved
    }

    /// `WSARecv` as [`Winsock::wsa_recv`], with a completion routine.
    ///
    /// # Errors
    /// Winsock's; `ERROR_IO_PENDING` is none. After any other the routine does not run.
    pub fn wsa_recv_then(
        &self,
        s: Socket,
        len: u32,
        overlapped: &Overlapped,
        routine: impl FnOnce(&Winsock<'_>, Completion) + 'static,
    ) -> Result<u32> {
        let (buffers, over) = (Set::collect([len]), overlapped.over);
        let call = Call::WSARecvOverlapped { s: s.0, buffers, bytes: true, overlapped: over, routine: true };
        self.begins(overlapped, Box::new(routine), call)
    }

    /// `WSASend` as [`Winsock::wsa_send`], with a completion routine.
    ///
    /// # Errors
    /// As of [`Winsock::wsa_recv_then`].
    pub fn wsa_send_then(
        &self,
        s: Socket,
        bytes: &[u8],
        overlapped: &Overlapped,
        routine: impl FnOnce(&Winsock<'_>, Completion) + 'static,
    ) -> Result<u32> {
        let Some(buffer) = Data::new(&bytes[..bytes.len().min(Data::MAX)]) else { return Err(Code::WSAENOBUFS) };
        let over = overlapped.over;
        let call = Call::WSASendOverlapped { s: s.0, buffer, bytes: true, overlapped: over, routine: true };
        self.begins(overlapped, Box::new(routine), call)
    }

    /// `SleepEx(timeout, TRUE)`: has a completion routine run?
    pub fn sleep_alertably(&self, timeout: Timeout) -> bool {
        self.call(Call::SleepEx { timeout, alertable: true }).value == Value::WaitIoCompletion
    }

    /// `WSAWaitForMultipleEvents` for any of them, alertably.
    ///
    /// # Errors
    /// Winsock's.
    pub fn wait_alertably(&self, events: &[Event], timeout: Timeout) -> Result<Woken> {
        let Some(set) = Set::new(events.iter().map(|event| event.0)) else { return Err(Code::WSA_INVALID_PARAMETER) };
        let outcome = self.call(Call::WSAWaitForMultipleEvents { events: set, timeout, alertable: true });
        match outcome.value {
            Value::WaitEvent(index) => Ok(Woken::By(index.into())),
            Value::WaitTimeout => Ok(Woken::TimedOut),
            Value::WaitIoCompletion => Ok(Woken::Routines),
            _ => Err(outcome.error),
        }
    }
}
