//! Prints how many bytes an idle open connection takes, both its ends together, with an allocator that counts:
//! `winaccept-bench-memory WHERE CONNECTIONS`. A program of its own, because counting makes allocating slower.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::cell::Cell;
use std::process::ExitCode;
use std::rc::Rc;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use winaccept_bench::network::Network;
use winaccept_bench::{peer, whole};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const USAGE: &str = "usage: winaccept-bench-memory step|whole|turmoil CONNECTIONS";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match &words[..] {
        [kind, connections] => match (kind.as_str(), connections.parse()) {
            ("step", Ok(connections)) => idle(connections, in_world),
            ("whole", Ok(connections)) => idle(connections, in_load),
            ("turmoil", Ok(connections)) => idle(connections, in_turmoil),
            _ => Err(USAGE.to_owned()),
        },
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(bytes) => println!("{bytes:.1}"),
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Bytes per connection; what is there without any is not theirs.
fn idle(connections: usize, held: fn(usize) -> Result<f64, String>) -> Result<f64, String> {
    // Whatever is made once and kept is made by the first.
    held(0)?;
    Ok((held(connections)? - held(0)?) / connections as f64)
}

fn bytes(region: &Region<'_, System>) -> f64 {
    let change = region.change();
    change.bytes_allocated as f64 - change.bytes_deallocated as f64
}

/// Bytes that a world takes while so many connections are open.
fn in_world(connections: usize) -> Result<f64, String> {
    let region = Region::new(ALLOCATOR);
    let mut network = Network::new(connections, 0);
    network.fill(connections)?;
    let held = bytes(&region);
    drop(network);
    Ok(held)
}

/// Bytes that a load run takes while so many connections are open, of which the program has accepted each.
fn in_load(connections: usize) -> Result<f64, String> {
    let held = Rc::new(Cell::new(0.0));
    let noted = Rc::clone(&held);
    let region = Region::new(ALLOCATOR);
    whole::idle(connections as u64, move || noted.set(bytes(&region)))?;
    Ok(held.get())
}

/// The same of turmoil.
fn in_turmoil(connections: usize) -> Result<f64, String> {
    let mut held = 0.0;
    let region = Region::new(ALLOCATOR);
    peer::idle(connections, || held = bytes(&region))?;
    Ok(held)
}
