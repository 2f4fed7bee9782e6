//! What calls are given: handles, addresses, pointers, options, sets, times.

use crate::id::SocketId;
pub use crate::id::{Handle, ProcessId, ThreadId};

/// The Winsock version a process asks for in `WSAStartup`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Version {
    /// Major number: 1 or 2.
    pub major: u8,
    /// Minor number.
    pub minor: u8,
}

/// `AF_INET`, `AF_INET6` or `AF_ATM`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[allow(missing_docs)]
pub enum Family {
    #[default]
    Inet,
    Inet6,
    Atm,
}

/// What a transport does of which the pages on accepting say that one or the other does it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transport {
    /// Its requests are answered when they are accepted, and not by the stack before that.
    pub answers_late: bool,
    /// The answer goes as far as the next switch before the call that gives it returns: the caller may know nothing yet.
    pub returns_early: bool,
    /// Its calls need not tell the address of the peer.
    pub may_hide_peer: bool,
    /// Data, and the quality of service that the caller asks for, come with its requests; data go back with its answers.
    pub carries_connect_data: bool,
}

impl Transport {
    /// TCP.
    pub const TCP: Transport =
        Transport { answers_late: false, returns_early: false, may_hide_peer: false, carries_connect_data: false };
    /// ATM, as a raw socket has it.
    pub const ATM: Transport =
        Transport { answers_late: true, returns_early: true, may_hide_peer: true, carries_connect_data: true };
}

impl Family {
    /// What its connections are carried by.
    #[must_use]
    pub const fn transport(self) -> Transport {
        match self {
            Family::Inet | Family::Inet6 => Transport::TCP,
            Family::Atm => Transport::ATM,
        }
    }

    /// Size in bytes of this family's socket address: `sockaddr_in` 16, `sockaddr_in6` 28, `sockaddr_atm` 76.
    #[must_use]
    pub fn address_size(self) -> i32 {
        match self {
            Family::Inet => 16,
            Family::Inet6 => 28,
            Family::Atm => 76,
        }
    }
}

/// `SOCK_STREAM` (connection-oriented), `SOCK_DGRAM`, or `SOCK_RAW`, which is connection-oriented on ATM.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[allow(missing_docs)]
pub enum SockType {
    #[default]
    Stream,
    Dgram,
    Raw,
}

/// A quality of service, as a program asks for it: the token rate of either direction, and what follows for the provider.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Qos {
    /// What the socket is to send.
    pub sending: u16,
    /// What it is to receive.
    pub receiving: u16,
    /// `ProviderSpecific` holds the number of the calling party, `ATM_CALLING_PARTY_NUMBER_IE`; else it is empty.
    pub calling_party: bool,
}

/// An IP address as scripts write it. Everything real happens on loopback.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Ip {
    /// `0.0.0.0`, or `::` for IPv6.
    #[default]
    Any,
    /// `127.0.0.1`, or `::1` for IPv6; for ATM the number of this host.
    Loopback,
    /// An address that belongs to no host of the world: `192.0.2.0`, or `2001:db8::`.
    NotLocal,
    /// `::ffff:127.0.0.1`: the loopback address of IPv4, as an IPv6 socket of both families names it.
    Mapped,
}

/// A port number, or a port that the system chose and nobody has read yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Port {
    /// Zero in a call: the system is to choose. In a socket: not bound.
    #[default]
    Unset,
    /// A number the script wrote.
    Fixed(u16),
    /// The port the system chose for the socket object with this index: stays symbolic.
    Chosen(SocketId),
}

impl Port {
    /// What the world outside sees of a chosen port: that it was chosen.
    pub const SOME: Port = Port::Chosen(SocketId(0));
}

/// A socket address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[allow(missing_docs)]
pub struct Address {
    pub family: Family,
    pub ip: Ip,
    pub port: Port,
}

impl Address {
    /// The address as a socket of this family names it: one of IPv4 is mapped for IPv6.
    #[must_use]
    pub fn seen_by(self, family: Family) -> Address {
        match (family, self.family) {
            (Family::Inet6, Family::Inet) => Address { family, ip: Ip::Mapped, ..self },
            _ => self,
        }
    }
}

/// What a caller passes for an input address (`bind`, `connect`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Name<H> {
    /// A null pointer.
    Null,
    /// A literal address with its length in bytes.
    Address(Address, i32),
    /// The address that this socket is bound to; loopback where it is bound to the wildcard.
    Of(H),
}

/// In which socket group a new socket is to be: what a condition function says of it, or the caller of `WSASocket`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Group<H = Handle> {
    /// In none: 0.
    #[default]
    None,
    /// SG_UNCONSTRAINED_GROUP: in a new one.
    Unconstrained,
    /// SG_CONSTRAINED_GROUP: in a new one.
    Constrained,
    /// In that of this socket.
    Of(H),
    /// In one that there is not.
    Nobodys,
}

/// What a caller passes for an output buffer (`addr`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Buffer {
    /// `NULL`.
    Null,
    /// A valid buffer, `addr` in a script.
    Valid,
    /// A pointer outside the caller's address space, `BAD` in a script.
    Bad,
}

/// What a caller passes for `addrlen`: a pointer to an integer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Length {
    /// `NULL`.
    Null,
    /// A pointer to an integer that holds this number of bytes.
    Holds(i32),
    /// A pointer outside the caller's address space, `BAD` in a script.
    Bad,
}

/// What a caller passes for the condition function of `WSAAccept`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Condition {
    /// `NULL`: nobody is asked.
    Null,
    /// A function of the program, `condition` in a script.
    Function,
    /// A pointer outside the caller's address space, `BAD` in a script.
    Bad,
}

/// `how` of `shutdown`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub enum How {
    Receive,
    Send,
    Both,
}

impl How {
    /// Does it include sending?
    #[must_use]
    pub fn sends(self) -> bool {
        self != How::Receive
    }
}

/// `backlog` of `listen`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Backlog {
    /// A plain number, possibly zero or negative.
    Number(i32),
    /// `SOMAXCONN`.
    Somaxconn,
    /// `SOMAXCONN_HINT(n)`.
    Hint(i32),
}

/// A socket option that accepting touches or inherits. The level follows from the option.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub enum Opt {
    ReuseAddr,
    ExclusiveAddrUse,
    KeepAlive,
    OobInline,
    Linger,
    SndBuf,
    RcvBuf,
    SndTimeo,
    RcvTimeo,
    AcceptConn,
    Error,
    Type,
    ConnectTime,
    ConditionalAccept,
    NoDelay,
    V6Only,
    GroupId,
}

/// Level name, option name, option: the table that scripts, stacks and messages share.
pub const OPTIONS: &[(&str, &str, Opt)] = &[
    ("SOL_SOCKET", "SO_REUSEADDR", Opt::ReuseAddr),
    ("SOL_SOCKET", "SO_EXCLUSIVEADDRUSE", Opt::ExclusiveAddrUse),
    ("SOL_SOCKET", "SO_KEEPALIVE", Opt::KeepAlive),
    ("SOL_SOCKET", "SO_OOBINLINE", Opt::OobInline),
    ("SOL_SOCKET", "SO_LINGER", Opt::Linger),
    ("SOL_SOCKET", "SO_SNDBUF", Opt::SndBuf),
    ("SOL_SOCKET", "SO_RCVBUF", Opt::RcvBuf),
    ("SOL_SOCKET", "SO_SNDTIMEO", Opt::SndTimeo),
    ("SOL_SOCKET", "SO_RCVTIMEO", Opt::RcvTimeo),
    ("SOL_SOCKET", "SO_ACCEPTCONN", Opt::AcceptConn),
    ("SOL_SOCKET", "SO_ERROR", Opt::Error),
    ("SOL_SOCKET", "SO_TYPE", Opt::Type),
    ("SOL_SOCKET", "SO_CONNECT_TIME", Opt::ConnectTime),
    ("SOL_SOCKET", "SO_CONDITIONAL_ACCEPT", Opt::ConditionalAccept),
    ("IPPROTO_TCP", "TCP_NODELAY", Opt::NoDelay),
    ("IPPROTO_IPV6", "IPV6_V6ONLY", Opt::V6Only),
    ("SOL_SOCKET", "SO_GROUP_ID", Opt::GroupId),
];

/// The name of an extension function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ExtensionName {
    /// A name that no function has.
    Nobodys,
    /// `WSAID_ACCEPTEX`.
    AcceptEx,
    /// `WSAID_GETACCEPTEXSOCKADDRS`.
    GetAcceptExSockaddrs,
    /// `WSAID_DISCONNECTEX`.
    DisconnectEx,
    /// `WSAID_TRANSMITFILE`.
    TransmitFile,
    /// `WSAID_CONNECTEX`.
    ConnectEx,
}

/// The extension function that a program asks for, with the size that it gives for the name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Extension {
    /// Its name.
    pub name: ExtensionName,
    /// The size of the name in bytes: 16 is right.
    pub size: u32,
}

/// A command of `WSAIoctl` that asks for no function, with what goes in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Command {
    /// `FIONBIO`: the number behind the pointer, `None` where that points outside the caller's address space, and the size of it.
    Fionbio(Option<u32>, u32),
    /// A number that is no command, and nothing behind it.
    Nobodys,
}

/// The value of an option: a DWORD, or the pair of `SO_LINGER`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum OptVal {
    /// A DWORD or BOOL.
    Number(u32),
    /// `{l_onoff, l_linger}`.
    Linger(u16, u16),
}

impl OptVal {
    /// The DWORD or BOOL; `None` of SO_LINGER.
    #[must_use]
    pub fn number(self) -> Option<u32> {
        match self {
            OptVal::Number(number) => Some(number),
            OptVal::Linger(..) => None,
        }
    }

    /// `l_onoff` and `l_linger` of SO_LINGER; `None` of any other.
    #[must_use]
    pub fn linger(self) -> Option<(u16, u16)> {
        match self {
            OptVal::Number(_) => None,
            OptVal::Linger(on, seconds) => Some((on, seconds)),
        }
    }
}

/// A time-out argument in milliseconds of virtual time; `None` waits without limit.
pub type Timeout = Option<u32>;

/// What a user APC does when it runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Routine<H> {
    /// It sets an event object: visible to others, harmless to the interrupted wait.
    SetEvent(H),
    /// It makes another blocking Winsock call, which the documents leave undefined.
    Accept(H),
}

impl<H> Name<H> {
    /// The same with the socket named in another way.
    pub fn map<U>(self, f: impl FnOnce(H) -> U) -> Name<U> {
        match self {
            Name::Null => Name::Null,
            Name::Address(address, length) => Name::Address(address, length),
            Name::Of(h) => Name::Of(f(h)),
        }
    }
}

impl<H> Routine<H> {
    /// The same with the handle named in another way.
    pub fn map<U>(self, f: impl FnOnce(H) -> U) -> Routine<U> {
        match self {
            Routine::SetEvent(h) => Routine::SetEvent(f(h)),
            Routine::Accept(h) => Routine::Accept(f(h)),
        }
    }
}
