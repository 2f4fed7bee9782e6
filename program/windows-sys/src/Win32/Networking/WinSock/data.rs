//! What is sent and received.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::{Call, Data, Handle, How, Set};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};
use windows_sys::Win32::Networking::WinSock as sys;
use windows_sys::Win32::Networking::WinSock::{
    LPWSAOVERLAPPED_COMPLETION_ROUTINE, SEND_RECV_FLAGS, SOCKADDR, SOCKET, WINSOCK_SHUTDOWN_HOW, WSABUF,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::core::{PCSTR, PSTR};

use super::acceptex::puts_count;
use crate::flight::Memory;
use crate::here::{Here, here, with_run};
use crate::memory;

/// What came.
fn received(outcome: &Outcome) -> &[u8] {
    match (&outcome.value, &outcome.out) {
        (Value::Number(_), Out::Data(data)) => data.as_slice(),
        (_, Out::Bytes { data: Some(data), .. }) => data.as_slice(),
        _ => &[],
    }
}

/// `recv`, without flags.
pub unsafe extern "system" fn recv(s: SOCKET, buf: PSTR, len: i32, flags: SEND_RECV_FLAGS) -> i32 {
    here("recv", |here| {
        if flags != 0 {
            here.no_words(&format!("recv with the flags {flags:#x}"));
            return sys::SOCKET_ERROR;
        }
        let length = u32::try_from(len).unwrap_or(0);
        if length > 0 && here.is_null(buf, "recv", "buf") {
            return sys::SOCKET_ERROR;
        }
        let outcome = here.calls(Call::Recv { s: here.named(s), len: length.min(Data::MAX as u32) });
        // SAFETY: the caller's contract; no more came than was asked for.
        unsafe { memory::fill(buf, received(&outcome)) };
        here.number_of(&outcome)
    })
}

/// `WSARecv`, without flags; with OVERLAPPED into one buffer, and then with or without a completion routine.
pub unsafe extern "system" fn WSARecv(
    s: SOCKET,
    lpbuffers: *const WSABUF,
    dwbuffercount: u32,
    lpnumberofbytesrecvd: *mut u32,
    lpflags: *mut u32,
    lpoverlapped: *mut OVERLAPPED,
    lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
) -> i32 {
    here("WSARecv", |here| {
        if lpcompletionroutine.is_some() && lpoverlapped.is_null() {
            here.no_words("WSARecv with a completion routine and without OVERLAPPED");
            return sys::SOCKET_ERROR;
        }
        if here.is_null(lpbuffers, "WSARecv", "lpBuffers") || here.is_null(lpflags, "WSARecv", "lpFlags") {
            return sys::SOCKET_ERROR;
        }
        // SAFETY: the caller's contract.
        let (buffers, flags) = unsafe { (memory::array(lpbuffers, dwbuffercount as usize), memory::get(lpflags)) };
        let Some(sizes) = Set::new(buffers.iter().map(|buffer| buffer.len)).filter(|_| flags == Some(0)) else {
            here.no_words("WSARecv with flags, or with so many buffers");
            return sys::SOCKET_ERROR;
        };
        let counts = !lpnumberofbytesrecvd.is_null();
        if !lpoverlapped.is_null() {
            let [only] = buffers.as_slice() else {
                here.no_words("WSARecv with OVERLAPPED and several buffers");
                return sys::SOCKET_ERROR;
            };
            let length = only.len as usize;
            if length > 0 && here.is_null(only.buf, "WSARecv", "buf") {
                return sys::SOCKET_ERROR;
            }
            let what = Memory { buffer: only.buf, length, receive: length, sends: false };
            let routine = lpcompletionroutine.is_some();
            let call = |overlapped| Call::WSARecvOverlapped {
                s: here.named(s),
                buffers: sizes,
                bytes: counts,
                overlapped,
                routine,
            };
            // SAFETY: the caller's contract: both are the system's until the request is over.
            return unsafe {
                requests(here, ("WSARecv", s), lpoverlapped, what, lpnumberofbytesrecvd, lpcompletionroutine, call)
            };
        }
        let outcome = here.calls(Call::WSARecv { s: here.named(s), buffers: sizes, received: counts });
        let mut left = received(&outcome);
        for buffer in &buffers {
            let (here, more) = left.split_at(left.len().min(buffer.len as usize));
            // SAFETY: the caller's contract.
            unsafe { memory::fill(buffer.buf, here) };
            left = more;
        }
        // SAFETY: the caller's contract.
        unsafe { puts_count(&outcome, lpnumberofbytesrecvd) };
        here.number_of(&outcome)
    })
}

/// `WSASend`, without flags; with OVERLAPPED from one buffer, and then with or without a completion routine. It takes at most 64 kB
/// at a time.
pub unsafe extern "system" fn WSASend(
    s: SOCKET,
    lpbuffers: *const WSABUF,
    dwbuffercount: u32,
    lpnumberofbytessent: *mut u32,
    dwflags: u32,
    lpoverlapped: *mut OVERLAPPED,
    lpcompletionroutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
) -> i32 {
    here("WSASend", |here| {
        if lpcompletionroutine.is_some() && lpoverlapped.is_null() || dwflags != 0 {
            here.no_words("WSASend with flags, or with a completion routine and without OVERLAPPED");
            return sys::SOCKET_ERROR;
        }
        if here.is_null(lpbuffers, "WSASend", "lpBuffers") {
            return sys::SOCKET_ERROR;
        }
        // SAFETY: the caller's contract.
        let buffers = unsafe { memory::array(lpbuffers, dwbuffercount as usize) };
        // SAFETY: the caller's contract.
        let bytes = buffers.iter().flat_map(|buffer| unsafe { memory::bytes(buffer.buf, buffer.len as usize) });
        let bytes: Vec<u8> = bytes.collect();
        let Some(buffer) = Data::new(&bytes) else {
            here.no_words("WSASend of so many bytes, or of more different ones than the model keeps");
            return sys::SOCKET_ERROR;
        };
        let (named, counts) = (here.named(s), !lpnumberofbytessent.is_null());
        if lpoverlapped.is_null() {
            let outcome = here.calls(Call::WSASend { s: named, buffer, bytes: counts });
            // SAFETY: the caller's contract.
            unsafe { puts_count(&outcome, lpnumberofbytessent) };
            return here.number_of(&outcome);
        }
        let [only] = buffers.as_slice() else {
            here.no_words("WSASend with OVERLAPPED and several buffers");
            return sys::SOCKET_ERROR;
        };
        let length = only.len as usize;
        if length > 0 && here.is_null(only.buf, "WSASend", "buf") {
            return sys::SOCKET_ERROR;
        }
        let what = Memory { buffer: only.buf, length, receive: 0, sends: true };
        let routine = lpcompletionroutine.is_some();
        let call = |overlapped| Call::WSASendOverlapped { s: named, buffer, bytes: counts, overlapped, routine };
        // SAFETY: the caller's contract: both are the system's until the request is over.
        unsafe { requests(here, ("WSASend", s), lpoverlapped, what, lpnumberofbytessent, lpcompletionroutine, call) }
    })
}

/// A request to receive or to send begins: zero, or `SOCKET_ERROR`.
///
/// # Safety
/// That of [`Here::takes_off`]; `count` is null or valid for writing.
unsafe fn requests(
    here: &Here<'_>,
    (name, s): (&str, SOCKET),
    at: *mut OVERLAPPED,
    what: Memory,
    count: *mut u32,
    routine: LPWSAOVERLAPPED_COMPLETION_ROUTINE,
    call: impl FnOnce(Handle) -> Call,
) -> i32 {
    here.looks();
    // SAFETY: by the contract of this function.
    let Some(over) = (unsafe { here.overlapped(at) }) else { return sys::SOCKET_ERROR };
    let again = with_run(|run| run.flights.get(at).is_some_and(|flight| flight.flying));
    if !again {
        // SAFETY: by the contract of this function.
        unsafe { here.takes_off(name, at, what) };
    }
    if let Some(routine) = routine {
        here.w.completes_by(over, runs(at, routine));
    }
    let outcome = here.calls(call(over.0));
    if !matches!(outcome.error, Code::NONE | Code::ERROR_IO_PENDING) {
        here.w.never_completes(over);
    }
    if !again && !matches!(outcome.error, Code::NONE | Code::ERROR_IO_PENDING) {
        here.stays(at);
    }
    if outcome.error == Code::NONE && with_run(|run| run.skips.contains(&s)) {
        // Nothing else will tell of it.
        with_run(|run| run.flights.told(at));
    }
    // SAFETY: by the contract of this function.
    unsafe { puts_count(&outcome, count) };
    here.number_of(&outcome)
}

/// A completion routine of the program's: what the request has written is there when it runs.
fn runs(
    at: *mut OVERLAPPED,
    routine: unsafe extern "system" fn(u32, u32, *mut OVERLAPPED, u32),
) -> winaccept_program::Routine {
    Box::new(move |_, completion| {
        here("a completion routine", |here| {
            here.settles();
            with_run(|run| run.flights.told(at));
        });
        let error = completion.error.map_or(0, |error| u32::from(error.0));
        // SAFETY: the contract of the call that was given it.
        unsafe { routine(error, completion.bytes, at, 0) };
    })
}

/// `send`, without flags. It takes at most 64 kB at a time.
pub unsafe extern "system" fn send(s: SOCKET, buf: PCSTR, len: i32, flags: SEND_RECV_FLAGS) -> i32 {
    here("send", |here| {
        if flags != 0 {
            here.no_words(&format!("send with the flags {flags:#x}"));
            return sys::SOCKET_ERROR;
        }
        let length = usize::try_from(len).unwrap_or(0).min(Data::MAX);
        if length > 0 && here.is_null(buf, "send", "buf") {
            return sys::SOCKET_ERROR;
        }
        // SAFETY: the caller's contract.
        let bytes = unsafe { memory::bytes(buf, length) };
        let Some(data) = Data::new(&bytes) else {
            here.no_words("send of more different bytes than the model keeps");
            return sys::SOCKET_ERROR;
        };
        here.number(Call::Send { s: here.named(s), data })
    })
}

/// `recvfrom`, without flags, at a stream socket: who has sent is not told there, as its page says.
pub unsafe extern "system" fn recvfrom(
    s: SOCKET,
    buf: PSTR,
    len: i32,
    flags: i32,
    _from: *mut SOCKADDR,
    _fromlen: *mut i32,
) -> i32 {
    here("recvfrom", |here| is_stream(here, "recvfrom", s));
    // SAFETY: the caller's contract.
    unsafe { recv(s, buf, len, flags) }
}

/// `sendto`, without flags, at a stream socket: to whom is not looked at there, as its page says.
pub unsafe extern "system" fn sendto(
    s: SOCKET,
    buf: PCSTR,
    len: i32,
    flags: i32,
    _to: *const SOCKADDR,
    _tolen: i32,
) -> i32 {
    here("sendto", |here| is_stream(here, "sendto", s));
    // SAFETY: the caller's contract.
    unsafe { send(s, buf, len, flags) }
}

/// At a datagram socket the model has no words for it.
fn is_stream(here: &Here<'_>, call: &str, s: SOCKET) {
    if with_run(|run| run.datagrams.contains(&s)) {
        here.no_words(&format!("{call} at a datagram socket"));
    }
}

/// `shutdown`
pub unsafe extern "system" fn shutdown(s: SOCKET, how: WINSOCK_SHUTDOWN_HOW) -> i32 {
    here("shutdown", |here| {
        let how = match how {
            sys::SD_RECEIVE => How::Receive,
            sys::SD_SEND => How::Send,
            sys::SD_BOTH => How::Both,
            _ => {
                here.no_words(&format!("shutdown with {how}"));
                return sys::SOCKET_ERROR;
            }
        };
        here.number(Call::Shutdown { s: here.named(s), how })
    })
}
