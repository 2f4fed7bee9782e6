//! The conformance suite: scenario language, stacks, verdicts, reports, and the `winaccept` command.

pub mod cli;
pub mod lang;
pub mod never;
pub mod profiles;
pub mod spec;
pub mod stack;
pub mod suite;
pub mod verdict;
