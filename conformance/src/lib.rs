//! The conformance suite: scenario language, stacks, verdicts, reports, and the `winaccept` command.

pub mod lang;
pub mod spec;
pub mod stack;
