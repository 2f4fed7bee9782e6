//! `winaccept explain`.

use clap::Args as ClapArgs;

use super::graph::lasting;
use super::{Format, OutputArgs, json};
use crate::explain;
use crate::problem::{Problem, Problems};

/// Arguments of `explain`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept explain WSAECONNRESET                    when each call gives it, by which clause, and what the stacks do instead
  winaccept explain 10054                            the same, by its number
  winaccept explain accept                           what a call can give in each state, and its rules
  winaccept explain accept.peer-reset                a rule of the model
  winaccept explain accept.err.WSAECONNRESET         a clause: its words, its rules, the scenarios that show it
  winaccept explain reset-while-queued               a choice point: what each profile allows there, why, known from where
  winaccept explain silent.02-wsaefault-consumes     a note on what the documents leave open
  winaccept explain silent.02                        the beginning of a name, where no other begins so
  winaccept explain AcceptEx                         a document, with its clauses
  winaccept explain SO_LINGER                        an option, flag or constant, with all that speaks of it
  winaccept explain --all linger                     everything that has the word
  winaccept explain windows                          a profile: all that it allows
  winaccept explain --table AcceptEx                 each outcome: of what it speaks, what a loop does then, under which profile it comes

With --format json one object; its field `kind` says which of these it is (conformance/schemas/explain.json).")]
pub(super) struct Args {
    /// An error code or its number, a call, a rule, a clause, a choice point, a note, an observation,
    /// a profile, a document, a constant, an option, a flag, a grade, a stack; the beginning of a name, or a word
    name: String,
    /// Everything that has this word in its name or in what it says
    #[arg(long)]
    all: bool,
    /// Each outcome of this call: whether it speaks of one connection, of resources, of the listener or of the caller's own mistake,
    /// what a loop that accepts does then, under which profile it can come, and who says so
    #[arg(long, conflicts_with_all = ["all", "profile"])]
    table: bool,
    /// The profile of which it is said what a call can give, by name or as a file
    #[arg(long, default_value = "documented")]
    profile: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn explain(args: &Args, format: Format) -> Result<u8, Problems> {
    let profile = lasting(&args.profile)?;
    let explanation = match args {
        Args { table: true, name, .. } => explain::Explanation::Table(explain::table::table(name)?),
        Args { all: true, name, .. } => explain::search(name)?,
        Args { name, .. } => explain::explain(name, profile)?,
    };
    let text = match format {
        Format::Text => explain::render(&explanation),
        Format::Json => json(&explanation),
        _ => return Err(Problem::new("explain writes text or json").into()),
    };
    args.output.write(&text)?;
    Ok(0)
}
