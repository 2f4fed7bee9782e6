//! Loops as somebody writes them who knows the documents: the sound ones are left alone, each of the others is convicted and told
//! in few events.

#[path = "../judged/mod.rs"]
mod judged;
mod requests;

use std::cell::Cell;
use std::rc::Rc;

use winaccept_program::{Code, Decision, Judge, PollEvents, Queue, Socket, Winsock};

use judged::{Loop, all_are_convicted, none_is_convicted};
use requests::{
    ends_at_an_error, events_of_requests, one_event_for_two, served_by_two, stops_one_of_two, two_at_a_port,
};

const SOUND: &[(&str, Loop)] = &[
    ("a thread for each, joined after a stop", joins_all),
    ("select with output that waits for room", selects),
    ("requests with an event each", events_of_requests),
    ("two threads at a port, stopped by packets", two_at_a_port),
    ("turns away whom it has no room for", turns_away),
    ("a pool behind a queue, with time-outs", |w| pool(w, true)),
    ("a counter that errors lower, too", |w| counted(w, true)),
    ("waits longer and longer, but not for ever", |w| backs_off(w, true)),
    ("buffers that come back", |w| borrows(w, true)),
    ("polls, and heeds what is no data", |w| polls(w, true)),
    ("brings two clients together", brings_two_together),
];

const BROKEN: &[(&str, Loop, Judge)] = &[
    ("a pool behind a queue, without time-outs", |w| pool(w, false), Judge::Alive),
    ("a counter that errors do not lower", |w| counted(w, false), Judge::Alive),
    ("waits longer and longer", |w| backs_off(w, false), Judge::Alive),
    ("buffers that do not come back", |w| borrows(w, false), Judge::Alive),
    ("reads, and has forgotten to send", forgets_to_answer, Judge::Alive),
    ("polls, and heeds nothing but data", |w| polls(w, false), Judge::NoSpin),
    ("a stop that nobody at the port hears of", stops_one_of_two, Judge::CleanStop),
    ("a packet before its request is noted", |w| served_by_two(w, 2, false), Judge::NothingLeaked),
    ("the first error ends the loop of the port", ends_at_an_error, Judge::Alive),
    ("an event of one request for two", one_event_for_two, Judge::Alive),
];

#[test]
fn sound_loops_are_not_convicted() {
    none_is_convicted(SOUND, if cfg!(debug_assertions) { 100 } else { 2000 });
}

#[test]
fn broken_loops_are_convicted() {
    all_are_convicted(BROKEN);
}

/// Answers one request of a client that has ten seconds for it; whatever became of it.
fn serves(w: &Winsock<'_>, client: Socket) -> Result<(), Code> {
    if w.select(&[client], Some(10_000))?.is_empty() {
        return Ok(());
    }
    let request = w.recv(client, 16)?;
    let mut rest = &request[..];
    while !rest.is_empty() {
        rest = &rest[w.send(client, rest)?..];
    }
    Ok(())
}

fn serves_and_closes(w: &Winsock<'_>, client: Socket) {
    let _ = serves(w, client);
    let _ = w.closesocket(client);
}

fn heeds(w: &Winsock<'_>, error: Code) {
    if !matches!(error, Code::WSAECONNRESET | Code::WSAEWOULDBLOCK) {
        w.sleep(100);
    }
}

fn joins_all(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    w.nonblocking(listener, true).expect("nothing fails yet");
    let mut workers = Vec::new();
    while !w.stopping() {
        match w.select(&[listener], Some(1000)) {
            Ok(ready) if ready.is_empty() => continue,
            Ok(_) => {}
            Err(error) => heeds(w, error),
        }
        match w.accept(listener) {
            Ok(client) if w.nonblocking(client, false).is_ok() => {
                workers.push(w.spawn("worker", move |w| serves_and_closes(w, client)));
            }
            Ok(client) => _ = w.closesocket(client),
            Err(error) => heeds(w, error),
        }
    }
    let _ = w.closesocket(listener);
    workers.into_iter().for_each(|worker| w.join(worker));
}

/// One thread: what a client does not take at once is sent later.
fn selects(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    w.nonblocking(listener, true).expect("nothing fails yet");
    let mut clients: Vec<(Socket, Vec<u8>)> = Vec::new();
    loop {
        let late = clients.iter().any(|(_, rest)| !rest.is_empty());
        let reads = clients.iter().filter(|(_, rest)| rest.is_empty()).map(|(client, _)| *client);
        let set: Vec<Socket> = std::iter::once(listener).chain(reads).collect();
        let ready = match w.select(&set, if late { Some(20) } else { None }) {
            Ok(ready) => ready,
            Err(error) => {
                heeds(w, error);
                continue;
            }
        };
        if ready.contains(&listener) {
            match w.accept(listener) {
                Ok(client) if w.nonblocking(client, true).is_ok() => clients.push((client, Vec::new())),
                Ok(client) => _ = w.closesocket(client),
                Err(error) => heeds(w, error),
            }
        }
        clients.retain_mut(|(client, rest)| {
            if rest.is_empty() && ready.contains(client) {
                match w.recv(*client, 16) {
                    Ok(bytes) if !bytes.is_empty() => *rest = bytes,
                    Err(Code::WSAEWOULDBLOCK) => {}
                    _ => {
                        let _ = w.closesocket(*client);
                        return false;
                    }
                }
            }
            while !rest.is_empty() {
                match w.send(*client, rest) {
                    Ok(sent) => drop(rest.drain(..sent)),
                    Err(Code::WSAEWOULDBLOCK | Code::WSAENOBUFS) => return true,
                    Err(_) => {
                        let _ = w.closesocket(*client);
                        return false;
                    }
                }
            }
            true
        });
    }
}

fn turns_away(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let live = Rc::new(Cell::new(0));
    loop {
        let busy = Rc::clone(&live);
        let decides = move |_| if busy.get() < 8 { Decision::Accept } else { Decision::Reject };
        match w.wsa_accept(listener, decides) {
            Ok(client) => {
                let live = Rc::clone(&live);
                live.set(live.get() + 1);
                w.spawn("worker", move |w| {
                    serves_and_closes(w, client);
                    live.set(live.get() - 1);
                });
            }
            Err(Code::WSAECONNREFUSED) => {}
            Err(error) => heeds(w, error),
        }
    }
}

fn pool(w: &Winsock<'_>, timed: bool) {
    let listener = w.listener(5).expect("nothing fails yet");
    let queue: Rc<Queue<Socket>> = Rc::new(w.queue());
    for _ in 0..2 {
        let queue = Rc::clone(&queue);
        w.spawn("worker", move |w| {
            loop {
                let client = queue.pop(w);
                if timed {
                    serves_and_closes(w, client);
                    continue;
                }
                // The bug: whoever says nothing keeps one of two workers.
                let _ = w.recv(client, 16).and_then(|request| w.send(client, &request));
                let _ = w.closesocket(client);
            }
        });
    }
    loop {
        match w.accept(listener) {
            Ok(client) => queue.push(w, client),
            Err(error) => heeds(w, error),
        }
    }
}

/// No more than two at a time.
fn counted(w: &Winsock<'_>, lowers: bool) {
    let listener = w.listener(5).expect("nothing fails yet");
    let live = Rc::new(Cell::new(0));
    loop {
        while live.get() >= 2 {
            w.sleep(50);
        }
        match w.accept(listener) {
            Ok(client) => {
                let live = Rc::clone(&live);
                live.set(live.get() + 1);
                w.spawn("worker", move |w| {
                    let served = serves(w, client);
                    let _ = w.closesocket(client);
                    // The bug: an error is a way out of here, too.
                    if served.is_ok() || lowers {
                        live.set(live.get() - 1);
                    }
                });
            }
            Err(error) => heeds(w, error),
        }
    }
}

fn backs_off(w: &Winsock<'_>, bounded: bool) {
    let listener = w.listener(5).expect("nothing fails yet");
    let mut pause = 50;
    loop {
        match w.accept(listener) {
            Ok(client) => {
                // The bug: what was waited for once is waited for again, and longer.
                pause = if bounded { 50 } else { pause };
                w.spawn("worker", move |w| serves_and_closes(w, client));
            }
            Err(_) => {
                w.sleep(pause);
                pause = if bounded { 1000.min(pause * 2) } else { pause * 40 };
            }
        }
    }
}

/// The bug: after an error of `accept` the next request is read, and a second one is waited for.
fn forgets_to_answer(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let mut failed = false;
    loop {
        match w.accept(listener) {
            Ok(client) => {
                let waits = std::mem::take(&mut failed);
                w.spawn("worker", move |w| {
                    if let Ok(request) = w.recv(client, 16) {
                        let sent = if waits { w.recv(client, 16) } else { Ok(request) };
                        let _ = sent.and_then(|bytes| w.send(client, &bytes));
                    }
                    let _ = w.closesocket(client);
                });
            }
            Err(error) => {
                failed = true;
                heeds(w, error);
            }
        }
    }
}

/// An answer needs a buffer, of which there are two.
fn borrows(w: &Winsock<'_>, returns: bool) {
    let listener = w.listener(5).expect("nothing fails yet");
    let buffers: Rc<Queue<u8>> = Rc::new(w.queue());
    buffers.push(w, 1);
    buffers.push(w, 2);
    loop {
        match w.accept(listener) {
            Ok(client) => {
                let buffers = Rc::clone(&buffers);
                w.spawn("worker", move |w| {
                    let waits = w.select(&[client], Some(10_000)).is_ok_and(|ready| !ready.is_empty());
                    if let (true, Ok(request)) = (waits, w.recv(client, 16)) {
                        let buffer = buffers.pop(w);
                        let sent = w.send(client, &request);
                        // The bug: nothing comes back where there was nothing to send, or nobody to send it to.
                        if returns || sent.is_ok_and(|sent| sent > 0) {
                            buffers.push(w, buffer);
                        }
                    }
                    let _ = w.closesocket(client);
                });
            }
            Err(error) => heeds(w, error),
        }
    }
}

/// Whoever comes waits for another, and then both have an answer. One alone never has.
fn brings_two_together(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let alone: Rc<Cell<Option<Socket>>> = Rc::default();
    loop {
        match w.accept(listener) {
            Ok(client) => {
                let alone = Rc::clone(&alone);
                w.spawn("worker", move |w| {
                    meets(w, client, &alone);
                    let _ = w.closesocket(client);
                });
            }
            Err(error) => heeds(w, error),
        }
    }
}

fn meets(w: &Winsock<'_>, client: Socket, alone: &Cell<Option<Socket>>) {
    match w.recv(client, 16) {
        Ok(bytes) if !bytes.is_empty() => {}
        _ => return,
    }
    if let Some(other) = alone.take() {
        let _ = w.send(other, b"b");
        let _ = w.send(client, b"a");
        return;
    }
    alone.set(Some(client));
    while alone.get() == Some(client) {
        match w.select(&[client], Some(500)) {
            Ok(ready) if ready.is_empty() => {}
            // It has gone, or sends what nobody asked for.
            Ok(_) if alone.get() == Some(client) => alone.set(None),
            Ok(_) => {}
            Err(error) => heeds(w, error),
        }
    }
}

fn polls(w: &Winsock<'_>, heeds_all: bool) {
    let listener = w.listener(5).expect("nothing fails yet");
    w.nonblocking(listener, true).expect("nothing fails yet");
    let mut clients: Vec<Socket> = Vec::new();
    loop {
        let fds: Vec<_> =
            std::iter::once(listener).chain(clients.iter().copied()).map(|s| (s, PollEvents::RDNORM)).collect();
        let shown = match w.poll(&fds, None) {
            Ok(shown) => shown,
            Err(error) => {
                heeds(w, error);
                continue;
            }
        };
        for ((s, _), shows) in fds.into_iter().zip(shown).filter(|(_, shows)| shows.0 != 0) {
            if s == listener {
                match w.accept(listener) {
                    Ok(client) if w.nonblocking(client, true).is_ok() => clients.push(client),
                    Ok(client) => _ = w.closesocket(client),
                    Err(error) => heeds(w, error),
                }
                continue;
            }
            // The bug: a client that is gone shows POLLHUP or POLLERR, and nothing to read.
            if !heeds_all && !shows.has(PollEvents::RDNORM) {
                continue;
            }
            match w.recv(s, 16) {
                Ok(bytes) if !bytes.is_empty() && w.send(s, &bytes).is_ok() => {}
                Err(Code::WSAEWOULDBLOCK) => {}
                _ => {
                    let _ = w.closesocket(s);
                    clients.retain(|client| *client != s);
                }
            }
        }
    }
}
