//! A chart of text: one line an event, its rules beside it.

use super::{Chart, EventKind, SegmentData, TraceEvent};
use crate::page::{Page, fitted, printable};

/// Where the rules stand.
const RULES: usize = 64;

/// A run as text, as wide as the terminal.
#[must_use]
pub fn chart(chart: &Chart<'_>) -> String {
    fitted(&drawn(chart, Page::new()))
}

/// A run as text of this width, in characters: the same wherever it is written.
#[must_use]
pub fn chart_of_width(chart: &Chart<'_>, width: usize) -> String {
    drawn(chart, Page::of_width(width))
}

fn drawn(chart: &Chart<'_>, mut page: Page) -> String {
    let events = chart.events();
    let actors = chart.script.actors.iter().map(|actor| actor.name.chars().count()).max().unwrap_or(0);
    page.line(&printable(&format!("{} (profile {})", chart.script.title, chart.profile)));
    page.gap();
    for event in &events {
        line(&mut page, event, actors);
    }
    page.gap();
    page.line(&format!("{}, {} calls", events.last().map_or("", |event| event.text.as_str()), calls(&events)));
    page.finish()
}

fn calls(events: &[TraceEvent]) -> usize {
    events.iter().filter(|event| event.event == EventKind::Call).count()
}

fn line(page: &mut Page, event: &TraceEvent, actors: usize) {
    let number = if event.event == EventKind::Call { event.call.to_string() } else { String::new() };
    let who = event.actor.as_deref().unwrap_or_default();
    let text = match event.event {
        EventKind::Begins | EventKind::Ends => return,
        EventKind::Arrives | EventKind::Lost => {
            event.segment.as_ref().map_or(String::new(), |data| travel(data, event))
        }
        EventKind::Happens => format!("* {}", event.text),
        EventKind::Timer => format!("* {} runs out", event.text),
        EventKind::Differs => format!("! {}", event.text),
        _ => match &event.outcome {
            Some(outcome) => format!("{} = {outcome}", event.text),
            None => event.text.clone(),
        },
    };
    let sent: Vec<&str> = event.sent.iter().map(|data| data.segment).collect();
    let sends = if sent.is_empty() { String::new() } else { format!("  sends {}", sent.join(", ")) };
    let start = format!("{number:>4}  {who:actors$}  ");
    let rules = event.rules.join(" ");
    match text.split_once(" = ").filter(|_| start.len() + text.len() + sends.len() > page.width()) {
        Some((call, outcome)) => {
            page.line(&format!("{start}{call}"));
            page.hanging(start.len() + 2, &format!("= {outcome}{sends}"), RULES, &rules);
        }
        None => page.hanging(0, &format!("{start}{text}{sends}"), RULES, &rules),
    }
    for returned in &event.returns {
        let who = &returned.actor;
        page.line(&format!("{:4}  {who:actors$}  {} resumes = {}", "", returned.name, returned.outcome));
    }
}

fn travel(data: &SegmentData, event: &TraceEvent) -> String {
    let end = |actor: &Option<String>| actor.clone().unwrap_or_else(|| "nobody".to_owned());
    let arrow = if event.event == EventKind::Lost { "--x" } else { "-->" };
    let of = data.connection.as_ref().map_or(String::new(), |name| format!(" of {name}"));
    format!("{} {arrow} {}: {}{of}", end(&data.from), end(&data.to), data.segment)
}
