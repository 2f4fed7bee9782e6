//! A deterministic network and scheduler around the winaccept model.
//!
//! [`script::Script`] is a scenario as data, [`program::Program`] the same made ready to run. [`run::run`] plays it step
//! by step and tells what the profile allows at each; [`explore`] visits every interleaving of what a script leaves open.
#![forbid(unsafe_code)]

pub mod config;
pub mod explore;
pub mod limit;
pub mod observe;
pub mod program;
pub mod run;
pub mod script;
pub mod trace;
