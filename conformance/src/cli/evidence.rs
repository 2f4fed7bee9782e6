//! `winaccept evidence`: what each stack was seen to do, side by side, and how a recording gets there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use winaccept_model::profile::Profile;

use super::run::profile_of;
use super::{Format, json, print, unwritten};
use crate::corners::{self, Cell, CornerRow};
use crate::evidence::{self, Recording, shown_as};
use crate::judge;
use crate::lang::{self, render_action, render_expect};
use crate::output::{EvidenceRow, Half};
use crate::page::{Page, fitted};
use crate::parallel::each;
use crate::problem::{Problem, Problems};
use crate::profiles::Choices;
use crate::report::{table, trimmed};
use crate::suite::{self, Scenario};
use crate::verdict::Verdict;
use crate::watch::Watch;

/// Arguments of `evidence`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept evidence                          documents, windows profile and recorded stacks side by side
  winaccept evidence --only reset             only scenarios whose file or title contains `reset`
  winaccept evidence --differ                 only steps where a stack does otherwise than the documents say
  winaccept evidence --corners                37 corners: documents, Windows and the Wines, with grade and source
  winaccept evidence --corners reset          those whose question has this word; C1 or S12: one
  winaccept evidence --halves                 how well the profiles predict what they were not made from
  winaccept.exe > run.txt                     on a Windows machine: everything, with its evidence
  winaccept evidence add run.txt              reads that back, checks it and files it
  winaccept evidence add -                    the same from standard input, for a paste")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only scenarios whose file or title contains this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Only steps where a stack does otherwise than the documents say
    #[arg(long)]
    differ: bool,
    /// How well each stack's profile predicts: filled from every other scenario, judged by the rest
    #[arg(long, conflicts_with_all = ["only", "differ"])]
    halves: bool,
    /// Disputed corners, and where Windows surprises who knows the documents: what each says there, how well that is supported and
    /// by what; with a text, those whose id, name or question has it
    #[arg(long, value_name = "TEXT", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["only", "differ", "halves"])]
    corners: Option<String>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Reads a recording, checks it and files it
    Add {
        /// The file, or - for standard input
        file: PathBuf,
        /// The folder of recordings
        #[arg(long, default_value = "conformance/evidence")]
        to: PathBuf,
        /// Replaces an older recording of the same stack
        #[arg(long)]
        replace: bool,
        /// Files it although the stack's profile does not say what was seen
        #[arg(long)]
        with_failures: bool,
    },
}

pub(super) fn evidence(args: &Args, format: Format) -> Result<u8, Problems> {
    match &args.command {
        None if args.halves => halves(format).map(|()| 0),
        None if args.corners.is_some() => corners_of(args.corners.as_deref(), format).map(|()| 0),
        None => grid(args, format).map(|()| 0),
        Some(Command::Add { file, to, replace, with_failures }) => add(file, to, *replace, *with_failures),
    }
}

/// A paste of a recording is shorter than this; input that never ends is not kept.
const MOST: usize = 64 << 20;

/// What to do where there is no recording.
const RECORDS: &str = "`winaccept run --stack STACK --record FILE` writes a recording";

/// All of a recording, `-` being standard input.
///
/// # Errors
/// When it cannot be read, or is longer than a recording.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>, Problems> {
    let bytes = lang::file::bytes(file, MOST).map_err(|wrong| wrong.or_help(RECORDS))?;
    if bytes.len() > MOST {
        return Err(Problem::new(format!("more than {MOST} bytes are no recording")).in_file(told(file)).into());
    }
    Ok(bytes)
}

/// The name of a file, or of what is read instead.
fn told(file: &Path) -> String {
    if file.as_os_str() == suite::STDIN { "standard input".to_owned() } else { file.display().to_string() }
}

fn add(file: &Path, to: &Path, replace: bool, with_failures: bool) -> Result<u8, Problems> {
    let (text, name) = (bytes(file)?, told(file));
    let recording = Recording::read(&decoded(&text), &name)?;
    let scenarios = suite::bundled()?;
    let profile_name = profile_of(&recording.identity.name, &recording.identity.version);
    let profile = Choices::bundled().profile(profile_name).map_err(Problem::new)?;
    let (mut judged, mut failed, mut stale, mut unknown) = (0, 0, 0, 0);
    for recorded in &recording.scenarios {
        let Some(scenario) = scenarios.iter().find(|scenario| scenario.file == recorded.file) else {
            unknown += 1;
            continue;
        };
        if recorded.digest != evidence::digest(&scenario.script.source) {
            stale += 1;
            continue;
        }
        let replay = recorded.replay(scenario).map_err(|error| Problem::new(error).in_file(&name))?;
        let verdict = judge::replay(scenario, &replay, &profile);
        judged += 1;
        failed += usize::from(matches!(verdict.verdict, Verdict::Fail | Verdict::Fixed));
        if !matches!(verdict.verdict, Verdict::Pass | Verdict::ModelOnly) {
            print(&format!("{:10} {}  {}\n", verdict.word(), scenario.file, verdict.reason))?;
        }
    }
    if judged == 0 {
        return Err(Problem::new(format!(
            "none of its {} scenarios is one of this winaccept's, as it reads today",
            recording.scenarios.len()
        ))
        .in_file(name)
        .into());
    }
    if failed > 0 && !with_failures {
        return Err(Problem::new(format!(
            "{failed} of its {judged} scenarios are not what profile {profile_name} says, so nothing was written"
        ))
        .in_file(name)
        .help("mend the profile, or file it all the same with --with-failures")
        .into());
    }
    if !to.is_dir() {
        return Err(Problem::new("this is no folder")
            .in_file(to.display())
            .help("run this in the repository, or name a folder with --to")
            .into());
    }
    let target = to.join(format!("{}.jsonl", recording.stack()));
    if target.exists() && !replace {
        return Err(Problem::new("this exists, and nothing was written")
            .in_file(target.display())
            .help("--replace replaces it")
            .into());
    }
    let temporary = target.with_extension("jsonl.new");
    let write = std::fs::write(&temporary, recording.write()).and_then(|()| std::fs::rename(&temporary, &target));
    write.map_err(|error| unwritten(&target, &error))?;
    print(&format!(
        "{judged} scenario{} of {} ({}) judged and filed in {}\n",
        if judged == 1 { "" } else { "s" },
        recording.stack(),
        recording.date,
        target.display()
    ))?;
    if stale + unknown > 0 {
        print(&format!(
            "recorded from another text: {stale}, not known here: {unknown}; these are kept, but not judged\n"
        ))?;
    }
    Ok(0)
}

/// Fills each recorded stack's profile from one half of the scenarios and tells how many of the other half it predicts.
///
/// A choice point counts as filled when a scenario of the first half deviates because of it; the others are put back to what is
/// documented. The order of checks stays that of the whole profile.
fn halves(format: Format) -> Result<(), Problems> {
    let scenarios = suite::bundled()?;
    let mut rows = Vec::new();
    let recordings = evidence::bundled();
    let watch = Watch::new("verdicts", 2 * recordings.iter().map(|recording| recording.scenarios.len()).sum::<usize>());
    for recording in &recordings {
        let name = profile_of(&recording.identity.name, &recording.identity.version);
        let full = Choices::bundled().profile(name).map_err(Problem::new)?;
        let replays: Vec<_> =
            scenarios.iter().filter_map(|scenario| Some((scenario, recording.replay_of(scenario)?))).collect();
        for first in [0, 1] {
            let half = |wanted: usize| replays.iter().skip(wanted).step_by(2).collect::<Vec<_>>();
            let judged = |wanted: usize, profile: &Profile| {
                each(&half(wanted), &watch, |_, (scenario, replay)| judge::replay(scenario, replay, profile))
            };
            let filled: BTreeSet<&str> = judged(first, &full).into_iter().flat_map(|judged| judged.choices).collect();
            let profile = Choices::bundled().with_only(&full, &filled).map_err(Problem::new)?;
            let verdicts: Vec<_> = judged(1 - first, &profile).into_iter().map(|judged| judged.verdict).collect();
            if !watch.goes_on() {
                return Err(Problem::new("interrupted: the halves were not judged to their end").into());
            }
            let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
            rows.push(Half {
                stack: recording.stack(),
                filled_from: half(first).len(),
                choice_points: filled.len(),
                judged: verdicts.len() - count(Verdict::ModelOnly),
                as_documented: count(Verdict::Pass),
                deviates_as_predicted: count(Verdict::Deviates),
                not_predicted: count(Verdict::Fail)
                    + count(Verdict::Fixed)
                    + count(Verdict::Blocked)
                    + count(Verdict::Unresolved),
            });
        }
    }
    if format == Format::Json {
        return print(&json(&rows));
    }
    let header = ["stack", "filled from", "choice points", "judged", "as documented", "as predicted", "not predicted"];
    let mut shown = table(&header);
    for row in rows {
        let numbers = [
            row.filled_from,
            row.choice_points,
            row.judged,
            row.as_documented,
            row.deviates_as_predicted,
            row.not_predicted,
        ];
        let cells = std::iter::once(row.stack).chain(numbers.iter().map(ToString::to_string));
        shown.add_row(cells);
    }
    let text = format!("{}\n\nsteps of one half fill the profile, the other half is judged by it\n", trimmed(&shown));
    print(&fitted(&text))
}

/// Text as it comes from a Windows console or file: UTF-8, or UTF-16 as PowerShell redirects it. Without the byte order
/// mark, which would hide the first line of a recording.
pub(super) fn decoded(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => {
            let units: Vec<u16> = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn grid(args: &Args, format: Format) -> Result<(), Problems> {
    let mut scenarios = suite::bundled()?;
    if let Some(text) = &args.only {
        suite::keep_only(&mut scenarios, text)?;
    }
    let recordings = evidence::bundled();
    let rows: Vec<EvidenceRow> = scenarios.iter().flat_map(|scenario| rows(scenario, &recordings)).collect();
    let rows: Vec<EvidenceRow> = rows.into_iter().filter(|row| !args.differ || differs(row)).collect();
    if rows.is_empty() {
        return Err(Problem::new("in none of these scenarios does a stack do otherwise than the documents say").into());
    }
    match format {
        Format::Json => print(&json(&rows)),
        Format::Text => print(&fitted(&listing(&rows, &recordings))),
        _ => Err(Problem::new("evidence writes text or json").into()),
    }
}

/// The corners that this text tells, all for an empty one.
fn corners_of(only: Option<&str>, format: Format) -> Result<(), Problems> {
    let only = only.map(str::trim).filter(|text| !text.is_empty());
    let found = corners::corners(only, &suite::bundled()?, &evidence::bundled());
    if found.is_empty() {
        let wanted = only.unwrap_or_default();
        let problem = Problem::new(format!("no corner has `{wanted}` in its id, name or question"));
        return Err(problem.help("`winaccept evidence --corners` shows all").into());
    }
    match format {
        Format::Json => print(&json(&found)),
        Format::Text => print(&corners_text(&found)),
        _ => Err(Problem::new("evidence writes text or json").into()),
    }
}

fn corners_text(found: &[corners::Corner]) -> String {
    let mut page = Page::new();
    for corner in found {
        page.line(&format!("{} {}", corner.id, corner.name));
        page.paragraph(2, corner.asks);
        for row in &corner.rows {
            corner_row(&mut page, row);
        }
        page.gap();
    }
    page.paragraph(
        0,
        "documents: in brackets the clauses; windows: what the profile says, in brackets the grade of the observation and its id \
         (`winaccept explain ID`), no run of ours; wine: recorded runs. Where nothing is known it says unknown.",
    );
    fitted(&page.finish())
}

fn corner_row(page: &mut Page, row: &CornerRow) {
    match (&row.scenario, row.line) {
        (Some(scenario), Some(line)) => page.line(&format!("    {scenario}:{line}  {}", row.step)),
        _ => page.hanging(4, &row.facts.join(", "), 18, &row.step),
    }
    if let Some(why) = &row.not_asked {
        page.hanging(6, "not asked", 18, why);
    }
    for cell in &row.cells {
        page.hanging(6, &cell.stack, 18, &said(cell));
    }
}

fn said(cell: &Cell) -> String {
    match (&cell.grade, cell.source.as_str()) {
        (Some(grade), "") => format!("{}  [{grade}]", cell.says),
        (Some(grade), source) if grade == "text" => format!("{}  [{source}]", cell.says),
        (Some(grade), source) => format!("{}  [{grade}: {source}]", cell.says),
        (None, "") => cell.says.clone(),
        (None, source) => format!("{}  [{source}]", cell.says),
    }
}

/// Was a stack seen, or is it said, to do otherwise than the documents say?
fn differs(row: &EvidenceRow) -> bool {
    row.stacks.values().any(|cell| *cell != row.documented && !UNTOLD.contains(&cell.as_str()))
}

/// What stands in a cell where a stack was not asked.
const UNTOLD: [&str; 3] = ["not recorded", "cannot be taken", "not reached"];

/// A step to a paragraph, its place and name in one piece, so that a search finds them: what is documented, and below
/// it who does that, and what the others do.
fn listing(rows: &[EvidenceRow], recordings: &[Recording]) -> String {
    let mut page = Page::new();
    for row in rows {
        page.line(&format!("{}:{}  {}", row.scenario, row.line, row.step));
        page.hanging(2, "documented", 14, &row.documented);
        let agree: Vec<&str> =
            row.stacks.iter().filter(|(_, cell)| **cell == row.documented).map(|(name, _)| name.as_str()).collect();
        if !agree.is_empty() {
            page.hanging(2, "so", 14, &agree.join(", "));
        }
        for (name, cell) in row.stacks.iter().filter(|(_, cell)| **cell != row.documented) {
            page.hanging(2, name, 14, cell);
        }
        page.gap();
    }
    let when = recordings.iter().map(|recording| format!("{} on {}", recording.stack(), recording.date));
    let when: Vec<String> = when.collect();
    page.paragraph(
        0,
        &format!(
            "windows is what the profile predicts from graded observations, not a run; recorded were {}",
            when.join(", ")
        ),
    );
    page.finish()
}

/// The steps of a scenario that show something, each with what was recorded there.
fn rows(scenario: &Scenario, recordings: &[Recording]) -> Vec<EvidenceRow> {
    let script = &scenario.script;
    let windows = super::run::allowed_under(scenario, "windows");
    let replays: Vec<_> =
        recordings.iter().map(|recording| (recording.stack(), recording.replay_of(scenario))).collect();
    let mut rows = Vec::new();
    for (number, step) in scenario.program.steps.iter().enumerate().filter(|(_, step)| !step.shows.is_empty()) {
        let mut stacks = BTreeMap::from([("windows".to_owned(), windows[number].clone())]);
        for (name, replay) in &replays {
            let cell = match replay {
                None => "not recorded".to_owned(),
                Some(replay) => match (&replay.not_taken, replay.steps.iter().find(|report| report.index == number)) {
                    (Some(_), _) => "cannot be taken".to_owned(),
                    (None, Some(report)) => shown_as(step, &report.observed, script),
                    (None, None) => "not reached".to_owned(),
                },
            };
            stacks.insert(name.clone(), cell);
        }
        let documented = step.expect.as_ref().map_or_else(|| "done".to_owned(), |expect| render_expect(expect, script));
        rows.push(EvidenceRow {
            scenario: scenario.name().to_owned(),
            line: scenario.line(number),
            step: render_action(&step.action, script),
            clauses: step.shows.clone(),
            documented,
            stacks,
        });
    }
    rows
}
