//! Overlapped requests in a random scenario: they are made, asked about, and cancelled.

use winaccept_model::call::{AfdEvents, Buffer, Call, Command, Data, Extension, ExtensionName, Family, FileModes, Set};
use winaccept_sim::script::{Action, Ref};

use super::cast::{Cast, State};
use super::moves::{event, socket, tell_peer};

/// An AcceptEx on some listener, into a new socket.
pub(super) fn request(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, listener) = cast.find_with(&[State::Listens])?;
    let family = cast.things[listener].family;
    let listen = cast.handle(listener);
    if cast.once_in(8) {
        let name = cast.one_of(&[
            ExtensionName::AcceptEx,
            ExtensionName::DisconnectEx,
            ExtensionName::TransmitFile,
            ExtensionName::Nobodys,
        ]);
        let extension = Extension { name, size: 16 };
        cast.call(actor, Call::WSAIoctl { s: listen, extension, pointer: 8, bytes: true });
    }
    let accept = socket(cast, actor, "S", family);
    let event = cast.once_in(3).then(|| event(cast, actor));
    let event = event.map(|event| cast.handle(event));
    let over =
        cast.makes(actor, Action::Call(Call::Overlapped { event, low_bit: false }), "O", family, State::Overlapped);
    let (accept, over) = (cast.handle(accept), cast.handle(over));
    let enough = if family == Family::Inet { 32 } else { 44 };
    let remote = if cast.once_in(16) { 0 } else { enough };
    let local = if cast.once_in(8) { 0 } else { enough };
    let buffer = if cast.once_in(16) { Buffer::Null } else { Buffer::Valid };
    let receive = cast.one_of(&[0, 0, 4]);
    let overlapped = (!cast.once_in(16)).then_some(over);
    cast.call(actor, Call::AcceptEx { listen, accept, buffer, receive, local, remote, bytes: true, overlapped });
    if cast.once_in(12) {
        cast.call(actor, Call::GetAcceptExSockaddrs { overlapped: over, receive, local, remote });
    } else if cast.once_in(6) {
        cast.call(actor, Call::UpdateAcceptContext { s: accept, listener: listen });
    }
    Some(())
}

/// A request that receives or sends, on some connection.
pub(super) fn transfer(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, thing) = cast.find_with(&[State::Connected])?;
    let event = cast.once_in(3).then(|| event(cast, actor));
    let event = event.map(|event| cast.handle(event));
    let over = cast.makes(
        actor,
        Action::Call(Call::Overlapped { event, low_bit: false }),
        "O",
        Family::Inet,
        State::Overlapped,
    );
    let (s, overlapped, bytes) = (cast.handle(thing), cast.handle(over), !cast.once_in(3));
    if cast.once_in(5) {
        as_file(cast, actor, s, overlapped);
        return Some(());
    }
    let routine = cast.once_in(2);
    if cast.once_in(3) {
        let buffer = Data::new(b"abc").unwrap_or_default();
        cast.call(actor, Call::WSASendOverlapped { s, buffer, bytes, overlapped, routine });
        tell_peer(cast, thing);
    } else {
        let room: &[u32] = if cast.once_in(4) { &[2, 14] } else { &[16] };
        let buffers = Set::collect(room.iter().copied());
        cast.call(actor, Call::WSARecvOverlapped { s, buffers, bytes, overlapped, routine });
    }
    if routine {
        runs_routine(cast, actor, s, overlapped);
    }
    Some(())
}

/// What goes through the handle of a socket, or is asked of it, with an OVERLAPPED; and a context that is none of its.
fn as_file(cast: &mut Cast<'_>, actor: usize, s: Ref, overlapped: Ref) {
    let over = Some(overlapped);
    let extension = Extension { name: ExtensionName::AcceptEx, size: 16 };
    let call = match cast.below(7) {
        0 => Call::ReadFile { s, len: 16, bytes: true, overlapped: over },
        1 => Call::WriteFile { s, data: Data::new(b"abc").unwrap_or_default(), bytes: true, overlapped: over },
        6 => {
            let (command, room) = (Command::Nobodys, Buffer::Null);
            Call::IoctlCommand { s, command, room, bytes: true, overlapped: over, routine: false }
        }
        2 => Call::WSAIoctlOverlapped { s, extension, pointer: 8, bytes: true, overlapped, routine: false },
        3 => {
            let handles = Set::collect([(s, AfdEvents::ACCEPT)]);
            Call::AfdPoll { file: s, overlapped, timeout: Some(0), handles }
        }
        4 => Call::AfdPollInfo { overlapped },
        _ => Call::UpdateConnectContext { s },
    };
    cast.call(actor, call);
}

/// A request is over in any case, and then its completion routine runs.
fn runs_routine(cast: &mut Cast<'_>, actor: usize, s: Ref, overlapped: Ref) {
    cast.call(actor, Call::CancelIoEx { s, overlapped: Some(overlapped) });
    let call = Call::SleepEx { timeout: Some(0), alertable: true };
    cast.call(actor, call);
    cast.call(actor, Call::WSAGetOverlappedResult { s, overlapped, bytes: true, wait: false });
    cast.step(actor, Action::RoutineReturns { call }, None);
}

/// What became of a request, or its end.
pub(super) fn asks(cast: &mut Cast<'_>) -> Option<()> {
    let (actor, over) = cast.find_with(&[State::Overlapped])?;
    let overlapped = cast.handle(over);
    let listener = cast.find(&[State::Listens, State::Connected])?;
    if cast.things[listener].process != cast.things[over].process {
        return None;
    }
    let (s, wait) = (cast.handle(listener), false);
    let call = match cast.below(5) {
        0 => Call::HasOverlappedIoCompleted { overlapped },
        1 => Call::WSAGetOverlappedResult { s, overlapped, bytes: true, wait },
        2 | 3 => Call::GetOverlappedResult { s, overlapped, bytes: true, wait },
        _ if cast.once_in(2) => Call::CancelIo { s },
        _ => Call::CancelIoEx { s, overlapped: (!cast.once_in(3)).then_some(overlapped) },
    };
    cast.call(actor, call);
    Some(())
}

/// A completion port, what is posted to it and what comes from it.
pub(super) fn port(cast: &mut Cast<'_>) -> Option<()> {
    let Some((actor, port)) = cast.find_with(&[State::Port]) else {
        let actor = cast.free(Some(0))?;
        cast.makes(actor, Action::Call(Call::CreatePort { key: 0 }), "P", Family::Inet, State::Port);
        return Some(());
    };
    let port = cast.handle(port);
    let key = cast.below(200);
    let call = match cast.below(8) {
        0..3 => {
            let socket = cast.find(&[State::Listens, State::Connected])?;
            if cast.things[socket].process != cast.process_of(actor) {
                return None;
            }
            let s = cast.handle(socket);
            if cast.once_in(4) {
                let modes = FileModes(1 + cast.below(3) as u16);
                cast.call(actor, Call::SetFileCompletionNotificationModes { s, modes });
            }
            Call::AssociatePort { s, port, key }
        }
        3 => Call::PostQueuedCompletionStatus { port, bytes: 3, key, overlapped: None },
        4 => Call::GetQueuedCompletionStatusEx { port, count: 2, timeout: Some(0), alertable: false },
        _ => Call::GetQueuedCompletionStatus { port, timeout: Some(0) },
    };
    cast.call(actor, call);
    Some(())
}
