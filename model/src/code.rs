//! Winsock error codes: the numbers and the names this field writes.

use std::fmt;

/// A Winsock or system error code as `WSAGetLastError` returns it. Zero means no error.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Code(pub u16);

macro_rules! codes {
    ($($name:ident = $value:literal),* $(,)?) => {
        #[allow(missing_docs)] // the name is the documentation; meanings live in spec-notes/related-rules.toml
        impl Code { $(pub const $name: Code = Code($value);)* }
        /// Every code with its name. Where a number has two names Winsock's own comes first.
        pub const CODES: &[(&str, Code)] = &[$((stringify!($name), Code($value))),*];
    };
}

codes! {
    WSA_INVALID_HANDLE = 6, WSA_NOT_ENOUGH_MEMORY = 8, ERROR_NOT_SUPPORTED = 50,
    ERROR_UNEXP_NET_ERR = 59, ERROR_NETNAME_DELETED = 64, WSA_INVALID_PARAMETER = 87,
    ERROR_SEM_TIMEOUT = 121, ERROR_INSUFFICIENT_BUFFER = 122, WAIT_IO_COMPLETION = 192,
    WAIT_TIMEOUT = 258, ERROR_MR_MID_NOT_FOUND = 317, ERROR_HANDLES_CLOSED = 676, ERROR_ABANDONED_WAIT_0 = 735,
    WSA_OPERATION_ABORTED = 995, WSA_IO_INCOMPLETE = 996, WSA_IO_PENDING = 997,
    ERROR_OPERATION_ABORTED = 995, ERROR_IO_INCOMPLETE = 996, ERROR_IO_PENDING = 997, ERROR_NOT_FOUND = 1168,
    ERROR_CONNECTION_REFUSED = 1225, ERROR_CONNECTION_ABORTED = 1236, ERROR_INVALID_WINDOW_HANDLE = 1400,
    WSAEINTR = 10004, WSAEACCES = 10013, WSAEFAULT = 10014, WSAEINVAL = 10022, WSAEMFILE = 10024,
    WSAEWOULDBLOCK = 10035, WSAEINPROGRESS = 10036, WSAEALREADY = 10037, WSAENOTSOCK = 10038,
    WSAENOPROTOOPT = 10042, WSAEPROTONOSUPPORT = 10043, WSAESOCKTNOSUPPORT = 10044, WSAEOPNOTSUPP = 10045, WSAEPFNOSUPPORT = 10046,
    WSAEAFNOSUPPORT = 10047, WSAEADDRINUSE = 10048, WSAEADDRNOTAVAIL = 10049, WSAENETDOWN = 10050,
    WSAENETUNREACH = 10051, WSAENETRESET = 10052, WSAECONNABORTED = 10053, WSAECONNRESET = 10054,
    WSAENOBUFS = 10055, WSAEISCONN = 10056, WSAENOTCONN = 10057, WSAESHUTDOWN = 10058, WSAETIMEDOUT = 10060,
    WSAECONNREFUSED = 10061, WSAEHOSTUNREACH = 10065, WSASYSNOTREADY = 10091, WSAVERNOTSUPPORTED = 10092,
    WSANOTINITIALISED = 10093, WSAEDISCON = 10101, WSAEINVALIDPROCTABLE = 10104, WSAEINVALIDPROVIDER = 10105,
    WSAEPROVIDERFAILEDINIT = 10106, WSASYSCALLFAILURE = 10107, WSATRY_AGAIN = 11002,
}

impl Code {
    /// No error.
    pub const NONE: Code = Code(0);

    /// The name, if the number is one of [`CODES`].
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        CODES.iter().find(|(_, code)| *code == self).map(|(name, _)| *name)
    }

    /// The code of a name such as `WSAECONNRESET`.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Code> {
        CODES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "{}", self.0),
        }
    }
}
