//! Claims of the form "never": no interleaving of the scenario ends a call in this way.

use winaccept_sim::observe::{Observed, matches};
use winaccept_sim::run::Run;

use crate::lang::render_pattern;
use crate::suite::Scenario;

/// The first claim that does not hold, in words.
#[must_use]
pub fn broken(scenario: &Scenario, played: &Run) -> Option<String> {
    (0..scenario.program.nevers.len()).find_map(|claim| claim_broken(scenario, played, claim))
}

/// Why this claim does not hold, in words; `None` when it does.
#[must_use]
pub fn claim_broken(scenario: &Scenario, played: &Run, claim: usize) -> Option<String> {
    let never = &scenario.program.nevers[claim];
    let concerned = scenario
        .program
        .steps
        .iter()
        .enumerate()
        .filter(|(number, _)| scenario.program.call_at(*number).is_some_and(|call| call.name() == never.call));
    for (number, _) in concerned {
        for seen in &played.steps[number].allowed {
            let Observed::Returned(seen) = seen else { continue };
            if let Some(pattern) = never.outcomes.iter().find(|pattern| matches(pattern, seen)) {
                let outcome = render_pattern(pattern, &scenario.script);
                return Some(format!("never {} = {outcome}: it happens", never.call));
            }
        }
    }
    None
}
