//! How each kind of parameter is sent to a worker: variables become handles, names become numbers.

mod address;
mod handle;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use winaccept_model::call::{
    Backlog, Buffer, Command, Condition, Data, Extension, ExtensionName, Family, FileModes, Group, How, NetworkEvents,
    OPTIONS, Opt, OptVal, ProcessId, Qos, Set, SockType, SocketFlags, ThreadId, Timeout, Version,
};
use winaccept_model::kind::*;
use winaccept_sim::script::Ref;

use super::protocol::{Bytes, Fields, OptionValue, Pointer, RawHandle, SocketAddress};

pub(super) use address::ip_address;

/// What a script's names stand for at this moment of a replay.
///
/// An answer may be the reason why there is none, and then the step is not taken.
pub trait Names {
    /// The handle of a reference.
    fn handle(&self, r: Ref) -> RawHandle;
    /// The local address of a socket.
    fn address(&self, r: Ref) -> Result<SocketAddress, String>;
    /// The protocol information that was made for a socket.
    fn info(&self, r: Ref) -> Result<Bytes, String>;
    /// The system's number of a process of the script.
    fn process(&self, process: ProcessId) -> Result<u32, String>;
    /// The number of a thread within the process of the actor that asks.
    fn thread(&self, thread: ThreadId) -> Result<u8, String>;
}

/// What a kind means to the protocol.
pub trait Wire: Kind {
    /// What is sent.
    type Sent: Clone + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned;
    /// The names of what is sent, where they differ from the parameter's.
    const FIELDS: &'static [&'static str] = &[];
    /// What to send for a value of a script.
    ///
    /// # Errors
    /// The reason why there is nothing to send, and the step is not taken.
    fn sent(value: &Self::Value<Ref>, names: &impl Names) -> Result<Self::Sent, String>;
    /// Adds it to the fields of a call, for the parameter `field`.
    fn write(sent: &Self::Sent, field: &'static str, to: &mut Fields) {
        adds(Self::FIELDS, serde_json::to_value(sent).expect("invariant: what is sent is plain data"), field, to);
    }
    /// Reads what [`Wire::write`] wrote. What is null may be missing.
    ///
    /// # Errors
    /// What is wrong with which field.
    fn read(field: &'static str, from: &Map<String, Value>) -> Result<Self::Sent, String> {
        let (name, value) = finds(Self::FIELDS, field, from);
        serde_json::from_value(value).map_err(|error| format!("{name}: {error}"))
    }
}

/// Adds a value to the fields of a call: under its own names, or under that of the parameter.
fn adds(fields: &'static [&'static str], value: Value, field: &'static str, to: &mut Fields) {
    match (fields, value) {
        ([], value) => to.push((field, value)),
        ([only], value) => to.push((only, value)),
        (several, Value::Array(values)) => to.extend(several.iter().copied().zip(values)),
        (several, value) => unreachable!("invariant: {several:?} are several values, not {value}"),
    }
}

/// What is wrong where a value cannot be read, and the value.
fn finds(fields: &'static [&'static str], field: &str, from: &Map<String, Value>) -> (String, Value) {
    let value = |field: &str| from.get(field).cloned().unwrap_or(Value::Null);
    match fields {
        [] => (field.to_owned(), value(field)),
        [only] => ((*only).to_owned(), value(only)),
        several => (several.join(", "), several.iter().map(|field| value(field)).collect()),
    }
}

/// A word that only a routine has; without one nothing is sent.
impl Wire for CompletionRoutine {
    type Sent = Option<bool>;
    fn sent(value: &bool, _: &impl Names) -> Result<Option<bool>, String> {
        Ok(value.then_some(true))
    }
    fn write(sent: &Option<bool>, field: &'static str, to: &mut Fields) {
        to.extend(sent.map(|routine| (field, Value::Bool(routine))));
    }
}

/// A word that only a low bit which is set has.
impl Wire for LowBit {
    type Sent = Option<bool>;
    fn sent(value: &bool, _: &impl Names) -> Result<Option<bool>, String> {
        Ok(value.then_some(true))
    }
    fn write(sent: &Option<bool>, field: &'static str, to: &mut Fields) {
        to.extend(sent.map(|set| (field, Value::Bool(set))));
    }
}

/// Bytes that are sent with a connection, where there are some.
impl Wire for SentWithConnection {
    type Sent = Option<Bytes>;
    fn sent(value: &Data, _: &impl Names) -> Result<Option<Bytes>, String> {
        Ok((!value.as_slice().is_empty()).then(|| Bytes(value.as_slice().to_vec())))
    }
    fn write(sent: &Option<Bytes>, field: &'static str, to: &mut Fields) {
        let value =
            sent.as_ref().map(|bytes| serde_json::to_value(bytes).expect("invariant: what is sent is plain data"));
        to.extend(value.map(|bytes| (field, bytes)));
    }
}

/// Kinds that are sent as numbers which depend on nothing but their value.
macro_rules! numbers {
    ($($kind:ident $([$($field:literal),*])? |$value:ident: $from:ty| -> $sent:ty { $number:expr })*) => { $(
        impl Wire for $kind {
            type Sent = $sent;
            $(const FIELDS: &'static [&'static str] = &[$($field),*];)?
            fn sent($value: &$from, _: &impl Names) -> Result<$sent, String> {
                Ok($number)
            }
        }
    )* };
}
numbers! {
    VersionIn |version: Version| -> [u8; 2] { [version.major, version.minor] }
    ErrorCode ["error"] |code: u16| -> i32 { i32::from(*code) }
    AddressFamily |family: Family| -> i32 { match family { Family::Inet => 2, Family::Inet6 => 23, Family::Atm => 22 } }
    TypeProtocol ["type", "protocol"] |kind: SockType| -> (i32, i32) {
        match kind { SockType::Stream => (1, 6), SockType::Dgram => (2, 17), SockType::Raw => (3, 5) }
    }
    SocketFlagsIn ["flags"] |flags: SocketFlags| -> u32 { u32::from(flags.0) }
    InheritHandles |inherits: bool| -> bool { *inherits }
    // The mask is that of the one flag that scripts name.
    InheritFlag ["mask", "flags"] |inherits: bool| -> (u32, u32) { (1, u32::from(*inherits)) }
    BacklogIn |backlog: Backlog| -> i32 { backlog_number(*backlog) }
    HowIn |how: How| -> i32 { match how { How::Receive => 0, How::Send => 1, How::Both => 2 } }
    BytesIn ["buf"] |data: Data| -> Bytes { Bytes(data.as_slice().to_vec()) }
    BytesOut |size: u32| -> u32 { *size }
    Buffers |sizes: Set<u32>| -> Vec<u32> { sizes.iter().collect() }
    PostedBuffers |sizes: Set<u32>| -> Vec<u32> { sizes.iter().collect() }
    SentBuffer ["buf"] |data: Data| -> Bytes { Bytes(data.as_slice().to_vec()) }
    WrittenBytes ["buf"] |data: Data| -> Bytes { Bytes(data.as_slice().to_vec()) }
    ReadRoom |size: u32| -> u32 { *size }
    ConnectData |data: Option<Data>| -> Option<Bytes> { data.map(|data| Bytes(data.as_slice().to_vec())) }
    ConnectRoom |room: Option<u16>| -> Option<u16> { *room }
    // What an element of ATM looks like a worker need not know: there it has no sockets.
    QosIn |qos: Option<Qos>| -> Option<(u32, u32)> { qos.map(|qos| (qos.sending.into(), qos.receiving.into())) }
    CountOut |given: bool| -> Pointer { if *given { Pointer::Valid } else { Pointer::Null } }
    ConditionIn |condition: Condition| -> Pointer {
        match condition {
            Condition::Null => Pointer::Null,
            Condition::Function => Pointer::Valid,
            Condition::Bad => Pointer::Bad,
        }
    }
    ErrnoOut |errno: Buffer| -> Pointer { pointer(*errno) }
    CallbackData |data: u32| -> u32 { *data }
    Transferred |given: bool| -> Pointer { if *given { Pointer::Valid } else { Pointer::Null } }
    OutputBuffer |buffer: Buffer| -> Pointer { pointer(*buffer) }
    ByteCount |bytes: u32| -> u32 { *bytes }
    WaitFlag |wait: bool| -> bool { *wait }
    ManualReset |manual: bool| -> bool { *manual }
    InitialState |signalled: bool| -> bool { *signalled }
    // Of the names that no function has, the one without any bit.
    ExtensionIn ["code", "guid", "guidlen"] |extension: Extension| -> (u32, String, u32) {
        (SIO_GET_EXTENSION_FUNCTION_POINTER, guid(*extension).to_owned(), extension.size)
    }
    PointerRoom |size: u32| -> u32 { *size }
    PortKey |number: u32| -> u32 { *number }
    EntryCount |number: u32| -> u32 { *number }
    FileModesIn ["flags"] |modes: FileModes| -> u8 { modes.0 as u8 }
    MessageNumber |number: u16| -> u16 { *number }
    TransmitFlags |flags: u8| -> u32 { u32::from(*flags) }
    Reserved |number: u8| -> u32 { u32::from(*number) }
    // Without a number the pointer to it is bad.
    Fionbio ["cmd", "argp"] |argument: Option<u32>| -> (u32, Option<u32>) { (FIONBIO, *argument) }
    CommandIn ["code", "argp", "arglen"] |command: Command| -> (u32, Option<u32>, u32) {
        match *command { Command::Fionbio(argument, size) => (FIONBIO, argument, size), Command::Nobodys => (NO_COMMAND, None, 0) }
    }
    CommandRoom ["output"] |room: Buffer| -> Pointer { pointer(*room) }
    OptionName ["level", "optname"] |option: Opt| -> (i32, i32) { option_numbers(*option) }
    OptionIn ["optval"] |value: OptVal| -> OptionValue {
        match *value { OptVal::Number(n) => OptionValue::Number(n), OptVal::Linger(on, seconds) => OptionValue::Linger(on, seconds) }
    }
    NetworkEventsIn |mask: NetworkEvents| -> u32 { u32::from(mask.0) }
    SelectTime |timeout: Timeout| -> Option<u32> { *timeout }
    PollTime |timeout: Timeout| -> i32 { timeout.map_or(-1, |ms| i32::try_from(ms).unwrap_or(i32::MAX)) }
    WaitTime |timeout: Timeout| -> Option<u32> { *timeout }
    SleepTime |timeout: Timeout| -> Option<u32> { *timeout }
    AfdTime |timeout: Timeout| -> Option<u32> { *timeout }
    Alertable |alertable: bool| -> bool { *alertable }
    MayBeAlertable |alertable: bool| -> bool { *alertable }
}

impl Wire for Process {
    type Sent = u32;
    fn sent(value: &ProcessId, names: &impl Names) -> Result<u32, String> {
        names.process(*value)
    }
}

impl Wire for GroupIn {
    type Sent = u32;
    fn sent(value: &Group<Ref>, _: &impl Names) -> Result<u32, String> {
        match value {
            Group::None => Ok(0),
            Group::Unconstrained => Ok(1),
            Group::Constrained => Ok(2),
            Group::Nobodys => Ok(99),
            Group::Of(_) => Err("which number the group of a socket has the worker does not know".to_owned()),
        }
    }
}

impl Wire for Child {
    type Sent = u32;
    fn sent(_: &ProcessId, _: &impl Names) -> Result<u32, String> {
        Err("the processes of a real stack are there before the scenario begins".to_owned())
    }
}

impl Wire for Thread {
    type Sent = u8;
    fn sent(value: &ThreadId, names: &impl Names) -> Result<u8, String> {
        names.thread(*value)
    }
}

/// The command that asks for a function.
const SIO_GET_EXTENSION_FUNCTION_POINTER: u32 = 0xc800_0006;

/// The name of an extension function, as mswsock.h writes it.
fn guid(extension: Extension) -> &'static str {
    match extension.name {
        ExtensionName::AcceptEx => "b5367df1-cbac-11cf-95ca-00805f48a192",
        ExtensionName::GetAcceptExSockaddrs => "b5367df2-cbac-11cf-95ca-00805f48a192",
        ExtensionName::DisconnectEx => "7fda2e11-8630-436f-a031-f536a6eec157",
        ExtensionName::TransmitFile => "b5367df0-cbac-11cf-95ca-00805f48a192",
        ExtensionName::ConnectEx => "25a207b9-ddf3-4660-8ee9-76e58c74063e",
        ExtensionName::Nobodys => "00000000-0000-0000-0000-000000000000", // GUID_NULL
    }
}

/// A number that is no command of `WSAIoctl`.
const NO_COMMAND: u32 = 0xdead_beef;

/// `FIONBIO`, the only command that scripts give to `ioctlsocket`.
const FIONBIO: u32 = 0x8004_667e;

fn pointer(buffer: Buffer) -> Pointer {
    match buffer {
        Buffer::Null => Pointer::Null,
        Buffer::Valid => Pointer::Valid,
        Buffer::Bad => Pointer::Bad,
    }
}

fn backlog_number(backlog: Backlog) -> i32 {
    match backlog {
        Backlog::Number(n) => n,
        Backlog::Somaxconn => 0x7fff_ffff,
        Backlog::Hint(n) => n.wrapping_neg(), // the macro SOMAXCONN_HINT of winsock2.h
    }
}

fn option_numbers(opt: Opt) -> (i32, i32) {
    let number = match opt {
        Opt::NoDelay => 1,
        Opt::AcceptConn => 2,
        Opt::ReuseAddr => 4,
        Opt::ExclusiveAddrUse => !4,
        Opt::KeepAlive => 8,
        Opt::V6Only => 27,
        Opt::GroupId => 0x2001,
        Opt::Linger => 0x80,
        Opt::OobInline => 0x100,
        Opt::SndBuf => 0x1001,
        Opt::RcvBuf => 0x1002,
        Opt::SndTimeo => 0x1005,
        Opt::RcvTimeo => 0x1006,
        Opt::Error => 0x1007,
        Opt::Type => 0x1008,
        Opt::ConditionalAccept => 0x3002,
        Opt::ConnectTime => 0x700c,
    };
    let level = OPTIONS.iter().find(|(_, _, known)| *known == opt).map(|(level, _, _)| *level);
    let level = match level {
        Some("IPPROTO_TCP") => 6,
        Some("IPPROTO_IPV6") => 41,
        _ => 0xffff, // SOL_SOCKET
    };
    (level, number)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use winaccept_model::call::{Call, Function as called};
    use winaccept_sim::script::NameId;

    use super::super::protocol::{Function, INVALID_SOCKET};
    use super::*;

    /// A replay in which everything has a number of its own, and nothing is refused.
    struct Numbered;

    impl Names for Numbered {
        fn handle(&self, r: Ref) -> RawHandle {
            match r {
                Ref::Name(name) => 52 + 4 * RawHandle::from(name.0),
                Ref::InvalidSocket => INVALID_SOCKET,
                Ref::Number(number) => RawHandle::from(number),
            }
        }
        fn address(&self, r: Ref) -> Result<SocketAddress, String> {
            let ip = match r {
                Ref::Name(NameId(0)) => Ipv4Addr::UNSPECIFIED.into(),
                Ref::Name(_) => Ipv4Addr::LOCALHOST.into(),
                _ => Ipv6Addr::UNSPECIFIED.into(),
            };
            Ok(SocketAddress { ip, port: 49152 })
        }
        fn info(&self, _: Ref) -> Result<Bytes, String> {
            Ok(Bytes(b"abc\xff".to_vec()))
        }
        fn process(&self, process: ProcessId) -> Result<u32, String> {
            Ok(1000 + process.0)
        }
        fn thread(&self, thread: ThreadId) -> Result<u8, String> {
            Ok(thread.0 as u8)
        }
    }

    /// Choices that count: always the same, and every value of a kind in its turn.
    struct Counting(u32);

    impl Choices<Ref> for Counting {
        fn below(&mut self, bound: u32) -> u32 {
            self.0 = self.0.wrapping_mul(25).wrapping_add(7);
            (self.0 >> 8) % bound
        }
        fn handle(&mut self) -> Ref {
            match self.below(8) {
                0 => Ref::InvalidSocket,
                1 => Ref::Number(0xdead),
                name => Ref::Name(NameId(name as u16 - 2)),
            }
        }
        fn overlapped(&mut self) -> Ref {
            Ref::Name(NameId(7))
        }
    }

    /// What a worker is told must not change by a byte, or the workers of other people break.
    #[test]
    fn every_call_is_asked_for_as_it_always_was() {
        let mut lines = String::new();
        for called in called::ALL {
            let mut choices = Counting(1);
            for _ in 0..12 {
                let call = Call::draw(*called, &mut choices);
                // Of ATM no worker is asked anything.
                let Ok(asked) = Function::of(&call, &Numbered) else { continue };
                let line = serde_json::to_string(&asked).expect("plain data");
                let read: Function = serde_json::from_str(&line).expect("what was written");
                assert_eq!(serde_json::to_string(&read).expect("plain data"), line);
                if !lines.contains(&line) {
                    lines += &line;
                    lines.push('\n');
                }
            }
        }
        let record = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stack/wire/asked.jsonl");
        if std::env::var_os("UPDATE_ASKED").is_some() {
            std::fs::write(record, &lines).expect("the record can be written");
            return;
        }
        let unknown = lines.lines().find(|line| !include_str!("wire/asked.jsonl").lines().any(|known| known == *line));
        assert_eq!(
            unknown, None,
            "a line that nobody was asked before: UPDATE_ASKED=1 writes it down, if its call is new"
        );
        assert_eq!(lines, include_str!("wire/asked.jsonl"));
    }

    #[test]
    fn numbers_are_those_of_winsock2() {
        assert_eq!(option_numbers(Opt::ExclusiveAddrUse), (0xffff, -5));
        assert_eq!(option_numbers(Opt::NoDelay), (6, 1));
        assert_eq!(option_numbers(Opt::V6Only), (41, 27));
        assert_eq!(backlog_number(Backlog::Hint(300)), -300);
        assert_eq!(backlog_number(Backlog::Somaxconn), i32::MAX);
    }
}
