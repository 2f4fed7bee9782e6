//! Files of learned machines: what is wrong with one is told with its place, and nothing makes the judge panic.

use std::path::PathBuf;

use winaccept::learned::{check, find};
use winaccept::profiles::Choices;
use winaccept_model::step::Machine;

fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("winaccept-learned-{}-{name}.csv", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path
}

fn complaint(name: &str, content: &[u8]) -> String {
    let path = file(name, content);
    let error = find(&path).unwrap_err().to_string().replace(path.to_str().unwrap(), "FILE");
    std::fs::remove_file(path).unwrap();
    error
}

#[test]
fn complaints_have_a_place_and_a_remedy() {
    let header = "state,input,output,next\n";
    for (name, content, said) in [
        ("empty", String::new(), "error: FILE: there is no table in it"),
        ("no-header", "a,b,c,d\n".to_owned(), "error: FILE:1: there is no column `state`"),
        ("no-rows", header.to_owned(), "error: FILE: there is no transition in it"),
        ("short", format!("{header}a,syn,-\n"), "error: FILE:2: this row has 3 fields, the header 4"),
        ("hole", format!("# why\n{header}a,syn,,a\n"), "error: FILE:3: the field `output` is empty"),
        ("quote", format!("{header}a,\"syn,-,a\n"), "error: FILE:2: a quote is not closed"),
        ("twice", format!("{header}a,syn,-,a\na,syn,ACK,a\n"), "error: FILE:3: `a` has two transitions with `syn`"),
    ] {
        let error = complaint(name, content.as_bytes());
        assert!(error.starts_with(said) && error.contains("\nhelp: "), "{name}: {error}");
    }
    assert!(
        complaint("bytes", b"state,input,output,next\na,\xff,-,a\n").starts_with("error: FILE:2: this is not UTF-8")
    );
    let missing = find(&PathBuf::from("no-such-machine.csv")).unwrap_err().to_string();
    assert!(missing.contains("windows8-server"), "{missing}");
    assert!(find(&std::env::temp_dir()).unwrap_err().to_string().contains("this is a folder"));
}

#[test]
fn what_nobody_knows_is_unsayable() {
    // As another learner may have it: other inputs and outputs, other columns, states without rows.
    let table = "next,state,note,input,output\nq1,q0,,listen,-\nq2,q1,\"a, b\",syn,SYN-ACK\nq3,q2,,connect,SYN\nq4,q2,,ack,ACK+FIN\n\
                 q5,q3,,syn,-\nq1,q2,,rst,-\n";
    let path = file("foreign", table.as_bytes());
    let learned = find(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    for profile in winaccept::profiles::NAMES {
        let machine = Machine::new(Choices::bundled().profile(profile).unwrap());
        let output = check("foreign", &learned, &machine);
        assert_eq!((output.transitions, output.exact, output.unsayable), (6, 3, 3), "{output:#?}");
        let reasons: Vec<&str> = output.unsayable_transitions.iter().map(|one| one.reason.as_str()).collect();
        assert!(reasons[0].starts_with("the harness has no input `connect`"), "{reasons:?}");
        assert!(reasons[1].starts_with("the model has no output `ACK+FIN`"), "{reasons:?}");
        assert!(reasons[2].starts_with("the model never gets to `q3`"), "{reasons:?}");
    }
}

#[test]
fn damaged_tables_never_panic() {
    let whole = include_bytes!("../../machines/windows8-server.csv");
    let machine = Machine::new(Choices::bundled().profile("windows").unwrap());
    let mut seed = 7u64;
    let mut below = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n
    };
    for round in 0..40 {
        let mut content = whole.to_vec();
        for _ in 0..1 + round % 5 {
            let at = below(content.len());
            match below(3) {
                0 => content[at] = below(256) as u8,
                1 => drop(content.remove(at)),
                _ => content.truncate(at.max(1)),
            }
        }
        let path = file("damaged", &content);
        if let Ok(learned) = find(&path) {
            let output = check("damaged", &learned, &machine);
            let judged = output.exact + output.wider.len() + output.wrong.len() + output.unsayable;
            assert_eq!(judged, learned.transitions.len());
        }
        std::fs::remove_file(path).unwrap();
    }
}
