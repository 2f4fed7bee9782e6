//! `getaddrinfo` and its kin, as far as nothing has to be looked up and the order of what is found does not matter.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::net::{Ipv4Addr, Ipv6Addr};

use windows_sys::Win32::Networking::WinSock as sys;
use windows_sys::Win32::Networking::WinSock::{
    ADDRINFOA, ADDRINFOW, AF_INET, AF_INET6, AF_UNSPEC, SOCKADDR, socklen_t,
};
use windows_sys::core::{PCSTR, PCWSTR, PSTR, PWSTR};

use crate::here::{Here, here};
use crate::memory;
use crate::text::{self, Character, Ip};

/// The fields of ADDRINFOA and ADDRINFOW that hints have.
type Hints = (i32, i32, i32, i32);

/// One answer: the structure, and the address that it points to.
#[repr(C)]
struct Answer<I> {
    info: I,
    address: [u8; 28],
}

/// The address that is asked for; `Err(Ok)` is an error, `Err(Err)` is what nobody can answer here.
fn address(node: Option<&str>, flags: i32, family: i32) -> Result<Ip, Result<i32, String>> {
    let v4 = family == i32::from(AF_INET);
    if ![AF_UNSPEC, AF_INET, AF_INET6].map(i32::from).contains(&family) {
        return Err(Ok(sys::WSAEAFNOSUPPORT));
    }
    let either = |one: Ipv4Addr, other: Ipv6Addr| match family == i32::from(AF_UNSPEC) {
        true => Err(Err("for AF_UNSPEC, whose answers come in no told order".to_owned())),
        false => Ok(if v4 { Ip::V4(one) } else { Ip::V6(other) }),
    };
    let loopback = || either(Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
    let Some(node) = node else {
        let passive = flags & sys::AI_PASSIVE as i32 != 0;
        return if passive { either(Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED) } else { loopback() };
    };
    for wanted in [AF_INET, AF_INET6].map(i32::from) {
        let parsed = Ip::parse(wanted, node).map_err(|what| Err(format!("of {what}")))?;
        match parsed {
            Some(ip) if family == i32::from(AF_UNSPEC) || family == wanted => return Ok(ip),
            Some(_) => return Err(Err("of an address of the other family".to_owned())),
            None => {}
        }
    }
    match node {
        _ if flags & sys::AI_NUMERICHOST as i32 != 0 => Err(Ok(sys::WSAHOST_NOT_FOUND)),
        "localhost" => loopback(),
        _ => Err(Err(format!("of the name {node:?}, which has to be resolved"))),
    }
}

/// What is found: the family, the type, the protocol, and the address.
fn finds(node: Option<&str>, service: Option<&str>, hints: Hints) -> Result<(Ip, u16), Result<i32, String>> {
    let (flags, family, kind, _) = hints;
    if node.is_none() && service.is_none() {
        return Err(Ok(sys::WSAHOST_NOT_FOUND));
    }
    let known = sys::AI_PASSIVE | sys::AI_NUMERICHOST | sys::AI_NUMERICSERV | sys::AI_ADDRCONFIG;
    if flags & !(known as i32) != 0 {
        return Err(Err(format!("with the flags {flags:#x}")));
    }
    if kind != sys::SOCK_STREAM && kind != sys::SOCK_DGRAM {
        return Err(Err("without SOCK_STREAM or SOCK_DGRAM in its hints".to_owned()));
    }
    let port = match service.map(str::parse) {
        None => 0,
        Some(Ok(port)) => port,
        Some(Err(_)) => return Err(Err("of a service that is no number".to_owned())),
    };
    address(node, flags, family).map(|ip| (ip, port))
}

/// `getaddrinfo` for either kind of text.
fn asks(here: &Here<'_>, call: &str, texts: [Option<String>; 2], hints: Hints) -> Result<(Ip, Vec<u8>), i32> {
    let [node, service] = texts;
    match finds(node.as_deref(), service.as_deref(), hints) {
        Ok((ip, port)) => {
            let mut bytes = ip.sockaddr(port);
            bytes.resize(28, 0);
            Ok((ip, bytes))
        }
        Err(Ok(error)) => {
            here.set_error(error.cast_unsigned());
            Err(error)
        }
        Err(Err(what)) => {
            here.no_words(&format!("{call} {what}"));
            Err(sys::WSANO_RECOVERY)
        }
    }
}

macro_rules! getaddrinfo {
    ($get:ident($text:ty, $info:ident) $free:ident) => {
        #[doc = concat!("`", stringify!($get), "`, of numbers, of no name, or of `localhost`.")]
        pub unsafe extern "system" fn $get(
            pnodename: $text,
            pservicename: $text,
            phints: *const $info,
            ppresult: *mut *mut $info,
        ) -> i32 {
            here(stringify!($get), |here| {
                if here.is_null(ppresult, stringify!($get), "ppResult") {
                    return sys::WSAEFAULT;
                }
                // SAFETY: the caller's contract.
                let (texts, hints) = unsafe {
                    ([text::read(pnodename), text::read(pservicename)], memory::get(phints).unwrap_or_default())
                };
                let hints = (hints.ai_flags, hints.ai_family, hints.ai_socktype, hints.ai_protocol);
                let (ip, bytes) = match asks(here, stringify!($get), texts, hints) {
                    Ok(found) => found,
                    Err(error) => return error,
                };
                let length = if ip.family() == AF_INET { 16 } else { 28 };
                let info = $info {
                    ai_family: ip.family().into(),
                    ai_socktype: hints.2,
                    ai_protocol: hints.3,
                    ai_addrlen: length,
                    ..$info::default()
                };
                let mut address = [0; 28];
                address.copy_from_slice(&bytes);
                let answer = Box::into_raw(Box::new(Answer { info, address }));
                // SAFETY: the answer is new; `ppResult` is the caller's.
                unsafe {
                    (*answer).info.ai_addr = (&raw mut (*answer).address).cast();
                    memory::put(ppresult, answer.cast());
                }
                0
            })
        }

        #[doc = concat!("`", stringify!($free), "`")]
        pub unsafe extern "system" fn $free(paddrinfo: *const $info) {
            let mut next = paddrinfo.cast_mut();
            while !next.is_null() {
                // SAFETY: the caller's contract: it is one of the answers that were made above, and no longer used.
                let answer = unsafe { Box::from_raw(next.cast::<Answer<$info>>()) };
                next = answer.info.ai_next;
            }
        }
    };
}

getaddrinfo!(getaddrinfo(PCSTR, ADDRINFOA) freeaddrinfo);
getaddrinfo!(GetAddrInfoW(PCWSTR, ADDRINFOW) FreeAddrInfoW);

/// `getnameinfo` for either kind of text: both as numbers.
///
/// # Safety
/// `name` is null or valid for so many bytes, the other two are null or valid for so many characters.
unsafe fn numbers<C: Character>(
    here: &Here<'_>,
    name: (*const SOCKADDR, socklen_t),
    node: (*mut C, u32),
    service: (*mut C, u32),
    flags: i32,
) -> i32 {
    // SAFETY: by the contract of this function.
    let found = unsafe { text::sockaddr(name.0.cast(), usize::try_from(name.1).unwrap_or(0)) };
    let found = found.and_then(|(ip, port)| Some((ip.text()?, port.to_string())));
    let both = (sys::NI_NUMERICHOST | sys::NI_NUMERICSERV) as i32;
    let Some((host, port)) = found.filter(|_| flags & both == both) else {
        here.no_words("getnameinfo without NI_NUMERICHOST and NI_NUMERICSERV, or of another family");
        return sys::WSANO_RECOVERY;
    };
    for ((to, room), written) in [(node, host), (service, port)] {
        if to.is_null() || room == 0 {
            continue;
        }
        if (room as usize) <= written.len() {
            here.no_words("getnameinfo with so little room");
            return sys::WSANO_RECOVERY;
        }
        // SAFETY: by the contract of this function; there is room.
        unsafe { text::write(to, &written) };
    }
    0
}

/// `getnameinfo`, with NI_NUMERICHOST and NI_NUMERICSERV.
pub unsafe extern "system" fn getnameinfo(
    psockaddr: *const SOCKADDR,
    sockaddrlength: socklen_t,
    pnodebuffer: PSTR,
    nodebuffersize: u32,
    pservicebuffer: PSTR,
    servicebuffersize: u32,
    flags: i32,
) -> i32 {
    here("getnameinfo", |here| {
        let (node, service) = ((pnodebuffer, nodebuffersize), (pservicebuffer, servicebuffersize));
        // SAFETY: the caller's contract.
        unsafe { numbers(here, (psockaddr, sockaddrlength), node, service, flags) }
    })
}

/// `GetNameInfoW`, with NI_NUMERICHOST and NI_NUMERICSERV.
pub unsafe extern "system" fn GetNameInfoW(
    psockaddr: *const SOCKADDR,
    sockaddrlength: socklen_t,
    pnodebuffer: PWSTR,
    nodebuffersize: u32,
    pservicebuffer: PWSTR,
    servicebuffersize: u32,
    flags: i32,
) -> i32 {
    here("GetNameInfoW", |here| {
        let (node, service) = ((pnodebuffer, nodebuffersize), (pservicebuffer, servicebuffersize));
        // SAFETY: the caller's contract.
        unsafe { numbers(here, (psockaddr, sockaddrlength), node, service, flags) }
    })
}
