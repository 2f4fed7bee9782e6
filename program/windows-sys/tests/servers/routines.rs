//! An echo server of one thread, which accepts in a blocking accept: completion routines receive and send, and run in that.

use std::ptr::null_mut;

#[cfg(not(windows))]
use winaccept_windows_sys::Win32::{Networking::WinSock::*, System::IO::*, System::Threading::*};
#[cfg(windows)]
use windows_sys::Win32::{Networking::WinSock::*, System::IO::*, System::Threading::*};

use super::blocking::listener;

/// A connection: the OVERLAPPED first, so that its address is the connection's.
#[repr(C)]
struct Connection {
    over: OVERLAPPED,
    s: SOCKET,
    buffer: [u8; 64],
}

unsafe fn ends(connection: *mut Connection) {
    closesocket((*connection).s);
    drop(Box::from_raw(connection));
}

unsafe fn begun(connection: *mut Connection, result: i32) {
    if result != 0 && WSAGetLastError() != WSA_IO_PENDING {
        ends(connection);
    }
}

unsafe fn receives(connection: *mut Connection) {
    (*connection).over = core::mem::zeroed();
    let buffer = WSABUF { len: (*connection).buffer.len() as u32, buf: (&raw mut (*connection).buffer).cast() };
    let mut flags = 0;
    let over = connection.cast();
    begun(connection, WSARecv((*connection).s, &raw const buffer, 1, null_mut(), &raw mut flags, over, Some(received)));
}

unsafe extern "system" fn received(error: u32, bytes: u32, over: *mut OVERLAPPED, _: u32) {
    let connection: *mut Connection = over.cast();
    if error != 0 || bytes == 0 {
        return ends(connection);
    }
    (*connection).over = core::mem::zeroed();
    let buffer = WSABUF { len: bytes, buf: (&raw mut (*connection).buffer).cast() };
    begun(connection, WSASend((*connection).s, &raw const buffer, 1, null_mut(), 0, over, Some(sent)));
}

unsafe extern "system" fn sent(error: u32, _: u32, over: *mut OVERLAPPED, _: u32) {
    if error != 0 { ends(over.cast()) } else { receives(over.cast()) }
}

pub fn echo() {
    unsafe {
        let listener = listener();
        loop {
            let s = accept(listener, null_mut(), null_mut());
            if s == INVALID_SOCKET {
                SleepEx(100, 1);
                continue;
            }
            let connection = Box::into_raw(Box::new(core::mem::zeroed::<Connection>()));
            (*connection).s = s;
            receives(connection);
        }
    }
}
