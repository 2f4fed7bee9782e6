//! `winaccept compare`: random scenarios on a stack, held against a profile.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args as ClapArgs;

use super::limits::{count, number, steps};
use super::run::{DEFAULT_EXE, profile_named, profile_of, stacks};
use super::{Format, beside, json, print, print_source, unwritten, written};
use crate::compare::{CompareOutput, Comparison, Finding};
use crate::page::fitted;
use crate::problem::{Problem, Problems};
use crate::stack::{HOPELESS, Identity, ModelStack, Stack};
use crate::watch::Watch;

/// Arguments of `compare`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept compare --stack model:wine-8.0 --profile windows         where two profiles differ
  winaccept compare --stack wine:tools/cache/wine-10.0 --for 10m     a Wine against what is known of it
  winaccept compare --stack exec:./my-worker --profile mine.toml     a stack of your own
  winaccept compare --stack model:mine.toml --seed 7 -o found        each finding as a file

Each kind of difference is told once, in the fewest steps that could be found, with what both say and the choice points that
would explain it. Exit status: 0 when nothing differs, 1 when something does, 2 when the stack or the
profile is missing, when the stack played nothing, lost its processes in 3 scenarios in a row, or was interrupted before it showed
a difference.")]
pub(super) struct Args {
    /// What executes the calls: model:PROFILE, windows, wine:PATH, exec:COMMAND
    #[arg(long)]
    stack: String,
    /// The profile to hold it against; by default that of the stack, for the model `documented`
    #[arg(long)]
    profile: Option<String>,
    /// What the scenarios follow from
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = number, allow_negative_numbers = true)]
    seed: u64,
    /// How many scenarios
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = count, allow_negative_numbers = true)]
    runs: u64,
    /// For how long, as in 90s, 10m or 2h, instead of how many
    #[arg(long = "for", value_name = "TIME", value_parser = duration, conflicts_with = "runs", allow_hyphen_values = true)]
    time: Option<Duration>,
    /// About so many steps has a scenario
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = steps, allow_negative_numbers = true)]
    steps: u64,
    /// Writes each finding to a file in this folder, as soon as it is found
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// The Windows executable that a Wine is to run
    #[arg(long, value_name = "EXE", default_value = DEFAULT_EXE)]
    exe: PathBuf,
}

/// A time such as `90s`, `10m` or `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "it takes a time above nothing, such as 90s, 10m or 2h".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    let number = number.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

pub(super) fn compare(args: &Args, format: Format) -> Result<u8, Problems> {
    let mut stack = stack(args)?;
    let identity = stack.identity();
    let own = profile_of(&identity.name, &identity.version);
    let profile = profile_named(args.profile.as_deref().unwrap_or(own))?;
    if let Some(folder) = &args.output {
        std::fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
    }
    let mut comparison = Comparison::new(stack.as_mut(), profile, args.seed, args.steps as usize);
    let began = Instant::now();
    let watch = Watch::new("scenarios", None);
    let (mut runs, mut found) = (0, 0);
    let more = |runs: u64| args.time.map_or(runs < args.runs, |time| began.elapsed() < time);
    while more(runs) && watch.goes_on() && comparison.hopeless().is_none() {
        if let Some(finding) = comparison.play_next() {
            found += 1;
            // Whatever was found stays, also when somebody ends it here.
            tell(finding, found, args.output.as_deref(), format)?;
        }
        runs += 1;
        watch.tell(|| format!("{runs} scenarios, {found} findings"));
    }
    let (ended, hopeless) = (!watch.goes_on(), comparison.hopeless().map(str::to_owned));
    drop(watch);
    let mut output = comparison.output();
    let wrong = hopeless.map(|why| gone(&identity, &why)).or_else(|| nothing(&identity, &output));
    output.errors = wrong.iter().map(Problem::output).collect();
    match format {
        Format::Json => print(&json(&output))?,
        _ => print(&fitted(&summary(&output)))?,
    }
    if let Some(wrong) = wrong {
        return Ok(beside(&wrong.into()));
    }
    Ok(if ended && found == 0 { 2 } else { u8::from(found > 0) })
}

/// The stack is lost.
fn gone(identity: &Identity, why: &str) -> Problem {
    Problem::new(format!(
        "{identity} lost its processes in {HOPELESS} scenarios in a row, and again when they were played again; \
         last: {why}"
    ))
    .help("what was compared before is told; docs/worker.md says what a worker has to answer")
}

/// What is wrong where the stack played nothing.
fn nothing(identity: &Identity, output: &CompareOutput) -> Option<Problem> {
    let why = output.why_not.as_deref().unwrap_or("it was ended before the first");
    let none =
        Problem::new(format!("nothing was compared: {identity} played none of {} scenarios: {why}", output.runs));
    (output.not_played == output.runs).then_some(none)
}

fn stack(args: &Args) -> Result<Box<dyn Stack>, Problems> {
    match args.stack.strip_prefix("model:") {
        Some(profile) => Ok(Box::new(ModelStack::new(profile_named(profile)?, args.seed))),
        None if args.stack == "model" => {
            Err(Problem::new("the model under which profile? as in --stack model:wine-10.0").into())
        }
        None => {
            let mut all = stacks(&args.stack, &args.exe)?;
            if all.len() > 1 {
                return Err(Problem::new("one stack at a time, as in --stack wine:tools/cache/wine-10.0").into());
            }
            let (stack, _) = all.remove(0);
            Ok(Box::new(stack))
        }
    }
}

fn tell(finding: &Finding, number: u64, folder: Option<&Path>, format: Format) -> Result<(), Problems> {
    if let Some(folder) = folder {
        let file = folder.join(format!("{number:03}-{}.winaccept", finding.call));
        written(&file, &finding.scenario)?;
    }
    match format {
        Format::Json => Ok(()),
        _ => print_source(&format!("{}\n", finding.scenario)),
    }
}

fn summary(output: &CompareOutput) -> String {
    let CompareOutput { stack, profile, seed, runs, not_played, findings, .. } = output;
    let mut text =
        format!("{stack} against {profile}, seed {seed}: {runs} scenarios, {} kinds of difference", findings.len());
    if *not_played > 0 {
        text += &format!(", {not_played} not played to their end");
    }
    text.push('\n');
    for Finding { call, steps, choices, count, stack, .. } in findings {
        let why = if choices.is_empty() { "nothing explains it".to_owned() } else { choices.join(", or ") };
        text += &format!("  {count:5} x  {call} = {stack}  ({steps} steps; {why})\n");
    }
    text
}
