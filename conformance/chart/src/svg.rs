//! SVG as charts and graphs need it: boxes, lines and labels of at most two lines, in whole pixels.
//!
//! Whoever looks at it on a slide can read it: nothing is wider than [`WIDEST`], and what a label has to leave out stands in its
//! title, which a browser shows under the pointer.

use crate::xml::Element;

/// The most that a picture may be wide.
pub const WIDEST: i64 = 2000;
/// Around everything.
pub const MARGIN: i64 = 20;
/// From one line of text to the next.
pub const LINE: i64 = 20;
/// The most that a character is wide, in the fonts named below at their size.
const CHARACTER: i64 = 9;
/// Letters of one width, as most systems have them.
const FONTS: &str = "DejaVu Sans Mono, Menlo, Consolas, monospace";

/// What is drawn with which colours: the line, and what it encloses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// The colour of the line, as SVG takes it.
    pub stroke: &'static str,
    /// The colour inside.
    pub fill: &'static str,
    /// Is the line broken?
    pub dashed: bool,
}

impl Look {
    /// A whole line.
    #[must_use]
    pub const fn new(stroke: &'static str, fill: &'static str) -> Look {
        Look { stroke, fill, dashed: false }
    }

    /// The same with a broken line.
    #[must_use]
    pub const fn dashed(self) -> Look {
        Look { dashed: true, ..self }
    }

    fn on(self, element: Element) -> Element {
        let element = element.with("stroke", self.stroke).with("fill", self.fill).with("stroke-width", 2);
        if self.dashed { element.with("stroke-dasharray", "6 4") } else { element }
    }
}

/// A text in at most two lines of so many characters, the last with a mark where something had to be left out.
pub fn lines(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("invariant: there is a line");
        if last.is_empty() {
            *last = word.to_owned();
        } else if columns(last) + 1 + columns(word) <= most {
            *last += &format!(" {word}");
        } else {
            lines.push(word.to_owned());
        }
    }
    let more = lines.len() > 2;
    lines.truncate(2);
    let last = lines.len() - 1;
    for (number, line) in lines.iter_mut().enumerate() {
        if columns(line) > most || (more && number == last) {
            while columns(line) >= most {
                line.pop();
            }
            line.push('…');
        }
    }
    lines
}

/// How many letters wide this is: what is not ASCII may be as wide as two.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// How wide these lines are, in pixels.
pub fn width(lines: &[String]) -> i64 {
    lines.iter().map(|line| columns(line)).max().unwrap_or(0) as i64 * CHARACTER
}

/// How high these lines are, in pixels.
pub fn height(lines: &[String]) -> i64 {
    lines.len() as i64 * LINE
}

/// Where a label stands in relation to its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
}

/// Lines of text below this place, and under the pointer all that there is to say.
pub fn label(x: i64, top: i64, lines: &[String], anchor: Anchor, whole: &str) -> Element {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
    };
    let text = lines.iter().zip(1..).map(|(line, number)| {
        let base = top + number * LINE - 5;
        Element::new("text").with("x", x).with("y", base).with("text-anchor", anchor).text(line)
    });
    Element::new("g").with("class", "label").child(Element::new("title").text(whole)).children(text)
}

/// A box with round corners.
pub fn rectangle(x: i64, y: i64, width: i64, height: i64, look: Look) -> Element {
    let place = Element::new("rect").with("x", x).with("y", y).with("width", width).with("height", height);
    look.on(place.with("rx", 6))
}

/// A line through these points.
pub fn line(points: &[(i64, i64)], look: Look) -> Element {
    look.on(Element::new("polyline").with("points", written(points)))
}

/// The head of an arrow whose tip is here, and that comes from the left or the right.
pub fn head((x, y): (i64, i64), from_left: bool, colour: &'static str) -> Element {
    let back = if from_left { x - 10 } else { x + 10 };
    Element::new("polygon").with("points", written(&[(x, y), (back, y - 5), (back, y + 5)])).with("fill", colour)
}

fn written(points: &[(i64, i64)]) -> String {
    points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

/// A picture of this size.
pub fn document(title: &str, width: i64, height: i64, parts: Vec<Element>) -> String {
    Element::new("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .with("width", width)
        .with("height", height)
        .with("viewBox", format!("0 0 {width} {height}"))
        .with("font-family", FONTS)
        .with("font-size", 14)
        .child(Element::new("title").text(title))
        .child(Element::new("rect").with("width", width).with("height", height).with("fill", "white"))
        .children(parts)
        .document()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_two_lines_and_say_that_there_is_more() {
        assert_eq!(lines("one two three", 8), ["one two", "three"]);
        assert_eq!(lines("one two three four", 8), ["one two", "three…"]);
        assert_eq!(lines("one two three four", 5), ["one", "two…"]);
        assert_eq!(lines("exceedingly long", 6), ["excee…", "long"]);
        assert_eq!(lines("ééééé", 6), ["éé…"]);
        assert_eq!(lines("", 6), [""]);
        assert_eq!((width(&lines("one two three", 8)), height(&lines("one two three", 8))), (63, 40));
    }
}
