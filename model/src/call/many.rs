//! Values of calls that may be long: bytes, and sets of sockets or events.
//!
//! A call is copied several times in a step, so it stays small: a few bytes or members stand in it, and of more it has a pointer to
//! a place where equal ones are kept once. They stay there as long as the program runs, which [`KEPT`] limits: a script
//! names few, and what is received of them are parts.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use crate::id::Handle;

/// How many bytes of long values all worlds of a program keep together.
pub const KEPT: usize = 1 << 26;

/// Long values, each once, and how much room they take.
struct Kept<T: 'static> {
    values: Mutex<(BTreeSet<&'static [T]>, usize)>,
}

impl<T: Copy + Ord> Kept<T> {
    const fn new() -> Kept<T> {
        Kept { values: Mutex::new((BTreeSet::new(), 0)) }
    }

    /// The place of this value; `None` when there is no room for another one.
    fn keep(&self, value: &[T]) -> Option<&'static [T]> {
        // A set is whole whatever panicked: it is changed in one step.
        let mut kept = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, size) = &mut *kept;
        if let Some(known) = values.get(value) {
            return Some(known);
        }
        let more = size_of_val(value);
        if *size + more > KEPT {
            return None;
        }
        *size += more;
        let place: &'static [T] = Box::leak(value.into());
        values.insert(place);
        Some(place)
    }
}

static LONG_DATA: Kept<u8> = Kept::new();
static LONG_SETS: Kept<u64> = Kept::new();

/// Bytes of a stream, as one call sends or receives them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Data(Bytes);

/// Equal bytes are equal values: what fits stands in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Bytes {
    Few(u8, [u8; IN_PLACE]),
    Many(&'static [u8]),
}

/// So many bytes stand in the call itself.
const IN_PLACE: usize = 22;

impl Default for Data {
    fn default() -> Data {
        Data(Bytes::Few(0, [0; IN_PLACE]))
    }
}

impl Data {
    /// The most bytes that one call sends or receives in the model.
    pub const MAX: usize = 1 << 16;

    /// Copies `bytes`; `None` if there are more than [`Data::MAX`], or if [`KEPT`] is used up.
    #[must_use]
    #[inline]
    pub fn new(bytes: &[u8]) -> Option<Data> {
        if bytes.len() > IN_PLACE {
            let fits = bytes.len() <= Data::MAX;
            return fits.then(|| LONG_DATA.keep(bytes)).flatten().map(|bytes| Data(Bytes::Many(bytes)));
        }
        let mut few = [0; IN_PLACE];
        few[..bytes.len()].copy_from_slice(bytes);
        Some(Data(Bytes::Few(bytes.len() as u8, few)))
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Bytes::Few(len, bytes) => &bytes[..usize::from(*len)],
            Bytes::Many(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_slice().escape_ascii())
    }
}

/// How many sockets or events one call may name together: `FD_SETSIZE`, and `WSA_MAXIMUM_WAIT_EVENTS`, of winsock2.h.
pub const SET: usize = 64;

/// So many members stand in the call itself.
const FEW: usize = 2;

/// What can be a member of a [`Set`]: what fits into a word and comes out of it again.
pub trait Member: Copy {
    /// As a word. The order is kept.
    fn word(self) -> u64;
    /// Back from it.
    fn of_word(word: u64) -> Self;
}

impl Member for Handle {
    fn word(self) -> u64 {
        self.0.into()
    }
    fn of_word(word: u64) -> Handle {
        Handle(word as u32)
    }
}

impl Member for u32 {
    fn word(self) -> u64 {
        self.into()
    }
    fn of_word(word: u64) -> u32 {
        word as u32
    }
}

/// A mask: no more than 16 bits of a word.
pub trait Mask: Member {}

/// For those who only look at the members.
impl Member for () {
    fn word(self) -> u64 {
        0
    }
    fn of_word(_: u64) {}
}

/// The first needs no more than 48 bits.
impl<H: Member, M: Mask> Member for (H, M) {
    fn word(self) -> u64 {
        self.0.word() << 16 | self.1.word()
    }
    fn of_word(word: u64) -> Self {
        (H::of_word(word >> 16), M::of_word(word & 0xffff))
    }
}

/// The sockets or events that a call names together, in order, at most [`SET`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Set<T>(Words, PhantomData<T>);

/// One of the three sets of `select`: absent (`NULL`) or a list.
pub type FdSet<H> = Option<Set<H>>;

/// Equal members are equal values: what fits stands in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Words {
    Few(u8, [u64; FEW]),
    Many(&'static [u64]),
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Set::EMPTY
    }
}

impl<T> Set<T> {
    /// No members.
    pub const EMPTY: Self = Set(Words::Few(0, [0; FEW]), PhantomData);

    fn words(&self) -> &[u64] {
        match &self.0 {
            Words::Few(len, words) => &words[..usize::from(*len)],
            Words::Many(words) => words,
        }
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words().len()
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Member> Set<T> {
    /// These members; `None` if there are more than [`SET`], or if [`KEPT`] is used up.
    pub fn new(members: impl IntoIterator<Item = T>) -> Option<Set<T>> {
        let mut members = members.into_iter();
        Words::new(&mut || members.next().map(Member::word)).map(|words| Set(words, PhantomData))
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.words().iter().map(|word| T::of_word(*word))
    }

    /// The same set with every member changed.
    ///
    /// # Panics
    /// When [`KEPT`] is used up, as a limit.
    #[must_use]
    pub fn map<U: Member>(&self, mut f: impl FnMut(T) -> U) -> Set<U> {
        let mut words = self.words().iter();
        Set::kept(Words::new(&mut || words.next().map(|word| f(T::of_word(*word)).word())))
    }

    /// The members of an iterator.
    ///
    /// # Panics
    /// When there are more than fit, as a limit.
    #[must_use]
    pub fn collect(members: impl IntoIterator<Item = T>) -> Set<T> {
        let mut members = members.into_iter();
        Set::kept(Words::new(&mut || members.next().map(Member::word)))
    }

    fn kept(words: Option<Words>) -> Set<T> {
        let Some(words) = words else { panic!("limit: at most {SET} members of a set, and {KEPT} bytes of long ones") };
        Set(words, PhantomData)
    }
}

impl Words {
    /// These words; `None` if there are more than [`SET`], or if [`KEPT`] is used up. One function for members of every kind.
    #[inline(never)]
    fn new(next: &mut dyn FnMut() -> Option<u64>) -> Option<Words> {
        let (mut few, mut len, mut many) = ([0; FEW], 0, Vec::new());
        while let Some(member) = next() {
            match few.get_mut(len) {
                Some(place) => *place = member,
                None if len == FEW => {
                    many.extend(few);
                    many.push(member);
                }
                None => many.push(member),
            }
            len += 1;
        }
        match len {
            n if n <= FEW => Some(Words::Few(len as u8, few)),
            n if n <= SET => LONG_SETS.keep(&many).map(Words::Many),
            _ => None,
        }
    }
}

/// As words: what they stand for is not known where a call is only shown.
impl<T> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.words()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::PollEvents;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        for len in [0, 1, IN_PLACE, IN_PLACE + 1, Data::MAX] {
            let bytes: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let data = Data::new(&bytes).expect("as many as fit");
            assert_eq!((data.as_slice(), Some(data)), (bytes.as_slice(), Data::new(&bytes)));
        }
        assert_eq!(Data::new(&vec![0; Data::MAX + 1]), None);
    }

    #[test]
    fn members_come_out_as_they_went_in() {
        for len in [0, 1, FEW, FEW + 1, SET] {
            let members: Vec<(Handle, PollEvents)> =
                (0..len).map(|at| (Handle(at as u32 * 7), PollEvents(at as u16))).collect();
            let set = Set::new(members.iter().copied()).expect("as many as fit");
            assert!(set.iter().eq(members.iter().copied()) && set.len() == len);
            assert_eq!(Set::new(members), Some(set));
        }
        assert_eq!(Set::new(0..=SET as u32), None);
    }

    #[test]
    fn a_call_is_small() {
        assert!(size_of::<crate::call::Call>() <= 112, "{}", size_of::<crate::call::Call>());
    }
}
