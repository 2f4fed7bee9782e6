//! The tables of outcomes: complete, and right where it is known what is right.

use winaccept::explain::table::{self, Loop, Row, SpeaksOf};

fn row(call: &str, outcome: &str, of: SpeaksOf) -> Row {
    let table = table::table(call).expect("it has a table");
    let mut rows = table.outcomes.into_iter().filter(|row| row.outcome == outcome && row.speaks_of == of);
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
