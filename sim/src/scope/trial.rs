//! One world in which many events are tried, each undone before the next.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use foldhash::quality::FixedState;
use winaccept_model::call::ThreadId;
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::World;

use super::{Fired, Numbers};

/// A world, and a copy of it in which events happen.
pub(super) struct Trial<'a> {
    before: &'a World,
    now: World,
    fx: Effects,
}

impl<'a> Trial<'a> {
    pub(super) fn new(before: &'a World) -> Trial<'a> {
        Trial { before, now: before.clone(), fx: Effects::default() }
    }

    /// Lets an event happen in each way in which it may go, and shows what came of it. False: the model refuses it by one of its
    /// named limits, or this machine by an invariant.
    pub(super) fn each_way(
        &mut self,
        machine: &Machine,
        event: Event,
        mut see: impl FnMut(&Effects, &World, &World),
    ) -> bool {
        let went = catch_unwind(AssertUnwindSafe(|| {
            let mut tape = Tape::default();
            loop {
                machine.step(&mut self.now, event, &mut tape, &mut self.fx);
                see(&self.fx, self.before, &self.now);
                self.undo();
                if !tape.advance() {
                    return;
                }
            }
        }));
        if went.is_err() {
            // Half a step tells nobody what it has changed.
            (self.now, self.fx) = (self.before.clone(), Effects::default());
        }
        went.is_ok()
    }

    /// What fires in any of these ways, each once; false where it is refused.
    pub(super) fn fired(
        &mut self,
        machine: &Machine,
        event: Event,
        numbers: &mut Numbers,
        fired: &mut Vec<Fired>,
    ) -> bool {
        fired.clear();
        let went = self.each_way(machine, event, |fx, _, _| {
            fired.extend(fx.fired.iter().map(|rule| numbers.of(rule)).zip(fx.fired_from.iter().copied()));
        });
        fired.sort_unstable();
        fired.dedup();
        went
    }

    /// Digests of everything that may come of it, ascending; nothing where it is refused.
    pub(super) fn after(&mut self, machine: &Machine, event: Event) -> Option<Vec<u64>> {
        let mut all = Vec::new();
        let went = self.each_way(machine, event, |fx, before, now| all.push(digest(fx, before, now)));
        all.sort_unstable();
        all.dedup();
        went.then_some(all)
    }

    /// The worlds that it may lead to, each once, in the order in which they are met.
    pub(super) fn worlds(&mut self, machine: &Machine, event: Event) -> Vec<World> {
        let (mut met, mut all) = (HashSet::new(), Vec::new());
        self.each_way(machine, event, |fx, before, now| {
            if met.insert(digest(fx, before, now)) {
                all.push(now.clone());
            }
        });
        all
    }

    fn undo(&mut self) {
        if self.fx.touched.shared() {
            self.now.put_processes(self.before.processes());
        }
        for owner in self.fx.touched.owners() {
            self.now.put_of(ThreadId::new(owner), self.before);
        }
        debug_assert_eq!(self.now, *self.before, "a step tells whose objects it may have changed");
    }
}

/// The calls that returned, and what is otherwise than before: of two ways from one world the same exactly if both are.
fn digest(fx: &Effects, before: &World, now: &World) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    fx.returns.hash(&mut hasher);
    if fx.touched.shared() && now.processes() != before.processes() {
        now.processes().hash(&mut hasher);
    }
    for owner in fx.touched.owners().map(ThreadId::new) {
        if !now.same_of(owner, before) {
            owner.hash(&mut hasher);
            now.hash_of(owner, &mut hasher);
        }
    }
    hasher.finish()
}
