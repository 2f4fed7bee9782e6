//! The same scenario gives the same trace in every build, on Linux, on Windows and on Wine.
//!
//! `trace-hashes.txt` holds a hash of each bundled scenario's trace under two profiles. After a change that is meant,
//! `WINACCEPT_UPDATE_HASHES=1 cargo test -p winaccept-tests traces::` writes it anew; whoever reviews the change sees
//! which scenarios it concerns.

use winaccept::profiles;
use winaccept::suite;
use winaccept_tests::{fnv, trace};

const RECORD: &str = include_str!("trace-hashes.txt");

const PROFILES: [&str; 2] = ["documented", "windows"];

#[test]
fn traces_are_those_on_record() {
    let scenarios = suite::bundled().expect("the bundled scenarios parse");
    let profiles = profiles::all();
    // Each profile on a thread of its own: the larger scenarios explore thousands of worlds.
    let hashed = |name: &'static str| {
        let line = |scenario: &suite::Scenario| {
            format!("{:016x} {name} {}", fnv(&trace(scenario, &profiles[name])), scenario.file)
        };
        scenarios.iter().map(line).collect::<Vec<String>>()
    };
    let hashed = &hashed;
    let mut lines: Vec<String> = std::thread::scope(|scope| {
        let threads = PROFILES.map(|name| scope.spawn(move || hashed(name)));
        threads.into_iter().flat_map(|thread| thread.join().expect("a run does not panic")).collect()
    });
    lines.sort_by(|a, b| a[17..].cmp(&b[17..]));
    let found = lines.join("\n") + "\n";
    if std::env::var_os("WINACCEPT_UPDATE_HASHES").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/trace-hashes.txt");
        std::fs::write(path, &found).expect("the record can be written");
        return;
    }
    let record: Vec<&str> = RECORD.lines().collect();
    let changed: Vec<&str> = found.lines().filter(|line| !record.contains(line)).collect();
    let gone: Vec<&str> = record.into_iter().filter(|line| !found.lines().any(|other| other == *line)).collect();
    assert!(
        changed.is_empty() && gone.is_empty(),
        "traces differ from tests/trace-hashes.txt; if that is meant, run this test with WINACCEPT_UPDATE_HASHES=1\n\
         found: {:#?}\non record: {:#?}\n(the first ten of {} and {})",
        &changed[..changed.len().min(10)],
        &gone[..gone.len().min(10)],
        changed.len(),
        gone.len()
    );
}

#[test]
fn the_hash_is_fnv_1a() {
    // The offset basis, and a test vector of its authors.
    assert_eq!(fnv(""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(fnv("foobar"), 0x8594_4171_f739_67e8);
}
