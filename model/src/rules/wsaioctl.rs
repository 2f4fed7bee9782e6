//! `WSAIoctl`: it gives the pointer to an extension function, does what `ioctlsocket` does, and is asked for what is not there.

use super::common::{case, check, in_progress, network_down, not_a_socket, not_initialised, not_modelled};
use super::options::set_nonblocking;
use super::request::{has_routine_on_port, is_in_use, over_of, posts};
use crate::call::{Call, Command, Extension, ExtensionName, Handle, OptVal};
use crate::choice::{
    EXTENSION_LOOKS, EXTENSION_OF_NO_SOCKET, IOCTL_BYTES_ZERO, IOCTL_NO_COMMAND, IOCTL_REQUEST_BYTES,
    NO_COMMAND_REQUEST_FAILS, NO_COMMAND_REQUEST_PENDS, NONBLOCKING_OF_DUPLICATES, SMALL_BUFFER_FAILS,
};
use crate::code::Code;
use crate::operation::Wants;
use crate::outcome::{Out, Outcome};
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::{At, Gives, Rule, States, by};
use crate::status::Status;
use crate::world::State;

/// The size of a GUID.
const NAME: u32 = 16;
/// The size of a pointer to a function; the model's programs have 64 bits.
const POINTER: u32 = 8;
/// The size of the argument of `FIONBIO`.
const ARGUMENT: u32 = 4;
/// No page names the number: Windows was seen to give this one on a new connection (WT-OPT-005).
const IDEAL_SEND_BACKLOG: u32 = 0x10000;

const UNCONNECTED: States =
    States::of(&[State::Unbound, State::Bound, State::Listening, State::Connecting, State::Failed]);

table! {
    WSAIOCTL;
    not_initialised("WSAIoctl.not-initialised"),
    in_progress("WSAIoctl.in-progress"),
    network_down("WSAIoctl.network-down"),
    Rule {
        when: |at| {
            let looked_at = extension(at).is_none() || at.call().subject() == Some(Handle::INVALID);
            looked_at || at.chooses(EXTENSION_LOOKS)
        },
        asks: &[EXTENSION_OF_NO_SOCKET],
        ..not_a_socket("WSAIoctl.not-a-socket")
    },
    Rule {
        when: |at| {
            matches!(*at.call(), Call::WSAIoctl { bytes: false, .. } | Call::IoctlCommand { bytes: false, overlapped: None, .. })
        },
        ..check("WSAIoctl.no-count", &["wsaioctl.err.WSAEFAULT"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        under: &[SMALL_BUFFER_FAILS],
        when: too_small,
        ..check("WSAIoctl.buffer-too-small", &["wsaioctl.err.WSAEFAULT"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        when: |at| {
            let nobodys = Extension { name: ExtensionName::Nobodys, size: NAME };
            extension(at).is_some_and(|(extension, _)| extension == nobodys)
        },
        rests_on: &["acceptex.ex.ioctl-failure"],
        ..check(
            "WSAIoctl.unknown-function",
            &["wsaioctl.ext.guid", "wsaioctl.err.WSAEINVAL"],
            States::SOCKET,
            Code::WSAEINVAL,
        )
    },
    // What is longer than it needs, and where the answer would go, it does not look at.
    Rule {
        when: |at| matches!(command(at), Some(Command::Fionbio(None, _) | Command::Fionbio(_, ..ARGUMENT))),
        ..check("WSAIoctl.bad-argument", &["wsaioctl.err.WSAEFAULT"], States::SOCKET, Code::WSAEFAULT)
    },
    Rule {
        when: |at| {
            matches!(command(at), Some(Command::Fionbio(Some(0), _))) && at.sock().selection().told.is_some()
        },
        rests_on: &["ioctl.fionbio.WSAEINVAL-with-events"],
        ..check("WSAIoctl.events-selected", &["wsaioctl.err.WSAEINVAL"], States::SOCKET, Code::WSAEINVAL)
    },
    Rule {
        gives: by(IOCTL_NO_COMMAND, &[Fails(Code::WSAEINVAL), Fails(Code::WSAEOPNOTSUPP)]),
        when: |at| command(at) == Some(Command::Nobodys) && !is_request(at),
        ..check("WSAIoctl.no-command", &["wsaioctl.err.WSAEINVAL"], States::SOCKET, Code::WSAEINVAL)
    },
    Rule {
        under: &[NO_COMMAND_REQUEST_FAILS],
        gives: by(IOCTL_NO_COMMAND, &[Fails(Code::WSAEINVAL), Fails(Code::WSAEOPNOTSUPP)]),
        when: |at| command(at) == Some(Command::Nobodys) && is_request(at),
        ..check("WSAIoctl.no-command-by-request", &["wsaioctl.err.WSAEINVAL"], States::SOCKET, Code::WSAEINVAL)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::IdealSendBacklog { .. }),
        rests_on: &["wsasend.err.WSAENOTCONN"],
        ..check("WSAIoctl.backlog-not-connected", &[], UNCONNECTED, Code::WSAENOTCONN)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::IdealSendBacklog { .. }),
        rests_on: &["listen.err.WSAEOPNOTSUPP"],
        ..check("WSAIoctl.backlog-of-datagrams", &[], States::of(&[State::Datagram]), Code::WSAEOPNOTSUPP)
    },
    Rule {
        when: |at| is_plain(at),
        then: gives_pointer,
        rests_on: &["closesocket.rem.descriptor-reuse"],
        ..case("WSAIoctl.gives-function-to-anybody", &["wsaioctl.ext.purpose"], States::of(&[State::NotASocket]))
    },
    // What else a stack looks at that does not look at the handle nobody has tried.
    Rule {
        rests_on: &["closesocket.rem.descriptor-reuse"],
        ..not_modelled("WSAIoctl.no-socket-not-modelled", &[], States::of(&[State::NotASocket]))
    },
    Rule {
        when: |at| over_of(at).is_some_and(|over| !at.sock().overlapped || is_in_use(at, over)) || has_routine_on_port(at),
        ..not_modelled("WSAIoctl.request-not-modelled", &["wsaioctl.overlapped"], States::SOCKET)
    },
    Rule {
        under: &[NO_COMMAND_REQUEST_PENDS],
        gives: Is(Gives::Pends),
        when: |at| command(at) == Some(Command::Nobodys),
        then: |at| {
            if let Some(op) = posts(at, Wants::TimeWait, None) {
                at.completes(op, Status::NOT_SUPPORTED, 0, None);
            }
            at.give(Outcome::number(0).with(Out::Bytes { count: None, data: None }));
        },
        rests_on: &["completion.event"],
        ..case("WSAIoctl.no-command-pends", &["wsaioctl.overlapped"], States::SOCKET)
    },
    Rule {
        when: |at| command(at).is_some(),
        then: |at| {
            let Some(Command::Fionbio(Some(argument), _)) = command(at) else { return };
            set_nonblocking(at, argument != 0);
            if let Some(op) = posts(at, Wants::TimeWait, None) {
                at.completes(op, Status::SUCCESS, 0, None);
            }
            at.give(Outcome::number(0).with(Out::Bytes { count: Some(0), data: None }));
        },
        asks: &[NONBLOCKING_OF_DUPLICATES],
        rests_on: &["ioctl.fionbio.set", "completion.event"],
        ..case("WSAIoctl.sets-mode", &["wsaioctl.overlapped"], States::SOCKET)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::IdealSendBacklog { .. }),
        then: |at| at.give(Outcome::number(0).with(Out::Option(OptVal::Number(IDEAL_SEND_BACKLOG)))),
        rests_on: &["wsasend.err.WSAENOTCONN"],
        ..case("WSAIoctl.ideal-send-backlog", &[], States::of(&[State::Connected]))
    },
    // There is nothing to wait for; who is told of the end of requests is told of this one as well.
    Rule {
        when: |at| over_of(at).is_some(),
        then: |at| {
            let bytes = if at.chooses(IOCTL_BYTES_ZERO) { 0 } else { POINTER };
            if let Some(op) = posts(at, Wants::TimeWait, None) {
                at.completes(op, Status::SUCCESS, bytes, None);
            }
            at.give(Outcome::number(0).with(Out::Bytes { count: Some(POINTER), data: None }));
        },
        asks: &[IOCTL_REQUEST_BYTES],
        rests_on: &["completion.event", "iocp.fifo-queue"],
        ..case("WSAIoctl.gives-function-by-request", &["wsaioctl.overlapped", "wsaioctl.ext.purpose"], States::SOCKET)
    },
    Rule {
        then: gives_pointer,
        rests_on: &[
            "acceptex.load.runtime-pointer",
            "acceptex.load.opcode",
            "acceptex.load.guid-in",
            "acceptex.load.pointer-out",
            "acceptex.ex.load",
            "getacceptexsockaddrs.load.pointer",
        ],
        ..case(
            "WSAIoctl.gives-function",
            &["wsaioctl.ext.purpose", "wsaioctl.ext.guid", "wsaioctl.ext.acceptex-guids"],
            States::SOCKET,
        )
    },
}

fn gives_pointer(at: &mut At<'_>) {
    at.give(Outcome::number(0).with(Out::Bytes { count: Some(POINTER), data: None }));
}

/// Is there nothing to say against the call but its handle, and nothing to be told later?
fn is_plain(at: &At<'_>) -> bool {
    let Call::WSAIoctl { extension, bytes, .. } = *at.call() else { return false };
    bytes && extension.name != ExtensionName::Nobodys && !too_small(at)
}

/// The command, where it asks for no function.
fn command(at: &At<'_>) -> Option<Command> {
    match *at.call() {
        Call::IoctlCommand { command, .. } => Some(command),
        _ => None,
    }
}

/// Is there an OVERLAPPED?
fn is_request(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::IoctlCommand { overlapped: Some(_), .. })
}

/// The function that is asked for, and the room for its pointer.
fn extension(at: &At<'_>) -> Option<(Extension, u32)> {
    match *at.call() {
        Call::WSAIoctl { extension, pointer, .. } | Call::WSAIoctlOverlapped { extension, pointer, .. } => {
            Some((extension, pointer))
        }
        _ => None,
    }
}

/// Does the name not fit its size, or the pointer not into its buffer?
fn too_small(at: &At<'_>) -> bool {
    extension(at).is_some_and(|(extension, pointer)| extension.size < NAME || pointer < POINTER)
}
