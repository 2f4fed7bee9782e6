//! Text for people: wrapped at the width of the terminal, sections set off by indentation.

use std::sync::OnceLock;

use terminal_size::{Width, terminal_size};

/// The width of a line where nobody says how wide the terminal is: in a file, in a pipe.
pub const WIDTH: usize = 100;
/// Narrower than this a table says nothing, wider than this nobody reads a line.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=200;

/// What COLUMNS says, from 40 to 200; 0 says that nobody knows.
#[must_use]
pub fn columns() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse::<usize>().ok());
    said.filter(|columns| *columns > 0).map(|columns| columns.clamp(*WIDTHS.start(), *WIDTHS.end()))
}

/// How wide a line may be, in columns: what COLUMNS says, else as wide as the terminal, else [`WIDTH`]; from 40 to 200.
#[must_use]
pub fn width() -> usize {
    static FOUND: OnceLock<usize> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let terminal = || terminal_size().map(|(Width(columns), _)| usize::from(columns));
        columns().or_else(terminal).unwrap_or(WIDTH).clamp(*WIDTHS.start(), *WIDTHS.end())
    })
}

/// Text whose lines fit the terminal: one that is too long goes on in the next, two columns further in. A word stays whole.
#[must_use]
pub fn fitted(text: &str) -> String {
    fitted_to(text, width())
}

/// The same in lines of so many columns.
#[must_use]
pub fn fitted_to(text: &str, width: usize) -> String {
    let mut fitted = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let below = indent(line) + 2;
        let mut rest = line.to_owned();
        while let Some(at) = cut(&rest, width) {
            fitted += rest[..at].trim_end();
            fitted.push('\n');
            rest = format!("{:below$}{}", "", rest[at..].trim_start_matches(' '));
        }
        fitted += &rest;
    }
    fitted
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Where to cut a line that is too long: at the last blank that is near enough, or the first there is.
fn cut(line: &str, width: usize) -> Option<usize> {
    let line = line.trim_end_matches('\n');
    if line.chars().count() <= width {
        return None;
    }
    let indent = indent(line);
    let mut blanks = line.char_indices().enumerate().filter(|(_, (at, c))| *c == ' ' && *at > indent);
    let near = blanks.clone().take_while(|(column, _)| *column <= width).last();
    near.or_else(|| blanks.next()).map(|(_, (at, _))| at)
}

/// Text from a file as a terminal may have it: control characters are told by their symbols (`␛`), not obeyed.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if obeyed(c) { symbol(c) } else { c }).collect()
}

/// Would a terminal do something for this character other than show it? Also the marks that turn the direction of
/// writing: no reader would see what they do to a line.
#[must_use]
pub fn obeyed(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

fn symbol(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// A text under construction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    text: String,
    width: usize,
}

impl Default for Page {
    fn default() -> Page {
        Page::new()
    }
}

impl Page {
    /// A blank page, as wide as the terminal.
    #[must_use]
    pub fn new() -> Page {
        Page::of_width(width())
    }

    /// A blank page with lines of at most this many columns.
    #[must_use]
    pub fn of_width(width: usize) -> Page {
        Page { text: String::new(), width }
    }

    /// How wide its lines may be, in columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// A line as it is.
    pub fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// An empty line, unless there is one already or nothing stands above it.
    pub fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A heading, with a gap above.
    pub fn heading(&mut self, text: &str) {
        self.gap();
        self.line(text);
    }

    /// A paragraph, wrapped, every line indented.
    pub fn paragraph(&mut self, indent: usize, text: &str) {
        self.hanging(indent, "", indent, text);
    }

    /// A paragraph that begins with `label` at `indent`; its text stands at `column`, or nearer on a narrow page.
    pub fn hanging(&mut self, indent: usize, label: &str, column: usize, text: &str) {
        let column = if self.width < WIDTH { (column * self.width / WIDTH).max(indent) } else { column };
        self.hanging_at(indent, label, column, text);
    }

    /// The same at this very column.
    pub fn hanging_at(&mut self, indent: usize, label: &str, column: usize, text: &str) {
        // No further to the right than lets the longest word end on the page.
        let longest = text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
        let column = column.min(self.width.saturating_sub(longest)).max(indent);
        let mut line = format!("{:indent$}{label}", "");
        if line.chars().count() > column.saturating_sub(1).max(indent) && !text.is_empty() {
            self.line(&line);
            line = String::new();
        }
        let mut empty = true;
        for word in text.split_whitespace() {
            let used = line.chars().count().max(column);
            if !empty && used + 1 + word.chars().count() > self.width {
                self.line(&line);
                line = String::new();
                empty = true;
            }
            let width = line.chars().count();
            if empty {
                line.push_str(&" ".repeat(column.saturating_sub(width)));
            } else {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line);
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_of_a_title() {
        assert_eq!(printable("a\x1b[2Jb\n\u{9b}c\u{202e}d\x7f"), "a␛[2Jb\n\u{fffd}c\u{fffd}d␡");
    }

    #[test]
    fn a_line_that_is_too_long_goes_on_below() {
        let text = "short\n  one two three four five six\nx-very-long-word-that-stays and goes on\n";
        let fitted = fitted_to(text, 14);
        assert_eq!(
            fitted,
            "short\n  one two\n    three four\n    five six\nx-very-long-word-that-stays\n  and goes on\n"
        );
        assert_eq!(fitted_to(text, 100), text);
        assert_eq!(fitted_to("a table   row   of three\n", 12), "a table\n  row   of\n  three\n");
    }

    #[test]
    fn a_narrow_page_is_narrow() {
        let mut page = Page::of_width(40);
        page.hanging(2, "label", 28, &"word ".repeat(40));
        let text = page.finish();
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }

    #[test]
    fn paragraphs_hang_and_fit() {
        let mut page = Page::of_width(WIDTH);
        page.hanging(2, "label", 10, &"word ".repeat(40));
        page.hanging(2, "a-label-that-is-too-long", 10, "text");
        let text = page.finish();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.starts_with("  label   word word"), "{text}");
        assert!(text.ends_with("  a-label-that-is-too-long\n          text\n"), "{text}");
    }
}
