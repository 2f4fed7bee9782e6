//! What `DisconnectEx` and `TransmitFile` have in common: a socket loses its connection, and may then be used again.

use super::closesocket::{Manner, detach};
use super::common::{case, check, not_modelled};
use super::request::{completes, over_of, posts};
use crate::call::{Address, Call};
use crate::choice::{RECYCLE_ALONE, RECYCLE_TIME_WAIT, RECYCLE_WITHOUT_PEER, TIME_WAIT_DELAYS};
use crate::code::Code;
use crate::operation::{OpId, Wants};
use crate::outcome::Outcome;
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States, Table};
use crate::status::Status;
use crate::world::{Direction, Segment, SocketId, State, Tcb};

/// The connection is to be ended.
pub(super) const TF_DISCONNECT: u8 = 1;
/// The socket is to be used again.
pub(super) const TF_REUSE_SOCKET: u8 = 2;

const CONNECTED: States = States::of(&[State::Connected]);

/// What stands behind the wait for the other side.
const AWAITS_PEER: &[&str] = &["transmitfile.reuse.completes-when", "disconnectex.pending"];
/// What stands behind a socket that can be used again.
const REUSABLE: &[&str] = &[
    "shutdown.rem.reuse-via-transmitfile",
    "shutdown.rem.reuse-via-disconnectex",
    "transmitfile.reuse.completes-when",
];

table! {
    /// What a call or a request finds that is to leave its socket to be used again, at once or later.
    RECYCLE;
    Rule {
        when: |at| is_reset(at) && !is_posted(at),
        rests_on: &["transmitfile.err.WSAECONNRESET", "disconnectex.pending"],
        ..check("recycle.reset-while-waiting", &[], CONNECTED, Code::WSAECONNRESET)
    },
    Rule {
        when: |at| is_posted(at) && is_reset(at),
        gives: Is(Gives::Silent),
        then: |at| completes(at, Status::CONNECTION_RESET, 0, None),
        rests_on: &["transmitfile.err.WSAECONNRESET", "disconnectex.pending"],
        ..case("recycle.request-is-reset", &[], CONNECTED)
    },
    // Whoever waits at the socket, too, has what there is first; when he has gone this one looks again.
    Rule {
        when: |at| is_posted(at) && has_others(at),
        gives: Is(Gives::Silent),
        rests_on: AWAITS_PEER,
        ..case("recycle.others-come-first", &[], CONNECTED)
    },
    Rule {
        when: |at| at.again && has_others(at),
        gives: Is(Gives::Blocks),
        rests_on: AWAITS_PEER,
        ..case("recycle.others-come-before-a-call", &[], CONNECTED)
    },
    // Whether a mode without waiting is one for this call, no page says.
    Rule {
        when: |at| !at.again && !is_posted(at) && at.nonblocking() && (!is_over(at) || time_wait_begins(at)),
        asks: &[RECYCLE_WITHOUT_PEER, RECYCLE_TIME_WAIT],
        rests_on: &["transmitfile.synchronous"],
        ..not_modelled("recycle.nonblocking-not-modelled", &[], CONNECTED)
    },
    Rule {
        when: |at| is_posted(at) && time_wait_begins(at),
        gives: Is(Gives::Silent),
        then: begins_time_wait,
        asks: &[RECYCLE_TIME_WAIT],
        rests_on: &["disconnectex.time-wait", "shutdown.rem.time-wait-delay"],
        ..case("recycle.request-stays-in-time-wait", &[], CONNECTED)
    },
    Rule {
        when: time_wait_begins,
        gives: Is(Gives::Blocks),
        then: begins_time_wait,
        asks: &[RECYCLE_TIME_WAIT],
        rests_on: &["disconnectex.time-wait", "shutdown.rem.time-wait-delay"],
        ..case("recycle.stays-in-time-wait", &[], CONNECTED)
    },
    Rule {
        when: |at| is_posted(at) && !is_over(at),
        gives: Is(Gives::Silent),
        asks: &[RECYCLE_WITHOUT_PEER],
        rests_on: AWAITS_PEER,
        ..case("recycle.request-waits", &[], CONNECTED)
    },
    Rule {
        when: |at| !is_over(at),
        gives: Is(Gives::Blocks),
        asks: &[RECYCLE_WITHOUT_PEER],
        rests_on: &["transmitfile.reuse.completes-when", "transmitfile.synchronous"],
        ..case("recycle.waits", &[], CONNECTED)
    },
    Rule {
        to: Some(State::Unbound),
        when: |at| is_posted(at) && was_accepted(at),
        gives: Is(Gives::Silent),
        then: |at| {
            recycles(at);
            completes(at, Status::SUCCESS, 0, None);
        },
        rests_on: &["acceptex.reuse.transmitfile-state", "disconnectex.completion-signal", REUSABLE[0], REUSABLE[1], REUSABLE[2]],
        ..case("recycle.request-frees-accepted-socket", &[], CONNECTED)
    },
    Rule {
        to: Some(State::Bound),
        when: is_posted,
        gives: Is(Gives::Silent),
        then: |at| {
            recycles(at);
            completes(at, Status::SUCCESS, 0, None);
        },
        rests_on: &["connectex.reuse.still-bound", "disconnectex.completion-signal", REUSABLE[0], REUSABLE[1], REUSABLE[2]],
        ..case("recycle.request-frees-connected-socket", &[], CONNECTED)
    },
    Rule {
        to: Some(State::Unbound),
        when: was_accepted,
        then: recycles_and_returns,
        rests_on: &["acceptex.reuse.transmitfile-state", REUSABLE[0], REUSABLE[1], REUSABLE[2]],
        ..case("recycle.frees-accepted-socket", &[], CONNECTED)
    },
    Rule {
        to: Some(State::Bound),
        then: recycles_and_returns,
        rests_on: &["connectex.reuse.still-bound", REUSABLE[0], REUSABLE[1], REUSABLE[2]],
        ..case("recycle.frees-connected-socket", &[], CONNECTED)
    },
}

/// The flags of the call in question.
pub(super) fn flags(at: &At<'_>) -> u8 {
    match *at.call() {
        Call::DisconnectEx { flags, .. } | Call::TransmitFile { flags, .. } => flags,
        _ => 0,
    }
}

/// Is the call made with an OVERLAPPED, so that it goes on when it has returned?
pub(super) fn is_posted(at: &At<'_>) -> bool {
    match at.op() {
        Some(op) => !at.op_at(op).tells.returns,
        None => over_of(at).is_some(),
    }
}

/// Does another thread or a request use the socket?
pub(super) fn is_used(at: &At<'_>) -> bool {
    let socket = at.sock();
    !socket.waiting().is_empty() || !socket.holding().is_empty() || socket.extra().claimed.is_some()
}

/// This side ends its stream, if it has not done so before. Whether it was the first of the two to do that is what TIME_WAIT
/// depends on.
pub(super) fn disconnects(at: &mut At<'_>) {
    let (Some(s), Some(conn)) = (at.socket(), at.conn()) else { return };
    at.first = at.sock().send_shut || !at.own().fin_received;
    at.sock_mut().send_shut = true;
    let direction = at.sends(s);
    let end = at.end_mut(conn, direction);
    if end.tcb == Tcb::Established && !end.fin_sent {
        end.fin_sent = true;
        at.send(conn, direction, Segment::Fin);
    }
}

/// Is a request made, and everything there, so that the socket can be used again while the call is being made?
pub(super) fn is_ready(at: &At<'_>) -> bool {
    is_posted(at) && at.own().fin_received && !at.sock().send_shut && is_read(at)
}

/// The request is complete when its call returns: the connection has ended, the other side first.
pub(super) fn recycles_at_once(at: &mut At<'_>) {
    let is_reset = at.own().tcb == Tcb::Reset;
    disconnects(at);
    // Of a connection that was reset before there is nothing to wait for.
    let wants = if is_reset { Wants::TimeWait } else { Wants::Disconnection { first: false } };
    let Some(op) = posts(at, wants, None) else { return };
    at.aside(op, Table::Recycle);
    at.turns_to_conn(None);
    at.give(Outcome::number(1));
}

/// The request goes on when its call has returned.
pub(super) fn recycling_pends(at: &mut At<'_>) {
    let is_reset = at.own().tcb == Tcb::Reset;
    disconnects(at);
    // Of a connection that was reset before there is nothing to wait for.
    let wants = if is_reset { Wants::TimeWait } else { Wants::Disconnection { first: at.first } };
    posts(at, wants, None);
    at.wake(at.socket_id());
}

/// The stream is ended, and that is all: the socket keeps what there is to receive.
pub(super) fn disconnects_at_once(at: &mut At<'_>) {
    disconnects(at);
    if let Some(op) = posts(at, Wants::TimeWait, None) {
        at.completes(op, Status::SUCCESS, 0, None);
    }
    at.give(Outcome::number(1));
}

/// The same, told by the request when its call has returned.
pub(super) fn disconnecting_pends(at: &mut At<'_>) {
    disconnects(at);
    if let Some(op) = posts(at, Wants::TimeWait, None) {
        at.completes(op, Status::SUCCESS, 0, None);
    }
}

fn is_reset(at: &At<'_>) -> bool {
    at.own().tcb == Tcb::Reset && wants(at) != Some(Wants::TimeWait) && (at.again || at.op().is_some())
}

fn wants(at: &At<'_>) -> Option<Wants> {
    at.op().map(|op| at.op_at(op).wants)
}

/// Has everything been read that came before the end of the other side, where the call waits for that?
fn is_read(at: &At<'_>) -> bool {
    !matches!(*at.call(), Call::TransmitFile { .. }) || at.own().unread.is_empty()
}

/// Has the connection ended, as far as the call waits for that? A reset ends it, too.
fn is_over(at: &At<'_>) -> bool {
    if wants(at) == Some(Wants::TimeWait) {
        return !at.connection().timer || at.own().tcb == Tcb::Reset;
    }
    let ended = at.own().fin_received || at.own().tcb == Tcb::Reset;
    let alone = !ended && matches!(*at.call(), Call::DisconnectEx { .. }) && at.chooses(RECYCLE_ALONE);
    (ended || alone) && is_read(at)
}

/// Have both sides ended their streams, and was this one the first, so that its connection stays for a while?
fn time_wait_begins(at: &At<'_>) -> bool {
    let first = match wants(at) {
        Some(Wants::Disconnection { first }) => first,
        Some(_) => false,
        None => at.first,
    };
    let own = at.own();
    let ended = own.tcb == Tcb::Established && own.fin_sent && own.fin_received;
    first && ended && is_read(at) && at.chooses(TIME_WAIT_DELAYS)
}

fn begins_time_wait(at: &mut At<'_>) {
    if let Some(conn) = at.conn() {
        at.conn_mut(conn).timer = true;
    }
    if let Some(op) = at.op() {
        at.op_mut(op).wants = Wants::TimeWait;
    }
}

/// Do others stand in the socket's line?
fn has_others(at: &At<'_>) -> bool {
    at.sock().waiting().len() > 1
}

/// Was the socket's connection opened by the other side?
pub(super) fn was_accepted(at: &At<'_>) -> bool {
    at.sends(at.socket_id()) == Direction::Down
}

/// The socket has no connection any more. One that was accepted has no address either.
fn recycles(at: &mut At<'_>) {
    let (s, Some(conn)) = (at.socket_id(), at.conn()) else { return };
    let accepted = was_accepted(at);
    detach(at, s, conn, Manner::Graceful);
    let socket = at.sock_mut();
    (socket.conn, socket.error) = (None, Code::NONE);
    (socket.send_shut, socket.receive_shut, socket.without_context) = (false, false, false);
    socket.gave_up = false;
    socket.recycled = true;
    at.set_state(s, if accepted { State::Unbound } else { State::Bound });
    if accepted {
        at.set_local(s, Address::default());
    }
    at.turns_to_conn(None);
}

fn recycles_and_returns(at: &mut At<'_>) {
    recycles(at);
    at.give(Outcome::number(1));
}

/// The operation that is to leave this socket to be used again, if there is one.
pub(crate) fn disconnection(at: &At<'_>, s: SocketId) -> Option<OpId> {
    let is_it = |op: &OpId| matches!(at.op_at(*op).wants, Wants::Disconnection { .. } | Wants::TimeWait);
    at.socket_at(s).waiting().iter().find(is_it)
}
