//! One exploration in one process, and its figures as a line of text.

use std::process::Command;
use std::time::Instant;

use winaccept_bench::backlog::{self, Setting};
use winaccept_bench::process;
use winaccept_sim::explore::{Options, explore};

use crate::rivals;

/// The engines that are compared.
pub(crate) const ENGINES: [&str; 3] = ["winaccept", "stateright-key", "stateright-world"];

/// What one run found, and what it took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Distinct states.
    pub(crate) states: u64,
    /// Transitions.
    pub(crate) transitions: u64,
    /// States kept.
    pub(crate) kept: u64,
    /// Time by the clock, in seconds.
    pub(crate) seconds: f64,
    /// Processor time, in seconds.
    pub(crate) processor: f64,
    /// Peak memory over that of the process before the run, in bytes.
    pub(crate) memory: f64,
}

impl Figures {
    fn parse(line: &str) -> Option<Figures> {
        let mut words = line.split_whitespace();
        let mut next = || words.next();
        Some(Figures {
            states: next()?.parse().ok()?,
            transitions: next()?.parse().ok()?,
            kept: next()?.parse().ok()?,
            seconds: next()?.parse().ok()?,
            processor: next()?.parse().ok()?,
            memory: next()?.parse().ok()?,
        })
    }
}

/// Runs an engine in a process of its own.
pub(crate) fn run_apart(engine: &str, clients: usize) -> Result<Figures, String> {
    let itself = std::env::current_exe().map_err(|error| format!("this program cannot find itself: {error}"))?;
    let output = Command::new(itself).args(["one", engine, &clients.to_string()]).output();
    let output = output.map_err(|error| format!("{engine} does not start: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Figures::parse(&text)
        .ok_or_else(|| format!("{engine} with {clients} clients failed:\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// Runs an engine in this process and prints its figures.
pub(crate) fn run_here(engine: &str, clients: usize) -> Result<(), String> {
    let (program, machine) = (backlog::program(clients), backlog::machine());
    let before = process::peak_memory().unwrap_or_default();
    let (clock, processor) = (Instant::now(), process::processor_seconds().unwrap_or_default());
    let (states, transitions, kept) = match engine {
        "winaccept" | "winaccept-alike" => {
            let options = Options { symmetry: engine == "winaccept-alike", ..Options::default() };
            let report = explore(&program, &machine, &options);
            if !report.complete || !report.violations.is_empty() {
                return Err(format!("not as it should be: {:?}", report.violations));
            }
            (report.states, report.transitions, report.representatives.unwrap_or(report.states))
        }
        "stateright-key" => rivals::key(Setting::new(clients)),
        "stateright-world" => rivals::world(Setting::new(clients)),
        _ => return Err(format!("no engine is called {engine}")),
    };
    let seconds = clock.elapsed().as_secs_f64();
    let processor = process::processor_seconds().unwrap_or_default() - processor;
    let memory = process::peak_memory().unwrap_or_default().saturating_sub(before);
    println!("{states} {transitions} {kept} {seconds} {processor} {memory}");
    Ok(())
}
