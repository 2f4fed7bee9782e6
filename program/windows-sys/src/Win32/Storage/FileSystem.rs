//! What is left out when a request is complete at once, and files.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::{Call, FileModes};
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
pub use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::{LPOVERLAPPED_COMPLETION_ROUTINE, OVERLAPPED};
use windows_sys::core::{BOOL, PCWSTR};

use crate::here::{here_true, with_run};
use crate::no_words::no_words;

/// `SetFileCompletionNotificationModes`, of a socket.
pub unsafe extern "system" fn SetFileCompletionNotificationModes(filehandle: HANDLE, flags: u8) -> BOOL {
    here_true("SetFileCompletionNotificationModes", |here| {
        if flags > 3 {
            here.no_words(&format!("SetFileCompletionNotificationModes with {flags:#x}"));
            return 0;
        }
        let modes = FileModes(flags.into());
        let set =
            here.truth(&here.calls(Call::SetFileCompletionNotificationModes { s: here.handle(filehandle), modes }));
        if set != 0 && modes.has(FileModes::SKIP_COMPLETION_PORT_ON_SUCCESS) {
            with_run(|run| run.skips.insert(filehandle.addr()));
        }
        set
    })
}

no_words! {
    CreateFileW(
        lpfilename: PCWSTR, dwdesiredaccess: u32, dwsharemode: FILE_SHARE_MODE,
        lpsecurityattributes: *const SECURITY_ATTRIBUTES, dwcreationdisposition: FILE_CREATION_DISPOSITION,
        dwflagsandattributes: FILE_FLAGS_AND_ATTRIBUTES, htemplatefile: HANDLE
    ) -> HANDLE = INVALID_HANDLE_VALUE;
    ReadFile(
        hfile: HANDLE, lpbuffer: *mut u8, nnumberofbytestoread: u32, lpnumberofbytesread: *mut u32,
        lpoverlapped: *mut OVERLAPPED
    ) -> BOOL = 0;
    WriteFile(
        hfile: HANDLE, lpbuffer: *const u8, nnumberofbytestowrite: u32, lpnumberofbyteswritten: *mut u32,
        lpoverlapped: *mut OVERLAPPED
    ) -> BOOL = 0;
    ReadFileEx(
        hfile: HANDLE, lpbuffer: *mut u8, nnumberofbytestoread: u32, lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPOVERLAPPED_COMPLETION_ROUTINE
    ) -> BOOL = 0;
    WriteFileEx(
        hfile: HANDLE, lpbuffer: *const u8, nnumberofbytestowrite: u32, lpoverlapped: *mut OVERLAPPED,
        lpcompletionroutine: LPOVERLAPPED_COMPLETION_ROUTINE
    ) -> BOOL = 0;
}
