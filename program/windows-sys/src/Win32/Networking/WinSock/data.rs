//! What is sent and received.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::{Call, Data, How, Set};
use winaccept_model::outcome::{Out, Outcome, Value};
use windows_sys::Win32::Networking::WinSock as sys;
use windows_sys::Win32::Networking::WinSock::{
    LPWSAOVERLAPPED_COMPLETION_ROUTINE, SEND_RECV_FLAGS, SOCKET, WINSOCK_SHUTDOWN_HOW, WSABUF,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::core::{PCSTR, PSTR};

use super::acceptex::puts_count;
use crate::here::here;
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

/// `WSARecv`, without OVERLAPPED.
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
        if !lpoverlapped.is_null() || lpcompletionroutine.is_some() {
            here.no_words("WSARecv with OVERLAPPED");
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
