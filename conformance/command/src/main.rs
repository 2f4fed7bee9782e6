//! The `winaccept` command.
//!
//! It is a crate of its own because it embeds the scenarios, the recordings and what is known of the documents: when one of
//! them changes, or a new one is added, this file is compiled and linked, and nothing else.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use winaccept_lang::bundle::{File, bring};

/// What the build script found.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

fn main() -> ExitCode {
    bring(FILES);
    winaccept::cli::main()
}
