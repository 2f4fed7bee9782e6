//! Which choice points matter in a run: those that the rules ask which fired in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use winaccept_model::choice::Point;
use winaccept_sim::run::Run;

/// The choice points that these rules ask, by the names of the rules.
#[must_use]
pub fn asked_by<'r>(rules: impl IntoIterator<Item = &'r &'static str>) -> BTreeSet<Point> {
    static POINTS: OnceLock<BTreeMap<&'static str, Vec<Point>>> = OnceLock::new();
    let points =
        POINTS.get_or_init(|| winaccept_model::rules::all().map(|(_, rule)| (rule.name, rule.points())).collect());
    rules.into_iter().filter_map(|rule| points.get(rule)).flatten().copied().collect()
}

/// The choice points that all rules ask which fired, at a step or between.
#[must_use]
pub fn asked(run: &Run) -> BTreeSet<Point> {
    asked_by(run.steps.iter().flat_map(|step| &step.rules).chain(&run.between))
}
