//! Handles and last errors.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::Call;
pub use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Networking::WinSock::WSANOTINITIALISED;
use windows_sys::core::BOOL;

use crate::Win32::System::Memory::frees;
use crate::here::{Here, Object, here, here_or, here_true};
use crate::no_words::no_words;

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

/// `LocalFree`
pub unsafe extern "system" fn LocalFree(hmem: HLOCAL) -> HLOCAL {
    // SAFETY: the caller's contract.
    unsafe { frees("LocalFree", hmem) }
}

/// `GlobalFree`
pub unsafe extern "system" fn GlobalFree(hmem: HGLOBAL) -> HGLOBAL {
    // SAFETY: the caller's contract.
    unsafe { frees("GlobalFree", hmem) }
}

no_words! {
    DuplicateHandle(
        hsourceprocesshandle: HANDLE, hsourcehandle: HANDLE, htargetprocesshandle: HANDLE,
        lptargethandle: *mut HANDLE, dwdesiredaccess: u32, binherithandle: BOOL, dwoptions: DUPLICATE_HANDLE_OPTIONS
    ) -> BOOL = 0;
    GetHandleInformation(hobject: HANDLE, lpdwflags: *mut u32) -> BOOL = 0;
    SetHandleInformation(hobject: HANDLE, dwmask: u32, dwflags: HANDLE_FLAGS) -> BOOL = 0;
    CompareObjectHandles(hfirstobjecthandle: HANDLE, hsecondobjecthandle: HANDLE) -> BOOL = 0;
    FreeLibrary(hlibmodule: HMODULE) -> BOOL = 0;
}
