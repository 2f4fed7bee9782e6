//! `winaccept compare`.

use std::fs;
use std::path::Path;

use crate::running::{folder, winaccept};

/// Kinds of difference that 12 random scenarios of seed 1 show between `wine-8.0` and what is documented.
const FOUND_IN_12: usize = 6;

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
    assert_eq!((&output["runs"], &output["not_played"], findings.len()), (&12.into(), &0.into(), FOUND_IN_12));
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
    let arguments = ["compare", "--stack", "model:wine-10.0", "--profile", "documented", "--runs", "12", "--seed", "1"];
    winaccept(&[&arguments[..], &["-o", found]].concat());
    let run = winaccept(&["run", "--profile", "wine-10.0", found, "--format", "json"]);
    assert_eq!(run.err, "");
    let output: serde_json::Value = serde_json::from_str(&run.out).unwrap_or_else(|why| panic!("{why}: {}", run.out));
    let judged = output["scenarios"].as_array().expect("the scenarios of a run");
    assert!(!judged.is_empty());
    for result in judged {
        // The stack took one of the ways that its profile leaves open.
        assert!(["pass", "possible"].contains(&result["verdict"].as_str().expect("a verdict")), "{result}");
    }
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
        (vec!["compare", "--stack", "model:windows", "--for", "soon"], "it takes a time above nothing, such as 90s"),
        (vec!["compare", "--stack", "model:windows", "--for", "9s", "--runs", "2"], "cannot be used with"),
        (vec!["compare", "--stack", "model:windows", "--steps", "0"], "it takes a whole number from 1 to 200"),
        (vec!["compare", "--stack", "model:windows", "--runs", "0"], "it takes a whole number of 1 or more"),
    ];
    for (arguments, expected) in refused {
        let run = winaccept(&arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(expected), "{arguments:?}: {}", run.err);
    }
    let short = winaccept(&["compare", "--stack", "model:windows", "--profile", "documented", "--for", "1s"]);
    assert_eq!(short.status, 1, "{}", short.err);
}

/// A worker that answers this many requests, whoever asks, and then dies whenever it is asked. Every call returns 52.
#[cfg(unix)]
fn mortal(name: &str, requests: usize) -> String {
    const WORKER: &str = r#"
        while read -r line; do
            n=$((n + 1)); left=$(cat "$1"); echo $((left - 1)) > "$1"
            [ "$left" -gt 0 ] || exit 3
            case $line in
            *'"do":"hello"'*) echo '{"id":'$n',"did":"hello","name":"toy","version":"1","build":"toy","process":7}' ;;
            *'"function"'*) echo '{"id":'$n',"did":"returned","value":52,"error":0}' ;;
            *'"do":"look"'*) echo '{"id":'$n',"did":"looked","sockets":[{"local":null,"remote":null,"readable":false}]}' ;;
            *'"do":"connections"'*) echo '{"id":'$n',"did":"connections","connections":[]}' ;;
            *'"do":"waiting"'*) echo '{"id":'$n',"did":"waiting","at":null}' ;;
            *'"do":"end"'*) echo '{"id":'$n',"did":"ended","clean":true}' ;;
            *) echo '{"id":'$n',"did":"done"}' ;;
            esac
        done"#;
    let folder = folder(name);
    let (script, left) = (folder.join("worker.sh"), folder.join("left"));
    fs::write(&script, WORKER).unwrap();
    fs::write(&left, requests.to_string()).unwrap();
    format!("exec:sh {} {}", script.display(), left.display())
}

#[cfg(unix)]
#[test]
fn a_stack_that_is_lost_from_the_beginning_is_an_error() {
    let run = winaccept(&["compare", "--stack", &mortal("compare-dead", 1), "--runs", "50"]);
    assert_eq!(run.status, 2, "{}", run.out);
    assert!(run.err.contains("error: toy-1 lost its processes in 3 scenarios in a row"), "{}", run.err);
    assert!(run.err.contains("last: the worker process ended (exit status: 3)"), "{}", run.err);
    assert!(run.out.contains("3 scenarios, 0 kinds of difference, 3 not played to their end"), "{}", run.out);
}

#[cfg(unix)]
#[test]
fn what_was_found_before_the_stack_was_lost_is_told() {
    let run = winaccept(&["compare", "--stack", &mortal("compare-dies", 50), "--runs", "50", "--format", "json"]);
    assert_eq!(run.status, 2, "{}", run.out);
    assert!(run.err.contains("error: toy-1 lost its processes in 3 scenarios in a row"), "{}", run.err);
    let output: serde_json::Value = serde_json::from_str(&run.out).unwrap_or_else(|why| panic!("{why}: {}", run.out));
    assert_eq!(output["findings"].as_array().unwrap().len(), 1, "{output:#}");
    let (runs, not_played) = (output["runs"].as_u64().unwrap(), output["not_played"].as_u64().unwrap());
    assert_eq!((not_played, runs), (3, 4), "what was played to make the finding small does not count");
}

#[cfg(unix)]
#[test]
fn a_stack_that_takes_nothing_was_compared_with_nothing() {
    let (folder, script) = (folder("compare-nothing"), "worker.sh");
    let worker = r#"
        while read -r line; do
            n=$((n + 1))
            case $line in
            *'"do":"hello"'*) echo '{"id":'$n',"did":"hello","name":"toy","version":"1","build":"toy","process":7}' ;;
            *) echo '{"id":'$n',"did":"not_done","reason":"not today"}' ;;
            esac
        done"#;
    fs::write(folder.join(script), worker).unwrap();
    let stack = format!("exec:sh {}", folder.join(script).display());
    let run = winaccept(&["compare", "--stack", &stack, "--runs", "5"]);
    assert_eq!(run.status, 2, "{}", run.out);
    assert!(run.err.contains("error: nothing was compared: toy-1 played none of 5 scenarios: "), "{}", run.err);
    assert!(run.err.contains("not today"), "{}", run.err);
}
