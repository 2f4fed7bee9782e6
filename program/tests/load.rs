//! Load runs: who is served, what it takes, and what stops one.

use std::cell::Cell;
use std::rc::Rc;

use winaccept_program::{
    Code, CompletionPort, Decision, Load, Overlapped, PollEvents, Served, Socket, Stopped, Winsock,
};

fn echo(w: &Winsock<'_>, client: Socket) {
    let _ = w.recv(client, 16).and_then(|bytes| w.send(client, &bytes));
    let _ = w.closesocket(client);
}

fn blocking(w: &Winsock<'_>) {
    let listener = w.listener(200).expect("a listener");
    while let Ok(client) = w.accept(listener) {
        echo(w, client);
    }
}

fn a_thread_for_each(w: &Winsock<'_>) {
    let listener = w.listener(200).expect("a listener");
    while let Ok(client) = w.accept(listener) {
        w.spawn("worker", move |w| echo(w, client));
    }
}

fn by_poll(w: &Winsock<'_>) {
    let listener = w.listener(200).expect("a listener");
    w.nonblocking(listener, true).expect("so it is");
    loop {
        let ready = w.poll(&[(listener, PollEvents::RDNORM)], Some(1000)).expect("a listener is open");
        if ready[0] != PollEvents::default() {
            while let Ok(client) = w.accept(listener) {
                w.nonblocking(client, false).expect("so it is");
                echo(w, client);
            }
        }
    }
}

fn by_condition(w: &Winsock<'_>) {
    let listener = w.listener(200).expect("a listener");
    while let Ok(client) = w.wsa_accept(listener, |_| Decision::Accept) {
        echo(w, client);
    }
}

fn by_queue(w: &Winsock<'_>) {
    let (listener, queue) = (w.listener(200).expect("a listener"), w.queue());
    for _ in 0..3 {
        let queue = queue.clone();
        w.spawn("worker", move |w| {
            loop {
                echo(w, queue.pop(w));
            }
        });
    }
    while let Ok(client) = w.accept(listener) {
        queue.push(w, client);
    }
}

fn by_port(w: &Winsock<'_>) {
    fn post(w: &Winsock<'_>, listener: Socket) -> Result<(Overlapped, Socket), Code> {
        let (over, accept) = (w.overlapped(None)?, w.socket()?);
        match w.accept_ex(listener, accept, 0, &over) {
            Ok(_) | Err(Code::ERROR_IO_PENDING) => Ok((over, accept)),
            Err(error) => Err(error),
        }
    }
    let listener = w.listener(200).expect("a listener");
    let port: CompletionPort = w.create_port().expect("a port");
    w.associate(listener, port, 0).expect("a listener can be associated");
    let mut posted: Vec<_> = (0..4).map(|_| post(w, listener).expect("nothing fails here")).collect();
    loop {
        let packet = w.get_queued(port, Some(60_000)).expect("clients come all the time");
        let is_this = |(over, _): &(Overlapped, Socket)| Some(over.id()) == packet.overlapped;
        let (over, accept) = posted.swap_remove(posted.iter().position(is_this).expect("one of these"));
        drop(over);
        w.update_accept_context(accept, listener).expect("it is accepted");
        echo(w, accept);
        posted.push(post(w, listener).expect("nothing fails here"));
    }
}

type Server = fn(&Winsock<'_>);

#[test]
fn every_design_serves_everybody_and_always_alike() {
    let designs: [(&str, Server); 6] = [
        ("blocking", blocking),
        ("threads", a_thread_for_each),
        ("poll", by_poll),
        ("condition", by_condition),
        ("queue", by_queue),
        ("port", by_port),
    ];
    for (name, design) in designs {
        let load = |seed| Load::new(design).clients(30).connections(600).seed(seed).run();
        let served = load(1).unwrap_or_else(|stopped| panic!("{name}: {stopped}"));
        assert_eq!((served.served, served.refused, served.reset), (600, 0, 0), "{name}: {served:?}");
        assert_eq!(served.received, 600 * 5, "{name}: each gets its hello back");
        assert_eq!(load(1).as_ref(), Ok(&served), "{name}: the same seed gives the same run");
        assert_ne!(
            load(2).map(|other| other.microseconds),
            Ok(served.microseconds),
            "{name}: and another seed another"
        );
    }
}

#[test]
fn time_is_that_of_the_segments_and_of_sleep() {
    let alone = |latency: (u32, u32)| Load::new(blocking).clients(1).connections(1).latency(latency.0, latency.1);
    // SYN, SYN-ACK, the bytes, the answer, the FIN behind it at the same moment.
    let served = alone((1000, 1000)).run().expect("it is served");
    assert_eq!((served.waited, served.longest), (4000, 4000), "{served:?}");
    assert_eq!(alone((0, 0)).run().expect("it is served").waited, 0);
    // Three seconds are further off than the wheel reaches.
    let far = alone((3_000_000, 3_000_000)).run().expect("it is served");
    assert_eq!(far.waited, 12_000_000);

    let slow = |w: &Winsock<'_>| {
        let listener = w.listener(200).expect("a listener");
        while let Ok(client) = w.accept(listener) {
            w.sleep(20);
            echo(w, client);
        }
    };
    let served = Load::new(slow).clients(3).connections(9).latency(1000, 1000).run().expect("all are served");
    assert!((9 * 20_000..9 * 20_000 + 10_000).contains(&served.microseconds), "one after the other: {served:?}");
}

#[test]
fn idle_connections_stay_while_others_come_and_go() {
    let most = Rc::new(Cell::new(None));
    let told = Rc::clone(&most);
    let program = move |w: &Winsock<'_>| {
        let listener = w.listener(200).expect("a listener");
        let kept: Vec<Socket> = (0..50).map(|_| w.accept(listener).expect("one that stays")).collect();
        for _ in 0..100 {
            echo(w, w.accept(listener).expect("a client"));
        }
        w.sleep(5000);
        told.set(w.select(&kept, Some(0)).ok().map(|ready| ready.len()));
        w.wait_for_stop();
    };
    // The last one comes after the program has looked: the others wait for it.
    let load = |connections| Load::new(program.clone()).clients(7).idle(50).connections(connections).run();
    let served = load(100).expect("all are served");
    assert_eq!((served.idle, served.served), (50, 100));
    let stopped = load(101).expect_err("the last is not served");
    assert_eq!(most.get(), Some(0), "those that stay have neither sent nor closed");
    assert_eq!(stopped.reason, "the program waits, and 1 clients wait for it");
}

#[test]
fn whoever_finds_no_room_in_the_queue_is_counted() {
    let slow = |w: &Winsock<'_>| {
        let listener = w.listener(2).expect("a listener");
        while let Ok(client) = w.accept(listener) {
            w.sleep(30);
            echo(w, client);
        }
    };
    let served = Load::new(slow).clients(20).connections(200).run().expect("somebody is served all the time");
    assert_eq!(served.served + served.refused, 200, "{served:?}");
    assert!(served.refused > 0 && served.served > 0, "{served:?}");
}

#[test]
fn a_client_that_wants_an_answer_does_not_wait_for_the_end() {
    let keeps = |w: &Winsock<'_>| {
        let listener = w.listener(200).expect("a listener");
        while let Ok(client) = w.accept(listener) {
            w.spawn("worker", move |w| {
                while let Ok(bytes) = w.recv(client, 16) {
                    if bytes.is_empty() {
                        break;
                    }
                    let _ = w.send(client, &bytes);
                }
                let _ = w.closesocket(client);
            });
        }
    };
    let load = || Load::new(keeps).clients(10).connections(100).sends(b"ping");
    assert_eq!(load().answer(4).run().map(|served| served.served), Ok(100));
    let stopped = load().run().expect_err("the server waits for its clients to close, and they for it");
    assert_eq!(stopped.reason, "the program waits, and 10 clients wait for it");
}

fn reason(program: impl Fn(&Winsock<'_>) + 'static) -> String {
    let stopped: Stopped = Load::new(program).clients(5).connections(20).threads(8).run().expect_err("it cannot serve");
    assert!(stopped.to_string().contains(&stopped.reason), "{stopped}");
    stopped.reason
}

#[test]
fn what_stops_a_load_run_is_told() {
    assert_eq!(reason(|_| ()), "the program has ended");
    assert_eq!(
        reason(|w| {
            w.wait_for_stop();
        }),
        "the program waits, and has no listener"
    );
    let three = |w: &Winsock<'_>| {
        let listener = w.listener(200).expect("a listener");
        for _ in 0..3 {
            echo(w, w.accept(listener).expect("a client"));
        }
    };
    assert_eq!(reason(three), "nobody listens any more, and a client comes");
    assert_eq!(
        reason(|w| panic!("on purpose: {:?}", w.socket())),
        "thread main panics: on purpose: Ok(Socket(Handle(0)))"
    );
    let spins = |w: &Winsock<'_>| {
        let listener = w.listener(200).expect("a listener");
        w.nonblocking(listener, true).expect("so it is");
        while w.accept(listener).is_err() {}
    };
    let spun = reason(spins);
    assert_eq!(spun, "thread main goes on and on without a wait, 1000000 times while nothing happens");
    let many = |w: &Winsock<'_>| {
        let listener = w.listener(200).expect("a listener");
        for _ in 0..8 {
            w.spawn("waits", move |w| _ = w.accept(listener));
        }
    };
    assert_eq!(reason(many), "the program has more than 8 threads at a time");
    let freed = |w: &Winsock<'_>| {
        let (listener, accept) = (w.listener(200).expect("a listener"), w.socket().expect("a socket"));
        let over = w.overlapped(None).expect("an OVERLAPPED");
        let _ = w.accept_ex(listener, accept, 0, &over);
        drop(over);
        let _ = w.overlapped(None);
    };
    assert_eq!(reason(freed), "an OVERLAPPED and its buffer are freed while their request is under way");
    let stopped = Load::new(blocking).idle(100_000_000).run().expect_err("no world is that large");
    assert!(stopped.reason.starts_with("there is no room for that many: "), "{stopped}");
    assert_eq!(stopped.so_far, Served::default());
    assert!(Load::new(blocking).profile("no such profile").is_err());
}

#[test]
fn any_profile_serves() {
    for profile in ["documented", "windows", "wine-8.0", "wine-10.0"] {
        let load = Load::new(blocking).profile(profile).expect("it is one").connections(300);
        assert_eq!(load.run().map(|served| served.served), Ok(300), "{profile}");
    }
}

#[test]
fn what_cannot_be_run_says_why() {
    let load = || {
        Load::new(|w| {
            while let Ok(client) = w.listener(5).and_then(|l| w.accept(l)) {
                _ = w.closesocket(client);
            }
        })
    };
    for (load, why) in [
        (load().connections(0), "nothing is asked for"),
        (load().clients(0), "clients are asked for, 0: it takes 1 to 1000000"),
        (load().clients(usize::MAX), "clients are asked for"),
        (load().threads(0), "threads are asked for, 0: it takes 1 to 30000"),
        (load().threads(100_000), "threads are asked for, 100000: it takes 1 to 30000"),
        (load().sends(&[0; 100_000]), "bytes, not 100000"),
        (load().idle(u64::MAX), "there is no room for that many"),
    ] {
        let stopped = load.run().expect_err(why);
        assert!(stopped.reason.contains(why), "{stopped}");
        assert_eq!(stopped.so_far.calls, 0, "{stopped}");
    }
}
