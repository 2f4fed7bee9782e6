//! What a raw peer sends and no Winsock client would: a SYN or a SYN-ACK inside a connection, segments that belong to none,
//! and what comes to a connection that its socket has left.
//!
//! No page speaks of them. Windows 8 was measured to do what stands here (observations W8-08, -09, -29, -31, -41 and -45).

use super::common::case;
use crate::choice::{STRAY_RESETS, STRAY_SILENT};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States, Table};
use crate::world::{ConnId, Direction, Segment, State, Tcb};

/// A connection that its socket, or its listener, has left.
const NOBODY: States = States::of(&[State::NotASocket]);

/// A rule about a segment: nobody sees an outcome.
const fn segment(name: &'static str, from: States) -> Rule {
    Rule { gives: Is(Gives::Silent), rests_on: &["protobasics.backlog-held"], ..case(name, &[], from) }
}

/// A rule about a segment with which the rules of this table go on.
const fn goes_on(name: &'static str, table: Table, from: States) -> Rule {
    Rule { gives: Is(Gives::Continues(table)), ..segment(name, from) }
}

table! {
    /// A SYN arrives inside a connection.
    PEER_SYN;
    Rule {
        to: Some(State::Listening),
        when: |at| is_in_time_wait(at) && at.listener_of(conn(at)).is_some(),
        then: |at| {
            // The old connection makes room for the new one.
            let conn = conn(at);
            at.conn_mut(conn).server = Default::default();
            at.conn_mut(conn).client.fin_sent = false;
            let listener = at.listener_of(conn);
            at.turns_to_socket(listener);
        },
        ..goes_on("peer.syn-in-time-wait-connects", Table::Syn, NOBODY)
    },
    Rule { when: is_in_time_wait, ..segment("peer.syn-in-time-wait", NOBODY) },
    Rule {
        when: |at| at.receiver().tcb == Tcb::Undecided,
        rests_on: &["condaccept.on.stack-waits"],
        ..segment("peer.syn-again.undecided", States::of(&[State::Listening]))
    },
    Rule { then: |at| answers(at, Segment::Rst), ..goes_on("peer.syn-inside-resets", Table::Rst, States::ANY) },
}

table! {
    /// A SYN-ACK arrives inside a connection.
    PEER_SYN_ACK;
    Rule {
        when: |at| matches!(at.receiver().tcb, Tcb::SynReceived | Tcb::Abandoned),
        ..segment("peer.syn-ack-in-handshake", States::ANY)
    },
    Rule {
        when: is_in_time_wait,
        then: |at| answers(at, Segment::BareRst),
        ..segment("peer.syn-ack-in-time-wait", NOBODY)
    },
    Rule { then: |at| answers(at, Segment::BareRst), ..goes_on("peer.syn-ack-inside-resets", Table::Rst, States::ANY) },
}

table! {
    /// An ACK arrives inside a connection.
    PEER_ACK;
    Rule { when: is_last_ack, then: is_over, ..segment("peer.ack-ends-close", NOBODY) },
    goes_on("peer.ack-inside", Table::Ack, States::ANY),
}

table! {
    /// Data arrive inside a connection.
    PEER_DATA;
    Rule { when: is_last_ack, then: is_over, ..segment("peer.data-ends-close", NOBODY) },
    Rule { when: |at| at.receiver().fin_received, ..segment("peer.data-behind-fin", States::ANY) },
    Rule { then: acknowledges, ..goes_on("peer.data-inside", Table::Data, States::ANY) },
}

table! {
    /// A FIN arrives inside a connection.
    PEER_FIN;
    Rule { when: is_last_ack, then: is_over, ..segment("peer.fin-ends-close", NOBODY) },
    Rule { when: |at| at.receiver().fin_received, ..segment("peer.fin-again", States::ANY) },
    Rule {
        when: |at| at.receiver().tcb == Tcb::Established,
        then: |at| {
            answers(at, Segment::Ack);
            let end = at.end_mut(conn(at), Direction::Down);
            (end.fin_received, end.tcb) = (true, Tcb::TimeWait);
        },
        ..segment("peer.fin-behind-close", NOBODY)
    },
    Rule { then: acknowledges, ..goes_on("peer.fin-inside", Table::Fin, States::ANY) },
}

table! {
    /// A segment that is no SYN arrives and belongs to no connection.
    PEER_STRAY;
    Rule {
        under: &[STRAY_RESETS],
        then: |at| answers(at, Segment::BareRst),
        ..segment("peer.stray-answered", NOBODY)
    },
    Rule { under: &[STRAY_SILENT], ..segment("peer.stray-unanswered", NOBODY) },
}

fn conn(at: &At<'_>) -> ConnId {
    at.conn().expect("invariant: a segment belongs to a connection")
}

fn answers(at: &mut At<'_>, segment: Segment) {
    at.send(conn(at), Direction::Down, segment);
}

/// Where a socket, or a listener, still has the connection, what arrives is acknowledged.
fn acknowledges(at: &mut At<'_>) {
    if at.socket().is_some() {
        answers(at, Segment::Ack);
    }
}

fn is_in_time_wait(at: &At<'_>) -> bool {
    at.receiver().tcb == Tcb::TimeWait
}

/// Has its socket been closed after the peer had ended its stream?
fn is_last_ack(at: &At<'_>) -> bool {
    at.receiver().tcb == Tcb::Established && at.receiver().fin_received
}

fn is_over(at: &mut At<'_>) {
    at.end_mut(conn(at), Direction::Down).tcb = Tcb::None;
}
