//! The objects of one owner, kept many times over and put back as a unit.
//!
//! Exploring visits millions of worlds that are made of few different parts: what one thread owns takes few
//! forms, and a world is a combination of them. [`Parts`] holds each form once; a world is then a list of numbers.
//!
//! An operation is part of its thread's form, and a line part of the form of the socket that heads it: who stands in
//! front of whom is written there, in order, and nowhere else.

pub mod rename;

use std::hash::{Hash, Hasher};

use crate::call::ThreadId;
use crate::operation::{CompletionPort, Operation, Overlapped, Watch, Window};
use crate::owned::Owned;
use crate::world::{Conn, End, EventObject, Options, Selection, Socket, State, Thread, World};

/// The forms that one owner's objects took: its thread, its sockets with their connections and the sockets that
/// accept these, its events, its operations with what they watch.
#[derive(Clone, Debug)]
pub struct Parts {
    owner: usize,
    slots: std::ops::Range<usize>,
    event_slots: std::ops::Range<usize>,
    threads: Vec<Thread>,
    created: Vec<Socket>,
    accepted: Vec<Socket>,
    conns: Vec<Conn>,
    events: Vec<EventObject>,
    ops: Forms<Operation>,
    watches: Forms<Watch>,
    overs: Forms<Overlapped>,
    ports: Forms<CompletionPort>,
    windows: Forms<Window>,
}

/// The forms of one owner's slots of a kind, one after the other.
#[derive(Clone, Debug)]
struct Forms<T> {
    owner: ThreadId,
    items: Vec<Option<T>>,
}

impl<T: Clone + PartialEq> Forms<T> {
    fn new(owner: ThreadId) -> Forms<T> {
        Forms { owner, items: Vec::new() }
    }

    fn keep(&mut self, slots: &Owned<T>) {
        self.items.extend_from_slice(slots.of(self.owner));
    }

    fn form(&self, number: usize, slots: &Owned<T>) -> &[Option<T>] {
        let room = slots.range(self.owner).len();
        &self.items[number * room..(number + 1) * room]
    }

    fn put(&self, number: usize, slots: &mut Owned<T>) {
        let form = self.form(number, slots);
        slots.of_mut(self.owner).clone_from_slice(form);
    }

    fn same(&self, number: usize, slots: &Owned<T>) -> bool {
        self.form(number, slots) == slots.of(self.owner)
    }
}

impl Parts {
    /// No forms yet of what this owner has in worlds shaped like this one.
    #[must_use]
    pub fn new(world: &World, owner: ThreadId) -> Parts {
        let thread = world.threads.get(owner.index()).cloned().unwrap_or_default();
        Parts {
            ops: Forms::new(owner),
            watches: Forms::new(owner),
            overs: Forms::new(owner),
            ports: Forms::new(owner),
            windows: Forms::new(owner),
            owner: owner.index(),
            slots: thread.own_slots(),
            event_slots: thread.own_events(),
            threads: Vec::new(),
            created: Vec::new(),
            accepted: Vec::new(),
            conns: Vec::new(),
            events: Vec::new(),
        }
    }

    /// How many forms there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.threads.len()
    }

    /// None yet?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.threads.is_empty()
    }

    /// Keeps the form that the owner's objects have in this world, under the next number.
    pub fn keep(&mut self, world: &World) {
        let (accepted, events) = self.places(world);
        self.threads.push(world.threads[self.owner].clone());
        self.created.extend_from_slice(&world.sockets[self.slots.clone()]);
        self.accepted.extend_from_slice(&world.sockets[accepted]);
        self.conns.extend_from_slice(&world.conns[self.slots.clone()]);
        self.events.extend_from_slice(&world.events[events]);
        self.ops.keep(&world.ops);
        self.watches.keep(&world.watches);
        self.overs.keep(&world.overs);
        self.ports.keep(&world.ports);
        self.windows.keep(&world.windows);
    }

    /// Puts a form back into a world of the same shape, without allocating.
    pub fn put(&self, number: usize, world: &mut World) {
        let (accepted, events) = self.places(world);
        let (slots, own_events) = self.own(number);
        world.forget(self.owner);
        world.threads[self.owner].clone_from(&self.threads[number]);
        world.sockets[self.slots.clone()].clone_from_slice(&self.created[slots.clone()]);
        world.sockets[accepted].clone_from_slice(&self.accepted[slots.clone()]);
        world.conns[self.slots.clone()].clone_from_slice(&self.conns[slots]);
        world.events[events].clone_from_slice(&self.events[own_events]);
        self.ops.put(number, &mut world.ops);
        self.watches.put(number, &mut world.watches);
        self.overs.put(number, &mut world.overs);
        self.ports.put(number, &mut world.ports);
        self.windows.put(number, &mut world.windows);
        world.learn(self.owner);
    }

    /// Have the owner's objects this form in this world?
    #[must_use]
    pub fn same(&self, number: usize, world: &World) -> bool {
        let (accepted, events) = self.places(world);
        let (slots, own_events) = self.own(number);
        world.threads[self.owner] == self.threads[number]
            && world.conns[self.slots.clone()] == self.conns[slots.clone()]
            && world.sockets[self.slots.clone()] == self.created[slots.clone()]
            && world.sockets[accepted] == self.accepted[slots]
            && world.events[events] == self.events[own_events]
            && self.ops.same(number, &world.ops)
            && self.watches.same(number, &world.watches)
            && self.overs.same(number, &world.overs)
            && self.ports.same(number, &world.ports)
            && self.windows.same(number, &world.windows)
    }

    /// Hashes the form that the owner's objects have in this world. Equal forms hash equally; what seldom differs
    /// is left out.
    pub fn hash(&self, world: &World, hasher: &mut impl Hasher) {
        let (accepted, events) = self.places(world);
        hash_thread(&world.threads[self.owner], hasher);
        for op in world.ops.of(self.ops.owner).iter().flatten() {
            op.call.hash(hasher);
            op.phase.hash(hasher);
        }
        for packets in world.ports.of(self.ports.owner).iter().flatten() {
            packets.hash(hasher);
        }
        for window in world.windows.of(self.windows.owner).iter().flatten() {
            window.hash(hasher);
        }
        for conn in &world.conns[self.slots.clone()] {
            hash_conn(conn, hasher);
        }
        for socket in world.sockets[self.slots.clone()].iter().chain(&world.sockets[accepted]) {
            hash_socket(socket, hasher);
        }
        for event in &world.events[events] {
            if event.open {
                hasher.write_u8(1 + u8::from(event.signalled) + 2 * u8::from(event.automatic));
                event.watches.hash(hasher);
            }
        }
    }

    /// Where the owner's accepted sockets and events stand in a world.
    fn places(&self, world: &World) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let offset = world.conns.len();
        (self.slots.start + offset..self.slots.end + offset, self.event_slots.clone())
    }

    /// Where a form's slots and events stand here.
    fn own(&self, number: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let (slots, events) = (self.slots.len(), self.event_slots.len());
        (number * slots..(number + 1) * slots, number * events..(number + 1) * events)
    }
}

fn hash_thread(thread: &Thread, hasher: &mut impl Hasher) {
    let frames = thread.frames.len() as u32;
    hasher.write_u32((thread.ended as u32) << 24 | frames << 16 | u32::from(thread.last_error.0));
    if !thread.apcs.is_empty() {
        thread.apcs.hash(hasher);
    }
}

fn hash_conn(conn: &Conn, hasher: &mut impl Hasher) {
    let listener = conn.listener.map_or(0, |listener| u64::from(listener.0) + 1);
    let flags = u64::from(conn.timer)
        | u64::from(conn.held) << 1
        | u64::from(conn.sampled.is_some()) << 2
        | u64::from(conn.deferred) << 3;
    let rest = listener | u64::from(conn.retries) << 8 | u64::from(conn.lose) << 16 | flags << 24;
    hasher.write_u64(bits_of(&conn.client) ^ rest << 32);
    hasher.write_u64(bits_of(&conn.server));
    for data in [&conn.client.sent, &conn.client.unread, &conn.server.sent, &conn.server.unread] {
        if !data.is_empty() {
            hasher.write(data.as_slice());
        }
    }
}

/// An end's state and flight in 32 bits.
fn bits_of(end: &End) -> u64 {
    let flags = u64::from(end.fin_sent) | u64::from(end.fin_received) << 1 | u64::from(end.socket().is_some()) << 2;
    let flight = end.flight.iter().fold(1, |bits, segment| bits << 3 | segment as u64);
    end.tcb as u64 | flags << 3 | flight << 6
}

fn hash_socket(socket: &Socket, hasher: &mut impl Hasher) {
    hasher.write_u64(
        socket.state as u64
            | u64::from(socket.error.0) << 8
            | (socket.backlog() as u64) << 24
            | (socket.waiting().len() as u64 & 0xff) << 40
            | u64::from(socket.send_shut) << 48
            | u64::from(socket.receive_shut) << 49,
    );
    if socket.state == State::NotASocket {
        return;
    }
    for queue in [socket.syn_queue(), socket.accept_queue()] {
        hasher.write_u64(queue.iter().fold(1, |bits, conn| bits << 6 ^ u64::from(conn.0)));
    }
    socket.waiting().iter().chain(socket.holding().iter()).for_each(|op| hasher.write_u32(op.0));
    socket.watches().iter().for_each(|watch| hasher.write_u32(watch.0));
    for (_, holder) in socket.holders() {
        hasher.write_u32(holder.process.0 << 1 | u32::from(holder.nonblocking));
    }
    if socket.selection() != Selection::default() {
        socket.selection().hash(hasher);
    }
    if *socket.options() != Options::NEW {
        socket.options().hash(hasher);
    }
}
