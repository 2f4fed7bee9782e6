//! `winaccept graph`: what the rules add up to, as text and as pictures.

use std::collections::BTreeSet;

use crate::running::winaccept;
use winaccept::graph::flow::{Edge, Flow};
use winaccept::graph::{SUBJECTS, Sockets};
use winaccept_model::rules;

#[test]
fn accept_as_text() {
    insta::assert_snapshot!(winaccept(&["graph", "accept"]).out);
}

#[test]
fn accept_for_graphviz() {
    insta::assert_snapshot!(winaccept(&["graph", "accept", "--format", "dot"]).out);
}

#[test]
fn listen_for_mermaid() {
    insta::assert_snapshot!(winaccept(&["graph", "listen", "--format", "mermaid"]).out);
}

#[test]
fn sockets_for_mermaid() {
    insta::assert_snapshot!(winaccept(&["graph", "--format", "mermaid"]).out);
}

#[test]
fn every_call_in_every_state() {
    insta::assert_snapshot!(winaccept(&["graph"]).out);
}

#[test]
fn json_lists_illegal_pairs() {
    let run = winaccept(&["graph", "--format", "json"]);
    let overview: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let row = overview["table"].as_array().unwrap().iter().find(|row| row["call"] == "accept").unwrap();
    let cell =
        |state: &str| row["states"].as_array().unwrap().iter().find(|cell| cell["state"] == state).unwrap().clone();
    assert_eq!((&cell("Listening")["legal"], &cell("Bound")["legal"]), (&true.into(), &false.into()));
    assert!(cell("Bound")["gives"].as_array().unwrap().contains(&"WSAEINVAL".into()));
}

#[test]
fn every_rule_stands_on_an_edge() {
    let mut drawn = BTreeSet::new();
    for subject in SUBJECTS.iter() {
        for (_, why, _) in Flow::of(*subject).edges() {
            if let Edge::Rules(labels) = why {
                drawn.extend(labels.iter().map(|label| label.rule));
            }
        }
    }
    for (_, rule) in rules::all() {
        assert!(drawn.contains(rule.name), "{} is on no graph", rule.name);
    }
}

#[test]
fn every_declared_change_is_drawn() {
    let sockets = Sockets::new();
    for (_, rule) in rules::all() {
        let Some(to) = rule.to else { continue };
        for from in rule.from.iter() {
            let found = sockets
                .edges()
                .any(|(a, b, labels)| (a, b) == (from, to) && labels.iter().any(|label| label.rule == rule.name));
            assert!(found, "{} from {from:?} is not drawn", rule.name);
        }
    }
}

#[test]
fn an_unknown_name_is_answered_with_a_near_one() {
    let run = winaccept(&["graph", "acept"]);
    assert_eq!(run.status, 2);
    assert_eq!(run.err, "error: no call or happening is called `acept`\nhelp: did you mean `accept`?\n");
}
