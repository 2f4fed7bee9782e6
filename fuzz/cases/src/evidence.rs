//! Recordings: read, written, damaged, judged.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use winaccept::evidence::{Recorded, Recording, bundled};
use winaccept::judge;
use winaccept::profiles::Choices;
use winaccept::stack::Lacks;
use winaccept::suite::Scenario;
use winaccept_lang::bundle;
use winaccept_model::profile::Profile;

use crate::bytes::{Bytes, worded};

const WORDS: &[&str] = &[
    "{\"evidence\":\"begin\",\"schema\":1,\"stack\":{\"name\":\"wine\",\"version\":\"8.0\",\"build\":\"x\"},\"date\":\"2026-11-27\",\
     \"winaccept\":\"0.1.0\"}\n",
    "{\"evidence\":\"scenario\",\"file\":\"accept/example.winaccept\",\"digest\":\"0\",\"steps\":[]}\n",
    "{\"evidence\":\"end\",\"scenarios\":0,\"digest\":\"cbf29ce484222325\"}\n",
    "{\"evidence\":",
    "\"begin\"",
    "\"scenario\"",
    "\"end\"",
    "\"schema\":1",
    "\"stack\":",
    "\"name\":",
    "\"version\":",
    "\"build\":",
    "\"date\":",
    "\"2026-02-29\"",
    "\"winaccept\":",
    "\"file\":",
    "\"digest\":",
    "\"steps\":[",
    "{\"step\":0,\"actor\":\"server\",\"call\":\"WSACleanup()\",\"seen\":\"0\"}",
    "\"not_taken\":",
    "\"failed\":",
    "\"lost\":",
    "\"lacks\":{\"step\":1,\"reason\":\"no\"}",
    "\"scenarios\":1",
    ",",
    "}",
    "]",
    "\n",
    "\"",
    "null",
    "-1",
    "1e999",
    "\\u0000",
];

/// What may be said of a step, in place of what was seen.
const SEEN: &[&str] = &[
    "...",
    "0",
    "1",
    "-1",
    "SOCKET_ERROR WSAEINVAL",
    "INVALID_SOCKET WSAECONNRESET",
    "INVALID_SOCKET WSAEWOULDBLOCK",
    "existing",
    "handle(0x7)",
    "crashes",
    "undefined",
    "unmodelled",
    "done",
    "not taken \"no reason\"",
    "\"printed\"",
    "",
    "0 with addr = 127.0.0.1:*",
    "A with addr = unchanged, addrlen = 16",
    "2 with data = \"ab\"",
    "WAIT_TIMEOUT",
    "FALSE ERROR_IO_PENDING",
    "TRUE with bytes = 0",
    "0 with readfds = {L}",
    "0 with events = FD_ACCEPT",
    "condition called",
    "0 with value = 1",
    "0 with addr = [::1]:*",
];

/// What a recording says, and the scenarios of which it says it, each read when it is needed.
struct Kept {
    recordings: Vec<(Recording, Profile)>,
    sources: BTreeMap<&'static str, &'static [u8]>,
    scenarios: BTreeMap<String, Option<Rc<Scenario>>>,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept {
        recordings: bundled().into_iter().map(with_profile).collect(),
        sources: bundle::under("conformance/scenarios", "winaccept").collect(),
        scenarios: BTreeMap::new(),
    });
}

fn with_profile(recording: Recording) -> (Recording, Profile) {
    let profile = Choices::bundled().profile(&recording.stack()).expect("a stack that is recorded has a profile");
    (recording, profile)
}

impl Kept {
    /// The scenario that this was recorded of, if it is still there.
    fn scenario(&mut self, file: &str) -> Option<Rc<Scenario>> {
        if let Some(read) = self.scenarios.get(file) {
            return read.clone();
        }
        let source = self.sources.get(file);
        let read = source.map(|source| Rc::new(Scenario::read(source, file).expect("bundled scenarios are tested")));
        self.scenarios.insert(file.to_owned(), read.clone());
        read
    }
}

pub(crate) fn tries(bytes: &[u8]) {
    let mut rest = Bytes::new(bytes);
    match rest.byte() % 4 {
        0 => reads(&String::from_utf8_lossy(rest.rest())),
        1 => reads(&worded(rest.rest(), WORDS)),
        _ => KEPT.with_borrow_mut(|kept| damages(kept, &mut rest)),
    }
}

/// What can be read is written as it was read; anything else is refused with the place.
fn reads(text: &str) {
    match Recording::read(text, "pasted.jsonl") {
        Ok(recording) => writes(&recording),
        Err(problems) => assert!(problems.to_string().contains("pasted.jsonl"), "{problems}"),
    }
}

fn writes(recording: &Recording) {
    let written = recording.write();
    let read = Recording::read(&written, "written.jsonl").unwrap_or_else(|why| panic!("{why}\n{written}"));
    assert_eq!(&read, recording);
}

/// A shipped recording of one scenario with up to four damages: read back as it is, and judged or refused.
fn damages(kept: &mut Kept, bytes: &mut Bytes<'_>) {
    let which = bytes.below(kept.recordings.len());
    let (recording, _) = &kept.recordings[which];
    let mut recorded = bytes.one(&recording.scenarios).clone();
    let (sound, edits) = (recorded.clone(), bytes.below(5));
    for _ in 0..edits {
        damage(&mut recorded, bytes);
    }
    let mut one = Recording::new(recording.identity.clone(), recording.date.clone());
    one.scenarios.push(recorded.clone());
    writes(&one);
    let Some(scenario) = kept.scenario(&recorded.file) else { return };
    match recorded.replay(&scenario) {
        Ok(replay) => _ = judge::replay(&scenario, &replay, &kept.recordings[which].1),
        Err(why) => {
            assert!(recorded != sound || one.replay_of(&scenario).is_none(), "a sound recording is refused: {why}");
            assert!(why.starts_with(&recorded.file), "{why}");
        }
    }
}

fn damage(recorded: &mut Recorded, bytes: &mut Bytes<'_>) {
    let reason = |bytes: &mut Bytes<'_>| (bytes.byte() & 1 == 1).then(|| "no reason".to_owned());
    let kind = bytes.below(12);
    match kind {
        8 => return recorded.not_taken = reason(bytes),
        9 => return recorded.failed = reason(bytes),
        10 => return recorded.lost = reason(bytes),
        11 => {
            recorded.lacks = reason(bytes).map(|reason| Lacks { step: bytes.below(16), reason });
            return;
        }
        _ => {}
    }
    let steps = recorded.steps.len();
    if steps == 0 {
        return;
    }
    let (at, other) = (bytes.below(steps), bytes.below(steps));
    match kind {
        0 => _ = recorded.steps.remove(at),
        1 => recorded.steps.insert(at, recorded.steps[other].clone()),
        2 => recorded.steps.swap(at, other),
        3 => recorded.steps[at].seen = (*bytes.one(SEEN)).to_owned(),
        4 => recorded.steps[at].seen = recorded.steps[other].seen.clone(),
        5 => recorded.steps[at].step = bytes.below(steps + 1),
        6 => recorded.steps[at].assumed = reason(bytes),
        _ => {
            // A character in the middle of what was seen is another one.
            let mut seen: Vec<char> = recorded.steps[at].seen.chars().collect();
            if !seen.is_empty() {
                let place = bytes.below(seen.len());
                seen[place] = char::from(bytes.byte());
                recorded.steps[at].seen = seen.into_iter().collect();
            }
        }
    }
}
