//! A way retold as a scenario without `any order`: every connection is held, every segment delivered by name.

use winaccept_model::call::Call;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::Segment;

use super::way::Taken;
use crate::config::{Happened, Move};
use crate::observe::{Observed, SeenOut, SeenValue};
use crate::program::{Program, Section};
use crate::script::{
    Action, Expect, Happening, Item, Name, NameId, Pattern, Ref, Script, SegmentName, Span, Step, ValuePattern, With,
};

/// The scenario that goes this way, up to and with the end of it in `section`.
///
/// What it expects is what was seen on the way. A woken thread that looks again, or an APC, has no line of its own:
/// a quiet network lets them happen.
pub(super) fn retell(program: &Program, machine: &Machine, section: usize, way: &[Taken]) -> Script {
    let script = &program.script;
    let mut told = Script {
        title: script.title.clone(),
        prose: format!("One way through it, found by exploring under the profile `{}`.", machine.profile.name),
        model_only: script.model_only.clone(),
        processes: script.processes.clone(),
        actors: script.actors.clone(),
        names: script.names.clone(),
        ..Script::default()
    };
    for actor in &mut told.actors {
        actor.name.retain(|c| c != '.');
        actor.alike = None;
    }
    for name in &mut told.names {
        name.text.retain(|c| c != '.');
    }
    let current = (0..script.names.len()).map(|name| NameId(name as u16)).collect();
    let mut teller = Teller { program, told, current, bound: vec![false; script.names.len()] };
    for (index, part) in program.sections[..=section].iter().enumerate() {
        match part {
            Section::Step(number) => teller.as_written(*number),
            Section::Happening(happening, span) => {
                let happening = teller.rename_in(happening);
                teller.told.items.push(Item::Happening(happening, *span));
            }
            Section::AnyOrder(_) => {
                teller.hold_all();
                way.iter().filter(|taken| taken.section == index).for_each(|taken| teller.taken(taken));
            }
        }
    }
    teller.told
}

struct Teller<'a> {
    program: &'a Program,
    told: Script,
    /// By variable of the program, the one that stands for it now: a step that is taken again binds a new one.
    current: Vec<NameId>,
    bound: Vec<bool>,
}

impl Teller<'_> {
    /// A step outside `any order`, with its own expectation.
    fn as_written(&mut self, number: usize) {
        let step = &self.program.steps[number];
        let step = Step { action: self.action(&step.action), ..step.clone() };
        for name in binds(step.expect.as_ref()) {
            self.bound[usize::from(name.0)] = true;
        }
        self.told.items.push(Item::Step(step));
    }

    /// From here on nothing is delivered by itself.
    fn hold_all(&mut self) {
        for name in 0..self.current.len() {
            if self.bound[name] && self.is_stream_socket(NameId(name as u16)) {
                self.told.items.push(Item::Happening(Happening::Hold(self.current[name]), Span::default()));
            }
        }
    }

    /// Is this variable bound by `socket` or `WSASocket`, so that it may open a connection?
    fn is_stream_socket(&self, name: NameId) -> bool {
        self.program.steps.iter().any(|step| {
            let opens = matches!(&step.action, Action::Call(Call::Socket { .. } | Call::WSASocket { .. }));
            opens && binds(step.expect.as_ref()).contains(&name)
        })
    }

    fn taken(&mut self, taken: &Taken) {
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
        let step = &self.program.steps[number];
        let action = self.action(&step.action);
        let seen = happened.iter().find(|seen| seen.step == number).map(|seen| &seen.observed);
        let expect = match (&step.action, seen) {
            (Action::Call(_) | Action::InHook(_) | Action::Resumes, Some(seen)) => self.expect(number, seen),
            (Action::Call(_), None) => Some(Expect::Blocks),
            _ => step.expect.clone(),
        };
        let opened = self.is_opening(number)
            && matches!(seen, Some(Observed::Returned(seen)) if seen.value == SeenValue::Handle);
        self.told.items.push(Item::Step(Step { action, expect, ..step.clone() }));
        if opened {
            for name in binds(step.expect.as_ref()) {
                let happening = Happening::Hold(self.current[usize::from(name.0)]);
                self.told.items.push(Item::Happening(happening, Span::default()));
            }
        }
    }

    fn is_opening(&self, number: usize) -> bool {
        let step = &self.program.steps[number];
        binds(step.expect.as_ref()).first().is_some_and(|&name| self.is_stream_socket(name))
    }

    /// A blocked call returns.
    fn resumes(&mut self, seen: &Happened) {
        let step = &self.program.steps[seen.step];
        let expect = self.expect(seen.step, &seen.observed);
        self.told.items.push(Item::Step(Step { action: Action::Resumes, expect, ..step.clone() }));
    }

    /// What was seen, as an expectation. A handle goes into a new variable where the old one has been bound before.
    fn expect(&mut self, number: usize, observed: &Observed) -> Option<Expect> {
        let seen = match observed {
            Observed::Blocks => return Some(Expect::Blocks),
            Observed::Returned(seen) => seen,
            Observed::Printed(text) => return Some(Expect::Text(text.clone())),
            Observed::Done | Observed::NotTaken(_) => return None,
        };
        let value = match seen.value {
            SeenValue::Is(value) => ValuePattern::Is(value),
            SeenValue::Handle => ValuePattern::Binds(self.bind(number)),
        };
        let with = seen.out.iter().filter_map(with).collect();
        Some(Expect::OneOf(vec![Pattern { value, error: seen.error, with }]))
    }

    fn bind(&mut self, number: usize) -> NameId {
        let names = binds(self.program.steps[number].expect.as_ref());
        let fresh = |told: &mut Script, text: String| {
            let taken = |text: &str| told.names.iter().any(|name| name.text == text);
            let text = (2..).map(|n| format!("{text}{n}")).find(|text| !taken(text)).unwrap_or_default();
            told.names.push(Name { text, span: Span::default() });
            NameId(told.names.len() as u16 - 1)
        };
        let Some(&name) = names.first() else { return fresh(&mut self.told, "handle".to_owned()) };
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
            Happening::Fault(_) | Happening::Mend(..) => happening.clone(),
        }
    }
}

/// The variables that an expectation binds.
fn binds(expect: Option<&Expect>) -> Vec<NameId> {
    let Some(Expect::OneOf(patterns)) = expect else { return Vec::new() };
    let bound = |pattern: &Pattern| match pattern.value {
        ValuePattern::Binds(name) => Some(name),
        ValuePattern::Is(_) => None,
    };
    patterns.iter().filter_map(bound).collect()
}

/// An out-parameter as an expectation; addresses are left out, for their variables may have new names.
fn with(out: &SeenOut) -> Option<With> {
    match out {
        SeenOut::AddrLen(len) => Some(With::AddrLen(*len)),
        SeenOut::Data(data) => Some(With::Data(*data)),
        SeenOut::Value(value) => Some(With::Value(*value)),
        SeenOut::Revents(revents) => Some(With::Revents(revents.clone())),
        SeenOut::Events(events) => Some(With::Events(*events)),
        SeenOut::Addr(_) | SeenOut::ReadFds(_) | SeenOut::WriteFds(_) | SeenOut::ExceptFds(_) => None,
    }
}

fn segment_name(segment: Segment) -> SegmentName {
    match segment {
        Segment::Syn => SegmentName::Syn,
        Segment::SynAck => SegmentName::SynAck,
        Segment::Ack => SegmentName::Ack,
        Segment::Rst => SegmentName::Rst,
        Segment::Fin => SegmentName::Fin,
        Segment::Data => SegmentName::Data,
    }
}
