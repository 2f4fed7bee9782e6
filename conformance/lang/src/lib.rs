//! The scenario language, from text to a [`Script`](winaccept_sim::script::Script) and back, and the profiles.
//!
//! `docs/language.md` is the grammar page; this module is what it describes. Reading goes in three layers:
//! `token` cuts the text into words, `cursor` walks over them and words the complaints, and the modules named
//! after constructs turn them into the script while `scope` keeps track of what is bound and who is blocked.
//! [`profiles`] reads what is known of each stack, so that a script can be run with nothing but this crate and the two it
//! stands on.
//!
//! ```
//! use winaccept_lang::profiles::Choices;
//! use winaccept_lang::{format_source, parse, render_action};
//! use winaccept_model::step::Machine;
//! use winaccept_sim::run::{Guide, run};
//! use winaccept_sim::scenario::Scenario;
//!
//! let text = "scenario \"nobody listens\"\n\nclient accept(handle(0x7),NULL,NULL)=INVALID_SOCKET WSAENOTSOCK\n";
//! let script = parse(text.as_bytes(), "example", &|_clause| true)?;
//! assert!(format_source(text, "example")?.ends_with("client  accept(handle(0x7), NULL, NULL) = INVALID_SOCKET WSAENOTSOCK\n"));
//!
//! let scenario = Scenario::new(&script).map_err(|too_large| too_large.message)?;
//! assert_eq!(render_action(&scenario.steps[0].action, &script), "accept(handle(0x7), NULL, NULL)");
//!
//! let machine = Machine::new(Choices::bundled().profile("windows")?);
//! let played = run(&scenario, &machine, Guide::Expectations);
//! assert_eq!(played.steps[0].allowed.len(), 1);
//!
//! // Whatever is wrong with a scenario is told with its place and what to do about it.
//! let problems = parse(b"scenario \"a\"\n\nclient acept(L, NULL, NULL)\n", "example", &|_| true).unwrap_err();
//! assert!(problems.to_string().contains("did you mean `accept`?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod actor;
mod argument;
mod block;
pub mod bundle;
mod call;
mod cursor;
mod declaration;
mod diagnostic;
mod ending;
mod expectation;
pub mod file;
mod format;
mod happening;
mod kind;
pub mod limits;
mod literal;
mod observation;
mod parser;
mod peer;
pub mod profiles;
pub mod random;
mod render;
mod reserved;
mod scope;
mod signature;
mod step;
mod suggest;
mod token;
mod variable;
mod whole;

pub use diagnostic::{Diagnostic, Diagnostics, too_large};
pub use format::format_source;
pub use observation::parse_observed;
pub use parser::parse;
pub use render::{render_action, render_call, render_expect, render_observed, render_pattern, render_value};
pub use whole::{Comment, render_never, render_script};
