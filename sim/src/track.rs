//! A sound run of a scenario with what it went through, so that a broken one plays only where the broken rule makes a difference.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use winaccept_model::rule::{Mutant, Table};
use winaccept_model::rules;
use winaccept_model::step::Machine;

use crate::config::Config;
use crate::guide::Guide;
use crate::run::{Playing, Run, Stopped, breaks_at};
use crate::scenario::{Scenario, Section};
use crate::script::Span;

/// A sound run, section by section.
#[derive(Debug)]
pub struct Track {
    /// The run.
    pub run: Run,
    stages: Vec<Stage>,
    /// What fired anywhere.
    fired: Fired,
}

/// A section.
#[derive(Debug)]
struct Stage {
    /// In what it was entered. Under most profiles that is the same.
    before: Arc<Vec<Config>>,
    /// What it adds to the run beside its steps.
    between: BTreeSet<&'static str>,
    missed: Vec<Span>,
    broken: Vec<(usize, String)>,
    fired: Fired,
}

/// Rules that fired.
#[derive(Debug, Default)]
struct Fired {
    /// By their places among all rules, ascending.
    rules: Vec<usize>,
    /// Their tables, ascending. Wherever a table is asked some rule of it fires.
    tables: Vec<Table>,
}

impl Fired {
    fn of<'r>(names: impl Iterator<Item = &'r &'static str>) -> Fired {
        let known: BTreeSet<(usize, Table)> =
            names.filter_map(|name| rules::named(name)).map(|(place, (table, _))| (place, table)).collect();
        let tables: BTreeSet<Table> = known.iter().map(|(_, table)| *table).collect();
        Fired { rules: known.into_iter().map(|(place, _)| place).collect(), tables: tables.into_iter().collect() }
    }
}

/// A rule that is broken from some step on.
#[derive(Debug)]
pub struct Broken<'m> {
    mutant: Mutant,
    /// The rule's place among all, and its table.
    rule: (usize, Table),
    machine: &'m Machine,
    from: usize,
}

impl<'m> Broken<'m> {
    /// What this machine has broken, from the beginning on.
    pub fn new(machine: &'m Machine) -> Option<Broken<'m>> {
        let mutant = machine.mutant?;
        let (place, (table, _)) = rules::named(mutant.rule.name)?;
        Some(Broken { mutant, rule: (place, table), machine, from: 0 })
    }

    /// Broken from this step on, with what happens before it.
    #[must_use]
    pub fn from(self, from: usize) -> Broken<'m> {
        Broken { from, ..self }
    }

    /// Can it make a difference where these fire? A rule that fires less than it should matters only where the sound one fires, one
    /// that fires more where its table is asked.
    fn concerns(&self, fired: &Fired) -> bool {
        let (place, table) = self.rule;
        match self.mutant.mutation.fires_elsewhere() {
            true => fired.tables.binary_search(&table).is_ok(),
            false => fired.rules.binary_search(&place).is_ok(),
        }
    }
}

impl Track {
    /// Plays a scenario on a sound machine. What is the same in a track of it that is `like` this one is kept once.
    #[must_use]
    pub fn of(scenario: &Scenario, machine: &Machine, guide: Guide<'_>, like: Option<&Track>) -> Track {
        let mut playing = Playing::new(scenario);
        let mut stages = Vec::new();
        for (index, section) in scenario.sections.iter().enumerate() {
            let known = like.and_then(|like| like.stages.get(index)).map(|stage| &stage.before);
            let known = known.filter(|known| ***known == playing.configs);
            let before = known.map_or_else(|| Arc::new(playing.configs.clone()), Arc::clone);
            let (missed, broken) = (playing.run.missed.len(), playing.run.broken.len());
            let all_between = std::mem::take(&mut playing.run.between);
            let went = playing.section(scenario, machine, guide, index);
            let between = std::mem::replace(&mut playing.run.between, all_between);
            playing.run.between.extend(&between);
            let steps = steps_of(scenario, section).flat_map(|number| &playing.run.steps[number].rules);
            let fired = Fired::of(steps.chain(&between));
            let (missed, broken) = (playing.run.missed[missed..].to_vec(), playing.run.broken[broken..].to_vec());
            stages.push(Stage { before, between, missed, broken, fired });
            if !went {
                break;
            }
        }
        let run = playing.ends(scenario);
        let fired = Fired::of(run.steps.iter().flat_map(|step| &step.rules).chain(&run.between));
        Track { run, stages, fired }
    }

    /// Can it make a difference here?
    #[must_use]
    pub fn is_concerned(&self, broken: &Broken<'_>) -> bool {
        broken.concerns(&self.fired)
    }

    /// The same scenario with a broken rule. Where that makes no difference, what the sound run did is not played again. It ends
    /// early where somebody has `seen` enough in a step.
    ///
    /// # Errors
    /// When the broken model cannot go on.
    pub fn broken(
        &self,
        scenario: &Scenario,
        broken: &Broken<'_>,
        guide: Guide<'_>,
        seen: &dyn Fn(&Run, usize) -> bool,
    ) -> Result<Run, Stopped> {
        let first = breaks_at(scenario, broken.from);
        let mut playing = Playing::new(scenario);
        // Is it where the sound one was?
        let mut same = true;
        for (index, section) in scenario.sections.iter().enumerate() {
            let stage = self.stages.get(index);
            if let Some(stage) = stage.filter(|stage| index < first || same && !broken.concerns(&stage.fired)) {
                playing.comes_to(section);
                self.goes_along(scenario, section, stage, &mut playing.run);
                if self.run.limit.is_some() && index + 1 == self.stages.len() {
                    playing.run.limit.clone_from(&self.run.limit);
                    return Ok(playing.run);
                }
                continue;
            }
            if let Some(stage) = stage.filter(|_| same) {
                playing.configs.clone_from(&*stage.before);
            }
            // Whoever hears that it stopped looks at nothing that the run may have left half done.
            let went = catch_unwind(AssertUnwindSafe(|| playing.section(scenario, broken.machine, guide, index)));
            let at = if let Section::Step(number) = section { Some(*number) } else { None };
            if !went.map_err(|_| Stopped { at })? {
                return Ok(playing.ends(scenario));
            }
            if steps_of(scenario, section).any(|number| seen(&playing.run, number)) {
                return Ok(playing.run);
            }
            same = match self.stages.get(index + 1) {
                Some(next) => playing.configs == *next.before,
                None => self.run.limit.is_none() && playing.configs == self.run.ends,
            };
        }
        if same {
            playing.configs.clone_from(&self.run.ends);
        }
        Ok(playing.ends(scenario))
    }

    /// Takes over what a section has added to the sound run.
    fn goes_along(&self, scenario: &Scenario, section: &Section, stage: &Stage, run: &mut Run) {
        for number in steps_of(scenario, section) {
            run.steps[number].clone_from(&self.run.steps[number]);
        }
        run.between.extend(&stage.between);
        run.missed.extend_from_slice(&stage.missed);
        run.broken.extend_from_slice(&stage.broken);
    }
}

/// The steps in a section.
fn steps_of<'s>(scenario: &'s Scenario, section: &'s Section) -> impl Iterator<Item = usize> + 's {
    (0..scenario.steps.len()).filter(|number| section.holds(*number))
}
