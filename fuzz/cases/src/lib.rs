//! What a fuzzer calls: one function for each target. Every byte string is a legal case of each, and whatever does not hold panics.
//!
//! `fuzz/` gives these functions to cargo-fuzz; the tests of this crate and its program `winaccept-cases` run them with a stable
//! compiler, over the corpus that is checked in and over cases made from a seed. `docs/fuzz.md` tells how.
#![forbid(unsafe_code)]

pub mod bytes;
pub mod campaign;
mod evidence;
mod machine;
mod model;
mod plan;
mod profile;
mod profiles;
mod program;
mod scenario;
mod text;
mod worker;

pub use model::PROFILES;

/// What is tried with byte strings.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// What has to hold.
    pub holds: &'static str,
    /// Tries it; panics where it does not hold.
    pub tries: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "text",
        holds: "the parser takes any text, tells each error with its place, and the formatter changes nothing but the layout",
        tries: text::tries,
    },
    Target {
        name: "scenario",
        holds: "a scenario that is made up reads as it is written, and no way through it breaks an invariant of the model",
        tries: scenario::tries,
    },
    Target {
        name: "model",
        holds: "whatever happens to a world, under every profile its invariants hold, and the same happens again",
        tries: model::tries,
    },
    Target {
        name: "program",
        holds: "no mended exhibit of the museum is convicted or undecided under any plan, and its replay is the same run",
        tries: program::tries,
    },
    Target {
        name: "evidence",
        holds: "a recording, damaged or not, is read back as it was written, and judged or refused",
        tries: evidence::tries,
    },
    Target {
        name: "worker",
        holds: "any line of a worker is read back as it is written and shown, or refused",
        tries: worker::tries,
    },
    Target {
        name: "profile",
        holds: "a profile allows what its file says, or the file is refused",
        tries: profile::tries,
    },
    Target {
        name: "machine",
        holds: "a learned machine is judged, transition by transition, or its file is refused with the line",
        tries: machine::tries,
    },
    Target { name: "plan", holds: "a plan reads as it is written, or is refused", tries: plan::tries },
];

/// The target of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
