//! Actors that are alike may change places: of all configurations that differ in nothing else, one is kept.
//!
//! What an actor and its objects look like says nothing of which of the group it is, once its names are those of the
//! group's first member: that is its *home form*. Others point at members' objects (a listener's queue, a variable
//! that holds an accepted socket); the places where they do tell members of equal home form apart. Sorted by home
//! form and first place, the members stand in an order that does not depend on who they were.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use winaccept_model::parts::rename::Renaming;

use super::blocks::{Blocks, names_of};
use crate::config::Config;
use crate::scenario::{Instruction, LaneCode, Scenario};

/// A number not known yet.
const UNKNOWN: u32 = u32::MAX;
/// The place of a member that nobody points at.
const NOWHERE: u32 = u32::MAX;

/// A member of a group: the group, and its place in it.
type Member = (usize, usize);

/// The groups of alike actors of one section, and what is known of the forms of their blocks.
#[derive(Debug)]
pub(super) struct Symmetry {
    groups: Vec<Group>,
    /// By actor, which member it is.
    member: Vec<Option<Member>>,
    /// By actor, its own variables and its own steps, in the order of the text.
    names: Vec<Vec<usize>>,
    steps: Vec<Vec<usize>>,
    renaming: Renaming,
    /// Two configurations to rename from and into.
    from: Config,
    into: Config,
    /// By actor and number, the members that its block points at, in order, each once.
    met: Vec<Vec<Option<Vec<Member>>>>,
    /// The ways in which members have changed places, each with a number: by actor, whose place it took.
    permutations: HashMap<Box<[usize]>, usize, FixedState>,
    /// The number of an actor's block after members have changed places.
    moved: HashMap<(usize, u32, usize), u32, FixedState>,
    scratch: Scratch,
}

/// Buffers that are used again for every configuration.
#[derive(Debug, Default)]
struct Scratch {
    /// By actor, the first place where others point at it.
    places: Vec<u32>,
    /// By member, its home form.
    homes: Vec<u32>,
    order: Vec<usize>,
    /// By actor, whose place it takes.
    to: Vec<usize>,
}

#[derive(Debug)]
struct Group {
    /// Its number in the script.
    id: u8,
    /// The actors, ascending.
    members: Vec<usize>,
    /// By member and number, the number of its home form.
    home: Vec<Vec<u32>>,
    /// By member and number of a home form, the number of that form in this member's place.
    away: Vec<Vec<u32>>,
}

/// Why members of a group cannot change places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    /// The number of the group in the script.
    pub(super) group: u8,
    /// The reason.
    pub(super) reason: String,
}

impl Symmetry {
    /// The groups among these lanes, without those in `refused`; `None` when there are none.
    pub(super) fn new(
        scenario: &Scenario,
        lanes: &[LaneCode],
        first: &Config,
        refused: &[Refused],
    ) -> Result<Option<Symmetry>, Refused> {
        let actors = scenario.script.actors.len();
        let mut symmetry = Symmetry {
            groups: Vec::new(),
            member: vec![None; actors],
            names: (0..actors).map(|actor| names_of(scenario, actor)).collect(),
            steps: (0..actors).map(|actor| steps_of(scenario, actor)).collect(),
            renaming: Renaming::new(&first.world),
            from: first.clone(),
            into: first.clone(),
            met: vec![Vec::new(); actors],
            permutations: HashMap::default(),
            moved: HashMap::default(),
            scratch: Scratch::default(),
        };
        for id in 0..=u8::MAX {
            let is_member = |actor: &usize| scenario.script.actors[*actor].alike == Some(id);
            let members: Vec<usize> = (0..actors).filter(is_member).collect();
            if members.len() < 2 || refused.iter().any(|refused| refused.group == id) {
                continue;
            }
            if let Some(other) = members[1..].iter().find(|&&other| !symmetry.alike(scenario, lanes, members[0], other))
            {
                let (one, other) = (&scenario.script.actors[members[0]].name, &scenario.script.actors[*other].name);
                return Err(Refused { group: id, reason: format!("the steps of {one} and {other} differ") });
            }
            for (place, &actor) in members.iter().enumerate() {
                symmetry.member[actor] = Some((symmetry.groups.len(), place));
            }
            let empty = vec![Vec::new(); members.len()];
            symmetry.groups.push(Group { id, members, home: empty.clone(), away: empty });
        }
        Ok((!symmetry.groups.is_empty()).then_some(symmetry))
    }

    /// Do these two own equally much, and are their lanes the same text?
    fn alike(&self, scenario: &Scenario, lanes: &[LaneCode], one: usize, other: usize) -> bool {
        let threads = scenario.first.threads();
        let lane = |actor: usize| lanes.iter().find(|lane| lane.actor.index() == actor);
        let same_ops = match (lane(one), lane(other)) {
            (Some(a), Some(b)) => {
                a.code.len() == b.code.len()
                    && a.code.iter().zip(&b.code).all(|(a, b)| match (a, b) {
                        (Instruction::Step(a), Instruction::Step(b)) => {
                            scenario.steps[*a].span == scenario.steps[*b].span
                        }
                        (Instruction::Branch(_, a, b), Instruction::Branch(_, c, d)) => (a, b) == (c, d),
                        (a, b) => a == b,
                    })
            }
            (a, b) => a.is_none() && b.is_none(),
        };
        same_ops
            && threads[one].process == threads[other].process
            && threads[one].slots == threads[other].slots
            && self.names[one].len() == self.names[other].len()
            && self.steps[one].len() == self.steps[other].len()
    }

    /// Puts the members of every group in their order: the configuration becomes the one that stands for all that
    /// differ from it only in who of a group is who.
    pub(super) fn sort(&mut self, blocks: &mut Blocks, numbers: &mut [u32]) -> Result<(), Refused> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let sorted = self.sort_with(blocks, numbers, &mut scratch);
        self.scratch = scratch;
        sorted
    }

    fn sort_with(&mut self, blocks: &mut Blocks, numbers: &mut [u32], scratch: &mut Scratch) -> Result<(), Refused> {
        self.find_places(blocks, numbers, &mut scratch.places);
        let mut changed = false;
        for group in 0..self.groups.len() {
            self.find_homes(blocks, numbers, group, &mut scratch.homes)?;
            let members = &self.groups[group].members;
            let Scratch { places, homes, order, to, .. } = scratch;
            let key = |place: usize| (homes[place], places[members[place]]);
            if (1..members.len()).all(|place| key(place - 1) <= key(place)) {
                continue;
            }
            if !changed {
                changed = true;
                to.clear();
                to.extend(0..self.member.len());
            }
            order.clear();
            order.extend(0..members.len());
            order.sort_by_key(|&place| key(place));
            for (new, &old) in order.iter().enumerate() {
                let (actor, old_actor) = (self.groups[group].members[new], self.groups[group].members[old]);
                to[old_actor] = actor;
                numbers[actor + 1] = self.exchange(blocks, group, new, homes[old], false)?;
            }
        }
        if changed {
            let mut permutation = None;
            for actor in (0..self.member.len()).filter(|&actor| self.member[actor].is_none()).collect::<Vec<_>>() {
                numbers[actor + 1] = self.moved(blocks, actor, numbers[actor + 1], &scratch.to, &mut permutation);
            }
        }
        Ok(())
    }

    /// How many configurations a sorted one stands for.
    pub(super) fn orbit(&mut self, blocks: &mut Blocks, numbers: &[u32]) -> Result<u64, Refused> {
        let mut scratch = std::mem::take(&mut self.scratch);
        self.find_places(blocks, numbers, &mut scratch.places);
        let mut orbit = 1;
        for group in 0..self.groups.len() {
            self.find_homes(blocks, numbers, group, &mut scratch.homes)?;
            let members = &self.groups[group].members;
            let mut alike = 0;
            for place in 0..members.len() {
                let key = |place: usize| (scratch.homes[place], scratch.places[members[place]]);
                alike = if place > 0 && key(place) == key(place - 1) { alike + 1 } else { 1 };
                orbit = orbit * (place as u64 + 1) / alike;
            }
        }
        self.scratch = scratch;
        Ok(orbit)
    }

    /// By actor, the first place where others point at it.
    fn find_places(&mut self, blocks: &mut Blocks, numbers: &[u32], places: &mut Vec<u32>) {
        places.clear();
        places.resize(self.member.len(), NOWHERE);
        let mut place = 0;
        for actor in 0..self.member.len() {
            if self.member[actor].is_some() {
                continue;
            }
            self.meet(blocks, actor, numbers[actor + 1]);
            for &(group, met) in self.met_by(actor, numbers[actor + 1]) {
                let first = &mut places[self.groups[group].members[met]];
                *first = (*first).min(place);
                place += 1;
            }
        }
    }

    fn met_by(&self, actor: usize, number: u32) -> &[Member] {
        self.met[actor][number as usize].as_deref().unwrap_or_default()
    }

    /// Finds out which members an actor's block points at.
    fn meet(&mut self, blocks: &mut Blocks, actor: usize, number: u32) {
        let known = &mut self.met[actor];
        if known.len() <= number as usize {
            known.resize(number as usize + 1, None);
        }
        if known[number as usize].is_none() {
            self.renaming.reset();
            self.rename(blocks, actor, number);
            let mut met = Vec::new();
            for &owner in &self.renaming.met {
                if let Some(member) = self.member[owner.index()].filter(|member| !met.contains(member)) {
                    met.push(member);
                }
            }
            self.met[actor][number as usize] = Some(met);
        }
    }

    /// The numbers of the home forms of a group's members.
    fn find_homes(
        &mut self,
        blocks: &mut Blocks,
        numbers: &[u32],
        group: usize,
        homes: &mut Vec<u32>,
    ) -> Result<(), Refused> {
        homes.clear();
        for place in 0..self.groups[group].members.len() {
            let number = numbers[self.groups[group].members[place] + 1];
            homes.push(self.exchange(blocks, group, place, number, true)?);
        }
        Ok(())
    }

    /// The number of a form after its member has changed places with the first of the group: to the home form, or back.
    fn exchange(
        &mut self,
        blocks: &mut Blocks,
        group: usize,
        place: usize,
        number: u32,
        to_home: bool,
    ) -> Result<u32, Refused> {
        let known = &mut self.groups[group];
        let numbers = if to_home { &mut known.home[place] } else { &mut known.away[place] };
        if numbers.len() <= number as usize {
            numbers.resize(number as usize + 1, UNKNOWN);
        }
        if numbers[number as usize] != UNKNOWN {
            return Ok(numbers[number as usize]);
        }
        let (first, actor) = (known.members[0], known.members[place]);
        let (from, to) = if to_home { (actor, first) } else { (first, actor) };
        self.renaming.reset();
        self.renaming.set(from, to);
        self.rename(blocks, from, number);
        let stranger =
            self.renaming.met.iter().find(|&&owner| owner.index() != from && self.member[owner.index()].is_some());
        if stranger.is_some() {
            return Err(Refused {
                group: self.groups[group].id,
                reason: "one of these actors holds an object that belongs to another alike actor".to_owned(),
            });
        }
        let result = blocks.number_in(to, &self.into);
        let known = &mut self.groups[group];
        let numbers = if to_home { &mut known.home[place] } else { &mut known.away[place] };
        numbers[number as usize] = result;
        Ok(result)
    }

    /// The number of a block of an actor outside all groups after members have changed places, to these; `permutation`
    /// is the number of that, once somebody has asked for it.
    fn moved(
        &mut self,
        blocks: &mut Blocks,
        actor: usize,
        number: u32,
        to: &[usize],
        permutation: &mut Option<usize>,
    ) -> u32 {
        if self.met_by(actor, number).is_empty() {
            return number;
        }
        let permutation = *permutation.get_or_insert_with(|| match self.permutations.get(to) {
            Some(&known) => known,
            None => {
                let next = self.permutations.len();
                self.permutations.insert(to.into(), next);
                next
            }
        });
        let key = (actor, number, permutation);
        if let Some(&known) = self.moved.get(&key) {
            return known;
        }
        self.renaming.reset();
        to.iter().enumerate().for_each(|(owner, &to)| self.renaming.set(owner, to));
        self.rename(blocks, actor, number);
        let result = blocks.number_in(actor, &self.into);
        self.moved.insert(key, result);
        result
    }

    /// Renames one form of an actor's block, from `self.from` into `self.into`.
    fn rename(&mut self, blocks: &Blocks, actor: usize, number: u32) {
        blocks.put_into(actor, number, &mut self.from);
        let to = self.renaming.target(actor);
        self.renaming.copy(&self.from.world, actor, &mut self.into.world);
        self.into.at[to] = self.from.at[actor];
        let waits = usize::from(self.from.waits[actor]);
        self.into.waits[to] = match waits.checked_sub(1) {
            None => 0,
            Some(step) => {
                let place = self.steps[actor].iter().position(|&own| own == step);
                let place = place.expect("invariant: an actor waits in a step of its own");
                self.steps[to][place] as u16 + 1
            }
        };
        self.into.finished[to] = self.from.finished[actor].map(|outcome| self.renaming.outcome(&outcome));
        if let Some(result) = self.from.results.get(actor) {
            self.into.results[to] = *result;
        }
        for place in 0..self.names[actor].len() {
            let handle = self.from.vars[self.names[actor][place]];
            self.into.vars[self.names[to][place]] = self.renaming.handle(handle);
        }
    }
}

/// The numbers of an actor's steps, in order.
fn steps_of(scenario: &Scenario, actor: usize) -> Vec<usize> {
    (0..scenario.steps.len()).filter(|&step| scenario.steps[step].actor.index() == actor).collect()
}
