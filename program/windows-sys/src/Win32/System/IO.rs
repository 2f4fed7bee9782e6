//! Overlapped results, cancelling, and completion ports.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::Call;
use winaccept_model::outcome::{Out, Value};
use winaccept_program::{CompletionPort, OverlappedId};
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Networking::WinSock as sys;
pub use windows_sys::Win32::System::IO::*;
use windows_sys::core::BOOL;

use crate::Win32::Networking::WinSock::acceptex::{puts_count, request};
use crate::Win32::System::Threading::pool::binds;
use crate::here::{Object, here, here_true, with_run};
use crate::memory;

/// `GetOverlappedResult`
pub unsafe extern "system" fn GetOverlappedResult(
    hfile: HANDLE,
    lpoverlapped: *const OVERLAPPED,
    lpnumberofbytestransferred: *mut u32,
    bwait: BOOL,
) -> BOOL {
    here_true("GetOverlappedResult", |here| {
        let Some(over) = request(here, "GetOverlappedResult", lpoverlapped) else { return 0 };
        if here.is_null(lpnumberofbytestransferred, "GetOverlappedResult", "lpNumberOfBytesTransferred") {
            return 0;
        }
        let wait = bwait != 0;
        if wait {
            here.waits(|w| w.awaits_request(over));
        }
        let (s, overlapped) = (here.handle(hfile), over.0);
        let outcome = here.calls(Call::GetOverlappedResult { s, overlapped, bytes: true, wait });
        with_run(|run| run.flights.told(lpoverlapped));
        // SAFETY: the caller's contract.
        unsafe { puts_count(&outcome, lpnumberofbytestransferred) };
        here.truth(&outcome)
    })
}

/// `CancelIo`
pub unsafe extern "system" fn CancelIo(hfile: HANDLE) -> BOOL {
    here_true("CancelIo", |here| here.truth(&here.calls(Call::CancelIo { s: here.handle(hfile) })))
}

/// `CancelIoEx`
pub unsafe extern "system" fn CancelIoEx(hfile: HANDLE, lpoverlapped: *const OVERLAPPED) -> BOOL {
    here_true("CancelIoEx", |here| {
        let one = (!lpoverlapped.is_null()).then(|| request(here, "CancelIoEx", lpoverlapped));
        let overlapped = one.flatten().map(|over| over.0);
        here.truth(&here.calls(Call::CancelIoEx { s: here.handle(hfile), overlapped }))
    })
}

/// `CreateIoCompletionPort`
pub unsafe extern "system" fn CreateIoCompletionPort(
    filehandle: HANDLE,
    existingcompletionport: HANDLE,
    completionkey: usize,
    _numberofconcurrentthreads: u32,
) -> HANDLE {
    here("CreateIoCompletionPort", |here| {
        let key = here.key(completionkey);
        let none = std::ptr::null_mut();
        let (mut port, new) = (existingcompletionport, existingcompletionport.is_null());
        if new {
            let outcome =
                here.calls(Call::CreatePort { key: if filehandle == INVALID_HANDLE_VALUE { key } else { 0 } });
            let failed = here.failed(&outcome);
            match outcome.value {
                Value::Handle(made) if !failed => port = here.handle_value(Object::Model(made)),
                _ => return none,
            }
        }
        if filehandle == INVALID_HANDLE_VALUE {
            if !new {
                here.no_words("CreateIoCompletionPort with INVALID_HANDLE_VALUE and a port");
            }
            return port;
        }
        let outcome = here.calls(Call::AssociatePort { s: here.handle(filehandle), port: here.handle(port), key });
        if here.failed(&outcome) { none } else { port }
    })
}

/// `GetQueuedCompletionStatus`
pub unsafe extern "system" fn GetQueuedCompletionStatus(
    completionport: HANDLE,
    lpnumberofbytestransferred: *mut u32,
    lpcompletionkey: *mut usize,
    lpoverlapped: *mut *mut OVERLAPPED,
    dwmilliseconds: u32,
) -> BOOL {
    here_true("GetQueuedCompletionStatus", |here| {
        let call = "GetQueuedCompletionStatus";
        if here.is_null(lpnumberofbytestransferred, call, "lpNumberOfBytesTransferred")
            || here.is_null(lpcompletionkey, call, "lpCompletionKey")
            || here.is_null(lpoverlapped, call, "lpOverlapped")
        {
            return 0;
        }
        let timeout = (dwmilliseconds != u32::MAX).then_some(dwmilliseconds);
        let outcome = here.waits(|w| w.packet_of(CompletionPort(here.handle(completionport)), timeout));
        if let Out::Packet { counted, over } = outcome.out {
            let at = over.and_then(|over| with_run(|run| run.flights.address_of(OverlappedId(over))));
            let at = at.unwrap_or(std::ptr::null_mut());
            with_run(|run| run.flights.told(at));
            // SAFETY: the caller's contract.
            unsafe {
                memory::put(lpoverlapped, at);
                if let Some((bytes, key)) = counted {
                    memory::put(lpnumberofbytestransferred, bytes);
                    memory::put(lpcompletionkey, here.key_back(key));
                }
            }
        }
        here.truth(&outcome)
    })
}

/// `PostQueuedCompletionStatus`. What it is given for an OVERLAPPED is not looked at, only handed on.
pub unsafe extern "system" fn PostQueuedCompletionStatus(
    completionport: HANDLE,
    dwnumberofbytestransferred: u32,
    dwcompletionkey: usize,
    lpoverlapped: *const OVERLAPPED,
) -> BOOL {
    here_true("PostQueuedCompletionStatus", |here| {
        let overlapped = (!lpoverlapped.is_null()).then(|| here.posted(lpoverlapped.cast_mut())).flatten();
        let (port, bytes) = (here.handle(completionport), dwnumberofbytestransferred);
        let key = here.key(dwcompletionkey);
        let overlapped = overlapped.map(|over| over.0);
        here.truth(&here.calls(Call::PostQueuedCompletionStatus { port, bytes, key, overlapped }))
    })
}

/// `GetQueuedCompletionStatusEx`, of at most 64 packets.
pub unsafe extern "system" fn GetQueuedCompletionStatusEx(
    completionport: HANDLE,
    lpcompletionportentries: *mut OVERLAPPED_ENTRY,
    ulcount: u32,
    ulnumentriesremoved: *mut u32,
    dwmilliseconds: u32,
    falertable: BOOL,
) -> BOOL {
    here_true("GetQueuedCompletionStatusEx", |here| {
        let call = "GetQueuedCompletionStatusEx";
        if here.is_null(lpcompletionportentries, call, "lpCompletionPortEntries")
            || here.is_null(ulnumentriesremoved, call, "ulNumEntriesRemoved")
        {
            return 0;
        }
        let timeout = (dwmilliseconds != u32::MAX).then_some(dwmilliseconds);
        let port = CompletionPort(here.handle(completionport));
        let outcome = here.waits(|w| w.packets_of(port, ulcount, timeout, falertable != 0));
        if let Out::Packets { keys, overs, bytes } = outcome.out {
            for (place, ((key, over), bytes)) in keys.iter().zip(overs.iter()).zip(bytes.iter()).enumerate() {
                let at = with_run(|run| run.flights.address_of(OverlappedId(over))).unwrap_or(std::ptr::null_mut());
                with_run(|run| run.flights.told(at));
                // SAFETY: the caller's contract: no more came than was asked for, and a request that was told of has its OVERLAPPED.
                unsafe {
                    let entry = OVERLAPPED_ENTRY {
                        lpCompletionKey: here.key_back(key),
                        lpOverlapped: at,
                        Internal: memory::get(&raw const (*at).Internal).unwrap_or_default(),
                        dwNumberOfBytesTransferred: bytes,
                    };
                    memory::put(lpcompletionportentries.add(place), entry);
                }
            }
            // SAFETY: the caller's contract.
            unsafe { memory::put(ulnumentriesremoved, keys.len() as u32) };
        }
        here.truth(&outcome)
    })
}

/// `GetOverlappedResultEx`: the model has no words for it.
pub unsafe extern "system" fn GetOverlappedResultEx(
    _hfile: HANDLE,
    _lpoverlapped: *const OVERLAPPED,
    _lpnumberofbytestransferred: *mut u32,
    _dwmilliseconds: u32,
    _balertable: BOOL,
) -> BOOL {
    here("GetOverlappedResultEx", |here| here.no_words("GetOverlappedResultEx"));
    0
}

/// `CancelSynchronousIo`: the model has no words for it.
pub unsafe extern "system" fn CancelSynchronousIo(_hthread: HANDLE) -> BOOL {
    here("CancelSynchronousIo", |here| here.no_words("CancelSynchronousIo"));
    0
}

/// The value of `hFile` that a socket is.
const _: () = assert!(size_of::<sys::SOCKET>() == size_of::<HANDLE>());

/// `BindIoCompletionCallback`. A request that fails ends the run: of which code its callback is told nobody knows here.
pub unsafe extern "system" fn BindIoCompletionCallback(
    filehandle: HANDLE,
    function: LPOVERLAPPED_COMPLETION_ROUTINE,
    flags: u32,
) -> BOOL {
    here_true("BindIoCompletionCallback", |here| binds(here, filehandle, function, flags))
}

/// `DeviceIoControl`: the model has no words for it.
pub unsafe extern "system" fn DeviceIoControl(
    _hdevice: HANDLE,
    _dwiocontrolcode: u32,
    _lpinbuffer: *const std::ffi::c_void,
    _ninbuffersize: u32,
    _lpoutbuffer: *mut std::ffi::c_void,
    _noutbuffersize: u32,
    _lpbytesreturned: *mut u32,
    _lpoverlapped: *mut OVERLAPPED,
) -> BOOL {
    here("DeviceIoControl", |here| here.no_words("DeviceIoControl"));
    0
}
