//! A shortest way to something that a call can give.

use std::collections::BTreeSet;

use winaccept_model::step::Machine;
use winaccept_sim::explore::{Broken, Options, Property, Report, explore as visit};
use winaccept_sim::limit::within;
use winaccept_sim::observe::{Observed, Shown, ShownValue};
use winaccept_sim::script::{NameId, Never, Pattern, Span, ValuePattern};

use super::telling::{event, retold};
use super::{Args, given, outcomes};
use crate::cli::limits::too_small;
use crate::cli::{Format, json, print, written};
use crate::output::Witness;
use crate::page::fitted;
use crate::problem::{Problem, Problems};
use crate::suite::Scenario;

/// Writes a shortest way to this outcome, `CALL = OUTCOME` in the words of the table of outcomes.
pub(super) fn how(
    scenario: &Scenario,
    machine: &Machine,
    options: &Options,
    args: &Args,
    wanted: &str,
    format: Format,
) -> Result<u8, Problems> {
    let (call, outcome) =
        wanted.split_once('=').map(|(call, outcome)| (call.trim(), outcome.trim())).ok_or_else(|| {
            Problem::new(format!("`{wanted}` is no outcome of a call"))
                .help("for example --how 'accept = WSAECONNRESET'")
        })?;
    let look = |scenario: &Scenario| {
        within(|| visit(&scenario.program, machine, options)).map_err(|reached| too_small(scenario, &reached))
    };
    let report = look(scenario)?;
    let patterns = patterns(scenario, &report, call, outcome);
    if patterns.is_empty() {
        return Err(unreachable(scenario, &report, call, outcome).into());
    }
    // Whoever claims that it never happens is shown a shortest way to it.
    let mut claims = scenario.clone();
    let claim = claims.program.nevers.len();
    claims.program.nevers.push(Never {
        call: Some(call.to_owned()),
        outcomes: patterns,
        waits: false,
        shows: Vec::new(),
        span: Span::default(),
    });
    let report = look(&claims)?;
    let ways = report.violations.iter().filter(|broken| broken.property == Property::Never(claim));
    let way = ways.min_by_key(|broken| broken.way.len()).ok_or_else(|| {
        Problem::new(format!("the exploration was ended before it came to {call} = {outcome}")).in_file(&scenario.file)
    })?;
    let witness = witness(&claims, way, machine, call, outcome);
    if let Some(file) = &args.output {
        written(file, &witness.scenario)?;
    }
    match format {
        Format::Json => print(&json(&witness))?,
        _ => print(&text(&witness))?,
    }
    Ok(0)
}

/// What the outcomes look like that are told in these words.
fn patterns(scenario: &Scenario, report: &Report, call: &str, outcome: &str) -> Vec<Pattern> {
    let of_call = |step: &usize| scenario.program.call_at(*step).is_some_and(|made| made.name() == call);
    let seen = report.outcomes.iter().filter(|(step, _)| of_call(step)).flat_map(|(_, seen)| seen);
    let told = seen.filter(|seen| given(scenario, seen) == outcome);
    let pattern = |seen: &Observed| {
        let Observed::Returned(Shown { value, error, .. }) = seen else { return None };
        let value = match value {
            ShownValue::Handle => ValuePattern::Binds(NameId(0)),
            ShownValue::Is(value) => ValuePattern::Is(*value),
        };
        Some(Pattern { value, error: *error, with: Vec::new() })
    };
    let mut all: Vec<Pattern> = Vec::new();
    for pattern in told.filter_map(pattern) {
        if !all.contains(&pattern) {
            all.push(pattern);
        }
    }
    all
}

fn unreachable(scenario: &Scenario, report: &Report, call: &str, outcome: &str) -> Problem {
    let all = outcomes(scenario, report);
    let file = &scenario.file;
    let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    match all.get(call) {
        Some(gives) => {
            let gives = list(gives.iter().map(String::as_str).collect());
            Problem::new(format!("{call} never returns {outcome} here")).in_file(file).help(format!("it gives {gives}"))
        }
        None => {
            let calls = list(all.keys().map(String::as_str).collect());
            Problem::new(format!("no step calls {call}")).in_file(file).help(format!("the calls are {calls}"))
        }
    }
}

fn witness(scenario: &Scenario, way: &Broken, machine: &Machine, call: &str, outcome: &str) -> Witness {
    Witness {
        outcome: format!("{call} = {outcome}"),
        events: way.way.iter().map(|taken| event(scenario, taken)).collect(),
        scenario: retold(scenario, way, &machine.profile),
    }
}

fn text(witness: &Witness) -> String {
    let mut way = format!("a shortest way to {}\n", witness.outcome);
    for (event, number) in witness.events.iter().zip(1..) {
        way += &format!("  {number:3}  {event}\n");
    }
    format!("{}\nthe same as a scenario:\n\n{}", fitted(&way), witness.scenario)
}
