//! What is kept twice, so that nobody has to look for it: which slots are free, what can happen next, who is bound where.
//!
//! All of it follows from the rest of a world, so it is no part of a world's state: worlds are equal, and hash equally, whatever
//! stands here. It is brought up to date at the end of a step, from the objects that the step noted, and where a form is put back.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::call::{Address, Port, SockType};
use crate::id::{ConnId, EventId, ProcessId, SocketId, ThreadId};
use crate::operation::Phase;
use crate::slab::Bits;
use crate::world::socket::bound;
use crate::world::{Bound, Conn, Process, State, Thread, World};

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
    ports: Vec<(Manner, u32)>,
    /// Listeners by port, ascending.
    listeners: Vec<(Port, SocketId)>,
    /// By process, its threads, which never change.
    threads: Arc<Vec<Vec<ThreadId>>>,
}

/// All that matters of a bound socket to another that asks for an address.
type Manner = (Address, SockType, bool);

/// What an index knows of a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) bound: Option<Bound>,
    pub(crate) event: Option<EventId>,
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
    pub(crate) fn new(processes: &[Process], threads: &[Thread], slots: usize, events: usize) -> Index {
        let mut of_process = vec![Vec::new(); processes.len()];
        for (t, thread) in threads.iter().enumerate() {
            of_process[thread.process.index()].push(ThreadId::new(t));
        }
        let mut index = Index {
            free_slots: Bits::new(slots),
            free_events: Bits::new(events),
            moving: Bits::new(slots),
            ready: Bits::new(threads.len()),
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

    fn add(&mut self, bound: &Bound) {
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

    fn remove(&mut self, bound: &Bound) {
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

/// Can a thread go on without anybody acting?
fn is_ready(world: &World, thread: ThreadId) -> bool {
    world.waits(thread).is_some_and(|(_, op)| {
        let due = !world.threads[thread.index()].apcs.is_empty() && op.call.alertable();
        op.phase == Phase::Woken || op.call.times_out() || due
    })
}

impl World {
    /// What the index knows of a socket, as long as nobody has changed it.
    pub(crate) fn shown(&self, s: SocketId) -> Shown {
        let socket = &self.sockets[s.index()];
        Shown { bound: bound(s, socket), event: socket.selection().event }
    }

    /// A socket may have changed; this is what was known of it.
    pub(crate) fn index_socket(&mut self, s: SocketId, before: &Shown) {
        let now = bound(s, &self.sockets[s.index()]);
        if now != before.bound {
            if let Some(bound) = &before.bound {
                self.index.remove(bound);
            }
            if let Some(bound) = &now {
                self.index.add(bound);
            }
        }
        self.index_slot(s.index());
    }

    /// A connection may have changed.
    pub(crate) fn index_conn(&mut self, c: ConnId) {
        self.index.moving.set(c.index(), self.conns[c.index()].can_move());
        self.index_slot(c.index());
    }

    /// An event object may have changed.
    pub(crate) fn index_event(&mut self, e: EventId) {
        self.index.free_events.set(e.index(), self.free_event(e));
    }

    /// A thread may have changed.
    pub(crate) fn index_thread(&mut self, t: ThreadId) {
        self.index.ready.set(t.index(), is_ready(self, t));
    }

    fn index_slot(&mut self, slot: usize) {
        if slot < self.conns.len() {
            // An operation that could not end keeps the object of a closed socket.
            let socket = &self.sockets[slot];
            let closed = socket.state == State::NotASocket && socket.holding().is_empty();
            let free = closed && self.conns[slot] == Conn::default();
            self.index.free_slots.set(slot, free);
        }
    }

    /// What an owner has is about to be replaced.
    pub(crate) fn forget(&mut self, owner: usize) {
        for s in self.slots_of(owner) {
            if let Some(bound) = bound(SocketId::new(s), &self.sockets[s]) {
                self.index.remove(&bound);
            }
        }
    }

    /// What an owner has was replaced.
    pub(crate) fn learn(&mut self, owner: usize) {
        for s in self.slots_of(owner) {
            if let Some(bound) = bound(SocketId::new(s), &self.sockets[s]) {
                self.index.add(&bound);
            }
        }
        self.threads[owner].own_slots().for_each(|slot| self.index_conn(ConnId::new(slot)));
        self.threads[owner].own_events().for_each(|event| self.index_event(EventId::new(event)));
        self.index_thread(ThreadId::new(owner));
    }

    fn slots_of(&self, owner: usize) -> impl Iterator<Item = usize> + use<> {
        let (own, conns) = (self.threads[owner].own_slots(), self.conns.len());
        own.clone().chain(own.start + conns..own.end + conns)
    }

    /// Does everything that is kept twice say the same? What does not, in words.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn kept_twice_agrees(&self) -> Result<(), &'static str> {
        let mut anew = Index::new(&self.processes, &self.threads, self.conns.len(), self.events.len());
        self.bound().for_each(|bound| anew.add(&bound));
        let mut world = World { index: anew, ..self.clone() };
        (0..self.conns.len()).for_each(|slot| world.index_conn(ConnId::new(slot)));
        (0..self.events.len()).for_each(|event| world.index_event(EventId::new(event)));
        (0..self.threads.len()).for_each(|thread| world.index_thread(ThreadId::new(thread)));
        let selected = |e: usize| self.sockets.iter().filter(|s| s.selection().event == Some(EventId::new(e))).count();
        let same = |which: fn(&Index) -> &Bits| which(&self.index) == which(&world.index);
        let checks = [
            (same(|index| &index.free_slots), "a free slot is not known as free, or one is that is not"),
            (same(|index| &index.free_events), "a free event slot is not known as free, or one is that is not"),
            (same(|index| &index.moving), "a connection that can move is not known, or one is that cannot"),
            (same(|index| &index.ready), "a thread that can go on is not known, or one is that cannot"),
            (self.index.ports == world.index.ports, "who is bound where is not what the sockets say"),
            (self.index.listeners == world.index.listeners, "who listens where is not what the sockets say"),
            (
                (0..self.events.len()).all(|e| self.events[e].selected as usize == selected(e)),
                "an event object does not know how many are registered for it",
            ),
            (!self.sockets.iter().any(|socket| socket.noted), "a socket is noted between steps"),
            (
                !self.sockets.iter().any(|socket| socket.extra.as_ref().is_some_and(|extra| extra.is_nothing())),
                "a socket keeps room for nothing",
            ),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, says)| Err(says))
    }
}
