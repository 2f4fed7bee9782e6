//! `WSAIoctl`, as far as it gives the pointer to an extension function.

use super::common::{case, check, in_progress, network_down, not_a_socket, not_initialised};
use crate::call::{Call, Extension, ExtensionName};
use crate::choice::SMALL_BUFFER_FAILS;
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::{At, Rule, States};

/// The size of a GUID.
const NAME: u32 = 16;
/// The size of a pointer to a function; the model's programs have 64 bits.
const POINTER: u32 = 8;

table! {
    WSAIOCTL;
    not_initialised("WSAIoctl.not-initialised"),
    in_progress("WSAIoctl.in-progress"),
    network_down("WSAIoctl.network-down"),
    not_a_socket("WSAIoctl.not-a-socket"),
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
            matches!(*at.call(), Call::WSAIoctl { extension, .. } if extension == nobodys)
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
        then: |at| at.give(Outcome::number(0).with(Out::Bytes { count: Some(POINTER), data: None })),
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

/// Does the name not fit its size, or the pointer not into its buffer?
fn too_small(at: &At<'_>) -> bool {
    let Call::WSAIoctl { extension, pointer, .. } = *at.call() else { return false };
    extension.size < NAME || pointer < POINTER
}
