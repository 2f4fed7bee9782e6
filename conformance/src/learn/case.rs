//! One scenario and what was seen in it.

use std::collections::BTreeSet;

use winaccept_model::choice::Point;
use winaccept_model::profile::Profile;
use winaccept_sim::observe::Observed;

use super::with;
use crate::judge::{Prediction, asked, predicts};
use crate::stack::Replay;
use crate::suite::Scenario;

/// A scenario, and what was seen in it.
#[derive(Debug)]
pub struct Case<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// What was seen and rests on no assumed wait, up to what nothing explains.
    pub replay: Replay,
    /// The whole of it, where something is that nothing explains.
    pub(super) whole: Option<Replay>,
    /// The choice points that the rules ask which fire in it.
    pub asked: BTreeSet<Point>,
    /// A choice point that is asked again until one of its alternatives is taken: where several are allowed, only that one shows.
    pivot: Option<Point>,
}

impl<'a> Case<'a> {
    pub(super) fn new(scenario: &'a Scenario, seen: &Replay, widest: &Profile) -> Case<'a> {
        let mut replay = seen.clone();
        replay.steps.retain(|report| report.assumed.is_none());
        let mut case = Case { scenario, replay, whole: None, asked: BTreeSet::new(), pivot: None };
        let Some(step) = case.ask(widest) else { return case };
        // It may be that only one alternative alone says it.
        let pivot = case.asked.iter().copied().find(|point| case.one_of(*point, widest).is_none());
        if pivot.is_some() {
            case.pivot = pivot;
            return case;
        }
        // What is behind something that cannot be says nothing.
        let whole = case.replay.clone();
        case.replay.steps.retain(|report| report.index < step);
        if case.ask(widest).is_some() {
            case.replay.steps.clear();
        }
        case.whole = Some(whole);
        case
    }

    /// Notes what is asked; the first step that is not said, if there is one.
    fn ask(&mut self, widest: &Profile) -> Option<usize> {
        let Prediction { unpredicted, played } = predicts(self.scenario, &self.replay, widest);
        self.asked = asked(&played);
        unpredicted
    }

    /// What this profile allows at each step, as long as it agrees with what was seen.
    pub(super) fn allowed(&self, profile: &Profile) -> Vec<BTreeSet<Observed>> {
        let played = predicts(self.scenario, &self.replay, profile).played;
        played.steps.into_iter().map(|step| step.allowed).collect()
    }

    /// The first step of which this profile does not say what was seen.
    pub(super) fn not_said(&self, profile: &Profile) -> Option<usize> {
        self.not_said_of(&self.replay, profile)
    }

    /// The same where less, or more, was seen.
    pub(super) fn not_said_of(&self, replay: &Replay, profile: &Profile) -> Option<usize> {
        let step = predicts(self.scenario, replay, profile).unpredicted?;
        match self.pivot {
            Some(pivot) if profile.leaves_open(pivot) => self.one_by_one(pivot, replay, profile).map(|_| step),
            _ => Some(step),
        }
    }

    /// What was seen at a step.
    pub(super) fn seen(&self, step: usize) -> Option<&Observed> {
        let replay = self.whole.as_ref().unwrap_or(&self.replay);
        replay.steps.iter().find(|report| report.index == step).map(|report| &report.observed)
    }

    fn one_of(&self, point: Point, profile: &Profile) -> Option<usize> {
        self.one_by_one(point, &self.replay, profile)
    }

    /// The last step that none of the alternatives of this choice point says, each tried alone.
    fn one_by_one(&self, point: Point, replay: &Replay, profile: &Profile) -> Option<usize> {
        let mut last = None;
        for alternative in profile.alternatives(point) {
            last = last.max(Some(predicts(self.scenario, replay, &with(profile, &[alternative])).unpredicted?));
        }
        last
    }
}
