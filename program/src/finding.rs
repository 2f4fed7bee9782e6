//! What comes of a search.

use std::collections::BTreeMap;
use std::fmt;

use winaccept_chart::page::{columns, fitted_to};
use winaccept_chart::{Chart, capture, chart_of_width, picture};
use winaccept_lang::parse;
use winaccept_model::step::Machine;
use winaccept_sim::limit::within;
use winaccept_sim::scenario::Scenario;
use winaccept_sim::script::Script;

use crate::engine::Ran;
use crate::hinge::Hinge;
use crate::judge::Judge;
use crate::outcomes::{Coverage, merge};

/// A run in which a judge found the program wanting, made as small as it gets.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The property that does not hold.
    pub judge: Judge,
    /// What happened.
    pub reason: String,
    /// The profile.
    pub profile: String,
    /// The seed of the run in which it was found.
    pub seed: u64,
    /// What [`Fuzz::replay`](crate::Fuzz::replay) and `winaccept fuzz --replay` take.
    pub replay: String,
    /// The run as a scenario: `winaccept run` and `winaccept show` take it.
    pub scenario: String,
    /// What happens in it, event by event, as `winaccept show` draws it: 100 characters wide. Empty where the scenario asks for
    /// more than the model holds.
    pub chart: String,
    /// How many steps and happenings it has.
    pub events: usize,
    /// The run that found it was the so-and-so-many-th.
    pub runs: u64,
    /// Playing the scenario on the model gave the same outcomes as the program had.
    pub confirmed: bool,
    /// What the calls had met by then, in all runs.
    pub coverage: Coverage,
    /// The choices of the stack on which it hangs.
    pub hinges: Vec<Hinge>,
    pub(crate) machine: Machine,
}

/// So wide is what a failing test prints, where COLUMNS does not say otherwise.
const IN_A_TEST: usize = 80;

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(columns().unwrap_or(IN_A_TEST)))
    }
}

impl std::error::Error for Finding {}

impl Finding {
    /// All of it as people read it, in lines of so many columns.
    #[must_use]
    pub fn told(&self, width: usize) -> String {
        let Finding { judge, reason, profile, seed, runs, replay, .. } = self;
        let mut said = format!("{judge}: {reason}\n  why it matters: {} ({})\n", judge.reason(), judge.source());
        for hinge in &self.hinges {
            said += &format!("  {hinge}\n");
        }
        let mut text = fitted_to(&said, width) + &format!("\n{}\n", self.scenario);
        let chart = self.chart_of_width(width);
        if !chart.is_empty() {
            let title = "what happens, event by event, with the rules of the model:\n";
            text += &format!("{}\n{chart}\n", fitted_to(title, width));
        }
        text + &fitted_to(&format!("profile {profile}, seed {seed}, run {runs}; again: --replay '{replay}'\n"), width)
    }

    /// The [chart](Finding::chart) in lines of so many columns.
    #[must_use]
    pub fn chart_of_width(&self, width: usize) -> String {
        drawn(&self.scenario, &self.machine, width)
    }

    /// The chart as a picture, in SVG. `None` where there is no [chart](Finding::chart).
    #[must_use]
    pub fn picture(&self) -> Option<String> {
        self.shown(picture)
    }

    /// What is on the wire in it, as pcapng, which Wireshark and tshark read: with virtual time, and what happened between the
    /// segments in their comments. `None` where there is no [chart](Finding::chart).
    #[must_use]
    pub fn capture(&self) -> Option<Vec<u8>> {
        self.shown(capture)
    }

    fn shown<T>(&self, how: impl FnOnce(&Chart<'_>) -> T) -> Option<T> {
        shown(&self.scenario, &self.machine, how)
    }
}

/// What happens in a scenario, drawn.
pub(crate) fn drawn(scenario: &str, machine: &Machine, width: usize) -> String {
    shown(scenario, machine, |chart| chart_of_width(chart, width)).unwrap_or_default()
}

fn shown<T>(scenario: &str, machine: &Machine, how: impl FnOnce(&Chart<'_>) -> T) -> Option<T> {
    let script: Script = parse(scenario.as_bytes(), "finding.winaccept", &|_| true).ok()?;
    let program = Scenario::new(&script).ok()?;
    let chart = within(|| Chart::of(&script.file, &script, &program, machine)).ok()?;
    Some(how(&chart))
}

/// Nothing was found.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    /// How many runs there were.
    pub runs: u64,
    /// Of them, how many ended without a verdict: undefined behaviour, or more than a world or a run holds.
    pub undecided: u64,
    /// Why they did, with how often.
    pub undecided_by: BTreeMap<String, u64>,
    /// What the calls have met.
    pub coverage: Coverage,
}

impl Passed {
    pub(crate) fn notes(&mut self, ran: &Ran) {
        if let (Some(why), None) = (&ran.undecided, &ran.verdict) {
            self.undecided += 1;
            *self.undecided_by.entry(why.clone()).or_default() += 1;
        }
    }

    /// Takes in what another part of the same search came to, one with other runs ([`Fuzz::first`](crate::Fuzz::first)).
    pub fn merge(&mut self, other: Passed) {
        self.runs += other.runs;
        self.undecided += other.undecided;
        for (why, times) in other.undecided_by {
            *self.undecided_by.entry(why).or_default() += times;
        }
        merge(&mut self.coverage, other.coverage);
    }

    /// Why runs ended without a verdict, the most frequent first.
    #[must_use]
    pub fn reasons(&self) -> String {
        let mut all: Vec<_> = self.undecided_by.iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        all.iter()
            .map(|(why, count)| format!("{count} of {} runs end undecided: {why}", self.runs))
            .collect::<Vec<_>>()
            .join("\n")
    }
}
