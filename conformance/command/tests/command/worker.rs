//! `winaccept run --stack exec:`: what happens with workers that do what they should not.

use std::fs;
use std::path::PathBuf;

use crate::running::{Run, folder, winaccept};

const HELLO: &str =
    r#"read -r line; echo '{"id":1,"did":"hello","name":"toy","version":"1","build":"toy","process":7}'"#;
const BEGIN: &str = r#"read -r line; echo '{"id":2,"did":"done"}'"#;

/// One that answers whatever it is asked, however often; what it does besides stands between the two.
const TOY: &str = r#"
    while read -r line; do
        n=$((n + 1))
        case $line in
        *'"do":"hello"'*) echo '{"id":'$n',"did":"hello","name":"toy","version":"1","build":"toy","process":7}' ;;
        *'"function"'*) echo '{"id":'$n',"did":"returned","value":52,"error":0}' ;;
        *'"do":"waiting"'*) echo '{"id":'$n',"did":"waiting","at":null}' ;;"#;
const REST: &str = r#"
        *'"do":"end"'*) echo '{"id":'$n',"did":"ended","clean":true}' ;;
        *) echo '{"id":'$n',"did":"done"}' ;;
        esac
    done"#;

/// A shell script that is a worker: a greeting, then these lines.
fn worker(name: &str, lines: &[&str]) -> (PathBuf, String) {
    let folder = folder(&format!("worker-{name}"));
    let script = folder.join("worker.sh");
    fs::write(&script, lines.join("\n")).unwrap();
    let stack = format!("exec:sh {}", script.display());
    (folder, stack)
}

/// Plays this many scenarios on a worker.
fn play(name: &str, lines: &[&str], scenarios: usize) -> Run {
    let (folder, stack) = worker(name, lines);
    for number in 0..scenarios {
        let source = format!("scenario \"{number}\"\nserver  WSAGetLastError() = 0\n");
        fs::write(folder.join(format!("{number}.winaccept")), source).unwrap();
    }
    winaccept(&["run", "--stack", &stack, folder.to_str().unwrap()])
}

#[test]
fn a_stack_that_is_lost_in_a_row_ends_the_run() {
    let run = play("dies", &[HELLO, BEGIN, "exit 3"], 4);
    assert_eq!((run.status, run.out.as_str()), (2, ""), "{}", run.err);
    assert!(run.err.contains("error: toy-1 lost its processes in 3 scenarios in a row"), "{}", run.err);
    let (_, last) = run.err.split_once("; last: ").expect("the last reason");
    assert!(last.contains("2.winaccept: the worker process ended (exit status: 3)"), "{last}");
    assert!(run.err.contains("help: ") && run.err.contains("docs/worker.md"), "{}", run.err);
}

#[test]
fn a_lost_process_is_no_failure_of_the_stack() {
    let run = play("dies-twice", &[HELLO, BEGIN, "exit 3"], 2);
    assert_eq!(run.status, 1, "{}", run.err);
    assert!(run.out.contains("unresolved"), "{}", run.out);
    assert!(run.out.contains("the stack lost its process"), "{}", run.out);
    assert!(!run.out.contains("profile documented says"), "{}", run.out);
}

#[test]
fn a_crash_is_still_the_answer_of_the_stack() {
    let crash = r#"read -r line; echo '{"id":0,"did":"crashed"}'"#;
    let run = play("crashes", &[HELLO, BEGIN, crash], 4);
    assert_eq!(run.status, 1, "{}", run.err);
    assert!(run.out.contains("4 scenarios: 0 pass, 4 fail"), "{}", run.out);
    assert!(run.out.contains("crashes"), "{}", run.out);
}

#[test]
fn an_endless_line_is_not_read_to_its_end() {
    let run = play("endless", &[HELLO, "exec tr '\\0' x < /dev/zero"], 1);
    assert_eq!(run.status, 1, "{}", run.err);
    assert!(run.err.contains("the worker wrote a line of more than 1048576 bytes: xxx"), "{}", run.err);
    assert!(run.err.len() < 1000, "{}", run.err);
}

#[test]
fn an_answer_that_nobody_asked_for_is_told() {
    let run = play("unasked", &[HELLO, r#"read -r line; echo '{"id":77,"did":"done"}'; read -r line"#], 1);
    assert!(run.err.contains("the worker answered request 77, which nobody made"), "{}", run.err);
    let run = play("twice", &[HELLO, r#"read -r line; echo '{"id":1,"did":"done"}'; read -r line"#], 1);
    assert!(run.err.contains("the worker answered request 1, which it had answered already"), "{}", run.err);
    assert!(run.out.contains("unresolved"), "{}", run.out);
}

#[test]
fn an_answer_to_something_else_is_not_held_against_the_stack() {
    let done = r#"read -r line; echo '{"id":2,"did":"ended","clean":true}'; read -r line"#;
    let run = play("begins-otherwise", &[HELLO, done], 1);
    assert!(run.out.contains("unresolved"), "{}", run.out);
    let said = r#"the worker answered {"do":"begin","winsock":[2,2],"threads":1} with {"did":"ended","clean":true}"#;
    assert!(run.err.contains(said), "{}", run.err);
    for (answer, told) in [
        (r#""did":"done""#, r#"{"did":"done"}"#),
        (r#""did":"looked","sockets":[]"#, r#"{"did":"looked","sockets":[]}"#),
    ] {
        let looks = format!("*'\"do\":\"look\"'*) echo '{{\"id\":'$n',{answer}}}' ;;");
        let (folder, stack) = worker("looks-otherwise", &[TOY, &looks, REST]);
        let file = folder.join("a.winaccept");
        fs::write(&file, "scenario \"t\"\nserver  socket(AF_INET, SOCK_STREAM, 0) = L\n").unwrap();
        let run = winaccept(&["run", "--stack", &stack, file.to_str().unwrap()]);
        assert_eq!(run.status, 1, "{}", run.err);
        assert!(run.out.contains("unresolved"), "{}", run.out);
        assert!(
            run.err.contains(&format!("the worker answered {{\"do\":\"look\",\"sockets\":[52]}} with {told}")),
            "{}",
            run.err
        );
    }
}

#[test]
fn an_answer_that_comes_late_does_no_harm() {
    // The accept returns only when the scenario has gone on to the end.
    let (folder, stack) = worker(
        "late",
        &[r#"
        while read -r line; do
            n=$((n + 1))
            case $line in
            *'"do":"hello"'*) echo '{"id":'$n',"did":"hello","name":"toy","version":"1","build":"toy","process":7}' ;;
            *'"function":"accept"'*) accept=$n ;;
            *'"function"'*) echo '{"id":'$n',"did":"returned","value":52,"error":0}' ;;
            *'"do":"waiting"'*) echo '{"id":'$n',"did":"waiting","at":"the toy"}' ;;
            *'"do":"look"'*) echo '{"id":'$n',"did":"looked","sockets":[{"local":null,"remote":null,"readable":false}]}' ;;
            *'"do":"connections"'*) echo '{"id":'$n',"did":"connections","connections":[]}' ;;
            *'"do":"end"'*)
                echo '{"id":'$n',"did":"ended","clean":true}'
                if [ -n "$accept" ]; then echo '{"id":'$accept',"did":"returned","value":-1,"error":10004}'; fi
                accept= ;;
            *) echo '{"id":'$n',"did":"done"}' ;;
            esac
        done"#],
    );
    for number in 0..2 {
        let source =
            "scenario \"late\"\nserver  socket(AF_INET, SOCK_STREAM, 0) = L\nserver  accept(L, NULL, NULL) = ...\n";
        fs::write(folder.join(format!("{number}.winaccept")), source).unwrap();
    }
    let run = winaccept(&["run", "--stack", &stack, folder.to_str().unwrap()]);
    assert_eq!(run.err, "", "no process was lost");
    assert!(run.out.contains("toy 1, judged"), "{}", run.out);
}

#[test]
fn what_a_worker_says_cannot_drive_the_terminal() {
    let hello = r#"read -r line; printf '%s\n' '{"id":1,"did":"hello","name":"to\u001b[2Jy","version":"1\n2","build":"toy","process":7}'"#;
    let refuse =
        r#"read -r line; printf '%s\n' '{"id":2,"did":"not_done","reason":"\u001b]0;no\u0007"}'; read -r line"#;
    // Such a name is no stack's, and names no file of evidence.
    let run = play("escapes", &[hello, refuse], 1);
    let unnamed = run.out + &run.err;
    assert_eq!(run.status, 2);
    assert!(unnamed.contains(r"`to\u{1b}[2Jy-1\n2` cannot name a stack"), "{unnamed}");
    let run = play("refuses", &[HELLO, refuse], 1);
    let said = run.out + &run.err;
    assert!(said.contains(r"\u{1b}]0;no\u{7}"), "{said}");
    for said in [unnamed, said] {
        assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
    }
}

#[test]
fn a_recording_keeps_that_a_process_was_lost() {
    let (folder, stack) = worker("records", &[HELLO, BEGIN, "exit 3"]);
    let scenario = folder.join("one.winaccept");
    fs::write(&scenario, "scenario \"one\"\nserver  WSAGetLastError() = 0\n").unwrap();
    let file = folder.join("recording.jsonl");
    let arguments = ["run", "--stack", &stack, "--record", file.to_str().unwrap(), scenario.to_str().unwrap()];
    assert_eq!(winaccept(&arguments).status, 1);
    let text = fs::read_to_string(&file).unwrap();
    let recording = winaccept::evidence::Recording::read(&text, "recording").unwrap();
    assert!(recording.scenarios[0].lost.as_ref().is_some_and(|why| why.contains("the worker ")), "{text}");
    assert_eq!(recording.write(), text);
}
