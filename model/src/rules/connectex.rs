//! `ConnectEx`: a connection that a request opens, as the page of ConnectEx tells it.

use super::bind::address_of;
use super::common::{case, check, not_a_socket, not_modelled};
use super::connect::{is_own_address, named, sends_syn};
use super::request::{completes, is_in_use, over_of, posts};
use super::transfer::puts;
use crate::call::{Call, Ip, Name};
use crate::choice::{CONNECTEX_FAILED_STATUS, CONNECTEX_PENDING, CONNECTING_ALREADY, GETSOCKNAME_WILDCARD};
use crate::code::Code;
use crate::operation::{Overlapped, Wants};
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::{At, Gives, Rule, States, by};
use crate::status::Status;
use crate::world::{ConnId, State};

const CONNECTS: States = States::of(&[State::Bound, State::Failed]);

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
            States::of(&[State::Unbound]),
            Code::WSAEINVAL,
        )
    },
    Rule {
        then: |at| {
            if let Some(over) = over_of(at).filter(|_| at.chooses(CONNECTEX_PENDING)) {
                let overlapped = *at.over_at(over);
                at.over_put(over, Overlapped { status: Status::PENDING, ..overlapped });
            }
        },
        asks: &[CONNECTEX_FAILED_STATUS],
        ..check(
            "ConnectEx.listening",
            &["connectex.err.WSAEINVAL"],
            States::of(&[State::Listening]),
            Code::WSAEINVAL,
        )
    },
    check("ConnectEx.connected", &["connectex.err.WSAEISCONN"], States::of(&[State::Connected]), Code::WSAEISCONN),
    Rule {
        gives: by(CONNECTING_ALREADY, &[Fails(Code::WSAEALREADY), Fails(Code::WSAEINVAL)]),
        ..check(
            "ConnectEx.connecting",
            &["connectex.err.WSAEALREADY"],
            States::of(&[State::Connecting]),
            Code::WSAEALREADY,
        )
    },
    Rule {
        when: |at| over_of(at).is_some_and(|over| is_in_use(at, over)) || !at.sock().overlapped,
        ..not_modelled("ConnectEx.overlapped-not-modelled", &["connectex.ov.required"], CONNECTS)
    },
    // As for connect: what has nothing to do with accepting, or is not known of the stacks that were seen.
    Rule {
        when: |at| !is_plain(at),
        rests_on: &["sockaddr.family-first", "dualstack.accept-mapped"],
        ..not_modelled("ConnectEx.name-not-modelled", &[], CONNECTS)
    },
    not_modelled("ConnectEx.datagram-not-modelled", &["connectex.s.bound"], States::of(&[State::Datagram])),
    Rule {
        to: Some(State::Connecting),
        gives: Is(Gives::Pends),
        then: |at| {
            let Some(to) = named(at) else { return };
            at.sock_mut().recycled = false;
            sends_syn(at, to);
            posts(at, Wants::Established, None);
            super::request::tells_no_count(at);
        },
        asks: &[GETSOCKNAME_WILDCARD],
        rests_on: &["wsagor.rem.event-reset-on-pend", "disconnectex.reuse.both"],
        ..case(
            "ConnectEx.sends-syn",
            &["connectex.pending", "connectex.s.bound", "connectex.reuse.still-bound", "connectex.err.again"],
            CONNECTS,
        )
    },
}

table! {
    /// What the request finds when there is an answer.
    ANSWER;
    Rule {
        when: |at| at.sock().error == Code::WSAECONNREFUSED,
        gives: Is(Gives::Silent),
        then: |at| completes(at, Status::CONNECTION_REFUSED, 0, None),
        ..case(
            "ConnectEx.refused",
            &["connectex.err.WSAECONNREFUSED", "connectex.may-still-fail"],
            States::of(&[State::Failed]),
        )
    },
    Rule {
        when: |at| at.sock().error != Code::WSAECONNREFUSED,
        gives: Is(Gives::Silent),
        then: |at| completes(at, Status::IO_TIMEOUT, 0, None),
        ..case(
            "ConnectEx.timed-out",
            &["connectex.err.WSAETIMEDOUT", "connectex.may-still-fail"],
            States::of(&[State::Failed]),
        )
    },
    Rule {
        gives: Is(Gives::Silent),
        then: |at| {
            at.sock_mut().without_context = true;
            let sent = match *at.call() {
                Call::ConnectEx { sent, .. } if !sent.as_slice().is_empty() => puts(at),
                _ => 0,
            };
            completes(at, Status::SUCCESS, usize::try_from(sent).unwrap_or_default(), None);
        },
        rests_on: &["completion.event", "iocp.fifo-queue"],
        ..case(
            "ConnectEx.connects",
            &["connectex.sends-data", "connectex.count", "connectex.default-state"],
            States::of(&[State::Connected]),
        )
    },
    Rule {
        gives: Is(Gives::Silent),
        ..case("ConnectEx.waits", &["connectex.pending"], States::of(&[State::Connecting]))
    },
}

/// Is it a name that a connection can be opened to, as the model knows them?
fn is_plain(at: &At<'_>) -> bool {
    let Some(to) = named(at) else { return false };
    let is_there = match *at.call() {
        Call::ConnectEx { name: Name::Of(handle), .. } => address_of(at, handle).is_some(),
        _ => true,
    };
    is_there && to.ip != Ip::Mapped && !is_own_address(at, to) && !at.is_decided(ConnId(at.socket_id().0))
}
