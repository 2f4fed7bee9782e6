//! Lays a scenario out in the one way that all of them are laid out.
//!
//! Works on tokens, line by line, so that comments, blank lines and the author's line breaks stay.

use super::diagnostic::Diagnostics;
use super::limits::{MAX_FILE, MAX_LINE};
use super::parser::parse;
use super::reserved::KEYWORDS;
use super::signature::OUTS;
use super::token::{self, Kind, Token};

/// Formats the text of a scenario: steps in columns, blocks indented by two, single spaces elsewhere.
///
/// # Errors
/// What is wrong with the scenario; clause ids are not checked.
pub fn format_source(source: &str, file: &str) -> Result<String, Diagnostics> {
    parse(source.as_bytes(), file, &|_| true)?;
    let tokens = token::scan(source);
    let lines: Vec<_> = tokens
        .split_inclusive(|token| matches!(token.kind, Kind::Newline | Kind::Continuation | Kind::End))
        .map(|line| Line::new(source, line))
        .collect();
    // What a step goes on with begins with no actor.
    let goes_on = std::iter::once(false).chain(lines.iter().map(|line| line.goes_on));
    let begin = lines.iter().zip(goes_on).filter(|(_, continued)| !continued);
    let actors = begin.filter_map(|(line, _)| line.actor()).map(str::len).max().unwrap_or(0);
    let mut layout = Layout { actors, blocks: 0, continues: false };
    let mut out = String::with_capacity(source.len());
    for line in &lines {
        let text = layout.line(line);
        // Blank lines at the beginning, and more than one of them anywhere, say nothing.
        if text.is_empty() && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        // A line may grow beyond what the parser takes; better left as it was.
        out += if text.len() > MAX_LINE { line.raw } else { &text };
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len() + 1);
    Ok(if out.len() > MAX_FILE { source.to_owned() } else { out })
}

/// A line of the file.
struct Line<'a> {
    /// As it was, without its end.
    raw: &'a str,
    /// Its tokens as they are spelled, without the comment.
    words: Vec<&'a str>,
    comment: &'a str,
    /// It ends in `\`.
    goes_on: bool,
}

impl<'a> Line<'a> {
    fn new(source: &'a str, tokens: &[Token]) -> Line<'a> {
        let mut line = Line { raw: "", words: Vec::new(), comment: "", goes_on: false };
        for token in tokens {
            let text = &source[token.span.clone()];
            match token.kind {
                Kind::Comment => line.comment = text.trim_end(),
                Kind::Continuation => line.goes_on = true,
                Kind::Newline | Kind::End => {}
                _ => line.words.push(text),
            }
        }
        if let (Some(first), Some(last)) = (tokens.first(), tokens.last()) {
            line.raw = source[first.span.start..last.span.end].trim_end();
        }
        line
    }

    /// The actor whose step this line begins with.
    fn actor(&self) -> Option<&'a str> {
        self.words.first().copied().filter(|word| is_actor(word) && !self.declares_a_peer())
    }
}

impl Line<'_> {
    /// `peer P -> L`: the word at its beginning is no actor.
    fn declares_a_peer(&self) -> bool {
        self.words.first() == Some(&"peer") && self.words.get(2) == Some(&"->")
    }
}

fn is_actor(word: &str) -> bool {
    !KEYWORDS.contains(&word) && word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Where we are in the file.
struct Layout {
    /// Width of the longest actor.
    actors: usize,
    /// How many blocks are open.
    blocks: usize,
    /// The line before ended in `\`.
    continues: bool,
}

/// What a brace encloses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brace {
    /// The lines of a block.
    Block,
    /// Several allowed outcomes.
    Alternatives,
    /// The members of a set.
    Set,
}

impl Layout {
    fn line(&mut self, line: &Line<'_>) -> String {
        let closing = line.words.iter().take_while(|word| **word == "}").count();
        let depth = self.blocks.saturating_sub(closing);
        let mut text = if self.continues { "  ".repeat(depth + 2) } else { "  ".repeat(depth) };
        let indent = text.len();
        self.words(line, &mut text);
        if !line.comment.is_empty() {
            text += if text.len() == indent { "" } else { "  " };
            text += line.comment;
        }
        if line.goes_on {
            text += if text.len() == indent { "\\" } else { " \\" };
        }
        self.continues = line.goes_on;
        text.truncate(text.trim_end().len());
        text
    }

    fn words(&mut self, line: &Line<'_>, out: &mut String) {
        let mut open: Vec<Brace> = Vec::new();
        let mut begins = !self.continues;
        let asks = line.words.contains(&"if");
        for (index, word) in line.words.iter().copied().enumerate() {
            let before = index.checked_sub(1).map_or("", |before| line.words[before]);
            let after = line.words.get(index + 1).copied().unwrap_or("");
            let brace = match word {
                "{" => {
                    let earlier = index.checked_sub(2).map_or("", |earlier| line.words[earlier]);
                    let brace = what_opens(before, earlier, asks);
                    open.push(brace);
                    Some(brace)
                }
                // A brace that this line does not open belongs to a block.
                "}" => Some(open.pop().unwrap_or(Brace::Block)),
                _ => None,
            };
            if index > 0 {
                let inside = open.last().copied().unwrap_or(Brace::Block);
                *out += spaces(before, word, after, brace, inside);
            }
            *out += word;
            match (word, brace) {
                ("{", Some(Brace::Block)) => self.blocks += 1,
                ("}", Some(Brace::Block)) => self.blocks = self.blocks.saturating_sub(1),
                _ if begins && is_actor(word) && !line.declares_a_peer() => {
                    // Steps of one file share their columns; short ones inside one line do not.
                    let width = if index == 0 { self.actors } else { word.len() };
                    *out += &" ".repeat(width.saturating_sub(word.len()) + 1);
                }
                _ => {}
            }
            begins = brace == Some(Brace::Block);
        }
    }
}

/// What a `{` opens, given the two words before it, and whether its line begins with `if`.
fn what_opens(before: &str, earlier: &str, asks: bool) -> Brace {
    match before {
        "order" | "alike" | "either" | "or" | "repeat" | "else" => Brace::Block,
        "expects" | "if" | "until" => Brace::Alternatives,
        "=" if OUTS.iter().all(|(name, _)| *name != earlier) => Brace::Alternatives,
        "=" => Brace::Set,
        _ if asks => Brace::Block,
        _ => Brace::Set,
    }
}

fn is_text(word: &str) -> bool {
    word.starts_with('"')
}

/// The space between two words. `brace` tells what `word` encloses if it is a brace, `inside` the brace around it.
fn spaces(before: &str, word: &str, after: &str, brace: Option<Brace>, inside: Brace) -> &'static str {
    let masked = |name: &str| ["FD_", "POLL", "FILE_"].iter().any(|prefix| name.starts_with(prefix));
    match (before, word) {
        ("{", "}") if brace == Some(Brace::Set) => "",
        (_, "}") if brace == Some(Brace::Set) => "",
        ("{", _) if inside == Brace::Set => "",
        // Strings are joined, and `WSA_WAIT_EVENT_0+1` is one word.
        ("+", _) | (_, "+") if is_text(word) || is_text(after) => " ",
        ("(" | "?" | "+", _) | (_, ")" | "," | ":" | "+" | "(") => "",
        (_, "|") if masked(after) => "",
        ("|", _) if masked(word) => "",
        (_, "shows" | "confirms") => "  ",
        _ => " ",
    }
}
