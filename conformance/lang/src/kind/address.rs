//! Addresses that are given, and buffers for addresses.

use winaccept_model::call::{Address, Buffer, Length, Name};
use winaccept_model::kind::{AddrOut, LengthInOut, NameIn};
use winaccept_sim::script::{Ref, Script};

use super::super::cursor::{Parsed, Reported};
use super::super::diagnostic::Diagnostic;
use super::super::literal::{self, AddressLiteral, write_address};
use super::super::parser::Parser;
use super::super::render;
use super::super::signature::Out;
use super::super::token::Kind as Token;
use super::{Asking, Text, word_of, words_of};

const LENGTHS: std::ops::RangeInclusive<i64> = i32::MIN as i64..=i32::MAX as i64;

/// With its length when there is an argument more.
impl Text for NameIn {
    const ARGUMENTS: (usize, usize) = (1, 2);
    const EXAMPLE: &'static str = "127.0.0.1:0";
    const WORDS: &'static [&'static str] = &["NULL"];
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Name<Ref>> {
        let start = parser.cursor.span();
        let address = if parser.cursor.eat("NULL") {
            None
        } else if parser.cursor.kind() == Token::Number {
            Some(fixed_address(parser)?)
        } else {
            let of = parser.handle("an address, a variable or `NULL`", asking.actor)?;
            return if asking.extra { Err(no_length(parser, start)) } else { Ok(Name::Of(of)) };
        };
        match address {
            None if asking.extra => Err(no_length(parser, start)),
            None => Ok(Name::Null),
            Some(address) if !asking.extra => Ok(Name::Address(address, address.family.address_size())),
            Some(address) => {
                parser.cursor.expect(",")?;
                let length = parser.cursor.integer("the length of the address", LENGTHS)?;
                Ok(Name::Address(address, length as i32))
            }
        }
    }
    fn write(value: &Name<Ref>, script: &Script) -> String {
        match value {
            Name::Null => "NULL".to_owned(),
            Name::Of(s) => render::reference(*s, script),
            Name::Address(address, length) if *length == address.family.address_size() => write_address(*address),
            Name::Address(address, length) => format!("{}, {length}", write_address(*address)),
        }
    }
}

fn no_length(parser: &mut Parser<'_>, span: std::ops::Range<usize>) -> Reported {
    let problem = Diagnostic::new("only a literal address takes a length", span, "this is none")
        .help("leave the length away, or write an address such as `127.0.0.1:0`");
    parser.cursor.report(problem)
}

/// A literal address without `*`.
fn fixed_address(parser: &mut Parser<'_>) -> Parsed<Address> {
    match literal::address(parser.cursor.text()) {
        Some(AddressLiteral::Port(address)) => {
            parser.cursor.advance();
            Ok(address)
        }
        Some(AddressLiteral::AnyPort(_)) => {
            let problem =
                Diagnostic::new("a call needs a port", parser.cursor.span(), "`*` stands in expectations only")
                    .help("write port 0 to let the system choose");
            Err(parser.cursor.report(problem))
        }
        None => Err(parser.bad_address()),
    }
}

const POINTERS: &[(&str, Buffer); 3] = &[("NULL", Buffer::Null), ("addr", Buffer::Valid), ("BAD", Buffer::Bad)];

impl Text for AddrOut {
    const EXAMPLE: &'static str = "addr";
    const WORDS: &'static [&'static str] = &words_of(POINTERS);
    fn out(_: &str) -> Option<Out> {
        Some(Out::Addr)
    }
    fn is_null(value: &Buffer) -> bool {
        *value == Buffer::Null
    }
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Buffer> {
        parser.cursor.one_of("an address buffer", POINTERS)
    }
    fn write(value: &Buffer, _: &Script) -> String {
        word_of(POINTERS, value).to_owned()
    }
}

impl Text for LengthInOut {
    const EXAMPLE: &'static str = "16";
    fn out(_: &str) -> Option<Out> {
        Some(Out::AddrLen)
    }
    fn is_null(value: &Length) -> bool {
        *value == Length::Null
    }
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Length> {
        let cursor = &mut parser.cursor;
        if cursor.eat("NULL") {
            Ok(Length::Null)
        } else if cursor.eat("BAD") {
            Ok(Length::Bad)
        } else if cursor.kind() == Token::Number {
            cursor.integer("the length of the buffer", LENGTHS).map(|n| Length::Holds(n as i32))
        } else {
            Err(cursor.expected("the length of the buffer: a number, `NULL` or `BAD`"))
        }
    }
    fn write(value: &Length, _: &Script) -> String {
        match value {
            Length::Null => "NULL".to_owned(),
            Length::Holds(n) => n.to_string(),
            Length::Bad => "BAD".to_owned(),
        }
    }
}
