//! What is to come, by time: a wheel with a place for each of the next microseconds, and a heap for what is further off.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How many microseconds the wheel holds: a power of two.
const PLACES: usize = 1 << 10;
/// How many places one word of the set of used places stands for.
const WORD: usize = u64::BITS as usize;
const WORDS: usize = PLACES / WORD;
/// No node.
const NONE: u32 = u32::MAX;

/// Things of this type that are to come. Of those that come at the same moment, which comes first depends on nothing but what
/// was put in and taken out before.
#[derive(Debug)]
pub(super) struct Wheel<T> {
    now: u64,
    /// By place, the first node of what comes then.
    first: [u32; PLACES],
    /// Which places have any, and which words of these have any bit.
    used: [u64; WORDS],
    words: u64,
    nodes: Vec<Node<T>>,
    /// The first node that nobody needs.
    free: u32,
    far: BinaryHeap<Reverse<(u64, u64, T)>>,
    /// How many were far so far, so that of two the one is first that was put in first.
    count: u64,
}

#[derive(Clone, Copy, Debug)]
struct Node<T> {
    next: u32,
    item: T,
}

impl<T: Copy + Ord> Wheel<T> {
    pub(super) fn new() -> Wheel<T> {
        Wheel {
            now: 0,
            first: [NONE; PLACES],
            used: [0; WORDS],
            words: 0,
            nodes: Vec::new(),
            free: NONE,
            far: BinaryHeap::new(),
            count: 0,
        }
    }

    /// What time it is, in microseconds.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// This comes after so many microseconds.
    #[inline]
    pub(super) fn put(&mut self, after: u64, item: T) {
        if after >= PLACES as u64 {
            return self.puts_far(after, item);
        }
        let place = (self.now.wrapping_add(after)) as usize % PLACES;
        let node = Node { next: self.first[place], item };
        let at = self.free;
        if let Some(free) = self.nodes.get_mut(at as usize) {
            self.free = free.next;
            *free = node;
            self.first[place] = at;
        } else {
            self.first[place] = u32::try_from(self.nodes.len()).unwrap_or(NONE);
            self.nodes.push(node);
        }
        self.used[place / WORD] |= 1 << (place % WORD);
        self.words |= 1 << (place / WORD);
    }

    #[inline(never)]
    fn puts_far(&mut self, after: u64, item: T) {
        self.count += 1;
        self.far.push(Reverse((self.now.saturating_add(after), self.count, item)));
    }

    /// What comes next; its time is now.
    #[inline]
    pub(super) fn next(&mut self) -> Option<T> {
        let near = self.next_place().map(|place| (place, self.now + self.distance(place)));
        if let Some(Reverse((at, ..))) = self.far.peek()
            && near.is_none_or(|(_, near)| *at <= near)
        {
            let Reverse((at, _, item)) = self.far.pop()?;
            self.now = at;
            return Some(item);
        }
        let (place, at) = near?;
        self.now = at;
        let taken = self.first[place];
        let Node { next, item } = self.nodes[taken as usize];
        self.nodes[taken as usize].next = self.free;
        self.free = taken;
        self.first[place] = next;
        if next == NONE {
            self.used[place / WORD] &= !(1 << (place % WORD));
            if self.used[place / WORD] == 0 {
                self.words &= !(1 << (place / WORD));
            }
        }
        Some(item)
    }

    fn distance(&self, place: usize) -> u64 {
        (place.wrapping_sub(self.now as usize) % PLACES) as u64
    }

    /// The first used place from now on, around the wheel.
    #[inline]
    fn next_place(&self) -> Option<usize> {
        let from = self.now as usize % PLACES;
        let word = from / WORD;
        let here = self.used[word] & u64::MAX << (from % WORD);
        if here != 0 {
            return Some(word * WORD + here.trailing_zeros() as usize);
        }
        if self.words == 0 {
            return None;
        }
        // The words behind this one, then from the first on; last what of this one lies behind.
        let behind = self.words & (u64::MAX << word << 1);
        let next = if behind != 0 { behind } else { self.words }.trailing_zeros() as usize;
        Some(next * WORD + self.used[next].trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_what_a_sorted_list_gives() {
        let (mut wheel, mut plain) = (Wheel::new(), std::collections::BTreeSet::new());
        let mut seed = 7_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for number in 0..100_000_u64 {
            let after = match random(20) {
                0 => random(5_000_000),
                1 => 1020 + random(8),
                _ => random(1001),
            };
            wheel.put(after, number);
            plain.insert((wheel.now() + after, number));
            while random(2) == 0 || plain.len() > 300 {
                let Some(got) = wheel.next() else {
                    assert!(plain.is_empty());
                    break;
                };
                let first = plain.first().expect("as many in the one as in the other").0;
                assert_eq!(wheel.now(), first, "the next that comes");
                assert!(plain.remove(&(first, got)), "it was to come then");
            }
        }
    }
}
