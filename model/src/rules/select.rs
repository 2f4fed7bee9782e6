//! `select` and `WSAPoll`.

use super::common::{case, check, in_progress, network_down, not_initialised};
use super::queue::shows_connection;
use crate::call::{Call, FdSet, Handle, PollEvents, Set, Timeout};
use crate::choice::{
    DEFERRED_READABLE, OUTPUT_BITS_FAIL, POLL_AFTER_REFUSAL, POLL_AFTER_RESET, POLL_END_AT_ONCE, POLL_END_BEHIND_DATA,
    POLL_INVALID_ENTRY, POLL_NO_VALID_SOCKET, POLL_NVAL, POLL_REFUSED_ERROR, POLL_REFUSED_HANGS_UP,
    POLL_REFUSED_NOTHING, POLL_RESET_IS_AN_ERROR, POLLPRI_FAILS, SOCKET_TWICE_IN_SET, TWICE_IS_ONE,
};
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::{At, Gives, Rule, States, Table, by};
use crate::world::{SocketId, State, Tcb};

table! {
    SELECT;
    not_initialised("select.not-initialised"),
    in_progress("select.in-progress"),
    network_down("select.network-down"),
    Rule {
        when: |at| sets(at).iter().all(|set| set.is_none_or(|set| set.is_empty())),
        ..check("select.no-sockets", &["select.err.WSAEINVAL"], States::ANY, Code::WSAEINVAL)
    },
    Rule {
        when: |at| sets(at).iter().flatten().any(|set| set.iter().any(|handle| resolved(at, handle).is_none())),
        ..check("select.not-a-socket", &["select.err.WSAENOTSOCK"], States::ANY, Code::WSAENOTSOCK)
    },
    Rule {
        gives: Is(Gives::Continues(Table::SelectReady)),
        rests_on: &["tutorial.select-poll"],
        ..case("select.looks", &["select.rem.nfds-ignored"], States::ANY)
    },
}

table! {
    /// What select, new or waiting, finds.
    SELECT_READY;
    Rule {
        asks: &[DEFERRED_READABLE, SOCKET_TWICE_IN_SET],
        when: |at| ready_sets(at).iter().any(|set| !set.is_empty()),
        then: |at| {
            let found = ready_sets(at);
            let once = found.iter().any(has_one_twice) && at.chooses(TWICE_IS_ONE);
            let [read, write, except] = if once { found.map(each_once) } else { found };
            let count = read.len() + write.len() + except.len();
            at.give(Outcome::number(count as i64).with(Out::Sets { read, write, except }));
        },
        rests_on: &["tutorial.select-poll"],
        ..case("select.ready", &["select.rem.listener-readable"], States::ANY)
    },
    Rule {
        when: |at| timeout(at) == Some(0),
        then: |at| at.give(Outcome::number(0).with(NOBODY)),
        ..case("select.polls", &["select.rem.zero-timeout-polls"], States::ANY)
    },
    Rule { gives: Is(Gives::Blocks), ..case("select.waits", &["select.rem.zero-timeout-polls"], States::ANY) },
}

/// `select` found nothing: its sets come back empty.
pub(super) const NOBODY: Out = Out::Sets { read: EMPTY, write: EMPTY, except: EMPTY };
const EMPTY: Set<Handle> = Set::EMPTY;

table! {
    WSAPOLL;
    not_initialised("WSAPoll.not-initialised"),
    in_progress("WSAPoll.in-progress"),
    network_down("WSAPoll.network-down"),
    Rule {
        under: &[POLLPRI_FAILS],
        when: |at| polled(at).iter().any(|(handle, events)| handle != Handle::INVALID && events.has(PollEvents::PRI)),
        ..check("WSAPoll.pollpri", &["wsapoll.rem.pollpri-fails"], States::ANY, Code::WSAEINVAL)
    },
    Rule {
        under: &[OUTPUT_BITS_FAIL],
        when: |at| polled(at).iter().any(|(handle, events)| handle != Handle::INVALID && only_told(events)),
        ..check("WSAPoll.output-bits", &["wsapoll.rem.pollpri-fails"], States::ANY, Code::WSAEINVAL)
    },
    Rule {
        gives: by(POLL_NO_VALID_SOCKET, &[Fails(Code::WSAEINVAL), Fails(Code::WSAENOTSOCK)]),
        when: |at| polled(at).iter().all(|(handle, _)| resolved(at, handle).is_none()),
        ..check("WSAPoll.no-valid-socket", &["wsapoll.err.WSAEINVAL.no-valid"], States::ANY, Code::WSAEINVAL)
    },
    Rule {
        gives: Is(Gives::Continues(Table::WSAPollReady)),
        rests_on: &["tutorial.select-poll"],
        ..case("WSAPoll.looks", &["wsapoll.rem.negative-fd-ignored"], States::ANY)
    },
}

table! {
    /// What `WSAPoll`, new or waiting, finds.
    WSAPOLL_READY;
    Rule {
        when: |at| revents(at).iter().any(|events| events != PollEvents(0)),
        then: poll_tells,
        asks: &[DEFERRED_READABLE, POLL_AFTER_RESET, POLL_AFTER_REFUSAL, POLL_INVALID_ENTRY, POLL_END_BEHIND_DATA],
        rests_on: &["tutorial.select-poll"],
        ..case("WSAPoll.ready", &["wsapoll.rem.listener-pollrdnorm"], States::ANY)
    },
    Rule {
        asks: &[DEFERRED_READABLE, POLL_AFTER_RESET, POLL_AFTER_REFUSAL, POLL_INVALID_ENTRY, POLL_END_BEHIND_DATA],
        when: |at| polls_a_refused_socket(at) && !at.chooses(POLL_REFUSED_NOTHING),
        then: poll_tells,
        ..case("WSAPoll.refused", &["wsapoll.rem.listener-pollrdnorm"], States::ANY)
    },
    Rule {
        when: |at| timeout(at) == Some(0),
        then: |at| {
            let revents = revents(at);
            let revents = marked(at, revents);
            at.give(Outcome::number(0).with(Out::Revents(revents)));
        },
        asks: &[DEFERRED_READABLE, POLL_AFTER_RESET, POLL_AFTER_REFUSAL, POLL_INVALID_ENTRY, POLL_END_BEHIND_DATA],
        ..case("WSAPoll.polls", &["wsapoll.timeout"], States::ANY)
    },
    Rule { gives: Is(Gives::Blocks), ..case("WSAPoll.waits", &["wsapoll.timeout"], States::ANY) },
}

fn sets(at: &At<'_>) -> [FdSet<Handle>; 3] {
    match *at.call() {
        Call::Select { readfds, writefds, exceptfds, .. } => [readfds, writefds, exceptfds],
        _ => [None; 3],
    }
}

fn polled(at: &At<'_>) -> Set<(Handle, PollEvents)> {
    match *at.call() {
        Call::WSAPoll { fds, .. } => fds,
        _ => Set::default(),
    }
}

fn timeout(at: &At<'_>) -> Timeout {
    match *at.call() {
        Call::Select { timeout, .. } | Call::WSAPoll { timeout, .. } => timeout,
        _ => None,
    }
}

/// Was a socket of its read set closed under this select?
pub(super) fn closed_in_read_set(at: &At<'_>) -> bool {
    sets(at)[0].is_some_and(|set| set.iter().any(|handle| is_gone(at, handle)))
}

/// select returns: those of its read set that were closed under it are in it.
pub(super) fn tells_closed(at: &mut At<'_>) {
    let set = sets(at)[0].unwrap_or_default();
    let read = Set::collect(set.iter().filter(|handle| is_gone(at, *handle)));
    let count = read.len() as i64;
    at.give(Outcome::number(count).with(Out::Sets { read, write: EMPTY, except: EMPTY }));
}

/// WSAPoll returns: those that were closed under it are no sockets, and counted.
pub(super) fn poll_tells_closed(at: &mut At<'_>) {
    let count = polled(at).iter().filter(|(handle, _)| is_gone(at, *handle)).count() as i64;
    let revents = polled(at).map(|(handle, _)| match resolved(at, handle) {
        Some(_) => PollEvents(0),
        None => PollEvents::NVAL,
    });
    at.give(Outcome::number(count).with(Out::Revents(revents)));
}

/// Does this handle name nothing any more? What named nothing when the wait began is INVALID_SOCKET by now.
fn is_gone(at: &At<'_>, handle: Handle) -> bool {
    handle != Handle::INVALID && resolved(at, handle).is_none()
}

fn resolved(at: &At<'_>, handle: Handle) -> Option<SocketId> {
    at.resolve_socket(handle)
}

/// The sockets of each set that are ready.
fn ready_sets(at: &At<'_>) -> [Set<Handle>; 3] {
    let [read, write, except] = sets(at);
    let ready = |set: FdSet<Handle>, is_ready: fn(&At<'_>, SocketId) -> bool| {
        let test = |handle: &Handle| resolved(at, *handle).is_some_and(|s| is_ready(at, s));
        set.map_or(Set::EMPTY, |set| Set::collect(set.iter().filter(test)))
    };
    [ready(read, readable), ready(write, writable), ready(except, exceptional)]
}

/// Is a socket in it twice?
fn has_one_twice(set: &Set<Handle>) -> bool {
    set.iter().enumerate().any(|(place, handle)| set.iter().take(place).any(|before| before == handle))
}

/// The same without those that were in it before.
fn each_once(set: Set<Handle>) -> Set<Handle> {
    let is_new = |(place, handle): &(usize, Handle)| !set.iter().take(*place).any(|before| before == *handle);
    Set::collect(set.iter().enumerate().filter(is_new).map(|(_, handle)| handle))
}

/// WSAPoll returns with what it found.
fn poll_tells(at: &mut At<'_>) {
    let revents = with_errors(at, revents(at));
    let count = revents.iter().filter(|events| *events != PollEvents(0)).count();
    let revents = marked(at, revents);
    at.give(Outcome::number(count as i64).with(Out::Revents(revents)));
}

/// What this profile adds for connections that were refused or reset.
fn with_errors(at: &At<'_>, revents: Set<PollEvents>) -> Set<PollEvents> {
    Set::collect(polled(at).iter().zip(revents.iter()).map(|((handle, asked), events)| {
        let Some(s) = resolved(at, handle) else { return events };
        let mut events = events;
        if hung_up(at, s) && end(at, s).is_some_and(|end| end.tcb == Tcb::Reset) && at.chooses(POLL_RESET_IS_AN_ERROR) {
            events = events.with(PollEvents::ERR);
        }
        if exceptional(at, s) && at.chooses(POLL_REFUSED_ERROR) {
            events = events.with(PollEvents::ERR);
        } else if exceptional(at, s) && at.chooses(POLL_REFUSED_HANGS_UP) {
            events = events.with(PollEvents::ERR).with(PollEvents::HUP);
            if asked.has(PollEvents::WRNORM) {
                events = events.with(PollEvents::WRNORM);
            }
        }
        events
    }))
}

fn polls_a_refused_socket(at: &At<'_>) -> bool {
    polled(at).iter().any(|(handle, _)| resolved(at, handle).is_some_and(|s| exceptional(at, s)))
}

/// Bits that WSAPoll tells and nobody asks for.
fn only_told(events: PollEvents) -> bool {
    [PollEvents::ERR, PollEvents::HUP, PollEvents::NVAL].into_iter().any(|bit| events.has(bit))
}

/// The peer has ended its stream, and data before that is unread.
fn ended_behind_data(at: &At<'_>, s: SocketId) -> bool {
    let ended = |end: &crate::world::End| end.fin_received && !end.unread.is_empty() && end.tcb != Tcb::Reset;
    at.socket_at(s).state == State::Connected && end(at, s).is_some_and(ended)
}

fn revents(at: &At<'_>) -> Set<PollEvents> {
    polled(at).map(|(handle, events)| {
        let mut found = PollEvents(0);
        let Some(s) = resolved(at, handle) else { return found };
        if events.has(PollEvents::RDNORM) && readable(at, s) && !hung_up(at, s) {
            found = found.with(PollEvents::RDNORM);
        }
        if events.has(PollEvents::WRNORM) && writable(at, s) {
            found = found.with(PollEvents::WRNORM);
        }
        if hung_up(at, s) || ended_behind_data(at, s) && at.chooses(POLL_END_AT_ONCE) {
            found = found.with(PollEvents::HUP);
        }
        found
    })
}

/// Entries that are no socket: cleared, or marked and still not counted.
fn marked(at: &At<'_>, revents: Set<PollEvents>) -> Set<PollEvents> {
    let is_invalid = |handle: Handle| resolved(at, handle).is_none();
    if !polled(at).iter().any(|(handle, _)| is_invalid(handle)) || !at.chooses(POLL_NVAL) {
        return revents;
    }
    let mark = |((handle, _), events)| if is_invalid(handle) { PollEvents::NVAL } else { events };
    Set::collect(polled(at).iter().zip(revents.iter()).map(mark))
}

/// A listener with a connection to accept; a connection with data, its end, or a reset to report.
fn readable(at: &At<'_>, s: SocketId) -> bool {
    let socket = at.socket_at(s);
    match socket.state {
        State::Listening => shows_connection(at, s),
        State::Connected => {
            end(at, s).is_some_and(|end| !end.unread.is_empty() || end.fin_received || end.tcb == Tcb::Reset)
        }
        _ => false,
    }
}

/// A datagram socket can send at any time (WT-SEL-012; the pages of this inventory are silent about it).
fn writable(at: &At<'_>, s: SocketId) -> bool {
    matches!(at.socket_at(s).state, State::Connected | State::Datagram)
}

/// An attempt to connect has failed, and nothing has made up for it.
pub(super) fn exceptional(at: &At<'_>, s: SocketId) -> bool {
    let socket = at.socket_at(s);
    socket.state == State::Failed || socket.state == State::Bound && socket.error != Code::NONE
}

fn hung_up(at: &At<'_>, s: SocketId) -> bool {
    at.socket_at(s).state == State::Connected
        && end(at, s).is_some_and(|end| (end.fin_received && end.unread.is_empty()) || end.tcb == Tcb::Reset)
}

fn end<'w>(at: &'w At<'_>, s: SocketId) -> Option<&'w crate::world::End> {
    at.own_end(s)
}
