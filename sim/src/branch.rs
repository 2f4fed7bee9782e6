//! One way in which things may have gone, and the ways on from it.

use std::collections::BTreeSet;

use winaccept_model::choice::Alt;
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::{Effects, Rule};
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
    /// What the profile left open and was decided on the way.
    pub(crate) choices: BTreeSet<Alt>,
    /// Every event on the way, where somebody wants to know.
    pub(crate) log: Option<Log>,
}

impl Branch {
    /// Takes in what was decided on another way that ends alike. What was decided one way here and another way there made no
    /// difference.
    pub(crate) fn ends_as(&mut self, other: Branch) {
        self.rules.extend(other.rules);
        let decides = |choices: &BTreeSet<Alt>, alt: &Alt| choices.iter().any(|other| other.point() == alt.point());
        let same = |alt: &Alt| match (self.choices.contains(alt), other.choices.contains(alt)) {
            (true, true) => true,
            (true, false) => !decides(&other.choices, alt),
            (false, _) => !decides(&self.choices, alt),
        };
        self.choices = self.choices.union(&other.choices).copied().filter(same).collect();
    }

    pub(crate) fn new(config: Config, log: Option<Log>) -> Branch {
        Branch { config, happened: Vec::new(), rules: BTreeSet::new(), choices: BTreeSet::new(), log }
    }
}

/// The alternatives behind a step, at choice points that the profile leaves open: those under which its rules are in force, and
/// those that they asked.
pub(crate) fn decided(profile: &Profile, fx: &Effects) -> BTreeSet<Alt> {
    let fired = |rule: &Rule| fx.fired.iter().any(|other| std::ptr::eq(*other, rule));
    let asked = fx.decided.iter().filter(|decided| fired(decided.rule)).map(|decided| decided.alt);
    let under = fx.fired.iter().flat_map(|rule| rule.under).copied();
    under.chain(asked).filter(|alt| profile.leaves_open(alt.point())).collect()
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
        branch.choices.extend(decided(&machine.profile, &fx));
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
