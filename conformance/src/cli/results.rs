//! What `run` found, for programs that count tests: JUnit's XML and TAP.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::outcome::{Outcome, Worth};
use crate::output::Problem;
use crate::suite::Scenario;
use crate::verdict::Judged;

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

fn entries<'o>(outcomes: &'o [Outcome<'_>], problems: &'o [Problem], strict: bool) -> Vec<Entry<'o>> {
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
        name: scenario.file.trim_end_matches(".winaccept"),
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
pub(super) fn junit(outcomes: &[Outcome<'_>], problems: &[Problem], strict: bool) -> Result<String, String> {
    let mut report = Report::new("winaccept");
    for outcome in outcomes {
        let mut suite = TestSuite::new(format!("{} judged by {}", title(outcome), outcome.profile));
        let one = std::slice::from_ref(outcome);
        suite.add_test_cases(entries(one, &[], strict).iter().map(case));
        report.add_test_suite(suite);
    }
    if !problems.is_empty() {
        let mut suite = TestSuite::new("not judged");
        suite.add_test_cases(entries(&[], problems, strict).iter().map(case));
        report.add_test_suite(suite);
    }
    let xml = report.to_string().map_err(|error| format!("error: {error}"))?;
    Ok(if xml.ends_with('\n') { xml } else { xml + "\n" })
}

fn case(entry: &Entry<'_>) -> TestCase {
    let mut status = match entry.worth {
        Worth::Passes => TestCaseStatus::success(),
        Worth::Skipped => TestCaseStatus::skipped(),
        Worth::Fails => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Worth::Unknown => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if entry.worth != Worth::Passes {
        status.set_message(entry.reason).set_type(entry.verdict);
    }
    let (folder, name) = entry.name.rsplit_once('/').unwrap_or(("", entry.name));
    let mut case = TestCase::new(name, status);
    if !folder.is_empty() {
        case.set_classname(folder);
    }
    if let Some(file) = entry.file {
        case.extra.insert("file".into(), file.into());
    }
    if entry.worth == Worth::Passes && !entry.reason.is_empty() {
        case.set_system_out(format!("{}: {}", entry.verdict, entry.reason));
    }
    case
}

/// The results as TAP, version 14.
pub(super) fn tap(outcomes: &[Outcome<'_>], problems: &[Problem], strict: bool) -> String {
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
