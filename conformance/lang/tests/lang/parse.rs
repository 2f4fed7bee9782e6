//! Well-formed scenarios become the scripts they describe.

use winaccept_lang::{parse, parse_observed, render_observed};
use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Data, Family, Group, How, Ip, Length, Name, NetworkEvents, Opt, OptVal, PollEvents,
    Port, ProcessId, Routine, Set, SockType, SocketFlags, ThreadId, Version,
};
use winaccept_model::choice::RECV_RESET_ENDS;
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_sim::script::{
    Action, AddrPattern, Ending, Expect, Fault, FaultKind, Happening, Item, LaneItem, NameId, Pattern, PrintArgument,
    Ref, Script, SegmentName, Step, ValuePattern, With,
};

/// `L`, `C` and `E` of [`PRELUDE`].
const L: Ref = Ref::Name(NameId(0));
const C: Ref = Ref::Name(NameId(1));
const E: Ref = Ref::Name(NameId(2));

const PRELUDE: &str = r#"scenario "prelude"
process peer: other
server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
server  WSACreateEvent() = E
"#;

fn script(source: &str) -> Script {
    parse(source.as_bytes(), "test.winaccept", &|_| true).unwrap()
}

/// The items after the prelude.
fn items(source: &str) -> Vec<Item> {
    script(&format!("{PRELUDE}{source}")).items.split_off(3)
}

fn step(line: &str) -> Step {
    match items(line).pop() {
        Some(Item::Step(step)) => step,
        other => panic!("{line}: {other:?}"),
    }
}

fn call(text: &str) -> Call<Ref> {
    match step(&format!("server  {text}")).action {
        Action::Call(call) => call,
        other => panic!("{text}: {other:?}"),
    }
}

fn is(value: Value, error: Code) -> Pattern {
    Pattern { value: ValuePattern::Is(value), error, with: vec![] }
}

fn set(members: &[Ref]) -> Set<Ref> {
    Set::collect(members.iter().copied())
}

fn loopback(port: Port) -> Address {
    Address { family: Family::Inet, ip: Ip::Loopback, port }
}

#[test]
fn the_head_of_a_scenario() {
    let source = "\u{feff}# a licence\nscenario \"a \\\"title\\\"\"\r\n# first\n#\n#   third\n\n# not this\n\
                  process peer: client, other\nprocess third: x\nwinsock none\nwinsock 1.1 peer\nmodel only \"a fault\"\n\
                  server WSACleanup()\nclient WSACleanup()";
    let script = script(source);
    assert_eq!(script.title, "a \"title\"");
    assert_eq!(script.prose, "first\n\n  third");
    assert_eq!(script.model_only.as_deref(), Some("a fault"));
    let processes: Vec<_> = script.processes.iter().map(|p| (p.name.as_str(), p.started)).collect();
    let version = |major, minor| Some(Version { major, minor });
    assert_eq!(processes, [("main", None), ("peer", version(1, 1)), ("third", version(2, 2))]);
    let actors: Vec<_> = script.actors.iter().map(|a| (a.name.as_str(), a.process, a.alike)).collect();
    assert_eq!(actors, [("server", ProcessId(0), None), ("client", ProcessId(1), None)]);
    assert_eq!((script.source.as_str(), script.file.as_str()), (source, "test.winaccept"));
}

#[test]
fn a_step_with_everything() {
    let line = "server  accept(L, addr, 16) = { A with addr = address(C), addrlen = 16 | INVALID_SOCKET WSAECONNRESET } \\\n  \
                shows one.clause, two-b";
    let step = step(line);
    assert_eq!(step.actor, ThreadId(0));
    let with = vec![With::Addr(AddrPattern::Of(C)), With::AddrLen(16)];
    let accepted = Pattern { value: ValuePattern::Binds(NameId(3)), error: Code::NONE, with };
    let reset = is(Value::InvalidSocket, Code::WSAECONNRESET);
    assert_eq!(step.expect, Some(Expect::OneOf(vec![accepted, reset])));
    assert_eq!(step.shows, ["one.clause", "two-b"]);
    let start = PRELUDE.len();
    assert_eq!((step.span.start as usize, step.span.end as usize), (start, start + line.len()));
}

#[test]
fn sockets_and_addresses() {
    let stream = SockType::Stream;
    assert_eq!(call("socket(AF_INET6, SOCK_DGRAM, 0)"), Call::Socket { family: Family::Inet6, kind: SockType::Dgram });
    assert_eq!(
        call("WSASocket(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED)"),
        Call::WSASocket { family: Family::Inet, kind: stream, group: Group::None, flags: SocketFlags::OVERLAPPED }
    );
    assert_eq!(
        call("WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info(L), 0, 0)"),
        Call::WSASocketFromInfo { s: L }
    );
    assert_eq!(call("WSADuplicateSocket(L, peer, info)"), Call::WSADuplicateSocket { s: L, process: ProcessId(1) });
    let bind = |name| Call::Bind { s: L, name };
    assert_eq!(call("bind(L, 127.0.0.1:0)"), bind(Name::Address(loopback(Port::Unset), 16)));
    let any6 = Address { family: Family::Inet6, ip: Ip::Any, port: Port::Fixed(80) };
    assert_eq!(call("bind(L, [::]:80)"), bind(Name::Address(any6, 28)));
    let far = Address { family: Family::Inet, ip: Ip::NotLocal, port: Port::Unset };
    assert_eq!(call("bind(L, 192.0.2.0:0, -1)"), bind(Name::Address(far, -1)));
    assert_eq!(call("bind(L, NULL)"), bind(Name::Null));
    assert_eq!(call("connect(C, L)"), Call::Connect { s: C, name: Name::Of(L) });
    assert_eq!(call("connect(INVALID_SOCKET, L)"), Call::Connect { s: Ref::InvalidSocket, name: Name::Of(L) });
    assert_eq!(call("closesocket(handle(0xdead))"), Call::Closesocket { s: Ref::Number(0xdead) });
    let listen = |backlog| Call::Listen { s: L, backlog };
    assert_eq!(call("listen(L, -1)"), listen(Backlog::Number(-1)));
    assert_eq!(call("listen(L, SOMAXCONN)"), listen(Backlog::Somaxconn));
    assert_eq!(call("listen(L, SOMAXCONN_HINT(300))"), listen(Backlog::Hint(300)));
    assert_eq!(call("accept(L, BAD, BAD)"), Call::Accept { s: L, addr: Buffer::Bad, addrlen: Length::Bad });
    let name = Call::Getsockname { s: L, name: Buffer::Valid, namelen: Length::Holds(15) };
    assert_eq!(call("getsockname(L, addr, 15)"), name);
    let name = Call::Getpeername { s: C, name: Buffer::Null, namelen: Length::Null };
    assert_eq!(call("getpeername(C, NULL, NULL)"), name);
}

#[test]
fn data_and_options() {
    let data = Data::new(b"a\n\0\xff\"").unwrap();
    assert_eq!(call(r#"send(C, "a\n\0\xff\"")"#), Call::Send { s: C, data });
    let long = Data::new(&[b"ab".repeat(2000).as_slice(), b"a"].concat()).unwrap();
    for text in [r#"send(C, "ab" * 2000 + "a")"#, "send(C, \"ab\" * 1000 + \\\n \"ab\" * 1000+\"a\" * 1)"] {
        assert_eq!(call(text), Call::Send { s: C, data: long });
    }
    assert_eq!(call("recv(C, 65536)"), Call::Recv { s: C, len: 65536 });
    assert_eq!(call("shutdown(C, SD_BOTH)"), Call::Shutdown { s: C, how: How::Both });
    assert_eq!(call("ioctlsocket(L, FIONBIO, 1)"), Call::Ioctlsocket { s: L, argp: Some(1) });
    assert_eq!(call("getsockopt(L, IPPROTO_IPV6, IPV6_V6ONLY)"), Call::Getsockopt { s: L, opt: Opt::V6Only });
    let linger = Call::Setsockopt { s: C, opt: Opt::Linger, value: OptVal::Linger(1, 0) };
    assert_eq!(call("setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0})"), linger);
    let timeout = Call::Setsockopt { s: C, opt: Opt::RcvTimeo, value: OptVal::Number(0x123) };
    assert_eq!(call("setsockopt(C, SOL_SOCKET, SO_RCVTIMEO, 0x123)"), timeout);
    assert_eq!(call("WSAStartup(2.2)"), Call::WSAStartup { version: Version { major: 2, minor: 2 } });
    assert_eq!(call("WSASetLastError(WSAEINTR)"), Call::WSASetLastError { code: 10004 });
    assert_eq!(call("WSASetLastError(0)"), Call::WSASetLastError { code: 0 });
}

#[test]
fn sets_events_and_waits() {
    let select = Call::Select { readfds: Some(set(&[L, C])), writefds: Some(set(&[])), exceptfds: None, timeout: None };
    assert_eq!(call("select({L, C}, {}, NULL, NULL)"), select);
    let fds = Set::collect([(L, PollEvents::RDNORM.with(PollEvents::WRNORM)), (C, PollEvents(0))]);
    assert_eq!(call("WSAPoll({L: POLLRDNORM|POLLWRNORM, C: 0}, 7)"), Call::WSAPoll { fds, timeout: Some(7) });
    let wait = |timeout, alertable| Call::WSAWaitForMultipleEvents { events: set(&[E]), timeout, alertable };
    assert_eq!(call("WSAWaitForMultipleEvents({E}, 0)"), wait(Some(0), false));
    assert_eq!(call("WSAWaitForMultipleEvents({E}, WSA_INFINITE, TRUE)"), wait(None, true));
    assert_eq!(call("WSAWaitForMultipleEvents({E}, NULL, alertable)"), wait(None, true));
    let mask = NetworkEvents::ACCEPT.with(NetworkEvents::READ);
    assert_eq!(call("WSAEventSelect(L, E, FD_ACCEPT|FD_READ)"), Call::WSAEventSelect { s: L, event: Some(E), mask });
    let clear = Call::WSAEventSelect { s: L, event: None, mask: NetworkEvents(0) };
    assert_eq!(call("WSAEventSelect(L, NULL, 0)"), clear);
    assert_eq!(call("WSAEnumNetworkEvents(L, NULL)"), Call::WSAEnumNetworkEvents { s: L, event: None });
    // An event is an unsuitable socket, but one that can be tried.
    assert_eq!(call("closesocket(E)"), Call::Closesocket { s: E });
    let apc = |routine| Call::QueueUserAPC { routine, thread: ThreadId(1) };
    assert_eq!(call("QueueUserAPC(WSASetEvent(E), client)"), apc(Routine::SetEvent(E)));
    assert_eq!(call("QueueUserAPC(accept(L), client)"), apc(Routine::Accept(L)));
    assert_eq!(call("SleepEx(INFINITE, TRUE)"), Call::SleepEx { timeout: None, alertable: true });
}

#[test]
fn an_apc_may_be_queued_before_the_first_step_of_its_actor() {
    let items = items("server  QueueUserAPC(accept(L), late)\nlate  WSACleanup()");
    assert!(matches!(items[..], [_, Item::Step(Step { actor: ThreadId(2), .. })]));
}

#[test]
fn values() {
    let value = |line: &str| match step(line).expect {
        Some(Expect::OneOf(patterns)) => patterns[0].clone(),
        other => panic!("{line}: {other:?}"),
    };
    let number = |n| is(Value::Number(n), Code::NONE);
    assert_eq!(value("server WSAGetLastError() = WSAEINTR"), number(10004));
    assert_eq!(value("server WSAStartup(9.9) = WSAVERNOTSUPPORTED"), number(10092));
    assert_eq!(value("server WSASetEvent(E) = TRUE"), number(1));
    assert_eq!(value("server WSASetEvent(L) = FALSE WSA_INVALID_HANDLE").error, Code::WSA_INVALID_HANDLE);
    let wait = "server WSAWaitForMultipleEvents({E}, 0) =";
    assert_eq!(value(&format!("{wait} WSA_WAIT_EVENT_0+1")), is(Value::WaitEvent(1), Code::NONE));
    assert_eq!(value(&format!("{wait} WSA_WAIT_FAILED WSAENOTSOCK")), is(Value::WaitFailed, Code::WSAENOTSOCK));
    assert_eq!(value("server SleepEx(0, TRUE) = WAIT_IO_COMPLETION"), is(Value::WaitIoCompletion, Code::NONE));
    assert_eq!(value("server listen(L, 5) = undefined"), is(Value::Undefined, Code::NONE));
    // A `|` between events belongs to the mask, any other separates outcomes.
    let line = "server WSAEnumNetworkEvents(L, E) = { 0 with events = FD_READ|FD_CLOSE | SOCKET_ERROR WSAEINVAL }";
    let Some(Expect::OneOf(patterns)) = step(line).expect else { panic!("{line}") };
    assert_eq!(patterns[0].with, [With::Events(NetworkEvents::READ.with(NetworkEvents::CLOSE))]);
    assert_eq!(patterns.len(), 2);
    let with = value("server getsockname(L, addr, 16) = 0 with addr = [::1]:*").with;
    let any = Address { family: Family::Inet6, ip: Ip::Loopback, port: Port::Unset };
    assert_eq!(with, [With::Addr(AddrPattern::AnyPort(any))]);
    let with = value("server select({L}, {}, NULL, 0) = 1 with readfds = {L}, writefds = {}").with;
    assert_eq!(with, [With::ReadFds(vec![L]), With::WriteFds(vec![])]);
    assert_eq!(step("server listen(L, 5) = ?silent.01-x").expect, Some(Expect::Silent("silent.01-x".to_owned())));
    assert_eq!(step("server listen(L, 5)").expect, None);
}

#[test]
fn blocking_hooks_printing_and_exits() {
    let items = items(
        "server  accept(L, NULL, NULL) = ...\nserver  in hook WSACancelBlockingCall() = 0\n\
         server  accept resumes = INVALID_SOCKET WSAEINTR\n\
         server  prints \"%ld\\n\", WSAGetLastError() = \"10004\\n\"\nserver  prints \"100%%\"\nserver  exits -1\n",
    );
    let steps: Vec<_> = items
        .iter()
        .map(|item| match item {
            Item::Step(step) => step,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(steps[0].expect, Some(Expect::Blocks));
    assert_eq!(steps[1].action, Action::InHook(Call::WSACancelBlockingCall));
    assert_eq!(steps[2].action, Action::Resumes);
    let prints = |format: &str, argument| Action::Prints { format: format.to_owned(), argument };
    assert_eq!(steps[3].action, prints("%ld\n", Some(PrintArgument::LastError)));
    assert_eq!(steps[3].expect, Some(Expect::Text("10004\n".to_owned())));
    assert_eq!(steps[4].action, prints("100%%", None));
    assert_eq!(steps[5].action, Action::Exits(-1));
}

#[test]
fn an_actor_ends_whatever_it_waits_in() {
    let ends = |source: &str| match items(source).last() {
        Some(Item::Step(step)) => (step.actor, step.action.clone(), step.expect.clone()),
        other => panic!("{other:?}"),
    };
    for before in ["accept(L, NULL, NULL) = ...", "accept(L, NULL, NULL)", "listen(L, 5) = 0"] {
        assert_eq!(ends(&format!("server  {before}\nserver  ends\n")), (ThreadId(0), Action::Ends, None));
    }
}

#[test]
fn happenings() {
    let source = "hold C\nrelease C\ndrop SYN-ACK of C\nmay drop RST of C\ntimer of C\n\
                  choose recv-after-reset = end-of-stream\nfault no-buffers\n\
                  fault in-callback for peer at accept 2\nmend no-buffers for peer\nserver WSACleanup()";
    let happenings: Vec<_> = items(source)
        .into_iter()
        .filter_map(|item| match item {
            Item::Happening(happening, _) => Some(happening),
            _ => None,
        })
        .collect();
    let c = NameId(1);
    let fault = |kind, process, at| Happening::Fault(Fault { kind, process, at });
    let expected = [
        Happening::Hold(c),
        Happening::Release(c),
        Happening::Drop(SegmentName::SynAck, c),
        Happening::MayDrop(SegmentName::Rst, c),
        Happening::Timer(c),
        Happening::Choose(RECV_RESET_ENDS),
        fault(FaultKind::NoBuffers, ProcessId(0), None),
        fault(FaultKind::InCallback, ProcessId(1), Some(("accept".to_owned(), 2))),
        Happening::Mend(FaultKind::NoBuffers, ProcessId(1)),
    ];
    assert_eq!(happenings, expected);
}

#[test]
fn alike_actors_each_have_a_lane_and_variables() {
    let source = "any order {\n  server  accept(L, NULL, NULL) = A\n  clients 3 alike {\n    \
                  c  socket(AF_INET, SOCK_STREAM, 0) = D\n    c  connect(D, L)\n  }\n  server  closesocket(A)\n}\n\
                  any order {\n  clients 3 alike {\n    c  closesocket(D)\n  }\n}\nserver  closesocket(A)\n";
    let script = script(&format!("{PRELUDE}{source}"));
    let actors: Vec<_> = script.actors[2..].iter().map(|actor| (actor.name.as_str(), actor.alike)).collect();
    assert_eq!(actors, [("c.1", Some(0)), ("c.2", Some(0)), ("c.3", Some(0))]);
    let names: Vec<_> = script.names[3..].iter().map(|name| name.text.as_str()).collect();
    assert_eq!(names, ["A", "D.1", "D.2", "D.3"]);
    let [Item::AnyOrder(first, _), Item::AnyOrder(second, _), _] = &script.items[3..] else {
        panic!("{:?}", script.items)
    };
    let lanes: Vec<_> = first.iter().map(|lane| (lane.actor.0, lane.body.len())).collect();
    assert_eq!(lanes, [(0, 2), (2, 2), (3, 2), (4, 2)]);
    let closes = |lane: usize, name| {
        let [LaneItem::Step(step)] = second[lane].body.as_slice() else { panic!("{:?}", second[lane]) };
        assert_eq!(step.action, Action::Call(Call::Closesocket { s: Ref::Name(NameId(name)) }));
    };
    closes(0, 4);
    closes(2, 6);
}

#[test]
fn observations_name_members_of_a_group() {
    let source = "any order {\n  clients 2 alike {\n    c  socket(AF_INET, SOCK_STREAM, 0) = D\n  }\n}\nserver  getpeername(C, addr, 16)\n";
    let script = script(&format!("{PRELUDE}{source}"));
    let Some(Item::Step(Step { action: Action::Call(call), .. })) = script.items.last() else {
        panic!("{:?}", script.items)
    };
    let text = "0 with addr = 127.0.0.1:* of D.1 D.2, addrlen = 16";
    let seen = parse_observed(text, &script, call).unwrap();
    assert_eq!(render_observed(&seen, &script, None), text);
}

#[test]
fn branches_share_variables_and_belong_to_their_actor() {
    let source = "any order {\n  either {\n    server  accept(L, NULL, NULL) = A\n  } or {\n    \
                  server  accept(L, addr, 16) = { A | INVALID_SOCKET WSAEFAULT }\n  }\n  or { }\n  repeat {\n    \
                  server  closesocket(A)\n    either { } or { server  WSAGetLastError() }\n  }\n}\n\
                  never accept = { INVALID_SOCKET WSAEACCES | INVALID_SOCKET WSAEALREADY }  shows accept.absent.WSAEACCES\n";
    let items = items(source);
    let [Item::AnyOrder(lanes, _), Item::Never(never)] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!(lanes.len(), 1);
    let [LaneItem::Either(branches), LaneItem::Repeat(body)] = lanes[0].body.as_slice() else { panic!("{lanes:?}") };
    assert_eq!(branches.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 0]);
    assert!(matches!(&body[1], LaneItem::Either(branches) if branches[0].is_empty()));
    assert_eq!((never.call.as_deref(), never.outcomes.len()), (Some("accept"), 2));
}

#[test]
fn a_lane_asks_how_its_last_call_has_ended() {
    let source = "any order {\n  repeat {\n    server  accept(L, NULL, NULL) = { A | INVALID_SOCKET WSAEWOULDBLOCK }\n    \
                  until { WSAEWOULDBLOCK | INVALID_SOCKET WSAEINTR }\n    if fails {\n      server  WSAGetLastError()\n    \
                  } else if succeeds {\n      server  recv(A, 4)\n      until 0 with data = \"\"\n    \
                  } else { server  closesocket(A) }\n  }\n  server  closesocket(L) = 0\n}\n";
    let items = items(source);
    let [Item::AnyOrder(lanes, _)] = items.as_slice() else { panic!("{items:?}") };
    let [LaneItem::Repeat(body), LaneItem::Step(_)] = lanes[0].body.as_slice() else { panic!("{lanes:?}") };
    let [LaneItem::Step(_), LaneItem::Until(Ending::Gives(patterns)), LaneItem::If(Ending::Fails, [_, other])] =
        body.as_slice()
    else {
        panic!("{body:?}")
    };
    let failure = |pattern: &Pattern| (pattern.value, pattern.error.name());
    let invalid = ValuePattern::Is(Value::InvalidSocket);
    assert_eq!(
        patterns.iter().map(failure).collect::<Vec<_>>(),
        [(invalid, Some("WSAEWOULDBLOCK")), (invalid, Some("WSAEINTR"))]
    );
    let [LaneItem::If(Ending::Succeeds, [then, last])] = other.as_slice() else { panic!("{other:?}") };
    assert!(matches!(then.as_slice(), [LaneItem::Step(_), LaneItem::Until(Ending::Gives(_))]));
    assert_eq!(last.len(), 1);
}

#[test]
fn claims_about_who_waits() {
    let items = items("server  WSACreateEvent() = F\nnobody waits\nnever accept waits  shows some.clause\n");
    let [.., Item::Never(nobody), Item::Never(accept)] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((&nobody.call, nobody.waits, nobody.outcomes.len(), nobody.shows.len()), (&None, true, 0, 0));
    assert_eq!(
        (accept.call.as_deref(), accept.waits, accept.shows.as_slice()),
        (Some("accept"), true, &["some.clause".to_owned()][..])
    );
    assert!(nobody.is_about("recv") && accept.is_about("accept") && !accept.is_about("recv"));
}
