//! How many scenarios a second the model runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use winaccept_lang::parse;
use winaccept_lang::profiles::Choices;
use winaccept_model::step::Machine;
use winaccept_sim::run::{Guide, run};
use winaccept_sim::scenario::Scenario;

/// How often all scenarios are run.
const ROUNDS: usize = 5;
/// Scenarios that take longer than this, in seconds, explore so much that they are measured as explorations.
const LONG: f64 = 0.1;

/// Runs all bundled scenarios, each ready to run, under the documented profile.
pub(crate) fn scenarios() -> Result<(), String> {
    let machine = Machine::new(Choices::bundled().profile("documented")?);
    let mut programs = Vec::new();
    let mut long = 0;
    for program in bundled()? {
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

/// The scenarios of this repository, ready to run, in the order of their files.
fn bundled() -> Result<Vec<Scenario>, String> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/scenarios"), &mut files)?;
    files.sort();
    let read = |file: &PathBuf| {
        let source = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let script = parse(&source, &file.to_string_lossy(), &|_| true).map_err(|problems| problems.render(false))?;
        Scenario::new(&script).map_err(|problem| format!("{}: {}", file.display(), problem.message))
    };
    files.iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let broken = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(broken)? {
        let path = entry.map_err(broken)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "winaccept") {
            files.push(path);
        }
    }
    Ok(())
}
