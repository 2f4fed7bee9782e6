//! The machine: what decides how a world steps.

use crate::profile::Profile;
use crate::rule::Mutant;

/// The machine: a profile, and for mutation testing one broken rule.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What is allowed.
    pub profile: Profile,
    /// A broken rule.
    pub mutant: Option<Mutant>,
}

impl Machine {
    /// The machine of a profile.
    #[must_use]
    pub fn new(profile: Profile) -> Machine {
        Machine { profile, mutant: None }
    }
}
