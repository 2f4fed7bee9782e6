//! `TransmitFile`, as far as it is called without a file and without buffers: for what its flags say.

use super::common::{case, check, not_a_socket, not_modelled};
use super::disconnectex::NOT_CONNECTED;
use super::recycle::{
    TF_DISCONNECT, TF_REUSE_SOCKET, disconnecting_pends, disconnects, disconnects_at_once, flags, is_posted, is_ready,
    is_used, recycles_at_once, recycling_pends, was_accepted,
};
use super::request::{is_in_use, over_of, posts};
use crate::choice::{DISCONNECT_PENDS, DISCONNECT_SUCCEEDS, FLAGS_OBEYED, TRANSMIT_AFTER_RESET};
use crate::code::Code;
use crate::operation::Wants;
use crate::outcome::Outcome;
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States, Table, by};
use crate::status::Status;
use crate::world::{State, Tcb};

/// The request is to be over at once, whatever the other side has.
const TF_WRITE_BEHIND: u8 = 4;
/// Flags that say which thread does the work.
const TF_WORKERS: u8 = 0x30;

const CONNECTED: States = States::of(&[State::Connected]);

table! {
    TRANSMITFILE;
    Rule { cites: &["transmitfile.err.WSAENOTSOCK"], rests_on: &[], ..not_a_socket("TransmitFile.not-a-socket") },
    Rule {
        under: &[FLAGS_OBEYED],
        when: |at| flags(at) & (TF_REUSE_SOCKET | TF_DISCONNECT) == TF_REUSE_SOCKET,
        ..check(
            "TransmitFile.reuse-alone",
            &["transmitfile.err.WSAEINVAL.reuse-alone", "transmitfile.reuse.needs-disconnect"],
            States::SOCKET,
            Code::WSAEINVAL,
        )
    },
    check(
        "TransmitFile.datagram",
        &["transmitfile.err.WSAEINVAL.datagram"],
        States::of(&[State::Datagram]),
        Code::WSAEINVAL,
    ),
    check("TransmitFile.not-connected", &["transmitfile.err.WSAENOTCONN"], NOT_CONNECTED, Code::WSAENOTCONN),
    Rule {
        when: |at| at.sock().send_shut,
        ..check("TransmitFile.shut", &["transmitfile.err.WSAESHUTDOWN"], CONNECTED, Code::WSAESHUTDOWN)
    },
    Rule {
        gives: by(TRANSMIT_AFTER_RESET, &[Gives::Fails(Code::WSAECONNRESET), Gives::Fails(Code::WSAENOTCONN)]),
        when: |at| at.own().tcb == Tcb::Reset,
        ..check("TransmitFile.reset", &["transmitfile.err.WSAECONNRESET"], CONNECTED, Code::WSAECONNRESET)
    },
    Rule {
        under: &[FLAGS_OBEYED],
        when: |at| flags(at) & TF_WRITE_BEHIND != 0 && flags(at) & (TF_REUSE_SOCKET | TF_DISCONNECT) != 0,
        gives: Is(Gives::Undefined),
        ..case("TransmitFile.write-behind", &["transmitfile.no-write-behind"], CONNECTED)
    },
    Rule {
        under: &[FLAGS_OBEYED],
        when: |at| flags(at) & !(TF_REUSE_SOCKET | TF_DISCONNECT | TF_WRITE_BEHIND | TF_WORKERS) != 0,
        ..not_modelled("TransmitFile.other-flags-not-modelled", &["transmitfile.null-file"], CONNECTED)
    },
    Rule {
        when: |at| is_posted(at) && !at.sock().overlapped,
        ..not_modelled("TransmitFile.nonoverlapped-not-modelled", &["transmitfile.pending"], CONNECTED)
    },
    Rule {
        when: |at| over_of(at).is_some_and(|over| is_in_use(at, over)),
        rests_on: &["acceptex.ov.used"],
        ..not_modelled("TransmitFile.overlapped-in-use-not-modelled", &[], CONNECTED)
    },
    // What becomes of a receive that waits there no page says.
    Rule {
        under: &[FLAGS_OBEYED],
        when: |at| reuses(at) && is_used(at),
        ..not_modelled("TransmitFile.socket-in-use-not-modelled", &["transmitfile.reuse.mutually-exclusive"], CONNECTED)
    },
    Rule {
        to: Some(State::Unbound),
        under: &[FLAGS_OBEYED, DISCONNECT_SUCCEEDS],
        when: |at| is_ready(at) && reuses(at) && was_accepted(at),
        then: recycles_at_once,
        rests_on: &["acceptex.reuse.transmitfile-state", "acceptex.allowed.TransmitFile"],
        ..case("TransmitFile.frees-accepted-socket", &["transmitfile.reuse.completes-when"], CONNECTED)
    },
    Rule {
        to: Some(State::Bound),
        under: &[FLAGS_OBEYED, DISCONNECT_SUCCEEDS],
        when: |at| is_ready(at) && reuses(at),
        then: recycles_at_once,
        rests_on: &["connectex.reuse.still-bound"],
        ..case("TransmitFile.frees-connected-socket", &["transmitfile.reuse.completes-when"], CONNECTED)
    },
    Rule {
        under: &[FLAGS_OBEYED],
        when: |at| is_posted(at) && reuses(at),
        gives: Is(Gives::Pends),
        then: recycling_pends,
        rests_on: &["wsagor.rem.event-reset-on-pend", "acceptex.allowed.TransmitFile"],
        ..case("TransmitFile.recycling-pends", &["transmitfile.pending", "transmitfile.null-file"], CONNECTED)
    },
    Rule {
        under: &[FLAGS_OBEYED],
        when: reuses,
        gives: Is(Gives::Continues(Table::Recycle)),
        then: disconnects,
        rests_on: &["acceptex.allowed.TransmitFile"],
        ..case("TransmitFile.recycles", &["transmitfile.synchronous", "transmitfile.null-file"], CONNECTED)
    },
    Rule {
        under: &[FLAGS_OBEYED, DISCONNECT_PENDS],
        when: |at| is_posted(at) && flags(at) & TF_DISCONNECT != 0,
        gives: Is(Gives::Pends),
        then: disconnecting_pends,
        ..case("TransmitFile.pends", &["transmitfile.pending", "transmitfile.disconnect"], CONNECTED)
    },
    Rule {
        under: &[FLAGS_OBEYED],
        when: |at| flags(at) & TF_DISCONNECT != 0,
        then: disconnects_at_once,
        rests_on: &["acceptex.allowed.TransmitFile"],
        ..case("TransmitFile.disconnects", &["transmitfile.disconnect", "transmitfile.null-file"], CONNECTED)
    },
    Rule {
        under: &[DISCONNECT_PENDS],
        when: is_posted,
        gives: Is(Gives::Pends),
        then: does_nothing,
        ..case("TransmitFile.nothing-pends", &["transmitfile.pending", "transmitfile.null-file"], CONNECTED)
    },
    Rule {
        then: |at| {
            does_nothing(at);
            at.give(Outcome::number(1));
        },
        rests_on: &["acceptex.allowed.TransmitFile"],
        ..case("TransmitFile.sends-nothing", &["transmitfile.null-file"], CONNECTED)
    },
}

/// There is nothing to send: a request is complete at once.
fn does_nothing(at: &mut At<'_>) {
    if let Some(op) = posts(at, Wants::TimeWait, None) {
        at.completes(op, Status::SUCCESS, 0, None);
    }
}

/// Is the socket to be used again?
fn reuses(at: &At<'_>) -> bool {
    flags(at) & TF_REUSE_SOCKET != 0
}
