//! Judging what a real stack was seen to do.

use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::observe::{Observed, Shown, ShownValue, UNDEFINED_BY_NOW, allows, asked_for, same};
use winaccept_sim::run::{Guide, Run, run};
use winaccept_sim::scenario::Section;
use winaccept_sim::script::{Expect, Step};

use super::behind::{Question, behind, documented};
use super::documents::says;
use super::facts::WINDOWS;
use super::model::{DOCUMENTED, rests_on_unknown};
use super::words::{action, allowed, because, beyond, is, placed, shown, why_unmodelled};
use crate::stack::{BROUGHT_DOWN, Replay};
use crate::suite::Scenario;
use crate::verdict::{Judged, Verdict};

/// Judges what a real stack was seen to do.
#[must_use]
pub fn replay(scenario: &Scenario, replay: &Replay, profile: &Profile) -> Judged {
    let took = |(_, observed): &(usize, &Observed)| !matches!(observed, Observed::NotTaken(_));
    let seen = replay.steps.iter().map(|report| (report.index, &report.observed));
    let taken = seen.filter(took).map(|(index, _)| index).collect();
    let documents = scenario.documents();
    let judged = match not_played(replay, scenario.program.steps.len()) {
        Some(judged) => judged,
        None if documents.verdict != Verdict::Pass => documents.clone(),
        None => Bench::new(scenario, replay, profile).judged(),
    };
    Judged { taken, notes: documents.notes.clone(), ..placed(scenario, judged) }
}

/// What a profile says of what was seen, without a verdict.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The first step of which the profile does not say what was seen; `None` where it says everything, or stops saying anything.
    pub unpredicted: Option<usize>,
    /// All that the profile allows, as long as it agrees with what was seen.
    pub played: Run,
}

/// Does this profile say what was seen?
///
/// What nobody looked at counts for nothing, so a replay from which steps were taken out asks for less.
#[must_use]
pub fn predicts(scenario: &Scenario, replay: &Replay, profile: &Profile) -> Prediction {
    let bench = Bench::new(scenario, replay, profile);
    // Whoever's behaviour is undefined by now may do anything.
    let anything = |said: &Observed| matches!(said, Observed::NotTaken(why) if why == UNDEFINED_BY_NOW);
    let says_nothing = |said: &Observed| is(said, Value::Unmodelled) || is(said, Value::Undefined) || anything(said);
    let knows = |number: &usize| !bench.played.steps[*number].allowed.iter().any(says_nothing);
    let not_said = bench.not_said().map(|(number, _)| number).filter(knows);
    let unpredicted = not_said.filter(|_| bench.played.limit.is_none());
    Prediction { unpredicted, played: bench.played }
}

/// The verdict where a stack did not play the scenario.
fn not_played(replay: &Replay, steps: usize) -> Option<Judged> {
    if let Some(reason) = &replay.not_taken {
        return Some(Judged::new(Verdict::ModelOnly, reason.clone(), None));
    }
    if let Some(reason) = &replay.lost {
        // Whatever is missing, the stack did not say it.
        let reason = format!("the stack lost its process, twice: {reason}");
        return Some(Judged::new(Verdict::Unresolved, reason, None));
    }
    if let Some(report) = replay.steps.iter().find(|report| report.index >= steps) {
        let reason = format!("what was seen is of another scenario: there is no step {}", report.index);
        return Some(Judged::new(Verdict::Fail, reason, None));
    }
    let reason = replay.failed.as_ref()?;
    Some(Judged::new(Verdict::Fail, format!("the stack did not play it: {reason}"), None))
}

/// What was seen of a step.
#[derive(Clone)]
struct Sight<'a> {
    observed: Observed,
    assumed: Option<&'a String>,
}

/// Something about a step that decides the verdict.
struct Finding {
    step: usize,
    observed: Observed,
}

/// Where a stack is held against the documents and its profile.
struct Bench<'a> {
    scenario: &'a Scenario,
    profile: &'a Profile,
    /// What was seen, by step; of a step inside `repeat` several things.
    sights: Vec<Vec<Sight<'a>>>,
    /// What leads the model: a step that was seen once.
    guide: Vec<Option<Observed>>,
    /// What the model does under the profile, led by what was seen.
    played: Run,
    /// The step whose call this stack does not have.
    lacks: Option<(usize, &'a str)>,
}

impl<'a> Bench<'a> {
    fn new(scenario: &'a Scenario, replay: &'a Replay, profile: &'a Profile) -> Bench<'a> {
        let mut sights: Vec<Vec<Sight<'a>>> = vec![Vec::new(); scenario.program.steps.len()];
        for report in &replay.steps {
            if let Some(sights) = sights.get_mut(report.index) {
                sights.push(Sight { observed: report.observed.clone(), assumed: report.assumed.as_ref() });
            }
        }
        // A step of `repeat` is seen several times: each must be possible, none of them narrows the rest.
        let lead = |sights: &Vec<Sight<'_>>| match sights.as_slice() {
            [sight] if !brought_down(&sight.observed) => Some(sight.observed.clone()),
            _ => None,
        };
        let guide: Vec<Option<Observed>> = sights.iter().map(lead).collect();
        let played = run(&scenario.program, &Machine::new(profile.clone()), Guide::Seen(&guide));
        let lacks = replay.lacks.as_ref().map(|lacks| (lacks.step, lacks.reason.as_str()));
        let mut bench = Bench { scenario, profile, sights, guide, played, lacks };
        bench.name_the_crash();
        bench
    }

    /// Of two calls that are in progress while their process goes down nobody sees which of them did it. Where the profile says
    /// that it is this one, it is; where it says that it is another one, this one's return was overtaken.
    fn name_the_crash(&mut self) {
        let crashes = |number: usize| self.played.steps[number].allowed.iter().any(|seen| is(seen, Value::Crashes));
        let crashed = Shown { value: ShownValue::Is(Value::Crashes), error: Code::NONE, out: Vec::new() };
        for number in 0..self.sights.len() {
            if !self.sights[number].iter().any(|sight| brought_down(&sight.observed)) {
                continue;
            }
            if crashes(number) {
                for sight in self.sights[number].iter_mut().filter(|sight| brought_down(&sight.observed)) {
                    sight.observed = Observed::Returned(crashed.clone());
                }
            } else if (0..self.sights.len()).any(|other| self.of_one_process(number, other) && crashes(other)) {
                self.sights[number].retain(|sight| !brought_down(&sight.observed));
            }
        }
    }

    fn of_one_process(&self, one: usize, other: usize) -> bool {
        let process = |number: usize| {
            let actor = self.scenario.program.steps[number].actor;
            self.scenario.script.actors[actor.index()].process
        };
        process(one) == process(other)
    }

    fn judged(&self) -> Judged {
        if let Some((number, what)) = &self.played.limit {
            return Judged::new(Verdict::Unresolved, beyond(self.scenario, *number, what), Some(*number));
        }
        let steps = &self.scenario.program.steps;
        let not_said = self.not_said();
        let mut deviation: Option<Finding> = None;
        let mut unreached = None;
        let before = |sight: &Sight<'_>| not_said.is_none_or(|(_, other)| !std::ptr::eq(sight, other));
        for (number, sight) in self.seen().take_while(|(_, sight)| before(sight)) {
            let (step, observed) = (&steps[number], &sight.observed);
            let expected = step.expect.as_ref().is_none_or(|expect| allows(expect, observed));
            if !expected && deviation.is_none() {
                deviation = Some(Finding { step: number, observed: observed.clone() });
            }
            if !step.shows.is_empty() && matches!(observed, Observed::NotTaken(_)) {
                unreached = unreached.or(Some(number));
            }
        }
        if let Some((number, sight)) = not_said {
            return self.not_predicted(number, sight, deviation.as_ref());
        }
        if let Some((number, reason)) = self.lacks {
            let reason = format!("this stack does not have {}: {reason}", action(self.scenario, number));
            return Judged::new(Verdict::LacksCall, reason, Some(number));
        }
        match deviation {
            Some(deviation) => self.deviates(&deviation, unreached),
            None => self.as_expected(),
        }
    }

    /// Behind the last step that this stack was asked to take.
    fn end(&self) -> usize {
        self.lacks.map_or(self.scenario.program.steps.len(), |(number, _)| number)
    }

    /// What was seen, in the order of the steps, but for calls that wait where nobody promised their return.
    fn seen(&self) -> impl Iterator<Item = (usize, &Sight<'a>)> {
        let sights = self.sights.iter().enumerate().take(self.end());
        let all = sights.flat_map(|(number, sights)| sights.iter().map(move |sight| (number, sight)));
        all.filter(|(number, sight)| !self.waits_on(*number, &sight.observed))
    }

    /// The first thing seen of which the profile does not say that it can be.
    fn not_said(&self) -> Option<(usize, &Sight<'a>)> {
        let said = |(number, sight): &(usize, &Sight<'a>)| {
            let allowed = &self.played.steps[*number].allowed;
            self.goes_untold(*number, &sight.observed) || allowed.iter().any(|allowed| same(allowed, &sight.observed))
        };
        self.seen().find(|seen| !said(seen))
    }

    /// In a lane a call may wait for ever without anybody having promised its return.
    fn waits_on(&self, number: usize, observed: &Observed) -> bool {
        let actor = self.scenario.program.steps[number].actor;
        *observed == Observed::Blocks
            && !self.is_sequential(number)
            && self.played.ends.iter().any(|end| end.waiting(actor) == Some(number))
    }

    /// In a lane the model tells what calls give. That an actor ends there, or prints, is no more than that it got there.
    fn goes_untold(&self, number: usize, observed: &Observed) -> bool {
        let took = !matches!(observed, Observed::NotTaken(_));
        took && !self.is_sequential(number) && self.scenario.program.call_at(number).is_none()
    }

    fn is_sequential(&self, number: usize) -> bool {
        let sections = &self.scenario.program.sections;
        sections.iter().any(|section| matches!(section, Section::Step(step) if *step == number))
    }

    /// Everything was expected, and predicted.
    fn as_expected(&self) -> Judged {
        match self.assumed() {
            Some(assumption) => Judged::new(Verdict::Unresolved, format!("as documented, if {assumption}"), None),
            None => {
                let open = self.profile.name != DOCUMENTED;
                let rests_on_unknown = open && rests_on_unknown(&self.scenario.program.steps, &self.played);
                Judged { rests_on_unknown, ..Judged::pass() }
            }
        }
    }

    /// What a claim rests on that nobody saw.
    fn assumed(&self) -> Option<&String> {
        self.sights.iter().zip(&self.scenario.program.steps).find_map(|(sights, step)| {
            let assumed = sights.iter().find_map(|sight| sight.assumed)?;
            (!step.shows.is_empty()).then_some(assumed)
        })
    }

    /// Something else than expected was seen, and the profile says so.
    fn deviates(&self, deviation: &Finding, unreached: Option<usize>) -> Judged {
        let Finding { step: number, observed } = deviation;
        let reason = shown(self.scenario, *number, observed);
        // What nobody asked for makes no difference.
        let asked = |seen: &Observed| {
            let expect = self.scenario.program.steps[*number].expect.as_ref();
            expect.map_or_else(|| seen.clone(), |expect| asked_for(expect, seen))
        };
        let seen = asked(observed);
        let not_said = |run: &Run| !run.steps[*number].allowed.iter().any(|allowed| same(&asked(allowed), &seen));
        let Some(choices) = self.behind(*number, &not_said) else {
            let reason =
                format!("{reason}; no choice point explains it: the documents allow it as the model reads them");
            return Judged::new(Verdict::Fail, reason, Some(*number));
        };
        let verdict = match (unreached, self.assumed()) {
            (Some(claim), _) if claim > *number => Verdict::Blocked,
            (_, Some(_)) => Verdict::Unresolved,
            _ => Verdict::Deviates,
        };
        Judged { choices: choices.clone(), ..Judged::new(verdict, because(reason, &choices), Some(*number)) }
    }

    fn behind(&self, step: usize, gone: &dyn Fn(&Run) -> bool) -> Option<Vec<&'static str>> {
        let play = |profile: &Profile| self.play(profile);
        behind(self.profile, &Question { play: &play, gone, step }).filter(|choices| !choices.is_empty())
    }

    fn play(&self, profile: &Profile) -> Run {
        run(&self.scenario.program, &Machine::new(profile.clone()), Guide::Seen(&self.guide))
    }

    /// The profile does not say that this can be seen here.
    fn not_predicted(&self, number: usize, sight: &Sight<'_>, before: Option<&Finding>) -> Judged {
        let (scenario, observed) = (self.scenario, &sight.observed);
        let step = &scenario.program.steps[number];
        let said = &self.played.steps[number].allowed;
        if said.iter().any(|said| is(said, Value::Unmodelled)) {
            if self.ends_in(number, Value::Unmodelled) {
                return self.as_expected();
            }
            return Judged::new(Verdict::Unmodelled, why_unmodelled(scenario, &self.played, number), Some(number));
        }
        if said.iter().any(|said| is(said, Value::Undefined)) {
            if self.ends_in(number, Value::Undefined) {
                return self.as_expected();
            }
            let reason =
                format!("the documents leave {} undefined; nothing is said of what follows", action(scenario, number));
            return Judged::new(Verdict::Unresolved, reason, Some(number));
        }
        let reason = shown(scenario, number, observed);
        if let Some(assumption) = sight.assumed {
            return Judged::new(Verdict::Unresolved, format!("{reason}, if {assumption}"), Some(number));
        }
        let (profile, says) = (&self.profile.name, allowed(scenario, &self.played, number));
        let expects = matches!(&step.expect, Some(expect) if !matches!(expect, Expect::Silent(_)));
        let expected = step.expect.as_ref().is_some_and(|expect| allows(expect, observed));
        let deviates = step.expect.as_ref().is_some_and(|expect| said.iter().any(|said| !allows(expect, said)));
        if expects && expected && deviates && before.is_none() {
            let said = |run: &Run| run.steps[number].allowed.iter().any(|allowed| same(allowed, observed));
            if let Some(choices) = self.behind(number, &said) {
                let reason = because(format!("{reason}; profile {profile} says {says}"), &choices);
                return Judged { choices, ..Judged::new(Verdict::Fixed, reason, Some(number)) };
            }
        }
        let who = self.who_is_wrong(number, observed);
        let who = match self.contradicts(step) {
            Some(facts) => format!("{who}; it contradicts {facts}"),
            None => who,
        };
        Judged::new(Verdict::Fail, format!("{reason}; profile {profile} says {says}: {who}"), Some(number))
    }

    /// The facts that say what Windows does at this step, where the stack is a Windows.
    fn contradicts(&self, step: &Step) -> Option<String> {
        (self.profile.name == WINDOWS && !step.confirms.is_empty()).then(|| step.confirms.join(", "))
    }

    /// Who is wrong when a profile does not say what was seen.
    fn who_is_wrong(&self, number: usize, observed: &Observed) -> String {
        if self.profile.name == DOCUMENTED {
            return "the stack is not as documented".to_owned();
        }
        let documents = self.play(documented());
        match documents.steps[number].allowed.iter().any(|allowed| same(allowed, observed)) {
            true => format!("the profile is wrong, for this is as documented, and {} is not", self.profile.name),
            false => "neither the documents nor the profile allow it: the stack is wrong, or the profile is".to_owned(),
        }
    }

    /// Does the scenario itself say that of this step, and ask for nothing afterwards?
    fn ends_in(&self, number: usize, value: Value) -> bool {
        let mut rest: std::slice::Iter<'_, Step> = self.scenario.program.steps[number..].iter();
        rest.next().is_some_and(|step| says(step, value)) && rest.all(|step| step.expect.is_none())
    }
}

/// The step's process was gone before its call returned.
fn brought_down(observed: &Observed) -> bool {
    matches!(observed, Observed::NotTaken(why) if why == BROUGHT_DOWN)
}
