//! Servers whose completion routines do the work, in the alertable waits of one thread, and those that fetch several packets at once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use winaccept_program::{
    Code, Completion, CompletionPort, NetworkEvents, Overlapped, OverlappedId, Socket, Winsock, Woken,
};

use super::{is_under_way, pause, post, serve, take, with_port};

/// An OVERLAPPED; one fault is not the end.
fn overlapped(w: &Winsock<'_>) -> Overlapped {
    loop {
        match w.overlapped(None) {
            Ok(over) => return over,
            Err(_) => pause(w),
        }
    }
}

/// Receives, and lets the routine go on. The OVERLAPPED is the routine's.
fn receives(w: &Winsock<'_>, client: Socket, over: Overlapped) {
    let place = Rc::new(RefCell::new(None));
    let kept = Rc::clone(&place);
    let result = w.wsa_recv_then(client, 64, &over, move |w, completion: Completion| {
        let over: Option<Overlapped> = kept.borrow_mut().take();
        let Some(over) = over else { return };
        let bytes = w.buffer(&over);
        let ended = completion.error.is_some() || completion.bytes == 0;
        if ended || w.send(client, &bytes).is_err() {
            let _ = w.closesocket(client);
        } else {
            receives(w, client, over);
        }
    });
    if is_under_way(&result) {
        *place.borrow_mut() = Some(over);
    } else {
        let _ = w.closesocket(client);
    }
}

/// One thread: an event for connections, routines for what they send.
pub(crate) fn routines(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let event = w.create_event().expect("nothing fails yet");
    w.event_select(listener, Some(event), NetworkEvents::ACCEPT).expect("nothing fails yet");
    loop {
        let Ok(Woken::By(_)) = w.wait_alertably(&[event], None) else { continue };
        let _ = w.enum_network_events(listener, Some(event));
        loop {
            match w.accept(listener) {
                Ok(client) => {
                    let _ = w.event_select(client, None, NetworkEvents(0));
                    receives(w, client, overlapped(w));
                }
                Err(Code::WSAEWOULDBLOCK) => break,
                Err(_) => {
                    w.sleep_alertably(Some(100));
                }
            }
        }
    }
}

/// The same in a blocking accept: the routines run in it.
pub(crate) fn routines_in_accept(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        match w.accept(listener) {
            Ok(client) => receives(w, client, overlapped(w)),
            Err(_) => pause(w),
        }
    }
}

/// The OVERLAPPED goes as soon as the call says that it is complete; its routine is still to run.
pub(crate) fn frees_before_routine(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        let Ok(client) = w.accept(listener) else {
            pause(w);
            continue;
        };
        pause(w);
        let over = overlapped(w);
        let result = w.wsa_recv_then(client, 64, &over, |_, _| {});
        let bytes = if result.is_ok() { w.buffer(&over) } else { Vec::new() };
        if !is_under_way(&result) || result.is_ok() {
            drop(over);
        } else {
            let _ = w.cancel_io(client);
            w.sleep_alertably(Some(0));
            drop(over);
        }
        let _ = w.send(client, &bytes);
        let _ = w.closesocket(client);
        w.sleep_alertably(Some(0));
    }
}

/// Sleeps as nobody should who waits for routines: they never run.
pub(crate) fn sleeps_deaf(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    w.nonblocking(listener, true).expect("nothing fails yet");
    loop {
        if let Ok(client) = w.accept(listener) {
            let _ = w.nonblocking(client, false);
            receives(w, client, overlapped(w));
        }
        pause(w);
    }
}

/// Accepts by requests, and fetches as many packets as there are.
pub(crate) fn several_packets(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let mut requests: BTreeMap<OverlappedId, (Overlapped, Socket)> = BTreeMap::new();
    for _ in 0..3 {
        let over = w.overlapped(None).expect("nothing fails yet");
        let accept = post(w, listener, 0, &over);
        requests.insert(over.id(), (over, accept));
    }
    loop {
        for packet in fetched(w, port) {
            let Some((over, accept)) = packet.and_then(|id| requests.remove(&id)) else { continue };
            let failed = w.wsa_get_overlapped_result(listener, &over, false).is_err();
            let client = take(w, listener, accept, failed);
            let accept = post(w, listener, 0, &over);
            requests.insert(over.id(), (over, accept));
            client.into_iter().for_each(|client| serve(w, client));
        }
    }
}

fn fetched(w: &Winsock<'_>, port: CompletionPort) -> Vec<Option<OverlappedId>> {
    let packets = w.get_queued_several(port, 8, None, false).unwrap_or_default();
    packets.into_iter().map(|packet| packet.overlapped).collect()
}
