//! Every exhibit: the broken form is convicted by the judge that it names, in a few events; the mended form by none.

use winaccept_program::Finding;
use winaccept_program::museum::{Exhibit, all, find};

/// A finding has no more events than this.
const FEW: usize = 12;

/// What is wrong with what was found in the broken form.
fn wrong_with(exhibit: &Exhibit, finding: &Finding) -> Option<String> {
    let (name, events) = (exhibit.name, finding.events);
    if finding.judge.name() != exhibit.judge {
        return Some(format!("{name}: convicted by {} and not by {}\n{finding}", finding.judge, exhibit.judge));
    }
    if !finding.confirmed {
        return Some(format!("{name}: the scenario does not go as the program did\n{finding}"));
    }
    if !finding.chart.contains("\nas the scenario expects, ") {
        return Some(format!("{name}: no chart, or one of another run\n{finding}"));
    }
    (events > FEW).then(|| format!("{name}: {events} events\n{finding}"))
}

#[test]
fn a_finding_is_a_picture_and_a_capture_too() {
    let exhibit = find("one-reset-ends-the-loop").expect("it is there");
    let finding = exhibit.broken().run().expect_err("the broken form is convicted");
    let picture = finding.picture().expect("there is a chart");
    assert!(picture.contains("<svg") && picture.contains("WSAEMFILE"), "{picture}");
    let capture = finding.capture().expect("there is a chart");
    assert!(capture.windows(9).any(|part| part == b"WSAEMFILE"), "it is in a comment");
    let syn = 1 << 1;
    assert!(capture.windows(34).any(|ip| ip[..2] == [0x45, 0] && ip[9] == 6 && ip[33] == syn), "a SYN is a packet");
}

#[test]
fn broken_loops_are_convicted() {
    let mut wrong = Vec::new();
    for exhibit in all() {
        match exhibit.broken().run() {
            Ok(passed) => wrong.push(format!(
                "{}: not convicted in {} runs, {} undecided",
                exhibit.name, passed.runs, passed.undecided
            )),
            Err(finding) => {
                println!("{}: {} events, run {}\n{finding}", exhibit.name, finding.events, finding.runs);
                wrong.extend(wrong_with(exhibit, &finding));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What convicts a mended form in so many runs, or leaves too many undecided.
fn wrong_with_mended(exhibit: &Exhibit, runs: u64) -> Option<String> {
    match exhibit.mended().runs(runs).run() {
        Ok(passed) if passed.undecided * 20 > passed.runs => {
            Some(format!("{}: of {} runs {} were undecided", exhibit.name, passed.runs, passed.undecided))
        }
        Ok(_) => None,
        Err(finding) => Some(format!("{}: the mended form is convicted\n{finding}", exhibit.name)),
    }
}

fn no_mended_loop_is_convicted(runs: u64) {
    let exhibits: Vec<&Exhibit> = all().collect();
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..processors)
            .map(|part| {
                let mine = exhibits.iter().skip(part).step_by(processors);
                scope.spawn(move || mine.filter_map(|exhibit| wrong_with_mended(exhibit, runs)).collect::<Vec<_>>())
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("it only looks")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// In a build without optimisation so many runs would take a quarter of an hour.
#[test]
fn mended_loops_are_not_convicted() {
    no_mended_loop_is_convicted(if cfg!(debug_assertions) { 400 } else { 20_000 });
}

#[test]
#[ignore = "minutes: cargo test --release -p winaccept-program --test museum -- --ignored"]
fn mended_loops_are_not_convicted_in_100_000_runs() {
    no_mended_loop_is_convicted(100_000);
}

#[test]
fn what_was_found_is_found_again() {
    for name in ["one-reset-ends-the-loop", "64-means-we-closed-it", "handled-twice", "deferred-at-once-again"] {
        let exhibit = find(name).expect("it is there");
        let finding = exhibit.broken().run().expect_err("it is broken");
        let again = exhibit.broken().run().expect_err("it is broken");
        assert_eq!(finding.scenario, again.scenario);
        let replayed = exhibit.broken().replay(&finding.replay).expect_err("it is broken");
        assert_eq!(replayed.scenario, finding.scenario);
    }
}

#[test]
fn there_are_at_least_forty() {
    assert!(all().count() >= 40, "{}", all().count());
}

#[test]
fn every_clause_is_one_of_the_inventory() {
    let notes = ["spec-notes/clauses.toml", "spec-notes/related-rules.toml"];
    for exhibit in all() {
        let id = format!("id = \"{}\"", exhibit.clause);
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let there =
            notes.iter().any(|file| std::fs::read_to_string(root.join(file)).is_ok_and(|text| text.contains(&id)));
        assert!(there, "{}: {}", exhibit.name, exhibit.clause);
    }
}

#[test]
fn names_are_told_apart() {
    let mut names: Vec<&str> = all().map(|exhibit| exhibit.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
