//! Every clause's quote stands in its document, on the line the clause states.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use winaccept::spec::{Document, Plain, Spec, quotes};

/// Names the folder with copies of the five documents, which are not part of this repository.
const FOLDER: &str = "WINACCEPT_SEEDS";

/// Says how the check went even when the test passes: what is written to the stream itself, unlike
/// what `println!` prints, is not kept back by the test harness.
fn tell(text: &str) {
    writeln!(io::stdout(), "quote check: {text}").expect("standard output is open while tests run");
}

#[test]
fn every_quote_stands_in_its_document() {
    let Some(folder) = env::var_os(FOLDER) else {
        return tell(&format!("not run, because {FOLDER} is not set"));
    };
    if !Path::new(&folder).is_dir() {
        return tell(&format!("not run, because {} is no folder", folder.display()));
    }
    let report = quotes::check(Path::new(&folder)).expect("the folder exists, so a file in it is unreadable");
    tell(report.to_string().trim_end());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn markup_is_removed() {
    let cases = [
        ("The \n<b>accept</b> function", "The accept function"),
        ("see [**select**](/windows/select) or", "see select or"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("array[1] and [in]", "array[1] and [in]"),
        ("if (a < b) then", "if (a < b) then"),
        ("in `Winsock2.h`, **bold**", "in Winsock2.h, bold"),
        (
            "text\n```cpp\n#include <mswsock.h> // **p\n```\nafter <i>it</i>",
            "text #include <mswsock.h> // **p after it",
        ),
        ("> [!Note]\n> On Unix", "[!Note] On Unix"),
    ];
    for (source, text) in cases {
        assert_eq!(Plain::of(source).text().trim(), text, "{source}");
    }
}

#[test]
fn lines_are_remembered() {
    let page = Plain::of("one\n<b>two</b>\n\nthree two\nthree");
    assert_eq!(page.lines_of("two"), [2, 4]);
    assert_eq!(page.lines_of("three\n two  three"), [4]);
    assert!(page.lines_of("four").is_empty());
    assert!(page.lines_of(" ").is_empty());
}

#[test]
fn documents_are_told_by_their_title() {
    let page = |title: &str| format!("---\nUID: x\ntitle: {title}\n---\nbody");
    let known = [
        ("accept function", Some(Document::Accept)),
        ("accept function (winsock2.h)", Some(Document::Accept)),
        ("AcceptEx function (winsock.h)", Some(Document::AcceptEx)),
        ("LPWSPACCEPT", Some(Document::WspAccept)),
        ("Accepting a Connection (Windows Sockets 2)", Some(Document::Tutorial)),
        ("listen function", None),
    ];
    for (title, document) in known {
        assert_eq!(quotes::recognise(&page(title)), document, "{title}");
    }
    assert_eq!(quotes::recognise("title: accept function\n"), None, "no front matter");
    assert_eq!(quotes::recognise("---\nUID: x\n---\ntitle: accept function\n"), None, "after the front matter");
}

/// A folder that is removed when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let folder = env::temp_dir().join(format!("winaccept-{name}-{}", process::id()));
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        Scratch(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed stays in the temporary folder; no test depends on it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_does_not_stand_there_is_reported() {
    let scratch = Scratch::new("quotes");
    let clause = Spec::bundled().clause("accept.err.WSAEFAULT.addrlen-small").expect("a clause of accept");
    let head = "---\ntitle: accept function\n---\n";
    fs::write(scratch.0.join("b.txt"), format!("{head}{}.\n", clause.quote)).expect("the folder was just made");
    fs::write(scratch.0.join("c.txt"), head).expect("the folder was just made");
    fs::write(scratch.0.join("a.bin"), [0xff, 0xfe]).expect("the folder was just made");

    let report = quotes::check(&scratch.0).expect("the folder was just made");
    assert_eq!(report.files.keys().collect::<Vec<_>>(), [&Document::Accept]);
    assert_eq!(report.missing.len(), 4);
    assert_eq!(report.surplus, [scratch.0.join("c.txt")]);
    assert_eq!(report.checked, Spec::bundled().clauses_of(Document::Accept).count());
    assert!(!report.is_clean());
    let moved = report.findings.iter().find(|finding| finding.clause == clause.id).expect("it is on another line");
    assert_eq!(moved.found, [4]);
    assert_eq!(report.findings.iter().filter(|finding| finding.found.is_empty()).count(), report.findings.len() - 1);
}

#[test]
fn a_missing_folder_is_an_error() {
    assert!(quotes::check(Path::new("no such folder")).is_err());
}
