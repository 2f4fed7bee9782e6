//! Everything that is written as JSON is as its schema in `conformance/schemas` says.

use std::path::Path;

use crate::running::{self, winaccept};
use jsonschema::Validator;
use winaccept::chart;
use winaccept::profiles::Choices;
use winaccept::{explain, graph, suite};
use winaccept_model::step::Machine;

/// The schema of this name, as it is kept for others to use.
fn schema(name: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(format!("{name}.json"));
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn holds(schema: &Validator, what: &str, json: &str) {
    let value = serde_json::from_str(json).unwrap_or_else(|why| panic!("{what}: {why}\n{json}"));
    let errors: Vec<String> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what} is not as its schema says: {errors:#?}");
}

#[test]
fn every_trace_of_every_bundled_scenario() {
    let schema = schema("trace");
    for profile in ["documented", "wine-8.0"] {
        let machine = Machine::new(Choices::bundled().profile(profile).unwrap());
        for scenario in suite::bundled().unwrap() {
            let (chart, judged) = chart::of(&scenario, &machine);
            for line in chart::json_lines(&chart, &judged).lines() {
                holds(&schema, &scenario.file, line);
            }
        }
    }
}

#[test]
fn every_explanation() {
    let schema = schema("explain");
    let spec = winaccept::spec::Spec::bundled();
    let ids = spec.entries().map(|entry| entry.id().to_owned()).chain(spec.notes().iter().map(|note| note.id.clone()));
    let names =
        ["WSAECONNRESET", "10013", "WSAEFAULT", "accept", "select", "connect", "WSAPoll", "documented", "wine-8.0"];
    let rules = winaccept_model::rules::all().map(|(_, rule)| rule.name.to_owned());
    let choices = Choices::bundled().choices.iter().map(|choice| choice.name.clone());
    let seen = spec.observations().iter().map(|seen| seen.id.clone());
    let documented = Box::leak(Box::new(Choices::bundled().profile("documented").unwrap()));
    for name in
        ids.step_by(7).chain(names.map(str::to_owned)).chain(rules.step_by(5)).chain(choices).chain(seen.step_by(9))
    {
        let explanation = explain::explain(&name, documented).unwrap();
        holds(&schema, &name, &serde_json::to_string(&explanation).unwrap());
    }
}

#[test]
fn every_graph() {
    let each = schema("graph");
    for subject in graph::SUBJECTS.iter() {
        holds(&each, subject.name, &winaccept(&["graph", subject.name, "--format", "json"]).out);
    }
    holds(&schema("graph-overview"), "graph", &winaccept(&["graph", "--format", "json"]).out);
}

#[test]
fn what_the_other_commands_write() {
    let folder = running::folder("outputs");
    std::fs::write(folder.join("a.winaccept"), "scenario \"nothing much\"\n\na  WSACreateEvent() = E\n").unwrap();
    let folder = folder.to_str().unwrap();
    for (name, arguments) in [
        ("run", &["run"][..]),
        ("run", &["run", "--profile", "windows"]),
        ("run", &["run", "--profile", "wine-10.0"]),
        ("run", &["run", folder]),
        ("check", &["check", "--machine", "windows8-server", "--profile", "windows"]),
        ("check", &["check", "--machine", "windows8-server"]),
        ("coverage", &["coverage"]),
        ("evidence", &["evidence"]),
        ("evidence-corners", &["evidence", "--corners"]),
        ("evidence-halves", &["evidence", "--halves"]),
        ("explore", &["explore", "reset-against-accept"]),
        ("explore", &["explore", "accept-against-close", "--profile", "windows"]),
        ("explore", &["explore", "../../examples/backlog-3.winaccept", "--max-states", "1000"]),
        ("explore-how", &["explore", "reset-against-accept", "--how", "accept = handle"]),
        ("fmt", &["fmt", "--check", folder]),
        ("list", &["list"]),
    ] {
        let run = winaccept(&[arguments, &["--format", "json"]].concat());
        assert!(run.status != 101, "{}", run.err);
        holds(&schema(name), &arguments.join(" "), &run.out);
    }
}

#[test]
fn one_rule_is_broken_in_every_way() {
    let broken = winaccept(&["coverage", "--kill", "--rule", "listen.unbound"]);
    assert_eq!(broken.status, 0, "{}", broken.err);
    assert!(broken.out.starts_with("listen.unbound\n  never fires "), "{}", broken.out);
    assert!(broken.out.lines().skip(1).all(|line| line.contains(" killed")), "{}", broken.out);
    let nobody = winaccept(&["coverage", "--kill", "--rule", "listen.nothing"]);
    assert_eq!((nobody.status, nobody.err.as_str()), (2, "error: no rule's name begins with `listen.nothing`\n"));
}
