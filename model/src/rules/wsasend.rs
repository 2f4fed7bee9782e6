//! `WSASend`: without OVERLAPPED as `send`, with one a request that goes on when its call has returned.

use super::common::{case, check, in_progress, network_down, not_a_socket, not_initialised, not_modelled};
use super::modes::completes_at_once;
use super::request::{completes, has_routine_on_port, is_in_use, over_of, posts, tells_count, tells_no_count};
use super::transfer::puts;
use crate::call::Call;
use crate::choice::{ROUTINE_ON_PORT_FAILS, SEND_SUCCEEDS, SEND_UNCONNECTED_CODE, TRANSFER_NOT_CONNECTED};
use crate::code::Code;
use crate::operation::Wants;
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::{At, Gives, Rule, States, Table, by};
use crate::status::Status;
use crate::world::{State, Tcb};

const CONNECTED: States = States::of(&[State::Connected]);

table! {
    /// What its own page says of any sending, then as send.
    WSASEND;
    Rule { cites: &["wsasend.err.WSANOTINITIALISED"], ..not_initialised("WSASend.not-initialised") },
    Rule { cites: &["wsasend.err.WSAEINPROGRESS"], ..in_progress("WSASend.in-progress") },
    Rule { cites: &["wsasend.err.WSAENETDOWN"], ..network_down("WSASend.network-down") },
    Rule { cites: &["wsasend.err.WSAENOTSOCK"], ..not_a_socket("WSASend.not-a-socket") },
    Rule {
        gives: by(SEND_UNCONNECTED_CODE, &[Fails(Code::WSAENOTCONN), Fails(Code::WSAECONNRESET)]),
        ..check(
            "WSASend.not-connected",
            &["wsasend.err.WSAENOTCONN"],
            States::of(&[State::Unbound, State::Bound]),
            Code::WSAENOTCONN,
        )
    },
    Rule {
        under: &[TRANSFER_NOT_CONNECTED],
        gives: by(SEND_UNCONNECTED_CODE, &[Fails(Code::WSAENOTCONN), Fails(Code::WSAECONNRESET)]),
        ..check("WSASend.connecting", &["wsasend.err.WSAENOTCONN"], States::of(&[State::Connecting]), Code::WSAENOTCONN)
    },
    check("WSASend.not-bound", &["wsasend.err.WSAEINVAL"], States::of(&[State::Unbound]), Code::WSAEINVAL),
    Rule {
        when: |at| matches!(*at.call(), Call::WSASend { bytes: false, .. }),
        ..check(
            "WSASend.no-count",
            &["wsasend.param.count-null", "wsasend.err.WSAEFAULT"],
            States::SOCKET,
            Code::WSAEFAULT,
        )
    },
    Rule {
        gives: Is(Gives::Continues(Table::Send)),
        rests_on: &["acceptex.allowed.WSASend"],
        ..case(
            "WSASend.as-send",
            &["wsasend.rem.blocking-as-send", "wsasend.rem.nonoverlapped", "wsasend.ret.zero"],
            States::of(&[State::Connecting, State::Listening, State::Connected, State::Failed, State::Datagram]),
        )
    },
}

table! {
    /// A send with an OVERLAPPED, on a connection that takes what is sent.
    POSTED;
    Rule {
        under: &[ROUTINE_ON_PORT_FAILS],
        when: has_routine_on_port,
        rests_on: &["ciocp.not-with-routines"],
        ..check("WSASend.routine-on-port", &["wsasend.ret.other-error-no-completion"], CONNECTED, Code::WSAEINVAL)
    },
    // The page says of such a socket that the OVERLAPPED is ignored, and that the call fails.
    Rule {
        when: |at| !at.sock().overlapped,
        ..not_modelled("WSASend.nonoverlapped-not-modelled", &["wsasend.param.overlapped-ignored"], CONNECTED)
    },
    Rule {
        when: |at| over_of(at).is_some_and(|over| is_in_use(at, over)),
        ..not_modelled("WSASend.overlapped-in-use-not-modelled", &["wsasend.rem.separate-overlapped"], CONNECTED)
    },
    Rule {
        under: &[SEND_SUCCEEDS],
        then: |at| {
            if sends_at_once(at) {
                tells_count(at);
            }
        },
        ..case("WSASend.completes-at-once", &["wsasend.ret.zero", "wsasend.rem.immediate-count"], CONNECTED)
    },
    Rule {
        gives: Is(Gives::Pends),
        then: |at| {
            sends_later(at);
            tells_no_count(at);
        },
        rests_on: &["wsagor.rem.event-reset-on-pend", "overlapped.mode-irrelevant"],
        ..case("WSASend.pends", &["wsasend.ret.pending", "wsasend.rem.pending-count-untouched"], CONNECTED)
    },
}

table! {
    /// What a send that goes on finds when something has arrived at the other side, or a reset here.
    TAKES;
    Rule {
        when: |at| at.own().tcb == Tcb::Reset,
        gives: Is(Gives::Silent),
        then: |at| completes(at, Status::CONNECTION_RESET, 0, None),
        rests_on: &["recv.rem.reset"],
        ..case("WSASend.reset-while-pending", &["wsasend.err.WSAECONNRESET"], CONNECTED)
    },
    // The buffer is the transport's until the other side has what is in it.
    Rule {
        when: |at| !at.own().sent.is_empty(),
        gives: Is(Gives::Silent),
        ..case("WSASend.is-on-its-way", &["wsasend.rem.completes-when-consumed"], CONNECTED)
    },
    Rule {
        gives: Is(Gives::Silent),
        then: |at| {
            let (Call::WSASendOverlapped { buffer, .. } | Call::WriteFile { data: buffer, .. }) = *at.call() else { return };
            completes(at, Status::SUCCESS, buffer.as_slice().len(), None);
        },
        rests_on: &["completion.event", "iocp.fifo-queue"],
        ..case("WSASend.is-sent", &["wsasend.rem.completes-when-consumed", "wsasend.rem.order-of-calls"], CONNECTED)
    },
}

/// A send is complete by the time that its call returns; false where there is no room for it.
pub(super) fn sends_at_once(at: &mut At<'_>) -> bool {
    let Some(op) = posts(at, Wants::Room, None) else { return false };
    let sent = puts(at);
    completes_at_once(at, op);
    at.completes(op, Status::SUCCESS, sent, None);
    true
}

/// A send looks when its call has returned, also where all that it had is with the other side by now.
pub(super) fn sends_later(at: &mut At<'_>) {
    if posts(at, Wants::Room, None).is_some() {
        puts(at);
    }
    if let Some(s) = at.socket().filter(|_| at.own().sent.is_empty()) {
        at.wake(s);
    }
}
