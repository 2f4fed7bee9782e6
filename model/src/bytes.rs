//! What is on its way, and what nobody has read yet: segments in eight bytes, bytes of streams only where there are any.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::call::Data;
use crate::world::segment::Segment;

/// Segments on their way in one direction, first sent first.
///
/// Three bits each, the first sent in the lowest, below a one that marks where they end.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flight(u64);

/// How many segments may be in flight in one direction of a connection. A handshake in which every answer is repeated has eight.
pub const MAX_FLIGHT: usize = 21;

const BITS: u32 = 3;

impl Default for Flight {
    fn default() -> Self {
        Flight(1)
    }
}

impl Flight {
    /// Appends; false, and nothing changes, when [`MAX_FLIGHT`] are under way.
    #[must_use]
    pub fn push(&mut self, segment: Segment) -> bool {
        let end = self.end();
        let fits = end < MAX_FLIGHT as u32 * BITS;
        if fits {
            // In place of the mark, and the mark behind it.
            self.0 ^= (1 ^ segment as u64 ^ 1 << BITS) << end;
        }
        fits
    }

    /// Removes and returns the first.
    pub fn pop_first(&mut self) -> Option<Segment> {
        let first = self.first()?;
        self.0 >>= BITS;
        Some(first)
    }

    /// The first.
    #[must_use]
    pub fn first(&self) -> Option<Segment> {
        (!self.is_empty()).then(|| Segment::ALL[(self.0 & 7) as usize])
    }

    /// The last.
    #[must_use]
    pub fn last(&self) -> Option<Segment> {
        let last = self.end().checked_sub(BITS)?;
        Some(Segment::ALL[(self.0 >> last & 7) as usize])
    }

    /// Where the mark stands.
    fn end(&self) -> u32 {
        self.0.ilog2()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        (self.end() / BITS) as usize
    }

    /// Are there more than so many?
    #[must_use]
    #[inline]
    pub fn is_longer_than(&self, len: u8) -> bool {
        // What is left behind so many is the mark alone, or more than that.
        self.0.checked_shr(BITS * u32::from(len)).is_some_and(|rest| rest > 1)
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == 1
    }

    /// Is one of this kind under way?
    #[must_use]
    pub fn contains(&self, segment: Segment) -> bool {
        self.iter().any(|other| other == segment)
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Segment> + use<> {
        let mut rest = *self;
        std::iter::from_fn(move || rest.pop_first())
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Bytes of a stream, in order. Most connections have none, and then it is a pointer to nothing.
#[derive(Clone, Default)]
#[allow(clippy::box_collection)] // eight bytes in place of 24, four times in every connection
pub struct Bytes(Option<Box<Vec<u8>>>);

/// How many bytes may be on their way, and how many unread, in one direction of a connection.
pub const MAX_BYTES: usize = 1 << 20;

/// Memory of byte strings that are used up, for the next ones. It is no part of a world's state.
#[derive(Default)]
pub(crate) struct Spare(Vec<Bytes>);

/// How many are kept.
const KEPT: usize = 64;

impl Bytes {
    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// Appends; false, and nothing changes, when there would be more than [`MAX_BYTES`].
    #[must_use]
    pub(crate) fn push(&mut self, more: &[u8], spare: &mut Spare) -> bool {
        if self.len() + more.len() > MAX_BYTES {
            return false;
        }
        if !more.is_empty() {
            if self.0.is_none() {
                *self = spare.0.pop().unwrap_or_default();
            }
            self.0.get_or_insert_default().extend_from_slice(more);
        }
        true
    }

    /// Appends all of another's, which has none afterwards; false when there would be more than [`MAX_BYTES`], and the others are lost.
    #[must_use]
    pub(crate) fn append(&mut self, more: &mut Bytes, spare: &mut Spare) -> bool {
        let fits = if self.is_empty() {
            std::mem::swap(self, more);
            true
        } else {
            self.push(more.as_slice(), spare)
        };
        more.clear(spare);
        fits
    }

    /// Removes and returns the first `n` bytes, or all if there are fewer; `None`, and nothing changes, where they are more than
    /// one call can receive.
    #[inline]
    pub(crate) fn take(&mut self, n: usize, spare: &mut Spare) -> Option<Data> {
        let n = n.min(self.len());
        let taken = Data::new(&self.as_slice()[..n])?;
        if n == self.len() {
            self.clear(spare);
        } else if let Some(bytes) = &mut self.0 {
            bytes.drain(..n);
        }
        Some(taken)
    }

    /// Forgets all behind the first so many.
    pub(crate) fn shortens(&mut self, most: usize) {
        if let Some(bytes) = &mut self.0 {
            bytes.truncate(most);
        }
    }

    /// Forgets all bytes.
    pub(crate) fn clear(&mut self, spare: &mut Spare) {
        if let Some(mut bytes) = self.0.take()
            && spare.0.len() < KEPT
        {
            bytes.clear();
            spare.0.push(Bytes(Some(bytes)));
        }
    }
}

impl PartialEq for Bytes {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Most have none, in none of the two worlds that are compared.
        self.0.is_none() && other.0.is_none() || self.as_slice() == other.as_slice()
    }
}

impl Eq for Bytes {}

impl Hash for Bytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_slice()))
    }
}

impl fmt::Debug for Spare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} spare", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_is_a_queue() {
        let mut flight = Flight::default();
        let all = || Segment::ALL.into_iter().cycle().take(MAX_FLIGHT);
        for (count, segment) in all().enumerate() {
            assert_eq!(flight.len(), count);
            assert!((0..=30).all(|len| flight.is_longer_than(len) == (count > usize::from(len))));
            assert!(flight.push(segment));
            assert_eq!((flight.first(), flight.last()), (Some(Segment::Syn), Some(segment)));
        }
        assert!(!flight.push(Segment::Data));
        assert!(flight.iter().eq(all()));
        for segment in all() {
            assert_eq!(flight.pop_first(), Some(segment));
        }
        assert_eq!((flight.pop_first(), flight), (None, Flight::default()));
    }

    #[test]
    fn bytes_end_as_they_began() {
        let (mut bytes, mut spare) = (Bytes::default(), Spare::default());
        assert!(bytes.push(b"abc", &mut spare) && bytes.push(b"de", &mut spare));
        assert_eq!(bytes.take(2, &mut spare), Data::new(b"ab"));
        assert_eq!(bytes.as_slice(), b"cde");
        assert!(!bytes.push(&vec![0; MAX_BYTES], &mut spare));
        assert_eq!(bytes.take(9, &mut spare), Data::new(b"cde"));
        assert!(bytes.0.is_none(), "nothing is kept where there is nothing");
        assert!(bytes.push(b"", &mut spare));
        assert_eq!((bytes, spare.0.len()), (Bytes::default(), 1));
    }
}
