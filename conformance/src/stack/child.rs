//! A worker process: starting it, asking it, noticing that it is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::BROUGHT_DOWN;
use super::protocol::{CRASHED_STATUS, Function, MAX_REPLY, Order, Reply, Report, Request, Returned};
use super::quote::{beginning, quoted};

/// How long a worker may take to start and say hello. The first start of a Wine prefix takes many seconds.
const START: Duration = Duration::from_secs(60);

/// How long a worker may take to carry out any other order. It answers in milliseconds or is stuck.
const ANSWER: Duration = Duration::from_secs(20);

/// How many replies may wait to be read. A worker that writes more has to wait itself.
const AHEAD: usize = 64;

/// How long a process may take to end.
const EXIT: Duration = Duration::from_secs(5);

/// A call in progress, by the id of its request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Ticket(u64);

/// How a process was lost, other than by an exit that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Loss {
    pub(super) why: String,
    /// A call brought it down, and the process said so.
    pub(super) crash: bool,
}

/// Who a worker says it is, fit to be shown.
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
    /// Requests that were not answered yet. Those that nobody waits for any more stay: an answer may come after its time.
    open: BTreeSet<u64>,
    /// Calls that returned while something else was waited for.
    returned: BTreeMap<Ticket, Result<Returned, String>>,
    /// What the worker said of the first call that it does not have.
    lacks: Option<String>,
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
        let (sender, replies) = sync_channel(AHEAD);
        std::thread::spawn(move || read_replies(BufReader::new(output), &sender));
        let greeting =
            Greeting { name: String::new(), version: String::new(), build: String::new(), process: process.id() };
        let mut child = Child {
            process,
            requests,
            replies,
            last_id: 0,
            open: BTreeSet::new(),
            returned: BTreeMap::new(),
            lacks: None,
            lost: None,
            crashed: false,
            broken: false,
            greeting,
        };
        let id = child.send(Order::Hello)?;
        match child.answer(id, START)? {
            Report::Hello { name, version, build, process } => {
                let (name, version, build) = (quoted(&name), quoted(&version), quoted(&build));
                child.greeting = Greeting { name, version, build, process };
                Ok(child)
            }
            other => Err(format!("the worker answered hello with {}", told(&other))),
        }
    }

    /// Who it is.
    pub(super) fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Gives an order that is answered at once. [`Report::NotDone`] is an error too.
    pub(super) fn ask(&mut self, order: Order) -> Result<Report, String> {
        let id = self.send(order.clone())?;
        match self.answer(id, ANSWER)? {
            Report::NotDone { reason } => Err(quoted(&reason)),
            report if order.is_answered_by(&report) => Ok(report),
            // What else it says cannot be trusted, and is not to be held against its stack.
            other => {
                let order = quoted(&serde_json::to_string(&order).unwrap_or_default());
                Err(self.lose(format!("the worker answered {order} with {}", told(&other))))
            }
        }
    }

    /// Issues a call.
    pub(super) fn call(&mut self, thread: u8, call: Function) -> Result<Ticket, String> {
        self.send(Order::Call { thread, call }).map(Ticket)
    }

    /// Lets a condition function return: what its call then gives is told as of a call of its own.
    pub(super) fn condition_returns(&mut self, thread: u8, answer: i32) -> Result<Ticket, String> {
        self.send(Order::ConditionReturns { thread, answer }).map(Ticket)
    }

    /// Lets a completion routine return, likewise.
    pub(super) fn routine_returns(&mut self, thread: u8) -> Result<Ticket, String> {
        self.send(Order::RoutineReturns { thread }).map(Ticket)
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
        self.lost = Some("the process has exited".to_owned());
        match self.ended_within(EXIT) {
            Ok(Some(status)) => status.code().ok_or_else(|| status.to_string()),
            Ok(None) => Err("the process did not exit".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Ends a thread, whatever it is in. A worker may not have that, as it may not have a call.
    pub(super) fn end_thread(&mut self, thread: u8) -> Result<(), String> {
        let id = self.send(Order::EndThread { thread })?;
        match self.answer(id, ANSWER)? {
            Report::Done => Ok(()),
            Report::NotDone { reason } => {
                let reason = quoted(&reason);
                self.lacks.get_or_insert_with(|| reason.clone());
                Err(reason)
            }
            other => Err(self.lose(format!("the worker answered the end of a thread with {}", told(&other)))),
        }
    }

    /// Asks this process nothing more: what state it is in is not known.
    pub(super) fn retire(&mut self) {
        self.lost.get_or_insert_with(|| "the process was given up".to_owned());
    }

    /// Waits until a process is gone that goes down by itself, and not for ever.
    pub(super) fn await_end(&mut self) {
        let _ = self.ended_within(EXIT);
    }

    /// How the process ended, if it does so in this time.
    fn ended_within(&mut self, patience: Duration) -> std::io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + patience;
        loop {
            match self.process.try_wait() {
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
                status => return status,
            }
        }
    }

    /// Did a call bring the process down?
    pub(super) fn has_crashed(&self) -> bool {
        self.crashed
    }

    /// What the worker said of a call that it does not have, told once.
    pub(super) fn lacks(&mut self) -> Option<String> {
        self.lacks.take()
    }

    /// How it was lost, other than by an exit that was asked for.
    pub(super) fn loss(&self) -> Option<Loss> {
        let why = self.lost.clone().filter(|_| self.broken)?;
        Some(Loss { why, crash: self.crashed })
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
        self.open.insert(id);
        match sent {
            Ok(()) => Ok(id),
            Err(error) => {
                // What it still said tells how it ended.
                while let Ok(Some(reply)) = self.receive(EXIT) {
                    self.file(reply);
                }
                let lost = self.lost.clone();
                Err(lost.unwrap_or_else(|| self.lose(format!("the worker takes no more requests: {error}"))))
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

    /// Keeps what became of a call. Only calls are answered while something else is waited for.
    fn file(&mut self, reply: Reply) {
        let returned = match reply.report {
            Report::Returned(returned) => Ok(returned),
            Report::NotDone { reason } => {
                let reason = quoted(&reason);
                self.lacks.get_or_insert_with(|| reason.clone());
                Err(reason)
            }
            other => {
                let other = told(&other);
                self.lose(format!("the worker answered request {}, a call, with {other}", reply.id));
                return;
            }
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
            Ok(Ok(reply)) if !self.open.remove(&reply.id) => Err(self.lose(self.unasked(reply.id))),
            Ok(Ok(reply)) => Ok(Some(reply)),
            Ok(Err(error)) => Err(self.lose(error)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                // Its output closes a moment before it is gone.
                let why = match self.ended_within(Duration::from_millis(200)).ok().flatten() {
                    Some(status) if status.code() == i32::try_from(CRASHED_STATUS).ok() => {
                        self.crashed = true;
                        BROUGHT_DOWN.to_owned()
                    }
                    Some(status) => format!("the worker process ended ({status})"),
                    None => "the worker closed its standard output".to_owned(),
                };
                Err(self.lose(why))
            }
        }
    }

    /// What is wrong with an answer to this request, which none is awaited to.
    fn unasked(&self, id: u64) -> String {
        let again = (1..=self.last_id).contains(&id);
        let what = if again { "which it had answered already" } else { "which nobody made" };
        format!("the worker answered request {id}, {what}")
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
        let patience = if self.lost.is_none() { EXIT } else { Duration::from_millis(100) };
        if !matches!(self.ended_within(patience), Ok(None)) {
            return;
        }
        // It may have ended in this instant; then there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An answer as the worker may have written it, fit to be shown.
pub(super) fn told(report: &Report) -> String {
    quoted(&serde_json::to_string(report).unwrap_or_default())
}

/// Reads until the output ends or a line is no reply.
fn read_replies(mut output: impl BufRead, replies: &SyncSender<Result<Reply, String>>) {
    while let Some(reply) = next_reply(&mut output) {
        let broken = reply.is_err();
        if replies.send(reply).is_err() || broken {
            return;
        }
    }
}

/// The next line that is not blank; `None` at the end of the output. Never holds more than the longest reply.
fn next_reply(output: &mut impl BufRead) -> Option<Result<Reply, String>> {
    loop {
        let mut line = Vec::new();
        match output.by_ref().take(MAX_REPLY as u64 + 1).read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) if line.len() > MAX_REPLY && line.last() != Some(&b'\n') => return Some(Err(too_long(&line))),
            Ok(_) if line.trim_ascii().is_empty() => {}
            Ok(_) => return Some(Reply::read(&line)),
            Err(error) => return Some(Err(format!("the worker's output cannot be read: {error}"))),
        }
    }
}

fn too_long(line: &[u8]) -> String {
    format!("the worker wrote a line of more than {MAX_REPLY} bytes: {}", beginning(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Vec<Result<Reply, String>> {
        let mut output = output.as_bytes();
        std::iter::from_fn(|| next_reply(&mut output)).collect()
    }

    #[test]
    fn a_reply_may_be_as_long_as_the_protocol_says() {
        let done = r#"{"id":1,"did":"done"}"#;
        let longest = done.to_owned() + &" ".repeat(MAX_REPLY - done.len());
        assert_eq!(read(&format!("\n  \n{longest}\n{done}\r\n{done}")).iter().filter(|reply| reply.is_ok()).count(), 3);
        let why = read(&format!("{longest} \n")).swap_remove(0).expect_err("one byte too many");
        assert!(why.starts_with("the worker wrote a line of more than 1048576 bytes: {\"id\":1"), "{why}");
        assert!(why.chars().count() < 300, "{why}");
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut endless = BufReader::new(std::io::repeat(b'x'));
        let why = next_reply(&mut endless).expect("a line").expect_err("no reply");
        assert!(why.ends_with('…'), "{why}");
    }

    #[test]
    fn what_is_no_reply_is_shown_shortened_and_escaped() {
        let why = read(&format!("{{\"id\":1,\"did\":\"{}\u{1b}\"}}\n", "x".repeat(5000))).swap_remove(0);
        assert!(why.expect_err("no reply").chars().count() < 500);
        let why = read("\u{1b}[2J").swap_remove(0).expect_err("no reply");
        assert!(why.contains("no reply: \\u{1b}[2J: "), "{why}");
    }
}
