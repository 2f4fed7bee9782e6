//! The machine behind accepting a Winsock connection.
//!
//! A [`world::World`] is plain data. [`step::Machine::step`] lets one [`step::Event`] happen to it: a call by a
//! thread, a segment that arrives or is lost, a timer, a fault. What happens is decided by [`rules`]: named literals
//! that cite the clauses they implement. Where the documents leave a choice, a [`profile::Profile`] says what is
//! allowed and a [`profile::Tape`] which of it happens.
//!
//! No I/O, no clock, no threads, no randomness, no dependencies. The features `arbitrary` and `proptest`, off by default, add
//! random calls for tests of your own. `docs/model.md` tells how a step runs, and how to add a rule, a choice point, a call.
//!
//! ```
//! use winaccept_model::call::{Call, Family, ProcessId, SockType, ThreadId};
//! use winaccept_model::code::Code;
//! use winaccept_model::outcome::Value;
//! use winaccept_model::profile::{Profile, Tape};
//! use winaccept_model::rule::Effects;
//! use winaccept_model::step::{Event, Machine};
//! use winaccept_model::world::{Process, Room, World};
//!
//! // One process with one thread, which has room for a socket, and a machine that may do whatever the documents leave open.
//! let room = Room::new(ProcessId(0), 1, 0);
//! let mut world = World::new(&[Process::default()], &[room]);
//! let machine = Machine::new(Profile::widest("anything"));
//!
//! let socket = Call::Socket { family: Family::Inet, kind: SockType::Stream };
//! let mut effects = Effects::default();
//! machine.step(&mut world, Event::Call(ThreadId(0), socket), &mut Tape::default(), &mut effects);
//!
//! // Nobody has called WSAStartup.
//! let (_, outcome) = effects.returns[0];
//! assert_eq!((outcome.value, outcome.error), (Value::InvalidSocket, Code::WSANOTINITIALISED));
//! assert_eq!(effects.fired[0].name, "socket.not-initialised");
//! ```
#![forbid(unsafe_code)]

#[cfg(any(feature = "arbitrary", feature = "proptest"))]
pub mod arbitrary;
pub mod at;
pub mod bytes;
pub mod call;
pub mod calls;
pub mod choice;
pub mod code;
mod complete;
mod decide;
mod engine;
mod frame;
pub mod id;
pub mod invariant;
pub mod kind;
pub mod limit;
pub mod list;
mod look;
mod machine;
mod noted;
pub mod operation;
pub mod outcome;
pub mod owned;
pub mod parts;
mod peer;
pub mod profile;
pub mod rule;
pub mod rules;
mod slab;
pub mod small;
pub mod status;
pub mod step;
#[cfg(test)]
mod tests;
mod wait;
pub mod world;
