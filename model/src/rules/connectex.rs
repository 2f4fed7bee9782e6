//! `ConnectEx`, as far as it refuses sockets: those that have accepted a connection before, among others.

use super::common::{check, not_a_socket, not_modelled};
use super::request::over_of;
use crate::code::Code;
use crate::rule::{Rule, States};
use crate::world::State;

table! {
    CONNECTEX;
    Rule {
        when: |at| over_of(at).is_none(),
        ..check("ConnectEx.no-overlapped", &["connectex.ov.required"], States::ANY, Code::WSA_INVALID_PARAMETER)
    },
    not_a_socket("ConnectEx.not-a-socket"),
    // One that was recycled from a connection that it had accepted is not bound any more.
    Rule {
        rests_on: &["acceptex.reuse.connectex-forbidden", "transmitfile.reuse.mutually-exclusive"],
        ..check(
            "ConnectEx.not-bound",
            &["connectex.err.WSAEINVAL", "connectex.s.bound", "connectex.reuse.accepted-not-connectex"],
            States::of(&[State::Unbound, State::Listening]),
            Code::WSAEINVAL,
        )
    },
    check("ConnectEx.connected", &["connectex.err.WSAEISCONN"], States::of(&[State::Connected]), Code::WSAEISCONN),
    // How a connection is opened so has nothing to do with accepting it.
    not_modelled(
        "ConnectEx.connects-not-modelled",
        &["connectex.s.bound"],
        States::of(&[State::Bound, State::Connecting, State::Failed, State::Datagram]),
    ),
}
