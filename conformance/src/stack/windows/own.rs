//! What a C program does with an OVERLAPPED by itself, without a call.

use windows_sys::Win32::Foundation::STATUS_PENDING;
use windows_sys::Win32::System::IO::OVERLAPPED;

/// What a program does without a call.
pub(super) fn own_function(name: &str) -> Option<usize> {
    match name {
        "OVERLAPPED" => Some(makes as *const () as usize),
        "HasOverlappedIoCompleted" => Some(has_completed as *const () as usize),
        _ => None,
    }
}

/// An empty structure with this event. It is never freed: the system may write into it as long as the process lives.
unsafe extern "system" fn makes(event: usize) -> usize {
    let made = OVERLAPPED { hEvent: event as _, ..OVERLAPPED::default() };
    Box::into_raw(Box::new(made)) as usize
}

unsafe extern "system" fn has_completed(overlapped: usize) -> usize {
    // SAFETY: the address of a structure that `makes` has made, and that is never freed; the system may write to it meanwhile.
    let status = unsafe { (&raw const (*(overlapped as *const OVERLAPPED)).Internal).read_volatile() };
    usize::from(status as u32 != STATUS_PENDING as u32)
}
