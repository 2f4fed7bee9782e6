//! Every state of a socket, every call, every shape of its arguments: what may come of it, and by which rules.
//!
//! The snapshot is the table that a reader can go through; `cargo insta review` (or `INSTA_UPDATE=always`) takes in a
//! change that is meant. The profile is the widest: whatever any document or stack is known to allow.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::walk::properties::branches;
use crate::walk::{LOOPBACK, STREAM, call, deliver, listener};
use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Command, Condition, Data, Family, FileModes, Group, Handle, How, Ip, Length, Name,
    NetworkEvents, Opt, OptVal, PollEvents, Port, ProcessId, Qos, Routine, Set, SockType, SocketFlags, ThreadId,
    Version,
};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Outcome, Value};
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::{Effects, Gives};
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::{ConnId, Direction, Process, Room, State, World};

/// A world, and the socket in it that the calls are about. The caller is thread 0, its peers are thread 1.
struct Situation {
    title: &'static str,
    state: State,
    world: World,
    s: Handle,
}

fn empty() -> World {
    let process = Process { startups: 1, version: Version { major: 2, minor: 2 }, ..Process::default() };
    World::new(&[process], &[4, 2].map(|sockets| Room::new(ProcessId(0), sockets, 2)))
}

/// A client of thread 1 that connects to this listener without waiting for the answer.
fn client(machine: &Machine, world: &mut World, to: Handle) -> Handle {
    let s = call(machine, world, 1, STREAM).expect("thread 1 has a free slot");
    call(machine, world, 1, Call::Ioctlsocket { s, argp: Some(1) });
    call(machine, world, 1, Call::Connect { s, name: Name::Of(to) });
    s
}

// Longer than a screen: it is a list, a few lines for each situation, and each begins where another ended.
fn situations(machine: &Machine) -> Vec<Situation> {
    let situation = |title, state, build: &dyn Fn(&mut World) -> Handle| {
        let mut world = empty();
        let s = build(&mut world);
        Situation { title, state, world, s }
    };
    let socket = |w: &mut World| call(machine, w, 0, STREAM).expect("thread 0 has a free slot");
    let bound = |w: &mut World| {
        let s = socket(w);
        call(machine, w, 0, Call::Bind { s, name: Name::Address(LOOPBACK, 16) });
        s
    };
    let queued = |w: &mut World| {
        let s = listener(machine, w, 0, 2);
        client(machine, w, s);
        deliver(machine, w);
        s
    };
    let accept = Call::Accept { s: Handle(0), addr: Buffer::Null, addrlen: Length::Null };
    vec![
        situation("INVALID_SOCKET", State::NotASocket, &|_| Handle::INVALID),
        situation("unbound", State::Unbound, &socket),
        situation("bound", State::Bound, &bound),
        situation("listening, nobody queued", State::Listening, &|w| listener(machine, w, 0, 2)),
        situation("listening, one connection queued", State::Listening, &queued),
        situation("listening, a reset connection queued", State::Listening, &|w| {
            let s = listener(machine, w, 0, 2);
            let c = client(machine, w, s);
            deliver(machine, w);
            call(machine, w, 1, Call::Setsockopt { s: c, opt: Opt::Linger, value: OptVal::Linger(1, 0) });
            call(machine, w, 1, Call::Closesocket { s: c });
            deliver(machine, w);
            s
        }),
        situation("listening, nonblocking, nobody queued", State::Listening, &|w| {
            let s = listener(machine, w, 0, 2);
            call(machine, w, 0, Call::Ioctlsocket { s, argp: Some(1) });
            s
        }),
        situation("connecting", State::Connecting, &|w| {
            let to = listener(machine, w, 0, 2);
            let s = socket(w);
            call(machine, w, 0, Call::Ioctlsocket { s, argp: Some(1) });
            call(machine, w, 0, Call::Connect { s, name: Name::Of(to) });
            s
        }),
        situation("connected, opened the connection", State::Connected, &|w| {
            let to = listener(machine, w, 0, 2);
            let s = socket(w);
            call(machine, w, 0, Call::Ioctlsocket { s, argp: Some(1) });
            call(machine, w, 0, Call::Connect { s, name: Name::Of(to) });
            deliver(machine, w);
            s
        }),
        situation("connected, accepted", State::Connected, &|w| {
            queued(w);
            call(machine, w, 0, accept).expect("a connection is queued")
        }),
        situation("connected, the peer has reset", State::Connected, &|w| {
            queued(w);
            let s = call(machine, w, 0, accept).expect("a connection is queued");
            let c = Handle(4);
            call(machine, w, 1, Call::Setsockopt { s: c, opt: Opt::Linger, value: OptVal::Linger(1, 0) });
            call(machine, w, 1, Call::Closesocket { s: c });
            deliver(machine, w);
            s
        }),
        situation("refused", State::Failed, &|w| {
            let s = socket(w);
            call(machine, w, 0, Call::Ioctlsocket { s, argp: Some(1) });
            let nobody = Address { port: Port::Fixed(9), ..LOOPBACK };
            call(machine, w, 0, Call::Connect { s, name: Name::Address(nobody, 16) });
            machine.step(w, Event::Deliver(ConnId(0), Direction::Up), &mut Tape::default(), &mut Effects::default());
            deliver(machine, w);
            s
        }),
        situation("datagram", State::Datagram, &|w| {
            let datagram = Call::Socket { family: Family::Inet, kind: SockType::Dgram };
            call(machine, w, 0, datagram).expect("thread 0 has a free slot")
        }),
    ]
}

/// Every call about a socket, with every shape of its arguments, as C writes it.
// Longer than a screen: a line or two for each call.
fn calls(s: Handle) -> Vec<(String, Call)> {
    let mut all = Vec::new();
    let mut add = |text: &str, call: Call| all.push((text.to_owned(), call));
    let port = |ip, port| Name::Address(Address { ip, port, ..LOOPBACK }, 16);
    let set = |s| Some(Set::collect([s]));
    add("bind(s, NULL)", Call::Bind { s, name: Name::Null });
    add("bind(s, 127.0.0.1:0)", Call::Bind { s, name: port(Ip::Loopback, Port::Unset) });
    add("bind(s, 0.0.0.0:1)", Call::Bind { s, name: port(Ip::Any, Port::Fixed(1)) });
    add("bind(s, 192.0.2.0:0)", Call::Bind { s, name: port(Ip::NotLocal, Port::Unset) });
    add("bind(s, 127.0.0.1:0, 15)", Call::Bind { s, name: Name::Address(LOOPBACK, 15) });
    add("listen(s, 0)", Call::Listen { s, backlog: Backlog::Number(0) });
    add("listen(s, 2)", Call::Listen { s, backlog: Backlog::Number(2) });
    add("listen(s, SOMAXCONN)", Call::Listen { s, backlog: Backlog::Somaxconn });
    add("listen(s, SOMAXCONN_HINT(3))", Call::Listen { s, backlog: Backlog::Hint(3) });
    for (text, addr) in [("NULL", Buffer::Null), ("addr", Buffer::Valid), ("BAD", Buffer::Bad)] {
        let lengths = [Length::Null, Length::Holds(16), Length::Holds(3), Length::Bad];
        for (length, addrlen) in ["NULL", "16", "3", "BAD"].into_iter().zip(lengths) {
            add(&format!("accept(s, {text}, {length})"), Call::Accept { s, addr, addrlen });
        }
    }
    for (text, condition) in [("NULL", Condition::Null), ("BAD", Condition::Bad)] {
        let (addr, addrlen) = (Buffer::Null, Length::Null);
        add(
            &format!("WSAAccept(s, NULL, NULL, {text}, 0)"),
            Call::WSAAccept { s, addr, addrlen, condition, callback_data: 0 },
        );
    }
    for (text, errno) in [("lpErrno", Buffer::Valid), ("NULL", Buffer::Null)] {
        let (addr, addrlen, condition) = (Buffer::Null, Length::Null, Condition::Null);
        add(
            &format!("WSPAccept(s, NULL, NULL, NULL, 0, {text})"),
            Call::WSPAccept { s, addr, addrlen, condition, callback_data: 0, errno },
        );
    }
    add("connect(s, NULL)", Call::Connect { s, name: Name::Null });
    add("connect(s, 127.0.0.1:9)", Call::Connect { s, name: port(Ip::Loopback, Port::Fixed(9)) });
    let to = Name::Address(Address { ip: Ip::Loopback, port: Port::Fixed(9), ..LOOPBACK }, 16);
    let extras = Qos { sending: 1, receiving: 1, calling_party: false };
    let with = |data: bool, sqos: bool, gqos: bool| Call::WSAConnect {
        s,
        name: to,
        caller_data: Data::new(b"x").filter(|_| data),
        callee_data: None,
        sqos: sqos.then_some(extras),
        gqos: gqos.then_some(extras),
    };
    add("WSAConnect(s, 127.0.0.1:9, \"x\")", with(true, false, false));
    add("WSAConnect(s, 127.0.0.1:9, sqos)", with(false, true, false));
    add("WSAConnect(s, 127.0.0.1:9, gqos)", with(false, false, true));
    for (text, how) in [("SD_RECEIVE", How::Receive), ("SD_SEND", How::Send), ("SD_BOTH", How::Both)] {
        add(&format!("shutdown(s, {text})"), Call::Shutdown { s, how });
    }
    add("GetHandleInformation(s, flags)", Call::GetHandleInformation { s });
    add("SetHandleInformation(s, HANDLE_FLAG_INHERIT, 0)", Call::SetHandleInformation { s, inherits: false });
    add("getsockopt(s, SO_GROUP_ID)", Call::Getsockopt { s, opt: Opt::GroupId });
    add("closesocket(s)", Call::Closesocket { s });
    add("send(s, \"x\")", Call::Send { s, data: Data::new(b"x").expect("one byte fits") });
    add("recv(s, 1)", Call::Recv { s, len: 1 });
    let (bytes, overlapped) = (true, None);
    add("ReadFile(s, 1, bytes, NULL)", Call::ReadFile { s, len: 1, bytes, overlapped });
    let data = Data::new(b"x").expect("one byte fits");
    add("WriteFile(s, \"x\", bytes, NULL)", Call::WriteFile { s, data, bytes, overlapped });
    add("ioctlsocket(s, FIONBIO, 0)", Call::Ioctlsocket { s, argp: Some(0) });
    add("ioctlsocket(s, FIONBIO, 1)", Call::Ioctlsocket { s, argp: Some(1) });
    let command = Command::Fionbio(Some(0), 4);
    let fionbio = Call::IoctlCommand { s, command, room: Buffer::Null, bytes: true, overlapped: None, routine: false };
    add("WSAIoctl(s, FIONBIO, 0, 4, NULL, 0, bytes, NULL, NULL)", fionbio);
    add(
        "WSAIoctl(s, SIO_IDEAL_SEND_BACKLOG_QUERY, NULL, 0, value, 4, bytes, NULL, NULL)",
        Call::IdealSendBacklog { s },
    );
    let name = Buffer::Valid;
    add("getsockname(s, name, 16)", Call::Getsockname { s, name, namelen: Length::Holds(16) });
    add("getsockname(s, name, 3)", Call::Getsockname { s, name, namelen: Length::Holds(3) });
    add("getpeername(s, name, 16)", Call::Getpeername { s, name, namelen: Length::Holds(16) });
    add("getpeername(s, name, 3)", Call::Getpeername { s, name, namelen: Length::Holds(3) });
    for (text, opt) in [("SO_ACCEPTCONN", Opt::AcceptConn), ("SO_ERROR", Opt::Error), ("SO_LINGER", Opt::Linger)] {
        add(&format!("getsockopt(s, {text})"), Call::Getsockopt { s, opt });
    }
    let on = OptVal::Number(1);
    add("setsockopt(s, SO_ACCEPTCONN, 1)", Call::Setsockopt { s, opt: Opt::AcceptConn, value: on });
    add("setsockopt(s, SO_KEEPALIVE, 1)", Call::Setsockopt { s, opt: Opt::KeepAlive, value: on });
    add("setsockopt(s, SO_CONDITIONAL_ACCEPT, 1)", Call::Setsockopt { s, opt: Opt::ConditionalAccept, value: on });
    for (text, timeout) in [("NULL", None), ("0", Some(0))] {
        let (readfds, writefds, exceptfds) = (set(s), None, None);
        add(&format!("select({{s}}, NULL, NULL, {text})"), Call::Select { readfds, writefds, exceptfds, timeout });
    }
    add(
        "select(NULL, {s}, {s}, 0)",
        Call::Select { readfds: None, writefds: set(s), exceptfds: set(s), timeout: Some(0) },
    );
    for (text, events) in [("POLLRDNORM", PollEvents::RDNORM), ("POLLPRI", PollEvents::PRI)] {
        let fds = Set::collect([(s, events)]);
        add(&format!("WSAPoll({{s, {text}}}, 0)"), Call::WSAPoll { fds, timeout: Some(0) });
    }
    let mask = NetworkEvents::ACCEPT;
    add("WSAEventSelect(s, NULL, FD_ACCEPT)", Call::WSAEventSelect { s, event: None, mask });
    add("WSAEventSelect(s, NULL, 0)", Call::WSAEventSelect { s, event: None, mask: NetworkEvents(0) });
    for (text, mask) in [("FD_ACCEPT", mask), ("0", NetworkEvents(0))] {
        let call = Call::WSAAsyncSelect { s, window: None, message: 1025, mask };
        add(&format!("WSAAsyncSelect(s, NULL, WM_USER+1, {text})"), call);
    }
    add("WSAEnumNetworkEvents(s, NULL)", Call::WSAEnumNetworkEvents { s, event: None });
    let modes = FileModes::SKIP_COMPLETION_PORT_ON_SUCCESS;
    add("SetFileCompletionNotificationModes(s)", Call::SetFileCompletionNotificationModes { s, modes });
    for (text, flags, reserved) in [("0, 0", 0, 0), ("TF_REUSE_SOCKET, 0", 2, 0), ("1, 0", 1, 0), ("0, 1", 0, 1)] {
        let call = Call::DisconnectEx { s, overlapped: None, flags, reserved };
        add(&format!("DisconnectEx(s, NULL, {text})"), call);
    }
    for (text, flags) in
        [("0", 0), ("TF_DISCONNECT", 1), ("TF_REUSE_SOCKET", 2), ("both", 3), ("and TF_WRITE_BEHIND", 7)]
    {
        add(&format!("TransmitFile(s, ..., {text})"), Call::TransmitFile { s, overlapped: None, flags });
    }
    add("WSADuplicateSocket(s, main)", Call::WSADuplicateSocket { s, process: ProcessId(0) });
    add("WSASocket(info of s)", Call::WSASocketFromInfo { s });
    all
}

/// Calls that are about no socket.
fn other_calls() -> Vec<(String, Call)> {
    let event = Handle::INVALID;
    let timeout = Some(0);
    let thread = ThreadId(1);
    let named: [(&str, Call); 18] = [
        ("WSAStartup(0.9)", Call::WSAStartup { version: Version { major: 0, minor: 9 } }),
        ("WSAStartup(2.2)", Call::WSAStartup { version: Version { major: 2, minor: 2 } }),
        ("WSACleanup()", Call::WSACleanup),
        ("WSAGetLastError()", Call::WSAGetLastError),
        ("WSASetLastError(1)", Call::WSASetLastError { code: 1 }),
        ("socket(SOCK_STREAM)", STREAM),
        (
            "WSASocket(SOCK_STREAM)",
            Call::WSASocket {
                family: Family::Inet,
                kind: SockType::Stream,
                group: Group::None,
                flags: SocketFlags::default(),
            },
        ),
        ("WSACreateEvent()", Call::WSACreateEvent),
        ("WSACloseEvent(INVALID)", Call::WSACloseEvent { event }),
        ("WSASetEvent(INVALID)", Call::WSASetEvent { event }),
        ("WSAResetEvent(INVALID)", Call::WSAResetEvent { event }),
        (
            "WSAWaitForMultipleEvents({}, 0)",
            Call::WSAWaitForMultipleEvents { events: Set::default(), timeout, alertable: false },
        ),
        ("QueueUserAPC(thread 1)", Call::QueueUserAPC { routine: Routine::SetEvent(event), thread }),
        ("QueueUserAPC(no thread)", Call::QueueUserAPC { routine: Routine::SetEvent(event), thread: ThreadId(99) }),
        ("SleepEx(0)", Call::SleepEx { timeout, alertable: false }),
        ("SleepEx(INFINITE)", Call::SleepEx { timeout: None, alertable: true }),
        (
            "GetQueuedCompletionStatusEx(INVALID)",
            Call::GetQueuedCompletionStatusEx { port: event, count: 1, timeout, alertable: true },
        ),
        ("WSACancelBlockingCall()", Call::WSACancelBlockingCall),
    ];
    named.map(|(text, call)| (text.to_owned(), call)).to_vec()
}

/// An outcome in few words.
fn shown(outcome: &Outcome) -> String {
    let value = match outcome.value {
        Value::Number(n) => n.to_string(),
        Value::Handle(_) => "a new handle".to_owned(),
        Value::SocketError => "SOCKET_ERROR".to_owned(),
        Value::InvalidSocket => "INVALID_SOCKET".to_owned(),
        Value::Undefined => "undefined".to_owned(),
        Value::Unmodelled => "unmodelled".to_owned(),
        Value::Crashes => "crashes".to_owned(),
        other => format!("{other:?}"),
    };
    if outcome.error == Code::NONE { value } else { format!("{value} {}", outcome.error) }
}

/// By outcome, the rules that decided.
fn outcomes(machine: &Machine, world: &World, call: Call) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut all: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let ways = branches(machine, world, Event::Call(ThreadId(0), call)).unwrap_or_else(|problem| panic!("{problem}"));
    for way in ways {
        let outcome = way.fx.returns.first().map_or("blocks".to_owned(), |(_, outcome)| shown(outcome));
        let ends = |gives: Gives| !matches!(gives, Gives::Continues(_) | Gives::Silent);
        let last = way.fx.fired.iter().find(|rule| ends(way.fx.gave(rule))).expect("some rule ends every call");
        all.entry(outcome).or_default().insert(last.name);
    }
    all
}

fn lines(out: &mut String, machine: &Machine, world: &World, calls: Vec<(String, Call)>, illegal: &mut Vec<String>) {
    for (text, call) in calls {
        let mut text = format!("  {text}");
        let all = outcomes(machine, world, call);
        if all.keys().all(|outcome| outcome.contains(" WSA") || outcome == "undefined") {
            illegal.push(text.clone());
        }
        for (outcome, rules) in all {
            let rules: Vec<&str> = rules.into_iter().collect();
            writeln!(out, "{text:<46} {outcome:<34} {}", rules.join(", ")).expect("writing to a string");
            text.clear();
        }
    }
}

#[test]
fn every_state_and_every_call() {
    let machine = Machine::new(Profile::widest("widest"));
    // A situation is reached under one alternative each; what may come of the call then is told of all of them.
    let mut out = String::new();
    let mut illegal = String::new();
    for situation in situations(&machine) {
        assert_eq!(state_of(&situation), situation.state, "{}", situation.title);
        writeln!(out, "{} ({:?})", situation.title, situation.state).expect("writing to a string");
        let mut pairs = Vec::new();
        lines(&mut out, &machine, &situation.world, calls(situation.s), &mut pairs);
        writeln!(illegal, "{}\n{}", situation.title, pairs.join("\n")).expect("writing to a string");
    }
    writeln!(out, "without a socket").expect("writing to a string");
    lines(&mut out, &machine, &empty(), other_calls(), &mut Vec::new());
    insta::assert_snapshot!(format!("{out}\nIllegal in every case:\n\n{illegal}"));
}

fn state_of(situation: &Situation) -> State {
    let resolved = situation.world.resolve(ProcessId(0), situation.s);
    resolved.map_or(State::NotASocket, |(s, _)| situation.world.sockets()[s.index()].state)
}
