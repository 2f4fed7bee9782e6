//! Learned machines: their files, and what `winaccept check --machine` says of them.

mod csv;

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::choice::Alt;
use winaccept_model::step::Machine;
use winaccept_sim::learned::{Learned, Says, judge};

use crate::lang::{bundle, file};
use crate::problem::{Problem, Problems};

/// Where the machines that come with the program lie.
const FOLDER: &str = "conformance/machines";
/// The most bytes that a file of a machine may have.
const MAX_FILE: usize = 16 << 20;

/// Reads the machine in a file, or the one of this name that comes with the program.
///
/// # Errors
/// What is wrong with the file, where, and what to do about it.
pub fn find(path: &Path) -> Result<Learned, Problems> {
    let name = path.display().to_string();
    if !path.exists()
        && let Some((_, content)) = bundle::under(FOLDER, "csv").find(|(file, _)| file.trim_end_matches(".csv") == name)
    {
        return Ok(csv::read(content, &name)?);
    }
    let bundled = || {
        let all: Vec<&str> = bundle::under(FOLDER, "csv").map(|(file, _)| file.trim_end_matches(".csv")).collect();
        format!("a file with the columns state, input, output and next, or one that comes along: {}", all.join(", "))
    };
    let content = file::bytes(path, MAX_FILE).map_err(|wrong| wrong.or_help(&bundled()))?;
    if content.len() > MAX_FILE {
        let problem = Problem::new("this is too large").in_file(&name);
        return Err(problem.help(format!("a machine has at most {MAX_FILE} bytes")).into());
    }
    Ok(csv::read(&content, &name)?)
}

/// Reads a machine from the content of a file of this name.
///
/// # Errors
/// What is wrong with it, on which line, and what to do about it.
pub fn read(content: &[u8], name: &str) -> Result<Learned, Problem> {
    csv::read(content, name)
}

/// What `check --machine` writes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct CheckOutput {
    /// The file of the machine.
    pub machine: String,
    /// The profile.
    pub profile: String,
    /// How many transitions the machine has: the sum of the four kinds.
    pub transitions: usize,
    /// How many the model takes so, and in no other way.
    pub exact: usize,
    /// Those that the model takes so, and in other ways too.
    pub wider: Vec<WiderOutput>,
    /// Those that the model never takes so.
    pub wrong: Vec<WrongOutput>,
    /// Of how many nothing can be said.
    pub unsayable: usize,
    /// Which these are, and why.
    pub unsayable_transitions: Vec<UnsayableOutput>,
}

/// A transition that the model takes, and in other ways too.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct WiderOutput {
    /// The state.
    pub state: String,
    /// The input.
    pub input: String,
    /// What the machine answers.
    pub observed: String,
    /// What else the model may answer.
    pub also: Vec<&'static str>,
    /// The choice points, with the alternatives that lead to these other answers.
    pub choices: Vec<String>,
}

/// A transition that the model never takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct WrongOutput {
    /// The state.
    pub state: String,
    /// The input.
    pub input: String,
    /// What the machine answers.
    pub observed: String,
    /// What the model may answer.
    pub allowed: Vec<&'static str>,
    /// A shortest sequence of inputs that shows it; the last is the input above.
    pub word: Vec<String>,
}

/// A transition of which nothing can be said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct UnsayableOutput {
    /// The state.
    pub state: String,
    /// The input.
    pub input: String,
    /// What the machine answers.
    pub observed: String,
    /// Why.
    pub reason: String,
}

/// Judges every transition of a machine by the model under a profile.
#[must_use]
pub fn check(name: &str, learned: &Learned, machine: &Machine) -> CheckOutput {
    let mut output = CheckOutput {
        machine: name.to_owned(),
        profile: machine.profile.name.clone(),
        transitions: learned.transitions.len(),
        exact: 0,
        wider: Vec::new(),
        wrong: Vec::new(),
        unsayable: 0,
        unsayable_transitions: Vec::new(),
    };
    for (transition, says) in learned.transitions.iter().zip(judge(learned, machine)) {
        let state = learned.states[transition.from].clone();
        let (input, observed) = (transition.input.clone(), transition.output.clone());
        match says {
            Says::Exact => output.exact += 1,
            Says::Wider(all) => {
                let also = all.iter().map(|also| also.output.name()).collect();
                let mut choices: Vec<Alt> = all.iter().flat_map(|also| also.choices.iter().copied()).collect();
                choices.sort_unstable();
                choices.dedup();
                let choices = choices.into_iter().map(Alt::text).collect();
                output.wider.push(WiderOutput { state, input, observed, also, choices });
            }
            Says::Wrong { allowed, word } => {
                let allowed = allowed.into_iter().map(winaccept_sim::learned::Output::name).collect();
                output.wrong.push(WrongOutput { state, input, observed, allowed, word });
            }
            Says::Unsayable(reason) => {
                output.unsayable += 1;
                output.unsayable_transitions.push(UnsayableOutput { state, input, observed, reason });
            }
        }
    }
    // The first to be told is one that says most: with the shortest word.
    output.wrong.sort_by_key(|wrong| wrong.word.len());
    output
}
