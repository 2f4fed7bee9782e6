//! Runs a program on the model: all outcomes that the profile allows at each step, step by step.
//!
//! Where the profile leaves choices the run holds the *set* of configurations that may have come about, so a
//! step gives a set of outcomes. After each step the set is narrowed by a guide: to what the script expects, or to what a
//! real stack was seen to do.

use std::collections::BTreeSet;

use winaccept_model::call::{ProcessId, ThreadId};
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::{ConnId, Direction, Doing, Faults, Segment, World};

use crate::config::{Config, Happened, advance, call_event, network, note};
use crate::explore::{Limits, interleave};
use crate::limit;
use crate::observe::{Observed, allows, same};
use crate::program::{LaneCode, Op, Program, Section};
use crate::script::{Action, Expect, Fault, FaultKind, Happening, NameId, PrintArgument, SegmentName, Span, Step};
use crate::trace::Log;

/// What narrows the set of configurations after each step.
#[derive(Clone, Copy, Debug)]
pub enum Guide<'a> {
    /// What the script expects; where nothing that happened was expected, everything goes on.
    Expectations,
    /// What a stack was seen to do, by step number; a step without an entry narrows nothing.
    Seen(&'a [Option<Observed>]),
}

/// What the model allows at one step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StepRun {
    /// Every outcome allowed, in order.
    pub allowed: BTreeSet<Observed>,
    /// The rules that fired on the way to it, in order of their names.
    pub rules: BTreeSet<&'static str>,
    /// No configuration was left that agrees with the guide: the profile does not allow what was seen before.
    pub lost: bool,
}

/// A run of a program on the model.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// By step number.
    pub steps: Vec<StepRun>,
    /// The rules that fired in what happens between steps, and there alone as far as steps do not name them.
    pub between: BTreeSet<&'static str>,
    /// The segments that the script delivers or loses although none such is the first in flight, whatever happened before.
    pub missed: Vec<Span>,
    /// Broken invariants, by name, with the number of the step after which they showed.
    pub broken: Vec<(usize, String)>,
    /// The configurations that the program may end in.
    pub ends: Vec<Config>,
    /// The scenario asks for more than a world holds: the step where that showed, and what there is no more of. Nothing behind
    /// that step was run.
    pub limit: Option<(usize, String)>,
}

/// One way in which things may have gone.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) config: Config,
    happened: Vec<Happened>,
    pub(crate) rules: BTreeSet<&'static str>,
    /// Every event on the way, where somebody wants to know.
    pub(crate) log: Option<Log>,
}

impl Branch {
    pub(crate) fn new(config: Config, log: Option<Log>) -> Branch {
        Branch { config, happened: Vec::new(), rules: BTreeSet::new(), log }
    }
}

/// Runs a program.
#[must_use]
pub fn run(program: &Program, machine: &Machine, guide: Guide<'_>) -> Run {
    let mut run = Run { steps: vec![StepRun::default(); program.steps.len()], ..Run::default() };
    let mut configs = vec![Config::first(program)];
    let mut last = 0;
    for section in &program.sections {
        match section {
            Section::Step(number) => last = *number,
            Section::AnyOrder(lanes) => last = lanes.iter().filter_map(first_step).min().unwrap_or(last),
            Section::Happening(..) => {}
        }
        match limit::within(|| take_section(program, machine, guide, section, configs, &mut run)) {
            Ok(after) => configs = after,
            Err(what) => {
                run.limit = Some((last, what));
                return run;
            }
        }
        for config in &configs {
            if let Some(name) = winaccept_model::step::broken_invariant(&config.world) {
                let number = if let Section::Step(number) = section { *number } else { 0 };
                run.broken.push((number, name.to_owned()));
            }
        }
    }
    run.ends = configs;
    run
}

/// The first step that a lane takes.
fn first_step(lane: &LaneCode) -> Option<usize> {
    lane.ops.iter().find_map(|op| if let Op::Step(number) = op { Some(*number) } else { None })
}

fn take_section(
    program: &Program,
    machine: &Machine,
    guide: Guide<'_>,
    section: &Section,
    configs: Vec<Config>,
    run: &mut Run,
) -> Vec<Config> {
    match section {
        Section::Step(number) => take_step(program, machine, guide, *number, configs, run),
        Section::Happening(happening, span) => {
            if !configs.iter().any(|config| can_happen(config, happening)) {
                run.missed.push(*span);
            }
            happen(program, machine, happening, configs, &mut run.between)
        }
        Section::AnyOrder(lanes) => {
            let explored = interleave(program, machine, guide, lanes, &configs, &Limits::default());
            for (number, allowed) in explored.outcomes {
                run.steps[number].allowed.extend(allowed);
            }
            for (number, rules) in explored.rules {
                run.steps[number].rules.extend(rules);
            }
            run.broken.extend(explored.violations.iter().map(|v| (v.step.unwrap_or(0), v.property.clone())));
            explored.ends
        }
    }
}

pub(crate) fn take_step(
    program: &Program,
    machine: &Machine,
    guide: Guide<'_>,
    number: usize,
    configs: Vec<Config>,
    run: &mut Run,
) -> Vec<Config> {
    let step = &program.steps[number];
    let mut results: Vec<(Observed, Config)> = Vec::new();
    let result = &mut run.steps[number];
    if configs.is_empty() {
        result.lost = true;
    }
    for config in configs {
        for (observed, branch) in outcomes(program, machine, step, number, Branch::new(config, None)) {
            result.allowed.insert(observed.clone());
            result.rules.extend(branch.rules);
            results.push((observed, branch.config));
        }
    }
    narrow(program, guide, number, results)
}

/// Keeps the configurations that agree with the guide, each once.
fn narrow(program: &Program, guide: Guide<'_>, number: usize, results: Vec<(Observed, Config)>) -> Vec<Config> {
    let agrees = |observed: &Observed| match guide {
        Guide::Expectations => program.steps[number].expect.as_ref().is_none_or(|expect| allows(expect, observed)),
        Guide::Seen(seen) => seen.get(number).and_then(Option::as_ref).is_none_or(|seen| same(seen, observed)),
    };
    let any = results.iter().any(|(observed, _)| agrees(observed));
    let mut kept: Vec<Config> = Vec::new();
    for (observed, config) in results {
        let keep = agrees(&observed) || (!any && matches!(guide, Guide::Expectations));
        if keep && !kept.contains(&config) {
            kept.push(config);
        }
    }
    kept
}

/// Everything that may come of a step in a configuration.
pub(crate) fn outcomes(
    program: &Program,
    machine: &Machine,
    step: &Step,
    number: usize,
    start: Branch,
) -> Vec<(Observed, Branch)> {
    let actor = usize::from(step.actor.0);
    let doing = start.config.world.threads()[actor].doing;
    let refusal = match (&step.action, doing) {
        (_, Doing::Exited) => Some("this actor has ended"),
        // Its outcome is the undefined behaviour itself; after that nothing can be said.
        (Action::Resumes, Doing::Undefined) if start.config.finished[actor].is_some() => None,
        (_, Doing::Undefined) => Some("the behaviour of this actor is undefined by now"),
        (Action::Resumes, Doing::Running) if start.config.finished[actor].is_none() => {
            Some("the call had returned at once")
        }
        (Action::InHook(_), Doing::Running) => Some("no call is in progress"),
        (Action::Call(_) | Action::Prints { .. } | Action::Exits(_), Doing::Blocked(_) | Doing::Woken(_)) => {
            Some("this actor's last call has not returned")
        }
        _ => None,
    };
    if let Some(reason) = refusal {
        return vec![(Observed::NotTaken(reason.to_owned()), start)];
    }
    match &step.action {
        Action::Call(call) => {
            let mut start = start;
            start.config.finished[actor] = None;
            let at_fault = arm(&mut start.config, step.actor, call.name(), program);
            start.config.waits[actor] = number as u16 + 1;
            let event = call_event(&start.config, step.actor, call);
            let mut branches = quiet(program, machine, event_in(program, machine, start, event, None));
            if !matches!(step.expect, Some(Expect::Blocks)) {
                branches = pass_time(program, machine, step.actor, branches);
            }
            if let Some((process, before)) = at_fault {
                for branch in &mut branches {
                    set_faults(machine, &mut branch.config, process, before);
                }
            }
            branches.into_iter().map(|branch| (seen_at(&branch, number), branch)).collect()
        }
        Action::InHook(call) => {
            let event = Event::InHook(step.actor, crate::program::bound(call, &start.config.vars));
            let branches = quiet(program, machine, event_in(program, machine, start, event, Some(number)));
            branches.into_iter().map(|branch| (seen_at(&branch, number), branch)).collect()
        }
        Action::Resumes => {
            let branches = pass_time(program, machine, step.actor, vec![start]);
            let resume = |mut branch: Branch| {
                let observed = match branch.config.finished[actor].take() {
                    Some(outcome) => {
                        note(program, &mut branch.config, number, &outcome, &mut branch.happened);
                        seen_at(&branch, number)
                    }
                    None => Observed::Blocks,
                };
                (observed, branch)
            };
            branches.into_iter().map(resume).collect()
        }
        Action::Prints { format, argument } => {
            let result = start.config.results.get(actor).copied();
            let print = |branch: Branch, value: Option<i64>| {
                let observed = match value {
                    Some(last_error) => {
                        Observed::Printed(printed(format, *argument, last_error, result.unwrap_or_default()))
                    }
                    None => Observed::NotTaken("nothing was printed".to_owned()),
                };
                (observed, branch)
            };
            let mut all = Vec::new();
            each(machine, &start, Event::Print(step.actor), program, None, |branch, fx| {
                let value = fx.returns.first().and_then(|(_, outcome)| match outcome.value {
                    winaccept_model::outcome::Value::Number(n)
                        if outcome.error == winaccept_model::code::Code::NONE =>
                    {
                        Some(n)
                    }
                    _ => None,
                });
                all.push(print(branch, value));
            });
            all
        }
        Action::Exits(_) => {
            let branches = quiet(program, machine, event_in(program, machine, start, Event::Exit(step.actor), None));
            let ended = |branch: &Branch| match branch.config.world.threads()[actor].doing {
                Doing::Exited => Observed::Done,
                _ => Observed::NotTaken("the process did not end".to_owned()),
            };
            branches.into_iter().map(|branch| (ended(&branch), branch)).collect()
        }
    }
}

/// What `prints` shows.
pub(crate) fn printed(format: &str, argument: Option<PrintArgument>, last_error: i64, result: i64) -> String {
    let number = match argument {
        Some(PrintArgument::LastResult) => result,
        Some(PrintArgument::LastError) | None => last_error,
    };
    format.replacen("%ld", &number.to_string(), 1).replacen("%d", &number.to_string(), 1)
}

fn seen_at(branch: &Branch, number: usize) -> Observed {
    let found = branch.happened.iter().find(|happened| happened.step == number);
    found.map_or(Observed::Blocks, |happened| happened.observed.clone())
}

/// Lets an event happen in every way that the profile allows.
fn each(
    machine: &Machine,
    from: &Branch,
    event: Event,
    program: &Program,
    hook: Option<usize>,
    mut then: impl FnMut(Branch, &Effects),
) {
    let (mut tape, mut fx) = (Tape::default(), Effects::default());
    loop {
        let mut branch = from.clone();
        advance(program, machine, &mut branch.config, event, hook, &mut tape, &mut fx, &mut branch.happened);
        branch.rules.extend(fx.fired.iter().map(|rule| rule.name));
        if let Some(log) = &mut branch.log {
            log.add(program, &from.config, event, &branch.config, &fx);
        }
        then(branch, &fx);
        if !tape.advance() {
            return;
        }
    }
}

fn event_in(program: &Program, machine: &Machine, from: Branch, event: Event, hook: Option<usize>) -> Vec<Branch> {
    let mut all = Vec::new();
    each(machine, &from, event, program, hook, |branch, _| all.push(branch));
    all
}

/// The most events that may pass until a network is quiet; more means that the model runs in a circle.
const QUIET: usize = 10_000;

/// Delivers everything in flight, in a fixed order, until nothing is left but timers and what the script holds.
fn quiet(program: &Program, machine: &Machine, branches: Vec<Branch>) -> Vec<Branch> {
    let mut todo = branches;
    let mut done: Vec<Branch> = Vec::new();
    let mut events = Vec::new();
    let mut count = 0;
    while let Some(mut branch) = todo.pop() {
        events.clear();
        network(&branch.config, &mut events);
        let mut moved = false;
        let mut idle = BTreeSet::new();
        for &event in events.iter().filter(|event| !matches!(event, Event::Timer(_) | Event::Expire(_))) {
            count += 1;
            assert!(count < QUIET, "limit: the network is not quiet after {QUIET} events");
            each(machine, &branch, event, program, None, |next, _| {
                // An APC whose thread does not wait alertably stays queued: such an event does not end.
                if next.config != branch.config || next.happened != branch.happened {
                    moved = true;
                    todo.push(next);
                } else {
                    idle.extend(next.rules);
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
        // Branches come last first: of those that end alike a log tells the first, and the rules are those of all.
        let same = |other: &Branch| other.config == branch.config && other.happened == branch.happened;
        match done.iter().position(same) {
            Some(at) if branch.log.is_some() => {
                let mut branch = branch;
                branch.rules.extend(done.remove(at).rules);
                done.push(branch);
            }
            Some(at) => done[at].rules.extend(branch.rules),
            None => done.push(branch),
        }
    }
    done.reverse();
    done
}

/// Lets virtual time pass while this actor's call has not returned: timers run out, then its own time-out.
fn pass_time(program: &Program, machine: &Machine, actor: ThreadId, branches: Vec<Branch>) -> Vec<Branch> {
    let mut done = Vec::new();
    let mut todo = branches;
    let mut events = Vec::new();
    let mut count = 0;
    while let Some(branch) = todo.pop() {
        events.clear();
        network(&branch.config, &mut events);
        let due = |event: &&Event| match event {
            Event::Timer(_) => true,
            Event::Expire(thread) => *thread == actor,
            _ => false,
        };
        match events.iter().find(due) {
            Some(&event) if branch.config.waiting(actor).is_some() => {
                count += 1;
                assert!(count < QUIET, "limit: a call has not returned after {QUIET} timers");
                todo.extend(quiet(program, machine, event_in(program, machine, branch, event, None)));
            }
            _ => done.push(branch),
        }
    }
    done.reverse();
    done
}

/// What may come of a happening; `rules` takes in what fires.
pub(crate) fn happen(
    program: &Program,
    machine: &Machine,
    happening: &Happening,
    configs: Vec<Config>,
    rules: &mut BTreeSet<&'static str>,
) -> Vec<Config> {
    let mut after: Vec<Config> = Vec::new();
    for config in configs {
        for branch in happened(program, machine, happening, Branch::new(config, None)) {
            rules.extend(&branch.rules);
            if !after.contains(&branch.config) {
                after.push(branch.config);
            }
        }
    }
    after
}

pub(crate) fn happened(program: &Program, machine: &Machine, happening: &Happening, mut branch: Branch) -> Vec<Branch> {
    let event = match happening {
        Happening::Hold(name) => branch.config.conn_of(*name).map(|conn| Event::Hold(conn, true)),
        Happening::Release(name) => branch.config.conn_of(*name).map(|conn| Event::Hold(conn, false)),
        Happening::Drop(segment, name) => {
            branch.config.conn_of(*name).map(|conn| Event::LoseNext(conn, segment_of(*segment)))
        }
        Happening::MayDrop(segment, name) => {
            let Some(conn) = branch.config.conn_of(*name) else { return vec![branch] };
            let lose = Event::LoseNext(conn, segment_of(*segment));
            let mut both = event_in(program, machine, branch.clone(), lose, None);
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
        Happening::Fault(fault) => match &fault.at {
            None => {
                let faults =
                    with_fault(branch.config.world.processes()[usize::from(fault.process.0)].faults, fault.kind, true);
                Some(Event::Faults(fault.process, faults))
            }
            Some(_) => {
                arm_later(&mut branch.config, fault, program);
                None
            }
        },
        Happening::Mend(kind, process) => {
            let faults = with_fault(branch.config.world.processes()[usize::from(process.0)].faults, *kind, false);
            Some(Event::Faults(*process, faults))
        }
    };
    match event {
        Some(event) => quiet(program, machine, event_in(program, machine, branch, event, None)),
        None => vec![branch],
    }
}

/// Is the segment in flight that a script wants delivered or lost?
fn can_happen(config: &Config, happening: &Happening) -> bool {
    match happening {
        Happening::Deliver(segment, name) | Happening::Lose(segment, name) => {
            first_in_flight(config, *segment, *name).is_some()
        }
        _ => true,
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
        FaultKind::NoBuffers => faults.no_buffers = on,
        FaultKind::NetworkDown => faults.network_down = on,
        FaultKind::InCallback => faults.in_callback = on,
    }
    faults
}

fn arm_later(config: &mut Config, fault: &Fault, program: &Program) {
    let Some((call, count)) = &fault.at else { return };
    let known = program.steps.iter().filter_map(|step| match &step.action {
        Action::Call(call) => Some(call.name()),
        _ => None,
    });
    // A call that the script never makes cannot fail.
    if let Some(name) = known.into_iter().find(|name| name == call) {
        config.armed.push((fault.process, fault.kind, name, *count));
    }
}

/// Counts down the faults that wait for this call; returns the faults to go back to when one hits it.
pub(crate) fn arm(config: &mut Config, actor: ThreadId, call: &str, program: &Program) -> Option<(ProcessId, Faults)> {
    let process = program.script.actors[usize::from(actor.0)].process;
    let before = config.world.processes()[usize::from(process.0)].faults;
    let mut faults = before;
    config.armed.retain_mut(|(whose, kind, name, left)| {
        if *whose != process || *name != call {
            return true;
        }
        *left -= 1;
        if *left == 0 {
            faults = with_fault(faults, *kind, true);
        }
        *left > 0
    });
    (faults != before).then(|| {
        let machine = Machine::new(winaccept_model::profile::Profile::widest("fault"));
        set_faults(&machine, config, process, faults);
        (process, before)
    })
}

pub(crate) fn set_faults(machine: &Machine, config: &mut Config, process: ProcessId, faults: Faults) {
    let (mut tape, mut fx) = (Tape::default(), Effects::default());
    machine.step(&mut config.world, Event::Faults(process, faults), &mut tape, &mut fx);
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

/// The worlds that a program leads to between its steps, in the order in which it gets there; at most `most` after each.
/// Sections with lanes are passed over.
#[must_use]
pub fn worlds(program: &Program, machine: &Machine, most: usize) -> Vec<World> {
    let mut run = Run { steps: vec![StepRun::default(); program.steps.len()], ..Run::default() };
    let mut configs = vec![Config::first(program)];
    let mut all: Vec<World> = configs.iter().map(|config| config.world.clone()).collect();
    for section in &program.sections {
        match section {
            Section::Step(number) => {
                configs = take_step(program, machine, Guide::Expectations, *number, configs, &mut run);
            }
            Section::Happening(happening, _) => {
                configs = happen(program, machine, happening, configs, &mut run.between);
            }
            Section::AnyOrder(_) => {}
        }
        configs.truncate(most);
        all.extend(configs.iter().map(|config| config.world.clone()));
    }
    all
}
