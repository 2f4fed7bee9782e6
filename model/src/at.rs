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
use crate::choice::COUNT;
use crate::operation::OpId;
use crate::outcome::Outcome;
use crate::profile::{Profile, Tape};
use crate::rule::{Cause, Decided, Effects, Mutant, Rule, Tables};
use crate::world::{ConnId, Direction, EventId, SocketId, Touched, World};

/// What a guard sees and an effect changes: the world, the profile, and what the event is about.
pub struct At<'a> {
    w: &'a mut World,
    /// Whose objects were looked at.
    read: RefCell<Touched>,
    known: Known,
    pub(crate) profile: &'a Profile,
    pub(crate) mutant: Option<Mutant>,
    /// The tables of rules, handed in: what fires them knows none of them.
    pub(crate) tables: Tables,
    // Guards may ask, and what they ask is decided and noted: hence the cells.
    pub(crate) tape: RefCell<&'a mut Tape>,
    pub(crate) fx: &'a mut Effects,
    /// Choices resolved in this step: alternative plus one, and whether it was open.
    pub(crate) decided: [Cell<u8>; COUNT],
    /// What becomes [`Effects::decided`].
    pub(crate) notes: RefCell<Vec<Decided>>,
    /// The rule that is asked, or that fires.
    pub(crate) asking: Cell<Option<&'static Rule>>,
    /// The call is past its checks on entry.
    pub(crate) taking: bool,
    /// Who is calling, or whose call is concerned.
    pub thread: ThreadId,
    /// The call.
    pub call: Call,
    /// The operation that the call has become; `None` while the call is being made.
    pub op: Option<OpId>,
    /// The socket in question.
    pub socket: Option<SocketId>,
    /// Which of its handles the caller used.
    pub copy: usize,
    /// The connection in question.
    pub conn: Option<ConnId>,
    /// The direction of the segment in question.
    pub direction: Direction,
    /// The network event in question.
    pub network_event: NetworkEvents,
    /// The call was blocked and looks again.
    pub again: bool,
    /// Why a blocked call is cancelled.
    pub cause: Cause,
    /// The value that the effect wants returned.
    pub gives: Option<Outcome>,
}

/// Who is noted already, as far as that is known at once: nearly always it is.
#[derive(Default)]
struct Known {
    read: Owners,
    touched: Owners,
}

/// Owners noted before: the first 64 as bits, and the last of the others.
#[derive(Default)]
struct Owners {
    first: Cell<u64>,
    last: Cell<Option<ThreadId>>,
}

impl Owners {
    /// Is this one perhaps new? From now on it is not.
    #[inline]
    fn adds(&self, owner: ThreadId) -> bool {
        if owner.0 < u64::BITS {
            let bit = 1 << owner.0;
            return self.first.replace(self.first.get() | bit) & bit == 0;
        }
        self.last.replace(Some(owner)) != Some(owner)
    }
}

/// What is still to happen in this step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    /// Operations at a socket look again.
    Socket(SocketId),
    /// Operations that wait for an event look again.
    Event(EventId),
    /// A network event occurred at a socket.
    Occurs(SocketId, NetworkEvents),
    /// An operation has lost what it waits for.
    Ends(OpId, Cause),
}

impl<'a> At<'a> {
    pub(crate) fn new(
        w: &'a mut World,
        profile: &'a Profile,
        mutant: Option<Mutant>,
        tables: Tables,
        tape: &'a mut Tape,
        fx: &'a mut Effects,
    ) -> At<'a> {
        let notes = RefCell::new(std::mem::take(&mut fx.decided));
        At {
            w,
            read: RefCell::new(std::mem::take(&mut fx.read)),
            known: Known::default(),
            profile,
            mutant,
            tables,
            tape: RefCell::new(tape),
            fx,
            decided: [const { Cell::new(0) }; COUNT],
            notes,
            asking: Cell::new(None),
            taking: false,
            thread: ThreadId(0),
            call: Call::WSAGetLastError,
            op: None,
            socket: None,
            copy: 0,
            conn: None,
            direction: Direction::Up,
            network_event: NetworkEvents(0),
            again: false,
            cause: Cause::Close,
            gives: None,
        }
    }

    /// The step is over: writes down what it depends on, and what was decided.
    pub(crate) fn finish(mut self) {
        self.bring_up_to_date();
        self.fx.decided = self.notes.into_inner();
        self.fx.read = self.read.into_inner();
    }
}
