//! User APCs: `QueueUserAPC`, `SleepEx`, and what an APC does to a wait.

use super::common::{case, not_modelled};
use super::queue::is_provider;
use crate::call::{Call, Routine};
use crate::choice::{PROVIDER_RUNS_APC, RECV_RUNS_APC, SELECT_RUNS_APC, WAIT_CONTINUES, WAIT_INTERRUPTED};
use crate::code::Code;
use crate::frame::IO_COMPLETION;
use crate::operation::Ended;
use crate::outcome::Outcome;
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Limit, Role, Rule, States};
use crate::world::APCS;

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
                if at.thread_at(thread).apcs.len() == APCS {
                    at.reaches(Limit { most: APCS, of: "APCs queued to one thread" });
                }
                at.thread_mut(thread).apcs.push(routine);
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
        when: |at| matches!(at.thread().apcs.first(), Some(Routine::Accept(_))) && is_winsock_wait(at),
        gives: Is(Gives::Undefined),
        rests_on: &[
            "accept.rem.apc-nested-undefined",
            "listen.rem.apc-nested-undefined",
            "wsaaccept.rem.apc-nested-undefined",
        ],
        ..case("apc.nested-blocking-call", &[], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::SleepEx { .. } | Call::WSAWaitForMultipleEvents { .. }),
        then: runs_all,
        rests_on: &["wsawait.alertable-returns"],
        ..case("apc.ends-alertable-wait", &[], States::ANY)
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
            runs_first(at);
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

/// The first APC runs, and the call waits on.
const fn goes_on(name: &'static str) -> Rule {
    Rule {
        gives: Is(Gives::Silent),
        then: |at| {
            runs_first(at);
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
    !matches!(*at.call(), Call::SleepEx { .. } | Call::WSAWaitForMultipleEvents { .. })
}

/// Runs every APC of the thread in question, which ends its wait.
pub(super) fn runs_all(at: &mut At<'_>) {
    while runs_first(at) {}
    at.give(IO_COMPLETION);
}

/// Runs the first APC of the thread in question, if there is one.
fn runs_first(at: &mut At<'_>) -> bool {
    let Some(routine) = at.thread().apcs.first() else { return false };
    at.thread_mut(at.thread).apcs.pop_first();
    if let Routine::SetEvent(handle) = routine
        && let Some(event) = at.resolve_event(handle)
    {
        at.signal(event);
    }
    true
}
