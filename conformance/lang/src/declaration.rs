//! The lines between the title and the first step: processes, Winsock versions, `model only`.

use winaccept_model::call::{ProcessId, Version};
use winaccept_sim::script::Process;

use super::cursor::{Parsed, shortened};
use super::diagnostic::Diagnostic;
use super::limits::MAX_PROCESSES;
use super::literal;
use super::parser::Parser;
use super::peer::NEEDS_RAW_SOCKET;
use super::reserved::KEYWORDS;
use super::token::Kind;

/// The versions that `WSAStartup` can have agreed on.
const STARTED: &[(&str, Option<Version>)] = &[
    ("none", None),
    ("1.0", Some(Version { major: 1, minor: 0 })),
    ("1.1", Some(Version { major: 1, minor: 1 })),
    ("2.0", Some(Version { major: 2, minor: 0 })),
    ("2.1", Some(Version { major: 2, minor: 1 })),
    ("2.2", Some(Version { major: 2, minor: 2 })),
];

impl Parser<'_> {
    /// Reads one declaration; false when what comes next is none.
    pub(super) fn declaration(&mut self) -> bool {
        let read = match self.cursor.text() {
            "process" => self.process_line(),
            "winsock" => self.winsock_line(),
            "model" => self.model_only(),
            _ if self.at_peer_line() => self.peer_line(),
            _ => return false,
        };
        if read.is_err() {
            self.cursor.skip_line();
        }
        true
    }

    /// `process peer: client, other`
    fn process_line(&mut self) -> Parsed<()> {
        self.cursor.advance();
        let (name, span) = self.cursor.word("the name of a process")?;
        if name == "main" {
            let problem = Diagnostic::new("`main` is the default process", span, "needs no declaration")
                .help("actors that no `process` line names belong to `main`");
            return Err(self.cursor.report(problem));
        }
        if self.script.processes.iter().any(|process| process.name == name) {
            let problem = Diagnostic::new(
                format!("process `{}` is declared twice", shortened(name)),
                span,
                "declared again here",
            )
            .help("list all its actors on one line");
            return Err(self.cursor.report(problem));
        }
        if self.script.processes.len() == MAX_PROCESSES {
            let label = format!("this would be one more than {MAX_PROCESSES}");
            return Err(self.cursor.report(Diagnostic::new("too many processes", span, label)));
        }
        let process = ProcessId::new(self.script.processes.len());
        self.script.processes.push(Process { name: name.to_owned(), started: Some(Version { major: 2, minor: 2 }) });
        self.cursor.expect(":")?;
        loop {
            self.home(process)?;
            if !self.cursor.eat(",") {
                break;
            }
        }
        self.cursor.line_end("`,` and another actor, or the end of the line")
    }

    /// One actor of a `process` line.
    fn home(&mut self, process: ProcessId) -> Parsed<()> {
        let (word, span) = self.cursor.word("an actor of this process")?;
        if KEYWORDS.contains(&word) || word.contains(['.', '-']) {
            let title = format!("`{}` cannot name an actor", shortened(word));
            let label = "expected letters, digits and `_`, and no word of the language";
            return Err(self.cursor.report(Diagnostic::new(title, span, label)));
        }
        if let Some((_, first)) = self.homes.get(word) {
            let problem =
                Diagnostic::new(format!("actor `{}` is declared twice", shortened(word)), span, "declared again here")
                    .also(first.clone(), "first declared here")
                    .help("a thread belongs to one process");
            return Err(self.cursor.report(problem));
        }
        self.homes.insert(word.to_owned(), (process, span));
        Ok(())
    }

    /// `winsock none`, `winsock 1.1 peer`
    fn winsock_line(&mut self) -> Parsed<()> {
        let (_, line) = self.cursor.advance();
        let started = self.cursor.one_of("a version", STARTED)?;
        let process = if self.cursor.at_line_end() { ProcessId(0) } else { self.process()? };
        if let Some(first) = self.winsock_lines.get(&process.0) {
            let name = &self.script.processes[process.index()].name;
            let problem =
                Diagnostic::new(format!("the version of process `{name}` is given twice"), line, "given again here")
                    .also(first.clone(), "first given here");
            return Err(self.cursor.report(problem));
        }
        self.winsock_lines.insert(process.0, line);
        self.script.processes[process.index()].started = started;
        self.cursor.line_end("the name of a process or the end of the line")
    }

    /// `model only "reason"`
    fn model_only(&mut self) -> Parsed<()> {
        let (_, line) = self.cursor.advance();
        self.cursor.expect("only")?;
        if self.cursor.kind() != Kind::Text {
            let problem = self.cursor.expectation("the reason in quotes");
            return Err(self
                .cursor
                .report(problem.help("say why no real stack can take it: `model only \"needs a fault\"`")));
        }
        let reason = self.cursor.string("the reason in quotes")?;
        let by_a_peer = self.script.model_only.as_deref() == Some(NEEDS_RAW_SOCKET) && !self.peers.is_empty();
        if self.script.model_only.is_some() && !by_a_peer {
            let problem = Diagnostic::new("`model only` is given twice", line, "given again here")
                .help("put both reasons into one line");
            return Err(self.cursor.report(problem));
        }
        self.script.model_only = Some(reason);
        self.cursor.line_end("nothing after the reason")
    }

    /// Takes a version such as `2.2`.
    pub(super) fn version(&mut self) -> Parsed<Version> {
        match literal::version(self.cursor.text()).filter(|_| self.cursor.kind() == Kind::Number) {
            Some(version) => {
                self.cursor.advance();
                Ok(version)
            }
            None => Err(self.cursor.expected("a version such as `2.2`, both parts from 0 to 255")),
        }
    }
}
