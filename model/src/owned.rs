//! Slots of one kind of object, each in the range of a thread.
//!
//! A thread takes the lowest free slot of its own, so that what an object is called does not depend on who was first.

use std::ops::Range;

use crate::id::ThreadId;

/// The slots of one kind of object. `None`: free.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Owned<T> {
    items: Vec<Option<T>>,
    /// By thread, where its range begins; and where the last one ends.
    starts: Vec<u32>,
}

impl<T> Default for Owned<T> {
    fn default() -> Owned<T> {
        Owned { items: Vec::new(), starts: vec![0] }
    }
}

impl<T: Clone> Owned<T> {
    /// Free slots, so many for each thread.
    pub(crate) fn new(rooms: impl Iterator<Item = u32>) -> Owned<T> {
        let mut starts = vec![0];
        let mut end: u32 = 0;
        for room in rooms {
            end += room;
            starts.push(end);
        }
        Owned { items: vec![None; end as usize], starts }
    }

    /// Where the slots of a thread stand.
    #[must_use]
    pub fn range(&self, owner: ThreadId) -> Range<usize> {
        let start = |at: usize| self.starts[at] as usize;
        start(owner.index())..start(owner.index() + 1)
    }

    /// How many slots there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Is there no slot at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Is there such a slot?
    #[must_use]
    pub fn has_slot(&self, at: usize) -> bool {
        at < self.items.len()
    }

    /// Whose slot this is.
    #[must_use]
    pub fn owner(&self, at: usize) -> ThreadId {
        let after = self.starts.partition_point(|start| *start as usize <= at);
        ThreadId::new(after - 1)
    }

    /// What is in a slot.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&T> {
        self.items.get(at)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.items.get_mut(at)?.as_mut()
    }

    /// The lowest free slot of a thread.
    #[inline]
    pub(crate) fn free(&self, owner: ThreadId) -> Option<usize> {
        self.range(owner).find(|at| self.items[*at].is_none())
    }

    /// Puts something into a slot, or empties it.
    #[inline(always)]
    pub(crate) fn put(&mut self, at: usize, item: Option<T>) {
        self.items[at] = item;
    }

    /// Puts something into a free slot.
    #[inline(always)]
    pub(crate) fn fill(&mut self, at: usize, item: impl FnOnce() -> T) {
        debug_assert!(self.items[at].is_none(), "the slot is free");
        self.items[at].get_or_insert_with(item);
    }

    /// The slots of a thread.
    #[must_use]
    pub fn of(&self, owner: ThreadId) -> &[Option<T>] {
        &self.items[self.range(owner)]
    }

    pub(crate) fn of_mut(&mut self, owner: ThreadId) -> &mut [Option<T>] {
        let range = self.range(owner);
        &mut self.items[range]
    }

    /// Everything that is there, with its slot, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.items.iter().enumerate().filter_map(|(at, item)| Some((at, item.as_ref()?)))
    }
}
