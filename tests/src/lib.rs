//! What the tests that span the crates share.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fmt::Write;

use winaccept::lang::render_observed;
use winaccept::suite::Scenario;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::run::{Guide, run};

/// A hash that is the same on every platform and in every build (FNV-1a, 64 bits).
#[must_use]
pub fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What a profile allows at each step of a scenario, in the language of scenarios, and by which rules.
#[must_use]
pub fn trace(scenario: &Scenario, profile: &Profile) -> String {
    let played = run(&scenario.program, &Machine::new(profile.clone()), Guide::Expectations);
    let mut text = String::new();
    for (number, step) in played.steps.iter().enumerate() {
        let allowed = step.allowed.iter().map(|observed| render_observed(observed, &scenario.script, None));
        let allowed: BTreeSet<String> = allowed.collect();
        writeln!(text, "{number} {allowed:?} by {:?}", step.rules).expect("writing to a string does not fail");
    }
    for (number, name) in &played.broken {
        writeln!(text, "{number} broken: {name}").expect("writing to a string does not fail");
    }
    text
}
