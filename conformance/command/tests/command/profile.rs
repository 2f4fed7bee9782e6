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
    assert_eq!(run.status, i32::from(output["contradicted"] != serde_json::json!([])));
    assert!(output["decided"].as_array().unwrap().len() > 40, "{}", run.out);
    assert!(fs::read_to_string(file).unwrap().contains(output["profile"].as_str().unwrap()));

    let run = winaccept(&["run", "--profile", file, "--only", "reset", "--format", "json"]);
    let judged: serde_json::Value = serde_json::from_str(&run.out).unwrap_or_else(|why| panic!("{why}: {}", run.err));
    assert_eq!(judged["profile"], "mine-1.0");
    let show = winaccept(&["show", "peer-reset-while-queued", "--profile", file]);
    assert_eq!(show.status, 0, "{}", show.err);
    let explore = winaccept(&["explore", "select-then-accept", "--profile", file]);
    assert!(explore.status < 2, "{}", explore.err);
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
