//! The judge, kind by kind: what once came out right for the wrong reason, or wrong.

use winaccept::evidence::{Recorded, StepLine, digest};
use winaccept::judge::{self, Judged, Verdict};
use winaccept::lang::render_action;
use winaccept::profiles::{Choices, NAMES};
use winaccept::suite::Scenario;
use winaccept_model::step::Machine;

/// A listener, and a client that is connected.
const CONNECTED: &str = "scenario \"x\"\n\n\
    server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L\n\
    server  bind(L, 127.0.0.1:0) = 0\n\
    server  listen(L, 5) = 0\n\
    client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C\n\
    client  connect(C, L) = 0\n";

/// What was seen of these steps.
const SEEN: [&str; 5] = ["handle", "0", "0", "handle", "0"];

fn scenario(more: &str) -> Scenario {
    Scenario::read(format!("{CONNECTED}{more}").as_bytes(), "x.winaccept").unwrap_or_else(|error| panic!("{error}"))
}

fn on_model(more: &str, profile: &str) -> Judged {
    let profile = Choices::bundled().profile(profile).expect("one of the bundled profiles");
    judge::model(&scenario(more), &Machine::new(profile))
}

/// The verdict, which has to be the same under every profile.
fn everywhere(more: &str) -> Judged {
    let judged = on_model(more, "documented");
    for profile in NAMES {
        let other = on_model(more, profile);
        assert_eq!((other.verdict, &other.reason), (judged.verdict, &judged.reason), "{profile}");
    }
    judged
}

/// The verdict on what a stack was seen to do.
fn seen(more: &str, profile: &str, seen: &[&str]) -> Judged {
    let lines = seen.iter().enumerate().map(|(number, seen)| (SEEN.len() + number, *seen));
    recorded(more, profile, &lines.collect::<Vec<_>>()).unwrap_or_else(|error| panic!("{error}"))
}

/// The same, of steps that are taken in the order given here; or what is wrong with such a recording.
fn recorded(more: &str, profile: &str, seen: &[(usize, &str)]) -> Result<Judged, String> {
    let scenario = scenario(more);
    let line = |(number, seen): (usize, &str)| StepLine {
        step: number,
        actor: scenario.script.actors[scenario.program.steps[number].actor.index()].name.clone(),
        call: render_action(&scenario.program.steps[number].action, &scenario.script),
        seen: seen.to_owned(),
        assumed: None,
    };
    let steps = SEEN.iter().copied().enumerate().chain(seen.iter().copied()).map(line).collect();
    let digest = digest(&scenario.script.source);
    let recorded =
        Recorded { file: scenario.file.clone(), digest, steps, not_taken: None, failed: None, lost: None, lacks: None };
    let replay = recorded.replay(&scenario)?;
    Ok(judge::replay(&scenario, &replay, &Choices::bundled().profile(profile).expect("one of the bundled profiles")))
}

#[test]
fn a_set_has_no_order() {
    let more = "server  accept(L, NULL, NULL) = A\n\
        server  select(NULL, {A, C}, NULL, 0) = 2 with writefds = {A, C}\n";
    assert_eq!(everywhere(more).verdict, Verdict::Pass);
    for order in ["{A, C}", "{C, A}"] {
        let judged = seen(more, "documented", &["handle", &format!("2 with writefds = {order}")]);
        assert_eq!(judged.verdict, Verdict::Pass, "{order}: {}", judged.reason);
    }
}

#[test]
fn an_expectation_that_no_document_has_fails_everywhere() {
    let more = "client  setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0}) = 0\nclient  closesocket(C) = 0\n\
        server  accept(L, NULL, NULL) = INVALID_SOCKET WSAENOBUFS\n";
    let judged = everywhere(more);
    assert_eq!((judged.verdict, judged.choices.len()), (Verdict::Fail, 0), "{}", judged.reason);
    assert!(judged.reason.contains("line 10") && judged.reason.contains("WSAECONNRESET"), "{}", judged.reason);
    for profile in NAMES {
        for gave in ["handle", "INVALID_SOCKET WSAECONNRESET", "INVALID_SOCKET WSAENOBUFS"] {
            assert_eq!(seen(more, profile, &["0", "0", gave]).verdict, Verdict::Fail, "{profile} {gave}");
        }
    }
}

#[test]
fn what_a_failing_call_writes_counts() {
    let more = "server  accept(L, addr, 8) = INVALID_SOCKET WSAEFAULT with addr = unchanged\n";
    let zeros = ["INVALID_SOCKET WSAEFAULT with addr = 0.0.0.0:0, addrlen = 8"];
    let judged = seen(more, "wine-8.0", &zeros);
    assert_eq!((judged.verdict, judged.choices), (Verdict::Deviates, vec!["short-buffer-contents"]));
    for profile in ["documented", "windows", "wine-10.0"] {
        assert_eq!(seen(more, profile, &zeros).verdict, Verdict::Fail, "{profile}");
    }
    let unasked = "server  accept(L, addr, 8) = INVALID_SOCKET WSAEFAULT\n";
    let judged = seen(unasked, "documented", &zeros);
    assert_eq!(judged.verdict, Verdict::Fail, "whether or not the script asks for it");
    assert!(judged.reason.contains("the stack is not as documented"), "{}", judged.reason);
}

#[test]
fn only_the_choice_points_that_make_the_difference_are_named() {
    let more = "client  setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0}) = 0\nclient  closesocket(C) = 0\n\
        server  accept(L, NULL, NULL) = INVALID_SOCKET WSAECONNRESET\n";
    let judged = on_model(more, "windows");
    assert_eq!((judged.verdict, judged.choices), (Verdict::Deviates, vec!["reset-while-queued"]));
    let judged = seen(more, "wine-10.0", &["0", "0", "handle"]);
    assert_eq!((judged.verdict, judged.choices), (Verdict::Deviates, vec!["reset-while-queued"]));
    let fixed = seen(more, "wine-10.0", &["0", "0", "INVALID_SOCKET WSAECONNRESET"]);
    assert_eq!((fixed.verdict, fixed.choices), (Verdict::Fixed, vec!["reset-while-queued"]), "{}", fixed.reason);
    let neither = seen(more, "wine-10.0", &["0", "0", "INVALID_SOCKET WSAEINTR"]);
    assert_eq!(neither.verdict, Verdict::Fail);
    assert!(neither.reason.contains("neither the documents nor the profile"), "{}", neither.reason);
}

#[test]
fn what_was_never_broken_is_not_fixed() {
    let more = "server  setsockopt(L, SOL_SOCKET, SO_KEEPALIVE, 1) = SOCKET_ERROR WSAEINVAL\n";
    assert_eq!(everywhere(more).verdict, Verdict::Fail);
    for profile in NAMES {
        assert_eq!(seen(more, profile, &["SOCKET_ERROR WSAEINVAL"]).verdict, Verdict::Fail, "{profile}");
    }
}

#[test]
fn a_call_that_is_said_to_block_waits_when_all_is_quiet() {
    for (more, what) in [
        ("other   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = D\nother   connect(D, L) = ...\n", "connected"),
        (
            "other   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = D\nother   bind(D, 127.0.0.1:0) = 0\n\
             more    socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = F\nmore    connect(F, D) = ...\n",
            "refused",
        ),
        ("server  accept(L, NULL, NULL) = ...\n", "accepted"),
        ("client  send(C, \"x\") = ...\n", "sent"),
        ("client  closesocket(C) = ...\n", "closed"),
        ("server  select({L}, NULL, NULL, NULL) = ...\n", "readable"),
        ("server  WSAPoll({L: POLLRDNORM}, INFINITE) = ...\n", "polled"),
        ("server  SleepEx(0, FALSE) = ...\n", "slept"),
    ] {
        assert_eq!(everywhere(more).verdict, Verdict::Fail, "{what}");
    }
    let held = "other   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = D\nhold D\nother   connect(D, L) = ...\nrelease D\n\
        other   connect resumes = 0\n";
    assert_eq!(everywhere(held).verdict, Verdict::Pass);
}

#[test]
fn a_step_shows_only_what_took_part_in_it() {
    for more in [
        "server  accept(L, NULL, NULL) = A  shows accept.err.WSAEFAULT.addr-invalid\n",
        "server  accept(L, NULL, NULL) = A  shows accept.err.WSAECONNRESET\n",
        "server  closesocket(L) = 0  shows accept.rem.first-on-queue\n",
        "server  accept(L, NULL, NULL) = A\nnever accept = INVALID_SOCKET WSAEACCES  shows accept.absent.WSAEACCES\n",
    ] {
        let judged = everywhere(more);
        assert!(
            judged.verdict == Verdict::Fail && judged.reason.contains("does not show"),
            "{more}: {}",
            judged.reason
        );
    }
    // Seen only later, but because of it.
    let later = "server  accept(L, NULL, NULL) = A\nserver  getsockname(A, addr, 16) = 0 with addr = address(L)  \
        shows wsarecv.rem.accept-binds\n";
    assert_eq!(everywhere(later).verdict, Verdict::Pass);
}

#[test]
fn a_step_confirms_only_what_windows_does_there() {
    let reset = "client  setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0}) = 0\nclient  closesocket(C) = 0\n";
    let documented = "server  accept(L, NULL, NULL) = INVALID_SOCKET WSAECONNRESET";
    // What the documents say, and what Windows does, side by side; the steps behind it are about Windows alone.
    let both = format!(
        "{reset}{documented}  confirms C1 = A\nserver  recv(A, 16)  confirms C1 = SOCKET_ERROR WSAECONNRESET\n"
    );
    assert_eq!(on_model(&both, "documented").verdict, Verdict::Pass);
    assert_eq!(on_model(&both, "windows").verdict, Verdict::Deviates);
    for wrong in [
        format!("{reset}{documented}  confirms C1\n"),
        format!("{reset}{documented}  confirms C1 = INVALID_SOCKET WSAECONNABORTED\n"),
        // It names more than Windows does.
        format!("{reset}{documented}  confirms C1 = {{ A | INVALID_SOCKET WSAECONNRESET }}\n"),
        // It says nothing.
        format!("{reset}{documented}  confirms C1 = ?silent.02-wsaefault-consumes\n"),
        // The profile leaves open what becomes of the queue.
        "server  closesocket(L) = 0\nserver  getpeername(C, addr, 16) = ?silent.02-wsaefault-consumes  confirms C1\n"
            .to_owned(),
    ] {
        let judged = everywhere(&wrong);
        assert_eq!(judged.verdict, Verdict::Fail, "{wrong}");
        assert!(judged.reason.contains("C1"), "{}", judged.reason);
    }
}

#[test]
fn an_empty_claim_is_said_to_be_one() {
    let judged = everywhere("server  accept(L, NULL, NULL) = A\nnever recv = 0\nnever accept = crashes\n");
    assert_eq!(judged.verdict, Verdict::Pass);
    let [no_call, no_outcome] = judged.notes.as_slice() else { panic!("{:?}", judged.notes) };
    assert!(no_call.contains("line 9") && no_call.contains("no step calls recv"), "{no_call}");
    assert!(no_outcome.contains("line 10") && no_outcome.contains("crashes"), "{no_outcome}");
    assert!(everywhere("server  accept(L, addr, BAD)\nnever accept = INVALID_SOCKET WSAEINTR\n").notes.is_empty());
}

#[test]
fn what_the_model_does_not_know_is_unmodelled() {
    let more = "client  ReadFile(C, 16, bytes, NULL) = FALSE WSAETIMEDOUT\n";
    let judged = everywhere(more);
    assert_eq!(judged.verdict, Verdict::Unmodelled);
    assert!(judged.reason.contains("ReadFile.waits-not-modelled"), "{}", judged.reason);
    let live = seen(more, "wine-10.0", &["0 WSAETIMEDOUT"]);
    assert_eq!(live.verdict, Verdict::Unmodelled, "{}", live.reason);
    assert_eq!(everywhere(&more.replace("FALSE WSAETIMEDOUT", "unmodelled")).verdict, Verdict::Pass);
}

#[test]
fn an_expectation_that_names_some_ways_is_possible() {
    let more = "server  socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = U\nserver  bind(U, 127.0.0.1:0) = 0\n\
        server  accept(U, NULL, NULL) = INVALID_SOCKET WSAEINVAL\n";
    let judged = everywhere(more);
    assert_eq!((judged.verdict, judged.ways), (Verdict::Possible, Some((1, 2))));
    assert_eq!(judged.word(), "possible (1 of 2 allowed ways)");
    assert!(judged.reason.contains("WSAEOPNOTSUPP"), "{}", judged.reason);
    let wide = "server  accept(L, NULL, NULL) = { A | INVALID_SOCKET WSAEWOULDBLOCK }\n";
    let judged = everywhere(wide);
    assert!(judged.verdict == Verdict::Fail && judged.reason.contains("never allow"), "{}", judged.reason);
}

#[test]
fn what_cannot_happen_fails_under_every_profile() {
    for happening in [
        "deliver SYN of C",
        "lose FIN of C",
        "timer of C",
        "drop SYN of C",
        "fault no-buffers at recv 1",
        "fault no-buffers at connect 9",
    ] {
        let judged = everywhere(&format!("{happening}\nserver  accept(L, NULL, NULL) = A\n"));
        assert_eq!(judged.verdict, Verdict::Fail, "{happening}");
        assert!(judged.reason.starts_with(&format!("line 8: `{happening}` cannot happen")), "{}", judged.reason);
    }
}

#[test]
fn a_fault_at_a_call_is_one_that_is_mended_after_it() {
    let start = "server  accept(L, NULL, NULL) = A\nserver  accept(L, NULL, NULL) = ...\n\
        other   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = D\n";
    let end = "server  accept resumes = { B | INVALID_SOCKET WSAEMFILE }\n";
    let at = format!("{start}fault no-descriptors at connect 1\nother   connect(D, L) = 0\n{end}");
    let mended = format!("{start}fault no-descriptors\nother   connect(D, L) = 0\nmend no-descriptors\n{end}");
    for profile in NAMES {
        assert_eq!(on_model(&at, profile).verdict, on_model(&mended, profile).verdict, "{profile}");
    }
    assert_eq!(on_model(&at, "documented").verdict, Verdict::Pass);
}

#[test]
fn an_expected_return_that_may_not_come_does_not_hold() {
    let more = "server  accept(L, NULL, NULL) = A\nother   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = D\n\
        server  WSACreateEvent() = E\nserver  WSAEventSelect(L, E, FD_ACCEPT) = 0\nany order {\n\
        \x20 other   connect(D, L) = 0\n  server  WSAResetEvent(E) = TRUE\n\
        \x20 server  WSAWaitForMultipleEvents({E}, INFINITE, FALSE) = WSA_WAIT_EVENT_0\n}\n";
    let judged = everywhere(more);
    assert!(judged.verdict == Verdict::Fail && judged.reason.contains("may wait for ever"), "{}", judged.reason);
    assert!(judged.reason.starts_with("line 15:"), "{}", judged.reason);
    let said = more.replace("= WSA_WAIT_EVENT_0", "= { WSA_WAIT_EVENT_0 | ... }");
    assert_eq!(everywhere(&said).verdict, Verdict::Pass);
}

#[test]
fn a_broken_claim_names_both_lines() {
    let judged = everywhere(
        "server  accept(L, NULL, NULL) = A\nnever accept = A\n"
            .replace("never accept = A", "never connect = 0")
            .as_str(),
    );
    assert_eq!(judged.verdict, Verdict::Fail);
    assert_eq!(judged.reason, "line 9: never connect = 0: it happens at line 7");
}

#[test]
fn what_a_line_chooses_stands_fast_from_there_on() {
    let closed = "server  accept(L, NULL, NULL) = A\nserver  accept(L, NULL, NULL) = ...\n\
                  choose close-under-accept = interrupted\nother  closesocket(L) = 0\n\
                  server  accept resumes = INVALID_SOCKET WSAEINTR\n";
    assert_eq!(on_model(closed, "documented").verdict, Verdict::Pass);
    // Without it the documents leave more open.
    let open = closed.replace("choose close-under-accept = interrupted\n", "");
    assert_eq!(on_model(&open, "documented").verdict, Verdict::Possible);
    // Too late.
    let late = format!("{open}choose close-under-accept = interrupted\n");
    assert_eq!(on_model(&late, "documented").verdict, Verdict::Possible);
    // The last one that was chosen holds.
    let twice = closed.replace("choose", "choose close-under-accept = aborted\nchoose");
    assert_eq!(on_model(&twice, "documented").verdict, Verdict::Pass);
}

#[test]
fn what_a_profile_never_does_cannot_be_chosen_under_it() {
    let reset = "client  setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0}) = 0\nclient  closesocket(C) = 0\n\
                 choose reset-while-queued = accept-succeeds\nserver  accept(L, NULL, NULL) = A\n";
    assert_eq!(on_model(reset, "windows").verdict, Verdict::Pass);
    let judged = on_model(reset, "documented");
    assert_eq!(judged.verdict, Verdict::Fail);
    let line = "line 10: `choose reset-while-queued = accept-succeeds`: under profile documented it is never so, but accept-fails";
    assert_eq!(judged.reason, line);
    // Where the documents may go that way, a stack that does not deviates from what the scenario shows.
    let fails = reset.replace("accept-succeeds", "accept-fails").replace("= A\n", "= INVALID_SOCKET WSAECONNRESET\n");
    assert_eq!(on_model(&fails, "documented").verdict, Verdict::Pass);
    let judged = on_model(&fails, "windows");
    assert_eq!((judged.verdict, judged.choices.len()), (Verdict::Deviates, 1), "{}", judged.reason);
    assert!(judged.reason.ends_with("; because of reset-while-queued"), "{}", judged.reason);
    // What is expected is held against what was chosen, not against what else the profile does.
    let wrong = reset.replace("= A\n", "= INVALID_SOCKET WSAECONNRESET\n");
    assert_eq!(on_model(&wrong, "windows").verdict, Verdict::Fail);
}

/// Drains the queue of a listener that does not block, and answers each client.
const DRAINS: &str = "server  ioctlsocket(L, FIONBIO, 1) = 0\nany order {\n  repeat {\n    \
    server  accept(L, NULL, NULL) = { A | INVALID_SOCKET WSAEWOULDBLOCK }\n    until WSAEWOULDBLOCK\n    \
    if succeeds {\n      server  closesocket(A) = 0\n    } else if WSAENOBUFS {\n      server  WSAGetLastError() = 0\n    }\n  }\n  \
    server  closesocket(L) = 0\n}\n";

#[test]
fn a_step_inside_if_need_not_be_reached_unless_it_claims_something() {
    let judged = everywhere(DRAINS);
    assert_eq!(judged.verdict, Verdict::Pass, "{}", judged.reason);
    assert!(judged.notes.iter().any(|note| note == "line 16: no way leads here"), "{:?}", judged.notes);
    let claims = DRAINS.replace("WSAGetLastError() = 0", "WSAGetLastError() = 0  shows wsagle.per-thread");
    let judged = everywhere(&claims);
    assert!(judged.verdict == Verdict::Fail && judged.reason.contains("never gets here"), "{}", judged.reason);
    // A loop that nothing leaves has nothing behind it.
    let endless = DRAINS.replace("until WSAEWOULDBLOCK", "until WSAEACCES");
    let judged = everywhere(&endless);
    assert!(judged.verdict == Verdict::Fail && judged.reason.contains("never gets here"), "{}", judged.reason);
}

#[test]
fn a_recording_follows_the_branches_of_its_lanes() {
    let (none, mode) = ("INVALID_SOCKET WSAEWOULDBLOCK", (5, "0"));
    let judged = recorded(DRAINS, "documented", &[mode, (6, "handle"), (7, "0"), (6, none), (9, "0")]);
    assert_eq!(judged.map(|judged| judged.verdict), Ok(Verdict::Pass));
    for (lines, what) in [
        (vec![mode, (6, "handle"), (6, none), (9, "0")], "the body that it took is missing"),
        (vec![mode, (6, "handle"), (8, "0"), (6, none), (9, "0")], "the other body"),
        (vec![mode, (6, "handle"), (7, "0"), (6, none), (6, none), (9, "0")], "another round"),
        (vec![mode, (6, "handle"), (7, "0"), (9, "0")], "out of the loop without its end"),
        (vec![mode, (6, "handle"), (7, "0"), (6, none)], "what stands behind the loop is missing"),
        (vec![mode, (9, "0")], "the loop is missing"),
        (vec![mode, (6, "handle"), (7, "0")], "the last round, and what stands behind"),
        (vec![mode, (6, "..."), (6, "...")], "a call that waits is the last"),
        (vec![mode, (6, "...")], "what stands behind a call that waits is accounted for"),
    ] {
        assert!(recorded(DRAINS, "documented", &lines).is_err(), "{what}");
    }
    // Nothing failed with anything else: the stack is not as documented.
    let judged = recorded(DRAINS, "documented", &[mode, (6, none), (9, "0")]).map(|judged| judged.verdict);
    assert_eq!(judged, Ok(Verdict::Fail), "a connection was there");
}
