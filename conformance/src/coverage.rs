//! Coverage: which clauses are shown, and whether breaking a rule that cites them would be noticed.
//!
//! A clause counts when a step `shows` it *and* a mutant of a rule that cites it makes that very step fail: as the first of its
//! scenario, where the rule is broken from the beginning or from some step on.

pub mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use winaccept_model::choice::Alt;
use winaccept_model::rule::{Gives, Mutant, Mutation, Rule, Table};
use winaccept_model::rules;
use winaccept_model::step::Machine;
use winaccept_sim::limits::Watcher;
use winaccept_sim::run::{Guide, Run, Stopped};
use winaccept_sim::scenario::Section;
use winaccept_sim::scope::{Compared, Scope};
use winaccept_sim::track::{Broken, Track};

use crate::judge::{self, Fit};
use crate::parallel::each;
use crate::profiles::{self, NAMES};
use crate::spec::{Document, Entry, Spec};
use crate::suite::Scenario;
use crate::waiting::Waiting;
use crate::watch::{Watch, is_interrupted};

/// Where a clause is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// A step, by number.
    Step(usize),
    /// A claim of the form "never", by number.
    Never(usize),
}

/// Which scenario shows which clause where.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// By clause: scenario number and place.
    pub by_clause: BTreeMap<String, Vec<(usize, Place)>>,
}

impl Shown {
    /// Collects what the scenarios show.
    #[must_use]
    pub fn of(scenarios: &[Scenario]) -> Shown {
        let mut shown = Shown::default();
        for (index, scenario) in scenarios.iter().enumerate() {
            let steps = scenario.program.steps.iter().enumerate().map(|(n, step)| (Place::Step(n), &step.shows));
            let nevers = scenario.program.nevers.iter().enumerate().map(|(n, never)| (Place::Never(n), &never.shows));
            for (place, clauses) in steps.chain(nevers) {
                for clause in clauses {
                    shown.by_clause.entry(clause.clone()).or_default().push((index, place));
                }
            }
        }
        shown
    }

    /// How many testable clauses of a document are shown.
    #[must_use]
    pub fn in_document(&self, document: Document) -> usize {
        let testable = Spec::bundled().clauses_of(document).filter(|clause| clause.testable.is_testable());
        testable.filter(|clause| self.by_clause.contains_key(&clause.id)).count()
    }
}

/// What became of one mutant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// A scenario notices.
    Killed,
    /// No world and call of the small scope tells it from the original.
    Equivalent,
    /// Nobody notices; why that is no gap, if it is none.
    Survives(Option<String>),
    /// Nobody notices, and nothing in the small scope fires the rule, in the state in question if there is one: is it dead?
    Unreached,
}

/// A mutant with what became of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The rule.
    pub rule: &'static Rule,
    /// How it was broken.
    pub mutation: Mutation,
    /// What became of it.
    pub fate: Fate,
    /// Where the documented profile's run failed first: scenario number and place.
    pub noticed: BTreeSet<(usize, Place)>,
}

/// The coverage of a suite.
#[derive(Debug)]
pub struct Coverage {
    /// What is shown.
    pub shown: Shown,
    /// The mutants; empty when none were made.
    pub mutants: Vec<Judged>,
    /// The clauses that only rules broken from a step on make fail at the step that shows them.
    pub shown_late: BTreeSet<String>,
    /// Mutants that were not made any more, because it was ended.
    pub not_tried: usize,
    /// The small scope in which equivalence was decided: worlds, calls and events; nothing where no mutant needed it.
    pub scope: (usize, usize),
    /// How the facts stand.
    pub facts: Vec<facts::Fact>,
}

impl Coverage {
    /// What is shown, without breaking anything.
    #[must_use]
    pub fn shown(scenarios: &[Scenario]) -> Coverage {
        let facts = facts::facts(scenarios, false);
        let shown = Shown::of(scenarios);
        Coverage { shown, mutants: Vec::new(), shown_late: BTreeSet::new(), not_tried: 0, scope: (0, 0), facts }
    }

    /// Breaks each rule in turn, of those whose name begins so, as long as the watch lets it go on.
    #[must_use]
    pub fn with_mutants(scenarios: &[Scenario], rules: &str, watch: &Watch) -> Coverage {
        let shown = Shown::of(scenarios);
        let hook = std::panic::take_hook();
        // A mutant may break an invariant of the model; that is one of the ways in which it is noticed.
        std::panic::set_hook(Box::new(|_| {}));
        let documented = Original::all(scenarios, NAMES[0], None);
        let others = NAMES[1..].iter().map(|name| Original::all(scenarios, name, Some(&documented)));
        let others: Vec<Vec<Original<'_>>> = others.collect();
        let originals: Vec<&[Original<'_>]> = std::iter::once(&documented).chain(&others).map(Vec::as_slice).collect();
        let scope = Small { scenarios, scope: OnceLock::new() };
        let all = mutants_of(rules);
        let mutants = each(&all, watch, |_, (table, mutant)| judge(*table, *mutant, &originals, &scope));
        let mutants: Vec<Judged> = mutants.into_iter().flatten().collect();
        let facts = facts::facts(scenarios, watch.goes_on());
        let not_tried = all.len() - mutants.len();
        let mut coverage =
            Coverage { shown, mutants, shown_late: BTreeSet::new(), not_tried, scope: scope.size(), facts };
        coverage.shown_late = coverage.late(&documented);
        std::panic::set_hook(hook);
        coverage
    }

    /// The clauses that are shown by steps which only fail first where a rule is broken no earlier.
    fn late(&self, documented: &[Original<'_>]) -> BTreeSet<String> {
        let fails = |judged: &Judged, (index, place): (usize, Place)| {
            let Place::Step(number) = place else { return false };
            let original = &documented[index];
            let machine = machine(original.profile, Some(Mutant { rule: judged.rule, mutation: judged.mutation }));
            // What the step tells may have come about in a step before.
            (0..=number).rev().any(|from| {
                let broken = Broken::new(&machine).map(|broken| broken.from(from));
                let noticed = match broken.map(|broken| original.breaks(&broken)) {
                    Some(Ok(played)) => first_failure(original.scenario, &played),
                    Some(Err(stopped)) => Some(noticed_itself(stopped)),
                    None => None,
                };
                noticed == Some(place)
            })
        };
        let late = |(clause, places): &(&String, &Vec<(usize, Place)>)| {
            let breaks = |judged: &Judged| places.iter().any(|place| fails(judged, *place));
            !self.covers(clause) && self.mutants_of(clause).any(breaks)
        };
        self.shown.by_clause.iter().filter(late).map(|(clause, _)| clause.clone()).collect()
    }

    /// The mutants of the rules that cite this clause.
    fn mutants_of(&self, clause: &str) -> impl Iterator<Item = &Judged> {
        self.mutants.iter().filter(move |judged| judged.rule.sources().any(|id| id == clause))
    }

    /// Is this clause covered in the strict sense? Without mutants: is it shown?
    #[must_use]
    pub fn covers(&self, clause: &str) -> bool {
        let Some(places) = self.shown.by_clause.get(clause) else { return false };
        let noticed = |judged: &Judged| places.iter().any(|place| judged.noticed.contains(place));
        self.mutants.is_empty() || self.shown_late.contains(clause) || self.mutants_of(clause).any(noticed)
    }

    /// Testable clauses of a document and how many of them are covered.
    #[must_use]
    pub fn document(&self, document: Document) -> (usize, usize) {
        let testable: Vec<_> = Spec::bundled().clauses_of(document).filter(|c| c.testable.is_testable()).collect();
        (testable.len(), testable.iter().filter(|clause| self.covers(&clause.id)).count())
    }

    /// Testable related rules and how many of them are covered.
    #[must_use]
    pub fn related(&self) -> (usize, usize) {
        let testable: Vec<_> = Spec::bundled().related().iter().filter(|rule| rule.testable.is_testable()).collect();
        (testable.len(), testable.iter().filter(|rule| self.covers(&rule.id)).count())
    }

    /// The testable clauses of these documents that are not covered, each with the reason.
    #[must_use]
    pub fn uncovered(&self, documents: &[Document]) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for document in documents {
            for clause in Spec::bundled().clauses_of(*document) {
                if clause.testable.is_testable() && !self.covers(&clause.id) {
                    all.push((clause.id.clone(), self.reason(&clause.id)));
                }
            }
        }
        all
    }

    /// The testable rules of related pages that are not covered, each with the reason.
    #[must_use]
    pub fn uncovered_related(&self) -> Vec<(String, String)> {
        let related = Spec::bundled().related().iter();
        let open = related.filter(|rule| rule.testable.is_testable() && !self.covers(&rule.id));
        open.map(|rule| (rule.id.clone(), rule.open.clone().unwrap_or_else(|| self.reason(&rule.id)))).collect()
    }

    /// Is there a clause of the documents, or a fact to be shown, that nothing shows?
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        let open = |fact: &facts::Fact| matches!(fact.standing, facts::Standing::Open(_));
        !self.uncovered(&Document::ALL).is_empty() || self.facts.iter().any(open)
    }

    fn reason(&self, clause: &str) -> String {
        if let Some(waiting) = Waiting::bundled().iter().find(|waiting| waiting.clause == clause) {
            return format!("waits for {}: {}", waiting.call, waiting.reason);
        }
        if !self.shown.by_clause.contains_key(clause) {
            return "no scenario shows it".to_owned();
        }
        let cited = rules::all().any(|(_, rule)| rule.sources().any(|id| id == clause));
        if cited { "no mutant of a rule that cites it makes the step fail that shows it" } else { "no rule cites it" }
            .to_owned()
    }

    /// How many mutants nobody notices without a reason for it.
    #[must_use]
    pub fn open(&self) -> usize {
        self.count(|fate| matches!(fate, Fate::Survives(None) | Fate::Unreached))
    }

    /// How many mutants met this fate.
    #[must_use]
    pub fn count(&self, fate: impl Fn(&Fate) -> bool) -> usize {
        self.mutants.iter().filter(|judged| fate(&judged.fate)).count()
    }
}

/// Does some document or related page stand behind this rule?
#[must_use]
pub fn is_cited(rule: &Rule) -> bool {
    rule.sources().any(|id| matches!(Spec::bundled().entry(id), Some(Entry::Clause(_) | Entry::Related(_))))
}

/// Does it stand on other pages alone, its own being silent?
#[must_use]
pub fn stands_on_others(rule: &Rule) -> bool {
    rule.cites.is_empty() && is_cited(rule)
}

/// Every mutant that the rules' declarations give rise to.
#[must_use]
pub fn mutants() -> Vec<(Table, Mutant)> {
    rules::all()
        .flat_map(|(table, rule)| mutations(rule).map(move |mutation| (table, Mutant { rule, mutation })))
        .collect()
}

/// The ways in which the declaration of a rule lets it be broken.
fn mutations(rule: &Rule) -> impl Iterator<Item = Mutation> + use<> {
    let mut mutations = vec![Mutation::Never];
    if rule.under.is_empty() || !rule.from.iter().eq(winaccept_model::world::State::ALL) {
        mutations.push(Mutation::Always);
    }
    if rule.gives.values().iter().any(|gives| *gives != Gives::Silent) {
        mutations.push(Mutation::WrongCode);
    }
    if rule.has_effect() {
        mutations.push(Mutation::NoEffect);
    }
    if rule.from.iter().count() > 1 && rule.from.iter().count() < 8 {
        mutations.extend(rule.from.iter().map(Mutation::NotFrom));
    }
    mutations.extend(rule.columns().map(|(column, _)| Mutation::Stuck(column)));
    mutations.extend(rule.asks.iter().copied().map(Mutation::OtherAnswer));
    mutations.into_iter()
}

/// Those of the rules whose name begins so.
#[must_use]
pub fn mutants_of(rules: &str) -> Vec<(Table, Mutant)> {
    mutants().into_iter().filter(|(_, mutant)| mutant.rule.name.starts_with(rules)).collect()
}

/// The small scope, made for the first mutant that no scenario notices.
struct Small<'a> {
    scenarios: &'a [Scenario],
    scope: OnceLock<Scope>,
}

impl Small<'_> {
    /// Nothing where an interrupt came before it was whole.
    fn get(&self) -> Option<&Scope> {
        let programs = self.scenarios.iter().map(|scenario| &scenario.program);
        let watcher = Watcher::new(|_| !is_interrupted());
        let scope = self.scope.get_or_init(|| Scope::of(programs, &machine("documented", None), &watcher));
        (!is_interrupted()).then_some(scope)
    }

    /// Its worlds and events; none where nobody needed it.
    fn size(&self) -> (usize, usize) {
        self.scope.get().map_or((0, 0), Scope::size)
    }
}

/// A scenario under one profile with nothing broken.
struct Original<'a> {
    scenario: &'a Scenario,
    profile: &'static str,
    /// The same under another profile.
    like: Option<&'a Original<'a>>,
    /// What some step of it shows.
    shows: BTreeSet<&'a str>,
    /// It explores: to be run only where nothing cheaper notices, or where it shows what the rule cites.
    costly: bool,
    /// How it goes, once somebody needs it.
    played: OnceLock<Track>,
}

impl<'a> Original<'a> {
    /// All scenarios under a profile, given how they go under another one.
    fn all(scenarios: &'a [Scenario], profile: &'static str, like: Option<&'a [Original<'a>]>) -> Vec<Original<'a>> {
        let of = |(index, scenario): (usize, &'a Scenario)| {
            let shows = scenario.clauses().into_iter().collect();
            let costly = scenario.program.sections.iter().any(|section| matches!(section, Section::AnyOrder(_)));
            let like = like.map(|like| &like[index]);
            Original { scenario, profile, like, shows, costly, played: OnceLock::new() }
        };
        scenarios.iter().enumerate().map(of).collect()
    }

    fn played(&self) -> &Track {
        let play = || {
            let (machine, like) = (machine(self.profile, None), self.like.map(Original::played));
            Track::of(&self.scenario.program, &machine, Guide::Expectations, like)
        };
        self.played.get_or_init(play)
    }

    /// How it goes with a broken rule, up to where that shows.
    fn breaks(&self, broken: &Broken<'_>) -> Result<Run, Stopped> {
        let (program, track) = (&self.scenario.program, self.played());
        let fails = |run: &Run, n: usize| !fits(self.scenario, run, n);
        let changes = |run: &Run, n: usize| run.steps[n].allowed != track.run.steps[n].allowed;
        let seen: &dyn Fn(&Run, usize) -> bool = if self.profile == "documented" { &fails } else { &changes };
        track.broken(program, broken, Guide::Expectations, seen)
    }
}

/// Is a step just as it is expected?
fn fits(scenario: &Scenario, run: &Run, number: usize) -> bool {
    judge::fit(&scenario.program.steps[number], &run.steps[number], &scenario.script) == Fit::Exact
}

fn machine(profile: &str, mutant: Option<Mutant>) -> Machine {
    let profile = profiles::Choices::bundled().profile(profile).expect("spec-notes/choices.toml is tested");
    Machine { mutant, ..Machine::new(profile) }
}

/// What becomes of a mutant; nothing where an interrupt came before that was certain.
fn judge(table: Table, mutant: Mutant, originals: &[&[Original<'_>]], scope: &Small<'_>) -> Option<Judged> {
    let mut noticed = BTreeSet::new();
    let mut killed = false;
    for (name, originals) in NAMES.iter().zip(originals) {
        if killed && *name != "documented" {
            break; // where it is noticed counts only for what the documents say
        }
        let machine = machine(name, Some(mutant));
        let broken = Broken::new(&machine)?;
        // The cheap ones first: what explores need not be run for a mutant that is dead.
        for costly in [false, true] {
            for (index, original) in originals.iter().enumerate() {
                let scenario = original.scenario;
                if original.costly != costly || !original.played().is_concerned(&broken) {
                    continue;
                }
                let claims = || mutant.rule.sources().any(|clause| original.shows.contains(clause));
                let needed = !killed || (*name == "documented" && claims());
                if !needed {
                    continue;
                }
                let place = match original.breaks(&broken) {
                    Ok(played) if *name == "documented" => first_failure(scenario, &played),
                    Ok(played) => first_change(&played, &original.played().run),
                    Err(stopped) => Some(noticed_itself(stopped)),
                };
                if let Some(place) = place {
                    killed = true;
                    if *name == "documented" {
                        noticed.insert((index, place));
                    }
                }
            }
        }
    }
    let fate = if killed {
        Fate::Killed
    } else if let Some(reason) = explanation(mutant) {
        Fate::Survives(Some(reason))
    } else {
        match scope.get()?.compare(table, mutant) {
            Compared::Same => Fate::Equivalent,
            Compared::Differs => Fate::Survives(None),
            Compared::Never => Fate::Unreached,
        }
    };
    Some(Judged { rule: mutant.rule, mutation: mutant.mutation, fate, noticed })
}

/// A model that cannot go on notices that itself; where in the scenario is not known of what several actors do at once.
fn noticed_itself(stopped: Stopped) -> Place {
    Place::Step(stopped.at.unwrap_or(usize::MAX))
}

fn first_failure(scenario: &Scenario, played: &Run) -> Option<Place> {
    if played.limit.is_some() {
        // The mutant ran into a limit of the model, which no bundled scenario does; where it went wrong is not known.
        return Some(Place::Step(usize::MAX));
    }
    if let Some(number) = (0..played.steps.len()).find(|&number| !fits(scenario, played, number)) {
        return Some(Place::Step(number));
    }
    if let Some((number, _)) = played.broken.first() {
        return Some(Place::Step(*number));
    }
    (0..scenario.program.nevers.len()).find(|&n| judge::claim_broken(scenario, played, n).is_some()).map(Place::Never)
}

fn first_change(played: &Run, original: &Run) -> Option<Place> {
    let mut pairs = played.steps.iter().zip(&original.steps);
    pairs.position(|(a, b)| a.allowed != b.allowed).map(Place::Step)
}

/// Why nobody can be expected to notice a mutant, if there is a reason.
fn explanation(mutant: Mutant) -> Option<String> {
    let taken_by_none = |alt: &&Alt| {
        NAMES.iter().all(|name| {
            let profile = profiles::Choices::bundled().profile(name).expect("spec-notes/choices.toml is tested");
            !profile.allows(**alt)
        })
    };
    if let Some(alt) = mutant.rule.under.iter().find(taken_by_none) {
        return Some(format!("no profile takes {}", alt.text()));
    }
    crate::survivors::reason(mutant.rule.name, mutant.mutation)
}
