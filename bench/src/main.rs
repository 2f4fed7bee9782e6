//! Benchmarks. `cargo run --release -p winaccept-bench -- explore`, `-- step`, `-- scenarios`.
#![forbid(unsafe_code)]

mod backlog;

use winaccept_sim::explore::{Limits, interleave, reference};
use winaccept_sim::program::Section;
use winaccept_sim::run::Guide;

fn main() {
    let n: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let program = backlog::program(n);
    let machine = backlog::machine();
    let mut first = program.clone();
    let Some(Section::AnyOrder(lanes)) = first.sections.pop() else { panic!() };
    let starts = winaccept_sim::run::run(&first, &machine, Guide::Expectations).ends;
    let t = std::time::Instant::now();
    let e = interleave(&program, &machine, Guide::Expectations, &lanes, &starts, &Limits::default());
    println!(
        "{} states {} transitions {} depth {} ends {:?}",
        e.states,
        e.transitions,
        e.depth,
        e.ends.len(),
        t.elapsed()
    );
    println!("{} ns/edge", t.elapsed().as_nanos() as usize / e.transitions);
    for (step, outcomes) in &e.outcomes {
        println!("{step}: {outcomes:?}");
    }
    if n <= 3 {
        let t = std::time::Instant::now();
        let r = reference::interleave(&program, &machine, Guide::Expectations, &lanes, &starts);
        println!("{} states {} transitions {} depth {:?}", r.states, r.transitions, r.depth, t.elapsed());
        assert!(r.ends == e.ends && r.outcomes == e.outcomes && r.rules == e.rules);
    }
}
