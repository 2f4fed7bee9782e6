//! Text for people: wrapped at a width that fits a terminal, sections set off by indentation.

/// The widest line.
pub const WIDTH: usize = 100;

/// A text under construction.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// A blank page.
    #[must_use]
    pub fn new() -> Page {
        Page::default()
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

    /// A paragraph that begins with `label` at `indent`; its text stands at `column`.
    pub fn hanging(&mut self, indent: usize, label: &str, column: usize, text: &str) {
        let mut line = format!("{:indent$}{label}", "");
        if line.chars().count() > column.saturating_sub(1).max(indent) && !text.is_empty() {
            self.line(&line);
            line = String::new();
        }
        let mut empty = true;
        for word in text.split_whitespace() {
            let used = line.chars().count().max(column);
            if !empty && used + 1 + word.chars().count() > WIDTH {
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
    fn paragraphs_hang_and_fit() {
        let mut page = Page::new();
        page.hanging(2, "label", 10, &"word ".repeat(40));
        page.hanging(2, "a-label-that-is-too-long", 10, "text");
        let text = page.finish();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.starts_with("  label   word word"), "{text}");
        assert!(text.ends_with("  a-label-that-is-too-long\n          text\n"), "{text}");
    }
}
