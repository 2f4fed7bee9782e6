//! The backlog example: a listener that holds two pending connections, and more clients than that.

use winaccept::profiles::Choices;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::program::Program;

/// The scenario, for this many clients.
pub(crate) fn source(clients: usize) -> String {
    format!(
        r#"scenario "more clients than the backlog holds"

server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L
server  bind(L, 127.0.0.1:0) = 0
server  listen(L, 2) = 0
any order {{
  clients {clients} alike {{
    client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C
    client  connect(C, L) = {{ 0 | SOCKET_ERROR WSAECONNREFUSED }}
    either {{
      client  closesocket(C)
    }} or {{
      client  setsockopt(C, SOL_SOCKET, SO_LINGER, {{1, 0}})
      client  closesocket(C)
    }} or {{ }}
  }}
  repeat {{
    server  accept(L, NULL, NULL) = {{ A | INVALID_SOCKET WSAECONNRESET }}
    server  closesocket(A)
  }}
}}
"#
    )
}

/// The scenario, ready to run.
pub(crate) fn program(clients: usize) -> Program {
    let script = winaccept::lang::parse(source(clients).as_bytes(), "backlog", &|_| true);
    let script = script.unwrap_or_else(|problems| panic!("the example is a scenario: {problems:?}"));
    Program::new(&script).unwrap_or_else(|problem| panic!("the example fits a world: {}", problem.message))
}

/// The documented machine, each open choice settled: the count of states is then that of the scenario alone.
pub(crate) fn machine() -> Machine {
    let mut profile: Profile =
        Choices::bundled().profile("documented").expect("invariant: the bundled profiles are tested");
    for (point, choice) in winaccept_model::choice::CHOICES.iter().enumerate() {
        let first = profile.allowed(point).trailing_zeros() as usize;
        let alternative = choice.alternatives[first];
        profile.narrow(choice.name, [alternative]).expect("invariant: an allowed alternative is known");
    }
    Machine::new(profile)
}
