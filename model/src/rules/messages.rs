//! `WSAAsyncSelect`, the window that its messages go to, and how a program fetches them.

use super::common::{
    before_update, case, check, in_callback, in_progress, network_down, not_a_socket, not_initialised, not_modelled,
};
use super::events::already_happened;
use super::options::set_nonblocking;
use crate::call::{Call, Handle, NetworkEvents};
use crate::choice::{
    BAD_WINDOW_FAILS, CANCEL_BAD_WINDOW_FAILS, CLOSE_MESSAGE_WITH_UNREAD_DATA, CONNECT_MESSAGE_LATE, EVENTS_OF_A_RESET,
    FD_WRITE_WHEN_SHUT, NONBLOCKING_OF_DUPLICATES,
};
use crate::code::Code;
use crate::operation::{Message, WindowId};
use crate::outcome::{Out, Outcome, Value};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Limit, Rule, States, Table};
use crate::world::{Selection, Told};

table! {
    CREATEWINDOW;
    Rule {
        then: |at| {
            let Some(id) = at.free_window() else {
                let most = at.room_for_windows();
                at.reaches(Limit { most, of: "windows of one thread, and it makes one more" });
                return;
            };
            at.window_begins(id);
            at.give(Outcome { value: Value::Handle(Handle::window(id)), error: Code::NONE, out: Out::None });
        },
        rests_on: &["wsaasyncselect.msg.lparam"],
        ..case("CreateWindow.creates", &[], States::ANY)
    },
}

table! {
    WSAASYNCSELECT;
    Rule { cites: &["wsaasyncselect.err.WSANOTINITIALISED"], ..not_initialised("WSAAsyncSelect.not-initialised") },
    Rule { cites: &["wsaasyncselect.err.WSAEINPROGRESS"], ..in_progress("WSAAsyncSelect.in-progress") },
    Rule { cites: &["wsaasyncselect.err.WSAEINPROGRESS"], ..in_callback("WSAAsyncSelect.in-callback") },
    Rule { cites: &["wsaasyncselect.err.WSAENETDOWN"], ..network_down("WSAAsyncSelect.network-down") },
    Rule { cites: &["wsaasyncselect.err.WSAENOTSOCK"], ..not_a_socket("WSAAsyncSelect.not-a-socket") },
    Rule {
        under: &[BAD_WINDOW_FAILS],
        when: |at| !cancels(at) && window(at).is_none(),
        ..check("WSAAsyncSelect.no-window", &["wsaasyncselect.err.WSAEINVAL"], States::SOCKET, Code::WSAEINVAL)
    },
    Rule {
        under: &[CANCEL_BAD_WINDOW_FAILS],
        when: |at| cancels(at) && window(at).is_none(),
        ..check("WSAAsyncSelect.no-window-to-cancel", &["wsaasyncselect.err.WSAEINVAL"], States::SOCKET, Code::WSAEINVAL)
    },
    before_update("WSAAsyncSelect.before-accept-context"),
    Rule {
        when: cancels,
        then: |at| {
            set_nonblocking(at, true);
            at.select(at.socket_id(), Selection::default());
        },
        asks: &[NONBLOCKING_OF_DUPLICATES],
        rests_on: &["ioctl.fionbio.disable-first", "modes.back-to-blocking"],
        ..case(
            "WSAAsyncSelect.cancels",
            &[
                "wsaasyncselect.rem.sets-nonblocking",
                "wsaasyncselect.rem.replaces-previous",
                "wsaasyncselect.rem.messages-after-cancel",
            ],
            States::SOCKET,
        )
    },
    Rule {
        then: |at| {
            let Call::WSAAsyncSelect { message, mask, .. } = *at.call() else { return };
            set_nonblocking(at, true);
            let Some(window) = window(at) else {
                // A stack that does not look at the window: its messages go nowhere.
                at.select(at.socket_id(), Selection::default());
                return;
            };
            let copy = u8::try_from(at.copy).expect("invariant: a socket has few handles");
            let told = Some(Told::Window { window, message: message.into(), copy });
            at.select(at.socket_id(), Selection { told, mask, ..Selection::default() });
            already_happened(at);
        },
        asks: &[FD_WRITE_WHEN_SHUT, EVENTS_OF_A_RESET, NONBLOCKING_OF_DUPLICATES, CLOSE_MESSAGE_WITH_UNREAD_DATA, CONNECT_MESSAGE_LATE],
        ..case(
            "WSAAsyncSelect.selects",
            &[
                "wsaasyncselect.rem.sets-nonblocking",
                "wsaasyncselect.rem.replaces-previous",
                "wsaasyncselect.fdaccept.when-registered",
                "wsaasyncselect.inherit.override",
            ],
            States::SOCKET,
        )
    },
}

table! {
    PEEKMESSAGE;
    // It gives messages of the calling thread's windows alone, and says no more than that there is none.
    fetches_first(
        "PeekMessage.fetches",
        &[
            "wsaasyncselect.msg.lparam",
            "wsaasyncselect.msg.not-lasterror",
            "wsaasyncselect.rem.messages-after-cancel",
        ],
    ),
    Rule {
        then: |at| at.give(Outcome::number(0)),
        rests_on: &["wsaasyncselect.fd.one-message"],
        ..case("PeekMessage.finds-nothing", &[], States::ANY)
    },
}

table! {
    GETMESSAGE;
    Rule {
        when: |at| window(at).is_none(),
        rests_on: &["wsaasyncselect.msg.lparam"],
        ..check("GetMessage.no-window", &[], States::ANY, Code::ERROR_INVALID_WINDOW_HANDLE)
    },
    Rule {
        when: |at| at.hooked().is_some(),
        rests_on: &["einprogress.only-1-1"],
        ..not_modelled("GetMessage.in-hook-not-modelled", &[], States::ANY)
    },
    Rule {
        when: |at| own_window(at).is_none(),
        rests_on: &["wsaasyncselect.msg.lparam"],
        ..not_modelled("GetMessage.another-threads-window-not-modelled", &[], States::ANY)
    },
    Rule {
        gives: Is(Gives::Continues(Table::GetMessageReady)),
        rests_on: &["wsaasyncselect.msg.lparam"],
        ..case("GetMessage.looks", &[], States::ANY)
    },
}

table! {
    /// What `GetMessage`, new or waiting, finds.
    GETMESSAGE_READY;
    fetches_first(
        "GetMessage.fetches",
        &["wsaasyncselect.msg.lparam", "wsaasyncselect.msg.not-lasterror", "wsaasyncselect.fdaccept.when-arrives"],
    ),
    Rule {
        gives: Is(Gives::Blocks),
        rests_on: &["wsaasyncselect.fd.one-message"],
        ..case("GetMessage.waits", &[], States::ANY)
    },
}

/// The first message leaves the window's queue, and the call returns with it.
const fn fetches_first(name: &'static str, rests_on: &'static [&'static str]) -> Rule {
    Rule { when: |at| first(at).is_some(), then: fetches, rests_on, ..case(name, &[], States::ANY) }
}

fn cancels(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::WSAAsyncSelect { mask: NetworkEvents(0), .. })
}

/// The window that the call names.
fn window(at: &At<'_>) -> Option<WindowId> {
    match *at.call() {
        Call::WSAAsyncSelect { window: Some(window), .. }
        | Call::PeekMessage { window }
        | Call::GetMessage { window } => at.resolve_window(window),
        _ => None,
    }
}

/// The same, where it is a window of the calling thread.
fn own_window(at: &At<'_>) -> Option<WindowId> {
    window(at).filter(|window| at.window_owner(*window) == at.thread)
}

fn first(at: &At<'_>) -> Option<Message> {
    at.window_at(own_window(at)?).messages.first()
}

fn fetches(at: &mut At<'_>) {
    let Some(window) = own_window(at) else { return };
    if let Some(message) = at.window_mut(window).messages.pop_first() {
        at.give(Outcome::number(1).with(Out::Message(message)));
    }
}
