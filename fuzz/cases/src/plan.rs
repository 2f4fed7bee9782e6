//! Plans: the line of text that replays a run.

use arbitrary::{Arbitrary, Unstructured};
use winaccept_program::Plan;

use crate::bytes::{Bytes, worded};

const WORDS: &[&str] = &[
    "good",
    "close",
    "reset",
    "send-reset",
    "silent",
    "slow",
    "half-open",
    "nobody-late",
    "no-descriptors@",
    "no-buffers@",
    "network-down@",
    "no-handles@",
    "in-callback@",
    "accept",
    "recv",
    "socket",
    "WSAPoll",
    "main.",
    "worker.",
    "client1.",
    "late2.",
    "hold0=1",
    "~",
    "=",
    "/",
    "//",
    ",",
    "1",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "walk:",
    "priorities:",
    "bytes:",
    "7:4",
    "00ff",
    "@",
    ":",
    "-1",
    "é",
];

pub(crate) fn tries(bytes: &[u8]) {
    let mut rest = Bytes::new(bytes);
    match rest.byte() % 3 {
        0 => check(&String::from_utf8_lossy(rest.rest())),
        1 => check(&worded(rest.rest(), WORDS)),
        _ => {
            let plan = Plan::arbitrary(&mut Unstructured::new(rest.rest())).expect("every byte string is a plan");
            assert_eq!(Plan::read(&plan.text()).as_ref(), Ok(&plan), "{}", plan.text());
        }
    }
}

fn check(text: &str) {
    match Plan::read(text) {
        Ok(plan) => assert_eq!(Plan::read(&plan.text()), Ok(plan), "{text}"),
        Err(why) => assert!(!why.is_empty()),
    }
}
