//! Blocked calls that end without what they waited for: cancelled, closed under, cleaned up, timed out.

use super::common::{case, check};
use super::wsaaccept::is_conditional;
use crate::call::{Call, Set};
use crate::choice::{
    CANCEL_DOES_NOTHING, CANCEL_SERVES, CLEANUP_UNDER_CALL, CLOSE_UNDER_ACCEPT, DECIDED_FIRST, UNDER_SELECT_TOLD,
    WITHDRAWN_REQUEST,
};
use crate::code::Code;
use crate::operation::Answer;
use crate::outcome::{Out, Outcome, Value};
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::{At, Cause, Gives, Role, Rule, States, by};
use crate::status::Status;
use crate::world::State;

table! {
    WSACANCELBLOCKINGCALL;
    // Where the call does nothing it does not ask for WSAStartup either.
    Rule { under: &[CANCEL_SERVES], ..super::common::not_initialised("WSACancelBlockingCall.not-initialised") },
    Rule {
        under: &[CANCEL_SERVES],
        when: |at| at.process().version.major == 1 && at.hooked().is_none(),
        rests_on: &["wspcancel.err.WSAEINVAL", "wspcancel.completed-first"],
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
}

table! {
    /// What a blocked call gives when its socket, or its Winsock, goes away under it.
    CANCELLED;
    Rule {
        gives: Is(Gives::Undefined),
        when: |at| at.answer != Answer::Nothing,
        rests_on: &["closesocket.rem.no-concurrent-call", "wsacleanup.rem.cancels-silently"],
        ..case("WSAAccept.closed-under-condition", &["wsaaccept.desc.conditional"], States::ANY)
    },
    Rule {
        rests_on: &[
            "accept.err.WSAEINTR",
            "wspcancel.call-fails-WSAEINTR",
            "wspcancel.accept-harmless",
            "wsaaccept.err.WSAEINTR",
            "wsaaccept.err.WSAEINTR.generic",
            "wspaccept.err.WSAEINTR",
        ],
        ..ended("cancelled.by-hook", Code::WSAEINTR, |at| at.cause == Cause::Hook)
    },
    // Only where the program decides first is there a request to be taken back.
    Rule {
        under: &[DECIDED_FIRST],
        gives: by(WITHDRAWN_REQUEST, &[Fails(Code::WSAECONNRESET), Fails(Code::WSAEACCES)]),
        when: |at| at.cause == Cause::Withdrawn && is_conditional(at),
        rests_on: &["condaccept.on.client-may-time-out", "wspaccept.err.WSAEACCES", "wspaccept.err.WSAECONNRESET"],
        ..case(
            "WSAAccept.request-withdrawn",
            &["wsaaccept.err.WSAEACCES.withdrawn", "wsaaccept.err.WSAECONNRESET"],
            States::ANY,
        )
    },
    Rule {
        under: &[DECIDED_FIRST],
        cites: &["accept.err.WSAECONNRESET"],
        rests_on: &["condaccept.on.client-may-time-out"],
        ..ended("accept.request-withdrawn", Code::WSAECONNRESET, |at| at.cause == Cause::Withdrawn)
    },
    Rule {
        gives: by(
            CLOSE_UNDER_ACCEPT,
            &[Fails(Code::WSAEINTR), Fails(Code::WSAENOTSOCK), Fails(Code::WSA_OPERATION_ABORTED), Gives::Strands],
        ),
        when: |at| at.cause == Cause::Close && at.call().accepts(),
        rests_on: &["closesocket.rem.no-concurrent-call"],
        ..case("accept.closed-under", &[], States::ANY)
    },
    Rule {
        gives: by(
            CLEANUP_UNDER_CALL,
            &[
                Fails(Code::WSAEINTR),
                Fails(Code::WSA_OPERATION_ABORTED),
                Fails(Code::WSANOTINITIALISED),
                Fails(Code::WSAENOTSOCK),
                Gives::Strands,
            ],
        ),
        when: |at| at.cause == Cause::Cleanup,
        rests_on: &["wsacleanup.rem.cancels-silently", "wsacleanup.rem.aborted-status"],
        ..case("cleanup-under.ends-call", &[], States::ANY)
    },
    Rule {
        under: &[UNDER_SELECT_TOLD],
        when: |at| closed(at) && matches!(at.call(), Call::Select { .. }) && super::select::closed_in_read_set(at),
        then: super::select::tells_closed,
        rests_on: &["closesocket.rem.no-concurrent-call"],
        ..case("select.closed-under", &[], States::ANY)
    },
    Rule {
        under: &[UNDER_SELECT_TOLD],
        rests_on: &["closesocket.rem.no-concurrent-call"],
        ..ended("select.closed-under-elsewhere", Code::WSAENOTSOCK, |at| {
            closed(at) && matches!(at.call(), Call::Select { .. })
        })
    },
    Rule {
        under: &[UNDER_SELECT_TOLD],
        when: |at| closed(at) && matches!(at.call(), Call::WSAPoll { .. }),
        then: super::select::poll_tells_closed,
        rests_on: &["closesocket.rem.no-concurrent-call"],
        ..case("WSAPoll.closed-under", &[], States::ANY)
    },
    // Closing a socket under a connect, recv or select that waits is undefined by the page of closesocket, closing an
    // event under a wait by that of the wait.
    Rule {
        gives: Is(Gives::Undefined),
        rests_on: &["closesocket.rem.no-concurrent-call", "wsawait.closed-handle-undefined"],
        ..case("closed-under.undefined", &[], States::ANY)
    },
}

table! {
    /// The time-out of a waiting call runs out.
    EXPIRE;
    Rule {
        when: |at| matches!(*at.call(), Call::Recv { .. } | Call::WSARecv { .. }),
        then: |at| at.sock_mut().gave_up = true,
        rests_on: &["solsocket.rcvtimeo.blocking"],
        ..check("recv.times-out", &[], States::of(&[State::Connected]), Code::WSAETIMEDOUT)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::AfdPoll { .. }),
        gives: Is(Gives::Silent),
        then: |at| super::afdpoll::ends(at, Status::TIMEOUT, Set::EMPTY),
        rests_on: &["select.rem.zero-timeout-polls"],
        ..case("NtDeviceIoControlFile.times-out", &["ntioctl.status-block"], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::Select { .. }),
        then: |at| at.give(Outcome::number(0).with(super::select::NOBODY)),
        ..case("select.times-out", &["select.rem.zero-timeout-polls"], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::WSAPoll { .. }),
        then: |at| {
            let revents = match *at.call() {
                Call::WSAPoll { fds, .. } => fds.map(|_| crate::call::PollEvents(0)),
                _ => Set::default(),
            };
            at.give(Outcome::number(0).with(Out::Revents(revents)));
        },
        ..case("WSAPoll.times-out", &["wsapoll.timeout"], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::WSAWaitForMultipleEvents { .. } | Call::WSAWaitForAllEvents { .. }),
        then: |at| at.give(Outcome { value: Value::WaitTimeout, error: Code::NONE, out: Out::None }),
        ..case("WSAWaitForMultipleEvents.times-out", &["wsawait.any-lowest-index"], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::GetQueuedCompletionStatus { .. }),
        gives: Is(Gives::Reports),
        then: super::port::times_out,
        ..case("GetQueuedCompletionStatus.times-out", &["gqcs.timeout"], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::GetQueuedCompletionStatusEx { .. }),
        gives: Is(Gives::Reports),
        then: |at| at.give(super::port::failed(Code::WAIT_TIMEOUT)),
        ..case("GetQueuedCompletionStatusEx.times-out", &["gqcsex.timeout"], States::ANY)
    },
    Rule { rests_on: &["accept.rem.apc-interrupts"], ..case("SleepEx.wakes", &[], States::ANY) },
}

fn closed(at: &At<'_>) -> bool {
    at.cause == Cause::Close
}

const fn ended(name: &'static str, code: Code, when: fn(&At<'_>) -> bool) -> Rule {
    Rule { role: Role::Case, when, ..check(name, &[], States::ANY, code) }
}
