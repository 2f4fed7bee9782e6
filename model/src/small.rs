//! A short queue of plain values without heap.

use std::fmt;

/// What can stand in a [`Small`] queue.
pub trait Queued: Copy + PartialEq {
    /// What an unused place holds, so that equal queues are equal bytes.
    const VACANT: Self;
    /// What too many of them are called when a limit is reached.
    const MANY: &'static str;
}

/// At most `N` values in order.
#[allow(clippy::derived_hash_with_manual_eq)] // equal queues have equal unused places
#[derive(Clone, Copy, Eq, Hash, PartialOrd, Ord)]
pub struct Small<T, const N: usize> {
    len: u8,
    items: [T; N],
}

impl<T: Queued, const N: usize> Default for Small<T, N> {
    fn default() -> Self {
        Small { len: 0, items: [T::VACANT; N] }
    }
}

impl<T: PartialEq, const N: usize> PartialEq for Small<T, N> {
    fn eq(&self, other: &Self) -> bool {
        // Unused places are all alike, and most queues are empty.
        let len = usize::from(self.len);
        self.len == other.len && self.items[..len] == other.items[..len]
    }
}

impl<T: Queued, const N: usize> Small<T, N> {
    /// Appends.
    ///
    /// # Panics
    /// When all `N` places are taken, as a limit of the model: the message begins with `limit:`.
    pub fn push(&mut self, item: T) {
        assert!(self.len() < N, "limit: at most {N} {}", T::MANY);
        self.items[self.len()] = item;
        self.len += 1;
    }

    /// Appends unless it is there already.
    pub fn insert(&mut self, item: T) {
        if !self.contains(item) {
            self.push(item);
        }
    }

    /// Removes and returns the first.
    pub fn pop_first(&mut self) -> Option<T> {
        let first = self.first()?;
        self.remove_at(0);
        Some(first)
    }

    /// Removes the first occurrence; false when there is none.
    pub fn remove(&mut self, item: T) -> bool {
        let place = self.iter().position(|other| other == item);
        if let Some(place) = place {
            self.remove_at(place);
        }
        place.is_some()
    }

    /// Removes and returns the last.
    pub fn pop_last(&mut self) -> Option<T> {
        let last = self.last()?;
        self.len -= 1;
        self.items[self.len()] = T::VACANT;
        Some(last)
    }

    fn remove_at(&mut self, place: usize) {
        self.items[place..].rotate_left(1);
        self.items[N - 1] = T::VACANT;
        self.len -= 1;
    }

    /// The first.
    #[must_use]
    pub fn first(&self) -> Option<T> {
        self.iter().next()
    }

    /// The last.
    #[must_use]
    pub fn last(&self) -> Option<T> {
        self.len().checked_sub(1).map(|place| self.items[place])
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Is it there?
    #[must_use]
    pub fn contains(&self, item: T) -> bool {
        self.iter().any(|other| other == item)
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.items[..self.len()].iter().copied()
    }
}

impl<T: Queued + fmt::Debug, const N: usize> fmt::Debug for Small<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// An index into a small table, as the engine collects them.
impl Queued for u8 {
    const VACANT: u8 = 0;
    const MANY: &'static str = "rules that compete";
}
