//! The command line.

mod check;
mod compare;
mod coverage;
mod evidence;
mod explain;
mod explore;
mod fmt;
#[cfg(not(windows))]
mod fuzz;
mod graph;
mod limits;
mod list;
#[cfg(not(windows))]
mod museum;
mod outcome;
mod profile;
mod results;
mod run;
mod show;
#[cfg(not(windows))]
mod summary;
mod usage;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::lang::file;
use crate::page::{obeyed, printable};
use crate::problem::{Problem, Problems, aside};

pub(crate) use fmt::FmtOutput;
pub(crate) use outcome::Outcome;

/// How output is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For Graphviz, where there is something to draw.
    Dot,
    /// For Mermaid, where there is something to draw.
    Mermaid,
    /// A picture of its own, of `show` and `graph`, for a slide or a browser.
    Svg,
    /// A capture of `show`, for Wireshark and tshark.
    Pcapng,
    /// For programs that count tests: the verdicts of `run` as JUnit's XML.
    Junit,
    /// The same as TAP.
    Tap,
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
    /// How to write the output
    #[arg(long, global = true, value_enum, default_value = "text")]
    format: Format,
    /// Without a command: also where each stack does otherwise than the documents say, and how that is known
    #[arg(long)]
    matrix: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Runs scenarios on a stack and compares with the documents
    Run(run::Args),
    /// Walks a state machine that was learned from a real stack beside the model
    Check(check::Args),
    /// Tells which clauses are covered, and which broken rule nobody would notice
    Coverage(coverage::Args),
    /// Shows what each stack was seen to do, and files new recordings
    Evidence(evidence::Args),
    /// Visits every interleaving of a scenario's actors and of the network's choices
    Explore(explore::Args),
    /// Explains an error code, a call, a rule, a clause, a choice point, a note or a profile
    Explain(explain::Args),
    /// Draws the state machine of a call, or of sockets over all calls
    Graph(graph::Args),
    /// Shows what happens in a scenario, event by event
    Show(show::Args),
    /// Lists the bundled scenarios
    List(list::ListArgs),
    /// Prints bundled scenarios as they are written
    Cat(list::CatArgs),
    /// Finds the profile that agrees with everything recorded of a stack
    Profile(profile::Args),
    /// Plays random scenarios on a stack, and shows what its profile does not say
    Compare(compare::Args),
    /// Searches an accept loop of the museum for clients, faults and schedules that break it
    #[cfg(not(windows))]
    Fuzz(fuzz::Args),
    /// Shows accept loops that broke in the field, and what breaks them
    #[cfg(not(windows))]
    Museum(museum::Args),
    /// Lays scenario files out as all of them are laid out
    Fmt(fmt::Args),
    /// Speaks the worker protocol on standard input and output
    #[command(hide = true)]
    Worker,
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::ended(&error, std::env::args_os().skip(1)),
    };
    winaccept_sim::limit::are_errors();
    crate::watch::ends_at_interrupt();
    let format = cli.format;
    match fits(&cli).map_err(Problems::from).and_then(|()| done(cli)) {
        Ok(status) => ExitCode::from(status),
        Err(problems) => failed(&problems, format),
    }
}

/// Tells what is wrong where nothing else came of it.
fn failed(problems: &Problems, format: Format) -> ExitCode {
    // Programs read standard output.
    if format == Format::Json {
        let _ = print(&json(&problems.output()));
    }
    ExitCode::from(beside(problems))
}

/// Does the format go with the command?
fn fits(cli: &Cli) -> Result<(), Problem> {
    if cli.matrix && cli.command.is_some() {
        return Err(Problem::new("--matrix goes with no command").help("`winaccept --matrix`"));
    }
    let draws = matches!(cli.command, Some(Command::Graph(_) | Command::Show(_) | Command::Explore(_)));
    if !draws && matches!(cli.format, Format::Dot | Format::Mermaid | Format::Svg) {
        return Err(Problem::new("only graph, show and explore draw; everything else writes text or json"));
    }
    if !matches!(cli.command, Some(Command::Show(_))) && cli.format == Format::Pcapng {
        return Err(Problem::new("only show writes pcapng").help("`winaccept show NAME --format pcapng -o FILE`"));
    }
    if !matches!(cli.command, Some(Command::Run(_))) && matches!(cli.format, Format::Junit | Format::Tap) {
        return Err(Problem::new("only run writes junit and tap").help("`winaccept run` runs the bundled scenarios"));
    }
    Ok(())
}

fn done(cli: Cli) -> Result<u8, Problems> {
    match cli.command {
        None => run::without_command(cli.format, cli.matrix),
        Some(Command::Run(args)) => {
            run::run(&args, cli.format).inspect_err(|problems| results::not_judged(problems, cli.format))
        }
        Some(Command::Check(args)) => check::check(&args, cli.format),
        Some(Command::Coverage(args)) => coverage::coverage(&args, cli.format),
        Some(Command::Evidence(args)) => evidence::evidence(&args, cli.format),
        Some(Command::Explore(args)) => explore::explore(&args, cli.format),
        Some(Command::Explain(args)) => explain::explain(&args, cli.format),
        Some(Command::Graph(args)) => graph::graph(&args, cli.format),
        Some(Command::Show(args)) => show::show(&args, cli.format),
        Some(Command::List(args)) => list::list(&args, cli.format),
        Some(Command::Cat(args)) => list::cat(&args, cli.format),
        Some(Command::Profile(args)) => profile::profile(&args, cli.format),
        Some(Command::Compare(args)) => compare::compare(&args, cli.format),
        #[cfg(not(windows))]
        Some(Command::Fuzz(args)) => fuzz::fuzz(&args, cli.format),
        #[cfg(not(windows))]
        Some(Command::Museum(args)) => museum::museum(&args, cli.format),
        Some(Command::Fmt(args)) => fmt::fmt(&args, cli.format),
        Some(Command::Worker) => worker(),
    }
}

/// Tells what is wrong beside what is written all the same; the exit status that this is worth.
fn beside(problems: &Problems) -> u8 {
    aside(problems);
    2
}

/// What is wrong where a file or a folder cannot be written, and what to do.
fn unwritten(file: &Path, error: &std::io::Error) -> Problem {
    use std::io::ErrorKind;
    let help = match error.kind() {
        ErrorKind::AlreadyExists => "there is a file of this name; name another folder, or move the file away",
        ErrorKind::IsADirectory => "this is a folder; name a file in it",
        ErrorKind::NotADirectory => "a part of this path is a file; name another folder",
        ErrorKind::NotFound => "its folder does not exist; make it first",
        ErrorKind::InvalidInput => "name a file, or write to standard output and redirect it: `... > THIS`",
        ErrorKind::PermissionDenied => "this may not be written; name another place",
        _ => return Problem::new(error).in_file(file.display()),
    };
    Problem::new(error).in_file(file.display()).help(help)
}

/// Writes a file that somebody has named.
fn written(file: &Path, content: impl AsRef<[u8]>) -> Result<(), Problems> {
    file::write(file, content).map_err(|error| unwritten(file, &error).into())
}

/// Writes to standard output, with the control characters of a title or of a worker's words as symbols.
fn print(text: &str) -> Result<(), Problems> {
    print_source(&printable(text))
}

/// Where to write, if not to standard output. A shell that turns text into its own encoding (PowerShell's `>`) cannot be had otherwise.
#[derive(clap::Args, Debug)]
struct OutputArgs {
    /// Writes into this file, as UTF-8, instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<std::path::PathBuf>,
}

impl OutputArgs {
    fn write(&self, text: &str) -> Result<(), Problems> {
        match &self.output {
            Some(file) => written(file, printable(text)),
            None => print(text),
        }
    }

    /// The same of what is no text.
    fn write_bytes(&self, bytes: &[u8]) -> Result<(), Problems> {
        use std::io::IsTerminal;
        match &self.output {
            Some(file) => written(file, bytes),
            None if std::io::stdout().is_terminal() => {
                Err(Problem::new("a capture is no text").help("-o FILE writes it into a file").into())
            }
            None => print_bytes(bytes),
        }
    }
}

/// Writes to standard output what must stay as it is. A reader that has gone away, as `head` does, is no error of ours.
fn print_source(text: &str) -> Result<(), Problems> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<(), Problems> {
    match std::io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Problem::new(format!("standard output: {error}")).into())
        }
        _ => Ok(()),
    }
}

/// Data as JSON, for people and programs.
fn json(data: &impl serde::Serialize) -> String {
    let text =
        serde_json::to_string_pretty(data).expect("invariant: the outputs have string keys and no failing parts");
    escaped(&text) + "\n"
}

/// JSON in which what a terminal would obey is escaped, as JSON itself demands it of the first 32 characters alone.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match obeyed(c) {
            true => text += &format!("\\u{:04x}", u32::from(c)),
            false => text.push(c),
        }
    }
    text
}

#[cfg(windows)]
fn worker() -> Result<u8, Problems> {
    crate::stack::worker_main();
    Ok(0)
}

#[cfg(not(windows))]
fn worker() -> Result<u8, Problems> {
    Err(Problem::new("the worker drives ws2_32, so it runs only on Windows or Wine").into())
}
