//! Requests with an OVERLAPPED: how they are posted, how they complete, and what becomes of those that receive or send when their
//! socket is closed.

use super::common::case;
use crate::call::{Call, Data, ThreadId};
use crate::choice::{
    CLOSE_UNDER_REQUEST, OVERLAPPED_FILLED, REQUEST_CONNECTION_ABORTED, REQUEST_HANDLES_CLOSED, STATUS_PENDING,
};
use crate::engine::failure;
use crate::id::OverId;
use crate::operation::{Apc, Filled, OpId, Overlapped, Wants};
use crate::outcome::{Out, Outcome};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States};
use crate::status::Status;
use crate::world::State;

table! {
    /// A call fails that was to post a request: what its OVERLAPPED says from then on.
    FAILS;
    Rule {
        under: &[STATUS_PENDING],
        when: |at| over_of(at).is_some_and(|over| !is_in_use(at, over)) && !matches!(*at.call(), Call::AcceptEx { .. }),
        gives: Is(Gives::Silent),
        then: |at| {
            let Some(over) = over_of(at) else { return };
            let overlapped = *at.over_at(over);
            at.over_put(over, Overlapped { status: Status::PENDING, ..overlapped });
        },
        rests_on: &["wsarecv.ret.zero-completion-still"],
        ..case("request.failed-call-leaves-pending", &[], States::ANY)
    },
    Rule {
        gives: Is(Gives::Silent),
        rests_on: &["wsarecv.ret.zero-completion-still"],
        ..case("request.failed-call-leaves-untouched", &[], States::ANY)
    },
}

table! {
    /// The last handle of a socket with a request to receive or to send is closed.
    CLOSES;
    Rule {
        gives: Is(Gives::Silent),
        asks: &[CLOSE_UNDER_REQUEST],
        then: |at| {
            let status = if at.chooses(REQUEST_CONNECTION_ABORTED) {
                Status::CONNECTION_ABORTED
            } else if at.chooses(REQUEST_HANDLES_CLOSED) {
                Status::HANDLES_CLOSED
            } else {
                Status::CANCELLED
            };
            completes(at, status, 0, None);
        },
        rests_on: &[
            "closesocket.rem.cancels-overlapped",
            "closesocket.rem.aborted-status",
            "wsarecv.err.WSA_OPERATION_ABORTED",
            "wsasend.err.WSA_OPERATION_ABORTED",
            "transmitfile.err.WSA_OPERATION_ABORTED",
        ],
        ..case("request.ends-with-its-socket", &[], States::of(&[State::Connected]))
    },
}

/// The OVERLAPPED of the call in question.
pub(super) fn over_of(at: &At<'_>) -> Option<OverId> {
    match *at.call() {
        Call::AcceptEx { overlapped: Some(overlapped), .. }
        | Call::ConnectEx { overlapped: Some(overlapped), .. }
        | Call::DisconnectEx { overlapped: Some(overlapped), .. }
        | Call::TransmitFile { overlapped: Some(overlapped), .. }
        | Call::ReadFile { overlapped: Some(overlapped), .. }
        | Call::WriteFile { overlapped: Some(overlapped), .. }
        | Call::WSARecvOverlapped { overlapped, .. }
        | Call::WSASendOverlapped { overlapped, .. }
        | Call::WSAIoctlOverlapped { overlapped, .. }
        | Call::IoctlCommand { overlapped: Some(overlapped), .. }
        | Call::AfdPoll { overlapped, .. } => at.resolve_over(overlapped),
        _ => None,
    }
}

/// The request of this process that is under way with this OVERLAPPED.
pub(super) fn request_with(at: &At<'_>, over: OverId) -> Option<OpId> {
    let threads = at.threads_of(at.process_id());
    threads.iter().flat_map(|thread| at.ops_of(*thread)).find(|op| at.op_at(*op).tells.over == Some(over))
}

/// Is a request of this process under way with this OVERLAPPED, or is its completion routine still to run?
pub(super) fn is_in_use(at: &At<'_>, over: OverId) -> bool {
    let is_due = |thread: &ThreadId| at.thread_at(*thread).apcs.contains(Apc::Completion(over));
    request_with(at, over).is_some() || at.threads_of(at.process_id()).iter().any(is_due)
}

/// Has the request a completion routine, while the socket has a port?
pub(super) fn has_routine_on_port(at: &At<'_>) -> bool {
    at.call().has_routine() && at.sock().extra().port.is_some()
}

/// Begins the request of the call in question, with what it has of a buffer to fill.
pub(super) fn posts(at: &mut At<'_>, wants: Wants, buffer: Option<Filled>) -> Option<OpId> {
    let over = over_of(at)?;
    let overlapped = *at.over_at(over);
    at.over_put(over, Overlapped { buffer, ..overlapped });
    at.posts(wants, over)
}

/// The operation in question is complete: it has moved so many bytes, and put these into its buffer.
pub(super) fn completes(at: &mut At<'_>, status: Status, bytes: usize, received: Option<Data>) {
    let Some(op) = at.op() else { return };
    if at.op_at(op).tells.returns {
        let outcome = returned(at, status, received.unwrap_or_default());
        return at.completes(op, status, 0, Some(&outcome));
    }
    if let (Some(over), Some(data)) = (at.op_at(op).tells.over, received) {
        let overlapped = *at.over_at(over);
        let buffer = overlapped.buffer.map(|filled| Filled { data, ..filled });
        at.over_put(over, Overlapped { buffer, ..overlapped });
    }
    let bytes = u32::try_from(bytes).expect("invariant: one call moves few bytes");
    at.completes(op, status, bytes, None);
}

/// What a call gives that has waited, because its socket is not overlapped.
pub(super) fn returned(at: &mut At<'_>, status: Status, received: Data) -> Outcome {
    let call = *at.call();
    let is_of_the_system = matches!(call, Call::ReadFile { .. });
    let bytes = u32::try_from(received.as_slice().len()).expect("invariant: one call moves few bytes");
    if let Some(over) = over_of(at).filter(|_| !is_of_the_system)
        && at.chooses(OVERLAPPED_FILLED)
    {
        let buffer = Some(Filled { lengths: [bytes, 0, 0], data: received, addresses: None });
        let overlapped = *at.over_at(over);
        at.over_put(over, Overlapped { status, bytes, buffer, ..overlapped });
    }
    match status {
        Status::SUCCESS if is_of_the_system => super::readfile::read(received),
        Status::SUCCESS => Outcome::number(0).with(Out::Bytes { count: Some(bytes), data: None }),
        _ if is_of_the_system => failure(&call, status.win32()),
        _ => failure(&call, status.winsock()),
    }
}

/// The call returns while its request goes on: the number of bytes is left alone.
pub(super) fn tells_no_count(at: &mut At<'_>) {
    at.give(Outcome::number(0).with(Out::Bytes { count: None, data: None }));
}

/// The call returns, and tells how many bytes its request has moved.
pub(super) fn tells_count(at: &mut At<'_>) {
    let bytes = over_of(at).map(|over| at.over_at(over).bytes);
    at.give(Outcome::number(0).with(Out::Bytes { count: bytes, data: None }));
}
