//! A raw peer: an address without a TCP of its own, whose segments somebody makes by hand.
//!
//! It is a thread that makes no calls. Its slots are connections at whose client end stands [`Tcb::Raw`]: what it sends arrives
//! at once, with the numbers that are valid there, and what comes back stays in flight until it takes it. It has one
//! address, so that a segment of it belongs to the one connection of it that lives, and to none where none does.

use crate::at::At;
use crate::call::{Address, Data, Ip, Port, ThreadId};
use crate::code::Code;
use crate::operation::Ended;
use crate::rule::{Limit, Table};
use crate::rules::RETRIES;
use crate::world::{Conn, ConnId, Direction, Segment, SocketId, State, Tcb, World};

impl World {
    /// What has come to a raw peer first of what it has not taken: a segment, and if it is data its bytes.
    #[must_use]
    pub fn first_to(&self, peer: ThreadId) -> Option<(Segment, &[u8])> {
        let conn = self.threads.get(peer.index())?.own_slots().map(|slot| &self.conns[slot]).find(|c| has_come(c))?;
        let segment = conn.server.flight.first()?;
        Some((segment, if segment == Segment::Data { conn.server.sent.as_slice() } else { &[] }))
    }

    /// Another thread begins where one has ended, or has come back to code of its own: nothing tells of the old one.
    pub fn begins_again(&mut self, thread: ThreadId) {
        let place = &mut self.threads[thread.index()];
        if place.frames.is_empty() {
            (place.ended, place.last_error) = (Ended::No, Code::NONE);
            place.apcs = Default::default();
            self.index_thread(thread);
        }
    }

    /// Of what is unread at an end no more than so many bytes are kept: for who cannot tell how many there are.
    pub fn shortens_unread(&mut self, most: usize) {
        for conn in &mut self.conns {
            conn.client.unread.shortens(most);
            conn.server.unread.shortens(most);
        }
    }
}

/// Has something come to the raw peer of this connection?
fn has_come(conn: &Conn) -> bool {
    conn.client.tcb == Tcb::Raw && !conn.server.flight.is_empty()
}

impl At<'_> {
    /// A raw peer sends a segment to the address of a socket. What came before, it has seen.
    pub(crate) fn peer_sends(&mut self, peer: ThreadId, to: SocketId, segment: Segment, data: Data) {
        while self.peer_takes(peer) {}
        let lives = |c: &ConnId| self.conn_at(*c).lingers();
        match self.slots_of(peer).find(lives) {
            Some(conn) => self.peer_goes_on(conn, segment, data),
            // A reset that belongs to nothing ends nothing.
            None if matches!(segment, Segment::Rst | Segment::BareRst) => {}
            None => self.peer_opens(peer, to, segment),
        }
    }

    /// A raw peer takes what has come to it first; false when there is nothing.
    pub(crate) fn peer_takes(&mut self, peer: ThreadId) -> bool {
        let Some(conn) = self.slots_of(peer).find(|c| has_come(self.conn_at(*c))) else { return false };
        if self.end_mut(conn, Direction::Down).flight.pop_first() == Some(Segment::Data) {
            self.forget_sent(conn, Direction::Down);
        }
        self.reap(conn);
        true
    }

    fn slots_of(&self, peer: ThreadId) -> impl Iterator<Item = ConnId> + use<> {
        self.thread_at(peer).own_slots().map(ConnId::new)
    }

    /// A segment for a connection that lives.
    fn peer_goes_on(&mut self, conn: ConnId, segment: Segment, data: Data) {
        self.turns_to_conn(Some(conn));
        self.direction = Direction::Up;
        let connection = self.conn_mut(conn);
        connection.client.fin_sent |= segment == Segment::Fin;
        let holder = connection.server.socket().or(connection.listener);
        self.turns_to_socket(holder);
        self.puts_in_flight(conn, Direction::Up, data.as_slice());
        let ends_handshake = matches!(segment, Segment::Data | Segment::Fin) && self.socket().is_some();
        if ends_handshake && self.conn_at(conn).server.tcb == Tcb::SynReceived {
            self.apply(Table::Ack);
        }
        self.apply(match segment {
            Segment::Syn => Table::PeerSyn,
            Segment::SynAck => Table::PeerSynAck,
            Segment::Ack => Table::PeerAck,
            Segment::Rst | Segment::BareRst => Table::Rst,
            Segment::Fin => Table::PeerFin,
            Segment::Data => Table::PeerData,
        });
        self.forget_sent(conn, Direction::Up);
        self.reap(conn);
    }

    /// A segment where no connection of its address lives.
    fn peer_opens(&mut self, peer: ThreadId, to: SocketId, segment: Segment) {
        let slots = self.thread_at(peer).own_slots();
        let (first, most) = (slots.start, slots.len());
        let is_free =
            |c: &ConnId| self.conn_at(*c).is_nothing() && self.socket_at(SocketId(c.0)).state == State::NotASocket;
        let Some(conn) = self.slots_of(peer).find(is_free) else {
            return self.reaches(Limit { most, of: "connections of one raw peer that sockets still have" });
        };
        let local = self.socket_at(to).local;
        let ip = if local.ip == Ip::Any { Ip::Loopback } else { local.ip };
        let connection = self.conn_mut(conn);
        connection.server_address = Address { ip, ..local };
        connection.client_address =
            Address { ip: Ip::Loopback, port: Port::Chosen(SocketId::new(first)), family: local.family };
        (connection.client.tcb, connection.retries, connection.held) = (Tcb::Raw, RETRIES, true);
        self.turns_to_conn(Some(conn));
        self.direction = Direction::Up;
        if segment == Segment::Syn {
            let listener = self.listener_of(conn);
            self.turns_to_socket(listener);
            self.apply(Table::Syn);
        } else {
            self.turns_to_socket(None);
            self.apply(Table::PeerStray);
        }
        self.reap(conn);
    }
}
