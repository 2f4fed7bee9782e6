//! Loops around a blocking accept.

use super::{Exhibit, serve};
use crate::winsock::{Socket, Winsock};
use crate::{Code, How};

pub(super) const EXHIBITS: &[Exhibit] = &[
    Exhibit {
        name: "one-reset-ends-the-loop",
        source: "dotnet/WatsonTcp#340; design 1 of blocking accept with a thread per connection",
        judge: "alive",
        story: "A loop of accept ends at the first error. One client that resets its connection while it waits is enough. \
                Mended: an error of one connection is passed over, one of the moment waited out.",
        clause: "accept.err.WSAECONNRESET",
        broken: ends_at_any_error,
        mended: goes_on_after_errors,
    },
    Exhibit {
        name: "out-of-descriptors-once",
        source: "sta/websocket-sharp#357",
        judge: "alive",
        story: "One try around the whole loop: WSAEMFILE or WSAENOBUFS once, and the listener stays open with nobody at it. \
                Mended: both are of the moment; wait and go on.",
        clause: "accept.err.WSAEMFILE",
        broken: ends_at_resource_errors,
        mended: goes_on_after_errors,
    },
    Exhibit {
        name: "errno-instead-of-winsock",
        source: "yhirose/cpp-httplib PR#2554, PR#2561",
        judge: "alive",
        story: "What may be tried again is looked up in a list of errno values. Winsock's codes are others, so that every failure \
                counts as fatal. Mended: WSAECONNRESET, WSAEMFILE, WSAENOBUFS by their own numbers.",
        clause: "accept.err.WSAEMFILE",
        broken: compares_with_errno,
        mended: goes_on_after_errors,
    },
    Exhibit {
        name: "back-off-for-the-wrong-emfile",
        source: "python-trio/trio#492",
        judge: "no-spin",
        story: "The list of errors that are waited out has EMFILE, 24; Windows gives WSAEMFILE, 10024, which is tried again at once.",
        clause: "accept.err.WSAEMFILE",
        broken: waits_for_24_alone,
        mended: goes_on_after_errors,
    },
    Exhibit {
        name: "any-other-error-means-again",
        source: "ponylang/ponyc#4816, TarsCloud/Tars#370",
        judge: "no-spin",
        story: "Whatever accept says, it is called again at once. WSAEMFILE stays for a while, and one core is at 100 %.",
        clause: "accept.err.WSAEMFILE",
        broken: tries_again_at_once,
        mended: goes_on_after_errors,
    },
    Exhibit {
        name: "stops-at-the-nth-error",
        source: "pjsip/pjproject#402; design 15, the supervised loop",
        judge: "alive",
        story: "After three errors in all the loop gives up, however long ago the others were, although each of them passed by itself. \
                Mended: errors of the moment are waited out, with no count.",
        clause: "accept.err.WSAENOBUFS",
        broken: gives_up_after_three,
        mended: goes_on_after_errors,
    },
    Exhibit {
        name: "listener-reopened-at-emfile",
        source: "zeroc-ice/ice#4498",
        judge: "no-loss",
        story: "At WSAEMFILE the listener is closed, to be opened again a second later: who waits in its queue is reset. \
                Mended: keep the listener, wait, accept again.",
        clause: "accept.err.WSAEMFILE",
        broken: reopens,
        mended: goes_on_after_errors,
    },
    Exhibit {
        name: "served-in-the-accepting-thread",
        source: "lupinemachines/lupine#644",
        judge: "alive",
        story: "Connections are served in the accepting thread, one after another. A client that says nothing is served for ever. \
                Mended: a thread for each, with a time-out.",
        clause: "accept.rem.blocking-waits",
        broken: serves_inline,
        mended: goes_on_after_errors,
    },
    Exhibit {
        name: "handshake-inside-accept",
        source: "pion/dtls#618, seastar#335, Kitura/BlueSSLService#40",
        judge: "alive",
        story: "The handshake of TLS runs inside accept, in the only accepting thread. One client that connects and says nothing \
                keeps everybody out. Mended: the handshake elsewhere, with a time-out.",
        clause: "accept.rem.blocking-waits",
        broken: handshakes_inline,
        mended: handshakes_elsewhere,
    },
    Exhibit {
        name: "pool-of-blocking-readers",
        source: "MisterTea/EternalTerminal#781",
        judge: "alive",
        story: "Accepted sockets go to a pool of workers whose first act is a blocking read. As many silent clients as there are \
                workers, and the next one waits without bound. Mended: a bounded wait before the read.",
        clause: "accept.rem.blocking-waits",
        broken: |w| pool(w, false),
        mended: |w| pool(w, true),
    },
    Exhibit {
        name: "refusal-lost-with-the-request",
        source: "h4ckf0r0day/obscura#604",
        judge: "no-loss",
        story: "At its limit the server accepts, writes its refusal, and closes with the request unread: the close resets, and takes \
                the answer along. Mended: read what has been sent, shut down sending, close.",
        clause: "closesocket.rem.default-graceful",
        broken: |w| refuses(w, false),
        mended: |w| refuses(w, true),
    },
    Exhibit {
        name: "handle-too-large",
        source: "cesanta/mongoose#549; microsoftarchive/redis#59",
        judge: "alive",
        story: "An accepted socket is served if the value of its handle is below FD_SETSIZE, else forgotten. Handle values on Windows \
                are no small numbers. Mended: nothing is read into the value.",
        clause: "accept.ret.new-descriptor",
        broken: forgets_large_handles,
        mended: goes_on_after_errors,
    },
    Exhibit {
        name: "set-up-before-accept-again",
        source: "python/cpython#156365, in its blocking form",
        judge: "nothing-leaked",
        story: "What follows accept fails for a connection that is gone already, and the error path returns to accept without closing. \
                Mended: close on failure.",
        clause: "accept.ret.handle-actual-connection",
        broken: |w| sets_up(w, false),
        mended: |w| sets_up(w, true),
    },
    Exhibit {
        name: "stop-by-flag-alone",
        source: "oven-sh/bun PR#41358; curl/curl PR#7144: accept that blocks where nobody expects it",
        judge: "clean-stop",
        story: "The stop sets a flag that the accepting thread looks at between two calls of accept, and waits for the thread. Nobody \
                connects any more, and accept does not return. Mended: select with a time-out before accept.",
        clause: "accept.rem.blocking-waits",
        broken: |w| stops_by_flag(w, false),
        mended: |w| stops_by_flag(w, true),
    },
    Exhibit {
        name: "drop-in-handler-hangs",
        source: "shd101wyy/Yo PR#443",
        judge: "alive",
        story: "After each accept the same thread accepts a second connection, which is to bring the data: with one client it waits for \
                ever. Mended: nothing is assumed of who comes next.",
        clause: "accept.rem.blocking-waits",
        broken: accepts_in_pairs,
        mended: goes_on_after_errors,
    },
];

fn ends_at_any_error(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    while let Ok(client) = w.accept(listener) {
        w.spawn("worker", move |w| serve(w, client));
    }
}

/// Errors of one connection are passed over, those of the moment waited out.
fn goes_on_after_errors(w: &Winsock<'_>) {
    accepts(w, |w, client| _ = w.spawn("worker", move |w| serve(w, client)));
}

/// The mended loop, whatever is done with a client.
fn accepts(w: &Winsock<'_>, mut takes: impl FnMut(&Winsock<'_>, Socket)) {
    let Ok(listener) = w.listener(5) else { return };
    loop {
        match w.accept(listener) {
            Ok(client) => takes(w, client),
            Err(Code::WSAECONNRESET | Code::WSAECONNABORTED) => {}
            Err(_) => w.sleep(100),
        }
    }
}

fn ends_at_resource_errors(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    loop {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
            Err(Code::WSAECONNRESET) => {}
            Err(_) => return,
        }
    }
}

fn compares_with_errno(w: &Winsock<'_>) {
    const ECONNRESET: u16 = 104;
    const EMFILE: u16 = 24;
    let Ok(listener) = w.listener(5) else { return };
    loop {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
            Err(Code(ECONNRESET)) => {}
            Err(Code(EMFILE)) => w.sleep(100),
            Err(_) => return,
        }
    }
}

fn waits_for_24_alone(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    loop {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
            Err(Code(24)) => w.sleep(100),
            Err(_) => {}
        }
    }
}

fn tries_again_at_once(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    loop {
        if let Ok(client) = w.accept(listener) {
            w.spawn("worker", move |w| serve(w, client));
        }
    }
}

fn gives_up_after_three(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    let mut failures = 0;
    while failures < 3 {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
            Err(_) => {
                failures += 1;
                w.sleep(100);
            }
        }
    }
}

fn reopens(w: &Winsock<'_>) {
    loop {
        let Ok(listener) = w.listener(5) else { return };
        loop {
            match w.accept(listener) {
                Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
                Err(Code::WSAEMFILE | Code::WSAENOBUFS) => break,
                Err(Code::WSAECONNRESET | Code::WSAECONNABORTED) => {}
                Err(_) => w.sleep(100),
            }
        }
        let _ = w.closesocket(listener);
        w.sleep(1000);
    }
}

fn serves_inline(w: &Winsock<'_>) {
    accepts(w, serve);
}

fn handshakes_inline(w: &Winsock<'_>) {
    accepts(w, |w, client| match w.recv(client, 16) {
        Ok(hello) if !hello.is_empty() => {
            w.spawn("worker", move |w| {
                let _ = w.send(client, &hello);
                let _ = w.closesocket(client);
            });
        }
        _ => _ = w.closesocket(client),
    });
}

fn handshakes_elsewhere(w: &Winsock<'_>) {
    accepts(w, |w, client| _ = w.spawn("handshake", move |w| serve_within(w, client, 2000)));
}

/// Serves a client that says something within this time.
fn serve_within(w: &Winsock<'_>, client: Socket, time: u32) {
    match w.select(&[client], Some(time)) {
        Ok(ready) if !ready.is_empty() => serve(w, client),
        _ => _ = w.closesocket(client),
    }
}

/// So many workers has the pool: each is one silent client more that it takes.
const WORKERS: usize = 1;

fn pool(w: &Winsock<'_>, bounded: bool) {
    let queue = w.queue();
    for _ in 0..WORKERS {
        let queue = queue.clone();
        w.spawn("worker", move |w| {
            loop {
                let client = queue.pop(w);
                if bounded {
                    serve_within(w, client, 2000);
                } else {
                    serve(w, client);
                }
            }
        });
    }
    accepts(w, |w, client| queue.push(w, client));
}

fn refuses(w: &Winsock<'_>, reads_first: bool) {
    accepts(w, move |w, client| {
        w.spawn("refusal", move |w| {
            if reads_first && w.select(&[client], Some(2000)).is_ok_and(|ready| !ready.is_empty()) {
                let _ = w.recv(client, 1024);
            }
            let _ = w.send(client, b"503");
            if reads_first {
                let _ = w.shutdown(client, How::Send);
                // Until the client has read it, and whatever it still sends.
                while w.select(&[client], Some(2000)).is_ok_and(|ready| !ready.is_empty()) {
                    if !w.recv(client, 1024).is_ok_and(|more| !more.is_empty()) {
                        break;
                    }
                }
            }
            let _ = w.closesocket(client);
        });
    });
}

fn forgets_large_handles(w: &Winsock<'_>) {
    const FD_SETSIZE: u32 = 64;
    accepts(w, |w, client| {
        if client.value() < FD_SETSIZE {
            w.spawn("worker", move |w| serve(w, client));
        }
    });
}

fn sets_up(w: &Winsock<'_>, closes: bool) {
    accepts(w, move |w, client| {
        w.spawn("worker", move |w| match w.recv(client, 16) {
            Ok(bytes) => {
                let _ = w.send(client, &bytes);
                let _ = w.closesocket(client);
            }
            Err(_) if closes => _ = w.closesocket(client),
            Err(_) => {}
        });
    });
}

fn stops_by_flag(w: &Winsock<'_>, looks_first: bool) {
    let Ok(listener) = w.listener(5) else { return };
    let acceptor = w.spawn("acceptor", move |w| {
        while !w.stopping() {
            if looks_first && !w.select(&[listener], Some(500)).is_ok_and(|ready| !ready.is_empty()) {
                // Also after a failure: the time-out of select is a wait, a failure is none.
                w.sleep(10);
                continue;
            }
            match w.accept(listener) {
                Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
                Err(_) => w.sleep(100),
            }
        }
    });
    w.wait_for_stop();
    w.join(acceptor);
    let _ = w.closesocket(listener);
}

fn accepts_in_pairs(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    loop {
        let control = w.accept(listener);
        let data = w.accept(listener);
        for client in [control, data].into_iter().flatten() {
            w.spawn("worker", move |w| serve(w, client));
        }
        w.sleep(10);
    }
}
