//! The search: every single client and fault first, then pairs, then at random.

use std::cell::RefCell;
use std::fmt::{self, Debug, Write};
use std::rc::Rc;

use winaccept_chart::page::WIDTH;
use winaccept_lang::profiles::Choices;
use winaccept_model::step::Machine;
use winaccept_sim::script::FaultKind;

use crate::client::BEHAVIOURS;
use crate::draw::{Draws, FNV, Schedule, fnv, mixed};
use crate::engine::{Ran, run, run_looking};
use crate::finding::{Finding, Passed, drawn};
use crate::hinge::hinges;
use crate::interface::{Leaves, Subject, Usual};
use crate::judge::Judge;
use crate::outcomes::Coverage;
use crate::plan::{Fault, Plan};
use crate::record::Entry;
use crate::scenario::{allowed, whole, written};
use crate::shrink::shrink;
use crate::winsock::Winsock;

/// A search for what breaks a program.
#[allow(missing_debug_implementations)] // a program has nothing to show
pub struct Fuzz {
    subject: Subject,
    name: String,
    machine: Machine,
    judges: Vec<Judge>,
    seed: u64,
    first: u64,
    runs: u64,
}

/// What one run came to.
#[derive(Clone, Debug)]
pub struct Once {
    /// The property that does not hold, and what happened.
    pub verdict: Option<(Judge, String)>,
    /// Why nothing can be said, if so.
    pub undecided: Option<String>,
    /// The plan with every choice by its name: what replays this run.
    pub plan: Plan,
    record: Vec<Entry>,
}

impl Once {
    /// How many calls, returns and happenings there were.
    #[must_use]
    pub fn events(&self) -> usize {
        self.record.len()
    }

    /// Did the same happen in both, with the same verdict?
    #[must_use]
    pub fn same_as(&self, other: &Once) -> bool {
        self.record == other.record && self.verdict == other.verdict && self.undecided == other.undecided
    }
}

/// One run, all of it.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The property that does not hold, and what happened.
    pub verdict: Option<(Judge, String)>,
    /// Why nothing can be said, if so.
    pub undecided: Option<String>,
    /// What happened, as a scenario: nothing is left out.
    pub scenario: String,
    /// The model, asked again, gives at every step what the program got, and nothing else.
    pub allowed: bool,
}

/// One run, asked again of the model.
#[derive(Clone, Debug)]
pub struct Retold {
    /// The property that does not hold, and what happened.
    pub verdict: Option<(Judge, String)>,
    /// Why nothing can be said, if so.
    pub undecided: Option<String>,
    /// What [`Whole::allowed`] says.
    pub allowed: bool,
    /// A hash of all that happened and of the verdict (FNV-1a, 64 bits), the same in every build and on every system.
    pub digest: u64,
}

/// The variable of the environment that holds a plan for [`Fuzz::check`].
pub(crate) const REPLAY: &str = "WINACCEPT_REPLAY";

/// The first so many runs, and then one in so many, also look at what each call could have given: that takes several times as long.
const LOOKS: u64 = 8;
const LOOKS_EVERY: u64 = 256;

/// So many runs a search has, where nothing else is said.
pub const RUNS: u64 = 2000;

impl Fuzz {
    /// Searches this program under the profile `documented`, with all judges.
    ///
    /// # Panics
    /// Never: the profile is part of this crate.
    pub fn new(program: impl Fn(&Winsock<'_>) + 'static) -> Fuzz {
        let profile = Choices::bundled().profile("documented").expect("invariant: it is one of the bundled profiles");
        let judges = Judge::ALL.to_vec();
        let subject = Subject { program: Rc::new(program), leaves: None, usual: RefCell::default() };
        let machine = Machine::new(profile);
        winaccept_sim::limit::are_errors();
        Fuzz { subject, name: "a program".to_owned(), machine, judges, seed: 0, first: 0, runs: RUNS }
    }

    /// What the program is called, in findings.
    #[must_use]
    pub fn named(mut self, name: &str) -> Fuzz {
        name.clone_into(&mut self.name);
        self
    }

    /// For another interface to the simulator: threads that have not ended when a run is over are left this way, and not unwound.
    #[must_use]
    pub fn leaving(mut self, leaves: Leaves) -> Fuzz {
        self.subject.leaves = Some(leaves);
        self
    }

    /// Under this profile.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn profile(mut self, name: &str) -> Result<Fuzz, String> {
        self.machine = Machine::new(Choices::bundled().named(name)?);
        self.subject.usual.take();
        Ok(self)
    }

    /// Without this judge.
    #[must_use]
    pub fn without(mut self, judge: Judge) -> Fuzz {
        self.judges.retain(|other| *other != judge);
        self
    }

    /// With this judge alone.
    #[must_use]
    pub fn only(mut self, judge: Judge) -> Fuzz {
        self.judges = vec![judge];
        self
    }

    /// The seed of the random part; 0 where nothing else is said.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Fuzz {
        self.seed = seed;
        self
    }

    /// Runs are numbered from 0; this search begins with the one of this number, and not with the first. So a search is split over
    /// processes and machines: each takes runs that no other has, and all of them together find what one alone would.
    #[must_use]
    pub fn first(mut self, first: u64) -> Fuzz {
        self.first = first;
        self
    }

    /// At most so many runs.
    #[must_use]
    pub fn runs(mut self, runs: u64) -> Fuzz {
        self.runs = runs;
        self
    }

    /// Searches until something is found or all runs are done.
    ///
    /// # Errors
    /// The finding.
    pub fn run(&self) -> Result<Passed, Box<Finding>> {
        self.run_while(&mut |_| true)
    }

    /// The same as long as somebody wants it: he is told before each run how many there were.
    ///
    /// # Errors
    /// The finding.
    pub fn run_while(&self, goes_on: &mut dyn FnMut(u64) -> bool) -> Result<Passed, Box<Finding>> {
        self.looks_at_usual();
        let machine = &self.machine;
        let mut passed = Passed::default();
        for number in self.first..self.first.saturating_add(self.runs) {
            if !goes_on(number - self.first) {
                break;
            }
            let plan = self.plan(number);
            let looks = number < LOOKS || number.is_multiple_of(LOOKS_EVERY);
            let ran = run_looking(&self.subject, machine, &self.judges, &plan, &mut passed.coverage, looks);
            passed.runs += 1;
            passed.notes(&ran);
            if ran.verdict.is_some() {
                let mut finding = self.found(machine, &plan, ran, number);
                finding.coverage = passed.coverage;
                return Err(Box::new(finding));
            }
        }
        Ok(passed)
    }

    /// The run of a plan, as a finding writes it behind `--replay`.
    ///
    /// # Errors
    /// The finding, as it was.
    ///
    /// # Panics
    /// When the text is no plan; [`Plan::read`] says why.
    pub fn replay(&self, plan: &str) -> Result<Passed, Box<Finding>> {
        let plan = Plan::read(plan).unwrap_or_else(|problem| panic!("--replay: {problem}"));
        self.replay_plan(&plan)
    }

    /// The run of a plan.
    ///
    /// # Errors
    /// The finding.
    pub fn replay_plan(&self, plan: &Plan) -> Result<Passed, Box<Finding>> {
        self.looks_at_usual();
        let machine = &self.machine;
        let mut passed = Passed { runs: 1, ..Passed::default() };
        let ran = run_looking(&self.subject, machine, &self.judges, plan, &mut passed.coverage, true);
        passed.notes(&ran);
        match ran.verdict.clone() {
            Some((judge, reason)) => {
                let mut finding = self.finding(machine, plan, &ran, judge, reason, 0);
                finding.coverage = passed.coverage;
                Err(Box::new(finding))
            }
            None => Ok(passed),
        }
    }

    /// One run of a plan, told without shrinking it.
    ///
    /// ```
    /// use winaccept_program::{Behaviour, Fuzz, Plan, Schedule};
    ///
    /// let fuzz = Fuzz::new(|w| while let Ok(client) = w.listener(5).and_then(|l| w.accept(l)) { _ = w.closesocket(client) });
    /// let ran = fuzz.once(&Plan::plain(vec![Behaviour::Good], Vec::new()).under(Schedule::Walk(7)));
    /// assert!(ran.verdict.is_some(), "it listens anew for each client");
    /// assert!(fuzz.once(&ran.plan).same_as(&ran));
    /// ```
    #[must_use]
    pub fn once(&self, plan: &Plan) -> Once {
        self.looks_at_usual();
        let ran = run(&self.subject, &self.machine, &self.judges, plan, &mut Coverage::new());
        let mut plan = plan.clone();
        plan.draws = Draws { source: Schedule::Plain, named: ran.draws.named };
        Once { verdict: ran.verdict, undecided: ran.undecided, plan, record: ran.record }
    }

    /// The plan of the run of this number, as [`run`](Fuzz::run) makes it.
    #[must_use]
    pub fn plan(&self, number: u64) -> Plan {
        plan_of(number, self.seed_of(number))
    }

    /// What a run decides by chance follows from this.
    fn seed_of(&self, number: u64) -> u64 {
        mixed(self.seed ^ number << 20)
    }

    /// One run of a plan, all of it, as a scenario.
    #[must_use]
    pub fn whole(&self, plan: &Plan) -> Whole {
        self.looks_at_usual();
        let ran = run(&self.subject, &self.machine, &self.judges, plan, &mut Coverage::new());
        let prose = format!("Under the profile {}", self.machine.profile.name);
        let (scenario, allowed) = whole(&ran, &self.name, &prose, &self.machine);
        Whole { verdict: ran.verdict, undecided: ran.undecided, scenario, allowed }
    }

    /// One run of a plan, asked again of the model as in [`whole`](Fuzz::whole), and told in a number.
    #[must_use]
    pub fn retold(&self, plan: &Plan) -> Retold {
        self.looks_at_usual();
        let ran = run(&self.subject, &self.machine, &self.judges, plan, &mut Coverage::new());
        let mut digest = Digest::new();
        digest.takes(&ran.record);
        digest.takes(&ran.verdict);
        digest.takes(&ran.undecided);
        let allowed = allowed(&ran, &self.machine);
        Retold { verdict: ran.verdict, undecided: ran.undecided, allowed, digest: digest.0 }
    }

    /// For a test: panics with the finding, if there is one, and where of more than half of the runs nothing can be said.
    /// Where the environment has `WINACCEPT_REPLAY`, its plan is run and nothing else.
    ///
    /// # Panics
    /// With the finding and how to have it again, or with what keeps runs from a verdict.
    #[track_caller]
    pub fn check(&self) {
        let result = match std::env::var(REPLAY) {
            Ok(plan) if plan.is_empty() => {
                panic!("{REPLAY} is empty: it holds what stands behind `--replay` in a finding")
            }
            Ok(plan) => self.replay(&plan),
            Err(_) => self.run(),
        };
        match result {
            Err(finding) => panic!("{finding}in this test: {REPLAY}='{}' cargo test", finding.replay),
            Ok(passed) if passed.runs == 0 => panic!("no run was made, and so nothing is known: `runs` is 0"),
            Ok(passed) if passed.undecided * 2 > passed.runs => panic!("{}", passed.reasons()),
            Ok(_) => {}
        }
    }

    /// Looks at what the program does while nothing is wrong: with a client alone, and behind one and two others. Whom it answers then
    /// it is to answer later, too, and of the requests that it posts then none is to be lost.
    fn looks_at_usual(&self) {
        let asked = [Judge::Alive, Judge::NothingLeaked].iter().any(|judge| self.judges.contains(judge));
        if self.subject.usual.borrow().is_some() || !asked {
            return;
        }
        self.subject.usual.replace(Some(Usual::default()));
        let mut usual = Usual { answers: true, ..Usual::default() };
        for others in 0..3 {
            let plan = Plan::plain(vec![BEHAVIOURS[0].1; others], Vec::new());
            let ran = run(&self.subject, &self.machine, &self.judges, &plan, &mut Coverage::new());
            usual.answers &= ran.answered && ran.verdict.is_none() && ran.undecided.is_none();
            for (listener, posted) in ran.posted {
                usual.posted.entry(listener).and_modify(|least| *least = posted.min(*least)).or_insert(posted);
            }
        }
        self.subject.usual.replace(Some(usual));
    }

    fn found(&self, machine: &Machine, plan: &Plan, ran: Ran, number: u64) -> Finding {
        let Some((judge, _)) = ran.verdict.clone() else {
            return self.finding(machine, plan, &ran, Judge::Alive, String::new(), number);
        };
        let mut again = |plan: &Plan| run(&self.subject, machine, &self.judges, plan, &mut Coverage::new());
        let (plan, ran) = shrink(plan, ran, judge, &mut again);
        let reason = ran.verdict.as_ref().map(|(_, reason)| reason.clone()).unwrap_or_default();
        self.finding(machine, &plan, &ran, judge, reason, number)
    }

    fn finding(&self, machine: &Machine, plan: &Plan, ran: &Ran, judge: Judge, reason: String, number: u64) -> Finding {
        let replay = plan.text();
        let prose = format!("{judge}: {reason}.\nUnder the profile {}; --replay '{replay}'", self.machine.profile.name);
        let written = written(ran, &format!("{}: {judge}", self.name), &prose, machine);
        let mut again = |profile| run(&self.subject, &Machine::new(profile), &self.judges, plan, &mut Coverage::new());
        let hinges = hinges(ran, judge, &written.text, &machine.profile, &mut again);
        Finding {
            judge,
            reason,
            profile: self.machine.profile.name.clone(),
            seed: self.seed,
            replay,
            chart: drawn(&written.text, machine, WIDTH),
            machine: machine.clone(),
            hinges,
            scenario: written.text,
            events: written.events,
            runs: number + 1,
            confirmed: written.confirmed,
            coverage: Coverage::new(),
        }
    }
}

/// FNV-1a of what is written to it.
struct Digest(u64);

impl Digest {
    fn new() -> Digest {
        Digest(FNV)
    }

    /// As it shows itself: a derived `Hash` differs from one machine to another.
    fn takes(&mut self, what: &impl Debug) {
        write!(self, "{what:?}").expect("invariant: it takes everything");
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = fnv(self.0, text.bytes());
        Ok(())
    }
}

/// Calls at which something may fail, with what fails there.
pub(crate) const FAILS: &[(&str, FaultKind)] = &[
    ("accept", FaultKind::NoDescriptors),
    ("accept", FaultKind::NoBuffers),
    ("accept", FaultKind::NetworkDown),
    ("recv", FaultKind::NetworkDown),
    ("select", FaultKind::NetworkDown),
    ("WSAPoll", FaultKind::NoBuffers),
    ("send", FaultKind::NoBuffers),
    ("socket", FaultKind::NoDescriptors),
    ("socket", FaultKind::NoBuffers),
    ("WSAAccept", FaultKind::NoDescriptors),
];

/// The plan of a run: first every client and every fault alone, each under the plainest schedule and some others, then what chance gives.
fn plan_of(number: u64, seed: u64) -> Plan {
    let kinds = BEHAVIOURS.len() as u64;
    let singles = 1 + kinds + 2 * FAILS.len() as u64;
    let source = match number / singles {
        0 => Schedule::Plain,
        1 | 2 => Schedule::Walk(seed),
        round if round % 2 == 1 => Schedule::Priorities { seed, every: 4 + (seed >> 40) as u32 % 8 },
        _ => Schedule::Walk(seed),
    };
    let draws = Draws::new(source);
    let of = |x: u64| BEHAVIOURS[(x % kinds) as usize].1;
    let fault = |x: u64| {
        let (call, kind) = FAILS[(x / 2) as usize % FAILS.len()];
        Fault { kind, call: call.to_owned(), nth: 1 + (x % 2) as u32 }
    };
    let (clients, faults) = match (number / singles, number % singles) {
        (0..3, 0) => (Vec::new(), Vec::new()),
        (0..3, at) if at <= kinds => (vec![of(at - 1)], Vec::new()),
        (0..3, at) => (vec![BEHAVIOURS[0].1], vec![fault(at - kinds - 1)]),
        _ => {
            let clients = (0..mixed(seed) % 4).map(|at| of(mixed(seed ^ 0x51 ^ at << 8))).collect();
            let failing = mixed(seed ^ 0xfa);
            let faults = if failing.is_multiple_of(3) { vec![fault(failing >> 8)] } else { Vec::new() };
            (clients, faults)
        }
    };
    Plan { clients, faults, late: true, draws }
}
