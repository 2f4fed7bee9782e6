//! The events of one run so far, cheap to branch.

use std::rc::Rc;

use winaccept_model::call::{Address, Handle, ThreadId};
use winaccept_model::outcome::Value;
use winaccept_model::rule::{Effects, Rule};
use winaccept_model::step::Event;
use winaccept_model::world::{ConnId, Direction, Segment, SocketId, State, World};

use crate::config::Config;
use crate::observe::{Observed, Shown, printed};
use crate::peer::came;
use crate::scenario::Scenario;
use crate::script::{Action, Came, NameId, Span};

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The number of the call that this event is or, for what happens between calls, of the last call made before it;
    /// calls count from 1.
    pub call: usize,
    /// What happened.
    pub what: What,
    /// The segments that went on the wire because of it, in the order of their connections.
    pub sent: Vec<Travel>,
    /// The bytes that went with them, or behind a `DATA` that is on its way.
    pub data: Vec<Stream>,
    /// The calls that returned because of it, in order.
    pub returned: Vec<Returned>,
    /// The rules that fired, in order.
    pub rules: Vec<&'static Rule>,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// An actor made the call of this step.
    Call {
        /// The step's number.
        step: usize,
    },
    /// A segment arrived.
    Arrives(Travel),
    /// A segment was lost.
    Lost(Travel),
    /// A retransmission timer of this connection ran out.
    Timer(Link),
    /// The time-out of this thread's call ran out.
    Expires(ThreadId),
    /// This woken thread looked again for what it waits for.
    LooksAgain(ThreadId),
    /// A user APC was due in this thread's wait.
    Apc(ThreadId),
    /// The program printed.
    Prints {
        /// The step's number.
        step: usize,
        /// The text.
        text: String,
    },
    /// The program ended.
    Exits {
        /// The step's number.
        step: usize,
    },
    /// A thread ended.
    Ends {
        /// The step's number.
        step: usize,
    },
    /// A raw peer sent a segment.
    PeerSends {
        /// The step's number.
        step: usize,
    },
    /// A raw peer looked at what had come to it.
    PeerTakes {
        /// The step's number.
        step: usize,
        /// What had come.
        came: Came,
    },
    /// A happening of the script.
    Happens {
        /// The line of the script that says so.
        span: Span,
    },
    /// A step could not be taken.
    NotTaken {
        /// The step's number.
        step: usize,
        /// Why.
        reason: String,
    },
    /// What this step gave is not what the script expects of it.
    Differs {
        /// The step's number.
        step: usize,
        /// What it gave.
        observed: Observed,
    },
}

/// A segment on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Travel {
    /// The segment.
    pub segment: Segment,
    /// Its direction.
    pub direction: Direction,
    /// The connection.
    pub link: Link,
}

/// Bytes that went on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stream {
    /// The connection.
    pub link: Link,
    /// Their direction.
    pub direction: Direction,
    /// They.
    pub bytes: Vec<u8>,
}

/// A connection as people speak of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// The connection.
    pub conn: ConnId,
    /// The variable of the socket that opens it.
    pub name: Option<NameId>,
    /// The actor that opens it.
    pub client: ThreadId,
    /// The actor whose listener it reaches.
    pub server: Option<ThreadId>,
    /// The address it comes from.
    pub from: Address,
    /// The address it was opened to.
    pub to: Address,
}

/// A call that returned.
#[derive(Clone, PartialEq, Debug)]
pub struct Returned {
    /// The call's number.
    pub call: usize,
    /// Who made it.
    pub actor: ThreadId,
    /// The step that made it.
    pub step: usize,
    /// What it gave.
    pub seen: Shown,
}

/// The events so far. Branches of a run share what they have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    last: Option<Rc<Node>>,
    /// The number of the step being taken.
    pub(crate) step: usize,
}

#[derive(Debug)]
struct Node {
    entry: Entry,
    before: Option<Rc<Node>>,
}

impl Log {
    /// The events, first first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut next = self.last.as_ref();
        while let Some(node) = next {
            entries.push(node.entry.clone());
            next = node.before.as_ref();
        }
        entries.reverse();
        entries
    }

    /// Notes something that is no event of the world.
    pub(crate) fn push(&mut self, what: What) {
        let entry =
            Entry { call: 0, what, sent: Vec::new(), data: Vec::new(), returned: Vec::new(), rules: Vec::new() };
        self.note(entry);
    }

    fn note(&mut self, entry: Entry) {
        self.last = Some(Rc::new(Node { entry, before: self.last.take() }));
    }

    /// Notes an event, given the configurations around it.
    pub(crate) fn add(&mut self, scenario: &Scenario, before: &Config, event: Event, after: &Config, fx: &Effects) {
        let Some(what) = self.what(scenario, before, event, after, fx) else { return };
        let sent = sent(before, event, after);
        let data = data(before, event, after);
        let returned = self.returned(scenario, before, event, after, fx);
        self.note(Entry { call: 0, what, sent, data, returned, rules: fx.fired.clone() });
    }

    fn what(&self, scenario: &Scenario, before: &Config, event: Event, after: &Config, fx: &Effects) -> Option<What> {
        let step = self.step;
        Some(match event {
            Event::Call(..) | Event::InHook(..) | Event::Returns(..) => What::Call { step },
            Event::Resume(op) => What::LooksAgain(before.world.thread_of(op)),
            Event::Deliver(conn, direction) | Event::Lose(conn, direction) => {
                let segment = before.world.end(conn, direction).flight.first()?;
                let link = link(before, conn).or_else_server(&after.world);
                let travel = Travel { segment, direction, link };
                let unlucky = before.world.conns()[conn.index()].lose & 1 << segment as u8 != 0;
                if unlucky || matches!(event, Event::Lose(..)) { What::Lost(travel) } else { What::Arrives(travel) }
            }
            Event::Timer(conn) => What::Timer(link(before, conn)),
            Event::Expire(op) => What::Expires(before.world.thread_of(op)),
            Event::Apc(thread) => What::Apc(thread),
            Event::Print(thread) => {
                let number = fx.returns.first().map_or(0, |(_, outcome)| match outcome.value {
                    Value::Number(n) => n,
                    _ => -1,
                });
                let result = before.results.get(thread.index()).copied().unwrap_or_default();
                let Action::Prints { format, argument } = &scenario.steps[step].action else { return None };
                What::Prints { step, text: printed(format, *argument, number, result) }
            }
            Event::Exit(_) => What::Exits { step },
            Event::Ends(_) => What::Ends { step },
            Event::PeerSends(..) => What::PeerSends { step },
            Event::PeerTakes(peer) => What::PeerTakes { step, came: came(&before.world, peer) },
            // Told as the happenings of the script that they are.
            Event::Faults(..) | Event::Hold(..) | Event::LoseNext(..) => return None,
        })
    }

    fn returned(
        &self,
        scenario: &Scenario,
        before: &Config,
        event: Event,
        after: &Config,
        fx: &Effects,
    ) -> Vec<Returned> {
        if matches!(event, Event::Print(_)) {
            return Vec::new();
        }
        let mut own = match event {
            Event::Call(thread, _) | Event::InHook(thread, _) | Event::Returns(thread, _) => Some((thread, self.step)),
            _ => None,
        };
        let mut all = Vec::new();
        for (thread, outcome) in &fx.returns {
            // A call inside a blocking hook returns before the call it interrupts.
            let step = match own {
                Some((caller, step)) if caller == *thread => {
                    own = None;
                    Some(step)
                }
                _ => before.waiting(*thread),
            };
            if let Some((step, call)) = step.and_then(|step| Some((step, scenario.call_at(step)?))) {
                all.push(Returned { call: 0, actor: *thread, step, seen: after.shown(call, outcome) });
            }
        }
        all
    }
}

/// The segments in flight afterwards that were not in flight before.
fn sent(before: &Config, event: Event, after: &Config) -> Vec<Travel> {
    let mut all = Vec::new();
    for index in 0..after.world.conns().len() {
        let conn = ConnId::new(index);
        for direction in [Direction::Up, Direction::Down] {
            let old = before.world.end(conn, direction).flight;
            let popped = match event {
                Event::Deliver(c, d) | Event::Lose(c, d) => usize::from(c == conn && d == direction),
                // Whoever makes segments by hand has seen what came before.
                Event::PeerSends(peer, ..) if before.world.conn_owner(conn) == Some(peer) => old.len(),
                _ => 0,
            };
            let kept: Vec<Segment> = old.iter().skip(popped).collect();
            let new: Vec<Segment> = after.world.end(conn, direction).flight.iter().collect();
            let fresh = new.strip_prefix(kept.as_slice()).unwrap_or(&new);
            let travel = |segment: &Segment| Travel { segment: *segment, direction, link: link(after, conn) };
            all.extend(fresh.iter().map(travel));
        }
    }
    all
}

/// The bytes in flight afterwards that were not in flight before.
fn data(before: &Config, event: Event, after: &Config) -> Vec<Stream> {
    let mut all = Vec::new();
    for index in 0..after.world.conns().len() {
        let conn = ConnId::new(index);
        for direction in [Direction::Up, Direction::Down] {
            let old = before.world.end(conn, direction).sent.as_slice();
            let new = after.world.end(conn, direction).sent.as_slice();
            // What has arrived or was lost is not there any more.
            let first = before.world.end(conn, direction).flight.first();
            let gone = match event {
                Event::Deliver(c, d) | Event::Lose(c, d) => (c, d) == (conn, direction) && first == Some(Segment::Data),
                Event::PeerSends(peer, ..) => before.world.conn_owner(conn) == Some(peer),
                _ => false,
            };
            let fresh = if gone { new } else { new.get(old.len()..).unwrap_or(&[]) };
            if !fresh.is_empty() {
                all.push(Stream { link: link(after, conn), direction, bytes: fresh.to_vec() });
            }
        }
    }
    all
}

fn link(config: &Config, conn: ConnId) -> Link {
    let connection = &config.world.conns()[conn.index()];
    Link {
        from: connection.client_address,
        to: connection.server_address,
        conn,
        name: name_of(config, conn),
        client: config.world.conn_owner(conn).expect("invariant: a segment belongs to a connection that there is"),
        server: server_of(&config.world, conn),
    }
}

impl Link {
    /// The connection's server as another world knows it, if this one did not.
    fn or_else_server(self, world: &World) -> Link {
        Link { server: self.server.or_else(|| server_of(world, self.conn)), ..self }
    }
}

/// The variable of the socket that opens a connection: of those that held this slot the last one bound.
fn name_of(config: &Config, conn: ConnId) -> Option<NameId> {
    let opens = |handle: &Handle| handle.slot() == Some(SocketId(conn.0));
    config.vars.iter().rposition(opens).map(|name| NameId(name as u16))
}

/// The actor whose listener a connection reaches: the one that queues it, or that listens on its address.
fn server_of(world: &World, conn: ConnId) -> Option<ThreadId> {
    let connection = &world.conns()[conn.index()];
    let to = connection.server_address;
    let queued = connection.listener.map(|listener| &world.sockets()[listener.index()]);
    let listens = || {
        let reached = |socket: &&winaccept_model::world::Socket| {
            socket.state == State::Listening && socket.local.port == to.port && socket.local.family == to.family
        };
        world.sockets().iter().find(reached)
    };
    queued.or_else(listens).map(|socket| socket.owner)
}
