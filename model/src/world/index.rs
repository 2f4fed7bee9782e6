//! What is kept twice, so that nobody has to look for it: which slots are free, what can happen next, who is bound where.
//!
//! All of it follows from the rest of a world, so it is no part of a world's state: worlds are equal, and hash equally, whatever
//! stands here. Who changes what it follows from brings it up to date: of a socket where it changes, of a connection, a thread or an
//! event at the end of the step; and so does who puts back a form.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::call::value::{Address, Port, SockType};
use crate::id::{ProcessId, SocketId, ThreadId};
use crate::slab::Bits;
use crate::world::socket::{Options, Socket, State};

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// Slots in which a thread can create a socket.
    pub(crate) free_slots: Bits,
    /// Slots in which a thread can create an event object.
    pub(crate) free_events: Bits,
    /// Connections with something in flight, or a timer that runs; not kept where that is set.
    pub(crate) moving: Bits,
    pub(crate) without_moving: bool,
    /// Threads that can go on by themselves.
    pub(crate) ready: Bits,
    /// Nothing is wrong with any process: each was started, and no fault is in force.
    pub(crate) sound: bool,
    /// How many polls of the driver can time out. Hardly a world has one, and nobody looks for them there.
    pub(crate) timed_polls: u32,
    /// How many sockets are bound to an address in the same manner, ascending. A socket whose port was chosen for it is not counted.
    pub(crate) ports: Vec<(Manner, u32)>,
    /// Listeners by port, ascending; a port as [`number`] has it.
    pub(crate) listeners: Vec<(u64, SocketId)>,
    /// By process, its threads, which never change.
    threads: Arc<Vec<Vec<ThreadId>>>,
}

/// All that matters of a bound socket to another that asks for an address: the address, the type, and below them in how far it
/// shares that ([`Sharing`]). One number, for it is compared a few times whenever somebody accepts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Manner(u64);

impl Manner {
    /// The lowest at this address.
    fn at(Address { family, ip, port }: Address, kind: SockType) -> Manner {
        // Raw sockets are those of one family, so that it need not be told apart from streams.
        let datagram = u64::from(kind == SockType::Dgram);
        Manner(number(port) << 8 | (ip as u64) << 6 | (family as u64) << 4 | datagram << 3)
    }

    /// Of a socket that is bound.
    #[inline(always)]
    fn of(socket: &Socket) -> Manner {
        let bits = |options: &Options| {
            let (reuseaddr, exclusive) = options.sharing();
            u64::from(reuseaddr) | u64::from(exclusive) << 1 | u64::from(options.v6only) << 2
        };
        let bits = socket.changed.as_deref().map_or(bits(&Options::NEW), bits);
        Manner(Manner::at(socket.local, socket.kind).0 | bits)
    }

    fn sharing(self) -> Sharing {
        let bit = |bit: u64| self.0 >> bit & 1 == 1;
        Sharing { reuseaddr: bit(0), exclusive: bit(1), v6only: bit(2) }
    }
}

/// A port as one number, in the same order.
#[inline(always)]
fn number(port: Port) -> u64 {
    match port {
        Port::Unset => 0,
        Port::Fixed(number) => 1 << 32 | u64::from(number),
        Port::Chosen(socket) => 1 << 33 | u64::from(socket.0),
    }
}

/// In how far a bound socket shares its address.
#[derive(Clone, Copy)]
pub(crate) struct Sharing {
    /// `SO_REUSEADDR`.
    pub(crate) reuseaddr: bool,
    /// `SO_EXCLUSIVEADDRUSE`.
    pub(crate) exclusive: bool,
    /// `IPV6_V6ONLY`.
    pub(crate) v6only: bool,
}

impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Index {}

impl Hash for Index {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Index {
    /// Of a world in which nothing is there yet but threads.
    pub(crate) fn new(
        processes: usize,
        threads: impl ExactSizeIterator<Item = ProcessId>,
        slots: usize,
        events: usize,
    ) -> Index {
        let count = threads.len();
        let mut of_process = vec![Vec::new(); processes];
        for (t, process) in threads.enumerate() {
            of_process[process.index()].push(ThreadId::new(t));
        }
        let mut index = Index {
            free_slots: Bits::new(slots),
            free_events: Bits::new(events),
            moving: Bits::new(slots),
            ready: Bits::new(count),
            threads: Arc::new(of_process),
            ..Index::default()
        };
        (0..slots).for_each(|slot| index.free_slots.set(slot, true));
        (0..events).for_each(|event| index.free_events.set(event, true));
        index
    }

    /// The threads of a process, ascending.
    pub(crate) fn threads_of(&self, process: ProcessId) -> &[ThreadId] {
        self.threads.get(process.index()).map_or(&[], Vec::as_slice)
    }

    /// The listeners on a port, ascending.
    #[inline]
    pub(crate) fn listeners_on(&self, port: Port) -> impl Iterator<Item = SocketId> + '_ {
        let port = number(port);
        let start = self.listeners.partition_point(|(other, _)| *other < port);
        self.listeners[start..].iter().take_while(move |(other, _)| *other == port).map(|(_, socket)| *socket)
    }

    /// How those share an address that are counted at it.
    pub(crate) fn at(&self, address: Address, kind: SockType) -> impl Iterator<Item = Sharing> + '_ {
        let lowest = Manner::at(address, kind);
        let start = self.ports.partition_point(|(manner, _)| *manner < lowest);
        self.ports[start..]
            .iter()
            .map_while(move |(manner, _)| (manner.0 >> 3 == lowest.0 >> 3).then(|| manner.sharing()))
    }

    /// A socket has become what it is.
    pub(crate) fn add(&mut self, own: SocketId, socket: &Socket) {
        if let Some(port) = listens(socket) {
            let place = self.listeners.partition_point(|other| *other < (port, own));
            self.listeners.insert(place, (port, own));
        }
        if let Some(manner) = counted(own, socket) {
            match self.ports.binary_search_by_key(&manner, |(manner, _)| *manner) {
                Ok(place) => self.ports[place].1 += 1,
                Err(place) => self.ports.insert(place, (manner, 1)),
            }
        }
    }

    /// A socket is about to become something else.
    pub(crate) fn remove(&mut self, own: SocketId, socket: &Socket) {
        if let Some(port) = listens(socket)
            && let Ok(place) = self.listeners.binary_search(&(port, own))
        {
            self.listeners.remove(place);
        }
        if let Some(manner) = counted(own, socket)
            && let Ok(place) = self.ports.binary_search_by_key(&manner, |(manner, _)| *manner)
        {
            self.ports[place].1 -= 1;
            if self.ports[place].1 == 0 {
                self.ports.remove(place);
            }
        }
    }
}

/// The port at which a socket listens, if it does, as [`number`] has it.
#[inline(always)]
fn listens(socket: &Socket) -> Option<u64> {
    (socket.state == State::Listening && socket.local.port != Port::Unset).then(|| number(socket.local.port))
}

/// As what a bound socket is counted: not where its port was chosen for it, for then it is found by that.
#[inline(always)]
fn counted(own: SocketId, socket: &Socket) -> Option<Manner> {
    let port = socket.local.port;
    let counts = socket.state != State::NotASocket && port != Port::Unset && port != Port::Chosen(own);
    counts.then(|| Manner::of(socket))
}
