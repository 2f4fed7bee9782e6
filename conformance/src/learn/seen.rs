//! What there is to learn from.

use super::LeftOut;
use crate::evidence::{self, Recording};
use crate::stack::Replay;
use crate::suite::Scenario;

/// What a stack was seen to do, scenario by scenario: those that it took, as they read today. The others are counted.
///
/// # Errors
/// When a recording is not whole, or there is nothing in it to learn from.
pub fn seen<'s>(
    recording: &Recording,
    scenarios: &'s [Scenario],
    left_out: &mut LeftOut,
) -> Result<Vec<(&'s Scenario, Replay)>, String> {
    let mut seen = Vec::new();
    for recorded in &recording.scenarios {
        let Some(scenario) = scenarios.iter().find(|scenario| scenario.file == recorded.file) else {
            left_out.unknown += 1;
            continue;
        };
        if recorded.digest != evidence::digest(&scenario.script.source) {
            left_out.changed += 1;
            continue;
        }
        let replay = recorded.replay(scenario)?;
        if replay.not_taken.is_none() && replay.failed.is_none() && replay.lost.is_none() {
            seen.push((scenario, replay));
        } else {
            left_out.not_played += 1;
        }
    }
    if seen.is_empty() {
        let all = recording.scenarios.len();
        return Err(format!(
            "none of its {all} scenarios is known here as it was played, so there is nothing to learn from\n\
             help: --scenarios names those that are not bundled"
        ));
    }
    Ok(seen)
}
