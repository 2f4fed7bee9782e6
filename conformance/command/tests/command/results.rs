//! `run --format junit` and `--format tap`.

use std::collections::BTreeMap;
use std::fs;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::running::{folder, winaccept};

/// A case of a report: its attributes, and what became of it with its attributes.
type Case = (BTreeMap<String, String>, Option<(String, BTreeMap<String, String>)>);

/// Reads a report with a parser of XML, which finds it well-formed: the attributes of its suites, and its cases.
fn parsed(xml: &str) -> (Vec<BTreeMap<String, String>>, Vec<Case>) {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let (mut suites, mut cases, mut open) = (Vec::new(), Vec::<Case>::new(), 0);
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error}: {xml}"));
        let (element, closes) = match event {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::End(_) => {
                open -= 1;
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        open += usize::from(!closes);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let attribute = |attribute: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
            let attribute = attribute.unwrap();
            let value =
                quick_xml::escape::unescape(std::str::from_utf8(&attribute.value).unwrap()).unwrap().into_owned();
            (text(attribute.key.as_ref()), value)
        };
        let attributes: BTreeMap<String, String> = element.attributes().map(attribute).collect();
        match text(element.name().as_ref()).as_str() {
            "testsuite" => suites.push(attributes),
            "testcase" => cases.push((attributes, None)),
            what @ ("failure" | "error" | "skipped") => {
                cases.last_mut().unwrap().1 = Some((what.to_owned(), attributes));
            }
            _ => {}
        }
    }
    assert_eq!(open, 0, "every element is closed");
    (suites, cases)
}

/// A folder with a scenario of each kind: it passes, fails, nobody knows, a title that XML and TAP would obey, and no scenario.
fn stories(name: &str) -> String {
    let folder = folder(name);
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("a.winaccept", "scenario \"good\"\n\nserver  WSAGetLastError() = 0\n");
    write("b#<&>.winaccept", "scenario \"bad\"\n\nserver  WSAGetLastError() = WSAEINVAL\n");
    write(
        "c.winaccept",
        "scenario \"crash\"\n\nserver  socket(AF_INET, SOCK_STREAM, 0) = L\nserver  getsockopt(L, IPPROTO_TCP, TCP_NODELAY)\n",
    );
    write("d.winaccept", "scenario \"typo\"\n\nserver  acept(L, NULL, NULL) = A\n");
    folder.to_str().unwrap().to_owned()
}

#[test]
fn junit_is_well_formed_and_says_what_the_verdicts_say() {
    let folder = stories("results-junit");
    let run = winaccept(&["run", &folder, "--format", "junit"]);
    assert_eq!(run.status, 2, "one file is broken: {}", run.err);
    let (suites, cases) = parsed(&run.out);
    assert_eq!(suites.len(), 2, "{}", run.out);
    assert_eq!(suites[0]["name"], format!("model-{} judged by documented", env!("CARGO_PKG_VERSION")));
    let judged: Vec<(&str, Option<&str>)> = cases
        .iter()
        .map(|(case, result)| (case["name"].as_str(), result.as_ref().map(|(what, _)| what.as_str())))
        .collect();
    assert_eq!(judged[..2], [("a", None), ("b#<&>", Some("failure"))]);
    assert_eq!(judged.last().unwrap(), &("d.winaccept", Some("error")));
    let (_, failure) = cases[1].1.as_ref().unwrap();
    assert_eq!(failure["type"], "fail");
    assert!(failure["message"].contains("WSAGetLastError() = 0, expected: WSAEINVAL"), "{failure:?}");
    let total = |what: &str| suites.iter().map(|suite| suite[what].parse::<usize>().unwrap()).sum::<usize>();
    assert_eq!(total("tests"), cases.len());
    let failures = judged.iter().filter(|(_, result)| *result == Some("failure")).count();
    assert_eq!((total("failures"), total("tests") - total("failures") - total("errors") > 0), (failures, true));
}

#[test]
fn junit_of_all_scenarios_counts_as_run_does() {
    let run = winaccept(&["run", "--format", "junit", "--profile", "windows"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let (suites, cases) = parsed(&run.out);
    let json = winaccept(&["run", "--format", "json", "--profile", "windows"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let scenarios = json["scenarios"].as_array().unwrap();
    assert_eq!((suites[0]["tests"].as_str(), cases.len()), (scenarios.len().to_string().as_str(), scenarios.len()));
    for ((case, result), scenario) in cases.iter().zip(scenarios) {
        assert_eq!(Some(case["file"].as_str()), scenario["file"].as_str());
        assert_eq!(result, &None, "deviations that the profile explains pass: {case:?}");
    }
    // They fail where they count.
    let strict = winaccept(&["run", "--format", "junit", "--profile", "windows", "--strict"]);
    assert_eq!(strict.status, 1);
    let (_, cases) = parsed(&strict.out);
    for ((_, result), scenario) in cases.iter().zip(scenarios) {
        let verdict = scenario["verdict"].as_str().unwrap();
        let kind = result.as_ref().map(|(what, attributes)| (what.as_str(), attributes["type"].as_str()));
        assert_eq!(kind, (verdict == "deviates").then_some(("failure", "deviates")));
    }
}

#[test]
fn tap_has_a_line_for_each() {
    let folder = stories("results-tap");
    let run = winaccept(&["run", &folder, "--format", "tap"]);
    assert_eq!(run.status, 2);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines[..2], ["TAP version 14", "1..4"]);
    let results: Vec<&str> =
        lines.iter().filter(|line| line.starts_with("ok ") || line.starts_with("not ok ")).copied().collect();
    assert_eq!(results.len(), 4, "{}", run.out);
    assert!(results[0].starts_with("ok 1 - ") && results[0].ends_with("/a"), "{}", results[0]);
    assert!(results[1].starts_with("not ok 2 - ") && results[1].ends_with(r"/b\#<&>"), "{}", results[1]);
    assert!(results[3].starts_with("not ok 4 - ") && results[3].ends_with("/d.winaccept"), "{}", results[3]);
    assert!(
        run.out.contains("  ---\n  verdict: fail\n  reason: \"line 3: WSAGetLastError() = 0, expected: WSAEINVAL"),
        "{}",
        run.out
    );
    assert!(run.out.ends_with("  verdict: error\n  reason: \"unknown call `acept`\"\n  ...\n"), "{}", run.out);
}

#[test]
fn only_run_counts_tests() {
    for format in ["junit", "tap"] {
        for command in [&["graph"][..], &["show", "accept/example"], &["list"], &[]] {
            let run = winaccept(&[command, &["--format", format]].concat());
            assert_eq!((run.status, run.out.as_str()), (2, ""));
            assert!(run.err.starts_with("error: only run writes junit and tap\n"), "{}", run.err);
        }
    }
}

#[test]
fn what_was_never_judged_counts_too() {
    let folder = folder("results-none");
    let bad = folder.join("bad.winaccept");
    fs::write(&bad, "scenario \"t\"\nserver  listn(L, 5)\n").unwrap();
    let bad = bad.to_str().unwrap();
    for (arguments, name, reason) in [
        (&["run", bad][..], "bad.winaccept", "unknown call `listn`"),
        (&["run", "no/where"], "no file and no bundled scenario is called `no/where`", ""),
        (&["run", "--only", "zzzz"], "no scenario's file or title contains `zzzz`", ""),
        (&["run", "accept/nothing/of/it"], "no file and no bundled scenario is called `accept/nothing/of/it`", ""),
    ] {
        let junit = winaccept(&[arguments, &["--format", "junit"]].concat());
        let (suites, cases) = parsed(&junit.out);
        assert_eq!((junit.status, suites.len(), cases.len()), (2, 1, 1), "{}", junit.out);
        assert_eq!((suites[0]["name"].as_str(), suites[0]["errors"].as_str()), ("not judged", "1"));
        let (case, result) = &cases[0];
        assert_eq!(case["name"], name);
        assert!(result.as_ref().is_some_and(|(what, told)| what == "error" && told["message"].ends_with(reason)));
        let tap = winaccept(&[arguments, &["--format", "tap"]].concat());
        assert_eq!(tap.status, 2);
        assert!(tap.out.starts_with("TAP version 14\n1..1\nnot ok 1 - "), "{}", tap.out);
        assert!(tap.out.contains(name), "{}", tap.out);
    }
}

#[test]
fn who_judges_a_few_scenarios_gets_no_advice_for_those_who_keep_the_profiles() {
    let advice = "only one scenario: look whether the entry is too narrow";
    let words = |run: &crate::running::Run| run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let few = winaccept(&["run", "accept/peer-reset-while-queued", "--profile", "windows"]);
    assert!(words(&few).contains("reset-while-queued 1") && !words(&few).contains(advice), "{}", few.out);
    assert!(words(&winaccept(&["run", "--profile", "windows"])).contains(advice));
}
