//! The same scenario under stateright: with the plain configuration as its state, and with our encoded key.
//!
//! With the key it decodes into one configuration that it keeps, so that it allocates no more than we do, and encodes
//! what came of a step as a whole: that only some blocks change, and that a step can be undone, is our search's own.

use std::sync::Mutex;

use stateright::{Checker, Model, Property};
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::broken_invariant;
use winaccept_sim::config::{Config, Move};
use winaccept_sim::explore::blocks::Blocks;
use winaccept_sim::explore::{make, moves};

use winaccept_bench::backlog::Setting;

/// States, transitions, states kept.
pub(crate) type Counts = (u64, u64, u64);

/// The plain configuration as the state.
struct Plain(Setting);

impl Model for Plain {
    type State = Config;
    type Action = Move;

    fn init_states(&self) -> Vec<Config> {
        vec![self.0.first.clone()]
    }

    fn actions(&self, state: &Config, actions: &mut Vec<Move>) {
        moves(&self.0.program, &self.0.lanes, state, &mut Vec::new(), actions);
    }

    fn next_state(&self, state: &Config, action: Move) -> Option<Config> {
        let mut next = state.clone();
        step(&self.0, &mut next, action, &mut Effects::default());
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("invariants", |_, state: &Config| broken_invariant(&state.world).is_none())]
    }
}

/// The numbers of a configuration's blocks, as our own search keeps them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key([u16; Key::WIDTH]);

impl Key {
    /// Enough for the example with six clients.
    const WIDTH: usize = 8;

    fn new(numbers: &[u32]) -> Key {
        let mut key = [0; Key::WIDTH];
        for (cell, &number) in key.iter_mut().zip(numbers) {
            *cell = u16::try_from(number).expect("limit: the example's blocks take fewer than 65536 forms");
        }
        Key(key)
    }
}

/// Our encoded key as the state.
struct Keyed {
    setting: Setting,
    /// Stateright's model is shared; its one thread finds this lock free.
    codec: Mutex<Codec>,
}

struct Codec {
    blocks: Blocks,
    numbers: Vec<u32>,
    effects: Effects,
}

impl Codec {
    fn new(setting: &Setting) -> Codec {
        let blocks = Blocks::new(&setting.program, &setting.first);
        let numbers = vec![0; blocks.width()];
        Codec { blocks, numbers, effects: Effects::default() }
    }

    /// Decodes a key into the scratch configuration. Each of stateright's questions comes by itself, so each decodes.
    fn decode(&mut self, key: &Key) {
        self.numbers.iter_mut().zip(key.0).for_each(|(number, cell)| *number = u32::from(cell));
        self.blocks.decode_all(&self.numbers);
    }
}

impl Keyed {
    fn with<T>(&self, key: &Key, then: impl FnOnce(&mut Codec) -> T) -> T {
        let mut codec = self.codec.lock().expect("invariant: nobody panics with the lock held");
        codec.decode(key);
        then(&mut codec)
    }
}

impl Model for Keyed {
    type State = Key;
    type Action = Move;

    fn init_states(&self) -> Vec<Key> {
        let mut codec = self.codec.lock().expect("invariant: nobody panics with the lock held");
        let mut numbers = codec.numbers.clone();
        codec.blocks.encode(&self.setting.first, &mut numbers);
        vec![Key::new(&numbers)]
    }

    fn actions(&self, state: &Key, actions: &mut Vec<Move>) {
        let (program, lanes) = (&self.setting.program, &self.setting.lanes);
        self.with(state, |codec| moves(program, lanes, &codec.blocks.config, &mut Vec::new(), actions));
    }

    fn next_state(&self, state: &Key, action: Move) -> Option<Key> {
        self.with(state, |codec| {
            let Codec { blocks, numbers, effects } = codec;
            step(&self.setting, &mut blocks.config, action, effects);
            blocks.encode_all(numbers);
            Some(Key::new(numbers))
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("invariants", |model: &Keyed, state: &Key| {
            model.with(state, |codec| broken_invariant(&codec.blocks.config.world).is_none())
        })]
    }
}

/// Makes a move. The example's machine leaves no choice, so each move has one outcome.
fn step(setting: &Setting, config: &mut Config, action: Move, effects: &mut Effects) {
    let Setting { program, machine, lanes, .. } = setting;
    let mut tape = Tape::default();
    make(program, machine, lanes, config, action, &mut tape, effects, &mut Vec::new());
    assert!(tape.picks().is_empty(), "the example's machine leaves no choice");
}

/// Explores with the plain configuration as the state.
pub(crate) fn world(setting: Setting) -> Counts {
    count(Plain(setting))
}

/// Explores with our encoded key as the state.
pub(crate) fn key(setting: Setting) -> Counts {
    let codec = Mutex::new(Codec::new(&setting));
    count(Keyed { setting, codec })
}

fn count<M>(model: M) -> Counts
where
    M: Model + Send + Sync + 'static,
    M::State: std::hash::Hash + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static,
    M::Action: Clone + PartialEq + std::fmt::Debug + Send + Sync,
{
    let starts = model.init_states().len() as u64;
    let checker = model.checker().threads(1).spawn_bfs().join();
    assert!(checker.discoveries().is_empty(), "every invariant holds");
    let states = checker.unique_state_count() as u64;
    // Stateright counts the states it began with among those it generated.
    (states, checker.state_count() as u64 - starts, states)
}
