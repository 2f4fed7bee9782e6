//! The states of a socket: every rule that declares a change, over all calls and happenings.

use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef as _;
use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::profile::Profile;
use winaccept_model::rules;
use winaccept_model::world::State;

use super::subject::is_in_force;
use super::{Label, state_name};

/// Rules that make a socket, which has no state to come from.
const BIRTHS: [(&str, State); 5] = [
    ("socket.creates", State::Unbound),
    ("socket.creates", State::Datagram),
    ("WSASocket.creates", State::Unbound),
    ("WSASocket.creates", State::Datagram),
    ("accept.takes-first", State::Connected),
];

/// The state graph of sockets.
#[derive(Debug)]
pub struct Sockets {
    /// A node a state, an edge for all rules that lead from one to another.
    pub graph: DiGraph<State, Vec<Label>>,
}

impl Sockets {
    /// Reads it off the rules that a profile allows.
    #[must_use]
    pub fn under(profile: &Profile) -> Sockets {
        let mut graph: DiGraph<State, Vec<Label>> = DiGraph::new();
        let nodes = State::ALL.map(|state| graph.add_node(state));
        for (_, rule) in rules::all().filter(|(_, rule)| is_in_force(rule, profile)) {
            let Some(to) = rule.to else { continue };
            for from in rule.from.iter() {
                let (from, to) = (nodes[from as usize], nodes[to as usize]);
                match graph.find_edge(from, to) {
                    Some(edge) => graph[edge].push(Label::of(rule)),
                    None => {
                        graph.add_edge(from, to, vec![Label::of(rule)]);
                    }
                }
            }
        }
        Sockets { graph }
    }

    /// The edges as (from, to, rules).
    pub fn edges(&self) -> impl Iterator<Item = (State, State, &[Label])> {
        self.graph
            .edge_references()
            .map(|edge| (self.graph[edge.source()], self.graph[edge.target()], edge.weight().as_slice()))
    }

    /// The rules that make a socket, with the state in which it begins.
    pub fn births() -> impl Iterator<Item = (&'static str, State)> {
        BIRTHS.into_iter()
    }

    /// The graph as data.
    #[must_use]
    pub fn data(&self) -> SocketsData {
        SocketsData {
            states: State::ALL.iter().map(|state| state_name(*state)).collect(),
            made: Sockets::births().map(|(rule, state)| Made { rule, state: state_name(state) }).collect(),
            edges: self
                .edges()
                .map(|(from, to, rules)| Change { from: state_name(from), to: state_name(to), rules: rules.to_vec() })
                .collect(),
        }
    }
}

/// The state graph of sockets, as data.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct SocketsData {
    /// Every state.
    pub states: Vec<String>,
    /// How sockets begin.
    pub made: Vec<Made>,
    /// How they change.
    pub edges: Vec<Change>,
}

/// A rule that makes a socket.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Made {
    /// The rule.
    pub rule: &'static str,
    /// The state of the new socket.
    pub state: String,
}

/// A change of state.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Change {
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// The rules that bring it about.
    pub rules: Vec<Label>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_are_rules() {
        for (name, _) in BIRTHS {
            assert!(rules::all().any(|(_, rule)| rule.name == name), "no rule is called {name}");
        }
    }
}
