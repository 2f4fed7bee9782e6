//! Options, modes and names of sockets.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::{Call, Opt, OptVal};
use winaccept_model::outcome::Out;
use windows_sys::Win32::Networking::WinSock as sys;
use windows_sys::Win32::Networking::WinSock::{LINGER, SOCKADDR, SOCKET};
use windows_sys::core::{PCSTR, PSTR};

use super::sockets::{name_buffer, puts_name};
use crate::here::{Here, here};
use crate::memory;

/// The options of the model, by level and name.
const KNOWN: &[(i32, i32, Opt)] = &[
    (sys::SOL_SOCKET, sys::SO_REUSEADDR, Opt::ReuseAddr),
    (sys::SOL_SOCKET, sys::SO_EXCLUSIVEADDRUSE, Opt::ExclusiveAddrUse),
    (sys::SOL_SOCKET, sys::SO_KEEPALIVE, Opt::KeepAlive),
    (sys::SOL_SOCKET, sys::SO_OOBINLINE, Opt::OobInline),
    (sys::SOL_SOCKET, sys::SO_LINGER, Opt::Linger),
    (sys::SOL_SOCKET, sys::SO_SNDBUF, Opt::SndBuf),
    (sys::SOL_SOCKET, sys::SO_RCVBUF, Opt::RcvBuf),
    (sys::SOL_SOCKET, sys::SO_SNDTIMEO, Opt::SndTimeo),
    (sys::SOL_SOCKET, sys::SO_RCVTIMEO, Opt::RcvTimeo),
    (sys::SOL_SOCKET, sys::SO_ACCEPTCONN, Opt::AcceptConn),
    (sys::SOL_SOCKET, sys::SO_ERROR, Opt::Error),
    (sys::SOL_SOCKET, sys::SO_TYPE, Opt::Type),
    (sys::SOL_SOCKET, sys::SO_CONNECT_TIME, Opt::ConnectTime),
    (sys::SOL_SOCKET, sys::SO_CONDITIONAL_ACCEPT, Opt::ConditionalAccept),
    (sys::IPPROTO_TCP, sys::TCP_NODELAY, Opt::NoDelay),
    (sys::IPPROTO_IPV6, sys::IPV6_V6ONLY, Opt::V6Only),
];

fn known(here: &Here<'_>, call: &str, level: i32, name: i32) -> Option<Opt> {
    let known = KNOWN.iter().find(|(of, by, _)| (*of, *by) == (level, name)).map(|(.., opt)| *opt);
    if known.is_none() {
        here.no_words(&format!("{call} of the option {name:#x} of level {level:#x}"));
    }
    known
}

/// `setsockopt`
pub unsafe extern "system" fn setsockopt(s: SOCKET, level: i32, optname: i32, optval: PCSTR, optlen: i32) -> i32 {
    here("setsockopt", |here| {
        if here.is_null(optval, "setsockopt", "optval") {
            return sys::SOCKET_ERROR;
        }
        let length = usize::try_from(optlen).unwrap_or(0);
        let s = here.named(s);
        if (level, optname) == (sys::SOL_SOCKET, sys::SO_UPDATE_ACCEPT_CONTEXT) {
            if length != size_of::<SOCKET>() {
                here.no_words(&format!("setsockopt of SO_UPDATE_ACCEPT_CONTEXT with {optlen} bytes"));
                return sys::SOCKET_ERROR;
            }
            // SAFETY: the caller's contract: so many bytes are there.
            let listener = unsafe { memory::get(optval.cast::<SOCKET>()) }.unwrap_or(sys::INVALID_SOCKET);
            return here.number(Call::UpdateAcceptContext { s, listener: here.named(listener) });
        }
        let Some(opt) = known(here, "setsockopt", level, optname) else { return sys::SOCKET_ERROR };
        // SAFETY: the caller's contract: so many bytes are there.
        let value = unsafe {
            match (opt, length) {
                (Opt::Linger, 4) => {
                    memory::get(optval.cast::<LINGER>()).map(|of| OptVal::Linger(of.l_onoff, of.l_linger))
                }
                (Opt::Linger, _) | (_, 0) => None,
                (_, 4..) => memory::get(optval.cast::<u32>()).map(OptVal::Number),
                // A BOOL of one byte passes for one of four.
                (Opt::NoDelay | Opt::KeepAlive | Opt::ReuseAddr, 1) => {
                    memory::get(optval).map(|byte| OptVal::Number(byte.into()))
                }
                _ => None,
            }
        };
        let Some(value) = value else {
            here.no_words(&format!("setsockopt of an option with {optlen} bytes"));
            return sys::SOCKET_ERROR;
        };
        here.number(Call::Setsockopt { s, opt, value })
    })
}

/// `getsockopt`
pub unsafe extern "system" fn getsockopt(s: SOCKET, level: i32, optname: i32, optval: PSTR, optlen: *mut i32) -> i32 {
    here("getsockopt", |here| {
        if here.is_null(optval, "getsockopt", "optval") || here.is_null(optlen, "getsockopt", "optlen") {
            return sys::SOCKET_ERROR;
        }
        let Some(opt) = known(here, "getsockopt", level, optname) else { return sys::SOCKET_ERROR };
        // SAFETY: the caller's contract.
        if unsafe { memory::get(optlen) }.is_some_and(|room| room < 4) {
            here.no_words("getsockopt with less than four bytes");
            return sys::SOCKET_ERROR;
        }
        let outcome = here.calls(Call::Getsockopt { s: here.named(s), opt });
        if let Out::Option(value) = outcome.out {
            // SAFETY: the caller's contract: there is room for four bytes.
            unsafe {
                match value {
                    OptVal::Number(number) => memory::put(optval.cast::<u32>(), number),
                    OptVal::Linger(l_onoff, l_linger) => {
                        memory::put(optval.cast::<LINGER>(), LINGER { l_onoff, l_linger });
                    }
                }
                memory::put(optlen, 4);
            }
        }
        here.number_of(&outcome)
    })
}

/// `ioctlsocket`: FIONBIO.
pub unsafe extern "system" fn ioctlsocket(s: SOCKET, cmd: i32, argp: *mut u32) -> i32 {
    here("ioctlsocket", |here| {
        if cmd != sys::FIONBIO {
            here.no_words(&format!("ioctlsocket with {cmd:#x}"));
            return sys::SOCKET_ERROR;
        }
        if here.is_null(argp, "ioctlsocket", "argp") {
            return sys::SOCKET_ERROR;
        }
        // SAFETY: the caller's contract.
        let argp = unsafe { memory::get(argp) };
        here.number(Call::Ioctlsocket { s: here.named(s), argp })
    })
}

/// `getsockname`
pub unsafe extern "system" fn getsockname(s: SOCKET, name: *mut SOCKADDR, namelen: *mut i32) -> i32 {
    here("getsockname", |here| {
        // SAFETY: the caller's contract.
        let (buffer, length) = unsafe { name_buffer(name, namelen) };
        let outcome = here.calls(Call::Getsockname { s: here.named(s), name: buffer, namelen: length });
        // SAFETY: the same.
        unsafe { puts_name(here, &outcome.out, name, namelen) };
        here.number_of(&outcome)
    })
}

/// `getpeername`
pub unsafe extern "system" fn getpeername(s: SOCKET, name: *mut SOCKADDR, namelen: *mut i32) -> i32 {
    here("getpeername", |here| {
        // SAFETY: the caller's contract.
        let (buffer, length) = unsafe { name_buffer(name, namelen) };
        let outcome = here.calls(Call::Getpeername { s: here.named(s), name: buffer, namelen: length });
        // SAFETY: the same.
        unsafe { puts_name(here, &outcome.out, name, namelen) };
        here.number_of(&outcome)
    })
}
