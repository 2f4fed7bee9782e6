//! Threads, and time.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use winaccept_model::call::Call;
use winaccept_model::outcome::Value;
use winaccept_program::Winsock;
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, HANDLE, STILL_ACTIVE, TRUE, WAIT_IO_COMPLETION};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::{CREATE_SUSPENDED, LPTHREAD_START_ROUTINE, THREAD_CREATION_FLAGS};
use windows_sys::core::BOOL;

use crate::here::{Here, Object, enter, here, here_or, here_true, with_run};
use crate::{memory, outside};

/// `CreateThread`, to run at once. A panic that leaves its function ends the process, as it does everywhere.
pub unsafe extern "system" fn CreateThread(
    _lpthreadattributes: *const SECURITY_ATTRIBUTES,
    _dwstacksize: usize,
    lpstartaddress: LPTHREAD_START_ROUTINE,
    lpparameter: *const c_void,
    dwcreationflags: THREAD_CREATION_FLAGS,
    lpthreadid: *mut u32,
) -> HANDLE {
    here("CreateThread", |here| {
        let none = std::ptr::null_mut();
        let Some(start) = lpstartaddress else {
            here.misuse("CreateThread is given NULL for lpStartAddress");
            return none;
        };
        if dwcreationflags & CREATE_SUSPENDED != 0 {
            here.no_words("CreateThread with CREATE_SUSPENDED");
            return none;
        }
        let parameter = lpparameter.cast_mut();
        let begins = move || {
            // SAFETY: the caller's contract: it is a thread's function, and this is its parameter.
            let code = unsafe { start(parameter) };
            here_or("the end of a thread", (), |here| exits(here, code));
        };
        let spawned = here.waits(|w| w.spawn("thread", move |w| enter(w, begins)));
        // SAFETY: the caller's contract.
        unsafe { memory::put(lpthreadid, spawned.0 as u32 + 1) };
        here.handle_value(Object::Thread(spawned.0))
    })
}

/// The thread ends with this code.
fn exits(here: &Here<'_>, code: u32) {
    with_run(|run| run.own.exits.insert(here.thread, code));
}

/// `ExitThread`, of any thread but the first. What lies on its stack is not dropped.
pub unsafe extern "system" fn ExitThread(dwexitcode: u32) -> ! {
    here("ExitThread", |here| {
        if here.thread == 0 {
            here.no_words("ExitThread of the first thread");
        }
        exits(here, dwexitcode);
        here.is_over();
        here.w.ends_here();
    });
    outside::stays()
}

/// `ExitProcess`: the model has no words for it.
pub unsafe extern "system" fn ExitProcess(_uexitcode: u32) -> ! {
    here("ExitProcess", |here| here.no_words("ExitProcess"));
    outside::stays()
}

/// `GetExitCodeThread`
pub unsafe extern "system" fn GetExitCodeThread(hthread: HANDLE, lpexitcode: *mut u32) -> BOOL {
    here_true("GetExitCodeThread", |here| {
        let Some(Object::Thread(thread)) = here.object(hthread.addr()) else {
            here.set_error(ERROR_INVALID_HANDLE);
            return 0;
        };
        if here.is_null(lpexitcode, "GetExitCodeThread", "lpExitCode") {
            return 0;
        }
        let code = with_run(|run| run.own.exits.get(&thread).copied()).unwrap_or(STILL_ACTIVE.cast_unsigned());
        // SAFETY: the caller's contract.
        unsafe { memory::put(lpexitcode, code) };
        TRUE
    })
}

/// `GetThreadId`
pub unsafe extern "system" fn GetThreadId(thread: HANDLE) -> u32 {
    here_or("GetThreadId", 0, |here| match here.object(thread.addr()) {
        Some(Object::Thread(thread)) => thread as u32 + 1,
        _ => {
            here.set_error(ERROR_INVALID_HANDLE);
            0
        }
    })
}

/// `GetCurrentThreadId`
pub unsafe extern "system" fn GetCurrentThreadId() -> u32 {
    here("GetCurrentThreadId", |here| here.thread as u32 + 1)
}

/// `GetCurrentThread`: a handle that stands for whoever uses it.
pub unsafe extern "system" fn GetCurrentThread() -> HANDLE {
    std::ptr::without_provenance_mut(usize::MAX - 1)
}

/// `GetCurrentProcess`: a handle that stands for the process.
pub unsafe extern "system" fn GetCurrentProcess() -> HANDLE {
    std::ptr::without_provenance_mut(usize::MAX)
}

/// `GetCurrentProcessId`: a number. There is one process.
pub unsafe extern "system" fn GetCurrentProcessId() -> u32 {
    here("GetCurrentProcessId", |_| 4)
}

/// `Sleep`, in virtual time.
pub unsafe extern "system" fn Sleep(dwmilliseconds: u32) {
    here("Sleep", |here| sleeps(here, dwmilliseconds));
}

/// `SleepEx`, in virtual time: `WAIT_IO_COMPLETION` where completion routines have run.
pub unsafe extern "system" fn SleepEx(dwmilliseconds: u32, balertable: BOOL) -> u32 {
    here("SleepEx", |here| {
        let timeout = (dwmilliseconds != u32::MAX).then_some(dwmilliseconds);
        let outcome = here.calls(Call::SleepEx { timeout, alertable: balertable != 0 });
        if outcome.value == Value::WaitIoCompletion { WAIT_IO_COMPLETION } else { 0 }
    })
}

pub(crate) fn sleeps(here: &Here<'_>, milliseconds: u32) {
    let timeout = (milliseconds != u32::MAX).then_some(milliseconds);
    here.calls(Call::SleepEx { timeout, alertable: false });
}

/// `SwitchToThread`
pub unsafe extern "system" fn SwitchToThread() -> BOOL {
    here("SwitchToThread", |here| here.waits(Winsock::gives_way));
    TRUE
}
