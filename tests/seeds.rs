//! Many runs of many programs: each is a way the model may go, and the same in every build and on every system.
//!
//! A run is that of an exhibit of the museum, broken or mended, under a profile, with the plan of its number. `seed-hashes.txt`
//! has a hash of each [`BLOCK`] of them. The test does the first block;
//! `WINACCEPT_RUNS=1000000 cargo test --release -p winaccept-tests seeds::` does as many as it says, and with
//! `WINACCEPT_UPDATE_HASHES=1` writes the record.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use winaccept_program::Fuzz;
use winaccept_program::museum::{self, Exhibit};
use winaccept_tests::fnv;

const RECORD: &str = include_str!("seed-hashes.txt");

/// So many runs have a hash together.
const BLOCK: u64 = 1000;

/// Where somebody wants to see how far it is: after so many blocks.
const TOLD: u64 = 20;

const PROFILES: [&str; 4] = ["documented", "windows", "wine-8.0", "wine-10.0"];

/// What a block of runs came to.
#[derive(Default)]
struct Block {
    number: u64,
    hash: u64,
    convicted: u64,
    undecided: u64,
    /// Runs that are no way of the model's, with what happened in them.
    strange: Vec<String>,
}

#[test]
fn every_run_is_a_way_of_the_model_and_the_same_everywhere() {
    let runs = std::env::var("WINACCEPT_RUNS").map_or(BLOCK, |text| text.parse().expect("WINACCEPT_RUNS is a number"));
    let blocks = runs.div_ceil(BLOCK);
    let next = AtomicU64::new(0);
    let work = || {
        let programs = Programs::new();
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= blocks {
                return done;
            }
            done.push(programs.block(number));
            if number % TOLD == TOLD - 1 {
                eprintln!("{} of {runs} runs", (number + 1) * BLOCK);
            }
        }
    };
    let mut done: Vec<Block> = std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a run does not panic")).collect()
    });
    done.sort_by_key(|block| block.number);
    let sum = |of: fn(&Block) -> u64| done.iter().map(of).sum::<u64>();
    let (convicted, undecided) = (sum(|block| block.convicted), sum(|block| block.undecided));
    eprintln!("{} runs: {convicted} convicted, {undecided} undecided", blocks * BLOCK);
    let strange: Vec<&String> = done.iter().flat_map(|block| &block.strange).collect();
    assert!(strange.is_empty(), "{} runs are no way of the model's; the first:\n{}", strange.len(), strange[0]);

    let mut found = String::new();
    for block in &done {
        writeln!(found, "{:016x} {}", block.hash, block.number * BLOCK).expect("writing to a string does not fail");
    }
    if std::env::var_os("WINACCEPT_UPDATE_HASHES").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/seed-hashes.txt");
        std::fs::write(path, &found).expect("the record can be written");
        return;
    }
    let other = found.lines().zip(RECORD.lines()).find(|(found, record)| found != record);
    assert_eq!(other, None, "runs differ from tests/seed-hashes.txt; WINACCEPT_UPDATE_HASHES=1 writes it anew");
    let known = RECORD.lines().count();
    assert!(found.lines().count() <= known, "tests/seed-hashes.txt knows only {known} blocks");
}

/// Every program under every profile.
struct Programs(Vec<Fuzz>);

impl Programs {
    fn new() -> Programs {
        let forms = |exhibit: &'static Exhibit| [exhibit.broken, exhibit.mended].map(|form| (exhibit.name, form));
        let under = |(name, form)| {
            PROFILES.map(move |profile| Fuzz::new(form).named(name).profile(profile).expect("it is bundled"))
        };
        Programs(museum::all().flat_map(forms).flat_map(under).collect())
    }

    fn block(&self, number: u64) -> Block {
        let mut block = Block { number, ..Block::default() };
        for run in number * BLOCK..(number + 1) * BLOCK {
            let count = self.0.len() as u64;
            let fuzz = &self.0[usize::try_from(run % count).expect("there are few programs")];
            let plan = fuzz.plan(run / count);
            let retold = fuzz.retold(&plan);
            block.hash = fnv(&format!("{:016x} {:016x}", block.hash, retold.digest));
            block.convicted += u64::from(retold.verdict.is_some());
            block.undecided += u64::from(retold.undecided.is_some());
            if !retold.allowed && retold.undecided.is_none() {
                block.strange.push(format!("run {run}\n{}", fuzz.whole(&plan).scenario));
            }
        }
        block
    }
}
