//! What must hold of every step.

use winaccept_model::call::{Handle, Port, ThreadId};
use winaccept_model::choice::{BOUND_EXACTLY, BOUND_ONE_MORE, COUNTS_ACCEPT_QUEUE, COUNTS_BOTH};
use winaccept_model::code::Code;
use winaccept_model::invariant::broken_invariant;
use winaccept_model::operation::{Ended, OverId, PortId, WindowId};
use winaccept_model::outcome::Value;
use winaccept_model::parts::Parts;
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::{Effects, Gives, Mutant, Mutation, Role, Rule, Takes};
use winaccept_model::rules;
use winaccept_model::step::{Event, Machine, pending};
use winaccept_model::world::{Conn, End, Socket, SocketId, State, World};

/// One way in which a step went.
#[derive(Clone, Debug)]
pub struct Branch {
    pub world: World,
    pub fx: Effects,
    pub picks: Vec<u8>,
}

/// Every way in which a step can go, each held against every property.
pub fn branches(machine: &Machine, before: &World, event: Event) -> Result<Vec<Branch>, String> {
    let mut all: Vec<Branch> = Vec::new();
    let mut tape = Tape::default();
    loop {
        let (mut world, mut fx) = (before.clone(), Effects::default());
        machine.step(&mut world, event, &mut tape, &mut fx);
        let branch = Branch { world, fx, picks: tape.picks().to_vec() };
        let told =
            |problem: String| format!("{problem}\n  fired {:?}, returned {:?}", branch.fx.fired, branch.fx.returns);
        holds(machine, before, event, &branch).map_err(told)?;
        deterministic(machine, before, event, &branch, tape).map_err(told)?;
        read_from_the_table(machine, before, event, &branch, tape).map_err(told)?;
        same_where_less_is_kept(machine, before, event, &branch, tape).map_err(told)?;
        if all.iter().any(|other| other.picks == branch.picks) {
            return Err(format!("the decisions {:?} were taken twice", branch.picks));
        }
        all.push(branch);
        if !tape.advance() {
            return Ok(all);
        }
    }
}

fn holds(machine: &Machine, before: &World, event: Event, branch: &Branch) -> Result<(), String> {
    if let Some(invariant) = broken_invariant(&branch.world) {
        return Err(format!("broken: {invariant}"));
    }
    ensure(branch.fx.limit.is_none(), || format!("reached a limit: {:?}", branch.fx.limit))?;
    branch.world.kept_twice_agrees().map_err(str::to_owned)?;
    free_slots_are_new(branch)?;
    touched_covers(before, branch)?;
    undone_by_parts(before, branch)?;
    impossible_changes_nothing(before, event, branch)?;
    check_changes_nothing(before, event, branch)?;
    last_error_tells(before, event, branch)?;
    call_returns_or_blocks(before, event, branch)?;
    handles_are_new(before, branch)?;
    queues_within_bounds(&machine.profile, before, event, branch)
}

fn ensure(holds: bool, says: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(says()) }
}

/// The same world, event and decisions give the same world and effects.
fn deterministic(machine: &Machine, before: &World, event: Event, branch: &Branch, tape: Tape) -> Result<(), String> {
    let (mut world, mut fx, mut replay) = (before.clone(), Effects::default(), tape.replay());
    machine.step(&mut world, event, &mut replay, &mut fx);
    let names = |fx: &Effects| fx.fired.iter().map(|rule| rule.name).collect::<Vec<_>>();
    let same = world == branch.world
        && names(&fx) == names(&branch.fx)
        && fx.returns == branch.fx.returns
        && fx.touched == branch.fx.touched
        && replay.picks() == branch.picks;
    ensure(same, || "not deterministic".to_owned())
}

/// The tables, read rule by rule, do what the code does that is made of the same literals. A machine with a broken rule reads
/// them; this one is broken where nobody can tell.
fn read_from_the_table(
    machine: &Machine,
    before: &World,
    event: Event,
    branch: &Branch,
    tape: Tape,
) -> Result<(), String> {
    let elsewhere = rules::all().find(|(_, rule)| !rule.from.has(State::Datagram));
    let (_, rule) = elsewhere.expect("some rule speaks of streams alone");
    let mutant = Some(Mutant { rule, mutation: Mutation::NotFrom(State::Datagram) });
    let reader = Machine { mutant, ..Machine::new(machine.profile.clone()) };
    deterministic(&reader, before, event, branch, tape).map_err(|_| "code and table do not agree".to_owned())
}

/// What is free is as it was before anybody used it, to the last option; but where a script had bound it is remembered.
fn free_slots_are_new(branch: &Branch) -> Result<(), String> {
    let new = |socket: &Socket| {
        let mut new = Socket::free(socket.owner);
        (new.family, new.local) = (socket.family, socket.local);
        new
    };
    let remembered = |socket: &Socket| matches!(socket.local.port, Port::Unset | Port::Fixed(_));
    // One whose condition function still runs cannot end yet, and keeps its place there.
    let kept = |socket: &Socket| !socket.holding().is_empty();
    let used = |s: &Socket| s.state == State::NotASocket && !kept(s) && !(*s == new(s) && remembered(s));
    ensure(!branch.world.sockets().iter().any(used), || "a free slot is not as new".to_owned())?;
    let idle = |conn: &Conn| {
        let gone = |end: &End| end.socket().is_none() && end.flight.is_empty();
        gone(&conn.client) && gone(&conn.server) && conn.listener.is_none() && !conn.lingers()
    };
    let unmarked = |conn: &Conn| Conn { held: false, lose: 0, ..conn.clone() };
    let left = branch.world.conns().iter().any(|conn| idle(conn) && unmarked(conn) != Conn::default());
    ensure(!left, || "a forgotten connection is not as new".to_owned())
}

fn parts_of(world: &World, owner: usize) -> Parts {
    let mut parts = Parts::new(world, ThreadId::new(owner));
    parts.keep(world);
    parts
}

/// Whoever's objects changed was marked as touched.
fn touched_covers(before: &World, branch: &Branch) -> Result<(), String> {
    let Branch { world, fx, .. } = branch;
    for owner in (0..before.threads().len()).filter(|owner| !fx.touched.has(*owner)) {
        ensure(parts_of(before, owner).same(0, world), || format!("objects of thread {owner} changed untouched"))?;
    }
    ensure(fx.touched.shared() || before.processes() == world.processes(), || "a process changed untouched".to_owned())
}

/// Whoever takes no notes, not even of the rules that fire, and does not keep what can move, sees the same.
fn same_where_less_is_kept(
    machine: &Machine,
    before: &World,
    event: Event,
    branch: &Branch,
    tape: Tape,
) -> Result<(), String> {
    let (mut world, mut fx) = (before.clone().without_moving(), Effects::outcomes_alone());
    machine.step(&mut world, event, &mut tape.replay(), &mut fx);
    let same =
        world == branch.world && (&fx.returns, &fx.runs, fx.limit) == (&branch.fx.returns, &branch.fx.runs, None);
    ensure(same && fx.fired.is_empty(), || format!("where less is kept it gives {:?}", fx.returns))?;
    let (mut kept, mut looked_for) = (Vec::new(), Vec::new());
    pending(&branch.world, &mut kept);
    pending(&world, &mut looked_for);
    ensure(kept == looked_for, || format!("pending is {looked_for:?} where it is looked for, and kept as {kept:?}"))?;
    world.kept_twice_agrees().map_err(|what| format!("where less is kept: {what}"))
}

/// Putting back what was touched undoes the step.
fn undone_by_parts(before: &World, branch: &Branch) -> Result<(), String> {
    let mut world = branch.world.clone();
    for owner in branch.fx.touched.owners() {
        parts_of(before, owner).put(0, &mut world);
    }
    if branch.fx.touched.shared() {
        world.put_processes(before.processes());
    }
    world.kept_twice_agrees().map_err(|what| format!("put back: {what}"))?;
    ensure(world == *before, || "putting back what was touched does not undo the step".to_owned())
}

/// An event that no rule speaks of, and that is none of a script's own doings, changes nothing but what is in flight.
fn impossible_changes_nothing(before: &World, event: Event, branch: &Branch) -> Result<(), String> {
    let script = matches!(event, Event::Faults(..) | Event::Hold(..) | Event::LoseNext(..));
    // A raw peer takes what has come to it, also before it sends.
    let travels = matches!(event, Event::Deliver(..) | Event::Lose(..) | Event::PeerSends(..) | Event::PeerTakes(_));
    let quiet = branch.fx.fired.is_empty() && !script && !travels;
    ensure(!quiet || branch.world == *before && branch.fx.returns.is_empty(), || {
        "nothing fired, yet something changed".to_owned()
    })
}

fn consumed(rule: &Rule, fx: &Effects) -> bool {
    rule.consumes() && (!rule.takes_something() || fx.took(rule) != Takes::Keeps)
}

/// A check that does not consume changes nothing but the caller's last error.
///
/// Two cases come before checks and have effects of their own: `accept.re-enables-fd-accept` (which the documents want
/// "even if the call fails"), which may record and signal, and `connect.sends-syn`, after which a nonblocking connect
/// fails with WSAEWOULDBLOCK.
fn check_changes_nothing(before: &World, event: Event, branch: &Branch) -> Result<(), String> {
    let Event::Call(thread, _) = event else { return Ok(()) };
    let fired = &branch.fx.fired;
    if branch.fx.returns.iter().any(|(_, outcome)| outcome.value == Value::Crashes) {
        return Ok(()); // it closes all that its process had
    }
    let Some(check) = fired.iter().position(|rule| rule.role == Role::Check && !consumed(rule, &branch.fx)) else {
        return Ok(());
    };
    let before_it = |name: &str| fired[..check].iter().any(|rule| rule.name == name);
    if before_it("connect.sends-syn") || before_it("accept.re-enables-fd-accept") {
        let queues = |world: &World| {
            world.sockets().iter().map(|s| (s.syn_queue().clone(), s.accept_queue().clone())).collect::<Vec<_>>()
        };
        return ensure(before_it("connect.sends-syn") || queues(before) == queues(&branch.world), || {
            "a failed accept changed a queue".to_owned()
        });
    }
    // What the OVERLAPPED says of a call that fails is told behind the check.
    let behind = &fired[check + 1..];
    if behind.iter().any(|rule| rule.name == "request.failed-call-leaves-pending") {
        return Ok(());
    }
    let nothing_behind = behind.iter().all(|rule| rule.name == "request.failed-call-leaves-untouched");
    let mut undone = branch.world.clone();
    let mut parts = parts_of(before, thread.index());
    parts.keep(before);
    let changed = undone.threads()[thread.index()].last_error;
    parts.put(0, &mut undone);
    ensure(undone == *before && nothing_behind, || format!("{} changed another's objects", fired[check].name))?;
    // The caller's own objects: nothing but its last error.
    let mut expected = before.threads()[thread.index()].clone();
    expected.last_error = changed;
    let own = branch.world.threads()[thread.index()] == expected
        && branch.world.sockets() == before.sockets()
        && branch.world.conns() == before.conns()
        && branch.world.events() == before.events();
    ensure(own, || format!("{} changed more than the last error", fired[check].name))
}

/// After a failure the last error is its code; after a success it is what it was, or cleared. A provider leaves it alone.
fn last_error_tells(before: &World, event: Event, branch: &Branch) -> Result<(), String> {
    for (place, (thread, outcome)) in branch.fx.returns.iter().enumerate() {
        let again = branch.fx.returns[place + 1..].iter().any(|(other, _)| other == thread);
        let index = thread.index();
        let (was, is) = (before.threads()[index].last_error, branch.world.threads()[index].last_error);
        let sets = branch.fx.fired.iter().any(|rule| rule.name == "WSASetLastError.sets");
        let right = match outcome.error {
            _ if points(before, event, *thread) => is == was || branch.fx.returns.len() > 1,
            Code::NONE => is == was || is == Code::NONE || sets || branch.fx.returns.len() > 1,
            error => is == error,
        };
        ensure(again || right, || format!("{thread:?} got {outcome:?}, and its last error is {is:?}"))?;
    }
    Ok(())
}

/// Does the call that a thread is in tell its error through a pointer?
fn points(before: &World, event: Event, thread: ThreadId) -> bool {
    let call = match event {
        Event::Call(caller, call) | Event::InHook(caller, call) if caller == thread => Some(call),
        _ => before.asks(thread).or(before.waits(thread).map(|(_, op)| op)).map(|op| op.call),
    };
    call.is_some_and(|call| call.function().does().points)
}

/// A thread that makes a call either has its outcome or is blocked; whoever returned goes on.
fn call_returns_or_blocks(before: &World, event: Event, branch: &Branch) -> Result<(), String> {
    let Branch { world, fx, .. } = branch;
    if let Event::Call(thread, _) = event
        && before.runs(thread)
    {
        let returned = fx.returns.iter().filter(|(other, _)| *other == thread).count();
        let waits = world.waits(thread).is_some();
        ensure(returned + usize::from(waits) == 1, || "a call neither returned nor blocked, or did both".to_owned())?;
    }
    let crashed = fx.returns.iter().any(|(_, outcome)| outcome.value == Value::Crashes);
    for (thread, outcome) in &fx.returns {
        let ended = world.threads()[thread.index()].ended;
        let goes_on = match outcome.value {
            Value::Undefined | Value::Unmodelled | Value::Crashes => ended == Ended::Undefined,
            _ => world.runs(*thread) || crashed || matches!(event, Event::InHook(..)),
        };
        ensure(goes_on, || format!("{thread:?} returned and is {ended:?}"))?;
    }
    let ended = |rule: &&&'static Rule| {
        !matches!(
            fx.gave(rule),
            Gives::Blocks | Gives::Answers | Gives::Strands | Gives::Silent | Gives::LooksAgain | Gives::Continues(_)
        )
    };
    ensure(fx.fired.iter().filter(ended).count() == fx.returns.len(), || {
        "as many rules end calls as calls return".to_owned()
    })
}

/// A handle that a call returns was not open, and is.
fn handles_are_new(before: &World, branch: &Branch) -> Result<(), String> {
    let mut seen = Vec::new();
    for (thread, outcome) in &branch.fx.returns {
        let Value::Handle(handle) = outcome.value else { continue };
        let process = before.threads()[thread.index()].process;
        let over = |world: &World| world.overs().iter().any(|(at, _)| Handle::overlapped(OverId::new(at)) == handle);
        let port = |world: &World| world.ports().iter().any(|(at, _)| Handle::port(PortId::new(at)) == handle);
        let window = |world: &World| world.windows().iter().any(|(at, _)| Handle::window(WindowId::new(at)) == handle);
        let open = |world: &World| {
            world.resolve(process, handle).is_some()
                || world.resolve_event(handle).is_some()
                || over(world)
                || port(world)
                || window(world)
        };
        ensure(!open(before) && open(&branch.world), || format!("{handle:?} is not a new handle"))?;
        ensure(!seen.contains(&handle), || format!("{handle:?} was given out twice"))?;
        seen.push(handle);
    }
    Ok(())
}

/// A queue grows only within its bound, and turns nobody away below it, as the profile counts.
fn queues_within_bounds(profile: &Profile, before: &World, event: Event, branch: &Branch) -> Result<(), String> {
    let allows = |alt: winaccept_model::choice::Alt| profile.allowed(usize::from(alt.0)) >> alt.1 & 1 == 1;
    let Event::Deliver(conn, _) = event else { return Ok(()) };
    let fired = |name: &str| branch.fx.fired.iter().any(|rule| rule.name.starts_with(name));
    let listener = |world: &World| world.conns()[conn.index()].listener;
    let lengths = |s: SocketId| {
        let socket = &before.sockets()[s.index()];
        (socket.syn_queue().len(), socket.accept_queue().len(), socket.backlog())
    };
    let most = |bound: usize| bound + usize::from(allows(BOUND_ONE_MORE));
    if let (true, Some(s)) = (fired("ack.queues-connection"), listener(before)) {
        let (_, complete, bound) = lengths(s);
        ensure(complete < most(bound), || format!("{complete} queued at a backlog of {bound}, and one more"))?;
    }
    if let (true, Some(s)) = (fired("syn.queued"), listener(&branch.world)) {
        let (half, complete, bound) = lengths(s);
        let counted = if allows(COUNTS_ACCEPT_QUEUE) { complete } else { half + complete };
        ensure(counted < most(bound), || format!("{counted} pending at a backlog of {bound}, and one more"))?;
    }
    if fired("syn.queue-full") {
        let full = |socket: &Socket| {
            let half = if allows(COUNTS_BOTH) { socket.syn_queue().len() } else { 0 };
            let bound = socket.backlog() + usize::from(!allows(BOUND_EXACTLY));
            half + socket.accept_queue().len() >= bound
        };
        ensure(before.sockets().iter().any(full), || "turned away although no queue was full".to_owned())?;
    }
    Ok(())
}
