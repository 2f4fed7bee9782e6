//! The same objects under other names: what interchangeable threads own can change places.
//!
//! Every name in a world says whose object it names. Where two threads own equally many slots, exchanging them
//! exchanges everything they own, and a world that results differs from the first in names alone.

use crate::call::{Address, Call, Handle, Port, Routine, ThreadId};
use crate::id::{Maybe, Named};
use crate::operation::{
    Apc, Association, CompletionPort, Filled, Frame, Message, Object, OpId, Operation, OverId, Overlapped, Packet,
    Phase, PortId, Tells, Wants, Watch, WatchId, Window, WindowId,
};
use crate::outcome::{Out, Outcome, Value};
use crate::owned::Owned;
use crate::small::{Queued, Small};
use crate::world::{Conn, ConnId, EventId, EventObject, Member, Socket, SocketId, Thread, Told, World};

/// Gives every name in an object to another owner.
#[derive(Clone, Debug)]
pub struct Renaming {
    /// By owner, the one that takes its place.
    to: Vec<ThreadId>,
    /// By owner, its first slot.
    first_slot: Vec<u32>,
    /// By slot, its owner.
    owner_of: Vec<ThreadId>,
    /// By owner, its first event slot.
    first_event: Vec<u32>,
    /// By event slot, its owner.
    owner_of_event: Vec<ThreadId>,
    /// By owner, where its operations begin; then its watches, OVERLAPPED structures, ports and windows.
    first: [Vec<usize>; 5],
    /// How many operations, watches, OVERLAPPED structures, ports and windows there are.
    rooms: [usize; 5],
    /// The owners whose objects were named, in the order of the names, before they were changed.
    pub met: Vec<ThreadId>,
}

impl Renaming {
    /// Leaves everything as it is, in worlds of this shape.
    #[must_use]
    pub fn new(world: &World) -> Renaming {
        Renaming {
            to: (0..world.threads.len()).map(ThreadId::new).collect(),
            first_slot: world.threads.iter().map(|thread| thread.first_slot).collect(),
            owner_of: world.sockets[..world.conns.len()].iter().map(|socket| socket.owner).collect(),
            first_event: world.threads.iter().map(|thread| thread.first_event).collect(),
            owner_of_event: world.events.iter().map(|event| event.owner).collect(),
            first: [
                starts(world, &world.ops),
                starts(world, &world.watches),
                starts(world, &world.overs),
                starts(world, &world.ports),
                starts(world, &world.windows),
            ],
            rooms: [world.ops.len(), world.watches.len(), world.overs.len(), world.ports.len(), world.windows.len()],
            met: Vec::new(),
        }
    }

    /// From now on what belongs to `owner` is named as if it belonged to `to`, which owns equally many slots.
    pub fn set(&mut self, owner: usize, to: usize) {
        self.to[owner] = ThreadId::new(to);
    }

    /// The owner whose objects those of `owner` become.
    #[must_use]
    pub fn target(&self, owner: usize) -> usize {
        self.to[owner].index()
    }

    /// Leaves everything as it is again.
    pub fn reset(&mut self) {
        self.to.iter_mut().zip(0..).for_each(|(to, owner)| *to = ThreadId(owner));
        self.met.clear();
    }

    /// Copies the objects of one owner from a world, renamed, to their new owner in another world of the same shape.
    pub fn copy(&mut self, from: &World, owner: usize, into: &mut World) {
        let to = self.to[owner].index();
        into.forget(to);
        let (old, new) = (ThreadId::new(owner), ThreadId::new(to));
        for (at, op) in from.ops.of(old).iter().enumerate() {
            let op = op.as_ref().map(|op| self.operation(op));
            into.ops.of_mut(new)[at] = op;
        }
        for (at, watch) in from.watches.of(old).iter().enumerate() {
            let watch = watch.as_ref().map(|watch| self.watch(watch));
            into.watches.of_mut(new)[at] = watch;
        }
        for (at, over) in from.overs.of(old).iter().enumerate() {
            let over = over.map(|over| self.overlapped(&over));
            into.overs.of_mut(new)[at] = over;
        }
        for (at, port) in from.ports.of(old).iter().enumerate() {
            let port = port.as_ref().map(|port| {
                let over = |over: Option<Handle>, own: &mut Renaming| over.map(|over| own.handle(over));
                let packets = port.packets.iter().map(|packet| Packet { over: over(packet.over, self), ..packet });
                let packets = packets.collect();
                CompletionPort { packets, waiting: port.waiting.iter().map(|op| self.op_id(op)).collect(), ..*port }
            });
            into.ports.of_mut(new)[at] = port;
        }
        for (at, window) in from.windows.of(old).iter().enumerate() {
            let window = window.as_ref().map(|window| self.window(window));
            into.windows.of_mut(new)[at] = window;
        }
        into.threads[to] = self.thread(&from.threads[owner]);
        into.threads[to].first_slot = self.first_slot[to];
        into.threads[to].first_event = self.first_event[to];
        let accepted = from.conns.len();
        let (first, slots) = (self.first_slot[owner] as usize, from.threads[owner].slots as usize);
        let first_to = self.first_slot[to] as usize;
        for slot in 0..slots {
            into.sockets[first_to + slot] = self.socket(&from.sockets[first + slot]);
            into.sockets[accepted + first_to + slot] = self.socket(&from.sockets[accepted + first + slot]);
            into.conns[first_to + slot] = self.conn(&from.conns[first + slot]);
        }
        let (first, first_to) = (self.first_event[owner] as usize, self.first_event[to] as usize);
        for event in 0..from.threads[owner].event_slots as usize {
            into.events[first_to + event] = self.event(&from.events[first + event]);
        }
        into.learn(to);
    }

    /// The new name of a handle.
    pub fn handle(&mut self, handle: Handle) -> Handle {
        match handle.names() {
            Named::Socket(socket, copy) if socket.index() < 2 * self.owner_of.len() => {
                Handle::socket(self.socket_id(socket), copy)
            }
            Named::Event(event) if event.index() < self.owner_of_event.len() => Handle::event(self.event_id(event)),
            Named::Overlapped(over) if over.index() < self.rooms[2] => Handle::overlapped(self.over_id(over)),
            Named::Port(port) if port.index() < self.rooms[3] => Handle::port(self.port_id(port)),
            Named::Window(window) if window.index() < self.rooms[4] => Handle::window(self.window_id(window)),
            // What names no slot belongs to nobody.
            _ => handle,
        }
    }

    /// An outcome with the new names of what it names.
    pub fn outcome(&mut self, outcome: &Outcome) -> Outcome {
        let value = match outcome.value {
            Value::Handle(handle) => Value::Handle(self.handle(handle)),
            other => other,
        };
        let out = match outcome.out {
            Out::Name { addr: Some(mut addr), len } => {
                addr.port = self.port(addr.port);
                Out::Name { addr: Some(addr), len }
            }
            Out::Sets { read, write, except } => Out::Sets {
                read: read.map(|handle| self.handle(handle)),
                write: write.map(|handle| self.handle(handle)),
                except: except.map(|handle| self.handle(handle)),
            },
            Out::Polled(bytes, found) => Out::Polled(bytes, found.map(|(s, events)| (self.handle(s), events))),
            Out::Group(first) => Out::Group(self.handle(first)),
            Out::Message(message) => Out::Message(self.message(message)),
            Out::Routine { over, error, bytes } => Out::Routine { over: self.handle(over), error, bytes },
            Out::Packets { keys, overs, bytes } => {
                Out::Packets { keys, overs: overs.map(|over| self.handle(over)), bytes }
            }
            Out::Packet { counted, over } => Out::Packet { counted, over: over.map(|over| self.handle(over)) },
            Out::Sockaddrs { local, remote } => Out::Sockaddrs {
                local: local.map(|address| self.address(address)),
                remote: remote.map(|address| self.address(address)),
            },
            Out::Condition(mut given) => {
                (given.caller, given.callee) = (self.address(given.caller), self.address(given.callee));
                Out::Condition(given)
            }
            other => other,
        };
        Outcome { value, out, ..*outcome }
    }

    fn owner(&mut self, owner: ThreadId) -> ThreadId {
        self.met.push(owner);
        self.to[owner.index()]
    }

    fn slot(&mut self, slot: u32) -> u32 {
        let owner = self.owner_of[slot as usize];
        let offset = slot - self.first_slot[owner.index()];
        let to = self.owner(owner);
        self.first_slot[to.index()] + offset
    }

    fn conn_id(&mut self, conn: ConnId) -> ConnId {
        ConnId(self.slot(conn.0))
    }

    fn socket_id(&mut self, socket: SocketId) -> SocketId {
        match socket.index().checked_sub(self.owner_of.len()) {
            Some(conn) => SocketId::new(self.owner_of.len() + self.conn_id(ConnId::new(conn)).index()),
            None => SocketId(self.slot(socket.0)),
        }
    }

    fn event_id(&mut self, event: EventId) -> EventId {
        let owner = self.owner_of_event[event.index()];
        let offset = event.0 - self.first_event[owner.index()];
        let to = self.owner(owner);
        EventId(self.first_event[to.index()] + offset)
    }

    fn port(&mut self, port: Port) -> Port {
        match port {
            Port::Chosen(socket) => Port::Chosen(self.socket_id(socket)),
            other => other,
        }
    }

    /// The slot at the same place in the range of the owner that takes the place of this one's.
    fn place(&mut self, kind: usize, at: usize) -> usize {
        let first = &self.first[kind];
        let owner = first.partition_point(|start| *start <= at) - 1;
        let offset = at - first[owner];
        let to = self.owner(ThreadId::new(owner));
        self.first[kind][to.index()] + offset
    }

    fn op_id(&mut self, op: OpId) -> OpId {
        OpId::new(self.place(0, op.index()))
    }

    fn watch_id(&mut self, watch: WatchId) -> WatchId {
        WatchId::new(self.place(1, watch.index()))
    }

    fn over_id(&mut self, over: OverId) -> OverId {
        OverId::new(self.place(2, over.index()))
    }

    fn port_id(&mut self, port: PortId) -> PortId {
        PortId::new(self.place(3, port.index()))
    }

    fn window_id(&mut self, window: WindowId) -> WindowId {
        WindowId::new(self.place(4, window.index()))
    }

    fn message(&mut self, message: Message) -> Message {
        Message { socket: self.handle(message.socket), ..message }
    }

    fn window(&mut self, window: &Window) -> Window {
        Window {
            messages: window.messages.iter().map(|message| self.message(message)).collect(),
            watches: window.watches.iter().map(|watch| self.watch_id(watch)).collect(),
        }
    }

    fn told(&mut self, told: Told) -> Told {
        match told {
            Told::Event(event) => Told::Event(self.event_id(event)),
            Told::Window { window, message, copy } => Told::Window { window: self.window_id(window), message, copy },
        }
    }

    fn operation(&mut self, op: &Operation) -> Operation {
        let call = self.call(&op.call);
        let wants = match op.wants {
            Wants::ConnectionInto { socket, receive } => {
                Wants::ConnectionInto { socket: self.socket_id(socket), receive }
            }
            other => other,
        };
        let phase = match op.phase {
            Phase::Holds(conn) => Phase::Holds(ConnId(self.slot(conn.0))),
            Phase::Decides(conn) => Phase::Decides(ConnId(self.slot(conn.0))),
            Phase::Answers(conn) => Phase::Answers(ConnId(self.slot(conn.0))),
            other => other,
        };
        let tells = Tells {
            over: op.tells.over.map(|over| self.over_id(over)),
            event: op.tells.event.map(|event| self.event_id(event)),
            ..op.tells
        };
        Operation {
            call,
            wants,
            phase,
            tells,
            gives: op.gives.as_deref().map(|gives| Box::new(self.outcome(gives))),
            thread: self.to[op.thread.index()],
            about: op.about.map(|socket| self.socket_id(socket)),
            watched: op.watched.iter().map(|watch| self.own_watch(watch)).collect(),
            port: op.port.map(|tells| Association { port: self.port_id(tells.port), ..tells }),
            ..*op
        }
    }

    fn overlapped(&mut self, over: &Overlapped) -> Overlapped {
        let buffer = over.buffer.map(|filled| Filled {
            addresses: filled.addresses.map(|(local, remote)| (self.address(local), self.address(remote))),
            ..filled
        });
        let polled = over.polled.map(|(s, events)| (self.handle(s), events));
        Overlapped { event: over.event.map(|event| self.handle(event)), buffer, polled, ..*over }
    }

    fn address(&mut self, address: Address) -> Address {
        Address { port: self.port(address.port), ..address }
    }

    fn watch(&mut self, watch: &Watch) -> Watch {
        let object = match watch.object {
            Object::Socket(socket) => Object::Socket(self.socket_id(socket)),
            Object::Event(event) => Object::Event(self.event_id(event)),
            Object::Window(window) => Object::Window(self.window_id(window)),
        };
        Watch { op: self.own_op(watch.op), object }
    }

    /// What an owner names of its own is no meeting.
    fn own_op(&mut self, op: OpId) -> OpId {
        let met = self.met.len();
        let op = self.op_id(op);
        self.met.truncate(met);
        op
    }

    fn own_watch(&mut self, watch: WatchId) -> WatchId {
        let met = self.met.len();
        let watch = self.watch_id(watch);
        self.met.truncate(met);
        watch
    }

    fn apc(&mut self, apc: Apc) -> Apc {
        match apc {
            Apc::User(routine) => Apc::User(self.routine(routine)),
            Apc::Completion(over) => Apc::Completion(self.over_id(over)),
        }
    }

    fn routine(&mut self, routine: Routine<Handle>) -> Routine<Handle> {
        match routine {
            Routine::SetEvent(handle) => Routine::SetEvent(self.handle(handle)),
            Routine::Accept(handle) => Routine::Accept(self.handle(handle)),
        }
    }

    fn call(&mut self, call: &Call) -> Call {
        let call = call.map(|handle| self.handle(handle));
        match call {
            Call::QueueUserAPC { routine, thread } => Call::QueueUserAPC { routine, thread: self.owner(thread) },
            other => other,
        }
    }

    fn thread(&mut self, thread: &Thread) -> Thread {
        let frames = renamed(&thread.frames, |frame| match frame {
            Frame::Waits(op) => Frame::Waits(self.own_op(op)),
            Frame::Condition(op) => Frame::Condition(self.own_op(op)),
            Frame::Hook(op) => Frame::Hook(self.own_op(op)),
            Frame::Apc => Frame::Apc,
        });
        let apcs = thread.apcs.iter().map(|apc| self.apc(apc)).collect();
        Thread { frames, apcs, ..thread.clone() }
    }

    fn socket(&mut self, socket: &Socket) -> Socket {
        let mut renamed_socket = socket.clone();
        renamed_socket.owner = self.to[socket.owner.index()];
        renamed_socket.local.port = self.port(socket.local.port);
        renamed_socket.conn = socket.conn.map(|conn| self.conn_id(conn));
        if let Some(first) = socket.first_waiting.get() {
            renamed_socket.first_waiting = Maybe::some(self.op_id(first));
        }
        if let Some(extra) = &mut renamed_socket.extra {
            extra.syn_queue = extra.syn_queue.iter().map(|conn| self.conn_id(conn)).collect();
            extra.accept_queue = extra.accept_queue.iter().map(|conn| self.conn_id(conn)).collect();
            extra.waiting_behind = extra.waiting_behind.iter().map(|op| self.op_id(op)).collect();
            extra.holding = extra.holding.iter().map(|op| self.op_id(op)).collect();
            extra.watches = extra.watches.iter().map(|watch| self.watch_id(watch)).collect();
            extra.claimed = extra.claimed.map(|op| self.op_id(op));
            extra.port = extra.port.map(|tells| Association { port: self.port_id(tells.port), ..tells });
            extra.group = extra.group.map(|group| Member { founder: self.socket_id(group.founder), ..group });
            extra.selection.told = extra.selection.told.map(|told| self.told(told));
        }
        renamed_socket
    }

    fn conn(&mut self, conn: &Conn) -> Conn {
        let mut renamed_conn = conn.clone();
        renamed_conn.listener = conn.listener.map(|socket| self.socket_id(socket));
        renamed_conn.client.hold(conn.client.socket().map(|socket| self.socket_id(socket)));
        renamed_conn.server.hold(conn.server.socket().map(|socket| self.socket_id(socket)));
        renamed_conn.client_address.port = self.port(conn.client_address.port);
        renamed_conn.server_address.port = self.port(conn.server_address.port);
        renamed_conn
    }

    fn event(&mut self, event: &EventObject) -> EventObject {
        EventObject {
            owner: self.to[event.owner.index()],
            watches: event.watches.iter().map(|watch| self.watch_id(watch)).collect(),
            ..event.clone()
        }
    }
}

fn renamed<T: Queued, const N: usize>(queue: &Small<T, N>, mut rename: impl FnMut(T) -> T) -> Small<T, N> {
    queue.iter().fold(Small::default(), |mut all, item| {
        all.push(rename(item));
        all
    })
}

/// By thread, where its range begins.
fn starts<T: Clone>(world: &World, slots: &Owned<T>) -> Vec<usize> {
    (0..world.threads.len()).map(|owner| slots.range(ThreadId::new(owner)).start).collect()
}
