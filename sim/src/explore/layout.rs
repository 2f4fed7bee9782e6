//! How the numbers of a configuration stand in 64-bit words.
//!
//! Forms are few, so a number takes few bits, and a configuration of a small scope one word or two. A field grows when a
//! number does not fit into it any more; the hash of a configuration does not depend on the layout, so that tables stay.

/// Bits that a field begins with.
const FIRST_BITS: u32 = 4;
/// By how many bits at least it grows.
const GROWS_BY: u32 = 2;

/// Where each number stands.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    fields: Vec<Field>,
    words: usize,
}

/// Where one number stands, and how much it weighs in the hash.
#[derive(Clone, Copy, Debug)]
struct Field {
    word: usize,
    shift: u32,
    bits: u32,
    weight: u64,
}

impl Layout {
    /// For configurations of this many numbers.
    pub(super) fn new(width: usize) -> Layout {
        // Odd numbers without a pattern, the same in every run.
        let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut weight = || {
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mixed(seed) | 1
        };
        let field = |_| Field { word: 0, shift: 0, bits: FIRST_BITS, weight: weight() };
        let mut layout = Layout { fields: (0..width).map(field).collect(), words: 1 };
        layout.arrange();
        layout
    }

    /// How many numbers a configuration has.
    pub(super) fn width(&self) -> usize {
        self.fields.len()
    }

    /// How many words a configuration takes.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Do these numbers fit?
    pub(super) fn fits(&self, numbers: &[u32]) -> bool {
        self.fields.iter().zip(numbers).all(|(field, number)| u64::from(*number) >> field.bits == 0)
    }

    /// Makes room for these numbers. Words written before are to be read with the layout of before.
    pub(super) fn grow(&mut self, numbers: &[u32]) {
        for (field, number) in self.fields.iter_mut().zip(numbers) {
            if u64::from(*number) >> field.bits != 0 {
                // A number has 32 bits at most.
                field.bits = (u32::BITS - number.leading_zeros()).max(field.bits + GROWS_BY).min(u32::BITS);
            }
        }
        self.arrange();
    }

    fn arrange(&mut self) {
        let (mut word, mut shift) = (0, 0);
        for field in &mut self.fields {
            if shift + field.bits > u64::BITS {
                (word, shift) = (word + 1, 0);
            }
            (field.word, field.shift) = (word, shift);
            shift += field.bits;
        }
        self.words = word + 1;
    }

    /// Writes numbers, which fit, into words.
    pub(super) fn pack(&self, numbers: &[u32], words: &mut [u64]) {
        words.fill(0);
        for (field, number) in self.fields.iter().zip(numbers) {
            words[field.word] |= u64::from(*number) << field.shift;
        }
    }

    /// Reads them back.
    pub(super) fn unpack(&self, words: &[u64], numbers: &mut [u32]) {
        for (field, number) in self.fields.iter().zip(numbers) {
            *number = (words[field.word] >> field.shift & ((1 << field.bits) - 1)) as u32;
        }
    }

    /// The hash of a configuration before it is mixed: a sum, so that a change of one number is a change of one term.
    pub(super) fn sum(&self, numbers: &[u32]) -> u64 {
        let terms =
            self.fields.iter().zip(numbers).map(|(field, number)| field.weight.wrapping_mul(u64::from(*number)));
        terms.fold(0, u64::wrapping_add)
    }

    /// Replaces one number, which fits, in words and in a sum.
    pub(super) fn replace(&self, place: usize, old: u32, new: u32, words: &mut [u64], sum: &mut u64) {
        let field = &self.fields[place];
        let change = u64::from(new).wrapping_sub(u64::from(old));
        words[field.word] = words[field.word].wrapping_add(change << field.shift);
        *sum = sum.wrapping_add(field.weight.wrapping_mul(change));
    }
}

/// A number whose bits all depend on all bits of this one.
pub(super) fn mixed(number: u64) -> u64 {
    let number = (number ^ number >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let number = (number ^ number >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    number ^ number >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_wrote_whatever_the_layout() {
        let mut layout = Layout::new(6);
        let mut read = [0; 6];
        for numbers in [[0, 1, 2, 3, 4, 15], [16, 0, 1, 70_000, 3, 9], [u32::MAX, 5, u32::MAX, 1, u32::MAX, 2]] {
            let before = layout.sum(&numbers);
            if !layout.fits(&numbers) {
                layout.grow(&numbers);
            }
            assert!(layout.fits(&numbers));
            assert_eq!(layout.sum(&numbers), before, "the hash does not depend on the layout");
            let mut words = vec![0; layout.words()];
            layout.pack(&numbers, &mut words);
            layout.unpack(&words, &mut read);
            assert_eq!(read, numbers);
        }
        assert_eq!(layout.words(), 3);
    }

    #[test]
    fn replacing_a_number_is_writing_all_anew() {
        let mut layout = Layout::new(3);
        layout.grow(&[1000, 1000, 1000]);
        let (old, new) = ([7, 900, 3], [7, 2, 3]);
        let (mut words, mut wanted) = (vec![0; layout.words()], vec![0; layout.words()]);
        let mut sum = layout.sum(&old);
        layout.pack(&old, &mut words);
        layout.replace(1, 900, 2, &mut words, &mut sum);
        layout.pack(&new, &mut wanted);
        assert_eq!((words, sum), (wanted, layout.sum(&new)));
    }
}
