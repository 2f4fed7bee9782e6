//! What the number of a closed socket names by now: nothing, or a socket that its process has opened since. Which of them no page
//! says (`closesocket.rem.descriptor-reuse`), and no slot of the model decides it.

use winaccept_model::call::{Call, Handle, Name};

use crate::branch::Branch;
use crate::config::Config;
use crate::scenario::Scenario;
use crate::script::{NameId, Ref};

/// Every way to read the numbers of closed sockets in a call of a step: once somebody has looked, it stands fast.
pub(crate) fn readings(scenario: &Scenario, number: usize, call: &Call<Ref>, start: Branch) -> Vec<Branch> {
    let mut all = vec![start];
    if all[0].config.closed.is_empty() {
        return all;
    }
    for name in used_as_handles(call) {
        all = all.into_iter().flat_map(|branch| read(scenario, number, name, branch)).collect();
    }
    all
}

/// Takes note of the sockets that are closed by the call of a step.
pub(crate) fn takes_note(number: usize, call: &Call<Ref>, before: &[Handle], branch: &mut Branch) {
    let Some(&name) = used_as_handles(call).first().filter(|_| call.function().does().closes) else { return };
    let handle = before[usize::from(name.0)];
    let is_open = branch.config.world.named(handle).is_some();
    if handle.slot().is_none() || is_open {
        return;
    }
    for (other, _) in before.iter().enumerate().filter(|(_, held)| **held == handle) {
        let other = NameId(other as u16);
        if branch.config.closed.iter().all(|(closed, _)| *closed != other) {
            branch.config.closed.push((other, number as u16));
        }
    }
}

/// The variables whose handles a call is given: not those that stand for an address.
fn used_as_handles(call: &Call<Ref>) -> Vec<NameId> {
    let mut all = Vec::new();
    let mut uses = |reference: Ref| {
        if let Ref::Name(name) = reference
            && !all.contains(&name)
        {
            all.push(name);
        }
    };
    match *call {
        Call::Connect { s, name: Name::Of(_) }
        | Call::WSAConnect { s, name: Name::Of(_), .. }
        | Call::Bind { s, name: Name::Of(_) } => uses(s),
        _ => {
            call.map(uses);
        }
    }
    all
}

fn read(scenario: &Scenario, number: usize, name: NameId, mut branch: Branch) -> Vec<Branch> {
    let at = branch.config.closed.iter().position(|(closed, _)| *closed == name);
    let Some((at, since)) = at.map(|at| (at, branch.config.closed[at].1)) else { return vec![branch] };
    let newer = opened_since(scenario, name, since, number, &branch.config);
    let of_newer = newer.iter().map(|&handle| {
        let mut branch = branch.clone();
        branch.config.vars[usize::from(name.0)] = handle;
        branch.config.closed.remove(at);
        branch
    });
    let mut all: Vec<Branch> = of_newer.collect();
    let held = &mut branch.config.vars[usize::from(name.0)];
    if newer.contains(held) {
        *held = Handle::NOT_OPEN;
    }
    if !newer.is_empty() {
        branch.config.closed[at].1 = number as u16;
    }
    all.insert(0, branch);
    all
}

/// The sockets that this variable's process has opened between two steps, and that are still open.
fn opened_since(scenario: &Scenario, name: NameId, since: u16, until: usize, config: &Config) -> Vec<Handle> {
    let process = |name| scenario.binder(name).map(|actor| scenario.script.actors[actor.index()].process);
    let mut all = Vec::new();
    for step in &scenario.steps[usize::from(since) + 1..until] {
        for bound in step.binds().filter(|bound| process(*bound) == process(name)) {
            let handle = config.vars[usize::from(bound.0)];
            let is_closed = config.closed.iter().any(|(closed, _)| *closed == bound);
            if config.world.named(handle).is_some() && !is_closed && !all.contains(&handle) {
                all.push(handle);
            }
        }
    }
    all
}
