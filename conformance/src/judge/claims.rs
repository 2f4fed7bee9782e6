//! Claims: what a step `shows`, and what `never` happens.

use std::collections::BTreeMap;

use winaccept_model::call::{Buffer, Call, Condition, Length, ThreadId};
use winaccept_model::outcome::Value;
use winaccept_model::rule::{Mutant, Mutation, Rule, Table};
use winaccept_model::rules;
use winaccept_model::step::Machine;
use winaccept_sim::ends::still_waiting;
use winaccept_sim::limit;
use winaccept_sim::observe::{Observed, matches};
use winaccept_sim::run::{Guide, Run, run};
use winaccept_sim::script::{Never, Pattern, Ref, ValuePattern};

use super::words::action;
use crate::lang::{render_never, render_pattern};
use crate::suite::Scenario;

/// Why this claim does not hold, in words; `None` when it does.
#[must_use]
pub fn claim_broken(scenario: &Scenario, played: &Run, claim: usize) -> Option<String> {
    let never = &scenario.program.nevers[claim];
    if never.waits {
        return waits_broken(scenario, played, never);
    }
    let concerned = (0..scenario.program.steps.len())
        .filter(|number| scenario.program.call_at(*number).is_some_and(|call| never.is_about(call.name())));
    for number in concerned {
        for seen in &played.steps[number].allowed {
            let Observed::Returned(seen) = seen else { continue };
            if let Some(pattern) = never.outcomes.iter().find(|pattern| matches(pattern, seen)) {
                let outcome = render_pattern(pattern, &scenario.script);
                let (line, call) = (scenario.line(number), never.call.as_deref().unwrap_or_default());
                return Some(format!("never {call} = {outcome}: it happens at line {line}"));
            }
        }
    }
    None
}

/// Who waits for ever although it is claimed that nobody does.
fn waits_broken(scenario: &Scenario, played: &Run, never: &Never) -> Option<String> {
    let waiting = played.ends.iter().flat_map(|end| still_waiting(&scenario.program, end));
    let about =
        |(_, step): &(ThreadId, usize)| scenario.program.call_at(*step).is_some_and(|call| never.is_about(call.name()));
    let (actor, step) = waiting.filter(about).min_by_key(|(_, step)| *step)?;
    let (claim, actor) = (render_never(never, &scenario.script), &scenario.script.actors[actor.index()].name);
    Some(format!("{claim}: {actor} may wait for ever at line {}", scenario.line(step)))
}

/// The claims of the form "never" that nothing could break, each with the reason.
#[must_use]
pub fn empty_claims(scenario: &Scenario) -> Vec<String> {
    let mut notes = Vec::new();
    for never in &scenario.program.nevers {
        let line = scenario.line_at(never.span);
        let calls: Vec<&Call<Ref>> = (0..scenario.program.steps.len())
            .filter_map(|number| scenario.program.call_at(number))
            .filter(|call| never.is_about(call.name()))
            .collect();
        let name = never.call.as_deref().unwrap_or("anything");
        if calls.is_empty() {
            notes.push(format!("line {line}: an empty claim: no step calls {name}"));
            continue;
        }
        for pattern in &never.outcomes {
            if !calls.iter().any(|call| could_give(call, pattern)) {
                let outcome = render_pattern(pattern, &scenario.script);
                notes.push(format!("line {line}: an empty claim: no such {name} gives {outcome} under any profile"));
            }
        }
    }
    notes
}

/// Does the model know anything, in any state and under any profile, that lets this call end so?
fn could_give(call: &Call<Ref>, pattern: &Pattern) -> bool {
    match pattern.value {
        ValuePattern::Is(Value::Crashes) => reads_bad_memory(call),
        _ => true,
    }
}

/// A call brings its process down only where it is given a pointer or a length that no program should give it.
fn reads_bad_memory(call: &Call<Ref>) -> bool {
    if let Some((addr, addrlen)) = call.name_buffer() {
        let is_bad = matches!(addrlen, Length::Bad) || matches!(addrlen, Length::Holds(n) if n < 0);
        if addr == Buffer::Bad || is_bad {
            return true;
        }
    }
    match *call {
        Call::WSAAccept { condition, .. } => condition == Condition::Bad,
        Call::Bind { name, .. } | Call::Connect { name, .. } | Call::WSAConnect { name, .. } => {
            !matches!(name, winaccept_model::call::Name::Of(_))
        }
        _ => false,
    }
}

/// The first step that shows a clause on which no rule rests that took part in it.
///
/// A rule takes part where it fires. It also does if it fired before and the step would have come out otherwise without it: much of
/// what a call does shows only later, in another one.
pub(super) fn shown_in_vain(scenario: &Scenario, machine: &Machine, played: &Run) -> Option<(usize, String)> {
    (0..scenario.program.steps.len()).find_map(|number| {
        let step = &scenario.program.steps[number];
        let fired = known(played.steps[number].rules.iter());
        let holds = |clause: &&String| {
            fired.iter().any(|rule| rests_on(rule, clause)) || depends(scenario, machine, played, number, clause)
        };
        let clause = step.shows.iter().find(|clause| !holds(clause))?;
        let call = action(scenario, number);
        Some((number, format!("{call} does not show {clause}: no rule that rests on it took part in this step")))
    })
}

/// Would this step come out otherwise if a rule that rests on the clause, and fired on the way here, did not do what it does?
fn depends(scenario: &Scenario, machine: &Machine, played: &Run, number: usize, clause: &str) -> bool {
    let before = played.steps[..=number].iter().flat_map(|step| &step.rules).chain(&played.between);
    let resting = known(before).into_iter().filter(|rule| rests_on(rule, clause));
    let changes = |rule: &'static Rule, mutation| {
        let broken = Machine { mutant: Some(Mutant { rule, mutation }), ..machine.clone() };
        // A model that breaks without the rule needs it.
        let other = limit::hushed(|| run(&scenario.program, &broken, Guide::Expectations));
        other.is_none_or(|other| other.limit.is_some() || other.steps[number].allowed != played.steps[number].allowed)
    };
    let mutations = [Mutation::NoEffect, Mutation::WrongCode, Mutation::Never];
    resting.into_iter().any(|rule| mutations.into_iter().any(|mutation| changes(rule, mutation)))
}

/// The first claim that shows a clause on which no rule rests that took part anywhere in the scenario.
pub(super) fn claimed_in_vain(scenario: &Scenario, played: &Run) -> Option<(usize, String)> {
    let fired = known(played.steps.iter().flat_map(|step| &step.rules).chain(&played.between));
    scenario.program.nevers.iter().enumerate().find_map(|(claim, never)| {
        let in_vain = never.shows.iter().find(|clause| !fired.iter().any(|rule| rests_on(rule, clause)))?;
        Some((
            claim,
            format!(
                "{} does not show {in_vain}: no rule that rests on it took part in any step",
                match &never.call {
                    Some(call) => format!("never {call}"),
                    None => "nobody waits".to_owned(),
                }
            ),
        ))
    })
}

fn rests_on(rule: &Rule, clause: &str) -> bool {
    rule.sources().any(|source| source == clause)
}

/// The rules of these names, each once.
fn known<'n>(names: impl Iterator<Item = &'n &'static str>) -> Vec<&'static Rule> {
    let known: BTreeMap<usize, (Table, &'static Rule)> = names.filter_map(|name| rules::named(name)).collect();
    known.into_values().map(|(_, rule)| rule).collect()
}
