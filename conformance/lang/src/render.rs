//! Calls, expectations and observations in the syntax of scenarios, for traces, evidence and reports.

use winaccept_model::call::{AfdEvents, Call, FileModes, NetworkEvents, OptVal, PollEvents};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_sim::observe::{Observed, Shown, ShownAddress, ShownOut, ShownValue};
use winaccept_sim::script::{
    Action, AddrPattern, Block, Came, Expect, GivenTo, InGroup, MessagePattern, NameId, Pattern, PeerSegment,
    PrintArgument, Ref, Said, Script, ValuePattern, With,
};

use super::literal::{ANSWERS, GROUPS, PEER_SEGMENTS, WM_USER, quote, quote_data, write_address, write_qos};
use super::signature::written;

/// A call with its arguments, as a step of a scenario writes it.
#[must_use]
pub fn render_call(call: &Call<Ref>, script: &Script) -> String {
    format!("{}({})", call.name(), written(call, script))
}

/// What an actor does, as it stands between the actor and the `=`.
#[must_use]
pub fn render_action(action: &Action, script: &Script) -> String {
    match action {
        Action::Call(call) => render_call(call, script),
        Action::InHook(call) => format!("in hook {}", render_call(call, script)),
        Action::Resumes => "resumes".to_owned(),
        Action::ConditionReturns { said, .. } => format!("condition returns {}", render_said(*said, script)),
        Action::RoutineReturns { .. } => "routine returns".to_owned(),
        Action::Prints { format, argument } => match argument {
            None => format!("prints {}", quote(format)),
            Some(PrintArgument::LastError) => format!("prints {}, WSAGetLastError()", quote(format)),
            Some(PrintArgument::LastResult) => format!("prints {}, iResult", quote(format)),
        },
        Action::Exits(code) => format!("exits {code}"),
        Action::Ends => "ends".to_owned(),
        Action::Sends { segment, data } => format!("sends {}", render_came(&Came::Segment(*segment, *data))),
        Action::Expects => "expects".to_owned(),
    }
}

/// What a condition function returns.
fn render_said(said: Said, script: &Script) -> String {
    let group = said.group.map(|group| match group {
        InGroup::Number(number) => format!("g = {}", name_or_number(GROUPS, number)),
        InGroup::Of(socket) => format!("g = group({})", reference(socket, script)),
    });
    let data = said.callee_data.map(|bytes| format!("calleedata = {bytes}"));
    let with: Vec<_> = group.into_iter().chain(data).collect();
    outcome(name_or_number(ANSWERS, said.value), Code::NONE, &with)
}

fn name_or_number<T: Copy + PartialEq + std::fmt::Display>(names: &[(&str, T)], number: T) -> String {
    let name = names.iter().find(|(_, value)| *value == number);
    name.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// An expectation, as it stands after the `=`.
#[must_use]
pub fn render_expect(expect: &Expect, script: &Script) -> String {
    match expect {
        Expect::Blocks => "...".to_owned(),
        Expect::Silent(note) => format!("?{note}"),
        Expect::Text(text) => quote(text),
        Expect::Segments(all) => match all.as_slice() {
            [one] => render_came(one),
            several => format!("{{ {} }}", several.iter().map(render_came).collect::<Vec<_>>().join(" | ")),
        },
        Expect::OneOf(patterns) => match patterns.as_slice() {
            [one] => render_pattern(one, script),
            several => {
                let several: Vec<_> = several.iter().map(|pattern| render_pattern(pattern, script)).collect();
                format!("{{ {} }}", several.join(" | "))
            }
        },
    }
}

/// What comes to a raw peer, or is sent by it.
fn render_came(came: &Came) -> String {
    let Came::Segment(segment, data) = came else { return "nothing".to_owned() };
    let name = PEER_SEGMENTS.iter().find(|(_, known)| known == segment).map_or("?", |(name, _)| name);
    if *segment == PeerSegment::Data { format!("{name} {}", quote_data(data)) } else { name.to_owned() }
}

/// One allowed outcome.
#[must_use]
pub fn render_pattern(pattern: &Pattern, script: &Script) -> String {
    let value = match pattern.value {
        ValuePattern::Is(value) => render_value(value),
        ValuePattern::Binds(name) => variable(name, script).to_owned(),
        ValuePattern::Waits => "...".to_owned(),
    };
    let with: Vec<_> = pattern.with.iter().map(|with| render_with(with, script)).collect();
    outcome(value, pattern.error, &with)
}

/// What was seen at a step. A new handle is written as the variable that the step `binds`, or as `handle`.
#[must_use]
pub fn render_observed(observed: &Observed, script: &Script, binds: Option<NameId>) -> String {
    match observed {
        Observed::Blocks => "...".to_owned(),
        Observed::Returned(seen) => render_seen(seen, script, binds),
        Observed::Printed(text) => quote(text),
        Observed::Done => "done".to_owned(),
        Observed::Came(came) => render_came(came),
        Observed::NotTaken(reason) => format!("not taken {}", quote(reason)),
    }
}

fn render_seen(seen: &Shown, script: &Script, binds: Option<NameId>) -> String {
    let value = match (seen.value, binds) {
        (ShownValue::Handle, Some(name)) => variable(name, script).to_owned(),
        (ShownValue::Handle, None) => "handle".to_owned(),
        (ShownValue::Is(value), _) => render_value(value),
    };
    let with: Vec<_> = seen.out.iter().map(|out| render_out(out, script)).collect();
    outcome(value, seen.error, &with)
}

/// A returned value.
#[must_use]
pub fn render_value(value: Value) -> String {
    match value {
        // Below this, numbers are counts more often than codes.
        Value::Number(n @ 10000..) => {
            let name = u16::try_from(n).ok().and_then(|code| Code(code).name());
            name.map_or_else(|| n.to_string(), str::to_owned)
        }
        Value::Number(n) => n.to_string(),
        Value::Handle(_) => "handle".to_owned(),
        Value::SocketError => "SOCKET_ERROR".to_owned(),
        Value::InvalidSocket => "INVALID_SOCKET".to_owned(),
        Value::WaitEvent(0) => "WSA_WAIT_EVENT_0".to_owned(),
        Value::WaitEvent(n) => format!("WSA_WAIT_EVENT_0+{n}"),
        Value::WaitTimeout => "WSA_WAIT_TIMEOUT".to_owned(),
        Value::WaitIoCompletion => "WSA_WAIT_IO_COMPLETION".to_owned(),
        Value::WaitFailed => "WSA_WAIT_FAILED".to_owned(),
        Value::InvalidEvent => "WSA_INVALID_EVENT".to_owned(),
        Value::CallsCondition => "calls condition".to_owned(),
        Value::CallsRoutine => "calls routine".to_owned(),
        Value::NoPort => "NULL".to_owned(),
        Value::SamePort => "existing".to_owned(),
        Value::Undefined => "undefined".to_owned(),
        Value::Unmodelled => "unmodelled".to_owned(),
        Value::Crashes => "crashes".to_owned(),
    }
}

fn outcome(value: String, error: Code, with: &[String]) -> String {
    let error = if error == Code::NONE { String::new() } else { format!(" {error}") };
    let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
    value + &error + &with
}

fn render_with(with: &With, script: &Script) -> String {
    let set = |members: &[Ref]| braces(members.iter().map(|member| reference(*member, script)));
    match with {
        With::Addr(pattern) => format!("addr = {}", address_pattern(pattern, script)),
        With::Local(pattern) => format!("local = {}", address_pattern(pattern, script)),
        With::Remote(pattern) => format!("remote = {}", address_pattern(pattern, script)),
        With::Group(first) => format!("value = group({})", reference(*first, script)),
        With::Key(key) => format!("key = {}", count(*key)),
        With::Overlapped(over) => {
            format!("overlapped = {}", over.map_or("NULL".to_owned(), |over| reference(over, script)))
        }
        With::Message(message) => {
            let MessagePattern { number, socket, event, error } = *message;
            format!("message = {}", message_of(number, &reference(socket, script), event, error))
        }
        With::Bytes(bytes) => format!("bytes = {}", count(*bytes)),
        With::CallerId(address) => format!("callerid = {}", address_pattern(address, script)),
        With::CalleeId(address) => format!("calleeid = {}", address_pattern(address, script)),
        With::Given(to, block) => format!("{} = {}", given_to(*to), render_block(*block)),
        With::CallbackData(data) => format!("callbackdata = {data}"),
        With::Errno(code) => format!("lpErrno = {code}"),
        With::Error(code) => format!("error = {code}"),
        With::Entries(all) => {
            let over = |over: Option<Ref>| over.map_or("NULL".to_owned(), |over| reference(over, script));
            entries(all.iter().map(|entry| (entry.key, over(entry.over), entry.bytes)))
        }
        With::Flags(flags) => format!("flags = {flags}"),
        With::AddrLen(length) => format!("addrlen = {length}"),
        With::Data(data) => format!("data = {}", quote_data(data)),
        With::Value(value) => format!("value = {}", option_value(*value)),
        With::ReadFds(members) => format!("readfds = {}", set(members)),
        With::WriteFds(members) => format!("writefds = {}", set(members)),
        With::ExceptFds(members) => format!("exceptfds = {}", set(members)),
        With::Handles(all) => {
            let entry = |(s, events): &(Ref, AfdEvents)| format!("{}: {}", reference(*s, script), afd_events(*events));
            format!("handles = {}", braces(all.iter().map(entry)))
        }
        With::Revents(all) => format!("revents = {}", braces(all.iter().map(|events| poll_events(*events)))),
        With::Events(events) => format!("events = {}", network_events(*events)),
        With::EventErrors(errors) => event_errors(errors),
    }
}

fn address_pattern(pattern: &AddrPattern, script: &Script) -> String {
    match pattern {
        AddrPattern::Unchanged => "unchanged".to_owned(),
        AddrPattern::Of(s) => format!("address({})", reference(*s, script)),
        AddrPattern::Is(address) => write_address(*address),
        AddrPattern::AnyPort(address) => {
            let any = winaccept_model::call::Port::SOME;
            write_address(winaccept_model::call::Address { port: any, ..*address })
        }
    }
}

fn event_errors(errors: &[(NetworkEvents, Code)]) -> String {
    let each = errors.iter().map(|(event, error)| format!("{}: {error}", network_events(*event)));
    format!("iErrorCode = {}", braces(each))
}

fn message_of(number: u32, socket: &str, event: NetworkEvents, error: Code) -> String {
    let error = if error == Code::NONE { "0".to_owned() } else { error.to_string() };
    format!("{{{}, {socket}, {}, {error}}}", message_number(number), network_events(event))
}

/// The number of a message: those of a program begin at `WM_USER`.
pub(super) fn message_number(number: u32) -> String {
    match number.checked_sub(u32::from(WM_USER)) {
        Some(0) => "WM_USER".to_owned(),
        Some(more) if number <= u32::from(u16::MAX) => format!("WM_USER+{more}"),
        _ => number.to_string(),
    }
}

/// A number behind a pointer.
fn count(bytes: Option<u32>) -> String {
    bytes.map_or("unchanged".to_owned(), |bytes| bytes.to_string())
}

fn given_to(to: GivenTo) -> &'static str {
    match to {
        GivenTo::CallerData => "callerdata",
        GivenTo::Sqos => "sqos",
        GivenTo::Gqos => "gqos",
        GivenTo::CalleeData => "calleedata",
    }
}

fn render_block(block: Block) -> String {
    match block {
        Block::Null => "NULL".to_owned(),
        Block::Bytes(bytes) => bytes.to_string(),
        Block::Data(data) => quote_data(&data),
        Block::Qos(qos) => write_qos(qos),
        Block::Unset => "unset".to_owned(),
    }
}

fn render_out(out: &ShownOut, script: &Script) -> String {
    let set = |names: &[NameId]| braces(names.iter().map(|name| variable(*name, script).to_owned()));
    match out {
        ShownOut::Addr(seen) => format!("addr = {}", shown_address(seen.as_ref(), script)),
        ShownOut::Local(seen) => format!("local = {}", shown_address(seen.as_ref(), script)),
        ShownOut::Remote(seen) => format!("remote = {}", shown_address(seen.as_ref(), script)),
        ShownOut::Key(key) => format!("key = {}", count(*key)),
        ShownOut::Overlapped(over) => format!("overlapped = {}", over.map_or("NULL", |over| variable(over, script))),
        ShownOut::Message(message) => {
            let socket = message.socket.map_or("?", |name| variable(name, script));
            format!("message = {}", message_of(message.number, socket, message.event, message.error))
        }
        ShownOut::Bytes(bytes) => format!("bytes = {}", count(*bytes)),
        ShownOut::CallerId(seen) => format!("callerid = {}", shown_address(Some(seen), script)),
        ShownOut::CalleeId(seen) => format!("calleeid = {}", shown_address(Some(seen), script)),
        ShownOut::Given(to, block) => format!("{} = {}", given_to(*to), render_block(*block)),
        ShownOut::CallbackData(data) => format!("callbackdata = {data}"),
        ShownOut::Errno(code) => format!("lpErrno = {code}"),
        ShownOut::Error(code) => format!("error = {code}"),
        ShownOut::Entries(all) => {
            let over = |over: Option<NameId>| over.map_or("NULL".to_owned(), |over| variable(over, script).to_owned());
            entries(all.iter().map(|entry| (entry.key, over(entry.over), entry.bytes)))
        }
        ShownOut::Flags(flags) => format!("flags = {flags}"),
        ShownOut::AddrLen(length) => format!("addrlen = {length}"),
        ShownOut::Data(data) => format!("data = {}", quote_data(data)),
        ShownOut::Value(value) => format!("value = {}", option_value(*value)),
        ShownOut::Group(first) => {
            format!("value = group({})", first.map_or("NULL", |first| variable(first, script)))
        }
        ShownOut::ReadFds(names) => format!("readfds = {}", set(names)),
        ShownOut::WriteFds(names) => format!("writefds = {}", set(names)),
        ShownOut::ExceptFds(names) => format!("exceptfds = {}", set(names)),
        ShownOut::Handles(all) => {
            let entry = |(s, events): &(Option<NameId>, AfdEvents)| {
                let s = s.map_or("?".to_owned(), |name| reference(Ref::Name(name), script));
                format!("{s}: {}", afd_events(*events))
            };
            format!("handles = {}", braces(all.iter().map(entry)))
        }
        ShownOut::Revents(all) => format!("revents = {}", braces(all.iter().map(|events| poll_events(*events)))),
        ShownOut::Events(events) => format!("events = {}", network_events(*events)),
        ShownOut::EventErrors(errors) => event_errors(errors),
    }
}

fn shown_address(seen: Option<&ShownAddress>, script: &Script) -> String {
    let Some(seen) = seen else { return "unchanged".to_owned() };
    let names: Vec<_> = seen.names.iter().map(|name| variable(*name, script)).collect();
    let of = if names.is_empty() { String::new() } else { format!(" of {}", names.join(" ")) };
    format!("{}{of}", write_address(seen.address))
}

fn variable(name: NameId, script: &Script) -> &str {
    script.names.get(usize::from(name.0)).map_or("?", |name| &name.text)
}

pub(super) fn reference(handle: Ref, script: &Script) -> String {
    match handle {
        Ref::Name(name) => variable(name, script).to_owned(),
        Ref::InvalidSocket => "INVALID_SOCKET".to_owned(),
        Ref::Number(n) => format!("handle({n:#x})"),
    }
}

pub(super) fn braces(members: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

pub(super) fn option_value(value: OptVal) -> String {
    match value {
        OptVal::Number(n) => n.to_string(),
        OptVal::Linger(on, seconds) => format!("{{{on}, {seconds}}}"),
    }
}

/// Packets: the key, the OVERLAPPED and the bytes of each.
fn entries(all: impl Iterator<Item = (u32, String, u32)>) -> String {
    format!("entries = {}", braces(all.map(|(key, over, bytes)| format!("{{{key}, {over}, {bytes}}}"))))
}

pub(super) fn file_modes(modes: FileModes) -> String {
    mask(modes.0, FileModes::NAMES.iter().map(|(name, bit)| (*name, bit.0)))
}

pub(super) fn afd_events(events: AfdEvents) -> String {
    mask(events.0, AfdEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)))
}

pub(super) fn poll_events(events: PollEvents) -> String {
    mask(events.0, PollEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)))
}

pub(super) fn network_events(events: NetworkEvents) -> String {
    mask(events.0, NetworkEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)))
}

/// The names of the bits; bits without a name, which only a real stack can set, as one hexadecimal number.
pub(super) fn mask(bits: u16, names: impl Iterator<Item = (&'static str, u16)>) -> String {
    let mut rest = bits;
    let mut words = Vec::new();
    for (name, bit) in names {
        if rest & bit != 0 {
            words.push(name.to_owned());
            rest &= !bit;
        }
    }
    if rest != 0 {
        words.push(format!("{rest:#x}"));
    }
    if words.is_empty() { "0".to_owned() } else { words.join("|") }
}
