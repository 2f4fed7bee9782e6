//! A run as a scenario.

use std::collections::BTreeMap;

use winaccept_lang::{Comment, parse, render_script};
use winaccept_model::call::{Call, Handle, ProcessId, ThreadId, Version};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Outcome, Value};
use winaccept_model::step::Machine;
use winaccept_model::world::{ConnId, Segment};
use winaccept_sim::observe::allows;
use winaccept_sim::run::{Guide, run};
use winaccept_sim::scenario::Scenario;
use winaccept_sim::script::{
    Action, Actor, Expect, Fault, Happening, Item, Name, NameId, Pattern, Process, Ref, Script, SegmentName, Span,
    Step, ValuePattern,
};

use crate::engine::{Ran, THREADS};
use crate::record::{Entry, collapsed};

/// A run, written down.
pub(crate) struct Written {
    pub(crate) text: String,
    /// Its steps and happenings.
    pub(crate) events: usize,
    /// The model gives at each step what the program got, and nothing else.
    pub(crate) confirmed: bool,
}

/// Writes a run down. What repeats itself is shown once and what makes no difference is left out, as long as the model still
/// gives at each step what the program got.
pub(crate) fn written(ran: &Ran, title: &str, prose: &str, machine: &Machine) -> Written {
    let whole = write_down(ran, title, prose);
    if let Some(record) = collapsed(&ran.record) {
        let short = Ran { record, ..ran.clone() };
        let prose = format!("{prose}\nWhat repeats itself is shown once.");
        let (script, comment) = write_down(&short, title, &prose);
        if holds(&script, machine) {
            return finished(script, comment, machine, true);
        }
    }
    let (script, comment) = whole;
    let confirmed = holds(&script, machine);
    finished(script, comment, machine, confirmed)
}

fn write_down(ran: &Ran, title: &str, prose: &str) -> (Script, Vec<String>) {
    let mut writer = Writer::new(ran, title, prose);
    for entry in &ran.record {
        writer.entry(entry);
    }
    writer.names_what_listens();
    (writer.script, writer.comment)
}

/// Leaves out choices that make no difference.
fn finished(mut script: Script, lines: Vec<String>, machine: &Machine, confirmed: bool) -> Written {
    let is_choice = |item: &Item| matches!(item, Item::Happening(Happening::Choose(_), _));
    for at in (0..script.items.len()).rev().filter(|_| confirmed) {
        if is_choice(&script.items[at]) {
            let mut without = script.clone();
            without.items.remove(at);
            if holds(&without, machine) {
                script = without;
            }
        }
    }
    let comment = Comment { before: script.items.len(), lines };
    Written { text: render_script(&script, &comment), events: script.items.len(), confirmed }
}

/// Does the scenario go as it says, and in no other way? As text it is read again, as anybody would.
fn holds(script: &Script, machine: &Machine) -> bool {
    let text = render_script(script, &Comment::default());
    let Ok(script) = parse(text.as_bytes(), "finding", &|_| true) else { return false };
    let Ok(scenario) = Scenario::new(&script) else { return false };
    let Ok(run) = winaccept_sim::limit::within(|| run(&scenario, machine, Guide::Expectations)) else { return false };
    let as_expected = |(step, ran): (&Step, &winaccept_sim::run::StepRun)| {
        let expect = step.expect.as_ref();
        !ran.allowed.is_empty() && ran.allowed.iter().all(|seen| expect.is_none_or(|expect| allows(expect, seen)))
    };
    scenario.steps.iter().zip(&run.steps).all(as_expected)
}

struct Writer<'r> {
    ran: &'r Ran,
    script: Script,
    comment: Vec<String>,
    /// Which actor of the script an actor of the run is.
    actors: BTreeMap<usize, usize>,
    /// The variable that holds a handle.
    names: BTreeMap<Handle, NameId>,
    /// The variable of the socket that opens a connection.
    conns: BTreeMap<ConnId, NameId>,
    listens: Vec<NameId>,
}

const SPAN: Span = Span { start: 0, end: 0 };

impl<'r> Writer<'r> {
    fn new(ran: &'r Ran, title: &str, prose: &str) -> Writer<'r> {
        let started = Some(Version { major: 2, minor: 2 });
        let process = |name: &str| Process { name: name.to_owned(), started };
        let script = Script {
            title: title.to_owned(),
            prose: prose.to_owned(),
            processes: vec![process("main"), process("outside")],
            file: "finding.winaccept".to_owned(),
            ..Script::default()
        };
        let (actors, names, conns) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Writer { ran, script, comment: Vec::new(), actors, names, conns, listens: Vec::new() }
    }

    fn actor(&mut self, actor: usize) -> ThreadId {
        let script = &mut self.script;
        let place = *self.actors.entry(actor).or_insert_with(|| {
            // Clients stand behind all threads of the program.
            let is_client = actor >= THREADS;
            let threads = self.ran.actors.iter().filter(|(_, of_program)| *of_program).count();
            let at = if is_client { threads + actor - THREADS } else { actor };
            let named = match self.ran.actors.get(at).map(|(name, _)| name.as_str()) {
                // The name of the process cannot name an actor.
                Some("main") | None => "server".to_owned(),
                Some(name) => name.to_owned(),
            };
            script.actors.push(Actor { name: named, process: ProcessId(u32::from(is_client)), alike: None });
            script.actors.len() - 1
        });
        ThreadId::new(place)
    }

    fn entry(&mut self, entry: &Entry) {
        match entry {
            Entry::Call(actor, call, outcome) => {
                let expect = match outcome {
                    None => Expect::Blocks,
                    Some(outcome) => self.expected(*actor, call, outcome),
                };
                let named =
                    call.map(|handle| self.names.get(&handle).map_or(Ref::InvalidSocket, |name| Ref::Name(*name)));
                if let (Call::Listen { s, .. }, Some(outcome)) = (call, outcome)
                    && outcome.error == Code::NONE
                {
                    self.listens.extend(self.names.get(s));
                }
                self.step(*actor, Action::Call(named), expect);
            }
            Entry::Resumes(actor, outcome) => {
                let made = self.ran.record.iter().rev().find_map(|entry| match entry {
                    Entry::Call(other, call, None) if other == actor => Some(*call),
                    _ => None,
                });
                let Some(call) = made else { return };
                let expect = self.expected(*actor, &call, outcome);
                self.step(*actor, Action::Resumes, expect);
            }
            Entry::Deliver(conn, segment) => self.of_conn(*conn, |name| Happening::Deliver(named(*segment), name)),
            Entry::Hold(conn, true) => self.of_conn(*conn, Happening::Hold),
            Entry::Hold(conn, false) => self.of_conn(*conn, Happening::Release),
            Entry::Timer(conn) => self.of_conn(*conn, Happening::Timer),
            Entry::Fault(kind, true) => {
                self.happens(Happening::Fault(Fault { kind: *kind, process: ProcessId(0), at: None }));
            }
            Entry::Fault(kind, false) => self.happens(Happening::Mend(*kind, ProcessId(0))),
            Entry::Chooses(alt) => self.happens(Happening::Choose(*alt)),
            Entry::Again(count) => self.comment.push(format!("and so on: {count} calls in all, without a wait")),
        }
    }

    fn of_conn(&mut self, conn: ConnId, happening: impl Fn(NameId) -> Happening) {
        if let Some(name) = self.conns.get(&conn) {
            self.happens(happening(*name));
        }
    }

    fn happens(&mut self, happening: Happening) {
        self.script.items.push(Item::Happening(happening, SPAN));
    }

    fn step(&mut self, actor: usize, action: Action, expect: Expect) {
        let actor = self.actor(actor);
        let (shows, confirms) = (Vec::new(), Vec::new());
        let step = Step { actor, action, expect: Some(expect), shows, confirms, on_windows: None, span: SPAN };
        self.script.items.push(Item::Step(step));
    }

    /// What a call gave, as an expectation; a new handle gets a variable.
    fn expected(&mut self, actor: usize, call: &Call, outcome: &Outcome) -> Expect {
        let value = match outcome.value {
            Value::Handle(handle) => ValuePattern::Binds(self.binds(actor, call, handle)),
            other => ValuePattern::Is(other),
        };
        Expect::OneOf(vec![Pattern { value, error: outcome.error, with: Vec::new() }])
    }

    fn binds(&mut self, actor: usize, call: &Call, handle: Handle) -> NameId {
        let letter = match call {
            Call::WSACreateEvent => "E",
            _ if call.accepts() => "A",
            _ if actor >= THREADS => "C",
            _ => "S",
        };
        let text = self.free_name(letter);
        let id = NameId(u16::try_from(self.script.names.len()).unwrap_or(u16::MAX));
        self.script.names.push(Name { text, span: SPAN });
        self.names.insert(handle, id);
        if let (true, Some(slot)) = (actor >= THREADS, handle.slot()) {
            self.conns.insert(ConnId(slot.0), id);
        }
        id
    }

    fn free_name(&self, letter: &str) -> String {
        let taken = |text: &str| self.script.names.iter().any(|name| name.text == text);
        let mut text = letter.to_owned();
        for number in 2.. {
            if !taken(&text) {
                break;
            }
            text = format!("{letter}{number}");
        }
        text
    }

    /// A socket that listens is called L.
    fn names_what_listens(&mut self) {
        for name in std::mem::take(&mut self.listens) {
            let text = self.free_name("L");
            self.script.names[usize::from(name.0)].text = text;
        }
    }
}

fn named(segment: Segment) -> SegmentName {
    match segment {
        Segment::Syn => SegmentName::Syn,
        Segment::SynAck => SegmentName::SynAck,
        Segment::Ack => SegmentName::Ack,
        Segment::Rst | Segment::BareRst => SegmentName::Rst,
        Segment::Fin => SegmentName::Fin,
        Segment::Data => SegmentName::Data,
    }
}
