//! The rule form. A rule is a plain literal in a table; the engine that fires it is in [`crate::at`] and `engine`.

pub use crate::at::At;
use crate::call::ThreadId;
use crate::choice::Alt;
use crate::code::Code;
use crate::outcome::Outcome;
pub use crate::rules::Table;
use crate::world::{State, Touched};

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
    /// A check that changes more than the last error: it takes the connection off the queue and closes it, resets an
    /// event, or ends the process.
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
    /// The call brings its process down. No document says so; stacks were seen to do it.
    Crashes,
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
pub const NOTHING: fn(&mut At<'_>) = nothing;

// A function with one address, so that rules without an effect can be told from the others.
#[inline(never)]
fn nothing(_: &mut At<'_>) {}

impl Rule {
    /// Does it change anything beyond what it gives? Where it does not, breaking its effect breaks nothing.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        !std::ptr::fn_addr_eq(self.then, NOTHING)
    }
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
    /// For each of them, the state that the socket in question was in.
    pub fired_from: Vec<State>,
    /// The calls that returned, in order.
    pub returns: Vec<(ThreadId, Outcome)>,
    /// The owners whose objects may have changed.
    pub touched: Touched,
}

impl Effects {
    /// Forgets the last step but keeps the memory.
    pub fn clear(&mut self) {
        self.fired.clear();
        self.fired_from.clear();
        self.returns.clear();
        self.touched = Touched::default();
    }
}
