//! A counter of virtual time, ten millions in a second.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use windows_sys::Win32::Foundation::TRUE;
pub use windows_sys::Win32::System::Performance::*;
use windows_sys::core::BOOL;

use crate::here::{Here, here_true};
use crate::memory;

/// So many counts are a millisecond.
const COUNTS: i64 = 10_000;

fn puts(here: &Here<'_>, call: &str, to: *mut i64, value: i64) -> BOOL {
    if here.is_null(to, call, "its argument") {
        return 0;
    }
    // SAFETY: the contract of both callers.
    unsafe { memory::put(to, value) };
    TRUE
}

/// `QueryPerformanceCounter`
pub unsafe extern "system" fn QueryPerformanceCounter(lpperformancecount: *mut i64) -> BOOL {
    here_true("QueryPerformanceCounter", |here| {
        let now = i64::try_from(here.w.now()).unwrap_or(i64::MAX).saturating_mul(COUNTS);
        puts(here, "QueryPerformanceCounter", lpperformancecount, now)
    })
}

/// `QueryPerformanceFrequency`
pub unsafe extern "system" fn QueryPerformanceFrequency(lpfrequency: *mut i64) -> BOOL {
    here_true("QueryPerformanceFrequency", |here| puts(here, "QueryPerformanceFrequency", lpfrequency, COUNTS * 1000))
}
