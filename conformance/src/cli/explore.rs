//! `winaccept explore`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::draw::{MAX_DRAWN, NotDrawn, to_dot};
use winaccept_sim::explore::{Broken, Options, Report, Taken, explore as visit};
use winaccept_sim::limit;
use winaccept_sim::observe::{Observed, ShownValue};
use winaccept_sim::scenario::Section;

use self::telling::{actor_and_step, event, property, retold};
use super::limits::{states, too_small};
use super::run::profile_named;
use super::{Format, json, print, written};
use crate::judge::{self, Judged, Verdict};
use crate::lang::{render_observed, render_value};
use crate::output::{ExploreOutput, ViolationOutput, Waiting};
use crate::page::fitted;
use crate::problem::{Problem, Problems, aside};
use crate::report::{table, trimmed};
use crate::suite::{self, Scenario};
use crate::watch::{Watch, is_interrupted};

mod how;
mod telling;

/// Arguments of `explore`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept explore examples/backlog-3.winaccept              every interleaving, one state for all that differ only in
                                                              which of the alike clients is which
  winaccept explore --no-symmetry examples/backlog-3.winaccept    every single state
  winaccept explore --profile windows select-then-accept      a bundled scenario, by its name
  winaccept explore my.winaccept -o way.winaccept            what does not hold, as a scenario to run, show and keep
  winaccept explore reset-against-accept --how 'accept = WSAECONNRESET'    a shortest way there, as a scenario
  winaccept explore reset-against-accept --format dot         a graph for Graphviz, of up to 400 states, or --max-states
                                                              when those are fewer

Outside `any order` a scenario goes step by step; inside, actors and network interleave freely, and every segment is
delivered by an event of its own.

A property that does not hold comes with a shortest way there, and with that way as a scenario: its last step has the outcome
that breaks the property, a comment above says what was expected, and lines `choose ...` say what the profile decided.

Exit status: 1 when a property does not hold, 2 when the exploration is not complete or nothing could be explored.")]
pub(super) struct Args {
    /// The scenario: a file, or the name of a bundled one; `-` is standard input
    scenario: PathBuf,
    /// The profile that decides what a stack may do
    #[arg(long, default_value = "documented")]
    profile: String,
    /// The most states to keep, 1 to 4000000000
    #[arg(long, default_value_t = 50_000_000, value_parser = states, allow_negative_numbers = true)]
    max_states: u64,
    /// Tells alike actors apart
    #[arg(long)]
    no_symmetry: bool,
    /// A shortest way to this outcome of a call, in the words of the table of outcomes
    #[arg(long, value_name = "CALL = OUTCOME")]
    how: Option<String>,
    /// Writes the first way to something that does not hold, or to --how, into this file, as a scenario
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn explore(args: &Args, format: Format) -> Result<u8, Problems> {
    let scenario = suite::find(&args.scenario)?;
    let profile = profile_named(&args.profile)?;
    let watcher = Watch::new("states", None).watcher();
    let options = Options { max_states: args.max_states as usize, symmetry: !args.no_symmetry, watcher };
    if format == Format::Dot {
        return dot(&scenario, &Machine::new(profile), &options);
    }
    if matches!(format, Format::Mermaid | Format::Svg) {
        return Err(Problem::new("explore writes text, json or dot; show writes mermaid and svg").into());
    }
    let machine = Machine::new(profile);
    if let Some(wanted) = &args.how {
        return how::how(&scenario, &machine, &options, args, wanted, format);
    }
    let report =
        limit::within(|| visit(&scenario.program, &machine, &options)).map_err(|what| too_small(&scenario, &what))?;
    drop(options);
    // The judge looks at the same states again, one way after the other.
    let judged = (report.states <= JUDGED && report.complete).then(|| judge::model(&scenario, &machine));
    match format {
        Format::Json => print(&json(&output(&scenario, &report, judged.as_ref(), &machine.profile)))?,
        _ => print(&text(&scenario, &report, judged.as_ref(), &machine.profile))?,
    }
    if let Some(file) = &args.output {
        let holds = judged.as_ref().is_none_or(|judged| judged.verdict == Verdict::Pass);
        write_first(&scenario, &report, &machine.profile, file, holds)?;
    }
    Ok(match (report.violations.is_empty(), judged.map(|judged| judged.verdict)) {
        (false, _) | (true, Some(Verdict::Fail | Verdict::Possible | Verdict::Deviates)) => 1,
        (true, Some(Verdict::Unresolved | Verdict::Unmodelled)) => 2,
        (true, _) => {
            if report.complete {
                0
            } else {
                2
            }
        }
    })
}

/// Explorations of more states are not judged in full: only what they found themselves is told.
const JUDGED: u64 = 200_000;

/// Writes the first counterexample into a file, or says that there is none; `holds` by what the judge said.
fn write_first(
    scenario: &Scenario,
    report: &Report,
    profile: &Profile,
    file: &Path,
    holds: bool,
) -> Result<(), Problems> {
    let Some(broken) = report.violations.first() else {
        let why = if holds { "nothing was found that does not hold" } else { "no single way shows what does not hold" };
        aside(format_args!("{} was not written: {why}", file.display()));
        return Ok(());
    };
    written(file, retold(scenario, broken, profile))
}

/// The last `any order` as a graph.
fn dot(scenario: &Scenario, machine: &Machine, options: &Options) -> Result<u8, Problems> {
    let label = |taken: &Taken| event(scenario, taken);
    let drawn = limit::within(|| to_dot(&scenario.program, machine, options, &label))
        .map_err(|what| too_small(scenario, &what))?;
    let (what, help) = match drawn {
        Ok(graph) => return print(&graph).map(|()| 0),
        Err(NotDrawn::NoAnyOrder) => (
            "there is no `any order` in it, so there is nothing to draw".to_owned(),
            "`winaccept show` draws a scenario that goes step by step",
        ),
        Err(NotDrawn::MoreThan(MAX_DRAWN)) => (
            format!("its last `any order` has more than the {MAX_DRAWN} states that a graph can show"),
            "without --format dot all states are visited and counted",
        ),
        Err(NotDrawn::MoreThan(most)) => (
            format!("its last `any order` has more states than --max-states allows: {most}"),
            "a graph shows up to 400 states",
        ),
    };
    Err(Problem::new(what).in_file(&scenario.file).help(help).into())
}

fn output(scenario: &Scenario, report: &Report, judged: Option<&Judged>, profile: &Profile) -> ExploreOutput {
    ExploreOutput {
        states: report.states,
        transitions: report.transitions,
        depth: report.depth,
        complete: report.complete,
        representatives: report.representatives,
        outcomes: outcomes(scenario, report),
        waiting: report
            .waiting
            .iter()
            .map(|(waits, states)| Waiting {
                waits: waits.iter().map(|w| actor_and_step(scenario, w.actor.0, w.step)).collect(),
                states: *states,
            })
            .collect(),
        violations: report.violations.iter().map(|broken| violation(scenario, broken, profile)).collect(),
        verdict: judged.map(|judged| judged.verdict),
        reason: judged.map_or_else(String::new, |judged| judged.reason.clone()),
    }
}

fn violation(scenario: &Scenario, broken: &Broken, profile: &Profile) -> ViolationOutput {
    ViolationOutput {
        property: property(scenario, broken),
        events: broken.way.iter().map(|taken| event(scenario, taken)).collect(),
        scenario: retold(scenario, broken, profile),
    }
}

/// By call, everything it was seen to give: values and error names, as in the JSON field.
fn outcomes(scenario: &Scenario, report: &Report) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (step, seen) in &report.outcomes {
        let Some(call) = scenario.program.call_at(*step) else { continue };
        for observed in seen {
            all.entry(call.name().to_owned()).or_default().insert(given(scenario, observed));
        }
    }
    all.into_iter().map(|(call, codes)| (call, codes.into_iter().collect())).collect()
}

/// What a call gave: a value or the name of an error.
fn given(scenario: &Scenario, observed: &Observed) -> String {
    match observed {
        Observed::Returned(seen) if seen.error.0 != 0 => seen.error.to_string(),
        Observed::Returned(seen) => match seen.value {
            ShownValue::Handle => "handle".to_owned(),
            ShownValue::Is(value) => render_value(value),
        },
        other => render_observed(other, &scenario.script, None),
    }
}

/// How much was looked at.
fn extent(scenario: &Scenario, report: &Report) -> String {
    let is_any_order = |section: &Section| matches!(section, Section::AnyOrder(_));
    if !scenario.program.sections.iter().any(is_any_order) {
        return "no `any order` in this scenario, so nothing interleaves: each step with every outcome that the profile allows\n"
            .to_owned();
    }
    let whole = match (report.complete, is_interrupted()) {
        (true, _) => "everything",
        (false, true) => "NOT everything: interrupted",
        (false, false) => "NOT everything: --max-states was reached",
    };
    let (states, transitions) = (count(report.states, "state"), count(report.transitions, "transition"));
    format!("{states}, {transitions}, depth {}: {whole}\n", report.depth)
}

/// What it means that no violation was found.
fn nothing_broke(report: &Report) -> String {
    if report.complete {
        return "every invariant, expectation and claim holds".to_owned();
    }
    format!("nothing broke in the {} visited; the rest was not looked at", count(report.states, "state"))
}

fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn text(scenario: &Scenario, report: &Report, judged: Option<&Judged>, profile: &Profile) -> String {
    let mut text = format!("{}\nexplored under profile {}\n\n", scenario.script.title, profile.name);
    text += &extent(scenario, report);
    if let Some(representatives) = report.representatives {
        text += &format!(
            "{} kept: states that differ only in which alike actor is which count once\n",
            count(representatives, "representative")
        );
    }
    for refused in &report.refused {
        text += &format!("alike actors are told apart: {refused}\n");
    }
    let mut rows = table(&["call", "can give"]);
    for (call, codes) in outcomes(scenario, report) {
        rows.add_row([call, codes.join(", ")]);
    }
    text += &format!("\n{}\n", trimmed(&rows));
    if !report.waiting.is_empty() {
        let mut rows = table(&["ends with somebody waiting", "states"]);
        for (waits, states) in &report.waiting {
            let waits: Vec<_> = waits.iter().map(|w| actor_and_step(scenario, w.actor.0, w.step)).collect();
            rows.add_row([waits.join("; "), states.to_string()]);
        }
        text += &format!("\n{}\n", trimmed(&rows));
    }
    let differs = judged.filter(|judged| judged.verdict != Verdict::Pass);
    if let Some(judged) = differs {
        text += &format!("\n{}: {}\n", judged.word(), judged.reason);
    }
    if report.violations.is_empty() && differs.is_none() {
        return fitted(&(text + "\n" + &nothing_broke(report) + "\n"));
    }
    text = fitted(&text);
    for broken in &report.violations {
        let mut way = format!("\nDOES NOT HOLD  {}\n", property(scenario, broken));
        for (index, taken) in broken.way.iter().enumerate() {
            way += &format!("  {:3}  {}\n", index + 1, event(scenario, taken));
        }
        // A line of a scenario stays whole.
        text += &format!("{}\nthe same as a scenario:\n\n{}", fitted(&way), retold(scenario, broken, profile));
    }
    text
}
