//! The random calls, events, scenarios and plans that the crates export, used as somebody else would: every byte string is a legal
//! one, every kind of them comes, and the model answers each in whatever world the others left.

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRunner};
use std::collections::BTreeSet;
use winaccept_lang::random::RandomScript;
use winaccept_lang::{Comment, parse, render_script};
use winaccept_model::call::{Call, Function, ProcessId, ThreadId};
use winaccept_model::invariant::broken_invariant;
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::{Process, Room, World};
use winaccept_program::{Behaviour, Fault, Fuzz, Plan, Schedule, Winsock};

/// A world of one thread, and a machine that allows everything.
fn alone() -> (World, Machine) {
    let world = World::new(&[Process::default()], &[Room::new(ProcessId(0), 8, 8)]);
    (world, Machine::new(Profile::widest("anything")))
}

/// One call after the other, as long as the thread comes back from them; how many.
fn make(calls: impl IntoIterator<Item = Call>) -> usize {
    let (mut world, machine) = alone();
    let mut fx = Effects::default();
    let mut made = 0;
    for call in calls {
        machine.step(&mut world, Event::Call(ThreadId(0), call), &mut Tape::default(), &mut fx);
        made += 1;
        if fx.returns.is_empty() {
            break;
        }
    }
    made
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    })
}

#[test]
fn no_bytes_at_all_are_the_first_call() {
    let call = Call::arbitrary(&mut Unstructured::new(&[])).expect("an empty string is a call");
    assert_eq!(call.function(), Function::ALL[0]);
}

#[test]
fn every_byte_string_is_a_call_that_the_model_answers() {
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    runner(500)
        .run(&bytes, |bytes| {
            let mut rest = Unstructured::new(&bytes);
            let mut calls = Vec::new();
            while !rest.is_empty() {
                calls.push(Call::arbitrary(&mut rest).map_err(|error| TestCaseError::fail(error.to_string()))?);
            }
            prop_assert!(calls.is_empty() || make(calls) > 0);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn the_strategy_gives_every_call_of_the_list() {
    let mut given = BTreeSet::new();
    let seen = std::cell::RefCell::new(&mut given);
    runner(2_000)
        .run(&any::<Call>(), |call| {
            seen.borrow_mut().insert(call.function());
            prop_assert_eq!(make([call]), 1);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(given.len(), Function::ALL.len());
}

/// A random scenario reads as it is written.
fn is_legal(RandomScript(script): &RandomScript) -> Result<(), TestCaseError> {
    let text = render_script(script, &Comment::default());
    let read =
        parse(text.as_bytes(), "random", &|_| true).map_err(|why| TestCaseError::fail(format!("{why}\n{text}")))?;
    prop_assert_eq!(render_script(&read, &Comment::default()), text);
    Ok(())
}

#[test]
fn every_byte_string_is_a_legal_scenario() {
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    let legal = |bytes: Vec<u8>| {
        let script = RandomScript::arbitrary(&mut Unstructured::new(&bytes));
        is_legal(&script.map_err(|error| TestCaseError::fail(error.to_string()))?)
    };
    runner(100).run(&bytes, legal).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn the_strategy_gives_legal_scenarios() {
    runner(100).run(&any::<RandomScript>(), |script| is_legal(&script)).unwrap_or_else(|failure| panic!("{failure}"));
}

/// What kind of event it is.
fn kind(event: &Event) -> String {
    format!("{event:?}").split(['(', ' ']).next().unwrap_or_default().to_owned()
}

/// All events that there are; one that is new and never drawn is told by the next test, if it is added here.
const EVENTS: &[&str] = &[
    "Apc",
    "Call",
    "Deliver",
    "Ends",
    "Exit",
    "Expire",
    "Faults",
    "Hold",
    "InHook",
    "Lose",
    "LoseNext",
    "PeerSends",
    "PeerTakes",
    "Print",
    "Resume",
    "Returns",
    "Timer",
];

#[test]
fn the_strategy_gives_every_event_and_the_model_answers_each() {
    let given = std::cell::RefCell::new(BTreeSet::new());
    let events = prop::collection::vec(any::<Event>(), 1..40);
    runner(400)
        .run(&events, |events| {
            let started = Process { startups: 1, ..Process::default() };
            let room =
                |process| Room { operations: 2, overs: 2, ports: 1, windows: 1, ..Room::new(ProcessId(process), 4, 2) };
            let mut world = World::new(&[started.clone(), started], &[room(0), room(0), room(1)]);
            let machine = Machine::new(Profile::widest("anything"));
            let mut fx = Effects::default();
            for event in events {
                given.borrow_mut().insert(kind(&event));
                machine.step(&mut world, event, &mut Tape::default(), &mut fx);
                prop_assert_eq!(broken_invariant(&world), None);
                if fx.limit.is_some() {
                    break;
                }
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert!(given.into_inner().iter().eq(EVENTS), "every kind of event comes");
}

#[test]
fn no_bytes_at_all_are_the_first_event_and_the_plainest_plan() {
    let event = Event::arbitrary(&mut Unstructured::new(&[])).expect("an empty string is an event");
    assert!(matches!(event, Event::Call(ThreadId(0), call) if call.function() == Function::ALL[0]), "{event:?}");
    let plan = Plan::arbitrary(&mut Unstructured::new(&[])).expect("an empty string is a plan");
    assert_eq!(plan, Plan::plain(Vec::new(), Vec::new()));
}

/// Takes what comes first.
fn server(w: &Winsock) {
    let Ok(listener) = w.listener(5) else { return };
    while !w.stopping() {
        if let Ok(client) = w.accept(listener) {
            let _ = w.recv(client, 16).and_then(|bytes| w.send(client, &bytes));
            let _ = w.closesocket(client);
        }
    }
}

#[derive(Default)]
struct Kinds {
    clients: BTreeSet<Behaviour>,
    faults: BTreeSet<String>,
    late: BTreeSet<bool>,
    schedules: BTreeSet<&'static str>,
}

impl Kinds {
    fn note(&mut self, plan: &Plan) {
        self.clients.extend(&plan.clients);
        self.faults.extend(plan.faults.iter().map(|fault| format!("{:?}", fault.kind)));
        self.late.insert(plan.late);
        self.schedules.insert(match plan.schedule() {
            Schedule::Plain => "plain",
            Schedule::Walk(_) => "walk",
            Schedule::Priorities { .. } => "priorities",
            Schedule::Bytes(_) => "bytes",
        });
    }

    fn are(&self, schedules: &[&str]) {
        assert_eq!(self.clients.len(), 7, "{:?}", self.clients);
        assert!(self.faults.iter().eq(["NetworkDown", "NoBuffers", "NoDescriptors"]), "{:?}", self.faults);
        assert_eq!(self.late.len(), 2);
        assert!(self.schedules.iter().eq(schedules), "{:?}", self.schedules);
    }
}

/// It reads as it is written, and one that names every choice is the same run.
fn is_a_plan(fuzz: &Fuzz, plan: &Plan) -> Result<(), TestCaseError> {
    prop_assert_eq!(Plan::read(&plan.text()), Ok(plan.clone()));
    let ran = fuzz.once(plan);
    prop_assert!(ran.events() > 0);
    prop_assert_eq!(Plan::read(&ran.plan.text()), Ok(ran.plan.clone()));
    prop_assert!(fuzz.once(&ran.plan).same_as(&ran), "{} is not {}", ran.plan.text(), plan.text());
    Ok(())
}

#[test]
fn every_byte_string_is_a_plan_that_can_be_run_and_replayed() {
    let kinds = std::cell::RefCell::new(Kinds::default());
    let fuzz = Fuzz::new(server);
    runner(300)
        .run(&prop::collection::vec(any::<u8>(), 0..60), |bytes| {
            let plan = Plan::arbitrary(&mut Unstructured::new(&bytes));
            let plan = plan.map_err(|error| TestCaseError::fail(error.to_string()))?;
            kinds.borrow_mut().note(&plan);
            is_a_plan(&fuzz, &plan)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    kinds.into_inner().are(&["bytes", "plain", "priorities", "walk"]);
}

#[test]
fn the_strategies_give_plans_of_every_kind() {
    let kinds = std::cell::RefCell::new(Kinds::default());
    let fuzz = Fuzz::new(server);
    let plans = (any::<Plan>(), any::<Behaviour>(), any::<Fault>(), any::<Schedule>());
    runner(300)
        .run(&plans, |(plan, client, fault, schedule)| {
            kinds.borrow_mut().note(&plan);
            is_a_plan(&fuzz, &plan)?;
            is_a_plan(&fuzz, &Plan::plain(vec![client], vec![fault]).under(schedule))
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    kinds.into_inner().are(&["bytes", "plain"]);
}
