//! Servers that receive and send with requests of their own: sound ones, and broken ones.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use winaccept_program::{CompletionPort, Overlapped, OverlappedId, Packet, Socket, Winsock};

use super::{is_under_way, pause, with_port};

/// What a request is for.
#[derive(Clone, Copy)]
enum Task {
    Accepts(Socket),
    Receives(Socket),
    Sends(Socket),
}

/// An echo server at one port: what is under way, by its OVERLAPPED.
#[derive(Clone)]
struct Echo {
    listener: Socket,
    port: CompletionPort,
    requests: Rc<RefCell<BTreeMap<OverlappedId, (Overlapped, Task)>>>,
    /// No more is begun.
    stops: bool,
    bug: Bug,
}

/// What is wrong with a server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// Zero bytes are no end.
    NoEnd,
    /// A send that goes on is taken for done.
    SendIsDone,
    /// A receive that is complete at once is taken for one that has no packet.
    NoPacket,
    /// A receive that fails ends the server.
    FailureEnds,
    /// The connection stays open when its receive has failed.
    StaysOpen,
}

impl Echo {
    fn new(w: &Winsock<'_>, bug: Bug) -> Echo {
        let (listener, port) = with_port(w);
        Echo { listener, port, requests: Rc::default(), stops: false, bug }
    }

    fn overlapped(w: &Winsock<'_>) -> Overlapped {
        loop {
            match w.overlapped(None) {
                Ok(over) => return over,
                Err(_) => pause(w),
            }
        }
    }

    /// Known before it is made: another thread may have its packet first.
    fn begins(&self, over: Overlapped, task: Task) -> OverlappedId {
        let id = over.id();
        self.requests.borrow_mut().insert(id, (over, task));
        id
    }

    fn accepts(&self, w: &Winsock<'_>) {
        loop {
            if let Ok(accept) = w.socket() {
                let over = Rc::new(Echo::overlapped(w));
                let result = w.accept_ex(self.listener, accept, 0, &over);
                if is_under_way(&result) {
                    let over = Rc::into_inner(over).expect("nobody else has it");
                    self.begins(over, Task::Accepts(accept));
                    return;
                }
                let _ = w.closesocket(accept);
            }
            pause(w);
        }
    }

    fn receives(&self, w: &Winsock<'_>, client: Socket, over: Overlapped) {
        match w.wsa_recv(client, 64, &over) {
            Ok(_) if self.bug == Bug::NoPacket => self.answers(w, client, over),
            result if is_under_way(&result) => _ = self.begins(over, Task::Receives(client)),
            _ => _ = w.closesocket(client),
        }
    }

    fn answers(&self, w: &Winsock<'_>, client: Socket, over: Overlapped) {
        let bytes = w.buffer(&over);
        match w.wsa_send(client, &bytes, &over) {
            // The packet would say so; the OVERLAPPED is gone before.
            result if is_under_way(&result) && self.bug == Bug::SendIsDone => {
                drop(over);
                self.receives(w, client, Echo::overlapped(w));
            }
            result if is_under_way(&result) => _ = self.begins(over, Task::Sends(client)),
            _ => _ = w.closesocket(client),
        }
    }

    /// What comes of a packet; false ends the server.
    fn handles(&self, w: &Winsock<'_>, packet: Packet) -> bool {
        let Some((over, task)) = packet.overlapped.and_then(|id| self.requests.borrow_mut().remove(&id)) else {
            return true;
        };
        let failed = packet.error.is_some() || self.stops;
        match task {
            Task::Accepts(accept) => {
                let ready = !failed
                    && w.update_accept_context(accept, self.listener).is_ok()
                    && w.associate(accept, self.port, 8).is_ok();
                if ready {
                    self.receives(w, accept, over);
                } else {
                    let _ = w.closesocket(accept);
                }
                if !self.stops {
                    self.accepts(w);
                }
            }
            Task::Receives(_) if failed && self.bug == Bug::FailureEnds => return false,
            Task::Receives(_) if failed && self.bug == Bug::StaysOpen => {}
            Task::Receives(client) if !failed && (packet.bytes > 0 || self.bug == Bug::NoEnd) => {
                if packet.bytes == 0 {
                    self.receives(w, client, over);
                } else {
                    self.answers(w, client, over);
                }
            }
            Task::Sends(client) if !failed => self.receives(w, client, over),
            Task::Receives(client) | Task::Sends(client) => _ = w.closesocket(client),
        }
        true
    }

    fn serves(&self, w: &Winsock<'_>) {
        loop {
            let Ok(packet) = w.get_queued(self.port, None) else { continue };
            if !self.handles(w, packet) {
                return;
            }
        }
    }
}

fn server(w: &Winsock<'_>, bug: Bug) {
    let echo = Echo::new(w, bug);
    (0..2).for_each(|_| echo.accepts(w));
    echo.serves(w);
}

pub(crate) fn echo(w: &Winsock<'_>) {
    server(w, Bug::None);
}

/// It is asked to stop: everything is closed, and what comes of it is fetched, before anything is let go of.
pub(crate) fn echo_stops(w: &Winsock<'_>) {
    let mut echo = Echo::new(w, Bug::None);
    (0..2).for_each(|_| echo.accepts(w));
    while !w.stopping() {
        if let Ok(packet) = w.get_queued(echo.port, Some(500)) {
            echo.handles(w, packet);
        }
    }
    echo.stops = true;
    let _ = w.closesocket(echo.listener);
    let clients: Vec<Socket> = {
        let requests = echo.requests.borrow();
        let client = |(_, task): &(Overlapped, Task)| match *task {
            Task::Receives(client) | Task::Sends(client) => Some(client),
            Task::Accepts(_) => None,
        };
        requests.values().filter_map(client).collect()
    };
    // The sockets are closed when their packets have come.
    for client in clients {
        let _ = w.cancel_io_ex(client, None);
    }
    while !echo.requests.borrow().is_empty() {
        if let Ok(packet) = w.get_queued(echo.port, Some(500)) {
            echo.handles(w, packet);
        }
    }
    let _ = w.close_port(echo.port);
}

/// A receive without room tells that there is something, and a plain recv takes it.
pub(crate) fn zero_byte_receives(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        match w.accept(listener) {
            Ok(client) => _ = w.spawn("worker", move |w| receives_when_told(w, client)),
            Err(_) => pause(w),
        }
    }
}

fn receives_when_told(w: &Winsock<'_>, client: Socket) {
    if let Ok(over) = w.overlapped(None) {
        while is_under_way(&w.wsa_recv(client, 0, &over)) {
            if w.wsa_get_overlapped_result(client, &over, true).is_err() {
                break;
            }
            match w.recv(client, 64) {
                Ok(bytes) if !bytes.is_empty() => _ = w.send(client, &bytes),
                _ => break,
            }
        }
    }
    let _ = w.closesocket(client);
}

pub(crate) fn zero_is_no_end(w: &Winsock<'_>) {
    server(w, Bug::NoEnd);
}

pub(crate) fn send_is_done(w: &Winsock<'_>) {
    server(w, Bug::SendIsDone);
}

pub(crate) fn no_packet_expected(w: &Winsock<'_>) {
    server(w, Bug::NoPacket);
}

pub(crate) fn failed_receive_ends(w: &Winsock<'_>) {
    server(w, Bug::FailureEnds);
}

pub(crate) fn failed_receive_stays_open(w: &Winsock<'_>) {
    server(w, Bug::StaysOpen);
}

/// One OVERLAPPED for both directions.
pub(crate) fn one_for_both(w: &Winsock<'_>) {
    let listener = w.listener(5).expect("nothing fails yet");
    loop {
        let Ok(client) = w.accept(listener) else {
            pause(w);
            continue;
        };
        w.spawn("worker", move |w| {
            if let Ok(over) = w.overlapped(None) {
                let _ = w.wsa_recv(client, 64, &over);
                let _ = w.wsa_send(client, b"welcome", &over);
                let _ = w.wsa_get_overlapped_result(client, &over, true);
            }
            let _ = w.closesocket(client);
        });
    }
}
