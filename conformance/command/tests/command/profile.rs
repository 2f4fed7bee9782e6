//! `winaccept profile learn`, and profiles in files.

use std::fs;
use std::path::Path;

use crate::running::{folder, winaccept};

const RECORDING: &str = "../evidence/wine-10.0.jsonl";

#[test]
fn a_profile_is_learned_written_and_judged_by() {
    let file = folder("profile").join("mine.toml");
    let file = file.to_str().unwrap();
    let run = winaccept(&["profile", "learn", RECORDING, "--name", "mine-1.0", "-o", file, "--format", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.out).unwrap_or_else(|why| panic!("{why}: {}", run.err));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/learn.json");
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&output).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    // A race gives now this and now that, which is known by hand.
    let contradicted = output["contradicted"].as_array().unwrap();
    assert_eq!(run.status, i32::from(!contradicted.is_empty()));
    for contradicted in contradicted {
        let (choice, allows) = (contradicted["choice"].as_str().unwrap(), &contradicted["allows"]);
        let by_hand = fs::read_to_string("../../spec-notes/profiles/wine-10.0.hand.toml").unwrap();
        let entry = format!("name = \"{choice}\"\nallows = {}", allows.to_string().replace(',', ", "));
        assert!(by_hand.contains(&entry), "{entry}");
    }
    let count = |what: &str| output[what].as_array().unwrap().len();
    let points = winaccept_model::choice::COUNT;
    let all = count("decided") + count("undecided") + count("not_asked") + count("contradicted");
    assert_eq!(all, points, "{}", run.out);
    // Of those that are not decided some are known by hand, or as documented; the rest is what the shipped profile says.
    let shipped = fs::read_to_string("../../spec-notes/profiles/wine-10.0.toml").unwrap();
    let by_hand = fs::read_to_string("../../spec-notes/profiles/wine-10.0.hand.toml").unwrap();
    for decided in output["decided"].as_array().unwrap() {
        let (choice, alternative) = (decided["choice"].as_str().unwrap(), decided["alternative"].as_str().unwrap());
        let name = format!("name = \"{choice}\"\nallows = ");
        let decided_so = shipped.contains(&format!("{name}[\"{alternative}\"]"));
        // What is known by hand to go now this way, now that, may be wider than one recording.
        let by_hand = by_hand.split(&name).nth(1).and_then(|rest| rest.lines().next());
        let wider = by_hand.is_some_and(|allows| allows.contains(&format!("\"{alternative}\"")));
        assert!(decided_so || wider, "{decided}");
    }
    let recorded = fs::read_to_string(RECORDING).unwrap();
    let recorded = winaccept::evidence::Recording::read(&recorded, RECORDING).unwrap().scenarios;
    let not_played = recorded.iter().filter(|one| one.not_taken.is_some()).count();
    assert_eq!(output["scenarios"], recorded.len() - not_played);
    let left_out = serde_json::json!({"unknown": 0, "changed": 0, "not_played": not_played, "interrupted": 0});
    assert_eq!(output["left_out"], left_out);
    assert!(fs::read_to_string(file).unwrap().contains(output["profile"].as_str().unwrap()));

    let run = winaccept(&["run", "--profile", file, "--only", "peer-reset", "--format", "json"]);
    let judged: serde_json::Value = serde_json::from_str(&run.out).unwrap_or_else(|why| panic!("{why}: {}", run.err));
    assert_eq!(judged["profile"], "mine-1.0");
    let by_name = winaccept(&["run", "--profile", "wine-10.0", "--only", "peer-reset", "--format", "json"]);
    let by_name: serde_json::Value = serde_json::from_str(&by_name.out).unwrap();
    let verdicts = |output: &serde_json::Value| {
        let all = output["scenarios"].as_array().unwrap().iter();
        all.map(|one| (one["file"].clone(), one["verdict"].clone())).collect::<Vec<_>>()
    };
    assert_eq!((run.status, verdicts(&judged)), (0, verdicts(&by_name)));
    let show = winaccept(&["show", "peer-reset-while-queued", "--profile", file]);
    assert_eq!(show.status, 0, "{}", show.err);
    let explored = |profile: &str| {
        let run = winaccept(&["explore", "select-then-accept", "--profile", profile, "--format", "json"]);
        (run.status, run.out)
    };
    assert_eq!(explored(file), explored("wine-10.0"));
}

/// A recording is edited, and its end line made to fit: what `read` refuses is not the subject here.
#[test]
fn what_is_not_learned_from_is_counted() {
    let mut recording =
        winaccept::evidence::Recording::read(&fs::read_to_string(RECORDING).unwrap(), RECORDING).unwrap();
    // Nothing can be injected into a real stack.
    let (mut played, mut not_taken) = (recording.scenarios.clone(), recording.scenarios.clone());
    played.retain(|one| one.not_taken.is_none());
    not_taken.retain(|one| one.not_taken.is_some());
    recording.scenarios = [&played[..7], &not_taken[..1]].concat();
    recording.scenarios[0].file = "mine/unknown.winaccept".to_owned();
    recording.scenarios[1].digest = "0".repeat(16);
    let file = folder("profile-counts").join("some.jsonl");
    fs::write(&file, recording.write()).unwrap();
    let out = folder("profile-counts-out").join("some.toml");
    let run = winaccept(&["profile", "learn", file.to_str().unwrap(), "-o", out.to_str().unwrap()]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let counts = "1 not known here, 1 changed since, 1 not played by the stack";
    assert!(run.out.contains(&format!("; 5 scenarios\nnot learned from: {counts}\n")), "{}", run.out);
    assert!(fs::read_to_string(out).unwrap().contains(&format!("# Not learned from: {counts}.\n")));
}

#[test]
fn what_cannot_be_learned_from_or_judged_by_is_told() {
    let folder = folder("no-profile");
    let written = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let empty = written("empty.jsonl", "");
    let broken = written("broken.toml", "schema = 1\nname = \"mine\"\nchoises = []\n");
    let taken = written("taken.toml", "schema = 1\nname = \"documented\"\n");
    let refused = [
        (vec!["profile", "learn", &empty], "no evidence in this text"),
        (vec!["profile", "learn", "nowhere.jsonl"], "nowhere.jsonl: "),
        (vec!["profile", "learn"], "<RECORDING>..."),
        (vec!["profile", "learn", RECORDING, "--by-hand", &broken], "unknown field"),
        (vec!["profile", "learn", RECORDING, "--name", "documented"], "no stack that a file could be the profile of"),
        (vec!["profile", "learn", RECORDING, "--name", ""], "`` cannot name a profile"),
        (vec!["profile", "learn", RECORDING, "--name", "a\u{1b}b"], "`a\\u{1b}b` cannot name a profile"),
        (vec!["run", "--profile", &broken], "unknown field `choises`"),
        (vec!["run", "--profile", &taken], "no stack that a file could be the profile of"),
        (vec!["run", "--profile", "windoze"], "no profile is called `windoze`"),
        (vec!["run", "--profile", "nowhere.toml"], "nowhere.toml: "),
    ];
    for (arguments, expected) in refused {
        let run = winaccept(&arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(expected), "{arguments:?}: {}", run.err);
    }
}
