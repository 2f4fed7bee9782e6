//! Servers as somebody writes them who knows the documents: without their bugs they are left alone, with them convicted.
#![cfg(not(windows))]

#[allow(dead_code)] // another test has the other servers
mod servers;

use servers::experts;
use winaccept_windows_sys::{Judge, fuzz};

type Server = fn(bool);

const SERVERS: &[(&str, Server, Judge)] = &[
    ("threads that are joined", experts::joins, Judge::Alive),
    ("WSAPoll", experts::polls, Judge::NoSpin),
    ("a port", experts::port, Judge::Alive),
    ("one request", experts::one_request, Judge::NoMisuse),
    ("a condition function", experts::asks, Judge::NoSpin),
    ("select", experts::selects, Judge::Alive),
];

#[test]
fn sound_servers_are_not_convicted() {
    let runs = std::env::var("WINACCEPT_RUNS").ok().and_then(|runs| runs.parse().ok());
    let runs = runs.unwrap_or(if cfg!(debug_assertions) { 100 } else { 2000 });
    for (name, server, _) in SERVERS {
        for profile in ["documented", "windows"] {
            let search = fuzz(|| server(false)).profile(profile).expect("it is bundled").runs(runs);
            match search.run() {
                Ok(passed) => assert!(passed.undecided * 10 <= passed.runs, "{name}:\n{}", passed.reasons()),
                Err(finding) => panic!("{name}, under {profile}:\n{finding}"),
            }
        }
    }
}

#[test]
fn their_bugs_are_found() {
    for (name, server, judge) in SERVERS {
        let result = fuzz(|| server(true)).run();
        let finding = result.map(|_| panic!("{name}: not convicted")).expect_err("it is a finding");
        assert_eq!(finding.judge, *judge, "{name}:\n{finding}");
        println!("{name}: {} events, run {}", finding.events, finding.runs);
        assert!(finding.confirmed && finding.events <= 14, "{name}: {} events\n{finding}", finding.events);
    }
}
