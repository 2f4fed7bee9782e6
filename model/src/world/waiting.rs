//! Who goes on at a socket and has nothing yet: nearly always one operation or none, and so the first stands in the socket itself.

use crate::id::OpId;
use crate::list::Line;
use crate::world::Socket;

/// Operations that go on at a socket and have nothing yet, blocked calls and overlapped ones, first come first.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'s> {
    first: Option<OpId>,
    others: &'s Line<OpId>,
}

impl<'s> Waiting<'s> {
    /// The first.
    #[must_use]
    #[inline]
    pub fn first(self) -> Option<OpId> {
        self.first
    }

    /// Nobody at all?
    #[must_use]
    #[inline]
    pub fn is_empty(self) -> bool {
        self.first.is_none()
    }

    /// How many.
    #[must_use]
    pub fn len(self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    /// Who stands in this place.
    #[must_use]
    #[inline]
    pub fn get(self, place: usize) -> Option<OpId> {
        place.checked_sub(1).map_or(self.first, |place| self.others.get(place))
    }

    /// Does this one stand there?
    #[must_use]
    pub fn contains(self, op: OpId) -> bool {
        self.iter().any(|other| other == op)
    }

    /// In order.
    pub fn iter(self) -> impl Iterator<Item = OpId> + 's {
        self.first.into_iter().chain(self.others.iter())
    }
}

impl Socket {
    /// Operations that go on at it and have nothing yet, first come first.
    #[must_use]
    #[inline]
    pub fn waiting(&self) -> Waiting<'_> {
        Waiting { first: self.first_waiting.get(), others: &self.extra().waiting_behind }
    }

    /// Has it nothing that few have: does nobody wait, and is no second handle open?
    #[must_use]
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.extra.is_none() && self.first_waiting.is_none()
    }
}
