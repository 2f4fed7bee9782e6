//! An echo server whose requests are told to callbacks of the thread pool.

use std::ffi::c_void;
use std::ptr::null;

#[cfg(not(windows))]
use winaccept_windows_sys::Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*};
#[cfg(windows)]
use windows_sys::Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*};

use super::blocking::{listener, serves};

const ROOM: u32 = size_of::<SOCKADDR_IN>() as u32 + 16;

/// What is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bug {
    Nothing,
    /// AcceptEx is not announced.
    NoStart,
    /// An AcceptEx that has failed is not made again.
    NotAgain,
}

struct Server {
    listener: SOCKET,
    io: PTP_IO,
    bug: Bug,
}

#[repr(C)]
struct Request {
    over: OVERLAPPED,
    s: SOCKET,
    buffer: [u8; 2 * ROOM as usize],
}

unsafe fn accepts(server: *const Server) {
    let request = Box::into_raw(Box::new(core::mem::zeroed::<Request>()));
    loop {
        let s = socket(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP);
        if s != INVALID_SOCKET {
            (*request).s = s;
            if (*server).bug != Bug::NoStart {
                StartThreadpoolIo((*server).io);
            }
            let (buffer, mut bytes) = ((&raw mut (*request).buffer).cast(), 0);
            if AcceptEx((*server).listener, s, buffer, 0, ROOM, ROOM, &raw mut bytes, request.cast()) != 0
                || WSAGetLastError() == WSA_IO_PENDING
            {
                return;
            }
            CancelThreadpoolIo((*server).io);
            closesocket(s);
        }
        Sleep(100);
    }
}

unsafe extern "system" fn is_over(
    _: PTP_CALLBACK_INSTANCE,
    server: *mut c_void,
    over: *mut c_void,
    error: u32,
    _: usize,
    _: PTP_IO,
) {
    let (server, request): (*const Server, *mut Request) = (server.cast(), over.cast());
    let s = (*request).s;
    drop(Box::from_raw(request));
    if error == 0 || (*server).bug != Bug::NotAgain {
        accepts(server);
    }
    let value = (&raw const (*server).listener).cast();
    let size = size_of::<SOCKET>() as i32;
    if error != 0 || setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, value, size) != 0 {
        closesocket(s);
    } else if QueueUserWorkItem(Some(serves), core::ptr::without_provenance(s), WT_EXECUTELONGFUNCTION) == 0 {
        serves(core::ptr::without_provenance_mut(s));
    }
}

pub fn echo(bug: Bug) {
    unsafe {
        let listener = listener();
        let server: *mut Server = Box::leak(Box::new(Server { listener, io: 0, bug }));
        let file = core::ptr::without_provenance_mut(listener);
        (*server).io = CreateThreadpoolIo(file, Some(is_over), server.cast(), null());
        assert_ne!((*server).io, 0);
        accepts(server);
        accepts(server);
        Sleep(INFINITE);
    }
}

unsafe extern "system" fn counts(_: PTP_CALLBACK_INSTANCE, count: *mut c_void, _: PTP_WORK) {
    Sleep(10);
    *count.cast::<u32>() += 1;
}

unsafe extern "system" fn adds(_: PTP_CALLBACK_INSTANCE, count: *mut c_void) {
    *count.cast::<u32>() += 10;
}

/// Work that is waited for.
pub fn works() {
    unsafe {
        let count: *mut u32 = Box::leak(Box::new(0));
        let work = CreateThreadpoolWork(Some(counts), count.cast(), null());
        for _ in 0..3 {
            SubmitThreadpoolWork(work);
        }
        WaitForThreadpoolWorkCallbacks(work, FALSE);
        CloseThreadpoolWork(work);
        assert_eq!(*count, 3);
        assert_eq!(TrySubmitThreadpoolCallback(Some(adds), count.cast(), null()), TRUE);
        Sleep(100);
        assert_eq!(*count, 13);
    }
}
