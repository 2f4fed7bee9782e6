//! Loops with AcceptEx: with an event each, and with a port.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use winaccept_program::{Code, CompletionPort, Event, Overlapped, OverlappedId, Socket, Winsock};

use crate::{heeds, serves_and_closes};

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

pub(crate) fn events_of_requests(w: &Winsock<'_>) {
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
pub(crate) fn one_event_for_two(w: &Winsock<'_>) {
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

pub(crate) fn served_by_two(w: &Winsock<'_>, packets: usize, noted_before: bool) {
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

pub(crate) fn two_at_a_port(w: &Winsock<'_>) {
    served_by_two(w, 2, true);
}

pub(crate) fn stops_one_of_two(w: &Winsock<'_>) {
    served_by_two(w, 1, true);
}

pub(crate) fn ends_at_an_error(w: &Winsock<'_>) {
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
