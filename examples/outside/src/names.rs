//! Everything that the interface takes or gives can be named from here, with one dependency.

use std::collections::BTreeMap;
use std::rc::Rc;

use winaccept_program::call::{Backlog, Buffer, Extension, FileModes, Length, Name, Set, SockType};
use winaccept_program::museum::{self, Exhibit};
use winaccept_program::{
    Address, Behaviour, Branch, Call, Caller, Code, Completion, CompletionPort, Coverage, Data, Decision, Error, Event,
    EventErrors, Family, Fault, FaultKind, Finding, Fuzz, Handle, Hinge, How, Ip, Judge, Load, Lock, Message, Met,
    NetworkEvents, Next, Once, Opt, OptVal, Out, Outcome, Overlapped, OverlappedId, Packet, Passed, Plan, PollEvents,
    Port, Program, Queue, Retold, Routine, Schedule, Served, Socket, Stopped, Thread, Timeout, Value, Whole, Winsock,
    Woken,
};

type Done<T = ()> = Result<T, Error>;

/// The calls, each with the types of what it takes and gives.
fn calls(w: &Winsock) -> Done {
    let l: Socket = w.socket()?;
    let made: Done = w.bind(l, 0).and_then(|()| w.listen(l, 5));
    made?;
    let _: Done<Socket> = w.socket6();
    let _: Done<Address> = w.getsockname(l);
    let on: OptVal = w.getsockopt(l, Opt::ReuseAddr)?;
    assert_eq!((on.number(), on.linger()), (Some(0), None));
    let options: [(Opt, OptVal); 4] = [
        (Opt::KeepAlive, OptVal::Number(1)),
        (Opt::NoDelay, OptVal::Number(1)),
        (Opt::RcvBuf, OptVal::Number(4096)),
        (Opt::Linger, OptVal::Linger(1, 5)),
    ];
    for (opt, value) in options {
        w.setsockopt(l, opt, value)?;
        assert_eq!(w.getsockopt(l, opt)?, value);
    }
    assert_eq!(w.getsockopt(l, Opt::AcceptConn)?.number(), Some(1));
    let kept: Code = w.so_error(l)?;
    assert_eq!(kept, Code::NONE);
    let timeout: Timeout = Some(0);
    let ready: Vec<Socket> = w.select(&[l], timeout)?;
    let shown: Vec<PollEvents> = w.poll(&[(l, PollEvents::RDNORM)], timeout)?;
    assert!(ready.len() <= 1 && shown.len() == 1);
    let event: Event = w.create_event()?;
    w.event_select(l, Some(event), NetworkEvents::ACCEPT)?;
    let _: NetworkEvents = w.enum_network_events(l, Some(event))?;
    let _: Option<usize> = w.wait(&[event], timeout)?;
    let _: Woken = w.wait_alertably(&[event], timeout)?;
    w.event_select(l, None, NetworkEvents::default())?;
    w.nonblocking(l, false)?;
    requests(w, l)?;
    let queue: Queue<Socket> = w.queue();
    let lock: Lock = w.lock();
    lock.with(w, || ());
    assert_eq!(queue.try_pop(), None);
    let thread: Thread = w.spawn("ends", |_| ());
    w.join(thread);
    raw(w, l)
}

fn requests(w: &Winsock, l: Socket) -> Done {
    let port: CompletionPort = w.create_port()?;
    w.associate(l, port, 1)?;
    let s = w.socket()?;
    let over: Overlapped = w.overlapped(None)?;
    let id: OverlappedId = over.id();
    let posted: Done<u32> = w.accept_ex(l, s, 0, &over);
    assert!(matches!(posted, Ok(0) | Err(Code::ERROR_IO_PENDING)));
    let age: Option<u32> = w.connect_time(s)?;
    assert_eq!(w.getsockopt(s, Opt::ConnectTime)?.number(), Some(age.unwrap_or(u32::MAX)));
    let _: Done = w.cancel_io_ex(l, Some(&over));
    let packet: Packet = w.get_queued(port, None)?;
    assert_eq!(packet.overlapped, Some(id));
    let routine: Routine = Box::new(|_: &Winsock, _: Completion| ());
    drop(routine);
    let _: [Option<Address>; 2] = w.accept_ex_sockaddrs(l, &over, 0);
    w.closesocket(s)?;
    w.close_port(port)
}

/// Any call of the model, with what it is made of.
fn raw(w: &Winsock, l: Socket) -> Done {
    let kind: SockType = SockType::Stream;
    let Outcome { value, error, out }: Outcome = w.call(Call::Socket { family: Family::Inet, kind });
    let (Value::Handle(handle), Out::None) = (value, out) else { return Err(error) };
    let s: Handle = handle;
    let address = Address { family: Family::Inet, ip: Ip::Loopback, port: Port::Unset };
    for call in [
        Call::Bind { s, name: Name::Address(address, 16) },
        Call::Listen { s, backlog: Backlog::Number(5) },
        Call::Getsockname { s, name: Buffer::Valid, namelen: Length::Holds(16) },
        Call::Select { readfds: Set::new([l.0]), writefds: None, exceptfds: None, timeout: Some(0) },
        Call::Closesocket { s },
    ] {
        let outcome = w.call(call);
        assert_eq!(outcome.error, Code::NONE, "{call:?}");
    }
    let sent: Data = Data::new(b"hello").unwrap_or_default();
    assert!(sent.as_slice().len() <= Data::MAX);
    let _: Option<(Message, EventErrors, FileModes, Extension)> = None;
    Ok(())
}

#[test]
fn the_calls_have_the_types_that_they_say() {
    let program = |w: &Winsock| {
        calls(w).expect("nothing fails at first");
        // One of each, asked and answered.
        let l = w.listener(5).expect("a listener");
        loop {
            match w.wsa_accept(
                l,
                |caller: Caller| if caller.caller == caller.callee { Decision::Reject } else { Decision::Accept },
            ) {
                Ok(client) => {
                    let _ = w.shutdown(client, How::Send);
                    let _ = w.closesocket(client);
                }
                Err(_) => w.sleep(100),
            }
        }
    };
    let plan: Plan = Plan::plain(vec![Behaviour::Good], vec![]).under(Schedule::Walk(3));
    // It leaves its first listener alone, which is not what this is about.
    let fuzz: Fuzz = Fuzz::new(program).only(Judge::NoMisuse);
    let once: Once = fuzz.once(&plan);
    assert_eq!((&once.verdict, &once.undecided), (&None::<(Judge, String)>, &None));
    let whole: Whole = fuzz.whole(&plan);
    let retold: Retold = fuzz.retold(&plan);
    assert!(whole.allowed && retold.allowed);
    let passed: Passed = fuzz.runs(300).run().expect("nothing is wrong with it");
    let coverage: Coverage = passed.coverage;
    let met: &BTreeMap<_, Met> = &coverage["WSAAccept"];
    let next: Option<&Next> = met.values().flat_map(|met| met.next.keys()).next();
    let branch: Option<Branch> = winaccept_program::branch(met, "socket");
    assert!(next.is_some() && branch.is_none());
}

#[test]
fn what_comes_of_a_search_has_a_name() {
    let exhibit: &Exhibit = museum::find("one-reset-ends-the-loop").expect("it is there");
    let finding: Box<Finding> = exhibit.broken().run().expect_err("it is broken");
    let hinges: &[Hinge] = &finding.hinges;
    assert!(hinges.iter().all(|hinge| !hinge.choice.is_empty()));
    let fault = Fault { kind: FaultKind::NoBuffers, call: "accept".to_owned(), nth: 1 };
    assert_eq!(Plan::plain(vec![], vec![fault]).text(), "/no-buffers@accept1");
    let program: Program = Rc::new(|_: &Winsock| ());
    let stopped: Result<Served, Stopped> = Load::new(move |w| program(w)).connections(1).run();
    assert!(stopped.expect_err("it ends at once").reason.contains("ended"));
}
