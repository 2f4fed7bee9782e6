//! The kinds of parameters: what a parameter of a call is.
//!
//! A kind is a type without values. Each crate that needs something of every parameter has a trait of its own for it; here it is
//! [`Kind`]. A kind stands for one parameter of the C declaration, or for a few neighbours that a script writes as one argument,
//! such as a buffer and its size. A new one is needed only for a call that takes what no call has taken before.

mod plain;

use crate::call::{
    AfdEvents, Backlog, Buffer, Command, Condition, Data, Extension, Family, FdSet, FileModes, Group, How, Length,
    Member, Name, NetworkEvents, Opt, OptVal, PollEvents, ProcessId, Qos, Routine, Set, SockType, SocketFlags,
    ThreadId, Timeout, Version,
};

pub use plain::Plain;
pub(crate) use plain::byte;

/// Where the arguments of a random call come from.
pub trait Choices<H> {
    /// A number below this one.
    fn below(&mut self, bound: u32) -> u32;
    /// A handle, open or not.
    fn handle(&mut self) -> H;
    /// The name of an OVERLAPPED.
    fn overlapped(&mut self) -> H {
        self.handle()
    }

    /// One in two.
    fn coin(&mut self) -> bool {
        self.below(2) == 1
    }
}

/// What a kind means to the model.
pub trait Kind {
    /// What a caller gives, with handles of type `H`.
    type Value<H>;
    /// The same with every handle named in another way.
    fn map<H: Member, U: Member>(value: &Self::Value<H>, f: &mut impl FnMut(H) -> U) -> Self::Value<U>;
    /// Writes the value into a key.
    fn put<H: Member>(value: &Self::Value<H>, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>));
    /// Reads what [`Kind::put`] wrote.
    fn get<H: Member>(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> Self::Value<H>;
    /// Some value that a script could write.
    fn draw<H: Member>(choices: &mut impl Choices<H>) -> Self::Value<H>;
    /// The socket that a call with this parameter is about.
    fn subject<H: Member>(_: &Self::Value<H>) -> Option<H> {
        None
    }
    /// Does it let an APC run while the call waits?
    fn alertable<H>(_: &Self::Value<H>) -> bool {
        true
    }
    /// If it limits how long the call waits: how long, in milliseconds.
    fn time_out<H>(_: &Self::Value<H>) -> Option<Timeout> {
        None
    }
    /// The buffer for an address that it is.
    fn buffer<H>(_: &Self::Value<H>) -> Option<Buffer> {
        None
    }
    /// The length of a buffer for an address that it is.
    fn length<H>(_: &Self::Value<H>) -> Option<Length> {
        None
    }
}

/// Kinds that hold no handle.
macro_rules! plain {
    ($($(#[$doc:meta])* $kind:ident: $value:ty $(, $asked:ident -> $says:ty = $answer:expr)?;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;
        impl Kind for $kind {
            type Value<H> = $value;
            fn map<H: Member, U: Member>(value: &$value, _: &mut impl FnMut(H) -> U) -> $value {
                Clone::clone(value)
            }
            fn put<H: Member>(value: &$value, key: &mut Vec<u8>, _: &mut impl FnMut(H, &mut Vec<u8>)) {
                value.code(key);
            }
            fn get<H: Member>(key: &mut &[u8], _: &mut impl FnMut(&mut &[u8]) -> H) -> $value {
                Plain::decode(key)
            }
            fn draw<H: Member>(choices: &mut impl Choices<H>) -> $value {
                Plain::draw(&mut |bound| choices.below(bound))
            }
            $(fn $asked<H>(value: &$value) -> $says {
                $answer(value)
            })?
        }
    )* };
}

plain! {
    /// A Winsock version.
    VersionIn: Version;
    /// An error code of Winsock.
    ErrorCode: u16;
    /// `AF_INET`, `AF_INET6`.
    AddressFamily: Family;
    /// A socket type, and the protocol that belongs to it.
    TypeProtocol: SockType;
    /// The flags of `WSASocket`.
    SocketFlagsIn: SocketFlags;
    /// The process that a socket is duplicated for.
    Process: ProcessId;
    /// The process that begins.
    Child: ProcessId;
    /// Whether it inherits the handles of the process that starts it.
    InheritHandles: bool;
    /// Of the flags of a handle HANDLE_FLAG_INHERIT, and whether it is to be set.
    InheritFlag: bool;
    /// A backlog.
    BacklogIn: Backlog;
    /// A buffer for an address.
    AddrOut: Buffer, buffer -> Option<Buffer> = |buffer: &Buffer| Some(*buffer);
    /// A pointer to the length of a buffer for an address.
    LengthInOut: Length, length -> Option<Length> = |length: &Length| Some(*length);
    /// The condition function of `WSAAccept`.
    ConditionIn: Condition;
    /// A pointer to where a provider puts its error code.
    ErrnoOut: Buffer;
    /// What the condition function is given of its caller's own.
    CallbackData: u32;
    /// User data that go along with a connection request.
    ConnectData: Option<Data>;
    /// Room for those that come back with the answer, in bytes.
    ConnectRoom: Option<u16>;
    /// A quality of service.
    QosIn: Option<Qos>;
    /// What `shutdown` ends.
    HowIn: How;
    /// Bytes to send, and how many.
    BytesIn: Data;
    /// The sizes of several buffers for bytes, and how many buffers there are.
    Buffers: Set<u32>;
    /// The same, of a request: they are its own until it is complete.
    PostedBuffers: Set<u32>;
    /// One buffer of bytes to send, and that it is one.
    SentBuffer: Data;
    /// Bytes to send with a connection, how many, and where those that were sent are counted: nowhere. None: `NULL`.
    SentWithConnection: Data;
    /// Whether the low bit of an event in an OVERLAPPED is set.
    LowBit: bool;
    /// Bytes to write, and how many: they are a request's own until it is complete.
    WrittenBytes: Data;
    /// A pointer to the number of bytes that a call stores; false: `NULL`.
    CountOut: bool;
    /// The same, where it is told.
    Transferred: bool;
    /// The output buffer of `AcceptEx`.
    OutputBuffer: Buffer;
    /// A number of bytes.
    ByteCount: u32;
    /// Whether to wait for what is not complete.
    WaitFlag: bool;
    /// Whether an event object stays signalled until somebody resets it.
    ManualReset: bool;
    /// Whether an event object is signalled when it is created.
    InitialState: bool;
    /// The command that asks for an extension function, which one, and the size of that name.
    ExtensionIn: Extension;
    /// Another command, what goes in, and the size of that.
    CommandIn: Command;
    /// Where its answer goes, and the size of that: it has none.
    CommandRoom: Buffer;
    /// The completion routine of a request; false: `NULL`.
    CompletionRoutine: bool;
    /// The modes of a handle.
    FileModesIn: FileModes;
    /// A number that a completion port carries.
    PortKey: u32;
    /// The flags of `TransmitFile`, which `DisconnectEx` takes, too.
    TransmitFlags: u8;
    /// A number that has to be zero.
    Reserved: u8;
    /// The number of a message.
    MessageNumber: u16;
    /// Room for the pointer to a function, in bytes.
    PointerRoom: u32;
    /// The command `FIONBIO`, and the number behind its argument; `None` where that points outside the caller's address space.
    Fionbio: Option<u32>;
    /// The level and the name of a socket option.
    OptionName: Opt;
    /// The value of a socket option, and its size.
    OptionIn: OptVal;
    /// A mask of network events.
    NetworkEventsIn: NetworkEvents;
    /// A thread that an APC is queued to.
    Thread: ThreadId;
    /// The time-out of `select`: a pointer to a structure, or `NULL`.
    SelectTime: Timeout, time_out -> Option<Timeout> = |limit: &Timeout| Some(*limit);
    /// The time-out of `WSAPoll`, or -1.
    PollTime: Timeout, time_out -> Option<Timeout> = |limit: &Timeout| Some(*limit);
    /// The time-out of a wait, or `WSA_INFINITE`.
    WaitTime: Timeout, time_out -> Option<Timeout> = |limit: &Timeout| Some(*limit);
    /// The time-out of a sleep, or `INFINITE`.
    SleepTime: Timeout, time_out -> Option<Timeout> = |limit: &Timeout| Some(*limit);
    /// The time-out of a request to the driver below Winsock: relative, or as long as there is time.
    AfdTime: Timeout, time_out -> Option<Timeout> = |limit: &Timeout| Some(*limit);
    /// Whether APCs may run in a wait.
    Alertable: bool, alertable -> bool = bool::clone;
    /// The same where a script may leave it out.
    MayBeAlertable: bool, alertable -> bool = bool::clone;
}

/// Kinds that always hold one handle, drawn by that function. Those with `subject` are what the call is about.
macro_rules! handles {
    ($draw:ident: $($(#[$doc:meta])* $kind:ident $($subject:ident)?;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;
        impl Kind for $kind {
            type Value<H> = H;
            fn map<H: Member, U: Member>(value: &H, f: &mut impl FnMut(H) -> U) -> U {
                f(*value)
            }
            fn put<H: Member>(value: &H, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>)) {
                handle(*value, key);
            }
            fn get<H: Member>(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> H {
                handle(key)
            }
            fn draw<H: Member>(choices: &mut impl Choices<H>) -> H {
                choices.$draw()
            }
            $(fn $subject<H: Member>(value: &H) -> Option<H> {
                Some(*value)
            })?
        }
    )* };
}

handles! {
    handle:
    /// A socket.
    Sock subject;
    /// Protocol information, named by the socket it was made for.
    InfoIn subject;
    /// An event.
    Event;
    /// A socket or an event.
    AnyHandle subject;
    /// A socket that is the value of an option.
    SocketValue;
    /// A socket through which the driver below Winsock is asked something, of whatever it is about.
    DeviceHandle;
    /// A completion port.
    PortIn;
    /// A window whose messages are fetched.
    WindowIn;
}

handles! {
    overlapped:
    /// An OVERLAPPED structure.
    OverlappedIn;
    /// The output buffer of the request with this OVERLAPPED.
    BufferOf;
    /// The OVERLAPPED structure of the request that a call makes.
    RequestOverlapped;
    /// The same for the driver below Winsock: the event, no routine, the OVERLAPPED itself as the context unless the low bit of its
    /// event is set, and its first words as the status block.
    DeviceOverlapped;
    /// The OVERLAPPED of a poll, whose status block and whose output buffer are looked at.
    PolledWith;
}

/// Numbers of which not any is drawn.
macro_rules! counts {
    ($($(#[$doc:meta])* $kind:ident drawn $draw:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;
        impl Kind for $kind {
            type Value<H> = u32;
            fn map<H: Member, U: Member>(value: &u32, _: &mut impl FnMut(H) -> U) -> u32 {
                *value
            }
            fn put<H: Member>(value: &u32, key: &mut Vec<u8>, _: &mut impl FnMut(H, &mut Vec<u8>)) {
                value.code(key);
            }
            fn get<H: Member>(key: &mut &[u8], _: &mut impl FnMut(&mut &[u8]) -> H) -> u32 {
                Plain::decode(key)
            }
            fn draw<H: Member>(choices: &mut impl Choices<H>) -> u32 {
                let draw: fn(&mut dyn FnMut(u32) -> u32) -> u32 = $draw;
                draw(&mut |bound| choices.below(bound))
            }
        }
    )* };
}

counts! {
    /// A buffer for bytes, and its size.
    BytesOut drawn |below| plain::size(below);
    /// The same, of a request: the buffer is its own until it is complete.
    ReadRoom drawn |below| plain::size(below);
    /// How many packets a call fetches at most: 1 to [`crate::call::SET`].
    EntryCount drawn |below| 1 + below(MOST);
}

/// Kinds that hold one handle, or `NULL`.
macro_rules! nullable {
    ($($(#[$doc:meta])* $kind:ident by $draw:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;
        impl Kind for $kind {
            type Value<H> = Option<H>;
            fn map<H: Member, U: Member>(value: &Option<H>, f: &mut impl FnMut(H) -> U) -> Option<U> {
                value.map(f)
            }
            fn put<H: Member>(value: &Option<H>, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>)) {
                value.is_some().code(key);
                value.iter().for_each(|h| handle(*h, key));
            }
            fn get<H: Member>(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> Option<H> {
                bool::decode(key).then(|| handle(key))
            }
            fn draw<H: Member>(choices: &mut impl Choices<H>) -> Option<H> {
                choices.coin().then(|| choices.$draw())
            }
        }
    )* };
}

nullable! {
    /// An event, or `NULL`.
    EventOrNull by handle;
    /// An OVERLAPPED structure, or `NULL`.
    OverlappedOrNull by overlapped;
    /// A window that messages are posted to, or `NULL`.
    WindowOrNull by handle;
}

/// As many members has a random set at most, and one more.
const MOST: u32 = 3;

/// Several events, and how many.
#[derive(Clone, Copy, Debug)]
pub struct EventArray;

impl Kind for EventArray {
    type Value<H> = Set<H>;
    fn map<H: Member, U: Member>(value: &Set<H>, f: &mut impl FnMut(H) -> U) -> Set<U> {
        value.map(f)
    }
    fn put<H: Member>(value: &Set<H>, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>)) {
        value.len().code(key);
        value.iter().for_each(|h| handle(h, key));
    }
    fn get<H: Member>(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> Set<H> {
        Set::collect((0..usize::decode(key)).map(|_| handle(key)))
    }
    fn draw<H: Member>(choices: &mut impl Choices<H>) -> Set<H> {
        let count = 1 + choices.below(MOST);
        Set::collect((0..count).map(|_| choices.handle()))
    }
}

/// A set of sockets, or `NULL`.
#[derive(Clone, Copy, Debug)]
pub struct SocketSet;

impl Kind for SocketSet {
    type Value<H> = FdSet<H>;
    fn map<H: Member, U: Member>(value: &FdSet<H>, f: &mut impl FnMut(H) -> U) -> FdSet<U> {
        value.as_ref().map(|set| EventArray::map(set, f))
    }
    fn put<H: Member>(value: &FdSet<H>, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>)) {
        value.is_some().code(key);
        value.iter().for_each(|set| EventArray::put(set, key, handle));
    }
    fn get<H: Member>(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> FdSet<H> {
        bool::decode(key).then(|| EventArray::get(key, handle))
    }
    fn draw<H: Member>(choices: &mut impl Choices<H>) -> FdSet<H> {
        let count = choices.below(MOST + 2).checked_sub(1)?;
        Some(Set::collect((0..count).map(|_| choices.handle())))
    }
}

/// Kinds of sockets, each with the events that are polled for.
macro_rules! polled {
    ($($(#[$doc:meta])* $kind:ident: $events:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;

        impl Kind for $kind {
            type Value<H> = Set<(H, $events)>;
            fn map<H: Member, U: Member>(value: &Self::Value<H>, f: &mut impl FnMut(H) -> U) -> Self::Value<U> {
                value.map(|(s, events)| (f(s), events))
            }
            fn put<H: Member>(value: &Self::Value<H>, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>)) {
                value.len().code(key);
                value.iter().for_each(|(s, events)| {
                    handle(s, key);
                    events.code(key);
                });
            }
            fn get<H: Member>(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> Self::Value<H> {
                Set::collect((0..usize::decode(key)).map(|_| (handle(key), Plain::decode(key))))
            }
            fn draw<H: Member>(choices: &mut impl Choices<H>) -> Self::Value<H> {
                let count = choices.below(MOST + 1);
                Set::collect((0..count).map(|_| {
                    let s = choices.handle();
                    (s, Plain::draw(&mut |bound| choices.below(bound)))
                }))
            }
        }
    )* };
}

polled! {
    /// Sockets, each with the events that are polled for, and how many.
    PollArray: PollEvents;
    /// The same as the driver below Winsock takes it, and room for what it finds.
    AfdHandles: AfdEvents;
}

/// A socket address, literal or that of another socket, and its length.
#[derive(Clone, Copy, Debug)]
pub struct NameIn;

impl Kind for NameIn {
    type Value<H> = Name<H>;
    fn map<H: Member, U: Member>(value: &Name<H>, f: &mut impl FnMut(H) -> U) -> Name<U> {
        value.map(f)
    }
    fn put<H: Member>(value: &Name<H>, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>)) {
        match value {
            Name::Null => 0u8.code(key),
            Name::Address(address, length) => {
                1u8.code(key);
                address.code(key);
                length.code(key);
            }
            Name::Of(h) => {
                2u8.code(key);
                handle(*h, key);
            }
        }
    }
    fn get<H: Member>(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> Name<H> {
        match byte(key) {
            0 => Name::Null,
            1 => Name::Address(Plain::decode(key), Plain::decode(key)),
            _ => Name::Of(handle(key)),
        }
    }
    fn draw<H: Member>(choices: &mut impl Choices<H>) -> Name<H> {
        match choices.below(3) {
            0 => Name::Null,
            1 => Name::Of(choices.handle()),
            _ => {
                let mut below = |bound| choices.below(bound);
                Name::Address(Plain::draw(&mut below), Plain::draw(&mut below))
            }
        }
    }
}

/// A socket group.
#[derive(Clone, Copy, Debug)]
pub struct GroupIn;

impl Kind for GroupIn {
    type Value<H> = Group<H>;
    fn map<H: Member, U: Member>(value: &Group<H>, f: &mut impl FnMut(H) -> U) -> Group<U> {
        match *value {
            Group::None => Group::None,
            Group::Unconstrained => Group::Unconstrained,
            Group::Constrained => Group::Constrained,
            Group::Of(s) => Group::Of(f(s)),
            Group::Nobodys => Group::Nobodys,
        }
    }
    fn put<H: Member>(value: &Group<H>, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>)) {
        match value {
            Group::None => 0u8.code(key),
            Group::Unconstrained => 1u8.code(key),
            Group::Constrained => 2u8.code(key),
            Group::Nobodys => 3u8.code(key),
            Group::Of(s) => {
                4u8.code(key);
                handle(*s, key);
            }
        }
    }
    fn get<H: Member>(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> Group<H> {
        match byte(key) {
            0 => Group::None,
            1 => Group::Unconstrained,
            2 => Group::Constrained,
            3 => Group::Nobodys,
            _ => Group::Of(handle(key)),
        }
    }
    fn draw<H: Member>(choices: &mut impl Choices<H>) -> Group<H> {
        match choices.below(9) {
            0 => Group::Unconstrained,
            1 => Group::Constrained,
            2 => Group::Nobodys,
            3 => Group::Of(choices.handle()),
            _ => Group::None,
        }
    }
}

/// What a user APC does.
#[derive(Clone, Copy, Debug)]
pub struct RoutineIn;

impl Kind for RoutineIn {
    type Value<H> = Routine<H>;
    fn map<H: Member, U: Member>(value: &Routine<H>, f: &mut impl FnMut(H) -> U) -> Routine<U> {
        value.map(f)
    }
    fn put<H: Member>(value: &Routine<H>, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>)) {
        let (Routine::SetEvent(h) | Routine::Accept(h)) = value;
        matches!(value, Routine::Accept(_)).code(key);
        handle(*h, key);
    }
    fn get<H: Member>(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> Routine<H> {
        if bool::decode(key) { Routine::Accept(handle(key)) } else { Routine::SetEvent(handle(key)) }
    }
    fn draw<H: Member>(choices: &mut impl Choices<H>) -> Routine<H> {
        let accepts = choices.coin();
        let handle = choices.handle();
        if accepts { Routine::Accept(handle) } else { Routine::SetEvent(handle) }
    }
}

/// Parameters that are always the same, and so no fields of a call.
macro_rules! constants {
    ($($(#[$doc:meta])* $kind:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;
    )* };
}

constants! {
    /// What `WSAStartup` tells of the system.
    StartupDataOut;
    /// `lpProtocolInfo` of a `WSASocket` that is given a family, a type and a protocol: `NULL`.
    NoInfo;
    /// The group of `WSASocket`: 0.
    NoGroup;
    /// The flags of a `WSASocket` that is given protocol information: 0.
    NoSocketFlags;
    /// Family, type or protocol of a `WSASocket` that is given protocol information.
    FromInfo;
    /// The protocol information that `WSADuplicateSocket` fills in.
    InfoOut;
    /// The flags of `send` and `recv`: 0.
    NoFlags;
    /// The value of a socket option that `getsockopt` gives, and its size.
    OptionOut;
    /// `nfds` of `select`, which Winsock ignores.
    NoCount;
    /// `fWaitAll`: FALSE.
    NotAll;
    /// `fWaitAll`: TRUE.
    All;
    /// The security attributes of a new object: `NULL`.
    NoSecurity;
    /// Its name: `NULL`.
    NoName;
    /// What `WSAEnumNetworkEvents` tells.
    EventsOut;
    /// A pointer to flags of `WSARecv`: to 0.
    FlagsInOut;
    /// The flags of `WSASend`: 0.
    SendFlags;
    /// No OVERLAPPED: `NULL`.
    NoOverlapped;
    /// No completion routine: `NULL`.
    NoRoutine;
    /// Where the flags of a handle go.
    HandleFlagsOut;
    /// The command `SIO_IDEAL_SEND_BACKLOG_QUERY`.
    IdealSendBacklogQuery;
    /// What goes in: nothing.
    NoInput;
    /// How much that is.
    NoInputSize;
    /// Where the answer goes.
    IdealSendBacklogOut;
    /// The size of that: 4.
    ValueSize;
    /// Where the bytes of the answer are counted, which are as many as there is room for.
    CountNobodyReads;
    /// `IOCTL_AFD_POLL`.
    IoctlAfdPoll;
    /// `FALSE`: polls of others of the same sockets go on.
    NotExclusive;
    /// How many bytes a request has written, as its status block tells it.
    GotInformation;
    /// What a user APC is given.
    RoutineData;
    /// `INVALID_HANDLE_VALUE` in place of a file.
    NoFile;
    /// `NULL` in place of a completion port.
    NoPort;
    /// How many threads may run at a port at once: 0, as many as there are processors.
    NoThreads;
    /// Where `GetQueuedCompletionStatus` counts the bytes.
    GotBytes;
    /// Room for the packets that `GetQueuedCompletionStatusEx` fetches.
    GotEntries;
    /// Where it counts them.
    GotRemoved;
    /// Where `GetQueuedCompletionStatus` puts the key.
    GotKey;
    /// Where it puts the OVERLAPPED.
    GotOverlapped;
    /// The level `SOL_SOCKET`.
    SolSocket;
    /// The option `SO_UPDATE_ACCEPT_CONTEXT`.
    UpdateAcceptContextName;
    /// The option `SO_UPDATE_CONNECT_CONTEXT`.
    UpdateConnectContextName;
    /// The value of an option that has none: `NULL`, of no bytes.
    NoOptionValue;
    /// Pointers to the local address that `GetAcceptExSockaddrs` finds, and to its length.
    LocalSockaddr;
    /// Pointers to the remote address, and to its length.
    RemoteSockaddr;
    /// A pointer to the flags of a completed request.
    ResultFlags;
    /// Room for the message that is fetched.
    GotMessage;
    /// The numbers of the messages that are fetched: all.
    AnyMessage;
    /// Whether a message that is fetched leaves the queue: it does.
    Removes;
    /// The file that is sent: none.
    NullFile;
    /// How much of it: all.
    NoLength;
    /// How much of it at a time: as the system likes.
    NoSendSize;
    /// What is sent before it and behind it: nothing.
    NoBuffers;
}
