//! Where a thread waits: the witness of a blocked call, and the place where a thread can be ended.
//!
//! The thread is suspended for an instant and its program counter read. If that stands inside one of the system's waiting
//! functions, then the thread waits. Neither Windows nor Wine lets a program notice this: a wait goes on as it was, no
//! APC runs, no time-out starts anew. A user APC as witness would need an alertable wait, which `accept` has only on
//! some stacks, and would leave an APC behind on the others.

use std::ffi::CStr;
use std::os::windows::io::RawHandle;

use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, GetThreadContext};
use windows_sys::Win32::System::Threading::{ResumeThread, SuspendThread, TerminateThread, WaitForSingleObject};

use super::identity::exported;

/// The system calls in which blocked calls wait, each with its library. A thread that waits for a lock, or for its next order, is
/// in none of these.
const WAITS: [(&CStr, &CStr); 6] = [
    (c"ntdll.dll", c"NtWaitForSingleObject"),
    (c"ntdll.dll", c"NtWaitForMultipleObjects"),
    (c"ntdll.dll", c"NtDelayExecution"),
    (c"ntdll.dll", c"NtRemoveIoCompletion"),
    (c"ntdll.dll", c"NtRemoveIoCompletionEx"),
    (c"win32u.dll", c"NtUserGetMessage"),
];

/// More than the length of a system call's code in ntdll, less than the distance to a function after the next.
const CODE: usize = 32;

/// How long a thread that was terminated may take until it is gone.
const GONE: u32 = 2000;

/// Where this thread of this process waits right now. Equal texts mean the same wait.
pub(super) fn waits_at(thread: RawHandle) -> Option<String> {
    let (counter, stack) = while_suspended(thread, |counter, stack| (counter, stack))?;
    let ((_, name), _) = WAITS.iter().zip(starts()).find(|(_, start)| is_inside(*start, counter))?;
    Some(format!("{}, stack {stack:#x}", name.to_string_lossy()))
}

/// Ends a thread that waits right now. It is ended where it waits, in the middle of a system call, and so holds no lock of this
/// process. False, and nothing was done, where it does not wait.
pub(super) fn terminates_waiting(thread: RawHandle) -> bool {
    let starts = starts();
    let ended = while_suspended(thread, |counter, _| {
        // SAFETY: `thread` is a live handle of another thread of this process, which runs no code of ours that it would leave
        // half done: nothing that it shares is between two states while it waits for the system.
        starts.iter().any(|start| is_inside(*start, counter)) && unsafe { TerminateThread(thread, 0) } != 0
    });
    // SAFETY: a live handle. What the system cancels with the thread it has cancelled when the thread is gone.
    ended == Some(true) && unsafe { WaitForSingleObject(thread, GONE) } == WAIT_OBJECT_0
}

/// Where the waiting system calls begin.
fn starts() -> [Option<usize>; 6] {
    WAITS.map(|(library, name)| exported(library, name).map(|function| function as usize))
}

fn is_inside(start: Option<usize>, counter: usize) -> bool {
    start.is_some_and(|start| (start..start + CODE).contains(&counter))
}

/// `GetThreadContext` wants it aligned.
#[repr(C, align(16))]
struct Aligned(CONTEXT);

/// Suspends a thread for as long as it takes to look at its program counter and stack pointer. `then` allocates nothing and takes
/// no lock: the thread may hold it.
fn while_suspended<T>(thread: RawHandle, then: impl FnOnce(usize, usize) -> T) -> Option<T> {
    let mut context = Aligned(CONTEXT::default());
    context.0.ContextFlags = CONTEXT_CONTROL;
    // SAFETY: `thread` is a live handle of another thread of this process and `context` is writable and aligned.
    unsafe {
        if SuspendThread(thread) == u32::MAX {
            return None;
        }
        let read = GetThreadContext(thread, &raw mut context.0);
        let (counter, stack) = control(&context.0);
        let given = (read != 0).then(|| then(counter, stack));
        ResumeThread(thread);
        given
    }
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
