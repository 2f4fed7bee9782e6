//! `AcceptEx`, how a program gets at it, and what comes of its requests.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use winaccept_model::call::{Buffer, Call, Extension, ExtensionName};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome};
use windows_sys::Win32::Networking::WinSock as sys;
use windows_sys::Win32::Networking::WinSock::{LPWSAOVERLAPPED_COMPLETION_ROUTINE, SOCKADDR, SOCKET};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::core::{BOOL, GUID};

use super::extensions::{ConnectEx, DisconnectEx, TransmitFile};
use crate::flight::Memory;
use crate::here::{Here, here, here_true, with_run};
use crate::memory;

fn same(one: &GUID, other: &GUID) -> bool {
    (one.data1, one.data2, one.data3, one.data4) == (other.data1, other.data2, other.data3, other.data4)
}

/// Functions that a program asks for, with their names in the model and their pointers, which are to the functions here.
fn extensions() -> [(GUID, ExtensionName, *const c_void); 5] {
    [
        (sys::WSAID_ACCEPTEX, ExtensionName::AcceptEx, AcceptEx as *const c_void),
        (sys::WSAID_GETACCEPTEXSOCKADDRS, ExtensionName::GetAcceptExSockaddrs, GetAcceptExSockaddrs as *const c_void),
        (sys::WSAID_DISCONNECTEX, ExtensionName::DisconnectEx, DisconnectEx as *const c_void),
        (sys::WSAID_TRANSMITFILE, ExtensionName::TransmitFile, TransmitFile as *const c_void),
        (sys::WSAID_CONNECTEX, ExtensionName::ConnectEx, ConnectEx as *const c_void),
    ]
}

/// `WSAIoctl`: SIO_GET_EXTENSION_FUNCTION_POINTER, without OVERLAPPED.
pub unsafe extern "system" fn WSAIoctl(
    s: SOCKET,
    dwiocontrolcode: u32,
    lpvinbuffer: *const c_void,
    cbinbuffer: u32,
    lpvoutbuffer: *mut c_void,
    cboutbuffer: u32,
    lpcbbytesreturned: *mut u32,
    lpoverlapped: *mut OVERLAPPED,
    lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
) -> i32 {
    here("WSAIoctl", |here| {
        let asynchronous = !lpoverlapped.is_null() || lpcompletionroutine.is_some();
        if asynchronous || dwiocontrolcode != sys::SIO_GET_EXTENSION_FUNCTION_POINTER {
            here.no_words(&format!("WSAIoctl with {dwiocontrolcode:#x}, or with OVERLAPPED"));
            return sys::SOCKET_ERROR;
        }
        if here.is_null(lpvinbuffer, "WSAIoctl", "lpvInBuffer")
            || here.is_null(lpvoutbuffer, "WSAIoctl", "lpvOutBuffer")
        {
            return sys::SOCKET_ERROR;
        }
        // SAFETY: the caller's contract: so many bytes are there.
        let wanted =
            unsafe { memory::get(lpvinbuffer.cast::<GUID>()).filter(|_| cbinbuffer as usize >= size_of::<GUID>()) };
        let is = |guid: &GUID| wanted.is_some_and(|wanted| same(&wanted, guid));
        let function = extensions().into_iter().find(|(guid, ..)| is(guid));
        let others = [sys::WSAID_WSARECVMSG, sys::WSAID_WSASENDMSG, sys::WSAID_TRANSMITPACKETS, sys::WSAID_WSAPOLL];
        if others.iter().any(is) || is(&sys::WSAID_MULTIPLE_RIO) {
            here.no_words("WSAIoctl for WSARecvMsg, WSASendMsg, TransmitPackets, WSAPoll or registered I/O");
        }
        // A size that is too small is the model's to refuse, before it looks which function it is.
        let short = ExtensionName::AcceptEx;
        let name = function.map_or(if wanted.is_none() { short } else { ExtensionName::Nobodys }, |(_, name, _)| name);
        let call = Call::WSAIoctl {
            s: here.named(s),
            extension: Extension { name, size: cbinbuffer },
            pointer: cboutbuffer.min(8),
            bytes: !lpcbbytesreturned.is_null(),
        };
        let outcome = here.calls(call);
        if outcome.error == Code::NONE
            && let Some((.., pointer)) = function
        {
            // SAFETY: the caller's contract: there is room for a pointer, or the model would have refused.
            unsafe { memory::put(lpvoutbuffer.cast::<*const c_void>(), pointer) };
        }
        // SAFETY: the caller's contract.
        unsafe { puts_count(&outcome, lpcbbytesreturned) };
        here.number_of(&outcome)
    })
}

/// Writes how many bytes there were, where the call has told it.
///
/// # Safety
/// `to` is null or valid for writing.
pub(crate) unsafe fn puts_count(outcome: &Outcome, to: *mut u32) {
    if let Out::Bytes { count: Some(count), .. } = outcome.out {
        // SAFETY: by the contract of this function.
        unsafe { memory::put(to, count) };
    }
}

/// `AcceptEx`
pub unsafe extern "system" fn AcceptEx(
    slistensocket: SOCKET,
    sacceptsocket: SOCKET,
    lpoutputbuffer: *mut c_void,
    dwreceivedatalength: u32,
    dwlocaladdresslength: u32,
    dwremoteaddresslength: u32,
    lpdwbytesreceived: *mut u32,
    lpoverlapped: *mut OVERLAPPED,
) -> BOOL {
    here_true("AcceptEx", |here| {
        here.looks();
        // SAFETY: the caller's contract.
        let over = unsafe { here.overlapped(lpoverlapped) };
        let lengths = [dwreceivedatalength, dwlocaladdresslength, dwremoteaddresslength];
        let length = lengths.iter().map(|length| *length as usize).sum();
        let buffer: *mut u8 = lpoutputbuffer.cast();
        let again = with_run(|run| run.flights.get(lpoverlapped).is_some_and(|flight| flight.flying));
        if over.is_some() && !again {
            // SAFETY: the caller's contract: both are the system's until the request is over.
            let what = Memory { buffer, length, receive: dwreceivedatalength as usize, sends: false };
            unsafe { here.takes_off("AcceptEx", lpoverlapped, what) };
        }
        let outcome = here.calls(Call::AcceptEx {
            listen: here.named(slistensocket),
            accept: here.named(sacceptsocket),
            buffer: if buffer.is_null() { Buffer::Null } else { Buffer::Valid },
            receive: dwreceivedatalength,
            local: dwlocaladdresslength,
            remote: dwremoteaddresslength,
            bytes: !lpdwbytesreceived.is_null(),
            overlapped: over.map(|over| over.0),
        });
        if !again && !matches!(outcome.error, Code::NONE | Code::ERROR_IO_PENDING) {
            here.stays(lpoverlapped);
        }
        // SAFETY: the caller's contract.
        unsafe { puts_count(&outcome, lpdwbytesreceived) };
        here.truth(&outcome)
    })
}

/// `GetAcceptExSockaddrs`
pub unsafe extern "system" fn GetAcceptExSockaddrs(
    lpoutputbuffer: *const c_void,
    dwreceivedatalength: u32,
    dwlocaladdresslength: u32,
    dwremoteaddresslength: u32,
    localsockaddr: *mut *mut SOCKADDR,
    localsockaddrlength: *mut i32,
    remotesockaddr: *mut *mut SOCKADDR,
    remotesockaddrlength: *mut i32,
) {
    here("GetAcceptExSockaddrs", |here| {
        here.looks();
        let found = with_run(|run| {
            let flight = run.flights.with_buffer(lpoutputbuffer.cast());
            flight.map(|flight| (flight.over.id(), flight.flying, flight.length))
        });
        let Some((over, flying, length)) = found else {
            return here.misuse("GetAcceptExSockaddrs is given a buffer that no AcceptEx has had");
        };
        if flying {
            let reason = "GetAcceptExSockaddrs is given the buffer of a request that is under way";
            return here.w.misuse(reason, Some(over));
        }
        let outcome = here.calls(Call::GetAcceptExSockaddrs {
            overlapped: over.0,
            receive: dwreceivedatalength,
            local: dwlocaladdresslength,
            remote: dwremoteaddresslength,
        });
        let Out::Sockaddrs { local, remote } = outcome.out else { return };
        let places = [dwreceivedatalength, dwreceivedatalength.saturating_add(dwlocaladdresslength)];
        let outs = [(localsockaddr, localsockaddrlength), (remotesockaddr, remotesockaddrlength)];
        for ((address, place), (pointer, size)) in [local, remote].into_iter().zip(places).zip(outs) {
            let Some(bytes) = address.map(|address| here.tells(address)) else { continue };
            if place as usize + bytes.len() > length {
                continue;
            }
            // SAFETY: within the buffer that `AcceptEx` was given, which is the caller's still; the others by the caller's contract.
            unsafe {
                let place = lpoutputbuffer.cast_mut().cast::<u8>().add(place as usize);
                memory::fill(place, &bytes);
                memory::put(pointer, place.cast());
                memory::put(size, bytes.len() as i32);
            }
        }
    });
}

/// The request of this OVERLAPPED, which there has to be.
pub(crate) fn request(here: &Here<'_>, call: &str, over: *const OVERLAPPED) -> Option<winaccept_program::OverlappedId> {
    if here.is_null(over, call, "lpOverlapped") {
        return None;
    }
    let id = with_run(|run| run.flights.get(over).map(|flight| flight.over.id()));
    if id.is_none() {
        here.misuse(&format!("{call} is given an OVERLAPPED that no request has had"));
    }
    id
}

/// `WSAGetOverlappedResult`
pub unsafe extern "system" fn WSAGetOverlappedResult(
    s: SOCKET,
    lpoverlapped: *const OVERLAPPED,
    lpcbtransfer: *mut u32,
    fwait: BOOL,
    lpdwflags: *mut u32,
) -> BOOL {
    here_true("WSAGetOverlappedResult", |here| {
        let Some(over) = request(here, "WSAGetOverlappedResult", lpoverlapped) else { return 0 };
        if here.is_null(lpcbtransfer, "WSAGetOverlappedResult", "lpcbTransfer")
            || here.is_null(lpdwflags, "WSAGetOverlappedResult", "lpdwFlags")
        {
            return 0;
        }
        let wait = fwait != 0;
        if wait {
            here.waits(|w| w.awaits_request(over));
        }
        let (s, overlapped) = (here.named(s), over.0);
        let outcome = here.calls(Call::WSAGetOverlappedResult { s, overlapped, bytes: true, wait });
        with_run(|run| run.flights.told(lpoverlapped));
        // SAFETY: the caller's contract.
        unsafe {
            puts_count(&outcome, lpcbtransfer);
            if outcome.error == Code::NONE {
                memory::put(lpdwflags, 0);
            }
        }
        here.truth(&outcome)
    })
}
