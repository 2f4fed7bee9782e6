//! Programs in the simulator: an accept loop, written as it would be for Winsock, runs as coroutines on the winaccept model,
//! and a search looks for the clients, the faults and the schedule that break it.
//!
//! ```
//! use winaccept_program::{Fuzz, Winsock};
//!
//! fn server(w: &Winsock) {
//!     let listener = w.listener(5).expect("nothing has failed yet");
//!     // The bug: an error of a moment, or of one connection, ends the loop for everybody.
//!     while let Ok(client) = w.accept(listener) {
//!         let _ = w.closesocket(client);
//!     }
//! }
//!
//! let finding = Fuzz::new(server).run().expect_err("the loop ends");
//! assert_eq!(finding.judge.name(), "alive");
//! // A descriptor was wanting, for half a second.
//! assert!(finding.scenario.contains("accept(L, NULL, NULL) = INVALID_SOCKET WSAEMFILE"), "{}", finding.scenario);
//! // The same again, from what the finding says.
//! assert_eq!(Fuzz::new(server).replay(&finding.replay).unwrap_err().scenario, finding.scenario);
//! ```
//!
//! [`Winsock`] has the calls by their documented names; [`Fuzz`] searches; [`Load`] runs it under load; a [`Finding`] is a
//! scenario that `winaccept run` and `winaccept show` take. [`museum`] shows loops that broke in the field.
#![forbid(unsafe_code)]

#[cfg(any(feature = "arbitrary", feature = "proptest"))]
pub mod arbitrary;
mod client;
mod condition;
mod crew;
mod draw;
mod engine;
mod finding;
mod fuzz;
mod hinge;
pub mod interface;
mod judge;
mod load;
pub mod museum;
mod options;
mod outcomes;
mod overlapped;
mod phase;
mod plan;
mod record;
mod requests;
mod routine;
mod scenario;
mod shrink;
mod sign;
mod sync;
mod visits;
mod watch;
mod winsock;

pub use client::Behaviour;
pub use condition::{Caller, Decision};
pub use draw::Schedule;
pub use finding::{Finding, Passed};
pub use fuzz::{Fuzz, Once, RUNS, Retold, Whole};
pub use hinge::Hinge;
pub use interface::Program;
pub use judge::Judge;
pub use load::{Load, Served, Stopped};
pub use outcomes::{Branch, Coverage, Met, Next, branch, merge};
pub use overlapped::{CompletionPort, Overlapped, OverlappedId, Packet};
pub use plan::{Fault, Plan};
pub use routine::{Completion, Routine, Woken};
pub use sync::{Lock, Queue};
pub use winaccept_model::call::{
    Address, Call, Data, Family, Handle, How, Ip, NetworkEvents, Opt, OptVal, PollEvents, Port, Timeout,
};
pub use winaccept_model::code::Code;
pub use winaccept_model::operation::Message;
pub use winaccept_model::outcome::{Out, Outcome, Value};
pub use winaccept_model::world::EventErrors;
// All that stands in a `Call` or an `Outcome`.
pub use winaccept_model::{call, outcome};
pub use winaccept_sim::script::FaultKind;
pub use winsock::{Error, Event, Socket, Thread, Winsock};
