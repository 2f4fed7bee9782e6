//! What Winsock has and the model has no words for: a call of it ends the run undecided, with its name.

use std::ffi::c_void;

use windows_sys::Win32::Foundation::{FARPROC, HANDLE};
use windows_sys::Win32::Networking::WinSock::*;
use windows_sys::Win32::System::IO::{OVERLAPPED, OVERLAPPED_ENTRY};
use windows_sys::core::{BOOL, GUID, HRESULT, PCSTR, PCWSTR, PSTR, PWSTR};

use crate::no_words::no_words;

no_words! {
    gethostbyaddr(addr: PCSTR, len: i32, r#type: i32) -> *mut HOSTENT = std::ptr::null_mut();
    gethostbyname(name: PCSTR) -> *mut HOSTENT = std::ptr::null_mut();
    gethostname(name: PSTR, namelen: i32) -> i32 = SOCKET_ERROR;
    GetHostNameW(name: PWSTR, namelen: i32) -> i32 = SOCKET_ERROR;
    getprotobyname(name: PCSTR) -> *mut PROTOENT = std::ptr::null_mut();
    getprotobynumber(number: i32) -> *mut PROTOENT = std::ptr::null_mut();
    getservbyname(name: PCSTR, proto: PCSTR) -> *mut SERVENT = std::ptr::null_mut();
    getservbyport(port: i32, proto: PCSTR) -> *mut SERVENT = std::ptr::null_mut();
    GetAddrInfoExW(
        pname: PCWSTR, pservicename: PCWSTR, dwnamespace: u32, lpnspid: *const GUID, hints: *const ADDRINFOEXW,
        ppresult: *mut *mut ADDRINFOEXW, timeout: *const TIMEVAL, lpoverlapped: *const OVERLAPPED,
        lpcompletionroutine: LPLOOKUPSERVICE_COMPLETION_ROUTINE, lphandle: *mut HANDLE
    ) -> i32 = SOCKET_ERROR;
    FreeAddrInfoEx(paddrinfoex: *const ADDRINFOEXA);
    FreeAddrInfoExW(paddrinfoex: *const ADDRINFOEXW);
    WSACancelBlockingCall() -> i32 = SOCKET_ERROR;
    WSADuplicateSocketW(s: SOCKET, dwprocessid: u32, lpprotocolinfo: *mut WSAPROTOCOL_INFOW) -> i32 = SOCKET_ERROR;
    WSADuplicateSocketA(s: SOCKET, dwprocessid: u32, lpprotocolinfo: *mut WSAPROTOCOL_INFOA) -> i32 = SOCKET_ERROR;
    WSARecvDisconnect(s: SOCKET, lpinbounddisconnectdata: *const WSABUF) -> i32 = SOCKET_ERROR;
    WSARecvEx(s: SOCKET, buf: PSTR, len: i32, flags: *mut i32) -> i32 = SOCKET_ERROR;
    WSARecvFrom(
        s: SOCKET, lpbuffers: *const WSABUF, dwbuffercount: u32, lpnumberofbytesrecvd: *mut u32, lpflags: *mut u32,
        lpfrom: *mut SOCKADDR, lpfromlen: *mut i32, lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE
    ) -> i32 = SOCKET_ERROR;
    WSASendDisconnect(s: SOCKET, lpoutbounddisconnectdata: *const WSABUF) -> i32 = SOCKET_ERROR;
    WSASendMsg(
        handle: SOCKET, lpmsg: *const WSAMSG, dwflags: u32, lpnumberofbytessent: *mut u32,
        lpoverlapped: *mut OVERLAPPED, lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE
    ) -> i32 = SOCKET_ERROR;
    WSASendTo(
        s: SOCKET, lpbuffers: *const WSABUF, dwbuffercount: u32, lpnumberofbytessent: *mut u32, dwflags: u32,
        lpto: *const SOCKADDR, itolen: i32, lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE
    ) -> i32 = SOCKET_ERROR;
    WSAHtons(s: SOCKET, hostshort: u16, lpnetshort: *mut u16) -> i32 = SOCKET_ERROR;
    WSAHtonl(s: SOCKET, hostlong: u32, lpnetlong: *mut u32) -> i32 = SOCKET_ERROR;
    WSANtohs(s: SOCKET, netshort: u16, lphostshort: *mut u16) -> i32 = SOCKET_ERROR;
    WSANtohl(s: SOCKET, netlong: u32, lphostlong: *mut u32) -> i32 = SOCKET_ERROR;
    WSAEnumProtocolsW(
        lpiprotocols: *const i32, lpprotocolbuffer: *mut WSAPROTOCOL_INFOW, lpdwbufferlength: *mut u32
    ) -> i32 = SOCKET_ERROR;
    WSAEnumProtocolsA(
        lpiprotocols: *const i32, lpprotocolbuffer: *mut WSAPROTOCOL_INFOA, lpdwbufferlength: *mut u32
    ) -> i32 = SOCKET_ERROR;
    ProcessSocketNotifications(
        completionport: HANDLE, registrationcount: u32, registrationinfos: *mut SOCK_NOTIFY_REGISTRATION,
        timeoutms: u32, completioncount: u32, completionportentries: *mut OVERLAPPED_ENTRY,
        receivedentrycount: *mut u32
    ) -> u32 = 0;
    SetSocketMediaStreamingMode(value: BOOL) -> HRESULT = -1;
    WSAConnectByNameW(
        s: SOCKET, nodename: PCWSTR, servicename: PCWSTR, localaddresslength: *mut u32, localaddress: *mut SOCKADDR,
        remoteaddresslength: *mut u32, remoteaddress: *mut SOCKADDR, timeout: *const TIMEVAL,
        reserved: *const OVERLAPPED
    ) -> BOOL = 0;
    WSAJoinLeaf(
        s: SOCKET, name: *const SOCKADDR, namelen: i32, lpcallerdata: *const WSABUF, lpcalleedata: *mut WSABUF,
        lpsqos: *const QOS, lpgqos: *const QOS, dwflags: u32
    ) -> SOCKET = INVALID_SOCKET;
    WSAIsBlocking() -> BOOL = 0;
    WSASetBlockingHook(lpblockfunc: FARPROC) -> FARPROC = None;
    WSANSPIoctl(
        hlookup: HANDLE, dwcontrolcode: u32, lpvinbuffer: *const c_void, cbinbuffer: u32, lpvoutbuffer: *mut c_void,
        cboutbuffer: u32, lpcbbytesreturned: *mut u32, lpcompletion: *const WSACOMPLETION
    ) -> i32 = SOCKET_ERROR;
    WSAProviderConfigChange(
        lpnotificationhandle: *mut HANDLE, lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE
    ) -> i32 = SOCKET_ERROR;
}
