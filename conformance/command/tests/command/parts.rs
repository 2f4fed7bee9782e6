//! A search in parts, put together by `winaccept fuzz --merge`.

use crate::running::{folder, winaccept};

#[test]
fn parts_of_a_search_are_put_together() {
    let folder = folder("parts");
    let file = |name: &str| folder.join(name).to_str().expect("the folder's name is text").to_owned();
    let part = |name: &str, arguments: &[&str]| {
        let run = winaccept(&[&["fuzz"], arguments, &["--format", "json"]].concat());
        std::fs::write(folder.join(name), &run.out).unwrap();
        run.out
    };
    let mended = ["sets-filled-once", "--mended", "--runs", "60"];
    part("0", &[&mended[..], &["--first", "0"]].concat());
    part("1", &[&mended[..], &["--first", "60"]].concat());
    let whole = part("whole", &["sets-filled-once", "--mended", "--runs", "120"]);
    let merged = winaccept(&["fuzz", "--format", "json", "--merge", &file("0"), &file("1")]);
    assert_eq!((merged.status, merged.err.as_str()), (0, ""));
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&merged.out)[0], read(&whole));

    let broken = part("broken", &["sets-filled-once"]);
    let both = winaccept(&["fuzz", "--format", "json", "--merge", &file("broken"), &file("0"), &file("broken")]);
    assert_eq!(both.status, 1);
    assert_eq!(read(&both.out)[0]["finding"], read(&broken)["finding"], "the shortest, once");
    let told = winaccept(&["fuzz", "--merge", &file("broken"), &file("0")]);
    assert!(
        told.status == 1 && told.out.contains("sets-filled-once") && told.out.contains("scenario \""),
        "{}",
        told.out
    );
}

#[test]
fn what_is_no_part_is_refused() {
    let folder = folder("no-parts");
    let file = folder.join("x.json");
    let file = file.to_str().expect("the folder's name is text");
    for content in ["", "{}", "[{\"name\":1}]", &part("no-such-call", "accept"), &part("accept", "")] {
        std::fs::write(file, content).unwrap();
        let run = winaccept(&["fuzz", "--merge", file]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{content}: {}", run.err);
        assert!(run.err.starts_with("error: ") && run.err.contains("x.json"), "{}", run.err);
    }
    let gone = winaccept(&["fuzz", "--merge", "no-such-file"]);
    assert!(gone.status == 2 && gone.err.contains("no-such-file"), "{}", gone.err);
    assert_eq!(winaccept(&["fuzz", "sets-filled-once", "--merge", file]).status, 2);
}

/// A part in which a call was followed by something.
fn part(call: &str, next: &str) -> String {
    format!(
        "{{\"name\":\"a\",\"profile\":\"documented\",\"runs\":1,\"undecided\":0,\"finding\":null,\"outcomes\":{{\"{call}\":\
         {{\"success\":{{\"times\":1,\"next\":{{\"{next}\":1}},\"branch\":null}}}}}}}}"
    )
}
