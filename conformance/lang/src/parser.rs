//! The parser: its state, and a scenario from its title to its last line.

use std::collections::BTreeMap;
use std::ops::Range;

use winaccept_model::call::{ProcessId, Returns, Version};
use winaccept_sim::script::{Item, NameId, Never, Process, Script, Span};

use super::cursor::{Cursor, Parsed, Reported};
use super::diagnostic::{Diagnostic, Diagnostics};
use super::limits::{MAX_FILE, MAX_LINE, MAX_STEPS};
use super::scope::{Asked, Flow, Path};
use super::token::{self, Kind};

/// Reads a scenario.
///
/// `file` is how errors name it; `known_clause` says whether a clause id exists and, with a `?` before it, whether
/// a note's id does, with a `!` whether a fact's does.
///
/// # Errors
/// Everything found wrong with it. No input makes this panic.
pub fn parse(source: &[u8], file: &str, known_clause: &dyn Fn(&str) -> bool) -> Result<Script, Diagnostics> {
    let source = readable(source, file)?;
    let mut parser = Parser::new(source, file, known_clause);
    parser.scenario();
    if parser.cursor.problems.is_empty() {
        Ok(parser.script)
    } else {
        Err(Diagnostics::in_text(file, source, parser.cursor.problems))
    }
}

/// The source as text, if it is one of a reasonable size.
fn readable<'a>(source: &'a [u8], file: &str) -> Result<&'a str, Diagnostics> {
    let fail = |title: String, label: &str, help: &str| {
        Err(Diagnostics::in_file(file, Diagnostic::new(title, 0..0, label).help(help)))
    };
    let begin = "a scenario is UTF-8 text and begins with `scenario \"its title\"`";
    if source.len() > MAX_FILE {
        // Whoever read it may have stopped there, so nobody knows how large it is.
        let title = "this file is too large".to_owned();
        return fail(title, &format!("a scenario has at most {MAX_FILE} bytes"), "split it into several files");
    }
    if source.starts_with(&[0xff, 0xfe]) || source.starts_with(&[0xfe, 0xff]) {
        return fail("this file is UTF-16".to_owned(), "a scenario is UTF-8 text", "save it as UTF-8");
    }
    if source.iter().all(u8::is_ascii_whitespace) {
        return fail("this file is empty".to_owned(), "expected a scenario", begin);
    }
    let place = |at: usize| {
        let line_start = source[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let line = source[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line}, byte {}", at - line_start + 1)
    };
    if let Some(at) = source.iter().position(|byte| *byte == 0) {
        return fail("this file is not text".to_owned(), &format!("a zero byte at {}", place(at)), begin);
    }
    let text = match std::str::from_utf8(source) {
        Ok(text) => text,
        Err(error) => {
            let label = format!("no character at {}", place(error.valid_up_to()));
            return fail("this file is not UTF-8".to_owned(), &label, begin);
        }
    };
    if let Some(number) = text.split('\n').position(|line| line.len() > MAX_LINE) {
        let title = format!("line {} is too long", number + 1);
        let label = format!("a line has at most {MAX_LINE} bytes");
        return fail(title, &label, "a line that ends in `\\` goes on in the next one");
    }
    Ok(text)
}

/// What the parser knows about a variable besides its name.
#[derive(Debug)]
pub(super) struct Binding {
    /// Where it is bound; more than once only in branches that exclude each other.
    pub(super) paths: Vec<Path>,
    /// What it is bound to.
    pub(super) thing: Thing,
    /// The alike group whose members have it, one each.
    pub(super) group: Option<u8>,
}

/// What a variable is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Thing {
    Socket,
    Event,
    Overlapped,
    Port,
    Window,
}

impl Thing {
    /// What a variable is bound to that holds what such a call returns.
    pub(super) fn returned(returns: Returns) -> Option<Thing> {
        match returns {
            Returns::Socket => Some(Thing::Socket),
            Returns::Event => Some(Thing::Event),
            Returns::Overlapped => Some(Thing::Overlapped),
            Returns::Port => Some(Thing::Port),
            Returns::Window => Some(Thing::Window),
            _ => None,
        }
    }

    /// What it is, with its article.
    pub(super) fn what(self) -> &'static str {
        match self {
            Thing::Socket => "a socket",
            Thing::Event => "an event",
            Thing::Overlapped => "an OVERLAPPED",
            Thing::Port => "a completion port",
            Thing::Window => "a window",
        }
    }
}

/// `clients N alike`: the actor word its steps use and how many members it has.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) word: String,
    pub(super) size: u8,
}

/// While the body of `clients N alike` is read for one member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// From 1.
    pub(super) number: u8,
    pub(super) size: u8,
    /// Index of the group, once the first step has told its word.
    pub(super) group: Option<u8>,
}

/// A `peer` line, until the first step of that peer.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// The word for the peer.
    pub(super) word: String,
    pub(super) span: Range<usize>,
    /// The variable whose address it sends to, and where it is named.
    pub(super) to: (String, Range<usize>),
}

/// The state of the parser.
pub(super) struct Parser<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) known_clause: &'a dyn Fn(&str) -> bool,
    pub(super) script: Script,
    pub(super) flow: Flow,
    pub(super) groups: Vec<Group>,
    pub(super) member: Option<Member>,
    /// Inside `any order`.
    pub(super) any_order: bool,
    /// The `either` branches around this place, and how many `either` there have been.
    pub(super) path: Path,
    pub(super) eithers: u32,
    /// How many `either` and `repeat` are open.
    pub(super) depth: usize,
    /// Steps, happenings and branches so far.
    steps: usize,
    /// Variables bound by the step being read: its alternatives may bind the same one.
    pub(super) just_bound: Vec<NameId>,
    pub(super) bindings: Vec<Binding>,
    pub(super) names: BTreeMap<String, NameId>,
    /// The process of each actor word that a `process` line gave, and where.
    pub(super) homes: BTreeMap<String, (ProcessId, Range<usize>)>,
    /// The `winsock` line of each process that has one.
    pub(super) winsock_lines: BTreeMap<u32, Range<usize>>,
    /// Actors named by `QueueUserAPC` before any step of theirs.
    pub(super) mentioned: BTreeMap<u32, Range<usize>>,
    /// The raw peers declared so far.
    pub(super) peers: Vec<Declared>,
    /// The call of the line before.
    pub(super) asked: Option<Asked>,
    /// For each `repeat` that is open, whether an `until` leaves it.
    pub(super) loops: Vec<bool>,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str, file: &str, known_clause: &'a dyn Fn(&str) -> bool) -> Parser<'a> {
        let main = Process { name: "main".to_owned(), started: Some(Version { major: 2, minor: 2 }) };
        Parser {
            cursor: Cursor::new(source, token::scan(source)),
            known_clause,
            script: Script {
                processes: vec![main],
                source: source.to_owned(),
                file: file.to_owned(),
                ..Script::default()
            },
            flow: Flow::default(),
            groups: Vec::new(),
            member: None,
            any_order: false,
            path: Vec::new(),
            eithers: 0,
            depth: 0,
            steps: 0,
            just_bound: Vec::new(),
            bindings: Vec::new(),
            names: BTreeMap::new(),
            homes: BTreeMap::new(),
            winsock_lines: BTreeMap::new(),
            mentioned: BTreeMap::new(),
            peers: Vec::new(),
            asked: None,
            loops: Vec::new(),
        }
    }

    fn scenario(&mut self) {
        self.skip_empty_lines();
        let is_title = self.cursor.at("scenario");
        if self.title().is_err() && is_title {
            self.cursor.skip_line();
        }
        self.script.prose = prose(&self.script.source, self.cursor.span().start);
        self.skip_empty_lines();
        while self.declaration() {
            self.skip_empty_lines();
        }
        while !self.cursor.at_end() {
            if self.cursor.at("}") {
                let span = self.cursor.advance().1;
                self.cursor.report(Diagnostic::new("unexpected `}`", span, "no block is open here"));
            } else if let Ok(Some(item)) = self.item() {
                self.script.items.push(item);
            }
            self.skip_empty_lines();
        }
        self.report_unknown_actors();
        self.report_idle_peers();
        let steps = |item: &Item| matches!(item, Item::Step(_) | Item::AnyOrder(..));
        if self.cursor.problems.is_empty() && !self.script.items.iter().any(steps) {
            let end = self.cursor.span();
            let problem = Diagnostic::new("this scenario has no step", end, "expected a step such as the one below");
            self.cursor.report(problem.help("`server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L`"));
        }
    }

    fn title(&mut self) -> Parsed<()> {
        if !self.cursor.at("scenario") {
            let problem = self.cursor.expectation("`scenario \"its title\"`");
            return Err(self.cursor.report(problem.help("the first line of a scenario names it")));
        }
        self.cursor.advance();
        let start = self.cursor.span();
        self.script.title = self.cursor.string("the title in quotes")?;
        if self.script.title.trim().is_empty() {
            return Err(self.cursor.report(Diagnostic::new(
                "the title is empty",
                start,
                "expected what the scenario is about",
            )));
        }
        self.cursor.line_end("nothing after the title")
    }

    pub(super) fn skip_empty_lines(&mut self) {
        while self.cursor.kind() == Kind::Newline {
            self.cursor.advance();
        }
    }

    /// One element of the script; `None` when it brings nothing of its own.
    fn item(&mut self) -> Parsed<Option<Item>> {
        let start = self.cursor.span().start;
        let item = match self.cursor.text() {
            _ if self.at_peer_line() => self.peer_line().map(|()| None),
            "any" => return self.any_order().map(Some),
            "never" => self.never().map(|never| Some(Item::Never(never))),
            "nobody" => self.nobody().map(|never| Some(Item::Never(never))),
            "hold" | "release" | "drop" | "deliver" | "lose" | "may" | "timer" | "fault" | "mend" | "choose" => self
                .happening()
                .and_then(|happening| self.happening_ends().map(|()| happening))
                .map(|happening| Some(Item::Happening(happening, self.span_since(start)))),
            _ if self.misplaced() => Err(Reported),
            _ => return self.step(None).map(|step| Some(Item::Step(step))),
        };
        if item.is_err() {
            self.cursor.skip_line();
        }
        item
    }

    /// Counts a step, a happening or a branch; gives up when there are too many.
    pub(super) fn count_step(&mut self) -> Parsed<()> {
        self.steps += 1;
        if self.steps <= MAX_STEPS {
            return Ok(());
        }
        let label = format!("this would be one more than {MAX_STEPS}");
        let problem = Diagnostic::new("too many steps", self.cursor.span(), label);
        let reported = self.cursor.report(problem.help("split the scenario into several files"));
        self.cursor.abandon();
        Err(reported)
    }

    /// Complains about a line that belongs elsewhere.
    pub(super) fn misplaced(&mut self) -> bool {
        let (word, span) = (self.cursor.text(), self.cursor.span());
        let (label, help) = match word {
            "scenario" => ("a file holds one scenario", "put this one into a file of its own"),
            "process" | "winsock" | "model" => {
                ("declarations come before the first step", "move this line up, under the title")
            }
            "peer" if self.at_peer_line() => ("a peer is declared outside of blocks", "put this line before the block"),
            "any" => ("`any order` does not nest", "put these steps into the block around it"),
            "hold" | "release" | "drop" | "deliver" | "lose" | "may" | "timer" | "fault" | "mend" | "choose"
                if self.any_order =>
            {
                ("happenings have no place inside `any order`", "put this line before the block")
            }
            "never" if self.any_order => ("`never` is about the whole scenario", "put this line after the block"),
            "nobody" if self.any_order => {
                ("`nobody waits` is about the whole scenario", "put this line after the block")
            }
            "clients" if self.cursor.text_ahead(2) == "alike" => {
                ("`alike` stands directly inside `any order`", "write `any order {` around it")
            }
            "either" | "repeat" | "if" => ("only inside `any order`", "write `any order {` around it"),
            "until" => ("no `repeat` is around it", "write `repeat {` around the lines that it ends"),
            "else" => ("no `if` comes before", "write `if OUTCOME { … } else { … }`"),
            "or" => ("no `either` comes before", "write `either { … } or { … }`"),
            _ => return false,
        };
        let title = format!("`{word}` is out of place");
        self.cursor.report(Diagnostic::new(title, span, label).help(help));
        true
    }

    fn never(&mut self) -> Parsed<Never> {
        let start = self.cursor.span().start;
        self.cursor.advance();
        let signature = self.call_name()?;
        if self.cursor.eat("waits") {
            return self.waits(Some(signature.name.to_owned()), start);
        }
        if !self.cursor.eat("=") {
            return Err(self.cursor.expected("`=` and an outcome, or `waits`"));
        }
        let outcomes = self.never_outcomes(signature)?;
        let shows = self.shows(true)?;
        self.cursor.line_end("`shows` or the end of the line")?;
        let call = Some(signature.name.to_owned());
        Ok(Never { call, outcomes, waits: false, shows, span: self.span_since(start) })
    }

    fn nobody(&mut self) -> Parsed<Never> {
        let start = self.cursor.span().start;
        self.cursor.advance();
        self.cursor.expect("waits")?;
        self.waits(None, start)
    }

    /// The rest of a claim that begins at `start`: in the end this call does not wait.
    fn waits(&mut self, call: Option<String>, start: usize) -> Parsed<Never> {
        let shows = self.shows(true)?;
        self.cursor.line_end("`shows` or the end of the line")?;
        Ok(Never { call, outcomes: Vec::new(), waits: true, shows, span: self.span_since(start) })
    }

    /// The range from `start` to the end of the last token taken, as a script stores it.
    pub(super) fn span_since(&self, start: usize) -> Span {
        let range = self.cursor.since(start);
        let place = |at: usize| u32::try_from(at).expect("a file of at most 1 MiB has no larger offset");
        Span { start: place(range.start), end: place(range.end) }
    }
}

/// The comment lines directly under the title, which ends at byte `title_end`.
fn prose(source: &str, title_end: usize) -> String {
    let under = source[title_end..].lines().skip(1).map(str::trim);
    let comments = under.map_while(|line| line.strip_prefix('#'));
    let texts: Vec<_> = comments.map(|text| text.strip_prefix(' ').unwrap_or(text)).collect();
    texts.join("\n")
}
