//! What one owner has, in two worlds of the same shape: compared, hashed, put from one into the other.
//!
//! For whoever tries many steps from one world. A step says whose objects it may have changed, so that only theirs need be
//! looked at and put back.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use crate::id::ThreadId;
use crate::world::World;

impl World {
    /// Has this owner the same in another world of this shape?
    #[must_use]
    pub fn same_of(&self, owner: ThreadId, other: &World) -> bool {
        self.threads[owner.index()] == other.threads[owner.index()] && self.same_objects_of(owner, other)
    }

    /// All but the thread itself.
    fn same_objects_of(&self, owner: ThreadId, other: &World) -> bool {
        let [created, accepted, events] = self.ranges_of(owner);
        self.conns[created.clone()] == other.conns[created.clone()]
            && self.sockets[created.clone()] == other.sockets[created]
            && self.sockets[accepted.clone()] == other.sockets[accepted]
            && self.events[events.clone()] == other.events[events]
            && self.ops.of(owner) == other.ops.of(owner)
            && self.watches.of(owner) == other.watches.of(owner)
            && self.overs.of(owner) == other.overs.of(owner)
            && self.ports.of(owner) == other.ports.of(owner)
            && self.windows.of(owner) == other.windows.of(owner)
    }

    /// Hashes all that this owner has.
    pub fn hash_of(&self, owner: ThreadId, hasher: &mut impl Hasher) {
        let [created, accepted, events] = self.ranges_of(owner);
        self.threads[owner.index()].hash(hasher);
        self.conns[created.clone()].hash(hasher);
        self.sockets[created].hash(hasher);
        self.sockets[accepted].hash(hasher);
        self.events[events].hash(hasher);
        self.ops.of(owner).hash(hasher);
        self.watches.of(owner).hash(hasher);
        self.overs.of(owner).hash(hasher);
        self.ports.of(owner).hash(hasher);
        self.windows.of(owner).hash(hasher);
    }

    /// Gives this owner what it has in another world of this shape. What is the same already is left alone: copying allocates, and
    /// most steps change no more than a last error.
    pub fn put_of(&mut self, owner: ThreadId, from: &World) {
        if self.same_objects_of(owner, from) {
            self.threads[owner.index()].clone_from(&from.threads[owner.index()]);
            return self.index_thread(owner);
        }
        let [created, accepted, events] = self.ranges_of(owner);
        self.forget(owner.index());
        self.threads[owner.index()].clone_from(&from.threads[owner.index()]);
        put(&mut self.conns[created.clone()], &from.conns[created.clone()]);
        put(&mut self.sockets[created.clone()], &from.sockets[created]);
        put(&mut self.sockets[accepted.clone()], &from.sockets[accepted]);
        put(&mut self.events[events.clone()], &from.events[events]);
        put(self.ops.of_mut(owner), from.ops.of(owner));
        put(self.watches.of_mut(owner), from.watches.of(owner));
        put(self.overs.of_mut(owner), from.overs.of(owner));
        put(self.ports.of_mut(owner), from.ports.of(owner));
        put(self.windows.of_mut(owner), from.windows.of(owner));
        self.learn(owner.index());
    }

    /// Where the sockets stand that it has created, with their connections; those that accept these; its events.
    fn ranges_of(&self, owner: ThreadId) -> [Range<usize>; 3] {
        let thread = &self.threads[owner.index()];
        let (created, offset) = (thread.own_slots(), self.conns.len());
        [created.clone(), created.start + offset..created.end + offset, thread.own_events()]
    }
}

/// Copies what is different.
fn put<T: Clone + PartialEq>(to: &mut [T], from: &[T]) {
    for (to, from) in to.iter_mut().zip(from) {
        if to != from {
            to.clone_from(from);
        }
    }
}
