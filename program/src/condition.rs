//! `WSAAccept` with a condition function: a closure, which runs in the thread that calls, and may call itself.

use winaccept_model::call::{Address, Buffer, Call, Condition, Length};
use winaccept_model::outcome::{Given, Out, Outcome, Value};
pub(crate) use winaccept_model::step::Answer;

use crate::winsock::{Error, Reply, Request, Socket, Winsock};

/// What a condition function is told of the connection that it decides about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The address of who has connected.
    pub caller: Address,
    /// The address that it has connected to.
    pub callee: Address,
}

/// What a condition function returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// `CF_ACCEPT`
    Accept,
    /// `CF_REJECT`
    Reject,
    /// `CF_DEFER`
    Defer,
}

impl Decision {
    fn answer(self) -> Answer {
        match self {
            Decision::Accept => Answer::ACCEPTS,
            Decision::Reject => Answer::Rejects,
            Decision::Defer => Answer::Defers,
        }
    }
}

impl Winsock<'_> {
    /// A call that may ask a condition function, which is this, with all that the model says of it.
    pub fn asking(&self, call: Call, condition: &mut dyn FnMut(Given) -> Answer) -> Outcome {
        let mut outcome = self.call(call);
        while let Outcome { value: Value::CallsCondition, out: Out::Condition(given), .. } = outcome {
            let answer = condition(given);
            outcome = match self.asks(Request::Answer(answer)) {
                Reply::Outcome(outcome) => self.after_routines(outcome),
                _ => break,
            };
        }
        outcome
    }

    /// `WSAAccept(s, NULL, NULL, condition, 0)`
    ///
    /// # Errors
    /// Winsock's: `WSAECONNREFUSED` where the connection was rejected, `WSATRY_AGAIN` where the decision was put off.
    pub fn wsa_accept(&self, s: Socket, mut condition: impl FnMut(Caller) -> Decision) -> Result<Socket, Error> {
        let (addr, addrlen, asks) = (Buffer::Null, Length::Null, Condition::Function);
        let call = Call::WSAAccept { s: s.0, addr, addrlen, condition: asks, callback_data: 0 };
        let mut asked = |Given { caller, callee, .. }| condition(Caller { caller, callee }).answer();
        let outcome = self.asking(call, &mut asked);
        match outcome.value {
            Value::Handle(handle) => Ok(Socket(handle)),
            _ => Err(outcome.error),
        }
    }
}
