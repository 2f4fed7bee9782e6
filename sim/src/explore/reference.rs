//! The same exploration on whole configurations in a hash map: slow, and plainly right. Tests and the benchmark compare with it.

use std::collections::HashMap;

use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::Machine;

use super::Explored;
use super::moves::{enter, make, moves};
use crate::config::Config;
use crate::guide::Guide;
use crate::scenario::{LaneCode, Scenario};

/// Explores like [`super::interleave`], without limits, and without looking for violations.
#[must_use]
pub fn interleave(
    scenario: &Scenario,
    machine: &Machine,
    guide: Guide<'_>,
    lanes: &[LaneCode],
    starts: &[Config],
) -> Explored {
    let mut explored = Explored { complete: true, ..Explored::default() };
    let mut index: HashMap<Config, usize> = HashMap::new();
    let mut queue: Vec<(Config, usize)> = Vec::new();
    for start in starts {
        let mut start = start.clone();
        enter(lanes, &mut start);
        if index.insert(start.clone(), queue.len()).is_none() {
            queue.push((start, 0));
        }
    }
    let (mut events, mut possible, mut happened) = (Vec::new(), Vec::new(), Vec::new());
    let mut fx = Effects::default();
    let mut at = 0;
    while at < queue.len() {
        let (config, depth) = queue[at].clone();
        explored.depth = explored.depth.max(depth);
        moves(scenario, lanes, &config, &mut events, &mut possible);
        if possible.is_empty() {
            explored.ends.push(config.clone());
        }
        for &chosen in &possible {
            let mut tape = Tape::default();
            loop {
                let mut next = config.clone();
                happened.clear();
                make(scenario, machine, lanes, &mut next, chosen, &mut tape, &mut fx, &mut happened);
                explored.transitions += 1;
                let mut agreed = true;
                for seen in &happened {
                    explored.rules.entry(seen.step).or_default().extend(fx.fired.iter().map(|rule| rule.name));
                    agreed &= guide.agrees(scenario, seen.step, &seen.observed);
                    explored.outcomes.entry(seen.step).or_default().insert(seen.observed.clone());
                }
                if agreed && !index.contains_key(&next) {
                    index.insert(next.clone(), queue.len());
                    queue.push((next, depth + 1));
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
