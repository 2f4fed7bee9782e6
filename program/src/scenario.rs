//! A run as a scenario.

use std::collections::BTreeMap;

use winaccept_lang::{Comment, parse, render_script};
use winaccept_model::call::{Call, Handle, ProcessId, ThreadId, Version};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};
use winaccept_model::step::{Answer, Machine};
use winaccept_model::world::{ConnId, Segment};
use winaccept_sim::observe::allows;
use winaccept_sim::run::{Guide, Run, StepRun, run};
use winaccept_sim::scenario::Scenario;
use winaccept_sim::script::{
    Action, Actor, Expect, Fault, Happening, Item, Name, NameId, Pattern, Process, Ref, Said, Script, SegmentName,
    Span, Step, ValuePattern, With,
};

use crate::engine::Ran;
use crate::record::{Detail, Entry, THREADS, collapsed, telling};

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
    let all: Vec<usize> = (0..ran.record.len()).collect();
    let short = collapsed(&ran.record).map(|kept| write_down(ran, &kept, title, prose));
    let (draft, confirmed) = match short.filter(|draft| holds(&draft.script, machine)) {
        Some(draft) => (draft, true),
        None => {
            let draft = write_down(ran, &all, title, prose);
            let confirmed = holds(&draft.script, machine);
            (draft, confirmed)
        }
    };
    let mut script = draft.script;
    if confirmed {
        script = together(script, machine);
        let shown: Vec<Entry> = draft.entries.iter().map(|entry| ran.record[*entry].clone()).collect();
        for detail in [Detail::Much, Detail::Usual, Detail::Little] {
            let telling = telling(&shown, &ran.about, detail);
            let kept = |span: Span| telling.contains(&draft.from[span.start as usize]);
            script = without_the_rest(script, &kept, machine);
            if events(&script) <= FEW {
                break;
            }
        }
        if script.items.len() < all.len() {
            let left_out = all.len() - script.items.len();
            script.prose +=
                &format!("\nLeft out: what repeats itself, and what the rest does not need, {left_out} lines in all.");
        }
    }
    without_strangers(&mut script);
    let comment = Comment { before: script.items.len(), lines: draft.comment };
    Written { text: render_script(&script, &comment), events: events(&script), confirmed }
}

/// The whole of a run as a scenario, and whether the model allows at each step what the program got.
pub(crate) fn whole(ran: &Ran, title: &str, prose: &str, machine: &Machine) -> (String, bool) {
    let all: Vec<usize> = (0..ran.record.len()).collect();
    let draft = write_down(ran, &all, title, prose);
    let allowed = allows_all(&draft.script, machine);
    let comment = Comment { before: draft.script.items.len(), lines: draft.comment };
    (render_script(&draft.script, &comment), allowed)
}

/// Does the model allow at each step what the program got?
pub(crate) fn allowed(ran: &Ran, machine: &Machine) -> bool {
    let all: Vec<usize> = (0..ran.record.len()).collect();
    allows_all(&write_down(ran, &all, "", "").script, machine)
}

fn allows_all(script: &Script, machine: &Machine) -> bool {
    // A step in which one point was decided in two ways cannot be written with `choose`; without it, it is one of the ways.
    is_a_way(script, machine) || is_a_way(&free(script), machine)
}

/// Is what the script says one of the ways that it may go?
fn is_a_way(script: &Script, machine: &Machine) -> bool {
    let is_allowed = |(step, ran): (&Step, &StepRun)| {
        let expect = step.expect.as_ref();
        ran.allowed.iter().any(|seen| expect.is_none_or(|expect| allows(expect, seen)))
    };
    let played = Scenario::new(script).ok().and_then(|scenario| Some((plays(&scenario, machine)?, scenario)));
    played.is_some_and(|(run, scenario)| scenario.steps.iter().zip(&run.steps).all(is_allowed))
}

/// The script without what was chosen: every way that the profile leaves open.
fn free(script: &Script) -> Script {
    let mut script = script.clone();
    script.items.retain(|item| !matches!(item, Item::Happening(Happening::Choose(_), _)));
    script
}

/// A finding has no more events than this, if it can be told with so few.
const FEW: usize = 12;

fn events(script: &Script) -> usize {
    script.items.iter().filter(|item| is_event(item)).count()
}

/// A call, its return, a happening: something that happens. What a program has, an OVERLAPPED or an event object, and what is chosen is
/// none.
fn is_event(item: &Item) -> bool {
    match item {
        Item::Happening(Happening::Choose(_), _) => false,
        Item::Step(step) => !matches!(
            step.action,
            Action::Call(Call::Overlapped { .. } | Call::WSACreateEvent | Call::CreateEvent { .. })
        ),
        _ => true,
    }
}

/// A run as a script, with the entry that each of its items is from.
struct Draft {
    script: Script,
    comment: Vec<String>,
    /// The entries of the record that it shows, and by item which of them it is.
    entries: Vec<usize>,
    from: Vec<usize>,
}

fn write_down(ran: &Ran, entries: &[usize], title: &str, prose: &str) -> Draft {
    let mut writer = Writer::new(ran, title, prose);
    let mut from = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        writer.entry(&ran.record[*entry], *entry);
        from.resize(writer.script.items.len(), number);
    }
    writer.names_what_listens();
    for (number, item) in writer.script.items.iter_mut().enumerate() {
        let at = u32::try_from(number).unwrap_or(u32::MAX);
        let span = Span { start: at, end: at };
        match item {
            Item::Step(step) => step.span = span,
            Item::Happening(_, place) => *place = span,
            _ => {}
        }
    }
    Draft { script: writer.script, comment: writer.comment, entries: entries.to_vec(), from }
}

/// Where an item came from is where it stood: its span.
fn span_of(item: &Item) -> Span {
    match item {
        Item::Step(step) => step.span,
        Item::Happening(_, span) => *span,
        _ => SPAN,
    }
}

/// Leaves out, from the last to the first, whatever the rest goes the same way without.
fn without_the_rest(mut script: Script, kept: &dyn Fn(Span) -> bool, machine: &Machine) -> Script {
    loop {
        let before = script.items.len();
        let mut at = before;
        while at > 0 {
            at -= 1;
            let group = belongs(&script, at);
            if group.iter().any(|item| kept(span_of(&script.items[*item]))) {
                continue;
            }
            let mut without = script.clone();
            group.iter().for_each(|item| _ = without.items.remove(*item));
            if holds(&without, machine) {
                script = without;
                at = at.min(script.items.len());
            }
        }
        if script.items.len() == before {
            return script;
        }
    }
}

/// Actors that do nothing any more are none.
fn without_strangers(script: &mut Script) {
    let acts = |actor: usize| {
        let by = |item: &Item| matches!(item, Item::Step(step) if step.actor.index() == actor);
        script.items.iter().any(by)
    };
    let kept: Vec<usize> = (0..script.actors.len()).filter(|actor| acts(*actor)).collect();
    for item in &mut script.items {
        if let Item::Step(step) = item
            && let Some(place) = kept.iter().position(|actor| *actor == step.actor.index())
        {
            step.actor = ThreadId::new(place);
        }
    }
    script.actors = kept.iter().map(|actor| script.actors[*actor].clone()).collect();
}

/// Lets a call that has waited stand where it returned, as if it had been made then, where it gives the same.
fn together(mut script: Script, machine: &Machine) -> Script {
    for at in (0..script.items.len()).rev() {
        let Some(Item::Step(Step { action: Action::Resumes, .. })) = script.items.get(at) else { continue };
        let group = belongs(&script, at);
        let [_, made] = group[..] else { continue };
        let Item::Step(Step { action: action @ Action::Call(_), .. }) = script.items[made].clone() else { continue };
        let mut joined = script.clone();
        if let Item::Step(step) = &mut joined.items[at] {
            step.action = action;
        }
        joined.items.remove(made);
        if holds(&joined, machine) {
            script = joined;
        }
    }
    script
}

/// An item with those that make no sense without it, the last first: a call that waits belongs to its return.
fn belongs(script: &Script, at: usize) -> Vec<usize> {
    let mut group = vec![at];
    let mut last = at;
    while let Item::Step(Step {
        actor,
        action: Action::Resumes | Action::ConditionReturns { .. } | Action::RoutineReturns { .. },
        ..
    }) = &script.items[last]
    {
        let of_actor = |item: &Item| matches!(item, Item::Step(step) if step.actor == *actor);
        let Some(before) = script.items[..last].iter().rposition(of_actor) else { break };
        group.push(before);
        last = before;
    }
    group
}

/// Does the scenario go as it says, and in no other way? Who has waited to the end waits there, too. As text it is read again,
/// as anybody would.
fn holds(script: &Script, machine: &Machine) -> bool {
    let Some((scenario, run)) = played(script, machine) else { return false };
    let mut last: BTreeMap<ThreadId, usize> = BTreeMap::new();
    for (number, step) in scenario.steps.iter().enumerate() {
        last.insert(step.actor, number);
    }
    let waits = |number: &usize| matches!(scenario.steps[*number].expect, Some(Expect::Blocks));
    let waits_still = |(actor, _): (&ThreadId, &usize)| run.ends.iter().all(|end| end.waiting(*actor).is_some());
    if !last.iter().filter(|(_, number)| waits(number)).all(waits_still) {
        return false;
    }
    let as_expected = |(step, ran): (&Step, &StepRun)| {
        let expect = step.expect.as_ref();
        !ran.allowed.is_empty() && ran.allowed.iter().all(|seen| expect.is_none_or(|expect| allows(expect, seen)))
    };
    scenario.steps.iter().zip(&run.steps).all(as_expected)
}

/// The script as its text says it, and what the model does in it. `None` where it has no room for that.
fn played(script: &Script, machine: &Machine) -> Option<(Scenario, Run)> {
    let text = render_script(script, &Comment::default());
    let script = parse(text.as_bytes(), "finding", &|_| true).ok()?;
    let scenario = Scenario::new(&script).ok()?;
    let run = plays(&scenario, machine)?;
    Some((scenario, run))
}

fn plays(scenario: &Scenario, machine: &Machine) -> Option<Run> {
    winaccept_sim::limit::within(|| run(scenario, machine, Guide::Expectations)).ok()
}

/// A thread may have any name, an actor of a script has a word of the language that means nothing else there.
fn actor_name(name: &str, taken: &[Actor]) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let is_free = |word: &String| {
        let of_client = ["client", "late"]
            .iter()
            .any(|client| word.strip_prefix(client).is_some_and(|number| number.chars().all(|c| c.is_ascii_digit())));
        let text = format!("scenario \"a name\"\n\n{word}  WSACleanup() = 0\n");
        !of_client
            && taken.iter().all(|actor| actor.name != *word)
            && parse(text.as_bytes(), "name", &|_| true).is_ok_and(|script| script.actors.len() == 1)
    };
    let words = [plain.clone(), format!("{plain}_thread"), format!("thread_{plain}"), "server".to_owned()];
    // The main thread is the server; the name of a process cannot name an actor.
    let words = words.into_iter().map(|word| if word == "main" { "server".to_owned() } else { word });
    let more = (2..=taken.len() + 2).map(|number| format!("thread_{number}"));
    words.chain(more).find(|word| word != "outside" && is_free(word)).unwrap_or_default()
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
            let named = self.ran.actors.get(at).map_or("server", |(name, _)| name.as_str());
            // A client keeps the name by which the verdict calls it.
            let named = if is_client { named.to_owned() } else { actor_name(named, &script.actors) };
            script.actors.push(Actor { name: named, process: ProcessId(u32::from(is_client)), alike: None });
            script.actors.len() - 1
        });
        ThreadId::new(place)
    }

    /// Writes an entry, which is the so-and-so-many-th of its record.
    fn entry(&mut self, entry: &Entry, at: usize) {
        match entry {
            Entry::Call(actor, call, outcome) => {
                let expect = match outcome {
                    None => Expect::Blocks,
                    Some(outcome) => self.expected(*actor, call, outcome),
                };
                let named = self.named_call(call);
                if let (Call::Listen { s, .. }, Some(outcome)) = (call, outcome)
                    && outcome.error == Code::NONE
                {
                    self.listens.extend(self.names.get(s));
                }
                self.step(*actor, Action::Call(named), expect);
            }
            Entry::Resumes(actor, outcome) => {
                let made = self.ran.record[..at].iter().rev().find_map(|entry| match entry {
                    Entry::Call(other, call, None) | Entry::Answer(other, _, call, None) if other == actor => {
                        Some(*call)
                    }
                    _ => None,
                });
                let Some(call) = made else { return };
                let expect = self.expected(*actor, &call, outcome);
                self.step(*actor, Action::Resumes, expect);
            }
            Entry::Answer(actor, Answer::Nothing, call, outcome) => {
                let expect = match outcome {
                    None => Expect::Blocks,
                    Some(outcome) => self.expected(*actor, call, outcome),
                };
                let call = self.named_call(call);
                self.step(*actor, Action::RoutineReturns { call }, expect);
            }
            Entry::Answer(actor, answer, call, outcome) => {
                let value = match answer {
                    Answer::Accepts { .. } => 0,
                    Answer::Rejects => 1,
                    Answer::Defers => 2,
                    Answer::Other | Answer::TellsMore | Answer::Nothing => 3,
                };
                // A closure of a program writes nothing.
                let said = Said { value, group: None, callee_data: None };
                let expect = match outcome {
                    None => Expect::Blocks,
                    Some(outcome) => self.expected(*actor, call, outcome),
                };
                let call = self.named_call(call);
                self.step(*actor, Action::ConditionReturns { said, call }, expect);
            }
            Entry::Ends(actor) => {
                let actor = self.actor(*actor);
                let (shows, confirms) = (Vec::new(), Vec::new());
                let action = Action::Ends;
                let step = Step { actor, action, expect: None, shows, confirms, on_windows: None, span: SPAN };
                self.script.items.push(Item::Step(step));
            }
            Entry::Deliver(conn, segment) => self.of_conn(*conn, |name| Happening::Deliver(named(*segment), name)),
            Entry::Lose(conn, segment) => self.of_conn(*conn, |name| Happening::Lose(named(*segment), name)),
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

    fn named_call(&self, call: &Call) -> Call<Ref> {
        call.map(|handle| self.names.get(&handle).map_or(Ref::InvalidSocket, |name| Ref::Name(*name)))
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
        // A packet is known by what it is about.
        let with = match outcome.out {
            Out::Packet { over: Some(over), .. } | Out::Routine { over, .. } => {
                self.names.get(&over).map(|name| With::Overlapped(Some(Ref::Name(*name)))).into_iter().collect()
            }
            _ => Vec::new(),
        };
        Expect::OneOf(vec![Pattern { value, error: outcome.error, with }])
    }

    fn binds(&mut self, actor: usize, call: &Call, handle: Handle) -> NameId {
        let letter = match call {
            Call::WSACreateEvent => "E",
            Call::Overlapped { .. } => "O",
            Call::CreatePort { .. } => "P",
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
