//! `winaccept list` and `winaccept cat`: the bundled scenarios by name.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{Format, beside, json, print, print_source};
use crate::output::ListedScenario;
use crate::page::Page;
use crate::problem::{Problem, Problems};
use crate::suite::{self, Scenario};

/// Arguments of `list`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept list                    every bundled scenario: its name, and its title
  winaccept list --only reset       those whose file or title contains `reset`
  winaccept list --clause accept.err.WSAECONNRESET    those that show a clause
  winaccept cat accept/example      one of them as it is written

run, show and explore take these names; the last part alone will do where no other scenario has it.")]
pub(super) struct ListArgs {
    /// Only scenarios whose file or title contains this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Only scenarios of which a step or claim shows this clause or confirms this fact
    #[arg(long, value_name = "CLAUSE")]
    clause: Option<String>,
}

/// Arguments of `cat`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept cat accept/example > mine.winaccept    a scenario of one's own begins as another's

The names are those of `winaccept list`.")]
pub(super) struct CatArgs {
    /// Names of bundled scenarios
    #[arg(required = true)]
    names: Vec<PathBuf>,
}

pub(super) fn list(args: &ListArgs, format: Format) -> Result<u8, Problems> {
    let mut scenarios = suite::bundled()?;
    if let Some(text) = &args.only {
        suite::keep_only(&mut scenarios, text)?;
    }
    if let Some(clause) = &args.clause {
        let names = |scenario: &Scenario| {
            scenario.clauses().contains(&clause.as_str()) || scenario.facts().contains(&clause.as_str())
        };
        scenarios.retain(names);
        if scenarios.is_empty() {
            return Err(Problem::new(format!("no bundled scenario shows or confirms `{clause}`"))
                .help(format!("`winaccept explain {clause}`"))
                .into());
        }
    }
    match format {
        Format::Json => print(&json(&scenarios.iter().map(listed).collect::<Vec<_>>()))?,
        Format::Text => print(&text(&scenarios))?,
        _ => return Err(Problem::new("list writes text or json").into()),
    }
    Ok(0)
}

/// A name and a title a line, or the title below where the line is too short for both.
fn text(scenarios: &[Scenario]) -> String {
    let mut page = Page::new();
    let widest = scenarios.iter().map(|scenario| scenario.name().len()).max().unwrap_or(0);
    for scenario in scenarios {
        page.hanging(0, scenario.name(), widest + 2, &scenario.script.title);
    }
    page.finish()
}

fn listed(scenario: &Scenario) -> ListedScenario {
    ListedScenario {
        name: scenario.name().to_owned(),
        title: scenario.script.title.clone(),
        clauses: scenario.clauses().into_iter().map(str::to_owned).collect(),
        facts: scenario.facts().into_iter().map(str::to_owned).collect(),
    }
}

pub(super) fn cat(args: &CatArgs, format: Format) -> Result<u8, Problems> {
    if format != Format::Text {
        return Err(
            Problem::new("cat writes scenarios as they are; `winaccept list --format json` tells of them").into()
        );
    }
    let (mut sources, mut problems) = (Vec::new(), Problems::default());
    for name in &args.names {
        match suite::find(name) {
            Ok(scenario) => sources.push(scenario.script.source),
            Err(problem) => problems.add(problem),
        }
    }
    print_source(&sources.join("\n"))?;
    Ok(if problems.is_empty() { 0 } else { beside(&problems) })
}
