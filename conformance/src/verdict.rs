//! Verdicts: what a stack did, held against the documents and against what its profile says it does.

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::choice::CHOICES;
use winaccept_model::outcome::Value;
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;
use winaccept_sim::observe::{Observed, Shown, ShownValue, allows, matches, same};
use winaccept_sim::run::{Guide, Run, StepRun, run};
use winaccept_sim::scenario::Section;
use winaccept_sim::script::{Action, Expect, Pattern, Script, Step, ValuePattern};

use crate::lang::{render_action, render_expect, render_observed};
use crate::profiles::Choices;
use crate::stack::{Replay, StepReport};
use crate::suite::Scenario;

/// A verdict on one scenario.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As documented.
    Pass,
    /// Not as documented, but exactly what the model does under this stack's profile.
    Deviates,
    /// The profile says that it would deviate, and it did not.
    Fixed,
    /// Neither as documented nor as the profile says.
    Fail,
    /// An earlier step deviated, so the claim was not reached.
    Blocked,
    /// Rests on an assumed wait, asks for more than the model holds, or the stack lost its process.
    Unresolved,
    /// This stack cannot take a step of it.
    ModelOnly,
}

impl Verdict {
    /// All, in the order in which they are shown.
    pub const ALL: [Verdict; 7] = [
        Verdict::Pass,
        Verdict::Deviates,
        Verdict::Fixed,
        Verdict::Fail,
        Verdict::Blocked,
        Verdict::Unresolved,
        Verdict::ModelOnly,
    ];

    /// As it is written in output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Deviates => "deviates",
            Verdict::Fixed => "fixed",
            Verdict::Fail => "fail",
            Verdict::Blocked => "blocked",
            Verdict::Unresolved => "unresolved",
            Verdict::ModelOnly => "model_only",
        }
    }
}

/// A verdict with its reason.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in a sentence; empty for a plain pass.
    pub reason: String,
    /// The number of the step that decided, and what was seen there.
    pub step: Option<usize>,
    /// The choice points of the profile on which a deviation rests.
    pub choices: Vec<&'static str>,
    /// The profile keeps the documented set at a choice point on which this rests, because nothing is known.
    pub rests_on_unknown: bool,
    /// The steps that a real stack took, by number; none on the model.
    pub taken: Vec<usize>,
}

impl Judged {
    fn new(verdict: Verdict, reason: String, step: Option<usize>) -> Judged {
        Judged { verdict, reason, step, choices: Vec::new(), rests_on_unknown: false, taken: Vec::new() }
    }
}

/// Judges a scenario on the model under a profile.
#[must_use]
pub fn model(scenario: &Scenario, machine: &Machine) -> Judged {
    placed(scenario, judged_on_model(scenario, machine))
}

/// The reason with its line in front, and the name of the call that a `resumes` goes on with.
fn placed(scenario: &Scenario, mut judged: Judged) -> Judged {
    let Some(number) = judged.step.filter(|_| !judged.reason.starts_with("line ")) else { return judged };
    if matches!(scenario.program.steps[number].action, Action::Resumes)
        && let Some(call) = scenario.program.call_at(number)
    {
        judged.reason = format!("{} {}", call.name(), judged.reason);
    }
    judged.reason = format!("line {}: {}", scenario.line(number), judged.reason);
    judged
}

fn judged_on_model(scenario: &Scenario, machine: &Machine) -> Judged {
    let script = &scenario.script;
    let played = run(&scenario.program, machine, Guide::Expectations);
    if let Some(judged) = beyond_a_limit(scenario, &played) {
        return judged;
    }
    if let Some((number, name)) = played.broken.first() {
        return Judged::new(Verdict::Fail, format!("invariant broken: {name}"), Some(*number));
    }
    let documented = machine.profile.name == "documented";
    if documented && let Some(span) = played.missed.first() {
        let (line, text) = (scenario.line_at(*span), &script.source[span.start as usize..span.end as usize]);
        let reason = format!("line {line}: `{text}` cannot happen: no such segment is the first in flight there");
        return Judged::new(Verdict::Fail, reason, None);
    }
    let allowed = if documented { step_allowed } else { step_covered };
    for (number, step) in scenario.program.steps.iter().enumerate() {
        if let Err(reason) = allowed(step, &played.steps[number], script) {
            let choices = choices_behind(scenario, &machine.profile, number);
            let verdict = if documented || choices.is_empty() { Verdict::Fail } else { Verdict::Deviates };
            let mut judged = Judged::new(verdict, because(reason, &choices), Some(number));
            judged.choices = choices;
            return judged;
        }
    }
    if let Some(reason) = crate::never::broken(scenario, &played) {
        return Judged::new(Verdict::Fail, reason, None);
    }
    let mut judged = Judged::new(Verdict::Pass, String::new(), None);
    judged.rests_on_unknown = rests_on_unknown(scenario, &played, &machine.profile.name);
    judged
}

/// The verdict on a scenario that the model cannot play to its end.
fn beyond_a_limit(scenario: &Scenario, played: &Run) -> Option<Judged> {
    let (number, what) = played.limit.as_ref()?;
    let reason = beyond(scenario, *number, what);
    Some(Judged::new(Verdict::Unresolved, reason, Some(*number)))
}

/// A limit of the model, as people read it.
#[must_use]
pub fn beyond(scenario: &Scenario, number: usize, what: &str) -> String {
    let line = scenario.line(number);
    format!("line {line} asks for more than the model holds: {what}; nothing is said of what follows")
}

/// Does the expectation cover exactly what the model allows? If not: how they differ.
///
/// # Errors
/// The difference, in words.
pub fn step_allowed(step: &Step, run: &StepRun, script: &Script) -> Result<(), String> {
    step_covered(step, run, script)?;
    let action = || render_action(&step.action, script);
    if let Some(Expect::OneOf(patterns)) = &step.expect {
        let reached =
            |pattern| run.allowed.iter().any(|seen| matches!(seen, Observed::Returned(seen) if matches(pattern, seen)));
        if let Some(pattern) = patterns.iter().find(|pattern| !reached(pattern)) {
            let never = crate::lang::render_pattern(pattern, script);
            return Err(format!("{}: the model never allows {never} here", action()));
        }
    }
    Ok(())
}

/// Does the expectation cover everything that the model allows? A stack that takes one of several documented ways is as
/// documented.
fn step_covered(step: &Step, run: &StepRun, script: &Script) -> Result<(), String> {
    let action = || render_action(&step.action, script);
    let Some(expect) = &step.expect else {
        return match (&step.action, run.allowed.iter().find(|seen| matches!(seen, Observed::NotTaken(_)))) {
            (Action::Exits(_), Some(Observed::NotTaken(why))) => Err(format!("{}: {why}", action())),
            _ => Ok(()),
        };
    };
    for seen in &run.allowed {
        if !allows(expect, seen) {
            let seen = render_observed(seen, script, None);
            return Err(format!("{} = {seen}, expected: {}", action(), render_expect(expect, script)));
        }
    }
    if run.allowed.is_empty() { Err(format!("{}: the model never gets here", action())) } else { Ok(()) }
}

/// Judges what a real stack was seen to do.
#[must_use]
pub fn replay(scenario: &Scenario, replay: &Replay, profile: &Profile) -> Judged {
    let took = |report: &&StepReport| !matches!(report.observed, Observed::NotTaken(_));
    let taken = replay.steps.iter().filter(took).map(|report| report.index).collect();
    Judged { taken, ..placed(scenario, judged(scenario, replay, profile)) }
}

fn judged(scenario: &Scenario, replay: &Replay, profile: &Profile) -> Judged {
    if let Some(reason) = &replay.not_taken {
        return Judged::new(Verdict::ModelOnly, reason.clone(), None);
    }
    if let Some(reason) = &replay.lost {
        // Whatever is missing, the stack did not say it.
        return Judged::new(Verdict::Unresolved, format!("the stack lost its process, twice: {reason}"), None);
    }
    if let Some(reason) = &replay.failed {
        return Judged::new(Verdict::Fail, format!("the stack did not play it: {reason}"), None);
    }
    let steps = &scenario.program.steps;
    let script = &scenario.script;
    let mut reports: Vec<Vec<(&Observed, Option<&String>)>> = vec![Vec::new(); steps.len()];
    for report in &replay.steps {
        if let Some(reports) = reports.get_mut(report.index) {
            reports.push((&report.observed, report.assumed.as_ref()));
        }
    }
    // A step of `repeat` is seen several times: each must be possible, none of them narrows the rest.
    let seen: Vec<Option<Observed>> = reports
        .iter()
        .map(|reports| match reports.as_slice() {
            [(observed, _)] => Some((*observed).clone()),
            _ => None,
        })
        .collect();
    let machine = Machine::new(profile.clone());
    let played = run(&scenario.program, &machine, Guide::Seen(&seen));
    if let Some(judged) = beyond_a_limit(scenario, &played) {
        return judged;
    }
    let shown = |step: &Step, observed: &Observed| {
        let expect =
            step.expect.as_ref().map_or_else(String::new, |e| format!(", expected: {}", render_expect(e, script)));
        format!("{} = {}{expect}", render_action(&step.action, script), render_observed(observed, script, None))
    };
    let mut first_deviation = None;
    let mut unexplained = None;
    let mut unreached = None;
    let mut unsaid = None;
    'steps: for (number, step) in steps.iter().enumerate() {
        for (observed, _) in &reports[number] {
            // In a lane a call may wait for ever without anybody having promised its return.
            let waits_on = **observed == Observed::Blocks
                && in_lane(scenario, number)
                && played.ends.iter().any(|end| end.waiting(step.actor) == Some(number));
            if waits_on {
                continue;
            }
            let explained = played.steps[number].allowed.iter().any(|allowed| same(allowed, observed));
            if !explained && played.steps[number].allowed.iter().any(is_undefined) {
                // Whatever it did, nothing that follows can be held against it.
                unsaid = Some(number);
                break 'steps;
            }
            let documented = step.expect.as_ref().is_none_or(|expect| allows(expect, observed));
            if !documented && first_deviation.is_none() {
                first_deviation = Some((number, shown(step, observed)));
            }
            if !explained && unexplained.is_none() && !matches!(step.action, Action::Prints { .. } | Action::Exits(_)) {
                unexplained = Some((number, shown(step, observed)));
            }
            let claims = !step.shows.is_empty();
            if claims && matches!(observed, Observed::NotTaken(_)) && unreached.is_none() {
                unreached = Some(number);
            }
        }
    }
    let assumed = reports.iter().zip(steps).find_map(|(reports, step)| {
        let assumed = reports.iter().find_map(|(_, assumed)| *assumed)?;
        (!step.shows.is_empty()).then_some(assumed)
    });
    match (first_deviation, unexplained) {
        (None, Some((number, reason))) => {
            let said = expected_under(&played, number, script);
            let reason = format!("{reason}; profile {} says {said}", profile.name);
            // Where the documents ask for nothing in particular there is nothing that could have been mended.
            let documented = matches!(&steps[number].expect, Some(expect) if !matches!(expect, Expect::Silent(_)));
            Judged::new(if documented { Verdict::Fixed } else { Verdict::Fail }, reason, Some(number))
        }
        (None, None) => match (unsaid, assumed) {
            (Some(number), _) if !is_all(scenario, number) => {
                let reason = format!("{}; nothing is said of what follows", why_unsaid(scenario, &played, number));
                Judged::new(Verdict::Unresolved, reason, Some(number))
            }
            (_, Some(assumption)) => Judged::new(Verdict::Unresolved, format!("as documented, if {assumption}"), None),
            (_, None) => {
                let mut judged = Judged::new(Verdict::Pass, String::new(), None);
                judged.rests_on_unknown = rests_on_unknown(scenario, &played, &profile.name);
                judged
            }
        },
        (Some(_), Some((number, reason))) => {
            let said = expected_under(&played, number, script);
            Judged::new(Verdict::Fail, format!("{reason}; profile {} says {said}", profile.name), Some(number))
        }
        (Some((number, reason)), None) => {
            let choices = choices_behind(scenario, profile, number);
            let verdict = match (unreached, assumed) {
                (Some(claim), _) if claim > number => Verdict::Blocked,
                (_, Some(_)) => Verdict::Unresolved,
                _ => Verdict::Deviates,
            };
            let mut judged = Judged::new(verdict, because(reason, &choices), Some(number));
            judged.choices = choices;
            judged
        }
    }
}

/// Does the model leave open what was seen here, since the documents do or since it does not go there?
fn is_undefined(observed: &Observed) -> bool {
    matches!(observed, Observed::Returned(Shown { value: ShownValue::Is(Value::Undefined), .. }))
}

/// Does the scenario itself say that this step's outcome is undefined, and ask for nothing afterwards?
fn is_all(scenario: &Scenario, number: usize) -> bool {
    let mut rest = scenario.program.steps[number..].iter().map(|step| &step.expect);
    let undefined = |pattern: &Pattern| matches!(pattern.value, ValuePattern::Is(Value::Undefined));
    let says_so = matches!(rest.next(), Some(Some(Expect::OneOf(patterns))) if patterns.iter().any(undefined));
    says_so && rest.all(Option::is_none)
}

fn why_unsaid(scenario: &Scenario, played: &Run, number: usize) -> String {
    let line = scenario.line(number);
    let call = render_action(&scenario.program.steps[number].action, &scenario.script);
    match played.steps[number].rules.iter().find(|rule| rule.ends_with("-not-modelled")) {
        Some(rule) => format!("line {line} goes outside the model: {call} ({rule})"),
        None => format!("line {line}: the documents leave {call} undefined"),
    }
}

/// Does this step stand inside `any order`?
fn in_lane(scenario: &Scenario, number: usize) -> bool {
    !scenario.program.sections.iter().any(|section| matches!(section, Section::Step(step) if *step == number))
}

fn expected_under(played: &Run, number: usize, script: &Script) -> String {
    let all: Vec<String> =
        played.steps[number].allowed.iter().map(|seen| render_observed(seen, script, None)).collect();
    if all.is_empty() { "that this is never reached".to_owned() } else { all.join(" | ") }
}

fn because(reason: String, choices: &[&'static str]) -> String {
    if choices.is_empty() { reason } else { format!("{reason}; because of {}", choices.join(", ")) }
}

/// The choice points on which the outcome of a step rests: those at which putting this profile back to the documented set
/// would change what the model allows there, and the order of its checks.
fn choices_behind(scenario: &Scenario, profile: &Profile, number: usize) -> Vec<&'static str> {
    let allowed = |profile: &Profile| {
        let played = run(&scenario.program, &Machine::new(profile.clone()), Guide::Expectations);
        played.steps[number].allowed.clone()
    };
    let with_it = allowed(profile);
    let behind = |point: &&winaccept_model::choice::ChoicePoint| {
        let Some(choice) = Choices::bundled().choice(point.name) else { return false };
        let documented = &choice.entry("documented").0.allows;
        if choice.entry(&profile.name).0.allows == *documented {
            return false;
        }
        let mut without = profile.clone();
        let narrowed = without.narrow(point.name, documented.iter().map(String::as_str));
        narrowed.is_ok() && allowed(&without) != with_it
    };
    let mut all: Vec<&'static str> = CHOICES.iter().filter(behind).map(|point| point.name).collect();
    if let Ok(documented) = Choices::bundled().profile("documented")
        && documented.order() != profile.order()
    {
        let mut without = profile.clone();
        without.set_order(documented.order().to_vec());
        if allowed(&without) != with_it {
            all.push(CHECK_ORDER);
        }
    }
    all
}

/// What a deviation rests on that comes of the order in which a stack makes its checks.
pub const CHECK_ORDER: &str = "check-order";

/// A claim rests on a set of which nobody knows which alternative this stack takes.
fn rests_on_unknown(scenario: &Scenario, played: &Run, profile: &str) -> bool {
    let open = |(number, step): (usize, &Step)| !step.shows.is_empty() && played.steps[number].allowed.len() > 1;
    profile != "documented" && scenario.program.steps.iter().enumerate().any(open)
}
