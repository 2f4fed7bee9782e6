//! Masks: what several names in one argument are, each of them a bit.

use super::many::{Mask, Member};

/// Masks, each with its names in the order of their bits.
macro_rules! masks {
    ($($(#[$doc:meta])* $mask:ident { $($short:ident = $bits:literal $name:literal,)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
        pub struct $mask(pub u16);

        #[allow(missing_docs)] // the names say it
        impl $mask {
            $(pub const $short: $mask = $mask($bits);)*
            /// Names in the order of their bits.
            pub const NAMES: &[(&str, $mask)] = &[$(($name, Self::$short)),*];

            /// Has it all of the other's?
            #[must_use]
            pub fn has(self, other: $mask) -> bool {
                self.0 & other.0 == other.0
            }
            /// Those of either.
            #[must_use]
            pub fn with(self, other: $mask) -> $mask {
                $mask(self.0 | other.0)
            }
            /// Those that the other has not.
            #[must_use]
            pub fn without(self, other: $mask) -> $mask {
                $mask(self.0 & !other.0)
            }
            /// Those of both.
            #[must_use]
            pub fn and(self, other: $mask) -> $mask {
                $mask(self.0 & other.0)
            }
        }

        impl Member for $mask {
            fn word(self) -> u64 {
                self.0.into()
            }
            fn of_word(word: u64) -> $mask {
                $mask(word as u16)
            }
        }
        impl Mask for $mask {}
    )* };
}

masks! {
    /// `FD_READ`, `FD_WRITE`, … as bits; the values of winsock2.h.
    NetworkEvents {
        READ = 1 "FD_READ",
        WRITE = 2 "FD_WRITE",
        OOB = 4 "FD_OOB",
        ACCEPT = 8 "FD_ACCEPT",
        CONNECT = 16 "FD_CONNECT",
        CLOSE = 32 "FD_CLOSE",
    }
    /// `POLLRDNORM`, … as bits; the values of winsock2.h.
    PollEvents {
        ERR = 0x0001 "POLLERR",
        HUP = 0x0002 "POLLHUP",
        NVAL = 0x0004 "POLLNVAL",
        WRNORM = 0x0010 "POLLWRNORM",
        RDNORM = 0x0100 "POLLRDNORM",
        RDBAND = 0x0200 "POLLRDBAND",
        PRI = 0x0400 "POLLPRI",
    }
    /// `AFD_POLL_ACCEPT`, … as bits: what the driver below Winsock is polled for. No header of Windows has them; numbers and names
    /// are those of libuv and wepoll, which wait this way.
    AfdEvents {
        RECEIVE = 0x0001 "AFD_POLL_RECEIVE",
        RECEIVE_EXPEDITED = 0x0002 "AFD_POLL_RECEIVE_EXPEDITED",
        SEND = 0x0004 "AFD_POLL_SEND",
        DISCONNECT = 0x0008 "AFD_POLL_DISCONNECT",
        ABORT = 0x0010 "AFD_POLL_ABORT",
        LOCAL_CLOSE = 0x0020 "AFD_POLL_LOCAL_CLOSE",
        CONNECT = 0x0040 "AFD_POLL_CONNECT",
        ACCEPT = 0x0080 "AFD_POLL_ACCEPT",
        CONNECT_FAIL = 0x0100 "AFD_POLL_CONNECT_FAIL",
    }
    /// The flags of `WSASocket`, as bits; the values of winsock2.h.
    SocketFlags {
        OVERLAPPED = 0x01 "WSA_FLAG_OVERLAPPED",
        NO_HANDLE_INHERIT = 0x80 "WSA_FLAG_NO_HANDLE_INHERIT",
    }
    /// What `SetFileCompletionNotificationModes` sets, as bits; the values of winbase.h.
    FileModes {
        SKIP_COMPLETION_PORT_ON_SUCCESS = 1 "FILE_SKIP_COMPLETION_PORT_ON_SUCCESS",
        SKIP_SET_EVENT_ON_HANDLE = 2 "FILE_SKIP_SET_EVENT_ON_HANDLE",
    }
}
