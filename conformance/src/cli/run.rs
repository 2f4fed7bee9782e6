//! `winaccept run`, and what `winaccept` does without a command.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;

use super::limits::LimitArgs;
use super::outcome::Outcome;
use super::results;
use super::{Format, beside, json, print, written};
use crate::evidence::{self, Recording};
use crate::judge;
use crate::output::RunOutputs;
use crate::parallel::each;
use crate::problem::{Problem, Problems, aside};
use crate::profiles::{Choices, NAMES};
use crate::report;
use crate::stack::{CommandStack, HOPELESS, Identity, Stack};
use crate::suite::{self, Scenario};
use crate::verdict::{Judged, Verdict};
use crate::watch::{Watch, is_interrupted};

/// Arguments of `run`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept run                                    every bundled scenario on the model
  winaccept run my.winaccept                       one of your own
  winaccept run accept/example                     a bundled one, by its name
  winaccept run - < my.winaccept                   from standard input
  winaccept run --stack wine                       the Wines that tools/setup-wine.sh set up, one after the other
  winaccept run --stack wine:/opt/wine/bin/wine64  any Wine build
  winaccept run --stack exec:'python3 worker.py'   anything that speaks the worker protocol (docs/worker.md)
  winaccept run --profile windows                  the model as Windows is known to behave, against the documents
  winaccept run --format junit > results.xml       for programs that count tests; --format tap for others

Exit status: 0 when every verdict is pass, model_only, lacks_call, or deviates as the stack's profile says (with --strict: none
that deviates), 1 otherwise, 2 when a file or nothing at all could be judged, when a
stack lost its processes in 3 scenarios in a row, or when it was interrupted: what was judged by then is told.")]
pub(super) struct Args {
    /// Scenario files, folders of them, or names of bundled scenarios; `-` is standard input; without any, all bundled ones
    paths: Vec<PathBuf>,
    /// Only scenarios whose file or title contains this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// What executes the calls: model, windows, wine, wine:PATH, exec:COMMAND
    #[arg(long, default_value = "model")]
    stack: String,
    /// The profile to judge by: documented, windows, wine-8.0, wine-10.0; by default that of the stack
    #[arg(long)]
    profile: Option<String>,
    /// Writes what the stack was seen to do to this file, as evidence
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// The Windows executable that a Wine is to run
    #[arg(long, value_name = "EXE", default_value = DEFAULT_EXE)]
    exe: PathBuf,
    /// A deviation that the profile explains counts as a failure, too
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Where tools/build-windows.sh leaves the executable.
pub(super) const DEFAULT_EXE: &str = "target-windows/x86_64-win7-windows-gnu/dist/winaccept.exe";
/// Where tools/setup-wine.sh leaves its wrappers.
const WINES: &str = "tools/cache";

pub(super) fn run(args: &Args, format: Format) -> Result<u8, Problems> {
    let (mut scenarios, mut problems) =
        if args.paths.is_empty() { (suite::bundled()?, Problems::default()) } else { suite::read(&args.paths) };
    if scenarios.is_empty() {
        return Err(problems);
    }
    scenarios.iter_mut().for_each(|scenario| args.limits.bound(scenario));
    if let Some(text) = &args.only {
        suite::keep_only(&mut scenarios, text)?;
    }
    let mut status = 0;
    let mut outputs = Vec::new();
    if args.stack == "model" {
        if args.record.is_some() {
            return Err(Problem::new("--record keeps what a real stack does; the model is no evidence").into());
        }
        let profile = profile_named(args.profile.as_deref().unwrap_or("documented"))?;
        let outcome = on_model(&scenarios, profile);
        status = status.max(outcome.status(args.strict));
        outputs.push(outcome);
    } else {
        for (mut stack, label) in stacks(&args.stack, &args.exe)? {
            let played = on_stack(&scenarios, &mut stack, args.profile.as_deref());
            let (outcome, recording) = match played {
                Ok(played) => played,
                Err(why) if outputs.is_empty() => return Err(why),
                Err(why) => {
                    // What an earlier stack did was judged to its end.
                    problems.add(why);
                    break;
                }
            };
            if let Some(file) = &args.record {
                let file = numbered(file, &label, outputs.len());
                written(&file, recording.write())?;
                aside(format_args!("recorded: {}", file.display()));
            }
            status = status.max(outcome.status(args.strict));
            outputs.push(outcome);
        }
    }
    let all = scenarios.len() * outputs.len();
    let judged: usize = outputs.iter().map(|outcome| outcome.judged.len()).sum();
    if judged < all {
        problems.add(Problem::new(format!("interrupted: {} of {all} scenarios were not judged", all - judged)));
    }
    show(&outputs, format, &problems, args.strict)?;
    // What can be judged is; what cannot is told behind it.
    Ok(if problems.is_empty() { status } else { beside(&problems) })
}

/// What `winaccept` does without a command: on Windows the real stack and its evidence, elsewhere the model.
pub(super) fn without_command(
    format: Format,
    #[cfg_attr(windows, allow(unused))] matrix: bool,
) -> Result<u8, Problems> {
    #[cfg(windows)]
    {
        let scenarios = suite::bundled()?;
        let mut stack = crate::stack::windows().map_err(Problem::new)?;
        let (outcome, recording) = on_stack(&scenarios, &mut stack, None)?;
        let status = outcome.status(false);
        show(&[outcome], format, &Problems::default(), false)?;
        super::print_source(
            "\nThe evidence of this run follows. `winaccept evidence add -` reads it back, with everything around it.\n\n",
        )?;
        super::print_source(&recording.write())?;
        Ok(status)
    }
    #[cfg(not(windows))]
    super::summary::summary(format, matrix)
}

pub(super) fn on_model<'s>(scenarios: &'s [Scenario], profile: Profile) -> Outcome<'s> {
    let machine = Machine::new(profile);
    let watch = Watch::new("scenarios", scenarios.len());
    let judge = |_, scenario| {
        let judged = judge::model(scenario, &machine);
        // What an interrupt ended was not judged.
        let ended = judged.verdict == Verdict::Unresolved && is_interrupted();
        (!ended).then_some((scenario, judged))
    };
    let mut judged: Vec<(&Scenario, Judged)> = each(scenarios, &watch, judge).into_iter().flatten().collect();
    judged.sort_by(|(a, _), (b, _)| a.file.cmp(&b.file));
    Outcome {
        name: "model".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        profile: machine.profile.name.clone(),
        judged,
    }
}

fn on_stack<'s>(
    scenarios: &'s [Scenario],
    stack: &mut CommandStack,
    profile: Option<&str>,
) -> Result<(Outcome<'s>, Recording), Problems> {
    let identity = stack.identity();
    let profile = profile_named(profile.unwrap_or_else(|| profile_of(&identity.name, &identity.version)))?;
    let mut recording = Recording::new(identity.clone(), evidence::today());
    let mut judged = Vec::new();
    let mut lost_in_a_row = 0;
    let watch = Watch::new("scenarios", scenarios.len());
    for scenario in scenarios {
        let replay = stack.replay(&scenario.script);
        if !watch.goes_on() {
            // The interrupt may have ended its processes, too.
            break;
        }
        watch.one_more();
        if let Some(why) = &replay.again {
            aside(format_args!("played twice: {}: {why}", scenario.file));
        }
        lost_in_a_row = if replay.lost.is_some() { lost_in_a_row + 1 } else { 0 };
        if let Some(why) = replay.lost.as_ref().filter(|_| lost_in_a_row == HOPELESS) {
            return Err(hopeless(&identity, scenario, why).into());
        }
        recording.add(scenario, &replay);
        judged.push((scenario, judge::replay(scenario, &replay, &profile)));
    }
    let outcome = Outcome { name: identity.name, version: identity.version, profile: profile.name, judged };
    Ok((outcome, recording))
}

fn hopeless(identity: &Identity, scenario: &Scenario, why: &str) -> Problem {
    Problem::new(format!(
        "{identity} lost its processes in {HOPELESS} scenarios in a row, and again when they were played again; \
         last: {}: {why}",
        scenario.file
    ))
    .help(format!(
        "nothing was judged; find out what its worker lacks with `--only {}` and docs/worker.md",
        scenario.name()
    ))
}

pub(super) fn profile_named(name: &str) -> Result<Profile, Problem> {
    Choices::bundled().named(name).map_err(Problem::from)
}

/// The profile that speaks of a stack: its own, that of all Windows versions, or what is documented.
pub(crate) fn profile_of(name: &str, version: &str) -> &'static str {
    let own = format!("{name}-{version}");
    match NAMES.iter().find(|known| **known == own) {
        Some(known) => known,
        None if name == "windows" => "windows",
        None => "documented",
    }
}

/// The stacks that are called so; `wine` alone is all that are set up.
pub(super) fn stacks(named: &str, exe: &Path) -> Result<Vec<(CommandStack, String)>, Problems> {
    let (kind, rest) = named.split_once(':').unwrap_or((named, ""));
    let failed = |error: String| Problem::new(error);
    match (kind, rest) {
        ("wine", "") => {
            let mut wines = Vec::new();
            for name in ["wine-8.0", "wine-10.0"] {
                let wrapper = Path::new(WINES).join(name);
                if wrapper.exists() {
                    wines.push((crate::stack::wine(&wrapper, exe).map_err(failed)?, name.to_owned()));
                } else {
                    aside(format_args!(
                        "{name}: not run, because {} does not exist; tools/setup-wine.sh sets it up",
                        wrapper.display()
                    ));
                }
            }
            if wines.is_empty() {
                return Err(Problem::new("no Wine is set up here")
                    .help("tools/setup-wine.sh sets them up; wine:PATH names any other")
                    .into());
            }
            Ok(wines)
        }
        ("wine", path) => Ok(vec![(crate::stack::wine(Path::new(path), exe).map_err(failed)?, "wine".to_owned())]),
        ("exec", "") => Err(Problem::new("exec: needs a command, as in --stack exec:'python3 worker.py'").into()),
        ("exec", command) => Ok(vec![(crate::stack::exec(command).map_err(failed)?, "exec".to_owned())]),
        ("windows", "") => windows(),
        _ => Err(Problem::new(format!(
            "no stack is called `{named}`; there are model, windows, wine, wine:PATH and exec:COMMAND"
        ))
        .into()),
    }
}

#[cfg(windows)]
fn windows() -> Result<Vec<(CommandStack, String)>, Problems> {
    let stack = crate::stack::windows().map_err(Problem::new)?;
    Ok(vec![(stack, "windows".to_owned())])
}

#[cfg(not(windows))]
fn windows() -> Result<Vec<(CommandStack, String)>, Problems> {
    Err(Problem::new("this is not Windows")
        .help(
            "copy winaccept.exe to a Windows machine and start it there; \
         `winaccept evidence add -` reads what it prints",
        )
        .into())
}

/// The file of the n-th recording of a run: as named for the first, with the stack's name before the ending after that.
fn numbered(file: &Path, label: &str, n: usize) -> PathBuf {
    if n == 0 {
        return file.to_owned();
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let ending = file.extension().map_or(String::new(), |ending| format!(".{}", ending.to_string_lossy()));
    file.with_file_name(format!("{stem}-{label}{ending}"))
}

fn show(outputs: &[Outcome<'_>], format: Format, wrong: &Problems, strict: bool) -> Result<(), Problems> {
    let wrong = wrong.outputs();
    let text = match format {
        Format::Json => json(&match outputs {
            [one] => RunOutputs::One(Box::new(one.output(&wrong))),
            several => RunOutputs::Several(several.iter().map(|outcome| outcome.output(&wrong)).collect()),
        }),
        Format::Text => outputs.iter().map(report::run).collect::<Vec<_>>().join("\n"),
        Format::Junit => results::junit(outputs, &wrong, strict),
        Format::Tap => results::tap(outputs, &wrong, strict),
        Format::Dot | Format::Mermaid | Format::Pcapng | Format::Svg => {
            return Err(Problem::new("run writes text, json, junit or tap").into());
        }
    };
    print(&text)
}

/// By step, what a profile allows on the model, as people read it.
pub(super) fn allowed_under(scenario: &Scenario, profile: &str) -> Vec<String> {
    let Ok(profile) = Choices::bundled().profile(profile) else {
        return vec![String::new(); scenario.program.steps.len()];
    };
    let played =
        winaccept_sim::run::run(&scenario.program, &Machine::new(profile), winaccept_sim::run::Guide::Expectations);
    let shown = |(number, step): (usize, &winaccept_sim::script::Step)| {
        evidence::all_shown_as(step, &played.steps[number].allowed, &scenario.script).join(" | ")
    };
    scenario.program.steps.iter().enumerate().map(shown).collect()
}
