//! A script in the order of its text, every step with its number; and which scripts no real stack can take.

use winaccept_model::call::ThreadId;
use winaccept_sim::script::{Action, Ending, Happening, Item, Lane, LaneItem, Script, Step};

/// Something with a number of its own, which [`StepReport::index`](super::StepReport) refers to.
#[derive(Clone, Copy, Debug)]
pub enum Numbered<'s> {
    /// A step.
    Step(&'s Step),
    /// A happening.
    Happening(&'s Happening),
}

/// All steps and happenings in the order of the script's text, with those of every branch of `either` and each body of
/// `repeat` once. The position in this list is the step's number. `never` has none.
#[must_use]
pub fn numbered(script: &Script) -> Vec<Numbered<'_>> {
    fn lane<'s>(body: &'s [LaneItem], out: &mut Vec<Numbered<'s>>) {
        for item in body {
            match item {
                LaneItem::Step(step) => out.push(Numbered::Step(step)),
                LaneItem::Either(bodies) => bodies.iter().for_each(|body| lane(body, out)),
                LaneItem::Repeat(body) => lane(body, out),
                LaneItem::Until(_) => {}
                LaneItem::If(_, bodies) => bodies.iter().for_each(|body| lane(body, out)),
            }
        }
    }
    let mut out = Vec::new();
    for item in &script.items {
        match item {
            Item::Step(step) => out.push(Numbered::Step(step)),
            Item::Happening(happening, _) => out.push(Numbered::Happening(happening)),
            Item::AnyOrder(lanes, _) => lanes.iter().for_each(|l| lane(&l.body, &mut out)),
            Item::Never(_) => {}
        }
    }
    out
}

/// One element of a script that a real stack is to take.
#[derive(Debug)]
pub(crate) enum Planned<'s> {
    /// A step with its number.
    Step(usize, &'s Step),
    /// Lanes that run interleaved.
    AnyOrder(Vec<PlannedLane<'s>>),
}

/// A lane of `any order`.
#[derive(Debug)]
pub(crate) struct PlannedLane<'s> {
    pub(crate) actor: ThreadId,
    pub(crate) body: Vec<PlannedInLane<'s>>,
}

/// One element of a lane. Of `either` only the first branch is left: a replay takes one deterministic way.
#[derive(Debug)]
pub(crate) enum PlannedInLane<'s> {
    Step(usize, &'s Step),
    Repeat(Vec<PlannedInLane<'s>>),
    Until(&'s Ending),
    If(&'s Ending, [Vec<PlannedInLane<'s>>; 2]),
}

/// The plan, or why no real stack can take this script.
pub(crate) fn plan(script: &Script) -> Result<Vec<Planned<'_>>, String> {
    if let Some(reason) = &script.model_only {
        return Err(reason.clone());
    }
    let mut number = 0;
    let mut planned = Vec::new();
    for item in &script.items {
        match item {
            Item::Step(step) => planned.push(Planned::Step(take(&mut number, step)?, step)),
            Item::Happening(happening, _) => return Err(format!("a real stack cannot be told to {}", verb(happening))),
            Item::AnyOrder(lanes, _) => {
                let lanes = lanes.iter().map(|Lane { actor, body }| {
                    let mut planned = Vec::new();
                    plan_lane(body, &mut number, &mut planned)?;
                    Ok(PlannedLane { actor: *actor, body: planned })
                });
                planned.push(Planned::AnyOrder(lanes.collect::<Result<_, String>>()?));
            }
            Item::Never(_) => {} // a claim about all interleavings, nothing to do
        }
    }
    Ok(planned)
}

fn plan_lane<'s>(body: &'s [LaneItem], number: &mut usize, out: &mut Vec<PlannedInLane<'s>>) -> Result<(), String> {
    for item in body {
        match item {
            LaneItem::Step(step) => out.push(PlannedInLane::Step(take(number, step)?, step)),
            LaneItem::Either(bodies) => {
                for (i, body) in bodies.iter().enumerate() {
                    if i == 0 {
                        plan_lane(body, number, out)?;
                    } else {
                        plan_lane(body, number, &mut Vec::new())?; // numbered, not taken
                    }
                }
            }
            LaneItem::Repeat(body) => {
                let mut repeated = Vec::new();
                plan_lane(body, number, &mut repeated)?;
                out.push(PlannedInLane::Repeat(repeated));
            }
            LaneItem::Until(ending) => out.push(PlannedInLane::Until(ending)),
            LaneItem::If(ending, bodies) => {
                let mut planned = [Vec::new(), Vec::new()];
                for (body, planned) in bodies.iter().zip(&mut planned) {
                    plan_lane(body, number, planned)?;
                }
                out.push(PlannedInLane::If(ending, planned));
            }
        }
    }
    Ok(())
}

/// Can an `until` of this body leave the `repeat` around it?
pub(crate) fn can_be_left(body: &[PlannedInLane<'_>]) -> bool {
    body.iter().any(|item| match item {
        PlannedInLane::Until(_) => true,
        PlannedInLane::If(_, bodies) => bodies.iter().any(|body| can_be_left(body)),
        PlannedInLane::Step(..) | PlannedInLane::Repeat(_) => false,
    })
}

fn take(number: &mut usize, step: &Step) -> Result<usize, String> {
    if matches!(step.action, Action::InHook(_)) {
        return Err("blocking hooks exist only in 16-bit Winsock 1.1".to_owned());
    }
    *number += 1;
    Ok(*number - 1)
}

fn verb(happening: &Happening) -> &'static str {
    match happening {
        Happening::Hold(_) | Happening::Release(_) => "hold segments back",
        Happening::Drop(..) | Happening::MayDrop(..) => "lose a segment",
        Happening::Deliver(..) | Happening::Lose(..) => "choose the next segment",
        Happening::Timer(_) => "let a timer run out",
        Happening::Fault(_) | Happening::Mend(..) => "inject a fault",
        Happening::Choose(_) => "take one of the ways that are open to it",
    }
}
