//! Several moves that make sense only one after the other: chance alone would rarely bring them together.

use winaccept_model::call::{
    Address, Buffer, Call, Family, Ip, Length, Name, NetworkEvents, Opt, OptVal, Port, Set, SockType,
};
use winaccept_sim::script::Action;

use super::cast::{Cast, State};
use super::moves::{
    Move, accept_waits, accepted, close, enumerate, event, listen_again, one_of, option_of, poll, ready, recv, reset,
    resumes, send, socket, wait,
};

/// The stories, and how often each is told.
const STORIES: &[(u32, Move)] = &[
    (5, inherits),
    (5, inherits_late),
    (4, inherits_events),
    (5, closes_under_a_call),
    (2, cleans_up_under_a_call),
    (6, is_refused),
    (4, hears_of_arrivals),
    (4, hears_of_the_end),
    (4, hears_by_messages),
    (2, binds_datagrams),
    (2, enumerates_what_is_no_socket),
    (3, receives_twice),
    (3, ends_with_data_unread),
    (2, waits_alertably),
    (3, fills_the_queue),
    (3, disconnects),
    (3, recycles),
];

/// One of them.
pub(super) fn any(cast: &mut Cast<'_>) -> Option<()> {
    one_of(cast, STORIES)
}

/// A client connects to this listener; who it is.
fn client_of(cast: &mut Cast<'_>, listener: usize) -> Option<(usize, usize)> {
    let actor = cast.free(Some(u32::from(cast.is_two())))?;
    let family = cast.things[listener].family;
    let client = socket(cast, actor, "C", family);
    let (s, name) = (cast.handle(client), Name::Of(cast.handle(listener)));
    cast.call(actor, Call::Connect { s, name });
    cast.things[client].state = State::Connected;
    cast.things[client].peer = Some(listener);
    cast.things[listener].queued += 1;
    Some((actor, client))
}

/// Somebody accepts there; what comes of it.
fn accept_at(cast: &mut Cast<'_>, actor: usize, listener: usize) -> usize {
    let call = Call::Accept { s: cast.handle(listener), addr: Buffer::Null, addrlen: Length::Null };
    accepted(cast, actor, listener, Action::Call(call));
    cast.things.len() - 1
}

/// Some option, its value, and the option asked for.
fn option(cast: &mut Cast<'_>) -> (Opt, OptVal) {
    const ALL: &[(Opt, OptVal)] = &[
        (Opt::KeepAlive, OptVal::Number(1)),
        (Opt::Linger, OptVal::Linger(1, 7)),
        (Opt::RcvTimeo, OptVal::Number(2500)),
        (Opt::SndTimeo, OptVal::Number(2500)),
        (Opt::NoDelay, OptVal::Number(1)),
        (Opt::OobInline, OptVal::Number(1)),
    ];
    cast.one_of(ALL)
}

/// An option of the listener, seen at the accepted socket.
fn inherits(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let (opt, value) = option(cast);
    let s = cast.handle(listener);
    cast.call(actor, Call::Setsockopt { s, opt, value });
    client_of(cast, listener)?;
    let new = accept_at(cast, actor, listener);
    let s = cast.handle(new);
    cast.call(actor, Call::Getsockopt { s, opt });
    Some(())
}

/// The same, set while the client waits in the queue.
fn inherits_late(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let (opt, value) = option(cast);
    client_of(cast, listener)?;
    let s = cast.handle(listener);
    cast.call(actor, Call::Setsockopt { s, opt, value });
    let new = accept_at(cast, actor, listener);
    let s = cast.handle(new);
    cast.call(actor, Call::Getsockopt { s, opt });
    Some(())
}

/// The listener's selection of events, seen at the accepted socket.
fn inherits_events(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let event = event(cast, actor);
    let (s, event) = (cast.handle(listener), cast.handle(event));
    let mask = NetworkEvents::ACCEPT.with(NetworkEvents::WRITE).with(NetworkEvents::READ).with(NetworkEvents::CLOSE);
    cast.call(actor, Call::WSAEventSelect { s, event: Some(event), mask });
    cast.things[listener].nonblocking = true;
    client_of(cast, listener)?;
    let new = accept_at(cast, actor, listener);
    if cast.once_in(2) {
        let _ = send(cast);
    }
    let s = cast.handle(new);
    cast.call(actor, Call::WSAEnumNetworkEvents { s, event: None });
    Some(())
}

/// A thread waits in accept, and another closes the listener.
fn closes_under_a_call(cast: &mut Cast<'_>) -> Option<()> {
    accept_waits(cast)?;
    let listener = cast.find(&[State::Listens])?;
    let actor = cast.free(Some(cast.things[listener].process))?;
    let s = cast.handle(listener);
    match cast.below(4) {
        0 => drop(client_of(cast, listener)?),
        1 => drop(listen_again(cast)),
        _ => {
            cast.call(actor, Call::Closesocket { s });
            cast.things[listener].state = State::Closed;
        }
    }
    resumes(cast)
}

/// A thread waits in accept, and its process is done with Winsock.
fn cleans_up_under_a_call(cast: &mut Cast<'_>) -> Option<()> {
    accept_waits(cast)?;
    let actor = cast.free(Some(0))?;
    cast.call(actor, Call::WSACleanup);
    resumes(cast)
}

/// Nobody listens there; what the socket is good for afterwards.
fn is_refused(cast: &mut Cast<'_>) -> Option<()> {
    let actor = cast.free(Some(0))?;
    let nobody = socket(cast, actor, "S", Family::Inet);
    let ip = Ip::Loopback;
    let name = Name::Address(Address { family: Family::Inet, ip, port: Port::Unset }, Family::Inet.address_size());
    let s = cast.handle(nobody);
    cast.call(actor, Call::Bind { s, name });
    cast.things[nobody].state = State::Bound;
    let client = socket(cast, actor, "C", Family::Inet);
    let (c, name) = (cast.handle(client), Name::Of(s));
    cast.call(actor, Call::Connect { s: c, name });
    match cast.below(7) {
        0 | 1 => {
            cast.call(actor, Call::Getsockopt { s: c, opt: Opt::Error });
            cast.call(actor, Call::Getsockopt { s: c, opt: Opt::Error });
        }
        2 => cast.call(actor, Call::Recv { s: c, len: 16 }),
        3 => drop(listen_again(cast)),
        4 => drop(poll(cast)),
        5 => drop(ready(cast)),
        _ => {
            let backlog = winaccept_model::call::Backlog::Number(5);
            cast.call(actor, Call::Listen { s, backlog });
            cast.things[nobody].state = State::Listens;
            cast.call(actor, Call::Connect { s: c, name });
        }
    }
    Some(())
}

/// Two clients come, and the listener's event tells of them.
fn hears_of_arrivals(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let event = event(cast, actor);
    let (s, event) = (cast.handle(listener), cast.handle(event));
    let select = Call::WSAEventSelect { s, event: Some(event), mask: NetworkEvents::ACCEPT };
    cast.call(actor, select);
    cast.things[listener].nonblocking = true;
    client_of(cast, listener)?;
    cast.call(actor, Call::WSAEnumNetworkEvents { s, event: Some(event) });
    match cast.below(3) {
        0 => cast.call(actor, select),
        1 => drop(client_of(cast, listener)?),
        _ => drop(accept_at(cast, actor, listener)),
    }
    let events = Set::collect(std::iter::once(event));
    cast.call(actor, Call::WSAWaitForMultipleEvents { events, timeout: Some(0), alertable: false });
    Some(())
}

/// Clients come, and a window is told of them.
fn hears_by_messages(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    // What Wine remembers of events that were not asked for, when one kind of registration takes the other's place, is its own.
    let selects = |action: &Action| matches!(action, Action::Call(Call::WSAEventSelect { .. }));
    (!cast.has_step(selects)).then_some(())?;
    let window = cast.makes(actor, Action::Call(Call::CreateWindow), "W", Family::Inet, State::Window);
    let (s, window) = (cast.handle(listener), cast.handle(window));
    let mask = cast.one_of(&[NetworkEvents::ACCEPT, NetworkEvents::ACCEPT.with(NetworkEvents::WRITE)]);
    let select = Call::WSAAsyncSelect { s, window: Some(window), message: 1025, mask };
    cast.call(actor, select);
    cast.things[listener].nonblocking = true;
    client_of(cast, listener)?;
    cast.call(actor, Call::PeekMessage { window });
    match cast.below(4) {
        0 => cast.call(actor, select),
        1 => drop(client_of(cast, listener)?),
        2 => drop(accept_at(cast, actor, listener)),
        _ => cast.call(actor, Call::GetMessage { window: winaccept_sim::script::Ref::Number(0xdead) }),
    }
    cast.call(actor, Call::PeekMessage { window });
    cast.call(actor, Call::PeekMessage { window });
    Some(())
}

/// The end of a connection, behind data or alone, and the event that tells of it.
fn hears_of_the_end(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let (peer, client) = client_of(cast, listener)?;
    let new = accept_at(cast, actor, listener);
    let event = event(cast, actor);
    let (s, c, event) = (cast.handle(new), cast.handle(client), cast.handle(event));
    let mask = NetworkEvents::READ.with(NetworkEvents::CLOSE);
    cast.call(actor, Call::WSAEventSelect { s, event: Some(event), mask });
    if !cast.once_in(3) {
        let data = winaccept_model::call::Data::new(b"abc").unwrap_or_default();
        cast.call(peer, Call::Send { s: c, data });
    }
    cast.call(peer, Call::Closesocket { s: c });
    cast.things[client].state = State::Closed;
    cast.call(actor, Call::WSAEnumNetworkEvents { s, event: Some(event) });
    Some(())
}

fn binds_datagrams(cast: &mut Cast<'_>) -> Option<()> {
    let actor = cast.free(None)?;
    let family = Family::Inet;
    let call = Call::Socket { family, kind: SockType::Dgram };
    let new = cast.makes(actor, Action::Call(call), "U", family, State::Datagram);
    let of = if cast.once_in(2) { Family::Inet6 } else { Family::Inet };
    let ip = cast.one_of(&[Ip::Loopback, Ip::NotLocal, Ip::Any]);
    let name = Name::Address(Address { family: of, ip, port: Port::Unset }, of.address_size());
    let s = cast.handle(new);
    cast.call(actor, Call::Bind { s, name });
    Some(())
}

/// An event that is set, and what a failing enumeration makes of it.
fn enumerates_what_is_no_socket(cast: &mut Cast<'_>) -> Option<()> {
    let actor = cast.free(None)?;
    let event = event(cast, actor);
    let event = cast.handle(event);
    cast.call(actor, Call::WSASetEvent { event });
    cast.call(actor, Call::WSAEnumNetworkEvents { s: winaccept_sim::script::Ref::InvalidSocket, event: Some(event) });
    wait(cast)
}

/// Data, received by a call that counts it and by one that does not.
fn receives_twice(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let (peer, client) = client_of(cast, listener)?;
    let new = accept_at(cast, actor, listener);
    let data = winaccept_model::call::Data::new(b"abc").unwrap_or_default();
    let c = cast.handle(client);
    cast.call(peer, Call::Send { s: c, data });
    let (s, received) = (cast.handle(new), cast.once_in(2));
    let buffers = Set::collect([2, 4]);
    cast.call(actor, Call::WSARecv { s, buffers, received });
    cast.things[new].nonblocking = true;
    cast.call(actor, Call::Ioctlsocket { s, argp: Some(1) });
    cast.call(actor, Call::Recv { s, len: 16 });
    Some(())
}

/// A server ends its side of a connection, and goes on with the rest of it.
fn disconnects(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let (peer, client) = client_of(cast, listener)?;
    let new = accept_at(cast, actor, listener);
    let (c, s) = (cast.handle(client), cast.handle(new));
    let overlapped = cast.once_in(3).then(|| {
        let made = Action::Call(Call::Overlapped { event: None, low_bit: false });
        let over = cast.makes(actor, made, "O", Family::Inet, State::Overlapped);
        cast.handle(over)
    });
    let flags = cast.one_of(&[0, 1]);
    let ends = match flags {
        0 => Call::DisconnectEx { s, overlapped, flags: 0, reserved: u8::from(cast.once_in(8)) },
        _ => Call::TransmitFile { s, overlapped, flags },
    };
    cast.call(actor, ends);
    if cast.once_in(2) {
        cast.call(actor, Call::DisconnectEx { s, overlapped: None, flags: 0, reserved: 0 });
    }
    cast.call(peer, Call::Closesocket { s: c });
    cast.things[client].state = State::Closed;
    cast.call(actor, Call::Recv { s, len: 4 });
    Some(())
}

/// A server that uses the socket of a connection again, whose client has closed it.
fn recycles(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let (peer, client) = client_of(cast, listener)?;
    let new = accept_at(cast, actor, listener);
    let (c, s, listen) = (cast.handle(client), cast.handle(new), cast.handle(listener));
    let made = Action::Call(Call::Overlapped { event: None, low_bit: false });
    let over = cast.makes(actor, made, "O", Family::Inet, State::Overlapped);
    let over = cast.handle(over);
    cast.call(peer, Call::Closesocket { s: c });
    cast.things[client].state = State::Closed;
    let overlapped = cast.once_in(2).then_some(over);
    let again = match cast.below(2) {
        0 => Call::DisconnectEx { s, overlapped, flags: 2, reserved: 0 },
        _ => Call::TransmitFile { s, overlapped, flags: 3 },
    };
    cast.call(actor, again);
    // It is neither of the other kinds from here on.
    cast.things[new].state = State::Closed;
    if cast.once_in(4) {
        cast.call(
            actor,
            Call::ConnectEx {
                s,
                name: Name::Of(listen),
                sent: winaccept_model::call::Data::default(),
                overlapped: Some(over),
            },
        );
    }
    let (buffer, receive, local, remote) = (Buffer::Valid, 0, 44, 44);
    let overlapped = Some(over);
    cast.call(actor, Call::AcceptEx { listen, accept: s, buffer, receive, local, remote, bytes: true, overlapped });
    client_of(cast, listener)?;
    cast.call(actor, Call::GetOverlappedResult { s: listen, overlapped: over, bytes: true, wait: false });
    cast.call(actor, Call::Closesocket { s });
    Some(())
}

/// A server that closes before it has read everything.
fn ends_with_data_unread(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let (peer, client) = client_of(cast, listener)?;
    let new = accept_at(cast, actor, listener);
    let data = winaccept_model::call::Data::new(b"abc").unwrap_or_default();
    let (c, s) = (cast.handle(client), cast.handle(new));
    cast.call(peer, Call::Send { s: c, data });
    if cast.once_in(4) {
        reset(cast)?;
    } else {
        cast.call(actor, Call::Closesocket { s });
    }
    cast.things[new].state = State::Closed;
    cast.call(peer, Call::Recv { s: c, len: 16 });
    Some(())
}

/// An APC that is queued before a call that waits.
fn waits_alertably(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    if cast.things[listener].queued > 0 || cast.things[listener].nonblocking {
        return None;
    }
    let event = event(cast, actor);
    let thread = cast.thread(actor);
    let event = cast.handle(event);
    let routine = winaccept_model::call::Routine::SetEvent(event);
    cast.call(actor, Call::QueueUserAPC { routine, thread });
    let events = Set::collect(std::iter::once(event));
    let looks = Call::WSAWaitForMultipleEvents { events, timeout: Some(0), alertable: false };
    if cast.once_in(2) {
        let readfds = Some(Set::collect(std::iter::once(cast.handle(listener))));
        cast.call(actor, Call::Select { readfds, writefds: None, exceptfds: None, timeout: Some(50) });
        cast.call(actor, looks);
        return Some(());
    }
    // Whoever waits in accept cannot look whether the APC has run.
    let call = Call::Accept { s: cast.handle(listener), addr: Buffer::Null, addrlen: Length::Null };
    cast.blocks(actor, call);
    let other = cast.free(Some(cast.things[listener].process))?;
    cast.call(other, looks);
    client_of(cast, listener)?;
    resumes(cast)
}

/// More clients than the queue takes; none of them waits for ever.
fn fills_the_queue(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    if cast.once_in(3) {
        option_of(cast, actor, listener);
    }
    for _ in 0..2 {
        client_of(cast, listener)?;
    }
    let peer = cast.free(Some(u32::from(cast.is_two())))?;
    let family = cast.things[listener].family;
    let last = socket(cast, peer, "C", family);
    let (s, name) = (cast.handle(last), Name::Of(cast.handle(listener)));
    cast.call(peer, Call::Ioctlsocket { s, argp: Some(1) });
    cast.call(peer, Call::Connect { s, name });
    cast.things[last].state = State::Connected;
    cast.things[last].nonblocking = true;
    match cast.below(3) {
        0 => close(cast),
        1 => recv(cast),
        _ => enumerate(cast),
    }
}
