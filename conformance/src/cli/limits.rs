//! How far `run` and `show` go inside one `any order`.

use clap::Args as ClapArgs;
use winaccept_sim::limits::{Limits, Watcher};

use crate::suite::Scenario;
use crate::watch::is_interrupted;

/// The limits that a user may set.
#[derive(ClapArgs, Debug)]
pub(super) struct LimitArgs {
    /// The most states of one `any order`; what needs more is unresolved
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=4_000_000_000))]
    max_states: u64,
}

impl LimitArgs {
    /// Binds a scenario to them.
    pub(super) fn bound(&self, scenario: &mut Scenario) {
        let limits = Limits::default();
        let max_states = usize::try_from(self.max_states).unwrap_or(usize::MAX);
        let watcher = Watcher::new(|_| !is_interrupted());
        // Forms take more memory than states: as many of them as before to a state.
        let max_forms = limits.max_forms.max(max_states / (limits.max_states / limits.max_forms));
        scenario.program.limits = Limits { max_states, max_forms, watcher, ..limits };
    }
}
