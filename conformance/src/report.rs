//! Reports for people.

use std::collections::BTreeMap;

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width, presets};

use crate::cli::Outcome;
use crate::page::{Page, fitted, width};
use crate::suite;
use crate::verdict::Verdict;

/// A table of the kind that all text output uses.
#[must_use]
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width()).unwrap_or(u16::MAX));
    table.set_header(header.iter().copied());
    table
}

/// The verdicts of one stack: what is not a plain pass with its reason, then the totals.
#[must_use]
pub(crate) fn run(outcome: &Outcome<'_>) -> String {
    let mut text = format!("{} {}, judged by profile {}\n\n", outcome.name, outcome.version, outcome.profile);
    let mut rows = table(&["verdict", "scenario", "why"]);
    for verdict in [
        Verdict::Fail,
        Verdict::Fixed,
        Verdict::Possible,
        Verdict::Unresolved,
        Verdict::Unmodelled,
        Verdict::Blocked,
        Verdict::Deviates,
        Verdict::LacksCall,
        Verdict::ModelOnly,
    ] {
        for (scenario, judged) in outcome.judged.iter().filter(|(_, judged)| judged.verdict == verdict) {
            rows.add_row([&judged.word(), scenario.name(), &judged.reason]);
        }
    }
    for (scenario, judged) in &outcome.judged {
        for note in &judged.notes {
            rows.add_row(["note", scenario.name(), note]);
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
    fitted(&text)
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
    // Whoever keeps the profiles looks at all scenarios; whoever judges a few of his own cannot tell.
    let all = outcome.judged.len() >= suite::bundled_files();
    let mut rows = table(&["choice point", "explains", ""]);
    for (choice, count) in explains {
        let flag = if all && count == 1 { "only one scenario: look whether the entry is too narrow" } else { "" };
        rows.add_row([choice, &count.to_string(), flag]);
    }
    format!("{}\n\n", trimmed(&rows))
}

/// A table without blanks at the ends of its lines, and with no word broken: where even the longest words do not fit
/// beside each other, every row becomes lines of its own.
#[must_use]
pub fn trimmed(table: &Table) -> String {
    let lines = |row: &Row| row.cell_iter().map(comfy_table::Cell::content).collect::<Vec<String>>();
    let header = table.header().map(lines).unwrap_or_default();
    let rows: Vec<Vec<String>> = table.row_iter().map(lines).collect();
    let longest = |column: usize| {
        let cells = rows.iter().chain([&header]).filter_map(|row| row.get(column));
        cells.flat_map(|cell| cell.split_whitespace()).map(|word| word.chars().count()).max().unwrap_or(0)
    };
    let words: Vec<usize> = (0..header.len()).map(longest).collect();
    let available = usize::from(table.width().unwrap_or(u16::MAX));
    // A blank stands on both sides of a cell.
    if words.iter().map(|word| word + 2).sum::<usize>() > available {
        return one_by_one(&header, &rows, available);
    }
    let mut table = table.clone();
    for (column, word) in table.column_iter_mut().zip(words) {
        let word = u16::try_from(word + 2).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(word)));
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A table as lines: the first cell of a row, and below it the others with their titles.
fn one_by_one(header: &[String], rows: &[Vec<String>], width: usize) -> String {
    let mut page = Page::of_width(width);
    for row in rows {
        page.paragraph(1, row.first().map_or("", String::as_str));
        let titled = header.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty());
        let titled: Vec<String> = titled.map(|(title, cell)| format!("{title} {cell}").trim().to_owned()).collect();
        page.paragraph(3, &titled.join("; "));
    }
    page.finish().trim_end().to_owned()
}
