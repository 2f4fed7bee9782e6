//! What a name stands for: an error code, a clause, a rule, a call, a choice point, a note, an observation, a profile.
//!
//! Everything is put together from the rules and the inventory at the moment it is asked for, so that an explanation
//! cannot be older than the machine that it explains.

mod code;
mod find;
mod parts;
pub mod table;
mod table_text;
mod text;
mod topic;

use schemars::JsonSchema;
use serde::Serialize;

pub use code::{Cause, CodePage};
pub use find::{explain, near, search};
pub use parts::{ChoicePart, ClausePart, NotePart, ObservationPart, ProfilePart, RulePart};
pub use text::render;
pub use topic::{Mention, TopicPage};

use crate::graph::legal::LegalityData;

/// What a name stands for.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Explanation {
    /// An error code.
    Code(CodePage),
    /// A clause of a seed document, or a rule of a related one.
    Clause(ClausePage),
    /// A rule of the model.
    Rule(RulePage),
    /// A call.
    Call(CallPage),
    /// A choice point.
    Choice(ChoicePage),
    /// A note on what the documents leave open.
    Note(NotePage),
    /// Something that real Windows was seen to do.
    Observation(ObservationPage),
    /// A profile.
    Profile(ProfilePage),
    /// A document, constant, option, flag, grade, stack or word.
    Topic(TopicPage),
    /// Every outcome of a call, with what it says to a loop that accepts.
    Table(table::TablePage),
}

/// A clause with all that hangs on it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct ClausePage {
    /// The clause.
    pub clause: ClausePart,
    /// Where it can be tested: `model`, `model+real`, `not-testable`.
    pub testable: &'static str,
    /// Why it cannot be tested.
    pub reason: Option<String>,
    /// Ids that disagree with it.
    pub contradicts: Vec<String>,
    /// The rules of the model that implement it.
    pub rules: Vec<RulePart>,
    /// The bundled scenarios of which a step shows it.
    pub scenarios: Vec<String>,
    /// The notes that name it.
    pub notes: Vec<NotePart>,
}

/// A rule of the model with what it rests on.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct RulePage {
    /// The rule.
    pub rule: RulePart,
    /// What it implements.
    pub clauses: Vec<ClausePart>,
    /// The choice points on which it rests.
    pub choices: Vec<ChoicePart>,
    /// The bundled scenarios of which a step shows one of its clauses.
    pub scenarios: Vec<String>,
}

/// A call.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct CallPage {
    /// Its name.
    pub name: &'static str,
    /// What it can give in each state.
    pub gives: LegalityData,
    /// The rules of its errors, then of what it does.
    pub rules: Vec<RulePart>,
    /// The choice points on which they rest.
    pub choices: Vec<ChoicePart>,
    /// How many clauses its own document has in the inventory.
    pub clauses: usize,
}

/// A choice point with the rules that rest on it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct ChoicePage {
    /// The choice point.
    pub choice: ChoicePart,
    /// The rules that are in force under one of its alternatives. Some choice points are decided inside effects and have none.
    pub rules: Vec<RulePart>,
    /// The notes on the same spot: those that name a clause which its text names.
    pub notes: Vec<NotePart>,
}

/// Something that real Windows was seen to do, with the steps that confirm it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct ObservationPage {
    /// What was seen.
    pub observation: ObservationPart,
    /// The calls that it is about.
    pub calls: Vec<String>,
    /// Calls of which it says something besides.
    pub also: Vec<String>,
    /// `shown`, `open`, `later` or `out of scope`.
    pub standing: &'static str,
    /// Why it is not shown; null where it is.
    pub reason: Option<String>,
    /// The steps of bundled scenarios that confirm it.
    pub confirmed_by: Vec<ConfirmingStep>,
    /// The choice points that rest on it.
    pub choices: Vec<String>,
}

/// A step that confirms a fact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ConfirmingStep {
    /// The scenario.
    pub scenario: String,
    /// The line of its file.
    pub line: usize,
    /// The step, as it stands there.
    pub step: String,
}

/// A note with what it rests on.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct NotePage {
    /// The note.
    pub note: NotePart,
    /// The clauses concerned.
    pub clauses: Vec<ClausePart>,
    /// What real Windows was seen to do.
    pub observations: Vec<ObservationPart>,
}

/// A profile.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct ProfilePage {
    /// Its name.
    pub name: &'static str,
    /// What it allows at each choice point.
    pub choices: Vec<ChoiceOfProfile>,
    /// The order of its checks, by rule name; `*.name` stands for that check of every call.
    pub order: Vec<String>,
    /// Why it is this order.
    pub order_because: Option<String>,
}

/// What a profile allows at a choice point.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct ChoiceOfProfile {
    /// The choice point.
    pub choice: String,
    /// What it allows there, and why.
    #[serde(flatten)]
    pub part: ProfilePart,
}
