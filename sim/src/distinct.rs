//! Things in the order in which they came, each once.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// As many are compared one by one; more are found by their hash.
const FEW: usize = 8;

/// Things in the order in which they came, each once, with what is said of each.
#[derive(Debug)]
pub(crate) struct Distinct<T, S = ()> {
    kept: Vec<(T, S)>,
    /// Of more than a few, where each stands, with its hash.
    index: HashTable<(u64, usize)>,
    hash: FixedState,
}

impl<T: Eq + Hash, S> Distinct<T, S> {
    /// None yet.
    pub(crate) fn new() -> Distinct<T, S> {
        Distinct { kept: Vec::new(), index: HashTable::new(), hash: FixedState::default() }
    }

    /// Did this one come before?
    pub(crate) fn contains(&self, wanted: &T) -> bool {
        if self.kept.len() <= FEW {
            return self.kept.iter().any(|(kept, _)| kept == wanted);
        }
        let hash = self.hash.hash_one(wanted);
        self.index.find(hash, |(other, at)| *other == hash && self.kept[*at].0 == *wanted).is_some()
    }

    /// Takes one in, unless it came before.
    pub(crate) fn insert(&mut self, thing: T, said: S) {
        if self.contains(&thing) {
            return;
        }
        self.kept.push((thing, said));
        if self.kept.len() > FEW {
            let from = if self.index.is_empty() { 0 } else { self.kept.len() - 1 };
            for at in from..self.kept.len() {
                let hash = self.hash.hash_one(&self.kept[at].0);
                self.index.insert_unique(hash, (hash, at), |(hash, _)| *hash);
            }
        }
    }

    /// All of them.
    pub(crate) fn into_vec(self) -> Vec<(T, S)> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_each_once_in_order_however_many_they_are() {
        let mut distinct = Distinct::new();
        for (place, number) in [3, 1, 3, 2].into_iter().chain(0..100).chain(0..100).enumerate() {
            distinct.insert(number, place);
            assert!(distinct.contains(&number));
        }
        assert!(!distinct.contains(&100));
        let all = distinct.into_vec();
        assert_eq!(all[..4], [(3, 0), (1, 1), (2, 3), (0, 4)]);
        assert_eq!(all.len(), 100);
    }
}
