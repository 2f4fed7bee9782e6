//! Loops that are not in the museum, of designs that are in use: sound ones, which no judge may convict, and broken ones.

mod judged;

use winaccept_program::{Code, Fuzz, How, Judge, NetworkEvents, Opt, OptVal, PollEvents, Socket, Winsock};

use judged::Loop;

/// Sound loops, with their names.
const SOUND: &[(&str, Loop)] = &[
    ("thread for each connection", thread_each),
    ("three threads in accept", three_acceptors),
    ("two listeners, a thread each", two_listeners),
    ("echo until the end", echo_until_the_end),
    ("the server greets first", greets_first),
    ("says goodbye, then waits for the end", closes_gently),
    ("accepts and closes at once", closes_at_once),
    ("at most two at a time", two_at_a_time),
    ("one thread, WSAPoll", poll_reactor),
    ("one thread, an event for each socket", event_reactor),
    ("accepts all, then looks again", drains),
    ("stopped by an event", stopped_by_event),
    ("out of descriptors: waits for a worker", waits_for_descriptors),
    ("one thread, and SO_RCVTIMEO for who says nothing", reads_with_a_time_out),
];

/// Broken loops, with the judge that convicts them.
const BROKEN: &[(&str, Loop, Judge)] = &[
    ("accept's error is a panic", panics, Judge::Alive),
    ("one thread, listeners in turn", listeners_in_turn, Judge::Alive),
    ("a permit is lost with a failed client", loses_permits, Judge::Alive),
    ("a lock is held while a client is read", reads_under_lock, Judge::Alive),
    ("one thread, reads right after accept", reads_after_accept, Judge::Alive),
    ("recv's failure is tried again", retries_recv, Judge::NoSpin),
    ("the end of the stream is tried again", retries_at_the_end, Judge::NoSpin),
    ("nobody closes after the end", never_closes, Judge::NothingLeaked),
    ("closed by two", closes_twice, Judge::NoMisuse),
    ("answers, and closes with SO_LINGER 0", lingers_zero, Judge::NoLoss),
    ("the stop waits for a thread in accept", stop_waits_for_accept, Judge::CleanStop),
];

fn heed(w: &Winsock<'_>, error: Code) {
    if !matches!(error, Code::WSAECONNRESET | Code::WSAECONNABORTED | Code::WSAEWOULDBLOCK) {
        w.sleep(200);
    }
}

fn answer(w: &Winsock<'_>, client: Socket) {
    if let Ok(bytes) = w.recv(client, 64) {
        let _ = w.send(client, &bytes);
    }
    let _ = w.closesocket(client);
}

/// The accept loop itself, whatever is done with a client.
fn accepting(w: &Winsock<'_>, listener: Socket, mut takes: impl FnMut(&Winsock<'_>, Socket)) {
    loop {
        match w.accept(listener) {
            Ok(client) => takes(w, client),
            Err(error) => heed(w, error),
        }
    }
}

fn accepting_for(w: &Winsock<'_>, worker: fn(&Winsock<'_>, Socket)) {
    let listener = w.listener(5).expect("nothing fails yet");
    accepting(w, listener, |w, client| _ = w.spawn("worker", move |w| worker(w, client)));
}

fn thread_each(w: &Winsock<'_>) {
    accepting_for(w, answer);
}

fn three_acceptors(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let body =
        move |w: &Winsock<'_>| accepting(w, listener, |w, client| _ = w.spawn("worker", move |w| answer(w, client)));
    let threads = [w.spawn("acceptor", body), w.spawn("acceptor", body), w.spawn("acceptor", body)];
    threads.into_iter().for_each(|thread| w.join(thread));
}

fn two_listeners(w: &Winsock<'_>) {
    let first = w.listener(5).expect("nothing fails yet");
    let second = w.listener(5).expect("nothing fails yet");
    let body = |listener| {
        move |w: &Winsock<'_>| accepting(w, listener, |w, client| _ = w.spawn("worker", move |w| answer(w, client)))
    };
    let threads = [w.spawn("first", body(first)), w.spawn("second", body(second))];
    threads.into_iter().for_each(|thread| w.join(thread));
}

fn echo(w: &Winsock<'_>, client: Socket) {
    while let Ok(bytes) = w.recv(client, 64) {
        if bytes.is_empty() || w.send(client, &bytes).is_err() {
            break;
        }
    }
    let _ = w.closesocket(client);
}

fn echo_until_the_end(w: &Winsock<'_>) {
    accepting_for(w, echo);
}

fn greets_first(w: &Winsock<'_>) {
    accepting_for(w, |w, client| {
        if w.send(client, b"220").is_ok() {
            echo(w, client);
        } else {
            let _ = w.closesocket(client);
        }
    });
}

fn closes_gently(w: &Winsock<'_>) {
    accepting_for(w, |w, client| {
        if let Ok(bytes) = w.recv(client, 64) {
            let _ = w.send(client, &bytes);
            let _ = w.shutdown(client, How::Send);
            while w.recv(client, 64).is_ok_and(|more| !more.is_empty()) {}
        }
        let _ = w.closesocket(client);
    });
}

fn closes_at_once(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    accepting(w, listener, |w, client| _ = w.closesocket(client));
}

fn two_at_a_time(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let permits = w.queue();
    permits.push(w, ());
    permits.push(w, ());
    loop {
        let () = permits.pop(w);
        match w.accept(listener) {
            Ok(client) => {
                let permits = permits.clone();
                w.spawn("worker", move |w| {
                    // Who says nothing for two seconds makes room.
                    match w.select(&[client], Some(2000)) {
                        Ok(ready) if !ready.is_empty() => answer(w, client),
                        _ => _ = w.closesocket(client),
                    }
                    permits.push(w, ());
                });
            }
            Err(error) => {
                permits.push(w, ());
                heed(w, error);
            }
        }
    }
}

fn poll_reactor(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    w.nonblocking(listener, true).expect("nothing fails yet");
    let mut sockets = vec![listener];
    loop {
        let fds: Vec<_> = sockets.iter().map(|s| (*s, PollEvents::RDNORM)).collect();
        let shown = match w.poll(&fds, None) {
            Ok(shown) => shown,
            Err(error) => {
                heed(w, error);
                continue;
            }
        };
        for ((s, _), events) in fds.into_iter().zip(shown) {
            if events == PollEvents::default() {
                continue;
            }
            if s == listener {
                match w.accept(listener) {
                    Ok(client) => sockets.push(client),
                    Err(error) => heed(w, error),
                }
                continue;
            }
            match w.recv(s, 64) {
                Ok(bytes) if !bytes.is_empty() => _ = w.send(s, &bytes),
                Err(Code::WSAEWOULDBLOCK) => {}
                _ => {
                    let _ = w.closesocket(s);
                    sockets.retain(|other| *other != s);
                }
            }
        }
    }
}

fn event_reactor(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let event = w.create_event().expect("nothing fails yet");
    w.event_select(listener, Some(event), NetworkEvents::ACCEPT).expect("nothing fails yet");
    let mut watched = vec![(listener, event)];
    loop {
        let events: Vec<_> = watched.iter().map(|(_, event)| *event).collect();
        let index = match w.wait(&events, Some(5000)) {
            Ok(Some(index)) => index,
            Ok(None) => continue,
            Err(error) => {
                heed(w, error);
                continue;
            }
        };
        let (s, event) = watched[index];
        if let Err(error) = w.enum_network_events(s, Some(event)) {
            heed(w, error);
        }
        if s == listener {
            loop {
                match w.accept(listener) {
                    Ok(client) => match w.create_event() {
                        Ok(event) => {
                            let mask = NetworkEvents::READ.with(NetworkEvents::CLOSE);
                            let _ = w.event_select(client, Some(event), mask);
                            watched.push((client, event));
                        }
                        Err(_) => _ = w.closesocket(client),
                    },
                    Err(Code::WSAEWOULDBLOCK) => break,
                    Err(error) => heed(w, error),
                }
            }
            continue;
        }
        loop {
            match w.recv(s, 64) {
                Ok(bytes) if !bytes.is_empty() => _ = w.send(s, &bytes),
                Err(Code::WSAEWOULDBLOCK) => break,
                _ => {
                    let _ = w.closesocket(s);
                    let _ = w.close_event(event);
                    watched.remove(index);
                    break;
                }
            }
        }
    }
}

fn drains(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    w.nonblocking(listener, true).expect("nothing fails yet");
    loop {
        if let Err(error) = w.select(&[listener], None) {
            heed(w, error);
        }
        loop {
            match w.accept(listener) {
                Ok(client) => {
                    let _ = w.nonblocking(client, false);
                    w.spawn("worker", move |w| answer(w, client));
                }
                Err(Code::WSAEWOULDBLOCK) => break,
                Err(error) => heed(w, error),
            }
        }
    }
}

fn stopped_by_close(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let acceptor = w.spawn("acceptor", move |w| {
        while !w.stopping() {
            match w.accept(listener) {
                Ok(client) => _ = w.spawn("worker", move |w| answer(w, client)),
                Err(error) => heed(w, error),
            }
        }
    });
    w.wait_for_stop();
    let _ = w.closesocket(listener);
    w.join(acceptor);
}

fn stopped_by_event(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let (event, stop) = (w.create_event().expect("fine"), w.create_event().expect("fine"));
    w.event_select(listener, Some(event), NetworkEvents::ACCEPT).expect("nothing fails yet");
    let acceptor = w.spawn("acceptor", move |w| {
        loop {
            match w.wait(&[stop, event], None) {
                Ok(Some(0)) => break,
                Ok(_) => {}
                Err(error) => heed(w, error),
            }
            if let Err(error) = w.enum_network_events(listener, Some(event)) {
                heed(w, error);
            }
            loop {
                match w.accept(listener) {
                    Ok(client) => {
                        let _ = w.event_select(client, None, NetworkEvents::default());
                        let _ = w.nonblocking(client, false);
                        w.spawn("worker", move |w| answer(w, client));
                    }
                    Err(Code::WSAEWOULDBLOCK) => break,
                    Err(error) => heed(w, error),
                }
            }
        }
        let _ = w.closesocket(listener);
    });
    w.wait_for_stop();
    let _ = w.set_event(stop);
    w.join(acceptor);
}

fn waits_for_descriptors(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| answer(w, client)),
            Err(Code::WSAEMFILE | Code::WSAENOBUFS) => w.sleep(50),
            Err(Code::WSAENETDOWN) => w.sleep(1000),
            Err(Code::WSAECONNRESET) => {}
            Err(_) => w.sleep(50),
        }
    }
}

fn reads_with_a_time_out(w: &Winsock<'_>) {
    accepting_for(w, |w, client| {
        if w.setsockopt(client, Opt::RcvTimeo, OptVal::Number(2_000)).is_ok() {
            return answer(w, client);
        }
        let _ = w.closesocket(client);
    });
}

fn panics(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        let client = w.accept(listener).expect("a client");
        w.spawn("worker", move |w| answer(w, client));
    }
}

fn listeners_in_turn(w: &Winsock<'_>) {
    let listeners = [w.listener(5).expect("nothing fails yet"), w.listener(5).expect("nothing fails yet")];
    for listener in listeners.into_iter().cycle() {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| answer(w, client)),
            Err(error) => heed(w, error),
        }
    }
}

fn loses_permits(w: &Winsock<'_>) {
    let permits = w.queue();
    permits.push(w, ());
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        let () = permits.pop(w);
        match w.accept(listener) {
            Ok(client) => {
                let permits = permits.clone();
                w.spawn("worker", move |w| {
                    let served = w.recv(client, 64).and_then(|bytes| w.send(client, &bytes));
                    let _ = w.closesocket(client);
                    if served.is_ok() {
                        permits.push(w, ());
                    }
                });
            }
            Err(error) => {
                permits.push(w, ());
                heed(w, error);
            }
        }
    }
}

fn reads_under_lock(w: &Winsock<'_>) {
    let lock = w.lock();
    let listener = w.listener(5).expect("nothing fails yet");
    accepting(w, listener, |w, client| {
        let lock = lock.clone();
        w.spawn("worker", move |w| lock.with(w, || answer(w, client)));
    });
}

fn reads_after_accept(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        match w.select(&[listener], Some(1000)) {
            Ok(ready) if ready.is_empty() => {}
            Ok(_) => match w.accept(listener) {
                Ok(client) => answer(w, client),
                Err(error) => heed(w, error),
            },
            Err(error) => heed(w, error),
        }
    }
}

fn retries_recv(w: &Winsock<'_>) {
    accepting_for(w, |w, client| {
        loop {
            match w.recv(client, 64) {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) => _ = w.send(client, &bytes),
                Err(_) => {}
            }
        }
        let _ = w.closesocket(client);
    });
}

fn retries_at_the_end(w: &Winsock<'_>) {
    accepting_for(w, |w, client| {
        while let Ok(bytes) = w.recv(client, 64) {
            if !bytes.is_empty() {
                let _ = w.send(client, &bytes);
            }
        }
        let _ = w.closesocket(client);
    });
}

fn never_closes(w: &Winsock<'_>) {
    accepting_for(w, |w, client| {
        while w.recv(client, 64).is_ok_and(|bytes| !bytes.is_empty() && w.send(client, &bytes).is_ok()) {}
    });
}

fn closes_twice(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    accepting(w, listener, |w, client| {
        let worker = w.spawn("worker", move |w| answer(w, client));
        w.spawn("reaper", move |w| {
            w.join(worker);
            let _ = w.closesocket(client);
        });
    });
}

fn lingers_zero(w: &Winsock<'_>) {
    accepting_for(w, |w, client| {
        let _ = w.setsockopt(client, Opt::Linger, OptVal::Linger(1, 0));
        answer(w, client);
    });
}

fn stop_waits_for_accept(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let acceptor = w.spawn("acceptor", move |w| accepting(w, listener, answer_later));
    w.wait_for_stop();
    w.join(acceptor);
    let _ = w.closesocket(listener);
}

fn answer_later(w: &Winsock<'_>, client: Socket) {
    w.spawn("worker", move |w| answer(w, client));
}

#[test]
fn sound_loops_are_not_convicted() {
    judged::none_is_convicted(SOUND, 70);
}

/// No document says that closesocket ends an accept that waits in another thread; observed Windows does end it.
#[test]
fn a_stop_by_closing_the_listener_rests_on_windows() {
    let finding = Fuzz::new(stopped_by_close).run().expect_err("accept may stay blocked");
    assert_eq!(finding.judge, Judge::CleanStop, "{finding}");
    assert_eq!(judged::searched("stopped by closing the listener", stopped_by_close, "windows", 70), None);
}

#[test]
fn broken_loops_are_convicted() {
    judged::all_are_convicted(BROKEN);
}
