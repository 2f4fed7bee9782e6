//! Every target over the corpus that is checked in, and over some thousands of cases from a seed: what a fuzzer does, with any compiler.
//!
//! `WINACCEPT_EXECUTIONS=1000000 cargo test --release -p winaccept-cases` looks further; `winaccept-cases` does so with limits on
//! time and memory.
#![forbid(unsafe_code)]

use winaccept_cases::campaign::{case, corpus, folder, told};
use winaccept_cases::{PROFILES, TARGETS, Target, find};

/// So many cases of each target, where nothing else is said.
const CASES: u64 = 400;

fn replayed(name: &str) {
    winaccept_sim::limit::are_errors();
    let target = find(name).expect("it is one of the targets");
    let corpus = corpus(&folder(), name).expect("the corpus is checked in");
    assert!(!corpus.is_empty(), "{name} has no corpus");
    for case in &corpus {
        tries(target, case);
    }
    let told = std::env::var("WINACCEPT_EXECUTIONS").ok();
    let cases = told.map_or(CASES, |told| told.parse().expect("WINACCEPT_EXECUTIONS is a number"));
    for number in 0..cases {
        tries(target, &case(&corpus, 0, number));
    }
}

fn tries(target: &Target, case: &[u8]) {
    let tried = std::panic::catch_unwind(|| (target.tries)(case));
    assert!(tried.is_ok(), "{}: it does not hold that {}; the case is {}", target.name, target.holds, told(case));
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test] fn $name() { replayed(stringify!($name)); })*
        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! { text scenario model program evidence worker profile machine plan }

#[test]
fn every_target_is_replayed_and_has_a_file_for_the_fuzzer() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, REPLAYED);
    let manifest = std::fs::read_to_string(folder().join("../Cargo.toml")).expect("fuzz/Cargo.toml is there");
    for name in names {
        let source = std::fs::read_to_string(folder().join(format!("../targets/{name}.rs")));
        let source = source.unwrap_or_else(|error| panic!("fuzz/targets/{name}.rs: {error}"));
        assert!(source.contains(&format!("\"{name}\"")), "fuzz/targets/{name}.rs is of another target");
        assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "fuzz/Cargo.toml does not name {name}");
    }
}

/// The corpus of the model, under each profile in turn: the first byte names it.
#[test]
fn the_model_under_every_profile() {
    let target = find("model").expect("it is one of the targets");
    for mut case in corpus(&folder(), "model").expect("the corpus is checked in") {
        for profile in 0..PROFILES as u8 {
            if let Some(first) = case.first_mut() {
                *first = profile;
            }
            tries(target, &case);
        }
    }
}
