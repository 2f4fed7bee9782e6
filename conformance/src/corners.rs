//! Disputed corners: what is asked there, and what documents, Windows and each recorded stack say, side by side.
//!
//! Which facts belong to a corner stands in `spec-notes/corners.toml`. What anybody says there is asked: the documents of the
//! step that confirms the fact, Windows of the profile, with the grade of the fact or of the choice that decides, the others of
//! the recordings.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use winaccept_lang::bundle::text;
use winaccept_model::choice::Point;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::run::{Guide, Run, run};
use winaccept_sim::script::Step;

use crate::evidence::{Recording, all_shown_as, shown_as};
use crate::judge::{asked_by, on_windows, windows};
use crate::lang::{render_action, render_expect};
use crate::profiles::{Choices, Entry};
use crate::spec::{Observation, Reach, Spec};
use crate::suite::Scenario;

/// What stands in a cell where nobody knows.
pub const UNKNOWN: &str = "unknown";
/// What stands there where the documents may well say something, and no scenario says what.
pub const NOT_TOLD: &str = "not told";
/// Under what these columns stand.
const DOCUMENTS: &str = "documents";
const WINDOWS: &str = "windows";
/// The profile of the documents alone.
const DOCUMENTED: &str = "documented";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: u32,
    corner: Vec<Written>,
}

/// A corner as it is written down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    name: String,
    asks: String,
    facts: Vec<String>,
    #[serde(default)]
    steps: Vec<String>,
}

/// A corner: an element of what `evidence --corners` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Corner {
    /// `C` and a number: disputed in the field; `S` and a number: where Windows surprises who knows the documents.
    pub id: &'static str,
    /// A word for it.
    pub name: &'static str,
    /// What is asked there.
    pub asks: &'static str,
    /// What each says there, at one step after the other.
    pub rows: Vec<CornerRow>,
}

/// What each says at a step.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct CornerRow {
    /// The scenario; null where no scenario asks.
    pub scenario: Option<String>,
    /// The line of its file on which the step stands.
    pub line: Option<usize>,
    /// The step, in scenario syntax; where no scenario asks, the fact in words.
    pub step: String,
    /// The facts that the step confirms.
    pub facts: Vec<&'static str>,
    /// Why no scenario asks, where none does.
    pub not_asked: Option<String>,
    /// The documents, `windows`, and each stack of which a recording is here.
    pub cells: Vec<Cell>,
}

/// What one of them says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Cell {
    /// `documents`, `windows`, or the stack.
    pub stack: String,
    /// What comes, in scenario syntax; `unknown`; or `not told`, of documents that no scenario asks there.
    pub says: String,
    /// How well that is supported: `text` of the documents, letters of `spec-notes/observations.toml` for Windows, `run` for a
    /// recorded run; null where it is unknown.
    pub grade: Option<String>,
    /// Clauses, facts, or the day of the run.
    pub source: String,
}

fn written() -> &'static [Written] {
    static FILE: OnceLock<File> = OnceLock::new();
    &FILE
        .get_or_init(|| toml::from_str(text("spec-notes/corners.toml")).expect("spec-notes/corners.toml is tested"))
        .corner
}

/// What is wrong in `spec-notes/corners.toml`: facts and scenarios that there are none of.
#[must_use]
pub fn wrong(scenarios: &[Scenario]) -> Vec<String> {
    let mut wrong = Vec::new();
    for corner in written() {
        let facts = corner.facts.iter().filter(|fact| Spec::bundled().observation(fact).is_none());
        wrong.extend(facts.map(|fact| format!("{}: no fact is called {fact}", corner.id)));
        let steps = corner.steps.iter().filter(|name| !scenarios.iter().any(|scenario| scenario.name() == *name));
        wrong.extend(steps.map(|name| format!("{}: no scenario is called {name}", corner.id)));
    }
    wrong
}

fn documented() -> Profile {
    Choices::bundled().profile(DOCUMENTED).expect("the bundled profiles are tested")
}

/// The corners whose id, name or question contains this text, whatever the case; all for `None`.
#[must_use]
pub fn corners(only: Option<&str>, scenarios: &[Scenario], recordings: &[Recording]) -> Vec<Corner> {
    let only = only.map(str::to_lowercase);
    let is_meant = |corner: &&Written| {
        only.as_ref().is_none_or(|only| {
            corner.id.to_lowercase() == *only
                || [&corner.name, &corner.asks].iter().any(|text| text.to_lowercase().contains(only.as_str()))
        })
    };
    let corner = |corner: &'static Written| Corner {
        id: &corner.id,
        name: &corner.name,
        asks: &corner.asks,
        rows: rows(corner, scenarios, recordings),
    };
    written().iter().filter(is_meant).map(corner).collect()
}

fn rows(corner: &'static Written, scenarios: &[Scenario], recordings: &[Recording]) -> Vec<CornerRow> {
    let mut rows = Vec::new();
    for scenario in scenarios {
        let named = corner.steps.iter().any(|name| scenario.name() == *name);
        let is_meant = |step: &Step| {
            named && !step.shows.is_empty() || step.confirms.iter().any(|fact| corner.facts.contains(fact))
        };
        if scenario.program.steps.iter().any(is_meant) {
            rows.extend(Asked::of(scenario, recordings).rows(is_meant));
        }
    }
    let shown = |fact: &str, rows: &[CornerRow]| rows.iter().any(|row| row.facts.contains(&fact));
    let facts = corner.facts.iter().filter_map(|id| Spec::bundled().observation(id));
    let silent: Vec<CornerRow> =
        facts.filter(|fact| !shown(&fact.id, &rows)).map(|fact| not_asked(fact, recordings)).collect();
    rows.extend(silent);
    rows
}

/// A fact that no step confirms: Windows is as it says, and of the others nothing was asked.
fn not_asked(fact: &'static Observation, recordings: &[Recording]) -> CornerRow {
    let cell = |stack: String, says: &str, grade: Option<String>, source: &str| Cell {
        stack,
        says: says.to_owned(),
        grade,
        source: source.to_owned(),
    };
    let windows = match fact.grade.is_seen() {
        true => cell(WINDOWS.to_owned(), "as the fact says", Some(fact.grade.to_string()), &fact.id),
        false => cell(WINDOWS.to_owned(), UNKNOWN, None, &fact.id),
    };
    let documents = cell(DOCUMENTS.to_owned(), NOT_TOLD, None, "no scenario asks");
    let others = recordings.iter().map(|recording| cell(recording.stack(), UNKNOWN, None, "no scenario asks"));
    let why = match fact.reach() {
        Reach::Modelled => fact.open.clone().unwrap_or_else(|| "no step confirms it".to_owned()),
        Reach::Later(what) => format!("waits for {what}"),
        Reach::OutOfScope(reason) => reason,
    };
    CornerRow {
        scenario: None,
        line: None,
        step: fact.statement.clone(),
        facts: vec![&fact.id],
        not_asked: Some(why),
        cells: [documents, windows].into_iter().chain(others).collect(),
    }
}

/// These words, each once, in their order: nobody ranks grades of different kinds.
fn each_once(words: &[String]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for word in words.iter().flat_map(|word| word.split(", ")) {
        if !once.contains(&word) {
            once.push(word);
        }
    }
    once.join(", ")
}

/// A scenario with what everybody makes of it.
struct Asked<'a> {
    scenario: &'a Scenario,
    recordings: &'a [Recording],
    windows: Run,
    /// What the documents allow on the way that Windows goes.
    documented: Run,
}

impl<'a> Asked<'a> {
    fn of(scenario: &'a Scenario, recordings: &'a [Recording]) -> Asked<'a> {
        let documented = run(&scenario.program, &Machine::new(documented()), Guide::Expectations);
        Asked { scenario, recordings, windows: on_windows(scenario), documented }
    }

    fn rows(&self, is_meant: impl Fn(&Step) -> bool) -> Vec<CornerRow> {
        let steps = self.scenario.program.steps.iter().enumerate().filter(|(_, step)| is_meant(step));
        steps.map(|(number, step)| self.row(number, step)).collect()
    }

    fn row(&self, number: usize, step: &Step) -> CornerRow {
        let script = &self.scenario.script;
        let (says, grade, source) = match &step.expect {
            Some(expect) => (render_expect(expect, script), Some("text".to_owned()), step.shows.join(", ")),
            None => (NOT_TOLD.to_owned(), None, "the scenario expects nothing of them".to_owned()),
        };
        let documents = Cell { stack: DOCUMENTS.to_owned(), says, grade, source };
        let recorded = self.recordings.iter().map(|recording| self.recorded(recording, number, step));
        let facts = step.confirms.iter().filter_map(|id| Spec::bundled().observation(id));
        CornerRow {
            scenario: Some(self.scenario.name().to_owned()),
            line: Some(self.scenario.line(number)),
            step: render_action(&step.action, script),
            facts: facts.map(|fact| fact.id.as_str()).collect(),
            not_asked: None,
            cells: [documents, self.windows(number, step)].into_iter().chain(recorded).collect(),
        }
    }

    /// What Windows does: known by the facts that the step confirms, else by the choices that matter there.
    fn windows(&self, number: usize, step: &Step) -> Cell {
        let script = &self.scenario.script;
        let played = &self.windows.steps[number];
        let said = all_shown_as(step, &played.allowed, script).join(" | ");
        let cell = |says: String, grade: Option<String>, source: String| Cell {
            stack: WINDOWS.to_owned(),
            says,
            grade,
            source,
        };
        let facts = step.confirms.iter().filter_map(|id| Spec::bundled().observation(id));
        let (grades, ids): (Vec<String>, Vec<String>) =
            facts.map(|fact| (fact.grade.to_string(), fact.id.clone())).unzip();
        if !ids.is_empty() {
            return cell(said, Some(each_once(&grades)), each_once(&ids));
        }
        let documented = &self.documented.steps[number].allowed;
        if *documented == played.allowed {
            return match documented.len() {
                1 => cell(said, None, "the documents leave no choice there".to_owned()),
                _ => {
                    cell(format!("{UNKNOWN}: {said}"), None, "nothing is known but what the documents allow".to_owned())
                }
            };
        }
        let (grades, sources): (Vec<String>, Vec<String>) =
            self.deciding(number).filter_map(|entry| Some((entry.grade.clone()?, entry.source.clone()?))).unzip();
        match sources.is_empty() {
            true => cell(said, None, "several choices together, or the order of checks".to_owned()),
            false => cell(said, Some(each_once(&grades)), each_once(&sources)),
        }
    }

    /// What is known of the choices that make the difference there: were one left as open as the documents leave it, more could come.
    fn deciding(&self, number: usize) -> impl Iterator<Item = &'static Entry> {
        let upto = |run: &Run| {
            let steps = run.steps[..=number].iter().flat_map(|step| &step.rules);
            asked_by(steps.chain(&run.between))
        };
        let points: BTreeSet<Point> = upto(&self.windows).into_iter().chain(upto(&self.documented)).collect();
        let known = points.into_iter().filter_map(|point| {
            let (entry, known) = Choices::bundled().choice(point.name())?.entry(WINDOWS);
            known.then_some((point, entry))
        });
        known
            .filter(move |(point, _)| {
                let mut open = windows();
                open.take_from(&documented(), point.index());
                let played = run(&self.scenario.program, &Machine::new(open), Guide::Expectations);
                played.steps[number].allowed != self.windows.steps[number].allowed
            })
            .map(|(_, entry)| entry)
    }

    fn recorded(&self, recording: &Recording, number: usize, step: &Step) -> Cell {
        let cell = |says: &str, grade: Option<&str>, source: String| Cell {
            stack: recording.stack(),
            says: says.to_owned(),
            grade: grade.map(str::to_owned),
            source,
        };
        let Some(replay) = recording.replay_of(self.scenario) else {
            return cell(UNKNOWN, None, "not recorded".to_owned());
        };
        match (&replay.not_taken, replay.steps.iter().find(|report| report.index == number)) {
            (Some(why), _) => cell(UNKNOWN, None, format!("cannot be taken: {why}")),
            (None, None) => cell(UNKNOWN, None, "not reached".to_owned()),
            (None, Some(report)) => {
                let says = shown_as(step, &report.observed, &self.scenario.script);
                cell(&says, Some("run"), recording.date.clone())
            }
        }
    }
}
