//! The breadth-first search itself.

use winaccept_model::call::ThreadId;
use winaccept_model::profile::Tape;
use winaccept_model::rule::{Effects, Rule};
use winaccept_model::step::{Machine, broken_invariant, invariants_hold};
use winaccept_model::world::Touched;

use super::blocks::Blocks;
use super::forms::{Class, Form, Forms};
use super::memo::{Memo, Node};
use super::moves::{enter, make};
use super::remembered::Remembered;
use super::symmetry::{Refused, Symmetry};
use super::visited::{Batch, Visited};
use crate::config::{Config, Happened};
use crate::guide::Guide;
use crate::limits::Watcher;
use crate::observe::Observed;
use crate::scenario::{LaneCode, Scenario};

/// How many successors are looked up at once.
const BATCH: usize = 256;
/// What is remembered of steps, and again of checks, takes at most this share of what the configurations take, or what the task allows.
const MEMO_SHARE: usize = 8;

/// The answer of a check that invariants hold; there is one other.
const HOLDS: usize = 0;

/// What is explored, and what is watched on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) machine: &'a Machine,
    pub(super) lanes: &'a [LaneCode],
    /// What ends a way that does not agree with it; `None`: every way is gone.
    pub(super) guide: Option<Guide<'a>>,
    /// The most configurations to keep.
    pub(super) max_states: usize,
    /// The most forms of all blocks together.
    pub(super) max_forms: usize,
    /// How many bytes what is remembered may take in any case.
    pub(super) remembered: usize,
    /// Who may end it.
    pub(super) watcher: &'a Watcher,
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

/// What a property may forbid.
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
    forms: Forms,
    remembered: Remembered,
    /// The answers of checks.
    checks: Memo,
    pub(super) transitions: u64,
    /// What the configurations seen, and the transitions from them, stand for.
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
            forms: Forms::new(blocks.width() - 1),
            remembered: Remembered::default(),
            checks: Memo::default(),
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
        let mut at = 0;
        let mut level_ends = self.visited.len();
        let mut batch = Batch::default();
        let mut scratch = Scratch::new(self.blocks.width());
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
                self.expand(at, &mut batch, &mut scratch)?;
                at += 1;
            }
            self.complete &= self.visited.take_in(&mut batch, self.task.max_states);
            self.forget_what_is_too_much();
            let goes_on = self.task.watcher.lets_go_on(self.visited.len());
            if self.blocks.forms() > self.task.max_forms || !goes_on {
                self.complete = false;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Makes every move that is possible in a configuration.
    fn expand(&mut self, at: usize, batch: &mut Batch, scratch: &mut Scratch) -> Result<(), Refused> {
        self.visited.numbers(at, &mut scratch.numbers);
        scratch.sum = self.visited.sum(&scratch.numbers);
        self.recognise(scratch);
        self.check(at, scratch);
        if scratch.forms.iter().all(Form::rests) {
            self.ends.push(at);
        }
        let before = self.transitions;
        for lane in self.task.lanes {
            self.go_on(at, lane.actor.index(), Class::Lane, batch, scratch)?;
        }
        for class in [Class::Connection, Class::Thread] {
            for actor in 0..scratch.forms.len() {
                self.go_on(at, actor, class, batch, scratch)?;
            }
        }
        let orbit = match &mut self.symmetry {
            Some(symmetry) => symmetry.orbit(&mut self.blocks, &scratch.numbers)?,
            None => 1,
        };
        self.unreduced.states += orbit;
        self.unreduced.transitions += orbit * (self.transitions - before);
        Ok(())
    }

    /// What is known of the forms that make a configuration.
    fn recognise(&mut self, scratch: &mut Scratch) {
        scratch.forms.clear();
        for actor in 0..scratch.numbers.len() - 1 {
            let number = scratch.numbers[actor + 1];
            let form = self.forms.known(actor, number).unwrap_or_else(|| {
                self.blocks.decode(&scratch.numbers);
                self.forms.learn(self.task.scenario, self.task.lanes, actor, number, &self.blocks.config)
            });
            scratch.forms.push(form);
        }
    }

    /// Makes an actor's moves of one class: those that were made before where all that they read was the same are replayed.
    fn go_on(
        &mut self,
        at: usize,
        actor: usize,
        class: Class,
        batch: &mut Batch,
        scratch: &mut Scratch,
    ) -> Result<(), Refused> {
        for index in scratch.forms[actor].moves(class) {
            match self.remembered.find(self.forms.entries[index].root, |place| scratch.number(place)) {
                Some(step) => {
                    debug_assert!(self.is_as_remembered(index, step, scratch), "a step depends on what it notes alone");
                    self.replay(at, step, batch, scratch)?;
                }
                None => self.make(at, actor, index, batch, scratch)?,
            }
        }
        Ok(())
    }

    /// A step that was made before.
    fn replay(&mut self, at: usize, step: usize, batch: &mut Batch, scratch: &mut Scratch) -> Result<(), Refused> {
        self.transitions += self.remembered.ways(step);
        for successor in self.remembered.successors(step) {
            let changes = self.remembered.changes(successor);
            let Some(symmetry) = &mut self.symmetry else {
                self.visited.offer_changed(batch, at, &scratch.numbers, scratch.sum, changes);
                continue;
            };
            scratch.next.copy_from_slice(&scratch.numbers);
            changes.iter().for_each(|change| scratch.next[usize::from(change.place)] = change.number);
            symmetry.sort(&mut self.blocks, &mut scratch.next)?;
            self.visited.offer(batch, &scratch.next, Some(at));
        }
        Ok(())
    }

    /// Makes a step again that is remembered: does it lead where it did? Asked while debugging, and not every time.
    fn is_as_remembered(&mut self, index: usize, step: usize, scratch: &Scratch) -> bool {
        if !self.transitions.is_multiple_of(16) {
            return true;
        }
        let Task { scenario, machine, lanes, .. } = self.task;
        let chosen = self.forms.moves[self.forms.entries[index].chosen as usize];
        self.blocks.decode(&scratch.numbers);
        let mut successors = self.remembered.successors(step);
        let (mut tape, mut fx, mut happened) = (Tape::default(), Effects::default(), Vec::new());
        let (mut next, mut ways) = (scratch.numbers.clone(), 0);
        let mut same = true;
        loop {
            happened.clear();
            make(scenario, machine, lanes, &mut self.blocks.config, chosen, &mut tape, &mut fx, &mut happened);
            let shown = |seen: &Happened| self.outcomes[seen.step].iter().find(|known| known.observed == seen.observed);
            same &= happened.iter().all(|seen| shown(seen).is_some());
            if happened.iter().all(|seen| shown(seen).is_some_and(|known| known.agrees)) {
                let mut wanted = scratch.numbers.clone();
                let changes = successors.next().map_or(&[][..], |successor| self.remembered.changes(successor));
                changes.iter().for_each(|change| wanted[usize::from(change.place)] = change.number);
                self.blocks.encode_after(&scratch.numbers, &fx, &mut next);
                same &= next == wanted;
            }
            self.blocks.restore(&scratch.numbers, &fx.touched);
            ways += 1;
            if !tape.advance() {
                return same && successors.next().is_none() && ways == self.remembered.ways(step);
            }
        }
    }

    /// Makes a step, in every way that the profile allows, and remembers it.
    fn make(
        &mut self,
        at: usize,
        actor: usize,
        index: usize,
        batch: &mut Batch,
        scratch: &mut Scratch,
    ) -> Result<(), Refused> {
        let Task { scenario, machine, lanes, .. } = self.task;
        let entry = self.forms.entries[index];
        let chosen = self.forms.moves[entry.chosen as usize];
        self.blocks.decode(&scratch.numbers);
        self.remembered.begin();
        let mut tape = Tape::default();
        scratch.read.clear();
        loop {
            scratch.happened.clear();
            let (fx, happened) = (&mut scratch.fx, &mut scratch.happened);
            make(scenario, machine, lanes, &mut self.blocks.config, chosen, &mut tape, fx, happened);
            self.transitions += 1;
            self.remembered.way();
            scratch.read.add(&scratch.fx);
            if self.note(scratch, at) {
                self.blocks.encode_after(&scratch.numbers, &scratch.fx, &mut scratch.next);
                self.remembered.leads(&scratch.numbers, &scratch.next);
                if let Some(symmetry) = &mut self.symmetry {
                    symmetry.sort(&mut self.blocks, &mut scratch.next)?;
                }
                self.visited.offer(batch, &scratch.next, Some(at));
            }
            self.blocks.restore(&scratch.numbers, &scratch.fx.touched);
            if !tape.advance() {
                break;
            }
        }
        // The form of whoever makes the move leads to the root.
        scratch.read.places(actor, scratch.forms.len(), &mut scratch.places);
        let mut places = std::mem::take(&mut scratch.places);
        let root = self.remembered.keep(entry.root, &mut places, |place| scratch.number(place));
        scratch.places = places;
        self.forms.entries[index].root = root;
        Ok(())
    }

    /// Checks the invariants of every object. Those of one actor's objects depend on its form and on those that they look
    /// at from there, so they are checked once for each combination of these.
    fn check(&mut self, at: usize, scratch: &mut Scratch) {
        for actor in 0..scratch.forms.len() {
            let root = scratch.forms[actor].check;
            let known = self.checks.find(root, |place| scratch.number(place));
            let holds = known.map_or_else(|| self.check_actor(actor, root, scratch), |answer| answer == HOLDS);
            if !holds {
                self.blocks.decode(&scratch.numbers);
                let name = broken_invariant(&self.blocks.config.world);
                self.find(Finding::Invariant(name.expect("invariant: what one thread's objects break is broken")), at);
                return;
            }
        }
    }

    fn check_actor(&mut self, actor: usize, root: Node, scratch: &mut Scratch) -> bool {
        self.blocks.decode(&scratch.numbers);
        let mut read = Touched::default();
        let holds = invariants_hold(&self.blocks.config.world, ThreadId::new(actor), &mut read);
        scratch.read.clear();
        scratch.read.add_read(&read);
        let mut places = std::mem::take(&mut scratch.places);
        scratch.read.places(actor, scratch.forms.len(), &mut places);
        let answer = if holds { HOLDS } else { HOLDS + 1 };
        let root = self.checks.keep(root, &mut places, |place| scratch.number(place), answer);
        scratch.places = places;
        self.forms.set_check(actor, scratch.numbers[actor + 1], root);
        holds
    }

    /// What is remembered does not outgrow what is kept: where steps seldom come again it is not worth its memory.
    fn forget_what_is_too_much(&mut self) {
        let most = (self.visited.bytes() / MEMO_SHARE).max(self.task.remembered);
        if self.remembered.bytes() > most {
            self.remembered.clear();
            self.forms.forget_moves();
        }
        if self.checks.bytes() > most {
            self.checks = Memo::default();
            self.forms.forget_checks();
        }
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
    /// The numbers of the configuration that is expanded, their sum, and what is known of its forms.
    numbers: Vec<u32>,
    sum: u64,
    forms: Vec<Form>,
    next: Vec<u32>,
    happened: Vec<Happened>,
    fx: Effects,
    read: Read,
    places: Vec<u16>,
}

impl Scratch {
    fn new(width: usize) -> Scratch {
        Scratch { numbers: vec![0; width], next: vec![0; width], ..Scratch::default() }
    }

    /// What stands in a place: the forms of all blocks, then what each actor adds to the list of who is bound where.
    fn number(&self, place: usize) -> u32 {
        match place.checked_sub(self.numbers.len()) {
            None => self.numbers[place],
            Some(actor) => self.forms[actor].bound,
        }
    }
}

/// What a step read, in whichever way it was made.
#[derive(Clone, Debug, Default)]
struct Read {
    shared: bool,
    ports: bool,
    owners: Vec<usize>,
}

impl Read {
    fn clear(&mut self) {
        self.shared = false;
        self.ports = false;
        self.owners.clear();
    }

    fn add(&mut self, fx: &Effects) {
        self.add_read(&fx.read);
        self.add_read(&fx.touched);
    }

    fn add_read(&mut self, read: &Touched) {
        self.shared |= read.shared();
        self.ports |= read.has_ports();
        for owner in read.owners() {
            if !self.owners.contains(&owner) {
                self.owners.push(owner);
            }
        }
    }

    /// The places where it stands, but for the form of whoever read it.
    fn places(&self, reader: usize, actors: usize, places: &mut Vec<u16>) {
        places.clear();
        for actor in (0..actors).filter(|actor| *actor != reader) {
            let read = self.owners.contains(&actor);
            let place = if read { Some(actor + 1) } else { self.ports.then_some(actors + 1 + actor) };
            places.extend(place.map(|place| place as u16));
        }
        if self.shared {
            places.push(0);
        }
    }
}
