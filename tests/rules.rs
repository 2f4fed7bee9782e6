//! The rules as a whole: their names, what they cite, and that they say what they do.

use std::collections::BTreeSet;

use winaccept::spec::Spec;
use winaccept_model::call::Function;
use winaccept_model::choice::{CHOICES, Point};
use winaccept_model::code::Code;
use winaccept_model::rule::{Gives, Role, Rule};
use winaccept_model::rules;

/// What the name of a rule starts with when it is no call: a happening.
const HAPPENINGS: [&str; 22] = [
    "ack",
    "apc",
    "cancelled",
    "cleanup-under",
    "closed-under",
    "data",
    "event",
    "event-message",
    "event-record",
    "fin",
    "peer",
    "process-ends",
    "program",
    "recycle",
    "request",
    "rst",
    "success",
    "syn",
    "syn-ack",
    "thread-ends",
    "timer",
    "wake",
];

fn all() -> impl Iterator<Item = &'static Rule> {
    rules::all().map(|(_, rule)| rule)
}

/// Nothing may be on this list; it prints as one.
fn none(what: &str, list: &[String]) {
    assert!(list.is_empty(), "{what}:\n  {}", list.join("\n  "));
}

/// The code in the name of a rule that gives another than its clause says: `accept.addr-invalid.as-WSAEINVAL`.
fn instead(rule: &Rule) -> Option<&'static str> {
    let at = rule.name.find("as-WSA")?;
    Some(&rule.name[at + "as-".len()..])
}

#[test]
fn names_are_unique() {
    let mut seen = BTreeSet::new();
    let twice: Vec<String> = all().filter(|rule| !seen.insert(rule.name)).map(|rule| rule.name.to_owned()).collect();
    none("two rules of one name", &twice);
}

#[test]
fn names_begin_with_a_call_or_a_happening() {
    // The name of a table's call is that of the table, but for the case of its first letter, or that of the export.
    let calls: BTreeSet<String> = rules::TABLES.iter().map(|table| format!("{table:?}")).collect();
    let is_call = |word: &str| {
        let mut capital = word.to_owned();
        capital[..1].make_ascii_uppercase();
        let exported = || Function::ALL.iter().any(|function| function.name() == word);
        calls.contains(&capital) || word.starts_with("WSA") || exported()
    };
    let odd = all().filter(|rule| {
        let Some((first, rest)) = rule.name.split_once('.') else { return true };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        // The last part may name the code that a stack gives instead of the documented one.
        let rest = instead(rule).map_or(rest, |code| rest.trim_end_matches(code).trim_end_matches("as-"));
        !(is_call(first) || HAPPENINGS.contains(&first)) || rest.is_empty() || !rest.chars().all(plain)
    });
    none("odd names", &odd.map(|rule| rule.name.to_owned()).collect::<Vec<_>>());
}

#[test]
fn every_rule_cites_what_exists() {
    let spec = Spec::bundled();
    let mut wrong = Vec::new();
    for rule in all() {
        let sources: Vec<&str> = rule.sources().collect();
        if sources.is_empty() {
            wrong.push(format!("{} cites nothing and rests on nothing", rule.name));
        }
        for (place, id) in sources.iter().enumerate() {
            if !spec.knows(id) {
                wrong.push(format!("{} cites {id}, which is no clause or related rule", rule.name));
            }
            if sources[..place].contains(id) {
                wrong.push(format!("{} cites {id} twice", rule.name));
            }
        }
    }
    none("citations", &wrong);
}

#[test]
fn checks_fail_and_nothing_else_consumes() {
    let fails =
        |gives: &Gives| matches!(gives, Gives::Fails(_) | Gives::Returns(_) | Gives::Status(_) | Gives::Crashes);
    let wrong = all().filter(|rule| match rule.role {
        Role::Check => !rule.gives.values().iter().all(fails) || rule.to.is_some(),
        Role::Case => rule.takes_something(),
    });
    none("checks that do not simply fail", &wrong.map(|rule| rule.name.to_owned()).collect::<Vec<_>>());
}

#[test]
fn every_rule_can_be_in_some_state() {
    let wrong = all().filter(|rule| rule.from.iter().next().is_none());
    none("rules from no state", &wrong.map(|rule| rule.name.to_owned()).collect::<Vec<_>>());
}

#[test]
fn alternatives_exist() {
    let wrong = all().filter(|rule| {
        rule.under.iter().any(|alt| {
            let point = CHOICES.get(usize::from(alt.0));
            point.is_none_or(|point| usize::from(alt.1) >= point.alternatives.len())
        })
    });
    none("rules under alternatives that do not exist", &wrong.map(|rule| rule.name.to_owned()).collect::<Vec<_>>());
}

/// Checks that give another code than the clause they cite: that of shutdown for want of one of their own page, and what a
/// stack gives instead of what is documented.
const OTHER_CODE: [(&str, &str); 6] = [
    ("send.shut", "WSAESHUTDOWN"),
    ("recv.shut", "WSAESHUTDOWN"),
    ("accept.reset-peer-has-no-address", "WSAENOTCONN"),
    ("recv.listening-would-block", "WSAEWOULDBLOCK"),
    ("send.connecting-nonblocking", "WSAEWOULDBLOCK"),
    ("recv.connecting-nonblocking", "WSAEWOULDBLOCK"),
];

#[test]
fn a_check_gives_the_code_of_the_error_that_it_cites() {
    let mut wrong = Vec::new();
    for rule in all().filter(|rule| rule.role == Role::Check) {
        // Where a choice point decides the code, the first is what is documented.
        let Gives::Fails(code) = rule.gives.values()[0] else { continue };
        let name = code.to_string();
        for id in rule.sources() {
            let Some((_, error)) = id.split_once(".err.") else { continue };
            let cited = error.split('.').next().unwrap_or(error);
            let known = Code::by_name(cited).is_some();
            let said = instead(rule) == Some(&name) || OTHER_CODE.contains(&(rule.name, name.as_str()));
            if known && cited != name && !said {
                wrong.push(format!("{} gives {name} and cites {id}", rule.name));
            }
        }
    }
    none("codes", &wrong);
}

#[test]
fn a_rule_cites_its_own_page_and_rests_on_others() {
    let spec = Spec::bundled();
    let mut wrong = Vec::new();
    for rule in all() {
        let page = rule.name.split_once('.').map_or(rule.name, |(call, _)| call);
        let of = |id: &str| spec.entry(id).map(|entry| entry.doc().to_owned()).unwrap_or_default();
        let foreign = rule.cites.iter().filter(|id| of(id) != page);
        wrong.extend(foreign.map(|id| format!("{} cites {id}, which is of the page {}", rule.name, of(id))));
        let own = rule.rests_on.iter().filter(|id| of(id) == page);
        wrong.extend(own.map(|id| format!("{} rests on {id}, which is of its own page", rule.name)));
    }
    none("citations in the wrong column", &wrong);
}

/// Does a name of `spec-notes/other-pages.toml`, with its `*`, speak of this rule?
fn speaks_of(name: &str, rule: &str) -> bool {
    match (name.strip_prefix('*'), name.strip_suffix('*')) {
        (Some(end), _) => rule.ends_with(end),
        (_, Some(start)) => rule.starts_with(start),
        _ => rule == name,
    }
}

#[test]
fn a_rule_of_other_pages_alone_says_why_its_own_is_silent() {
    let notes: toml::Table = include_str!("../spec-notes/other-pages.toml").parse().expect("it is TOML");
    let lines = notes["silent"].as_array().expect("a list");
    let mut names = Vec::new();
    for line in lines {
        assert!(line["why"].as_str().is_some_and(|why| !why.is_empty()), "no reason: {line}");
        names.extend(line["rules"].as_array().into_iter().flatten().filter_map(|name| name.as_str()));
    }
    let alone: Vec<&str> = all().filter(|rule| rule.cites.is_empty()).map(|rule| rule.name).collect();
    let unsaid = alone.iter().filter(|rule| !names.iter().any(|name| speaks_of(name, rule)));
    none("rules of other pages alone, without a reason", &unsaid.map(|rule| (*rule).to_owned()).collect::<Vec<_>>());
    let idle = names.iter().filter(|name| !alone.iter().any(|rule| speaks_of(name, rule)));
    none("reasons for no such rule", &idle.map(|name| (*name).to_owned()).collect::<Vec<_>>());
}

#[test]
fn every_choice_point_is_named_by_the_rules_that_ask_it() {
    let unasked = Point::all().filter(|point| !all().any(|rule| rule.names(*point)));
    none("choice points that no rule names", &unasked.map(|point| point.name().to_owned()).collect::<Vec<_>>());
}

#[test]
fn checks_stand_before_cases() {
    let mut late = Vec::new();
    for table in rules::TABLES {
        let mut cases = Vec::new();
        for rule in table.rules() {
            if rule.role == Role::Case {
                cases.push(rule);
                continue;
            }
            // A case that fires keeps the checks behind it from being asked: none may be in a state that it is in.
            let shared = |case: &&&Rule| case.from.iter().any(|state| rule.from.has(state));
            late.extend(cases.iter().find(shared).map(|case| format!("{} behind {}", rule.name, case.name)));
        }
    }
    none("checks behind a case", &late);
}
