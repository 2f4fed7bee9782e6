//! `connect`.

use super::bind::{address_of, chosen, is_of_another_family};
use super::common::{case, check, crashes, in_progress, network_down, not_a_socket, not_initialised, not_modelled};
use super::queue::withdraws;
use super::wsaconnect::{self, takes_along};
use crate::call::{Address, Call, Family, Handle, Ip, Name, Port};
use crate::choice::{
    CONNECT_BEFORE_CONTEXT, CONNECT_NAME_BY_FAULT, CONNECT_NAME_WSAEFAULT, CONNECT_REFUSED_ABORTS, CONNECTING_ALREADY,
    GETSOCKNAME_WILDCARD, REFUSAL_TAKEN, SO_ERROR_OF_REFUSAL, WILDCARD_SUCCEEDS,
};
use crate::code::Code;
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::{At, Gives, Role, Rule, States, Table, by};
use crate::world::{Conn, ConnId, Direction, Segment, State, Tcb};

/// How often a client repeats an unanswered or refused SYN: three times (Microsoft KB 175523, observation C3).
pub(crate) const RETRIES: u8 = 3;

/// The states in which a socket can open a connection.
const CONNECTS: States = States::of(&[State::Unbound, State::Bound, State::Failed]);

/// Those of them in which no connection has failed yet.
const NEVER_TRIED: States = States::of(&[State::Unbound, State::Bound]);

/// What stands behind every form of the check of the name.
const BAD_NAME: &[&str] = &["bind.err.WSAEFAULT", "sockaddr.family-first"];

table! {
    CONNECT often Unbound;
    not_initialised("connect.not-initialised"),
    in_progress("connect.in-progress"),
    network_down("connect.network-down"),
    not_a_socket("connect.not-a-socket"),
    Rule {
        under: &[CONNECT_NAME_BY_FAULT],
        when: |at| matches!(*at.call(), Call::Connect { name: Name::Null, .. } | Call::WSAConnect { name: Name::Null, .. }),
        rests_on: BAD_NAME,
        ..crashes("connect.null-name.crashes", &[], States::ANY)
    },
    check("connect.listening", &["connect.err.WSAEINVAL.listening"], States::of(&[State::Listening]), Code::WSAEINVAL),
    // ConnectEx has opened the connection, and SO_UPDATE_CONNECT_CONTEXT was not set since.
    Rule {
        gives: by(CONNECT_BEFORE_CONTEXT, &[Fails(Code::WSAEISCONN), Fails(Code::WSAEINVAL)]),
        when: is_by_request,
        rests_on: &["connectex.default-state"],
        ..check(
            "connect.before-connect-context",
            &["connect.err.WSAEISCONN"],
            States::of(&[State::Connected]),
            Code::WSAEISCONN,
        )
    },
    Rule {
        when: |at| !is_by_request(at),
        rests_on: &["accept.s.connection-on-returned", "accept.ret.handle-actual-connection"],
        ..check("connect.connected", &["connect.err.WSAEISCONN"], States::of(&[State::Connected]), Code::WSAEISCONN)
    },
    Rule {
        when: |at| at.sock().extra().claimed.is_some(),
        rests_on: &["acceptex.accept-socket.purpose"],
        ..check("connect.waits-for-a-connection", &[], States::of(&[State::Unbound]), Code::WSAEINVAL)
    },
    Rule {
        when: |at| !is_requested(at),
        ..check(
            "connect.connecting",
            &["connect.rem.nonblocking"],
            States::of(&[State::Connecting]),
            Code::WSAEALREADY,
        )
    },
    Rule {
        gives: by(CONNECTING_ALREADY, &[Fails(Code::WSAEALREADY), Fails(Code::WSAEINVAL)]),
        when: is_requested,
        rests_on: &["connectex.err.WSAEALREADY"],
        ..check("connect.connecting-by-request", &[], States::of(&[State::Connecting]), Code::WSAEALREADY)
    },
    Rule {
        under: &[CONNECT_NAME_WSAEFAULT],
        when: has_no_name,
        rests_on: BAD_NAME,
        ..check("connect.bad-name", &[], States::STREAM, Code::WSAEFAULT)
    },
    Rule {
        under: &[CONNECT_NAME_BY_FAULT],
        when: too_short,
        rests_on: BAD_NAME,
        ..check("connect.short-name-as-WSAEADDRNOTAVAIL", &[], CONNECTS, Code::WSAEADDRNOTAVAIL)
    },
    Rule {
        under: &[CONNECT_NAME_BY_FAULT],
        when: |at| at.sock().family == Family::Inet && other_family(at),
        rests_on: BAD_NAME,
        ..check("connect.other-family-as-WSAEOPNOTSUPP", &[], NEVER_TRIED, Code::WSAEOPNOTSUPP)
    },
    Rule {
        under: &[CONNECT_NAME_BY_FAULT],
        when: |at| at.sock().family == Family::Inet6 && other_family(at),
        rests_on: BAD_NAME,
        ..check("connect.other-family-as-WSAEINVAL", &[], NEVER_TRIED, Code::WSAEINVAL)
    },
    Rule {
        under: &[CONNECT_REFUSED_ABORTS],
        role: Role::Case,
        to: Some(State::Bound), // the one after that goes ahead; what the first attempt failed with stays readable
        when: is_named,
        then: |at| at.set_state(at.socket_id(), State::Bound),
        ..check(
            "connect.refused-before-as-WSAECONNABORTED",
            &["connect.err.WSAECONNREFUSED"],
            States::of(&[State::Failed]),
            Code::WSAECONNABORTED,
        )
    },
    // Of the stacks that tell faulty names apart it is not known: another family after a connect that failed is answered by
    // each version in its own way.
    Rule {
        when: has_no_name,
        rests_on: &["sockaddr.family-first"],
        ..not_modelled("connect.no-name-not-modelled", &[], CONNECTS)
    },
    // A SYN that meets its own sender opens the connection from both sides at once, on the stacks that send it.
    Rule {
        when: |at| named(at).is_some_and(|to| is_own_address(at, to)),
        rests_on: &["protobasics.backlog-held"],
        ..not_modelled("connect.to-itself-not-modelled", &[], States::of(&[State::Bound, State::Failed]))
    },
    // A socket of both families can connect to IPv4 by such a name; how it does so has nothing to do with accepting.
    Rule {
        when: is_mapped,
        rests_on: &["dualstack.accept-mapped"],
        ..not_modelled("connect.mapped-not-modelled", &[], CONNECTS)
    },
    // The pages name the functions that it may be passed to, and this is none of them.
    Rule {
        when: is_recycled,
        rests_on: &["disconnectex.reuse.both", "transmitfile.reuse.mutually-exclusive"],
        ..not_modelled("connect.recycled-not-modelled", &[], NEVER_TRIED)
    },
    // The connection has the number of the socket that opens it, and somebody decides about the one before it.
    Rule {
        when: |at| at.is_decided(ConnId(at.socket_id().0)),
        rests_on: &["condaccept.on.client-may-time-out"],
        ..not_modelled("connect.again-while-decided-not-modelled", &[], States::of(&[State::Bound, State::Failed]))
    },
    Rule {
        rests_on: &["sockaddr.family-first"],
        ..not_modelled("connect.datagram-not-modelled", &[], States::of(&[State::Datagram]))
    },
    Rule {
        to: Some(State::Connecting),
        gives: Is(Gives::Continues(Table::ConnectAnswer)),
        then: opens,
        asks: &[GETSOCKNAME_WILDCARD],
        rests_on: &["protobasics.backlog-held"],
        ..case("connect.sends-syn", &["connect.rem.nonblocking"], CONNECTS)
    },
}

table! {
    /// What the caller of connect, new or blocked, finds.
    ANSWER often Connecting | Connected;
    Rule {
        when: |at| at.nonblocking() && !at.again,
        ..check(
            "connect.would-block",
            &["connect.rem.nonblocking"],
            States::of(&[State::Connecting]),
            Code::WSAEWOULDBLOCK,
        )
    },
    Rule {
        when: |at| at.sock().error == Code::WSAECONNREFUSED,
        then: |at| {
            if !at.nonblocking() && at.chooses(REFUSAL_TAKEN) {
                at.sock_mut().error = Code::NONE;
            }
        },
        asks: &[SO_ERROR_OF_REFUSAL],
        rests_on: &["listen.rem.queue-full-refused", "accept.ex.listen-backlog-1", "wsaaccept.ex.listen-backlog-1"],
        ..check(
            "connect.refused",
            &["connect.err.WSAECONNREFUSED"],
            States::of(&[State::Failed]),
            Code::WSAECONNREFUSED,
        )
    },
    Rule {
        when: |at| at.sock().error != Code::WSAECONNREFUSED,
        ..check("connect.timed-out", &["connect.err.WSAETIMEDOUT"], States::of(&[State::Failed]), Code::WSAETIMEDOUT)
    },
    Rule {
        gives: Is(Gives::Blocks),
        ..case("connect.waits", &["connect.rem.nonblocking"], States::of(&[State::Connecting]))
    },
    wsaconnect::SHORT_ROOM,
    wsaconnect::TELLS_CALLEE_DATA,
    Rule {
        rests_on: &["listen.rem.passive-mode", "condaccept.off.reject-visible"],
        ..case("connect.completes", &[], States::of(&[State::Connected]))
    },
}

/// The connection begins.
#[inline(always)]
fn opens(at: &mut At<'_>) {
    if let Some(to) = named(at) {
        sends_syn(at, to);
    }
}

/// The socket has an address of its own by now, and its SYN is on its way.
#[inline(always)]
pub(super) fn sends_syn(at: &mut At<'_>, to: Address) {
    let s = at.socket_id();
    if at.sock().local.port == Port::Unset {
        let local = Address { family: at.sock().family, ip: Ip::Loopback, port: chosen(at) };
        at.set_local(s, local);
    }
    if at.sock().local.ip == Ip::Any && at.chooses(WILDCARD_SUCCEEDS) {
        // What such a stack tells is the address that the SYN comes from.
        at.set_local(s, Address { ip: Ip::Loopback, ..at.sock().local });
    }
    let mut from = at.sock().local;
    from.ip = Ip::Loopback;
    // The connection has the number of the socket that opens it. An accepted slot never gets here: it is connected.
    let conn = ConnId(s.0);
    if let Some(listener) = at.conn_at(conn).listener {
        // What is left half open of an attempt that timed out makes way for the new one.
        withdraws(at, conn);
        at.extra_mut(listener).syn_queue.remove(conn);
        at.extra_mut(listener).accept_queue.remove(conn);
    }
    if at.conn_at(conn).client_address.port != Port::Unset {
        // Of an attempt before this nothing stays but what the script has said of its segments.
        let before = at.conn_mut(conn);
        *before = Conn { held: before.held, lose: before.lose, ..Conn::default() };
    }
    let new = at.conn_mut(conn);
    (new.client_address, new.server_address, new.retries) = (from, to, RETRIES);
    new.client.tcb = Tcb::SynSent;
    new.client.hold(Some(s));
    at.send(conn, Direction::Up, Segment::Syn);
    takes_along(at);
    let socket = at.sock_mut();
    (socket.conn, socket.error) = (Some(conn), Code::NONE);
    at.set_state(s, State::Connecting);
    at.turns_to_conn(Some(conn));
}

#[inline(always)]
fn name(at: &At<'_>) -> Option<Name<Handle>> {
    match *at.call() {
        Call::Connect { name, .. } | Call::WSAConnect { name, .. } | Call::ConnectEx { name, .. } => Some(name),
        _ => None,
    }
}

/// The name is cut short, whatever its family.
fn too_short(at: &At<'_>) -> bool {
    let Some(Name::Address(address, length)) = name(at) else { return false };
    length < address.family.address_size()
}

/// The name is whole, but of another family than the socket.
fn other_family(at: &At<'_>) -> bool {
    name(at).is_some_and(|name| is_of_another_family(at, name))
}

/// Has ConnectEx opened the connection, whose context was not updated since?
fn is_by_request(at: &At<'_>) -> bool {
    at.sock().without_context && at.sends(at.socket_id()) == Direction::Up
}

/// Is it a request that opens the connection?
fn is_requested(at: &At<'_>) -> bool {
    at.sock().waiting().iter().any(|op| matches!(at.op_at(op).call, Call::ConnectEx { .. }))
}

/// Is this where the socket itself is bound? A socket that is bound to every address is also bound to this one.
pub(super) fn is_own_address(at: &At<'_>, to: Address) -> bool {
    let own = at.sock().local;
    own.port == to.port && (own.ip == to.ip || own.ip == Ip::Any)
}

#[inline(always)]
fn has_no_name(at: &At<'_>) -> bool {
    !is_named(at)
}

/// Is it an address of IPv4 as IPv6 writes it? Most that are written out are seen to be none at once.
#[inline(always)]
fn is_mapped(at: &At<'_>) -> bool {
    let may_be = match name(at) {
        Some(Name::Address(address, _)) => address.ip == Ip::Mapped,
        _ => true,
    };
    may_be && named(at).is_some_and(|to| to.ip == Ip::Mapped)
}

#[inline(always)]
fn is_recycled(at: &At<'_>) -> bool {
    at.sock().recycled
}

/// Is it an address that the socket can connect to?
#[inline(always)]
fn is_named(at: &At<'_>) -> bool {
    named(at).is_some()
}

#[inline(always)]
pub(super) fn named(at: &At<'_>) -> Option<Address> {
    match name(at)? {
        Name::Null => None,
        Name::Address(address, length) => {
            let family = at.sock().family;
            let ip = if address.ip == Ip::Any { Ip::Loopback } else { address.ip };
            (address.family == family && length >= family.address_size()).then_some(Address { ip, ..address })
        }
        Name::Of(handle) => address_of(at, handle).filter(|address| address.family == at.sock().family),
    }
}
