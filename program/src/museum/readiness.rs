//! Loops around select, WSAPoll and WSAEventSelect.

use super::{Exhibit, serve};
use crate::winsock::{Event, Socket, Winsock};
use crate::{Code, NetworkEvents, PollEvents};

pub(super) const EXHIBITS: &[Exhibit] = &[
    Exhibit {
        name: "sets-filled-once",
        source: "oatpp/oatpp#666",
        judge: "no-spin",
        story: "The sets of select are filled once, before the loop. After the first time-out they are empty, and select fails with \
                WSAEINVAL at once, for ever. Mended: fill them in each round.",
        clause: "select.err.WSAEINVAL",
        broken: fills_sets_once,
        mended: |w| selects(w, accepts),
    },
    Exhibit {
        name: "blocking-accept-after-select",
        source: "oven-sh/bun PR#41358, PR#37815; design 6, one listener for several threads",
        judge: "clean-stop",
        story: "Two threads wait for one listener with select and accept. Both wake for one client, and the one that is late blocks in \
                accept: it does not see the stop. Mended: a non-blocking listener.",
        clause: "accept.rem.blocking-waits",
        broken: |w| two_selectors(w, false),
        mended: |w| two_selectors(w, true),
    },
    Exhibit {
        name: "accepted-socket-does-not-block",
        source: "ROCm/rocm-cli PR#199, smlnj/legacy#153; design 2, select and non-blocking accept",
        judge: "no-loss",
        story: "The listener is non-blocking, and so is what it accepts. The first recv gives WSAEWOULDBLOCK, which is taken for the end \
                of the connection, with the request still under way. Mended: the mode is set for each accepted socket.",
        clause: "accept.rem.inherit.properties",
        broken: |w| inherits_mode(w, false),
        mended: |w| inherits_mode(w, true),
    },
    Exhibit {
        name: "emfile-while-readable",
        source: "zeromq/libzmq src/tcp_listener.cpp; oven-sh/bun PR#42819",
        judge: "no-spin",
        story: "accept fails with WSAEMFILE, the failure is ignored, and select says at once that the listener is readable. \
                Mended: a wait after an error of resources.",
        clause: "accept.err.WSAEMFILE",
        broken: ignores_failures,
        mended: |w| selects(w, accepts),
    },
    Exhibit {
        name: "short-buffer-for-the-address",
        source: "ASPLes/nopoll#61, kieselsteini/sts#1",
        judge: "no-spin",
        story: "accept gets a buffer for an IPv4 address on a listener for IPv6: WSAEFAULT for each client, and the listener stays \
                readable. Mended: NULL, or a buffer for any family.",
        clause: "accept.err.WSAEFAULT.addrlen-small",
        broken: |w| serves_ipv6(w, 16),
        mended: |w| serves_ipv6(w, 128),
    },
    Exhibit {
        name: "reset-after-accept",
        source: "trailofbits/AppJailLauncher PR#3 (Stack Overflow 2162099)",
        judge: "alive",
        story: "The event of FD_ACCEPT is reset after accept, and with it the signal of a client that came in between. \
                Mended: WSAEnumNetworkEvents resets it before accept.",
        clause: "wsaeventselect.fdaccept.reenable",
        broken: resets_after_accept,
        mended: |w| waits_for_events(w, true),
    },
    Exhibit {
        name: "event-never-reset",
        source: "llvm/llvm-project PR#106955; design 4",
        judge: "no-spin",
        story: "Nobody resets the event, which is a manual-reset one: each wait returns at once, and accept says WSAEWOULDBLOCK, \
                thousands of times. Mended: WSAEnumNetworkEvents resets it.",
        clause: "wsaeventselect.rem.reset-atomically",
        broken: |w| waits_for_events(w, false),
        mended: |w| waits_for_events(w, true),
    },
    Exhibit {
        name: "accepted-socket-keeps-the-event",
        source: "apache/httpd server/mpm/winnt/child.c, which clears what is inherited by hand; design 4",
        judge: "no-loss",
        story: "What WSAEventSelect set on the listener holds for the accepted socket, its mode included: a recv that is to wait fails, \
                and the client is dropped. Mended: clear the registration and the mode of each accepted socket.",
        clause: "wsaeventselect.inherit.accepted",
        broken: |w| inherits_events(w, false),
        mended: |w| inherits_events(w, true),
    },
    Exhibit {
        name: "poll-takes-anything-for-readable",
        source: "design 3, WSAPoll and accept; piscisaureus/wepoll on closed sockets",
        judge: "no-spin",
        story: "A client that has gone is shown by WSAPoll as POLLHUP; the loop looks for POLLRDNORM alone and polls it again at once. \
                Mended: an entry with POLLHUP, POLLERR or POLLNVAL is closed and taken out.",
        clause: "wsapoll.rem.listener-pollrdnorm",
        broken: |w| polls(w, false),
        mended: |w| polls(w, true),
    },
    Exhibit {
        name: "closed-socket-in-the-set",
        source: "design 2, closing a selected socket",
        judge: "no-misuse",
        story: "A connection is closed and stays in the list that the next select is given. \
                Mended: it is taken out of the list when it is closed.",
        clause: "select.err.WSAENOTSOCK",
        broken: |w| keeps_closed(w, true),
        mended: |w| keeps_closed(w, false),
    },
    Exhibit {
        name: "first-error-removes-the-listener",
        source: "NodeppOfficial/nodepp PR#39",
        judge: "alive",
        story: "The event loop takes a listener out of its list at the first error of accept. Nobody is served any more, and the loop runs \
                on. Mended: only an error of the listener itself ends it.",
        clause: "accept.err.WSAECONNRESET",
        broken: |w| event_loop(w, true),
        mended: |w| event_loop(w, false),
    },
];

/// What an accept loop does with an error: one of the connection is passed over, others are waited out.
fn after(w: &Winsock<'_>, error: Code) {
    if !matches!(error, Code::WSAECONNRESET | Code::WSAECONNABORTED | Code::WSAEWOULDBLOCK) {
        w.sleep(100);
    }
}

fn accepts(w: &Winsock<'_>, listener: Socket) -> Result<Socket, Code> {
    w.accept(listener)
}

fn selects(w: &Winsock<'_>, accept: impl Fn(&Winsock<'_>, Socket) -> Result<Socket, Code>) {
    let Ok(listener) = w.listener(5) else { return };
    if w.nonblocking(listener, true).is_err() {
        return;
    }
    loop {
        match w.select(&[listener], Some(1000)) {
            Ok(ready) if ready.is_empty() => {}
            Ok(_) => match accept(w, listener) {
                Ok(client) => takes(w, client),
                Err(error) => after(w, error),
            },
            Err(error) => after(w, error),
        }
    }
}

/// Serves a client in a thread of its own, where it may block.
fn takes(w: &Winsock<'_>, client: Socket) {
    let _ = w.nonblocking(client, false);
    w.spawn("worker", move |w| serve(w, client));
}

fn fills_sets_once(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    let mut readfds = vec![listener];
    loop {
        // As select does, it leaves in the set what is ready.
        let result = w.select(&readfds, Some(1000));
        readfds = result.clone().unwrap_or_default();
        if result.is_ok_and(|ready| !ready.is_empty())
            && let Ok(client) = w.accept(listener)
        {
            w.spawn("worker", move |w| serve(w, client));
        }
    }
}

fn two_selectors(w: &Winsock<'_>, nonblocking: bool) {
    let Ok(listener) = w.listener(5) else { return };
    if w.nonblocking(listener, nonblocking).is_err() {
        return;
    }
    let body = move |w: &Winsock<'_>| {
        while !w.stopping() {
            match w.select(&[listener], Some(500)) {
                Ok(ready) if ready.is_empty() => {}
                Ok(_) => match w.accept(listener) {
                    Ok(client) => takes(w, client),
                    Err(error) => after(w, error),
                },
                Err(error) => after(w, error),
            }
        }
    };
    let threads = [w.spawn("selector", body), w.spawn("selector", body)];
    w.wait_for_stop();
    threads.into_iter().for_each(|thread| w.join(thread));
    let _ = w.closesocket(listener);
}

fn inherits_mode(w: &Winsock<'_>, sets_mode: bool) {
    selects(w, move |w, listener| {
        let client = w.accept(listener)?;
        w.spawn("worker", move |w| {
            if sets_mode {
                let _ = w.nonblocking(client, false);
            }
            answer_or_refuse(w, client);
        });
        // It is served already.
        Err(Code::WSAEWOULDBLOCK)
    });
}

/// What the client sends comes back; a failure is told and ends it.
fn answer_or_refuse(w: &Winsock<'_>, client: Socket) {
    let answer = w.recv(client, 16).unwrap_or_else(|_| b"400".to_vec());
    let _ = w.send(client, &answer);
    let _ = w.closesocket(client);
}

fn ignores_failures(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    if w.nonblocking(listener, true).is_err() {
        return;
    }
    loop {
        if w.select(&[listener], None).is_ok()
            && let Ok(client) = w.accept(listener)
        {
            takes(w, client);
        }
    }
}

fn serves_ipv6(w: &Winsock<'_>, addrlen: i32) {
    let Ok(listener) = w.socket6() else { return };
    if w.bind6(listener, 0).is_err() || w.listen(listener, 5).is_err() {
        return;
    }
    loop {
        match w.select(&[listener], Some(1000)) {
            Ok(ready) if ready.is_empty() => {}
            Ok(_) => match w.accept_from(listener, addrlen) {
                Ok(client) => takes(w, client),
                Err(Code::WSAEFAULT) => {}
                Err(error) => after(w, error),
            },
            Err(error) => after(w, error),
        }
    }
}

/// A listener with an event for FD_ACCEPT.
fn event_listener(w: &Winsock<'_>) -> Result<(Socket, Event), Code> {
    let listener = w.listener(5)?;
    let event = w.create_event()?;
    w.event_select(listener, Some(event), NetworkEvents::ACCEPT)?;
    Ok((listener, event))
}

/// Lets an accepted socket be what a new one is.
fn plain(w: &Winsock<'_>, client: Socket) {
    let _ = w.event_select(client, None, NetworkEvents::default());
    let _ = w.nonblocking(client, false);
}

fn resets_after_accept(w: &Winsock<'_>) {
    let Ok((listener, event)) = event_listener(w) else { return };
    loop {
        if let Err(error) = w.wait(&[event], None) {
            after(w, error);
            continue;
        }
        match w.accept(listener) {
            Ok(client) => {
                plain(w, client);
                w.spawn("worker", move |w| serve(w, client));
            }
            Err(error) => after(w, error),
        }
        let _ = w.reset_event(event);
    }
}

fn waits_for_events(w: &Winsock<'_>, resets: bool) {
    let Ok((listener, event)) = event_listener(w) else { return };
    loop {
        if let Err(error) = w.wait(&[event], Some(1000)) {
            after(w, error);
            continue;
        }
        if resets && let Err(error) = w.enum_network_events(listener, Some(event)) {
            after(w, error);
        }
        // All that there are, and after a failure of resources once more.
        loop {
            match w.accept(listener) {
                Ok(client) => {
                    plain(w, client);
                    w.spawn("worker", move |w| serve(w, client));
                }
                Err(Code::WSAEWOULDBLOCK) => break,
                Err(error) => after(w, error),
            }
        }
    }
}

fn inherits_events(w: &Winsock<'_>, clears: bool) {
    let Ok((listener, event)) = event_listener(w) else { return };
    loop {
        let _ = w.wait(&[event], Some(1000));
        if let Err(error) = w.enum_network_events(listener, Some(event)) {
            after(w, error);
        }
        loop {
            match w.accept(listener) {
                Ok(client) => {
                    if clears {
                        plain(w, client);
                    }
                    w.spawn("worker", move |w| answer_or_refuse(w, client));
                }
                Err(Code::WSAEWOULDBLOCK) => break,
                Err(error) => after(w, error),
            }
        }
    }
}

fn polls(w: &Winsock<'_>, heeds_all: bool) {
    let Ok(listener) = w.listener(5) else { return };
    if w.nonblocking(listener, true).is_err() {
        return;
    }
    let mut clients: Vec<Socket> = Vec::new();
    loop {
        let mut fds = vec![(listener, PollEvents::RDNORM)];
        fds.extend(clients.iter().map(|client| (*client, PollEvents::RDNORM)));
        let shown = match w.poll(&fds, Some(1000)) {
            Ok(shown) => shown,
            Err(error) => {
                after(w, error);
                continue;
            }
        };
        let mut over = Vec::new();
        for ((socket, _), revents) in fds.iter().zip(shown).skip(1) {
            let gone = [PollEvents::HUP, PollEvents::ERR, PollEvents::NVAL].into_iter().any(|gone| revents.has(gone));
            if (heeds_all || !gone) && revents.has(PollEvents::RDNORM) {
                match w.recv(*socket, 16) {
                    Ok(bytes) if !bytes.is_empty() => _ = w.send(*socket, &bytes),
                    _ => over.push(*socket),
                }
            } else if heeds_all && gone {
                over.push(*socket);
            }
        }
        for socket in over {
            let _ = w.closesocket(socket);
            clients.retain(|client| *client != socket);
        }
        match w.accept(listener) {
            Ok(client) => clients.push(client),
            Err(error) => after(w, error),
        }
    }
}

/// Listener and clients in one select.
fn serves_with_select(w: &Winsock<'_>, keeps_closed: bool, at_error: impl Fn(&Winsock<'_>, Code) -> bool) {
    let Ok(listener) = w.listener(5) else { return };
    if w.nonblocking(listener, true).is_err() {
        return;
    }
    let mut sockets = vec![listener];
    loop {
        if sockets.is_empty() {
            w.sleep(1000);
            continue;
        }
        let ready = match w.select(&sockets, Some(1000)) {
            Ok(ready) => ready,
            Err(error) => {
                after(w, error);
                continue;
            }
        };
        for socket in ready {
            if socket == listener {
                match w.accept(listener) {
                    Ok(client) => sockets.push(client),
                    Err(error) if at_error(w, error) => sockets.retain(|other| *other != listener),
                    Err(_) => {}
                }
                continue;
            }
            match w.recv(socket, 16) {
                Ok(bytes) if !bytes.is_empty() => _ = w.send(socket, &bytes),
                _ => {
                    let _ = w.closesocket(socket);
                    if !keeps_closed {
                        sockets.retain(|other| *other != socket);
                    }
                }
            }
        }
    }
}

fn keeps_closed(w: &Winsock<'_>, keeps: bool) {
    serves_with_select(w, keeps, |w, error| {
        after(w, error);
        false
    });
}

fn event_loop(w: &Winsock<'_>, removes: bool) {
    serves_with_select(w, false, move |w, error| {
        after(w, error);
        removes && error != Code::WSAEWOULDBLOCK
    });
}
