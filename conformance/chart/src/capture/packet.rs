//! An IP packet with a TCP segment in it, with right checksums (RFC 791, RFC 8200, RFC 9293).

use std::net::{IpAddr, SocketAddr};

/// Bits of the TCP header.
pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const PSH: u8 = 8;
pub(super) const ACK: u8 = 16;

const TCP: u8 = 6;
const WINDOW: u16 = 0xffff;
const TTL: u8 = 64;
/// The most bytes that fit with their headers.
const LONGEST: usize = 65_000;

/// A TCP segment.
pub(super) struct Tcp<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) flags: u8,
    pub(super) sequence: u32,
    pub(super) acknowledges: u32,
    pub(super) bytes: &'a [u8],
}

impl Tcp<'_> {
    pub(super) fn packet(&self) -> Vec<u8> {
        let bytes = &self.bytes[..self.bytes.len().min(LONGEST)];
        let mut segment = Vec::new();
        segment.extend(self.from.port().to_be_bytes());
        segment.extend(self.to.port().to_be_bytes());
        segment.extend(self.sequence.to_be_bytes());
        segment.extend(self.acknowledges.to_be_bytes());
        segment.extend([5 << 4, self.flags]); // a header of five words
        segment.extend(WINDOW.to_be_bytes());
        segment.extend([0; 4]); // the checksum, and nothing urgent
        segment.extend(bytes);
        let length = segment.len() as u16;
        let mut pseudo = address(self.from.ip());
        pseudo.extend(address(self.to.ip()));
        pseudo.extend(u32::from(length).to_be_bytes());
        pseudo.extend(u32::from(TCP).to_be_bytes());
        let sum = checksum(&[&pseudo, &segment]);
        segment[16..18].copy_from_slice(&sum);
        let mut packet = self.header(length);
        packet.extend(segment);
        packet
    }

    fn header(&self, length: u16) -> Vec<u8> {
        let mut header;
        match self.from.ip() {
            IpAddr::V4(_) => {
                header = vec![0x45, 0];
                header.extend((length + 20).to_be_bytes());
                header.extend([0, 0, 0x40, 0, TTL, TCP, 0, 0]); // not to be fragmented; the checksum follows
                header.extend(address(self.from.ip()));
                header.extend(address(self.to.ip()));
                let sum = checksum(&[&header]);
                header[10..12].copy_from_slice(&sum);
            }
            IpAddr::V6(_) => {
                header = vec![0x60, 0, 0, 0];
                header.extend(length.to_be_bytes());
                header.extend([TCP, TTL]);
                header.extend(address(self.from.ip()));
                header.extend(address(self.to.ip()));
            }
        }
        header
    }
}

fn address(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// The checksum of the internet (RFC 1071) of these parts; all but the last have an even number of bytes.
fn checksum(parts: &[&[u8]]) -> [u8; 2] {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    let mut sum: u32 = parts.iter().flat_map(|part| part.chunks(2)).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_rfc_1071() {
        // The example of the RFC: these bytes add up to ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&[&bytes]), (!0xddf2_u16).to_be_bytes());
        assert_eq!(checksum(&[&bytes[..4], &bytes[4..]]), checksum(&[&bytes]));
    }
}
