//! Loops around one AcceptEx at a time, with an event or with threads that wait for its result.

use std::rc::Rc;

use super::{Exhibit, serve};
use crate::overlapped::Overlapped;
use crate::winsock::{Socket, Winsock};
use crate::{Code, How};

pub(super) const EXHIBITS: &[Exhibit] = &[
    Exhibit {
        name: "readable-for-ever",
        source: "PowerShell/Win32-OpenSSH#787, PR#976; design 7, AcceptEx and an event, one outstanding",
        judge: "no-spin",
        story: "select and accept are made of one posted AcceptEx and its event: the event is set, so the listener is \
                readable; accept collects the result and posts the next. The client resets before that, accept returns \
                its error without a new request, and the listener is readable for ever. Mended: a new request on every \
                way out.",
        clause: "wsagor.ret.error-of-operation",
        broken: |w| one_at_a_time(w, One { again_after_error: false, ..One::SOUND }),
        mended: |w| one_at_a_time(w, One::SOUND),
    },
    Exhibit {
        name: "peer-name-before-the-context",
        source: "tokio-rs/mio#397, twisted/twisted#1798, dart-lang/sdk PR#51981",
        judge: "no-misuse",
        story: "getpeername is called with a socket that AcceptEx has connected and that has no context yet. It fails, or \
                gives nothing of use, while data flows. Mended: SO_UPDATE_ACCEPT_CONTEXT first.",
        clause: "acceptex.update.getpeername",
        broken: |w| one_at_a_time(w, One { context: Context::Never, asks_name: true, ..One::SOUND }),
        mended: |w| one_at_a_time(w, One { asks_name: true, ..One::SOUND }),
    },
    Exhibit {
        name: "shutdown-before-the-context",
        source: "nanomsg/nng PR#1604 (#1598); microsoft/WSL PR#40505, jart/cosmopolitan PR#1164",
        judge: "no-misuse",
        story: "The context is never set, or set to something else. shutdown then fails with WSAENOTCONN, and who waits \
                for the end of the stream waits on. Mended: SO_UPDATE_ACCEPT_CONTEXT with the listener, before anything \
                else.",
        clause: "acceptex.allowed.only",
        broken: |w| one_at_a_time(w, One { context: Context::Never, shuts_down: true, ..One::SOUND }),
        mended: |w| one_at_a_time(w, One { shuts_down: true, ..One::SOUND }),
    },
    Exhibit {
        name: "context-set-too-early",
        source: "pjsip/pjproject#1001",
        judge: "no-misuse",
        story: "SO_UPDATE_ACCEPT_CONTEXT is set as soon as AcceptEx has returned, when there is no connection yet. It has \
                no effect, and what needs it fails later. Mended: set it when the request is complete.",
        clause: "setsockopt.update-accept.updates",
        broken: |w| one_at_a_time(w, One { context: Context::Early, asks_name: true, ..One::SOUND }),
        mended: |w| one_at_a_time(w, One { asks_name: true, ..One::SOUND }),
    },
    Exhibit {
        name: "cancel-loses-the-race",
        source: "chriskohlhoff/asio#423; cppalliance/corosio PR#229; design 13, an accept that can be cancelled",
        judge: "nothing-leaked",
        story: "While a client is served the pending accept is cancelled, as a select over futures does. The request was \
                complete before: CancelIoEx says ERROR_NOT_FOUND, nobody looks, and a connected socket is lost. Mended: \
                the result after the cancel decides.",
        clause: "cancelioex.three-outcomes",
        broken: |w| cancels_while_busy(w, false),
        mended: |w| cancels_while_busy(w, true),
    },
    Exhibit {
        name: "cancels-at-the-wrong-socket",
        source: "nanomsg/nng PR#1599, #1347",
        judge: "clean-stop",
        story: "The stop cancels at the accepting socket, where there is nothing to cancel: the request belongs to the \
                listener. It waits for a completion that never comes. Mended: cancel at the listener, and close it.",
        clause: "cancelioex.err.not-found",
        broken: |w| stops(w, |w, _, accept| accept.into_iter().for_each(|s| _ = w.cancel_io_ex(s, None))),
        mended: |w| stops(w, |w, listener, _| _ = w.cancel_io_ex(listener, None)),
    },
    Exhibit {
        name: "cancels-in-another-thread",
        source: "golang/go#23375",
        judge: "clean-stop",
        story: "The stop calls CancelIo, which cancels what its own thread has started; AcceptEx was called by another. \
                Its deadline never fires. Mended: CancelIoEx.",
        clause: "cancelio.same-thread",
        broken: |w| stops(w, |w, listener, _| _ = w.cancel_io(listener)),
        mended: |w| stops(w, |w, listener, _| _ = w.cancel_io_ex(listener, None)),
    },
    Exhibit {
        name: "starter-thread-ends",
        source: "design 16, an accept started by a short-lived thread; the page of AcceptEx on threads that end",
        judge: "alive",
        story: "Each AcceptEx is called by a thread of a pool, which ends when it has nothing more to do. The request is \
                cancelled with it; 995 is taken for a stop. Mended: a thread that stays makes the requests, or a \
                completion port.",
        clause: "acceptex.thread.exit-cancels",
        broken: |w| starts_in_thread(w, true),
        mended: |w| starts_in_thread(w, false),
    },
    Exhibit {
        name: "stop-of-one-cancels-all",
        source: "python/cpython PR#431",
        judge: "alive",
        story: "Several listeners share one table of pending accepts. When one server is stopped, all that are in the \
                table are cancelled, and the other listener is deaf. Mended: cancel that listener's only.",
        clause: "cancelioex.scope",
        broken: |w| two_servers(w, true),
        mended: |w| two_servers(w, false),
    },
    Exhibit {
        name: "failed-accept-as-if-good",
        source: "microsoftarchive/redis#175, #259, #281 (src/Win32_Interop/win32_wsiocp.c)",
        judge: "alive",
        story: "That the request has failed is not looked at; SO_UPDATE_ACCEPT_CONTEXT then fails, the function returns \
                the error, and the next request is not made: accept: Unknown error, and no more clients. Mended: make the \
                next one on every way out.",
        clause: "wsagor.ret.error-of-operation",
        broken: |w| queued_as_if_good(w, false),
        mended: |w| queued_as_if_good(w, true),
    },
];

/// When SO_UPDATE_ACCEPT_CONTEXT is set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Afterwards,
    Early,
    Never,
}

/// What a loop around one AcceptEx does.
#[derive(Clone, Copy)]
struct One {
    again_after_error: bool,
    context: Context,
    asks_name: bool,
    shuts_down: bool,
}

impl One {
    const SOUND: One =
        One { again_after_error: true, context: Context::Afterwards, asks_name: false, shuts_down: false };
}

/// A request until it is made: its socket.
fn posted(w: &Winsock<'_>, listener: Socket, over: &Overlapped) -> Socket {
    loop {
        if let Ok(accept) = w.socket() {
            match w.accept_ex(listener, accept, 0, over) {
                Ok(_) | Err(Code::ERROR_IO_PENDING) => return accept,
                Err(_) => _ = w.closesocket(accept),
            }
        }
        w.sleep(100);
    }
}

fn one_at_a_time(w: &Winsock<'_>, one: One) {
    let Ok(listener) = w.listener(5) else { return };
    let Ok(event) = w.create_event() else { return };
    let Ok(over) = w.overlapped(Some(event)) else { return };
    let mut accept = posted(w, listener, &over);
    loop {
        if one.context == Context::Early {
            let _ = w.update_accept_context(accept, listener);
        }
        if w.wait(&[event], None).is_err() {
            continue;
        }
        let result = w.wsa_get_overlapped_result(listener, &over, false);
        let context = match result {
            Ok(_) if one.context == Context::Afterwards => w.update_accept_context(accept, listener),
            other => other.map(|_| ()),
        };
        if context.is_ok() && (!one.asks_name || w.getpeername(accept).is_ok()) {
            w.spawn("worker", move |w| answers(w, accept, one.shuts_down));
        } else if one.again_after_error {
            let _ = w.closesocket(accept);
        } else {
            // Who asked is told the error, and asks again: is the listener readable?
            continue;
        }
        accept = posted(w, listener, &over);
    }
}

fn answers(w: &Winsock<'_>, client: Socket, shuts_down: bool) {
    if let Ok(bytes) = w.recv(client, 16) {
        let _ = w.send(client, &bytes);
        if shuts_down && w.shutdown(client, How::Send).is_ok() {
            while w.recv(client, 16).is_ok_and(|more| !more.is_empty()) {}
        }
    }
    let _ = w.closesocket(client);
}

/// One client at a time: while it is served the pending request is cancelled.
fn cancels_while_busy(w: &Winsock<'_>, looks_at_result: bool) {
    let Ok(listener) = w.listener(5) else { return };
    let Ok(event) = w.create_event() else { return };
    let Ok(over) = w.overlapped(Some(event)) else { return };
    let free = w.queue();
    let mut waiting: Vec<Socket> = Vec::new();
    loop {
        let accept = posted(w, listener, &over);
        let _ = w.wait(&[event], None);
        match w.wsa_get_overlapped_result(listener, &over, false) {
            Ok(_) if w.update_accept_context(accept, listener).is_ok() => waiting.push(accept),
            _ => _ = w.closesocket(accept),
        }
        // The next request is made at once, and taken back if there is a client to be served.
        while let Some(client) = waiting.pop() {
            let next = posted(w, listener, &over);
            let free = free.clone();
            let done = free.clone();
            w.spawn("worker", move |w| {
                serve_within(w, client);
                done.push(w, ());
            });
            let cancelled = w.cancel_io_ex(listener, Some(&over));
            let connected = if looks_at_result {
                w.wsa_get_overlapped_result(listener, &over, true).is_ok()
                    && w.update_accept_context(next, listener).is_ok()
            } else {
                false
            };
            if connected {
                waiting.push(next);
            } else if looks_at_result || cancelled.is_ok() {
                let _ = w.closesocket(next);
            }
            let () = free.pop(w);
        }
    }
}

/// Serves a client that says something within two seconds.
fn serve_within(w: &Winsock<'_>, client: Socket) {
    match w.select(&[client], Some(2000)) {
        Ok(ready) if !ready.is_empty() => serve(w, client),
        _ => _ = w.closesocket(client),
    }
}

/// A thread that accepts, and a stop that cancels and waits for it.
fn stops(w: &Winsock<'_>, cancels: fn(&Winsock<'_>, Socket, Option<Socket>)) {
    let Ok(listener) = w.listener(5) else { return };
    let pending = Rc::new(std::cell::Cell::new(None));
    let shown = Rc::clone(&pending);
    let acceptor = w.spawn("acceptor", move |w| {
        let Ok(over) = w.overlapped(None) else { return };
        while !w.stopping() {
            let accept = posted(w, listener, &over);
            shown.set(Some(accept));
            let result = w.wsa_get_overlapped_result(listener, &over, true);
            if result.is_ok() && w.update_accept_context(accept, listener).is_ok() {
                w.spawn("worker", move |w| serve(w, accept));
            } else {
                let _ = w.closesocket(accept);
            }
        }
    });
    w.wait_for_stop();
    cancels(w, listener, pending.get());
    w.join(acceptor);
    let _ = w.closesocket(listener);
}

/// Each request is made by a thread of its own, or by the one that waits for it.
fn starts_in_thread(w: &Winsock<'_>, in_thread: bool) {
    let Ok(listener) = w.listener(5) else { return };
    let Ok(event) = w.create_event() else { return };
    let Ok(over) = w.overlapped(Some(event)) else { return };
    let over = Rc::new(over);
    loop {
        let accept = if in_thread {
            let (made, over) = (w.queue(), Rc::clone(&over));
            let tells = made.clone();
            w.spawn("starter", move |w| {
                let accept = posted(w, listener, &over);
                tells.push(w, accept);
            });
            made.pop(w)
        } else {
            posted(w, listener, &over)
        };
        let _ = w.wait(&[event], None);
        match w.wsa_get_overlapped_result(listener, &over, false) {
            Ok(_) if w.update_accept_context(accept, listener).is_ok() => {
                w.spawn("worker", move |w| serve(w, accept));
            }
            Err(Code::WSA_OPERATION_ABORTED) => return,
            _ => _ = w.closesocket(accept),
        }
    }
}

/// Two servers; after its first client the first is stopped for a moment and started again.
fn two_servers(w: &Winsock<'_>, cancels_all: bool) {
    let (Ok(first), Ok(second)) = (w.listener(5), w.listener(5)) else { return };
    let table = if cancels_all { vec![first, second] } else { vec![first] };
    let other = w.spawn("other", move |w| server(w, second, &[]));
    server(w, first, &table);
    w.join(other);
}

/// A server that is started again after its first client, for which it cancels what is in this table.
fn server(w: &Winsock<'_>, listener: Socket, table: &[Socket]) {
    let Ok(over) = w.overlapped(None) else { return };
    let mut table = table.to_vec();
    loop {
        let accept = posted(w, listener, &over);
        match w.wsa_get_overlapped_result(listener, &over, true) {
            Ok(_) if w.update_accept_context(accept, listener).is_ok() => {
                w.spawn("worker", move |w| serve(w, accept));
                for pending in std::mem::take(&mut table) {
                    let _ = w.cancel_io_ex(pending, None);
                }
            }
            result => {
                let _ = w.closesocket(accept);
                if result == Err(Code::WSA_OPERATION_ABORTED) {
                    // It was stopped.
                    return;
                }
            }
        }
    }
}

/// What a request has brought is queued, and taken by who accepts.
fn queued_as_if_good(w: &Winsock<'_>, again_after_error: bool) {
    let Ok(listener) = w.listener(5) else { return };
    let Ok(over) = w.overlapped(None) else { return };
    loop {
        let accept = posted(w, listener, &over);
        let _ = w.wsa_get_overlapped_result(listener, &over, true);
        if w.update_accept_context(accept, listener).is_ok() {
            w.spawn("worker", move |w| serve(w, accept));
        } else if again_after_error {
            let _ = w.closesocket(accept);
        } else {
            break;
        }
    }
    w.wait_for_stop();
}
