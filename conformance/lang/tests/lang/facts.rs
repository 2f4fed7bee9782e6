//! `confirms`: what it holds, how it is written, and what is wrong with it.

use winaccept_lang::{Comment, format_source, parse, render_script};
use winaccept_sim::script::{Expect, Item, Script, Step, ValuePattern};

const PRELUDE: &str = "scenario \"facts\"\n\nserver  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L\n";

/// `WT-ACC-001` and `C1` are facts, `accept.x` is a clause.
fn knows(id: &str) -> bool {
    matches!(id, "!WT-ACC-001" | "!C1" | "!W8-01" | "accept.x" | "?silent.x")
}

fn script(line: &str) -> Script {
    parse(format!("{PRELUDE}{line}\n").as_bytes(), "x", &knows).unwrap_or_else(|error| panic!("{error}"))
}

fn step(line: &str) -> Step {
    match script(line).items.pop() {
        Some(Item::Step(step)) => step,
        other => panic!("{line}: {other:?}"),
    }
}

fn error(line: &str) -> String {
    match parse(format!("{PRELUDE}{line}\n").as_bytes(), "x", &knows) {
        Ok(_) => panic!("{line} is not broken"),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn a_step_confirms_facts_beside_what_it_shows() {
    let both = step("server  accept(L, NULL, NULL) = A  shows accept.x  confirms WT-ACC-001, C1");
    assert_eq!(
        (both.shows.as_slice(), both.confirms.as_slice()),
        (&["accept.x".to_owned()][..], &["WT-ACC-001".to_owned(), "C1".to_owned()][..])
    );
    assert_eq!(both.windows(), both.expect.as_ref());
}

#[test]
fn what_windows_does_is_said_behind_the_fact_and_binds() {
    let other = script(
        "server  accept(L, NULL, NULL) = INVALID_SOCKET WSAECONNRESET  confirms C1 = A\nserver  closesocket(A)  confirms C1 = 0",
    );
    let [.., Item::Step(accept), Item::Step(close)] = other.items.as_slice() else { panic!("two steps") };
    let Some(Expect::OneOf(patterns)) = &accept.on_windows else { panic!("it is said") };
    assert!(matches!(patterns[0].value, ValuePattern::Binds(name) if other.names[usize::from(name.0)].text == "A"));
    assert!(close.expect.is_none() && close.windows().is_some());
    let resumed =
        step("server  accept(L, NULL, NULL) = ...\nserver  accept resumes  confirms C1 = INVALID_SOCKET WSAEINTR");
    assert!(resumed.expect.is_none() && resumed.on_windows.is_some());
}

#[test]
fn it_is_laid_out_and_stays_as_it_is() {
    let line = "server  listen(L, 5) = 0  shows accept.x  confirms C1, W8-01 = { 0 | SOCKET_ERROR WSAEINVAL }\n";
    let source = format!("{PRELUDE}{line}");
    assert_eq!(format_source(&source, "x").unwrap(), source);
    assert_eq!(format_source(&source.replace("  confirms C1, ", " confirms   C1,"), "x").unwrap(), source);
    assert!(render_script(&script(line.trim_end()), &Comment::default()).contains(line.trim_end()));
}

#[test]
fn what_is_wrong_is_told_with_a_remedy() {
    for (line, title, help) in [
        ("server  listen(L, 5) = 0  confirms wt-acc-1", "unknown fact `wt-acc-1`", "did you mean `WT-ACC-001`?"),
        ("server  listen(L, 5) = 0  confirms W8-1", "unknown fact `W8-1`", "did you mean `W8-01`?"),
        ("server  listen(L, 5) = 0  confirms accept.x", "unknown fact `accept.x`", "`shows accept.x`"),
        ("server  listen(L, 5) = 0  confirms Q-7", "unknown fact `Q-7`", "spec-notes/observations.toml"),
        ("server  listen(L, 5) = 0  confirms C1, C1", "a fact is confirmed twice", ""),
        ("server  listen(L, 5)  confirms C1", "a step without outcome confirms nothing", "say what Windows does"),
        ("server  listen(L, 5) = 0  confirms C1 = X", "", ""),
        ("server  listen(L, 5) = 0  confirms C1  shows accept.x", "", "`=` or the end of the line"),
        ("server  listen(L, 5) = 0  confirms", "", "the id of a fact"),
    ] {
        let told = error(line);
        assert!(told.contains(title) && told.contains(help), "{line}:\n{told}");
        assert!(told.contains("x:4:"), "{line}: its place is told\n{told}");
    }
}
