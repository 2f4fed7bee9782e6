//! Evidence: what a real stack was seen to do, as a file that can be pasted, checked and filed.
//!
//! JSON Lines between a `begin` and an `end` line. Observations are kept, not verdicts: verdicts are made anew from them
//! each time, by the profile of the day.

mod whole;

use serde::{Deserialize, Serialize};
use winaccept_lang::bundle;
use winaccept_sim::observe::{Observed, allows};
use winaccept_sim::script::{Script, Step};

use crate::lang::{render_action, render_expect, render_observed};
use crate::problem::{Problem, Problems};
use crate::stack::{Identity, Lacks, Replay, StepReport};
use crate::suite::Scenario;

/// What a stack was seen to do in a number of scenarios.
#[derive(Clone, PartialEq, Debug)]
pub struct Recording {
    /// Which stack.
    pub identity: Identity,
    /// The day of the run, `YYYY-MM-DD`, UTC.
    pub date: String,
    /// The version of winaccept that made it.
    pub version: String,
    /// What was seen, by scenario, in order.
    pub scenarios: Vec<Recorded>,
}

/// What a stack was seen to do in one scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Recorded {
    /// The scenario's file.
    pub file: String,
    /// A digest of the scenario's text: evidence speaks of this text alone.
    pub digest: String,
    /// The lines of the recording that belong to it.
    pub steps: Vec<StepLine>,
    /// Why no real stack can take it, if none can.
    pub not_taken: Option<String>,
    /// Why the stack did not play it to its end, if it should have.
    pub failed: Option<String>,
    /// Why the stack lost a process, if no call crashed it.
    pub lost: Option<String>,
    /// The call that the stack does not have, with which the scenario ended.
    pub lacks: Option<Lacks>,
}

/// One step as recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepLine {
    /// The step's number in the order of the text, from zero.
    pub step: usize,
    /// The actor.
    pub actor: String,
    /// The call, in scenario syntax.
    pub call: String,
    /// What was seen, in scenario syntax.
    pub seen: String,
    /// What was assumed where there was no witness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "evidence", rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    Begin {
        schema: u32,
        stack: StackLine,
        date: String,
        winaccept: String,
    },
    Scenario {
        file: String,
        digest: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_taken: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lost: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lacks: Option<Lacks>,
        steps: Vec<StepLine>,
    },
    End {
        scenarios: usize,
        digest: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StackLine {
    name: String,
    version: String,
    build: String,
}

/// A digest of a text: 64 bits of FNV-1a, in hexadecimal. It tells edited from unedited, it is no signature.
#[must_use]
pub fn digest(text: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.replace("\r\n", "\n").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}

impl Recording {
    /// A recording without scenarios.
    #[must_use]
    pub fn new(identity: Identity, date: String) -> Recording {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Recording { identity, date, version, scenarios: Vec::new() }
    }

    /// Adds what was seen of a scenario.
    pub fn add(&mut self, scenario: &Scenario, replay: &Replay) {
        let script = &scenario.script;
        let line = |report: &StepReport| {
            let step = &scenario.program.steps[report.index];
            StepLine {
                step: report.index,
                actor: script.actors[report.actor.index()].name.clone(),
                call: render_action(&step.action, script),
                seen: render_observed(&report.observed, script, None),
                assumed: report.assumed.clone(),
            }
        };
        self.scenarios.push(Recorded {
            file: scenario.file.clone(),
            digest: digest(&script.source),
            steps: replay.steps.iter().map(line).collect(),
            not_taken: replay.not_taken.clone(),
            failed: replay.failed.clone(),
            lost: replay.lost.clone(),
            lacks: replay.lacks.clone(),
        });
    }

    /// The name of the profile that this stack is judged by, and of its evidence file.
    #[must_use]
    pub fn stack(&self) -> String {
        self.identity.to_string()
    }

    /// As a file.
    #[must_use]
    pub fn write(&self) -> String {
        let Identity { name, version, build } = self.identity.clone();
        let begin = Line::Begin {
            schema: 1,
            stack: StackLine { name, version, build },
            date: self.date.clone(),
            winaccept: self.version.clone(),
        };
        let mut text = line(&begin);
        for recorded in &self.scenarios {
            text += &line(&Line::Scenario {
                file: recorded.file.clone(),
                digest: recorded.digest.clone(),
                not_taken: recorded.not_taken.clone(),
                failed: recorded.failed.clone(),
                lost: recorded.lost.clone(),
                lacks: recorded.lacks.clone(),
                steps: recorded.steps.clone(),
            });
        }
        let digest = digest(&text);
        text + &line(&Line::End { scenarios: self.scenarios.len(), digest })
    }

    /// Reads a recording back. Text around it, such as the matrix it was printed under, does no harm.
    ///
    /// # Errors
    /// Place and remedy, when a line is broken, something is missing at the end, or the text was edited.
    pub fn read(text: &str, name: &str) -> Result<Recording, Problems> {
        let mut recording: Option<Recording> = None;
        let mut covered = String::new();
        let mut ended = false;
        for (index, raw) in text.lines().enumerate() {
            let raw = raw.trim();
            if !raw.starts_with("{\"evidence\":") {
                continue;
            }
            let wrong = |what: String| Problem::new(what).in_file(name).on_line(index + 1);
            if ended {
                return Err(wrong("the recording is over, and this line goes on; add one at a time".to_owned()).into());
            }
            let parsed: Line = serde_json::from_str(raw).map_err(|error| {
                wrong(error.to_string())
                    .help("copy the whole output again; a terminal may have broken or cut this line")
            })?;
            match (parsed, &mut recording) {
                (Line::Begin { schema: 1, stack, date, winaccept }, None) => {
                    let StackLine { name, version, build } = stack;
                    let identity = Identity { name, version, build };
                    check_identity(&identity, &date).map_err(wrong)?;
                    recording = Some(Recording { identity, date, version: winaccept, scenarios: Vec::new() });
                }
                (Line::Begin { schema, .. }, None) => {
                    return Err(wrong(format!("schema {schema} is not known; this winaccept reads schema 1")).into());
                }
                (Line::Begin { .. }, Some(_)) => {
                    return Err(wrong("a second recording begins; add one at a time".to_owned()).into());
                }
                (_, None) => {
                    return Err(
                        wrong("the beginning of the recording is missing; copy the whole output".to_owned()).into()
                    );
                }
                (Line::Scenario { file, digest, not_taken, failed, lost, lacks, steps }, Some(recording)) => {
                    if recording.scenarios.iter().any(|other| other.file == file) {
                        return Err(
                            wrong(format!("{file} is recorded twice; a recording has each scenario once")).into()
                        );
                    }
                    recording.scenarios.push(Recorded { file, digest, steps, not_taken, failed, lost, lacks });
                }
                (Line::End { scenarios, digest: expected }, Some(recording)) => {
                    let found = recording.scenarios.len();
                    if found != scenarios {
                        return Err(wrong(format!(
                            "{scenarios} scenarios were recorded, {found} are here; lines are missing"
                        ))
                        .into());
                    }
                    if digest(&covered) != expected {
                        return Err(wrong("the digest does not fit: a line was changed on the way".to_owned()).into());
                    }
                    ended = true;
                }
            }
            covered += raw;
            covered.push('\n');
        }
        let missing = match recording {
            Some(recording) if ended => return Ok(recording),
            None => Problem::new("no evidence in this text; a recording begins with {\"evidence\":\"begin\"")
                .help("`winaccept run --stack STACK --record FILE` writes a recording"),
            Some(_) => Problem::new("the end of the recording is missing; copy the whole output"),
        };
        Err(missing.in_file(name).into())
    }

    /// What was seen of this scenario; `None` when it was not recorded, or its text has changed since.
    #[must_use]
    pub fn replay_of(&self, scenario: &Scenario) -> Option<Replay> {
        let recorded = self.scenarios.iter().find(|recorded| recorded.file == scenario.file)?;
        if recorded.digest != digest(&scenario.script.source) {
            return None;
        }
        recorded.replay(scenario).ok()
    }
}

impl Recorded {
    /// The observations as a replay of this scenario.
    ///
    /// # Errors
    /// When it is not whole: a line does not speak of a step of it, or the lines do not account for every step.
    pub fn replay(&self, scenario: &Scenario) -> Result<Replay, String> {
        whole::check(self, scenario).map_err(|problem| format!("{}: {problem}", self.file))
    }
}

/// An observation; written as the expectation where it is what was expected.
pub(crate) fn shown_as(step: &Step, observed: &Observed, script: &Script) -> String {
    match &step.expect {
        Some(expect) if allows(expect, observed) => render_expect(expect, script),
        _ => render_observed(observed, script, None),
    }
}

/// All that a step may give, as [`shown_as`] has it, each text once.
pub(crate) fn all_shown_as<'o>(
    step: &Step,
    all: impl IntoIterator<Item = &'o Observed>,
    script: &Script,
) -> Vec<String> {
    let mut texts = Vec::new();
    for observed in all {
        let text = shown_as(step, observed, script);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

fn check_identity(identity: &Identity, date: &str) -> Result<(), String> {
    identity.check()?;
    if !is_date(date) {
        return Err(format!("`{date}` is no date; it is written YYYY-MM-DD"));
    }
    Ok(())
}

/// Is this a day of the calendar, written `YYYY-MM-DD`?
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    if parts.iter().map(|part| part.len()).collect::<Vec<_>>() != [4, 2, 2] {
        return false;
    }
    let numbers: Vec<u32> = parts.iter().filter(|part| is_digits(part)).filter_map(|part| part.parse().ok()).collect();
    let [year, month, day] = numbers[..] else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return false,
    };
    // The program and what it looks at are younger than this.
    year >= 1990 && (1..=days).contains(&day)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn line(line: &Line) -> String {
    serde_json::to_string(line).expect("invariant: an evidence line has only strings, numbers and lists") + "\n"
}

/// The recordings that come with the program, in the order of their names.
///
/// # Panics
/// When a bundled evidence file is broken; a test reads them all.
#[must_use]
pub fn bundled() -> Vec<Recording> {
    let read = |(name, content): bundle::File| {
        let text = std::str::from_utf8(content).expect("evidence files are tested");
        Recording::read(text, name).expect("evidence files are tested")
    };
    bundle::under("conformance/evidence", "jsonl").map(read).collect()
}

/// Today, UTC, as `YYYY-MM-DD`. Only evidence carries a date; nothing is decided by it.
#[must_use]
pub fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let days = (now.as_secs() / 86_400) as i64;
    // Civil date from days since 1970-01-01, with years that begin in March so that leap days come last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
