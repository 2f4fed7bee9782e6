//! The tables of outcomes: complete, and right where it is known what is right.

use winaccept::explain::table::{self, Loop, Row, SpeaksOf};

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
