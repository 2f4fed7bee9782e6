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
        let [created, accepted, events] = self.ranges_of(owner);
        self.threads[owner.index()] == other.threads[owner.index()]
            && self.conns[created.clone()] == other.conns[created.clone()]
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

    /// Gives this owner what it has in another world of this shape, without allocating.
    pub fn put_of(&mut self, owner: ThreadId, from: &World) {
        let [created, accepted, events] = self.ranges_of(owner);
        self.forget(owner.index());
        self.threads[owner.index()].clone_from(&from.threads[owner.index()]);
        self.conns[created.clone()].clone_from_slice(&from.conns[created.clone()]);
        self.sockets[created.clone()].clone_from_slice(&from.sockets[created]);
        self.sockets[accepted.clone()].clone_from_slice(&from.sockets[accepted]);
        self.events[events.clone()].clone_from_slice(&from.events[events]);
        self.ops.of_mut(owner).clone_from_slice(from.ops.of(owner));
        self.watches.of_mut(owner).clone_from_slice(from.watches.of(owner));
        self.overs.of_mut(owner).clone_from_slice(from.overs.of(owner));
        self.ports.of_mut(owner).clone_from_slice(from.ports.of(owner));
        self.windows.of_mut(owner).clone_from_slice(from.windows.of(owner));
        self.learn(owner.index());
    }

    /// Where the sockets stand that it has created, with their connections; those that accept these; its events.
    fn ranges_of(&self, owner: ThreadId) -> [Range<usize>; 3] {
        let thread = &self.threads[owner.index()];
        let (created, offset) = (thread.own_slots(), self.conns.len());
        [created.clone(), created.start + offset..created.end + offset, thread.own_events()]
    }
}
