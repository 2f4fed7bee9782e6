//! The worker protocol: how `winaccept` makes a process of a scenario issue calls.
//!
//! `docs/worker.md` is the same for people who write a worker.
//!
//! One process per process of the scenario. Each reads requests from its standard input and writes replies to its
//! standard output, one JSON object a line. Our own worker (`winaccept worker`) speaks it, and so does any program
//! given as `--stack exec:COMMAND`.
//!
//! * A [`Request`] has an `id`, and `do` names the [`Order`]; the [`Reply`] repeats the `id`, and `did` names the
//!   [`Report`].
//! * Orders are carried out at once, in the order of their arrival, except [`Order::Call`]: it is handed to its thread
//!   and answered when the call returns, perhaps after later orders have been answered, perhaps never.
//! * An order that a worker does not know or cannot carry out is answered with [`Report::NotDone`].
//! * A worker ends when its standard input ends.
//!
//! ```text
//! -> {"id":1,"do":"hello"}
//! <- {"id":1,"did":"hello","name":"wine","version":"10.0","build":"wine-10.0 (Debian 10.0~repack-6)","process":56}
//! -> {"id":2,"do":"begin","winsock":[2,2],"threads":1}
//! <- {"id":2,"did":"done"}
//! -> {"id":3,"do":"call","thread":0,"call":{"function":"accept","s":-1,"addr":"null","addrlen":"null"}}
//! <- {"id":3,"did":"returned","value":-1,"error":10038}
//! ```
//!
//! Numbers are those of `winsock2.h` and `windows.h`. Handles are signed numbers of pointer size, so that
//! `INVALID_SOCKET` and `INVALID_HANDLE_VALUE` are -1. Strings of bytes are strings of the characters U+0000 to U+00FF.

mod function;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::quote::{beginning, quoted};

pub use function::{ApcRoutine, Fields, Function, LengthPointer, OptionValue, Pointer, PollFd};

/// A socket or event as its process knows it.
pub type RawHandle = i64;

/// The longest line that a worker may write, in bytes, its end not counted.
pub const MAX_REPLY: usize = 1 << 20;

/// `INVALID_SOCKET`.
pub const INVALID_SOCKET: RawHandle = -1;
/// The exit status of a process that a call brought down. It says the same as [`Report::Crashed`], should that get lost on the
/// way: the process that writes it is in no good state.
pub const CRASHED_STATUS: u32 = 197;
/// `WSA_INVALID_EVENT`.
pub const WSA_INVALID_EVENT: RawHandle = 0;

/// One line to a worker.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by whoever asks, unique within the life of the worker.
    pub id: u64,
    /// What to do.
    #[serde(flatten)]
    pub order: Order,
}

/// One line from a worker.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Reply {
    /// The request that this answers.
    pub id: u64,
    /// What was done or seen.
    #[serde(flatten)]
    pub report: Report,
}

impl Reply {
    /// Reads a line that a worker wrote.
    ///
    /// # Errors
    /// What it wrote, as far as it can be shown, and why that is no reply.
    pub fn read(line: &[u8]) -> Result<Reply, String> {
        serde_json::from_slice(line).map_err(|error| {
            // What serde says may repeat a word of the line, however long that is.
            let why = quoted(&error.to_string());
            format!("the worker wrote a line that is no reply: {}: {why}", beginning(line))
        })
    }
}

/// What a worker is asked to do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Order {
    /// Say who you are: [`Report::Hello`]. The first request.
    Hello,
    /// A scenario begins: start this many threads, numbered from zero. [`Report::Done`].
    Begin {
        /// Call `WSAStartup` with this major and minor version; absent: leave Winsock alone.
        winsock: Option<[u8; 2]>,
        /// How many threads.
        threads: u8,
    },
    /// Issue a call on a thread: [`Report::Returned`] once it has returned. Never sent to a thread with a call in progress.
    Call {
        /// The thread.
        thread: u8,
        /// The call.
        call: Function,
    },
    /// The condition function that runs on this thread returns: [`Report::Returned`] once the call has returned that called it.
    ConditionReturns {
        /// The thread.
        thread: u8,
        /// What it returns: `CF_ACCEPT` is 0, `CF_REJECT` 1, `CF_DEFER` 2.
        answer: i32,
    },
    /// The completion routine that runs on this thread returns: [`Report::Returned`] once the call has returned, or has called
    /// another one, in which it has run.
    RoutineReturns {
        /// The thread.
        thread: u8,
    },
    /// Is this thread, with a call in progress, seen waiting inside the system? [`Report::Waiting`]. Must have no effect
    /// that a scenario could notice.
    Waiting {
        /// The thread.
        thread: u8,
    },
    /// Look at sockets from another thread: [`Report::Looked`]. Must have no effect that a scenario could notice.
    Look {
        /// The sockets.
        sockets: Vec<RawHandle>,
    },
    /// The system's table of TCP connections: [`Report::Connections`].
    Connections {
        /// Tell of those over IPv6 too; otherwise they may be left out.
        ipv6: bool,
    },
    /// End this thread at once, also out of a call in progress, which is never answered then. [`Report::Done`].
    EndThread {
        /// The thread. No further order names it.
        thread: u8,
    },
    /// End this process at once with this exit code, without any reply.
    Exit {
        /// The exit code.
        code: i32,
    },
    /// The scenario is over: close all sockets and events that its calls made, clean Winsock up until it says that it
    /// was not initialised, end the threads. [`Report::Ended`].
    End,
}

impl Order {
    /// Is this what answers an order that is carried out at once?
    #[must_use]
    pub fn is_answered_by(&self, report: &Report) -> bool {
        match (self, report) {
            (Order::Look { sockets }, Report::Looked { sockets: looked }) => sockets.len() == looked.len(),
            (Order::Begin { .. } | Order::EndThread { .. }, Report::Done)
            | (Order::Hello, Report::Hello { .. })
            | (Order::Waiting { .. }, Report::Waiting { .. })
            | (Order::Connections { .. }, Report::Connections { .. })
            | (Order::End, Report::Ended { .. }) => true,
            _ => false,
        }
    }
}

/// What a worker answers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // nearly all of them are returns
pub enum Report {
    /// Who carries out the calls.
    Hello {
        /// What stack this is, in lower case: `windows`, `wine`.
        name: String,
        /// Its version: `10.0.20348`, `8.0`.
        version: String,
        /// The exact build in its own words.
        build: String,
        /// The process id, as `WSADuplicateSocket` takes it.
        process: u32,
    },
    /// Done; nothing to tell.
    Done,
    /// A call returned.
    Returned(Returned),
    /// Where a thread waits.
    Waiting {
        /// The system function in which it was seen to wait, and anything that tells this wait from others of the same
        /// thread: equal texts mean the same wait. Absent: it was not seen to wait.
        at: Option<String>,
    },
    /// What was seen of the sockets, in order of the question.
    Looked {
        /// One entry a socket.
        sockets: Vec<Looked>,
    },
    /// The TCP connections of this system (listening sockets need not be told).
    Connections {
        /// The connections.
        connections: Vec<Connection>,
    },
    /// A call raised an exception that nobody handles: its process is ending, or would. The id of the reply says nothing.
    Crashed,
    /// The scenario was cleaned up.
    Ended {
        /// False when something could not be cleaned up, such as a thread that never came back: the process is not to be
        /// used again.
        clean: bool,
    },
    /// The order was not carried out.
    NotDone {
        /// Why.
        reason: String,
    },
}

/// A call that returned: its value, the error code, and what it wrote.
#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize)]
pub struct Returned {
    /// What the function returned, sign-extended where its type is signed or a handle; zero for `void`.
    pub value: i64,
    /// What `WSAGetLastError` told right after; meaningful only if the value says that the call failed.
    pub error: u32,
    /// The address in a valid address buffer; absent: the buffer was left untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addr: Option<SocketAddress>,
    /// The integer behind `addrlen` after the call, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addrlen: Option<i32>,
    /// The bytes that `recv` stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Bytes>,
    /// The value that `getsockopt` stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<OptionValue>,
    /// What `select` left in the three sets, for each that was not `NULL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readfds: Option<Vec<RawHandle>>,
    /// See `readfds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writefds: Option<Vec<RawHandle>>,
    /// See `readfds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exceptfds: Option<Vec<RawHandle>>,
    /// `revents` of every entry given to `WSAPoll`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revents: Option<Vec<u16>>,
    /// What a poll of the driver has found: sockets, each with its events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polled: Option<Vec<(RawHandle, u16)>>,
    /// `lNetworkEvents` of `WSAEnumNetworkEvents`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u32>,
    /// `iErrorCode` of the same, by the number of the bit, of those bits that are set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<(u8, u32)>>,
    /// The number of bytes behind a pointer; absent: untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u32>,
    /// The key that came with a packet; absent: untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u32>,
    /// The OVERLAPPED that came with a packet, as the address that it was made under; 0 or absent: `NULL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlapped: Option<RawHandle>,
    /// The packets that `GetQueuedCompletionStatusEx` fetched: of each the key, the address of the OVERLAPPED or 0, the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<(u32, RawHandle, u32)>>,
    /// The message that was fetched; absent: none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// The local address that `GetAcceptExSockaddrs` finds; absent: its pointer was left untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddress>,
    /// The remote address, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<SocketAddress>,
    /// The call has not returned: it has called its condition function, which was given this, and now waits for
    /// [`Order::ConditionReturns`]. Until then its thread takes calls, which are made from inside the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Box<Given>>,
    /// The call has not returned: a completion routine runs in it, which was given these flags, and `error`, `bytes` and `overlapped`,
    /// and now waits for [`Order::RoutineReturns`]. Until then its thread takes calls, which are made from inside the routine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routine: Option<u32>,
    /// The protocol information that `WSADuplicateSocket` filled in; only the same kind of worker reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<Bytes>,
}

/// A window message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Its number.
    pub number: u32,
    /// `wParam`: the socket.
    pub socket: RawHandle,
    /// The low word of `lParam`.
    pub event: u16,
    /// The high word of `lParam`.
    pub error: u32,
}

/// What a condition function was given.
#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize)]
pub struct Given {
    /// The address behind `lpCallerId`; absent: it is `NULL`, or leads to none.
    pub callerid: Option<SocketAddress>,
    /// `lpCallerData->len`; absent: it is `NULL`.
    pub callerdata: Option<u32>,
    /// Is there an `lpSQOS`?
    pub sqos: bool,
    /// Is there an `lpGQOS`?
    pub gqos: bool,
    /// The address behind `lpCalleeId`; absent: it is `NULL`, or leads to none.
    pub calleeid: Option<SocketAddress>,
    /// `lpCalleeData->len`; absent: it is `NULL`.
    pub calleedata: Option<u32>,
    /// `dwCallbackData`.
    pub callbackdata: u32,
}

/// What was seen of one socket.
#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize)]
pub struct Looked {
    /// What `getsockname` tells, if it tells any.
    pub local: Option<SocketAddress>,
    /// What `getpeername` tells, if it tells any.
    pub remote: Option<SocketAddress>,
    /// True if `select` with no time-out finds it readable.
    pub readable: bool,
}

/// One side of a TCP connection.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// The address of this side.
    pub local: SocketAddress,
    /// The address of the other side.
    pub remote: SocketAddress,
    /// The state of this side.
    pub state: TcpState,
    /// How many bytes this side has sent that the other has not acknowledged yet; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unacknowledged: Option<u32>,
}

/// The state of one side of a connection, as RFC 9293 names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
#[allow(missing_docs)]
pub enum TcpState {
    Closed,
    Listen,
    SynSent,
    SynReceived,
    Established,
    #[serde(rename = "FIN-WAIT-1")]
    FinWait1,
    #[serde(rename = "FIN-WAIT-2")]
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

/// A socket address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SocketAddress {
    /// The IP address; the family follows from it.
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
}

impl SocketAddress {
    /// `sizeof(sockaddr_in)` or `sizeof(sockaddr_in6)`.
    #[must_use]
    pub fn size(&self) -> i32 {
        if self.ip.is_ipv4() { 16 } else { 28 }
    }
}

/// A string of bytes.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Bytes(pub Vec<u8>);

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> String {
        bytes.0.into_iter().map(char::from).collect()
    }
}

impl TryFrom<String> for Bytes {
    type Error = std::char::TryFromCharError;

    fn try_from(text: String) -> Result<Bytes, Self::Error> {
        text.chars().map(u8::try_from).collect::<Result<_, _>>().map(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_documented() {
        let call = Function::Accept { s: INVALID_SOCKET, addr: Pointer::Null, addrlen: LengthPointer::Holds(16) };
        let request = Request { id: 3, order: Order::Call { thread: 0, call } };
        let line = serde_json::to_string(&request).expect("plain data");
        assert_eq!(
            line,
            r#"{"id":3,"do":"call","thread":0,"call":{"function":"accept","s":-1,"addr":"null","addrlen":{"holds":16}}}"#
        );
        assert_eq!(serde_json::from_str::<Request>(&line).expect("what was written"), request);
        let reply =
            Reply { id: 3, report: Report::Returned(Returned { value: -1, error: 10038, ..Returned::default() }) };
        let line = serde_json::to_string(&reply).expect("plain data");
        assert_eq!(line, r#"{"id":3,"did":"returned","value":-1,"error":10038}"#);
        assert_eq!(serde_json::from_str::<Reply>(&line).expect("what was written"), reply);
    }

    #[test]
    fn every_byte_survives() {
        let bytes = Bytes((0..=255).collect());
        let line = serde_json::to_string(&bytes).expect("plain data");
        assert_eq!(serde_json::from_str::<Bytes>(&line).expect("what was written"), bytes);
    }
}
