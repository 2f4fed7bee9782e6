//! What is noted of the program's calls, and what judges see in each.

use winaccept_model::call::{Call, Handle};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};
use winaccept_model::world::ConnId;

use crate::engine::Engine;
use crate::judge::Judge;
use crate::phase::Phase;
use crate::record::{About, Entry};

/// So many calls without a wait and without any progress are a spin.
const SPIN: u32 = 120;

impl Engine<'_> {
    /// The connection of the program's that a call is about.
    pub(crate) fn used_conn(&self, call: &Call) -> Option<ConnId> {
        let subject = call.subject()?;
        let accepted = self.world.slot_of(subject)?.index().checked_sub(self.world.conns().len());
        accepted.map(ConnId::new).or_else(|| self.requests.conn_of(subject))
    }

    /// A call of the program has returned.
    pub(crate) fn returned(&mut self, index: usize, call: &Call, outcome: &Outcome) {
        if matches!(outcome.value, Value::CallsCondition | Value::CallsRoutine) {
            self.threads[index].asked.push(*call);
        }
        self.looks_at_requests();
        self.notes_request(call, outcome);
        self.looks_at_requests();
        self.has_met(index, call, outcome);
        if let Call::Closesocket { s } = *call {
            // Who was told that it cannot be closed has done what he could.
            self.given_up.extend(self.world.slot_of(s));
        }
        if outcome.error != Code::NONE {
            return;
        }
        if let Value::Handle(handle) = outcome.value {
            self.closed.remove(&handle);
            self.given_up.retain(|slot| Some(*slot) != handle.slot());
        }
        let conn = self.used_conn(call);
        match *call {
            Call::Listen { s, .. } if !self.listeners.contains(&s) => self.listeners.push(s),
            Call::Closesocket { s } => {
                self.closed.insert(s);
                self.listeners.retain(|listener| *listener != s);
            }
            Call::WSACloseEvent { event } => _ = self.closed.insert(event),
            Call::CloseHandle { handle } => _ = self.closed.insert(handle),
            Call::Send { .. } | Call::WSASend { .. } => self.sent_to.extend(conn),
            _ => {}
        }
        let uses = matches!(
            call,
            Call::Send { .. }
                | Call::WSASend { .. }
                | Call::Recv { .. }
                | Call::WSARecv { .. }
                | Call::Closesocket { .. }
                | Call::Shutdown { .. }
        );
        if uses {
            self.used.extend(conn);
        }
    }

    /// Does this thread call and call, without a wait and without getting on?
    pub(crate) fn spins(&mut self, index: usize, call: &Call, outcome: &Outcome, begun: usize) {
        let moved = match outcome.value {
            _ if moves_bytes(call, outcome) => true,
            Value::Number(0) => matches!(call, Call::Send { .. } | Call::Closesocket { .. }),
            Value::Number(_) => matches!(call, Call::Send { .. } | Call::Recv { .. }),
            Value::Handle(_) => true,
            _ => false,
        };
        let spin = &mut self.threads[index].spin;
        *spin = match (*spin, moved) {
            (_, true) => (0, 0),
            ((0, _), false) => (1, begun),
            ((count, begun), false) => (count + 1, begun),
        };
        let (count, begun) = *spin;
        if count >= SPIN {
            let name = self.threads[index].name.clone();
            let what = if outcome.error == Code::NONE { String::new() } else { format!(" with {}", outcome.error) };
            let reason =
                format!("thread {name} makes {count} calls without a wait, the last of them {}{what}", call.name());
            if self.judges.contains(&Judge::NoSpin) {
                let kept = (begun + 4).min(self.record.len());
                self.record.truncate(kept);
                self.record.push(Entry::Again(count));
            }
            self.convicts_about(Judge::NoSpin, reason.clone(), &[About::Last]);
            self.cannot_say(&reason);
        }
    }

    pub(crate) fn looks_at_call(&mut self, call: &Call) {
        if self.phase == Phase::Ending {
            return;
        }
        let mut stale = None;
        call.map(|handle: Handle| {
            stale = stale.or_else(|| self.closed.contains(&handle).then_some(handle));
            handle
        });
        self.looks_at_request(call);
        if let Some(handle) = stale {
            let reason = format!("{} is called with a handle that was closed before", call.name());
            self.convicts_about(Judge::NoMisuse, reason, &[About::Last, About::Handle(handle)]);
        }
        if let Call::Closesocket { s } = *call
            && let Some(slot) = self.world.slot_of(s)
        {
            let queued = self.world.sockets()[slot.index()].accept_queue().iter().count();
            if self.listeners.contains(&s) && queued > 0 {
                let reason = format!("a listener is closed while {queued} connected clients wait to be accepted");
                self.convicts_about(Judge::NoLoss, reason, &[About::Last]);
            }
        }
    }
}

/// Does a request get on by this: is one made that sends, or are bytes told?
fn moves_bytes(call: &Call, outcome: &Outcome) -> bool {
    let bytes = match outcome.out {
        Out::Bytes { count, data } => count.is_some_and(|count| count > 0) || data.is_some(),
        Out::Data(data) => !data.as_slice().is_empty(),
        Out::Packet { counted: Some((bytes, _)), .. } => bytes > 0 && outcome.error == Code::NONE,
        _ => false,
    };
    bytes || matches!(call, Call::WSASendOverlapped { .. }) && outcome.error == Code::ERROR_IO_PENDING
}
