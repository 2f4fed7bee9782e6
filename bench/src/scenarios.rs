//! How many scenarios a second the model runs.

use std::time::Instant;

use winaccept::profiles::Choices;
use winaccept::suite::bundled;
use winaccept_model::step::Machine;
use winaccept_sim::run::{Guide, run};

/// How often all scenarios are run.
const ROUNDS: usize = 5;
/// Scenarios that take longer than this, in seconds, explore so much that they are measured as explorations.
const LONG: f64 = 0.1;

/// Runs all bundled scenarios, each ready to run, under the documented profile.
pub(crate) fn scenarios() -> Result<(), String> {
    let machine = Machine::new(Choices::bundled().profile("documented")?);
    let mut programs = Vec::new();
    let mut long = 0;
    for scenario in bundled()? {
        let program = scenario.program;
        let clock = Instant::now();
        std::hint::black_box(run(&program, &machine, Guide::Expectations));
        if clock.elapsed().as_secs_f64() < LONG { programs.push(program) } else { long += 1 }
    }
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let clock = Instant::now();
            for program in &programs {
                std::hint::black_box(run(program, &machine, Guide::Expectations));
            }
            programs.len() as f64 / clock.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    println!("{} scenarios (and {long} left out that explore for longer than {LONG} s):", programs.len());
    println!("{:.0} scenarios a second (median of {ROUNDS} rounds)", rates[ROUNDS / 2]);
    Ok(())
}
