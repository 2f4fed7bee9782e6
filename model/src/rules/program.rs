//! What the program itself does between its calls: what it prints, and its end.

use super::closesocket::Manner;
use super::common::case;
use super::startup::release_all;
use crate::choice::LISTENER_CLOSE_QUEUED;
use crate::operation::Ended;
use crate::outcome::Outcome;
use crate::rule::Col::Is;
use crate::rule::{Gives, Rule, States};

table! {
    PROGRAM;
    Rule {
        when: |at| at.again,
        gives: Is(Gives::Silent),
        then: |at| {
            let process = at.process_id();
            if at.process().startups > 0 {
                at.process_mut().startups = 0;
                release_all(at, Manner::Reset);
            }
            for place in 0..at.threads_of(process).len() {
                let t = at.threads_of(process)[place];
                at.thread_ends(t, Ended::Exited, true);
            }
        },
        asks: &[LISTENER_CLOSE_QUEUED],
        rests_on: &[
            "accept.ex.final-cleanup",
            "accept.ex.failure-path",
            "accept.ex.startup-first",
            "tutorial.ex.failure-path",
        ],
        ..case("program.exits", &[], States::ANY)
    },
    Rule {
        then: |at| {
            let last_error = at.thread().last_error;
            at.give(Outcome::number(i64::from(last_error.0)));
        },
        rests_on: &[
            "accept.ex.waiting-message",
            "accept.ex.success-message",
            "accept.ex.failure-path",
            "accept.ex.startup-first",
            "tutorial.ex.failure-path",
            "tutorial.ex.prints-error",
            "accept.ex.socket",
            "accept.ex.bind",
            "accept.ex.listen-backlog-1",
        ],
        ..case("program.prints", &[], States::ANY)
    },
}
