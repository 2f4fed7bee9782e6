//! What spans the crates, in one test program: each costs its link and its place on the disk.
#![forbid(unsafe_code)]

mod arbitrary;
mod captures;
mod explore;
mod random;
mod rules;
mod seeds;
mod tidy;
mod traces;
mod windows8;
