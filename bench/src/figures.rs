//! The figures that a change is judged by, as one JSON object.
//!
//! Instructions and bytes are exact: the same build gives the same numbers on a busy machine. What is compared with
//! another program is a ratio of times, the median of alternating rounds.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::{Figures, run_apart};
use crate::turmoil::{self, median};
use crate::{callgrind, dist};
use winaccept_bench::whole;

/// How often the comparisons are repeated.
const ROUNDS: usize = 5;
/// How many idle connections are weighed.
const IDLE: usize = 100_000;

/// The most that an exact figure may be: what it was when this was written and a twentieth, or what is aimed at where that is
/// reached. They go down.
const GATES: [(&str, f64); 9] = [
    ("cycle.10", 8_490.0),
    ("cycle.100000", 8_610.0),
    ("idle_bytes", 256.0),
    ("waiters.10", 10_180.0),
    ("waiters.10000", 10_180.0),
    ("explore.instructions_per_transition", 470.0),
    ("whole.instructions", 14_280.0),
    ("whole.idle_bytes", 262.0),
    ("whole.switch_instructions", 120.0),
];
/// How many connections stay open while others come and go, and how many are counted then and before.
const BESIDE: [u64; 2] = [1_000, 1_000_000];
const COUNTED: (u64, u64) = (20_000, 100_000);

/// Prints all of them.
///
/// # Errors
/// When something cannot be measured at all. What the model has no room for is `null`, and standard error says why.
pub(crate) fn figures() -> Result<(), String> {
    let exact = exact()?;
    let shown = |name: &str| {
        let found = exact.iter().find(|(found, _)| *found == name).and_then(|(_, number)| *number);
        found.map_or("null".to_owned(), |number| number.to_string())
    };
    println!(r#"{{"cycle": {{"10": {}, "100000": {}}},"#, shown("cycle.10"), shown("cycle.100000"));
    println!(r#" "idle_bytes": {},"#, shown("idle_bytes"));
    println!(r#" "waiters": {{"10": {}, "10000": {}}},"#, shown("waiters.10"), shown("waiters.10000"));
    println!(
        r#" "explore": {{"instructions_per_transition": {}, "bytes_per_state": {:.1},"#,
        shown("explore.instructions_per_transition"),
        bytes_per_state()?
    );
    let [key, world] = ["stateright-key", "stateright-world"].map(against);
    println!(r#"  "against_key": {:.2}, "against_world": {:.2}}},"#, key?, world?);
    println!(r#" "turmoil": {{"step": {:.2}}},"#, turmoil::step(ROUNDS)?);
    println!(r#" "whole": {{"against_turmoil": {:.2},"#, turmoil::whole(ROUNDS)?);
    println!(r#"  "against_turmoil_hosts": {:.2},"#, turmoil::whole_of_hosts()?);
    let turmoils = bytes_of_turmoil()?;
    let ours = exact.iter().find(|(name, _)| *name == "whole.idle_bytes").and_then(|(_, bytes)| *bytes);
    let ratio = ours.map_or("null".to_owned(), |ours| format!("{:.3}", ours / turmoils));
    println!(r#"  "idle_bytes": {}, "turmoil_idle_bytes": {turmoils},"#, shown("whole.idle_bytes"));
    println!(r#"  "idle_ratio": {ratio}, "cost_ratio_1000000_to_1000": {:.2},"#, cost_ratio()?);
    let (instructions, switch) = (shown("whole.instructions"), shown("whole.switch_instructions"));
    println!(r#"  "instructions": {instructions}, "switch_instructions": {switch}}}}}"#);
    Ok(())
}

/// How many times as much a connection costs beside a million that stay as beside a thousand: the median of alternating rounds.
fn cost_ratio() -> Result<f64, String> {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let [few, many] = BESIDE.map(|idle| whole::beside(idle, COUNTED.0, COUNTED.1));
        ratios.push(many? / few?);
    }
    Ok(median(ratios))
}

/// What an idle connection takes in turmoil.
fn bytes_of_turmoil() -> Result<f64, String> {
    idle_bytes(&dist::folder()?, "turmoil").map_err(|not| match not {
        Not::Room(problem) | Not::Failed(problem) => problem,
    })
}

/// Prints the exact figures beside their gates, and fails where one is higher.
///
/// # Errors
/// When something cannot be measured, or is more than its gate.
pub(crate) fn gates() -> Result<(), String> {
    let mut missed = Vec::new();
    for ((name, number), (gate, most)) in exact()?.into_iter().zip(GATES) {
        assert_eq!(name, gate, "each exact figure has its gate");
        match number {
            None => println!("{name:36} {:>10}  (at most {most})", "null"),
            Some(number) => println!("{name:36} {number:10}  (at most {most})"),
        }
        if number.is_some_and(|number| number > most) {
            missed.push(format!("error: {name} is more than {most}"));
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n")) }
}

/// What does not depend on how busy the machine is, in the order of [`GATES`].
fn exact() -> Result<Vec<(&'static str, Option<f64>)>, String> {
    callgrind::available()?;
    let folder = dist::folder()?;
    let program = folder.join(format!("winaccept-bench{}", std::env::consts::EXE_SUFFIX));
    let names = GATES.map(|(name, _)| name);
    let measured = names.map(|name| match name.split_once('.') {
        Some(("cycle", open)) => per_round(&program, &["cycle", open]),
        Some(("waiters", many)) => per_round(&program, &["waiter", many]),
        Some(("whole", "instructions")) => per_round(&program, &["whole"]),
        // In each round two threads give way once.
        Some(("whole", "switch_instructions")) => per_round(&program, &["switch"]).map(|both| both / 2.0),
        Some(("whole", _)) => idle_bytes(&folder, "whole"),
        None => idle_bytes(&folder, "step"),
        Some(_) => per_transition(&program),
    });
    names.into_iter().zip(measured).map(|(name, number)| Ok((name, if_there_is_room(name, number)?))).collect()
}

/// Why something was not measured.
enum Not {
    /// The model has no room for it.
    Room(String),
    Failed(String),
}

fn if_there_is_room(name: &str, measured: Result<f64, Not>) -> Result<Option<f64>, String> {
    match measured {
        Ok(number) => Ok(Some(number)),
        Err(Not::Room(limit)) => {
            eprintln!("{name} is null: {limit}");
            Ok(None)
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
fn per_round(program: &Path, work: &[&str]) -> Result<f64, Not> {
    const MORE: u64 = 1_000;
    let with = |rounds: &'static str| [&["measure"], work, &[rounds]].concat();
    run(program, &with("1"))?;
    let count = |rounds| callgrind::count(program, &with(rounds)).map_err(Not::Failed);
    Ok(((count("2000")? - count("1000")?) / MORE) as f64)
}

/// Bytes that an idle connection takes, both ends together.
fn idle_bytes(folder: &Path, kind: &str) -> Result<f64, Not> {
    let program: PathBuf = folder.join(format!("winaccept-bench-memory{}", std::env::consts::EXE_SUFFIX));
    number(&run(&program, &[kind, &IDLE.to_string()])?)
}

fn number(text: &str) -> Result<f64, Not> {
    text.parse().map_err(|_| Not::Failed(format!("error: `{text}` is no number")))
}

/// Instructions per transition of the backlog example with three clients.
fn per_transition(program: &Path) -> Result<f64, Not> {
    let transitions = number(&run(program, &["measure", "explore", "3"])?)?;
    let count = |work| callgrind::count(program, &["measure", work, "3"]).map_err(Not::Failed);
    Ok(((count("explore")? - count("setting")?) as f64 / transitions).round())
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
