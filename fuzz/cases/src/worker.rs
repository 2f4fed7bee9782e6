//! Lines of workers and to them.

use std::cell::RefCell;

use winaccept::stack::protocol::{Reply, Report, Request};
use winaccept::stack::shown;
use winaccept_lang::{parse, parse_observed, render_observed};
use winaccept_model::call::{Call, Function};
use winaccept_model::kind::Choices;
use winaccept_sim::observe::Observed;
use winaccept_sim::script::{Ref, Script};

use crate::bytes::{Bytes, worded};

const WORDS: &[&str] = &[
    "{\"id\":1,\"did\":\"returned\",\"value\":0,\"error\":0}",
    "{\"id\":1,\"did\":\"returned\",\"value\":-1,\"error\":10035",
    "{\"id\":1,\"did\":\"hello\",\"name\":\"wine\",\"version\":\"8.0\",\"build\":\"b\",\"process\":1}",
    "{\"id\":1,\"did\":\"done\"}",
    "{\"id\":1,\"did\":\"waiting\",\"at\":\"x\"}",
    "{\"id\":1,\"did\":\"looked\",\"sockets\":[]}",
    "{\"id\":1,\"did\":\"crashed\"}",
    "{\"id\":1,\"did\":\"connections\",\"connections\":[]}",
    "{\"id\":1,\"did\":\"ended\",\"clean\":true}",
    "{\"id\":1,\"did\":\"not_done\",\"reason\":\"no\"}",
    "{\"id\":1,\"do\":\"call\",\"thread\":0,\"call\":{\"function\":\"accept\",\"s\":-1}}",
    "{\"id\":1,\"do\":\"begin\",\"winsock\":[2,2],\"threads\":1}",
    "{\"id\":1,\"do\":\"exit\",\"code\":1}",
    "\"id\":",
    "\"did\":",
    "\"do\":",
    "\"value\":",
    "\"error\":",
    ",\"addr\":{\"ip\":\"127.0.0.1\",\"port\":80}",
    ",\"addrlen\":16",
    ",\"data\":\"abc\"",
    ",\"option\":{\"number\":1}",
    ",\"readfds\":[1]",
    ",\"writefds\":[]",
    ",\"exceptfds\":[-1]",
    ",\"revents\":[1,65535]",
    ",\"events\":8",
    ",\"bytes\":4294967295",
    ",\"key\":7",
    ",\"overlapped\":1",
    ",\"message\":",
    ",\"local\":",
    ",\"remote\":",
    ",\"condition\":",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "-1",
    "0",
    "1",
    "18446744073709551615",
    "-9223372036854775808",
    "1e400",
    "\"::1\"",
    "\"\\ud800\"",
    "\\u0100",
    " ",
    "\n",
];

/// What a structured return may hold of each field, and a case where it does not.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "addr",
        &["{\"ip\":\"127.0.0.1\",\"port\":80}", "{\"ip\":\"::1\",\"port\":0}", "{\"ip\":\"0.0.0.0\",\"port\":65535}"],
    ),
    ("addrlen", &["16", "28", "0", "-1", "2147483647", "-2147483648"]),
    ("data", &["\"\"", "\"abc\"", "\"\\u0000\\u00ff\""]),
    ("readfds", &["[]", "[7]", "[7,7,-1]"]),
    ("writefds", &["[]", "[7]"]),
    ("exceptfds", &["[]", "[7]"]),
    ("revents", &["[]", "[1]", "[65535,0]"]),
    ("events", &["0", "8", "4294967295"]),
    ("bytes", &["0", "4294967295"]),
    ("key", &["0", "7"]),
    ("overlapped", &["0", "1", "-1"]),
    ("local", &["{\"ip\":\"127.0.0.1\",\"port\":80}"]),
    ("remote", &["{\"ip\":\"::1\",\"port\":1}"]),
];
const VALUES: &[&str] =
    &["0", "1", "-1", "2", "63", "192", "258", "4294967295", "9223372036854775807", "-9223372036854775808"];
const ERRORS: &[&str] =
    &["0", "64", "997", "10004", "10014", "10022", "10035", "10054", "65535", "65536", "4294967295"];

/// Variables for calls to name.
const SCRIPT: &str = "scenario \"names\"\n\nserver  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L\n\
                      server  WSACreateEvent() = E\n";

thread_local! {
    static NAMES: RefCell<Script> = RefCell::new(
        parse(SCRIPT.as_bytes(), "names", &|_| true).unwrap_or_else(|why| panic!("{why}")),
    );
}

pub(crate) fn tries(bytes: &[u8]) {
    let mut rest = Bytes::new(bytes);
    match rest.byte() % 3 {
        0 => rest.rest().split(|byte| *byte == b'\n').for_each(|line| reads(line, &mut Bytes::new(line))),
        1 => {
            let text = worded(rest.rest(), WORDS);
            text.split('\n').for_each(|line| reads(line.as_bytes(), &mut Bytes::new(rest.rest())));
        }
        _ => {
            let line = returned(&mut rest);
            assert!(Reply::read(line.as_bytes()).is_ok(), "a return is refused: {line}");
            reads(line.as_bytes(), &mut rest);
        }
    }
}

/// A return, of whichever call.
fn returned(bytes: &mut Bytes<'_>) -> String {
    let mut line = format!(
        "{{\"id\":{},\"did\":\"returned\",\"value\":{},\"error\":{}",
        bytes.byte(),
        bytes.one(VALUES),
        bytes.one(ERRORS)
    );
    for (name, values) in FIELDS {
        if let Some(value) = values.get(bytes.below(2 * values.len())) {
            line += &format!(",\"{name}\":{value}");
        }
    }
    line + "}"
}

fn reads(line: &[u8], bytes: &mut Bytes<'_>) {
    match Reply::read(line) {
        Ok(reply) => {
            let text = serde_json::to_string(&reply).expect("a reply is plain data");
            assert_eq!(Reply::read(text.as_bytes()).as_ref(), Ok(&reply), "{text}");
            if let Report::Returned(returned) = &reply.report {
                let function = *bytes.one(Function::ALL);
                let call = Call::draw(function, &mut Named(bytes));
                shows(&call, &Observed::Returned(shown(&call, returned)));
            }
        }
        Err(why) => assert!(why.chars().count() < 2_000 && !why.contains('\n'), "{why}"),
    }
    if let Ok(request) = serde_json::from_slice::<Request>(line) {
        let text = serde_json::to_string(&request).expect("a request is plain data");
        assert_eq!(serde_json::from_str::<Request>(&text).ok(), Some(request), "{text}");
    }
}

/// What was seen of a call can be written; where it can be read as that of such a call, it is written the same again.
fn shows(call: &Call<Ref>, observed: &Observed) {
    NAMES.with_borrow(|script| {
        let text = render_observed(observed, script, None);
        if let Ok(read) = parse_observed(&text, script, call) {
            assert_eq!(render_observed(&read, script, None), text, "of {call:?}");
        }
    });
}

/// Arguments of a call in a script.
struct Named<'a, 'b>(&'a mut Bytes<'b>);

impl Choices<Ref> for Named<'_, '_> {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.below(bound as usize) as u32
    }

    fn handle(&mut self) -> Ref {
        NAMES.with_borrow(|script| match self.0.below(script.names.len() + 2) {
            0 => Ref::InvalidSocket,
            1 => Ref::Number(7),
            at => Ref::Name(winaccept_sim::script::NameId(at as u16 - 2)),
        })
    }
}
