//! Blocking accept, a thread for each connection.

use std::ptr::{null, null_mut};

#[cfg(not(windows))]
use winaccept_windows_sys::Win32::{Networking::WinSock::*, System::Threading::*};
#[cfg(windows)]
use windows_sys::Win32::{Networking::WinSock::*, System::Threading::*};

/// A socket that listens on a port of the system's choice.
pub unsafe fn listener() -> SOCKET {
    unsafe {
        let mut data = WSADATA::default();
        assert_eq!(WSAStartup(0x202, &raw mut data), 0);
        let s = socket(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP);
        assert_ne!(s, INVALID_SOCKET);
        let address = SOCKADDR_IN {
            sin_family: AF_INET,
            sin_port: htons(0),
            sin_addr: IN_ADDR { S_un: IN_ADDR_0 { S_addr: inet_addr(c"127.0.0.1".as_ptr().cast()) } },
            ..Default::default()
        };
        assert_eq!(bind(s, (&raw const address).cast(), size_of::<SOCKADDR_IN>() as i32), 0);
        assert_eq!(listen(s, 5), 0);
        s
    }
}

/// Waits after a failure that is not one of a connection.
pub unsafe fn heeds(error: i32) {
    if !matches!(error, WSAECONNRESET | WSAECONNABORTED | WSAEWOULDBLOCK) {
        unsafe { Sleep(100) };
    }
}

/// Sends back what comes, and closes.
pub unsafe extern "system" fn serves(client: *mut core::ffi::c_void) -> u32 {
    unsafe {
        let client = client.addr();
        let mut blocks = 0;
        ioctlsocket(client, FIONBIO, &raw mut blocks);
        let mut buffer = [0_u8; 16];
        let count = recv(client, buffer.as_mut_ptr(), 16, 0);
        if count >= 0 {
            send(client, buffer.as_ptr(), count, 0);
        }
        closesocket(client);
    }
    0
}

/// A thread that serves this client.
pub unsafe fn begins(client: SOCKET) {
    unsafe { CreateThread(null(), 0, Some(serves), core::ptr::without_provenance(client), 0, null_mut()) };
}

pub fn server(broken: bool) {
    unsafe {
        let listener = listener();
        loop {
            let mut peer = SOCKADDR_IN::default();
            let mut length = size_of::<SOCKADDR_IN>() as i32;
            let client = accept(listener, (&raw mut peer).cast(), &raw mut length);
            if client != INVALID_SOCKET {
                assert_eq!((peer.sin_family, length), (AF_INET, 16));
                begins(client);
            } else if broken {
                break;
            } else {
                heeds(WSAGetLastError());
            }
        }
    }
}
