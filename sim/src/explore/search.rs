//! The breadth-first search itself.

use winaccept_model::profile::Tape;
use winaccept_model::rule::{Effects, Rule};
use winaccept_model::step::{Event, Machine, broken_invariant};

use super::blocks::Blocks;
use super::moves::{enter, make, moves};
use super::symmetry::{Refused, Symmetry};
use super::visited::{Batch, Visited};
use crate::config::{Config, Happened, Move};
use crate::guide::Guide;
use crate::observe::Observed;
use crate::scenario::{LaneCode, Scenario};

/// How many successors are looked up at once.
const BATCH: usize = 256;

/// Finding is explored, and what is watched on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) machine: &'a Machine,
    pub(super) lanes: &'a [LaneCode],
    /// Finding ends a way that does not agree with it; `None`: every way is gone.
    pub(super) guide: Option<Guide<'a>>,
    /// The most configurations to keep.
    pub(super) max_states: usize,
    /// Take note of the rules behind every outcome.
    pub(super) rules: bool,
    /// Keep one configuration for all that differ only in who of alike actors is who.
    pub(super) symmetry: bool,
}

/// An outcome of a step.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    pub(super) observed: Observed,
    /// The guide lets it pass.
    agrees: bool,
}

/// Something that a property forbids.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) what: Finding,
    /// The configuration in which it shows, or from which a move makes it show.
    pub(super) state: usize,
}

/// Finding a property may forbid.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Finding {
    /// An invariant is broken.
    Invariant(&'static str),
    /// A step has this outcome, for the first time.
    Outcome(usize, Observed),
}

/// Configurations and transitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Count {
    pub(super) states: u64,
    pub(super) transitions: u64,
}

/// A search, and afterwards what it found.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) task: Task<'a>,
    pub(super) blocks: Blocks,
    pub(super) visited: Visited,
    pub(super) transitions: u64,
    /// Finding the configurations seen, and the transitions from them, stand for.
    pub(super) unreduced: Count,
    symmetry: Option<Symmetry>,
    /// The groups whose members could not change places.
    pub(super) refused: Vec<Refused>,
    pub(super) depth: usize,
    pub(super) complete: bool,
    /// By step, every outcome reached, in the order of discovery.
    pub(super) outcomes: Vec<Vec<Reached>>,
    /// By step, the rules behind its outcomes.
    pub(super) rules: Vec<Vec<&'static Rule>>,
    pub(super) found: Vec<Found>,
    /// The configurations in which nothing can happen any more.
    pub(super) ends: Vec<usize>,
}

impl<'a> Search<'a> {
    /// Searches everything that can be reached from these configurations.
    pub(super) fn run(task: Task<'a>, starts: &[Config]) -> Search<'a> {
        let first = starts.first().cloned().unwrap_or_else(|| Config::first(task.scenario));
        let mut refused = Vec::new();
        loop {
            let symmetry =
                if task.symmetry { Symmetry::new(task.scenario, task.lanes, &first, &refused) } else { Ok(None) };
            let done = symmetry.and_then(|symmetry| {
                let mut search = Search::new(task, &first, symmetry);
                search.begin(starts)?;
                search.go()?;
                Ok(search)
            });
            match done {
                Ok(search) => return Search { refused, ..search },
                // Without this group; there are finitely many.
                Err(another) => refused.push(another),
            }
        }
    }

    fn new(task: Task<'a>, first: &Config, symmetry: Option<Symmetry>) -> Search<'a> {
        let blocks = Blocks::new(task.scenario, first);
        let steps = task.scenario.steps.len();
        Search {
            task,
            visited: Visited::new(blocks.width()),
            blocks,
            transitions: 0,
            unreduced: Count::default(),
            symmetry,
            refused: Vec::new(),
            depth: 0,
            complete: true,
            outcomes: vec![Vec::new(); steps],
            rules: vec![Vec::new(); steps],
            found: Vec::new(),
            ends: Vec::new(),
        }
    }

    fn begin(&mut self, starts: &[Config]) -> Result<(), Refused> {
        let mut numbers = vec![0; self.blocks.width()];
        let mut batch = Batch::default();
        for start in starts {
            let mut start = start.clone();
            enter(self.task.lanes, &mut start);
            self.blocks.encode(&start, &mut numbers);
            if let Some(symmetry) = &mut self.symmetry {
                symmetry.sort(&mut self.blocks, &mut numbers)?;
            }
            self.visited.offer(&mut batch, &numbers, None);
        }
        self.complete &= self.visited.take_in(&mut batch, self.task.max_states);
        Ok(())
    }

    fn go(&mut self) -> Result<(), Refused> {
        let Task { scenario, machine, lanes, .. } = self.task;
        let mut at = 0;
        let mut level_ends = self.visited.len();
        let mut batch = Batch::default();
        let mut scratch = Scratch::default();
        let (mut numbers, mut next) = (vec![0; self.blocks.width()], vec![0; self.blocks.width()]);
        while at < self.visited.len() {
            let known = self.visited.len();
            while at < known && batch.len() < BATCH {
                if at == level_ends {
                    // Everything in this batch comes from the level before, so this level is whole.
                    if batch.len() > 0 {
                        break;
                    }
                    self.depth += 1;
                    level_ends = known;
                }
                self.visited.numbers(at, &mut numbers);
                self.blocks.decode(&numbers);
                if let Some(name) = broken_invariant(&self.blocks.config.world) {
                    self.find(Finding::Invariant(name), at);
                }
                moves(scenario, lanes, &self.blocks.config, &mut scratch.events, &mut scratch.moves);
                if scratch.moves.is_empty() {
                    self.ends.push(at);
                }
                let before = self.transitions;
                for index in 0..scratch.moves.len() {
                    let chosen = scratch.moves[index];
                    let mut tape = Tape::default();
                    loop {
                        scratch.happened.clear();
                        let (fx, happened) = (&mut scratch.fx, &mut scratch.happened);
                        make(scenario, machine, lanes, &mut self.blocks.config, chosen, &mut tape, fx, happened);
                        self.transitions += 1;
                        if self.note(&scratch, at) {
                            self.blocks.encode_after(&numbers, &scratch.fx, &mut next);
                            if let Some(symmetry) = &mut self.symmetry {
                                symmetry.sort(&mut self.blocks, &mut next)?;
                            }
                            self.visited.offer(&mut batch, &next, Some(at));
                        }
                        self.blocks.restore(&numbers, scratch.fx.touched);
                        if !tape.advance() {
                            break;
                        }
                    }
                }
                let orbit = match &mut self.symmetry {
                    Some(symmetry) => symmetry.orbit(&mut self.blocks, &numbers)?,
                    None => 1,
                };
                self.unreduced.states += orbit;
                self.unreduced.transitions += orbit * (self.transitions - before);
                at += 1;
            }
            self.complete &= self.visited.take_in(&mut batch, self.task.max_states);
        }
        Ok(())
    }

    /// Takes note of what came of a move. False when the guide does not agree with it.
    fn note(&mut self, scratch: &Scratch, state: usize) -> bool {
        let mut agreed = true;
        for seen in &scratch.happened {
            if self.task.rules {
                let rules = &mut self.rules[seen.step];
                for &rule in &scratch.fx.fired {
                    if !rules.iter().any(|known| std::ptr::eq(*known, rule)) {
                        rules.push(rule);
                    }
                }
            }
            let known = self.outcomes[seen.step].iter().find(|known| known.observed == seen.observed);
            agreed &= match known {
                Some(known) => known.agrees,
                None => {
                    let agrees =
                        self.task.guide.is_none_or(|guide| guide.agrees(self.task.scenario, seen.step, &seen.observed));
                    self.outcomes[seen.step].push(Reached { observed: seen.observed.clone(), agrees });
                    self.find(Finding::Outcome(seen.step, seen.observed.clone()), state);
                    agrees
                }
            };
        }
        agreed
    }

    /// Keeps the first, and so shortest, way to each thing found.
    fn find(&mut self, what: Finding, state: usize) {
        if !self.found.iter().any(|found| found.what == what) {
            self.found.push(Found { what, state });
        }
    }

    /// The numbers of any configuration, as they would be kept.
    pub(super) fn numbers_of(&mut self, config: &Config) -> Vec<u32> {
        let mut numbers = vec![0; self.blocks.width()];
        self.blocks.encode(config, &mut numbers);
        if let Some(symmetry) = &mut self.symmetry {
            let sorted = symmetry.sort(&mut self.blocks, &mut numbers);
            sorted.expect("invariant: a search that is over has sorted every configuration it reaches");
        }
        numbers
    }

    /// How many configurations this one stands for.
    pub(super) fn orbit(&mut self, state: usize) -> u64 {
        let mut numbers = vec![0; self.blocks.width()];
        self.visited.numbers(state, &mut numbers);
        let orbit = self.symmetry.as_mut().map(|symmetry| symmetry.orbit(&mut self.blocks, &numbers));
        let orbit = orbit.unwrap_or(Ok(1));
        orbit.expect("invariant: a search that is over has sorted every configuration it reaches")
    }

    /// Were alike actors sorted?
    pub(super) fn is_reduced(&self) -> bool {
        self.symmetry.is_some()
    }

    /// A configuration by its number.
    pub(super) fn config(&mut self, state: usize) -> Config {
        let mut numbers = vec![0; self.blocks.width()];
        self.visited.numbers(state, &mut numbers);
        self.blocks.decode(&numbers);
        self.blocks.config.clone()
    }
}

/// Buffers that are used again for every configuration.
#[derive(Default)]
struct Scratch {
    events: Vec<Event>,
    moves: Vec<Move>,
    happened: Vec<Happened>,
    fx: Effects,
}
