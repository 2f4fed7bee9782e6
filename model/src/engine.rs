//! The engine: chooses the rule that fires, and fires it.

use crate::at::At;
use crate::call::{Call, Handle, How, Returns, ThreadId};
use crate::code::Code;
use crate::operation::{Ended, OpId};
use crate::outcome::{Out, Outcome, Value};
use crate::rule::{Col, Column, Gives, Mutation, Role, Rule, Stage, Table};
use crate::small::Small;
use crate::world::State;

impl At<'_> {
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
            && (rule.when)(self)
            && rule.under.iter().all(|&alt| self.chooses(alt))
            && self.is_its_turn(self.stage(rule))
    }

    /// Is a rule of this stage asked in this pass?
    fn is_its_turn(&self, stage: Stage) -> bool {
        (stage == Stage::Taking) == self.taking
    }

    /// Fires the rule of `table` that applies. Returns the call's outcome; `None` when it blocks, or when nobody sees one.
    pub(crate) fn apply(&mut self, table: Table) -> Option<Outcome> {
        let rules = (self.tables)(table);
        self.taking = table.is_taking();
        let state = self.state();
        let mut held: Small<u8, 12> = Small::default();
        let mut case = None;
        for (index, rule) in rules.iter().enumerate() {
            if rule.role == Role::Case {
                if held.is_empty() && self.holds(rule, state) {
                    case = Some(rule);
                    break;
                }
            } else if self.holds(rule, state) {
                held.push(index as u8);
            }
        }
        self.asking.set(None);
        let rule = if held.is_empty() {
            case.unwrap_or_else(|| panic!("invariant: every call is defined in every world: {table:?} from {state:?}"))
        } else {
            self.compete(rules, &held)
        };
        self.fire(rule)
    }

    /// Of several checks that hold, the one that this stack makes first; where nothing is known of that, any of them.
    fn compete(&mut self, rules: &'static [Rule], held: &Small<u8, 12>) -> &'static Rule {
        let first = held.iter().map(|i| self.profile.rank(rules[usize::from(i)].name)).min();
        let ranked = |i: &u8| Some(self.profile.rank(rules[usize::from(*i)].name)) == first;
        let tied: Small<u8, 12> = held.iter().filter(ranked).fold(Small::default(), |mut all, i| {
            all.push(i);
            all
        });
        let pick = self.tape.borrow_mut().pick(tied.len());
        &rules[usize::from(tied.iter().nth(pick).expect("invariant: a pick is below the size it was asked for"))]
    }

    fn fire(&mut self, rule: &'static Rule) -> Option<Outcome> {
        let before = self.state();
        self.fx.fired.push(rule);
        self.fx.fired_from.push(before);
        self.asking.set(Some(rule));
        let mutation = self.mutation(Some(rule));
        if mutation != Some(Mutation::NoEffect) {
            (rule.then)(self);
            let in_hand = self.taking || matches!(rule.stage, Col::Is(Stage::Queue));
            if rule.takes_something() && in_hand && self.has_in_hand() {
                let takes = self.value(Column::Takes, &rule.takes);
                self.takes_off(takes);
            }
        }
        debug_assert!(
            mutation.is_some() || self.state() == rule.to.unwrap_or(before),
            "{}: declared to go to {:?}, went from {before:?} to {:?}",
            rule.name,
            rule.to,
            self.state()
        );
        let gives = self.value(Column::Gives, &rule.gives);
        self.asking.set(None);
        let gives = if mutation == Some(Mutation::WrongCode) { wrong(gives) } else { gives };
        match gives {
            Gives::Fails(code) => {
                self.thread_mut(self.thread).last_error = code;
                // What it wrote all the same, if it did.
                let out = self.gives.take().map_or(Out::None, |written| written.out);
                Some(failure(&self.call, code).with(out))
            }
            Gives::Succeeds => {
                let outcome = self.gives.take().unwrap_or(Outcome::number(0));
                if self.thread().last_error != Code::NONE {
                    self.apply(Table::Succeeds);
                }
                Some(outcome)
            }
            Gives::Returns(code) => Some(Outcome::number(i64::from(code.0))),
            Gives::Undefined => Some(self.ends_in(Value::Undefined)),
            Gives::Unmodelled => Some(self.ends_in(Value::Unmodelled)),
            Gives::Crashes => Some(self.ends_in(Value::Crashes)),
            Gives::Blocks => {
                self.block();
                None
            }
            Gives::Strands => {
                self.strand();
                None
            }
            Gives::LooksAgain => {
                if let Some(op) = self.op {
                    self.look_again(op);
                }
                None
            }
            Gives::Silent => None,
            Gives::Continues(table) => self.apply(table),
        }
    }

    /// Nothing more can be said of the calling thread; after a crash, of no thread of its process.
    fn ends_in(&mut self, value: Value) -> Outcome {
        let process = self.process_id();
        for place in 0..self.threads_of(process).len() {
            let thread = self.threads_of(process)[place];
            if thread == self.thread || value == Value::Crashes {
                self.thread_ends(thread, Ended::Undefined, false);
            }
        }
        Outcome { value, error: Code::NONE, out: Out::None }
    }

    /// Points this step at a thread and its call.
    pub(crate) fn focus(&mut self, thread: ThreadId, call: Call) {
        self.thread = thread;
        self.call = call;
        self.op = None;
        self.gives = None;
        let resolved = call.subject().and_then(|handle| self.resolve(handle));
        self.socket = resolved.map(|(socket, _)| socket);
        self.copy = resolved.map_or(0, |(_, copy)| copy);
        self.conn = self.socket.and_then(|s| self.socket_at(s).conn);
    }

    /// Points this step at an operation: at the thread that started it and the call that it was.
    pub(crate) fn focus_on(&mut self, op: OpId) {
        let operation = self.op_at(op);
        self.focus(operation.thread, operation.call);
        self.op = Some(op);
    }
}

/// Every handle that a call names.
pub(crate) fn names(call: &Call) -> Small<Handle, 12> {
    let mut all = Small::default();
    call.map(|handle| all.insert(handle));
    all
}

/// What a failing call returns.
pub(crate) fn failure(call: &Call, code: Code) -> Outcome {
    let value = match call.function().returns() {
        Returns::Socket => Value::InvalidSocket,
        Returns::Event => Value::InvalidEvent,
        Returns::Wait => Value::WaitFailed,
        Returns::Bool => Value::Number(0),
        Returns::Number | Returns::Code | Returns::Sleep | Returns::Nothing => Value::SocketError,
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
        Gives::Fails(_) => Gives::Fails(Code::WSAEFAULT),
        Gives::Succeeds | Gives::Undefined | Gives::Unmodelled | Gives::Crashes => {
            Gives::Fails(Code::WSASYSCALLFAILURE)
        }
        Gives::Returns(_) => Gives::Returns(Code::WSASYSCALLFAILURE),
        Gives::Silent => Gives::Silent,
        Gives::Strands | Gives::LooksAgain => Gives::Silent,
        Gives::Continues(_) => Gives::Fails(Code::WSASYSCALLFAILURE),
    }
}

/// `how` includes sending.
pub(crate) fn sends(how: How) -> bool {
    how != How::Receive
}
