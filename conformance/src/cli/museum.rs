//! `winaccept museum`.

use clap::Args as ClapArgs;
use winaccept_program::museum::{self, Exhibit};

use super::fuzz::{find, output, searched};
use super::{Format, json, print};
use crate::output::{ExhibitOutput, MuseumOutput};
use crate::page::{Page, fitted, width};
use crate::problem::Problems;

/// Arguments of `museum`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept museum                     the exhibits: loops that broke, and the documents' own examples
  winaccept museum sets-filled-once    runs one: what it does, what breaks it, event by event
  winaccept museum handled-twice       AcceptEx with a port: complete at once, and a packet all the same
  winaccept museum --format json       all of them with what a search found in both forms

`winaccept fuzz NAME` searches further; docs/programs.md says how a loop of your own gets there.")]
pub(super) struct Args {
    /// An exhibit
    name: Option<String>,
}

/// So many runs the mended form of an exhibit has here; `winaccept fuzz` takes more.
const RUNS: u64 = 200;

pub(super) fn museum(args: &Args, format: Format) -> Result<u8, Problems> {
    let shown: Vec<&Exhibit> = match &args.name {
        Some(name) => vec![find(name)?],
        None => museum::all().collect(),
    };
    match (format, &args.name) {
        (Format::Json, _) => {
            print(&json(&MuseumOutput { exhibits: shown.into_iter().map(as_data).collect() }))?;
        }
        (_, Some(_)) => print(&shown.into_iter().map(told).collect::<String>())?,
        (_, None) => print(&listed(&shown))?,
    }
    Ok(0)
}

fn as_data(exhibit: &Exhibit) -> ExhibitOutput {
    let broken = searched(&exhibit.broken(), winaccept_program::RUNS);
    let mended = searched(&exhibit.mended().runs(RUNS), RUNS);
    ExhibitOutput {
        name: exhibit.name.to_owned(),
        source: exhibit.source.to_owned(),
        judge: exhibit.judge.to_owned(),
        story: exhibit.story.to_owned(),
        clause: exhibit.clause.to_owned(),
        broken: output(exhibit.name, "documented", 0, &broken),
        mended: output(exhibit.name, "documented", 0, &mended),
    }
}

fn listed(exhibits: &[&Exhibit]) -> String {
    let mut page = Page::new();
    let widest = exhibits.iter().map(|exhibit| exhibit.name.len()).max().unwrap_or(0);
    for exhibit in exhibits {
        page.hanging(0, exhibit.name, widest + 2, &format!("{}: {}", exhibit.judge, exhibit.source));
    }
    page.finish()
}

fn told(exhibit: &Exhibit) -> String {
    let head =
        format!("{}\n{}\nfrom {}\nnot heeded: {}\n", exhibit.name, exhibit.story, exhibit.source, exhibit.clause);
    let mut text = fitted(&head) + "\n";
    match searched(&exhibit.broken(), winaccept_program::RUNS) {
        Ok(passed) => text += &format!("broken: nothing found in {} runs\n", passed.runs),
        Err(finding) => {
            let found = format!("broken: {} in run {}: {}\n", finding.judge, finding.runs, finding.reason);
            text += &fitted(&found);
            text += &format!("again:  winaccept fuzz {} --replay '{}'\n\n", exhibit.name, finding.replay);
            text += &finding.chart_of_width(width());
        }
    }
    let mended = match searched(&exhibit.mended().runs(RUNS), RUNS) {
        Ok(passed) => format!("mended: nothing found in {} runs", passed.runs),
        Err(finding) => format!("mended: {finding}"),
    };
    format!("{text}\n{mended}\n")
}
