//! What is kept twice, so that nobody has to look for it: which slots are free, what can happen next, who is bound where.
//!
//! All of it follows from the rest of a world, so it is no part of a world's state: worlds are equal, and hash equally, whatever
//! stands here. It is brought up to date at the end of a step, from the objects that the step noted, and where a form is put back.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::call::value::{Address, Family, Ip, Port, SockType};
use crate::id::{EventId, ProcessId, SocketId, ThreadId};
use crate::slab::Bits;
use crate::world::socket::{Bound, Options, Socket, State};

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// Slots in which a thread can create a socket.
    pub(crate) free_slots: Bits,
    /// Slots in which a thread can create an event object.
    pub(crate) free_events: Bits,
    /// Connections with something in flight, or a timer that runs.
    pub(crate) moving: Bits,
    /// Threads that can go on by themselves.
    pub(crate) ready: Bits,
    /// How many sockets are bound to an address in the same manner, ascending. A socket whose port was chosen for it is not counted.
    pub(crate) ports: Vec<(Manner, u32)>,
    /// Listeners by port, ascending.
    pub(crate) listeners: Vec<(Port, SocketId)>,
    /// By process, its threads, which never change.
    threads: Arc<Vec<Vec<ThreadId>>>,
}

/// All that matters of a bound socket to another that asks for an address.
type Manner = (Address, SockType, bool);

/// What an index knows of a socket: where and how it is bound, and for which event it is registered. In as few words as possible,
/// for every socket that a step may have changed is looked at twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    /// The number of its port in the low half, above it how it is bound, as bits; zero where there is no socket.
    bound: u64,
    pub(crate) event: Option<EventId>,
}

const IS: u64 = 1 << 32;
const BOUND: u64 = 1 << 33;
const FIXED: u64 = 1 << 34;
const LISTENS: u32 = 35;
const DATAGRAM: u32 = 36;
const REUSEADDR: u32 = 37;
const V6ONLY: u32 = 38;
const INET6: u32 = 39;
const ADDRESS_INET6: u32 = 40;
const IP: u32 = 41;

const NEW_OPTIONS: u64 = bits_of(&Options::NEW);

const fn bits_of(options: &Options) -> u64 {
    (options.reuseaddr as u64) << REUSEADDR | (options.v6only as u64) << V6ONLY
}

impl Shown {
    /// What a socket shows that stands in the index. One with a port that was chosen for it is found by that, unless it listens:
    /// of most sockets there is nothing to be known.
    #[inline(always)]
    pub(crate) fn of(s: SocketId, socket: &Socket) -> Shown {
        if socket.local.port == Port::Chosen(s) && !matches!(socket.state, State::NotASocket | State::Listening) {
            let event = socket.extra.as_ref().and_then(|extra| extra.selection.event);
            return Shown { bound: IS, event };
        }
        Shown::whole(socket)
    }

    /// All that a socket shows.
    #[inline(always)]
    pub(crate) fn whole(socket: &Socket) -> Shown {
        let event = socket.extra.as_ref().and_then(|extra| extra.selection.event);
        if socket.state == State::NotASocket {
            return Shown { bound: 0, event };
        }
        let Address { family, ip, port } = socket.local;
        let port = match port {
            Port::Unset => return Shown { bound: IS, event },
            Port::Fixed(number) => u64::from(number) | FIXED,
            Port::Chosen(socket) => u64::from(socket.0),
        };
        // Most have the options of a new socket.
        let options = socket.changed.as_ref().map_or(NEW_OPTIONS, |options| bits_of(options));
        let bound = port
            | IS
            | BOUND
            | u64::from(socket.state == State::Listening) << LISTENS
            | (socket.kind as u64) << DATAGRAM
            | options
            | (socket.family as u64) << INET6
            | (family as u64) << ADDRESS_INET6
            | (ip as u64) << IP;
        Shown { bound, event }
    }

    /// Is there a socket?
    pub(crate) fn is_socket(&self) -> bool {
        self.bound & IS != 0
    }

    /// Is there nothing about it that stands in the index?
    #[inline(always)]
    pub(crate) fn is_nothing(&self) -> bool {
        self.bound & BOUND == 0 && self.event.is_none()
    }

    /// Does it differ from this in what stands in the index of who is bound where?
    #[inline(always)]
    pub(crate) fn is_bound_otherwise(&self, other: &Shown) -> bool {
        (self.bound | other.bound) & BOUND != 0 && self.bound != other.bound
    }

    /// How it is bound, as others see it.
    pub(crate) fn bound(&self, socket: SocketId) -> Option<Bound> {
        if self.bound & BOUND == 0 {
            return None;
        }
        let is = |bit: u32| self.bound >> bit & 1 == 1;
        let family = |bit: u32| if is(bit) { Family::Inet6 } else { Family::Inet };
        let number = self.bound as u32;
        let port = if self.bound & FIXED == 0 { Port::Chosen(SocketId(number)) } else { Port::Fixed(number as u16) };
        Some(Bound {
            socket,
            listens: is(LISTENS),
            family: family(INET6),
            kind: if is(DATAGRAM) { SockType::Dgram } else { SockType::Stream },
            local: Address { family: family(ADDRESS_INET6), ip: Ip::ALL[(self.bound >> IP) as usize], port },
            reuseaddr: is(REUSEADDR),
            v6only: is(V6ONLY),
        })
    }
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
    pub(crate) fn listeners_on(&self, port: Port) -> impl Iterator<Item = SocketId> + '_ {
        let start = self.listeners.partition_point(|(other, _)| *other < port);
        self.listeners[start..].iter().take_while(move |(other, _)| *other == port).map(|(_, socket)| *socket)
    }

    /// How many sockets are counted at an address.
    pub(crate) fn count(&self, address: Address, kind: SockType, reuseaddr: bool) -> u32 {
        let place = self.ports.binary_search_by_key(&(address, kind, reuseaddr), |(manner, _)| *manner);
        place.map_or(0, |place| self.ports[place].1)
    }

    pub(crate) fn add(&mut self, bound: &Bound) {
        if bound.listens {
            let entry = (bound.local.port, bound.socket);
            let place = self.listeners.partition_point(|other| *other < entry);
            self.listeners.insert(place, entry);
        }
        if let Some(manner) = counted(bound) {
            match self.ports.binary_search_by_key(&manner, |(manner, _)| *manner) {
                Ok(place) => self.ports[place].1 += 1,
                Err(place) => self.ports.insert(place, (manner, 1)),
            }
        }
    }

    pub(crate) fn remove(&mut self, bound: &Bound) {
        if bound.listens {
            let entry = (bound.local.port, bound.socket);
            if let Ok(place) = self.listeners.binary_search(&entry) {
                self.listeners.remove(place);
            }
        }
        if let Some(manner) = counted(bound)
            && let Ok(place) = self.ports.binary_search_by_key(&manner, |(manner, _)| *manner)
        {
            self.ports[place].1 -= 1;
            if self.ports[place].1 == 0 {
                self.ports.remove(place);
            }
        }
    }
}

/// As what a bound socket is counted: not where its port was chosen for it, for then it is found by that.
pub(crate) fn counted(bound: &Bound) -> Option<Manner> {
    let own = bound.local.port == Port::Chosen(bound.socket);
    (!own).then_some((bound.local, bound.kind, bound.reuseaddr))
}
