//! Handles and last errors.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::Call;
pub use windows_sys::Win32::Foundation::*;
use windows_sys::core::BOOL;

use crate::here::{Here, Object, here};

/// `CloseHandle`
pub unsafe extern "system" fn CloseHandle(hobject: HANDLE) -> BOOL {
    here("CloseHandle", |here| match here.object(hobject.addr()) {
        // That of a thread is one of many, and the thread goes on.
        Some(Object::Thread(_)) => TRUE,
        _ => here.truth(&here.calls(Call::CloseHandle { handle: here.handle(hobject) })),
    })
}

/// `GetLastError`
pub unsafe extern "system" fn GetLastError() -> WIN32_ERROR {
    here("GetLastError", |here: &Here<'_>| here.error())
}

/// `SetLastError`
pub unsafe extern "system" fn SetLastError(dwerrcode: WIN32_ERROR) {
    here("SetLastError", |here| here.set_error(dwerrcode));
}
