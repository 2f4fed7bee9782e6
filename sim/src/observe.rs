//! What a stack was seen to do at one step, and whether an expectation allows it.
//!
//! The model and every real stack report in these terms, so that they can be compared line by line.

use winaccept_model::call::{Address, AfdEvents, Data, NetworkEvents, OptVal, PollEvents, Port};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;

use crate::script::{
    AddrPattern, Block, Came, Ending, EntryPattern, Expect, GivenTo, NameId, Pattern, PeerSegment, PrintArgument, Ref,
    ValuePattern, With,
};

/// What was seen at one step.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Observed {
    /// The call did not return before the next step.
    Blocks,
    /// The call returned.
    Returned(Shown),
    /// The actor printed this text.
    Printed(String),
    /// The step has no outcome of its own (an exit, a happening).
    Done,
    /// What a raw peer found.
    Came(Came),
    /// The step was not taken; why.
    NotTaken(String),
}

/// Why a step is not taken whose actor met undefined behaviour.
pub const UNDEFINED_BY_NOW: &str = "the behaviour of this actor is undefined by now";

/// A returned call as seen from outside.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Shown {
    /// The returned value; a new handle is only said to be one.
    pub value: ShownValue,
    /// The error code after a failure.
    pub error: Code,
    /// What was written through pointers, in the order of the parameters.
    pub out: Vec<ShownOut>,
}

/// A returned value as seen from outside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ShownValue {
    /// This value; never [`Value::Handle`].
    Is(Value),
    /// A new, valid handle.
    Handle,
}

/// An out-parameter as seen from outside.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ShownOut {
    /// The address buffer; `None`: unchanged.
    Addr(Option<ShownAddress>),
    /// The integer behind `addrlen` after the call.
    AddrLen(i32),
    /// The bytes received.
    Data(Data),
    /// The option's value.
    Value(OptVal),
    /// The id of a socket group: the variable of its first member; `None`: no variable has it.
    Group(Option<NameId>),
    /// The sockets left in `readfds`, by variable.
    ReadFds(Vec<NameId>),
    /// The sockets left in `writefds`.
    WriteFds(Vec<NameId>),
    /// The sockets left in `exceptfds`.
    ExceptFds(Vec<NameId>),
    /// `revents` of each polled entry.
    Revents(Vec<PollEvents>),
    /// What a poll of the driver has found: sockets by variable, `None` where no variable has one, and their events.
    Handles(Vec<(Option<NameId>, AfdEvents)>),
    /// The network events recorded.
    Events(NetworkEvents),
    /// `iErrorCode` of the same: the events that have an error, and which.
    EventErrors(Vec<(NetworkEvents, Code)>),
    /// The count behind a pointer; `None`: unchanged.
    Bytes(Option<u32>),
    /// The key that came with a packet; `None`: unchanged.
    Key(Option<u32>),
    /// The OVERLAPPED that came with a packet, by variable; `None`: `NULL`.
    Overlapped(Option<NameId>),
    /// The packets that were fetched.
    Entries(Vec<ShownEntry>),
    /// The message that was fetched.
    Message(ShownMessage),
    /// The address of this end that `GetAcceptExSockaddrs` finds; `None`: the pointer is unchanged.
    Local(Option<ShownAddress>),
    /// The address of the other end.
    Remote(Option<ShownAddress>),
    /// The caller's address, as a condition function is given it.
    CallerId(ShownAddress),
    /// The local address, as a condition function is given it.
    CalleeId(ShownAddress),
    /// What else a condition function is given.
    Given(GivenTo, Block),
    /// `dwCallbackData`, as a condition function is given it.
    CallbackData(u32),
    /// `dwError`, as a completion routine is given it.
    Error(Code),
    /// `dwFlags`, as a completion routine is given them.
    Flags(u32),
    /// The error code behind `lpErrno`, after a failure.
    Errno(Code),
}

/// A packet as seen from outside; without a variable its OVERLAPPED is told as `NULL`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub struct ShownEntry {
    pub key: u32,
    pub over: Option<NameId>,
    pub bytes: u32,
}

/// A message as seen from outside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ShownMessage {
    /// Its number.
    pub number: u32,
    /// The socket in it, by variable; `None`: no variable has it.
    pub socket: Option<NameId>,
    /// The event.
    pub event: NetworkEvents,
    /// The error.
    pub error: Code,
}

/// An address as seen from outside. A port that the system chose is only known by who else has it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ShownAddress {
    /// Family, IP, and the port: [`Port::Fixed`] if a script wrote it, `Port::SOME` if the system chose it.
    pub address: Address,
    /// The variables whose sockets are bound to exactly this address at this moment, in order.
    pub names: Vec<NameId>,
}

/// Does this expectation allow what was seen?
#[must_use]
pub fn allows(expect: &Expect, seen: &Observed) -> bool {
    match (expect, seen) {
        (Expect::Blocks, Observed::Blocks) => true,
        (Expect::OneOf(patterns), Observed::Blocks) => {
            patterns.iter().any(|pattern| pattern.value == ValuePattern::Waits)
        }
        (Expect::OneOf(patterns), Observed::Returned(seen)) => patterns.iter().any(|pattern| matches(pattern, seen)),
        (Expect::Silent(_), Observed::Blocks | Observed::Returned(_)) => true,
        (Expect::Text(text), Observed::Printed(printed)) => text == printed,
        (Expect::Segments(all), Observed::Came(came)) => all.iter().any(|expected| is_this(expected, came)),
        _ => false,
    }
}

/// Does what was seen of a call end so?
#[must_use]
pub fn ends_so(ending: &Ending, seen: &Observed) -> bool {
    let Observed::Returned(seen) = seen else { return false };
    let errno = seen.out.iter().any(|out| matches!(out, ShownOut::Errno(_)));
    let fails = seen.error != Code::NONE || errno;
    let is_outcome = !matches!(
        seen.value,
        ShownValue::Is(Value::Undefined | Value::Unmodelled | Value::Crashes | Value::CallsCondition)
    );
    match ending {
        Ending::Fails => fails,
        Ending::Succeeds => is_outcome && !fails,
        Ending::Gives(patterns) => patterns.iter().any(|pattern| matches(pattern, seen)),
    }
}

/// Is this what a raw peer expected? A plain RST is any reset.
#[must_use]
pub fn is_this(expected: &Came, came: &Came) -> bool {
    let reset = |came: &Came| matches!(came, Came::Segment(PeerSegment::Rst | PeerSegment::RstAck, _));
    expected == came || matches!(expected, Came::Segment(PeerSegment::Rst, _)) && reset(came)
}

/// Does this one pattern describe what was seen?
#[must_use]
pub fn matches(pattern: &Pattern, seen: &Shown) -> bool {
    let value = match (pattern.value, seen.value) {
        (ValuePattern::Binds(_), ShownValue::Handle) => true,
        (ValuePattern::Is(expected), ShownValue::Is(value)) => expected == value,
        _ => false,
    };
    let told = |with: &With| seen.out.iter().any(|out| fits(with, out)) || is_nothing(with, seen);
    value && pattern.error == seen.error && pattern.with.iter().all(told)
}

/// Is it expected that nothing was received, and did nothing come?
fn is_nothing(with: &With, seen: &Shown) -> bool {
    matches!(with, With::Data(data) if data.as_slice().is_empty()) && received_nothing(seen)
}

fn received_nothing(seen: &Shown) -> bool {
    seen.error == Code::NONE && !seen.out.iter().any(|out| matches!(out, ShownOut::Data(_)))
}

fn fits(with: &With, out: &ShownOut) -> bool {
    match (with, out) {
        (With::Addr(expected), ShownOut::Addr(seen))
        | (With::Local(expected), ShownOut::Local(seen))
        | (With::Remote(expected), ShownOut::Remote(seen)) => fits_address(expected, seen.as_ref()),
        (With::CallerId(expected), ShownOut::CallerId(seen)) | (With::CalleeId(expected), ShownOut::CalleeId(seen)) => {
            fits_address(expected, Some(seen))
        }
        (With::Given(to, a), ShownOut::Given(also_to, b)) => to == also_to && a == b,
        (With::CallbackData(a), ShownOut::CallbackData(b)) | (With::Flags(a), ShownOut::Flags(b)) => a == b,
        (With::Errno(a), ShownOut::Errno(b)) | (With::Error(a), ShownOut::Error(b)) => a == b,
        (With::Bytes(a), ShownOut::Bytes(b)) | (With::Key(a), ShownOut::Key(b)) => a == b,
        (With::Overlapped(a), ShownOut::Overlapped(b)) => *a == b.map(Ref::Name),
        (With::Message(a), ShownOut::Message(b)) => {
            (a.number, a.event, a.error) == (b.number, b.event, b.error) && b.socket.map(Ref::Name) == Some(a.socket)
        }
        (With::Entries(a), ShownOut::Entries(b)) => {
            let same = |(a, b): (&EntryPattern, &ShownEntry)| {
                (a.key, a.over, a.bytes) == (b.key, b.over.map(Ref::Name), b.bytes)
            };
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        (With::AddrLen(n), ShownOut::AddrLen(m)) => n == m,
        (With::Data(a), ShownOut::Data(b)) => a == b,
        (With::Value(a), ShownOut::Value(b)) => a == b,
        (With::Group(a), ShownOut::Group(b)) => Some(*a) == b.map(Ref::Name),
        (With::ReadFds(a), ShownOut::ReadFds(b))
        | (With::WriteFds(a), ShownOut::WriteFds(b))
        | (With::ExceptFds(a), ShownOut::ExceptFds(b)) => same_set(a, b),
        (With::Revents(a), ShownOut::Revents(b)) => a == b,
        (With::Handles(a), ShownOut::Handles(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (Some(a.0), a.1) == (b.0.map(Ref::Name), b.1))
        }
        (With::Events(a), ShownOut::Events(b)) => a == b,
        (With::EventErrors(a), ShownOut::EventErrors(b)) => a == b,
        _ => false,
    }
}

fn fits_address(expected: &AddrPattern, seen: Option<&ShownAddress>) -> bool {
    match (expected, seen) {
        (AddrPattern::Unchanged, None) => true,
        (AddrPattern::Of(Ref::Name(name)), Some(seen)) => seen.names.contains(name),
        (AddrPattern::Is(address), Some(seen)) => seen.address == *address,
        (AddrPattern::AnyPort(address), Some(seen)) => {
            seen.address.family == address.family && seen.address.ip == address.ip && seen.address.port != Port::Unset
        }
        _ => false,
    }
}

fn same_set(expected: &[Ref], seen: &[NameId]) -> bool {
    expected.len() == seen.len() && expected.iter().all(|r| matches!(r, Ref::Name(name) if seen.contains(name)))
}

/// Is what was `seen` of a stack exactly this outcome of the model, as far as the stack was looked at?
///
/// What somebody reports of an out-parameter counts whatever the call returned: a failing call that writes is no call that
/// leaves its buffer alone. What nobody reports does not count.
#[must_use]
pub fn same(model: &Observed, seen: &Observed) -> bool {
    match (model, seen) {
        (Observed::Returned(model), Observed::Returned(seen)) => {
            let nothing = |out: &ShownOut| {
                matches!(out, ShownOut::Data(data) if data.as_slice().is_empty()) && received_nothing(model)
            };
            let agrees = |out: &ShownOut| model.out.iter().any(|told| agree(told, out)) || nothing(out);
            model.value == seen.value && model.error == seen.error && seen.out.iter().all(agrees)
        }
        (Observed::NotTaken(_), Observed::NotTaken(_)) => true,
        _ => model == seen,
    }
}

/// What was seen without what the expectation does not ask for.
#[must_use]
pub fn asked_for(expect: &Expect, seen: &Observed) -> Observed {
    let (Expect::OneOf(patterns), Observed::Returned(shown)) = (expect, seen) else { return seen.clone() };
    let asked = |out: &&ShownOut| patterns.iter().flat_map(|pattern| &pattern.with).any(|with| is_about(with, out));
    Observed::Returned(Shown { out: shown.out.iter().filter(asked).cloned().collect(), ..shown.clone() })
}

/// Do both speak of the same parameter?
fn is_about(with: &With, out: &ShownOut) -> bool {
    match (with, out) {
        (With::Addr(_), ShownOut::Addr(_))
        | (With::AddrLen(_), ShownOut::AddrLen(_))
        | (With::Data(_), ShownOut::Data(_))
        | (With::Value(_), ShownOut::Value(_) | ShownOut::Group(_))
        | (With::Group(_), ShownOut::Value(_) | ShownOut::Group(_))
        | (With::ReadFds(_), ShownOut::ReadFds(_))
        | (With::WriteFds(_), ShownOut::WriteFds(_))
        | (With::ExceptFds(_), ShownOut::ExceptFds(_))
        | (With::Revents(_), ShownOut::Revents(_))
        | (With::Handles(_), ShownOut::Handles(_))
        | (With::Events(_), ShownOut::Events(_))
        | (With::EventErrors(_), ShownOut::EventErrors(_))
        | (With::Bytes(_), ShownOut::Bytes(_))
        | (With::Entries(_), ShownOut::Entries(_))
        | (With::Message(_), ShownOut::Message(_))
        | (With::Local(_), ShownOut::Local(_))
        | (With::Remote(_), ShownOut::Remote(_))
        | (With::CallerId(_), ShownOut::CallerId(_))
        | (With::CalleeId(_), ShownOut::CalleeId(_))
        | (With::CallbackData(_), ShownOut::CallbackData(_))
        | (With::Error(_), ShownOut::Error(_))
        | (With::Flags(_), ShownOut::Flags(_))
        | (With::Errno(_), ShownOut::Errno(_)) => true,
        (With::Given(asked, _), ShownOut::Given(given, _)) => asked == given,
        _ => false,
    }
}

/// Is this the same out-parameter with the same in it?
fn agree(model: &ShownOut, seen: &ShownOut) -> bool {
    match (model, seen) {
        (ShownOut::Addr(Some(model)), ShownOut::Addr(Some(seen)))
        | (ShownOut::Local(Some(model)), ShownOut::Local(Some(seen)))
        | (ShownOut::Remote(Some(model)), ShownOut::Remote(Some(seen)))
        | (ShownOut::CallerId(model), ShownOut::CallerId(seen))
        | (ShownOut::CalleeId(model), ShownOut::CalleeId(seen)) => {
            // Of an address that no variable has now, a stack may remember who had it.
            let nobodys = model.names.is_empty();
            model.address == seen.address && (nobodys || equal_sets(&model.names, &seen.names))
        }
        (ShownOut::ReadFds(model), ShownOut::ReadFds(seen))
        | (ShownOut::WriteFds(model), ShownOut::WriteFds(seen))
        | (ShownOut::ExceptFds(model), ShownOut::ExceptFds(seen)) => equal_sets(model, seen),
        // What nobody has written may be anything.
        (ShownOut::Given(model, Block::Unset), ShownOut::Given(seen, _)) => model == seen,
        _ => model == seen,
    }
}

/// A set has no order, and a stack may leave a socket in it twice.
fn equal_sets(a: &[NameId], b: &[NameId]) -> bool {
    a.iter().all(|name| b.contains(name)) && b.iter().all(|name| a.contains(name))
}

/// What `prints` shows.
pub(crate) fn printed(format: &str, argument: Option<PrintArgument>, last_error: i64, result: i64) -> String {
    let number = match argument {
        Some(PrintArgument::LastResult) => result,
        Some(PrintArgument::LastError) | None => last_error,
    };
    format.replacen("%ld", &number.to_string(), 1).replacen("%d", &number.to_string(), 1)
}
