//! From `WSAStartup` to `accept`.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::Group;
use winaccept_model::call::{Backlog, Buffer, Call, Condition, Family, Length, SockType, SocketFlags, Version};
use winaccept_model::outcome::{Given, Out, Outcome, Value};
use winaccept_program::interface::Answer;
use windows_sys::Win32::Networking::WinSock as sys;
use windows_sys::Win32::Networking::WinSock::{LPCONDITIONPROC, SOCKADDR, SOCKET, WSA_ERROR, WSABUF, WSADATA};

use crate::here::{Here, here, here_or, with_run};
use crate::{address, memory};

/// `WSAStartup`
pub unsafe extern "system" fn WSAStartup(wversionrequested: u16, lpwsadata: *mut WSADATA) -> i32 {
    here("WSAStartup", |here| {
        if here.is_null(lpwsadata, "WSAStartup", "lpWSAData") {
            return sys::WSAEFAULT;
        }
        let [minor, major] = wversionrequested.to_be_bytes();
        let outcome = here.calls(Call::WSAStartup { version: Version { major, minor } });
        let Value::Number(code) = outcome.value else { return sys::WSASYSNOTREADY };
        if code == 0 {
            let data = WSADATA { wVersion: wversionrequested, wHighVersion: 0x202, ..WSADATA::default() };
            // SAFETY: it is not null, and so the caller's.
            unsafe { memory::put(lpwsadata, data) };
        }
        i32::try_from(code).unwrap_or(sys::WSASYSNOTREADY)
    })
}

/// `WSACleanup`
pub unsafe extern "system" fn WSACleanup() -> i32 {
    here("WSACleanup", |here| here.number(Call::WSACleanup))
}

/// `WSAGetLastError`. No call of the model: what the last call that has failed has left.
pub unsafe extern "system" fn WSAGetLastError() -> WSA_ERROR {
    here_or("WSAGetLastError", sys::WSANOTINITIALISED, |here| here.error().cast_signed())
}

/// `WSASetLastError`
pub unsafe extern "system" fn WSASetLastError(ierror: i32) {
    here("WSASetLastError", |here| here.set_error(ierror.cast_unsigned()));
}

/// The kind of socket, if the model has it.
fn kind(here: &Here<'_>, call: &str, af: i32, r#type: i32, protocol: i32) -> Option<(Family, SockType)> {
    let family = match af {
        _ if af == i32::from(sys::AF_INET) => Some(Family::Inet),
        _ if af == i32::from(sys::AF_INET6) => Some(Family::Inet6),
        _ => None,
    };
    let kind = match (r#type, protocol) {
        (sys::SOCK_STREAM, 0 | sys::IPPROTO_TCP) => Some(SockType::Stream),
        (sys::SOCK_DGRAM, 0 | sys::IPPROTO_UDP) => Some(SockType::Dgram),
        _ => None,
    };
    let both = family.zip(kind);
    if both.is_none() {
        here.no_words(&format!("{call} with the family {af}, the type {type} and the protocol {protocol}"));
    }
    both
}

/// The new socket, and what is known of it.
fn made(here: &Here<'_>, kind: SockType, outcome: &Outcome) -> SOCKET {
    let s = here.socket(outcome);
    with_run(|run| match kind {
        SockType::Dgram => run.datagrams.insert(s),
        SockType::Stream | SockType::Raw => run.datagrams.remove(&s),
    });
    s
}

/// `socket`
pub unsafe extern "system" fn socket(af: i32, r#type: i32, protocol: i32) -> SOCKET {
    here("socket", |here| {
        let Some((family, kind)) = kind(here, "socket", af, r#type, protocol) else { return sys::INVALID_SOCKET };
        made(here, kind, &here.calls(Call::Socket { family, kind }))
    })
}

/// `WSASocketW` and `WSASocketA`, without protocol information and without a group.
fn wsa_socket(here: &Here<'_>, [af, r#type, protocol]: [i32; 3], more: bool, flags: u32) -> SOCKET {
    let Some((family, kind)) = kind(here, "WSASocket", af, r#type, protocol) else { return sys::INVALID_SOCKET };
    let known = sys::WSA_FLAG_OVERLAPPED | sys::WSA_FLAG_NO_HANDLE_INHERIT;
    if more || flags & !known != 0 {
        here.no_words("WSASocket with protocol information, a group or flags");
        return sys::INVALID_SOCKET;
    }
    // Both known flags are the model's, bit for bit.
    made(
        here,
        kind,
        &here.calls(Call::WSASocket { family, kind, group: Group::None, flags: SocketFlags(flags as u16) }),
    )
}

/// `WSASocketW`, without protocol information and without a group.
pub unsafe extern "system" fn WSASocketW(
    af: i32,
    r#type: i32,
    protocol: i32,
    lpprotocolinfo: *const sys::WSAPROTOCOL_INFOW,
    g: u32,
    dwflags: u32,
) -> SOCKET {
    let more = !lpprotocolinfo.is_null() || g != 0;
    here("WSASocketW", |here| wsa_socket(here, [af, r#type, protocol], more, dwflags))
}

/// `WSASocketA`, without protocol information and without a group. In a scenario it is `WSASocketW`.
pub unsafe extern "system" fn WSASocketA(
    af: i32,
    r#type: i32,
    protocol: i32,
    lpprotocolinfo: *const sys::WSAPROTOCOL_INFOA,
    g: u32,
    dwflags: u32,
) -> SOCKET {
    let more = !lpprotocolinfo.is_null() || g != 0;
    here("WSASocketA", |here| wsa_socket(here, [af, r#type, protocol], more, dwflags))
}

/// `bind`
pub unsafe extern "system" fn bind(s: SOCKET, name: *const SOCKADDR, namelen: i32) -> i32 {
    here("bind", |here| {
        // SAFETY: the caller's contract.
        let Some(name) = (unsafe { address::read(here, name.cast(), namelen) }) else { return sys::SOCKET_ERROR };
        here.number(Call::Bind { s: here.named(s), name })
    })
}

/// `connect`
pub unsafe extern "system" fn connect(s: SOCKET, name: *const SOCKADDR, namelen: i32) -> i32 {
    here("connect", |here| {
        // SAFETY: the caller's contract.
        let Some(name) = (unsafe { address::read(here, name.cast(), namelen) }) else { return sys::SOCKET_ERROR };
        here.number(Call::Connect { s: here.named(s), name })
    })
}

/// `WSAConnect`, without data and without quality of service: what `connect` does, which it is in a scenario.
pub unsafe extern "system" fn WSAConnect(
    s: SOCKET,
    name: *const SOCKADDR,
    namelen: i32,
    lpcallerdata: *const WSABUF,
    lpcalleedata: *mut WSABUF,
    lpsqos: *const sys::QOS,
    lpgqos: *const sys::QOS,
) -> i32 {
    here("WSAConnect", |here| {
        if !(lpcallerdata.is_null() && lpcalleedata.is_null() && lpsqos.is_null() && lpgqos.is_null()) {
            here.no_words("WSAConnect with data or with quality of service");
        }
    });
    // SAFETY: the caller's contract.
    unsafe { connect(s, name, namelen) }
}

/// `listen`
pub unsafe extern "system" fn listen(s: SOCKET, backlog: i32) -> i32 {
    here("listen", |here| {
        let backlog = match backlog {
            // SOMAXCONN of winsock2.h. That of `windows-sys` is that of winsock.h, five.
            i32::MAX => Backlog::Somaxconn,
            // SOMAXCONN_HINT(n)
            -65535..=-200 => Backlog::Hint(-backlog),
            _ => Backlog::Number(backlog),
        };
        here.number(Call::Listen { s: here.named(s), backlog })
    })
}

/// `closesocket`
pub unsafe extern "system" fn closesocket(s: SOCKET) -> i32 {
    here("closesocket", |here| {
        // Its number may be given again.
        with_run(|run| run.skips.remove(&s));
        here.number(Call::Closesocket { s: here.named(s) })
    })
}

/// A buffer for an address, and its length.
///
/// # Safety
/// `addrlen` is null or valid for reading.
pub(super) unsafe fn name_buffer(addr: *mut SOCKADDR, addrlen: *mut i32) -> (Buffer, Length) {
    let buffer = if addr.is_null() { Buffer::Null } else { Buffer::Valid };
    // SAFETY: by the contract of this function.
    (buffer, unsafe { memory::get(addrlen) }.map_or(Length::Null, Length::Holds))
}

/// Writes an address that a call has given.
///
/// # Safety
/// `addr` is null or valid for as many bytes as `addrlen` says, which is null or valid.
pub(super) unsafe fn puts_name(here: &Here<'_>, out: &Out, addr: *mut SOCKADDR, addrlen: *mut i32) {
    let Out::Name { addr: given, len } = out else { return };
    // SAFETY: by the contract of this function.
    unsafe {
        let room = usize::try_from(memory::get(addrlen).unwrap_or(0)).unwrap_or(0);
        if let Some(given) = given {
            let bytes = here.tells(*given);
            memory::fill(addr.cast(), &bytes[..bytes.len().min(room)]);
        }
        if let Some(len) = len {
            memory::put(addrlen, *len);
        }
    }
}

/// `accept`
pub unsafe extern "system" fn accept(s: SOCKET, addr: *mut SOCKADDR, addrlen: *mut i32) -> SOCKET {
    here("accept", |here| {
        // SAFETY: the caller's contract.
        let (buffer, length) = unsafe { name_buffer(addr, addrlen) };
        let outcome = here.calls(Call::Accept { s: here.named(s), addr: buffer, addrlen: length });
        // SAFETY: the same.
        unsafe { puts_name(here, &outcome.out, addr, addrlen) };
        here.socket(&outcome)
    })
}

/// `WSAAccept`. The condition function runs in the thread of the call; it gets the addresses, no caller data, no quality of service, and
/// a callee's buffer of no bytes.
pub unsafe extern "system" fn WSAAccept(
    s: SOCKET,
    addr: *mut SOCKADDR,
    addrlen: *mut i32,
    lpfncondition: LPCONDITIONPROC,
    dwcallbackdata: usize,
) -> SOCKET {
    here("WSAAccept", |here| {
        // SAFETY: the caller's contract.
        let (buffer, length) = unsafe { name_buffer(addr, addrlen) };
        let condition = if lpfncondition.is_some() { Condition::Function } else { Condition::Null };
        let data = here.key(dwcallbackdata);
        let call = Call::WSAAccept { s: here.named(s), addr: buffer, addrlen: length, condition, callback_data: data };
        let outcome = here.waits(|w| {
            w.asking(call, &mut |given| {
                here.settles();
                // SAFETY: the caller's contract: it is a condition function.
                let answer = unsafe { asks(here, lpfncondition, given) };
                here.looks();
                answer
            })
        });
        // SAFETY: the caller's contract.
        unsafe { puts_name(here, &outcome.out, addr, addrlen) };
        here.socket(&outcome)
    })
}

/// What a condition function has written to `*g`: SG_UNCONSTRAINED_GROUP is 1, SG_CONSTRAINED_GROUP 2. Of a group that there is
/// nobody knows the number, for the option that tells it is reserved.
fn in_group(number: u32) -> Group {
    match number {
        0 => Group::None,
        1 => Group::Unconstrained,
        2 => Group::Constrained,
        _ => Group::Nobodys,
    }
}

/// Calls a condition function.
///
/// # Safety
/// It is one.
unsafe fn asks(here: &Here<'_>, condition: LPCONDITIONPROC, given: Given) -> Answer {
    let Some(condition) = condition else { return Answer::ACCEPTS };
    let (mut caller, mut callee) = (here.tells(given.caller), here.tells(given.callee));
    let buffer = |bytes: &mut Vec<u8>| WSABUF { len: bytes.len() as u32, buf: bytes.as_mut_ptr() };
    let (mut caller_id, mut callee_id) = (buffer(&mut caller), buffer(&mut callee));
    let mut no_data = WSABUF { len: 0, buf: std::ptr::null_mut() };
    let mut callee_data = WSABUF { len: given.room.unwrap_or(0), buf: std::ptr::null_mut() };
    // No way leads to a transport that carries any.
    let caller_data = if given.caller_data.is_none() { std::ptr::null_mut() } else { &raw mut no_data };
    let (none, mut group) = (std::ptr::null_mut(), 0);
    let data = here.key_back(given.callback_data);
    // SAFETY: it is a condition function, and what it is given is there until it comes back.
    let answer = unsafe {
        condition(
            &raw mut caller_id,
            caller_data,
            none,
            none,
            &raw mut callee_id,
            &raw mut callee_data,
            &raw mut group,
            data,
        )
    };
    match answer.cast_unsigned() {
        sys::CF_ACCEPT => Answer::Accepts { group: in_group(group), bytes: 0 },
        sys::CF_REJECT => Answer::Rejects,
        sys::CF_DEFER => Answer::Defers,
        _ => Answer::Other,
    }
}
