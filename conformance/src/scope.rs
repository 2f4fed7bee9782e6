//! The small scope in which a surviving mutant is compared with its original: every world that the bundled scenarios lead
//! to, every call from a fixed list by every thread that can make one, everything that can happen there without a call.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Data, Family, Handle, How, Ip, Length, List, Name, NetworkEvents, Opt, OptVal,
    PollEvents, Port, Routine, ThreadId, Version,
};
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::{Effects, Mutant, Mutation};
use winaccept_model::step::{Event, Machine, pending};
use winaccept_model::world::{Doing, HANDLES, SocketId, State, World, pack};
use winaccept_sim::program::Section;
use winaccept_sim::run::worlds;

use crate::suite::Scenario;

/// The most worlds kept: enough for every scenario's sequential part, bounded so that a mutant is judged in moments.
const MOST: usize = 120;

/// Worlds and events in which mutants are compared with their originals.
#[derive(Debug)]
pub struct Scope {
    cases: Vec<(World, Vec<Case>)>,
}

/// An event in a world, with what comes of it while nothing is broken.
#[derive(Debug)]
struct Case {
    event: Event,
    /// The rules that fire, and so the only ones whose breaking can make a difference, unless they fire more often.
    fired: HashSet<&'static str>,
    /// Digests of everything that may come of it; `None`: the model refuses the event by one of its named limits.
    after: Option<HashSet<u64>>,
}

impl Scope {
    /// The scope that these scenarios span.
    #[must_use]
    pub fn of(scenarios: &[Scenario]) -> Scope {
        let widest = Machine::new(Profile::widest("scope"));
        let documented = Machine::new(
            crate::profiles::Choices::bundled().profile("documented").expect("spec-notes/choices.toml is tested"),
        );
        let mut seen = HashSet::new();
        let mut cases = Vec::new();
        for scenario in scenarios {
            let sequential = scenario.program.sections.iter().all(|section| !matches!(section, Section::AnyOrder(_)));
            if !sequential {
                continue;
            }
            for machine in [&documented, &widest] {
                for world in worlds(&scenario.program, machine, 2) {
                    if cases.len() < MOST && seen.insert(world.clone()) {
                        let judged = events(&world).into_iter().map(|event| Case::of(&widest, &world, event)).collect();
                        cases.push((world, judged));
                    }
                }
            }
        }
        Scope { cases }
    }

    /// How many worlds, and how many events over all of them.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.cases.len(), self.cases.iter().map(|(_, cases)| cases.len()).sum())
    }

    /// True when no event in any world of the scope tells the mutant from its original, under the widest profile.
    #[must_use]
    pub fn cannot_tell(&self, mutant: Mutant) -> bool {
        let broken = Machine { mutant: Some(mutant), ..Machine::new(Profile::widest("scope")) };
        self.cases.iter().all(|(world, cases)| {
            cases.iter().all(|case| {
                let concerned = mutant.mutation == Mutation::Always || case.fired.contains(mutant.rule.name);
                !concerned || caught(&broken, world, case.event).map(|(after, _)| after) == case.after
            })
        })
    }
}

impl Case {
    fn of(machine: &Machine, world: &World, event: Event) -> Case {
        let judged = caught(machine, world, event);
        let fired = judged.as_ref().map(|(_, fired)| fired.clone()).unwrap_or_default();
        Case { event, fired, after: judged.map(|(after, _)| after) }
    }
}

fn caught(machine: &Machine, world: &World, event: Event) -> Option<(HashSet<u64>, HashSet<&'static str>)> {
    catch_unwind(AssertUnwindSafe(|| after(machine, world, event))).ok()
}

/// Digests of everything that may come of an event (the calls that returned, and the world after it), and the rules fired.
fn after(machine: &Machine, world: &World, event: Event) -> (HashSet<u64>, HashSet<&'static str>) {
    let (mut all, mut fired) = (HashSet::new(), HashSet::new());
    let (mut tape, mut fx) = (Tape::default(), Effects::default());
    loop {
        let mut next = world.clone();
        machine.step(&mut next, event, &mut tape, &mut fx);
        fired.extend(fx.fired.iter().map(|rule| rule.name));
        let mut hasher = std::hash::DefaultHasher::new();
        (&fx.returns, &next).hash(&mut hasher);
        all.insert(hasher.finish());
        if !tape.advance() {
            return (all, fired);
        }
    }
}

fn events(world: &World) -> Vec<Event> {
    let mut all = Vec::new();
    pending(world, &mut all);
    let sockets: Vec<Handle> = (0..world.sockets().len())
        .flat_map(|s| (0..HANDLES).map(move |copy| (s, copy)))
        .filter(|&(s, copy)| {
            world.sockets()[s].state != State::NotASocket && world.sockets()[s].holders[copy].is_some()
        })
        .map(|(s, copy)| pack(SocketId(s as u8), copy))
        .chain([Handle::INVALID])
        .collect();
    for (index, thread) in world.threads().iter().enumerate() {
        let id = ThreadId(index as u8);
        match thread.doing {
            Doing::Running => {
                all.extend(calls(&sockets).into_iter().map(|call| Event::Call(id, call)));
                all.extend([Event::Print(id), Event::Exit(id)]);
            }
            Doing::Blocked(_) | Doing::Woken(_) => {
                all.extend([Event::InHook(id, Call::WSACancelBlockingCall), Event::InHook(id, Call::WSACleanup)]);
                all.extend([Event::Apc(id), Event::Expire(id), Event::Resume(id)]);
            }
            Doing::Undefined | Doing::Exited => {}
        }
    }
    all
}

fn calls(sockets: &[Handle]) -> Vec<Call> {
    let loopback = Address { family: Family::Inet, ip: Ip::Loopback, port: Port::Unset };
    let mut all = vec![
        Call::WSAStartup { version: Version { major: 2, minor: 2 } },
        Call::WSAStartup { version: Version { major: 0, minor: 0 } },
        Call::WSACleanup,
        Call::WSAGetLastError,
        Call::WSASetLastError { code: 10022 },
        Call::WSACancelBlockingCall,
        Call::SleepEx { timeout: Some(0), alertable: true },
        Call::SleepEx { timeout: None, alertable: false },
        Call::QueueUserAPC { routine: Routine::SetEvent(Handle::INVALID), thread: ThreadId(0) },
    ];
    for &s in sockets {
        for addr in [Buffer::Null, Buffer::Valid, Buffer::Bad] {
            for addrlen in [Length::Null, Length::Holds(0), Length::Holds(16), Length::Holds(128), Length::Bad] {
                all.push(Call::Accept { s, addr, addrlen });
            }
        }
        for name in [Name::Null, Name::Address(loopback, 16), Name::Address(loopback, 4), Name::Of(s)] {
            all.extend([Call::Bind { s, name }, Call::Connect { s, name }]);
        }
        let backlogs = [Backlog::Number(0), Backlog::Number(1), Backlog::Somaxconn, Backlog::Hint(300)];
        all.extend(backlogs.map(|backlog| Call::Listen { s, backlog }));
        all.extend([How::Receive, How::Send, How::Both].map(|how| Call::Shutdown { s, how }));
        all.extend([Call::Closesocket { s }, Call::Recv { s, len: 4 }]);
        all.extend(Data::new(b"x").map(|data| Call::Send { s, data }));
        all.extend([0, 1].map(|argp| Call::Ioctlsocket { s, argp }));
        for namelen in [Length::Holds(4), Length::Holds(128)] {
            all.push(Call::Getsockname { s, name: Buffer::Valid, namelen });
            all.push(Call::Getpeername { s, name: Buffer::Valid, namelen });
        }
        for opt in
            [Opt::KeepAlive, Opt::Error, Opt::AcceptConn, Opt::ConnectTime, Opt::ConditionalAccept, Opt::RcvTimeo]
        {
            all.push(Call::Getsockopt { s, opt });
            all.push(Call::Setsockopt { s, opt, value: OptVal::Number(1) });
        }
        all.push(Call::Setsockopt { s, opt: Opt::Linger, value: OptVal::Linger(1, 0) });
        let mut one = List::default();
        one.push(s);
        all.push(Call::Select { readfds: Some(one), writefds: Some(one), exceptfds: Some(one), timeout: Some(0) });
        all.push(Call::Select { readfds: Some(one), writefds: None, exceptfds: None, timeout: None });
        let mut fds = List::default();
        fds.push((s, PollEvents::RDNORM.with(PollEvents::WRNORM)));
        all.extend([Some(0), None].map(|timeout| Call::WSAPoll { fds, timeout }));
        all.push(Call::WSAEventSelect { s, event: None, mask: NetworkEvents(0) });
        all.push(Call::WSAEnumNetworkEvents { s, event: None });
    }
    all
}
