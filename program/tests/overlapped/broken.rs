//! Broken loops.

use std::rc::Rc;

use winaccept_program::{Code, Decision, Overlapped, Packet, Socket, Winsock};

use super::sound::{accepted, stoppable};
use super::{is_under_way, pause, post, serve, take, with_port};

pub(crate) fn shares_overlapped(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let over = w.overlapped(None).expect("nothing fails yet");
    let mut accepts = vec![post(w, listener, 0, &over), post(w, listener, 0, &over)];
    loop {
        let Ok(packet) = w.get_queued(port, None) else { continue };
        let accept = accepts.remove(0);
        take(w, listener, accept, packet.error.is_some()).into_iter().for_each(|client| serve(w, client));
        accepts.push(post(w, listener, 0, &over));
    }
}

pub(crate) fn frees_on_timeout(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let event = w.create_event().expect("nothing fails yet");
    loop {
        let Ok(over) = w.overlapped(Some(event)) else { return };
        let accept = post(w, listener, 0, &over);
        if !matches!(w.wait(&[event], Some(3000)), Ok(Some(_))) {
            // Nobody has come: all over again.
            continue;
        }
        let failed = w.wsa_get_overlapped_result(listener, &over, false).is_err();
        take(w, listener, accept, failed).into_iter().for_each(|client| serve(w, client));
    }
}

pub(crate) fn thread_ends_with_overlapped(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    w.spawn("starter", move |w| {
        let over = w.overlapped(None).expect("nothing fails yet");
        post(w, listener, 0, &over);
    });
    while w.get_queued(port, None).is_ok() {}
}

pub(crate) fn before_context(w: &Winsock<'_>, calls: fn(&Winsock<'_>, Socket)) {
    let listener = w.listener(5).expect("nothing fails yet");
    let over = w.overlapped(None).expect("nothing fails yet");
    loop {
        let accept = post(w, listener, 0, &over);
        if w.wsa_get_overlapped_result(listener, &over, true).is_ok() {
            calls(w, accept);
            serve(w, accept);
        } else {
            let _ = w.closesocket(accept);
        }
    }
}

pub(crate) fn ends_with_request(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let over = Rc::new(w.overlapped(None).expect("nothing fails yet"));
    let kept = Rc::clone(&over);
    w.spawn("acceptor", move |w| {
        loop {
            let accept = post(w, listener, 0, &kept);
            let Ok(packet) = w.get_queued(port, None) else { continue };
            take(w, listener, accept, packet.error.is_some()).into_iter().for_each(|client| serve(w, client));
        }
    });
    w.wait_for_stop();
}

pub(crate) fn stop_without_cancel(w: &Winsock<'_>) {
    stoppable(w, |_, _, _| {});
}

pub(crate) fn failure_as_timeout(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let over = w.overlapped(None).expect("nothing fails yet");
    let mut accept = post(w, listener, 0, &over);
    loop {
        // FALSE: nothing has come yet.
        if let Ok(Packet { error: None, .. }) = w.get_queued(port, Some(1000)) {
            take(w, listener, accept, false).into_iter().for_each(|client| serve(w, client));
            accept = post(w, listener, 0, &over);
        }
    }
}

pub(crate) fn no_data_is_failure(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let over = w.overlapped(None).expect("nothing fails yet");
    loop {
        let accept = post(w, listener, 16, &over);
        match w.get_queued(port, None) {
            Ok(Packet { error: None, bytes: 0, .. }) => return,
            Ok(packet) => {
                take(w, listener, accept, packet.error.is_some()).into_iter().for_each(|s| _ = w.closesocket(s));
            }
            Err(_) => return,
        }
    }
}

pub(crate) fn panics_at_reset(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let over = w.overlapped(None).expect("nothing fails yet");
    loop {
        let accept = post(w, listener, 0, &over);
        w.wsa_get_overlapped_result(listener, &over, true).expect("a client");
        take(w, listener, accept, false).into_iter().for_each(|client| serve(w, client));
    }
}

pub(crate) fn never_closes(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let over = w.overlapped(None).expect("nothing fails yet");
    loop {
        let accept = post(w, listener, 0, &over);
        if w.wsa_get_overlapped_result(listener, &over, true).is_ok() {
            w.spawn("worker", move |w| _ = w.recv(accept, 16).and_then(|bytes| w.send(accept, &bytes)));
        } else {
            let _ = w.closesocket(accept);
        }
    }
}

pub(crate) fn stops_at_64(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let mut requests: Vec<(Overlapped, Socket)> = Vec::new();
    for _ in 0..2 {
        let over = w.overlapped(None).expect("nothing fails yet");
        let accept = post(w, listener, 16, &over);
        requests.push((over, accept));
    }
    loop {
        let Ok(packet) = w.get_queued(port, None) else { continue };
        let mine = requests.iter_mut().find(|(over, _)| Some(over.id()) == packet.overlapped);
        let Some((over, accept)) = mine else { continue };
        if let Some(client) = take(w, listener, *accept, packet.error.is_some()) {
            let _ = w.send(client, &w.buffer(over));
            let _ = w.closesocket(client);
        }
        if packet.error != Some(Code::ERROR_NETNAME_DELETED) {
            *accept = post(w, listener, 16, over);
        }
    }
}

pub(crate) fn loses_one(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let first = w.overlapped(None).expect("nothing fails yet");
    let second = w.overlapped(None).expect("nothing fails yet");
    let once = post(w, listener, 0, &first);
    let mut accept = post(w, listener, 0, &second);
    loop {
        let Ok(packet) = w.get_queued(port, None) else { continue };
        let done = if packet.overlapped == Some(first.id()) { once } else { accept };
        take(w, listener, done, packet.error.is_some()).into_iter().for_each(|client| serve(w, client));
        if packet.overlapped == Some(second.id()) {
            accept = post(w, listener, 0, &second);
        }
    }
}

pub(crate) fn done_and_awaited(w: &Winsock<'_>) {
    let (listener, port) = with_port(w);
    let over = w.overlapped(None).expect("nothing fails yet");
    loop {
        let Ok(accept) = w.socket() else {
            pause(w);
            continue;
        };
        match w.accept_ex(listener, accept, 0, &over) {
            Ok(_) => take(w, listener, accept, false).into_iter().for_each(|client| serve(w, client)),
            Err(Code::ERROR_IO_PENDING) => {
                let failed = w.get_queued(port, None).is_ok_and(|packet| packet.error.is_some());
                take(w, listener, accept, failed).into_iter().for_each(|client| serve(w, client));
            }
            Err(_) => _ = w.closesocket(accept),
        }
    }
}

pub(crate) fn rejects_all(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        let result = w.wsa_accept(listener, |_| Decision::Reject);
        accepted(w, result);
    }
}

pub(crate) fn socket_spins(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    let over = w.overlapped(None).expect("nothing fails yet");
    loop {
        let Ok(accept) = w.socket() else { continue };
        if !is_under_way(&w.accept_ex(listener, accept, 0, &over)) {
            let _ = w.closesocket(accept);
            continue;
        }
        let failed = w.wsa_get_overlapped_result(listener, &over, true).is_err();
        take(w, listener, accept, failed).into_iter().for_each(|client| serve(w, client));
    }
}
