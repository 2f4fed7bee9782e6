//! What waits: operations, what they watch, and the frames of threads.
//!
//! A blocked call, an overlapped request and a poll are one thing: they were started, are not over, and tell somebody
//! when they are. An [`Operation`] says so as data. A blocked call is one whose thread has a [`Frame`] for it and does
//! nothing else until it is complete.

use crate::call::{Address, AfdEvents, Call, Data, Group, Handle, NetworkEvents, Routine, Set, ThreadId, Timeout};
use crate::code::Code;
pub use crate::id::{OpId, OverId, PortId, WatchId, WindowId};
use crate::list::Line;
use crate::outcome::Outcome;
use crate::owned::Owned;
use crate::small::Queued;
use crate::status::Status;
use crate::world::{ConnId, EventId, SocketId, World};

/// What an operation waits for, and so which rules look again when something has changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Wants {
    /// `accept`: a connection, in a new socket.
    Connection,
    /// A connection in this socket, which was there before it, and with a length above zero its first bytes.
    ConnectionInto {
        /// The socket.
        socket: SocketId,
        /// How many bytes at most; zero: none, the connection is enough.
        receive: u32,
    },
    /// A connection that the caller's own function decides about.
    Decision,
    /// `connect`: the answer of the server.
    Established,
    /// `recv`: bytes, or the end of them.
    Bytes,
    /// `send`: a connection that takes them.
    Room,
    /// `select`, `WSAPoll`: something about one of the sockets that it watches.
    Readable,
    /// A wait for one of the events that it watches, or for what comes to the window that it watches. `SleepEx` watches none.
    Signal,
    /// `GetQueuedCompletionStatus`: a packet.
    Packet,
    /// The end of its socket's connection, so that the socket can be used again.
    Disconnection {
        /// This side may have ended its stream first, and so have to stay in TIME_WAIT.
        first: bool,
    },
    /// The end of TIME_WAIT.
    TimeWait,
    /// `GetOverlappedResult`, `WSAGetOverlappedResult`: the end of a request.
    Completion,
}

/// How far an operation is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// It has nothing yet.
    Waits,
    /// It has nothing yet and was woken: it will look again, and another may be faster.
    Woken,
    /// It holds this connection and waits for more.
    Holds(ConnId),
    /// Its thread decides about this connection.
    Decides(ConnId),
    /// It has accepted this connection, a request, and waits for the end of its handshake.
    Answers(ConnId),
    /// It is complete, and its call has not returned: user code of its thread runs above it.
    Done,
}

/// How an operation tells that it is complete: any of these together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Tells {
    /// The call itself returns: its thread has a frame that waits for it.
    pub returns: bool,
    /// The status goes into this OVERLAPPED, ...
    pub over: Option<OverId>,
    /// ... and this event is set,
    pub event: Option<EventId>,
    /// or its completion routine is queued to the thread that started it,
    pub routine: bool,
    /// or a packet goes to the port of the socket that it is about, whichever that has by then (windows-facts WT-IOCP-002).
    pub port: bool,
}

impl Tells {
    /// The call returns, and that is all.
    pub const RETURNS: Tells = Tells { returns: true, over: None, event: None, routine: false, port: false };
}

/// What is queued to a thread, to run when that waits alertably.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Apc {
    /// What `QueueUserAPC` has queued.
    User(Routine<Handle>),
    /// The completion routine of the request with this OVERLAPPED, which tells how that has ended.
    Completion(OverId),
}

/// Something that was started and is not over: a blocked call, an overlapped one, a poll.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Operation {
    /// The call that started it: rules that look again read their arguments there. A handle of it that names nothing
    /// any more is [`Handle::INVALID`].
    pub call: Call,
    /// What it waits for.
    pub wants: Wants,
    /// How far it is.
    pub phase: Phase,
    /// How it tells that it is complete.
    pub tells: Tells,
    /// [`Status::PENDING`] until it is complete, or until it is to end and cannot yet.
    pub status: Status,
    /// How many bytes it has moved.
    pub bytes: u32,
    /// After how many milliseconds its call gives up; `None` where it never does.
    pub limit: Timeout,
    /// What its call returns, kept while user code runs above it: few do, and an outcome is large.
    pub gives: Option<Box<Outcome>>,
    /// Who started it. Its slot is in that thread's range, and it ends with that thread.
    pub thread: ThreadId,
    /// The socket that it goes on at, in one of whose lines it stands; `None` when it is about none, or that is gone.
    pub about: Option<SocketId>,
    /// Its watches.
    pub watched: Line<WatchId>,
    /// The port of the socket through which it was made, once that is gone.
    pub port: Option<Association>,
}

impl Operation {
    /// Is it a poll of the driver? Such a one watches its sockets without a call that waits.
    #[must_use]
    pub fn is_poll(&self) -> bool {
        matches!(self.call, Call::AfdPoll { .. })
    }

    /// Does its call give up after some time?
    #[inline(always)]
    #[must_use]
    pub fn times_out(&self) -> bool {
        self.limit.is_some()
    }

    /// Is it such a poll whose time-out can run out?
    #[inline(always)]
    pub(crate) fn is_timed_poll(&self) -> bool {
        self.call.is_timed_poll()
    }

    /// The handle through which it came to the socket that it is about.
    #[must_use]
    pub fn through(&self) -> Option<Handle> {
        self.call.subject()
    }
}

/// What can be watched among other things.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Object {
    /// A socket.
    Socket(SocketId),
    /// An event object.
    Event(EventId),
    /// A window.
    Window(WindowId),
}

/// One operation at one of several objects that it watches: the object names it, and so does the operation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Watch {
    /// The operation.
    pub op: OpId,
    /// What it watches.
    pub object: Object,
}

/// What a thread is in, above its own code. The top one says who moves next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Frame {
    /// A call that has not returned.
    Waits(OpId),
    /// User code: the condition function of this operation.
    Condition(OpId),
    /// User code: an APC, in the wait below.
    Apc,
    /// User code: the blocking hook of this operation.
    Hook(OpId),
}

/// What user code gives when it comes back to the call that called it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Answer {
    /// Nothing: an APC.
    Nothing,
    /// A condition function: CF_ACCEPT.
    Accepts {
        /// `*g`.
        group: Group,
        /// How many bytes it has written for the caller.
        bytes: u8,
    },
    /// CF_REJECT.
    Rejects,
    /// CF_DEFER.
    Defers,
    /// No value that is defined for it.
    Other,
    /// Anything but CF_ACCEPT, and it has written data for the caller.
    TellsMore,
}

impl Answer {
    /// CF_ACCEPT, and nothing written.
    pub const ACCEPTS: Answer = Answer::Accepts { group: Group::None, bytes: 0 };
}

/// Whether a thread is still there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Ended {
    /// It is.
    #[default]
    No,
    /// Its behaviour is undefined from here on, by the documents' own words.
    Undefined,
    /// It has ended.
    Exited,
}

/// An OVERLAPPED structure, and the buffer that goes with its request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Overlapped {
    /// `Internal`.
    pub status: Status,
    /// `InternalHigh`.
    pub bytes: u32,
    /// `hEvent`.
    pub event: Option<Handle>,
    /// The low bit of `hEvent` is set: no packet goes to a port.
    pub low_bit: bool,
    /// What the request has put into its buffer; `None` before the first.
    pub buffer: Option<Filled>,
    /// What a poll of the driver has found.
    pub polled: Set<(Handle, AfdEvents)>,
}

/// The output buffer of an `AcceptEx`: its three parts as they were asked for, and what is in them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Filled {
    /// How many bytes there are for data, for the local and for the remote address.
    pub lengths: [u32; 3],
    /// The data, from the beginning of the buffer.
    pub data: Data,
    /// The local and the remote address, once there is a connection.
    pub addresses: Option<(Address, Address)>,
}

impl Default for Overlapped {
    fn default() -> Overlapped {
        Overlapped { status: Status::SUCCESS, bytes: 0, event: None, low_bit: false, buffer: None, polled: Set::EMPTY }
    }
}

/// What a completion port hands out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Packet {
    /// The key of the socket, or what a program has posted.
    pub key: u32,
    /// The OVERLAPPED of the operation, or what a program has posted in its place.
    pub over: Option<Handle>,
    /// How it ended.
    pub status: Status,
    /// How many bytes it moved.
    pub bytes: u32,
}

/// A completion port: the packets that nobody has fetched, first come first. Sockets name it when it is closed, too.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct CompletionPort {
    /// Its handle was closed.
    pub closed: bool,
    /// The packets.
    pub packets: Line<Packet>,
    /// Who waits for one; the last to come is the first to be served.
    pub waiting: Line<OpId>,
}

/// A message that tells of a network event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Message {
    /// Its number: `wMsg` of the `WSAAsyncSelect` that has asked for it.
    pub number: u32,
    /// `wParam`: the socket.
    pub socket: Handle,
    /// The low word of `lParam`: one event.
    pub event: NetworkEvents,
    /// The high word of `lParam`.
    pub error: Code,
}

/// A window, as far as messages go to it: those that its thread has not fetched, first come first.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Window {
    /// The messages.
    pub messages: Line<Message>,
    /// Operations that wait for one.
    pub watches: Line<WatchId>,
}

/// Where the completions of a socket's operations go.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Association {
    /// The port.
    pub port: PortId,
    /// The key that its packets carry.
    pub key: u32,
}

impl World {
    /// All operations.
    #[must_use]
    pub fn operations(&self) -> &Owned<Operation> {
        &self.ops
    }

    /// All watches.
    #[must_use]
    pub fn watches(&self) -> &Owned<Watch> {
        &self.watches
    }

    /// The OVERLAPPED structures.
    #[must_use]
    pub fn overs(&self) -> &Owned<Overlapped> {
        &self.overs
    }

    /// The completion ports.
    #[must_use]
    pub fn ports(&self) -> &Owned<CompletionPort> {
        &self.ports
    }

    /// The windows.
    #[must_use]
    pub fn windows(&self) -> &Owned<Window> {
        &self.windows
    }

    /// Is this thread in code that can make a call: its own, or a function that it called Winsock with?
    #[must_use]
    pub fn runs(&self, thread: ThreadId) -> bool {
        let thread = &self.threads[thread.index()];
        thread.ended == Ended::No && !matches!(thread.frames.last(), Some(Frame::Waits(_)))
    }

    /// Is this thread in a condition function, whose answer a call of its own awaits?
    #[must_use]
    pub fn is_asked(&self, thread: ThreadId) -> bool {
        self.asks(thread).is_some()
    }

    /// The operation of the call whose condition function this thread is in.
    #[must_use]
    pub fn asks(&self, thread: ThreadId) -> Option<&Operation> {
        let thread = &self.threads[thread.index()];
        match thread.frames.last() {
            Some(Frame::Condition(op)) if thread.ended == Ended::No => self.ops.get(op.index()),
            _ => None,
        }
    }

    /// Is this thread in a completion routine, which a call of its own has called?
    #[must_use]
    pub fn is_in_routine(&self, thread: ThreadId) -> bool {
        let thread = &self.threads[thread.index()];
        thread.ended == Ended::No && thread.frames.last() == Some(Frame::Apc)
    }

    /// The operation of the call that this thread waits in, if it waits.
    #[must_use]
    pub fn waits(&self, thread: ThreadId) -> Option<(OpId, &Operation)> {
        match self.threads[thread.index()].frames.last() {
            Some(Frame::Waits(op)) => Some((op, self.ops.get(op.index())?)),
            _ => None,
        }
    }

    /// After how many milliseconds a call that has just begun to wait gives up; a receive has that from its socket.
    #[must_use]
    #[inline(always)]
    pub fn time_out_of(&self, thread: ThreadId, call: &Call) -> Timeout {
        match call {
            Call::Recv { .. } | Call::WSARecv { .. } => self.waits(thread).and_then(|(_, op)| op.limit),
            _ => call.time_out().flatten(),
        }
    }

    /// The polls of the driver that this thread has made, and whose time-outs can run out.
    pub(crate) fn timed_polls(&self, thread: ThreadId) -> impl Iterator<Item = OpId> + '_ {
        let is_timed = |op: &usize| self.ops.get(*op).is_some_and(Operation::is_timed_poll);
        let all = if self.index.timed_polls > 0 { self.ops.range(thread) } else { 0..0 };
        all.filter(is_timed).map(OpId::new)
    }

    /// Has the call that this thread waits in been woken, to look again?
    #[must_use]
    pub fn is_woken(&self, thread: ThreadId) -> bool {
        self.waits(thread).is_some_and(|(_, op)| op.phase == Phase::Woken)
    }

    /// The thread in whose range this operation is.
    #[must_use]
    pub fn thread_of(&self, op: OpId) -> ThreadId {
        self.ops.owner(op.index())
    }
}

/// How many objects the operations of a thread may watch, where its room says nothing else.
pub const WATCHED: usize = 12;
/// How many frames a thread may have above its own code.
pub const FRAMES: usize = 6;

impl Queued for OpId {
    const VACANT: OpId = OpId(0);
    const MANY: &'static str = "threads that wait at one socket or event";
}

impl Queued for WatchId {
    const VACANT: WatchId = WatchId(0);
    const MANY: &'static str = "threads that wait at one socket or event";
}

impl Queued for Object {
    const VACANT: Object = Object::Socket(SocketId(0));
    const MANY: &'static str = "objects that one call watches";
}

impl Queued for Frame {
    const VACANT: Frame = Frame::Apc;
    const MANY: &'static str = "calls and functions called back, one within the other";
}
