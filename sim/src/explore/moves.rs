//! What can happen next in a configuration, and making it happen.

use winaccept_model::call::{Call, Handle, ThreadId};
use winaccept_model::operation::Ended;
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Answer, Event, Machine};

use crate::config::{
    Config, Happened, Move, advance, call_event, joins, network, note, reads_group, reads_names, touches,
};
use crate::happen::arm;
use crate::observe::Observed;
use crate::peer::{address_of, came, can_look, event_of};
use crate::scenario::{Instruction, LaneCode, Scenario, bound, skip_jumps};
use crate::script::{Action, Expect, Ref, Step, ValuePattern, comes_back};

/// The moves possible in a configuration, in a fixed order: the actors', then the network's.
pub fn moves(scenario: &Scenario, lanes: &[LaneCode], config: &Config, events: &mut Vec<Event>, out: &mut Vec<Move>) {
    out.clear();
    for lane in lanes {
        let actor = lane.actor.index();
        ways(scenario, lane, config, config.at[actor], out);
    }
    events.clear();
    network(config, events);
    out.extend(events.iter().map(|&event| Move::Event(event)));
}

/// The moves of a lane from this instruction on. An `either` is decided together with the step that follows it: what
/// lies between is nobody's to see.
fn ways(scenario: &Scenario, lane: &LaneCode, config: &Config, at: u16, out: &mut Vec<Move>) {
    let actor = lane.actor.index();
    match lane.code.get(usize::from(at)) {
        Some(Instruction::Step(number)) => {
            let running = config.world.runs(lane.actor);
            let enabled = match scenario.steps[*number].action {
                Action::Resumes => config.finished[actor].is_some(),
                Action::InHook(_) => config.waits[actor] != 0,
                Action::ConditionReturns { .. } => {
                    config.world.is_asked(lane.actor) && config.waits[actor] == 0 && config.finished[actor].is_none()
                }
                Action::RoutineReturns { .. } => {
                    let running = config.world.is_in_routine(lane.actor);
                    running && config.waits[actor] == 0 && config.finished[actor].is_none()
                }
                Action::Ends => {
                    let promised = config.waiting(lane.actor).is_some_and(|call| is_to_return(&scenario.steps[call]));
                    config.world.threads()[actor].ended == Ended::No && !promised
                }
                Action::Sends { .. } => true,
                Action::Expects => can_look(&config.world, lane.actor, scenario.steps[*number].expect.as_ref()),
                _ => running && config.waits[actor] == 0 && config.finished[actor].is_none(),
            };
            if enabled {
                out.push(Move::Step(lane.actor, *number));
            }
        }
        Some(Instruction::Either(targets)) => {
            for &target in targets {
                match skip_jumps(&lane.code, target) {
                    end if usize::from(end) == lane.code.len() => out.push(Move::Leave(lane.actor)),
                    target => ways(scenario, lane, config, target, out),
                }
            }
        }
        // Where it branches its call has not returned.
        Some(Instruction::Jump(_) | Instruction::Branch(..)) | None => {}
    }
}

/// Does the script say that the call of this step returns, whatever comes?
fn is_to_return(step: &Step) -> bool {
    match &step.expect {
        Some(Expect::OneOf(patterns)) => patterns.iter().all(|pattern| pattern.value != ValuePattern::Waits),
        _ => false,
    }
}

/// Puts the actors of these lanes at their beginning.
pub fn enter(lanes: &[LaneCode], config: &mut Config) {
    for lane in lanes {
        config.at[lane.actor.index()] = skip_jumps(&lane.code, 0);
    }
}

/// Makes a move. Appends what was seen; `fx` notes what was read and touched, of the script as of the world.
// Longer than a screen: an arm for each kind of move.
#[allow(clippy::too_many_arguments)] // the scratch buffers are arguments so that exploring allocates nothing
pub fn make(
    scenario: &Scenario,
    machine: &Machine,
    lanes: &[LaneCode],
    config: &mut Config,
    chosen: Move,
    tape: &mut Tape,
    fx: &mut Effects,
    happened: &mut Vec<Happened>,
) {
    match chosen {
        Move::Event(event) => advance(scenario, machine, config, event, None, tape, fx, happened),
        Move::Leave(actor) => {
            fx.clear();
            touches(fx, Some(actor));
            config.at[actor.index()] = lane_of(lanes, actor).code.len() as u16;
        }
        Move::Step(actor, number) => {
            let slot = actor.index();
            let code = &lane_of(lanes, actor).code;
            let at = code.iter().position(|instruction| *instruction == Instruction::Step(number));
            let at = at.expect("invariant: a lane's steps are in its code");
            config.at[slot] = skip_jumps(code, at as u16 + 1);
            let step = &scenario.steps[number];
            // A variable that this step is about to bind anew holds nothing until then: what it held is lost in any case.
            step.binds().for_each(|name| config.vars[usize::from(name.0)] = Handle::INVALID);
            match &step.action {
                Action::Call(call) => issue(scenario, machine, config, number, call, tape, fx, happened),
                Action::InHook(call) => {
                    let event = Event::InHook(actor, bound(call, &config.vars));
                    advance(scenario, machine, config, event, Some(number), tape, fx, happened);
                    reads_names(scenario, call, fx);
                }
                Action::ConditionReturns { call, .. } | Action::RoutineReturns { call } => {
                    config.waits[slot] = number as u16 + 1;
                    let event =
                        Event::Returns(actor, comes_back(&step.action, &config.vars).unwrap_or(Answer::Nothing));
                    advance(scenario, machine, config, event, None, tape, fx, happened);
                    reads_names(scenario, call, fx);
                    reads_group(scenario, &step.action, fx);
                    if config.waits[slot] != 0 && matches!(step.expect, Some(Expect::Blocks)) {
                        happened.push(Happened { step: number, observed: Observed::Blocks });
                    }
                }
                Action::Resumes => {
                    fx.clear();
                    if let Some(outcome) = config.finished[slot].take() {
                        note(scenario, config, number, &outcome, fx, happened);
                    }
                }
                Action::Prints { .. } => fx.clear(),
                Action::Sends { .. } | Action::Expects => {
                    fx.clear();
                    if step.action == Action::Expects {
                        let observed = Observed::Came(came(&config.world, actor));
                        happened.push(Happened { step: number, observed });
                    }
                    if let Some(event) = event_of(scenario, config, actor, &step.action) {
                        advance(scenario, machine, config, event, None, tape, fx, happened);
                    }
                    let to = address_of(scenario, actor).and_then(|to| scenario.binder(to));
                    to.into_iter().for_each(|binder| fx.read.owner(binder));
                }
                Action::Exits(_) => advance(scenario, machine, config, Event::Exit(actor), None, tape, fx, happened),
                Action::Ends => advance(scenario, machine, config, Event::Ends(actor), None, tape, fx, happened),
            }
            touches(fx, Some(actor));
            step.binds().for_each(|name| touches(fx, scenario.binder(name)));
        }
    }
}

/// An actor makes a call in its lane.
#[allow(clippy::too_many_arguments)] // as above
fn issue(
    scenario: &Scenario,
    machine: &Machine,
    config: &mut Config,
    number: usize,
    call: &Call<Ref>,
    tape: &mut Tape,
    fx: &mut Effects,
    happened: &mut Vec<Happened>,
) {
    let step = &scenario.steps[number];
    let slot = step.actor.index();
    config.waits[slot] = number as u16 + 1;
    let counts = !config.armed.is_empty();
    let hit = if counts { arm(config, step.actor, call.name(), scenario) } else { None };
    let mut around = Effects::default();
    if let Some(hit) = hit {
        advance(scenario, machine, config, hit.begins(), None, tape, fx, happened);
        std::mem::swap(fx, &mut around);
    }
    let event = call_event(config, step.actor, call);
    advance(scenario, machine, config, event, None, tape, fx, happened);
    reads_names(scenario, call, fx);
    // Whether a fault waits for this call is a question in any case.
    fx.read.process();
    if counts {
        fx.touched.process();
    }
    if let Some(hit) = hit {
        joins(fx, &around);
        // The call's own rules are those that this move is told by.
        std::mem::swap(fx, &mut around);
        advance(scenario, machine, config, hit.ends(), None, tape, fx, happened);
        std::mem::swap(fx, &mut around);
        joins(fx, &around);
    }
    if config.waits[slot] != 0 && matches!(step.expect, Some(Expect::Blocks)) {
        happened.push(Happened { step: number, observed: Observed::Blocks });
    }
}

fn lane_of(lanes: &[LaneCode], actor: ThreadId) -> &LaneCode {
    lanes.iter().find(|lane| lane.actor == actor).expect("invariant: a move belongs to a lane")
}
