//! Waiting for objects. Events are the model's; threads, mutexes and semaphores are not.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_program::Thread;
use winaccept_program::interface::Sign;
use windows_sys::Win32::Foundation::{HANDLE, WAIT_ABANDONED, WAIT_EVENT, WAIT_FAILED, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::core::BOOL;

use crate::Win32::Networking::WinSock::events::waits;
use crate::here::{Here, Object, here, with_run};
use crate::memory;
use crate::objects::Taken;

/// `WaitForSingleObject`
pub unsafe extern "system" fn WaitForSingleObject(hhandle: HANDLE, dwmilliseconds: u32) -> WAIT_EVENT {
    here("WaitForSingleObject", |here| waits_for(here, &[hhandle], false, dwmilliseconds, false))
}

/// `WaitForSingleObjectEx`, alertably for an event.
pub unsafe extern "system" fn WaitForSingleObjectEx(
    hhandle: HANDLE,
    dwmilliseconds: u32,
    balertable: BOOL,
) -> WAIT_EVENT {
    here("WaitForSingleObjectEx", |here| waits_for(here, &[hhandle], false, dwmilliseconds, balertable != 0))
}

/// `WaitForMultipleObjects`
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
        waits_for(here, &handles, bwaitall != 0, dwmilliseconds, false)
    })
}

/// `WaitForMultipleObjectsEx`, alertably for events.
pub unsafe extern "system" fn WaitForMultipleObjectsEx(
    ncount: u32,
    lphandles: *const HANDLE,
    bwaitall: BOOL,
    dwmilliseconds: u32,
    balertable: BOOL,
) -> WAIT_EVENT {
    here("WaitForMultipleObjectsEx", |here| {
        if here.is_null(lphandles, "WaitForMultipleObjectsEx", "lpHandles") {
            return WAIT_FAILED;
        }
        // SAFETY: the caller's contract.
        let handles = unsafe { memory::array(lphandles, ncount as usize) };
        waits_for(here, &handles, bwaitall != 0, dwmilliseconds, balertable != 0)
    })
}

/// Waits for any of these objects, or for all: by a call of the model where all of them are the model's.
fn waits_for(here: &Here<'_>, handles: &[HANDLE], all: bool, milliseconds: u32, alertable: bool) -> WAIT_EVENT {
    let objects: Vec<Option<Object>> = handles.iter().map(|handle| here.object(handle.addr())).collect();
    let others = objects.iter().filter(|object| matches!(object, Some(Object::Thread(_) | Object::Own(_)))).count();
    if others == 0 {
        return waits(here, handles, all, milliseconds, alertable);
    }
    let waited = if alertable || handles.len() > 64 {
        here.no_words("an alertable wait for threads, mutexes or semaphores, or one for more than 64 objects");
        None
    } else {
        waits_for_several(here, handles, &objects, all, milliseconds)
    };
    waited.unwrap_or(WAIT_FAILED)
}

fn waits_for_several(
    here: &Here<'_>,
    handles: &[HANDLE],
    objects: &[Option<Object>],
    all: bool,
    milliseconds: u32,
) -> Option<WAIT_EVENT> {
    let mut signs = Vec::new();
    for object in objects {
        signs.push(match object {
            Some(Object::Thread(thread)) => Sign::End(Thread(*thread)),
            Some(Object::Model(handle)) => Sign::Event(*handle),
            Some(Object::Own(own)) => {
                let (free, sign) = with_run(|run| {
                    let object = &run.own.all[*own];
                    (object.is_free(here.thread), object.sign())
                });
                if free && objects.len() == 1 {
                    return takes_own(here, *own);
                }
                if free && !with_run(|run| run.own.all[*own].is_free(usize::MAX)) {
                    here.no_words("a wait for several objects, one of them a mutex that the thread has");
                    return None;
                }
                Sign::Own(sign)
            }
            _ => {
                here.no_words("a wait for what is no object, among others");
                return None;
            }
        });
    }
    let until = (milliseconds != u32::MAX).then(|| here.w.now() + u64::from(milliseconds));
    loop {
        let left = until.map(|until| u32::try_from(until.saturating_sub(here.w.now())).unwrap_or(u32::MAX - 1));
        let come = here.waits(|w| w.awaits_signs(signs.clone(), all, left));
        let Some(first) = come else { return Some(WAIT_TIMEOUT) };
        let taken = if all { takes_all(here, handles, objects) } else { takes(here, handles[first], objects[first]?) };
        match taken {
            Some(result) if !all && result < WAIT_FAILED => return Some(result + first as u32),
            Some(result) => return Some(result),
            // Another thread has been there first.
            None => {}
        }
    }
}

/// A mutex or a semaphore is taken, if it is free.
fn takes_own(here: &Here<'_>, own: usize) -> Option<WAIT_EVENT> {
    let taken = with_run(|run| {
        let object = &mut run.own.all[own];
        let taken = object.takes(here.thread);
        if !object.is_free(usize::MAX) {
            here.w.hides(object.sign());
        }
        taken
    });
    match taken {
        Taken::No => None,
        Taken::Yes => Some(WAIT_OBJECT_0),
        Taken::Abandoned => Some(WAIT_ABANDONED),
    }
}

/// One object is there: what a wait for it gives now.
fn takes(here: &Here<'_>, handle: HANDLE, object: Object) -> Option<WAIT_EVENT> {
    match object {
        Object::Own(own) => takes_own(here, own),
        Object::Thread(_) => Some(WAIT_OBJECT_0),
        _ => Some(waits(here, &[handle], false, 0, false)).filter(|result| *result != WAIT_TIMEOUT),
    }
}

/// All objects are there: what a wait for them gives now.
fn takes_all(here: &Here<'_>, handles: &[HANDLE], objects: &[Option<Object>]) -> Option<WAIT_EVENT> {
    let mut events = Vec::new();
    let mut own = Vec::new();
    for (handle, object) in handles.iter().zip(objects) {
        match object {
            Some(Object::Own(place)) => own.push(*place),
            Some(Object::Model(_)) => events.push(*handle),
            _ => {}
        }
    }
    if !own.iter().all(|own| with_run(|run| run.own.all[*own].is_free(here.thread))) {
        return None;
    }
    let mut result = WAIT_OBJECT_0;
    for place in &own {
        result = result.max(takes_own(here, *place)?);
    }
    if events.is_empty() {
        return Some(result);
    }
    let came = waits(here, &events, true, 0, false);
    if came != WAIT_TIMEOUT {
        return Some(if came == WAIT_FAILED { came } else { result });
    }
    for place in own {
        let sign = with_run(|run| {
            run.own.all[place].gives_back();
            run.own.all[place].sign()
        });
        here.w.shows(sign);
    }
    None
}
