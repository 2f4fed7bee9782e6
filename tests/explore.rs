//! The explorer against the plain exploration, its keys against what they stand for, its counterexamples replayed.

use std::collections::HashMap;

use proptest::prelude::*;
use winaccept::profiles::Choices;
use winaccept_model::choice::{FULL_COMPLETE_THEN_RESET, WOKEN};
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::Machine;
use winaccept_sim::config::Config;
use winaccept_sim::draw::{MAX_DRAWN, NotDrawn, to_dot};
use winaccept_sim::explore::blocks::Blocks;
use winaccept_sim::explore::{
    Broken, Limits, Options, Property, Report, enter, explore, interleave, make, moves, reference,
};
use winaccept_sim::observe::{Observed, ShownValue, allows};
use winaccept_sim::run::{Guide, run};
use winaccept_sim::scenario::{LaneCode, Scenario, Section};
use winaccept_sim::script::{Action, Expect, Item, Step, ValuePattern};

const LISTENER: &str = "server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L
server  bind(L, 127.0.0.1:0) = 0
server  listen(L, 1) = 0
";

/// What the lanes of the scenarios do, after a listener with a backlog of one is there.
const LANES: &[(&str, &str)] = &[
    (
        "clients that close or reset",
        "clients 2 alike {
           client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
           client  connect(C, L) = { 0 | SOCKET_ERROR WSAECONNREFUSED }
           either {
             client  closesocket(C)
           } or {
             client  setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0})
             client  closesocket(C)
           } or { }
         }
         repeat {
           server  accept(L, NULL, NULL) = { A | INVALID_SOCKET WSAECONNRESET }
           server  closesocket(A)
         }",
    ),
    (
        "two servers of one listener",
        "server  accept(L, addr, 16) = { A | INVALID_SOCKET WSAECONNRESET }
         other   accept(L, NULL, NULL) = { B | INVALID_SOCKET WSAECONNRESET }
         client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
         client  connect(C, L) = { 0 | SOCKET_ERROR WSAECONNREFUSED }
         second  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = D
         second  connect(D, L) = { 0 | SOCKET_ERROR WSAECONNREFUSED }
         second  send(D, \"x\")
         second  closesocket(D)",
    ),
    (
        "alike servers, alike clients",
        "clients 2 alike {
           client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
           client  connect(C, L) = { 0 | SOCKET_ERROR WSAECONNREFUSED }
         }
         clients 2 alike {
           worker  accept(L, NULL, NULL) = A
           worker  closesocket(A)
         }",
    ),
    (
        "a nonblocking listener and select",
        "server  ioctlsocket(L, FIONBIO, 1) = 0
         server  accept(L, NULL, NULL) = { A | INVALID_SOCKET WSAEWOULDBLOCK | INVALID_SOCKET WSAECONNRESET }
         server  select({L}, {}, NULL, 10)
         server  accept(L, NULL, NULL) = { B | INVALID_SOCKET WSAEWOULDBLOCK | INVALID_SOCKET WSAECONNRESET }
         client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
         client  connect(C, L) = 0
         client  send(C, \"abc\") = 3
         client  closesocket(C) = 0",
    ),
    (
        "events and their order",
        "server  WSACreateEvent() = E
         server  WSAEventSelect(L, E, FD_ACCEPT|FD_CLOSE) = 0
         server  WSAWaitForMultipleEvents({E}, INFINITE, TRUE)
         server  WSAEnumNetworkEvents(L, E) = 0
         server  accept(L, NULL, NULL) = { A | INVALID_SOCKET WSAEWOULDBLOCK | INVALID_SOCKET WSAECONNRESET }
         other   QueueUserAPC(accept(L), server) = TRUE
         client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
         client  connect(C, L) = 0
         client  closesocket(C) = 0",
    ),
    (
        "a listener closed under those who wait",
        "server  accept(L, NULL, NULL)
         other   closesocket(L) = 0
         client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
         client  connect(C, L)
         client  WSACleanup()",
    ),
    (
        "addresses that others have",
        "client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
         client  connect(C, L) = { 0 | SOCKET_ERROR WSAECONNREFUSED }
         client  getsockname(C, addr, 16)
         server  accept(L, addr, 16) = { A | INVALID_SOCKET WSAECONNRESET }
         server  getpeername(A, addr, 16)
         other   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = O
         other   bind(O, 127.0.0.1:0) = 0
         other   getsockname(L, addr, 16)
         other   closesocket(O)",
    ),
    (
        "a process that ends",
        "client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
         client  connect(C, L) = { 0 | SOCKET_ERROR WSAECONNREFUSED }
         client  send(C, \"x\")
         client  exits 0
         server  accept(L, NULL, NULL) = { A | INVALID_SOCKET WSAECONNRESET }
         server  recv(A, 8)
         other   accept(L, NULL, NULL)",
    ),
];

fn program(lanes: &str, before: &str) -> Scenario {
    let source =
        format!("scenario \"explored\"\nprocess peer: client\n\n{LISTENER}{before}any order {{\n{lanes}\n}}\n");
    program_of(&source)
}

fn program_of(source: &str) -> Scenario {
    let script = winaccept::lang::parse(source.as_bytes(), "test", &|_| true);
    let script = script.unwrap_or_else(|problems| panic!("a scenario: {problems}\n{source}"));
    Scenario::new(&script).expect("the scenario fits a world")
}

fn machine(name: &str) -> Machine {
    Machine::new(Choices::bundled().profile(name).expect("a bundled profile"))
}

/// A machine without choices, but for those that the documents leave about the order of checks.
fn settled(change: impl FnOnce(&mut Machine)) -> Machine {
    let mut machine = machine("documented");
    for (point, choice) in winaccept_model::choice::CHOICES.iter().enumerate() {
        let first = machine.profile.allowed(point).trailing_zeros() as usize;
        machine.profile.narrow(choice.name, [choice.alternatives[first]]).expect("an alternative is known");
    }
    change(&mut machine);
    machine
}

fn machines() -> Vec<Machine> {
    vec![
        settled(|_| {}),
        settled(|machine| machine.profile.only(WOKEN)),
        settled(|machine| machine.profile.only(FULL_COMPLETE_THEN_RESET)),
        machine("windows"),
    ]
}

/// The last section of a program, and the configurations in which it begins.
fn last_section(program: &Scenario, machine: &Machine) -> (Vec<LaneCode>, Vec<Config>) {
    let mut before = program.clone();
    let Some(Section::AnyOrder(lanes)) = before.sections.pop() else { panic!("the program ends with lanes") };
    (lanes, run(&before, machine, Guide::Expectations).ends)
}

#[test]
fn finds_what_the_plain_exploration_finds() {
    for (title, lanes) in LANES {
        for machine in machines() {
            // A fault that waits for a call is part of what no actor owns.
            let program = program(lanes, "fault no-descriptors at accept 2\n");
            let (lanes, starts) = last_section(&program, &machine);
            let guide = Guide::Expectations;
            let fast = interleave(&program, &machine, guide, &lanes, &starts, &Limits::default());
            let plain = reference::interleave(&program, &machine, guide, &lanes, &starts);
            assert_eq!(fast, plain, "{title}, {}", machine.profile.name);
        }
    }
}

#[test]
fn what_is_remembered_may_be_forgotten_at_any_time() {
    let machine = settled(|machine| machine.profile.only(WOKEN));
    let program = program(LANES[0].1, "");
    let (lanes, starts) = last_section(&program, &machine);
    let with = |remembered: usize| {
        let limits = Limits { remembered, ..Limits::default() };
        interleave(&program, &machine, Guide::Expectations, &lanes, &starts, &limits)
    };
    assert_eq!(with(0), with(usize::MAX));
}

#[test]
fn a_limit_is_kept_and_told() {
    let machine = settled(|_| {});
    let options = Options { max_states: 100, symmetry: false, ..Options::default() };
    let report = explore(&program(LANES[0].1, ""), &machine, &options);
    assert!(!report.complete);
    assert_eq!(report.states, 100);
}

#[test]
fn draws_small_graphs_alone() {
    let machine = settled(|_| {});
    let lanes = "client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C\nclient  connect(C, L) = 0\nserver  accept(L, NULL, NULL) = A";
    let small = program(lanes, "");
    let report = explore(&small, &machine, &Options::default());
    let options = Options::default();
    let dot = to_dot(&small, &machine, &options, &|taken| format!("{:?}", taken.chosen)).expect("a small graph");
    let edges = dot.lines().filter(|line| line.contains("->")).count() as u64;
    assert_eq!(edges, report.transitions);
    assert_eq!(dot.lines().count() as u64, 4 + report.states + report.transitions);
    let not_drawn = |program: &Scenario, max_states: usize| {
        to_dot(program, &machine, &Options { max_states, ..Options::default() }, &|_| String::new()).err()
    };
    assert_eq!(not_drawn(&program(LANES[0].1, ""), usize::MAX), Some(NotDrawn::MoreThan(MAX_DRAWN)));
    let states = report.states as usize;
    assert_eq!(not_drawn(&small, states), None);
    assert_eq!(not_drawn(&small, states - 1), Some(NotDrawn::MoreThan(states - 1)));
    let plain = program_of(&format!("scenario \"plain\"\n\n{LISTENER}"));
    assert_eq!(not_drawn(&plain, usize::MAX), Some(NotDrawn::NoAnyOrder));
}

fn counts(report: &Report) -> (u64, u64, u64) {
    (report.states, report.transitions, report.waiting.values().sum())
}

#[test]
fn orbits_sum_up_to_what_there_is_when_nobody_is_alike() {
    for (title, lanes) in LANES {
        for machine in machines() {
            let program = program(lanes, "");
            let plain = explore(&program, &machine, &Options { symmetry: false, ..Options::default() });
            let sorted = explore(&program, &machine, &Options::default());
            assert_eq!(counts(&plain), counts(&sorted), "{title}, {}", machine.profile.name);
            assert_eq!(plain.depth, sorted.depth, "{title}");
            assert_eq!(plain.representatives, None);
            if let Some(representatives) = sorted.representatives {
                assert!(representatives < plain.states, "{title}");
            }
            assert_eq!(plain.violations.len(), sorted.violations.len(), "{title}");
        }
    }
}

#[test]
fn alike_actors_that_hold_each_others_objects_are_told_apart() {
    let report = explore(&program(LANES[2].1, ""), &settled(|_| {}), &Options::default());
    assert_eq!(report.refused, ["one of these actors holds an object that belongs to another alike actor"]);
    assert!(report.representatives.is_some(), "the clients are still sorted");
}

/// Does the last step of the retold scenario say what breaks?
fn shows_its_outcome(broken: &Broken) -> bool {
    let items = &broken.scenario.items;
    let last = items.iter().rposition(|item| matches!(item, Item::Step(_)));
    if let Some((_, Observed::Blocks)) = broken.outcome {
        // Who waits when all has ended may have called long before the last step, and nothing says that it returned.
        let blocks = |item: &&Item| matches!(item, Item::Step(Step { expect: Some(Expect::Blocks), .. }));
        let resumes = |item: &&Item| matches!(item, Item::Step(Step { action: Action::Resumes, .. }));
        return broken.shown.is_none() && items.iter().filter(blocks).count() > items.iter().filter(resumes).count();
    }
    let Some(Observed::Returned(seen)) = broken.outcome.as_ref().map(|(_, observed)| observed) else { return false };
    let Some(Item::Step(Step { expect: Some(Expect::OneOf(patterns)), .. })) = last.and_then(|last| items.get(last))
    else {
        return false;
    };
    let said = match (patterns[0].value, seen.value) {
        (ValuePattern::Binds(_), ShownValue::Handle) => true,
        (ValuePattern::Is(said), ShownValue::Is(seen)) => said == seen,
        _ => false,
    };
    last == broken.shown && patterns.len() == 1 && said && patterns[0].error == seen.error
}

#[test]
fn a_violation_comes_with_a_shortest_way_that_replays() {
    for (title, lanes) in LANES {
        for never in ["never accept = INVALID_SOCKET WSAECONNRESET", "never connect = 0", "never closesocket = 0"] {
            let machine = settled(|_| {});
            let mut program = program(lanes, "");
            let claim = program_of(&format!("scenario \"claim\"\n\n{LISTENER}{never}\n"));
            program.nevers.clone_from(&claim.nevers);
            let plain = explore(&program, &machine, &Options { symmetry: false, ..Options::default() });
            let sorted = explore(&program, &machine, &Options::default());
            assert_eq!(plain.violations.len(), sorted.violations.len(), "{title}, {never}");
            assert!(!plain.violations.is_empty() || never != "never connect = 0", "{title}: somebody connects");
            for (one, other) in plain.violations.iter().zip(&sorted.violations) {
                assert_eq!(one.way.len(), other.way.len(), "both ways to {:?} are shortest", one.property);
            }
            for broken in plain.violations.iter().chain(&sorted.violations) {
                assert!(shows_its_outcome(broken), "{title}, {never}: {:?}", broken.scenario.items.last());
                let retold = Scenario::new(&broken.scenario).expect("the retold scenario fits a world");
                let run = run(&retold, &machine, Guide::Expectations);
                for (number, step) in run.steps.iter().enumerate() {
                    let expected = |observed| retold.steps[number].expect.as_ref().is_none_or(|e| allows(e, observed));
                    assert!(
                        step.allowed.iter().any(expected),
                        "{title}, {never}: step {number} {:?}\nallowed {:?}",
                        retold.steps[number],
                        step.allowed
                    );
                }
                if let (Property::Never(_), Some((_, observed))) = (broken.property, &broken.outcome) {
                    assert!(run.steps.iter().any(|step| step.allowed.contains(observed)), "{title}, {never}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Numbers stand for exactly one configuration, and decoding brings it back, whatever was decoded before.
    #[test]
    fn a_configuration_survives_its_numbers(choices in prop::collection::vec(any::<u16>(), 10..120), which in 0..LANES.len()) {
        let machine = machine("windows");
        let program = program(LANES[which].1, "");
        let (lanes, starts) = last_section(&program, &machine);
        let mut first = starts[0].clone();
        enter(&lanes, &mut first);
        let mut blocks = Blocks::new(&program, &first);
        let mut numbers = vec![0; blocks.width()];
        let mut known: HashMap<Vec<u32>, Config> = HashMap::new();
        let (mut events, mut possible, mut fx) = (Vec::new(), Vec::new(), Effects::default());
        let mut config = first.clone();
        for choice in choices {
            moves(&program, &lanes, &config, &mut events, &mut possible);
            if possible.is_empty() {
                config = first.clone();
                continue;
            }
            let chosen = possible[usize::from(choice) % possible.len()];
            make(&program, &machine, &lanes, &mut config, chosen, &mut Tape::default(), &mut fx, &mut Vec::new());
            blocks.encode(&config, &mut numbers);
            let other = known.entry(numbers.clone()).or_insert_with(|| config.clone());
            prop_assert_eq!(&*other, &config);
        }
        let different: std::collections::HashSet<&Config> = known.values().collect();
        prop_assert_eq!(different.len(), known.len());
        for (numbers, config) in &known {
            blocks.decode(numbers);
            prop_assert_eq!(&blocks.config, config);
        }
    }
}
