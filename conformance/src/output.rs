//! What `run`, `coverage`, `evidence` and `explore` write as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coverage::facts::Count;
use crate::problem::ProblemOutput;
use crate::verdict::Verdict;

/// What `run` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum RunOutputs {
    /// On one stack.
    One(Box<RunOutput>),
    /// On several.
    Several(Vec<RunOutput>),
}

/// What `run` writes for one stack.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunOutput {
    /// The stack.
    pub stack: StackOutput,
    /// The profile it was judged by.
    pub profile: String,
    /// Every scenario, in the order of the files.
    pub scenarios: Vec<ScenarioOutput>,
    /// How many scenarios got each verdict.
    pub totals: Totals,
    /// By document, the clauses that were run live; empty for the model.
    pub live: BTreeMap<String, LiveOutput>,
    /// Files that could not be judged, and why no more scenarios were; left out where there is nothing of the kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemOutput>,
}

/// The clauses of a document that a real stack can show.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LiveOutput {
    /// Clauses that the inventory calls `model+real`.
    pub real: usize,
    /// Of these, those of which the stack took a step that shows it.
    pub live: usize,
    /// Those that a scenario shows but that were not run live.
    pub not_live: Vec<Uncovered>,
}

/// A stack.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StackOutput {
    /// `model`, `wine`, `windows`, or what a worker calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A scenario with its verdict.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScenarioOutput {
    /// Its title.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The clauses that it shows.
    pub clauses: Vec<String>,
    /// The facts about Windows that it confirms.
    pub facts: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why; empty for a plain pass.
    pub reason: String,
    /// What else is to be said: claims that nothing could break.
    pub notes: Vec<String>,
    /// For `possible`: how many of the allowed outcomes the scenario names, and how many there are.
    pub ways: Option<(usize, usize)>,
    /// The choice points that make the difference between what was expected and what was seen.
    pub choices: Vec<&'static str>,
    /// The claim rests on a choice of which nobody knows what this stack does.
    pub rests_on_unknown: bool,
}

/// A bundled scenario: an element of what `list` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ListedScenario {
    /// The name that `run`, `show`, `explore` and `cat` take.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The clauses that it shows.
    pub clauses: Vec<String>,
    /// The facts about Windows that it confirms.
    pub facts: Vec<String>,
}

/// How many scenarios got each verdict.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[allow(missing_docs)] // named after the verdicts
pub struct Totals {
    pub pass: usize,
    pub possible: usize,
    pub deviates: usize,
    pub fixed: usize,
    pub fail: usize,
    pub blocked: usize,
    pub unresolved: usize,
    pub unmodelled: usize,
    pub lacks_call: usize,
    pub model_only: usize,
}

/// What `coverage` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CoverageOutput {
    /// By document.
    pub documents: BTreeMap<String, DocumentCoverage>,
    /// The rules of related pages.
    pub related: RelatedCoverage,
    /// What real Windows was seen to do.
    pub facts: FactCoverage,
    /// The model's rules and their mutants.
    pub rules: RuleCoverage,
    /// In what scope equivalence was decided; zero without --kill.
    pub scope: ScopeOutput,
    /// Testable clauses that are not covered.
    pub uncovered: Vec<Uncovered>,
    /// Mutants that nobody noticed and that are not equivalent.
    pub survivors: Vec<Survivor>,
}

/// A document's coverage.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DocumentCoverage {
    /// Clauses in all.
    pub clauses: usize,
    /// Clauses that can be tested.
    pub testable: usize,
    /// Of these, covered: shown, and with --kill, by a step that a mutant makes fail first.
    pub covered: usize,
}

/// The coverage of related pages.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RelatedCoverage {
    /// Rules that can be tested.
    pub testable: usize,
    /// Of these, covered.
    pub covered: usize,
    /// Those that are not, with the reason.
    pub uncovered: Vec<Uncovered>,
}

/// The coverage of facts about Windows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FactCoverage {
    /// How many stand how.
    #[serde(flatten)]
    pub count: Count,
    /// Facts that could be shown and are not.
    pub open: Vec<OpenFact>,
    /// The same by grade.
    pub grades: BTreeMap<String, Count>,
    /// With --kill: what decides that a fact is confirmed.
    pub decided_by: BTreeMap<String, String>,
}

/// A fact that could be shown and is not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OpenFact {
    /// The fact.
    pub fact: String,
    /// Why.
    pub reason: String,
}

/// The model's rules and what became of their mutants.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleCoverage {
    /// Rules in all.
    pub total: usize,
    /// Rules behind which a clause or a related rule stands.
    pub cited: usize,
    /// Of these, those whose own page is silent: they take from other pages alone.
    pub on_other_pages_alone: usize,
    /// Mutants made.
    pub mutants: usize,
    /// Mutants that were not made any more, because an interrupt ended it.
    pub not_tried: usize,
    /// Mutants that a scenario notices.
    pub killed: usize,
    /// Mutants that nothing in the scope tells from their original.
    pub equivalent: usize,
}

/// A small scope.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScopeOutput {
    /// Worlds in it.
    pub worlds: usize,
    /// Events tried over all of them.
    pub events: usize,
}

/// A clause that is not covered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Uncovered {
    /// The clause.
    pub clause: String,
    /// Why.
    pub reason: String,
}

/// A mutant that survives.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Survivor {
    /// The rule.
    pub rule: String,
    /// How it was broken.
    pub mutation: String,
    /// Why that is no gap; null when it is one.
    pub reason: Option<String>,
}

/// One claim with what everybody makes of it: an element of what `evidence` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EvidenceRow {
    /// The scenario.
    pub scenario: String,
    /// The line of its file on which the step stands.
    pub line: usize,
    /// The step, in scenario syntax.
    pub step: String,
    /// The clauses that it shows.
    pub clauses: Vec<String>,
    /// What the documents say.
    pub documented: String,
    /// What each stack does: `windows` is the profile's prediction, the others are recorded.
    pub stacks: BTreeMap<String, String>,
}

/// How well a profile made from one half of the scenarios predicts the other: an element of what `evidence --halves` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Half {
    /// The stack.
    pub stack: String,
    /// Scenarios of the half that the profile is filled from.
    pub filled_from: usize,
    /// Choice points that this half fills.
    pub choice_points: usize,
    /// Scenarios of the other half that the stack could take.
    pub judged: usize,
    /// Of these, as documented, and as the profile says.
    pub as_documented: usize,
    /// Of these, not as documented, but as the profile says.
    pub deviates_as_predicted: usize,
    /// Of these, otherwise than the profile says.
    pub not_predicted: usize,
}

/// What `explore` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExploreOutput {
    /// Distinct states.
    pub states: u64,
    /// Transitions between them.
    pub transitions: u64,
    /// Length of the longest shortest way.
    pub depth: usize,
    /// Nothing was left unexplored.
    pub complete: bool,
    /// States kept when interchangeable actors are not told apart; null when there are none, or with --no-symmetry.
    pub representatives: Option<u64>,
    /// By call, everything it was seen to give.
    pub outcomes: BTreeMap<String, Vec<String>>,
    /// How the scenario can end with somebody still waiting.
    pub waiting: Vec<Waiting>,
    /// What does not hold, each with a shortest way there.
    pub violations: Vec<ViolationOutput>,
    /// The judge's verdict on the scenario, as `run` gives it; null where there are too many states to judge them.
    pub verdict: Option<Verdict>,
    /// Why; empty for a plain pass.
    pub reason: String,
}

/// A way in which a scenario can come to a standstill.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Waiting {
    /// Who waits in which call, as `actor: call`.
    pub waits: Vec<String>,
    /// In how many states.
    pub states: u64,
}

/// A property that does not hold.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ViolationOutput {
    /// The property.
    pub property: String,
    /// The steps and moves from the start, in order, in the words of the language.
    pub events: Vec<String>,
    /// The same as a scenario that can be run.
    pub scenario: String,
}

/// What `explore --how` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Witness {
    /// The outcome, as `call = outcome`.
    pub outcome: String,
    /// The steps and moves of a shortest way to it, in order, in the words of the language.
    pub events: Vec<String>,
    /// The same as a scenario that can be run.
    pub scenario: String,
}

impl LiveOutput {
    /// What was run live of one document, under the document's name.
    #[must_use]
    pub fn named(live: crate::live::Live) -> (String, LiveOutput) {
        let not_live = live.not_live.into_iter().map(|(clause, reason)| Uncovered { clause, reason }).collect();
        (live.document.to_string(), LiveOutput { real: live.real, live: live.live, not_live })
    }
}

/// What a search for what breaks a program came to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FuzzOutput {
    /// The program.
    pub name: String,
    /// The profile.
    pub profile: String,
    /// How many runs there were.
    pub runs: u64,
    /// How many of them ended without a verdict.
    pub undecided: u64,
    /// What was found; null: nothing.
    pub finding: Option<FindingOutput>,
    /// Where parts of a search were merged: what else was found, by each other judge the shortest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<FindingOutput>,
    /// What the program's calls met and could have met, by call and outcome, up to what was found.
    pub outcomes: BTreeMap<String, BTreeMap<String, MetOutput>>,
}

/// An outcome that calls of the program had, or could have had where they were made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MetOutput {
    /// How often; 0: never, although the profile or something failing could have given it there.
    pub times: u64,
    /// What the thread did first after it, with how often.
    pub next: BTreeMap<String, u64>,
    /// What shows of a branch for it: `own`: it does something that it never does after success; `as-success`: nothing else than
    /// after success; `ends`: the thread ends; `panics`. Null: for a success, and where nothing is known.
    pub branch: Option<String>,
}

/// A run that a judge convicted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindingOutput {
    /// The judge.
    pub judge: String,
    /// What happened.
    pub reason: String,
    /// What `--replay` takes.
    pub replay: String,
    /// How many steps and happenings the scenario has.
    pub events: usize,
    /// The scenario gives on the model what the program got, and nothing else.
    pub confirmed: bool,
    /// The run as a scenario.
    pub scenario: String,
    /// The choices of the stack on which it hangs; left out where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hinges: Vec<HingeOutput>,
}

/// A choice point that makes the difference in a finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HingeOutput {
    /// The choice point.
    pub choice: String,
    /// What was chosen.
    pub alternative: String,
    /// What would convict nobody.
    pub otherwise: Vec<String>,
    /// Other profiles that leave nothing open here, each with what it says.
    pub decided: BTreeMap<String, String>,
}

/// The museum.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MuseumOutput {
    /// Its exhibits.
    pub exhibits: Vec<ExhibitOutput>,
}

/// An accept loop that broke in the field.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExhibitOutput {
    /// Its name.
    pub name: String,
    /// The thread in which it was told.
    pub source: String,
    /// The judge that convicts the broken form.
    pub judge: String,
    /// What it does, what breaks it, how it was mended.
    pub story: String,
    /// The clause that it does not heed.
    pub clause: String,
    /// What a search found in the broken form.
    pub broken: FuzzOutput,
    /// What a search found in the mended form.
    pub mended: FuzzOutput,
}
