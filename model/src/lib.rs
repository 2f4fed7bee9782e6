//! The machine behind accepting a Winsock connection.
//!
//! A [`world::World`] is plain data. [`step::Machine::step`] lets one [`step::Event`] happen to it: a call by a
//! thread, a segment that arrives or is lost, a timer, a fault. What happens is decided by [`rules`]: named literals
//! that cite the clauses they implement. Where the documents leave a choice, a [`profile::Profile`] says what is
//! allowed and a [`profile::Tape`] which of it happens.
//!
//! No I/O, no clock, no threads, no randomness, no dependencies.
#![forbid(unsafe_code)]

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
pub mod list;
mod look;
pub mod operation;
pub mod outcome;
pub mod owned;
pub mod parts;
pub mod profile;
pub mod rule;
pub mod rules;
mod slab;
pub mod small;
pub mod status;
pub mod step;
mod wait;
pub mod world;
