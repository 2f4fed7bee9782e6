//! The graph of a small exploration, in the language of Graphviz.

use std::fmt::Write;

use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::Machine;

use super::moves::{make, moves};
use super::past::choices;
use super::report::Options;
use super::search::{Search, Task};
use super::way::{Taken, concerns, name_of};
use crate::program::{Program, Section};
use crate::run::{Guide, run};

/// The most states that [`to_dot`] draws; more than that nobody can read.
pub const MAX_DRAWN: usize = 400;

/// Why there is no graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotDrawn {
    /// Nothing interleaves: the program has no `any order`.
    NoAnyOrder,
    /// It has more states than this, the fewer of [`MAX_DRAWN`] and what was asked for.
    MoreThan(usize),
}

/// The graph of a program's last `any order`, each transition labelled by `label`.
///
/// # Errors
/// When there is no such section, or it has more states than [`MAX_DRAWN`] or than the options allow: a part of a graph
/// would show ends where there are none.
pub fn to_dot(
    program: &Program,
    machine: &Machine,
    options: &Options,
    label: &dyn Fn(&Taken) -> String,
) -> Result<String, NotDrawn> {
    let any_order = |section: &Section| matches!(section, Section::AnyOrder(_));
    let section = program.sections.iter().rposition(any_order).ok_or(NotDrawn::NoAnyOrder)?;
    let Section::AnyOrder(lanes) = &program.sections[section] else { return Err(NotDrawn::NoAnyOrder) };
    let most = options.max_states.min(MAX_DRAWN);
    let mut before = program.clone();
    before.sections.truncate(section);
    let starts = run(&before, machine, Guide::Seen(&[])).ends;
    let task =
        Task { program, machine, lanes, guide: None, max_states: most + 1, rules: false, symmetry: options.symmetry };
    let mut search = Search::run(task, &starts);
    if search.seen.len() > most {
        return Err(NotDrawn::MoreThan(most));
    }
    let mut dot = String::from("digraph exploration {\n  rankdir=TB;\n  node [shape=circle, label=\"\", width=0.2];\n");
    for state in 0..search.seen.len() {
        let shape = if search.seen.parent(state).is_none() { " [shape=point]" } else { "" };
        let shape = if search.ends.contains(&state) { " [shape=doublecircle]" } else { shape };
        line(&mut dot, &format!("{state}{shape}"));
    }
    let (mut events, mut possible, mut fx) = (Vec::new(), Vec::new(), Effects::default());
    for state in 0..search.seen.len() {
        let from = search.config(state);
        moves(program, lanes, &from, &mut events, &mut possible);
        for &chosen in &possible {
            let mut tape = Tape::default();
            loop {
                let (mut config, mut happened) = (from.clone(), Vec::new());
                make(program, machine, lanes, &mut config, chosen, &mut tape, &mut fx, &mut happened);
                let numbers = search.numbers_of(&config);
                let next = search.seen.position(&numbers).expect("invariant: every successor was seen");
                let (conn, segment) = concerns(&from, chosen);
                let name = conn.and_then(|conn| name_of(&from, conn));
                let choices = choices(&machine.profile, fx.fired.iter().copied());
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
