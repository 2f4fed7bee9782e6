//! Socket addresses as bytes, and buffers for them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_NOACCESS, PAGE_READWRITE, VirtualAlloc, VirtualFree,
};

use super::super::protocol::SocketAddress;

/// What a buffer is filled with, to tell later whether anything was written.
const UNTOUCHED: u8 = 0xcc;
/// `sizeof(SOCKADDR_STORAGE)`.
const STORAGE: usize = 128;
/// As many bytes as a script claims there have to be, for a stack may look at them all: but no scenario needs more than this.
const MOST: i32 = 1 << 24;
/// A page of memory; on every processor that Windows runs on.
const PAGE: usize = 4096;

/// Why there is no buffer of this length, if there is none.
pub(super) fn has_room(length: i32) -> Result<(), String> {
    match length {
        ..=MOST => Ok(()),
        _ => Err(format!("a buffer of this worker has at most {MOST} bytes")),
    }
}

/// Memory for a socket address. Behind it lies a page that nobody may touch: a stack that writes more than its caller has
/// room for faults there, as it may in any program, and does not overwrite what this worker keeps. Wine 8.0 does so where
/// the length is negative.
pub(super) struct AddressBuffer {
    pages: *mut u8,
    start: *mut u8,
    length: usize,
}

impl AddressBuffer {
    fn filled(length: i32, byte: u8) -> AddressBuffer {
        // As any socket address needs to be aligned.
        let length = usize::try_from(length).unwrap_or(0).max(STORAGE).next_multiple_of(16);
        let usable = length.next_multiple_of(PAGE);
        // SAFETY: the system finds the place; the second call is for a part of what the first has reserved.
        let pages = unsafe {
            let pages = VirtualAlloc(std::ptr::null(), usable + PAGE, MEM_RESERVE, PAGE_NOACCESS);
            VirtualAlloc(pages, usable, MEM_COMMIT, PAGE_READWRITE).cast::<u8>()
        };
        assert!(!pages.is_null(), "invariant: there is memory for an address");
        // SAFETY: both stay inside the `usable` bytes, which are writable.
        let start = unsafe {
            let start = pages.add(usable - length);
            start.write_bytes(byte, length);
            start
        };
        AddressBuffer { pages, start, length }
    }

    /// A buffer that holds this address, and as many bytes as `length` claims.
    pub(super) fn holding(address: SocketAddress, length: i32) -> AddressBuffer {
        let buffer = AddressBuffer::filled(length, 0);
        let mut bytes = [0; 28];
        bytes[2..4].copy_from_slice(&address.port.to_be_bytes());
        match address.ip {
            IpAddr::V4(ip) => {
                bytes[..2].copy_from_slice(&AF_INET.to_ne_bytes());
                bytes[4..8].copy_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                bytes[..2].copy_from_slice(&AF_INET6.to_ne_bytes());
                bytes[8..24].copy_from_slice(&ip.octets());
            }
        }
        // SAFETY: a buffer has at least `STORAGE` bytes, and nobody else knows this one.
        unsafe { buffer.start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        buffer
    }

    /// A buffer in which it can be seen whether anything was written, of as many bytes as `length` claims.
    pub(super) fn untouched(length: i32) -> AddressBuffer {
        AddressBuffer::filled(length, UNTOUCHED)
    }

    /// Where it begins.
    pub(super) fn start(&self) -> *mut u8 {
        self.start
    }

    /// The address written here; `None` if nothing was. One of an unknown family is told as `0.0.0.0:0`.
    pub(super) fn read(&self) -> Option<SocketAddress> {
        // SAFETY: the buffer has so many bytes, all of them written at its start, and no call holds it any more.
        let bytes = unsafe { std::slice::from_raw_parts(self.start, self.length) };
        if bytes.iter().all(|byte| *byte == UNTOUCHED) {
            return None;
        }
        address_at(bytes)
    }
}

/// The address that these bytes are; `None` if they are too few. One of an unknown family is told as `0.0.0.0:0`.
pub(super) fn address_at(bytes: &[u8]) -> Option<SocketAddress> {
    let port = u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]);
    Some(match u16::from_ne_bytes([bytes[0], bytes[1]]) {
        AF_INET => {
            let ip: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            SocketAddress { ip: Ipv4Addr::from(ip).into(), port }
        }
        AF_INET6 => {
            let ip: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            SocketAddress { ip: Ipv6Addr::from(ip).into(), port }
        }
        _ => SocketAddress { ip: Ipv4Addr::UNSPECIFIED.into(), port: 0 },
    })
}

impl Drop for AddressBuffer {
    fn drop(&mut self) {
        // SAFETY: what `filled` has reserved, and only this value points there.
        unsafe { VirtualFree(self.pages.cast(), 0, MEM_RELEASE) };
    }
}

/// An address that is reserved in this process and may not be touched.
pub(super) fn bad_pointer() -> *mut u8 {
    static FORBIDDEN: OnceLock<usize> = OnceLock::new();
    let page = FORBIDDEN.get_or_init(|| {
        // SAFETY: reserves a page of address space wherever there is room; nothing is ever read or written there by us.
        let page = unsafe { VirtualAlloc(std::ptr::null(), PAGE, MEM_RESERVE, PAGE_NOACCESS) } as usize;
        if page == 0 { 1 } else { page } // the first page of every process is out of bounds too
    });
    std::ptr::without_provenance_mut(*page)
}
