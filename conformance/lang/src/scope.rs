//! What holds at a place of a script: which variables are bound, which actor is blocked, which process has exited.

use std::collections::BTreeMap;
use std::ops::Range;

use winaccept_model::call::{Call, ProcessId, ThreadId};
use winaccept_sim::script::{NameId, Ref};

/// Which actors see a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    /// All of them.
    ByAll,
    /// Only this one, until the `any order` where it was bound ends.
    By(ThreadId),
}

/// Whether an actor has a call in progress.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Progress {
    /// It has not.
    #[default]
    Free,
    /// It has, since the step there.
    Blocked(Blocked),
    /// It may have: the step before says nothing certain, or branches differ.
    Unsure,
    /// It never gets here: a `repeat` comes before.
    Never(Range<usize>),
}

/// A call in progress.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Blocked {
    /// Its step.
    pub(super) step: Range<usize>,
    /// The call.
    pub(super) call: Call<Ref>,
}

/// The call that the line before has made or resumed: what `if` and `until` ask about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Who has made it.
    pub(super) actor: ThreadId,
    /// Its name.
    pub(super) name: &'static str,
    /// The call, if the line makes it.
    pub(super) call: Option<Call<Ref>>,
    /// The line says that it blocks: it ends with `resumes`.
    pub(super) blocks: bool,
}

/// Whether a process has exited, or an actor ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Gone {
    /// It has not, or not for certain.
    #[default]
    No,
    /// By the step there; inside `any order`, other actors may still have come before it.
    Yes(Range<usize>, Seen),
}

/// Everything that depends on the steps before. Branches of `either` each get a copy and are merged.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Flow {
    /// The bound variables.
    pub(super) bound: BTreeMap<NameId, Seen>,
    /// By actor.
    pub(super) progress: Vec<Progress>,
    /// By actor, the calls whose condition functions may run, the innermost last.
    pub(super) asked: Vec<Vec<Call<Ref>>>,
    /// The same of calls in which completion routines may run.
    pub(super) interrupted: Vec<Vec<Call<Ref>>>,
    /// By process.
    pub(super) gone: Vec<Gone>,
    /// By actor. An actor comes after its own end only by a step of its own.
    pub(super) ended: Vec<Gone>,
}

impl Flow {
    /// Does `actor` see this variable here?
    pub(super) fn sees(&self, actor: Option<ThreadId>, name: NameId) -> bool {
        match self.bound.get(&name) {
            Some(Seen::ByAll) => true,
            Some(Seen::By(owner)) => actor == Some(*owner),
            None => false,
        }
    }

    /// The progress of an actor.
    pub(super) fn progress(&mut self, actor: ThreadId) -> &mut Progress {
        let index = actor.index();
        if self.progress.len() <= index {
            self.progress.resize(index + 1, Progress::Free);
        }
        &mut self.progress[index]
    }

    /// The calls of an actor whose condition functions may run.
    pub(super) fn asked(&mut self, actor: ThreadId) -> &mut Vec<Call<Ref>> {
        at(&mut self.asked, actor)
    }

    /// The calls of an actor in which completion routines may run.
    pub(super) fn interrupted(&mut self, actor: ThreadId) -> &mut Vec<Call<Ref>> {
        at(&mut self.interrupted, actor)
    }

    /// Goes on after one of several branches was taken: variables of any of them may be used, everything else is
    /// certain only where the branches agree.
    pub(super) fn merge(branches: Vec<Flow>) -> Flow {
        let mut branches = branches.into_iter();
        let mut merged = branches.next().unwrap_or_default();
        for branch in branches {
            merged.bound.extend(branch.bound);
            let actors = merged.progress.len().max(branch.progress.len());
            merged.progress.resize(actors, Progress::Free);
            for (index, mine) in merged.progress.iter_mut().enumerate() {
                if branch.progress.get(index).unwrap_or(&Progress::Free) != mine {
                    *mine = Progress::Unsure;
                }
            }
            longest(&mut merged.asked, branch.asked);
            longest(&mut merged.interrupted, branch.interrupted);
            agree(&mut merged.gone, &branch.gone);
            agree(&mut merged.ended, &branch.ended);
        }
        merged
    }

    /// The step that ended this actor.
    pub(super) fn ended(&self, actor: ThreadId) -> Option<&Range<usize>> {
        match self.ended.get(actor.index()) {
            Some(Gone::Yes(step, _)) => Some(step),
            _ => None,
        }
    }

    /// An actor ends.
    pub(super) fn end(&mut self, actor: ThreadId, step: Range<usize>) {
        set(&mut self.ended, actor.index(), Gone::Yes(step, Seen::ByAll));
    }

    /// The step that ended this process, if `actor` comes after it.
    pub(super) fn gone(&self, actor: ThreadId, process: ProcessId) -> Option<&Range<usize>> {
        match self.gone.get(process.index()) {
            Some(Gone::Yes(step, Seen::ByAll)) => Some(step),
            Some(Gone::Yes(step, Seen::By(by))) if *by == actor => Some(step),
            _ => None,
        }
    }

    /// A process ends.
    pub(super) fn exit(&mut self, process: ProcessId, step: Range<usize>, seen: Seen) {
        set(&mut self.gone, process.index(), Gone::Yes(step, seen));
    }

    /// The end of `any order`: every actor comes after what any of them did.
    pub(super) fn share(&mut self) {
        self.bound.values_mut().for_each(|seen| *seen = Seen::ByAll);
        for gone in &mut self.gone {
            if let Gone::Yes(_, seen) = gone {
                *seen = Seen::ByAll;
            }
        }
    }
}

fn set(all: &mut Vec<Gone>, index: usize, gone: Gone) {
    if all.len() <= index {
        all.resize(index + 1, Gone::No);
    }
    all[index] = gone;
}

/// What two branches do not agree about is not certain.
fn agree(mine: &mut [Gone], theirs: &[Gone]) {
    for (index, mine) in mine.iter_mut().enumerate() {
        if theirs.get(index).unwrap_or(&Gone::No) != mine {
            *mine = Gone::No;
        }
    }
}

/// One place that binds a variable, in terms of the `either` branches around it.
pub(super) type Path = Vec<(u32, u32)>;

/// Can at most one of the two places be passed?
pub(super) fn exclusive(a: &Path, b: &Path) -> bool {
    a.iter().any(|(either, branch)| b.iter().any(|(other, taken)| either == other && branch != taken))
}

/// What there is of an actor.
fn at(of: &mut Vec<Vec<Call<Ref>>>, actor: ThreadId) -> &mut Vec<Call<Ref>> {
    let index = actor.index();
    if of.len() <= index {
        of.resize(index + 1, Vec::new());
    }
    &mut of[index]
}

/// By actor, of two stacks the one that has more.
fn longest(mine: &mut Vec<Vec<Call<Ref>>>, theirs: Vec<Vec<Call<Ref>>>) {
    mine.resize(mine.len().max(theirs.len()), Vec::new());
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        if theirs.len() > mine.len() {
            *mine = theirs;
        }
    }
}
