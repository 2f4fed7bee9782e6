//! `listen`.

use super::bind::is_listened_at;
use super::common::{case, check, in_callback, in_progress, network_down, not_a_socket, not_initialised, not_modelled};
use crate::call::{Backlog, Call, NetworkEvents, Port};
use crate::choice::{
    BACKLOG_HINT, BACKLOG_ZERO, HINT_CLAMPS, LISTEN_CONNECTED_CODE, LISTEN_REFUSED_WSAEINVAL, RELISTEN_DROPS,
    RELISTEN_KEEPS, RELISTEN_UPDATES, SECOND_WSAEADDRINUSE, ZERO_AS_ONE,
};
use crate::code::Code;
use crate::rule::Gives::Fails;
use crate::rule::{At, Rule, States, by};
use crate::world::State;

const LISTENING: States = States::of(&[State::Listening]);

const CONNECTED: &[&str] = &["listen.err.WSAEISCONN", "listen.s.bound-unconnected"];

/// What `SOMAXCONN` stands for here. The documents promise only "a maximum reasonable value".
const MOST: u16 = 65535;

table! {
    LISTEN;
    Rule { cites: &["listen.err.WSANOTINITIALISED"], ..not_initialised("listen.not-initialised") },
    Rule { cites: &["listen.err.WSAEINPROGRESS"], ..in_progress("listen.in-progress") },
    Rule {
        cites: &["listen.err.WSAEINPROGRESS"],
        rests_on: &["wsplisten.err.WSAEINPROGRESS"],
        ..in_callback("listen.in-callback")
    },
    Rule { cites: &["listen.err.WSAENETDOWN"], rests_on: &[], ..network_down("listen.network-down") },
    Rule { cites: &["listen.err.WSAENOTSOCK"], rests_on: &[], ..not_a_socket("listen.not-a-socket") },
    check("listen.datagram", &["listen.err.WSAEOPNOTSUPP"], States::of(&[State::Datagram]), Code::WSAEOPNOTSUPP),
    Rule {
        when: |at| at.sock().local.port == Port::Unset,
        rests_on: &["bind.rem.required-before-listen"],
        ..check(
            "listen.unbound",
            &["listen.err.WSAEINVAL.unbound", "listen.s.bound-unconnected"],
            States::of(&[State::Unbound, State::Datagram]),
            Code::WSAEINVAL,
        )
    },
    Rule {
        gives: by(LISTEN_CONNECTED_CODE, &[Fails(Code::WSAEISCONN), Fails(Code::WSAEINVAL)]),
        ..check("listen.connected", CONNECTED, States::of(&[State::Connected, State::Connecting]), Code::WSAEISCONN)
    },
    Rule {
        under: &[LISTEN_REFUSED_WSAEINVAL],
        ..check(
            "listen.refused-as-WSAEINVAL",
            &["listen.s.bound-unconnected"],
            States::of(&[State::Failed]),
            Code::WSAEINVAL,
        )
    },
    Rule {
        when: |at| at.process().faults.no_buffers,
        rests_on: &["accept.ex.listen-backlog-1", "wsaaccept.ex.listen-backlog-1"],
        ..check("listen.no-buffers", &["listen.err.WSAENOBUFS"], States::SOCKET, Code::WSAENOBUFS)
    },
    Rule {
        under: &[SECOND_WSAEADDRINUSE],
        when: |at| is_listened_at(at, at.sock().local),
        ..check(
            "listen.beside-listener",
            &["listen.err.WSAEADDRINUSE"],
            States::of(&[State::Bound]),
            Code::WSAEADDRINUSE,
        )
    },
    Rule {
        under: &[RELISTEN_KEEPS],
        rests_on: &["tutorial.loop.listen-checks"],
        ..case(
            "listen.again-keeps-backlog",
            &["listen.rem.relisten-no-change", "listen.rem.relisten-zero-not-reset"],
            LISTENING,
        )
    },
    Rule {
        under: &[RELISTEN_UPDATES],
        then: sets_backlog,
        asks: &[BACKLOG_ZERO, BACKLOG_HINT],
        rests_on: &["wsplisten.rem.relisten-updates"],
        ..case("listen.again-updates-backlog", &[], LISTENING)
    },
    Rule {
        under: &[RELISTEN_DROPS],
        then: |at| {
            sets_backlog(at);
            while at.sock().accept_queue().len() > at.sock().backlog() {
                let Some(last) = at.own_extra_mut().accept_queue.pop_last() else { break };
                at.drops(last, true);
            }
        },
        asks: &[BACKLOG_ZERO, BACKLOG_HINT],
        rests_on: &["wsplisten.rem.relisten-updates", "wsplisten.rem.relisten-drops-excess"],
        ..case("listen.again-drops-excess", &[], LISTENING)
    },
    // The pages name the functions that it may be passed to, and this is none of them.
    Rule {
        when: |at| at.sock().recycled,
        rests_on: &["disconnectex.reuse.both", "transmitfile.reuse.mutually-exclusive"],
        ..not_modelled("listen.recycled-not-modelled", &[], States::of(&[State::Bound]))
    },
    Rule {
        to: Some(State::Listening),
        then: |at| {
            let s = at.socket_id();
            at.set_state(s, State::Listening);
            sets_backlog(at);
            at.occurs(s, NetworkEvents::ACCEPT);
        },
        asks: &[BACKLOG_ZERO, BACKLOG_HINT],
        rests_on: &[
            "accept.ex.listen-backlog-1",
            "tutorial.loop.listen-checks",
            "protobasics.backlog-limit-silent",
            "acceptex.ex.listen-100",
            "wsaaccept.ex.listen-backlog-1",
        ],
        ..case(
            "listen.starts",
            &[
                "listen.ret.zero",
                "listen.rem.sequence",
                "listen.rem.passive-mode",
                "listen.s.bound-unconnected",
                "listen.backlog.max-pending",
                "listen.backlog.somaxconn",
                "listen.compat.illegal-nearest",
                "listen.backlog.somaxconn-hint",
                "listen.compat.silently-limited",
            ],
            States::of(&[State::Bound, State::Failed]),
        )
    },
}

/// The number of pending connections asked for, as this profile reads the argument.
fn sets_backlog(at: &mut At<'_>) {
    let Call::Listen { backlog, .. } = *at.call() else { return };
    let number = match backlog {
        Backlog::Somaxconn => i32::MAX,
        // The macro is its argument with the other sign: what listen gets tells nobody how it was written.
        Backlog::Hint(n) => n.wrapping_neg(),
        Backlog::Number(n) => n,
    };
    let most = u32::from(MOST);
    let bound = match number {
        1.. => number.unsigned_abs().min(most) as u16,
        ..=-1 if at.chooses(HINT_CLAMPS) => number.unsigned_abs().clamp(200, most) as u16,
        _ => u16::from(at.chooses(ZERO_AS_ONE)),
    };
    at.own_extra_mut().backlog = bound;
}
