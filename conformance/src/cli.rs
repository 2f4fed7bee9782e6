//! The command line.

mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// How output is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// An executable specification of how Winsock accepts connections.
///
/// Without a command it runs all bundled scenarios on the model and prints what the documents say, what the model does,
/// and where the stacks differ.
#[derive(Parser, Debug)]
#[command(name = "winaccept", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// How to write the output.
    #[arg(long, global = true, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Runs scenarios on a stack and compares with the documents
    Run(run::Args),
    /// Speaks the worker protocol on standard input and output
    #[command(hide = true)]
    Worker,
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => run::run(&run::Args::default(), cli.format),
        Some(Command::Run(args)) => run::run(&args, cli.format),
        Some(Command::Worker) => worker(),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

#[cfg(windows)]
fn worker() -> Result<u8, String> {
    crate::stack::worker_main();
    Ok(0)
}

#[cfg(not(windows))]
fn worker() -> Result<u8, String> {
    Err("error: the worker drives ws2_32, so it runs only on Windows or Wine".to_owned())
}
