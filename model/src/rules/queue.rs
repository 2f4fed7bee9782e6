//! What the calls that accept find at the queue, and how one of them takes the first connection.

use super::groups::joins;
use crate::call::{Call, Handle, NetworkEvents};
use crate::choice::{DEFERRED_IS_READABLE, RECORD_CLEARED};
use crate::code::Code;
use crate::operation::Answer;
use crate::outcome::{Out, Outcome, Value};
use crate::rule::{At, Cause, Limit, States};
use crate::world::{ConnId, Direction, Holder, Segment, Socket, SocketId, State, Tcb};

pub(super) const LISTENING: States = States::of(&[State::Listening]);

/// A connection is there to be taken: queued, and, while resources are short during a wait, takeable.
#[inline(always)]
pub(super) fn connection_ready(at: &At<'_>) -> bool {
    !at.sock().accept_queue().is_empty() && (!at.again || !at.process().faults.no_descriptors)
}

/// Its peer has reset the first connection of the queue.
#[inline(always)]
pub(super) fn first_is_reset(at: &At<'_>) -> bool {
    let first = at.sock().accept_queue().first();
    first.is_some_and(|c| at.conn_at(c).server.tcb == Tcb::Reset)
}

/// Is it the call of WS2_32 in a provider?
#[inline(always)]
pub(super) fn is_provider(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::WSPAccept { .. })
}

/// The first of the queue is a request that nobody has answered yet, as there are with SO_CONDITIONAL_ACCEPT and on ATM.
#[inline(always)]
pub(super) fn first_is_undecided(at: &At<'_>) -> bool {
    let may_be = at.sock().options().conditional_accept || at.sock().family.transport().answers_late;
    let first = at.sock().accept_queue().first().filter(|_| may_be);
    first.is_some_and(|c| at.conn_at(c).server.tcb == Tcb::Undecided)
}

/// The first of the queue is a call over ATM.
pub(super) fn first_returns_early(at: &At<'_>) -> bool {
    at.sock().family.transport().returns_early && connection_ready(at) && first_is_undecided(at)
}

/// The first request is answered, and taken: the connection is there for this side.
pub(super) fn takes_as_far_as_next_switch(at: &mut At<'_>) {
    let Some(conn) = at.sock().accept_queue().first() else { return };
    at.conn_mut(conn).server.tcb = Tcb::Established;
    let caller = SocketId(conn.0);
    if let Answer::Accepts { bytes: 1.., .. } = at.answer
        && at.socket_at(caller).conn == Some(conn)
        && at.socket_at(caller).extra().carried.is_some()
    {
        let Answer::Accepts { bytes, .. } = at.answer else { return };
        if let Some(carried) = &mut at.extra_mut(caller).carried {
            carried.answered = bytes.into();
        }
    }
    at.send(conn, Direction::Down, Segment::SynAck);
    takes_first(at);
}

/// A call that has accepted this request, and waits for the end of its handshake, waits in vain.
pub(super) fn withdraws(at: &mut At<'_>, conn: ConnId) {
    if let Some(op) = at.answering(conn) {
        at.cancel(op, Cause::Withdrawn);
    }
}

/// The first connection of the queue gets a socket, whose handle the call gives.
pub(super) fn takes_first(at: &mut At<'_>) {
    let Some(conn) = at.socket().and_then(|listener| at.accept_queue_mut(listener).pop_first()) else { return };
    let process = at.process_id();
    let &Socket { family, kind, overlapped, .. } = at.sock();
    let slot = at.accepted_slot(conn);
    if at.socket_at(slot).state != State::NotASocket {
        // A raw peer has come again whose first connection has left a socket that was recycled.
        at.reaches(Limit { most: 1, of: "sockets of one raw peer's connections, recycled ones among them" });
        return;
    }
    let connection = at.conn_mut(conn);
    (connection.listener, connection.deferred) = (None, false);
    connection.server.hold(Some(slot));
    let local = connection.server_address.seen_by(family);
    at.new_socket(slot, |new| {
        new.state = State::Connected;
        (new.family, new.kind, new.overlapped) = (family, kind, overlapped);
        new.first_handle = Some(Holder::new(process));
        (new.local, new.conn) = (local, Some(conn));
    });
    if at.answer != Answer::Nothing {
        joins(at, slot);
    }
    at.turns_to_conn(Some(conn));
    at.give(Outcome { value: Value::Handle(Handle::socket(slot, 0)), error: Code::NONE, out: Out::None });
}

/// The socket that the call gives.
#[inline(always)]
pub(super) fn accepted(at: &At<'_>) -> Option<SocketId> {
    match at.gives?.value {
        Value::Handle(handle) => at.resolve_socket(handle),
        _ => None,
    }
}

/// Does the call give a socket?
#[inline(always)]
pub(super) fn has_accepted(at: &At<'_>) -> bool {
    let gives = at.gives.as_ref().is_some_and(|outcome| matches!(outcome.value, Value::Handle(_)));
    debug_assert!(gives == accepted(at).is_some(), "what it gives is open");
    gives
}

/// The call writes this, too.
pub(super) fn returns(at: &mut At<'_>, out: Out) {
    if let Some(outcome) = at.gives {
        at.gives = Some(outcome.with(out));
    }
}

/// FD_ACCEPT can be recorded again, and is if a connection is there once this call has had its way.
pub(super) fn re_enables(at: &mut At<'_>) {
    let selection = &mut at.own_extra_mut().selection;
    selection.disabled = selection.disabled.without(NetworkEvents::ACCEPT);
    if at.chooses(RECORD_CLEARED) {
        let selection = &mut at.own_extra_mut().selection;
        selection.recorded = selection.recorded.without(NetworkEvents::ACCEPT);
    }
    // Recorded again only if connections remain once this call has had its way.
    at.occurs(at.socket_id(), NetworkEvents::ACCEPT);
}

/// Is there a connection at this listener whose acceptance nobody has deferred?
pub(super) fn has_undeferred(at: &At<'_>, listener: SocketId) -> bool {
    at.socket_at(listener).accept_queue().iter().any(|conn| !at.conn_at(conn).deferred)
}

/// Is there a connection at this listener of which those are told that watch it?
pub(super) fn shows_connection(at: &At<'_>, listener: SocketId) -> bool {
    let queued = !at.socket_at(listener).accept_queue().is_empty();
    queued && (has_undeferred(at, listener) || at.chooses(DEFERRED_IS_READABLE))
}
