//! Event objects, `WSAEventSelect`, `WSAEnumNetworkEvents`, and what is recorded when.

use super::common::{
    before_update, case, check, in_progress, network_down, not_a_socket, not_initialised, not_modelled,
};
use super::options::set_nonblocking;
use super::queue::shows_connection;
use crate::call::{Call, Handle, NetworkEvents};
use crate::choice::{
    CLOSE_EVENT_AT_ONCE, CLOSE_MESSAGE_AT_ONCE, CLOSE_MESSAGE_ERROR, CLOSE_TELLS_ABORTED, CLOSE_TELLS_RESET,
    DEFERRED_READABLE, ENUM_ERROR_EVENT, ENUM_ERROR_RESETS, EVENTS_OF_A_RESET, FAILED_CONNECT_EVENT, FAILURE_RECORDED,
    FD_ACCEPT_RESELECT, FD_CLOSE_WITH_UNREAD_DATA, FD_WRITE_WHEN_SHUT, LATE_CONNECT_POSTED, MESSAGES_FORGOTTEN,
    NONBLOCKING_OF_DUPLICATES, RESELECT_SIGNALS, RESET_WRITES_TOO, SECOND_SILENT, SELECT_AFTER_MESSAGES,
    SHUT_IS_WRITABLE, SOCKET_IS_NO_EVENT, WAIT_NEEDS_STARTUP,
};
use crate::code::Code;
use crate::operation::{Message, Object, OpId, Phase};
use crate::outcome::{Out, Outcome, Value};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Limit, Rule, States, Table};
use crate::world::{Direction, EventId, EventObject, Selection, SocketId, State, Tcb, Told};

table! {
    EVENT_OBJECT;
    Rule {
        when: |at| !matches!(*at.call(), Call::WSACreateEvent) && event(at).is_none(),
        rests_on: &["wsawait.closed-handle-undefined"],
        ..check("event.invalid-handle", &[], States::ANY, Code::WSA_INVALID_HANDLE)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::WSACreateEvent),
        then: |at| creates(at, false, false),
        rests_on: &["wsaeventselect.rem.one-event-object"],
        ..case("WSACreateEvent.creates", &[], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::WSACloseEvent { .. }),
        then: |at| {
            if let Some(id) = event(at) {
                close_event(at, id);
            }
            at.give(Outcome::number(1));
        },
        rests_on: &["wsaeventselect.rem.close-cancels"],
        ..case("WSACloseEvent.closes", &[], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::WSASetEvent { .. }),
        then: |at| {
            if let Some(id) = event(at) {
                at.signal(id);
            }
            at.give(Outcome::number(1));
        },
        rests_on: &["wsawait.any-lowest-index", "createevent.rem.stays-signalled", "setevent.rem.set-again"],
        ..case("WSASetEvent.signals", &[], States::ANY)
    },
    Rule {
        then: |at| {
            if let Some(id) = event(at) {
                at.event_mut(id).signalled = false;
            }
            at.give(Outcome::number(1));
        },
        rests_on: &["wsaeventselect.rem.reset-atomically"],
        ..case("WSAResetEvent.resets", &[], States::ANY)
    },
}

table! {
    CREATEEVENT;
    Rule {
        then: |at| {
            let Call::CreateEvent { manual, initial } = *at.call() else { return };
            creates(at, !manual, initial);
        },
        ..case("CreateEvent.creates", &["createevent.manual.automatic", "createevent.initial-state"], States::ANY)
    },
}

table! {
    WAIT;
    Rule { under: &[WAIT_NEEDS_STARTUP], ..not_initialised("WSAWaitForMultipleEvents.not-initialised") },
    in_progress("WSAWaitForMultipleEvents.in-progress"),
    Rule {
        when: |at| waited(at).iter().any(|handle| at.resolve_event(*handle).is_none() && at.named(*handle).is_none()),
        ..check(
            "WSAWaitForMultipleEvents.invalid-handle",
            &["wsawait.closed-handle-undefined"],
            States::ANY,
            Code::WSA_INVALID_HANDLE,
        )
    },
    Rule {
        under: &[SOCKET_IS_NO_EVENT],
        when: |at| waited(at).iter().any(|handle| at.named(*handle).is_some()),
        ..check(
            "WSAWaitForMultipleEvents.socket-is-no-event",
            &["wsawait.closed-handle-undefined"],
            States::ANY,
            Code::WSA_INVALID_HANDLE,
        )
    },
    // When a file object of a socket is signalled, only those know who have read the system.
    Rule {
        when: |at| waited(at).iter().any(|handle| at.named(*handle).is_some()),
        ..not_modelled(
            "WSAWaitForMultipleEvents.socket-not-modelled",
            &["wsawait.closed-handle-undefined"],
            States::ANY,
        )
    },
    // The page forbids it, and does not say what comes of it.
    Rule {
        when: |at| all(at) && has_copies(&waited(at)),
        ..not_modelled("WSAWaitForMultipleEvents.copies-not-modelled", &["wsawait.all-without-copies"], States::ANY)
    },
    // Of two who wait for one release nobody says who gets it: a wait, or the one inside GetOverlappedResult.
    Rule {
        when: |at| waited(at).iter().filter_map(|event| at.resolve_event(*event)).any(|event| result_takes(at, event)),
        rests_on: &["createevent.manual.automatic"],
        ..not_modelled("WSAWaitForMultipleEvents.release-not-modelled", &[], States::ANY)
    },
    Rule {
        gives: Is(Gives::Continues(Table::WSAWaitReady)),
        ..case("WSAWaitForMultipleEvents.looks", &["wsawait.any-lowest-index"], States::ANY)
    },
}

table! {
    /// What the wait, new or waiting, finds.
    WAIT_READY;
    Rule {
        when: |at| !all(at) && signalled(at).is_some(),
        then: |at| {
            let index = signalled(at).unwrap_or_default();
            releases(at, usize::from(index)..=usize::from(index));
            at.give(Outcome { value: Value::WaitEvent(index), error: Code::NONE, out: Out::None });
        },
        rests_on: &["createevent.manual.automatic", "createevent.rem.stays-signalled"],
        ..case("WSAWaitForMultipleEvents.signalled", &["wsawait.any-lowest-index"], States::ANY)
    },
    // Which number of the range it is the page leaves open; the model tells the first, as both Wines were seen to.
    Rule {
        when: |at| all(at) && signalled(at).is_some(),
        then: |at| {
            releases(at, 0..=waited(at).len() - 1);
            at.give(Outcome { value: Value::WaitEvent(0), error: Code::NONE, out: Out::None });
        },
        rests_on: &["createevent.manual.automatic"],
        ..case("WSAWaitForMultipleEvents.all-signalled", &["wsawait.all", "wsawait.all-at-once"], States::ANY)
    },
    Rule {
        when: |at| alertably(at) && super::apc::routine_is_due(at),
        gives: Is(Gives::Continues(Table::Apc)),
        rests_on: &["wsarecv.rem.routine-in-alertable-wait"],
        ..case("WSAWaitForMultipleEvents.calls-routine", &["wsawait.alertable-returns"], States::ANY)
    },
    // An alertable wait without any time runs what is due, too.
    Rule {
        when: |at| alertably(at) && !at.thread().apcs.is_empty(),
        then: super::apc::runs_all,
        ..case("WSAWaitForMultipleEvents.runs-apcs", &["wsawait.alertable-returns"], States::ANY)
    },
    Rule {
        when: |at| at.call().time_out() == Some(Some(0)),
        then: |at| at.give(Outcome { value: Value::WaitTimeout, error: Code::NONE, out: Out::None }),
        ..case("WSAWaitForMultipleEvents.polls", &["wsawait.any-lowest-index"], States::ANY)
    },
    Rule {
        gives: Is(Gives::Blocks),
        ..case("WSAWaitForMultipleEvents.waits", &["wsawait.alertable-returns"], States::ANY)
    },
}

table! {
    WSAEVENTSELECT;
    not_initialised("WSAEventSelect.not-initialised"),
    in_progress("WSAEventSelect.in-progress"),
    network_down("WSAEventSelect.network-down"),
    not_a_socket("WSAEventSelect.not-a-socket"),
    Rule {
        when: |at| {
            let Call::WSAEventSelect { event, mask, .. } = *at.call() else { return true };
            mask.0 != 0 && event.and_then(|handle| at.resolve_event(handle)).is_none()
        },
        ..check(
            "WSAEventSelect.bad-event",
            &["wsaeventselect.rem.cancel-ignores-handle"],
            States::SOCKET,
            Code::WSAEINVAL,
        )
    },
    before_update("WSAEventSelect.before-accept-context"),
    Rule {
        when: |at| matches!(*at.call(), Call::WSAEventSelect { mask: NetworkEvents(0), .. }),
        then: |at| {
            set_nonblocking(at, true);
            let remembered = remembered(at);
            at.select(at.socket_id(), remembered);
        },
        asks: &[NONBLOCKING_OF_DUPLICATES, FD_ACCEPT_RESELECT, SELECT_AFTER_MESSAGES],
        rests_on: &["ioctl.fionbio.disable-first", "modes.back-to-blocking"],
        ..case(
            "WSAEventSelect.cancels",
            &[
                "wsaeventselect.rem.cancel-ignores-handle",
                "wsaeventselect.rem.sets-nonblocking",
                "wsaeventselect.rem.back-to-blocking",
            ],
            States::SOCKET,
        )
    },
    Rule {
        then: |at| {
            let Call::WSAEventSelect { event: Some(handle), mask, .. } = *at.call() else { return };
            set_nonblocking(at, true);
            let selection = Selection { told: at.resolve_event(handle).map(Told::Event), mask, ..remembered(at) };
            at.select(at.socket_id(), selection);
            if selection.recorded.0 & mask.0 != 0
                && let Some(id) = selection.event()
            {
                at.signal(id);
            }
            already_happened(at);
        },
        asks: &[
            NONBLOCKING_OF_DUPLICATES,
            FD_ACCEPT_RESELECT,
            SELECT_AFTER_MESSAGES,
            FAILED_CONNECT_EVENT,
            FD_CLOSE_WITH_UNREAD_DATA,
            EVENTS_OF_A_RESET,
            FD_WRITE_WHEN_SHUT,
        ],
        rests_on: &[
            "wspeventselect.rem.sets-nonblocking",
            "wspeventselect.rem.replaces-previous",
            "wsadup.registration-shared",
        ],
        ..case(
            "WSAEventSelect.selects",
            &[
                "wsaeventselect.rem.sets-nonblocking",
                "wsaeventselect.rem.replaces-previous",
                "wsaeventselect.fd.already-happened",
                "wsaeventselect.fdaccept.listen-then-select",
                "wsaeventselect.inherit.override",
            ],
            States::SOCKET,
        )
    },
}

table! {
    WSAENUMNETWORKEVENTS;
    not_initialised("WSAEnumNetworkEvents.not-initialised"),
    in_progress("WSAEnumNetworkEvents.in-progress"),
    network_down("WSAEnumNetworkEvents.network-down"),
    Rule {
        cites: &["wsaenum.rem.error-no-change"],
        rests_on: &[],
        asks: &[ENUM_ERROR_EVENT],
        then: |at| {
            let Call::WSAEnumNetworkEvents { event, .. } = *at.call() else { return };
            if let Some(id) = event.and_then(|handle| at.resolve_event(handle))
                && at.chooses(ENUM_ERROR_RESETS)
            {
                at.event_mut(id).signalled = false;
            }
        },
        ..not_a_socket("WSAEnumNetworkEvents.not-a-socket")
    },
    Rule {
        then: |at| {
            let Call::WSAEnumNetworkEvents { event, .. } = *at.call() else { return };
            let recorded = at.sock().selection().recorded;
            let mask = at.sock().selection().mask;
            let told = NetworkEvents(recorded.0 & mask.0);
            let errors = at.sock().selection().errors;
            let selection = &mut at.own_extra_mut().selection;
            selection.recorded = recorded.without(told);
            selection.errors = errors.of(selection.recorded);
            if let Some(id) = event.and_then(|handle| at.resolve_event(handle)) {
                at.event_mut(id).signalled = false;
            }
            at.give(Outcome::number(0).with(Out::Events(told, errors.of(told))));
        },
        rests_on: &[
            "accept.rem.inherit.async-events",
            "wsaeventselect.rem.reset-atomically",
            "select.rem.events-persist",
        ],
        ..case(
            "WSAEnumNetworkEvents.copies-and-clears",
            &[
                "wsaenum.rem.copy-clear",
                "wsaenum.rem.atomic-reset",
                "wsaenum.rem.recording-starts",
                "wsaenum.rem.error-array",
                "wsaenum.err.fdaccept-codes",
            ],
            States::SOCKET,
        )
    },
}

/// The states in which a network event can occur.
const OCCURS: States = States::of(&[State::Listening, State::Connected, State::Failed, State::Datagram]);

const LISTENING: States = States::of(&[State::Listening]);

table! {
    /// A network event occurs at a socket that has a registration: a listener, a connected or a datagram socket, or one whose
    /// connect fails.
    NETWORK_EVENT;
    Rule {
        when: |at| !at.sock().selection().mask.has(at.network_event) || at.sock().selection().told.is_none(),
        gives: Is(Gives::Silent),
        rests_on: &["wsaenum.rem.recording-starts"],
        ..case("event-record.not-registered", &[], OCCURS)
    },
    // What has come has ended a request that waited for it, and its connection with that: the socket may be used again.
    Rule {
        gives: Is(Gives::Silent),
        rests_on: &["disconnectex.reuse.both"],
        ..case("event-record.connection-is-over", &[], States::of(&[State::Unbound, State::Bound]))
    },
    Rule {
        asks: &[DEFERRED_READABLE],
        when: |at| at.network_event == NetworkEvents::ACCEPT && !shows_connection(at, at.socket_id()),
        gives: Is(Gives::Silent),
        rests_on: &["wsaeventselect.fdaccept.level-triggered"],
        ..case("event-record.nothing-to-accept", &[], LISTENING)
    },
    // A request that was posted may have taken what has come.
    Rule {
        when: |at| at.network_event == NetworkEvents::READ && !has_unread(at),
        gives: Is(Gives::Silent),
        rests_on: &["wsaeventselect.fdaccept.level-triggered"],
        ..case("event-record.nothing-to-read", &[], States::of(&[State::Connected]))
    },
    Rule {
        when: |at| at.sock().selection().posts() && at.sock().selection().disabled.has(at.network_event),
        gives: Is(Gives::Silent),
        rests_on: &[
            "wsaasyncselect.fd.one-message",
            "wsaasyncselect.fdaccept.when-arrives",
            "wsaasyncselect.fdaccept.reenable",
        ],
        ..case("event-message.already-posted", &[], States::of(&[State::Listening, State::Connected, State::Failed]))
    },
    Rule {
        when: |at| at.sock().selection().posts(),
        gives: Is(Gives::Silent),
        then: posts_message,
        asks: &[CLOSE_MESSAGE_ERROR],
        rests_on: &[
            "wsaasyncselect.fdaccept.when-arrives",
            "wsaasyncselect.fdaccept.when-registered",
            "wsaasyncselect.fdaccept.after-accept",
            "wsaasyncselect.fdaccept.level-triggered",
            "wsaasyncselect.fdwrite.on-accept",
            "wsaasyncselect.fdconnect.when-registered",
            "wsaasyncselect.fdconnect.error",
            "wsaasyncselect.fdclose.reset-error",
            "wsaasyncselect.msg.lparam",
            "accept.rem.inherit.async-events",
        ],
        ..case("event-message.posts", &[], OCCURS)
    },
    Rule {
        under: &[SECOND_SILENT],
        when: |at| {
            at.network_event == NetworkEvents::ACCEPT && at.sock().selection().disabled.has(NetworkEvents::ACCEPT)
        },
        gives: Is(Gives::Silent),
        rests_on: &["wsaeventselect.fd.no-more-until-reenable"],
        ..case("event-record.accept-muted", &[], LISTENING)
    },
    Rule {
        when: |at| at.network_event != NetworkEvents::ACCEPT && at.sock().selection().disabled.has(at.network_event),
        gives: Is(Gives::Silent),
        rests_on: &["wsaeventselect.fd.no-more-until-reenable"],
        ..case("event-record.muted", &[], States::of(&[State::Connected, State::Failed]))
    },
    Rule {
        gives: Is(Gives::Silent),
        then: |at| {
            let event = at.network_event;
            let error = error_of_event(at);
            let selection = &mut at.own_extra_mut().selection;
            selection.recorded = selection.recorded.with(event);
            selection.errors = selection.errors.with(event, error);
            selection.disabled = selection.disabled.with(event);
            if let Some(id) = selection.event() {
                at.signal(id);
            }
        },
        rests_on: &[
            "wsaeventselect.fdaccept.level-triggered",
            "wsaeventselect.fd.already-happened",
            "wsaeventselect.fdwrite.on-accept",
            "eventsignal.remembered",
            "wsaenum.err.fdclose-codes",
            "wsaenum.err.fdconnect-codes",
        ],
        asks: &[CLOSE_MESSAGE_ERROR],
        ..case("event-record.records-and-signals", &[], OCCURS)
    },
}

fn has_unread(at: &At<'_>) -> bool {
    at.own_end(at.socket_id()).is_some_and(|end| !end.unread.is_empty())
}

/// The handle of an event is closed; who waits through it loses it.
pub(super) fn close_event(at: &mut At<'_>, id: EventId) {
    let closed = at.event_mut(id);
    (closed.open, closed.signalled) = (false, false);
    at.handle_closed(Object::Event(id), Handle::event(id), None);
}

fn event(at: &At<'_>) -> Option<EventId> {
    match *at.call() {
        Call::WSACloseEvent { event } | Call::WSASetEvent { event } | Call::WSAResetEvent { event } => {
            at.resolve_event(event)
        }
        _ => None,
    }
}

fn creates(at: &mut At<'_>, automatic: bool, signalled: bool) {
    let Some(id) = at.free_event() else {
        let most = at.thread().own_events().len();
        at.reaches(Limit { most, of: "event objects of one thread at a time, and it makes one more" });
        return;
    };
    let owner = at.thread;
    *at.event_mut(id) = EventObject { owner, open: true, signalled, automatic, ..EventObject::default() };
    at.give(Outcome { value: Value::Handle(Handle::event(id)), error: Code::NONE, out: Out::None });
}

/// Does the call wait for all of its events?
fn all(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::WSAWaitForAllEvents { .. })
}

fn alertably(at: &At<'_>) -> bool {
    matches!(
        *at.call(),
        Call::WSAWaitForMultipleEvents { alertable: true, .. } | Call::WSAWaitForAllEvents { alertable: true, .. }
    )
}

fn waited(at: &At<'_>) -> Vec<Handle> {
    waited_by(at.call())
}

fn waited_by(call: &Call) -> Vec<Handle> {
    match *call {
        Call::WSAWaitForMultipleEvents { events, .. } | Call::WSAWaitForAllEvents { events, .. } => {
            events.iter().collect()
        }
        _ => Vec::new(),
    }
}

fn has_copies(events: &[Handle]) -> bool {
    events.iter().enumerate().any(|(place, event)| events[..place].contains(event))
}

/// The place of the event that ends the wait in question, if it ends.
fn signalled(at: &At<'_>) -> Option<u8> {
    signalled_for(at, at.call())
}

fn signalled_for(at: &At<'_>, call: &Call) -> Option<u8> {
    let set = waited_by(call);
    let is_set = |handle: &Handle| at.resolve_event(*handle).is_some_and(|e| at.event_at(e).signalled);
    match call {
        Call::WSAWaitForAllEvents { .. } => (!set.is_empty() && set.iter().all(is_set)).then_some(0),
        _ => set.iter().position(is_set).map(|index| index as u8),
    }
}

/// The wait in question is over by the events at these places: those that reset themselves do.
fn releases(at: &mut At<'_>, places: std::ops::RangeInclusive<usize>) {
    for handle in &waited(at)[places] {
        if let Some(event) = at.resolve_event(*handle) {
            resets_itself(at, event);
        }
    }
}

/// Somebody who waited for an event was released.
pub(super) fn resets_itself(at: &mut At<'_>, event: EventId) {
    if at.event_at(event).automatic {
        at.event_mut(event).signalled = false;
    }
}

/// Does somebody wait in WSAGetOverlappedResult or GetOverlappedResult for a request whose event this is, and that resets itself?
fn result_takes(at: &At<'_>, event: EventId) -> bool {
    let takes = |op: OpId| {
        let (Call::WSAGetOverlappedResult { overlapped, .. } | Call::GetOverlappedResult { overlapped, .. }) =
            at.op_at(op).call
        else {
            return false;
        };
        let own = at.resolve_over(overlapped).and_then(|over| at.over_at(over).event);
        own.and_then(|handle| at.resolve_event(handle)) == Some(event)
    };
    let threads = at.threads_of(at.process_id());
    at.event_at(event).automatic && threads.iter().filter_map(|thread| at.waits(*thread)).any(takes)
}

/// Does an event that resets itself release somebody else who waits for it, who began to later?
pub(super) fn releases_another(at: &At<'_>) -> bool {
    let Some(own) = at.op() else { return false };
    let Some(place) = signalled(at) else { return false };
    let Some(event) = waited(at).get(usize::from(place)).and_then(|handle| at.resolve_event(*handle)) else {
        return false;
    };
    let mut later =
        at.event_at(event).watches.iter().map(|watch| at.watch_at(watch).op).skip_while(|op| *op != own).skip(1);
    !all(at)
        && at.event_at(event).automatic
        && later.any(|op| at.op_at(op).phase == Phase::Waits && signalled_for(at, &at.op_at(op).call).is_some())
}

/// A message tells of the event in question, and of what has gone wrong.
/// The error of the event in question.
fn error_of_event(at: &At<'_>) -> Code {
    let reset = at.sock().conn.is_some_and(|conn| at.end_at(conn, at.sends(at.socket_id())).tcb == Tcb::Reset);
    match at.network_event {
        // A blocking connect, or SO_ERROR, may have taken the code from the socket: it was a refusal.
        NetworkEvents::CONNECT if at.state() == State::Failed && at.sock().error == Code::NONE => Code::WSAECONNREFUSED,
        NetworkEvents::CONNECT if at.state() == State::Failed => at.sock().error,
        NetworkEvents::CLOSE if reset && at.chooses(CLOSE_TELLS_RESET) => Code::WSAECONNRESET,
        NetworkEvents::CLOSE if reset && at.chooses(CLOSE_TELLS_ABORTED) => Code::WSAECONNABORTED,
        _ => Code::NONE,
    }
}

fn posts_message(at: &mut At<'_>) {
    let event = at.network_event;
    let Some(Told::Window { window, message: number, copy }) = at.sock().selection().told else { return };
    let selection = &mut at.own_extra_mut().selection;
    selection.disabled = selection.disabled.with(event);
    let error = error_of_event(at);
    let socket = Handle::socket(at.socket_id(), at.sock().value_of(copy.into()));
    at.posts_message(window, Message { number, socket, event, error });
}

/// What is left of a registration when another takes its place: nothing, or what it has recorded, and what it has reported. What
/// was told by messages stands in no record, and may still count as reported.
fn remembered(at: &At<'_>) -> Selection {
    let Selection { recorded, errors, disabled, .. } = at.sock().selection();
    let forgets = if at.sock().selection().posts() { MESSAGES_FORGOTTEN } else { RESELECT_SIGNALS };
    if disabled == NetworkEvents::default() || at.chooses(forgets) {
        return Selection::default();
    }
    Selection { recorded, errors: errors.of(recorded), disabled, ..Selection::default() }
}

/// Records what is already true of a socket when it is registered.
pub(super) fn already_happened(at: &mut At<'_>) {
    let Some(s) = at.socket() else { return };
    match at.sock().state {
        // What was reported is not reported again; where that is forgotten nothing is disabled.
        State::Listening if at.sock().selection().disabled.has(NetworkEvents::ACCEPT) => {}
        State::Listening => at.occurs(s, NetworkEvents::ACCEPT),
        State::Connected => {
            let posts = at.sock().selection().posts();
            if at.sends(s) == Direction::Up && (!posts || at.chooses(LATE_CONNECT_POSTED)) {
                at.occurs(s, NetworkEvents::CONNECT);
            }
            connected_events(at, s);
        }
        State::Failed if !at.sock().selection().posts() && at.chooses(FAILURE_RECORDED) => {
            at.occurs(s, NetworkEvents::CONNECT);
        }
        // It can always send (WT-EVT-018), unless it was shut down.
        State::Datagram if !is_half_shut(at) || at.chooses(SHUT_IS_WRITABLE) => at.occurs(s, NetworkEvents::WRITE),
        _ => {}
    }
}

/// Can it receive and not send? A stack that looks at this does not where both are shut, of a datagram socket.
fn is_half_shut(at: &At<'_>) -> bool {
    at.sock().send_shut && !at.sock().receive_shut
}

/// Is FD_CLOSE told of while data is left to read? The pages of the two ways of telling differ.
pub(super) fn tells_close_at_once(at: &At<'_>, s: SocketId) -> bool {
    let posts = at.socket_at(s).selection().posts();
    if posts { at.chooses(CLOSE_MESSAGE_AT_ONCE) } else { at.chooses(CLOSE_EVENT_AT_ONCE) }
}

/// What a connected socket has to tell.
pub(super) fn connected_events(at: &mut At<'_>, s: SocketId) {
    let Some(conn) = at.socket_at(s).conn else { return };
    let end = at.end_at(conn, at.sends(s));
    let data = !end.unread.is_empty();
    let (ended, reset) = (end.fin_received, end.tcb == Tcb::Reset);
    let writable = if reset { RESET_WRITES_TOO } else { SHUT_IS_WRITABLE };
    if !reset && !at.socket_at(s).send_shut || at.chooses(writable) {
        at.occurs(s, NetworkEvents::WRITE);
    }
    let closed = reset || ended && (!data || tells_close_at_once(at, s));
    if data {
        at.occurs(s, NetworkEvents::READ);
    }
    if closed {
        at.occurs(s, NetworkEvents::CLOSE);
    }
}
