//! What happened in a run, in order: what becomes a scenario.

use winaccept_model::call::Call;
use winaccept_model::choice::Alt;
use winaccept_model::outcome::Outcome;
use winaccept_model::world::{ConnId, Segment};
use winaccept_sim::script::FaultKind;

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// An actor made a call; `None`: it waits.
    Call(usize, Call, Option<Outcome>),
    /// The call that it waited in returned.
    Resumes(usize, Outcome),
    /// The first segment in flight of a connection that is held arrived.
    Deliver(ConnId, Segment),
    /// A connection's segments stay in flight, or go on.
    Hold(ConnId, bool),
    /// A retransmission timer ran out.
    Timer(ConnId),
    /// A fault began, or ended.
    Fault(FaultKind, bool),
    /// The next step was decided so.
    Chooses(Alt),
    /// The same call gave the same so many times more.
    Again(u32),
}
