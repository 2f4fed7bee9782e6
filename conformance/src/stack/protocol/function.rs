//! The calls of the protocol with their arguments.

use serde::{Deserialize, Serialize};

use super::{Bytes, RawHandle, SocketAddress};

/// A call with its arguments, named as in C.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "function")]
#[allow(missing_docs)] // each variant is the function of that name, its fields are the parameters
pub enum Function {
    WSAStartup {
        version: [u8; 2],
    },
    WSACleanup,
    WSAGetLastError,
    WSASetLastError {
        error: i32,
    },
    #[serde(rename = "socket")]
    Socket {
        family: i32,
        r#type: i32,
        protocol: i32,
    },
    WSASocket {
        family: i32,
        r#type: i32,
        protocol: i32,
        flags: u32,
    },
    /// `WSASocket` with what `WSADuplicateSocket` wrote.
    WSASocketFromInfo {
        info: Bytes,
    },
    WSADuplicateSocket {
        s: RawHandle,
        process: u32,
    },
    #[serde(rename = "bind")]
    Bind {
        s: RawHandle,
        name: Option<SocketAddress>,
        namelen: i32,
    },
    #[serde(rename = "listen")]
    Listen {
        s: RawHandle,
        backlog: i32,
    },
    #[serde(rename = "accept")]
    Accept {
        s: RawHandle,
        addr: Pointer,
        addrlen: LengthPointer,
    },
    #[serde(rename = "connect")]
    Connect {
        s: RawHandle,
        name: Option<SocketAddress>,
        namelen: i32,
    },
    #[serde(rename = "shutdown")]
    Shutdown {
        s: RawHandle,
        how: i32,
    },
    #[serde(rename = "closesocket")]
    Closesocket {
        s: RawHandle,
    },
    #[serde(rename = "send")]
    Send {
        s: RawHandle,
        buf: Bytes,
    },
    #[serde(rename = "recv")]
    Recv {
        s: RawHandle,
        len: u32,
    },
    #[serde(rename = "ioctlsocket")]
    Ioctlsocket {
        s: RawHandle,
        cmd: u32,
        argp: u32,
    },
    #[serde(rename = "getsockname")]
    Getsockname {
        s: RawHandle,
        name: Pointer,
        namelen: LengthPointer,
    },
    #[serde(rename = "getpeername")]
    Getpeername {
        s: RawHandle,
        name: Pointer,
        namelen: LengthPointer,
    },
    #[serde(rename = "getsockopt")]
    Getsockopt {
        s: RawHandle,
        level: i32,
        optname: i32,
    },
    #[serde(rename = "setsockopt")]
    Setsockopt {
        s: RawHandle,
        level: i32,
        optname: i32,
        optval: OptionValue,
    },
    /// The time-out is in milliseconds; absent: `NULL`.
    #[serde(rename = "select")]
    Select {
        readfds: Option<Vec<RawHandle>>,
        writefds: Option<Vec<RawHandle>>,
        exceptfds: Option<Vec<RawHandle>>,
        timeout: Option<u32>,
    },
    WSAPoll {
        fds: Vec<PollFd>,
        timeout: i32,
    },
    WSACreateEvent,
    WSACloseEvent {
        event: RawHandle,
    },
    WSASetEvent {
        event: RawHandle,
    },
    WSAResetEvent {
        event: RawHandle,
    },
    /// `fWaitAll` is false; the time-out is in milliseconds, absent: `WSA_INFINITE`.
    WSAWaitForMultipleEvents {
        events: Vec<RawHandle>,
        timeout: Option<u32>,
        alertable: bool,
    },
    WSAEventSelect {
        s: RawHandle,
        event: RawHandle,
        mask: u32,
    },
    WSAEnumNetworkEvents {
        s: RawHandle,
        event: RawHandle,
    },
    QueueUserAPC {
        routine: ApcRoutine,
        thread: u8,
    },
    SleepEx {
        timeout: Option<u32>,
        alertable: bool,
    },
    WSACancelBlockingCall,
}

/// What a user APC does when it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ApcRoutine {
    SetEvent(RawHandle),
    Accept(RawHandle),
}

/// One entry of the array given to `WSAPoll`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PollFd {
    pub fd: RawHandle,
    pub events: u16,
}

/// A pointer to an output buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pointer {
    /// `NULL`.
    Null,
    /// A buffer of as many bytes as the length says, at least of `sizeof(SOCKADDR_STORAGE)`.
    Valid,
    /// An address that the caller may not touch.
    Bad,
}

/// A pointer to a length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthPointer {
    /// `NULL`.
    Null,
    /// An integer with this value.
    Holds(i32),
    /// An address that the caller may not touch.
    Bad,
}

/// The value of a socket option.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionValue {
    /// A `DWORD` or `BOOL`.
    Number(u32),
    /// `struct linger`: `l_onoff`, `l_linger`.
    Linger(u16, u16),
}
