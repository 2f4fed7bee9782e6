//! What the model has no words for: a call of it ends the run undecided, with its name.

use windows_sys::Win32::Foundation::{HANDLE, HWND, WAIT_EVENT, WAIT_FAILED};
use windows_sys::Win32::UI::WindowsAndMessaging::*;
use windows_sys::core::BOOL;

use crate::no_words::no_words;

no_words! {
    MsgWaitForMultipleObjects(
        ncount: u32, phandles: *const HANDLE, fwaitall: BOOL, dwmilliseconds: u32, dwwakemask: QUEUE_STATUS_FLAGS
    ) -> WAIT_EVENT = WAIT_FAILED;
    MsgWaitForMultipleObjectsEx(
        ncount: u32, phandles: *const HANDLE, dwmilliseconds: u32, dwwakemask: QUEUE_STATUS_FLAGS,
        dwflags: MSG_WAIT_FOR_MULTIPLE_OBJECTS_EX_FLAGS
    ) -> WAIT_EVENT = WAIT_FAILED;
    SetTimer(hwnd: HWND, nidevent: usize, uelapse: u32, lptimerfunc: TIMERPROC) -> usize = 0;
    KillTimer(hwnd: HWND, uidevent: usize) -> BOOL = 0;
    ShowWindow(hwnd: HWND, ncmdshow: SHOW_WINDOW_CMD) -> BOOL = 0;
}
