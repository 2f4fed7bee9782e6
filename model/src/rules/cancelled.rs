//! Blocked calls that end without what they waited for: cancelled, closed under, cleaned up, timed out.

use super::common::{case, check};
use crate::call::Call;
use crate::choice::{
    CANCEL_DOES_NOTHING, CANCEL_SERVES, CLEANUP_ABORTED, CLEANUP_INTERRUPTED, CLEANUP_NOTINITIALISED, CLEANUP_NOTSOCK,
    CLEANUP_STAYS, CLOSE_ABORTED, CLOSE_INTERRUPTED, CLOSE_NOTSOCK, CLOSE_STAYS,
};
use crate::code::Code;
use crate::outcome::{Out, Outcome, Value};
use crate::rule::Col::Is;
use crate::rule::{At, Cause, Gives, Role, Rule, States};

pub(super) static WSACANCELBLOCKINGCALL: &[Rule] = &[
    // Where the call does nothing it does not ask for WSAStartup either.
    Rule { under: &[CANCEL_SERVES], ..super::common::not_initialised("WSACancelBlockingCall.not-initialised") },
    Rule {
        under: &[CANCEL_SERVES],
        when: |at| at.process().version.major == 1 && at.hooked().is_none(),
        rests_on: &["wspcancel.err.WSAEINVAL"],
        ..check("WSACancelBlockingCall.nothing-outstanding", &[], States::ANY, Code::WSAEINVAL)
    },
    Rule {
        under: &[CANCEL_DOES_NOTHING],
        ..case("WSACancelBlockingCall.does-nothing", &["wsacancel.removed"], States::ANY)
    },
    Rule {
        // The function is gone from Winsock 2: no page says what calling it there would give.
        when: |at| at.process().version.major >= 2,
        gives: Is(Gives::Undefined),
        ..case("WSACancelBlockingCall.removed", &["wsacancel.removed"], States::ANY)
    },
    Rule {
        then: |at| {
            if let Some(op) = at.hooked() {
                at.cancel(op, Cause::Hook);
            }
        },
        rests_on: &["accept.err.WSAEINTR", "wspcancel.call-fails-WSAEINTR"],
        ..case("WSACancelBlockingCall.cancels", &[], States::ANY)
    },
];

/// What a blocked call gives when its socket, or its Winsock, goes away under it.
pub(super) static CANCELLED: &[Rule] = &[
    Rule {
        rests_on: &["accept.err.WSAEINTR", "wspcancel.call-fails-WSAEINTR", "wspcancel.accept-harmless"],
        ..ended("cancelled.by-hook", Code::WSAEINTR, |at| at.cause == Cause::Hook)
    },
    Rule {
        under: &[CLOSE_INTERRUPTED],
        rests_on: CLOSED,
        ..ended("accept.closed-under.interrupted", Code::WSAEINTR, accept_closed)
    },
    Rule {
        under: &[CLOSE_NOTSOCK],
        rests_on: CLOSED,
        ..ended("accept.closed-under.not-a-socket", Code::WSAENOTSOCK, accept_closed)
    },
    Rule {
        under: &[CLOSE_ABORTED],
        rests_on: CLOSED,
        ..ended("accept.closed-under.aborted", Code::WSA_OPERATION_ABORTED, accept_closed)
    },
    Rule {
        under: &[CLOSE_STAYS],
        gives: Is(Gives::Silent),
        then: |at| at.strand(),
        rests_on: CLOSED,
        ..ended("accept.closed-under.stays-blocked", Code::NONE, accept_closed)
    },
    Rule {
        under: &[CLEANUP_INTERRUPTED],
        rests_on: CLEANED,
        ..ended("cleanup-under.interrupted", Code::WSAEINTR, cleaned)
    },
    Rule {
        under: &[CLEANUP_ABORTED],
        rests_on: CLEANED,
        ..ended("cleanup-under.aborted", Code::WSA_OPERATION_ABORTED, cleaned)
    },
    Rule {
        under: &[CLEANUP_NOTINITIALISED],
        rests_on: CLEANED,
        ..ended("cleanup-under.not-initialised", Code::WSANOTINITIALISED, cleaned)
    },
    Rule {
        under: &[CLEANUP_NOTSOCK],
        rests_on: CLEANED,
        ..ended("cleanup-under.not-a-socket", Code::WSAENOTSOCK, cleaned)
    },
    Rule {
        under: &[CLEANUP_STAYS],
        gives: Is(Gives::Silent),
        then: |at| at.strand(),
        rests_on: CLEANED,
        ..ended("cleanup-under.stays-blocked", Code::NONE, cleaned)
    },
    // Closing a socket under a connect, recv or select that waits is undefined by the page of closesocket, closing an
    // event under a wait by that of the wait.
    Rule {
        gives: Is(Gives::Undefined),
        rests_on: &["closesocket.rem.no-concurrent-call", "wsawait.closed-handle-undefined"],
        ..case("closed-under.undefined", &[], States::ANY)
    },
];

/// The time-out of a waiting call runs out.
pub(super) static EXPIRE: &[Rule] = &[
    Rule {
        when: |at| matches!(at.call, Call::Select { .. }),
        then: |at| at.give(Outcome::number(0).with(super::select::NOBODY)),
        ..case("select.times-out", &["select.rem.zero-timeout-polls"], States::ANY)
    },
    Rule {
        when: |at| matches!(at.call, Call::WSAPoll { .. }),
        then: |at| {
            let revents = match at.call {
                Call::WSAPoll { fds, .. } => fds.map(|_| crate::call::PollEvents(0)),
                _ => crate::call::List::default(),
            };
            at.give(Outcome::number(0).with(Out::Revents(revents)));
        },
        ..case("WSAPoll.times-out", &["wsapoll.timeout"], States::ANY)
    },
    Rule {
        when: |at| matches!(at.call, Call::WSAWaitForMultipleEvents { .. }),
        then: |at| at.give(Outcome { value: Value::WaitTimeout, error: Code::NONE, out: Out::None }),
        ..case("WSAWaitForMultipleEvents.times-out", &["wsawait.any-lowest-index"], States::ANY)
    },
    Rule { rests_on: &["accept.rem.apc-interrupts"], ..case("SleepEx.wakes", &[], States::ANY) },
];

const CLOSED: &[&str] = &["closesocket.rem.no-concurrent-call"];
const CLEANED: &[&str] = &["wsacleanup.rem.cancels-silently", "wsacleanup.rem.aborted-status"];

const fn ended(name: &'static str, code: Code, when: fn(&At<'_>) -> bool) -> Rule {
    Rule { role: Role::Case, when, ..check(name, &[], States::ANY, code) }
}

fn accept_closed(at: &At<'_>) -> bool {
    at.cause == Cause::Close && matches!(at.call, Call::Accept { .. })
}

fn cleaned(at: &At<'_>) -> bool {
    at.cause == Cause::Cleanup
}
