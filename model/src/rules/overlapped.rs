//! OVERLAPPED structures, and what becomes of a request after its call: `WSAGetOverlappedResult`, `GetOverlappedResult`,
//! `CancelIoEx`, `CancelIo`.

use super::common::{case, check, in_progress, not_a_socket, not_initialised, not_modelled};
use super::events::resets_itself;
use super::request::request_with;
use crate::call::{Call, FileModes, Handle};
use crate::choice::{NO_FILE_FAILS, NO_FILE_SUCCEEDS, NOTHING_NOT_FOUND};
use crate::code::Code;
use crate::id::OverId;
use crate::operation::{OpId, Overlapped, Wants};
use crate::outcome::{Out, Outcome, Value};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Limit, Rule, States};
use crate::status::Status;
use crate::world::{EventId, State};

table! {
    OVERLAPPED;
    Rule {
        then: |at| {
            let Call::Overlapped { event, low_bit } = *at.call() else { return };
            let Some(over) = at.free_over() else {
                let most = at.room_for_overs();
                at.reaches(Limit { most, of: "OVERLAPPED structures of one thread, and it makes one more" });
                return;
            };
            at.over_put(over, Overlapped { event, low_bit, ..Overlapped::default() });
            at.give(Outcome { value: Value::Handle(Handle::overlapped(over)), error: Code::NONE, out: Out::None });
        },
        rests_on: &["acceptex.ex.zero-overlapped", "acceptex.rem.notify-event-or-iocp", "gqcs.hevent-low-bit"],
        ..case("Overlapped.is-empty", &[], States::ANY)
    },
}

table! {
    HAS_COMPLETED;
    Rule {
        when: |at| status(at) == Some(Status::PENDING),
        then: |at| at.give(Outcome::number(0)),
        rests_on: &["acceptex.ret.io-pending", "wsagor.fwait.false-incomplete"],
        ..case("HasOverlappedIoCompleted.pending", &[], States::ANY)
    },
    Rule {
        then: |at| at.give(Outcome::number(1)),
        rests_on: &["acceptex.rem.notify-event-or-iocp", "wsagor.fwait.false-incomplete"],
        ..case("HasOverlappedIoCompleted.complete", &[], States::ANY)
    },
}

table! {
    WSAGETOVERLAPPEDRESULT;
    not_initialised("WSAGetOverlappedResult.not-initialised"),
    in_progress("WSAGetOverlappedResult.in-progress"),
    not_a_socket("WSAGetOverlappedResult.not-a-socket"),
    Rule {
        when: |at| status(at) == Some(Status::PENDING) && !waits(at),
        rests_on: &["acceptex.ret.io-pending"],
        ..check(
            "WSAGetOverlappedResult.incomplete",
            &["wsagor.fwait.false-incomplete", "wsagor.ret.false-leaves-count"],
            States::SOCKET,
            Code::WSA_IO_INCOMPLETE,
        )
    },
    // The event is none of the request's, and to wait for it has unpredictable results.
    Rule {
        when: |at| status(at) == Some(Status::PENDING) && has_routine(at),
        gives: Is(Gives::Undefined),
        rests_on: &["wsarecv.rem.routine-no-wait"],
        ..case("WSAGetOverlappedResult.waits-with-routine", &[], States::of(&[State::Connected]))
    },
    // What is set already ends the wait, and what is told then varies; without an event the page does not say what happens.
    Rule {
        when: |at| status(at) == Some(Status::PENDING) && !awaits_event(at) || is_timed_poll(at),
        ..not_modelled(
            "WSAGetOverlappedResult.event-not-modelled",
            &["wsagor.fwait.event-only"],
            States::SOCKET,
        )
    },
    Rule {
        when: |at| status(at) == Some(Status::PENDING),
        gives: Is(Gives::Blocks),
        ..case("WSAGetOverlappedResult.waits", &["wsagor.fwait.true"], States::SOCKET)
    },
    Rule {
        when: |at| status(at).is_some_and(|status| status != Status::SUCCESS),
        gives: Is(Gives::Reports),
        then: |at| reports(at, Status::winsock),
        rests_on: &["acceptex.err.WSAECONNRESET", "acceptex.close.forces-error"],
        ..case("WSAGetOverlappedResult.failed", &["wsagor.ret.error-of-operation"], States::SOCKET)
    },
    Rule {
        then: tells,
        rests_on: &[
            "acceptex.bytes.from-notification",
            "acceptex.rem.task.data",
            "acceptex.buf.data-at-zero",
            "overlapped.zero-means-indicated",
        ],
        ..case("WSAGetOverlappedResult.complete", &["wsagor.s.same-socket"], States::SOCKET)
    },
}

table! {
    GETOVERLAPPEDRESULT;
    Rule {
        when: |at| status(at) == Some(Status::PENDING) && !waits(at),
        rests_on: &["acceptex.ret.io-pending"],
        ..check(
            "GetOverlappedResult.incomplete",
            &["gor.bwait.false-incomplete"],
            States::ANY,
            Code::ERROR_IO_INCOMPLETE,
        )
    },
    // Without an event it is the handle that is waited for, whichever request there sets it.
    Rule {
        when: |at| {
            let waits_otherwise = !awaits_event(at) && !is_alone(at) || has_routine(at) || skips_handle(at);
            status(at) == Some(Status::PENDING) && waits_otherwise || is_timed_poll(at)
        },
        ..not_modelled("GetOverlappedResult.handle-not-modelled", &["gor.rem.no-event-uses-handle"], States::ANY)
    },
    Rule {
        when: |at| status(at) == Some(Status::PENDING),
        gives: Is(Gives::Blocks),
        ..case("GetOverlappedResult.waits", &["gor.rem.no-event-uses-handle"], States::ANY)
    },
    Rule {
        when: |at| status(at).is_some_and(|status| status != Status::SUCCESS),
        gives: Is(Gives::Reports),
        then: |at| reports(at, Status::win32),
        rests_on: &["acceptex.close.forces-error", "closesocket.rem.aborted-status"],
        ..case("GetOverlappedResult.failed", &[], States::ANY)
    },
    // It looks at the structure alone: also where the handle is closed by now.
    Rule {
        then: tells,
        rests_on: &[
            "acceptex.rem.bytes-transferred",
            "acceptex.bytes.from-notification",
            "acceptex.buf.data-at-zero",
            "acceptex.desc.accept-addresses-data",
            "acceptex.rem.task.accept",
            "acceptex.buf.recv-len-zero-completes",
        ],
        ..case("GetOverlappedResult.complete", &[], States::ANY)
    },
}

table! {
    /// The request is over that WSAGetOverlappedResult waits for.
    WSA_RESULT;
    Rule {
        when: |at| status(at).is_some_and(|status| status != Status::SUCCESS),
        gives: Is(Gives::Reports),
        then: |at| {
            releases(at);
            reports(at, Status::winsock);
        },
        ..case("WSAGetOverlappedResult.has-failed", &["wsagor.ret.error-of-operation"], States::ANY)
    },
    Rule { then: |at| {
            releases(at);
            tells(at);
        }, ..case("WSAGetOverlappedResult.is-complete", &["wsagor.fwait.true"], States::ANY) },
}

table! {
    /// The request is over that GetOverlappedResult waits for.
    RESULT;
    Rule {
        when: |at| status(at).is_some_and(|status| status != Status::SUCCESS),
        gives: Is(Gives::Reports),
        then: |at| {
            releases(at);
            reports(at, Status::win32);
        },
        rests_on: &["closesocket.rem.aborted-status"],
        ..case("GetOverlappedResult.has-failed", &[], States::ANY)
    },
    Rule {
        then: |at| {
            releases(at);
            tells(at);
        },
        ..case("GetOverlappedResult.is-complete", &["gor.rem.no-event-uses-handle"], States::ANY)
    },
}

table! {
    CANCELIOEX;
    Rule {
        rests_on: &["closehandle.rem.invalidates"],
        ..check("CancelIoEx.invalid-handle", &[], States::of(&[State::NotASocket]), Code::WSA_INVALID_HANDLE)
    },
    Rule {
        under: &[NOTHING_NOT_FOUND],
        when: |at| requests(at).is_empty() && named(at).is_none(),
        ..check(
            "CancelIoEx.nothing-at-all-to-cancel",
            &["cancelioex.err.not-found"],
            States::SOCKET,
            Code::ERROR_NOT_FOUND,
        )
    },
    Rule {
        when: |at| requests(at).is_empty() && named(at).is_some(),
        ..check(
            "CancelIoEx.nothing-to-cancel",
            &["cancelioex.err.not-found", "cancelioex.scope"],
            States::SOCKET,
            Code::ERROR_NOT_FOUND,
        )
    },
    // No page says what becomes of an attempt that is under way.
    Rule {
        when: connects,
        ..not_modelled("CancelIoEx.connecting-not-modelled", &["cancelioex.three-outcomes"], States::of(&[State::Connecting]))
    },
    Rule {
        then: cancels,
        ..case(
            "CancelIoEx.cancels",
            &["cancelioex.scope", "cancelioex.three-outcomes", "cancelioex.no-wait"],
            States::SOCKET,
        )
    },
}

table! {
    CANCELIO;
    Rule {
        when: |at| !is_no_file(at),
        rests_on: &["closehandle.rem.invalidates"],
        ..check("CancelIo.invalid-handle", &[], States::of(&[State::NotASocket]), Code::WSA_INVALID_HANDLE)
    },
    Rule {
        under: &[NO_FILE_FAILS],
        when: is_no_file,
        rests_on: &["closehandle.rem.invalidates"],
        ..check("CancelIo.no-file", &[], States::of(&[State::NotASocket]), Code::WSA_INVALID_HANDLE)
    },
    Rule {
        under: &[NO_FILE_SUCCEEDS],
        then: |at| at.give(Outcome::number(1)),
        ..case("CancelIo.nothing-to-cancel", &["cancelio.same-thread"], States::of(&[State::NotASocket]))
    },
    Rule {
        when: connects,
        ..not_modelled("CancelIo.connecting-not-modelled", &["cancelio.aborted"], States::of(&[State::Connecting]))
    },
    Rule {
        then: cancels,
        ..case("CancelIo.cancels", &["cancelio.same-thread", "cancelio.aborted"], States::SOCKET)
    },
}

/// Is the handle one of an event, or INVALID_SOCKET, which names the process that asks? Neither is a file.
fn is_no_file(at: &At<'_>) -> bool {
    let Call::CancelIo { s } = *at.call() else { return false };
    s == Handle::INVALID || at.resolve_event(s).is_some()
}

/// The OVERLAPPED that the call names.
fn named(at: &At<'_>) -> Option<OverId> {
    match *at.call() {
        Call::HasOverlappedIoCompleted { overlapped }
        | Call::WSAGetOverlappedResult { overlapped, .. }
        | Call::GetOverlappedResult { overlapped, .. }
        | Call::CancelIoEx { overlapped: Some(overlapped), .. } => at.resolve_over(overlapped),
        _ => None,
    }
}

fn status(at: &At<'_>) -> Option<Status> {
    named(at).map(|over| at.over_at(over).status)
}

/// Has the request no event but that of its handle, which is not set either?
fn skips_handle(at: &At<'_>) -> bool {
    let has_event = named(at).is_some_and(|over| at.over_at(over).event.is_some());
    !has_event && at.socket().is_some_and(|s| at.socket_at(s).extra().modes.has(FileModes::SKIP_SET_EVENT_ON_HANDLE))
}

/// Is it a poll of the driver whose time-out has run out, or may? No page says whether that is told as a failure.
fn is_timed_poll(at: &At<'_>) -> bool {
    let request = || named(at).and_then(|over| request_with(at, over)).map(|op| at.op_at(op));
    status(at) == Some(Status::TIMEOUT) || request().is_some_and(|op| op.is_poll() && op.call.times_out())
}

/// Has the request a completion routine?
fn has_routine(at: &At<'_>) -> bool {
    named(at).and_then(|over| request_with(at, over)).is_some_and(|op| at.op_at(op).tells.routine)
}

/// Has the OVERLAPPED an event, which is not set, and is there for this call alone if it resets itself?
fn awaits_event(at: &At<'_>) -> bool {
    event_of(at).is_some_and(|event| {
        let event = at.event_at(event);
        // Of two who wait for one release nobody says who gets it.
        !event.signalled && (!event.automatic || event.watches.is_empty())
    })
}

/// The event of the OVERLAPPED.
fn event_of(at: &At<'_>) -> Option<EventId> {
    named(at).and_then(|over| at.over_at(over).event).and_then(|event| at.resolve_event(event))
}

/// The call has waited for the event of the OVERLAPPED.
fn releases(at: &mut At<'_>) {
    if let Some(event) = event_of(at) {
        resets_itself(at, event);
    }
}

/// Is no other request under way at the handle, and does this one have no event?
fn is_alone(at: &At<'_>) -> bool {
    let Some(over) = named(at).filter(|over| at.over_at(*over).event.is_none()) else { return false };
    let Some(s) = at.socket() else { return false };
    let socket = at.socket_at(s);
    let requests = socket.waiting().iter().chain(socket.holding().iter());
    let requests = requests.chain(polls_through(at));
    requests.filter(|op| !at.op_at(*op).tells.returns).all(|op| at.op_at(op).tells.over == Some(over))
}

fn waits(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::WSAGetOverlappedResult { wait: true, .. } | Call::GetOverlappedResult { wait: true, .. })
}

/// The failure of the request, in the language of the function that reports it.
fn reports(at: &mut At<'_>, code: fn(Status) -> Code) {
    let error = status(at).map_or(Code::NONE, code);
    at.give(Outcome { value: Value::Number(0), error, out: Out::None });
}

/// How many bytes, and which.
fn tells(at: &mut At<'_>) {
    let over = named(at).map(|over| *at.over_at(over)).unwrap_or_default();
    let data = over.buffer.map(|buffer| buffer.data).filter(|data| !data.as_slice().is_empty());
    at.give(Outcome::number(1).with(Out::Bytes { count: Some(over.bytes), data }));
}

/// The overlapped requests at the socket that the call is to cancel: with this OVERLAPPED, or all; of `CancelIo` those of the
/// calling thread.
fn requests(at: &At<'_>) -> Vec<OpId> {
    let over = named(at);
    let all_of_them = matches!(*at.call(), Call::CancelIo { .. } | Call::CancelIoEx { overlapped: None, .. });
    let own = matches!(*at.call(), Call::CancelIo { .. });
    let is_meant = |op: &OpId| {
        let operation = at.op_at(*op);
        !operation.tells.returns
            && (all_of_them || over.is_some() && operation.tells.over == over)
            && (!own || operation.thread == at.thread)
            && at.process_of(operation.thread) == at.process_id()
    };
    let own_lines = at.sock().waiting().iter().chain(at.sock().holding().iter());
    own_lines.chain(polls_through(at)).filter(is_meant).collect()
}

/// The polls of the driver that were made through the socket in question.
fn polls_through(at: &At<'_>) -> Vec<OpId> {
    let Some(s) = at.socket() else { return Vec::new() };
    at.polls_at(s, |op| matches!(op.call, Call::AfdPoll { file, .. } if at.resolve_socket(file) == Some(s)))
}

/// Is one of them to open a connection?
fn connects(at: &At<'_>) -> bool {
    requests(at).iter().any(|op| at.op_at(*op).wants == Wants::Established)
}

fn cancels(at: &mut At<'_>) {
    for op in requests(at) {
        at.ends(op, Status::CANCELLED);
    }
    at.give(Outcome::number(1));
}
