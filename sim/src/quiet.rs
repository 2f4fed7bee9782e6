//! Until the network is quiet, and until time has passed.

use std::collections::BTreeSet;

use winaccept_model::call::ThreadId;
use winaccept_model::operation::{OpId, Operation};
use winaccept_model::step::{Event, Machine};

use crate::branch::{Branch, each, event_in};
use crate::config::network;
use crate::scenario::Scenario;

/// The most events that may pass until a network is quiet; more means that the model runs in a circle.
const QUIET: usize = 10_000;

/// Delivers everything in flight, in a fixed order, until nothing is left but timers and what the script holds.
pub(crate) fn quiet(scenario: &Scenario, machine: &Machine, branches: Vec<Branch>) -> Vec<Branch> {
    let mut todo = branches;
    let mut done: Vec<Branch> = Vec::new();
    let mut events = Vec::new();
    let mut count = 0;
    while let Some(mut branch) = todo.pop() {
        events.clear();
        network(&branch.config, &mut events);
        let mut moved = false;
        let (mut idle, mut choices) = (BTreeSet::new(), BTreeSet::new());
        for &event in events.iter().filter(|event| !matches!(event, Event::Timer(_) | Event::Expire(_))) {
            count += 1;
            assert!(count < QUIET, "limit: the network is not quiet after {QUIET} events");
            each(machine, &branch, event, scenario, None, |next, _| {
                // An APC whose thread does not wait alertably stays queued: such an event does not end.
                if next.config != branch.config || next.happened != branch.happened {
                    moved = true;
                    todo.push(next);
                } else {
                    idle.extend(next.rules);
                    choices.extend(next.choices);
                }
            });
            if moved {
                break;
            }
        }
        if moved {
            continue;
        }
        branch.rules.extend(idle);
        branch.choices.extend(choices);
        // Branches come last first: of those that end alike a log tells the first, and the rules are those of all.
        let same = |other: &Branch| other.config == branch.config && other.happened == branch.happened;
        match done.iter().position(same) {
            Some(at) if branch.log.is_some() => {
                let mut branch = branch;
                branch.ends_as(done.remove(at));
                done.push(branch);
            }
            Some(at) => done[at].ends_as(branch),
            None => done.push(branch),
        }
    }
    done.reverse();
    done
}

/// Lets virtual time pass while this actor's call has not returned: timers run out, then its own time-out.
pub(crate) fn pass_time(scenario: &Scenario, machine: &Machine, actor: ThreadId, branches: Vec<Branch>) -> Vec<Branch> {
    let mut done = Vec::new();
    let mut todo = branches;
    let mut events = Vec::new();
    let mut count = 0;
    while let Some(branch) = todo.pop() {
        events.clear();
        network(&branch.config, &mut events);
        let world = &branch.config.world;
        let operation = |op: OpId| world.operations().get(op.index());
        let due = |event: &&Event| match event {
            Event::Timer(_) => true,
            // A request has nobody who waits in it: its time passes while anybody waits.
            Event::Expire(op) => world.thread_of(*op) == actor || operation(*op).is_some_and(Operation::is_poll),
            _ => false,
        };
        // Of several time-outs the shortest runs out first: nobody counts how much of one had passed before.
        let how_soon = |event: &&Event| match event {
            Event::Expire(op) => operation(*op).and_then(|op| op.limit).map(u64::from),
            _ => None,
        };
        match events.iter().filter(due).min_by_key(how_soon) {
            Some(&event) if branch.config.waiting(actor).is_some() => {
                count += 1;
                assert!(count < QUIET, "limit: a call has not returned after {QUIET} timers");
                todo.extend(quiet(scenario, machine, event_in(scenario, machine, branch, event, None)));
            }
            _ => done.push(branch),
        }
    }
    done.reverse();
    done
}
