//! Winsock.

pub(crate) mod acceptex;
mod data;
pub(crate) mod events;
mod options;
mod readiness;
mod sockets;
mod words;

pub use windows_sys::Win32::Networking::WinSock::*;

pub use acceptex::{AcceptEx, GetAcceptExSockaddrs, WSAGetOverlappedResult, WSAIoctl};
pub use data::{WSARecv, WSASend, recv, send, shutdown};
pub use events::{
    WSACloseEvent, WSACreateEvent, WSAEnumNetworkEvents, WSAEventSelect, WSAResetEvent, WSASetEvent,
    WSAWaitForMultipleEvents,
};
pub use options::{getpeername, getsockname, getsockopt, ioctlsocket, setsockopt};
pub use readiness::{__WSAFDIsSet, WSAPoll, select};
pub use sockets::{
    WSAAccept, WSACleanup, WSAGetLastError, WSASetLastError, WSASocketW, WSAStartup, accept, bind, closesocket,
    connect, listen, socket,
};
pub use words::{
    FreeAddrInfoW, GetAddrInfoW, TransmitFile, WSAAsyncSelect, WSACancelBlockingCall, WSAConnect, WSADuplicateSocketW,
    WSARecvDisconnect, WSARecvEx, WSARecvFrom, WSASendDisconnect, WSASendMsg, WSASendTo, WSASocketA, freeaddrinfo,
    getaddrinfo, gethostbyaddr, gethostbyname, gethostname, getnameinfo, getprotobyname, getprotobynumber,
    getservbyname, getservbyport, htonl, htons, inet_addr, inet_ntoa, inet_ntop, inet_pton, ntohl, ntohs, recvfrom,
    sendto,
};
