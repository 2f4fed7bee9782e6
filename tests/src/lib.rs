//! What the tests that span the crates share.
#![forbid(unsafe_code)]

use std::fmt::Write;

use winaccept::suite::Scenario;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::run::{Guide, run};

/// A hash that is the same on every platform and in every build (FNV-1a, 64 bits).
#[must_use]
pub fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What a profile allows at each step of a scenario, and by which rules, as text.
#[must_use]
pub fn trace(scenario: &Scenario, profile: &Profile) -> String {
    let played = run(&scenario.program, &Machine::new(profile.clone()), Guide::Expectations);
    let mut text = String::new();
    for (number, step) in played.steps.iter().enumerate() {
        writeln!(text, "{number} {:?} by {:?}", step.allowed, step.rules).expect("writing to a string does not fail");
    }
    for (number, name) in &played.broken {
        writeln!(text, "{number} broken: {name}").expect("writing to a string does not fail");
    }
    text
}
