//! `winaccept profile learn`: the profile that agrees with everything recorded.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};

use super::evidence::{self, decoded};
use super::{Format, beside, json, print, print_source, written};
use crate::evidence::Recording;
use crate::lang;
use crate::learn::{self, Clash, LearnOutput, LeftOut, learn};
use crate::problem::{Problem, Problems};
use crate::profiles::{self, Known};
use crate::suite::{self, Scenario};
use crate::watch::Watch;

/// Arguments of `profile`.
#[derive(ClapArgs, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Finds the profile that agrees with everything recorded
    Learn(LearnArgs),
}

/// Arguments of `profile learn`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept run --stack exec:./my-worker --record mine.jsonl     what a stack does
  winaccept profile learn mine.jsonl -o mine.toml                its profile
  winaccept run --stack exec:./my-worker --profile mine.toml     and everything judged by it
  winaccept profile learn conformance/evidence/wine-10.0.jsonl --by-hand spec-notes/profiles/wine-10.0.hand.toml

docs/profiles.md tells what is decided, and how. Exit status: 0; 1 when something recorded is contradicted; 2 when a recording
cannot be read, or when it was interrupted: then the profile is what the scenarios say that were looked at.")]
struct LearnArgs {
    /// Recordings, as `run --record` writes them
    #[arg(required = true, value_name = "RECORDING")]
    recordings: Vec<PathBuf>,
    /// Scenario files or folders that were recorded and are not bundled
    #[arg(long, value_name = "PATH")]
    scenarios: Vec<PathBuf>,
    /// What is known beside the recordings: the order of checks, and choice points that they do not decide
    #[arg(long, value_name = "FILE")]
    by_hand: Option<PathBuf>,
    /// The name of the profile; by default that of the stack
    #[arg(long)]
    name: Option<String>,
    /// Writes the profile to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn profile(args: &Args, format: Format) -> Result<u8, Problems> {
    let Command::Learn(args) = &args.command;
    let mut recordings = Vec::new();
    for file in &args.recordings {
        let bytes = evidence::bytes(file)?;
        recordings.push(Recording::read(&decoded(&bytes), &file.display().to_string())?);
    }
    let of_one = recordings.iter().all(|recording| recording.stack() == recordings[0].stack());
    let name = args.name.clone().unwrap_or_else(|| if of_one { recordings[0].stack() } else { "learned".to_owned() });
    profiles::check_name(&name).map_err(|error| Problem::new(error).help("--name gives it another"))?;
    let by_hand = by_hand(args.by_hand.as_deref())?;
    let scenarios = scenarios(args)?;
    let (mut seen, mut left_out) = (Vec::new(), LeftOut::default());
    for (recording, file) in recordings.iter().zip(&args.recordings) {
        let played = learn::seen(recording, &scenarios, &mut left_out);
        seen.extend(played.map_err(|error| Problem::new(error).in_file(file.display()))?);
    }
    let checks = by_hand.checks().map_err(Problem::new)?;
    let all = seen.len();
    let watch = Watch::new("scenarios", all);
    let learned = learn(seen, &checks, &watch);
    drop(watch);
    left_out.interrupted = all - learned.cases.len();
    let file = learn::profile_file(&learned, &name, &by_hand).map_err(Problem::new)?;
    let output = learn::output(&learned, &recordings, &name, file, left_out);
    if let Some(target) = &args.output {
        written(target, learn::text(&output))?;
    }
    match format {
        Format::Json => print(&json(&output))?,
        _ if args.output.is_some() => print(&summary(&output))?,
        _ => print_source(&learn::text(&output))?,
    }
    if output.left_out.interrupted > 0 {
        let counts = (output.left_out.interrupted, all);
        return Ok(beside(
            &Problem::new(format!("interrupted: nothing was learned from {} of {} scenarios", counts.0, counts.1))
                .into(),
        ));
    }
    Ok(u8::from(!output.contradicted.is_empty()))
}

fn by_hand(file: Option<&Path>) -> Result<Known, Problems> {
    let Some(file) = file else { return Ok(Known::default()) };
    let source = lang::file::text(file, profiles::MAX_PROFILE)?;
    let wrong = |error: String| {
        let help = "it begins with `schema = 1`, has no name, and is written like a profile: docs/profiles.md";
        Problem::new(error).in_file(file.display()).help(help)
    };
    Ok(Known::parse(&source).map_err(wrong)?)
}

fn scenarios(args: &LearnArgs) -> Result<Vec<Scenario>, Problems> {
    let mut scenarios = suite::bundled()?;
    if !args.scenarios.is_empty() {
        let (own, problems) = suite::read(&args.scenarios);
        if !problems.is_empty() {
            return Err(problems);
        }
        scenarios.extend(own);
    }
    Ok(scenarios)
}

/// What was learned in a few lines, where the profile itself is in a file.
fn summary(output: &LearnOutput) -> String {
    let mut text = format!("{}: choice points: {}; {} scenarios\n", output.name, output.counts(), output.scenarios);
    text += &output.left_out.text().map(|counts| format!("not learned from: {counts}\n")).unwrap_or_default();
    for Clash { choice, steps, .. } in &output.contradicted {
        text += &format!("contradicted: {}\n", choice.unwrap_or("nothing explains these steps"));
        for step in steps {
            text += &format!("  {}:{}  {}\n", step.file, step.line, step.seen);
        }
    }
    text
}
