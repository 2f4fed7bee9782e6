//! The table of TCP connections as Linux shows it, `/proc/net/tcp` and `/proc/net/tcp6`: what lies under a Wine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::protocol::{Connection, SocketAddress, TcpState};

/// The connections of one such file. Listening sockets and lines of another form are left out.
pub(super) fn parse(text: &str) -> Vec<Connection> {
    text.lines().skip(1).filter_map(connection).collect()
}

/// `0: 0100007F:1F90 0100007F:D1A2 01 00000003:00000000 …`: number, local, remote, state, bytes queued to send and to read.
fn connection(line: &str) -> Option<Connection> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let local = address(words.next()?)?;
    let remote = address(words.next()?)?;
    let state = state(words.next()?)?;
    let (to_send, _) = words.next()?.split_once(':')?;
    let unacknowledged = u32::from_str_radix(to_send, 16).ok()?;
    (state != TcpState::Listen).then_some(Connection { local, remote, state, unacknowledged: Some(unacknowledged) })
}

fn address(word: &str) -> Option<SocketAddress> {
    let (ip, port) = word.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Each group of 32 bits is printed as the number that its bytes make in memory.
    let group = |i: usize| Some(u32::from_str_radix(ip.get(i * 8..i * 8 + 8)?, 16).ok()?.to_ne_bytes());
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(group(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for i in 0..4 {
                bytes[i * 4..i * 4 + 4].copy_from_slice(&group(i)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical() // the other side of a mapped connection is IPv4
        }
        _ => return None,
    };
    Some(SocketAddress { ip, port })
}

fn state(word: &str) -> Option<TcpState> {
    Some(match word {
        "01" => TcpState::Established,
        "02" => TcpState::SynSent,
        "03" | "0C" => TcpState::SynReceived,
        "04" => TcpState::FinWait1,
        "05" => TcpState::FinWait2,
        "06" => TcpState::TimeWait,
        "07" => TcpState::Closed,
        "08" => TcpState::CloseWait,
        "09" => TcpState::LastAck,
        "0A" => TcpState::Listen,
        "0B" => TcpState::Closing,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn reads_both_families() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n\
            0: 0100007F:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n\
            1: 0100007F:1F90 0100007F:D1A2 01 00000003:00000000 00:00000000 00000000     0\n\
            2: 00000000000000000000000001000000:0016 00000000000000000000000001000000:0017 08 00000000:00000000 00:0\n";
        let at = |ip: &str, port| SocketAddress { ip: ip.parse().expect("an address"), port };
        let connections = parse(text);
        assert_eq!(connections.len(), 2, "the listening socket is left out");
        assert_eq!((connections[0].local, connections[0].remote), (at("127.0.0.1", 8080), at("127.0.0.1", 53666)));
        assert_eq!((connections[0].state, connections[0].unacknowledged), (TcpState::Established, Some(3)));
        assert_eq!((connections[1].local, connections[1].state), (at("::1", 22), TcpState::CloseWait));
    }
}
