//! Winsock.

pub(crate) mod acceptex;
mod data;
pub(crate) mod events;
mod extensions;
mod names;
mod options;
mod readiness;
mod sockets;
mod text;
mod words;

pub use windows_sys::Win32::Networking::WinSock::*;

pub use acceptex::{AcceptEx, GetAcceptExSockaddrs, WSAGetOverlappedResult, WSAIoctl};
pub use data::{WSARecv, WSASend, recv, recvfrom, send, sendto, shutdown};
pub use events::{
    WSACloseEvent, WSACreateEvent, WSAEnumNetworkEvents, WSAEventSelect, WSAResetEvent, WSASetEvent,
    WSAWaitForMultipleEvents,
};
pub use extensions::TransmitFile;
pub use names::{FreeAddrInfoW, GetAddrInfoW, GetNameInfoW, freeaddrinfo, getaddrinfo, getnameinfo};
pub use options::{getpeername, getsockname, getsockopt, ioctlsocket, setsockopt};
pub use readiness::{__WSAFDIsSet, WSAAsyncSelect, WSAPoll, select};
pub use sockets::{
    WSAAccept, WSACleanup, WSAConnect, WSAGetLastError, WSASetLastError, WSASocketA, WSASocketW, WSAStartup, accept,
    bind, closesocket, connect, listen, socket,
};
pub use text::{
    InetNtopW, InetPtonW, WSAAddressToStringA, WSAAddressToStringW, WSAStringToAddressA, WSAStringToAddressW, htonl,
    htons, inet_addr, inet_ntoa, inet_ntop, inet_pton, ntohl, ntohs,
};
pub use words::{
    FreeAddrInfoEx, FreeAddrInfoExW, GetAddrInfoExW, GetHostNameW, ProcessSocketNotifications,
    SetSocketMediaStreamingMode, WSACancelBlockingCall, WSAConnectByNameW, WSADuplicateSocketA, WSADuplicateSocketW,
    WSAEnumProtocolsA, WSAEnumProtocolsW, WSAHtonl, WSAHtons, WSAIsBlocking, WSAJoinLeaf, WSANSPIoctl, WSANtohl,
    WSANtohs, WSAProviderConfigChange, WSARecvDisconnect, WSARecvEx, WSARecvFrom, WSASendDisconnect, WSASendMsg,
    WSASendTo, WSASetBlockingHook, gethostbyaddr, gethostbyname, gethostname, getprotobyname, getprotobynumber,
    getservbyname, getservbyport,
};
