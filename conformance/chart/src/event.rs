//! From a run to the events of a trace.

use winaccept_model::call::ThreadId;
use winaccept_model::world::{Direction, Segment};
use winaccept_sim::observe::Observed;
use winaccept_sim::script::{Action, Expect, NameId, Span};
use winaccept_sim::trace::{Entry, Link, Returned, Travel, What};

use super::{Chart, EventKind, ReturnData, SegmentData, TraceEvent};
use winaccept_lang::{render_action, render_expect, render_observed};

/// The events of a chart, between one that begins and one that ends.
pub(super) fn events(chart: &Chart<'_>) -> Vec<TraceEvent> {
    let file = chart.file;
    // A trace tells the same everywhere, whatever folder the scenario lies in.
    let name = if std::path::Path::new(file).is_absolute() {
        file.rsplit(['/', '\\']).next().unwrap_or(file).to_owned()
    } else {
        file.replace('\\', "/")
    };
    let mut begins = blank(EventKind::Begins, 0, chart.script.title.clone());
    (begins.scenario, begins.profile) = (Some(name), Some(chart.profile.clone()));
    let mut all = vec![begins];
    all.extend(chart.trace.entries.iter().map(|entry| event(chart, entry)));
    let last = chart.trace.entries.last().map_or(0, |entry| entry.call);
    let expected = chart.trace.expected;
    let text = if expected { "as the scenario expects" } else { "not as the scenario expects" };
    // Of a scenario that does not hold one run may well go as it expects.
    let text = match (&chart.judged, expected) {
        (None, _) => text.to_owned(),
        (Some(judged), true) => format!("{}, though one way goes {text}: {}", judged.word, judged.reason),
        (Some(judged), false) => format!("{}, {text}: {}", judged.word, judged.reason),
    };
    let mut ends = blank(EventKind::Ends, last, text);
    ends.expected = Some(expected);
    all.push(ends);
    for (index, event) in all.iter_mut().enumerate() {
        event.index = index;
    }
    all
}

fn blank(event: EventKind, call: usize, text: String) -> TraceEvent {
    TraceEvent {
        index: 0,
        call,
        event,
        actor: None,
        text,
        outcome: None,
        segment: None,
        sent: Vec::new(),
        returns: Vec::new(),
        rules: Vec::new(),
        shows: Vec::new(),
        confirms: Vec::new(),
        line: None,
        scenario: None,
        profile: None,
        expected: None,
    }
}

/// What a step shows and confirms.
fn claims(chart: &Chart<'_>, number: usize, event: &mut TraceEvent) {
    let step = &chart.program.steps[number];
    event.shows.clone_from(&step.shows);
    event.confirms.clone_from(&step.confirms);
}

fn event(chart: &Chart<'_>, entry: &Entry) -> TraceEvent {
    let mut event = blank(EventKind::Call, entry.call, String::new());
    let mut own = None;
    match &entry.what {
        What::Call { step } => {
            own = Some(*step);
            of_step(chart, *step, &mut event);
            claims(chart, *step, &mut event);
        }
        What::Arrives(travel) => arrives(chart, *travel, EventKind::Arrives, &mut event),
        What::Lost(travel) => arrives(chart, *travel, EventKind::Lost, &mut event),
        What::Timer(link) => {
            event.event = EventKind::Timer;
            event.text = format!("timer of {}", connection(chart, *link).unwrap_or_else(|| "?".to_owned()));
        }
        What::Expires(thread) => of_thread(chart, *thread, EventKind::TimeOut, "its time-out runs out", &mut event),
        What::LooksAgain(thread) => {
            of_thread(chart, *thread, EventKind::LooksAgain, "wakes and looks again", &mut event);
        }
        What::Apc(thread) => of_thread(chart, *thread, EventKind::Apc, "a user APC is due", &mut event),
        What::Prints { step, text } => {
            of_step(chart, *step, &mut event);
            event.event = EventKind::Prints;
            event.outcome = Some(render_observed(&Observed::Printed(text.clone()), chart.script, None));
            claims(chart, *step, &mut event);
        }
        What::Exits { step } => {
            of_step(chart, *step, &mut event);
            event.event = EventKind::Exits;
        }
        What::Ends { step } => {
            of_step(chart, *step, &mut event);
            event.event = EventKind::ThreadEnds;
        }
        What::PeerTakes { step, came } => {
            of_peer(chart, *step, &Observed::Came(*came), &mut event);
        }
        What::PeerSends { step } => {
            of_step(chart, *step, &mut event);
            event.shows.clone_from(&chart.program.steps[*step].shows);
        }
        What::Happens { span } => {
            event.event = EventKind::Happens;
            event.text = source(chart, *span).to_owned();
            event.line = Some(line(chart, *span));
        }
        What::NotTaken { step, reason } => {
            of_step(chart, *step, &mut event);
            event.event = EventKind::NotTaken;
            event.outcome = Some(render_observed(&Observed::NotTaken(reason.clone()), chart.script, None));
        }
        What::Differs { step, observed } => differs(chart, *step, observed, &mut event),
    }
    event.sent = entry.sent.iter().map(|travel| segment(chart, *travel)).collect();
    event.rules = entry.rules.iter().map(|rule| rule.name).collect();
    for returned in &entry.returned {
        if own == Some(returned.step) && returned.call == entry.call {
            event.outcome = Some(outcome(chart, returned));
        } else {
            event.returns.push(return_of(chart, returned));
        }
    }
    if own.is_some() && event.outcome.is_none() {
        event.outcome = Some("...".to_owned());
    }
    event
}

fn of_step(chart: &Chart<'_>, number: usize, event: &mut TraceEvent) {
    let step = &chart.program.steps[number];
    event.actor = Some(actor(chart, step.actor));
    event.text = render_action(&step.action, chart.script);
    event.line = Some(line(chart, step.span));
}

/// What a raw peer expects, and what had come.
fn of_peer(chart: &Chart<'_>, number: usize, came: &Observed, event: &mut TraceEvent) {
    of_step(chart, number, event);
    let step = &chart.program.steps[number];
    if let Some(expect) = &step.expect {
        event.text = format!("{} {}", event.text, render_expect(expect, chart.script));
    }
    event.outcome = Some(render_observed(came, chart.script, None));
    event.shows.clone_from(&step.shows);
}

fn of_thread(chart: &Chart<'_>, thread: ThreadId, kind: EventKind, text: &str, event: &mut TraceEvent) {
    event.event = kind;
    event.actor = Some(actor(chart, thread));
    text.clone_into(&mut event.text);
}

fn arrives(chart: &Chart<'_>, travel: Travel, kind: EventKind, event: &mut TraceEvent) {
    let data = segment(chart, travel);
    let of = data.connection.as_ref().map_or(String::new(), |name| format!(" of {name}"));
    let verb = if kind == EventKind::Lost { "is lost" } else { "arrives" };
    event.text = format!("{}{of} {verb}", data.segment);
    event.event = kind;
    event.segment = Some(data);
}

fn differs(chart: &Chart<'_>, number: usize, observed: &Observed, event: &mut TraceEvent) {
    of_step(chart, number, event);
    event.event = EventKind::Differs;
    let script = chart.script;
    let expect = chart.program.steps[number].expect.as_ref();
    let expected = expect.map_or("anything".to_owned(), |expect| render_expect(expect, script));
    event.text = format!("expected: {expected}");
    event.outcome = Some(render_observed(observed, script, binds(chart, number)));
}

fn segment(chart: &Chart<'_>, travel: Travel) -> SegmentData {
    let (client, server) = (Some(actor(chart, travel.link.client)), travel.link.server.map(|s| actor(chart, s)));
    let (from, to) = match travel.direction {
        Direction::Up => (client, server),
        Direction::Down => (server, client),
    };
    SegmentData { segment: segment_word(travel.segment), connection: connection(chart, travel.link), from, to }
}

/// A segment in the words of the language.
#[must_use]
pub fn segment_word(segment: Segment) -> &'static str {
    match segment {
        Segment::Syn => "SYN",
        Segment::SynAck => "SYN-ACK",
        Segment::Ack => "ACK",
        Segment::Rst => "RST",
        Segment::Fin => "FIN",
        Segment::Data => "DATA",
        Segment::BareRst => "RST",
    }
}

fn connection(chart: &Chart<'_>, link: Link) -> Option<String> {
    link.name.map(|name| chart.script.names[usize::from(name.0)].text.clone())
}

fn actor(chart: &Chart<'_>, thread: ThreadId) -> String {
    chart.script.actors[thread.index()].name.clone()
}

fn return_of(chart: &Chart<'_>, returned: &Returned) -> ReturnData {
    ReturnData {
        call: returned.call,
        actor: actor(chart, returned.actor),
        name: chart.program.call_at(returned.step).map_or("", |call| call.name()),
        outcome: outcome(chart, returned),
    }
}

fn outcome(chart: &Chart<'_>, returned: &Returned) -> String {
    let observed = Observed::Returned(returned.seen.clone());
    render_observed(&observed, chart.script, binds(chart, returned.step))
}

/// The variable that a step's handle is bound to: by the step, or by the one that takes note of its return.
fn binds(chart: &Chart<'_>, number: usize) -> Option<NameId> {
    let steps = &chart.program.steps;
    let step = &steps[number];
    let resumes = || {
        let later = steps[number + 1..].iter().filter(|later| later.actor == step.actor);
        later.into_iter().find(|later| later.action == Action::Resumes)
    };
    match &step.expect {
        Some(Expect::Blocks) => resumes()?.binds().next(),
        _ => step.binds().next(),
    }
}

fn source<'c>(chart: &'c Chart<'_>, span: Span) -> &'c str {
    chart.script.source.get(span.start as usize..span.end as usize).unwrap_or_default().trim()
}

fn line(chart: &Chart<'_>, span: Span) -> usize {
    let before = chart.script.source.get(..span.start as usize).unwrap_or_default();
    before.matches('\n').count() + 1
}
