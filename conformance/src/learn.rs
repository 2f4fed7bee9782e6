//! Learning a profile: what agrees with everything that a stack was seen to do.
//!
//! Each scenario is replayed by the judge itself, under one alternative after the other of the choice points that its rules ask,
//! while all others are left as wide as they are. An alternative under which some scenario cannot have gone as it went is
//! excluded, by the first step that it does not say. What is left when nothing more can be excluded agrees with everything.
//!
//! A stack that does now this, now that agrees with no alternative alone: such a choice point is contradicted, by the fewest steps
//! that no one alternative says, and the profile allows as few of them as say everything.

mod case;
mod clash;
mod joint;
mod output;
mod seen;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use winaccept_model::choice::{Alt, Point};
use winaccept_model::profile::Profile;

use crate::parallel::each;
use crate::stack::Replay;
use crate::suite::Scenario;
use crate::watch::Watch;

pub use case::Case;
pub use output::{Clash, Decision, ExcludedBy, LearnOutput, LeftOut, StepOutput, Together, Undecided, output};
pub use seen::seen;
pub use write::{profile_file, text};

/// A step of a case, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct At {
    /// Which case.
    pub case: usize,
    /// Which step of its scenario.
    pub step: usize,
}

/// What was learned.
#[derive(Debug)]
pub struct Learned<'a> {
    /// What it was learned from, without what nothing explains.
    pub cases: Vec<Case<'a>>,
    /// What agrees with it.
    pub profile: Profile,
    /// The choice points that some scenario asked.
    pub asked: BTreeSet<Point>,
    /// The first step that excludes an alternative.
    pub excluded: BTreeMap<Alt, At>,
    /// By choice point, the fewest steps found that no one alternative explains.
    pub contradicted: BTreeMap<Point, Vec<At>>,
    /// Steps that nothing explains, whatever the model may do; each with those without which it could be explained.
    pub unexplained: Vec<Vec<At>>,
    /// Choice points that were not decided each for itself, but together.
    pub together: Vec<joint::Table>,
}

/// How many cases are replayed between two looks at what is excluded by then.
const AT_ONCE: usize = 32;

/// Learns from these scenarios and what was seen in each of them. `order` is the order of checks, where it is known. Where the
/// watch ends it, it learns from those that were looked at by then.
#[must_use]
pub fn learn<'a>(seen: Vec<(&'a Scenario, Replay)>, order: &[String], watch: &Watch) -> Learned<'a> {
    let mut widest = Profile::widest("learned");
    widest.set_order(order.to_vec());
    let rest = Watch::unattended();
    let cases = each(&seen, &rest, |_, (scenario, replay)| Case::new(scenario, replay, &widest));
    let mut learner = Learner { cases, widest, excluded: BTreeMap::new() };
    learner.exclude(&learner.widest.clone(), watch);
    let unexplained = clash::unexplained(&learner.cases, &learner.widest);
    let asked = learner.cases.iter().flat_map(|case| &case.asked).copied().collect();
    let (mut profile, contradicted) = learner.settle();
    let mut together;
    loop {
        let before = learner.excluded.len();
        learner.exclude(&profile, &rest);
        learner.narrow(&mut profile, &contradicted);
        together = joint::together(&learner.cases, &profile, &contradicted);
        for (alt, at) in together.iter().flat_map(|table| table.excludes.iter().copied()) {
            learner.excluded.entry(alt).or_insert(at);
        }
        learner.narrow(&mut profile, &contradicted);
        if learner.excluded.len() == before {
            break;
        }
    }
    let contradicted = clash::contradicted(&learner.cases, &learner.widest, &profile, &contradicted);
    let Learner { cases, excluded, .. } = learner;
    Learned { cases, profile, asked, excluded, contradicted, unexplained, together }
}

/// This profile with nothing but these alternatives of one choice point.
fn with(profile: &Profile, alternatives: &[Alt]) -> Profile {
    let mut narrowed = profile.clone();
    if let Some(first) = alternatives.first() {
        narrowed.only(*first);
    }
    alternatives.iter().for_each(|alt| narrowed.also(*alt));
    narrowed
}

struct Learner<'a> {
    cases: Vec<Case<'a>>,
    widest: Profile,
    excluded: BTreeMap<Alt, At>,
}

impl Learner<'_> {
    fn is_left(&self, alt: Alt) -> bool {
        !self.excluded.contains_key(&alt)
    }

    /// Excludes what some case cannot have been under, with everything else as in `around`. Where the watch ends it, the cases
    /// that were not looked at are forgotten.
    fn exclude(&mut self, around: &Profile, watch: &Watch) {
        let mut first = 0;
        while first < self.cases.len() {
            if !watch.goes_on() {
                self.cases.truncate(first);
                return;
            }
            let batch = &self.cases[first..self.cases.len().min(first + AT_ONCE)];
            let found = each(batch, &Watch::unattended(), |_, case| {
                let points = case.asked.iter().filter(|point| around.leaves_open(**point));
                let open = points.flat_map(|point| around.alternatives(*point)).filter(|alt| self.is_left(*alt));
                let not_said = |alt: Alt| Some((alt, case.not_said(&with(around, &[alt]))?));
                open.filter_map(not_said).collect::<Vec<_>>()
            });
            for (case, found) in (first..).zip(found) {
                for (alt, step) in found {
                    self.excluded.entry(alt).or_insert(At { case, step });
                }
                watch.one_more();
            }
            first += AT_ONCE;
        }
    }

    /// What is left, and the choice points of which no one alternative is.
    fn settle(&self) -> (Profile, BTreeSet<Point>) {
        let mut contradicted: BTreeSet<Point> =
            Point::all().filter(|point| point.all_alternatives().all(|alt| !self.is_left(alt))).collect();
        loop {
            let mut profile = self.widest.clone();
            self.narrow(&mut profile, &contradicted);
            // Whatever is excluded early is not tried again: does each case agree with what is left after all of them?
            let clashes = each(&self.cases, &Watch::unattended(), |_, case| self.clashes(case, &profile));
            let new: BTreeSet<Point> = clashes.into_iter().flatten().collect();
            if new.is_subset(&contradicted) {
                return (self.allow(profile, &contradicted), contradicted);
            }
            contradicted.extend(new);
        }
    }

    /// The choice points without whose decision this case could have gone as it went.
    fn clashes(&self, case: &Case<'_>, profile: &Profile) -> Vec<Point> {
        if case.not_said(profile).is_none() {
            return Vec::new();
        }
        let mut wide = profile.clone();
        let decided: Vec<Point> = case
            .asked
            .iter()
            .copied()
            .filter(|point| profile.allowed(point.index()) != self.widest.allowed(point.index()))
            .collect();
        for point in &decided {
            wide.take_from(&self.widest, point.index());
        }
        let mut clashes = Vec::new();
        for point in decided {
            let mut narrower = wide.clone();
            narrower.take_from(profile, point.index());
            if case.not_said(&narrower).is_none() { wide = narrower } else { clashes.push(point) }
        }
        clashes
    }

    /// Puts what is left into a profile, but for choice points that are contradicted.
    fn narrow(&self, profile: &mut Profile, contradicted: &BTreeSet<Point>) {
        for point in Point::all().filter(|point| !contradicted.contains(point)) {
            let left: Vec<Alt> = profile.alternatives(point).filter(|alt| self.is_left(*alt)).collect();
            if !left.is_empty() {
                *profile = with(profile, &left);
            }
        }
    }

    /// Where no alternative explains everything, as few as explain it together.
    fn allow(&self, mut profile: Profile, contradicted: &BTreeSet<Point>) -> Profile {
        for point in contradicted {
            let asking: Vec<&Case<'_>> = self.cases.iter().filter(|case| case.asked.contains(point)).collect();
            let all: Vec<Alt> = point.all_alternatives().collect();
            let mut sets: Vec<Vec<Alt>> = (1..1_u32 << all.len())
                .map(|bits| all.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, alt)| *alt).collect())
                .collect();
            sets.sort_by_key(Vec::len);
            let says_all = |set: &Vec<Alt>| {
                let profile = with(&profile, set);
                asking.iter().all(|case| case.not_said(&profile).is_none())
            };
            if let Some(set) = sets.into_iter().find(says_all) {
                profile = with(&profile, &set);
            }
        }
        profile
    }
}
