//! Reads an [`Op`] against a world: which event is it there?

mod requests;

use winaccept_model::call::Group;
use winaccept_model::call::{
    Address, AfdEvents, Backlog, Buffer, Call, Command, Condition, Data, Extension, ExtensionName, Family, FileModes,
    Handle, How, Ip, Length, Name, NetworkEvents, OPTIONS, Opt, OptVal, PollEvents, Port, ProcessId, Qos, Routine, Set,
    SockType, SocketFlags, ThreadId, Version,
};
use winaccept_model::operation::{OpId, OverId, Overlapped, PortId, WindowId};
use winaccept_model::status::Status;
use winaccept_model::step::{Answer, Event, pending};
use winaccept_model::world::{APCS, Conn, ConnId, Direction, EventId, Faults, Segment, SocketId, State, World};

use self::requests::{fresh_or, over_handle, overlapped_call};
use super::{Dice, Op};

/// The event that an op is in this world; `None` where it would exceed a named limit of the model.
pub fn event(w: &World, op: Op) -> Option<Event> {
    let mut dice = Dice::new(op);
    let event = match dice.below(100) {
        0..40 => {
            let mut events = Vec::new();
            pending(w, &mut events);
            dice.one(&events).unwrap_or_else(|| call_event(w, &mut dice))
        }
        40..44 => Event::Lose(conn(w, &mut dice), direction(&mut dice)),
        44..48 => anything(w, &mut dice),
        48..52 => Event::LoseNext(conn(w, &mut dice), segment(&mut dice)),
        52..54 => Event::Hold(conn(w, &mut dice), dice.one_in(2)),
        54..57 => Event::Faults(process(w, &mut dice), faults(&mut dice)),
        57 => Event::Exit(thread(w, &mut dice)),
        58 => Event::Ends(thread(w, &mut dice)),
        59..61 => {
            let in_hook = blocked(w, &mut dice);
            Event::InHook(in_hook, call(w, in_hook, &mut dice))
        }
        61..65 => peer_sends(w, &mut dice),
        65 => Event::PeerTakes(thread(w, &mut dice)),
        66..69 => returns(w, &mut dice),
        _ => call_event(w, &mut dice),
    };
    within_limits(w, &event).then_some(event)
}

/// An event without regard to whether it can happen.
fn anything(w: &World, dice: &mut Dice) -> Event {
    match dice.below(9) {
        0 => Event::Resume(op(w, dice)),
        1 => Event::Deliver(conn(w, dice), direction(dice)),
        2 => Event::Timer(conn(w, dice)),
        3 => Event::Expire(op(w, dice)),
        4 => Event::Apc(thread(w, dice)),
        5 => Event::Returns(thread(w, dice), answer(w, dice)),
        6 => Event::Print(thread(w, dice)),
        7 => {
            let thread = thread(w, dice);
            Event::InHook(thread, call(w, thread, dice))
        }
        _ => {
            let thread = thread(w, dice);
            Event::Call(thread, call(w, thread, dice))
        }
    }
}

/// A raw peer sends something, mostly the same one, and to the first listener.
fn peer_sends(w: &World, dice: &mut Dice) -> Event {
    let peer = if dice.one_in(4) { thread(w, dice) } else { ThreadId(4) };
    let to = if dice.one_in(4) { SocketId::new(dice.below(w.sockets().len())) } else { SocketId(0) };
    let all = [Segment::Syn, Segment::SynAck, Segment::Ack, Segment::Fin, Segment::Rst, Segment::BareRst];
    let segment = dice.one(&all).filter(|_| !dice.one_in(4)).unwrap_or(Segment::Data);
    let data = if segment == Segment::Data { Data::new(b"x").unwrap_or_default() } else { Data::default() };
    Event::PeerSends(peer, to, segment, data)
}

/// An operation that is, was or never will be.
fn op(w: &World, dice: &mut Dice) -> OpId {
    OpId::new(dice.below(3 * w.threads().len() + 2))
}

fn answer(w: &World, dice: &mut Dice) -> Answer {
    let in_group = |group| Answer::Accepts { group, bytes: 0 };
    let rare = [
        in_group(Group::Nobodys),
        in_group(Group::Unconstrained),
        in_group(Group::Constrained),
        in_group(Group::Of(anybodys(w, dice))),
        Answer::Accepts { group: Group::None, bytes: 3 },
        Answer::TellsMore,
    ];
    let all = [Answer::ACCEPTS, Answer::Rejects, Answer::Defers, Answer::Other];
    if dice.one_in(12) { dice.one(&rare) } else { dice.one(&all) }.unwrap_or(Answer::Nothing)
}

/// A condition function or a completion routine comes back, if one runs.
fn returns(w: &World, dice: &mut Dice) -> Event {
    match dice.one(&threads(w, |thread| w.is_asked(thread) || w.is_in_routine(thread))) {
        Some(thread) if w.is_in_routine(thread) && dice.one_in(3) => {
            Event::Call(thread, Call::SleepEx { timeout: Some(0), alertable: true })
        }
        Some(thread) if w.is_in_routine(thread) => Event::Returns(thread, Answer::Nothing),
        Some(asked) => Event::Returns(asked, answer(w, dice)),
        None => call_event(w, dice),
    }
}

/// The limits of a world that compiling a script checks, and that this generator therefore has to keep to.
fn within_limits(w: &World, event: &Event) -> bool {
    if let Event::PeerSends(peer, ..) = *event {
        let mut slots = w.threads()[peer.index()].own_slots();
        return free_slot(w, peer) || slots.any(|slot| w.conns()[slot].lingers());
    }
    let (Event::Call(thread, call) | Event::InHook(thread, call)) = *event else {
        let (Event::Deliver(c, d) | Event::Lose(c, d)) = *event else { return true };
        return flight_has_room(w, c, d);
    };
    // A world has room for one call that waits inside the condition function of another.
    if w.threads()[thread.index()].frames.len() >= 4 && call.function().does().waits {
        return false;
    }
    match call {
        Call::Socket { .. } | Call::WSASocket { .. } => free_slot(w, thread),
        Call::WSACreateEvent | Call::CreateEvent { .. } => {
            let room = &w.threads()[thread.index()];
            (room.first_event..room.first_event + room.event_slots).any(|e| w.free_event(EventId(e)))
        }
        Call::CreatePort { .. } => w.ports().of(thread).contains(&None),
        Call::CreateWindow => w.windows().of(thread).contains(&None),
        Call::Overlapped { .. } => w.overs().of(thread).contains(&None),
        Call::AcceptEx { .. }
        | Call::WSARecvOverlapped { .. }
        | Call::DisconnectEx { .. }
        | Call::ReadFile { .. }
        | Call::ConnectEx { .. }
        | Call::WSAIoctlOverlapped { .. }
        | Call::IoctlCommand { overlapped: Some(_), .. }
        | Call::TransmitFile { .. } => w.operations().of(thread).iter().filter(|op| op.is_none()).count() > 1,
        Call::AfdPoll { handles, .. } => {
            let free = w.watches().of(thread).iter().filter(|watch| watch.is_none()).count();
            free > handles.len() + 4 && w.operations().of(thread).iter().filter(|op| op.is_none()).count() > 1
        }
        Call::QueueUserAPC { thread, .. } => {
            w.threads().get(thread.index()).is_none_or(|thread| thread.apcs.len() < APCS)
        }
        Call::Send { s, data } | Call::WSASend { s, buffer: data, .. } => room_for(w, thread, s, data),
        Call::WSASendOverlapped { s, buffer, .. } | Call::WriteFile { s, data: buffer, .. } => {
            room_for(w, thread, s, buffer) && w.operations().of(thread).iter().filter(|op| op.is_none()).count() > 1
        }
        Call::WSASocketFromInfo { s } => {
            let described = w.sockets().get(s.slot().map_or(usize::MAX, SocketId::index));
            described.is_none_or(|socket| socket.free_handle().is_some())
        }
        _ => true,
    }
}

/// The group of a new socket: mostly none.
fn group(w: &World, dice: &mut Dice) -> Group {
    match dice.below(8) {
        0 => Group::Unconstrained,
        1 => Group::Constrained,
        2 => Group::Of(anybodys(w, dice)),
        3 if dice.one_in(3) => Group::Nobodys,
        _ => Group::None,
    }
}

fn free_slot(w: &World, thread: ThreadId) -> bool {
    let thread = &w.threads()[thread.index()];
    (thread.first_slot..thread.first_slot + thread.slots).any(|slot| {
        let slot = slot as usize;
        w.sockets()[slot].state == State::NotASocket && w.conns()[slot] == Conn::default()
    })
}

fn room_for(w: &World, thread: ThreadId, s: Handle, data: Data) -> bool {
    let Some((s, _)) = w.resolve(w.threads()[thread.index()].process, s) else { return true };
    let Some(conn) = w.sockets()[s.index()].conn else { return true };
    let (end, other) = match w.sends(s) {
        Direction::Up => (w.end(conn, Direction::Up), w.end(conn, Direction::Down)),
        Direction::Down => (w.end(conn, Direction::Down), w.end(conn, Direction::Up)),
    };
    let bytes = end.sent.as_slice().len() + other.unread.as_slice().len() + data.as_slice().len();
    bytes <= Data::MAX && end.flight.len() < 4
}

/// An answer has to fit into the other direction's flight.
fn flight_has_room(w: &World, c: ConnId, d: Direction) -> bool {
    let back = match d {
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
    };
    w.end(c, back).flight.len() < 5
}

fn call_event(w: &World, dice: &mut Dice) -> Event {
    let running: Vec<ThreadId> = threads(w, |thread| w.runs(thread));
    let thread = dice.one(&running).unwrap_or(ThreadId(0));
    Event::Call(thread, call(w, thread, dice))
}

fn threads(w: &World, wanted: impl Fn(ThreadId) -> bool) -> Vec<ThreadId> {
    (0..w.threads().len()).map(ThreadId::new).filter(|thread| wanted(*thread)).collect()
}

fn blocked(w: &World, dice: &mut Dice) -> ThreadId {
    let blocked = threads(w, |thread| w.waits(thread).is_some());
    dice.one(&blocked).unwrap_or(ThreadId(0))
}

/// Any call with arguments that mostly make sense.
// Longer than a screen: it is a list, a line or two for each call.
fn call(w: &World, thread: ThreadId, dice: &mut Dice) -> Call {
    let s = |dice: &mut Dice| socket(w, thread, dice);
    match dice.below(86) {
        80.. => port_call(w, thread, dice),
        0..7 => socket_call(w, dice),
        // Now and then at an address that is taken.
        7..10 => {
            let s = s(dice);
            let name = match family_of(w, s) {
                Family::Atm => Name::Address(ATM, ATM.family.address_size()),
                _ if dice.one_in(3) => server_name(w, Family::Inet, dice),
                _ => name(w, dice),
            };
            Call::Bind { s, name }
        }
        10..14 => {
            let s = s(dice);
            let s = if family_of(w, s) == Family::Atm { s } else { listener_or(w, thread, dice) };
            Call::Listen { s, backlog: backlog(dice) }
        }
        14..24 => {
            let (addr, addrlen) = buffer(dice);
            let s = listener_or(w, thread, dice);
            if dice.one_in(4) {
                let all = [Condition::Null, Condition::Null, Condition::Function, Condition::Function, Condition::Bad];
                let condition = dice.one(&all).unwrap_or(Condition::Null);
                if dice.one_in(3) {
                    let errno = if dice.one_in(8) { Buffer::Null } else { Buffer::Valid };
                    return Call::WSPAccept { s, addr, addrlen, condition, callback_data: 7, errno };
                }
                Call::WSAAccept { s, addr, addrlen, condition, callback_data: 7 }
            } else {
                Call::Accept { s, addr, addrlen }
            }
        }
        24..32 => connect_call(w, s(dice), dice),
        32..35 => {
            let s = queued_or(w, thread, dice);
            if dice.one_in(4) { Call::CloseHandle { handle: s } } else { Call::Closesocket { s } }
        }
        35 if dice.one_in(3) => match dice.below(4) {
            0 => Call::CreateProcess { process: ProcessId(dice.below(3) as u32), inherits: !dice.one_in(3) },
            1 => Call::GetHandleInformation { s: s(dice) },
            _ => Call::SetHandleInformation { s: s(dice), inherits: dice.one_in(2) },
        },
        35..37 => {
            Call::Shutdown { s: s(dice), how: dice.one(&[How::Receive, How::Send, How::Both]).unwrap_or(How::Both) }
        }
        37 if dice.one_in(2) => {
            let buffer = Data::new(&b"abcdefgh"[..dice.below(6)]).unwrap_or_default();
            Call::WSASend { s: s(dice), buffer, bytes: !dice.one_in(4) }
        }
        37..40 => Call::Send { s: s(dice), data: Data::new(&b"abcdefgh"[..dice.below(6)]).unwrap_or_default() },
        40..43 if dice.one_in(3) => {
            let count = 1 + dice.below(2);
            let buffers = Set::collect((0..count).map(|_| dice.below(9) as u32));
            Call::WSARecv { s: s(dice), buffers, received: !dice.one_in(4) }
        }
        40..43 => Call::Recv { s: s(dice), len: dice.below(9) as u32 },
        43..45 => {
            let (s, argp) = (s(dice), (!dice.one_in(8)).then(|| dice.below(2) as u32));
            Call::Ioctlsocket { s: if dice.one_in(2) { fresh_or(w, s) } else { s }, argp }
        }
        45..48 => Call::Select {
            readfds: set(w, thread, dice),
            writefds: set(w, thread, dice),
            exceptfds: set(w, thread, dice),
            timeout: timeout(dice),
        },
        48..50 => {
            let events = [PollEvents::RDNORM, PollEvents::WRNORM, PollEvents::PRI, PollEvents::RDNORM];
            let fds = set(w, thread, dice).unwrap_or_default();
            Call::WSAPoll { fds: fds.map(|s| (s, dice.one(&events).unwrap_or_default())), timeout: timeout(dice) }
        }
        50 => Call::WSADuplicateSocket { s: s(dice), process: process(w, dice) },
        51..53 => Call::WSASocketFromInfo { s: anybodys(w, dice) },
        53..55 => Call::WSAEventSelect { s: s(dice), event: event_or_null(w, dice), mask: mask(dice) },
        55 => Call::WSAEnumNetworkEvents { s: s(dice), event: event_or_null(w, dice) },
        56 => event_call(w, dice),
        57 => {
            if dice.one_in(2) {
                event_call(w, dice)
            } else {
                message_call(w, thread, dice)
            }
        }
        58 => Call::QueueUserAPC { routine: routine(w, thread, dice), thread: self::thread(w, dice) },
        59 => Call::SleepEx { timeout: timeout(dice), alertable: dice.one_in(2) },
        60 => option_call(s(dice), dice),
        61 => {
            let (name, namelen) = buffer(dice);
            let s = s(dice);
            if dice.one_in(2) { Call::Getsockname { s, name, namelen } } else { Call::Getpeername { s, name, namelen } }
        }
        62..66 => Call::Setsockopt { s: queued_or(w, thread, dice), opt: Opt::Linger, value: OptVal::Linger(1, 0) },
        68..80 => overlapped_call(w, thread, dice),
        66 => Call::WSAStartup { version: Version { major: dice.below(3) as u8, minor: dice.below(3) as u8 } },
        _ => match dice.below(6) {
            0 => Call::WSACleanup,
            1 => Call::WSASetLastError { code: dice.below(200) as u16 },
            2 => Call::WSAGetLastError,
            _ => Call::WSACancelBlockingCall,
        },
    }
}

/// What a program does with a window, mostly with one that there is.
fn message_call(w: &World, thread: ThreadId, dice: &mut Dice) -> Call {
    let windows: Vec<Handle> = w.windows().iter().map(|(at, _)| Handle::window(WindowId::new(at))).collect();
    let window = dice.one(&windows).filter(|_| !dice.one_in(12)).unwrap_or(Handle::INVALID);
    let s = if dice.one_in(2) { listener_or(w, thread, dice) } else { socket(w, thread, dice) };
    match dice.below(8) {
        0 => Call::CreateWindow,
        1..5 => {
            let window = (!dice.one_in(6)).then_some(window);
            Call::WSAAsyncSelect { s, window, message: 1025, mask: mask(dice) }
        }
        5 if dice.one_in(3) => Call::GetMessage { window },
        _ => Call::PeekMessage { window },
    }
}

fn event_call(w: &World, dice: &mut Dice) -> Call {
    let event = event_handle(w, dice);
    match dice.below(6) {
        0 if dice.one_in(2) => Call::CreateEvent { manual: dice.one_in(3), initial: dice.one_in(3) },
        0 => Call::WSACreateEvent,
        1 if dice.one_in(4) => Call::CloseHandle { handle: event },
        1 => Call::WSACloseEvent { event },
        2 => Call::WSASetEvent { event },
        3 => Call::WSAResetEvent { event },
        _ => {
            let another = dice.one_in(2).then(|| event_handle(w, dice));
            let events = Set::collect([event].into_iter().chain(another));
            if dice.one_in(4) {
                return Call::WSAWaitForAllEvents { events, timeout: timeout(dice), alertable: dice.one_in(2) };
            }
            Call::WSAWaitForMultipleEvents { events, timeout: timeout(dice), alertable: dice.one_in(2) }
        }
    }
}

/// What a program does with a completion port.
fn port_call(w: &World, thread: ThreadId, dice: &mut Dice) -> Call {
    let ports: Vec<Handle> = w.ports().iter().map(|(at, _)| Handle::port(PortId::new(at))).collect();
    let port = dice.one(&ports).filter(|_| !dice.one_in(12)).unwrap_or(Handle::INVALID);
    let key = dice.below(2) as u32;
    match dice.below(9) {
        0 | 1 => Call::CreatePort { key },
        2 => Call::AssociatePort { s: listener_or(w, thread, dice), port, key },
        3 => Call::AssociatePort { s: connected_or(w, thread, dice), port, key },
        4 | 5 if dice.one_in(3) => {
            let timeout = if dice.one_in(3) { timeout(dice) } else { Some(0) };
            Call::GetQueuedCompletionStatusEx { port, count: 2, timeout, alertable: dice.one_in(2) }
        }
        4..7 => Call::GetQueuedCompletionStatus { port, timeout: if dice.one_in(6) { timeout(dice) } else { Some(0) } },
        7 => {
            let overlapped = (!dice.one_in(3)).then(|| over_handle(w, dice));
            Call::PostQueuedCompletionStatus { port, bytes: 1, key, overlapped }
        }
        _ => Call::CloseHandle { handle: port },
    }
}

/// The modes of a handle, mostly of one that there is.
fn modes_call(w: &World, thread: ThreadId, dice: &mut Dice) -> Call {
    let s = if dice.one_in(2) { connected_or(w, thread, dice) } else { listener_or(w, thread, dice) };
    let s = if dice.one_in(8) { socket(w, thread, dice) } else { s };
    Call::SetFileCompletionNotificationModes { s, modes: FileModes(dice.below(4) as u16) }
}

fn option_call(s: Handle, dice: &mut Dice) -> Call {
    let (_, _, opt) = OPTIONS[dice.below(OPTIONS.len())];
    if dice.one_in(2) {
        Call::Getsockopt { s, opt }
    } else {
        Call::Setsockopt { s, opt, value: OptVal::Number(dice.below(3) as u32) }
    }
}

// Arguments.

/// A socket handle: mostly one that is open in the thread's process.
fn socket(w: &World, thread: ThreadId, dice: &mut Dice) -> Handle {
    let process = w.threads()[thread.index()].process;
    let open = handles(w, |_, holder| holder == process);
    if open.is_empty() || dice.one_in(16) { anybodys(w, dice) } else { dice.one(&open).unwrap_or(Handle::INVALID) }
}

/// A listener of the thread's process if it has one, mostly.
fn listener_or(w: &World, thread: ThreadId, dice: &mut Dice) -> Handle {
    let process = w.threads()[thread.index()].process;
    let open = handles(w, |state, holder| holder == process && state == State::Listening);
    if open.is_empty() || dice.one_in(6) { socket(w, thread, dice) } else { dice.one(&open).unwrap_or(Handle::INVALID) }
}

/// A socket of the thread's process that has a connection, mostly.
fn connected_or(w: &World, thread: ThreadId, dice: &mut Dice) -> Handle {
    let process = w.threads()[thread.index()].process;
    let open = handles(w, |state, holder| holder == process && state == State::Connected);
    if open.is_empty() || dice.one_in(6) { socket(w, thread, dice) } else { dice.one(&open).unwrap_or(Handle::INVALID) }
}

/// A client of the thread's process whose connection waits to be accepted, in every other case.
fn queued_or(w: &World, thread: ThreadId, dice: &mut Dice) -> Handle {
    let process = w.threads()[thread.index()].process;
    let queued = |handle: &Handle| w.conns().get(handle.0 as usize).is_some_and(|conn| conn.listener.is_some());
    let open: Vec<Handle> = handles(w, |_, holder| holder == process).into_iter().filter(queued).collect();
    let chosen = dice.one(&open).filter(|_| dice.one_in(2));
    chosen.unwrap_or_else(|| socket(w, thread, dice))
}

/// A handle of any process, or none at all.
fn anybodys(w: &World, dice: &mut Dice) -> Handle {
    let open = handles(w, |_, _| true);
    match dice.below(9) {
        0 => Handle::INVALID,
        1 => Handle(dice.below(64) as u32),
        2 => event_handle(w, dice),
        _ => dice.one(&open).unwrap_or(Handle::INVALID),
    }
}

fn handles(w: &World, wanted: impl Fn(State, ProcessId) -> bool) -> Vec<Handle> {
    let mut all = Vec::new();
    for (index, socket) in w.sockets().iter().enumerate() {
        for copy in 0..3 {
            if socket.holder(copy).is_some_and(|holder| wanted(socket.state, holder.process)) {
                all.push(Handle::socket(SocketId::new(index), copy));
            }
        }
    }
    all
}

fn event_handle(w: &World, dice: &mut Dice) -> Handle {
    let closed_too = dice.one_in(8);
    let open: Vec<Handle> = (0..w.events().len())
        .filter(|&e| w.events()[e].open || closed_too)
        .map(|e| Handle::event(EventId::new(e)))
        .collect();
    dice.one(&open).unwrap_or(Handle::INVALID)
}

fn event_or_null(w: &World, dice: &mut Dice) -> Option<Handle> {
    (!dice.one_in(4)).then(|| event_handle(w, dice))
}

fn set(w: &World, thread: ThreadId, dice: &mut Dice) -> Option<Set<Handle>> {
    let count = dice.below(4);
    let set = Set::collect((0..count).map(|_| listener_or(w, thread, dice)));
    (!dice.one_in(4)).then_some(set)
}

fn routine(w: &World, thread: ThreadId, dice: &mut Dice) -> Routine<Handle> {
    if dice.one_in(4) { Routine::Accept(socket(w, thread, dice)) } else { Routine::SetEvent(event_handle(w, dice)) }
}

/// Where a connect goes: mostly to a listener.
/// An address of ATM.
const ATM: Address = Address { family: Family::Atm, ip: Ip::Loopback, port: Port::Unset };

/// The family of a socket.
fn family_of(w: &World, s: Handle) -> Family {
    s.slot().and_then(|slot| w.sockets().get(slot.index())).map_or(Family::Inet, |socket| socket.family)
}

/// A new socket, of ATM more often where there is one of that.
fn socket_call(w: &World, dice: &mut Dice) -> Call {
    let is_there = w.sockets().iter().any(|socket| socket.family == Family::Atm);
    let (mut family, mut kind) = (family(dice), kind(dice));
    if dice.one_in(if is_there { 2 } else { 12 }) {
        (family, kind) = (Family::Atm, if dice.one_in(12) { kind } else { SockType::Raw });
    }
    if dice.one_in(7) {
        Call::WSASocket {
            family,
            kind,
            group: group(w, dice),
            flags: SocketFlags(dice.below(2) as u16 | (0x80 * dice.below(2) as u16)),
        }
    } else {
        Call::Socket { family, kind }
    }
}

/// A socket connects, now and then with what goes along.
fn connect_call(w: &World, s: Handle, dice: &mut Dice) -> Call {
    let name = server_name(w, family_of(w, s), dice);
    if !dice.one_in(if family_of(w, s) == Family::Atm { 2 } else { 6 }) {
        return Call::Connect { s, name };
    }
    let qos = Some(Qos { sending: 1, receiving: 2, calling_party: dice.one_in(2) });
    Call::WSAConnect {
        s,
        name,
        caller_data: Data::new(b"hi").filter(|_| dice.one_in(4)),
        callee_data: dice.one(&[Some(16), Some(1), None]).flatten(),
        sqos: qos.filter(|_| dice.one_in(4)),
        gqos: qos.filter(|_| dice.one_in(8)),
    }
}

fn server_name(w: &World, family: Family, dice: &mut Dice) -> Name<Handle> {
    let all = handles(w, |state, _| state == State::Listening);
    let of_atm = |s: &Handle| (family_of(w, *s) == Family::Atm) == (family == Family::Atm);
    let listeners: Vec<Handle> = all.iter().copied().filter(of_atm).collect();
    if listeners.is_empty() || dice.one_in(8) {
        name(w, dice)
    } else {
        Name::Of(dice.one(&listeners).unwrap_or(Handle::INVALID))
    }
}

fn name(w: &World, dice: &mut Dice) -> Name<Handle> {
    match dice.below(10) {
        0 => Name::Null,
        1 => Name::Of(anybodys(w, dice)),
        _ => {
            let ip = dice.one(&[Ip::Loopback, Ip::Any, Ip::Loopback, Ip::NotLocal]).unwrap_or_default();
            let port = dice.one(&[Port::Unset, Port::Fixed(1), Port::Fixed(2), Port::Unset]).unwrap_or_default();
            let family = family(dice);
            let length = family.address_size() - i32::from(dice.one_in(12));
            Name::Address(Address { family, ip, port }, length)
        }
    }
}

fn buffer(dice: &mut Dice) -> (Buffer, Length) {
    let addr = dice.one(&[Buffer::Null, Buffer::Valid, Buffer::Valid, Buffer::Bad]).unwrap_or(Buffer::Null);
    let lengths =
        [Length::Holds(16), Length::Null, Length::Holds(3), Length::Holds(28), Length::Bad, Length::Holds(-1)];
    (addr, dice.one(&lengths).unwrap_or(Length::Null))
}

fn backlog(dice: &mut Dice) -> Backlog {
    match dice.below(9) {
        6 => Backlog::Somaxconn,
        7 => Backlog::Hint(3),
        n => Backlog::Number(n as i32 - 1),
    }
}

fn timeout(dice: &mut Dice) -> Option<u32> {
    dice.one(&[None, Some(0), Some(10)]).unwrap_or(None)
}

fn mask(dice: &mut Dice) -> NetworkEvents {
    let all = NetworkEvents::ACCEPT.with(NetworkEvents::READ).with(NetworkEvents::WRITE).with(NetworkEvents::CLOSE);
    dice.one(&[NetworkEvents::ACCEPT, all, NetworkEvents(0), NetworkEvents::CONNECT]).unwrap_or_default()
}

fn faults(dice: &mut Dice) -> Faults {
    let mut faults = Faults::default();
    match dice.below(9) {
        0 | 1 => faults.no_descriptors = true,
        2 => faults.no_buffers = true,
        3 => faults.network_down = true,
        4 => faults.in_callback = true,
        5 => faults.no_handles = true,
        _ => {}
    }
    faults
}

fn family(dice: &mut Dice) -> Family {
    if dice.one_in(12) { Family::Inet6 } else { Family::Inet }
}

fn kind(dice: &mut Dice) -> SockType {
    if dice.one_in(12) { SockType::Dgram } else { SockType::Stream }
}

fn conn(w: &World, dice: &mut Dice) -> ConnId {
    let live: Vec<ConnId> =
        (0..w.conns().len()).filter(|&c| w.conns()[c] != Conn::default()).map(ConnId::new).collect();
    if dice.one_in(8) { None } else { dice.one(&live) }.unwrap_or(ConnId::new(dice.below(w.conns().len())))
}

fn direction(dice: &mut Dice) -> Direction {
    if dice.one_in(2) { Direction::Down } else { Direction::Up }
}

fn segment(dice: &mut Dice) -> Segment {
    let all = [Segment::Syn, Segment::SynAck, Segment::Ack, Segment::Rst, Segment::Fin, Segment::Data];
    dice.one(&all).unwrap_or_default()
}

fn thread(w: &World, dice: &mut Dice) -> ThreadId {
    ThreadId::new(dice.below(w.threads().len()))
}

fn process(w: &World, dice: &mut Dice) -> ProcessId {
    ProcessId::new(dice.below(w.processes().len()))
}
