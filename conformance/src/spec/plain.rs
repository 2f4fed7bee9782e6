//! A page as plain text: HTML and Markdown markup removed, white space folded, lines remembered.

/// Text without markup in which every run of white space is one space.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plain {
    text: String,
    /// For every byte of `text`, its line in the source, counted from 1.
    lines: Vec<u32>,
}

impl Plain {
    /// Removes the markup of a page that mixes HTML and Markdown.
    ///
    /// Tags, links' targets, emphasis, back-ticks and block quote marks go; character references
    /// become their character. Fenced code stays as it is, since a `<` there is no tag.
    #[must_use]
    pub fn of(source: &str) -> Plain {
        let mut reader = Reader { rest: source, line: 1, fenced: false, plain: Plain::default() };
        let mut line_start = true;
        while let Some(first) = reader.rest.chars().next() {
            let length = reader.markup(line_start).unwrap_or_else(|| reader.literal(first));
            let (passed, rest) = reader.rest.split_at(length);
            line_start = passed.ends_with('\n');
            reader.line += newlines(passed);
            reader.rest = rest;
        }
        reader.plain
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The source lines, counted from 1, on which `quote` begins; empty if it does not occur.
    /// White space in the quote is folded, nothing else is changed.
    #[must_use]
    pub fn lines_of(&self, quote: &str) -> Vec<u32> {
        let quote = quote.split_whitespace().collect::<Vec<_>>().join(" ");
        if quote.is_empty() {
            return Vec::new();
        }
        self.text.match_indices(&quote).map(|(at, _)| self.lines[at]).collect()
    }

    fn push(&mut self, character: char, line: u32) {
        let character = if character.is_whitespace() { ' ' } else { character };
        if character == ' ' && (self.text.is_empty() || self.text.ends_with(' ')) {
            return;
        }
        self.text.push(character);
        self.lines.resize(self.text.len(), line);
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: u32,
    fenced: bool,
    plain: Plain,
}

impl Reader<'_> {
    /// Keeps one character as it is. Returns its length in bytes.
    fn literal(&mut self, character: char) -> usize {
        self.plain.push(character, self.line);
        character.len_utf8()
    }

    /// If the rest begins with markup, emits what the markup stands for and returns its length in
    /// bytes.
    fn markup(&mut self, line_start: bool) -> Option<usize> {
        if line_start && self.rest.trim_start_matches(' ').starts_with("```") {
            self.fenced = !self.fenced;
            return Some(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
        if self.fenced {
            return None;
        }
        match self.rest.as_bytes()[0] {
            b'<' => tag(self.rest),
            b'&' => {
                let (character, length) = reference(self.rest)?;
                self.plain.push(character, self.line);
                Some(length)
            }
            b'[' => self.rest.find(']').filter(|at| self.rest[*at..].starts_with("](")).map(|_| 1),
            b']' if self.rest.starts_with("](") => self.rest.find(')').map(|at| at + 1),
            b'*' if self.rest.starts_with("**") => Some(2),
            b'`' => Some(1),
            b'>' if line_start => Some(1),
            _ => None,
        }
    }
}

/// The length of the HTML tag or comment at the beginning, if there is one.
fn tag(rest: &str) -> Option<usize> {
    let opens = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
    if opens { rest.find('>').map(|at| at + 1) } else { None }
}

/// The character reference at the beginning, if there is one: its character and length in bytes.
fn reference(rest: &str) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 6] =
        [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"'), ("&nbsp;", ' '), ("&#39;", '\'')];
    NAMED.iter().find(|(name, _)| rest.starts_with(name)).map(|(name, character)| (*character, name.len()))
}

/// How many lines end in `text`. A page has fewer lines than `u32` holds.
fn newlines(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}
