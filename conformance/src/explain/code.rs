//! An error code: when each call gives it, and what the stacks do instead.

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::code::{CODES, Code};
use winaccept_model::rule::Gives;

use super::parts::{ChoicePart, ClausePart, NotePart, ObservationPart, RulePart, mentions};
use crate::graph::SUBJECTS;
use crate::spec::Spec;

/// An error code.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct CodePage {
    /// Its name.
    pub name: String,
    /// Other names of the same number.
    pub also: Vec<String>,
    /// The number.
    pub value: u16,
    /// What it says, in this project's words; null where no document of the inventory mentions it.
    pub meaning: Option<String>,
    /// When each call gives it.
    pub causes: Vec<Cause>,
    /// The choice points on which that rests, with what each stack does.
    pub choices: Vec<ChoicePart>,
    /// Clauses that speak of it and that no such rule cites.
    pub other_clauses: Vec<ClausePart>,
    /// The notes that speak of it.
    pub notes: Vec<NotePart>,
    /// What real Windows was seen to do that speaks of it.
    pub observations: Vec<ObservationPart>,
}

/// A rule that gives the code.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Cause {
    /// The rule.
    pub rule: RulePart,
    /// What it implements.
    pub clauses: Vec<ClausePart>,
}

impl CodePage {
    /// The page of a code, by its name or number.
    #[must_use]
    pub fn of(name: &str) -> Option<CodePage> {
        let spec = Spec::bundled();
        let value = match name.parse::<u16>() {
            Ok(0) => return None,
            Ok(number) => Code(number),
            Err(_) => known_names().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, code)| code)?,
        };
        let mut names: Vec<String> =
            known_names().filter(|(_, code)| *code == value).map(|(known, _)| known.to_owned()).collect();
        names.dedup();
        let asked = names.iter().position(|known| known.eq_ignore_ascii_case(name)).unwrap_or(0);
        if names.is_empty() {
            return None;
        }
        let main = names.remove(asked);
        names.retain(|other| *other != main);
        let gives = |gives: &Gives| matches!(*gives, Gives::Fails(code) | Gives::Returns(code) if code == value);
        let mut rules = RulePart::all(|rule| rule.gives.values().iter().any(gives));
        rules.sort_by_key(|rule| SUBJECTS.iter().position(|subject| rule.calls.first() == Some(&subject.name)));
        let cited: Vec<&str> = rules.iter().flat_map(RulePart::sources).collect();
        let clauses = |id: &str| id.split('.').any(|part| part == main);
        let others = spec.entries().filter(|entry| clauses(entry.id()) && !cited.contains(&entry.id()));
        let observed = spec.observations().iter().filter(|seen| mentions(&seen.statement, &main));
        Some(CodePage {
            also: names,
            value: value.0,
            meaning: spec.code(&main).map(|code| code.meaning.clone()),
            choices: ChoicePart::behind(&rules),
            notes: NotePart::on(&cited_errors(&cited, &main), Some(&main)),
            other_clauses: others.map(ClausePart::of).collect(),
            observations: observed.map(ObservationPart::of).collect(),
            causes: rules.into_iter().map(|rule| Cause { clauses: ClausePart::all(rule.sources()), rule }).collect(),
            name: main,
        })
    }
}

/// Of the cited clauses those that are about the code itself; the others say when, and concern much else.
fn cited_errors<'a>(cited: &[&'a str], name: &str) -> Vec<&'a str> {
    cited.iter().copied().filter(|id| id.split('.').any(|part| part == name)).collect()
}

/// The names of the model and those of the inventory.
pub(super) fn known_names() -> impl Iterator<Item = (&'static str, Code)> {
    let model = CODES.iter().copied();
    model.chain(Spec::bundled().codes().iter().map(|code| (code.name.as_str(), Code(code.value))))
}
