//! Texts of errors, and for debuggers.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use windows_sys::Win32::Foundation::ERROR_INSUFFICIENT_BUFFER;
pub use windows_sys::Win32::System::Diagnostics::Debug::*;
use windows_sys::core::{BOOL, PCSTR, PCWSTR, PSTR, PWSTR};

use crate::here::{Here, here, here_or};
use crate::no_words::no_words;
use crate::text::{self, Character};
use crate::{heap, memory};

/// `FormatMessage` of an error of the system's: its number stands for its text.
///
/// # Safety
/// `to` is valid for so many characters, or for a pointer where the flags ask for memory.
unsafe fn formats<C: Character>(
    here: &Here<'_>,
    flags: FORMAT_MESSAGE_OPTIONS,
    error: u32,
    to: *mut C,
    room: u32,
) -> u32 {
    let allocates = flags & FORMAT_MESSAGE_ALLOCATE_BUFFER != 0;
    if flags & FORMAT_MESSAGE_FROM_SYSTEM == 0
        || flags & (FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_FROM_HMODULE) != 0
    {
        here.no_words("FormatMessage of anything but errors of the system");
    }
    if here.is_null(to, "FormatMessage", "lpBuffer") {
        return 0;
    }
    let written = format!("error {error}\r\n");
    let needed = written.len() + 1;
    // SAFETY: by the contract of this function; there is room.
    unsafe {
        if allocates {
            let made: *mut C = heap::gets(needed.max(room as usize) * size_of::<C>(), true).cast();
            memory::put(to.cast::<*mut C>(), made);
            text::write(made, &written);
        } else if (room as usize) < needed {
            here.set_error(ERROR_INSUFFICIENT_BUFFER);
            return 0;
        } else {
            text::write(to, &written);
        }
    }
    written.len() as u32
}

/// `FormatMessageW`, of an error of the system's. The text is `error` and its number, with the end of a line.
pub unsafe extern "system" fn FormatMessageW(
    dwflags: FORMAT_MESSAGE_OPTIONS,
    _lpsource: *const c_void,
    dwmessageid: u32,
    _dwlanguageid: u32,
    lpbuffer: PWSTR,
    nsize: u32,
    _arguments: *const *const i8,
) -> u32 {
    // SAFETY: the caller's contract.
    here_or("FormatMessageW", 0, |here| unsafe { formats(here, dwflags, dwmessageid, lpbuffer, nsize) })
}

/// `FormatMessageA`, of an error of the system's. The text is `error` and its number, with the end of a line.
pub unsafe extern "system" fn FormatMessageA(
    dwflags: FORMAT_MESSAGE_OPTIONS,
    _lpsource: *const c_void,
    dwmessageid: u32,
    _dwlanguageid: u32,
    lpbuffer: PSTR,
    nsize: u32,
    _arguments: *const *const i8,
) -> u32 {
    // SAFETY: the caller's contract.
    here_or("FormatMessageA", 0, |here| unsafe { formats(here, dwflags, dwmessageid, lpbuffer, nsize) })
}

/// `OutputDebugStringW`: nobody listens.
pub unsafe extern "system" fn OutputDebugStringW(_lpoutputstring: PCWSTR) {
    here("OutputDebugStringW", |_| ());
}

/// `OutputDebugStringA`: nobody listens.
pub unsafe extern "system" fn OutputDebugStringA(_lpoutputstring: PCSTR) {
    here("OutputDebugStringA", |_| ());
}

no_words! {
    IsDebuggerPresent() -> BOOL = 0;
    DebugBreak();
    SetErrorMode(umode: THREAD_ERROR_MODE) -> THREAD_ERROR_MODE = 0;
}
