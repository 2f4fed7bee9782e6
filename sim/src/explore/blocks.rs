//! Configurations as short lists of numbers.
//!
//! What an actor and its objects look like, together with how far its lane has got, is one *block*. Each form that
//! a block took is kept once, exactly, and numbered; a configuration is then one number a block. Configurations are
//! equal exactly when their numbers are, because forms are compared as they are, not by a hash.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::{FixedState, FoldHasher};
use hashbrown::HashTable;
use winaccept_model::call::{Handle, ProcessId, ThreadId};
use winaccept_model::outcome::Outcome;
use winaccept_model::parts::Parts;
use winaccept_model::rule::Effects;
use winaccept_model::world::{Process, Touched};

use crate::config::Config;
use crate::scenario::Scenario;
use crate::script::{FaultKind, NameId};

/// How far the lane of one actor has got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Progress {
    at: u16,
    waits: u16,
    result: i64,
    finished: Option<Outcome>,
}

/// The forms of one actor's block.
#[derive(Debug)]
struct ActorBlock {
    actor: usize,
    /// The variables that steps of this actor bind.
    vars: Vec<usize>,
    parts: Parts,
    progress: Vec<Progress>,
    /// The handles in the variables, as many as there are variables for each form.
    handles: Vec<Handle>,
    numbers: HashTable<(u64, u32)>,
}

/// What no actor owns: the processes, and the faults that wait for a call.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Shared {
    processes: Vec<Process>,
    armed: Vec<(ProcessId, FaultKind, &'static str, u8)>,
}

/// The forms that the blocks of one scenario's configurations took, and one configuration to work in.
#[derive(Debug)]
pub struct Blocks {
    hash: FixedState,
    shared: Vec<Shared>,
    actors: Vec<ActorBlock>,
    /// The numbers of the blocks that are in the scratch configuration.
    loaded: Vec<u32>,
    /// The scratch configuration.
    pub config: Config,
}

impl Blocks {
    /// Ready for the configurations of this scenario.
    pub fn new(scenario: &Scenario, first: &Config) -> Blocks {
        let vars = (0..scenario.script.actors.len()).map(|actor| names_of(scenario, actor));
        let block = |(actor, vars)| ActorBlock {
            actor,
            vars,
            parts: Parts::new(&first.world, ThreadId::new(actor)),
            progress: Vec::new(),
            handles: Vec::new(),
            numbers: HashTable::new(),
        };
        let mut blocks = Blocks {
            hash: FixedState::default(),
            shared: Vec::new(),
            actors: vars.enumerate().map(block).collect(),
            loaded: Vec::new(),
            config: first.clone(),
        };
        blocks.loaded = vec![0; blocks.width()];
        let mut numbers = vec![0; blocks.width()];
        blocks.encode_all(&mut numbers);
        blocks.loaded.copy_from_slice(&numbers);
        blocks
    }

    /// How many numbers make a configuration.
    pub fn width(&self) -> usize {
        self.actors.len() + 1
    }

    /// How many forms the blocks took so far, together.
    #[must_use]
    pub fn forms(&self) -> usize {
        self.actors.iter().map(|block| block.progress.len()).sum()
    }

    /// The numbers of a configuration. Leaves it in the scratch configuration.
    pub fn encode(&mut self, config: &Config, numbers: &mut [u32]) {
        self.config.clone_from(config);
        self.encode_all(numbers);
        self.loaded.copy_from_slice(numbers);
    }

    /// The numbers of the scratch configuration.
    pub fn encode_all(&mut self, numbers: &mut [u32]) {
        numbers[0] = self.shared_number();
        for (block, number) in self.actors.iter_mut().zip(&mut numbers[1..]) {
            *number = block.number(&self.hash, &self.config);
        }
    }

    /// Makes the scratch configuration the one with these numbers.
    pub fn decode(&mut self, numbers: &[u32]) {
        if self.loaded[0] != numbers[0] {
            self.put_shared(numbers[0]);
        }
        for (block, (loaded, number)) in self.actors.iter().zip(self.loaded[1..].iter().zip(&numbers[1..])) {
            if loaded != number {
                block.put(*number, &mut self.config);
            }
        }
        self.loaded.copy_from_slice(numbers);
    }

    /// Makes the scratch configuration the one with these numbers, whatever is in it.
    pub fn decode_all(&mut self, numbers: &[u32]) {
        self.put_shared(numbers[0]);
        for (block, number) in self.actors.iter().zip(&numbers[1..]) {
            block.put(*number, &mut self.config);
        }
        self.loaded.copy_from_slice(numbers);
    }

    /// The numbers of the scratch configuration after a step, given those before it and what it touched.
    pub fn encode_after(&mut self, before: &[u32], fx: &Effects, numbers: &mut [u32]) {
        numbers.copy_from_slice(before);
        if fx.touched.shared() {
            numbers[0] = self.shared_number();
        }
        for actor in fx.touched.owners() {
            numbers[actor + 1] = self.actors[actor].number(&self.hash, &self.config);
        }
        debug_assert!(self.untouched_is_unchanged(before, &fx.touched), "a step notes everything that it changes");
    }

    /// Undoes a step in the scratch configuration, given the numbers before it and what it touched.
    pub fn restore(&mut self, before: &[u32], touched: &Touched) {
        if touched.shared() {
            self.put_shared(before[0]);
        }
        for actor in touched.owners() {
            self.actors[actor].put(before[actor + 1], &mut self.config);
        }
    }

    /// Puts one form of an actor's block into another configuration of the same scenario.
    pub fn put_into(&self, actor: usize, number: u32, config: &mut Config) {
        self.actors[actor].put(number, config);
    }

    /// The number of the form that an actor's block has in another configuration of the same scenario.
    pub fn number_in(&mut self, actor: usize, config: &Config) -> u32 {
        self.actors[actor].number(&self.hash, config)
    }

    fn untouched_is_unchanged(&self, before: &[u32], touched: &Touched) -> bool {
        let shared = &self.shared[before[0] as usize];
        let (world, armed) = (&self.config.world, &self.config.armed);
        (touched.shared() || shared.processes == world.processes() && shared.armed == *armed)
            && self
                .actors
                .iter()
                .all(|block| touched.has(block.actor) || block.same(before[block.actor + 1] as usize, &self.config))
    }

    fn shared_number(&mut self) -> u32 {
        let (world, armed) = (&self.config.world, &self.config.armed);
        let same = |kept: &Shared| kept.processes == world.processes() && kept.armed == *armed;
        let number = self.shared.iter().position(same).unwrap_or_else(|| {
            self.shared.push(Shared { processes: world.processes().to_vec(), armed: armed.clone() });
            self.shared.len() - 1
        });
        number as u32
    }

    fn put_shared(&mut self, number: u32) {
        let shared = &self.shared[number as usize];
        self.config.world.put_processes(&shared.processes);
        self.config.armed.clone_from(&shared.armed);
    }
}

impl ActorBlock {
    /// The number of the form that this block has in a configuration; the next one if it is new.
    fn number(&mut self, state: &FixedState, config: &Config) -> u32 {
        let progress = self.progress_in(config);
        let hash = self.hash(state.build_hasher(), config, &progress);
        let known = self.numbers.find(hash, |&(other, number)| other == hash && self.same(number as usize, config));
        if let Some(&(_, number)) = known {
            return number;
        }
        let number = u32::try_from(self.progress.len()).expect("limit: a block takes fewer than 2^32 forms");
        self.parts.keep(&config.world);
        self.progress.push(progress);
        self.handles.extend(self.vars.iter().map(|&var| config.vars[var]));
        self.numbers.insert_unique(hash, (hash, number), |&(hash, _)| hash);
        number
    }

    fn progress_in(&self, config: &Config) -> Progress {
        Progress {
            at: config.at[self.actor],
            waits: config.waits[self.actor],
            result: config.results.get(self.actor).copied().unwrap_or_default(),
            finished: config.finished[self.actor],
        }
    }

    fn hash(&self, mut hasher: FoldHasher<'_>, config: &Config, progress: &Progress) -> u64 {
        let position = u64::from(progress.at) | u64::from(progress.waits) << 16;
        hasher.write_u64(position ^ (progress.result as u64) << 32 ^ u64::from(progress.finished.is_some()) << 63);
        self.vars.iter().for_each(|&var| hasher.write_u32(config.vars[var].0));
        self.parts.hash(&config.world, &mut hasher);
        hasher.finish()
    }

    fn same(&self, number: usize, config: &Config) -> bool {
        self.progress[number] == self.progress_in(config)
            && self.own(number).iter().zip(&self.vars).all(|(handle, &var)| *handle == config.vars[var])
            && self.parts.same(number, &config.world)
    }

    fn put(&self, number: u32, config: &mut Config) {
        let number = number as usize;
        let progress = &self.progress[number];
        config.at[self.actor] = progress.at;
        config.waits[self.actor] = progress.waits;
        config.finished[self.actor] = progress.finished;
        if let Some(result) = config.results.get_mut(self.actor) {
            *result = progress.result;
        }
        for (handle, &var) in self.own(number).iter().zip(&self.vars) {
            config.vars[var] = *handle;
        }
        self.parts.put(number, &mut config.world);
    }

    fn own(&self, number: usize) -> &[Handle] {
        let vars = self.vars.len();
        &self.handles[number * vars..(number + 1) * vars]
    }
}

/// The variables that an actor's steps bind, in order.
pub(super) fn names_of(scenario: &Scenario, actor: usize) -> Vec<usize> {
    let names = 0..scenario.script.names.len();
    let binds = |name: usize| scenario.binder(NameId(name as u16)).is_some_and(|binder| binder.index() == actor);
    names.filter(|&name| binds(name)).collect()
}
