//! Addresses as bytes, and as the model has them.

use winaccept_model::call::{Address, Family, Handle, Ip, Name, Port};
use winaccept_model::world::SocketId;

use crate::here::Here;
use crate::memory;
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};

/// Ports that the system chooses begin here, as those of Windows do.
const CHOSEN: u16 = 49152;

/// The address as the bytes of SOCKADDR_IN or SOCKADDR_IN6.
pub(crate) fn written(address: Address) -> Vec<u8> {
    let port = match address.port {
        Port::Unset => 0,
        Port::Fixed(port) => port,
        Port::Chosen(socket) => CHOSEN.wrapping_add(socket.index() as u16),
    };
    let mut bytes = Vec::with_capacity(28);
    match address.family {
        Family::Inet => {
            bytes.extend(AF_INET.to_ne_bytes());
            bytes.extend(port.to_be_bytes());
            bytes.extend(match address.ip {
                Ip::Any => [0; 4],
                Ip::Loopback | Ip::Mapped => [127, 0, 0, 1],
                Ip::NotLocal => [192, 0, 2, 0],
            });
            bytes.extend([0; 8]);
        }
        Family::Inet6 => {
            bytes.extend(AF_INET6.to_ne_bytes());
            bytes.extend(port.to_be_bytes());
            bytes.extend([0; 4]);
            let mut ip = [0; 16];
            match address.ip {
                Ip::Any => {}
                Ip::Loopback => ip[15] = 1,
                Ip::Mapped => ip[10..].copy_from_slice(&[0xff, 0xff, 127, 0, 0, 1]),
                Ip::NotLocal => ip[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]),
            }
            bytes.extend(ip);
            bytes.extend([0; 4]);
        }
        // No program comes to one: there is no way to a socket of ATM.
        Family::Atm => {}
    }
    bytes
}

/// The address that a program gives; `None`: the model has no words for its family.
///
/// # Safety
/// `name` is null or points to as many bytes, of which no more than those of its family are read.
pub(crate) unsafe fn read(here: &Here, name: *const u8, length: i32) -> Option<Name<Handle>> {
    if name.is_null() {
        return Some(Name::Null);
    }
    // SAFETY: by the contract of this function; what is not there counts as zero.
    let mut bytes = unsafe { memory::bytes(name, usize::try_from(length).unwrap_or(0).min(28)) };
    bytes.resize(28, 0);
    let family = u16::from_ne_bytes([bytes[0], bytes[1]]);
    let (family, ip) = match family {
        // Too short for a family: that is the model's to say.
        AF_INET | 0 if family == AF_INET || length < 2 => (Family::Inet, &bytes[4..8]),
        AF_INET6 => (Family::Inet6, &bytes[8..24]),
        other => {
            here.no_words(&format!("an address of the family {other}"));
            return None;
        }
    };
    let first = ip[0];
    let ip = match (family, ip) {
        (_, ip) if ip.iter().all(|byte| *byte == 0) => Ip::Any,
        (Family::Inet, [127, 0, 0, 1]) => Ip::Loopback,
        (Family::Inet6, [rest @ .., 1]) if first == 0 && rest.iter().all(|byte| *byte == 0) => Ip::Loopback,
        (Family::Inet6, [rest @ .., 0xff, 0xff, 127, 0, 0, 1]) if rest.iter().all(|byte| *byte == 0) => Ip::Mapped,
        _ => Ip::NotLocal,
    };
    let port = match u16::from_be_bytes([bytes[2], bytes[3]]) {
        0 => Port::Unset,
        port if here.has_seen(port) => {
            // Its owner's address, as a script would name it.
            return Some(Name::Of(Handle::socket(SocketId((port - CHOSEN).into()), 0)));
        }
        port => Port::Fixed(port),
    };
    Some(Name::Address(Address { family, ip, port }, length))
}

/// The port that the program reads there, if the system has chosen it.
pub(crate) fn chosen(address: Address) -> Option<u16> {
    match address.port {
        Port::Chosen(socket) => Some(CHOSEN.wrapping_add(socket.index() as u16)),
        _ => None,
    }
}
