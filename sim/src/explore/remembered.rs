//! Steps that were made, kept under what they read.
//!
//! A step depends on its move, on the forms of everything it read, and on nothing else ([`Effects::read`]). Made once, it is
//! from then on replayed: each way that the profile allows replaces the same forms by the same others. What was seen, and
//! which rules fired, was noted when it was made.
//!
//! [`Effects::read`]: winaccept_model::rule::Effects

use super::memo::{Memo, Node};
use super::visited::Change;

/// The steps made so far.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    trees: Memo,
    steps: Vec<Step>,
    /// By successor, where its changes end; they begin where those of the one before end.
    ends: Vec<u32>,
    changes: Vec<Change>,
}

/// One step, in every way that the profile allows.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Its first successor; the last is before the first of the next step.
    first: u32,
    /// In how many ways it was made; of these the successors are those that the guide agrees with.
    ways: u32,
}

impl Remembered {
    /// The step behind this root that reads the same as a known one.
    pub(super) fn find(&self, root: Node, number: impl Fn(usize) -> u32) -> Option<usize> {
        self.trees.find(root, number)
    }

    /// In how many ways a step was made.
    pub(super) fn ways(&self, step: usize) -> u64 {
        u64::from(self.steps[step].ways)
    }

    /// The successors of a step.
    pub(super) fn successors(&self, step: usize) -> std::ops::Range<usize> {
        let end = self.steps.get(step + 1).map_or(self.ends.len(), |next| next.first as usize);
        self.steps[step].first as usize..end
    }

    /// What differs in a successor.
    pub(super) fn changes(&self, successor: usize) -> &[Change] {
        let start = successor.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.changes[start as usize..self.ends[successor] as usize]
    }

    /// A step is about to be made.
    pub(super) fn begin(&mut self) {
        self.steps.push(Step { first: count(self.ends.len()), ways: 0 });
    }

    /// It was made in one way.
    pub(super) fn way(&mut self) {
        if let Some(step) = self.steps.last_mut() {
            step.ways += 1;
        }
    }

    /// That way leads from these numbers to those.
    pub(super) fn leads(&mut self, from: &[u32], to: &[u32]) {
        let differ = (0..from.len()).filter(|&place| from[place] != to[place]);
        self.changes.extend(differ.map(|place| Change { place: place as u16, number: to[place] }));
        self.ends.push(count(self.changes.len()));
    }

    /// It was made in every way, and read what stands in these places. Gives the root from now on.
    pub(super) fn keep(&mut self, root: Node, places: &mut Vec<u16>, number: impl Fn(usize) -> u32) -> Node {
        self.trees.keep(root, places, number, self.steps.len() - 1)
    }

    /// How many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.trees.bytes()
            + self.steps.len() * size_of::<Step>()
            + self.ends.len() * size_of::<u32>()
            + self.changes.len() * size_of::<Change>()
    }

    /// Forgets everything; so must whoever keeps roots.
    pub(super) fn clear(&mut self) {
        *self = Remembered::default();
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("limit: fewer than 2^32 changes are remembered")
}
