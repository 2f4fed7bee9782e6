//! Comparing a stack with a profile: random scenarios are played on the stack, and what the profile does not allow is made small.
//!
//! Of each kind of difference one is told. When a choice point explains it, the profile is taken to allow that from then on, so that
//! what lies behind it comes to light; what nothing explains is known by its call and what that gave.

mod altered;
mod explain;
mod limits;
mod shrink;

use schemars::JsonSchema;
use serde::Serialize;
use winaccept_model::choice::Alt;
use winaccept_model::profile::Profile;
use winaccept_sim::observe::{Observed, Shown, ShownValue};
use winaccept_sim::script::{Action, Script};

use crate::judge::predicts;
use crate::lang::random::{Seeded, script};
use crate::lang::{Comment, render_observed, render_script};
use crate::problem::ProblemOutput;
use crate::stack::{HOPELESS, ModelStack, Replay, Stack, StepReport};
use crate::suite::Scenario;
use altered::Suite;

/// What `compare` writes as JSON.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CompareOutput {
    /// The stack.
    pub stack: String,
    /// The profile it was held against.
    pub profile: String,
    /// The seed.
    pub seed: u64,
    /// How many scenarios were played.
    pub runs: u64,
    /// Of these, how many the stack did not play to their end.
    pub not_played: u64,
    /// Why it did not play the last of them.
    pub why_not: Option<String>,
    /// Each kind of difference once.
    pub findings: Vec<Finding>,
    /// Why no more was compared, where something went wrong; else left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemOutput>,
}

/// A difference between a stack and a profile.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// The call that differs.
    pub call: String,
    /// How many steps its scenario has.
    pub steps: usize,
    /// A scenario that shows it, as small as it could be made.
    pub scenario: String,
    /// What the stack gave.
    pub stack: String,
    /// What the profile allows there.
    pub model: Vec<String>,
    /// Each choice that would explain it, `choice-point = alternative`, or `order of checks`; none where nothing does.
    pub choices: Vec<String>,
    /// The number of the random scenario that showed it first.
    pub run: u64,
    /// In how many scenarios it showed.
    pub count: u64,
}

/// What would explain a difference: other alternatives, or another order of checks.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Explanation {
    alternatives: Vec<Alt>,
    order: bool,
}

impl Explanation {
    fn text(&self) -> String {
        let order = self.order.then(|| crate::verdict::CHECK_ORDER.to_owned());
        let all: Vec<String> = self.alternatives.iter().copied().map(Alt::text).chain(order).collect();
        all.join(" with ")
    }

    /// The profile if that were so, and nothing else.
    fn instead(&self, profile: &Profile) -> Profile {
        let mut other = self.ordered(profile);
        self.alternatives.iter().for_each(|alt| other.only(*alt));
        other
    }

    /// The profile if that were so, too.
    fn as_well(&self, profile: &Profile) -> Profile {
        let mut other = self.ordered(profile);
        self.alternatives.iter().for_each(|alt| other.also(*alt));
        other
    }

    fn ordered(&self, profile: &Profile) -> Profile {
        let mut other = profile.clone();
        if self.order {
            other.set_order(Vec::new());
        }
        other
    }
}

/// By what two differences are the same.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Kind {
    call: String,
    gave: String,
}

/// A difference that was told, with what is known of it.
struct Known {
    finding: Finding,
    kind: Kind,
    explained: Option<Explanation>,
}

/// A difference in one scenario.
struct Difference {
    scenario: Scenario,
    /// What was seen of it.
    replay: Replay,
    /// The step that differs.
    step: usize,
    observed: Observed,
    kind: Kind,
}

/// One scenario in so many is one of the suite, altered.
const ALTERED: u64 = 3;

/// A stack that is compared with a profile.
pub struct Comparison<'s> {
    suite: Suite,
    stack: &'s mut dyn Stack,
    is_model: bool,
    profile: Profile,
    /// The profile with what explains the findings so far.
    wider: Profile,
    seed: u64,
    /// About so many steps has a random scenario.
    steps: usize,
    known: Vec<Known>,
    runs: u64,
    not_played: u64,
    why_not: Option<NotPlayed>,
    /// In so many scenarios in a row the stack lost its processes.
    lost_in_a_row: usize,
}

/// Why a stack did not play a scenario to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
enum NotPlayed {
    /// It lost its processes.
    Lost(String),
    /// Something else.
    Other(String),
}

impl NotPlayed {
    fn of(replay: &Replay) -> Option<NotPlayed> {
        let lost = replay.lost.clone().map(NotPlayed::Lost);
        lost.or_else(|| replay.failed.clone().or_else(|| replay.not_taken.clone()).map(NotPlayed::Other))
    }

    fn reason(&self) -> &str {
        match self {
            NotPlayed::Lost(reason) | NotPlayed::Other(reason) => reason,
        }
    }
}

impl<'s> Comparison<'s> {
    /// Nothing is compared yet.
    #[must_use]
    pub fn new(stack: &'s mut dyn Stack, profile: Profile, seed: u64, steps: usize) -> Comparison<'s> {
        let wider = profile.clone();
        let is_model = stack.identity().name == ModelStack::NAME;
        Comparison {
            suite: Suite::new(is_model),
            is_model,
            stack,
            profile,
            wider,
            seed,
            steps,
            known: Vec::new(),
            runs: 0,
            not_played: 0,
            why_not: None,
            lost_in_a_row: 0,
        }
    }

    /// Why it is of no use to go on: the stack lost its processes in one scenario after the other.
    #[must_use]
    pub fn hopeless(&self) -> Option<&str> {
        let why_not = self.why_not.as_ref().filter(|_| self.lost_in_a_row >= HOPELESS)?;
        Some(why_not.reason())
    }

    /// Plays the next scenario; what it shows that was not known, made small.
    pub fn play_next(&mut self) -> Option<&Finding> {
        let run = self.runs;
        self.runs += 1;
        let scenario = self.made_up(run)?;
        let replay = match self.play(&scenario) {
            Ok(replay) => replay,
            Err(why_not) => {
                self.not_played += 1;
                self.lost_in_a_row = if matches!(why_not, NotPlayed::Lost(_)) { self.lost_in_a_row + 1 } else { 0 };
                self.why_not = Some(why_not);
                return None;
            }
        };
        self.lost_in_a_row = 0;
        if self.as_the_profile_says(&scenario, &replay) {
            return None;
        }
        let found = self.difference(scenario, replay)?;
        if let Some(known) = self.known.iter_mut().find(|known| known.explained.is_none() && known.kind == found.kind) {
            known.finding.count += 1;
            return None;
        }
        let explained = explain::explanations(&found.scenario, &found.replay, &self.wider).into_iter().next();
        let small = shrink::smallest(self, found, explained.as_ref());
        Some(self.add(small, run))
    }

    /// The scenario of this number.
    fn made_up(&self, run: u64) -> Option<Scenario> {
        let title = format!("random {run} of seed {}", self.seed);
        let mut numbers = Seeded::nth(self.seed, run);
        let script = if run % ALTERED == ALTERED - 1 {
            self.suite.one(&mut numbers, &title)?
        } else {
            Script { title, ..script(&mut numbers, self.steps) }
        };
        readable(&self.within_limits(script))
    }

    /// What this stack is asked of a script: of a profile, which stands for nothing but Winsock, all of it.
    fn within_limits(&self, script: Script) -> Script {
        if self.is_model { script } else { limits::within(script) }
    }

    /// What was found so far.
    #[must_use]
    pub fn output(&self) -> CompareOutput {
        let identity = self.stack.identity();
        CompareOutput {
            stack: format!("{identity}"),
            profile: self.profile.name.clone(),
            seed: self.seed,
            runs: self.runs,
            not_played: self.not_played,
            why_not: self.why_not.as_ref().map(|why_not| why_not.reason().to_owned()),
            findings: self.known.iter().map(|known| known.finding.clone()).collect(),
            errors: Vec::new(),
        }
    }

    /// What the stack gives and was seen for certain.
    fn play(&mut self, scenario: &Scenario) -> Result<Replay, NotPlayed> {
        let wider = &self.wider;
        let blocks = |step: usize, seen: &[StepReport]| {
            let seen = Replay { steps: seen.to_vec(), ..Replay::default() };
            let allowed = predicts(scenario, &seen, wider).played.steps.swap_remove(step).allowed;
            !allowed.is_empty() && allowed.iter().all(|allowed| *allowed == Observed::Blocks)
        };
        let mut replay = self.stack.replay_foreseen(&scenario.script, &mut { blocks });
        if let Some(why_not) = NotPlayed::of(&replay) {
            return Err(why_not);
        }
        // What the driver could not ask of it says nothing, nor does what it could only assume, nor what came behind: a client that
        // is not answered, for one, repeats its SYN when a second has gone by, whatever the scenario does meanwhile.
        let says_nothing =
            |report: &StepReport| matches!(report.observed, Observed::NotTaken(_)) || report.assumed.is_some();
        if let Some(at) = replay.steps.iter().position(says_nothing) {
            replay.steps.truncate(at);
        }
        Ok(replay)
    }

    /// Nothing differs, or nothing but what is known; that is counted.
    fn as_the_profile_says(&mut self, scenario: &Scenario, replay: &Replay) -> bool {
        let says = |profile: &Profile| predicts(scenario, replay, profile).unpredicted.is_none();
        if says(&self.profile) {
            return true;
        }
        let (profile, wider) = (&self.profile, &self.wider);
        let explains =
            |known: &&mut Known| known.explained.as_ref().is_some_and(|choice| says(&choice.instead(profile)));
        if let Some(known) = self.known.iter_mut().find(explains) {
            known.finding.count += 1;
            return true;
        }
        says(wider) || self.is_known(scenario, replay)
    }

    /// Where a choice point has several alternatives it may be that one of them hides another: is it as known, if that alone holds?
    fn is_known(&self, scenario: &Scenario, replay: &Replay) -> bool {
        let all = self.known.iter().filter_map(|known| known.explained.as_ref());
        let mut profiles = all.map(|choice| choice.instead(&self.wider));
        profiles.any(|profile| predicts(scenario, replay, &profile).unpredicted.is_none())
    }

    /// The first step that the profile does not say, whatever is known.
    fn difference(&self, scenario: Scenario, replay: Replay) -> Option<Difference> {
        let step = predicts(&scenario, &replay, &self.wider).unpredicted?;
        if self.is_known(&scenario, &replay) || !binds_what_it_says(&scenario, &replay, step) {
            return None;
        }
        let observed = replay.steps.iter().find(|report| report.index == step)?.observed.clone();
        let kind = Kind { call: call_name(&scenario, step), gave: gave(&scenario.script, &observed) };
        Some(Difference { scenario, replay, step, observed, kind })
    }

    fn add(&mut self, found: Difference, run: u64) -> &Finding {
        let Difference { scenario, replay, step, observed, kind } = found;
        let explanations = explain::explanations(&scenario, &replay, &self.wider);
        let script = &scenario.script;
        let stack = render_observed(&observed, script, None);
        let played = predicts(&scenario, &replay, &self.wider).played;
        let model: Vec<String> =
            played.steps[step].allowed.iter().map(|seen| render_observed(seen, script, None)).collect();
        let choices: Vec<String> = explanations.iter().map(Explanation::text).collect();
        let allows = if model.is_empty() { "nothing: it never gets here".to_owned() } else { model.join(" | ") };
        let mut lines = vec![format!("{}: {stack}", self.stack.identity()), format!("{}: {allows}", self.profile.name)];
        lines.push(match choices.as_slice() {
            [] => "no choice point explains it".to_owned(),
            choices => format!("explained by {}", choices.join(", or ")),
        });
        let titled = Script { title: format!("{} differs", kind.call), ..script.clone() };
        let text = render_script(&titled, &Comment { before: step, lines });
        let steps = scenario.program.steps.len();
        let finding = Finding { call: kind.call.clone(), steps, scenario: text, stack, model, choices, run, count: 1 };
        if let Some(choice) = explanations.first() {
            self.wider = choice.as_well(&self.wider);
        }
        let known = self.known.len();
        self.known.push(Known { finding, kind, explained: explanations.into_iter().next() });
        &self.known[known].finding
    }
}

/// Did every step before this one that says so give a new handle? Else its variable is none, and what follows is about something
/// else than the scenario says.
fn binds_what_it_says(scenario: &Scenario, replay: &Replay, step: usize) -> bool {
    let is_handle = |seen: &Observed| matches!(seen, Observed::Returned(shown) if shown.value == ShownValue::Handle);
    let binds = |report: &&StepReport| scenario.program.steps[report.index].binds().next().is_some();
    replay.steps.iter().filter(|report| report.index < step).filter(binds).all(|report| is_handle(&report.observed))
}

/// A script as a scenario that can be run, if it is one.
fn readable(script: &Script) -> Option<Scenario> {
    Scenario::read(render_script(script, &Comment::default()).as_bytes(), "random").ok()
}

fn call_name(scenario: &Scenario, step: usize) -> String {
    match (&scenario.program.steps[step].action, scenario.program.call_at(step)) {
        (_, Some(call)) => call.name().to_owned(),
        (Action::Exits(_), None) => "exits".to_owned(),
        (_, None) => "prints".to_owned(),
    }
}

/// What a call gave, without names and numbers that differ from one scenario to the next.
fn gave(script: &Script, observed: &Observed) -> String {
    match observed {
        Observed::Returned(shown) => {
            let value = Shown { out: Vec::new(), ..shown.clone() };
            let outs: Vec<String> = shown.out.iter().map(|out| format!("{:?}", std::mem::discriminant(out))).collect();
            format!("{} {}", render_observed(&Observed::Returned(value), script, None), outs.len())
        }
        Observed::NotTaken(_) => "not taken".to_owned(),
        other => render_observed(other, script, None),
    }
}
