//! Sound loops.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use winaccept_program::{Code, CompletionPort, Decision, Error, Overlapped, OverlappedId, Packet, Socket, Winsock};

use super::{answer, is_under_way, pause, post, serve, take, with_port};

pub(crate) fn one_with_event(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let event = w.create_event().expect("nothing fails yet");
    let over = w.overlapped(Some(event)).expect("nothing fails yet");
    loop {
        let accept = post(w, listener, 0, &over);
        while !matches!(w.wait(&[event], Some(2000)), Ok(Some(_))) {}
        let failed = w.wsa_get_overlapped_result(listener, &over, false).is_err();
        take(w, listener, accept, failed).into_iter().for_each(|client| serve(w, client));
    }
}

/// Whoever has served a client gives its socket back, and the next request takes it.
pub(crate) fn recycles(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let event = w.create_event().expect("nothing fails yet");
    let over = w.overlapped(Some(event)).expect("nothing fails yet");
    let free: Rc<RefCell<Vec<Socket>>> = Rc::default();
    loop {
        let spare = free.borrow_mut().pop();
        let Some(accept) = spare.or_else(|| w.socket().ok()) else {
            pause(w);
            continue;
        };
        if !is_under_way(&w.accept_ex(listener, accept, 0, &over)) {
            let _ = w.closesocket(accept);
            pause(w);
            continue;
        }
        while !matches!(w.wait(&[event], Some(2000)), Ok(Some(_))) {}
        let failed = w.wsa_get_overlapped_result(listener, &over, false).is_err();
        let Some(client) = take(w, listener, accept, failed) else { continue };
        let free = Rc::clone(&free);
        w.spawn("worker", move |w| {
            // Until the client has closed: what it would still send were lost, and it told so by a reset.
            let mut ended = w.recv(client, 64);
            while let Ok(bytes) = &ended
                && !bytes.is_empty()
            {
                ended = w.send(client, bytes).and_then(|_| w.recv(client, 64));
            }
            if ended.is_ok() && is_free(w, client) {
                free.borrow_mut().push(client);
            } else {
                let _ = w.closesocket(client);
            }
        });
    }
}

/// Has the client's socket come back within three seconds?
fn is_free(w: &Winsock<'_>, client: Socket) -> bool {
    let Ok(event) = w.create_event() else { return false };
    let over = w.overlapped(Some(event));
    let free = over.is_ok_and(|over| match w.disconnect_ex(client, Some(&over), true) {
        Ok(()) => true,
        Err(Code::ERROR_IO_PENDING) => {
            if !matches!(w.wait(&[event], Some(3000)), Ok(Some(_))) {
                let _ = w.cancel_io_ex(client, Some(&over));
                while !matches!(w.wait(&[event], Some(2000)), Ok(Some(_))) {}
            }
            w.wsa_get_overlapped_result(client, &over, false).is_ok()
        }
        Err(_) => false,
    });
    let _ = w.close_event(event);
    free
}

/// What is under way, by its OVERLAPPED.
type Table = Rc<RefCell<BTreeMap<OverlappedId, (Rc<Overlapped>, Socket)>>>;

pub(crate) fn two_threads_at_port(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let requests: Table = Rc::default();
    for _ in 0..4 {
        let over = w.overlapped(None).expect("nothing fails yet");
        let accept = post(w, listener, 0, &over);
        requests.borrow_mut().insert(over.id(), (Rc::new(over), accept));
    }
    let body = move |w: &Winsock<'_>| {
        loop {
            let Ok(packet) = w.get_queued(port, None) else { continue };
            let Some((over, accept)) = packet.overlapped.and_then(|id| requests.borrow_mut().remove(&id)) else {
                continue;
            };
            let client = take(w, listener, accept, packet.error.is_some());
            // The packet may come before the table knows the socket: no lock is held while calls are made.
            let accept = loop {
                match w.socket() {
                    Ok(accept) => break accept,
                    Err(_) => pause(w),
                }
            };
            requests.borrow_mut().insert(over.id(), (Rc::clone(&over), accept));
            while !is_under_way(&w.accept_ex(listener, accept, 0, &over)) {
                pause(w);
            }
            client.into_iter().for_each(|client| serve(w, client));
        }
    };
    let threads = [w.spawn("first", body.clone()), w.spawn("second", body)];
    threads.into_iter().for_each(|thread| w.join(thread));
}

pub(crate) fn fresh_overlapped(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    loop {
        let Ok(over) = w.overlapped(None) else { return };
        let accept = post(w, listener, 0, &over);
        let packet = loop {
            if let Ok(packet) = w.get_queued(port, Some(1000)) {
                break packet;
            }
        };
        assert_eq!(packet.overlapped, Some(over.id()));
        take(w, listener, accept, packet.error.is_some()).into_iter().for_each(|client| serve(w, client));
    }
}

pub(crate) fn completed_list(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let ready = w.queue();
    let takes = ready.clone();
    w.spawn("acceptor", move |w| {
        loop {
            let client: Socket = takes.pop(w);
            serve(w, client);
        }
    });
    let mut requests: Vec<(Overlapped, Socket)> = Vec::new();
    for _ in 0..2 {
        let over = w.overlapped(None).expect("nothing fails yet");
        let accept = post(w, listener, 0, &over);
        requests.push((over, accept));
    }
    loop {
        let Ok(packet) = w.get_queued(port, None) else { continue };
        let mine = requests.iter_mut().find(|(over, _)| Some(over.id()) == packet.overlapped);
        let Some((over, accept)) = mine else { continue };
        let client = take(w, listener, *accept, packet.error.is_some());
        client.into_iter().for_each(|client| ready.push(w, client));
        *accept = post(w, listener, 0, over);
    }
}

/// A loop in a thread of its own, until a packet without an OVERLAPPED or with 995 comes while it stops.
pub(crate) fn stoppable(w: &Winsock<'_>, stops: fn(&Winsock<'_>, Socket, CompletionPort)) {
    let (listener, port) = with_port(w);
    let acceptor = w.spawn("acceptor", move |w| {
        let over = w.overlapped(None).expect("nothing fails yet");
        let mut accept = post(w, listener, 0, &over);
        loop {
            let Ok(packet) = w.get_queued(port, None) else { continue };
            if w.stopping() && packet.error.is_some() {
                let _ = w.closesocket(accept);
                return;
            }
            take(w, listener, accept, packet.error.is_some()).into_iter().for_each(|client| serve(w, client));
            accept = post(w, listener, 0, &over);
        }
    });
    w.wait_for_stop();
    stops(w, listener, port);
    w.join(acceptor);
}

pub(crate) fn cancels_and_drains(w: &Winsock<'_>) {
    stoppable(w, |w, listener, _| _ = w.cancel_io_ex(listener, None));
}

pub(crate) fn closes_and_drains(w: &Winsock<'_>) {
    stoppable(w, |w, listener, _| _ = w.closesocket(listener));
}

pub(crate) fn closes_and_looks(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let acceptor = w.spawn("acceptor", move |w| {
        let over = w.overlapped(None).expect("nothing fails yet");
        while !w.stopping() {
            let accept = post(w, listener, 0, &over);
            let failed = w.get_overlapped_result(listener, &over, true).is_err();
            take(w, listener, accept, failed).into_iter().for_each(|client| serve(w, client));
        }
    });
    w.wait_for_stop();
    let _ = w.cancel_io_ex(listener, None);
    w.join(acceptor);
    let _ = w.closesocket(listener);
}

pub(crate) fn first_bytes(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let mut requests: Vec<(Overlapped, Option<Socket>)> = Vec::new();
    for _ in 0..2 {
        let over = w.overlapped(None).expect("nothing fails yet");
        let accept = post(w, listener, 32, &over);
        requests.push((over, Some(accept)));
    }
    loop {
        let Ok(packet) = w.get_queued(port, Some(500)) else {
            for (_, accept) in &mut requests {
                let old = accept.and_then(|accept| w.connect_time(accept).ok()).flatten().is_some_and(|age| age >= 3);
                if let Some(accept) = accept.take_if(|_| old) {
                    let _ = w.closesocket(accept);
                }
            }
            continue;
        };
        let mine = requests.iter_mut().find(|(over, _)| Some(over.id()) == packet.overlapped);
        let Some((over, accept)) = mine else { continue };
        let bytes = w.buffer(over);
        if let Some(client) = accept.take().and_then(|accept| take(w, listener, accept, packet.error.is_some())) {
            // None at all: the end of the stream.
            if !bytes.is_empty() {
                let _ = w.send(client, &bytes);
            }
            let _ = w.closesocket(client);
        }
        *accept = Some(post(w, listener, 32, over));
    }
}

pub(crate) fn polls_status(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let over = w.overlapped(None).expect("nothing fails yet");
    loop {
        let accept = post(w, listener, 0, &over);
        while !w.has_completed(&over) {
            w.sleep(250);
        }
        let failed = w.wsa_get_overlapped_result(listener, &over, false).is_err();
        take(w, listener, accept, failed).into_iter().for_each(|client| serve(w, client));
    }
}

pub(crate) fn spare_sockets(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let mut spare: Vec<Socket> = Vec::new();
    let over = w.overlapped(None).expect("nothing fails yet");
    loop {
        let Some(accept) = spare.pop().or_else(|| w.socket().ok()) else {
            pause(w);
            continue;
        };
        if !is_under_way(&w.accept_ex(listener, accept, 0, &over)) {
            spare.push(accept);
            pause(w);
            continue;
        }
        match w.get_queued(port, None) {
            Ok(Packet { error: None, .. }) => {
                take(w, listener, accept, false).into_iter().for_each(|client| serve(w, client));
            }
            // It has no connection, and is as good as new.
            _ => spare.push(accept),
        }
    }
}

pub(crate) fn adapts(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let mut requests: Vec<(Overlapped, Socket)> = Vec::new();
    let more = |w: &Winsock<'_>, requests: &mut Vec<(Overlapped, Socket)>| {
        if let Ok(over) = w.overlapped(None) {
            let accept = post(w, listener, 0, &over);
            requests.push((over, accept));
        }
    };
    more(w, &mut requests);
    loop {
        // A queue that is not empty at once asks for more; one is enough for nobody.
        let packet = match w.get_queued(port, Some(0)) {
            Ok(packet) => {
                more(w, &mut requests);
                packet
            }
            Err(_) => match w.get_queued(port, None) {
                Ok(packet) => packet,
                Err(_) => continue,
            },
        };
        let Some(at) = requests.iter().position(|(over, _)| Some(over.id()) == packet.overlapped) else { continue };
        let (over, accept) = requests.remove(at);
        take(w, listener, accept, packet.error.is_some()).into_iter().for_each(|client| serve(w, client));
        drop(over);
        if requests.is_empty() {
            more(w, &mut requests);
        }
    }
}

pub(crate) fn asks_addresses(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let over = w.overlapped(None).expect("nothing fails yet");
    loop {
        let accept = post(w, listener, 0, &over);
        let failed = w.wsa_get_overlapped_result(listener, &over, true).is_err();
        if !failed {
            let [local, remote] = w.accept_ex_sockaddrs(listener, &over, 0);
            assert!(local.is_some() && remote.is_some());
        }
        let Some(client) = take(w, listener, accept, failed) else { continue };
        if w.getpeername(client).is_ok() && w.getsockname(client).is_ok() {
            serve(w, client);
        } else {
            let _ = w.closesocket(client);
        }
    }
}

pub(crate) fn starters_with_port(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let over = Rc::new(w.overlapped(None).expect("nothing fails yet"));
    // One starter, which ends: a port is told all the same.
    let (made, kept) = (w.queue(), Rc::clone(&over));
    let tells = made.clone();
    let starter = w.spawn("starter", move |w| {
        let accept = post(w, listener, 0, &kept);
        tells.push(w, accept);
    });
    w.join(starter);
    let mut accept = made.pop(w);
    loop {
        let Ok(packet) = w.get_queued(port, None) else { continue };
        take(w, listener, accept, packet.error.is_some()).into_iter().for_each(|client| serve(w, client));
        accept = post(w, listener, 0, &over);
    }
}

pub(crate) fn control_messages(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let acceptor = w.spawn("acceptor", move |w| {
        let over = w.overlapped(None).expect("nothing fails yet");
        let mut accept = Some(post(w, listener, 0, &over));
        while accept.is_some() {
            let Ok(packet) = w.get_queued(port, None) else { continue };
            if packet.overlapped.is_none() {
                // The stop: the request is ended, and its packet fetched.
                let _ = w.cancel_io_ex(listener, Some(&over));
                while w.get_queued(port, None).is_ok_and(|packet| packet.overlapped.is_none()) {}
                accept.take().into_iter().for_each(|accept| _ = w.closesocket(accept));
                continue;
            }
            let taken = accept.take().and_then(|accept| take(w, listener, accept, packet.error.is_some()));
            taken.into_iter().for_each(|client| serve(w, client));
            accept = Some(post(w, listener, 0, &over));
        }
    });
    w.wait_for_stop();
    let _ = w.post_queued(port, 0, 0, None);
    w.join(acceptor);
    let _ = w.closesocket(listener);
    let _ = w.close_port(port);
}

pub(crate) fn worker_reposts(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let over = Rc::new(w.overlapped(None).expect("nothing fails yet"));
    let first = post(w, listener, 0, &over);
    let accept = Rc::new(RefCell::new(first));
    loop {
        let Ok(packet) = w.get_queued(port, None) else { continue };
        let (over, accept) = (Rc::clone(&over), Rc::clone(&accept));
        w.spawn("worker", move |w| {
            let done = *accept.borrow();
            let client = take(w, listener, done, packet.error.is_some());
            let next = loop {
                match w.socket() {
                    Ok(next) => break next,
                    Err(_) => pause(w),
                }
            };
            *accept.borrow_mut() = next;
            // It makes the request in a thread that will end; the port is told all the same.
            while !is_under_way(&w.accept_ex(listener, next, 0, &over)) {
                pause(w);
            }
            client.into_iter().for_each(|client| answer(w, client));
        });
    }
}

pub(crate) fn accepted(w: &Winsock<'_>, result: Result<Socket, Error>) {
    match result {
        Ok(client) => serve(w, client),
        Err(Code::WSAECONNRESET | Code::WSAECONNABORTED) => {}
        Err(_) => pause(w),
    }
}

pub(crate) fn conditional(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        let result = w.wsa_accept(listener, |asked| {
            assert_eq!(asked.caller.family, asked.callee.family);
            Decision::Accept
        });
        accepted(w, result);
    }
}

pub(crate) fn deferring(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let mut asked = 0;
    loop {
        // Every second time it has no place yet.
        let result = w.wsa_accept(listener, |_| {
            asked += 1;
            if asked % 2 == 1 { Decision::Defer } else { Decision::Accept }
        });
        accepted(w, result);
    }
}

pub(crate) fn nested_accept(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let other = w.listener(5).expect("nothing fails yet");
    w.nonblocking(other, true).expect("nothing fails yet");
    w.spawn("other", move |w| {
        loop {
            if w.select(&[other], Some(1000)).is_ok_and(|ready| !ready.is_empty()) {
                match w.accept(other) {
                    Ok(client) => {
                        let _ = w.nonblocking(client, false);
                        serve(w, client);
                    }
                    Err(_) => w.sleep(10),
                }
            } else {
                w.sleep(10);
            }
        }
    });
    loop {
        let mut came = None;
        let result = w.wsa_accept(listener, |_| {
            came = w.accept(other).ok();
            Decision::Accept
        });
        if let Some(client) = came {
            let _ = w.nonblocking(client, false);
            serve(w, client);
        }
        accepted(w, result);
    }
}
