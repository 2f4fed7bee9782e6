//! The fewest steps that cannot be explained.

use std::collections::{BTreeMap, BTreeSet};

use winaccept_model::choice::{Alt, Point};
use winaccept_model::profile::Profile;

use super::{At, Case, with};
use crate::stack::Replay;

/// Of so many cases that exclude an alternative, the one with the fewest steps is looked for.
const CANDIDATES: usize = 6;

/// What nothing explains, whatever the model may do: by case, the fewest steps.
pub(super) fn unexplained(cases: &[Case<'_>], widest: &Profile) -> Vec<Vec<At>> {
    let of_case = |(number, case): (usize, &Case<'_>)| {
        let whole = case.whole.as_ref()?;
        Some(fewest(number, case, whole, widest))
    };
    cases.iter().enumerate().filter_map(of_case).collect()
}

/// By choice point, the fewest steps found that no one alternative explains.
pub(super) fn contradicted(
    cases: &[Case<'_>],
    widest: &Profile,
    profile: &Profile,
    points: &BTreeSet<Point>,
) -> BTreeMap<Point, Vec<At>> {
    points.iter().map(|point| (*point, of_point(cases, widest, profile, *point))).collect()
}

fn of_point(cases: &[Case<'_>], widest: &Profile, profile: &Profile, point: Point) -> Vec<At> {
    let mut sets: Vec<BTreeSet<At>> = vec![BTreeSet::new()];
    for alternative in widest.alternatives(point) {
        let excluding = match excluding(cases, widest, alternative) {
            found if found.is_empty() => excluding(cases, profile, alternative),
            found => found,
        };
        let join = |(set, more): (&BTreeSet<At>, &Vec<At>)| set.iter().chain(more).copied().collect::<BTreeSet<At>>();
        if !excluding.is_empty() {
            sets = sets.iter().flat_map(|set| excluding.iter().map(move |more| join((set, more)))).collect();
            sets.sort_by_key(BTreeSet::len);
            sets.truncate(CANDIDATES * CANDIDATES);
        }
    }
    sets.swap_remove(0).into_iter().collect()
}

/// Sets of steps that exclude an alternative, the smallest first.
fn excluding(cases: &[Case<'_>], around: &Profile, alternative: Alt) -> Vec<Vec<At>> {
    let profile = with(around, &[alternative]);
    let asking = cases.iter().enumerate().filter(|(_, case)| case.asked.contains(&alternative.point()));
    let against = asking.filter(|(_, case)| case.not_said(&profile).is_some());
    let mut all: Vec<Vec<At>> =
        against.take(CANDIDATES).map(|(number, case)| fewest(number, case, &case.replay, &profile)).collect();
    all.sort_by_key(Vec::len);
    all
}

/// The fewest steps of a case that this profile does not say: none of them can be left out.
fn fewest(number: usize, case: &Case<'_>, replay: &Replay, profile: &Profile) -> Vec<At> {
    let mut left = replay.clone();
    let mut at = left.steps.len();
    while at > 0 {
        at -= 1;
        let mut fewer = left.clone();
        fewer.steps.remove(at);
        if case.not_said_of(&fewer, profile).is_some() {
            left = fewer;
        }
    }
    left.steps.iter().map(|report| At { case: number, step: report.index }).collect()
}
