//! A script made ready to run: steps numbered, lanes as code with jumps, the first world.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use winaccept_model::call::{Call, FdSet, Handle, ProcessId, ThreadId, Version};
use winaccept_model::choice::Alt;
use winaccept_model::step::Machine;
use winaccept_model::world::{MAX_SLOTS, Process, Room, World};

use crate::limits::Limits;
use crate::observe::{Observed, ends_so};
use crate::script::{
    Action, Actor, Ending, Happening, Item, Lane, LaneItem, NameId, Never, PeerSegment, PrintArgument, Ref, Script,
    Span, Step,
};

/// A script made ready to run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The script.
    pub script: Script,
    /// All steps in the order of the text.
    pub steps: Vec<Step>,
    /// The sections in order.
    pub sections: Vec<Section>,
    /// The claims of the form "never".
    pub nevers: Vec<Never>,
    /// The world before the first step.
    pub first: World,
    /// By variable, the actor whose steps bind it.
    binders: Vec<Option<ThreadId>>,
    /// How far a run of it goes inside one `any order`.
    pub limits: Limits,
    /// What the script chooses, each with the section that says so, in order.
    choices: Vec<(usize, Alt)>,
    /// How calls end as branches ask it.
    pub endings: Vec<Ending>,
    /// The steps inside `if`, which no way has to reach.
    conditional: BTreeSet<usize>,
    /// By step behind which its lane branches: the section, the lane, and the place of the branch.
    branches: BTreeMap<usize, (usize, usize, usize)>,
}

/// A part of a scenario.
#[derive(Clone, Debug)]
pub enum Section {
    /// One step, by its number; the network is quiet before and after.
    Step(usize),
    /// Something happens.
    Happening(Happening, Span),
    /// Lanes that interleave with each other and with the network.
    AnyOrder(Vec<LaneCode>),
}

impl Section {
    /// Does this step stand in here?
    #[must_use]
    pub fn holds(&self, step: usize) -> bool {
        match self {
            Section::Step(number) => *number == step,
            Section::Happening(..) => false,
            Section::AnyOrder(lanes) => lanes.iter().any(|lane| lane.code.contains(&Instruction::Step(step))),
        }
    }
}

/// The code of one lane.
#[derive(Clone, Debug)]
pub struct LaneCode {
    /// Who runs it.
    pub actor: ThreadId,
    /// The instructions. Running past the last one ends the lane.
    pub code: Vec<Instruction>,
}

impl LaneCode {
    /// Does this step stand inside `repeat`?
    #[must_use]
    pub fn repeats(&self, step: usize) -> bool {
        let at = self.code.iter().position(|instruction| *instruction == Instruction::Step(step));
        let back = |at: usize| {
            let behind = &self.code[at..];
            behind.iter().any(|instruction| matches!(instruction, Instruction::Jump(to) if usize::from(*to) <= at))
        };
        at.is_some_and(back)
    }
}

/// One instruction of a lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Instruction {
    /// Takes a step, by its number.
    Step(usize),
    /// Goes on at one of these instructions.
    Either(Vec<u16>),
    /// Goes on there.
    Jump(u16),
    /// Goes on at the first place where the call before ended as the [`Scenario::endings`] of this number says, else at the second.
    Branch(u16, u16, u16),
}

/// Why a script cannot be run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TooLarge {
    /// What is too large, and what to do about it.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// How many actors a scenario may have, alike ones counted one by one.
pub const MAX_ACTORS: usize = u8::MAX as usize;

impl Scenario {
    /// Makes a script ready to run.
    ///
    /// # Errors
    /// When it needs more threads, sockets or steps than a world holds.
    pub fn new(script: &Script) -> Result<Scenario, TooLarge> {
        let mut scenario = Scenario {
            script: script.clone(),
            steps: Vec::new(),
            sections: Vec::new(),
            nevers: Vec::new(),
            first: World::default(),
            limits: Limits::default(),
            binders: Vec::new(),
            choices: Vec::new(),
            endings: Vec::new(),
            conditional: BTreeSet::new(),
            branches: BTreeMap::new(),
        };
        for item in &script.items {
            match item {
                Item::Step(step) => {
                    let number = scenario.add(step);
                    scenario.sections.push(Section::Step(number));
                }
                Item::Happening(happening, span) => {
                    if let Happening::Choose(alt) = happening {
                        scenario.choices.push((scenario.sections.len(), *alt));
                    }
                    scenario.sections.push(Section::Happening(happening.clone(), *span));
                }
                Item::AnyOrder(lanes, _) => {
                    let lanes = lanes.iter().map(|lane| scenario.lane(lane)).collect();
                    scenario.sections.push(Section::AnyOrder(lanes));
                }
                Item::Never(never) => scenario.nevers.push(never.clone()),
            }
        }
        scenario.finds_branches();
        scenario.names_what_there_is()?;
        scenario.first = scenario.first_world()?;
        let names = (0..script.names.len()).map(|name| NameId(name as u16));
        scenario.binders = names.map(|name| scenario.find_binder(name)).collect();
        Ok(scenario)
    }

    /// The call that a step's outcome belongs to: its own, or for `resumes` the one that it resumes.
    #[must_use]
    pub fn call_at(&self, number: usize) -> Option<&Call<Ref>> {
        let step = self.steps.get(number)?;
        match &step.action {
            Action::Call(call) | Action::InHook(call) => Some(call),
            Action::ConditionReturns { call, .. } | Action::RoutineReturns { call } => Some(call),
            Action::Resumes => {
                let issued = self.steps[..number].iter().rev().filter(|other| other.actor == step.actor);
                issued
                    .filter_map(|other| match &other.action {
                        Action::Call(call)
                        | Action::ConditionReturns { call, .. }
                        | Action::RoutineReturns { call } => Some(call),
                        _ => None,
                    })
                    .next()
            }
            Action::Prints { .. } | Action::Exits(_) | Action::Ends | Action::Sends { .. } | Action::Expects => None,
        }
    }

    /// The actor whose steps bind a variable; `None`: nobody does, and it never changes.
    #[must_use]
    pub fn binder(&self, name: NameId) -> Option<ThreadId> {
        self.binders[usize::from(name.0)]
    }

    fn find_binder(&self, name: NameId) -> Option<ThreadId> {
        let binds = |step: &&Step| step.binds().any(|bound| bound == name);
        self.steps.iter().find(binds).map(|step| step.actor)
    }

    /// The machine that plays a section: what the script has chosen before it stands fast, whatever the profile leaves open.
    #[must_use]
    pub fn chosen<'m>(&self, section: usize, machine: &'m Machine) -> Cow<'m, Machine> {
        let before = self.choices.partition_point(|(chosen, _)| *chosen < section);
        if before == 0 {
            return Cow::Borrowed(machine);
        }
        let mut machine = machine.clone();
        self.choices[..before].iter().for_each(|(_, alt)| machine.profile.only(*alt));
        Cow::Owned(machine)
    }

    /// Does some step print what the last call returned?
    #[must_use]
    pub fn prints_results(&self) -> bool {
        let prints =
            |step: &Step| matches!(step.action, Action::Prints { argument: Some(PrintArgument::LastResult), .. });
        self.steps.iter().any(prints)
    }

    fn add(&mut self, step: &Step) -> usize {
        self.steps.push(step.clone());
        self.steps.len() - 1
    }

    fn lane(&mut self, lane: &Lane) -> LaneCode {
        let mut code = Vec::new();
        self.body(&lane.body, &mut code, &mut Vec::new());
        LaneCode { actor: lane.actor, code }
    }

    /// Where a lane goes on behind this step, if that depends on how its call has ended.
    #[must_use]
    pub fn goes_on_at(&self, step: usize, seen: &Observed) -> Option<u16> {
        let (section, lane, at) = *self.branches.get(&step)?;
        let Section::AnyOrder(lanes) = &self.sections[section] else { return None };
        let code = &lanes[lane].code;
        let mut at = at as u16;
        while let Some(Instruction::Branch(ending, then, otherwise)) = code.get(usize::from(at)) {
            let ends_so = ends_so(&self.endings[usize::from(*ending)], seen);
            at = skip_jumps(code, if ends_so { *then } else { *otherwise });
        }
        Some(at)
    }

    /// Does this step stand inside `if`, so that no way has to reach it?
    #[must_use]
    pub fn is_conditional(&self, step: usize) -> bool {
        self.conditional.contains(&step)
    }

    /// Finds the steps behind which lanes branch.
    fn finds_branches(&mut self) {
        for (section, lanes) in self.sections.iter().enumerate() {
            let Section::AnyOrder(lanes) = lanes else { continue };
            for (lane, LaneCode { code, .. }) in lanes.iter().enumerate() {
                for (at, pair) in code.windows(2).enumerate() {
                    if let [Instruction::Step(step), Instruction::Branch(..)] = pair {
                        self.branches.insert(*step, (section, lane, at + 1));
                    }
                }
            }
        }
    }

    fn branch(&mut self, ending: &Ending, code: &mut Vec<Instruction>) -> u16 {
        self.endings.push(ending.clone());
        code.push(Instruction::Branch(0, 0, 0));
        self.endings.len() as u16 - 1
    }

    /// `left` are the branches that leave the innermost `repeat`.
    fn body(&mut self, body: &[LaneItem], code: &mut Vec<Instruction>, left: &mut Vec<usize>) {
        for item in body {
            match item {
                LaneItem::Step(step) => code.push(Instruction::Step(self.add(step))),
                LaneItem::Repeat(body) => {
                    let (start, mut left) = (code.len() as u16, Vec::new());
                    self.body(body, code, &mut left);
                    code.push(Instruction::Jump(start));
                    for branch in left {
                        if let Instruction::Branch(ending, _, next) = code[branch] {
                            code[branch] = Instruction::Branch(ending, code.len() as u16, next);
                        }
                    }
                }
                LaneItem::Until(ending) => {
                    left.push(code.len());
                    let ending = self.branch(ending, code);
                    let next = code.len();
                    code[next - 1] = Instruction::Branch(ending, 0, next as u16);
                }
                LaneItem::If(ending, [then, otherwise]) => {
                    let branch = code.len();
                    let ending = self.branch(ending, code);
                    let first = self.steps.len();
                    self.body(then, code, left);
                    let end = code.len();
                    code.push(Instruction::Jump(0));
                    code[branch] = Instruction::Branch(ending, branch as u16 + 1, end as u16 + 1);
                    self.body(otherwise, code, left);
                    self.conditional.extend(first..self.steps.len());
                    code[end] = Instruction::Jump(code.len() as u16);
                }
                LaneItem::Either(branches) => {
                    let fork = code.len();
                    code.push(Instruction::Either(Vec::new()));
                    let (mut starts, mut ends) = (Vec::new(), Vec::new());
                    for branch in branches {
                        starts.push(code.len() as u16);
                        self.body(branch, code, left);
                        ends.push(code.len());
                        code.push(Instruction::Jump(0));
                    }
                    let after = code.len() as u16;
                    for end in ends {
                        code[end] = Instruction::Jump(after);
                    }
                    code[fork] = Instruction::Either(starts);
                }
            }
        }
    }

    /// Every actor, process and variable that the script names is one of its own.
    fn names_what_there_is(&self) -> Result<(), TooLarge> {
        let script = &self.script;
        let (actors, processes, names) = (script.actors.len(), script.processes.len(), script.names.len());
        let check = |there: bool, what: &str, number: usize, span: Span| match there {
            true => Ok(()),
            false => Err(TooLarge { message: format!("there is no {what} number {number}"), span }),
        };
        let actor = |id: ThreadId, span| check(id.index() < actors, "actor", id.index(), span);
        let process = |id: ProcessId, span| check(id.index() < processes, "process", id.index(), span);
        let name = |id: NameId, span| check(usize::from(id.0) < names, "variable", usize::from(id.0), span);
        script.actors.iter().try_for_each(|actor| process(actor.process, Span::default()))?;
        for step in &self.steps {
            actor(step.actor, step.span)?;
            if let Action::Call(call)
            | Action::InHook(call)
            | Action::ConditionReturns { call, .. }
            | Action::RoutineReturns { call } = &step.action
            {
                match call {
                    Call::QueueUserAPC { thread, .. } => actor(*thread, step.span)?,
                    Call::WSADuplicateSocket { process: other, .. } | Call::CreateProcess { process: other, .. } => {
                        process(*other, step.span)?;
                    }
                    _ => {}
                }
                for id in named(call) {
                    name(id, step.span)?;
                }
            }
            step.binds().try_for_each(|id| name(id, step.span))?;
        }
        for section in &self.sections {
            match section {
                Section::Step(_) => {}
                Section::AnyOrder(lanes) => lanes.iter().try_for_each(|lane| actor(lane.actor, Span::default()))?,
                Section::Happening(happening, span) => {
                    happening.name().map_or(Ok(()), |id| name(id, *span))?;
                    happening.process().map_or(Ok(()), |id| process(id, *span))?;
                }
            }
        }
        Ok(())
    }

    fn first_world(&self) -> Result<World, TooLarge> {
        let script = &self.script;
        let processes: Vec<Process> = script
            .processes
            .iter()
            .map(|process| Process {
                startups: u8::from(process.started.is_some()),
                version: process.started.unwrap_or(Version::default()),
                ..Process::default()
            })
            .collect();
        if script.actors.len() > MAX_ACTORS {
            let late = |step: &&Step| step.actor.index() >= MAX_ACTORS;
            let span = self.steps.iter().find(late).map_or(Span::default(), |step| step.span);
            let message = format!("{} actors are more than the {MAX_ACTORS} that a world holds", script.actors.len());
            return Err(TooLarge { message, span });
        }
        let creates = |step: &&Step| matches!(step.action, Action::Call(Call::Socket { .. } | Call::WSASocket { .. }));
        let opens = |step: &&Step| matches!(step.action, Action::Call(Call::WSACreateEvent | Call::CreateEvent { .. }));
        let empties = |step: &&Step| matches!(step.action, Action::Call(Call::Overlapped { .. }));
        let ports = |step: &&Step| matches!(step.action, Action::Call(Call::CreatePort { .. }));
        let windows = |step: &&Step| matches!(step.action, Action::Call(Call::CreateWindow));
        let posts = |step: &&Step| matches!(step.action, Action::Call(call) if call.function().does().starts);
        self.at_most("sockets", MAX_SLOTS / 2, creates)?;
        self.at_most("event objects", MAX_SLOTS, opens)?;
        let room = |(index, actor): (usize, &Actor)| {
            let own = |step: &&Step| step.actor.index() == index;
            let opens_by_hand = |step: &&Step| matches!(step.action, Action::Sends { segment: PeerSegment::Syn, .. });
            // A raw peer has a connection for each SYN, and one for an answer to what belongs to none.
            let peers = self.steps.iter().filter(own).filter(opens_by_hand).count() as u32;
            let is_peer = script.peers.iter().any(|peer| peer.actor.index() == index);
            let sockets = self.steps.iter().filter(own).filter(creates).count() as u32 + peers + u32::from(is_peer);
            let events = self.steps.iter().filter(own).filter(opens).count() as u32;
            // A call that waits is over before the next one; polls of the driver go on beside it.
            let polls: u32 = self.steps.iter().filter(own).map(polled).sum();
            let watches = self.steps.iter().filter(own).map(watched).max().unwrap_or_default() + polls;
            let overs = self.steps.iter().filter(own).filter(empties).count() as u32;
            // A call that waits is an operation, and so is every request that its thread has started; a condition function may
            // call while the call waits that called it.
            let returns =
                |step: &&Step| matches!(step.action, Action::ConditionReturns { .. } | Action::RoutineReturns { .. });
            let more = |step: &&Step| posts(step) || returns(step);
            let operations = 1 + self.steps.iter().filter(own).filter(more).count() as u32;
            let ports = self.steps.iter().filter(own).filter(ports).count() as u32;
            let windows = self.steps.iter().filter(own).filter(windows).count() as u32;
            Room { watches, overs, operations, ports, windows, ..Room::new(actor.process, sockets, events) }
        };
        let threads: Vec<Room> = script.actors.iter().enumerate().map(room).collect();
        World::try_new(&processes, &threads).map_err(|limit| TooLarge {
            message: limit.to_string(),
            span: self.steps.first().map_or(Span::default(), |step| step.span),
        })
    }

    fn at_most(&self, what: &str, most: usize, asks: impl Fn(&&Step) -> bool) -> Result<(), TooLarge> {
        match self.steps.iter().filter(asks).nth(most) {
            Some(step) => {
                let message = format!("this scenario creates more than the {most} {what} that a world holds");
                Err(TooLarge { message, span: step.span })
            }
            None => Ok(()),
        }
    }
}

/// How many objects a poll of the driver watches, if a step makes one: the sockets, and that through which it is made.
fn polled(step: &Step) -> u32 {
    match &step.action {
        Action::Call(Call::AfdPoll { handles, .. }) => handles.len() as u32 + 1,
        _ => 0,
    }
}

/// How many objects the call of a step watches at most.
fn watched(step: &Step) -> u32 {
    let (Action::Call(call) | Action::InHook(call)) = &step.action else { return 0 };
    let of = |set: &FdSet<Ref>| set.map_or(0, |set| set.len());
    let count = match call {
        Call::Select { readfds, writefds, exceptfds, .. } => of(readfds) + of(writefds) + of(exceptfds),
        Call::WSAPoll { fds, .. } => fds.len(),
        Call::WSAWaitForMultipleEvents { events, .. } | Call::WSAWaitForAllEvents { events, .. } => events.len(),
        Call::GetMessage { .. } => 1,
        _ => 0,
    };
    u32::try_from(count).expect("invariant: a call names few objects")
}

/// Follows jumps until an instruction that does something; the end of the lane is its length.
pub(crate) fn skip_jumps(code: &[Instruction], mut at: u16) -> u16 {
    while let Some(Instruction::Jump(to)) = code.get(usize::from(at)) {
        at = *to;
    }
    at
}

/// The variables that a call names.
fn named(call: &Call<Ref>) -> Vec<NameId> {
    let mut all = Vec::new();
    call.map(|reference| {
        if let Ref::Name(name) = reference {
            all.push(name);
        }
    });
    all
}

/// A call of a script with the handles that its variables hold now.
#[must_use]
pub fn bound(call: &Call<Ref>, vars: &[Handle]) -> Call {
    call.map(|reference| reference.bound(vars))
}
