//! The model as a stack: under one profile, with its choices taken by a seed.

use winaccept_lang::random::{Numbers as _, Seeded};
use winaccept_model::outcome::Value;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::observe::{Observed, Shown, ShownValue};
use winaccept_sim::run::one_way;
use winaccept_sim::scenario::Scenario;
use winaccept_sim::script::Script;

use super::{Identity, Replay, Stack, StepReport};
use crate::evidence::digest;
use crate::lang::render_action;

/// The model under a profile, that is played like a real stack. What it gives follows from the seed, the scenario's title and the step.
#[derive(Debug)]
pub struct ModelStack {
    machine: Machine,
    seed: u64,
}

impl ModelStack {
    /// What it is called among stacks.
    pub(crate) const NAME: &str = "model";

    /// The model under this profile.
    #[must_use]
    pub fn new(profile: Profile, seed: u64) -> ModelStack {
        ModelStack { machine: Machine::new(profile), seed }
    }
}

impl Stack for ModelStack {
    fn identity(&self) -> Identity {
        let build = format!("the model of winaccept under profile {}", self.machine.profile.name);
        Identity { name: ModelStack::NAME.to_owned(), version: self.machine.profile.name.clone(), build }
    }

    fn replay(&mut self, script: &Script) -> Replay {
        let scenario = match Scenario::new(script) {
            Ok(scenario) => scenario,
            Err(too_large) => return Replay { failed: Some(too_large.message), ..Replay::default() },
        };
        // What is left of a scenario that is made smaller goes as it went: a step's luck is its own.
        let luck = |step: usize| {
            let action = render_action(&scenario.steps[step].action, script);
            u64::from_str_radix(&digest(&format!("{}: {action}", script.title)), 16).unwrap_or_default()
        };
        let pick = |step: usize, ways: usize| match ways {
            0 | 1 => 0,
            ways => Seeded::nth(self.seed, luck(step)).below(ways as u32) as usize,
        };
        let seen = one_way(&scenario, &self.machine, &mut { pick });
        let report = |(index, observed): (usize, Observed)| StepReport {
            index,
            actor: scenario.steps[index].actor,
            observed,
            assumed: None,
        };
        // Where the model does not know what happens it is no stack that could be asked.
        let steps = seen.into_iter().take_while(|(_, observed)| !knows_nothing(observed)).map(report).collect();
        Replay { steps, ..Replay::default() }
    }
}

fn knows_nothing(observed: &Observed) -> bool {
    matches!(observed, Observed::Returned(Shown { value: ShownValue::Is(Value::Unmodelled | Value::Undefined), .. }))
}
