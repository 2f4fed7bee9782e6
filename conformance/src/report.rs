//! Reports for people.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};

use crate::cli::Outcome;
use crate::verdict::Verdict;

/// How wide text output is.
pub const WIDTH: u16 = 110;

/// A table of the kind that all text output uses.
#[must_use]
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(header.iter().copied());
    table
}

/// The verdicts of one stack: what is not a plain pass with its reason, then the totals.
#[must_use]
pub(crate) fn run(outcome: &Outcome<'_>) -> String {
    let mut text = format!("{} {}, judged by profile {}\n\n", outcome.name, outcome.version, outcome.profile);
    let mut rows = table(&["verdict", "scenario", "why"]);
    for verdict in
        [Verdict::Fail, Verdict::Fixed, Verdict::Unresolved, Verdict::Blocked, Verdict::Deviates, Verdict::ModelOnly]
    {
        for (scenario, judged) in outcome.judged.iter().filter(|(_, judged)| judged.verdict == verdict) {
            rows.add_row([verdict.name(), scenario.file.trim_end_matches(".winaccept"), &judged.reason]);
        }
    }
    if !rows.is_empty() {
        text += &format!("{}\n\n", trimmed(&rows));
    }
    text += &choices(outcome);
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .filter(|&&verdict| outcome.count(verdict) > 0 || verdict == Verdict::Pass)
        .map(|&verdict| format!("{} {}", outcome.count(verdict), verdict.name()))
        .collect();
    let open = outcome.judged.iter().filter(|(_, judged)| judged.rests_on_unknown).count();
    let plural = if outcome.judged.len() == 1 { "" } else { "s" };
    text += &format!("{} scenario{plural}: {}\n", outcome.judged.len(), counts.join(", "));
    for live in outcome.live() {
        text += &format!(
            "{}: {} of the {} clauses that a real stack can show were run live\n",
            live.document, live.live, live.real
        );
        for (clause, reason) in live.not_live {
            text += &format!("  not live: {clause}, {reason}\n");
        }
    }
    if open > 0 {
        text += &format!(
            "{open} of them rest on a choice of which nobody knows what this stack does: the documented set is kept\n"
        );
    }
    text
}

/// How many scenarios each choice point explains.
fn choices(outcome: &Outcome<'_>) -> String {
    let mut explains: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, judged) in &outcome.judged {
        for choice in &judged.choices {
            *explains.entry(choice).or_default() += 1;
        }
    }
    if explains.is_empty() {
        return String::new();
    }
    let mut rows = table(&["choice point", "explains", ""]);
    for (choice, count) in explains {
        let flag = if count == 1 { "only one scenario: look whether the entry is too narrow" } else { "" };
        rows.add_row([choice, &count.to_string(), flag]);
    }
    format!("{}\n\n", trimmed(&rows))
}

/// A table without blanks at the ends of its lines.
#[must_use]
pub fn trimmed(table: &Table) -> String {
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
