//! The backlog example: a listener that holds two pending connections, and more clients than that.

use winaccept_lang::profiles::Choices;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::config::Config;
use winaccept_sim::explore::enter;
use winaccept_sim::run::{Guide, run};
use winaccept_sim::scenario::{LaneCode, Scenario, Section};

/// The scenario, for this many clients.
#[must_use]
pub fn source(clients: usize) -> String {
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
///
/// # Panics
/// When it is broken: it is part of this crate.
#[must_use]
pub fn program(clients: usize) -> Scenario {
    let script = winaccept_lang::parse(source(clients).as_bytes(), "backlog", &|_| true);
    let script = script.unwrap_or_else(|problems| panic!("the example is a scenario: {problems:?}"));
    Scenario::new(&script).unwrap_or_else(|problem| panic!("the example fits a world: {}", problem.message))
}

/// The documented machine, each open choice settled: the count of states is then that of the scenario alone.
///
/// # Panics
/// When the bundled profiles are broken: tests hold them.
#[must_use]
pub fn machine() -> Machine {
    let mut profile: Profile =
        Choices::bundled().profile("documented").expect("invariant: the bundled profiles are tested");
    for (point, choice) in winaccept_model::choice::CHOICES.iter().enumerate() {
        let first = profile.allowed(point).trailing_zeros() as usize;
        let alternative = choice.alternatives[first];
        profile.narrow(choice.name, [alternative]).expect("invariant: an allowed alternative is known");
    }
    Machine::new(profile)
}

/// The one section of the example that is explored, and where it begins.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The example.
    pub program: Scenario,
    /// The machine it runs on.
    pub machine: Machine,
    /// The lanes of the section.
    pub lanes: Vec<LaneCode>,
    /// Where they begin.
    pub first: Config,
}

impl Setting {
    /// Plays everything before the section.
    ///
    /// # Panics
    /// When the example does not begin as it expects itself: it is part of this crate.
    #[must_use]
    pub fn new(clients: usize) -> Setting {
        let (program, machine) = (program(clients), machine());
        let mut before = program.clone();
        let Some(Section::AnyOrder(lanes)) = before.sections.pop() else {
            unreachable!("invariant: the example ends with `any order`")
        };
        let mut ends = run(&before, &machine, Guide::Expectations).ends;
        let mut first = ends.pop().expect("invariant: the example begins as expected");
        assert!(ends.is_empty(), "a machine without choices begins in one way");
        enter(&lanes, &mut first);
        Setting { program, machine, lanes, first }
    }
}
