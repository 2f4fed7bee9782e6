//! What narrows the set of configurations after a step.

use crate::observe::{Observed, allows, same};
use crate::scenario::Scenario;

/// What narrows the set of configurations after each step.
#[derive(Clone, Copy, Debug)]
pub enum Guide<'a> {
    /// What the script expects; where nothing that happened was expected, everything goes on.
    Expectations,
    /// What a stack was seen to do, by step number; a step without an entry narrows nothing.
    Seen(&'a [Option<Observed>]),
}

impl Guide<'_> {
    /// Does it allow that a step shows this?
    pub(crate) fn agrees(self, scenario: &Scenario, step: usize, observed: &Observed) -> bool {
        match self {
            Guide::Expectations => scenario.steps[step].expect.as_ref().is_none_or(|expect| allows(expect, observed)),
            Guide::Seen(seen) => seen.get(step).and_then(Option::as_ref).is_none_or(|seen| same(observed, seen)),
        }
    }
}
