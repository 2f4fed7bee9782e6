//! What becomes of a call that waits when something changes at what it waits for.

use super::common::case;
use crate::call::Call;
use crate::choice::{NO_DESCRIPTORS_DURING_WAIT, WOKEN};
use crate::rule::Col::Is;
use crate::rule::{Gives, Rule, States};

table! {
    WAKE;
    // The thread will look when it runs, and may find that another was faster.
    Rule {
        under: &[WOKEN],
        asks: &[NO_DESCRIPTORS_DURING_WAIT],
        when: |at| matches!(*at.call(), Call::Accept { .. }),
        gives: Is(Gives::Silent),
        then: |at| {
            if let Some(op) = at.op {
                at.wakes(op);
            }
        },
        ..case("accept.is-woken", &["accept.rem.blocking-waits"], States::ANY)
    },
    Rule {
        gives: Is(Gives::LooksAgain),
        rests_on: &["accept.rem.blocking-waits"],
        ..case("wake.looks-again", &[], States::ANY)
    },
}
