//! Clients: state machines around the program, each with a way to behave.

use winaccept_model::call::{Call, Data, Family, Handle, Name, Opt, OptVal, SockType};

/// How a client behaves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Behaviour {
    /// Connects, sends, waits for an answer or the end, closes.
    Good,
    /// Connects and closes.
    Closes,
    /// Connects and resets the connection.
    Resets,
    /// Sends and resets the connection.
    SendsAndResets,
    /// Connects and says nothing.
    Silent,
    /// Sends five seconds after it has connected.
    Slow,
    /// Its SYN arrives, and nothing more of the handshake.
    HalfOpen,
}

/// All of them with their names, the plainest first.
pub(crate) const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("good", Behaviour::Good),
    ("close", Behaviour::Closes),
    ("reset", Behaviour::Resets),
    ("send-reset", Behaviour::SendsAndResets),
    ("silent", Behaviour::Silent),
    ("slow", Behaviour::Slow),
    ("half-open", Behaviour::HalfOpen),
];

impl Behaviour {
    /// Its name, as a replay line has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        BEHAVIOURS.iter().find(|(_, behaviour)| *behaviour == self).map_or("good", |(name, _)| name)
    }
}

/// What a client does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Does {
    Socket,
    Connect,
    Send,
    Recv,
    Wait(u64),
    Linger,
    Close,
    /// Nothing more until everybody hangs up.
    Stays,
    Over,
}

/// A client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) behaviour: Behaviour,
    /// It connects when the trouble is over, to see whether it is served.
    pub(crate) probe: bool,
    /// The listener that it connects to.
    pub(crate) listener: usize,
    /// IPv6, as its listener.
    pub(crate) family: Family,
    pub(crate) socket: Handle,
    pub(crate) at: usize,
    /// A call of it has not returned.
    pub(crate) waits: bool,
    /// It waits until then.
    pub(crate) until: Option<u64>,
    /// It has been told to hang up.
    pub(crate) hangs_up: bool,
    /// Its connection was there.
    pub(crate) connected: bool,
    /// Bytes have come.
    pub(crate) received: bool,
    /// A call said that the connection was reset.
    pub(crate) was_reset: bool,
    /// The stack has turned it away.
    pub(crate) turned_away: bool,
    /// How often it was, and came again.
    pub(crate) tries: u32,
}

impl Client {
    pub(crate) fn new(behaviour: Behaviour, probe: bool, listener: usize) -> Client {
        Client {
            behaviour,
            probe,
            listener,
            family: Family::Inet,
            socket: Handle::INVALID,
            at: 0,
            waits: false,
            until: None,
            hangs_up: false,
            connected: false,
            received: false,
            was_reset: false,
            turned_away: false,
            tries: 0,
        }
    }

    /// What it does next.
    pub(crate) fn next(&self) -> Does {
        use Does::{Close, Connect, Linger, Over, Recv, Send, Socket, Stays, Wait};
        let script: &[Does] = match self.behaviour {
            Behaviour::Good => &[Socket, Connect, Send, Recv, Close],
            Behaviour::Closes => &[Socket, Connect, Close],
            Behaviour::Resets => &[Socket, Connect, Linger, Close],
            Behaviour::SendsAndResets => &[Socket, Connect, Send, Linger, Close],
            Behaviour::Silent | Behaviour::HalfOpen => &[Socket, Connect, Stays, Close],
            Behaviour::Slow => &[Socket, Connect, Wait(5000), Send, Recv, Close],
        };
        script.get(self.at).copied().unwrap_or(Over)
    }

    /// The call that this is.
    pub(crate) fn call(&self, listener: Handle) -> Option<Call> {
        let s = self.socket;
        match self.next() {
            Does::Socket => Some(Call::Socket { family: self.family, kind: SockType::Stream }),
            Does::Connect => Some(Call::Connect { s, name: Name::Of(listener) }),
            Does::Send => Some(Call::Send { s, data: Data::new(b"hello")? }),
            Does::Recv => Some(Call::Recv { s, len: 16 }),
            Does::Linger => Some(Call::Setsockopt { s, opt: Opt::Linger, value: OptVal::Linger(1, 0) }),
            Does::Close => Some(Call::Closesocket { s }),
            Does::Wait(_) | Does::Stays | Does::Over => None,
        }
    }

    /// Gives up what it was at, and closes if it has something to close.
    pub(crate) fn skips_to_close(&mut self) {
        while !matches!(self.next(), Does::Close | Does::Over) {
            self.at += 1;
        }
    }
}
