//! `accept`, as its page tells it; and what `WSAAccept` has of it.

use super::common::{
    case, check, crashes, in_callback, in_progress, network_down, not_a_socket, not_initialised, zeros_short_buffer,
};
use super::events::connected_events;
use super::queue::{
    LISTENING, accepted, connection_ready, first_is_reset, first_is_undecided, first_returns_early, has_accepted,
    is_provider, re_enables, returns, takes_as_far_as_next_switch, takes_first,
};
use super::wsaaccept::{self, is_conditional};
use super::wspaccept;
use crate::call::{Buffer, Length};
use crate::choice::{
    ACCEPT_LENGTH_POINTER, ACCEPT_RECORD, ADDR_CHECK_CONSUMES, ADDR_CHECK_STAGE, ADDRESS_OF_RESET_PEER,
    ADDRLEN_CHECK_CONSUMES, ADDRLEN_CHECK_STAGE, ADDRLEN_CONSUMES, ATM_PEER_UNSET, ATTRIBUTE_INHERITED, BAD_ADDR_CODE,
    BAD_ADDR_WSAEFAULT, CLOSE_MESSAGE_WITH_UNREAD_DATA, CLOSE_WITH_UNREAD_DATA, CONDITION_DESCRIPTORS,
    DESCRIPTORS_BEFORE, EVENTS_OF_A_RESET, FD_CLOSE_WITH_UNREAD_DATA, INHERIT_ATTRIBUTE, INHERIT_NONBLOCKING,
    INHERIT_TIMEOUTS, INHERIT_V6ONLY, LENGTH_POINTER_CRASHES, LENGTH_POINTER_FAILS, LENGTH_WRITTEN,
    NEGATIVE_LENGTH_OVERWRITES, NONBLOCKING_INHERITED, PEER_EMPTY, PEER_NOT_CONNECTED, PEER_TOLD, RESET_ACCEPT_FAILS,
    RESET_ACCEPT_SUCCEEDS, RESOURCE_ERROR_FATE, SAMPLED_AT_HANDSHAKE, SELECTION_INHERITED, SHORT_BUFFER_CONTENTS,
    TIMEOUTS_AT_ACCEPT, TIMEOUTS_DEFAULT, V6ONLY_INHERITED, WAIT_MFILE_FAILS, WITHDRAWN_REQUEST, WITHDRAWN_RESET,
};
use crate::code::Code;
use crate::outcome::Out;
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::Stage::{Entry, Queue, Taking};
use crate::rule::Takes::{Closes, Drops, Keeps};
use crate::rule::{At, Gives, Rule, States, Table, by};
use crate::world::{Options, Selection, State, Tcb, Told};

const NOT_LISTENING: States =
    States::of(&[State::Unbound, State::Bound, State::Connecting, State::Connected, State::Failed, State::Datagram]);

table! {
    ACCEPT often Listening;
    Rule {
        when: |at| at.sock().selection().is_about_accept(),
        gives: Is(Gives::Continues(Table::AcceptChecks)),
        then: re_enables,
        asks: &[ACCEPT_RECORD],
        rests_on: &[
            "wsaeventselect.fdaccept.reenable",
            "wsaeventselect.fd.failed-call-reenables",
            "wsaasyncselect.fdaccept.reenable",
            "wsaasyncselect.fdaccept.after-accept",
            "wsaasyncselect.fdaccept.level-triggered",
        ],
        ..case("accept.re-enables-fd-accept", &[], LISTENING)
    },
    Rule {
        gives: Is(Gives::Continues(Table::AcceptChecks)),
        rests_on: &["mapping.accept-to-wspaccept"],
        ..case("accept.enters", &["accept.desc.permits-incoming"], States::ANY)
    },
}

table! {
    /// The checks on entry, and then what a call finds at the queue: when it is made, and each time a blocked one looks again.
    CHECKS often Listening;
    Rule {
        cites: &["accept.err.WSANOTINITIALISED"],
        // A provider is there when somebody has started it: its page has no such code.
        when: |at| at.process().startups == 0 && !is_provider(at),
        rests_on: &["wsastartup.first", "wsaaccept.err.WSANOTINITIALISED", "wsaaccept.err.WSANOTINITIALISED.generic"],
        ..not_initialised("accept.not-initialised")
    },
    Rule {
        cites: &["accept.err.WSAEINPROGRESS.blocking-call"],
        rests_on: &[
            "einprogress.only-1-1", "wsaaccept.err.WSAEINPROGRESS", "wsaaccept.err.WSAEINPROGRESS.generic",
            "wspaccept.err.WSAEINPROGRESS",
        ],
        ..in_progress("accept.in-progress.blocking-call")
    },
    // It is the provider that is still in a callback: what it is called for then it knows best.
    Rule {
        cites: &["accept.err.WSAEINPROGRESS.callback"],
        when: |at| at.process().faults.in_callback && !is_provider(at),
        ..in_callback("accept.in-progress.callback")
    },
    Rule {
        cites: &["accept.err.WSAENETDOWN"],
        rests_on: &["wsaaccept.err.WSAENETDOWN", "wsaaccept.err.WSAENETDOWN.generic", "wspaccept.err.WSAENETDOWN"],
        ..network_down("accept.network-down")
    },
    Rule {
        cites: &["accept.err.WSAENOTSOCK"],
        rests_on: &[
            "wsaaccept.err.WSAENOTSOCK", "wsaaccept.err.WSAENOTSOCK.generic", "wspaccept.err.WSAENOTSOCK",
            "wspaccept.absent.WSANOTINITIALISED",
        ],
        ..not_a_socket("accept.not-a-socket")
    },
    Rule {
        rests_on: &[
            "wsaaccept.err.WSAEOPNOTSUPP", "wsaaccept.err.WSAEOPNOTSUPP.generic", "wsaaccept.rem.connection-oriented-only",
            "wspaccept.err.WSAEOPNOTSUPP", "wspaccept.rem.connection-oriented-only",
        ],
        ..check(
            "accept.not-connection-oriented",
            &["accept.err.WSAEOPNOTSUPP", "accept.rem.connection-oriented-only"],
            States::of(&[State::Datagram]),
            Code::WSAEOPNOTSUPP,
        )
    },
    Rule {
        rests_on: &[
            "listen.rem.sequence",
            "tutorial.desc.after-listening",
            "tutorial.loop.listen-checks",
            "tutorial.ex.failure-path",
            "wsaaccept.err.WSAEINVAL.no-listen",
            "wsaaccept.err.WSAEINVAL.generic",
            "wsaaccept.err.WSAEINVAL.bad-state",
            "wsaaccept.s.must-be-listening",
            "wsaaccept.rem.accepted-not-listener",
            "wsaaccept.ret.invalid-socket",
            "wsaaccept.ret.last-error",
            "wspaccept.err.WSAEINVAL.no-listen",
            "wspaccept.err.WSAEINVAL.bad-state",
            "wspaccept.s.must-be-listening",
            "wspaccept.rem.accepted-not-listener",
            "wspaccept.ret.invalid-socket",
            "wspaccept.ret.lperrno",
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
        stage: by(ADDRLEN_CHECK_STAGE, &[Entry, Taking]),
        takes: by(ADDRLEN_CHECK_CONSUMES, &[Keeps, Closes]),
        asks: &[ADDRESS_OF_RESET_PEER, SHORT_BUFFER_CONTENTS, CLOSE_WITH_UNREAD_DATA],
        then: |at| {
            if !at.entering() && at.chooses(ADDRLEN_CONSUMES) {
                zeros_short_buffer(at);
            }
        },
        when: addrlen_is_small,
        rests_on: SMALL_TOO,
        ..check("accept.addrlen-small", SMALL, States::SOCKET, Code::WSAEFAULT)
    },
    // No length at all; whoever looks at it only with a connection in hand may take it for a pointer that is no good.
    Rule {
        stage: by(ADDRLEN_CHECK_STAGE, &[Entry, Taking]),
        gives: by(BAD_ADDR_CODE, &[Fails(Code::WSAEFAULT), Fails(Code::WSAEINVAL)]),
        takes: by(ADDRLEN_CHECK_CONSUMES, &[Keeps, Closes]),
        asks: &[SHORT_BUFFER_CONTENTS, CLOSE_WITH_UNREAD_DATA],
        when: addrlen_is_negative,
        then: |at| {
            if at.chooses(ADDRLEN_CONSUMES) && at.chooses(BAD_ADDR_WSAEFAULT) {
                zeros_short_buffer(at);
            }
        },
        rests_on: SMALL_TOO,
        ..check("accept.addrlen-negative", SMALL, LISTENING, Code::WSAEFAULT)
    },
    // What lies behind the buffer decides: such a stack may also reach memory that may not be touched, and notice.
    Rule {
        stage: Is(Taking),
        under: &[NEGATIVE_LENGTH_OVERWRITES],
        takes: by(ADDR_CHECK_CONSUMES, &[Keeps, Closes]),
        when: |at| addrlen_negative(at) && connection_ready(at) && !first_is_reset(at),
        rests_on: SMALL_TOO,
        ..crashes("accept.addrlen-negative.crashes", SMALL, LISTENING)
    },
    Rule {
        stage: Is(Taking),
        under: &[LENGTH_POINTER_CRASHES],
        takes: by(ADDR_CHECK_CONSUMES, &[Keeps, Closes]),
        when: |at| addrlen_unreadable(at) && connection_ready(at),
        rests_on: &["wsaaccept.err.WSAEFAULT.pointer"],
        ..crashes("accept.addrlen-unreadable.crashes", &["accept.err.WSAEFAULT.addr-invalid"], LISTENING)
    },
    Rule {
        stage: by(ADDR_CHECK_STAGE, &[Entry, Taking]),
        gives: by(BAD_ADDR_CODE, &[Fails(Code::WSAEFAULT), Fails(Code::WSAEINVAL)]),
        takes: by(ADDR_CHECK_CONSUMES, &[Keeps, Closes]),
        asks: &[ACCEPT_LENGTH_POINTER, CLOSE_WITH_UNREAD_DATA],
        when: addr_is_invalid,
        rests_on: &["wsaaccept.err.WSAEFAULT.pointer", "wsaaccept.err.WSAEFAULT.generic"],
        ..check("accept.addr-invalid", &["accept.err.WSAEFAULT.addr-invalid"], States::ANY, Code::WSAEFAULT)
    },
    wsaaccept::CONDITION_INVALID,
    wsaaccept::CONDITION_INVALID_CRASHES,
    wspaccept::HANDLE_REFUSED,
    wspaccept::HANDLE_NOT_MADE,
    Rule {
        stage: Is(Queue),
        in_trouble: true,
        takes: by(RESOURCE_ERROR_FATE, &[Keeps, Closes]),
        asks: &[CONDITION_DESCRIPTORS, CLOSE_WITH_UNREAD_DATA],
        when: |at| {
            at.process().faults.no_descriptors
                && !at.sock().accept_queue().is_empty()
                && (!at.call().has_condition() || at.chooses(DESCRIPTORS_BEFORE))
        },
        rests_on: &[
            "maxsockets.memory", "wsaaccept.err.WSAEMFILE", "wsaaccept.err.WSAEMFILE.generic", "wspaccept.err.WSAEMFILE",
        ],
        ..check("accept.no-descriptors", &["accept.err.WSAEMFILE"], LISTENING, Code::WSAEMFILE)
    },
    Rule {
        stage: Is(Taking),
        in_trouble: true,
        under: &[WAIT_MFILE_FAILS],
        when: |at| at.again && at.process().faults.no_descriptors && !at.sock().accept_queue().is_empty(),
        rests_on: &["wsaaccept.err.WSAEMFILE", "wspaccept.err.WSAEMFILE"],
        ..check("accept.no-descriptors.during-wait", &["accept.err.WSAEMFILE"], LISTENING, Code::WSAEMFILE)
    },
    // WSAENOBUFS, other than WSAEMFILE, has no condition about the queue; where it is empty there is nothing to lose.
    Rule {
        stage: Is(Queue),
        in_trouble: true,
        asks: &[CLOSE_WITH_UNREAD_DATA],
        takes: by(RESOURCE_ERROR_FATE, &[Keeps, Closes]),
        when: |at| at.process().faults.no_buffers,
        rests_on: &[
            "wpucreate.err.WSAENOBUFS", "wsaaccept.err.WSAENOBUFS", "wsaaccept.err.WSAENOBUFS.generic",
            "wspaccept.err.WSAENOBUFS",
        ],
        ..check("accept.no-buffers", &["accept.err.WSAENOBUFS"], LISTENING, Code::WSAENOBUFS)
    },
    Rule {
        stage: Is(Queue),
        when: |at| at.nonblocking() && at.sock().accept_queue().is_empty(),
        rests_on: &[
            "wsaeventselect.rem.spurious-wouldblock",
            "select.rem.guarantee-duration",
            "wsaaccept.err.WSAEWOULDBLOCK", "wsaaccept.err.WSAEWOULDBLOCK.generic", "wsaaccept.rem.nonblocking-fails",
            "wspaccept.err.WSAEWOULDBLOCK", "wspaccept.rem.nonblocking-fails",
        ],
        ..check(
            "accept.would-block",
            &["accept.err.WSAEWOULDBLOCK", "accept.rem.nonblocking-error"],
            LISTENING,
            Code::WSAEWOULDBLOCK,
        )
    },
    Rule {
        stage: Is(Taking),
        takes: Is(Closes),
        under: &[RESET_ACCEPT_SUCCEEDS, PEER_NOT_CONNECTED],
        asks: &[CLOSE_WITH_UNREAD_DATA],
        when: |at| wants_address(at) && connection_ready(at) && first_is_reset(at),
        ..check("accept.reset-peer-has-no-address", &["accept.err.WSAECONNRESET"], LISTENING, Code::WSAENOTCONN)
    },
    Rule {
        stage: Is(Taking),
        takes: Is(Drops),
        under: &[RESET_ACCEPT_FAILS],
        asks: &[WITHDRAWN_REQUEST],
        when: is_reset,
        rests_on: &["wsaaccept.err.WSAECONNRESET", "wsaaccept.err.WSAECONNRESET.generic", "wspaccept.err.WSAECONNRESET"],
        ..check(
            "accept.peer-reset",
            &["accept.err.WSAECONNRESET", "accept.absent.WSAEACCES"],
            LISTENING,
            Code::WSAECONNRESET,
        )
    },
    wsaaccept::WITHDRAWN,
    Rule {
        gives: Is(Gives::Continues(Table::AcceptQueue)),
        ..case("accept.looks-at-queue", &["accept.desc.permits-incoming"], LISTENING)
    },
    Rule {
        stage: Is(Taking),
        when: nothing_is_ready,
        gives: Is(Gives::Blocks),
        rests_on: &[
            "tutorial.step3.continue-accepting", "wsaaccept.rem.blocking-waits", "wsaaccept.rem.may-wait-network-event",
            "wspaccept.rem.blocking-waits",
        ],
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
        stage: Is(Taking),
        when: is_there_to_take,
        gives: Is(Gives::Continues(Table::AcceptInherits)),
        then: takes_first,
        rests_on: &[
            "tutorial.ex.single",
            "tutorial.ex.init-invalid",
            "tutorial.step3.continue-accepting",
            "protobasics.original-listening",
            "wsarecv.rem.accept-binds",
            "tutorial.desc.after-listening",
            "tutorial.loop.accept-family",
            "select.rem.accept-will-succeed",
            "wsaaccept.rem.first-on-queue", "wsaaccept.ret.descriptor", "wsaaccept.rem.original-keeps-listening",
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
    wsaaccept::ASKS_ABOUT_CARRIED,
    wsaaccept::ASKS,
    wspaccept::TAKES_FIRST,
    wspaccept::RETURNS_EARLY,
    // A call over ATM is answered now, and the answer acknowledged by the next switch, whoever hears of it when.
    Rule {
        stage: Is(Taking),
        when: |at| first_returns_early(at) && takes_at_once(at),
        gives: Is(Gives::Continues(Table::AcceptInherits)),
        then: takes_as_far_as_next_switch,
        ..case("accept.returns-before-caller-knows", &["accept.atm.early-return"], LISTENING)
    },
    Rule {
        stage: Is(Taking),
        when: |at| connection_ready(at) && first_is_undecided(at),
        gives: Is(Gives::Answers),
        rests_on: &["condaccept.on.accepts-only-cf-accept", "condaccept.on.stack-waits", "wsaaccept.rem.cf-accept-creates"],
        ..case("accept.answers-request", &["accept.rem.first-on-queue"], LISTENING)
    },
}

table! {
    INHERITS often Listening;
    Rule {
        under: &[SAMPLED_AT_HANDSHAKE],
        when: |at| at.conn().is_some_and(|c| at.conn_at(c).sampled.is_some()),
        gives: Is(Gives::Continues(Table::AcceptSelection)),
        then: |at| {
            let sampled = at.conn().and_then(|c| at.conn_mut(c).sampled.take());
            inherits(at, sampled.as_deref());
        },
        asks: &[INHERIT_TIMEOUTS, INHERIT_V6ONLY, INHERIT_NONBLOCKING, INHERIT_ATTRIBUTE],
        rests_on: &["wsaaccept.rem.inherit.properties", "wspaccept.rem.inherit.properties"],
        ..case("accept.inherits-properties-of-handshake", &["accept.rem.inherit.properties"], States::ANY)
    },
    // Also where the handshake may be the moment: the properties are still those of then.
    Rule {
        gives: Is(Gives::Continues(Table::AcceptSelection)),
        then: inherits_now,
        asks: &[INHERIT_TIMEOUTS, INHERIT_V6ONLY, INHERIT_NONBLOCKING, INHERIT_ATTRIBUTE],
        rests_on: &["protobasics.new-socket-attributes", "wsaaccept.rem.inherit.properties", "wspaccept.rem.inherit.properties"],
        ..case("accept.inherits-properties", &["accept.rem.inherit.properties"], States::ANY)
    },
}

table! {
    SELECTION often Listening;
    Rule {
        under: &[SELECTION_INHERITED],
        when: |at| at.socket().is_some_and(|l| at.socket_at(l).selection().told.is_some()),
        gives: Is(Gives::Continues(Table::AcceptName)),
        then: |at| {
            let listener = at.sock().selection();
            let Some(new) = accepted(at) else { return };
            // Its messages name its own handle, which is its first.
            let told = listener.told.map(|told| match told {
                Told::Window { window, message, .. } => Told::Window { window, message, copy: 0 },
                event => event,
            });
            at.select(new, Selection { told, mask: listener.mask, ..Selection::default() });
            connected_events(at, new);
        },
        asks: &[EVENTS_OF_A_RESET, FD_CLOSE_WITH_UNREAD_DATA, CLOSE_MESSAGE_WITH_UNREAD_DATA],
        rests_on: &[
            "wsaeventselect.inherit.accepted",
            "wsaeventselect.inherit.same-handle",
            "wsaeventselect.fdwrite.on-accept",
            "wsaasyncselect.inherit.accepted",
            "wsaasyncselect.fdwrite.on-accept",
            "wsaaccept.rem.inherit.async-events",
            "wspaccept.rem.inherit.network-events",
        ],
        ..case("accept.inherits-event-selection", &["accept.rem.inherit.async-events"], States::ANY)
    },
    Rule {
        gives: Is(Gives::Continues(Table::AcceptName)),
        rests_on: &["wsaaccept.rem.inherit.async-events", "wspaccept.rem.inherit.network-events"],
        ..case("accept.has-no-event-selection", &["accept.rem.inherit.async-events"], States::ANY)
    },
}

table! {
    NAME often Listening;
    Rule {
        under: &[LENGTH_WRITTEN],
        when: |at| matches!(at.call().name_buffer(), Some((Buffer::Null, Length::Holds(_)))),
        then: |at| {
            let size = at.socket().map(|l| at.socket_at(l).family.address_size());
            returns(at, Out::Name { addr: None, len: size });
        },
        rests_on: &["wsaaccept.rem.null-addr-no-info", "wspaccept.rem.null-addr-no-info"],
        ..case("accept.writes-length-alone", &["accept.rem.null-addr-no-info"], States::ANY)
    },
    Rule {
        when: |at| {
            matches!(at.call().name_buffer(), Some((Buffer::Null, _) | (_, Length::Null)))
        },
        rests_on: &[
            "tutorial.ex.accept-null-null",
            "wsaaccept.rem.null-addr-no-info", "wsaaccept.addr.optional", "wsaaccept.addrlen.optional",
            "wspaccept.rem.null-addr-no-info", "wspaccept.addr.optional", "wspaccept.addrlen.optional",
        ],
        ..case(
            "accept.gives-no-address",
            &["accept.rem.null-addr-no-info", "accept.addr.optional", "accept.addrlen.optional", "accept.ex.null-null"],
            States::ANY,
        )
    },
    Rule {
        under: &[PEER_EMPTY],
        when: |at| at.conn().is_some_and(|c| at.conn_at(c).server.tcb == Tcb::Reset),
        then: |at| returns(at, Out::Name { addr: None, len: Some(0) }),
        rests_on: &["wsaaccept.addr.peer-address", "wspaccept.addr.peer-address"],
        ..case("accept.names-nobody", &["accept.addr.peer-address"], States::ANY)
    },
    Rule {
        under: &[ATM_PEER_UNSET],
        when: |at| at.sock().family.transport().may_hide_peer,
        ..case("accept.leaves-peer-unset", &["accept.atm.addr-not-set"], States::ANY)
    },
    Rule {
        then: |at| {
            let Some(conn) = at.conn() else { return };
            let peer = at.conn_at(conn).client_address.seen_by(at.sock().family);
            returns(at, Out::Name { addr: Some(peer), len: Some(peer.family.address_size()) });
        },
        rests_on: &[
            "sockaddr.family-first",
            "dualstack.accept-mapped",
            "wsaaccept.addr.peer-address",
            "wsaaccept.addr.format-by-family",
            "wsaaccept.ret.addrlen-out",
            "wsaaccept.rem.addr.result",
            "wsaaccept.rem.addr.format",
            "wsaaccept.rem.addrlen.value-result",
            "wsaaccept.rem.addrlen.actual",
            "wsaaccept.rem.addr.filled-if-accepted",
            "wspaccept.addr.peer-address",
            "wspaccept.addr.format-by-family",
            "wspaccept.rem.addr.result",
            "wspaccept.rem.addr.format",
            "wspaccept.rem.addrlen.value-result",
            "wspaccept.rem.addrlen.actual",
            "sockaddr.storage-fits",
        ],
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
}

/// What stands behind every form of the check for a short address length.
const SMALL: &[&str] = &["accept.err.WSAEFAULT.addrlen-small", "accept.ret.addrlen-in", "accept.addrlen.holds-length"];

/// The same of WSAAccept and WSPAccept.
const SMALL_TOO: &[&str] = &[
    "wsaaccept.err.WSAEFAULT.addrlen-small",
    "wsaaccept.err.WSAEFAULT.generic",
    "wsaaccept.ret.addrlen-in",
    "wsaaccept.addrlen.holds-length",
    "wsaaccept.ex.addrlen-preset",
    "wspaccept.err.WSAEFAULT.addrlen-small",
    "wspaccept.addrlen.holds-length",
    "wspaccept.rem.addrlen.value-result",
];

/// Nobody is asked first, and no provider's handle is to be made: the call is `accept`, or goes on as it does.
#[inline(always)]
fn takes_at_once(at: &At<'_>) -> bool {
    !wsaaccept::is_to_ask(at) && !is_provider(at)
}

/// There is no connection, or nothing to take it with.
#[inline(always)]
fn nothing_is_ready(at: &At<'_>) -> bool {
    !connection_ready(at)
}

/// A connection is there that nobody decides about first.
#[inline(always)]
fn is_there_to_take(at: &At<'_>) -> bool {
    connection_ready(at) && takes_at_once(at) && !first_is_undecided(at)
}

/// The first connection is one that its peer has reset, and whoever asks is told.
#[inline(always)]
fn is_reset(at: &At<'_>) -> bool {
    connection_ready(at) && first_is_reset(at) && (!is_conditional(at) || at.chooses(WITHDRAWN_RESET))
}

/// The length is too small, and it is time to look at it: on entry, or with a connection whose peer has a name.
#[inline(always)]
fn addrlen_is_small(at: &At<'_>) -> bool {
    addrlen_small(at) && (at.entering() || connection_ready(at) && has_a_name(at))
}

/// The length is none at all, and a connection is there.
#[inline(always)]
fn addrlen_is_negative(at: &At<'_>) -> bool {
    !at.entering() && addrlen_negative(at) && connection_ready(at) && !first_is_reset(at)
}

/// The address is no good, and it is time to look at it: on entry, or with a connection.
#[inline(always)]
fn addr_is_invalid(at: &At<'_>) -> bool {
    addr_invalid(at) && (at.entering() || connection_ready(at))
}

#[inline(always)]
fn wants_address(at: &At<'_>) -> bool {
    matches!(at.call().name_buffer(), Some((addr, length)) if addr != Buffer::Null && length != Length::Null)
}

#[inline(always)]
fn addrlen_negative(at: &At<'_>) -> bool {
    addrlen_small(at) && matches!(at.call().name_buffer(), Some((_, Length::Holds(n))) if n < 0)
}

#[inline(always)]
fn addrlen_small(at: &At<'_>) -> bool {
    let size = || at.sock().family.address_size();
    matches!(at.call().name_buffer(), Some((Buffer::Valid | Buffer::Bad, Length::Holds(n))) if n < size())
}

#[inline(always)]
fn addr_invalid(at: &At<'_>) -> bool {
    match at.call().name_buffer() {
        None | Some((Buffer::Null, _) | (_, Length::Null) | (Buffer::Valid, Length::Holds(_))) => false,
        Some((Buffer::Bad, Length::Holds(_))) => true,
        Some((_, Length::Bad)) => at.may(LENGTH_POINTER_FAILS),
    }
}

/// The length cannot be read.
#[inline(always)]
fn addrlen_unreadable(at: &At<'_>) -> bool {
    matches!(at.call().name_buffer(), Some((Buffer::Valid | Buffer::Bad, Length::Bad)))
}

/// The first connection has a peer whose name would be told, and an address is asked for with a length that is one.
#[inline(always)]
fn has_a_name(at: &At<'_>) -> bool {
    if first_is_reset(at) { at.chooses(PEER_TOLD) } else { !addrlen_negative(at) }
}

/// The new socket has the properties that its listener has now.
#[inline(always)]
fn inherits_now(at: &mut At<'_>) {
    if let Some(conn) = at.conn() {
        at.conn_mut(conn).sampled = None;
    }
    let changed = at.socket().and_then(|listener| at.socket_at(listener).changed.clone());
    inherits(at, changed.as_deref());
}

/// The new socket has these properties of its listener; `None`: those of every new socket, and so it has them.
#[inline(always)]
fn inherits(at: &mut At<'_>, options: Option<&Options>) {
    let Some(listener) = at.socket().filter(|_| has_accepted(at)) else { return };
    let at_accept = at.chooses(TIMEOUTS_AT_ACCEPT);
    let default = !at_accept && at.chooses(TIMEOUTS_DEFAULT);
    let v6only = at.chooses(V6ONLY_INHERITED);
    if let Some(mut options) = options.copied() {
        if at_accept {
            let now = at.socket_at(listener).options();
            (options.sndtimeo, options.rcvtimeo) = (now.sndtimeo, now.rcvtimeo);
        } else if default {
            (options.sndtimeo, options.rcvtimeo) = (0, 0);
        }
        if !v6only {
            options.v6only = Options::NEW.v6only;
        }
        if let Some(new) = accepted(at) {
            at.set_options(new, options, Some(listener));
        }
    }
    if at.nonblocking()
        && at.chooses(NONBLOCKING_INHERITED)
        && let Some(new) = accepted(at)
        && let Some(holder) = &mut at.socket_mut(new).first_handle
    {
        holder.nonblocking = true;
    }
    if at.sock().holder(at.copy).is_some_and(|holder| holder.private)
        && at.chooses(ATTRIBUTE_INHERITED)
        && let Some(new) = accepted(at)
        && let Some(holder) = &mut at.socket_mut(new).first_handle
    {
        holder.private = true;
    }
}
