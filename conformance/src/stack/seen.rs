//! What a worker tells of a returned call, in the terms in which every stack reports.

use std::net::IpAddr;

use winaccept_model::call::{
    Address, AfdEvents, Buffer, Call, Data, Family, FdSet, Ip, Length, NetworkEvents, OptVal, PollEvents, Port, Returns,
};
use winaccept_model::code::Code;
use winaccept_model::kind::{self, Kind};
use winaccept_model::outcome::Value;
use winaccept_sim::observe::{Shown, ShownAddress, ShownEntry, ShownMessage, ShownOut, ShownValue};
use winaccept_sim::script::{Block, GivenTo, NameId, Ref};

use super::protocol::{Given, INVALID_SOCKET, OptionValue, RawHandle, Returned, SocketAddress};
use super::wire::ip_address;

/// What is known outside of the call about the addresses and handles it may give back.
pub(super) trait Known {
    /// The variables with exactly this local address, in order.
    fn at(&self, address: SocketAddress) -> Vec<NameId>;
    /// Did the script itself write this port?
    fn written(&self, port: u16) -> bool;
    /// The handle that this variable stands for.
    fn raw(&self, name: NameId) -> Option<RawHandle>;
    /// The variable that stands for this one; of several the latest, for the number of a closed handle is given again.
    fn named(&self, raw: RawHandle) -> Option<NameId>;
}

/// What was seen of this call when it returned.
pub(super) fn seen(call: &Call<Ref>, returned: &Returned, known: &impl Known) -> Shown {
    if let Some(given) = &returned.condition {
        let value = ShownValue::Is(Value::CallsCondition);
        return Shown { value, error: Code::NONE, out: given_to_condition(given, known) };
    }
    if let Some(flags) = returned.routine {
        let out = vec![
            ShownOut::Error(code(returned.error)),
            ShownOut::Bytes(returned.bytes),
            ShownOut::Overlapped(returned.overlapped.and_then(|raw| known.named(raw))),
            ShownOut::Flags(flags),
        ];
        return Shown { value: ShownValue::Is(Value::CallsRoutine), error: Code::NONE, out };
    }
    let (value, failed) = match call {
        Call::AssociatePort { port: Ref::Name(port), .. } if known.raw(*port) == Some(returned.value) => {
            (ShownValue::Is(Value::SamePort), false)
        }
        _ => value(call.function().returns(), returned.value),
    };
    let error = if failed && !call.function().does().points { code(returned.error) } else { Code::NONE };
    Shown { value, error, out: told(call, &Told { returned, failed, known }) }
}

/// What a worker's answer says of this call where nothing is known of its variables: every address and handle is a stranger's.
#[must_use]
pub fn shown(call: &Call<Ref>, returned: &Returned) -> Shown {
    seen(call, returned, &Nothing)
}

/// Nothing is known.
struct Nothing;

impl Known for Nothing {
    fn at(&self, _: SocketAddress) -> Vec<NameId> {
        Vec::new()
    }
    fn written(&self, _: u16) -> bool {
        false
    }
    fn raw(&self, _: NameId) -> Option<RawHandle> {
        None
    }
    fn named(&self, _: RawHandle) -> Option<NameId> {
        None
    }
}

fn code(error: u32) -> Code {
    Code(u16::try_from(error).unwrap_or(u16::MAX))
}

/// The value, and whether it says that the call failed and left an error code.
fn value(returns: Returns, value: i64) -> (ShownValue, bool) {
    let plain = |value| (ShownValue::Is(value), false);
    let failure = |value| (ShownValue::Is(value), true);
    match (returns, value) {
        (Returns::Socket, INVALID_SOCKET) => failure(Value::InvalidSocket),
        (Returns::Event, 0) => failure(Value::InvalidEvent),
        (Returns::Port | Returns::Window, 0) => failure(Value::NoPort),
        (Returns::Socket | Returns::Event | Returns::Overlapped | Returns::Port | Returns::Window, _) => {
            (ShownValue::Handle, false)
        }
        (Returns::Bool, 0) => failure(Value::Number(0)),
        (Returns::Bool, _) => plain(Value::Number(1)),
        (Returns::Answer, _) => plain(Value::Number(i64::from(value != 0))),
        (Returns::Wait, 0..=63) => plain(Value::WaitEvent(value as u8)),
        (Returns::Wait | Returns::Sleep, 0xc0) => plain(Value::WaitIoCompletion),
        (Returns::Wait, 0x102) => plain(Value::WaitTimeout),
        (Returns::Wait, 0xffff_ffff | -1) => failure(Value::WaitFailed),
        (Returns::Number, -1) => failure(Value::SocketError),
        // A code, or nothing, is never SOCKET_ERROR.
        (Returns::Number | Returns::Code | Returns::Wait | Returns::Sleep | Returns::Status | Returns::Nothing, _) => {
            plain(Value::Number(value))
        }
    }
}

/// What a condition function was given. An address that is not there is not told.
fn given_to_condition(given: &Given, known: &impl Known) -> Vec<ShownOut> {
    let block = |length: Option<u32>| length.map_or(Block::Null, Block::Bytes);
    let quality = |there: bool| if there { Block::Unset } else { Block::Null };
    let callerid = given.callerid.map(|address| ShownOut::CallerId(seen_address(address, known)));
    let calleeid = given.calleeid.map(|address| ShownOut::CalleeId(seen_address(address, known)));
    let mut all: Vec<ShownOut> = callerid.into_iter().collect();
    all.push(ShownOut::Given(GivenTo::CallerData, block(given.callerdata)));
    all.push(ShownOut::Given(GivenTo::Sqos, quality(given.sqos)));
    all.push(ShownOut::Given(GivenTo::Gqos, quality(given.gqos)));
    all.extend(calleeid);
    all.push(ShownOut::Given(GivenTo::CalleeData, block(given.calleedata)));
    all.push(ShownOut::CallbackData(given.callbackdata));
    all
}

/// A call that has returned, as its parameters are asked what was written through them.
pub(super) struct Told<'a, K> {
    returned: &'a Returned,
    failed: bool,
    known: &'a K,
}

/// What a kind tells when its call has returned.
trait Tell: Kind {
    /// What was written through the parameter `field`, if it is a pointer to something that counts.
    fn tell(_value: &Self::Value<Ref>, _field: &str, _told: &Told<'_, impl Known>) -> Option<ShownOut> {
        None
    }
}

macro_rules! tell {
    ($($call:ident $library:ident $c:literal
        $(($($([$before:ident])* $field:ident: $kind:ident $([$after:ident])*),*))? -> $returns:ident [$($does:ident)*]
        $(again $again:ident)? by $first:ident {$($table:ident: $file:ident::$list:ident),*};)*) => {
        /// What the call wrote, in the order of its parameters.
        fn told(call: &Call<Ref>, told: &Told<'_, impl Known>) -> Vec<ShownOut> {
            let mut all = Vec::new();
            match call { $(Call::$call $({ $($field),* })? => { $($(
                $(all.extend(constant(stringify!($before), told));)*
                all.extend(<kind::$kind as Tell>::tell($field, stringify!($field), told));
                $(all.extend(constant(stringify!($after), told));)*
            )*)? })* }
            all.extend(event_errors(told));
            all
        }
    };
}
winaccept_model::for_each_call!(tell);

/// The errors of the events that were told.
fn event_errors(told: &Told<'_, impl Known>) -> Option<ShownOut> {
    let errors = told.returned.errors.as_ref().filter(|_| !told.failed)?;
    let named = |bit: &u8| NetworkEvents::NAMES.iter().find(|(_, event)| event.0.trailing_zeros() == u32::from(*bit));
    let each = errors.iter().filter(|(_, error)| *error != 0);
    Some(ShownOut::EventErrors(each.filter_map(|(bit, error)| Some((named(bit)?.1, code(*error)))).collect()))
}

/// What was written through a parameter that is always the same. Nothing that counts when the call failed.
fn constant(kind: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
    match kind {
        // Also of a request that failed.
        "GotBytes" => Some(ShownOut::Bytes(told.returned.bytes)),
        "GotKey" => Some(ShownOut::Key(told.returned.key)),
        "GotOverlapped" => {
            let raw = told.returned.overlapped.filter(|raw| *raw != 0);
            Some(ShownOut::Overlapped(raw.and_then(|raw| told.known.named(raw))))
        }
        "GotInformation" => told.returned.bytes.map(|bytes| ShownOut::Bytes(Some(bytes))),
        _ if told.failed => None,
        "GotMessage" => {
            let message = told.returned.message?;
            Some(ShownOut::Message(ShownMessage {
                number: message.number,
                socket: told.known.named(message.socket),
                event: NetworkEvents(message.event),
                error: code(message.error),
            }))
        }
        "GotEntries" => told.returned.entries.as_ref().map(|entries| {
            let entry = |&(key, raw, bytes): &(u32, RawHandle, u32)| ShownEntry {
                key,
                over: Some(raw).filter(|raw| *raw != 0).and_then(|raw| told.known.named(raw)),
                bytes,
            };
            ShownOut::Entries(entries.iter().map(entry).collect())
        }),
        "LocalSockaddr" => Some(ShownOut::Local(told.returned.local.map(|at| seen_address(at, told.known)))),
        "RemoteSockaddr" => Some(ShownOut::Remote(told.returned.remote.map(|at| seen_address(at, told.known)))),
        "OptionOut" | "IdealSendBacklogOut" | "HandleFlagsOut" => {
            told.returned.option.map(|value| ShownOut::Value(option(value)))
        }
        "EventsOut" => told.returned.events.map(|events| ShownOut::Events(NetworkEvents(events as u16))),
        _ => None,
    }
}

macro_rules! tell_nothing {
    ($($kind:ident),* $(,)?) => { $(impl Tell for kind::$kind {})* };
}
tell_nothing! {
    VersionIn, ErrorCode, AddressFamily, TypeProtocol, GroupIn, SocketFlagsIn, Process,
    Child, InheritHandles, InheritFlag, BacklogIn, HowIn, BytesIn, Fionbio, OptionName,
    OptionIn, NetworkEventsIn, Thread, CountOut, SelectTime, PollTime, WaitTime, SleepTime, Alertable, MayBeAlertable, Sock, InfoIn,
    Event, AnyHandle, EventOrNull, EventArray, NameIn, RoutineIn, ConditionIn, CallbackData,
    OutputBuffer, ByteCount, WaitFlag, ExtensionIn, PointerRoom, CommandIn, CommandRoom,
    SocketValue, OverlappedOrNull, BufferOf, PortIn, PortKey, WindowIn, WindowOrNull, MessageNumber, PostedBuffers, SentBuffer,
    RequestOverlapped, CompletionRoutine, EntryCount, FileModesIn, ManualReset, InitialState,
    AfdTime, AfdHandles, DeviceHandle, DeviceOverlapped,
    TransmitFlags, Reserved, WrittenBytes, SentWithConnection, LowBit, ConnectData, QosIn,
}

/// Told also of a call that failed.
impl Tell for kind::ConnectRoom {
    fn tell(value: &Option<u16>, _: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        let length = |room: u16| told.returned.bytes.unwrap_or(room.into());
        value.map(|room| ShownOut::Given(GivenTo::CalleeData, Block::Bytes(length(room))))
    }
}

/// Told also of what goes on by itself: that is no failure.
impl Tell for kind::Transferred {
    fn tell(value: &bool, _: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        let pends = told.returned.error == u32::from(Code::ERROR_IO_PENDING.0);
        (*value && (!told.failed || pends)).then_some(ShownOut::Bytes(told.returned.bytes))
    }
}

/// What a call tells that leaves the last error alone.
impl Tell for kind::ErrnoOut {
    fn tell(_: &Buffer, _: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        told.failed.then(|| ShownOut::Errno(code(told.returned.error)))
    }
}

/// The bytes that a request has received, where somebody asks what became of it.
impl Tell for kind::OverlappedIn {
    fn tell(_: &Ref, field: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        <kind::BytesOut as Tell>::tell(&0, field, told)
    }
}

/// What a poll of the driver has found.
impl Tell for kind::PolledWith {
    fn tell(_: &Ref, _: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        let found = told.returned.polled.as_ref()?;
        let entry = |(s, events): &(RawHandle, u16)| (told.known.named(*s), AfdEvents(*events));
        Some(ShownOut::Handles(found.iter().map(entry).collect()))
    }
}

/// Told also of a call that failed.
impl Tell for kind::AddrOut {
    fn tell(value: &Buffer, _: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        let address = told.returned.addr.map(|address| seen_address(address, told.known));
        (*value == Buffer::Valid).then_some(ShownOut::Addr(address))
    }
}

/// Told also of a call that failed.
impl Tell for kind::LengthInOut {
    fn tell(value: &Length, _: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        told.returned.addrlen.filter(|_| matches!(value, Length::Holds(_))).map(ShownOut::AddrLen)
    }
}

impl Tell for kind::BytesOut {
    fn tell(_: &Self::Value<Ref>, _: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        let data = told.returned.data.as_ref().filter(|_| !told.failed)?;
        Data::new(&data.0).map(ShownOut::Data)
    }
}

impl Tell for kind::ReadRoom {
    fn tell(_: &u32, field: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        <kind::BytesOut as Tell>::tell(&0, field, told)
    }
}

impl Tell for kind::Buffers {
    fn tell(_: &Self::Value<Ref>, field: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        <kind::BytesOut as Tell>::tell(&0, field, told)
    }
}

impl Tell for kind::SocketSet {
    fn tell(value: &FdSet<Ref>, field: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        let Returned { readfds, writefds, exceptfds, .. } = told.returned;
        let (shown, left): (fn(Vec<NameId>) -> ShownOut, _) = match field {
            "readfds" => (ShownOut::ReadFds, readfds),
            "writefds" => (ShownOut::WriteFds, writefds),
            _ => (ShownOut::ExceptFds, exceptfds),
        };
        names(value, left.as_ref().filter(|_| !told.failed), told.known).map(shown)
    }
}

impl Tell for kind::PollArray {
    fn tell(_: &Self::Value<Ref>, _: &str, told: &Told<'_, impl Known>) -> Option<ShownOut> {
        let revents = told.returned.revents.as_ref().filter(|_| !told.failed)?;
        Some(ShownOut::Revents(revents.iter().copied().map(PollEvents).collect()))
    }
}

/// The variables of this set whose handles were left in it, in order.
fn names(set: &FdSet<Ref>, left: Option<&Vec<RawHandle>>, known: &impl Known) -> Option<Vec<NameId>> {
    let (set, left) = (set.as_ref()?, left?);
    let mut names: Vec<NameId> = set
        .iter()
        .filter_map(|r| match r {
            Ref::Name(name) => Some(name),
            Ref::InvalidSocket | Ref::Number(_) => None,
        })
        .filter(|name| known.raw(*name).is_some_and(|raw| left.contains(&raw)))
        .collect();
    names.sort_unstable();
    Some(names)
}

fn option(value: OptionValue) -> OptVal {
    match value {
        OptionValue::Linger(on, seconds) => OptVal::Linger(on, seconds),
        OptionValue::Number(n) => OptVal::Number(n),
    }
}

/// An address in the words of scripts. One that has no word there is told as [`Ip::NotLocal`].
fn seen_address(address: SocketAddress, known: &impl Known) -> ShownAddress {
    let family = if matches!(address.ip, IpAddr::V4(_)) { Family::Inet } else { Family::Inet6 };
    let ip = [Ip::Any, Ip::Loopback, Ip::Mapped].into_iter().find(|word| ip_address(family, *word) == address.ip);
    let port = match address.port {
        0 => Port::Unset,
        port if known.written(port) => Port::Fixed(port),
        _ => Port::SOME,
    };
    let address_in_words = Address { family, ip: ip.unwrap_or(Ip::NotLocal), port };
    ShownAddress { address: address_in_words, names: known.at(address) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_have_an_error() {
        assert_eq!(value(Returns::Socket, INVALID_SOCKET), (ShownValue::Is(Value::InvalidSocket), true));
        assert_eq!(value(Returns::Socket, 52), (ShownValue::Handle, false));
        assert_eq!(value(Returns::Wait, 1), (ShownValue::Is(Value::WaitEvent(1)), false));
        assert_eq!(value(Returns::Wait, 0x102), (ShownValue::Is(Value::WaitTimeout), false));
        assert_eq!(value(Returns::Wait, 0xffff_ffff), (ShownValue::Is(Value::WaitFailed), true));
        assert_eq!(value(Returns::Bool, 0), (ShownValue::Is(Value::Number(0)), true));
        assert_eq!(value(Returns::Number, -1), (ShownValue::Is(Value::SocketError), true));
        assert_eq!(value(Returns::Code, 10038), (ShownValue::Is(Value::Number(10038)), false));
    }
}
