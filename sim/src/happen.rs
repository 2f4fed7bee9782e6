//! What happens without a call: segments held, lost or delivered, timers, faults.

use std::collections::BTreeSet;

use winaccept_model::call::{ProcessId, ThreadId};
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::{ConnId, Direction, Faults, Segment};

use crate::branch::{Branch, event_in};
use crate::config::Config;
use crate::distinct::Distinct;
use crate::quiet::quiet;
use crate::scenario::Scenario;
use crate::script::{Action, Fault, FaultKind, Happening, NameId, SegmentName};

/// What may come of a happening; `rules` takes in what fires.
pub(crate) fn happen(
    scenario: &Scenario,
    machine: &Machine,
    happening: &Happening,
    configs: Vec<Config>,
    rules: &mut BTreeSet<&'static str>,
) -> Vec<Config> {
    let mut after = Distinct::new();
    for config in configs {
        for branch in happened(scenario, machine, happening, Branch::new(config, None)) {
            rules.extend(&branch.rules);
            after.insert(branch.config, ());
        }
    }
    after.into_vec().into_iter().map(|(config, ())| config).collect()
}

pub(crate) fn happened(
    scenario: &Scenario,
    machine: &Machine,
    happening: &Happening,
    mut branch: Branch,
) -> Vec<Branch> {
    let event = match happening {
        Happening::Hold(name) => branch.config.conn_of(*name).map(|conn| Event::Hold(conn, true)),
        Happening::Release(name) => branch.config.conn_of(*name).map(|conn| Event::Hold(conn, false)),
        Happening::Drop(segment, name) => {
            branch.config.conn_of(*name).map(|conn| Event::LoseNext(conn, segment_of(*segment)))
        }
        Happening::MayDrop(segment, name) => {
            let Some(conn) = branch.config.conn_of(*name) else { return vec![branch] };
            let lose = Event::LoseNext(conn, segment_of(*segment));
            let mut both = event_in(scenario, machine, branch.clone(), lose, None);
            both.push(branch);
            return both;
        }
        Happening::Deliver(segment, name) => {
            first_in_flight(&branch.config, *segment, *name).map(|(conn, direction)| Event::Deliver(conn, direction))
        }
        Happening::Lose(segment, name) => {
            first_in_flight(&branch.config, *segment, *name).map(|(conn, direction)| Event::Lose(conn, direction))
        }
        Happening::Timer(name) => branch.config.conn_of(*name).map(Event::Timer),
        // Sections behind it are played by a machine that has chosen: `Scenario::chosen`.
        Happening::Choose(_) => None,
        Happening::Fault(fault) => match &fault.at {
            None => {
                let faults =
                    with_fault(branch.config.world.processes()[fault.process.index()].faults, fault.kind, true);
                Some(Event::Faults(fault.process, faults))
            }
            Some(_) => {
                arm_later(&mut branch.config, fault, scenario);
                None
            }
        },
        Happening::Mend(kind, process) => {
            let faults = with_fault(branch.config.world.processes()[process.index()].faults, *kind, false);
            Some(Event::Faults(*process, faults))
        }
    };
    match event {
        Some(event) => quiet(scenario, machine, event_in(scenario, machine, branch, event, None)),
        None => vec![branch],
    }
}

/// Is there what a script wants delivered, lost, held or run out?
pub(crate) fn can_happen(config: &Config, happening: &Happening) -> bool {
    match happening {
        Happening::Deliver(segment, name) | Happening::Lose(segment, name) => {
            first_in_flight(config, *segment, *name).is_some()
        }
        Happening::Timer(name) => config.conn_of(*name).is_some_and(|conn| config.world.conns()[conn.index()].timer),
        Happening::Hold(name) | Happening::Release(name) | Happening::Drop(_, name) | Happening::MayDrop(_, name) => {
            config.conn_of(*name).is_some()
        }
        Happening::Fault(_) | Happening::Mend(..) | Happening::Choose(_) => true,
    }
}

/// Was this announced, and in none of these ends it ever came?
pub(crate) fn never_came(scenario: &Scenario, ends: &[Config], happening: &Happening) -> bool {
    match happening {
        Happening::Drop(segment, name) => ends.iter().all(|end| {
            let waits = 1 << segment_of(*segment) as u8;
            end.conn_of(*name).is_some_and(|conn| end.world.conns()[conn.index()].lose & waits != 0)
        }),
        Happening::Fault(Fault { kind, process, at: Some((call, _)) }) => {
            let made =
                scenario.steps.iter().any(|step| matches!(&step.action, Action::Call(made) if made.name() == call));
            let waits =
                |end: &Config| end.armed.iter().any(|(p, k, c, _)| (p, k, c) == (process, kind, &call.as_str()));
            !made || ends.iter().all(waits)
        }
        _ => false,
    }
}

/// The connection of this variable, and the direction in which such a segment is the first in flight.
fn first_in_flight(config: &Config, segment: SegmentName, name: NameId) -> Option<(ConnId, Direction)> {
    let conn = config.conn_of(name)?;
    let is_first =
        |direction: &Direction| config.world.end(conn, *direction).flight.first() == Some(segment_of(segment));
    [Direction::Up, Direction::Down].into_iter().find(is_first).map(|direction| (conn, direction))
}

fn with_fault(mut faults: Faults, kind: FaultKind, on: bool) -> Faults {
    match kind {
        FaultKind::NoDescriptors => faults.no_descriptors = on,
        FaultKind::NoHandles => faults.no_handles = on,
        FaultKind::NoBuffers => faults.no_buffers = on,
        FaultKind::NetworkDown => faults.network_down = on,
        FaultKind::InCallback => faults.in_callback = on,
    }
    faults
}

fn arm_later(config: &mut Config, fault: &Fault, scenario: &Scenario) {
    let Some((call, count)) = &fault.at else { return };
    let known = scenario.steps.iter().filter_map(|step| match &step.action {
        Action::Call(call) => Some(call.name()),
        _ => None,
    });
    // A call that the script never makes cannot fail.
    if let Some(name) = known.into_iter().find(|name| name == call) {
        config.armed.push((fault.process, fault.kind, name, *count));
    }
}

/// A fault that hits one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// Whose resources fail.
    process: ProcessId,
    /// What fails while the call is made.
    during: Faults,
    /// What fails without it.
    before: Faults,
}

impl Hit {
    /// It begins.
    pub(crate) fn begins(self) -> Event {
        Event::Faults(self.process, self.during)
    }

    /// It is over.
    pub(crate) fn ends(self) -> Event {
        Event::Faults(self.process, self.before)
    }
}

/// Counts down the faults that wait for this call; tells the one that hits it.
pub(crate) fn arm(config: &mut Config, actor: ThreadId, call: &str, scenario: &Scenario) -> Option<Hit> {
    let process = scenario.script.actors[actor.index()].process;
    let before = config.world.processes()[process.index()].faults;
    let mut during = before;
    config.armed.retain_mut(|(whose, kind, name, left)| {
        if *whose != process || *name != call {
            return true;
        }
        *left -= 1;
        if *left == 0 {
            during = with_fault(during, *kind, true);
        }
        *left > 0
    });
    (during != before).then_some(Hit { process, during, before })
}

fn segment_of(name: SegmentName) -> Segment {
    match name {
        SegmentName::Syn => Segment::Syn,
        SegmentName::SynAck => Segment::SynAck,
        SegmentName::Ack => Segment::Ack,
        SegmentName::Rst => Segment::Rst,
        SegmentName::Fin => Segment::Fin,
        SegmentName::Data => Segment::Data,
    }
}
