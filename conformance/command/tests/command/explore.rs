//! `winaccept explore`: what it says of what it looked at, and counterexamples that show what they are about.

use std::fs;
use std::path::Path;

use crate::running::{folder, winaccept};
use serde_json::Value;

const LISTENER: &str = "server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L
server  bind(L, 127.0.0.1:0) = 0
server  listen(L, 1) = 0
";

/// Alike clients of which one is accepted, and not the one that the server wants.
const RACE: &str = "client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
any order {
  clients 2 alike {
    racer  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = D
    racer  connect(D, L) = { 0 | SOCKET_ERROR WSAECONNREFUSED }
    either {
      racer  setsockopt(D, SOL_SOCKET, SO_LINGER, {1, 0})
      racer  closesocket(D)
    } or { }
  }
  client  connect(C, L) = { 0 | SOCKET_ERROR WSAECONNREFUSED }
  server  accept(L, addr, 16) = { A with addr = address(C) | INVALID_SOCKET WSAECONNRESET }
}
never setsockopt = 0
";

/// The first connection is reset before anybody accepts it.
const RESET: &str = "client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
client  connect(C, L) = 0
client  setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0}) = 0
client  closesocket(C) = 0
server  accept(L, addr, 16) = A with addr = address(C)
";

/// The second connection finds the queue full.
const FULL: &str = "client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
client  connect(C, L) = 0
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = D
client  connect(D, L) = 0
";

/// What accept then gives is a choice of the profile: the same steps, several outcomes.
const CLOSED: &str = "server  accept(L, NULL, NULL) = ...
closer  closesocket(L) = 0
server  accept resumes = INVALID_SOCKET WSAENOTSOCK
";

/// A call that passes one set of three.
const NULL_SETS: &str = "client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
any order {
  client  connect(C, L) = 0
  server  select({L}, NULL, NULL, 0) = 1
}
";

fn file(folder: &Path, name: &str, body: &str) -> String {
    let path = folder.join(format!("{name}.winaccept"));
    fs::write(&path, format!("scenario {name:?}\n\n{LISTENER}{body}")).unwrap();
    path.to_str().unwrap().to_owned()
}

fn violations(file: &str, profile: &str) -> Vec<Value> {
    let run = winaccept(&["explore", "--profile", profile, "--format", "json", file]);
    assert_eq!(run.status, 1, "{}", run.err);
    let output: Value = serde_json::from_str(&run.out).unwrap();
    output["violations"].as_array().unwrap().clone()
}

#[test]
fn a_retold_scenario_ends_in_what_breaks() {
    let folder = folder("explore-retold");
    let reset = violations(&file(&folder, "reset", RESET), "documented");
    let told = reset[0]["scenario"].as_str().unwrap();
    let end = "# expected: A with addr = address(C)\nserver  accept(L, addr, 16) = INVALID_SOCKET WSAECONNRESET\n";
    assert!(told.ends_with(end), "{told}");

    let full = violations(&file(&folder, "full", FULL), "windows");
    let told = full[0]["scenario"].as_str().unwrap();
    let end = "\nchoose backlog-full = refuse\n# expected: 0\nclient  connect(D, L) = SOCKET_ERROR WSAECONNREFUSED\n";
    assert!(told.ends_with(end), "{told}");

    let closed = violations(&file(&folder, "closed", CLOSED), "documented");
    let codes = ["interrupted", "aborted"].map(|alternative| format!("\nchoose close-under-accept = {alternative}\n"));
    for code in codes {
        assert!(closed.iter().any(|broken| broken["scenario"].as_str().unwrap().contains(&code)), "{closed:?}");
    }

    let waits = format!("{LISTENER}server  accept(L, NULL, NULL) = ...\nserver  accept resumes = A\n");
    let path = folder.join("waits.winaccept");
    fs::write(&path, format!("scenario \"waits\"\n\n{waits}")).unwrap();
    let waits = violations(path.to_str().unwrap(), "documented");
    let told = waits[0]["scenario"].as_str().unwrap();
    let end = "\n# expected: A\n# seen: the call goes on waiting\nserver  accept resumes\n";
    assert!(told.ends_with(end), "{told}");
}

#[test]
fn what_is_retold_holds_on_the_model() {
    let folder = folder("explore-replayed");
    let all = [("race", RACE), ("reset", RESET), ("closed", CLOSED), ("null-sets", NULL_SETS)];
    let full = [("full", FULL, "windows"), ("closed", CLOSED, "windows")];
    let all = all.into_iter().map(|(name, body)| (name, body, "documented"));
    for (name, body, profile) in all.chain(full) {
        let file = file(&folder, name, body);
        let violations = violations(&file, profile);
        for (number, broken) in violations.iter().enumerate() {
            let told = broken["scenario"].as_str().unwrap();
            let path = folder.join(format!("{name}-{number}.winaccept"));
            fs::write(&path, told).unwrap();
            // Where the profile decides, a line says what it has decided.
            for command in ["run", "show"] {
                let run = winaccept(&[command, "--profile", profile, path.to_str().unwrap()]);
                assert!(run.status == 0 && run.err.is_empty(), "{command}: {}\n{}\n{told}", run.out, run.err);
            }
        }
        assert!(!violations.is_empty(), "{name}");
    }
}

#[test]
fn events_are_told_in_the_words_of_the_language() {
    let folder = folder("explore-words");
    let file = file(&folder, "race", RACE);
    let all = violations(&file, "documented");
    let events: Vec<&str> = all
        .iter()
        .flat_map(|broken| broken["events"].as_array().unwrap())
        .map(|event| event.as_str().unwrap())
        .collect();
    assert!(events.iter().any(|event| event.starts_with("SYN-ACK of D.1 arrives")), "{events:?}");
    assert!(events.iter().any(|event| event.starts_with("racer.1: connect(D.1, L)")), "{events:?}");
    let dot = winaccept(&["explore", "--format", "dot", "--profile", "windows", "reset-against-accept"]);
    assert_eq!(dot.status, 0, "{}", dot.err);
    assert!(dot.out.contains("RST of C arrives"), "{}", dot.out);
    let text = winaccept(&["explore", &file]).out;
    let debug = ["ThreadId", "ConnId", "SynAck", "Syn ", "Rst", "Leave(", "Resume(", "Deliver("];
    for word in debug {
        assert!(!text.contains(word) && !dot.out.contains(word), "{word}");
        assert!(events.iter().all(|event| !event.contains(word)), "{word}: {events:?}");
    }
}

#[test]
fn an_exploration_that_is_not_complete_claims_nothing_of_the_rest() {
    let run = winaccept(&["explore", "--max-states", "1", "../../examples/backlog-3.winaccept"]);
    assert_eq!(run.status, 2);
    assert!(run.out.ends_with("\nnothing broke in the 1 state visited; the rest was not looked at\n"), "{}", run.out);
    assert!(!run.out.contains("holds"), "{}", run.out);
    let whole = winaccept(&["explore", "backlog-2"]);
    assert_eq!((whole.status, whole.out.contains("every invariant, expectation and claim holds")), (0, true));
}

#[test]
fn a_scenario_without_any_order_does_not_pass_for_explored() {
    let folder = folder("explore-plain");
    let run = winaccept(&["explore", &file(&folder, "reset", RESET)]);
    assert_eq!(run.status, 1);
    assert!(run.out.contains("\nno `any order` in this scenario, so nothing interleaves"), "{}", run.out);
    assert!(!run.out.contains("everything") && !run.out.contains("0 states"), "{}", run.out);
}

#[test]
fn says_why_there_is_no_graph() {
    let folder = folder("explore-dot");
    let plain = file(&folder, "reset", RESET);
    let refused = |arguments: &[&str]| {
        let run = winaccept(&[&["explore", "--format", "dot"], arguments].concat());
        assert_eq!((run.status, run.out.as_str()), (2, ""));
        run.err
    };
    assert!(refused(&[&plain]).contains("there is no `any order` in it"));
    let big = "../../examples/backlog-3.winaccept";
    assert!(refused(&[big]).contains("more than the 400 states that a graph can show"));
    assert!(refused(&["--max-states", "20", big]).contains("more states than --max-states allows: 20"));
    assert!(
        refused(&["--max-states", "2", "reset-against-accept"]).contains("more states than --max-states allows: 2")
    );
}

/// A counterexample or a witness: run as the scenario that it is told as, it holds under the profile that gave it.
pub(crate) fn run_confirms(folder: &Path, profile: &str, scenario: &str) {
    let way = folder.join("way.winaccept");
    fs::write(&way, scenario).unwrap();
    let run = winaccept(&["run", way.to_str().unwrap(), "--profile", profile]);
    assert_eq!((run.status, run.err.as_str()), (0, ""), "{}{scenario}", run.out);
}

/// Actor `c1` with `C1` beside a group `c` with `C`, and a listener, which there is no need to hold.
pub(crate) const COLLIDING: &str = "scenario \"names that collide when members are numbered\"

c1  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C1
c1  bind(C1, 127.0.0.1:0) = 0
c1  listen(C1, 1) = 0
any order {
  clients 2 alike {
    c  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
    c  connect(C, C1) = 0
  }
  c1  accept(C1, NULL, NULL) = INVALID_SOCKET WSAEWOULDBLOCK
}
";

#[test]
fn a_counterexample_goes_into_a_file_that_can_be_run() {
    let folder = folder("explore-output");
    let (from, to) = (folder.join("from.winaccept"), folder.join("to.winaccept"));
    fs::write(&from, COLLIDING).unwrap();
    let run = winaccept(&["explore", from.to_str().unwrap(), "-o", to.to_str().unwrap()]);
    assert_eq!(run.status, 1, "{}", run.err);
    let told = fs::read_to_string(&to).unwrap();
    assert!(!told.contains("hold C1\n"), "{told}");
    let run = winaccept(&["run", to.to_str().unwrap()]);
    assert!(run.status == 0 && run.out.contains("1 pass"), "{told}\n{}{}", run.out, run.err);
    let run = winaccept(&["explore", "reset-against-accept", "-o", folder.join("none").to_str().unwrap()]);
    let said = "was not written: nothing was found that does not hold";
    assert!(run.status == 0 && run.err.contains(said), "{}{}", run.out, run.err);
    // That an alternative never happens is shown by all ways together.
    let never = "any order {\n  client  connect(C, L) = { 0 | SOCKET_ERROR WSAENETDOWN }\n}\n";
    let wide = file(&folder, "wide", &format!("client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C\n{never}"));
    let run = winaccept(&["explore", &wide, "-o", folder.join("none").to_str().unwrap()]);
    let said = "was not written: no single way shows what does not hold";
    assert!(run.status == 1 && run.err.contains(said), "{}{}", run.out, run.err);
    assert!(!folder.join("none").exists());
}

#[test]
fn how_an_outcome_comes_about_is_a_scenario_that_run_confirms() {
    let folder = folder("explore-how");
    for (scenario, profile) in [("reset-against-accept", "documented"), ("accept-against-close", "windows")] {
        let explored = winaccept(&["explore", scenario, "--profile", profile, "--format", "json"]);
        let explored: Value = serde_json::from_str(&explored.out).unwrap();
        let mut tried = 0;
        for (call, outcomes) in explored["outcomes"].as_object().unwrap() {
            for outcome in outcomes.as_array().unwrap().iter().map(|outcome| outcome.as_str().unwrap()) {
                if outcome == "..." || outcome.starts_with("not taken") {
                    continue;
                }
                let wanted = format!("{call} = {outcome}");
                let arguments = ["explore", scenario, "--profile", profile, "--how", &wanted, "--format", "json"];
                let run = winaccept(&arguments);
                assert_eq!((run.status, run.err.as_str()), (0, ""), "{wanted}");
                let witness: Value = serde_json::from_str(&run.out).unwrap();
                assert_eq!(witness["outcome"], wanted);
                assert!(!witness["events"].as_array().unwrap().is_empty(), "{witness:#}");
                let scenario = witness["scenario"].as_str().unwrap();
                assert!(!scenario.contains("never ") && !scenario.contains("claimed"), "{scenario}");
                run_confirms(&folder, profile, scenario);
                tried += 1;
            }
        }
        assert!(tried >= 5, "{scenario}: {tried}");
    }
}

#[test]
fn what_never_happens_has_no_way() {
    let example = "reset-against-accept";
    for (wanted, help) in [
        ("accept = WSAEMFILE", "accept never returns WSAEMFILE here\nhelp: it gives "),
        ("select = 0", "no step calls select\nhelp: the calls are "),
        ("accept", "`accept` is no outcome of a call\nhelp: for example --how 'accept = WSAECONNRESET'"),
    ] {
        let run = winaccept(&["explore", example, "--how", wanted]);
        assert_eq!((run.status, run.out.as_str()), (2, ""));
        assert!(run.err.contains(help), "{}", run.err);
    }
    let file = folder("explore-how-file").join("way.winaccept");
    let run = winaccept(&["explore", example, "--how", "accept = WSAECONNRESET", "-o", file.to_str().unwrap()]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let way = fs::read_to_string(file).unwrap();
    assert!(run.out.starts_with("a shortest way to accept = WSAECONNRESET\n    1  "), "{}", run.out);
    assert!(run.out.ends_with(&way) && way.contains("WSAECONNRESET"), "{way}");
}

/// The event is reset after the connection came: the server waits for ever.
const NEVER_WAKES: &str = "server  WSACreateEvent() = E
server  WSAEventSelect(L, E, FD_ACCEPT) = 0
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
any order {
  client  connect(C, L) = 0
  server  WSAResetEvent(E) = TRUE
  server  WSAWaitForMultipleEvents({E}, WSA_INFINITE, FALSE) = OUTCOME
}
";

/// Somebody waits for ever where that is claimed or expected not to be: what `run` and `explore` say, and the way.
#[test]
fn who_waits_for_ever_is_found_with_a_shortest_way() {
    let folder = folder("explore-waits");
    let either = "{ WSA_WAIT_EVENT_0 | ... }";
    for (outcome, claim, status, said) in [
        (either, "nobody waits", 1, "nobody waits: server may wait for ever at line 12"),
        (
            either,
            "never WSAWaitForMultipleEvents waits",
            1,
            "never WSAWaitForMultipleEvents waits: server may wait for ever at line 12",
        ),
        (either, "never connect waits", 0, ""),
        (either, "", 0, ""),
        (
            "WSA_WAIT_EVENT_0",
            "",
            1,
            "WSAWaitForMultipleEvents({E}, WSA_INFINITE, FALSE) may wait for ever, expected: WSA_WAIT_EVENT_0",
        ),
    ] {
        let file = file(&folder, "waits", &format!("{}{claim}\n", NEVER_WAKES.replace("OUTCOME", outcome)));
        let run = winaccept(&["run", &file, "--format", "json"]);
        let judged: Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(run.status, status, "{claim}: {judged:#}");
        assert!(judged["scenarios"][0]["reason"].as_str().unwrap().contains(said), "{judged:#}");
        let explore = winaccept(&["explore", &file, "--format", "json"]);
        let explored: Value = serde_json::from_str(&explore.out).unwrap();
        assert_eq!((explore.status, &explored["verdict"]), (status, &judged["scenarios"][0]["verdict"]));
        let violations = explored["violations"].as_array().unwrap();
        assert_eq!(violations.len(), usize::from(status == 1), "{explored:#}");
        for violation in violations {
            // Nine steps and the three segments of a connection.
            assert_eq!(violation["events"].as_array().unwrap().len(), 12, "{violation:#}");
            let scenario = violation["scenario"].as_str().unwrap();
            assert!(scenario.contains("WSAWaitForMultipleEvents({E}, WSA_INFINITE, FALSE) = ..."), "{scenario}");
            assert!(claim.is_empty() || scenario.contains(&format!("# claimed: {claim}\n")), "{scenario}");
            run_confirms(&folder, "documented", scenario);
        }
    }
}

/// A server in a loop waits for the next client: that is how it ends.
#[test]
fn a_loop_may_wait_and_nobody_else() {
    let folder = folder("explore-loop");
    let body = "client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
any order {
  client  connect(C, L) = 0
  repeat {
    server  accept(L, NULL, NULL) = A
  }
}
nobody waits
";
    let file = file(&folder, "loop", body);
    for command in ["run", "explore"] {
        let run = winaccept(&[command, &file]);
        assert_eq!(run.status, 0, "{command}: {}{}", run.out, run.err);
    }
    let sequential = folder.join("sequential.winaccept");
    fs::write(
        &sequential,
        format!("scenario \"t\"\n\n{LISTENER}server  accept(L, NULL, NULL) = ...\nnever accept waits\n"),
    )
    .unwrap();
    for command in ["run", "explore"] {
        let run = winaccept(&[command, sequential.to_str().unwrap()]);
        assert_eq!(run.status, 1, "{command}: {}{}", run.out, run.err);
        assert!(run.out.contains("never accept waits"), "{}", run.out);
    }
}

/// The same with a queue that takes them all.
fn long_queue(folder: &Path, name: &str, body: &str) -> String {
    let path = file(folder, name, body);
    let text = fs::read_to_string(&path).unwrap().replace("listen(L, 1)", "listen(L, 5)");
    fs::write(&path, text).unwrap();
    path
}

/// A client that resets, and another that waits for its answer, against a loop that asks how accept has ended.
const LOOP: &str = "any order {
  client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
  client  connect(C, L) = 0
  client  setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0}) = 0
  client  closesocket(C) = 0
  other   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = D
  other   connect(D, L) = 0
  other   recv(D, 16) = { 2 | ... }
  repeat {
    server  accept(L, NULL, NULL) = { A | INVALID_SOCKET WSAECONNRESET }
    BRANCH
    server  send(A, \"hi\") = { 2 | SOCKET_ERROR WSAECONNRESET | SOCKET_ERROR WSAENOTSOCK }
  }
}
never recv waits
";

#[test]
fn a_loop_that_ends_on_a_failure_leaves_a_client_waiting() {
    let folder = folder("explore-branches");
    let ends =
        long_queue(&folder, "ends", &LOOP.replace("BRANCH", "until fails").replace(" | SOCKET_ERROR WSAENOTSOCK", ""));
    let violations = violations(&ends, "documented");
    assert_eq!(violations.len(), 1, "{violations:#?}");
    let told = violations[0]["scenario"].as_str().unwrap();
    assert!(told.contains("accept(L, NULL, NULL) = INVALID_SOCKET WSAECONNRESET"), "{told}");
    assert!(!told.contains("until") && told.contains("# claimed: never recv waits"), "{told}");
    run_confirms(&folder, "documented", told);

    let goes_on = LOOP.replace("    BRANCH\n    server  send", "    if succeeds {\n      server  send");
    let goes_on = goes_on.replace(" | SOCKET_ERROR WSAENOTSOCK }", " }\n    }").replace("{ 2 | ... }", "2");
    let run = winaccept(&["explore", &long_queue(&folder, "goes-on", &goes_on)]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
}

#[test]
fn a_way_through_a_loop_is_retold_without_it() {
    let folder = folder("explore-rounds");
    let body = "server  ioctlsocket(L, FIONBIO, 1) = 0
any order {
  clients 2 alike {
    guest   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
    guest   connect(C, L)
  }
  repeat {
    server  accept(L, NULL, NULL) = { A | INVALID_SOCKET WSAEWOULDBLOCK }
    until WSAEWOULDBLOCK
    if succeeds {
      server  getpeername(A, addr, 16) = 0 with addr = 127.0.0.1:*
    }
  }
  server  closesocket(L) = 0
}
never closesocket = 0
";
    let violations = violations(&long_queue(&folder, "rounds", body), "documented");
    for violation in &violations {
        run_confirms(&folder, "documented", violation["scenario"].as_str().unwrap());
    }
    let how = winaccept(&[
        "explore",
        "--how",
        "getpeername = 0",
        &long_queue(&folder, "rounds", &body.replace("never closesocket = 0\n", "")),
    ]);
    assert_eq!(how.status, 0, "{}{}", how.out, how.err);
    assert_eq!(violations.len(), 1, "{violations:#?}");
}
