//! Six stories, step by step, and what cancels an overlapped accept.

use super::*;
use crate::choice::{CLOSE_ABORTED, CLOSE_INTERRUPTED, CLOSE_NOTSOCK, CLOSE_STAYS, UNDER_RECV_RESETS};
use crate::step::Answer;

const ROOM: Room =
    Room { process: ProcessId(0), sockets: 5, events: 1, operations: 4, watches: 4, overs: 3, ports: 1, windows: 1 };

fn trial(processes: &[u32]) -> Trial {
    Trial::new(processes, ROOM)
}

/// What this thread's call gave.
fn of(thread: u32, returned: &[(ThreadId, Outcome)]) -> Option<Outcome> {
    returned.iter().find(|(other, _)| other.0 == thread).map(|(_, outcome)| *outcome)
}

fn is_accepted(outcome: Option<Outcome>) -> bool {
    matches!(outcome, Some(Outcome { value: Value::Handle(_), .. }))
}

const PENDS: Outcome = Outcome { value: Value::Number(0), error: Code::ERROR_IO_PENDING, out: Out::None };

/// 1. A thread is blocked in accept, and another closes the listener.
#[test]
fn a_blocked_accept_loses_its_listener() {
    let ends = [
        (CLOSE_INTERRUPTED, Some(Code::WSAEINTR)),
        (CLOSE_NOTSOCK, Some(Code::WSAENOTSOCK)),
        (CLOSE_ABORTED, Some(Code::WSA_OPERATION_ABORTED)),
        (CLOSE_STAYS, None),
    ];
    for (alternative, code) in ends {
        let mut t = trial(&[0, 0]);
        t.machine.profile.only(alternative);
        let l = t.listener(0);
        assert_eq!(t.call(0, accept(l)), []);
        assert!(!t.w.runs(ThreadId(0)));
        let returned = t.call(1, Call::Closesocket { s: l });
        assert_eq!(of(0, &returned), code.map(Outcome::invalid_socket));
        assert_eq!(of(1, &returned), Some(Outcome::number(0)));
        // The operation is over, or stays and is about nothing any more; the slot is free in any case.
        let stays = t.w.waits(ThreadId(0)).map(|(_, op)| (op.about, op.call));
        assert_eq!(stays, if code.is_none() { Some((None, accept(Handle::INVALID))) } else { None });
        if code.is_some() {
            assert_eq!(t.socket(0), l);
        }
    }
}

/// 2. Two overlapped accepts and a blocked one: one line, in the order in which they came.
#[test]
fn two_overlapped_accepts_and_a_blocked_one() {
    let mut t = trial(&[0, 0, 0]);
    let l = t.listener(0);
    let (a, b) = (t.socket(0), t.socket(0));
    for (socket, number) in [(a, 0), (b, 1)] {
        let start = Start::AcceptEx { listen: l, accept: socket, receive: 0, tells: over(number) };
        assert_eq!(of(0, &t.start(0, start)), Some(PENDS));
    }
    assert_eq!(t.call(1, accept(l)), []);
    let (c, returned) = t.client(2, l);
    assert_eq!(returned, [], "nobody's call returns");
    assert_eq!((t.over(0).0, t.over(1).0), (Status::SUCCESS, Status::PENDING));
    // The socket that was there before its connection holds the server's end, whatever its number.
    let (a, c) = (a.slot().expect("a socket"), c.slot().expect("a socket"));
    let conn = t.w.sockets[c.index()].conn.expect("it is connected");
    assert_eq!((t.w.conns[conn.index()].client.socket(), t.w.conns[conn.index()].server.socket()), (Some(c), Some(a)));
    assert_eq!((t.w.sends(c), t.w.sends(a)), (crate::world::Direction::Up, crate::world::Direction::Down));
    t.client(2, l);
    assert_eq!((t.over(1).0, t.state(b)), (Status::SUCCESS, State::Connected));
    assert!(!t.w.runs(ThreadId(1)));
    let (_, returned) = t.client(2, l);
    assert!(is_accepted(of(1, &returned)), "the third is for the blocked call, in a new socket");
}

/// 3. Bytes are asked for, the client is silent, and the accept socket is closed; or bytes come first.
#[test]
fn a_silent_client_and_the_end_of_the_accept_socket() {
    let mut t = trial(&[0, 0]);
    // How its close looks to the client is a choice of its own; here the client is to see it at once.
    t.machine.profile.only(UNDER_RECV_RESETS);
    let l = t.listener(0);
    t.start(0, Start::Associate { s: l, port: PortId(0), key: 125 });
    let a = t.socket(0);
    let posts = |accept, number| Start::AcceptEx { listen: l, accept, receive: 100, tells: over(number) };
    t.start(0, posts(a, 0));
    let (c, _) = t.client(1, l);
    assert_eq!((t.over(0).0, t.state(a)), (Status::PENDING, State::Connected));
    let listener = &t.w.sockets[l.slot().expect("a socket").index()];
    assert!(listener.waiting().is_empty() && !listener.holding().is_empty() && listener.accept_queue().is_empty());
    t.call(0, Call::Closesocket { s: a });
    let aborted =
        Packet { key: 125, over: Some(Handle::overlapped(OverId(0))), status: Status::CONNECTION_ABORTED, bytes: 0 };
    assert_eq!(t.packets(0), [aborted]);
    assert_eq!((aborted.status.win32().0, aborted.status.winsock().0), (1236, 10053));
    t.delivers();
    let conn = t.w.sockets[c.slot().expect("a socket").index()].conn.expect("its reset is still to be told");
    assert_eq!(t.w.conns[conn.index()].client.tcb, crate::world::Tcb::Reset);
    assert_eq!(t.socket(0), a, "its slot is free");
    // Had it sent first, closing changes nothing: the packet tells of success.
    t.start(0, posts(a, 1));
    let (c, _) = t.client(1, l);
    t.call(1, Call::Send { s: c, data: crate::call::Data::new(b"abc").expect("three bytes fit") });
    t.delivers();
    t.call(0, Call::Closesocket { s: a });
    let complete = Packet { key: 125, over: Some(Handle::overlapped(OverId(1))), status: Status::SUCCESS, bytes: 3 };
    assert_eq!(t.packets(0), [aborted, complete]);
}

/// 4. A condition function closes the listener and then defers; without the closing, others are served.
#[test]
fn a_condition_function_closes_the_listener_and_defers() {
    let mut t = trial(&[0, 0]);
    let returns = |answer| Deed::Event(Event::Returns(ThreadId(0), answer));
    let l = t.listener(0);
    let (c, _) = t.client(1, l);
    t.start(0, Start::Decide { listen: l });
    assert!(matches!(t.fx.runs[..], [(ThreadId(0), Frame::Condition(_))]), "{:?}", t.fx.runs);
    assert!(t.w.runs(ThreadId(0)), "the condition function may call");
    assert_eq!(of(0, &t.call(0, Call::Closesocket { s: l })), Some(Outcome::number(0)));
    assert_eq!(t.state(l), State::NotASocket);
    assert_ne!(t.socket(0), l, "the object lives while the operation names it");
    let returned = t.does(returns(Answer::Defers));
    assert_eq!(of(0, &returned).map(|outcome| outcome.value), Some(Value::Undefined));
    t.delivers();
    let conn = t.w.sockets[c.slot().expect("a socket").index()].conn.expect("its reset is still to be told");
    assert_eq!(t.w.conns[conn.index()].client.tcb, crate::world::Tcb::Reset, "there is no queue to put it back to");
    assert!(t.w.threads[0].frames.is_empty());
    // Deferred, it is the first again; refused, it is gone; a nested accept is just another operation.
    let mut t = trial(&[0, 0]);
    let l = t.listener(0);
    t.client(1, l);
    t.start(0, Start::Decide { listen: l });
    assert_eq!(of(0, &t.does(returns(Answer::Defers))), Some(Outcome::invalid_socket(Code::WSATRY_AGAIN)));
    t.start(0, Start::Decide { listen: l });
    assert_eq!(of(0, &t.does(returns(Answer::Rejects))), Some(Outcome::invalid_socket(Code::WSAECONNREFUSED)));
    t.delivers();
    t.start(0, Start::Decide { listen: l });
    assert!(!t.w.runs(ThreadId(0)), "nobody is there to decide about");
    t.client(1, l);
    assert_eq!(t.call(0, accept(l)), [], "nothing is queued: the condition function itself is blocked");
    assert_eq!(t.w.threads[0].frames.len(), 3);
    let (_, returned) = t.client(1, l);
    assert!(is_accepted(of(0, &returned)), "{returned:?}");
    assert!(is_accepted(of(0, &t.does(returns(Answer::ACCEPTS)))));
    assert!(t.w.threads[0].frames.is_empty());
}

/// 5. A completion routine runs in an alertable wait and posts the next; over a blocked accept it lets that return later.
#[test]
fn a_completion_routine_posts_the_next() {
    let mut t = trial(&[0, 0]);
    let routine = Tells { routine: true, ..over(0) };
    let returns = Deed::Event(Event::Returns(ThreadId(0), Answer::Nothing));
    let l = t.listener(0);
    let (a, b) = (t.socket(0), t.socket(0));
    let posts = |accept, number| Start::AcceptEx {
        listen: l,
        accept,
        receive: 0,
        tells: Tells { over: Some(OverId(number)), ..routine },
    };
    t.start(0, posts(a, 0));
    t.client(1, l);
    assert_eq!(t.w.threads[0].apcs.len(), 1, "queued, and the thread does not wait");
    t.start(0, Start::Sleep);
    t.start(0, Start::RunApc);
    assert_eq!(t.fx.runs, [(ThreadId(0), Frame::Apc)]);
    assert!(t.w.runs(ThreadId(0)));
    t.client(1, l);
    assert_eq!(of(0, &t.start(0, posts(b, 1))), Some(PENDS));
    assert_eq!(t.over(1).0, Status::SUCCESS, "the connection was there");
    // The routine of the second is due before the wait returns: it runs in the same wait.
    assert_eq!(of(0, &t.does(returns)).map(|outcome| outcome.value), Some(Value::CallsRoutine));
    assert_eq!(t.fx.runs, [(ThreadId(0), Frame::Apc)]);
    assert_eq!(of(0, &t.does(returns)).map(|outcome| outcome.value), Some(Value::WaitIoCompletion));
    // Over a blocked accept: it is served while the routine runs, and returns afterwards.
    t.call(0, Call::QueueUserAPC { routine: Routine::SetEvent(Handle::INVALID), thread: ThreadId(0) });
    assert_eq!(t.call(0, accept(l)), []);
    t.start(0, Start::RunApc);
    let (_, returned) = t.client(1, l);
    assert_eq!(of(0, &returned), None, "complete, and not on top");
    assert!(t.w.operations().iter().any(|(_, op)| op.phase == Phase::Done));
    assert!(is_accepted(of(0, &t.does(returns))));
}

/// 6. A duplicated listener: the process that posted and waits ends, the other goes on.
#[test]
fn a_duplicated_listener_and_the_end_of_a_process() {
    let mut t = trial(&[0, 0, 1, 2]);
    let l = t.listener(0);
    t.call(0, Call::WSADuplicateSocket { s: l, process: ProcessId(1) });
    let copy = t.made(2, Call::WSASocketFromInfo { s: l });
    let a = t.socket(0);
    t.start(0, Start::AcceptEx { listen: l, accept: a, receive: 10, tells: over(0) });
    assert_eq!(t.call(1, accept(l)), []);
    assert_eq!(t.call(2, accept(copy)), []);
    let (c, _) = t.client(3, l);
    assert_eq!(t.over(0).0, Status::PENDING, "it holds the connection, and the client is silent");
    let returned = t.does(Deed::Event(Event::Exit(ThreadId(0))));
    assert_eq!(returned, [], "its threads' calls tell nobody");
    assert!((0..2).all(|thread| t.w.threads[thread].ended == Ended::Exited));
    t.delivers();
    let conn = t.w.sockets[c.slot().expect("a socket").index()].conn.expect("its reset is still to be told");
    assert_eq!(t.w.conns[conn.index()].client.tcb, crate::world::Tcb::Reset, "the accept socket went with its process");
    let (_, returned) = t.client(3, copy);
    assert!(is_accepted(of(2, &returned)), "the other process has the listener, and the next connection");
    // Of the handles of a listener only the last one's end ends an overlapped accept.
    let mut t = trial(&[0, 1]);
    let l = t.listener(0);
    t.call(0, Call::WSADuplicateSocket { s: l, process: ProcessId(1) });
    let copy = t.made(1, Call::WSASocketFromInfo { s: l });
    let a = t.socket(0);
    t.start(0, Start::AcceptEx { listen: l, accept: a, receive: 0, tells: over(0) });
    t.call(0, Call::Closesocket { s: l });
    assert_eq!(t.over(0).0, Status::PENDING);
    t.call(1, Call::Closesocket { s: copy });
    assert_eq!((t.over(0).0, t.state(a)), (Status::CANCELLED, State::Unbound), "and its socket can be used again");
}

/// By name, by the end of what it is about, of what it is for, and of its thread, an overlapped accept is cancelled.
#[test]
fn what_cancels_an_overlapped_accept() {
    let event = Tells { event: Some(EventId(0)), ..over(0) };
    let ends = |port: bool, tells: Tells, how: fn(Handle, Handle) -> Deed| {
        let mut t = trial(&[0, 0]);
        let l = t.listener(0);
        if port {
            t.start(0, Start::Associate { s: l, port: PortId(0), key: 1 });
        }
        assert_eq!(t.made(0, Call::WSACreateEvent), Handle::event(EventId(0)));
        let a = t.socket(0);
        t.start(0, Start::AcceptEx { listen: l, accept: a, receive: 0, tells });
        t.does(how(l, a));
        let line = l.slot().map(|l| t.w.sockets[l.index()].waiting().len());
        (t.over(0).0, t.w.events[0].signalled, t.packets(0).len(), line)
    };
    let cancel = |l, _| Deed::Start(ThreadId(1), Start::Cancel { s: l, over: OverId(0) });
    let close_listener = |l, _| Deed::Event(Event::Call(ThreadId(1), Call::Closesocket { s: l }));
    let close_socket = |_, a| Deed::Event(Event::Call(ThreadId(1), Call::Closesocket { s: a }));
    let thread_ends = |_, _| Deed::Event(Event::Ends(ThreadId(0)));
    assert_eq!(ends(false, event, cancel), (Status::CANCELLED, true, 0, Some(0)));
    assert_eq!(ends(true, over(0), close_listener), (Status::CANCELLED, false, 1, Some(0)));
    assert_eq!(ends(false, event, close_socket), (Status::CANCELLED, true, 0, Some(0)));
    // The end of its thread ends it, unless it tells a port and sets no event (windows-facts WT-AFD-015, -016).
    assert_eq!(ends(false, event, thread_ends), (Status::CANCELLED, true, 0, Some(0)));
    assert_eq!(ends(true, event, thread_ends), (Status::CANCELLED, true, 1, Some(0)));
    assert_eq!(ends(true, over(0), thread_ends), (Status::PENDING, false, 0, Some(1)));
    // It does not look at the accept socket (WT-AEX-052), and what is not there cannot be cancelled.
    let by_socket = |_, a| Deed::Start(ThreadId(0), Start::Cancel { s: a, over: OverId(0) });
    assert_eq!(ends(false, event, by_socket), (Status::PENDING, false, 0, Some(1)));
}
