//! All interleavings of lanes and of the network's choices, breadth first.

use std::collections::{BTreeMap, BTreeSet};

use winaccept_model::step::Machine;

use crate::config::{Config, Move};
use crate::guide::Guide;
use crate::observe::Observed;
use crate::scenario::{LaneCode, Scenario};

pub mod blocks;
mod forms;
pub(crate) mod graph;
mod layout;
mod memo;
mod moves;
mod past;
pub mod reference;
mod remembered;
mod report;
mod retell;
mod search;
mod symmetry;
mod visited;
mod way;

pub use crate::limits::Limits;
pub use moves::{enter, make, moves};
pub use report::{Broken, Options, Property, Report, Waits, explore};
use search::{Finding, Search, Task};
pub use way::Taken;

/// An invariant that does not hold, with a shortest way there.
#[derive(Clone, PartialEq, Debug)]
pub struct Violation {
    /// The invariant.
    pub property: String,
    /// The last step on the way.
    pub step: Option<usize>,
    /// The moves from the start, in order.
    pub moves: Vec<Move>,
}

/// What an exploration of lanes found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Explored {
    /// Distinct states.
    pub states: usize,
    /// Transitions between them.
    pub transitions: usize,
    /// Length of the longest shortest way.
    pub depth: usize,
    /// Everything was explored.
    pub complete: bool,
    /// By step number, every outcome reached.
    pub outcomes: BTreeMap<usize, BTreeSet<Observed>>,
    /// By step number, the rules that fired.
    pub rules: BTreeMap<usize, BTreeSet<&'static str>>,
    /// What does not hold.
    pub violations: Vec<Violation>,
    /// The configurations in which nothing can happen any more: every lane has ended or waits for ever.
    pub ends: Vec<Config>,
}

/// Explores all interleavings of these lanes and the network from these configurations.
#[must_use]
pub fn interleave(
    scenario: &Scenario,
    machine: &Machine,
    guide: Guide<'_>,
    lanes: &[LaneCode],
    starts: &[Config],
    limits: &Limits,
) -> Explored {
    let task = Task {
        scenario,
        machine,
        lanes,
        guide: Some(guide),
        max_states: limits.max_states,
        max_forms: limits.max_forms,
        remembered: limits.remembered,
        watcher: &limits.watcher,
        rules: true,
        symmetry: false,
    };
    let mut search = Search::run(task, starts);
    let mut explored = Explored {
        states: search.visited.len(),
        transitions: search.transitions as usize,
        depth: search.depth,
        complete: search.complete,
        ..Explored::default()
    };
    let by_step = search.outcomes.iter().enumerate().filter(|(_, reached)| !reached.is_empty());
    explored.outcomes = by_step
        .map(|(step, reached)| (step, reached.iter().map(|reached| reached.observed.clone()).collect()))
        .collect();
    let by_step = search.rules.iter().enumerate().filter(|(_, rules)| !rules.is_empty());
    explored.rules = by_step.map(|(step, rules)| (step, rules.iter().map(|rule| rule.name).collect())).collect();
    for found in search.found.clone() {
        let Finding::Invariant(name) = found.what else { continue };
        let moves: Vec<Move> =
            search.way(starts, found.state, None, 0).taken.into_iter().map(|taken| taken.chosen).collect();
        let step = moves.iter().rev().find_map(|chosen| match chosen {
            Move::Step(_, number) => Some(*number),
            _ => None,
        });
        explored.violations.push(Violation { property: name.to_owned(), step, moves });
    }
    explored.ends = search.ends.clone().into_iter().map(|state| search.config(state)).collect();
    explored
}
