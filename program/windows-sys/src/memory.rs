//! The program's memory, as the system reads and writes it: whatever its alignment, and nothing where there is `NULL`.
//!
//! All functions here trust that a pointer which is not null is one that the caller may pass to the documented function: valid for
//! so many bytes, for the time of the call or of the request that it begins. That is the contract of every function of
//! `windows-sys`, which is why those are `unsafe`.

use std::mem::MaybeUninit;

/// Reads a value.
///
/// # Safety
/// `from` is null or valid for reading a `T`.
pub(crate) unsafe fn get<T: Copy>(from: *const T) -> Option<T> {
    // SAFETY: not null, and so valid; the alignment does not matter.
    (!from.is_null()).then(|| unsafe { from.read_unaligned() })
}

/// Writes a value, unless there is no place for it.
///
/// # Safety
/// `to` is null or valid for writing a `T`.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: not null, and so valid; the alignment does not matter.
        unsafe { to.write_unaligned(value) }
    }
}

/// Copies bytes out.
///
/// # Safety
/// `from` is null or valid for reading `length` bytes.
pub(crate) unsafe fn bytes(from: *const u8, length: usize) -> Vec<u8> {
    let mut copied = vec![0; if from.is_null() { 0 } else { length }];
    // SAFETY: valid for `length` bytes, or none are copied; the vector is new, so that nothing overlaps.
    unsafe { std::ptr::copy_nonoverlapping(from, copied.as_mut_ptr(), if from.is_null() { 0 } else { length }) };
    copied
}

/// Copies bytes in.
///
/// # Safety
/// `to` is null or valid for writing as many bytes.
pub(crate) unsafe fn fill(to: *mut u8, bytes: &[u8]) {
    if !to.is_null() {
        // SAFETY: valid for so many bytes. `bytes` is ours, so that nothing overlaps.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
    }
}

/// Values in a row.
///
/// # Safety
/// `from` is null or valid for reading so many values.
pub(crate) unsafe fn array<T: Copy>(from: *const T, count: usize) -> Vec<T> {
    let there = if from.is_null() { 0 } else { count };
    // SAFETY: each of them is within the array; the alignment does not matter.
    (0..there).map(|at| unsafe { from.add(at).read_unaligned() }).collect()
}

/// Do these bytes stand there? What is in memory that nobody has written to yet does not.
///
/// # Safety
/// `at` points to as many bytes that the process can read, be it that what was there has gone.
pub(crate) unsafe fn stands(at: *const u8, bytes: &[u8]) -> bool {
    // SAFETY: readable; volatile, for whoever has these bytes may think that nobody else looks.
    bytes.iter().enumerate().all(|(on, byte)| {
        let there = unsafe { at.add(on).cast::<MaybeUninit<u8>>().read_volatile() };
        // SAFETY: any byte of memory is a number, once it was read.
        unsafe { there.assume_init() == *byte }
    })
}
