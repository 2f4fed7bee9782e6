//! Where a thread waits: the witness of a blocked call.
//!
//! The thread is suspended for an instant and its program counter read. If that stands inside one of ntdll's waiting
//! functions, then the thread waits. Neither Windows nor Wine lets a program notice this: a wait goes on as it was, no
//! APC runs, no time-out starts anew. A user APC as witness would need an alertable wait, which `accept` has only on
//! some stacks, and would leave an APC behind on the others.

use std::os::windows::io::RawHandle;

use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, GetThreadContext};
use windows_sys::Win32::System::Threading::{ResumeThread, SuspendThread};

use super::identity::exported;

/// The system calls in which blocked Winsock calls wait, with a C string for each. A thread that waits for a lock, or
/// for its next order, is in none of these.
const WAITS: [&std::ffi::CStr; 3] = [c"NtWaitForSingleObject", c"NtWaitForMultipleObjects", c"NtDelayExecution"];

/// More than the length of a system call's code in ntdll, less than the distance to a function after the next.
const CODE: usize = 32;

/// Where this thread of this process waits right now. Equal texts mean the same wait.
pub(super) fn waits_at(thread: RawHandle) -> Option<String> {
    let (counter, stack) = registers(thread)?;
    let inside = |name: &&&std::ffi::CStr| {
        let start = exported(c"ntdll.dll", name).map(|function| function as usize);
        start.is_some_and(|start| (start..start + CODE).contains(&counter))
    };
    let name = WAITS.iter().find(inside)?.to_string_lossy();
    Some(format!("{name}, stack {stack:#x}"))
}

/// `GetThreadContext` wants it aligned.
#[repr(C, align(16))]
struct Aligned(CONTEXT);

/// Program counter and stack pointer.
fn registers(thread: RawHandle) -> Option<(usize, usize)> {
    let mut context = Aligned(CONTEXT::default());
    context.0.ContextFlags = CONTEXT_CONTROL;
    // SAFETY: `thread` is a live handle of another thread of this process and `context` is writable and aligned. Between
    // the two calls nothing is allocated and no lock is taken that the suspended thread could hold.
    let read = unsafe {
        if SuspendThread(thread) == u32::MAX {
            return None;
        }
        let read = GetThreadContext(thread, &raw mut context.0);
        ResumeThread(thread);
        read
    };
    (read != 0).then(|| control(&context.0))
}

#[cfg(target_arch = "x86_64")]
const CONTEXT_CONTROL: u32 = windows_sys::Win32::System::Diagnostics::Debug::CONTEXT_CONTROL_AMD64;
#[cfg(target_arch = "x86_64")]
fn control(context: &CONTEXT) -> (usize, usize) {
    (context.Rip as usize, context.Rsp as usize)
}

#[cfg(target_arch = "aarch64")]
const CONTEXT_CONTROL: u32 = windows_sys::Win32::System::Diagnostics::Debug::CONTEXT_CONTROL_ARM64;
#[cfg(target_arch = "aarch64")]
fn control(context: &CONTEXT) -> (usize, usize) {
    (context.Pc as usize, context.Sp as usize)
}

#[cfg(target_arch = "x86")]
const CONTEXT_CONTROL: u32 = windows_sys::Win32::System::Diagnostics::Debug::CONTEXT_CONTROL_X86;
#[cfg(target_arch = "x86")]
fn control(context: &CONTEXT) -> (usize, usize) {
    (context.Eip as usize, context.Esp as usize)
}
