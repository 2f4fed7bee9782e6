//! What happened in a run, in order: what becomes a scenario.

use std::collections::BTreeSet;

use winaccept_model::call::{Call, Handle};
use winaccept_model::choice::Alt;
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};
use winaccept_model::step::Answer;
use winaccept_model::world::{ConnId, Segment, SocketId};
use winaccept_sim::script::FaultKind;

/// How many threads a program may have at a time. Clients are numbered behind them.
pub(crate) const THREADS: usize = 16;

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Entry {
    /// An actor made a call; `None`: it waits.
    Call(usize, Call, Option<Outcome>),
    /// The call that it waited in returned.
    Resumes(usize, Outcome),
    /// The condition function of this call came back, and the call gave this.
    Answer(usize, Answer, Call, Option<Outcome>),
    /// A thread ended.
    Ends(usize),
    /// The first segment in flight of a connection that is held arrived.
    Deliver(ConnId, Segment),
    /// It was lost.
    Lose(ConnId, Segment),
    /// A connection's segments stay in flight, or go on.
    Hold(ConnId, bool),
    /// A retransmission timer ran out.
    Timer(ConnId),
    /// A fault began, or ended.
    Fault(FaultKind, bool),
    /// The next step was decided so.
    Chooses(Alt),
    /// The same call gave the same so many times more.
    Again(u32),
}

/// What a verdict is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum About {
    /// What was called last.
    Last,
    /// A client, by its actor.
    Client(usize),
    /// Whatever has this handle, or this address.
    Handle(Handle),
    /// The socket in this slot.
    Socket(SocketId),
}

/// How much of a record is to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Detail {
    /// Also what the program has called last.
    Much,
    Usual,
    /// Not who waits to be accepted, nor who waits to accept.
    Little,
}

/// Which entries tell why a run is convicted: the last failure that the program was told and the last client that it learnt of,
/// calls of its that have not returned, and what the verdict is about. The others are there for what these give.
pub(crate) fn telling(record: &[Entry], about: &[About], detail: Detail) -> BTreeSet<usize> {
    let brief = detail == Detail::Little;
    // Of a call or a socket, it does not matter who else waits.
    let pointed = about.iter().any(|about| matches!(about, About::Last | About::Socket(_)));
    let mut kept = BTreeSet::new();
    if detail == Detail::Much {
        let calls = |at: &usize| matches!(record[*at], Entry::Call(actor, ..) if actor < THREADS);
        kept.extend((0..record.len()).rev().filter(calls).take(SHOWN));
    }
    if about.contains(&About::Last) {
        kept.extend(record.iter().rposition(|entry| !matches!(entry, Entry::Again(_))));
    }
    if let Some(again) = record.iter().position(|entry| matches!(entry, Entry::Again(_))) {
        kept.extend(again.saturating_sub(if brief { SHOWN / 2 } else { SHOWN })..again);
    }
    kept.extend(record.iter().rposition(|entry| match entry {
        Entry::Call(actor, _, Some(outcome)) | Entry::Resumes(actor, outcome) => {
            *actor < THREADS && outcome.error != Code::NONE && !PASSING.contains(&outcome.error)
        }
        _ => false,
    }));
    kept.extend(record.iter().rposition(|entry| match entry {
        _ if brief && about.iter().any(|about| matches!(about, About::Socket(_))) => false,
        Entry::Call(actor, call, Some(outcome)) => *actor < THREADS && brings(call, outcome),
        Entry::Resumes(actor, Outcome { value: Value::Handle(_), .. }) => *actor < THREADS,
        _ => false,
    }));
    for actor in 0..THREADS {
        let of_actor = |entry: &Entry| match entry {
            Entry::Call(who, ..) | Entry::Resumes(who, _) | Entry::Answer(who, ..) => *who == actor,
            _ => false,
        };
        let last = record.iter().rposition(of_actor);
        // Who waits to accept waits as he should, if there is nothing else to say.
        let waits = |last: &usize| match &record[*last] {
            Entry::Call(_, call, None) => !brief || !pointed && !call.accepts(),
            _ => false,
        };
        kept.extend(last.filter(waits));
    }
    for about in about {
        // Of a client with whom nothing went wrong it need not be told how he came.
        let went_wrong = |at: &usize| !brief || !matches!(about, About::Client(_)) || is_wrong(&record[*at]);
        kept.extend(last_of(record, *about).into_iter().filter(went_wrong));
    }
    let waiting: Vec<&Call> = kept.iter().filter_map(|at| waits_in(&record[*at])).collect();
    let meaning: Vec<usize> = waiting.iter().flat_map(|call| what_it_waits_for(record, call)).collect();
    kept.extend(meaning);
    kept
}

/// The call that waits, if the entry is one.
fn waits_in(entry: &Entry) -> Option<&Call> {
    match entry {
        Entry::Call(actor, call, None) if *actor < THREADS => Some(call),
        _ => None,
    }
}

/// Does a client learn here that it is connected?
fn connects(record: &[Entry], at: usize) -> bool {
    match &record[at] {
        Entry::Call(actor, Call::Connect { .. }, Some(outcome)) => *actor >= THREADS && outcome.error == Code::NONE,
        Entry::Resumes(actor, outcome) => {
            let by = |entry: &&Entry| matches!(entry, Entry::Call(other, ..) if other == actor);
            let made = record[..at].iter().rev().find(by);
            *actor >= THREADS
                && outcome.error == Code::NONE
                && matches!(made, Some(Entry::Call(_, Call::Connect { .. }, _)))
        }
        _ => false,
    }
}

/// Without these a wait means nothing: what was to signal its event, and when that was reset last, with the client that had
/// come before; what was to send packets to its port.
fn what_it_waits_for(record: &[Entry], wait: &Call) -> Vec<usize> {
    let mut kept = Vec::new();
    let last = |which: &dyn Fn(&Call) -> bool| {
        record.iter().rposition(
            |entry| matches!(entry, Entry::Call(_, call, Some(outcome)) if outcome.error == Code::NONE && which(call)),
        )
    };
    match *wait {
        Call::WSAWaitForMultipleEvents { events, .. } | Call::WSAWaitForAllEvents { events, .. } => {
            for event in events.iter() {
                kept.extend(last(&|call| {
                    matches!(call, Call::WSAEventSelect { event: Some(selected), mask, .. } if *selected == event && mask.0 != 0)
                }));
                let reset = last(&|call| matches!(call, Call::WSAResetEvent { event: reset } if *reset == event));
                kept.extend(reset);
                kept.extend(reset.and_then(|reset| (0..reset).rev().find(|at| connects(record, *at))));
            }
        }
        Call::GetQueuedCompletionStatus { port, .. } | Call::GetQueuedCompletionStatusEx { port, .. } => {
            kept.extend(last(&|call| matches!(call, Call::AssociatePort { port: of, .. } if *of == port)));
        }
        _ => {}
    }
    kept
}

/// Does the program learn of a client by this?
fn brings(call: &Call, outcome: &Outcome) -> bool {
    match call {
        Call::GetQueuedCompletionStatus { .. } => matches!(outcome.out, Out::Packet { over: Some(_), .. }),
        Call::GetQueuedCompletionStatusEx { .. } => matches!(outcome.out, Out::Packets { .. }),
        Call::WSAGetOverlappedResult { .. } | Call::GetOverlappedResult { .. } => {
            outcome.error != Code::WSA_IO_INCOMPLETE
        }
        _ => call.accepts() && matches!(outcome.value, Value::Handle(_)),
    }
}

/// The last of each kind of entry that speaks of this.
fn last_of(record: &[Entry], about: About) -> Vec<usize> {
    let is = |handle: Handle| match about {
        About::Handle(meant) => handle == meant,
        About::Socket(slot) => handle.slot() == Some(slot),
        About::Client(_) | About::Last => false,
    };
    let by = |actor: usize| about == About::Client(actor);
    let last = |which: &dyn Fn(&Entry) -> bool| record.iter().rposition(which);
    let gives = |outcome: &Outcome| matches!(outcome.value, Value::Handle(handle) if is(handle));
    let kinds = [
        last(&|entry| match entry {
            Entry::Call(_, _, Some(outcome)) | Entry::Resumes(_, outcome) | Entry::Answer(.., Some(outcome)) => {
                gives(outcome)
            }
            _ => false,
        }),
        last(&|entry| match entry {
            Entry::Call(_, Call::AcceptEx { accept, overlapped, .. }, _) => is(*accept) || overlapped.is_some_and(is),
            Entry::Call(
                _,
                Call::WSARecvOverlapped { overlapped, .. } | Call::WSASendOverlapped { overlapped, .. },
                _,
            ) => is(*overlapped),
            _ => false,
        }),
        last(&|entry| matches!(entry, Entry::Call(_, Call::Closesocket { s }, _) if is(*s))),
        decisive(record, &by),
    ];
    kinds.into_iter().flatten().collect()
}

/// A call that has failed, or that waits.
fn is_wrong(entry: &Entry) -> bool {
    match entry {
        Entry::Call(_, _, outcome) => outcome.is_none_or(|outcome| outcome.error != Code::NONE),
        Entry::Resumes(_, outcome) => outcome.error != Code::NONE,
        _ => false,
    }
}

/// What became of a client: the last call of its that has failed or still waits; where none has, what it was given last.
fn decisive(record: &[Entry], by: &dyn Fn(usize) -> bool) -> Option<usize> {
    let fails = |entry: &Entry| {
        matches!(entry, Entry::Call(actor, _, Some(outcome)) | Entry::Resumes(actor, outcome)
            if by(*actor) && outcome.error != Code::NONE)
    };
    let of_actor = |entry: &Entry| match entry {
        Entry::Call(actor, call, _) => by(*actor) && !matches!(call, Call::Send { .. } | Call::Closesocket { .. }),
        Entry::Resumes(actor, _) => by(*actor),
        _ => false,
    };
    let last = record.iter().rposition(of_actor);
    let waits = |at: &usize| matches!(record[*at], Entry::Call(_, _, None));
    last.filter(waits).or_else(|| record.iter().rposition(fails)).or(last)
}

/// Failures that are part of the plan of any loop.
const PASSING: &[Code] = &[Code::ERROR_IO_PENDING, Code::WAIT_TIMEOUT, Code::WSAEWOULDBLOCK, Code::ERROR_IO_INCOMPLETE];
/// So many calls of what goes on and on are shown.
const SHOWN: usize = 4;

/// The longest part that is looked for again behind itself.
const PART: usize = 24;

/// Which entries are left when what repeats itself is shown once; `None`: nothing does.
pub(crate) fn collapsed(record: &[Entry]) -> Option<Vec<usize>> {
    let mut kept: Vec<usize> = (0..record.len()).collect();
    for part in 1..=PART {
        let mut at = 0;
        while at + 2 * part <= kept.len() {
            if (0..part).all(|on| record[kept[at + on]] == record[kept[at + part + on]]) {
                kept.drain(at + part..at + 2 * part);
            } else {
                at += 1;
            }
        }
    }
    (kept.len() < record.len()).then_some(kept)
}
