//! `closesocket` and `shutdown`.

use super::common::{before_update, case, check, in_progress, network_down, not_a_socket, not_initialised};
use crate::call::{Address, Call, Handle, How, Port};
use crate::choice::{
    ANSWER_LOST, EVENTS_AFTER_SHUTDOWN, EVENTS_END, HALF_OPEN_ANSWERS, HALF_OPEN_RESETS, LISTENER_CLOSE_HALF_OPEN,
    LISTENER_CLOSE_QUEUED, LISTENER_RESETS, UNDER_RECV_RESETS, UNREAD_RESETS,
};
use crate::code::Code;
use crate::operation::{Object, OpId, Operation, Phase, Wants};
use crate::rule::{At, Rule, States};
use crate::world::{Conn, ConnId, Direction, Segment, Selection, Socket, SocketId, State, Tcb};

/// How a connected socket's close looks on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    /// FIN, after what was sent.
    Graceful,
    /// RST.
    Reset,
}

table! {
    CLOSESOCKET often Connected;
    not_initialised("closesocket.not-initialised"),
    in_progress("closesocket.in-progress"),
    network_down("closesocket.network-down"),
    Rule {
        cites: &["closesocket.err.WSAENOTSOCK"],
        rests_on: &["tutorial.ex.init-invalid", "wsaaccept.ex.result-unchecked"],
        ..not_a_socket("closesocket.not-a-socket")
    },
    Rule {
        when: |at| at.sock().is_shared(),
        then: |at| {
            closes_handle(at);
        },
        rests_on: &["wsadup.closes-with-last"],
        ..case("closesocket.one-of-several-handles", &[], States::SOCKET)
    },
    Rule {
        to: Some(State::NotASocket),
        when: |at| at.sock().options().linger == (1, 0),
        then: |at| closes(at, Manner::Reset),
        ..case(
            "closesocket.linger-zero-resets",
            &["closesocket.rem.linger-zero-reset"],
            States::of(&[State::Connected]),
        )
    },
    Rule {
        to: Some(State::NotASocket),
        under: &[UNREAD_RESETS],
        when: has_unread,
        then: |at| closes(at, Manner::Reset),
        ..case("closesocket.unread-data-resets", &["closesocket.rem.default-graceful"], States::of(&[State::Connected]))
    },
    Rule {
        to: Some(State::NotASocket),
        under: &[UNDER_RECV_RESETS],
        when: is_under_recv,
        then: |at| closes(at, Manner::Reset),
        ..case(
            "closesocket.under-recv-resets",
            &["closesocket.rem.no-concurrent-call", "closesocket.rem.default-graceful"],
            States::of(&[State::Connected]),
        )
    },
    Rule {
        to: Some(State::NotASocket),
        under: &[ANSWER_LOST],
        when: has_answered,
        then: |at| closes(at, Manner::Reset),
        ..case("closesocket.answer-lost", &["closesocket.rem.default-graceful"], States::of(&[State::Connected]))
    },
    Rule {
        to: Some(State::NotASocket),
        then: closes_gracefully,
        asks: &[LISTENER_CLOSE_QUEUED, LISTENER_CLOSE_HALF_OPEN],
        rests_on: &["wsaeventselect.rem.close-cancels", "acceptex.allowed.closesocket"],
        ..case(
            "closesocket.closes",
            &[
                "closesocket.rem.default-graceful",
                "closesocket.rem.descriptor-reuse",
                "closesocket.rem.no-fd-close",
                "closesocket.rem.cancels-overlapped",
            ],
            States::SOCKET,
        )
    },
}

table! {
    SHUTDOWN;
    not_initialised("shutdown.not-initialised"),
    in_progress("shutdown.in-progress"),
    network_down("shutdown.network-down"),
    not_a_socket("shutdown.not-a-socket"),
    Rule {
        rests_on: &["accept.s.connection-on-returned"],
        ..check(
            "shutdown.not-connected",
            &["shutdown.err.WSAENOTCONN"],
            States::of(&[State::Unbound, State::Bound, State::Listening, State::Connecting, State::Failed]),
            Code::WSAENOTCONN,
        )
    },
    before_update("shutdown.before-accept-context"),
    Rule {
        then: |at| {
            let Call::Shutdown { how, .. } = *at.call() else { return };
            let socket = at.sock_mut();
            let sent_before = socket.send_shut;
            socket.send_shut |= how.sends();
            socket.receive_shut |= how != How::Send;
            if how.sends() && !sent_before {
                sends_fin(at);
            }
            if how == How::Both && at.sock().selection().told.is_some() && at.chooses(EVENTS_END) {
                at.own_extra_mut().selection = Selection::default();
            }
        },
        asks: &[EVENTS_AFTER_SHUTDOWN],
        // Without a connection it fails only where the socket is one for connections.
        rests_on: &["recv.ret.zero-graceful"],
        ..case("shutdown.shuts", &[], States::of(&[State::Connected, State::Datagram]))
    },
}

pub(super) fn has_unread(at: &At<'_>) -> bool {
    at.conn().is_some() && !at.own().unread.is_empty()
}

/// Is there anything at the client's end, or on its way there, that was sent from this one and nobody has read?
fn has_answered(at: &At<'_>) -> bool {
    let (Some(s), Some(conn)) = (at.socket(), at.conn()) else { return false };
    let unread = |conn: &Conn| !conn.server.sent.is_empty() || !conn.client.unread.is_empty();
    at.sends(s) == Direction::Down && unread(at.conn_at(conn))
}

/// Does another thread wait in a receive on it, or a request that has given it its connection?
fn is_under_recv(at: &At<'_>) -> bool {
    let receives = |op: OpId| matches!(at.op_at(op), Operation { phase: Phase::Holds(_), .. });
    at.sock().waiting().iter().any(|op| at.op_at(op).wants == Wants::Bytes)
        || at.sock().extra().claimed.is_some_and(receives)
}

fn sends_fin(at: &mut At<'_>) {
    let (Some(s), Some(c)) = (at.socket(), at.conn()) else { return };
    let direction = at.sends(s);
    let end = at.end_mut(c, direction);
    if end.tcb == Tcb::Established && !end.fin_sent {
        end.fin_sent = true;
        at.send(c, direction, Segment::Fin);
    }
}

#[inline(always)]
fn closes_gracefully(at: &mut At<'_>) {
    closes(at, Manner::Graceful);
}

#[inline(always)]
pub(super) fn closes(at: &mut At<'_>, manner: Manner) {
    // Where a socket has nothing that few have, nobody waits for it and no other handle is open.
    if !at.sock().is_plain() {
        closes_handle(at);
    }
    close_object(at, at.socket_id(), manner);
}

/// The handle used is closed; calls that wait through it lose their socket.
pub(super) fn closes_handle(at: &mut At<'_>) {
    let id = at.socket_id();
    let (copy, process) = (at.copy, at.process_id());
    let handle = Handle::socket(id, at.sock().value_of(copy));
    at.set_holder(id, copy, None);
    at.handle_closed(Object::Socket(id), handle, Some(process));
}

/// The last handle of a socket object is gone.
pub(super) fn close_object(at: &mut At<'_>, id: SocketId, manner: Manner) {
    at.socket_closed(id);
    let &Socket { state, conn, local, ref extra, .. } = at.socket_at(id);
    // An operation that could not end keeps its object: until it is over the slot is not free.
    let holding = extra.as_ref().filter(|extra| !extra.holding.is_empty()).map(|extra| extra.holding.clone());
    match state {
        State::Listening => {
            let resets = at.chooses(LISTENER_RESETS);
            while let Some(conn) = at.extra_mut(id).syn_queue.pop_first() {
                if at.chooses(HALF_OPEN_ANSWERS) {
                    abandons(at, conn);
                } else {
                    let resets = at.chooses(HALF_OPEN_RESETS);
                    at.drops(conn, resets);
                }
            }
            while let Some(conn) = at.extra_mut(id).accept_queue.pop_first() {
                at.drops(conn, resets);
            }
        }
        State::Connected | State::Connecting => {
            if let Some(conn) = conn {
                detach(at, id, conn, manner);
            }
        }
        _ => {}
    }
    // Its number still says where it was bound: whoever connects to `address(L)` of a closed L means that place.
    let chosen_by_script = matches!(local.port, Port::Fixed(_)) && at.opened_by(id).is_some();
    at.frees_socket(id, if chosen_by_script { local } else { Address::default() });
    if let Some(holding) = holding {
        at.extra_mut(id).holding = holding;
    }
    if let Some(own) = at.opened_by(id).filter(|own| conn != Some(*own)) {
        // Marks for a connection that it never made go with it.
        at.reap(own);
    }
}

/// The listener of a half-open connection is gone; nothing is sent before its client sends something.
fn abandons(at: &mut At<'_>, conn: ConnId) {
    let connection = at.conn_mut(conn);
    (connection.listener, connection.sampled) = (None, None);
    connection.timer &= connection.client.tcb == Tcb::SynSent;
    connection.server.tcb = Tcb::Abandoned;
    at.reap(conn);
}

/// A socket lets go of its end of the connection.
#[inline(always)]
pub(super) fn detach(at: &mut At<'_>, id: SocketId, conn: ConnId, manner: Manner) {
    let (connection, spare) = at.conn_and_spare(conn);
    let direction = if connection.server.socket() == Some(id) { Direction::Down } else { Direction::Up };
    if direction == Direction::Up {
        // Nobody repeats a SYN any more; a half-open other end still repeats its SYN-ACK.
        connection.timer &= connection.server.tcb == Tcb::SynReceived;
    }
    let end = connection.end_mut(direction);
    end.unread.clear(spare);
    end.hold(None);
    let live = end.tcb == Tcb::Established;
    match manner {
        Manner::Graceful if live => {
            if !std::mem::replace(&mut end.fin_sent, true) {
                at.send(conn, direction, Segment::Fin);
            }
        }
        Manner::Reset if live => {
            end.tcb = Tcb::None;
            at.send(conn, direction, Segment::Rst);
        }
        Manner::Graceful | Manner::Reset => end.tcb = Tcb::None,
    }
    at.reap(conn);
}
