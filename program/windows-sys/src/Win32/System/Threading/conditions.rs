//! Condition variables, by their addresses. Who has waited longest is woken first, and nobody without cause.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_program::interface::Sign;
use windows_sys::Win32::Foundation::{ERROR_TIMEOUT, TRUE};
use windows_sys::Win32::System::Threading::{
    CONDITION_VARIABLE, CONDITION_VARIABLE_LOCKMODE_SHARED, CRITICAL_SECTION, SRWLOCK,
};
use windows_sys::core::BOOL;

use super::locks::{acquires, locks, releases, unlocks};
use crate::here::{Here, here, here_true, with_run};

/// `InitializeConditionVariable`
pub unsafe extern "system" fn InitializeConditionVariable(conditionvariable: *mut CONDITION_VARIABLE) {
    here("InitializeConditionVariable", |_| {
        with_run(|run| _ = run.own.conditions.remove(&conditionvariable.addr()));
    });
}

/// Lets go of a lock, waits to be woken, and takes it again.
fn sleeps(here: &Here<'_>, at: usize, milliseconds: u32, lets_go: impl FnOnce(), takes: impl FnOnce()) -> BOOL {
    let sign = here.w.sign();
    with_run(|run| run.own.conditions.entry(at).or_default().push(sign));
    lets_go();
    let timeout = (milliseconds != u32::MAX).then_some(milliseconds);
    let woken = here.waits(|w| w.awaits_signs(vec![Sign::Own(sign)], true, timeout)).is_some();
    with_run(|run| run.own.conditions.entry(at).or_default().retain(|waits| *waits != sign));
    here.w.hides(sign);
    takes();
    if !woken {
        here.set_error(ERROR_TIMEOUT);
    }
    if woken { TRUE } else { 0 }
}

/// `SleepConditionVariableCS`
pub unsafe extern "system" fn SleepConditionVariableCS(
    conditionvariable: *mut CONDITION_VARIABLE,
    criticalsection: *mut CRITICAL_SECTION,
    dwmilliseconds: u32,
) -> BOOL {
    here_true("SleepConditionVariableCS", |here| {
        let lock = criticalsection.addr();
        let takes = || _ = locks(here, lock, false);
        sleeps(here, conditionvariable.addr(), dwmilliseconds, || unlocks(here, lock), takes)
    })
}

/// `SleepConditionVariableSRW`
pub unsafe extern "system" fn SleepConditionVariableSRW(
    conditionvariable: *mut CONDITION_VARIABLE,
    srwlock: *mut SRWLOCK,
    dwmilliseconds: u32,
    flags: u32,
) -> BOOL {
    here_true("SleepConditionVariableSRW", |here| {
        let (lock, shares) = (srwlock.addr(), flags & CONDITION_VARIABLE_LOCKMODE_SHARED != 0);
        let lets_go = || releases(here, "SleepConditionVariableSRW", lock, shares);
        sleeps(here, conditionvariable.addr(), dwmilliseconds, lets_go, || acquires(here, lock, shares))
    })
}

/// Wakes so many.
fn wakes(here: &Here<'_>, at: usize, most: usize) {
    let woken: Vec<u32> = with_run(|run| {
        let waiting = run.own.conditions.entry(at).or_default();
        waiting.drain(..most.min(waiting.len())).collect()
    });
    for sign in woken {
        here.waits(|w| w.shows(sign));
    }
}

/// `WakeConditionVariable`
pub unsafe extern "system" fn WakeConditionVariable(conditionvariable: *mut CONDITION_VARIABLE) {
    here("WakeConditionVariable", |here| wakes(here, conditionvariable.addr(), 1));
}

/// `WakeAllConditionVariable`
pub unsafe extern "system" fn WakeAllConditionVariable(conditionvariable: *mut CONDITION_VARIABLE) {
    here("WakeAllConditionVariable", |here| wakes(here, conditionvariable.addr(), usize::MAX));
}
