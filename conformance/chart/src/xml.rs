//! XML as far as reports and drawings need it: elements, attributes, text.

use std::fmt::Write as _;

/// An element with what is in it.
#[derive(Clone, Debug)]
pub struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// An empty element.
    pub fn new(name: &'static str) -> Element {
        Element { name, attributes: Vec::new(), text: String::new(), children: Vec::new() }
    }

    /// With an attribute. Its name has to be a new one.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Element {
        self.attributes.push((name, value.to_string()));
        self
    }

    /// With this text in it, before its elements.
    pub fn text(mut self, text: impl Into<String>) -> Element {
        self.text = text.into();
        self
    }

    /// With this element behind those that it has.
    pub fn child(mut self, child: Element) -> Element {
        self.children.push(child);
        self
    }

    /// With these elements behind those that it has.
    pub fn children(mut self, children: impl IntoIterator<Item = Element>) -> Element {
        self.children.extend(children);
        self
    }

    /// The document of which this is the root, an element a line.
    pub fn document(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut text, 0);
        text
    }

    fn write(&self, text: &mut String, depth: usize) {
        let indent = "    ".repeat(depth);
        let _ = write!(text, "{indent}<{}", self.name);
        for (name, value) in &self.attributes {
            let _ = write!(text, " {name}=\"{}\"", escaped(value));
        }
        if self.text.is_empty() && self.children.is_empty() {
            *text += "/>\n";
            return;
        }
        let _ = write!(text, ">{}", escaped(&self.text));
        if !self.children.is_empty() {
            *text += "\n";
            self.children.iter().for_each(|child| child.write(text, depth + 1));
            *text += &indent;
        }
        let _ = writeln!(text, "</{}>", self.name);
    }
}

/// Text as it stands in an attribute or in an element. What XML 1.0 cannot hold, even escaped, is left out.
fn escaped(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => all += "&amp;",
            '<' => all += "&lt;",
            '>' => all += "&gt;",
            '"' => all += "&quot;",
            // As they are, a reader would take them for spaces.
            '\n' | '\r' | '\t' => {
                let _ = write!(all, "&#{};", u32::from(c));
            }
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {}
            _ => all.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped_and_what_cannot_be_is_left_out() {
        let inner = Element::new("b").with("at", "\"<&>'\n\u{1b}\u{ffff}é").text("a < b\u{0}");
        let text = Element::new("a").child(inner).children([Element::new("c")]).document();
        let wanted = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                      <a>\n    <b at=\"&quot;&lt;&amp;&gt;'&#10;é\">a &lt; b</b>\n    <c/>\n</a>\n";
        assert_eq!(text, wanted);
    }
}
