//! Event objects, without names.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::Call;
use winaccept_model::outcome::Value;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::{CREATE_EVENT, CREATE_EVENT_INITIAL_SET, CREATE_EVENT_MANUAL_RESET};
use windows_sys::core::{BOOL, PCSTR, PCWSTR};

use crate::Win32::Networking::WinSock::{WSAResetEvent, WSASetEvent};
use crate::here::{Here, Object, here};

fn creates(here: &Here<'_>, manual: bool, initial: bool, named: bool) -> HANDLE {
    if named {
        here.no_words("CreateEvent with a name");
    }
    let outcome = here.calls(Call::CreateEvent { manual, initial });
    let failed = here.failed(&outcome);
    match outcome.value {
        Value::Handle(event) if !failed => here.handle_value(Object::Model(event)),
        _ => std::ptr::null_mut(),
    }
}

/// `CreateEventW`, without a name.
pub unsafe extern "system" fn CreateEventW(
    _lpeventattributes: *const SECURITY_ATTRIBUTES,
    bmanualreset: BOOL,
    binitialstate: BOOL,
    lpname: PCWSTR,
) -> HANDLE {
    here("CreateEventW", |here| creates(here, bmanualreset != 0, binitialstate != 0, !lpname.is_null()))
}

/// `CreateEventA`, without a name.
pub unsafe extern "system" fn CreateEventA(
    _lpeventattributes: *const SECURITY_ATTRIBUTES,
    bmanualreset: BOOL,
    binitialstate: BOOL,
    lpname: PCSTR,
) -> HANDLE {
    here("CreateEventA", |here| creates(here, bmanualreset != 0, binitialstate != 0, !lpname.is_null()))
}

/// `CreateEventExW`, without a name; the access that is asked for is not looked at.
pub unsafe extern "system" fn CreateEventExW(
    _lpeventattributes: *const SECURITY_ATTRIBUTES,
    lpname: PCWSTR,
    dwflags: CREATE_EVENT,
    _dwdesiredaccess: u32,
) -> HANDLE {
    here("CreateEventExW", |here| by_flags(here, dwflags, !lpname.is_null()))
}

/// `CreateEventExA`, without a name; the access that is asked for is not looked at.
pub unsafe extern "system" fn CreateEventExA(
    _lpeventattributes: *const SECURITY_ATTRIBUTES,
    lpname: PCSTR,
    dwflags: CREATE_EVENT,
    _dwdesiredaccess: u32,
) -> HANDLE {
    here("CreateEventExA", |here| by_flags(here, dwflags, !lpname.is_null()))
}

fn by_flags(here: &Here<'_>, flags: CREATE_EVENT, named: bool) -> HANDLE {
    creates(here, flags & CREATE_EVENT_MANUAL_RESET != 0, flags & CREATE_EVENT_INITIAL_SET != 0, named)
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
