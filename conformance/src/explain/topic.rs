//! Names that are no clause, rule or choice point: documents, constants, flags, options, grades, stacks, and plain words; with
//! everything that speaks of them.

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::call::{NetworkEvents, OPTIONS, PollEvents};
use winaccept_model::choice::CHOICES;
use winaccept_model::rule::Rule;
use winaccept_model::rules;

use super::parts::{RulePart, mentions};
use crate::graph::Subject;
use crate::profiles::{Choices, NAMES};
use crate::spec::{Document, Entry, Grade, Spec};
use crate::suite;

/// A name or word, what it is, and where it is spoken of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct TopicPage {
    /// The name.
    pub name: String,
    /// What it is.
    pub what: String,
    /// The number behind it, where a header gives one.
    pub value: Option<u32>,
    /// What it means, in this project's words.
    pub meaning: Option<String>,
    /// Where it is spoken of.
    pub mentioned: Vec<Mention>,
}

/// Something that speaks of a topic.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Mention {
    /// `clause`, `related`, `rule`, `choice`, `note`, `observation`, `constant`, `profile` or `scenario`.
    pub of: &'static str,
    /// Its name, for `explain` or, of a scenario, for `show`.
    pub name: String,
    /// What it says.
    pub says: String,
}

impl Mention {
    fn new(of: &'static str, name: &str, says: &str) -> Mention {
        Mention { of, name: name.to_owned(), says: says.to_owned() }
    }
}

/// What this name is, where it is a name of its own.
pub(super) fn topic(name: &str) -> Option<TopicPage> {
    document(name)
        .or_else(|| constant(name))
        .or_else(|| flag(name))
        .or_else(|| related(name))
        .or_else(|| happening(name))
        .or_else(|| grade(name))
        .or_else(|| stack(name))
        .or_else(|| alternative(name))
}

/// Everything that has this word, standing alone, in its name or in what it says; `None` where nothing has.
pub(super) fn word(word: &str) -> Option<TopicPage> {
    // Blanks and signs stand everywhere.
    if !word.contains(char::is_alphanumeric) {
        return None;
    }
    let mentioned = all_with(word);
    let what = format!("a word: {} of the inventory, the rules and the scenarios have it", counted(&mentioned));
    (!mentioned.is_empty()).then(|| TopicPage { name: word.to_owned(), what, value: None, meaning: None, mentioned })
}

fn counted(mentioned: &[Mention]) -> String {
    format!("{} entr{}", mentioned.len(), if mentioned.len() == 1 { "y" } else { "ies" })
}

fn document(name: &str) -> Option<TopicPage> {
    let document = Document::ALL
        .into_iter()
        .find(|known| known.name().eq_ignore_ascii_case(name) || known.id_prefix().eq_ignore_ascii_case(name))?;
    let clauses: Vec<_> = Spec::bundled().clauses_of(document).collect();
    let cited = |id: &str| rules::all().any(|(_, rule)| rule.cites.contains(&id));
    let implemented = clauses.iter().filter(|clause| cited(&clause.id)).count();
    let what = format!("a document: {} clauses, rules of the model rest on {implemented} of them", clauses.len());
    let meaning = (implemented == 0).then(|| "Its call is not in the model yet.".to_owned());
    let mentioned = clauses.iter().map(|clause| Mention::new("clause", &clause.id, &clause.statement)).collect();
    Some(TopicPage { name: document.name().to_owned(), what, value: None, meaning, mentioned })
}

/// A page beside the five documents, with what the inventory has of it.
fn related(name: &str) -> Option<TopicPage> {
    let spec = Spec::bundled();
    let topic = spec.topics().into_iter().find(|topic| topic.eq_ignore_ascii_case(name))?;
    let mentioned: Vec<Mention> =
        spec.rules_of(topic).map(|rule| Mention::new("related", &rule.id, &rule.statement)).collect();
    let what = format!("a page that the documents lean on: {} of its statements are inventoried", mentioned.len());
    let modelled = Subject::by_name(topic).is_some();
    let meaning = (!modelled).then(|| "No call of this name is in the model yet.".to_owned());
    Some(TopicPage { name: topic.to_owned(), what, value: None, meaning, mentioned })
}

fn constant(name: &str) -> Option<TopicPage> {
    let plain = |known: &str| known.split('(').next().is_some_and(|known| known.eq_ignore_ascii_case(name));
    let found = Spec::bundled().constants().iter().find(|constant| plain(&constant.name))?;
    let expands = found.expression.as_ref().map_or(String::new(), |to| format!(", which stands for {to}"));
    Some(TopicPage {
        name: found.name.clone(),
        what: format!("a constant of the headers{expands}"),
        value: found.value,
        meaning: Some(found.meaning.clone()),
        mentioned: all_with(name),
    })
}

/// Socket options, network events and poll events that scenarios can write.
fn flag(name: &str) -> Option<TopicPage> {
    let option = OPTIONS.iter().find(|(_, option, _)| option.eq_ignore_ascii_case(name));
    let option = option.map(|(level, option, _)| (*option, format!("an option of level {level}"), None));
    let network = NetworkEvents::NAMES.iter().find(|(flag, _)| flag.eq_ignore_ascii_case(name));
    let network =
        network.map(|(flag, bit)| (*flag, "a network event of WSAEventSelect".to_owned(), Some(u32::from(bit.0))));
    let poll = PollEvents::NAMES.iter().find(|(flag, _)| flag.eq_ignore_ascii_case(name));
    let poll = poll.map(|(flag, bit)| (*flag, "an event of WSAPoll".to_owned(), Some(u32::from(bit.0))));
    let (name, what, value) = option.or(network).or(poll)?;
    Some(TopicPage { name: name.to_owned(), what, value, meaning: None, mentioned: all_with(name) })
}

/// What happens without a call, such as the arrival of a SYN.
fn happening(name: &str) -> Option<TopicPage> {
    let subject = Subject::by_name(name).filter(|subject| !subject.is_call)?;
    let tables = subject.all_tables();
    let own =
        |rule: &'static Rule| tables.iter().any(|table| subject.rules(*table).any(|other| std::ptr::eq(other, rule)));
    let rules = RulePart::all(own).into_iter().map(|rule| Mention::new("rule", rule.name, &rule.gives)).collect();
    Some(TopicPage {
        name: subject.name.to_owned(),
        what: "something that happens without a call".to_owned(),
        value: None,
        meaning: Some(format!("`winaccept graph {}` draws what follows from it.", subject.name)),
        mentioned: rules,
    })
}

fn grade(name: &str) -> Option<TopicPage> {
    let (what, meaning) = match Grade::ALL.into_iter().find(|grade| grade.to_string() == name) {
        Some(grade) => {
            let seen = Spec::bundled().observations().iter().filter(|seen| seen.grade == grade).count();
            (format!("a grade: how well an observation of Windows is supported; {seen} have it"), grade.meaning())
        }
        None if name == "run" => ("a grade of what a profile says".to_owned(), "our own recorded run of the stack"),
        None => return None,
    };
    let rests = |choice: &crate::profiles::Choice| {
        NAMES.iter().any(|profile| choice.entry(profile).0.grade.as_deref() == Some(name))
    };
    let choices = Choices::bundled().choices.iter().filter(|choice| rests(choice));
    let mentioned = choices.map(|choice| Mention::new("choice", &choice.name, &choice.question)).collect();
    let meaning = Some(meaning.to_owned());
    Some(TopicPage { name: name.to_owned(), what, value: None, meaning, mentioned })
}

/// Several profiles of one stack, as `wine`.
fn stack(name: &str) -> Option<TopicPage> {
    let versions = |profile: &&&str| profile.split('-').next().is_some_and(|stack| stack.eq_ignore_ascii_case(name));
    let profiles: Vec<&&str> = NAMES.iter().filter(versions).collect();
    let says = |profile: &str| {
        let choices = &Choices::bundled().choices;
        let known = choices.iter().filter(|choice| choice.entry(profile).1).count();
        format!("{known} of {} choice points are known", choices.len())
    };
    let mentioned: Vec<Mention> =
        profiles.iter().map(|profile| Mention::new("profile", profile, &says(profile))).collect();
    (!mentioned.is_empty()).then(|| TopicPage {
        name: name.to_owned(),
        what: "a stack, of which each version has a profile".to_owned(),
        value: None,
        meaning: Some(format!("`winaccept run --stack {name}` judges it where it is installed.")),
        mentioned,
    })
}

/// An alternative of one or several choice points.
fn alternative(name: &str) -> Option<TopicPage> {
    let points = CHOICES.iter().filter(|point| point.alternatives.iter().any(|known| known.eq_ignore_ascii_case(name)));
    let says = |point: &str| {
        let choice = Choices::bundled().choice(point)?;
        let (_, means) = choice.means.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(format!("{} {name}: {means}", choice.question))
    };
    let mentioned: Vec<Mention> =
        points.map(|point| Mention::new("choice", point.name, &says(point.name).unwrap_or_default())).collect();
    (!mentioned.is_empty()).then(|| TopicPage {
        name: name.to_owned(),
        what: "an alternative: one of the ways that a choice point leaves".to_owned(),
        value: None,
        meaning: None,
        mentioned,
    })
}

/// Everything whose name or words have this word, standing alone.
fn all_with(word: &str) -> Vec<Mention> {
    let lower = word.to_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|text| mentions(&text.to_lowercase(), &lower));
    let spec = Spec::bundled();
    let mut all = Vec::new();
    for entry in spec.entries().filter(|entry| has(&[entry.id(), entry.statement(), entry.quote()])) {
        let of = if matches!(entry, Entry::Clause(_)) { "clause" } else { "related" };
        all.push(Mention::new(of, entry.id(), entry.statement()));
    }
    for part in RulePart::all(|rule| has(&[rule.name])) {
        all.push(Mention::new("rule", part.name, &part.gives));
    }
    for choice in
        Choices::bundled().choices.iter().filter(|choice| has(&[&choice.name, &choice.question, &choice.known]))
    {
        all.push(Mention::new("choice", &choice.name, &choice.question));
    }
    for note in spec.notes().iter().filter(|note| has(&[&note.id, &note.title, &note.says])) {
        all.push(Mention::new("note", &note.id, &note.title));
    }
    for seen in spec.observations().iter().filter(|seen| has(&[&seen.id, &seen.statement])) {
        all.push(Mention::new("observation", &seen.id, &seen.statement));
    }
    for constant in spec.constants().iter().filter(|constant| has(&[&constant.name, &constant.meaning])) {
        all.push(Mention::new("constant", &constant.name, &constant.meaning));
    }
    // A broken bundled file is a failing test, not an answer here.
    for scenario in suite::bundled().unwrap_or_default() {
        if has(&[&scenario.file, &scenario.script.title]) {
            all.push(Mention::new("scenario", scenario.name(), &scenario.script.title));
        }
    }
    all
}
