//! `DisconnectEx`, `TransmitFile` without a file, and `ConnectEx`.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use winaccept_model::call::{Call, Data, Handle};
use winaccept_model::code::Code;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::WinSock::{SOCKADDR, SOCKET, TRANSMIT_FILE_BUFFERS};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::core::BOOL;

use crate::flight::Memory;
use crate::here::{Here, here_true, with_run};
use crate::{address, memory};

/// The call, as a request where there is an OVERLAPPED: TRUE, or FALSE.
///
/// # Safety
/// `at` is null, or valid for an OVERLAPPED until the request is over.
unsafe fn begins(
    here: &Here<'_>,
    (name, s): (&str, SOCKET),
    at: *mut OVERLAPPED,
    call: impl FnOnce(Option<Handle>) -> Call,
) -> BOOL {
    if at.is_null() {
        return here.truth(&here.calls(call(None)));
    }
    here.looks();
    // SAFETY: by the contract of this function.
    let Some(over) = (unsafe { here.overlapped(at) }) else { return 0 };
    let again = with_run(|run| run.flights.get(at).is_some_and(|flight| flight.flying));
    if !again {
        let what = Memory { buffer: std::ptr::null_mut(), length: 0, receive: 0, sends: false };
        // SAFETY: by the contract of this function.
        unsafe { here.takes_off(name, at, what) };
    }
    let outcome = here.calls(call(Some(over.0)));
    if !again && !matches!(outcome.error, Code::NONE | Code::ERROR_IO_PENDING) {
        here.stays(at);
    }
    if outcome.error == Code::NONE && with_run(|run| run.skips.contains(&s)) {
        with_run(|run| run.flights.told(at));
    }
    here.truth(&outcome)
}

/// `DisconnectEx`, which a program gets by `WSAIoctl`.
pub(super) unsafe extern "system" fn DisconnectEx(
    s: SOCKET,
    lpoverlapped: *mut OVERLAPPED,
    dwflags: u32,
    dwreserved: u32,
) -> BOOL {
    here_true("DisconnectEx", |here| {
        let (Ok(flags), Ok(reserved)) = (u8::try_from(dwflags), u8::try_from(dwreserved)) else {
            here.no_words(&format!("DisconnectEx with the flags {dwflags:#x}, and {dwreserved}"));
            return 0;
        };
        let call = |overlapped| Call::DisconnectEx { s: here.named(s), overlapped, flags, reserved };
        // SAFETY: the caller's contract.
        unsafe { begins(here, ("DisconnectEx", s), lpoverlapped, call) }
    })
}

/// `TransmitFile`, without a file and without buffers.
pub unsafe extern "system" fn TransmitFile(
    hsocket: SOCKET,
    hfile: HANDLE,
    nnumberofbytestowrite: u32,
    nnumberofbytespersend: u32,
    lpoverlapped: *mut OVERLAPPED,
    lptransmitbuffers: *const TRANSMIT_FILE_BUFFERS,
    dwreserved: u32,
) -> BOOL {
    here_true("TransmitFile", |here| {
        let nothing = hfile.is_null() && nnumberofbytestowrite == 0 && nnumberofbytespersend == 0;
        let flags = u8::try_from(dwreserved).ok().filter(|_| nothing && lptransmitbuffers.is_null());
        let Some(flags) = flags else {
            here.no_words("TransmitFile of a file or of buffers");
            return 0;
        };
        let call = |overlapped| Call::TransmitFile { s: here.named(hsocket), overlapped, flags };
        // SAFETY: the caller's contract.
        unsafe { begins(here, ("TransmitFile", hsocket), lpoverlapped, call) }
    })
}

/// `ConnectEx` without data, which a program gets by `WSAIoctl`.
pub(super) unsafe extern "system" fn ConnectEx(
    s: SOCKET,
    name: *const SOCKADDR,
    namelen: i32,
    lpsendbuffer: *const c_void,
    dwsenddatalength: u32,
    lpdwbytessent: *mut u32,
    lpoverlapped: *mut OVERLAPPED,
) -> BOOL {
    here_true("ConnectEx", |here| {
        let nothing = Data::new(&[]).filter(|_| lpsendbuffer.is_null() && dwsenddatalength == 0);
        let Some(sent) = nothing else {
            here.no_words("ConnectEx with data");
            return 0;
        };
        // SAFETY: the caller's contract.
        unsafe {
            let Some(name) = address::read(here, name.cast(), namelen) else { return 0 };
            memory::put(lpdwbytessent, 0);
            let call = |overlapped| Call::ConnectEx { s: here.named(s), name, sent, overlapped };
            begins(here, ("ConnectEx", s), lpoverlapped, call)
        }
    })
}
