//! State machines, drawn from the rules themselves.
//!
//! [`Subject`] says in which tables the rules of a call stand, [`flow`] follows them from state to outcome,
//! [`sockets`] puts together every rule that changes a socket's state, and [`legal`] asks every call in every state
//! what it can give. The same data become Graphviz, Mermaid, text and JSON.

mod dot;
pub mod flow;
pub mod legal;
mod mermaid;
pub mod sockets;
pub mod subject;
mod svg;
mod text;

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::choice::{Alt, Point};
use winaccept_model::code::Code;
use winaccept_model::rule::{Gives, Role, Rule};
use winaccept_model::status::Status;
use winaccept_model::world::State;

pub use dot::{flow_dot, sockets_dot};
pub use flow::Flow;
pub use legal::Legality;
pub use mermaid::{flow_mermaid, sockets_mermaid};
pub use sockets::Sockets;
pub use subject::{SUBJECTS, Subject};
pub use svg::{flow_svg, sockets_svg};
pub use text::{flow_text, overview_text};

/// What `winaccept graph NAME --format json` writes.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct GraphOutput {
    /// The call or happening.
    pub name: &'static str,
    /// Its state machine.
    pub graph: flow::FlowData,
    /// What it can give in each state; null for a happening.
    pub gives: Option<legal::LegalityData>,
}

/// What `winaccept graph --format json` writes.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct OverviewOutput {
    /// Names of calls that have a graph.
    pub calls: Vec<&'static str>,
    /// Names of happenings that have a graph.
    pub happenings: Vec<&'static str>,
    /// The states of a socket.
    pub sockets: sockets::SocketsData,
    /// Every call in every state.
    pub table: Vec<legal::LegalityData>,
}

/// A rule on an edge.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
pub struct Label {
    /// The rule's name.
    pub rule: &'static str,
    /// The alternatives under which it is in force, each as `choice-point = alternative`.
    pub under: Vec<String>,
    /// The clauses of its call's own page that it implements.
    pub cites: Vec<&'static str>,
    /// What it takes from other pages.
    pub rests_on: Vec<&'static str>,
    /// Every choice point that it depends on.
    pub points: Vec<&'static str>,
    /// It is a check: those that hold compete, and the documents give no order.
    pub check: bool,
}

impl Label {
    /// The label of a rule on the way to the nth of what it can give.
    fn towards(rule: &Rule, n: usize) -> Label {
        let decided = rule.gives.point().map(|point| Alt(point.0, n as u8).text());
        let mut label = Label::of(rule);
        label.under.extend(decided);
        label
    }

    fn of(rule: &Rule) -> Label {
        Label {
            rule: rule.name,
            under: rule.under.iter().map(|alt| alt.text()).collect(),
            cites: rule.cites.to_vec(),
            rests_on: rule.rests_on.to_vec(),
            points: rule.points().into_iter().map(Point::name).collect(),
            check: rule.role == Role::Check,
        }
    }
}

/// What an edge can end in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Result {
    /// The call succeeds.
    Succeeds,
    /// The call waits.
    Waits,
    /// The call fails with this code.
    Fails(Code),
    /// The call returns this code directly.
    Returns(Code),
    /// The call returns this status.
    Status(Status),
    /// The failure of a request that was made before.
    Reports,
    /// The documents leave the behaviour undefined.
    Undefined,
    /// The model does not know.
    Unmodelled,
    /// The call brings its process down.
    Crashes,
    /// Nobody sees an outcome.
    Silent,
}

impl Result {
    /// What a rule gives, unless another table goes on.
    #[must_use]
    pub fn of(gives: Gives) -> Option<Result> {
        Some(match gives {
            Gives::Fails(code) => Result::Fails(code),
            Gives::Pends => Result::Fails(Code::ERROR_IO_PENDING),
            Gives::Reports => Result::Reports,
            Gives::Returns(code) => Result::Returns(code),
            Gives::Status(status) => Result::Status(status),
            Gives::Succeeds => Result::Succeeds,
            Gives::Blocks | Gives::CallsBack | Gives::CallsRoutine | Gives::Answers => Result::Waits,
            Gives::Undefined => Result::Undefined,
            Gives::Unmodelled => Result::Unmodelled,
            Gives::Crashes => Result::Crashes,
            Gives::Silent | Gives::Strands => Result::Silent,
            Gives::Continues(_) | Gives::LooksAgain => return None,
        })
    }

    /// In a word or two.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Result::Succeeds => "succeeds".to_owned(),
            Result::Waits => "waits".to_owned(),
            Result::Reports => "the failure of the request".to_owned(),
            Result::Fails(code) | Result::Returns(code) => code.to_string(),
            Result::Status(status) => format!("{status:?}"),
            Result::Undefined => "undefined".to_owned(),
            Result::Unmodelled => "unmodelled".to_owned(),
            Result::Crashes => "crashes".to_owned(),
            Result::Silent => "no outcome".to_owned(),
        }
    }
}

/// A state as people read it.
#[must_use]
pub fn state_name(state: State) -> String {
    format!("{state:?}")
}

/// Several states: those given, or in short those missing.
#[must_use]
pub fn states_name(states: &[State]) -> String {
    let all = State::ALL.len();
    match states.len() {
        n if n == all => "any state".to_owned(),
        n if n == all - 1 && !states.contains(&State::NotASocket) => "any socket".to_owned(),
        _ => states.iter().map(|state| state_name(*state)).collect::<Vec<_>>().join(", "),
    }
}
