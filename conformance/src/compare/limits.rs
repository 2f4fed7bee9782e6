//! What a real stack is not asked, because the answer would tell of the system below it and not of Winsock (docs/compare.md).

use std::collections::BTreeMap;

use winaccept_model::call::{Call, Length, Name, ProcessId};
use winaccept_sim::script::{Action, NameId, Ref, Script};

use super::shrink::{steps, with_dependents, without};

/// The same without the steps that a real stack is not asked, and without what makes no sense without them.
pub(super) fn within(mut script: Script) -> Script {
    while let Some(place) = first_beyond(&script) {
        let set = with_dependents(&steps(&script), [place].into());
        script = without(&script, &set);
    }
    script
}

/// What is known of a variable by the steps so far.
struct Made {
    process: ProcessId,
    /// By which step of its process its handle was closed, counted from one.
    closed: Option<usize>,
}

/// The first step that a real stack is not asked.
fn first_beyond(script: &Script) -> Option<usize> {
    let mut made: BTreeMap<NameId, Made> = BTreeMap::new();
    let mut taken = vec![0; script.processes.len()];
    let mut behind_winsock = false;
    for (place, step) in steps(script).into_iter().enumerate() {
        let process = script.actors[step.actor.index()].process;
        let number = &mut taken[process.index()];
        *number += 1;
        if let Action::Call(call) | Action::InHook(call) = &step.action {
            // The number of what is closed may be given again, by what the stack itself opens, too.
            let opens = usize::from(matches!(call, Call::AfdPoll { .. }));
            let is_strange = |name: &NameId| {
                let is_old = |at| at + 1 < *number + opens;
                made.get(name).is_some_and(|it| it.process != process || it.closed.is_some_and(is_old))
            };
            let cleans_up = matches!(call, Call::WSACleanup) && behind_winsock;
            if has_negative_length(call) || cleans_up || handles(call).iter().any(is_strange) {
                return Some(place);
            }
            behind_winsock |= matches!(call, Call::CloseHandle { .. });
            for name in closed_by(call, &made, process) {
                if let Some(it) = made.get_mut(&name) {
                    it.closed.get_or_insert(*number);
                }
            }
        }
        for name in step.binds() {
            made.insert(name, Made { process, closed: None });
        }
    }
    None
}

/// The variables whose handles a call closes.
fn closed_by(call: &Call<Ref>, made: &BTreeMap<NameId, Made>, process: ProcessId) -> Vec<NameId> {
    let handle = match call {
        Call::Closesocket { s } => s,
        Call::CloseHandle { handle } => handle,
        Call::WSACloseEvent { event } => event,
        Call::WSACleanup => {
            return made.iter().filter(|(_, it)| it.process == process).map(|(name, _)| *name).collect();
        }
        _ => return Vec::new(),
    };
    if let Ref::Name(name) = handle { vec![*name] } else { Vec::new() }
}

/// The variables that a call names as handles of its own process: not for an address, and not for what was written down of a
/// socket in another one.
fn handles(call: &Call<Ref>) -> Vec<NameId> {
    let mut address = match call {
        Call::Bind { name, .. }
        | Call::Connect { name, .. }
        | Call::WSAConnect { name, .. }
        | Call::ConnectEx { name, .. } => Some(name),
        _ => None,
    };
    let mut all = Vec::new();
    if matches!(call, Call::WSASocketFromInfo { .. }) {
        return all;
    }
    call.map(|handle| {
        let is_address = address.is_some_and(|name| *name == Name::Of(handle)) && !all.is_empty();
        match handle {
            Ref::Name(_) if is_address => address = None,
            Ref::Name(name) => all.push(name),
            _ => {}
        }
        handle
    });
    all
}

/// A length below zero, of which stacks make a huge one.
pub(super) fn has_negative_length(call: &Call<Ref>) -> bool {
    let name = match call {
        Call::Bind { name, .. } | Call::Connect { name, .. } | Call::WSAConnect { name, .. } => Some(name),
        _ => None,
    };
    let buffer = call.name_buffer().map(|(_, length)| length);
    matches!(name, Some(Name::Address(_, ..0))) || matches!(buffer, Some(Length::Holds(..0)))
}

#[cfg(test)]
mod tests {
    use super::super::readable;
    use super::within;
    use crate::lang::{Comment, render_script};
    use crate::suite::Scenario;

    /// What is left of these steps.
    fn left(steps: &str) -> Vec<String> {
        let scenario = Scenario::read(format!("scenario \"x\"\n{steps}\n").as_bytes(), "x").unwrap();
        let script = within(scenario.script);
        assert!(readable(&script).is_some());
        let text = render_script(&script, &Comment::default());
        text.lines().skip(2).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    const L: &str = "server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L";
    const CLOSES: &str = "server  closesocket(L)";
    const ASKS: &str = "server  listen(L, 1)";

    #[test]
    fn a_closed_handle_is_used_at_once_or_not_at_all() {
        assert_eq!(left(&[L, CLOSES, ASKS].join("\n")), [L, CLOSES, ASKS]);
        assert_eq!(left(&[L, CLOSES, "server  WSACreateEvent() = E", ASKS].join("\n")).len(), 3);
    }

    #[test]
    fn a_handle_of_another_process_is_an_address_at_most() {
        let theirs = "process p: client\n\n";
        let connects = "client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C\nclient  connect(C, L)";
        assert_eq!(left(&format!("{theirs}{L}\n{connects}")).len(), 4);
        assert_eq!(left(&format!("{theirs}{L}\nclient  listen(L, 1)")).len(), 2);
        let described = "server  WSADuplicateSocket(L, p, info)\n\
            client  WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info(L), 0, 0) = M\n\
            client  listen(M, 1)\nserver  listen(M, 1)";
        assert_eq!(left(&format!("{theirs}{L}\n{described}")).len(), 5);
    }

    #[test]
    fn nothing_has_a_negative_length() {
        assert_eq!(left(&format!("{L}\nserver  bind(L, 127.0.0.1:0, -1)\nserver  accept(L, addr, -1)")), [L]);
    }

    #[test]
    fn nobody_cleans_up_behind_winsocks_back() {
        assert_eq!(left(&format!("{L}\nserver  CloseHandle(L)\nserver  WSACleanup()")).len(), 2);
    }
}
