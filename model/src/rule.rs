//! The rule form. A rule is a plain literal in a table; what fires it is in `engine`. Of a step it knows no more than the type
//! [`At`].

use std::cell::RefCell;

pub use crate::at::At;
use crate::at::Wake;
use crate::call::ThreadId;
use crate::choice::{Alt, Point};
use crate::code::Code;
use crate::id::Maybe;
pub use crate::limit::Limit;
use crate::list::Line;
use crate::noted::{Noted, Resolved};
use crate::operation::{Frame, Object, OpId};
use crate::outcome::Outcome;
use crate::rules::TABLES;
pub use crate::rules::Table;
use crate::status::Status;
use crate::world::{ConnId, EventId, SocketId, State, Touched};

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
    pub const fn has(self, state: State) -> bool {
        self.0 >> state as u8 & 1 == 1
    }

    /// The states, in order.
    pub fn iter(self) -> impl Iterator<Item = State> {
        State::ALL.into_iter().filter(move |state| self.has(*state))
    }
}

/// What a rule is to the others of its table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Reports an error, and changes nothing but the last error unless it says so. All checks of one stage that hold compete:
    /// the documents give no order.
    Check,
    /// What happens when no check holds; the first case that holds fires.
    Case,
}

/// When a rule is asked. Checks of one pass compete: those on entry, or those in taking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// When the call is made: it sees arguments and states alone.
    Entry,
    /// When the call is made, too, and it looks at the queue, from which it may take.
    Queue,
    /// With a connection in hand, or with the finding that there is none; also when a call that waits looks again.
    Taking,
}

/// What becomes of the connection that a call has in hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// It stays in the queue, or there is none.
    Keeps,
    /// It is taken off the queue and closed: its peer sees that.
    Closes,
    /// It is taken off the queue; nothing of it was left.
    Drops,
    /// It is taken off the queue and reset.
    Resets,
}

/// A column of a rule: a value, or one for each alternative of a choice point, in their order.
#[derive(Clone, Copy, Debug)]
pub enum Col<T: 'static> {
    /// Always this.
    Is(T),
    /// What this choice point decides; made by [`by`].
    By(Point, &'static [T]),
}

/// One value for each alternative of a choice point; any other number does not compile.
#[must_use]
pub const fn by<T>(point: Point, values: &'static [T]) -> Col<T> {
    assert!(
        values.len() == point.alternatives().len(),
        "a column has one value for each alternative of its choice point"
    );
    Col::By(point, values)
}

impl<T> Col<T> {
    /// The choice point that decides it, if one does.
    #[must_use]
    pub const fn point(&self) -> Option<Point> {
        match self {
            Col::Is(_) => None,
            Col::By(point, _) => Some(*point),
        }
    }

    /// Every value that it can have, in the order of the alternatives.
    #[must_use]
    pub const fn values(&self) -> &[T] {
        match self {
            Col::Is(value) => std::slice::from_ref(value),
            Col::By(_, values) => values,
        }
    }
}

/// What a rule gives the caller, as data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gives {
    /// The call fails with this code.
    Fails(Code),
    /// The call reports the failure of an operation: with the code that the effect gives.
    Reports,
    /// What the call has started goes on without it: ERROR_IO_PENDING.
    Pends,
    /// The call succeeds; zero unless the effect sets another value.
    Succeeds,
    /// The call waits.
    Blocks,
    /// The call returns this code directly (`WSAStartup`).
    Returns(Code),
    /// The call returns this status, and leaves the last error alone.
    Status(Status),
    /// Nothing that a caller could see.
    Silent,
    /// The documents leave the behaviour undefined.
    Undefined,
    /// The model does not know what happens, and makes nothing up.
    Unmodelled,
    /// The call brings its process down. No document says so; stacks were seen to do it.
    Crashes,
    /// What the call waited for is gone, and it waits on for good.
    Strands,
    /// The call that waits looks again for what it waits for.
    LooksAgain,
    /// The call does not return yet: the caller's condition function runs.
    CallsBack,
    /// The call does not return yet: a completion routine of its thread runs.
    CallsRoutine,
    /// The call does not return yet: the first connection of the queue is a request, which it answers.
    Answers,
    /// The rules of this table go on.
    Continues(Table),
}

/// A named transition of the model.
pub struct Rule {
    /// Its name: the call or happening, a dot, what it does.
    pub name: &'static str,
    /// Ids of the clauses of its call's own page that it implements.
    pub cites: &'static [&'static str],
    /// Ids of what it takes from other pages.
    pub rests_on: &'static [&'static str],
    /// Check or case.
    pub role: Role,
    /// When it is asked.
    pub stage: Col<Stage>,
    /// The states of the socket in question in which it can fire.
    pub from: States,
    /// The state of that socket afterwards; `None`: unchanged.
    pub to: Option<State>,
    /// It can hold only while something is wrong with the caller's process ([`At::in_trouble`]), and is else not looked at.
    pub in_trouble: bool,
    /// The alternatives under which it is in force.
    pub under: &'static [Alt],
    /// What else must hold.
    pub when: fn(&At<'_>) -> bool,
    /// What the caller gets.
    pub gives: Col<Gives>,
    /// What becomes of the connection in hand.
    pub takes: Col<Takes>,
    /// The choice points that `when` and `then` ask.
    pub asks: &'static [Point],
    /// With what the request in question can end here: one status, or one for each alternative of the first point of `asks`.
    pub ends: &'static [Status],
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
pub const NOTHING: fn(&mut At<'_>) = nothing;

// A function with one address, so that rules without an effect can be told from the others.
#[inline(never)]
fn nothing(_: &mut At<'_>) {}

impl Rule {
    /// Does it change anything beyond what it gives? Where it does not, breaking its effect breaks nothing.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        !std::ptr::fn_addr_eq(self.then, NOTHING) || self.takes_something()
    }

    /// Is it a check that changes more than the last error: that takes the connection off the queue, resets an event, or
    /// ends the process?
    #[must_use]
    pub fn consumes(&self) -> bool {
        self.role == Role::Check && (self.has_effect() || self.gives.values().contains(&Gives::Crashes))
    }

    /// Can it be asked in taking, or, if not, on entry?
    #[must_use]
    pub const fn is_asked(&self, in_taking: bool) -> bool {
        let stages = self.stage.values();
        let mut n = 0;
        while n < stages.len() {
            if matches!(stages[n], Stage::Taking) == in_taking {
                return true;
            }
            n += 1;
        }
        false
    }

    /// Does it ask anything of the profile?
    #[must_use]
    pub const fn is_asking(&self) -> bool {
        let by_column = self.stage.point().is_some() || self.gives.point().is_some() || self.takes.point().is_some();
        by_column || !self.under.is_empty() || !self.asks.is_empty()
    }

    /// Can it take a connection off the queue without giving it to the caller?
    #[must_use]
    pub fn takes_something(&self) -> bool {
        self.takes.values().iter().any(|takes| *takes != Takes::Keeps)
    }

    /// The columns that a choice point decides, with that point.
    pub fn columns(&self) -> impl Iterator<Item = (Column, Point)> {
        let all = [
            (Column::Stage, self.stage.point()),
            (Column::Gives, self.gives.point()),
            (Column::Takes, self.takes.point()),
        ];
        all.into_iter().filter_map(|(column, point)| point.map(|point| (column, point)))
    }

    /// Everything that it implements: of its own page, then of others.
    pub fn sources(&self) -> impl Iterator<Item = &'static str> {
        self.cites.iter().chain(self.rests_on).copied()
    }

    /// Every choice point that it depends on, in order.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        let under = self.under.iter().map(|alt| alt.point());
        let columns = self.columns().map(|(_, point)| point);
        let mut all: Vec<Point> = under.chain(columns).chain(self.asks.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// May it ask this choice point?
    #[must_use]
    pub fn names(&self, point: Point) -> bool {
        self.under.iter().any(|alt| alt.point() == point)
            || self.columns().any(|(_, other)| other == point)
            || self.asks.contains(&point)
    }
}

/// Has one of them need of a fault in the process, so that it is worth asking for?
pub(crate) const fn any_in_trouble(rules: &[Rule]) -> bool {
    let mut n = 0;
    while n < rules.len() {
        if rules[n].in_trouble {
            return true;
        }
        n += 1;
    }
    false
}

/// The tables, as data and as code: handed to what fires rules, so that it knows none of them.
pub(crate) struct Tables {
    /// The rules of a table.
    pub(crate) of: fn(Table) -> &'static [Rule],
    /// By table and state of the socket in question, what fires the rule that applies; true when the call returns.
    pub(crate) fires: [InStates; TABLES.len()],
}

/// By state of the socket in question, in the order of [`State::ALL`], what fires the rule of a table that applies.
pub(crate) type InStates = [fn(&mut At<'_>) -> bool; State::ALL.len()];

/// What follows when a rule has fired.
pub(crate) enum Then {
    /// Nothing more; true when the call returns.
    Ends(bool),
    /// The rules of this table go on.
    GoesOn(Table),
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
    /// A column has lost its choice: whatever is decided, it has the value of the first alternative.
    Stuck(Column),
    /// What it asks at this choice point beside its columns is answered with the next alternative.
    OtherAnswer(Point),
}

impl Mutation {
    /// Can a rule that is so broken fire where the rule itself does not?
    #[must_use]
    pub fn fires_elsewhere(self) -> bool {
        matches!(self, Mutation::Always | Mutation::Stuck(Column::Stage) | Mutation::OtherAnswer(_))
    }
}

/// A column that a choice point can decide.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Column {
    /// [`Rule::stage`].
    Stage,
    /// [`Rule::gives`].
    Gives,
    /// [`Rule::takes`].
    Takes,
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
    /// The request that it has accepted was withdrawn.
    Withdrawn,
}

/// A decision, and the rule that asked for it.
#[derive(Clone, Copy, Debug)]
pub struct Decided {
    /// The rule.
    pub rule: &'static Rule,
    /// What was chosen.
    pub alt: Alt,
}

/// What a step did.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// The rules that fired, in order. Empty in [`Effects::outcomes_alone`].
    pub fired: Vec<&'static Rule>,
    /// For each of them, the state that the socket in question was in. Empty in [`Effects::without_notes`].
    pub fired_from: Vec<State>,
    /// What was decided at choice points, in order, and for which rule: what the profile left open, and every column.
    pub decided: Vec<Decided>,
    /// What the calls gave, in order: they returned, or called a condition function.
    pub returns: Vec<(ThreadId, Outcome)>,
    /// User code that Winsock called, and that begins to run.
    pub runs: Vec<(ThreadId, Frame)>,
    /// The owners whose objects may have changed. Nobody's in [`Effects::without_notes`].
    pub touched: Touched,
    /// What the step depends on, and so what it may have changed, too: with the event, the profile, and what stood in
    /// these places before, everything else follows. Nobody's in [`Effects::without_notes`].
    pub read: Touched,
    /// The step asked for more than the model holds: it says nothing, and neither does what follows.
    pub limit: Option<Limit>,
    /// The connection that the step changed last, and the others; see [`Effects::conns`].
    pub(crate) changed_last: Maybe<ConnId>,
    pub(crate) changed_before: Vec<ConnId>,
    /// What is read and touched is not noted.
    pub(crate) without_notes: bool,
    /// Nor are the rules that fired.
    pub(crate) without_rules: bool,
    /// What was read and touched so far.
    pub(crate) noted: Noted,
    /// Choices resolved in this step: alternative plus one, and whether it was open.
    pub(crate) resolved: Resolved,
    /// What becomes [`Effects::decided`]: guards decide, too.
    pub(crate) deciding: RefCell<Vec<Decided>>,
    /// What the step may have changed, object by object, until what is kept twice is up to date.
    pub(crate) changed: Changed,
    /// Who is still to look.
    pub(crate) wakes: Line<Wake>,
    /// Those of them who look now.
    pub(crate) looking: Vec<OpId>,
    /// What a call that begins to wait waits for.
    pub(crate) objects: Vec<Object>,
}

/// Objects that a step may have changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed {
    /// Is there any? Asked after every step: one look instead of four.
    pub(crate) any: bool,
    /// Is it a process?
    pub(crate) processes: bool,
    /// Sockets that have, or had, what few have.
    pub(crate) extras: Vec<SocketId>,
    pub(crate) conns: Vec<ConnId>,
    pub(crate) threads: Vec<ThreadId>,
    pub(crate) events: Vec<EventId>,
}

impl Changed {
    /// A socket that has, or had, what few have may have changed.
    #[inline]
    pub(crate) fn extra(&mut self, s: SocketId) {
        if self.extras.last() != Some(&s) {
            self.extras.push(s);
            self.any = true;
        }
    }

    /// A process may have changed.
    pub(crate) fn process(&mut self) {
        (self.processes, self.any) = (true, true);
    }

    /// A connection may have changed.
    pub(crate) fn conn(&mut self, c: ConnId) {
        self.conns.push(c);
        self.any = true;
    }

    /// A thread may have changed.
    #[inline]
    pub(crate) fn thread(&mut self, t: ThreadId) {
        if self.threads.last() != Some(&t) {
            self.threads.push(t);
            self.any = true;
        }
    }

    /// An event object may have changed.
    pub(crate) fn event(&mut self, e: EventId) {
        if self.events.last() != Some(&e) {
            self.events.push(e);
            self.any = true;
        }
    }
}

impl Effects {
    /// For whoever plays a world forward and remembers no steps: [`Effects::read`], [`Effects::touched`] and
    /// [`Effects::fired_from`] stay empty, which makes a step cheaper.
    #[must_use]
    pub fn without_notes() -> Effects {
        Effects { without_notes: true, ..Effects::default() }
    }

    /// The same for whoever does not even ask which rules have fired: [`Effects::fired`] stays empty, too.
    #[must_use]
    pub fn outcomes_alone() -> Effects {
        Effects { without_rules: true, ..Effects::without_notes() }
    }

    /// The connections that the step may have changed, each once or more often: where something was sent that is to be delivered, it
    /// is in flight in one of them.
    pub fn conns(&self) -> impl Iterator<Item = ConnId> + '_ {
        self.changed_last.get().into_iter().chain(self.changed_before.iter().copied())
    }

    /// What became of the connection that a rule which fired had in hand.
    #[must_use]
    pub fn took(&self, rule: &Rule) -> Takes {
        self.column(rule, &rule.takes).unwrap_or(Takes::Keeps)
    }

    /// What a rule that fired gave.
    #[must_use]
    pub fn gave(&self, rule: &Rule) -> Gives {
        self.column(rule, &rule.gives).unwrap_or(Gives::Silent)
    }

    /// The value that a column of a rule had; `None` where nobody asked for it.
    fn column<T: Copy>(&self, rule: &Rule, col: &Col<T>) -> Option<T> {
        match *col {
            Col::Is(value) => Some(value),
            Col::By(point, values) => {
                let of_rule = |decided: &&Decided| std::ptr::eq(decided.rule, rule) && decided.alt.point() == point;
                self.decided.iter().rfind(of_rule).map(|decided| values[usize::from(decided.alt.1)])
            }
        }
    }

    /// Forgets the last step but keeps the memory.
    #[inline]
    pub fn clear(&mut self) {
        self.fired.clear();
        // Nothing is decided where nothing is resolved.
        if self.resolved.is_any() {
            self.resolved = Resolved::default();
            self.deciding.get_mut().clear();
            self.decided.clear();
        }
        self.returns.clear();
        self.runs.clear();
        self.changed_before.clear();
        if !self.without_notes {
            self.touched.clear();
            self.read.clear();
            self.fired_from.clear();
        }
        self.limit = None;
    }
}
