//! A sequence chart for Mermaid.

use std::fmt::Write as _;

use super::{Chart, EventKind, SegmentData, TraceEvent};

/// A run as a sequence diagram: calls are notes, segments are arrows.
#[must_use]
pub fn sequence(chart: &Chart<'_>) -> String {
    let events = chart.events();
    let mut out = "sequenceDiagram\n".to_owned();
    let names: Vec<&str> = chart.script.actors.iter().map(|actor| actor.name.as_str()).collect();
    for (number, name) in names.iter().enumerate() {
        line(&mut out, &format!("participant a{number} as {}", escaped(name)));
    }
    if events.iter().any(meets_nobody) {
        line(&mut out, "participant nobody as (nobody listens)");
    }
    let of = |name: Option<&str>| match names.iter().position(|known| Some(*known) == name) {
        Some(number) => format!("a{number}"),
        None => "nobody".to_owned(),
    };
    for event in &events {
        draw(&mut out, event, &of, names.len());
    }
    out
}

fn meets_nobody(event: &TraceEvent) -> bool {
    event.segment.as_ref().is_some_and(|data| data.from.is_none() || data.to.is_none())
}

fn draw(out: &mut String, event: &TraceEvent, of: &dyn Fn(Option<&str>) -> String, actors: usize) {
    let actor = of(event.actor.as_deref());
    match event.event {
        EventKind::Begins | EventKind::Ends => {}
        EventKind::Arrives | EventKind::Lost => {
            if let Some(data) = &event.segment {
                arrow(out, data, event.event == EventKind::Lost, of);
            }
        }
        EventKind::Happens | EventKind::Timer => {
            let across = if actors > 1 { format!("a0,a{}", actors - 1) } else { "a0".to_owned() };
            line(out, &format!("Note over {across}: {}", escaped(&event.text)));
        }
        _ => {
            let text = match &event.outcome {
                Some(outcome) => format!("{} = {outcome}", event.text),
                None => event.text.clone(),
            };
            line(out, &format!("Note over {actor}: {}", escaped(&text)));
            if event.event == EventKind::Call && event.outcome.as_deref() == Some("...") {
                line(out, &format!("activate {actor}"));
            }
        }
    }
    for returned in &event.returns {
        let actor = of(Some(&returned.actor));
        line(out, &format!("Note over {actor}: {}", escaped(&format!("{} = {}", returned.name, returned.outcome))));
        line(out, &format!("deactivate {actor}"));
    }
}

fn arrow(out: &mut String, data: &SegmentData, lost: bool, of: &dyn Fn(Option<&str>) -> String) {
    let arrow = if lost { "-x" } else { "->>" };
    let name = data.connection.as_ref().map_or(String::new(), |name| format!(" of {name}"));
    let (from, to) = (of(data.from.as_deref()), of(data.to.as_deref()));
    line(out, &format!("{from}{arrow}{to}: {}{}", data.segment, escaped(&name)));
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "  {text}").expect("invariant: writing to a string does not fail");
}

/// Mermaid ends a text at `;` and takes `#` for the beginning of a character code.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '#' => "#35;".to_owned(),
        ';' => "#59;".to_owned(),
        _ => c.to_string(),
    };
    text.chars().map(escape).collect()
}
