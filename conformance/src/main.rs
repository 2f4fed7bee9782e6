//! The `winaccept` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    winaccept::cli::main()
}
