//! Where scenarios and recordings may come from: files, pipes, devices, standard input, and what editors put in front.

use std::fs;

#[cfg(unix)]
use crate::running::winaccept_that_ends;
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

/// A pipe with a name, to which nobody writes and from which nobody reads.
#[cfg(unix)]
fn pipe(folder: &std::path::Path, name: &str) -> String {
    let pipe = folder.join(name);
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe.to_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn a_pipe_with_a_name_keeps_nobody_waiting() {
    let folder = folder("input-pipe");
    let (of_scenario, of_profile) = (pipe(&folder, "pipe.winaccept"), pipe(&folder, "pipe.toml"));
    let (pipe, toml) = (of_scenario.as_str(), of_profile.as_str());
    let wine = "../evidence/wine-10.0.jsonl";
    for arguments in [
        &["run", pipe][..],
        &["run", "accept/example", pipe],
        &["run", "accept/example", "--profile", toml],
        &["show", pipe],
        &["show", "accept/example", "--profile", toml],
        &["explore", pipe],
        &["explore", "accept/example", "--profile", toml],
        &["explore", pipe, "--how", "accept = WSAECONNRESET"],
        &["cat", pipe],
        &["graph", "accept", "--profile", toml],
        &["explain", "accept", "--profile", toml],
        &["check", "--machine", pipe],
        &["check", "--machine", "windows8-server", "--profile", toml],
        &["evidence", "add", pipe],
        &["profile", "learn", pipe],
        &["profile", "learn", wine, pipe],
        &["profile", "learn", wine, "--by-hand", toml],
        &["profile", "learn", wine, "--scenarios", pipe],
        &["compare", "--stack", "model:windows", "--profile", toml],
        &["compare", "--stack", &format!("model:{toml}")],
        &["fuzz", "--merge", pipe],
        &["fuzz", "sets-filled-once", "--profile", toml],
        // Neither does one that is to be written.
        &["show", "accept/example", "-o", pipe],
        &["show", "accept/example", "--format", "pcapng", "-o", pipe],
        &["graph", "accept", "-o", pipe],
        &["fuzz", "one-reset-ends-the-loop", "-o", pipe],
    ] {
        let run = winaccept_that_ends(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {} {}", run.out, run.err);
        let said = "this is no plain file, and who opens it may wait for ever";
        assert!(run.err.contains(said) && run.err.contains("pipe."), "{arguments:?}: {}", run.err);
        assert!(run.err.contains("/dev/stdin < THIS") || run.err.contains("> THIS"), "{arguments:?}: {}", run.err);
    }
    let run = winaccept_that_ends(&["fmt", pipe]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("`winaccept fmt -` formats standard input"), "{}", run.err);
    // In a folder it is passed over, and that is told.
    fs::write(folder.join("plain.winaccept"), SCENARIO).unwrap();
    for command in [&["run"][..], &["fmt", "--check"]] {
        let run = winaccept_that_ends(&[command, &[folder.to_str().unwrap()]].concat());
        assert_ne!(run.status, 2, "{}", run.err);
        assert!(run.err.contains("pipe.winaccept: not read: it is no plain file"), "{}", run.err);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_open_is_read() {
    // What a shell makes of `<(...)`, and a named pipe as standard input.
    for words in [
        r#""$0" run <(cat "$1")"#,
        r#"cat "$1" | "$0" show /dev/stdin"#,
        r#"cat "$1" | "$0" run /dev/fd/0"#,
        r#"mkfifo "$1.pipe"; cat "$1" > "$1.pipe" & sleep 0.1; "$0" explore /dev/stdin < "$1.pipe"; s=$?; rm "$1.pipe"; exit $s"#,
        r#"mkfifo "$1.pipe"; cat "$1" > "$1.pipe" & "$0" run - < "$1.pipe"; s=$?; rm "$1.pipe"; exit $s"#,
    ] {
        let file = folder("input-open").join("a.winaccept");
        fs::write(&file, SCENARIO).unwrap();
        let winaccept = env!("CARGO_BIN_EXE_winaccept");
        let run = std::process::Command::new("bash").args(["-c", words, winaccept]).arg(&file).output().unwrap();
        assert!(run.status.success(), "{words}: {}", String::from_utf8_lossy(&run.stderr));
    }
}

#[test]
fn a_file_that_is_none_of_its_kind_says_which_and_what_to_do() {
    let folder = folder("input-empty");
    let file = |name: &str, text: &str| {
        fs::write(folder.join(name), text).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    let (empty, missing, broken) =
        (file("empty.toml", ""), file("missing.toml", "name = \"a-1\"\n"), file("broken.toml", "schema = 1\n= 2\n"));
    let here = folder.to_str().unwrap();
    let profile = "`winaccept profile learn RECORDING -o FILE` writes one";
    let recording = "`winaccept run --stack STACK --record FILE` writes";
    let wine = "../evidence/wine-10.0.jsonl";
    for (arguments, said, help) in [
        (&["run", "--profile", &empty][..], "empty.toml: this file is empty", profile),
        (&["show", "accept/example", "--profile", &missing], "missing.toml: missing field `schema`", profile),
        (&["graph", "accept", "--profile", &broken], "broken.toml: line 2: ", profile),
        (&["explain", "accept", "--profile", here], "directory", "name a file in it"),
        (&["compare", "--stack", "model:nowhere.toml"], "nowhere.toml: ", "or one of documented, windows"),
        (&["fuzz", "sets-filled-once", "--profile", &empty], "empty.toml: this file is empty", profile),
        (
            &["fuzz", "--merge", &empty],
            "empty.toml: this file is empty",
            "merge what `winaccept fuzz --format json` wrote",
        ),
        (&["fuzz", "--merge", "nowhere"], "nowhere: ", "merge what `winaccept fuzz --format json` wrote"),
        (&["profile", "learn", &empty], "empty.toml: no evidence in this text", recording),
        (&["profile", "learn", "nowhere"], "nowhere: ", recording),
        (&["evidence", "add", &empty], "empty.toml: no evidence in this text", recording),
        (
            &["profile", "learn", wine, "--by-hand", &empty],
            "empty.toml: this file is empty",
            "it begins with `schema = 1`",
        ),
        (&["check", "--machine", &empty], "empty.toml: there is no table in it", "the first line names the columns"),
        (&["check", "--machine", "nowhere"], "nowhere: ", "or one that comes along"),
    ] {
        let run = winaccept(arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.err.contains(said) && run.err.contains(help), "{arguments:?}: {}", run.err);
    }
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
