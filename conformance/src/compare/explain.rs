//! What would explain a difference: each alternative is tried.

use std::collections::BTreeSet;

use winaccept_model::choice::{Alt, Point};
use winaccept_model::profile::Profile;

use super::Explanation;
use crate::judge::{asked, predicts};
use crate::stack::Replay;
use crate::suite::Scenario;

/// Every other alternative, and the order of checks, with which the profile would say what was seen; where there is none, pairs of
/// them, as far as the rules ask them that may fire here.
pub(super) fn explanations(scenario: &Scenario, replay: &Replay, profile: &Profile) -> Vec<Explanation> {
    let others = |points: &dyn Fn(Point) -> bool| -> Vec<Alt> {
        let points = Point::all().filter(|point| points(*point));
        let all = points.flat_map(Point::all_alternatives);
        all.filter(|alt| profile.leaves_open(alt.point()) || !profile.allows(*alt)).collect()
    };
    let explains = |choice: &Explanation| predicts(scenario, replay, &choice.instead(profile)).unpredicted.is_none();
    let alone = |alt: Alt| Explanation { alternatives: vec![alt], order: false };
    let order = Explanation { alternatives: Vec::new(), order: true };
    let single: Vec<Explanation> = others(&|_| true).into_iter().map(alone).chain([order]).filter(explains).collect();
    if !single.is_empty() {
        return single;
    }
    let asked = asked_of_anything(scenario, replay, profile);
    let some = others(&|point| asked.contains(&point));
    let pairs = some.iter().enumerate().flat_map(|(n, one)| some[n + 1..].iter().map(move |other| vec![*one, *other]));
    let pairs = pairs.filter(|pair| pair[0].point() != pair[1].point());
    let both = pairs.map(|alternatives| Explanation { alternatives, order: false });
    let ordered = some.iter().map(|alt| Explanation { order: true, ..alone(*alt) });
    both.chain(ordered).find(explains).into_iter().collect()
}

/// The choice points of all rules that may fire, if everything is allowed.
fn asked_of_anything(scenario: &Scenario, replay: &Replay, profile: &Profile) -> BTreeSet<Point> {
    let mut widest = Profile::widest("anything");
    widest.set_order(profile.order().to_vec());
    asked(&predicts(scenario, replay, &widest).played)
}
