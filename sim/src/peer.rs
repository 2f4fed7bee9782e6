//! What a raw peer of a script does in a world.

use winaccept_model::call::{Data, ThreadId};
use winaccept_model::step::Event;
use winaccept_model::world::{Segment, World};

use crate::config::Config;
use crate::scenario::Scenario;
use crate::script::{Action, Came, Expect, NameId, PeerSegment};

/// The variable to whose address a raw peer sends.
pub(crate) fn address_of(scenario: &Scenario, peer: ThreadId) -> Option<NameId> {
    scenario.script.peers.iter().find(|other| other.actor == peer).map(|peer| peer.to)
}

/// The event that a step of a raw peer is; `None` where it is no such step, or the variable that it sends to holds no socket.
pub(crate) fn event_of(scenario: &Scenario, config: &Config, peer: ThreadId, action: &Action) -> Option<Event> {
    match action {
        Action::Sends { segment, data } => {
            let to = config.vars[usize::from(address_of(scenario, peer)?.0)].slot()?;
            Some(Event::PeerSends(peer, to, segment_of(*segment), *data))
        }
        Action::Expects => Some(Event::PeerTakes(peer)),
        _ => None,
    }
}

/// What has come to a raw peer first.
pub(crate) fn came(world: &World, peer: ThreadId) -> Came {
    let Some((segment, bytes)) = world.first_to(peer) else { return Came::Nothing };
    let data = Data::new(&bytes[..bytes.len().min(Data::MAX)]).unwrap_or_default();
    Came::Segment(seen(segment), data)
}

/// Can a raw peer of a lane go on with what it expects: has something come, or is nothing what it expects?
pub(crate) fn can_look(world: &World, peer: ThreadId, expect: Option<&Expect>) -> bool {
    let nothing = matches!(expect, Some(Expect::Segments(all)) if all.contains(&Came::Nothing));
    nothing || world.first_to(peer).is_some()
}

fn segment_of(segment: PeerSegment) -> Segment {
    match segment {
        PeerSegment::Syn => Segment::Syn,
        PeerSegment::SynAck => Segment::SynAck,
        PeerSegment::Ack => Segment::Ack,
        PeerSegment::Data => Segment::Data,
        PeerSegment::Fin => Segment::Fin,
        PeerSegment::Rst => Segment::BareRst,
        PeerSegment::RstAck => Segment::Rst,
    }
}

fn seen(segment: Segment) -> PeerSegment {
    match segment {
        Segment::Syn => PeerSegment::Syn,
        Segment::SynAck => PeerSegment::SynAck,
        Segment::Ack => PeerSegment::Ack,
        Segment::Data => PeerSegment::Data,
        Segment::Fin => PeerSegment::Fin,
        Segment::BareRst => PeerSegment::Rst,
        Segment::Rst => PeerSegment::RstAck,
    }
}
