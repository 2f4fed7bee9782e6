//! The console.

use std::ffi::c_void;

use windows_sys::Win32::Foundation::HANDLE;
pub use windows_sys::Win32::System::Console::*;
use windows_sys::core::{BOOL, PCSTR, PCWSTR};

use crate::no_words::no_words;

no_words! {
    SetConsoleCtrlHandler(handlerroutine: PHANDLER_ROUTINE, add: BOOL) -> BOOL = 0;
    GetStdHandle(nstdhandle: STD_HANDLE) -> HANDLE = std::ptr::null_mut();
    WriteConsoleW(
        hconsoleoutput: HANDLE, lpbuffer: PCWSTR, nnumberofcharstowrite: u32, lpnumberofcharswritten: *mut u32,
        lpreserved: *const c_void
    ) -> BOOL = 0;
    WriteConsoleA(
        hconsoleoutput: HANDLE, lpbuffer: PCSTR, nnumberofcharstowrite: u32, lpnumberofcharswritten: *mut u32,
        lpreserved: *const c_void
    ) -> BOOL = 0;
    SetConsoleTitleW(lpconsoletitle: PCWSTR) -> BOOL = 0;
    SetConsoleOutputCP(wcodepageid: u32) -> BOOL = 0;
    GenerateConsoleCtrlEvent(dwctrlevent: u32, dwprocessgroupid: u32) -> BOOL = 0;
    ReadConsoleW(
        hconsoleinput: HANDLE, lpbuffer: *mut c_void, nnumberofcharstoread: u32, lpnumberofcharsread: *mut u32,
        pinputcontrol: *const CONSOLE_READCONSOLE_CONTROL
    ) -> BOOL = 0;
}
