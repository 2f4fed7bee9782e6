//! `accept`, as its page tells it.

use super::closesocket::drops;
use super::common::{
    case, check, crashes, in_callback, in_progress, network_down, not_a_socket, not_initialised, zeros_short_buffer,
};
use crate::call::{Buffer, Call, Handle, Length, NetworkEvents};
use crate::choice::{
    ACCEPT_LENGTH_POINTER, ADDR_CONSUMES, ADDR_KEEPS, ADDR_ON_ENTRY, ADDR_ON_TAKING, ADDRLEN_CONSUMES, ADDRLEN_KEEPS,
    ADDRLEN_ON_ENTRY, ADDRLEN_ON_TAKING, BAD_ADDR_WSAEFAULT, BAD_ADDR_WSAEINVAL, INHERIT_NONBLOCKING, INHERIT_TIMEOUTS,
    INHERIT_V6ONLY, LENGTH_POINTER_CRASHES, LENGTH_POINTER_FAILS, LENGTH_WRITTEN, NEGATIVE_LENGTH_OVERWRITES,
    NONBLOCKING_INHERITED, PEER_EMPTY, PEER_NOT_CONNECTED, PEER_TOLD, RESET_ACCEPT_FAILS, RESET_ACCEPT_SUCCEEDS,
    RESOURCE_ERROR_CONSUMES, RESOURCE_ERROR_KEEPS, SAMPLED_AT_HANDSHAKE, SELECTION_INHERITED, SHORT_BUFFER_CONTENTS,
    TIMEOUTS_INHERITED, V6ONLY_INHERITED, WAIT_MFILE_FAILS,
};
use crate::code::Code;
use crate::outcome::{Out, Outcome, Value};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States, Table};
use crate::world::{Direction, Holder, Selection, Socket, State, Tcb};

const LISTENING: States = States::of(&[State::Listening]);
const NOT_LISTENING: States =
    States::of(&[State::Unbound, State::Bound, State::Connecting, State::Connected, State::Failed, State::Datagram]);

pub(super) static ACCEPT: &[Rule] = &[
    Rule {
        when: |at| at.sock().selection().event.is_some(),
        gives: Is(Gives::Continues(Table::AcceptChecks)),
        then: |at| {
            let selection = &mut at.own_extra_mut().selection;
            selection.disabled = selection.disabled.without(NetworkEvents::ACCEPT);
            // Recorded again only if connections remain once this call has had its way.
            at.occurs(at.socket.expect("invariant: a listener is a socket"), NetworkEvents::ACCEPT);
        },
        rests_on: &["wsaeventselect.fdaccept.reenable", "wsaeventselect.fd.failed-call-reenables"],
        ..case("accept.re-enables-fd-accept", &[], LISTENING)
    },
    Rule {
        gives: Is(Gives::Continues(Table::AcceptChecks)),
        rests_on: &["mapping.accept-to-wspaccept"],
        ..case("accept.enters", &["accept.desc.permits-incoming"], States::ANY)
    },
];

pub(super) static CHECKS: &[Rule] = &[
    Rule { cites: &["accept.err.WSANOTINITIALISED"], ..not_initialised("accept.not-initialised") },
    Rule { cites: &["accept.err.WSAEINPROGRESS.blocking-call"], ..in_progress("accept.in-progress.blocking-call") },
    Rule { cites: &["accept.err.WSAEINPROGRESS.callback"], ..in_callback("accept.in-progress.callback") },
    Rule { cites: &["accept.err.WSAENETDOWN"], rests_on: &[], ..network_down("accept.network-down") },
    Rule { cites: &["accept.err.WSAENOTSOCK"], rests_on: &[], ..not_a_socket("accept.not-a-socket") },
    check(
        "accept.not-connection-oriented",
        &["accept.err.WSAEOPNOTSUPP", "accept.rem.connection-oriented-only"],
        States::of(&[State::Datagram]),
        Code::WSAEOPNOTSUPP,
    ),
    Rule {
        rests_on: &[
            "listen.rem.sequence",
            "tutorial.desc.after-listening",
            "tutorial.loop.listen-checks",
            "tutorial.ex.failure-path",
        ],
        ..check(
            "accept.not-listening",
            &[
                "accept.err.WSAEINVAL.no-listen",
                "accept.s.must-be-listening",
                "accept.rem.accepted-not-listener",
                "accept.ret.invalid-socket",
                "accept.ret.last-error",
                "accept.ex.failure-path",
            ],
            NOT_LISTENING,
            Code::WSAEINVAL,
        )
    },
    Rule {
        under: &[ADDRLEN_ON_ENTRY],
        when: addrlen_small,
        ..check("accept.addrlen-small.on-entry", SMALL, States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        under: &[ADDR_ON_ENTRY],
        when: addr_invalid,
        asks: &[ACCEPT_LENGTH_POINTER],
        ..check("accept.addr-invalid.on-entry", &["accept.err.WSAEFAULT.addr-invalid"], States::ANY, Code::WSAEFAULT)
    },
    Rule {
        under: &[RESOURCE_ERROR_KEEPS],
        when: |at| at.process().faults.no_descriptors && !at.sock().accept_queue().is_empty(),
        rests_on: &["maxsockets.memory"],
        ..check("accept.no-descriptors", &["accept.err.WSAEMFILE"], LISTENING, Code::WSAEMFILE)
    },
    Rule {
        under: &[RESOURCE_ERROR_CONSUMES],
        when: |at| at.process().faults.no_descriptors && !at.sock().accept_queue().is_empty(),
        then: takes_and_closes,
        ..check("accept.no-descriptors.loses-connection", &["accept.err.WSAEMFILE"], LISTENING, Code::WSAEMFILE)
    },
    // WSAENOBUFS, other than WSAEMFILE, has no condition about the queue; where it is empty there is nothing to lose.
    Rule {
        when: |at| at.process().faults.no_buffers && at.sock().accept_queue().is_empty(),
        ..check("accept.no-buffers.empty-queue", &["accept.err.WSAENOBUFS"], LISTENING, Code::WSAENOBUFS)
    },
    Rule {
        under: &[RESOURCE_ERROR_KEEPS],
        when: |at| at.process().faults.no_buffers && !at.sock().accept_queue().is_empty(),
        rests_on: &["wpucreate.err.WSAENOBUFS"],
        ..check("accept.no-buffers", &["accept.err.WSAENOBUFS"], LISTENING, Code::WSAENOBUFS)
    },
    Rule {
        under: &[RESOURCE_ERROR_CONSUMES],
        when: |at| at.process().faults.no_buffers && !at.sock().accept_queue().is_empty(),
        then: takes_and_closes,
        ..check("accept.no-buffers.loses-connection", &["accept.err.WSAENOBUFS"], LISTENING, Code::WSAENOBUFS)
    },
    Rule {
        when: |at| at.nonblocking() && at.sock().accept_queue().is_empty(),
        rests_on: &["wsaeventselect.rem.spurious-wouldblock", "select.rem.guarantee-duration"],
        ..check(
            "accept.would-block",
            &["accept.err.WSAEWOULDBLOCK", "accept.rem.nonblocking-error"],
            LISTENING,
            Code::WSAEWOULDBLOCK,
        )
    },
    Rule {
        gives: Is(Gives::Continues(Table::AcceptQueue)),
        ..case("accept.looks-at-queue", &["accept.desc.permits-incoming"], LISTENING)
    },
];

/// What a call of accept finds at the queue, when it is made and each time a blocked one looks again.
pub(super) static QUEUE: &[Rule] = &[
    Rule {
        when: |at| at.again && at.process().faults.no_descriptors && !at.sock().accept_queue().is_empty(),
        under: &[WAIT_MFILE_FAILS],
        ..check("accept.no-descriptors.during-wait", &["accept.err.WSAEMFILE"], LISTENING, Code::WSAEMFILE)
    },
    Rule {
        under: &[ADDRLEN_ON_TAKING, ADDRLEN_KEEPS],
        when: |at| connection_ready(at) && !first_is_reset(at) && addrlen_small(at) && !addrlen_negative(at),
        ..check("accept.addrlen-small.keeps-connection", SMALL, LISTENING, Code::WSAEFAULT)
    },
    Rule {
        under: &[ADDRLEN_ON_TAKING, ADDRLEN_CONSUMES],
        when: |at| connection_ready(at) && !first_is_reset(at) && addrlen_small(at) && !addrlen_negative(at),
        then: |at| {
            takes_and_closes(at);
            zeros_short_buffer(at);
        },
        asks: &[SHORT_BUFFER_CONTENTS],
        ..check("accept.addrlen-small.loses-connection", SMALL, LISTENING, Code::WSAEFAULT)
    },
    Rule {
        under: &[LENGTH_POINTER_CRASHES],
        when: |at| connection_ready(at) && addrlen_unreadable(at),
        ..crashes("accept.addrlen-unreadable.crashes", &["accept.err.WSAEFAULT.addr-invalid"], LISTENING)
    },
    // What lies behind the buffer decides: such a stack may also reach memory that may not be touched, and notice.
    Rule {
        under: &[NEGATIVE_LENGTH_OVERWRITES],
        when: |at| connection_ready(at) && !first_is_reset(at) && addrlen_negative(at),
        ..crashes("accept.addrlen-negative.crashes", SMALL, LISTENING)
    },
    Rule {
        under: &[ADDR_ON_TAKING, ADDR_KEEPS, BAD_ADDR_WSAEFAULT],
        when: |at| connection_ready(at) && addr_invalid(at),
        asks: &[ACCEPT_LENGTH_POINTER],
        ..check(
            "accept.addr-invalid.keeps-connection",
            &["accept.err.WSAEFAULT.addr-invalid"],
            LISTENING,
            Code::WSAEFAULT,
        )
    },
    Rule {
        under: &[ADDR_ON_TAKING, ADDR_CONSUMES, BAD_ADDR_WSAEFAULT],
        when: |at| connection_ready(at) && addr_invalid(at),
        then: takes_and_closes,
        asks: &[ACCEPT_LENGTH_POINTER],
        ..check(
            "accept.addr-invalid.loses-connection",
            &["accept.err.WSAEFAULT.addr-invalid"],
            LISTENING,
            Code::WSAEFAULT,
        )
    },
    Rule {
        under: &[ADDRLEN_ON_TAKING, ADDRLEN_KEEPS, PEER_TOLD],
        when: |at| connection_ready(at) && first_is_reset(at) && addrlen_small(at),
        ..check("accept.addrlen-small-for-reset-peer.keeps-connection", SMALL, LISTENING, Code::WSAEFAULT)
    },
    Rule {
        under: &[ADDRLEN_ON_TAKING, ADDRLEN_CONSUMES, PEER_TOLD],
        when: |at| connection_ready(at) && first_is_reset(at) && addrlen_small(at),
        then: |at| {
            takes_and_closes(at);
            zeros_short_buffer(at);
        },
        asks: &[SHORT_BUFFER_CONTENTS],
        ..check("accept.addrlen-small-for-reset-peer.loses-connection", SMALL, LISTENING, Code::WSAEFAULT)
    },
    Rule {
        under: &[ADDRLEN_ON_TAKING, ADDRLEN_KEEPS, BAD_ADDR_WSAEFAULT],
        when: |at| connection_ready(at) && !first_is_reset(at) && addrlen_negative(at),
        ..check("accept.addrlen-negative.keeps-connection", SMALL, LISTENING, Code::WSAEFAULT)
    },
    Rule {
        under: &[ADDRLEN_ON_TAKING, ADDRLEN_CONSUMES, BAD_ADDR_WSAEFAULT],
        when: |at| connection_ready(at) && !first_is_reset(at) && addrlen_negative(at),
        then: |at| {
            takes_and_closes(at);
            zeros_short_buffer(at);
        },
        asks: &[SHORT_BUFFER_CONTENTS],
        ..check("accept.addrlen-negative.loses-connection", SMALL, LISTENING, Code::WSAEFAULT)
    },
    Rule {
        under: &[ADDRLEN_ON_TAKING, ADDRLEN_CONSUMES, BAD_ADDR_WSAEINVAL],
        when: |at| connection_ready(at) && !first_is_reset(at) && addrlen_negative(at),
        then: takes_and_closes,
        ..check("accept.addrlen-negative.as-WSAEINVAL", SMALL, LISTENING, Code::WSAEINVAL)
    },
    Rule {
        under: &[ADDR_ON_TAKING, ADDR_CONSUMES, BAD_ADDR_WSAEINVAL],
        when: |at| connection_ready(at) && addr_invalid(at),
        then: takes_and_closes,
        asks: &[ACCEPT_LENGTH_POINTER],
        ..check("accept.addr-invalid.as-WSAEINVAL", &["accept.err.WSAEFAULT.addr-invalid"], LISTENING, Code::WSAEINVAL)
    },
    Rule {
        under: &[RESET_ACCEPT_SUCCEEDS, PEER_NOT_CONNECTED],
        when: |at| connection_ready(at) && first_is_reset(at) && wants_address(at),
        then: takes_and_closes,
        ..check("accept.reset-peer-has-no-address", &["accept.err.WSAECONNRESET"], LISTENING, Code::WSAENOTCONN)
    },
    Rule {
        under: &[RESET_ACCEPT_FAILS],
        when: |at| connection_ready(at) && first_is_reset(at),
        then: |at| {
            let conn = at.own_extra_mut().accept_queue.pop_first().expect("invariant: the guard saw a connection");
            drops(at, conn, false);
        },
        ..check(
            "accept.peer-reset",
            &["accept.err.WSAECONNRESET", "accept.absent.WSAEACCES"],
            LISTENING,
            Code::WSAECONNRESET,
        )
    },
    Rule {
        when: |at| !connection_ready(at),
        gives: Is(Gives::Blocks),
        rests_on: &["tutorial.step3.continue-accepting"],
        ..case(
            "accept.blocks",
            &[
                "accept.rem.blocking-waits",
                "accept.rem.blocking-condition",
                "accept.rem.may-wait-network-event",
                "accept.ex.waiting-message",
            ],
            LISTENING,
        )
    },
    Rule {
        when: connection_ready,
        gives: Is(Gives::Continues(Table::AcceptInherits)),
        then: takes_first,
        rests_on: &[
            "tutorial.ex.single",
            "tutorial.ex.init-invalid",
            "tutorial.step3.continue-accepting",
            "protobasics.original-listening",
            "wsarecv.rem.accept-binds",
            "tutorial.desc.after-listening",
            "select.rem.accept-will-succeed",
        ],
        ..case(
            "accept.takes-first",
            &[
                "accept.rem.first-on-queue",
                "accept.rem.creates-and-returns",
                "accept.rem.new-handles-connection",
                "accept.rem.original-keeps-listening",
                "accept.ret.new-descriptor",
                "accept.ret.handle-actual-connection",
                "accept.s.connection-on-returned",
                "accept.desc.permits-incoming",
                "accept.absent.cf-errors",
                "accept.ex.success-message",
            ],
            LISTENING,
        )
    },
];

pub(super) static INHERITS: &[Rule] = &[
    Rule {
        under: &[SAMPLED_AT_HANDSHAKE],
        when: |at| at.conn.is_some_and(|c| at.conn_at(c).sampled.is_some()),
        gives: Is(Gives::Continues(Table::AcceptSelection)),
        then: |at| {
            let sampled = at.conn.and_then(|c| at.conn_mut(c).sampled.take());
            inherits(at, sampled.map(|options| *options));
        },
        asks: &[INHERIT_TIMEOUTS, INHERIT_V6ONLY, INHERIT_NONBLOCKING],
        ..case("accept.inherits-properties-of-handshake", &["accept.rem.inherit.properties"], States::ANY)
    },
    // Also where the handshake may be the moment: the properties are still those of then.
    Rule {
        gives: Is(Gives::Continues(Table::AcceptSelection)),
        then: |at| {
            if let Some(conn) = at.conn {
                at.conn_mut(conn).sampled = None;
            }
            let options = at.socket.map(|l| *at.socket_at(l).options());
            inherits(at, options);
        },
        asks: &[INHERIT_TIMEOUTS, INHERIT_V6ONLY, INHERIT_NONBLOCKING],
        rests_on: &["protobasics.new-socket-attributes"],
        ..case("accept.inherits-properties", &["accept.rem.inherit.properties"], States::ANY)
    },
];

pub(super) static SELECTION: &[Rule] = &[
    Rule {
        under: &[SELECTION_INHERITED],
        when: |at| at.socket.is_some_and(|l| at.socket_at(l).selection().event.is_some()),
        gives: Is(Gives::Continues(Table::AcceptName)),
        then: |at| {
            let listener = at.sock().selection();
            let Some(new) = accepted(at) else { return };
            at.extra_mut(new).selection =
                Selection { recorded: NetworkEvents(0), disabled: NetworkEvents(0), ..listener };
            at.occurs(new, NetworkEvents::WRITE);
            readable_events(at, new);
        },
        rests_on: &[
            "wsaeventselect.inherit.accepted",
            "wsaeventselect.inherit.same-handle",
            "wsaeventselect.fdwrite.on-accept",
        ],
        ..case("accept.inherits-event-selection", &["accept.rem.inherit.async-events"], States::ANY)
    },
    Rule {
        gives: Is(Gives::Continues(Table::AcceptName)),
        ..case("accept.has-no-event-selection", &["accept.rem.inherit.async-events"], States::ANY)
    },
];

pub(super) static NAME: &[Rule] = &[
    Rule {
        under: &[LENGTH_WRITTEN],
        when: |at| matches!(at.call, Call::Accept { addr: Buffer::Null, addrlen: Length::Holds(_), .. }),
        then: |at| {
            let size = at.socket.map(|l| at.socket_at(l).family.address_size());
            returns(at, Out::Name { addr: None, len: size });
        },
        ..case("accept.writes-length-alone", &["accept.rem.null-addr-no-info"], States::ANY)
    },
    Rule {
        when: |at| {
            matches!(at.call, Call::Accept { addr: Buffer::Null, .. } | Call::Accept { addrlen: Length::Null, .. })
        },
        rests_on: &["tutorial.ex.accept-null-null"],
        ..case(
            "accept.gives-no-address",
            &["accept.rem.null-addr-no-info", "accept.addr.optional", "accept.addrlen.optional", "accept.ex.null-null"],
            States::ANY,
        )
    },
    Rule {
        under: &[PEER_EMPTY],
        when: |at| at.conn.is_some_and(|c| at.conn_at(c).server.tcb == Tcb::Reset),
        then: |at| returns(at, Out::Name { addr: None, len: Some(0) }),
        ..case("accept.names-nobody", &["accept.addr.peer-address"], States::ANY)
    },
    Rule {
        then: |at| {
            let Some(conn) = at.conn else { return };
            let peer = at.conn_at(conn).client_address;
            returns(at, Out::Name { addr: Some(peer), len: Some(peer.family.address_size()) });
        },
        rests_on: &["sockaddr.family-first"],
        ..case(
            "accept.reports-peer",
            &[
                "accept.addr.peer-address",
                "accept.addr.format-by-family",
                "accept.ret.addrlen-out",
                "accept.rem.addr.result",
                "accept.rem.addr.format",
                "accept.rem.addrlen.value-result",
                "accept.rem.addrlen.actual",
            ],
            States::ANY,
        )
    },
];

/// What stands behind every form of the check for a short address length.
const SMALL: &[&str] = &["accept.err.WSAEFAULT.addrlen-small", "accept.ret.addrlen-in", "accept.addrlen.holds-length"];

fn wants_address(at: &At<'_>) -> bool {
    let Call::Accept { addr, addrlen, .. } = at.call else { return false };
    addr != Buffer::Null && addrlen != Length::Null
}

fn addrlen_negative(at: &At<'_>) -> bool {
    addrlen_small(at) && matches!(at.call, Call::Accept { addrlen: Length::Holds(n), .. } if n < 0)
}

fn addrlen_small(at: &At<'_>) -> bool {
    let size = at.sock().family.address_size();
    matches!(at.call, Call::Accept { addr: Buffer::Valid | Buffer::Bad, addrlen: Length::Holds(n), .. } if n < size)
}

fn addr_invalid(at: &At<'_>) -> bool {
    let Call::Accept { addr, addrlen, .. } = at.call else { return false };
    match (addr, addrlen) {
        (Buffer::Null, _) | (_, Length::Null) => false,
        (Buffer::Bad, Length::Holds(_)) => true,
        (_, Length::Bad) => at.may(LENGTH_POINTER_FAILS),
        (Buffer::Valid, Length::Holds(_)) => false,
    }
}

/// The length cannot be read.
fn addrlen_unreadable(at: &At<'_>) -> bool {
    matches!(at.call, Call::Accept { addr: Buffer::Valid | Buffer::Bad, addrlen: Length::Bad, .. })
}

/// A connection is there to be taken: queued, and, while resources are short during a wait, takeable.
fn connection_ready(at: &At<'_>) -> bool {
    !at.sock().accept_queue().is_empty() && (!at.again || !at.process().faults.no_descriptors)
}

fn first_is_reset(at: &At<'_>) -> bool {
    let first = at.sock().accept_queue().first();
    first.is_some_and(|c| at.conn_at(c).server.tcb == Tcb::Reset)
}

fn takes_first(at: &mut At<'_>) {
    let Some(conn) = at.own_extra_mut().accept_queue.pop_first() else { return };
    let process = at.process_id();
    let (family, kind, overlapped) = (at.sock().family, at.sock().kind, at.sock().overlapped);
    let slot = at.accepted_slot(conn);
    let owner = at.conn_owner(conn);
    let local = at.conn_at(conn).server_address;
    let mut new = Socket::free(owner);
    new.state = State::Connected;
    (new.family, new.kind, new.overlapped) = (family, kind, overlapped);
    new.first_handle = Some(Holder { process, nonblocking: false });
    new.local = local;
    new.conn = Some(conn);
    at.put_socket(slot, new);
    let connection = at.conn_mut(conn);
    connection.listener = None;
    connection.server.hold(Some(slot));
    at.conn = Some(conn);
    at.give(Outcome { value: Value::Handle(Handle::socket(slot, 0)), error: Code::NONE, out: Out::None });
}

/// The check found its fault only with the connection in hand, and lets it go.
fn takes_and_closes(at: &mut At<'_>) {
    let Some(conn) = at.own_extra_mut().accept_queue.pop_first() else { return };
    let connection = at.conn_mut(conn);
    connection.listener = None;
    connection.sampled = None;
    at.forget_unread(conn, Direction::Down);
    let connection = at.conn_mut(conn);
    if connection.server.tcb == Tcb::Established {
        connection.server.fin_sent = true;
        at.send(conn, Direction::Down, crate::world::Segment::Fin);
    } else {
        connection.server.tcb = Tcb::None;
    }
    at.reap(conn);
}

fn accepted(at: &At<'_>) -> Option<crate::world::SocketId> {
    match at.gives?.value {
        Value::Handle(handle) => at.resolve_socket(handle),
        _ => None,
    }
}

fn inherits(at: &mut At<'_>, options: Option<crate::world::Options>) {
    let Some(new) = accepted(at) else { return };
    let Some(mut options) = options else { return };
    if !at.chooses(TIMEOUTS_INHERITED) {
        (options.sndtimeo, options.rcvtimeo) = (0, 0);
    }
    if !at.chooses(V6ONLY_INHERITED) {
        options.v6only = crate::world::Options::NEW.v6only;
    }
    at.set_options(new, options, at.socket);
    if at.socket.is_some()
        && at.nonblocking()
        && at.chooses(NONBLOCKING_INHERITED)
        && let Some(holder) = &mut at.socket_mut(new).first_handle
    {
        holder.nonblocking = true;
    }
}

fn readable_events(at: &mut At<'_>, s: crate::world::SocketId) {
    let Some(conn) = at.socket_at(s).conn else { return };
    let end = at.conn_at(conn).server.clone();
    if !end.unread.is_empty() {
        at.occurs(s, NetworkEvents::READ);
    }
    if end.fin_received || end.tcb == Tcb::Reset {
        at.occurs(s, NetworkEvents::CLOSE);
    }
}

fn returns(at: &mut At<'_>, out: Out) {
    if let Some(outcome) = at.gives {
        at.gives = Some(outcome.with(out));
    }
}
