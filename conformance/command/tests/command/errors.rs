//! What goes wrong: one bad file among others, errors as data, input without end, and remedies.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::running::{Run, folder, winaccept, winaccept_reading};

const GOOD: &str = "scenario \"good\"\n\nserver  WSAGetLastError() = 0\n";
const BAD: &str = "scenario \"typo\"\n\nserver  acept(L, NULL, NULL) = A\n";

/// A folder with a good file and a bad one.
fn mixed(name: &str) -> String {
    let folder = folder(name);
    fs::write(folder.join("a.winaccept"), GOOD).unwrap();
    fs::write(folder.join("b.winaccept"), BAD).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// What was written, which is as the schema of this name says.
fn written(schema: &str, run: &Run) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(format!("{schema}.json"));
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let output = serde_json::from_str(&run.out).unwrap_or_else(|why| panic!("{why}: {} {}", run.out, run.err));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&output).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    output
}

#[test]
fn one_bad_file_is_told_and_the_others_are_judged() {
    let folder = mixed("errors-mixed");
    let run = winaccept(&["run", &folder]);
    assert_eq!(run.status, 2);
    assert!(run.out.contains("1 scenario: 1 pass"), "{}", run.out);
    assert!(run.err.starts_with("error: unknown call `acept`"), "{}", run.err);
    for (schema, arguments) in [("run", vec!["run", &folder]), ("fmt", vec!["fmt", "--check", &folder])] {
        let run = winaccept(&[&arguments[..], &["--format", "json"]].concat());
        assert_eq!(run.status, 2);
        let output = written(schema, &run);
        assert_eq!(output["errors"].as_array().unwrap().len(), 1, "{output:#}");
        let error = &output["errors"][0];
        assert_eq!(error["message"], "unknown call `acept`");
        assert_eq!((&error["line"], &error["column"]), (&3.into(), &9.into()));
        assert!(error["file"].as_str().unwrap().ends_with("b.winaccept"), "{error}");
        assert_eq!(error["help"], "did you mean `accept`?");
    }
    let cat = winaccept(&["cat", "accept/nothing", "accept/example"]);
    assert_eq!(cat.status, 2);
    assert_eq!(cat.out, winaccept(&["cat", "accept/example"]).out);
    assert!(cat.err.contains("no bundled scenario is called `accept/nothing`"), "{}", cat.err);
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let bad = format!("{}/b.winaccept", mixed("errors-json"));
    let all = [
        (vec!["run", "nowhere"], "no file and no bundled scenario is called `nowhere`"),
        (vec!["run", &bad], "unknown call `acept`"),
        (vec!["run", "--stack", "moon"], "no stack is called `moon`"),
        (vec!["run", "--only", "zzzz"], "no scenario's file or title contains `zzzz`"),
        (vec!["show", &bad], "unknown call `acept`"),
        (vec!["show", "nothing"], "no file and no bundled scenario is called `nothing`"),
        (vec!["explore", &bad], "unknown call `acept`"),
        (vec!["explore", "nothing"], "no file and no bundled scenario is called `nothing`"),
        (vec!["fmt", "-"], "`fmt -` writes the scenario itself"),
        (vec!["graph", "nothing"], "no call or happening is called `nothing`"),
        (vec!["explain", "nonesuch"], "nothing is called `nonesuch`"),
        (vec!["list", "--only", "zzzz"], "no scenario's file or title contains `zzzz`"),
        (vec!["cat", "accept/example"], "cat writes scenarios as they are"),
        (vec!["evidence", "--only", "zzzz"], "no scenario's file or title contains `zzzz`"),
        (vec!["evidence", "--corners", "zzzz"], "no corner has `zzzz` in its id, name or question"),
        (vec!["coverage", "--kill", "--rule", "zzzz"], "no rule's name begins with `zzzz`"),
        (vec!["compare", "--stack", "moon"], "no stack is called `moon`"),
        (vec!["check", "--machine", "nowhere"], "No such file or directory"),
        (vec!["profile", "learn", "nowhere"], "No such file or directory"),
        // What the command line itself refuses.
        (vec!["runn"], "there is no command `runn`"),
        (vec!["run", "--onyl", "x"], "there is no argument `--onyl`"),
        (vec!["run", "--stack"], "`--stack <STACK>` needs a value"),
        (vec!["explain"], "`<NAME>` is missing"),
        (vec!["coverage", "--rule", "accept"], "`--kill` is missing"),
        (vec!["compare", "--stack", "model:windows", "--for", "ten"], "`ten` is no value of `--for <TIME>`"),
        (vec!["compare", "--stack", "model:windows", "--for", "1s", "--runs", "1"], "`--for <TIME>` does not go with"),
        (vec!["--matrix", "list"], "--matrix goes with no command"),
    ];
    for (arguments, message) in all {
        let run = winaccept(&[&arguments[..], &["--format", "json"]].concat());
        assert_eq!(run.status, 2, "{arguments:?}");
        let output = written("errors", &run);
        let [error] = &output["errors"].as_array().unwrap()[..] else { panic!("{output:#}") };
        assert!(error["message"].as_str().unwrap().starts_with(message), "{arguments:?}: {error:#}");
        // People read the same.
        assert_eq!(run.err.trim_end(), error["text"].as_str().unwrap(), "{arguments:?}");
    }
}

#[test]
fn a_command_line_that_nobody_understands_has_a_remedy() {
    for (arguments, help) in [
        (&["--format", "json", "runn"][..], "did you mean `run`?"),
        (&["--format=json", "run", "--onyl", "x"], "did you mean `--only`?"),
        (&["list", "--clause", "--format", "json"], "`--help` behind the command tells what it takes"),
    ] {
        let run = winaccept(arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert_eq!(written("errors", &run)["errors"][0]["help"], help, "{arguments:?}");
    }
    // Without JSON nothing of it is on standard output, and help is no error.
    let run = winaccept(&["runn"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.starts_with("error: unrecognized subcommand 'runn'"), "{}", run.err);
    let help = winaccept(&["--help", "--format", "json"]);
    assert_eq!((help.status, help.err.as_str()), (0, ""));
}

#[test]
fn a_number_that_asks_for_nothing_is_refused() {
    let compare = &["compare", "--stack", "model:windows"][..];
    let explore = &["explore", "accept/example"][..];
    let fuzz = &["fuzz", "sets-filled-once"][..];
    for (command, argument, values) in [
        (fuzz, "--runs", &["0", "-1", "x", "", "1.5", "18446744073709551616"][..]),
        (fuzz, "--first", &["-1", "x"]),
        (fuzz, "--seed", &["-1", "x"]),
        (compare, "--runs", &["0", "-1", "x"]),
        (compare, "--steps", &["0", "-1", "201"]),
        (compare, "--seed", &["-1"]),
        (compare, "--for", &["0s", "0m", "-1s", "s", "", "5", "99999999999s"]),
        (explore, "--max-states", &["0", "-1", "4000000001"]),
        (&["run"], "--max-states", &["0", "-1"]),
        (&["show", "accept/example"], "--max-states", &["0", "-1"]),
    ] {
        for value in values {
            let run = winaccept(&[command, &[argument, value]].concat());
            assert_eq!((run.status, run.out.as_str()), (2, ""), "{argument} {value}: {}", run.err);
            let said = run.err.contains("it takes a") || run.err.contains("a value is required");
            assert!(said && run.err.contains(argument), "{argument} {value}: {}", run.err);
            if !value.is_empty() {
                let run = winaccept(&[command, &[argument, value, "--format", "json"]].concat());
                let help = &written("errors", &run)["errors"][0]["help"];
                assert!(help.as_str().unwrap().starts_with("it takes a"), "{argument} {value}: {help}");
            }
        }
    }
    let run = winaccept(&[fuzz, &["--first", "18446744073709551615"]].concat());
    assert_eq!(run.status, 2);
    assert!(run.err.contains("there are but 0 runs") && run.err.contains("help: runs are numbered"), "{}", run.err);
}

#[test]
fn check_of_standard_input_names_it() {
    let untidy = "scenario \"t\"\nserver socket( AF_INET,SOCK_STREAM,0 )=L\n";
    let run = winaccept_reading(&["fmt", "--check", "-"], untidy);
    assert_eq!((run.status, run.out.as_str()), (1, "standard input\n"));
    let run = winaccept_reading(&["fmt", "--check", "-", "--format", "json"], untidy);
    assert_eq!(run.status, 1);
    assert_eq!(written("fmt", &run)["changed"], serde_json::json!(["standard input"]));
    let run = winaccept_reading(&["fmt", "--check", "-", "--format", "json"], GOOD);
    assert_eq!((run.status, &written("fmt", &run)["unchanged"]), (0, &1.into()));
}

#[cfg(unix)]
#[test]
fn input_without_end_is_not_kept() {
    for (arguments, said) in [
        (&["fmt", "-"][..], "this file is too large"),
        (&["run", "-"], "this file is too large"),
        (&["show", "-"], "this file is too large"),
        (&["explore", "-"], "this file is too large"),
        (&["cat", "-"], "this file is too large"),
        (&["evidence", "add", "-"], "bytes are no recording"),
        (&["evidence", "add", "/dev/zero"], "bytes are no recording"),
        (&["profile", "learn", "/dev/zero"], "bytes are no recording"),
        (&["profile", "learn", "-"], "bytes are no recording"),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_winaccept"))
            .args(arguments)
            .stdin(fs::File::open("/dev/zero").unwrap())
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(err.contains(said), "{arguments:?}: {err}");
    }
}

#[test]
fn what_cannot_be_written_has_a_remedy() {
    let folder = folder("errors-write");
    fs::write(folder.join("file"), "").unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (file, here, below) = (path("file"), path(""), path("file/below"));
    let wine = "../evidence/wine-10.0.jsonl";
    let compare = ["compare", "--stack", "model:wine-8.0", "--profile", "windows", "--runs", "1", "-o"];
    let explore = ["explore", "reset-against-accept", "--profile", "windows", "-o"];
    for (arguments, help) in [
        ([&compare[..], &[&file]].concat(), "help: there is a file of this name; name another folder"),
        (vec!["profile", "learn", &here], "help: this is a folder; name a file in it"),
        (vec!["evidence", "add", wine, "--to", &file], "help: run this in the repository, or name a folder with --to"),
        ([&compare[..], &[&below]].concat(), "help: a part of this path is a file; name another folder"),
    ] {
        let run = winaccept(&arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(help), "{arguments:?}: {}", run.err);
    }
    // Only where there is something to write.
    let run = winaccept(&[&explore[..], &[&here]].concat());
    if run.status == 1 {
        assert!(run.err.contains("help: this is a folder"), "{}", run.err);
    }
}

#[test]
fn a_run_ends_at_its_limit() {
    let example = "../../examples/backlog-3.winaccept";
    let run = winaccept(&["run", example, "--max-states", "50"]);
    assert_eq!(run.status, 1, "{}", run.err);
    let words = |run: &Run| run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "line 10 asks for more than the model holds: at most 50 states";
    assert!(words(&run).contains(said), "{}", run.out);
    let show = winaccept(&["show", example, "--max-states", "50"]);
    assert_eq!(show.status, 0, "{}", show.err);
    assert!(
        words(&show).contains(&format!("unresolved, though one way goes as the scenario expects: {said}")),
        "{}",
        show.out
    );
    let enough = winaccept(&["run", "../scenarios/explore/reset-against-accept.winaccept", "--max-states", "5000"]);
    assert_eq!(enough.status, 0, "{}", enough.out);
}

#[test]
fn an_id_that_nobody_knows_may_be_meant_otherwise() {
    for (line, help) in [
        (
            "accept(L, NULL, NULL) = INVALID_SOCKET WSAEINVAL  shows accept.err.WSAEINVAL.nolisten",
            "`accept.err.WSAEINVAL.no-listen`",
        ),
        ("accept(L, NULL, NULL) = INVALID_SOCKET WSAEINVAL  shows accept.rem.blocking-wait", "`accept.rem."),
        ("accept(L, NULL, NULL) = ?silent.99", "`silent."),
    ] {
        let source = format!("scenario \"x\"\n\nserver  socket(AF_INET, SOCK_STREAM, 0) = L\nserver  {line}\n");
        let run = winaccept_reading(&["run", "-"], &source);
        assert_eq!(run.status, 2);
        assert!(run.err.contains(&format!("= help: did you mean {help}")), "{}", run.err);
    }
    // What is known is not proposed in its own place.
    for (line, help) in [
        (
            "WSAGetLastError() = ?accept.err.WSAEINVAL.no-listen",
            "a clause: a step `shows accept.err.WSAEINVAL.no-listen`",
        ),
        (
            "WSAGetLastError() = 0  shows silent.01-order-of-checks",
            "a note: the outcome is `?silent.01-order-of-checks`",
        ),
    ] {
        let run = winaccept_reading(&["run", "-"], &format!("scenario \"x\"\n\nserver  {line}\n"));
        assert_eq!(run.status, 2);
        assert!(run.err.contains(&format!("= help: this is {help}")), "{}", run.err);
    }
}

#[test]
fn whoever_follows_ways_ends_at_their_limit() {
    let folder = folder("errors-ways");
    let mut steps = String::new();
    for client in 1..=5 {
        steps += &format!("client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C{client}\n");
        for segment in ["SYN", "SYN-ACK", "ACK"] {
            steps += &format!("may drop {segment} of C{client}\n");
        }
    }
    let listens = "server  bind(L, 127.0.0.1:0) = 0\nserver  listen(L, 5) = 0\n";
    let order = "any order {\n  client  connect(C1, L)\n  server  accept(L, NULL, NULL)\n}\n";
    let socket = "server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L\n";
    let file = folder.join("ways.winaccept");
    fs::write(&file, format!("scenario \"who comes?\"\n\n{socket}{listens}{steps}{order}")).unwrap();
    let file = file.to_str().unwrap();
    let said = "asks for more than the model holds: at most 10000 ways in which a scenario may have gone";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let run = winaccept(&["run", file]);
    assert_eq!(run.status, 1, "{}", run.err);
    assert!(words(&run.out).contains(&format!("line 22 {said}")), "{}", run.out);
    for arguments in [
        &["show", file][..],
        &["show", file, "--format", "svg"],
        &["explore", file],
        &["explore", file, "--how", "connect = 0"],
        &["explore", file, "--format", "dot"],
    ] {
        let run = winaccept(arguments);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(run.err.contains(&format!("ways.winaccept:22: this line {said}")), "{arguments:?}: {}", run.err);
    }
    let show = written("errors", &winaccept(&["show", file, "--format", "json"]));
    assert_eq!(show["errors"][0]["line"], 22, "{show:#}");
}

#[test]
fn nothing_is_lost_where_nobody_reads_what_is_told() {
    let (mixed, folder) = (mixed("errors-unread"), folder("errors-unread-to"));
    let to = folder.to_str().unwrap();
    let unwritten = format!("{to}/way.winaccept");
    for (arguments, status) in [
        (&["run", &mixed][..], 2),
        (&["run", &mixed, "--format", "json"], 2),
        (&["run", "nowhere"], 2),
        (&["fmt", "--check", &mixed], 2),
        (&["explore", "accept/example", "-o", &unwritten], 0),
        (&["evidence", "add", "../evidence/wine-10.0.jsonl", "--to", to], 0),
    ] {
        let gone = || std::io::pipe().unwrap().1;
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_winaccept"));
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        let ended = command.stdout(gone()).stderr(gone()).status().unwrap();
        assert_eq!(ended.code(), Some(status), "{arguments:?}");
    }
    assert!(folder.join("wine-10.0.jsonl").exists());
}
