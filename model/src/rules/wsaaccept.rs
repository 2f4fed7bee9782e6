//! `WSAAccept`, as its page tells it. Without a condition function it goes on as `accept`, whose rules say so.

use super::common::{case, check, crashes};
use super::queue::{LISTENING, connection_ready, first_is_reset};
use crate::call::{Call, Condition};
use crate::choice::{BAD_CONDITION_CRASHES, BAD_CONDITION_FAILS, RESET_ACCEPT_FAILS, WITHDRAWN_ACCES};
use crate::code::Code;
use crate::rule::Col::Is;
use crate::rule::Stage::Taking;
use crate::rule::Takes::Drops;
use crate::rule::{At, Gives, Rule, States, Table};

table! {
    WSAACCEPT;
    Rule {
        gives: Is(Gives::Continues(Table::Accept)),
        rests_on: &["mapping.accept-to-wspaccept"],
        ..case(
            "WSAAccept.goes-on-as-accept",
            &[
                "wsaaccept.cond.null-not-called",
                "wsaaccept.cond.optional",
                "wsaaccept.rem.cond.checked-if-given",
                "wsaaccept.cbdata.only-with-condition",
            ],
            States::ANY,
        )
    },
}

// What stands among the checks of `accept`, with which it competes.

pub(super) const CONDITION_INVALID: Rule = Rule {
    under: &[BAD_CONDITION_FAILS],
    when: bad_condition,
    ..check("WSAAccept.condition-invalid", &["wsaaccept.err.WSAEFAULT.pointer"], States::ANY, Code::WSAEFAULT)
};

/// A stack that calls the function without a look at it finds out when there is a connection to decide about.
pub(super) const CONDITION_INVALID_CRASHES: Rule = Rule {
    stage: Is(Taking),
    under: &[BAD_CONDITION_CRASHES],
    when: |at| bad_condition(at) && connection_ready(at),
    ..crashes("WSAAccept.condition-invalid.crashes", &["wsaaccept.err.WSAEFAULT.pointer"], LISTENING)
};

/// The other of the two rows that the page has for a peer that ended its connection.
pub(super) const WITHDRAWN: Rule = Rule {
    stage: Is(Taking),
    takes: Is(Drops),
    under: &[RESET_ACCEPT_FAILS, WITHDRAWN_ACCES],
    when: |at| is_wsaaccept(at) && connection_ready(at) && first_is_reset(at),
    ..check(
        "WSAAccept.withdrawn",
        &["wsaaccept.err.WSAEACCES.withdrawn", "wsaaccept.err.WSAEACCES.generic"],
        LISTENING,
        Code::WSAEACCES,
    )
};

pub(super) fn is_wsaaccept(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::WSAAccept { .. })
}

fn bad_condition(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::WSAAccept { condition: Condition::Bad, .. })
}
