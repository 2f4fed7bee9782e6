//! The conformance suite: scenario language, stacks, verdicts, reports, and the `winaccept` command.

pub mod chart;
pub mod cli;
pub mod coverage;
pub mod evidence;
pub mod explain;
pub mod graph;
pub mod judge;
pub mod live;
pub mod output;
pub mod page;
pub mod report;
pub mod schemas;
pub mod scope;
pub mod spec;
pub mod stack;
pub mod suite;
pub mod survivors;
pub mod verdict;
pub mod waiting;

pub use winaccept_lang as lang;
pub use winaccept_lang::profiles;
