//! Properties over random input: nothing panics, formatting settles, observations survive being written down.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use winaccept_lang::{format_source, parse, parse_observed, render_call, render_expect, render_observed};
use winaccept_model::call::{Address, Call, Data, Family, Function, Ip, NetworkEvents, Opt, OptVal, PollEvents, Port};
use winaccept_model::code::{CODES, Code};
use winaccept_model::kind::Choices;
use winaccept_model::outcome::Value;
use winaccept_sim::observe::{Observed, Shown, ShownAddress, ShownOut, ShownValue};
use winaccept_sim::script::{Action, Item, NameId, Ref, Script, Step};

/// Words that the language is made of, and some that it is not.
const WORDS: &[&str] = &[
    "scenario \"t\"\n",
    "process",
    "winsock",
    "model only",
    "any order {\n",
    "clients 2 alike {\n",
    "either {",
    "} or {",
    "repeat {\n",
    "never",
    "hold",
    "drop SYN of",
    "fault no-buffers",
    "shows",
    "with",
    "in hook",
    "resumes",
    "prints",
    "exits 1",
    "ends\n",
    "server",
    "client",
    "socket(AF_INET, SOCK_STREAM, 0) = ",
    "accept(",
    "listen(",
    "select(",
    "WSAPoll(",
    "L",
    "A",
    "C",
    ",",
    "(",
    ")",
    "{",
    "}\n",
    "=",
    "|",
    ":",
    "?",
    "+",
    "...",
    "\n",
    "\\\n",
    "# note\n",
    "\"",
    "\"x\"",
    "NULL",
    "addr",
    "0",
    "-1",
    "99999999999999999999",
    "127.0.0.1:*",
    "[::1]:",
    "INVALID_SOCKET",
    "WSAEINVAL",
    "SOCKET_ERROR",
    "FD_READ",
    "POLLERR",
    "\u{feff}",
    "é",
    "\t",
    "\r",
];

/// A scenario whose variables observations may name, one of them of an alike group.
const SCRIPT: &str = "scenario \"t\"\nserver  socket(AF_INET, SOCK_STREAM, 0) = L\nany order {\n  clients 2 alike {\n    \
                      c  socket(AF_INET, SOCK_STREAM, 0) = C\n  }\n}\n";

fn script() -> Script {
    parse(SCRIPT.as_bytes(), "test", &|_| true).unwrap()
}

/// Calls that between them have every out-parameter.
fn calls() -> Vec<Call<Ref>> {
    let lines = "scenario \"t\"\ns  socket(AF_INET, SOCK_STREAM, 0) = L\ns  accept(L, addr, 16)\ns  recv(L, 16)\n\
                 s  getsockopt(L, SOL_SOCKET, SO_LINGER)\ns  select({L}, {}, {}, 0)\ns  WSAPoll({L: 0}, 0)\n\
                 s  WSAEnumNetworkEvents(L, NULL)\ns  listen(L, 5)\n";
    let script = parse(lines.as_bytes(), "test", &|_| true).unwrap();
    let calls = script.items.iter().filter_map(|item| match item {
        Item::Step(step) => match step.action {
            Action::Call(call) => Some(call),
            _ => None,
        },
        _ => None,
    });
    calls.collect()
}

/// Choices from a list of numbers, and zeros after its end; handles are those of a script.
struct Numbers(std::vec::IntoIter<u32>);

impl Choices<Ref> for Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.next().unwrap_or(0) % bound
    }
    fn handle(&mut self) -> Ref {
        match self.below(5) {
            0 => Ref::InvalidSocket,
            1 => Ref::Number(self.below(70_000)),
            name => Ref::Name(NameId(name as u16 - 2)),
        }
    }
    fn overlapped(&mut self) -> Ref {
        Ref::Name(NameId(3))
    }
}

/// Any call of a script with three variables, two processes and two actors.
fn any_call() -> impl Strategy<Value = Call<Ref>> {
    let shaped = |call: &Call<Ref>| match call {
        // A value has the shape that its option says.
        Call::Setsockopt { opt, value, .. } => matches!(value, OptVal::Linger(..)) == (*opt == Opt::Linger),
        _ => true,
    };
    let numbers = vec(any::<u32>(), 40);
    let call = (select(Function::ALL), numbers);
    call.prop_map(|(function, numbers)| Call::draw(function, &mut Numbers(numbers.into_iter())))
        .prop_filter("an option and its value", shaped)
}

/// A script in which the calls of [`any_call`] can be written.
const ROOM: &str = "scenario \"t\"\nprocess peer: other\nserver  socket(AF_INET, SOCK_STREAM, 0) = S\n\
                    server  socket(AF_INET, SOCK_STREAM, 0) = C\nother  WSACreateEvent() = E\nserver  OVERLAPPED(NULL) = O\n\
                    server  socket(AF_INET, SOCK_STREAM, 0) = L\n\
                    server  CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0) = P\nserver  CreateWindow() = W\n";

/// The call of the last step.
fn last_call(script: &Script) -> Call<Ref> {
    match script.items.last() {
        Some(Item::Step(Step { action: Action::Call(call), .. })) => *call,
        other => panic!("{other:?}"),
    }
}

fn names() -> impl Strategy<Value = Vec<NameId>> {
    vec((0..3u16).prop_map(NameId), 0..4)
}

fn code() -> impl Strategy<Value = Code> {
    prop_oneof![select(CODES).prop_map(|(_, code)| code), any::<u16>().prop_map(Code)]
}

fn value() -> impl Strategy<Value = ShownValue> {
    let words = [
        Value::SocketError,
        Value::InvalidSocket,
        Value::WaitTimeout,
        Value::WaitIoCompletion,
        Value::WaitFailed,
        Value::InvalidEvent,
        Value::Undefined,
        Value::Unmodelled,
    ];
    prop_oneof![
        Just(ShownValue::Handle),
        select(words.to_vec()).prop_map(ShownValue::Is),
        any::<i64>().prop_map(|n| ShownValue::Is(Value::Number(n))),
        code().prop_map(|code| ShownValue::Is(Value::Number(i64::from(code.0)))),
        any::<u8>().prop_map(|n| ShownValue::Is(Value::WaitEvent(n))),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    let port = prop_oneof![Just(Port::Unset), (1..=u16::MAX).prop_map(Port::Fixed), Just(Port::SOME)];
    let family = select(vec![Family::Inet, Family::Inet6]);
    let ip = select(vec![Ip::Any, Ip::Loopback, Ip::NotLocal]);
    (family, ip, port).prop_map(|(family, ip, port)| Address { family, ip, port })
}

fn data() -> impl Strategy<Value = Data> {
    let repeated = (vec(any::<u8>(), 1..40), 0..100usize, 0..40usize).prop_map(|(unit, times, more)| {
        let bytes: Vec<u8> = unit.iter().copied().cycle().take(unit.len() * times + more).collect();
        bytes
    });
    prop_oneof![vec(any::<u8>(), 0..200), repeated].prop_map(|bytes| Data::new(&bytes).unwrap())
}

/// Out-parameters that this call has.
fn outs(call: Call<Ref>) -> BoxedStrategy<Vec<ShownOut>> {
    let seen_address = (address(), names()).prop_map(|(address, names)| ShownAddress { address, names });
    let linger = (any::<u16>(), any::<u16>()).prop_map(|(on, seconds)| OptVal::Linger(on, seconds));
    let one = match call {
        call if call.accepts() => prop_oneof![
            proptest::option::of(seen_address).prop_map(ShownOut::Addr),
            any::<i32>().prop_map(ShownOut::AddrLen)
        ]
        .boxed(),
        Call::Recv { .. } => data().prop_map(ShownOut::Data).boxed(),
        Call::Getsockopt { .. } => {
            prop_oneof![any::<u32>().prop_map(OptVal::Number), linger].prop_map(ShownOut::Value).boxed()
        }
        Call::Select { .. } => prop_oneof![
            names().prop_map(ShownOut::ReadFds),
            names().prop_map(ShownOut::WriteFds),
            names().prop_map(ShownOut::ExceptFds)
        ]
        .boxed(),
        Call::WSAPoll { .. } => vec(any::<u16>().prop_map(PollEvents), 0..4).prop_map(ShownOut::Revents).boxed(),
        Call::WSAEnumNetworkEvents { .. } => prop_oneof![
            any::<u16>().prop_map(|n| ShownOut::Events(NetworkEvents(n))),
            vec((select(NetworkEvents::NAMES).prop_map(|(_, event)| event), code()), 0..3)
                .prop_map(ShownOut::EventErrors),
        ]
        .boxed(),
        _ => return Just(Vec::new()).boxed(),
    };
    vec(one, 0..3).boxed()
}

fn observed(call: Call<Ref>) -> impl Strategy<Value = Observed> {
    let seen = (value(), code(), outs(call)).prop_map(|(value, error, out)| Shown { value, error, out });
    prop_oneof![
        8 => seen.prop_map(Observed::Returned),
        1 => Just(Observed::Blocks),
        1 => any::<String>().prop_map(Observed::Printed),
        1 => Just(Observed::Done),
        1 => any::<String>().prop_map(Observed::NotTaken),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes, "test", &|_| true).map_err(|diagnostics| diagnostics.render(true));
    }

    #[test]
    fn no_words_panic(words in vec(select(WORDS), 0..60), spaced in any::<bool>()) {
        let text = format!("scenario \"t\"\n{}", words.join(if spaced { " " } else { "" }));
        if let Err(diagnostics) = parse(text.as_bytes(), "test", &|_| false) {
            prop_assert!(!diagnostics.list().is_empty());
            prop_assert!(diagnostics.to_string().starts_with("error: "));
        }
        if let Ok(formatted) = format_source(&text, "test") {
            prop_assert_eq!(format_source(&formatted, "test").unwrap(), formatted);
        }
    }

    #[test]
    fn nothing_panics_where_a_scenario_was_damaged(at in 0usize..2000, word in select(WORDS), cut in 0usize..20) {
        let page = include_str!("../../../../docs/language.md");
        for example in page.split("```winaccept\n").skip(1) {
            let mut text = example.split("```").next().unwrap().to_owned();
            let mut at = at % text.len();
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let rest: String = text[at..].chars().skip(cut).collect();
            text.truncate(at);
            text = text + word + &rest;
            let _ = parse(text.as_bytes(), "test", &|_| true).map_err(|diagnostics| diagnostics.to_string());
            if let Ok(formatted) = format_source(&text, "test") {
                prop_assert_eq!(format_source(&formatted, "test").unwrap(), formatted);
            }
        }
    }

    #[test]
    fn observations_survive_being_written_down(
        (call, observed) in select(calls()).prop_flat_map(|call| (Just(call), observed(call))),
        binds in proptest::option::of((0..3u16).prop_map(NameId)),
    ) {
        let script = script();
        let text = render_observed(&observed, &script, binds);
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(parse_observed(&text, &script, &call), Ok(observed), "{}", text);
    }

    #[test]
    fn calls_survive_being_written_down(call in any_call()) {
        let room = parse(ROOM.as_bytes(), "test", &|_| true).unwrap();
        let source = format!("{ROOM}server  {}\n", render_call(&call, &room));
        let script = parse(source.as_bytes(), "test", &|_| true).map_err(|problem| TestCaseError::fail(problem.to_string()))?;
        prop_assert_eq!(last_call(&script), call, "{}", source);
    }

    #[test]
    fn no_text_makes_reading_an_observation_panic(words in vec(select(WORDS), 0..12)) {
        let _ = parse_observed(&words.join(" "), &script(), &calls()[0]);
    }
}

#[test]
fn calls_and_expectations_are_written_as_they_are_read() {
    let lines = include_str!("../../../../docs/language.md");
    let prelude = lines.split("```winaccept\n").nth(1).unwrap().split("```").next().unwrap();
    let mut checked = 0;
    for fragment in lines.split("```winaccept fragment\n").skip(1) {
        let source = format!("{prelude}{}", fragment.split("```").next().unwrap());
        let script = parse(source.as_bytes(), "test", &|_| true).unwrap();
        for item in &script.items {
            let Item::Step(step) = item else { continue };
            let (Action::Call(call), Some(expect)) = (&step.action, &step.expect) else { continue };
            let line = &source[step.span.start as usize..step.span.end as usize];
            let written = format!("{} = {}", render_call(call, &script), render_expect(expect, &script));
            // What differs in spelling is written in one way only.
            let usual = line.replace(", 0) =", ", IPPROTO_TCP) =").replace("\\\n    ", "").replace("\\x00", "\\0");
            let usual = usual.replace("= TRUE", "= 1").replace("= WAIT_IO", "= WSA_WAIT_IO");
            if line.contains("SOCK_STREAM") || !line.contains(", 0) =") {
                assert_contains(&usual, &written);
                checked += 1;
            }
        }
    }
    assert!(checked > 20);
}

fn assert_contains(line: &str, written: &str) {
    assert!(line.contains(written), "`{written}` for `{line}`");
}

#[test]
fn the_example_in_a_complaint_can_be_read() {
    for function in Function::ALL {
        let source = format!("{ROOM}server  {}(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)\n", function.name());
        let complaint = parse(source.as_bytes(), "test", &|_| true).unwrap_err().to_string();
        let example = complaint.split("for example `").nth(1).unwrap().rsplit_once('`').unwrap().0;
        let source = format!("{ROOM}server  {example}\n");
        match parse(source.as_bytes(), "test", &|_| true) {
            Ok(script) => assert_eq!(last_call(&script).name(), function.name()),
            Err(problem) => panic!("{problem}"),
        }
    }
}
