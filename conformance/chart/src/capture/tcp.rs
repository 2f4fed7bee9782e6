//! What the model does not have of TCP: numbers. They follow from the segments, as they were sent and as they arrived.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use winaccept_model::call::{Address, Family, Ip, Port};
use winaccept_model::world::{ConnId, Direction, Segment, SocketId};
use winaccept_sim::trace::Link;

use super::packet::{ACK, FIN, PSH, RST, SYN, Tcp};

/// The first port that a system chooses.
const FIRST_CHOSEN: u16 = 49_152;
/// From one connection's first number to the next one's, and from a client's to its server's.
const APART: u32 = 1_000_000;

/// The numbers of ports that the system chose.
pub(super) struct Ports {
    fixed: Vec<u16>,
    chosen: BTreeMap<SocketId, u16>,
    next: u16,
}

impl Ports {
    /// None that these connections name themselves.
    pub(super) fn new(links: impl Iterator<Item = Link>) -> Ports {
        let fixed = links.flat_map(|link| [link.from.port, link.to.port]).filter_map(|port| match port {
            Port::Fixed(number) => Some(number),
            Port::Unset | Port::Chosen(_) => None,
        });
        Ports { fixed: fixed.collect(), chosen: BTreeMap::new(), next: FIRST_CHOSEN }
    }

    fn fresh(&mut self) -> u16 {
        while self.fixed.contains(&self.next) {
            self.next = self.next.wrapping_add(1).max(FIRST_CHOSEN);
        }
        let port = self.next;
        self.next = self.next.wrapping_add(1).max(FIRST_CHOSEN);
        port
    }

    /// The address of a listener: whoever connects to it, it has one port.
    fn listens(&mut self, address: Address) -> SocketAddr {
        let port = match address.port {
            Port::Chosen(slot) => {
                let known = self.chosen.get(&slot).copied();
                known.unwrap_or_else(|| {
                    let port = self.fresh();
                    self.chosen.insert(slot, port);
                    port
                })
            }
            other => self.of(other),
        };
        SocketAddr::new(ip(address), port)
    }

    /// The address of who connects.
    fn connects(&mut self, address: Address) -> SocketAddr {
        SocketAddr::new(ip(address), self.of(address.port))
    }

    fn of(&mut self, port: Port) -> u16 {
        match port {
            Port::Fixed(number) => number,
            Port::Unset | Port::Chosen(_) => self.fresh(),
        }
    }
}

fn ip(address: Address) -> IpAddr {
    match (address.family, address.ip) {
        (Family::Inet6, Ip::Any | Ip::Loopback) => Ipv6Addr::LOCALHOST.into(),
        (Family::Inet6, Ip::NotLocal) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0).into(),
        (_, Ip::Any | Ip::Loopback | Ip::Mapped) => Ipv4Addr::LOCALHOST.into(),
        (_, Ip::NotLocal) => Ipv4Addr::new(192, 0, 2, 0).into(),
    }
}

/// One end: where it is in the stream that it sends, and how far it has the other's.
#[derive(Default)]
struct End {
    first: u32,
    next: u32,
    /// What the other end sends next, as far as it came here; `None`: nothing has.
    got: Option<u32>,
    /// Segments of this end on the wire, with the numbers where they begin and end.
    wire: Vec<(Segment, u32, u32)>,
}

/// A connection on the wire.
pub(super) struct Flow {
    conn: ConnId,
    /// The addresses by which the model knows it.
    model: [Address; 2],
    client: SocketAddr,
    server: SocketAddr,
    up: End,
    down: End,
    /// Its client has had an answer other than a reset.
    begun: bool,
}

impl Flow {
    pub(super) fn new(link: &Link, number: usize, ports: &mut Ports) -> Flow {
        let first = (number as u32).wrapping_mul(2 * APART).wrapping_add(APART);
        let begins = |first: u32| End { first, next: first, ..End::default() };
        Flow {
            conn: link.conn,
            model: [link.from, link.to],
            server: ports.listens(link.to),
            client: ports.connects(link.from),
            up: begins(first),
            down: begins(first.wrapping_add(APART)),
            begun: false,
        }
    }

    pub(super) fn is(&self, link: &Link) -> bool {
        self.conn == link.conn && self.model == [link.from, link.to]
    }

    /// Does this segment belong to it, or does it begin another in its place? A `SYN` is sent again as long as it got no answer.
    pub(super) fn goes_on_with(&self, segment: Segment) -> bool {
        segment != Segment::Syn || !self.begun
    }

    fn ends(&mut self, direction: Direction) -> (&mut End, &mut End) {
        match direction {
            Direction::Up => (&mut self.up, &mut self.down),
            Direction::Down => (&mut self.down, &mut self.up),
        }
    }

    /// The packet of a segment that is sent.
    pub(super) fn sends(&mut self, direction: Direction, segment: Segment, bytes: &[u8]) -> Vec<u8> {
        self.begun |= segment == Segment::SynAck;
        let (from, to) = match direction {
            Direction::Up => (self.client, self.server),
            Direction::Down => (self.server, self.client),
        };
        let (end, other) = self.ends(direction);
        // Who has got nothing and acknowledges all the same, as a raw peer may, knows the first number that the other end has.
        let got = end.got.unwrap_or(other.first.wrapping_add(1));
        let (flags, counts) = match segment {
            Segment::Syn => (SYN, 1),
            Segment::SynAck => (SYN | ACK, 1),
            Segment::Ack => (ACK, 0),
            // A reset by who has got nothing has nothing to acknowledge.
            Segment::Rst if end.got.is_none() => (RST, 0),
            Segment::Rst => (RST | ACK, 0),
            Segment::BareRst => (RST, 0),
            Segment::Fin => (FIN | ACK, 1),
            Segment::Data => (PSH | ACK, bytes.len() as u32),
        };
        let sequence = match segment {
            Segment::Syn | Segment::SynAck => end.first,
            // Nothing was sent before it.
            Segment::Rst if end.next == end.first => 0,
            _ => end.next,
        };
        let behind = sequence.wrapping_add(counts);
        if counts > 0 {
            end.next = behind;
        }
        end.wire.push((segment, sequence, behind));
        let acknowledges = if flags & ACK == 0 { 0 } else { got };
        Tcp { from, to, flags, sequence, acknowledges, bytes }.packet()
    }

    /// The first segment in this direction has arrived, or is lost. What is on the wire as bytes arrives as one.
    pub(super) fn leaves_the_wire(&mut self, direction: Direction, segment: Segment, arrives: bool) {
        let (from, to) = self.ends(direction);
        let Some(at) = from.wire.iter().position(|(kind, ..)| *kind == segment) else { return };
        let gone: Vec<_> = match segment {
            Segment::Data => from.wire.extract_if(.., |(kind, ..)| *kind == Segment::Data).collect(),
            _ => vec![from.wire.remove(at)],
        };
        for (_, begins, ends) in gone.into_iter().filter(|_| arrives) {
            // What comes behind a gap is not acknowledged.
            if to.got.is_none_or(|got| got == begins || begins == from.first) && ends != 0 {
                to.got = Some(ends);
            }
        }
    }
}
