//! One step of a script: everything that may come of it, until the network is quiet again.

use winaccept_model::call::{Call, ThreadId};
use winaccept_model::code::Code;
use winaccept_model::operation::Ended;
use winaccept_model::outcome::{Outcome, Value};
use winaccept_model::rule::Effects;
use winaccept_model::step::{Answer, Event, Machine};

use crate::branch::{Branch, each, event_in};
use crate::config::{call_event, note};
use crate::happen::arm;
use crate::numbers::{readings, takes_note};
use crate::observe::{Observed, Shown, ShownValue, UNDEFINED_BY_NOW, printed};
use crate::peer::{came, event_of};
use crate::quiet::{pass_time, quiet};
use crate::scenario::{Scenario, bound};
use crate::script::{Action, Expect, PrintArgument, Ref, Step, comes_back};

/// Everything that may come of a step in a configuration.
pub(crate) fn outcomes(
    scenario: &Scenario,
    machine: &Machine,
    step: &Step,
    number: usize,
    start: Branch,
) -> Vec<(Observed, Branch)> {
    if let Action::Sends { .. } | Action::Expects = step.action {
        return of_peer(scenario, machine, step, start);
    }
    if let Some(reason) = refusal(step, &start) {
        return vec![(Observed::NotTaken(reason.to_owned()), start)];
    }
    let shown = |branch: Branch| (shown_at(&branch, number), branch);
    match &step.action {
        Action::Call(call) => {
            let all = readings(scenario, number, call, start).into_iter();
            all.flat_map(|start| issues(scenario, machine, step, number, call, start)).map(shown).collect()
        }
        Action::ConditionReturns { .. } | Action::RoutineReturns { .. } => {
            let event =
                Event::Returns(step.actor, comes_back(&step.action, &start.config.vars).unwrap_or(Answer::Nothing));
            returns(scenario, machine, step, number, event, start).into_iter().map(shown).collect()
        }
        Action::InHook(call) => {
            let event = Event::InHook(step.actor, bound(call, &start.config.vars));
            let branches = quiet(scenario, machine, event_in(scenario, machine, start, event, Some(number)));
            branches.into_iter().map(shown).collect()
        }
        Action::Resumes => {
            let branches = pass_time(scenario, machine, step.actor, vec![start]);
            branches.into_iter().map(|branch| resumes(scenario, step.actor, number, branch)).collect()
        }
        Action::Prints { format, argument } => prints(scenario, machine, step.actor, format, *argument, &start),
        // Done before: they need no thread that runs.
        Action::Sends { .. } | Action::Expects => Vec::new(),
        Action::Exits(_) => {
            let branches = quiet(scenario, machine, event_in(scenario, machine, start, Event::Exit(step.actor), None));
            let ended = |branch: &Branch| match has_ended(branch, step.actor) {
                Ended::Exited => Observed::Done,
                _ => Observed::NotTaken("the process did not end".to_owned()),
            };
            branches.into_iter().map(|branch| (ended(&branch), branch)).collect()
        }
        Action::Ends => {
            let branches = quiet(scenario, machine, event_in(scenario, machine, start, Event::Ends(step.actor), None));
            let ended = |branch: &Branch| match has_ended(branch, step.actor) {
                Ended::Exited => Observed::Done,
                Ended::No => Observed::NotTaken("the thread did not end".to_owned()),
                Ended::Undefined => Observed::Returned(Shown {
                    value: ShownValue::Is(Value::Unmodelled),
                    error: Code::NONE,
                    out: Vec::new(),
                }),
            };
            branches.into_iter().map(|branch| (ended(&branch), branch)).collect()
        }
    }
}

/// A raw peer sends, or looks at what has come: no exit of a process ends it.
fn of_peer(scenario: &Scenario, machine: &Machine, step: &Step, start: Branch) -> Vec<(Observed, Branch)> {
    let Some(event) = event_of(scenario, &start.config, step.actor, &step.action) else {
        return vec![(Observed::NotTaken("there is no socket to whose address it could send".to_owned()), start)];
    };
    let observed = match step.action {
        Action::Expects => Observed::Came(came(&start.config.world, step.actor)),
        _ => Observed::Done,
    };
    let branches = quiet(scenario, machine, event_in(scenario, machine, start, event, None));
    branches.into_iter().map(|branch| (observed.clone(), branch)).collect()
}

fn has_ended(branch: &Branch, actor: ThreadId) -> Ended {
    branch.config.world.threads()[actor.index()].ended
}

/// Why a step cannot be taken.
fn refusal(step: &Step, start: &Branch) -> Option<&'static str> {
    let finished = start.config.finished[step.actor.index()].is_some();
    let waits = start.config.world.waits(step.actor).is_some();
    match (&step.action, has_ended(start, step.actor)) {
        (_, Ended::Exited) => Some("this actor has ended"),
        // Its outcome is the undefined behaviour itself; after that nothing can be said.
        (Action::Resumes, Ended::Undefined) if finished => None,
        (_, Ended::Undefined) => Some(UNDEFINED_BY_NOW),
        (Action::Resumes, Ended::No) if !waits && !finished => Some("the call had returned at once"),
        (Action::InHook(_), Ended::No) if !waits => Some("no call is in progress"),
        (Action::ConditionReturns { .. }, Ended::No) if !start.config.world.is_asked(step.actor) => {
            Some("no condition function of this actor is running")
        }
        (Action::RoutineReturns { .. }, Ended::No) if !start.config.world.is_in_routine(step.actor) => {
            Some("no completion routine of this actor is running")
        }
        (Action::Call(_) | Action::Prints { .. } | Action::Exits(_), Ended::No) if waits => {
            Some("this actor's last call has not returned")
        }
        _ => None,
    }
}

/// A call: it returns, or still waits when all is quiet and, unless the script says that it blocks, time has passed.
fn issues(
    scenario: &Scenario,
    machine: &Machine,
    step: &Step,
    number: usize,
    call: &Call<Ref>,
    mut start: Branch,
) -> Vec<Branch> {
    let actor = step.actor.index();
    start.config.finished[actor] = None;
    let hit = arm(&mut start.config, step.actor, call.name(), scenario);
    start.config.waits[actor] = number as u16 + 1;
    let event = call_event(&start.config, step.actor, call);
    let starts = match hit {
        Some(hit) => then_quiet(scenario, machine, vec![start], hit.begins()),
        None => vec![start],
    };
    let before = if call.function().does().closes { starts[0].config.vars.clone() } else { Vec::new() };
    let mut branches = goes_on(scenario, machine, step, number, event, starts);
    if !before.is_empty() {
        branches.iter_mut().for_each(|branch| takes_note(number, call, &before, branch));
    }
    match hit {
        Some(hit) => then_quiet(scenario, machine, branches, hit.ends()),
        None => branches,
    }
}

/// A condition function, or a completion routine, comes back: its call returns, or still waits.
fn returns(
    scenario: &Scenario,
    machine: &Machine,
    step: &Step,
    number: usize,
    event: Event,
    mut start: Branch,
) -> Vec<Branch> {
    let actor = step.actor.index();
    start.config.finished[actor] = None;
    start.config.waits[actor] = number as u16 + 1;
    goes_on(scenario, machine, step, number, event, vec![start])
}

/// What comes of an event by which a call begins or goes on.
fn goes_on(
    scenario: &Scenario,
    machine: &Machine,
    step: &Step,
    number: usize,
    event: Event,
    starts: Vec<Branch>,
) -> Vec<Branch> {
    let mut branches = then_quiet(scenario, machine, starts, event);
    if matches!(step.expect, Some(Expect::Blocks)) {
        branches.iter_mut().for_each(|branch| returned_after_all(scenario, branch, step.actor, number));
        return branches;
    }
    pass_time(scenario, machine, step.actor, branches)
}

/// Lets an event happen, and all that comes of it.
fn then_quiet(scenario: &Scenario, machine: &Machine, branches: Vec<Branch>, event: Event) -> Vec<Branch> {
    let after = branches.into_iter().flat_map(|branch| event_in(scenario, machine, branch, event, None)).collect();
    quiet(scenario, machine, after)
}

/// A call that is said to block and has returned by the time that the network is quiet did not block.
fn returned_after_all(scenario: &Scenario, branch: &mut Branch, actor: ThreadId, number: usize) {
    if let Some(outcome) = branch.config.finished[actor.index()].take() {
        note(scenario, &mut branch.config, number, &outcome, &mut Effects::default(), &mut branch.happened);
    }
}

/// The call that this actor has in progress returns.
fn resumes(scenario: &Scenario, actor: ThreadId, number: usize, mut branch: Branch) -> (Observed, Branch) {
    let observed = match branch.config.finished[actor.index()].take() {
        Some(outcome) => {
            note(scenario, &mut branch.config, number, &outcome, &mut Effects::default(), &mut branch.happened);
            shown_at(&branch, number)
        }
        None => Observed::Blocks,
    };
    (observed, branch)
}

fn prints(
    scenario: &Scenario,
    machine: &Machine,
    actor: ThreadId,
    format: &str,
    argument: Option<PrintArgument>,
    start: &Branch,
) -> Vec<(Observed, Branch)> {
    let result = start.config.results.get(actor.index()).copied().unwrap_or_default();
    let print = |(_, outcome): &(ThreadId, Outcome)| match outcome.value {
        Value::Number(last_error) if outcome.error == Code::NONE => {
            Some(Observed::Printed(printed(format, argument, last_error, result)))
        }
        _ => None,
    };
    let mut all = Vec::new();
    each(machine, start, Event::Print(actor), scenario, None, |branch, fx| {
        let nothing = || Observed::NotTaken("nothing was printed".to_owned());
        all.push((fx.returns.first().and_then(print).unwrap_or_else(nothing), branch));
    });
    all
}

/// What a step showed, once all is quiet.
fn shown_at(branch: &Branch, number: usize) -> Observed {
    let found = branch.happened.iter().find(|happened| happened.step == number);
    found.map_or(Observed::Blocks, |happened| happened.observed.clone())
}
