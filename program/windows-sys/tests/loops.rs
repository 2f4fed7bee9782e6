//! Loops of the museum, written against `windows-sys`: the broken form is convicted by the judge that convicts the typed one, the
//! mended form by none.
#![cfg(not(windows))]

#[allow(dead_code)] // another test has the other servers
mod servers;

use servers::{blocking, conditional, overlapped, readiness};
use winaccept_program::museum;
use winaccept_windows_sys::fuzz;

type Server = fn(bool);

/// Exhibits, each as it is written for Windows.
const LOOPS: &[(&str, Server)] = &[
    ("one-reset-ends-the-loop", blocking::server),
    ("emfile-while-readable", readiness::selects),
    ("emfile-while-readable", readiness::polls),
    ("event-never-reset", readiness::events),
    ("one-bad-client-closes-the-listener", overlapped::port),
    ("handled-twice", overlapped::handled_twice),
    ("example-of-acceptex", overlapped::event),
    ("deferred-at-once-again", conditional::defers),
];

#[test]
fn broken_loops_are_convicted_by_the_same_judges() {
    for (name, server) in LOOPS {
        let judge = museum::find(name).expect("it is there").judge;
        let finding = fuzz(|| server(true)).run().map(|passed| panic!("{name}: not convicted\n{}", passed.reasons()));
        let finding = finding.expect_err("it is a finding");
        assert_eq!(finding.judge.name(), judge, "{name}\n{finding}");
        assert!(finding.confirmed && finding.events <= 12, "{name}: {} events\n{finding}", finding.events);
        let again = fuzz(|| server(true)).replay(&finding.replay).expect_err("it was found");
        assert_eq!(again.scenario, finding.scenario, "{name}");
    }
}

#[test]
fn mended_loops_are_not_convicted() {
    let runs = if cfg!(debug_assertions) { 300 } else { 5000 };
    for (name, server) in LOOPS {
        match fuzz(|| server(false)).runs(runs).run() {
            Ok(passed) => assert!(passed.undecided * 20 <= passed.runs, "{name}:\n{}", passed.reasons()),
            Err(finding) => panic!("{name}: the mended form is convicted\n{finding}"),
        }
    }
}
