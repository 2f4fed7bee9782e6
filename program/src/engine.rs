//! One run: the program's threads as coroutines, clients as state machines, one world, one scheduler.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use winaccept_model::call::{Call, Handle, ProcessId, ThreadId, Version};
use winaccept_model::choice::{ANSWER_LOST, Alt};
use winaccept_model::outcome::Outcome;
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Answer, Event, Machine, is_undefined, pending};
use winaccept_model::world::{ConnId, Direction, Process, Room, SocketId, World};
use winaccept_sim::script::FaultKind;

use crate::client::{Behaviour, Client};
use crate::crew::{Common, Went};
use crate::draw::{Draws, Site, What};
use crate::interface::{self, Subject, Suspended, Usual};
use crate::judge::Judge;
use crate::outcomes::{Coverage, Next};
use crate::overlapped::Awaited;
use crate::phase::Phase;
use crate::plan::Plan;
use crate::record::{About, Entry, THREADS};
use crate::requests::Requests;
use crate::winsock::{Body, Reply, Request};

/// How many probes there can be: one for each listener.
pub(crate) const PROBES: usize = 4;
/// So many decisions a run may take.
const DECISIONS: u32 = 40_000;
/// Who has waited so long goes first.
const PATIENCE: u32 = 32;
/// A step has fewer ways than this to go on.
const WAYS: u32 = 1 << 8;

/// What a run came to.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) verdict: Option<(Judge, String)>,
    /// It ended early, and nothing can be said.
    pub(crate) undecided: Option<String>,
    pub(crate) record: Vec<Entry>,
    /// The entries that what the judge says rests on, beside those that anybody sees.
    pub(crate) about: Vec<About>,
    pub(crate) actors: Vec<(String, bool)>,
    pub(crate) draws: Draws,
    /// Whoever came to see whether he is served had an answer, or the end.
    pub(crate) answered: bool,
    /// By listener, how many AcceptEx were posted when the program first waited.
    pub(crate) posted: BTreeMap<Handle, usize>,
}

/// What a thread of the program is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Ready,
    InCall,
    Parked(u32),
    Joins(usize),
    AwaitsStop,
    /// It waits for this, at most until then.
    Awaits(Awaited, Option<u64>),
    Over,
}

/// A thread of the program.
pub(crate) struct Running {
    pub(crate) name: String,
    pub(crate) world: ThreadId,
    pub(crate) state: State,
    pub(crate) coroutine: Option<Suspended>,
    pub(crate) reply: Reply,
    /// How often it has called what.
    pub(crate) calls: BTreeMap<&'static str, u32>,
    /// Calls since it last waited or got on, and where in the record they begin.
    pub(crate) spin: (u32, usize),
    /// What its last call gave, with the call's name, until it does something.
    pub(crate) told: Option<(&'static str, Cow<'static, str>)>,
    /// The calls whose condition functions it is in.
    pub(crate) asked: Vec<Call>,
    /// It has ended in the world, too, and its place there is not given again.
    pub(crate) ended: bool,
}

/// How long somebody stands back, and how long he has been waiting for his turn.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Turn {
    pub(crate) yields: u32,
    pub(crate) waited: u32,
}

/// Who can go next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Who {
    Thread(usize),
    Client(usize),
    Segment(ConnId, Direction),
}

/// A run under way.
pub(crate) struct Engine<'p> {
    /// Which run it is, of those on this thread of the system's.
    pub(crate) run: u64,
    leaves: Option<interface::Leaves>,
    /// What the program does while nothing is wrong, and was everybody answered in this run?
    pub(crate) usual: Usual,
    pub(crate) answered: bool,
    pub(crate) machine: &'p Machine,
    pub(crate) judges: &'p [Judge],
    pub(crate) plan: &'p Plan,
    pub(crate) draws: Draws,
    pub(crate) world: World,
    pub(crate) fx: Effects,
    pub(crate) events: Vec<Event>,
    /// What calls gave that have returned and were not told yet, by thread of the world.
    pub(crate) results: BTreeMap<ThreadId, Outcome>,
    pub(crate) threads: Vec<Running>,
    pub(crate) clients: Vec<Client>,
    pub(crate) turns: BTreeMap<Who, Turn>,
    pub(crate) record: Vec<Entry>,
    /// What the verdict is about.
    pub(crate) about: Vec<About>,
    /// What was decided during this step, and what is in force.
    pub(crate) decided: Vec<Alt>,
    pub(crate) chosen: BTreeMap<usize, Alt>,
    pub(crate) now: u64,
    /// When the call that a thread waits in times out.
    pub(crate) deadlines: BTreeMap<ThreadId, u64>,
    /// When what fails works again.
    pub(crate) mends: Vec<(u64, FaultKind)>,
    /// How often the program has made a call.
    pub(crate) called: BTreeMap<&'static str, u32>,
    /// Handles that have listened, in order.
    pub(crate) listeners: Vec<Handle>,
    pub(crate) closed: BTreeSet<Handle>,
    /// Sockets that the program has tried to close.
    pub(crate) given_up: BTreeSet<SocketId>,
    /// Connections that the program did something with, and those that it has sent to.
    pub(crate) used: BTreeSet<ConnId>,
    pub(crate) sent_to: BTreeSet<ConnId>,
    pub(crate) phase: Phase,
    pub(crate) common: Common,
    pub(crate) verdict: Option<(Judge, String)>,
    /// Why nothing can be said, if so.
    pub(crate) undecided: Option<String>,
    pub(crate) coverage: &'p mut Coverage,
    /// Whether this run also looks for what the calls could have given, and what a step would do that is not taken.
    looks: bool,
    pub(crate) around: Effects,
    /// When the end is over, and whether somebody had waited for the stop.
    pub(crate) ends_at: u64,
    pub(crate) awaited_stop: bool,
    /// What the program has posted, and whether it has waited for the first time.
    pub(crate) requests: Requests,
    pub(crate) set_up: bool,
    /// Since when connections have been there.
    pub(crate) connected_at: BTreeMap<ConnId, u64>,
    /// How many events there were, for the names of choices that belong to no call.
    pub(crate) steps: u32,
    /// When the retransmission timers run out.
    pub(crate) retries: BTreeMap<ConnId, u64>,
    /// How often threads of the program went on since anything else did.
    pub(crate) polls: u32,
}

/// The process of the program, and that of its clients.
pub(crate) const PROGRAM: ProcessId = ProcessId(0);
pub(crate) const CLIENTS: ProcessId = ProcessId(1);

/// Runs a program once.
pub(crate) fn run(subject: &Subject, machine: &Machine, judges: &[Judge], plan: &Plan, coverage: &mut Coverage) -> Ran {
    run_looking(subject, machine, judges, plan, coverage, false)
}

/// The same; where it `looks` around, the coverage also has what the calls could have given.
pub(crate) fn run_looking(
    subject: &Subject,
    machine: &Machine,
    judges: &[Judge],
    plan: &Plan,
    coverage: &mut Coverage,
    looks: bool,
) -> Ran {
    let mut engine = Engine::new(subject, machine, judges, plan, coverage);
    engine.looks = looks;
    let body = Rc::clone(&subject.program);
    engine.spawn("main", Box::new(move |w| body(w)));
    let mut decisions = 0;
    while engine.verdict.is_none() && engine.undecided.is_none() && engine.phase != Phase::Over {
        decisions += 1;
        if decisions > DECISIONS {
            let polls = "a program that looks every few milliseconds needs as many for a minute";
            engine.cannot_say(&format!("a run of more than {DECISIONS} decisions: {polls}"));
        }
        if engine.only_polls() {
            engine.has_polled();
        }
        match engine.next() {
            Some(who) => engine.goes(who),
            None => engine.time_passes(),
        }
        engine.looks();
    }
    if let Some(why) = interface::outside(engine.verdict.is_some()) {
        engine.verdict = None;
        engine.undecided = Some(why);
    }
    let threads = engine.threads.iter().map(|thread| (thread.name.clone(), true));
    let clients = engine.clients.iter().enumerate().map(|(index, client)| (client_name(index, client), false));
    let actors = threads.chain(clients).collect();
    Ran {
        verdict: engine.verdict.take(),
        undecided: engine.undecided.take(),
        record: std::mem::take(&mut engine.record),
        about: std::mem::take(&mut engine.about),
        actors,
        draws: engine.draws.clone(),
        answered: engine.answered,
        posted: std::mem::take(&mut engine.requests.first),
    }
}

impl Drop for Engine<'_> {
    fn drop(&mut self) {
        for coroutine in self.threads.iter_mut().filter_map(|thread| thread.coroutine.take()) {
            coroutine.ends_left(self.leaves);
        }
    }
}

pub(crate) fn client_name(index: usize, client: &Client) -> String {
    if client.probe { format!("late{}", index + 1) } else { format!("client{}", index + 1) }
}

impl<'p> Engine<'p> {
    fn new(
        subject: &Subject,
        machine: &'p Machine,
        judges: &'p [Judge],
        plan: &'p Plan,
        coverage: &'p mut Coverage,
    ) -> Engine<'p> {
        let started = Process { startups: 1, version: Version { major: 2, minor: 2 }, ..Process::default() };
        let program = (0..THREADS).map(|index| {
            // A worker of a port posts the requests of several connections.
            let (room, requests) = if index == 0 { (40, 44) } else { (6, 14) };
            let operations = 2 + requests;
            Room { watches: 64, overs: requests, operations, ports: 2, windows: 1, ..Room::new(PROGRAM, room, room) }
        });
        // Who comes late tries again with another socket.
        let clients = (0..plan.clients.len()).map(|_| 2).chain((0..PROBES).map(|_| 8));
        let clients = clients.map(|sockets| Room::new(CLIENTS, sockets, 0));
        let rooms: Vec<Room> = program.chain(clients).collect();
        let come = plan.clients.iter().enumerate().map(|(index, behaviour)| Client::new(*behaviour, false, index));
        Engine {
            run: interface::new_run(),
            leaves: subject.leaves,
            usual: subject.usual.borrow().clone().unwrap_or_default(),
            answered: false,
            machine,
            judges,
            plan,
            draws: plan.draws.clone(),
            world: World::new(&[started.clone(), started], &rooms),
            fx: Effects::without_notes(),
            events: Vec::new(),
            results: BTreeMap::new(),
            threads: Vec::new(),
            clients: come.collect(),
            turns: BTreeMap::new(),
            record: Vec::new(),
            about: Vec::new(),
            decided: Vec::new(),
            chosen: BTreeMap::new(),
            now: 0,
            deadlines: BTreeMap::new(),
            mends: Vec::new(),
            called: BTreeMap::new(),
            listeners: Vec::new(),
            closed: BTreeSet::new(),
            given_up: BTreeSet::new(),
            used: BTreeSet::new(),
            sent_to: BTreeSet::new(),
            phase: Phase::Trouble,
            common: Common::default(),
            verdict: None,
            undecided: None,
            coverage,
            looks: false,
            around: Effects::without_notes(),
            ends_at: 0,
            awaited_stop: false,
            requests: Requests::default(),
            set_up: false,
            connected_at: BTreeMap::new(),
            steps: 0,
            retries: BTreeMap::new(),
            polls: 0,
        }
    }

    /// Does the program see what a request has left in its memory, and so may know that it is over without any call?
    pub(crate) fn reads_memory(&self) -> bool {
        self.leaves.is_some()
    }

    /// A judge says that it is so.
    pub(crate) fn convicts(&mut self, judge: Judge, reason: String) {
        self.convicts_about(judge, reason, &[]);
    }

    /// Nothing can be said of this run any more.
    pub(crate) fn cannot_say(&mut self, why: &str) {
        self.undecided.get_or_insert_with(|| why.to_owned());
    }

    /// The same of these.
    pub(crate) fn convicts_about(&mut self, judge: Judge, reason: String, about: &[About]) {
        if self.verdict.is_none() && self.judges.contains(&judge) {
            self.verdict = Some((judge, reason));
            self.about = about.to_vec();
        }
    }

    /// The thread of the world that this client is.
    pub(crate) fn client_thread(&self, client: usize) -> ThreadId {
        ThreadId::new(THREADS + client)
    }

    /// The connection that this client opens, once it has a socket.
    pub(crate) fn conn_of(&self, client: usize) -> Option<ConnId> {
        self.clients[client].socket.slot().and_then(|slot| self.world.opened_by(slot))
    }

    fn spawn(&mut self, name: &'static str, body: Body) -> usize {
        let taken = |index: usize| {
            self.threads
                .iter()
                .any(|thread| thread.world.index() == index && (thread.state != State::Over || thread.ended))
        };
        let Some(world) = (0..THREADS).find(|index| !taken(*index)) else {
            self.cannot_say(&format!("more than {THREADS} threads at a time"));
            return usize::MAX;
        };
        let same = self.threads.iter().filter(|thread| thread.name.split('_').next() == Some(name)).count();
        let named = if same == 0 { name.to_owned() } else { format!("{name}_{}", same + 1) };
        let coroutine = Suspended::begins(body, &self.common);
        if coroutine.is_none() {
            self.cannot_say("no memory for another thread");
        }
        self.threads.push(Running {
            name: named,
            world: ThreadId::new(world),
            state: State::Ready,
            coroutine,
            reply: Reply::Go,
            calls: BTreeMap::new(),
            spin: (0, 0),
            told: None,
            asked: Vec::new(),
            ended: false,
        });
        self.threads.len() - 1
    }

    /// Whoever goes next: of those that stand back least the first, unless somebody has waited for long.
    fn next(&mut self) -> Option<Who> {
        let mut able: Vec<Who> = Vec::new();
        able.extend((0..self.threads.len()).filter(|&at| self.thread_can_go(at)).map(Who::Thread));
        able.extend((0..self.clients.len()).filter(|&at| self.client_can_go(at)).map(Who::Client));
        for client in 0..self.clients.len() {
            let Some(conn) = self.conn_of(client).filter(|conn| self.world.conns()[conn.index()].held) else {
                continue;
            };
            let half_open = self.clients[client].behaviour == Behaviour::HalfOpen && self.phase != Phase::Ending;
            for direction in [Direction::Up, Direction::Down] {
                let is_syn = direction == Direction::Up && !self.clients[client].connected;
                let arrived = self.record.iter().any(|entry| matches!(entry, Entry::Deliver(of, _) if *of == conn));
                if !self.world.end(conn, direction).flight.is_empty()
                    && (!half_open || is_syn && !arrived || self.is_lost(conn))
                {
                    able.push(Who::Segment(conn, direction));
                }
            }
        }
        let rank = |who: &Who| {
            let turn = self.turns.get(who).copied().unwrap_or_default();
            (i64::from(turn.yields) - i64::from(turn.waited / PATIENCE), *who)
        };
        let next = able.iter().copied().min_by_key(rank)?;
        for who in able {
            let turn = self.turns.entry(who).or_default();
            turn.waited = if who == next { 0 } else { turn.waited + 1 };
        }
        Some(next)
    }

    fn thread_can_go(&self, index: usize) -> bool {
        match self.threads[index].state {
            State::Ready => true,
            State::Awaits(what, until) => self.has_come(what) || until.is_some_and(|until| until <= self.now),
            _ => false,
        }
    }

    fn goes(&mut self, who: Who) {
        match who {
            Who::Thread(thread) => {
                self.polls += 1;
                self.thread_goes(thread);
            }
            Who::Client(client) => {
                self.polls = 0;
                self.client_goes(client);
            }
            Who::Segment(conn, direction) if self.is_lost(conn) => self.loses(conn, direction),
            Who::Segment(conn, direction) => {
                self.polls = 0;
                let Some(segment) = self.world.end(conn, direction).flight.first() else { return };
                self.record.push(Entry::Deliver(conn, segment));
                self.happens(Event::Deliver(conn, direction), "net", "DELIVER", self.steps);
                self.tells_all();
            }
        }
    }

    fn thread_goes(&mut self, index: usize) {
        if let State::Awaits(what, _) = self.threads[index].state {
            let come = self.has_come(what);
            self.threads[index].state = State::Ready;
            self.threads[index].reply = if come { Reply::Go } else { Reply::TimedOut };
        }
        self.looks_at_requests();
        let thread = &mut self.threads[index];
        let Some(coroutine) = thread.coroutine.as_mut() else { return };
        let reply = std::mem::replace(&mut thread.reply, Reply::Go);
        self.common.exchange.signs.now.set(self.now);
        interface::goes(Some((self.run, index)));
        let went = coroutine.goes(self.common.tells(reply));
        interface::goes(None);
        match went {
            Went::Panicked(said) => {
                thread.coroutine = None;
                thread.state = State::Over;
                let name = thread.name.clone();
                self.did_next(index, Next::Panics);
                let judge = if self.phase == Phase::Ending { Judge::CleanStop } else { Judge::Alive };
                let said = said.lines().next().filter(|said| !said.is_empty()).map(|said| format!(": {said}"));
                let reason = format!("thread {name} panics{}", said.unwrap_or_default());
                self.convicts(judge, reason.clone());
                self.cannot_say(&reason);
            }
            Went::Ended => {
                self.did_next(index, Next::Ends);
                self.is_over(index);
            }
            Went::Asks(asks) => {
                let request = self.common.request(asks);
                self.does_next(index, &request);
                self.lets_go();
                self.asked(index, request);
            }
        }
    }

    /// A thread has ended.
    fn is_over(&mut self, index: usize) {
        self.threads[index].state = State::Over;
        self.lets_go();
        self.ends(index);
        self.wake(|state| state == State::Joins(index));
    }

    /// A thread ends, and with it what it has started. One that has started nothing leaves its place to another.
    fn ends(&mut self, index: usize) {
        let world = self.threads[index].world;
        let started = self.world.operations().of(world).iter().flatten().any(|op| !op.tells.returns);
        if index > 0 && started {
            self.threads[index].ended = true;
            self.record.push(Entry::Ends(index));
            self.happens(Event::Ends(world), "net", "ends", self.steps);
            self.tells_all();
        }
    }

    fn asked(&mut self, index: usize, request: Request) {
        match request {
            Request::Call => self.program_calls(index, self.common.exchange.call.get()),
            Request::Spawn(name, body) => {
                let spawned = self.spawn(name, body);
                self.threads[index].reply = Reply::Spawned(spawned);
            }
            Request::Join(other) => {
                let runs = self.threads.get(other).is_some_and(|other| other.state != State::Over);
                self.threads[index].state = if runs { State::Joins(other) } else { State::Ready };
            }
            Request::Park(id) => self.threads[index].state = State::Parked(id),
            Request::Notify(id) => self.wake(|state| state == State::Parked(id)),
            Request::Await(what, timeout) => {
                let until = timeout.map(|timeout| self.now + u64::from(timeout));
                match self.has_come(what) {
                    true => self.threads[index].reply = Reply::Go,
                    false => self.threads[index].state = State::Awaits(what, until),
                }
            }
            Request::Answer(answer) => self.answers(index, answer),
            Request::Buffer(over) => self.threads[index].reply = Reply::Bytes(self.buffer(over)),
            Request::Family(s) => {
                let family = self.world.slot_of(s).map(|slot| self.world.sockets()[slot.index()].family);
                self.threads[index].reply = Reply::Family(family.unwrap_or(winaccept_model::call::Family::Inet));
            }
            Request::NoWords(what) => self.cannot_say(&format!("{what}: the model has no words for it")),
            Request::Misuse(reason, over) => {
                let about: Vec<About> = over.map(About::Handle).into_iter().collect();
                self.convicts_about(Judge::NoMisuse, reason.clone(), &about);
                self.cannot_say(&reason);
            }
            Request::Ends => self.is_over(index),
            Request::Yield => self.turns.entry(Who::Thread(index)).or_default().yields = 1,
            Request::Stop if self.common.stops.get() => {}
            Request::Stop => self.threads[index].state = State::AwaitsStop,
        }
        // Who waits for another thread does not spin.
        if self.threads[index].state != State::Ready {
            self.threads[index].spin = (0, 0);
        }
    }

    fn wake(&mut self, which: impl Fn(State) -> bool) {
        self.threads.iter_mut().filter(|thread| which(thread.state)).for_each(|thread| thread.state = State::Ready);
    }

    /// The program is to stop.
    pub(crate) fn stop(&mut self) {
        self.common.stops.set(true);
        self.wake(|state| state == State::AwaitsStop);
    }

    fn program_calls(&mut self, index: usize, call: Call) {
        if let Some(outcome) = self.remade(&call) {
            self.threads[index].reply = Reply::Outcome(outcome);
            return;
        }
        let name = call.name();
        let kinds = self.begins_to_fail(name);
        if self.phase == Phase::Trouble {
            kinds.into_iter().for_each(|kind| self.fails(kind));
        }
        self.looks_at_call(&call);
        let thread = &mut self.threads[index];
        let nth = thread.calls.entry(name).or_default();
        *nth += 1;
        let (nth, world, actor) = (*nth, thread.world, thread.name.clone());
        let begun = self.record.len();
        self.calls(index, world, call, &actor, nth);
        let yields = self.draws.draw(&Site { what: What::Yields, actor: &actor, call: name, nth }, 4);
        self.turns.entry(Who::Thread(index)).or_default().yields = yields;
        match self.results.remove(&world) {
            Some(mut outcome) => {
                self.returned(index, &call, &outcome);
                self.spins(index, &call, &outcome, begun);
                self.tells_time(&call, &mut outcome);
                self.threads[index].reply = Reply::Outcome(outcome);
            }
            None => {
                self.threads[index].state = State::InCall;
                self.threads[index].spin = (0, 0);
                if let Some(after) = self.world.time_out_of(world, &call) {
                    self.deadlines.insert(world, self.now + u64::from(after));
                }
            }
        }
        self.tells_all();
    }

    /// The condition function that a thread is in comes back.
    fn answers(&mut self, index: usize, answer: Answer) {
        let Some(call) = self.threads[index].asked.pop() else { return };
        let thread = &mut self.threads[index];
        let function = if answer == Answer::Nothing { "routine" } else { "condition" };
        let nth = thread.calls.entry(function).or_default();
        *nth += 1;
        let (nth, world, actor) = (*nth, thread.world, thread.name.clone());
        let at = self.record.len();
        self.record.push(Entry::Answer(index, answer, call, None));
        self.happens(Event::Returns(world, answer), &actor, function, nth);
        let gave = self.results.remove(&world);
        if let Some(Entry::Answer(.., outcome)) =
            self.record[at..].iter_mut().find(|entry| matches!(entry, Entry::Answer(..)))
        {
            *outcome = gave;
        }
        match gave {
            Some(outcome) => {
                self.returned(index, &call, &outcome);
                self.threads[index].reply = Reply::Outcome(outcome);
            }
            None => self.threads[index].state = State::InCall,
        }
        self.tells_all();
    }

    /// Somebody makes a call, and the network becomes quiet.
    pub(crate) fn calls(&mut self, actor: usize, thread: ThreadId, call: Call, name: &str, nth: u32) {
        let at = self.record.len();
        self.record.push(Entry::Call(actor, call, None));
        self.happens(Event::Call(thread, call), name, call.name(), nth);
        let gave = self.results.get(&thread).copied();
        // What was chosen stands above the call.
        if let Some(Entry::Call(_, _, outcome)) =
            self.record[at..].iter_mut().find(|entry| matches!(entry, Entry::Call(..)))
        {
            *outcome = gave;
        }
    }

    /// An event, and all that comes of it until the network is quiet.
    pub(crate) fn happens(&mut self, event: Event, actor: &str, call: &str, nth: u32) {
        self.decided.clear();
        let at = self.record.len().saturating_sub(1);
        self.steps += 1;
        self.step(event, actor, call, nth);
        for round in 0.. {
            self.events.clear();
            pending(&self.world, &mut self.events);
            let next = self.events.iter().find(|event| !matches!(event, Event::Timer(_) | Event::Expire(_)));
            let Some(&event) = next.filter(|_| self.undecided.is_none()) else { break };
            if round > 1000 {
                self.cannot_say("a network that does not come to rest");
            }
            self.step(event, actor, call, nth);
        }
        let mut seen = BTreeSet::new();
        for alt in std::mem::take(&mut self.decided) {
            let point = alt.point().index();
            if seen.insert(point) && self.chosen.insert(point, alt) != Some(alt) {
                self.record.insert(at, Entry::Chooses(alt));
            }
        }
    }

    /// One step of the world; of several outcomes that the profile allows, the one that is drawn.
    fn step(&mut self, event: Event, actor: &str, call: &str, nth: u32) {
        let site = Site { what: What::Gives, actor, call, nth };
        let drawn = self.draws.look(&site, WAYS);
        let mut tape = Tape::drawn(drawn);
        let before = self.looks.then(|| self.world.clone());
        self.machine.step(&mut self.world, event, &mut tape, &mut self.fx);
        if tape.picks().iter().any(|pick| *pick > 0) {
            self.draws.note(&site, drawn);
        }
        if let Some(before) = before {
            self.looks_around(&before, event);
        }
        let open = self.fx.decided.iter().map(|decided| decided.alt);
        self.decided.extend(open.filter(|alt| self.machine.profile.leaves_open(alt.point())));
        // What the stack itself loses at a close is no fault of the program's.
        if self.fx.fired.iter().any(|rule| rule.under.contains(&ANSWER_LOST)) {
            self.fx.conns().for_each(|conn| _ = self.sent_to.remove(&conn));
        }
        if let Some(limit) = self.fx.limit {
            self.cannot_say(&limit.to_string());
        }
        if self.fx.returns.iter().any(|(_, outcome)| is_undefined(outcome)) {
            let rule = self.fx.fired.last().map(|rule| format!(" ({})", rule.name)).unwrap_or_default();
            self.cannot_say(&format!("{call}: what it does there is undefined, or not in the model{rule}"));
        }
        self.results.extend(self.fx.returns.iter().copied());
    }

    /// Calls that had waited and have returned are told to who made them.
    pub(crate) fn tells_all(&mut self) {
        for (world, outcome) in std::mem::take(&mut self.results) {
            self.deadlines.remove(&world);
            if let Some(client) = world.index().checked_sub(THREADS) {
                self.record.push(Entry::Resumes(THREADS + client, outcome));
                self.client_got(client, &outcome);
                continue;
            }
            let waits = |thread: &Running| thread.world == world && thread.state == State::InCall;
            let Some(index) = self.threads.iter().position(waits) else { continue };
            self.record.push(Entry::Resumes(index, outcome));
            let made = self.record.iter().rev().find_map(|entry| match entry {
                Entry::Call(actor, call, None) | Entry::Answer(actor, _, call, None) if *actor == index => Some(*call),
                _ => None,
            });
            if let Some(call) = made {
                self.returned(index, &call, &outcome);
            }
            self.threads[index].state = State::Ready;
            self.threads[index].reply = Reply::Outcome(outcome);
        }
    }
}
