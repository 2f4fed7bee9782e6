//! What Winsock has and the model has no words for: a call of it ends the run undecided, with its name. And what needs none.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use windows_sys::Win32::Networking::WinSock::*;
use windows_sys::core::{BOOL, PCSTR, PCWSTR, PSTR};

use crate::memory;
use crate::no_words::no_words;

no_words! {
    getaddrinfo(
        pnodename: PCSTR, pservicename: PCSTR, phints: *const ADDRINFOA, ppresult: *mut *mut ADDRINFOA
    ) -> i32 = SOCKET_ERROR;
    freeaddrinfo(paddrinfo: *const ADDRINFOA);
    gethostbyaddr(addr: PCSTR, len: i32, r#type: i32) -> *mut HOSTENT = std::ptr::null_mut();
    gethostbyname(name: PCSTR) -> *mut HOSTENT = std::ptr::null_mut();
    gethostname(name: PSTR, namelen: i32) -> i32 = SOCKET_ERROR;
    getnameinfo(
        psockaddr: *const SOCKADDR, sockaddrlength: socklen_t, pnodebuffer: PSTR, nodebuffersize: u32,
        pservicebuffer: PSTR, servicebuffersize: u32, flags: i32
    ) -> i32 = SOCKET_ERROR;
    getprotobyname(name: PCSTR) -> *mut PROTOENT = std::ptr::null_mut();
    getprotobynumber(number: i32) -> *mut PROTOENT = std::ptr::null_mut();
    getservbyname(name: PCSTR, proto: PCSTR) -> *mut SERVENT = std::ptr::null_mut();
    getservbyport(port: i32, proto: PCSTR) -> *mut SERVENT = std::ptr::null_mut();
    inet_ntoa(r#in: IN_ADDR) -> PSTR = std::ptr::null_mut();
    inet_ntop(
        family: i32, paddr: *const std::ffi::c_void, pstringbuf: PSTR, stringbufsize: usize
    ) -> PCSTR = std::ptr::null();
    inet_pton(family: i32, pszaddrstring: PCSTR, paddrbuf: *mut std::ffi::c_void) -> i32 = SOCKET_ERROR;
    recvfrom(
        s: SOCKET, buf: PSTR, len: i32, flags: i32, from: *mut SOCKADDR, fromlen: *mut i32
    ) -> i32 = SOCKET_ERROR;
    sendto(
        s: SOCKET, buf: PCSTR, len: i32, flags: i32, to: *const SOCKADDR, tolen: i32
    ) -> i32 = SOCKET_ERROR;
    GetAddrInfoW(
        pnodename: PCWSTR, pservicename: PCWSTR, phints: *const ADDRINFOW, ppresult: *mut *mut ADDRINFOW
    ) -> i32 = SOCKET_ERROR;
    FreeAddrInfoW(paddrinfo: *const ADDRINFOW);
    TransmitFile(
        hsocket: SOCKET, hfile: windows_sys::Win32::Foundation::HANDLE, nnumberofbytestowrite: u32,
        nnumberofbytespersend: u32, lpoverlapped: *mut windows_sys::Win32::System::IO::OVERLAPPED,
        lptransmitbuffers: *const TRANSMIT_FILE_BUFFERS, dwreserved: u32
    ) -> BOOL = 0;
    WSAAsyncSelect(
        s: SOCKET, hwnd: windows_sys::Win32::Foundation::HWND, wmsg: u32, levent: i32
    ) -> i32 = SOCKET_ERROR;
    WSACancelBlockingCall() -> i32 = SOCKET_ERROR;
    WSAConnect(
        s: SOCKET, name: *const SOCKADDR, namelen: i32, lpcallerdata: *const WSABUF,
        lpcalleedata: *mut WSABUF, lpsqos: *const QOS, lpgqos: *const QOS
    ) -> i32 = SOCKET_ERROR;
    WSADuplicateSocketW(
        s: SOCKET, dwprocessid: u32, lpprotocolinfo: *mut WSAPROTOCOL_INFOW
    ) -> i32 = SOCKET_ERROR;
    WSARecvDisconnect(s: SOCKET, lpinbounddisconnectdata: *const WSABUF) -> i32 = SOCKET_ERROR;
    WSARecvEx(s: SOCKET, buf: PSTR, len: i32, flags: *mut i32) -> i32 = SOCKET_ERROR;
    WSARecvFrom(
        s: SOCKET, lpbuffers: *const WSABUF, dwbuffercount: u32, lpnumberofbytesrecvd: *mut u32,
        lpflags: *mut u32, lpfrom: *mut SOCKADDR, lpfromlen: *mut i32,
        lpoverlapped: *mut windows_sys::Win32::System::IO::OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE
    ) -> i32 = SOCKET_ERROR;
    WSASendDisconnect(s: SOCKET, lpoutbounddisconnectdata: *const WSABUF) -> i32 = SOCKET_ERROR;
    WSASendMsg(
        handle: SOCKET, lpmsg: *const WSAMSG, dwflags: u32, lpnumberofbytessent: *mut u32,
        lpoverlapped: *mut windows_sys::Win32::System::IO::OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE
    ) -> i32 = SOCKET_ERROR;
    WSASendTo(
        s: SOCKET, lpbuffers: *const WSABUF, dwbuffercount: u32, lpnumberofbytessent: *mut u32,
        dwflags: u32, lpto: *const SOCKADDR, itolen: i32,
        lpoverlapped: *mut windows_sys::Win32::System::IO::OVERLAPPED,
        lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE
    ) -> i32 = SOCKET_ERROR;
    WSASocketA(
        af: i32, r#type: i32, protocol: i32, lpprotocolinfo: *const WSAPROTOCOL_INFOA, g: u32, dwflags: u32
    ) -> SOCKET = INVALID_SOCKET;
}

/// `htons`
pub unsafe extern "system" fn htons(hostshort: u16) -> u16 {
    hostshort.to_be()
}

/// `htonl`
pub unsafe extern "system" fn htonl(hostlong: u32) -> u32 {
    hostlong.to_be()
}

/// `ntohs`
pub unsafe extern "system" fn ntohs(netshort: u16) -> u16 {
    u16::from_be(netshort)
}

/// `ntohl`
pub unsafe extern "system" fn ntohl(netlong: u32) -> u32 {
    u32::from_be(netlong)
}

/// `inet_addr`, of four decimal numbers.
pub unsafe extern "system" fn inet_addr(cp: PCSTR) -> u32 {
    let mut text = String::new();
    for at in 0..16 {
        // SAFETY: the caller's contract: a text that ends with a zero, which was not seen yet.
        match unsafe { memory::get(cp.wrapping_add(if cp.is_null() { 0 } else { at })) } {
            None | Some(0) => break,
            Some(byte) => text.push(char::from(byte)),
        }
    }
    let address: Option<std::net::Ipv4Addr> = text.parse().ok();
    address.map_or(INADDR_NONE, |address| u32::from_ne_bytes(address.octets()))
}
