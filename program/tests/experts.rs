//! Loops as somebody writes them who knows the documents: the sound ones are left alone, each of the others is convicted and told
//! in few events.

mod judged;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use winaccept_program::{
    Code, CompletionPort, Decision, Event, Judge, Overlapped, OverlappedId, PollEvents, Queue, Socket, Winsock,
};

use judged::{Loop, all_are_convicted, none_is_convicted};

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
];

const BROKEN: &[(&str, Loop, Judge)] = &[
    ("a pool behind a queue, without time-outs", |w| pool(w, false), Judge::Alive),
    ("a counter that errors do not lower", |w| counted(w, false), Judge::Alive),
    ("waits longer and longer", |w| backs_off(w, false), Judge::Alive),
    ("buffers that do not come back", |w| borrows(w, false), Judge::Alive),
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

struct Posted {
    over: Overlapped,
    event: Event,
    accept: Socket,
}

fn post(w: &Winsock<'_>, listener: Socket, event: Option<Event>) -> Option<(Overlapped, Socket)> {
    let accept = w.socket().ok()?;
    let posted = w.overlapped(event).and_then(|over| match w.accept_ex(listener, accept, 0, &over) {
        Ok(_) | Err(Code::ERROR_IO_PENDING) => Ok(over),
        Err(error) => Err(error),
    });
    match posted {
        Ok(over) => Some((over, accept)),
        Err(_) => {
            let _ = w.closesocket(accept);
            None
        }
    }
}

fn accepted(w: &Winsock<'_>, listener: Socket, accept: Socket, told: Result<u32, Code>) {
    if told.is_ok() && w.update_accept_context(accept, listener).is_ok() {
        w.spawn("worker", move |w| serves_and_closes(w, accept));
    } else {
        let _ = w.closesocket(accept);
    }
}

fn events_of_requests(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let events: Vec<Event> = (0..3).map(|_| w.create_event().expect("nothing fails yet")).collect();
    let mut posted: Vec<Posted> = Vec::new();
    let mut free = events.clone();
    loop {
        while let Some(event) = free.pop() {
            let _ = w.reset_event(event);
            match post(w, listener, Some(event)) {
                Some((over, accept)) => posted.push(Posted { over, event, accept }),
                None => {
                    free.push(event);
                    break;
                }
            }
        }
        let waited: Vec<Event> = posted.iter().map(|posted| posted.event).collect();
        let timeout = if free.is_empty() { None } else { Some(100) };
        if waited.is_empty() {
            w.sleep(100);
            continue;
        }
        match w.wait(&waited, timeout) {
            Ok(Some(index)) => {
                let Posted { over, event, accept } = posted.remove(index);
                let told = w.get_overlapped_result(listener, &over, true);
                free.push(event);
                accepted(w, listener, accept, told);
            }
            Ok(None) => {}
            Err(error) => heeds(w, error),
        }
    }
}

/// Waits for both with the event that belongs to the first.
fn one_event_for_two(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let (first, second) = (w.create_event().expect("nothing fails yet"), w.create_event().expect("nothing fails yet"));
    let mut posted: [Option<(Overlapped, Socket)>; 2] = [None, None];
    loop {
        for (at, event) in [first, second].into_iter().enumerate() {
            if posted[at].is_none() {
                let _ = w.reset_event(event);
                posted[at] = post(w, listener, Some(event));
            }
        }
        if posted.iter().any(Option::is_none) {
            w.sleep(100);
            continue;
        }
        // The bug: whichever of them is done, this one was made first.
        let _ = w.wait(&[first], None);
        if let Some((over, accept)) = posted[0].take() {
            let told = w.get_overlapped_result(listener, &over, true);
            accepted(w, listener, accept, told);
        }
    }
}

type Requests = Rc<RefCell<BTreeMap<u32, (Rc<Overlapped>, Socket)>>>;

fn number(id: OverlappedId) -> u32 {
    id.0.0
}

/// Makes a request that is noted before it is made, or after: then a packet may come to the other thread before.
fn posts(w: &Winsock<'_>, listener: Socket, requests: &Requests, noted_before: bool) -> Result<(), Code> {
    let accept = w.socket()?;
    let over = match w.overlapped(None) {
        Ok(over) => Rc::new(over),
        Err(error) => {
            let _ = w.closesocket(accept);
            return Err(error);
        }
    };
    if noted_before {
        requests.borrow_mut().insert(number(over.id()), (Rc::clone(&over), accept));
    }
    match w.accept_ex(listener, accept, 0, &over) {
        Ok(_) | Err(Code::ERROR_IO_PENDING) => {
            if !noted_before {
                requests.borrow_mut().insert(number(over.id()), (over, accept));
            }
            Ok(())
        }
        Err(error) => {
            requests.borrow_mut().remove(&number(over.id()));
            let _ = w.closesocket(accept);
            Err(error)
        }
    }
}

/// Takes packets until one says that it is to stop.
fn at_port(w: &Winsock<'_>, listener: Socket, port: CompletionPort, requests: &Requests, noted_before: bool) {
    let wanted = 2;
    loop {
        while requests.borrow().len() < wanted && !w.stopping() {
            if posts(w, listener, requests, noted_before).is_err() {
                break;
            }
        }
        let few = requests.borrow().len() < wanted && !w.stopping();
        match w.get_queued(port, if few { Some(100) } else { None }) {
            Ok(packet) => {
                let Some(id) = packet.overlapped else { break };
                let Some((_over, accept)) = requests.borrow_mut().remove(&number(id)) else { continue };
                accepted(w, listener, accept, packet.error.map_or(Ok(0), Err));
            }
            Err(Code::WAIT_TIMEOUT) => {}
            Err(error) => heeds(w, error),
        }
    }
}

fn port(w: &Winsock<'_>) -> (Socket, CompletionPort) {
    let listener = w.listener(5).expect("nothing fails yet");
    let port = w.create_port().expect("nothing fails yet");
    w.associate(listener, port, 1).expect("nothing fails yet");
    (listener, port)
}

fn served_by_two(w: &Winsock<'_>, packets: usize, noted_before: bool) {
    let (listener, port) = port(w);
    let requests = Requests::default();
    let two: Vec<_> = (0..2)
        .map(|_| {
            let requests = Rc::clone(&requests);
            w.spawn("server", move |w| at_port(w, listener, port, &requests, noted_before))
        })
        .collect();
    w.wait_for_stop();
    for _ in 0..packets {
        let _ = w.post_queued(port, 0, 0, None);
    }
    two.into_iter().for_each(|thread| w.join(thread));
    // Nobody else takes packets now: what is under way is ended, and its end is awaited.
    let _ = w.closesocket(listener);
    while !requests.borrow().is_empty() {
        if let Ok(packet) = w.get_queued(port, Some(1000))
            && let Some(id) = packet.overlapped
            && let Some((_over, accept)) = requests.borrow_mut().remove(&number(id))
        {
            let _ = w.closesocket(accept);
        }
    }
    let _ = w.close_port(port);
}

fn two_at_a_port(w: &Winsock<'_>) {
    served_by_two(w, 2, true);
}

fn stops_one_of_two(w: &Winsock<'_>) {
    served_by_two(w, 1, true);
}

fn ends_at_an_error(w: &Winsock<'_>) {
    let (listener, port) = port(w);
    while let Some((over, accept)) = post(w, listener, None) {
        let Ok(packet) = w.get_queued(port, None) else { break };
        if packet.error.is_some() {
            // The bug: this was the end of one connection.
            let _ = w.closesocket(accept);
            break;
        }
        drop(over);
        accepted(w, listener, accept, Ok(0));
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
