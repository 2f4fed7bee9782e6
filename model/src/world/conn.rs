//! A connection: its two ends, and what is on its way between them.

use std::sync::Arc;

use crate::bytes::{Bytes, Flight};
use crate::call::value::{Address, Port};
use crate::id::{Maybe, SocketId};
use crate::world::socket::Options;

/// One end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[repr(u8)]
pub enum Tcb {
    /// Nothing here, or nothing any more.
    #[default]
    None,
    /// SYN sent, answer awaited (client end).
    SynSent,
    /// SYN received and answered: half open, in the SYN queue (server end).
    SynReceived,
    /// SYN received and not answered: it is for the program to decide first (server end).
    Undecided,
    /// The handshake is complete at this end.
    Established,
    /// The peer reset the connection; a socket still holds this end.
    Reset,
    /// Half open, and the listener is gone: the next segment is answered with a reset (server end).
    Abandoned,
    /// Both sides have ended their streams, this one first, and no socket holds it (server end of a raw peer's connection).
    TimeWait,
    /// No TCP: a raw peer makes its segments (client end).
    Raw,
}

/// The direction of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// One end of a connection with what is on its way to the other end.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct End {
    /// State of this end.
    pub tcb: Tcb,
    /// This end sent FIN.
    pub fin_sent: bool,
    /// FIN of the other end has arrived.
    pub fin_received: bool,
    /// It has sent data since: a reset of the other end then answers that.
    pub sent_behind_end: bool,
    /// See [`End::socket`].
    socket: Maybe<SocketId>,
    /// Segments on their way to the other end, first sent first.
    pub flight: Flight,
    /// The bytes of the `Data` segments in flight.
    pub sent: Bytes,
    /// Bytes that arrived here and nobody has read.
    pub unread: Bytes,
}

/// A connection, from the first SYN until both ends are gone.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Conn {
    /// The end that sent the SYN.
    pub client: End,
    /// The end that received it.
    pub server: End,
    /// The listener whose queues hold it, or for which it is decided about; `None` once accepted or gone.
    pub listener: Option<SocketId>,
    /// The listener's properties at the handshake, where the profile samples them then.
    pub sampled: Option<Arc<Options>>,
    /// The client's address.
    pub client_address: Address,
    /// The address the client connected to.
    pub server_address: Address,
    /// How often the client will still repeat its SYN after a refusal.
    pub retries: u8,
    /// The client's retransmission timer runs: its SYN was lost, dropped or refused.
    pub timer: bool,
    /// The script holds this connection's segments in flight.
    pub held: bool,
    /// Segment kinds, as bits, of which the script loses the next one.
    pub lose: u8,
    /// A condition function has put its decision off.
    pub deferred: bool,
}

impl End {
    /// The socket that holds this end. When none does the end lives on only until its segments are delivered.
    #[must_use]
    pub fn socket(&self) -> Option<SocketId> {
        self.socket.get()
    }

    /// Does this socket hold it?
    #[inline(always)]
    pub(crate) fn is_held_by(&self, socket: Maybe<SocketId>) -> bool {
        self.socket == socket
    }

    /// Is it nobody's end, with nothing in it or on its way from it?
    #[inline]
    fn is_nothing(&self) -> bool {
        let End { tcb, fin_sent, fin_received, sent_behind_end: _, socket, flight, sent, unread } = self;
        *tcb == Tcb::None
            && !fin_sent
            && !fin_received
            && socket.is_none()
            && flight.is_empty()
            && sent.is_empty()
            && unread.is_empty()
    }

    /// From now on this socket holds it, or none.
    pub(crate) fn hold(&mut self, socket: Option<SocketId>) {
        self.socket = Maybe::new(socket);
    }
}

impl Conn {
    /// Is there none? Nearly all that there are have an address, so that nearly always one look is enough.
    #[inline(always)]
    pub fn is_nothing(&self) -> bool {
        self.client_address.port == Port::Unset && self.has_nothing()
    }

    #[inline(never)]
    fn has_nothing(&self) -> bool {
        let Conn {
            client,
            server,
            listener,
            sampled,
            client_address,
            server_address,
            retries,
            timer,
            held,
            lose,
            deferred,
        } = self;
        client.is_nothing()
            && server.is_nothing()
            && listener.is_none()
            && sampled.is_none()
            && *retries == 0
            && !timer
            && !held
            && *lose == 0
            && !deferred
            && *client_address == Address::default()
            && *server_address == Address::default()
    }

    /// The end that sends in this direction.
    #[inline]
    pub(crate) fn end_mut(&mut self, direction: Direction) -> &mut End {
        match direction {
            Direction::Up => &mut self.client,
            Direction::Down => &mut self.server,
        }
    }

    /// Does it stay for what its raw peer still sends, whoever holds it?
    #[must_use]
    pub fn lingers(&self) -> bool {
        self.client.tcb == Tcb::Raw && !matches!(self.server.tcb, Tcb::None | Tcb::Reset)
    }

    /// Has it anything that can happen without anybody acting?
    #[inline]
    pub(crate) fn can_move(&self) -> bool {
        (!self.held && (!self.client.flight.is_empty() || !self.server.flight.is_empty())) || self.timer
    }
}
