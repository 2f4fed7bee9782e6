//! Mutexes and semaphores, without names.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use windows_sys::Win32::Foundation::{
    ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NOT_OWNER, ERROR_TOO_MANY_POSTS, HANDLE, TRUE,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::core::{BOOL, PCSTR, PCWSTR};

use crate::here::{Here, Object, here, here_true, with_run};
use crate::memory;
use crate::objects::Own;

fn makes(here: &Here<'_>, own: Own) -> HANDLE {
    let place = with_run(|run| {
        run.own.all.push(own);
        run.own.all.len() - 1
    });
    here.handle_value(Object::Own(place))
}

fn mutex(here: &Here<'_>, owned: bool, named: bool) -> HANDLE {
    if named {
        here.no_words("CreateMutex with a name");
    }
    let sign = here.w.sign();
    let owner = owned.then_some(here.thread);
    let made = makes(here, Own::Mutex { sign, owner, depth: u32::from(owned), abandoned: false });
    if !owned {
        here.w.shows(sign);
    }
    made
}

/// `CreateMutexW`, without a name.
pub unsafe extern "system" fn CreateMutexW(
    _lpmutexattributes: *const SECURITY_ATTRIBUTES,
    binitialowner: BOOL,
    lpname: PCWSTR,
) -> HANDLE {
    here("CreateMutexW", |here| mutex(here, binitialowner != 0, !lpname.is_null()))
}

/// `CreateMutexA`, without a name.
pub unsafe extern "system" fn CreateMutexA(
    _lpmutexattributes: *const SECURITY_ATTRIBUTES,
    binitialowner: BOOL,
    lpname: PCSTR,
) -> HANDLE {
    here("CreateMutexA", |here| mutex(here, binitialowner != 0, !lpname.is_null()))
}

/// `ReleaseMutex`
pub unsafe extern "system" fn ReleaseMutex(hmutex: HANDLE) -> BOOL {
    here_true("ReleaseMutex", |here| {
        let Some(Object::Own(place)) = here.object(hmutex.addr()) else {
            here.set_error(ERROR_INVALID_HANDLE);
            return 0;
        };
        let released = with_run(|run| match &mut run.own.all[place] {
            Own::Semaphore { .. } => Err(ERROR_INVALID_HANDLE),
            Own::Mutex { owner, .. } if *owner != Some(here.thread) => Err(ERROR_NOT_OWNER),
            object @ Own::Mutex { .. } => {
                object.gives_back();
                Ok(object.is_free(usize::MAX).then(|| object.sign()))
            }
        });
        match released {
            Ok(free) => {
                free.into_iter().for_each(|sign| here.waits(|w| w.shows(sign)));
                TRUE
            }
            Err(error) => {
                here.set_error(error);
                0
            }
        }
    })
}

fn semaphore(here: &Here<'_>, count: i32, most: i32, named: bool) -> HANDLE {
    if named {
        here.no_words("CreateSemaphore with a name");
    }
    if count < 0 || most <= 0 || count > most {
        here.set_error(ERROR_INVALID_PARAMETER);
        return std::ptr::null_mut();
    }
    let sign = here.w.sign();
    let made = makes(here, Own::Semaphore { sign, count, most });
    if count > 0 {
        here.w.shows(sign);
    }
    made
}

/// `CreateSemaphoreW`, without a name.
pub unsafe extern "system" fn CreateSemaphoreW(
    _lpsemaphoreattributes: *const SECURITY_ATTRIBUTES,
    linitialcount: i32,
    lmaximumcount: i32,
    lpname: PCWSTR,
) -> HANDLE {
    here("CreateSemaphoreW", |here| semaphore(here, linitialcount, lmaximumcount, !lpname.is_null()))
}

/// `CreateSemaphoreA`, without a name.
pub unsafe extern "system" fn CreateSemaphoreA(
    _lpsemaphoreattributes: *const SECURITY_ATTRIBUTES,
    linitialcount: i32,
    lmaximumcount: i32,
    lpname: PCSTR,
) -> HANDLE {
    here("CreateSemaphoreA", |here| semaphore(here, linitialcount, lmaximumcount, !lpname.is_null()))
}

/// `ReleaseSemaphore`
pub unsafe extern "system" fn ReleaseSemaphore(
    hsemaphore: HANDLE,
    lreleasecount: i32,
    lppreviouscount: *mut i32,
) -> BOOL {
    here_true("ReleaseSemaphore", |here| {
        let Some(Object::Own(place)) = here.object(hsemaphore.addr()) else {
            here.set_error(ERROR_INVALID_HANDLE);
            return 0;
        };
        let released = with_run(|run| match &mut run.own.all[place] {
            Own::Mutex { .. } => Err(ERROR_INVALID_HANDLE),
            Own::Semaphore { .. } if lreleasecount <= 0 => Err(ERROR_INVALID_PARAMETER),
            Own::Semaphore { count, most, .. } if lreleasecount > *most - *count => Err(ERROR_TOO_MANY_POSTS),
            Own::Semaphore { count, sign, .. } => {
                let before = *count;
                *count += lreleasecount;
                Ok((before, *sign))
            }
        });
        match released {
            Ok((before, sign)) => {
                // SAFETY: the caller's contract.
                unsafe { memory::put(lppreviouscount, before) };
                here.waits(|w| w.shows(sign));
                TRUE
            }
            Err(error) => {
                here.set_error(error);
                0
            }
        }
    })
}
