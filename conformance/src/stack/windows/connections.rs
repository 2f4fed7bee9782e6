//! The system's table of TCP connections.

use std::net::{Ipv4Addr, Ipv6Addr};

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GetExtendedTcpTable, MIB_TCP6ROW_OWNER_PID, MIB_TCPROW_OWNER_PID, TCP_TABLE_OWNER_PID_ALL,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};

use super::super::linux_table;
use super::super::protocol::{Connection, SocketAddress, TcpState};

/// The TCP connections of this system.
pub(super) fn connections(with_ipv6: bool) -> Result<Vec<Connection>, String> {
    if super::identity::is_wine()
        && let Some(connections) = of_linux(with_ipv6)
    {
        return Ok(connections);
    }
    let mut connections: Vec<Connection> = rows::<MIB_TCPROW_OWNER_PID>(AF_INET)?.iter().filter_map(ipv4).collect();
    if with_ipv6 {
        connections.extend(rows::<MIB_TCP6ROW_OWNER_PID>(AF_INET6)?.iter().filter_map(ipv6));
    }
    Ok(connections)
}

/// The kernel's own table: unlike Windows' it tells of unacknowledged bytes. Each file takes it some milliseconds.
///
/// Closing the file is a request to the wineserver. It takes in what the kernel tells it in the order in which it
/// happened, and so by then has seen everything that the table shows.
fn of_linux(with_ipv6: bool) -> Option<Vec<Connection>> {
    let read = |name| std::fs::read_to_string(format!(r"\\?\unix\proc\net\{name}")).ok();
    let mut connections = linux_table::parse(&read("tcp")?);
    if with_ipv6 {
        connections.extend(linux_table::parse(&read("tcp6").unwrap_or_default())); // a kernel may have no IPv6
    }
    Some(connections)
}

/// The rows of the table of one family. `Row` must be that family's `MIB_…ROW_OWNER_PID`.
fn rows<Row: Copy>(family: u16) -> Result<Vec<Row>, String> {
    let mut buffer = vec![0u64; 1024];
    loop {
        let mut size = u32::try_from(buffer.len() * 8).map_err(|error| error.to_string())?;
        // SAFETY: the buffer has `size` writable bytes.
        let error = unsafe {
            GetExtendedTcpTable(
                buffer.as_mut_ptr().cast(),
                &raw mut size,
                0,
                u32::from(family),
                TCP_TABLE_OWNER_PID_ALL,
                0,
            )
        };
        match error {
            NO_ERROR => break,
            ERROR_INSUFFICIENT_BUFFER => buffer = vec![0; size as usize / 8 + 1024],
            other => return Err(format!("GetExtendedTcpTable gives error {other}")),
        }
    }
    let count = buffer[0].to_ne_bytes();
    let count = u32::from_ne_bytes([count[0], count[1], count[2], count[3]]) as usize;
    if count * size_of::<Row>() + 4 > buffer.len() * 8 {
        return Err("GetExtendedTcpTable tells of more rows than it wrote".to_owned());
    }
    // SAFETY: a DWORD that counts the rows, and then the rows, all of them made of DWORDs and bytes: any bits are valid.
    // They lie inside the buffer, and are read without a claim about their alignment.
    let row = |i| unsafe { buffer.as_ptr().cast::<u8>().add(4 + i * size_of::<Row>()).cast::<Row>().read_unaligned() };
    Ok((0..count).map(row).collect())
}

fn ipv4(row: &MIB_TCPROW_OWNER_PID) -> Option<Connection> {
    let address =
        |ip: u32, port| SocketAddress { ip: Ipv4Addr::from(ip.to_ne_bytes()).into(), port: port_number(port) };
    let (local, remote) = (address(row.dwLocalAddr, row.dwLocalPort), address(row.dwRemoteAddr, row.dwRemotePort));
    Some(Connection { local, remote, state: state(row.dwState)?, unacknowledged: None })
}

fn ipv6(row: &MIB_TCP6ROW_OWNER_PID) -> Option<Connection> {
    let address = |ip: [u8; 16], port| SocketAddress {
        ip: std::net::IpAddr::V6(Ipv6Addr::from(ip)).to_canonical(),
        port: port_number(port),
    };
    let (local, remote) = (address(row.ucLocalAddr, row.dwLocalPort), address(row.ucRemoteAddr, row.dwRemotePort));
    Some(Connection { local, remote, state: state(row.dwState)?, unacknowledged: None })
}

/// The lower 16 bits, in network byte order.
fn port_number(port: u32) -> u16 {
    u16::from_be(port as u16)
}

/// `MIB_TCP_STATE`; listening sockets are left out.
fn state(state: u32) -> Option<TcpState> {
    Some(match state {
        1 | 12 => TcpState::Closed,
        3 => TcpState::SynSent,
        4 => TcpState::SynReceived,
        5 => TcpState::Established,
        6 => TcpState::FinWait1,
        7 => TcpState::FinWait2,
        8 => TcpState::CloseWait,
        9 => TcpState::Closing,
        10 => TcpState::LastAck,
        11 => TcpState::TimeWait,
        _ => return None,
    })
}
