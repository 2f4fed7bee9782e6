//! What stands after `=`, `shows` and `confirms`.

use std::ops::Range;

use winaccept_model::call::{AfdEvents, Call, NetworkEvents, OptVal, PollEvents, Returns, ThreadId};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_model::status::Status;
use winaccept_sim::script::{
    AddrPattern, Block, EntryPattern, Expect, GivenTo, MessagePattern, Pattern, Ref, ValuePattern, With,
};

use super::cursor::{Parsed, Reported, shortened};
use super::diagnostic::Diagnostic;
use super::literal::{self, AddressLiteral};
use super::parser::{Parser, Thing};
use super::reserved::is_free;
use super::signature::{GIVEN, Out, ROUTINE_GIVEN, Signature, passes_null};
use super::suggest::did_you_mean;
use super::token::Kind;

/// What an expectation is about.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) signature: &'static Signature,
    /// The arguments, where they are known.
    pub(super) call: Option<&'a Call<Ref>>,
    /// Whose step it is; nobody's in `never`.
    pub(super) actor: Option<ThreadId>,
}

/// What may stand after `=`.
fn expected(returns: Returns) -> &'static str {
    match returns {
        Returns::Socket => "a variable for the new socket, or `INVALID_SOCKET` and an error name",
        Returns::Event => "a variable for the new event, or `WSA_INVALID_EVENT` and an error name",
        Returns::Answer => "`TRUE` or `FALSE`",
        Returns::Overlapped => "a variable for the OVERLAPPED",
        Returns::Port => "a variable for a new port, `existing`, or `NULL` and an error name",
        Returns::Window => "a variable for the new window, or `NULL` and an error name",
        Returns::Number => "a number, or `SOCKET_ERROR` and an error name",
        Returns::Bool => "`TRUE`, or `FALSE` and an error name",
        Returns::Code => "`0` or the name of an error code",
        Returns::Wait => {
            "`WSA_WAIT_EVENT_0`, `WSA_WAIT_EVENT_0+N`, `WSA_WAIT_TIMEOUT`, `WSA_WAIT_IO_COMPLETION`, or \
             `WSA_WAIT_FAILED` and an error name"
        }
        Returns::Sleep => "`0` or `WAIT_IO_COMPLETION`",
        Returns::Status => "the name of a status, such as `STATUS_PENDING`",
        Returns::Nothing => "`0`, for it returns nothing",
    }
}

/// A function of the program that a call has called, and what that is given.
type Called = Option<(&'static str, &'static [Out])>;

fn called(value: ValuePattern) -> Called {
    match value {
        ValuePattern::Is(Value::CallsCondition) => Some(("condition", GIVEN)),
        ValuePattern::Is(Value::CallsRoutine) => Some(("routine", ROUTINE_GIVEN)),
        _ => None,
    }
}

/// Can a completion routine run in this call?
fn waits(signature: &Signature) -> bool {
    signature.forms.iter().any(|form| form.function.does().waits)
}

/// Does this value say that the call failed, so that an error name follows?
fn is_failure(returns: Returns, value: ValuePattern) -> bool {
    match value {
        ValuePattern::Is(
            Value::SocketError | Value::InvalidSocket | Value::WaitFailed | Value::InvalidEvent | Value::NoPort,
        ) => true,
        ValuePattern::Is(Value::Number(0)) => returns == Returns::Bool,
        _ => false,
    }
}

/// The words for values, and what returns them.
const VALUES: &[(&str, Value, Returns)] = &[
    ("SOCKET_ERROR", Value::SocketError, Returns::Number),
    ("INVALID_SOCKET", Value::InvalidSocket, Returns::Socket),
    ("WSA_INVALID_EVENT", Value::InvalidEvent, Returns::Event),
    ("TRUE", Value::Number(1), Returns::Bool),
    ("FALSE", Value::Number(0), Returns::Bool),
    ("existing", Value::SamePort, Returns::Port),
    ("NULL", Value::NoPort, Returns::Port),
    ("NULL", Value::NoPort, Returns::Window),
    ("TRUE", Value::Number(1), Returns::Answer),
    ("FALSE", Value::Number(0), Returns::Answer),
    ("WSA_WAIT_EVENT_0", Value::WaitEvent(0), Returns::Wait),
    ("WSA_WAIT_TIMEOUT", Value::WaitTimeout, Returns::Wait),
    ("WSA_WAIT_IO_COMPLETION", Value::WaitIoCompletion, Returns::Wait),
    ("WSA_WAIT_FAILED", Value::WaitFailed, Returns::Wait),
    ("WAIT_IO_COMPLETION", Value::WaitIoCompletion, Returns::Sleep),
    ("WSA_WAIT_IO_COMPLETION", Value::WaitIoCompletion, Returns::Sleep),
    ("STATUS_SUCCESS", status(Status::SUCCESS), Returns::Status),
    ("STATUS_PENDING", status(Status::PENDING), Returns::Status),
    ("STATUS_TIMEOUT", status(Status::TIMEOUT), Returns::Status),
    ("STATUS_INVALID_HANDLE", status(Status::INVALID_HANDLE), Returns::Status),
    ("STATUS_INVALID_PARAMETER", status(Status::INVALID_PARAMETER), Returns::Status),
    ("STATUS_CANCELLED", status(Status::CANCELLED), Returns::Status),
    ("STATUS_HANDLES_CLOSED", status(Status::HANDLES_CLOSED), Returns::Status),
];

const fn status(status: Status) -> Value {
    Value::Number(status.0 as i64)
}

/// What any call may give, whatever it returns.
const WHATEVER_IT_RETURNS: &[(&str, Value)] =
    &[("undefined", Value::Undefined), ("unmodelled", Value::Unmodelled), ("crashes", Value::Crashes)];

impl Parser<'_> {
    /// What stands after the `=` of a call.
    pub(super) fn result(&mut self, of: Expected<'_>) -> Parsed<Expect> {
        if self.cursor.eat("...") {
            return Ok(Expect::Blocks);
        }
        if self.cursor.eat("?") {
            let (note, span) = self.cursor.word("the id of a note")?;
            if !(self.known_clause)(&format!("?{note}")) {
                let title = format!("unknown note `{}`", shortened(note));
                let problem = Diagnostic::new(title, span, "no note has this id")
                    .help("the notes and their ids are in spec-notes/notes.toml; one outcome, or several in braces, need none")
                    .unknown(note);
                self.cursor.report(problem);
            }
            return Ok(Expect::Silent(note.to_owned()));
        }
        if self.cursor.kind() == Kind::Text {
            let problem = Diagnostic::new(
                "a call returns no text",
                self.cursor.span(),
                format!("expected {}", expected(of.signature.returns)),
            )
            .help("text is expected of `prints`");
            return Err(self.cursor.report(problem));
        }
        self.alternatives(of, true).map(Expect::OneOf)
    }

    /// One outcome, or several in braces.
    fn alternatives(&mut self, of: Expected<'_>, may_wait: bool) -> Parsed<Vec<Pattern>> {
        if !self.cursor.eat("{") {
            return Ok(vec![self.alternative(of, false)?]);
        }
        let mut patterns = vec![self.alternative(of, may_wait)?];
        while self.cursor.eat("|") {
            patterns.push(self.alternative(of, may_wait)?);
        }
        if self.cursor.eat("}") { Ok(patterns) } else { Err(self.cursor.expected("`|` and another outcome, or `}`")) }
    }

    /// The outcomes after `never CALL =`.
    pub(super) fn never_outcomes(&mut self, signature: &'static Signature) -> Parsed<Vec<Pattern>> {
        self.alternatives(Expected { signature, call: None, actor: None }, false)
    }

    pub(super) fn alternative(&mut self, of: Expected<'_>, may_wait: bool) -> Parsed<Pattern> {
        if may_wait && self.cursor.eat("...") {
            return Ok(Pattern { value: ValuePattern::Waits, error: Code::NONE, with: Vec::new() });
        }
        let begin = self.cursor.span().start;
        let value = self.value(of)?;
        let span = self.cursor.since(begin);
        let error = self.error_of(of.signature, value, span)?;
        let start = self.cursor.span().start;
        let calls = called(value);
        let with = if self.cursor.eat("with") { self.with(of, calls)? } else { Vec::new() };
        self.check_errno(of, value, &with, begin);
        self.check_data(of, value, &with, begin);
        // It tells of the packet of a request that failed, and fails with that.
        let fetches = of.signature.name == "GetQueuedCompletionStatus";
        // What goes on has not failed.
        let pends = error == Code::ERROR_IO_PENDING;
        let may_stand = |with: &With| match with {
            With::Addr(_) | With::AddrLen(_) | With::Bytes(None) => true,
            With::Bytes(Some(_)) => pends,
            _ => false,
        };
        if error != Code::NONE && !fetches && !with.iter().all(may_stand) {
            let span = self.cursor.since(start);
            let problem = Diagnostic::new("a failing call gives nothing like that", span, "this can never hold")
                .help("of a call that fails only `addr`, `addrlen` and `bytes = unchanged` can be expected");
            self.cursor.report(problem);
        }
        Ok(Pattern { value, error, with })
    }

    /// Of a call that tells its error through a pointer: a failure says which, and nothing else does.
    fn check_errno(&mut self, of: Expected<'_>, value: ValuePattern, with: &[With], start: usize) {
        let told = with.iter().any(|with| matches!(with, With::Errno(_)));
        let failed = is_failure(of.signature.returns, value);
        if !of.signature.points || told == failed {
            return;
        }
        let title = if failed { "a failure needs its error code" } else { "an error code after a success" };
        let problem =
            Diagnostic::new(title, self.cursor.since(start), "this call tells its error code through `lpErrno`").help(
                "for example `INVALID_SOCKET with lpErrno = WSAEINVAL`; after a success nothing is written there",
            );
        self.cursor.report(problem);
    }

    /// Data of another length than the call returns, or than it was given room for, never comes.
    fn check_data(&mut self, of: Expected<'_>, value: ValuePattern, with: &[With], start: usize) {
        let data =
            with.iter().find_map(|with| if let With::Data(data) = with { Some(data.as_slice().len()) } else { None });
        let returned = match value {
            ValuePattern::Is(Value::Number(bytes)) if of.signature.name == "recv" => usize::try_from(bytes).ok(),
            _ => None,
        };
        let room = match of.call {
            Some(Call::Recv { len, .. }) => Some(*len as usize),
            _ => None,
        };
        let title = match (returned, data, room) {
            (Some(returned), Some(data), _) if returned != data => format!("{returned} bytes and data of {data} bytes"),
            (Some(bytes), _, Some(room)) | (_, Some(bytes), Some(room)) if bytes > room => {
                format!("{bytes} bytes where the buffer has room for {room}")
            }
            _ => return,
        };
        let help = "`recv(S, 8) = 3 with data = \"abc\"` expects 3 bytes, and those";
        self.cursor.report(Diagnostic::new(title, self.cursor.since(start), "this can never hold").help(help));
    }

    fn value(&mut self, of: Expected<'_>) -> Parsed<ValuePattern> {
        let returns = of.signature.returns;
        if self.cursor.kind() == Kind::Number {
            let range = match returns {
                Returns::Number => i64::from(i32::MIN)..=i64::from(i32::MAX),
                Returns::Code => 0..=i64::from(u16::MAX),
                Returns::Status => 0..=i64::from(u32::MAX),
                Returns::Bool | Returns::Answer => 0..=1,
                Returns::Sleep | Returns::Nothing => 0..=0,
                Returns::Socket
                | Returns::Event
                | Returns::Overlapped
                | Returns::Port
                | Returns::Window
                | Returns::Wait => {
                    return Err(self.wrong_type(of.signature));
                }
            };
            if self.cursor.text() == "-1" {
                let problem = self.cursor.expectation("`SOCKET_ERROR`").help("values are written by name");
                return Err(self.cursor.report(problem));
            }
            let value = self.cursor.integer("the returned value", range)?;
            return Ok(ValuePattern::Is(Value::Number(value)));
        }
        let routine = self.cursor.text_ahead(1) == "routine" && waits(of.signature);
        if self.cursor.at("calls") && (routine || of.signature.asks) {
            return self.calls_back(of, routine);
        }
        let word = self.cursor.text();
        if let Some((_, value)) = WHATEVER_IT_RETURNS.iter().find(|(name, _)| *name == word) {
            self.cursor.advance();
            return Ok(ValuePattern::Is(*value));
        }
        if let Some((_, value, _)) = VALUES.iter().find(|(name, _, by)| *name == word && *by == returns) {
            self.cursor.advance();
            if word == "WSA_WAIT_EVENT_0" && self.cursor.eat("+") {
                let last = winaccept_model::call::SET as i64 - 1;
                let index = self.cursor.integer("the index of the event", 0..=last)?;
                return Ok(ValuePattern::Is(Value::WaitEvent(index as u8)));
            }
            return Ok(ValuePattern::Is(*value));
        }
        if self.cursor.kind() != Kind::Word {
            return Err(self.cursor.expected(expected(returns)));
        }
        if let Some(code) = Code::by_name(word).filter(|_| returns == Returns::Code) {
            self.cursor.advance();
            return Ok(ValuePattern::Is(Value::Number(i64::from(code.0))));
        }
        let Some(thing) = Thing::returned(returns).filter(|_| is_free(word)) else {
            return Err(self.wrong_type(of.signature));
        };
        let Some(actor) = of.actor else {
            let problem =
                Diagnostic::new("`never` binds no variable", self.cursor.span(), "expected a value and an error name");
            return Err(self.cursor.report(problem.help("name the failure that must not occur")));
        };
        let (word, span) = self.cursor.advance();
        self.bind(word, &span, actor, thing).map(ValuePattern::Binds)
    }

    /// `calls routine`, or `calls condition`.
    fn calls_back(&mut self, of: Expected<'_>, routine: bool) -> Parsed<ValuePattern> {
        self.cursor.advance();
        if routine {
            self.cursor.advance();
            return Ok(ValuePattern::Is(Value::CallsRoutine));
        }
        self.cursor.expect("condition")?;
        if of.call.is_some_and(|call| !call.has_condition()) {
            let span = self.cursor.span();
            let problem = Diagnostic::new("this call has no condition function", span, "nobody is asked")
                .help("write `condition` for `lpfnCondition`: `WSAAccept(L, NULL, NULL, condition, 0)`");
            return Err(self.cursor.report(problem));
        }
        Ok(ValuePattern::Is(Value::CallsCondition))
    }

    /// Complains about a value that the call never returns.
    fn wrong_type(&mut self, signature: &Signature) -> Reported {
        let word = shortened(self.cursor.text());
        let title = format!("`{}` does not return `{word}`", signature.name);
        let label = format!("expected {}", expected(signature.returns));
        let fitting = VALUES.iter().filter(|(_, _, by)| *by == signature.returns).map(|(name, _, _)| *name);
        let help = match Code::by_name(&word) {
            Some(_) if signature.returns == Returns::Number => Some(format!("write `SOCKET_ERROR {word}`")),
            Some(_) if signature.returns == Returns::Socket => Some(format!("write `INVALID_SOCKET {word}`")),
            _ => did_you_mean(&word, fitting),
        };
        self.cursor.report(Diagnostic::new(title, self.cursor.span(), label).maybe_help(help))
    }

    /// The error name after a value that stands at `span`.
    fn error_of(&mut self, signature: &Signature, value: ValuePattern, span: Range<usize>) -> Parsed<Code> {
        // One that tells its error through a pointer says so behind `with`.
        let failed = is_failure(signature.returns, value) && !signature.points;
        let named = self.cursor.kind() == Kind::Word && !matches!(self.cursor.text(), "with" | "shows" | "confirms");
        if failed && named {
            return self.error_name();
        }
        if failed {
            if let Some(code) = literal::integer(self.cursor.text()).filter(|_| self.cursor.kind() == Kind::Number) {
                let name = u16::try_from(code).ok().and_then(|code| Code(code).name());
                let problem = self.cursor.expectation("the name of an error code");
                return Err(self.cursor.report(problem.maybe_help(name.map(|name| format!("write `{name}`")))));
            }
            let problem = Diagnostic::new("a failure needs its error code", span, "expected an error name behind this")
                .help("for example `WSAEINVAL`; where the documents are silent write `= ?note-id`");
            return Err(self.cursor.report(problem));
        }
        if named && signature.points && Code::by_name(self.cursor.text()).is_some() {
            let word = self.cursor.text();
            let problem = Diagnostic::new("an error code that no last error tells", self.cursor.span(), "not here")
                .help(format!("this call tells it through a pointer: `INVALID_SOCKET with lpErrno = {word}`"));
            return Err(self.cursor.report(problem));
        }
        if named && Code::by_name(self.cursor.text()).is_some() {
            let problem =
                Diagnostic::new("an error code after a success", self.cursor.span(), "expected no error name here")
                    .also(span, "this value is no failure");
            return Err(self.cursor.report(problem));
        }
        Ok(Code::NONE)
    }

    /// The expectations after `with`: of what a function of the program is given, if one is called, else of what the call has
    /// written.
    fn with(&mut self, of: Expected<'_>, calls: Called) -> Parsed<Vec<With>> {
        let mut all: Vec<With> = Vec::new();
        let mut named = Vec::new();
        loop {
            let (out, span) = self.out_name(of, calls)?;
            if named.contains(&out) {
                let problem = Diagnostic::new(format!("`{}` is expected twice", out.name()), span, "named again here");
                return Err(self.cursor.report(problem));
            }
            named.push(out);
            self.cursor.expect("=")?;
            all.push(self.out_pattern(out, of)?);
            if !self.cursor.eat(",") {
                return Ok(all);
            }
        }
    }

    /// Takes the name of an out-parameter that the call has.
    fn out_name(&mut self, of: Expected<'_>, calls: Called) -> Parsed<(Out, Range<usize>)> {
        let (word, span) = self.cursor.word("an out-parameter such as `addr`")?;
        let (call, outs) = calls.unwrap_or_else(|| (of.signature.name, of.signature.outs_of(of.call)));
        match Out::named(word).filter(|out| outs.contains(out)) {
            Some(out) if calls.is_none() && of.call.is_some_and(|call| passes_null(call, out)) => {
                let problem = Diagnostic::new(format!("this call passes no `{word}`"), span, "the argument is `NULL`");
                Err(self.cursor.report(problem.help("pass a buffer, or expect nothing of it")))
            }
            Some(out) => Ok((out, span)),
            None => {
                let has: Vec<_> = outs.iter().map(|out| format!("`{}`", out.name())).collect();
                let (verb, parameter) =
                    if calls.is_some() { ("is given", "parameter") } else { ("writes", "out-parameter") };
                let label = if has.is_empty() {
                    "it writes nothing".to_owned()
                } else {
                    format!("it {verb} {}", has.join(", "))
                };
                let near = did_you_mean(word, outs.iter().map(|out| out.name()));
                let title = format!("`{call}` has no {parameter} `{}`", shortened(word));
                Err(self.cursor.report(Diagnostic::new(title, span, label).maybe_help(near)))
            }
        }
    }

    fn out_pattern(&mut self, out: Out, of: Expected<'_>) -> Parsed<With> {
        match out {
            Out::Addr => self.address_pattern(of.actor).map(With::Addr),
            Out::AddrLen => {
                let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
                self.cursor.integer("the length of the address", range).map(|length| With::AddrLen(length as i32))
            }
            Out::Data => self.data().map(With::Data),
            Out::Value => match of.call {
                Some(Call::Getsockopt { opt: winaccept_model::call::Opt::GroupId, .. }) if self.cursor.at("group") => {
                    match of.actor {
                        Some(actor) => self.group_of(actor).map(With::Group),
                        None => Err(self.cursor.expected("no socket in `never`")),
                    }
                }
                Some(Call::Getsockopt { opt, .. }) => self.option_value(*opt).map(With::Value),
                _ => self.dword("the value of the option").map(|value| With::Value(OptVal::Number(value))),
            },
            Out::ReadFds => self.expected_set(of.actor).map(With::ReadFds),
            Out::WriteFds => self.expected_set(of.actor).map(With::WriteFds),
            Out::ExceptFds => self.expected_set(of.actor).map(With::ExceptFds),
            Out::Revents => self.revents(of.call).map(With::Revents),
            Out::Handles => self.polled(of.actor).map(With::Handles),
            Out::Events => self.network_events().map(With::Events),
            Out::EventErrors => self.event_errors().map(With::EventErrors),
            Out::Bytes if self.cursor.eat("unchanged") => Ok(With::Bytes(None)),
            Out::Bytes => self.dword("a number of bytes").map(|bytes| With::Bytes(Some(bytes))),
            Out::Key if self.cursor.eat("unchanged") => Ok(With::Key(None)),
            Out::Key => self.dword("a key").map(|key| With::Key(Some(key))),
            Out::Overlapped if self.cursor.eat("NULL") => Ok(With::Overlapped(None)),
            Out::Overlapped => match of.actor {
                Some(actor) => self.overlapped(actor).map(|over| With::Overlapped(Some(over))),
                None => Err(self.cursor.expected("no OVERLAPPED in `never`")),
            },
            Out::Message => self.message(of.actor).map(With::Message),
            Out::Local => self.address_pattern(of.actor).map(With::Local),
            Out::Remote => self.address_pattern(of.actor).map(With::Remote),
            Out::CallerId => self.address_pattern(of.actor).map(With::CallerId),
            Out::CalleeId => self.address_pattern(of.actor).map(With::CalleeId),
            Out::CallerData => self.block().map(|block| With::Given(GivenTo::CallerData, block)),
            Out::Sqos => self.block().map(|block| With::Given(GivenTo::Sqos, block)),
            Out::Gqos => self.block().map(|block| With::Given(GivenTo::Gqos, block)),
            Out::CalleeData => self.block().map(|block| With::Given(GivenTo::CalleeData, block)),
            Out::CallbackData => self.dword("the callback data").map(With::CallbackData),
            Out::Errno => self.error_name().map(With::Errno),
            Out::Error if self.cursor.kind() == Kind::Number => {
                self.cursor.integer("`0` or the name of an error code", 0..=0).map(|_| With::Error(Code::NONE))
            }
            Out::Error => self.error_name().map(With::Error),
            Out::Flags => self.dword("the flags").map(With::Flags),
            Out::Entries => self.entries(of.actor).map(With::Entries),
        }
    }

    /// Packets in braces, each its key, its OVERLAPPED and its bytes.
    fn entries(&mut self, actor: Option<ThreadId>) -> Parsed<Vec<EntryPattern>> {
        let Some(actor) = actor else { return Err(self.cursor.expected("no packets in `never`")) };
        self.members(|parser| {
            parser.cursor.expect("{")?;
            let key = parser.dword("a key")?;
            parser.cursor.expect(",")?;
            let over = if parser.cursor.eat("NULL") { None } else { Some(parser.overlapped(actor)?) };
            parser.cursor.expect(",")?;
            let bytes = parser.dword("a number of bytes")?;
            parser.cursor.expect("}")?;
            Ok(EntryPattern { key, over, bytes })
        })
    }

    /// Events, each with its error: `{FD_CONNECT: WSAECONNREFUSED}`.
    fn event_errors(&mut self) -> Parsed<Vec<(NetworkEvents, Code)>> {
        self.members(|parser| {
            let event = parser.network_events()?;
            parser.cursor.expect(":")?;
            Ok((event, parser.error_name()?))
        })
    }

    /// What stands in braces, with commas between.
    fn members<T>(&mut self, member: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut members = Vec::new();
        self.cursor.expect("{")?;
        while !self.cursor.eat("}") {
            if !members.is_empty() {
                self.cursor.expect(",")?;
            }
            members.push(member(self)?);
        }
        Ok(members)
    }

    /// A message: its number, the socket, the event, the error.
    fn message(&mut self, actor: Option<ThreadId>) -> Parsed<MessagePattern> {
        let Some(actor) = actor else { return Err(self.cursor.expected("no message in `never`")) };
        self.cursor.expect("{")?;
        let number = u32::from(self.message_number()?);
        self.cursor.expect(",")?;
        let socket = self.handle("a socket", actor)?;
        self.cursor.expect(",")?;
        let event = self.network_events()?;
        self.cursor.expect(",")?;
        let error = if self.cursor.kind() == Kind::Word {
            self.error_name()?
        } else {
            self.cursor.integer("`0` or the name of an error code", 0..=0)?;
            Code::NONE
        };
        self.cursor.expect("}")?;
        Ok(MessagePattern { number, socket, event, error })
    }

    /// What a pointer leads to: `NULL`, so many bytes, these bytes, or a quality of service.
    fn block(&mut self) -> Parsed<Block> {
        if self.cursor.eat("NULL") {
            return Ok(Block::Null);
        }
        match self.cursor.kind() {
            Kind::Text => self.data().map(Block::Data),
            _ if self.cursor.at("{") => self.cursor.qos().map(Block::Qos),
            _ => {
                let bytes =
                    self.cursor.integer("`NULL`, a number of bytes, or what is there", 0..=i64::from(u32::MAX))?;
                Ok(Block::Bytes(bytes as u32))
            }
        }
    }

    fn address_pattern(&mut self, actor: Option<ThreadId>) -> Parsed<AddrPattern> {
        if self.cursor.eat("unchanged") {
            return Ok(AddrPattern::Unchanged);
        }
        if self.cursor.eat("address") {
            self.cursor.expect("(")?;
            let (word, span) = self.cursor.word("a variable that names a socket")?;
            let name = self.variable(word, &span, actor)?;
            self.cursor.expect(")")?;
            return Ok(AddrPattern::Of(Ref::Name(name)));
        }
        if self.cursor.kind() != Kind::Number {
            let problem = self.cursor.expectation("`unchanged`, `address(C)` or an address such as `127.0.0.1:*`");
            let word = self.cursor.text();
            let bare = !word.contains('.') && self.names.contains_key(word);
            let help = bare.then(|| format!("write `address({})`", self.cursor.text()));
            return Err(self.cursor.report(problem.maybe_help(help)));
        }
        match literal::address(self.cursor.text()) {
            Some(literal) => {
                self.cursor.advance();
                Ok(match literal {
                    AddressLiteral::Port(address) => AddrPattern::Is(address),
                    AddressLiteral::AnyPort(address) => AddrPattern::AnyPort(address),
                })
            }
            None => Err(self.bad_address()),
        }
    }

    fn expected_set(&mut self, actor: Option<ThreadId>) -> Parsed<Vec<Ref>> {
        // Only `never` has no actor, and it does not know the sockets of a call.
        let Some(actor) = actor else { return Err(self.cursor.expected("no set in `never`")) };
        self.set_members("a socket", actor).map(|set| set.iter().collect())
    }

    /// What a poll of the driver has found: sockets with events, in braces.
    fn polled(&mut self, actor: Option<ThreadId>) -> Parsed<Vec<(Ref, AfdEvents)>> {
        // Only `never` has no actor, and it does not know the sockets of a call.
        let Some(actor) = actor else { return Err(self.cursor.expected("no sockets in `never`")) };
        self.with_events("a socket", actor, Self::afd_events)
    }

    fn revents(&mut self, call: Option<&Call<Ref>>) -> Parsed<Vec<PollEvents>> {
        let start = self.cursor.span().start;
        if !self.cursor.eat("{") {
            return Err(self.cursor.expected("the events of each polled socket, such as `{POLLRDNORM, 0}`"));
        }
        let mut all = Vec::new();
        while !self.cursor.eat("}") {
            if !all.is_empty() {
                self.cursor.expect(",")?;
            }
            all.push(self.poll_events()?);
        }
        match call {
            Some(Call::WSAPoll { fds, .. }) if fds.len() != all.len() => {
                let title = "the number of `revents` differs from that of the polled sockets";
                let label = format!("expected {}, not {}", fds.len(), all.len());
                let problem = Diagnostic::new(title, self.cursor.since(start), label)
                    .help("`revents` has one entry for each polled socket, in order; `0` for none");
                Err(self.cursor.report(problem))
            }
            _ => Ok(all),
        }
    }

    /// `shows clause.id, clause.id`, if it stands here; `expects` says whether the line has an expectation.
    pub(super) fn shows(&mut self, expects: bool) -> Parsed<Vec<String>> {
        let span = self.cursor.span();
        let mut clauses: Vec<String> = Vec::new();
        if !self.cursor.eat("shows") {
            return Ok(clauses);
        }
        if !expects {
            let problem =
                Diagnostic::new("a step without expectation shows nothing", span, "expected `= …` before this").help(
                    "say what the clause demands: `server  accept(L, NULL, NULL) = A  shows accept.ret.new-descriptor`",
                );
            return Err(self.cursor.report(problem));
        }
        loop {
            let (clause, span) = self.cursor.word("the id of a clause")?;
            if clauses.iter().any(|earlier| earlier == clause) {
                self.cursor.report(Diagnostic::new("a clause is shown twice by one step", span, "listed again here"));
            } else if !(self.known_clause)(clause) {
                let problem =
                    Diagnostic::new(format!("unknown clause `{}`", shortened(clause)), span, "no clause has this id")
                        .help("the clauses and their ids are listed in spec-notes")
                        .unknown(clause);
                self.cursor.report(problem);
            }
            clauses.push(clause.to_owned());
            if !self.cursor.eat(",") {
                return Ok(clauses);
            }
        }
    }

    /// `confirms FACT, …`, if it stands here.
    pub(super) fn facts(&mut self) -> Parsed<Vec<String>> {
        let mut facts: Vec<String> = Vec::new();
        if !self.cursor.eat("confirms") {
            return Ok(facts);
        }
        loop {
            let (fact, span) = self.cursor.word("the id of a fact")?;
            if facts.iter().any(|earlier| earlier == fact) {
                self.cursor.report(Diagnostic::new("a fact is confirmed twice by one step", span, "listed again here"));
            } else if !(self.known_clause)(&format!("!{fact}")) {
                let near = nearest_fact(fact).filter(|near| (self.known_clause)(&format!("!{near}")));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if (self.known_clause)(fact) => format!("this is a clause: `shows {fact}`"),
                    None => "the facts and their ids are in spec-notes/observations.toml".to_owned(),
                };
                let title = format!("unknown fact `{}`", shortened(fact));
                self.cursor.report(Diagnostic::new(title, span, "no fact has this id").help(help));
            }
            facts.push(fact.to_owned());
            if !self.cursor.eat(",") {
                return Ok(facts);
            }
        }
    }
}

/// The id that was meant, if it is only spelled otherwise: `wt-acc-1` for `WT-ACC-001`. Facts are told by their numbers, so the
/// nearest spelling would be another fact.
fn nearest_fact(word: &str) -> Option<String> {
    let word = word.to_ascii_uppercase();
    let series = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: u32 = word[series.len()..].parse().ok()?;
    Some(match series {
        "C" => format!("C{number}"),
        "W8-" | "XP-" | "F-" => format!("{series}{number:02}"),
        _ => format!("{}-{number:03}", series.trim_end_matches('-')),
    })
}
