//! Recordings are whole or refused: every observation of the shipped recordings is damaged, one at a time, in every way that is
//! known to have gone unnoticed once. A damage is noticed when the recording is refused or the verdict is one that nobody takes
//! for the stack's answer. The shares are printed; what is let through is listed with the reason.

use std::collections::BTreeMap;

use winaccept::evidence::{self, Recorded, StepLine};
use winaccept::judge::{self, Verdict};
use winaccept::profiles::Choices;
use winaccept::suite::{self, Scenario};
use winaccept_sim::scenario::{Instruction, Section};

/// By kind of damage: how many, and those that went unnoticed.
type Shares = BTreeMap<&'static str, (usize, Vec<String>)>;

/// A damaged copy of what was recorded of a scenario.
type Damaged = (&'static str, Recorded);

#[test]
fn a_damaged_recording_is_noticed() {
    let scenarios = suite::bundled().expect("bundled scenarios are tested");
    let mut shares = Shares::new();
    for recording in evidence::bundled() {
        let profile = Choices::bundled().profile(&recording.stack()).expect("a shipped stack has a profile");
        let halves: Vec<Shares> = std::thread::scope(|scope| {
            let half = |odd: usize| {
                let (recording, scenarios, profile) = (&recording, &scenarios, &profile);
                scope.spawn(move || {
                    let mut shares = Shares::new();
                    for recorded in recording.scenarios.iter().skip(odd).step_by(2) {
                        let scenario = scenarios.iter().find(|scenario| scenario.file == recorded.file);
                        let Some(scenario) = scenario.filter(|s| recorded.digest == evidence::digest(&s.script.source))
                        else {
                            continue;
                        };
                        for (kind, damaged) in damages(recorded, scenario) {
                            let (all, silent) = shares.entry(kind).or_default();
                            *all += 1;
                            if !is_noticed(&damaged, scenario, profile) {
                                silent.push(difference(recorded, &damaged));
                            }
                        }
                    }
                    shares
                })
            };
            [half(0), half(1)].map(|half| half.join().expect("nothing panics on a damaged recording")).into()
        });
        for (kind, (all, silent)) in halves.into_iter().flatten() {
            let entry = shares.entry(kind).or_default();
            entry.0 += all;
            entry.1.extend(silent);
        }
    }
    let mut missed = Vec::new();
    for (kind, (all, silent)) in &shares {
        let noticed = all - silent.len();
        println!("{kind:40} {noticed:6} of {all:6}  {:.2} %", noticed as f64 * 100.0 / *all as f64);
        let excused = EXCUSED.iter().find(|(excused, ..)| excused == kind);
        match excused {
            Some((_, most, why)) if silent.len() <= *most => println!("{:40} the rest: {why}", ""),
            _ => missed.extend(silent.iter().map(|what| format!("{kind}: {what}"))),
        }
        if std::env::var_os("WINACCEPT_SHOW_DAMAGE").is_some() {
            silent.iter().for_each(|what| println!("    {what}"));
        }
    }
    assert!(missed.is_empty(), "{} damages went unnoticed:\n{}", missed.len(), missed.join("\n"));
    let silent = |kind| shares.get(kind).is_some_and(|(_, silent)| !silent.is_empty());
    let needless = EXCUSED.iter().find(|(kind, ..)| !cfg!(debug_assertions) && !silent(kind));
    assert!(needless.is_none(), "everything of this kind is noticed: {needless:?}");
}

/// Kinds of damage of which some are let through, how many at most, and why both forms are those of a sound recording.
const EXCUSED: &[(&str, usize, &str)] = &[
    ("lines: one doubled", 6, ROUNDS),
    ("lines: one dropped", 16, ROUNDS),
    ("lines: the last added again", 2, ROUNDS),
    ("lines: the tail dropped", 26, ROUNDS),
    ("lines: of two lanes swapped", 144, "inside `any order` nobody says which comes first"),
    (
        "outcome: fails, said to succeed",
        2,
        "a client beside closesocket is refused in one order and connected in another",
    ),
    ("outcome: said not to be taken", 4, UNDEFINED),
    ("outcome: said to wait", 2, UNDEFINED),
    ("outcome: succeeds, said to fail", 2, UNDEFINED),
    ("outcome: value", 2, UNDEFINED),
    (
        "outcome: said to crash",
        6,
        "under a negative length wine-8.0 fails or crashes, by what lies behind the buffer; of a buffer parsed with other \
         lengths, and of another thread's window, nothing is said",
    ),
    ("outcome: waits, said to fail", 2, "what GetMessage does with another thread's window the model does not know"),
];

/// Why anything may stand at the two recorded steps whose outcome no document and no profile says.
const UNDEFINED: &str = "a buffer that is parsed with other lengths than AcceptEx was given: the outcome is undefined on any stack; \
     and GetMessage with another thread's window, which the model does not know";

/// Why lines of a `repeat` may be more or fewer.
const ROUNDS: &str = "rounds of a `repeat`, which ends when its call waits; how often it went round is not judged";

fn is_noticed(damaged: &Recorded, scenario: &Scenario, profile: &winaccept_model::profile::Profile) -> bool {
    match damaged.replay(scenario) {
        Err(_) => true,
        Ok(replay) => {
            let verdict = judge::replay(scenario, &replay, profile).verdict;
            !matches!(verdict, Verdict::Pass | Verdict::Deviates | Verdict::ModelOnly)
        }
    }
}

/// Where the copy differs, for people.
fn difference(recorded: &Recorded, damaged: &Recorded) -> String {
    let at = recorded.steps.iter().zip(&damaged.steps).position(|(a, b)| a != b);
    let line = |steps: &[StepLine], at: usize| {
        steps.get(at).map_or_else(|| "nothing".to_owned(), |l| format!("{} {} = {}", l.step, l.call, l.seen))
    };
    let at = at.unwrap_or(damaged.steps.len().min(recorded.steps.len()));
    format!("{}: {} became {}", recorded.file, line(&recorded.steps, at), line(&damaged.steps, at))
}

/// Every damaged copy.
fn damages(recorded: &Recorded, scenario: &Scenario) -> Vec<Damaged> {
    let mut all = Vec::new();
    let steps = recorded.steps.len();
    for at in 0..steps {
        let mut of_this = Vec::new();
        outcomes(recorded, at, &mut of_this);
        // Each is judged by a run of the model, which takes its time unoptimised: there every observation is damaged in one of
        // these ways, in release builds in all of them.
        let turn = if cfg!(debug_assertions) { of_this.len() } else { 1 };
        all.extend(
            of_this
                .into_iter()
                .enumerate()
                .filter(|(index, _)| turn < 2 || index % turn == at % turn)
                .map(|(_, it)| it),
        );
        lines(recorded, at, scenario, &mut all);
        labels(recorded, at, &mut all);
        if !scenario.program.steps[recorded.steps[at].step].shows.is_empty() {
            all.push((
                "assumed: said of a claim",
                with(recorded, at, |l| l.assumed = Some("nobody looked".to_owned())),
            ));
        }
    }
    let mut whole = |kind, change: &dyn Fn(&mut Recorded)| {
        let mut damaged = recorded.clone();
        change(&mut damaged);
        if damaged != *recorded {
            all.push((kind, damaged));
        }
    };
    if steps > 0 {
        whole("lines: all dropped", &|r| r.steps.clear());
        whole("lines: the last added again", &|r| r.steps.push(r.steps[r.steps.len() - 1].clone()));
        whole("lines: order reversed", &|r| r.steps.reverse());
        whole("whole: said not to be taken", &|r| r.not_taken = Some("no reason".to_owned()));
        whole("whole: said to have failed", &|r| r.failed = Some("no reason".to_owned()));
        whole("whole: said to be lost", &|r| r.lost = Some("no reason".to_owned()));
        whole("whole: said to lack a call", &|r| {
            r.lacks = serde_json::from_str(r#"{"step":0,"reason":"no such call"}"#).ok();
        });
    } else {
        whole("whole: not taken, lifted", &|r| r.not_taken = None);
        whole("whole: not taken, for another reason", &|r| r.not_taken = Some("no reason".to_owned()));
    }
    all
}

fn with(recorded: &Recorded, at: usize, change: impl FnOnce(&mut StepLine)) -> Recorded {
    let mut damaged = recorded.clone();
    change(&mut damaged.steps[at]);
    damaged
}

/// What was seen of one step, changed.
fn outcomes(recorded: &Recorded, at: usize, all: &mut Vec<Damaged>) {
    let seen = &recorded.steps[at].seen;
    let mut say = |kind, text: String| {
        if text != *seen {
            all.push((kind, with(recorded, at, |line| line.seen = text)));
        }
    };
    let (head, outs) = seen.split_once(" with ").map_or((seen.as_str(), None), |(head, outs)| (head, Some(outs)));
    let tail = outs.map_or(String::new(), |outs| format!(" with {outs}"));
    match head.split_once(' ') {
        _ if seen.starts_with('"') => say("outcome: printed text", format!("\"x{}", &seen[1..])),
        _ if head == "done" => say("outcome: an exit said not to be taken", "not taken \"no reason\"".to_owned()),
        _ if head.starts_with("not taken") => say("outcome: not taken, lifted", "0".to_owned()),
        _ if head == "..." => {
            say("outcome: waits, said to return", "0".to_owned());
            say("outcome: waits, said to fail", "SOCKET_ERROR WSAEINVAL".to_owned());
        }
        Some((value, _)) => {
            say("outcome: code", format!("{value} WSAEHOSTUNREACH{tail}"));
            say("outcome: fails, said to succeed", "0".to_owned());
        }
        None => {
            say("outcome: value", format!("77{tail}"));
            say("outcome: succeeds, said to fail", "SOCKET_ERROR WSAEHOSTUNREACH".to_owned());
        }
    }
    if !head.starts_with("not taken") && head != "done" && !seen.starts_with('"') {
        say("outcome: said to wait", "...".to_owned());
        say("outcome: said to crash", "crashes".to_owned());
        say("outcome: said not to be taken", "not taken \"no reason\"".to_owned());
    }
    let Some(outs) = outs else { return };
    let failed = head.contains(' ');
    let kinds = if failed {
        ["out of a failure: changed", "out of a failure: dropped"]
    } else {
        ["out of a success: changed", "out of a success: dropped"]
    };
    for other in other_outs(outs) {
        say(kinds[0], format!("{head} with {other}"));
    }
    say(kinds[1], head.to_owned());
}

/// These out-parameters, with another value in one of them.
fn other_outs(outs: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut replace = |from: &str, to: &str| {
        if outs.contains(from) {
            all.push(outs.replacen(from, to, 1));
        }
    };
    for (from, to) in [
        ("addr = unchanged", "addr = 0.0.0.0:0"),
        ("addr = 127.0.0.1:*", "addr = unchanged"),
        ("addr = 0.0.0.0:0", "addr = unchanged"),
        ("127.0.0.1:*", "127.0.0.1:9"),
        ("[::1]:*", "[::]:*"),
        ("addrlen = 1", "addrlen = 11"),
        ("addrlen = ", "addrlen = 9"),
        ("data = \"", "data = \"x"),
        ("value = ", "value = 9"),
        ("revents = {", "revents = {POLLPRI|"),
        ("readfds = {}", "readfds = {L}"),
        ("events = ", "events = FD_OOB|"),
        (" of ", " of C "),
    ] {
        replace(from, to);
    }
    if let Some((before, names)) = outs.split_once(" of ") {
        let rest = names.split_once(", ").map_or(String::new(), |(_, rest)| format!(", {rest}"));
        all.push(format!("{before}{rest}"));
    }
    all
}

fn lines(recorded: &Recorded, at: usize, scenario: &Scenario, all: &mut Vec<Damaged>) {
    let mut change = |kind, change: &dyn Fn(&mut Vec<StepLine>)| {
        let mut damaged = recorded.clone();
        change(&mut damaged.steps);
        if damaged != *recorded {
            all.push((kind, damaged));
        }
    };
    change("lines: one dropped", &|steps| {
        steps.remove(at);
    });
    change("lines: one doubled", &|steps| steps.insert(at, steps[at].clone()));
    let next = recorded.steps.get(at + 1);
    let beside = next.is_some_and(|next| in_two_lanes(scenario, recorded.steps[at].step, next.step));
    change(if beside { "lines: of two lanes swapped" } else { "lines: swapped with the next" }, &|steps| {
        if at + 1 < steps.len() {
            steps.swap(at, at + 1);
        }
    });
    if at > 0 {
        change("lines: the tail dropped", &|steps| steps.truncate(at));
    }
}

/// Do these steps stand beside each other in one `any order`, in two lanes of it?
fn in_two_lanes(scenario: &Scenario, one: usize, other: usize) -> bool {
    scenario.program.sections.iter().any(|section| {
        let Section::AnyOrder(lanes) = section else { return false };
        let lane_of = |step| lanes.iter().position(|lane| lane.code.contains(&Instruction::Step(step)));
        matches!((lane_of(one), lane_of(other)), (Some(one), Some(other)) if one != other)
    })
}

fn labels(recorded: &Recorded, at: usize, all: &mut Vec<Damaged>) {
    all.push(("label: actor", with(recorded, at, |line| line.actor = "nobody".to_owned())));
    all.push(("label: call", with(recorded, at, |line| line.call = "format(C:)".to_owned())));
    all.push(("label: step one up", with(recorded, at, |line| line.step += 1)));
    if recorded.steps[at].step > 0 {
        all.push(("label: step one down", with(recorded, at, |line| line.step -= 1)));
    }
    all.push(("label: no such step", with(recorded, at, |line| line.step = 5000)));
}
