//! What the program itself does beside its calls: what it prints, its end, and the end of one of its threads.

use super::closesocket::Manner;
use super::common::{ASKED_AT_ITS_END, case, not_modelled};
use super::startup::release_all;
use crate::call::{Call, ThreadId};
use crate::choice::{EXIT_CLOSES, UNREAD_RESETS};
use crate::operation::{Ended, OpId};
use crate::outcome::Outcome;
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States, Table};
use crate::status::Status;
use crate::world::SocketId;

table! {
    PROGRAM;
    Rule {
        when: |at| at.again,
        gives: Is(Gives::Continues(Table::ProcessEnds)),
        then: threads_end,
        rests_on: &[
            "accept.ex.final-cleanup",
            "wsaaccept.ex.cleanup",
            "accept.ex.failure-path",
            "accept.ex.startup-first",
            "wsaaccept.ex.startup",
            "tutorial.ex.failure-path",
        ],
        ..case("program.exits", &[], States::ANY)
    },
    Rule {
        then: |at| {
            let last_error = at.thread().last_error;
            at.give(Outcome::number(i64::from(last_error.0)));
        },
        rests_on: &[
            "accept.ex.waiting-message",
            "accept.ex.success-message",
            "accept.ex.failure-path",
            "accept.ex.startup-first",
            "wsaaccept.ex.startup",
            "tutorial.ex.failure-path",
            "tutorial.ex.prints-error",
            "accept.ex.socket",
            "accept.ex.bind",
            "accept.ex.listen-backlog-1",
            "acceptex.ex.announce",
            "wsaaccept.ex.socket",
            "wsaaccept.ex.bind",
            "wsaaccept.ex.listen-backlog-1",
        ],
        ..case("program.prints", &[], States::ANY)
    },
}

table! {
    /// A thread ends: it returns from its function, or another ends it, whatever it is in.
    THREAD_ENDS;
    Rule {
        when: is_last,
        gives: Is(Gives::Continues(Table::ProcessEnds)),
        then: threads_end,
        rests_on: &["terminatethread.rem.last-thread"],
        ..case("thread-ends.with-its-process", &[], States::ANY)
    },
    // What a call has begun at its peer cannot be withdrawn, and no page says what its socket is afterwards.
    Rule {
        when: |at| {
            let begun = |call: &Call| {
                let connects = matches!(call, Call::Connect { .. } | Call::WSAConnect { .. });
                let waits = matches!(call, Call::Send { .. } | Call::Closesocket { .. });
                connects || waits || matches!(call, Call::DisconnectEx { .. } | Call::TransmitFile { .. })
            };
            at.waits(at.thread).is_some_and(|op| begun(&at.op_at(op).call))
        },
        rests_on: &["exitthread.rem.not-iocp"],
        ..not_modelled("thread-ends.under-way-not-modelled", &[], States::ANY)
    },
    // What it waited for it does not take: that is there for the next to come. What was queued to it never runs.
    Rule {
        gives: Is(Gives::Silent),
        then: |at| at.thread_ends(at.thread, Ended::Exited, false),
        rests_on: &[
            "exitthread.rem.not-iocp",
            "terminatethread.rem.no-user-code",
        ],
        ..case("thread-ends.withdraws-its-call", &[], States::ANY)
    },
}

table! {
    /// The thread that has made a request ends before that is complete.
    THREAD_ENDS_REQUEST;
    Rule {
        when: |at| at.op().is_some_and(|op| tells_port_alone(at, op)),
        gives: Is(Gives::Silent),
        rests_on: &["exitthread.rem.not-iocp"],
        ..case("thread-ends.leaves-request-of-port", &[], States::ANY)
    },
    Rule {
        gives: Is(Gives::Silent),
        then: |at| {
            if let Some(op) = at.op() {
                at.ends(op, Status::CANCELLED);
            }
        },
        rests_on: &[
            "acceptex.thread.exit-cancels",
            "acceptex.thread.pending-can-fail",
            "disconnectex.thread-exit",
            "transmitfile.err.WSA_OPERATION_ABORTED",
            "exitthread.rem.not-iocp",
        ],
        ends: &[Status::CANCELLED],
        ..case("thread-ends.cancels-request", &[], States::ANY)
    },
}

/// Is a completion port told of this request, and no event beside it? (windows-facts WT-AFD-015, -016)
fn tells_port_alone(at: &At<'_>, op: OpId) -> bool {
    let tells = at.op_at(op).tells;
    tells.port && at.port_for(op).is_some() && tells.event.is_none()
}

table! {
    /// A process ends, by itself or with its last thread: what it has not closed the system closes.
    PROCESS_ENDS;
    Rule {
        gives: Is(Gives::Silent),
        then: closes_all,
        asks: ASKED_AT_ITS_END,
        rests_on: &["acceptex.ex.no-cleanup", "terminatethread.rem.last-thread"],
        ..case("process-ends.closes-its-sockets", &[], States::ANY)
    },
}

/// The process of the thread in question is brought down: its threads are gone, and what it had open is closed.
pub(crate) fn process_ends(at: &mut At<'_>) {
    threads_end(at);
    closes_all(at);
}

/// All threads of a process end. Whoever waits goes with it, and hears of nothing.
fn threads_end(at: &mut At<'_>) {
    let process = at.process_id();
    for place in 0..at.threads_of(process).len() {
        let t = at.threads_of(process)[place];
        at.thread_ends(t, Ended::Exited, true);
    }
}

fn closes_all(at: &mut At<'_>) {
    if at.process().startups > 0 {
        at.process_mut().startups = 0;
        release_all(at, manner_of_exit);
    }
}

/// How a connection ends whose process has ended.
fn manner_of_exit(at: &mut At<'_>, s: SocketId) -> Manner {
    let socket = at.socket_at(s);
    let lingers_not = socket.options().linger == (1, 0);
    let unread = at.own_end(s).is_some_and(|end| !end.unread.is_empty());
    let closes = socket.conn.is_some() && at.chooses(EXIT_CLOSES);
    if closes && !lingers_not && !(unread && at.chooses(UNREAD_RESETS)) { Manner::Graceful } else { Manner::Reset }
}

/// Has every other thread of its process ended?
fn is_last(at: &At<'_>) -> bool {
    let ended = |t: &ThreadId| *t == at.thread || at.thread_at(*t).ended == Ended::Exited;
    at.threads_of(at.process_id()).iter().all(ended)
}
