//! A run has three parts: the trouble; clients that come after it, to see whether they are served; and the end, when everybody
//! hangs up and the program is asked to stop. Between them judges look.

use winaccept_model::call::{Handle, NetworkEvents};
use winaccept_model::step::Event;
use winaccept_model::world::{ConnId, Direction, Faults, State as SocketState};
use winaccept_sim::script::FaultKind;

use crate::client::{Behaviour, Client, Does};
use crate::engine::{Engine, PROBES, PROGRAM, State};
use crate::judge::Judge;
use crate::plan::{FAULT_LASTS, fails_as};
use crate::record::{About, Entry, THREADS};

/// The parts of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    Trouble,
    /// Since when.
    Probing(u64),
    /// Everybody has hung up, since when, and a program with requests comes to rest.
    Resting(u64),
    Ending,
    Over,
}

/// Trouble lasts so long at most, in milliseconds of virtual time.
const TROUBLE: u64 = 10_000;
/// Within this time a client is served, and a program stops.
const PATIENCE: u64 = 60_000;
/// So long a program has to come to rest.
const REST: u64 = 10_000;
/// So long a retransmission timer runs.
const RETRY: u64 = 500;
/// A program that looks so often while nothing else goes on is not waited for any longer.
const POLLS: u32 = 400;

impl Engine<'_> {
    /// Nobody can go on: time passes until somebody can, or the next part begins.
    pub(crate) fn time_passes(&mut self) {
        self.winds_timers();
        let retries = self.retries.iter().map(|(conn, at)| (*at, *conn)).min();
        let until = match self.phase {
            Phase::Trouble => TROUBLE,
            Phase::Probing(since) => since + PATIENCE,
            Phase::Resting(since) => since + REST,
            Phase::Ending | Phase::Over => self.ends_at,
        };
        // Whose connection is being set up makes trouble as long as that takes.
        if self.phase == Phase::Trouble && retries.is_none() && self.trouble_is_over() {
            return self.next_phase();
        }
        let calls = self.deadlines.values().copied();
        let clients = self.clients.iter().filter_map(|client| client.until).filter(|until| *until > self.now);
        let awaited = self.threads.iter().filter_map(|thread| match thread.state {
            State::Awaits(_, until) => until,
            _ => None,
        });
        let due = calls.chain(clients).chain(awaited).chain(self.mends.iter().map(|(at, _)| *at)).min();
        match (due.filter(|due| *due <= until), retries) {
            (due, Some((at, conn))) if at <= until.max(self.now) && due.is_none_or(|due| at <= due) => {
                self.now = at.max(self.now);
                self.retries.remove(&conn);
                self.polls = 0;
                self.record.push(Entry::Timer(conn));
                self.happens(Event::Timer(conn), "net", "timer", 0);
                self.tells_all();
            }
            (Some(due), _) => {
                self.now = due.max(self.now);
                self.due();
            }
            (None, _) => self.next_phase(),
        }
    }

    /// A retransmission timer that has begun to run runs out half a second later.
    fn winds_timers(&mut self) {
        let running: Vec<ConnId> = self.timers().collect();
        self.retries.retain(|conn, _| running.contains(conn));
        for conn in running {
            self.retries.entry(conn).or_insert(self.now + RETRY);
        }
    }

    /// The program has looked so often, and nothing goes on beside it: it will see no more in this part of the run.
    pub(crate) fn only_polls(&self) -> bool {
        let waits = |client: &Client| client.until.is_some_and(|until| until > self.now);
        let quiet = self.mends.is_empty() && self.retries.is_empty() && !self.clients.iter().any(waits);
        quiet
            && match self.phase {
                Phase::Trouble => self.polls > POLLS && !self.listeners.is_empty(),
                Phase::Ending => self.polls > POLLS && !self.awaited_stop,
                _ => false,
            }
    }

    /// The next part begins, although time has not passed.
    pub(crate) fn has_polled(&mut self) {
        self.polls = 0;
        self.next_phase();
    }

    /// Is there nobody who could still make trouble, were it by staying?
    fn trouble_is_over(&self) -> bool {
        let over = |client: &Client| client.next() == Does::Over || client.behaviour == Behaviour::Good;
        !self.listeners.is_empty() && self.mends.is_empty() && self.clients.iter().all(over)
    }

    fn timers(&self) -> impl Iterator<Item = ConnId> + '_ {
        let timed = |(_, conn): &(usize, &winaccept_model::world::Conn)| conn.timer;
        self.world.conns().iter().enumerate().filter(timed).map(|(index, _)| ConnId::new(index))
    }

    /// What is due now happens.
    fn due(&mut self) {
        let now = self.now;
        let mended: Vec<FaultKind> = self.mends.iter().filter(|(at, _)| *at <= now).map(|(_, kind)| *kind).collect();
        self.mends.retain(|(at, _)| *at > now);
        mended.into_iter().for_each(|kind| self.mend(kind));
        let thread = self.deadlines.iter().find(|(_, at)| **at <= now).map(|(thread, _)| *thread);
        if let Some(thread) = thread {
            self.deadlines.remove(&thread);
            if let Some((op, _)) = self.world.waits(thread) {
                self.happens(Event::Expire(op), "net", "expire", 0);
                self.tells_all();
            }
        }
    }

    /// What begins to fail at this call.
    pub(crate) fn begins_to_fail(&mut self, name: &'static str) -> Vec<FaultKind> {
        let as_other = fails_as(name);
        // What a program needs to begin with it gets.
        if !self.set_up && as_other == "socket" {
            return Vec::new();
        }
        let mut kinds = Vec::new();
        let names = [name, as_other];
        for &counted in &names[..if name == as_other { 1 } else { 2 }] {
            let count = self.called.entry(counted).or_default();
            *count += 1;
            let begins = self.plan.faults.iter().filter(|fault| fault.call == counted && fault.nth == *count);
            kinds.extend(begins.map(|fault| fault.kind));
        }
        kinds
    }

    /// Something of the program's process fails for a while.
    pub(crate) fn fails(&mut self, kind: FaultKind) {
        self.mends.push((self.now + FAULT_LASTS, kind));
        self.fault(kind, true);
    }

    fn mend(&mut self, kind: FaultKind) {
        self.fault(kind, false);
    }

    fn fault(&mut self, kind: FaultKind, on: bool) {
        let mut faults: Faults = self.world.processes()[PROGRAM.index()].faults;
        match kind {
            FaultKind::NoDescriptors => faults.no_descriptors = on,
            FaultKind::NoBuffers => faults.no_buffers = on,
            FaultKind::NetworkDown => faults.network_down = on,
            FaultKind::NoHandles => faults.no_handles = on,
            FaultKind::InCallback => faults.in_callback = on,
        }
        self.record.push(Entry::Fault(kind, on));
        self.happens(Event::Faults(PROGRAM, faults), "net", "fault", 0);
        self.tells_all();
    }

    fn next_phase(&mut self) {
        match self.phase {
            Phase::Trouble => self.begins_to_probe(),
            Phase::Probing(_) => {
                let unserved = (0..self.clients.len()).find(|&at| self.clients[at].probe && !self.is_served(at));
                if let Some(at) = unserved {
                    let reason = self.unserved(at);
                    self.convicts_about(Judge::Alive, reason, &[About::Client(THREADS + at)]);
                }
                let unanswered = (0..self.clients.len()).find(|&at| !self.is_answered(at));
                if let (Some(at), true) = (unanswered, self.usual.answers) {
                    let reason = "a client that connects after the trouble has sent its request, and within a minute it is \
                                  neither answered nor closed, as others are when nothing is wrong";
                    self.convicts_about(Judge::Alive, reason.to_owned(), &[About::Client(THREADS + at)]);
                }
                self.everybody_hangs_up();
            }
            Phase::Resting(_) => {
                self.counts_requests();
                self.begins_to_end();
            }
            Phase::Ending | Phase::Over => {
                self.last_look();
                self.phase = Phase::Over;
            }
        }
    }

    fn begins_to_probe(&mut self) {
        for (_, kind) in std::mem::take(&mut self.mends) {
            self.mend(kind);
        }
        for client in 0..self.clients.len() {
            // One that never ended its handshake is no more: nothing comes from it or gets to it, until the server gives it up.
            if self.clients[client].behaviour != Behaviour::HalfOpen {
                self.release(client);
            }
        }
        self.phase = Phase::Probing(self.now);
        self.polls = 0;
        let late = if self.plan.late { self.listeners.len().clamp(1, PROBES) } else { 0 };
        for listener in 0..late {
            self.clients.push(Client::new(Behaviour::Good, true, listener));
        }
    }

    /// Is what its client sends and is sent lost? One that never ended its handshake is not there any more when the trouble is over.
    pub(crate) fn is_lost(&self, conn: ConnId) -> bool {
        let of_conn = |client: &usize| self.conn_of(*client) == Some(conn);
        let client = (0..self.clients.len()).find(of_conn).map(|client| &self.clients[client]);
        matches!(self.phase, Phase::Probing(_) | Phase::Resting(_))
            && client.is_some_and(|client| client.behaviour == Behaviour::HalfOpen && !client.hangs_up)
    }

    /// A segment in flight of a client that is no more is lost.
    pub(crate) fn loses(&mut self, conn: ConnId, direction: Direction) {
        let Some(segment) = self.world.end(conn, direction).flight.first() else { return };
        self.record.push(Entry::Lose(conn, segment));
        self.happens(Event::Lose(conn, direction), "net", "LOSE", self.steps);
        self.tells_all();
    }

    fn release(&mut self, client: usize) {
        if let Some(conn) = self.conn_of(client).filter(|conn| self.world.conns()[conn.index()].held) {
            self.holds(conn, false);
        }
    }

    /// Has the program done something with this client's connection?
    pub(crate) fn is_served(&self, client: usize) -> bool {
        self.conn_of(client).is_some_and(|conn| self.used.contains(&conn))
    }

    /// Has a client that came to see whether it is served got anything: bytes, the end, a reset? Nobody asks this of the others.
    fn is_answered(&self, at: usize) -> bool {
        let client = &self.clients[at];
        !client.probe || (matches!(client.next(), Does::Close | Does::Over) && !client.turned_away)
    }

    fn unserved(&self, client: usize) -> String {
        let conn = self.conn_of(client).map(|conn| &self.world.conns()[conn.index()]);
        match (self.clients[client].next(), conn) {
            (Does::Socket, _) if self.listeners.is_empty() => {
                "nobody listens any more, and a client that comes after the trouble finds no server".to_owned()
            }
            (_, Some(conn)) if conn.listener.is_some() => {
                "a client that connects after the trouble is not accepted within a minute".to_owned()
            }
            _ if !self.clients[client].connected => "a client that comes after the trouble cannot connect".to_owned(),
            _ => "a client that connects after the trouble is accepted, and within a minute nothing is done for it"
                .to_owned(),
        }
    }

    fn everybody_hangs_up(&mut self) {
        let come = self.clients.iter().any(|client| client.probe);
        self.answered = come && (0..self.clients.len()).all(|at| self.is_answered(at));
        self.phase = Phase::Resting(self.now);
        for client in 0..self.clients.len() {
            self.release(client);
            let client = &mut self.clients[client];
            client.hangs_up = true;
            if !client.waits && !matches!(client.next(), Does::Over) {
                client.skips_to_close();
            }
            if client.socket == Handle::INVALID {
                client.at = usize::MAX;
            }
        }
        if !self.requests.any {
            self.begins_to_end();
        }
    }

    fn begins_to_end(&mut self) {
        self.phase = Phase::Ending;
        self.ends_at = self.now + PATIENCE;
        self.awaited_stop = self.threads.iter().any(|thread| thread.state == State::AwaitsStop);
        self.stop();
    }

    /// Looks after every step.
    pub(crate) fn looks(&mut self) {
        self.is_set_up();
        let over = self.threads.first().is_some_and(|main| main.state == State::Over);
        match self.phase {
            Phase::Trouble | Phase::Probing(_) if over => {
                let reason = "the program ends, and nobody has asked it to";
                self.convicts(Judge::Alive, reason.to_owned());
                self.cannot_say(reason);
            }
            Phase::Probing(_) => {
                let all = (0..self.clients.len()).all(|at| !self.clients[at].probe || self.is_served(at));
                let done = |client: &Client| !client.probe || client.next() == Does::Over;
                // A program that serves without an answer is alive, too: its client has no more to do.
                if all && self.clients.iter().all(done) {
                    self.everybody_hangs_up();
                }
            }
            Phase::Resting(_) if over => self.phase = Phase::Over,
            Phase::Ending if over => {
                self.looks_for_outstanding();
                self.phase = Phase::Over;
            }
            _ => {}
        }
        for at in 0..self.clients.len() {
            let client = &self.clients[at];
            // One that is slow may have been given up.
            let honest = client.behaviour == Behaviour::Good;
            let sent = self.conn_of(at).is_some_and(|conn| self.sent_to.contains(&conn));
            if honest
                && sent
                && client.was_reset
                && !client.received
                && !matches!(self.phase, Phase::Resting(_) | Phase::Ending)
            {
                let reason = "a client was sent an answer, and got a reset instead of it";
                self.convicts_about(Judge::NoLoss, reason.to_owned(), &[About::Client(THREADS + at)]);
            }
        }
    }

    fn last_look(&mut self) {
        if self.awaited_stop && self.threads[0].state != State::Over {
            self.convicts(
                Judge::CleanStop,
                "the program was asked to stop, and a minute later it has not ended".to_owned(),
            );
            return;
        }
        self.looks_for_lost_sockets();
    }

    /// Sockets of clients that have gone, which nobody will ever close.
    pub(crate) fn looks_for_lost_sockets(&mut self) {
        for (at, conn) in self.world.conns().iter().enumerate() {
            let slot = conn.server.socket().unwrap_or(self.world.accepted_slot(ConnId::new(at)));
            let socket = &self.world.sockets()[slot.index()];
            let open = socket.state != SocketState::NotASocket && !self.given_up.contains(&slot);
            let selection = socket.selection();
            // The other side has gone: what comes of it is FD_CLOSE, once, and beside it there is what was recorded before.
            let end = NetworkEvents::CLOSE;
            let is_told = selection.mask.has(end) && !selection.disabled.has(end);
            let is_recorded = selection.recorded.0 & selection.mask.0 != 0;
            let registered = selection.told.is_some() && (is_told || is_recorded);
            let watched = !socket.waiting().is_empty() || !socket.watches().is_empty() || registered;
            if open && !watched && conn.client.socket().is_none() {
                let reason = "an accepted socket is still open when its client has gone, and nobody waits for it";
                let client = (0..self.clients.len()).find(|client| self.conn_of(*client) == Some(ConnId::new(at)));
                let about = [Some(About::Socket(slot)), client.map(|client| About::Client(THREADS + client))];
                let about: Vec<About> = about.into_iter().flatten().collect();
                self.convicts_about(Judge::NothingLeaked, reason.to_owned(), &about);
                return;
            }
        }
    }
}
