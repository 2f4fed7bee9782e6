//! `winaccept fuzz`.

mod merge;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use winaccept_program::museum::{self, Exhibit};
use winaccept_program::{Branch, Coverage, Finding, Fuzz, Hinge, Met, Passed, Plan, RUNS, branch};

use super::limits::{count, number};
use super::{Format, beside, json, print, written};
use crate::output::{FindingOutput, FuzzOutput, HingeOutput, MetOutput};
use crate::page::{fitted, width};
use crate::problem::{Problem, Problems};
use crate::report::{table, trimmed};
use crate::watch::{Watch, is_interrupted};

/// Arguments of `fuzz`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept fuzz                                     every exhibit: the broken form is to be convicted, the mended one not
  winaccept fuzz sets-filled-once                    what breaks this loop, as a scenario
  winaccept fuzz sets-filled-once --mended --runs 100000
  winaccept fuzz one-reset-ends-the-loop -o found.winaccept && winaccept show found.winaccept
  winaccept fuzz out-of-descriptors-once --replay '/no-descriptors@accept1'

A search is split by the numbers of its runs, and what the parts found is put together, whichever machine they ran on:
  winaccept fuzz sets-filled-once --mended --first 0     --runs 50000 --format json > part0.json
  winaccept fuzz sets-filled-once --mended --first 50000 --runs 50000 --format json > part1.json
  winaccept fuzz --merge part0.json part1.json

A program of your own is searched by a test of yours: docs/programs.md. The same seed gives the same bytes everywhere.")]
pub(super) struct Args {
    /// An exhibit of the museum
    name: Option<String>,
    /// Its mended form
    #[arg(long, requires = "name")]
    mended: bool,
    /// The profile to run it under: documented, windows, wine-8.0, wine-10.0
    #[arg(long, default_value = "documented")]
    profile: String,
    /// The seed of what is left to chance
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = number, allow_negative_numbers = true)]
    seed: u64,
    /// The number of the first run, in a part of a search; they are numbered from 0
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = number, allow_negative_numbers = true)]
    first: u64,
    /// How many runs there are at most
    #[arg(long, value_name = "N", default_value_t = RUNS, value_parser = count, allow_negative_numbers = true)]
    runs: u64,
    /// Puts together what parts of a search came to: these files, written with --format json
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["name", "seed", "first", "runs", "profile"])]
    merge: Vec<PathBuf>,
    /// One run: these clients, faults and choices
    #[arg(long, value_name = "PLAN", requires = "name")]
    replay: Option<String>,
    /// Writes what was found into this file, as a scenario
    #[arg(short, long, value_name = "FILE", requires = "name")]
    output: Option<PathBuf>,
}

pub(super) fn fuzz(args: &Args, format: Format) -> Result<u8, Problems> {
    if !args.merge.is_empty() {
        return merge::merge(&args.merge, format);
    }
    if args.first.checked_add(args.runs).is_none() {
        let runs = u64::MAX - args.first;
        let problem = Problem::new(format!("behind --first {} there are but {runs} runs", args.first));
        return Err(problem.help(format!("runs are numbered from 0 to {}", u64::MAX - 1)).into());
    }
    let Some(name) = &args.name else { return everything(args, format) };
    let exhibit = find(name)?;
    let form = if args.mended { exhibit.mended() } else { exhibit.broken() };
    let search = set_up(form, args)?;
    let result = match &args.replay {
        Some(plan) => {
            search.replay_plan(&Plan::read(plan).map_err(|problem| Problem::new(format!("--replay: {problem}")))?)
        }
        None => searched(&search, args.runs),
    };
    let output = output(exhibit.name, &args.profile, args.first, &result);
    match (format, &result) {
        (Format::Json, _) => print(&json(&output))?,
        (_, Ok(passed)) => print(&passed_text(exhibit.name, passed))?,
        (_, Err(finding)) => print(&format!("{}\n{}", finding.told(width()), coverage_text(&finding.coverage)))?,
    }
    if let (Some(file), Err(finding)) = (&args.output, &result) {
        written(file, &finding.scenario)?;
    }
    Ok(if result.is_err() { 1 } else { 2 * u8::from(is_interrupted()) })
}

/// The exhibit of this name, or what is wrong with it.
pub(super) fn find(name: &str) -> Result<&'static Exhibit, Problem> {
    museum::find(name)
        .ok_or_else(|| Problem::new(format!("no exhibit is called `{name}`")).help("`winaccept museum` lists them"))
}

fn set_up(form: Fuzz, args: &Args) -> Result<Fuzz, Problem> {
    Ok(form.profile(&args.profile).map_err(Problem::new)?.seed(args.seed).first(args.first).runs(args.runs))
}

/// A search that somebody may end.
pub(super) fn searched(search: &Fuzz, runs: u64) -> Result<Passed, Box<Finding>> {
    let watch = Watch::new("runs", usize::try_from(runs).ok());
    search.run_while(&mut |done| {
        if done > 0 {
            watch.one_more();
        }
        watch.goes_on()
    })
}

/// Every exhibit in both forms.
fn everything(args: &Args, format: Format) -> Result<u8, Problems> {
    let mut rows = table(&["exhibit", "broken", "events", "run", "mended"]);
    let (mut outputs, mut wrong) = (Vec::new(), false);
    let all: Vec<&Exhibit> = museum::all().collect();
    let watch = Watch::new("exhibits", all.len());
    let mut problems = Problems::default();
    for (searched_before, exhibit) in all.iter().enumerate() {
        let broken = searched(&set_up(exhibit.broken(), args)?, args.runs);
        let mended = searched(&set_up(exhibit.mended(), args)?, args.runs);
        if is_interrupted() {
            // Of what was searched in part alone nothing can be said.
            let left = all.len() - searched_before;
            let what = format!("interrupted: {left} of {} exhibits were not searched to the end", all.len());
            problems.add(Problem::new(what));
            break;
        }
        watch.one_more();
        let (convicted, events, run) = match &broken {
            Ok(_) => ("not convicted".to_owned(), String::new(), String::new()),
            Err(finding) => (finding.judge.to_string(), finding.events.to_string(), finding.runs.to_string()),
        };
        let told = match &mended {
            Ok(passed) => format!("{} runs, {} undecided", passed.runs, passed.undecided),
            Err(finding) => format!("CONVICTED by {}", finding.judge),
        };
        wrong |= broken.is_ok() || mended.is_err();
        rows.add_row([exhibit.name.to_owned(), convicted, events, run, told]);
        outputs.push(output(exhibit.name, &args.profile, args.first, &broken));
        outputs.push(output(&format!("{}, mended", exhibit.name), &args.profile, args.first, &mended));
    }
    drop(watch);
    match format {
        Format::Json => print(&json(&outputs))?,
        _ => print(&fitted(&format!("{}\n", trimmed(&rows))))?,
    }
    Ok(if problems.is_empty() { u8::from(wrong) } else { beside(&problems) })
}

/// The result of a search as data; `first` is the number of its first run.
pub(super) fn output(name: &str, profile: &str, first: u64, result: &Result<Passed, Box<Finding>>) -> FuzzOutput {
    let mut output = FuzzOutput {
        name: name.to_owned(),
        profile: profile.to_owned(),
        runs: 0,
        undecided: 0,
        finding: None,
        also: Vec::new(),
        outcomes: BTreeMap::new(),
    };
    match result {
        Ok(passed) => {
            (output.runs, output.undecided) = (passed.runs, passed.undecided);
            output.outcomes = outcomes(&passed.coverage);
        }
        Err(finding) => {
            output.runs = finding.runs.saturating_sub(first);
            output.outcomes = outcomes(&finding.coverage);
            output.finding = Some(FindingOutput {
                judge: finding.judge.to_string(),
                reason: finding.reason.clone(),
                replay: finding.replay.clone(),
                events: finding.events,
                confirmed: finding.confirmed,
                scenario: finding.scenario.clone(),
                hinges: finding.hinges.iter().map(hinge).collect(),
            });
        }
    }
    output
}

fn hinge(hinge: &Hinge) -> HingeOutput {
    let named = |(profile, said): &(&str, &str)| ((*profile).to_owned(), (*said).to_owned());
    HingeOutput {
        choice: hinge.choice.to_owned(),
        alternative: hinge.alternative.to_owned(),
        otherwise: hinge.otherwise.iter().map(|one| (*one).to_owned()).collect(),
        decided: hinge.decided.iter().map(named).collect(),
    }
}

fn outcomes(coverage: &Coverage) -> BTreeMap<String, BTreeMap<String, MetOutput>> {
    let of_call = |met: &BTreeMap<Cow<'static, str>, Met>| {
        let data = |(outcome, of_outcome): (&Cow<'static, str>, &Met)| {
            let next = of_outcome.next.iter().map(|(next, times)| (next.to_string(), *times)).collect();
            let branch = branch(met, outcome).map(|branch| branch.name().to_owned());
            (outcome.to_string(), MetOutput { times: of_outcome.times, next, branch })
        };
        met.iter().map(data).collect()
    };
    coverage.iter().map(|(call, met)| ((*call).to_owned(), of_call(met))).collect()
}

fn passed_text(name: &str, passed: &Passed) -> String {
    let runs =
        format!("{name}: nothing found in {} runs; {} of them ended without a verdict", passed.runs, passed.undecided);
    format!("{}\n{}", fitted(&format!("{runs}\n")), coverage_text(&passed.coverage))
}

/// What the calls have met and what came next, and what they could have met.
fn coverage_text(coverage: &Coverage) -> String {
    let mut rows = table(&["call", "outcome", "met", "and then", "branch"]);
    for (call, met) in coverage {
        for (outcome, of_outcome) in met {
            let mut next: Vec<_> = of_outcome.next.iter().collect();
            next.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
            let next: Vec<String> = next.iter().map(|(next, _)| next.to_string()).collect();
            let shown = match branch(met, outcome) {
                _ if of_outcome.times == 0 => "not met",
                None => "",
                Some(Branch::Own) => "yes",
                Some(Branch::AsSuccess) => "none seen: as after success",
                Some(Branch::Ends) => "it ends",
                Some(Branch::Panics) => "none: panics",
            };
            let times = of_outcome.times.to_string();
            rows.add_row([(*call).to_owned(), outcome.to_string(), times, next.join(", "), shown.to_owned()]);
        }
    }
    fitted(&format!("{}\n", trimmed(&rows)))
}
