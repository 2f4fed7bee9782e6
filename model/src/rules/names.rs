//! `getsockname` and `getpeername`.

use super::common::{case, check, in_progress, network_down, not_a_socket, not_initialised};
use crate::call::{Address, Buffer, Call, Ip, Length, Port};
use crate::choice::WILDCARD_FAILS;
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::{At, Rule, States};
use crate::world::{Direction, State};

/// The states in which a socket may have no name.
const MAYBE_UNNAMED: States = States::of(&[State::Unbound, State::Datagram]);

/// Those in which its name may be the wildcard: a connection makes it definite.
const MAYBE_WILDCARD: States =
    States::of(&[State::Bound, State::Listening, State::Connecting, State::Failed, State::Datagram]);

/// Those in which it can have a name.
const NAMED: States =
    States::of(&[State::Bound, State::Listening, State::Connecting, State::Connected, State::Failed, State::Datagram]);

pub(super) static GETSOCKNAME: &[Rule] = &[
    not_initialised("getsockname.not-initialised", &["wsastartup.first"]),
    in_progress("getsockname.in-progress", &["einprogress.only-1-1"]),
    network_down("getsockname.network-down", &["listen.err.WSAENETDOWN"]),
    not_a_socket("getsockname.not-a-socket", &["closesocket.rem.descriptor-reuse"]),
    Rule {
        when: |at| at.sock().local.port == Port::Unset,
        ..check("getsockname.unbound", &["getsockname.err.WSAEINVAL"], MAYBE_UNNAMED, Code::WSAEINVAL)
    },
    Rule {
        under: &[WILDCARD_FAILS],
        when: |at| at.sock().local.ip == Ip::Any && at.sock().local.port != Port::Unset,
        ..check("getsockname.wildcard", &["getsockname.err.WSAEINVAL"], MAYBE_WILDCARD, Code::WSAEINVAL)
    },
    Rule {
        when: bad_buffer,
        ..check("getsockname.bad-buffer", &["sockaddr.family-first"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        then: |at| {
            let local = at.sock().local;
            name(at, local);
        },
        ..case(
            "getsockname.tells",
            &["getsockname.rem.accept-fixes-address", "bind.rem.port-zero", "accept.ex.bind", "accept.ex.port"],
            NAMED,
        )
    },
];

pub(super) static GETPEERNAME: &[Rule] = &[
    not_initialised("getpeername.not-initialised", &["wsastartup.first"]),
    in_progress("getpeername.in-progress", &["einprogress.only-1-1"]),
    network_down("getpeername.network-down", &["listen.err.WSAENETDOWN"]),
    not_a_socket("getpeername.not-a-socket", &["closesocket.rem.descriptor-reuse"]),
    check(
        "getpeername.not-connected",
        &["getpeername.err.WSAENOTCONN", "accept.s.connection-on-returned", "accept.ret.handle-actual-connection"],
        States::of(&[
            State::Unbound,
            State::Bound,
            State::Listening,
            State::Connecting,
            State::Failed,
            State::Datagram,
        ]),
        Code::WSAENOTCONN,
    ),
    Rule {
        when: bad_buffer,
        ..check("getpeername.bad-buffer", &["sockaddr.family-first"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        then: |at| {
            let (Some(s), Some(conn)) = (at.socket, at.conn) else { return };
            let connection = &at.w.conns[usize::from(conn.0)];
            let peer = match at.w.sends(s) {
                Direction::Up => connection.server_address,
                Direction::Down => connection.client_address,
            };
            name(at, peer);
        },
        ..case(
            "getpeername.tells",
            &["accept.ret.handle-actual-connection", "accept.addr.peer-address", "accept.s.connection-on-returned"],
            States::of(&[State::Connected]),
        )
    },
];

fn arguments(at: &At<'_>) -> Option<(Buffer, Length)> {
    match at.call {
        Call::Getsockname { name, namelen, .. } | Call::Getpeername { name, namelen, .. } => Some((name, namelen)),
        _ => None,
    }
}

fn bad_buffer(at: &At<'_>) -> bool {
    let size = at.sock().family.address_size();
    match arguments(at) {
        Some((Buffer::Valid, Length::Holds(n))) => n < size,
        _ => true,
    }
}

fn name(at: &mut At<'_>, address: Address) {
    let out = Out::Name { addr: Some(address), len: Some(address.family.address_size()) };
    at.give(Outcome::number(0).with(out));
}
