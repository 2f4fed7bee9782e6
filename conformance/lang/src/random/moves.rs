//! What may come next in a random scenario: what servers and clients do, at good moments and at bad ones.

use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Condition, Data, Family, Function, Group, How, Ip, Length, Name, NetworkEvents,
    Opt, OptVal, PollEvents, Port, ProcessId, Returns, Routine, Set, SockType, Version,
};
use winaccept_sim::script::{Action, Ref};

use super::cast::{Cast, State, made_by};

/// One move: it adds a step or a few, or none where it makes no sense.
pub(super) type Move = fn(&mut Cast<'_>) -> Option<()>;

/// What comes next, and how often.
pub(super) const MOVES: &[(u32, Move)] = &[
    (10, client),
    (14, accept),
    (4, accept_waits),
    (8, resumes),
    (8, send),
    (10, recv),
    (3, shutdown),
    (7, close),
    (4, reset),
    (6, name_of),
    (7, get_option),
    (7, set_option),
    (3, mode),
    (6, select_events),
    (6, enumerate),
    (4, wait),
    (7, ready),
    (7, poll),
    (2, duplicate),
    (2, listen_again),
    (2, second_listener),
    (3, last_error),
    (2, connect_somewhere),
    (2, apc),
    (2, bind_there),
    (1, ends),
    (1, starts_again),
    (9, anything),
    (2, super::requests::request),
    (2, super::requests::transfer),
    (5, super::requests::asks),
    (3, super::requests::port),
    (40, super::stories::any),
];

/// How a scenario begins: mostly with a listener.
pub(super) fn opening(cast: &mut Cast<'_>) {
    if !cast.once_in(8) {
        let _ = second_listener(cast);
        if !cast.once_in(3) {
            let _ = client(cast);
        }
    }
}

/// The least that a scenario can be.
pub(super) fn least(cast: &mut Cast<'_>) {
    socket(cast, 0, "S", Family::Inet);
}

/// Whatever comes next.
pub(super) fn any(cast: &mut Cast<'_>) {
    let _ = one_of(cast, MOVES);
}

/// One of these.
pub(super) fn one_of(cast: &mut Cast<'_>, moves: &[(u32, Move)]) -> Option<()> {
    let there: Vec<_> = (0..moves.len()).filter(|place| !cast.does_without(moves.len(), *place)).collect();
    let all: u32 = there.iter().map(|place| moves[*place].0).sum();
    let mut at = cast.below(all.max(1));
    for (weight, make) in there.into_iter().map(|place| moves[place]) {
        if at < weight {
            return make(cast);
        }
        at -= weight;
    }
    None
}

pub(super) fn socket(cast: &mut Cast<'_>, actor: usize, prefix: &str, family: Family) -> usize {
    let call = Call::Socket { family, kind: SockType::Stream };
    cast.makes(actor, Action::Call(call), prefix, family, State::New)
}

fn some_address(cast: &mut Cast<'_>, family: Family) -> Name<Ref> {
    let ip = if cast.once_in(4) { Ip::Any } else { Ip::Loopback };
    Name::Address(Address { family, ip, port: Port::Unset }, family.address_size())
}

fn second_listener(cast: &mut Cast<'_>) -> Option<()> {
    let actor = cast.free(Some(0))?;
    let family = if cast.once_in(6) { Family::Inet6 } else { Family::Inet };
    let listener = socket(cast, actor, "L", family);
    if cast.once_in(3) {
        option_of(cast, actor, listener);
    }
    let name = some_address(cast, family);
    let s = cast.handle(listener);
    cast.call(actor, Call::Bind { s, name });
    let backlog = backlog(cast);
    cast.call(actor, Call::Listen { s, backlog });
    cast.things[listener].state = State::Listens;
    if cast.once_in(3) {
        cast.call(actor, Call::Ioctlsocket { s, argp: Some(1) });
        cast.things[listener].nonblocking = true;
    }
    Some(())
}

fn backlog(cast: &mut Cast<'_>) -> Backlog {
    match cast.below(12) {
        0 => Backlog::Number(0),
        1 => Backlog::Number(-2),
        2 => Backlog::Hint(2),
        3 => Backlog::Somaxconn,
        4 | 5 => Backlog::Number(1),
        6 => Backlog::Number(2),
        _ => Backlog::Number(5),
    }
}

pub(super) fn client(cast: &mut Cast<'_>) -> Option<()> {
    let listener = cast.find(&[State::Listens])?;
    let full = cast.things[listener].queued >= 2;
    if full && !cast.once_in(4) {
        return None;
    }
    let process = u32::from(cast.is_two());
    let actor = cast.free(Some(process))?;
    let family = cast.things[listener].family;
    let client = socket(cast, actor, "C", family);
    let s = cast.handle(client);
    if cast.once_in(7) {
        option_of(cast, actor, client);
    }
    if full || cast.once_in(7) {
        cast.call(actor, Call::Ioctlsocket { s, argp: Some(1) });
        cast.things[client].nonblocking = true;
    }
    let name = Name::Of(cast.handle(listener));
    let plain = Call::WSAConnect { s, name, caller_data: None, callee_data: None, sqos: None, gqos: None };
    let call = if cast.once_in(9) { plain } else { Call::Connect { s, name } };
    cast.call(actor, call);
    cast.things[client].state = State::Connected;
    cast.things[client].peer = Some(listener);
    cast.things[listener].queued += 1;
    Some(())
}

/// Where accept writes the address: mostly nowhere.
fn buffer(cast: &mut Cast<'_>) -> (Buffer, Length) {
    match cast.below(14) {
        0..=6 => (Buffer::Null, Length::Null),
        7 => (Buffer::Valid, Length::Holds(16)),
        8 => (Buffer::Valid, Length::Holds(28)),
        9 => (Buffer::Valid, Length::Holds(4)),
        10 => (Buffer::Valid, Length::Holds(-1)),
        11 => (Buffer::Null, Length::Holds(16)),
        12 => (Buffer::Bad, Length::Holds(16)),
        _ => (Buffer::Valid, if cast.once_in(3) { Length::Bad } else { Length::Null }),
    }
}

/// An accept that finds a connection, or a listener that does not block.
pub(super) fn accept(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let waits = cast.things[listener].queued == 0 && !cast.things[listener].nonblocking;
    if waits {
        return None;
    }
    let (addr, addrlen) = buffer(cast);
    // With a negative length Wine 8.0 overwrites memory. What a short one costs is closed as the listener's linger says.
    let addrlen = if addrlen == Length::Holds(-1) || lingers(cast) { Length::Holds(28) } else { addrlen };
    let s = cast.handle(listener);
    // Not a decision of its own: what else a seed makes stays as it was.
    let call = if cast.script.items.len() % 4 == 3 {
        Call::WSAAccept { s, addr, addrlen, condition: Condition::Null, callback_data: 0 }
    } else {
        Call::Accept { s, addr, addrlen }
    };
    if addr != Buffer::Null && !matches!(addrlen, Length::Holds(16 | 28)) {
        cast.call(actor, call);
        return Some(());
    }
    accepted(cast, actor, listener, Action::Call(call));
    Some(())
}

fn lingers(cast: &Cast<'_>) -> bool {
    cast.has_step(|action| matches!(action, Action::Call(Call::Setsockopt { opt: Opt::Linger, .. })))
}

/// The socket that accept gives.
pub(super) fn accepted(cast: &mut Cast<'_>, actor: usize, listener: usize, action: Action) {
    let family = cast.things[listener].family;
    let new = cast.makes(actor, action, "A", family, State::Connected);
    let queued =
        |thing: &usize| cast.things[*thing].peer == Some(listener) && cast.things[*thing].state != State::Listens;
    let client = (0..new).find(queued);
    cast.things[new].peer = client;
    cast.things[new].nonblocking = cast.things[listener].nonblocking;
    cast.things[listener].queued = cast.things[listener].queued.saturating_sub(1);
    if let Some(client) = client {
        cast.things[client].peer = Some(new);
    }
}

pub(super) fn accept_waits(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let waits = cast.things[listener].queued == 0 && !cast.things[listener].nonblocking;
    waits.then_some(())?;
    let call = Call::Accept { s: cast.handle(listener), addr: Buffer::Null, addrlen: Length::Null };
    cast.blocks(actor, call);
    Some(())
}

/// A call that blocked returns, or should have by now.
pub(super) fn resumes(cast: &mut Cast<'_>) -> Option<()> {
    let waiting: Vec<usize> = (0..cast.waiting.len()).filter(|actor| cast.waiting[*actor].is_some()).collect();
    let actor = *waiting.first()?;
    let call = cast.waiting[actor].take()?;
    match call {
        Call::Accept { s, .. } => {
            let listener = (0..cast.things.len()).find(|thing| cast.handle(*thing) == s)?;
            accepted(cast, actor, listener, Action::Resumes);
        }
        _ => cast.step(actor, Action::Resumes, None),
    }
    Some(())
}

pub(super) fn send(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = match cast.find_with(&[State::Listens]).filter(|_| cast.once_in(8)) {
        Some(listener) => listener,
        None => cast.find_with(&[State::Connected])?,
    };
    let data = Data::new(b"abc").unwrap_or_default();
    let call = Call::Send { s: cast.handle(thing), data };
    cast.call(actor, call);
    tell_peer(cast, thing);
    Some(())
}

/// The other end can be read from.
pub(super) fn tell_peer(cast: &mut Cast<'_>, thing: usize) {
    if let Some(peer) = cast.things[thing].peer.filter(|peer| cast.things[*peer].state != State::Listens) {
        cast.things[peer].readable = true;
    }
}

pub(super) fn recv(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::Connected])?;
    let (readable, nonblocking) = (cast.things[thing].readable, cast.things[thing].nonblocking);
    let call = Call::Recv { s: cast.handle(thing), len: 16 };
    if readable || nonblocking {
        cast.call(actor, call);
    } else if cast.once_in(3) {
        cast.blocks(actor, call);
    }
    Some(())
}

fn shutdown(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::Connected, State::Listens])?;
    let how = cast.one_of(&[How::Send, How::Both, How::Receive]);
    let call = Call::Shutdown { s: cast.handle(thing), how };
    cast.call(actor, call);
    tell_peer(cast, thing);
    Some(())
}

pub(super) fn close(cast: &mut Cast<'_>) -> Option<()> {
    const ALL: &[State] = &[State::Connected, State::Connected, State::Listens, State::Bound, State::New, State::Event];
    let (actor, thing) = cast.find_with(ALL)?;
    let s = cast.handle(thing);
    (!is_waited_in_by_a_copy(cast, s)).then_some(())?;
    let state = cast.things[thing].state;
    let call = match state {
        State::Event => Call::WSACloseEvent { event: s },
        _ if cast.once_in(8) => Call::CloseHandle { handle: s },
        _ => Call::Closesocket { s },
    };
    cast.call(actor, call);
    tell_peer(cast, thing);
    cast.things[thing].state = closed_by(&call);
    Some(())
}

/// Somebody waits in one of several handles of a socket: on Wine that call goes on when the handle is closed, and takes a connection.
fn is_waited_in_by_a_copy(cast: &Cast<'_>, s: Ref) -> bool {
    let has_copies = cast.has_step(|action| matches!(action, Action::Call(Call::WSADuplicateSocket { .. })));
    has_copies && cast.waiting.iter().flatten().any(|call| call.subject() == Some(s))
}

/// What is closed behind the back of Winsock is still one of its sockets to Wine, for some calls: docs/compare.md.
fn closed_by(call: &Call<Ref>) -> State {
    if matches!(call, Call::CloseHandle { .. }) { State::Gone } else { State::Closed }
}

pub(super) fn reset(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::Connected])?;
    let s = cast.handle(thing);
    cast.call(actor, Call::Setsockopt { s, opt: Opt::Linger, value: OptVal::Linger(1, 0) });
    cast.call(actor, Call::Closesocket { s });
    tell_peer(cast, thing);
    cast.things[thing].state = State::Closed;
    Some(())
}

/// Every state of a socket, and once in a while a closed one.
const SOCKETS: &[State] = &[State::New, State::Bound, State::Listens, State::Connected, State::Datagram, State::Closed];

fn name_of(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(SOCKETS)?;
    let s = cast.handle(thing);
    let (name, namelen) = match cast.below(3) {
        0 => buffer(cast),
        _ => (Buffer::Valid, Length::Holds(cast.things[thing].family.address_size())),
    };
    let call =
        if cast.once_in(3) { Call::Getsockname { s, name, namelen } } else { Call::Getpeername { s, name, namelen } };
    cast.call(actor, call);
    Some(())
}

/// Options that a server or a client sets.
const VALUES: &[(Opt, OptVal)] = &[
    (Opt::ReuseAddr, OptVal::Number(1)),
    (Opt::ExclusiveAddrUse, OptVal::Number(1)),
    (Opt::KeepAlive, OptVal::Number(1)),
    (Opt::OobInline, OptVal::Number(1)),
    (Opt::Linger, OptVal::Linger(1, 7)),
    (Opt::Linger, OptVal::Linger(1, 0)),
    (Opt::SndTimeo, OptVal::Number(2500)),
    (Opt::RcvTimeo, OptVal::Number(2500)),
    (Opt::ConditionalAccept, OptVal::Number(1)),
    (Opt::NoDelay, OptVal::Number(1)),
    (Opt::ReuseAddr, OptVal::Number(0)),
];

pub(super) fn option_of(cast: &mut Cast<'_>, actor: usize, thing: usize) {
    let s = cast.handle(thing);
    let family = cast.things[thing].family;
    let (opt, value) = match family {
        // Later than that the system below Wine has its own ideas of it.
        Family::Inet6 if cast.things[thing].state == State::New && cast.once_in(2) => {
            (Opt::V6Only, OptVal::Number(cast.below(2)))
        }
        _ => cast.one_of(VALUES),
    };
    cast.call(actor, Call::Setsockopt { s, opt, value });
}

fn set_option(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(SOCKETS)?;
    option_of(cast, actor, thing);
    Some(())
}

/// Options that are the same on every stack: buffer sizes are not among them.
const ASKED: &[Opt] = &[
    Opt::ReuseAddr,
    Opt::ExclusiveAddrUse,
    Opt::KeepAlive,
    Opt::OobInline,
    Opt::Linger,
    Opt::SndTimeo,
    Opt::RcvTimeo,
    Opt::AcceptConn,
    Opt::Error,
    Opt::Type,
    Opt::ConditionalAccept,
    Opt::NoDelay,
];

pub(super) fn get_option(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(SOCKETS)?;
    // Not IPV6_V6ONLY: the system below Wine sets it when a socket is bound to one address.
    let opt = cast.one_of(ASKED);
    let call = Call::Getsockopt { s: cast.handle(thing), opt };
    cast.call(actor, call);
    Some(())
}

fn mode(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::Listens, State::Connected, State::New])?;
    let argp = u32::from(!cast.once_in(4));
    let s = cast.handle(thing);
    cast.call(actor, Call::Ioctlsocket { s, argp: Some(argp) });
    cast.things[thing].nonblocking = argp != 0;
    Some(())
}

pub(super) fn event(cast: &mut Cast<'_>, actor: usize) -> usize {
    let process = cast.process_of(actor);
    let has = |thing: &usize| cast.things[*thing].state == State::Event && cast.things[*thing].process == process;
    match (0..cast.things.len()).find(has) {
        Some(event) => event,
        None => cast.makes(actor, Action::Call(Call::WSACreateEvent), "E", Family::Inet, State::Event),
    }
}

pub(super) fn select_events(cast: &mut Cast<'_>) -> Option<()> {
    (!cast.has_step(posts_messages)).then_some(())?;
    let (actor, thing) = cast.find_with(&[State::Listens, State::Connected, State::Listens, State::New])?;
    let event = event(cast, actor);
    let (s, event) = (cast.handle(thing), cast.handle(event));
    let mask = match (cast.things[thing].state, cast.below(4)) {
        (_, 0) => match cast.draw(Function::WSAEventSelect, 0, Some(s)) {
            Call::WSAEventSelect { mask, .. } => mask,
            _ => NetworkEvents(0),
        },
        (State::Listens, _) => NetworkEvents::ACCEPT.with(NetworkEvents::CLOSE),
        _ => NetworkEvents::READ.with(NetworkEvents::WRITE).with(NetworkEvents::CLOSE),
    };
    cast.call(actor, Call::WSAEventSelect { s, event: Some(event), mask });
    cast.things[thing].nonblocking = true;
    Some(())
}

fn posts_messages(action: &Action) -> bool {
    matches!(action, Action::Call(Call::WSAAsyncSelect { .. }))
}

pub(super) fn enumerate(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::Listens, State::Connected])?;
    let has_event = (0..cast.things.len()).any(|other| cast.things[other].state == State::Event);
    if !has_event && !cast.once_in(6) {
        return None;
    }
    let event = if has_event && !cast.once_in(3) { Some(event(cast, actor)) } else { None };
    let event = event.map(|event| cast.handle(event));
    let call = Call::WSAEnumNetworkEvents { s: cast.handle(thing), event };
    cast.call(actor, call);
    Some(())
}

pub(super) fn wait(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::Event])?;
    let events = Set::collect(std::iter::once(cast.handle(thing)));
    let alertable = cast.once_in(4);
    cast.call(actor, Call::WSAWaitForMultipleEvents { events, timeout: Some(0), alertable });
    Some(())
}

/// Two sockets of one process, or one.
fn pair(cast: &mut Cast<'_>) -> Option<(usize, Vec<Ref>)> {
    let (actor, first) = cast.find_with(SOCKETS)?;
    let process = cast.things[first].process;
    let mut all = vec![cast.handle(first)];
    let more = cast.find(SOCKETS).filter(|more| *more != first && cast.things[*more].process == process);
    all.extend(more.filter(|_| cast.once_in(3)).map(|more| cast.handle(more)));
    Some((actor, all))
}

pub(super) fn ready(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, all) = pair(cast)?;
    let set = Some(Set::collect(all));
    let which = cast.below(8);
    let wanted = |bit: u32| set.filter(|_| which == 7 || which % 3 == bit);
    let (readfds, writefds, exceptfds) = (wanted(0), wanted(1), wanted(2));
    cast.call(actor, Call::Select { readfds, writefds, exceptfds, timeout: Some(0) });
    Some(())
}

pub(super) fn poll(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, all) = pair(cast)?;
    let events = match cast.below(8) {
        0 => PollEvents(0),
        1 => PollEvents::PRI,
        2 => PollEvents::RDBAND,
        3 => PollEvents::RDNORM,
        _ => PollEvents::RDNORM.with(PollEvents::WRNORM),
    };
    let other = cast.once_in(12).then_some((Ref::InvalidSocket, events));
    let fds = Set::collect(all.into_iter().map(|s| (s, events)).chain(other));
    cast.call(actor, Call::WSAPoll { fds, timeout: Some(0) });
    Some(())
}

/// A second handle of a socket, in either process.
fn duplicate(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::Listens, State::Connected])?;
    let process = if cast.is_two() { cast.below(2) } else { 0 };
    let taker = cast.free(Some(process))?;
    let s = cast.handle(thing);
    // A process that nobody acts for is none that a scenario can name.
    cast.thread(taker);
    cast.call(actor, Call::WSADuplicateSocket { s, process: ProcessId(process) });
    let of = cast.things[thing].clone();
    let new = cast.makes(taker, Action::Call(Call::WSASocketFromInfo { s }), "D", of.family, of.state);
    (cast.things[new].nonblocking, cast.things[new].queued) = (of.nonblocking, of.queued);
    Some(())
}

pub(super) fn listen_again(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::Listens, State::Connected, State::New, State::Datagram])?;
    let backlog = backlog(cast);
    let call = Call::Listen { s: cast.handle(thing), backlog };
    cast.call(actor, call);
    Some(())
}

fn last_error(cast: &mut Cast<'_>) -> Option<()> {
    let actor = cast.free(None)?;
    if has_cleaned_up(cast) {
        return None;
    }
    cast.call(actor, Call::WSAGetLastError);
    Some(())
}

/// To something that does not listen, or for the second time.
fn connect_somewhere(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::New, State::Bound, State::Connected])?;
    let to = cast.find(&[State::Closed, State::Bound, State::Listens, State::New])?;
    (to != thing && has_own_address(cast, to)).then_some(())?;
    let call = Call::Connect { s: cast.handle(thing), name: Name::Of(cast.handle(to)) };
    cast.call(actor, call);
    Some(())
}

/// What a closed socket had of a connection is an address that its listener may still have; the model does not remember it.
fn has_own_address(cast: &Cast<'_>, thing: usize) -> bool {
    cast.things[thing].state != State::Closed || cast.things[thing].peer.is_none()
}

fn apc(cast: &mut Cast<'_>) -> Option<()> {
    let actor = cast.free(None)?;
    let event = event(cast, actor);
    let thread = cast.thread(actor);
    let routine = Routine::SetEvent(cast.handle(event));
    cast.call(actor, Call::QueueUserAPC { routine, thread });
    // None is left behind: which waits it runs in, and what it does to them, are questions of the scenarios about it.
    if cast.once_in(4) {
        cast.call(actor, Call::SleepEx { timeout: Some(0), alertable: false });
    }
    cast.call(actor, Call::SleepEx { timeout: Some(0), alertable: true });
    Some(())
}

/// An address that another socket has.
fn bind_there(cast: &mut Cast<'_>) -> Option<()> {
    let taken = cast.find(&[State::Listens, State::Bound, State::Closed])?;
    has_own_address(cast, taken).then_some(())?;
    let actor = cast.free(Some(cast.things[taken].process))?;
    let family = cast.things[taken].family;
    let new = socket(cast, actor, "S", family);
    if cast.once_in(2) {
        option_of(cast, actor, new);
    }
    let (s, name) = (cast.handle(new), Name::Of(cast.handle(taken)));
    cast.call(actor, Call::Bind { s, name });
    cast.things[new].state = State::Bound;
    Some(())
}

fn ends(cast: &mut Cast<'_>) -> Option<()> {
    if cast.script.items.len() < 10 {
        return None;
    }
    let process = u32::from(cast.is_two());
    let actor = cast.free(Some(process)).filter(|_| cast.is_two())?;
    cast.step(actor, Action::Exits(0), None);
    cast.ended[process as usize] = true;
    for actor in 0..cast.waiting.len() {
        if cast.process_of(actor) == process {
            cast.waiting[actor] = None;
        }
    }
    Some(())
}

fn starts_again(cast: &mut Cast<'_>) -> Option<()> {
    let actor = cast.free(None)?;
    let version = Version { major: 2, minor: 2 };
    let call = if cast.once_in(2) { Call::WSACleanup } else { Call::WSAStartup { version } };
    cast.call(actor, call);
    Some(())
}

fn is_each_once(all: &[Ref]) -> bool {
    all.iter().enumerate().all(|(n, s)| !all[..n].contains(s))
}

/// What WSACleanup leaves as the last error depends on what Wine closed, and finds closed already.
fn has_cleaned_up(cast: &Cast<'_>) -> bool {
    cast.has_step(|action| matches!(action, Action::Call(Call::WSACleanup)))
}

/// Any call of the list with any arguments, as long as it cannot take for ever.
// Longer than a screen: a paragraph for each call that may not be drawn as it is.
fn anything(cast: &mut Cast<'_>) -> Option<()> {
    let function = cast.one_of(Function::ALL);
    let about: &[State] = match function {
        Function::WSASetEvent | Function::WSAResetEvent | Function::WSACloseEvent => &[State::Event],
        Function::WSAWaitForMultipleEvents => &[State::Event],
        _ => SOCKETS,
    };
    let (actor, first) = match cast.find_with(about).filter(|_| !cast.once_in(8)) {
        Some((actor, thing)) => (actor, Some(cast.handle(thing))),
        None => (cast.free(None)?, None),
    };
    let process = cast.process_of(actor);
    let call = cast.draw_short(function, process, first);
    let is_fit = match &call {
        // They name actors and processes, which a draw does not know.
        Call::QueueUserAPC { .. } | Call::WSADuplicateSocket { .. } | Call::WSASocketFromInfo { .. } => false,
        Call::CreateProcess { .. } => false,
        // Which number the group of a socket has no worker knows, and all use of groups is reserved.
        Call::WSASocket { group, .. } => *group == Group::None,
        Call::Setsockopt { opt, value, .. } => {
            let is_settable = !matches!(
                opt,
                Opt::AcceptConn | Opt::Error | Opt::Type | Opt::ConnectTime | Opt::V6Only | Opt::GroupId
            );
            is_settable && matches!(value, OptVal::Linger(..)) == (*opt == Opt::Linger)
        }
        Call::Getsockopt { opt, .. } => {
            !matches!(opt, Opt::SndBuf | Opt::RcvBuf | Opt::ConnectTime | Opt::V6Only | Opt::GroupId)
        }
        // The number of a closed event may be that of something that the worker itself has opened since.
        Call::Closesocket { s } if is_waited_in_by_a_copy(cast, *s) => false,
        Call::CloseHandle { handle } if is_waited_in_by_a_copy(cast, *handle) => false,
        Call::CloseHandle { handle } => (0..cast.things.len()).any(|thing| {
            let is_open = !matches!(cast.things[thing].state, State::Closed | State::Gone);
            cast.handle(thing) == *handle && is_open
        }),
        // Wine takes a negative length for a huge one.
        Call::Connect { name: Name::Address(address, length), .. } => address.ip != Ip::NotLocal && *length >= 0,
        // In which order a faulty question is looked at is not worth a choice point.
        Call::WSAIoctl { .. } | Call::IoctlCommand { .. } => false,
        Call::Ioctlsocket { argp, .. } => argp.is_some(),
        // Who else has such a port on this machine nobody knows.
        Call::Bind { name: Name::Address(address, _), .. } => !matches!(address.port, Port::Fixed(_)),
        // An event is what it takes; a socket in its place is something that only some stacks refuse.
        Call::WSAEventSelect { .. } if cast.has_step(posts_messages) => false,
        Call::WSAEventSelect { event, .. } | Call::WSAEnumNetworkEvents { event, .. } => {
            let is_event =
                |thing: &usize| Some(cast.handle(*thing)) == *event && cast.things[*thing].state == State::Event;
            event.is_none() || (0..cast.things.len()).any(|thing| is_event(&thing))
        }
        // They take an OVERLAPPED, or belong to one: what is told of such requests is told in order.
        Call::Overlapped { .. } | Call::HasOverlappedIoCompleted { .. } | Call::AcceptEx { .. } => false,
        Call::WSAIoctlOverlapped { .. } | Call::UpdateConnectContext { .. } => false,
        Call::GetAcceptExSockaddrs { .. } | Call::UpdateAcceptContext { .. } | Call::CancelIoEx { .. } => false,
        Call::WSAGetOverlappedResult { .. } | Call::GetOverlappedResult { .. } => false,
        Call::WSARecvOverlapped { .. } | Call::WSASendOverlapped { .. } => false,
        Call::ReadFile { .. } | Call::WriteFile { .. } => false,
        Call::AfdPoll { .. } | Call::AfdPollInfo { .. } => false,
        Call::DisconnectEx { .. } | Call::TransmitFile { .. } | Call::ConnectEx { .. } => false,
        Call::AssociatePort { .. } | Call::GetQueuedCompletionStatus { .. } => false,
        Call::GetQueuedCompletionStatusEx { .. } => false,
        Call::CreatePort { .. } | Call::PostQueuedCompletionStatus { .. } => false,
        // A window is drawn by those who have one.
        Call::CreateWindow | Call::WSAAsyncSelect { .. } | Call::PeekMessage { .. } | Call::GetMessage { .. } => false,
        // It may wait; those that are to do so are written as such.
        Call::Recv { .. } | Call::WSARecv { .. } => false,
        // Stacks count a socket that is there twice in different ways, and no array at all is another fault.
        Call::WSAPoll { fds, .. } => {
            let all: Vec<Ref> = fds.iter().map(|(s, _)| s).collect();
            !all.is_empty() && is_each_once(&all)
        }
        Call::Select { readfds, writefds, exceptfds, .. } => {
            let sets = [readfds, writefds, exceptfds];
            sets.into_iter().flatten().all(|set| is_each_once(&set.iter().collect::<Vec<Ref>>()))
        }
        Call::WSAGetLastError => !has_cleaned_up(cast),
        _ => !call.accepts(),
    };
    is_fit.then_some(())?;
    let kind = match &call {
        Call::Socket { kind, .. } | Call::WSASocket { kind, .. } => *kind,
        _ => SockType::Stream,
    };
    match made_by(function, kind).filter(|_| matches!(function.returns(), Returns::Socket | Returns::Event)) {
        Some((prefix, state)) => {
            let family = match &call {
                Call::Socket { family, .. } | Call::WSASocket { family, .. } => *family,
                _ => Family::Inet,
            };
            cast.makes(actor, Action::Call(call), prefix, family, state);
        }
        None => cast.call(actor, call),
    }
    if function.does().closes
        && let Some(thing) = (0..cast.things.len()).find(|thing| Some(cast.handle(*thing)) == first)
    {
        cast.things[thing].state = closed_by(&call);
    }
    Some(())
}
