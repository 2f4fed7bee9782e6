//! Queues that may be long: first come, first served.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Values in the order in which they came. Equal, and hashed, by what stands in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Line<T>(VecDeque<T>);

impl<T> Default for Line<T> {
    fn default() -> Self {
        Line::NEW
    }
}

impl<T> Line<T> {
    /// Nobody.
    pub(crate) const NEW: Self = Line(VecDeque::new());
}

impl<T: Copy + PartialEq> Line<T> {
    /// Appends.
    #[inline]
    pub fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    /// Puts one in front of all others.
    pub fn push_first(&mut self, item: T) {
        self.0.push_front(item);
    }

    /// Removes and returns the first.
    #[inline]
    pub fn pop_first(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    /// Removes and returns the last.
    pub fn pop_last(&mut self) -> Option<T> {
        self.0.pop_back()
    }

    /// Removes the first occurrence; false when there is none. Who came early is found early.
    #[inline]
    pub fn remove(&mut self, item: T) -> bool {
        if self.0.front() == Some(&item) {
            self.0.pop_front();
            return true;
        }
        !self.0.is_empty() && self.removes_later(item)
    }

    #[inline(never)]
    fn removes_later(&mut self, item: T) -> bool {
        let place = self.0.iter().position(|other| *other == item);
        place.and_then(|place| self.0.remove(place)).is_some()
    }

    /// The first.
    #[must_use]
    #[inline]
    pub fn first(&self) -> Option<T> {
        self.0.front().copied()
    }

    /// How many.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None at all?
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is it there?
    #[must_use]
    pub fn contains(&self, item: T) -> bool {
        self.0.contains(&item)
    }

    /// What stands in this place.
    #[must_use]
    #[inline]
    pub fn get(&self, place: usize) -> Option<T> {
        self.0.get(place).copied()
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().copied()
    }

    /// Forgets all but keeps the memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<T> FromIterator<T> for Line<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Line(items.into_iter().collect())
    }
}

impl<T: Hash> Hash for Line<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for Line<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
