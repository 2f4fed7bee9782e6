//! Handles and last errors.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::Call;
pub use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Networking::WinSock::WSANOTINITIALISED;
use windows_sys::core::BOOL;

use crate::here::{Here, Object, here, here_or, here_true};

/// `CloseHandle`
pub unsafe extern "system" fn CloseHandle(hobject: HANDLE) -> BOOL {
    here_true("CloseHandle", |here| match here.object(hobject.addr()) {
        // That of a thread is one of many, and the thread goes on. Those of mutexes and semaphores nobody counts.
        Some(Object::Thread(_) | Object::Own(_)) => TRUE,
        _ => here.truth(&here.calls(Call::CloseHandle { handle: here.handle(hobject) })),
    })
}

/// `GetLastError`
pub unsafe extern "system" fn GetLastError() -> WIN32_ERROR {
    here_or("GetLastError", WSANOTINITIALISED.cast_unsigned(), |here: &Here<'_>| here.error())
}

/// `SetLastError`
pub unsafe extern "system" fn SetLastError(dwerrcode: WIN32_ERROR) {
    here("SetLastError", |here| here.set_error(dwerrcode));
}
