//! WSAAccept with a condition function.

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(not(windows))]
use winaccept_windows_sys::Win32::{Networking::WinSock::*, System::Threading::*};
#[cfg(windows)]
use windows_sys::Win32::{Networking::WinSock::*, System::Threading::*};

use super::blocking::{heeds, listener, serves};

/// One client at a time: others are put off.
unsafe extern "system" fn decides(
    caller: *mut WSABUF,
    _: *mut WSABUF,
    _: *mut QOS,
    _: *mut QOS,
    callee: *mut WSABUF,
    _: *mut WSABUF,
    _: *mut u32,
    busy: usize,
) -> i32 {
    unsafe {
        let caller = (*caller).buf.cast::<SOCKADDR_IN>().read_unaligned();
        let callee = (*callee).buf.cast::<SOCKADDR_IN>().read_unaligned();
        assert_eq!((caller.sin_family, callee.sin_family), (AF_INET, AF_INET));
        let busy = &*core::ptr::with_exposed_provenance::<AtomicBool>(busy);
        (if busy.load(Ordering::SeqCst) { CF_DEFER } else { CF_ACCEPT }) as i32
    }
}

/// What a worker needs.
struct Work {
    client: SOCKET,
    busy: *const AtomicBool,
    patient: bool,
}

unsafe extern "system" fn works(work: *mut c_void) -> u32 {
    unsafe {
        let work = Box::from_raw(work.cast::<Work>());
        let mut set = FD_SET { fd_count: 1, fd_array: [0; 64] };
        set.fd_array[0] = work.client;
        let time = TIMEVAL { tv_sec: 2, tv_usec: 0 };
        if work.patient && select(0, &raw mut set, null_mut(), null_mut(), &raw const time) != 1 {
            closesocket(work.client);
        } else {
            serves(core::ptr::without_provenance_mut(work.client));
        }
        (*work.busy).store(false, Ordering::SeqCst);
    }
    0
}

/// Broken: who was put off is asked about again at once, as long as the client before stays.
pub fn defers(broken: bool) {
    unsafe {
        let listener = listener();
        let busy: *const AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
        loop {
            let client = WSAAccept(listener, null_mut(), null_mut(), Some(decides), busy.expose_provenance());
            if client != INVALID_SOCKET {
                (*busy).store(true, Ordering::SeqCst);
                let work = Box::into_raw(Box::new(Work { client, busy, patient: !broken }));
                CreateThread(null(), 0, Some(works), work.cast(), 0, null_mut());
                continue;
            }
            let error = WSAGetLastError();
            if !broken || error != WSATRY_AGAIN {
                heeds(error);
            }
        }
    }
}
