//! What each outcome of a call says to an accept loop: of what it speaks, what follows, and under which profile it can come.
//!
//! What can come, and what becomes of the connection in hand, is asked of the rules; of what it speaks stands in
//! `spec-notes/meanings.toml`.

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use winaccept_lang::bundle::text;
use winaccept_model::profile::Profile;
use winaccept_model::rule::{Rule, Takes};
use winaccept_model::status::Status;

use super::parts::ProfilePart;
use crate::graph::{Result as Outcome, SUBJECTS, Subject};
use crate::problem::{Problem, Problems};
use crate::profiles::{Choices, NAMES};

/// Of what an outcome speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpeaksOf {
    /// Of nothing that went wrong.
    Nothing,
    /// Of one connection; no other is concerned.
    Connection,
    /// Of descriptors, buffers, memory.
    Resources,
    /// Of the network.
    Network,
    /// Of this listener.
    Listener,
    /// Of a mistake in the call or around it.
    Caller,
    /// Of the process: it ends, or Winsock is shut down.
    Process,
}

/// What follows for a loop that accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loop {
    /// It calls again at once.
    GoesOn,
    /// It waits until something has changed, then calls again.
    Waits,
    /// It gives this listener up.
    Ends,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meaning {
    rules: Vec<String>,
    outcome: Option<String>,
    speaks_of: SpeaksOf,
    #[serde(rename = "loop")]
    then: Loop,
    #[serde(rename = "do")]
    advice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: u32,
    calls: Vec<String>,
    meaning: Vec<Meaning>,
}

/// Every outcome of a call.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct TablePage {
    /// The call.
    pub call: &'static str,
    /// Its outcomes: first what went well, then by the way in which the rules come to them.
    pub outcomes: Vec<Row>,
}

/// One outcome.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Row {
    /// The name of the error code, or `succeeds`, `undefined`, `crashes`.
    pub outcome: String,
    /// It is how the request of the call ends, which is told later: by its event, its port, its routine. Else the call itself gives it.
    pub of_request: bool,
    /// The code of the same end as `GetQueuedCompletionStatus` and `GetOverlappedResult` tell it, if that is another.
    pub at_port: Option<String>,
    /// Of what it speaks.
    pub speaks_of: SpeaksOf,
    /// What follows for a loop that accepts.
    #[serde(rename = "loop")]
    pub then: Loop,
    /// What to do: advice of this project.
    #[serde(rename = "do")]
    pub advice: String,
    /// The rules of the model that come to it.
    pub rules: Vec<&'static str>,
    /// The clauses behind them.
    pub clauses: Vec<&'static str>,
    /// What each profile says of it.
    pub profiles: Vec<Under>,
}

/// An outcome under a profile.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Under {
    /// The profile.
    pub profile: &'static str,
    /// It can come.
    pub possible: bool,
    /// What becomes of the connection that the call had in hand: `kept` in the queue, `lost`, or `kept or lost`; null where there is none,
    /// or the caller has it.
    pub connection: Option<&'static str>,
    /// That rests on no choice, or on choices of which it is known what this stack does; else the documented set is kept.
    pub known: bool,
    /// Where that is known from; empty where it rests on no choice.
    pub sources: Vec<Source>,
}

/// Where it is known from what a stack does at a choice point.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
pub struct Source {
    /// What was seen, as the profile names it.
    pub source: String,
    /// How well it is supported: a letter of `spec-notes/observations.toml`, or `run`.
    pub grade: Option<String>,
    /// The choice point.
    pub choice: String,
}

fn bundled() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| toml::from_str(text("spec-notes/meanings.toml")).expect("spec-notes/meanings.toml is tested"))
}

/// The bundled profile of this name.
fn profile(name: &'static str) -> &'static Profile {
    static BUNDLED: OnceLock<Vec<Profile>> = OnceLock::new();
    let all = BUNDLED.get_or_init(|| {
        let bundled = NAMES.iter().map(|name| Choices::bundled().profile(name));
        bundled.collect::<Result<_, _>>().expect("the bundled profiles are tested")
    });
    let at = NAMES.iter().position(|known| *known == name);
    &all[at.expect("invariant: a bundled profile is asked for")]
}

/// The calls that have a table.
#[must_use]
pub fn calls() -> &'static [String] {
    &bundled().calls
}

/// What somebody is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// By the call, when it returns.
    ByCall(Outcome),
    /// By the end of its request.
    ByRequest(Status),
}

impl Told {
    fn text(self) -> String {
        match self {
            Told::ByCall(outcome) => outcome.text(),
            Told::ByRequest(Status::SUCCESS) => Outcome::Succeeds.text(),
            Told::ByRequest(status) => status.winsock().to_string(),
        }
    }

    fn at_port(self) -> Option<String> {
        match self {
            Told::ByRequest(status) if status.win32() != status.winsock() => Some(status.win32().to_string()),
            _ => None,
        }
    }
}

/// The table of a call.
///
/// # Errors
/// That the call has none, with those that do.
pub fn table(name: &str) -> Result<TablePage, Problems> {
    let call = calls().iter().find(|call| call.eq_ignore_ascii_case(name.trim()));
    let Some(subject) = call.and_then(|call| Subject::by_name(call)) else {
        let problem = Problem::new(format!("`{name}` has no table of outcomes"));
        return Err(problem.help(format!("{} have one", calls().join(", "))).into());
    };
    let mut outcomes: Vec<Row> = Vec::new();
    for (rule, outcome) in coming(*subject) {
        let Some(meaning) = meanings(rule.name, &outcome).next() else { continue };
        let of_request = matches!(outcome, Told::ByRequest(_));
        let is_it = |row: &&mut Row| {
            row.outcome == outcome.text() && row.of_request == of_request && row.advice == meaning.advice
        };
        match outcomes.iter_mut().find(is_it) {
            Some(row) => row.add(*subject, rule, outcome),
            None => {
                let mut row = Row::new(outcome, meaning);
                row.add(*subject, rule, outcome);
                outcomes.push(row);
            }
        }
    }
    // What a loop is there for comes first, its own mistakes last.
    outcomes.sort_by_key(|row| (row.of_request, row.outcome != "succeeds", row.speaks_of));
    Ok(TablePage { call: subject.name, outcomes })
}

/// What has no meaning in `spec-notes/meanings.toml`, or more than one, or is said there and never comes.
#[must_use]
pub fn gaps() -> Vec<String> {
    let mut gaps = Vec::new();
    let mut used = vec![false; bundled().meaning.len()];
    for call in calls() {
        let Some(subject) = SUBJECTS.iter().find(|subject| subject.is_call && subject.name == call) else {
            gaps.push(format!("no call is named {call}"));
            continue;
        };
        for (rule, outcome) in coming(*subject) {
            let found = meanings(rule.name, &outcome).count();
            if found != 1 {
                gaps.push(format!("{call}: {} = {} has {found} meanings", rule.name, outcome.text()));
            }
            for (at, meaning) in bundled().meaning.iter().enumerate() {
                used[at] |= meaning.speaks_of_this(rule.name, &outcome);
            }
        }
    }
    let unused = bundled().meaning.iter().zip(used).filter(|(_, used)| !used);
    gaps.extend(unused.map(|(meaning, _)| format!("nothing comes to the meaning of {}", meaning.rules.join(", "))));
    gaps
}

/// Every outcome of which a caller, or somebody who finds the process gone, can tell, with the rules that come to it.
fn coming(subject: Subject) -> Vec<(&'static Rule, Told)> {
    let mut found: Vec<(&'static Rule, Told)> = Vec::new();
    for table in subject.all_tables() {
        for rule in subject.rules(table) {
            let is_told = |outcome: &Outcome| !matches!(outcome, Outcome::Waits | Outcome::Silent);
            let by_call = subject.gives(rule).filter_map(|(_, gives)| Outcome::of(gives)).filter(is_told);
            let by_request = subject.ends(rule).map(Told::ByRequest);
            for told in by_call.map(Told::ByCall).chain(by_request) {
                if !found.iter().any(|(other, known)| std::ptr::eq(*other, rule) && *known == told) {
                    found.push((rule, told));
                }
            }
        }
    }
    found
}

fn meanings(rule: &str, outcome: &Told) -> impl Iterator<Item = &'static Meaning> {
    bundled().meaning.iter().filter(move |meaning| meaning.speaks_of_this(rule, outcome))
}

impl Meaning {
    fn speaks_of_this(&self, rule: &str, outcome: &Told) -> bool {
        let named = |pattern: &String| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(end), _) => rule.ends_with(end),
            (_, Some(start)) => rule.starts_with(start),
            _ => rule == pattern,
        };
        self.outcome.as_ref().is_none_or(|only| *only == outcome.text()) && self.rules.iter().any(named)
    }
}

impl Row {
    fn new(outcome: Told, meaning: &Meaning) -> Row {
        let under = |profile| Under { profile, possible: false, connection: None, known: true, sources: Vec::new() };
        Row {
            outcome: outcome.text(),
            of_request: matches!(outcome, Told::ByRequest(_)),
            at_port: outcome.at_port(),
            speaks_of: meaning.speaks_of,
            then: meaning.then,
            advice: meaning.advice.clone(),
            rules: Vec::new(),
            clauses: Vec::new(),
            profiles: NAMES.iter().map(|name| under(name)).collect(),
        }
    }

    /// One more rule comes to it.
    fn add(&mut self, subject: Subject, rule: &'static Rule, outcome: Told) {
        self.rules.push(rule.name);
        let clauses = rule.cites.iter().chain(rule.rests_on);
        let new: Vec<&'static str> = clauses.filter(|clause| !self.clauses.contains(clause)).copied().collect();
        self.clauses.extend(new);
        for under in &mut self.profiles {
            under.add(subject, rule, outcome);
        }
    }
}

impl Under {
    fn add(&mut self, subject: Subject, rule: &'static Rule, outcome: Told) {
        let subject = subject.under(profile(self.profile));
        let comes = coming(subject).iter().any(|(other, known)| std::ptr::eq(*other, rule) && *known == outcome);
        self.possible |= comes;
        let takes = rule.takes.point().filter(|_| comes);
        let ends = rule.asks.first().copied().filter(|_| rule.ends.len() > 1);
        let deciding = rule.under.iter().map(|alt| alt.point()).chain(rule.gives.point()).chain(takes).chain(ends);
        let parts = deciding.filter_map(|point| Choices::bundled().choice(point.name()));
        let parts: Vec<(&str, ProfilePart)> =
            parts.map(|choice| (choice.name.as_str(), ProfilePart::of(choice, self.profile))).collect();
        // One choice that is known to exclude it is enough.
        let excluded = !comes && parts.iter().any(|(_, part)| part.known);
        self.known &= excluded || parts.iter().all(|(_, part)| part.known);
        for (choice, part) in parts {
            if let Some(source) = part.source {
                self.sources.push(Source { choice: choice.to_owned(), source, grade: part.grade });
            }
        }
        self.sources.sort();
        self.sources.dedup();
        if comes && rule.takes_something() {
            let takes: Vec<Takes> = subject.takes(rule).collect();
            let kept = takes.contains(&Takes::Keeps);
            let lost = takes.iter().any(|takes| *takes != Takes::Keeps);
            self.connection = Some(match (self.connection, kept, lost) {
                (None | Some("kept"), true, false) => "kept",
                (None | Some("lost"), false, true) => "lost",
                _ => "kept or lost",
            });
        }
    }
}
