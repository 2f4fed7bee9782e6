//! One run of a scenario on the model with what the judge says of it: as a trace for programs, as a chart for people.

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::step::Machine;

use crate::judge::{self, Judged, Verdict};
use crate::suite::Scenario;

pub use winaccept_chart::{Chart, Judgement, TraceEvent, capture, chart, picture, segment_word, sequence};

/// Runs a scenario once, and judges it.
#[must_use]
pub fn of<'s>(scenario: &'s Scenario, machine: &Machine) -> (Chart<'s>, Judged) {
    let judged = judge::model(scenario, machine);
    let mut chart = Chart::of(&scenario.file, &scenario.script, &scenario.program, machine);
    let told = || Judgement { word: judged.word(), reason: judged.reason.clone() };
    chart.judged = (judged.verdict != Verdict::Pass).then(told);
    (chart, judged)
}

/// One event of a trace; one line of JSON Lines.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct TraceLine {
    /// What happens.
    #[serde(flatten)]
    pub event: TraceEvent,
    /// The verdict on the scenario, which speaks of all runs; on `ends`, where it is no plain pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why; with `verdict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The trace as JSON Lines, one event a line.
#[must_use]
pub fn json_lines(chart: &Chart<'_>, judged: &Judged) -> String {
    let plain = |event| TraceLine { event, verdict: None, reason: None };
    let mut lines: Vec<TraceLine> = chart.events().into_iter().map(plain).collect();
    if judged.verdict != Verdict::Pass
        && let Some(ends) = lines.last_mut()
    {
        (ends.verdict, ends.reason) = (Some(judged.verdict), Some(judged.reason.clone()));
    }
    let line = |line: &TraceLine| {
        serde_json::to_string(line).expect("invariant: a trace event has string keys and no failing parts") + "\n"
    };
    lines.iter().map(line).collect()
}
