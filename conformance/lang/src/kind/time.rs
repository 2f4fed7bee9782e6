//! Time-outs in milliseconds. Each function has its own word for waiting without limit; a script may write any of them.

use winaccept_model::call::Timeout;
use winaccept_model::kind::{AfdTime, PollTime, SelectTime, SleepTime, WaitTime};
use winaccept_sim::script::{Ref, Script};

use super::super::cursor::Parsed;
use super::super::parser::Parser;
use super::super::token::Kind as Token;
use super::{Asking, Text};

const UNLIMITED: [&str; 4] = ["NULL", "-1", "INFINITE", "WSA_INFINITE"];

macro_rules! times {
    ($($kind:ident: $unlimited:literal;)*) => { $(
        impl Text for $kind {
            const EXAMPLE: &'static str = "0";
            const WORDS: &'static [&'static str] = &[$unlimited];
            fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Self::Value<Ref>> {
                timeout(parser)
            }
            fn write(value: &Timeout, _: &Script) -> String {
                value.map_or($unlimited.to_owned(), |milliseconds| milliseconds.to_string())
            }
        }
    )* };
}
times! {
    SelectTime: "NULL";
    PollTime: "-1";
    WaitTime: "WSA_INFINITE";
    SleepTime: "INFINITE";
    AfdTime: "INFINITE";
}

fn timeout(parser: &mut Parser<'_>) -> Parsed<Timeout> {
    if UNLIMITED.contains(&parser.cursor.text()) {
        parser.cursor.advance();
        return Ok(None);
    }
    if parser.cursor.kind() == Token::Word {
        return Err(parser.cursor.expected("a time-out in milliseconds, or `NULL` for none"));
    }
    parser.dword("a time-out in milliseconds").map(Some)
}
