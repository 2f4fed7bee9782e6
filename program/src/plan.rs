//! A plan: all that a run depends on beside the program and the profile. As a line of text it is what replays the run.

use winaccept_model::call::Function;
use winaccept_sim::script::FaultKind;

use crate::client::{BEHAVIOURS, Behaviour};
use crate::draw::{Draws, Schedule};

/// Something of the system's that fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// It begins at a call of this name,
    pub call: String,
    /// the so-and-so-many-th that the program makes, and lasts half a second.
    pub nth: u32,
}

/// How long a fault lasts, in milliseconds of virtual time.
pub(crate) const FAULT_LASTS: u64 = 500;

/// Faults with their names.
const KINDS: &[(&str, FaultKind)] = &[
    ("no-descriptors", FaultKind::NoDescriptors),
    ("no-buffers", FaultKind::NoBuffers),
    ("network-down", FaultKind::NetworkDown),
    ("no-handles", FaultKind::NoHandles),
    ("in-callback", FaultKind::InCallback),
];

/// The clients, the faults and the choices of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Who comes while there is trouble.
    pub clients: Vec<Behaviour>,
    /// What fails.
    pub faults: Vec<Fault>,
    /// Whether others come after it, to see if they are served.
    pub late: bool,
    pub(crate) draws: Draws,
}

impl Plan {
    /// These clients and faults, and of every choice the first.
    #[must_use]
    pub fn plain(clients: Vec<Behaviour>, faults: Vec<Fault>) -> Plan {
        Plan { clients, faults, late: true, draws: Draws::new(Schedule::Plain) }
    }

    /// The same clients and faults under this schedule, which makes all choices.
    #[must_use]
    pub fn under(mut self, schedule: Schedule) -> Plan {
        self.draws = Draws::new(schedule);
        self
    }

    /// Its schedule; the plain one where choices are named.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.draws.source
    }

    /// As text: what [`Plan::read`] takes.
    #[must_use]
    pub fn text(&self) -> String {
        let mut clients: Vec<&str> = self.clients.iter().map(|client| client.name()).collect();
        if !self.late {
            clients.push(NOBODY_LATE);
        }
        let fault = |fault: &Fault| {
            let kind = KINDS.iter().find(|(_, kind)| *kind == fault.kind).map_or("no-buffers", |(name, _)| name);
            format!("{kind}@{}{}", fault.call, fault.nth)
        };
        let faults: Vec<String> = self.faults.iter().map(fault).collect();
        let named = self.draws.named.iter().map(|(name, drawn)| format!("{name}{drawn}"));
        let draws: Vec<String> = self.draws.source.word().into_iter().chain(named).collect();
        let parts = [clients.join(","), faults.join(","), draws.join(",")];
        parts.join("/").trim_end_matches('/').to_owned()
    }

    /// Reads what [`Plan::text`] wrote.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Plan, String> {
        let mut parts = text.split('/').map(|part| part.split(',').filter(|word| !word.is_empty()));
        let mut plan = Plan::plain(Vec::new(), Vec::new());
        for word in parts.next().into_iter().flatten() {
            if word == NOBODY_LATE {
                plan.late = false;
                continue;
            }
            let known = BEHAVIOURS.iter().find(|(name, _)| *name == word);
            let whole = "a plan reads as behind `--replay`, without that word and without quotes";
            let known = known.ok_or_else(|| format!("`{word}` is no way for a client to behave; {whole}"))?;
            plan.clients.push(known.1);
        }
        if plan.clients.len() > MAX_CLIENTS {
            return Err(format!("{} clients are more than {MAX_CLIENTS}", plan.clients.len()));
        }
        for word in parts.next().into_iter().flatten() {
            let fault = word.split_once('@').and_then(|(kind, at)| {
                let (_, kind) = KINDS.iter().find(|(name, _)| *name == kind)?;
                let (call, nth) = split_number(at)?;
                Some(Fault { kind: *kind, call: call.to_owned(), nth })
            });
            let fault = fault.ok_or_else(|| format!("`{word}` is no fault; one reads no-descriptors@accept2"))?;
            if Function::named(&fault.call).next().is_none() {
                return Err(format!("`{word}`: there is no call `{}`", fault.call));
            }
            plan.faults.push(fault);
        }
        for word in parts.next().into_iter().flatten() {
            if let Some(schedule) = Schedule::of_word(word) {
                plan = plan.under(schedule?);
                continue;
            }
            let (name, drawn) = split_number(word).ok_or_else(|| format!("`{word}` is no choice"))?;
            let number = |digits: &str| digits.is_empty() || digits.parse::<u32>().is_ok();
            if !name.split(|c: char| !c.is_ascii_digit()).all(number) {
                return Err(format!("`{word}`: no call is made so often"));
            }
            plan.draws.named.insert(name.to_owned(), drawn);
        }
        match parts.next() {
            None => Ok(plan),
            Some(_) => Err("it has more than three parts".to_owned()),
        }
    }
}

/// The call by whose name a fault may begin at this one, too: both do the same, and a program has the one or the other.
pub(crate) fn fails_as(call: &str) -> &str {
    match call {
        "WSASocket" => "socket",
        "WSAAccept" => "accept",
        "WSARecv" | "ReadFile" => "recv",
        "WSASend" | "WriteFile" => "send",
        "WSAPoll" => "select",
        other => other,
    }
}

/// How a plan says that nobody comes after the trouble.
const NOBODY_LATE: &str = "nobody-late";

/// How many clients may come while there is trouble.
pub(crate) const MAX_CLIENTS: usize = 16;

fn split_number(word: &str) -> Option<(&str, u32)> {
    let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((name, word[name.len()..].parse().ok()?)).filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_comes_back_as_it_went_out() {
        for text in [
            "",
            "reset",
            "reset,good/no-descriptors@accept2",
            "//main.accept1~2",
            "slow/no-buffers@recv1/main.WSAPoll3=1",
            "good/in-callback@accept1/walk:7",
            "//priorities:18446744073709551615:4",
            "//bytes:00ff7a",
        ] {
            assert_eq!(Plan::read(text).expect("it is one").text(), text);
        }
        for text in [
            "nobody",
            "/x@accept1",
            "/no-buffers@accept",
            "//main",
            "//main.accept999999999999999999999~2",
            "/no-descriptors@nosuchcall9",
            "////",
            "//walk:x",
            "//bytes:0",
            "//bytes:0g",
            "//priorities:1",
        ] {
            assert!(Plan::read(text).is_err(), "{text}");
        }
    }
}
