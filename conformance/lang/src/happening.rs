//! What happens without a call: segments held and lost, timers, faults.

use winaccept_model::choice::{Alt, CHOICES, by_name};
use winaccept_sim::script::{Fault, FaultKind, Happening, SegmentName};

use super::cursor::Parsed;
use super::diagnostic::Diagnostic;
use super::parser::Parser;
use super::suggest::did_you_mean;

pub(super) const SEGMENTS: &[(&str, SegmentName)] = &[
    ("SYN", SegmentName::Syn),
    ("SYN-ACK", SegmentName::SynAck),
    ("ACK", SegmentName::Ack),
    ("RST", SegmentName::Rst),
    ("FIN", SegmentName::Fin),
    ("DATA", SegmentName::Data),
];

pub(super) const FAULTS: &[(&str, FaultKind)] = &[
    ("no-descriptors", FaultKind::NoDescriptors),
    ("no-buffers", FaultKind::NoBuffers),
    ("network-down", FaultKind::NetworkDown),
    ("no-handles", FaultKind::NoHandles),
    ("in-callback", FaultKind::InCallback),
];

impl Parser<'_> {
    /// Takes a happening; the caller has seen its first word.
    pub(super) fn happening(&mut self) -> Parsed<Happening> {
        self.count_step()?;
        match self.cursor.advance().0 {
            "hold" => self.socket_variable(None).map(Happening::Hold),
            "release" => self.socket_variable(None).map(Happening::Release),
            "timer" => {
                self.cursor.expect("of")?;
                self.socket_variable(None).map(Happening::Timer)
            }
            "may" => {
                self.cursor.expect("drop")?;
                let segment = self.segment()?;
                self.socket_variable(None).map(|name| Happening::MayDrop(segment, name))
            }
            "drop" => {
                let segment = self.segment()?;
                self.socket_variable(None).map(|name| Happening::Drop(segment, name))
            }
            "deliver" => {
                let segment = self.segment()?;
                self.socket_variable(None).map(|name| Happening::Deliver(segment, name))
            }
            "lose" => {
                let segment = self.segment()?;
                self.socket_variable(None).map(|name| Happening::Lose(segment, name))
            }
            "choose" => self.choice().map(Happening::Choose),
            "mend" => {
                let kind = self.cursor.one_of("a fault", FAULTS)?;
                Ok(Happening::Mend(kind, self.for_process()?))
            }
            // The caller sends nothing else here.
            _ => self.fault().map(Happening::Fault),
        }
    }

    /// `POINT = ALTERNATIVE`
    fn choice(&mut self) -> Parsed<Alt> {
        let name = self.cursor.text();
        let Some(index) = by_name(name) else {
            let near = did_you_mean(name, CHOICES.iter().map(|point| point.name));
            let problem = self.cursor.expectation("the name of a choice point, such as `hand-over`").maybe_help(near);
            return Err(self.cursor.report(problem));
        };
        self.cursor.advance();
        self.cursor.expect("=")?;
        let known = CHOICES[index].alternatives.iter().enumerate();
        let alternatives: Vec<_> = known.map(|(at, name)| (*name, Alt(index as u8, at as u8))).collect();
        self.cursor.one_of("an alternative", &alternatives)
    }

    /// `SYN of`
    fn segment(&mut self) -> Parsed<SegmentName> {
        let segment = self.cursor.one_of("a segment", SEGMENTS)?;
        self.cursor.expect("of")?;
        Ok(segment)
    }

    fn fault(&mut self) -> Parsed<Fault> {
        let kind = self.cursor.one_of("a fault", FAULTS)?;
        let process = self.for_process()?;
        let mut at = None;
        if self.cursor.eat("at") {
            let name = self.call_name()?.name.to_owned();
            at = Some((name, self.cursor.integer("the number of the call", 1..=255)? as u8));
        }
        Ok(Fault { kind, process, at })
    }

    /// Nothing may follow a happening on its line.
    pub(super) fn happening_ends(&mut self) -> Parsed<()> {
        if self.cursor.at("=") || self.cursor.at("shows") {
            let problem =
                Diagnostic::new("a happening has no outcome", self.cursor.span(), "expected the end of the line")
                    .help("expect the outcome of the calls that come after it");
            return Err(self.cursor.report(problem));
        }
        self.cursor.line_end("the end of the line")
    }
}
