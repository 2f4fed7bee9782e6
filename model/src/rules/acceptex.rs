//! `AcceptEx` and `GetAcceptExSockaddrs`, as the page of AcceptEx tells them.

use super::common::{case, check, not_modelled};
use super::modes::completes_at_once;
use super::queue::{first_is_undecided, has_undeferred, re_enables};
use super::request::{is_in_use, over_of, posts as begins};
use crate::call::{Buffer, Call, Data};
use crate::choice::{
    ACCEPT_RECORD, ACCEPT_SOCKET_ABORTED, ACCEPT_SOCKET_CLOSED, ACCEPTEX_AS_ACCEPT, ACCEPTEX_CHECKED,
    ACCEPTEX_FAILED_STATUS, ACCEPTEX_NO_BUFFER, ACCEPTEX_PENDING_COUNT, ACCEPTEX_RE_ENABLES, ACCEPTEX_RESET_BY_LENGTH,
    ACCEPTEX_RESET_FAILS, ACCEPTEX_RESET_NOT_CONNECTED, ACCEPTEX_SUCCEEDS, ACCEPTEX_UNCHECKED, CLOSE_WITH_UNREAD_DATA,
    COUNT_RECEIVED, COUNT_ZERO, DEFERRED_TO_REQUEST, FAILED_PENDING, LOCAL_AS_REMOTE, REQUEST_WITH_NEXT,
    SHORT_LENGTH_KEEPS, SHORT_LENGTH_LOSES, SOCKADDRS_WITHOUT_LOCAL,
};
use crate::code::Code;
use crate::id::{OverId, SocketId};
use crate::operation::{Filled, OpId, Operation, Overlapped, Phase, Wants};
use crate::outcome::{Out, Outcome};
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::{At, Gives, Rule, States, Table, Takes, by};
use crate::status::Status;
use crate::world::{ConnId, Direction, State, Tcb};

const LISTENING: States = States::of(&[State::Listening]);
const NOT_LISTENING: States =
    States::of(&[State::Unbound, State::Bound, State::Connecting, State::Connected, State::Failed, State::Datagram]);

/// A check of `AcceptEx`. On some stacks its OVERLAPPED says by then that the request is pending.
const fn fails(name: &'static str, cites: &'static [&'static str], from: States, code: Code) -> Rule {
    Rule { then: leaves_status, asks: &[ACCEPTEX_FAILED_STATUS], ..check(name, cites, from, code) }
}

/// The first connection was reset: a request ends with the code of that.
const fn meets_reset(name: &'static str, when: fn(&At<'_>) -> bool) -> Rule {
    Rule {
        when,
        gives: Is(Gives::Silent),
        then: |at| {
            at.takes_off(Takes::Drops);
            ends(at, Status::CONNECTION_RESET);
        },
        ends: &[Status::CONNECTION_RESET],
        ..case(name, &["acceptex.err.WSAECONNRESET"], LISTENING)
    }
}

/// The same with the code of a socket without a connection.
const fn meets_reset_not_connected(name: &'static str, when: fn(&At<'_>) -> bool) -> Rule {
    Rule {
        then: |at| {
            at.takes_off(Takes::Drops);
            ends(at, Status::INVALID_CONNECTION);
        },
        ends: &[Status::INVALID_CONNECTION],
        ..meets_reset(name, when)
    }
}

table! {
    ACCEPTEX;
    Rule {
        when: |at| over_of(at).is_none(),
        ..check("AcceptEx.no-overlapped", &["acceptex.ov.required"], States::ANY, Code::WSA_INVALID_PARAMETER)
    },
    fails(
        "AcceptEx.not-a-socket",
        &["acceptex.rem.two-sockets.listen", "acceptex.absent.error-table"],
        States::of(&[State::NotASocket]),
        Code::WSAENOTSOCK,
    ),
    Rule {
        when: |at| into(at).is_none(),
        ..fails("AcceptEx.accept-socket-not-a-socket", &["acceptex.rem.accept-socket-open"], States::ANY, Code::WSAENOTSOCK)
    },
    Rule {
        under: &[ACCEPTEX_CHECKED],
        ..fails("AcceptEx.not-listening", &["acceptex.listen.must-be-listening"], NOT_LISTENING, Code::WSAEINVAL)
    },
    Rule {
        under: &[ACCEPTEX_CHECKED],
        when: |at| into(at).is_some_and(|s| at.socket_at(s).state != State::Unbound),
        rests_on: &["connectex.reuse.not-acceptex"],
        ..fails("AcceptEx.accept-socket-not-fresh", NOT_FRESH, States::SOCKET, Code::WSAEINVAL)
    },
    Rule {
        when: |at| into(at).is_some_and(|s| at.socket_at(s).extra().claimed.is_some()),
        rests_on: &["closesocket.rem.no-concurrent-call"],
        ..fails("AcceptEx.accept-socket-in-use", &[], States::SOCKET, Code::WSAEINVAL)
    },
    Rule {
        gives: by(ACCEPTEX_NO_BUFFER, &[Fails(Code::WSAEFAULT), Fails(Code::WSAEINVAL)]),
        when: |at| !matches!(*at.call(), Call::AcceptEx { buffer: Buffer::Valid, .. }),
        ..fails("AcceptEx.no-buffer", &["acceptex.buf.required"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::AcceptEx { remote: 0, .. }),
        ..fails("AcceptEx.no-remote-length", &["acceptex.buf.remote-len-nonzero"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        under: &[ACCEPTEX_UNCHECKED],
        when: |at| at.state() != State::Listening || into(at).is_some_and(|s| at.socket_at(s).state != State::Unbound),
        ..not_modelled("AcceptEx.unchecked-not-modelled", NOT_FRESH, States::SOCKET)
    },
    Rule {
        when: |at| into(at).is_some_and(|s| at.socket_at(s).family != at.sock().family),
        ..not_modelled("AcceptEx.other-family-not-modelled", &["acceptex.ex.accept-socket"], LISTENING)
    },
    // Its page speaks of TCP/IP alone.
    Rule {
        when: |at| at.sock().family.transport().answers_late,
        ..not_modelled("AcceptEx.atm-not-modelled", &["acceptex.ex.accept-socket"], LISTENING)
    },
    // Two requests with one OVERLAPPED: no page says what is in it then.
    Rule {
        when: |at| over_of(at).is_some_and(|over| is_in_use(at, over)),
        ..not_modelled("AcceptEx.overlapped-in-use-not-modelled", &["acceptex.ov.used"], LISTENING)
    },
    Rule {
        under: &[ACCEPTEX_SUCCEEDS],
        when: |at| is_ready(at) && (has_undeferred(at, at.socket_id()) || !at.chooses(REQUEST_WITH_NEXT)),
        asks: &[DEFERRED_TO_REQUEST],
        then: |at| {
            let Some(op) = posts(at) else { return };
            completes_at_once(at, op);
            at.aside(op, Table::AcceptExTakes);
            let bytes = over_of(at).map(|over| at.over_at(over).bytes);
            at.give(Outcome::number(1).with(Out::Bytes { count: bytes, data: None }));
        },
        ..case(
            "AcceptEx.completes-at-once",
            &["acceptex.ret.true", "acceptex.bytes.receives-count", "acceptex.bytes.sync-only"],
            LISTENING,
        )
    },
    Rule {
        gives: Is(Gives::Pends),
        then: |at| {
            let received = at.chooses(COUNT_RECEIVED).then(|| there_already(at));
            let count = received.or(at.chooses(COUNT_ZERO).then_some(0));
            posts(at);
            at.give(Outcome::number(0).with(Out::Bytes { count, data: None }));
        },
        asks: &[ACCEPTEX_PENDING_COUNT],
        rests_on: &[
            "wsagor.rem.event-reset-on-pend",
            "overlapped.mode-irrelevant",
            "modes.overlapped-independent",
            "shutdown.rem.reuse-via-transmitfile",
        ],
        ..case(
            "AcceptEx.pends",
            &[
                "acceptex.ret.io-pending",
                "acceptex.ret.false",
                "acceptex.ret.last-error",
                "acceptex.bytes.pending-never-set",
                "acceptex.ov.used",
                "acceptex.rem.overlapped",
                "acceptex.rem.two-sockets",
                "acceptex.listen.waits-here",
                "acceptex.ex.pending-as-failure",
            ],
            LISTENING,
        )
    },
}

/// What stands behind the check of the accept socket.
const NOT_FRESH: &[&str] = &["acceptex.accept-socket.not-bound-connected", "acceptex.rem.accept-socket-open"];

/// What stands behind an address length that is too small.
const LENGTHS: &[&str] = &[
    "acceptex.buf.local-len-min",
    "acceptex.buf.remote-len-min",
    "acceptex.rem.addr-size-exact",
    "acceptex.rem.addr-size-tcp",
    "acceptex.rem.addr-size-32",
];

table! {
    /// What a request finds in the queue, when it is made or when a connection comes.
    TAKES;
    Rule {
        under: &[REQUEST_WITH_NEXT],
        when: |at| !has_undeferred(at, at.socket_id()),
        gives: Is(Gives::Silent),
        rests_on: &["wsaaccept.rem.cf-defer-no-action"],
        ..case("AcceptEx.deferred-is-not-handed-over", &["acceptex.listen.waits-here"], LISTENING)
    },
    Rule {
        under: &[SHORT_LENGTH_KEEPS],
        when: |at| is_short(at, INTERNAL),
        gives: Is(Gives::Silent),
        then: |at| ends(at, Status::BUFFER_TOO_SMALL),
        ends: &[Status::BUFFER_TOO_SMALL],
        ..case("AcceptEx.short-length", LENGTHS, LISTENING)
    },
    Rule {
        under: &[SHORT_LENGTH_LOSES],
        when: |at| is_short(at, OF_A_LENGTH),
        gives: Is(Gives::Silent),
        asks: &[CLOSE_WITH_UNREAD_DATA],
        then: |at| {
            at.takes_off(Takes::Closes);
            ends(at, Status::BUFFER_TOO_SMALL);
        },
        ends: &[Status::BUFFER_TOO_SMALL],
        ..case("AcceptEx.short-length-loses", LENGTHS, LISTENING)
    },
    Rule { under: &[ACCEPTEX_RESET_FAILS], ..meets_reset("AcceptEx.peer-reset", first_is_reset) },
    Rule {
        under: &[ACCEPTEX_RESET_NOT_CONNECTED],
        ..meets_reset_not_connected("AcceptEx.peer-reset-as-not-connected", first_is_reset)
    },
    Rule {
        under: &[ACCEPTEX_RESET_BY_LENGTH],
        ..meets_reset("AcceptEx.peer-reset-to-receive", |at| first_is_reset(at) && receives(at) > 0)
    },
    Rule {
        under: &[ACCEPTEX_RESET_BY_LENGTH],
        ..meets_reset_not_connected("AcceptEx.peer-reset-to-receive-nothing", |at| first_is_reset(at) && receives(at) == 0)
    },
    Rule {
        when: first_is_undecided,
        gives: Is(Gives::Answers),
        rests_on: &["condaccept.on.stack-waits"],
        ..case("AcceptEx.answers-request", &["acceptex.rem.two-sockets.accept"], LISTENING)
    },
    Rule {
        when: |at| receives(at) == 0,
        gives: Is(Gives::Silent),
        then: |at| {
            takes(at);
            completes(at, Status::SUCCESS, Data::default());
        },
        asks: &[ACCEPTEX_RE_ENABLES, ACCEPT_RECORD],
        rests_on: &[
            "wsaeventselect.fdaccept.level-triggered",
            "completion.event",
            "iocp.acceptex-listed",
            "tutorial.loop.accept-family",
        ],
        ends: &[Status::SUCCESS],
        ..case(
            "AcceptEx.takes-connection",
            &[
                "acceptex.rem.task.accept",
                "acceptex.rem.task.addresses",
                "acceptex.buf.recv-len-zero-no-receive",
                "acceptex.buf.recv-len-zero-completes",
                "acceptex.accept-socket.purpose",
                "acceptex.reuse.acceptex-ok",
                "acceptex.rem.two-sockets.accept",
                "acceptex.rem.notify-event-or-iocp",
                "acceptex.inherit.default-state",
            ],
            LISTENING,
        )
    },
    Rule {
        then: takes,
        asks: &[ACCEPTEX_RE_ENABLES, ACCEPT_RECORD],
        gives: Is(Gives::Continues(Table::AcceptExData)),
        ..case(
            "AcceptEx.takes-and-receives",
            &["acceptex.rem.task.accept", "acceptex.data.waits-for-data", "acceptex.time.getsockopt"],
            LISTENING,
        )
    },
}

table! {
    /// What a request finds that has its connection and is to receive.
    DATA;
    Rule {
        when: |at| held(at).is_some_and(|conn| !at.conn_at(conn).server.unread.is_empty()),
        gives: Is(Gives::Silent),
        then: |at| {
            let Some(conn) = held(at) else { return };
            let data = at.takes(conn, Direction::Down, usize::try_from(receives(at)).unwrap_or(usize::MAX));
            completes(at, Status::SUCCESS, data);
        },
        ends: &[Status::SUCCESS],
        ..case(
            "AcceptEx.receives",
            &[
                "acceptex.desc.accept-addresses-data",
                "acceptex.rem.task.data",
                "acceptex.buf.receives-three",
                "acceptex.buf.data-at-zero",
                "acceptex.buf.recv-len",
                "acceptex.buf.recv-len-excludes-addresses",
            ],
            LISTENING,
        )
    },
    // The end of the stream is what a receive of zero bytes tells.
    Rule {
        when: |at| held(at).is_some_and(|conn| at.conn_at(conn).server.fin_received),
        gives: Is(Gives::Silent),
        then: |at| completes(at, Status::SUCCESS, Data::default()),
        rests_on: &["recv.ret.zero-graceful"],
        ends: &[Status::SUCCESS],
        ..case("AcceptEx.end-of-stream", &["acceptex.data.waits-for-data"], LISTENING)
    },
    Rule {
        when: |at| held(at).is_some_and(|conn| at.conn_at(conn).server.tcb == Tcb::Reset),
        gives: Is(Gives::Silent),
        then: |at| completes(at, Status::CONNECTION_RESET, Data::default()),
        rests_on: &["recv.rem.reset"],
        ends: &[Status::CONNECTION_RESET],
        ..case("AcceptEx.reset-before-data", &["acceptex.err.WSAECONNRESET"], LISTENING)
    },
    Rule {
        gives: Is(Gives::Silent),
        ..case("AcceptEx.waits-for-data", &["acceptex.data.waits-for-data", "acceptex.time.detects-silent"], LISTENING)
    },
}

table! {
    /// The last handle of the socket that a request is to give its connection is closed.
    LOSES;
    Rule {
        when: |at| held(at).is_some(),
        gives: Is(Gives::Silent),
        asks: &[ACCEPT_SOCKET_CLOSED],
        then: |at| {
            let aborted = at.chooses(ACCEPT_SOCKET_ABORTED);
            // The connection stays with its socket, and is closed with that.
            completes(at, if aborted { Status::CONNECTION_ABORTED } else { Status::CANCELLED }, Data::default());
        },
        rests_on: &["closesocket.rem.aborted-status"],
        ends: &[Status::CONNECTION_ABORTED, Status::CANCELLED],
        ..case("AcceptEx.loses-connection", &["acceptex.close.forces-error"], States::ANY)
    },
    Rule {
        gives: Is(Gives::Silent),
        then: |at| ends(at, Status::CANCELLED),
        rests_on: &["closesocket.rem.aborted-status"],
        ends: &[Status::CANCELLED],
        ..case("AcceptEx.loses-accept-socket", &["acceptex.close.forces-error"], States::ANY)
    },
}

table! {
    GETACCEPTEXSOCKADDRS;
    // It must be given the buffer of a request that is complete, and the lengths that the request was given.
    Rule {
        when: |at| parsed(at).is_none(),
        gives: Is(Gives::Undefined),
        ..case(
            "GetAcceptExSockaddrs.other-lengths",
            &[
                "getacceptexsockaddrs.buf.same",
                "getacceptexsockaddrs.len.data-equal",
                "getacceptexsockaddrs.len.local-equal",
                "getacceptexsockaddrs.len.remote-equal",
                "getacceptexsockaddrs.rem.only-acceptex",
            ],
            States::ANY,
        )
    },
    Rule {
        then: |at| {
            let Some(Filled { lengths: [_, local, _], addresses: Some((here, there)), .. }) = parsed(at) else { return };
            let here = if local != 0 { Some(here) } else { at.chooses(LOCAL_AS_REMOTE).then_some(there) };
            at.give(Outcome::number(0).with(Out::Sockaddrs { local: here, remote: Some(there) }));
        },
        asks: &[SOCKADDRS_WITHOUT_LOCAL],
        rests_on: &[
            "acceptex.rem.parse-required",
            "acceptex.rem.task.addresses",
            "acceptex.buf.receives-three",
            "acceptex.buf.addresses-latter",
            "acceptex.buf.addresses-appended",
            "acceptex.buf.local-len",
            "acceptex.buf.remote-len",
            "acceptex.rem.single-buffer",
            "acceptex.rem.addr-internal-format",
            "acceptex.ex.buffer-split",
        ],
        ..case(
            "GetAcceptExSockaddrs.parses",
            &[
                "getacceptexsockaddrs.local.same-as-getsockname",
                "getacceptexsockaddrs.remote.same-as-getpeername",
                "getacceptexsockaddrs.ret.none",
                "getacceptexsockaddrs.rem.if-needed",
            ],
            States::ANY,
        )
    },
}

/// The socket that is to have the connection.
fn into(at: &At<'_>) -> Option<SocketId> {
    match *at.call() {
        Call::AcceptEx { accept, .. } => at.resolve_socket(accept),
        _ => None,
    }
}

fn receives(at: &At<'_>) -> u32 {
    match *at.call() {
        Call::AcceptEx { receive, .. } => receive,
        _ => 0,
    }
}

/// The connection that the operation in question has.
fn held(at: &At<'_>) -> Option<ConnId> {
    match at.op_at(at.op()?).phase {
        Phase::Holds(conn) => Some(conn),
        _ => None,
    }
}

fn leaves_status(at: &mut At<'_>) {
    if let Some(over) = over_of(at).filter(|_| at.chooses(FAILED_PENDING)) {
        let overlapped = *at.over_at(over);
        at.over_put(over, Overlapped { status: Status::PENDING, ..overlapped });
    }
}

/// An address takes so much more than itself: it is kept in an internal format.
const INTERNAL: i32 = 16;
/// So much more it takes on a stack that writes a length before it.
const OF_A_LENGTH: i32 = 4;

/// Is one of the two lengths too small for an address and so much more? No local length at all is no length that is too small.
fn is_short(at: &At<'_>, more: i32) -> bool {
    let Call::AcceptEx { local, remote, .. } = *at.call() else { return false };
    let size = u32::try_from(at.sock().family.address_size() + more).unwrap_or_default();
    local != 0 && local < size || remote < size
}

fn first(at: &At<'_>) -> Option<ConnId> {
    at.sock().accept_queue().first()
}

fn first_is_reset(at: &At<'_>) -> bool {
    first(at).is_some_and(|conn| at.conn_at(conn).server.tcb == Tcb::Reset)
}

/// Is everything there, so that a request could complete while its call is being made?
fn is_ready(at: &At<'_>) -> bool {
    let Some(conn) = first(at).filter(|_| at.sock().waiting().is_empty()) else { return false };
    let end = &at.conn_at(conn).server;
    let received = receives(at) == 0 || !end.unread.is_empty() || end.fin_received;
    received && end.tcb == Tcb::Established && !is_short(at, INTERNAL)
}

/// How many bytes a request gets that finds everything there.
fn there_already(at: &At<'_>) -> u32 {
    let ready = first(at).filter(|_| is_ready(at));
    let bytes = ready.map_or(0, |conn| at.conn_at(conn).server.unread.len());
    u32::try_from(bytes).unwrap_or(u32::MAX).min(receives(at))
}

fn posts(at: &mut At<'_>) -> Option<OpId> {
    let Call::AcceptEx { receive, local, remote, .. } = *at.call() else { return None };
    let socket = into(at)?;
    let filled = Filled { lengths: [receive, local, remote], data: Data::default(), addresses: None };
    begins(at, Wants::ConnectionInto { socket, receive }, Some(filled))
}

/// The first connection is the accept socket's from here on.
fn takes(at: &mut At<'_>) {
    let Some(op) = at.op() else { return };
    at.takes_into(op);
    let &Operation { tells, phase: Phase::Holds(conn), .. } = at.op_at(op) else { return };
    let connection = at.conn_at(conn);
    let (here, there, family) = (connection.server_address, connection.client_address, at.sock().family);
    let addresses = Some((here.seen_by(family), there.seen_by(family)));
    if let Some(over) = tells.over {
        fills(at, over, |filled| Filled { addresses, ..filled });
    }
    if at.sock().selection().told.is_some() && at.chooses(ACCEPTEX_AS_ACCEPT) {
        re_enables(at);
    }
}

fn fills(at: &mut At<'_>, over: OverId, fill: impl FnOnce(Filled) -> Filled) {
    let overlapped = *at.over_at(over);
    at.over_put(over, Overlapped { buffer: overlapped.buffer.map(fill), ..overlapped });
}

fn completes(at: &mut At<'_>, status: Status, data: Data) {
    let Some(op) = at.op() else { return };
    if let Some(over) = at.op_at(op).tells.over {
        fills(at, over, |filled| Filled { data, ..filled });
    }
    let bytes = u32::try_from(data.as_slice().len()).expect("invariant: one call receives few bytes");
    at.completes(op, status, bytes, None);
}

fn ends(at: &mut At<'_>, status: Status) {
    if let Some(op) = at.op() {
        at.ends(op, status);
    }
}

/// The buffer that is to be parsed, if it is that of a request that has succeeded, with the lengths that this was given.
fn parsed(at: &At<'_>) -> Option<Filled> {
    let Call::GetAcceptExSockaddrs { overlapped, receive, local, remote } = *at.call() else { return None };
    let Overlapped { status, buffer, .. } = *at.over_at(at.resolve_over(overlapped)?);
    let is_it = |filled: &Filled| filled.lengths == [receive, local, remote] && filled.addresses.is_some();
    buffer.filter(|filled| status == Status::SUCCESS && is_it(filled))
}
