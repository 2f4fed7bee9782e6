//! What becomes of a call that waits when something changes at what it waits for.

use super::common::case;
use super::events::releases_another;
use super::queue::has_undeferred;
use crate::choice::{DEFERRED_WITH_NEXT, NO_DESCRIPTORS_DURING_WAIT, RELEASES_LATER, WOKEN};
use crate::rule::Col::Is;
use crate::rule::{Gives, Rule, States};
use crate::world::State;

table! {
    WAKE often Connecting | Listening;
    // The function that deferred it may call again: a connection of which that is so need not go to who waits already.
    Rule {
        under: &[DEFERRED_WITH_NEXT],
        when: |at| at.call().accepts() && at.socket().is_some_and(|listener| !has_undeferred(at, listener)),
        gives: Is(Gives::Silent),
        rests_on: &["wspaccept.rem.cf-defer-no-action", "wspaccept.rem.cf-defer-again"],
        ..case(
            "WSAAccept.deferred-is-not-handed-over",
            &["wsaaccept.rem.cf-defer-no-action", "wsaaccept.rem.cf-defer-again"],
            States::of(&[State::Listening]),
        )
    },
    // The thread will look when it runs, and may find that another was faster.
    Rule {
        under: &[WOKEN],
        asks: &[NO_DESCRIPTORS_DURING_WAIT],
        when: |at| at.call().accepts(),
        gives: Is(Gives::Silent),
        then: |at| {
            if let Some(op) = at.op() {
                at.wakes(op);
            }
        },
        rests_on: &["wsaaccept.rem.blocking-waits", "wspaccept.rem.blocking-waits"],
        ..case("accept.is-woken", &["accept.rem.blocking-waits"], States::ANY)
    },
    // It releases one of those who wait: which one is not said.
    Rule {
        under: &[RELEASES_LATER],
        when: |at| releases_another(at),
        gives: Is(Gives::Silent),
        rests_on: &["createevent.manual.automatic", "eventobjects.no-fifo"],
        ..case("wake.another-is-released", &[], States::ANY)
    },
    Rule {
        gives: Is(Gives::LooksAgain),
        rests_on: &["accept.rem.blocking-waits"],
        ..case("wake.looks-again", &[], States::ANY)
    },
}
