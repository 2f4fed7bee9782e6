//! Addresses that are given, and pointers to room for addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use winaccept_model::call::{Address, Buffer, Family, Ip, Length, Name, Port};
use winaccept_model::kind::{AddrOut, LengthInOut, NameIn};
use winaccept_sim::script::Ref;

use super::super::protocol::{LengthPointer, Pointer, SocketAddress};
use super::{Names, Wire};

impl Wire for NameIn {
    type Sent = (Option<SocketAddress>, i32);
    const FIELDS: &'static [&'static str] = &["name", "namelen"];
    fn sent(value: &Name<Ref>, names: &impl Names) -> Result<Self::Sent, String> {
        Ok(match *value {
            Name::Null => (None, Family::Inet.address_size()),
            Name::Address(Address { family: Family::Atm, .. }, _) => {
                return Err("it has no words for addresses of ATM".to_owned());
            }
            Name::Address(address, length) => (Some(socket_address(address)), length),
            Name::Of(r) => {
                let address = names.address(r)?;
                let ip = match address.ip {
                    IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
                    IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
                    bound => bound,
                };
                (Some(SocketAddress { ip, ..address }), address.size())
            }
        })
    }
}

fn socket_address(address: Address) -> SocketAddress {
    let port = match address.port {
        Port::Fixed(port) => port,
        Port::Unset | Port::Chosen(_) => 0, // a script cannot write a chosen port
    };
    SocketAddress { ip: ip_address(address.family, address.ip), port }
}

/// The address that a script's words stand for.
pub(in super::super) fn ip_address(family: Family, ip: Ip) -> IpAddr {
    match (family, ip) {
        // Of ATM there is none: it is not asked for.
        (Family::Inet, Ip::Any) | (Family::Atm, _) => Ipv4Addr::UNSPECIFIED.into(),
        (Family::Inet, Ip::Loopback) => Ipv4Addr::LOCALHOST.into(),
        (Family::Inet, Ip::NotLocal) => Ipv4Addr::new(192, 0, 2, 0).into(),
        // No script can write an address of IPv4 so: it has no word for it.
        (Family::Inet, Ip::Mapped) => Ipv4Addr::LOCALHOST.into(),
        (Family::Inet6, Ip::Mapped) => Ipv4Addr::LOCALHOST.to_ipv6_mapped().into(),
        (Family::Inet6, Ip::Any) => Ipv6Addr::UNSPECIFIED.into(),
        (Family::Inet6, Ip::Loopback) => Ipv6Addr::LOCALHOST.into(),
        (Family::Inet6, Ip::NotLocal) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0).into(),
    }
}

impl Wire for AddrOut {
    type Sent = Pointer;
    fn sent(value: &Buffer, _: &impl Names) -> Result<Pointer, String> {
        Ok(match value {
            Buffer::Null => Pointer::Null,
            Buffer::Valid => Pointer::Valid,
            Buffer::Bad => Pointer::Bad,
        })
    }
}

impl Wire for LengthInOut {
    type Sent = LengthPointer;
    fn sent(value: &Length, _: &impl Names) -> Result<LengthPointer, String> {
        Ok(match *value {
            Length::Null => LengthPointer::Null,
            Length::Holds(n) => LengthPointer::Holds(n),
            Length::Bad => LengthPointer::Bad,
        })
    }
}
