//! Judging loops of which it is known whether they are sound, shared by the test programs that have some.
#![allow(unreachable_pub)] // it is shared inside test programs, which export nothing

use winaccept_program::{Fuzz, Judge, Winsock};

pub type Loop = fn(&Winsock<'_>);

/// Searches a sound loop; what is wrong with what came of it. `WINACCEPT_RUNS` makes it search for longer.
pub fn searched(name: &str, server: Loop, profile: &str, runs: u64) -> Option<String> {
    let runs = std::env::var("WINACCEPT_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(runs);
    let fuzz = Fuzz::new(server).profile(profile).expect("it is one of the profiles").runs(runs);
    match fuzz.run() {
        Err(finding) => Some(format!("{name}, under {profile}:\n{finding}")),
        Ok(passed) if passed.undecided * 4 > passed.runs => {
            Some(format!("{name}, under {profile}: {} of {} undecided", passed.undecided, passed.runs))
        }
        Ok(_) => None,
    }
}

/// Under what is documented, and under what Windows is known to do, nobody convicts any of these.
pub fn none_is_convicted(sound: &[(&str, Loop)], runs: u64) {
    let mut wrong = Vec::new();
    for (name, server) in sound {
        wrong
            .extend(["documented", "windows"].into_iter().filter_map(|profile| searched(name, *server, profile, runs)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each of these is convicted by the judge that is named, with a record that the model confirms.
pub fn all_are_convicted(broken: &[(&str, Loop, Judge)]) {
    let mut wrong = Vec::new();
    for (name, server, judge) in broken {
        match Fuzz::new(*server).run() {
            Err(finding) if finding.judge == *judge && finding.confirmed => {
                println!("{name}: {} events, run {}", finding.events, finding.runs);
            }
            Err(finding) => {
                wrong.push(format!("{name}, not by {judge} (confirmed: {}):\n{finding}", finding.confirmed));
            }
            Ok(passed) => wrong.push(format!("{name}: not convicted, {} undecided", passed.undecided)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
