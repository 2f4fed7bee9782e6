//! The world as an invariant looks at it: whose objects it looks at is noted, as it is for a step.
//!
//! It is read like a [`World`], with the same names; an answer notes everything that it depends on.

use std::cell::RefCell;
use std::ops::Index;

use crate::call::{Handle, ProcessId, ThreadId};
use crate::operation::{Operation, Watch, Window};
use crate::owned::Owned;
use crate::world::{
    Conn, ConnId, Direction, End, EventId, EventObject, Process, Socket, SocketId, Thread, Touched, World,
};

/// A world that is looked at.
pub(crate) struct Look<'w> {
    w: &'w World,
    read: &'w RefCell<Touched>,
    pub(crate) processes: Objects<'w, Process>,
    pub(crate) threads: Objects<'w, Thread>,
    pub(crate) sockets: Objects<'w, Socket>,
    pub(crate) conns: Objects<'w, Conn>,
    pub(crate) events: Objects<'w, EventObject>,
    pub(crate) ops: Slots<'w, Operation>,
    pub(crate) watches: Slots<'w, Watch>,
    pub(crate) windows: Slots<'w, Window>,
}

/// Objects of one kind, each in the range of a thread.
pub(crate) struct Slots<'w, T> {
    all: &'w Owned<T>,
    read: &'w RefCell<Touched>,
}

impl<'w, T: Clone> Slots<'w, T> {
    /// What is in a slot. That nothing is there is read from whoever owns it, too.
    pub(crate) fn get(&self, at: usize) -> Option<&'w T> {
        if self.all.has_slot(at) {
            self.read.borrow_mut().owner(self.all.owner(at));
        }
        self.all.get(at)
    }

    /// What is in the slots of a thread.
    pub(crate) fn of(&self, owner: ThreadId) -> impl Iterator<Item = &'w T> {
        self.read.borrow_mut().owner(owner);
        self.all.of(owner).iter().flatten()
    }
}

/// Objects of one kind.
pub(crate) struct Objects<'w, T> {
    all: &'w [T],
    read: &'w RefCell<Touched>,
    notes: Notes<'w>,
}

/// How a look at one object is noted.
type Notes<'w> = Box<dyn Fn(usize, &mut Touched) + 'w>;

impl<T> Index<usize> for Objects<'_, T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        (self.notes)(index, &mut self.read.borrow_mut());
        &self.all[index]
    }
}

impl<'w> Look<'w> {
    /// Looks at a world; `read` takes in what is looked at.
    pub(crate) fn at(w: &'w World, read: &'w RefCell<Touched>) -> Look<'w> {
        Look {
            w,
            read,
            processes: Objects { all: &w.processes, read, notes: Box::new(|_, read| read.process()) },
            threads: Objects { all: &w.threads, read, notes: Box::new(|t, read| read.owner(ThreadId::new(t))) },
            sockets: Objects { all: &w.sockets, read, notes: Box::new(|s, read| read.owner(w.sockets[s].owner)) },
            conns: Objects { all: &w.conns, read, notes: Box::new(|c, read| read.owner(w.sockets[c].owner)) },
            ops: Slots { all: &w.ops, read },
            watches: Slots { all: &w.watches, read },
            windows: Slots { all: &w.windows, read },
            events: Objects { all: &w.events, read, notes: Box::new(|e, read| read.owner(w.events[e].owner)) },
        }
    }

    /// The connection that a socket in this slot opens when it connects.
    pub(crate) fn opened_by(&self, socket: SocketId) -> Option<ConnId> {
        self.w.opened_by(socket)
    }

    /// The direction in which a segment goes that this socket's end of its connection sends.
    pub(crate) fn sends(&self, socket: SocketId) -> Direction {
        if let Some(conn) = self.sockets[socket.index()].conn {
            self.note_conn(conn);
        }
        self.w.sends(socket)
    }

    /// The end of a connection that sends in this direction.
    pub(crate) fn end(&self, conn: ConnId, direction: Direction) -> &'w End {
        self.note_conn(conn);
        self.w.end(conn, direction)
    }

    /// The socket behind a handle of a process, and which of its handles it is.
    pub(crate) fn resolve(&self, process: ProcessId, handle: Handle) -> Option<(SocketId, usize)> {
        // That nothing is there is read from whoever owns the slot, too.
        let slot = self.w.slot_of(handle)?;
        self.read.borrow_mut().owner(self.w.sockets[slot.index()].owner);
        self.w.resolve(process, handle)
    }

    /// The event object behind a handle.
    pub(crate) fn resolve_event(&self, handle: Handle) -> Option<EventId> {
        let event = self.w.event_of(handle)?;
        self.read.borrow_mut().owner(self.w.events[event.index()].owner);
        self.w.resolve_event(handle)
    }

    fn note_conn(&self, conn: ConnId) {
        if let Some(owner) = self.w.conn_owner(conn) {
            self.read.borrow_mut().owner(owner);
        }
    }
}
