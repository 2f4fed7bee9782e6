//! A worker process: starting it, asking it, noticing that it is gone.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::protocol::{Function, Order, Reply, Report, Request, Returned};

/// How long a worker may take to start and say hello. The first start of a Wine prefix takes many seconds.
const START: Duration = Duration::from_secs(60);

/// How long a worker may take to carry out any other order. It answers in milliseconds or is stuck.
const ANSWER: Duration = Duration::from_secs(20);

/// What is said of a process that an exception ended.
const BROUGHT_DOWN: &str = "a call brought the process down";

/// How long a process may take to end.
const EXIT: Duration = Duration::from_secs(5);

/// A call in progress, by the id of its request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Ticket(u64);

/// Who a worker says it is.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Greeting {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) build: String,
    pub(super) process: u32,
}

/// A running worker process. Dropping it ends it.
pub(super) struct Child {
    process: std::process::Child,
    requests: Option<ChildStdin>,
    replies: Receiver<Result<Reply, String>>,
    last_id: u64,
    /// Calls that returned while something else was waited for.
    returned: BTreeMap<Ticket, Result<Returned, String>>,
    /// Why no more answers will come.
    lost: Option<String>,
    /// A call brought the process down.
    crashed: bool,
    /// It was lost, other than by an exit that was asked for.
    broken: bool,
    greeting: Greeting,
}

impl Child {
    /// Starts the command and waits for its hello.
    pub(super) fn start(command: &[OsString]) -> Result<Child, String> {
        let (program, arguments) = command.split_first().ok_or("the command is empty")?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let requests = process.stdin.take();
        let output = process.stdout.take().ok_or("the worker has no standard output")?;
        let (sender, replies) = channel();
        std::thread::spawn(move || read_replies(BufReader::new(output), &sender));
        let greeting =
            Greeting { name: String::new(), version: String::new(), build: String::new(), process: process.id() };
        let mut child = Child {
            process,
            requests,
            replies,
            last_id: 0,
            returned: BTreeMap::new(),
            lost: None,
            crashed: false,
            broken: false,
            greeting,
        };
        let id = child.send(Order::Hello)?;
        match child.answer(id, START)? {
            Report::Hello { name, version, build, process } => {
                child.greeting = Greeting { name, version, build, process };
                Ok(child)
            }
            other => Err(format!("the worker answered hello with {other:?}")),
        }
    }

    /// Who it is.
    pub(super) fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Gives an order that is answered at once. [`Report::NotDone`] is an error too.
    pub(super) fn ask(&mut self, order: Order) -> Result<Report, String> {
        let id = self.send(order)?;
        match self.answer(id, ANSWER)? {
            Report::NotDone { reason } => Err(reason),
            report => Ok(report),
        }
    }

    /// Issues a call.
    pub(super) fn call(&mut self, thread: u8, call: Function) -> Result<Ticket, String> {
        self.send(Order::Call { thread, call }).map(Ticket)
    }

    /// The call's return, if it comes within this time. It is told once.
    pub(super) fn returned(&mut self, ticket: Ticket, patience: Duration) -> Option<Result<Returned, String>> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(returned) = self.returned.remove(&ticket) {
                return Some(returned);
            }
            match self.receive(deadline.saturating_duration_since(Instant::now())) {
                Ok(Some(reply)) => self.file(reply),
                Ok(None) => return None,
                Err(lost) => return Some(Err(lost)),
            }
        }
    }

    /// Has this call returned already? Leaves the answer for [`Child::returned`].
    pub(super) fn has_returned(&mut self, ticket: Ticket) -> bool {
        while let Ok(Some(reply)) = self.receive(Duration::ZERO) {
            self.file(reply);
        }
        self.returned.contains_key(&ticket) || self.lost.is_some()
    }

    /// Keeps a return for the next [`Child::returned`].
    pub(super) fn put_back(&mut self, ticket: Ticket, returned: Result<Returned, String>) {
        self.returned.insert(ticket, returned);
    }

    /// Ends the process with this exit code, and tells the one it really ended with; on Unix the lower eight bits.
    pub(super) fn exit(&mut self, code: i32) -> Result<i32, String> {
        self.send(Order::Exit { code })?;
        let deadline = Instant::now() + EXIT;
        self.lost = Some("the process has exited".to_owned());
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return status.code().ok_or_else(|| status.to_string()),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
                Ok(None) => return Err("the process did not exit".to_owned()),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Asks this process nothing more: what state it is in is not known.
    pub(super) fn retire(&mut self) {
        self.lost.get_or_insert_with(|| "the process was given up".to_owned());
    }

    /// Did a call bring the process down?
    pub(super) fn has_crashed(&self) -> bool {
        self.crashed
    }

    /// Why it was lost, other than by an exit that was asked for.
    pub(super) fn broken(&self) -> Option<&str> {
        self.lost.as_deref().filter(|_| self.broken)
    }

    /// False once no more answers will come.
    pub(super) fn is_alive(&self) -> bool {
        self.lost.is_none()
    }

    fn send(&mut self, order: Order) -> Result<u64, String> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        self.last_id += 1;
        let id = self.last_id;
        let mut line = serde_json::to_string(&Request { id, order }).map_err(|error| error.to_string())?;
        line.push('\n');
        let sent = match &mut self.requests {
            Some(requests) => requests.write_all(line.as_bytes()).and_then(|()| requests.flush()),
            None => return Err("the worker has no standard input".to_owned()),
        };
        match sent {
            Ok(()) => Ok(id),
            Err(error) => {
                // What it still said tells how it ended.
                while let Ok(Some(reply)) = self.receive(EXIT) {
                    self.file(reply);
                }
                let why = format!("the worker takes no more requests: {error}");
                Err(if self.crashed { BROUGHT_DOWN.to_owned() } else { self.lose(why) })
            }
        }
    }

    fn answer(&mut self, id: u64, patience: Duration) -> Result<Report, String> {
        let deadline = Instant::now() + patience;
        loop {
            match self.receive(deadline.saturating_duration_since(Instant::now()))? {
                Some(reply) if reply.id == id => return Ok(reply.report),
                Some(reply) => self.file(reply),
                None => return Err(self.lose(format!("the worker gave no answer in {} s", patience.as_secs()))),
            }
        }
    }

    fn file(&mut self, reply: Reply) {
        let returned = match reply.report {
            Report::Returned(returned) => Ok(returned),
            Report::NotDone { reason } => Err(reason),
            _ => return, // an answer that came after its time
        };
        self.returned.insert(Ticket(reply.id), returned);
    }

    fn receive(&mut self, patience: Duration) -> Result<Option<Reply>, String> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        match self.replies.recv_timeout(patience) {
            Ok(Ok(Reply { report: Report::Crashed, .. })) => {
                self.crashed = true;
                // A process that crashes may hang on its way out; nobody needs it any more.
                let _ = self.process.kill();
                Err(self.lose(BROUGHT_DOWN.to_owned()))
            }
            Ok(Ok(reply)) => Ok(Some(reply)),
            Ok(Err(error)) => Err(self.lose(error)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.process.try_wait().ok().flatten();
                Err(self.lose(match status {
                    Some(status) => format!("the worker process ended ({status})"),
                    None => "the worker closed its standard output".to_owned(),
                }))
            }
        }
    }

    fn lose(&mut self, why: String) -> String {
        self.lost = Some(why.clone());
        self.broken = true;
        why
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.requests.take()); // a worker ends when its input ends
        let deadline = Instant::now() + if self.lost.is_none() { EXIT } else { Duration::from_millis(100) };
        while Instant::now() < deadline {
            match self.process.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        // It may have ended in this instant; then there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads until the output ends or a line is no reply.
fn read_replies(output: impl BufRead, replies: &Sender<Result<Reply, String>>) {
    for line in output.lines() {
        let reply = match line {
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => serde_json::from_str(&line).map_err(|error| format!("the worker wrote {line:?}: {error}")),
            Err(error) => Err(format!("the worker's output cannot be read: {error}")),
        };
        let broken = reply.is_err();
        if replies.send(reply).is_err() || broken {
            return;
        }
    }
}
