//! `DisconnectEx`.

use super::common::{before_update, case, check, not_a_socket, not_modelled};
use super::recycle::{
    TF_REUSE_SOCKET, disconnecting_pends, disconnects, disconnects_at_once, flags, is_posted, is_ready, is_used,
    recycles_at_once, recycling_pends, was_accepted,
};
use super::request::{is_in_use, over_of};
use crate::call::Call;
use crate::choice::{
    AGAIN_NOT_CONNECTED, DATAGRAM_NOT_CONNECTED, DISCONNECT_PENDS, DISCONNECT_SUCCEEDS, RESET_NOT_CONNECTED,
    REUSE_GIVES_BACK,
};
use crate::code::Code;
use crate::outcome::Outcome;
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States, Table};
use crate::world::{State, Tcb};

const CONNECTED: States = States::of(&[State::Connected]);
const DATAGRAM: States = States::of(&[State::Datagram]);
const UNCONNECTED: States =
    States::of(&[State::Unbound, State::Bound, State::Listening, State::Connecting, State::Failed]);
pub(super) const NOT_CONNECTED: States =
    States::of(&[State::Unbound, State::Bound, State::Listening, State::Connecting, State::Failed, State::Datagram]);

table! {
    DISCONNECTEX;
    not_a_socket("DisconnectEx.not-a-socket"),
    Rule {
        under: &[REUSE_GIVES_BACK],
        when: |at| matches!(*at.call(), Call::DisconnectEx { reserved: 1.., .. }),
        ..check("DisconnectEx.reserved", &["disconnectex.err.WSAEINVAL.reserved"], States::SOCKET, Code::WSAEINVAL)
    },
    Rule {
        under: &[REUSE_GIVES_BACK],
        when: |at| flags(at) & !TF_REUSE_SOCKET != 0,
        ..check("DisconnectEx.other-flags", &["disconnectex.err.WSAEINVAL.flags"], States::SOCKET, Code::WSAEINVAL)
    },
    check("DisconnectEx.not-connected", &["disconnectex.err.WSAENOTCONN"], UNCONNECTED, Code::WSAENOTCONN),
    Rule {
        under: &[DATAGRAM_NOT_CONNECTED],
        ..check("DisconnectEx.datagram", &["disconnectex.err.WSAENOTCONN"], DATAGRAM, Code::WSAENOTCONN)
    },
    Rule {
        then: |at| at.give(Outcome::number(1)),
        ..case("DisconnectEx.datagram-succeeds", &["disconnectex.ret.true"], DATAGRAM)
    },
    Rule {
        under: &[AGAIN_NOT_CONNECTED],
        when: |at| at.sock().send_shut && !reuses(at),
        ..check("DisconnectEx.closing-already", &["disconnectex.err.WSAENOTCONN"], CONNECTED, Code::WSAENOTCONN)
    },
    Rule {
        under: &[RESET_NOT_CONNECTED],
        when: |at| at.own().tcb == Tcb::Reset,
        ..check("DisconnectEx.reset", &["disconnectex.err.WSAENOTCONN"], CONNECTED, Code::WSAENOTCONN)
    },
    before_update("DisconnectEx.before-accept-context"),
    Rule {
        when: |at| is_posted(at) && !at.sock().overlapped,
        ..not_modelled("DisconnectEx.nonoverlapped-not-modelled", &["disconnectex.param.overlapped"], CONNECTED)
    },
    Rule {
        when: |at| over_of(at).is_some_and(|over| is_in_use(at, over)),
        rests_on: &["acceptex.ov.used"],
        ..not_modelled("DisconnectEx.overlapped-in-use-not-modelled", &[], CONNECTED)
    },
    // What becomes of a receive that waits there no page says.
    Rule {
        under: &[REUSE_GIVES_BACK],
        when: |at| reuses(at) && is_used(at),
        ..not_modelled("DisconnectEx.socket-in-use-not-modelled", &["disconnectex.reuse.both"], CONNECTED)
    },
    Rule {
        to: Some(State::Unbound),
        under: &[REUSE_GIVES_BACK, DISCONNECT_SUCCEEDS],
        when: |at| is_ready(at) && reuses(at) && was_accepted(at),
        then: recycles_at_once,
        ..case("DisconnectEx.frees-accepted-socket", &["disconnectex.reuse.both", "disconnectex.ret.true"], CONNECTED)
    },
    Rule {
        to: Some(State::Bound),
        under: &[REUSE_GIVES_BACK, DISCONNECT_SUCCEEDS],
        when: |at| is_ready(at) && reuses(at),
        then: recycles_at_once,
        rests_on: &["connectex.reuse.still-bound"],
        ..case("DisconnectEx.frees-connected-socket", &["disconnectex.reuse.both", "disconnectex.ret.true"], CONNECTED)
    },
    Rule {
        under: &[REUSE_GIVES_BACK],
        when: |at| is_posted(at) && reuses(at),
        gives: Is(Gives::Pends),
        then: recycling_pends,
        rests_on: &["wsagor.rem.event-reset-on-pend"],
        ..case("DisconnectEx.recycling-pends", &["disconnectex.reuse.both", "disconnectex.pending"], CONNECTED)
    },
    Rule {
        under: &[REUSE_GIVES_BACK],
        when: reuses,
        gives: Is(Gives::Continues(Table::Recycle)),
        then: disconnects,
        ..case("DisconnectEx.recycles", &["disconnectex.reuse.both"], CONNECTED)
    },
    Rule {
        under: &[DISCONNECT_PENDS],
        when: is_posted,
        gives: Is(Gives::Pends),
        then: disconnecting_pends,
        ..case("DisconnectEx.pends", &["disconnectex.pending", "disconnectex.completion-signal"], CONNECTED)
    },
    Rule {
        then: disconnects_at_once,
        ..case("DisconnectEx.disconnects", &["disconnectex.ret.true"], CONNECTED)
    },
}

/// Is the socket to be used again?
fn reuses(at: &At<'_>) -> bool {
    flags(at) & TF_REUSE_SOCKET != 0
}
