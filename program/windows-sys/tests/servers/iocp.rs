//! An echo server as many are: AcceptEx, WSARecv and WSASend, a completion port, and two threads that fetch from it.

use std::ffi::c_void;
use std::ptr::{null, null_mut, without_provenance_mut};

#[cfg(not(windows))]
use winaccept_windows_sys::Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*};
#[cfg(windows)]
use windows_sys::Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*};

use super::blocking::listener;

/// What is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    Nothing,
    /// Zero bytes are no end: the receive is made again.
    NoEnd,
    /// The buffer of a send is freed when the call has returned.
    FreesSent,
    /// The receive and the send of a connection have one OVERLAPPED.
    OneOverlapped,
}

/// So many bytes for each address.
const ROOM: u32 = size_of::<SOCKADDR_IN>() as u32 + 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Accepts,
    Receives,
    Sends,
}

/// A request: the OVERLAPPED first, so that its address is the request's.
#[repr(C)]
struct Request {
    over: OVERLAPPED,
    task: Task,
    s: SOCKET,
    buffer: [u8; 2 * ROOM as usize],
    length: u32,
}

/// What the threads share.
struct Server {
    listener: SOCKET,
    port: HANDLE,
    bug: Bug,
}

fn begun(result: i32) -> bool {
    result == 0 || unsafe { WSAGetLastError() } == WSA_IO_PENDING
}

impl Server {
    unsafe fn accepts(&self) {
        let request = Box::into_raw(Box::new(core::mem::zeroed::<Request>()));
        loop {
            let s = socket(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP);
            if s != INVALID_SOCKET {
                ((*request).task, (*request).s) = (Task::Accepts, s);
                let buffer = (&raw mut (*request).buffer).cast();
                let mut bytes = 0;
                if AcceptEx(self.listener, s, buffer, 0, ROOM, ROOM, &raw mut bytes, request.cast()) != 0
                    || WSAGetLastError() == WSA_IO_PENDING
                {
                    return;
                }
                closesocket(s);
            }
            Sleep(100);
        }
    }

    /// Closes the connection, and frees its request.
    unsafe fn ends(request: *mut Request) {
        closesocket((*request).s);
        drop(Box::from_raw(request));
    }

    unsafe fn receives(request: *mut Request) {
        (*request).task = Task::Receives;
        (*request).over = core::mem::zeroed();
        let buffer = WSABUF { len: (*request).buffer.len() as u32, buf: (&raw mut (*request).buffer).cast() };
        let mut flags = 0;
        if !begun(WSARecv((*request).s, &raw const buffer, 1, null_mut(), &raw mut flags, request.cast(), None)) {
            Server::ends(request);
        }
    }

    unsafe fn sends(&self, request: *mut Request) {
        (*request).task = Task::Sends;
        (*request).over = core::mem::zeroed();
        if self.bug == Bug::FreesSent {
            let copy = (&(*request).buffer)[..(*request).length as usize].to_vec();
            let buffer = WSABUF { len: (*request).length, buf: copy.as_ptr().cast_mut() };
            if !begun(WSASend((*request).s, &raw const buffer, 1, null_mut(), 0, request.cast(), None)) {
                Server::ends(request);
            }
            return;
        }
        let buffer = WSABUF { len: (*request).length, buf: (&raw mut (*request).buffer).cast() };
        if !begun(WSASend((*request).s, &raw const buffer, 1, null_mut(), 0, request.cast(), None)) {
            Server::ends(request);
        }
    }

    /// A connection is there.
    unsafe fn takes(&self, request: *mut Request) {
        let s = (*request).s;
        let value = (&raw const self.listener).cast();
        let size = size_of::<SOCKET>() as i32;
        if setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, value, size) != 0
            || CreateIoCompletionPort(without_provenance_mut(s), self.port, 2, 0).is_null()
        {
            return Server::ends(request);
        }
        Server::receives(request);
        if self.bug == Bug::OneOverlapped {
            let buffer = WSABUF { len: 2, buf: b"hi".as_ptr().cast_mut() };
            WSASend(s, &raw const buffer, 1, null_mut(), 0, request.cast(), None);
        }
    }

    unsafe fn serves(&self) {
        loop {
            let (mut bytes, mut key, mut over) = (0, 0, null_mut());
            let good = GetQueuedCompletionStatus(self.port, &raw mut bytes, &raw mut key, &raw mut over, INFINITE) != 0;
            if over.is_null() {
                Sleep(100);
                continue;
            }
            let request: *mut Request = over.cast();
            match (*request).task {
                Task::Accepts => {
                    self.accepts();
                    if good { self.takes(request) } else { Server::ends(request) }
                }
                Task::Receives if good && bytes > 0 => {
                    (*request).length = bytes;
                    self.sends(request);
                }
                Task::Receives if good && self.bug == Bug::NoEnd => Server::receives(request),
                Task::Sends if good => Server::receives(request),
                _ => Server::ends(request),
            }
        }
    }
}

unsafe extern "system" fn fetches(server: *mut c_void) -> u32 {
    (*server.cast::<Server>()).serves();
    0
}

pub fn echo(bug: Bug) {
    unsafe {
        let listener = listener();
        let port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 0);
        assert!(!CreateIoCompletionPort(without_provenance_mut(listener), port, 1, 0).is_null());
        let server: *mut Server = Box::leak(Box::new(Server { listener, port, bug }));
        (*server).accepts();
        (*server).accepts();
        let threads = [(); 2].map(|()| CreateThread(null(), 0, Some(fetches), server.cast(), 0, null_mut()));
        for thread in threads {
            WaitForSingleObject(thread, INFINITE);
        }
    }
}
