//! What `profile learn` writes as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::choice::{Alt, Point};

use super::{At, Learned};
use crate::evidence::Recording;
use crate::judge::seen_at;

/// What `profile learn` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LearnOutput {
    /// The name of the profile.
    pub name: String,
    /// What it was learned from.
    pub recordings: Vec<RecordingOutput>,
    /// The scenarios that were looked at: those that are recorded, can be played, and read as they did.
    pub scenarios: usize,
    /// Those that were recorded and not looked at.
    pub left_out: LeftOut,
    /// Choice points of which one alternative agrees with everything.
    pub decided: Vec<Decision>,
    /// Choice points of which several do.
    pub undecided: Vec<Undecided>,
    /// Choice points that no scenario asks.
    pub not_asked: Vec<&'static str>,
    /// What no one alternative explains, and what nothing explains.
    pub contradicted: Vec<Clash>,
    /// Choice points that were decided only together.
    pub together: Vec<Together>,
    /// The profile as a file, which `--profile` takes.
    pub profile: String,
}

impl LearnOutput {
    /// How many choice points came out how.
    pub(crate) fn counts(&self) -> String {
        format!(
            "{} decided, {} undecided, {} contradicted, {} that no scenario asks",
            self.decided.len(),
            self.undecided.len(),
            self.contradicted.len(),
            self.not_asked.len()
        )
    }
}

/// How many recorded scenarios were not looked at, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Nobody knows a scenario of this name here.
    pub unknown: usize,
    /// The scenario reads otherwise than when it was recorded.
    pub changed: usize,
    /// The stack did not take it, or was lost.
    pub not_played: usize,
    /// It was interrupted before it came to them.
    pub interrupted: usize,
}

impl LeftOut {
    /// All of it, with the reasons; nothing where nothing was left out.
    pub(crate) fn text(self) -> Option<String> {
        let counts = [
            (self.unknown, "not known here"),
            (self.changed, "changed since"),
            (self.not_played, "not played by the stack"),
            (self.interrupted, "not reached before the interrupt"),
        ];
        let counts: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
        (!counts.is_empty()).then(|| counts.join(", "))
    }
}

/// A recording.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecordingOutput {
    /// The stack.
    pub stack: String,
    /// The day of the run.
    pub date: String,
}

/// A choice point of which one alternative agrees with everything.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Decision {
    /// The choice point.
    pub choice: &'static str,
    /// The alternative.
    pub alternative: &'static str,
    /// For each of the others, a step that excludes it.
    pub by: Vec<ExcludedBy>,
}

/// An alternative, and a step that excludes it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExcludedBy {
    /// The alternative.
    pub alternative: &'static str,
    /// The first step that it does not explain.
    pub step: StepOutput,
}

/// A step and what was seen of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct StepOutput {
    /// The scenario's file.
    pub file: String,
    /// The line in it.
    pub line: usize,
    /// The step and what was seen.
    pub seen: String,
}

/// A choice point of which several alternatives agree with everything.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Undecided {
    /// The choice point.
    pub choice: &'static str,
    /// The alternatives.
    pub left: Vec<&'static str>,
    /// For each of the others, a step that excludes it.
    pub by: Vec<ExcludedBy>,
}

/// Steps that no one alternative explains.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Clash {
    /// The choice point; none where nothing explains them.
    pub choice: Option<&'static str>,
    /// The fewest alternatives that explain everything together.
    pub allows: Vec<&'static str>,
    /// The fewest steps found.
    pub steps: Vec<StepOutput>,
}

/// Choice points that were decided only together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Together {
    /// The combinations that agree with everything, `choice-point = alternative` each.
    pub combinations: Vec<Vec<String>>,
    /// The scenario that says so.
    pub file: String,
}

/// What was learned, as it is written.
#[must_use]
pub fn output(
    learned: &Learned<'_>,
    recordings: &[Recording],
    name: &str,
    profile: String,
    left_out: LeftOut,
) -> LearnOutput {
    let mut output = LearnOutput {
        name: name.to_owned(),
        recordings: recordings
            .iter()
            .map(|one| RecordingOutput { stack: one.stack(), date: one.date.clone() })
            .collect(),
        scenarios: learned.cases.len(),
        left_out,
        decided: Vec::new(),
        undecided: Vec::new(),
        not_asked: Vec::new(),
        contradicted: learned.unexplained.iter().map(|steps| learned.clash(None, steps)).collect(),
        together: learned.together.iter().map(|table| learned.joined(table)).collect(),
        profile,
    };
    for point in Point::all() {
        let left: Vec<&'static str> = learned.left(point);
        match (learned.contradicted.get(&point), left.as_slice()) {
            _ if !learned.asked.contains(&point) => output.not_asked.push(point.name()),
            (Some(steps), _) => output.contradicted.push(learned.clash(Some(point), steps)),
            (None, [alternative]) => {
                output.decided.push(Decision { choice: point.name(), alternative, by: learned.by(point) });
            }
            (None, _) => output.undecided.push(Undecided { choice: point.name(), left, by: learned.by(point) }),
        }
    }
    output
}

impl Learned<'_> {
    /// The alternatives that agree with everything, or that explain it together.
    pub(super) fn left(&self, point: Point) -> Vec<&'static str> {
        self.profile.alternatives(point).map(Alt::name).collect()
    }

    /// What excludes the alternatives of a choice point that are excluded.
    pub(super) fn by(&self, point: Point) -> Vec<ExcludedBy> {
        let of_point = self.excluded.iter().filter(|(alt, _)| alt.point() == point);
        of_point.map(|(alt, at)| ExcludedBy { alternative: alt.name(), step: self.step(*at) }).collect()
    }

    pub(super) fn step(&self, at: At) -> StepOutput {
        let case = &self.cases[at.case];
        let seen = case.seen(at.step).map(|seen| seen_at(case.scenario, at.step, seen)).unwrap_or_default();
        StepOutput { file: case.scenario.file.clone(), line: case.scenario.line(at.step), seen }
    }

    fn clash(&self, point: Option<Point>, steps: &[At]) -> Clash {
        Clash {
            choice: point.map(Point::name),
            allows: point.map(|point| self.left(point)).unwrap_or_default(),
            steps: steps.iter().map(|at| self.step(*at)).collect(),
        }
    }

    fn joined(&self, table: &super::joint::Table) -> Together {
        Together {
            combinations: table.fits.iter().map(|fit| fit.iter().map(|alt| alt.text()).collect()).collect(),
            file: self.cases[table.case].scenario.file.clone(),
        }
    }
}
