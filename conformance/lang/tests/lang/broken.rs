//! Every broken scenario gets the message that its snapshot shows.

use std::fs;
use std::path::Path;

use winaccept_lang::limits::{MAX_FILE, MAX_LINE, MAX_PROBLEMS, MAX_STEPS};
use winaccept_lang::{Diagnostics, parse};

fn diagnose(source: &[u8], file: &str) -> Diagnostics {
    match parse(source, file, &|clause| !clause.contains("no.such")) {
        Ok(_) => panic!("{file} is not broken"),
        Err(diagnostics) => diagnostics,
    }
}

#[test]
fn each_broken_file_says_what_is_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 30);
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = fs::read(&path).unwrap();
        insta::assert_snapshot!(name.clone(), diagnose(&source, &format!("{name}.winaccept")));
    }
}

#[test]
fn files_that_are_no_text() {
    let long_line = [b"scenario \"long\"\n# ".as_slice(), &[b'x'; MAX_LINE]].concat();
    let huge_line = vec![b'x'; 10 << 20];
    let sources: &[(&str, &[u8])] = &[
        ("empty", b""),
        ("blank", b" \r\n\t\n"),
        ("zero", b"scenario \"a\0b\"\n"),
        ("latin1", b"scenario \"caf\xe9\"\n"),
        ("utf-16", b"\xff\xfes\0c\0e\0n\0a\0r\0i\0o\0"),
        ("utf-16 big-endian", b"\xfe\xff\0s\0c\0e\0n\0a\0r\0i\0o"),
        ("long line", &long_line),
        ("huge line", &huge_line),
    ];
    let all: Vec<_> = sources.iter().map(|(name, source)| diagnose(source, name).to_string()).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_file_of_the_largest_size_is_read_in_time() {
    for line in
        ["x\n", "either { } or { }\n", "hold L\n", "{{{{((((\n", "\"\n", "a socket(AF_INET, SOCK_STREAM, 0) = L\n"]
    {
        let body = line.repeat((MAX_FILE - 64) / line.len());
        let diagnostics = diagnose(format!("scenario \"many\"\nany order {{\n{body}").as_bytes(), "many");
        assert!(diagnostics.list().len() <= MAX_PROBLEMS);
        assert!(diagnostics.to_string().contains("more"), "{line}");
    }
}

#[test]
fn a_scenario_has_a_limited_number_of_steps() {
    let steps = |count: usize| format!("scenario \"many\"\n{}", "a WSACleanup() = 0\n".repeat(count));
    assert!(parse(steps(MAX_STEPS).as_bytes(), "many", &|_| true).is_ok());
    let diagnostics = diagnose(steps(MAX_STEPS + 1).as_bytes(), "many");
    assert_eq!(diagnostics.list().len(), 1);
    assert_eq!(diagnostics.list()[0].title, "too many steps");
    assert_eq!(diagnostics.position(&diagnostics.list()[0]), (MAX_STEPS + 2, 1));
}
