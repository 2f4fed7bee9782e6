//! A call with its arguments.

use winaccept_model::call::{
    Backlog, Call, Data, Family, How, List, NetworkEvents, PollEvents, ProcessId, Routine, SockType, ThreadId,
};
use winaccept_model::code::{CODES, Code};
use winaccept_sim::script::Ref;

use super::cursor::{Parsed, shortened};
use super::diagnostic::Diagnostic;
use super::parser::Parser;
use super::signature::{SIGNATURES, Signature, is_not_yet_modelled, signature};
use super::suggest::{did_you_mean, nearest};
use super::token::Kind;

const FAMILIES: &[(&str, Family)] = &[("AF_INET", Family::Inet), ("AF_INET6", Family::Inet6)];
const TYPES: &[(&str, SockType)] = &[("SOCK_STREAM", SockType::Stream), ("SOCK_DGRAM", SockType::Dgram)];
/// Each protocol with the type it belongs to.
const PROTOCOLS: &[(&str, Option<SockType>)] =
    &[("IPPROTO_TCP", Some(SockType::Stream)), ("IPPROTO_UDP", Some(SockType::Dgram)), ("0", None)];
const HOWS: &[(&str, How)] = &[("SD_RECEIVE", How::Receive), ("SD_SEND", How::Send), ("SD_BOTH", How::Both)];
const BOOLS: &[(&str, bool)] = &[("TRUE", true), ("FALSE", false)];

impl Parser<'_> {
    /// Takes the name of a call.
    pub(super) fn call_name(&mut self) -> Parsed<&'static Signature> {
        let (word, span) = self.cursor.word("the name of a call")?;
        if let Some(signature) = signature(word) {
            return Ok(signature);
        }
        let title = format!("unknown call `{}`", shortened(word));
        if is_not_yet_modelled(word) {
            let problem = Diagnostic::new(title, span, "Winsock has this call, the model does not have it yet");
            return Err(self.cursor.report(problem.help("docs/language.md lists the calls that the model has")));
        }
        let near = did_you_mean(word, SIGNATURES.iter().map(|signature| signature.name));
        let problem = Diagnostic::new(title, span, "the model has no such call");
        let problem = match near {
            Some(near) => problem.help(near),
            None => problem.help("a step is `ACTOR  CALL(arguments) = RESULT`"),
        };
        Err(self.cursor.report(problem))
    }

    /// Takes a call: its name and its arguments in parentheses.
    pub(super) fn call(&mut self, actor: ThreadId) -> Parsed<(&'static Signature, Call<Ref>)> {
        let signature = self.call_name()?;
        self.cursor.expect("(")?;
        let given = self.check_argument_count(signature)?;
        let call = self.arguments(signature.name, given, actor)?;
        self.cursor.expect(")")?;
        Ok((signature, call))
    }

    /// Counts the arguments up to the closing parenthesis, which must be there.
    fn check_argument_count(&mut self, signature: &Signature) -> Parsed<usize> {
        let open = self.cursor.since(0).end;
        let (mark, start) = (self.cursor.mark(), self.cursor.span().start);
        let (mut depth, mut commas, mut any) = (0usize, 0, false);
        loop {
            match self.cursor.text() {
                ")" if depth == 0 => break,
                "," if depth == 0 => commas += 1,
                "(" | "{" => depth += 1,
                ")" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if self.cursor.at_line_end() {
                let problem = self.cursor.expectation(&format!("`)` to close the arguments of `{}`", signature.name));
                return Err(self.cursor.report(problem.also(open - 1..open, "opened here")));
            }
            if self.cursor.kind() == Kind::UnclosedText {
                return Err(self.cursor.expected("an argument"));
            }
            any = true;
            self.cursor.advance();
        }
        let given = if any { commas + 1 } else { 0 };
        let span = self.cursor.since(start);
        let (low, high) = signature.arguments;
        if (low..=high).contains(&given) {
            self.cursor.rewind(mark);
            return Ok(given);
        }
        let wanted = if low == high { format!("{low}") } else { format!("{low} or {high}") };
        let plural = if high == 1 { "" } else { "s" };
        let title = format!("`{}` takes {wanted} argument{plural}, not {given}", signature.name);
        let problem = Diagnostic::new(title, span, format!("expected {wanted} argument{plural}"))
            .help(format!("for example `{}`", signature.usage));
        Err(self.cursor.report(problem))
    }

    fn comma(&mut self) -> Parsed<()> {
        self.cursor.expect(",")
    }

    /// The arguments of the call `name`, of which there are `given`.
    fn arguments(&mut self, name: &str, given: usize, actor: ThreadId) -> Parsed<Call<Ref>> {
        Ok(match name {
            "WSAStartup" => Call::WSAStartup { version: self.version()? },
            "WSACleanup" => Call::WSACleanup,
            "WSAGetLastError" => Call::WSAGetLastError,
            "WSASetLastError" => Call::WSASetLastError { code: self.last_error()? },
            "socket" => {
                let (family, kind) = self.family_type_protocol()?;
                Call::Socket { family, kind }
            }
            "WSASocket" => self.wsasocket(actor)?,
            "WSADuplicateSocket" => {
                let s = self.socket_argument(actor)?;
                self.comma()?;
                let process = self.process()?;
                self.comma()?;
                self.cursor.expect("info")?;
                Call::WSADuplicateSocket { s, process }
            }
            "bind" => Call::Bind { s: self.socket_comma(actor)?, name: self.name_argument(given, actor)? },
            "connect" => Call::Connect { s: self.socket_comma(actor)?, name: self.name_argument(given, actor)? },
            "listen" => Call::Listen { s: self.socket_comma(actor)?, backlog: self.backlog()? },
            "accept" => {
                let s = self.socket_comma(actor)?;
                let (addr, addrlen) = self.name_buffer()?;
                Call::Accept { s, addr, addrlen }
            }
            "getsockname" => {
                let s = self.socket_comma(actor)?;
                let (name, namelen) = self.name_buffer()?;
                Call::Getsockname { s, name, namelen }
            }
            "getpeername" => {
                let s = self.socket_comma(actor)?;
                let (name, namelen) = self.name_buffer()?;
                Call::Getpeername { s, name, namelen }
            }
            "shutdown" => Call::Shutdown { s: self.socket_comma(actor)?, how: self.cursor.one_of("how", HOWS)? },
            "closesocket" => Call::Closesocket { s: self.socket_argument(actor)? },
            "send" => Call::Send { s: self.socket_comma(actor)?, data: self.data()? },
            "recv" => {
                let s = self.socket_comma(actor)?;
                Call::Recv { s, len: self.cursor.integer("the size of the buffer", 0..=255)? as u8 }
            }
            "ioctlsocket" => {
                let s = self.socket_comma(actor)?;
                self.cursor.expect("FIONBIO")?;
                self.comma()?;
                Call::Ioctlsocket { s, argp: self.dword("the argument of FIONBIO")? }
            }
            "getsockopt" => Call::Getsockopt { s: self.socket_comma(actor)?, opt: self.option()? },
            "setsockopt" => {
                let s = self.socket_comma(actor)?;
                let opt = self.option()?;
                self.comma()?;
                Call::Setsockopt { s, opt, value: self.option_value(opt)? }
            }
            "select" => {
                let mut sets = [None; 3];
                for set in &mut sets {
                    *set = self.set(actor)?;
                    self.comma()?;
                }
                let [readfds, writefds, exceptfds] = sets;
                Call::Select { readfds, writefds, exceptfds, timeout: self.timeout()? }
            }
            "WSAPoll" => {
                let fds = self.poll_array(actor)?;
                self.comma()?;
                Call::WSAPoll { fds, timeout: self.timeout()? }
            }
            "QueueUserAPC" => {
                let routine = self.routine(actor)?;
                self.comma()?;
                Call::QueueUserAPC { routine, thread: self.target_actor()? }
            }
            "SleepEx" => {
                let timeout = self.timeout()?;
                self.comma()?;
                Call::SleepEx { timeout, alertable: self.cursor.one_of("alertable or not", BOOLS)? }
            }
            "WSACancelBlockingCall" => Call::WSACancelBlockingCall,
            _ => self.event_arguments(name, given, actor)?,
        })
    }

    /// The arguments of the calls about events.
    fn event_arguments(&mut self, name: &str, given: usize, actor: ThreadId) -> Parsed<Call<Ref>> {
        Ok(match name {
            "WSACreateEvent" => Call::WSACreateEvent,
            "WSACloseEvent" => Call::WSACloseEvent { event: self.handle("an event", actor)? },
            "WSASetEvent" => Call::WSASetEvent { event: self.handle("an event", actor)? },
            "WSAResetEvent" => Call::WSAResetEvent { event: self.handle("an event", actor)? },
            "WSAWaitForMultipleEvents" => {
                let events = self.events_to_wait_for(actor)?;
                self.comma()?;
                let timeout = self.timeout()?;
                let mut alertable = false;
                if given == 3 {
                    self.comma()?;
                    alertable = self.cursor.eat("alertable") || self.cursor.one_of("alertable or not", BOOLS)?;
                }
                Call::WSAWaitForMultipleEvents { events, timeout, alertable }
            }
            "WSAEventSelect" => {
                let s = self.socket_comma(actor)?;
                let event = self.event_or_null(actor)?;
                self.comma()?;
                Call::WSAEventSelect { s, event, mask: self.network_events()? }
            }
            "WSAEnumNetworkEvents" => {
                Call::WSAEnumNetworkEvents { s: self.socket_comma(actor)?, event: self.event_or_null(actor)? }
            }
            _ => return Err(self.cursor.expected("a call of the table of signatures")),
        })
    }

    fn socket_argument(&mut self, actor: ThreadId) -> Parsed<Ref> {
        self.handle("a socket: a variable, `INVALID_SOCKET` or `handle(N)`", actor)
    }

    fn socket_comma(&mut self, actor: ThreadId) -> Parsed<Ref> {
        let s = self.socket_argument(actor)?;
        self.comma()?;
        Ok(s)
    }

    fn event_or_null(&mut self, actor: ThreadId) -> Parsed<Option<Ref>> {
        if self.cursor.eat("NULL") { Ok(None) } else { self.handle("an event or `NULL`", actor).map(Some) }
    }

    fn family_type_protocol(&mut self) -> Parsed<(Family, SockType)> {
        let family = self.cursor.one_of("an address family", FAMILIES)?;
        self.comma()?;
        let kind = self.cursor.one_of("a socket type", TYPES)?;
        self.comma()?;
        let (word, span) = (self.cursor.text(), self.cursor.span());
        match self.cursor.one_of("a protocol", PROTOCOLS)? {
            Some(belongs) if belongs != kind => {
                let kind = TYPES.iter().find(|(_, known)| *known == kind).map_or("", |(name, _)| *name);
                let right = if kind == "SOCK_STREAM" { "IPPROTO_TCP" } else { "IPPROTO_UDP" };
                let problem = Diagnostic::new(
                    format!("{word} is no protocol of {kind}"),
                    span,
                    format!("expected `{right}` or `0`"),
                )
                .help("the model has no sockets whose type and protocol disagree");
                Err(self.cursor.report(problem))
            }
            _ => Ok((family, kind)),
        }
    }

    fn wsasocket(&mut self, actor: ThreadId) -> Parsed<Call<Ref>> {
        const FLAGS: &[(&str, bool)] = &[("0", false), ("WSA_FLAG_OVERLAPPED", true)];
        if self.cursor.at("FROM_PROTOCOL_INFO") {
            for _ in 0..3 {
                self.cursor.expect("FROM_PROTOCOL_INFO")?;
                self.comma()?;
            }
            self.cursor.expect("info")?;
            self.cursor.expect("(")?;
            let s = self.socket_argument(actor)?;
            self.cursor.expect(")")?;
            self.comma()?;
            self.zero("the group")?;
            self.comma()?;
            self.zero("the flags")?;
            return Ok(Call::WSASocketFromInfo { s });
        }
        let (family, kind) = self.family_type_protocol()?;
        self.comma()?;
        self.cursor.expect("NULL")?;
        self.comma()?;
        self.zero("the group")?;
        self.comma()?;
        let overlapped = self.cursor.one_of("the flags", FLAGS)?;
        Ok(Call::WSASocket { family, kind, overlapped })
    }

    fn zero(&mut self, what: &str) -> Parsed<()> {
        self.cursor.one_of(what, &[("0", ())])
    }

    fn backlog(&mut self) -> Parsed<Backlog> {
        let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
        if self.cursor.eat("SOMAXCONN") {
            return Ok(Backlog::Somaxconn);
        }
        if self.cursor.eat("SOMAXCONN_HINT") {
            self.cursor.expect("(")?;
            let hint = self.cursor.integer("the hint", range)? as i32;
            self.cursor.expect(")")?;
            return Ok(Backlog::Hint(hint));
        }
        if self.cursor.kind() == Kind::Word {
            let near = did_you_mean(self.cursor.text(), ["SOMAXCONN", "SOMAXCONN_HINT"]);
            let problem = self.cursor.expectation("a number, `SOMAXCONN` or `SOMAXCONN_HINT(N)`").maybe_help(near);
            return Err(self.cursor.report(problem));
        }
        self.cursor.integer("the backlog", range).map(|n| Backlog::Number(n as i32))
    }

    fn routine(&mut self, actor: ThreadId) -> Parsed<Routine<Ref>> {
        let what = "what the APC does: `WSASetEvent(E)` or `accept(L)`";
        let make: fn(Ref) -> Routine<Ref> = match self.cursor.text() {
            "WSASetEvent" => Routine::SetEvent,
            "accept" => Routine::Accept,
            _ => return Err(self.cursor.expected(what)),
        };
        self.cursor.advance();
        self.cursor.expect("(")?;
        let routine = make(self.handle("a variable", actor)?);
        self.cursor.expect(")")?;
        Ok(routine)
    }

    /// The data of `send` and of `with data`.
    pub(super) fn data(&mut self) -> Parsed<Data> {
        let (bytes, span) = self.cursor.bytes("the data in quotes")?;
        Data::new(&bytes).ok_or_else(|| {
            let title = format!("{} bytes are too much data", bytes.len());
            let label = format!("expected at most {} bytes", Data::MAX);
            let help = "a few bytes tell one client from another; one direction of a connection holds no more";
            self.cursor.report(Diagnostic::new(title, span, label).help(help))
        })
    }

    /// The argument of `WSASetLastError`.
    fn last_error(&mut self) -> Parsed<u16> {
        if self.cursor.kind() == Kind::Word {
            return self.error_name().map(|code| code.0);
        }
        self.cursor.integer("an error code", 0..=i64::from(u16::MAX)).map(|code| code as u16)
    }

    /// Takes the name of an error code.
    pub(super) fn error_name(&mut self) -> Parsed<Code> {
        let (word, span) = self.cursor.word("the name of an error code")?;
        Code::by_name(word).ok_or_else(|| self.unknown_error(word, span))
    }

    pub(super) fn unknown_error(&mut self, word: &str, span: std::ops::Range<usize>) -> super::cursor::Reported {
        let names = || CODES.iter().map(|(name, _)| *name);
        // Unix programmers leave the prefix away.
        let prefixed = format!("WSA{word}");
        let near = names().find(|name| *name == prefixed).or_else(|| nearest(word, names()));
        let problem =
            Diagnostic::new(format!("unknown error name `{}`", shortened(word)), span, "no error code has this name");
        self.cursor.report(problem.maybe_help(near.map(|near| format!("did you mean `{near}`?"))))
    }

    /// Takes a mask of network events: `FD_ACCEPT|FD_READ`, or `0`.
    pub(super) fn network_events(&mut self) -> Parsed<NetworkEvents> {
        let bits: Vec<_> = NetworkEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.mask("network events", &bits).map(NetworkEvents)
    }

    /// Takes a mask of poll events: `POLLRDNORM|POLLWRNORM`, or `0`.
    pub(super) fn poll_events(&mut self) -> Parsed<PollEvents> {
        let bits: Vec<_> = PollEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.mask("poll events", &bits).map(PollEvents)
    }

    /// Takes names joined by `|`, or `0`. A `|` before anything but one more name belongs to the alternatives.
    fn mask(&mut self, what: &str, names: &[(&str, u16)]) -> Parsed<u16> {
        if self.cursor.text() == "0" {
            self.cursor.advance();
            return Ok(0);
        }
        let mut mask = self.cursor.one_of(what, names)?;
        let prefix = if what == "poll events" { "POLL" } else { "FD_" };
        while self.cursor.at("|") && self.cursor.text_ahead(1).starts_with(prefix) {
            self.cursor.advance();
            mask |= self.cursor.one_of(what, names)?;
        }
        Ok(mask)
    }

    fn poll_array(&mut self, actor: ThreadId) -> Parsed<List<(Ref, PollEvents), { winaccept_model::call::SET }>> {
        let mut fds = List::default();
        self.cursor.expect("{")?;
        while !self.cursor.eat("}") {
            if !fds.is_empty() {
                self.comma()?;
            }
            let start = self.cursor.span().start;
            let s = self.socket_argument(actor)?;
            self.cursor.expect(":")?;
            let events = self.poll_events()?;
            if !fds.push((s, events)) {
                return Err(self.too_many_members(start));
            }
        }
        Ok(fds)
    }

    /// The process behind `for`, or the default one.
    pub(super) fn for_process(&mut self) -> Parsed<ProcessId> {
        if self.cursor.eat("for") { self.process() } else { Ok(ProcessId(0)) }
    }
}
