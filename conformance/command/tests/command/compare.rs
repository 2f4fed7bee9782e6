//! `winaccept compare`.

use std::fs;
use std::path::Path;

use crate::running::{folder, winaccept};

#[test]
fn findings_are_printed_written_and_counted() {
    let found = folder("compare");
    let arguments = ["compare", "--stack", "model:wine-8.0", "--profile", "documented", "--runs", "12", "-o"];
    let run = winaccept(&[&arguments[..], &[found.to_str().unwrap(), "--format", "json"]].concat());
    assert_eq!((run.status, run.err.as_str()), (1, ""));
    let output: serde_json::Value = serde_json::from_str(&run.out).unwrap_or_else(|why| panic!("{why}: {}", run.out));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/compare.json");
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&output).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let findings = output["findings"].as_array().unwrap();
    assert_eq!(output["runs"], 12);
    assert_eq!(fs::read_dir(&found).unwrap().count(), findings.len());

    let text = winaccept(&arguments[..7]);
    assert_eq!(text.status, 1);
    for finding in findings {
        assert!(text.out.contains(finding["scenario"].as_str().unwrap()), "{}", text.out);
    }
    assert!(text.out.contains(&format!("12 scenarios, {} kinds of difference", findings.len())), "{}", text.out);
}

#[test]
fn every_finding_can_be_run() {
    let found = folder("compare-run");
    let found = found.to_str().unwrap();
    winaccept(&["compare", "--stack", "model:wine-10.0", "--profile", "documented", "--runs", "12", "-o", found]);
    let run = winaccept(&["run", "--profile", "wine-10.0", found]);
    assert_eq!((run.status, run.err.as_str()), (0, ""), "{}", run.out);
}

#[test]
fn a_stack_that_differs_in_nothing_is_status_0() {
    let run = winaccept(&["compare", "--stack", "model:windows", "--profile", "windows", "--runs", "20"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(run.out, "model-windows against windows, seed 1: 20 scenarios, 0 kinds of difference\n");
}

#[test]
fn what_cannot_be_compared_is_told() {
    let refused = [
        (vec!["compare"], "--stack <STACK>"),
        (vec!["compare", "--stack", "model"], "the model under which profile?"),
        (vec!["compare", "--stack", "model:windoze"], "no profile is called `windoze`"),
        (vec!["compare", "--stack", "moon"], "no stack is called `moon`"),
        (vec!["compare", "--stack", "model:windows", "--for", "soon"], "`soon` is no time such as 90s"),
        (vec!["compare", "--stack", "model:windows", "--for", "9s", "--runs", "2"], "cannot be used with"),
        (vec!["compare", "--stack", "model:windows", "--steps", "0"], "0 is not in 1..=200"),
    ];
    for (arguments, expected) in refused {
        let run = winaccept(&arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(expected), "{arguments:?}: {}", run.err);
    }
    let short = winaccept(&["compare", "--stack", "model:windows", "--profile", "documented", "--for", "1s"]);
    assert_eq!(short.status, 1, "{}", short.err);
}
