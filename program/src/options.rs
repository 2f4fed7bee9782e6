//! Options of sockets, by the names and values of `getsockopt` and `setsockopt`.

use winaccept_model::call::{Call, Opt, OptVal};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};

use crate::winsock::{Error, Socket, Winsock};

type Result<T> = std::result::Result<T, Error>;

impl Winsock<'_> {
    /// `setsockopt`: `OptVal::Number` for a DWORD or BOOL, `OptVal::Linger` for SO_LINGER.
    ///
    /// # Errors
    /// Winsock's.
    pub fn setsockopt(&self, s: Socket, opt: Opt, value: OptVal) -> Result<()> {
        self.done(Call::Setsockopt { s: s.0, opt, value })
    }

    /// `getsockopt`: [`OptVal::number`] is the DWORD or BOOL, [`OptVal::linger`] the pair of SO_LINGER.
    ///
    /// # Errors
    /// Winsock's.
    pub fn getsockopt(&self, s: Socket, opt: Opt) -> Result<OptVal> {
        match self.call(Call::Getsockopt { s: s.0, opt }) {
            Outcome { value: Value::Number(0), out: Out::Option(value), .. } => Ok(value),
            outcome => Err(outcome.error),
        }
    }

    /// `getsockopt(s, SOL_SOCKET, SO_ERROR)`: the error that the socket keeps, [`Code::NONE`] where there is none.
    ///
    /// # Errors
    /// Winsock's, of the call itself.
    pub fn so_error(&self, s: Socket) -> Result<Code> {
        let number = self.getsockopt(s, Opt::Error)?.number().and_then(|number| u16::try_from(number).ok());
        Ok(number.map_or(Code::NONE, Code))
    }

    /// `getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME)`: for how many seconds the socket has been connected; `None` if it is not.
    ///
    /// # Errors
    /// Winsock's.
    pub fn connect_time(&self, s: Socket) -> Result<Option<u32>> {
        Ok(self.getsockopt(s, Opt::ConnectTime)?.number().filter(|seconds| *seconds != u32::MAX))
    }
}
