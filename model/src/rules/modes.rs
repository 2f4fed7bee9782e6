//! `SetFileCompletionNotificationModes`: what is left out when a request is complete at once.

use super::common::{case, check};
use crate::call::{Call, FileModes};
use crate::code::Code;
use crate::id::SocketId;
use crate::operation::OpId;
use crate::outcome::Outcome;
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States, Table};
use crate::world::State;

table! {
    SETFILECOMPLETIONNOTIFICATIONMODES;
    Rule {
        rests_on: &["closehandle.rem.invalidates"],
        ..check(
            "SetFileCompletionNotificationModes.not-a-handle",
            &[],
            States::of(&[State::NotASocket]),
            Code::WSA_INVALID_HANDLE,
        )
    },
    Rule {
        then: |at| {
            if let Call::SetFileCompletionNotificationModes { modes, .. } = *at.call() {
                let extra = at.own_extra_mut();
                extra.modes = extra.modes.with(modes);
            }
            at.give(Outcome::number(1));
        },
        ..case("SetFileCompletionNotificationModes.sets", &["sfcnm.not-removable"], States::SOCKET)
    },
}

table! {
    /// A request is complete by the time that its call returns, at a socket with such modes.
    COMPLETES_AT_ONCE;
    Rule {
        when: |at| at.sock().extra().port.is_some() && has(at, FileModes::SKIP_COMPLETION_PORT_ON_SUCCESS),
        gives: Is(Gives::Silent),
        then: |at| {
            if let Some(op) = at.op() {
                at.op_mut(op).tells.port = false;
            }
        },
        ..case(
            "SetFileCompletionNotificationModes.skips-packet",
            &["sfcnm.skip-on-success", "sfcnm.skip-conditions"],
            ASKED,
        )
    },
    // The event of the handle itself is no event of the request.
    Rule {
        gives: Is(Gives::Silent),
        ..case("SetFileCompletionNotificationModes.tells-as-ever", &["sfcnm.skip-event"], ASKED)
    },
}

/// Where a request can be complete at once.
const ASKED: States = States::of(&[State::Listening, State::Connected]);

fn has(at: &At<'_>, mode: FileModes) -> bool {
    at.sock().extra().modes.has(mode)
}

/// Leaves out what is not to be told of a request that is complete at once.
pub(super) fn completes_at_once(at: &mut At<'_>, op: OpId) {
    let modes = |s: SocketId| at.socket_at(s).extra().modes;
    if at.op_at(op).about.is_some_and(|s| modes(s) != FileModes::default()) {
        at.aside(op, Table::CompletesAtOnce);
    }
}
