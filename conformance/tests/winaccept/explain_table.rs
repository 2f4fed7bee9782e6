//! The tables of outcomes: complete, and right where it is known what is right.

use winaccept::explain::table::{self, Loop, Row, SpeaksOf};
use winaccept_model::rule::{Gives, Table};

/// The row of this outcome; what needs SO_CONDITIONAL_ACCEPT has rows of its own.
fn row(call: &str, outcome: &str, of: SpeaksOf) -> Row {
    let table = table::table(call).expect("it has a table");
    let conditional = |row: &Row| row.rules.iter().all(|rule| rule.ends_with(".request-withdrawn"));
    let rows = table.outcomes.into_iter().filter(|row| row.outcome == outcome && row.speaks_of == of);
    let mut rows = rows.filter(|row| !conditional(row));
    let row = rows.next().unwrap_or_else(|| panic!("{call} = {outcome}"));
    assert!(rows.next().is_none(), "{call} = {outcome} stands there twice");
    row
}

#[test]
fn every_outcome_has_one_meaning() {
    assert_eq!(table::gaps(), Vec::<String>::new());
}

#[test]
fn a_reset_client_says_nothing_against_the_listener() {
    let row = row("accept", "WSAECONNRESET", SpeaksOf::Connection);
    assert_eq!(row.then, Loop::GoesOn);
    let under = |profile| row.profiles.iter().find(|under| under.profile == profile).unwrap();
    assert!(under("documented").possible);
    assert_eq!(under("documented").connection, Some("lost"));
    // C1, W8-11: accept succeeds there.
    assert!(!under("windows").possible && under("windows").known);
    assert!(row.clauses.contains(&"accept.err.WSAECONNRESET"));
}

/// Nobody has seen what Windows does with a request that is taken back (C4).
#[test]
fn a_request_taken_back_has_a_row_of_its_own() {
    for (call, outcomes) in [("accept", &["WSAECONNRESET"][..]), ("WSAAccept", &["WSAECONNRESET", "WSAEACCES"])] {
        let table = table::table(call).unwrap().outcomes;
        let rule = format!("{call}.request-withdrawn");
        let rows: Vec<_> = table.iter().filter(|row| row.rules.contains(&rule.as_str())).collect();
        assert_eq!(rows.iter().map(|row| row.outcome.as_str()).collect::<Vec<_>>(), outcomes);
        for under in rows.iter().flat_map(|row| &row.profiles).filter(|under| under.profile == "windows") {
            assert!(under.possible && !under.known, "{call}");
        }
    }
}

#[test]
fn one_code_may_say_two_things() {
    assert_eq!(row("accept", "WSAEINTR", SpeaksOf::Caller).rules, ["cancelled.by-hook"]);
    assert_eq!(row("accept", "WSAEINTR", SpeaksOf::Listener).then, Loop::Ends);
}

#[test]
fn resources_are_waited_for() {
    let row = row("WSAAccept", "WSAEMFILE", SpeaksOf::Resources);
    assert_eq!(row.then, Loop::Waits);
    assert!(row.profiles.iter().all(|under| under.possible && (under.known == (under.profile == "documented"))));
}

#[test]
fn what_cannot_be_said_of_a_stack_is_said_to_be_unknown() {
    for call in table::calls() {
        for row in table::table(call).unwrap().outcomes {
            for under in row.profiles.iter().filter(|under| under.profile == "documented") {
                assert!(under.known, "{call} = {}", row.outcome);
            }
        }
    }
}

/// 10054 at one place is 64 at another: loops took the one for the other, and lost a request with each reset.
#[test]
fn how_a_request_ends_is_told_in_both_languages() {
    let table = table::table("AcceptEx").unwrap().outcomes;
    let reset = table.iter().find(|row| row.of_request && row.outcome == "WSAECONNRESET").expect("it can be reset");
    assert_eq!((reset.at_port.as_deref(), reset.then), (Some("ERROR_NETNAME_DELETED"), Loop::GoesOn));
    assert_eq!(reset.rules, ["AcceptEx.peer-reset", "AcceptEx.peer-reset-to-receive", "AcceptEx.reset-before-data"]);
    // WSAENOTCONN is Wine's word for it.
    let wine = table.iter().find(|row| row.of_request && row.outcome == "WSAENOTCONN").expect("Wine gives it");
    let possible = |profile| wine.profiles.iter().any(|under| under.profile == profile && under.possible);
    assert_eq!([possible("documented"), possible("windows"), possible("wine-10.0")], [false, false, true]);
}

#[test]
fn a_rule_that_ends_a_request_says_with_what() {
    let of_requests = [Table::AcceptExTakes, Table::AcceptExData, Table::AcceptExLoses];
    for rule in of_requests.into_iter().flat_map(Table::rules) {
        let silent = rule.gives.values().contains(&Gives::Silent) && rule.has_effect();
        assert_eq!(silent, !rule.ends.is_empty(), "{}", rule.name);
        let ways = rule.asks.first().map_or(1, |point| point.alternatives().len());
        assert!(rule.ends.len() <= 1 || rule.ends.len() == ways, "{} has one end for each alternative", rule.name);
    }
}
