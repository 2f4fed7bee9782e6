//! A deterministic network and scheduler around the winaccept model.
//!
//! [`script::Script`] is a scenario as data, [`scenario::Scenario`] the same made ready to run. [`run::run`] plays it step
//! by step and tells what the profile allows at each; [`explore`] visits every interleaving of what a script leaves open.
//!
//! ```
//! use winaccept_lang::profiles::Choices;
//! use winaccept_model::step::Machine;
//! use winaccept_sim::explore::{Options, explore};
//! use winaccept_sim::scenario::Scenario;
//!
//! let text = r#"scenario "who comes first"
//!
//! server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L
//! server  bind(L, 127.0.0.1:0) = 0
//! server  listen(L, 1) = 0
//! any order {
//!   client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
//!   client  connect(C, L) = 0
//!   server  accept(L, NULL, NULL) = A
//! }
//! "#;
//! // Scripts are mostly written in the language of scenarios, which is a crate of its own.
//! let script = winaccept_lang::parse(text.as_bytes(), "example", &|_| true).expect("it is a scenario");
//! let scenario = Scenario::new(&script).expect("it fits a world");
//! let machine = Machine::new(Choices::bundled().profile("documented").expect("it is one of the profiles"));
//!
//! let report = explore(&scenario, &machine, &Options::default());
//! assert!(report.complete && report.violations.is_empty());
//! assert!(report.transitions > report.states, "some states are reached in several ways");
//! ```
#![forbid(unsafe_code)]

mod branch;
pub mod config;
mod distinct;
pub mod draw;
pub mod ends;
pub mod explore;
mod guide;
mod happen;
pub mod learned;
pub mod limit;
pub mod limits;
mod log;
mod numbers;
pub mod observe;
mod peer;
mod quiet;
pub mod run;
pub mod scenario;
pub mod scope;
pub mod script;
mod take;
pub mod trace;
pub mod track;
