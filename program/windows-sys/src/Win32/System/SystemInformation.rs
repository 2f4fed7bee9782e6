//! How long the system has been running: as long as the run, in virtual time.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use windows_sys::Win32::Foundation::{FILETIME, SYSTEMTIME};
pub use windows_sys::Win32::System::SystemInformation::*;
use windows_sys::core::BOOL;

use crate::here::here;
use crate::no_words::no_words;

/// `GetTickCount64`: milliseconds of virtual time since the run began.
pub unsafe extern "system" fn GetTickCount64() -> u64 {
    here("GetTickCount64", |here| here.w.now())
}

/// `GetTickCount`: milliseconds of virtual time since the run began.
pub unsafe extern "system" fn GetTickCount() -> u32 {
    here("GetTickCount", |here| here.w.now() as u32)
}

no_words! {
    GetSystemInfo(lpsysteminfo: *mut SYSTEM_INFO);
    GetNativeSystemInfo(lpsysteminfo: *mut SYSTEM_INFO);
    GetSystemTimeAsFileTime(lpsystemtimeasfiletime: *mut FILETIME);
    GetSystemTimePreciseAsFileTime(lpsystemtimeasfiletime: *mut FILETIME);
    GetLocalTime(lpsystemtime: *mut SYSTEMTIME);
    GetSystemTime(lpsystemtime: *mut SYSTEMTIME);
    GlobalMemoryStatusEx(lpbuffer: *mut MEMORYSTATUSEX) -> BOOL = 0;
}
