//! What the scenario language promises, in one program: each test program costs its link and its place on the disk.

mod broken;
mod facts;
mod format;
mod parse;
mod peer;
mod random;
mod random_scripts;
