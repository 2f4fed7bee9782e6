//! AcceptEx with a completion port, and with an event.

use std::ffi::c_void;
use std::ptr::{null_mut, without_provenance_mut};

#[cfg(not(windows))]
use winaccept_windows_sys::Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*};
#[cfg(windows)]
use windows_sys::Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*};

#[cfg(not(windows))]
use winaccept_windows_sys::core::GUID;
#[cfg(windows)]
use windows_sys::core::GUID;

use super::blocking::{begins, listener};

/// So many bytes for each address.
const ROOM: u32 = size_of::<SOCKADDR_IN>() as u32 + 16;

/// AcceptEx and GetAcceptExSockaddrs.
pub struct Extension {
    accept_ex: LPFN_ACCEPTEX,
    sockaddrs: LPFN_GETACCEPTEXSOCKADDRS,
}

unsafe fn asks(s: SOCKET, guid: GUID) -> *const c_void {
    let mut pointer: *const c_void = std::ptr::null();
    let mut bytes = 0;
    let size = size_of::<*const c_void>() as u32;
    unsafe {
        let code = SIO_GET_EXTENSION_FUNCTION_POINTER;
        let (guid, out) = ((&raw const guid).cast(), (&raw mut pointer).cast());
        assert_eq!(WSAIoctl(s, code, guid, 16, out, size, &raw mut bytes, null_mut(), None), 0);
    }
    assert_eq!(bytes, size);
    pointer
}

impl Extension {
    pub unsafe fn of(s: SOCKET) -> Extension {
        unsafe {
            Extension {
                accept_ex: core::mem::transmute::<*const c_void, LPFN_ACCEPTEX>(asks(s, WSAID_ACCEPTEX)),
                sockaddrs: core::mem::transmute::<*const c_void, LPFN_GETACCEPTEXSOCKADDRS>(asks(
                    s,
                    WSAID_GETACCEPTEXSOCKADDRS,
                )),
            }
        }
    }
}

/// A request: the OVERLAPPED first, so that its address is the request's.
#[repr(C)]
pub struct Slot {
    over: OVERLAPPED,
    accept: SOCKET,
    buffer: [u8; 2 * ROOM as usize],
}

/// Makes the request; has it begun?
unsafe fn posts(extension: &Extension, listener: SOCKET, slot: *mut Slot) -> bool {
    unsafe {
        (*slot).accept = socket(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP);
        if (*slot).accept == INVALID_SOCKET {
            return false;
        }
        let mut bytes = 0;
        let accept_ex = extension.accept_ex.expect("it was asked for");
        let buffer = (&raw mut (*slot).buffer).cast();
        let begun = accept_ex(listener, (*slot).accept, buffer, 0, ROOM, ROOM, &raw mut bytes, slot.cast());
        if begun != 0 || WSAGetLastError() == ERROR_IO_PENDING as i32 {
            return true;
        }
        closesocket((*slot).accept);
        false
    }
}

/// Serves what a request has brought.
unsafe fn serves(extension: &Extension, listener: SOCKET, slot: *mut Slot) {
    unsafe {
        let client = (*slot).accept;
        let value = (&raw const listener).cast();
        if setsockopt(client, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, value, size_of::<SOCKET>() as i32) != 0 {
            closesocket(client);
            return;
        }
        let (mut local, mut remote) = (null_mut(), null_mut());
        let (mut local_length, mut remote_length) = (0, 0);
        let sockaddrs = extension.sockaddrs.expect("it was asked for");
        let buffer = (&raw const (*slot).buffer).cast();
        sockaddrs(
            buffer,
            0,
            ROOM,
            ROOM,
            &raw mut local,
            &raw mut local_length,
            &raw mut remote,
            &raw mut remote_length,
        );
        assert_eq!((local_length, remote_length), (16, 16));
        assert_eq!(remote.read_unaligned().sa_family, AF_INET);
        begins(client);
    }
}

/// Broken: any failure of an accept is taken for one of the listener, and closes that.
pub fn port(broken: bool) {
    unsafe {
        let listener = listener();
        let extension = Extension::of(listener);
        let port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 0);
        assert!(!CreateIoCompletionPort(without_provenance_mut(listener), port, usize::MAX, 0).is_null());
        let slot = Box::into_raw(Box::new(core::mem::zeroed::<Slot>()));
        let mut posted = posts(&extension, listener, slot);
        loop {
            while !posted {
                Sleep(100);
                posted = posts(&extension, listener, slot);
            }
            let (mut bytes, mut key, mut over) = (0, 0, null_mut());
            let good = GetQueuedCompletionStatus(port, &raw mut bytes, &raw mut key, &raw mut over, INFINITE);
            if over.is_null() {
                Sleep(100);
                continue;
            }
            assert_eq!((over, key), (slot.cast(), usize::MAX));
            if good != 0 {
                serves(&extension, listener, slot);
            } else {
                closesocket((*slot).accept);
                if broken {
                    closesocket(listener);
                    continue;
                }
            }
            posted = posts(&extension, listener, slot);
        }
    }
}

/// Broken: TRUE is handled at once, in the belief that no packet follows.
pub fn handled_twice(broken: bool) {
    unsafe {
        let listener = listener();
        let extension = Extension::of(listener);
        let port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 0);
        CreateIoCompletionPort(without_provenance_mut(listener), port, 1, 0);
        let slot = Box::into_raw(Box::new(core::mem::zeroed::<Slot>()));
        loop {
            SetLastError(0);
            if !posts(&extension, listener, slot) {
                Sleep(100);
                continue;
            }
            if broken && WSAGetLastError() != ERROR_IO_PENDING as i32 {
                serves(&extension, listener, slot);
                continue;
            }
            let (mut bytes, mut key, mut over) = (0, 0, null_mut());
            if GetQueuedCompletionStatus(port, &raw mut bytes, &raw mut key, &raw mut over, INFINITE) != 0 {
                serves(&extension, listener, slot);
            } else {
                closesocket((*slot).accept);
            }
        }
    }
}

/// Broken: a request that pends is taken for one that has failed.
pub fn event(broken: bool) {
    unsafe {
        let listener = listener();
        let extension = Extension::of(listener);
        let event = WSACreateEvent();
        let slot = Box::into_raw(Box::new(core::mem::zeroed::<Slot>()));
        (*slot).over.hEvent = without_provenance_mut(event.cast_unsigned());
        loop {
            WSAResetEvent(event);
            SetLastError(0);
            if !posts(&extension, listener, slot) {
                Sleep(100);
                continue;
            }
            if broken && WSAGetLastError() == ERROR_IO_PENDING as i32 {
                return;
            }
            let (mut bytes, mut flags) = (0, 0);
            if WSAGetOverlappedResult(listener, slot.cast(), &raw mut bytes, TRUE, &raw mut flags) != 0 {
                serves(&extension, listener, slot);
            } else {
                closesocket((*slot).accept);
            }
        }
    }
}
