//! The state machine of one call: from states through the tables that it passes to its outcomes.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef as _;
use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::rule::{Gives, Rule, States, Table};
use winaccept_model::world::State;

use super::subject::{Subject, stage};
use super::{Label, Result, state_name, states_name};

/// A node of a call's state machine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Node {
    /// The rules of a table.
    Stage(Table),
    /// The socket is in one of these states, in that table.
    In(Table, Vec<State>),
    /// The socket is in this state afterwards.
    Becomes(State),
    /// What the caller gets.
    Ends(Result),
}

/// Why an edge is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edge {
    /// One of these rules fires.
    Rules(Vec<Label>),
    /// The socket is in these states.
    States,
    /// A call that waits is concerned.
    Later(&'static str),
}

/// The state machine of a call or happening.
#[derive(Debug)]
pub struct Flow {
    /// Whose it is.
    pub subject: Subject,
    /// The machine.
    pub graph: DiGraph<Node, Edge>,
}

impl Flow {
    /// Follows the rules.
    #[must_use]
    pub fn of(subject: Subject) -> Flow {
        let start: BTreeSet<State> = match subject.has_socket() {
            true => State::ALL.into_iter().collect(),
            false => BTreeSet::from([State::NotASocket]),
        };
        let mut builder = Builder { subject, graph: DiGraph::new(), nodes: BTreeMap::new() };
        let mut reach = BTreeMap::from([(subject.first, start)]);
        let later = subject.later();
        for (_, table) in &later {
            // A call to which something happens is in the states that it looks at again.
            let asked = if *table == Table::Wake { subject.looks_again().unwrap_or(*table) } else { *table };
            reach.entry(*table).or_default().extend(mentioned(subject, asked));
        }
        let tables = subject.all_tables();
        // Tables go on to later ones, so that one pass over them in order and a second for the late comers will do.
        for _ in 0..tables.len() {
            for table in &tables {
                spread(subject, *table, &mut reach);
            }
        }
        for table in &tables {
            builder.table(*table, reach.get(table).unwrap_or(&BTreeSet::new()));
        }
        let waits = Node::Ends(Result::Waits);
        for (why, table) in later {
            let (from, to) = (builder.node(waits.clone()), builder.node(Node::Stage(table)));
            builder.graph.add_edge(from, to, Edge::Later(why));
        }
        Flow { subject, graph: builder.graph }
    }

    /// The edges as (from, why, to), in the order in which they were found.
    pub fn edges(&self) -> impl Iterator<Item = (&Node, &Edge, &Node)> {
        self.graph.edge_references().map(|edge| (&self.graph[edge.source()], edge.weight(), &self.graph[edge.target()]))
    }

    /// The machine as data.
    #[must_use]
    pub fn data(&self) -> FlowData {
        let id = |node: NodeIndex| node.index();
        let nodes = self.graph.node_indices().map(|index| {
            let node = &self.graph[index];
            let (kind, states) = match node {
                Node::Stage(_) => ("stage", Vec::new()),
                Node::In(_, states) => ("states", states.iter().map(|state| state_name(*state)).collect()),
                Node::Becomes(state) => ("becomes", vec![state_name(*state)]),
                Node::Ends(_) => ("outcome", Vec::new()),
            };
            NodeData { id: id(index), kind, label: self.label(node), states }
        });
        let edges = self.graph.edge_references().map(|edge| {
            let (why, rules) = match edge.weight() {
                Edge::Rules(rules) => ("rules", rules.clone()),
                Edge::States => ("state", Vec::new()),
                Edge::Later(why) => (*why, Vec::new()),
            };
            EdgeData { from: id(edge.source()), to: id(edge.target()), why, rules }
        });
        FlowData { nodes: nodes.collect(), edges: edges.collect() }
    }

    /// What stands on a node.
    #[must_use]
    pub fn label(&self, node: &Node) -> String {
        match node {
            Node::Stage(table) if *table == self.subject.first => self.subject.name.to_owned(),
            Node::Stage(table) => stage(*table).to_owned(),
            Node::In(_, states) => states_name(states),
            Node::Becomes(state) => format!("now {}", state_name(*state)),
            Node::Ends(result) => result.text(),
        }
    }
}

/// The states in which a call that waits can be when this table goes on.
fn mentioned(subject: Subject, table: Table) -> BTreeSet<State> {
    let narrow: BTreeSet<State> =
        subject.rules(table).filter(|rule| rule.from != States::ANY).flat_map(|rule| rule.from.iter()).collect();
    if narrow.is_empty() { BTreeSet::from([State::NotASocket]) } else { narrow }
}

fn spread(subject: Subject, table: Table, reach: &mut BTreeMap<Table, BTreeSet<State>>) {
    let here = reach.get(&table).cloned().unwrap_or_default();
    for rule in subject.rules(table) {
        for (_, gives) in subject.gives(rule) {
            let Some(next) = subject.next(gives) else { continue };
            let from = here.iter().copied().filter(|state| subject.fires(table, rule, *state));
            let states: Vec<State> = from.map(|state| rule.to.unwrap_or(state)).collect();
            reach.entry(next).or_default().extend(states);
        }
    }
}

struct Builder {
    subject: Subject,
    graph: DiGraph<Node, Edge>,
    nodes: BTreeMap<Node, NodeIndex>,
}

impl Builder {
    fn node(&mut self, node: Node) -> NodeIndex {
        let graph = &mut self.graph;
        *self.nodes.entry(node.clone()).or_insert_with(|| graph.add_node(node))
    }

    fn table(&mut self, table: Table, reach: &BTreeSet<State>) {
        let stage = self.node(Node::Stage(table));
        for rule in self.subject.rules(table) {
            let fires = |state: &State| self.subject.fires(table, rule, *state);
            let from: Vec<State> = reach.iter().copied().filter(fires).collect();
            if from.is_empty() {
                continue;
            }
            let mut source = stage;
            if from.len() < reach.len() {
                source = self.node(Node::In(table, from));
                if self.graph.find_edge(stage, source).is_none() {
                    self.graph.add_edge(stage, source, Edge::States);
                }
            }
            for (n, gives) in self.subject.gives(rule) {
                let target = self.node(target(self.subject, rule, gives));
                self.add(source, target, Label::towards(rule, n));
            }
        }
    }

    /// Rules that lead the same way share an edge.
    fn add(&mut self, source: NodeIndex, target: NodeIndex, label: Label) {
        if let Some(edge) = self.graph.find_edge(source, target)
            && let Edge::Rules(rules) = &mut self.graph[edge]
        {
            rules.push(label);
            return;
        }
        self.graph.add_edge(source, target, Edge::Rules(vec![label]));
    }
}

fn target(subject: Subject, rule: &Rule, gives: Gives) -> Node {
    if let Some(next) = subject.next(gives) {
        return Node::Stage(next);
    }
    match (gives, rule.to, Result::of(gives)) {
        (_, Some(state), _) => Node::Becomes(state),
        (_, None, Some(result)) => Node::Ends(result),
        (_, None, None) => Node::Ends(Result::Silent),
    }
}

/// The state machine of a call, as data.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct FlowData {
    /// The nodes.
    pub nodes: Vec<NodeData>,
    /// The edges.
    pub edges: Vec<EdgeData>,
}

/// A node, as data.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct NodeData {
    /// Its number, which edges refer to.
    pub id: usize,
    /// `stage` (a table of rules), `states` (the socket is in one of these), `becomes` (the call succeeds and the socket is
    /// in this state now), `outcome`.
    pub kind: &'static str,
    /// What stands on it.
    pub label: String,
    /// The socket states, for `states` and `becomes`.
    pub states: Vec<String>,
}

/// An edge, as data.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct EdgeData {
    /// The node it leaves.
    pub from: usize,
    /// The node it reaches.
    pub to: usize,
    /// `rules`: one of them fires; `state`: the socket is in one of the target's states; otherwise what concerns a call
    /// that waits.
    pub why: &'static str,
    /// The rules.
    pub rules: Vec<Label>,
}
