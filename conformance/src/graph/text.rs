//! Text: one machine stage by stage, or every call in every state.

use winaccept_model::world::State;

use super::flow::{Edge, Flow, Node};
use super::legal::{Legality, is_illegal, texts};
use super::{Label, Result, SUBJECTS, Sockets, state_name, states_name};
use crate::page::{Page, fitted};

/// The state machine of a call, stage by stage, and what it can give in each state.
#[must_use]
pub fn flow_text(flow: &Flow) -> String {
    let mut page = Page::new();
    let subject = flow.subject;
    page.line(&format!("{}: from state to outcome, as its rules go", subject.name));
    for table in subject.all_tables() {
        let stage = Node::Stage(table);
        page.heading(&heading(flow, &stage));
        edges(&mut page, flow, &stage, 2);
    }
    if subject.is_call {
        page.gap();
        calls_states(&mut page, &Legality::of(subject));
    }
    fitted(&page.finish())
}

/// A stage, and how a call gets there that waits.
fn heading(flow: &Flow, stage: &Node) -> String {
    let later = flow.edges().find_map(|(_, why, to)| match why {
        Edge::Later(why) if to == stage => Some(*why),
        _ => None,
    });
    let label = flow.label(stage);
    match later {
        Some("looks again") => format!("{label} (again, when it waited)"),
        _ => label,
    }
}

fn edges(page: &mut Page, flow: &Flow, node: &Node, indent: usize) {
    for (_, why, to) in flow.edges().filter(|(from, ..)| *from == node) {
        let Edge::Rules(rules) = why else { continue };
        let target = match to {
            Node::Stage(_) => format!("-> {}", flow.label(to)),
            _ => flow.label(to),
        };
        for (number, rule) in rules.iter().enumerate() {
            let label = if number == 0 { target.as_str() } else { "" };
            page.hanging(indent, label, 28, &with_choice(rule));
        }
    }
    for (_, _, to) in flow.edges().filter(|(from, why, _)| *from == node && **why == Edge::States) {
        page.line(&format!("{:indent$}in {}", "", flow.label(to)));
        edges(page, flow, to, indent + 2);
    }
}

fn with_choice(label: &Label) -> String {
    match label.under.is_empty() {
        true => label.rule.to_owned(),
        false => format!("{}  if {}", label.rule, label.under.join(", ")),
    }
}

fn calls_states(page: &mut Page, legality: &Legality) {
    page.line(&format!("What {} can give in each state", legality.subject.name));
    for (states, gives) in legality.grouped() {
        let states = if legality.subject.has_socket() { states_name(&states) } else { "at once".to_owned() };
        let illegal = if is_illegal(gives) { "illegal: " } else { "" };
        page.hanging(2, &states, 28, &format!("{illegal}{}", texts(gives).join(", ")));
    }
    if !legality.later.is_empty() {
        page.hanging(2, "after it waited", 28, &texts(&legality.later).join(", "));
    }
    if !legality.always.is_empty() {
        page.hanging(2, "whatever the state", 28, &texts(&legality.always).join(", "));
    }
}

/// The names of all machines, the state graph of sockets, and the table of every call in every state.
#[must_use]
pub fn overview_text(sockets: &Sockets, calls: &[Legality]) -> String {
    let mut page = Page::new();
    names(&mut page, "Calls", true);
    names(&mut page, "Happenings", false);
    page.heading("The states of a socket");
    for (rule, state) in Sockets::births() {
        page.hanging(2, &format!("new -> {}", state_name(state)), 34, rule);
    }
    for (from, to, rules) in sockets.edges() {
        let names: Vec<&str> = rules.iter().map(|label| label.rule).collect();
        page.hanging(2, &format!("{} -> {}", state_name(from), state_name(to)), 34, &names.join(", "));
    }
    page.heading("Every call in every state");
    page.paragraph(2, "+ can succeed, w can wait, ? undefined or not modelled, - illegal: can only fail");
    page.gap();
    matrix(&mut page, calls);
    page.heading("Illegal pairs, and what the call gives there");
    for call in calls.iter().filter(|call| call.subject.has_socket()) {
        illegal(&mut page, call);
    }
    let without: Vec<&str> =
        calls.iter().filter(|call| !call.subject.has_socket()).map(|call| call.subject.name).collect();
    page.gap();
    page.hanging(2, "no state matters to", 24, &without.join(", "));
    fitted(&page.finish())
}

fn names(page: &mut Page, title: &str, calls: bool) {
    let names = SUBJECTS.iter().filter(|subject| subject.is_call == calls).map(|subject| subject.name);
    page.hanging(0, title, 12, &names.collect::<Vec<_>>().join(" "));
}

fn matrix(page: &mut Page, calls: &[Legality]) {
    let mut states: Vec<String> = State::ALL.iter().map(|state| state_name(*state)).collect();
    if 23 + states.iter().map(|state| state.len() + 1).sum::<usize>() > page.width() {
        // Where the names do not fit, numbers do.
        let numbered = states.iter().zip(1..).map(|(state, number)| format!("{number} {state}"));
        page.paragraph(2, &numbered.collect::<Vec<_>>().join(", "));
        states = (1..=states.len()).map(|number| format!("{number:2}")).collect();
    }
    page.line(&format!("  {:20} {}", "", states.join(" ")));
    for call in calls.iter().filter(|call| call.subject.has_socket()) {
        let cells = call.states.iter().zip(&states).map(|((_, gives), state)| {
            let mark = |results: &[Result], mark| if results.iter().any(|r| gives.contains_key(r)) { mark } else { "" };
            let open = mark(&[Result::Undefined, Result::Unmodelled], "?");
            let marks = [mark(&[Result::Succeeds], "+"), mark(&[Result::Waits], "w"), open].concat();
            let marks = if is_illegal(gives) { "-".to_owned() } else { marks };
            format!("{marks:width$}", width = state.len())
        });
        page.line(&format!("  {:20} {}", call.subject.name, cells.collect::<Vec<_>>().join(" ")));
    }
}

fn illegal(page: &mut Page, call: &Legality) {
    let mut groups: Vec<(Vec<String>, Vec<State>)> = Vec::new();
    for (state, codes) in call.illegal() {
        match groups.iter_mut().find(|(known, _)| *known == codes) {
            Some((_, states)) => states.push(state),
            None => groups.push((codes, vec![state])),
        }
    }
    for (number, (codes, states)) in groups.iter().enumerate() {
        let name = if number == 0 { call.subject.name } else { "" };
        page.hanging(2, name, 24, &format!("{}: {}", codes.join(", "), states_name(states)));
    }
}
