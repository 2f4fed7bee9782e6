//! The machine that was learned from Windows 8, beside the model under `windows`.

use std::path::Path;

use winaccept::learned::{CheckOutput, check, find};
use winaccept::profiles::Choices;
use winaccept_model::choice::{Alt, Point};
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::learned::{Learned, Walk};

fn learned() -> Learned {
    find(Path::new("windows8-server")).expect("it comes along")
}

fn windows() -> Profile {
    Choices::bundled().profile("windows").expect("it is one of the profiles")
}

fn checked(profile: Profile) -> CheckOutput {
    check("windows8-server", &learned(), &Machine::new(profile))
}

/// `windows` speaks of other versions, too: of those some may complete a handshake beyond the queue.
#[test]
fn every_transition_is_foreseen() {
    let output = checked(windows());
    let wider: Vec<_> = output.wider.iter().map(|wider| (wider.state.as_str(), wider.input.as_str())).collect();
    assert_eq!(wider, [("queued.dead", "syn"), ("held.dead+queued.dead", "syn")]);
    assert_eq!(output.wider[0].also, ["SYN-ACK"]);
    assert_eq!(output.wider[0].choices, ["backlog-full = complete-then-reset"]);
    assert_eq!(
        (output.transitions, output.exact, output.wrong.len(), output.unsayable),
        (494, 492, 0, 0),
        "{output:#?}"
    );
    assert_eq!(learned().states.len(), 38);
}

/// The alternatives that the machine decides against, with the length of a shortest word that shows it.
const TEETH: &[(&str, &str, usize)] = &[
    ("reset-while-queued", "accept-fails", 9),
    ("reset-while-queued", "vanishes", 5),
    ("backlog-full", "complete-then-reset", 5),
    ("backlog-bound", "one-more", 5),
    ("listener-close-queued", "silent", 4),
    ("close-with-unread-data", "graceful", 5),
    ("listener-close-half-open", "reset", 3),
    ("listener-close-half-open", "silent", 4),
    ("close-under-recv", "graceful", 6),
    ("stray-segment", "reset", 1),
];

#[test]
fn another_alternative_is_noticed() {
    let mut found = Vec::new();
    for point in Point::all() {
        for alternative in 0..point.alternatives().len() as u8 {
            let mut flipped = windows();
            flipped.only(Alt(point.0, alternative));
            let output = checked(flipped);
            assert_eq!(output.exact + output.wider.len() + output.wrong.len() + output.unsayable, 494);
            if let Some(wrong) = output.wrong.first() {
                found.push((point.name(), point.alternatives()[usize::from(alternative)], wrong.word.len()));
            }
        }
    }
    assert_eq!(found.len(), TEETH.len(), "{found:?}");
    for tooth in &found {
        let (point, alternative, length) = tooth;
        let most = TEETH.iter().find(|(p, a, _)| (p, a) == (point, alternative)).map(|(_, _, most)| most);
        assert!(most.is_some_and(|most| length <= most), "{tooth:?}, at most {most:?}");
    }
}

#[test]
fn exact_where_windows_8_has_chosen() {
    let mut chosen = windows();
    chosen.narrow("backlog-full", ["refuse"]).expect("it exists");
    let output = checked(chosen);
    assert_eq!((output.exact, output.wider.len(), output.wrong.len()), (494, 0, 0), "{output:#?}");
}

#[test]
fn random_words_go_as_the_machine_goes() {
    let (learned, machine) = (learned(), Machine::new(windows()));
    let mut seed = 1u64;
    let mut below = |n: usize| {
        // An xorshift generator: the same words everywhere.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % n as u64) as usize
    };
    for _ in 0..100 {
        let mut walk = Walk::new(&machine);
        let mut word = Vec::new();
        for _ in 0..100 {
            let here = learned.transitions.iter().enumerate().filter(|(_, transition)| transition.from == walk.state);
            let here: Vec<usize> = here.map(|(number, _)| number).collect();
            let busy = |number: &&usize| {
                let transition = &learned.transitions[**number];
                transition.output != "-" || transition.to != transition.from
            };
            let busy: Vec<usize> = here.iter().filter(busy).copied().collect();
            let from = if busy.is_empty() || below(10) < 3 { &here } else { &busy };
            let number = from[below(from.len())];
            word.push(learned.transitions[number].input.as_str());
            assert!(walk.takes(&learned, &machine, number), "{}", word.join(" "));
        }
    }
}
