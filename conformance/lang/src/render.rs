//! Calls, expectations and observations in the syntax of scenarios, for traces, evidence and reports.

use winaccept_model::call::{
    Backlog, Buffer, Call, Family, FdSet, How, Length, Name, NetworkEvents, OPTIONS, Opt, OptVal, PollEvents, Routine,
    SockType, Timeout,
};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_sim::observe::{Observed, Shown, ShownOut, ShownValue};
use winaccept_sim::script::{
    Action, AddrPattern, Expect, NameId, Pattern, PrintArgument, Ref, Script, ValuePattern, With,
};

use super::literal::{quote, quote_data, write_address};

/// A call with its arguments, as a step of a scenario writes it.
#[must_use]
pub fn render_call(call: &Call<Ref>, script: &Script) -> String {
    let handle = |s: &Ref| reference(*s, script);
    let arguments = match call {
        Call::WSAStartup { version } => format!("{}.{}", version.major, version.minor),
        Call::WSASetLastError { code: 0 } => "0".to_owned(),
        Call::WSASetLastError { code } => Code(*code).to_string(),
        Call::WSACleanup | Call::WSAGetLastError | Call::WSACreateEvent | Call::WSACancelBlockingCall => String::new(),
        Call::Socket { family, kind } => family_type_protocol(*family, *kind),
        Call::WSASocket { family, kind, overlapped } => {
            let flags = if *overlapped { "WSA_FLAG_OVERLAPPED" } else { "0" };
            format!("{}, NULL, 0, {flags}", family_type_protocol(*family, *kind))
        }
        Call::WSASocketFromInfo { s } => {
            let info = "FROM_PROTOCOL_INFO";
            format!("{info}, {info}, {info}, info({}), 0, 0", handle(s))
        }
        Call::WSADuplicateSocket { s, process } => {
            let process = script.processes.get(usize::from(process.0)).map_or("?", |process| &process.name);
            format!("{}, {process}, info", handle(s))
        }
        Call::Bind { s, name } | Call::Connect { s, name } => format!("{}, {}", handle(s), name_argument(name, script)),
        Call::Listen { s, backlog } => format!("{}, {}", handle(s), render_backlog(*backlog)),
        Call::Accept { s, addr: buffer, addrlen: length }
        | Call::Getsockname { s, name: buffer, namelen: length }
        | Call::Getpeername { s, name: buffer, namelen: length } => {
            format!("{}, {}, {}", handle(s), pointer(*buffer), length_argument(*length))
        }
        Call::Shutdown { s, how } => {
            let how = match how {
                How::Receive => "SD_RECEIVE",
                How::Send => "SD_SEND",
                How::Both => "SD_BOTH",
            };
            format!("{}, {how}", handle(s))
        }
        Call::Closesocket { s } | Call::WSACloseEvent { event: s } => handle(s),
        Call::WSASetEvent { event } | Call::WSAResetEvent { event } => handle(event),
        Call::Send { s, data } => format!("{}, {}", handle(s), quote_data(data)),
        Call::Recv { s, len } => format!("{}, {len}", handle(s)),
        Call::Ioctlsocket { s, argp } => format!("{}, FIONBIO, {argp}", handle(s)),
        Call::Getsockopt { s, opt } => format!("{}, {}", handle(s), option(*opt)),
        Call::Setsockopt { s, opt, value } => format!("{}, {}, {}", handle(s), option(*opt), option_value(*value)),
        Call::Select { readfds, writefds, exceptfds, timeout } => {
            let [read, write, except] = [readfds, writefds, exceptfds].map(|set| fd_set(set, script));
            format!("{read}, {write}, {except}, {}", time_out(*timeout, "NULL"))
        }
        Call::WSAPoll { fds, timeout } => {
            let entries = fds.iter().map(|(s, events)| format!("{}: {}", handle(&s), poll_events(events)));
            format!("{}, {}", braces(entries), time_out(*timeout, "-1"))
        }
        Call::WSAWaitForMultipleEvents { events, timeout, alertable } => {
            let events = braces(events.iter().map(|event| handle(&event)));
            format!("{events}, {}, {}", time_out(*timeout, "WSA_INFINITE"), boolean(*alertable))
        }
        Call::WSAEventSelect { s, event, mask } => {
            format!("{}, {}, {}", handle(s), event.map_or("NULL".to_owned(), |e| handle(&e)), network_events(*mask))
        }
        Call::WSAEnumNetworkEvents { s, event } => {
            format!("{}, {}", handle(s), event.map_or("NULL".to_owned(), |e| handle(&e)))
        }
        Call::QueueUserAPC { routine, thread } => {
            let thread = script.actors.get(usize::from(thread.0)).map_or("?", |actor| &actor.name);
            let routine = match routine {
                Routine::SetEvent(event) => format!("WSASetEvent({})", handle(event)),
                Routine::Accept(s) => format!("accept({})", handle(s)),
            };
            format!("{routine}, {thread}")
        }
        Call::SleepEx { timeout, alertable } => format!("{}, {}", time_out(*timeout, "INFINITE"), boolean(*alertable)),
    };
    format!("{}({arguments})", call.name())
}

/// What an actor does, as it stands between the actor and the `=`.
#[must_use]
pub fn render_action(action: &Action, script: &Script) -> String {
    match action {
        Action::Call(call) => render_call(call, script),
        Action::InHook(call) => format!("in hook {}", render_call(call, script)),
        Action::Resumes => "resumes".to_owned(),
        Action::Prints { format, argument } => match argument {
            None => format!("prints {}", quote(format)),
            Some(PrintArgument::LastError) => format!("prints {}, WSAGetLastError()", quote(format)),
            Some(PrintArgument::LastResult) => format!("prints {}, iResult", quote(format)),
        },
        Action::Exits(code) => format!("exits {code}"),
    }
}

/// An expectation, as it stands after the `=`.
#[must_use]
pub fn render_expect(expect: &Expect, script: &Script) -> String {
    match expect {
        Expect::Blocks => "...".to_owned(),
        Expect::Silent(note) => format!("?{note}"),
        Expect::Text(text) => quote(text),
        Expect::OneOf(patterns) => match patterns.as_slice() {
            [one] => render_pattern(one, script),
            several => {
                let several: Vec<_> = several.iter().map(|pattern| render_pattern(pattern, script)).collect();
                format!("{{ {} }}", several.join(" | "))
            }
        },
    }
}

/// One allowed outcome.
#[must_use]
pub fn render_pattern(pattern: &Pattern, script: &Script) -> String {
    let value = match pattern.value {
        ValuePattern::Is(value) => render_value(value),
        ValuePattern::Binds(name) => variable(name, script).to_owned(),
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
        Value::Undefined => "undefined".to_owned(),
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
        With::Addr(AddrPattern::Unchanged) => "addr = unchanged".to_owned(),
        With::Addr(AddrPattern::Of(s)) => format!("addr = address({})", reference(*s, script)),
        With::Addr(AddrPattern::Is(address)) => format!("addr = {}", write_address(*address)),
        With::Addr(AddrPattern::AnyPort(address)) => {
            let any = winaccept_model::call::Port::Chosen(0);
            format!("addr = {}", write_address(winaccept_model::call::Address { port: any, ..*address }))
        }
        With::AddrLen(length) => format!("addrlen = {length}"),
        With::Data(data) => format!("data = {}", quote_data(data)),
        With::Value(value) => format!("value = {}", option_value(*value)),
        With::ReadFds(members) => format!("readfds = {}", set(members)),
        With::WriteFds(members) => format!("writefds = {}", set(members)),
        With::ExceptFds(members) => format!("exceptfds = {}", set(members)),
        With::Revents(all) => format!("revents = {}", braces(all.iter().map(|events| poll_events(*events)))),
        With::Events(events) => format!("events = {}", network_events(*events)),
    }
}

fn render_out(out: &ShownOut, script: &Script) -> String {
    let set = |names: &[NameId]| braces(names.iter().map(|name| variable(*name, script).to_owned()));
    match out {
        ShownOut::Addr(None) => "addr = unchanged".to_owned(),
        ShownOut::Addr(Some(seen)) => {
            let names: Vec<_> = seen.names.iter().map(|name| variable(*name, script)).collect();
            let of = if names.is_empty() { String::new() } else { format!(" of {}", names.join(" ")) };
            format!("addr = {}{of}", write_address(seen.address))
        }
        ShownOut::AddrLen(length) => format!("addrlen = {length}"),
        ShownOut::Data(data) => format!("data = {}", quote_data(data)),
        ShownOut::Value(value) => format!("value = {}", option_value(*value)),
        ShownOut::ReadFds(names) => format!("readfds = {}", set(names)),
        ShownOut::WriteFds(names) => format!("writefds = {}", set(names)),
        ShownOut::ExceptFds(names) => format!("exceptfds = {}", set(names)),
        ShownOut::Revents(all) => format!("revents = {}", braces(all.iter().map(|events| poll_events(*events)))),
        ShownOut::Events(events) => format!("events = {}", network_events(*events)),
    }
}

fn variable(name: NameId, script: &Script) -> &str {
    script.names.get(usize::from(name.0)).map_or("?", |name| &name.text)
}

fn reference(handle: Ref, script: &Script) -> String {
    match handle {
        Ref::Name(name) => variable(name, script).to_owned(),
        Ref::InvalidSocket => "INVALID_SOCKET".to_owned(),
        Ref::Number(n) => format!("handle({n:#x})"),
    }
}

fn braces(members: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

fn family_type_protocol(family: Family, kind: SockType) -> String {
    let family = match family {
        Family::Inet => "AF_INET",
        Family::Inet6 => "AF_INET6",
    };
    match kind {
        SockType::Stream => format!("{family}, SOCK_STREAM, IPPROTO_TCP"),
        SockType::Dgram => format!("{family}, SOCK_DGRAM, IPPROTO_UDP"),
    }
}

fn name_argument(name: &Name<Ref>, script: &Script) -> String {
    match name {
        Name::Null => "NULL".to_owned(),
        Name::Of(s) => reference(*s, script),
        Name::Address(address, length) if *length == address.family.address_size() => write_address(*address),
        Name::Address(address, length) => format!("{}, {length}", write_address(*address)),
    }
}

fn render_backlog(backlog: Backlog) -> String {
    match backlog {
        Backlog::Number(n) => n.to_string(),
        Backlog::Somaxconn => "SOMAXCONN".to_owned(),
        Backlog::Hint(n) => format!("SOMAXCONN_HINT({n})"),
    }
}

fn pointer(buffer: Buffer) -> &'static str {
    match buffer {
        Buffer::Null => "NULL",
        Buffer::Valid => "addr",
        Buffer::Bad => "BAD",
    }
}

fn length_argument(length: Length) -> String {
    match length {
        Length::Null => "NULL".to_owned(),
        Length::Holds(n) => n.to_string(),
        Length::Bad => "BAD".to_owned(),
    }
}

fn option(opt: Opt) -> String {
    OPTIONS
        .iter()
        .find(|(_, _, known)| *known == opt)
        .map_or_else(String::new, |(level, name, _)| format!("{level}, {name}"))
}

fn option_value(value: OptVal) -> String {
    match value {
        OptVal::Number(n) => n.to_string(),
        OptVal::Linger(on, seconds) => format!("{{{on}, {seconds}}}"),
    }
}

fn fd_set(set: &FdSet<Ref>, script: &Script) -> String {
    set.map_or("NULL".to_owned(), |set| braces(set.iter().map(|member| reference(member, script))))
}

/// Each function has its own word for waiting without limit.
fn time_out(timeout: Timeout, unlimited: &str) -> String {
    timeout.map_or(unlimited.to_owned(), |milliseconds| milliseconds.to_string())
}

fn boolean(value: bool) -> &'static str {
    if value { "TRUE" } else { "FALSE" }
}

fn poll_events(events: PollEvents) -> String {
    mask(events.0, PollEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)))
}

fn network_events(events: NetworkEvents) -> String {
    mask(events.0, NetworkEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)))
}

/// The names of the bits; bits without a name, which only a real stack can set, as one hexadecimal number.
fn mask(bits: u16, names: impl Iterator<Item = (&'static str, u16)>) -> String {
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
