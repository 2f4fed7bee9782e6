//! Making a scenario small: whatever can be left out while it still shows the same.

use std::collections::BTreeSet;

use winaccept_model::call::ThreadId;
use winaccept_sim::script::{Action, Item, NameId, Ref, Script, Step};

use super::{Comparison, Difference, Explanation, NotPlayed, readable};
use crate::judge::predicts;
use crate::watch::is_interrupted;

/// The same difference in as few steps as could be found; where the stack is lost meanwhile, or somebody ends it, in as few as were
/// found by then. The same is what another call shows as well, if the same explains it: who left a connection in the queue shows by
/// the next accept, and, one client later, by what that client sends.
pub(super) fn smallest(comparison: &mut Comparison<'_>, found: Difference, by: Option<&Explanation>) -> Difference {
    let mut best = found;
    loop {
        let mut scripts = smaller(&best.scenario.script);
        scripts.insert(0, without_end(&best));
        match first_that_differs(comparison, &best, by, &scripts) {
            Ok(Some(smaller)) => best = smaller,
            Ok(None) | Err(Ended) => return best,
        }
    }
}

/// What comes behind the step that differs says nothing of it.
fn without_end(of: &Difference) -> Script {
    let mut script = of.scenario.script.clone();
    script.items.truncate(of.step + 1);
    script
}

/// It cannot be made smaller: the stack is lost, or somebody waits for what there is.
struct Ended;

/// The difference in the first script in which it is the same.
fn first_that_differs(
    comparison: &mut Comparison<'_>,
    of: &Difference,
    by: Option<&Explanation>,
    scripts: &[Script],
) -> Result<Option<Difference>, Ended> {
    let parts = |script: &Script| (script.items.len(), script.processes.len());
    let (items, processes) = parts(&of.scenario.script);
    for script in scripts.iter().filter(|script| parts(script).0 < items || parts(script).1 < processes) {
        let Some(scenario) = readable(&comparison.within_limits(script.clone())) else { continue };
        let replay = match comparison.play(&scenario) {
            _ if is_interrupted() => return Err(Ended),
            Err(NotPlayed::Lost(_)) => return Err(Ended),
            Err(NotPlayed::Other(_)) => continue,
            Ok(replay) => replay,
        };
        let found = comparison.difference(scenario, replay).filter(|other| {
            let profile = by.map(|by| by.instead(&comparison.wider));
            let explains = |profile| predicts(&other.scenario, &other.replay, &profile).unpredicted.is_none();
            other.kind == of.kind || profile.is_some_and(explains)
        });
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Scripts in which something is left out, those first in which that is much.
fn smaller(script: &Script) -> Vec<Script> {
    let steps = steps(script);
    let last = steps.len().saturating_sub(1);
    let actors: BTreeSet<ThreadId> = steps.iter().map(|step| step.actor).collect();
    let of_actor = |actor: &ThreadId| places(&steps, |step| step.actor == *actor);
    let names: BTreeSet<NameId> = steps.iter().flat_map(|step| step.binds()).collect();
    let of_name =
        |name: &NameId| places(&steps, |step| step.binds().any(|bound| bound == *name) || uses(step).contains(name));
    let single = (0..steps.len()).rev().map(|place| BTreeSet::from([place]));
    let pairs = (0..steps.len()).flat_map(|a| (a + 1..steps.len()).map(move |b| BTreeSet::from([a, b])));
    let sets = actors.iter().map(of_actor).chain(names.iter().map(of_name)).chain(single).chain(pairs);
    let mut all: Vec<Script> = sets
        .map(|set| with_dependents(&steps, set))
        .filter(|set| !set.is_empty() && !set.contains(&last))
        .map(|set| without(script, &set))
        .chain(by_others(script, &steps))
        .collect();
    if script.processes.len() > 1 {
        all.insert(0, in_one_process(script));
    }
    all
}

pub(super) fn steps<'a>(script: &'a Script) -> Vec<&'a Step> {
    let step = |item: &'a Item| if let Item::Step(step) = item { Some(step) } else { None };
    script.items.iter().filter_map(step).collect()
}

fn places(steps: &[&Step], wanted: impl Fn(&Step) -> bool) -> BTreeSet<usize> {
    steps.iter().enumerate().filter(|(_, step)| wanted(step)).map(|(place, _)| place).collect()
}

/// These steps with all that make no sense without them.
pub(super) fn with_dependents(steps: &[&Step], mut set: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut gone: BTreeSet<NameId> = set.iter().flat_map(|place| steps[*place].binds()).collect();
    for (place, step) in steps.iter().enumerate() {
        let issued = (0..place).rev().find(|before| steps[*before].actor == step.actor);
        let stray = step.action == Action::Resumes && issued.is_none_or(|before| set.contains(&before));
        if stray || uses(step).iter().any(|name| gone.contains(name)) {
            set.insert(place);
        }
        if set.contains(&place) {
            gone.extend(step.binds());
        }
    }
    set
}

/// The variables that a step names.
fn uses(step: &Step) -> BTreeSet<NameId> {
    let mut names = BTreeSet::new();
    if let Action::Call(call) | Action::InHook(call) = &step.action {
        call.map(|handle| {
            if let Ref::Name(name) = handle {
                names.insert(name);
            }
            handle
        });
    }
    names
}

pub(super) fn without(script: &Script, set: &BTreeSet<usize>) -> Script {
    let kept = script.items.iter().enumerate().filter(|(place, _)| !set.contains(place)).map(|(_, item)| item.clone());
    Script { items: kept.collect(), ..script.clone() }
}

/// What one variable is for, an earlier one does as well, and nobody has to make the one.
fn by_others(script: &Script, steps: &[&Step]) -> Vec<Script> {
    let bound: Vec<(usize, NameId)> =
        steps.iter().enumerate().flat_map(|(place, step)| step.binds().map(move |name| (place, name))).collect();
    let pairs = bound.iter().enumerate().flat_map(|(nth, one)| bound[..nth].iter().map(move |other| (one, other)));
    pairs
        .map(|((place, name), (_, other))| {
            let mut script = without(script, &[*place].into());
            for item in &mut script.items {
                if let Item::Step(Step { action: Action::Call(call) | Action::InHook(call), .. }) = item {
                    *call = call.map(|handle| if handle == Ref::Name(*name) { Ref::Name(*other) } else { handle });
                }
            }
            script
        })
        .collect()
}

/// Everybody in the first process.
fn in_one_process(script: &Script) -> Script {
    let mut one = script.clone();
    one.processes.truncate(1);
    one.actors.iter_mut().for_each(|actor| actor.process.0 = 0);
    one
}
