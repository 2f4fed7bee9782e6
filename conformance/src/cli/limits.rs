//! Numbers on the command line, and how far `run` and `show` go inside one `any order`.

use clap::Args as ClapArgs;
use winaccept_sim::limit::Reached;
use winaccept_sim::limits::{Limits, Watcher};

use crate::problem::Problem;
use crate::suite::Scenario;
use crate::watch::is_interrupted;

/// A whole number between these two.
fn whole(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| match most {
        u64::MAX => format!("it takes a whole number of {least} or more"),
        most => format!("it takes a whole number from {least} to {most}"),
    })
}

/// How often something is done: once at least.
pub(super) fn count(text: &str) -> Result<u64, String> {
    whole(text, 1, u64::MAX)
}

/// Any whole number.
pub(super) fn number(text: &str) -> Result<u64, String> {
    whole(text, 0, u64::MAX)
}

/// How many states.
pub(super) fn states(text: &str) -> Result<u64, String> {
    whole(text, 1, 4_000_000_000)
}

/// How many steps a random scenario has.
pub(super) fn steps(text: &str) -> Result<u64, String> {
    whole(text, 1, 200)
}

/// The limits that a user may set.
#[derive(ClapArgs, Debug)]
pub(super) struct LimitArgs {
    /// The most states of one `any order`; what needs more is unresolved
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = states, allow_negative_numbers = true)]
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

/// What is said where a scenario asks for more than the model holds, at its line where that is known.
pub(super) fn too_small(scenario: &Scenario, reached: &Reached) -> Problem {
    let Reached { what, step } = reached;
    let place = if step.is_some() { "this line asks" } else { "somewhere it asks" };
    let problem = Problem::new(format!("{place} for more than the model holds: {what}"));
    let problem = problem.in_file(&scenario.file).help("ask for less of it");
    match step {
        Some(step) => problem.on_line(scenario.line(*step)),
        None => problem,
    }
}
