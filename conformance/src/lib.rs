//! The conformance suite: stacks, verdicts, evidence, reports, and what the `winaccept` command does.
//!
//! ```
//! use winaccept::judge::model;
//! use winaccept::profiles::Choices;
//! use winaccept::suite::Scenario;
//! use winaccept::verdict::Verdict;
//! use winaccept_model::step::Machine;
//!
//! let text = br#"scenario "accept before listen"
//!
//! server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L
//! server  accept(L, NULL, NULL) = INVALID_SOCKET WSAEINVAL  shows accept.err.WSAEINVAL.no-listen
//! "#;
//! let scenario = Scenario::read(text, "mine.winaccept")?;
//! let machine = Machine::new(Choices::bundled().profile("documented")?);
//! assert_eq!(model(&scenario, &machine).verdict, Verdict::Pass);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod chart;
pub mod cli;
pub mod compare;
pub mod corners;
pub mod coverage;
pub mod evidence;
pub mod explain;
pub mod graph;
pub mod judge;
pub mod learn;
pub mod learned;
pub mod live;
pub mod output;
mod parallel;
pub mod problem;
pub mod report;
pub mod schemas;
pub mod spec;
pub mod stack;
pub mod suite;
pub mod survivors;
pub mod verdict;
pub mod waiting;
pub mod watch;

pub use winaccept_chart::page;
pub(crate) use winaccept_chart::{svg, xml};
pub use winaccept_lang as lang;
pub use winaccept_lang::profiles;
