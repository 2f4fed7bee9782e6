//! Scenarios that a machine made up: whatever is asked, and in whatever order, the model answers it, or names the limit that
//! it has. It does not panic, no invariant breaks, and the same scenario gives the same run.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed};

use winaccept::profiles::{Choices, NAMES};
use winaccept::suite::Scenario;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::explore::{Options, explore};
use winaccept_sim::limit;
use winaccept_sim::run::{Guide, run};

/// Who acts. `peer` is a process of its own, `old` speaks Winsock 1.1.
const ACTORS: &[&str] = &["server", "worker", "client", "other", "old"];
/// What every scenario starts from, so that calls find sockets in every state.
const BEGINNING: &str = "\
scenario \"made up\"

process peer: other
process past: old
winsock 1.1 past

server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = U
server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = N
server  bind(N, 127.0.0.1:0)
server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L
server  bind(L, 127.0.0.1:0)
server  listen(L, 1)
server  socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP) = D
server  WSACreateEvent() = E
server  CreateWindow() = W
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = K
other   socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = P
old     socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = O
old     bind(O, 0.0.0.0:0)
old     listen(O, SOMAXCONN)
worker  WSAGetLastError()
";

/// One random step or happening. Clients connect and servers accept more often than anything else.
fn line() -> impl Strategy<Value = String> {
    let actor = || select(ACTORS);
    let socket = || select(vec!["L", "L", "L", "C", "C", "K", "P", "O", "U", "N", "D", "INVALID_SOCKET", "handle(77)"]);
    let client = || select(vec!["C", "K", "P", "U"]);
    let window = || select(vec!["W", "W", "W", "NULL", "handle(77)"]);
    let milliseconds = || select(vec!["0", "50", "INFINITE"]);
    prop_oneof![
        6 => (client(), select(vec!["L", "L", "L", "O", "N", "127.0.0.1:9", "192.0.2.0:9", "[::1]:9", "NULL"]))
            .prop_map(|(c, to)| format!("{}  connect({c}, {to})", owner(c))),
        6 => (actor(), socket(), select(vec!["NULL", "addr", "BAD"]), select(vec!["NULL", "0", "15", "16", "28", "BAD"]))
            .prop_map(|(a, s, addr, len)| format!("{a}  accept({s}, {addr}, {len})")),
        3 => (actor(), socket()).prop_map(|(a, s)| format!("{a}  closesocket({s})")),
        2 => (actor(), socket(), select(vec!["", "0123456789", "0123456789012345678901234567890"]))
            .prop_map(|(a, s, data)| format!("{a}  send({s}, \"{data}\")")),
        2 => (actor(), socket(), 0..40u8).prop_map(|(a, s, n)| format!("{a}  recv({s}, {n})")),
        2 => (actor(), socket(), 0..2).prop_map(|(a, s, on)| format!("{a}  ioctlsocket({s}, FIONBIO, {on})")),
        2 => (actor(), socket(), select(vec!["0", "1", "5", "-1", "SOMAXCONN", "SOMAXCONN_HINT(300)"]))
            .prop_map(|(a, s, n)| format!("{a}  listen({s}, {n})")),
        1 => (actor(), socket(), select(vec!["127.0.0.1:0", "0.0.0.0:0", "[::]:0", "192.0.2.0:1", "L", "NULL"]))
            .prop_map(|(a, s, to)| format!("{a}  bind({s}, {to})")),
        2 => (actor(), socket(), select(vec!["SD_RECEIVE", "SD_SEND", "SD_BOTH"]))
            .prop_map(|(a, s, how)| format!("{a}  shutdown({s}, {how})")),
        1 => (actor(), socket()).prop_map(|(a, s)| format!("{a}  getsockname({s}, addr, 16)")),
        1 => (actor(), socket()).prop_map(|(a, s)| format!("{a}  getpeername({s}, addr, 28)")),
        2 => (actor(), socket(), select(vec!["SO_ERROR", "SO_ACCEPTCONN", "SO_CONNECT_TIME", "SO_CONDITIONAL_ACCEPT"]))
            .prop_map(|(a, s, opt)| format!("{a}  getsockopt({s}, SOL_SOCKET, {opt})")),
        2 => (actor(), socket(), select(vec!["SO_LINGER, {1, 0}", "SO_REUSEADDR, 1", "SO_CONDITIONAL_ACCEPT, 1"]))
            .prop_map(|(a, s, opt)| format!("{a}  setsockopt({s}, SOL_SOCKET, {opt})")),
        2 => (actor(), socket(), socket(), milliseconds())
            .prop_map(|(a, r, w, time)| format!("{a}  select({{{r}}}, {{{w}}}, NULL, {time})")),
        1 => (actor(), socket(), milliseconds())
            .prop_map(|(a, s, time)| format!("{a}  WSAPoll({{{s}: POLLRDNORM|POLLWRNORM, L: 0}}, {time})")),
        2 => (actor(), socket(), select(vec!["0", "FD_ACCEPT", "FD_ACCEPT|FD_CLOSE|FD_READ", "FD_CONNECT|FD_WRITE"]))
            .prop_map(|(a, s, mask)| format!("{a}  WSAEventSelect({s}, E, {mask})")),
        1 => (actor(), socket()).prop_map(|(a, s)| format!("{a}  WSAEnumNetworkEvents({s}, E)")),
        2 => (actor(), socket(), window(), select(vec!["0", "FD_ACCEPT", "FD_ACCEPT|FD_CLOSE|FD_READ", "FD_CONNECT|FD_WRITE"]))
            .prop_map(|(a, s, window, mask)| format!("{a}  WSAAsyncSelect({s}, {window}, WM_USER+1, {mask})")),
        1 => (actor(), window(), select(vec!["PeekMessage", "PeekMessage", "GetMessage"]))
            .prop_map(|(a, window, call)| format!("{a}  {call}({})", if window == "NULL" { "W" } else { window })),
        1 => (actor(), milliseconds(), select(vec!["TRUE", "FALSE"]))
            .prop_map(|(a, time, alertable)| format!("{a}  WSAWaitForMultipleEvents({{E}}, {time}, {alertable})")),
        1 => (actor(), milliseconds()).prop_map(|(a, time)| format!("{a}  SleepEx({time}, TRUE)")),
        1 => (actor(), actor(), select(vec!["WSASetEvent(E)", "accept(L)"]))
            .prop_map(|(a, to, what)| format!("{a}  QueueUserAPC({what}, {to})")),
        1 => (actor(), select(vec!["WSACleanup()", "WSAStartup(2.2)", "WSAGetLastError()", "WSACancelBlockingCall()",
                "WSADuplicateSocket(L, peer, info)", "WSACloseEvent(E)", "WSASetEvent(E)", "WSAResetEvent(E)"]))
            .prop_map(|(a, call)| format!("{a}  {call}")),
        1 => Just("other  WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info(L), 0, 0)".to_owned()),
        1 => select(vec!["WSACancelBlockingCall()", "WSACleanup()", "listen(O, 5)", "closesocket(O)"])
            .prop_map(|call| format!("old  accept(O, NULL, NULL) = ...\nold  in hook {call}\nold  accept resumes")),
        3 => (select(vec!["hold", "release", "drop SYN of", "drop SYN-ACK of", "drop ACK of", "drop RST of", "drop FIN of",
                "drop DATA of", "timer of", "may drop SYN of"]), client())
            .prop_map(|(what, c)| format!("{what} {c}")),
        2 => (select(vec!["fault", "mend"]), select(vec!["no-descriptors", "no-buffers", "network-down", "no-handles", "in-callback"]))
            .prop_map(|(what, kind)| format!("{what} {kind}")),
    ]
}

/// Who made a client's socket, so that it is mostly its own thread that connects it.
fn owner(socket: &str) -> &'static str {
    match socket {
        "P" => "other",
        "U" => "worker",
        _ => "client",
    }
}

fn config(cases: u32) -> Config {
    // The same scenarios everywhere: a failure that only one machine sees helps nobody.
    let seed = RngSeed::Fixed(20_261_121);
    Config {
        cases,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: seed,
        failure_persistence: None,
        ..Config::default()
    }
}

fn machines() -> Vec<Machine> {
    let mut profiles: Vec<Profile> =
        NAMES.iter().map(|name| Choices::bundled().profile(name).expect("spec-notes/choices.toml is tested")).collect();
    profiles.push(Profile::widest("widest"));
    profiles.into_iter().map(Machine::new).collect()
}

fn check(source: &str) {
    let Ok(scenario) = Scenario::read(source.as_bytes(), "made-up") else {
        panic!("the generator writes sound scenarios:\n{}", Scenario::read(source.as_bytes(), "made-up").unwrap_err());
    };
    for machine in machines() {
        let first = run(&scenario.program, &machine, Guide::Expectations);
        assert_eq!(first.broken, [], "{}:\n{source}", machine.profile.name);
        let again = run(&scenario.program, &machine, Guide::Expectations);
        assert_eq!((first.steps, first.limit), (again.steps, again.limit));
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn steps_one_after_the_other(lines in vec(line(), 0..25)) {
        limit::are_errors();
        check(&(BEGINNING.to_owned() + &lines.join("\n") + "\nother  exits 1\nserver  accept(L, NULL, NULL)\n"));
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn steps_in_any_order(before in vec(line(), 0..6), lanes in vec(line(), 2..5)) {
        limit::are_errors();
        let is_step = |line: &&String| ACTORS.iter().any(|actor| line.starts_with(actor));
        let open: Vec<_> = lanes.iter().filter(is_step).map(String::as_str).collect();
        let source = format!("{BEGINNING}{}\nany order {{\n  {}\n}}\n", before.join("\n"), open.join("\n  "));
        // What a step looks like may clash with the rules for lanes, such as where a hook may stand.
        let Ok(scenario) = Scenario::read(source.as_bytes(), "made-up") else { return Err(TestCaseError::reject("no lane")) };
        let machine = Machine::new(Choices::bundled().profile("documented").expect("spec-notes/choices.toml is tested"));
        let options = Options { max_states: 20_000, ..Options::default() };
        if let Ok(report) = limit::within(|| explore(&scenario.program, &machine, &options)) {
            let broken: Vec<_> = report.violations.iter().map(|broken| broken.property).collect();
            let invariants: Vec<_> =
                broken.iter().filter(|p| matches!(p, winaccept_sim::explore::Property::Invariant(_))).collect();
            prop_assert!(invariants.is_empty(), "{invariants:?}:\n{source}");
        }
    }
}
