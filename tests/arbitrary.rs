//! The random calls that the model exports, used as somebody else would: every byte string is a legal call, every call of the list
//! comes, and the model answers each in whatever world the others left.

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRunner};
use std::collections::BTreeSet;
use winaccept_lang::random::RandomScript;
use winaccept_lang::{Comment, parse, render_script};
use winaccept_model::call::{Call, Function, ProcessId, ThreadId};
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::{Process, Room, World};

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
