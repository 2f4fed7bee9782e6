//! Requests that a program has posted: whether they are under way, how many there are, and what became of each.

use std::collections::{BTreeMap, BTreeSet};

use winaccept_model::call::{Call, Handle, Opt};
use winaccept_model::code::Code;
use winaccept_model::id::Named;
use winaccept_model::operation::{Apc, OverId};
use winaccept_model::outcome::{Out, Outcome, Value};
use winaccept_model::status::Status;
use winaccept_model::world::{ConnId, SocketId, State as SocketState, World};

use crate::engine::{Engine, PROGRAM, State};
use crate::interface::Finished;
use crate::judge::Judge;
use crate::overlapped::{Awaited, OverlappedId};
use crate::phase::Phase;
use crate::record::About;
use crate::sign::Signs;

/// What is known of the program's requests.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    overs: Overs,
    /// The listener and the accepting socket of those under way that accept.
    posted: BTreeMap<Handle, (Handle, Handle)>,
    /// The connection of those under way that receive, or send.
    transfers: BTreeMap<Handle, Option<ConnId>>,
    /// Those that are over and have not been posted anew, by listener.
    over: BTreeMap<Handle, Vec<Ended>>,
    /// How many there were at each listener when the program first waited, and whether that is known.
    pub(crate) first: BTreeMap<Handle, usize>,
    /// Has it ever posted one, and has one ever been over?
    pub(crate) any: bool,
    completed: bool,
    /// Sockets that were to have a connection, and those whose request has failed and that nobody has used since; with whether
    /// another socket was posted meanwhile.
    sockets: BTreeSet<Handle>,
    idle: BTreeMap<Handle, bool>,
    /// Those that have been pending, and of whose end the program has not been told.
    untold: BTreeSet<Handle>,
    /// The connections that requests have brought, by accepting socket.
    conns: BTreeMap<Handle, ConnId>,
}

impl Requests {
    /// The connection that a request has brought into this socket.
    pub(crate) fn conn_of(&self, accept: Handle) -> Option<ConnId> {
        self.conns.get(&accept).copied()
    }
}

/// OVERLAPPED structures that can be made again in their places, as memory is.
#[derive(Debug, Default)]
pub(crate) struct Overs {
    /// With which event each was made.
    events: BTreeMap<Handle, Option<Handle>>,
    free: Vec<Handle>,
}

impl Overs {
    /// What this call gives where it makes one that was let go of.
    pub(crate) fn remade(&mut self, call: &Call) -> Option<Outcome> {
        let Call::Overlapped { event, .. } = *call else { return None };
        let place = self.free.iter().position(|over| self.events.get(over) == Some(&event))?;
        let over = self.free.remove(place);
        Some(Outcome { value: Value::Handle(over), error: Code::NONE, out: Out::None })
    }

    /// What a call gave: one that was made?
    pub(crate) fn notes(&mut self, call: &Call, outcome: &Outcome) {
        if let (Call::Overlapped { event, .. }, Value::Handle(over)) = (*call, outcome.value) {
            self.events.insert(over, event);
        }
    }

    /// The program has let go of one, and nobody will write or tell of it.
    pub(crate) fn frees(&mut self, over: Handle) {
        self.free.push(over);
    }
}

/// Is a request with this OVERLAPPED under way?
pub(crate) fn in_flight(world: &World, over: Handle) -> bool {
    let over = over_id(over);
    over.is_some() && world.operations().iter().any(|(_, op)| op.tells.over == over)
}

/// A packet for this OVERLAPPED that nobody has fetched.
pub(crate) fn has_packet(world: &World, over: Handle) -> bool {
    world.ports().iter().any(|(_, port)| port.packets.iter().any(|packet| packet.over == Some(over)))
}

/// A completion routine of the request with this OVERLAPPED that is still to run.
pub(crate) fn has_routine(world: &World, over: Handle) -> bool {
    let over = over_id(over).map(Apc::Completion);
    world.threads().iter().any(|thread| thread.apcs.iter().any(|apc| Some(apc) == over))
}

/// Has what a thread waits for come? Whether a thread is over somebody else knows.
pub(crate) fn has_come(world: &World, signs: &Signs, what: Awaited, is_over: impl Fn(usize) -> bool) -> bool {
    match what {
        Awaited::Request(over) => !in_flight(world, over),
        Awaited::End(thread) => is_over(thread),
        Awaited::Signs(wait) => signs.have_come(world, wait, is_over),
        Awaited::Packet(port) => match port.names() {
            Named::Port(port) => {
                world.ports().get(port.index()).is_none_or(|port| port.closed || !port.packets.is_empty())
            }
            _ => true,
        },
    }
}

/// What is in the buffer of an OVERLAPPED.
pub(crate) fn buffer(world: &World, over: Handle) -> Vec<u8> {
    let over = over_id(over).and_then(|over| world.overs().get(over.index()));
    over.and_then(|over| over.buffer).map(|buffer| buffer.data.as_slice().to_vec()).unwrap_or_default()
}

/// A request that is over.
#[derive(Clone, Copy, Debug)]
struct Ended {
    over: Handle,
    status: Status,
    /// The program was told 64.
    told_64: bool,
}

/// The OVERLAPPED of the request that a call makes.
fn begins(call: &Call) -> Option<Handle> {
    match *call {
        Call::AcceptEx { overlapped, .. }
        | Call::DisconnectEx { overlapped, .. }
        | Call::TransmitFile { overlapped, .. }
        | Call::ReadFile { overlapped, .. }
        | Call::WriteFile { overlapped, .. } => overlapped,
        Call::WSARecvOverlapped { overlapped, .. } | Call::WSASendOverlapped { overlapped, .. } => Some(overlapped),
        _ => None,
    }
}

fn over_id(over: Handle) -> Option<OverId> {
    match over.names() {
        Named::Overlapped(over) => Some(over),
        _ => None,
    }
}

impl Engine<'_> {
    /// Is a request with this OVERLAPPED under way?
    pub(crate) fn in_flight(&self, over: Handle) -> bool {
        in_flight(&self.world, over)
    }

    /// Has what a thread waits for come?
    pub(crate) fn has_come(&self, what: Awaited) -> bool {
        let is_over = |thread: usize| self.threads.get(thread).is_none_or(|thread| thread.state == State::Over);
        has_come(&self.world, &self.common.exchange.signs, what, is_over)
    }

    /// A packet for this OVERLAPPED that nobody has fetched.
    fn has_packet(&self, over: Handle) -> bool {
        has_packet(&self.world, over)
    }

    /// What is in the buffer of an OVERLAPPED.
    pub(crate) fn buffer(&self, over: Handle) -> Vec<u8> {
        buffer(&self.world, over)
    }

    /// An OVERLAPPED that was let go of is made again in its place, as memory is.
    pub(crate) fn remade(&mut self, call: &Call) -> Option<Outcome> {
        self.requests.overs.remade(call)
    }

    /// OVERLAPPED structures that the program has let go of: those under way it must not.
    pub(crate) fn lets_go(&mut self) {
        let gone = std::mem::take(&mut *self.common.gone.borrow_mut());
        // When the process ends, its requests end with it.
        let ends = self.threads.first().is_some_and(|main| main.state == State::Over);
        for over in gone.into_iter().filter(|_| !ends) {
            if self.in_flight(over) {
                let judge = if self.phase == Phase::Ending { Judge::CleanStop } else { Judge::NoMisuse };
                let reason =
                    "an OVERLAPPED and its buffer are freed while their request is under way, which will write there";
                self.convicts_about(judge, reason.to_owned(), &[About::Handle(over)]);
            } else if has_routine(&self.world, over) {
                let reason = "an OVERLAPPED is freed before the completion routine has run that will be given it";
                self.convicts_about(Judge::NoMisuse, reason.to_owned(), &[About::Handle(over)]);
            } else if self.requests.untold.remove(&over) && !self.reads_memory() {
                let judge = if self.phase == Phase::Ending { Judge::CleanStop } else { Judge::NoMisuse };
                let reason = "an OVERLAPPED and its buffer are freed before the program was told that their request is over: \
                              to close the socket, or to cancel, only begins to end it";
                self.convicts_about(judge, reason.to_owned(), &[About::Handle(over)]);
            } else if !self.has_packet(over) {
                self.requests.overs.frees(over);
            }
        }
    }

    /// What a call does with a request or with a socket of one that it must not.
    pub(crate) fn looks_at_request(&mut self, call: &Call) {
        if let Some(over) = begins(call) {
            if self.in_flight(over) {
                let reason = format!("{} is given an OVERLAPPED whose request is under way", call.name());
                self.convicts_about(Judge::NoMisuse, reason, &[About::Last, About::Handle(over)]);
            } else if self.has_packet(over) {
                let reason = "a request has completed at once and was taken for done, but its packet is still to come: \
                              the next request with its OVERLAPPED will be taken for complete";
                self.convicts_about(Judge::NoConfusion, reason.to_owned(), &[About::Last, About::Handle(over)]);
            }
        }
        let only_afterwards = match call {
            Call::Getsockopt { opt, .. } => *opt != Opt::ConnectTime,
            Call::Shutdown { .. }
            | Call::Getpeername { .. }
            | Call::Getsockname { .. }
            | Call::Setsockopt { .. }
            | Call::Ioctlsocket { .. }
            | Call::DisconnectEx { .. }
            | Call::WSAEventSelect { .. } => true,
            _ => false,
        };
        let without_context = |slot: SocketId| self.world.sockets()[slot.index()].without_context;
        if only_afterwards && call.subject().and_then(|s| self.world.slot_of(s)).is_some_and(without_context) {
            let reason = format!("{} is called with an accepted socket before SO_UPDATE_ACCEPT_CONTEXT", call.name());
            self.convicts_about(Judge::NoMisuse, reason, &[About::Last]);
        }
    }

    /// By a packet, a result, a completion routine or its event the program is told that a request is over.
    fn hears(&mut self, call: &Call, outcome: &Outcome) {
        if let Some(over) = begins(call).filter(|_| outcome.error == Code::ERROR_IO_PENDING) {
            self.requests.untold.insert(over);
        }
        if self.requests.untold.is_empty() {
            return;
        }
        let untold = &mut self.requests.untold;
        match (*call, outcome.out) {
            (_, Out::Packet { over: Some(over), .. } | Out::Routine { over, .. }) => _ = untold.remove(&over),
            (_, Out::Packets { overs, .. }) => overs.iter().for_each(|over| _ = untold.remove(&over)),
            (Call::GetOverlappedResult { overlapped, .. } | Call::WSAGetOverlappedResult { overlapped, .. }, _)
                if outcome.error != Code::ERROR_IO_INCOMPLETE =>
            {
                untold.remove(&overlapped);
            }
            (Call::HasOverlappedIoCompleted { overlapped }, _) if outcome.value == Value::Number(1) => {
                untold.remove(&overlapped);
            }
            (Call::WSAWaitForMultipleEvents { events, .. }, _) => {
                if let Value::WaitEvent(place) = outcome.value {
                    events.iter().nth(usize::from(place)).into_iter().for_each(|event| self.hears_event(event));
                }
            }
            (Call::WSAWaitForAllEvents { events, .. }, _) => {
                if let Value::WaitEvent(_) = outcome.value {
                    events.iter().for_each(|event| self.hears_event(event));
                }
            }
            _ => {}
        }
    }

    /// An event was seen to be signalled: the requests that have it and are over are those that it tells of.
    fn hears_event(&mut self, event: Handle) {
        let is_told =
            |over: &Handle| self.requests.overs.events.get(over) == Some(&Some(event)) && !self.in_flight(*over);
        let told: Vec<Handle> = self.requests.untold.iter().copied().filter(is_told).collect();
        told.iter().for_each(|over| _ = self.requests.untold.remove(over));
    }

    /// Notes what a call of the program did about requests.
    pub(crate) fn notes_request(&mut self, call: &Call, outcome: &Outcome) {
        self.hears(call, outcome);
        match *call {
            Call::Overlapped { .. } => self.requests.overs.notes(call, outcome),
            Call::AcceptEx { listen, accept, overlapped: Some(over), .. } => {
                self.requests.idle.remove(&accept);
                if outcome.value == Value::Number(1) || outcome.error == Code::ERROR_IO_PENDING {
                    self.posts(listen, accept, over);
                }
            }
            Call::WSARecvOverlapped { s, overlapped, .. } | Call::WSASendOverlapped { s, overlapped, .. } => {
                self.requests.idle.remove(&s);
                if outcome.value == Value::Number(0) || outcome.error == Code::ERROR_IO_PENDING {
                    let conn = self.used_conn(call);
                    self.requests.transfers.insert(overlapped, conn);
                    if matches!(call, Call::WSASendOverlapped { .. }) {
                        self.sent_to.extend(conn);
                        self.used.extend(conn);
                    }
                }
            }
            Call::DisconnectEx { s, overlapped: Some(over), .. }
            | Call::TransmitFile { s, overlapped: Some(over), .. }
            | Call::ConnectEx { s, overlapped: Some(over), .. } => {
                self.requests.idle.remove(&s);
                if outcome.value == Value::Number(1) || outcome.error == Code::ERROR_IO_PENDING {
                    self.requests.transfers.insert(over, None);
                }
            }
            Call::ReadFile { s, overlapped, .. } | Call::WriteFile { s, overlapped, .. } => {
                self.requests.idle.remove(&s);
                let conn = self.used_conn(call);
                if outcome.value == Value::Number(1) || outcome.error == Code::ERROR_IO_PENDING {
                    match overlapped {
                        Some(over) => _ = self.requests.transfers.insert(over, conn),
                        None => self.used.extend(conn),
                    }
                    if matches!(call, Call::WriteFile { .. }) {
                        self.sent_to.extend(conn);
                        self.used.extend(conn);
                    }
                }
            }
            Call::GetQueuedCompletionStatus { .. } => {
                if let Out::Packet { over: Some(over), .. } = outcome.out {
                    self.told(over, outcome.error);
                }
            }
            Call::GetQueuedCompletionStatusEx { .. } => {
                if let Out::Packets { overs, .. } = outcome.out {
                    overs.iter().for_each(|over| self.told(over, Code::NONE));
                }
            }
            Call::GetOverlappedResult { overlapped, .. } => self.told(overlapped, outcome.error),
            _ => {
                let subject = call.subject().unwrap_or(Handle::INVALID);
                self.requests.idle.remove(&subject);
                // Its value may be another socket's by now.
                if matches!(call, Call::Closesocket { .. }) {
                    self.requests.sockets.remove(&subject);
                }
            }
        }
    }

    fn posts(&mut self, listen: Handle, accept: Handle, over: Handle) {
        let requests = &mut self.requests;
        requests.any = true;
        requests.conns.remove(&accept);
        requests.posted.insert(over, (listen, accept));
        if requests.sockets.insert(accept) {
            requests.idle.values_mut().for_each(|replaced| *replaced = true);
        }
        // In place of the one that had this OVERLAPPED, or of the one that was over last.
        let ended = requests.over.entry(listen).or_default();
        match ended.iter().position(|ended| ended.over == over) {
            Some(place) => _ = ended.remove(place),
            None => _ = ended.pop(),
        }
    }

    fn told(&mut self, over: Handle, error: Code) {
        if error == Code::ERROR_NETNAME_DELETED {
            let all = self.requests.over.values_mut().flatten();
            all.filter(|ended| ended.over == over).for_each(|ended| ended.told_64 = true);
        }
    }

    /// Looks which requests are over by now.
    pub(crate) fn looks_at_requests(&mut self) {
        self.looks_at_transfers();
        if self.requests.posted.is_empty() {
            return;
        }
        let over: Vec<Handle> = self.requests.posted.keys().copied().filter(|over| !self.in_flight(*over)).collect();
        for over in over {
            let Some((listen, accept)) = self.requests.posted.remove(&over) else { continue };
            let status = self.finishes(over);
            self.requests.completed = true;
            self.requests.over.entry(listen).or_default().push(Ended { over, status, told_64: false });
            let conn = self.world.slot_of(accept).and_then(|slot| self.world.sockets()[slot.index()].conn);
            self.requests.conns.extend(conn.map(|conn| (accept, conn)));
            let fresh = |slot: SocketId| self.world.sockets()[slot.index()].state == SocketState::Unbound;
            if status != Status::SUCCESS && self.world.slot_of(accept).is_some_and(fresh) {
                self.requests.idle.insert(accept, false);
            }
        }
    }

    /// Those that receive or send: one that has succeeded was used, as by a recv that has returned.
    fn looks_at_transfers(&mut self) {
        if self.requests.transfers.is_empty() {
            return;
        }
        let over: Vec<Handle> = self.requests.transfers.keys().copied().filter(|over| !self.in_flight(*over)).collect();
        for over in over {
            let conn = self.requests.transfers.remove(&over).flatten();
            if self.finishes(over) == Status::SUCCESS {
                self.used.extend(conn);
            }
        }
    }

    /// A request is over: whoever asks is told how.
    fn finishes(&mut self, over: Handle) -> Status {
        let known = over_id(over).and_then(|over| self.world.overs().get(over.index()));
        let (status, bytes) = known.map_or((Status::SUCCESS, 0), |over| (over.status, over.bytes));
        let data = self.buffer(over);
        self.common.finished.borrow_mut().push(Finished { over: OverlappedId(over), status, bytes, data });
        status
    }

    fn posted_at(&self, listener: Handle) -> usize {
        self.requests.posted.values().filter(|(listen, _)| *listen == listener).count()
    }

    /// The program waits for the first time: so many requests it means to have.
    pub(crate) fn is_set_up(&mut self) {
        if self.set_up || self.threads.iter().any(|thread| thread.state == State::Ready) {
            return;
        }
        self.set_up = true;
        if !self.requests.completed {
            let listeners = self.listeners.iter().map(|listener| (*listener, self.posted_at(*listener)));
            self.requests.first = listeners.collect();
        }
    }

    /// Nobody is there any more, and the program has come to rest: are all requests back, and all sockets?
    pub(crate) fn counts_requests(&mut self) {
        for listener in self.listeners.clone() {
            // Threads that post at a time may post more than they keep; where one was over before all were posted nobody has counted.
            let counts = [self.requests.first.get(&listener), self.usual.posted.get(&listener)];
            let Some(first) = counts.into_iter().flatten().min().copied() else { continue };
            let left = self.posted_at(listener);
            if left >= first || !self.listeners.contains(&listener) {
                continue;
            }
            let ended = self.requests.over.get(&listener).into_iter().flatten();
            if ended.clone().any(|ended| ended.told_64 && ended.status == Status::CONNECTION_RESET) {
                let reason = "a request failed with 64, ERROR_NETNAME_DELETED, because its client was gone, and is not made again, \
                              as if the program had closed something";
                self.convicts(Judge::NoConfusion, reason.to_owned());
            }
            let reason = format!("of {first} posted AcceptEx {left} are left when all clients have gone");
            self.convicts(Judge::NothingLeaked, reason);
        }
        if self.requests.idle.values().any(|replaced| *replaced) {
            let reason = "a socket whose AcceptEx has failed is still open, while another was made in its place";
            self.convicts(Judge::NothingLeaked, reason.to_owned());
        }
        self.looks_for_lost_sockets();
    }

    /// The program has ended as it was asked to: is anything of its still under way?
    pub(crate) fn looks_for_outstanding(&mut self) {
        let requests = self.world.operations().iter().filter(|(_, op)| !op.tells.returns && op.tells.over.is_some());
        let left = requests.filter(|(_, op)| self.world.threads()[op.thread.index()].process == PROGRAM).count();
        if self.awaited_stop && left > 0 {
            let reason =
                format!("the program ends with {left} requests under way, which write into buffers that are no more");
            self.convicts(Judge::CleanStop, reason);
        }
    }

    /// A world has no clock, a run has: for how long a socket has been connected.
    pub(crate) fn tells_time(&self, call: &Call, outcome: &mut Outcome) {
        let (Call::Getsockopt { s, opt: Opt::ConnectTime }, Out::Option(value)) = (*call, &mut outcome.out) else {
            return;
        };
        let conn = self.world.slot_of(s).and_then(|slot| self.world.sockets()[slot.index()].conn);
        if let Some(since) = conn.and_then(|conn| self.connected_at.get(&conn)) {
            let seconds = (self.now - since) / 1000;
            *value = winaccept_model::call::OptVal::Number(u32::try_from(seconds).unwrap_or(u32::MAX - 1));
        }
    }
}
