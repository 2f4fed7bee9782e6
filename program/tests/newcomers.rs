//! Loops as newcomers wrote them, on which judges or reports were wrong once.

mod judged;

use winaccept_program::{
    Code, Decision, Finding, Fuzz, Judge, NetworkEvents, Opt, OptVal, Overlapped, Socket, Winsock,
};

use judged::{Loop, all_are_convicted, none_is_convicted};

const SOUND: &[(&str, Loop)] = &[
    ("room for one client", |w| serves_all(w, 1)),
    ("room for two clients", |w| serves_all(w, 2)),
    ("room for three clients", |w| serves_all(w, 3)),
    ("looks every ten milliseconds", |w| looks_every(w, 10)),
    ("puts off once, for ten milliseconds", puts_off_once),
    ("thinks for a moment before each handshake", handshakes_late),
    ("twenty posted requests", twenty_requests),
];

const BROKEN: &[(&str, Loop, Judge)] = &[
    ("puts off for ever", puts_off_for_ever, Judge::Alive),
    ("cancels, and frees at once", cancels_and_frees, Judge::NoMisuse),
    (
        "does not heed FD_CLOSE",
        |w| forgets_clients(w, NetworkEvents::CLOSE.with(NetworkEvents::READ)),
        Judge::NothingLeaked,
    ),
    ("does not ask for FD_CLOSE", |w| forgets_clients(w, NetworkEvents::READ), Judge::NothingLeaked),
    ("resets the event after it has accepted", resets_too_late, Judge::Alive),
];

#[test]
fn sound_loops_are_not_convicted() {
    none_is_convicted(SOUND, if cfg!(debug_assertions) { 150 } else { 2000 });
}

#[test]
fn broken_loops_are_convicted() {
    all_are_convicted(BROKEN);
}

/// README shows a server, and of what the test prints some lines.
#[test]
fn the_readme_shows_what_is_printed() {
    let server = |w: &Winsock<'_>| {
        let listener = w.listener(5).expect("a listener");
        while let Ok(client) = w.accept(listener) {
            w.spawn("worker", move |w| {
                let _ = w.recv(client, 16).and_then(|bytes| w.send(client, &bytes));
                let _ = w.closesocket(client);
            });
        }
    };
    let finding = found(server);
    let printed = format!("{finding}in this test: WINACCEPT_REPLAY='{}' cargo test", finding.replay);
    let mut printed = printed.lines();
    let readme = include_str!("../../README.md");
    let block = readme.split("```text\n").find(|block| block.starts_with("alive: ")).expect("README has it");
    let shown = block.split("```").next().unwrap_or_default();
    for line in shown.lines().filter(|line| *line != "...") {
        assert!(printed.any(|other| other == line), "README shows this, or in this order: {line}\n{finding}");
    }
}

/// Whose stop rests on what a stack does when a listener is closed under its accept is told so, and where that is known.
#[test]
fn a_choice_that_makes_the_difference_is_named() {
    let finding = found(|w| {
        let listener = w.listener(5).expect("nothing fails yet");
        let stopper = w.spawn("stopper", move |w| {
            w.wait_for_stop();
            let _ = w.closesocket(listener);
        });
        loop {
            match w.accept(listener) {
                Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
                Err(_) if w.stopping() => break,
                Err(_) => w.sleep(100),
            }
        }
        w.join(stopper);
    });
    let [hinge] = &finding.hinges[..] else { panic!("{finding}") };
    assert_eq!((hinge.choice, hinge.alternative), ("close-under-accept", "stays-blocked"));
    assert!(hinge.decided.contains(&("windows", "interrupted")), "{hinge:?}");
    let printed = finding.to_string();
    let words = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("close-under-accept = stays-blocked") && words.contains(".profile(\"windows\")"),
        "{printed}"
    );
    // Nothing hangs on the stack where the program alone is to blame.
    let finding = found(|w| _ = w.listener(5));
    assert_eq!(finding.hinges, []);
}

#[test]
fn a_finding_fits_the_terminal() {
    let finding = found(resets_too_late);
    for width in [40, 60, 80, 120, 200] {
        let chart = finding.chart_of_width(width);
        // A word stays whole.
        let fits = |line: &str| line.chars().count() <= width || line.split_whitespace().count() <= 2 || width < 80;
        assert!(!chart.is_empty() && chart.lines().all(fits), "{width}:\n{chart}");
        let told = finding.told(width);
        let head = told.split("\nscenario ").next().unwrap_or_default();
        assert!(head.lines().all(|line| line.chars().count() <= width), "{width}:\n{head}");
    }
    if std::env::var_os("COLUMNS").is_none() {
        assert_eq!(finding.to_string(), finding.told(80));
    }
}

fn found(server: impl Fn(&Winsock<'_>) + 'static) -> Finding {
    *Fuzz::new(server).run().expect_err("it is broken")
}

#[test]
fn memory_is_the_systems_until_the_program_was_told() {
    let finding = Fuzz::new(stops_and_frees).only(Judge::CleanStop).run().expect_err("it frees too soon");
    assert!(finding.reason.contains("before the program was told"), "{finding}");
}

/// Where nobody can connect, a failing `connect` is what there is to see.
#[test]
fn a_scenario_shows_what_its_verdict_speaks_of() {
    let deaf = found(|w| {
        let listener = w.listener(1).expect("nothing fails yet");
        let _ = w.accept(listener);
        w.sleep(1_000_000);
    });
    assert_eq!(deaf.judge, Judge::Alive);
    let cannot = found(|w| {
        let _ = conditional(w);
        w.sleep(1_000_000);
    });
    assert!(cannot.reason.contains("cannot connect") || cannot.reason.contains("not accepted"), "{}", cannot.reason);
    for finding in [deaf, cannot] {
        let shows =
            |client: &str| finding.scenario.lines().any(|line| line.starts_with(client) && line.contains("connect("));
        assert!(finding.confirmed && ["late", "client"].iter().any(|client| shows(client)), "{finding}");
        let declared =
            finding.scenario.lines().find_map(|line| line.strip_prefix("process outside: ")).unwrap_or_default();
        for actor in declared.split(", ").filter(|actor| !actor.is_empty()) {
            let acts = |line: &&str| line.split_whitespace().next() == Some(actor);
            assert!(finding.scenario.lines().any(|line| acts(&line)), "{actor} does nothing:\n{finding}");
        }
    }
}

/// A wait for an event means nothing without what was to signal it, and without what took the signal away.
#[test]
fn a_wait_for_ever_is_shown_with_its_registration() {
    let finding = found(resets_too_late);
    for part in [
        "WSAEventSelect(L, E, FD_ACCEPT)",
        "WSAResetEvent(E)",
        "WSAWaitForMultipleEvents({E}, WSA_INFINITE, FALSE) = ...",
    ] {
        assert!(finding.scenario.contains(part), "{part}:\n{finding}");
    }
}

/// What decided that a call waits for ever stays in the scenario: without it the call might have returned.
#[test]
fn what_keeps_a_call_waiting_is_shown() {
    let finding = Fuzz::new(|w| {
        let listener = w.listener(5).expect("nothing fails yet");
        let acceptor =
            w.spawn("acceptor", move |w| while w.accept(listener).is_ok_and(|client| w.closesocket(client).is_ok()) {});
        w.wait_for_stop();
        let _ = w.closesocket(listener);
        w.join(acceptor);
    })
    .only(Judge::CleanStop)
    .run()
    .expect_err("an accept may stay blocked when its listener is closed");
    assert!(finding.scenario.contains("choose close-under-accept = stays-blocked"), "{finding}");
    assert!(!finding.scenario.contains("acceptor  accept resumes = INVALID_SOCKET"), "{finding}");
}

/// Any text names a thread; in a scenario it is a word that nothing else is.
#[test]
fn threads_have_any_name() {
    for name in [
        "accept",
        "recv",
        "fault",
        "any",
        "process",
        "outside",
        "client1",
        "net-thread",
        "worker 1",
        "1st",
        "",
        "Fäden",
    ] {
        let finding = found(move |w| {
            let listener = w.listener(5).expect("nothing fails yet");
            let thread =
                w.spawn(name, move |w| while w.accept(listener).is_ok_and(|client| w.closesocket(client).is_ok()) {});
            w.join(thread);
        });
        assert!(finding.confirmed && !finding.chart.is_empty(), "`{name}`:\n{finding}");
    }
}

#[test]
fn a_panic_says_what_it_says() {
    let finding = found(|w| _ = w.listener(5).map(|_| panic!("out of luck")));
    assert_eq!(finding.reason, "thread main panics: out of luck");
}

fn serve(w: &Winsock<'_>, client: Socket) {
    if let Ok(bytes) = w.recv(client, 64) {
        let _ = w.send(client, &bytes);
    }
    let _ = w.closesocket(client);
}

fn serves_all(w: &Winsock<'_>, backlog: i32) {
    let listener = w.listener(backlog).expect("nothing fails yet");
    loop {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
            Err(_) => w.sleep(100),
        }
    }
}

fn looks_every(w: &Winsock<'_>, milliseconds: u32) {
    let listener = w.listener(5).expect("nothing fails yet");
    w.nonblocking(listener, true).expect("nothing fails yet");
    loop {
        match w.accept(listener) {
            Ok(client) if w.nonblocking(client, false).is_ok() => _ = w.spawn("worker", move |w| serve(w, client)),
            Ok(client) => _ = w.closesocket(client),
            Err(_) => w.sleep(milliseconds),
        }
    }
}

fn conditional(w: &Winsock<'_>) -> Socket {
    let listener = w.socket().expect("nothing fails yet");
    w.bind(listener, 0).expect("nothing fails yet");
    w.setsockopt(listener, Opt::ConditionalAccept, OptVal::Number(1)).expect("nothing fails yet");
    w.listen(listener, 5).expect("nothing fails yet");
    listener
}

fn puts_off_once(w: &Winsock<'_>) {
    let listener = conditional(w);
    let mut put_off = false;
    loop {
        put_off = !put_off;
        match w.wsa_accept(listener, |_| if put_off { Decision::Defer } else { Decision::Accept }) {
            Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
            Err(Code::WSATRY_AGAIN) => w.sleep(10),
            Err(_) => w.sleep(100),
        }
    }
}

fn puts_off_for_ever(w: &Winsock<'_>) {
    let listener = conditional(w);
    while w.wsa_accept(listener, |_| Decision::Defer).is_err() {
        w.sleep(200);
    }
}

fn handshakes_late(w: &Winsock<'_>) {
    let listener = conditional(w);
    loop {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| serve(w, client)),
            Err(_) => w.sleep(100),
        }
        w.sleep(20);
    }
}

fn post(w: &Winsock<'_>, listener: Socket, over: &Overlapped) -> Option<Socket> {
    let accept = w.socket().ok()?;
    match w.accept_ex(listener, accept, 0, over) {
        Ok(_) | Err(Code::ERROR_IO_PENDING) => Some(accept),
        Err(_) => {
            let _ = w.closesocket(accept);
            None
        }
    }
}

fn twenty_requests(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let port = w.create_port().expect("nothing fails yet");
    w.associate(listener, port, 1).expect("nothing fails yet");
    let overs: Vec<Overlapped> = (0..20).map(|_| w.overlapped(None).expect("nothing fails yet")).collect();
    let mut accepts: Vec<Option<Socket>> = vec![None; overs.len()];
    loop {
        for (over, accept) in overs.iter().zip(&mut accepts) {
            while accept.is_none() {
                *accept = post(w, listener, over);
                if accept.is_none() {
                    w.sleep(100);
                }
            }
        }
        let Ok(packet) = w.get_queued(port, None) else { continue };
        let place = overs.iter().position(|over| Some(over.id()) == packet.overlapped);
        let Some(client) = place.and_then(|place| accepts[place].take()) else { continue };
        if packet.error.is_none() && w.update_accept_context(client, listener).is_ok() {
            w.spawn("worker", move |w| serve(w, client));
        } else {
            let _ = w.closesocket(client);
        }
    }
}

/// A request that is made anew every ten seconds: the old one is cancelled, and its memory is free before it is over.
fn cancels_and_frees(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let event = w.create_event().expect("nothing fails yet");
    loop {
        let over = w.overlapped(Some(event)).expect("nothing fails yet");
        let Some(accept) = post(w, listener, &over) else {
            w.sleep(100);
            continue;
        };
        let comes = w.wait(&[event], Some(10_000)).is_ok_and(|event| event.is_some());
        let done = comes && w.get_overlapped_result(listener, &over, false).is_ok();
        if done && w.update_accept_context(accept, listener).is_ok() {
            w.spawn("worker", move |w| serve(w, accept));
        } else {
            let _ = w.cancel_io_ex(listener, Some(&over));
            let _ = w.closesocket(accept);
        }
    }
}

fn stops_and_frees(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let over = w.overlapped(None).expect("nothing fails yet");
    let accept = post(w, listener, &over);
    w.wait_for_stop();
    let _ = w.cancel_io_ex(listener, Some(&over));
    drop(over);
    accept.into_iter().for_each(|accept| _ = w.closesocket(accept));
    let _ = w.closesocket(listener);
}

/// What has come is answered; that somebody has gone is not looked at.
fn forgets_clients(w: &Winsock<'_>, mask: NetworkEvents) {
    let listener = w.listener(5).expect("nothing fails yet");
    let event = w.create_event().expect("nothing fails yet");
    w.event_select(listener, Some(event), NetworkEvents::ACCEPT).expect("nothing fails yet");
    let mut clients: Vec<Socket> = Vec::new();
    loop {
        let _ = w.wait(&[event], None);
        let _ = w.reset_event(event);
        while let Ok(client) = w.accept(listener) {
            let _ = w.event_select(client, Some(event), mask);
            clients.push(client);
        }
        for client in &clients {
            if w.enum_network_events(*client, None).is_ok_and(|events| events.has(NetworkEvents::READ))
                && let Ok(bytes) = w.recv(*client, 64)
            {
                let _ = w.send(*client, &bytes);
            }
        }
    }
}

fn resets_too_late(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let event = w.create_event().expect("nothing fails yet");
    w.event_select(listener, Some(event), NetworkEvents::ACCEPT).expect("nothing fails yet");
    loop {
        let _ = w.wait(&[event], None);
        while let Ok(client) = w.accept(listener) {
            if w.event_select(client, None, NetworkEvents::default()).is_ok() && w.nonblocking(client, false).is_ok() {
                w.spawn("worker", move |w| serve(w, client));
            } else {
                let _ = w.closesocket(client);
            }
        }
        let _ = w.reset_event(event);
    }
}
