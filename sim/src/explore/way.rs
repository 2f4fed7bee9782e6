//! The way to a configuration: the moves, and what was seen on it.

use winaccept_model::choice::Alt;
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::Event;
use winaccept_model::world::{ConnId, Segment};

use super::moves::{enter, make, moves};
use super::search::{Finding, Search};
use crate::branch::decided;
use crate::config::{Config, Happened, Move};
use crate::script::NameId;

/// One move on a way.
#[derive(Clone, PartialEq, Debug)]
pub struct Taken {
    /// The section of the scenario in which it was made.
    pub section: usize,
    /// The move.
    pub chosen: Move,
    /// What the profile decided of what came of it, as far as rules name it.
    pub choices: Vec<Alt>,
    /// The same move, made in the same configuration, could have shown something else. Known on ways alone, not in graphs.
    pub open: bool,
    /// The variable whose socket opened the connection that the move concerns.
    pub name: Option<NameId>,
    /// The segment that arrived.
    pub segment: Option<Segment>,
    /// What was seen.
    pub happened: Vec<Happened>,
}

/// A way through one section.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// Which of the configurations that the section began with.
    pub(super) start: usize,
    pub(super) taken: Vec<Taken>,
    /// Where it leads.
    pub(super) end: Config,
}

impl Search<'_> {
    /// The shortest way to a configuration, and on to a first move that gives this outcome.
    ///
    /// Where alike actors were sorted the configurations kept are not those that follow each other on one way, so the
    /// way is walked anew: of the moves possible, the first that leads to a configuration that the next one stands for.
    pub(super) fn way(&mut self, starts: &[Config], state: usize, then: Option<&Finding>, section: usize) -> Way {
        let mut states = vec![state];
        while let Some(parent) = self.visited.parent(states[states.len() - 1]) {
            states.push(parent);
        }
        states.reverse();
        let (start, mut end) = self.start_of(starts, states[0]);
        let mut taken = Vec::new();
        for &next in &states[1..] {
            let mut wanted = vec![0; self.blocks.width()];
            self.visited.numbers(next, &mut wanted);
            let step = self.first_move(&end, section, |search, config, _| search.numbers_of(config) == wanted);
            let (made, config) =
                step.expect("invariant: every configuration but the first is a successor of its parent");
            taken.push(made);
            end = config;
        }
        if let Some(Finding::Outcome(number, observed)) = then {
            let span = self.task.scenario.steps[*number].span;
            let shows = |search: &Self, happened: &[Happened], exactly: bool| {
                happened.iter().any(|seen| {
                    search.task.scenario.steps[seen.step].span == span && (!exactly || seen.observed == *observed)
                })
            };
            // An outcome that names another member of a group is recognised by its step alone.
            let exact = self.first_move(&end, section, |search, _, happened| shows(search, happened, true));
            let step =
                exact.or_else(|| self.first_move(&end, section, |search, _, happened| shows(search, happened, false)));
            if let Some((made, config)) = step {
                taken.push(made);
                end = config;
            }
        }
        Way { start, taken, end }
    }

    /// Which start a configuration without a parent is, and that start.
    fn start_of(&mut self, starts: &[Config], state: usize) -> (usize, Config) {
        let mut wanted = vec![0; self.blocks.width()];
        self.visited.numbers(state, &mut wanted);
        for (index, start) in starts.iter().enumerate() {
            let mut start = start.clone();
            enter(self.task.lanes, &mut start);
            if self.numbers_of(&start) == wanted {
                return (index, start);
            }
        }
        unreachable!("invariant: a configuration without a parent is a start")
    }

    /// Does the profile let this move show something else?
    fn shows_else(&self, from: &Config, chosen: Move, shown: &[Happened]) -> bool {
        let (scenario, machine, lanes) = (self.task.scenario, self.task.machine, self.task.lanes);
        let (mut tape, mut fx) = (Tape::default(), Effects::default());
        loop {
            let (mut config, mut happened) = (from.clone(), Vec::new());
            make(scenario, machine, lanes, &mut config, chosen, &mut tape, &mut fx, &mut happened);
            if happened != shown {
                return true;
            }
            if !tape.advance() {
                return false;
            }
        }
    }

    /// The first move from a configuration, in order, that does what is wanted.
    fn first_move(
        &mut self,
        from: &Config,
        section: usize,
        wanted: impl Fn(&mut Self, &Config, &[Happened]) -> bool,
    ) -> Option<(Taken, Config)> {
        let (scenario, machine, lanes) = (self.task.scenario, self.task.machine, self.task.lanes);
        let (mut events, mut possible, mut fx) = (Vec::new(), Vec::new(), Effects::default());
        moves(scenario, lanes, from, &mut events, &mut possible);
        for chosen in possible {
            let mut tape = Tape::default();
            loop {
                let (mut config, mut happened) = (from.clone(), Vec::new());
                make(scenario, machine, lanes, &mut config, chosen, &mut tape, &mut fx, &mut happened);
                if wanted(self, &config, &happened) {
                    let (conn, segment) = concerns(from, chosen);
                    let name = conn.and_then(|conn| name_of(from, conn));
                    let choices = decided(&machine.profile, &fx).into_iter().collect();
                    let open = self.shows_else(from, chosen, &happened);
                    return Some((Taken { section, chosen, choices, open, name, segment, happened }, config));
                }
                if !tape.advance() {
                    break;
                }
            }
        }
        None
    }
}

/// The connection that a move of the network concerns, and the segment that arrives.
pub(super) fn concerns(config: &Config, chosen: Move) -> (Option<ConnId>, Option<Segment>) {
    match chosen {
        Move::Event(Event::Deliver(conn, direction) | Event::Lose(conn, direction)) => {
            (Some(conn), config.world.end(conn, direction).flight.first())
        }
        Move::Event(Event::Timer(conn)) => (Some(conn), None),
        _ => (None, None),
    }
}

/// The variable whose socket opened this connection.
pub(super) fn name_of(config: &Config, conn: ConnId) -> Option<NameId> {
    (0..config.vars.len()).map(|name| NameId(name as u16)).find(|&name| config.conn_of(name) == Some(conn))
}
