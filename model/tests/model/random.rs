//! Random events in random worlds under random profiles: what holds of every world and of every step.
//!
//! The seeds are fixed, so that a run is the same everywhere; `WINACCEPT_CASES=100000` looks further, and
//! `WINACCEPT_SEED=n` elsewhere.

use crate::walk::properties::branches;
use crate::walk::tickets::Tickets;
use crate::walk::{Numbers, Op, busy_world, event, profile};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngAlgorithm, RngSeed, TestRunner};
use winaccept_model::step::Machine;

/// A runner with a fixed seed.
fn runner(cases: u32) -> TestRunner {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    TestRunner::new(Config {
        cases: number("WINACCEPT_CASES").map_or(cases, |n| n as u32),
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(number("WINACCEPT_SEED").unwrap_or(1)),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("proptest-regressions/random.txt"))),
        ..Config::default()
    })
}

/// Walks, and follows one branch of each step; every branch is held against every property.
fn walk_along(seed: u64, backlogs: [u8; 2], ops: &[Op]) -> Result<(), String> {
    let machine = Machine::new(profile(&mut Numbers(seed)));
    let mut world = busy_world(&machine, backlogs);
    let mut tickets = Tickets::of(&world);
    let mut story = String::new();
    for op in ops {
        let Some(event) = event::event(&world, *op) else { continue };
        story += &format!("\n  {event:?}");
        let place = |problem: String| format!("{problem}\nafter{story}\nunder {:?}", machine.profile);
        let all = branches(&machine, &world, event).map_err(place)?;
        let mut next = Vec::new();
        for branch in all {
            let mut tickets = tickets.clone();
            tickets.follow(&world, event, &branch.fx, &branch.world).map_err(place)?;
            next.push((branch.world, tickets));
        }
        let chosen = usize::from(op.0[9]) % next.len();
        (world, tickets) = next.swap_remove(chosen);
    }
    Ok(())
}

#[test]
fn every_step_keeps_the_world_sound() {
    let ops = prop::collection::vec(any::<[u8; 10]>().prop_map(Op), 1..150);
    let walks = (any::<u64>(), any::<[u8; 2]>().prop_map(|b| b.map(|n| n % 5)), ops);
    runner(150)
        .run(&walks, |(seed, backlogs, ops)| walk_along(seed, backlogs, &ops).map_err(TestCaseError::fail))
        .unwrap_or_else(|failure| panic!("{failure}"));
}
