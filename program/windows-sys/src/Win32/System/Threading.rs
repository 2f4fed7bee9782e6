//! Threads, waiting for them and for events, locks, and time.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use winaccept_model::call::Call;
use winaccept_model::outcome::Value;
use winaccept_program::{Thread, Winsock};
use windows_sys::Win32::Foundation::{
    HANDLE, TRUE, WAIT_EVENT, WAIT_FAILED, WAIT_IO_COMPLETION, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
pub use windows_sys::Win32::System::Threading::*;
use windows_sys::core::{BOOL, PCWSTR};

use crate::Win32::Networking::WinSock::events::waits;
use crate::Win32::Networking::WinSock::{WSA_INVALID_EVENT, WSACreateEvent, WSAResetEvent, WSASetEvent};
use crate::here::{Here, Object, enter, here, with_run};
use crate::memory;

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
        let spawned = here.waits(|w| {
            w.spawn("thread", move |w| {
                enter(w, || {
                    // SAFETY: the caller's contract: it is a thread's function, and this is its parameter.
                    unsafe { start(parameter) };
                });
            })
        });
        // SAFETY: the caller's contract.
        unsafe { memory::put(lpthreadid, spawned.0 as u32 + 1) };
        here.handle_value(Object::Thread(spawned.0))
    })
}

/// `GetCurrentThreadId`
pub unsafe extern "system" fn GetCurrentThreadId() -> u32 {
    here("GetCurrentThreadId", |here| here.thread as u32 + 1)
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

/// `WaitForSingleObject`, of a thread or an event.
pub unsafe extern "system" fn WaitForSingleObject(hhandle: HANDLE, dwmilliseconds: u32) -> WAIT_EVENT {
    here("WaitForSingleObject", |here| match here.object(hhandle.addr()) {
        Some(Object::Thread(thread)) => joins(here, thread, dwmilliseconds),
        _ => waits(here, &[hhandle], dwmilliseconds, false),
    })
}

fn joins(here: &Here<'_>, thread: usize, milliseconds: u32) -> WAIT_EVENT {
    let timeout = (milliseconds != u32::MAX).then_some(milliseconds);
    if here.waits(|w| w.join_for(Thread(thread), timeout)) { WAIT_OBJECT_0 } else { WAIT_TIMEOUT }
}

/// `WaitForMultipleObjects`: for any of several events, or without a time-out for all of several threads.
pub unsafe extern "system" fn WaitForMultipleObjects(
    ncount: u32,
    lphandles: *const HANDLE,
    bwaitall: BOOL,
    dwmilliseconds: u32,
) -> WAIT_EVENT {
    here("WaitForMultipleObjects", |here| {
        if here.is_null(lphandles, "WaitForMultipleObjects", "lpHandles") {
            return WAIT_FAILED;
        }
        // SAFETY: the caller's contract.
        let handles = unsafe { memory::array(lphandles, ncount as usize) };
        let threads: Vec<usize> = handles
            .iter()
            .filter_map(|handle| match here.object(handle.addr()) {
                Some(Object::Thread(thread)) => Some(thread),
                _ => None,
            })
            .collect();
        let all = bwaitall != 0 || ncount == 1;
        match (threads.len(), handles.len()) {
            (0, count) if !all || count == 1 => waits(here, &handles, dwmilliseconds, false),
            (some, count) if some == count && all && (count == 1 || dwmilliseconds == INFINITE) => {
                threads.into_iter().fold(WAIT_OBJECT_0, |_, thread| joins(here, thread, dwmilliseconds))
            }
            _ => {
                here.no_words("WaitForMultipleObjects of threads with events, for any of several threads, or for all of several events");
                WAIT_FAILED
            }
        }
    })
}

/// `CreateEventW`: one that stays set until it is reset, without a name.
pub unsafe extern "system" fn CreateEventW(
    _lpeventattributes: *const SECURITY_ATTRIBUTES,
    bmanualreset: BOOL,
    binitialstate: BOOL,
    lpname: PCWSTR,
) -> HANDLE {
    here("CreateEventW", |here| {
        if bmanualreset == 0 || !lpname.is_null() {
            here.no_words("CreateEvent of an event that resets itself, or with a name");
        }
    });
    // SAFETY: they ask nothing of their caller but an event that there is.
    unsafe {
        let event = WSACreateEvent();
        if binitialstate != 0 && event != WSA_INVALID_EVENT {
            WSASetEvent(event);
        }
        std::ptr::without_provenance_mut(event.cast_unsigned())
    }
}

/// `SetEvent`
pub unsafe extern "system" fn SetEvent(hevent: HANDLE) -> BOOL {
    // SAFETY: it asks nothing of its caller.
    unsafe { WSASetEvent(hevent.addr().cast_signed()) }
}

/// `ResetEvent`
pub unsafe extern "system" fn ResetEvent(hevent: HANDLE) -> BOOL {
    // SAFETY: it asks nothing of its caller.
    unsafe { WSAResetEvent(hevent.addr().cast_signed()) }
}

/// Holds the lock at this address; does it, if it is only to try?
fn locks(here: &Here<'_>, at: usize, only_tries: bool) -> bool {
    let me = Some(here.thread);
    let (lock, again) = with_run(|run| {
        let (lock, owner, depth) = run.locks.entry(at).or_insert_with(|| (here.w.lock(), None, 0));
        let again = *owner == me;
        *depth += u32::from(again);
        (lock.clone(), again)
    });
    if again {
        return true;
    }
    if only_tries && !lock.try_acquire() {
        return false;
    }
    if !only_tries {
        here.waits(|w| lock.acquire(w));
    }
    with_run(|run| run.locks.insert(at, (lock, me, 1)));
    true
}

fn unlocks(here: &Here<'_>, at: usize) {
    let free = with_run(|run| {
        let (lock, owner, depth) = run.locks.get_mut(&at)?;
        *depth = depth.saturating_sub(1);
        (*depth == 0).then(|| {
            *owner = None;
            lock.clone()
        })
    });
    if let Some(lock) = free {
        here.waits(|w| lock.release(w));
    }
}

/// `InitializeCriticalSection`
pub unsafe extern "system" fn InitializeCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) {
    here("InitializeCriticalSection", |_| with_run(|run| run.locks.remove(&lpcriticalsection.addr())));
}

/// `DeleteCriticalSection`
pub unsafe extern "system" fn DeleteCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) {
    here("DeleteCriticalSection", |_| with_run(|run| run.locks.remove(&lpcriticalsection.addr())));
}

/// `EnterCriticalSection`
pub unsafe extern "system" fn EnterCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) {
    here("EnterCriticalSection", |here| _ = locks(here, lpcriticalsection.addr(), false));
}

/// `TryEnterCriticalSection`
pub unsafe extern "system" fn TryEnterCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) -> BOOL {
    here("TryEnterCriticalSection", |here| i32::from(locks(here, lpcriticalsection.addr(), true)))
}

/// `LeaveCriticalSection`
pub unsafe extern "system" fn LeaveCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) {
    here("LeaveCriticalSection", |here| unlocks(here, lpcriticalsection.addr()));
}
