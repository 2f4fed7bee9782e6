//! The graph of a small exploration, in the language of Graphviz.

use std::fmt::Write;

use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::Machine;

use super::moves::{make, moves};
use super::report::Options;
use super::search::{Search, Task};
use super::way::{Taken, concerns, name_of};
use crate::branch::decided;
use crate::config::Config;
use crate::limits::REMEMBERED;
use crate::scenario::{Scenario, Section};

/// The most states that are drawn; more than that nobody can read.
pub const MAX_DRAWN: usize = 400;

/// The graph of one section with lanes, entered in these configurations, each transition labelled by `label`.
///
/// # Errors
/// When it has more states than [`MAX_DRAWN`] or than the options allow, with the fewer of these.
pub(crate) fn to_dot(
    scenario: &Scenario,
    machine: &Machine,
    section: usize,
    starts: &[Config],
    options: &Options,
    label: &dyn Fn(&Taken) -> String,
) -> Result<String, usize> {
    let most = options.max_states.min(MAX_DRAWN);
    let Section::AnyOrder(lanes) = &scenario.sections[section] else { return Err(most) };
    let task = Task {
        scenario,
        machine,
        lanes,
        guide: None,
        max_states: most + 1,
        max_forms: usize::MAX,
        watcher: &options.watcher,
        remembered: REMEMBERED,
        rules: false,
        symmetry: options.symmetry,
    };
    let mut search = Search::run(task, starts);
    if search.visited.len() > most {
        return Err(most);
    }
    let mut dot = String::from("digraph exploration {\n  rankdir=TB;\n  node [shape=circle, label=\"\", width=0.2];\n");
    for state in 0..search.visited.len() {
        let shape = if search.visited.parent(state).is_none() { " [shape=point]" } else { "" };
        let shape = if search.ends.contains(&state) { " [shape=doublecircle]" } else { shape };
        line(&mut dot, &format!("{state}{shape}"));
    }
    let (mut events, mut possible, mut fx) = (Vec::new(), Vec::new(), Effects::default());
    for state in 0..search.visited.len() {
        let from = search.config(state);
        moves(scenario, lanes, &from, &mut events, &mut possible);
        for &chosen in &possible {
            let mut tape = Tape::default();
            loop {
                let (mut config, mut happened) = (from.clone(), Vec::new());
                make(scenario, machine, lanes, &mut config, chosen, &mut tape, &mut fx, &mut happened);
                let numbers = search.numbers_of(&config);
                let next = search.visited.position(&numbers).expect("invariant: every successor was seen");
                let (conn, segment) = concerns(&from, chosen);
                let name = conn.and_then(|conn| name_of(&from, conn));
                let choices = decided(&machine.profile, &fx).into_iter().collect();
                let text = label(&Taken { section, chosen, choices, open: false, name, segment, happened });
                line(&mut dot, &format!("{state} -> {next} [label={text:?}]"));
                if !tape.advance() {
                    break;
                }
            }
        }
    }
    dot.push_str("}\n");
    Ok(dot)
}

fn line(dot: &mut String, text: &str) {
    writeln!(dot, "  {text};").expect("invariant: writing to a string cannot fail");
}
