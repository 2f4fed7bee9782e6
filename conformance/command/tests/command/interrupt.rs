//! An interrupt ends long work with what it has.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::running::{Run, folder};

/// Runs this and interrupts it. A slow machine may be interrupted before it has begun: then it is given more time.
fn interrupted(arguments: &[&str]) -> Run {
    for seconds in [1, 3, 9, 27] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_winaccept"));
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(seconds));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        // 130: it had not begun what can be ended.
        if let Some(status) = output.status.code().filter(|status| *status != 130) {
            let text = |bytes| String::from_utf8(bytes).unwrap();
            return Run { status, out: text(output.stdout), err: text(output.stderr) };
        }
    }
    panic!("{arguments:?}: it never began");
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|why| panic!("{why}: {} {}", run.out, run.err))
}

#[test]
fn explore_tells_what_it_visited() {
    let run = interrupted(&["explore", "../../examples/backlog-4.winaccept"]);
    assert_eq!(run.status, 2, "{}", run.err);
    assert!(run.out.contains(": NOT everything: interrupted\n"), "{}", run.out);
    assert!(run.out.contains("nothing broke in the ") && run.out.contains("the rest was not looked at"), "{}", run.out);
}

#[test]
fn run_tells_what_it_judged() {
    let folder = folder("interrupt-run");
    fs::write(folder.join("a.winaccept"), "scenario \"quick\"\n\nserver  WSAGetLastError() = 0\n").unwrap();
    fs::copy("../../examples/backlog-4.winaccept", folder.join("b.winaccept")).unwrap();
    let run = interrupted(&["run", folder.to_str().unwrap(), "--max-states", "4000000000", "--format", "json"]);
    assert_eq!(run.status, 2, "{}", run.err);
    let output = json(&run);
    let [quick] = &output["scenarios"].as_array().unwrap()[..] else { panic!("{output:#}") };
    assert_eq!((&quick["name"], &quick["verdict"]), (&"quick".into(), &"pass".into()));
    assert_eq!(output["errors"][0]["message"], "interrupted: 1 of 2 scenarios were not judged");
}

#[test]
fn compare_tells_what_it_found() {
    let run = interrupted(&["compare", "--stack", "model:wine-8.0", "--for", "1h", "--format", "json"]);
    assert_eq!(run.status, 1, "{}", run.err);
    let output = json(&run);
    assert!(output["runs"].as_u64().unwrap() > 0 && output["not_played"] == 0, "{output:#}");
    assert!(!output["findings"].as_array().unwrap().is_empty(), "{output:#}");
}

#[test]
fn profile_learn_learns_from_what_it_looked_at() {
    let run = interrupted(&["profile", "learn", "../evidence/wine-10.0.jsonl", "--format", "json"]);
    if run.status == 0 {
        return; // this machine was done before
    }
    assert_eq!(run.status, 2, "{}", run.err);
    let output = json(&run);
    let left_out = output["left_out"]["interrupted"].as_u64().unwrap();
    assert!(left_out > 0, "{output:#}");
    let all = left_out + output["scenarios"].as_u64().unwrap();
    assert!(run.err.contains(&format!("nothing was learned from {left_out} of {all} scenarios")), "{}", run.err);
}

#[test]
fn coverage_tells_the_mutants_it_did_not_try() {
    let run = interrupted(&["coverage", "--kill", "--format", "json"]);
    assert_eq!(run.status, 2, "{}", run.err);
    let output = json(&run);
    let count = |what: &str| output["rules"][what].as_u64().unwrap();
    assert!(count("not_tried") > 0, "{output:#}");
    assert_eq!((count("not_tried") + count("mutants")) as usize, winaccept::coverage::mutants().len());
}

#[cfg(not(windows))]
#[test]
fn fuzz_says_nothing_of_what_was_searched_in_part() {
    let run = interrupted(&["fuzz", "--runs", "1000000", "--format", "json"]);
    assert_eq!(run.status, 2, "{}", run.err);
    let said = "error: interrupted: ";
    assert!(run.err.starts_with(said) && run.err.contains(" exhibits were not searched to the end"), "{}", run.err);
    let searched = json(&run).as_array().unwrap().len();
    assert!(searched.is_multiple_of(2), "both forms, or none: {searched}");
    for mended in json(&run).as_array().unwrap().iter().skip(1).step_by(2) {
        assert_eq!(mended["runs"], 1_000_000, "{mended:#}");
    }
}

#[test]
fn evidence_says_nothing_of_halves_that_were_judged_in_part() {
    let run = interrupted(&["evidence", "--halves"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert_eq!(run.err, "error: interrupted: the halves were not judged to their end\n");
}
