//! Which Windows, or which Wine, this is.

use std::ffi::{CStr, c_char};

use windows_sys::Wdk::System::SystemServices::RtlGetVersion;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};
use windows_sys::Win32::System::SystemInformation::OSVERSIONINFOW;

use super::super::Identity;

/// A function that a system DLL exports, as an address.
pub(super) fn exported(module: &CStr, function: &CStr) -> Option<unsafe extern "system" fn() -> isize> {
    // SAFETY: both names end with a NUL; a module that is not loaded gives a null handle, which is not passed on.
    unsafe {
        let module = GetModuleHandleA(module.as_ptr().cast());
        if module.is_null() { None } else { GetProcAddress(module, function.as_ptr().cast()) }
    }
}

/// True on a Wine.
pub(super) fn is_wine() -> bool {
    wine_text(c"wine_get_version").is_some()
}

/// The identity of the stack under this process.
pub(super) fn identity() -> Identity {
    match wine_text(c"wine_get_version") {
        Some(version) => {
            let build = wine_text(c"wine_get_build_id").unwrap_or_else(|| format!("wine-{version}"));
            Identity { name: "wine".to_owned(), version, build }
        }
        None => {
            let version = windows_version();
            Identity { name: "windows".to_owned(), build: format!("Windows {version}"), version }
        }
    }
}

/// What one of Wine's own additions to ntdll tells; `None` on Windows, which does not have them.
fn wine_text(function: &CStr) -> Option<String> {
    let function = exported(c"ntdll.dll", function)?;
    // SAFETY: where ntdll exports these two names they are `const char * CDECL f(void)`, on 64 and on 32 bits, and the
    // string lives as long as the process.
    unsafe {
        let function: unsafe extern "C" fn() -> *const c_char = std::mem::transmute(function);
        Some(CStr::from_ptr(function()).to_string_lossy().into_owned())
    }
}

fn windows_version() -> String {
    let mut info = OSVERSIONINFOW { dwOSVersionInfoSize: size_of::<OSVERSIONINFOW>() as u32, ..Default::default() };
    // SAFETY: `info` is writable and tells its own size.
    unsafe { RtlGetVersion(&raw mut info) };
    format!("{}.{}.{}", info.dwMajorVersion, info.dwMinorVersion, info.dwBuildNumber)
}
