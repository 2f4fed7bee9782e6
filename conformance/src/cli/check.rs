//! `winaccept check`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use winaccept_model::step::Machine;

use super::run::profile_named;
use super::{Format, json, print};
use crate::learned::{CheckOutput, check as judge, find};
use crate::page::Page;
use crate::problem::Problems;

/// Arguments of `check`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept check --machine windows8-server --profile windows    what Windows 8 was learned to do, and what we say it does
  winaccept check --machine mine.csv                             a machine of your own, by the documents alone

The table has the columns state, input, output and next; its first row begins where the machine starts. Inputs are listen,
accept, recv, send, close-connection, close-listener, and what a raw peer sends: syn, syn-ack, ack, data, fin, rst, rst-ack.
Outputs are SYN-ACK, ACK, DATA, FIN, RST, RST-ACK (with more behind a colon, or not), and `-` for no answer. Anything else is
unsayable, and so is what lies behind it.

  exact      the model answers so, and in no other way
  wider      it may answer so, and otherwise too, by the choice points named
  wrong      it never answers so; a shortest sequence of inputs shows it
  unsayable  the model has no such input or output, or gets there in no way

Exit status: 1 when a transition is wrong.")]
pub(super) struct Args {
    /// The learned machine: a file, or the name of one that comes along
    #[arg(long, value_name = "FILE")]
    machine: PathBuf,
    /// The profile that decides what a stack may do
    #[arg(long, default_value = "documented")]
    profile: String,
}

pub(super) fn check(args: &Args, format: Format) -> Result<u8, Problems> {
    let profile = profile_named(&args.profile)?;
    let learned = find(&args.machine)?;
    let output = judge(&args.machine.display().to_string(), &learned, &Machine::new(profile));
    match format {
        Format::Json => print(&json(&output))?,
        _ => print(&text(&output, learned.states.len()))?,
    }
    Ok(u8::from(!output.wrong.is_empty()))
}

/// Where the text of a line stands.
const COLUMN: usize = 34;

fn text(output: &CheckOutput, states: usize) -> String {
    let mut page = Page::new();
    let CheckOutput { machine, profile, transitions, exact, unsayable, .. } = output;
    let (wider, wrong) = (output.wider.len(), output.wrong.len());
    page.paragraph(0, &format!("{machine}: {states} states, {transitions} transitions, judged by profile {profile}"));
    page.paragraph(0, &format!("{exact} exact, {wider} wider, {wrong} wrong, {unsayable} unsayable"));
    if wrong > 0 {
        page.heading("wrong: the model never answers so");
        for wrong in &output.wrong {
            let allowed = wrong.allowed.join(" or ");
            let said = format!("{}, the model: {allowed}; after {}", wrong.observed, wrong.word.join(" "));
            page.hanging(2, &format!("{} {}", wrong.state, wrong.input), COLUMN, &said);
        }
    }
    if wider > 0 {
        page.heading("wider: the model may answer otherwise too");
        for wider in &output.wider {
            let why =
                if wider.choices.is_empty() { String::new() } else { format!(", by {}", wider.choices.join(", ")) };
            let said = format!("{}, also {}{why}", wider.observed, wider.also.join(" or "));
            page.hanging(2, &format!("{} {}", wider.state, wider.input), COLUMN, &said);
        }
    }
    if unsayable > &0 {
        page.heading("unsayable");
        let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for unsayable in &output.unsayable_transitions {
            let which = format!("{} {}", unsayable.state, unsayable.input);
            by_reason.entry(&unsayable.reason).or_default().push(which);
        }
        for (reason, which) in by_reason {
            page.paragraph(2, &format!("{} because {reason}: {}", which.len(), which.join(", ")));
        }
    }
    page.finish()
}
