//! Many executions of a target with any compiler: what is in the corpus, what becomes of that by small changes, and bytes of no
//! meaning, all from a seed and a number. So a case is found again by its number alone.

use std::path::{Path, PathBuf};

use crate::bytes::Bytes;

/// The most bytes that a case has when it is made up.
pub const LONGEST: usize = 512;

/// Where the corpus lies that is checked in.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

/// The corpus of a target, in the order of the names of its files.
///
/// # Errors
/// When a file cannot be read. A target without a folder has none.
pub fn corpus(folder: &Path, target: &str) -> std::io::Result<Vec<Vec<u8>>> {
    let folder = folder.join(target);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = std::fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.sort();
    files.iter().map(std::fs::read).collect()
}

/// The case of this number: one in four is of bytes of no meaning, the others are changed from the corpus, if there is one.
#[must_use]
pub fn case(corpus: &[Vec<u8>], seed: u64, number: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
    if corpus.is_empty() || numbers.below(4) == 0 {
        let len = numbers.below(6) * numbers.below(LONGEST / 6 + 1);
        return (0..len).map(|_| numbers.byte()).collect();
    }
    let mut case = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..=numbers.below(4) {
        change(&mut case, corpus, &mut numbers);
    }
    case
}

fn change(case: &mut Vec<u8>, corpus: &[Vec<u8>], numbers: &mut Numbers) {
    let at = numbers.below(case.len() + 1);
    match numbers.below(6) {
        0 if at < case.len() => case[at] = numbers.byte(),
        1 if at < case.len() => case[at] ^= 1 << numbers.below(8),
        2 if at < case.len() => _ = case.drain(at..(at + 1 + numbers.below(8)).min(case.len())),
        3 => {
            // What stands elsewhere in the corpus stands here, too, or in place of the rest.
            let other = &corpus[numbers.below(corpus.len())];
            let from = numbers.below(other.len() + 1);
            let to = (from + numbers.below(64)).min(other.len());
            let rest = if numbers.below(2) == 0 { case.len() } else { at };
            case.splice(at..rest, other[from..to].iter().copied());
        }
        _ => {
            let new: Vec<u8> = (0..numbers.below(5)).map(|_| numbers.byte()).collect();
            case.splice(at..at, new);
        }
    }
    case.truncate(LONGEST);
}

/// A stream of numbers that is the same everywhere: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (((self.next() >> 32) * bound as u64) >> 32) as usize
    }

    fn byte(&mut self) -> u8 {
        (self.next() >> 56) as u8
    }
}

/// A case as it may stand in a message: what a test of yours can be given.
#[must_use]
pub fn told(case: &[u8]) -> String {
    let mut bytes = Bytes::new(case);
    let mut text = String::from("b\"");
    while !bytes.is_over() {
        text.extend(std::ascii::escape_default(bytes.byte()).map(char::from));
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_found_again_by_its_number() {
        let corpus = [b"abc".to_vec(), b"defghi".to_vec()];
        let all: Vec<Vec<u8>> = (0..200).map(|number| case(&corpus, 7, number)).collect();
        assert!((0..200).all(|number| case(&corpus, 7, number) == all[number as usize]));
        assert!(all.iter().all(|case| case.len() <= LONGEST));
        assert!(all.iter().any(|case| case.len() > 100) && all.iter().any(Vec::is_empty));
        assert_eq!(told(b"a\"\n\xff"), "b\"a\\\"\\n\\xff\"");
    }
}
