//! Runs a scenario on the model: all outcomes that the profile allows at each step, step by step.
//!
//! Where the profile leaves choices the run holds the *set* of configurations that may have come about, so a
//! step gives a set of outcomes. After each step the set is narrowed by a guide: to what the script expects, or to what a
//! real stack was seen to do.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use winaccept_model::step::{Machine, broken_invariant};
use winaccept_model::world::World;

use crate::branch::Branch;
use crate::config::Config;
use crate::distinct::Distinct;
use crate::explore::interleave;

use crate::happen::{can_happen, happen, never_came};
use crate::limit;
use crate::limits::Limits;
use crate::observe::Observed;
use crate::scenario::{Instruction, LaneCode, Scenario, Section};
use crate::script::{Action, Expect, Span};
use crate::take::outcomes;

pub use crate::guide::Guide;

/// What the model allows at one step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StepRun {
    /// Every outcome allowed, in order.
    pub allowed: BTreeSet<Observed>,
    /// The rules that fired on the way to it, in order of their names.
    pub rules: BTreeSet<&'static str>,
    /// The step stands inside `any order`, and its call may wait for ever. What stands in `repeat` ends by waiting; of it that is
    /// not said.
    pub waits: bool,
    /// No configuration was left that agrees with the guide: the profile does not allow what was seen before.
    pub lost: bool,
}

/// A run of a scenario on the model.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// By step number.
    pub steps: Vec<StepRun>,
    /// The rules that fired in what happens between steps, and there alone as far as steps do not name them.
    pub between: BTreeSet<&'static str>,
    /// The happenings of the script that cannot happen, whatever happened before: a segment that is not the first in flight, a
    /// timer that does not run, a variable that is no socket, a loss or a fault that nothing ever meets.
    pub missed: Vec<Span>,
    /// Broken invariants, by name, with the number of the step after which they showed.
    pub broken: Vec<(usize, String)>,
    /// The configurations that the scenario may end in.
    pub ends: Vec<Config>,
    /// The scenario asks for more than a world holds: the step where that showed, and what there is no more of. Nothing behind
    /// that step was run.
    pub limit: Option<(usize, String)>,
}

/// Runs a scenario.
#[must_use]
pub fn run(scenario: &Scenario, machine: &Machine, guide: Guide<'_>) -> Run {
    play(scenario, guide, |_| machine)
}

/// A broken model that stopped: no rule says how to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// The step at which it did, where it was one alone.
    pub at: Option<usize>,
}

/// Runs a scenario on a sound machine up to the step before `from`, and from there on, with what happens in between, on a
/// broken one: what was right before cannot fail, and is there to build on. [`crate::track::Track::broken`] does the same faster,
/// and is held to this.
///
/// # Errors
/// When the broken model cannot go on.
pub fn run_breaking_at(
    scenario: &Scenario,
    [sound, broken]: [&Machine; 2],
    from: usize,
    guide: Guide<'_>,
) -> Result<Run, Stopped> {
    let (sections, first) = (&scenario.sections, breaks_at(scenario, from));
    let reached = Cell::new(0);
    let play = || {
        play(scenario, guide, |section| {
            reached.set(section);
            if section < first { sound } else { broken }
        })
    };
    // Whoever hears that it stopped looks at nothing that the run may have left half done.
    catch_unwind(AssertUnwindSafe(play)).map_err(|_| match &sections[reached.get()] {
        Section::Step(number) => Stopped { at: Some(*number) },
        Section::Happening(..) | Section::AnyOrder(_) => Stopped { at: None },
    })
}

/// The first section behind the step before this one.
pub(crate) fn breaks_at(scenario: &Scenario, step: usize) -> usize {
    let sections = &scenario.sections;
    let at = sections.iter().position(|section| section.holds(step)).unwrap_or(sections.len());
    at - sections[..at].iter().rev().take_while(|section| matches!(section, Section::Happening(..))).count()
}

fn play<'m>(scenario: &Scenario, guide: Guide<'_>, machine: impl Fn(usize) -> &'m Machine) -> Run {
    let mut playing = Playing::new(scenario);
    for index in 0..scenario.sections.len() {
        if !playing.section(scenario, machine(index), guide, index) {
            break;
        }
    }
    playing.ends(scenario)
}

/// A run as far as it has come.
pub(crate) struct Playing {
    pub(crate) run: Run,
    /// The configurations in which it may be now.
    pub(crate) configs: Vec<Config>,
    /// The step before.
    last: usize,
}

impl Playing {
    pub(crate) fn new(scenario: &Scenario) -> Playing {
        let run = Run { steps: vec![StepRun::default(); scenario.steps.len()], ..Run::default() };
        Playing { run, configs: vec![Config::first(scenario)], last: 0 }
    }

    /// It comes to a section.
    pub(crate) fn comes_to(&mut self, section: &Section) {
        self.last = step_to_name(section, self.last);
    }

    /// Plays a section; false where that asks for more than a world holds.
    pub(crate) fn section(&mut self, scenario: &Scenario, machine: &Machine, guide: Guide<'_>, index: usize) -> bool {
        let section = &scenario.sections[index];
        let machine = &*scenario.chosen(index, machine);
        self.comes_to(section);
        let (configs, run, last) = (std::mem::take(&mut self.configs), &mut self.run, self.last);
        let taken = limit::within(|| {
            let after = take_section(scenario, machine, guide, section, configs, run);
            limit::heeds_ways(after.len(), 0, last);
            after
        });
        match taken {
            Ok(after) => self.configs = after,
            Err(reached) => run.limit = Some((reached.step.unwrap_or(last), reached.what)),
        }
        run.limit.is_none()
    }

    /// It is over.
    pub(crate) fn ends(self, scenario: &Scenario) -> Run {
        let Playing { mut run, configs, .. } = self;
        if run.limit.is_some() {
            return run;
        }
        run.missed.extend(scenario.sections.iter().filter_map(|section| match section {
            Section::Happening(happening, span) if !configs.is_empty() && never_came(scenario, &configs, happening) => {
                Some(*span)
            }
            _ => None,
        }));
        run.missed.sort_unstable_by_key(|span| span.start);
        run.missed.dedup();
        run.ends = configs;
        run
    }
}

/// The step that stands for a section where something is to be said of it: behind `last`, where it has none of its own.
pub(crate) fn step_to_name(section: &Section, last: usize) -> usize {
    match section {
        Section::Step(number) => *number,
        Section::AnyOrder(lanes) => lanes.iter().filter_map(first_step).min().unwrap_or(last),
        Section::Happening(..) => last,
    }
}

/// The first step that a lane takes.
fn first_step(lane: &LaneCode) -> Option<usize> {
    lane.code
        .iter()
        .find_map(|instruction| if let Instruction::Step(number) = instruction { Some(*number) } else { None })
}

fn take_section(
    scenario: &Scenario,
    machine: &Machine,
    guide: Guide<'_>,
    section: &Section,
    configs: Vec<Config>,
    run: &mut Run,
) -> Vec<Config> {
    match section {
        Section::Step(number) => take_step(scenario, machine, guide, *number, configs, run),
        Section::Happening(happening, span) => {
            if !configs.iter().any(|config| can_happen(config, happening)) {
                run.missed.push(*span);
            }
            let after = happen(scenario, machine, happening, configs, &mut run.between);
            let broken = after.iter().filter_map(|config| Some((0, broken_invariant(&config.world)?.to_owned())));
            run.broken.extend(broken);
            after
        }
        Section::AnyOrder(lanes) => {
            let limits = &scenario.limits;
            let explored = interleave(scenario, machine, guide, lanes, &configs, limits);
            if !explored.complete {
                let Limits { max_states, max_forms, .. } = limits;
                limit::reached(&format!(
                    "at most {max_states} states, of {max_forms} forms of all actors, in one `any order`"
                ));
            }
            for (number, allowed) in explored.outcomes {
                run.steps[number].allowed.extend(allowed);
            }
            for (number, rules) in explored.rules {
                run.steps[number].rules.extend(rules);
            }
            run.broken.extend(explored.violations.iter().map(|v| (v.step.unwrap_or(0), v.property.clone())));
            for number in explored.ends.iter().flat_map(|end| stuck(scenario, lanes, end)) {
                run.steps[number].waits = true;
            }
            explored.ends
        }
    }
}

/// The steps of these lanes that never get their outcome if things end so.
fn stuck(scenario: &Scenario, lanes: &[LaneCode], end: &Config) -> Vec<usize> {
    let of_lane = |lane: &LaneCode| {
        let blocks = |number: &usize| scenario.steps[*number].expect == Some(Expect::Blocks);
        let waits = end.waiting(lane.actor).filter(|number| !blocks(number));
        let next = match lane.code.get(usize::from(end.at[lane.actor.index()])) {
            Some(Instruction::Step(number))
                if matches!(scenario.steps[*number].action, Action::Resumes | Action::Expects) =>
            {
                Some(*number)
            }
            _ => None,
        };
        waits.or(next).filter(|number| !lane.repeats(*number))
    };
    lanes.iter().filter_map(of_lane).collect()
}

fn take_step(
    scenario: &Scenario,
    machine: &Machine,
    guide: Guide<'_>,
    number: usize,
    configs: Vec<Config>,
    run: &mut Run,
) -> Vec<Config> {
    let step = &scenario.steps[number];
    let mut results: Vec<(Observed, Config)> = Vec::new();
    let result = &mut run.steps[number];
    if configs.is_empty() {
        result.lost = true;
    }
    for config in configs {
        for (observed, branch) in outcomes(scenario, machine, step, number, Branch::new(config, None)) {
            result.allowed.insert(observed.clone());
            result.rules.extend(branch.rules);
            results.push((observed, branch.config));
        }
    }
    let kept = narrow(scenario, guide, number, results);
    // Where the step was not taken nothing has changed.
    let changed = kept.iter().filter(|(_, observed)| !matches!(observed, Observed::NotTaken(_)));
    run.broken.extend(changed.filter_map(|(config, _)| Some((number, broken_invariant(&config.world)?.to_owned()))));
    kept.into_iter().map(|(config, _)| config).collect()
}

/// Keeps the configurations that agree with the guide, each once, with what was first seen on the way to it.
fn narrow(
    scenario: &Scenario,
    guide: Guide<'_>,
    number: usize,
    results: Vec<(Observed, Config)>,
) -> Vec<(Config, Observed)> {
    let agrees = |observed: &Observed| guide.agrees(scenario, number, observed);
    let any = results.iter().any(|(observed, _)| agrees(observed));
    let mut kept = Distinct::new();
    for (observed, config) in results {
        if agrees(&observed) || (!any && matches!(guide, Guide::Expectations)) {
            kept.insert(config, observed);
        }
    }
    kept.into_vec()
}

/// One way in which a scenario without `any order` may go: what its steps show, in order. Wherever a step can show several
/// things, `pick` takes one of so many at this step. It ends early where the scenario asks for more than a world holds, or at an
/// `any order`.
#[must_use]
pub fn one_way(
    scenario: &Scenario,
    machine: &Machine,
    pick: &mut dyn FnMut(usize, usize) -> usize,
) -> Vec<(usize, Observed)> {
    one_way_through(scenario, machine, pick, &mut |_| ())
}

/// The same; `through` is shown the world after each section.
pub fn one_way_through(
    scenario: &Scenario,
    machine: &Machine,
    pick: &mut dyn FnMut(usize, usize) -> usize,
    through: &mut dyn FnMut(&World),
) -> Vec<(usize, Observed)> {
    let (mut seen, mut last) = (Vec::new(), 0);
    let mut config = Config::first(scenario);
    for section in &scenario.sections {
        let went = limit::within(|| match section {
            Section::Step(number) => {
                let step = &scenario.steps[*number];
                let mut ways = outcomes(scenario, machine, step, *number, Branch::new(config.clone(), None));
                let (observed, branch) = ways.swap_remove(pick(*number, ways.len()) % ways.len());
                (Some((*number, observed)), branch.config)
            }
            Section::Happening(happening, _) => {
                let before = vec![config.clone()];
                let mut ways = happen(scenario, machine, happening, before, &mut BTreeSet::new());
                (None, ways.swap_remove(pick(last, ways.len()) % ways.len()))
            }
            Section::AnyOrder(_) => limit::reached("no `any order` where one way is followed"),
        });
        let Ok((shown, after)) = went else { break };
        config = after;
        through(&config.world);
        last = shown.as_ref().map_or(last, |(number, _)| *number);
        seen.extend(shown);
    }
    seen
}

/// The worlds that a scenario leads to between its steps, in the order in which it gets there; at most `most` after each.
/// Sections with lanes are passed over.
#[must_use]
pub fn worlds(scenario: &Scenario, machine: &Machine, most: usize) -> Vec<World> {
    let mut run = Run { steps: vec![StepRun::default(); scenario.steps.len()], ..Run::default() };
    let mut configs = vec![Config::first(scenario)];
    let mut all: Vec<World> = configs.iter().map(|config| config.world.clone()).collect();
    for (index, section) in scenario.sections.iter().enumerate() {
        let machine = &*scenario.chosen(index, machine);
        match section {
            Section::Step(number) => {
                configs = take_step(scenario, machine, Guide::Expectations, *number, configs, &mut run);
            }
            Section::Happening(happening, _) => {
                configs = happen(scenario, machine, happening, configs, &mut run.between);
            }
            Section::AnyOrder(_) => {}
        }
        configs.truncate(most);
        all.extend(configs.iter().map(|config| config.world.clone()));
    }
    all
}
