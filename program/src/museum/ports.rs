//! Loops around AcceptEx and a completion port.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{Exhibit, serve};
use crate::Code;
use crate::overlapped::{CompletionPort, Overlapped, Packet};
use crate::winsock::{Socket, Winsock};

pub(super) const EXHIBITS: &[Exhibit] = &[
    Exhibit {
        name: "pool-shrinks-at-errors",
        source: "nginx/nginx PR#1722, PR#1276, PR#1230; design 8, AcceptEx and a port, many outstanding",
        judge: "nothing-leaked",
        story: "Several AcceptEx are posted, each made again when it is over. Where the next one cannot be made, the \
                error path logs and returns: the pool is one smaller for good, and nobody notices until it is empty. \
                Mended: wait, and make it again.",
        clause: "acceptex.rem.accept-socket-open",
        broken: |w| pool(w, 2, |w, pool, at, packet| _ = pool.serves(w, at, packet).and_then(|()| pool.post(w, at))),
        mended: |w| pool(w, 2, sound),
    },
    Exhibit {
        name: "64-means-we-closed-it",
        source: "nginx/nginx src/event/ngx_event_acceptex.c; cppalliance/corosio#304",
        judge: "no-confusion",
        story: "A request that ends with ERROR_NETNAME_DELETED, 64, or with 995 was ended by our own close, the loop \
                thinks, and does not make it again. 64 is what a port tells for a client's reset, too. Mended: only a \
                stop of one's own ends a request.",
        clause: "gqcs.failed-io",
        broken: |w| reaped_pool(w, Reaped { again_after_64: false, ..Reaped::SOUND }),
        mended: |w| reaped_pool(w, Reaped::SOUND),
    },
    Exhibit {
        name: "one-bad-client-closes-the-listener",
        source: "python/cpython#93821; alexbers/mtprotoproxy#57, Comfy-Org/ComfyUI#11576",
        judge: "alive",
        story: "The serving loop takes any failure of an accept for one of the listener, and closes that. One client that \
                resets while it waits, 64, and nobody can connect any more. Mended: an error of a connection ends that \
                connection.",
        clause: "acceptex.err.WSAECONNRESET",
        broken: |w| {
            pool(w, 1, |w, pool, at, packet| match packet.error {
                Some(_) => _ = w.closesocket(pool.listener),
                None => sound(w, pool, at, packet),
            });
        },
        mended: |w| pool(w, 1, sound),
    },
    Exhibit {
        name: "one-failed-re-post",
        source: "brazilofmux/tinymux#1830",
        judge: "alive",
        story: "One AcceptEx is outstanding. Where the next cannot be made, because there is no socket for it at that \
                moment, the port is deaf for ever, silently. Mended: wait, and try again.",
        clause: "acceptex.rem.accept-socket-open",
        broken: |w| pool(w, 1, |w, pool, at, packet| _ = pool.serves(w, at, packet).and_then(|()| pool.post(w, at))),
        mended: |w| pool(w, 1, sound),
    },
    Exhibit {
        name: "re-posted-with-no-delay",
        source: "oven-sh/bun PR#42819",
        judge: "no-spin",
        story: "The request is made again at once until it works. While descriptors are short that is one core at 100 %. \
                Mended: a wait after an error of resources.",
        clause: "acceptex.rem.accept-socket-open",
        broken: |w| {
            pool(w, 1, |w, pool, at, packet| {
                let _ = pool.serves(w, at, packet);
                while pool.post(w, at).is_err() {}
            });
        },
        mended: |w| pool(w, 1, sound),
    },
    Exhibit {
        name: "failed-request-keeps-its-socket",
        source: "moonbitlang/moon PR#1825",
        judge: "nothing-leaked",
        story: "The socket is made before AcceptEx, and the error path makes the next request with a new one: each client \
                that resets while it waits costs a descriptor. Mended: close it, or use it for the next request.",
        clause: "acceptex.rem.accept-socket-open",
        broken: |w| {
            pool(w, 1, |w, pool, at, packet| {
                match packet.error {
                    Some(_) => pool.slots[at].accept = None,
                    None => _ = pool.serves(w, at, packet),
                }
                pool.posts(w, at);
            });
        },
        mended: |w| pool(w, 1, sound),
    },
    Exhibit {
        name: "set-up-before-the-next-accept",
        source: "python/cpython#156365",
        judge: "alive",
        story: "The callback builds the connection's protocol, which greets the client, then makes the next request, both \
                in one try. The client is gone, the greeting fails, accept is never armed again and the socket leaks. \
                Mended: arm first; an own try; close.",
        clause: "acceptex.rem.accept-socket-open",
        broken: |w| {
            pool(w, 1, |w, pool, at, packet| {
                let _ = pool.greets(w, at, packet).and_then(|()| pool.post(w, at));
            });
        },
        mended: |w| {
            pool(w, 1, |w, pool, at, packet| {
                if pool.greets(w, at, packet).is_err() {
                    pool.closes(w, at);
                }
                pool.posts(w, at);
            });
        },
    },
    Exhibit {
        name: "handled-twice",
        source: "microsoft/WSL PR#40042; golang/go#77448; design 12, skipping the packet on success",
        judge: "no-confusion",
        story: "AcceptEx that returns TRUE is handled at once, in the belief that no packet follows: the mode that would \
                skip it was not set. The packet comes, for the next request with this OVERLAPPED. Mended: TRUE and \
                ERROR_IO_PENDING are waited for alike.",
        clause: "gqcs.overlapped-address",
        broken: handles_at_once,
        mended: |w| pool(w, 1, sound),
    },
    Exhibit {
        name: "silent-clients-pin-all",
        source: "apache/httpd, the accept filter `data`; nginx acceptex_read; design 9, AcceptEx with a receive buffer",
        judge: "alive",
        story: "AcceptEx waits for the first bytes. As many clients that say nothing as there are requests, and nobody \
                else gets in. Mended: a sweep with SO_CONNECT_TIME closes sockets that have been connected for too long.",
        clause: "acceptex.data.waits-for-data",
        broken: |w| reaped_pool(w, Reaped { sweeps: false, ..Reaped::SOUND }),
        mended: |w| reaped_pool(w, Reaped::SOUND),
    },
    Exhibit {
        name: "reaper-closes-what-has-completed",
        source: "design 9, the sweep with SO_CONNECT_TIME",
        judge: "no-misuse",
        story: "The sweep closes a socket whose request completes at that moment. The packet says success, and the loop \
                goes on with the closed handle. Mended: what the sweep has closed is taken out of the table, whatever its \
                packet says.",
        clause: "closesocket.rem.descriptor-reuse",
        broken: |w| reaped_pool(w, Reaped { forgets_closed: false, ..Reaped::SOUND }),
        mended: |w| reaped_pool(w, Reaped::SOUND),
    },
    Exhibit {
        name: "packet-for-a-finished-future",
        source: "python/cpython#149123",
        judge: "clean-stop",
        story: "The loop maps packets to futures. The stop cancels a future and forgets it; its packet, 995, still comes, \
                finds none, and the error ends the loop's thread, for which the stop waits. Mended: a packet for a \
                finished future is dropped.",
        clause: "cancelioex.packet-queued",
        broken: |w| futures(w, false),
        mended: |w| futures(w, true),
    },
];

/// A request: the OVERLAPPED with its buffer, and the socket that is to have the connection.
struct Slot {
    over: Overlapped,
    accept: Option<Socket>,
}

/// A listener, its port, and its requests.
struct Pool {
    listener: Socket,
    port: CompletionPort,
    receive: u32,
    slots: Vec<Slot>,
}

/// After an error of the moment, a wait.
fn pause(w: &Winsock<'_>) {
    w.sleep(100);
}

impl Pool {
    fn open(w: &Winsock<'_>, size: usize, receive: u32) -> Result<Pool, Code> {
        let listener = w.listener(5)?;
        let port = w.create_port()?;
        w.associate(listener, port, 1)?;
        let mut pool = Pool { listener, port, receive, slots: Vec::new() };
        for at in 0..size {
            pool.slots.push(Slot { over: w.overlapped(None)?, accept: None });
            pool.post(w, at)?;
        }
        Ok(pool)
    }

    /// Makes a request, with the socket that it has or a new one: how many bytes it got, if it is complete at once.
    fn post_at_once(&mut self, w: &Winsock<'_>, at: usize) -> Result<Option<u32>, Code> {
        let slot = &mut self.slots[at];
        let accept = match slot.accept {
            Some(accept) => accept,
            None => w.socket()?,
        };
        slot.accept = Some(accept);
        match w.accept_ex(self.listener, accept, self.receive, &slot.over) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Code::ERROR_IO_PENDING) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same, whether it is complete at once or not: a packet comes either way.
    fn post(&mut self, w: &Winsock<'_>, at: usize) -> Result<(), Code> {
        self.post_at_once(w, at).map(|_| ())
    }

    /// The same until it is made.
    fn posts(&mut self, w: &Winsock<'_>, at: usize) {
        while self.post(w, at).is_err() {
            self.closes(w, at);
            pause(w);
        }
    }

    fn closes(&mut self, w: &Winsock<'_>, at: usize) {
        if let Some(accept) = self.slots[at].accept.take() {
            let _ = w.closesocket(accept);
        }
    }

    /// The connection that a request has brought, with its context; whatever went wrong, the socket is closed.
    fn takes(&mut self, w: &Winsock<'_>, at: usize, packet: Packet) -> Result<Socket, Code> {
        let Some(client) = self.slots[at].accept else { return Err(Code::WSAENOTSOCK) };
        let taken = match packet.error {
            Some(error) => Err(error),
            None => w.update_accept_context(client, self.listener),
        };
        match taken {
            Ok(()) => self.slots[at].accept = None,
            Err(_) => self.closes(w, at),
        }
        taken.map(|()| client)
    }

    /// Serves who has come; the end of one connection is no error.
    fn serves(&mut self, w: &Winsock<'_>, at: usize, packet: Packet) -> Result<(), Code> {
        if let Ok(client) = self.takes(w, at, packet) {
            w.spawn("worker", move |w| serve(w, client));
        }
        Ok(())
    }

    /// Greets who has come. Where that fails the socket is where it was.
    fn greets(&mut self, w: &Winsock<'_>, at: usize, packet: Packet) -> Result<(), Code> {
        let Ok(client) = self.takes(w, at, packet) else { return Ok(()) };
        self.slots[at].accept = Some(client);
        w.send(client, b"220")?;
        self.slots[at].accept = None;
        w.spawn("worker", move |w| serve(w, client));
        Ok(())
    }

    /// The slot that a packet is about.
    fn slot_of(&self, packet: Packet) -> Option<usize> {
        self.slots.iter().position(|slot| Some(slot.over.id()) == packet.overlapped)
    }
}

/// What is to be done with a packet.
type Completes = fn(&Winsock<'_>, &mut Pool, usize, Packet);

fn pool(w: &Winsock<'_>, size: usize, completes: Completes) {
    let Ok(mut pool) = Pool::open(w, size, 0) else { return };
    loop {
        match w.get_queued(pool.port, None) {
            Ok(packet) => {
                if let Some(at) = pool.slot_of(packet) {
                    completes(w, &mut pool, at, packet);
                }
            }
            Err(_) => pause(w),
        }
    }
}

fn sound(w: &Winsock<'_>, pool: &mut Pool, at: usize, packet: Packet) {
    let _ = pool.serves(w, at, packet);
    pool.posts(w, at);
}

/// Each request that completes at once is handled at once.
fn handles_at_once(w: &Winsock<'_>) {
    let Ok(mut pool) = Pool::open(w, 0, 0) else { return };
    let Ok(over) = w.overlapped(None) else { return };
    pool.slots.push(Slot { over, accept: None });
    loop {
        let packet = match pool.post_at_once(w, 0) {
            // Done already: no need to wait for anything.
            Ok(Some(bytes)) => Packet { key: 1, bytes, overlapped: None, error: None },
            Ok(None) => match w.get_queued(pool.port, None) {
                Ok(packet) => packet,
                Err(_) => return,
            },
            Err(_) => {
                pool.closes(w, 0);
                pause(w);
                continue;
            }
        };
        let _ = pool.serves(w, 0, packet);
    }
}

/// What a pool with a receive buffer and a sweep does right.
#[derive(Clone, Copy)]
struct Reaped {
    sweeps: bool,
    forgets_closed: bool,
    again_after_64: bool,
}

impl Reaped {
    const SOUND: Reaped = Reaped { sweeps: true, forgets_closed: true, again_after_64: true };
}

/// Requests that wait for the first bytes, and a sweep that ends those whose client says nothing.
fn reaped_pool(w: &Winsock<'_>, reaped: Reaped) {
    let Ok(mut pool) = Pool::open(w, 2, 16) else { return };
    loop {
        match w.get_queued(pool.port, Some(1000)) {
            Ok(packet) => {
                let Some(at) = pool.slot_of(packet) else { continue };
                let ended = matches!(packet.error, Some(Code::ERROR_NETNAME_DELETED | Code::ERROR_OPERATION_ABORTED));
                if ended && !reaped.again_after_64 {
                    pool.closes(w, at);
                    continue;
                }
                let first = w.buffer(&pool.slots[at].over);
                if let Ok(client) = pool.takes(w, at, packet) {
                    w.spawn("worker", move |w| {
                        if !first.is_empty() {
                            let _ = w.send(client, &first);
                        }
                        let _ = w.closesocket(client);
                    });
                }
                pool.posts(w, at);
            }
            Err(Code::WAIT_TIMEOUT) if reaped.sweeps => sweeps(w, &mut pool, reaped.forgets_closed),
            Err(Code::WAIT_TIMEOUT) => {}
            Err(_) => pause(w),
        }
    }
}

fn sweeps(w: &Winsock<'_>, pool: &mut Pool, forgets_closed: bool) {
    for slot in &mut pool.slots {
        let Some(accept) = slot.accept else { continue };
        if w.connect_time(accept).is_ok_and(|time| time.is_some_and(|seconds| seconds >= 5)) {
            let _ = w.closesocket(accept);
            if forgets_closed {
                slot.accept = None;
            }
        }
    }
}

/// A loop's thread that maps packets to what waits for them, and a stop that cancels.
fn futures(w: &Winsock<'_>, drops_unknown: bool) {
    let Ok(pool) = Pool::open(w, 1, 0) else { return };
    let (listener, port) = (pool.listener, pool.port);
    let (pool, waits) = (Rc::new(RefCell::new(pool)), Rc::new(Cell::new(true)));
    let over = w.queue();
    let (told, looked_up, still) = (over.clone(), Rc::clone(&pool), Rc::clone(&waits));
    w.spawn("loop", move |w| {
        loop {
            let Ok(packet) = w.get_queued(port, None) else { continue };
            if packet.overlapped.is_none() {
                return told.push(w, ());
            }
            if !still.get() {
                if drops_unknown {
                    continue;
                }
                // The error leaves the loop.
                return;
            }
            sound(w, &mut looked_up.borrow_mut(), 0, packet);
        }
    });
    w.wait_for_stop();
    waits.set(false);
    let _ = w.cancel_io_ex(listener, None);
    let _ = w.post_queued(port, 0, 0, None);
    let () = over.pop(w);
    let _ = w.closesocket(listener);
}
