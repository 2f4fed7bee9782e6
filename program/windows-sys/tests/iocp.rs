//! A server that makes all it does a request, written against `windows-sys`: nobody convicts it, and its broken forms are.
#![cfg(not(windows))]

#[allow(dead_code)] // another test has the other servers
mod servers;

use servers::iocp::{Bug, echo};
use winaccept_windows_sys::{Judge, fuzz};

#[test]
fn an_echo_server_is_not_convicted() {
    let runs = if cfg!(debug_assertions) { 300 } else { 20_000 };
    for profile in ["documented", "windows"] {
        match fuzz(|| echo(Bug::Nothing)).profile(profile).expect("it is one of them").runs(runs).run() {
            Ok(passed) => assert!(passed.undecided * 20 <= passed.runs, "under {profile}:\n{}", passed.reasons()),
            Err(finding) => panic!("under {profile}:\n{finding}"),
        }
    }
}

#[test]
fn an_echo_server_of_completion_routines_is_not_convicted() {
    let runs = if cfg!(debug_assertions) { 300 } else { 5_000 };
    for profile in ["documented", "windows"] {
        match fuzz(servers::routines::echo).profile(profile).expect("it is one of them").runs(runs).run() {
            Ok(passed) => assert!(passed.undecided * 20 <= passed.runs, "under {profile}:\n{}", passed.reasons()),
            Err(finding) => panic!("under {profile}:\n{finding}"),
        }
    }
}

#[test]
fn broken_echo_servers_are_convicted() {
    let broken = [
        (Bug::NoEnd, Judge::NoSpin, "without a wait"),
        (Bug::FreesSent, Judge::NoMisuse, "is freed while the request is under way"),
        (Bug::OneOverlapped, Judge::NoMisuse, "WSASend is given an OVERLAPPED whose request is under way"),
    ];
    for (bug, judge, wanted) in broken {
        let finding =
            fuzz(move || echo(bug)).run().map(|passed| panic!("{wanted}: not convicted\n{}", passed.reasons()));
        let finding = finding.expect_err("it is a finding");
        assert!(finding.judge == judge && finding.reason.contains(wanted), "{finding}");
        assert!(finding.confirmed, "{finding}");
    }
}
