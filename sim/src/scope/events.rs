//! What is tried in each world of the small scope.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::FixedState;
use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Data, Extension, ExtensionName, Family, FileModes, Function, Group, Handle, How,
    Ip, Length, Name, NetworkEvents, Opt, OptVal, PollEvents, Port, ProcessId, Routine, Set, SockType, SocketFlags,
    ThreadId, Version,
};
use winaccept_model::kind::Choices;
use winaccept_model::operation::{Answer, Ended, OverId, PortId, WindowId};
use winaccept_model::step::{Event, pending};
use winaccept_model::world::{EventId, Faults, Segment, Socket, SocketId, State, Tcb, Thread, World};

/// What besides the rules that fire makes an event another one: how far the connection or the processes are. Calls are told
/// apart by what fires.
pub(super) fn shape(world: &World, event: Event) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    match event {
        Event::Deliver(c, _) | Event::Lose(c, _) | Event::Timer(c) => {
            let conn = &world.conns()[c.index()];
            let first = [&conn.client, &conn.server].map(|end| (end.tcb, end.flight.first(), end.socket().is_some()));
            (std::mem::discriminant(&event), first, conn.timer, conn.retries == 0, conn.listener.is_some())
                .hash(&mut hasher);
        }
        Event::Faults(process, faults) => {
            let states: BTreeSet<State> = world.sockets().iter().map(|socket| socket.state).collect();
            (process, faults, states).hash(&mut hasher);
        }
        Event::Call(thread, call) | Event::InHook(thread, call) => {
            let process = world.threads()[thread.index()].process;
            std::mem::discriminant(&call).hash(&mut hasher);
            call.map(|handle| {
                if let Some((s, copy)) = world.resolve(process, handle) {
                    let socket = &world.sockets()[s.index()];
                    let nonblocking = socket.holder(copy).is_some_and(|holder| holder.nonblocking);
                    let handles = socket.holders().count();
                    let queues = [socket.syn_queue().len().min(2), socket.accept_queue().len().min(2)];
                    let registered = (socket.selection().told.is_some(), socket.selection().mask);
                    (socket.state, nonblocking, handles, queues, registered, socket.local.ip).hash(&mut hasher);
                }
                handle
            });
        }
        _ => {}
    }
    hasher.finish()
}

/// Every call from the list by every thread that can make one, and everything that can happen without a call.
pub(super) fn events(world: &World) -> Vec<Event> {
    let mut all = Vec::new();
    pending(world, &mut all);
    let loses = |event: &Event| if let Event::Deliver(c, way) = *event { Some(Event::Lose(c, way)) } else { None };
    let lost: Vec<Event> = all.iter().filter_map(loses).collect();
    all.extend(lost);
    let none = Faults::default();
    for faults in [
        Faults { no_descriptors: true, ..none },
        Faults { no_buffers: true, ..none },
        Faults { network_down: true, ..none },
        Faults { in_callback: true, ..none },
    ] {
        all.push(Event::Faults(ProcessId(0), faults));
    }
    all.extend(from_raw_peers(world));
    let open = world.sockets().iter().enumerate().filter(|(_, socket)| socket.state != State::NotASocket);
    let sockets: Vec<Handle> = open
        .flat_map(|(s, socket)| socket.holders().map(move |(copy, _)| Handle::socket(SocketId::new(s), copy)))
        .chain([Handle::INVALID])
        .collect();
    for (index, thread) in world.threads().iter().enumerate() {
        let id = ThreadId::new(index);
        all.push(Event::Ends(id));
        match world.waits(id) {
            None if thread.ended == Ended::No => {
                all.extend(calls(world, &sockets).into_iter().map(|call| Event::Call(id, call)));
                all.extend([Event::Print(id), Event::Exit(id)]);
                if world.is_asked(id) {
                    let answers = [Answer::ACCEPTS, Answer::Rejects, Answer::Defers, Answer::Other];
                    all.extend(answers.map(|answer| Event::Returns(id, answer)));
                }
                if world.is_in_routine(id) {
                    all.push(Event::Returns(id, Answer::Nothing));
                }
            }
            Some((op, _)) => {
                all.extend(calls(world, &sockets).into_iter().map(|call| Event::InHook(id, call)));
                all.extend([Event::Apc(id), Event::Expire(op), Event::Resume(op)]);
            }
            None => {}
        }
    }
    all
}

/// Every segment from everyone who may be a raw peer: who has room for a connection and has opened no socket.
fn from_raw_peers(world: &World) -> impl Iterator<Item = Event> + '_ {
    let is_raw = |slot: usize| world.conns()[slot].is_nothing() || world.conns()[slot].client.tcb == Tcb::Raw;
    let is_free = move |slot: usize| world.sockets()[slot].state == State::NotASocket && is_raw(slot);
    let may_be_one = move |thread: &Thread| thread.slots > 0 && thread.own_slots().all(is_free);
    let listens = |socket: &Socket| socket.state == State::Listening;
    let to = world.sockets().iter().position(listens).map_or(SocketId::new(0), SocketId::new);
    let data = Data::new(b"x").unwrap_or_default();
    let peers = world.threads().iter().enumerate().filter(move |(_, thread)| may_be_one(thread));
    peers.flat_map(move |(index, _)| {
        let sends = move |segment| Event::PeerSends(ThreadId::new(index), to, segment, data);
        [Segment::Syn, Segment::SynAck, Segment::Ack, Segment::Data, Segment::Fin, Segment::Rst, Segment::BareRst]
            .map(sends)
    })
}

/// Calls around messages, where the world has a window.
fn message_calls(world: &World, sockets: &[Handle]) -> Vec<Call> {
    let mut all = Vec::new();
    for window in world.windows().iter().map(|(at, _)| Handle::window(WindowId::new(at))) {
        all.extend([Call::PeekMessage { window }, Call::GetMessage { window }]);
        for &s in sockets {
            for mask in [NetworkEvents::ACCEPT, NetworkEvents(0)] {
                let with = |window| Call::WSAAsyncSelect { s, window, message: 1025, mask };
                all.extend([with(Some(window)), with(None)]);
            }
        }
    }
    all
}

/// Calls around requests, where the world has room for any.
// Longer than a screen: it is a list, one line for each call that is tried.
fn overlapped_calls(world: &World, sockets: &[Handle], events: &[Handle]) -> Vec<Call> {
    let mut all = Vec::new();
    let name = |known| if known { ExtensionName::AcceptEx } else { ExtensionName::Nobodys };
    let extension = |known, size| Extension { name: name(known), size };
    for &s in sockets {
        for (extension, pointer, bytes) in [
            (extension(true, 16), 8, true),
            (extension(false, 16), 8, true),
            (extension(true, 8), 8, true),
            (extension(false, 16), 4, true),
            (extension(true, 16), 8, false),
        ] {
            all.push(Call::WSAIoctl { s, extension, pointer, bytes });
        }
        all.extend(sockets.iter().map(|&listener| Call::UpdateAcceptContext { s, listener }));
    }
    all.extend(port_calls(world, sockets));
    all.extend(message_calls(world, sockets));
    if world.overs().is_empty() {
        return all;
    }
    all.extend(events.iter().copied().map(Some).chain([None]).map(|event| Call::Overlapped { event, low_bit: false }));
    all.extend(sockets.iter().map(|&s| Call::CancelIo { s }));
    let overs = world.overs().iter().map(|(at, _)| Handle::overlapped(OverId::new(at)));
    let overs: Vec<Handle> = overs.collect();
    for &overlapped in &overs {
        all.push(Call::HasOverlappedIoCompleted { overlapped });
        for &s in sockets {
            let buffer = Data::new(b"x").unwrap_or_default();
            all.push(Call::WSASendOverlapped { s, buffer, bytes: true, overlapped, routine: false });
            for (size, routine) in [(0, false), (16, false), (16, true)] {
                all.push(Call::WSARecvOverlapped {
                    s,
                    buffers: Set::collect([size]),
                    bytes: true,
                    overlapped,
                    routine,
                });
            }
        }
        for receive in [0, 16] {
            all.push(Call::GetAcceptExSockaddrs { overlapped, receive, local: 32, remote: 32 });
        }
        for &s in sockets {
            for wait in [false, true] {
                all.push(Call::WSAGetOverlappedResult { s, overlapped, bytes: true, wait });
                all.push(Call::GetOverlappedResult { s, overlapped, bytes: true, wait });
            }
        }
    }
    for overlapped in overs.iter().copied().map(Some).chain([None]) {
        all.extend(accepting_calls(sockets, overlapped));
        all.extend(recycling_calls(sockets, overlapped));
        all.extend(sockets.iter().map(|&s| Call::CancelIoEx { s, overlapped }));
    }
    all
}

/// AcceptEx from each socket into each, right and wrong.
fn accepting_calls(sockets: &[Handle], overlapped: Option<Handle>) -> Vec<Call> {
    let mut all = Vec::new();
    for (&listen, &accept) in sockets.iter().flat_map(|l| sockets.iter().map(move |a| (l, a))) {
        for (buffer, receive, local, remote) in [
            (Buffer::Valid, 0, 32, 32),
            (Buffer::Valid, 16, 32, 32),
            (Buffer::Valid, 0, 31, 32),
            (Buffer::Valid, 0, 0, 0),
            (Buffer::Null, 0, 32, 32),
        ] {
            all.push(Call::AcceptEx { listen, accept, buffer, receive, local, remote, bytes: true, overlapped });
        }
    }
    all
}

/// Calls around completion ports.
fn port_calls(world: &World, sockets: &[Handle]) -> Vec<Call> {
    let mut all = Vec::new();
    let ports: Vec<Handle> = world.ports().iter().map(|(at, _)| Handle::port(PortId::new(at))).collect();
    if !world.ports().is_empty() {
        all.push(Call::CreatePort { key: 0 });
    }
    for &port in &ports {
        all.extend([Some(0), None].map(|timeout| Call::GetQueuedCompletionStatus { port, timeout }));
        let (count, alertable) = (2, true);
        let fetch = |timeout| Call::GetQueuedCompletionStatusEx { port, count, timeout, alertable };
        all.extend([Some(0), None].map(fetch));
        all.push(Call::PostQueuedCompletionStatus { port, bytes: 1, key: 2, overlapped: None });
        all.push(Call::CloseHandle { handle: port });
        all.extend(sockets.iter().map(|&s| Call::AssociatePort { s, port, key: 7 }));
        let modes = FileModes(3);
        all.extend(sockets.iter().map(|&s| Call::SetFileCompletionNotificationModes { s, modes }));
    }
    all
}

/// Calls that give sockets back to be used again, and those of the system that take them as handles.
fn recycling_calls(sockets: &[Handle], overlapped: Option<Handle>) -> Vec<Call> {
    let mut all = Vec::new();
    for &s in sockets {
        for (flags, reserved) in [(0, 0), (2, 0), (1, 0), (2, 1)] {
            all.push(Call::DisconnectEx { s, overlapped, flags, reserved });
        }
        all.extend([0, 1, 2, 3, 7, 64].map(|flags| Call::TransmitFile { s, overlapped, flags }));
        all.push(Call::ConnectEx { s, name: Name::Of(s), sent: Data::default(), overlapped });
        all.push(Call::ReadFile { s, len: 1, bytes: true, overlapped });
        let data = Data::new(b"x").unwrap_or_default();
        all.push(Call::WriteFile { s, data, bytes: true, overlapped });
    }
    all
}

// Longer than a screen: it is a list, one line for each call that is tried.
fn calls(world: &World, sockets: &[Handle]) -> Vec<Call> {
    let loopback = Address { family: Family::Inet, ip: Ip::Loopback, port: Port::Unset };
    let mut all = vec![
        Call::WSAStartup { version: Version { major: 2, minor: 2 } },
        Call::WSAStartup { version: Version { major: 0, minor: 0 } },
        Call::WSACleanup,
        Call::WSAGetLastError,
        Call::WSASetLastError { code: 10022 },
        Call::WSACancelBlockingCall,
        Call::SleepEx { timeout: Some(0), alertable: true },
        Call::SleepEx { timeout: Some(50), alertable: true },
        Call::SleepEx { timeout: None, alertable: false },
        Call::QueueUserAPC { routine: Routine::SetEvent(Handle::INVALID), thread: ThreadId(99) },
        Call::WSACreateEvent,
        Call::CreateEvent { manual: false, initial: false },
        Call::CreateEvent { manual: false, initial: true },
    ];
    for family in [Family::Inet, Family::Inet6] {
        for kind in [SockType::Stream, SockType::Dgram] {
            all.extend([
                Call::Socket { family, kind },
                Call::WSASocket { family, kind, group: Group::None, flags: SocketFlags::OVERLAPPED },
            ]);
        }
    }
    let opened = |e: &usize| world.events()[*e].open;
    let objects: Vec<Handle> =
        (0..world.events().len()).filter(opened).map(|e| Handle::event(EventId::new(e))).collect();
    for &event in objects.iter().chain([&Handle::INVALID]) {
        all.extend([Call::WSACloseEvent { event }, Call::WSASetEvent { event }, Call::WSAResetEvent { event }]);
        let events = Set::collect([event]);
        for (timeout, alertable) in [(Some(0), true), (Some(50), true), (None, false)] {
            all.push(Call::WSAWaitForMultipleEvents { events, timeout, alertable });
            all.push(Call::WSAWaitForAllEvents { events, timeout, alertable });
        }
        for thread in 0..world.threads().len() {
            let thread = ThreadId::new(thread);
            all.push(Call::QueueUserAPC { routine: Routine::SetEvent(event), thread });
            all.extend(sockets.first().map(|&s| Call::QueueUserAPC { routine: Routine::Accept(s), thread }));
        }
    }
    all.push(Call::WSAWaitForMultipleEvents { events: Set::default(), timeout: Some(0), alertable: false });
    all.extend(overlapped_calls(world, sockets, &objects));
    for &s in sockets {
        for addr in [Buffer::Null, Buffer::Valid, Buffer::Bad] {
            for addrlen in [Length::Null, Length::Holds(0), Length::Holds(16), Length::Holds(128), Length::Bad] {
                all.push(Call::Accept { s, addr, addrlen });
            }
        }
        for name in [Name::Null, Name::Address(loopback, 16), Name::Address(loopback, 4), Name::Of(s)] {
            all.extend([Call::Bind { s, name }, Call::Connect { s, name }]);
        }
        let backlogs = [Backlog::Number(0), Backlog::Number(1), Backlog::Somaxconn, Backlog::Hint(300)];
        all.extend(backlogs.map(|backlog| Call::Listen { s, backlog }));
        all.extend([How::Receive, How::Send, How::Both].map(|how| Call::Shutdown { s, how }));
        all.extend([Call::Closesocket { s }, Call::Recv { s, len: 4 }]);
        all.extend(Data::new(b"x").map(|data| Call::Send { s, data }));
        all.extend(Data::new(b"x").map(|buffer| Call::WSASend { s, buffer, bytes: true }));
        all.extend([0, 1].map(|argp| Call::Ioctlsocket { s, argp: Some(argp) }));
        for namelen in [Length::Holds(4), Length::Holds(128)] {
            all.push(Call::Getsockname { s, name: Buffer::Valid, namelen });
            all.push(Call::Getpeername { s, name: Buffer::Valid, namelen });
        }
        for opt in
            [Opt::KeepAlive, Opt::Error, Opt::AcceptConn, Opt::ConnectTime, Opt::ConditionalAccept, Opt::RcvTimeo]
        {
            all.push(Call::Getsockopt { s, opt });
            all.push(Call::Setsockopt { s, opt, value: OptVal::Number(1) });
        }
        all.push(Call::Setsockopt { s, opt: Opt::Linger, value: OptVal::Linger(1, 0) });
        let one = Set::collect([s]);
        all.push(Call::Select { readfds: Some(one), writefds: Some(one), exceptfds: Some(one), timeout: Some(0) });
        all.push(Call::Select { readfds: Some(one), writefds: None, exceptfds: None, timeout: None });
        let fds = Set::collect([(s, PollEvents::RDNORM.with(PollEvents::WRNORM))]);
        all.extend([Some(0), None].map(|timeout| Call::WSAPoll { fds, timeout }));
        all.push(Call::WSAEventSelect { s, event: None, mask: NetworkEvents(0) });
        all.push(Call::WSAEnumNetworkEvents { s, event: None });
        for &object in &objects {
            for mask in [NetworkEvents(0), NetworkEvents::ACCEPT, NetworkEvents::READ.with(NetworkEvents::CLOSE)] {
                all.push(Call::WSAEventSelect { s, event: Some(object), mask });
            }
            all.push(Call::WSAEnumNetworkEvents { s, event: Some(object) });
        }
        for process in 0..world.processes().len() {
            all.push(Call::WSADuplicateSocket { s, process: ProcessId::new(process) });
        }
        all.push(Call::WSASocketFromInfo { s });
    }
    let handles: Vec<Handle> = sockets.iter().chain(&objects).copied().collect();
    for function in Function::ALL {
        // A call that nobody has chosen arguments for: some of each kind.
        if !all.iter().any(|call| call.function() == *function) {
            let mut choices = InTurn { handles: &handles, next: 0 };
            all.extend((0..32).map(|_| Call::draw(*function, &mut choices)));
        }
    }
    all
}

/// Arguments in turn, and these handles.
struct InTurn<'a> {
    handles: &'a [Handle],
    next: u32,
}

impl Choices<Handle> for InTurn<'_> {
    fn below(&mut self, bound: u32) -> u32 {
        self.next += 1;
        // Neighbours of one call do not go in step.
        (self.next / 5 + self.next) % bound
    }
    fn handle(&mut self) -> Handle {
        let place = self.below(self.handles.len() as u32);
        self.handles[place as usize]
    }
}
