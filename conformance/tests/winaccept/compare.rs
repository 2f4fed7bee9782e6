//! `compare`: what differs is found, once, and in a few steps.

use winaccept::compare::{CompareOutput, Comparison};
use winaccept::profiles::Choices;
use winaccept::stack::{Identity, ModelStack, Replay, Stack};
use winaccept::suite::Scenario;
use winaccept_model::choice::{Alt, Point, by_name};
use winaccept_model::profile::Profile;
use winaccept_sim::script::Script;

/// Errors planted in a copy of `wine-10.0`: alternatives that it does not allow.
const PLANTED: [(&str, &str); 20] = [
    ("reset-while-queued", "accept-fails"),
    ("addrlen-check-stage", "on-entry"),
    ("addrlen-check-consumes", "keeps"),
    ("close-under-accept", "interrupted"),
    ("cleanup-under-call", "not-a-socket"),
    ("listener-close-queued", "silent"),
    ("getsockname-bad-buffer", "WSAEFAULT"),
    ("inherit-timeouts", "defaults"),
    ("accept-wait", "not-alertable"),
    ("transfer-on-listener", "fails"),
    ("address-of-reset-peer", "told"),
    ("bad-addr-code", "WSAEFAULT"),
    ("so-error-read", "clears"),
    ("listen-connected-code", "WSAEISCONN"),
    ("poll-no-valid-socket", "WSAEINVAL"),
    ("poll-pollpri", "WSAEINVAL"),
    ("enum-error-event", "reset"),
    ("recv-after-refusal", "fails"),
    ("connect-after-refusal", "WSAECONNABORTED"),
    ("poll-after-refusal", "nothing"),
];

/// At most so many scenarios until a planted error is found, and so many steps to show it.
const RUNS: u64 = 500;
const STEPS: usize = 8;
/// Of the random part.
const SEED: u64 = 1;

fn profile(name: &str) -> Profile {
    Choices::bundled().profile(name).expect("one of the bundled profiles")
}

fn compared(truth: &Profile, profile: Profile, seed: u64, runs: u64) -> CompareOutput {
    let mut stack = ModelStack::new(truth.clone(), seed);
    let mut comparison = Comparison::new(&mut stack, profile, seed, 24);
    for _ in 0..runs {
        comparison.play_next();
    }
    comparison.output()
}

#[test]
fn planted_errors_are_found_and_made_small() {
    let truth = profile("wine-10.0");
    let mut missed = Vec::new();
    for (point, alternative) in PLANTED {
        let mut planted = truth.clone();
        planted.narrow(point, [alternative]).expect("an alternative of a choice point");
        let mut stack = ModelStack::new(truth.clone(), SEED);
        let mut comparison = Comparison::new(&mut stack, planted.clone(), SEED, 24);
        let Some(found) = (0..RUNS).find_map(|_| comparison.play_next().cloned()) else {
            missed.push(format!("{point} = {alternative}: not found"));
            continue;
        };
        if found.steps > STEPS || !found.choices.iter().any(|choice| choice.starts_with(&format!("{point} = "))) {
            missed.push(format!("{point} = {alternative}: {:?}\n{}", found.choices, found.scenario));
        }
        // What it found is a scenario that shows it.
        let scenario = Scenario::read(found.scenario.as_bytes(), "found").unwrap_or_else(|problem| panic!("{problem}"));
        let replay = ModelStack::new(truth.clone(), 1).replay(&scenario.script);
        assert_eq!(winaccept::judge::predicts(&scenario, &replay, &truth).unpredicted, None, "{}", found.scenario);
        assert!(winaccept::judge::predicts(&scenario, &replay, &planted).unpredicted.is_some(), "{}", found.scenario);
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn two_profiles_differ_in_many_ways_that_take_few_steps() {
    let output = compared(&profile("wine-8.0"), profile("windows"), 1, 150);
    assert_eq!(output.findings.len(), 38);
    for finding in &output.findings {
        assert!(finding.steps <= 12, "{} steps:\n{}", finding.steps, finding.scenario);
        assert!(!finding.choices.is_empty(), "{}", finding.scenario);
    }
    let mut kinds: Vec<&String> = output.findings.iter().map(|finding| &finding.choices[0]).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), output.findings.len(), "each is told once");
}

#[test]
fn a_stack_that_does_as_its_profile_says_has_no_findings() {
    for name in ["documented", "wine-8.0", "wine-10.0"] {
        let output = compared(&profile(name), profile(name), 3, 60);
        assert!(output.findings.is_empty(), "{name}: {}", output.findings[0].scenario);
        assert_eq!((output.runs, output.not_played), (60, 0));
    }
}

#[test]
fn the_same_seed_finds_the_same() {
    let found = || compared(&profile("wine-10.0"), profile("documented"), 5, 30).findings;
    let texts = |findings: Vec<winaccept::compare::Finding>| {
        findings.into_iter().map(|finding| (finding.scenario, finding.count)).collect::<Vec<_>>()
    };
    let first = texts(found());
    assert!(!first.is_empty());
    assert_eq!(first, texts(found()));
}

#[test]
fn planted_alternatives_are_none_that_the_profile_allows() {
    let truth = profile("wine-10.0");
    for (point, alternative) in PLANTED {
        let index = by_name(point).expect("a choice point");
        let point = Point(index as u8);
        let n = point.alternatives().iter().position(|known| *known == alternative).expect("an alternative") as u8;
        assert_eq!(truth.allowed(index) >> n & 1, 0, "{}", Alt(point.0, n).text());
    }
}

/// A stack that is lost from the n-th scenario on.
struct Mortal {
    alive: ModelStack,
    left: usize,
}

impl Stack for Mortal {
    fn identity(&self) -> Identity {
        self.alive.identity()
    }

    fn replay(&mut self, script: &Script) -> Replay {
        let Some(left) = self.left.checked_sub(1) else {
            return Replay { lost: Some("it is gone".to_owned()), ..Replay::default() };
        };
        self.left = left;
        self.alive.replay(script)
    }
}

#[test]
fn a_finding_is_kept_whenever_the_stack_is_lost() {
    let found_with = |left: usize| {
        let mut stack = Mortal { alive: ModelStack::new(profile("wine-8.0"), 1), left };
        let mut comparison = Comparison::new(&mut stack, profile("documented"), 1, 24);
        while comparison.hopeless().is_none() && comparison.output().findings.is_empty() {
            comparison.play_next();
        }
        comparison.output()
    };
    // It is found in the scenario after so many, and made small in many more.
    let before = (1..).find(|left| !found_with(*left).findings.is_empty()).expect("the profiles differ");
    let mut steps = Vec::new();
    for left in before..before + 12 {
        let output = found_with(left);
        let [found] = &output.findings[..] else { panic!("{left}: {output:#?}") };
        assert_eq!((output.runs, output.not_played), (before as u64, 0), "{left}");
        steps.push(found.steps);
    }
    assert!(steps.is_sorted_by(|one, next| one >= next) && steps[0] > steps[11], "smaller and smaller: {steps:?}");
    let (dead, why) = (found_with(0), Some("it is gone".to_owned()));
    assert_eq!((dead.runs, dead.not_played, dead.why_not), (3, 3, why));
}
