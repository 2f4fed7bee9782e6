//! Facts are covered like clauses: by a step that `confirms` one, and would not if something were otherwise.
//!
//! What would have to be otherwise is an alternative of a choice point, or a rule that is broken. A choice counts when under
//! another alternative the step no longer confirms its fact; a rule, broken from the beginning or from some step on, only when
//! that very step is the first to change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::choice::{Alt, Point};
use winaccept_model::profile::Profile;
use winaccept_model::rule::{Mutant, Rule, Table};
use winaccept_model::rules;
use winaccept_model::step::Machine;
use winaccept_sim::limit;
use winaccept_sim::run::{Guide, Run, run};
use winaccept_sim::track::{Broken, Track};

use super::mutations;
use crate::judge::{CHECK_ORDER, asked_by, confirms, windows};
use crate::parallel::each;
use crate::spec::{Grade, Observation, Reach, Spec};
use crate::suite::Scenario;
use crate::survivors;
use crate::watch::Watch;

/// How a fact stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Some step confirms it; with what decides there, where that was looked for.
    Shown(Option<String>),
    /// It could be shown and is not; why.
    Open(String),
    /// It waits for this.
    Later(String),
    /// It is not to be shown; why.
    OutOfScope(String),
}

impl Standing {
    /// How a fact stands that some step confirms, or none, when nobody asks what decides there.
    #[must_use]
    pub fn of(fact: &Observation, confirmed: bool) -> Standing {
        match fact.reach() {
            _ if confirmed => Standing::Shown(None),
            Reach::Later(what) => Standing::Later(what),
            Reach::OutOfScope(reason) => Standing::OutOfScope(reason),
            Reach::Modelled => Standing::Open(fact.open.clone().unwrap_or_else(|| "no step confirms it".to_owned())),
        }
    }
}

/// A step: which scenario, and which of its steps.
pub type At = (usize, usize);

/// A fact with the steps that confirm it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The fact.
    pub fact: &'static Observation,
    /// How it stands.
    pub standing: Standing,
    /// The steps that confirm it.
    pub steps: Vec<At>,
}

/// How many facts stand how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct Count {
    /// Facts in all.
    pub total: usize,
    /// Facts about calls that the model has, and that are to be shown.
    pub modelled: usize,
    /// Of these, those that a step confirms, and with --kill, something decides that it does.
    pub shown: usize,
    /// Facts that wait for a call that the model has not got, or for something that scenarios cannot say.
    pub later: usize,
    /// Facts that are not to be shown.
    pub out_of_scope: usize,
}

impl Count {
    /// Counts these facts.
    #[must_use]
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Count {
        let mut count = Count::default();
        for fact in facts {
            count.total += 1;
            match fact.standing {
                Standing::Shown(_) => {
                    count.modelled += 1;
                    count.shown += 1;
                }
                Standing::Open(_) => count.modelled += 1,
                Standing::Later(_) => count.later += 1,
                Standing::OutOfScope(_) => count.out_of_scope += 1,
            }
        }
        count
    }
}

/// The facts by grade, strongest first, without grades that no fact has.
#[must_use]
pub fn by_grade(facts: &[Fact]) -> Vec<(Grade, Count)> {
    let of = |grade: Grade| (grade, Count::of(facts.iter().filter(|fact| fact.fact.grade == grade)));
    Grade::ALL.into_iter().map(of).filter(|(_, count)| count.total > 0).collect()
}

/// Which step confirms which fact.
#[must_use]
pub fn confirmed(scenarios: &[Scenario]) -> BTreeMap<&str, Vec<At>> {
    let mut all: BTreeMap<&str, Vec<At>> = BTreeMap::new();
    for (index, scenario) in scenarios.iter().enumerate() {
        for (number, step) in scenario.program.steps.iter().enumerate() {
            step.confirms.iter().for_each(|fact| all.entry(fact).or_default().push((index, number)));
        }
    }
    all
}

/// How every fact stands with these scenarios; with `kill`, whether anything decides the steps that confirm it.
#[must_use]
pub fn facts(scenarios: &[Scenario], kill: bool) -> Vec<Fact> {
    let confirmed = confirmed(scenarios);
    let originals = scenarios.iter().map(|_| OnceLock::new()).collect();
    let bench = Bench { scenarios, originals, known: Mutex::default() };
    let of = |_, fact: &'static Observation| {
        let steps = confirmed.get(fact.id.as_str()).cloned().unwrap_or_default();
        let standing = match Standing::of(fact, !steps.is_empty()) {
            Standing::Shown(None) if kill => match steps.iter().find_map(|at| bench.decides(*at)) {
                Some(what) => Standing::Shown(Some(what)),
                None => Standing::Open("nothing that could be otherwise decides the steps that confirm it".to_owned()),
            },
            standing => standing,
        };
        Fact { fact, standing, steps }
    };
    each(Spec::bundled().observations(), &Watch::unattended(), of)
}

/// What tries whether a step would go otherwise.
struct Bench<'a> {
    scenarios: &'a [Scenario],
    /// By scenario, what `windows` does in it, once somebody needs it.
    originals: Vec<OnceLock<Track>>,
    known: Mutex<BTreeMap<At, Option<String>>>,
}

impl Bench<'_> {
    /// What decides that this step confirms its facts; `None` if nothing that was tried.
    fn decides(&self, at: At) -> Option<String> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&at) {
            return found.clone();
        }
        let (scenario, number) = (&self.scenarios[at.0], at.1);
        let play = || Track::of(&scenario.program, &Machine::new(windows()), Guide::Expectations, None);
        let found = decides(scenario, number, self.originals[at.0].get_or_init(play));
        known().insert(at, found.clone());
        found
    }
}

fn decides(scenario: &Scenario, number: usize, track: &Track) -> Option<String> {
    let original = &track.run;
    let at_step = named(&original.steps[number].rules);
    let before = original.steps[..number].iter().flat_map(|step| &step.rules).chain(&original.between);
    let before: BTreeSet<&'static str> = before.copied().collect();
    let holds = |run: &Run| confirms(&scenario.program.steps[number], &run.steps[number], &scenario.script);
    let play = |machine: &Machine| limit::hushed(|| run(&scenario.program, machine, Guide::Expectations));
    let earlier = named(&before);
    let points = asked_by(original.steps[number].rules.iter().chain(&before));
    for (alt, profile) in points.into_iter().flat_map(others) {
        if play(&Machine::new(profile)).is_some_and(|run| run.limit.is_none() && !holds(&run)) {
            return Some(alt.text());
        }
    }
    let mut unordered = windows();
    unordered.set_order(Vec::new());
    if play(&Machine::new(unordered)).is_some_and(|run| run.limit.is_none() && !holds(&run)) {
        return Some(CHECK_ORDER.to_owned());
    }
    let first_change = |run: &Run| {
        let mut pairs = run.steps.iter().zip(&original.steps);
        pairs.position(|(a, b)| a.allowed != b.allowed)
    };
    let noticed = |run: &Run| run.limit.is_none() && first_change(run) == Some(number) && !holds(run);
    let changes = |run: &Run, number: usize| run.steps[number].allowed != original.steps[number].allowed;
    let broken = |rules: &[&'static Rule], from: usize| {
        let all = rules.iter().flat_map(|&rule| mutations(rule).map(move |mutation| Mutant { rule, mutation }));
        let noticed = |mutant: &Mutant| {
            let machine = Machine { mutant: Some(*mutant), ..Machine::new(windows()) };
            let broken = Broken::new(&machine)?.from(from);
            let play = || track.broken(&scenario.program, &broken, Guide::Expectations, &changes);
            limit::hushed(play)?.ok().filter(noticed)
        };
        all.into_iter().find(|mutant| noticed(mutant).is_some())
    };
    // Broken from the beginning, or from some step on: what was right before is there to build on.
    let mutant = broken(&at_step, 0)
        .or_else(|| broken(&earlier, 0))
        .or_else(|| (1..=number).rev().find_map(|from| broken(&at_step, from).or_else(|| broken(&earlier, from))))?;
    Some(format!("{} ({})", mutant.rule.name, survivors::name(mutant.mutation)))
}

/// The rules of these names, in the order of the tables.
fn named(names: &BTreeSet<&'static str>) -> Vec<&'static Rule> {
    let known: BTreeMap<usize, (Table, &'static Rule)> = names.iter().filter_map(|name| rules::named(name)).collect();
    known.into_values().map(|(_, rule)| rule).collect()
}

/// The profile `windows` with each other alternative of this choice point.
fn others(point: Point) -> Vec<(Alt, Profile)> {
    let windows = windows();
    let others = point.all_alternatives().filter(|alt| !windows.allows(*alt));
    let with = |alt: Alt| {
        let mut profile = windows.clone();
        profile.only(alt);
        (alt, profile)
    };
    others.map(with).collect()
}
