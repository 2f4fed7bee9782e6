//! Sockets and events, one or several, and what an APC does with one.

use winaccept_model::call::{AfdEvents, FdSet, Group, PollEvents, Routine, SET, Set, ThreadId};
use winaccept_model::kind::{
    AfdHandles, AnyHandle, BufferOf, DeviceHandle, DeviceOverlapped, Event, EventArray, EventOrNull, GroupIn, InfoIn,
    OverlappedIn, OverlappedOrNull, PollArray, PolledWith, PortIn, RequestOverlapped, RoutineIn, Sock, SocketSet,
    SocketValue, WindowIn, WindowOrNull,
};
use winaccept_sim::script::{Ref, Script};

use super::super::cursor::Parsed;
use super::super::diagnostic::Diagnostic;
use super::super::parser::Parser;
use super::super::render::{afd_events, braces, poll_events, reference};
use super::super::signature::Out;
use super::{Asking, Text};

const SOCKET: &str = "a socket: a variable, `INVALID_SOCKET` or `handle(N)`";

/// Kinds of handles that are written as a variable: which example, what the text is to be, and how it is read.
macro_rules! variables {
    ($($kind:ident $example:literal, |$parser:ident, $actor:ident| $parse:expr;)*) => { $(
        impl Text for $kind {
            const EXAMPLE: &'static str = $example;
            fn parse($parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Ref> {
                let $actor = asking.actor;
                $parse
            }
            fn write(value: &Ref, script: &Script) -> String {
                reference(*value, script)
            }
        }
    )* };
}

variables! {
    Sock "S", |parser, actor| parser.handle(SOCKET, actor);
    SocketValue "L", |parser, actor| parser.handle(SOCKET, actor);
    DeviceHandle "L", |parser, actor| parser.handle(SOCKET, actor);
    Event "E", |parser, actor| parser.handle("an event", actor);
    PortIn "P", |parser, actor| parser.handle("a completion port", actor);
    WindowIn "W", |parser, actor| parser.handle("a window", actor);
    AnyHandle "S", |parser, actor| parser.handle("a socket or an event", actor);
    RequestOverlapped "O", |parser, actor| parser.overlapped(actor);
    DeviceOverlapped "O", |parser, actor| parser.overlapped(actor);
}

/// Groups that have a word or a number: none, a new one of either kind, and one that there is not.
const GROUPS: &[(&str, Group<Ref>); 4] = &[
    ("0", Group::None),
    ("SG_UNCONSTRAINED_GROUP", Group::Unconstrained),
    ("SG_CONSTRAINED_GROUP", Group::Constrained),
    ("99", Group::Nobodys),
];

impl Text for GroupIn {
    const EXAMPLE: &'static str = "0";
    const WORDS: &'static [&'static str] = &["SG_UNCONSTRAINED_GROUP", "SG_CONSTRAINED_GROUP", "group"];
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Group<Ref>> {
        if parser.cursor.at("group") {
            return parser.group_of(asking.actor).map(Group::Of);
        }
        parser.cursor.one_of("the group", GROUPS)
    }
    fn write(value: &Group<Ref>, script: &Script) -> String {
        match value {
            Group::Of(socket) => format!("group({})", reference(*socket, script)),
            _ => super::word_of(GROUPS, value).to_owned(),
        }
    }
}

impl Parser<'_> {
    /// `group(A)`, the group that this socket is in.
    pub(crate) fn group_of(&mut self, actor: ThreadId) -> Parsed<Ref> {
        self.cursor.expect("group")?;
        self.cursor.expect("(")?;
        let socket = self.handle(SOCKET, actor)?;
        self.cursor.expect(")")?;
        Ok(socket)
    }
}

/// The protocol information that was made for a socket.
impl Text for InfoIn {
    const EXAMPLE: &'static str = "info(S)";
    const WORDS: &'static [&'static str] = &["info"];
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Ref> {
        parser.cursor.expect("info")?;
        parser.cursor.expect("(")?;
        let s = parser.handle(SOCKET, asking.actor)?;
        parser.cursor.expect(")")?;
        Ok(s)
    }
    fn write(value: &Ref, script: &Script) -> String {
        format!("info({})", reference(*value, script))
    }
}

impl Text for WindowOrNull {
    const EXAMPLE: &'static str = "W";
    const WORDS: &'static [&'static str] = &["NULL"];
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Option<Ref>> {
        if parser.cursor.eat("NULL") { Ok(None) } else { parser.handle("a window or `NULL`", asking.actor).map(Some) }
    }
    fn write(value: &Option<Ref>, script: &Script) -> String {
        value.map_or("NULL".to_owned(), |window| reference(window, script))
    }
}

/// Its address is used as it is: nothing but an OVERLAPPED can stand there.
impl Text for OverlappedIn {
    const EXAMPLE: &'static str = "O";
    fn out(_: &str) -> Option<Out> {
        Some(Out::Data)
    }
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Ref> {
        parser.overlapped(asking.actor)
    }
    fn write(value: &Ref, script: &Script) -> String {
        reference(*value, script)
    }
}

impl Text for OverlappedOrNull {
    const EXAMPLE: &'static str = "O";
    const WORDS: &'static [&'static str] = &["NULL"];
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Option<Ref>> {
        if parser.cursor.eat("NULL") { Ok(None) } else { parser.overlapped(asking.actor).map(Some) }
    }
    fn write(value: &Option<Ref>, script: &Script) -> String {
        value.map_or("NULL".to_owned(), |over| reference(over, script))
    }
}

impl Text for PolledWith {
    const EXAMPLE: &'static str = OverlappedIn::EXAMPLE;
    fn out(_: &str) -> Option<Out> {
        Some(Out::Handles)
    }
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Ref> {
        OverlappedIn::parse(parser, asking)
    }
    fn write(value: &Ref, script: &Script) -> String {
        reference(*value, script)
    }
}

/// The output buffer of the request that was made with an OVERLAPPED.
impl Text for BufferOf {
    const EXAMPLE: &'static str = "buffer(O)";
    const WORDS: &'static [&'static str] = &["buffer"];
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Ref> {
        parser.cursor.expect("buffer")?;
        parser.cursor.expect("(")?;
        let over = parser.overlapped(asking.actor)?;
        parser.cursor.expect(")")?;
        Ok(over)
    }
    fn write(value: &Ref, script: &Script) -> String {
        format!("buffer({})", reference(*value, script))
    }
}

impl Text for EventOrNull {
    const EXAMPLE: &'static str = "E";
    const WORDS: &'static [&'static str] = &["NULL"];
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Option<Ref>> {
        if parser.cursor.eat("NULL") { Ok(None) } else { parser.handle("an event or `NULL`", asking.actor).map(Some) }
    }
    fn write(value: &Option<Ref>, script: &Script) -> String {
        value.map_or("NULL".to_owned(), |event| reference(event, script))
    }
}

/// Unlike the sets of `select` it may not be empty.
impl Text for EventArray {
    const EXAMPLE: &'static str = "{E}";
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Set<Ref>> {
        let start = parser.cursor.span().start;
        let events = parser.set_members("an event", asking.actor)?;
        if !events.is_empty() {
            return Ok(events);
        }
        let label = format!("expected 1 to {SET} events");
        let problem = Diagnostic::new("no event to wait for", parser.cursor.since(start), label)
            .help(format!("Winsock waits for at least one event and at most {SET}, WSA_MAXIMUM_WAIT_EVENTS: `{{E}}`"));
        Err(parser.cursor.report(problem))
    }
    fn write(value: &Set<Ref>, script: &Script) -> String {
        braces(value.iter().map(|event| reference(event, script)))
    }
}

/// `{L, A}`, `{}` or `NULL`.
impl Text for SocketSet {
    const EXAMPLE: &'static str = "{S}";
    const WORDS: &'static [&'static str] = &["NULL"];
    fn out(field: &str) -> Option<Out> {
        Out::named(field)
    }
    fn is_null(value: &FdSet<Ref>) -> bool {
        value.is_none()
    }
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<FdSet<Ref>> {
        if parser.cursor.eat("NULL") { Ok(None) } else { parser.set_members("a socket", asking.actor).map(Some) }
    }
    fn write(value: &FdSet<Ref>, script: &Script) -> String {
        match value {
            None => "NULL".to_owned(),
            Some(set) => braces(set.iter().map(|member| reference(member, script))),
        }
    }
}

impl Text for PollArray {
    const EXAMPLE: &'static str = "{S: POLLRDNORM}";
    fn out(_: &str) -> Option<Out> {
        Some(Out::Revents)
    }
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Set<(Ref, PollEvents)>> {
        let fds = parser.with_events(SOCKET, asking.actor, Parser::poll_events)?;
        parser.set(fds)
    }
    fn write(value: &Set<(Ref, PollEvents)>, script: &Script) -> String {
        braces(value.iter().map(|(s, events)| format!("{}: {}", reference(s, script), poll_events(events))))
    }
}

impl Text for AfdHandles {
    const EXAMPLE: &'static str = "{S: AFD_POLL_ACCEPT}";
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Set<(Ref, AfdEvents)>> {
        let handles = parser.with_events(SOCKET, asking.actor, Parser::afd_events)?;
        parser.set(handles)
    }
    fn write(value: &Set<(Ref, AfdEvents)>, script: &Script) -> String {
        braces(value.iter().map(|(s, events)| format!("{}: {}", reference(s, script), afd_events(events))))
    }
}

impl Text for RoutineIn {
    const EXAMPLE: &'static str = "WSASetEvent(E)";
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Routine<Ref>> {
        let make: fn(Ref) -> Routine<Ref> = match parser.cursor.text() {
            "WSASetEvent" => Routine::SetEvent,
            "accept" => Routine::Accept,
            _ => return Err(parser.cursor.expected("what the APC does: `WSASetEvent(E)` or `accept(L)`")),
        };
        parser.cursor.advance();
        parser.cursor.expect("(")?;
        let routine = make(parser.handle("a variable", asking.actor)?);
        parser.cursor.expect(")")?;
        Ok(routine)
    }
    fn write(value: &Routine<Ref>, script: &Script) -> String {
        match value {
            Routine::SetEvent(event) => format!("WSASetEvent({})", reference(*event, script)),
            Routine::Accept(s) => format!("accept({})", reference(*s, script)),
        }
    }
}
