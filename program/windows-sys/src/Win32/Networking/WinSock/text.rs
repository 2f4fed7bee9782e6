//! Addresses as texts, and the order of bytes. None of them is a call of the model: what they give hangs on their arguments alone.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, IN_ADDR, INADDR_NONE, SOCKADDR, SOCKET_ERROR, WSA_INVALID_PARAMETER, WSAEAFNOSUPPORT, WSAEFAULT,
    WSAEINVAL, WSAPROTOCOL_INFOA, WSAPROTOCOL_INFOW,
};
use windows_sys::core::{PCSTR, PCWSTR, PSTR, PWSTR};

use crate::here::{Here, here, with_run};
use crate::memory;
use crate::text::{self, Character, Ip};

/// `htons`
pub unsafe extern "system" fn htons(hostshort: u16) -> u16 {
    hostshort.to_be()
}

/// `htonl`
pub unsafe extern "system" fn htonl(hostlong: u32) -> u32 {
    hostlong.to_be()
}

/// `ntohs`
pub unsafe extern "system" fn ntohs(netshort: u16) -> u16 {
    u16::from_be(netshort)
}

/// `ntohl`
pub unsafe extern "system" fn ntohl(netlong: u32) -> u32 {
    u32::from_be(netlong)
}

/// `inet_addr`, of four decimal numbers.
pub unsafe extern "system" fn inet_addr(cp: PCSTR) -> u32 {
    // SAFETY: the caller's contract.
    let text = unsafe { text::read(cp) };
    let address: Option<std::net::Ipv4Addr> = text.and_then(|text| text.parse().ok());
    address.map_or(INADDR_NONE, |address| u32::from_ne_bytes(address.octets()))
}

/// `inet_ntoa`: each thread has one place for the text.
pub unsafe extern "system" fn inet_ntoa(r#in: IN_ADDR) -> PSTR {
    here("inet_ntoa", |here| {
        // SAFETY: all of the union's fields are numbers, of four bytes together.
        let octets = unsafe { r#in.S_un.S_addr }.to_ne_bytes();
        let written = std::net::Ipv4Addr::from(octets).to_string();
        with_run(|run| {
            let place = run.own.texts.entry(here.thread).or_default().as_mut_ptr();
            // SAFETY: no address has more than fifteen characters.
            unsafe { text::write(place, &written) };
            place
        })
    })
}

fn fails(here: &Here<'_>, error: i32) -> i32 {
    here.set_error(error.cast_unsigned());
    SOCKET_ERROR
}

/// `inet_ntop` and `InetNtopW`.
///
/// # Safety
/// `address` is null or valid for an address of the family, `to` is null or valid for so many characters.
unsafe fn ntop<C: Character>(
    here: &Here<'_>,
    family: i32,
    address: *const c_void,
    to: *mut C,
    room: usize,
) -> *const C {
    let (length, least) = match family {
        _ if family == i32::from(AF_INET) => (4, 16),
        _ if family == i32::from(AF_INET6) => (16, 46),
        _ => {
            fails(here, WSAEAFNOSUPPORT);
            return std::ptr::null();
        }
    };
    if to.is_null() || room == 0 {
        fails(here, WSA_INVALID_PARAMETER);
        return std::ptr::null();
    }
    if here.is_null(address, "inet_ntop", "pAddr") {
        return std::ptr::null();
    }
    // SAFETY: by the contract of this function.
    let bytes = unsafe { memory::bytes(address.cast(), length) };
    match Ip::of(family, &bytes).and_then(Ip::text) {
        Some(written) if room >= least => {
            // SAFETY: it has fewer characters than there is room for.
            unsafe { text::write(to, &written) };
            to
        }
        _ => {
            here.no_words(
                "inet_ntop with less room than its page asks for, or of an IPv6 address with an IPv4 address in it",
            );
            std::ptr::null()
        }
    }
}

/// `inet_ntop`
pub unsafe extern "system" fn inet_ntop(
    family: i32,
    paddr: *const c_void,
    pstringbuf: PSTR,
    stringbufsize: usize,
) -> PCSTR {
    // SAFETY: the caller's contract.
    here("inet_ntop", |here| unsafe { ntop(here, family, paddr, pstringbuf, stringbufsize) })
}

/// `InetNtopW`
pub unsafe extern "system" fn InetNtopW(
    family: i32,
    paddr: *const c_void,
    pstringbuf: PWSTR,
    stringbufsize: usize,
) -> PCWSTR {
    // SAFETY: the caller's contract.
    here("InetNtopW", |here| unsafe { ntop(here, family, paddr, pstringbuf, stringbufsize) })
}

/// `inet_pton` and `InetPtonW`.
///
/// # Safety
/// `from` is null or a text, `to` is null or valid for an address of the family.
unsafe fn pton<C: Character>(here: &Here<'_>, family: i32, from: *const C, to: *mut c_void) -> i32 {
    if family != i32::from(AF_INET) && family != i32::from(AF_INET6) {
        return fails(here, WSAEAFNOSUPPORT);
    }
    // SAFETY: by the contract of this function.
    let Some(text) = (unsafe { text::read(from) }).filter(|_| !to.is_null()) else { return fails(here, WSAEFAULT) };
    match Ip::parse(family, &text) {
        Ok(Some(ip)) => {
            // SAFETY: by the contract of this function.
            unsafe { memory::fill(to.cast(), &ip.octets()) };
            1
        }
        Ok(None) => 0,
        Err(what) => {
            here.no_words(&format!("inet_pton of {what}"));
            0
        }
    }
}

/// `inet_pton`
pub unsafe extern "system" fn inet_pton(family: i32, pszaddrstring: PCSTR, paddrbuf: *mut c_void) -> i32 {
    // SAFETY: the caller's contract.
    here("inet_pton", |here| unsafe { pton(here, family, pszaddrstring, paddrbuf) })
}

/// `InetPtonW`
pub unsafe extern "system" fn InetPtonW(family: i32, pszaddrstring: PCWSTR, paddrbuf: *mut c_void) -> i32 {
    // SAFETY: the caller's contract.
    here("InetPtonW", |here| unsafe { pton(here, family, pszaddrstring, paddrbuf) })
}

/// The text of an address with its port, if it has one.
///
/// # Safety
/// `address` is null or valid for so many bytes, `length` is null or valid, `to` for as many characters as that says.
unsafe fn address_to_string<C: Character>(
    here: &Here<'_>,
    address: *const SOCKADDR,
    size: u32,
    to: *mut C,
    length: *mut u32,
) -> i32 {
    // SAFETY: by the contract of this function.
    let (there, room) = unsafe { (text::sockaddr(address.cast(), size as usize), memory::get(length)) };
    let written = there.and_then(|(ip, port)| Some((ip, ip.text()?, port)));
    let (Some((ip, written, port)), Some(room)) = (written, room) else {
        here.no_words(
            "WSAAddressToString of what is no address of IPv4 or IPv6, of one with a scope, or without a length",
        );
        return SOCKET_ERROR;
    };
    let written = match (ip, port) {
        (_, 0) => written,
        (Ip::V4(_), port) => format!("{written}:{port}"),
        (Ip::V6(_), port) => format!("[{written}]:{port}"),
    };
    let needed = written.len() as u32 + 1;
    // SAFETY: by the contract of this function; there is room.
    unsafe {
        memory::put(length, needed);
        if room < needed || to.is_null() {
            return fails(here, WSAEFAULT);
        }
        text::write(to, &written);
    }
    0
}

/// `WSAAddressToStringW`
pub unsafe extern "system" fn WSAAddressToStringW(
    lpsaaddress: *const SOCKADDR,
    dwaddresslength: u32,
    _lpprotocolinfo: *const WSAPROTOCOL_INFOW,
    lpszaddressstring: PWSTR,
    lpdwaddressstringlength: *mut u32,
) -> i32 {
    here("WSAAddressToStringW", |here| {
        // SAFETY: the caller's contract.
        unsafe { address_to_string(here, lpsaaddress, dwaddresslength, lpszaddressstring, lpdwaddressstringlength) }
    })
}

/// `WSAAddressToStringA`
pub unsafe extern "system" fn WSAAddressToStringA(
    lpsaaddress: *const SOCKADDR,
    dwaddresslength: u32,
    _lpprotocolinfo: *const WSAPROTOCOL_INFOA,
    lpszaddressstring: PSTR,
    lpdwaddressstringlength: *mut u32,
) -> i32 {
    here("WSAAddressToStringA", |here| {
        // SAFETY: the caller's contract.
        unsafe { address_to_string(here, lpsaaddress, dwaddresslength, lpszaddressstring, lpdwaddressstringlength) }
    })
}

/// The address that a text is, and its port; `Ok(None)`: it is none.
fn with_port(family: i32, text: &str) -> Result<Option<(Ip, u16)>, &'static str> {
    let v4 = family == i32::from(AF_INET);
    let bracketed = text.strip_prefix('[').and_then(|text| text.split_once(']'));
    let (ip, port) = match bracketed {
        Some((ip, "")) if !v4 => (ip, None),
        Some((ip, rest)) if !v4 => (ip, Some(rest.strip_prefix(':').unwrap_or("?"))),
        _ if v4 => text.split_once(':').map_or((text, None), |(ip, port)| (ip, Some(port))),
        _ => (text, None),
    };
    let Some(ip) = Ip::parse(family, ip)? else { return Ok(None) };
    match port.map(str::parse) {
        None => Ok(Some((ip, 0))),
        Some(Ok(port)) => Ok(Some((ip, port))),
        Some(Err(_)) => Ok(None),
    }
}

/// `WSAStringToAddress`
///
/// # Safety
/// `from` is null or a text, `length` is null or valid, `to` for as many bytes as that says.
unsafe fn string_to_address<C: Character>(
    here: &Here<'_>,
    from: *const C,
    family: i32,
    to: *mut SOCKADDR,
    length: *mut i32,
) -> i32 {
    // SAFETY: by the contract of this function.
    let (text, room) = unsafe { (text::read(from), memory::get(length)) };
    let known = family == i32::from(AF_INET) || family == i32::from(AF_INET6);
    let (Some(text), Some(room), true) = (text, room, known) else {
        here.no_words("WSAStringToAddress of another family, or without a text or a length");
        return SOCKET_ERROR;
    };
    let bytes = match with_port(family, &text) {
        Ok(Some((ip, port))) => ip.sockaddr(port),
        Ok(None) => return fails(here, WSAEINVAL),
        Err(what) => {
            here.no_words(&format!("WSAStringToAddress of {what}"));
            return SOCKET_ERROR;
        }
    };
    // SAFETY: by the contract of this function; there is room.
    unsafe {
        memory::put(length, bytes.len() as i32);
        if usize::try_from(room).unwrap_or(0) < bytes.len() || to.is_null() {
            return fails(here, WSAEFAULT);
        }
        memory::fill(to.cast(), &bytes);
    }
    0
}

/// `WSAStringToAddressA`
pub unsafe extern "system" fn WSAStringToAddressA(
    addressstring: PCSTR,
    addressfamily: i32,
    _lpprotocolinfo: *const WSAPROTOCOL_INFOA,
    lpaddress: *mut SOCKADDR,
    lpaddresslength: *mut i32,
) -> i32 {
    here("WSAStringToAddressA", |here| {
        // SAFETY: the caller's contract.
        unsafe { string_to_address(here, addressstring, addressfamily, lpaddress, lpaddresslength) }
    })
}

/// `WSAStringToAddressW`
pub unsafe extern "system" fn WSAStringToAddressW(
    addressstring: PCWSTR,
    addressfamily: i32,
    _lpprotocolinfo: *const WSAPROTOCOL_INFOW,
    lpaddress: *mut SOCKADDR,
    lpaddresslength: *mut i32,
) -> i32 {
    here("WSAStringToAddressW", |here| {
        // SAFETY: the caller's contract.
        unsafe { string_to_address(here, addressstring, addressfamily, lpaddress, lpaddresslength) }
    })
}
