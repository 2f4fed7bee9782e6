//! What a guard sees and an effect changes.
//!
//! Rules, engine and step reach the world through [`At`] alone. What they look at is noted by owner
//! ([`Effects::read`]), and what they may have changed ([`Effects::touched`]): a step depends on nothing that it did not
//! note, so that whoever explores can remember what came of it.

mod ask;
mod change;
mod queue;

use std::cell::{Cell, RefCell};

use crate::call::{Call, NetworkEvents, ThreadId};
use crate::id::Maybe;
use crate::limit::Limit;
use crate::machine::Machine;
use crate::operation::{Answer, OpId, OverId, PortId, WindowId};
use crate::outcome::Outcome;
use crate::profile::Tape;
use crate::rule::{Cause, Effects, Rule, Tables};
use crate::world::{ConnId, Direction, EventId, SocketId, World};

/// What a guard sees and an effect changes: the world, the profile, and what the event is about.
pub struct At<'a> {
    w: &'a mut World,
    /// Somebody wants to know what is read and touched.
    pub(crate) notes_owners: bool,
    /// What is allowed, and the rule that is broken, if one is.
    pub(crate) machine: &'a Machine,
    /// The tables of rules, handed in: what fires them knows none of them.
    pub(crate) tables: &'static Tables,
    // Guards may ask, and what they ask is decided and noted: hence the cells.
    pub(crate) tape: RefCell<&'a mut Tape>,
    pub(crate) fx: &'a mut Effects,
    /// The connection that was changed last; others that were are in the effects.
    changes: Maybe<ConnId>,
    /// The rule that is asked, or that fires.
    pub(crate) asking: Cell<Option<&'static Rule>>,
    /// Something may be wrong with the process of the thread in question, as [`At::in_trouble`] says exactly.
    pub(crate) trouble: bool,
    /// A connection may be no more, so that its slot is free.
    pub(crate) frees: bool,
    /// The call is past its checks on entry.
    pub(crate) taking: bool,
    /// Who is calling, or whose call is concerned.
    pub thread: ThreadId,
    /// The call that is being made; of an operation, see [`At::call`].
    pub(crate) makes: &'a Call,
    /// See [`At::op`], and below [`At::socket`] and [`At::conn`].
    pub(crate) op: Maybe<OpId>,
    pub(crate) socket: Maybe<SocketId>,
    /// Which of its handles the caller used.
    pub copy: usize,
    pub(crate) conn: Maybe<ConnId>,
    /// The direction of the segment in question.
    pub direction: Direction,
    /// The network event in question.
    pub network_event: NetworkEvents,
    /// The call was blocked and looks again.
    pub again: bool,
    /// This side of the connection in question may have ended its stream before the other did.
    pub first: bool,
    /// Why a blocked call is cancelled.
    pub cause: Cause,
    /// What the condition function of the call in question has said; [`Answer::Nothing`]: it was not asked yet.
    pub answer: Answer,
    /// The value that the effect wants returned.
    pub gives: Option<Outcome>,
}

/// What is still to happen in this step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    /// Operations at a socket look again.
    Socket(SocketId),
    /// Operations that wait for an event look again.
    Event(EventId),
    /// Operations that wait for messages to a window look again.
    Window(WindowId),
    /// A network event occurred at a socket.
    Occurs(SocketId, NetworkEvents),
    /// An operation has lost what it waits for.
    Ends(OpId, Cause),
    /// The handshake of the request that an operation has accepted is complete.
    Answered(OpId),
    /// Whoever waits at a port looks: it has a packet.
    Packet(PortId),
    /// The port is closed that a call waits at.
    Abandoned(OpId),
    /// Whoever waits for the request with this OVERLAPPED looks; this thread has made it.
    Completed(OverId, ThreadId),
}

impl<'a> At<'a> {
    #[inline(always)]
    pub(crate) fn new(
        w: &'a mut World,
        machine: &'a Machine,
        tables: &'static Tables,
        tape: &'a mut Tape,
        fx: &'a mut Effects,
    ) -> At<'a> {
        At {
            w,
            notes_owners: !fx.without_notes,
            machine,
            tables,
            tape: RefCell::new(tape),
            fx,
            changes: Maybe::NONE,
            asking: Cell::new(None),
            trouble: true,
            frees: false,
            taking: false,
            thread: ThreadId(0),
            makes: &Call::WSAGetLastError,
            op: Maybe::NONE,
            socket: Maybe::NONE,
            copy: 0,
            conn: Maybe::NONE,
            direction: Direction::Up,
            network_event: NetworkEvents(0),
            again: false,
            first: false,
            cause: Cause::Close,
            answer: Answer::Nothing,
            gives: None,
        }
    }

    /// The step is over: writes down what it depends on, and what was decided.
    #[inline(always)]
    pub(crate) fn finish(&mut self) {
        self.bring_up_to_date();
        // Nothing is decided where nothing is resolved.
        if self.notes_owners || self.fx.resolved.is_any() {
            self.writes_notes();
        }
    }

    #[inline(never)]
    fn writes_notes(&mut self) {
        if self.tape.get_mut().overran() {
            self.reaches(Limit { most: Tape::MAX, of: "decisions in one step" });
        }
        let Effects { noted, deciding, decided, read, touched, .. } = &mut *self.fx;
        decided.append(deciding.get_mut());
        if self.notes_owners {
            noted.read.write(read);
            noted.touched.write(touched);
        }
    }
}
