//! Programs under faults: the mended exhibits of the museum, under any plan.

use arbitrary::{Arbitrary, Unstructured};
use winaccept_program::{Fuzz, Plan, museum};

thread_local! {
    static SEARCHES: Vec<(&'static str, Fuzz)> = museum::all().map(|exhibit| (exhibit.name, exhibit.mended())).collect();
}

/// Why nothing may be said of a run: what its plan asks for is more than the simulator has room for.
const TOO_MUCH: &[&str] = &["a run of more than", "more than ", "at most "];

pub(crate) fn tries(bytes: &[u8]) {
    let (which, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let plan = Plan::arbitrary(&mut Unstructured::new(rest)).expect("every byte string is a plan");
    SEARCHES.with(|searches| {
        let (name, search) = &searches[usize::from(*which) % searches.len()];
        let ran = search.once(&plan);
        let line = || format!("winaccept fuzz {name} --mended --replay '{}'", ran.plan.text());
        if let Some((judge, reason)) = &ran.verdict {
            panic!("a mended form is convicted by {judge}: {reason}\n{}", line());
        }
        if let Some(why) = ran.undecided.as_ref().filter(|why| !TOO_MUCH.iter().any(|known| why.starts_with(known))) {
            panic!("nothing can be said of a mended form: {why}\n{}", line());
        }
        let again = search.once(&ran.plan);
        assert!(again.same_as(&ran), "the replay is another run\n{}", line());
    });
}
