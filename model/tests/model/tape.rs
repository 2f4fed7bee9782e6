//! The tape visits every combination of decisions exactly once.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed};
use winaccept_model::profile::Tape;

/// How many alternatives a made-up step has after these decisions: some number that only they determine; 0 ends it.
fn alternatives(seed: u64, picks: &[usize]) -> usize {
    let mixed = picks.iter().fold(seed, |mixed, pick| (mixed ^ *pick as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 3);
    if picks.len() >= 6 { 0 } else { (mixed % 5) as usize }
}

/// Takes decisions with this until there are none left.
fn decide(seed: u64, mut pick: impl FnMut(usize) -> usize) -> Vec<usize> {
    let mut picks = Vec::new();
    loop {
        let n = alternatives(seed, &picks);
        if n == 0 {
            return picks;
        }
        picks.push(pick(n));
    }
}

/// Every combination, by recursion.
fn every(seed: u64, picks: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
    let n = alternatives(seed, picks);
    if n == 0 {
        all.push(picks.clone());
    }
    for choice in 0..n {
        picks.push(choice);
        every(seed, picks, all);
        picks.pop();
    }
}

proptest! {
    #![proptest_config(Config {
        cases: 200,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn visits_every_combination_once(seed in any::<u64>()) {
        let mut expected = Vec::new();
        every(seed, &mut Vec::new(), &mut expected);
        let (mut tape, mut visited) = (Tape::default(), Vec::new());
        loop {
            let picks = decide(seed, |n| tape.pick(n));
            let mut replay = tape.replay();
            prop_assert_eq!(&decide(seed, |n| replay.pick(n)), &picks, "a replay takes the same decisions");
            visited.push(picks);
            if !tape.advance() {
                break;
            }
        }
        // In order, so each exactly once.
        prop_assert_eq!(visited, expected);
    }
    #[test]
    fn numbers_reach_every_combination(seed in any::<u64>()) {
        let mut expected = Vec::new();
        every(seed, &mut Vec::new(), &mut expected);
        // At most six decisions among four.
        let drawn = (0..4_u32.pow(6)).map(|number| {
            let mut tape = Tape::drawn(number);
            decide(seed, |n| tape.pick(n))
        });
        let reached: std::collections::BTreeSet<_> = drawn.collect();
        prop_assert_eq!(reached, expected.into_iter().collect());
    }
}
