//! `bind`.

use super::common::{case, check, in_progress, network_down, not_a_socket, not_initialised, not_modelled};
use super::select::exceptional;
use crate::call::{Address, Call, Family, Handle, Ip, Name, Port};
use crate::choice::{
    BESIDE_WHILE_QUIET, BESIDE_WSAEADDRINUSE, BIND_ELSEWHERE_FAILS, BIND_FAMILY_CODE, BIND_ONE_SIDED_REUSE,
    BIND_TAKEN_ELSEWHERE, BIND_WSAENOBUFS, EXCLUSIVE_BESIDE_FAILS, NAME_AFTER_DESCRIPTOR, NAME_BEFORE_DESCRIPTOR,
    PORT_OF_ACCEPTED, PORT_OF_ACCEPTED_FREE, PORT_OF_CONNECTION, PORT_OF_CONNECTION_FREE, REUSES_WSAEACCES,
};
use crate::code::Code;
use crate::rule::Gives::Fails;
use crate::rule::{At, Rule, States, by};
use crate::world::{Direction, Sharing, SocketId, State};

const BOUND: States = States::of(&[State::Bound, State::Listening, State::Connecting, State::Connected, State::Failed]);

const UNBOUND: States = States::of(&[State::Unbound]);

table! {
    BIND;
    not_initialised("bind.not-initialised"),
    in_progress("bind.in-progress"),
    network_down("bind.network-down"),
    not_a_socket("bind.not-a-socket"),
    check("bind.already-bound", &["bind.err.WSAEINVAL.already-bound"], BOUND, Code::WSAEINVAL),
    // Some stacks look at the name before they look at the descriptor; a negative length they take for a huge one.
    Rule {
        under: &[NAME_BEFORE_DESCRIPTOR],
        when: is_short,
        ..check("bind.bad-name-first", &["bind.err.WSAEFAULT"], States::ANY, Code::WSAEFAULT)
    },
    Rule {
        under: &[NAME_BEFORE_DESCRIPTOR],
        when: |at| matches!(*at.call(), Call::Bind { name: Name::Address(_, length), .. } if length < 0),
        rests_on: &["sockaddr.family-first"],
        ..check("bind.endless-name-first", &[], States::ANY, Code::WSAENOBUFS)
    },
    Rule {
        under: &[NAME_AFTER_DESCRIPTOR],
        when: |at| named(at).is_none() && !other_family(at),
        ..check("bind.bad-name", &["bind.err.WSAEFAULT"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        gives: by(BIND_FAMILY_CODE, &[Fails(Code::WSAEFAULT), Fails(Code::WSAEOPNOTSUPP)]),
        when: |at| at.sock().family == Family::Inet && other_family(at),
        ..check("bind.other-family", &["bind.err.WSAEFAULT"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        gives: by(BIND_FAMILY_CODE, &[Fails(Code::WSAEFAULT), Fails(Code::WSAEINVAL)]),
        when: |at| at.sock().family == Family::Inet6 && other_family(at),
        ..check("bind.other-family-ipv6", &["bind.err.WSAEFAULT"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        when: |at| elsewhere(at) && !taken_here(at),
        ..check("bind.address-not-local", &["bind.err.WSAEADDRNOTAVAIL"], States::STREAM, Code::WSAEADDRNOTAVAIL)
    },
    Rule {
        gives: by(BIND_TAKEN_ELSEWHERE, &[Fails(Code::WSAEADDRNOTAVAIL), Fails(Code::WSAEADDRINUSE)]),
        when: |at| elsewhere(at) && taken_here(at),
        ..check("bind.taken-elsewhere", &["bind.err.WSAEADDRNOTAVAIL"], UNBOUND, Code::WSAEADDRNOTAVAIL)
    },
    Rule {
        under: &[BIND_ELSEWHERE_FAILS],
        when: elsewhere,
        ..check(
            "bind.datagram-address-not-local",
            &["bind.err.WSAEADDRNOTAVAIL"],
            States::of(&[State::Datagram]),
            Code::WSAEADDRNOTAVAIL,
        )
    },
    Rule {
        gives: by(BIND_ONE_SIDED_REUSE, &[Fails(Code::WSAEADDRINUSE), Fails(Code::WSAEACCES)]),
        when: wants_to_share,
        ..check("bind.one-sided-reuse", &["bind.err.WSAEADDRINUSE"], UNBOUND, Code::WSAEADDRINUSE)
    },
    Rule {
        when: |at| {
            let left = is_of_a_connection(at) && at.chooses(PORT_OF_CONNECTION_FREE)
                || is_of_an_accepted(at) && at.chooses(PORT_OF_ACCEPTED_FREE);
            in_use(at) && !wants_to_share(at) && !left
        },
        asks: &[PORT_OF_CONNECTION, PORT_OF_ACCEPTED],
        rests_on: &["accept.ex.bind", "wsaaccept.ex.bind", "exclusive.listener-closed-accepted-open"],
        ..check("bind.address-in-use", &["bind.err.WSAEADDRINUSE"], States::SOCKET, Code::WSAEADDRINUSE)
    },
    Rule {
        when: lies_within_exclusive,
        rests_on: &["exclusive.wildcard-blocks-all"],
        ..check("bind.within-exclusive", &[], UNBOUND, Code::WSAEACCES)
    },
    Rule {
        when: |at| !in_use(at) && covers_another(at),
        ..check(
            "bind.exclusive-over-another",
            &["bind.err.WSAEADDRINUSE"],
            UNBOUND,
            Code::WSAEADDRINUSE,
        )
    },
    Rule {
        under: &[BESIDE_WSAEADDRINUSE],
        when: |at| !in_use(at) && overlaps(at),
        ..check(
            "bind.wildcard-beside-specific",
            &["bind.err.WSAEADDRINUSE", "bind.rem.wildcard"],
            UNBOUND,
            Code::WSAEADDRINUSE,
        )
    },
    Rule {
        under: &[BESIDE_WHILE_QUIET],
        when: |at| !in_use(at) && overlaps(at) && named(at).is_some_and(|address| is_listened_at(at, address)),
        ..check(
            "bind.wildcard-beside-listener",
            &["bind.err.WSAEADDRINUSE", "bind.rem.wildcard"],
            UNBOUND,
            Code::WSAEADDRINUSE,
        )
    },
    Rule {
        under: &[EXCLUSIVE_BESIDE_FAILS],
        when: |at| !in_use(at) && !covers_another(at) && stands_beside(at),
        rests_on: &["exclusive.wildcard-blocks-all"],
        ..check("bind.exclusive-beside-wildcard", &["bind.err.WSAEADDRINUSE"], UNBOUND, Code::WSAEADDRINUSE)
    },
    Rule {
        under: &[REUSES_WSAEACCES],
        when: |at| at.sock().options().reuseaddr && named(at).is_some_and(|address| is_listened_at(at, address)),
        rests_on: &["exclusive.reuse-undetermined"],
        ..check("bind.beside-listener", &[], UNBOUND, Code::WSAEACCES)
    },
    Rule {
        under: &[BIND_WSAENOBUFS],
        in_trouble: true,
        when: |at| at.process().faults.no_buffers && named(at).is_some_and(|address| address.port == Port::Unset),
        rests_on: &["wpucreate.err.WSAENOBUFS"],
        ..check("bind.no-buffers", &[], States::of(&[State::Unbound, State::Datagram]), Code::WSAENOBUFS)
    },
    Rule {
        under: &[PORT_OF_CONNECTION_FREE],
        when: |at| in_use(at) && is_of_a_connection(at),
        rests_on: &["connect.err.WSAECONNREFUSED"],
        ..not_modelled("bind.port-of-connection-not-modelled", &[], UNBOUND)
    },
    Rule {
        when: |at| at.sock().extra().claimed.is_some(),
        rests_on: &["acceptex.accept-socket.purpose"],
        ..not_modelled("bind.waits-for-a-connection-not-modelled", &[], UNBOUND)
    },
    // An IPv6 socket of both families at an address of IPv4 alone.
    Rule {
        when: |at| named(at).is_some_and(|address| address.ip == Ip::Mapped),
        rests_on: &["dualstack.accept-mapped"],
        ..not_modelled("bind.mapped-not-modelled", &[], States::of(&[State::Unbound, State::Datagram]))
    },
    // The pages name the functions that it may be passed to, and this is none of them.
    Rule {
        when: |at| at.sock().recycled,
        rests_on: &["acceptex.reuse.acceptex-ok", "disconnectex.reuse.both", "transmitfile.reuse.mutually-exclusive"],
        ..not_modelled("bind.recycled-not-modelled", &[], UNBOUND)
    },
    Rule { then: binds, ..case("bind.datagram", &["bind.rem.port-zero"], States::of(&[State::Datagram])) },
    Rule {
        to: Some(State::Bound),
        then: |at| {
            binds(at);
            at.set_state(at.socket_id(), State::Bound);
        },
        rests_on: &["accept.ex.bind", "accept.ex.port", "acceptex.ex.bind", "wsaaccept.ex.bind", "wsaaccept.ex.local-address"],
        ..case(
            "bind.binds",
            &["bind.rem.required-before-listen", "bind.rem.port-zero", "bind.rem.wildcard"],
            States::of(&[State::Unbound]),
        )
    },
}

/// There is no name, or less of one than its own family needs.
fn is_short(at: &At<'_>) -> bool {
    match *at.call() {
        Call::Bind { name: Name::Address(address, length), .. } => (0..address.family.address_size()).contains(&length),
        // What never was a socket has no address either.
        Call::Bind { name: Name::Of(handle), .. } => address_of(at, handle).is_none(),
        Call::Bind { name: Name::Null, .. } => true,
        _ => false,
    }
}

/// The name is whole, but of another family than the socket.
fn other_family(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::Bind { name, .. } if is_of_another_family(at, name))
}

/// The same of a name of any call.
pub(super) fn is_of_another_family(at: &At<'_>, name: Name<Handle>) -> bool {
    let address = match name {
        Name::Null => None,
        Name::Address(address, length) => (length >= address.family.address_size()).then_some(address),
        Name::Of(handle) => address_of(at, handle),
    };
    address.is_some_and(|address| address.family != at.sock().family)
}

/// The name is an address of another host.
fn elsewhere(at: &At<'_>) -> bool {
    named(at).is_some_and(|address| address.ip == Ip::NotLocal)
}

/// Has a socket of this host the port that is asked for, at whichever of its addresses?
fn taken_here(at: &At<'_>) -> bool {
    let Some(address) = named(at) else { return false };
    let has = |ip| at.shares(Address { ip, ..address }, at.sock().kind).next().is_some();
    at.state() == State::Unbound && address.port != Port::Unset && (has(Ip::Any) || has(Ip::Loopback))
}

/// The address asked for, if pointer, length and family are right.
fn named(at: &At<'_>) -> Option<Address> {
    let Call::Bind { name, .. } = *at.call() else { return None };
    match name {
        Name::Null => None,
        Name::Address(address, length) => {
            let family = at.sock().family;
            (address.family == family && length >= family.address_size()).then_some(address)
        }
        Name::Of(handle) => address_of(at, handle).filter(|address| address.family == at.sock().family),
    }
}

/// The address of another socket as a caller would pass it: the wildcard becomes loopback.
pub(super) fn address_of(at: &At<'_>, handle: Handle) -> Option<Address> {
    let slot = at.slot_of(handle)?;
    let socket = at.socket_at(slot);
    let mut address = socket.local;
    if address.port == Port::Unset {
        // A closed socket's port: nobody else can have been given it.
        address = Address { family: socket.family, ip: Ip::Loopback, port: Port::Chosen(slot) };
    }
    if address.ip == Ip::Any {
        address.ip = Ip::Loopback;
    }
    Some(address)
}

/// The address is taken, by a socket that does not share it with this one, which would.
fn wants_to_share(at: &At<'_>) -> bool {
    in_use(at) && at.state() == State::Unbound && at.sock().options().reuseaddr
}

/// Is it the address of a socket that was never bound: has the system chosen its port for a connection?
fn is_of_a_connection(at: &At<'_>) -> bool {
    named_socket(at).is_some_and(|slot| {
        let socket = at.socket_at(slot);
        let tried = exceptional(at, slot) || matches!(socket.state, State::Connected | State::Connecting);
        tried && socket.local.port == Port::Chosen(slot)
    })
}

/// Is it the address of a socket whose listener, which it has the port of, is closed?
fn is_of_an_accepted(at: &At<'_>) -> bool {
    named_socket(at).is_some_and(|slot| {
        let socket = at.socket_at(slot);
        let accepted = socket.conn.is_some() && at.sends(slot) == Direction::Down;
        accepted && at.listeners_on(socket.local.port).next().is_none()
    })
}

/// The socket whose address is asked for.
fn named_socket(at: &At<'_>) -> Option<SocketId> {
    match *at.call() {
        Call::Bind { name: Name::Of(handle), .. } => at.slot_of(handle),
        _ => None,
    }
}

fn in_use(at: &At<'_>) -> bool {
    let Some(address) = named(at) else { return false };
    if address.port == Port::Unset {
        return false;
    }
    at.is_bound(address, at.sock().kind, at.sock().options().reuseaddr)
}

/// Is the port taken at the wildcard address, or, where that is asked for, at another? With SO_EXCLUSIVEADDRUSE on either side it is
/// that option which says what follows.
fn overlaps(at: &At<'_>) -> bool {
    let Some(address) = named(at) else { return false };
    let (kind, options) = (at.sock().kind, at.sock().options());
    let ip = if address.ip == Ip::Any { Ip::Loopback } else { Ip::Any };
    let mut others = at.shares(Address { ip, ..address }, kind);
    address.port != Port::Unset
        && !options.exclusiveaddruse
        && others.any(|other| !(other.exclusive || other.reuseaddr && options.reuseaddr))
}

/// Does it ask for one address for itself alone, where another socket listens on the wildcard?
fn stands_beside(at: &At<'_>) -> bool {
    let Some(address) = named(at) else { return false };
    at.sock().options().exclusiveaddruse && address.ip != Ip::Any && is_listened_at(at, address)
}

/// Is the address one of those that a wildcard stands for, which somebody has for himself alone? (WT-LIS-027, WT-LIS-028)
fn lies_within_exclusive(at: &At<'_>) -> bool {
    let Some(address) = named(at) else { return false };
    let (kind, exclusive) = (at.sock().kind, |other: Sharing| other.exclusive);
    let of = |family| Address { family, ip: Ip::Any, ..address };
    let same = || address.ip != Ip::Any && at.shares(of(address.family), kind).any(exclusive);
    // A wildcard of both families stands for the addresses of IPv4, too.
    let other = || at.shares(of(Family::Inet6), kind).any(|other| other.exclusive && !other.v6only);
    address.port != Port::Unset && (same() || address.family == Family::Inet && other())
}

/// Does it ask for a wildcard alone, and somebody has one of the addresses that it stands for?
fn covers_another(at: &At<'_>) -> bool {
    let Some(address) = named(at) else { return false };
    let options = at.sock().options();
    if !options.exclusiveaddruse || address.ip != Ip::Any || address.port == Port::Unset {
        return false;
    }
    let (kind, both) = (at.sock().kind, address.family == Family::Inet6 && !options.v6only);
    let has = |family| at.shares(Address { family, ip: Ip::Loopback, ..address }, kind).next().is_some();
    has(address.family) || both && has(Family::Inet)
}

/// Does another socket listen for connections to this address?
pub(super) fn is_listened_at(at: &At<'_>, address: Address) -> bool {
    at.listeners_on(address.port).any(|(s, other)| {
        let (mine, its) = (address.ip, other.local.ip);
        Some(s) != at.socket() && other.family == address.family && (mine == its || mine == Ip::Any || its == Ip::Any)
    })
}

fn binds(at: &mut At<'_>) {
    let Some(mut address) = named(at) else { return };
    if address.port == Port::Unset {
        address.port = chosen(at);
    }
    at.set_local(at.socket_id(), address);
}

/// The port that the system chooses for the socket in question.
pub(super) fn chosen(at: &At<'_>) -> Port {
    Port::Chosen(at.socket_id())
}
