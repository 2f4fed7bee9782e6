//! What each call is called, takes, returns and writes: the table behind the checks of a step.

/// What a call returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Returns {
    /// A new socket, or `INVALID_SOCKET`.
    Socket,
    /// A new event, or `WSA_INVALID_EVENT`.
    Event,
    /// Zero or a count, or `SOCKET_ERROR`.
    Number,
    /// `TRUE`, or `FALSE` after a failure.
    Bool,
    /// An error code or zero.
    Code,
    /// One of the values of a wait.
    Wait,
    /// Zero, or `WAIT_IO_COMPLETION`.
    Sleep,
    /// Nothing to see.
    Nothing,
}

/// An out-parameter as `with` names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Out {
    Addr,
    AddrLen,
    Data,
    Value,
    ReadFds,
    WriteFds,
    ExceptFds,
    Revents,
    Events,
}

/// The out-parameters with their names.
pub(super) const OUTS: &[(&str, Out)] = &[
    ("addr", Out::Addr),
    ("addrlen", Out::AddrLen),
    ("data", Out::Data),
    ("value", Out::Value),
    ("readfds", Out::ReadFds),
    ("writefds", Out::WriteFds),
    ("exceptfds", Out::ExceptFds),
    ("revents", Out::Revents),
    ("events", Out::Events),
];

impl Out {
    /// The word after `with`.
    pub(super) fn name(self) -> &'static str {
        OUTS.iter().find(|(_, out)| *out == self).map_or("", |(name, _)| name)
    }
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    /// As C spells it.
    pub(super) name: &'static str,
    /// How many arguments a script may write.
    pub(super) arguments: (usize, usize),
    /// An example of how to write it.
    pub(super) usage: &'static str,
    pub(super) returns: Returns,
    /// What `with` may name, in the order of the parameters.
    pub(super) outs: &'static [Out],
    /// Can it block?
    pub(super) blocks: bool,
}

const fn call(name: &'static str, arguments: (usize, usize), usage: &'static str, returns: Returns) -> Signature {
    Signature { name, arguments, usage, returns, outs: &[], blocks: false }
}

const fn blocking(signature: Signature) -> Signature {
    Signature { blocks: true, ..signature }
}

const fn writing(outs: &'static [Out], signature: Signature) -> Signature {
    Signature { outs, ..signature }
}

const NAME: &[Out] = &[Out::Addr, Out::AddrLen];
const SETS: &[Out] = &[Out::ReadFds, Out::WriteFds, Out::ExceptFds];

/// Every call, in the order of [`winaccept_model::call::Call`].
pub(super) const SIGNATURES: &[Signature] = &[
    call("WSAStartup", (1, 1), "WSAStartup(2.2)", Returns::Code),
    call("WSACleanup", (0, 0), "WSACleanup()", Returns::Number),
    call("WSAGetLastError", (0, 0), "WSAGetLastError()", Returns::Code),
    call("WSASetLastError", (1, 1), "WSASetLastError(WSAEINTR)", Returns::Nothing),
    call("socket", (3, 3), "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)", Returns::Socket),
    call(
        "WSASocket",
        (6, 6),
        "WSASocket(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED)",
        Returns::Socket,
    ),
    call("WSADuplicateSocket", (3, 3), "WSADuplicateSocket(L, peer, info)", Returns::Number),
    call("bind", (2, 3), "bind(L, 127.0.0.1:0)", Returns::Number),
    call("listen", (2, 2), "listen(L, 5)", Returns::Number),
    blocking(writing(NAME, call("accept", (3, 3), "accept(L, NULL, NULL)", Returns::Socket))),
    blocking(call("connect", (2, 3), "connect(C, L)", Returns::Number)),
    call("shutdown", (2, 2), "shutdown(C, SD_SEND)", Returns::Number),
    blocking(call("closesocket", (1, 1), "closesocket(C)", Returns::Number)),
    blocking(call("send", (2, 2), "send(C, \"abc\")", Returns::Number)),
    blocking(writing(&[Out::Data], call("recv", (2, 2), "recv(C, 16)", Returns::Number))),
    call("ioctlsocket", (3, 3), "ioctlsocket(L, FIONBIO, 1)", Returns::Number),
    writing(NAME, call("getsockname", (3, 3), "getsockname(L, addr, 16)", Returns::Number)),
    writing(NAME, call("getpeername", (3, 3), "getpeername(C, addr, 16)", Returns::Number)),
    writing(&[Out::Value], call("getsockopt", (3, 3), "getsockopt(L, SOL_SOCKET, SO_ACCEPTCONN)", Returns::Number)),
    call("setsockopt", (4, 4), "setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0})", Returns::Number),
    blocking(writing(SETS, call("select", (4, 4), "select({L}, {}, NULL, 0)", Returns::Number))),
    blocking(writing(&[Out::Revents], call("WSAPoll", (2, 2), "WSAPoll({L: POLLRDNORM}, 0)", Returns::Number))),
    call("WSACreateEvent", (0, 0), "WSACreateEvent()", Returns::Event),
    call("WSACloseEvent", (1, 1), "WSACloseEvent(E)", Returns::Bool),
    call("WSASetEvent", (1, 1), "WSASetEvent(E)", Returns::Bool),
    call("WSAResetEvent", (1, 1), "WSAResetEvent(E)", Returns::Bool),
    blocking(call("WSAWaitForMultipleEvents", (2, 3), "WSAWaitForMultipleEvents({E}, 0, FALSE)", Returns::Wait)),
    call("WSAEventSelect", (3, 3), "WSAEventSelect(L, E, FD_ACCEPT)", Returns::Number),
    writing(&[Out::Events], call("WSAEnumNetworkEvents", (2, 2), "WSAEnumNetworkEvents(L, E)", Returns::Number)),
    call("QueueUserAPC", (2, 2), "QueueUserAPC(WSASetEvent(E), server)", Returns::Bool),
    blocking(call("SleepEx", (2, 2), "SleepEx(0, TRUE)", Returns::Sleep)),
    call("WSACancelBlockingCall", (0, 0), "WSACancelBlockingCall()", Returns::Number),
];

/// Calls of Winsock that somebody may well write, and that the model does not have. Some look like one that it has.
const NOT_YET: &[&str] = &[
    "WSAAccept",
    "AcceptEx",
    "WSPAccept",
    "GetAcceptExSockaddrs",
    "WSAAsyncSelect",
    "WSARecv",
    "WSARecvFrom",
    "recvfrom",
    "WSASend",
    "WSASendTo",
    "sendto",
    "WSAIoctl",
    "WSAConnect",
    "ConnectEx",
    "DisconnectEx",
    "WSAGetOverlappedResult",
    "CreateIoCompletionPort",
    "GetQueuedCompletionStatus",
    "CancelIo",
    "CancelIoEx",
];

/// Is this a call of Winsock that the model does not have yet?
pub(super) fn is_not_yet_modelled(name: &str) -> bool {
    NOT_YET.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The signature of the call with this name.
pub(super) fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| signature.name == name)
}
