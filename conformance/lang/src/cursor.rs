//! Walks over the tokens of a scenario and words the complaints.

use std::ops::Range;

use winaccept_model::call::{Data, Qos};

use super::diagnostic::Diagnostic;
use super::limits::MAX_PROBLEMS;
use super::literal;
use super::suggest::did_you_mean;
use super::token::{Kind, Token};

/// An error that is already in the list of problems.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reported;

/// What a parsing function gives.
pub(super) type Parsed<T> = Result<T, Reported>;

/// The tokens without comments and continuations, a place among them, and what was wrong so far.
pub(super) struct Cursor<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// Byte where the last token taken ends.
    end: usize,
    pub(super) problems: Vec<Diagnostic>,
    abandoned: bool,
}

impl<'a> Cursor<'a> {
    /// `tokens` must come from scanning `source`, so that they end with [`Kind::End`].
    pub(super) fn new(source: &'a str, tokens: Vec<Token>) -> Cursor<'a> {
        let tokens = tokens.into_iter().filter(|t| !matches!(t.kind, Kind::Comment | Kind::Continuation)).collect();
        Cursor { source, tokens, at: 0, end: 0, problems: Vec::new(), abandoned: false }
    }

    /// Where we are, to come back to with [`Cursor::rewind`].
    pub(super) fn mark(&self) -> usize {
        self.at
    }

    /// Back to a place that [`Cursor::mark`] gave.
    pub(super) fn rewind(&mut self, mark: usize) {
        self.at = mark;
        let previous = mark.checked_sub(1).map(|index| &self.tokens[index]);
        self.end =
            previous.map_or(0, |token| if token.kind == Kind::Newline { token.span.start } else { token.span.end });
    }

    fn token(&self, ahead: usize) -> &Token {
        // The last token is `End`, and nothing moves past it.
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    /// What the next token is.
    pub(super) fn kind(&self) -> Kind {
        self.token(0).kind
    }

    /// How the token `ahead` of the next one is spelled; empty at the end of a line.
    pub(super) fn text_ahead(&self, ahead: usize) -> &'a str {
        let token = self.token(ahead);
        if token.kind == Kind::Newline { "" } else { &self.source[token.span.clone()] }
    }

    /// How the next token is spelled; empty at the end of a line.
    pub(super) fn text(&self) -> &'a str {
        self.text_ahead(0)
    }

    /// Where the next token is; at the end of a line the empty range there.
    pub(super) fn span(&self) -> Range<usize> {
        let span = self.token(0).span.clone();
        if self.kind() == Kind::Newline { span.start..span.start } else { span }
    }

    /// From `start` to the end of the last token taken.
    pub(super) fn since(&self, start: usize) -> Range<usize> {
        start..self.end.max(start)
    }

    /// Takes the next token, whatever it is.
    pub(super) fn advance(&mut self) -> (&'a str, Range<usize>) {
        let taken = (self.text(), self.span());
        if self.kind() != Kind::End {
            self.end = taken.1.end;
            self.at += 1;
        }
        taken
    }

    /// Nothing more in the file.
    pub(super) fn at_end(&self) -> bool {
        self.kind() == Kind::End
    }

    /// Nothing more on this line.
    pub(super) fn at_line_end(&self) -> bool {
        matches!(self.kind(), Kind::Newline | Kind::End)
    }

    /// Is the next token this symbol or word?
    pub(super) fn at(&self, text: &str) -> bool {
        matches!(self.kind(), Kind::Symbol | Kind::Word | Kind::Dots) && self.text() == text
    }

    /// Takes this symbol or word if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.at(text);
        if found {
            self.advance();
        }
        found
    }

    /// Takes this symbol or word, or complains.
    pub(super) fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { Err(self.expected(&format!("`{text}`"))) }
    }

    /// Takes any word; `what` says in an error what kind of word was expected.
    pub(super) fn word(&mut self, what: &str) -> Parsed<(&'a str, Range<usize>)> {
        if self.kind() == Kind::Word { Ok(self.advance()) } else { Err(self.expected(what)) }
    }

    /// Takes one of the words of `table`.
    pub(super) fn one_of<T: Copy>(&mut self, what: &str, table: &[(&str, T)]) -> Parsed<T> {
        if let Some((_, value)) = table.iter().find(|(word, _)| self.text() == *word) {
            self.advance();
            return Ok(*value);
        }
        let list: Vec<_> = table.iter().map(|(word, _)| format!("`{word}`")).collect();
        let words = table.iter().map(|(word, _)| *word).filter(|_| self.kind() == Kind::Word);
        let near = did_you_mean(self.text(), words);
        // The header has names for several at once.
        let near = composed(self.text()).filter(|_| what == "poll events").or(near);
        let problem = self.expectation(&format!("{what}: {}", list.join(", ")));
        Err(self.report(problem.maybe_help(near)))
    }

    /// The number of a message: `WM_USER`, so much more, or a plain number.
    pub(super) fn message_number(&mut self, most: u32) -> Parsed<u32> {
        let first = u32::from(literal::WM_USER);
        if !self.eat("WM_USER") {
            return self.integer("`WM_USER+N` or a number", 0..=most.into()).map(|number| number as u32);
        }
        if !self.eat("+") {
            return Ok(first);
        }
        self.integer("a number", 0..=(most - first).into()).map(|more| first + more as u32)
    }

    /// Takes a number within `range`.
    pub(super) fn integer(&mut self, what: &str, range: std::ops::RangeInclusive<i64>) -> Parsed<i64> {
        let (low, high) = (*range.start(), *range.end());
        if self.kind() == Kind::Number {
            match literal::integer(self.text()) {
                Some(_) if literal::begins_with_zero(self.text()) => {
                    let title = format!("a number that begins with 0: `{}`", shortened(self.text()));
                    let label = "a C compiler reads another number";
                    let (sign, digits) =
                        self.text().strip_prefix('-').map_or(("", self.text()), |digits| ("-", digits));
                    let plain = match digits.trim_start_matches('0') {
                        "" => "0",
                        plain => plain,
                    };
                    let help = format!("write `{sign}{plain}`, or in hexadecimal, `{sign}0x…`");
                    return Err(self.report(Diagnostic::new(title, self.span(), label).help(help)));
                }
                Some(value) if range.contains(&value) => {
                    self.advance();
                    return Ok(value);
                }
                None if !literal::is_all_digits(self.text()) => {}
                _ => {
                    let title = format!("{what} is out of range");
                    let label = format!("must be from {low} to {high}");
                    return Err(self.report(Diagnostic::new(title, self.span(), label)));
                }
            }
        }
        Err(self.expected(&format!("{what}, a number from {low} to {high}")))
    }

    /// Takes a string in quotes and gives its bytes.
    pub(super) fn bytes(&mut self, what: &str) -> Parsed<(Vec<u8>, Range<usize>)> {
        if self.kind() == Kind::UnclosedText {
            let problem = Diagnostic::new("this string is not closed", self.span(), "the closing `\"` is missing")
                .help("a string ends on the line where it begins; write `\\n` for a line break");
            return Err(self.report(problem));
        }
        if self.kind() != Kind::Text {
            return Err(self.expected(what));
        }
        let (text, span) = self.advance();
        match literal::unescape(&text[1..text.len() - 1]) {
            Ok(bytes) => Ok((bytes, span)),
            Err(bad) => {
                let at = span.start + 1 + bad.at;
                let problem = Diagnostic::new("unknown escape in a string", at..at + bad.len, "means nothing")
                    .help("the escapes are \\n \\r \\t \\0 \\\\ \\\" and \\xNN with two hexadecimal digits");
                Err(self.report(problem))
            }
        }
    }

    /// `{9600, 64000}`, `{9600, 64000, ATM_CALLING_PARTY_NUMBER_IE}`: a quality of service.
    pub(super) fn qos(&mut self) -> Parsed<Qos> {
        let rate = |cursor: &mut Self| cursor.integer("a token rate", 0..=i64::from(u16::MAX)).map(|rate| rate as u16);
        self.expect("{")?;
        let sending = rate(self)?;
        self.expect(",")?;
        let receiving = rate(self)?;
        let calling_party = self.eat(",");
        if calling_party {
            self.expect(literal::CALLING_PARTY)?;
        }
        self.expect("}")?;
        Ok(Qos { sending, receiving, calling_party })
    }

    /// Takes stream data: strings in quotes, each perhaps several times, joined by `+`.
    pub(super) fn data(&mut self) -> Parsed<Data> {
        let start = self.span().start;
        let mut all = Vec::new();
        loop {
            let (bytes, _) = self.bytes("the data in quotes")?;
            let times = match self.eat("*") {
                true => self.integer("how many times", 1..=Data::MAX as i64)? as usize,
                false => 1,
            };
            let long = bytes.len().saturating_mul(times).saturating_add(all.len());
            if long > Data::MAX {
                let title = format!("{long} bytes are too much data");
                let label = format!("expected at most {} bytes", Data::MAX);
                let problem = Diagnostic::new(title, self.since(start), label);
                return Err(self.report(problem.help("several calls send more: what is on its way may be longer")));
            }
            all.extend(bytes.repeat(times));
            if !self.eat("+") {
                break;
            }
        }
        Data::new(&all).ok_or_else(|| {
            let title = "there is no room for more long data in this run of the program";
            self.report(Diagnostic::new(title, self.since(start), "this string is new"))
        })
    }

    /// Takes a string in quotes that is text.
    pub(super) fn string(&mut self, what: &str) -> Parsed<String> {
        let (bytes, span) = self.bytes(what)?;
        String::from_utf8(bytes).map_err(|_| {
            let title = "this string is not UTF-8";
            self.report(
                Diagnostic::new(title, span, "its `\\x` escapes make no character")
                    .help("only the data of send and recv may be any bytes"),
            )
        })
    }

    /// The line must end here.
    pub(super) fn line_end(&mut self, allowed: &str) -> Parsed<()> {
        if self.at_line_end() || self.at("}") {
            return Ok(());
        }
        let help = match (self.text(), self.text_ahead(1)) {
            ("/", _) | ("-", "-") => Some("a comment begins with `#`".to_owned()),
            (";", _) => Some("a line ends without `;`".to_owned()),
            _ => None,
        };
        Err(self.report(self.expectation(allowed).maybe_help(help)))
    }

    /// Skips the rest of a line, and the block that it opens, if it does.
    pub(super) fn skip_line(&mut self) {
        let mut last = "";
        while !self.at_line_end() {
            last = self.advance().0;
        }
        if last == "{" {
            self.skip_block();
        }
    }

    /// Skips to behind the `}` that matches a `{` already taken.
    pub(super) fn skip_block(&mut self) {
        let mut depth = 1;
        while depth > 0 && !self.at_end() {
            match self.advance().0 {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
        }
    }

    /// Complains that `what` was expected here.
    pub(super) fn expected(&mut self, what: &str) -> Reported {
        if self.kind() == Kind::UnclosedText {
            // The real mistake, whatever was expected.
            return self.bytes(what).err().unwrap_or(Reported);
        }
        let problem = self.expectation(what);
        self.report(problem)
    }

    /// The problem that `what` was expected here.
    pub(super) fn expectation(&self, what: &str) -> Diagnostic {
        let found = match self.kind() {
            Kind::Newline => "end of line".to_owned(),
            Kind::End => "end of file".to_owned(),
            Kind::Text => "string".to_owned(),
            _ => format!("`{}`", shortened(self.text())),
        };
        Diagnostic::new(format!("unexpected {found}"), self.span(), format!("expected {what}"))
    }

    /// Adds a problem to the list, unless the rest has been given up.
    pub(super) fn report(&mut self, problem: Diagnostic) -> Reported {
        if !self.abandoned {
            self.problems.push(problem);
        }
        if self.problems.len() == MAX_PROBLEMS {
            self.abandon();
        }
        Reported
    }

    /// Gives up the rest of the file: from here on there is nothing to read and nothing to complain about.
    pub(super) fn abandon(&mut self) {
        self.abandoned = true;
        self.tokens.truncate(self.at);
        self.tokens.push(Token { kind: Kind::End, span: self.source.len()..self.source.len() });
    }
}

/// Enough of a word to recognise it.
pub(super) fn shortened(text: &str) -> String {
    const ENOUGH: usize = 40;
    match text.char_indices().nth(ENOUGH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// What a name of the header stands for that scenarios write in its parts.
fn composed(word: &str) -> Option<String> {
    match word {
        "POLLIN" => Some("`POLLIN` is `POLLRDNORM|POLLRDBAND`: write `POLLRDNORM`".to_owned()),
        "POLLOUT" => Some("`POLLOUT` is `POLLWRNORM`".to_owned()),
        _ => None,
    }
}
