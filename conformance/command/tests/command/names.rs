//! Names: the same for every command, whole in what is printed, fresh where two would be one, and harmless to a terminal.

use std::fs;

use crate::explore::{COLLIDING, run_confirms};
use crate::running::{folder, winaccept};

#[test]
fn every_command_takes_the_names_that_list_tells() {
    let list = winaccept(&["list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let last_of = |name: &str| name.rsplit_once('/').map(|(_, last)| last.to_owned()).unwrap();
    let is_alone = |name: &&&str| {
        let last = format!("/{}", last_of(name));
        names.iter().filter(|other| other.ends_with(&last)).count() == 1
    };
    for name in names.iter().filter(is_alone).step_by(60) {
        let last = last_of(name);
        for name in [name.to_string(), format!("{name}.winaccept"), last.clone()] {
            for command in ["run", "show", "explore", "cat"] {
                let run = winaccept(&[command, &name]);
                assert_eq!((run.status, run.err.as_str()), (0, ""), "{command} {name}");
            }
        }
    }
    for (name, help) in [
        ("accept/exampel", "did you mean the bundled scenario `accept/example`?"),
        ("nothing-of-the-kind", "name a file, or a bundled scenario as `winaccept list` tells them"),
        ("inherit-events", "several bundled scenarios are called so: `"),
    ] {
        for command in ["run", "show", "explore", "cat"] {
            let run = winaccept(&[command, name]);
            assert_eq!((run.status, run.out.as_str()), (2, ""), "{command} {name}");
            let said = format!("error: no file and no bundled scenario is called `{name}`\nhelp: {help}");
            assert!(run.err.starts_with(&said), "{command}: {}", run.err);
        }
    }
}

#[test]
fn a_name_of_the_evidence_stays_in_one_piece() {
    let run = winaccept(&["evidence"]);
    let found: Vec<&str> = run.out.lines().filter(|line| line.contains("accept/address-bad-pointer-ipv6:")).collect();
    assert!(!found.is_empty());
    // Its line is told with it, and the step.
    for line in found {
        let rest = line.strip_prefix("accept/address-bad-pointer-ipv6:").unwrap_or_else(|| panic!("{line}"));
        let (number, step) = rest.split_once("  ").unwrap_or_else(|| panic!("{line}"));
        assert!(number.parse::<usize>().is_ok() && step.contains('('), "{line}");
    }
    let differ = winaccept(&["evidence", "--differ"]);
    assert!(differ.status == 0 && differ.out.lines().count() < run.out.lines().count());
}

#[test]
fn members_of_a_group_get_names_of_their_own() {
    let folder = folder("names-collide");
    let file = folder.join("collide.winaccept");
    fs::write(&file, COLLIDING).unwrap();
    let run = winaccept(&["explore", file.to_str().unwrap(), "--format", "json"]);
    assert_eq!(run.status, 1, "{}", run.err);
    let output: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let violations = output["violations"].as_array().unwrap();
    assert!(!violations.is_empty());
    for violation in violations {
        let scenario = violation["scenario"].as_str().unwrap();
        assert!(!scenario.contains("hold C1\n"), "the listener has nothing in flight: {scenario}");
        run_confirms(&folder, "documented", scenario);
    }
}

#[test]
fn a_title_cannot_drive_the_terminal() {
    let folder = folder("names-control");
    let file = folder.join("title.winaccept");
    let steps = "server  WSAGetLastError() = WSAEINVAL\n";
    fs::write(&file, format!("scenario \"a\\x1b[31m\\x07 title\"\n\n{steps}")).unwrap();
    let file = file.to_str().unwrap();
    for arguments in [
        &["show", file][..],
        &["explore", file],
        &["run", file],
        &["run", file, "--format", "json"],
        &["run", file, "--format", "junit"],
        &["run", file, "--format", "tap"],
        &["show", file, "--format", "json"],
        &["show", file, "--format", "mermaid"],
        &["explore", file, "--format", "json"],
    ] {
        let run = winaccept(arguments);
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!run.out.contains(control) && !run.err.contains(control), "{arguments:?}: {:?}", run.out);
        assert!(!run.out.is_empty(), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn neither_can_the_name_of_a_file() {
    let folder = folder("names-control-file");
    let pipe = folder.join("a\x1b[31m.winaccept");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::write(folder.join("b\x1b[31m.winaccept"), "scenario \"t\"\n\nserver  WSAGetLastError() = WSAEINVAL\n").unwrap();
    fs::write(folder.join("c\x1b[31m.winaccept"), "scenario\n").unwrap();
    let folder = folder.to_str().unwrap();
    let way = format!("{folder}/d\x1b[31m.winaccept");
    for arguments in [&["run", folder][..], &["fmt", "--check", folder], &["explore", "accept/example", "-o", &way]] {
        let run = winaccept(arguments);
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!run.out.contains(control) && !run.err.contains(control), "{arguments:?}: {:?}", run.err);
        assert!(run.err.contains("\u{241b}[31m.winaccept"), "{arguments:?}: {:?}", run.err);
    }
}
