//! A socket object.

use std::sync::Arc;

use crate::call::Data;
use crate::call::value::{Address, Family, Port, Qos, SockType};
use crate::call::{FileModes, NetworkEvents};
use crate::code::Code;
use crate::id::{ConnId, EventId, MAX_HANDLES, Maybe, ProcessId, SocketId, ThreadId, WindowId};
use crate::list::Line;
use crate::operation::{Association, OpId, WatchId};

/// The state of a socket, as the documents speak of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[repr(u8)]
pub enum State {
    /// No such socket: a closed or never opened descriptor, or a handle that is no socket.
    #[default]
    NotASocket,
    /// Connection-oriented, created, not bound.
    Unbound,
    /// Bound to a local address.
    Bound,
    /// `listen` succeeded: passive, with a queue of pending connections.
    Listening,
    /// A connection attempt is under way.
    Connecting,
    /// Connected, or accepted; also while the peer has already reset or closed the connection.
    Connected,
    /// A connection attempt failed; the socket stays bound.
    Failed,
    /// A datagram socket, bound or not.
    Datagram,
}

impl State {
    /// All states, in order.
    pub const ALL: [State; 8] = [
        State::NotASocket,
        State::Unbound,
        State::Bound,
        State::Listening,
        State::Connecting,
        State::Connected,
        State::Failed,
        State::Datagram,
    ];
}

/// Socket options that accepting touches or inherits. Times in milliseconds, sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub struct Options {
    pub sndbuf: u32,
    pub rcvbuf: u32,
    pub sndtimeo: u32,
    pub rcvtimeo: u32,
    pub linger: (u16, u16),
    pub reuseaddr: bool,
    pub exclusiveaddruse: bool,
    /// What these two were when the socket was bound, where that is what counts and one has changed since.
    pub when_bound: Option<(bool, bool)>,
    pub keepalive: bool,
    pub oobinline: bool,
    pub nodelay: bool,
    pub v6only: bool,
    pub conditional_accept: bool,
}

impl Options {
    /// `SO_REUSEADDR` and `SO_EXCLUSIVEADDRUSE`, as others meet them who ask for the address of a bound socket with these.
    #[must_use]
    #[inline(always)]
    pub fn sharing(&self) -> (bool, bool) {
        self.when_bound.unwrap_or((self.reuseaddr, self.exclusiveaddruse))
    }

    /// What a new socket has. Buffer sizes are not documented; 65536 stands for the provider's own default.
    pub const NEW: Options = Options {
        sndbuf: 65536,
        rcvbuf: 65536,
        sndtimeo: 0,
        rcvtimeo: 0,
        linger: (0, 0),
        reuseaddr: false,
        exclusiveaddruse: false,
        when_bound: None,
        keepalive: false,
        oobinline: false,
        nodelay: false,
        v6only: true,
        conditional_accept: false,
    };
}

/// Who is told of the network events of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Told {
    /// `WSAEventSelect`: this event object is signalled.
    Event(EventId),
    /// `WSAAsyncSelect`: a message is posted to a window.
    Window {
        /// The window.
        window: WindowId,
        /// `wMsg`.
        message: u32,
        /// Which handle of the socket the message names.
        copy: u8,
    },
}

/// The error codes of recorded events. Only these two can have one in this model: a network that is down fails calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct EventErrors {
    /// That of FD_CONNECT.
    pub connect: Code,
    /// That of FD_CLOSE.
    pub close: Code,
}

impl EventErrors {
    /// No errors.
    pub const NONE: EventErrors = EventErrors { connect: Code::NONE, close: Code::NONE };

    /// The events that have an error, with it, in the order of their bits.
    pub fn all(self) -> impl Iterator<Item = (NetworkEvents, Code)> {
        let all = [(NetworkEvents::CONNECT, self.connect), (NetworkEvents::CLOSE, self.close)];
        all.into_iter().filter(|(_, error)| *error != Code::NONE)
    }

    /// The same of these events alone.
    #[must_use]
    pub fn of(self, events: NetworkEvents) -> EventErrors {
        let of = |event, error| if events.has(event) { error } else { Code::NONE };
        EventErrors { connect: of(NetworkEvents::CONNECT, self.connect), close: of(NetworkEvents::CLOSE, self.close) }
    }

    /// The same with that of one event.
    #[must_use]
    pub fn with(self, event: NetworkEvents, error: Code) -> EventErrors {
        match event {
            NetworkEvents::CONNECT => EventErrors { connect: error, ..self },
            NetworkEvents::CLOSE => EventErrors { close: error, ..self },
            _ => self,
        }
    }
}

/// A registration of `WSAEventSelect` or `WSAAsyncSelect`, and its record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Selection {
    /// Who is told; `None`: nothing is registered.
    pub told: Option<Told>,
    /// The events registered for.
    pub mask: NetworkEvents,
    /// Events recorded and not yet enumerated. Of what is told by messages there is no record.
    pub recorded: NetworkEvents,
    /// Their errors.
    pub errors: EventErrors,
    /// Events that were recorded or posted, and wait for their re-enabling call.
    pub disabled: NetworkEvents,
}

impl Selection {
    /// Does an accepting call change something here? A record outlives its registration where it is remembered.
    pub(crate) fn is_about_accept(self) -> bool {
        self.told.is_some() || self.disabled.has(NetworkEvents::ACCEPT)
    }

    /// The event object that is signalled.
    #[must_use]
    pub fn event(self) -> Option<EventId> {
        match self.told {
            Some(Told::Event(event)) => Some(event),
            _ => None,
        }
    }

    /// Are its events told by messages?
    pub(crate) fn posts(self) -> bool {
        matches!(self.told, Some(Told::Window { .. }))
    }
}

/// A handle to a socket object: which process holds it, and the mode set through it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Holder {
    /// The process in which the handle is open.
    pub process: ProcessId,
    /// FIONBIO was set through this handle (or, where the profile shares the mode, through any).
    pub nonblocking: bool,
    /// No child inherits it.
    pub private: bool,
    /// Its process has inherited it from another, in which its value is that of the handle with this number; and so it is here.
    pub inherited: Option<u8>,
}

impl Holder {
    /// A new handle of this process.
    #[must_use]
    pub const fn new(process: ProcessId) -> Holder {
        Holder { process, nonblocking: false, private: false, inherited: None }
    }
}

/// A socket object. What only few sockets have stands behind [`Socket::extra`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Socket {
    /// The thread that owns this slot.
    pub owner: ThreadId,
    /// Its state; [`State::NotASocket`] for a free slot.
    pub state: State,
    /// Address family, fixed at creation.
    pub family: Family,
    /// Type, fixed at creation.
    pub kind: SockType,
    /// Created with the overlapped attribute.
    pub overlapped: bool,
    /// `shutdown(SD_SEND)` was called.
    pub send_shut: bool,
    /// `shutdown(SD_RECEIVE)` was called.
    pub receive_shut: bool,
    /// `AcceptEx` has given it its connection, and `SO_UPDATE_ACCEPT_CONTEXT` was not set since.
    pub without_context: bool,
    /// A call that was to receive from it has given up, its time-out having run out.
    pub gave_up: bool,
    /// It had a connection before, and was given back to be used again.
    pub recycled: bool,
    /// `SO_ERROR`.
    pub error: Code,
    /// Its first handle; the others are [`Extra::duplicates`].
    pub(crate) first_handle: Option<Holder>,
    /// The address it is bound to; port unset while unbound.
    pub local: Address,
    /// Its connection.
    pub conn: Option<ConnId>,
    /// See [`Socket::waiting`].
    pub(crate) first_waiting: Maybe<OpId>,
    /// Its options where they are not [`Options::NEW`].
    pub(crate) changed: Option<Arc<Options>>,
    pub(crate) extra: Option<Box<Extra>>,
}

/// What few sockets have: listeners, those with a registration, those that several wait at, duplicated ones.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Extra {
    /// A listener's effective backlog.
    pub backlog: u16,
    /// Half-open connections, oldest first.
    pub syn_queue: Line<ConnId>,
    /// Complete connections that wait for accept, oldest first.
    pub accept_queue: Line<ConnId>,
    /// Behind the first, the others of [`Socket::waiting`].
    pub waiting_behind: Line<OpId>,
    /// Operations of it that hold a connection and are not complete.
    pub holding: Line<OpId>,
    /// Operations that look at it among others, first come first.
    pub watches: Line<WatchId>,
    /// The operation that is to give it its connection, or has given it and is not complete.
    pub claimed: Option<OpId>,
    /// Where completions of its operations are told.
    pub port: Option<Association>,
    /// What is left out when its operations complete.
    pub modes: FileModes,
    /// Event registration.
    pub selection: Selection,
    /// Its handles after the first, the last of them open.
    pub duplicates: Vec<Option<Holder>>,
    /// What goes to and fro with its request for a connection.
    pub carried: Option<Box<Carried>>,
    /// The group that it is in.
    pub group: Option<Member>,
}

/// A member of a socket group, which is named by the socket that was its first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Member {
    /// The first member, which need not be one any more.
    pub founder: SocketId,
    /// Its members have to suit each other.
    pub constrained: bool,
}

/// What goes along with a request for a connection, and what has come back with the answer.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Carried {
    /// User data of the caller.
    pub data: Option<Data>,
    /// The quality of service that it asks for.
    pub qos: Option<Qos>,
    /// How many bytes have come back.
    pub answered: u32,
}

impl Extra {
    /// Becomes what every socket has, but keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.syn_queue.clear();
        self.accept_queue.clear();
        self.waiting_behind.clear();
        self.holding.clear();
        self.watches.clear();
        (self.claimed, self.port, self.carried, self.group) = (None, None, None, None);
        self.duplicates.clear();
        (self.backlog, self.selection, self.modes) = (0, Selection::default(), FileModes::default());
    }

    /// Does an operation look at it that stands in no line of it?
    #[inline(always)]
    pub(crate) fn is_looked_at(&self) -> bool {
        !self.watches.is_empty() || self.claimed.is_some()
    }

    /// Is it what every socket has?
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let Extra {
            backlog,
            syn_queue,
            accept_queue,
            waiting_behind,
            holding,
            watches,
            claimed,
            port,
            modes,
            selection,
            duplicates,
            carried,
            group,
        } = self;
        *backlog == 0
            && waiting_behind.is_empty()
            && accept_queue.is_empty()
            && syn_queue.is_empty()
            && holding.is_empty()
            && watches.is_empty()
            && claimed.is_none()
            && port.is_none()
            && *modes == NOTHING_EXTRA.modes
            && duplicates.is_empty()
            && carried.is_none()
            && group.is_none()
            && *selection == NOTHING_EXTRA.selection
    }
}

/// What a socket has that has nothing extra.
static NOTHING_EXTRA: Extra = Extra {
    backlog: 0,
    syn_queue: Line::NEW,
    accept_queue: Line::NEW,
    waiting_behind: Line::NEW,
    holding: Line::NEW,
    watches: Line::NEW,
    claimed: None,
    port: None,
    modes: FileModes(0),
    selection: Selection {
        told: None,
        mask: NetworkEvents(0),
        recorded: NetworkEvents(0),
        errors: EventErrors::NONE,
        disabled: NetworkEvents(0),
    },
    duplicates: Vec::new(),
    carried: None,
    group: None,
};

impl Socket {
    /// A free slot.
    #[must_use]
    pub fn free(owner: ThreadId) -> Socket {
        Socket {
            owner,
            state: State::NotASocket,
            family: Family::Inet,
            kind: SockType::Stream,
            overlapped: false,
            send_shut: false,
            receive_shut: false,
            without_context: false,
            gave_up: false,
            recycled: false,
            error: Code::NONE,
            first_handle: None,
            local: Address::default(),
            conn: None,
            first_waiting: Maybe::NONE,
            changed: None,
            extra: None,
        }
    }

    /// It is no socket any more, in a slot of the same owner. What few sockets have it has not.
    #[inline(always)]
    pub(crate) fn becomes_free(&mut self, local: Address) {
        let Socket {
            owner: _,
            state,
            family: _,
            kind,
            overlapped,
            send_shut,
            receive_shut,
            without_context,
            gave_up,
            recycled,
            error,
            first_handle,
            local: place,
            conn,
            first_waiting,
            changed,
            extra: _,
        } = self;
        (*state, *kind, *place, *error) = (State::NotASocket, SockType::Stream, local, Code::NONE);
        (*overlapped, *send_shut, *receive_shut, *without_context, *recycled) = (false, false, false, false, false);
        *gave_up = false;
        (*first_handle, *conn, *first_waiting, *changed) = (None, None, Maybe::NONE, None);
    }

    /// Is there anything to be known of it in the index? One with a port that was chosen for it is found by that, unless it listens.
    #[inline(always)]
    pub(crate) fn is_indexed(&self, own: SocketId) -> bool {
        self.state == State::Listening || self.local.port != Port::Unset && self.local.port != Port::Chosen(own)
    }

    /// How it is bound, as others see it, if it is.
    #[inline]
    pub(crate) fn bound(&self, own: SocketId) -> Option<Bound> {
        if self.state == State::NotASocket || self.local.port == Port::Unset {
            return None;
        }
        Some(Bound {
            socket: own,
            listens: self.state == State::Listening,
            family: self.family,
            kind: self.kind,
            local: self.local,
            reuseaddr: self.options().sharing().0,
            exclusive: self.options().sharing().1,
            v6only: self.options().v6only,
        })
    }

    /// What few sockets have.
    #[must_use]
    pub fn extra(&self) -> &Extra {
        self.extra.as_deref().unwrap_or(&NOTHING_EXTRA)
    }

    /// Complete connections that wait for accept, oldest first.
    #[must_use]
    pub fn accept_queue(&self) -> &Line<ConnId> {
        &self.extra().accept_queue
    }

    /// Half-open connections, oldest first.
    #[must_use]
    pub fn syn_queue(&self) -> &Line<ConnId> {
        &self.extra().syn_queue
    }

    /// Operations of it that hold a connection and are not complete.
    #[must_use]
    pub fn holding(&self) -> &Line<OpId> {
        &self.extra().holding
    }

    /// Operations that look at it among others, first come first.
    #[must_use]
    pub fn watches(&self) -> &Line<WatchId> {
        &self.extra().watches
    }

    /// Its event registration.
    #[must_use]
    pub fn selection(&self) -> Selection {
        self.extra().selection
    }

    /// A listener's effective backlog.
    #[must_use]
    pub fn backlog(&self) -> usize {
        usize::from(self.extra().backlog)
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &Options {
        self.changed.as_deref().unwrap_or(&Options::NEW)
    }

    /// Sets its options; those of another socket that has the same are shared.
    pub(crate) fn set_options(&mut self, options: Options, like: Option<&Arc<Options>>) {
        self.changed = match like {
            _ if options == Options::NEW => None,
            Some(shared) if **shared == options => Some(Arc::clone(shared)),
            _ => Some(Arc::new(options)),
        };
    }

    /// Who holds its handle of this number.
    #[must_use]
    pub fn holder(&self, copy: usize) -> Option<Holder> {
        match copy.checked_sub(1) {
            None => self.first_handle,
            Some(place) => self.extra().duplicates.get(place).copied().flatten(),
        }
    }

    /// Its open handles by their numbers, ascending.
    pub fn holders(&self) -> impl Iterator<Item = (usize, Holder)> + '_ {
        let all = std::iter::once(&self.first_handle).chain(&self.extra().duplicates);
        all.enumerate().filter_map(|(copy, holder)| Some((copy, (*holder)?)))
    }

    /// Has it more than one open handle?
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.extra.is_some() && self.holders().count() > 1
    }

    /// The lowest number that a new handle can have. One that is still the value of a handle somewhere is nobody else's.
    #[must_use]
    pub fn free_handle(&self) -> Option<usize> {
        let is_value = |copy| self.holders().any(|(_, holder)| holder.inherited.map(usize::from) == Some(copy));
        (0..MAX_HANDLES).find(|&copy| self.holder(copy).is_none() && !is_value(copy))
    }

    /// The number that the value of a handle names.
    #[must_use]
    pub fn value_of(&self, copy: usize) -> usize {
        self.holder(copy).and_then(|holder| holder.inherited).map_or(copy, usize::from)
    }
}

/// A socket that is bound, as far as it matters to somebody else's address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Bound {
    /// The socket.
    pub socket: SocketId,
    /// It is a listener.
    pub listens: bool,
    /// Its family, which may be another than that of an address it shows.
    pub family: Family,
    /// Its type.
    pub kind: SockType,
    /// The address.
    pub local: Address,
    /// `SO_REUSEADDR`.
    pub reuseaddr: bool,
    /// `SO_EXCLUSIVEADDRUSE`.
    pub exclusive: bool,
    /// `IPV6_V6ONLY`.
    pub v6only: bool,
}
