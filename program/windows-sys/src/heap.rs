//! Memory by the program's allocator, with its length in front, so that it is noticed when a request under way has it.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::ffi::c_void;

/// The bytes in front: as many as the memory is aligned to.
const FRONT: usize = 16;

fn layout(length: usize) -> Option<Layout> {
    Layout::from_size_align(length.checked_add(FRONT)?, FRONT).ok()
}

/// So many bytes; null where there are none.
pub(crate) fn gets(length: usize, zeroed: bool) -> *mut c_void {
    let Some(layout) = layout(length) else { return std::ptr::null_mut() };
    // SAFETY: the layout has at least the bytes in front. What is returned is behind those.
    unsafe {
        let all = if zeroed { alloc_zeroed(layout) } else { alloc(layout) };
        if all.is_null() {
            return std::ptr::null_mut();
        }
        all.cast::<usize>().write(length);
        all.add(FRONT).cast()
    }
}

/// How many bytes there are.
///
/// # Safety
/// `memory` is from [`gets`], and not given back.
pub(crate) unsafe fn length(memory: *const c_void) -> usize {
    // SAFETY: by the contract of this function: it was written there.
    unsafe { memory.cast::<u8>().sub(FRONT).cast::<usize>().read() }
}

/// Gives memory back.
///
/// # Safety
/// `memory` is null, or from [`gets`] and not given back.
pub(crate) unsafe fn gives_back(memory: *mut c_void) {
    if memory.is_null() {
        return;
    }
    // SAFETY: by the contract of this function: it was allocated with this layout.
    unsafe {
        let Some(layout) = layout(length(memory)) else { return };
        dealloc(memory.cast::<u8>().sub(FRONT), layout);
    }
}
