//! The figures that a change is judged by, as one JSON object.
//!
//! Instructions and bytes are exact: the same build gives the same numbers on a busy machine. What is compared with
//! another program is a ratio of times, the median of alternating rounds.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::{Figures, run_apart};
use crate::{callgrind, dist, turmoil};

/// How often the comparisons are repeated.
const ROUNDS: usize = 5;
/// How many idle connections are weighed.
const IDLE: usize = 100_000;

/// Prints all of them.
///
/// # Errors
/// When something cannot be measured at all. What the model has no room for is `null`, and standard error says why.
pub(crate) fn figures() -> Result<(), String> {
    callgrind::available()?;
    let folder = dist::folder()?;
    let program = folder.join(format!("winaccept-bench{}", std::env::consts::EXE_SUFFIX));
    let cycle = |open: &str| if_there_is_room(&format!("cycle.{open}"), per_round(&program, &["cycle", open]));
    let waiters = |many: &str| if_there_is_room(&format!("waiters.{many}"), per_round(&program, &["waiter", many]));
    println!(r#"{{"cycle": {{"10": {}, "100000": {}}},"#, cycle("10")?, cycle("100000")?);
    println!(r#" "idle_bytes": {},"#, if_there_is_room("idle_bytes", idle_bytes(&folder))?);
    println!(r#" "waiters": {{"10": {}, "10000": {}}},"#, waiters("10")?, waiters("10000")?);
    println!(
        r#" "explore": {{"instructions_per_transition": {}, "bytes_per_state": {:.1},"#,
        per_transition(&program)?,
        bytes_per_state()?
    );
    let [key, world] = ["stateright-key", "stateright-world"].map(against);
    println!(r#"  "against_key": {:.2}, "against_world": {:.2}}},"#, key?, world?);
    println!(r#" "turmoil": {{"step": {:.2}}}}}"#, turmoil::step(ROUNDS)?);
    Ok(())
}

/// Why something was not measured.
enum Not {
    /// The model has no room for it.
    Room(String),
    Failed(String),
}

fn if_there_is_room<T: ToString>(what: &str, measured: Result<T, Not>) -> Result<String, String> {
    match measured {
        Ok(number) => Ok(number.to_string()),
        Err(Not::Room(limit)) => {
            eprintln!("{what} is null: {limit}");
            Ok("null".to_owned())
        }
        Err(Not::Failed(problem)) => Err(problem),
    }
}

/// Runs a program for what it prints.
fn run(program: &Path, arguments: &[&str]) -> Result<String, Not> {
    let output = Command::new(program).args(arguments).output();
    let output =
        output.map_err(|error| Not::Failed(format!("error: {} does not start: {error}", program.display())))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match said.lines().find(|line| line.starts_with("limit: ")) {
        _ if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Some(limit) => Err(Not::Room(limit.to_owned())),
        None => Err(Not::Failed(format!("error: {arguments:?}: {}\n{said}", output.status))),
    }
}

/// Instructions per round: what a thousand more rounds cost, so that nothing of the beginning is in it.
fn per_round(program: &Path, work: &[&str]) -> Result<u64, Not> {
    const MORE: u64 = 1_000;
    let with = |rounds: &'static str| [&["measure"], work, &[rounds]].concat();
    run(program, &with("1"))?;
    let count = |rounds| callgrind::count(program, &with(rounds)).map_err(Not::Failed);
    Ok((count("2000")? - count("1000")?) / MORE)
}

/// Bytes that an idle connection takes, both ends together.
fn idle_bytes(folder: &Path) -> Result<String, Not> {
    let program: PathBuf = folder.join(format!("winaccept-bench-memory{}", std::env::consts::EXE_SUFFIX));
    run(&program, &[&IDLE.to_string()])
}

/// Instructions per transition of the backlog example with three clients.
fn per_transition(program: &Path) -> Result<u64, String> {
    let failed = |not| match not {
        Not::Room(problem) | Not::Failed(problem) => problem,
    };
    let transitions = run(program, &["measure", "explore", "3"]).map_err(failed)?;
    let transitions: u64 = transitions.parse().map_err(|_| format!("error: `{transitions}` is no number"))?;
    let whole = callgrind::count(program, &["measure", "explore", "3"])?;
    let setting = callgrind::count(program, &["measure", "setting", "3"])?;
    Ok((whole - setting) / transitions)
}

/// Bytes per state of the backlog example with four clients, at the peak of a process of its own.
fn bytes_per_state() -> Result<f64, String> {
    let Figures { states, memory, .. } = run_apart("winaccept", 4)?;
    Ok(memory / states as f64)
}

/// How many times the time of our exploration another takes, with three clients and equal counts.
fn against(engine: &str) -> Result<f64, String> {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (ours, theirs) = (run_apart("winaccept", 3)?, run_apart(engine, 3)?);
        if (ours.states, ours.transitions) != (theirs.states, theirs.transitions) {
            return Err(format!("error: the counts differ: {ours:?} and, of {engine}, {theirs:?}"));
        }
        ratios.push(theirs.processor / ours.processor);
    }
    ratios.sort_by(f64::total_cmp);
    Ok(ratios[ROUNDS / 2])
}
