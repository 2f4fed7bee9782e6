//! The small scope in which a surviving mutant is compared with its original.
//!
//! It begins with every world that the given scenarios lead to and goes on from there: in each world every call from a fixed
//! list is made by every thread that can make one, and everything happens that can happen there without a call. Where that
//! fires rules, or fires them from states, in a combination not met before, the world that comes of it is taken in, too.

mod events;
mod trial;

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

use foldhash::quality::FixedState;
use hashbrown::HashMap;
use winaccept_model::profile::Profile;
use winaccept_model::rule::{Mutant, Mutation, Rule, Table};
use winaccept_model::rules;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::{State, World};

use self::events::{events, shape};
use self::trial::Trial;
use crate::limits::Watcher;
use crate::run::worlds;
use crate::scenario::Scenario;

/// The most worlds looked at; bounded so that all mutants are judged in a minute.
const WORLDS: usize = 8000;
/// So many events are kept that fire the same rules from the same states.
const ALIKE: usize = 2;

/// A rule that fired, by its number, and the state that the socket in question was in.
type Fired = (u16, State);

/// Worlds and events in which mutants are compared with their originals.
#[derive(Debug)]
pub struct Scope {
    worlds: Vec<World>,
    /// In the order of their worlds.
    cases: Vec<Case>,
    numbers: Numbers,
    /// By everything that fired somewhere in the scope, the cases in which it did, ascending.
    fired: HashMap<Fired, Vec<u32>, FixedState>,
    /// The tables that were asked somewhere in the scope.
    asked: BTreeSet<Table>,
    /// How many events were tried before those were kept that differ.
    tried: usize,
}

/// An event in a world.
#[derive(Debug)]
struct Case {
    world: usize,
    event: Event,
    /// Digests of everything that may come of it while nothing is broken.
    after: Vec<u64>,
}

/// The rules by number.
#[derive(Debug)]
struct Numbers {
    by_name: HashMap<&'static str, u16, FixedState>,
    /// By the address of a rule, where it was met: many are looked up.
    met: HashMap<usize, u16, FixedState>,
}

impl Numbers {
    fn new() -> Numbers {
        let by_name = rules::all().zip(0..).map(|((_, rule), number)| (rule.name, number)).collect();
        Numbers { by_name, met: HashMap::default() }
    }

    fn of(&mut self, rule: &'static Rule) -> u16 {
        let name = || self.by_name[rule.name];
        *self.met.entry(std::ptr::from_ref(rule).addr()).or_insert_with(name)
    }
}

/// What is known while a scope is made.
struct Making<'a> {
    widest: &'a Machine,
    /// How often the same rules fired from the same states in events that are otherwise alike.
    met: HashMap<(Vec<Fired>, u64), usize, FixedState>,
    /// Digests of the worlds that are in the scope or stand in line.
    known: HashSet<u64, FixedState>,
    /// What stands in line.
    found: VecDeque<World>,
}

/// What comparing a mutant with its original has shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compared {
    /// Some event in some world tells them apart.
    Differs,
    /// None does, though the rule fires there, in the state in question if there is one.
    Same,
    /// The rule never fires in the scope, so nothing was compared.
    Never,
}

impl Scope {
    /// The scope that these scenarios span, as this machine and one that may do everything play them. Where the watcher ends it, it is
    /// too small to decide anything.
    #[must_use]
    pub fn of<'a>(scenarios: impl IntoIterator<Item = &'a Scenario>, documented: &Machine, watcher: &Watcher) -> Scope {
        let widest = Machine::new(Profile::widest("scope"));
        let mut scope = Scope {
            worlds: Vec::new(),
            cases: Vec::new(),
            numbers: Numbers::new(),
            fired: HashMap::default(),
            asked: BTreeSet::new(),
            tried: 0,
        };
        let mut making =
            Making { widest: &widest, met: HashMap::default(), known: HashSet::default(), found: VecDeque::new() };
        // The worlds of each scenario in turn, so that none of them takes all the room.
        let mut seeds: Vec<VecDeque<World>> = Vec::new();
        for scenario in scenarios {
            let both = [documented, &widest].into_iter().flat_map(|machine| worlds(scenario, machine, 1));
            seeds.push(both.filter(|world| making.known.insert(digest(world))).collect());
        }
        let mut turn = 0;
        while scope.worlds.len() < WORLDS && watcher.lets_go_on(scope.worlds.len()) {
            // What was found and what scenarios lead to take turns, so that neither keeps the other out.
            let seed = |seeds: &mut Vec<VecDeque<World>>, turn: &mut usize| {
                let from = (0..seeds.len()).map(|n| (*turn + n) % seeds.len()).find(|&n| !seeds[n].is_empty())?;
                *turn = from + 1;
                seeds[from].pop_back()
            };
            let next = if scope.worlds.len().is_multiple_of(2) {
                making.found.pop_front().or_else(|| seed(&mut seeds, &mut turn))
            } else {
                seed(&mut seeds, &mut turn).or_else(|| making.found.pop_front())
            };
            let Some(world) = next else { break };
            scope.look_around(world, &mut making);
        }
        let fires: BTreeSet<u16> = scope.fired.keys().map(|(rule, _)| *rule).collect();
        scope.asked = rules::all().zip(0..).filter(|(_, n)| fires.contains(n)).map(|((table, _), _)| table).collect();
        scope
    }

    /// Tries every event in a world, and keeps those that do something not met often before.
    fn look_around(&mut self, world: World, making: &mut Making<'_>) {
        let number = self.worlds.len();
        let mut trial = Trial::new(&world);
        let mut alike = (Vec::new(), 0);
        for event in events(&world) {
            self.tried += 1;
            if !trial.fired(making.widest, event, &mut self.numbers, &mut alike.0) {
                continue;
            }
            alike.1 = shape(&world, event);
            let times = match making.met.get_mut(&alike) {
                Some(times) => times,
                None => making.met.entry(alike.clone()).or_default(),
            };
            *times += 1;
            if *times > ALIKE {
                continue;
            }
            let fired = &alike.0;
            if *times == 1 {
                let worlds = trial.worlds(making.widest, event);
                let new = worlds.into_iter().filter(|world| making.known.insert(digest(world))).take(2);
                // What a rule leads to that has not fired before is looked at first: there is no room for all that is found.
                if fired.iter().all(|fired| self.fired.contains_key(fired)) {
                    making.found.extend(new);
                } else {
                    new.for_each(|world| making.found.push_front(world));
                }
            }
            for fired in fired {
                self.fired.entry(*fired).or_default().push(self.cases.len() as u32);
            }
            let after = trial.after(making.widest, event).unwrap_or_default();
            self.cases.push(Case { world: number, event, after });
        }
        self.worlds.push(world);
    }

    /// How many worlds, and how many events were tried in them.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.worlds.len(), self.tried)
    }

    /// Compares a mutant with its original under the widest profile.
    #[must_use]
    pub fn compare(&self, table: Table, mutant: Mutant) -> Compared {
        let concerned = self.concerned(table, mutant);
        let reached = match mutant.mutation {
            mutation if mutation.fires_elsewhere() => self.asked.contains(&table),
            _ => !concerned.is_empty(),
        };
        if !reached {
            return Compared::Never;
        }
        let broken = Machine { mutant: Some(mutant), ..Machine::new(Profile::widest("scope")) };
        let cases: Vec<&Case> = concerned.into_iter().map(|case| &self.cases[case as usize]).collect();
        let differs = |of_world: &[&Case]| {
            let mut trial = Trial::new(&self.worlds[of_world[0].world]);
            of_world.iter().any(|case| trial.after(&broken, case.event).as_ref() != Some(&case.after))
        };
        if cases.chunk_by(|a, b| a.world == b.world).any(differs) { Compared::Differs } else { Compared::Same }
    }

    /// The cases in which breaking a rule so can make a difference, ascending: where it fires, in the state in question if there is
    /// one, or, if it may fire more often, where its table is asked in one of its states. Wherever a table is asked some rule of it fires.
    fn concerned(&self, table: Table, mutant: Mutant) -> Vec<u32> {
        let rule = mutant.rule;
        let asked = |rules: &mut dyn Iterator<Item = &Rule>, states: &dyn Fn(State) -> bool| {
            let numbers: BTreeSet<u16> = rules.map(|rule| self.numbers.by_name[rule.name]).collect();
            let there = self.fired.iter().filter(|((rule, state), _)| numbers.contains(rule) && states(*state));
            let cases: BTreeSet<u32> = there.flat_map(|(_, cases)| cases).copied().collect();
            cases.into_iter().collect()
        };
        match mutant.mutation {
            mutation if mutation.fires_elsewhere() => {
                asked(&mut rules::of(table).iter(), &|state| rule.from.has(state))
            }
            Mutation::NotFrom(dropped) => asked(&mut std::iter::once(rule), &|state| state == dropped),
            _ => asked(&mut std::iter::once(rule), &|_| true),
        }
    }
}

/// The same everywhere, and quick.
fn digest(value: &impl Hash) -> u64 {
    FixedState::default().hash_one(value)
}
