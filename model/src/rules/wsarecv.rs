//! `WSARecv`: without OVERLAPPED as `recv`, with one a request that goes on when its call has returned.

use super::common::{case, check, in_progress, network_down, not_a_socket, not_initialised, not_modelled};
use super::modes::completes_at_once;
use super::request::{
    completes, has_routine_on_port, is_in_use, over_of, posts, returned, tells_count, tells_no_count,
};
use super::transfer::{take, was_reset};
use crate::call::{Call, Data};
use crate::choice::{
    BEHIND_END_ABORTED, CLOSE_MESSAGE_WITH_UNREAD_DATA, FD_CLOSE_WITH_UNREAD_DATA, NO_COUNT_FAILS,
    OVERLAPPED_OF_WAITING, RECEIVE_NEEDS_HANDLE, RECEIVE_SUCCEEDS, RECV_RESET_ENDS, RECV_RESET_FAILS, RESET_BEHIND_END,
    ROUTINE_ON_PORT_FAILS, TRANSFER_NOT_CONNECTED,
};
use crate::code::Code;
use crate::operation::{Filled, OpId, Wants};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States, Table};
use crate::status::Status;
use crate::world::{State, Tcb};

const CONNECTED: States = States::of(&[State::Connected]);

table! {
    /// What its own page says of any receive, then as recv.
    WSARECV;
    Rule { cites: &["wsarecv.err.WSANOTINITIALISED"], ..not_initialised("WSARecv.not-initialised") },
    Rule { cites: &["wsarecv.err.WSAEINPROGRESS"], ..in_progress("WSARecv.in-progress") },
    Rule { cites: &["wsarecv.err.WSAENETDOWN"], ..network_down("WSARecv.network-down") },
    Rule { cites: &["wsarecv.err.WSAENOTSOCK"], ..not_a_socket("WSARecv.not-a-socket") },
    check(
        "WSARecv.not-connected",
        &["wsarecv.err.WSAENOTCONN"],
        States::of(&[State::Unbound, State::Bound]),
        Code::WSAENOTCONN,
    ),
    Rule {
        under: &[TRANSFER_NOT_CONNECTED],
        ..check("WSARecv.connecting", &["wsarecv.err.WSAENOTCONN"], States::of(&[State::Connecting]), Code::WSAENOTCONN)
    },
    check("WSARecv.not-bound", &["wsarecv.err.WSAEINVAL"], States::of(&[State::Unbound]), Code::WSAEINVAL),
    Rule {
        under: &[NO_COUNT_FAILS],
        when: |at| matches!(*at.call(), Call::WSARecv { received: false, .. }),
        ..check("WSARecv.no-count", &["wsarecv.param.count-null"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        gives: Is(Gives::Continues(Table::Recv)),
        rests_on: &["acceptex.allowed.WSARecv"],
        ..case(
            "WSARecv.as-recv",
            &[
                "wsarecv.rem.blocking-as-recv",
                "wsarecv.rem.nonoverlapped",
                "wsarecv.rem.fills-in-order",
                "wsarecv.ret.zero",
            ],
            States::of(&[State::Connecting, State::Listening, State::Connected, State::Failed, State::Datagram]),
        )
    },
}

table! {
    /// A receive with an OVERLAPPED, on a connection.
    POSTED;
    Rule {
        under: &[RECV_RESET_FAILS, BEHIND_END_ABORTED],
        when: |at| was_reset(at) && at.own().sent_behind_end,
        rests_on: &["recv.rem.reset"],
        ..check("WSARecv.reset-behind-end", &[], CONNECTED, Code::WSAECONNABORTED)
    },
    Rule {
        under: &[RECV_RESET_FAILS],
        when: |at| {
            let asked_for = at.own().sent_behind_end;
            was_reset(at) && !(asked_for && at.chooses(BEHIND_END_ABORTED))
        },
        asks: &[RESET_BEHIND_END],
        ..check(
            "WSARecv.reset",
            &["wsarecv.err.WSAECONNRESET", "wsarecv.ret.other-error-no-completion"],
            CONNECTED,
            Code::WSAECONNRESET,
        )
    },
    Rule {
        under: &[ROUTINE_ON_PORT_FAILS],
        when: has_routine_on_port,
        rests_on: &["ciocp.not-with-routines"],
        ..check("WSARecv.routine-on-port", &[], CONNECTED, Code::WSAEINVAL)
    },
    // What a mode means to such a call no page says.
    Rule {
        when: |at| {
            let waits_otherwise = at.nonblocking() || at.call().has_routine();
            !at.sock().overlapped && waits_otherwise
        },
        ..not_modelled("WSARecv.nonoverlapped-not-modelled", &["wsarecv.param.overlapped-ignored"], CONNECTED)
    },
    Rule {
        when: |at| over_of(at).is_some_and(|over| is_in_use(at, over)),
        ..not_modelled("WSARecv.overlapped-in-use-not-modelled", &["wsarecv.rem.separate-overlapped"], CONNECTED)
    },
    Rule {
        when: |at| !at.sock().overlapped && is_ready(at),
        then: |at| {
            let data = take(at, usize::try_from(room(at)).unwrap_or(usize::MAX));
            let outcome = returned(at, Status::SUCCESS, data);
            at.give(outcome);
        },
        asks: &[FD_CLOSE_WITH_UNREAD_DATA, CLOSE_MESSAGE_WITH_UNREAD_DATA, OVERLAPPED_OF_WAITING],
        ..case("WSARecv.nonoverlapped-receives", &["wsarecv.param.overlapped-ignored"], CONNECTED)
    },
    Rule {
        when: |at| !at.sock().overlapped,
        gives: Is(Gives::Blocks),
        rests_on: &["solsocket.rcvtimeo.overlapped-sockets"],
        ..case("WSARecv.nonoverlapped-waits", &["wsarecv.param.overlapped-ignored"], CONNECTED)
    },
    Rule {
        under: &[RECV_RESET_ENDS],
        when: |at| at.own().tcb == Tcb::Reset,
        then: |at| {
            if ends_at_once(at) {
                tells_count(at);
            }
        },
        rests_on: &["recv.rem.reset"],
        ..case("WSARecv.reset-as-end-of-stream", &[], CONNECTED)
    },
    Rule {
        under: &[RECEIVE_SUCCEEDS],
        when: is_ready,
        then: |at| {
            if receives_at_once(at) {
                tells_count(at);
            }
        },
        rests_on: &["completion.event", "iocp.fifo-queue"],
        ..case(
            "WSARecv.completes-at-once",
            &["wsarecv.ret.zero", "wsarecv.ret.zero-completion-still", "wsarecv.rem.immediate-count"],
            CONNECTED,
        )
    },
    Rule {
        gives: Is(Gives::Pends),
        then: |at| {
            receives_later(at);
            tells_no_count(at);
        },
        rests_on: &["wsagor.rem.event-reset-on-pend", "overlapped.mode-irrelevant", "modes.overlapped-independent"],
        ..case(
            "WSARecv.pends",
            &[
                "wsarecv.ret.pending",
                "wsarecv.rem.pending-count-untouched",
                "wsarecv.rem.posts-buffers",
                "wsarecv.rem.routine-event-ignored",
                "wsarecv.rem.calls-in-routine",
            ],
            CONNECTED,
        )
    },
}

table! {
    /// What a receive that was posted finds, at once or when something has come.
    TAKES;
    Rule {
        under: &[RECEIVE_NEEDS_HANDLE],
        when: |at| is_ready(at) && !has_handle(at),
        gives: Is(Gives::Silent),
        then: |at| ends(at, Status::INVALID_HANDLE, Data::default()),
        rests_on: &["wsadup.closes-with-last"],
        ..case("WSARecv.handle-closed-while-pending", &[], CONNECTED)
    },
    Rule {
        when: |at| at.own().tcb == Tcb::Reset,
        gives: Is(Gives::Silent),
        then: |at| ends(at, Status::CONNECTION_RESET, Data::default()),
        asks: &[OVERLAPPED_OF_WAITING],
        rests_on: &["recv.rem.reset"],
        ..case("WSARecv.reset-while-pending", &["wsarecv.rem.abortive-reset"], CONNECTED)
    },
    // A receive without room is told that there is something, and leaves it there.
    Rule {
        when: |at| !at.own().unread.is_empty(),
        gives: Is(Gives::Silent),
        then: |at| {
            let data = take(at, usize::try_from(room(at)).unwrap_or(usize::MAX));
            ends(at, Status::SUCCESS, data);
        },
        asks: &[FD_CLOSE_WITH_UNREAD_DATA, CLOSE_MESSAGE_WITH_UNREAD_DATA, OVERLAPPED_OF_WAITING],
        rests_on: &["completion.event", "iocp.fifo-queue"],
        ..case(
            "WSARecv.receives",
            &[
                "wsarecv.rem.posts-buffers",
                "wsarecv.rem.completes-whatever-fills",
                "wsarecv.rem.order-of-calls",
                "wsarecv.rem.event-signalled",
                "wsarecv.rem.routine-event-ignored",
            ],
            CONNECTED,
        )
    },
    Rule {
        when: |at| at.own().fin_received,
        gives: Is(Gives::Silent),
        then: |at| ends(at, Status::SUCCESS, Data::default()),
        asks: &[OVERLAPPED_OF_WAITING],
        rests_on: &["recv.ret.zero-graceful"],
        ..case("WSARecv.end-of-stream", &["wsarecv.rem.zero-graceful"], CONNECTED)
    },
    Rule {
        gives: Is(Gives::Silent),
        ..case("WSARecv.waits-for-data", &["wsarecv.rem.posts-buffers"], CONNECTED)
    },
}

/// A receive that finds the end of the stream is complete by the time that its call returns; false where there is no room for it.
pub(super) fn ends_at_once(at: &mut At<'_>) -> bool {
    let Some(op) = posts_receive(at) else { return false };
    completes_at_once(at, op);
    at.completes(op, Status::SUCCESS, 0, None);
    true
}

/// The same of one that finds something to receive.
pub(super) fn receives_at_once(at: &mut At<'_>) -> bool {
    let Some(op) = posts_receive(at) else { return false };
    completes_at_once(at, op);
    at.aside(op, Table::ReceiveTakes);
    true
}

/// A receive looks when its call has returned, also where there is something by now.
pub(super) fn receives_later(at: &mut At<'_>) {
    let ready = is_ready(at);
    posts_receive(at);
    if let Some(s) = at.socket().filter(|_| ready) {
        at.wake(s);
    }
}

/// How many bytes the buffers of the request hold.
fn room(at: &At<'_>) -> u32 {
    match *at.call() {
        Call::WSARecvOverlapped { buffers, .. } => buffers.iter().sum(),
        Call::ReadFile { len, .. } => len,
        _ => 0,
    }
}

/// Is there something that a receive would tell at once?
pub(super) fn is_ready(at: &At<'_>) -> bool {
    !at.own().unread.is_empty() || at.own().fin_received || at.own().tcb == Tcb::Reset
}

/// Is the handle still open that the request was made with?
fn has_handle(at: &At<'_>) -> bool {
    match *at.call() {
        Call::WSARecvOverlapped { s, .. } | Call::ReadFile { s, .. } => at.resolve_socket(s).is_some(),
        _ => true,
    }
}

pub(super) fn posts_receive(at: &mut At<'_>) -> Option<OpId> {
    let filled = Filled { lengths: [room(at), 0, 0], data: Data::default(), addresses: None };
    posts(at, Wants::Bytes, Some(filled))
}

fn ends(at: &mut At<'_>, status: Status, data: Data) {
    completes(at, status, data.as_slice().len(), Some(data));
}
