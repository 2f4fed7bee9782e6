//! `CloseHandle`, which closes sockets too, although its page says that it is not to be used on them.
//!
//! Winsock keeps a list of its own of the sockets of a process, and a handle that is closed in this way stays in it: both
//! Wines let `closesocket` succeed on it once more. The model has no such list; there the handle is gone for every call.

use super::closesocket::{Manner, closes, closes_handle, has_unread};
use super::common::{case, check};
use super::events::close_event;
use crate::call::{Handle, NetworkEvents};
use crate::choice::{
    CLOSE_HANDLE_MESSAGE, CLOSE_HANDLE_POSTS, CLOSE_HANDLE_RESETS, CLOSE_UNDER_PORT_WAIT, LISTENER_CLOSE_HALF_OPEN,
    LISTENER_CLOSE_QUEUED, PORT_WAIT_ABANDONED, UNREAD_RESETS,
};
use crate::code::Code;
use crate::operation::{CompletionPort, Message, PortId};
use crate::outcome::Outcome;
use crate::rule::{At, Rule, States};
use crate::world::{EventId, State, Told};

const CONNECTED: States = States::of(&[State::Connected]);
const NO_SOCKET: States = States::of(&[State::NotASocket]);

table! {
    /// It needs no `WSAStartup`: it is a function of the system, which knows nothing of Winsock.
    CLOSEHANDLE;
    Rule {
        when: |at| event(at).is_none() && port(at).is_none(),
        ..check("CloseHandle.invalid-handle", &["closehandle.ret.zero"], NO_SOCKET, Code::WSA_INVALID_HANDLE)
    },
    Rule {
        when: |at| port(at).is_some(),
        then: |at| {
            if let Some(id) = port(at) {
                if at.port_at(id).waiting.iter().next().is_some() && at.chooses(PORT_WAIT_ABANDONED) {
                    at.port_at(id).waiting.iter().collect::<Vec<_>>().into_iter().for_each(|op| at.abandons(op));
                }
                // Sockets may still name it; what was posted and what will be is lost.
                *at.port_mut(id) = CompletionPort { closed: true, ..CompletionPort::default() };
            }
            at.give(Outcome::number(1));
        },
        asks: &[CLOSE_UNDER_PORT_WAIT],
        rests_on: &["gqcs.port-closed"],
        ..case("CloseHandle.closes-port", &["closehandle.rem.invalidates", "closehandle.ret.nonzero"], NO_SOCKET)
    },
    Rule {
        then: |at| {
            if let Some(id) = event(at) {
                close_event(at, id);
            }
            at.give(Outcome::number(1));
        },
        ..case("CloseHandle.closes-event", &["closehandle.rem.invalidates", "closehandle.ret.nonzero"], NO_SOCKET)
    },
    Rule {
        when: |at| at.sock().is_shared(),
        then: |at| {
            closes_handle(at);
            at.give(Outcome::number(1));
        },
        rests_on: &["wsadup.closes-with-last"],
        ..case("CloseHandle.one-of-several-handles", &["closehandle.rem.invalidates"], States::SOCKET)
    },
    Rule {
        to: Some(State::NotASocket),
        when: |at| at.sock().options().linger == (1, 0),
        then: |at| closes_by_handle(at, Manner::Reset),
        rests_on: &["closesocket.rem.linger-zero-reset"],
        ..case("CloseHandle.linger-zero-resets", &["closehandle.rem.last-handle"], CONNECTED)
    },
    Rule {
        to: Some(State::NotASocket),
        under: &[CLOSE_HANDLE_RESETS],
        then: |at| {
            tells_window(at);
            closes_by_handle(at, Manner::Reset);
        },
        asks: &[CLOSE_HANDLE_MESSAGE],
        ..case("CloseHandle.resets", &["closehandle.rem.not-for-sockets"], CONNECTED)
    },
    Rule {
        to: Some(State::NotASocket),
        under: &[UNREAD_RESETS],
        when: has_unread,
        then: |at| {
            tells_window(at);
            closes_by_handle(at, Manner::Reset);
        },
        asks: &[CLOSE_HANDLE_MESSAGE],
        rests_on: &["closesocket.rem.default-graceful"],
        ..case("CloseHandle.unread-data-resets", &["closehandle.rem.last-handle"], CONNECTED)
    },
    Rule {
        to: Some(State::NotASocket),
        then: |at| {
            tells_window(at);
            closes_by_handle(at, Manner::Graceful);
        },
        asks: &[CLOSE_HANDLE_MESSAGE, LISTENER_CLOSE_QUEUED, LISTENER_CLOSE_HALF_OPEN],
        ..case(
            "CloseHandle.closes",
            &["closehandle.rem.last-handle", "closehandle.rem.invalidates", "closehandle.ret.nonzero"],
            States::SOCKET,
        )
    },
}

fn closes_by_handle(at: &mut At<'_>, manner: Manner) {
    closes(at, manner);
    at.give(Outcome::number(1));
}

/// What closesocket never tells: the own window hears that the connection is closed.
fn tells_window(at: &mut At<'_>) {
    let selection = at.sock().selection();
    if let Some(Told::Window { window, message: number, .. }) = selection.told
        && at.state() == State::Connected
        && selection.mask.has(NetworkEvents::CLOSE)
        && !selection.disabled.has(NetworkEvents::CLOSE)
        && at.chooses(CLOSE_HANDLE_POSTS)
    {
        let socket = Handle::socket(at.socket_id(), at.sock().value_of(at.copy));
        at.posts_message(window, Message { number, socket, event: NetworkEvents::CLOSE, error: Code::NONE });
    }
}

/// The completion port that the call names.
fn port(at: &At<'_>) -> Option<PortId> {
    at.call().first_handle().and_then(|handle| at.resolve_port(handle))
}

/// The event that the call names.
fn event(at: &At<'_>) -> Option<EventId> {
    at.call().first_handle().and_then(|handle| at.resolve_event(handle))
}
