//! Who is in a random scenario, what they have, and what may come next.

use winaccept_model::call::{Call, Family, Function, ProcessId, Returns, SockType, ThreadId, Timeout, Version};
use winaccept_model::code::Code;
use winaccept_model::kind::Choices;
use winaccept_sim::script::{
    Action, Actor, Expect, Item, Name, NameId, Pattern, Process, Ref, Script, Span, Step, ValuePattern,
};

use super::Numbers;

/// The actors, each with the process that it is in if there are two.
const ACTORS: [(&str, u32); 4] = [("server", 0), ("client", 1), ("other", 0), ("helper", 1)];

/// What a handle is about, as far as the text tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// A new socket.
    New,
    /// A bound one.
    Bound,
    /// A listener.
    Listens,
    /// One end of a connection.
    Connected,
    /// A socket without connections.
    Datagram,
    /// An event object.
    Event,
    /// An OVERLAPPED.
    Overlapped,
    /// A completion port.
    Port,
    /// A window.
    Window,
    /// Closed.
    Closed,
    /// Closed in a way that a stack may not have noticed: nobody names it again.
    Gone,
}

/// Something that a variable stands for.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) name: NameId,
    pub(super) process: u32,
    pub(super) family: Family,
    pub(super) state: State,
    pub(super) nonblocking: bool,
    /// Connections that wait in its queue.
    pub(super) queued: u32,
    /// Bytes are on their way to it, or the end of them, so that it can be read from.
    pub(super) readable: bool,
    /// The other end of its connection, or for one in a queue its listener.
    pub(super) peer: Option<usize>,
}

/// A scenario in the making.
pub(super) struct Cast<'n> {
    numbers: &'n mut dyn Numbers,
    pub(super) script: Script,
    /// Several processes?
    two: bool,
    /// By place in [`ACTORS`]: who it is in the script.
    actors: [Option<ThreadId>; ACTORS.len()],
    /// What each of them waits in.
    pub(super) waiting: [Option<Call<Ref>>; ACTORS.len()],
    pub(super) things: Vec<Thing>,
    /// Processes that have ended.
    pub(super) ended: [bool; 2],
    /// A bit for each kind of move that this scenario does without.
    without: u64,
}

impl<'n> Cast<'n> {
    pub(super) fn new(numbers: &'n mut dyn Numbers) -> Cast<'n> {
        let two = numbers.below(2) == 1;
        let started = match numbers.below(30) {
            0 => None,
            1 => Some(Version { major: 1, minor: 1 }),
            _ => Some(Version { major: 2, minor: 2 }),
        };
        let mut processes = vec![Process { name: "main".to_owned(), started }];
        if two {
            processes.push(Process { name: "peer".to_owned(), started: Some(Version { major: 2, minor: 2 }) });
        }
        let script = Script { title: "random".to_owned(), processes, ..Script::default() };
        Cast {
            numbers,
            script,
            two,
            actors: [None; ACTORS.len()],
            waiting: [None; ACTORS.len()],
            things: Vec::new(),
            ended: [false; 2],
            without: 0,
        }
    }

    /// Every second scenario does without every second kind of move ("swarm testing"): what remains comes often enough to meet what
    /// it hardly ever meets where everything may come.
    pub(super) fn leaves_some_moves_out(&mut self) {
        if self.once_in(2) {
            self.without = u64::from(self.below(u32::MAX)) << 32 | u64::from(self.below(u32::MAX));
        }
    }

    /// Does it do without this one, by its place in its list?
    pub(super) fn does_without(&self, list: usize, place: usize) -> bool {
        self.without.rotate_left((list % 64) as u32) >> (place % 64) & 1 == 1
    }

    pub(super) fn below(&mut self, bound: u32) -> u32 {
        self.numbers.below(bound)
    }

    /// One time in so many.
    pub(super) fn once_in(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }

    pub(super) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u32) as usize]
    }

    pub(super) fn process_of(&self, actor: usize) -> u32 {
        if self.two { ACTORS[actor].1 } else { 0 }
    }

    pub(super) fn is_two(&self) -> bool {
        self.two
    }

    /// Somebody who can make a call, of this process if one is asked for.
    pub(super) fn free(&mut self, process: Option<u32>) -> Option<usize> {
        let is_free = |actor: &usize| {
            let of = self.process_of(*actor);
            self.waiting[*actor].is_none() && !self.ended[of as usize] && process.is_none_or(|wanted| wanted == of)
        };
        let free: Vec<usize> = (0..ACTORS.len()).filter(is_free).collect();
        // The first of a process does most of what is done in it.
        let first = free.first().copied()?;
        Some(if self.once_in(4) { self.one_of(&free) } else { first })
    }

    /// The actor as the script knows it.
    pub(super) fn thread(&mut self, actor: usize) -> ThreadId {
        if let Some(thread) = self.actors[actor] {
            return thread;
        }
        let thread = ThreadId(self.script.actors.len() as u32);
        let process = ProcessId(self.process_of(actor));
        self.script.actors.push(Actor { name: ACTORS[actor].0.to_owned(), process, alike: None });
        self.actors[actor] = Some(thread);
        thread
    }

    /// A variable of this kind that no other is called by.
    fn name(&mut self, prefix: &str) -> NameId {
        let same =
            self.script.names.iter().filter(|name| name.text.trim_end_matches(|c: char| c.is_ascii_digit()) == prefix);
        let text = match same.count() {
            0 => prefix.to_owned(),
            before => format!("{prefix}{}", before + 1),
        };
        self.script.names.push(Name { text, span: Span::default() });
        NameId(self.script.names.len() as u16 - 1)
    }

    pub(super) fn step(&mut self, actor: usize, action: Action, expect: Option<Expect>) {
        let actor = self.thread(actor);
        self.script.items.push(Item::Step(Step {
            actor,
            action,
            expect,
            shows: Vec::new(),
            confirms: Vec::new(),
            on_windows: None,
            span: Span::default(),
        }));
    }

    /// Was this done by anybody?
    pub(super) fn has_step(&self, is_it: impl Fn(&Action) -> bool) -> bool {
        self.script.items.iter().any(|item| matches!(item, Item::Step(step) if is_it(&step.action)))
    }

    /// A call that returns.
    pub(super) fn call(&mut self, actor: usize, call: Call<Ref>) {
        self.step(actor, Action::Call(call), None);
    }

    /// A call that blocks, until it resumes.
    pub(super) fn blocks(&mut self, actor: usize, call: Call<Ref>) {
        self.step(actor, Action::Call(call), Some(Expect::Blocks));
        self.waiting[actor] = Some(call);
    }

    /// A call that gives something new, which is then in this state.
    pub(super) fn makes(&mut self, actor: usize, action: Action, prefix: &str, family: Family, state: State) -> usize {
        let name = self.name(prefix);
        let pattern = Pattern { value: ValuePattern::Binds(name), error: Code::NONE, with: Vec::new() };
        self.step(actor, action, Some(Expect::OneOf(vec![pattern])));
        let process = self.process_of(actor);
        let (nonblocking, readable) = (false, false);
        self.things.push(Thing { name, process, family, state, nonblocking, queued: 0, readable, peer: None });
        self.things.len() - 1
    }

    pub(super) fn handle(&self, thing: usize) -> Ref {
        Ref::Name(self.things[thing].name)
    }

    /// Something in one of these states, rather late than early. A number that was closed may be given again: what is closed
    /// is found until something new is there.
    pub(super) fn find(&mut self, states: &[State]) -> Option<usize> {
        let newest = self.things.len().wrapping_sub(1);
        let is_one = |thing: &usize| {
            let state = self.things[*thing].state;
            states.contains(&state) && (state != State::Closed || *thing == newest)
        };
        let all: Vec<usize> = (0..self.things.len()).filter(is_one).collect();
        let last = all.last().copied()?;
        Some(if self.once_in(2) { last } else { self.one_of(&all) })
    }

    /// Something in one of these states, and somebody who can use it.
    pub(super) fn find_with(&mut self, states: &[State]) -> Option<(usize, usize)> {
        let thing = self.find(states)?;
        let actor = self.free(Some(self.things[thing].process))?;
        Some((actor, thing))
    }

    /// A call drawn by the kinds of its parameters, about this first.
    pub(super) fn draw(&mut self, function: Function, process: u32, first: Option<Ref>) -> Call<Ref> {
        // Whether a socket is an event, too, and whose number a closed one has by now, the model does not say.
        let is_fit = |thing: &&Thing| match function {
            Function::WSASetEvent
            | Function::WSAResetEvent
            | Function::WSACloseEvent
            | Function::WSAWaitForMultipleEvents => thing.state == State::Event,
            _ => !matches!(thing.state, State::Closed | State::Gone | State::Overlapped | State::Port | State::Window),
        };
        let of_process = self.things.iter().filter(|thing| thing.process == process).filter(is_fit);
        let handles = of_process.map(|thing| Ref::Name(thing.name)).collect();
        Call::draw(function, &mut Drawn { numbers: self.numbers, handles, first })
    }

    /// The same, so that it cannot take for ever.
    pub(super) fn draw_short(&mut self, function: Function, process: u32, first: Option<Ref>) -> Call<Ref> {
        let mut call = self.draw(function, process, first);
        let at_once: Timeout = Some(0);
        match &mut call {
            Call::Select { timeout, .. }
            | Call::WSAPoll { timeout, .. }
            | Call::WSAWaitForMultipleEvents { timeout, .. }
            | Call::WSAWaitForAllEvents { timeout, .. }
            | Call::SleepEx { timeout, .. } => *timeout = at_once,
            _ => {}
        }
        call
    }
}

/// Decisions about one call.
struct Drawn<'n> {
    numbers: &'n mut dyn Numbers,
    handles: Vec<Ref>,
    first: Option<Ref>,
}

impl Choices<Ref> for Drawn<'_> {
    fn below(&mut self, bound: u32) -> u32 {
        self.numbers.below(bound)
    }

    fn handle(&mut self) -> Ref {
        if let Some(first) = self.first.take() {
            return first;
        }
        match self.numbers.below(20) {
            0 => Ref::InvalidSocket,
            1 => Ref::Number(0xdead),
            _ if self.handles.is_empty() => Ref::InvalidSocket,
            _ => self.handles[self.numbers.below(self.handles.len() as u32) as usize],
        }
    }
}

/// What a new handle is called, and what it is.
pub(super) fn made_by(function: Function, kind: SockType) -> Option<(&'static str, State)> {
    match (function.returns(), kind) {
        (Returns::Event, _) => Some(("E", State::Event)),
        (Returns::Socket, SockType::Stream) => Some(("S", State::New)),
        (Returns::Socket, SockType::Dgram) => Some(("U", State::Datagram)),
        _ => None,
    }
}
