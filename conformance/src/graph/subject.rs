//! What has a state machine of its own: the calls, and what happens without one.

use std::sync::LazyLock;

use winaccept_model::call::Function;
use winaccept_model::choice::Point;
use winaccept_model::profile::Profile;
use winaccept_model::rule::{Col, Gives, Role, Rule, Stage, States, Table, Takes};
use winaccept_model::status::Status;
use winaccept_model::world::State;

/// A call, or something that happens, with the table in which its rules begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subject {
    /// Its name.
    pub name: &'static str,
    /// The table in which it begins.
    pub first: Table,
    /// It is a call, not a happening.
    pub is_call: bool,
    /// Only what this profile allows; `None`: whatever any of them does.
    pub profile: Option<&'static Profile>,
}

/// Every call, then every happening.
pub static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    let mut all: Vec<Subject> = Vec::new();
    for function in Function::ALL {
        // Two entries of the list may be one function of C.
        if all.iter().all(|subject| subject.name != function.name()) {
            all.push(Subject { name: function.name(), first: function.table(), is_call: true, profile: None });
        }
    }
    let place = |subject: &Subject| FIRST.iter().position(|name| *name == subject.name).unwrap_or(FIRST.len());
    all.sort_by_key(place);
    all.extend(HAPPENINGS.iter().map(|(name, first)| Subject { name, first: *first, is_call: false, profile: None }));
    all
});

/// The calls that a reader looks for come before the others.
const FIRST: [&str; 28] = [
    "accept",
    "listen",
    "bind",
    "connect",
    "socket",
    "WSASocket",
    "WSADuplicateSocket",
    "shutdown",
    "closesocket",
    "send",
    "recv",
    "ioctlsocket",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    "select",
    "WSAPoll",
    "WSAEventSelect",
    "WSAEnumNetworkEvents",
    "WSACreateEvent",
    "CreateEvent",
    "WSACloseEvent",
    "WSASetEvent",
    "WSAResetEvent",
    "WSAWaitForMultipleEvents",
    "QueueUserAPC",
    "SleepEx",
];

/// What happens without a call.
const HAPPENINGS: &[(&str, Table)] = &[
    ("network-event", Table::NetworkEvent),
    ("SYN", Table::Syn),
    ("SYN-ACK", Table::SynAck),
    ("ACK", Table::Ack),
    ("RST", Table::Rst),
    ("FIN", Table::Fin),
    ("DATA", Table::Data),
    ("SYN-inside", Table::PeerSyn),
    ("SYN-ACK-inside", Table::PeerSynAck),
    ("ACK-inside", Table::PeerAck),
    ("DATA-inside", Table::PeerData),
    ("FIN-inside", Table::PeerFin),
    ("stray-segment", Table::PeerStray),
    ("timer", Table::Timer),
    ("request-failure", Table::RequestFails),
    ("success", Table::Succeeds),
    ("program", Table::Program),
    ("process-ends", Table::ProcessEnds),
    ("thread-ends", Table::ThreadEnds),
    ("thread-ends-request", Table::ThreadEndsRequest),
];

/// Rules of shared tables, and the calls that they do not concern although their name says nothing of it.
const NOT_CONCERNED: &[(&str, &[&str])] = &[
    ("event.invalid-handle", &["WSACreateEvent"]),
    ("closed-under.undefined", &["accept", "WSAAccept", "WSPAccept", "SleepEx", "WSAWaitForMultipleEvents"]),
    // What the caller of a provider is asked for, and how any other call takes a connection.
    ("accept.not-initialised", &["WSPAccept"]),
    ("accept.in-progress.callback", &["WSPAccept"]),
    ("accept.takes-first", &["WSPAccept"]),
    // A hook ends no wait for an event.
    ("cancelled.by-hook", &["WSAWaitForMultipleEvents"]),
    ("apc.ends-alertable-wait", &["accept", "WSAAccept", "WSPAccept", "connect", "recv", "select", "WSAPoll"]),
    ("apc.nested-blocking-call", &["SleepEx", "WSAWaitForMultipleEvents"]),
    ("apc.runs-and-call-waits-on", &["SleepEx", "WSAWaitForMultipleEvents", "select", "recv", "WSARecv", "WSPAccept"]),
    ("apc.runs-and-ends-call", &["SleepEx", "WSAWaitForMultipleEvents", "select", "recv", "WSARecv", "WSPAccept"]),
    ("apc.waits-for-alertable-wait", &["SleepEx", "WSAWaitForMultipleEvents"]),
];

/// Calls that wait for nothing of Winsock's: neither a blocking hook nor `WSACleanup` ends them. Requests end with their sockets,
/// and so do the waits for them.
const OF_THE_SYSTEM: [&str; 5] =
    ["SleepEx", "GetMessage", "GetQueuedCompletionStatus", "GetOverlappedResult", "WSAGetOverlappedResult"];

/// How the request of an `AcceptEx` goes on when its call has returned.
const ACCEPTEX: [(&str, Table); 3] = [
    ("a connection is there", Table::AcceptExTakes),
    ("its connection has something", Table::AcceptExData),
    ("its accept socket is closed", Table::AcceptExLoses),
];

impl Subject {
    /// The call or happening of this name, whatever the case.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Subject> {
        SUBJECTS.iter().find(|subject| subject.name.eq_ignore_ascii_case(name))
    }

    /// The same under one profile.
    #[must_use]
    pub fn under(self, profile: &'static Profile) -> Subject {
        Subject { profile: Some(profile), ..self }
    }

    /// The rules of a table that can fire for this call or happening.
    pub fn rules(self, table: Table) -> impl Iterator<Item = &'static Rule> {
        let in_force = move |rule: &&'static Rule| {
            let rule: &'static Rule = rule;
            let turn = |stage: &Stage| (*stage == Stage::Taking) == table.is_taking();
            self.profile.is_none_or(|profile| is_in_force(rule, profile))
                && self.values(&rule.stage).any(|(_, stage)| turn(&stage))
        };
        table.rules().filter(move |rule| self.concerned_by(rule)).filter(in_force)
    }

    /// What a rule can give, each with its place among the alternatives of its choice point.
    pub fn gives(self, rule: &'static Rule) -> impl Iterator<Item = (usize, Gives)> {
        self.values(&rule.gives)
    }

    /// What can become of the connection in hand when a rule fires.
    pub fn takes(self, rule: &'static Rule) -> impl Iterator<Item = Takes> {
        self.values(&rule.takes).map(|(_, takes)| takes)
    }

    /// With what the request in question can end when a rule fires.
    pub fn ends(self, rule: &'static Rule) -> impl Iterator<Item = Status> {
        let allowed = self.allowed(rule.asks.first().copied().filter(|_| rule.ends.len() > 1));
        rule.ends.iter().copied().enumerate().filter(move |(at, _)| allowed >> at & 1 == 1).map(|(_, status)| status)
    }

    /// What a column can be.
    fn values<T: Copy + 'static>(self, column: &'static Col<T>) -> impl Iterator<Item = (usize, T)> {
        let allowed = self.allowed(column.point());
        column.values().iter().copied().enumerate().filter(move |(at, _)| allowed >> at & 1 == 1)
    }

    /// The alternatives that there are, a bit each: all of them, where no choice point decides or no profile is asked.
    fn allowed(self, point: Option<Point>) -> u8 {
        match (point, self.profile) {
            (Some(point), Some(profile)) => profile.allowed(point.index()),
            _ => u8::MAX,
        }
    }

    /// Rules are named after their call, unless several calls share them.
    fn concerned_by(self, rule: &Rule) -> bool {
        let whose = rule.name.split_once('.').map_or(rule.name, |(call, _)| call);
        let another = SUBJECTS.iter().find(|other| other.is_call && other.name == whose);
        let concerned = match another {
            Some(another) if self.is_call => whose == self.name || self.goes_on_as(another),
            _ => true,
        };
        concerned && !NOT_CONCERNED.iter().any(|(name, calls)| *name == rule.name && calls.contains(&self.name))
    }

    /// Does this call leave what its own page does not say to the page of another?
    fn goes_on_as(self, other: &Subject) -> bool {
        let first = |table: Table| SUBJECTS.iter().find(move |subject| subject.is_call && subject.first == table);
        let goes_on = |gives: &Gives| match *gives {
            Gives::Continues(table) if table != self.first => {
                table == other.first || first(table).is_some_and(|next| next.goes_on_as(other))
            }
            _ => false,
        };
        self.first != other.first && self.first.rules().any(|rule| rule.gives.values().iter().any(goes_on))
    }

    /// Can this rule of a table fire when the socket is in this state? Where the descriptor itself is checked no case is
    /// reached without a socket, but for one that is there for nothing else.
    #[must_use]
    pub fn fires(self, table: Table, rule: &Rule, state: State) -> bool {
        let no_socket = States::of(&[State::NotASocket]);
        let descriptor = |check: &Rule| check.role == Role::Check && check.from == no_socket && rule.from != no_socket;
        let stopped = state == State::NotASocket && rule.role == Role::Case && self.rules(table).any(descriptor);
        rule.from.has(state) && !stopped
    }

    /// The tables that a call can pass through, in the order in which it does, without waiting.
    #[must_use]
    pub fn tables(self) -> Vec<Table> {
        reachable(self, vec![self.first])
    }

    /// The tables in which a call goes on that waits, and what takes it there; empty if it never waits.
    #[must_use]
    pub fn later(self) -> Vec<(&'static str, Table)> {
        let tables = self.tables();
        if self.first == Table::AcceptEx {
            return ACCEPTEX.to_vec();
        }
        if self.first == Table::SetFileCompletionNotificationModes {
            return vec![("a request is complete at once", Table::CompletesAtOnce)];
        }
        let waits_in =
            |table: &&Table| self.rules(**table).any(|rule| self.gives(rule).any(|(_, gives)| gives == Gives::Blocks));
        let mut later: Vec<(&str, Table)> = self.of_requests().collect();
        let Some(&table) = tables.iter().find(waits_in) else { return later };
        // A call that waits in its first table waits for its time-out, or for what has a table of its own.
        if table != self.first {
            later.push(("something changes", Table::Wake));
        }
        let again = self.functions().filter(|function| function.does().waits).find_map(Function::looks_again);
        later.extend(again.filter(|again| !tables.contains(again)).map(|again| ("what it waits for is there", again)));
        let calls_back =
            |table: &Table| self.rules(*table).any(|rule| self.gives(rule).any(|(_, gives)| gives == Gives::CallsBack));
        if tables.iter().any(calls_back) {
            later.push(("its condition function returns", Table::ConditionReturns));
        }
        let named = |table| self.rules(table).any(|rule| rule.name.starts_with(self.name));
        later.extend((!OF_THE_SYSTEM.contains(&self.name)).then_some(("cancelled", Table::Cancelled)));
        later.extend(named(Table::PortIsClosed).then_some(("its port is closed", Table::PortIsClosed)));
        let deaf = self.functions().all(|function| function.does().deaf);
        later.extend((!deaf).then_some(("a user APC is due", Table::Apc)));
        later.extend((!deaf).then_some(("it is to wait inside an APC", Table::BlocksInRoutine)));
        later.extend(named(Table::Expire).then_some(("time-out", Table::Expire)));
        later
    }

    /// The functions of the model that are this one function of C.
    fn functions(self) -> impl Iterator<Item = Function> {
        Function::ALL.iter().copied().filter(move |function| self.is_call && function.name() == self.name)
    }

    /// What becomes of the requests that a call to receive or to send has started.
    fn of_requests(self) -> impl Iterator<Item = (&'static str, Table)> {
        let starts = self.functions().filter(|function| function.does().starts);
        starts.filter_map(Function::looks_again).flat_map(|table| {
            let polls = table == Table::AfdPollLooks;
            let closes = if polls { Table::AfdPollCloses } else { Table::RequestCloses };
            let all = [("its request can go on", table), ("the socket of its request is closed", closes)];
            all.into_iter().chain(polls.then_some(("the time-out of its request runs out", Table::Expire)))
        })
    }

    /// The table in which a call that waits looks again, if it is another than its first.
    #[must_use]
    pub fn looks_again(self) -> Option<Table> {
        let waits_in =
            |table: &Table| self.rules(*table).any(|rule| self.gives(rule).any(|(_, gives)| gives == Gives::Blocks));
        self.tables().into_iter().find(waits_in).filter(|table| *table != self.first)
    }

    /// The table whose rules go on after this.
    #[must_use]
    pub fn next(self, gives: Gives) -> Option<Table> {
        match gives {
            Gives::Continues(next) => Some(next),
            Gives::LooksAgain => self.looks_again(),
            _ => None,
        }
    }

    /// Every table that a call can pass through, also while it waits.
    #[must_use]
    pub fn all_tables(self) -> Vec<Table> {
        let mut tables = self.tables();
        for (_, table) in self.later() {
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
        reachable(self, tables)
    }

    /// Does it depend on the state of a socket?
    #[must_use]
    pub fn has_socket(self) -> bool {
        self.tables().into_iter().any(|table| self.rules(table).any(|rule| !is_any(rule)))
    }
}

/// Does a profile allow every alternative under which a rule exists?
#[must_use]
pub fn is_in_force(rule: &Rule, profile: &Profile) -> bool {
    rule.under.iter().all(|alt| profile.allowed(alt.point().index()) >> alt.1 & 1 == 1)
}

/// Does a rule fire whatever the state?
#[must_use]
pub fn is_any(rule: &Rule) -> bool {
    rule.from == States::ANY
}

fn reachable(subject: Subject, mut tables: Vec<Table>) -> Vec<Table> {
    let mut at = 0;
    while let Some(&table) = tables.get(at) {
        for rule in subject.rules(table) {
            for next in subject.gives(rule).filter_map(|(_, gives)| subject.next(gives)) {
                if !tables.contains(&next) {
                    tables.push(next);
                }
            }
        }
        at += 1;
    }
    tables
}

/// The calls and happenings in which a rule can fire.
pub fn subjects_of(rule: &'static Rule) -> impl Iterator<Item = &'static Subject> {
    SUBJECTS.iter().filter(move |subject| {
        subject.all_tables().into_iter().any(|table| subject.rules(table).any(|other| std::ptr::eq(other, rule)))
    })
}

/// What a table is about, in a few words.
#[must_use]
pub fn stage(table: Table) -> &'static str {
    match table {
        Table::AcceptChecks => "checks on entry",
        Table::AcceptQueue => "looks at the queue",
        Table::AcceptInherits => "the new socket takes over properties",
        Table::ProviderHandle => "the new socket gets its handle",
        Table::AcceptSelection => "the new socket takes over the event registration",
        Table::AcceptName => "the peer's address",
        Table::AcceptExTakes => "takes a connection",
        Table::AcceptExData => "looks for data",
        Table::AcceptExLoses => "loses its accept socket",
        Table::Recycle => "looks whether the connection is over",
        Table::ConnectAnswer | Table::ConnectExAnswer => "looks for the answer",
        Table::RecvData => "looks for data",
        Table::SelectReady | Table::WSAPollReady | Table::WSAWaitReady => "looks what is ready",
        Table::Cancelled => "cancelled while it waits",
        Table::Apc => "a user APC is due while it waits",
        Table::Expire => "its time-out runs out",
        Table::Wake => "something changes while it waits",
        Table::ConditionReturns => "its condition function returns",
        Table::ConditionResult => "what its condition function says",
        Table::RequestFails => "when a call fails that was to post a request",
        Table::Succeeds => "when a call succeeds after a failure",
        Table::Syn | Table::SynAck | Table::Ack | Table::Rst | Table::Fin | Table::Data => "when it arrives",
        Table::PeerSyn | Table::PeerSynAck | Table::PeerAck | Table::PeerData | Table::PeerFin => {
            "when it arrives inside a connection"
        }
        Table::PeerStray => "when it belongs to no connection",
        Table::Timer => "when it runs out",
        Table::NetworkEvent => "when it occurs",
        Table::Program => "between calls",
        Table::ProcessEnds => "when a process ends",
        Table::ThreadEnds => "when a thread ends",
        Table::ThreadEndsRequest => "when the thread of a request ends",
        Table::CompletesAtOnce => "when a request is complete at once",
        Table::BlocksInRoutine => "when it is to wait inside an APC",
        _ => "on entry",
    }
}

#[cfg(test)]
mod tests {
    use winaccept_model::rules;

    use super::*;

    #[test]
    fn every_rule_belongs_to_a_call_or_happening() {
        for (_, rule) in rules::all() {
            assert!(subjects_of(rule).next().is_some(), "{} belongs to nothing", rule.name);
        }
    }

    #[test]
    fn the_exceptions_name_rules_and_calls() {
        for (name, calls) in NOT_CONCERNED {
            assert!(rules::all().any(|(_, rule)| rule.name == *name), "no rule is called {name}");
            for call in *calls {
                assert!(Subject::by_name(call).is_some_and(|subject| subject.is_call), "no call is called {call}");
            }
        }
    }
}
