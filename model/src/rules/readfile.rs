//! `ReadFile` and `WriteFile` on a socket, which is a handle of the system as well: what they read and write there is the stream.

use super::common::{case, check, not_modelled};
use super::request::{is_in_use, over_of, tells_count};
use super::transfer::{puts, take, was_reset};
use super::wsarecv::{ends_at_once, is_ready, receives_at_once, receives_later};
use super::wsasend::{sends_at_once, sends_later};
use crate::call::{Call, Data};
use crate::choice::{
    CLOSE_MESSAGE_WITH_UNREAD_DATA, FD_CLOSE_WITH_UNREAD_DATA, RECEIVE_SUCCEEDS, RECV_RESET_ENDS, RECV_RESET_FAILS,
    SEND_SUCCEEDS,
};
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States};
use crate::world::{State, Tcb};

const CONNECTED: States = States::of(&[State::Connected]);
const UNCONNECTED: States =
    States::of(&[State::Unbound, State::Bound, State::Listening, State::Connecting, State::Failed, State::Datagram]);

/// The codes are the system's: those of the status that the same failure has in a request.
const CODES: &str = "sockethandles.codes";

table! {
    READFILE;
    Rule {
        rests_on: &["closehandle.rem.invalidates"],
        ..check("ReadFile.not-a-handle", &[], States::of(&[State::NotASocket]), Code::WSA_INVALID_HANDLE)
    },
    Rule { rests_on: &[CODES], ..not_modelled("ReadFile.not-connected-not-modelled", &[], UNCONNECTED) },
    Rule {
        under: &[RECV_RESET_FAILS],
        when: |at| was_reset(at) && !at.own().sent_behind_end,
        rests_on: &["recv.rem.reset", CODES],
        ..check("ReadFile.reset", &[], CONNECTED, Code::ERROR_NETNAME_DELETED)
    },
    // Who has sent behind the end of the other side has asked for the reset: what it is told here nobody has said.
    Rule {
        under: &[RECV_RESET_FAILS],
        when: |at| was_reset(at) && at.own().sent_behind_end,
        rests_on: &[CODES],
        ..not_modelled("ReadFile.reset-behind-end-not-modelled", &[], CONNECTED)
    },
    Rule {
        when: |at| at.sock().receive_shut,
        rests_on: &[CODES],
        ..not_modelled("ReadFile.shut-not-modelled", &[], CONNECTED)
    },
    // Such a call waits, and its OVERLAPPED says all the same how it has ended.
    Rule {
        when: |at| over_of(at).is_some() && !at.sock().overlapped,
        ..not_modelled("ReadFile.nonoverlapped-not-modelled", &["readfile.synchronous-handle"], CONNECTED)
    },
    Rule {
        when: |at| over_of(at).is_some_and(|over| is_in_use(at, over)),
        ..not_modelled("ReadFile.overlapped-in-use-not-modelled", &["readfile.overlapped-required"], CONNECTED)
    },
    // What an overlapped handle reports without an OVERLAPPED may be wrong; what a mode or a time-out means here no page says.
    Rule {
        when: |at| over_of(at).is_none() && !is_ready(at) && !simply_waits(at),
        ..not_modelled("ReadFile.waits-not-modelled", &["readfile.overlapped-required"], CONNECTED)
    },
    Rule {
        when: |at| over_of(at).is_none() && is_ready(at),
        then: |at| {
            let Call::ReadFile { len, .. } = *at.call() else { return };
            let data = take(at, usize::try_from(len).unwrap_or(usize::MAX));
            tells(at, data);
        },
        asks: &[FD_CLOSE_WITH_UNREAD_DATA, CLOSE_MESSAGE_WITH_UNREAD_DATA],
        rests_on: &["acceptex.allowed.ReadFile", "recv.ret.zero-graceful", "sockethandles.file-functions"],
        ..case("ReadFile.reads", &["readfile.synchronous-handle"], CONNECTED)
    },
    Rule {
        when: |at| over_of(at).is_none(),
        gives: Is(Gives::Blocks),
        ..case("ReadFile.waits", &["readfile.synchronous-handle"], CONNECTED)
    },
    Rule {
        under: &[RECV_RESET_ENDS],
        when: |at| at.own().tcb == Tcb::Reset,
        then: |at| {
            if ends_at_once(at) {
                is_true(at);
            }
        },
        rests_on: &["recv.rem.reset"],
        ..case("ReadFile.reset-as-end-of-stream", &[], CONNECTED)
    },
    Rule {
        under: &[RECEIVE_SUCCEEDS],
        when: is_ready,
        then: |at| {
            if receives_at_once(at) {
                is_true(at);
            }
        },
        rests_on: &["completion.event", "iocp.fifo-queue", "acceptex.allowed.ReadFile"],
        ..case("ReadFile.completes-at-once", &["readfile.ret.true"], CONNECTED)
    },
    Rule {
        gives: Is(Gives::Pends),
        then: |at| {
            receives_later(at);
            pends(at);
        },
        rests_on: &["wsagor.rem.event-reset-on-pend", "acceptex.allowed.ReadFile", "sockethandles.file-functions"],
        ..case(
            "ReadFile.pends",
            &["readfile.ret.pending", "readfile.count-zero-first", "readfile.event"],
            CONNECTED,
        )
    },
}

table! {
    WRITEFILE;
    Rule {
        rests_on: &["closehandle.rem.invalidates"],
        ..check("WriteFile.not-a-handle", &[], States::of(&[State::NotASocket]), Code::WSA_INVALID_HANDLE)
    },
    Rule { rests_on: &[CODES], ..not_modelled("WriteFile.not-connected-not-modelled", &[], UNCONNECTED) },
    Rule {
        when: |at| at.own().tcb == Tcb::Reset,
        rests_on: &["recv.rem.reset", CODES],
        ..check("WriteFile.reset", &[], CONNECTED, Code::ERROR_NETNAME_DELETED)
    },
    Rule {
        when: |at| at.sock().send_shut,
        rests_on: &[CODES],
        ..not_modelled("WriteFile.shut-not-modelled", &[], CONNECTED)
    },
    Rule {
        when: |at| over_of(at).is_some() && !at.sock().overlapped,
        ..not_modelled("WriteFile.nonoverlapped-not-modelled", &["writefile.synchronous-handle"], CONNECTED)
    },
    Rule {
        when: |at| over_of(at).is_some_and(|over| is_in_use(at, over)),
        ..not_modelled("WriteFile.overlapped-in-use-not-modelled", &["writefile.overlapped-required"], CONNECTED)
    },
    // The transport takes at once what there is: there is nothing to report wrongly.
    Rule {
        when: |at| over_of(at).is_none(),
        then: |at| {
            let count = puts(at);
            at.give(Outcome::number(1).with(Out::Bytes { count: Some(count), data: None }));
        },
        rests_on: &["acceptex.allowed.WriteFile", "sockethandles.file-functions"],
        ..case("WriteFile.writes", &["writefile.synchronous-handle"], CONNECTED)
    },
    Rule {
        under: &[SEND_SUCCEEDS],
        then: |at| {
            if sends_at_once(at) {
                is_true(at);
            }
        },
        rests_on: &["completion.event", "iocp.fifo-queue", "acceptex.allowed.WriteFile"],
        ..case("WriteFile.completes-at-once", &["writefile.ret.true"], CONNECTED)
    },
    Rule {
        gives: Is(Gives::Pends),
        then: |at| {
            sends_later(at);
            pends(at);
        },
        rests_on: &["wsagor.rem.event-reset-on-pend", "acceptex.allowed.WriteFile"],
        ..case("WriteFile.pends", &["writefile.ret.pending", "writefile.count-zero-first"], CONNECTED)
    },
}

/// Is the socket one where a call without an OVERLAPPED waits, and nothing else is asked of it?
fn simply_waits(at: &At<'_>) -> bool {
    !at.sock().overlapped && !at.nonblocking() && at.sock().options().rcvtimeo == 0
}

/// The call has read these bytes.
fn tells(at: &mut At<'_>, data: Data) {
    at.give(read(data));
}

/// What a call gives that has read these bytes and has waited for them.
pub(super) fn read(data: Data) -> Outcome {
    let count = u32::try_from(data.as_slice().len()).ok();
    let data = Some(data).filter(|data| !data.as_slice().is_empty());
    Outcome::number(1).with(Out::Bytes { count, data })
}

/// The request is complete by now, and the call says how many bytes it has moved.
fn is_true(at: &mut At<'_>) {
    tells_count(at);
    if let Some(gives) = &mut at.gives {
        gives.value = crate::outcome::Value::Number(1);
    }
}

/// The number of bytes is zero from the beginning.
fn pends(at: &mut At<'_>) {
    at.give(Outcome::number(0).with(Out::Bytes { count: Some(0), data: None }));
}
