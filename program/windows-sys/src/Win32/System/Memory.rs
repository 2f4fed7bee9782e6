//! The heap of the process, which is the program's allocator: what is freed there under a request is noticed.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use windows_sys::Win32::Foundation::{HANDLE, HGLOBAL, HLOCAL, TRUE};
pub use windows_sys::Win32::System::Memory::*;
use windows_sys::core::BOOL;

use crate::heap;
use crate::here::{Here, here, here_or, here_true};
use crate::no_words::no_words;

/// The handle of the process's heap. It is no object.
const HEAP: usize = 0x20_0000;

/// `GetProcessHeap`
pub unsafe extern "system" fn GetProcessHeap() -> HANDLE {
    std::ptr::without_provenance_mut(HEAP)
}

/// Is it the process's heap, and the call one without exceptions?
fn is_heap(here: &Here<'_>, call: &str, heap: HANDLE, flags: HEAP_FLAGS) {
    if heap.addr() != HEAP || flags & HEAP_GENERATE_EXCEPTIONS != 0 {
        here.no_words(&format!("{call} of another heap than the process's, or with HEAP_GENERATE_EXCEPTIONS"));
    }
}

/// `HeapAlloc`, of the process's heap.
pub unsafe extern "system" fn HeapAlloc(hheap: HANDLE, dwflags: HEAP_FLAGS, dwbytes: usize) -> *mut c_void {
    here("HeapAlloc", |here| {
        is_heap(here, "HeapAlloc", hheap, dwflags);
        heap::gets(dwbytes, dwflags & HEAP_ZERO_MEMORY != 0)
    })
}

/// `HeapFree`, of the process's heap.
pub unsafe extern "system" fn HeapFree(hheap: HANDLE, dwflags: HEAP_FLAGS, lpmem: *const c_void) -> BOOL {
    here_true("HeapFree", |here| {
        is_heap(here, "HeapFree", hheap, dwflags);
        // SAFETY: the caller's contract.
        unsafe { heap::gives_back(lpmem.cast_mut()) };
        TRUE
    })
}

/// `HeapSize`, of the process's heap.
pub unsafe extern "system" fn HeapSize(hheap: HANDLE, dwflags: HEAP_FLAGS, lpmem: *const c_void) -> usize {
    here("HeapSize", |here| {
        is_heap(here, "HeapSize", hheap, dwflags);
        // SAFETY: the caller's contract.
        unsafe { heap::length(lpmem) }
    })
}

/// `LocalAlloc`, of memory that stays where it is.
pub unsafe extern "system" fn LocalAlloc(uflags: LOCAL_ALLOC_FLAGS, ubytes: usize) -> HLOCAL {
    here("LocalAlloc", |here| {
        if uflags & LMEM_MOVEABLE != 0 {
            here.no_words("LocalAlloc with LMEM_MOVEABLE");
        }
        heap::gets(ubytes, uflags & LMEM_ZEROINIT != 0)
    })
}

/// `GlobalAlloc`, of memory that stays where it is.
pub unsafe extern "system" fn GlobalAlloc(uflags: GLOBAL_ALLOC_FLAGS, dwbytes: usize) -> HGLOBAL {
    here("GlobalAlloc", |here| {
        if uflags & GMEM_MOVEABLE != 0 {
            here.no_words("GlobalAlloc with GMEM_MOVEABLE");
        }
        heap::gets(dwbytes, uflags & GMEM_ZEROINIT != 0)
    })
}

/// What `LocalFree` and `GlobalFree` do, for `Foundation`.
///
/// # Safety
/// `memory` is null, or from `LocalAlloc` or `GlobalAlloc`, and not freed yet.
pub(crate) unsafe fn frees(call: &str, memory: HLOCAL) -> HLOCAL {
    here_or(call, memory, |_| {
        // SAFETY: by the contract of this function.
        unsafe { heap::gives_back(memory) };
        std::ptr::null_mut()
    })
}

no_words! {
    HeapReAlloc(
        hheap: HANDLE, dwflags: HEAP_FLAGS, lpmem: *const c_void, dwbytes: usize
    ) -> *mut c_void = std::ptr::null_mut();
    HeapCreate(floptions: HEAP_FLAGS, dwinitialsize: usize, dwmaximumsize: usize) -> HANDLE = std::ptr::null_mut();
    HeapDestroy(hheap: HANDLE) -> BOOL = 0;
    VirtualAlloc(
        lpaddress: *const c_void, dwsize: usize, flallocationtype: VIRTUAL_ALLOCATION_TYPE,
        flprotect: PAGE_PROTECTION_FLAGS
    ) -> *mut c_void = std::ptr::null_mut();
    VirtualFree(lpaddress: *mut c_void, dwsize: usize, dwfreetype: VIRTUAL_FREE_TYPE) -> BOOL = 0;
}
