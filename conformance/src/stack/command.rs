//! A stack behind a command that speaks the worker protocol: every process of a scenario is one process of it.

use std::ffi::OsString;

use winaccept_sim::script::{Action, Expect, Script, Step};

use super::child::{Child, Loss};
use super::plan::{Planned, plan};
use super::stage::{Stage, loss};
use super::turn::Patience;
use super::{Foresees, Identity, Lacks, Replay, Stack, StepReport};

/// What came of playing a script once.
#[derive(Default)]
struct Attempt {
    steps: Vec<StepReport>,
    /// Why it was not played to its end.
    failed: Option<String>,
    /// The call that the stack does not have, with which it ended.
    lacks: Option<Lacks>,
    /// How a process was lost on the way, if one was.
    lost: Option<Loss>,
}

impl Attempt {
    /// It never began.
    fn failed(why: String, lost: Option<Loss>) -> Attempt {
        Attempt { failed: Some(why), lost, ..Attempt::default() }
    }

    /// Why another attempt is worth its time.
    fn unsettled(&self) -> Option<String> {
        self.lost.as_ref().map(|lost| &lost.why).or(self.failed.as_ref()).cloned()
    }

    /// As what came of the script, after an earlier attempt that was `again` given up.
    fn replay(self, again: Option<String>) -> Replay {
        let lost = self.lost.filter(|lost| !lost.crash).map(|lost| lost.why);
        Replay { steps: self.steps, failed: self.failed, lost, again, not_taken: None, lacks: self.lacks }
    }
}

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
        identity.check()?;
        Ok(CommandStack { command, identity, idle: vec![first] })
    }

    /// As many workers as the script has processes.
    fn processes(&mut self, script: &Script) -> Result<Vec<Child>, String> {
        while self.idle.len() < script.processes.len() {
            self.idle.push(Child::start(&self.command)?);
        }
        Ok(self.idle.drain(..script.processes.len()).collect())
    }

    /// Plays a script once.
    fn attempt(&mut self, script: &Script, plan: &[Planned<'_>], foresees: Foresees<'_>) -> Attempt {
        let processes = match self.processes(script) {
            Ok(processes) => processes,
            // One that does not start is as good as lost.
            Err(why) => return Attempt::failed(why.clone(), Some(Loss { why, crash: false })),
        };
        let mut stage = match Stage::begin(script, processes) {
            Ok(stage) => stage,
            Err((mut processes, why)) => {
                let lost = loss(&processes);
                processes.iter_mut().for_each(Child::retire);
                return Attempt::failed(why, lost);
            }
        };
        let mut reports = Vec::new();
        let mut lacks = None;
        for planned in plan {
            match planned {
                Planned::Step(index, step) => {
                    let blocks = step.expect == Some(Expect::Blocks) || may_wait(step) && foresees(*index, &reports);
                    let given = stage.take(step, if blocks { Patience::ToBlock } else { Patience::ToReturn });
                    let (observed, assumed) = (given.observed, given.assumed);
                    reports.push(StepReport { index: *index, actor: step.actor, observed, assumed });
                }
                Planned::AnyOrder(lanes) => stage.any_order(lanes, &mut reports),
            }
            lacks = stage.lacks(&mut reports);
            if lacks.is_some() {
                break; // what follows would be about another scenario
            }
        }
        let (kept, lost) = stage.end();
        self.idle.splice(0..0, kept);
        Attempt { steps: reports, failed: None, lacks, lost }
    }
}

impl Stack for CommandStack {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn replay(&mut self, script: &Script) -> Replay {
        self.replay_foreseen(script, &mut |_, _| false)
    }

    fn replay_foreseen(&mut self, script: &Script, foresees: Foresees<'_>) -> Replay {
        let plan = match plan(script) {
            Ok(plan) => plan,
            Err(why) => return Replay { not_taken: Some(why), ..Replay::default() },
        };
        // A process that is lost, because a call crashed it or because it no longer answers, may be the stack's answer or an
        // accident of this machine. The scenario is played again in new processes, and that is what counts.
        let first = self.attempt(script, &plan, foresees);
        match first.unsettled() {
            None => first.replay(None),
            again => {
                self.idle.clear();
                self.attempt(script, &plan, foresees).replay(again)
            }
        }
    }
}

/// Is this step about a call that can wait?
fn may_wait(step: &Step) -> bool {
    match &step.action {
        Action::Call(call) => call.function().does().waits,
        action => matches!(action, Action::Resumes | Action::ConditionReturns { .. } | Action::RoutineReturns { .. }),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use winaccept_model::code::Code;
    use winaccept_model::outcome::Value;
    use winaccept_sim::observe::{Observed, Shown, ShownValue};

    use super::*;

    /// A worker in which only `accept` blocks, until its socket is closed.
    const WORKER: &str = r#"
        while read -r line; do
            n=$((n + 1))
            case $line in
            *'"do":"hello"'*) echo '{"id":'$n',"did":"hello","name":"toy","version":"1","build":"toy","process":7}' ;;
            *'"function":"socket"'*) echo '{"id":'$n',"did":"returned","value":52,"error":0}' ;;
            *'"function":"accept"'*) accept=$n ;;
            *'"function":"closesocket","s":52'*)
                echo '{"id":'$n',"did":"returned","value":0,"error":0}'
                echo '{"id":'$accept',"did":"returned","value":-1,"error":10004}' ;;
            *'"do":"waiting"'*) echo '{"id":'$n',"did":"waiting","at":"the toy"}' ;;
            *'"do":"look"'*) echo '{"id":'$n',"did":"looked","sockets":[{"local":null,"remote":null,"readable":false}]}' ;;
            *'"do":"connections"'*) echo '{"id":'$n',"did":"connections","connections":[]}' ;;
            *'"do":"end"'*) echo '{"id":'$n',"did":"ended","clean":true}' ;;
            *) echo '{"id":'$n',"did":"done"}' ;;
            esac
        done"#;

    fn replay(stack: &mut CommandStack, source: &str) -> Replay {
        let script = crate::lang::parse(source.as_bytes(), "test", &|_| true).unwrap_or_else(|error| panic!("{error}"));
        stack.replay(&script)
    }

    fn toy() -> CommandStack {
        CommandStack::start(vec!["sh".into(), "-c".into(), WORKER.into()]).expect("there is a shell")
    }

    fn returned(value: ShownValue, error: Code) -> Observed {
        Observed::Returned(Shown { value, error, out: Vec::new() })
    }

    #[test]
    fn a_worker_is_used_for_one_scenario_after_another() {
        let source = "scenario \"closed under a blocked accept\"\n\n\
            server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L\n\
            server  accept(L, NULL, NULL) = ...\n\
            other   closesocket(L) = 0\n\
            server  accept resumes = INVALID_SOCKET WSAEINTR\n";
        let mut stack = toy();
        assert_eq!(stack.identity().to_string(), "toy-1");
        for _ in 0..2 {
            let replay = replay(&mut stack, source);
            let seen: Vec<_> = replay.steps.iter().map(|step| (step.index, step.observed.clone())).collect();
            let expected = [
                (0, returned(ShownValue::Handle, Code::NONE)),
                (1, Observed::Blocks),
                (2, returned(ShownValue::Is(Value::Number(0)), Code::NONE)),
                (3, returned(ShownValue::Is(Value::InvalidSocket), Code::WSAEINTR)),
            ];
            assert_eq!(seen, expected);
            assert_eq!(replay.steps[1].assumed, None, "it was seen waiting");
            assert_eq!(stack.idle.len(), 1);
        }
    }

    #[test]
    fn what_a_real_stack_cannot_take_is_not_taken() {
        let mut stack = toy();
        let replay = replay(&mut stack, "scenario \"a fault\"\n\nfault no-buffers\nserver  WSAGetLastError()\n");
        assert_eq!(replay.not_taken.as_deref(), Some("a real stack cannot be told to inject a fault"));
        assert!(replay.steps.is_empty());
    }

    #[test]
    fn a_command_that_is_no_worker_is_named() {
        let why = CommandStack::start(vec!["sh".into(), "-c".into(), "exit 3".into()]).err().expect("no worker");
        assert!(why.contains("`sh -c exit 3`"), "{why}");
    }
}
