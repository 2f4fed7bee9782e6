//! AcceptEx into sockets that were used before: DisconnectEx or TransmitFile leaves them for the next connection.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

#[cfg(not(windows))]
use winaccept_windows_sys::Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*};
#[cfg(not(windows))]
use winaccept_windows_sys::core::GUID;
#[cfg(windows)]
use windows_sys::Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*};
#[cfg(windows)]
use windows_sys::core::GUID;

use super::blocking::listener;

const ROOM: u32 = size_of::<SOCKADDR_IN>() as u32 + 16;

/// How a socket is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    DisconnectEx,
    TransmitFile,
    /// Nothing comes of it: the socket is not free when it is given to AcceptEx again.
    Nothing,
}

/// What the threads share: sockets that are free.
struct Free {
    sockets: Vec<SOCKET>,
    lock: SRWLOCK,
    disconnects: LPFN_DISCONNECTEX,
    by: By,
}

struct Client {
    s: SOCKET,
    free: *mut Free,
}

unsafe fn pointer<T: Copy>(s: SOCKET, name: GUID) -> T {
    let (mut function, mut bytes) = (core::mem::MaybeUninit::<T>::uninit(), 0);
    let from = (&raw const name).cast();
    let (to, room) = (function.as_mut_ptr().cast(), size_of::<T>() as u32);
    let code = SIO_GET_EXTENSION_FUNCTION_POINTER;
    assert_eq!(WSAIoctl(s, code, from, 16, to, room, &raw mut bytes, null_mut(), None), 0);
    function.assume_init()
}

/// Waits until the request is over; cancels it if it takes long.
unsafe fn is_over(s: SOCKET, over: *mut OVERLAPPED) -> bool {
    let (mut bytes, mut flags) = (0, 0);
    if WaitForSingleObject((*over).hEvent, 3000) != WAIT_OBJECT_0 {
        CancelIoEx(s as HANDLE, over);
        while WaitForSingleObject((*over).hEvent, 2000) != WAIT_OBJECT_0 {}
    }
    WSAGetOverlappedResult(s, over, &raw mut bytes, FALSE, &raw mut flags) != 0
}

/// Is the socket free for another connection?
unsafe fn leaves(free: *mut Free, s: SOCKET) -> bool {
    let over: *mut OVERLAPPED = Box::into_raw(Box::default());
    (*over).hEvent = CreateEventW(null(), 1, 0, null());
    let flags = TF_DISCONNECT | TF_REUSE_SOCKET;
    let begun = !(*over).hEvent.is_null()
        && match (*free).by {
            By::DisconnectEx => (*free).disconnects.expect("it is there")(s, over, TF_REUSE_SOCKET, 0) != 0,
            By::TransmitFile => TransmitFile(s, null_mut(), 0, 0, over, null(), flags) != 0,
            By::Nothing => return true,
        };
    let left = begun || WSAGetLastError() == WSA_IO_PENDING && is_over(s, over);
    CloseHandle((*over).hEvent);
    drop(Box::from_raw(over));
    left
}

/// Sends back what comes until the client has closed.
unsafe extern "system" fn serves(client: *mut c_void) -> u32 {
    let Client { s, free } = *Box::from_raw(client.cast::<Client>());
    let mut buffer = [0_u8; 64];
    let mut count = recv(s, buffer.as_mut_ptr(), 64, 0);
    while count > 0 && send(s, buffer.as_ptr(), count, 0) == count {
        count = recv(s, buffer.as_mut_ptr(), 64, 0);
    }
    if count == 0 && leaves(free, s) {
        AcquireSRWLockExclusive(&raw mut (*free).lock);
        (*free).sockets.push(s);
        ReleaseSRWLockExclusive(&raw mut (*free).lock);
    } else {
        closesocket(s);
    }
    0
}

/// A socket for the next connection.
unsafe fn next(free: *mut Free) -> SOCKET {
    AcquireSRWLockExclusive(&raw mut (*free).lock);
    let spare = (*free).sockets.pop();
    ReleaseSRWLockExclusive(&raw mut (*free).lock);
    spare.unwrap_or_else(|| socket(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP))
}

pub fn accepts(by: By) {
    unsafe {
        let listener = listener();
        let disconnects = pointer(listener, WSAID_DISCONNECTEX);
        let accepts: LPFN_ACCEPTEX = pointer(listener, WSAID_ACCEPTEX);
        let (sockets, lock) = (Vec::new(), SRWLOCK::default());
        let free: *mut Free = Box::into_raw(Box::new(Free { sockets, lock, disconnects, by }));
        let over: *mut OVERLAPPED = Box::into_raw(Box::default());
        let buffer: *mut [u8; 2 * ROOM as usize] = Box::into_raw(Box::new([0; 2 * ROOM as usize]));
        (*over).hEvent = CreateEventW(null(), 0, 0, null());
        loop {
            let (s, mut bytes, mut flags) = (next(free), 0, 0);
            if s == INVALID_SOCKET {
                Sleep(100);
                continue;
            }
            let accept = accepts.expect("it is there");
            if accept(listener, s, buffer.cast(), 0, ROOM, ROOM, &raw mut bytes, over) == 0
                && WSAGetLastError() != WSA_IO_PENDING
            {
                closesocket(s);
                Sleep(100);
                continue;
            }
            while WaitForSingleObject((*over).hEvent, INFINITE) != WAIT_OBJECT_0 {}
            let good = WSAGetOverlappedResult(listener, over, &raw mut bytes, FALSE, &raw mut flags) != 0;
            let value = (&raw const listener).cast();
            let size = size_of::<SOCKET>() as i32;
            if good && setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, value, size) == 0 {
                let client = Box::into_raw(Box::new(Client { s, free }));
                CreateThread(null(), 0, Some(serves), client.cast_const().cast(), 0, null_mut());
            } else {
                closesocket(s);
            }
        }
    }
}
