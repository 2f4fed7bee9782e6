//! What came of judging scenarios on one stack.

use crate::live::{self, Live};
use crate::output::{LiveOutput, RunOutput, ScenarioOutput, StackOutput, Totals};
use crate::problem::ProblemOutput;
use crate::suite::Scenario;
use crate::verdict::{Judged, Verdict};

/// What a verdict is worth to those who count tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Worth {
    /// As it should be.
    Passes,
    /// The stack cannot take it: what it does not have it cannot do wrong.
    Skipped,
    /// Not as it should be.
    Fails,
    /// Nobody knows.
    Unknown,
}

impl Worth {
    pub(super) fn of(verdict: Verdict, strict: bool) -> Worth {
        match verdict {
            Verdict::Pass => Worth::Passes,
            Verdict::Deviates if !strict => Worth::Passes,
            Verdict::ModelOnly | Verdict::LacksCall => Worth::Skipped,
            Verdict::Deviates | Verdict::Possible | Verdict::Fixed | Verdict::Fail => Worth::Fails,
            Verdict::Blocked | Verdict::Unresolved | Verdict::Unmodelled => Worth::Unknown,
        }
    }

    pub(super) fn is_fine(self) -> bool {
        matches!(self, Worth::Passes | Worth::Skipped)
    }
}

/// The verdicts of one stack.
pub(crate) struct Outcome<'s> {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) profile: String,
    pub(crate) judged: Vec<(&'s Scenario, Judged)>,
}

impl Outcome<'_> {
    /// How many scenarios got this verdict.
    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.judged.iter().filter(|(_, judged)| judged.verdict == verdict).count()
    }

    /// The exit status that these verdicts are worth.
    pub(super) fn status(&self, strict: bool) -> u8 {
        u8::from(!self.judged.iter().all(|(_, judged)| Worth::of(judged.verdict, strict).is_fine()))
    }

    /// What was run live; nothing on the model.
    pub(crate) fn live(&self) -> Vec<Live> {
        let played = self.judged.iter().any(|(_, judged)| !judged.taken.is_empty());
        if played { live::of(self.judged.iter().map(|(scenario, judged)| (*scenario, judged))) } else { Vec::new() }
    }

    /// As data.
    pub(super) fn output(&self, errors: &[ProblemOutput]) -> RunOutput {
        let scenario = |(scenario, judged): &(&Scenario, Judged)| ScenarioOutput {
            name: scenario.script.title.clone(),
            file: scenario.file.clone(),
            clauses: scenario.clauses().into_iter().map(str::to_owned).collect(),
            facts: scenario.facts().into_iter().map(str::to_owned).collect(),
            verdict: judged.verdict,
            reason: judged.reason.clone(),
            notes: judged.notes.clone(),
            ways: judged.ways,
            choices: judged.choices.clone(),
            rests_on_unknown: judged.rests_on_unknown,
        };
        RunOutput {
            stack: StackOutput { name: self.name.clone(), version: self.version.clone() },
            profile: self.profile.clone(),
            scenarios: self.judged.iter().map(scenario).collect(),
            totals: Totals {
                pass: self.count(Verdict::Pass),
                possible: self.count(Verdict::Possible),
                deviates: self.count(Verdict::Deviates),
                fixed: self.count(Verdict::Fixed),
                fail: self.count(Verdict::Fail),
                blocked: self.count(Verdict::Blocked),
                unresolved: self.count(Verdict::Unresolved),
                unmodelled: self.count(Verdict::Unmodelled),
                lacks_call: self.count(Verdict::LacksCall),
                model_only: self.count(Verdict::ModelOnly),
            },
            live: self.live().into_iter().map(LiveOutput::named).collect(),
            errors: errors.to_vec(),
        }
    }
}
