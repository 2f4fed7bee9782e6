//! What the documents say of a scenario: its expectations, its happenings and its claims, held against the model under
//! `documented`.

use winaccept_model::outcome::Value;
use winaccept_model::step::Machine;
use winaccept_sim::observe::{Observed, allows, is_this, matches};
use winaccept_sim::run::{Run, StepRun};
use winaccept_sim::script::{Action, Came, Expect, Pattern, Script, Span, Step, ValuePattern};

use super::claims;
use super::words::{action, allowed, expected, is, shown, why_unmodelled};
use crate::lang::{render_observed, render_pattern};
use crate::suite::Scenario;
use crate::verdict::{Judged, Verdict};

/// How an expectation fits what is allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fit {
    /// It names exactly what is allowed, or nothing is expected.
    Exact,
    /// It names so many of so many allowed outcomes.
    Some(usize, usize),
    /// It names this, which never happens.
    TooWide(String),
    /// It names nothing that is allowed.
    None,
    /// The step cannot be taken; why.
    NotTaken(String),
    /// No way leads to this step.
    Unreached,
    /// It may wait for ever, which is not expected.
    Waits,
}

/// Holds the expectation of a step against everything that is allowed there.
#[must_use]
pub fn fit(step: &Step, run: &StepRun, script: &Script) -> Fit {
    let Some(expect) = &step.expect else {
        return match (&step.action, run.allowed.iter().find(|seen| matches!(seen, Observed::NotTaken(_)))) {
            (Action::Exits(_) | Action::Ends | Action::Sends { .. }, Some(Observed::NotTaken(why))) => {
                Fit::NotTaken(why.clone())
            }
            _ => Fit::Exact,
        };
    };
    if run.waits && !allows(expect, &Observed::Blocks) {
        return Fit::Waits;
    }
    if run.allowed.is_empty() && !run.waits {
        return Fit::Unreached;
    }
    let named = run.allowed.iter().filter(|seen| allows(expect, seen)).count();
    if named == 0 && !run.waits {
        return Fit::None;
    }
    if let Expect::Segments(all) = expect {
        let reached =
            |came: &Came| run.allowed.iter().any(|seen| matches!(seen, Observed::Came(seen) if is_this(came, seen)));
        if let Some(came) = all.iter().find(|came| !reached(came)) {
            return Fit::TooWide(render_observed(&Observed::Came(*came), script, None));
        }
    }
    if let Expect::OneOf(patterns) = expect {
        let reached = |pattern: &Pattern| match pattern.value {
            ValuePattern::Waits => run.waits || run.allowed.contains(&Observed::Blocks),
            _ => run.allowed.iter().any(|seen| matches!(seen, Observed::Returned(seen) if matches(pattern, seen))),
        };
        if let Some(pattern) = patterns.iter().find(|pattern| !reached(pattern)) {
            return Fit::TooWide(render_pattern(pattern, script));
        }
    }
    if named < run.allowed.len() { Fit::Some(named, run.allowed.len()) } else { Fit::Exact }
}

/// Something that the documents do not let stand, with its place in the text.
struct Problem {
    at: Span,
    judged: Judged,
}

/// What is wrong with a scenario as `played` under `documented`; a pass when nothing is. Of several problems the first in the
/// text is told, but an expectation that is only too narrow only when nothing is worse.
#[must_use]
pub fn first_problem(scenario: &Scenario, machine: &Machine, played: &Run) -> Judged {
    let end = played.limit.as_ref().map_or(usize::MAX, |(number, _)| *number);
    let mut problems = Vec::new();
    for (number, step) in scenario.program.steps.iter().enumerate().take_while(|(number, _)| *number < end) {
        let run = &played.steps[number];
        if run.allowed.iter().any(|seen| is(seen, Value::Unmodelled)) && !says(step, Value::Unmodelled) {
            let reason = why_unmodelled(scenario, played, number);
            // Behind it nothing is known, so nothing can be wrong.
            problems.push(Problem { at: step.span, judged: Judged::new(Verdict::Unmodelled, reason, Some(number)) });
            break;
        }
        if let Some(judged) = of_step(scenario, played, number) {
            problems.push(Problem { at: step.span, judged });
        }
    }
    let unmodelled = problems.last().is_some_and(|problem| problem.judged.verdict == Verdict::Unmodelled);
    if !unmodelled && played.limit.is_none() {
        problems.extend(of_the_whole(scenario, machine, played));
    }
    if let Some((number, what)) = &played.limit {
        let reason = super::words::beyond(scenario, *number, what);
        let judged = Judged::new(Verdict::Unresolved, reason, Some(*number));
        problems.push(Problem { at: scenario.program.steps[*number].span, judged });
    }
    let rank = |problem: &Problem| (problem.judged.verdict == Verdict::Possible, problem.at.start);
    problems.into_iter().min_by_key(rank).map_or_else(Judged::pass, |problem| problem.judged)
}

/// A program may be ready for what never comes: a step inside `if` that claims nothing need not be reached.
pub(super) fn may_stay_unreached(scenario: &Scenario, number: usize) -> bool {
    let step = &scenario.program.steps[number];
    scenario.program.is_conditional(number) && step.shows.is_empty() && step.confirms.is_empty()
}

/// Does the scenario itself say that this is the outcome?
pub(super) fn says(step: &Step, value: Value) -> bool {
    let names = |pattern: &Pattern| matches!(pattern.value, ValuePattern::Is(is) if is == value);
    matches!(&step.expect, Some(Expect::OneOf(patterns)) if patterns.iter().any(names))
}

fn of_step(scenario: &Scenario, played: &Run, number: usize) -> Option<Judged> {
    let (step, run, script) = (&scenario.program.steps[number], &played.steps[number], &scenario.script);
    let (call, said) = (action(scenario, number), allowed(scenario, played, number));
    let fail = |reason| Some(Judged::new(Verdict::Fail, reason, Some(number)));
    match fit(step, run, script) {
        Fit::Exact => None,
        Fit::Some(n, m) => {
            let also =
                run.allowed.iter().filter(|seen| !step.expect.as_ref().is_some_and(|expect| allows(expect, seen)));
            let also: Vec<_> = also.map(|seen| render_observed(seen, script, None)).collect();
            let reason = format!("{call}{}; the documents also allow {}", expected(step, script), also.join(" | "));
            Some(Judged { ways: Some((n, m)), ..Judged::new(Verdict::Possible, reason, Some(number)) })
        }
        Fit::TooWide(never) => fail(format!("{call}: the documents never allow {never} here; they allow {said}")),
        Fit::None => {
            let seen = run.allowed.first().map_or_else(|| call.clone(), |seen| shown(scenario, number, seen));
            let rest = if run.allowed.len() > 1 { format!("; the documents allow {said}") } else { String::new() };
            fail(format!("{seen}{rest}: the expectation is not what the documents say"))
        }
        Fit::NotTaken(why) => fail(format!("{call}: {why}")),
        Fit::Unreached if may_stay_unreached(scenario, number) => None,
        Fit::Unreached => fail(format!("{call}: the model never gets here")),
        Fit::Waits => fail(format!("{call} may wait for ever{}", expected(step, script))),
    }
}

/// What does not hold of more than one step.
fn of_the_whole(scenario: &Scenario, machine: &Machine, played: &Run) -> Vec<Problem> {
    let steps = &scenario.program.steps;
    let mut problems = Vec::new();
    let mut add = |at: Span, reason: String, step: Option<usize>| {
        let line = scenario.line_at(at);
        let judged = Judged::new(Verdict::Fail, format!("line {line}: {reason}"), step);
        problems.push(Problem { at, judged });
    };
    for (number, name) in &played.broken {
        add(steps[*number].span, format!("invariant broken: {name}"), Some(*number));
    }
    for span in &played.missed {
        add(*span, cannot_happen(scenario, *span), None);
    }
    if let Some((number, reason)) = claims::shown_in_vain(scenario, machine, played) {
        add(steps[number].span, reason, Some(number));
    }
    for (claim, never) in scenario.program.nevers.iter().enumerate() {
        if let Some(reason) = claims::claim_broken(scenario, played, claim) {
            add(never.span, reason, None);
        }
    }
    if let Some((claim, reason)) = claims::claimed_in_vain(scenario, played) {
        add(scenario.program.nevers[claim].span, reason, None);
    }
    problems
}

/// Why a happening cannot be.
pub(super) fn cannot_happen(scenario: &Scenario, span: Span) -> String {
    let text = &scenario.script.source[span.start as usize..span.end as usize];
    format!("`{text}` cannot happen: nothing is there that it could happen to")
}
