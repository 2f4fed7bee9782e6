//! `winaccept graph`: what the rules add up to, as text and as pictures.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::running::winaccept;
use winaccept::graph::flow::{Edge, Flow};
use winaccept::graph::legal::{Gathered, Legality};
use winaccept::graph::{Result as Outcome, SUBJECTS, Sockets};
use winaccept::profiles::Choices;
use winaccept_model::profile::Profile;
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

/// What each call gives in each state and by which rule, as documented, and where `windows` differs: for whoever reviews a
/// change of a rule.
#[test]
fn every_call_in_every_state_with_its_rules() {
    let profile = |name: &str| &*Box::leak(Box::new(Choices::bundled().profile(name).unwrap()));
    let [documented, windows] = ["documented", "windows"].map(profile).map(Legality::all);
    let mut text = String::new();
    for (documented, windows) in documented.iter().zip(&windows) {
        writeln!(text, "{}", documented.subject.name).unwrap();
        writeln!(text, "  always: {}", told(&documented.always)).unwrap();
        differs(&mut text, &documented.always, &windows.always);
        for ((state, here), (_, there)) in documented.states.iter().zip(&windows.states) {
            // A call that is about no socket is the same in every state.
            let state = if documented.subject.has_socket() { format!("{state:?}") } else { "any".to_owned() };
            writeln!(text, "  {state}: {}", told(here)).unwrap();
            differs(&mut text, here, there);
        }
        if !documented.later.is_empty() || !windows.later.is_empty() {
            writeln!(text, "  after it waited: {}", told(&documented.later)).unwrap();
            differs(&mut text, &documented.later, &windows.later);
        }
    }
    insta::assert_snapshot!(text);
}

fn told(gathered: &Gathered) -> String {
    let one = |(result, rules): (&Outcome, &Vec<&str>)| format!("{} by {}", result.text(), rules.join(", "));
    if gathered.is_empty() { "nothing".to_owned() } else { gathered.iter().map(one).collect::<Vec<_>>().join("; ") }
}

fn differs(text: &mut String, documented: &Gathered, windows: &Gathered) {
    if documented != windows {
        writeln!(text, "    under windows: {}", told(windows)).unwrap();
    }
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
    let sockets = Sockets::under(&Profile::widest("anything"));
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

#[test]
fn a_graph_speaks_of_one_profile() {
    let [documented, wine] = [&[][..], &["--profile", "wine-8.0"]]
        .map(|profile| winaccept(&[&["graph", "--format", "json"], profile].concat()).out);
    let edge = |text: &str| {
        let all: serde_json::Value = serde_json::from_str(text).unwrap();
        let edges = all["sockets"]["edges"].as_array().unwrap().clone();
        edges.iter().any(|edge| (edge["from"].as_str(), edge["to"].as_str()) == (Some("Failed"), Some("Bound")))
    };
    // Only Wine 8.0 lets a socket that was refused be bound again by connecting.
    assert_eq!((edge(&documented), edge(&wine)), (false, true));
    let gives = |arguments: &[&str]| winaccept(&[&["explain", "accept"], arguments].concat()).out;
    let first = |text: String| text.split("Its errors").next().unwrap().to_owned();
    assert!(!first(gives(&[])).contains("crashes"));
    assert!(first(gives(&["--profile", "wine-8.0"])).contains("crashes"));
}

#[test]
fn a_check_says_its_own_effect() {
    let is = |rule: &str| winaccept(&["explain", rule]).out;
    assert!(is("getpeername.length-unreadable.crashes").contains("a check that brings the process down"));
    assert!(is("getpeername.bad-buffer-after-length").contains("a check that also changes what its name tells"));
    assert!(is("accept.peer-reset").contains("takes the connection off the queue"));
}
