//! The graph of a scenario's last `any order`, in the language of Graphviz.

use winaccept_model::step::Machine;

use crate::explore::{Options, Taken, graph};
use crate::limit;
use crate::run::{Guide, run};
use crate::scenario::{Scenario, Section};

pub use crate::explore::graph::MAX_DRAWN;

/// Why there is no graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotDrawn {
    /// Nothing interleaves: the scenario has no `any order`.
    NoAnyOrder,
    /// It has more states than this, the fewer of [`MAX_DRAWN`] and what was asked for.
    MoreThan(usize),
}

/// The graph of a scenario's last `any order`, each transition labelled by `label`.
///
/// # Errors
/// When there is no such section, or it has more states than [`MAX_DRAWN`] or than the options allow: a part of a graph
/// would show ends where there are none.
pub fn to_dot(
    scenario: &Scenario,
    machine: &Machine,
    options: &Options,
    label: &dyn Fn(&Taken) -> String,
) -> Result<String, NotDrawn> {
    let any_order = |section: &Section| matches!(section, Section::AnyOrder(_));
    let section = scenario.sections.iter().rposition(any_order).ok_or(NotDrawn::NoAnyOrder)?;
    let mut before = scenario.clone();
    before.sections.truncate(section);
    let before = run(&before, machine, Guide::Seen(&[]));
    if let Some((step, what)) = before.limit {
        limit::ended(what, step);
    }
    graph::to_dot(scenario, &scenario.chosen(section, machine), section, &before.ends, options, label)
        .map_err(NotDrawn::MoreThan)
}
