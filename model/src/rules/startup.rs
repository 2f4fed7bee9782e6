//! `WSAStartup`, `WSACleanup`, `WSAGetLastError`.

use super::common::{case, check, in_progress};
use crate::call::{Buffer, Call, Condition, Length, Opt, Version};
use crate::choice::{
    CLEANUP_CONNECTIONS, CLEANUP_RESETS, LISTENER_CLOSE_HALF_OPEN, LISTENER_CLOSE_QUEUED, NAMING_CLEARS, OTHERS_CLEAR,
    SUCCESS_CLEARS, WINDOWS_CLEAR,
};
use crate::code::Code;
use crate::outcome::{Outcome, Value};
use crate::rule::Col::Is;
use crate::rule::{At, Cause, Gives, Limit, Rule, States};
use crate::rules::closesocket::{Manner, close_object};
use crate::world::{SocketId, State};

/// The highest version this Winsock offers.
const HIGHEST: Version = Version { major: 2, minor: 2 };

table! {
    WSASTARTUP;
    Rule {
        when: |at| matches!(*at.call(), Call::WSAStartup { version } if version.major == 0),
        gives: Is(Gives::Returns(Code::WSAVERNOTSUPPORTED)),
        ..check("WSAStartup.version-not-supported", &["wsastartup.direct-error"], States::ANY, Code::WSAVERNOTSUPPORTED)
    },
    Rule {
        when: |at| at.process().faults.network_down,
        gives: Is(Gives::Returns(Code::WSASYSNOTREADY)),
        rests_on: &["accept.ex.startup-first", "wsaaccept.ex.startup"],
        ..check("WSAStartup.network-not-ready", &["wsastartup.direct-error"], States::ANY, Code::WSASYSNOTREADY)
    },
    Rule {
        then: |at| {
            let Call::WSAStartup { version } = *at.call() else { return };
            let process = at.process_mut();
            if process.startups == 0 {
                process.version = version.min(HIGHEST);
            }
            match process.startups.checked_add(1) {
                Some(startups) => process.startups = startups,
                None => {
                    at.reaches(Limit { most: MOST_STARTUPS, of: "calls of WSAStartup that await their WSACleanup" });
                }
            }
        },
        rests_on: &["accept.ex.startup-first", "acceptex.ex.startup", "wsaaccept.ex.startup"],
        ..case("WSAStartup.starts", &["wsastartup.first", "wsastartup.refcount"], States::ANY)
    },
}

/// How many calls of `WSAStartup` one process may have without their `WSACleanup`.
const MOST_STARTUPS: usize = u8::MAX as usize;

table! {
    WSACLEANUP;
    Rule {
        when: |at| at.process().startups == 0,
        rests_on: &["wsastartup.refcount"],
        ..check("WSACleanup.not-initialised", &[], States::ANY, Code::WSANOTINITIALISED)
    },
    in_progress("WSACleanup.in-progress"),
    Rule {
        when: |at| at.process().startups > 1,
        then: |at| at.process_mut().startups -= 1,
        ..case("WSACleanup.counts-down", &["wsacleanup.rem.refcount"], States::ANY)
    },
    Rule {
        asks: &[CLEANUP_CONNECTIONS, LISTENER_CLOSE_QUEUED, LISTENER_CLOSE_HALF_OPEN],
        then: |at| {
            let resets = at.chooses(CLEANUP_RESETS);
            cleans_up(at, if resets { Manner::Reset } else { Manner::Graceful });
        },
        rests_on: CLEANUP_ELSEWHERE,
        ..case("WSACleanup.releases", CLEANUP, States::ANY)
    },
}

const CLEANUP: &[&str] =
    &["wsacleanup.rem.sockets-reset", "wsacleanup.rem.all-threads", "wsacleanup.rem.cancels-silently"];

/// What the examples expect of it.
const CLEANUP_ELSEWHERE: &[&str] =
    &["accept.ex.closes-listener-only", "accept.ex.final-cleanup", "wsaaccept.ex.cleanup"];

/// The last `WSACleanup` of a process: its blocked calls are cancelled, its sockets released.
fn cleans_up(at: &mut At<'_>, manner: Manner) {
    at.process_mut().startups = 0;
    let process = at.process_id();
    for place in 0..at.threads_of(process).len() {
        for op in at.ops_of(at.threads_of(process)[place]) {
            let operation = at.op_at(op);
            if operation.tells.returns && !is_of_the_system(&operation.call) {
                at.cancel(op, Cause::Cleanup);
            }
        }
    }
    let manner: fn(&mut At<'_>, SocketId) -> Manner = match manner {
        Manner::Reset => |_, _| Manner::Reset,
        Manner::Graceful => |_, _| Manner::Graceful,
    };
    release_all(at, manner);
}

/// Does a call wait for nothing of Winsock's? Requests end with their sockets, and so do the waits for them.
fn is_of_the_system(call: &Call) -> bool {
    matches!(
        call,
        Call::SleepEx { .. }
            | Call::GetMessage { .. }
            | Call::GetQueuedCompletionStatus { .. }
            | Call::GetOverlappedResult { .. }
            | Call::WSAGetOverlappedResult { .. }
    )
}

/// Closes every handle of the calling process.
pub(super) fn release_all(at: &mut At<'_>, manner: fn(&mut At<'_>, SocketId) -> Manner) {
    let process = at.process_id();
    for id in at.socket_ids() {
        let own = |at: &At<'_>| at.socket_at(id).holders().find(|(_, holder)| holder.process == process);
        while let Some((copy, _)) = own(at) {
            at.set_holder(id, copy, None);
            if at.socket_at(id).holders().next().is_none() {
                let manner = manner(at, id);
                close_object(at, id, manner);
            }
        }
    }
}

table! {
    WSAGETLASTERROR;
    Rule {
        when: |at| matches!(*at.call(), Call::WSASetLastError { .. }),
        then: |at| {
            if let Call::WSASetLastError { code } = *at.call() {
                at.thread_mut(at.thread).last_error = Code(code);
            }
        },
        rests_on: &["wsagle.per-thread"],
        ..case("WSASetLastError.sets", &[], States::ANY)
    },
    Rule {
        then: |at| {
            let code = at.thread().last_error;
            at.give(Outcome::number(i64::from(code.0)));
        },
        rests_on: &[
            "accept.ret.last-error",
            "wsaaccept.ret.last-error",
            "accept.ex.failure-path",
            "tutorial.ex.prints-error",
        ],
        ..case(
            "WSAGetLastError.tells",
            &["wsagle.per-thread", "wsagle.usable-uninitialised", "wsagle.success-may-reset"],
            States::ANY,
        )
    },
}

table! {
    /// A call succeeds, and the last error is still that of a failure.
    SUCCEEDS;
    Rule {
        under: &[NAMING_CLEARS],
        when: names_or_shuts,
        gives: Is(Gives::Silent),
        then: |at| at.thread_mut(at.thread).last_error = Code::NONE,
        rests_on: &["wsagle.success-may-reset"],
        ..case("success.naming-clears-last-error", &[], States::ANY)
    },
    Rule {
        when: names_or_shuts,
        gives: Is(Gives::Silent),
        rests_on: &["wsagle.success-may-reset"],
        ..case("success.naming-keeps-last-error", &[], States::ANY)
    },
    Rule {
        under: &[WINDOWS_CLEAR],
        when: |at| is_of_windows(at) && !has_fetched(at),
        gives: Is(Gives::Silent),
        then: |at| at.thread_mut(at.thread).last_error = Code::NONE,
        rests_on: &["wsagle.success-may-reset"],
        ..case("success.windows-clear-last-error", &[], States::ANY)
    },
    Rule {
        when: is_of_windows,
        gives: Is(Gives::Silent),
        rests_on: &["wsagle.success-may-reset"],
        ..case("success.windows-keep-last-error", &[], States::ANY)
    },
    Rule {
        under: &[OTHERS_CLEAR],
        when: |at| asks_no_socket(at) && !is_of_last_error(at),
        gives: Is(Gives::Silent),
        then: |at| at.thread_mut(at.thread).last_error = Code::NONE,
        rests_on: &["wsagle.success-may-reset"],
        ..case("success.others-clear-last-error", &[], States::ANY)
    },
    Rule {
        when: |at| asks_no_socket(at) || is_of_last_error(at),
        gives: Is(Gives::Silent),
        rests_on: &["wsagle.success-may-reset"],
        ..case("success.others-keep-last-error", &[], States::ANY)
    },
    Rule {
        under: &[SUCCESS_CLEARS],
        gives: Is(Gives::Silent),
        then: |at| at.thread_mut(at.thread).last_error = Code::NONE,
        rests_on: &["wsagle.success-may-reset"],
        ..case("success.clears-last-error", &[], States::ANY)
    },
    Rule {
        gives: Is(Gives::Silent),
        rests_on: &["wsagle.success-may-reset"],
        ..case("success.keeps-last-error", &[], States::ANY)
    },
}

/// Is this a call around windows? They are no Winsock calls: what the page says of those does not reach them.
fn is_of_windows(at: &At<'_>) -> bool {
    matches!(at.call(), Call::CreateWindow | Call::PeekMessage { .. } | Call::GetMessage { .. })
}

/// Has it fetched a message?
fn has_fetched(at: &At<'_>) -> bool {
    at.outcome().value == Value::Number(1)
}

/// The two that are about the last error itself, and a look at memory, which has none.
fn is_of_last_error(at: &At<'_>) -> bool {
    matches!(at.call(), Call::WSAGetLastError | Call::WSASetLastError { .. } | Call::AfdPollInfo { .. })
}

/// Does the call do no more than make, close, hand over or wait for handles, or tell what is known without the socket? Some stacks
/// count connect among these.
fn asks_no_socket(at: &At<'_>) -> bool {
    match *at.call() {
        Call::Accept { addr, addrlen, .. } => addr == Buffer::Null || addrlen == Length::Null,
        Call::WSAAccept { addr, addrlen, condition, .. } => {
            (addr == Buffer::Null || addrlen == Length::Null) && condition == Condition::Null
        }
        Call::Getsockopt { opt, .. } => opt == Opt::Type,
        Call::UpdateAcceptContext { .. } => at.state() == State::NotASocket,
        Call::WSAStartup { .. }
        | Call::WSACleanup
        | Call::Closesocket { .. }
        | Call::CloseHandle { .. }
        | Call::Connect { .. }
        | Call::WSACancelBlockingCall
        | Call::WSADuplicateSocket { .. }
        | Call::WSASocketFromInfo { .. }
        | Call::WSASetEvent { .. }
        | Call::WSAResetEvent { .. }
        | Call::WSACloseEvent { .. }
        | Call::WSAWaitForMultipleEvents { .. }
        | Call::CreatePort { .. }
        | Call::AssociatePort { .. }
        | Call::PostQueuedCompletionStatus { .. }
        | Call::GetQueuedCompletionStatus { .. }
        | Call::GetQueuedCompletionStatusEx { .. }
        | Call::SetFileCompletionNotificationModes { .. }
        | Call::CancelIo { .. }
        | Call::CancelIoEx { .. }
        | Call::QueueUserAPC { .. }
        | Call::SleepEx { .. }
        | Call::GetOverlappedResult { .. }
        | Call::GetAcceptExSockaddrs { .. }
        | Call::HasOverlappedIoCompleted { .. }
        | Call::Overlapped { .. } => true,
        _ => false,
    }
}

/// Of these it is known what they do to the last error.
fn names_or_shuts(at: &At<'_>) -> bool {
    matches!(at.call(), Call::Bind { .. } | Call::Getsockname { .. } | Call::Shutdown { .. })
}
