//! Modules.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use windows_sys::Win32::Foundation::{FARPROC, HANDLE, HMODULE};
pub use windows_sys::Win32::System::LibraryLoader::*;
use windows_sys::core::{PCSTR, PCWSTR};

use crate::here::{Here, here};
use crate::no_words::no_words;

/// That of the program, where nobody looks.
fn own(here: &Here<'_>, call: &str, other: bool) -> HMODULE {
    if other {
        here.no_words(&format!("{call} of another module than the program's"));
    }
    std::ptr::without_provenance_mut(0x40_0000)
}

/// `GetModuleHandleW`, of the program.
pub unsafe extern "system" fn GetModuleHandleW(lpmodulename: PCWSTR) -> HMODULE {
    here("GetModuleHandleW", |here| own(here, "GetModuleHandleW", !lpmodulename.is_null()))
}

/// `GetModuleHandleA`, of the program.
pub unsafe extern "system" fn GetModuleHandleA(lpmodulename: PCSTR) -> HMODULE {
    here("GetModuleHandleA", |here| own(here, "GetModuleHandleA", !lpmodulename.is_null()))
}

no_words! {
    GetProcAddress(hmodule: HMODULE, lpprocname: PCSTR) -> FARPROC = None;
    LoadLibraryW(lplibfilename: PCWSTR) -> HMODULE = std::ptr::null_mut();
    LoadLibraryA(lplibfilename: PCSTR) -> HMODULE = std::ptr::null_mut();
    LoadLibraryExW(
        lplibfilename: PCWSTR, hfile: HANDLE, dwflags: LOAD_LIBRARY_FLAGS
    ) -> HMODULE = std::ptr::null_mut();
}
