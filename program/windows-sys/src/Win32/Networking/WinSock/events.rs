//! Events, and waiting for them.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::{Call, Handle, NetworkEvents, Set};
use winaccept_model::outcome::{Out, Value};
use winaccept_model::world::EventErrors;
use windows_sys::Win32::Foundation::{
    HANDLE, WAIT_EVENT, WAIT_FAILED, WAIT_IO_COMPLETION, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::Networking::WinSock as sys;
use windows_sys::Win32::Networking::WinSock::{SOCKET, WSAEVENT, WSANETWORKEVENTS};
use windows_sys::core::BOOL;

use crate::here::{Here, Object, here, here_true};
use crate::memory;

/// `WSACreateEvent`
pub unsafe extern "system" fn WSACreateEvent() -> WSAEVENT {
    here("WSACreateEvent", |here| {
        let outcome = here.calls(Call::WSACreateEvent);
        let failed = here.failed(&outcome);
        match outcome.value {
            Value::Handle(event) if !failed => here.value(Object::Model(event)).cast_signed(),
            _ => sys::WSA_INVALID_EVENT,
        }
    })
}

/// `WSACloseEvent`
pub unsafe extern "system" fn WSACloseEvent(hevent: WSAEVENT) -> BOOL {
    here_true("WSACloseEvent", |here| {
        here.truth(&here.calls(Call::WSACloseEvent { event: here.named(hevent.cast_unsigned()) }))
    })
}

/// `WSASetEvent`
pub unsafe extern "system" fn WSASetEvent(hevent: WSAEVENT) -> BOOL {
    here_true("WSASetEvent", |here| {
        here.truth(&here.calls(Call::WSASetEvent { event: here.named(hevent.cast_unsigned()) }))
    })
}

/// `WSAResetEvent`
pub unsafe extern "system" fn WSAResetEvent(hevent: WSAEVENT) -> BOOL {
    here_true("WSAResetEvent", |here| {
        here.truth(&here.calls(Call::WSAResetEvent { event: here.named(hevent.cast_unsigned()) }))
    })
}

/// An event, or none.
fn or_null(here: &Here<'_>, event: WSAEVENT) -> Option<Handle> {
    (event != 0).then(|| here.named(event.cast_unsigned()))
}

/// `WSAEventSelect`
pub unsafe extern "system" fn WSAEventSelect(s: SOCKET, heventobject: WSAEVENT, lnetworkevents: i32) -> i32 {
    here("WSAEventSelect", |here| {
        let Ok(mask) = u16::try_from(lnetworkevents).map(NetworkEvents) else {
            here.no_words(&format!("WSAEventSelect for {lnetworkevents:#x}"));
            return sys::SOCKET_ERROR;
        };
        here.number(Call::WSAEventSelect { s: here.named(s), event: or_null(here, heventobject), mask })
    })
}

/// `WSAEnumNetworkEvents`. Of an event that was not recorded `iErrorCode` is zero.
pub unsafe extern "system" fn WSAEnumNetworkEvents(
    s: SOCKET,
    heventobject: WSAEVENT,
    lpnetworkevents: *mut WSANETWORKEVENTS,
) -> i32 {
    here("WSAEnumNetworkEvents", |here| {
        if here.is_null(lpnetworkevents, "WSAEnumNetworkEvents", "lpNetworkEvents") {
            return sys::SOCKET_ERROR;
        }
        let outcome = here.calls(Call::WSAEnumNetworkEvents { s: here.named(s), event: or_null(here, heventobject) });
        let failed = here.number_of(&outcome);
        let (events, errors) = match outcome.out {
            Out::Events(events, errors) => (events, errors),
            _ if failed == 0 => (NetworkEvents::default(), EventErrors::NONE),
            _ => return failed,
        };
        let mut events = WSANETWORKEVENTS { lNetworkEvents: events.0.into(), iErrorCode: [0; 10] };
        for (event, error) in errors.all() {
            events.iErrorCode[event.0.trailing_zeros() as usize] = i32::from(error.0);
        }
        // SAFETY: the caller's contract.
        unsafe { memory::put(lpnetworkevents, events) };
        failed
    })
}

/// `WSAWaitForMultipleEvents`, for any of them or for all.
pub unsafe extern "system" fn WSAWaitForMultipleEvents(
    cevents: u32,
    lphevents: *const HANDLE,
    fwaitall: BOOL,
    dwtimeout: u32,
    falertable: BOOL,
) -> WAIT_EVENT {
    here("WSAWaitForMultipleEvents", |here| {
        if here.is_null(lphevents, "WSAWaitForMultipleEvents", "lphEvents") {
            return WAIT_FAILED;
        }
        // SAFETY: the caller's contract.
        let events = unsafe { memory::array(lphevents, cevents as usize) };
        waits(here, &events, fwaitall != 0, dwtimeout, falertable != 0)
    })
}

/// Waits for any of these events, or for all.
pub(crate) fn waits(here: &Here<'_>, events: &[HANDLE], all: bool, timeout: u32, alertable: bool) -> WAIT_EVENT {
    let Some(events) = Set::new(events.iter().map(|event| here.handle(*event))) else {
        here.no_words("a wait for more different sets of events than the model keeps");
        return WAIT_FAILED;
    };
    let timeout = (timeout != u32::MAX).then_some(timeout);
    let outcome = here.calls(if all && events.len() > 1 {
        Call::WSAWaitForAllEvents { events, timeout, alertable }
    } else {
        Call::WSAWaitForMultipleEvents { events, timeout, alertable }
    });
    match outcome.value {
        Value::WaitEvent(index) => WAIT_OBJECT_0 + u32::from(index),
        Value::WaitTimeout => WAIT_TIMEOUT,
        Value::WaitIoCompletion => WAIT_IO_COMPLETION,
        _ => {
            here.failed(&outcome);
            WAIT_FAILED
        }
    }
}
