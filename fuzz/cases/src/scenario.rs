//! Scenarios that are made up: from script to text and back, and one way through each.

use arbitrary::{Arbitrary, Unstructured};
use winaccept_lang::random::RandomScript;
use winaccept_lang::{Comment, format_source, parse, render_script};
use winaccept_model::invariant::broken_invariant;
use winaccept_model::step::Machine;
use winaccept_sim::run::one_way_through;
use winaccept_sim::scenario::Scenario;

use crate::profiles::machines;

/// So many bytes say under which profile, and which way is taken.
const WAY: usize = 9;

thread_local! {
    static MACHINES: Vec<Machine> = machines();
}

pub(crate) fn tries(bytes: &[u8]) {
    let (way, rest) = bytes.split_at(bytes.len().min(WAY));
    let RandomScript(script) =
        RandomScript::arbitrary(&mut Unstructured::new(rest)).expect("every byte string is a scenario");
    let text = render_script(&script, &Comment::default());
    let read = parse(text.as_bytes(), "random", &|_| true).unwrap_or_else(|why| panic!("{why}\n{text}"));
    assert_eq!(render_script(&read, &Comment::default()), text);
    let formatted = format_source(&text, "random").unwrap_or_else(|why| panic!("{why}\n{text}"));
    if formatted != text {
        let read = parse(formatted.as_bytes(), "formatted", &|_| true);
        let read = read.unwrap_or_else(|why| panic!("{why}\n{formatted}"));
        assert_eq!(render_script(&read, &Comment::default()), text, "formatted:\n{formatted}");
    }
    let scenario = Scenario::new(&read).unwrap_or_else(|why| panic!("{}\n{text}", why.message));
    let (profile, picks) = way.split_first().unwrap_or((&0, &[]));
    MACHINES.with(|machines| {
        let machine = &machines[usize::from(*profile) % machines.len()];
        let mut pick = |step: usize, ways: usize| match picks.len() {
            0 => 0,
            len => usize::from(picks[step % len]) % ways.max(1),
        };
        one_way_through(&scenario, machine, &mut pick, &mut |world| {
            assert_eq!(broken_invariant(world), None, "under {}:\n{text}", machine.profile.name);
        });
    });
}
