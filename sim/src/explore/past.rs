//! What led to a configuration between two sections: the moves, and what the profile decided on the way.

use winaccept_model::choice::Alt;
use winaccept_model::profile::Profile;
use winaccept_model::rule::Rule;
use winaccept_model::rules;

use super::way::Taken;

/// Everything that led somewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    /// The steps and moves, in order.
    pub(super) way: Vec<Taken>,
    /// What the profile decided in happenings, which are no moves.
    pub(super) between: Vec<Alt>,
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
        let all = self.way.iter().flat_map(|taken| &taken.choices).chain(&self.between);
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

/// The alternatives behind these rules at choice points that the profile leaves open.
pub(super) fn choices<'a>(profile: &Profile, fired: impl IntoIterator<Item = &'a Rule>) -> Vec<Alt> {
    let under = fired.into_iter().flat_map(|rule| rule.under);
    under.copied().filter(|alt| profile.allowed(usize::from(alt.0)).count_ones() > 1).collect()
}

/// The rule of this name.
pub(super) fn rule(name: &&'static str) -> Option<&'static Rule> {
    rules::all().map(|(_, rule)| rule).find(|rule| rule.name == *name)
}
