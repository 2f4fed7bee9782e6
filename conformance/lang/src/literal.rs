//! Numbers, versions, addresses and strings: from their spelling to their value and back.

use winaccept_model::call::{Address, Data, Family, Ip, Port, Qos, Version};
use winaccept_sim::script::PeerSegment;

/// What a condition function may return, by name.
pub(super) const ANSWERS: &[(&str, i32)] = &[("CF_ACCEPT", 0), ("CF_REJECT", 1), ("CF_DEFER", 2)];

/// Where the numbers of a program's own messages begin.
pub(super) const WM_USER: u16 = 0x400;

/// What a condition function may write for a group, by name.
pub(super) const GROUPS: &[(&str, u32)] = &[("SG_UNCONSTRAINED_GROUP", 1), ("SG_CONSTRAINED_GROUP", 2)];

/// The segments that a raw peer sends and sees, by name. A plain `RST` that is expected is any reset.
pub(super) const PEER_SEGMENTS: &[(&str, PeerSegment)] = &[
    ("SYN", PeerSegment::Syn),
    ("SYN-ACK", PeerSegment::SynAck),
    ("ACK", PeerSegment::Ack),
    ("DATA", PeerSegment::Data),
    ("FIN", PeerSegment::Fin),
    ("RST", PeerSegment::Rst),
    ("RST-ACK", PeerSegment::RstAck),
];

/// A decimal or `0x` hexadecimal number; decimal ones may be negative.
pub(super) fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => i64::from_str_radix(hex, 16).ok(),
        // `parse` alone would take a plus sign.
        None if is_all_digits(text) => text.parse().ok(),
        _ => None,
    }
}

/// Would C read it as octal?
pub(super) fn begins_with_zero(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Is this spelled like a number, whatever its size?
pub(super) fn is_all_digits(text: &str) -> bool {
    match text.strip_prefix("0x") {
        Some(hex) => !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        }
    }
}

/// `2.2`
pub(super) fn version(text: &str) -> Option<Version> {
    let (major, minor) = text.split_once('.')?;
    Some(Version { major: part(major)?, minor: part(minor)? })
}

fn part(text: &str) -> Option<u8> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// An address with a port, or with `*` for one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AddressLiteral {
    /// `127.0.0.1:80`
    Port(Address),
    /// `127.0.0.1:*`; the port in the address is unset.
    AnyPort(Address),
}

/// What a quality of service may hold for the provider.
pub(super) const CALLING_PARTY: &str = "ATM_CALLING_PARTY_NUMBER_IE";

/// Writes a quality of service.
pub(super) fn write_qos(qos: Qos) -> String {
    let Qos { sending, receiving, calling_party } = qos;
    let specific = if calling_party { format!(", {CALLING_PARTY}") } else { String::new() };
    format!("{{{sending}, {receiving}{specific}}}")
}

/// The addresses that exist in scenarios.
const HOSTS: &[(&str, Family, Ip)] = &[
    ("0.0.0.0", Family::Inet, Ip::Any),
    ("127.0.0.1", Family::Inet, Ip::Loopback),
    ("192.0.2.0", Family::Inet, Ip::NotLocal),
    ("[::]", Family::Inet6, Ip::Any),
    ("[::1]", Family::Inet6, Ip::Loopback),
    ("[2001:db8::]", Family::Inet6, Ip::NotLocal),
    ("[::ffff:127.0.0.1]", Family::Inet6, Ip::Mapped),
    ("[atm]", Family::Atm, Ip::Loopback),
];

/// Said where an address is none of [`HOSTS`].
pub(super) const ADDRESS_HELP: &str = "an address is 0.0.0.0, 127.0.0.1, 192.0.2.0, [::], [::1], [::ffff:127.0.0.1], \
    [2001:db8::] or [atm], a colon, and a port from 0 to 65535";

/// `127.0.0.1:0`, `[::1]:*`, …
pub(super) fn address(text: &str) -> Option<AddressLiteral> {
    let (host, port) = text.rsplit_once(':')?;
    let (_, family, ip) = *HOSTS.iter().find(|(name, ..)| *name == host)?;
    let at = |port| Address { family, ip, port };
    if port == "*" {
        return Some(AddressLiteral::AnyPort(at(Port::Unset)));
    }
    if !port.bytes().all(|b| b.is_ascii_digit()) || begins_with_zero(port) {
        return None;
    }
    let port: u16 = port.parse().ok()?;
    Some(AddressLiteral::Port(at(if port == 0 { Port::Unset } else { Port::Fixed(port) })))
}

/// Writes what [`address`] reads; a port that the system chose is `*`.
pub(super) fn write_address(address: Address) -> String {
    let host = HOSTS
        .iter()
        .find(|(_, family, ip)| (*family, *ip) == (address.family, address.ip))
        .map_or("?", |(name, ..)| *name);
    match address.port {
        Port::Unset => format!("{host}:0"),
        Port::Fixed(port) => format!("{host}:{port}"),
        Port::Chosen(_) => format!("{host}:*"),
    }
}

/// Why a string in quotes means nothing, with the byte offset inside the quotes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct BadEscape {
    pub(super) at: usize,
    pub(super) len: usize,
}

/// The bytes of a string, given what is between its quotes.
pub(super) fn unescape(text: &str) -> Result<Vec<u8>, BadEscape> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let simple = match bytes.get(at + 1) {
            Some(b'n') => Some(b'\n'),
            Some(b'r') => Some(b'\r'),
            Some(b't') => Some(b'\t'),
            Some(b'0') => Some(0),
            Some(b'\\') => Some(b'\\'),
            Some(b'"') => Some(b'"'),
            _ => None,
        };
        if let Some(simple) = simple {
            out.push(simple);
            at += 2;
            continue;
        }
        let hex = text.get(at + 2..at + 4).filter(|_| bytes.get(at + 1) == Some(&b'x'));
        let Some(value) = hex.filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit())) else {
            let len = 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8);
            return Err(BadEscape { at, len });
        };
        out.push(u8::from_str_radix(value, 16).expect("two hexadecimal digits are a byte"));
        at += 4;
    }
    Ok(out)
}

/// `text` in quotes.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    text.chars().for_each(|c| escape(c, &mut out));
    out.push('"');
    out
}

/// Stream data in quotes: ASCII as in [`quote`], the rest as `\xNN`. What repeats is written once: `"ab" * 40 + "a"`.
pub(super) fn quote_data(data: &Data) -> String {
    let bytes = data.as_slice();
    let repeats = |unit: &usize| bytes[*unit..].iter().zip(bytes).all(|(byte, before)| byte == before);
    let unit = (1..=UNIT.min(bytes.len() / 2)).find(repeats).filter(|_| bytes.len() > LONG);
    let Some(unit) = unit else { return quote_bytes(bytes) };
    let (times, rest) = (bytes.len() / unit, bytes.len() % unit);
    let whole = format!("{} * {times}", quote_bytes(&bytes[..unit]));
    if rest == 0 { whole } else { format!("{whole} + {}", quote_bytes(&bytes[..rest])) }
}

/// Data of so many bytes is written as it is.
const LONG: usize = 40;
/// What repeats has at most so many bytes.
const UNIT: usize = 32;

fn quote_bytes(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in bytes {
        if byte.is_ascii() {
            escape(char::from(byte), &mut out);
        } else {
            out += &format!("\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

fn escape(c: char, out: &mut String) {
    match c {
        '\n' => *out += "\\n",
        '\r' => *out += "\\r",
        '\t' => *out += "\\t",
        '\0' => *out += "\\0",
        '\\' => *out += "\\\\",
        '"' => *out += "\\\"",
        c if c.is_ascii_control() => *out += &format!("\\x{:02x}", u32::from(c)),
        c => out.push(c),
    }
}
