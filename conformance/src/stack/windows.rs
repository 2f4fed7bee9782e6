//! Windows' own ws2_32 as a stack, and the worker that calls it: on Windows, and on every Wine.
//!
//! All unsafe code of this crate is below this module.

mod actor;
mod address;
mod condition;
mod connections;
mod identity;
mod opened;
mod output;
mod own;
mod pass;
mod perform;
mod waiting;
mod worker;

use super::CommandStack;

pub use worker::worker_main;

/// The ws2_32 of this machine, called by worker processes that are this same executable.
///
/// # Errors
/// When the worker cannot be started.
pub fn windows() -> Result<CommandStack, String> {
    let exe = std::env::current_exe().map_err(|error| format!("this executable cannot be found: {error}"))?;
    CommandStack::start(vec![exe.into(), "worker".into()])
}
