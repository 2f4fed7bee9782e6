//! A poll of the driver below Winsock: `NtDeviceIoControlFile` with IOCTL_AFD_POLL, as libuv, mio and wepoll wait.
//!
//! No page of Windows describes the command. What a poll tells is what a test of Windows asserts (windows-facts WT-AFD-001 and
//! following); where that says nothing nothing is made up.

use super::common::{case, not_modelled};
use super::queue::shows_connection;
use super::request::{is_in_use, over_of, posts};
use super::select::exceptional;
use crate::call::{AfdEvents, Call, FileModes, Handle, Set};
use crate::choice::{
    AFD_CANCELLED, AFD_END_AT_ONCE, AFD_END_BEHIND_DATA, AFD_HANDLE_CLOSED, AFD_HANDLES_CLOSED, DEFERRED_READABLE,
};
use crate::engine::names;
use crate::operation::{Overlapped, Wants};
use crate::outcome::{Out, Outcome};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Role, Rule, States};
use crate::status::Status;
use crate::world::{SocketId, State, Tcb};

/// The bytes of the output before its entries, and of an entry; the model's programs have 64 bits.
const HEADER: u32 = 16;
const ENTRY: u32 = 16;

table! {
    AFDPOLL;
    Rule {
        when: |at| through(at).is_none() && !names_others(at),
        rests_on: &["closehandle.rem.invalidates"],
        ..refuses("NtDeviceIoControlFile.not-a-handle", Status::INVALID_HANDLE)
    },
    Rule {
        when: |at| polled(at).is_empty(),
        ..refuses("NtDeviceIoControlFile.polls-nothing", Status::INVALID_PARAMETER)
    },
    Rule {
        when: |at| polled(at).iter().any(|(handle, _)| at.resolve_socket(handle).is_none()) && !names_others(at),
        rests_on: &["closehandle.rem.invalidates"],
        ..refuses("NtDeviceIoControlFile.polls-no-socket", Status::INVALID_HANDLE)
    },
    Rule {
        when: |at| over_of(at).is_some_and(|over| is_in_use(at, over)),
        ..not_modelled("NtDeviceIoControlFile.overlapped-in-use-not-modelled", &["ntioctl.status-block"], States::ANY)
    },
    // Whether the call waits, and what is left out of what it tells.
    Rule {
        when: |at| names_others(at) || through(at).is_some_and(|s| !at.socket_at(s).overlapped || skips_packets(at, s)),
        ..not_modelled("NtDeviceIoControlFile.handle-not-modelled", &["ntioctl.driver-decides"], States::ANY)
    },
    Rule {
        when: |at| !found(at).is_empty(),
        asks: &[DEFERRED_READABLE, AFD_END_BEHIND_DATA],
        gives: Is(Gives::Status(Status::SUCCESS)),
        then: |at| {
            let all = found(at);
            is_over(at, all);
        },
        rests_on: &["select.rem.listener-readable", "wsapoll.rem.listener-pollrdnorm"],
        ..case(
            "NtDeviceIoControlFile.finds",
            &["ntioctl.status-block", "ntioctl.information", "ntioctl.event", "ntioctl.completion-context"],
            States::ANY,
        )
    },
    Rule {
        when: |at| at.call().time_out() == Some(Some(0)),
        gives: Is(Gives::Status(Status::SUCCESS)),
        then: |at| is_over(at, Set::EMPTY),
        rests_on: &["select.rem.zero-timeout-polls"],
        ..case("NtDeviceIoControlFile.looks-once", &["ntioctl.status-block"], States::ANY)
    },
    Rule {
        gives: Is(Gives::Status(Status::PENDING)),
        then: |at| {
            posts(at, Wants::Readable, None);
        },
        ..case("NtDeviceIoControlFile.pends", &["ntioctl.driver-decides", "ntioctl.event"], States::ANY)
    },
}

table! {
    /// What a poll finds when something has changed at one of its sockets: the first that has anything for it.
    LOOKS;
    Rule {
        when: |at| !found(at).is_empty(),
        asks: &[DEFERRED_READABLE, AFD_END_BEHIND_DATA],
        gives: Is(Gives::Silent),
        then: |at| {
            let first = Set::collect(found(at).iter().take(1));
            ends(at, Status::SUCCESS, first);
        },
        rests_on: &["select.rem.listener-readable", "wsapoll.rem.listener-pollrdnorm"],
        ..case(
            "NtDeviceIoControlFile.is-signalled",
            &["ntioctl.status-block", "ntioctl.event", "ntioctl.completion-context"],
            States::ANY,
        )
    },
    Rule {
        asks: &[DEFERRED_READABLE, AFD_END_BEHIND_DATA],
        gives: Is(Gives::Silent),
        ..case("NtDeviceIoControlFile.waits-on", &["ntioctl.driver-decides"], States::ANY)
    },
}

table! {
    /// The last handle is closed of a socket that is polled, or of that through which others are.
    CLOSES;
    // Whether it was asked for or not.
    Rule {
        when: |at| closed(at).is_some(),
        gives: Is(Gives::Silent),
        then: |at| {
            let entry = closed(at).map(|handle| (handle, AfdEvents::LOCAL_CLOSE));
            ends(at, Status::SUCCESS, Set::collect(entry));
        },
        rests_on: &["closesocket.rem.cancels-overlapped"],
        ..case("NtDeviceIoControlFile.polled-is-closed", &["ntioctl.status-block"], States::ANY)
    },
    Rule {
        asks: &[AFD_HANDLE_CLOSED],
        gives: Is(Gives::Silent),
        then: |at| {
            if at.chooses(AFD_CANCELLED) {
                ends(at, Status::CANCELLED, Set::EMPTY);
            } else if at.chooses(AFD_HANDLES_CLOSED) {
                ends(at, Status::HANDLES_CLOSED, Set::EMPTY);
            } else if let Some(op) = at.op() {
                at.forgets_handle(op);
            }
        },
        rests_on: &["closesocket.rem.cancels-overlapped"],
        ..case("NtDeviceIoControlFile.handle-is-closed", &["ntioctl.driver-decides"], States::ANY)
    },
}

table! {
    INFO;
    Rule {
        then: |at| {
            let Call::AfdPollInfo { overlapped } = *at.call() else { return };
            let Some(over) = at.resolve_over(overlapped).map(|over| *at.over_at(over)) else { return };
            let out = match over.status {
                Status::PENDING => Out::None,
                _ => Out::Polled(over.bytes, over.polled),
            };
            at.give(Outcome::number(over.status.0.into()).with(out));
        },
        rests_on: &["ntioctl.status-block", "ntioctl.information"],
        ..case("AFD_POLL_INFO.reads", &[], States::ANY)
    },
}

/// A check of the call: it writes nothing.
const fn refuses(name: &'static str, status: Status) -> Rule {
    Rule { role: Role::Check, gives: Is(Gives::Status(status)), ..case(name, &["ntioctl.driver-decides"], States::ANY) }
}

/// The socket through which the poll is made.
fn through(at: &At<'_>) -> Option<SocketId> {
    match *at.call() {
        Call::AfdPoll { file, .. } => at.resolve_socket(file),
        _ => None,
    }
}

/// Does it name an event, which is an object of another type?
fn names_others(at: &At<'_>) -> bool {
    names(at.call(), |handle| at.resolve_event(handle).is_some())
}

fn skips_packets(at: &At<'_>, s: SocketId) -> bool {
    let socket = at.socket_at(s).extra();
    socket.port.is_some() && socket.modes.has(FileModes::SKIP_COMPLETION_PORT_ON_SUCCESS)
}

fn polled(at: &At<'_>) -> Set<(Handle, AfdEvents)> {
    match *at.call() {
        Call::AfdPoll { handles, .. } => handles,
        _ => Set::EMPTY,
    }
}

/// Those of its sockets that have something of what it asks for, each as often as it is polled. The socket behind a handle is the
/// one that the poll began with: that handle may be closed and another one left.
fn found(at: &At<'_>) -> Set<(Handle, AfdEvents)> {
    let found = |(handle, asked): (Handle, AfdEvents)| {
        let events = at.slot_of(handle).map_or(AfdEvents(0), |s| shown(at, s).and(asked));
        (events != AfdEvents(0)).then_some((handle, events))
    };
    Set::collect(polled(at).iter().filter_map(found))
}

/// Everything that a poll sees of a socket now.
fn shown(at: &At<'_>, s: SocketId) -> AfdEvents {
    match at.socket_at(s).state {
        State::Listening if shows_connection(at, s) => AfdEvents::ACCEPT,
        State::Connected => connection(at, s),
        State::Datagram => AfdEvents::SEND,
        _ if exceptional(at, s) => AfdEvents::CONNECT_FAIL,
        _ => AfdEvents(0),
    }
}

fn connection(at: &At<'_>, s: SocketId) -> AfdEvents {
    let mut shown = AfdEvents::CONNECT.with(AfdEvents::SEND);
    let Some(end) = at.own_end(s) else { return shown };
    if end.tcb == Tcb::Reset {
        return shown.with(AfdEvents::ABORT);
    }
    if !end.unread.is_empty() {
        shown = shown.with(AfdEvents::RECEIVE);
    }
    if end.fin_received && (end.unread.is_empty() || at.chooses(AFD_END_AT_ONCE)) {
        shown = shown.with(AfdEvents::DISCONNECT);
    }
    shown
}

/// The handle of one of its sockets that has none any more.
fn closed(at: &At<'_>) -> Option<Handle> {
    let is_closed = |handle: &Handle| at.slot_of(*handle).is_some_and(|s| at.socket_at(s).holders().next().is_none());
    polled(at).iter().map(|(handle, _)| handle).find(is_closed)
}

/// The poll is over by the time that its call returns.
fn is_over(at: &mut At<'_>, found: Set<(Handle, AfdEvents)>) {
    let before = at.op();
    let posted = posts(at, Wants::Readable, None);
    at.turns_to_op(posted);
    ends(at, Status::SUCCESS, found);
    at.turns_to_op(before);
}

/// The poll in question is over, and has found this.
pub(super) fn ends(at: &mut At<'_>, status: Status, found: Set<(Handle, AfdEvents)>) {
    let Some(op) = at.op() else { return };
    let written =
        if matches!(status, Status::SUCCESS | Status::TIMEOUT) { HEADER + ENTRY * found.len() as u32 } else { 0 };
    if let Some(over) = at.op_at(op).tells.over {
        let overlapped = *at.over_at(over);
        at.over_put(over, Overlapped { polled: found, ..overlapped });
    }
    at.completes(op, status, written, None);
}
