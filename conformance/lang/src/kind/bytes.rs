//! Stream data, and numbers behind pointers.

use winaccept_model::call::{Buffer, Command, Data, Extension, ExtensionName, SET, Set};
use winaccept_model::kind::{
    Buffers, ByteCount, BytesIn, BytesOut, CommandIn, CommandRoom, ConnectData, ConnectRoom, EntryCount, ExtensionIn,
    Fionbio, PointerRoom, PortKey, PostedBuffers, QosIn, ReadRoom, SentBuffer, SentWithConnection, Transferred,
    WrittenBytes,
};
use winaccept_sim::script::{Ref, Script};

use super::super::cursor::Parsed;
use super::super::literal::{quote_data, write_qos};
use super::super::parser::Parser;
use super::super::render::braces;
use super::super::signature::Out;
use super::{Asking, Text, word_of};

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

/// Written as what `send` and `recv` take.
impl Text for WrittenBytes {
    const EXAMPLE: &'static str = BytesIn::EXAMPLE;
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Data> {
        parser.data()
    }
    fn write(value: &Data, _: &Script) -> String {
        quote_data(value)
    }
}

impl Text for ReadRoom {
    const EXAMPLE: &'static str = BytesOut::EXAMPLE;
    fn out(field: &str) -> Option<Out> {
        BytesOut::out(field)
    }
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<u32> {
        BytesOut::parse(parser, asking)
    }
    fn write(value: &u32, script: &Script) -> String {
        BytesOut::write(value, script)
    }
}

/// `NULL, 0, NULL`, or the bytes and how many they are.
impl Text for SentWithConnection {
    const ARGUMENTS: (usize, usize) = (3, 3);
    const EXAMPLE: &'static str = "NULL, 0, NULL";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Data> {
        let data = if parser.cursor.eat("NULL") { Data::default() } else { parser.data()? };
        parser.cursor.expect(",")?;
        let length = data.as_slice().len() as i64;
        parser.cursor.integer("how many bytes these are", length..=length)?;
        parser.cursor.expect(",")?;
        parser.cursor.expect("NULL")?;
        Ok(data)
    }
    fn write(value: &Data, _: &Script) -> String {
        match value.as_slice() {
            [] => Self::EXAMPLE.to_owned(),
            bytes => format!("{}, {}, NULL", quote_data(value), bytes.len()),
        }
    }
}

/// What may be left out is `NULL`, and else written as the arm says.
macro_rules! nullable {
    ($($kind:ident $example:literal $out:expr, |$parser:ident| $parse:expr, |$value:ident| $write:expr;)*) => { $(
        impl Text for $kind {
            const EXAMPLE: &'static str = $example;
            const WORDS: &'static [&'static str] = &["NULL"];
            fn out(_: &str) -> Option<Out> {
                $out
            }
            fn is_null(value: &Self::Value<Ref>) -> bool {
                value.is_none()
            }
            fn parse($parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Self::Value<Ref>> {
                if $parser.cursor.eat("NULL") { Ok(None) } else { $parse.map(Some) }
            }
            fn write(value: &Self::Value<Ref>, _: &Script) -> String {
                value.as_ref().map_or("NULL".to_owned(), |$value| $write)
            }
        }
    )* };
}
nullable! {
    ConnectData "NULL" None, |parser| parser.data(), |data| quote_data(data);
    ConnectRoom "NULL" Some(Out::CalleeData),
        |parser| parser.cursor.integer("`NULL` or a number of bytes", 0..=i64::from(u16::MAX)).map(|bytes| bytes as u16),
        |bytes| bytes.to_string();
    QosIn "NULL" None, |parser| parser.cursor.qos(), |qos| write_qos(*qos);
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

/// The same sizes; what is in the buffers is told where somebody asks what became of the request.
impl Text for PostedBuffers {
    const EXAMPLE: &'static str = "{16}";
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Set<u32>> {
        Buffers::parse(parser, asking)
    }
    fn write(value: &Set<u32>, script: &Script) -> String {
        Buffers::write(value, script)
    }
}

/// One buffer, in braces as an array has them.
impl Text for SentBuffer {
    const EXAMPLE: &'static str = "{\"abc\"}";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Data> {
        if !parser.cursor.eat("{") {
            return Err(parser.cursor.expected("the buffer, such as `{\"abc\"}`"));
        }
        let data = parser.data()?;
        parser.cursor.expect("}")?;
        Ok(data)
    }
    fn write(value: &Data, _: &Script) -> String {
        braces(std::iter::once(quote_data(value)))
    }
}

impl Text for Fionbio {
    const ARGUMENTS: (usize, usize) = (2, 2);
    const EXAMPLE: &'static str = "FIONBIO, 1";
    const WORDS: &'static [&'static str] = &["FIONBIO", "BAD"];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Option<u32>> {
        parser.cursor.expect("FIONBIO")?;
        parser.cursor.expect(",")?;
        if parser.cursor.eat("BAD") {
            return Ok(None);
        }
        parser.dword("the argument of FIONBIO").map(Some)
    }
    fn write(value: &Option<u32>, _: &Script) -> String {
        format!("FIONBIO, {}", value.map_or("BAD".to_owned(), |value| value.to_string()))
    }
}

/// A number that is no command, as scripts write it.
const NO_COMMAND: &str = "0xdeadbeef";

/// The command, what is behind the pointer to its argument, and the size of that.
impl Text for CommandIn {
    const ARGUMENTS: (usize, usize) = (3, 3);
    const EXAMPLE: &'static str = "FIONBIO, 1, 4";
    const WORDS: &'static [&'static str] = Fionbio::WORDS;
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Command> {
        if parser.cursor.text() == NO_COMMAND {
            parser.cursor.advance();
            for nothing in [",", "NULL", ","] {
                parser.cursor.expect(nothing)?;
            }
            return parser.cursor.one_of("the size of the argument", &[("0", Command::Nobodys)]);
        }
        let argument = Fionbio::parse(parser, asking)?;
        parser.cursor.expect(",")?;
        let size = parser.dword("the size of the argument")?;
        Ok(Command::Fionbio(argument, size))
    }
    fn write(value: &Command, script: &Script) -> String {
        match value {
            Command::Fionbio(argument, size) => format!("{}, {size}", Fionbio::write(argument, script)),
            Command::Nobodys => format!("{NO_COMMAND}, NULL, 0"),
        }
    }
}

/// Where an answer would go, and the size of that.
const ROOMS: &[(&str, Buffer, &str); 3] =
    &[("NULL", Buffer::Null, "0"), ("output", Buffer::Valid, "4"), ("BAD", Buffer::Bad, "4")];

impl Text for CommandRoom {
    const ARGUMENTS: (usize, usize) = (2, 2);
    const EXAMPLE: &'static str = "NULL, 0";
    const WORDS: &'static [&'static str] = &["output"];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Buffer> {
        let words = ROOMS.map(|(word, room, size)| (word, (room, size)));
        let (room, size) = parser.cursor.one_of("where the answer goes", &words)?;
        parser.cursor.expect(",")?;
        parser.cursor.one_of("the size of the answer", &[(size, room)])
    }
    fn write(value: &Buffer, _: &Script) -> String {
        let room = ROOMS.iter().find(|(_, room, _)| room == value);
        room.map_or_else(String::new, |(word, _, size)| format!("{word}, {size}"))
    }
}

/// `bytes` or `NULL`.
impl Text for Transferred {
    const EXAMPLE: &'static str = "bytes";
    const WORDS: &'static [&'static str] = &["bytes", "NULL"];
    fn out(_: &str) -> Option<Out> {
        Some(Out::Bytes)
    }
    fn is_null(value: &bool) -> bool {
        !value
    }
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<bool> {
        parser.cursor.one_of("a pointer to the number of bytes", &[("bytes", true), ("NULL", false)])
    }
    fn write(value: &bool, _: &Script) -> String {
        if *value { "bytes" } else { "NULL" }.to_owned()
    }
}

impl Text for ByteCount {
    const EXAMPLE: &'static str = "32";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u32> {
        parser.dword("a number of bytes")
    }
    fn write(value: &u32, _: &Script) -> String {
        value.to_string()
    }
}

impl Text for EntryCount {
    const EXAMPLE: &'static str = "4";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u32> {
        parser.cursor.integer("how many packets, 1 to 64", 1..=SET as i64).map(|count| count as u32)
    }
    fn write(value: &u32, _: &Script) -> String {
        value.to_string()
    }
}

impl Text for PortKey {
    const EXAMPLE: &'static str = "0";
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u32> {
        parser.dword("a number that the port carries")
    }
    fn write(value: &u32, _: &Script) -> String {
        value.to_string()
    }
}

/// The extension functions that a program can ask for, and a name that none has.
const EXTENSIONS: &[(&str, ExtensionName); 6] = &[
    ("WSAID_ACCEPTEX", ExtensionName::AcceptEx),
    ("WSAID_GETACCEPTEXSOCKADDRS", ExtensionName::GetAcceptExSockaddrs),
    ("WSAID_DISCONNECTEX", ExtensionName::DisconnectEx),
    ("WSAID_TRANSMITFILE", ExtensionName::TransmitFile),
    ("WSAID_CONNECTEX", ExtensionName::ConnectEx),
    ("GUID_NULL", ExtensionName::Nobodys),
];

/// The command, the name of the function, and the size of that.
impl Text for ExtensionIn {
    const ARGUMENTS: (usize, usize) = (3, 3);
    const EXAMPLE: &'static str = "SIO_GET_EXTENSION_FUNCTION_POINTER, WSAID_ACCEPTEX, 16";
    const WORDS: &'static [&'static str] = &[
        "SIO_GET_EXTENSION_FUNCTION_POINTER",
        EXTENSIONS[0].0,
        EXTENSIONS[1].0,
        EXTENSIONS[2].0,
        EXTENSIONS[3].0,
        EXTENSIONS[4].0,
        EXTENSIONS[5].0,
    ];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<Extension> {
        parser.cursor.expect("SIO_GET_EXTENSION_FUNCTION_POINTER")?;
        parser.cursor.expect(",")?;
        let name = parser.cursor.one_of("the name of an extension function", EXTENSIONS)?;
        parser.cursor.expect(",")?;
        let size = parser.dword("the size of the name")?;
        Ok(Extension { name, size })
    }
    fn write(value: &Extension, _: &Script) -> String {
        let name = word_of(EXTENSIONS, &value.name);
        format!("SIO_GET_EXTENSION_FUNCTION_POINTER, {name}, {}", value.size)
    }
}

/// Where the pointer goes, and how many bytes are there.
impl Text for PointerRoom {
    const ARGUMENTS: (usize, usize) = (2, 2);
    const EXAMPLE: &'static str = "pointer, 8";
    const WORDS: &'static [&'static str] = &["pointer"];
    fn parse(parser: &mut Parser<'_>, _: &mut Asking) -> Parsed<u32> {
        parser.cursor.expect("pointer")?;
        parser.cursor.expect(",")?;
        parser.dword("the size of the pointer")
    }
    fn write(value: &u32, _: &Script) -> String {
        format!("pointer, {value}")
    }
}
