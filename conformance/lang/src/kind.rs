//! How each kind of parameter is written in a scenario: read, complained about, written, and shown in an example.

mod address;
mod bytes;
mod handle;
mod option;
mod time;

use winaccept_model::call::{
    Backlog, Buffer, Condition, Family, FileModes, How, NetworkEvents, Opt, ProcessId, SockType, SocketFlags, ThreadId,
    Version,
};
use winaccept_model::code::Code;
use winaccept_model::kind::*;
use winaccept_sim::script::{Ref, Script};

use super::cursor::Parsed;
use super::diagnostic::Diagnostic;
use super::parser::Parser;
use super::render;
use super::signature::Out;
use super::suggest::did_you_mean;
use super::token::Kind as Token;

/// What a parameter may need to know of the call that it is read for.
pub(super) struct Asking {
    /// Who makes the call.
    pub(super) actor: ThreadId,
    /// There is one argument more than there must be.
    pub(super) extra: bool,
    /// An argument stands before this one.
    pub(super) written: bool,
    /// The option that was read: its value has the shape that it says.
    pub(super) option: Option<Opt>,
}

/// What a kind means to the language.
pub(super) trait Text: Kind {
    /// How many arguments it is in a script, at least and at most.
    const ARGUMENTS: (usize, usize) = (1, 1);
    /// How an example writes it.
    const EXAMPLE: &'static str;
    /// The words that it takes, and that name no variable therefore.
    const WORDS: &'static [&'static str] = &[];
    /// Is it a function that the call calls, and that the script tells of?
    const ASKS: bool = false;
    /// What `with` may say of it, if it is a pointer to something that the call writes; `field` is the parameter's name.
    fn out(_field: &str) -> Option<Out> {
        None
    }
    /// Is it a null pointer, so that nothing is written through it?
    fn is_null(_value: &Self::Value<Ref>) -> bool {
        false
    }
    /// Takes it.
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Self::Value<Ref>>;
    /// Writes what [`Text::parse`] takes.
    fn write(value: &Self::Value<Ref>, script: &Script) -> String;
}

/// What a parameter that is always the same means to the language.
pub(super) trait Constant {
    /// How it is written; empty: not at all.
    const WRITTEN: &'static str = "";
    /// What it is, for a complaint, where its spelling alone does not say so.
    const WHAT: &'static str = "";
    /// What `with` may say of it.
    const OUT: Option<Out> = None;
    /// What else `with` may say of it.
    const ALSO: Option<Out> = None;
    /// Takes it.
    fn parse(parser: &mut Parser<'_>) -> Parsed<()> {
        match Self::WHAT {
            "" => parser.cursor.expect(Self::WRITTEN),
            what => parser.cursor.one_of(what, &[(Self::WRITTEN, ())]),
        }
    }
}

macro_rules! constants {
    ($($kind:ident { $($name:ident: $value:expr),* })*) => { $(
        impl Constant for $kind {
            $(constants!(@ $name $value);)*
        }
    )* };
    (@ WRITTEN $value:expr) => { const WRITTEN: &'static str = $value; };
    (@ WHAT $value:expr) => { const WHAT: &'static str = $value; };
    (@ OUT $value:expr) => { const OUT: Option<Out> = Some($value); };
    (@ ALSO $value:expr) => { const ALSO: Option<Out> = Some($value); };
}
constants! {
    StartupDataOut {}
    NoInfo { WRITTEN: "NULL" }
    NoGroup { WRITTEN: "0", WHAT: "the group" }
    NoSocketFlags { WRITTEN: "0", WHAT: "the flags" }
    FromInfo { WRITTEN: "FROM_PROTOCOL_INFO" }
    InfoOut { WRITTEN: "info" }
    NoFlags {}
    OptionOut { OUT: Out::Value }
    NoCount {}
    NotAll {}
    All { WRITTEN: "TRUE", WHAT: "whether to wait for all of them" }
    NoSecurity { WRITTEN: "NULL" }
    NoName { WRITTEN: "NULL" }
    EventsOut { OUT: Out::Events, ALSO: Out::EventErrors }
    RoutineData {}
    FlagsInOut { WRITTEN: "0", WHAT: "the flags" }
    SendFlags { WRITTEN: "0", WHAT: "the flags" }
    NoOverlapped { WRITTEN: "NULL" }
    NoRoutine { WRITTEN: "NULL" }
    HandleFlagsOut { WRITTEN: "flags", OUT: Out::Value }
    IdealSendBacklogQuery { WRITTEN: "SIO_IDEAL_SEND_BACKLOG_QUERY" }
    NoInput { WRITTEN: "NULL" }
    NoInputSize { WRITTEN: "0", WHAT: "the size of what goes in" }
    IdealSendBacklogOut { WRITTEN: "value", OUT: Out::Value }
    ValueSize { WRITTEN: "4", WHAT: "the size of the value" }
    CountNobodyReads { WRITTEN: "bytes" }
    IoctlAfdPoll { WRITTEN: "IOCTL_AFD_POLL" }
    NotExclusive { WRITTEN: "FALSE", WHAT: "whether the poll is exclusive" }
    GotInformation { OUT: Out::Bytes }
    NoFile { WRITTEN: "INVALID_HANDLE_VALUE" }
    NoPort { WRITTEN: "NULL" }
    NoThreads { WRITTEN: "0", WHAT: "the number of threads" }
    GotBytes { WRITTEN: "bytes", OUT: Out::Bytes }
    GotKey { WRITTEN: "key", OUT: Out::Key }
    GotEntries { WRITTEN: "entries", OUT: Out::Entries }
    GotRemoved { WRITTEN: "removed" }
    GotOverlapped { WRITTEN: "overlapped", OUT: Out::Overlapped }
    SolSocket { WRITTEN: "SOL_SOCKET" }
    UpdateAcceptContextName { WRITTEN: "SO_UPDATE_ACCEPT_CONTEXT" }
    LocalSockaddr { WRITTEN: "local", OUT: Out::Local }
    RemoteSockaddr { WRITTEN: "remote", OUT: Out::Remote }
    ResultFlags { WRITTEN: "flags" }
    GotMessage { OUT: Out::Message }
    AnyMessage {}
    Removes {}
    NullFile { WRITTEN: "NULL" }
    NoLength { WRITTEN: "0", WHAT: "the number of bytes" }
    NoSendSize { WRITTEN: "0", WHAT: "the number of bytes of one send" }
    NoBuffers { WRITTEN: "NULL" }
    UpdateConnectContextName { WRITTEN: "SO_UPDATE_CONNECT_CONTEXT" }
    NoOptionValue { WRITTEN: "NULL" }
}

/// Kinds whose values have a word each.
macro_rules! words {
    ($($kind:ident: $what:literal, $example:literal, $words:expr;)*) => { $(
        impl Text for $kind {
            const EXAMPLE: &'static str = $example;
            const WORDS: &'static [&'static str] = &words_of($words);
            fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Self::Value<Ref>> {
                parser.cursor.one_of($what, $words)
            }
            fn write(value: &Self::Value<Ref>, _: &Script) -> String {
                word_of($words, value).to_owned()
            }
        }
    )* };
}
words! {
    AddressFamily: "an address family", "AF_INET", FAMILIES;
    HowIn: "how", "SD_SEND", HOWS;
    InheritHandles: "whether it inherits handles", "TRUE", BOOLS;
    Alertable: "alertable or not", "TRUE", BOOLS;
    CountOut: "a pointer to the number of bytes", "received", COUNTS;
    OutputBuffer: "the output buffer", "buffer", BUFFERS;
    WaitFlag: "whether to wait", "FALSE", BOOLS;
    ManualReset: "whether it is reset by hand", "FALSE", BOOLS;
    InitialState: "whether it is signalled", "FALSE", BOOLS;
    CompletionRoutine: "a completion routine", "NULL", ROUTINES;
}

const FAMILIES: &[(&str, Family); 3] =
    &[("AF_INET", Family::Inet), ("AF_INET6", Family::Inet6), ("AF_ATM", Family::Atm)];
const TYPES: &[(&str, SockType); 3] =
    &[("SOCK_STREAM", SockType::Stream), ("SOCK_DGRAM", SockType::Dgram), ("SOCK_RAW", SockType::Raw)];
const HOWS: &[(&str, How); 3] = &[("SD_RECEIVE", How::Receive), ("SD_SEND", How::Send), ("SD_BOTH", How::Both)];
const COUNTS: &[(&str, bool); 2] = &[("received", true), ("NULL", false)];
const CONDITIONS: &[(&str, Condition); 3] =
    &[("NULL", Condition::Null), ("condition", Condition::Function), ("BAD", Condition::Bad)];
const BUFFERS: &[(&str, Buffer); 3] = &[("buffer", Buffer::Valid), ("NULL", Buffer::Null), ("BAD", Buffer::Bad)];
const ERRNOS: &[(&str, Buffer); 3] = &[("lpErrno", Buffer::Valid), ("NULL", Buffer::Null), ("BAD", Buffer::Bad)];
const ROUTINES: &[(&str, bool); 2] = &[("NULL", false), ("routine", true)];
const TRANSMIT_FLAGS: &[(&str, u8); 5] = &[
    ("TF_DISCONNECT", 1),
    ("TF_REUSE_SOCKET", 2),
    ("TF_WRITE_BEHIND", 4),
    ("TF_USE_SYSTEM_THREAD", 0x10),
    ("TF_USE_KERNEL_APC", 0x20),
];
const BOOLS: &[(&str, bool); 2] = &[("TRUE", true), ("FALSE", false)];
/// Each protocol with the type it belongs to. The first of a type is how it is written.
const PROTOCOLS: &[(&str, Option<SockType>)] = &[
    ("IPPROTO_TCP", Some(SockType::Stream)),
    ("IPPROTO_UDP", Some(SockType::Dgram)),
    ("ATMPROTO_AAL5", Some(SockType::Raw)),
    ("0", None),
];

const fn words_of<T, const N: usize>(table: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut i = 0;
    while i < N {
        words[i] = table[i].0;
        i += 1;
    }
    words
}

/// The word of a value.
fn word_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, known)| known == value).map_or("", |(word, _)| word)
}

impl Text for MayBeAlertable {
    const ARGUMENTS: (usize, usize) = (0, 1);
    const EXAMPLE: &'static str = "FALSE";
    const WORDS: &'static [&'static str] = &["alertable"];
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<bool> {
        if !asking.extra || parser.cursor.eat("alertable") {
            Ok(asking.extra)
        } else {
            Alertable::parse(parser, asking)
        }
    }
    fn write(value: &bool, script: &Script) -> String {
        Alertable::write(value, script)
    }
}

/// A word where it is set.
impl Text for LowBit {
    const ARGUMENTS: (usize, usize) = (0, 1);
    const EXAMPLE: &'static str = "low_bit";
    const WORDS: &'static [&'static str] = &["low_bit"];
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<bool> {
        if asking.extra {
            parser.cursor.expect("low_bit")?;
        }
        Ok(asking.extra)
    }
    fn write(value: &bool, _: &Script) -> String {
        if *value { "low_bit" } else { "" }.to_owned()
    }
}

impl Text for TypeProtocol {
    const ARGUMENTS: (usize, usize) = (2, 2);
    const EXAMPLE: &'static str = "SOCK_STREAM, IPPROTO_TCP";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<SockType> {
        let kind = parser.cursor.one_of("a socket type", TYPES)?;
        parser.cursor.expect(",")?;
        let (word, span) = (parser.cursor.text(), parser.cursor.span());
        match parser.cursor.one_of("a protocol", PROTOCOLS)? {
            Some(belongs) if belongs != kind => {
                let (right, kind) = (word_of(PROTOCOLS, &Some(kind)), word_of(TYPES, &kind));
                let title = format!("{word} is no protocol of {kind}");
                let problem = Diagnostic::new(title, span, format!("expected `{right}` or `0`"))
                    .help("the model has no sockets whose type and protocol disagree");
                Err(parser.cursor.report(problem))
            }
            _ => Ok(kind),
        }
    }
    fn write(value: &SockType, _: &Script) -> String {
        format!("{}, {}", word_of(TYPES, value), word_of(PROTOCOLS, &Some(*value)))
    }
}

impl Text for VersionIn {
    const EXAMPLE: &'static str = "2.2";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Version> {
        parser.version()
    }
    fn write(value: &Version, _: &Script) -> String {
        format!("{}.{}", value.major, value.minor)
    }
}

impl Text for ErrorCode {
    const EXAMPLE: &'static str = "WSAEINTR";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u16> {
        if parser.cursor.kind() == Token::Word {
            return parser.error_name().map(|code| code.0);
        }
        parser.cursor.integer("an error code", 0..=i64::from(u16::MAX)).map(|code| code as u16)
    }
    fn write(value: &u16, _: &Script) -> String {
        if *value == 0 { "0".to_owned() } else { Code(*value).to_string() }
    }
}

impl Text for ConditionIn {
    const EXAMPLE: &'static str = "NULL";
    const WORDS: &'static [&'static str] = &words_of(CONDITIONS);
    const ASKS: bool = true;
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Condition> {
        parser.cursor.one_of("the condition function", CONDITIONS)
    }
    fn write(value: &Condition, _: &Script) -> String {
        word_of(CONDITIONS, value).to_owned()
    }
}

impl Text for ErrnoOut {
    const EXAMPLE: &'static str = "lpErrno";
    const WORDS: &'static [&'static str] = &words_of(ERRNOS);
    fn out(_: &str) -> Option<Out> {
        Some(Out::Errno)
    }
    fn is_null(value: &Buffer) -> bool {
        *value != Buffer::Valid
    }
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Buffer> {
        parser.cursor.one_of("where the error code goes", ERRNOS)
    }
    fn write(value: &Buffer, _: &Script) -> String {
        word_of(ERRNOS, value).to_owned()
    }
}

impl Text for MessageNumber {
    const EXAMPLE: &'static str = "WM_USER+1";
    const WORDS: &'static [&'static str] = &["WM_USER"];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u16> {
        parser.message_number()
    }
    fn write(value: &u16, _: &Script) -> String {
        render::message_number(u32::from(*value))
    }
}

impl Text for TransmitFlags {
    const EXAMPLE: &'static str = "TF_REUSE_SOCKET";
    const WORDS: &'static [&'static str] = &words_of(TRANSMIT_FLAGS);
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u8> {
        let mut flags = 0;
        loop {
            flags |= if parser.cursor.kind() == Token::Word {
                parser.cursor.one_of("the flags", TRANSMIT_FLAGS)?
            } else {
                parser.cursor.integer("the flags", 0..=i64::from(u8::MAX))? as u8
            };
            if !parser.cursor.eat("|") {
                return Ok(flags);
            }
        }
    }
    fn write(value: &u8, _: &Script) -> String {
        render::mask(u16::from(*value), TRANSMIT_FLAGS.iter().map(|(name, bit)| (*name, u16::from(*bit))))
    }
}

impl Text for Reserved {
    const EXAMPLE: &'static str = "0";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u8> {
        parser.cursor.integer("what is reserved", 0..=i64::from(u8::MAX)).map(|number| number as u8)
    }
    fn write(value: &u8, _: &Script) -> String {
        value.to_string()
    }
}

impl Text for CallbackData {
    const EXAMPLE: &'static str = "0";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u32> {
        parser.dword("what the condition function is given")
    }
    fn write(value: &u32, _: &Script) -> String {
        value.to_string()
    }
}

impl Text for Process {
    const EXAMPLE: &'static str = "peer";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<ProcessId> {
        parser.process()
    }
    fn write(value: &ProcessId, script: &Script) -> String {
        script.processes.get(value.index()).map_or("?", |process| &process.name).to_owned()
    }
}

impl Text for Thread {
    const EXAMPLE: &'static str = "server";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<ThreadId> {
        parser.target_actor()
    }
    fn write(value: &ThreadId, script: &Script) -> String {
        script.actors.get(value.index()).map_or("?", |actor| &actor.name).to_owned()
    }
}

impl Text for BacklogIn {
    const EXAMPLE: &'static str = "5";
    const WORDS: &'static [&'static str] = &["SOMAXCONN", "SOMAXCONN_HINT"];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Backlog> {
        let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
        let cursor = &mut parser.cursor;
        if cursor.eat("SOMAXCONN") {
            return Ok(Backlog::Somaxconn);
        }
        if cursor.eat("SOMAXCONN_HINT") {
            cursor.expect("(")?;
            let hint = cursor.integer("the hint", range)? as i32;
            cursor.expect(")")?;
            return Ok(Backlog::Hint(hint));
        }
        if cursor.kind() == Token::Word {
            let near = did_you_mean(cursor.text(), Self::WORDS.iter().copied());
            let problem = cursor.expectation("a number, `SOMAXCONN` or `SOMAXCONN_HINT(N)`").maybe_help(near);
            return Err(cursor.report(problem));
        }
        cursor.integer("the backlog", range).map(|n| Backlog::Number(n as i32))
    }
    fn write(value: &Backlog, _: &Script) -> String {
        match value {
            Backlog::Number(n) => n.to_string(),
            Backlog::Somaxconn => "SOMAXCONN".to_owned(),
            Backlog::Hint(n) => format!("SOMAXCONN_HINT({n})"),
        }
    }
}

impl Text for FileModesIn {
    const EXAMPLE: &'static str = "FILE_SKIP_COMPLETION_PORT_ON_SUCCESS";
    const WORDS: &'static [&'static str] = &["FILE_SKIP_COMPLETION_PORT_ON_SUCCESS", "FILE_SKIP_SET_EVENT_ON_HANDLE"];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<FileModes> {
        parser.file_modes()
    }
    fn write(value: &FileModes, _: &Script) -> String {
        render::file_modes(*value)
    }
}

impl Text for SocketFlagsIn {
    const EXAMPLE: &'static str = "WSA_FLAG_OVERLAPPED";
    const WORDS: &'static [&'static str] = &["WSA_FLAG_OVERLAPPED", "WSA_FLAG_NO_HANDLE_INHERIT"];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<SocketFlags> {
        parser.socket_flags()
    }
    fn write(value: &SocketFlags, _: &Script) -> String {
        render::mask(value.0, SocketFlags::NAMES.iter().map(|(name, bit)| (*name, bit.0)))
    }
}

impl Text for Child {
    const EXAMPLE: &'static str = Process::EXAMPLE;
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<ProcessId> {
        Process::parse(parser, asking)
    }
    fn write(value: &ProcessId, script: &Script) -> String {
        Process::write(value, script)
    }
}

/// The flag that is changed, and what it is to be.
impl Text for InheritFlag {
    const ARGUMENTS: (usize, usize) = (2, 2);
    const EXAMPLE: &'static str = "HANDLE_FLAG_INHERIT, 0";
    const WORDS: &'static [&'static str] = &["HANDLE_FLAG_INHERIT"];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<bool> {
        parser.cursor.expect("HANDLE_FLAG_INHERIT")?;
        parser.cursor.expect(",")?;
        parser.cursor.one_of("what the flag is to be", &[("0", false), ("HANDLE_FLAG_INHERIT", true)])
    }
    fn write(value: &bool, _: &Script) -> String {
        format!("HANDLE_FLAG_INHERIT, {}", if *value { "HANDLE_FLAG_INHERIT" } else { "0" })
    }
}

impl Text for NetworkEventsIn {
    const EXAMPLE: &'static str = "FD_ACCEPT";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<NetworkEvents> {
        parser.network_events()
    }
    fn write(value: &NetworkEvents, _: &Script) -> String {
        render::network_events(*value)
    }
}
