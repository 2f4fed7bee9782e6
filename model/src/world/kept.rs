//! How what is kept twice is kept up to date.

use crate::id::{ConnId, EventId, SocketId, ThreadId};
use crate::operation::Phase;
use crate::slab::Bits;
use crate::world::conn::Tcb;
use crate::world::index::Index;
use crate::world::{Bound, Socket, State, World};

/// Can a thread go on without anybody acting?
#[inline(always)]
fn is_ready(world: &World, thread: ThreadId) -> bool {
    let goes_on = world.waits(thread).is_some_and(|(_, op)| {
        let due = || !world.threads[thread.index()].apcs.is_empty() && op.call.alertable();
        op.phase == Phase::Woken || op.times_out() || due()
    });
    goes_on || world.index.timed_polls > 0 && world.timed_polls(thread).next().is_some()
}

impl World {
    /// An index of a world of this shape in which nothing is there yet but threads.
    pub(crate) fn new_index(&self) -> Index {
        let threads = self.threads.iter().map(|thread| thread.process);
        Index::new(self.processes.len(), threads, self.conns.len(), self.events.len())
    }

    /// The connections that can move, ascending.
    pub(crate) fn moving(&self) -> impl Iterator<Item = ConnId> + '_ {
        let kept = (!self.index.without_moving).then(|| self.index.moving.iter());
        let all = if self.index.without_moving { 0..self.conns.len() } else { 0..0 };
        kept.into_iter().flatten().chain(all.filter(|c| self.conns[*c].can_move())).map(ConnId::new)
    }

    /// For whoever learns from [`Effects::conns`](crate::rule::Effects::conns) what is in flight: what can move is not kept, which
    /// makes a step cheaper, and [`pending`](crate::step::pending) looks at every connection.
    #[must_use]
    pub fn without_moving(mut self) -> World {
        self.index.moving = self.new_index().moving;
        self.index.without_moving = true;
        self
    }

    /// How a socket is bound, if it is.
    pub(crate) fn bound_as(&self, s: SocketId) -> Option<Bound> {
        self.sockets[s.index()].bound(s)
    }

    /// A socket that stands in the index, or will, changes in what stands there.
    #[inline(never)]
    pub(crate) fn reindexes(&mut self, s: SocketId, change: impl FnOnce(&mut Socket)) {
        let socket = &mut self.sockets[s.index()];
        if socket.state != State::NotASocket {
            self.index.remove(s, socket);
        }
        change(socket);
        if socket.state != State::NotASocket {
            self.index.add(s, socket);
        }
    }

    /// A connection may have changed.
    #[inline(always)]
    pub(crate) fn index_conn(&mut self, c: ConnId) {
        let conn = &self.conns[c.index()];
        if !self.index.without_moving {
            self.index.moving.set(c.index(), conn.can_move());
        }
        // Where one begins there is a socket, and so its slot is not free; but for a raw peer, who has none.
        let is_nothing = conn.is_nothing();
        if is_nothing || conn.client.tcb == Tcb::Raw {
            let free = is_nothing && self.holds_nothing(c.index());
            self.index.free_slots.set(c.index(), free);
        }
    }

    /// Is there no socket in a slot? An operation that could not end keeps the object of a closed one. One that was accepted from this
    /// slot may have outlived its connection: it was recycled.
    fn holds_nothing(&self, slot: usize) -> bool {
        let (socket, accepted) = (&self.sockets[slot], &self.sockets[slot + self.conns.len()]);
        socket.state == State::NotASocket && socket.holding().is_empty() && accepted.state == State::NotASocket
    }

    /// An event object may have changed.
    pub(crate) fn index_event(&mut self, e: EventId) {
        self.index.free_events.set(e.index(), self.free_event(e));
    }

    /// A thread may have changed.
    #[inline]
    pub(crate) fn index_thread(&mut self, t: ThreadId) {
        self.index.ready.set(t.index(), is_ready(self, t));
    }

    /// A process may have changed.
    pub(crate) fn index_processes(&mut self) {
        self.index.sound = self.processes.iter().all(|process| process.startups > 0 && !process.faults.any());
    }

    /// There is a socket in a slot now. One that is accepted has a connection, and so its slot was not free before.
    #[inline(always)]
    pub(crate) fn takes_slot(&mut self, slot: usize) {
        if slot < self.conns.len() {
            self.index.free_slots.set(slot, false);
        }
    }

    /// There was a socket in a slot.
    #[inline(always)]
    pub(crate) fn leaves_slot(&mut self, slot: usize) {
        let slot = slot.checked_sub(self.conns.len()).unwrap_or(slot);
        if self.conns[slot].is_nothing() && self.holds_nothing(slot) {
            self.index.free_slots.set(slot, true);
        }
    }

    /// The socket or the connection in a slot may have changed.
    #[inline(always)]
    pub(crate) fn index_slot(&mut self, slot: usize) {
        let slot = slot.checked_sub(self.conns.len()).unwrap_or(slot);
        if let Some(conn) = self.conns.get(slot) {
            let free = self.holds_nothing(slot) && conn.is_nothing();
            self.index.free_slots.set(slot, free);
        }
    }

    /// What an owner has is about to be replaced.
    pub(crate) fn forget(&mut self, owner: usize) {
        for s in self.slots_of(owner) {
            self.index.remove(SocketId::new(s), &self.sockets[s]);
        }
        self.index.timed_polls -= self.timed_polls_of(owner);
    }

    /// What an owner has was replaced.
    pub(crate) fn learn(&mut self, owner: usize) {
        for s in self.slots_of(owner) {
            self.index.add(SocketId::new(s), &self.sockets[s]);
        }
        for slot in self.threads[owner].own_slots() {
            self.index_conn(ConnId::new(slot));
            self.index_slot(slot);
        }
        self.threads[owner].own_events().for_each(|event| self.index_event(EventId::new(event)));
        self.index.timed_polls += self.timed_polls_of(owner);
        self.index_thread(ThreadId::new(owner));
    }

    fn timed_polls_of(&self, owner: usize) -> u32 {
        self.ops.of(ThreadId::new(owner)).iter().flatten().filter(|op| op.is_timed_poll()).count() as u32
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
        let mut anew = self.new_index();
        anew.without_moving = self.index.without_moving;
        anew.timed_polls = (0..self.threads.len()).map(|owner| self.timed_polls_of(owner)).sum();
        self.sockets.iter().enumerate().for_each(|(s, socket)| anew.add(SocketId::new(s), socket));
        let mut world = World { index: anew, ..self.clone() };
        for slot in 0..self.conns.len() {
            world.index_conn(ConnId::new(slot));
            world.index_slot(slot);
        }
        (0..self.events.len()).for_each(|event| world.index_event(EventId::new(event)));
        (0..self.threads.len()).for_each(|thread| world.index_thread(ThreadId::new(thread)));
        world.index_processes();
        let selected =
            |e: usize| self.sockets.iter().filter(|s| s.selection().event() == Some(EventId::new(e))).count();
        let same = |which: fn(&Index) -> &Bits| which(&self.index) == which(&world.index);
        let checks = [
            (same(|index| &index.free_slots), "a free slot is not known as free, or one is that is not"),
            (same(|index| &index.free_events), "a free event slot is not known as free, or one is that is not"),
            (same(|index| &index.moving), "a connection that can move is not known, or one is that cannot"),
            (same(|index| &index.ready), "a thread that can go on is not known, or one is that cannot"),
            (self.index.sound == world.index.sound, "what is wrong with a process is not known, or is wrong no more"),
            (
                self.index.timed_polls == world.index.timed_polls,
                "polls of the driver that can time out are not counted",
            ),
            (self.index.ports == world.index.ports, "who is bound where is not what the sockets say"),
            (self.index.listeners == world.index.listeners, "who listens where is not what the sockets say"),
            (
                (0..self.events.len()).all(|e| self.events[e].selected as usize == selected(e)),
                "an event object does not know how many are registered for it",
            ),
            (
                !self.sockets.iter().any(|socket| socket.extra.as_ref().is_some_and(|extra| extra.is_nothing())),
                "a socket keeps room for nothing",
            ),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, says)| Err(says))
    }
}
