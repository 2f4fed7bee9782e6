//! The choice points that make a difference.

use std::sync::OnceLock;

use winaccept_model::choice::CHOICES;
use winaccept_model::profile::Profile;
use winaccept_sim::run::Run;

use crate::profiles::Choices;
use crate::verdict::CHECK_ORDER;

/// Something in which a profile may differ from `documented`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Difference {
    /// A choice point, by index.
    Choice(usize),
    /// The order of checks.
    Order,
}

impl Difference {
    fn name(self) -> &'static str {
        match self {
            Difference::Choice(point) => CHOICES[point].name,
            Difference::Order => CHECK_ORDER,
        }
    }
}

/// What is asked of a run with some differences put back to what is documented.
pub(super) struct Question<'a> {
    /// Runs the scenario under a profile.
    pub(super) play: &'a dyn Fn(&Profile) -> Run,
    /// Is the difference gone in this run?
    pub(super) gone: &'a dyn Fn(&Run) -> bool,
    /// The number of the step where the difference shows; what was allowed before it should be as it was.
    pub(super) step: usize,
}

/// The smallest set of differences from `documented` without which this profile would say what was asked for; `None` when even
/// `documented` would not.
///
/// Those that change nothing before the step in question are preferred: a choice point that decides an earlier step may well
/// change a later one, but only because the scenario then goes another way.
pub(super) fn behind(profile: &Profile, question: &Question<'_>) -> Option<Vec<&'static str>> {
    let differences = differences(profile);
    let as_it_is = (question.play)(profile);
    let same_before = |run: &Run| {
        let before = as_it_is.steps.iter().zip(&run.steps).take(question.step);
        before.into_iter().all(|(a, b)| a.allowed == b.allowed) && !run.steps[question.step].lost
    };
    let (mut quiet, mut loud) = (Vec::new(), Vec::new());
    for difference in differences {
        let run = (question.play)(&put_back(profile, &[difference]));
        if same_before(&run) { quiet.push(difference) } else { loud.push(difference) }
    }
    let gone = |set: &[Difference]| (question.gone)(&(question.play)(&put_back(profile, set)));
    // Those that change an earlier step are the first to be left out again.
    let all: Vec<Difference> = loud.into_iter().chain(quiet.iter().copied()).collect();
    let mut set = if gone(&quiet) { quiet } else { all };
    if !gone(&set) {
        return None;
    }
    let mut at = 0;
    while at < set.len() {
        let mut without = set.clone();
        without.remove(at);
        if gone(&without) { set = without } else { at += 1 }
    }
    let mut names: Vec<&'static str> = set.into_iter().map(Difference::name).collect();
    names.sort_unstable_by_key(|name| CHOICES.iter().position(|point| point.name == *name).unwrap_or(usize::MAX));
    Some(names)
}

fn differences(profile: &Profile) -> Vec<Difference> {
    let documented = documented();
    let choices = (0..CHOICES.len()).filter(|point| profile.allowed(*point) != documented.allowed(*point));
    let order = (documented.order() != profile.order()).then_some(Difference::Order);
    choices.map(Difference::Choice).chain(order).collect()
}

/// This profile with what is documented in these places.
fn put_back(profile: &Profile, set: &[Difference]) -> Profile {
    let documented = documented();
    let mut without = profile.clone();
    for difference in set {
        match difference {
            Difference::Choice(point) => without.take_from(documented, *point),
            Difference::Order => without.set_order(documented.order().to_vec()),
        }
    }
    without
}

/// The profile of the documents.
pub(super) fn documented() -> &'static Profile {
    static DOCUMENTED: OnceLock<Profile> = OnceLock::new();
    DOCUMENTED.get_or_init(|| {
        Choices::bundled()
            .profile("documented")
            .expect("invariant: `documented` is one of the bundled profiles, which are tested")
    })
}
