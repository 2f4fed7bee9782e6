//! `WSAIoctl`, as far as it gives the pointer to an extension function.

use super::common::{case, check, in_progress, network_down, not_a_socket, not_initialised, not_modelled};
use super::request::{has_routine_on_port, is_in_use, over_of, posts};
use crate::call::{Call, Extension, ExtensionName, Handle};
use crate::choice::{
    EXTENSION_LOOKS, EXTENSION_OF_NO_SOCKET, IOCTL_BYTES_ZERO, IOCTL_REQUEST_BYTES, SMALL_BUFFER_FAILS,
};
use crate::code::Code;
use crate::operation::Wants;
use crate::outcome::{Out, Outcome};
use crate::rule::{At, Rule, States};
use crate::status::Status;
use crate::world::State;

/// The size of a GUID.
const NAME: u32 = 16;
/// The size of a pointer to a function; the model's programs have 64 bits.
const POINTER: u32 = 8;

table! {
    WSAIOCTL;
    not_initialised("WSAIoctl.not-initialised"),
    in_progress("WSAIoctl.in-progress"),
    network_down("WSAIoctl.network-down"),
    Rule {
        when: |at| at.call().subject() == Some(Handle::INVALID) || at.chooses(EXTENSION_LOOKS),
        asks: &[EXTENSION_OF_NO_SOCKET],
        ..not_a_socket("WSAIoctl.not-a-socket")
    },
    Rule {
        when: |at| matches!(*at.call(), Call::WSAIoctl { bytes: false, .. }),
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
