//! A load run: many well-behaved clients, one connection after the other, against a program.
//!
//! The search ([`crate::Fuzz`]) makes many short runs and looks for what breaks a program; this makes one long run and tells what it
//! has come to. Both run the same program, on the same calls, threads and model. Here nothing fails, nobody judges and nothing is recorded,
//! so a connection costs microseconds; and time is finer: every segment takes a time of its own, drawn from the seed.

mod client;
mod run;
mod wheel;

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use winaccept_lang::profiles::Choices;
use winaccept_model::call::Data;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;

use crate::interface::Subject;
use crate::winsock::Winsock;

/// Many clients against a program, in virtual time.
///
/// ```
/// use winaccept_program::{Load, Winsock};
///
/// fn server(w: &Winsock) {
///     let listener = w.listener(50).expect("nothing fails here");
///     while let Ok(client) = w.accept(listener) {
///         let _ = w.recv(client, 16).and_then(|bytes| w.send(client, &bytes));
///         let _ = w.closesocket(client);
///     }
/// }
///
/// let served = Load::new(server).clients(20).connections(1000).run().expect("everybody is served");
/// assert_eq!((served.served, served.refused, served.reset), (1000, 0, 0));
/// // The same seed gives the same run, to the microsecond.
/// assert_eq!(Load::new(server).clients(20).connections(1000).run(), Ok(served));
/// ```
#[allow(missing_debug_implementations)] // a program has nothing to show
pub struct Load {
    subject: Subject,
    profile: Profile,
    clients: usize,
    connections: u64,
    idle: u64,
    /// What a client sends, or how many bytes were too many.
    sends: Result<Data, usize>,
    answer: Option<usize>,
    latency: (u32, u32),
    seed: u64,
    threads: usize,
}

/// What a load run has come to. All of it follows from the program, the profile and what [`Load`] was told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Served {
    /// Connections that ended as the client wanted: what it sent was taken, and it saw the end of the stream or its answer.
    pub served: u64,
    /// Connections that `connect` did not get: the queue of the listener had no room for them, however often they came again. A larger
    /// backlog, or a program that accepts sooner, has fewer.
    pub refused: u64,
    /// Connections that were there and failed: by a reset, most likely.
    pub reset: u64,
    /// Connections that were opened first and stay, silent, to the end.
    pub idle: u64,
    /// Bytes that clients have received.
    pub received: u64,
    /// Calls that the program has made.
    pub calls: u64,
    /// How often a thread of the program began or went on: after a call, a wait, or because its turn came.
    pub turns: u64,
    /// Segments that have arrived.
    pub segments: u64,
    /// The virtual time that passed, in microseconds.
    pub microseconds: u64,
    /// The time from `connect` to the end of all served connections together, in microseconds, and of the one that took longest.
    pub waited: u64,
    /// See [`Served::waited`].
    pub longest: u64,
}

/// Why a load run did not come to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// Why.
    pub reason: String,
    /// What it had come to by then.
    pub so_far: Served,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Served { served, refused, reset, microseconds, .. } = self.so_far;
        let (milliseconds, rest) = (microseconds / 1000, microseconds % 1000);
        write!(f, "the load run stopped at {milliseconds}.{rest:03} ms: {}", self.reason)?;
        write!(f, "; {served} connections were served by then, {refused} refused, {reset} reset")
    }
}

impl std::error::Error for Stopped {}

/// The most clients, and the most threads of a program.
const CLIENTS: usize = 1_000_000;
const THREADS: usize = 30_000;

/// How many bytes a client sends, where nothing else is said, and which.
const HELLO: &[u8] = b"hello";

impl Load {
    /// Loads this program with 100 clients, which make 10,000 connections in all. Each connects to the next of the program's listeners,
    /// sends `hello`, waits for the end of the stream, closes, and begins anew.
    ///
    /// # Panics
    /// Never: the profile is part of this crate.
    pub fn new(program: impl Fn(&Winsock<'_>) + 'static) -> Load {
        let profile = Choices::bundled().profile("documented").expect("invariant: it is one of the bundled profiles");
        Load {
            subject: Subject { program: Rc::new(program), leaves: None, usual: RefCell::default() },
            profile,
            clients: 100,
            connections: 10_000,
            idle: 0,
            sends: Data::new(HELLO).ok_or(HELLO.len()),
            answer: None,
            latency: (0, 1000),
            seed: 0,
            threads: 64,
        }
    }

    /// Under this profile. Of what it leaves open the first alternative is taken, throughout.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn profile(mut self, name: &str) -> Result<Load, String> {
        self.profile = Choices::bundled().named(name)?;
        Ok(self)
    }

    /// So many clients at a time, one at least and a million at most.
    #[must_use]
    pub fn clients(mut self, clients: usize) -> Load {
        self.clients = clients;
        self
    }

    /// So many connections in all, beside the idle ones.
    #[must_use]
    pub fn connections(mut self, connections: u64) -> Load {
        self.connections = connections;
        self
    }

    /// Before that, so many connections are opened, by all clients in turn, which stay open and silent to the end. They take memory: about
    /// 250 bytes each, both ends together.
    #[must_use]
    pub fn idle(mut self, idle: u64) -> Load {
        self.idle = idle;
        self
    }

    /// What a client sends, at once when it is connected: no more than [`Data::MAX`] bytes.
    #[must_use]
    pub fn sends(mut self, bytes: &[u8]) -> Load {
        self.sends = Data::new(bytes).ok_or(bytes.len());
        self
    }

    /// A client closes as soon as it has got so many bytes, and not only at the end of the stream.
    #[must_use]
    pub fn answer(mut self, bytes: usize) -> Load {
        self.answer = Some(bytes);
        self
    }

    /// Every segment takes between so many and so many microseconds, each as likely as the other; 0 to 1,000 where nothing else is
    /// said. Those of one direction of a connection arrive in their order.
    #[must_use]
    pub fn latency(mut self, least: u32, most: u32) -> Load {
        self.latency = (least.min(most), most.max(least));
        self
    }

    /// The seed of the latencies; 0 where nothing else is said.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Load {
        self.seed = seed;
        self
    }

    /// The program may have so many threads at a time: 64 where nothing else is said, and at most 30,000, for each has a stack of its own.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Load {
        self.threads = threads;
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// When what was asked for cannot be, or there is no room for it; when the program ends, panics, waits while clients wait for it, or
    /// does what the model has no words for. It tells what had come of it by then.
    pub fn run(&self) -> Result<Served, Stopped> {
        match self.refused() {
            Some(reason) => Err(Stopped { reason, so_far: Served::default() }),
            None => run::run(self),
        }
    }

    /// Why this cannot be run, if so.
    fn refused(&self) -> Option<String> {
        let most = |what: &str, asked: usize, most: usize| {
            (asked == 0 || asked > most).then(|| format!("{what} are asked for, {asked}: it takes 1 to {most}"))
        };
        let nothing = self.connections == 0 && self.idle == 0;
        let nothing = nothing.then(|| "nothing is asked for: no connection, and no idle one".to_owned());
        let sends = self.sends.err().map(|length| format!("a client sends at most {} bytes, not {length}", Data::MAX));
        nothing.or(sends).or(most("clients", self.clients, CLIENTS)).or(most("threads", self.threads, THREADS))
    }

    /// The machine of the profile, each open choice settled.
    fn machine(&self) -> Machine {
        let mut profile = self.profile.clone();
        for (point, choice) in winaccept_model::choice::CHOICES.iter().enumerate() {
            let first = profile.allowed(point).trailing_zeros() as usize;
            let alternative = choice.alternatives[first];
            profile.narrow(choice.name, [alternative]).expect("invariant: an allowed alternative is known");
        }
        Machine::new(profile)
    }
}
