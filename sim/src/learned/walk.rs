//! The walk: learned machine and model side by side, breadth first.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use winaccept_model::choice::Alt;
use winaccept_model::step::Machine;

use super::harness::{INPUTS, Input, Output, Step, Way};
use super::{Also, Learned, Says, Transition};
use crate::distinct::Distinct;

/// The most places that are looked at; a machine and a profile have few hundred.
const MAX_PLACES: usize = 50_000;

/// A state of the learned machine with all the worlds whose answers fit so far.
struct Place {
    state: usize,
    ways: Vec<(Way, BTreeSet<Alt>)>,
    /// The place before, and the transition from there.
    before: Option<(usize, usize)>,
}

/// What was found of a transition, over all places in which it was met.
#[derive(Default)]
struct Found {
    met: bool,
    also: BTreeMap<Output, BTreeSet<Alt>>,
    verdict: Option<Says>,
}

/// Says of each transition of a learned machine, in their order, what the model under a profile makes of it.
#[must_use]
pub fn judge(learned: &Learned, machine: &Machine) -> Vec<Says> {
    let mut found: Vec<Found> = learned.transitions.iter().map(|_| Found::default()).collect();
    let mut places = vec![Place { state: 0, ways: vec![(Way::first(machine), BTreeSet::new())], before: None }];
    let (mut visited, mut todo) = (HashSet::from([key(&places[0])]), VecDeque::from([0]));
    while let Some(at) = todo.pop_front() {
        for (number, transition) in learned.transitions.iter().enumerate() {
            if transition.from != places[at].state {
                continue;
            }
            let Some(next) = takes(learned, machine, &places, at, number, &mut found[number]) else { continue };
            if places.len() < MAX_PLACES && visited.insert(key(&next)) {
                todo.push_back(places.len());
                places.push(next);
            }
        }
    }
    learned.transitions.iter().zip(found).map(|(transition, found)| says(learned, transition, found)).collect()
}

/// One word, transition by transition, without a look at places that were met before.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The state of the learned machine.
    pub state: usize,
    ways: Vec<(Way, BTreeSet<Alt>)>,
}

impl Walk {
    /// At the start.
    #[must_use]
    pub fn new(machine: &Machine) -> Walk {
        Walk { state: 0, ways: vec![(Way::first(machine), BTreeSet::new())] }
    }

    /// Takes a transition of the learned machine that begins where this walk is; false when the model never answers so, and
    /// nothing can be said of what follows.
    #[must_use]
    pub fn takes(&mut self, learned: &Learned, machine: &Machine, number: usize) -> bool {
        let place = Place { state: self.state, ways: std::mem::take(&mut self.ways), before: None };
        let next = takes(learned, machine, &[place], 0, number, &mut Found::default());
        next.map(|next| (self.state, self.ways) = (next.state, next.ways)).is_some()
    }
}

/// What the harness and the model make of names.
fn meaning(transition: &Transition) -> Result<(Input, Output), String> {
    let input = INPUTS.iter().find(|(name, _)| *name == transition.input).map(|(_, input)| *input);
    let list = |names: Vec<&str>| names.join(", ");
    let known = || list(INPUTS.iter().map(|(name, _)| *name).collect());
    let input = input.ok_or_else(|| format!("the harness has no input `{}`; it has {}", transition.input, known()))?;
    let known = || list(super::OUTPUTS.iter().map(|(name, _)| *name).collect());
    let output = Output::by_name(&transition.output)
        .ok_or_else(|| format!("the model has no output `{}`; it has {}", transition.output, known()))?;
    Ok((input, output))
}

/// One transition from one place; the place that it leads to, if one is left.
fn takes(
    learned: &Learned,
    machine: &Machine,
    places: &[Place],
    at: usize,
    number: usize,
    found: &mut Found,
) -> Option<Place> {
    let transition = &learned.transitions[number];
    let (input, output) = match meaning(transition) {
        Ok(meaning) => meaning,
        Err(why) => {
            found.verdict = Some(Says::Unsayable(why));
            return None;
        }
    };
    found.met = true;
    let mut kept = Distinct::new();
    let mut others: Vec<(Output, BTreeSet<Alt>)> = Vec::new();
    for (way, history) in &places[at].ways {
        for Step { way, output: given, choices } in way.after(machine, input) {
            if let Some(limit) = &way.limit {
                found.verdict.get_or_insert(Says::Unsayable(format!("the model holds {limit}")));
                continue;
            }
            let all: BTreeSet<Alt> = history.union(&choices).copied().collect();
            if given == output {
                kept.insert(way, all);
            } else {
                others.push((given, all));
            }
        }
    }
    let ways = kept.into_vec();
    if ways.is_empty() {
        if !matches!(found.verdict, Some(Says::Wrong { .. } | Says::Unsayable(_))) {
            let allowed = others.iter().map(|(output, _)| *output).collect();
            found.verdict = Some(Says::Wrong { allowed, word: word(learned, places, at, number) });
        }
        return None;
    }
    for (output, choices) in others {
        let differ = |alt: &&Alt| !ways.iter().any(|(_, kept)| kept.contains(alt));
        found.also.entry(output).or_default().extend(choices.iter().filter(differ));
    }
    Some(Place { state: transition.to, ways, before: Some((at, number)) })
}

fn says(learned: &Learned, transition: &Transition, found: Found) -> Says {
    match found {
        Found { verdict: Some(verdict), .. } => verdict,
        Found { met: false, .. } => {
            let state = &learned.states[transition.from];
            Says::Unsayable(format!(
                "the model never gets to `{state}`: every way there has a transition that is wrong or unsayable"
            ))
        }
        Found { also, .. } if also.is_empty() => Says::Exact,
        Found { also, .. } => Says::Wider(also.into_iter().map(|(output, choices)| Also { output, choices }).collect()),
    }
}

/// The inputs that lead to a place, and then the one of this transition.
fn word(learned: &Learned, places: &[Place], at: usize, number: usize) -> Vec<String> {
    let mut word = vec![learned.transitions[number].input.clone()];
    let mut before = places[at].before;
    while let Some((place, transition)) = before {
        word.push(learned.transitions[transition].input.clone());
        before = places[place].before;
    }
    word.reverse();
    word
}

/// A place by its state and the hashes of its worlds, ascending: what was decided on the way there is no part of it.
fn key(place: &Place) -> (usize, Vec<u64>) {
    let hash = |way: &Way| {
        let mut hasher = DefaultHasher::new();
        way.hash(&mut hasher);
        hasher.finish()
    };
    let mut all: Vec<u64> = place.ways.iter().map(|(way, _)| hash(way)).collect();
    all.sort_unstable();
    (place.state, all)
}
