//! Services.

use std::ffi::c_void;

pub use windows_sys::Win32::System::Services::*;
use windows_sys::core::{BOOL, PCWSTR};

use crate::no_words::no_words;

no_words! {
    StartServiceCtrlDispatcherW(lpservicestarttable: *const SERVICE_TABLE_ENTRYW) -> BOOL = 0;
    RegisterServiceCtrlHandlerExW(
        lpservicename: PCWSTR, lphandlerproc: LPHANDLER_FUNCTION_EX, lpcontext: *const c_void
    ) -> SERVICE_STATUS_HANDLE = std::ptr::null_mut();
    RegisterServiceCtrlHandlerW(
        lpservicename: PCWSTR, lphandlerproc: LPHANDLER_FUNCTION
    ) -> SERVICE_STATUS_HANDLE = std::ptr::null_mut();
    SetServiceStatus(hservicestatus: SERVICE_STATUS_HANDLE, lpservicestatus: *const SERVICE_STATUS) -> BOOL = 0;
}
