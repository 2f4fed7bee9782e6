//! The pieces from which explanations are put together.

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::choice::{CHOICES, Point};
use winaccept_model::rule::{Gives, Role, Rule, Table, Takes};
use winaccept_model::rules;

use crate::graph::subject::{stage, subjects_of};
use crate::graph::{Result, state_name};
use crate::profiles::{Choice, ChoiceKind, Choices, NAMES};
use crate::spec::{Entry, Note, NoteKind, Observation, Spec};

/// A clause or related rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ClausePart {
    /// Its id.
    pub id: String,
    /// The document that makes the statement.
    pub document: String,
    /// It is one of the five documents whose clauses are inventoried one by one.
    pub seed: bool,
    /// The statement in this project's words.
    pub statement: String,
    /// An exact fragment of the document.
    pub quote: String,
    /// The line of the document's text on which the quote begins; for the five documents.
    pub line: Option<u32>,
}

/// A rule of the model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct RulePart {
    /// Its name.
    pub name: &'static str,
    /// The calls and happenings in which it can fire.
    pub calls: Vec<&'static str>,
    /// At which stage of them.
    pub stage: &'static str,
    /// It is a check: those that hold compete, and the documents give no order.
    pub check: bool,
    /// It takes the connection off the queue and closes it, or can.
    pub consumes: bool,
    /// It is a check that changes something else than the last error; its name tells what.
    pub changes: bool,
    /// What it consumes it may also keep: a choice point decides.
    pub may_keep: bool,
    /// The states of the socket in which it can fire.
    pub from: Vec<String>,
    /// The state of the socket afterwards; null: unchanged.
    pub to: Option<String>,
    /// The alternatives under which it is in force, each as `choice-point = alternative`.
    pub under: Vec<String>,
    /// What the caller gets.
    pub gives: String,
    /// The choice points that it asks beside those of `under`: they decide what it gives, when it is asked, what it changes.
    pub asks: Vec<&'static str>,
    /// The clauses of its call's own page that it implements.
    pub cites: Vec<&'static str>,
    /// What it takes from other pages.
    pub rests_on: Vec<&'static str>,
}

/// A choice point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ChoicePart {
    /// Its name.
    pub name: String,
    /// `contradiction`, `silence`, `stage` or `precedence`.
    pub why: &'static str,
    /// What is left open.
    pub question: String,
    /// What the documents say.
    pub documents: String,
    /// What real Windows is known to do.
    pub known: String,
    /// Every alternative.
    pub alternatives: Vec<&'static str>,
    /// What each alternative means, in the same order.
    pub means: Vec<String>,
    /// What each profile allows.
    pub profiles: Vec<ProfilePart>,
}

/// What a profile allows at a choice point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ProfilePart {
    /// The profile.
    pub profile: &'static str,
    /// The alternatives that it allows.
    pub allows: Vec<String>,
    /// It has an entry of its own; without one nothing is known, and it keeps the documented set.
    pub known: bool,
    /// Why.
    pub because: Option<String>,
    /// Where that is known from.
    pub source: Option<String>,
    /// How well.
    pub grade: Option<String>,
}

/// A contradiction or silent spot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct NotePart {
    /// Its id.
    pub id: String,
    /// `contradiction` or `silence`.
    pub why: &'static str,
    /// One line.
    pub title: String,
    /// What the documents say or leave out.
    pub says: String,
    /// What real Windows is known to do; null where nothing is known.
    pub windows: Option<String>,
    /// The observations on which that rests.
    pub observations: Vec<String>,
}

/// Something that real Windows was seen to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ObservationPart {
    /// Its id.
    pub id: String,
    /// How well it is supported, as a letter of `spec-notes/observations.toml`.
    pub grade: String,
    /// What was seen.
    pub statement: String,
    /// What is known of the Windows version.
    pub windows: Option<String>,
    /// Where it can be looked up.
    pub source: String,
}

impl ClausePart {
    pub(super) fn of(entry: Entry<'_>) -> ClausePart {
        let (seed, line) = match entry {
            Entry::Clause(clause) => (true, Some(clause.line)),
            Entry::Related(_) => (false, None),
        };
        ClausePart {
            id: entry.id().to_owned(),
            document: entry.doc().to_owned(),
            seed,
            statement: entry.statement().to_owned(),
            quote: entry.quote().to_owned(),
            line,
        }
    }

    /// The clauses and related rules of these ids.
    pub(super) fn all<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<ClausePart> {
        ids.into_iter().filter_map(|id| Spec::bundled().entry(id)).map(ClausePart::of).collect()
    }
}

impl RulePart {
    pub(super) fn of(table: Table, rule: &'static Rule) -> RulePart {
        RulePart {
            name: rule.name,
            calls: subjects_of(rule).map(|subject| subject.name).collect(),
            stage: stage(table),
            check: rule.role == Role::Check,
            consumes: rule.takes_something(),
            changes: rule.consumes() && !rule.takes_something() && !rule.gives.values().contains(&Gives::Crashes),
            may_keep: rule.takes_something() && rule.takes.values().contains(&Takes::Keeps),
            from: rule.from.iter().map(state_name).collect(),
            to: rule.to.map(state_name),
            under: rule.under.iter().map(|alt| alt.text()).collect(),
            gives: rule.gives.values().iter().map(|gives| given(*gives)).collect::<Vec<_>>().join(" or "),
            asks: beside(rule).map(Point::name).collect(),
            cites: rule.cites.to_vec(),
            rests_on: rule.rests_on.to_vec(),
        }
    }

    /// Every rule for which this holds, in the order of the tables.
    pub(super) fn all(keep: impl Fn(&'static Rule) -> bool) -> Vec<RulePart> {
        rules::all().filter(|(_, rule)| keep(rule)).map(|(table, rule)| RulePart::of(table, rule)).collect()
    }

    /// The choice points on whose alternatives it depends.
    pub(super) fn choice_names(&self) -> impl Iterator<Item = &str> {
        let under = self.under.iter().filter_map(|under| under.split_once(" = ")).map(|(name, _)| name);
        under.chain(self.asks.iter().copied())
    }

    /// Everything that it implements.
    pub(super) fn sources(&self) -> impl Iterator<Item = &'static str> {
        self.cites.iter().chain(&self.rests_on).copied()
    }
}

/// The choice points of a rule that no alternative of its declaration settles.
fn beside(rule: &Rule) -> impl Iterator<Item = Point> {
    rule.points().into_iter().filter(|point| rule.under.iter().all(|alt| alt.point() != *point))
}

fn given(gives: Gives) -> String {
    match gives {
        Gives::Continues(next) => format!("goes on: {}", stage(next)),
        Gives::LooksAgain => "looks again".to_owned(),
        gives => Result::of(gives).unwrap_or(Result::Silent).text(),
    }
}

impl ChoicePart {
    pub(super) fn of(choice: &Choice) -> ChoicePart {
        let alternatives = CHOICES.iter().find(|point| point.name == choice.name).map(|point| point.alternatives);
        let alternatives = alternatives.unwrap_or_default();
        ChoicePart {
            name: choice.name.clone(),
            why: match choice.kind {
                ChoiceKind::Contradiction => "contradiction",
                ChoiceKind::Silence => "silence",
                ChoiceKind::Stage => "stage",
                ChoiceKind::Precedence => "precedence",
            },
            question: choice.question.clone(),
            documents: choice.documents.clone(),
            known: choice.known.clone(),
            alternatives: alternatives.to_vec(),
            means: alternatives
                .iter()
                .map(|alternative| choice.means.get(*alternative).cloned().unwrap_or_default())
                .collect(),
            profiles: NAMES.iter().map(|profile| ProfilePart::of(choice, profile)).collect(),
        }
    }

    /// The choice points on which these rules rest, in the order of the model.
    pub(super) fn behind(rules: &[RulePart]) -> Vec<ChoicePart> {
        let rests = |name: &str| rules.iter().any(|rule| rule.choice_names().any(|other| other == name));
        let choices = CHOICES.iter().filter(|point| rests(point.name));
        choices.filter_map(|point| Choices::bundled().choice(point.name)).map(ChoicePart::of).collect()
    }
}

impl ProfilePart {
    pub(super) fn of(choice: &Choice, profile: &'static str) -> ProfilePart {
        let (entry, known) = choice.entry(profile);
        ProfilePart {
            profile,
            allows: entry.allows.clone(),
            known,
            because: known.then(|| entry.because.clone()),
            source: entry.source.clone().filter(|_| known),
            grade: entry.grade.clone().filter(|_| known),
        }
    }
}

impl NotePart {
    pub(super) fn of(note: &Note) -> NotePart {
        NotePart {
            id: note.id.clone(),
            why: match note.kind {
                NoteKind::Contradiction => "contradiction",
                NoteKind::Silence => "silence",
            },
            title: note.title.clone(),
            says: note.says.clone(),
            windows: note.windows().map(str::to_owned),
            observations: note.observations.clone(),
        }
    }

    /// The notes that name one of these clauses, or whose text contains this word.
    pub(super) fn on(clauses: &[&str], word: Option<&str>) -> Vec<NotePart> {
        let concerns = |note: &&Note| {
            note.clauses.iter().any(|clause| clauses.contains(&clause.as_str()))
                || word.is_some_and(|word| mentions(&note.title, word) || mentions(&note.says, word))
        };
        Spec::bundled().notes().iter().filter(concerns).map(NotePart::of).collect()
    }
}

impl ObservationPart {
    pub(super) fn of(observation: &Observation) -> ObservationPart {
        ObservationPart {
            id: observation.id.clone(),
            grade: observation.grade.to_string(),
            statement: observation.statement.clone(),
            windows: observation.windows.clone(),
            source: observation.source.clone(),
        }
    }
}

/// Does the text contain this word, standing alone?
pub(super) fn mentions(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(part) && !text[at + word.len()..].chars().next().is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn words_stand_alone() {
        assert!(mentions("fails with WSAEFAULT.", "WSAEFAULT"));
        assert!(!mentions("WSAEINVALIDPROVIDER", "WSAEINVAL"));
    }
}
