//! User APCs: `QueueUserAPC`, `SleepEx`, and what an APC does to a wait.

use super::common::{case, not_modelled};
use super::queue::is_provider;
use crate::call::{Call, Routine};
use crate::choice::{
    ACCEPT_WAIT, LAST_ROUTINE_FIRST, PROVIDER_RUNS_APC, PROVIDER_WAIT, RECV_RUNS_APC, RECV_WAIT, ROUTINE_ORDER,
    SELECT_RUNS_APC, SELECT_WAIT, WAIT_CONTINUES, WAIT_INTERRUPTED,
};
use crate::code::Code;
use crate::engine::failure;
use crate::frame::IO_COMPLETION;
use crate::operation::{Apc, Ended, Frame};
use crate::outcome::Outcome;
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Role, Rule, States, Table};

table! {
    QUEUEUSERAPC;
    // It fails, but no page of Winsock says with which code.
    Rule {
        when: |at| target(at).is_none_or(|t| at.thread_at(t).ended == Ended::Exited),
        rests_on: &["accept.rem.apc-interrupts"],
        ..not_modelled("QueueUserAPC.ended-thread-not-modelled", &[], States::ANY)
    },
    Rule {
        then: |at| {
            if let (Some(thread), Call::QueueUserAPC { routine, .. }) = (target(at), *at.call()) {
                at.queues(thread, Apc::User(routine));
            }
            at.give(Outcome::number(1));
        },
        rests_on: &["accept.rem.apc-interrupts", "accept.rem.alertable-wait"],
        ..case("QueueUserAPC.queues", &[], States::ANY)
    },
}

table! {
    SLEEPEX;
    Rule {
        when: |at| at.hooked().is_some(),
        rests_on: &["einprogress.only-1-1"],
        ..not_modelled("SleepEx.in-hook-not-modelled", &[], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::SleepEx { alertable: true, .. }) && routine_is_due(at),
        gives: Is(Gives::Continues(Table::Apc)),
        rests_on: &["wsarecv.rem.routine-in-alertable-wait"],
        ..case("SleepEx.calls-routine", &[], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::SleepEx { alertable: true, .. }) && !at.thread().apcs.is_empty(),
        then: runs_all,
        rests_on: &["accept.rem.apc-interrupts"],
        ..case("SleepEx.runs-apcs", &[], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::SleepEx { timeout: Some(0), .. }),
        rests_on: &["accept.rem.apc-interrupts"],
        ..case("SleepEx.returns", &[], States::ANY)
    },
    Rule {
        gives: Is(Gives::Blocks),
        rests_on: &["accept.rem.apc-interrupts"],
        ..case("SleepEx.sleeps", &[], States::ANY)
    },
}

table! {
    /// An APC is due and its thread waits alertably.
    APC;
    Rule {
        role: Role::Case,
        when: |at| matches!(at.thread().apcs.first(), Some(Apc::User(Routine::Accept(_)))) && is_winsock_wait(at),
        gives: Is(Gives::Undefined),
        rests_on: &[
            "accept.rem.apc-nested-undefined",
            "listen.rem.apc-nested-undefined",
            "wsaaccept.rem.apc-nested-undefined",
        ],
        ..case("apc.nested-blocking-call", &[], States::ANY)
    },
    // Those of one socket are not nested, the page says; of others it says nothing.
    Rule {
        when: |at| at.call().lets_apcs_run() && routine_is_due(at) && at.thread().frames.contains(Frame::Apc),
        rests_on: &["wsarecv.rem.routines-not-nested"],
        ..not_modelled("apc.routine-in-routine-not-modelled", &[], States::ANY)
    },
    Rule {
        when: |at| at.call().lets_apcs_run() && routine_is_due(at),
        gives: Is(Gives::CallsRoutine),
        then: |at| {
            next_routine_first(at);
            at.give(apc_has_run(at.call()));
        },
        asks: &[ROUTINE_ORDER],
        rests_on: &[
            "wsawait.alertable-returns",
            "wsarecv.rem.routine-in-alertable-wait",
            "wsarecv.rem.routine-arguments",
            "wsarecv.rem.all-routines-run",
            "wsarecv.rem.routines-in-any-order",
            "wsarecv.ret.zero-completion-still",
            "closesocket.rem.completion-performed",
        ],
        ..case("apc.routine-runs-in-alertable-wait", &[], States::ANY)
    },
    Rule {
        when: |at| at.call().lets_apcs_run(),
        then: runs_all,
        rests_on: &["wsawait.alertable-returns"],
        ..case("apc.ends-alertable-wait", &[], States::ANY)
    },
    Rule {
        when: |at| matches!(at.thread().apcs.first(), Some(Apc::Completion(_))) && runs_in_call(at),
        gives: Is(Gives::CallsRoutine),
        asks: &[ACCEPT_WAIT, SELECT_WAIT, RECV_WAIT, PROVIDER_WAIT],
        then: |at| {
            if has_no_wait_of_its_own(at) && at.chooses(WAIT_INTERRUPTED) {
                at.give(failure(at.call(), Code::WSAEINTR));
            }
        },
        rests_on: WAITS,
        ..case("apc.routine-runs-in-call", &[], States::ANY)
    },
    Rule {
        under: &[SELECT_RUNS_APC],
        when: is_select,
        ..goes_on("select.runs-apc-and-waits-on")
    },
    Rule {
        under: &[RECV_RUNS_APC],
        when: is_recv,
        ..goes_on("recv.runs-apc-and-waits-on")
    },
    // Unlike those of accept and WSAAccept its page has no word on APCs.
    Rule {
        under: &[PROVIDER_RUNS_APC],
        when: is_provider,
        cites: &["wspaccept.absent.apc-note"],
        ..goes_on("WSPAccept.runs-apc-and-waits-on")
    },
    Rule {
        under: &[WAIT_CONTINUES],
        when: has_no_wait_of_its_own,
        ..goes_on("apc.runs-and-call-waits-on")
    },
    Rule {
        under: &[WAIT_INTERRUPTED],
        when: has_no_wait_of_its_own,
        gives: Is(Gives::Fails(Code::WSAEINTR)),
        then: |at| {
            at.runs_first_apc();
        },
        rests_on: WAITS,
        ..case("apc.runs-and-ends-call", &[], States::ANY)
    },
    Rule {
        gives: Is(Gives::Silent),
        rests_on: &["accept.rem.alertable-wait", "wspaccept.absent.apc-note"],
        ..case("apc.waits-for-alertable-wait", &[], States::ANY)
    },
}

table! {
    /// A call begins to wait inside an APC.
    BLOCKS_IN_ROUTINE;
    Rule {
        when: |at| is_winsock_wait(at) && has_interrupted_winsock(at),
        gives: Is(Gives::Undefined),
        rests_on: &[
            "accept.rem.apc-nested-undefined",
            "listen.rem.apc-nested-undefined",
            "wsaaccept.rem.apc-nested-undefined",
        ],
        ..case("apc.call-blocks-in-call", &[], States::ANY)
    },
    Rule {
        gives: Is(Gives::Silent),
        then: |at| at.block(),
        rests_on: &["accept.rem.apc-nested-undefined"],
        ..case("apc.call-blocks-in-routine", &[], States::ANY)
    },
}

/// The first APC runs, and the call waits on.
const fn goes_on(name: &'static str) -> Rule {
    Rule {
        gives: Is(Gives::Silent),
        then: |at| {
            at.runs_first_apc();
        },
        rests_on: WAITS,
        ..case(name, &[], States::ANY)
    }
}

/// Is it a call whose wait has no choice point of its own?
fn has_no_wait_of_its_own(at: &At<'_>) -> bool {
    !is_select(at) && !is_recv(at) && !is_provider(at)
}

fn is_select(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::Select { .. })
}

fn is_recv(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::Recv { .. } | Call::WSARecv { .. })
}

/// What the pages of calls that wait say of APCs.
const WAITS: &[&str] = &[
    "accept.rem.alertable-wait",
    "accept.rem.apc-interrupts",
    "wsaaccept.rem.alertable-wait",
    "wsaaccept.rem.apc-interrupts",
];

fn target(at: &At<'_>) -> Option<crate::call::ThreadId> {
    match *at.call() {
        Call::QueueUserAPC { thread, .. } if at.has_thread(thread) => Some(thread),
        _ => None,
    }
}

fn is_winsock_wait(at: &At<'_>) -> bool {
    !at.call().lets_apcs_run()
}

/// Has an APC of the thread in question interrupted a Winsock call?
fn has_interrupted_winsock(at: &At<'_>) -> bool {
    let mut below = None;
    at.thread().frames.iter().any(|frame| match (below.replace(frame), frame) {
        (Some(Frame::Waits(op)), Frame::Apc) => !at.op_at(op).call.lets_apcs_run(),
        _ => false,
    })
}

/// Is a completion routine among the APCs of the thread in question?
pub(super) fn routine_is_due(at: &At<'_>) -> bool {
    at.thread().apcs.iter().any(|apc| matches!(apc, Apc::Completion(_)))
}

/// Does a call that waits by itself let an APC run?
fn runs_in_call(at: &At<'_>) -> bool {
    if is_select(at) {
        at.chooses(SELECT_RUNS_APC)
    } else if is_recv(at) {
        at.chooses(RECV_RUNS_APC)
    } else if is_provider(at) {
        at.chooses(PROVIDER_RUNS_APC)
    } else {
        at.chooses(WAIT_CONTINUES) || at.chooses(WAIT_INTERRUPTED)
    }
}

/// Of several completion routines the last to be queued may be the first to run.
fn next_routine_first(at: &mut At<'_>) {
    let routines = |at: &At<'_>| at.thread().apcs.iter().filter(|apc| matches!(apc, Apc::Completion(_))).count();
    if routines(at) < 2 || !at.chooses(LAST_ROUTINE_FIRST) {
        return;
    }
    let last = at.thread().apcs.iter().filter(|apc| matches!(apc, Apc::Completion(_))).last();
    let apcs = &mut at.thread_mut(at.thread).apcs;
    if let Some(last) = last.filter(|last| apcs.remove(*last)) {
        apcs.push_first(last);
    }
}

/// What a wait gives that APCs have ended.
fn apc_has_run(call: &Call) -> Outcome {
    match call {
        Call::GetQueuedCompletionStatusEx { .. } => failure(call, Code::WAIT_IO_COMPLETION),
        _ => IO_COMPLETION,
    }
}

/// Runs every APC of the thread in question, which ends its wait.
pub(super) fn runs_all(at: &mut At<'_>) {
    while at.runs_first_apc() {}
    at.give(apc_has_run(at.call()));
}
