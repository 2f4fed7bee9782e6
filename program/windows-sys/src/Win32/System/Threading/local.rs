//! Thread local storage.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, TRUE};
use windows_sys::core::BOOL;

use crate::here::{Here, here, here_true, with_run};

/// Is it an index that `TlsAlloc` has given?
fn is_index(here: &Here<'_>, index: u32) -> bool {
    let known = with_run(|run| run.own.indices.get(index as usize).copied().unwrap_or(false));
    if !known {
        here.set_error(ERROR_INVALID_PARAMETER);
    }
    known
}

/// `TlsAlloc`
pub unsafe extern "system" fn TlsAlloc() -> u32 {
    here("TlsAlloc", |_| {
        with_run(|run| {
            let free = run.own.indices.iter().position(|taken| !taken).unwrap_or_else(|| {
                run.own.indices.push(false);
                run.own.indices.len() - 1
            });
            run.own.indices[free] = true;
            free as u32
        })
    })
}

/// `TlsSetValue`
pub unsafe extern "system" fn TlsSetValue(dwtlsindex: u32, lptlsvalue: *const c_void) -> BOOL {
    here_true("TlsSetValue", |here| {
        if !is_index(here, dwtlsindex) {
            return 0;
        }
        let value = lptlsvalue.expose_provenance();
        with_run(|run| run.own.local.insert((here.thread, dwtlsindex), value));
        TRUE
    })
}

/// `TlsGetValue`
pub unsafe extern "system" fn TlsGetValue(dwtlsindex: u32) -> *mut c_void {
    here("TlsGetValue", |here| {
        if !is_index(here, dwtlsindex) {
            return std::ptr::null_mut();
        }
        // What is there may be a null pointer, which is no error.
        here.set_error(0);
        let value = with_run(|run| run.own.local.get(&(here.thread, dwtlsindex)).copied());
        std::ptr::with_exposed_provenance_mut(value.unwrap_or(0))
    })
}

/// `TlsFree`
pub unsafe extern "system" fn TlsFree(dwtlsindex: u32) -> BOOL {
    here_true("TlsFree", |here| {
        if !is_index(here, dwtlsindex) {
            return 0;
        }
        with_run(|run| {
            run.own.indices[dwtlsindex as usize] = false;
            run.own.local.retain(|(_, index), _| *index != dwtlsindex);
        });
        TRUE
    })
}
