//! `send` and `recv`, as far as accepting needs them. `WSASend` and `WSARecv` come here with what their own pages do not say.

use super::common::{case, check, in_progress, network_down, not_a_socket, not_initialised, not_modelled};
use super::events::tells_close_at_once;
use super::recycle::disconnection;
use crate::call::{Call, Data, NetworkEvents};
use crate::choice::{
    BEHIND_END_ABORTED, CLOSE_MESSAGE_WITH_UNREAD_DATA, EARLY_DATA_LOST, FD_CLOSE_WITH_UNREAD_DATA, GAVE_UP_UNDEFINED,
    RECV_REFUSED_ENDS, RECV_REFUSED_FAILS, RECV_RESET_ENDS, RECV_RESET_FAILS, RESET_BEHIND_END, SEND_UNCONNECTED_CODE,
    TRANSFER_AWAITS_CONNECTION, TRANSFER_FAILS, TRANSFER_NOT_CONNECTED, TRANSFER_WAITS,
};
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::{At, Gives, Rule, States, Table, by};
use crate::world::{Direction, End, Segment, State, Tcb};

const CONNECTED: States = States::of(&[State::Connected]);
const NOT_CONNECTED: States = States::of(&[State::Unbound, State::Bound, State::Failed]);
const CONNECTING: States = States::of(&[State::Connecting]);
const LISTENING: States = States::of(&[State::Listening]);

table! {
    SEND often Connected;
    not_initialised("send.not-initialised"),
    in_progress("send.in-progress"),
    network_down("send.network-down"),
    not_a_socket("send.not-a-socket"),
    Rule {
        gives: by(SEND_UNCONNECTED_CODE, &[Fails(Code::WSAENOTCONN), Fails(Code::WSAECONNRESET)]),
        rests_on: &["wsasend.err.WSAENOTCONN", "accept.s.connection-on-returned"],
        ..check("send.not-connected", &[], NOT_CONNECTED, Code::WSAENOTCONN)
    },
    Rule {
        under: &[TRANSFER_NOT_CONNECTED],
        gives: by(SEND_UNCONNECTED_CODE, &[Fails(Code::WSAENOTCONN), Fails(Code::WSAECONNRESET)]),
        rests_on: &["wsasend.err.WSAENOTCONN", "accept.s.connection-on-returned"],
        ..check("send.connecting", &[], CONNECTING, Code::WSAENOTCONN)
    },
    Rule {
        under: &[TRANSFER_AWAITS_CONNECTION],
        when: |at| at.nonblocking() && !is_overlapped(at),
        rests_on: &["wsasend.err.WSAENOTCONN"],
        ..check("send.connecting-nonblocking", &[], CONNECTING, Code::WSAEWOULDBLOCK)
    },
    Rule {
        under: &[TRANSFER_AWAITS_CONNECTION],
        rests_on: &["wsasend.err.WSAENOTCONN"],
        ..not_modelled("send.connecting-not-modelled", &[], CONNECTING)
    },
    Rule {
        under: &[TRANSFER_FAILS],
        rests_on: &["wsasend.err.WSAENOTCONN", "accept.s.connection-on-returned", "accept.rem.new-handles-connection"],
        ..check("send.listening", &[], LISTENING, Code::WSAENOTCONN)
    },
    Rule {
        under: &[TRANSFER_WAITS],
        when: |at| at.nonblocking(),
        rests_on: &["wsasend.err.WSAENOTCONN"],
        ..check("send.listening-as-WSAECONNRESET", &[], LISTENING, Code::WSAECONNRESET)
    },
    Rule {
        under: &[TRANSFER_WAITS],
        when: is_overlapped,
        ..not_modelled("WSASend.listening-not-modelled", &["wsasend.err.WSAENOTCONN"], LISTENING)
    },
    Rule {
        under: &[TRANSFER_WAITS],
        gives: Is(Gives::Blocks),
        rests_on: &["wsasend.err.WSAENOTCONN"],
        ..case("send.listening-waits", &[], LISTENING)
    },
    Rule {
        when: |at| at.own().tcb == Tcb::Reset,
        rests_on: &["recv.rem.reset", "wsasend.err.WSAECONNRESET", "wsasend.ret.other-error-no-completion"],
        ..check("send.reset", &[], CONNECTED, Code::WSAECONNRESET)
    },
    Rule {
        when: |at| at.sock().send_shut,
        rests_on: &["shutdown.err.WSAENOTCONN", "wsasend.err.WSAESHUTDOWN"],
        ..check("send.shut", &[], CONNECTED, Code::WSAESHUTDOWN)
    },
    Rule {
        rests_on: &["wsasend.err.WSAENOTCONN"],
        ..not_modelled("send.datagram-not-modelled", &[], States::of(&[State::Datagram]))
    },
    Rule {
        when: is_overlapped,
        gives: Is(Gives::Continues(Table::SendPosted)),
        ..case("WSASend.is-overlapped", &["wsasend.rem.overlapped"], CONNECTED)
    },
    // The next switch has acknowledged the connection, and it is not there yet from end to end.
    Rule {
        under: &[EARLY_DATA_LOST],
        when: is_sent_early,
        then: |at| {
            let sent = sent(at).as_slice().len();
            tells_sent(at, u32::try_from(sent).unwrap_or(u32::MAX));
        },
        rests_on: &["accept.atm.early-return"],
        ..case("send.lost-before-connection", &[], CONNECTED)
    },
    Rule {
        then: sends,
        rests_on: &["accept.rem.new-handles-connection", "acceptex.allowed.send", "acceptex.ex.continue"],
        ..case("send.sends", &[], CONNECTED)
    },
}

table! {
    RECV often Connected;
    not_initialised("recv.not-initialised"),
    in_progress("recv.in-progress"),
    network_down("recv.network-down"),
    Rule {
        rests_on: &["closesocket.rem.descriptor-reuse", "tutorial.ex.init-invalid"],
        ..not_a_socket("recv.not-a-socket")
    },
    Rule {
        rests_on: &["accept.s.connection-on-returned"],
        ..check(
            "recv.not-connected",
            &["recv.err.WSAENOTCONN"],
            States::of(&[State::Unbound, State::Bound]),
            Code::WSAENOTCONN,
        )
    },
    Rule {
        under: &[TRANSFER_NOT_CONNECTED],
        rests_on: &["accept.s.connection-on-returned"],
        ..check("recv.connecting", &["recv.err.WSAENOTCONN"], CONNECTING, Code::WSAENOTCONN)
    },
    Rule {
        under: &[TRANSFER_AWAITS_CONNECTION],
        when: |at| at.nonblocking() && !is_overlapped(at),
        ..check("recv.connecting-nonblocking", &["recv.err.WSAENOTCONN"], CONNECTING, Code::WSAEWOULDBLOCK)
    },
    Rule {
        under: &[TRANSFER_AWAITS_CONNECTION],
        ..not_modelled("recv.connecting-not-modelled", &["recv.err.WSAENOTCONN"], CONNECTING)
    },
    Rule {
        under: &[RECV_REFUSED_FAILS],
        ..check("recv.refused", &["recv.err.WSAENOTCONN"], States::of(&[State::Failed]), Code::WSAENOTCONN)
    },
    Rule {
        under: &[RECV_REFUSED_ENDS],
        when: is_overlapped,
        ..not_modelled("WSARecv.refused-not-modelled", &["wsarecv.err.WSAENOTCONN"], States::of(&[State::Failed]))
    },
    Rule {
        under: &[RECV_REFUSED_ENDS],
        then: |at| at.give(Outcome::number(0).with(Out::Data(Data::default()))),
        ..case("recv.refused-as-end-of-stream", &["recv.err.WSAENOTCONN"], States::of(&[State::Failed]))
    },
    Rule {
        under: &[TRANSFER_FAILS],
        rests_on: &["accept.s.connection-on-returned", "accept.rem.new-handles-connection"],
        ..check("recv.listening", &["recv.err.WSAENOTCONN"], LISTENING, Code::WSAENOTCONN)
    },
    Rule {
        under: &[TRANSFER_WAITS],
        when: |at| at.nonblocking() && !is_overlapped(at),
        ..check("recv.listening-nonblocking", &["recv.err.WSAENOTCONN"], LISTENING, Code::WSAENOTCONN)
    },
    Rule {
        under: &[TRANSFER_WAITS],
        when: is_overlapped,
        ..not_modelled("WSARecv.listening-not-modelled", &["wsarecv.err.WSAENOTCONN"], LISTENING)
    },
    Rule {
        under: &[TRANSFER_WAITS],
        gives: Is(Gives::Continues(Table::RecvData)),
        ..case("recv.listening-waits", &["recv.err.WSAENOTCONN"], LISTENING)
    },
    Rule {
        when: |at| at.sock().receive_shut,
        rests_on: &["shutdown.err.WSAENOTCONN"],
        ..check("recv.shut", &[], CONNECTED, Code::WSAESHUTDOWN)
    },
    not_modelled("recv.datagram-not-modelled", &["recv.err.WSAENOTCONN"], States::of(&[State::Datagram])),
    Rule {
        when: is_overlapped,
        gives: Is(Gives::Continues(Table::ReceivePosted)),
        ..case("WSARecv.is-overlapped", &["wsarecv.rem.overlapped"], CONNECTED)
    },
    Rule {
        under: &[GAVE_UP_UNDEFINED],
        when: |at| at.sock().gave_up,
        gives: Is(Gives::Undefined),
        rests_on: &["solsocket.rcvtimeo.indeterminate"],
        ..case("recv.gave-up", &[], CONNECTED)
    },
    Rule {
        gives: Is(Gives::Continues(Table::RecvData)),
        rests_on: &[
            "accept.rem.new-handles-connection",
            "acceptex.allowed.recv",
            "acceptex.accept-socket.purpose",
            "acceptex.rem.two-sockets.accept",
            "acceptex.inherit.default-state",
            "acceptex.buf.recv-len-zero-no-receive",
        ],
        ..case("recv.looks", &[], CONNECTED)
    },
}

table! {
    /// What recv, new or blocked, finds, and WSARecv with it.
    RECV_DATA often Connected;
    Rule {
        when: |at| at.again && at.own().tcb == Tcb::Reset,
        ..check("recv.reset-while-waiting", &["recv.rem.reset"], CONNECTED, Code::WSAECONNRESET)
    },
    Rule {
        under: &[RECV_RESET_FAILS, BEHIND_END_ABORTED],
        when: |at| !at.again && was_reset(at) && at.own().sent_behind_end,
        ..check("recv.reset-behind-end", &["recv.rem.reset"], CONNECTED, Code::WSAECONNABORTED)
    },
    Rule {
        under: &[RECV_RESET_FAILS],
        when: |at| {
            let asked_for = at.own().sent_behind_end;
            !at.again && was_reset(at) && !(asked_for && at.chooses(BEHIND_END_ABORTED))
        },
        asks: &[RESET_BEHIND_END],
        rests_on: &["closesocket.rem.linger-zero-reset"],
        ..check("recv.reset", &["recv.rem.reset"], CONNECTED, Code::WSAECONNRESET)
    },
    Rule {
        when: would_block,
        rests_on: &["ioctl.fionbio.set"],
        ..check("recv.would-block", &[], CONNECTED, Code::WSAEWOULDBLOCK)
    },
    Rule {
        when: |at| !at.own().unread.is_empty(),
        then: receives,
        asks: &[FD_CLOSE_WITH_UNREAD_DATA, CLOSE_MESSAGE_WITH_UNREAD_DATA],
        rests_on: &[
            "accept.rem.new-handles-connection",
            "accept.ret.handle-actual-connection",
            "wsaasyncselect.fdclose.after-data",
        ],
        ..case("recv.receives", &[], CONNECTED)
    },
    Rule {
        under: &[RECV_RESET_ENDS],
        when: |at| was_reset(at),
        then: |at| at.give(Outcome::number(0).with(Out::Data(Data::default()))),
        ..case("recv.reset-as-end-of-stream", &["recv.rem.reset"], CONNECTED)
    },
    Rule {
        when: |at| at.own().fin_received,
        then: |at| {
            // Zero is all that recv says; WSARecv's zero says nothing, the count behind its pointer does.
            if matches!(*at.call(), Call::WSARecv { .. }) {
                gives(at, Data::default());
            }
        },
        ..case("recv.end-of-stream", &["recv.ret.zero-graceful"], CONNECTED)
    },
    Rule {
        when: |at| at.sock().options().rcvtimeo != 0 && !at.sock().overlapped,
        gives: Is(Gives::Blocks),
        rests_on: &["solsocket.rcvtimeo.overlapped-sockets"],
        ..case("recv.waits-without-time-out", &[], CONNECTED)
    },
    // As long as SO_RCVTIMEO says, if it says anything (Table::Expire).
    Rule {
        gives: Is(Gives::Blocks),
        rests_on: &["ioctl.fionbio.default-blocking"],
        ..case("recv.waits", &[], CONNECTED)
    },
    // Readable is all that such a stack waits for: a connection that is queued makes a listener so.
    Rule {
        when: |at| !at.sock().accept_queue().is_empty(),
        ..check("recv.listener-is-readable", &["recv.err.WSAENOTCONN"], LISTENING, Code::WSAENOTCONN)
    },
    Rule { gives: Is(Gives::Blocks), ..case("recv.waits-on-listener", &["recv.err.WSAENOTCONN"], LISTENING) },
}

/// What is sent is on its way.
#[inline(always)]
fn sends(at: &mut At<'_>) {
    let sent = puts(at);
    tells_sent(at, sent);
}

/// The call gets what there is, as much as it has room for.
#[inline(always)]
fn receives(at: &mut At<'_>) {
    let len = match *at.call() {
        Call::Recv { len, .. } => len as usize,
        Call::WSARecv { buffers, .. } => buffers.iter().map(|size| size as usize).sum(),
        _ => return,
    };
    let data = take(at, len);
    gives(at, data);
}

/// The connection is reset, and nothing is left to be read before that shows.
pub(super) fn was_reset(at: &At<'_>) -> bool {
    at.own().tcb == Tcb::Reset && at.own().unread.is_empty()
}

/// The call does not wait, and there is nothing for it.
#[inline(always)]
fn would_block(at: &At<'_>) -> bool {
    let nothing = |end: &End| end.unread.is_empty() && !end.fin_received && end.tcb != Tcb::Reset;
    !at.again && at.nonblocking() && nothing(at.own())
}

/// The call returns with these bytes: how many, recv says by its value, WSARecv through a pointer.
fn gives(at: &mut At<'_>, data: Data) {
    at.give(match *at.call() {
        // Nobody can tell the bytes of a buffer from what was there before.
        Call::WSARecv { received: false, .. } => Outcome::number(0),
        Call::WSARecv { .. } => Outcome::number(0).with(Out::Data(data)),
        _ => Outcome::number(data.as_slice().len() as i64).with(Out::Data(data)),
    });
}

/// Is the call made with an OVERLAPPED, so that it may go on when it has returned?
pub(super) fn is_overlapped(at: &At<'_>) -> bool {
    at.call().function().does().starts
}

/// Has this side accepted, and the caller not heard of it yet?
#[inline(always)]
fn is_sent_early(at: &At<'_>) -> bool {
    at.sock().family.transport().returns_early && at.conn().is_some_and(|c| at.conn_at(c).client.tcb == Tcb::SynSent)
}

/// What the call sends.
fn sent(at: &At<'_>) -> Data {
    match *at.call() {
        Call::Send { data, .. }
        | Call::WSASend { buffer: data, .. }
        | Call::WSASendOverlapped { buffer: data, .. }
        | Call::WriteFile { data, .. }
        | Call::ConnectEx { sent: data, .. } => data,
        _ => Data::default(),
    }
}

/// So many bytes it has sent.
fn tells_sent(at: &mut At<'_>, sent: u32) {
    at.give(match *at.call() {
        // How many, WSASend says through its pointer.
        Call::WSASend { .. } => Outcome::number(0).with(Out::Bytes { count: Some(sent), data: None }),
        _ => Outcome::number(i64::from(sent)),
    });
}

/// Puts what the call sends on its way. How many bytes that is.
pub(super) fn puts(at: &mut At<'_>) -> u32 {
    let data = sent(at);
    let (Some(s), Some(conn)) = (at.socket(), at.conn()) else { return 0 };
    let direction = at.sends(s);
    let end = at.end_mut(conn, direction);
    end.sent_behind_end |= end.fin_received;
    let merges = data.as_slice().is_empty() || end.flight.last() == Some(Segment::Data);
    at.puts_in_flight(conn, direction, data.as_slice());
    if !merges {
        at.send(conn, direction, Segment::Data);
    }
    u32::try_from(data.as_slice().len()).expect("invariant: one call sends few bytes")
}

/// Takes up to so many of the bytes that are there.
#[inline(always)]
pub(super) fn take(at: &mut At<'_>, len: usize) -> Data {
    let (Some(s), Some(conn)) = (at.socket(), at.conn()) else { return Data::default() };
    let direction: Direction = at.sends(s);
    let data = at.takes(conn, direction, len);
    let end = at.end_at(conn, direction);
    let more = !end.unread.is_empty();
    let ended = end.fin_received;
    let disabled = at.socket_at(s).selection().disabled;
    if disabled.has(NetworkEvents::READ) {
        at.extra_mut(s).selection.disabled = disabled.without(NetworkEvents::READ);
        if more {
            at.occurs(s, NetworkEvents::READ);
        }
    }
    if ended && !more {
        if !tells_close_at_once(at, s) {
            at.occurs(s, NetworkEvents::CLOSE);
        }
        if !at.sock().is_plain() && disconnection(at, s).is_some() {
            at.wake(s);
        }
    }
    data
}
