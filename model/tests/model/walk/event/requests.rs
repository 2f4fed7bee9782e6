//! Random calls about requests: what they are made with, what became of them, and sockets that are used again.

use super::*;

/// What a program does with overlapped requests, mostly with those that there are.
// Longer than a screen: a line or two for each call.
pub(super) fn overlapped_call(w: &World, thread: ThreadId, dice: &mut Dice) -> Call {
    let s = socket(w, thread, dice);
    let overlapped = over_handle(w, dice);
    let bytes = !dice.one_in(6);
    let routine = dice.one_in(2);
    match dice.below(33) {
        30.. => driver_call(w, thread, overlapped, dice),
        28.. => file_call(w, thread, overlapped, dice),
        24.. => recycling_call(w, thread, overlapped, dice),
        18..21 => {
            let count = 1 + dice.below(2);
            let buffers = Set::collect((0..count).map(|_| dice.below(9) as u32));
            Call::WSARecvOverlapped { s: connected_or(w, thread, dice), buffers, bytes, overlapped, routine }
        }
        21..24 => {
            let buffer = Data::new(&b"abcdefgh"[..dice.below(6)]).unwrap_or_default();
            Call::WSASendOverlapped { s: connected_or(w, thread, dice), buffer, bytes, overlapped, routine }
        }
        16 => Call::Shutdown { s: fresh_or(w, s), how: How::Send },
        17 if dice.one_in(2) => {
            let window = w.windows().iter().next().map(|(at, _)| Handle::window(WindowId::new(at)));
            Call::WSAAsyncSelect { s: fresh_or(w, s), window, message: 1025, mask: mask(dice) }
        }
        17 => Call::WSAEventSelect { s: fresh_or(w, s), event: event_or_null(w, dice), mask: mask(dice) },
        14 => modes_call(w, thread, dice),
        15 => option_call(fresh_or(w, s), dice),
        12 => Call::Getsockname { s: fresh_or(w, s), name: Buffer::Valid, namelen: Length::Holds(28) },
        13 => Call::Getpeername { s: fresh_or(w, s), name: Buffer::Valid, namelen: Length::Holds(28) },
        0 => Call::Overlapped { event: event_or_null(w, dice), low_bit: dice.one_in(8) },
        1..6 => {
            let lengths = [32, 32, 32, 44, 3, 0];
            let length = |dice: &mut Dice| dice.one(&lengths).unwrap_or(32);
            Call::AcceptEx {
                listen: listener_or(w, thread, dice),
                accept: unbound_or(w, thread, dice),
                buffer: if dice.one_in(8) { Buffer::Null } else { Buffer::Valid },
                receive: dice.one(&[0, 0, 1, 8]).unwrap_or(0),
                local: length(dice),
                remote: length(dice),
                bytes,
                overlapped: (!dice.one_in(8)).then_some(overlapped),
            }
        }
        6 => Call::HasOverlappedIoCompleted { overlapped },
        7 if dice.one_in(4) => Call::UpdateConnectContext { s: connected_or(w, thread, dice) },
        7 => Call::UpdateAcceptContext { s, listener: listener_or(w, thread, dice) },
        8 => {
            // Mostly one that is complete, with the lengths that its request was given.
            let filled = w.overs().iter().find_map(|(at, over)| {
                let buffer = over.buffer.filter(|buffer| buffer.addresses.is_some())?;
                Some((Handle::overlapped(OverId::new(at)), buffer.lengths))
            });
            let (overlapped, [receive, local, remote]) =
                filled.filter(|_| !dice.one_in(4)).unwrap_or((overlapped, [0, 32, 32]));
            Call::GetAcceptExSockaddrs { overlapped, receive, local, remote }
        }
        9 => result_call(w, thread, overlapped, bytes, dice),
        10 => {
            let s = listener_or(w, thread, dice);
            let overlapped = (!dice.one_in(3)).then_some(overlapped);
            if dice.one_in(2) { Call::CancelIoEx { s, overlapped } } else { Call::CancelIo { s } }
        }
        _ => {
            let extension = Extension {
                name: if dice.one_in(3) { ExtensionName::Nobodys } else { ExtensionName::AcceptEx },
                size: if dice.one_in(4) { 8 } else { 16 },
            };
            let pointer = if dice.one_in(4) { 4 } else { 8 };
            if dice.one_in(2) {
                return command_call(s, bytes, overlapped, routine, dice);
            }
            if dice.one_in(2) {
                Call::WSAIoctlOverlapped { s, extension, pointer, bytes, overlapped, routine }
            } else {
                Call::WSAIoctl { s, extension, pointer, bytes }
            }
        }
    }
}

/// A command of WSAIoctl that asks for no function.
fn command_call(s: Handle, bytes: bool, overlapped: Handle, routine: bool, dice: &mut Dice) -> Call {
    let argument = (!dice.one_in(6)).then(|| dice.below(2) as u32);
    let command = if dice.one_in(3) { Command::Nobodys } else { Command::Fionbio(argument, 4) };
    let room = Buffer::Null;
    match dice.below(3) {
        0 => Call::IdealSendBacklog { s },
        1 => Call::IoctlCommand { s, command, room, bytes, overlapped: None, routine: false },
        _ => Call::IoctlCommand { s, command, room, bytes, overlapped: Some(overlapped), routine },
    }
}

/// A poll of the driver, or a look at what it has found.
fn driver_call(w: &World, thread: ThreadId, overlapped: Handle, dice: &mut Dice) -> Call {
    if dice.one_in(3) {
        return Call::AfdPollInfo { overlapped };
    }
    let mut polled = || match dice.below(4) {
        0 => socket(w, thread, dice),
        1 => connected_or(w, thread, dice),
        _ => listener_or(w, thread, dice),
    };
    let (file, first, second) = (polled(), polled(), polled());
    let all = AfdEvents::NAMES.iter().fold(AfdEvents::default(), |all, (_, event)| all.with(*event));
    let masks = [AfdEvents::ACCEPT, AfdEvents::ABORT.with(AfdEvents::DISCONNECT), AfdEvents::default(), all];
    let handles = [first, second].into_iter().take(dice.below(3));
    let handles = Set::collect(handles.map(|s| (s, dice.one(&masks).unwrap_or(all))));
    Call::AfdPoll { file, overlapped, timeout: timeout(dice), handles }
}

/// What the system does with a socket as with any of its handles.
pub(super) fn file_call(w: &World, thread: ThreadId, overlapped: Handle, dice: &mut Dice) -> Call {
    let s = if dice.one_in(6) { socket(w, thread, dice) } else { connected_or(w, thread, dice) };
    let overlapped = dice.one_in(2).then_some(overlapped);
    if dice.one_in(3) {
        let data = Data::new(&b"abcdefgh"[..dice.below(6)]).unwrap_or_default();
        return Call::WriteFile { s, data, bytes: true, overlapped };
    }
    Call::ReadFile { s, len: dice.below(9) as u32, bytes: true, overlapped }
}

/// What gives a socket back to be used again, or opens a connection of one that was.
pub(super) fn recycling_call(w: &World, thread: ThreadId, overlapped: Handle, dice: &mut Dice) -> Call {
    let s = connected_or(w, thread, dice);
    let overlapped = dice.one_in(2).then_some(overlapped);
    match dice.below(8) {
        0..4 => {
            let flags = dice.one(&[2, 2, 2, 0, 1]).unwrap_or(2);
            Call::DisconnectEx { s, overlapped, flags, reserved: u8::from(dice.one_in(9)) }
        }
        4 if dice.one_in(2) => Call::ConnectEx {
            s: socket(w, thread, dice),
            name: Name::Of(listener_or(w, thread, dice)),
            sent: Data::default(),
            overlapped,
        },
        _ => Call::TransmitFile { s, overlapped, flags: dice.one(&[3, 3, 3, 0, 1, 2, 7, 64]).unwrap_or(3) },
    }
}

/// What became of a request: mostly of one that is under way, or that is over.
pub(super) fn result_call(w: &World, thread: ThreadId, overlapped: Handle, bytes: bool, dice: &mut Dice) -> Call {
    let wait = dice.one_in(2);
    let s = if dice.one_in(2) { connected_or(w, thread, dice) } else { listener_or(w, thread, dice) };
    let under_way = w.operations().iter().find_map(|(_, op)| op.tells.over.map(Handle::overlapped));
    let over = |over: &Overlapped| over.buffer.is_some() || !matches!(over.status, Status::SUCCESS | Status::PENDING);
    let is_over = w.overs().iter().find(|(_, of)| over(of)).map(|(at, _)| Handle::overlapped(OverId::new(at)));
    let told = if dice.one_in(2) { under_way } else { is_over };
    let overlapped = told.filter(|_| !dice.one_in(3)).unwrap_or(overlapped);
    if dice.one_in(2) {
        Call::WSAGetOverlappedResult { s, overlapped, bytes, wait }
    } else {
        Call::GetOverlappedResult { s, overlapped, bytes, wait }
    }
}

/// A socket that AcceptEx has given its connection, if there is one.
pub(super) fn fresh_or(w: &World, other: Handle) -> Handle {
    let fresh = w.sockets().iter().position(|socket| socket.without_context);
    fresh.map_or(other, |s| Handle::socket(SocketId::new(s), 0))
}

/// An OVERLAPPED that there is, if there is one.
pub(super) fn over_handle(w: &World, dice: &mut Dice) -> Handle {
    let all: Vec<Handle> = w.overs().iter().map(|(at, _)| Handle::overlapped(OverId::new(at))).collect();
    dice.one(&all).unwrap_or(Handle::INVALID)
}

/// A socket of the thread's process that AcceptEx can have, mostly.
pub(super) fn unbound_or(w: &World, thread: ThreadId, dice: &mut Dice) -> Handle {
    let process = w.threads()[thread.index()].process;
    let open = handles(w, |state, holder| holder == process && state == State::Unbound);
    if open.is_empty() || dice.one_in(6) { socket(w, thread, dice) } else { dice.one(&open).unwrap_or(Handle::INVALID) }
}
