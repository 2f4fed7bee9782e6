//! The world: everything there is while connections are accepted, as plain data.
//!
//! It can be cloned, compared and hashed, and it holds no history: no counter that only grows, no
//! clock, no trace. Slots of the slabs are named by their owner, so that two worlds that differ only
//! in the order in which independent actors acted are equal:
//!
//! * each thread owns a fixed range of socket slots and takes the lowest free one of its own;
//! * a connection has the number of the client socket that opened it;
//! * the socket that `accept` creates has a slot of its own per connection.

use std::sync::LazyLock;

use crate::call::{
    Address, Call, Data, Family, Handle, NetworkEvents, Port, ProcessId, Routine, SockType, ThreadId, Version,
};
use crate::code::Code;
use crate::small::{Queued, Small};

use crate::id::Named;
pub use crate::id::{ConnId, EventId, MAX_SLOTS, SocketId};

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

/// One end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[repr(u8)]
pub enum Tcb {
    /// Nothing here, or nothing any more.
    #[default]
    None,
    /// SYN sent, answer awaited (client end).
    SynSent,
    /// SYN received and answered: half open, in the SYN queue (server end).
    SynReceived,
    /// The handshake is complete at this end.
    Established,
    /// The peer reset the connection; a socket still holds this end.
    Reset,
}

/// A segment in flight.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Segment {
    #[default]
    Syn,
    SynAck,
    Ack,
    Rst,
    Fin,
    Data,
}

/// The direction of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// One end of a connection with what is on its way to the other end.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct End {
    /// State of this end.
    pub tcb: Tcb,
    /// This end sent FIN.
    pub fin_sent: bool,
    /// FIN of the other end has arrived.
    pub fin_received: bool,
    /// A socket refers to this end. When none does the end lives on only until its segments are delivered.
    pub attached: bool,
    /// Segments on their way to the other end, first sent first.
    pub flight: Small<Segment, FLIGHT>,
    /// The bytes of the `Data` segments in flight.
    pub sent: Data,
    /// Bytes that arrived here and nobody has read.
    pub unread: Data,
}

/// A connection, from the first SYN until both ends are gone.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Conn {
    /// The end that sent the SYN.
    pub client: End,
    /// The end that received it.
    pub server: End,
    /// The listener whose queues hold it; `None` once accepted or gone.
    pub listener: Option<SocketId>,
    /// The listener's properties at the handshake, where the profile samples them then.
    pub sampled: Option<Options>,
    /// The client's address.
    pub client_address: Address,
    /// The address the client connected to.
    pub server_address: Address,
    /// How often the client will still repeat its SYN after a refusal.
    pub retries: u8,
    /// The client's retransmission timer runs: its SYN was lost, dropped or refused.
    pub timer: bool,
    /// The script holds this connection's segments in flight.
    pub held: bool,
    /// Segment kinds, as bits, of which the script loses the next one.
    pub lose: u8,
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
    pub keepalive: bool,
    pub oobinline: bool,
    pub nodelay: bool,
    pub v6only: bool,
    pub conditional_accept: bool,
}

impl Options {
    /// What a new socket has. Buffer sizes are not documented; 65536 stands for the provider's own default.
    pub const NEW: Options = Options {
        sndbuf: 65536,
        rcvbuf: 65536,
        sndtimeo: 0,
        rcvtimeo: 0,
        linger: (0, 0),
        reuseaddr: false,
        exclusiveaddruse: false,
        keepalive: false,
        oobinline: false,
        nodelay: false,
        v6only: true,
        conditional_accept: false,
    };
}

/// A `WSAEventSelect` registration and its record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Selection {
    /// The event object to signal; `None`: nothing is registered.
    pub event: Option<EventId>,
    /// The events registered for.
    pub mask: NetworkEvents,
    /// Events recorded and not yet enumerated.
    pub recorded: NetworkEvents,
    /// Events that were recorded and wait for their re-enabling call.
    pub disabled: NetworkEvents,
}

/// A handle to a socket object: which process holds it, and the mode set through it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Holder {
    /// The process in which the handle is open.
    pub process: ProcessId,
    /// FIONBIO was set through this handle (or, where the profile shares the mode, through any).
    pub nonblocking: bool,
}

/// How many handles a socket object may have at once (the original and its duplicates).
pub const HANDLES: usize = 3;

/// A socket object.
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
    /// Its open handles.
    pub holders: [Option<Holder>; HANDLES],
    /// The address it is bound to; port unset while unbound.
    pub local: Address,
    /// Its connection.
    pub conn: Option<ConnId>,
    /// A listener's effective backlog.
    pub backlog: u16,
    /// Half-open connections, oldest first.
    pub syn_queue: Small<ConnId, QUEUE>,
    /// Complete connections that wait for accept, oldest first.
    pub accept_queue: Small<ConnId, QUEUE>,
    /// Threads with a blocked call on this socket, first come first.
    pub waiters: Small<ThreadId, WAITERS>,
    /// Event registration.
    pub selection: Selection,
    /// Options.
    pub options: Options,
    /// `SO_ERROR`.
    pub error: Code,
    /// `shutdown(SD_SEND)` was called.
    pub send_shut: bool,
    /// `shutdown(SD_RECEIVE)` was called.
    pub receive_shut: bool,
}

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
            holders: [None; HANDLES],
            local: Address::default(),
            conn: None,
            backlog: 0,
            syn_queue: Small::default(),
            accept_queue: Small::default(),
            waiters: Small::default(),
            selection: Selection::default(),
            options: Options::NEW,
            error: Code::NONE,
            send_shut: false,
            receive_shut: false,
        }
    }
}

/// What a bound socket shows of itself.
fn bound(id: SocketId, socket: &Socket) -> Option<Bound> {
    (socket.state != State::NotASocket && socket.local.port != Port::Unset).then_some(Bound {
        socket: id,
        listens: socket.state == State::Listening,
        family: socket.family,
        kind: socket.kind,
        local: socket.local,
        reuseaddr: socket.options.reuseaddr,
        v6only: socket.options.v6only,
    })
}

/// What a thread is doing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Doing {
    /// Its own code: it can make a call.
    #[default]
    Running,
    /// Blocked in this call; a waiter record of each socket or event it waits for names it.
    Blocked(Call),
    /// Blocked in this call, woken, about to look again: another thread may be faster.
    Woken(Call),
    /// Its behaviour is undefined from here on, by the documents' own words.
    Undefined,
    /// It has ended.
    Exited,
}

/// A thread.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Thread {
    /// Its process.
    pub process: ProcessId,
    /// The per-thread last error.
    pub last_error: Code,
    /// What it is doing.
    pub doing: Doing,
    /// User APCs queued to it, in order.
    pub apcs: Small<Routine<Handle>, APCS>,
    /// First socket slot that this thread owns.
    pub first_slot: u32,
    /// How many it owns.
    pub slots: u32,
    /// First event slot that this thread owns.
    pub first_event: u32,
    /// How many it owns.
    pub event_slots: u32,
}

impl Thread {
    /// The socket slots that it owns.
    #[must_use]
    pub fn own_slots(&self) -> std::ops::Range<usize> {
        self.first_slot as usize..(self.first_slot + self.slots) as usize
    }

    /// The event slots that it owns.
    #[must_use]
    pub fn own_events(&self) -> std::ops::Range<usize> {
        self.first_event as usize..(self.first_event + self.event_slots) as usize
    }
}

/// Faults in force in a process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Faults {
    /// No socket descriptor can be allocated.
    pub no_descriptors: bool,
    /// No buffer space can be allocated.
    pub no_buffers: bool,
    /// The network subsystem has failed.
    pub network_down: bool,
    /// The service provider is still processing a callback function.
    pub in_callback: bool,
}

/// A process.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Process {
    /// How many successful `WSAStartup` calls await their `WSACleanup`.
    pub startups: u8,
    /// The version negotiated first.
    pub version: Version,
    /// Faults in force.
    pub faults: Faults,
}

/// An event object (`WSAEVENT`), manual-reset as `WSACreateEvent` makes it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct EventObject {
    /// The thread that owns this slot.
    pub owner: ThreadId,
    /// Somebody holds it open.
    pub open: bool,
    /// It is signalled.
    pub signalled: bool,
    /// Threads that wait for it.
    pub waiters: Small<ThreadId, WAITERS>,
}

/// The whole state.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct World {
    pub(crate) processes: Vec<Process>,
    pub(crate) threads: Vec<Thread>,
    /// Slots `0..conns.len()` are created by `socket`; slot `conns.len() + c` is the socket that accepts connection `c`.
    pub(crate) sockets: Vec<Socket>,
    pub(crate) conns: Vec<Conn>,
    pub(crate) events: Vec<EventObject>,
}

/// How many connections one listener may hold in each of its two queues.
pub const QUEUE: usize = 16;
/// How many threads may wait at one socket or event.
pub const WAITERS: usize = 8;
/// How many APCs may be queued to one thread.
pub const APCS: usize = 4;
/// How many segments may be in flight in one direction of a connection.
pub const FLIGHT: usize = 6;

impl Queued for ConnId {
    const VACANT: ConnId = ConnId(0);
    const MANY: &'static str = "connections in one queue of a listener";
}

impl Queued for SocketId {
    const VACANT: SocketId = SocketId(0);
    const MANY: &'static str = "sockets in one call";
}

impl Queued for ThreadId {
    const VACANT: ThreadId = ThreadId(0);
    const MANY: &'static str = "threads that wait at one socket or event";
}

impl Queued for Segment {
    const VACANT: Segment = Segment::Syn;
    const MANY: &'static str = "segments in flight in one direction of a connection";
}

impl Queued for Routine<Handle> {
    const VACANT: Routine<Handle> = Routine::SetEvent(Handle::INVALID);
    const MANY: &'static str = "APCs queued to one thread";
}

impl Queued for Handle {
    const VACANT: Handle = Handle::INVALID;
    const MANY: &'static str = "handles in one call";
}

/// A thread of a new world: its process, and room for what it creates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Its process.
    pub process: ProcessId,
    /// Sockets that it may have created at a time.
    pub sockets: u32,
    /// Event objects that it may have at a time.
    pub events: u32,
}

impl World {
    /// A world with these processes and threads.
    ///
    /// # Panics
    /// When there are more than [`MAX_SLOTS`] slots of sockets or of events, or a process does not exist: script compilation checks
    /// these limits first.
    #[must_use]
    pub fn new(processes: &[Process], threads: &[Room]) -> World {
        let mut world = World { processes: processes.to_vec(), ..World::default() };
        let (mut slots, mut events) = (0, 0);
        for (index, room) in threads.iter().enumerate() {
            assert!(room.process.index() < processes.len(), "the process exists");
            let owner = ThreadId::new(index);
            world.threads.push(Thread {
                process: room.process,
                first_slot: slots,
                slots: room.sockets,
                first_event: events,
                event_slots: room.events,
                ..Thread::default()
            });
            (slots, events) = (slots + room.sockets, events + room.events);
            assert!(slots as usize <= MAX_SLOTS / 2, "limit: at most {} sockets", MAX_SLOTS / 2);
            assert!(events as usize <= MAX_SLOTS, "limit: at most {MAX_SLOTS} event objects");
            world.conns.resize_with(slots as usize, Conn::default);
            world.sockets.resize_with(slots as usize, || Socket::free(owner));
            world.events.resize_with(events as usize, || EventObject { owner, ..EventObject::default() });
        }
        for slot in 0..world.conns.len() {
            let owner = world.sockets[slot].owner;
            world.sockets.push(Socket::free(owner));
        }
        world
    }

    /// The processes.
    #[must_use]
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// The threads.
    #[must_use]
    pub fn threads(&self) -> &[Thread] {
        &self.threads
    }

    /// All socket slots: created ones first, then one per connection for the accepted socket.
    #[must_use]
    pub fn sockets(&self) -> &[Socket] {
        &self.sockets
    }

    /// All connection slots.
    #[must_use]
    pub fn conns(&self) -> &[Conn] {
        &self.conns
    }

    /// All event objects.
    #[must_use]
    pub fn events(&self) -> &[EventObject] {
        &self.events
    }

    /// The slot of the socket that accepts this connection.
    #[must_use]
    pub fn accepted_slot(&self, conn: ConnId) -> SocketId {
        SocketId(conn.0.saturating_add(SocketId::new(self.conns.len()).0))
    }

    /// The connection whose accepting socket this slot is, if it is one.
    #[must_use]
    pub fn accepts(&self, socket: SocketId) -> Option<ConnId> {
        socket.index().checked_sub(self.conns.len()).map(ConnId::new)
    }

    /// The owner of a connection slot: the thread that opens it.
    #[must_use]
    pub fn conn_owner(&self, conn: ConnId) -> Option<ThreadId> {
        self.sockets[..self.conns.len()].get(conn.index()).map(|socket| socket.owner)
    }

    /// The direction in which a segment goes that this socket's end of its connection sends.
    #[must_use]
    pub fn sends(&self, socket: SocketId) -> Direction {
        if self.accepts(socket).is_some() { Direction::Down } else { Direction::Up }
    }

    /// Who is bound where, ascending.
    pub fn bound(&self) -> impl Iterator<Item = Bound> + '_ {
        let all = self.sockets.iter().enumerate();
        all.filter_map(|(s, socket)| bound(SocketId::new(s), socket))
    }

    /// The socket behind a handle of a process, and which of its handles it is.
    #[must_use]
    pub fn resolve(&self, process: ProcessId, handle: Handle) -> Option<(SocketId, usize)> {
        let Named::Socket(slot, copy) = handle.names() else { return None };
        let socket = self.sockets.get(slot.index())?;
        let holder = socket.holders.get(copy).copied().flatten()?;
        (holder.process == process && socket.state != State::NotASocket).then_some((slot, copy))
    }

    /// The event object behind a handle.
    #[must_use]
    pub fn resolve_event(&self, handle: Handle) -> Option<EventId> {
        self.event_of(handle).filter(|e| self.events[e.index()].open)
    }

    /// The slot that an event handle's value speaks of, if there is one, whatever is there now.
    #[must_use]
    pub fn event_of(&self, handle: Handle) -> Option<EventId> {
        match handle.names() {
            Named::Event(event) if event.index() < self.events.len() => Some(event),
            _ => None,
        }
    }

    /// The slot that a socket handle's value speaks of, if there is one, whatever is there now.
    #[must_use]
    pub fn slot_of(&self, handle: Handle) -> Option<SocketId> {
        handle.slot().filter(|slot| slot.index() < self.sockets.len())
    }

    /// The socket object that a handle value names, whoever holds it open.
    #[must_use]
    pub fn named(&self, handle: Handle) -> Option<SocketId> {
        self.slot_of(handle).filter(|slot| self.sockets[slot.index()].state != State::NotASocket)
    }

    /// Can a new event object have this slot? A registration keeps the object of a closed one alive.
    #[must_use]
    pub fn free_event(&self, event: EventId) -> bool {
        let selected = |socket: &Socket| socket.selection.event == Some(event);
        self.events.get(event.index()).is_some_and(|event| !event.open) && !self.sockets.iter().any(selected)
    }

    /// The end of a connection that sends in this direction; nobody's where there is no such connection.
    #[must_use]
    pub fn end(&self, conn: ConnId, direction: Direction) -> &End {
        static NOBODYS: LazyLock<End> = LazyLock::new(End::default);
        match (self.conns.get(conn.index()), direction) {
            (Some(conn), Direction::Up) => &conn.client,
            (Some(conn), Direction::Down) => &conn.server,
            (None, _) => &NOBODYS,
        }
    }

    /// Puts these processes in the place of this world's, without allocating; those that it has not got are left out.
    pub fn put_processes(&mut self, processes: &[Process]) {
        self.processes.iter_mut().zip(processes).for_each(|(place, process)| place.clone_from(process));
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
    /// `IPV6_V6ONLY`.
    pub v6only: bool,
}

/// What a step may have read or changed: the owners whose objects, whether a process, whether who is bound where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Touched {
    /// Ascending, each once.
    owners: Vec<ThreadId>,
    shared: bool,
    ports: bool,
}

impl Touched {
    /// Marks an owner.
    pub fn owner(&mut self, owner: ThreadId) {
        // Few owners, and nearly always one that is marked already.
        let place = self.owners.iter().position(|marked| *marked >= owner).unwrap_or(self.owners.len());
        if self.owners.get(place) != Some(&owner) {
            self.owners.insert(place, owner);
        }
    }

    /// Marks the processes.
    pub fn process(&mut self) {
        self.shared = true;
    }

    /// Marks the list of who is bound where: all that [`World::bound`] tells.
    pub fn ports(&mut self) {
        self.ports = true;
    }

    /// Was the list of who is bound where marked?
    #[must_use]
    pub fn has_ports(&self) -> bool {
        self.ports
    }

    /// Were processes marked?
    #[must_use]
    pub fn shared(&self) -> bool {
        self.shared
    }

    /// Was this owner marked?
    #[must_use]
    pub fn has(&self, owner: usize) -> bool {
        self.owners.binary_search_by_key(&owner, |marked| marked.index()).is_ok()
    }

    /// The owners marked, ascending.
    pub fn owners(&self) -> impl Iterator<Item = usize> + '_ {
        self.owners.iter().map(|owner| owner.index())
    }

    /// Forgets all marks but keeps the memory.
    pub fn clear(&mut self) {
        self.owners.clear();
        (self.shared, self.ports) = (false, false);
    }
}
