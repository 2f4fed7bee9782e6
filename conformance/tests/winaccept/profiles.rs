//! The profiles of stacks that can be run are what is learned of their recordings.

use std::fs;
use std::path::Path;

use winaccept::evidence::{self, Recording};
use winaccept::learn::{self, Clash, LearnOutput, LeftOut, learn};
use winaccept::profiles::{Choices, Known, LEARNED, ProfileFile};
use winaccept::stack::Replay;
use winaccept::suite::{self, Scenario};
use winaccept::watch::Watch;
use winaccept::{judge, lang};

/// Writes the profiles anew where this is set.
const UPDATE: &str = "WINACCEPT_UPDATE_PROFILES";

fn recorded(stack: &str) -> Recording {
    evidence::bundled().into_iter().find(|recording| recording.stack() == stack).expect("it comes with the program")
}

/// What is learned of scenarios that read like this, and of what was seen in them.
fn learned_of(seen: Vec<(&Scenario, Replay)>, by_hand: &Known) -> LearnOutput {
    let order = by_hand.checks().unwrap();
    let learned = learn(seen, &order, &Watch::unattended());
    let file = learn::profile_file(&learned, "mine-1", by_hand).unwrap();
    learn::output(&learned, &[], "mine-1", file, LeftOut::default())
}

#[test]
fn shipped_profiles_are_what_is_learned() {
    let scenarios = suite::bundled().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec-notes/profiles");
    for stack in LEARNED {
        let recording = recorded(stack);
        let by_hand = Known::parse(&fs::read_to_string(folder.join(format!("{stack}.hand.toml"))).unwrap()).unwrap();
        let mut left_out = LeftOut::default();
        let seen = learn::seen(&recording, &scenarios, &mut left_out).unwrap();
        let learned = learn(seen, &by_hand.checks().unwrap(), &Watch::unattended());
        let file = learn::profile_file(&learned, stack, &by_hand).unwrap();
        let output = learn::output(&learned, &[recording], stack, file, left_out);
        // A race within a stack is known by hand: it does now this, now that, in two runs of one scenario, too.
        let races = |clash: &&Clash| {
            clash.choice.is_some_and(|point| by_hand.said(point).is_some_and(|said| said.allows.len() > 1))
        };
        let contradicted: Vec<&Clash> = output.contradicted.iter().filter(|clash| !races(clash)).collect();
        assert!(contradicted.is_empty(), "{stack}: {contradicted:#?}");
        let (path, text) = (folder.join(format!("{stack}.toml")), learn::text(&output));
        if std::env::var_os(UPDATE).is_some() {
            fs::write(&path, &text).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        assert!(kept == text, "{stack}.toml is not what its recording says; {UPDATE}=1 writes it anew");
    }
}

/// A listener whose queue holds one connection that its client resets, and what accept makes of it.
const RESET: &str = "scenario \"x\"\n\n\
    server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L\n\
    server  bind(L, 127.0.0.1:0) = 0\n\
    server  listen(L, 5) = 0\n\
    client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C\n\
    client  connect(C, L) = 0\n\
    client  setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0}) = 0\n\
    client  closesocket(C) = 0\n\
    server  accept(L, NULL, NULL)\n";

/// What was seen of it, up to accept.
const BEFORE: [&str; 7] = ["handle", "0", "0", "handle", "0", "0", "0"];

fn reset(file: &str) -> Scenario {
    Scenario::read(RESET.as_bytes(), file).unwrap_or_else(|error| panic!("{error}"))
}

fn replay(scenario: &Scenario, seen: &[&str]) -> Replay {
    let line = |(number, seen): (usize, &&str)| {
        let step = &scenario.program.steps[number];
        evidence::StepLine {
            step: number,
            actor: scenario.script.actors[step.actor.index()].name.clone(),
            call: lang::render_action(&step.action, &scenario.script),
            seen: (*seen).to_owned(),
            assumed: None,
        }
    };
    let recorded = evidence::Recorded {
        file: scenario.file.clone(),
        digest: evidence::digest(&scenario.script.source),
        steps: seen.iter().enumerate().map(line).collect(),
        not_taken: None,
        failed: None,
        lost: None,
        lacks: None,
    };
    recorded.replay(scenario).unwrap_or_else(|error| panic!("{error}"))
}

fn accepts(scenario: &Scenario, seen: &str) -> Replay {
    replay(scenario, &[&BEFORE[..], &[seen]].concat())
}

#[test]
fn a_step_decides_a_choice_point_and_the_profile_says_it() {
    let scenario = reset("x.winaccept");
    let seen = accepts(&scenario, "handle");
    let output = learned_of(vec![(&scenario, seen.clone())], &Known::default());
    let decided = output.decided.iter().find(|decision| decision.choice == "reset-while-queued").unwrap();
    assert_eq!(decided.alternative, "accept-succeeds");
    assert!(decided.by.iter().all(|by| by.step.line == 10 && by.step.seen == "accept(L, NULL, NULL) = handle"));
    assert!(output.undecided.iter().any(|point| point.choice == "backlog-bound"));
    assert!(output.not_asked.contains(&"poll-pollpri"));

    let file = ProfileFile::parse(&learn::text(&output)).unwrap();
    assert_eq!(file.known.choices.iter().map(|said| said.name.as_str()).collect::<Vec<_>>(), ["reset-while-queued"]);
    let profile = Choices::bundled().of_file(&file).unwrap();
    assert_eq!(judge::predicts(&scenario, &seen, &profile).unpredicted, None);
    let otherwise = accepts(&scenario, "INVALID_SOCKET WSAECONNRESET");
    assert_eq!(judge::predicts(&scenario, &otherwise, &profile).unpredicted, Some(7));
}

#[test]
fn two_answers_are_a_contradiction_of_two_steps_and_both_are_allowed() {
    let (one, other) = (reset("one.winaccept"), reset("other.winaccept"));
    let (first, second) = (accepts(&one, "handle"), accepts(&other, "INVALID_SOCKET WSAECONNRESET"));
    let output = learned_of(vec![(&one, first.clone()), (&other, second.clone())], &Known::default());
    let [clash] = &output.contradicted[..] else { panic!("{:#?}", output.contradicted) };
    assert_eq!(clash.choice, Some("reset-while-queued"));
    assert_eq!(clash.allows, ["accept-fails", "accept-succeeds"]);
    let steps: Vec<(&str, usize)> = clash.steps.iter().map(|step| (step.file.as_str(), step.line)).collect();
    assert_eq!(steps, [("one.winaccept", 10), ("other.winaccept", 10)]);

    let profile = Choices::bundled().of_file(&ProfileFile::parse(&output.profile).unwrap()).unwrap();
    assert_eq!(judge::predicts(&one, &first, &profile).unpredicted, None);
    assert_eq!(judge::predicts(&other, &second, &profile).unpredicted, None);
}

#[test]
fn what_nothing_explains_is_told_and_teaches_nothing() {
    let scenario = reset("x.winaccept");
    let mut seen = BEFORE.to_vec();
    seen[1] = "SOCKET_ERROR WSAEADDRNOTAVAIL";
    seen.push("handle");
    let output = learned_of(vec![(&scenario, replay(&scenario, &seen))], &Known::default());
    let [clash] = &output.contradicted[..] else { panic!("{:#?}", output.contradicted) };
    assert_eq!((clash.choice, clash.steps.len(), clash.steps[0].line), (None, 1, 4));
    assert!(output.decided.is_empty(), "{:#?}", output.decided);
}

#[test]
fn what_is_written_by_hand_stands_unless_it_was_recorded_otherwise() {
    let by_hand = |alternative: &str| {
        let source = format!(
            "schema = 1\n[[choice]]\nname = \"reset-while-queued\"\nallows = [\"{alternative}\"]\n\
             because = \"seen\"\nsource = \"somebody\"\ngrade = \"S\"\n\
             [order]\nbecause = \"seen\"\nchecks = [\"*.not-initialised\"]\n"
        );
        Known::parse(&source).unwrap()
    };
    let scenario = reset("x.winaccept");
    let learned = |seen: &[&str]| learn(vec![(&scenario, replay(&scenario, seen))], &[], &Watch::unattended());
    let before = [&BEFORE[..6], &["0", "handle"]].concat();
    let file = learn::profile_file(&learned(&before), "mine-1", &by_hand("accept-succeeds")).unwrap();
    let file = ProfileFile::parse(&file).unwrap();
    assert_eq!((file.known.choices[0].because.as_str(), file.known.choices[0].grade.as_str()), ("seen", "S"));
    assert_eq!(file.known.order.unwrap().checks, ["*.not-initialised"]);
    let error = learn::profile_file(&learned(&before), "mine-1", &by_hand("vanishes")).unwrap_err();
    assert!(error.contains("`reset-while-queued` is not what was recorded: accept-succeeds"), "{error}");
    assert!(error.contains("accept(L, NULL, NULL) = handle (x:10)"), "{error}");
}

#[test]
fn files_that_are_no_profile_say_why() {
    let broken = [
        ("schema = 2\nname = \"a-1\"\n", "schema 2 is not known"),
        ("name = \"a-1\"\n", "missing field `schema`"),
        ("schema = 1\nname = \"a-1\"\nchoices = []\n", "unknown field `choices`"),
    ];
    for (source, expected) in broken {
        let error = ProfileFile::parse(source).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let entry = |name: &str, allows: &str| {
        format!("[[choice]]\nname = \"{name}\"\nallows = [{allows}]\nbecause = \"\"\nsource = \"\"\ngrade = \"run\"\n")
    };
    let wrong = [
        (entry("reset-while-queued", ""), "must allow at least one alternative"),
        (entry("reset-while-queued", "\"waits\""), "has no alternative `waits`"),
        (entry("reset", "\"waits\""), "unknown choice point `reset`"),
        (entry("hand-over", "\"woken\"").repeat(2), "`hand-over` occurs twice"),
        ("[order]\nbecause = \"\"\nchecks = [\"*.nothing\"]\n".to_owned(), "no rule is called `*.nothing`"),
    ];
    for (source, expected) in wrong {
        let error = ProfileFile::parse(&format!("schema = 1\nname = \"a-1\"\n{source}")).unwrap_err();
        assert!(error.contains(expected), "{error}");
        // What is known beside recordings is read alike.
        assert_eq!(Known::parse(&format!("schema = 1\n{source}")).unwrap_err(), error);
    }
    assert!(Known::parse("schema = 1\nname = \"a-1\"\n").unwrap_err().contains("this is the profile `a-1`"));
}

#[test]
fn a_profile_has_a_name_that_a_stack_can_have() {
    let scenario = reset("x.winaccept");
    let learned = learn(vec![(&scenario, accepts(&scenario, "handle"))], &[], &Watch::unattended());
    let refused = [
        ("documented", "no stack that a file could be the profile of"),
        ("windows", "no stack that a file could be the profile of"),
        ("", "`` cannot name a profile"),
        ("a b", "`a b` cannot name a profile"),
        ("a\u{1b}[31m", "`a\\u{1b}[31m` cannot name a profile"),
        ("a\u{7f}", "invalid"),
        ("../a", "`../a` cannot name a profile"),
    ];
    for (name, expected) in refused {
        let error = learn::profile_file(&learned, name, &Known::default()).unwrap_err();
        assert!(error.contains(expected), "{name:?}: {error}");
    }
    assert!(learn::profile_file(&learned, "mine", &Known::default()).is_ok());
    let nameless = ProfileFile::parse("schema = 1\n").unwrap_err();
    assert!(nameless.starts_with("missing field `name`"), "{nameless}");
}
