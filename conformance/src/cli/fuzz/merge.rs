//! `winaccept fuzz --merge`: what parts of a search came to, as one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use winaccept_model::call::Function;
use winaccept_program::{Coverage, Met, Next};

use super::{coverage_text, outcomes};
use crate::cli::{Format, json, print};
use crate::lang;
use crate::output::{FindingOutput, FuzzOutput, MetOutput};
use crate::page::fitted;
use crate::problem::{Problem, Problems};
use crate::report::{table, trimmed};

/// What a search writes is shorter than this.
const MOST: usize = 64 << 20;

/// What to do where there is none.
const WRITES: &str = "merge what `winaccept fuzz --format json` wrote, each file whole";

/// What was found of each program under each profile.
#[derive(Default)]
struct Merged {
    runs: u64,
    undecided: u64,
    /// By judge, the shortest that was found.
    findings: BTreeMap<String, FindingOutput>,
    coverage: Coverage,
}

pub(super) fn merge(files: &[PathBuf], format: Format) -> Result<u8, Problems> {
    let mut all: BTreeMap<(String, String), Merged> = BTreeMap::new();
    for file in files {
        for part in read(file)? {
            let into = all.entry((part.name.clone(), part.profile.clone())).or_default();
            takes_in(into, part).map_err(|wrong| Problem::new(wrong).in_file(file.display()))?;
        }
    }
    let found = all.values().any(|merged| !merged.findings.is_empty());
    let all: Vec<(FuzzOutput, Coverage)> = all.into_iter().map(|(name, merged)| output(name, merged)).collect();
    match format {
        Format::Json => print(&json(&all.into_iter().map(|(output, _)| output).collect::<Vec<_>>()))?,
        _ => print(&told(&all))?,
    }
    Ok(u8::from(found))
}

/// The searches in a file: one, or those of all exhibits.
fn read(file: &Path) -> Result<Vec<FuzzOutput>, Problem> {
    let wrong = |what: String| Problem::new(what).help(WRITES).in_file(file.display());
    let text = lang::file::text(file, MOST).map_err(|unread| unread.or_help(WRITES))?;
    if text.trim().is_empty() {
        return Err(wrong("this file is empty".to_owned()));
    }
    let several = text.trim_start().starts_with('[');
    let parts = if several { serde_json::from_str(&text) } else { serde_json::from_str(&text).map(|one| vec![one]) };
    parts.map_err(|error| wrong(error.to_string()))
}

fn takes_in(into: &mut Merged, part: FuzzOutput) -> Result<(), String> {
    into.runs = into.runs.saturating_add(part.runs);
    into.undecided = into.undecided.saturating_add(part.undecided);
    for finding in part.finding.into_iter().chain(part.also) {
        let key = |finding: &FindingOutput| (finding.events, finding.replay.len(), finding.replay.clone());
        let shorter = into.findings.get(&finding.judge).is_none_or(|known| key(&finding) < key(known));
        if shorter {
            into.findings.insert(finding.judge.clone(), finding);
        }
    }
    for (call, met) in &part.outcomes {
        let Some(function) = Function::named(call).next() else { return Err(format!("`{call}` is no call")) };
        let met = met.iter().map(|(outcome, met)| Ok((Cow::Owned(outcome.clone()), of_data(met)?)));
        let coverage = Coverage::from([(function.name(), met.collect::<Result<_, String>>()?)]);
        winaccept_program::merge(&mut into.coverage, coverage);
    }
    Ok(())
}

fn of_data(met: &MetOutput) -> Result<Met, String> {
    let next = met.next.iter().map(|(next, times)| {
        let next = Next::read(next).ok_or_else(|| format!("`{next}` is nothing that a program does next"))?;
        Ok((next, *times))
    });
    Ok(Met { times: met.times, next: next.collect::<Result<_, String>>()? })
}

fn output((name, profile): (String, String), merged: Merged) -> (FuzzOutput, Coverage) {
    let mut findings: Vec<FindingOutput> = merged.findings.into_values().collect();
    findings.sort_by_key(|finding| finding.events);
    let mut findings = findings.into_iter();
    let (runs, undecided) = (merged.runs, merged.undecided);
    let outcomes = outcomes(&merged.coverage);
    let finding = findings.next();
    (FuzzOutput { name, profile, runs, undecided, finding, also: findings.collect(), outcomes }, merged.coverage)
}

fn told(all: &[(FuzzOutput, Coverage)]) -> String {
    let mut rows = table(&["program", "profile", "runs", "undecided", "found", "events", "replay"]);
    for (output, _) in all {
        let row = |finding: Option<&FindingOutput>| {
            let (found, events, replay) = match finding {
                None => ("nothing".to_owned(), String::new(), String::new()),
                Some(finding) => (finding.judge.clone(), finding.events.to_string(), finding.replay.clone()),
            };
            let (runs, undecided) = (output.runs.to_string(), output.undecided.to_string());
            [output.name.clone(), output.profile.clone(), runs, undecided, found, events, replay]
        };
        rows.add_row(row(output.finding.as_ref()));
        output.also.iter().for_each(|finding| _ = rows.add_row(row(Some(finding))));
    }
    let mut text = fitted(&format!("{}\n", trimmed(&rows)));
    for (output, coverage) in all {
        text += &format!("\n{}\n", output.name);
        if let Some(finding) = &output.finding {
            text += &format!("\n{}\n", finding.scenario);
        }
        text += &coverage_text(coverage);
    }
    text
}
