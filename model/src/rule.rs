//! The rule form, and the engine that fires rules. A rule is a plain literal in a table.

use crate::call::{Call, Handle, How, NetworkEvents, ProcessId, ThreadId};
use crate::choice::{ADDR_ON_TAKING, ADDRLEN_ON_TAKING, Alt, COUNT, WAIT_MFILE_FAILS};
use crate::code::Code;
use crate::outcome::{Outcome, Value};
use crate::profile::{Profile, Tape};
use crate::small::Small;
use crate::world::{
    Conn, ConnId, Direction, Doing, End, EventId, EventObject, Process, Segment, Socket, SocketId, State, Thread,
    Touched, World,
};

/// A set of socket states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct States(u8);

impl States {
    /// Every state, also of a handle that is no socket.
    pub const ANY: States = States(u8::MAX);
    /// Every state of a socket.
    pub const SOCKET: States = States(!(1 << State::NotASocket as u8));
    /// Every state of a connection-oriented socket.
    pub const STREAM: States = States(!(1 << State::NotASocket as u8 | 1 << State::Datagram as u8));

    /// These states.
    #[must_use]
    pub const fn of(states: &[State]) -> States {
        let mut bits = 0;
        let mut i = 0;
        while i < states.len() {
            bits |= 1 << states[i] as u8;
            i += 1;
        }
        States(bits)
    }

    /// Is this state one of them?
    #[must_use]
    pub fn has(self, state: State) -> bool {
        self.0 >> state as u8 & 1 == 1
    }

    /// The states, in order.
    pub fn iter(self) -> impl Iterator<Item = State> {
        State::ALL.into_iter().filter(move |state| self.has(*state))
    }
}

/// Whether a rule reports an error before anything happens, or is what happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Reports an error and changes nothing but the last error. All checks that hold compete: the documents give no order.
    Check,
    /// A check that also takes the connection off the queue and closes it.
    CheckConsumes,
    /// What happens when no check holds; the first case that holds fires.
    Case,
}

/// What a rule gives the caller, as data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gives {
    /// The call fails with this code.
    Fails(Code),
    /// The call succeeds; zero unless the effect sets another value.
    Succeeds,
    /// The call waits.
    Blocks,
    /// The call returns this code directly (`WSAStartup`).
    Returns(Code),
    /// Nothing that a caller could see.
    Silent,
    /// The documents leave the behaviour undefined.
    Undefined,
    /// The rules of this table go on.
    Continues(Table),
}

/// A named transition of the model.
pub struct Rule {
    /// Its name: the call or happening, a dot, what it does.
    pub name: &'static str,
    /// Ids of the clauses and related rules that it implements.
    pub cites: &'static [&'static str],
    /// Check or case.
    pub kind: Kind,
    /// The states of the socket in question in which it can fire.
    pub from: States,
    /// The state of that socket afterwards; `None`: unchanged.
    pub to: Option<State>,
    /// The alternatives under which it is in force.
    pub under: &'static [Alt],
    /// What else must hold.
    pub when: fn(&At<'_>) -> bool,
    /// What the caller gets.
    pub gives: Gives,
    /// What changes.
    pub then: fn(&mut At<'_>),
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Guard of a rule that needs no more than its `from` states.
pub const ALWAYS: fn(&At<'_>) -> bool = |_| true;
/// Effect of a rule that changes nothing.
pub const NOTHING: fn(&mut At<'_>) = |_| {};

/// A table of rules: a call, the second half of one, or something that happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // named after the call or happening
#[repr(u8)]
pub enum Table {
    WSAStartup,
    WSACleanup,
    WSAGetLastError,
    Socket,
    WSASocket,
    WSADuplicateSocket,
    Bind,
    Listen,
    /// An `accept` on a listener re-enables FD_ACCEPT, whatever comes of it.
    Accept,
    /// The checks of `accept`.
    AcceptChecks,
    /// What a call of `accept`, new or blocked, finds when it looks at the queue.
    AcceptQueue,
    /// The new socket takes over the listener's options and mode.
    AcceptInherits,
    /// The new socket takes over the listener's event registration.
    AcceptSelection,
    /// The peer's address goes to the caller.
    AcceptName,
    Connect,
    ConnectAnswer,
    Shutdown,
    Closesocket,
    Send,
    Recv,
    RecvData,
    Ioctlsocket,
    Getsockname,
    Getpeername,
    Getsockopt,
    Setsockopt,
    Select,
    SelectReady,
    WSAPoll,
    WSAPollReady,
    EventObject,
    WSAWait,
    WSAWaitReady,
    WSAEventSelect,
    WSAEnumNetworkEvents,
    QueueUserAPC,
    SleepEx,
    WSACancelBlockingCall,
    /// A network event occurs at a socket.
    NetworkEvent,
    Syn,
    SynAck,
    Ack,
    Rst,
    Fin,
    Data,
    /// A retransmission timer runs out.
    Timer,
    /// The time-out of a waiting call runs out.
    Expire,
    /// A user APC is due in an alertable wait.
    Apc,
    /// A blocked call whose socket, or whose Winsock, went away.
    Cancelled,
    /// The program itself: what it prints, and its end.
    Program,
}

/// A mutant: one rule broken in one way, to see which scenario notices.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The rule.
    pub rule: &'static Rule,
    /// How it is broken.
    pub mutation: Mutation,
}

/// The ways in which the engine breaks a rule, from its declaration alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Mutation {
    /// It never fires.
    Never,
    /// It fires in every one of its `from` states, whatever its guard and alternative say.
    Always,
    /// It gives another result.
    WrongCode,
    /// It has no effect beyond its result.
    NoEffect,
    /// It ignores one of its `from` states.
    NotFrom(State),
}

/// Why a blocked call is cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Its socket was closed by another thread.
    Close,
    /// The last `WSACleanup` of its process.
    Cleanup,
    /// `WSACancelBlockingCall` from its blocking hook.
    Hook,
}

/// What a step did.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// The rules that fired, in order.
    pub fired: Vec<&'static Rule>,
    /// The calls that returned, in order.
    pub returns: Vec<(ThreadId, Outcome)>,
    /// The owners whose objects may have changed.
    pub touched: Touched,
}

impl Effects {
    /// Forgets the last step but keeps the memory.
    pub fn clear(&mut self) {
        self.fired.clear();
        self.returns.clear();
        self.touched = Touched::default();
    }
}

/// What a guard sees and an effect changes: the world, the profile, and what the event is about.
pub struct At<'a> {
    /// The world. Read freely; change it through the methods of `At`, which note what they touch.
    pub w: &'a mut World,
    pub(crate) profile: &'a Profile,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) tape: &'a mut Tape,
    pub(crate) fx: &'a mut Effects,
    /// Choices resolved in this step: alternative plus one.
    decided: [u8; COUNT],
    /// Sockets and events whose waiters must look again.
    pending: Small<Wake, 16>,
    /// Who is calling, or whose call is concerned.
    pub thread: ThreadId,
    /// The call.
    pub call: Call,
    /// The socket in question.
    pub socket: Option<SocketId>,
    /// Which of its handles the caller used.
    pub copy: usize,
    /// The connection in question.
    pub conn: Option<ConnId>,
    /// The direction of the segment in question.
    pub direction: Direction,
    /// The network event in question.
    pub network_event: NetworkEvents,
    /// The call was blocked and looks again.
    pub again: bool,
    /// The call is made from inside a blocking hook.
    pub in_hook: bool,
    /// Why a blocked call is cancelled.
    pub cause: Cause,
    /// A SYN finds the queue of pending connections as long as the backlog allows.
    pub full: bool,
    /// The value that the effect wants returned.
    pub gives: Option<Outcome>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wake {
    Socket(SocketId),
    Event(EventId),
    /// A network event occurred at a socket.
    Occurs(SocketId, NetworkEvents),
    /// A blocked call is cancelled.
    Cancel(ThreadId, Cause),
}

impl<'a> At<'a> {
    pub(crate) fn new(
        w: &'a mut World,
        profile: &'a Profile,
        mutant: Option<Mutant>,
        tape: &'a mut Tape,
        fx: &'a mut Effects,
    ) -> At<'a> {
        At {
            w,
            profile,
            mutant,
            tape,
            fx,
            decided: [0; COUNT],
            pending: Small::default(),
            thread: ThreadId(0),
            call: Call::WSAGetLastError,
            socket: None,
            copy: 0,
            conn: None,
            direction: Direction::Up,
            network_event: NetworkEvents(0),
            again: false,
            in_hook: false,
            cause: Cause::Close,
            full: false,
            gives: None,
        }
    }

    // What guards ask.

    /// State of the socket in question.
    #[must_use]
    pub fn state(&self) -> State {
        self.socket.map_or(State::NotASocket, |s| self.w.sockets[usize::from(s.0)].state)
    }

    /// The socket in question.
    ///
    /// # Panics
    /// When there is none: only rules whose `from` states are those of a socket may ask.
    #[must_use]
    pub fn sock(&self) -> &Socket {
        self.socket_at(self.socket.expect("invariant: a rule from a socket's state has a socket"))
    }

    /// Any socket.
    #[must_use]
    pub fn socket_at(&self, s: SocketId) -> &Socket {
        &self.w.sockets[usize::from(s.0)]
    }

    /// The connection in question.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn connection(&self) -> &Conn {
        let c = self.conn.expect("invariant: a rule about a connection has one");
        &self.w.conns[usize::from(c.0)]
    }

    /// The end of the connection in question that the segment in question arrives at.
    #[must_use]
    pub fn receiver(&self) -> &End {
        match self.direction {
            Direction::Up => &self.connection().server,
            Direction::Down => &self.connection().client,
        }
    }

    /// The process of the thread in question.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.w.processes[usize::from(self.process_id().0)]
    }

    /// Its id.
    #[must_use]
    pub fn process_id(&self) -> ProcessId {
        self.w.threads[usize::from(self.thread.0)].process
    }

    /// The thread in question.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.w.threads[usize::from(self.thread.0)]
    }

    /// Is the handle used in nonblocking mode?
    #[must_use]
    pub fn nonblocking(&self) -> bool {
        self.sock().holders[self.copy].is_some_and(|holder| holder.nonblocking)
    }

    /// Does the profile, or a decision already taken in this step, choose this alternative?
    pub fn chooses(&mut self, alt: Alt) -> bool {
        let point = usize::from(alt.0);
        if self.decided[point] == 0 {
            let allowed = self.profile.allowed(point);
            let pick = self.tape.pick(allowed.count_ones() as usize);
            let mut bits = allowed;
            for _ in 0..pick {
                bits &= bits - 1;
            }
            self.decided[point] = bits.trailing_zeros() as u8 + 1;
        }
        self.decided[point] == alt.1 + 1
    }

    // What effects do.

    /// The socket in question, to change.
    pub fn sock_mut(&mut self) -> &mut Socket {
        self.socket_mut(self.socket.expect("invariant: a rule from a socket's state has a socket"))
    }

    /// Any socket, to change.
    pub fn socket_mut(&mut self, s: SocketId) -> &mut Socket {
        let socket = &mut self.w.sockets[usize::from(s.0)];
        self.fx.touched.owner(socket.owner);
        socket
    }

    /// A connection, to change.
    pub fn conn_mut(&mut self, c: ConnId) -> &mut Conn {
        self.fx.touched.owner(self.w.sockets[usize::from(c.0)].owner);
        &mut self.w.conns[usize::from(c.0)]
    }

    /// The end of a connection that sends in this direction, to change.
    pub fn end_mut(&mut self, c: ConnId, direction: Direction) -> &mut End {
        let conn = self.conn_mut(c);
        match direction {
            Direction::Up => &mut conn.client,
            Direction::Down => &mut conn.server,
        }
    }

    /// A thread, to change.
    pub fn thread_mut(&mut self, t: ThreadId) -> &mut Thread {
        self.fx.touched.owner(t);
        &mut self.w.threads[usize::from(t.0)]
    }

    /// The calling process, to change.
    pub fn process_mut(&mut self) -> &mut Process {
        self.fx.touched.process();
        let process = usize::from(self.process_id().0);
        &mut self.w.processes[process]
    }

    /// An event object, to change.
    pub fn event_mut(&mut self, e: EventId) -> &mut EventObject {
        let event = &mut self.w.events[usize::from(e.0)];
        self.fx.touched.owner(event.owner);
        event
    }

    /// Sends a segment towards the other end.
    pub fn send(&mut self, c: ConnId, direction: Direction, segment: Segment) {
        self.end_mut(c, direction).flight.push(segment);
    }

    /// The call returns this.
    pub fn give(&mut self, outcome: Outcome) {
        self.gives = Some(outcome);
    }

    /// Threads that wait at this socket must look again.
    pub fn wake(&mut self, s: SocketId) {
        if !self.socket_at(s).waiters.is_empty() {
            self.pending.insert(Wake::Socket(s));
        }
    }

    /// A network event occurs at this socket.
    pub fn occurs(&mut self, s: SocketId, event: NetworkEvents) {
        if self.socket_at(s).selection.event.is_some() {
            self.pending.insert(Wake::Occurs(s, event));
        }
    }

    /// An event object becomes signalled.
    pub fn signal(&mut self, e: EventId) {
        if !self.w.events[usize::from(e.0)].open {
            // A registration keeps a closed event object alive, but nobody can see it any more.
            return;
        }
        let event = self.event_mut(e);
        event.signalled = true;
        if !event.waiters.is_empty() {
            self.pending.insert(Wake::Event(e));
        }
    }

    /// A blocked call loses its socket or its Winsock.
    pub fn cancel(&mut self, t: ThreadId, cause: Cause) {
        self.pending.insert(Wake::Cancel(t, cause));
    }

    /// The calls of these threads that wait through a handle which has just been closed lose what they wait for.
    /// `process` is the one whose handle it was; `None` for a handle that all share.
    pub fn cancel_waiters(&mut self, waiters: Small<ThreadId, 6>, handle: Handle, process: Option<ProcessId>) {
        for t in waiters.iter() {
            let thread = &self.w.threads[usize::from(t.0)];
            if let Doing::Blocked(call) | Doing::Woken(call) = thread.doing {
                if process.is_none_or(|process| thread.process == process) && names(&call).contains(handle) {
                    self.cancel(t, Cause::Close);
                }
            }
        }
    }

    /// The call in question stays blocked for good: what it waited for is gone.
    pub fn strand(&mut self) {
        self.leave(self.thread);
        self.block();
    }

    /// The call in question waits. Handles of it that name nothing now will not name what is opened under them later.
    fn block(&mut self) {
        let (thread, process) = (self.thread, self.process_id());
        self.call = self.call.map(|handle| {
            let open = self.w.resolve(process, handle).is_some() || self.w.resolve_event(handle).is_some();
            if open { handle } else { Handle::INVALID }
        });
        self.thread_mut(thread).doing = Doing::Blocked(self.call);
        self.enlist(true);
    }

    /// This thread waits for nothing any more. If it was to have a connection, others may have it.
    pub fn leave(&mut self, thread: ThreadId) {
        for s in 0..self.w.sockets.len() {
            if self.w.sockets[s].waiters.contains(thread) {
                let id = SocketId(s as u8);
                self.socket_mut(id).waiters.remove(thread);
                self.offer(id);
            }
        }
        for e in 0..self.w.events.len() {
            if self.w.events[e].waiters.contains(thread) {
                self.event_mut(EventId(e as u8)).waiters.remove(thread);
            }
        }
    }

    /// Threads that wait at this socket look again if it is a listener with connections to be accepted.
    pub fn offer(&mut self, s: SocketId) {
        if !self.socket_at(s).accept_queue.is_empty() {
            self.wake(s);
        }
    }

    /// Forgets a connection of which nothing is left: no socket, no queue, nothing in flight.
    pub fn reap(&mut self, c: ConnId) {
        let conn = &self.w.conns[usize::from(c.0)];
        let idle = |end: &End| !end.attached && end.flight.is_empty();
        if idle(&conn.client) && idle(&conn.server) && conn.listener.is_none() && *conn != Conn::default() {
            *self.conn_mut(c) = Conn::default();
        }
    }

    // The engine.

    fn mutation_of(&self, rule: &Rule) -> Option<Mutation> {
        self.mutant.filter(|mutant| std::ptr::eq(mutant.rule, rule)).map(|mutant| mutant.mutation)
    }

    fn holds(&mut self, rule: &'static Rule, state: State) -> bool {
        if !rule.from.has(state) {
            return false;
        }
        match self.mutation_of(rule) {
            Some(Mutation::Never) => return false,
            Some(Mutation::NotFrom(dropped)) if dropped == state => return false,
            Some(Mutation::Always) => return true,
            _ => {}
        }
        (rule.when)(self) && rule.under.iter().all(|&alt| self.chooses(alt))
    }

    /// Fires the rule of `table` that applies. Returns the call's outcome; `None` when it blocks, or when nobody sees one.
    pub(crate) fn apply(&mut self, table: Table) -> Option<Outcome> {
        let rules = crate::rules::of(table);
        let state = self.state();
        let mut held: Small<u8, 12> = Small::default();
        let mut case = None;
        for (index, rule) in rules.iter().enumerate() {
            if rule.kind == Kind::Case {
                if held.is_empty() && self.holds(rule, state) {
                    case = Some(rule);
                    break;
                }
            } else if self.holds(rule, state) {
                held.push(index as u8);
            }
        }
        let rule = if held.is_empty() {
            case.unwrap_or_else(|| panic!("invariant: every call is defined in every world: {table:?} from {state:?}"))
        } else {
            let first = held.iter().map(|i| self.profile.rank(rules[usize::from(i)].name)).min();
            let ranked = |i: &u8| Some(self.profile.rank(rules[usize::from(*i)].name)) == first;
            let tied: Small<u8, 12> = held.iter().filter(ranked).fold(Small::default(), |mut all, i| {
                all.push(i);
                all
            });
            let pick = self.tape.pick(tied.len());
            &rules[usize::from(tied.iter().nth(pick).expect("invariant: a pick is below the size it was asked for"))]
        };
        self.fire(rule)
    }

    fn fire(&mut self, rule: &'static Rule) -> Option<Outcome> {
        self.fx.fired.push(rule);
        let mutation = self.mutation_of(rule);
        let before = self.state();
        if mutation != Some(Mutation::NoEffect) {
            (rule.then)(self);
        }
        debug_assert!(
            mutation.is_some() || self.state() == rule.to.unwrap_or(before),
            "{}: declared to go to {:?}, went from {before:?} to {:?}",
            rule.name,
            rule.to,
            self.state()
        );
        let gives = if mutation == Some(Mutation::WrongCode) { wrong(rule.gives) } else { rule.gives };
        match gives {
            Gives::Fails(code) => {
                self.thread_mut(self.thread).last_error = code;
                Some(failure(&self.call, code))
            }
            Gives::Succeeds => {
                let outcome = self.gives.take().unwrap_or(Outcome::number(0));
                if self.thread().last_error != Code::NONE
                    && !matches!(self.call, Call::WSAGetLastError | Call::WSASetLastError { .. })
                    && self.chooses(crate::choice::SUCCESS_CLEARS)
                {
                    self.thread_mut(self.thread).last_error = Code::NONE;
                }
                Some(outcome)
            }
            Gives::Returns(code) => Some(Outcome::number(i64::from(code.0))),
            Gives::Undefined => {
                self.thread_mut(self.thread).doing = Doing::Undefined;
                self.leave(self.thread);
                Some(Outcome { value: Value::Undefined, error: Code::NONE, out: crate::outcome::Out::None })
            }
            Gives::Blocks => {
                self.block();
                None
            }
            Gives::Silent => None,
            Gives::Continues(table) => self.apply(table),
        }
    }

    /// Adds or removes the waiter records of the calling thread's blocked call.
    pub(crate) fn enlist(&mut self, add: bool) {
        let (thread, process) = (self.thread, self.process_id());
        let mut objects: Small<Wake, 12> = Small::default();
        let mut socket = |handle: Handle| {
            if let Some((s, _)) = self.w.resolve(process, handle) {
                objects.insert(Wake::Socket(s));
            }
        };
        match self.call {
            Call::Accept { s, .. } | Call::Connect { s, .. } | Call::Recv { s, .. } => socket(s),
            Call::Select { readfds, writefds, exceptfds, .. } => {
                for set in [readfds, writefds, exceptfds].into_iter().flatten() {
                    set.iter().for_each(&mut socket);
                }
            }
            Call::WSAPoll { fds, .. } => fds.iter().for_each(|(s, _)| socket(s)),
            Call::WSAWaitForMultipleEvents { events, .. } => {
                for e in events.iter().filter_map(|handle| self.w.resolve_event(handle)) {
                    objects.insert(Wake::Event(e));
                }
            }
            _ => {}
        }
        for object in objects.iter() {
            let waiters = match object {
                Wake::Socket(s) => &mut self.socket_mut(s).waiters,
                Wake::Event(e) => &mut self.event_mut(e).waiters,
                _ => continue,
            };
            if add {
                waiters.insert(thread);
            } else {
                waiters.remove(thread);
            }
        }
    }

    /// Ends the blocked call of the thread in question with this outcome.
    pub(crate) fn resume(&mut self, outcome: Outcome) {
        let thread = self.thread;
        self.leave(thread);
        if outcome.value != Value::Undefined {
            self.thread_mut(thread).doing = Doing::Running;
        }
        self.fx.returns.push((thread, outcome));
    }

    /// Makes this the step of a blocked call that looks again.
    pub(crate) fn look_again(&mut self, thread: ThreadId, call: Call) {
        self.focus(thread, call);
        self.again = true;
        // A call that waits has passed what is checked on entry, so whatever is wrong is found on taking.
        for alt in [ADDRLEN_ON_TAKING, ADDR_ON_TAKING] {
            if self.profile.allowed(usize::from(alt.0)) >> alt.1 & 1 == 1 {
                self.decided[usize::from(alt.0)] = alt.1 + 1;
            }
        }
        let outcome = match call {
            Call::Accept { .. } => self.apply(Table::AcceptQueue),
            Call::Connect { .. } => self.apply(Table::ConnectAnswer),
            Call::Recv { .. } => self.apply(Table::RecvData),
            Call::Select { .. } => self.apply(Table::SelectReady),
            Call::WSAPoll { .. } => self.apply(Table::WSAPollReady),
            Call::WSAWaitForMultipleEvents { .. } => self.apply(Table::WSAWaitReady),
            _ => None,
        };
        if let Some(outcome) = outcome {
            self.resume(outcome);
        }
    }

    /// Points this step at a thread and its call.
    pub(crate) fn focus(&mut self, thread: ThreadId, call: Call) {
        self.thread = thread;
        self.call = call;
        self.gives = None;
        let process = self.process_id();
        let resolved = subject(&call).and_then(|handle| self.w.resolve(process, handle));
        self.socket = resolved.map(|(socket, _)| socket);
        self.copy = resolved.map_or(0, |(_, copy)| copy);
        self.conn = self.socket.and_then(|s| self.socket_at(s).conn);
    }

    /// Lets everybody look again who was woken, until nobody is left.
    pub(crate) fn settle(&mut self) {
        while let Some(wake) = self.pending.pop_first() {
            match wake {
                Wake::Socket(s) => {
                    for thread in copy_of(&self.socket_at(s).waiters).iter() {
                        self.woken(thread);
                    }
                }
                Wake::Event(e) => {
                    for thread in copy_of(&self.w.events[usize::from(e.0)].waiters).iter() {
                        self.woken(thread);
                    }
                }
                Wake::Occurs(s, event) => {
                    self.socket = Some(s);
                    self.network_event = event;
                    self.apply(Table::NetworkEvent);
                }
                Wake::Cancel(thread, cause) => {
                    if let Doing::Blocked(call) | Doing::Woken(call) = self.w.threads[usize::from(thread.0)].doing {
                        self.focus(thread, call);
                        self.cause = cause;
                        if let Some(outcome) = self.apply(Table::Cancelled) {
                            self.resume(outcome);
                        }
                    }
                }
            }
        }
    }

    fn woken(&mut self, thread: ThreadId) {
        let Doing::Blocked(call) = self.w.threads[usize::from(thread.0)].doing else { return };
        if matches!(call, Call::Accept { .. }) && self.chooses(crate::choice::WOKEN) {
            let process = usize::from(self.w.threads[usize::from(thread.0)].process.0);
            if self.w.processes[process].faults.no_descriptors && !self.chooses(WAIT_MFILE_FAILS) {
                // It could not take the connection: somebody else may.
                return;
            }
            let listener =
                subject(&call).and_then(|h| self.w.resolve(self.w.threads[usize::from(thread.0)].process, h));
            let queued = listener.map_or(0, |(s, _)| self.socket_at(s).accept_queue.len());
            let awake = listener.map_or(0, |(s, _)| {
                let is_awake = |t: &ThreadId| matches!(self.w.threads[usize::from(t.0)].doing, Doing::Woken(_));
                self.socket_at(s).waiters.iter().filter(is_awake).count()
            });
            // One thread is woken per connection that waits, no more.
            if awake < queued {
                self.thread_mut(thread).doing = Doing::Woken(call);
            }
        } else {
            self.look_again(thread, call);
        }
    }
}

fn copy_of<T: Copy + PartialEq, const N: usize>(waiters: &Small<T, N>) -> Small<T, N> {
    *waiters
}

/// The handle of the socket that a call is about.
pub(crate) fn subject(call: &Call) -> Option<Handle> {
    match *call {
        Call::WSASocketFromInfo { s }
        | Call::WSADuplicateSocket { s, .. }
        | Call::Bind { s, .. }
        | Call::Listen { s, .. }
        | Call::Accept { s, .. }
        | Call::Connect { s, .. }
        | Call::Shutdown { s, .. }
        | Call::Closesocket { s }
        | Call::Send { s, .. }
        | Call::Recv { s, .. }
        | Call::Ioctlsocket { s, .. }
        | Call::Getsockname { s, .. }
        | Call::Getpeername { s, .. }
        | Call::Getsockopt { s, .. }
        | Call::Setsockopt { s, .. }
        | Call::WSAEventSelect { s, .. }
        | Call::WSAEnumNetworkEvents { s, .. } => Some(s),
        _ => None,
    }
}

/// Every handle that a call names.
pub(crate) fn names(call: &Call) -> Small<Handle, 12> {
    let mut all = Small::default();
    call.map(|handle| all.insert(handle));
    all
}

/// What a failing call returns.
fn failure(call: &Call, code: Code) -> Outcome {
    let value = match call {
        Call::Accept { .. } | Call::Socket { .. } | Call::WSASocket { .. } | Call::WSASocketFromInfo { .. } => {
            Value::InvalidSocket
        }
        Call::WSACreateEvent => Value::InvalidEvent,
        Call::WSAWaitForMultipleEvents { .. } => Value::WaitFailed,
        Call::WSACloseEvent { .. }
        | Call::WSASetEvent { .. }
        | Call::WSAResetEvent { .. }
        | Call::QueueUserAPC { .. } => Value::Number(0),
        _ => Value::SocketError,
    };
    Outcome { value, error: code, out: crate::outcome::Out::None }
}

/// Another result than the declared one, for the mutant of that name.
fn wrong(gives: Gives) -> Gives {
    match gives {
        Gives::Fails(Code::WSAEFAULT) => Gives::Fails(Code::WSAEINVAL),
        Gives::Fails(_) | Gives::Blocks => Gives::Fails(Code::WSAEFAULT),
        Gives::Succeeds | Gives::Undefined => Gives::Fails(Code::WSASYSCALLFAILURE),
        Gives::Returns(_) => Gives::Returns(Code::WSASYSCALLFAILURE),
        Gives::Silent => Gives::Silent,
        Gives::Continues(_) => Gives::Fails(Code::WSASYSCALLFAILURE),
    }
}

/// `how` includes sending.
pub(crate) fn sends(how: How) -> bool {
    how != How::Receive
}
