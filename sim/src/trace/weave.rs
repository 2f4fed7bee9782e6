//! `any order`: one interleaving of the lanes in which everything goes as expected.

use std::collections::HashSet;

use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine};

use super::Way;
use crate::config::{Config, Happened, Move, call_event};
use crate::explore::{enter, make, moves};
use crate::log::{Log, What};
use crate::observe::allows;
use crate::peer::event_of;
use crate::scenario::{LaneCode, Scenario, bound};
use crate::script::{Action, comes_back};

/// The most configurations that are looked at before any interleaving will do.
const LIMIT: usize = 20_000;

/// One interleaving of these lanes, from the first of these ways from which there is one.
///
/// The network comes first, then the actors in turn, time-outs and timers last.
pub(super) fn any_order(scenario: &Scenario, machine: &Machine, lanes: &[LaneCode], ways: &[Way]) -> Vec<Way> {
    let strict = ways.iter().find_map(|way| Weaver::new(scenario, machine, lanes, true).weave(way));
    let found = strict.or_else(|| ways.iter().find_map(|way| Weaver::new(scenario, machine, lanes, false).weave(way)));
    found.into_iter().collect()
}

struct Weaver<'a> {
    scenario: &'a Scenario,
    machine: &'a Machine,
    lanes: &'a [LaneCode],
    /// Ways that do not agree with the script end.
    strict: bool,
    visited: HashSet<Config>,
}

/// A configuration on the way, with what has not been tried from there.
struct Frame {
    config: Config,
    log: Log,
    /// How many steps each lane has taken.
    taken: Vec<u16>,
    /// The moves left to try, the next one last.
    left: Vec<Move>,
    tape: Tape,
}

impl<'a> Weaver<'a> {
    fn new(scenario: &'a Scenario, machine: &'a Machine, lanes: &'a [LaneCode], strict: bool) -> Weaver<'a> {
        Weaver { scenario, machine, lanes, strict, visited: HashSet::new() }
    }

    /// Depth first, so that the way found is the first one in the order of the moves.
    fn weave(mut self, (config, log): &Way) -> Option<Way> {
        let mut start = config.clone();
        enter(self.lanes, &mut start);
        let mut stack = vec![self.frame(start, log.clone(), vec![0; self.lanes.len()])];
        while let Some(frame) = stack.last_mut() {
            let Some(&chosen) = frame.left.last() else {
                stack.pop();
                continue;
            };
            let (config, log, taken) = self.makes(frame, chosen);
            if !frame.tape.advance() {
                frame.left.pop();
                frame.tape = Tape::default();
            }
            let Some(log) = log else { continue };
            if self.visited.len() >= LIMIT {
                return None;
            }
            if !self.visited.insert(config.clone()) {
                continue;
            }
            let next = self.frame(config, log, taken);
            if next.left.is_empty() {
                return Some((next.config, next.log));
            }
            stack.push(next);
        }
        None
    }

    fn frame(&self, config: Config, log: Log, taken: Vec<u16>) -> Frame {
        let (mut events, mut left) = (Vec::new(), Vec::new());
        moves(self.scenario, self.lanes, &config, &mut events, &mut left);
        let lane = |actor| self.lanes.iter().position(|lane| lane.actor == actor).unwrap_or_default();
        left.sort_by_key(|chosen| match chosen {
            Move::Event(Event::Timer(_)) => (2, 0, 0),
            Move::Event(Event::Expire(_)) => (3, 0, 0),
            Move::Event(_) => (0, 0, 0),
            Move::Step(actor, _) | Move::Leave(actor) => (1, taken[lane(*actor)], lane(*actor)),
        });
        left.reverse();
        Frame { config, log, taken, left, tape: Tape::default() }
    }

    /// What comes of a move; no log if it is not as expected.
    fn makes(&self, frame: &mut Frame, chosen: Move) -> (Config, Option<Log>, Vec<u16>) {
        let mut config = frame.config.clone();
        let (mut log, mut taken) = (frame.log.clone(), frame.taken.clone());
        let (mut fx, mut happened) = (Effects::default(), Vec::new());
        let event = self.event(&frame.config, chosen);
        make(self.scenario, self.machine, self.lanes, &mut config, chosen, &mut frame.tape, &mut fx, &mut happened);
        if let Move::Step(actor, number) = chosen {
            log.step = number;
            if let Some(lane) = self.lanes.iter().position(|lane| lane.actor == actor) {
                taken[lane] += 1;
            }
        }
        if let Some(print @ Event::Print(_)) = event {
            // Exploring passes over it: printing changes nothing.
            self.machine.step(&mut config.world.clone(), print, &mut Tape::default(), &mut fx);
        }
        if let Some(event) = event {
            log.add(self.scenario, &frame.config, event, &config, &fx);
        }
        for Happened { step, observed } in happened {
            let expected = self.scenario.steps[step].expect.as_ref().is_none_or(|expect| allows(expect, &observed));
            if !expected && self.strict {
                return (config, None, taken);
            }
            if !expected {
                log.push(What::Differs { step, observed });
            }
        }
        (config, Some(log), taken)
    }

    /// The event of the world that a move is, if it is one.
    fn event(&self, config: &Config, chosen: Move) -> Option<Event> {
        match chosen {
            Move::Event(event) => Some(event),
            Move::Leave(_) => None,
            Move::Step(actor, number) => match &self.scenario.steps[number].action {
                Action::Call(call) => Some(call_event(config, actor, call)),
                Action::InHook(call) => Some(Event::InHook(actor, bound(call, &config.vars))),
                action @ (Action::ConditionReturns { .. } | Action::RoutineReturns { .. }) => {
                    comes_back(action, &config.vars).map(|answer| Event::Returns(actor, answer))
                }
                Action::Exits(_) => Some(Event::Exit(actor)),
                Action::Ends => Some(Event::Ends(actor)),
                Action::Prints { .. } => Some(Event::Print(actor)),
                Action::Resumes => None,
                action @ (Action::Sends { .. } | Action::Expects) => event_of(self.scenario, config, actor, action),
            },
        }
    }
}
