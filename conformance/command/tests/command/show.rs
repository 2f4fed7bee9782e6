//! `winaccept show`: charts and traces of scenarios that have a bit of everything.

use crate::running::winaccept;

const HAPPENINGS: &str = "tests/show/happenings.winaccept";
const RACE: &str = "tests/show/race.winaccept";

#[test]
fn a_chart_of_text() {
    insta::assert_snapshot!(winaccept(&["show", HAPPENINGS]).out);
}

#[test]
fn a_sequence_diagram() {
    insta::assert_snapshot!(winaccept(&["show", HAPPENINGS, "--format", "mermaid"]).out);
}

#[test]
fn a_capture_goes_into_a_file() {
    let folder = crate::running::folder("capture");
    let path = folder.join("happenings.pcapng");
    let run = winaccept(&["show", HAPPENINGS, "--format", "pcapng", "-o", path.to_str().unwrap()]);
    assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (0, "", ""));
    let capture = std::fs::read(&path).unwrap();
    assert_eq!(capture[..4], [0x0a, 0x0d, 0x0d, 0x0a], "a section header");
    let is_there = |word: &[u8]| capture.windows(word.len()).any(|part| part == word);
    assert!(is_there(b"profile documented") && is_there(b"accept(L, NULL, NULL)"));
}

#[test]
fn a_trace() {
    insta::assert_snapshot!(winaccept(&["show", HAPPENINGS, "--format", "json"]).out);
}

#[test]
fn an_interleaving() {
    insta::assert_snapshot!(winaccept(&["show", RACE]).out);
}

#[test]
fn a_deviation_is_marked() {
    let run = winaccept(&["show", "peer-reset-while-queued", "--profile", "windows"]);
    assert_eq!(run.status, 0);
    assert!(run.out.contains("! expected: INVALID_SOCKET WSAECONNRESET"), "{}", run.out);
    assert!(run.out.contains("not as the scenario expects"), "{}", run.out);
}

#[test]
fn every_event_carries_its_index_and_the_index_of_its_call() {
    for scenario in [HAPPENINGS, RACE] {
        let run = winaccept(&["show", scenario, "--format", "json"]);
        let mut calls = 0;
        for (index, line) in run.out.lines().enumerate() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["index"], index);
            calls += usize::from(event["event"] == "call");
            assert_eq!(event["call"], calls, "{line}");
            for returned in event["returns"].as_array().into_iter().flatten() {
                assert!(returned["call"].as_u64().unwrap() <= calls as u64, "{line}");
            }
        }
    }
}

#[test]
fn a_trace_names_no_folder() {
    let folder = crate::running::folder("show");
    let path = folder.join("mine.winaccept");
    std::fs::copy(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(RACE), &path).unwrap();
    let run = winaccept(&["show", path.to_str().unwrap(), "--format", "json"]);
    assert!(run.out.lines().next().unwrap().contains("\"scenario\":\"mine.winaccept\""), "{}", run.out);
}

#[test]
fn every_bundled_scenario_goes_as_it_expects_on_the_documented_model() {
    let profile = winaccept::profiles::Choices::bundled().profile("documented").unwrap();
    let machine = winaccept_model::step::Machine::new(profile);
    for scenario in winaccept::suite::bundled().unwrap() {
        let (chart, _) = winaccept::chart::of(&scenario, &machine);
        assert!(chart.trace.expected, "{}:\n{}", scenario.file, winaccept::chart::chart(&chart));
    }
}

#[test]
fn an_unknown_scenario_is_answered_with_a_near_one() {
    let run = winaccept(&["show", "peer-reset-while-queue"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("did you mean the bundled scenario `peer-reset-while-queued`?"), "{}", run.err);
}
