//! What the benchmarks measure: one step, scenarios on the model, an exploration against stateright, a whole load.
#![forbid(unsafe_code)]

pub mod backlog;
pub mod network;
pub mod peer;
pub mod process;
pub mod whole;
