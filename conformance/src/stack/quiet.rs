//! Quiet: between two steps everything in flight has arrived.
//!
//! The witness is the system's own table of connections. While a segment is under way, the two sides of a connection
//! disagree, or one of them is in a state that only a segment ends. Where the table tells it, no byte may be
//! unacknowledged either. The table is read until nothing is under way; that takes no time on a loopback, and the
//! time-outs here only give up. What was given up is told as assumed.
//!
//! Afterwards every call in progress that was woken must have returned: each must have returned or be seen waiting.

use std::time::{Duration, Instant};

use winaccept_model::call::{Call, ProcessId, ThreadId};
use winaccept_model::code::Code;
use winaccept_sim::observe::Shown;
use winaccept_sim::script::{NameId, Ref};

use super::child::{Child, told};
use super::protocol::{Connection, Order, RawHandle, Report, SocketAddress, TcpState};
use super::stage::Stage;
use super::turn::{Patience, Turnout, goes_on};

/// How long connections may take to settle.
const SETTLE: Duration = Duration::from_millis(300);
/// Where a stack cannot show its connections: how long everything is believed to have arrived after.
const GRACE: Duration = Duration::from_millis(60);
/// How long to look for a further sign of something that the table already shows.
const FURTHER_SIGN: Duration = Duration::from_millis(100);
/// How long the system may take to complete a request that has everything it waits for. It does so by itself and at once; where it
/// writes that down nobody can wait.
const COMPLETES: Duration = Duration::from_millis(15);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

impl Stage<'_> {
    /// Lets the effects of a call that returned arrive. The reason, if that is assumed.
    pub(super) fn quieten(&mut self, actor: ThreadId, call: &Call<Ref>, seen: &Shown) -> Option<String> {
        let succeeded = seen.error == Code::NONE;
        let mut assumed = None;
        match *call {
            Call::Connect { .. } | Call::WSAConnect { .. } | Call::ConnectEx { .. }
                if succeeded || goes_on(seen) || seen.error == Code::ERROR_IO_PENDING =>
            {
                self.connecting = true;
                assumed = self.settle(None);
                if succeeded {
                    self.arrival_shows(call);
                }
            }
            Call::Send { s: Ref::Name(name), .. } | Call::WSASend { s: Ref::Name(name), .. } if succeeded => {
                assumed = self.settle(Some(name));
            }
            Call::WSASendOverlapped { s: Ref::Name(name), .. } | Call::WriteFile { s: Ref::Name(name), .. }
                if succeeded || seen.error == Code::ERROR_IO_PENDING =>
            {
                assumed = self.settle(Some(name));
            }
            Call::DisconnectEx { .. } | Call::TransmitFile { .. }
                if succeeded || seen.error == Code::ERROR_IO_PENDING =>
            {
                assumed = self.settle(None);
            }
            Call::Shutdown { .. } | Call::WSACleanup if succeeded => assumed = self.settle(None),
            _ if succeeded && call.function().does().closes && call.subject().is_some() => assumed = self.settle(None),
            Call::WSAGetLastError
            | Call::WSASetLastError { .. }
            | Call::Getsockname { .. }
            | Call::Getpeername { .. }
            | Call::Getsockopt { .. } => return None, // wakes nobody
            _ => {}
        }
        let begins = call.function().does().starts;
        let moves = matches!(
            call,
            Call::Connect { .. }
                | Call::WSAConnect { .. }
                | Call::Send { .. }
                | Call::WSASend { .. }
                | Call::Shutdown { .. }
        );
        self.has_requests |= begins;
        if begins || moves || call.function().does().closes {
            self.let_requests_complete();
        }
        assumed.or(self.let_the_woken_return(actor))
    }

    /// Lets the system complete what it can, if there is any.
    pub(super) fn let_requests_complete(&self) {
        if self.has_requests {
            std::thread::sleep(COMPLETES);
        }
    }

    /// Lets what a blocked call has set off arrive.
    pub(super) fn quieten_after_blocking(&mut self, actor: ThreadId) -> Option<String> {
        let call = self.in_progress[actor.index()].as_ref().map(|in_progress| in_progress.call);
        match call {
            Some(Call::Connect { .. } | Call::WSAConnect { .. }) => {
                self.connecting = true;
                self.settle(None);
                None // its attempt goes on: that is what blocking says
            }
            Some(Call::Send { .. } | Call::WSASend { .. }) => {
                self.settle(None);
                None
            }
            _ => None,
        }
    }

    /// Lets what the end of a process has set off arrive: the system closes what it had open once it is gone.
    pub(super) fn quieten_after_crash(&mut self, actor: ThreadId) -> Option<String> {
        let process = self.process_of(actor);
        self.child(process).await_end();
        std::thread::sleep(GRACE);
        let assumed = self.settle(None);
        assumed.or(self.let_the_woken_return(actor))
    }

    /// Waits until no segment is under way. The reason, if that is assumed.
    pub(super) fn settle(&mut self, sender: Option<NameId>) -> Option<String> {
        if !self.connecting || !self.processes.iter().any(Child::is_alive) {
            return None; // nothing was ever sent, or nobody is left who could see it
        }
        let start = Instant::now();
        loop {
            let table = match self.table() {
                Ok(table) => table,
                Err(why) => {
                    std::thread::sleep(GRACE);
                    return Some(format!("{} ms passed; the connections cannot be seen: {why}", GRACE.as_millis()));
                }
            };
            let under_way: Vec<_> =
                under_way(&table).into_iter().filter(|side| !self.unsettled.contains(side)).collect();
            if under_way.is_empty() {
                let told = table.iter().all(|connection| connection.unacknowledged.is_some());
                return if told { None } else { sender.and_then(|sender| self.data_arrives(sender)) };
            }
            if start.elapsed() >= SETTLE {
                self.unsettled.extend(under_way);
                return Some(format!("a connection was not settled within {} ms", SETTLE.as_millis()));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The connections of this scenario.
    fn table(&mut self) -> Result<Vec<Connection>, String> {
        let locals: Vec<_> = self.names.iter().flatten().filter_map(|bound| bound.local).collect();
        let ipv6 = locals.iter().any(|local| local.ip.is_ipv6());
        let child = self.processes.iter_mut().find(|child| child.is_alive());
        let child = child.ok_or_else(|| "no process is left".to_owned())?;
        let mut table = match child.ask(Order::Connections { ipv6 })? {
            Report::Connections { connections } => connections,
            other => return Err(format!("the worker answered {}", told(&other))),
        };
        let ours = |address: SocketAddress| locals.iter().any(|local| local.port == address.port);
        table.retain(|side| ours(side.local) || ours(side.remote));
        Ok(table)
    }

    /// Where the table does not tell of bytes: waits until the receiver is readable.
    fn data_arrives(&mut self, sender: NameId) -> Option<String> {
        let bound = self.bound(sender)?;
        let (local, remote) = (bound.local, bound.remote);
        let receiver = self.names.iter().flatten().find(|b| b.open && b.local == remote && b.remote == local);
        let readable = match receiver.map(|b| (b.process, b.raw)) {
            Some((process, raw)) => self.becomes_readable(process, raw),
            None => false,
        };
        if readable {
            return None;
        }
        std::thread::sleep(GRACE);
        Some(format!("{} ms passed; no socket shows that the bytes have arrived", GRACE.as_millis()))
    }

    /// A connection that is complete in the table may still be on its way up to the listener's queue.
    fn arrival_shows(&mut self, connect: &Call<Ref>) {
        let (Call::Connect { s: Ref::Name(client), .. } | Call::WSAConnect { s: Ref::Name(client), .. }) = connect
        else {
            return;
        };
        let Some(remote) = self.bound(*client).and_then(|bound| bound.remote) else { return };
        let listens =
            |local: SocketAddress| local.port == remote.port && (local.ip == remote.ip || local.ip.is_unspecified());
        let listener = self.names.iter().flatten().find(|b| b.open && b.listening && b.local.is_some_and(listens));
        let Some((process, raw)) = listener.map(|b| (b.process, b.raw)) else { return };
        if self.in_progress.iter().all(Option::is_none) {
            self.becomes_readable(process, raw);
        }
    }

    fn becomes_readable(&mut self, process: ProcessId, raw: RawHandle) -> bool {
        let start = Instant::now();
        loop {
            match self.child(process).ask(Order::Look { sockets: vec![raw] }) {
                Ok(Report::Looked { sockets }) if sockets.iter().any(|looked| looked.readable) => return true,
                Ok(Report::Looked { .. }) if start.elapsed() < FURTHER_SIGN => std::thread::sleep(PAUSE),
                _ => return false,
            }
        }
    }

    /// Waits until every other call in progress has returned or is seen waiting. Of one that waits for its peer's
    /// machine nobody can say that it was not woken; it is left alone.
    pub(super) fn let_the_woken_return(&mut self, but: ThreadId) -> Option<String> {
        let actors = (0..self.in_progress.len()).map(ThreadId::new);
        let busy: Vec<_> = actors.filter(|a| *a != but && self.in_progress[a.index()].is_some()).collect();
        for actor in busy {
            let call = self.in_progress[actor.index()].as_ref().map(|in_progress| in_progress.call);
            if self.has_returned(actor) || !call.is_some_and(|call| call.function().does().locally) {
                continue;
            }
            match self.turnout(actor, Patience::ToBlock) {
                Turnout::Returned(returned) => self.put_back(actor, returned), // its own step takes it in
                Turnout::Blocks(Some(why)) => return Some(why),
                Turnout::Blocks(None) => {}
            }
        }
        None
    }
}

/// The sides of connections that only a segment that is under way can bring further.
fn under_way(table: &[Connection]) -> Vec<(SocketAddress, SocketAddress)> {
    let other_side = |side: &Connection| {
        let other = table.iter().find(|other| other.local == side.remote && other.remote == side.local);
        other.map(|other| other.state)
    };
    let moves = |side: &&Connection| match side.state {
        TcpState::SynSent | TcpState::SynReceived | TcpState::FinWait1 | TcpState::Closing | TcpState::LastAck => true,
        TcpState::Established => {
            other_side(side) != Some(TcpState::Established) || side.unacknowledged.is_some_and(|bytes| bytes > 0)
        }
        TcpState::FinWait2 => other_side(side) == Some(TcpState::Established),
        TcpState::CloseWait => side.unacknowledged.is_some_and(|bytes| bytes > 0),
        TcpState::Closed | TcpState::Listen | TcpState::TimeWait => false,
    };
    table.iter().filter(moves).map(|side| (side.local, side.remote)).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn side(local: u16, remote: u16, state: TcpState, unacknowledged: u32) -> Connection {
        let at = |port| SocketAddress { ip: Ipv4Addr::LOCALHOST.into(), port };
        Connection { local: at(local), remote: at(remote), state, unacknowledged: Some(unacknowledged) }
    }

    #[test]
    fn only_agreeing_sides_are_quiet() {
        use TcpState::{CloseWait, Established, FinWait1, FinWait2, SynSent};
        let quiet = |table: &[Connection]| under_way(table).is_empty();
        assert!(quiet(&[side(1, 2, Established, 0), side(2, 1, Established, 0)]));
        assert!(!quiet(&[side(1, 2, Established, 3), side(2, 1, Established, 0)]), "bytes are under way");
        assert!(!quiet(&[side(1, 2, Established, 0)]), "a reset is under way");
        assert!(!quiet(&[side(1, 2, SynSent, 0)]));
        assert!(quiet(&[side(1, 2, FinWait2, 0), side(2, 1, CloseWait, 0)]));
        assert!(!quiet(&[side(1, 2, FinWait1, 1), side(2, 1, Established, 0)]));
        assert!(quiet(&[]), "nothing is left after a reset");
    }
}
