//! A way retold as a scenario without `any order`: every connection is held, every segment delivered by name.

use std::collections::BTreeSet;

use winaccept_model::call::{Call, Port};
use winaccept_model::choice::{Alt, COUNT};
use winaccept_model::code::Code;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::Segment;

use super::past::Past;
use super::way::Taken;
use crate::config::{Happened, Move};
use crate::observe::{Observed, Shown, ShownAddress, ShownEntry, ShownMessage, ShownOut, ShownValue, allows};
use crate::scenario::{Scenario, Section};
use crate::script::{
    Action, AddrPattern, EntryPattern, Expect, Happening, Item, MessagePattern, Name, NameId, Pattern, Ref, Script,
    SegmentName, Span, Step, ValuePattern, With,
};

/// A way as a scenario.
pub(super) struct Told {
    pub(super) scenario: Script,
    /// The item with the outcome that was to be shown; behind the last one where no line can say it.
    pub(super) shown: Option<usize>,
}

/// The scenario that goes this way, up to and with the end of it in `section`, where a step has the outcome `shown`.
///
/// What it expects is what was seen on the way. A woken thread that looks again, or an APC, has no line of its own:
/// a quiet network lets them happen. Nor has a step that was not taken.
pub(super) fn retell(
    scenario: &Scenario,
    machine: &Machine,
    section: usize,
    past: &Past,
    shown: Option<&(usize, Observed)>,
) -> Told {
    let script = &scenario.script;
    let mut told = Script {
        title: script.title.clone(),
        prose: format!("One way through it, found by exploring under the profile `{}`.", machine.profile.name),
        model_only: script.model_only.clone(),
        processes: script.processes.clone(),
        actors: script.actors.clone(),
        names: script.names.clone(),
        ..Script::default()
    };
    without_dots(told.actors.iter_mut().map(|actor| &mut actor.name).collect());
    told.actors.iter_mut().for_each(|actor| actor.alike = None);
    without_dots(told.names.iter_mut().map(|name| &mut name.text).collect());
    let current = (0..script.names.len()).map(|name| NameId(name as u16)).collect();
    let bound = vec![false; script.names.len()];
    let way = &past.way;
    let chosen = [None; COUNT];
    let mut teller = Teller { scenario, told, current, bound, chosen, to_show: shown, is_last: false, shown: None };
    for (index, part) in scenario.sections[..=section].iter().enumerate() {
        let mut here = way.iter().filter(|taken| taken.section == index);
        match part {
            Section::Step(number) => {
                let taken = here.next_back();
                teller.is_last = taken.is_some_and(|taken| is_last(way, taken));
                teller.chooses(taken.into_iter().flat_map(|taken| &taken.choices));
                let seen = taken.and_then(|taken| taken.happened.first());
                teller.plainly(*number, seen.map(|seen| &seen.observed));
            }
            Section::Happening(happening, span) => {
                teller.chooses(past.between.iter().filter(|(section, _)| *section == index).map(|(_, alt)| alt));
                if let Happening::Choose(alt) = happening {
                    teller.chosen[alt.point().index()] = Some(*alt);
                }
                let happening = teller.rename_in(happening);
                teller.told.items.push(Item::Happening(happening, *span));
            }
            Section::AnyOrder(_) => {
                teller.hold_all();
                for taken in here {
                    teller.is_last = is_last(way, taken);
                    teller.taken(taken);
                }
            }
        }
    }
    Told { scenario: teller.told, shown: teller.shown }
}

/// The members of a group have a dot in their names, which the language keeps for them: without it, and with a mark where
/// somebody else has the name already.
fn without_dots(mut names: Vec<&mut String>) {
    let mut taken: BTreeSet<String> =
        names.iter().filter(|name| !name.contains('.')).map(|name| (*name).clone()).collect();
    for name in names.iter_mut().filter(|name| name.contains('.')) {
        name.retain(|c| c != '.');
        while !taken.insert((*name).clone()) {
            name.push('_');
        }
    }
}

fn is_last(way: &[Taken], taken: &Taken) -> bool {
    way.last().is_some_and(|last| std::ptr::eq(last, taken))
}

struct Teller<'a> {
    scenario: &'a Scenario,
    told: Script,
    /// By variable of the scenario, the one that stands for it now: a step that is taken again binds a new one.
    current: Vec<NameId>,
    bound: Vec<bool>,
    /// By choice point, what a line has chosen.
    chosen: [Option<Alt>; COUNT],
    /// The outcome that the whole is about.
    to_show: Option<&'a (usize, Observed)>,
    /// The last move of the way is told: the one with that outcome.
    is_last: bool,
    shown: Option<usize>,
}

impl Teller<'_> {
    /// What the profile left open was decided so: a line says it, unless one has said it before.
    fn chooses<'c>(&mut self, choices: impl Iterator<Item = &'c Alt>) {
        let at = self.told.items.len();
        self.chooses_at(at, choices);
    }

    fn chooses_at<'c>(&mut self, at: usize, choices: impl Iterator<Item = &'c Alt>) {
        for alt in choices {
            let chosen = &mut self.chosen[alt.point().index()];
            if *chosen != Some(*alt) {
                *chosen = Some(*alt);
                self.told.items.insert(at, Item::Happening(Happening::Choose(*alt), Span::default()));
            }
        }
    }

    /// Where the last line stands behind which a quiet network lets things happen.
    fn last_cause(&self) -> usize {
        let causes = |item: &Item| match item {
            Item::Step(step) => !matches!(step.action, Action::Resumes),
            Item::Happening(happening, _) => !matches!(happening, Happening::Choose(_)),
            Item::AnyOrder(..) | Item::Never(_) => false,
        };
        self.told.items.iter().rposition(causes).unwrap_or(self.told.items.len())
    }

    /// A step outside `any order`, with its own expectation unless something else was seen, or it is the one to be shown:
    /// which of several alternatives came about need not matter.
    fn plainly(&mut self, number: usize, seen: Option<&Observed>) {
        let step = &self.scenario.steps[number];
        let seen = seen.unwrap_or(&Observed::Done);
        let as_expected = step.expect.as_ref().is_none_or(|expect| allows(expect, seen)) && !self.shows(number);
        let own = step.expect.as_ref().filter(|_| as_expected);
        let action = self.action(&step.action);
        let expect = if as_expected { own.map(|own| self.renamed(own)) } else { self.expect(number, seen) };
        for name in own.into_iter().flat_map(Expect::binds) {
            self.bound[usize::from(name.0)] = true;
        }
        self.push(number, action, expect, Some(seen));
    }

    /// Is this the step with the outcome that the whole is about? Alike actors have it from the same line of text.
    fn shows(&self, number: usize) -> bool {
        let span = |number: usize| self.scenario.steps[number].span;
        self.is_last && self.to_show.is_some_and(|(wanted, _)| span(*wanted) == span(number))
    }

    /// Adds the line of a step, unless it was not taken.
    fn push(&mut self, number: usize, action: Action, expect: Option<Expect>, seen: Option<&Observed>) {
        let step = &self.scenario.steps[number];
        let shows = self.shows(number);
        let exactly = self.to_show.is_some_and(|(_, observed)| seen == Some(observed));
        if shows && (exactly || self.shown.is_none()) {
            self.shown = Some(self.told.items.len());
        }
        // Nothing can be expected of a call that goes on waiting where its line says that it returns.
        let waits_on = seen == Some(&Observed::Blocks)
            && !matches!(action, Action::Call(_) | Action::ConditionReturns { .. } | Action::RoutineReturns { .. });
        let expect = expect.filter(|_| !waits_on);
        if !matches!(seen, Some(Observed::NotTaken(_))) {
            // The line that shows what is wrong shows no clause.
            let clauses = if shows || expect.is_none() { Vec::new() } else { step.shows.clone() };
            let plain = Step { confirms: Vec::new(), on_windows: None, ..step.clone() };
            self.told.items.push(Item::Step(Step { action, expect, shows: clauses, ..plain }));
        }
    }

    /// An expectation of the scenario with the variables that stand for its own now.
    fn renamed(&self, expect: &Expect) -> Expect {
        let now = |reference: &Ref| match reference {
            Ref::Name(name) => Ref::Name(self.current[usize::from(name.0)]),
            other => *other,
        };
        let with = |with: &With| match with {
            With::Addr(AddrPattern::Of(s)) => With::Addr(AddrPattern::Of(now(s))),
            With::Local(AddrPattern::Of(s)) => With::Local(AddrPattern::Of(now(s))),
            With::Remote(AddrPattern::Of(s)) => With::Remote(AddrPattern::Of(now(s))),
            With::CallerId(AddrPattern::Of(s)) => With::CallerId(AddrPattern::Of(now(s))),
            With::CalleeId(AddrPattern::Of(s)) => With::CalleeId(AddrPattern::Of(now(s))),
            With::Overlapped(over) => With::Overlapped(over.as_ref().map(now)),
            With::Group(first) => With::Group(now(first)),
            With::Entries(entries) => With::Entries(
                entries.iter().map(|entry| EntryPattern { over: entry.over.as_ref().map(now), ..*entry }).collect(),
            ),
            With::Message(message) => With::Message(MessagePattern { socket: now(&message.socket), ..*message }),
            With::ReadFds(set) => With::ReadFds(set.iter().map(now).collect()),
            With::WriteFds(set) => With::WriteFds(set.iter().map(now).collect()),
            With::ExceptFds(set) => With::ExceptFds(set.iter().map(now).collect()),
            other => other.clone(),
        };
        match expect {
            Expect::OneOf(patterns) => Expect::OneOf(
                patterns.iter().map(|p| Pattern { with: p.with.iter().map(with).collect(), ..p.clone() }).collect(),
            ),
            other => other.clone(),
        }
    }

    /// From here on nothing is delivered by itself.
    fn hold_all(&mut self) {
        for name in 0..self.current.len() {
            if self.bound[name] && self.opens_a_connection(NameId(name as u16)) {
                self.told.items.push(Item::Happening(Happening::Hold(self.current[name]), Span::default()));
            }
        }
    }

    /// Does a step connect the socket in this variable? Of others nothing is in flight that could be held.
    fn opens_a_connection(&self, name: NameId) -> bool {
        self.scenario.steps.iter().any(|step| match &step.action {
            Action::Call(Call::Connect { s, .. } | Call::WSAConnect { s, .. })
            | Action::InHook(Call::Connect { s, .. } | Call::WSAConnect { s, .. }) => *s == Ref::Name(name),
            _ => false,
        })
    }

    fn taken(&mut self, taken: &Taken) {
        match taken.chosen {
            Move::Step(..) | Move::Event(Event::Deliver(..) | Event::Timer(_)) => self.chooses(taken.choices.iter()),
            // It has no line of its own.
            Move::Event(_) | Move::Leave(_) => self.chooses_at(self.last_cause(), taken.choices.iter()),
        }
        let of = |teller: &Teller<'_>| taken.name.map(|name| teller.current[usize::from(name.0)]);
        match taken.chosen {
            Move::Step(_, number) => self.step(number, &taken.happened),
            Move::Event(Event::Deliver(..)) => {
                if let (Some(name), Some(segment)) = (of(self), taken.segment) {
                    let happening = Happening::Deliver(segment_name(segment), name);
                    self.told.items.push(Item::Happening(happening, Span::default()));
                }
            }
            Move::Event(Event::Timer(_)) => {
                if let Some(name) = of(self) {
                    self.told.items.push(Item::Happening(Happening::Timer(name), Span::default()));
                }
            }
            Move::Event(_) | Move::Leave(_) => {}
        }
        let own = match taken.chosen {
            Move::Step(_, number) => Some(number),
            _ => None,
        };
        for seen in taken.happened.iter().filter(|seen| Some(seen.step) != own) {
            self.resumes(seen);
        }
    }

    /// A step of a lane, with what came of it.
    fn step(&mut self, number: usize, happened: &[Happened]) {
        let step = &self.scenario.steps[number];
        let action = self.action(&step.action);
        let seen = happened.iter().find(|seen| seen.step == number).map(|seen| &seen.observed);
        let expect = match (&step.action, seen) {
            (
                Action::Call(_)
                | Action::InHook(_)
                | Action::Resumes
                | Action::ConditionReturns { .. }
                | Action::RoutineReturns { .. },
                Some(seen),
            ) => self.expect(number, seen),
            (Action::Call(_) | Action::ConditionReturns { .. } | Action::RoutineReturns { .. }, None) => {
                Some(Expect::Blocks)
            }
            _ => step.expect.clone(),
        };
        let opened = self.is_opening(number)
            && matches!(seen, Some(Observed::Returned(seen)) if seen.value == ShownValue::Handle);
        self.push(number, action, expect, seen);
        if opened && !self.is_last {
            for name in step.binds() {
                let happening = Happening::Hold(self.current[usize::from(name.0)]);
                self.told.items.push(Item::Happening(happening, Span::default()));
            }
        }
    }

    fn is_opening(&self, number: usize) -> bool {
        let step = &self.scenario.steps[number];
        let opens = matches!(&step.action, Action::Call(Call::Socket { .. } | Call::WSASocket { .. }));
        opens && step.binds().next().is_some_and(|name| self.opens_a_connection(name))
    }

    /// A blocked call returns.
    fn resumes(&mut self, seen: &Happened) {
        let expect = self.expect(seen.step, &seen.observed);
        self.push(seen.step, Action::Resumes, expect, Some(&seen.observed));
    }

    /// What was seen, as an expectation. A handle goes into a new variable where the old one has been bound before.
    fn expect(&mut self, number: usize, observed: &Observed) -> Option<Expect> {
        let seen = match observed {
            Observed::Blocks => return Some(Expect::Blocks),
            Observed::Returned(seen) => seen,
            Observed::Printed(text) => return Some(Expect::Text(text.clone())),
            Observed::Came(came) => return Some(Expect::Segments(vec![*came])),
            Observed::Done | Observed::NotTaken(_) => return None,
        };
        let value = match seen.value {
            ShownValue::Is(value) => ValuePattern::Is(value),
            ShownValue::Handle => ValuePattern::Binds(self.bind(number)),
        };
        let with = self.out(number, seen);
        Some(Expect::OneOf(vec![Pattern { value, error: seen.error, with }]))
    }

    /// What was written through pointers, as expectations. The line that the whole is about has all of it; a failing
    /// call has it there alone, and only where another outcome with this error was expected.
    fn out(&self, number: usize, seen: &Shown) -> Vec<With> {
        let expected = match &self.scenario.steps[number].expect {
            Some(Expect::OneOf(patterns)) => patterns.iter().any(|pattern| pattern.error == seen.error),
            _ => false,
        };
        if seen.error != Code::NONE && !(self.shows(number) && expected) {
            return Vec::new();
        }
        let all = self.shows(number);
        seen.out.iter().filter_map(|out| with(out).or_else(|| if all { self.with_names(out) } else { None })).collect()
    }

    /// An out-parameter that names variables.
    fn with_names(&self, out: &ShownOut) -> Option<With> {
        let now = |name: &NameId| Ref::Name(self.current[usize::from(name.0)]);
        let set = |names: &[NameId]| names.iter().map(now).collect();
        let address = |seen: &Option<ShownAddress>| {
            let Some(seen) = seen else { return AddrPattern::Unchanged };
            let name = seen.names.iter().find(|name| self.bound[usize::from(name.0)]);
            let address = match seen.address.port {
                Port::Chosen(_) => AddrPattern::AnyPort(seen.address),
                _ => AddrPattern::Is(seen.address),
            };
            name.map_or(address, |name| AddrPattern::Of(now(name)))
        };
        match out {
            ShownOut::Addr(seen) => Some(With::Addr(address(seen))),
            ShownOut::Group(first) => first.as_ref().map(|first| With::Group(now(first))),
            ShownOut::Overlapped(over) => Some(With::Overlapped(over.as_ref().map(now))),
            ShownOut::Message(ShownMessage { number, socket, event, error }) => {
                let socket = now(socket.as_ref()?);
                Some(With::Message(MessagePattern { number: *number, socket, event: *event, error: *error }))
            }
            ShownOut::Local(seen) => Some(With::Local(address(seen))),
            ShownOut::Remote(seen) => Some(With::Remote(address(seen))),
            ShownOut::ReadFds(names) => Some(With::ReadFds(set(names))),
            ShownOut::WriteFds(names) => Some(With::WriteFds(set(names))),
            ShownOut::ExceptFds(names) => Some(With::ExceptFds(set(names))),
            _ => None,
        }
    }

    fn bind(&mut self, number: usize) -> NameId {
        let name = self.scenario.steps[number].binds().next();
        let fresh = |told: &mut Script, text: String| {
            let taken = |text: &str| told.names.iter().any(|name| name.text == text);
            let text = (2..).map(|n| format!("{text}{n}")).find(|text| !taken(text)).unwrap_or_default();
            told.names.push(Name { text, span: Span::default() });
            NameId(told.names.len() as u16 - 1)
        };
        let Some(name) = name else { return fresh(&mut self.told, "handle".to_owned()) };
        let slot = usize::from(name.0);
        if self.bound[slot] {
            let text = format!("{}_", self.told.names[slot].text);
            self.current[slot] = fresh(&mut self.told, text);
        }
        self.bound[slot] = true;
        self.current[slot]
    }

    fn action(&self, action: &Action) -> Action {
        let call = |call: &Call<Ref>| {
            call.map(|reference| match reference {
                Ref::Name(name) if !self.bound[usize::from(name.0)] => Ref::InvalidSocket,
                Ref::Name(name) => Ref::Name(self.current[usize::from(name.0)]),
                other => other,
            })
        };
        match action {
            Action::Call(made) => Action::Call(call(made)),
            Action::InHook(made) => Action::InHook(call(made)),
            Action::ConditionReturns { said, call: made } => Action::ConditionReturns { said: *said, call: call(made) },
            Action::RoutineReturns { call: made } => Action::RoutineReturns { call: call(made) },
            other => other.clone(),
        }
    }

    fn rename_in(&self, happening: &Happening) -> Happening {
        let now = |name: &NameId| self.current[usize::from(name.0)];
        match happening {
            Happening::Hold(name) => Happening::Hold(now(name)),
            Happening::Release(name) => Happening::Release(now(name)),
            Happening::Drop(segment, name) => Happening::Drop(*segment, now(name)),
            Happening::MayDrop(segment, name) => Happening::MayDrop(*segment, now(name)),
            Happening::Deliver(segment, name) => Happening::Deliver(*segment, now(name)),
            Happening::Lose(segment, name) => Happening::Lose(*segment, now(name)),
            Happening::Timer(name) => Happening::Timer(now(name)),
            Happening::Fault(_) | Happening::Mend(..) | Happening::Choose(_) => happening.clone(),
        }
    }
}

/// An out-parameter as an expectation; addresses are left out, for their variables may have new names.
fn with(out: &ShownOut) -> Option<With> {
    match out {
        ShownOut::AddrLen(len) => Some(With::AddrLen(*len)),
        ShownOut::Data(data) => Some(With::Data(*data)),
        ShownOut::Value(value) => Some(With::Value(*value)),
        ShownOut::Revents(revents) => Some(With::Revents(revents.clone())),
        ShownOut::Handles(_) | ShownOut::Group(_) => None,
        ShownOut::Events(events) => Some(With::Events(*events)),
        ShownOut::EventErrors(errors) => Some(With::EventErrors(errors.clone())),
        ShownOut::Bytes(bytes) => Some(With::Bytes(*bytes)),
        ShownOut::Key(key) => Some(With::Key(*key)),
        ShownOut::Addr(_) | ShownOut::Local(_) | ShownOut::Remote(_) => None,
        ShownOut::Overlapped(_) | ShownOut::Message(_) => None,
        ShownOut::ReadFds(_) | ShownOut::WriteFds(_) | ShownOut::ExceptFds(_) => None,
        ShownOut::Given(given, block) => Some(With::Given(*given, *block)),
        ShownOut::CallbackData(data) => Some(With::CallbackData(*data)),
        ShownOut::Errno(code) => Some(With::Errno(*code)),
        ShownOut::Entries(entries) => {
            let entry = |entry: &ShownEntry| EntryPattern {
                key: entry.key,
                over: entry.over.map(Ref::Name),
                bytes: entry.bytes,
            };
            Some(With::Entries(entries.iter().map(entry).collect()))
        }
        ShownOut::Error(code) => Some(With::Error(*code)),
        ShownOut::Flags(flags) => Some(With::Flags(*flags)),
        ShownOut::CallerId(_) | ShownOut::CalleeId(_) => None,
    }
}

fn segment_name(segment: Segment) -> SegmentName {
    match segment {
        Segment::Syn => SegmentName::Syn,
        Segment::SynAck => SegmentName::SynAck,
        Segment::Ack => SegmentName::Ack,
        Segment::Rst | Segment::BareRst => SegmentName::Rst,
        Segment::Fin => SegmentName::Fin,
        Segment::Data => SegmentName::Data,
    }
}
