//! An overlapped accept and an accept with a condition function, for tests alone: they show that operations and frames carry
//! what no call does yet. No scenario can reach them.

mod scope;
mod stories;

use crate::at::At;
use crate::call::{
    Buffer, Call, Condition, Family, Handle, Length, Name, ProcessId, Routine, SockType, ThreadId, Version,
};
use crate::choice::{COUNT, HANDED};
use crate::code::Code;
use crate::frame::IO_COMPLETION;
use crate::id::{ConnId, EventId, OverId, PortId};
use crate::invariant::broken_invariant;
use crate::operation::{
    Association, CompletionPort, Ended, Frame, OpId, Operation, Overlapped, Packet, Phase, Tells, Wants,
};
use crate::outcome::{Out, Outcome, Value};
use crate::profile::{Profile, Tape};
use crate::rule::Effects;
use crate::rules::BY_CODE;
use crate::status::Status;
use crate::step::{Event, Machine, pending};
use crate::world::{Process, Room, State, World};

/// What a thread can begin in a trial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Start {
    /// `AcceptEx`: a connection of this listener into this socket, with its first bytes.
    AcceptEx { listen: Handle, accept: Handle, receive: u32, tells: Tells },
    /// `WSAAccept` with a condition function.
    Decide { listen: Handle },
    /// `CancelIoEx` of the operation with this OVERLAPPED.
    Cancel { s: Handle, over: OverId },
    /// `CreateIoCompletionPort`: completions of this socket go to this port.
    Associate { s: Handle, port: PortId, key: u32 },
    /// An alertable wait for nothing, which leaves what is due to [`Start::RunApc`].
    Sleep,
    /// The first APC of the thread begins to run, as code that calls.
    RunApc,
}

/// `FALSE` with this code.
fn refused(code: Code) -> Outcome {
    Outcome { value: Value::Number(0), error: code, out: Out::None }
}

impl At<'_> {
    fn start(&mut self, thread: ThreadId, start: Start) {
        self.turns_to_call(thread, None);
        let outcome = match start {
            Start::AcceptEx { listen, accept, receive, tells } => self.tries(listen, accept, receive, tells),
            Start::Decide { listen } => return self.waits_for(decides(listen), Wants::Decision),
            Start::Sleep => {
                return self.waits_for(Call::SleepEx { timeout: None, alertable: true }, Wants::Signal);
            }
            Start::Cancel { s, over } => self.cancels(s, over),
            Start::Associate { s, port, key } => {
                if let Some(s) = self.resolve_socket(s) {
                    self.extra_mut(s).port = Some(Association { port, key });
                }
                Outcome::number(1)
            }
            Start::RunApc => {
                let alertable = |op: OpId| self.op_at(op).call.alertable();
                let Some(op) = self.waits(thread).filter(|op| alertable(*op)) else { return };
                if !self.op_at(op).call.lets_apcs_run() {
                    return self.apc_runs(thread);
                }
                self.turns_to_op(Some(op));
                self.gives = Some(IO_COMPLETION);
                return self.calls_routine();
            }
        };
        if outcome.error != Code::NONE {
            self.thread_mut(thread).last_error = outcome.error;
        }
        self.fx.returns.push((thread, outcome));
    }

    /// The call returns before anything that its operation tells (windows-facts WT-AEX-020, -021).
    fn tries(&mut self, listen: Handle, into: Handle, receive: u32, tells: Tells) -> Outcome {
        let (Some(listener), Some(socket)) = (self.resolve_socket(listen), self.resolve_socket(into)) else {
            return refused(Code::WSAENOTSOCK);
        };
        let free = self.socket_at(socket).state == State::Unbound && self.socket_at(socket).extra().claimed.is_none();
        if self.socket_at(listener).state != State::Listening || !free {
            return refused(Code::WSAEINVAL);
        }
        if let Some(over) = tells.over {
            self.over_put(over, Overlapped { status: Status::PENDING, ..Overlapped::default() });
        }
        if let Some(event) = tells.event {
            self.event_mut(event).signalled = false;
        }
        let call = Call::AcceptEx {
            listen,
            accept: into,
            buffer: Buffer::Valid,
            receive,
            local: 32,
            remote: 32,
            bytes: true,
            overlapped: tells.over.map(Handle::overlapped),
        };
        let op = self
            .starts(self.thread, &call, Wants::ConnectionInto { socket, receive }, tells, Some(listener))
            .expect("there is room");
        self.enlist(op);
        self.extra_mut(socket).claimed = Some(op);
        self.offer(listener);
        refused(Code::ERROR_IO_PENDING)
    }

    fn waits_for(&mut self, call: Call, wants: Wants) {
        let about = call.subject().and_then(|handle| self.resolve_socket(handle));
        let about =
            about.filter(|_| !matches!(wants, Wants::Readable | Wants::Signal | Wants::Packet | Wants::Completion));
        let op = self.starts(self.thread, &call, wants, Tells::RETURNS, about).expect("there is room");
        self.thread_mut(self.thread).frames.push(Frame::Waits(op));
        self.enlist(op);
        if let Some(listener) = self.op_at(op).about {
            self.offer(listener);
        }
    }

    fn cancels(&mut self, s: Handle, over: OverId) -> Outcome {
        let is_it = |op: &OpId| self.op_at(*op).tells.over == Some(over);
        let found = self.resolve_socket(s).and_then(|s| {
            let socket = self.socket_at(s);
            socket.waiting().iter().chain(socket.holding().iter()).find(is_it)
        });
        let Some(op) = found else { return refused(Code::ERROR_NOT_FOUND) };
        self.ends(op, Status::CANCELLED);
        Outcome::number(1)
    }
}

fn decides(s: Handle) -> Call {
    let (addr, addrlen) = (Buffer::Null, Length::Null);
    Call::WSAAccept { s, addr, addrlen, condition: Condition::Function, callback_data: 7 }
}

fn accept(s: Handle) -> Call {
    Call::Accept { s, addr: Buffer::Null, addrlen: Length::Null }
}

/// What is done in a trial: an event of the model, or something that no call does yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deed {
    Event(Event),
    Start(ThreadId, Start),
}

/// A world to try in, under one alternative of every choice point.
struct Trial {
    machine: Machine,
    w: World,
    fx: Effects,
}

impl Trial {
    /// So many threads in these processes, each with some room.
    fn new(processes: &[u32], room: Room) -> Trial {
        let mut profile = Profile::widest("trial");
        for point in 0..COUNT {
            profile.only(crate::choice::Alt(point as u8, 0));
        }
        profile.only(HANDED);
        let process = Process { startups: 1, version: Version { major: 2, minor: 2 }, ..Process::default() };
        let count = processes.iter().max().map_or(0, |last| *last as usize + 1);
        let rooms: Vec<Room> = processes.iter().map(|p| Room { process: ProcessId(*p), ..room }).collect();
        let mut w = World::new(&vec![process; count], &rooms);
        for port in 0..rooms.iter().map(|room| room.ports as usize).sum() {
            w.ports.put(port, Some(CompletionPort::default()));
        }
        Trial { machine: Machine::new(profile), w, fx: Effects::default() }
    }

    /// Does something, in the one way that there is, and holds the world against every invariant.
    fn does(&mut self, deed: Deed) -> Vec<(ThreadId, Outcome)> {
        let mut tape = Tape::default();
        match deed {
            Deed::Event(event) => self.machine.step(&mut self.w, event, &mut tape, &mut self.fx),
            Deed::Start(thread, start) => {
                self.fx.clear();
                let machine = &self.machine;
                let mut at = At::new(&mut self.w, machine, &BY_CODE, &mut tape, &mut self.fx);
                at.start(thread, start);
                at.settle();
                at.finish();
            }
        }
        assert!(tape.picks().is_empty(), "a trial leaves nothing open: {deed:?}");
        assert_eq!(broken_invariant(&self.w), None, "after {deed:?}");
        assert_eq!(self.w.kept_twice_agrees(), Ok(()), "after {deed:?}");
        self.fx.returns.clone()
    }

    fn call(&mut self, thread: u32, call: Call) -> Vec<(ThreadId, Outcome)> {
        self.does(Deed::Event(Event::Call(ThreadId(thread), call)))
    }

    fn start(&mut self, thread: u32, start: Start) -> Vec<(ThreadId, Outcome)> {
        self.does(Deed::Start(ThreadId(thread), start))
    }

    /// The handle that a call gives.
    fn made(&mut self, thread: u32, call: Call) -> Handle {
        match self.call(thread, call)[..] {
            [(_, Outcome { value: Value::Handle(handle), .. })] => handle,
            ref other => panic!("no handle: {other:?}"),
        }
    }

    fn socket(&mut self, thread: u32) -> Handle {
        self.made(thread, Call::Socket { family: Family::Inet, kind: SockType::Stream })
    }

    fn listener(&mut self, thread: u32) -> Handle {
        let s = self.socket(thread);
        let any =
            crate::call::Address { family: Family::Inet, ip: crate::call::Ip::Any, port: crate::call::Port::Fixed(80) };
        self.call(thread, Call::Bind { s, name: Name::Address(any, 16) });
        self.call(thread, Call::Listen { s, backlog: crate::call::Backlog::Number(4) });
        s
    }

    /// A client of this thread connects without waiting, and everything in flight arrives. Who returned meanwhile?
    fn client(&mut self, thread: u32, to: Handle) -> (Handle, Vec<(ThreadId, Outcome)>) {
        let s = self.socket(thread);
        self.call(thread, Call::Ioctlsocket { s, argp: Some(1) });
        self.call(thread, Call::Connect { s, name: Name::Of(to) });
        (s, self.delivers())
    }

    fn delivers(&mut self) -> Vec<(ThreadId, Outcome)> {
        let (mut events, mut returned) = (Vec::new(), Vec::new());
        loop {
            events.clear();
            pending(&self.w, &mut events);
            let Some(event) = events.iter().find(|event| matches!(event, Event::Deliver(..))) else { return returned };
            returned.extend(self.does(Deed::Event(*event)));
        }
    }

    fn over(&self, over: u32) -> (Status, u32) {
        self.w.overs.get(over as usize).map_or((Status::SUCCESS, 0), |over| (over.status, over.bytes))
    }

    fn state(&self, s: Handle) -> State {
        s.slot().map_or(State::NotASocket, |s| self.w.sockets[s.index()].state)
    }

    fn packets(&self, port: usize) -> Vec<Packet> {
        self.w.ports.get(port).map_or(Vec::new(), |port| port.packets.iter().collect())
    }
}

/// An operation tells an OVERLAPPED and the port of its listener.
fn over(over: u32) -> Tells {
    Tells { over: Some(OverId(over)), port: true, ..Tells::default() }
}
