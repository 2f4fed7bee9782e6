//! A deterministic network and scheduler around the winaccept model.
//!
//! [`script::Script`] is a scenario as data, [`scenario::Scenario`] the same made ready to run. [`run::run`] plays it step
//! by step and tells what the profile allows at each; [`explore`] visits every interleaving of what a script leaves open.
#![forbid(unsafe_code)]

mod branch;
pub mod config;
mod distinct;
pub mod draw;
pub mod explore;
mod guide;
mod happen;
pub mod limit;
mod log;
pub mod observe;
mod quiet;
pub mod run;
pub mod scenario;
pub mod script;
mod take;
pub mod trace;
