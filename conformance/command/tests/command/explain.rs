//! `winaccept explain`: every name there is, and what a page looks like.

use crate::running::winaccept;
use winaccept::explain::{explain, render};
use winaccept::graph::SUBJECTS;
use winaccept::page::WIDTH;
use winaccept::profiles::{Choices, NAMES};
use winaccept::spec::Spec;

#[test]
fn an_error_code() {
    insta::assert_snapshot!(winaccept(&["explain", "WSAECONNRESET"]).out);
}

#[test]
fn a_choice_point() {
    insta::assert_snapshot!(winaccept(&["explain", "close-under-accept"]).out);
}

#[test]
fn a_number_is_its_code() {
    assert_eq!(winaccept(&["explain", "10054"]).out, winaccept(&["explain", "wsaeconnreset"]).out);
}

#[test]
fn json_tells_when_each_call_gives_a_code_and_what_each_stack_does() {
    let run = winaccept(&["explain", "WSAECONNRESET", "--format", "json"]);
    let page: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&page["kind"], &page["value"]), (&"code".into(), &10054.into()));
    let cause = &page["causes"][0];
    assert_eq!(cause["rule"]["name"], "accept.peer-reset");
    assert_eq!(cause["rule"]["from"], serde_json::json!(["Listening"]));
    assert_eq!(cause["clauses"][0]["id"], "accept.err.WSAECONNRESET");
    let choice = &page["choices"][0];
    assert_eq!(choice["name"], "reset-while-queued");
    let profiles: Vec<_> = choice["profiles"].as_array().unwrap().iter().map(|part| &part["profile"]).collect();
    assert_eq!(profiles, NAMES);
}

#[test]
fn every_name_has_a_page_that_fits_a_terminal() {
    let spec = Spec::bundled();
    let mut names: Vec<&str> = spec.codes().iter().map(|code| code.name.as_str()).collect();
    names.extend(spec.entries().map(winaccept::spec::Entry::id));
    names.extend(spec.notes().iter().map(|note| note.id.as_str()));
    names.extend(spec.observations().iter().map(|seen| seen.id.as_str()));
    names.extend(winaccept_model::rules::all().map(|(_, rule)| rule.name));
    names.extend(Choices::bundled().choices.iter().map(|choice| choice.name.as_str()));
    names.extend(SUBJECTS.iter().filter(|subject| subject.is_call).map(|subject| subject.name));
    names.extend(NAMES);
    let documented = Box::leak(Box::new(Choices::bundled().profile("documented").unwrap()));
    for name in names {
        let page = render(&explain(name, documented).unwrap_or_else(|error| panic!("{name}: {error}")));
        assert!(page.contains(name), "{name} is not on its own page:\n{page}");
        for line in page.lines() {
            let fits = line.chars().count() <= WIDTH || line.split_whitespace().count() == 1;
            assert!(fits, "{name}: a line is too long:\n{line}");
        }
    }
}

#[test]
fn a_name_stands_for_one_thing_only() {
    let spec = Spec::bundled();
    let rules = winaccept_model::rules::all().map(|(_, rule)| rule.name);
    let choices = Choices::bundled().choices.iter().map(|choice| choice.name.as_str());
    for name in rules.chain(choices).chain(NAMES) {
        assert!(!spec.knows(name) && spec.note(name).is_none() && spec.observation(name).is_none(), "{name}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_near_ones() {
    for (name, near) in [
        ("WSAECONRESET", "WSAECONNRESET"),
        ("ECONNRESET", "WSAECONNRESET"),
        ("acept", "accept"),
        ("accept.peer-rest", "accept.peer-reset"),
        ("reset-while-queue", "reset-while-queued"),
        ("windws", "windows"),
    ] {
        let run = winaccept(&["explain", name]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{name}");
        assert!(run.err.contains(&format!("`{near}`")), "{name}: {}", run.err);
    }
}

#[test]
fn what_is_no_word_has_no_page() {
    for name in ["", " ", "-", "...", "\u{a0}"] {
        let run = winaccept(&["explain", name]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{name:?}");
        assert!(run.err.starts_with("error: nothing is called `"), "{name:?}: {}", run.err);
    }
}

#[test]
fn a_format_that_makes_no_sense_is_refused() {
    let refused = "error: only graph, show and explore draw; everything else writes text or json\n";
    for arguments in [&["explain", "accept"][..], &["run"], &["coverage"], &["evidence"], &["fmt"], &[]] {
        for format in ["dot", "mermaid"] {
            let run = winaccept(&[arguments, &["--format", format]].concat());
            assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (2, "", refused), "{arguments:?}");
        }
    }
    let run = winaccept(&["show", "tests/show/race.winaccept", "--format", "dot"]);
    assert_eq!(
        (run.status, run.err.as_str()),
        (2, "error: show writes text, json, mermaid, svg or pcapng; graph writes dot\n")
    );
}

#[test]
fn only_show_writes_a_capture() {
    for arguments in [&["explain", "accept"][..], &["graph", "accept"], &["explore", "backlog-refuses"], &["run"], &[]]
    {
        let run = winaccept(&[arguments, &["--format", "pcapng"]].concat());
        let refused = "error: only show writes pcapng\nhelp: `winaccept show NAME --format pcapng -o FILE`\n";
        assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (2, "", refused), "{arguments:?}");
    }
}

#[test]
fn every_name_there_is_has_a_page() {
    for (name, says) in [
        ("WSAAccept", "WSAAccept: 153 clauses of its own page"),
        ("AcceptEx", "AcceptEx: 128 clauses of its own page"),
        ("Accepting a Connection", "a document"),
        ("wspaccept", "WSPAccept: 92 clauses of its own page"),
        ("SOMAXCONN", "a constant of the headers"),
        ("SO_LINGER", "an option of level SOL_SOCKET"),
        ("FD_ACCEPT", "a network event"),
        ("POLLRDNORM", "an event of WSAPoll"),
        ("SYN", "happens without a call"),
        ("listen", "listen"),
        ("TI", "only on request"),
        ("run", "our own recorded run"),
        ("wine", "a stack"),
        ("accept-succeeds", "reset-while-queued"),
        ("backlog", "a word"),
        ("silent.23", "silent.23-withdrawn-during-wait"),
    ] {
        let run = winaccept(&["explain", name]);
        assert!(run.status == 0 && run.out.contains(says), "{name}: {}{}", run.out, run.err);
    }
}

#[test]
fn a_search_finds_what_has_the_word_and_says_when_nothing_has() {
    let run = winaccept(&["explain", "--all", "linger"]);
    assert!(run.out.contains("Rules of the model") && run.out.contains("Scenarios"), "{}", run.out);
    let run = winaccept(&["explain", "--all", "lingerie"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("nothing has the word `lingerie`"), "{}", run.err);
}

#[test]
fn the_outcomes_of_a_call() {
    let table = winaccept(&["explain", "--table", "accept"]);
    assert_eq!(table.status, 0, "{}", table.err);
    assert!(
        table.out.contains("WSAECONNRESET           one connection, no other; the loop goes on at once"),
        "{}",
        table.out
    );
    let json = winaccept(&["explain", "--table", "accept", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["kind"], "table");
    let none = winaccept(&["explain", "--table", "send"]);
    assert!(
        none.err.contains("`send` has no table of outcomes") && none.err.contains("accept, WSAAccept"),
        "{}",
        none.err
    );
}
