//! From a name to its explanation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use winaccept_model::profile::Profile;
use winaccept_model::rules;

use super::code::known_names;
use super::parts::{ChoicePart, ClausePart, NotePart, ObservationPart, ProfilePart, RulePart, mentions};
use super::topic;
use super::{
    CallPage, ChoiceOfProfile, ChoicePage, ClausePage, CodePage, ConfirmingStep, Explanation, NotePage,
    ObservationPage, ProfilePage, RulePage,
};
use crate::coverage::facts::{self, Standing};
use crate::graph::{Legality, SUBJECTS, Subject};
use crate::problem::{Problem, Problems};
use crate::profiles::{Choice, Choices, NAMES};
use crate::spec::{Document, Entry, Note, Observation, Spec, Testable, similar};
use crate::suite;

/// What a name stands for; what a call can give is said of this profile.
///
/// # Errors
/// That nothing has this name, with names that resemble it.
pub fn explain(name: &str, under: &'static Profile) -> Result<Explanation, Problems> {
    let name = name.trim().trim_start_matches('?');
    let found = CodePage::of(name)
        .map(Explanation::Code)
        .or_else(|| call(name, under).map(Explanation::Call))
        .or_else(|| Spec::bundled().entry(name).map(|entry| Explanation::Clause(clause(entry))))
        .or_else(|| rule(name).map(Explanation::Rule))
        .or_else(|| choice(name).map(Explanation::Choice))
        .or_else(|| Spec::bundled().note(name).map(|found| Explanation::Note(note(found))))
        .or_else(|| profile(name).map(Explanation::Profile))
        .or_else(|| Spec::bundled().observation(name).map(|found| Explanation::Observation(observation(found))))
        .or_else(|| topic::topic(name).map(Explanation::Topic));
    if let Some(found) = found {
        return Ok(found);
    }
    if let [only] = beginning_with(name)[..] {
        return explain(only, under);
    }
    topic::word(name).map(Explanation::Topic).ok_or_else(|| {
        let begin = beginning_with(name);
        let near = if begin.is_empty() { near(name) } else { begin.into_iter().take(MOST).collect() };
        let help = if near.is_empty() {
            "try an error code, a clause, a rule, a call, a choice point, a note or a profile".to_owned()
        } else {
            format!("did you mean {}?", near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "))
        };
        Problem::new(format!("nothing is called `{name}`")).help(help).into()
    })
}

/// Everything that has this word in its name or in what it says.
///
/// # Errors
/// That nothing has it.
pub fn search(word: &str) -> Result<Explanation, Problems> {
    topic::word(word.trim()).map(Explanation::Topic).ok_or_else(|| {
        Problem::new(format!("nothing has the word `{word}` in its name or in what it says"))
            .help("words stand alone: try another form of it")
            .into()
    })
}

/// How many names a message offers.
const MOST: usize = 8;

/// The names of which this is the beginning, up to a dot, a hyphen, or their end.
fn beginning_with(name: &str) -> Vec<&'static str> {
    let begins = |known: &&str| {
        let rest =
            known.get(..name.len()).filter(|begin| begin.eq_ignore_ascii_case(name)).map(|_| &known[name.len()..]);
        rest.is_some_and(|rest| rest.starts_with(['.', '-']))
    };
    if name.is_empty() { Vec::new() } else { names().filter(begins).collect() }
}

/// Names that resemble this one, most alike first.
#[must_use]
pub fn near(name: &str) -> Vec<&'static str> {
    let mut near = similar(name, names());
    // The errors of Berkeley sockets lack three letters.
    let winsock = format!("WSA{name}");
    near.extend(known_names().map(|(code, _)| code).find(|code| code.eq_ignore_ascii_case(&winsock)));
    near
}

/// Every name that has a page.
fn names() -> impl Iterator<Item = &'static str> {
    let spec = Spec::bundled();
    let ids = spec.entries().map(Entry::id).chain(spec.notes().iter().map(|note| note.id.as_str()));
    let observations = spec.observations().iter().map(|seen| seen.id.as_str());
    let calls = SUBJECTS.iter().filter(|subject| subject.is_call).map(|subject| subject.name);
    let choices = Choices::bundled().choices.iter().map(|choice| choice.name.as_str());
    known_names()
        .map(|(code, _)| code)
        .chain(calls)
        .chain(choices)
        .chain(NAMES)
        .chain(rules::all().map(|(_, rule)| rule.name))
        .chain(ids)
        .chain(observations)
        .chain(Document::ALL.iter().map(|document| document.name()))
        .chain(spec.topics())
}

fn call(name: &str, under: &'static Profile) -> Option<CallPage> {
    let subject = Subject::by_name(name).filter(|subject| subject.is_call)?.under(under);
    let mut rules = RulePart::all(|rule| {
        subject.all_tables().into_iter().any(|table| subject.rules(table).any(|own| std::ptr::eq(own, rule)))
    });
    rules.sort_by_key(|rule| !rule.check);
    let document = Document::ALL.into_iter().find(|document| document.name() == subject.name);
    let own = document.map_or_else(
        || Spec::bundled().rules_of(subject.name).count(),
        |document| Spec::bundled().clauses_of(document).count(),
    );
    Some(CallPage {
        name: subject.name,
        gives: Legality::of(subject).data(),
        choices: ChoicePart::behind(&rules),
        rules,
        clauses: own,
    })
}

fn clause(entry: Entry<'_>) -> ClausePage {
    let (testable, reason, contradicts) = match entry {
        Entry::Clause(clause) => (clause.testable, &clause.reason, &clause.contradicts),
        Entry::Related(rule) => (rule.testable, &rule.reason, &rule.contradicts),
    };
    ClausePage {
        clause: ClausePart::of(entry),
        testable: match testable {
            Testable::Model => "model",
            Testable::ModelAndReal => "model+real",
            Testable::No => "not-testable",
        },
        reason: reason.clone(),
        contradicts: contradicts.clone(),
        rules: RulePart::all(|rule| rule.sources().any(|id| id == entry.id())),
        scenarios: scenarios(&[entry.id()]),
        notes: NotePart::on(&[entry.id()], None),
    }
}

fn rule(name: &str) -> Option<RulePage> {
    let (table, rule) = rules::all().find(|(_, rule)| rule.name.eq_ignore_ascii_case(name))?;
    let part = RulePart::of(table, rule);
    Some(RulePage {
        clauses: ClausePart::all(rule.sources()),
        choices: ChoicePart::behind(std::slice::from_ref(&part)),
        scenarios: scenarios(&rule.sources().collect::<Vec<_>>()),
        rule: part,
    })
}

fn choice(name: &str) -> Option<ChoicePage> {
    let choice = Choices::bundled().choice(name)?;
    let text = [&choice.documents, &choice.known].map(String::as_str).join("\n");
    let named: Vec<&str> = Spec::bundled().entries().map(Entry::id).filter(|id| mentions(&text, id)).collect();
    Some(ChoicePage {
        choice: ChoicePart::of(choice),
        rules: RulePart::all(|rule| rule.points().iter().any(|point| point.name() == name)),
        notes: NotePart::on(&named, None),
    })
}

fn note(note: &Note) -> NotePage {
    let spec = Spec::bundled();
    let observations = note.observations.iter().filter_map(|id| spec.observation(id));
    NotePage {
        note: NotePart::of(note),
        clauses: ClausePart::all(note.clauses.iter().map(String::as_str)),
        observations: observations.map(ObservationPart::of).collect(),
    }
}

/// The steps of bundled scenarios that confirm each fact.
fn confirming() -> &'static BTreeMap<String, Vec<ConfirmingStep>> {
    static CONFIRMING: OnceLock<BTreeMap<String, Vec<ConfirmingStep>>> = OnceLock::new();
    CONFIRMING.get_or_init(|| {
        // A broken bundled file is a failing test, not an answer here.
        let scenarios = suite::bundled().unwrap_or_default();
        let step = |&(scenario, number): &facts::At| {
            let scenario = &scenarios[scenario];
            let span = scenario.program.steps[number].span;
            let text = &scenario.script.source[span.start as usize..span.end as usize];
            ConfirmingStep {
                scenario: scenario.file.clone(),
                line: scenario.line(number),
                step: text.split_whitespace().collect::<Vec<_>>().join(" "),
            }
        };
        let of = |(fact, steps): (&str, Vec<facts::At>)| (fact.to_owned(), steps.iter().map(step).collect());
        facts::confirmed(&scenarios).into_iter().map(of).collect()
    })
}

fn observation(found: &Observation) -> ObservationPage {
    let steps = confirming().get(&found.id).cloned().unwrap_or_default();
    let (standing, reason) = match Standing::of(found, !steps.is_empty()) {
        Standing::Shown(_) => ("shown", None),
        Standing::Open(why) => ("open", Some(why)),
        Standing::Later(what) => ("later", Some(what)),
        Standing::OutOfScope(why) => ("out of scope", Some(why)),
    };
    let rests = |choice: &&Choice| {
        let source = choice.entry("windows").0.source.as_deref();
        source.is_some_and(|source| mentions(source, &found.id)) || mentions(&choice.known, &found.id)
    };
    ObservationPage {
        observation: ObservationPart::of(found),
        calls: found.calls.clone(),
        also: found.also.clone(),
        standing,
        reason,
        confirmed_by: steps,
        choices: Choices::bundled().choices.iter().filter(rests).map(|choice| choice.name.clone()).collect(),
    }
}

fn profile(name: &str) -> Option<ProfilePage> {
    let name = NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
    let choices = Choices::bundled();
    let order = choices.orders.iter().find(|order| order.profile == name);
    let order = order.or_else(|| choices.orders.iter().find(|order| order.profile == "documented"));
    let allowed = choices
        .choices
        .iter()
        .map(|choice| ChoiceOfProfile { choice: choice.name.clone(), part: ProfilePart::of(choice, name) });
    Some(ProfilePage {
        name,
        choices: allowed.collect(),
        order: order.map(|order| order.checks.clone()).unwrap_or_default(),
        order_because: order.map(|order| order.because.clone()),
    })
}

/// The bundled scenarios that show one of these clauses. A broken bundled file is a failing test, not an answer here.
fn scenarios(clauses: &[&str]) -> Vec<String> {
    static SHOWN: OnceLock<Vec<(String, BTreeSet<String>)>> = OnceLock::new();
    let shown = SHOWN.get_or_init(|| {
        let all = suite::bundled().unwrap_or_default();
        let shows = |scenario: &suite::Scenario| {
            (scenario.file.clone(), scenario.clauses().into_iter().map(str::to_owned).collect())
        };
        all.iter().map(shows).collect()
    });
    let concerned = shown.iter().filter(|(_, shows)| clauses.iter().any(|clause| shows.contains(*clause)));
    concerned.map(|(file, _)| file.clone()).collect()
}
