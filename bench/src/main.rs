//! Benchmarks: `cargo run --release -p winaccept-bench -- explore`, `-- alike 6`, `-- scenarios`; and, with an allocator
//! that counts, `cargo bench -p winaccept-bench`.
#![forbid(unsafe_code)]

mod compare;
mod engine;
mod process;
mod rivals;
mod scenarios;

use std::process::ExitCode;

const USAGE: &str =
    "usage: winaccept-bench explore [CLIENTS [ROUNDS]] | alike CLIENTS | scenarios | one ENGINE CLIENTS";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |at: usize, otherwise: usize| words.get(at).map_or(Some(otherwise), |word| word.parse().ok());
    let done = match (words.first().copied(), number(1, 4), number(2, 3)) {
        (Some("explore"), Some(clients), Some(rounds)) => compare::explore(clients, rounds),
        (Some("alike"), Some(clients), _) => compare::alike(clients),
        (Some("scenarios"), _, _) => scenarios::scenarios(),
        // A fresh process each: memory is measured at its peak, and nobody profits from another's warm heap.
        (Some("one"), _, Some(clients)) => engine::run_here(words.get(1).copied().unwrap_or_default(), clients),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
