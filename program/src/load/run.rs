//! The scheduler of a load run: threads of the program go on until each of them waits; then the next segment arrives, or the next
//! time-out is over.

use std::collections::VecDeque;

use winaccept_model::call::{Call, Family, Handle, Opt, OptVal, ThreadId, Timeout, Version};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome};
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine, is_undefined, woken};
use winaccept_model::world::State::Listening;
use winaccept_model::world::{ConnId, Direction, Process, Room, World};

use super::client::{At, Client};
use super::wheel::Wheel;
use super::{Load, Served, Stopped};
use crate::crew::{Common, Went};
use crate::draw::mixed;
use crate::engine::{CLIENTS, PROGRAM};
use crate::interface::{self, Suspended};
use crate::overlapped::Awaited;
use crate::requests::{Overs, buffer, has_come, has_packet, in_flight};
use crate::winsock::{Asks, Body, Reply, Request, Told};

/// So many calls the program makes between two things that happen, at most: a loop that only calls would go on for ever.
const CALLS: u32 = 1_000_000;
/// So many connections a client may have that the program has not closed yet, or whose last segments are under way.
const CLOSING: u32 = 64;
/// No thread.
const NOBODY: usize = usize::MAX;
/// A SYN that was lost, or turned down, is sent again after so many microseconds.
const AGAIN: u64 = 500_000;

/// What is to come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Due {
    /// The next segment of a connection in one direction arrives.
    Up(ConnId),
    Down(ConnId),
    /// A client begins its next connection.
    Client(u32),
    /// The wait of a thread of the program, by its number, is over, if it is still the same.
    Deadline(u32, u32),
    /// A retransmission timer runs out.
    Timer(ConnId),
}

/// What a thread of the program is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Ready,
    InCall,
    Parked(u32),
    Joins(usize),
    AwaitsStop,
    Awaits(Awaited),
    Over,
}

/// A thread of the program.
struct Running {
    coroutine: Option<Suspended>,
    world: ThreadId,
    state: State,
    /// What it is told when it goes on, and if that is an outcome, which.
    told: Told,
    outcome: Outcome,
    /// The next that is ready.
    next: usize,
    /// Which of its waits it is in.
    wait: u32,
    name: &'static str,
}

/// Of a connection, how many of its segments are due in each direction, and since when it is there, in milliseconds.
#[derive(Clone, Copy, Default)]
pub(super) struct Slot {
    up: u8,
    down: u8,
    timer: bool,
    pub(super) since: u32,
}

/// A load run under way.
pub(super) struct Run<'l> {
    pub(super) load: &'l Load,
    machine: Machine,
    pub(super) world: World,
    fx: Effects,
    pub(super) wheel: Wheel<Due>,
    /// The last number that was drawn, before it was mixed.
    drawn: u64,
    run: u64,
    common: Common,
    threads: Vec<Running>,
    /// The first and the last that are ready.
    ready: (usize, usize),
    /// Threads that wait for what no call of the model waits for.
    waiting: Vec<usize>,
    /// By thread of the world, the thread of the program that it is.
    at: Vec<usize>,
    /// Threads of the world that nobody is.
    spare: Vec<usize>,
    pub(super) threads_most: usize,
    overs: Overs,
    pub(super) clients: Vec<Client>,
    pub(super) slots: Vec<Slot>,
    pub(super) listeners: Vec<Handle>,
    /// How many connections have begun, but for idle ones, and how many clients have no more to make.
    pub(super) begun: u64,
    /// How many of those that stay are still to be opened.
    pub(super) idle_left: u64,
    pub(super) clients_over: usize,
    /// What `connect` gave clients that have not gone on yet.
    heard: VecDeque<(usize, Code)>,
    /// What the last call gave that did not wait.
    pub(super) gave: Outcome,
    /// Calls and turns since something happened.
    calls: u32,
    pub(super) so_far: Served,
    stopped: Option<String>,
}

/// Runs it.
pub(super) fn run(load: &Load) -> Result<Served, Stopped> {
    let nothing = |reason: String| Stopped { reason, so_far: Served::default() };
    let mut run = Run::new(load).map_err(nothing)?;
    run.goes();
    run.so_far.microseconds = run.wheel.now();
    let so_far = std::mem::take(&mut run.so_far);
    match run.stopped.take() {
        None => Ok(so_far),
        Some(reason) => Err(Stopped { reason, so_far }),
    }
}

/// A segment comes after a time that is drawn.
#[inline(never)]
fn comes(wheel: &mut Wheel<Due>, drawn: &mut u64, (least, most): (u32, u32), due: Due) {
    *drawn = drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let after = u64::from(least) + (((mixed(*drawn) >> 32) * (u64::from(most - least) + 1)) >> 32);
    wheel.put(after, due);
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        interface::goes(None);
        for coroutine in self.threads.iter_mut().filter_map(|thread| thread.coroutine.take()) {
            coroutine.ends_left(self.load.subject.leaves);
        }
    }
}

impl<'l> Run<'l> {
    fn new(load: &'l Load) -> Result<Run<'l>, String> {
        let clients = load.clients;
        let idle = |client: usize| {
            let (each, more) = (load.idle / clients as u64, load.idle % clients as u64);
            u32::try_from(each + u64::from((client as u64) < more)).unwrap_or(u32::MAX)
        };
        let of_program = Room { watches: 64, overs: 64, operations: 66, ports: 2, ..Room::new(PROGRAM, 64, 64) };
        let of_client = |client| Room::new(CLIENTS, idle(client).saturating_add(CLOSING), 0);
        let rooms: Vec<Room> =
            std::iter::repeat_n(of_program, load.threads).chain((0..clients).map(of_client)).collect();
        let started = Process { startups: 1, version: Version { major: 2, minor: 2 }, ..Process::default() };
        let world = World::try_new(&[started.clone(), started], &rooms);
        let world = world.map_err(|limit| format!("there is no room for that many: {limit}"))?;
        let client = |client| Client {
            at: At::Begins,
            socket: Handle::INVALID,
            idle: idle(client),
            made: 0,
            received: 0,
            since: 0,
        };
        let mut run = Run {
            load,
            machine: load.machine(),
            fx: Effects::outcomes_alone(),
            wheel: Wheel::new(),
            drawn: mixed(load.seed),
            run: interface::new_run(),
            common: Common::default(),
            threads: Vec::new(),
            ready: (NOBODY, NOBODY),
            waiting: Vec::new(),
            at: vec![NOBODY; load.threads],
            spare: (0..load.threads).rev().collect(),
            threads_most: load.threads,
            overs: Overs::default(),
            clients: (0..clients).map(client).collect(),
            slots: vec![Slot::default(); world.conns().len()],
            listeners: Vec::new(),
            begun: 0,
            idle_left: load.idle,
            clients_over: 0,
            heard: VecDeque::new(),
            gave: Outcome::number(0),
            calls: 0,
            so_far: Served::default(),
            stopped: None,
            world: world.without_moving(),
        };
        let body = std::rc::Rc::clone(&load.subject.program);
        run.spawn("main", Box::new(move |w| body(w)));
        Ok(run)
    }

    /// Nothing more is to be said of it than this.
    #[cold]
    pub(super) fn stops(&mut self, reason: String) {
        self.stopped.get_or_insert(reason);
    }

    fn goes(&mut self) {
        let mut come = false;
        while self.stopped.is_none() && self.clients_over < self.clients.len() {
            if let Some((client, error)) = self.heard.pop_front() {
                self.connected(client, error);
                continue;
            }
            if self.ready.0 != NOBODY {
                self.thread_goes(self.ready.0);
                continue;
            }
            if !self.waiting.is_empty() && self.looks_who_waits() {
                continue;
            }
            // Clients come as soon as there is somebody to come to.
            if !come && !self.listeners.is_empty() {
                come = true;
                (0..self.clients.len()).for_each(|client| self.wheel.put(0, Due::Client(client as u32)));
            }
            self.calls = 0;
            match self.wheel.next() {
                Some(due) => self.happens(due),
                None => self.nothing_happens(),
            }
        }
    }

    /// Nobody can go on, and nothing is to come.
    #[cold]
    fn nothing_happens(&mut self) {
        let ended = self.threads[0].state == State::Over;
        let waits = self.clients.iter().filter(|client| matches!(client.at, At::Connects | At::Awaits)).count();
        self.stops(match waits {
            _ if ended => "the program has ended".to_owned(),
            0 => "the program waits, and has no listener".to_owned(),
            _ => format!("the program waits, and {waits} clients wait for it"),
        });
    }

    fn happens(&mut self, due: Due) {
        match due {
            Due::Up(conn) => {
                self.slots[conn.index()].up -= 1;
                self.arrives(conn, Direction::Up);
            }
            Due::Down(conn) => {
                self.slots[conn.index()].down -= 1;
                self.arrives(conn, Direction::Down);
                if let Some(client) = self.client_of(conn) {
                    self.hears(client, conn);
                }
            }
            Due::Client(client) => self.begins(client as usize),
            Due::Deadline(thread, wait) => self.is_late(thread as usize, wait),
            Due::Timer(conn) => {
                self.slots[conn.index()].timer = false;
                self.step(Event::Timer(conn));
                self.tells(None);
            }
        }
    }

    fn arrives(&mut self, conn: ConnId, direction: Direction) {
        self.so_far.segments += 1;
        self.step(Event::Deliver(conn, direction));
        self.tells(None);
    }

    /// The time-out of a wait is over.
    fn is_late(&mut self, index: usize, wait: u32) {
        let thread = &mut self.threads[index];
        if thread.wait != wait {
            return;
        }
        match thread.state {
            State::InCall => {
                if let Some((op, _)) = self.world.waits(thread.world) {
                    self.step(Event::Expire(op));
                    self.tells(None);
                }
            }
            State::Awaits(_) => {
                thread.told = Told::TimedOut;
                self.waiting.retain(|waiting| *waiting != index);
                self.is_ready(index);
            }
            _ => {}
        }
    }

    #[inline]
    fn is_ready(&mut self, index: usize) {
        let thread = &mut self.threads[index];
        thread.state = State::Ready;
        thread.wait = thread.wait.wrapping_add(1);
        thread.next = NOBODY;
        let (first, last) = self.ready;
        if let Some(last) = self.threads.get_mut(last) {
            last.next = index;
            self.ready = (first, index);
        } else {
            self.ready = (index, index);
        }
    }

    /// One step of the world; what was sent in it is due when its time comes.
    #[inline]
    pub(super) fn step(&mut self, event: Event) {
        self.machine.step(&mut self.world, event, &mut Tape::default(), &mut self.fx);
        self.schedules();
        if let Some(limit) = self.fx.limit {
            self.stops(limit.to_string());
        }
    }

    /// What is in flight, of the connections that this step has changed, and is not due yet.
    #[inline]
    fn schedules(&mut self) {
        let Run { fx, world, slots, wheel, drawn, load, .. } = self;
        for conn in fx.conns() {
            let (connection, slot) = (&world.conns()[conn.index()], &mut slots[conn.index()]);
            while connection.client.flight.is_longer_than(slot.up) {
                slot.up += 1;
                comes(wheel, drawn, load.latency, Due::Up(conn));
            }
            while connection.server.flight.is_longer_than(slot.down) {
                slot.down += 1;
                comes(wheel, drawn, load.latency, Due::Down(conn));
            }
            if connection.timer && !slot.timer {
                slot.timer = true;
                wheel.put(AGAIN, Due::Timer(conn));
            }
        }
    }

    /// What calls gave in the last step, and in those that follow at once, is told to who made them; but what this thread was given, who
    /// has just called, stands in [`Run::gave`]; false where it waits.
    #[inline]
    pub(super) fn tells(&mut self, own: Option<ThreadId>) -> bool {
        if let [(thread, outcome)] = &self.fx.returns[..]
            && own == Some(*thread)
        {
            self.gave = *outcome;
            if woken(&self.world).is_none() {
                return true;
            }
        } else if self.fx.returns.is_empty() && woken(&self.world).is_none() {
            return false;
        }
        self.tells_all(own)
    }

    #[inline(never)]
    fn tells_all(&mut self, own: Option<ThreadId>) -> bool {
        let mut gave = false;
        loop {
            for at in 0..self.fx.returns.len() {
                let (thread, outcome) = self.fx.returns[at];
                if own == Some(thread) && !gave {
                    (gave, self.gave) = (true, outcome);
                } else if let Some(client) = thread.index().checked_sub(self.threads_most) {
                    // What it does then are steps of their own.
                    self.heard.push_back((client, outcome.error));
                } else {
                    self.tell(thread, &outcome);
                }
            }
            let Some(event) = woken(&self.world) else { return gave };
            self.step(event);
        }
    }

    /// A call of the program that had waited has returned.
    fn tell(&mut self, thread: ThreadId, outcome: &Outcome) {
        let index = self.at[thread.index()];
        if self.threads.get(index).is_some_and(|thread| thread.state == State::InCall) {
            if is_undefined(outcome) {
                self.says_nothing();
            }
            let thread = &mut self.threads[index];
            (thread.told, thread.outcome) = (Told::Outcome, *outcome);
            self.is_ready(index);
        }
    }

    #[cold]
    fn says_nothing(&mut self) {
        self.stops("what a call of the program does there is undefined, or not in the model".to_owned());
    }

    /// Somebody makes a call, and what it gave stands in [`Run::gave`]; false where it waits.
    #[inline]
    pub(super) fn calls(&mut self, thread: ThreadId, call: Call) -> bool {
        self.step(Event::Call(thread, call));
        self.tells(Some(thread))
    }

    fn spawn(&mut self, name: &'static str, body: Body) -> usize {
        let Some(world) = self.spare.pop() else {
            self.stops(format!("the program has more than {} threads at a time", self.threads_most));
            return NOBODY;
        };
        let coroutine = Suspended::begins(body, &self.common);
        if coroutine.is_none() {
            self.stops("the system has no memory for another thread's stack".to_owned());
        }
        let index = self.threads.len();
        self.at[world] = index;
        let world = ThreadId::new(world);
        let (told, outcome) = (Told::Go, Outcome::number(0));
        self.threads.push(Running {
            coroutine,
            world,
            state: State::Ready,
            told,
            outcome,
            next: NOBODY,
            wait: 0,
            name,
        });
        self.is_ready(index);
        index
    }

    /// The first that is ready goes on until it waits. A call that does not wait gives it no pause.
    #[inline]
    fn thread_goes(&mut self, index: usize) {
        let thread = &mut self.threads[index];
        self.ready = if thread.next == NOBODY { (NOBODY, NOBODY) } else { (thread.next, self.ready.1) };
        let (world, mut told) = (thread.world, std::mem::replace(&mut thread.told, Told::Go));
        if told == Told::Outcome {
            self.common.exchange.outcome.set(thread.outcome);
        }
        interface::goes(Some((self.run, index)));
        loop {
            let Some(coroutine) = self.threads[index].coroutine.as_mut() else { return };
            self.so_far.turns += 1;
            self.calls += 1;
            let asks = match coroutine.goes(told) {
                Went::Asks(asks) => asks,
                Went::Ended => return self.ends(index),
                Went::Panicked(said) => {
                    return self.stops(format!("thread {} panics: {said}", self.threads[index].name));
                }
            };
            if self.calls > CALLS {
                return self.spins(index);
            }
            let answer = match asks {
                Asks::Call => self.program_calls(index, world),
                Asks::Turn => return self.is_ready(index),
                Asks::Other => self.asked(index, world),
            };
            match answer {
                Some(answer) if self.stopped.is_none() => told = answer,
                _ => return,
            }
        }
    }

    #[cold]
    fn spins(&mut self, index: usize) {
        let name = self.threads[index].name;
        self.stops(format!("thread {name} goes on and on without a wait, {CALLS} times while nothing happens"));
    }

    /// A thread has ended, and with it what it has started. One that has started nothing leaves its place to another.
    #[inline(never)]
    fn ends(&mut self, index: usize) {
        if let Some(coroutine) = self.threads[index].coroutine.take() {
            coroutine.ends_left(None);
        }
        let world = self.threads[index].world;
        self.threads[index].state = State::Over;
        if index == 0 {
            return self.exits(world);
        }
        if self.world.operations().of(world).iter().flatten().any(|op| !op.tells.returns) {
            self.step(Event::Ends(world));
            self.tells(None);
        } else {
            self.spare.push(world.index());
        }
        self.wakes(|state| state == State::Joins(index));
    }

    /// The first thread has ended, and with it the program. What it has sent arrives; a client that still wants something is turned down.
    #[cold]
    fn exits(&mut self, world: ThreadId) {
        self.step(Event::Exit(world));
        self.tells(None);
        self.listeners.clear();
        self.ready = (NOBODY, NOBODY);
        self.waiting.clear();
        self.threads.iter_mut().for_each(|thread| thread.state = State::Over);
    }

    fn wakes(&mut self, which: impl Fn(State) -> bool) {
        for index in 0..self.threads.len() {
            if which(self.threads[index].state) {
                self.is_ready(index);
            }
        }
    }

    #[inline]
    fn program_calls(&mut self, index: usize, world: ThreadId) -> Option<Told> {
        self.so_far.calls += 1;
        let call = self.common.exchange.call.get();
        if let Call::Overlapped { .. } = call {
            self.lets_go();
            if let Some(remade) = self.overs.remade(&call) {
                return Some(self.common.tells(Reply::Outcome(remade)));
            }
        }
        // Nobody looks for any other among the listeners.
        let closes_listener = matches!(call, Call::Closesocket { s } if self.listens(s));
        if !self.calls(world, call) {
            let thread = &mut self.threads[index];
            thread.state = State::InCall;
            // What World::time_out_of says, written out: to call it costs an instruction at every switch.
            let after = match call {
                Call::Recv { .. } | Call::WSARecv { .. } => self.world.waits(world).and_then(|(_, op)| op.limit),
                _ => call.time_out().flatten(),
            };
            if let Some(after) = after {
                self.wheel.put(u64::from(after) * 1000, Due::Deadline(index as u32, thread.wait));
            }
            return None;
        }
        if is_undefined(&self.gave) {
            self.says_nothing();
        }
        match call {
            Call::Listen { s, .. } if self.gave.error == Code::NONE && !self.listeners.contains(&s) => {
                self.listeners.push(s);
            }
            Call::Closesocket { s } if closes_listener && self.gave.error == Code::NONE => {
                if let Some(place) = self.listeners.iter().position(|listener| *listener == s) {
                    self.listeners.remove(place);
                }
            }
            Call::Overlapped { .. } => self.overs.notes(&call, &self.gave),
            Call::Getsockopt { s, opt: Opt::ConnectTime } => self.gave = self.with_time(s, self.gave),
            _ => {}
        }
        self.common.exchange.outcome.set(self.gave);
        Some(Told::Outcome)
    }

    #[inline(never)]
    fn listens(&self, s: Handle) -> bool {
        self.world.named(s).is_some_and(|s| self.world.sockets()[s.index()].state == Listening)
    }

    /// For how many seconds a socket has been connected: the model has no clock.
    #[cold]
    fn with_time(&self, s: Handle, mut outcome: Outcome) -> Outcome {
        let conn = self.world.slot_of(s).and_then(|slot| self.world.sockets()[slot.index()].conn);
        if let (Some(conn), Out::Option(value)) = (conn, &mut outcome.out) {
            let since = u64::from(self.slots[conn.index()].since);
            let seconds = (self.wheel.now() / 1000).saturating_sub(since) / 1000;
            *value = OptVal::Number(u32::try_from(seconds).unwrap_or(u32::MAX - 1));
        }
        outcome
    }

    /// What a thread asks that is no call; `None`: it waits.
    #[inline(never)]
    fn asked(&mut self, index: usize, world: ThreadId) -> Option<Told> {
        let request = self.common.request(Asks::Other);
        let reply = self.answer(index, world, request)?;
        Some(self.common.tells(reply))
    }

    fn answer(&mut self, index: usize, world: ThreadId, request: Request) -> Option<Reply> {
        match request {
            Request::Call | Request::Yield => {}
            Request::Spawn(name, body) => return Some(Reply::Spawned(self.spawn(name, body))),
            Request::Join(other) => {
                let runs = self.threads.get(other).is_some_and(|other| other.state != State::Over);
                return self.waits_if(runs, index, State::Joins(other));
            }
            Request::Park(id) => return self.waits_if(true, index, State::Parked(id)),
            Request::Notify(id) => self.wakes(|state| state == State::Parked(id)),
            Request::Await(what, timeout) => return self.awaits(index, what, timeout),
            Request::Answer(answer) => {
                self.step(Event::Returns(world, answer));
                if !self.tells(Some(world)) {
                    self.threads[index].state = State::InCall;
                    return None;
                }
                return Some(Reply::Outcome(self.gave));
            }
            Request::Buffer(over) => return Some(Reply::Bytes(buffer(&self.world, over))),
            Request::Family(s) => {
                let family = self.world.slot_of(s).map(|slot| self.world.sockets()[slot.index()].family);
                return Some(Reply::Family(family.unwrap_or(Family::Inet)));
            }
            Request::Ends => self.stops("a thread ends from within, of which a load run knows nothing".to_owned()),
            Request::NoWords(what) => self.stops(format!("{what}: the model has no words for it")),
            Request::Misuse(reason, _) => self.stops(reason),
            Request::Stop => return self.waits_if(!self.common.stops.get(), index, State::AwaitsStop),
        }
        Some(Reply::Go)
    }

    fn waits_if(&mut self, waits: bool, index: usize, state: State) -> Option<Reply> {
        if waits {
            self.threads[index].state = state;
            return None;
        }
        Some(Reply::Go)
    }

    fn awaits(&mut self, index: usize, what: Awaited, timeout: Timeout) -> Option<Reply> {
        self.lets_go();
        if self.has_come(what) {
            return Some(Reply::Go);
        }
        let thread = &mut self.threads[index];
        thread.state = State::Awaits(what);
        if let Some(after) = timeout {
            self.wheel.put(u64::from(after) * 1000, Due::Deadline(index as u32, thread.wait));
        }
        self.waiting.push(index);
        None
    }

    fn has_come(&self, what: Awaited) -> bool {
        let is_over = |thread: usize| self.threads.get(thread).is_none_or(|thread| thread.state == State::Over);
        has_come(&self.world, &self.common.exchange.signs, what, is_over)
    }

    /// Has what a thread waits for come by now? The one that has waited longest goes on.
    fn looks_who_waits(&mut self) -> bool {
        let come = self.waiting.iter().position(|index| match self.threads[*index].state {
            State::Awaits(what) => self.has_come(what),
            _ => true,
        });
        let Some(place) = come else { return false };
        let index = self.waiting.remove(place);
        self.is_ready(index);
        true
    }

    /// OVERLAPPED structures that the program has let go of: their places are free, if nobody will write there.
    fn lets_go(&mut self) {
        let gone = std::mem::take(&mut *self.common.gone.borrow_mut());
        for over in gone {
            if in_flight(&self.world, over) {
                self.stops("an OVERLAPPED and its buffer are freed while their request is under way".to_owned());
            } else if !has_packet(&self.world, over) {
                self.overs.frees(over);
            }
        }
    }
}
