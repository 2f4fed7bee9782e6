//! Stacks: whatever executes the calls of a script.
//!
//! A real stack is played by worker processes, one for each process of the script, that speak the [`protocol`]. What is
//! the same for all of them stands above the protocol: who makes which call when, what a variable stands for, whether
//! the network is quiet, whether a call blocks. Our own worker, for Windows and so for Wine, is `winaccept worker`.
//!
//! Nothing here rests on sleeping long enough. That a call blocks and that everything in flight has arrived is seen by
//! a witness; where there is none, the step's report says what was assumed instead.

mod child;
mod command;
mod exec;
#[cfg(any(windows, test))]
mod linux_table;
mod model;
mod order;
mod plan;
pub mod protocol;
mod quiet;
mod quote;
mod seen;
mod stage;
mod turn;
#[cfg(windows)]
mod windows;
mod wine;
pub mod wire;

use std::fmt;

use serde::{Deserialize, Serialize};

use winaccept_model::call::ThreadId;
use winaccept_sim::observe::Observed;
use winaccept_sim::script::Script;

use crate::profiles::is_plain;

pub use command::CommandStack;
pub use exec::exec;
pub use model::ModelStack;
pub(crate) use order::{MAX_ROUNDS, body_behind, goes_round, leaves};
pub use plan::{Numbered, numbered};
pub(crate) use plan::{Planned, PlannedInLane, PlannedLane, can_be_left, plan};
pub use seen::shown;
#[cfg(windows)]
pub use windows::{windows, worker_main};
pub use wine::wine;

/// What is said of a process that an exception ended, and of the calls in it that did not return.
pub(crate) const BROUGHT_DOWN: &str = "a call brought the process down";

/// So many scenarios in a row whose processes were lost, each of them twice, are no accident. Each may take a minute.
pub const HOPELESS: usize = 3;

/// A call that a stack does not have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lacks {
    /// The step that makes it.
    pub step: usize,
    /// What the worker says.
    pub reason: String,
}

/// Which stack it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// In lower case: `windows`, `wine`.
    pub name: String,
    /// `10.0.20348`, `8.0`.
    pub version: String,
    /// The exact build in the stack's own words.
    pub build: String,
}

impl Identity {
    /// Can this name a stack, a profile and a file of evidence?
    ///
    /// # Errors
    /// Says what it may be made of.
    pub fn check(&self) -> Result<(), String> {
        if is_plain(&self.name) && is_plain(&self.version) {
            return Ok(());
        }
        Err(format!("`{self}` cannot name a stack; letters, digits, `.`, `-` and `_` can"))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.name, self.version)
    }
}

/// What was seen of one step.
#[derive(Clone, PartialEq, Debug)]
pub struct StepReport {
    /// The step's number: its position in [`numbered`]. A step of `repeat` is reported as often as it was taken.
    pub index: usize,
    /// Whose step it is.
    pub actor: ThreadId,
    /// What was seen.
    pub observed: Observed,
    /// Why this rests on an assumed wait, if it does: no witness showed that a call blocks, or that its effects arrived.
    pub assumed: Option<String>,
}

/// What was seen of one scenario.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Replay {
    /// The steps in the order in which they ended.
    pub steps: Vec<StepReport>,
    /// Why no real stack can take this scenario, if none can.
    pub not_taken: Option<String>,
    /// Why the stack could not play it to its end although it should have: a worker that does not start or answer.
    pub failed: Option<String>,
    /// The call that this stack does not have, if one is made. Nothing behind it was played.
    pub lacks: Option<Lacks>,
    /// Why a process was lost the first time, if one was: the scenario was played again in new processes, and this is what came
    /// of that.
    pub again: Option<String>,
    /// Why a process was lost this time, if one was and no call crashed it: what was not seen then is not the stack's answer.
    pub lost: Option<String>,
}

/// A real stack.
pub trait Stack {
    /// Which one.
    fn identity(&self) -> Identity;
    /// Replays a script from the beginning; nothing is left over from an earlier one.
    fn replay(&mut self, script: &Script) -> Replay;
    /// The same for whoever foresees which steps block: where the call of such a step is seen waiting, nobody waits for it any longer.
    fn replay_foreseen(&mut self, script: &Script, _foresees: Foresees<'_>) -> Replay {
        self.replay(script)
    }
}

/// Does the step of this number block, after what was seen so far?
pub type Foresees<'f> = &'f mut dyn FnMut(usize, &[StepReport]) -> bool;
