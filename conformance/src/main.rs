//! The `winaccept` command.
fn main() {}
