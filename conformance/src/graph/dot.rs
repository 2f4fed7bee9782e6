//! Graphviz.

use std::fmt::Write as _;

use super::flow::{Edge, Flow, Node};
use super::{Label, Result, Sockets, state_name};

/// The state machine of a call for `dot`.
#[must_use]
pub fn flow_dot(flow: &Flow) -> String {
    let mut out = head(flow.subject.name);
    for index in flow.graph.node_indices() {
        let node = &flow.graph[index];
        let style = match node {
            Node::Stage(_) => "shape=box, style=rounded",
            Node::In(..) => "shape=plaintext",
            Node::Becomes(_) | Node::Ends(Result::Succeeds) => "shape=ellipse, peripheries=2",
            Node::Ends(Result::Waits) => "shape=ellipse, style=dashed",
            Node::Ends(_) => "shape=ellipse",
        };
        line(&mut out, &format!("n{} [label={}, {style}];", index.index(), quoted(&flow.label(node))));
    }
    for edge in flow.graph.edge_indices() {
        let Some((from, to)) = flow.graph.edge_endpoints(edge) else { continue };
        let attributes = match &flow.graph[edge] {
            Edge::Rules(rules) => format!(" [label={}]", quoted(&stacked(rules))),
            Edge::States => " [arrowhead=none]".to_owned(),
            Edge::Later(why) => format!(" [label={}, style=dashed]", quoted(why)),
        };
        line(&mut out, &format!("n{} -> n{}{attributes};", from.index(), to.index()));
    }
    out + "}\n"
}

/// The state graph of sockets for `dot`.
#[must_use]
pub fn sockets_dot(sockets: &Sockets) -> String {
    let mut out = head("the states of a socket");
    line(&mut out, "new [shape=point];");
    for state in sockets.graph.node_weights() {
        let name = state_name(*state);
        line(&mut out, &format!("{name} [shape=box, style=rounded];"));
    }
    for (rule, state) in Sockets::births() {
        line(&mut out, &format!("new -> {} [label={}, style=dashed];", state_name(state), quoted(rule)));
    }
    for (from, to, rules) in sockets.edges() {
        let label = quoted(&stacked(rules));
        line(&mut out, &format!("{} -> {} [label={label}];", state_name(from), state_name(to)));
    }
    out + "}\n"
}

fn head(name: &str) -> String {
    format!(
        "digraph {} {{\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n",
        quoted(name)
    )
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "  {text}").expect("invariant: writing to a string does not fail");
}

fn stacked(rules: &[Label]) -> String {
    let with_choice = |label: &Label| match label.under.is_empty() {
        true => label.rule.to_owned(),
        false => format!("{}\n({})", label.rule, label.under.join(", ")),
    };
    rules.iter().map(with_choice).collect::<Vec<_>>().join("\n")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
