//! A whole scenario explored: what can happen, how it can end, and what does not hold.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use winaccept_model::call::ThreadId;
use winaccept_model::choice::Alt;
use winaccept_model::operation::Ended;
use winaccept_model::step::{Machine, broken_invariant};

use super::past::Past;
use super::retell::{Told, retell};
use super::search::{Finding, Search, Task};
use super::way::Taken;
use crate::branch::Branch;
use crate::config::{Config, Happened, Move};
use crate::distinct::Distinct;
use crate::ends::still_waiting;
use crate::happen::happened;
use crate::limit;
use crate::limits::{REMEMBERED, Watcher};
use crate::observe::{Observed, allows, matches};
use crate::run::step_to_name;
use crate::scenario::{Instruction, LaneCode, Scenario, Section};
use crate::script::{Happening, Script};
use crate::take::outcomes;

/// How a scenario is explored.
#[derive(Clone, Debug)]
pub struct Options {
    /// The most states to keep.
    pub max_states: usize,
    /// Keep one state for all that differ only in who of alike actors is who.
    pub symmetry: bool,
    /// Who may end it.
    pub watcher: Watcher,
}

impl Default for Options {
    fn default() -> Self {
        Options { max_states: 50_000_000, symmetry: true, watcher: Watcher::default() }
    }
}

/// What came of exploring a scenario.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Distinct states, with alike actors told apart.
    pub states: u64,
    /// Transitions between them.
    pub transitions: u64,
    /// Length of the longest shortest way.
    pub depth: usize,
    /// Nothing was left unexplored.
    pub complete: bool,
    /// The states kept, one for all that differ only in who of alike actors is who; `None`: all were kept.
    pub representatives: Option<u64>,
    /// Why alike actors were told apart although that was not asked for.
    pub refused: Vec<String>,
    /// By step number, every outcome reached.
    pub outcomes: BTreeMap<usize, BTreeSet<Observed>>,
    /// How it can end with somebody still waiting, each with the number of states.
    pub waiting: BTreeMap<Vec<Waits>, u64>,
    /// What does not hold.
    pub violations: Vec<Broken>,
}

/// An actor that has not come to the end of its lane when nothing can happen any more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Waits {
    /// Who.
    pub actor: ThreadId,
    /// The step whose call has not returned, or that cannot be taken.
    pub step: usize,
}

/// A property that does not hold.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Which.
    pub property: Property,
    /// The step whose outcome breaks it, and the outcome.
    pub outcome: Option<(usize, Observed)>,
    /// A shortest way there: the steps before `any order`, and the moves inside.
    pub way: Vec<Taken>,
    /// What the profile decided on this way where it leaves a choice, as far as rules name it.
    pub choices: Vec<Alt>,
    /// A move on it could have shown something else.
    pub open: bool,
    /// The same as a scenario without `any order`, in which every segment is delivered by name.
    pub scenario: Script,
    /// The item of that scenario which has the outcome that breaks the property.
    pub shown: Option<usize>,
}

/// A property of a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Property {
    /// The model's own invariant of this name.
    Invariant(&'static str),
    /// Every outcome is one that its step expects.
    Expected,
    /// A claim of the form "never", by its number.
    Never(usize),
}

/// A configuration between two sections, and what led there.
struct Reached {
    config: Config,
    past: Past,
}

/// Explores a scenario.
#[must_use]
pub fn explore(scenario: &Scenario, machine: &Machine, options: &Options) -> Report {
    let mut whole = Whole {
        scenario,
        machine: Cow::Borrowed(machine),
        options,
        report: Report { complete: true, ..Report::default() },
        states: 0,
        reduced: false,
    };
    let mut reached = vec![Reached { config: Config::first(scenario), past: Past::default() }];
    let mut last = 0;
    for (index, section) in scenario.sections.iter().enumerate() {
        whole.machine = scenario.chosen(index, machine);
        last = step_to_name(section, last);
        let after = match section {
            Section::AnyOrder(lanes) => whole.any_order(index, lanes, &reached),
            Section::Step(number) => whole.step(index, *number, &reached),
            Section::Happening(happening, _) => whole.happening(index, happening, &reached),
        };
        if !matches!(section, Section::AnyOrder(_)) {
            limit::heeds_ways(after.len(), reached.len(), last);
        }
        reached = after;
    }
    whole.ended(&reached);
    whole.report.representatives = whole.reduced.then_some(whole.states);
    whole.report
}

/// An exploration under way.
struct Whole<'a> {
    scenario: &'a Scenario,
    /// With what the script has chosen by now.
    machine: Cow<'a, Machine>,
    options: &'a Options,
    report: Report,
    /// The states kept.
    states: u64,
    reduced: bool,
}

impl Whole<'_> {
    /// A step outside `any order`, after which the network gets quiet.
    fn step(&mut self, index: usize, number: usize, reached: &[Reached]) -> Vec<Reached> {
        let step = &self.scenario.steps[number];
        let mut after = Distinct::new();
        for Reached { config, past } in reached {
            let branches = outcomes(self.scenario, &self.machine, step, number, Branch::new(config.clone(), None));
            let open = branches.iter().any(|(observed, _)| *observed != branches[0].0);
            for (observed, branch) in branches {
                let taken = Taken {
                    section: index,
                    chosen: Move::Step(step.actor, number),
                    choices: branch.choices.iter().copied().collect(),
                    open,
                    name: None,
                    segment: None,
                    happened: vec![Happened { step: number, observed: observed.clone() }],
                };
                let past = past.then([taken]);
                self.outcome(index, number, &observed, || past.clone());
                self.goes_on(index, branch.config, past, &mut after);
            }
        }
        reached_of(after)
    }

    /// A happening, after which the network gets quiet.
    fn happening(&mut self, index: usize, happening: &Happening, reached: &[Reached]) -> Vec<Reached> {
        let mut after = Distinct::new();
        for Reached { config, past } in reached {
            let branches = happened(self.scenario, &self.machine, happening, Branch::new(config.clone(), None));
            for branch in branches {
                let mut past = past.clone();
                past.between.extend(branch.choices.iter().map(|alt| (index, *alt)));
                self.goes_on(index, branch.config, past, &mut after);
            }
        }
        reached_of(after)
    }

    /// Keeps a configuration behind a section, unless it was reached before.
    fn goes_on(&mut self, index: usize, config: Config, past: Past, after: &mut Distinct<Config, Past>) {
        if let Some(name) = broken_invariant(&config.world) {
            self.broken(index, Property::Invariant(name), None, false, || past.clone());
        }
        after.insert(config, past);
    }

    fn any_order(&mut self, index: usize, lanes: &[LaneCode], reached: &[Reached]) -> Vec<Reached> {
        let starts: Vec<Config> = reached.iter().map(|reached| reached.config.clone()).collect();
        let machine = self.machine.clone();
        let task = Task {
            scenario: self.scenario,
            machine: &machine,
            lanes,
            guide: None,
            max_states: self.options.max_states.saturating_sub(self.states as usize),
            max_forms: usize::MAX,
            watcher: &self.options.watcher,
            remembered: REMEMBERED,
            rules: false,
            symmetry: self.options.symmetry,
        };
        let mut search = Search::run(task, &starts);
        self.states += search.visited.len() as u64;
        self.reduced |= search.is_reduced();
        self.report.states += search.unreduced.states;
        self.report.transitions += search.unreduced.transitions;
        self.report.depth += search.depth;
        self.report.complete &= search.complete;
        let reasons = search.refused.iter().map(|refused| refused.reason.clone());
        self.report.refused.extend(reasons);
        for found in search.found.clone() {
            let way = |search: &mut Search<'_>| {
                let way = search.way(&starts, found.state, Some(&found.what), index);
                reached[way.start].past.then(way.taken)
            };
            match &found.what {
                Finding::Invariant(name) => {
                    self.broken(index, Property::Invariant(name), None, false, || way(&mut search));
                }
                Finding::Outcome(number, observed) => {
                    self.outcome(index, *number, observed, || way(&mut search));
                }
            }
        }
        let goes_on = index + 1 < self.scenario.sections.len();
        let mut ends = Vec::new();
        for state in search.ends.clone() {
            let config = search.config(state);
            let waits = waits(lanes, &config);
            let matters = self.waits_that_matter(&config).next().is_some();
            if !waits.is_empty() {
                *self.report.waiting.entry(waits).or_default() += search.orbit(state);
            }
            if goes_on || matters {
                let way = search.way(&starts, state, None, index);
                ends.push(Reached { config: way.end, past: reached[way.start].past.then(way.taken) });
            }
        }
        ends
    }

    /// Takes note of an outcome, and of what it breaks.
    fn outcome(&mut self, section: usize, number: usize, observed: &Observed, mut past: impl FnMut() -> Past) {
        if !self.report.outcomes.entry(number).or_default().insert(observed.clone()) {
            return;
        }
        let expect = self.scenario.steps[number].expect.as_ref();
        if expect.is_some_and(|expect| !allows(expect, observed)) {
            self.broken(section, Property::Expected, Some((number, observed.clone())), false, &mut past);
        }
        let Observed::Returned(seen) = observed else { return };
        let Some(call) = self.scenario.call_at(number) else { return };
        for (index, never) in self.scenario.nevers.iter().enumerate() {
            if never.is_about(call.name()) && never.outcomes.iter().any(|pattern| matches(pattern, seen)) {
                self.broken(section, Property::Never(index), Some((number, observed.clone())), false, &mut past);
            }
        }
    }

    /// The steps that wait when things end so, although it is claimed or expected that they do not: what they break.
    fn waits_that_matter<'s>(&'s self, end: &Config) -> impl Iterator<Item = (Property, usize)> + 's {
        still_waiting(self.scenario, end).into_iter().flat_map(|(_, step)| {
            let call = self.scenario.call_at(step);
            let claims = self
                .scenario
                .nevers
                .iter()
                .enumerate()
                .filter(move |(_, never)| never.waits && call.is_some_and(|call| never.is_about(call.name())));
            let expect = self.scenario.steps[step].expect.as_ref();
            let expected = expect.filter(|expect| !allows(expect, &Observed::Blocks)).map(|_| Property::Expected);
            claims.map(|(index, _)| Property::Never(index)).chain(expected).map(move |property| (property, step))
        })
    }

    /// Holds how it can end against what is claimed and expected of who does not wait then: of each step that waits a shortest way
    /// is kept.
    fn ended(&mut self, reached: &[Reached]) {
        let mut ends: Vec<&Reached> = reached.iter().collect();
        ends.sort_by_key(|end| end.past.way.len());
        let last = self.scenario.sections.len().saturating_sub(1);
        for Reached { config, past } in ends {
            let matter: Vec<(Property, usize)> = self.waits_that_matter(config).collect();
            for (property, step) in matter {
                self.broken(last, property, Some((step, Observed::Blocks)), true, || past.clone());
            }
        }
    }

    /// Keeps a violation, unless one of the same property at the same line of text is known.
    fn broken(
        &mut self,
        section: usize,
        property: Property,
        outcome: Option<(usize, Observed)>,
        at_end: bool,
        past: impl FnOnce() -> Past,
    ) {
        let span = |outcome: &Option<(usize, Observed)>| {
            outcome.as_ref().map(|(number, observed)| (self.scenario.steps[*number].span, observed.clone()))
        };
        let known = |other: &Broken| other.property == property && span(&other.outcome) == span(&outcome);
        if self.report.violations.iter().any(known) {
            return;
        }
        let past = past();
        // That a call goes on waiting when all has ended is told by nothing that happens.
        let shown = outcome.as_ref().filter(|_| !at_end);
        let told = retell(self.scenario, &self.machine, section, &past, shown);
        let (choices, open) = (past.choices(), past.is_open());
        let Told { scenario, shown } = told;
        self.report.violations.push(Broken { property, outcome, way: past.way, choices, open, scenario, shown });
    }
}

fn reached_of(configs: Distinct<Config, Past>) -> Vec<Reached> {
    configs.into_vec().into_iter().map(|(config, past)| Reached { config, past }).collect()
}

/// Who has not come to the end of its lane, and where it is.
fn waits(lanes: &[LaneCode], config: &Config) -> Vec<Waits> {
    let mut waits: Vec<Waits> = lanes
        .iter()
        .filter_map(|lane| {
            let actor = lane.actor.index();
            let next = lane.code.get(usize::from(config.at[actor])).and_then(|instruction| match instruction {
                Instruction::Step(number) => Some(*number),
                _ => None,
            });
            let ended = config.world.threads()[actor].ended == Ended::Exited;
            let step = config.waiting(lane.actor).or(next.filter(|_| !ended))?;
            Some(Waits { actor: lane.actor, step })
        })
        .collect();
    waits.sort_unstable();
    waits
}
