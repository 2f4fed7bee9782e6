//! Random scenarios are legal, varied and the same everywhere.

use std::collections::{BTreeMap, BTreeSet};

use winaccept_lang::random::{Seeded, script};
use winaccept_lang::{Comment, parse, render_script};
use winaccept_model::call::Function;
use winaccept_sim::scenario::Scenario;
use winaccept_sim::script::{Action, Item, Script};

fn scripts(count: u64) -> impl Iterator<Item = Script> {
    (0..count).map(|n| script(&mut Seeded::nth(1, n), 24))
}

#[test]
fn every_random_scenario_can_be_read_and_run() {
    for (n, script) in scripts(300).enumerate() {
        let text = render_script(&script, &Comment::default());
        let read =
            parse(text.as_bytes(), "random", &|_| true).unwrap_or_else(|problem| panic!("{n}: {problem}\n{text}"));
        assert_eq!(render_script(&read, &Comment::default()), text, "{n}");
        Scenario::new(&read).unwrap_or_else(|too_large| panic!("{n}: {}\n{text}", too_large.message));
    }
}

#[test]
fn they_are_varied() {
    let mut calls: BTreeMap<Function, usize> = BTreeMap::new();
    let (mut two, mut waits, mut exits, mut routines, mut texts) = (0, 0, 0, 0, BTreeSet::new());
    for script in scripts(1500) {
        two += usize::from(script.processes.len() > 1);
        for item in &script.items {
            let Item::Step(step) = item else { panic!("only steps") };
            match &step.action {
                Action::Call(call) => *calls.entry(call.function()).or_default() += 1,
                Action::Resumes => waits += 1,
                Action::Exits(_) => exits += 1,
                Action::RoutineReturns { .. } => routines += 1,
                other => panic!("{other:?}"),
            }
        }
        texts.insert(render_script(&script, &Comment::default()));
    }
    assert!(texts.len() > 1455, "{}", texts.len());
    assert!(two > 100 && waits > 30 && exits > 5 && routines > 30, "{two} {waits} {exits} {routines}");
    // They are made for stacks that run, and no library of one exports what is called in a provider.
    // Nor does one begin processes: those of a scenario are there.
    let callable = |function: &&Function| !function.does().points && **function != Function::CreateProcess;
    let missing: Vec<_> = Function::ALL.iter().filter(callable).filter(|f| !calls.contains_key(f)).collect();
    assert!(missing.is_empty(), "never called: {missing:?}");
}

#[test]
fn a_seed_says_everything() {
    let all = |seed| (0..20).map(|n| script(&mut Seeded::nth(seed, n), 24)).collect::<Vec<_>>();
    assert_eq!(all(7), all(7));
    assert_ne!(all(7), all(8));
}
