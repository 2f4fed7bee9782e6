//! Steps, events and counterexamples of an exploration, in the words of the language.

use winaccept_model::call::ThreadId;
use winaccept_model::choice::{Alt, CHOICES};
use winaccept_model::profile::Profile;
use winaccept_model::step::{Event, Machine};
use winaccept_sim::config::Move;
use winaccept_sim::explore::{Broken, Property, Taken};
use winaccept_sim::observe::Observed;
use winaccept_sim::script::{Action, Happening, Item, NameId, Script, Span};

use crate::chart::segment_word;
use crate::judge::{self, Verdict};
use crate::lang::{Comment, render_action, render_expect, render_never, render_observed, render_script};
use crate::suite::Scenario;

/// What does not hold, with the outcome that breaks it.
pub(super) fn property(scenario: &Scenario, broken: &Broken) -> String {
    let seen = broken.outcome.as_ref().map_or(String::new(), |(step, observed)| {
        format!(": {} = {}", action(scenario, *step), render_observed(observed, &scenario.script, None))
    });
    match broken.property {
        Property::Invariant(name) => format!("invariant: {name}"),
        Property::Expected => format!("an outcome that no step expects{seen}"),
        Property::Never(number) => match &broken.outcome {
            Some((step, Observed::Blocks)) => {
                let actor = scenario.program.steps[*step].actor;
                let claim = never(scenario, number, &scenario.script);
                format!("{claim}: {} for ever", actor_and_step(scenario, actor.0, *step))
            }
            _ => format!("{}{seen}", never(scenario, number, &scenario.script)),
        },
    }
}

/// A claim, as its line reads.
fn never(scenario: &Scenario, number: usize, script: &Script) -> String {
    render_never(&scenario.program.nevers[number], script)
}

/// What a step does. A blocked call that returns is told by its name.
fn action(scenario: &Scenario, step: usize) -> String {
    match (&scenario.program.steps[step].action, scenario.program.call_at(step)) {
        (Action::Resumes, Some(call)) => format!("{} resumes", call.name()),
        (action, _) => render_action(action, &scenario.script),
    }
}

pub(super) fn actor_and_step(scenario: &Scenario, actor: u32, step: usize) -> String {
    format!("{}: {}", name(scenario, ThreadId(actor)), action(scenario, step))
}

fn name(scenario: &Scenario, actor: ThreadId) -> &str {
    &scenario.script.actors[actor.index()].name
}

/// A move on a way, and what was seen.
pub(super) fn event(scenario: &Scenario, taken: &Taken) -> String {
    let mut text = match taken.chosen {
        Move::Step(actor, step) => actor_and_step(scenario, actor.0, step),
        Move::Leave(actor) => format!("{}: takes the branch of `either` that ends its steps", name(scenario, actor)),
        Move::Event(event) => happens(scenario, taken, event),
    };
    for seen in &taken.happened {
        text += &format!("  -> {}", render_observed(&seen.observed, &scenario.script, None));
    }
    text
}

/// Something that no actor does.
fn happens(scenario: &Scenario, taken: &Taken, event: Event) -> String {
    let segment = taken.segment.map_or("a segment", segment_word);
    let connection = || connection(scenario, taken.name);
    let whose = |op| name(scenario, scenario.program.first.thread_of(op));
    match event {
        Event::Deliver(..) => format!("{segment} of {} arrives", connection()),
        Event::Lose(..) => format!("{segment} of {} is lost", connection()),
        Event::Timer(_) => format!("timer of {} runs out", connection()),
        Event::Resume(op) => format!("{} is woken and looks again", whose(op)),
        Event::Expire(op) => format!("the time-out of {} runs out", whose(op)),
        Event::Apc(thread) => format!("an APC of {} runs", name(scenario, thread)),
        // Exploring makes none of these: they belong to steps and happenings of the scenario.
        Event::Call(thread, _) | Event::InHook(thread, _) => format!("{} makes a call", name(scenario, thread)),
        Event::Returns(thread, _) => format!("a function of {} comes back", name(scenario, thread)),
        Event::Print(thread) => format!("{} prints", name(scenario, thread)),
        Event::PeerSends(peer, ..) => format!("{} sends a segment", name(scenario, peer)),
        Event::PeerTakes(peer) => format!("{} looks at what has come", name(scenario, peer)),
        Event::Exit(thread) => format!("{} exits", name(scenario, thread)),
        Event::Ends(thread) => format!("{} ends", name(scenario, thread)),
        Event::Faults(..) => "a fault begins or ends".to_owned(),
        Event::Hold(..) | Event::LoseNext(..) => format!("{} is held, released or loses a segment", connection()),
    }
}

/// A connection by the variable of the socket that opened it, which may have lost it.
fn connection(scenario: &Scenario, name: Option<NameId>) -> &str {
    name.map_or("a connection that no variable holds", |name| &scenario.script.names[usize::from(name.0)].text)
}

/// The way to a violation as a scenario, in which a comment says what breaks. It chooses no more than `run` needs under this
/// profile to say the same.
pub(super) fn retold(scenario: &Scenario, broken: &Broken, profile: &Profile) -> String {
    let mut lines = expected(scenario, broken);
    lines.extend(open(broken, &profile.name));
    let before = broken.shown.unwrap_or(broken.scenario.items.len());
    let mut told = Retold { script: broken.scenario.clone(), comment: Comment { before, lines } };
    let machine = Machine::new(profile.clone());
    if !told.is_confirmed(&machine) {
        // What the profile leaves no choice may be a choice of the documents.
        let mut settled = told.clone();
        CHOICES.iter().enumerate().rev().for_each(|(point, _)| settled.settles(profile.allowed(point), point));
        if !settled.is_confirmed(&machine) {
            return told.text();
        }
        told = settled;
    }
    for place in (0..told.script.items.len()).rev() {
        let shorter = told.without(place);
        if shorter.as_ref().is_some_and(|shorter| shorter.is_confirmed(&machine)) {
            told = shorter.unwrap_or(told);
        }
    }
    told.text()
}

/// A scenario with its comment.
#[derive(Clone)]
struct Retold {
    script: Script,
    comment: Comment,
}

impl Retold {
    fn text(&self) -> String {
        render_script(&self.script, &self.comment)
    }

    /// Does `run` say that it goes so, and not otherwise?
    fn is_confirmed(&self, machine: &Machine) -> bool {
        let read = Scenario::read(self.text().as_bytes(), "counterexample");
        read.is_ok_and(|scenario| judge::model(&scenario, machine).verdict == Verdict::Pass)
    }

    /// A line at the beginning that chooses the one alternative there is.
    fn settles(&mut self, allowed: u8, point: usize) {
        if allowed.is_power_of_two() {
            let alt = Alt(point as u8, allowed.trailing_zeros() as u8);
            self.script.items.insert(0, Item::Happening(Happening::Choose(alt), Span::default()));
            self.comment.before += 1;
        }
    }

    /// The same without the choice in this place; `None` where there is none.
    fn without(&self, place: usize) -> Option<Retold> {
        let Item::Happening(Happening::Choose(_), _) = self.script.items[place] else { return None };
        let mut shorter = self.clone();
        shorter.script.items.remove(place);
        shorter.comment.before -= usize::from(place < self.comment.before);
        Some(shorter)
    }
}

/// What was expected where something else was seen.
fn expected(scenario: &Scenario, broken: &Broken) -> Vec<String> {
    let script = &broken.scenario;
    let Some((step, observed)) = &broken.outcome else {
        let Property::Invariant(name) = broken.property else { return Vec::new() };
        return vec![format!("here an invariant of the model does not hold: {name}")];
    };
    let mut lines = match broken.property {
        // A claim without a line was made to find the way.
        Property::Never(number) if scenario.program.nevers[number].span == Span::default() => Vec::new(),
        Property::Never(number) => vec![format!("claimed: {}", never(scenario, number, script))],
        _ => {
            let expect = scenario.program.steps[*step].expect.as_ref();
            expect.map(|expect| format!("expected: {}", render_expect(expect, script))).into_iter().collect()
        }
    };
    // No line of a scenario says these.
    match (observed, &scenario.program.steps[*step].action) {
        (Observed::NotTaken(reason), _) => {
            lines.push(format!("seen: `{}` is not taken, for {reason}", action(scenario, *step)));
        }
        (Observed::Blocks, _) if matches!(broken.property, Property::Never(_)) => {
            let actor = scenario.program.steps[*step].actor;
            lines.push(format!("seen: {} waits for ever", actor_and_step(scenario, actor.0, *step)));
        }
        (Observed::Blocks, Action::Resumes | Action::InHook(_)) => {
            lines.push("seen: the call goes on waiting".to_owned());
        }
        _ => {}
    }
    lines
}

/// What the profile decided on the way stands in lines of its own, but for what no choice point names.
fn open(broken: &Broken, profile: &str) -> Option<String> {
    (broken.open && broken.choices.is_empty())
        .then(|| format!("the profile `{profile}` leaves open what some of these steps give"))
}
