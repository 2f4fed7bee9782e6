//! Every exhibit: the broken form is convicted by the judge that it names, the mended form by none.

use winaccept_program::museum::{all, find};

#[test]
fn broken_loops_are_convicted_and_mended_ones_are_not() {
    let mut wrong = Vec::new();
    for exhibit in all() {
        match exhibit.broken().run() {
            Ok(passed) => wrong.push(format!(
                "{}: not convicted in {} runs, {} undecided",
                exhibit.name, passed.runs, passed.undecided
            )),
            Err(finding) => {
                println!("{}: {} events, run {}\n{finding}", exhibit.name, finding.events, finding.runs);
                if finding.judge.name() != exhibit.judge {
                    wrong.push(format!(
                        "{}: convicted by {} and not by {}\n{finding}",
                        exhibit.name, finding.judge, exhibit.judge
                    ));
                }
                if !finding.confirmed {
                    wrong.push(format!("{}: the scenario does not go as the program did\n{finding}", exhibit.name));
                }
            }
        }
        match exhibit.mended().runs(80).run() {
            Ok(passed) if passed.undecided * 2 > passed.runs => {
                wrong.push(format!("{}: of {} runs {} were undecided", exhibit.name, passed.runs, passed.undecided));
            }
            Ok(_) => {}
            Err(finding) => wrong.push(format!("{}: the mended form is convicted\n{finding}", exhibit.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_was_found_is_found_again() {
    let exhibit = find("one-reset-ends-the-loop").expect("it is there");
    let finding = exhibit.broken().run().expect_err("it is broken");
    let again = exhibit.broken().run().expect_err("it is broken");
    assert_eq!(finding.scenario, again.scenario);
    let replayed = exhibit.broken().replay(&finding.replay).expect_err("it is broken");
    assert_eq!(replayed.scenario, finding.scenario);
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
