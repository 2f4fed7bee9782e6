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

/// `AF_INET` or `AF_INET6`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[allow(missing_docs)]
pub enum Family {
    #[default]
    Inet,
    Inet6,
}

impl Family {
    /// Size in bytes of this family's socket address: `sockaddr_in` 16, `sockaddr_in6` 28.
    #[must_use]
    pub fn address_size(self) -> i32 {
        match self {
            Family::Inet => 16,
            Family::Inet6 => 28,
        }
    }
}

/// `SOCK_STREAM` (connection-oriented) or `SOCK_DGRAM`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[allow(missing_docs)]
pub enum SockType {
    #[default]
    Stream,
    Dgram,
}

/// An IP address as scripts write it. Everything real happens on loopback.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Ip {
    /// `0.0.0.0`, or `::` for IPv6.
    #[default]
    Any,
    /// `127.0.0.1`, or `::1` for IPv6.
    Loopback,
    /// An address that belongs to no host of the world: `192.0.2.0`, or `2001:db8::`.
    NotLocal,
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

/// `how` of `shutdown`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub enum How {
    Receive,
    Send,
    Both,
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
];

/// The value of an option: a DWORD, or the pair of `SO_LINGER`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum OptVal {
    /// A DWORD or BOOL.
    Number(u32),
    /// `{l_onoff, l_linger}`.
    Linger(u16, u16),
}

/// A few bytes of stream data: enough to tell one client's bytes from another's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Data {
    len: u8,
    bytes: [u8; Data::MAX],
}

impl Data {
    /// The most bytes that one direction of a connection holds in the model.
    pub const MAX: usize = 31;

    /// Copies `bytes`; `None` if there are more than [`Data::MAX`].
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Data> {
        let mut data = Data::default();
        data.push(bytes).then_some(data)
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Appends, or leaves everything as it was and returns false when it does not fit.
    pub fn push(&mut self, more: &[u8]) -> bool {
        let start = usize::from(self.len);
        let Some(room) = self.bytes.get_mut(start..start + more.len()) else { return false };
        room.copy_from_slice(more);
        self.len += more.len() as u8;
        true
    }

    /// Removes and returns the first `n` bytes, or all if there are fewer.
    pub fn take(&mut self, n: usize) -> Data {
        let n = n.min(usize::from(self.len));
        let taken = Data::new(&self.bytes[..n]).expect("invariant: a prefix fits");
        let rest = Data::new(&self.bytes[n..usize::from(self.len)]).expect("invariant: a suffix fits");
        *self = rest;
        taken
    }
}

/// A short list of values without heap, for the sets that calls carry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct List<T, const N: usize> {
    len: u8,
    items: [Option<T>; N],
}

impl<T: Copy, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        List { len: 0, items: [None; N] }
    }
}

impl<T: Copy, const N: usize> List<T, N> {
    /// No items.
    pub const EMPTY: Self = List { len: 0, items: [None; N] };

    /// Appends; false when the list is full.
    pub fn push(&mut self, item: T) -> bool {
        let Some(slot) = self.items.get_mut(usize::from(self.len)) else { return false };
        *slot = Some(item);
        self.len += 1;
        true
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.items.iter().take(usize::from(self.len)).flatten().copied()
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The items of an iterator.
    ///
    /// # Panics
    /// When there are more than fit.
    pub fn collect(items: impl Iterator<Item = T>) -> Self {
        let mut list = List::default();
        items.for_each(|item| assert!(list.push(item), "limit: at most {N} members of a set"));
        list
    }

    /// The same list with every item changed.
    pub fn map<U: Copy>(&self, mut f: impl FnMut(T) -> U) -> List<U, N> {
        let mut out = List::default();
        for item in self.iter() {
            out.push(f(item));
        }
        out
    }
}

/// How many sockets one set of `select`, one array of `WSAPoll` or one wait may name in the model.
pub const SET: usize = 4;

/// The sockets or events that a call names together.
pub type Set<T> = List<T, SET>;

/// One of the three sets of `select`: absent (`NULL`) or a list.
pub type FdSet<H> = Option<Set<H>>;

/// `FD_READ`, `FD_WRITE`, … as bits; the values of winsock2.h.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct NetworkEvents(pub u16);

#[allow(missing_docs)]
impl NetworkEvents {
    pub const READ: NetworkEvents = NetworkEvents(1);
    pub const WRITE: NetworkEvents = NetworkEvents(2);
    pub const OOB: NetworkEvents = NetworkEvents(4);
    pub const ACCEPT: NetworkEvents = NetworkEvents(8);
    pub const CONNECT: NetworkEvents = NetworkEvents(16);
    pub const CLOSE: NetworkEvents = NetworkEvents(32);
    /// Names in the order of their bits.
    pub const NAMES: &[(&str, NetworkEvents)] = &[
        ("FD_READ", Self::READ),
        ("FD_WRITE", Self::WRITE),
        ("FD_OOB", Self::OOB),
        ("FD_ACCEPT", Self::ACCEPT),
        ("FD_CONNECT", Self::CONNECT),
        ("FD_CLOSE", Self::CLOSE),
    ];
    #[must_use]
    pub fn has(self, other: NetworkEvents) -> bool {
        self.0 & other.0 == other.0
    }
    #[must_use]
    pub fn with(self, other: NetworkEvents) -> NetworkEvents {
        NetworkEvents(self.0 | other.0)
    }
    #[must_use]
    pub fn without(self, other: NetworkEvents) -> NetworkEvents {
        NetworkEvents(self.0 & !other.0)
    }
}

/// `POLLRDNORM`, … as bits; the values of winsock2.h.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct PollEvents(pub u16);

#[allow(missing_docs)]
impl PollEvents {
    pub const ERR: PollEvents = PollEvents(0x0001);
    pub const HUP: PollEvents = PollEvents(0x0002);
    pub const NVAL: PollEvents = PollEvents(0x0004);
    pub const WRNORM: PollEvents = PollEvents(0x0010);
    pub const RDNORM: PollEvents = PollEvents(0x0100);
    pub const RDBAND: PollEvents = PollEvents(0x0200);
    pub const PRI: PollEvents = PollEvents(0x0400);
    pub const NAMES: &[(&str, PollEvents)] = &[
        ("POLLERR", Self::ERR),
        ("POLLHUP", Self::HUP),
        ("POLLNVAL", Self::NVAL),
        ("POLLWRNORM", Self::WRNORM),
        ("POLLRDNORM", Self::RDNORM),
        ("POLLRDBAND", Self::RDBAND),
        ("POLLPRI", Self::PRI),
    ];
    #[must_use]
    pub fn has(self, other: PollEvents) -> bool {
        self.0 & other.0 == other.0
    }
    #[must_use]
    pub fn with(self, other: PollEvents) -> PollEvents {
        PollEvents(self.0 | other.0)
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
