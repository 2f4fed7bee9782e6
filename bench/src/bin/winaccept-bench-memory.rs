//! Prints how many bytes an idle open connection takes, both its ends together, with an allocator that counts:
//! `winaccept-bench-memory CONNECTIONS`. A program of its own, because counting makes allocating slower.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use winaccept_bench::network::Network;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    let Some(connections) = std::env::args().nth(1).and_then(|word| word.parse::<usize>().ok()) else {
        eprintln!("usage: winaccept-bench-memory CONNECTIONS");
        return ExitCode::FAILURE;
    };
    match idle(connections) {
        Ok(bytes) => println!("{bytes:.1}"),
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Bytes per connection; what a network takes without any is not theirs.
fn idle(connections: usize) -> Result<f64, String> {
    // Whatever is made once and kept is made by the first.
    held(0)?;
    Ok((held(connections)? - held(0)?) / connections as f64)
}

/// Bytes that a network takes while so many connections are open.
fn held(connections: usize) -> Result<f64, String> {
    let region = Region::new(ALLOCATOR);
    let mut network = Network::new(connections, 0);
    network.fill(connections)?;
    let change = region.change();
    drop(network);
    Ok(change.bytes_allocated as f64 - change.bytes_deallocated as f64)
}
