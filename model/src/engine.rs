//! The engine: chooses the rule that fires, and fires it.

use crate::at::At;
use crate::call::{Call, Handle, Returns, ThreadId};
use crate::choice::Alt;
use crate::code::Code;
use crate::operation::{Answer, Ended, Frame, OpId, Operation};
use crate::outcome::{Out, Outcome, Value};
use crate::rule::{Col, Column, Gives, Mutation, Role, Rule, Stage, Table, Takes, Then};
use crate::rules::process_ends;
use crate::small::Small;
use crate::status::Status;
use crate::world::State;

impl<'a> At<'a> {
    fn holds(&self, rule: &'static Rule, state: State) -> bool {
        if !rule.from.has(state) {
            return false;
        }
        self.asking.set(Some(rule));
        match self.mutation(Some(rule)) {
            Some(Mutation::Never) => return false,
            Some(Mutation::NotFrom(dropped)) if dropped == state => return false,
            Some(Mutation::Always) => return rule.is_asked(self.taking),
            _ => {}
        }
        // The profile is asked last, so that nothing is decided that makes no difference.
        (!rule.in_trouble || self.in_trouble())
            && rule.is_asked(self.taking)
            && self.may_be_in_force(rule)
            && (rule.when)(self)
            && rule.under.iter().all(|&alt| self.chooses(alt))
            && self.is_its_turn(self.stage(rule))
    }

    /// Does the profile allow the alternatives of a rule? Where it rules one out nothing is asked, not even the guard.
    #[inline(never)]
    fn may_be_in_force(&self, rule: &Rule) -> bool {
        rule.under.iter().all(|&alt| self.machine.profile.allows(alt))
    }

    /// Does the profile, or a decision of this step, choose the alternatives of a rule that may be in force?
    #[inline(never)]
    fn is_chosen(&self, rule: &'static Rule) -> bool {
        self.asking.set(Some(rule));
        rule.under.iter().all(|&alt| self.chooses(alt))
    }

    /// Is a rule of this stage asked in this pass?
    fn is_its_turn(&self, stage: Stage) -> bool {
        (stage == Stage::Taking) == self.taking
    }

    /// Fires the rule of `table` that applies: by its code, or, where a rule is broken, by the table itself. True when the call
    /// returns, see [`At::outcome`]; false when it blocks, or when nobody sees what it gives.
    #[inline(always)]
    pub(crate) fn apply(&mut self, table: Table) -> bool {
        self.tables.fires[table as usize][self.state() as usize](self)
    }

    /// What the call returns.
    #[inline]
    pub(crate) fn outcome(&self) -> Outcome {
        self.gives.unwrap_or(Outcome::number(0))
    }

    /// Fires the rule of `table` that applies, as the table says it.
    pub(crate) fn reads_table(&mut self, table: Table) -> bool {
        let rules = (self.tables.of)(table);
        self.taking = table.is_taking();
        let state = self.state();
        let mut held = 0u64;
        for (index, rule) in rules.iter().enumerate() {
            if rule.role == Role::Check {
                if self.holds(rule, state) {
                    held |= 1 << index;
                }
            } else if held == 0 && self.holds(rule, state) {
                return self.fire(rule, state);
            }
        }
        self.fires_one_of(rules, held, state)
    }

    /// Does a rule of the code hold? What its declaration says stands fast when this is compiled.
    #[inline(always)]
    pub(crate) fn holds_by_code(&self, rule: &'static Rule, state: State) -> bool {
        if !rule.from.has(state) {
            return false;
        }
        // Counted by hand: of rules that are constants no loop is left.
        let (mut n, mut open) = (0, false);
        while n < rule.under.len() {
            let Alt(point, alternative) = rule.under[n];
            match self.machine.profile.settled()[point as usize] {
                0 => open = true,
                settled if settled != alternative + 1 => return false,
                _ => {}
            }
            n += 1;
        }
        if open && !self.may_be_in_force(rule) {
            return false;
        }
        if rule.is_asking() || cfg!(debug_assertions) {
            self.asking.set(Some(rule));
        }
        (rule.when)(self)
            && (!open || self.is_chosen(rule))
            && (rule.stage.point().is_none() || self.is_its_turn(self.stage(rule)))
    }

    /// Fires one of the checks that hold.
    #[inline(never)]
    pub(crate) fn fires_one_of(&mut self, rules: &'static [Rule], held: u64, state: State) -> bool {
        let mut all: Small<u8, 12> = Small::default();
        (0..rules.len()).filter(|index| held >> index & 1 == 1).for_each(|index| all.push(index as u8));
        self.asking.set(None);
        assert!(
            !all.is_empty(),
            "invariant: every call is defined in every world: {:?} from {:?}",
            self.call(),
            self.state()
        );
        let rule = self.compete(rules, &all);
        self.fire(rule, state)
    }

    /// Of several checks that hold, the one that this stack makes first; where nothing is known of that, any of them.
    fn compete(&mut self, rules: &'static [Rule], held: &Small<u8, 12>) -> &'static Rule {
        let first = held.iter().map(|i| self.machine.profile.rank(rules[usize::from(i)].name)).min();
        let ranked = |i: &u8| Some(self.machine.profile.rank(rules[usize::from(*i)].name)) == first;
        let tied: Small<u8, 12> = held.iter().filter(ranked).fold(Small::default(), |mut all, i| {
            all.push(i);
            all
        });
        if tied.len() > 1 {
            self.fx.resolved.decides();
        }
        let pick = self.tape.borrow_mut().pick(tied.len());
        &rules[usize::from(tied.iter().nth(pick).expect("invariant: a pick is below the size it was asked for"))]
    }

    fn fire(&mut self, rule: &'static Rule, state: State) -> bool {
        match self.carries_out::<false>(rule, state) {
            Then::Ends(returns) => returns,
            Then::GoesOn(table) => self.apply(table),
        }
    }

    /// A rule fires from a state. Called by code, where no rule is broken, all that its declaration says stands fast.
    #[inline(always)]
    pub(crate) fn carries_out<const CODE: bool>(&mut self, rule: &'static Rule, before: State) -> Then {
        if !self.fx.without_rules {
            self.fx.fired.push(rule);
            if self.notes_owners {
                self.fx.fired_from.push(before);
            }
        }
        if !CODE || rule.is_asking() || cfg!(debug_assertions) {
            self.asking.set(Some(rule));
        }
        let mutation = if CODE { None } else { self.mutation(Some(rule)) };
        if mutation != Some(Mutation::NoEffect) {
            (rule.then)(self);
            self.settles(rule);
        }
        debug_assert!(
            mutation.is_some() || self.state() == rule.to.unwrap_or(before),
            "{}: declared to go to {:?}, went from {before:?} to {:?}, by {:?}",
            rule.name,
            rule.to,
            self.state(),
            self.fx.fired.iter().map(|rule| rule.name).collect::<Vec<_>>()
        );
        let gives = self.value(Column::Gives, &rule.gives);
        // What a process had open is closed for the rule that brings it down, which is asked meanwhile.
        let asks_until_then = matches!(gives, Gives::Crashes);
        if !asks_until_then && (!CODE || rule.is_asking() || cfg!(debug_assertions)) {
            self.asking.set(None);
        }
        let then = self.gives_back(if mutation == Some(Mutation::WrongCode) { wrong(gives) } else { gives });
        if asks_until_then {
            self.asking.set(None);
        }
        then
    }

    /// What becomes of the connection in hand, if the rule says anything of it.
    #[inline(always)]
    fn settles(&mut self, rule: &'static Rule) {
        if let Col::Is(Takes::Keeps) = rule.takes {
            return;
        }
        if (self.taking || matches!(rule.stage, Col::Is(Stage::Queue))) && self.has_in_hand() {
            let takes = self.value(Column::Takes, &rule.takes);
            self.takes_off(takes);
        }
    }

    // Longer than a screen: an arm for each thing that a rule may give.
    #[inline(always)]
    fn gives_back(&mut self, gives: Gives) -> Then {
        match gives {
            Gives::Fails(code) => {
                if !self.call().function().does().points {
                    self.thread_mut(self.thread).last_error = code;
                }
                if self.call().function().does().starts {
                    let written = self.gives.take();
                    self.apply(Table::RequestFails);
                    self.gives = written;
                }
                // What it wrote all the same, if it did.
                let out = self.gives.take().map_or(Out::None, |written| written.out);
                self.gives = Some(failure(self.call(), code).with(out));
                Then::Ends(true)
            }
            Gives::Succeeds => {
                if self.thread().last_error != Code::NONE && !self.call().function().does().points {
                    self.apply(Table::Succeeds);
                }
                Then::Ends(true)
            }
            Gives::Returns(code) => {
                self.gives = Some(Outcome::number(i64::from(code.0)));
                Then::Ends(true)
            }
            Gives::Status(status) => {
                let out = self.gives.take().map_or(Out::None, |written| written.out);
                self.gives = Some(Outcome::number(status.0.into()).with(out));
                Then::Ends(true)
            }
            Gives::Reports => {
                let outcome = self.outcome();
                self.thread_mut(self.thread).last_error = outcome.error;
                Then::Ends(true)
            }
            Gives::Pends => {
                self.thread_mut(self.thread).last_error = Code::ERROR_IO_PENDING;
                let out = self.gives.take().map_or(Out::None, |written| written.out);
                self.gives = Some(failure(self.call(), Code::ERROR_IO_PENDING).with(out));
                Then::Ends(true)
            }
            Gives::Undefined => self.ends_in(Value::Undefined),
            Gives::Unmodelled => self.ends_in(Value::Unmodelled),
            Gives::Crashes => self.crashes(),
            Gives::Blocks => self.blocks(),
            Gives::Strands => {
                self.strand();
                Then::Ends(false)
            }
            Gives::LooksAgain => {
                if let Some(op) = self.op() {
                    // The step is at this operation already.
                    self.gives = None;
                    self.goes_on(op);
                }
                Then::Ends(false)
            }
            Gives::CallsBack => {
                let given = self.outcome();
                self.asks();
                self.fx.returns.push((self.thread, given));
                Then::Ends(false)
            }
            Gives::CallsRoutine => {
                self.calls_routine();
                Then::Ends(false)
            }
            Gives::Answers => {
                self.answers();
                Then::Ends(false)
            }
            Gives::Silent => Then::Ends(false),
            Gives::Continues(table) => Then::GoesOn(table),
        }
    }

    /// The call waits; inside an APC there is more to be said.
    fn blocks(&mut self) -> Then {
        if self.op().is_none() && self.thread().frames.contains(Frame::Apc) {
            return Then::GoesOn(Table::BlocksInRoutine);
        }
        self.block();
        Then::Ends(false)
    }

    /// Nothing more can be said of the calling thread.
    fn ends_in(&mut self, value: Value) -> Then {
        self.thread_ends(self.thread, Ended::Undefined, false);
        self.gives = Some(Outcome { value, error: Code::NONE, out: Out::None });
        Then::Ends(true)
    }

    /// The call brings its process down: the system closes what that had open, and nothing can be said of its threads.
    fn crashes(&mut self) -> Then {
        process_ends(self);
        let process = self.process_id();
        for place in 0..self.threads_of(process).len() {
            let thread = self.threads_of(process)[place];
            self.thread_mut(thread).ended = Ended::Undefined;
        }
        self.gives = Some(Outcome { value: Value::Crashes, error: Code::NONE, out: Out::None });
        Then::Ends(true)
    }

    /// Points this step at a thread that makes a call.
    #[inline(always)]
    pub(crate) fn focus(&mut self, thread: ThreadId, call: &'a Call) {
        self.makes = call;
        self.turns_to_op(None);
        self.looks_from(thread, call.subject());
    }

    /// Points this step at an operation: at the thread that started it and the call that it was.
    pub(crate) fn focus_on(&mut self, op: OpId) {
        let Operation { thread, call, .. } = self.op_at(op);
        let (thread, subject) = (*thread, call.subject());
        self.turns_to_op(Some(op));
        self.looks_from(thread, subject);
    }

    #[inline(always)]
    fn looks_from(&mut self, thread: ThreadId, subject: Option<Handle>) {
        self.turns_to_call(thread, subject);
        (self.gives, self.answer) = (None, Answer::Nothing);
    }
}

/// Does a call name a handle of which this holds?
pub(crate) fn names(call: &Call, is_it: impl Fn(Handle) -> bool) -> bool {
    let mut found = false;
    call.map(|handle| found |= is_it(handle));
    found
}

/// What a failing call returns.
pub(crate) fn failure(call: &Call, code: Code) -> Outcome {
    let value = match call.function().returns() {
        Returns::Socket => Value::InvalidSocket,
        Returns::Event => Value::InvalidEvent,
        Returns::Port | Returns::Window => Value::NoPort,
        Returns::Wait => Value::WaitFailed,
        Returns::Bool => Value::Number(0),
        Returns::Overlapped
        | Returns::Answer
        | Returns::Number
        | Returns::Code
        | Returns::Sleep
        | Returns::Status
        | Returns::Nothing => Value::SocketError,
    };
    Outcome { value, error: code, out: Out::None }
}

/// Another result than the declared one, for the mutant of that name.
fn wrong(gives: Gives) -> Gives {
    match gives {
        Gives::Fails(Code::WSAEFAULT) => Gives::Fails(Code::WSAEINVAL),
        // The codes that the page of accept does not have: a claim that it never gives them must be able to fail.
        Gives::Fails(Code::WSAECONNRESET) => Gives::Fails(Code::WSAEACCES),
        Gives::Blocks => Gives::Fails(Code::WSATRY_AGAIN),
        Gives::Fails(_) | Gives::Reports | Gives::Pends => Gives::Fails(Code::WSAEFAULT),
        Gives::Succeeds | Gives::Undefined | Gives::Unmodelled | Gives::Crashes => {
            Gives::Fails(Code::WSASYSCALLFAILURE)
        }
        Gives::Returns(_) => Gives::Returns(Code::WSASYSCALLFAILURE),
        Gives::Status(_) => Gives::Status(Status::UNSUCCESSFUL),
        Gives::Silent => Gives::Silent,
        Gives::Strands | Gives::LooksAgain => Gives::Silent,
        Gives::Continues(_) | Gives::CallsBack | Gives::CallsRoutine | Gives::Answers => {
            Gives::Fails(Code::WSASYSCALLFAILURE)
        }
    }
}
