//! What led to a configuration between two sections: the moves, and what the profile decided on the way.

use winaccept_model::choice::Alt;

use super::way::Taken;

/// Everything that led somewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    /// The steps and moves, in order.
    pub(super) way: Vec<Taken>,
    /// What the profile decided in happenings, which are no moves, by section.
    pub(super) between: Vec<(usize, Alt)>,
}

impl Past {
    /// The same, and then these.
    pub(super) fn then(&self, more: impl IntoIterator<Item = Taken>) -> Past {
        let mut past = self.clone();
        past.way.extend(more);
        past
    }

    /// The alternatives that the profile took, each once, as far as rules name them.
    pub(super) fn choices(&self) -> Vec<Alt> {
        let all = self.way.iter().flat_map(|taken| &taken.choices).chain(self.between.iter().map(|(_, alt)| alt));
        let mut choices: Vec<Alt> = all.copied().collect();
        choices.sort_unstable();
        choices.dedup();
        choices
    }

    /// Could a move have shown something else?
    pub(super) fn is_open(&self) -> bool {
        self.way.iter().any(|taken| taken.open)
    }
}
