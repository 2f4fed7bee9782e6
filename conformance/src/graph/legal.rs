//! Every call in every state: what it can give there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::profile::Profile;
use winaccept_model::rule::{Gives, Table};
use winaccept_model::world::State;

use super::subject::{SUBJECTS, Subject, is_any};
use super::{Result, state_name};

/// What can come of a call, with the rules behind it.
pub type Gathered = BTreeMap<Result, Vec<&'static str>>;

/// What a call can give.
#[derive(Clone, PartialEq, Debug)]
pub struct Legality {
    /// The call.
    pub subject: Subject,
    /// Errors that do not depend on the state.
    pub always: Gathered,
    /// By state, what else it can give at once, and the rules behind it.
    pub states: Vec<(State, Gathered)>,
    /// What it can give after it waited.
    pub later: Gathered,
}

impl Legality {
    /// Asks the rules of a call.
    #[must_use]
    pub fn of(subject: Subject) -> Legality {
        let mut legality = Legality { subject, always: BTreeMap::new(), states: Vec::new(), later: BTreeMap::new() };
        let states = if subject.has_socket() { &State::ALL[..] } else { &State::ALL[..1] };
        for &state in states {
            let mut here = BTreeMap::new();
            follow(subject, subject.first, state, &mut here, &mut legality.always);
            legality.states.push((state, here));
        }
        for (_, table) in subject.later() {
            let table = if table == Table::Wake { subject.looks_again().unwrap_or(table) } else { table };
            for rule in subject.rules(table) {
                for (_, gives) in subject.gives(rule) {
                    match Result::of(gives) {
                        Some(Result::Waits | Result::Silent) | None => {}
                        Some(result) => add(&mut legality.later, result, rule.name),
                    }
                }
            }
        }
        legality
    }

    /// Every call under a profile.
    #[must_use]
    pub fn all(profile: &'static Profile) -> Vec<Legality> {
        SUBJECTS.iter().filter(|subject| subject.is_call).map(|subject| Legality::of(subject.under(profile))).collect()
    }

    /// The states in which the call can do nothing but fail, with the codes that it gives there.
    pub fn illegal(&self) -> impl Iterator<Item = (State, Vec<String>)> {
        self.states.iter().filter(|(_, gives)| is_illegal(gives)).map(|(state, gives)| (*state, texts(gives)))
    }

    /// The states that give the same, together, in order.
    #[must_use]
    pub fn grouped(&self) -> Vec<(Vec<State>, &Gathered)> {
        let mut groups: Vec<(Vec<State>, &Gathered)> = Vec::new();
        for (state, gives) in &self.states {
            match groups.iter_mut().find(|(_, known)| known.keys().eq(gives.keys())) {
                Some((states, _)) => states.push(*state),
                None => groups.push((vec![*state], gives)),
            }
        }
        groups
    }

    /// The row as data.
    #[must_use]
    pub fn data(&self) -> LegalityData {
        let states = self.states.iter().map(|(state, gives)| Cell {
            state: state_name(*state),
            legal: !is_illegal(gives),
            gives: texts(gives),
            by: gives.iter().map(|(result, rules)| By { outcome: result.text(), rules: rules.clone() }).collect(),
        });
        LegalityData {
            call: self.subject.name,
            about_a_socket: self.subject.has_socket(),
            always: texts(&self.always),
            states: states.collect(),
            after_waiting: texts(&self.later),
        }
    }
}

/// Can the call do nothing but fail?
#[must_use]
pub fn is_illegal(gives: &Gathered) -> bool {
    gives.keys().all(|result| matches!(result, Result::Fails(_)))
}

/// The results in words.
#[must_use]
pub fn texts(gives: &Gathered) -> Vec<String> {
    gives.keys().map(|result| result.text()).collect()
}

fn follow(subject: Subject, table: Table, state: State, here: &mut Gathered, always: &mut Gathered) {
    for rule in subject.rules(table).filter(|rule| subject.fires(table, rule, state)) {
        for (_, gives) in subject.gives(rule) {
            match (gives, Result::of(gives)) {
                (Gives::Continues(next), _) => follow(subject, next, rule.to.unwrap_or(state), here, always),
                (_, Some(result @ (Result::Fails(_) | Result::Returns(_)))) if is_any(rule) => {
                    add(always, result, rule.name);
                }
                (_, Some(result)) => add(here, result, rule.name),
                (_, None) => {}
            }
        }
    }
}

fn add(gathered: &mut Gathered, result: Result, rule: &'static str) {
    let rules = gathered.entry(result).or_default();
    if !rules.contains(&rule) {
        rules.push(rule);
    }
}

/// What a call can give, as data.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct LegalityData {
    /// The call.
    pub call: &'static str,
    /// It depends on the state of a socket; otherwise `states` has one entry, whose state means nothing.
    pub about_a_socket: bool,
    /// Errors that do not depend on the state.
    pub always: Vec<String>,
    /// What else it can give at once, by state.
    pub states: Vec<Cell>,
    /// What it can give after it waited.
    pub after_waiting: Vec<String>,
}

/// A call in a state.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Cell {
    /// The state of the socket.
    pub state: String,
    /// The call can do something other than fail.
    pub legal: bool,
    /// `succeeds`, `waits`, `undefined`, and names of error codes.
    pub gives: Vec<String>,
    /// The rules behind each of them.
    pub by: Vec<By>,
}

/// What a call can give, with the rules that come to it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct By {
    /// What it gives.
    pub outcome: String,
    /// The rules.
    pub rules: Vec<&'static str>,
}
