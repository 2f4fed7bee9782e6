//! The graph of a small exploration, in the language of Graphviz.

use std::fmt::Write;

use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::Machine;

use super::moves::{make, moves};
use super::search::{Search, Task};
use super::way::{Taken, concerns, name_of};
use crate::program::{Program, Section};
use crate::run::{Guide, run};

/// The most states that [`to_dot`] draws; more than that nobody can read.
pub const MAX_DRAWN: usize = 400;

/// The graph of a program's last `any order`, each transition labelled by `label`; `None` when there is no such
/// section, or it has more than [`MAX_DRAWN`] states.
#[must_use]
pub fn to_dot(program: &Program, machine: &Machine, label: &dyn Fn(&Taken) -> String) -> Option<String> {
    let section = program.sections.iter().rposition(|section| matches!(section, Section::AnyOrder(_)))?;
    let Section::AnyOrder(lanes) = &program.sections[section] else { return None };
    let mut before = program.clone();
    before.sections.truncate(section);
    let starts = run(&before, machine, Guide::Seen(&[])).ends;
    let task = Task { program, machine, lanes, guide: None, max_states: MAX_DRAWN + 1, rules: false, symmetry: true };
    let mut search = Search::run(task, &starts);
    if search.seen.len() > MAX_DRAWN {
        return None;
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
                let picks = tape.picks().to_vec();
                let text = label(&Taken { section, chosen, picks, name, segment, happened });
                line(&mut dot, &format!("{state} -> {next} [label={text:?}]"));
                if !tape.advance() {
                    break;
                }
            }
        }
    }
    dot.push_str("}\n");
    Some(dot)
}

fn line(dot: &mut String, text: &str) {
    writeln!(dot, "  {text};").expect("invariant: writing to a string cannot fail");
}
