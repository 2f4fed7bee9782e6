//! Texts of the program's, of bytes or of UTF-16, and addresses as texts.

use std::net::{Ipv4Addr, Ipv6Addr};

use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};

use crate::memory;

/// A character of a text that ends with a zero.
pub(crate) trait Character: Copy + PartialEq {
    const END: Self;
    fn number(self) -> u32;
    /// Of an ASCII character.
    fn of(byte: u8) -> Self;
}

impl Character for u8 {
    const END: u8 = 0;
    fn number(self) -> u32 {
        self.into()
    }
    fn of(byte: u8) -> u8 {
        byte
    }
}

impl Character for u16 {
    const END: u16 = 0;
    fn number(self) -> u32 {
        self.into()
    }
    fn of(byte: u8) -> u16 {
        byte.into()
    }
}

/// The text that stands there. What is no character of its own is a question mark: no address and no number has one.
///
/// # Safety
/// `at` is null or points to characters up to a zero.
pub(crate) unsafe fn read<C: Character>(at: *const C) -> Option<String> {
    let mut text = String::new();
    for place in 0.. {
        // SAFETY: by the contract of this function: the zero was not seen yet.
        let character = unsafe { memory::get(if at.is_null() { at } else { at.wrapping_add(place) }) }?;
        if character == C::END {
            break;
        }
        text.push(char::from_u32(character.number()).unwrap_or('?'));
    }
    Some(text)
}

/// Writes an ASCII text and a zero.
///
/// # Safety
/// `to` is valid for writing one character more than the text has.
pub(crate) unsafe fn write<C: Character>(to: *mut C, text: &str) {
    for (place, byte) in text.bytes().chain([0]).enumerate() {
        // SAFETY: by the contract of this function.
        unsafe { memory::put(to.wrapping_add(place), C::of(byte)) };
    }
}

/// An address, as far as its text goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ip {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Ip {
    pub(crate) fn family(self) -> u16 {
        match self {
            Ip::V4(_) => AF_INET,
            Ip::V6(_) => AF_INET6,
        }
    }

    /// Its bytes, in network order.
    pub(crate) fn octets(self) -> Vec<u8> {
        match self {
            Ip::V4(ip) => ip.octets().to_vec(),
            Ip::V6(ip) => ip.octets().to_vec(),
        }
    }

    /// The address of this family in these bytes, of which there are enough.
    pub(crate) fn of(family: i32, bytes: &[u8]) -> Option<Ip> {
        if family == i32::from(AF_INET) {
            return Some(Ip::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(..4)?).ok()?)));
        }
        let v6 = family == i32::from(AF_INET6);
        v6.then(|| Some(Ip::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.get(..16)?).ok()?)))).flatten()
    }

    /// Its text; `None` where systems differ in whether they write the last four bytes as IPv4 does.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Ip::V4(ip) => Some(ip.to_string()),
            Ip::V6(ip) => {
                let parts = ip.segments();
                let like_v4 = parts[..6] == [0; 6] && parts[6] != 0 || parts[4..6] == [0, 0x5efe];
                (!like_v4).then(|| ip.to_string())
            }
        }
    }

    /// The address of this family that a text is; `Err` where systems differ in what it is.
    pub(crate) fn parse(family: i32, text: &str) -> Result<Option<Ip>, &'static str> {
        if family == i32::from(AF_INET) {
            let zeros = |part: &str| part.len() > 1 && part.starts_with('0');
            let numbers = text.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit());
            if numbers && text.split('.').any(zeros) {
                return Err("an address with zeros in front");
            }
            return Ok(text.parse().ok().map(Ip::V4));
        }
        match text.contains('%') {
            true => Err("an address with a scope"),
            false => Ok(text.parse().ok().map(Ip::V6)),
        }
    }

    /// The bytes of SOCKADDR_IN or SOCKADDR_IN6.
    pub(crate) fn sockaddr(self, port: u16) -> Vec<u8> {
        let mut bytes = self.family().to_ne_bytes().to_vec();
        bytes.extend(port.to_be_bytes());
        match self {
            Ip::V4(ip) => {
                bytes.extend(ip.octets());
                bytes.resize(16, 0);
            }
            Ip::V6(ip) => {
                bytes.extend([0; 4]);
                bytes.extend(ip.octets());
                bytes.resize(28, 0);
            }
        }
        bytes
    }
}

/// The address and the port in the bytes of SOCKADDR_IN or SOCKADDR_IN6, if there are enough; without a scope.
///
/// # Safety
/// `at` is null or valid for reading so many bytes.
pub(crate) unsafe fn sockaddr(at: *const u8, length: usize) -> Option<(Ip, u16)> {
    // SAFETY: by the contract of this function.
    let bytes = unsafe { memory::bytes(at, length.min(28)) };
    let family = u16::from_ne_bytes([*bytes.first()?, *bytes.get(1)?]);
    let port = u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]);
    let ip = match family {
        AF_INET if bytes.len() >= 16 => Ip::of(family.into(), &bytes[4..]),
        AF_INET6 if bytes.len() >= 28 && bytes[24..] == [0; 4] => Ip::of(family.into(), &bytes[8..]),
        _ => None,
    };
    Some((ip?, port))
}
