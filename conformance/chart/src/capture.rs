//! A run as a capture: pcapng, which Wireshark and tshark read. Each segment is a packet where it is sent, and what happened since
//! the packet before stands in its comment.
//!
//! The model knows segments, not bytes of headers. What is made up here is what every TCP has: sequence numbers that follow from
//! the segments, checksums, a window; and for a port that the system chose, a number of those that systems choose.
//! Time is virtual: an event takes a microsecond, and where a time-out or a retransmission timer runs out, its time has passed.

mod packet;
mod pcapng;
mod tcp;

use winaccept_model::call::ThreadId;
use winaccept_model::world::{Direction, Segment};
use winaccept_sim::trace::{Entry, Link, What};

use crate::{Chart, TraceEvent};
use pcapng::Writer;
use tcp::{Flow, Ports};

/// A retransmission timer runs so long, in microseconds: half a second, as for programs.
const TIMER: u64 = 500_000;

/// The run as pcapng, section header first. The same run gives the same bytes.
#[must_use]
pub fn capture(chart: &Chart<'_>) -> Vec<u8> {
    let events = chart.events();
    let title = format!("{}\nprofile {}", chart.script.title, chart.profile);
    let mut writer = Writer::new(&title);
    let mut ports = Ports::new(chart.trace.entries.iter().flat_map(links));
    let mut flows: Vec<Flow> = Vec::new();
    let mut clock = Clock::default();
    let mut comment = String::new();
    // The first event and the last say that the run begins and ends.
    for (entry, event) in chart.trace.entries.iter().zip(&events[1..]) {
        clock.goes_on(chart, entry);
        comment += &line(event);
        if let What::Arrives(travel) | What::Lost(travel) = &entry.what {
            let arrives = matches!(entry.what, What::Arrives(_));
            if let Some(flow) = flows.iter_mut().rev().find(|flow| flow.is(&travel.link)) {
                flow.leaves_the_wire(travel.direction, travel.segment, arrives);
            }
        }
        for (link, direction, segment, bytes) in sent(entry) {
            let known = flows.iter().rposition(|flow| flow.is(&link));
            let again = known.is_some_and(|at| flows[at].goes_on_with(segment));
            let at = known.filter(|_| again).unwrap_or_else(|| {
                flows.push(Flow::new(&link, flows.len(), &mut ports));
                flows.len() - 1
            });
            let packet = flows[at].sends(direction, segment, bytes);
            writer.packet(clock.now, &packet, &std::mem::take(&mut comment));
        }
    }
    comment += &events.last().map(|event| event.text.clone()).unwrap_or_default();
    writer.finish(&comment)
}

/// The connections that an entry tells of.
fn links(entry: &Entry) -> impl Iterator<Item = Link> + '_ {
    entry.sent.iter().map(|travel| travel.link).chain(entry.data.iter().map(|stream| stream.link))
}

/// What an entry puts on the wire, in order. Bytes behind a `DATA` that is on its way already are a packet of their own.
fn sent(entry: &Entry) -> Vec<(Link, Direction, Segment, &[u8])> {
    let mut left: Vec<_> = entry.data.iter().collect();
    let mut all = Vec::new();
    for travel in &entry.sent {
        let is = |stream: &&winaccept_sim::trace::Stream| {
            stream.link.conn == travel.link.conn && stream.direction == travel.direction
        };
        let bytes = match (travel.segment, left.iter().position(is)) {
            (Segment::Data, Some(at)) => left.remove(at).bytes.as_slice(),
            _ => &[],
        };
        all.push((travel.link, travel.direction, travel.segment, bytes));
    }
    let more = left.into_iter().map(|stream| (stream.link, stream.direction, Segment::Data, stream.bytes.as_slice()));
    // They were sent before an end of the stream that is sent with them.
    all.splice(0..0, more);
    all
}

/// An event in a line.
fn line(event: &TraceEvent) -> String {
    let actor = event.actor.as_ref().map_or(String::new(), |actor| format!("{actor}  "));
    let outcome = event.outcome.as_ref().map_or(String::new(), |outcome| format!(" = {outcome}"));
    let rules = if event.rules.is_empty() { String::new() } else { format!("  [{}]", event.rules.join(" ")) };
    let returns = event.returns.iter().map(|r| format!("{}  {} resumes = {}\n", r.actor, r.name, r.outcome));
    format!("{actor}{}{outcome}{rules}\n{}", event.text, returns.collect::<String>())
}

/// Virtual time, in microseconds.
#[derive(Default)]
struct Clock {
    now: u64,
    /// When each thread's last call was made, and after how long that gives up.
    calls: Vec<(ThreadId, u64)>,
}

impl Clock {
    fn goes_on(&mut self, chart: &Chart<'_>, entry: &Entry) {
        self.now += 1;
        match entry.what {
            What::Timer(_) => self.now += TIMER,
            What::Call { step } => {
                let thread = chart.program.steps[step].actor;
                let after = chart.program.call_at(step).and_then(|call| call.time_out().flatten());
                self.calls.retain(|(of, _)| *of != thread);
                self.calls.extend(after.map(|after| (thread, self.now + u64::from(after) * 1000)));
            }
            What::Expires(thread) => {
                let due = self.calls.iter().find(|(of, _)| *of == thread).map_or(0, |(_, due)| *due);
                self.now = self.now.max(due);
            }
            _ => {}
        }
    }
}
