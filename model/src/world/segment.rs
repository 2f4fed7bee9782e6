//! The kinds of segments.

/// A segment in flight.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Segment {
    #[default]
    Syn,
    SynAck,
    Ack,
    Rst,
    Fin,
    Data,
    /// A RST without an ACK, where a raw peer can tell it from one with.
    BareRst,
}

impl Segment {
    /// All kinds; the last place stands for none.
    pub(crate) const ALL: [Segment; 8] = [
        Segment::Syn,
        Segment::SynAck,
        Segment::Ack,
        Segment::Rst,
        Segment::Fin,
        Segment::Data,
        Segment::BareRst,
        Segment::BareRst,
    ];
}
