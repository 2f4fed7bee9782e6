//! Judging the model itself, under any profile.

use winaccept_model::choice::Alt;
use winaccept_model::outcome::Value;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::observe::{Observed, allows};
use winaccept_sim::run::{Guide, Run, StepRun, run};
use winaccept_sim::scenario::Section;
use winaccept_sim::script::{Action, Happening, Span, Step};

use super::behind::{Question, behind, documented};
use super::documents::{cannot_happen, first_problem, may_stay_unreached, says};
use super::facts::confirmed_in_vain;
use super::words::{action, because, expected, is, placed, shown, why_unmodelled};
use super::{beyond, claim_broken, empty_claims};
use crate::suite::Scenario;
use crate::verdict::{Judged, Verdict};

/// The profile of what the documents say.
pub(super) const DOCUMENTED: &str = "documented";

/// Judges a scenario on the model under a profile.
#[must_use]
pub fn model(scenario: &Scenario, machine: &Machine) -> Judged {
    if machine.profile.name == DOCUMENTED {
        // The machine may be one with a broken rule.
        return chosen_in_vain(scenario, &machine.profile).unwrap_or_else(|| documented_by(scenario, machine));
    }
    let documents = scenario.documents();
    if documents.verdict != Verdict::Pass {
        return documents.clone();
    }
    let judged = chosen_in_vain(scenario, &machine.profile).unwrap_or_else(|| by_profile(scenario, machine));
    Judged { notes: documents.notes.clone(), ..placed(scenario, judged) }
}

/// A stack of this profile never goes a way that the scenario chooses.
fn chosen_in_vain(scenario: &Scenario, profile: &Profile) -> Option<Judged> {
    scenario.program.sections.iter().find_map(|section| {
        let Section::Happening(Happening::Choose(alt), span) = section else { return None };
        if profile.allows(*alt) {
            return None;
        }
        let allowed: Vec<&str> = profile.alternatives(alt.point()).map(Alt::name).collect();
        let reason = format!(
            "line {}: `choose {}`: under profile {} it is never so, but {}",
            scenario.line_at(*span),
            alt.text(),
            profile.name,
            allowed.join(" or ")
        );
        if !documented().allows(*alt) {
            return Some(Judged::new(Verdict::Fail, reason, None));
        }
        // The documents go this way too, and the stack is known not to.
        let choices = vec![alt.point().name()];
        Some(Judged { choices: choices.clone(), ..Judged::new(Verdict::Deviates, because(reason, &choices), None) })
    })
}

/// What the documents say of a scenario. [`Scenario::documents`] remembers it.
#[must_use]
pub fn by_documents(scenario: &Scenario) -> Judged {
    documented_by(scenario, &Machine::new(documented().clone()))
}

/// What this machine, whose profile is `documented`, makes of a scenario.
fn documented_by(scenario: &Scenario, machine: &Machine) -> Judged {
    let played = run(&scenario.program, machine, Guide::Expectations);
    let mut judged = first_problem(scenario, machine, &played);
    if judged.verdict == Verdict::Pass
        && machine.mutant.is_none()
        && let Some((number, reason)) = confirmed_in_vain(scenario)
    {
        judged = Judged::new(Verdict::Fail, reason, Some(number));
    }
    let mut notes = empty_claims(scenario);
    if judged.verdict == Verdict::Pass {
        let reached = |number: &usize| !played.steps[*number].allowed.is_empty() || played.steps[*number].waits;
        let unreached = (0..played.steps.len())
            .filter(|number| scenario.program.is_conditional(*number) && scenario.program.call_at(*number).is_some());
        let lines = unreached.filter(|number| !reached(number)).map(|number| scenario.line(number));
        notes.extend(lines.map(|line| format!("line {line}: no way leads here")));
    }
    Judged { notes, ..placed(scenario, judged) }
}

/// What a profile makes of a scenario that is as documented.
fn by_profile(scenario: &Scenario, machine: &Machine) -> Judged {
    let program = &scenario.program;
    let play =
        |profile: &Profile| run(program, &Machine { profile: profile.clone(), ..machine.clone() }, Guide::Expectations);
    let played = play(&machine.profile);
    if let Some((number, what)) = &played.limit {
        return Judged::new(Verdict::Unresolved, beyond(scenario, *number, what), Some(*number));
    }
    if let Some((number, name)) = played.broken.first() {
        return Judged::new(Verdict::Fail, format!("invariant broken: {name}"), Some(*number));
    }
    let differs = |reason: String, number: Option<usize>, gone: &dyn Fn(&Run) -> bool| {
        let question = Question { play: &play, gone, step: number.unwrap_or(0) };
        let behind = behind(&machine.profile, &question).filter(|choices| !choices.is_empty());
        let verdict = if behind.is_some() { Verdict::Deviates } else { Verdict::Fail };
        let choices = behind.unwrap_or_default();
        Judged { choices: choices.clone(), ..Judged::new(verdict, because(reason, &choices), number) }
    };
    let missed = played.missed.first();
    let not_happened = |span: Span| {
        let reason = format!("line {}: {}", scenario.line_at(span), cannot_happen(scenario, span));
        differs(reason, None, &|run| !run.missed.contains(&span))
    };
    for (number, step) in program.steps.iter().enumerate() {
        if let Some(span) = missed.filter(|span| span.start < step.span.start) {
            return not_happened(*span);
        }
        let run = &played.steps[number];
        if run.allowed.iter().any(|seen| is(seen, Value::Unmodelled)) && !says(step, Value::Unmodelled) {
            return Judged::new(Verdict::Unmodelled, why_unmodelled(scenario, &played, number), Some(number));
        }
        if let Some(reason) = otherwise(scenario, number, run) {
            return differs(reason, Some(number), &|run| otherwise(scenario, number, &run.steps[number]).is_none());
        }
    }
    if let Some(span) = missed {
        return not_happened(*span);
    }
    for (claim, never) in program.nevers.iter().enumerate() {
        if let Some(reason) = claim_broken(scenario, &played, claim) {
            let reason = format!("line {}: {reason}", scenario.line_at(never.span));
            return differs(reason, None, &|run| claim_broken(scenario, run, claim).is_none());
        }
    }
    Judged { rests_on_unknown: rests_on_unknown(&program.steps, &played), ..Judged::pass() }
}

/// What else than expected may come of this step; `None` when nothing.
fn otherwise(scenario: &Scenario, number: usize, run: &StepRun) -> Option<String> {
    let step = &scenario.program.steps[number];
    let unexpected = |seen: &&Observed| match &step.expect {
        Some(expect) => !allows(expect, seen),
        None => {
            matches!(step.action, Action::Exits(_) | Action::Ends | Action::Sends { .. })
                && matches!(seen, Observed::NotTaken(_))
        }
    };
    match run.allowed.iter().find(unexpected) {
        Some(seen) => Some(shown(scenario, number, seen)),
        None if run.waits && step.expect.as_ref().is_some_and(|expect| !allows(expect, &Observed::Blocks)) => {
            Some(format!("{} may wait for ever{}", action(scenario, number), expected(step, &scenario.script)))
        }
        None if step.expect.is_some()
            && run.allowed.is_empty()
            && !run.waits
            && !may_stay_unreached(scenario, number) =>
        {
            Some(format!("{}: the model never gets here", action(scenario, number)))
        }
        None => None,
    }
}

/// A claim rests on a set of which nobody knows which alternative this stack takes.
pub(super) fn rests_on_unknown(steps: &[Step], played: &Run) -> bool {
    steps.iter().zip(&played.steps).any(|(step, run)| !step.shows.is_empty() && run.allowed.len() > 1)
}
