//! `winaccept profile learn`: the profile that agrees with everything recorded.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args as ClapArgs, Subcommand};

use super::evidence::decoded;
use super::{Format, json, print, print_source};
use crate::evidence::{self, Recording};
use crate::learn::{self, ByHand, Clash, LearnOutput, learn};
use crate::stack::Replay;
use crate::suite::{self, Scenario};

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
cannot be read.")]
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

pub(super) fn profile(args: &Args, format: Format) -> Result<u8, String> {
    let Command::Learn(args) = &args.command;
    let mut recordings = Vec::new();
    for file in &args.recordings {
        let bytes = std::fs::read(file).map_err(|error| format!("error: {}: {error}", file.display()))?;
        recordings.push(Recording::read(&decoded(&bytes), &file.display().to_string())?);
    }
    let by_hand = by_hand(args.by_hand.as_deref())?;
    let scenarios = scenarios(args)?;
    let mut seen = Vec::new();
    for (recording, file) in recordings.iter().zip(&args.recordings) {
        seen.extend(played(recording, &scenarios).map_err(|error| format!("error: {}: {error}", file.display()))?);
    }
    let of_one = recordings.iter().all(|recording| recording.stack() == recordings[0].stack());
    let name = args.name.clone().unwrap_or_else(|| if of_one { recordings[0].stack() } else { "learned".to_owned() });
    let order = by_hand.order().map_err(|error| format!("error: {error}"))?;
    let all = seen.len();
    let learned = learn(seen, &order, &Progress::new(all).teller());
    let file = learn::profile_file(&learned, &name, &by_hand).map_err(|error| format!("error: {error}"))?;
    let output = learn::output(&learned, &recordings, &name, file);
    if let Some(target) = &args.output {
        std::fs::write(target, learn::text(&output))
            .map_err(|error| format!("error: {}: {error}", target.display()))?;
    }
    match format {
        Format::Json => print(&json(&output))?,
        _ if args.output.is_some() => print(&summary(&output))?,
        _ => print_source(&learn::text(&output))?,
    }
    Ok(u8::from(!output.contradicted.is_empty()))
}

fn by_hand(file: Option<&Path>) -> Result<ByHand, String> {
    let Some(file) = file else { return Ok(ByHand::default()) };
    let wrong = |error: String| format!("error: {}: {error}", file.display());
    let source = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    ByHand::parse(&source).map_err(wrong)
}

fn scenarios(args: &LearnArgs) -> Result<Vec<Scenario>, String> {
    let mut scenarios = suite::bundled()?;
    if !args.scenarios.is_empty() {
        let (own, problems) = suite::read(&args.scenarios);
        if !problems.is_empty() {
            return Err(problems.join("\n"));
        }
        scenarios.extend(own);
    }
    Ok(scenarios)
}

/// What a stack was seen to do, scenario by scenario: those that it took, as they read today.
///
/// # Errors
/// When a recording is not whole, or there is nothing in it to learn from.
fn played<'s>(recording: &Recording, scenarios: &'s [Scenario]) -> Result<Vec<(&'s Scenario, Replay)>, String> {
    let mut seen = Vec::new();
    for recorded in &recording.scenarios {
        let Some(scenario) = scenarios.iter().find(|scenario| scenario.file == recorded.file) else { continue };
        if recorded.digest != evidence::digest(&scenario.script.source) {
            continue;
        }
        let replay = recorded.replay(scenario)?;
        if replay.not_taken.is_none() && replay.failed.is_none() && replay.lost.is_none() {
            seen.push((scenario, replay));
        }
    }
    if seen.is_empty() {
        let all = recording.scenarios.len();
        return Err(format!(
            "none of its {all} scenarios is known here as it was played, so there is nothing to learn from\n\
             help: --scenarios names those that are not bundled"
        ));
    }
    Ok(seen)
}

/// What was learned in a few lines, where the profile itself is in a file.
fn summary(output: &LearnOutput) -> String {
    let mut text = format!("{}: choice points: {}; {} scenarios\n", output.name, output.counts(), output.scenarios);
    for Clash { choice, steps, .. } in &output.contradicted {
        text += &format!("contradicted: {}\n", choice.unwrap_or("nothing explains these steps"));
        for step in steps {
            text += &format!("  {}:{}  {}\n", step.file, step.line, step.seen);
        }
    }
    text
}

/// Tells a person who waits how far it is.
struct Progress {
    all: usize,
    began: Instant,
    shown: bool,
}

impl Progress {
    fn new(all: usize) -> Progress {
        Progress { all, began: Instant::now(), shown: std::io::stderr().is_terminal() }
    }

    fn teller(self) -> impl Fn(usize) + Sync {
        move |done| {
            if self.shown && self.began.elapsed() > Duration::from_secs(1) {
                let end = if done == self.all { "\r\x1b[K" } else { "" };
                // Nobody is worse off if this cannot be written.
                let _ = write!(std::io::stderr(), "\r{done} of {} scenarios{end}", self.all);
            }
        }
    }
}
