//! What becomes of a call that waits when something changes at what it waits for.

use super::common::case;
use crate::choice::{NO_DESCRIPTORS_DURING_WAIT, WOKEN};
use crate::rule::Col::Is;
use crate::rule::{Gives, Rule, States};

table! {
    WAKE;
    // The thread will look when it runs, and may find that another was faster.
    Rule {
        under: &[WOKEN],
        asks: &[NO_DESCRIPTORS_DURING_WAIT],
        when: |at| at.call().accepts(),
        gives: Is(Gives::Silent),
        then: |at| {
            if let Some(op) = at.op {
                at.wakes(op);
            }
        },
        rests_on: &["wsaaccept.rem.blocking-waits"],
        ..case("accept.is-woken", &["accept.rem.blocking-waits"], States::ANY)
    },
    Rule {
        gives: Is(Gives::LooksAgain),
        rests_on: &["accept.rem.blocking-waits"],
        ..case("wake.looks-again", &[], States::ANY)
    },
}
