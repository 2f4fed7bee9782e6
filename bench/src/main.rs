//! Benchmarks: `cargo run --release -p winaccept-bench -- figures`, and the other words of its usage; with an allocator that
//! counts, `cargo bench -p winaccept-bench`. docs/performance.md tells what is measured, and what came of it.
#![forbid(unsafe_code)]

mod callgrind;
mod compare;
mod dist;
mod engine;
mod figures;
mod measure;
mod rivals;
mod room;
mod scenarios;
mod turmoil;

use std::process::ExitCode;

const USAGE: &str = "\
usage: winaccept-bench figures               what a change is judged by, as JSON: instructions, bytes, ratios
       winaccept-bench gates                 those of them that are exact, and whether one is more than it may be
       winaccept-bench open [CONNECTIONS]    a network of so many open connections, a million if not said otherwise
       winaccept-bench whole [ROUNDS]        a whole load against turmoil
       winaccept-bench explore [CLIENTS [ROUNDS]]    the backlog example against stateright
       winaccept-bench alike CLIENTS         the same with alike clients sorted
       winaccept-bench scenarios             how many scenarios a second";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments, &words) {
        Ok(status) => status,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String], words: &[&str]) -> Result<ExitCode, String> {
    let number = |at: usize, otherwise: usize| match words.get(at) {
        None => Ok(otherwise),
        Some(word) => word.parse().map_err(|_| format!("error: `{word}` is no number\n{USAGE}")),
    };
    match words {
        // A fresh process each: memory is measured at its peak, and nobody profits from another's warm heap.
        ["one", engine, _] => engine::run_here(engine, number(2, 3)?)?,
        ["measure", work @ ..] => measure::measure(work)?,
        ["figures" | "gates" | "open" | "whole" | "explore" | "alike" | "scenarios", ..] if !dist::is_this()? => {
            return dist::run(arguments);
        }
        ["figures"] => figures::figures()?,
        ["gates"] => figures::gates()?,
        ["open", ..] => room::open(number(1, 1_000_000)?)?,
        ["explore", ..] => compare::explore(number(1, 4)?, number(2, 3)?)?,
        ["alike", ..] => compare::alike(number(1, 4)?)?,
        ["whole", ..] => println!("{:.2}", turmoil::whole(number(1, 5)?)?),
        ["scenarios"] => scenarios::scenarios()?,
        _ => return Err(USAGE.to_owned()),
    }
    Ok(ExitCode::SUCCESS)
}
