//! A sequence chart as a picture.

use super::{Chart, EventKind, SegmentData, TraceEvent};
use crate::svg::{self, Anchor, LINE, Look, MARGIN, WIDEST};
use crate::xml::Element;

/// What an actor has of the page where there is room.
const COLUMN: i64 = 300;
/// The least that the page is wide.
const NARROWEST: i64 = 900;
/// The most characters on a line of a label.
const MOST: usize = 64;

const CALL: Look = Look::new("#1f4e79", "#eaf2fa");
const RETURN: Look = Look::new("#2e6b34", "#eaf6ea");
const OTHER: Look = Look::new("#555555", "#f4f4f4");
const WRONG: Look = Look::new("#a61c1c", "#fdecec");
const HAPPENING: Look = Look::new("#8a6100", "#fff6dd");
const LIFE: Look = Look::new("#bbbbbb", "none").dashed();
const WAITING: Look = Look::new("#1f4e79", "#cfe0f0");
const SEGMENT: Look = Look::new("#333333", "none");
const LOST: Look = Look::new("#a61c1c", "none").dashed();

/// A run as a picture: an actor a column, an event a row, segments as arrows, and a bar where a call waits.
#[must_use]
pub fn picture(chart: &Chart<'_>) -> String {
    let events = chart.events();
    let mut page = Page::new(chart, &events);
    for event in &events {
        page.draw(event);
    }
    page.finish(chart, events.last().map_or("", |event| event.text.as_str()))
}

struct Page {
    /// The columns, by the names of their actors; `None` is whoever does not listen.
    columns: Vec<Option<String>>,
    width: i64,
    /// Where the next row begins.
    y: i64,
    /// Where the calls begin that wait now, by column.
    waits: Vec<(usize, i64)>,
    bars: Vec<Element>,
    rows: Vec<Element>,
}

impl Page {
    fn new(chart: &Chart<'_>, events: &[TraceEvent]) -> Page {
        let meets_nobody = |data: &SegmentData| data.from.is_none() || data.to.is_none();
        let actors = chart.script.actors.iter().map(|actor| Some(actor.name.clone()));
        let nobody = events.iter().any(|event| event.segment.as_ref().is_some_and(meets_nobody));
        let columns: Vec<Option<String>> = actors.chain(nobody.then_some(None)).collect();
        let width = (columns.len() as i64 * COLUMN + 2 * MARGIN).clamp(NARROWEST, WIDEST);
        let y = MARGIN + 3 * LINE + 3 * LINE;
        Page { columns, width, y, waits: Vec::new(), bars: Vec::new(), rows: Vec::new() }
    }

    fn column(&self, actor: Option<&str>) -> usize {
        let nobody = self.columns.len().saturating_sub(1);
        self.columns.iter().position(|name| name.as_deref() == actor).unwrap_or(nobody)
    }

    /// The middle of a column.
    fn x(&self, column: usize) -> i64 {
        let count = self.columns.len().max(1) as i64;
        MARGIN + (self.width - 2 * MARGIN) * (2 * column as i64 + 1) / (2 * count)
    }

    fn draw(&mut self, event: &TraceEvent) {
        let column = self.column(event.actor.as_deref());
        let text = match &event.outcome {
            Some(outcome) => format!("{} = {outcome}", event.text),
            None => event.text.clone(),
        };
        match event.event {
            EventKind::Begins | EventKind::Ends => {}
            EventKind::Arrives | EventKind::Lost => {
                if let Some(data) = &event.segment {
                    self.arrow(data, event.event == EventKind::Lost, &event.rules.join("\n"));
                }
            }
            EventKind::Happens => self.across(&text, event),
            EventKind::Timer => self.across(&format!("{text} runs out"), event),
            EventKind::Differs => self.note(column, &text, WRONG, event),
            EventKind::Call => {
                self.note(column, &text, CALL, event);
                if event.outcome.as_deref() == Some("...") {
                    self.waits.push((column, self.y));
                }
            }
            _ => self.note(column, &text, OTHER, event),
        }
        for returned in &event.returns {
            let column = self.column(Some(&returned.actor));
            self.ends_waiting(column);
            self.note(column, &format!("{} resumes = {}", returned.name, returned.outcome), RETURN, event);
        }
    }

    fn ends_waiting(&mut self, column: usize) {
        if let Some(at) = self.waits.iter().rposition(|(waiting, _)| *waiting == column) {
            let (_, began) = self.waits.remove(at);
            self.bars.push(svg::rectangle(self.x(column) - 6, began, 12, self.y - began, WAITING));
        }
    }

    /// Something that one actor does or sees.
    fn note(&mut self, column: usize, text: &str, look: Look, event: &TraceEvent) {
        let lines = svg::lines(text, MOST);
        let width = svg::width(&lines) + 20;
        // Beside its column rather than off the page.
        let half = width / 2;
        let x = self.x(column).clamp(MARGIN + half, (self.width - MARGIN - half).max(MARGIN + half));
        self.boxed(x, width, &lines, look, &told(text, event));
    }

    /// Something that concerns nobody alone.
    fn across(&mut self, text: &str, event: &TraceEvent) {
        self.boxed(self.width / 2, self.width - 2 * MARGIN, &svg::lines(text, MOST), HAPPENING, &told(text, event));
    }

    fn boxed(&mut self, x: i64, width: i64, lines: &[String], look: Look, whole: &str) {
        let height = svg::height(lines) + 8;
        self.rows.push(svg::rectangle(x - width / 2, self.y, width, height, look));
        self.rows.push(svg::label(x, self.y + 4, lines, Anchor::Middle, whole));
        self.y += height + 10;
    }

    fn arrow(&mut self, data: &SegmentData, lost: bool, rules: &str) {
        let (from, to) = (self.column(data.from.as_deref()), self.column(data.to.as_deref()));
        let look = if lost { LOST } else { SEGMENT };
        let of = data.connection.as_ref().map_or(String::new(), |name| format!(" of {name}"));
        let text = format!("{}{of}{}", data.segment, if lost { ", lost" } else { "" });
        let lines = svg::lines(&text, MOST);
        let (begin, end, at) = (self.x(from), self.x(to), self.y + svg::height(&lines) + 4);
        // To itself it goes round.
        let mut points = vec![(begin, at), (end, at)];
        if from == to {
            points = vec![(begin, at - 8), (begin + 40, at - 8), (begin + 40, at), (begin, at)];
        }
        let half = svg::width(&lines) / 2;
        let middle = if from == to { begin + 50 + half } else { i64::midpoint(begin, end) };
        let middle = middle.clamp(MARGIN + half, (self.width - MARGIN - half).max(MARGIN + half));
        let whole = if rules.is_empty() { text } else { format!("{text}\n{rules}") };
        // The lines of others must not run through it.
        self.rows.push(
            Element::new("rect")
                .with("x", middle - half - 4)
                .with("y", self.y)
                .with("width", 2 * half + 8)
                .with("height", svg::height(&lines))
                .with("fill", "white"),
        );
        self.rows.push(svg::label(middle, self.y, &lines, Anchor::Middle, &whole));
        self.rows.push(svg::line(&points, look));
        self.rows.push(svg::head((end, at), from < to, look.stroke));
        self.y = at + 14;
    }

    fn finish(mut self, chart: &Chart<'_>, ends: &str) -> String {
        while let Some((column, _)) = self.waits.last().copied() {
            self.ends_waiting(column);
        }
        let title = format!("{} (profile {})", chart.script.title, chart.profile);
        let most = ((self.width - 2 * MARGIN) / 9) as usize;
        let mut parts = vec![svg::label(MARGIN, MARGIN, &svg::lines(&title, most), Anchor::Start, &title)];
        let top = MARGIN + 3 * LINE;
        let room = (self.width - 2 * MARGIN) / self.columns.len().max(1) as i64;
        for (number, name) in self.columns.iter().enumerate() {
            let name = name.as_deref().unwrap_or("(nobody listens)");
            let lines = svg::lines(name, ((room - 24) / 9).max(1) as usize);
            let width = svg::width(&lines) + 20;
            let x = self.x(number);
            parts.push(svg::line(&[(x, top), (x, self.y)], LIFE));
            parts.push(svg::rectangle(x - width / 2, top, width, svg::height(&lines) + 8, OTHER));
            parts.push(svg::label(x, top + 4, &lines, Anchor::Middle, name));
        }
        parts.append(&mut self.bars);
        parts.append(&mut self.rows);
        let lines = svg::lines(ends, most);
        parts.push(svg::label(MARGIN, self.y + 8, &lines, Anchor::Start, ends));
        svg::document(&title, self.width, self.y + 8 + svg::height(&lines) + MARGIN, parts)
    }
}

/// All that there is to say: the rules, too.
fn told(text: &str, event: &TraceEvent) -> String {
    std::iter::once(text).chain(event.rules.iter().copied()).collect::<Vec<_>>().join("\n")
}
