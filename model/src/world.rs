//! The world: everything there is while connections are accepted, as plain data.
//!
//! It can be cloned, compared and hashed, and it holds no history: no counter that only grows, no
//! clock, no trace. Slots of the slabs are named by their owner, so that two worlds that differ only
//! in the order in which independent actors acted are equal:
//!
//! * each thread owns a fixed range of socket slots and takes the lowest free one of its own;
//! * a connection has the number of the client socket that opened it;
//! * the socket that `accept` creates has a slot of its own per connection;
//! * operations and watches have slots in the range of the thread that started them, the lowest free one each.

use std::sync::LazyLock;

use crate::bytes;
use crate::call::{Handle, ProcessId, ThreadId, Version};
use crate::code::Code;
use crate::id::Named;
pub use crate::id::{ConnId, EventId, MAX_HANDLES, MAX_SLOTS, SocketId};
use crate::limit::Limit;
use crate::list::Line;
use crate::operation::{
    Apc, CompletionPort, Ended, FRAMES, Frame, Operation, Overlapped, WATCHED, Watch, WatchId, Window,
};
use crate::owned::Owned;
use crate::small::Small;

mod conn;
pub(crate) mod index;
mod kept;
mod owners;
pub(crate) mod segment;
pub(crate) mod socket;
mod touched;
mod waiting;

pub use conn::{Conn, Direction, End, Tcb};
pub(crate) use index::Index;
pub(crate) use index::Sharing;
pub use segment::Segment;
pub use socket::{Bound, Carried, EventErrors, Extra, Holder, Member, Options, Selection, Socket, State, Told};
pub use touched::Touched;
pub use waiting::Waiting;

/// A thread: a stack of frames above its own code.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Thread {
    /// Its process.
    pub process: ProcessId,
    /// The per-thread last error.
    pub last_error: Code,
    /// What it is in, above its own code: the last is the top one.
    pub frames: Small<Frame, FRAMES>,
    /// Whether it is still there.
    pub ended: Ended,
    /// APCs queued to it, in order.
    pub apcs: Line<Apc>,
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
    /// WS2_32 gives a provider no socket handle.
    pub no_handles: bool,
    /// The network subsystem has failed.
    pub network_down: bool,
    /// The service provider is still processing a callback function.
    pub in_callback: bool,
}

impl Faults {
    /// Is any of them in force?
    #[must_use]
    pub fn any(self) -> bool {
        self.no_descriptors | self.no_buffers | self.no_handles | self.network_down | self.in_callback
    }
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

/// An event object (`WSAEVENT`).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct EventObject {
    /// The thread that owns this slot.
    pub owner: ThreadId,
    /// Somebody holds it open.
    pub open: bool,
    /// It is signalled.
    pub signalled: bool,
    /// Who waits for it and is released resets it. Those of `WSACreateEvent` are reset by hand.
    pub automatic: bool,
    /// Operations that wait for it among others, first come first.
    pub watches: Line<WatchId>,
    /// How many sockets have a registration for it.
    pub selected: u32,
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
    pub(crate) ops: Owned<Operation>,
    pub(crate) watches: Owned<Watch>,
    pub(crate) overs: Owned<Overlapped>,
    pub(crate) ports: Owned<CompletionPort>,
    pub(crate) windows: Owned<Window>,
    pub(crate) index: Index,
    pub(crate) spare: Spare,
}

/// Memory for what comes next, so that steps do not allocate. It is no part of a world's state.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    pub(crate) bytes: bytes::Spare,
    #[allow(clippy::vec_box)] // a socket takes the box as it is
    pub(crate) extras: Vec<Box<Extra>>,
}

impl Clone for Spare {
    fn clone(&self) -> Self {
        Spare::default()
    }
}

impl PartialEq for Spare {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Spare {}

impl std::hash::Hash for Spare {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// How many APCs may be queued to one thread.
pub const APCS: usize = 1000;

/// A thread of a new world: its process, and room for what it creates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Its process.
    pub process: ProcessId,
    /// Sockets that it may have created at a time.
    pub sockets: u32,
    /// Event objects that it may have at a time.
    pub events: u32,
    /// Operations that it may have under way at a time: a call that waits is one.
    pub operations: u32,
    /// Objects that its operations may watch at a time.
    pub watches: u32,
    /// OVERLAPPED structures that it has.
    pub overs: u32,
    /// Completion ports that it has.
    pub ports: u32,
    /// Windows that it has.
    pub windows: u32,
}

impl Room {
    /// Room for a thread that makes calls, and so waits in one at a time.
    #[must_use]
    pub fn new(process: ProcessId, sockets: u32, events: u32) -> Room {
        Room { process, sockets, events, operations: 1, watches: WATCHED as u32, overs: 0, ports: 0, windows: 0 }
    }
}

impl World {
    /// A world with these processes and threads.
    ///
    /// # Panics
    /// Where [`World::try_new`] gives an error.
    #[must_use]
    pub fn new(processes: &[Process], threads: &[Room]) -> World {
        World::try_new(processes, threads).unwrap_or_else(|limit| panic!("limit: {limit}"))
    }

    /// A world with these processes and threads.
    ///
    /// # Errors
    /// The limit, when there are more than [`MAX_SLOTS`] slots of sockets or of events, or a process does not exist.
    pub fn try_new(processes: &[Process], threads: &[Room]) -> Result<World, Limit> {
        let all = |of: fn(&Room) -> u32| threads.iter().map(|room| of(room) as usize).fold(0, usize::saturating_add);
        for (asked, limit) in [
            (
                threads.iter().map(|room| room.process.index() + 1).max().unwrap_or_default(),
                Limit { most: processes.len(), of: "processes" },
            ),
            (all(|room| room.sockets), Limit { most: MAX_SLOTS / 2, of: "sockets" }),
            (all(|room| room.events), Limit { most: MAX_SLOTS, of: "event objects" }),
            (all(|room| room.operations), Limit { most: MAX_SLOTS, of: "operations" }),
            (all(|room| room.watches), Limit { most: MAX_SLOTS, of: "objects that are watched" }),
        ] {
            if asked > limit.most {
                return Err(limit);
            }
        }
        let rooms = |of: fn(&Room) -> u32| threads.iter().map(of);
        let mut world = World {
            processes: processes.to_vec(),
            ops: Owned::new(rooms(|room| room.operations)),
            watches: Owned::new(rooms(|room| room.watches)),
            overs: Owned::new(rooms(|room| room.overs)),
            ports: Owned::new(rooms(|room| room.ports)),
            windows: Owned::new(rooms(|room| room.windows)),
            ..World::default()
        };
        // All at once: a million connections are not to take the memory of two.
        let connections = all(|room| room.sockets);
        world.conns.reserve_exact(connections);
        world.sockets.reserve_exact(2 * connections);
        let (mut slots, mut events) = (0, 0);
        for (index, room) in threads.iter().enumerate() {
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
            world.conns.resize_with(slots as usize, Conn::default);
            world.sockets.resize_with(slots as usize, || Socket::free(owner));
            world.events.resize_with(events as usize, || EventObject { owner, ..EventObject::default() });
        }
        for slot in 0..world.conns.len() {
            let owner = world.sockets[slot].owner;
            world.sockets.push(Socket::free(owner));
        }
        world.index = world.new_index();
        world.index_processes();
        Ok(world)
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

    /// The connection that a socket in this slot opens when it connects; `None` for a slot of an accepted socket.
    #[must_use]
    pub fn opened_by(&self, socket: SocketId) -> Option<ConnId> {
        (socket.index() < self.conns.len()).then_some(ConnId(socket.0))
    }

    /// The owner of a connection slot: the thread that opens it.
    #[must_use]
    pub fn conn_owner(&self, conn: ConnId) -> Option<ThreadId> {
        self.sockets[..self.conns.len()].get(conn.index()).map(|socket| socket.owner)
    }

    /// The direction in which a segment goes that this socket's end of its connection sends.
    #[must_use]
    pub fn sends(&self, socket: SocketId) -> Direction {
        let conn = self.sockets[socket.index()].conn;
        let server = conn.and_then(|conn| self.conns[conn.index()].server.socket());
        if server == Some(socket) { Direction::Down } else { Direction::Up }
    }

    /// Who is bound where, ascending.
    pub fn bound(&self) -> impl Iterator<Item = Bound> + '_ {
        (0..self.sockets.len()).filter_map(|s| self.bound_as(SocketId::new(s)))
    }

    /// The socket behind a handle of a process, and which of its handles it is.
    #[must_use]
    #[inline]
    pub fn resolve(&self, process: ProcessId, handle: Handle) -> Option<(SocketId, usize)> {
        let (slot, copy) = match (handle.first_of(), handle) {
            (Some(slot), _) => (slot, 0),
            (None, handle) => match handle.names() {
                Named::Socket(slot, copy) => (slot, copy),
                _ => return None,
            },
        };
        let socket = self.sockets.get(slot.index())?;
        if socket.holder(copy).is_some_and(|holder| holder.process == process && holder.inherited.is_none()) {
            return (socket.state != State::NotASocket).then_some((slot, copy));
        }
        socket.extra.as_ref()?;
        inherited(socket, process, copy).map(|copy| (slot, copy))
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
        self.events.get(event.index()).is_some_and(|event| !event.open && event.selected == 0)
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
        self.index_processes();
    }
}

/// Which handle of a socket has this value in a process that has inherited it.
#[cold]
fn inherited(socket: &Socket, process: ProcessId, value: usize) -> Option<usize> {
    let is_it = |holder: &Holder| holder.process == process && holder.inherited.map(usize::from) == Some(value);
    socket.holders().find(|(_, holder)| is_it(holder)).map(|(copy, _)| copy)
}
