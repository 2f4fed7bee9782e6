//! What `winaccept` prints without a command: what is covered, what holds on the model, and who disagrees with the documents.

use super::outcome::Outcome;
use super::run::{on_model, profile_of};
use super::{Format, json, print};
use crate::coverage::Coverage;
use crate::evidence;
use crate::judge;
use crate::page::{Page, fitted};
use crate::parallel::each;
use crate::problem::{Problem, Problems};
use crate::profiles::Choices;
use crate::report::{table, trimmed};
use crate::spec::{Document, Spec};
use crate::suite::{self, Scenario};
use crate::verdict::{CHECK_ORDER, Judged, Verdict};
use crate::watch::Watch;

/// What one stack makes of the scenarios: a prediction of its profile, or recorded evidence.
struct Column<'s> {
    title: String,
    judged: Vec<(&'s Scenario, Judged)>,
    /// How many scenarios its recording does not have.
    newer: usize,
}

pub(super) fn summary(format: Format, matrix: bool) -> Result<u8, Problems> {
    let scenarios = suite::bundled()?;
    let profile = |name: &str| Choices::bundled().profile(name).map_err(Problem::new);
    let model = on_model(&scenarios, profile("documented")?);
    let status = u8::from(model.count(Verdict::Pass) != scenarios.len());
    if format == Format::Json {
        return print(&json(&model.output(&[]))).map(|()| status);
    }
    let windows = on_model(&scenarios, profile("windows")?);
    let mut columns = vec![Column { title: "windows (profile)".to_owned(), judged: windows.judged, newer: 0 }];
    for recording in evidence::bundled() {
        let profile = profile(profile_of(&recording.identity.name, &recording.identity.version))?;
        let title = recording.stack();
        let watch = Watch::new("recorded scenarios", scenarios.len());
        let judge = |_, scenario| {
            recording.replay_of(scenario).map(|replay| (scenario, judge::replay(scenario, &replay, &profile)))
        };
        let replayed = each(&scenarios, &watch, judge);
        let newer = replayed.iter().filter(|replayed| replayed.is_none()).count();
        columns.push(Column { title, judged: replayed.into_iter().flatten().collect(), newer });
    }
    let mut text = "How Winsock accepts connections, as an executable specification.\n".to_owned();
    text += &model_line(&model);
    text += &documents(&scenarios);
    text += &stacks(&columns);
    text += &if matrix { disagreements(&columns) } else { next() };
    print(&fitted(&text)).map(|()| status)
}

/// Where to go from here.
const NEXT: [(&str, &str); 5] = [
    ("winaccept --matrix", "where each stack does otherwise, and who says so"),
    ("winaccept list, show NAME", "the scenarios, and one of them event by event"),
    ("winaccept run MY.winaccept", "a scenario of your own; --stack: on a real stack"),
    ("winaccept explain NAME", "an error code, a call, a rule: why, and who says so"),
    ("winaccept --help", "everything else"),
];

fn next() -> String {
    let mut page = Page::new();
    // On a narrow terminal the text stands below its command.
    let column = if page.width() < 80 { 4 } else { 29 };
    for (command, text) in NEXT {
        page.hanging_at(0, command, column, text);
    }
    page.finish()
}

fn documents(scenarios: &[Scenario]) -> String {
    let coverage = Coverage::shown(scenarios);
    let mut rows = table(&["document", "clauses", "testable", "shown", ""]);
    for document in Document::ALL {
        let clauses = Spec::bundled().clauses_of(document).count();
        let (testable, shown) = coverage.document(document);
        let bar = bar(shown, testable);
        rows.add_row([document.to_string(), clauses.to_string(), testable.to_string(), shown.to_string(), bar]);
    }
    let (testable, shown) = coverage.related();
    let related = Spec::bundled().related().len();
    rows.add_row([
        "related pages".to_owned(),
        related.to_string(),
        testable.to_string(),
        shown.to_string(),
        bar(shown, testable),
    ]);
    format!("{}\n\n", trimmed(&rows))
}

fn bar(part: usize, whole: usize) -> String {
    // Full only where nothing is missing, empty only where there is nothing.
    let filled = if part == whole { 20 } else { (part * 20 / whole.max(1)).max(usize::from(part > 0)) };
    format!("{}{}", "#".repeat(filled), ".".repeat(20 - filled))
}

fn model_line(model: &Outcome<'_>) -> String {
    let mut text = format!(
        "{} of {} scenarios hold on the model as documented.\n",
        model.count(Verdict::Pass),
        model.judged.len()
    );
    for (scenario, judged) in model.judged.iter().filter(|(_, judged)| judged.verdict != Verdict::Pass) {
        text += &format!("  {} {}: {}\n", judged.verdict.name(), scenario.file, judged.reason);
    }
    text + "\n"
}

/// How many scenarios come out on each stack as the documents say, and how many otherwise.
fn stacks(columns: &[Column<'_>]) -> String {
    let mut rows = table(&["stack", "as documented", "otherwise, known", "not sure", "cannot take", "other"]);
    for column in columns {
        let count = |wanted: &[Verdict]| {
            column.judged.iter().filter(|(_, judged)| wanted.contains(&judged.verdict)).count().to_string()
        };
        rows.add_row([
            column.title.clone(),
            count(&[Verdict::Pass]),
            count(&[Verdict::Deviates]),
            count(&[Verdict::Blocked, Verdict::Unresolved, Verdict::Unmodelled]),
            count(&[Verdict::ModelOnly, Verdict::LacksCall]),
            count(&[Verdict::Fail, Verdict::Fixed, Verdict::Possible]),
        ]);
    }
    let mut text = format!("{}\n", trimmed(&rows));
    let stale = columns.iter().map(|column| column.newer).max().unwrap_or_default();
    if stale > 0 {
        // Right below the table: the page is to fit a small terminal with this line, too.
        let are = if stale == 1 { "scenario is" } else { "scenarios are" };
        text += &format!("{stale} {are} newer than the recordings: `run --stack wine --record`\n");
    }
    text + "\n"
}

/// Where a stack does not do what the documents say: by choice point, with the reason.
fn disagreements(columns: &[Column<'_>]) -> String {
    let mut reasons = table(&["choice point (scenarios)", "stack", "does", "because [source, grade]"]);
    for choice in &Choices::bundled().choices {
        for column in columns {
            let explained =
                column.judged.iter().filter(|(_, judged)| judged.choices.iter().any(|c| *c == choice.name)).count();
            if explained == 0 {
                continue;
            }
            let name = column.title.split(' ').next().unwrap_or_default();
            let (entry, _) = choice.entry(name);
            let source = match (&entry.source, &entry.grade) {
                (Some(source), Some(grade)) => format!("{} [{source}, {grade}]", entry.because),
                _ => entry.because.clone(),
            };
            reasons.add_row([
                format!("{} ({explained})", choice.name),
                name.to_owned(),
                entry.allows.join(" | "),
                source,
            ]);
        }
    }
    for column in columns {
        let rests = |judged: &&(&Scenario, Judged)| judged.1.choices.contains(&CHECK_ORDER);
        let explained = column.judged.iter().filter(rests).count();
        let name = column.title.split(' ').next().unwrap_or_default();
        if let (1.., Some(order)) = (explained, Choices::bundled().orders.iter().find(|order| order.profile == name)) {
            let title = format!("{CHECK_ORDER} ({explained})");
            reasons.add_row([title.as_str(), name, "checks in its own order", &order.because]);
        }
    }
    if reasons.is_empty() {
        return "nowhere does a stack do otherwise than the documents say\n".to_owned();
    }
    let grades = "winaccept explain CHOICE-POINT tells more of each, winaccept explain M what the grade M means";
    format!("{}\n\n{grades}\n", trimmed(&reasons))
}
