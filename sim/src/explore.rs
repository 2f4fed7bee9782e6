//! All interleavings of lanes and of the network's choices, breadth first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine, broken_invariant};
use winaccept_model::world::Doing;

use crate::config::{Config, Happened, Move, advance, call_event, network, note};
use crate::observe::{Observed, allows, same};
use crate::program::{LaneCode, Op, Program};
use crate::run::Guide;
use crate::script::{Action, Expect};

/// How far an exploration goes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most states to keep.
    pub max_states: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_states: 20_000_000 }
    }
}

/// A property that does not hold, with the shortest way there.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The property.
    pub property: String,
    /// The step at which it showed.
    pub step: Option<usize>,
    /// The moves from the start, in order.
    pub moves: Vec<Move>,
}

/// What an exploration found.
#[derive(Clone, Debug, Default)]
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
    /// The configurations in which every lane has ended or waits for ever.
    pub ends: Vec<Config>,
}

/// The moves possible in a configuration, in a fixed order: the actors', then the network's.
pub fn moves(program: &Program, lanes: &[LaneCode], config: &Config, events: &mut Vec<Event>, out: &mut Vec<Move>) {
    out.clear();
    for lane in lanes {
        let actor = usize::from(lane.actor.0);
        let running = config.world.threads()[actor].doing == Doing::Running;
        match lane.ops.get(usize::from(config.at[actor])) {
            Some(Op::Step(number)) => {
                let step = &program.steps[*number];
                let enabled = match step.action {
                    Action::Resumes => config.finished[actor].is_some(),
                    Action::InHook(_) => config.waits[actor] != 0,
                    _ => running && config.waits[actor] == 0 && config.finished[actor].is_none(),
                };
                if enabled {
                    out.push(Move::Step(lane.actor, *number));
                }
            }
            Some(Op::Either(targets)) if running => {
                out.extend(targets.iter().map(|&target| Move::Goto(lane.actor, target)));
            }
            _ => {}
        }
    }
    events.clear();
    network(config, events);
    out.extend(events.iter().map(|&event| Move::Event(event)));
}

/// Follows jumps until an operation that does something; the end of the lane is its length.
fn skip_jumps(ops: &[Op], mut at: u16) -> u16 {
    while let Some(Op::Jump(to)) = ops.get(usize::from(at)) {
        at = *to;
    }
    at
}

/// Makes a move. Appends what was seen.
#[allow(clippy::too_many_arguments)] // the scratch buffers are arguments so that exploring allocates nothing
pub fn make(
    program: &Program,
    machine: &Machine,
    lanes: &[LaneCode],
    config: &mut Config,
    chosen: Move,
    tape: &mut Tape,
    fx: &mut Effects,
    happened: &mut Vec<Happened>,
) {
    match chosen {
        Move::Event(event) | Move::Lose(event) => {
            advance(program, machine, config, event, None, tape, fx, happened);
        }
        Move::Goto(actor, target) => {
            fx.clear();
            fx.touched.owner(actor);
            let lane = lanes.iter().find(|lane| lane.actor == actor).expect("invariant: a move belongs to a lane");
            config.at[usize::from(actor.0)] = skip_jumps(&lane.ops, target);
        }
        Move::Step(actor, number) => {
            let slot = usize::from(actor.0);
            let lane = lanes.iter().find(|lane| lane.actor == actor).expect("invariant: a move belongs to a lane");
            config.at[slot] = skip_jumps(&lane.ops, config.at[slot] + 1);
            match &program.steps[number].action {
                Action::Call(call) => {
                    config.waits[slot] = number as u16 + 1;
                    let event = call_event(config, actor, call);
                    advance(program, machine, config, event, None, tape, fx, happened);
                    if config.waits[slot] != 0 && matches!(program.steps[number].expect, Some(Expect::Blocks)) {
                        happened.push(Happened { step: number, observed: Observed::Blocks });
                    }
                }
                Action::InHook(call) => {
                    let event = Event::InHook(actor, crate::program::bound(call, &config.vars));
                    advance(program, machine, config, event, Some(number), tape, fx, happened);
                }
                Action::Resumes => {
                    fx.clear();
                    if let Some(outcome) = config.finished[slot].take() {
                        note(program, config, number, &outcome, happened);
                    }
                }
                Action::Prints { .. } => fx.clear(),
                Action::Exits(_) => advance(program, machine, config, Event::Exit(actor), None, tape, fx, happened),
            }
            fx.touched.owner(actor);
        }
    }
}

/// Explores all interleavings of these lanes and the network from these configurations.
#[must_use]
pub fn interleave(
    program: &Program,
    machine: &Machine,
    guide: Guide<'_>,
    lanes: &[LaneCode],
    starts: &[Config],
    limits: &Limits,
) -> Explored {
    let mut explored = Explored { complete: true, ..Explored::default() };
    let mut index: HashMap<Config, usize> = HashMap::new();
    let mut queue: Vec<(Config, usize, Option<Move>, usize)> = Vec::new();
    for start in starts {
        let mut start = start.clone();
        for lane in lanes {
            start.at[usize::from(lane.actor.0)] = skip_jumps(&lane.ops, 0);
        }
        if index.insert(start.clone(), queue.len()).is_none() {
            queue.push((start, usize::MAX, None, 0));
        }
    }
    let (mut events, mut possible, mut happened) = (Vec::new(), Vec::new(), Vec::new());
    let mut fx = Effects::default();
    let mut at = 0;
    while at < queue.len() {
        let (config, depth) = (queue[at].0.clone(), queue[at].3);
        explored.depth = explored.depth.max(depth);
        if let Some(name) = broken_invariant(&config.world) {
            explored.violations.push(Violation { property: name.to_owned(), step: None, moves: path(&queue, at) });
        }
        moves(program, lanes, &config, &mut events, &mut possible);
        if possible.is_empty() {
            explored.ends.push(config.clone());
        }
        for &chosen in &possible {
            let mut tape = Tape::default();
            loop {
                let mut next = config.clone();
                happened.clear();
                make(program, machine, lanes, &mut next, chosen, &mut tape, &mut fx, &mut happened);
                explored.transitions += 1;
                let mut agreed = true;
                for seen in &happened {
                    explored.rules.entry(seen.step).or_default().extend(fx.fired.iter().map(|rule| rule.name));
                    agreed &= agrees(program, guide, seen);
                    explored.outcomes.entry(seen.step).or_default().insert(seen.observed.clone());
                }
                if agreed && !index.contains_key(&next) {
                    if queue.len() >= limits.max_states {
                        explored.complete = false;
                    } else {
                        index.insert(next.clone(), queue.len());
                        queue.push((next, at, Some(chosen), depth + 1));
                    }
                }
                if !tape.advance() {
                    break;
                }
            }
        }
        at += 1;
    }
    explored.states = queue.len();
    explored
}

fn agrees(program: &Program, guide: Guide<'_>, seen: &Happened) -> bool {
    match guide {
        Guide::Expectations => {
            program.steps[seen.step].expect.as_ref().is_none_or(|expect| allows(expect, &seen.observed))
        }
        Guide::Seen(all) => all.get(seen.step).and_then(Option::as_ref).is_none_or(|other| same(other, &seen.observed)),
    }
}

fn path(queue: &[(Config, usize, Option<Move>, usize)], mut at: usize) -> Vec<Move> {
    let mut moves = Vec::new();
    while let Some(chosen) = queue[at].2 {
        moves.push(chosen);
        at = queue[at].1;
    }
    moves.reverse();
    moves
}
