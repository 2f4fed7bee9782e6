//! Bytes as decisions, and as text.

/// Decisions from a byte string; zeros after its end.
#[derive(Clone, Debug)]
pub struct Bytes<'b> {
    rest: &'b [u8],
}

impl<'b> Bytes<'b> {
    /// These bytes.
    #[must_use]
    pub fn new(rest: &'b [u8]) -> Bytes<'b> {
        Bytes { rest }
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// A number below this one, from as few bytes as are enough; below one it is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let (mut number, mut reach) = (0, 1);
        while reach < bound {
            (number, reach) = (number << 8 | usize::from(self.byte()), reach << 8);
        }
        number % bound.max(1)
    }

    /// One of these.
    ///
    /// # Panics
    /// When there are none.
    pub fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// Are all used up?
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// What is left.
    #[must_use]
    pub fn rest(&self) -> &'b [u8] {
        self.rest
    }
}

/// Bytes as a text in which whole words of a language stand: a byte below 128 is that character, one above is one of these words.
#[must_use]
pub fn worded(bytes: &[u8], words: &[&str]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte.checked_sub(128) {
            None => text.push(char::from(*byte)),
            Some(at) => text.push_str(words[usize::from(at) % words.len()]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_end_in_zeros() {
        let mut bytes = Bytes::new(&[7, 1, 2]);
        assert_eq!((bytes.below(1), bytes.below(5), bytes.below(1000)), (0, 2, 258));
        assert!(bytes.is_over());
        assert_eq!((bytes.byte(), *bytes.one(&["a", "b"])), (0, "a"));
        assert_eq!(worded(b"a\x80\x83 ", &["x", "y", "z"]), "axx ");
    }
}
