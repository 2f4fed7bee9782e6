//! What happened in a run, in order: what becomes a scenario.

use winaccept_model::call::Call;
use winaccept_model::choice::Alt;
use winaccept_model::outcome::Outcome;
use winaccept_model::world::{ConnId, Segment};
use winaccept_sim::script::FaultKind;

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
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

/// The longest part that is looked for again behind itself.
const PART: usize = 24;

/// The record with what repeats itself shown once; `None`: nothing does.
pub(crate) fn collapsed(record: &[Entry]) -> Option<Vec<Entry>> {
    let mut kept = record.to_vec();
    for part in 1..=PART {
        let mut at = 0;
        while at + 2 * part <= kept.len() {
            if kept[at..at + part] == kept[at + part..at + 2 * part] {
                kept.drain(at + part..at + 2 * part);
            } else {
                at += 1;
            }
        }
    }
    (kept.len() < record.len()).then_some(kept)
}
