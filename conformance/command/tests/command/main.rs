//! The command as a user meets it, in one test program: each costs its link and its place on the disk.

mod compare;
mod errors;
mod explain;
mod explore;
mod fmt;
mod graph;
mod input;
#[cfg(unix)]
mod interrupt;
mod names;
mod outputs;
#[cfg(not(windows))]
mod parts;
mod pictures;
mod profile;
mod readme;
mod results;
mod running;
mod show;
mod tutorial;
mod widths;
#[cfg(unix)]
mod worker;
