//! Where scenarios and recordings may come from: files, pipes, devices, standard input, and what editors put in front.

use std::fs;

use crate::running::{folder, winaccept, winaccept_reading};

const SCENARIO: &str = "scenario \"from a pipe\"\nserver  socket(AF_INET, SOCK_STREAM, 0) = L\n";

#[test]
fn run_and_show_read_standard_input() {
    let run = winaccept_reading(&["run", "-"], SCENARIO);
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.out.contains("1 scenario: 1 pass"), "{}", run.out);
    let run = winaccept_reading(&["show", "-"], SCENARIO);
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.out.contains("from a pipe"), "{}", run.out);
    let run = winaccept_reading(&["run", "-"], "scenario \"t\"\nserver  listn(L, 5)\n");
    assert_eq!(run.status, 2);
    assert!(run.err.contains("--> standard input:2:9"), "{}", run.err);
    let run = winaccept_reading(&["run", "-", "-"], SCENARIO);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("read only once"), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn whatever_is_no_folder_is_read_as_a_file() {
    for command in ["run", "show"] {
        let run = winaccept_reading(&[command, "/dev/stdin"], SCENARIO);
        assert_eq!(run.status, 0, "{}", run.err);
        let run = winaccept(&[command, "/dev/null"]);
        assert_eq!(run.status, 2);
        assert!(run.err.starts_with("error: this file is empty"), "{}", run.err);
        // It has no end, so it must not be read to its end.
        let run = winaccept(&[command, "/dev/zero"]);
        assert_eq!(run.status, 2);
        assert!(run.err.starts_with("error: this file is too large"), "{}", run.err);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_with_a_name_is_read_but_never_replaced() {
    let pipe = folder("input-pipe").join("pipe.winaccept");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, SCENARIO).unwrap()
    });
    let run = winaccept(&["run", pipe.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}", run.err);
    writer.join().unwrap();
    let run = winaccept(&["fmt", pipe.to_str().unwrap()]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("`winaccept fmt -` formats standard input"), "{}", run.err);
}

#[test]
fn a_byte_order_mark_hides_nothing() {
    let folder = folder("input-bom");
    let scenario = folder.join("bom.winaccept");
    fs::write(&scenario, format!("\u{feff}{SCENARIO}")).unwrap();
    assert_eq!(winaccept(&["run", scenario.to_str().unwrap()]).status, 0);
    let recording = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../evidence/wine-8.0.jsonl")).unwrap();
    let file = folder.join("recording.txt");
    fs::write(&file, format!("\u{feff}{recording}")).unwrap();
    let run = winaccept(&["evidence", "add", file.to_str().unwrap(), "--to", folder.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert_eq!(fs::read_to_string(folder.join("wine-8.0.jsonl")).unwrap(), recording);
}

#[test]
fn utf_16_is_named() {
    let scenario = folder("input-utf-16").join("utf-16.winaccept");
    let bytes: Vec<u8> = format!("\u{feff}{SCENARIO}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&scenario, bytes).unwrap();
    for command in ["run", "show", "fmt"] {
        let run = winaccept(&[command, scenario.to_str().unwrap()]);
        assert_eq!(run.status, 2);
        assert!(run.err.contains("save it as UTF-8"), "{}", run.err);
    }
}

#[test]
fn what_matches_nothing_is_an_error() {
    for command in ["run", "evidence"] {
        let run = winaccept(&[command, "--only", "zzzz"]);
        assert_eq!((run.status, run.out.as_str()), (2, ""));
        assert_eq!(run.err, "error: no scenario's file or title contains `zzzz`\n");
    }
}

#[test]
fn a_picture_is_written_into_a_file() {
    let file = folder("pictures").join("accept.svg");
    let file = file.to_str().unwrap();
    for command in [&["graph", "accept"][..], &["show", "accept/example"]] {
        let printed = winaccept(&[command, &["--format", "svg"]].concat());
        let written = winaccept(&[command, &["--format", "svg", "-o", file]].concat());
        assert_eq!((written.status, written.out.as_str()), (0, ""));
        assert_eq!(fs::read_to_string(file).unwrap(), printed.out);
    }
    let nowhere = winaccept(&["explain", "WSAECONNRESET", "-o", "no/such/folder/x"]);
    assert_eq!(nowhere.status, 2);
    assert!(nowhere.err.contains("no/such/folder/x"), "{}", nowhere.err);
}
