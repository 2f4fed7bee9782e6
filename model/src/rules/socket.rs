//! `socket`, `WSASocket` and `WSADuplicateSocket`.

use super::common::{case, check, in_progress, network_down, not_a_socket, not_initialised, not_modelled};
use super::groups;
use crate::call::{Call, Family, Group, Handle, SockType, SocketFlags};
use crate::choice::{ATM_MISSING, ATM_PROTOCOL_MISSING, GROUPS_KEPT, NONBLOCKING_OF_DUPLICATES};
use crate::code::Code;
use crate::outcome::{Out, Outcome, Value};
use crate::rule::{At, Limit, Rule, States};
use crate::world::{Holder, MAX_HANDLES, SocketId, State};

table! {
    SOCKET often NotASocket;
    not_initialised("socket.not-initialised"),
    in_progress("socket.in-progress"),
    network_down("socket.network-down"),
    Rule {
        in_trouble: true,
        when: |at| at.process().faults.no_descriptors,
        rests_on: &["accept.ex.socket", "wsaaccept.ex.socket"],
        ..check("socket.no-descriptors", &["socket.err.WSAEMFILE"], States::ANY, Code::WSAEMFILE)
    },
    Rule {
        in_trouble: true,
        when: |at| at.process().faults.no_buffers,
        rests_on: &["wpucreate.err.WSAENOBUFS"],
        ..check("socket.no-buffers", &[], States::ANY, Code::WSAENOBUFS)
    },
    no_provider("socket.no-provider", &["socket.err.WSAEAFNOSUPPORT"]),
    Rule { cites: &["socket.err.WSAEAFNOSUPPORT"], ..no_protocol("socket.no-provider.as-WSAEPROTONOSUPPORT") },
    Rule { when: is_mixed, ..not_modelled("socket.mixed-not-modelled", &["socket.err.WSAEAFNOSUPPORT"], States::ANY) },
    Rule {
        then: is_created,
        rests_on: &[
            "ioctl.fionbio.default-blocking",
            "accept.ex.socket",
            "acceptex.ex.listen-socket",
            "acceptex.ex.accept-socket",
            "wsaaccept.ex.socket",
        ],
        ..case("socket.creates", &["socket.rem.overlapped-default"], States::ANY)
    },
}

table! {
    WSASOCKET;
    not_initialised("WSASocket.not-initialised"),
    in_progress("WSASocket.in-progress"),
    network_down("WSASocket.network-down"),
    Rule {
        in_trouble: true,
        when: |at| at.process().faults.no_descriptors,
        ..check("WSASocket.no-descriptors", &["wsasocket.err.WSAEMFILE"], States::ANY, Code::WSAEMFILE)
    },
    Rule { rests_on: &["socket.err.WSAEAFNOSUPPORT"], ..no_provider("WSASocket.no-provider", &[]) },
    Rule {
        rests_on: &["socket.err.WSAEAFNOSUPPORT"],
        ..no_protocol("WSASocket.no-provider.as-WSAEPROTONOSUPPORT")
    },
    Rule {
        under: &[GROUPS_KEPT],
        when: groups::is_bad,
        ..check(
            "WSASocket.bad-group",
            &["wsasocket.err.WSAEINVAL.bad-g", "wsasocket.g.constrained-same-type"],
            States::ANY,
            Code::WSAEINVAL,
        )
    },
    Rule {
        when: is_mixed,
        rests_on: &["socket.err.WSAEAFNOSUPPORT"],
        ..not_modelled("WSASocket.mixed-not-modelled", &[], States::ANY)
    },
    // In which group the socket is, is seen by who may join it, and by the option that tells it.
    Rule {
        under: &[GROUPS_KEPT],
        when: |at| matches!(*at.call(), Call::WSASocket { group, .. } if group != Group::None),
        then: |at| {
            let Call::WSASocket { family, kind, flags, .. } = *at.call() else { return };
            let slot = at.free_socket();
            creates(at, family, kind, flags);
            if let Some(new) = slot {
                groups::joins_by_call(at, new);
            }
        },
        ..case("WSASocket.creates-in-group", &["wsasocket.g.group-values"], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::WSASocket { .. }),
        then: |at| {
            if let Call::WSASocket { family, kind, flags, .. } = *at.call() {
                creates(at, family, kind, flags);
            }
        },
        ..case(
            "WSASocket.creates",
            &["wsasocket.rem.not-overlapped-default", "wsasocket.inherit.default-inheritable"],
            States::ANY,
        )
    },
    Rule {
        when: |at| described(at).is_none(),
        rests_on: &["wsadup.closes-with-last"],
        ..not_modelled("WSASocket.stale-info-not-modelled", &[], States::ANY)
    },
    Rule {
        then: |at| {
            let Some(id) = described(at) else { return };
            let Some(copy) = at.socket_at(id).free_handle() else {
                at.reaches(Limit { most: MAX_HANDLES, of: "handles of one socket" });
                return;
            };
            let process = at.process_id();
            let nonblocking = at.socket_at(id).holders().any(|(_, holder)| holder.nonblocking)
                && at.chooses(crate::choice::MODE_SHARED);
            at.set_holder(id, copy, Some(Holder { nonblocking, ..Holder::new(process) }));
            at.give(Outcome { value: Value::Handle(Handle::socket(id, copy)), error: Code::NONE, out: Out::None });
        },
        asks: &[NONBLOCKING_OF_DUPLICATES],
        rests_on: &["wsadup.shared-state"],
        ..case("WSASocket.duplicates", &[], States::ANY)
    },
}

table! {
    WSADUPLICATESOCKET;
    not_initialised("WSADuplicateSocket.not-initialised"),
    in_progress("WSADuplicateSocket.in-progress"),
    not_a_socket("WSADuplicateSocket.not-a-socket"),
    case("WSADuplicateSocket.describes", &["wsadup.shared-state"], States::ANY),
}

/// No provider for the address family is installed.
const fn no_provider(name: &'static str, cites: &'static [&'static str]) -> Rule {
    Rule {
        under: &[ATM_MISSING],
        when: |at| matches!(asked(at), Some((Family::Atm, _))),
        ..check(name, cites, States::ANY, Code::WSAEAFNOSUPPORT)
    }
}

/// The family has a name there, and none of its protocols is installed.
const fn no_protocol(name: &'static str) -> Rule {
    Rule {
        under: &[ATM_PROTOCOL_MISSING],
        when: |at| matches!(asked(at), Some((Family::Atm, SockType::Raw))),
        ..check(name, &[], States::ANY, Code::WSAEPROTONOSUPPORT)
    }
}

/// Raw sockets of another family than ATM, and others of that.
fn is_mixed(at: &At<'_>) -> bool {
    asked(at).is_some_and(|(family, kind)| (family == Family::Atm) != (kind == SockType::Raw))
}

fn asked(at: &At<'_>) -> Option<(Family, SockType)> {
    match *at.call() {
        Call::Socket { family, kind } | Call::WSASocket { family, kind, .. } => Some((family, kind)),
        _ => None,
    }
}

/// The socket object that protocol information names, in whichever process it was made; `None` once it is gone.
fn described(at: &At<'_>) -> Option<SocketId> {
    let Call::WSASocketFromInfo { s } = *at.call() else { return None };
    at.named(s)
}

/// `socket` makes a socket, always with the overlapped attribute.
#[inline(always)]
fn is_created(at: &mut At<'_>) {
    if let Call::Socket { family, kind } = *at.call() {
        creates(at, family, kind, SocketFlags::OVERLAPPED);
    }
}

/// Puts a new socket into the lowest free slot of the calling thread, if it has room for one more.
#[inline(always)]
fn creates(at: &mut At<'_>, family: Family, kind: SockType, flags: SocketFlags) {
    let Some(slot) = at.free_socket() else {
        let most = at.thread().own_slots().len();
        at.reaches(Limit { most, of: "sockets of one thread at a time, and it makes one more" });
        return;
    };
    let process = at.process_id();
    at.new_socket(slot, |new| {
        new.state = if kind == SockType::Dgram { State::Datagram } else { State::Unbound };
        (new.family, new.kind, new.overlapped) = (family, kind, flags.has(SocketFlags::OVERLAPPED));
        let private = flags.has(SocketFlags::NO_HANDLE_INHERIT);
        new.first_handle = Some(Holder { private, ..Holder::new(process) });
    });
    at.give(Outcome { value: Value::Handle(Handle::socket(slot, 0)), error: Code::NONE, out: Out::None });
}
