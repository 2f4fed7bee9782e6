//! Who waits for ever, once nothing can happen any more.

use winaccept_model::call::ThreadId;

use crate::config::Config;
use crate::scenario::{Scenario, Section};

/// Whose call has not returned when things end so, and the step that makes it. What stands in `repeat` ends by waiting; that is not
/// said.
#[must_use]
pub fn still_waiting(scenario: &Scenario, end: &Config) -> Vec<(ThreadId, usize)> {
    let repeats = |step: usize| {
        scenario.sections.iter().any(|section| match section {
            Section::AnyOrder(lanes) => lanes.iter().any(|lane| lane.repeats(step)),
            Section::Step(_) | Section::Happening(..) => false,
        })
    };
    let actors = (0..scenario.script.actors.len() as u32).map(ThreadId);
    let waits = actors.filter_map(|actor| Some((actor, end.waiting(actor)?)));
    waits.filter(|(_, step)| !repeats(*step)).collect()
}
