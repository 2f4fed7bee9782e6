//! Choice points that a scenario decides not each for itself, but together.

use std::collections::BTreeSet;

use winaccept_model::choice::{Alt, Point};
use winaccept_model::profile::Profile;

use super::{At, Case, with};
use crate::parallel::each;
use crate::watch::Watch;

/// So many combinations are tried in one scenario; where there are more, each choice point stands for itself.
const MOST: usize = 64;

/// What a scenario says of several choice points together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// The combinations that agree with what was seen.
    pub fits: Vec<Vec<Alt>>,
    /// The first case that says so.
    pub case: usize,
    /// Alternatives that are in none of them, with a step against each.
    pub(super) excludes: Vec<(Alt, At)>,
}

/// Where the alternatives that are left agree with a scenario in some combinations, but not in all.
pub(super) fn together(cases: &[Case<'_>], profile: &Profile, contradicted: &BTreeSet<Point>) -> Vec<Table> {
    let found = each(cases, &Watch::unattended(), |number, case| of_case(number, case, profile, contradicted));
    let mut tables: Vec<Table> = Vec::new();
    for table in found.into_iter().flatten() {
        if !tables.iter().any(|other| other.fits == table.fits) {
            tables.push(table);
        }
    }
    tables
}

fn of_case(number: usize, case: &Case<'_>, profile: &Profile, contradicted: &BTreeSet<Point>) -> Option<Table> {
    let open = |point: &&Point| profile.leaves_open(**point) && !contradicted.contains(*point);
    let open: Vec<Point> = case.asked.iter().filter(open).copied().collect();
    if open.len() < 2 {
        return None;
    }
    // Most of them make no difference here.
    let wide = case.allowed(profile);
    let matters = |point: &Point| profile.alternatives(*point).any(|alt| case.allowed(&with(profile, &[alt])) != wide);
    let open: Vec<Point> = open.into_iter().filter(matters).collect();
    let combinations = open
        .iter()
        .try_fold(1_usize, |all, point| Some(all * profile.alternatives(*point).count()).filter(|all| *all <= MOST))?;
    if open.len() < 2 {
        return None;
    }
    let mut all: Vec<Vec<Alt>> = vec![Vec::new()];
    for point in &open {
        let extended = |chosen: &Vec<Alt>| {
            let chosen = chosen.clone();
            profile.alternatives(*point).map(move |alt| chosen.iter().copied().chain([alt]).collect())
        };
        all = all.iter().flat_map(extended).collect();
    }
    let (mut fits, mut against) = (Vec::new(), Vec::new());
    for chosen in all {
        match case.not_said(&narrowed(profile, &chosen)) {
            None => fits.push(chosen),
            Some(step) => against.extend(chosen.into_iter().map(|alt| (alt, At { case: number, step }))),
        }
    }
    if fits.len() == combinations {
        return None;
    }
    let fitting: BTreeSet<Alt> = fits.iter().flatten().copied().collect();
    let mut excludes: Vec<(Alt, At)> = against.into_iter().filter(|(alt, _)| !fitting.contains(alt)).collect();
    excludes.dedup_by_key(|(alt, _)| *alt);
    if fits.is_empty() {
        excludes.clear();
    }
    Some(Table { fits: without_idle(&fits, &open, profile), case: number, excludes })
}

fn narrowed(profile: &Profile, chosen: &[Alt]) -> Profile {
    chosen.iter().fold(profile.clone(), |profile, alt| with(&profile, &[*alt]))
}

/// Leaves out the choice points that make no difference: with each of their alternatives the same combinations of the others fit.
fn without_idle(fits: &[Vec<Alt>], open: &[Point], profile: &Profile) -> Vec<Vec<Alt>> {
    let mut fits = fits.to_vec();
    for point in open {
        let without =
            |chosen: &Vec<Alt>| chosen.iter().copied().filter(|alt| alt.point() != *point).collect::<Vec<_>>();
        let others: BTreeSet<Vec<Alt>> = fits.iter().map(without).collect();
        if others.len() * profile.alternatives(*point).count() == fits.len() {
            fits = others.into_iter().collect();
        }
    }
    fits
}
