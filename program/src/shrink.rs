//! Shrinking: the smallest plan that the same judge still convicts. Fewest clients and faults first, then the plainest clients,
//! then the fewest choices.

use crate::client::{BEHAVIOURS, Behaviour};
use crate::draw::Schedule;
use crate::engine::Ran;
use crate::judge::Judge;
use crate::plan::Plan;

/// So many runs a shrinking takes at most.
const MOST: u32 = 600;

/// Makes a plan smaller as long as the judge convicts.
pub(crate) fn shrink(plan: &Plan, first: Ran, judge: Judge, run: &mut dyn FnMut(&Plan) -> Ran) -> (Plan, Ran) {
    let mut best = plan.clone();
    best.draws = first.draws.clone();
    best.draws.source = Schedule::Plain;
    let mut kept = first;
    let mut left = MOST;
    loop {
        let mut better = None;
        for smaller in candidates(&best) {
            if left == 0 {
                return (best, kept);
            }
            left -= 1;
            let ran = run(&smaller);
            let convicted = ran.verdict.as_ref().is_some_and(|(by, _)| *by == judge);
            if convicted && size(&smaller, &ran) < size(&best, &kept) {
                better = Some((smaller, ran));
                break;
            }
        }
        match better {
            Some((plan, ran)) => (best, kept) = (plan, ran),
            None => return (best, kept),
        }
    }
}

fn rank(behaviour: Behaviour) -> usize {
    BEHAVIOURS.iter().position(|(_, known)| *known == behaviour).unwrap_or(0)
}

/// What is to become less.
fn size(plan: &Plan, ran: &Ran) -> (usize, usize, usize, usize, usize) {
    let ranks = plan.clients.iter().map(|client| rank(*client)).sum();
    (
        plan.clients.len() + plan.faults.len() + usize::from(plan.late),
        ran.record.len(),
        plan.faults.len(),
        plan.draws.named.len(),
        ranks,
    )
}

/// Plans that are a step smaller, those with most left out first.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Plan)| {
        let mut smaller = plan.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    if !plan.draws.named.is_empty() {
        with(&|plan| plan.draws.named.clear());
    }
    if plan.late {
        with(&|plan| plan.late = false);
    }
    for at in 0..plan.clients.len() {
        with(&|plan| _ = plan.clients.remove(at));
    }
    for at in 0..plan.faults.len() {
        with(&|plan| _ = plan.faults.remove(at));
    }
    let names: Vec<&String> = plan.draws.named.keys().collect();
    let mut part = names.len() / 2;
    while part > 0 {
        for names in names.chunks(part) {
            with(&|plan| plan.draws.named.retain(|name, _| !names.contains(&name)));
        }
        part /= 2;
    }
    for at in 0..plan.clients.len() {
        for (_, plainer) in &BEHAVIOURS[..rank(plan.clients[at])] {
            with(&|plan| plan.clients[at] = *plainer);
        }
    }
    for at in (0..plan.faults.len()).filter(|at| plan.faults[*at].nth > 1) {
        with(&|plan| plan.faults[at].nth -= 1);
    }
    all
}
