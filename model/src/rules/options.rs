//! `ioctlsocket(FIONBIO)`, `getsockopt` and `setsockopt`.

use std::sync::Arc;

use super::common::{
    before_update, case, check, in_progress, network_down, not_a_socket, not_initialised, not_modelled,
};
use crate::call::{Call, Family, Handle, Opt, OptVal, Port, SockType};
use crate::choice::{
    CONDITIONAL_UNKNOWN, CONTEXT_SUCCEEDS, CONTEXT_WSAENOTCONN, DATAGRAM_LINGER_FAILS, DATAGRAMS_LINGER,
    GROUP_ID_RESERVED, GROUP_ID_TOLD, INHERIT_SAMPLED, LINGER_OF_DATAGRAMS, MODE_SHARED, NONBLOCKING_OF_DUPLICATES,
    REUSE_AT_BIND, REUSE_COUNTS, REUSE_EITHER, SAMPLED_AT_HANDSHAKE, SO_ERROR_KEEPS, STREAM_OPTION_FAILS, UPDATE_LOOKS,
    UPDATE_OF_NO_SOCKET, V6ONLY_LATE_FAILS,
};
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::{At, Rule, States};
use crate::world::{Direction, Holder, MAX_HANDLES, Options, SocketId, State};

/// A connect that has failed may have taken the port from its socket again.
const NOT_FAILED: States =
    States::of(&[State::Unbound, State::Bound, State::Listening, State::Connecting, State::Connected, State::Datagram]);

table! {
    IOCTLSOCKET;
    not_initialised("ioctlsocket.not-initialised"),
    in_progress("ioctlsocket.in-progress"),
    network_down("ioctlsocket.network-down"),
    not_a_socket("ioctlsocket.not-a-socket"),
    Rule {
        when: |at| matches!(*at.call(), Call::Ioctlsocket { argp: Some(0), .. }) && at.sock().selection().told.is_some(),
        rests_on: &["modes.back-to-blocking"],
        ..check(
            "ioctlsocket.events-selected",
            &["ioctl.fionbio.WSAEINVAL-with-events", "ioctl.fionbio.disable-first"],
            States::SOCKET,
            Code::WSAEINVAL,
        )
    },
    Rule {
        when: |at| matches!(*at.call(), Call::Ioctlsocket { argp: None, .. }),
        rests_on: &["wsaioctl.err.WSAEFAULT"],
        ..check("ioctlsocket.bad-pointer", &[], States::SOCKET, Code::WSAEFAULT)
    },
    before_update("ioctlsocket.before-accept-context"),
    Rule {
        then: |at| {
            let Call::Ioctlsocket { argp: Some(argp), .. } = *at.call() else { return };
            set_nonblocking(at, argp != 0);
        },
        asks: &[NONBLOCKING_OF_DUPLICATES],
        rests_on: &["accept.rem.blocking-condition"],
        ..case("ioctlsocket.sets-mode", &["ioctl.fionbio.set"], States::SOCKET)
    },
}

/// Sets the mode of the handle used, or of all handles where the profile shares it.
pub(super) fn set_nonblocking(at: &mut At<'_>, on: bool) {
    let s = at.socket_id();
    let several = at.sock().holders().count() > 1;
    let shared = several && at.chooses(MODE_SHARED);
    let copies = if shared { 0..MAX_HANDLES } else { at.copy..at.copy + 1 };
    for copy in copies {
        if let Some(holder) = at.sock().holder(copy) {
            at.set_holder(s, copy, Some(Holder { nonblocking: on, ..holder }));
        }
    }
}

table! {
    GETSOCKOPT;
    not_initialised("getsockopt.not-initialised"),
    in_progress("getsockopt.in-progress"),
    network_down("getsockopt.network-down"),
    Rule {
        rests_on: &["closesocket.rem.descriptor-reuse", "acceptex.time.ex-failure"],
        ..not_a_socket("getsockopt.not-a-socket")
    },
    Rule {
        under: &[CONDITIONAL_UNKNOWN],
        when: |at| matches!(*at.call(), Call::Getsockopt { opt: Opt::ConditionalAccept, .. }),
        ..check(
            "getsockopt.conditional-accept-unknown",
            &["getsockopt.err.WSAENOPROTOOPT"],
            States::SOCKET,
            Code::WSAENOPROTOOPT,
        )
    },
    Rule {
        under: &[GROUP_ID_RESERVED],
        when: |at| option(at) == Some(Opt::GroupId),
        ..check(
            "getsockopt.group-id-reserved",
            &["getsockopt.err.WSAENOPROTOOPT"],
            States::SOCKET,
            Code::WSAENOPROTOOPT,
        )
    },
    Rule {
        under: &[STREAM_OPTION_FAILS],
        when: is_of_streams,
        ..check("getsockopt.stream-option-of-datagrams", &["getsockopt.err.WSAENOPROTOOPT"], DATAGRAM, Code::WSAENOPROTOOPT)
    },
    Rule {
        when: |at| option(at) == Some(Opt::Linger) && !at.chooses(DATAGRAMS_LINGER),
        asks: &[LINGER_OF_DATAGRAMS],
        ..check("getsockopt.linger-of-datagrams", &["getsockopt.err.WSAENOPROTOOPT"], DATAGRAM, Code::WSAENOPROTOOPT)
    },
    Rule {
        when: |at| {
            at.sock().without_context && !matches!(*at.call(), Call::Getsockopt { opt: Opt::ConnectTime, .. })
        },
        ..before_update("getsockopt.before-accept-context")
    },
    // What these options mean to a socket without TCP, or of the other family, has nothing to do with accepting.
    Rule {
        when: foreign,
        ..not_modelled("getsockopt.foreign-option-not-modelled", &["getsockopt.err.WSAENOPROTOOPT"], States::SOCKET)
    },
    Rule {
        under: &[GROUP_ID_TOLD],
        when: |at| option(at) == Some(Opt::GroupId),
        then: |at| match at.sock().extra().group {
            Some(group) => at.give(Outcome::number(0).with(Out::Group(Handle::socket(group.founder, 0)))),
            None => value(at, 0),
        },
        rests_on: &["wsaaccept.group.id-query", "wsaaccept.group.lifetime"],
        ..case("getsockopt.group-id", &[], States::SOCKET)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::Getsockopt { opt: Opt::AcceptConn, .. }),
        then: |at| value(at, u32::from(at.state() == State::Listening)),
        rests_on: &["accept.rem.accepted-not-listener"],
        ..case(
            "getsockopt.accepting",
            &["getsockopt.acceptconn.listening", "getsockopt.acceptconn.accepted-socket"],
            States::SOCKET,
        )
    },
    Rule {
        under: &[SO_ERROR_KEEPS],
        when: |at| matches!(*at.call(), Call::Getsockopt { opt: Opt::Error, .. }),
        then: |at| {
            let error = at.sock().error;
            value(at, u32::from(error.0));
        },
        ..case("getsockopt.error-stays", &["getsockopt.so-error.resets"], States::SOCKET)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::Getsockopt { opt: Opt::Error, .. }),
        then: |at| {
            let error = at.sock().error;
            at.sock_mut().error = Code::NONE;
            value(at, u32::from(error.0));
        },
        ..case("getsockopt.error", &["getsockopt.so-error.resets"], States::SOCKET)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::Getsockopt { opt: Opt::ConnectTime, .. }),
        // A world has no clock: connections are as old as zero seconds.
        then: |at| value(at, if at.state() == State::Connected { 0 } else { u32::MAX }),
        rests_on: &[
            "acceptex.time.getsockopt",
            "acceptex.time.duration",
            "acceptex.time.seconds",
            "acceptex.time.not-connected",
            "acceptex.time.detects-silent",
            "acceptex.time.ex",
        ],
        ..case(
            "getsockopt.connect-time",
            &["getsockopt.connect-time.seconds", "getsockopt.connect-time.not-connected"],
            States::SOCKET,
        )
    },
    Rule {
        then: |at| {
            let Call::Getsockopt { opt, .. } = *at.call() else { return };
            if let Some(read) = get(at, opt) {
                at.give(Outcome::number(0).with(Out::Option(read)));
            }
        },
        rests_on: &["accept.rem.inherit.properties", "condaccept.default-off"],
        ..case("getsockopt.reads", &["getsockopt.conditional-accept.state"], States::SOCKET)
    },
}

table! {
    SETSOCKOPT;
    not_initialised("setsockopt.not-initialised"),
    in_progress("setsockopt.in-progress"),
    network_down("setsockopt.network-down"),
    Rule {
        when: |at| !updates(at) || at.chooses(UPDATE_LOOKS),
        asks: &[UPDATE_OF_NO_SOCKET],
        ..not_a_socket("setsockopt.not-a-socket")
    },
    Rule {
        under: &[CONDITIONAL_UNKNOWN],
        when: |at| matches!(*at.call(), Call::Setsockopt { opt: Opt::ConditionalAccept, .. }),
        rests_on: &["getsockopt.err.WSAENOPROTOOPT"],
        ..check("setsockopt.conditional-accept-unknown", &[], States::ANY, Code::WSAENOPROTOOPT)
    },
    Rule {
        when: |at| {
            matches!(*at.call(), Call::Setsockopt { opt: Opt::AcceptConn | Opt::Error | Opt::Type | Opt::ConnectTime | Opt::GroupId, .. })
        },
        rests_on: &["solsocket.acceptconn.get-only", "solsocket.connect-time.get-only"],
        ..check("setsockopt.get-only", &["setsockopt.acceptconn.read-only"], States::SOCKET, Code::WSAENOPROTOOPT)
    },
    Rule {
        under: &[STREAM_OPTION_FAILS],
        when: is_of_streams,
        rests_on: &["getsockopt.err.WSAENOPROTOOPT"],
        ..check("setsockopt.stream-option-of-datagrams", &[], DATAGRAM, Code::WSAENOPROTOOPT)
    },
    Rule {
        under: &[DATAGRAM_LINGER_FAILS],
        when: |at| option(at) == Some(Opt::Linger),
        rests_on: &["getsockopt.err.WSAENOPROTOOPT"],
        ..check("setsockopt.linger-of-datagrams", &[], DATAGRAM, Code::WSAENOPROTOOPT)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::Setsockopt { opt: Opt::ConditionalAccept, .. }),
        rests_on: &["condaccept.err.WSAEINVAL.listening"],
        ..check("setsockopt.conditional-accept-listening", &[], States::of(&[State::Listening]), Code::WSAEINVAL)
    },
    Rule {
        under: &[REUSE_EITHER],
        when: sets_the_other,
        rests_on: &["bind.rem.reuse-options-first"],
        ..check("setsockopt.exclusive-with-reuse", &[], States::SOCKET, Code::WSAEINVAL)
    },
    Rule {
        under: &[V6ONLY_LATE_FAILS],
        when: |at| {
            let v6only = matches!(*at.call(), Call::Setsockopt { opt: Opt::V6Only, .. });
            v6only && at.sock().family == Family::Inet6 && at.sock().local.port != Port::Unset
        },
        rests_on: &["dualstack.v6only-before-bind"],
        ..check("setsockopt.v6only-after-bind", &[], NOT_FAILED, Code::WSAEINVAL)
    },
    Rule {
        when: updates,
        under: &[CONTEXT_WSAENOTCONN],
        rests_on: &["getpeername.err.WSAENOTCONN"],
        ..check(
            "setsockopt.update-not-connected",
            &["setsockopt.update-accept.updates"],
            NOT_CONNECTED,
            Code::WSAENOTCONN,
        )
    },
    Rule {
        when: updates,
        rests_on: &["closesocket.rem.descriptor-reuse"],
        ..case("setsockopt.update-of-no-socket", &["setsockopt.update-accept.updates"], States::of(&[State::NotASocket]))
    },
    Rule {
        when: updates,
        under: &[CONTEXT_SUCCEEDS],
        ..case("setsockopt.update-not-connected-succeeds", &["setsockopt.update-accept.updates"], NOT_CONNECTED)
    },
    // The value is not held against the listener that the connection came from; a number that names no socket nobody has tried.
    Rule {
        when: |at| updates(at) && given_listener(at).is_none(),
        ..not_modelled("setsockopt.update-no-socket-not-modelled", &["setsockopt.err.WSAEINVAL"], CONNECTED)
    },
    Rule {
        when: updates,
        then: |at| {
            at.sock_mut().without_context = false;
            if let Some(listener) = given_listener(at) {
                let options = *at.socket_at(listener).options();
                at.set_options(at.socket_id(), options, Some(listener));
            }
        },
        rests_on: &[
            "acceptex.update.how",
            "acceptex.update.level-and-size",
            "acceptex.inherit.none-until-update",
            "acceptex.allowed.setsockopt",
            "solsocket.update-accept.when-needed",
        ],
        ..case("setsockopt.updates-accept-context", &["setsockopt.update-accept.updates"], CONNECTED)
    },
    Rule {
        when: updates_connect,
        rests_on: &["solsocket.update-connect.updates"],
        ..not_modelled("setsockopt.update-connect-not-connected-not-modelled", &[], NOT_CONNECTED)
    },
    Rule {
        when: updates_connect,
        then: |at| {
            if at.sends(at.socket_id()) == Direction::Up {
                at.sock_mut().without_context = false;
            }
        },
        rests_on: &["solsocket.update-connect.updates", "connectex.default-state"],
        ..case("setsockopt.updates-connect-context", &[], CONNECTED)
    },
    before_update("setsockopt.before-accept-context"),
    // What these options mean to a socket without TCP, or of the other family, has nothing to do with accepting.
    Rule {
        when: foreign,
        rests_on: &["getsockopt.err.WSAENOPROTOOPT"],
        ..not_modelled("setsockopt.foreign-option-not-modelled", &[], States::SOCKET)
    },
    Rule {
        then: |at| {
            let Call::Setsockopt { opt, value, .. } = *at.call() else { return };
            let Some(s) = at.socket() else { return };
            let before = *at.sock().options();
            let mut options = before;
            set(&mut options, opt, value);
            let both = (before.reuseaddr, before.exclusiveaddruse);
            let changes = options.when_bound.is_none() && (options.reuseaddr, options.exclusiveaddruse) != both;
            if changes && at.sock().local.port != Port::Unset && at.chooses(REUSE_AT_BIND) {
                options.when_bound = Some(both);
            }
            at.set_options(s, options, None);
            if options != before && at.may(SAMPLED_AT_HANDSHAKE) {
                keep_for_the_queued(at, before);
            }
        },
        asks: &[INHERIT_SAMPLED, REUSE_COUNTS],
        rests_on: &[
            "accept.rem.inherit.properties",
            "closesocket.rem.linger-zero-reset",
            "condaccept.value",
            "bind.rem.reuse-options-first",
        ],
        ..case("setsockopt.sets", &[], States::SOCKET)
    },
}

const CONNECTED: States = States::of(&[State::Connected]);
const NOT_CONNECTED: States =
    States::of(&[State::Unbound, State::Bound, State::Listening, State::Connecting, State::Failed, State::Datagram]);

const DATAGRAM: States = States::of(&[State::Datagram]);

/// Is the option `SO_UPDATE_ACCEPT_CONTEXT`?
fn updates(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::UpdateAcceptContext { .. })
}

/// Is the option `SO_UPDATE_CONNECT_CONTEXT`?
fn updates_connect(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::UpdateConnectContext { .. })
}

fn given_listener(at: &At<'_>) -> Option<SocketId> {
    match *at.call() {
        Call::UpdateAcceptContext { listener, .. } => at.resolve_socket(listener),
        _ => None,
    }
}

/// The connections that are queued may get the properties of the moment when they came: these were they. Which it is, is chosen
/// when one is accepted; to remember it only now, where it begins to matter, keeps worlds equal that nobody could tell apart.
fn keep_for_the_queued(at: &mut At<'_>, before: Options) {
    let before = Arc::new(before);
    for place in 0..at.sock().accept_queue().len() {
        if let Some(conn) = at.sock().accept_queue().get(place) {
            at.conn_mut(conn).sampled.get_or_insert_with(|| Arc::clone(&before));
        }
    }
}

/// The option that is read or set.
fn option(at: &At<'_>) -> Option<Opt> {
    match *at.call() {
        Call::Getsockopt { opt, .. } | Call::Setsockopt { opt, .. } => Some(opt),
        _ => None,
    }
}

/// An option that says something of connections alone: whether one can be accepted, is kept alive, has urgent data in its stream.
fn is_of_streams(at: &At<'_>) -> bool {
    matches!(option(at), Some(Opt::AcceptConn | Opt::KeepAlive | Opt::OobInline))
}

/// An option of TCP or of IPv6 on a socket without it.
fn foreign(at: &At<'_>) -> bool {
    match option(at) {
        Some(Opt::NoDelay) => at.sock().kind != SockType::Stream,
        Some(Opt::V6Only) => at.sock().family != Family::Inet6,
        _ => false,
    }
}

/// Would the socket be exclusive and share its address, too?
fn sets_the_other(at: &At<'_>) -> bool {
    let options = at.sock().options();
    match *at.call() {
        Call::Setsockopt { opt: Opt::ReuseAddr, value: OptVal::Number(1..), .. } => options.exclusiveaddruse,
        Call::Setsockopt { opt: Opt::ExclusiveAddrUse, value: OptVal::Number(1..), .. } => options.reuseaddr,
        _ => false,
    }
}

fn value(at: &mut At<'_>, number: u32) {
    at.give(Outcome::number(0).with(Out::Option(OptVal::Number(number))));
}

fn get(at: &At<'_>, opt: Opt) -> Option<OptVal> {
    let o = at.sock().options();
    let number = match opt {
        Opt::ReuseAddr => o.reuseaddr.into(),
        Opt::ExclusiveAddrUse => o.exclusiveaddruse.into(),
        Opt::KeepAlive => o.keepalive.into(),
        Opt::OobInline => o.oobinline.into(),
        Opt::NoDelay => o.nodelay.into(),
        Opt::V6Only => o.v6only.into(),
        Opt::ConditionalAccept => o.conditional_accept.into(),
        Opt::SndBuf => o.sndbuf,
        Opt::RcvBuf => o.rcvbuf,
        Opt::SndTimeo => o.sndtimeo,
        Opt::RcvTimeo => o.rcvtimeo,
        Opt::Type => match at.sock().kind {
            SockType::Stream => 1,
            SockType::Dgram => 2,
            SockType::Raw => 3,
        },
        Opt::Linger => return Some(OptVal::Linger(o.linger.0, o.linger.1)),
        Opt::AcceptConn | Opt::Error | Opt::ConnectTime | Opt::GroupId => return None,
    };
    Some(OptVal::Number(number))
}

fn set(o: &mut Options, opt: Opt, value: OptVal) {
    match (opt, value) {
        (Opt::Linger, OptVal::Linger(on, seconds)) => o.linger = (on, seconds),
        (Opt::ReuseAddr, OptVal::Number(n)) => o.reuseaddr = n != 0,
        (Opt::ExclusiveAddrUse, OptVal::Number(n)) => o.exclusiveaddruse = n != 0,
        (Opt::KeepAlive, OptVal::Number(n)) => o.keepalive = n != 0,
        (Opt::OobInline, OptVal::Number(n)) => o.oobinline = n != 0,
        (Opt::NoDelay, OptVal::Number(n)) => o.nodelay = n != 0,
        (Opt::V6Only, OptVal::Number(n)) => o.v6only = n != 0,
        (Opt::ConditionalAccept, OptVal::Number(n)) => o.conditional_accept = n != 0,
        (Opt::SndBuf, OptVal::Number(n)) => o.sndbuf = n,
        (Opt::RcvBuf, OptVal::Number(n)) => o.rcvbuf = n,
        (Opt::SndTimeo, OptVal::Number(n)) => o.sndtimeo = n,
        (Opt::RcvTimeo, OptVal::Number(n)) => o.rcvtimeo = n,
        // The parser lets only SO_LINGER take a pair; the get-only options never come here.
        _ => {}
    }
}
