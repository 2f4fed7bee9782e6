//! A reference model of the queues, kept beside a walk: who came when.
//!
//! A connection draws a ticket when the last ACK of its handshake arrives. A ticket is given back exactly once: the
//! connection is accepted, or lost for a reason that a rule names. It never looks at the model's own queue to decide who is
//! next; at the end of each step both must agree.

use std::collections::BTreeMap;

use winaccept_model::call::{Call, ThreadId};
use winaccept_model::operation::Phase;
use winaccept_model::outcome::Value;
use winaccept_model::rule::{Effects, Gives, Takes};
use winaccept_model::status::Status;
use winaccept_model::step::{Answer, Event};
use winaccept_model::world::{ConnId, SocketId, State, Tcb, World};

/// The connections that hold a ticket of each listener, first come first.
#[derive(Clone, Debug)]
pub struct Tickets {
    queues: BTreeMap<SocketId, Vec<ConnId>>,
}

impl Tickets {
    /// The tickets of those who already wait when a walk begins.
    pub fn of(world: &World) -> Tickets {
        let all = world.sockets().iter().enumerate();
        let queues =
            all.map(|(index, socket)| (SocketId::new(index), socket.accept_queue().iter().collect())).collect();
        Tickets { queues }
    }

    // Longer than a screen: a line for each rule that gives a ticket or takes one.
    /// Follows one step; says what is wrong with it.
    pub fn follow(&mut self, before: &World, event: Event, fx: &Effects, after: &World) -> Result<(), String> {
        if let Event::Returns(thread, answer) = event
            && answer != Answer::Nothing
        {
            self.comes_back(before, thread);
        }
        let mut returned = 0;
        for rule in &fx.fired {
            match rule.name {
                "ack.queues-connection" => self.draw(before, event)?,
                "syn.put-to-program" => self.asks(before, event, after)?,
                "rst.queued-vanishes" | "rst.undecided" => self.lose(before, event)?,
                // It leaves the queue for its handshake, and is the first again when that is complete.
                "accept.answers-request" => self.answers(before, after)?,
                "ack.completes-accepted" => self.completes(before, event)?,
                "connect.sends-syn" => self.makes_way(before, event),
                "AcceptEx.takes-connection"
                | "AcceptEx.takes-and-receives"
                | "AcceptEx.short-length-loses"
                | "AcceptEx.peer-reset"
                | "AcceptEx.peer-reset-as-not-connected" => self.serve(after)?,
                // It is the listener's, and in no queue, while it is decided about.
                "WSAAccept.asks-condition" => {
                    let (thread, _) = fx.returns[returned];
                    let listener = listener_of(before, event, thread).ok_or("asked about nobody's connection")?;
                    self.front(listener)?;
                }
                _ if fx.took(rule) != Takes::Keeps => {
                    let (thread, _) = fx.returns[returned];
                    // The first to return of a call made in a blocking hook is that call.
                    let listener = match event {
                        Event::InHook(caller, call) if returned == 0 => about(before, caller, &call),
                        _ => listener_of(before, event, thread),
                    };
                    if let Some(listener) = listener {
                        self.front(listener)?;
                    }
                }
                _ => {}
            }
            if let Gives::CallsBack
            | Gives::Fails(_)
            | Gives::Succeeds
            | Gives::Returns(_)
            | Gives::Undefined
            | Gives::Unmodelled
            | Gives::Reports
            | Gives::Pends = fx.gave(rule)
            {
                // The first to return of a call made in a blocking hook is that call, not the one it interrupts.
                let in_hook = returned == 0 && matches!(event, Event::InHook(..));
                let accepted = fx.returns.get(returned).filter(|_| !in_hook).and_then(|(thread, outcome)| {
                    let Value::Handle(handle) = outcome.value else { return None };
                    Some((listener_of(before, event, *thread)?, handle))
                });
                if let Some((listener, handle)) = accepted {
                    let new = handle.slot().and_then(|s| after.sockets()[s.index()].conn);
                    let conn = new.ok_or("accept gave no connected socket")?;
                    let first = self.front(listener)?;
                    if first != conn {
                        return Err(format!("{conn:?} was accepted before {first:?}, which came earlier"));
                    }
                }
                returned += 1;
            }
        }
        self.close(fx, after)?;
        self.compare(after)
    }

    /// A request that was answered is a connection, and the first of the queue again.
    fn completes(&mut self, before: &World, event: Event) -> Result<(), String> {
        let conn = travels_on(before, event).ok_or("a handshake completed by no segment")?;
        let listener = before.conns()[conn.index()].listener.ok_or("accepted at no listener")?;
        self.queues.entry(listener).or_default().insert(0, conn);
        Ok(())
    }

    fn draw(&mut self, before: &World, event: Event) -> Result<(), String> {
        let conn = travels_on(before, event).ok_or("a connection queued by no segment")?;
        let listener = before.conns()[conn.index()].listener.ok_or("queued at no listener")?;
        if self.queues.values().any(|queue| queue.contains(&conn)) {
            return Err(format!("{conn:?} draws a second ticket"));
        }
        self.queues.entry(listener).or_default().push(conn);
        Ok(())
    }

    /// A request that is not answered draws its ticket when it comes.
    fn asks(&mut self, before: &World, event: Event, after: &World) -> Result<(), String> {
        let new = |c: &usize| {
            let was = before.conns()[*c].server.tcb == Tcb::Undecided;
            !was && after.conns()[*c].server.tcb != Tcb::None
        };
        let conn = match event {
            Event::Deliver(conn, _) => conn,
            Event::PeerSends(peer, ..) => {
                let slots = before.threads()[peer.index()].own_slots();
                ConnId::new(slots.into_iter().find(new).ok_or("a raw peer asks with no connection")?)
            }
            _ => return Err("a request that no segment made".to_owned()),
        };
        let to = after.conns()[conn.index()].listener.ok_or("asks at no listener")?;
        self.queues.entry(to).or_default().push(conn);
        Ok(())
    }

    /// The first of a queue is accepted, and its handshake goes on.
    fn answers(&mut self, before: &World, after: &World) -> Result<(), String> {
        let answered =
            |world: &World, c: ConnId| world.operations().iter().any(|(_, op)| op.phase == Phase::Answers(c));
        let all = (0..after.conns().len()).map(ConnId::new);
        for conn in all.filter(|conn| answered(after, *conn) && !answered(before, *conn)) {
            let listener = after.conns()[conn.index()].listener.ok_or("answered at no listener")?;
            let first = self.front(listener)?;
            if first != conn {
                return Err(format!("{conn:?} was answered before {first:?}, which came earlier"));
            }
        }
        Ok(())
    }

    /// Whoever connects anew has taken back what was asked before.
    fn makes_way(&mut self, before: &World, event: Event) {
        let (Event::Call(thread, call) | Event::InHook(thread, call)) = event else { return };
        let process = before.threads()[thread.index()].process;
        let again = call.subject().and_then(|s| before.resolve(process, s)).map(|(s, _)| ConnId(s.0));
        self.queues.values_mut().for_each(|queue| queue.retain(|conn| Some(*conn) != again));
    }

    /// A condition function comes back: what it was asked about is the first of the queue again.
    fn comes_back(&mut self, before: &World, thread: ThreadId) {
        let Some(op) = before.asks(thread).filter(|op| op.status == Status::PENDING) else { return };
        if let (Phase::Decides(conn), Some(listener)) = (op.phase, op.about) {
            self.queues.entry(listener).or_default().insert(0, conn);
        }
    }

    fn front(&mut self, listener: SocketId) -> Result<ConnId, String> {
        let queue = self.queues.entry(listener).or_default();
        if queue.is_empty() { Err("accepted, but nobody was queued".to_owned()) } else { Ok(queue.remove(0)) }
    }

    /// A request has taken the first of some queue: one that is not queued any more.
    fn serve(&mut self, after: &World) -> Result<(), String> {
        let is_gone = |(listener, queue): &(&SocketId, &Vec<ConnId>)| {
            let still = after.sockets()[listener.index()].accept_queue();
            queue.first().is_some_and(|first| !still.contains(*first))
        };
        let listener = self.queues.iter().find(is_gone).map(|(listener, _)| *listener);
        let listener = listener.ok_or("a request took a connection, but nobody has left a queue")?;
        self.front(listener).map(|_| ())
    }

    fn lose(&mut self, before: &World, event: Event) -> Result<(), String> {
        let conn = travels_on(before, event).ok_or("a connection reset by no segment")?;
        let held = self.queues.values_mut().find_map(|queue| {
            let place = queue.iter().position(|other| *other == conn)?;
            Some(queue.remove(place))
        });
        held.map(|_| ()).ok_or_else(|| format!("{conn:?} vanished without having a ticket"))
    }

    /// Listeners that were closed take their queue with them; listening again may drop the last to come.
    fn close(&mut self, fx: &Effects, after: &World) -> Result<(), String> {
        let relisten = fx.fired.iter().any(|rule| rule.name == "listen.again-drops-excess");
        for (listener, queue) in &mut self.queues {
            let socket = &after.sockets()[listener.index()];
            if socket.state != State::Listening {
                queue.clear();
            } else if relisten && socket.accept_queue().len() < queue.len() {
                if socket.accept_queue().len() != socket.backlog() {
                    return Err("listening again dropped more than the excess".to_owned());
                }
                queue.truncate(socket.accept_queue().len());
            }
        }
        Ok(())
    }

    fn compare(&self, after: &World) -> Result<(), String> {
        for (index, socket) in after.sockets().iter().enumerate() {
            let listener = SocketId::new(index);
            let expected = self.queues.get(&listener).map_or(&[][..], Vec::as_slice);
            if !socket.accept_queue().iter().eq(expected.iter().copied()) {
                return Err(format!("{listener:?} queues {:?}, by ticket {expected:?}", socket.accept_queue()));
            }
        }
        Ok(())
    }
}

/// The connection on which a segment arrives: of a raw peer's the one that lives.
fn travels_on(before: &World, event: Event) -> Option<ConnId> {
    match event {
        Event::Deliver(conn, _) => Some(conn),
        Event::PeerSends(peer, ..) => {
            let mut slots = before.threads()[peer.index()].own_slots();
            slots.find(|slot| before.conns()[*slot].lingers()).map(ConnId::new)
        }
        _ => None,
    }
}

/// The listener that this thread's call of accept is about.
fn listener_of(before: &World, event: Event, thread: ThreadId) -> Option<SocketId> {
    let call = match event {
        Event::Call(caller, call) if caller == thread => call,
        Event::Returns(asked, _) if asked == thread => before.asks(thread)?.call,
        _ => before.waits(thread)?.1.call,
    };
    about(before, thread, &call)
}

/// The listener that a call of accept is about.
fn about(before: &World, thread: ThreadId, call: &Call) -> Option<SocketId> {
    let s = call.subject().filter(|_| call.accepts())?;
    before.resolve(before.threads()[thread.index()].process, s).map(|(socket, _)| socket)
}
