//! Socket addresses as bytes, and buffers for them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6, SOCKADDR};
use windows_sys::Win32::System::Memory::{MEM_RESERVE, PAGE_NOACCESS, VirtualAlloc};

use super::super::protocol::{LengthPointer, Pointer, SocketAddress};

/// What a buffer is filled with, to tell later whether anything was written.
const UNTOUCHED: u8 = 0xcc;
/// `sizeof(SOCKADDR_STORAGE)`.
const STORAGE: usize = 128;
/// No stack writes more than an address, whatever length a script claims.
const MOST: usize = 1 << 16;

/// Bytes, aligned as any socket address needs.
pub(super) struct AddressBuffer(Vec<u64>);

impl AddressBuffer {
    fn filled(length: i32, byte: u8) -> AddressBuffer {
        let bytes = usize::try_from(length).unwrap_or(0).clamp(STORAGE, MOST);
        AddressBuffer(vec![u64::from_ne_bytes([byte; 8]); bytes.div_ceil(8)])
    }

    /// A buffer that holds this address, and as many bytes as `length` claims.
    pub(super) fn holding(address: SocketAddress, length: i32) -> AddressBuffer {
        let mut buffer = AddressBuffer::filled(length, 0);
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
        for (word, bytes) in buffer.0.iter_mut().zip(bytes.chunks(8)) {
            let mut whole = [0; 8];
            whole[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_ne_bytes(whole);
        }
        buffer
    }

    /// For the input parameter of `bind` and `connect`.
    pub(super) fn as_input(&self) -> *const SOCKADDR {
        self.0.as_ptr().cast()
    }

    /// The address written here; `None` if nothing was. One of an unknown family is told as `0.0.0.0:0`.
    fn read(&self) -> Option<SocketAddress> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|word| word.to_ne_bytes()).collect();
        if bytes.iter().all(|byte| *byte == UNTOUCHED) {
            return None;
        }
        let port = u16::from_be_bytes([bytes[2], bytes[3]]);
        Some(match u16::from_ne_bytes([bytes[0], bytes[1]]) {
            AF_INET => SocketAddress { ip: Ipv4Addr::new(bytes[4], bytes[5], bytes[6], bytes[7]).into(), port },
            AF_INET6 => {
                let mut ip = [0; 16];
                ip.copy_from_slice(&bytes[8..24]);
                SocketAddress { ip: Ipv6Addr::from(ip).into(), port }
            }
            _ => SocketAddress { ip: Ipv4Addr::UNSPECIFIED.into(), port: 0 },
        })
    }
}

/// The two parameters `addr` and `addrlen` of the calls that give an address back.
pub(super) struct AddressOut {
    addr: Pointer,
    addrlen: LengthPointer,
    buffer: AddressBuffer,
    length: i32,
}

impl AddressOut {
    pub(super) fn new(addr: Pointer, addrlen: LengthPointer) -> AddressOut {
        let length = match addrlen {
            LengthPointer::Holds(n) => n,
            LengthPointer::Null | LengthPointer::Bad => 0,
        };
        AddressOut { addr, addrlen, buffer: AddressBuffer::filled(length, UNTOUCHED), length }
    }

    /// What to pass to the call. Valid while `self` is neither moved nor dropped.
    pub(super) fn pointers(&mut self) -> (*mut SOCKADDR, *mut i32) {
        let addr = match self.addr {
            Pointer::Null => std::ptr::null_mut(),
            Pointer::Valid => self.buffer.0.as_mut_ptr().cast(),
            Pointer::Bad => bad_pointer().cast(),
        };
        let addrlen = match self.addrlen {
            LengthPointer::Null => std::ptr::null_mut(),
            LengthPointer::Holds(_) => &raw mut self.length,
            LengthPointer::Bad => bad_pointer().cast(),
        };
        (addr, addrlen)
    }

    /// The address that was written, and the length there is now.
    pub(super) fn written(&self) -> (Option<SocketAddress>, Option<i32>) {
        (self.buffer.read(), matches!(self.addrlen, LengthPointer::Holds(_)).then_some(self.length))
    }
}

/// An address that is reserved in this process and may not be touched.
fn bad_pointer() -> *mut u8 {
    static PAGE: OnceLock<usize> = OnceLock::new();
    let page = PAGE.get_or_init(|| {
        // SAFETY: reserves a page of address space wherever there is room; nothing is ever read or written there by us.
        let page = unsafe { VirtualAlloc(std::ptr::null(), 4096, MEM_RESERVE, PAGE_NOACCESS) } as usize;
        if page == 0 { 1 } else { page } // the first page of every process is out of bounds too
    });
    std::ptr::without_provenance_mut(*page)
}
