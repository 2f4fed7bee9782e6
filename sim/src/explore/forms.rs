//! What follows from the form of one actor's block alone.
//!
//! Whether a move is possible is said by its owner's own objects: how far its lane is, what its thread is doing, what is in
//! flight on its connections. So the moves of a configuration are those of its blocks, found once for each form.

use std::collections::HashMap;

use winaccept_model::step::Event;
use winaccept_model::world::{Bound, World};

use super::memo::Node;
use super::moves::moves;
use crate::config::{Config, Move};
use crate::scenario::{LaneCode, Scenario};

/// A move of one form, and the root of what is remembered of making it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Its number among [`Forms::moves`].
    pub(super) chosen: u32,
    pub(super) root: Node,
}

/// One form of one actor's block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// Where its moves stand among [`Forms::entries`]: the lane's first, then its connections', then its thread's.
    start: u32,
    ends: [u32; CLASSES],
    /// The number of what it adds to the list of who is bound where.
    pub(super) bound: u32,
    /// The root of what is remembered of checking its invariants.
    pub(super) check: Node,
}

/// The order in which the moves of a configuration come: first all lanes go on, then all connections, then all threads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Class {
    Lane,
    Connection,
    Thread,
}

const CLASSES: usize = 3;

impl Form {
    /// Where its moves of one class stand.
    pub(super) fn moves(&self, class: Class) -> std::ops::Range<usize> {
        let start = if class == Class::Lane { self.start } else { self.ends[class as usize - 1] };
        start as usize..self.ends[class as usize] as usize
    }

    /// Has it no move at all?
    pub(super) fn rests(&self) -> bool {
        self.start == self.ends[CLASSES - 1]
    }
}

/// Every form met so far.
#[derive(Debug)]
pub(super) struct Forms {
    /// By actor and number.
    known: Vec<Vec<Option<Form>>>,
    pub(super) entries: Vec<Entry>,
    /// Every move once.
    pub(super) moves: Vec<Move>,
    move_numbers: HashMap<Move, u32>,
    bound_numbers: HashMap<Vec<Bound>, u32>,
}

impl Forms {
    /// None yet of this many actors.
    pub(super) fn new(actors: usize) -> Forms {
        Forms {
            known: vec![Vec::new(); actors],
            entries: Vec::new(),
            moves: Vec::new(),
            move_numbers: HashMap::new(),
            bound_numbers: HashMap::new(),
        }
    }

    /// A form, if it was met before.
    pub(super) fn known(&self, actor: usize, number: u32) -> Option<Form> {
        self.known[actor].get(number as usize).copied().flatten()
    }

    /// Learns a form, which the actor's block has in this configuration.
    pub(super) fn learn(
        &mut self,
        scenario: &Scenario,
        lanes: &[LaneCode],
        actor: usize,
        number: u32,
        config: &Config,
    ) -> Form {
        let (mut events, mut all) = (Vec::new(), Vec::new());
        moves(scenario, lanes, config, &mut events, &mut all);
        let start = count(self.entries.len());
        let ends = [Class::Lane, Class::Connection, Class::Thread].map(|class| {
            for chosen in all.iter().filter(|chosen| whose(&config.world, chosen) == (class, actor)) {
                let chosen = self.move_number(chosen);
                self.entries.push(Entry { chosen, root: Node::NOTHING });
            }
            count(self.entries.len())
        });
        let bound = self.bound_number(&config.world, actor);
        let form = Form { start, ends, bound, check: Node::NOTHING };
        let known = &mut self.known[actor];
        if known.len() <= number as usize {
            known.resize(number as usize + 1, None);
        }
        known[number as usize] = Some(form);
        form
    }

    /// Forgets what is remembered of making moves.
    pub(super) fn forget_moves(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.root = Node::NOTHING);
    }

    /// Where checking a form's invariants begins from now on.
    pub(super) fn set_check(&mut self, actor: usize, number: u32, root: Node) {
        if let Some(form) = &mut self.known[actor][number as usize] {
            form.check = root;
        }
    }

    /// Forgets what is remembered of checking invariants.
    pub(super) fn forget_checks(&mut self) {
        self.known.iter_mut().flatten().flatten().for_each(|form| form.check = Node::NOTHING);
    }

    fn move_number(&mut self, chosen: &Move) -> u32 {
        let next = count(self.moves.len());
        let number = *self.move_numbers.entry(*chosen).or_insert(next);
        if number == next {
            self.moves.push(*chosen);
        }
        number
    }

    fn bound_number(&mut self, world: &World, actor: usize) -> u32 {
        let owner = |bound: &Bound| world.sockets()[bound.socket.index()].owner.index();
        let own: Vec<Bound> = world.bound().filter(|bound| owner(bound) == actor).collect();
        let next = count(self.bound_numbers.len());
        *self.bound_numbers.entry(own).or_insert(next)
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("limit: an exploration knows fewer than 2^32 moves of all forms")
}

/// Whose form says that a move is possible, and where in the order it comes.
fn whose(world: &World, chosen: &Move) -> (Class, usize) {
    let (class, owner) = match chosen {
        Move::Step(actor, _) | Move::Leave(actor) => (Class::Lane, *actor),
        Move::Event(Event::Deliver(conn, _) | Event::Lose(conn, _) | Event::Timer(conn)) => {
            let owner = world.conn_owner(*conn).expect("invariant: only connections that there are move");
            (Class::Connection, owner)
        }
        Move::Event(Event::Resume(op) | Event::Expire(op)) => (Class::Thread, world.thread_of(*op)),
        Move::Event(Event::Apc(thread)) => (Class::Thread, *thread),
        Move::Event(other) => unreachable!("invariant: nobody but a script makes {other:?} happen"),
    };
    (class, owner.index())
}
