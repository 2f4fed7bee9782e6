//! Facts: what a step `confirms` is what the model does there under `windows`.
//!
//! A step confirms a fact if everything that `windows` allows there is what the step says that Windows does, and if it says
//! nothing else. What it says stands behind `confirms`, or is what the documents say. That something decides it, which could be
//! otherwise, coverage looks into: [`crate::coverage::facts`].

use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::run::{Guide, Run, StepRun, run};
use winaccept_sim::script::{Expect, Script, Step};

use super::documents::{Fit, fit};
use super::words::{action, allowed};
use crate::lang::render_expect;
use crate::profiles::Choices;
use crate::suite::Scenario;

/// The profile of real Windows, which facts are about.
pub(super) const WINDOWS: &str = "windows";

/// The profile of real Windows.
#[must_use]
pub fn windows() -> Profile {
    Choices::bundled().profile(WINDOWS).expect("invariant: `windows` is one of the bundled profiles, which are tested")
}

/// What the model does in a scenario under `windows`.
#[must_use]
pub fn on_windows(scenario: &Scenario) -> Run {
    run(&scenario.program, &Machine::new(windows()), Guide::Expectations)
}

/// Is what a run allows at this step exactly what the step says that Windows does?
#[must_use]
pub fn confirms(step: &Step, run: &StepRun, script: &Script) -> bool {
    match step.windows() {
        // Where anything will do, nothing is said.
        None | Some(Expect::Silent(_)) => false,
        said => fit(&Step { expect: said.cloned(), ..step.clone() }, run, script) == Fit::Exact,
    }
}

/// The first step that confirms a fact in vain, and why.
pub(super) fn confirmed_in_vain(scenario: &Scenario) -> Option<(usize, String)> {
    let steps = &scenario.program.steps;
    if steps.iter().all(|step| step.confirms.is_empty()) {
        return None;
    }
    let played = on_windows(scenario);
    let number = (0..steps.len())
        .find(|&n| !steps[n].confirms.is_empty() && !confirms(&steps[n], &played.steps[n], &scenario.script))?;
    let (step, call) = (&steps[number], action(scenario, number));
    let facts = step.confirms.join(", ");
    let reason = match step.windows() {
        Some(Expect::Silent(_)) | None => {
            format!("{call} confirms {facts} without saying what Windows does there: `confirms {facts} = …`")
        }
        Some(said) => format!(
            "{call} does not confirm {facts}: Windows is said to give {}, and the profile windows allows {}",
            render_expect(said, &scenario.script),
            allowed(scenario, &played, number)
        ),
    };
    Some((number, reason))
}
