//! WSAAsyncSelect, a window and its messages.
#![cfg(not(windows))]

#[allow(dead_code)] // another test has the other servers
mod servers;

use servers::windows::{loops, quits};
use winaccept_windows_sys::{Judge, fuzz, wait_for_stop};

#[test]
fn a_loop_that_heeds_its_messages_is_not_convicted() {
    let runs = if cfg!(debug_assertions) { 300 } else { 3000 };
    for profile in ["documented", "windows"] {
        match fuzz(|| loops(false)).profile(profile).expect("it is one of them").runs(runs).run() {
            Ok(passed) => assert!(passed.undecided * 20 <= passed.runs, "under {profile}:\n{}", passed.reasons()),
            Err(finding) => panic!("under {profile}:\n{finding}"),
        }
    }
}

#[test]
fn a_loop_that_quits_at_a_failure_is_convicted() {
    let finding = fuzz(|| loops(true)).run().map(|passed| panic!("not convicted\n{}", passed.reasons()));
    let finding = finding.expect_err("it is a finding");
    assert!(matches!(finding.judge, Judge::Alive | Judge::NoLoss) && finding.confirmed, "{finding}");
    assert!(finding.scenario.contains("WSAAsyncSelect") && finding.scenario.contains("GetMessage"), "{finding}");
}

#[test]
fn what_is_posted_is_fetched() {
    let whole = || {
        quits();
        wait_for_stop();
    };
    let passed = fuzz(whole).only(Judge::NoMisuse).runs(50).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(passed.undecided, 0, "{}", passed.reasons());
}
