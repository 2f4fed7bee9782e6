//! One run of a scenario on the model, event by event: as a chart for people, as data for programs.
//!
//! ```
//! use winaccept_chart::{Chart, chart};
//! use winaccept_lang::{parse, profiles::Choices};
//! use winaccept_model::step::Machine;
//! use winaccept_sim::scenario::Scenario;
//!
//! let text = "scenario \"nobody listens\"\n\nserver  accept(handle(0x7), NULL, NULL) = INVALID_SOCKET WSAENOTSOCK\n";
//! let script = parse(text.as_bytes(), "mine.winaccept", &|_clause| true)?;
//! let scenario = Scenario::new(&script).map_err(|too_large| too_large.message)?;
//! let machine = Machine::new(Choices::bundled().profile("documented")?);
//! let run = Chart::of("mine.winaccept", &script, &scenario, &machine);
//! assert!(run.trace.expected);
//! assert!(chart(&run).contains("accept(handle(0x7), NULL, NULL) = INVALID_SOCKET WSAENOTSOCK"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod capture;
mod event;
mod mermaid;
pub mod page;
mod picture;
pub mod svg;
mod text;
pub mod xml;

use serde::Serialize;
use winaccept_model::step::Machine;
use winaccept_sim::scenario::Scenario;
use winaccept_sim::script::Script;
use winaccept_sim::trace::{Trace, trace};

pub use capture::capture;
pub use event::segment_word;
pub use mermaid::sequence;
pub use picture::picture;
pub use text::{chart, chart_of_width};

/// What happens when a scenario runs once on the model.
///
/// Of all runs that the profile allows it is the first that goes as the script expects; see
/// [`trace`].
#[derive(Debug)]
pub struct Chart<'s> {
    /// The scenario's file.
    pub file: &'s str,
    /// The scenario.
    pub script: &'s Script,
    /// It made ready to run.
    pub program: &'s Scenario,
    /// The profile's name.
    pub profile: String,
    /// The run.
    pub trace: Trace,
    /// What a judge says of the scenario, of all runs and not of this one alone; nothing where it is a plain pass, or where
    /// nobody judged.
    pub judged: Option<Judgement>,
}

/// A verdict that is no plain pass, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// The verdict: `possible (1 of 2 allowed ways)`.
    pub word: String,
    /// Why, in a sentence.
    pub reason: String,
}

impl<'s> Chart<'s> {
    /// Runs a scenario once; nobody judges it.
    #[must_use]
    pub fn of(file: &'s str, script: &'s Script, program: &'s Scenario, machine: &Machine) -> Chart<'s> {
        let profile = machine.profile.name.clone();
        Chart { file, script, program, profile, trace: trace(program, machine), judged: None }
    }

    /// The trace: its events in order.
    #[must_use]
    pub fn events(&self) -> Vec<TraceEvent> {
        event::events(self)
    }
}

/// One event of a trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TraceEvent {
    /// Its place in the trace, counted from 0.
    pub index: usize,
    /// The number of the call that this event is or, for what happens between calls, of the last call made before it; calls
    /// count from 1.
    pub call: usize,
    /// What sort of event it is.
    pub event: EventKind,
    /// The actor whose call, wait or program is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What happens, as a scenario writes it.
    pub text: String,
    /// What the call gave at once, as a scenario writes it; `...`: it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The segment that arrived or was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<SegmentData>,
    /// The segments that went on the wire.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<SegmentData>,
    /// Calls that had waited and returned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<ReturnData>,
    /// The rules of the model that fired, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<&'static str>,
    /// The clauses that the step shows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shows: Vec<String>,
    /// The facts about Windows that the step confirms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confirms: Vec<String>,
    /// The line of the scenario that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The scenario's file; on `begins`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// The profile; on `begins`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// In the run that is shown everything went as the scenario expects; on `ends`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<bool>,
}

/// What sort of event it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// The run begins.
    Begins,
    /// An actor made a call.
    Call,
    /// A segment arrived.
    Arrives,
    /// A segment was lost.
    Lost,
    /// A retransmission timer ran out.
    Timer,
    /// The time-out of a waiting call ran out.
    TimeOut,
    /// A woken thread looked again for what it waits for.
    LooksAgain,
    /// A user APC was due.
    Apc,
    /// The program printed.
    Prints,
    /// The program ended.
    Exits,
    /// A thread ended.
    ThreadEnds,
    /// A happening of the script.
    Happens,
    /// A step could not be taken.
    NotTaken,
    /// The last call or step did not give what the scenario expects.
    Differs,
    /// The run ends.
    Ends,
}

/// A segment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentData {
    /// `SYN`, `SYN-ACK`, `ACK`, `RST`, `FIN` or `DATA`.
    pub segment: &'static str,
    /// The variable of the socket that opens its connection.
    pub connection: Option<String>,
    /// The actor that sends it.
    pub from: Option<String>,
    /// The actor that it goes to; null where nobody listens.
    pub to: Option<String>,
}

/// A call that had waited and returned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReturnData {
    /// The call's number.
    pub call: usize,
    /// Who made it.
    pub actor: String,
    /// Its name.
    pub name: &'static str,
    /// What it gave, as a scenario writes it.
    pub outcome: String,
}
