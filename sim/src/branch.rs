//! One way in which things may have gone, and the ways on from it.

use std::collections::BTreeSet;

use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine};

use crate::config::{Config, Happened, advance};
use crate::log::Log;
use crate::scenario::Scenario;

/// One way in which things may have gone.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) config: Config,
    pub(crate) happened: Vec<Happened>,
    pub(crate) rules: BTreeSet<&'static str>,
    /// Every event on the way, where somebody wants to know.
    pub(crate) log: Option<Log>,
}

impl Branch {
    pub(crate) fn new(config: Config, log: Option<Log>) -> Branch {
        Branch { config, happened: Vec::new(), rules: BTreeSet::new(), log }
    }
}

/// Lets an event happen in every way that the profile allows.
pub(crate) fn each(
    machine: &Machine,
    from: &Branch,
    event: Event,
    scenario: &Scenario,
    hook: Option<usize>,
    mut then: impl FnMut(Branch, &Effects),
) {
    let (mut tape, mut fx) = (Tape::default(), Effects::default());
    loop {
        let mut branch = from.clone();
        advance(scenario, machine, &mut branch.config, event, hook, &mut tape, &mut fx, &mut branch.happened);
        branch.rules.extend(fx.fired.iter().map(|rule| rule.name));
        if let Some(log) = &mut branch.log {
            log.add(scenario, &from.config, event, &branch.config, &fx);
        }
        then(branch, &fx);
        if !tape.advance() {
            return;
        }
    }
}

/// Every branch that an event in this one leads to.
pub(crate) fn event_in(
    scenario: &Scenario,
    machine: &Machine,
    from: Branch,
    event: Event,
    hook: Option<usize>,
) -> Vec<Branch> {
    let mut all = Vec::new();
    each(machine, &from, event, scenario, hook, |branch, _| all.push(branch));
    all
}
