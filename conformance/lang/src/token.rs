//! Cuts scenario text into tokens. Never fails: what fits nothing becomes [`Kind::Unknown`] and is reported later.

use std::ops::Range;

use winnow::ascii::{line_ending, space0, till_line_ending};
use winnow::combinator::{alt, opt, repeat};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{any, none_of, one_of, take_till, take_while};

type Input<'a> = LocatingSlice<&'a str>;
type Scanned<T> = Result<T, EmptyError>;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A name, keyword, clause id: letters, digits and `_`, joined by single `.` and `-`.
    Word,
    /// Starts with a digit or a bracket: a number, a version, an address.
    Number,
    /// `"…"` with its quotes.
    Text,
    /// A `"` that is not closed on its line, with the rest of the line.
    UnclosedText,
    /// `...`
    Dots,
    /// One of `( ) { } , = | : ? + *`.
    Symbol,
    /// A character that has no place outside a string or comment.
    Unknown,
    /// `#` to the end of the line.
    Comment,
    /// `\` at the end of a line, with the line's end: the next line goes on.
    Continuation,
    /// The end of a line.
    Newline,
    /// The end of the file.
    End,
}

/// A token: what it is and which bytes it covers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// All tokens of `source`, comments included, with a [`Kind::End`] at the end.
pub(super) fn scan(source: &str) -> Vec<Token> {
    let mut input = LocatingSlice::new(source);
    let mut tokens = Vec::new();
    loop {
        skip_blanks(&mut input);
        let scanned: Scanned<_> = token.with_span().parse_next(&mut input);
        // `token` takes any character, so it fails at the end of the text only.
        let Ok((kind, span)) = scanned else { break };
        tokens.push(Token { kind, span });
    }
    tokens.push(Token { kind: Kind::End, span: source.len()..source.len() });
    tokens
}

fn skip_blanks(input: &mut Input<'_>) {
    if input.current_token_start() == 0 {
        // Editors on Windows put a byte order mark in front of UTF-8; anywhere else it is an unknown character.
        let _: Scanned<_> = opt('\u{feff}').parse_next(input);
    }
    let _: Scanned<_> = space0.parse_next(input);
}

fn token(input: &mut Input<'_>) -> Scanned<Kind> {
    alt((
        line_ending.value(Kind::Newline),
        ('#', till_comment_end).value(Kind::Comment),
        ('\\', space0, line_ending).value(Kind::Continuation),
        word.value(Kind::Word),
        number.value(Kind::Number),
        alt((text.value(Kind::Text), ('"', take_till(0.., '\n')).value(Kind::UnclosedText))),
        alt(("...".value(Kind::Dots), "->".value(Kind::Symbol))),
        one_of(['(', ')', '{', '}', ',', '=', '|', ':', '?', '+', '*']).value(Kind::Symbol),
        any.value(Kind::Unknown),
    ))
    .parse_next(input)
}

/// `till_line_ending` stops at a lone carriage return by failing; a comment may hold one.
fn till_comment_end<'a>(input: &mut Input<'a>) -> Scanned<&'a str> {
    alt((till_line_ending, take_till(0.., '\n'))).parse_next(input)
}

fn word<'a>(input: &mut Input<'a>) -> Scanned<&'a str> {
    let more = repeat::<_, _, (), _, _>(0.., (one_of(['.', '-']), take_while(1.., is_word)));
    (one_of(|c: char| is_word(c) && !c.is_ascii_digit()), take_while(0.., is_word), more).take().parse_next(input)
}

fn number<'a>(input: &mut Input<'a>) -> Scanned<&'a str> {
    let plain = (opt('-'), one_of('0'..='9'), take_while(0.., is_number)).take();
    let bracketed = ('[', take_till(0.., [']', '\n', ' ']), ']', take_while(0.., is_number)).take();
    alt((plain, bracketed)).parse_next(input)
}

fn text<'a>(input: &mut Input<'a>) -> Scanned<&'a str> {
    let escaped = ('\\', none_of(['\r', '\n'])).void();
    let plain = none_of(['"', '\\', '\r', '\n']).void();
    ('"', repeat::<_, _, (), _, _>(0.., alt((plain, escaped))), '"').take().parse_next(input)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_number(c: char) -> bool {
    is_word(c) || matches!(c, '.' | ':' | '*')
}
