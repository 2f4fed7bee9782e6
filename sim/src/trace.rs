//! One run of a scenario, event by event.
//!
//! Of all that the profile allows, [`trace`] tells the first run that goes as the script expects: of every choice the first
//! alternative that leads on. Where nothing goes as expected it goes on with what happens instead, and says so.

mod weave;

use std::collections::BTreeMap;

use winaccept_model::call::ThreadId;
use winaccept_model::step::Machine;
use winaccept_model::world::{ConnId, Segment};

use crate::branch::Branch;
use crate::config::Config;
use crate::distinct::Distinct;
use crate::happen::happened;
use crate::limit;
use crate::log::Log;
use crate::observe::{Observed, allows};
use crate::run::step_to_name;
use crate::scenario::{Scenario, Section};
use crate::script::{Action, Happening, Span};
use crate::take::outcomes;

pub use crate::log::{Entry, Link, Returned, Stream, Travel, What};

/// One run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// Everything went as the script expects.
    pub expected: bool,
}

/// Plays a scenario once.
#[must_use]
pub fn trace(scenario: &Scenario, machine: &Machine) -> Trace {
    let mut branches = vec![(Config::first(scenario), Log::default())];
    let mut last = 0;
    for (index, section) in scenario.sections.iter().enumerate() {
        let machine = &*scenario.chosen(index, machine);
        last = step_to_name(section, last);
        branches = match section {
            Section::Step(number) => step(scenario, machine, *number, branches),
            Section::Happening(happening, span) => happen(scenario, machine, happening, *span, branches),
            Section::AnyOrder(lanes) => weave::any_order(scenario, machine, lanes, &branches),
        };
        limit::heeds_ways(branches.len(), 0, last);
    }
    let log = branches.into_iter().next().map(|(_, log)| log).unwrap_or_default();
    let mut entries = log.entries();
    number_calls(&mut entries);
    recall_servers(&mut entries);
    let expected = !entries.iter().any(|entry| matches!(entry.what, What::Differs { .. } | What::NotTaken { .. }));
    Trace { entries, expected }
}

type Way = (Config, Log);

fn step(scenario: &Scenario, machine: &Machine, number: usize, ways: Vec<Way>) -> Vec<Way> {
    let step = &scenario.steps[number];
    let mut results: Vec<(Observed, Way)> = Vec::new();
    for (config, mut log) in ways {
        log.step = number;
        for (observed, branch) in outcomes(scenario, machine, step, number, Branch::new(config, Some(log.clone()))) {
            results.push((observed, (branch.config, branch.log.unwrap_or_default())));
        }
    }
    let agrees = |observed: &Observed| step.expect.as_ref().is_none_or(|expect| allows(expect, observed));
    let any = results.iter().any(|(observed, _)| agrees(observed));
    let mut kept = Distinct::new();
    for (observed, (config, mut log)) in results {
        if any && !agrees(&observed) || kept.contains(&config) {
            continue;
        }
        match &observed {
            Observed::NotTaken(reason) if !matches!(step.action, Action::Prints { .. }) => {
                log.push(What::NotTaken { step: number, reason: reason.clone() });
            }
            _ if !agrees(&observed) => log.push(What::Differs { step: number, observed }),
            _ => {}
        }
        kept.insert(config, log);
    }
    kept.into_vec()
}

fn happen(scenario: &Scenario, machine: &Machine, happening: &Happening, span: Span, ways: Vec<Way>) -> Vec<Way> {
    let mut after = Distinct::new();
    for (config, mut log) in ways {
        // The timer's own event tells it.
        if !matches!(happening, Happening::Timer(_)) {
            log.push(What::Happens { span });
        }
        for branch in happened(scenario, machine, happening, Branch::new(config, Some(log.clone()))) {
            after.insert(branch.config, branch.log.unwrap_or_default());
        }
    }
    after.into_vec()
}

/// Numbers the calls, and says of every return which call it belongs to.
fn number_calls(entries: &mut [Entry]) {
    let mut calls = 0;
    let mut made: BTreeMap<usize, usize> = BTreeMap::new();
    for entry in entries {
        if let What::Call { step } = entry.what {
            calls += 1;
            made.insert(step, calls);
        }
        entry.call = calls;
        for returned in &mut entry.returned {
            returned.call = made.get(&returned.step).copied().unwrap_or(calls);
        }
    }
}

/// Once a connection was accepted its listener no longer knows it; the trace still does.
fn recall_servers(entries: &mut [Entry]) {
    let mut known: BTreeMap<ConnId, ThreadId> = BTreeMap::new();
    let mut recall = |link: &mut Link, opens: bool| {
        match link.server {
            Some(server) => {
                known.insert(link.conn, server);
            }
            None if opens => {
                known.remove(&link.conn);
            }
            None => link.server = known.get(&link.conn).copied(),
        };
    };
    for entry in entries {
        match &mut entry.what {
            What::Arrives(travel) | What::Lost(travel) => {
                recall(&mut travel.link, travel.segment == Segment::Syn);
            }
            What::Timer(link) => recall(link, false),
            _ => {}
        }
        for travel in &mut entry.sent {
            recall(&mut travel.link, travel.segment == Segment::Syn);
        }
    }
}
