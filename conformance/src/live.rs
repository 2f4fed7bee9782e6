//! Which clauses a real stack was really asked about.
//!
//! The inventory says of each clause whether a real stack can show it (`model+real`) or only the model. Such a clause was run
//! live when the stack took a step that shows it, or all of a scenario whose `never` shows it.

use std::collections::BTreeMap;

use crate::spec::{Document, Spec, Testable};
use crate::suite::Scenario;
use crate::verdict::{Judged, Verdict};

/// The clauses of one document that a real stack can show and these scenarios show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Live {
    /// The document.
    pub document: Document,
    /// Clauses of the document that the inventory calls `model+real`.
    pub real: usize,
    /// Of these, how many were run live.
    pub live: usize,
    /// Those that some scenario shows but that were not run live, each with the reason.
    pub not_live: Vec<(String, String)>,
}

/// What was run live, by document; documents of which nothing is shown are left out.
#[must_use]
pub fn of<'a>(judged: impl IntoIterator<Item = (&'a Scenario, &'a Judged)>) -> Vec<Live> {
    // By clause: `None` once it was run live, until then why it was not.
    let mut shown: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for (scenario, judged) in judged {
        let mut note = |clause: &'a str, live: bool| {
            let reason = || match judged.verdict {
                Verdict::ModelOnly => format!("{}: {}", scenario.file, judged.reason),
                _ => format!("{}: the stack did not get there", scenario.file),
            };
            let known = shown.entry(clause).or_insert_with(|| Some(reason()));
            if live {
                *known = None;
            }
        };
        for (number, step) in scenario.program.steps.iter().enumerate() {
            let live = judged.taken.contains(&number);
            step.shows.iter().for_each(|clause| note(clause, live));
        }
        let played = !judged.taken.is_empty() && judged.verdict != Verdict::ModelOnly;
        for never in &scenario.program.nevers {
            never.shows.iter().for_each(|clause| note(clause, played));
        }
    }
    let of_document = |document: Document| {
        let clauses = Spec::bundled().clauses_of(document).filter(|c| c.testable == Testable::ModelAndReal);
        let mut found = Live { document, real: 0, live: 0, not_live: Vec::new() };
        for clause in clauses {
            found.real += 1;
            match shown.get(clause.id.as_str()) {
                Some(None) => found.live += 1,
                Some(Some(reason)) => found.not_live.push((clause.id.clone(), reason.clone())),
                None => {}
            }
        }
        found
    };
    let all = Document::ALL.into_iter().map(of_document);
    all.filter(|found| found.live > 0 || !found.not_live.is_empty()).collect()
}
