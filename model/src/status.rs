//! The status of an operation: kept once, as the kernel keeps it, and mapped when it is shown.
//!
//! One completion is told in two languages. `WSAGetOverlappedResult` and completion routines tell Winsock's code,
//! `GetQueuedCompletionStatus` and `GetOverlappedResult` the system's; a reset is 10054 to the ones and 64 to the others.

use std::fmt;

use crate::code::Code;

/// An NTSTATUS.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Status(pub u32);

/// A status with its name and its two mappings: Winsock's, the system's.
type Known = (Status, &'static str, Code, Code);

impl Status {
    /// It went well.
    pub const SUCCESS: Status = Status(0);
    /// It is not over.
    pub const PENDING: Status = Status(0x103);
    /// Its time-out has run out.
    pub const TIMEOUT: Status = Status(0x102);
    /// It was asked for something that cannot be.
    pub const INVALID_PARAMETER: Status = Status(0xC000_000D);
    /// It failed, and the page of its call names the code.
    pub const UNSUCCESSFUL: Status = Status(0xC000_0001);
    /// The last handle of what it was about was closed.
    pub const HANDLES_CLOSED: Status = Status(0x8000_000A);
    /// Its handle is none, or is one no more.
    pub const INVALID_HANDLE: Status = Status(0xC000_0008);
    /// What was to be written does not fit.
    pub const BUFFER_TOO_SMALL: Status = Status(0xC000_0023);
    /// It was cancelled: by name, by the end of its thread, or because what it waits at was closed.
    pub const CANCELLED: Status = Status(0xC000_0120);
    /// The other end has reset the connection.
    pub const CONNECTION_RESET: Status = Status(0xC000_020D);
    /// Nobody listens there.
    pub const CONNECTION_REFUSED: Status = Status(0xC000_0236);
    /// Nobody has answered in time.
    pub const IO_TIMEOUT: Status = Status(0xC000_00B5);
    /// There is no such thing here.
    pub const NOT_SUPPORTED: Status = Status(0xC000_00BB);
    /// There is no connection.
    pub const INVALID_CONNECTION: Status = Status(0xC000_0140);
    /// This end has given the connection up.
    pub const CONNECTION_ABORTED: Status = Status(0xC000_0241);

    /// What is known, with its source: Winsock's codes are those that a test of Windows compares status by status
    /// (windows-facts WT-OV-002; of what is pending WT-OV-001), the system's those of WT-OV-003; of
    /// an invalid connection and of closed handles both were seen on Wine, of an invalid handle the system's; of what is not
    /// supported a test of Windows has both (WT-OV-007).
    const KNOWN: &[Known] = &[
        (Status::SUCCESS, "STATUS_SUCCESS", Code::NONE, Code::NONE),
        (Status::PENDING, "STATUS_PENDING", Code::WSA_IO_INCOMPLETE, Code::ERROR_IO_INCOMPLETE),
        (Status::HANDLES_CLOSED, "STATUS_HANDLES_CLOSED", Code::WSAEINVAL, Code::ERROR_HANDLES_CLOSED),
        (Status::INVALID_HANDLE, "STATUS_INVALID_HANDLE", Code::WSAENOTSOCK, Code::WSA_INVALID_HANDLE),
        (Status::BUFFER_TOO_SMALL, "STATUS_BUFFER_TOO_SMALL", Code::WSAEFAULT, Code::ERROR_INSUFFICIENT_BUFFER),
        (Status::CANCELLED, "STATUS_CANCELLED", Code::WSA_OPERATION_ABORTED, Code::ERROR_OPERATION_ABORTED),
        (Status::NOT_SUPPORTED, "STATUS_NOT_SUPPORTED", Code::WSAEOPNOTSUPP, Code::ERROR_NOT_SUPPORTED),
        (Status::INVALID_CONNECTION, "STATUS_INVALID_CONNECTION", Code::WSAENOTCONN, Code::ERROR_UNEXP_NET_ERR),
        (Status::IO_TIMEOUT, "STATUS_IO_TIMEOUT", Code::WSAETIMEDOUT, Code::ERROR_SEM_TIMEOUT),
        (Status::CONNECTION_RESET, "STATUS_CONNECTION_RESET", Code::WSAECONNRESET, Code::ERROR_NETNAME_DELETED),
        (
            Status::CONNECTION_REFUSED,
            "STATUS_CONNECTION_REFUSED",
            Code::WSAECONNREFUSED,
            Code::ERROR_CONNECTION_REFUSED,
        ),
        (
            Status::CONNECTION_ABORTED,
            "STATUS_CONNECTION_ABORTED",
            Code::WSAECONNABORTED,
            Code::ERROR_CONNECTION_ABORTED,
        ),
    ];

    fn known(self) -> Option<&'static Known> {
        Status::KNOWN.iter().find(|(status, ..)| *status == self)
    }

    /// As `WSAGetOverlappedResult`, completion routines and blocking calls tell it. Any failure that has no code of its
    /// own is WSAEINVAL (WT-OV-002).
    #[must_use]
    pub fn winsock(self) -> Code {
        self.known().map_or(Code::WSAEINVAL, |(_, _, winsock, _)| *winsock)
    }

    /// As `GetQueuedCompletionStatus` and `GetOverlappedResult` tell it. What has no code of its own is
    /// ERROR_MR_MID_NOT_FOUND, as the page of RtlNtStatusToDosError says.
    #[must_use]
    pub fn win32(self) -> Code {
        self.known().map_or(Code::ERROR_MR_MID_NOT_FOUND, |(.., win32)| *win32)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some((_, name, ..)) => f.write_str(name),
            // They are told as they are, and never as a code.
            None if *self == Status::TIMEOUT => f.write_str("STATUS_TIMEOUT"),
            None if *self == Status::INVALID_PARAMETER => f.write_str("STATUS_INVALID_PARAMETER"),
            None => write!(f, "{:#010X}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    /// The pairs that field reports mix up, with the numbers that programs print.
    #[test]
    fn one_status_is_told_in_two_ways() {
        let shown = |status: Status| (status.winsock().0, status.win32().0);
        assert_eq!(shown(Status::SUCCESS), (0, 0));
        assert_eq!(shown(Status::PENDING), (996, 996));
        assert_eq!(shown(Status::CANCELLED), (995, 995));
        assert_eq!(shown(Status::CONNECTION_RESET), (10054, 64));
        assert_eq!(shown(Status::CONNECTION_ABORTED), (10053, 1236));
        assert_eq!(shown(Status::CONNECTION_REFUSED), (10061, 1225));
        assert_eq!(shown(Status::BUFFER_TOO_SMALL), (10014, 122));
        assert_eq!(shown(Status::HANDLES_CLOSED), (10022, 676));
        assert_eq!(shown(Status::INVALID_HANDLE), (10038, 6));
        assert_eq!(shown(Status::NOT_SUPPORTED), (10045, 50));
        assert_eq!(shown(Status(0xC000_0044)), (10022, 317));
    }
}
