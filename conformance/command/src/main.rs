//! The `winaccept` command.
//!
//! It is a crate of its own because it embeds the scenarios, the recordings and what is known of the documents: when one of
//! them changes, or a new one is added, this file is compiled and linked, and nothing else.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use winaccept_lang::bundle::{File, bring};

/// The files that the build script found, by name and length, in their order.
const INDEX: &[(&str, usize)] = include!(concat!(env!("OUT_DIR"), "/index.rs"));
/// One after the other, packed.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/packed"));

fn main() -> ExitCode {
    bring(unpacked);
    winaccept::cli::main()
}

fn unpacked() -> Vec<File> {
    let length = INDEX.iter().map(|(_, length)| length).sum();
    let all = decompress_to_vec_with_limit(PACKED, length).unwrap_or_default();
    assert_eq!(all.len(), length, "invariant: the build script packed these files");
    let mut rest: &'static [u8] = all.leak();
    let mut files = Vec::new();
    for (name, length) in INDEX {
        let (content, behind) = rest.split_at(*length);
        files.push((*name, content));
        rest = behind;
    }
    files
}
