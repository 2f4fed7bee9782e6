//! What the benchmarks measure: one step, scenarios on the model, an exploration against stateright.
#![forbid(unsafe_code)]

pub mod backlog;
pub mod network;
pub mod process;
