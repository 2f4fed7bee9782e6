//! What `run` found, for programs that count tests: JUnit's XML and TAP.

use super::outcome::{Outcome, Worth};
use super::{Format, print};
use crate::problem::{ProblemOutput, Problems};
use crate::suite::Scenario;
use crate::verdict::Judged;
use crate::xml::Element;

/// Writes what is wrong where nothing else came of a run: whoever counts tests reads that they were not judged.
pub(super) fn not_judged(problems: &Problems, format: Format) {
    let wrong = problems.outputs();
    let text = match format {
        Format::Junit => junit(&[], &wrong, false),
        Format::Tap => tap(&[], &wrong, false),
        _ => return,
    };
    // It is told beside the output, too.
    let _ = print(&text);
}

/// One result: a scenario on a stack, or what could not be judged.
struct Entry<'o> {
    /// The stack, where there are several.
    stack: Option<String>,
    name: &'o str,
    worth: Worth,
    verdict: &'static str,
    reason: &'o str,
    file: Option<&'o str>,
}

fn entries<'o>(outcomes: &'o [Outcome<'_>], problems: &'o [ProblemOutput], strict: bool) -> Vec<Entry<'o>> {
    let mut all = Vec::new();
    for outcome in outcomes {
        let stack = (outcomes.len() > 1).then(|| title(outcome));
        all.extend(outcome.judged.iter().map(|(scenario, judged)| entry(stack.clone(), scenario, judged, strict)));
    }
    all.extend(problems.iter().map(|problem| Entry {
        stack: None,
        name: problem.file.as_deref().unwrap_or(&problem.message),
        worth: Worth::Unknown,
        verdict: "error",
        reason: &problem.message,
        file: problem.file.as_deref(),
    }));
    all
}

fn entry<'o>(stack: Option<String>, scenario: &'o Scenario, judged: &'o Judged, strict: bool) -> Entry<'o> {
    Entry {
        stack,
        name: scenario.name(),
        worth: Worth::of(judged.verdict, strict),
        verdict: judged.verdict.name(),
        reason: &judged.reason,
        file: Some(&scenario.file),
    }
}

fn title(outcome: &Outcome<'_>) -> String {
    format!("{}-{}", outcome.name, outcome.version)
}

/// The results as JUnit writes them: a suite for each stack, a case for each scenario.
pub(super) fn junit(outcomes: &[Outcome<'_>], problems: &[ProblemOutput], strict: bool) -> String {
    let mut suites = Vec::new();
    for outcome in outcomes {
        let name = format!("{} judged by {}", title(outcome), outcome.profile);
        suites.push((name, entries(std::slice::from_ref(outcome), &[], strict)));
    }
    if !problems.is_empty() {
        suites.push(("not judged".to_owned(), entries(&[], problems, strict)));
    }
    let counted = suites.iter().flat_map(|(_, entries)| entries);
    counts(Element::new("testsuites").with("name", "winaccept"), counted)
        .children(suites.iter().map(|(name, entries)| {
            counts(Element::new("testsuite").with("name", name), entries).children(entries.iter().map(case))
        }))
        .document()
}

/// An element with how many of these cases ended how.
fn counts<'e>(element: Element, entries: impl IntoIterator<Item = &'e Entry<'e>>) -> Element {
    let worths: Vec<Worth> = entries.into_iter().map(|entry| entry.worth).collect();
    let of = |wanted: Worth| worths.iter().filter(|worth| **worth == wanted).count();
    element
        .with("tests", worths.len())
        .with("skipped", of(Worth::Skipped))
        .with("failures", of(Worth::Fails))
        .with("errors", of(Worth::Unknown))
}

fn case(entry: &Entry<'_>) -> Element {
    let (folder, name) = entry.file.and_then(|_| entry.name.rsplit_once('/')).unwrap_or(("", entry.name));
    let mut case = Element::new("testcase").with("name", name);
    if !folder.is_empty() {
        case = case.with("classname", folder);
    }
    if let Some(file) = entry.file {
        case = case.with("file", file);
    }
    let result = match entry.worth {
        Worth::Passes if entry.reason.is_empty() => return case,
        Worth::Passes => {
            return case.child(Element::new("system-out").text(format!("{}: {}", entry.verdict, entry.reason)));
        }
        Worth::Skipped => "skipped",
        Worth::Fails => "failure",
        Worth::Unknown => "error",
    };
    case.child(Element::new(result).with("message", entry.reason).with("type", entry.verdict))
}

/// The results as TAP, version 14.
pub(super) fn tap(outcomes: &[Outcome<'_>], problems: &[ProblemOutput], strict: bool) -> String {
    let all = entries(outcomes, problems, strict);
    let mut text = format!("TAP version 14\n1..{}\n", all.len());
    for (entry, number) in all.iter().zip(1..) {
        let stack = entry.stack.as_ref().map_or(String::new(), |stack| format!("{stack}: "));
        let ok = if entry.worth.is_fine() { "ok" } else { "not ok" };
        let skipped = match entry.worth {
            Worth::Skipped => format!(" # SKIP {}: {}", entry.verdict, one_line(entry.reason)),
            _ => String::new(),
        };
        text += &format!("{ok} {number} - {}{skipped}\n", one_line(&(stack + entry.name)));
        if entry.worth != Worth::Skipped && !entry.reason.is_empty() {
            let quoted = |text: &str| serde_json::Value::from(text).to_string();
            text += &format!("  ---\n  verdict: {}\n  reason: {}\n  ...\n", entry.verdict, quoted(entry.reason));
        }
    }
    text
}

/// What stands behind a dash of TAP: nothing in it ends the line or begins a directive.
fn one_line(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#").split_whitespace().collect::<Vec<_>>().join(" ")
}
