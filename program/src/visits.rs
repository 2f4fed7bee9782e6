//! What clients do in a run: each call when its turn comes.

use winaccept_model::call::Handle;
use winaccept_model::code::Code;
use winaccept_model::outcome::{Outcome, Value};
use winaccept_model::step::Event;
use winaccept_model::world::ConnId;

use crate::client::{Behaviour, Client, Does};
use crate::draw::{Site, What};
use crate::engine::{Engine, Who, client_name};
use crate::phase::Phase;
use crate::record::{Entry, THREADS};

/// So many places of a client's script has one try, and more.
const TRY: u32 = 10;

impl Engine<'_> {
    pub(crate) fn client_can_go(&self, index: usize) -> bool {
        let client = &self.clients[index];
        if client.waits || client.until.is_some_and(|until| until > self.now) {
            return false;
        }
        match client.next() {
            Does::Socket => self.listener_for(client).is_some(),
            Does::Connect | Does::Send | Does::Linger | Does::Close => true,
            Does::Recv => self.conn_of(index).is_some_and(|conn| {
                let end = &self.world.conns()[conn.index()].client;
                !end.unread.is_empty() || end.fin_received || end.tcb == winaccept_model::world::Tcb::Reset
            }),
            Does::Wait(_) => true,
            Does::Stays => client.hangs_up,
            Does::Over => false,
        }
    }

    pub(crate) fn listener_for(&self, client: &Client) -> Option<Handle> {
        self.listeners.get(client.listener % self.listeners.len().max(1)).copied()
    }

    pub(crate) fn client_goes(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if let Does::Wait(time) = client.next() {
            if client.until.take().is_none() && !client.hangs_up {
                client.until = Some(self.now + time);
            } else {
                client.at += 1;
            }
            return;
        }
        if client.next() == Does::Stays {
            client.at += 1;
            return;
        }
        let listener = self.listener_for(&self.clients[index]);
        if let Some(slot) = listener.and_then(Handle::slot) {
            self.clients[index].family = self.world.sockets()[slot.index()].family;
        }
        let Some(call) = self.clients[index].call(listener.unwrap_or(Handle::INVALID)) else { return };
        let thread = self.client_thread(index);
        let client = &self.clients[index];
        // Another try has choices of its own.
        let (name, nth) = (client_name(index, client), client.at as u32 + TRY * client.tries);
        self.calls(THREADS + index, thread, call, &name, nth);
        let yields = self.draws.draw(&Site { what: What::Yields, actor: &name, call: call.name(), nth }, 4);
        self.turns.entry(Who::Client(index)).or_default().yields = yields;
        match self.results.remove(&thread) {
            Some(outcome) => self.client_got(index, &outcome),
            None => self.clients[index].waits = true,
        }
        self.tells_all();
    }

    /// What a client's call gave.
    pub(crate) fn client_got(&mut self, index: usize, outcome: &Outcome) {
        let does = self.clients[index].next();
        let failed = outcome.error != Code::NONE;
        let client = &mut self.clients[index];
        client.waits = false;
        client.at += 1;
        match (does, outcome.value) {
            (Does::Socket, Value::Handle(handle)) => {
                client.socket = handle;
                self.may_hold(index);
            }
            (Does::Connect, _) => {
                client.connected = !failed;
                if let Some(conn) = self.conn_of(index) {
                    self.connected_at.insert(conn, self.now);
                }
            }
            (Does::Recv, Value::Number(bytes)) => client.received |= bytes > 0,
            _ => {}
        }
        let client = &mut self.clients[index];
        client.was_reset |= failed && does == Does::Recv && outcome.error == Code::WSAECONNRESET;
        if (failed || client.hangs_up) && does != Does::Close {
            client.skips_to_close();
        }
        // Who comes to see whether he is served, and whom the stack turns away before the program has had to do with him, tries
        // again a second later, then two, as long as the trial lasts.
        let turned_away = failed && does != Does::Close && client.probe && !client.hangs_up;
        if turned_away && !self.is_served(index) {
            self.clients[index].turned_away = true;
        }
        let client = &mut self.clients[index];
        if does == Does::Close && client.turned_away && !client.hangs_up {
            (client.at, client.socket, client.turned_away) = (0, Handle::INVALID, false);
            (client.connected, client.was_reset) = (false, false);
            client.tries += 1;
            client.until = Some(self.now + (500 << client.tries));
        }
    }

    /// The segments of some connections arrive when they are told to.
    pub(crate) fn may_hold(&mut self, index: usize) {
        let Some(conn) = self.conn_of(index) else { return };
        let (name, nth) = (client_name(index, &self.clients[index]), 0);
        let drawn = self.draws.draw(&Site { what: What::Gives, actor: &name, call: "hold", nth }, 2) == 1;
        let half_open = self.clients[index].behaviour == Behaviour::HalfOpen;
        if half_open || drawn && self.phase == Phase::Trouble {
            self.holds(conn, true);
        }
    }

    pub(crate) fn holds(&mut self, conn: ConnId, held: bool) {
        self.record.push(Entry::Hold(conn, held));
        self.happens(Event::Hold(conn, held), "net", "hold", self.steps);
        self.tells_all();
    }
}
