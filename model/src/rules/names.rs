//! `getsockname` and `getpeername`.

use super::common::{
    before_update, case, check, crashes, in_progress, network_down, not_a_socket, not_initialised, not_modelled,
    zeros_short_buffer,
};
use crate::call::{Address, Buffer, Call, Ip, Length, Port};
use crate::choice::{
    CONNECTING_IS_TOLD, CONNECTING_NOT_CONNECTED, END_NOT_CONNECTED, NEGATIVE_LENGTH_OVERWRITES, PEERNAME_BY_FAULT,
    PEERNAME_NO_LENGTH_FIRST, PEERNAME_WSAEFAULT, SHORT_BUFFER_CONTENTS, SOCKNAME_BY_FAULT, SOCKNAME_WSAEFAULT,
    WILDCARD_FAILS,
};
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::{At, Rule, States};
use crate::world::{Direction, State, Tcb};

/// The states in which a socket may have no name.
const MAYBE_UNNAMED: States = States::of(&[State::Unbound, State::Datagram]);

/// Those in which its name may be the wildcard: a connection makes it definite.
const MAYBE_WILDCARD: States =
    States::of(&[State::Bound, State::Listening, State::Connecting, State::Failed, State::Datagram]);

/// Those in which it can have a name.
const NAMED: States =
    States::of(&[State::Bound, State::Listening, State::Connecting, State::Connected, State::Failed, State::Datagram]);

/// What stands behind every form of the check of the buffer.
const BUFFER: &[&str] = &["sockaddr.family-first"];

table! {
    GETSOCKNAME;
    not_initialised("getsockname.not-initialised"),
    in_progress("getsockname.in-progress"),
    network_down("getsockname.network-down"),
    not_a_socket("getsockname.not-a-socket"),
    Rule {
        when: |at| at.sock().local.port == Port::Unset,
        rests_on: &["acceptex.reuse.transmitfile-state"],
        ..check("getsockname.unbound", &["getsockname.err.WSAEINVAL"], MAYBE_UNNAMED, Code::WSAEINVAL)
    },
    Rule {
        under: &[WILDCARD_FAILS],
        when: |at| at.sock().local.ip == Ip::Any && at.sock().local.port != Port::Unset,
        ..check("getsockname.wildcard", &["getsockname.err.WSAEINVAL"], MAYBE_WILDCARD, Code::WSAEINVAL)
    },
    Rule {
        under: &[SOCKNAME_WSAEFAULT],
        when: bad_buffer,
        rests_on: BUFFER,
        ..check("getsockname.bad-buffer", &[], States::SOCKET, Code::WSAEFAULT)
    },
    // Some stacks look at the pointers before they look at the descriptor, each fault in its own way.
    Rule {
        under: &[SOCKNAME_BY_FAULT],
        when: |at| buffer(at) == Buffer::Null,
        rests_on: BUFFER,
        ..check("getsockname.no-buffer", &[], States::ANY, Code::WSAEFAULT)
    },
    Rule {
        under: &[SOCKNAME_BY_FAULT],
        when: |at| buffer(at) != Buffer::Null && size(at).is_none(),
        rests_on: BUFFER,
        ..crashes("getsockname.length-unreadable.crashes", &[], States::ANY)
    },
    Rule {
        under: &[SOCKNAME_BY_FAULT],
        when: |at| buffer(at) != Buffer::Null && unusable(at),
        rests_on: BUFFER,
        ..check("getsockname.unusable-buffer-as-WSAEINVAL", &[], States::ANY, Code::WSAEINVAL)
    },
    Rule {
        under: &[SOCKNAME_BY_FAULT],
        when: short,
        rests_on: BUFFER,
        ..check("getsockname.short-buffer", &[], States::SOCKET, Code::WSAEFAULT)
    },
    before_update("getsockname.before-accept-context"),
    Rule {
        then: |at| {
            let local = at.sock().local;
            name(at, local);
        },
        rests_on: &[
            "bind.rem.port-zero",
            "accept.ex.bind",
            "accept.ex.port",
            "acceptex.update.getsockname",
            "wsarecv.rem.accept-binds",
        ],
        ..case("getsockname.tells", &["getsockname.rem.accept-fixes-address"], NAMED)
    },
}

table! {
    GETPEERNAME;
    not_initialised("getpeername.not-initialised"),
    in_progress("getpeername.in-progress"),
    network_down("getpeername.network-down"),
    not_a_socket("getpeername.not-a-socket"),
    Rule {
        rests_on: &[
            "accept.s.connection-on-returned",
            "accept.ret.handle-actual-connection",
            "acceptex.reuse.transmitfile-state",
        ],
        ..check(
            "getpeername.not-connected",
            &["getpeername.err.WSAENOTCONN"],
            States::of(&[State::Unbound, State::Bound, State::Listening, State::Failed, State::Datagram]),
            Code::WSAENOTCONN,
        )
    },
    Rule {
        under: &[CONNECTING_NOT_CONNECTED],
        ..check(
            "getpeername.connecting",
            &["getpeername.err.WSAENOTCONN"],
            States::of(&[State::Connecting]),
            Code::WSAENOTCONN,
        )
    },
    Rule {
        under: &[END_NOT_CONNECTED],
        when: is_over,
        ..check(
            "getpeername.connection-over",
            &["getpeername.err.WSAENOTCONN"],
            States::of(&[State::Connected]),
            Code::WSAENOTCONN,
        )
    },
    Rule {
        under: &[PEERNAME_WSAEFAULT],
        when: bad_buffer,
        rests_on: BUFFER,
        ..check("getpeername.bad-buffer", &[], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        under: &[PEERNAME_NO_LENGTH_FIRST],
        when: |at| length(at) == Length::Null,
        rests_on: BUFFER,
        ..check("getpeername.no-length-first", &[], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        under: &[PEERNAME_NO_LENGTH_FIRST],
        when: |at| length(at) == Length::Bad,
        rests_on: BUFFER,
        ..crashes("getpeername.no-length-first.crashes", &[], States::SOCKET)
    },
    Rule {
        under: &[PEERNAME_NO_LENGTH_FIRST, NEGATIVE_LENGTH_OVERWRITES],
        when: |at| buffer(at) == Buffer::Valid && size(at).is_some_and(|n| n < 0),
        rests_on: BUFFER,
        ..crashes("getpeername.negative-length.crashes", &[], States::of(&[State::Connected]))
    },
    Rule {
        under: &[PEERNAME_NO_LENGTH_FIRST],
        when: |at| size(at).is_some() && bad_buffer(at),
        rests_on: BUFFER,
        then: zeros_short_buffer,
        asks: &[SHORT_BUFFER_CONTENTS],
        // Such a stack looks at the buffer only once it knows of a connection.
        ..check("getpeername.bad-buffer-after-length", &[], States::of(&[State::Connected]), Code::WSAEFAULT)
    },
    Rule {
        under: &[PEERNAME_BY_FAULT],
        when: |at| length(at) == Length::Bad,
        rests_on: BUFFER,
        ..crashes("getpeername.length-unreadable.crashes", &[], States::SOCKET)
    },
    Rule {
        under: &[PEERNAME_BY_FAULT],
        when: unusable,
        rests_on: BUFFER,
        ..check("getpeername.unusable-buffer-as-WSAEINVAL", &[], States::SOCKET, Code::WSAEINVAL)
    },
    Rule {
        under: &[PEERNAME_BY_FAULT],
        when: |at| (length(at) == Length::Null || short(at)) && !is_reset(at),
        rests_on: BUFFER,
        ..check("getpeername.short-buffer", &[], States::SOCKET, Code::WSAEFAULT)
    },
    // What was known of it, and so what the call does with its pointers, hangs on whether the reset came before accept.
    Rule {
        under: &[PEERNAME_BY_FAULT],
        when: |at| is_reset(at) && (length(at) == Length::Null || short(at)),
        rests_on: &["accept.addr.peer-address"],
        ..not_modelled("getpeername.of-reset-peer-not-modelled", &[], States::of(&[State::Connected]))
    },
    before_update("getpeername.before-accept-context"),
    Rule {
        under: &[CONNECTING_IS_TOLD],
        then: tells_peer,
        rests_on: &["connect.rem.nonblocking"],
        ..case("getpeername.tells-while-connecting", &[], States::of(&[State::Connecting]))
    },
    Rule {
        then: tells_peer,
        rests_on: &[
            "accept.ret.handle-actual-connection",
            "accept.addr.peer-address",
            "accept.s.connection-on-returned",
            "acceptex.update.getpeername",
            "dualstack.accept-mapped",
        ],
        ..case("getpeername.tells", &[], States::of(&[State::Connected]))
    },
}

/// Whom the connection goes to, or comes from.
fn tells_peer(at: &mut At<'_>) {
    let (Some(s), Some(conn)) = (at.socket(), at.conn()) else { return };
    let connection = at.conn_at(conn);
    let peer = match at.sends(s) {
        Direction::Up => connection.server_address,
        Direction::Down => connection.client_address,
    };
    name(at, peer.seen_by(at.sock().family));
}

/// The peer has reset the connection, if there is one.
fn is_reset(at: &At<'_>) -> bool {
    at.socket().and_then(|s| at.own_end(s)).is_some_and(|end| end.tcb == Tcb::Reset)
}

/// Nothing can come through this connection any more, in either direction.
fn is_over(at: &At<'_>) -> bool {
    let end = at.own();
    end.tcb == Tcb::Reset || (end.fin_sent && end.fin_received)
}

fn arguments(at: &At<'_>) -> Option<(Buffer, Length)> {
    match *at.call() {
        Call::Getsockname { name, namelen, .. } | Call::Getpeername { name, namelen, .. } => Some((name, namelen)),
        _ => None,
    }
}

fn buffer(at: &At<'_>) -> Buffer {
    arguments(at).map_or(Buffer::Null, |(buffer, _)| buffer)
}

fn length(at: &At<'_>) -> Length {
    arguments(at).map_or(Length::Null, |(_, length)| length)
}

/// The bytes that the caller says there are, where that can be read.
fn size(at: &At<'_>) -> Option<i32> {
    match length(at) {
        Length::Holds(n) => Some(n),
        Length::Null | Length::Bad => None,
    }
}

/// Whatever is wrong with the two pointers.
fn bad_buffer(at: &At<'_>) -> bool {
    buffer(at) != Buffer::Valid || size(at).is_none_or(|n| n < at.sock().family.address_size())
}

/// No buffer of any size: one that cannot be written to, or of less than no bytes.
fn unusable(at: &At<'_>) -> bool {
    size(at).is_some_and(|n| n < 0 || buffer(at) != Buffer::Valid && n != 0)
}

/// A buffer, but too small for an address; one without any bytes is so wherever it is.
fn short(at: &At<'_>) -> bool {
    let is_short = |n| n == 0 || buffer(at) == Buffer::Valid && (0..at.sock().family.address_size()).contains(&n);
    size(at).is_some_and(is_short)
}

fn name(at: &mut At<'_>, address: Address) {
    let out = Out::Name { addr: Some(address), len: Some(address.family.address_size()) };
    at.give(Outcome::number(0).with(out));
}
