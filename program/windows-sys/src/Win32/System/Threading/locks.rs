//! Critical sections and slim locks, by their addresses.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_program::interface::Sign;
use windows_sys::Win32::Foundation::TRUE;
use windows_sys::Win32::System::Threading::{CRITICAL_SECTION, SRWLOCK};
use windows_sys::core::BOOL;

use crate::here::{Here, here, here_true, with_run};
use crate::objects::Slim;

/// Holds the lock at this address; does it, if it is only to try?
pub(super) fn locks(here: &Here<'_>, at: usize, only_tries: bool) -> bool {
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

pub(super) fn unlocks(here: &Here<'_>, at: usize) {
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

fn begins(call: &str, at: *mut CRITICAL_SECTION) -> BOOL {
    here_true(call, |_| {
        with_run(|run| run.locks.remove(&at.addr()));
        TRUE
    })
}

/// `InitializeCriticalSection`
pub unsafe extern "system" fn InitializeCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) {
    begins("InitializeCriticalSection", lpcriticalsection);
}

/// `InitializeCriticalSectionAndSpinCount`. Nobody spins.
pub unsafe extern "system" fn InitializeCriticalSectionAndSpinCount(
    lpcriticalsection: *mut CRITICAL_SECTION,
    _dwspincount: u32,
) -> BOOL {
    begins("InitializeCriticalSectionAndSpinCount", lpcriticalsection)
}

/// `InitializeCriticalSectionEx`. Nobody spins.
pub unsafe extern "system" fn InitializeCriticalSectionEx(
    lpcriticalsection: *mut CRITICAL_SECTION,
    _dwspincount: u32,
    _flags: u32,
) -> BOOL {
    begins("InitializeCriticalSectionEx", lpcriticalsection)
}

/// `SetCriticalSectionSpinCount`: it was zero, as where there is one processor.
pub unsafe extern "system" fn SetCriticalSectionSpinCount(
    _lpcriticalsection: *mut CRITICAL_SECTION,
    _dwspincount: u32,
) -> u32 {
    here("SetCriticalSectionSpinCount", |_| 0)
}

/// `DeleteCriticalSection`
pub unsafe extern "system" fn DeleteCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) {
    begins("DeleteCriticalSection", lpcriticalsection);
}

/// `EnterCriticalSection`
pub unsafe extern "system" fn EnterCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) {
    here("EnterCriticalSection", |here| _ = locks(here, lpcriticalsection.addr(), false));
}

/// `TryEnterCriticalSection`
pub unsafe extern "system" fn TryEnterCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) -> BOOL {
    here_true("TryEnterCriticalSection", |here| i32::from(locks(here, lpcriticalsection.addr(), true)))
}

/// `LeaveCriticalSection`
pub unsafe extern "system" fn LeaveCriticalSection(lpcriticalsection: *mut CRITICAL_SECTION) {
    here("LeaveCriticalSection", |here| unlocks(here, lpcriticalsection.addr()));
}

/// Takes a slim lock, if that can be now; its sign.
fn tries(here: &Here<'_>, at: usize, shares: bool) -> Result<(), u32> {
    with_run(|run| {
        let new = || Slim { sign: here.w.sign(), ..Slim::default() };
        let slim = run.own.slim.entry(at).or_insert_with(new);
        if slim.owner.is_some() || !shares && slim.shared > 0 {
            return Err(slim.sign);
        }
        match shares {
            true => slim.shared += 1,
            false => slim.owner = Some(here.thread),
        }
        Ok(())
    })
}

/// Takes a slim lock when that can be.
pub(super) fn acquires(here: &Here<'_>, at: usize, shares: bool) {
    while let Err(sign) = tries(here, at, shares) {
        here.w.hides(sign);
        here.waits(|w| w.awaits_signs(vec![Sign::Own(sign)], true, None));
    }
}

/// Gives a slim lock back.
pub(super) fn releases(here: &Here<'_>, call: &str, at: usize, shares: bool) {
    let sign = with_run(|run| {
        let slim = run.own.slim.get_mut(&at)?;
        let has = if shares { slim.shared > 0 } else { slim.owner == Some(here.thread) };
        match shares {
            true => slim.shared = slim.shared.saturating_sub(1),
            false => slim.owner = None,
        }
        has.then_some(slim.sign)
    });
    match sign {
        Some(sign) => here.waits(|w| w.shows(sign)),
        None => here.misuse(&format!("{call} is given a lock that the thread does not have")),
    }
}

/// `InitializeSRWLock`
pub unsafe extern "system" fn InitializeSRWLock(srwlock: *mut SRWLOCK) {
    here("InitializeSRWLock", |_| with_run(|run| _ = run.own.slim.remove(&srwlock.addr())));
}

/// `AcquireSRWLockExclusive`
pub unsafe extern "system" fn AcquireSRWLockExclusive(srwlock: *mut SRWLOCK) {
    here("AcquireSRWLockExclusive", |here| acquires(here, srwlock.addr(), false));
}

/// `TryAcquireSRWLockExclusive`
pub unsafe extern "system" fn TryAcquireSRWLockExclusive(srwlock: *mut SRWLOCK) -> bool {
    here("TryAcquireSRWLockExclusive", |here| tries(here, srwlock.addr(), false).is_ok())
}

/// `ReleaseSRWLockExclusive`
pub unsafe extern "system" fn ReleaseSRWLockExclusive(srwlock: *mut SRWLOCK) {
    here("ReleaseSRWLockExclusive", |here| releases(here, "ReleaseSRWLockExclusive", srwlock.addr(), false));
}

/// `AcquireSRWLockShared`
pub unsafe extern "system" fn AcquireSRWLockShared(srwlock: *mut SRWLOCK) {
    here("AcquireSRWLockShared", |here| acquires(here, srwlock.addr(), true));
}

/// `TryAcquireSRWLockShared`
pub unsafe extern "system" fn TryAcquireSRWLockShared(srwlock: *mut SRWLOCK) -> bool {
    here("TryAcquireSRWLockShared", |here| tries(here, srwlock.addr(), true).is_ok())
}

/// `ReleaseSRWLockShared`
pub unsafe extern "system" fn ReleaseSRWLockShared(srwlock: *mut SRWLOCK) {
    here("ReleaseSRWLockShared", |here| releases(here, "ReleaseSRWLockShared", srwlock.addr(), true));
}
