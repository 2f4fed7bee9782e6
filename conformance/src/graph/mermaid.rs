//! Mermaid, which GitHub draws where it stands.

use std::fmt::Write as _;

use super::flow::{Edge, Flow, Node};
use super::{Label, Result, Sockets, state_name};

/// The state machine of a call as a flow chart.
#[must_use]
pub fn flow_mermaid(flow: &Flow) -> String {
    let mut out = "flowchart LR\n".to_owned();
    for index in flow.graph.node_indices() {
        let node = &flow.graph[index];
        let text = quoted(&flow.label(node));
        let shape = match node {
            Node::Stage(_) => format!("({text})"),
            Node::In(..) => format!("[{text}]"),
            Node::Becomes(_) | Node::Ends(Result::Succeeds) => format!("((({text})))"),
            Node::Ends(_) => format!("([{text}])"),
        };
        line(&mut out, &format!("n{}{shape}", index.index()));
    }
    for edge in flow.graph.edge_indices() {
        let Some((from, to)) = flow.graph.edge_endpoints(edge) else { continue };
        let arrow = match &flow.graph[edge] {
            Edge::Rules(rules) => format!("-->|{}|", quoted(&stacked(rules))),
            Edge::States => "---".to_owned(),
            Edge::Later(why) => format!("-.->|{}|", quoted(why)),
        };
        line(&mut out, &format!("n{} {arrow} n{}", from.index(), to.index()));
    }
    out
}

/// The state graph of sockets as a state diagram.
#[must_use]
pub fn sockets_mermaid(sockets: &Sockets) -> String {
    let mut out = "stateDiagram-v2\n".to_owned();
    for (rule, state) in Sockets::births() {
        line(&mut out, &format!("[*] --> {} : {rule}", state_name(state)));
    }
    for (from, to, rules) in sockets.edges() {
        let rules: Vec<&str> = rules.iter().map(|label| label.rule).collect();
        line(&mut out, &format!("{} --> {} : {}", state_name(from), state_name(to), rules.join("<br>")));
    }
    out
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "  {text}").expect("invariant: writing to a string does not fail");
}

fn stacked(rules: &[Label]) -> String {
    let with_choice = |label: &Label| match label.under.is_empty() {
        true => label.rule.to_owned(),
        false => format!("{}<br>({})", label.rule, label.under.join(", ")),
    };
    rules.iter().map(with_choice).collect::<Vec<_>>().join("<br>")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "#quot;"))
}
