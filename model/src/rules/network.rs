//! Segments and timers: TCP as far as accepting needs it.

use super::common::case;
use super::connect::RETRIES;
use super::events::tells_close_at_once;
use super::queue::withdraws;
use crate::at::Wake;
use crate::call::{Address, Ip, NetworkEvents};
use crate::choice::{
    BACKLOG_BOUND, BACKLOG_COUNTS, BOUND_ONE_MORE, CLOSE_MESSAGE_WITH_UNREAD_DATA, CLOSE_TOLD_AGAIN,
    CONDITIONAL_HANDSHAKE, COUNTS_BOTH, DECIDED_FIRST, FD_CLOSE_BEHIND_END, FD_CLOSE_WITH_UNREAD_DATA,
    FULL_COMPLETE_THEN_RESET, FULL_DROP, FULL_REFUSE, REFUSED_GIVES_UP, REFUSED_REPEATS, RESET_DISCARDS,
    RESET_OVER_UNREAD_DATA, RESET_VANISHES, STRAY_RESETS, STRAY_SEGMENT,
};
use crate::code::Code;
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States};
use crate::world::{ConnId, Direction, Segment, SocketId, State, Tcb};

const LISTENING: States = States::of(&[State::Listening]);

/// Where a SYN meets no listener there is no socket in question.
const NOBODY: States = States::of(&[State::NotASocket]);

/// A rule about a segment: nobody sees an outcome.
const fn segment(name: &'static str, cites: &'static [&'static str], from: States) -> Rule {
    Rule { gives: Is(Gives::Silent), ..case(name, cites, from) }
}

table! {
    /// A SYN arrives; the socket in question is the listener on its address, if there is one.
    SYN often Listening;
    // What comes most often is asked first.
    Rule {
        asks: &[BACKLOG_COUNTS, BACKLOG_BOUND, CONDITIONAL_HANDSHAKE],
        when: is_new_and_fits,
        then: is_queued,
        rests_on: &[
            "wsaaccept.syn.full-handshake",
            "wsaaccept.syn.conditional-inoperative",
            "listen.rem.passive-mode",
            "protobasics.backlog-held",
            "listen.rem.no-descriptors",
            "bind.rem.wildcard",
            "dualstack.v6only-before-bind",
            "accept.rem.original-keeps-listening",
            "accept.ex.port",
            "wsaaccept.ex.local-address",
        ],
        ..segment("syn.queued", &[], LISTENING)
    },
    Rule {
        when: |at| at.receiver().tcb == Tcb::SynReceived,
        then: |at| at.send(conn(at), Direction::Down, Segment::SynAck),
        rests_on: &["protobasics.backlog-held", "listen.rem.passive-mode"],
        ..segment("syn.again", &[], LISTENING)
    },
    Rule {
        when: |at| at.receiver().tcb == Tcb::Established && at.connection().server_address.family.transport().answers_late,
        then: |at| at.send(conn(at), Direction::Down, Segment::SynAck),
        rests_on: &["accept.atm.early-return"],
        ..segment("syn.again.answered", &[], States::ANY)
    },
    Rule {
        when: |at| at.receiver().tcb == Tcb::Undecided,
        then: goes_unanswered,
        rests_on: &["condaccept.on.stack-waits", "condaccept.on.client-may-time-out"],
        ..segment("syn.again.undecided", &[], LISTENING)
    },
    Rule {
        when: is_abandoned,
        then: answers_abandoned,
        rests_on: &["protobasics.backlog-held"],
        ..segment("syn.listener-is-gone", &[], States::ANY)
    },
    Rule {
        asks: &[BACKLOG_BOUND],
        when: |at| answers_late(at) && at.receiver().tcb == Tcb::None && !is_over_bound(at, 0),
        then: is_put_up,
        rests_on: &["accept.atm.early-return", "listen.rem.passive-mode", "listen.backlog.max-pending"],
        ..segment("syn.waits-for-accept", &[], LISTENING)
    },
    // The program decides before anything is answered, and however many there are.
    Rule {
        asks: &[CONDITIONAL_HANDSHAKE],
        when: is_put_to_program,
        then: |at| {
            is_put_up(at);
            goes_unanswered(at);
        },
        rests_on: &[
            "condaccept.on.stack-waits",
            "condaccept.on.callback-invoked",
            "condaccept.on.accepts-only-cf-accept",
            "condaccept.on.no-backlog",
        ],
        ..segment("syn.put-to-program", &[], LISTENING)
    },
    Rule {
        under: &[FULL_REFUSE],
        asks: &[BACKLOG_COUNTS, BACKLOG_BOUND, STRAY_SEGMENT],
        when: is_full,
        then: refuses,
        rests_on: &[
            "listen.rem.queue-full-refused",
            "wsplisten.rem.queue-full-refused",
            "listen.backlog.max-pending",
            "accept.ex.listen-backlog-1",
            "wsaaccept.ex.listen-backlog-1",
        ],
        ..segment("syn.queue-full.refused", &[], LISTENING)
    },
    Rule {
        under: &[FULL_DROP],
        asks: &[BACKLOG_COUNTS, BACKLOG_BOUND],
        when: is_full,
        then: goes_unanswered,
        rests_on: &["listen.backlog.max-pending"],
        ..segment("syn.queue-full.dropped", &[], LISTENING)
    },
    Rule {
        under: &[FULL_COMPLETE_THEN_RESET],
        asks: &[BACKLOG_COUNTS, BACKLOG_BOUND],
        when: is_full,
        then: |at| {
            at.send(conn(at), Direction::Down, Segment::SynAck);
            at.send(conn(at), Direction::Down, Segment::Rst);
        },
        rests_on: &["listen.backlog.max-pending"],
        ..segment("syn.queue-full.completed-then-reset", &[], LISTENING)
    },
    Rule {
        when: |at| at.connection().server_address.ip == Ip::NotLocal,
        then: goes_unanswered,
        rests_on: &["connect.err.WSAETIMEDOUT"],
        ..segment("syn.no-host", &[], NOBODY)
    },
    Rule {
        then: refuses,
        asks: &[STRAY_SEGMENT],
        rests_on: &["connect.err.WSAECONNREFUSED", "dualstack.v6only-before-bind"],
        ..segment("syn.no-listener", &[], NOBODY)
    },
}

table! {
    /// A SYN-ACK arrives at the client.
    SYN_ACK often Connecting;
    Rule {
        to: Some(State::Connected),
        when: |at| at.receiver().tcb == Tcb::SynSent,
        then: is_established,
        rests_on: &["listen.rem.passive-mode"],
        ..segment("connect.established", &[], States::of(&[State::Connecting]))
    },
    Rule {
        when: |at| at.receiver().tcb == Tcb::Established,
        then: |at| at.send(conn(at), Direction::Up, Segment::Ack),
        rests_on: &["listen.rem.passive-mode"],
        ..segment("syn-ack.again", &[], States::ANY)
    },
    Rule {
        then: |at| {
            if at.connection().server.tcb == Tcb::SynReceived {
                at.send(conn(at), Direction::Up, Segment::Rst);
            }
        },
        rests_on: &["protobasics.backlog-held"],
        ..segment("syn-ack.nobody-connects", &[], States::ANY)
    },
}

table! {
    /// The last ACK of the handshake arrives; the socket in question is the listener that holds the connection.
    ACK often Listening;
    Rule {
        asks: &[BACKLOG_BOUND],
        when: ends_handshake,
        then: joins_accept_queue,
        rests_on: &["listen.rem.passive-mode", "accept.rem.first-on-queue", "accept.rem.may-wait-network-event"],
        ..segment("ack.queues-connection", &[], LISTENING)
    },
    Rule {
        when: |at| is_half_open(at) && is_answered(at),
        then: |at| {
            let conn = conn(at);
            let connection = at.conn_mut(conn);
            (connection.server.tcb, connection.timer) = (Tcb::Established, false);
            if let Some(op) = at.answering(conn) {
                at.later(Wake::Answered(op));
            }
        },
        rests_on: &["condaccept.on.accepts-only-cf-accept", "condaccept.on.no-backlog"],
        ..segment("ack.completes-accepted", &[], LISTENING)
    },
    Rule {
        when: |at| at.receiver().tcb == Tcb::SynReceived,
        // Half open it stays; the SYN-ACK will be repeated.
        then: |at| at.conn_mut(conn(at)).timer = true,
        rests_on: &["listen.backlog.max-pending"],
        ..segment("ack.accept-queue-full", &[], LISTENING)
    },
    Rule {
        when: is_abandoned,
        then: answers_abandoned,
        rests_on: &["protobasics.backlog-held"],
        ..segment("ack.listener-is-gone", &[], NOBODY)
    },
    Rule { rests_on: &["listen.rem.passive-mode"], ..segment("ack.nothing-to-do", &[], States::ANY) },
}

table! {
    /// A RST arrives; the socket in question is the one that holds this end, or the listener that queues it.
    RST;
    Rule {
        when: |at| at.receiver().tcb == Tcb::SynReceived,
        then: |at| {
            let conn = conn(at);
            withdraws(at, conn);
            at.own_extra_mut().syn_queue.remove(conn);
            at.drops(conn, false);
        },
        rests_on: &["protobasics.backlog-held", "condaccept.on.client-may-time-out"],
        ..segment("rst.half-open", &[], LISTENING)
    },
    Rule {
        when: |at| at.receiver().tcb == Tcb::Undecided && !at.is_decided(conn(at)),
        then: |at| {
            let conn = conn(at);
            at.own_extra_mut().accept_queue.remove(conn);
            at.drops(conn, false);
        },
        rests_on: &["condaccept.on.stack-waits"],
        ..segment("rst.undecided", &[], LISTENING)
    },
    Rule {
        under: &[RESET_VANISHES],
        // What somebody decides about stays, and its reset is found out when that is done.
        when: |at| at.receiver().tcb == Tcb::Established && !at.is_decided(conn(at)),
        then: |at| {
            let conn = conn(at);
            at.own_extra_mut().accept_queue.remove(conn);
            at.drops(conn, false);
        },
        rests_on: &["protobasics.backlog-held"],
        ..segment("rst.queued-vanishes", &[], LISTENING)
    },
    Rule {
        when: |at| matches!(at.receiver().tcb, Tcb::Established | Tcb::Undecided),
        then: |at| {
            at.end_mut(conn(at), Direction::Down).tcb = Tcb::Reset;
            if at.chooses(RESET_DISCARDS) {
                at.forget_unread(conn(at), Direction::Down);
            }
        },
        asks: &[RESET_OVER_UNREAD_DATA],
        rests_on: &["accept.err.WSAECONNRESET", "recv.rem.reset"],
        ..segment("rst.queued", &[], LISTENING)
    },
    Rule {
        to: Some(State::Failed),
        under: &[REFUSED_GIVES_UP],
        when: |at| at.receiver().tcb == Tcb::SynSent,
        then: refused,
        rests_on: &["connect.err.WSAECONNREFUSED", "listen.rem.queue-full-refused"],
        ..segment("rst.refuses", &[], States::of(&[State::Connecting]))
    },
    Rule {
        under: &[REFUSED_REPEATS],
        when: |at| at.receiver().tcb == Tcb::SynSent && at.connection().retries > 0,
        then: |at| at.conn_mut(conn(at)).timer = true,
        rests_on: &["connect.err.WSAECONNREFUSED"],
        ..segment("rst.refused-syn-is-repeated", &[], States::of(&[State::Connecting]))
    },
    Rule {
        to: Some(State::Failed),
        under: &[REFUSED_REPEATS],
        when: |at| at.receiver().tcb == Tcb::SynSent,
        then: refused,
        rests_on: &["connect.err.WSAECONNREFUSED"],
        ..segment("rst.refuses-for-good", &[], States::of(&[State::Connecting]))
    },
    Rule {
        when: |at| at.receiver().tcb == Tcb::Established,
        then: |at| {
            let direction = towards(at);
            at.end_mut(conn(at), direction).tcb = Tcb::Reset;
            if at.chooses(RESET_DISCARDS) {
                at.forget_unread(conn(at), direction);
            }
            let s = socket(at);
            at.wake(s);
            if at.sock().selection().disabled.has(NetworkEvents::CLOSE) && at.chooses(CLOSE_TOLD_AGAIN) {
                let selection = &mut at.own_extra_mut().selection;
                selection.disabled = selection.disabled.without(NetworkEvents::CLOSE);
            }
            at.occurs(s, NetworkEvents::CLOSE);
        },
        asks: &[RESET_OVER_UNREAD_DATA, FD_CLOSE_BEHIND_END],
        rests_on: &["recv.rem.reset", "closesocket.rem.linger-zero-reset"],
        ..segment("rst.connected", &[], States::of(&[State::Connected]))
    },
    Rule {
        then: |at| {
            let direction = towards(at);
            let end = at.end_mut(conn(at), direction);
            if matches!(end.tcb, Tcb::Established | Tcb::Abandoned | Tcb::TimeWait) && end.socket().is_none() {
                end.tcb = Tcb::None;
            }
        },
        rests_on: &["closesocket.rem.linger-zero-reset"],
        ..segment("rst.nobody", &[], States::ANY)
    },
}

table! {
    /// A FIN arrives.
    FIN often Connected | NotASocket;
    Rule {
        when: is_abandoned,
        then: answers_abandoned,
        rests_on: &["protobasics.backlog-held"],
        ..segment("fin.listener-is-gone", &[], NOBODY)
    },
    Rule {
        then: stream_ends,
        asks: &[FD_CLOSE_WITH_UNREAD_DATA, CLOSE_MESSAGE_WITH_UNREAD_DATA],
        rests_on: &["recv.ret.zero-graceful"],
        ..segment("fin.arrives", &[], States::ANY)
    },
}

table! {
    /// Data arrive.
    DATA often Listening;
    Rule {
        when: is_abandoned,
        then: |at| {
            answers_abandoned(at);
            at.forget_sent(conn(at), at.direction);
        },
        rests_on: &["protobasics.backlog-held"],
        ..segment("data.listener-is-gone", &[], NOBODY)
    },
    Rule {
        when: is_nobodys,
        then: |at| {
            // Nobody will ever read it: the sender is told by a reset.
            let direction = towards(at);
            if at.end_mut(conn(at), direction).tcb == Tcb::Established {
                at.end_mut(conn(at), direction).tcb = Tcb::None;
                at.send(conn(at), direction, Segment::Rst);
            }
            at.forget_sent(conn(at), at.direction);
        },
        rests_on: &["closesocket.rem.default-graceful"],
        ..segment("data.nobody-reads", &[], States::ANY)
    },
    Rule {
        then: data_arrive,
        rests_on: &["accept.rem.new-handles-connection", "listen.rem.passive-mode", "wsasend.rem.order-of-calls"],
        ..segment("data.arrive", &[], States::ANY)
    },
}

table! {
    /// A retransmission timer runs out: the client's for its SYN, or the server's for its SYN-ACK.
    TIMER;
    Rule {
        when: |at| at.connection().client.tcb == Tcb::SynSent && at.connection().retries > 0,
        then: |at| {
            let conn = conn(at);
            at.conn_mut(conn).timer = false;
            at.conn_mut(conn).retries -= 1;
            at.send(conn, Direction::Up, Segment::Syn);
        },
        rests_on: &["connect.err.WSAETIMEDOUT"],
        ..segment("timer.repeats-syn", &[], States::of(&[State::Connecting]))
    },
    Rule {
        to: Some(State::Failed),
        when: |at| at.connection().client.tcb == Tcb::SynSent,
        then: |at| {
            let error = Code::WSAETIMEDOUT;
            fails(at, error);
        },
        rests_on: &["connect.err.WSAETIMEDOUT"],
        ..segment("timer.gives-up", &[], States::of(&[State::Connecting]))
    },
    Rule {
        when: |at| at.connection().server.tcb == Tcb::SynReceived && at.connection().retries > 0,
        then: |at| {
            let conn = conn(at);
            let connection = at.conn_mut(conn);
            connection.timer = false;
            connection.retries -= 1;
            at.send(conn, Direction::Down, Segment::SynAck);
        },
        rests_on: &["listen.rem.passive-mode"],
        ..segment("timer.repeats-syn-ack", &[], States::ANY)
    },
    Rule {
        when: |at| at.connection().listener.is_some(),
        then: |at| {
            let conn = conn(at);
            let Some(listener) = at.connection().listener else { return };
            withdraws(at, conn);
            at.extra_mut(listener).syn_queue.remove(conn);
            at.drops(conn, true);
        },
        rests_on: &["protobasics.backlog-held"],
        ..segment("timer.drops-half-open", &[], States::ANY)
    },
    // Both sides have ended their streams, and the time is over for which one of them stays.
    Rule {
        then: |at| {
            let conn = conn(at);
            at.conn_mut(conn).timer = false;
            for direction in [Direction::Up, Direction::Down] {
                if let Some(s) = at.end_at(conn, direction).socket() {
                    at.wake(s);
                }
            }
        },
        rests_on: &["disconnectex.time-wait", "shutdown.rem.time-wait-delay"],
        ..segment("timer.time-wait-is-over", &[], States::ANY)
    },
}

// What happens to every connection is compiled where it is called.

/// A SYN is answered, and its connection half open.
#[inline(always)]
fn is_queued(at: &mut At<'_>) {
    let (conn, listener) = (conn(at), socket(at));
    let connection = at.conn_mut(conn);
    (connection.listener, connection.server.tcb) = (Some(listener), Tcb::SynReceived);
    at.syn_queue_mut(listener).push(conn);
    at.send(conn, Direction::Down, Segment::SynAck);
}

/// The client's end is connected.
#[inline(always)]
fn is_established(at: &mut At<'_>) {
    let conn = conn(at);
    let connection = at.conn_mut(conn);
    (connection.client.tcb, connection.timer) = (Tcb::Established, false);
    // From here on it is the server that repeats what is not answered: its SYN-ACK.
    connection.retries = RETRIES;
    at.send(conn, Direction::Up, Segment::Ack);
    let s = socket(at);
    at.set_state(s, State::Connected);
    let local = at.sock().local;
    if local.ip == Ip::Any {
        // The connection settles which of the local addresses it is.
        at.set_local(s, Address { ip: Ip::Loopback, ..local });
    }
    at.stirs(s, &[NetworkEvents::CONNECT, NetworkEvents::WRITE]);
}

/// The handshake is complete: the connection can be accepted.
#[inline(always)]
fn joins_accept_queue(at: &mut At<'_>) {
    let conn = conn(at);
    let connection = at.conn_mut(conn);
    (connection.server.tcb, connection.timer) = (Tcb::Established, false);
    let s = socket(at);
    at.completes_handshake(s, conn);
    at.stirs(s, &[NetworkEvents::ACCEPT]);
}

/// Whoever receives at this end will see the end of the stream.
#[inline(always)]
fn stream_ends(at: &mut At<'_>) {
    let direction = towards(at);
    at.end_mut(conn(at), direction).fin_received = true;
    if let Some(s) = at.socket()
        && at.socket_at(s).state == State::Connected
    {
        if at.receiver().unread.is_empty() {
            return at.stirs(s, &[NetworkEvents::CLOSE]);
        }
        at.wake(s);
        if tells_close_at_once(at, s) {
            at.occurs(s, NetworkEvents::CLOSE);
        }
    }
}

/// Bytes are there to be received, or nobody will receive them.
#[inline(always)]
fn data_arrive(at: &mut At<'_>) {
    if matches!(at.receiver().tcb, Tcb::Established | Tcb::SynReceived) {
        at.sent_arrive(conn(at), at.direction);
    } else {
        at.forget_sent(conn(at), at.direction);
    }
    at.has_arrived(conn(at), at.direction);
    if let Some(s) = at.socket()
        && at.socket_at(s).state == State::Connected
    {
        at.stirs(s, &[NetworkEvents::READ]);
    }
}

/// Has it come to an end that no socket holds, and no listener?
#[inline(always)]
fn is_nobodys(at: &At<'_>) -> bool {
    at.receiver().socket().is_none() && at.connection().listener.is_none()
}

/// Is it a half-open connection whose listener has closed?
#[inline]
fn is_abandoned(at: &At<'_>) -> bool {
    at.receiver().tcb == Tcb::Abandoned
}

/// What is left of it ends with a reset.
fn answers_abandoned(at: &mut At<'_>) {
    let (conn, direction) = (conn(at), towards(at));
    at.end_mut(conn, direction).tcb = Tcb::None;
    at.send(conn, direction, if is_raw(at) { Segment::BareRst } else { Segment::Rst });
}

/// Does a raw peer stand at its client end?
fn is_raw(at: &At<'_>) -> bool {
    at.connection().client.tcb == Tcb::Raw
}

/// A SYN is refused. What belongs to no connection may be kept from another host, as a raw peer is one.
fn refuses(at: &mut At<'_>) {
    if !is_raw(at) || at.chooses(STRAY_RESETS) {
        at.send(conn(at), Direction::Down, Segment::Rst);
    }
}

#[inline]
fn conn(at: &At<'_>) -> ConnId {
    at.conn().expect("invariant: a segment belongs to a connection")
}

#[inline]
fn socket(at: &At<'_>) -> SocketId {
    at.socket_id()
}

/// A SYN of which nothing is known yet, for which there is room, and that nobody has to decide about.
#[inline(always)]
fn is_new_and_fits(at: &At<'_>) -> bool {
    at.receiver().tcb == Tcb::None && !answers_late(at) && !is_put_to_program(at) && !is_full(at)
}

/// It completes a connection for which there is room.
#[inline(always)]
fn ends_handshake(at: &At<'_>) -> bool {
    is_half_open(at) && !is_answered(at) && !is_over_bound(at, 0)
}

#[inline(always)]
fn is_half_open(at: &At<'_>) -> bool {
    at.receiver().tcb == Tcb::SynReceived
}

/// Is it the request that a call has accepted? Only with SO_CONDITIONAL_ACCEPT is one accepted before its handshake.
#[inline]
fn is_answered(at: &At<'_>) -> bool {
    at.sock().options().conditional_accept && at.answering(conn(at)).is_some()
}

/// Does the program decide before this SYN is answered?
#[inline]
fn is_put_to_program(at: &At<'_>) -> bool {
    at.sock().options().conditional_accept && at.chooses(DECIDED_FIRST) && !answers_late(at)
}

/// Are requests to this listener answered only when they are accepted, whatever its options?
#[inline(always)]
fn answers_late(at: &At<'_>) -> bool {
    at.sock().family.transport().answers_late
}

/// The request joins the queue as it is.
fn is_put_up(at: &mut At<'_>) {
    let (conn, listener) = (conn(at), socket(at));
    let connection = at.conn_mut(conn);
    (connection.listener, connection.server.tcb) = (Some(listener), Tcb::Undecided);
    at.accept_queue_mut(listener).push(conn);
    at.wake(listener);
    at.occurs(listener, NetworkEvents::ACCEPT);
}

/// Is the queue of pending connections as long as the backlog allows, as this profile counts?
#[inline]
fn is_full(at: &At<'_>) -> bool {
    let half_open = at.sock().syn_queue().len();
    is_over_bound(at, if half_open > 0 && at.chooses(COUNTS_BOTH) { half_open } else { 0 })
}

/// Would one more connection beside the queued ones and these be more than the backlog allows?
#[inline]
fn is_over_bound(at: &At<'_>, others: usize) -> bool {
    let listener = at.sock().extra();
    let (pending, bound) = (others + listener.accept_queue.len(), usize::from(listener.backlog));
    pending > bound || pending == bound && !at.chooses(BOUND_ONE_MORE)
}

/// The direction in which the receiving end of the segment in question sends.
#[inline]
fn towards(at: &At<'_>) -> Direction {
    match at.direction {
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
    }
}

/// Nobody answers the SYN: its client, if it still waits, will repeat it.
fn goes_unanswered(at: &mut At<'_>) {
    let connection = at.conn_mut(conn(at));
    connection.timer = connection.client.tcb == Tcb::SynSent;
}

fn refused(at: &mut At<'_>) {
    fails(at, Code::WSAECONNREFUSED);
}

fn fails(at: &mut At<'_>, error: Code) {
    let conn = conn(at);
    let connection = at.conn_mut(conn);
    connection.timer &= connection.server.tcb == Tcb::SynReceived;
    connection.client.tcb = Tcb::None;
    connection.client.hold(None);
    let s = socket(at);
    let socket = at.sock_mut();
    (socket.error, socket.conn) = (error, None);
    at.set_state(s, State::Failed);
    at.wake(s);
    at.occurs(s, NetworkEvents::CONNECT);
}
