//! What a call gives back: a value, an error code, and what it wrote through its pointers.

use crate::call::{Address, AfdEvents, Data, Handle, NetworkEvents, OptVal, PollEvents, Qos, Set};
use crate::code::Code;
use crate::operation::Message;
use crate::world::EventErrors;

/// The value a call returned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Value {
    /// A plain number: zero for success, a count of bytes or sockets, a code returned directly.
    Number(i64),
    /// A new handle.
    Handle(Handle),
    /// `SOCKET_ERROR` (-1).
    SocketError,
    /// `INVALID_SOCKET`.
    InvalidSocket,
    /// `WSA_WAIT_EVENT_0 + n`.
    WaitEvent(u8),
    /// `WSA_WAIT_TIMEOUT`.
    WaitTimeout,
    /// `WSA_WAIT_IO_COMPLETION`, and `WAIT_IO_COMPLETION` of `SleepEx`.
    WaitIoCompletion,
    /// `WSA_WAIT_FAILED`.
    WaitFailed,
    /// `WSA_INVALID_EVENT`.
    InvalidEvent,
    /// The call has not returned: it has called its caller's condition function, which runs.
    CallsCondition,
    /// The call has not returned: a completion routine of its thread runs inside of it.
    CallsRoutine,
    /// `NULL` in place of a completion port or of a window.
    NoPort,
    /// The completion port that the call was given.
    SamePort,
    /// The documents say that the behaviour is undefined: anything may follow.
    Undefined,
    /// The model does not know what happens from here on; that says nothing of the documents.
    Unmodelled,
    /// The call never returns: it brings its process down.
    Crashes,
}

/// What a call wrote through its pointer arguments.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Out {
    /// The call has no out-parameters, or left all of them as they were.
    #[default]
    None,
    /// `addr` and `addrlen`; each `None` when left untouched (or not supplied).
    Name {
        /// The address written.
        addr: Option<Address>,
        /// The length written, in bytes.
        len: Option<i32>,
    },
    /// The bytes that `recv` stored.
    Data(Data),
    /// The sockets left in the three sets of `select`.
    Sets {
        /// Readable.
        read: Set<Handle>,
        /// Writable.
        write: Set<Handle>,
        /// Exceptional.
        except: Set<Handle>,
    },
    /// `revents` of each entry of `WSAPoll`, in order.
    Revents(Set<PollEvents>),
    /// What a poll of the driver has found: how many bytes of its output are written, and which sockets with which events.
    Polled(u32, Set<(Handle, AfdEvents)>),
    /// The value of an option.
    Option(OptVal),
    /// The id of a socket group, named by the first handle of the socket that was its first member.
    Group(Handle),
    /// `lNetworkEvents` and `iErrorCode` of `WSAEnumNetworkEvents`.
    Events(NetworkEvents, EventErrors),
    /// The count behind a pointer, and the bytes that it counts.
    Bytes {
        /// The count; `None` when it was left untouched.
        count: Option<u32>,
        /// The bytes, where they can be seen.
        data: Option<Data>,
    },
    /// What `GetQueuedCompletionStatus` has fetched; of what is `None` the pointer was left as it was.
    Packet {
        /// The bytes and the key.
        counted: Option<(u32, u32)>,
        /// The OVERLAPPED, or `NULL`.
        over: Option<Handle>,
    },
    /// What `GetQueuedCompletionStatusEx` has fetched, packet by packet: its key, its OVERLAPPED or [`Handle::INVALID`], its bytes.
    Packets {
        /// The keys.
        keys: Set<u32>,
        /// The OVERLAPPED structures.
        overs: Set<Handle>,
        /// The bytes.
        bytes: Set<u32>,
    },
    /// The message that was fetched.
    Message(Message),
    /// What `GetAcceptExSockaddrs` finds in a buffer; an address is `None` when its pointers were left untouched.
    Sockaddrs {
        /// The address of this end.
        local: Option<Address>,
        /// The address of the other end.
        remote: Option<Address>,
    },
    /// What a condition function is given.
    Condition(Given),
    /// What a completion routine is given; its flags are 0.
    Routine {
        /// `dwError`.
        error: Code,
        /// `cbTransferred`.
        bytes: u32,
        /// `lpOverlapped`.
        over: Handle,
    },
}

/// What a condition function is given, beside a quality of service for a group, which nobody may ask for: `NULL`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Given {
    /// The address behind `lpCallerId`.
    pub caller: Address,
    /// The bytes behind `lpCallerData`; `None`: it is `NULL`.
    pub caller_data: Option<Data>,
    /// What `lpSQOS` points to; `None`: it is `NULL`.
    pub sqos: Option<Qos>,
    /// The address behind `lpCalleeId`.
    pub callee: Address,
    /// `lpCalleeData->len`: how many bytes it may give back; `None`: any number, for nobody has written one there.
    pub room: Option<u32>,
    /// `dwCallbackData`.
    pub callback_data: u32,
}

/// What a call gives back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Outcome {
    /// The returned value.
    pub value: Value,
    /// The error that `WSAGetLastError` tells after a failure; [`Code::NONE`] after success.
    pub error: Code,
    /// What was written through pointers.
    pub out: Out,
}

impl Outcome {
    /// Success with a number.
    #[must_use]
    pub fn number(n: i64) -> Outcome {
        Outcome { value: Value::Number(n), error: Code::NONE, out: Out::None }
    }

    /// `SOCKET_ERROR` with a code.
    #[must_use]
    pub fn socket_error(error: Code) -> Outcome {
        Outcome { value: Value::SocketError, error, out: Out::None }
    }

    /// `INVALID_SOCKET` with a code.
    #[must_use]
    pub fn invalid_socket(error: Code) -> Outcome {
        Outcome { value: Value::InvalidSocket, error, out: Out::None }
    }

    /// The same outcome with out-parameters.
    #[must_use]
    pub fn with(self, out: Out) -> Outcome {
        Outcome { out, ..self }
    }
}
