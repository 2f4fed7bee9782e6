//! Condition functions, a reactor that tells once, and the example programs of the documents.

use super::{Exhibit, serve};
use crate::condition::Decision;
use crate::winsock::{Socket, Winsock};
use crate::{Code, PollEvents};

pub(super) const EXHIBITS: &[Exhibit] = &[
    Exhibit {
        name: "deferred-at-once-again",
        source: "design 10, conditional accept; the page of WSAAccept on CF_DEFER",
        judge: "no-spin",
        story: "While a client is served the condition function puts the next one off. The deferred connection stays the \
                first, and WSAAccept asks about it again at once, over and over. Mended: a wait after WSATRY_AGAIN, and a \
                time-out for who is served.",
        clause: "wsaaccept.rem.cf-defer-again",
        broken: |w| defers(w, false),
        mended: |w| defers(w, true),
    },
    Exhibit {
        name: "condition-function-waits",
        source: "design 10, a callback that blocks all connects",
        judge: "alive",
        story: "The condition function waits until the client before has been served. It runs in the only accepting \
                thread, and that client says nothing. Mended: the wait has an end.",
        clause: "wsaaccept.rem.cf-defer-when",
        broken: |w| decides_slowly(w, false),
        mended: |w| decides_slowly(w, true),
    },
    Exhibit {
        name: "one-accept-per-readiness",
        source: "tokio-rs/mio#1126, #1127; design 6, AFD readiness with accept",
        judge: "alive",
        story: "The reactor tells once that a listener is readable, and looks again only after accept has said \
                WSAEWOULDBLOCK. The loop accepts one client each time it is told. Two come at once, and the second waits \
                for ever. Mended: accept until WSAEWOULDBLOCK.",
        clause: "wsapoll.rem.listener-pollrdnorm",
        broken: |w| told_once(w, false),
        mended: |w| told_once(w, true),
    },
    Exhibit {
        name: "example-of-accept",
        source: "the example program on the page of accept",
        judge: "alive",
        story: "Step for step: one blocking accept, the listener is closed, the program ends, with the accepted socket \
                still open. An error of that one connection ends it as well. Mended: a loop, a thread for each client, \
                and each socket closed.",
        clause: "accept.ex.closes-listener-only",
        broken: example_of_accept,
        mended: accept_loop,
    },
    Exhibit {
        name: "example-of-wsaaccept",
        source: "the example program on the page of WSAAccept",
        judge: "alive",
        story: "Step for step: its condition function rejects where there is no quality of service, and on TCP there is \
                none: it refuses every client, and closes what WSAAccept gave without a look. Mended: it accepts, in a \
                loop.",
        clause: "wsaaccept.ex.condition-reject",
        broken: example_of_wsaaccept,
        mended: wsaaccept_loop,
    },
    Exhibit {
        name: "example-of-acceptex",
        source: "the example program on the page of AcceptEx",
        judge: "alive",
        story: "Step for step: it takes FALSE for a failure, also where the request pends, says so and ends. Mended: \
                ERROR_IO_PENDING is no failure; the packet is waited for, and the next request made.",
        clause: "acceptex.ex.pending-as-failure",
        broken: example_of_acceptex,
        mended: acceptex_loop,
    },
];

/// Serves a client that says something within two seconds.
fn serve_within(w: &Winsock<'_>, client: Socket) {
    match w.select(&[client], Some(2000)) {
        Ok(ready) if !ready.is_empty() => serve(w, client),
        _ => _ = w.closesocket(client),
    }
}

/// One client at a time; others are put off.
fn defers(w: &Winsock<'_>, patient: bool) {
    let Ok(listener) = w.listener(5) else { return };
    let (free, mut busy) = (w.queue(), false);
    loop {
        let accepted = w.wsa_accept(listener, |_| {
            busy = busy && free.try_pop().is_none();
            if busy { Decision::Defer } else { Decision::Accept }
        });
        match accepted {
            Ok(client) => {
                busy = true;
                let free = free.clone();
                w.spawn("worker", move |w| {
                    if patient {
                        serve_within(w, client);
                    } else {
                        serve(w, client);
                    }
                    free.push(w, ());
                });
            }
            Err(Code::WSATRY_AGAIN) if !patient => {}
            Err(Code::WSAECONNRESET) => {}
            Err(_) => w.sleep(100),
        }
    }
}

/// The condition function waits until the client before is done with.
fn decides_slowly(w: &Winsock<'_>, bounded: bool) {
    let Ok(listener) = w.listener(5) else { return };
    let free = w.queue();
    free.push(w, ());
    loop {
        let mut turn = false;
        let accepted = w.wsa_accept(listener, |_| {
            let () = free.pop(w);
            turn = true;
            Decision::Accept
        });
        match accepted {
            Ok(client) => {
                let free = free.clone();
                w.spawn("worker", move |w| {
                    if bounded {
                        serve_within(w, client);
                    } else {
                        serve(w, client);
                    }
                    free.push(w, ());
                });
            }
            Err(error) => {
                if turn {
                    free.push(w, ());
                }
                if error != Code::WSAECONNRESET {
                    w.sleep(100);
                }
            }
        }
    }
}

/// A thread that tells once when the listener is readable, until it is asked to look again.
fn told_once(w: &Winsock<'_>, until_it_would_block: bool) {
    let Ok(listener) = w.listener(5) else { return };
    if w.nonblocking(listener, true).is_err() {
        return;
    }
    let (armed, told) = (w.queue(), w.queue());
    armed.push(w, ());
    let (looks, tells) = (armed.clone(), told.clone());
    w.spawn("reactor", move |w| {
        loop {
            let () = looks.pop(w);
            while !w.poll(&[(listener, PollEvents::RDNORM)], None).is_ok_and(|shown| shown[0].has(PollEvents::RDNORM)) {
                w.sleep(100);
            }
            tells.push(w, ());
        }
    });
    loop {
        let () = told.pop(w);
        loop {
            match w.accept(listener) {
                Ok(client) => {
                    let _ = w.nonblocking(client, false);
                    w.spawn("worker", move |w| serve(w, client));
                    if !until_it_would_block {
                        break;
                    }
                }
                Err(Code::WSAEWOULDBLOCK) => {
                    armed.push(w, ());
                    break;
                }
                Err(Code::WSAECONNRESET) => {}
                Err(_) => w.sleep(100),
            }
        }
    }
}

fn example_of_accept(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(1) else { return };
    let _ = w.accept(listener);
    let _ = w.closesocket(listener);
}

fn accept_loop(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    loop {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
            Err(Code::WSAECONNRESET) => {}
            Err(_) => w.sleep(100),
        }
    }
}

fn example_of_wsaaccept(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(1) else { return };
    // `pQos` is NULL on every transport that there is here.
    let accepted = w.wsa_accept(listener, |_| Decision::Reject).unwrap_or(Socket::INVALID);
    let _ = w.closesocket(accepted);
    let _ = w.closesocket(listener);
}

fn wsaaccept_loop(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    loop {
        match w.wsa_accept(listener, |_| Decision::Accept) {
            Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
            Err(Code::WSAECONNRESET) => {}
            Err(_) => w.sleep(100),
        }
    }
}

fn example_of_acceptex(w: &Winsock<'_>) {
    let Ok(port) = w.create_port() else { return };
    let Ok(listener) = w.socket() else { return };
    let _ = w.associate(listener, port, 0);
    if w.bind(listener, 0).is_err() || w.listen(listener, 100).is_err() {
        return;
    }
    let Ok(accept) = w.socket() else { return };
    let Ok(over) = w.overlapped(None) else { return };
    if w.accept_ex(listener, accept, 960, &over).is_err() {
        let _ = w.closesocket(accept);
        let _ = w.closesocket(listener);
        return;
    }
    let _ = w.associate(accept, port, 0);
}

fn acceptex_loop(w: &Winsock<'_>) {
    let Ok(port) = w.create_port() else { return };
    let Ok(listener) = w.listener(100) else { return };
    let Ok(over) = w.overlapped(None) else { return };
    if w.associate(listener, port, 0).is_err() {
        return;
    }
    loop {
        let Ok(accept) = w.socket() else {
            w.sleep(100);
            continue;
        };
        match w.accept_ex(listener, accept, 0, &over) {
            Ok(_) | Err(Code::ERROR_IO_PENDING) => {}
            Err(_) => {
                let _ = w.closesocket(accept);
                w.sleep(100);
                continue;
            }
        }
        let packet = w.get_queued(port, None);
        let came = packet.is_ok_and(|packet| packet.error.is_none());
        if came && w.update_accept_context(accept, listener).is_ok() {
            w.spawn("worker", move |w| serve(w, accept));
        } else {
            let _ = w.closesocket(accept);
        }
    }
}
