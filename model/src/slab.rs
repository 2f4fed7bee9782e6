//! Which slots of many are taken: sets of numbers in which the next one is found at once.

/// A set of numbers below a fixed bound, as a tree of bit sets: a bit of a level above says whether a word below has any bit.
/// The next number at or after another is found by looking at two words a level: four levels for sixteen million numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Bits {
    /// A bit for each number.
    words: Vec<u64>,
    /// The levels above, each with its words; the last has one, or there is none.
    above: Vec<Vec<u64>>,
}

const WORD: usize = u64::BITS as usize;

impl Bits {
    /// No numbers yet, of those below `bound`.
    pub(crate) fn new(bound: usize) -> Bits {
        let mut words = bound.div_ceil(WORD).max(1);
        let mut bits = Bits { words: vec![0; words], above: Vec::new() };
        while words > 1 {
            words = words.div_ceil(WORD);
            bits.above.push(vec![0; words]);
        }
        bits
    }

    /// Adds a number, or takes it out.
    #[inline(always)]
    pub(crate) fn set(&mut self, number: usize, is_there: bool) {
        if self.has(number) != is_there {
            self.changes(number, is_there);
        }
    }

    #[inline]
    fn has(&self, number: usize) -> bool {
        self.words[number / WORD] >> (number % WORD) & 1 == 1
    }

    #[inline(always)]
    fn changes(&mut self, number: usize, is_there: bool) {
        let word = &mut self.words[number / WORD];
        let before = *word;
        *word ^= 1 << (number % WORD);
        // Above, only whether there is any is known.
        if (before == 0 || *word == 0) && !self.above.is_empty() {
            self.changes_above(number / WORD, is_there);
        }
    }

    #[inline(never)]
    fn changes_above(&mut self, mut place: usize, mut any: bool) {
        for level in &mut self.above {
            let word = &mut level[place / WORD];
            let before = *word;
            *word = if any { before | 1 << (place % WORD) } else { before & !(1 << (place % WORD)) };
            if (before == 0) == (*word == 0) {
                return;
            }
            (place, any) = (place / WORD, *word != 0);
        }
    }

    /// Is there any?
    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.above.last().unwrap_or(&self.words)[0] != 0
    }

    fn levels(&self) -> impl Iterator<Item = &Vec<u64>> {
        std::iter::once(&self.words).chain(&self.above)
    }

    /// The lowest number at or after this one.
    #[inline]
    pub(crate) fn next(&self, from: usize) -> Option<usize> {
        // It is nearly always near.
        let near = self.words.get(from / WORD)? & u64::MAX << (from % WORD);
        if near != 0 { Some(from / WORD * WORD + near.trailing_zeros() as usize) } else { self.next_from_above(from) }
    }

    #[inline(never)]
    fn next_from_above(&self, from: usize) -> Option<usize> {
        let mut place = from;
        for (height, level) in self.levels().enumerate() {
            let word = level.get(place / WORD)? & u64::MAX << (place % WORD);
            if word != 0 {
                let mut number = place / WORD * WORD + word.trailing_zeros() as usize;
                for below in (0..height).rev().filter_map(|height| self.levels().nth(height)) {
                    number = number * WORD + below[number].trailing_zeros() as usize;
                }
                return Some(number);
            }
            place = place / WORD + 1;
        }
        None
    }

    /// All of them, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let mut from = 0;
        std::iter::from_fn(move || {
            let next = self.next(from)?;
            from = next + 1;
            Some(next)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_scan_finds() {
        for bound in [0, 1, 63, 64, 65, 4096, 4097, 300_000] {
            let mut bits = Bits::new(bound);
            let mut plain = std::collections::BTreeSet::new();
            let mut seed = 1_u64;
            for _ in 0..2_000 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if bound == 0 {
                    break;
                }
                let number = (seed >> 33) as usize % bound;
                let is_there = seed >> 32 & 1 == 0;
                bits.set(number, is_there);
                if is_there {
                    plain.insert(number);
                } else {
                    plain.remove(&number);
                }
                let from = (seed >> 13) as usize % bound;
                assert_eq!(bits.any(), !plain.is_empty());
                assert_eq!(bits.next(from), plain.range(from..).next().copied());
            }
            assert!(bits.iter().eq(plain.iter().copied()));
        }
    }
}
