//! One run of a program, event by event.
//!
//! Of all that the profile allows, [`trace`] tells the first run that goes as the script expects: of every choice the first
//! alternative that leads on. Where nothing goes as expected it goes on with what happens instead, and says so.

mod log;
mod weave;

use std::collections::BTreeMap;

use winaccept_model::call::ThreadId;
use winaccept_model::rule::Rule;
use winaccept_model::step::Machine;
use winaccept_model::world::{ConnId, Direction, Segment};

use crate::config::Config;
use crate::observe::{Observed, Seen, allows};
use crate::program::{Program, Section};
use crate::run::{Branch, happened, outcomes};
use crate::script::{Action, Happening, NameId, Span};

pub(crate) use log::Log;

/// One run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// Everything went as the script expects.
    pub expected: bool,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The number of the call that this event is or, for what happens between calls, of the last call made before it;
    /// calls count from 1.
    pub call: usize,
    /// What happened.
    pub what: What,
    /// The segments that went on the wire because of it, in the order of their connections.
    pub sent: Vec<Travel>,
    /// The calls that returned because of it, in order.
    pub returned: Vec<Returned>,
    /// The rules that fired, in order.
    pub rules: Vec<&'static Rule>,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// An actor made the call of this step.
    Call {
        /// The step's number.
        step: usize,
    },
    /// A segment arrived.
    Arrives(Travel),
    /// A segment was lost.
    Lost(Travel),
    /// A retransmission timer of this connection ran out.
    Timer(Link),
    /// The time-out of this thread's call ran out.
    Expires(ThreadId),
    /// This woken thread looked again for what it waits for.
    LooksAgain(ThreadId),
    /// A user APC was due in this thread's wait.
    Apc(ThreadId),
    /// The program printed.
    Prints {
        /// The step's number.
        step: usize,
        /// The text.
        text: String,
    },
    /// The program ended.
    Exits {
        /// The step's number.
        step: usize,
    },
    /// A happening of the script.
    Happens {
        /// The line of the script that says so.
        span: Span,
    },
    /// A step could not be taken.
    NotTaken {
        /// The step's number.
        step: usize,
        /// Why.
        reason: String,
    },
    /// What this step gave is not what the script expects of it.
    Differs {
        /// The step's number.
        step: usize,
        /// What it gave.
        observed: Observed,
    },
}

/// A segment on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Travel {
    /// The segment.
    pub segment: Segment,
    /// Its direction.
    pub direction: Direction,
    /// The connection.
    pub link: Link,
}

/// A connection as people speak of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// The connection.
    pub conn: ConnId,
    /// The variable of the socket that opens it.
    pub name: Option<NameId>,
    /// The actor that opens it.
    pub client: ThreadId,
    /// The actor whose listener it reaches.
    pub server: Option<ThreadId>,
}

/// A call that returned.
#[derive(Clone, PartialEq, Debug)]
pub struct Returned {
    /// The call's number.
    pub call: usize,
    /// Who made it.
    pub actor: ThreadId,
    /// The step that made it.
    pub step: usize,
    /// What it gave.
    pub seen: Seen,
}

/// Plays a program once.
#[must_use]
pub fn trace(program: &Program, machine: &Machine) -> Trace {
    let mut branches = vec![(Config::first(program), Log::default())];
    for section in &program.sections {
        branches = match section {
            Section::Step(number) => step(program, machine, *number, branches),
            Section::Happening(happening, span) => happen(program, machine, happening, *span, branches),
            Section::AnyOrder(lanes) => weave::any_order(program, machine, lanes, &branches),
        };
    }
    let log = branches.into_iter().next().map(|(_, log)| log).unwrap_or_default();
    let mut entries = log.entries();
    number_calls(&mut entries);
    recall_servers(&mut entries);
    let expected = !entries.iter().any(|entry| matches!(entry.what, What::Differs { .. } | What::NotTaken { .. }));
    Trace { entries, expected }
}

type Way = (Config, Log);

fn step(program: &Program, machine: &Machine, number: usize, ways: Vec<Way>) -> Vec<Way> {
    let step = &program.steps[number];
    let mut results: Vec<(Observed, Way)> = Vec::new();
    for (config, mut log) in ways {
        log.step = number;
        for (observed, branch) in outcomes(program, machine, step, number, Branch::new(config, Some(log.clone()))) {
            results.push((observed, (branch.config, branch.log.unwrap_or_default())));
        }
    }
    let agrees = |observed: &Observed| step.expect.as_ref().is_none_or(|expect| allows(expect, observed));
    let any = results.iter().any(|(observed, _)| agrees(observed));
    let mut kept: Vec<Way> = Vec::new();
    for (observed, (config, mut log)) in results {
        if any && !agrees(&observed) || kept.iter().any(|(other, _)| *other == config) {
            continue;
        }
        match &observed {
            Observed::NotTaken(reason) if !matches!(step.action, Action::Prints { .. }) => {
                log.push(What::NotTaken { step: number, reason: reason.clone() });
            }
            _ if !agrees(&observed) => log.push(What::Differs { step: number, observed }),
            _ => {}
        }
        kept.push((config, log));
    }
    kept
}

fn happen(program: &Program, machine: &Machine, happening: &Happening, span: Span, ways: Vec<Way>) -> Vec<Way> {
    let mut after: Vec<Way> = Vec::new();
    for (config, mut log) in ways {
        // The timer's own event tells it.
        if !matches!(happening, Happening::Timer(_)) {
            log.push(What::Happens { span });
        }
        for branch in happened(program, machine, happening, Branch::new(config, Some(log.clone()))) {
            if !after.iter().any(|(other, _)| *other == branch.config) {
                after.push((branch.config, branch.log.unwrap_or_default()));
            }
        }
    }
    after
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
