//! How the judge words its reasons.

use winaccept_model::outcome::Value;
use winaccept_sim::observe::{Observed, Shown, ShownValue};
use winaccept_sim::run::Run;
use winaccept_sim::script::{Action, Script, Step};

use crate::lang::{render_action, render_expect, render_observed};
use crate::suite::Scenario;
use crate::verdict::Judged;

/// A limit of the model, as people read it.
#[must_use]
pub fn beyond(scenario: &Scenario, number: usize, what: &str) -> String {
    let line = scenario.line(number);
    format!("line {line} asks for more than the model holds: {what}; nothing is said of what follows")
}

/// The reason with its line in front.
pub(super) fn placed(scenario: &Scenario, mut judged: Judged) -> Judged {
    if let Some(number) = judged.step.filter(|_| !judged.reason.starts_with("line ")) {
        judged.reason = format!("line {}: {}", scenario.line(number), judged.reason);
    }
    judged
}

/// What a step does. A blocked call that returns is told by its name.
pub(super) fn action(scenario: &Scenario, number: usize) -> String {
    match (&scenario.program.steps[number].action, scenario.program.call_at(number)) {
        (Action::Resumes, Some(call)) => format!("{} resumes", call.name()),
        (action, _) => render_action(action, &scenario.script),
    }
}

/// What a step gave, and what was expected of it.
pub(super) fn shown(scenario: &Scenario, number: usize, observed: &Observed) -> String {
    let step = &scenario.program.steps[number];
    format!(
        "{} = {}{}",
        action(scenario, number),
        render_observed(observed, &scenario.script, None),
        expected(step, &scenario.script)
    )
}

/// A step and what was seen of it.
#[must_use]
pub fn seen_at(scenario: &Scenario, number: usize, observed: &Observed) -> String {
    format!("{} = {}", action(scenario, number), render_observed(observed, &scenario.script, None))
}

/// `, expected: …`; nothing where nothing is.
pub(super) fn expected(step: &Step, script: &Script) -> String {
    step.expect.as_ref().map_or_else(String::new, |expect| format!(", expected: {}", render_expect(expect, script)))
}

/// Everything that a run allows at a step.
pub(super) fn allowed(scenario: &Scenario, run: &Run, number: usize) -> String {
    let all: Vec<String> =
        run.steps[number].allowed.iter().map(|seen| render_observed(seen, &scenario.script, None)).collect();
    if all.is_empty() { "that this is never reached".to_owned() } else { all.join(" | ") }
}

/// The reason with the choice points that it rests on.
pub(super) fn because(reason: String, choices: &[&'static str]) -> String {
    if choices.is_empty() { reason } else { format!("{reason}; because of {}", choices.join(", ")) }
}

/// Is this the outcome of a call of which nothing more is said?
pub(super) fn is(observed: &Observed, value: Value) -> bool {
    matches!(observed, Observed::Returned(Shown { value: ShownValue::Is(is), .. }) if *is == value)
}

/// Why nothing is said of a step's outcome.
pub(super) fn why_unmodelled(scenario: &Scenario, run: &Run, number: usize) -> String {
    let call = action(scenario, number);
    match run.steps[number].rules.iter().find(|rule| rule.ends_with("-not-modelled")) {
        Some(rule) => format!("the model does not know what {call} gives ({rule}); nothing is said of what follows"),
        None => format!("the model does not know what {call} gives; nothing is said of what follows"),
    }
}
