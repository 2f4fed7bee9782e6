//! Corners that random walks found, or seldom come by: each was wrong once.

use crate::walk::{STREAM, call, listener};
use winaccept_model::call::{Buffer, Call, Handle, Length, Name, ProcessId, Routine, Set, ThreadId, Version};
use winaccept_model::choice::{
    ADDR_ON_ENTRY, ADDRLEN_KEEPS, Alt, BOUND_EXACTLY, CLEANUP_INTERRUPTED, CLOSE_INTERRUPTED, CLOSE_STAYS,
    COUNTS_ACCEPT_QUEUE, HANDED, WAIT_INTERRUPTED, WOKEN,
};
use winaccept_model::code::Code;
use winaccept_model::invariant::broken_invariant;
use winaccept_model::operation::{Ended, OpId, Operation};
use winaccept_model::outcome::{Outcome, Value};
use winaccept_model::parts::Parts;
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::Effects;
use winaccept_model::step::{Answer, Event, Machine, pending};
use winaccept_model::world::{
    ConnId, Direction, End, EventId, Faults, MAX_HANDLES, Process, Room, Segment, SocketId, World,
};

fn machine(only: &[Alt]) -> Machine {
    let mut profile = Profile::widest("corner");
    only.iter().for_each(|alt| profile.only(*alt));
    Machine::new(profile)
}

/// Two processes on Winsock 2; threads 0, 1 and 3 in the first, 2 in the second.
fn world() -> World {
    let process = Process { startups: 1, version: Version { major: 2, minor: 2 }, ..Process::default() };
    World::new(&[process.clone(), process], &[0, 0, 1, 0].map(|process| Room::new(ProcessId(process), 3, 2)))
}

/// Lets an event happen under the first alternatives, and holds the world against every invariant.
fn happen(machine: &Machine, world: &mut World, event: Event) -> Vec<(ThreadId, Outcome)> {
    let mut fx = Effects::default();
    machine.step(world, event, &mut Tape::default(), &mut fx);
    assert_eq!(broken_invariant(world), None, "after {event:?}");
    assert_eq!(world.kept_twice_agrees(), Ok(()), "after {event:?}");
    fx.returns
}

fn calls(machine: &Machine, world: &mut World, thread: u32, call: Call) -> Option<Outcome> {
    happen(machine, world, Event::Call(ThreadId(thread), call)).first().map(|(_, outcome)| *outcome)
}

fn accept(s: Handle) -> Call {
    Call::Accept { s, addr: Buffer::Null, addrlen: Length::Null }
}

/// A client of thread 3 connects without waiting; delivers everything in flight; tells who returned meanwhile.
fn client(machine: &Machine, world: &mut World, to: Handle) -> Vec<(ThreadId, Outcome)> {
    let s = call(machine, world, 3, STREAM).expect("thread 3 has a free slot");
    calls(machine, world, 3, Call::Ioctlsocket { s, argp: Some(1) });
    calls(machine, world, 3, Call::Connect { s, name: Name::Of(to) });
    delivers(machine, world)
}

fn delivers(machine: &Machine, world: &mut World) -> Vec<(ThreadId, Outcome)> {
    let (mut events, mut returned) = (Vec::new(), Vec::new());
    loop {
        events.clear();
        pending(world, &mut events);
        let Some(event) = events.iter().find(|event| matches!(event, Event::Deliver(..))) else { return returned };
        returned.extend(happen(machine, world, *event));
    }
}

/// A listener of thread 0 that thread 2's process has a handle to as well.
fn shared(machine: &Machine, world: &mut World) -> (Handle, Handle) {
    let s = listener(machine, world, 0, 4);
    calls(machine, world, 0, Call::WSADuplicateSocket { s, process: ProcessId(1) });
    let copy = call(machine, world, 2, Call::WSASocketFromInfo { s }).expect("a socket has three handles");
    (s, copy)
}

#[test]
fn closing_one_handle_of_a_shared_listener_ends_the_calls_made_through_it() {
    let machine = machine(&[CLOSE_INTERRUPTED, HANDED]);
    let mut world = world();
    let (s, copy) = shared(&machine, &mut world);
    assert_eq!(calls(&machine, &mut world, 0, accept(s)), None);
    assert_eq!(calls(&machine, &mut world, 2, accept(copy)), None);
    let returned = happen(&machine, &mut world, Event::Call(ThreadId(1), Call::Closesocket { s }));
    assert!(returned.contains(&(ThreadId(0), Outcome::invalid_socket(Code::WSAEINTR))), "{returned:?}");
    // Who waits through the other handle is served.
    let returned = client(&machine, &mut world, copy);
    assert!(matches!(returned[..], [(ThreadId(2), Outcome { value: Value::Handle(_), .. })]), "{returned:?}");
}

#[test]
fn a_call_that_stays_blocked_is_not_taken_for_one_on_the_next_socket_of_that_number() {
    let machine = machine(&[CLOSE_STAYS, HANDED]);
    let mut world = world();
    let s = listener(&machine, &mut world, 0, 4);
    assert_eq!(calls(&machine, &mut world, 0, accept(s)), None);
    calls(&machine, &mut world, 1, Call::Closesocket { s });
    // It waits under no number at all.
    assert_eq!(world.waits(ThreadId(0)).map(|(_, op)| (op.call, op.about)), Some((accept(Handle::INVALID), None)));
}

#[test]
fn a_woken_thread_that_leaves_makes_room_for_the_next() {
    let machine = machine(&[WOKEN, WAIT_INTERRUPTED]);
    let mut world = world();
    let s = listener(&machine, &mut world, 0, 4);
    for thread in [0, 1] {
        assert_eq!(calls(&machine, &mut world, thread, accept(s)), None);
    }
    assert_eq!(client(&machine, &mut world, s), []);
    assert!(world.is_woken(ThreadId(0)));
    assert!(world.waits(ThreadId(1)).is_some() && !world.is_woken(ThreadId(1)));
    let routine = Routine::SetEvent(Handle::INVALID);
    calls(&machine, &mut world, 3, Call::QueueUserAPC { routine, thread: ThreadId(0) });
    let returned = happen(&machine, &mut world, Event::Apc(ThreadId(0)));
    assert_eq!(returned, [(ThreadId(0), Outcome::invalid_socket(Code::WSAEINTR))]);
    assert!(world.is_woken(ThreadId(1)), "the connection still waits, and so does thread 1");
}

#[test]
fn a_repeated_syn_is_queued_once() {
    let machine = machine(&[]);
    let mut world = world();
    let s = listener(&machine, &mut world, 0, 4);
    let c = call(&machine, &mut world, 3, STREAM).expect("thread 3 has a free slot");
    let conn = ConnId(c.0);
    assert_eq!(calls(&machine, &mut world, 3, Call::Connect { s: c, name: Name::Of(s) }), None);
    happen(&machine, &mut world, Event::LoseNext(conn, Segment::SynAck));
    delivers(&machine, &mut world);
    happen(&machine, &mut world, Event::Timer(conn));
    let returned = delivers(&machine, &mut world);
    assert_eq!(returned, [(ThreadId(3), Outcome::number(0))]);
    assert_eq!(world.sockets()[s.0 as usize].accept_queue().len(), 1);
}

#[test]
fn a_lost_refusal_leaves_nobody_waiting_for_ever() {
    let machine = machine(&[]);
    let mut world = world();
    let s = listener(&machine, &mut world, 0, 4);
    let c = call(&machine, &mut world, 3, STREAM).expect("thread 3 has a free slot");
    let conn = ConnId(c.0);
    calls(&machine, &mut world, 3, Call::Connect { s: c, name: Name::Of(s) });
    calls(&machine, &mut world, 0, Call::Closesocket { s });
    happen(&machine, &mut world, Event::Deliver(conn, Direction::Up));
    happen(&machine, &mut world, Event::Lose(conn, Direction::Down));
    assert!(world.conns()[conn.index()].timer, "the SYN will be repeated");
}

#[test]
fn the_last_ack_finds_the_bound_too() {
    let machine = machine(&[BOUND_EXACTLY, COUNTS_ACCEPT_QUEUE]);
    let mut world = world();
    let s = listener(&machine, &mut world, 0, 1);
    let mut conns = Vec::new();
    for _ in 0..2 {
        let c = call(&machine, &mut world, 3, STREAM).expect("thread 3 has a free slot");
        calls(&machine, &mut world, 3, Call::Ioctlsocket { s: c, argp: Some(1) });
        calls(&machine, &mut world, 3, Call::Connect { s: c, name: Name::Of(s) });
        conns.push(ConnId(c.0));
    }
    // Both are half open before either is complete.
    conns.iter().for_each(|conn| drop(happen(&machine, &mut world, Event::Deliver(*conn, Direction::Up))));
    delivers(&machine, &mut world);
    assert_eq!(world.sockets()[s.0 as usize].accept_queue().len(), 1);
    // The second is not lost: when there is room its handshake is completed by a repeated SYN-ACK.
    assert!(calls(&machine, &mut world, 0, accept(s)).is_some());
    happen(&machine, &mut world, Event::Timer(conns[1]));
    delivers(&machine, &mut world);
    assert_eq!(world.sockets()[s.0 as usize].accept_queue().first(), Some(conns[1]));
}

#[test]
fn what_was_not_found_on_entry_is_found_on_taking() {
    // A profile that leaves the stage open: the call that blocked has passed the checks on entry for good.
    let mut profile = Profile::widest("corner");
    for alt in [HANDED, ADDRLEN_KEEPS, ADDR_ON_ENTRY] {
        profile.only(alt);
    }
    let machine = Machine::new(profile);
    let mut world = world();
    let s = listener(&machine, &mut world, 0, 4);
    let small = Call::Accept { s, addr: Buffer::Valid, addrlen: Length::Holds(3) };
    let (mut tape, mut fx) = (Tape::default(), Effects::default());
    loop {
        let mut branch = world.clone();
        machine.step(&mut branch, Event::Call(ThreadId(0), small), &mut tape, &mut fx);
        if fx.returns.is_empty() {
            world = branch;
            break;
        }
        assert!(tape.advance(), "one way is to notice nothing on entry, and to block");
    }
    let returned = client(&machine, &mut world, s);
    assert_eq!(returned, [(ThreadId(0), Outcome::invalid_socket(Code::WSAEFAULT))]);
}

#[test]
fn a_socket_has_many_handles_and_running_out_is_told() {
    let machine = machine(&[]);
    let mut world = world();
    let (s, _) = shared(&machine, &mut world);
    let mut fx = Effects::default();
    let duplicate = Event::Call(ThreadId(2), Call::WSASocketFromInfo { s });
    for _ in 2..MAX_HANDLES {
        machine.step(&mut world, duplicate, &mut Tape::default(), &mut fx);
        assert_eq!(fx.limit, None);
        assert!(matches!(fx.returns[..], [(_, Outcome { value: Value::Handle(_), .. })]));
    }
    machine.step(&mut world, duplicate, &mut Tape::default(), &mut fx);
    assert_eq!(fx.limit.map(|limit| limit.to_string()).as_deref(), Some("at most 127 handles of one socket"));
    assert_eq!(world.sockets()[0].holders().count(), MAX_HANDLES);
}

#[test]
fn closing_an_event_under_a_wait_is_undefined() {
    let machine = machine(&[]);
    let mut world = world();
    let event = call(&machine, &mut world, 0, Call::WSACreateEvent).expect("thread 0 has a free event");
    let events = Set::collect([event]);
    let wait = Call::WSAWaitForMultipleEvents { events, timeout: None, alertable: false };
    assert_eq!(calls(&machine, &mut world, 0, wait), None);
    happen(&machine, &mut world, Event::Call(ThreadId(1), Call::WSACloseEvent { event }));
    assert_eq!(world.threads()[0].ended, Ended::Undefined);
}

#[test]
fn wsacleanup_ends_waits_of_winsock_alone() {
    let machine = machine(&[CLEANUP_INTERRUPTED]);
    let mut world = world();
    let s = listener(&machine, &mut world, 0, 4);
    assert_eq!(calls(&machine, &mut world, 0, accept(s)), None);
    assert_eq!(calls(&machine, &mut world, 1, Call::SleepEx { timeout: None, alertable: false }), None);
    let returned = happen(&machine, &mut world, Event::Call(ThreadId(3), Call::WSACleanup));
    assert!(returned.contains(&(ThreadId(0), Outcome::invalid_socket(Code::WSAEINTR))), "{returned:?}");
    let sleeps = |op: &Operation| matches!(op.call, Call::SleepEx { .. });
    assert!(world.waits(ThreadId(1)).is_some_and(|(_, op)| sleeps(op)));
}

#[test]
fn who_is_not_there_is_refused() {
    let machine = machine(&[]);
    let mut world = world();
    let before = world.clone();
    let (t, c, p) = (ThreadId(1000), ConnId(1000), ProcessId(1000));
    let (call, far) = (Call::WSACleanup, Handle::socket(SocketId(9_000), 100));
    let events = [
        Event::Call(t, call),
        Event::InHook(t, call),
        Event::Resume(OpId(1000)),
        Event::Deliver(c, Direction::Up),
        Event::Lose(c, Direction::Down),
        Event::Timer(c),
        Event::Expire(OpId(1000)),
        Event::Apc(t),
        Event::Returns(t, Answer::ACCEPTS),
        Event::Print(t),
        Event::Exit(t),
        Event::Ends(t),
        Event::Faults(p, Faults { no_buffers: true, ..Faults::default() }),
        Event::Hold(c, true),
        Event::LoseNext(c, Segment::Syn),
    ];
    for event in events {
        assert!(happen(&machine, &mut world, event).is_empty(), "{event:?}");
    }
    // Of a connection, however far, there is nothing; and no name stands for it.
    assert_eq!(*world.end(c, Direction::Up), End::default());
    assert_eq!((world.conn_owner(c), world.resolve(p, far), world.named(far)), (None, None, None));
    assert_eq!(world.resolve_event(Handle::event(EventId(9_000))), None);
    assert!(!world.free_event(EventId(9_000)));
    assert_eq!(world.accepted_slot(ConnId(u32::MAX)), SocketId(u32::MAX));
    assert_eq!(Handle::socket(SocketId(u32::MAX), 0), Handle::INVALID);
    world.put_processes(&[]);
    assert!(Parts::new(&world, t).is_empty());
    assert_eq!(world, before);
}
