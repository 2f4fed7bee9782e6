//! A stack behind a command that speaks the worker protocol: every process of a scenario is one process of it.

use std::ffi::OsString;

use winaccept_sim::script::Script;

use super::child::Child;
use super::plan::{Planned, plan};
use super::stage::Stage;
use super::{Identity, Replay, Stack, StepReport};

/// A stack whose calls are made by worker processes.
///
/// The processes outlive a scenario where they can: they are asked to clean up after each, and used again. One that
/// ended, did not clean up or does not answer is replaced.
pub struct CommandStack {
    command: Vec<OsString>,
    identity: Identity,
    idle: Vec<Child>,
}

impl CommandStack {
    /// Starts a first worker with this command and asks it who it is.
    ///
    /// # Errors
    /// When the command cannot be started or does not answer as the protocol says; the text names the command.
    pub fn start(command: Vec<OsString>) -> Result<CommandStack, String> {
        let first = Child::start(&command).map_err(|why| {
            let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
            format!("no worker answers to `{}`: {why}", words.join(" "))
        })?;
        let greeting = first.greeting().clone();
        let identity = Identity { name: greeting.name, version: greeting.version, build: greeting.build };
        Ok(CommandStack { command, identity, idle: vec![first] })
    }

    /// As many workers as the script has processes.
    fn processes(&mut self, script: &Script) -> Result<Vec<Child>, String> {
        while self.idle.len() < script.processes.len() {
            self.idle.push(Child::start(&self.command)?);
        }
        Ok(self.idle.drain(..script.processes.len()).collect())
    }

    fn try_replay(&mut self, script: &Script) -> Result<Vec<StepReport>, String> {
        let plan = plan(script)?;
        let processes = self.processes(script)?;
        let mut stage = match Stage::begin(script, processes) {
            Ok(stage) => stage,
            Err((mut processes, why)) => {
                processes.iter_mut().for_each(Child::retire);
                return Err(why);
            }
        };
        let mut reports = Vec::new();
        for planned in plan {
            match planned {
                Planned::Step(index, step) => {
                    let given = stage.take(step);
                    let (observed, assumed) = (given.observed, given.assumed);
                    reports.push(StepReport { index, actor: step.actor, observed, assumed });
                }
                Planned::AnyOrder(lanes) => stage.any_order(&lanes, &mut reports),
            }
        }
        self.idle.splice(0..0, stage.end());
        Ok(reports)
    }
}

impl Stack for CommandStack {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn replay(&mut self, script: &Script) -> Replay {
        match self.try_replay(script) {
            Ok(steps) => Replay { steps, not_taken: None },
            Err(why) => Replay { steps: Vec::new(), not_taken: Some(why) },
        }
    }
}
