//! The whole simulator: a program of ten blocking servers, each a thread with a listener of its own, and a hundred clients that connect,
//! send sixteen bytes and wait for the end, again and again, each segment with a time of its own.

use std::cell::Cell;
use std::rc::Rc;

use winaccept_program::{Load, Served, Winsock};

use crate::process::thread_seconds;

/// How many servers there are.
pub const SERVERS: usize = 10;
/// How many clients there are at a time.
pub const CLIENTS: usize = 100;
/// What a client sends.
pub const BYTES: [u8; 16] = *b"sixteen of them.";
/// How long a segment takes at most, in microseconds.
pub const LATENCY: u32 = 1000;

/// What a server tells whoever measures: that one more connection was accepted and stays, or that one more was served.
type Tells = dyn Fn(Told);

/// See [`Tells`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    Stays,
    Served,
}

/// Runs such a load.
fn runs(connections: u64, idle: u64, tells: Rc<Tells>) -> Result<Served, String> {
    assert!(idle.is_multiple_of(CLIENTS as u64), "each server has as many idle connections as the others");
    let program = move |w: &Winsock<'_>| {
        let server = |_| {
            let tells = Rc::clone(&tells);
            w.spawn("server", move |w| serves(w, idle / SERVERS as u64, &*tells))
        };
        let servers: Vec<_> = (0..SERVERS).map(server).collect();
        servers.into_iter().for_each(|server| w.join(server));
    };
    let load = Load::new(program).clients(CLIENTS).connections(connections).idle(idle).sends(&BYTES);
    let served = load.latency(0, LATENCY).run().map_err(|stopped| format!("error: {stopped}"))?;
    assert_eq!((served.served, served.idle), (connections, idle), "every connection ends as it should: {served:?}");
    Ok(served)
}

/// One server: it keeps the first connections, and serves the others, one after the other.
fn serves(w: &Winsock<'_>, idle: u64, tells: &Tells) {
    let listener = w.listener(200).expect("a listener");
    for _ in 0..idle {
        w.accept(listener).expect("a client that stays");
        tells(Told::Stays);
    }
    loop {
        let client = w.accept(listener).expect("a client");
        assert_eq!(w.recv(client, 16).expect("what it sends"), BYTES);
        w.closesocket(client).expect("it can be closed");
        tells(Told::Served);
    }
}

/// So many connections, beside none.
///
/// # Errors
/// When the program does not serve them.
pub fn plain(connections: u64) -> Result<Served, String> {
    runs(connections, 0, Rc::new(|_| ()))
}

/// So many connections stay open, and when all of them are there somebody looks.
///
/// # Errors
/// When the program does not accept them.
pub fn idle(connections: u64, looks: impl Fn() + 'static) -> Result<(), String> {
    let left = Cell::new(connections);
    let tells = move |_| {
        left.set(left.get().saturating_sub(1));
        if left.get() == 0 {
            looks();
        }
    };
    // One is served, so that the last that stays is accepted before the run is over.
    runs(1, connections, Rc::new(tells)).map(|_| ())
}

/// Seconds of the processor for each of so many connections, beside so many that stay open. The first so many are not counted.
///
/// # Errors
/// When the program does not serve them, or the system does not tell the time.
pub fn beside(idle: u64, before: u64, connections: u64) -> Result<f64, String> {
    let (count, times) = (Cell::new(0), Rc::new(Cell::new((0.0, 0.0))));
    let noted = Rc::clone(&times);
    let tells = move |told| {
        if told == Told::Served {
            count.set(count.get() + 1);
            let now = || thread_seconds().unwrap_or_default();
            if count.get() == before {
                noted.set((now(), 0.0));
            } else if count.get() == before + connections {
                noted.set((noted.get().0, now()));
            }
        }
    };
    runs(before + connections, idle, Rc::new(tells))?;
    let (begin, end) = times.get();
    if end <= begin {
        return Err("error: the processor time of a thread is known only on Linux".to_owned());
    }
    Ok((end - begin) / connections as f64)
}

/// Two threads that give way to each other, so many times each.
///
/// # Errors
/// When they do not come to their end.
pub fn switches(times: u64) -> Result<(), String> {
    let program = move |w: &Winsock<'_>| {
        let listener = w.listener(1).expect("a listener");
        let other = w.spawn("other", move |w| (0..times).for_each(|_| w.gives_way()));
        (0..times).for_each(|_| w.gives_way());
        w.join(other);
        let client = w.accept(listener).expect("the only client");
        let _ = w.recv(client, 16);
        w.closesocket(client).expect("it can be closed");
        w.wait_for_stop();
    };
    let load = Load::new(program).clients(1).connections(1);
    load.run().map(|_| ()).map_err(|stopped| format!("error: {stopped}"))
}
