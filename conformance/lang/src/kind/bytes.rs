//! Stream data, and numbers behind pointers.

use winaccept_model::call::{Data, Set};
use winaccept_model::kind::{Buffers, BytesIn, BytesOut, Fionbio};
use winaccept_sim::script::{Ref, Script};

use super::super::cursor::Parsed;
use super::super::literal::quote_data;
use super::super::parser::Parser;
use super::super::render::braces;
use super::super::signature::Out;
use super::{Asking, Text};

impl Text for BytesIn {
    const EXAMPLE: &'static str = "\"abc\"";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Data> {
        parser.data()
    }
    fn write(value: &Data, _: &Script) -> String {
        quote_data(value)
    }
}

impl Text for BytesOut {
    const EXAMPLE: &'static str = "16";
    fn out(_: &str) -> Option<Out> {
        Some(Out::Data)
    }
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Self::Value<Ref>> {
        parser.cursor.integer("the size of the buffer", 0..=Data::MAX as i64).map(|size| size as u32)
    }
    fn write(value: &Self::Value<Ref>, _: &Script) -> String {
        value.to_string()
    }
}

/// The sizes in braces.
impl Text for Buffers {
    const EXAMPLE: &'static str = "{16}";
    fn out(_: &str) -> Option<Out> {
        Some(Out::Data)
    }
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Set<u32>> {
        let mut sizes = Vec::new();
        if !parser.cursor.eat("{") {
            return Err(parser.cursor.expected("the sizes of the buffers, such as `{16}`"));
        }
        while sizes.is_empty() || !parser.cursor.eat("}") {
            if !sizes.is_empty() {
                parser.cursor.expect(",")?;
            }
            let start = parser.cursor.span().start;
            let size = parser.cursor.integer("the size of a buffer", 0..=Data::MAX as i64)?;
            sizes.push(size as u32);
            parser.check_members(sizes.len(), start)?;
        }
        parser.set(sizes)
    }
    fn write(value: &Set<u32>, _: &Script) -> String {
        braces(value.iter().map(|size| size.to_string()))
    }
}

impl Text for Fionbio {
    const ARGUMENTS: (usize, usize) = (2, 2);
    const EXAMPLE: &'static str = "FIONBIO, 1";
    const WORDS: &'static [&'static str] = &["FIONBIO"];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u32> {
        parser.cursor.expect("FIONBIO")?;
        parser.cursor.expect(",")?;
        parser.dword("the argument of FIONBIO")
    }
    fn write(value: &u32, _: &Script) -> String {
        format!("FIONBIO, {value}")
    }
}
