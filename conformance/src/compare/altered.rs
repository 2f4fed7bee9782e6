//! Scenarios of the suite, altered: a step is left out, done again, done at another moment, or done with another handle of its kind. What
//! somebody thought of stands beside what nobody did.

use winaccept_model::call::{Call, Returns};
use winaccept_sim::script::{Action, Expect, Item, NameId, Pattern, Ref, Script, Step, ValuePattern};

use super::shrink::{steps, with_dependents, without};
use crate::lang::random::{Numbers, Seeded};
use crate::suite;

/// How often it is tried to alter one so that it still is a scenario.
const TRIES: usize = 8;

/// What there is to alter.
pub(super) struct Suite(Vec<Script>);

impl Suite {
    /// Of the bundled scenarios those that are one step after the other, without what only the model can be told; with those
    /// that no real stack takes, where the model stands for one.
    pub(super) fn new(is_model: bool) -> Suite {
        let scenarios = suite::bundled().unwrap_or_default();
        let taken = scenarios.iter().map(|scenario| &scenario.script).filter(|s| is_model || s.model_only.is_none());
        Suite(taken.filter_map(asking).filter(|script| is_model || is_comparable(script)).collect())
    }

    /// One of them, altered in one place or in a few.
    pub(super) fn one(&self, numbers: &mut Seeded, title: &str) -> Option<Script> {
        if self.0.is_empty() {
            return None;
        }
        let script = &self.0[numbers.below(self.0.len() as u32) as usize];
        (0..TRIES).find_map(|_| {
            let mut altered = Script { title: title.to_owned(), ..script.clone() };
            for _ in 0..=numbers.below(3) {
                alter(&mut altered, numbers)?;
            }
            super::readable(&altered).map(|_| altered)
        })
    }
}

/// The same steps without what they are expected to give, but for what binds a variable and what waits.
fn asking(script: &Script) -> Option<Script> {
    let mut asking = Script { model_only: None, prose: String::new(), ..script.clone() };
    for item in &mut asking.items {
        let Item::Step(step) = item else { return None };
        if matches!(step.action, Action::Prints { .. } | Action::Sends { .. } | Action::Expects) {
            return None;
        }
        step.expect = step.expect.take().and_then(no_more_than_it_binds);
        step.on_windows = None;
        step.shows.clear();
        step.confirms.clear();
    }
    (asking.peers.is_empty() && !asking.items.is_empty()).then_some(asking)
}

/// Does it leave alone what tells of the system below a stack, and not of Winsock (docs/compare.md)?
fn is_comparable(script: &Script) -> bool {
    let mut calls = steps(script).into_iter().filter_map(|step| match &step.action {
        Action::Call(call) | Action::InHook(call) => Some(call),
        _ => None,
    });
    !calls.any(|call| matches!(call, Call::CloseHandle { .. }))
}

/// What it is that each variable stands for, by what makes it.
fn kinds(script: &Script) -> Vec<Option<Returns>> {
    let mut kinds = vec![None; script.names.len()];
    for step in steps(script) {
        let made = match &step.action {
            Action::Call(call) | Action::InHook(call) => Some(call.function().returns()),
            _ => Some(Returns::Socket),
        };
        step.binds().for_each(|name| kinds[usize::from(name.0)] = made);
    }
    kinds
}

fn no_more_than_it_binds(expect: Expect) -> Option<Expect> {
    let Expect::OneOf(patterns) = expect else { return (expect == Expect::Blocks).then_some(expect) };
    let binds = |pattern: &&Pattern| matches!(pattern.value, ValuePattern::Binds(_));
    let bound = patterns.iter().find(binds).cloned()?;
    Some(Expect::OneOf(vec![Pattern { with: Vec::new(), ..bound }]))
}

fn alter(script: &mut Script, numbers: &mut Seeded) -> Option<()> {
    let mut place = |bound: usize| numbers.below(bound as u32) as usize;
    let (from, to) = (place(script.items.len()), place(script.items.len()));
    match place(4) {
        0 => {
            let set = with_dependents(&steps(script), [from].into());
            *script = without(script, &set);
        }
        1 => {
            let again = script.items[from].clone();
            script.items.insert(to, again);
        }
        2 => {
            let moved = script.items.remove(from);
            script.items.insert(to, moved);
        }
        _ => {
            let kinds = kinds(script);
            let (which, other) = (place(4), place(kinds.len().max(1)));
            if let Item::Step(Step { action: Action::Call(call), .. }) = &mut script.items[from] {
                let mut at = 0;
                *call = call.map(|handle| {
                    at += 1;
                    let Ref::Name(name) = handle else { return handle };
                    let alike = kinds.get(other) == kinds.get(usize::from(name.0));
                    if at == which + 1 && alike { Ref::Name(NameId(other as u16)) } else { handle }
                });
            }
        }
    }
    (!script.items.is_empty()).then_some(())
}
