//! Outcome coverage: what a program's calls have met, which branch shows, and what they could have met and have not.

use winaccept_program::{
    Behaviour, Branch, Code, Coverage, Fault, FaultKind, Fuzz, Judge, Next, Plan, Winsock, branch,
};

/// It tells failures of accept apart, waits where resources are short, and ignores what `send` gives.
fn careful(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    loop {
        match w.accept(listener) {
            Ok(client) => {
                if let Ok(bytes) = w.recv(client, 16) {
                    let _ = w.send(client, &bytes);
                }
                let _ = w.closesocket(client);
            }
            Err(Code::WSAECONNRESET) => {}
            Err(_) => w.sleep(100),
        }
    }
}

/// It takes a descriptor that it has not got for one.
fn blind(w: &Winsock<'_>) {
    let Ok(listener) = w.listener(5) else { return };
    loop {
        let client = w.accept(listener).unwrap_or(winaccept_program::Socket::INVALID);
        let _ = w.recv(client, 16);
        let _ = w.closesocket(client);
        w.sleep(200);
    }
}

fn shown(coverage: &Coverage, call: &str, outcome: &str) -> Option<Branch> {
    branch(&coverage[call], outcome)
}

#[test]
fn a_loop_with_a_branch_is_told_from_one_without() {
    let coverage = Fuzz::new(careful).without(Judge::Alive).run().expect("nobody convicts it").coverage;
    for outcome in ["WSAECONNRESET", "WSAEMFILE", "WSAENOBUFS", "WSAENETDOWN"] {
        assert_eq!(shown(&coverage, "accept", outcome), Some(Branch::Own), "{outcome}");
    }
    assert!(coverage["accept"]["WSAEMFILE"].next.keys().all(|next| *next == Next::Calls("SleepEx")));
    assert!(coverage["accept"]["WSAECONNRESET"].next.keys().all(|next| *next == Next::Calls("accept")));
    assert_eq!(shown(&coverage, "accept", "success"), None);

    let plan = Plan::plain(
        vec![Behaviour::Good],
        vec![Fault { kind: FaultKind::NoDescriptors, call: "accept".to_owned(), nth: 1 }],
    );
    let blind = Fuzz::new(blind).only(Judge::CleanStop).replay_plan(&plan).expect("nobody convicts it").coverage;
    assert_eq!(shown(&blind, "accept", "WSAEMFILE"), Some(Branch::AsSuccess));
}

#[test]
fn who_ends_or_panics_has_it_said() {
    let plan = "good/no-descriptors@accept1";
    let panics = |w: &Winsock<'_>| {
        let listener = w.listener(5).expect("a listener");
        loop {
            let client = w.accept(listener).expect("a client");
            let _ = w.closesocket(client);
        }
    };
    let finding = Fuzz::new(panics).replay(plan).expect_err("it panics");
    assert_eq!(shown(&finding.coverage, "accept", "WSAEMFILE"), Some(Branch::Panics));

    let ends = |w: &Winsock<'_>| {
        let listener = w.listener(5).expect("a listener");
        while let Ok(client) = w.accept(listener) {
            let _ = w.closesocket(client);
        }
    };
    let finding = Fuzz::new(ends).replay(plan).expect_err("it ends");
    assert_eq!(shown(&finding.coverage, "accept", "WSAEMFILE"), Some(Branch::Ends));
}

#[test]
fn what_a_call_could_have_met_there_stands_with_zero() {
    let passed = Fuzz::new(careful).replay("good").expect("nobody convicts it");
    let never: Vec<&str> =
        passed.coverage["accept"].iter().filter(|(_, met)| met.times == 0).map(|(name, _)| name.as_ref()).collect();
    assert_eq!(never, ["WSAEMFILE", "WSAENETDOWN", "WSAENOBUFS"], "nobody has reset a connection in this run");
    // A connection that is reset while it waits to be accepted: whether accept tells, is left open.
    let search = Fuzz::new(careful).without(Judge::Alive);
    let passed = search.runs(90).run().expect("nobody convicts it");
    assert!(passed.coverage["accept"].contains_key("WSAECONNRESET"), "{:?}", passed.coverage["accept"]);
}

#[test]
fn looking_around_changes_no_run() {
    // A replay looks at every call, the runs of a search only at some.
    let search = Fuzz::new(|w: &Winsock<'_>| {
        let listener = w.listener(5).expect("a listener");
        while let Ok(client) = w.accept(listener) {
            let _ = w.closesocket(client);
        }
    });
    let found = search.run().expect_err("it ends");
    let again = search.replay(&found.replay).expect_err("it ends");
    assert_eq!(found.scenario, again.scenario);
    assert!(!found.coverage.is_empty() && !again.coverage.is_empty());
}

#[test]
fn the_parts_of_a_search_are_the_whole() {
    let of = |first, runs| {
        Fuzz::new(careful).without(Judge::Alive).first(first).runs(runs).run().expect("nobody convicts it")
    };
    let mut parts = of(0, 100);
    for (first, runs) in [(100, 1), (101, 299)] {
        parts.merge(of(first, runs));
    }
    let whole = of(0, 400);
    assert_eq!((parts.runs, parts.undecided), (400, whole.undecided));
    assert_eq!(parts.coverage, whole.coverage);

    // What the whole finds is found by the part that has its run, under the same number and as the same plan.
    let ends = |w: &Winsock<'_>| while w.listener(5).and_then(|listener| w.accept(listener)).is_ok() {};
    let found = Fuzz::new(ends).run().expect_err("it listens anew for each client");
    let part = Fuzz::new(ends).first(found.runs - 1).runs(1).run().expect_err("that is the run");
    assert_eq!((part.runs, part.replay, part.scenario), (found.runs, found.replay, found.scenario));
}

#[test]
fn what_comes_next_reads_as_it_is_written() {
    let all = [
        Next::Calls("accept"),
        Next::Spawns("worker 1"),
        Next::HandsOver,
        Next::Waits,
        Next::Answers,
        Next::AwaitsStop,
        Next::Ends,
        Next::Panics,
    ];
    assert!(all.iter().all(|next| Next::read(&next.to_string()) == Some(*next)));
    assert_eq!(Next::read("format"), None);
}
