//! The comparison with stateright: equal counts, then speed and memory.

use crate::engine::{ENGINES, Figures, run_apart};

/// How many times stateright's speed is asked for, by engine of [`ENGINES`].
const SPEED: [f64; 3] = [1.0, 7.0, 14.0];
/// Which share of stateright's memory may be used.
const MEMORY: [f64; 3] = [1.0, 0.6, 0.2];

/// Explores the example with all engines in turn, asserts equal counts and prints the ratios.
pub(crate) fn explore(clients: usize, rounds: usize) -> Result<(), String> {
    println!(
        "The backlog example with {clients} clients, every segment an event of its own; medians of {rounds} rounds."
    );
    let mut figures: [Vec<Figures>; 3] = Default::default();
    for _ in 0..rounds {
        for (engine, figures) in ENGINES.iter().zip(&mut figures) {
            figures.push(run_apart(engine, clients)?);
        }
    }
    let first = figures[0][0];
    for other in figures.iter().flatten() {
        if (other.states, other.transitions) != (first.states, first.transitions) {
            return Err(format!("the counts differ: {first:?} and {other:?}"));
        }
    }
    println!("All agree: {} states, {} transitions.\n", first.states, first.transitions);
    println!(
        "{:18} {:>12} {:>12} {:>14} {:>13} {:>13}",
        "", "states/s", "ns/transition", "bytes/state", "times faster", "of its memory"
    );
    let ours = Medians::of(&figures[0]);
    let mut missed = Vec::new();
    for (index, engine) in ENGINES.iter().enumerate() {
        let theirs = Medians::of(&figures[index]);
        let (speed, memory) = (theirs.time / ours.time, ours.memory / theirs.memory);
        println!(
            "{engine:18} {:12.0} {:12.0} {:14.1} {speed:13.2} {memory:13.2}",
            first.states as f64 / theirs.time,
            theirs.time * 1e9 / first.transitions as f64,
            theirs.memory / first.states as f64,
        );
        if speed < SPEED[index] || memory > MEMORY[index] {
            missed.push(format!(
                "{engine}: wanted {} times its speed in {:.2} of its memory",
                SPEED[index], MEMORY[index]
            ));
        }
    }
    println!("\nTime is the processor's, for both; memory is the peak of a fresh process over what it had before.");
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n")) }
}

/// Explores the example with alike clients sorted, and where that is feasible asserts that the sum of orbits is the
/// count without sorting.
pub(crate) fn alike(clients: usize) -> Result<(), String> {
    let sorted = run_apart("winaccept-alike", clients)?;
    println!(
        "{clients} clients alike: {} representatives for {} states and {} transitions; {:.1} s, {:.0} MB",
        sorted.kept,
        sorted.states,
        sorted.transitions,
        sorted.seconds,
        sorted.memory / 1e6,
    );
    if clients > 4 {
        return Ok(());
    }
    let plain = run_apart("winaccept", clients)?;
    if (plain.states, plain.transitions) != (sorted.states, sorted.transitions) {
        return Err(format!("unreduced it differs: {} states, {} transitions", plain.states, plain.transitions));
    }
    println!("Equal to the unreduced run: {:.1} s, {:.0} MB.", plain.seconds, plain.memory / 1e6);
    Ok(())
}

struct Medians {
    time: f64,
    memory: f64,
}

impl Medians {
    fn of(figures: &[Figures]) -> Medians {
        let median = |of: fn(&Figures) -> f64| {
            let mut all: Vec<f64> = figures.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let time = |figures: &Figures| if figures.processor > 0.0 { figures.processor } else { figures.seconds };
        Medians { time: median(time), memory: median(|figures| figures.memory) }
    }
}
