//! The clients of a load run: state machines, each with a thread of the world, which make one connection after the other.

use winaccept_model::call::{Call, Family, Handle, Name, SockType, ThreadId};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};
use winaccept_model::world::{ConnId, Tcb};

use super::run::{Due, Run};

/// What a client is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum At {
    /// About to connect.
    Begins,
    /// In `connect`.
    Connects,
    /// It has sent, and waits for an answer or the end.
    Awaits,
    /// It will not connect any more.
    Over,
}

/// A client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    pub(super) at: At,
    pub(super) socket: Handle,
    /// The connections that it still opens to let them be, and how many it has made so far.
    pub(super) idle: u32,
    pub(super) made: u32,
    /// The bytes that it has got on this connection.
    pub(super) received: u32,
    /// Since when it connects, or is connected.
    pub(super) since: u64,
}

/// How much a client receives at a time.
const CHUNK: u32 = 64;

impl Run<'_> {
    pub(super) fn client_thread(&self, client: usize) -> ThreadId {
        ThreadId::new(self.threads_most + client)
    }

    /// The client that opened this connection.
    pub(super) fn client_of(&self, conn: ConnId) -> Option<usize> {
        self.world.conn_owner(conn)?.index().checked_sub(self.threads_most)
    }

    /// A client begins its next connection, if it has one.
    pub(super) fn begins(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if client.idle == 0 {
            // The last idle one calls everybody.
            if self.idle_left > 0 {
                return;
            }
            if self.begun == self.load.connections {
                client.at = At::Over;
                self.clients_over += 1;
                return;
            }
            self.begun += 1;
        }
        client.at = At::Connects;
        client.received = 0;
        client.since = self.wheel.now();
        let turn = index + client.made as usize * self.load.clients;
        client.made = client.made.wrapping_add(1);
        let Some(listener) = self.listeners.get(turn % self.listeners.len().max(1)).copied() else {
            return self.stops("nobody listens any more, and a client comes".to_owned());
        };
        let thread = self.client_thread(index);
        let family = self.world.slot_of(listener).map(|slot| self.world.sockets()[slot.index()].family);
        let family = family.unwrap_or(Family::Inet);
        self.calls(thread, Call::Socket { family, kind: SockType::Stream });
        let Value::Handle(socket) = self.gave.value else {
            return self.stops(format!("client {} gets no socket", index + 1));
        };
        self.clients[index].socket = socket;
        if self.calls(thread, Call::Connect { s: socket, name: Name::Of(listener) }) {
            self.connected(index, self.gave.error);
        }
    }

    /// What a client's `connect` gave.
    pub(super) fn connected(&mut self, index: usize, error: Code) {
        if self.clients[index].at != At::Connects {
            return;
        }
        let client = &mut self.clients[index];
        let (socket, idle) = (client.socket, client.idle > 0);
        client.idle -= u32::from(idle);
        if error != Code::NONE {
            self.so_far.refused += 1;
            return self.closes(index, idle);
        }
        if idle {
            self.so_far.idle += 1;
            self.goes_on(index, true);
        } else {
            client.at = At::Awaits;
            let sent = self
                .calls(self.client_thread(index), Call::Send { s: socket, data: self.load.sends.unwrap_or_default() });
            if !sent || self.gave.error != Code::NONE {
                self.fails(index);
            }
        }
        if let Some(conn) = self.conn_of(socket) {
            self.slots[conn.index()].since = (self.wheel.now() / 1000) as u32;
        }
    }

    /// The connection that a client opens with this socket.
    fn conn_of(&self, socket: Handle) -> Option<ConnId> {
        socket.slot().and_then(|slot| self.world.opened_by(slot))
    }

    /// Something has come to a client: it receives, until there is nothing more.
    pub(super) fn hears(&mut self, index: usize, conn: ConnId) {
        let Client { at, socket, .. } = self.clients[index];
        if at != At::Awaits || self.conn_of(socket) != Some(conn) {
            return;
        }
        let thread = self.client_thread(index);
        loop {
            let end = &self.world.conns()[conn.index()].client;
            if end.unread.is_empty() && !end.fin_received && end.tcb != Tcb::Reset {
                return;
            }
            if !self.calls(thread, Call::Recv { s: socket, len: CHUNK }) {
                return self.fails(index);
            }
            match &self.gave {
                Outcome { value: Value::Number(_), out: Out::Data(data), .. } if !data.as_slice().is_empty() => {
                    let got = data.as_slice().len();
                    self.so_far.received += got as u64;
                    let client = &mut self.clients[index];
                    client.received += got as u32;
                    if self.load.answer.is_some_and(|answer| client.received as usize >= answer) {
                        return self.is_served(index);
                    }
                }
                Outcome { value: Value::Number(0), .. } => return self.is_served(index),
                _ => return self.fails(index),
            }
        }
    }

    fn is_served(&mut self, index: usize) {
        self.so_far.served += 1;
        let waited = self.wheel.now() - self.clients[index].since;
        self.so_far.waited += waited;
        self.so_far.longest = self.so_far.longest.max(waited);
        self.closes(index, false);
    }

    fn fails(&mut self, index: usize) {
        self.so_far.reset += 1;
        self.closes(index, false);
    }

    /// A client has done with this connection, and goes on to its next.
    fn closes(&mut self, index: usize, idle: bool) {
        let s = self.clients[index].socket;
        self.calls(self.client_thread(index), Call::Closesocket { s });
        self.goes_on(index, idle);
    }

    /// A client begins its next connection when everybody else has had his turn: one whose every connection fails at once would never let
    /// another have it. When the last idle one is there, at its listener, too, or was turned down, all begin.
    fn goes_on(&mut self, index: usize, idle: bool) {
        self.clients[index].at = At::Begins;
        self.idle_left -= u64::from(idle);
        if idle && self.idle_left == 0 {
            let arrived = u64::from(self.load.latency.1) + 1;
            (0..self.clients.len()).for_each(|client| self.wheel.put(arrived, Due::Client(client as u32)));
        } else {
            self.wheel.put(0, Due::Client(index as u32));
        }
    }
}
