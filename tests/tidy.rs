//! The style of the source is a test.
//!
//! What rustfmt and clippy do not look at: files that fit on a few pages, lines that fit on a screen, no notes to
//! oneself, panics that say which invariant or limit they stand for, nothing of the machine it was written on.

mod imports;

use std::fs;
use std::path::{Path, PathBuf};

/// The most lines of a source file.
const LINES: usize = 700;
/// The most lines of a function: what fits a screen.
const SCREEN: usize = 70;
/// How a comment above a longer one begins, which says why.
const LONGER: &str = "// Longer than a screen: ";
/// The most characters of a line. rustfmt breaks code at 120; sentences in comments and strings may stand out a little.
const COLUMNS: usize = 140;
/// Folders that hold no source of ours.
const NOT_OURS: [&str; 6] = [".git", "target", "target-windows", "cache", "evidence", "node_modules"];
/// The places that may hold `unsafe`: one calls Windows, the other is called as Windows is, with pointers.
const UNSAFE: &[&str] = &["conformance/src/stack/windows", "program/windows-sys/", "examples/outside-windows/"];

/// A file of the repository.
struct File {
    /// Relative to the root, with `/`.
    name: String,
    text: String,
}

impl File {
    /// Tests, and the parts of a file that are.
    fn is_test(&self) -> bool {
        ["tests/", "/tests/", "bench/"].iter().any(|part| self.name.starts_with(part) || self.name.contains(part))
    }

    /// Its lines before its tests, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        lines.enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// Every text file of the repository with one of these endings.
fn files(endings: &[&str]) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository");
    let mut paths = Vec::new();
    collect(root, &mut paths);
    paths.sort();
    let wanted =
        |path: &&PathBuf| path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted));
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
        // A file that another process is replacing at this moment is not this test's business.
        Some(File { name, text: fs::read_to_string(path).ok()? })
    };
    let found: Vec<File> = paths.iter().filter(wanted).filter_map(read).collect();
    assert!(!found.is_empty(), "no file ends in {endings:?}: is the source not beside this test?");
    found
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if path.is_dir() && !NOT_OURS.contains(&name.as_str()) {
            collect(&path, paths);
        } else if path.is_file() {
            paths.push(path);
        }
    }
}

fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn files_fit_on_a_few_pages() {
    let long = files(&["rs"]).into_iter().filter(|file| file.text.lines().count() >= LINES);
    none("files to be split", &long.map(|file| file.name).collect::<Vec<_>>());
}

#[test]
fn functions_fit_on_a_screen_or_say_why_not() {
    let mut long = Vec::new();
    for file in files(&["rs"]) {
        let lines: Vec<&str> = file.text.lines().collect();
        for (first, line) in lines.iter().enumerate() {
            let indent = &line[..line.len() - line.trim_start().len()];
            let is_function = line.contains("fn ") && line.split_whitespace().any(|word| word == "fn");
            let code = is_function && !line.trim_start().starts_with("//") && !line.ends_with([';', '}']);
            let end = format!("{indent}}}");
            let Some(length) = lines[first..].iter().position(|line| *line == end).filter(|_| code) else { continue };
            // Between the comment and the function stand its attributes.
            let above = lines[..first].iter().rev().find(|line| !line.trim_start().starts_with("#["));
            if length >= SCREEN && !above.is_some_and(|line| line.trim_start().starts_with(LONGER)) {
                long.push(format!("{}:{}: {} lines", file.name, first + 1, length + 1));
            }
        }
    }
    none(&format!("functions to be split, or to say why not in a line above that begins `{LONGER}`"), &long);
}

#[test]
fn lines_fit_on_a_screen() {
    let mut long = Vec::new();
    for file in files(&["rs"]) {
        for (number, line) in file.text.lines().enumerate() {
            if line.chars().count() > COLUMNS {
                long.push(format!("{}:{}", file.name, number + 1));
            }
        }
    }
    none("lines to be broken", &long);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = files(&["rs"]).into_iter().filter(|file| !file.text.starts_with("//!"));
    none("files that do not begin with a sentence about themselves", &silent.map(|file| file.name).collect::<Vec<_>>());
}

#[test]
fn there_are_no_notes_to_oneself() {
    let words = ["TODO", "FIXME", "XXX", "HACK"];
    let mut found = Vec::new();
    for file in files(&["rs", "toml", "md", "sh"]).iter().filter(|file| file.name != "tests/tidy.rs") {
        for (number, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| line.split(|c: char| !c.is_alphanumeric()).any(|part| part == *word)) {
                found.push(format!("{}:{}: {}", file.name, number + 1, line.trim()));
            }
        }
    }
    none("notes to oneself", &found);
}

#[test]
fn panics_say_what_they_stand_for() {
    let mut found = Vec::new();
    for file in files(&["rs"]).iter().filter(|file| !file.is_test()) {
        for (number, line) in file.code() {
            if line.contains(".unwrap()") || line.contains(".expect(\"\")") || line.contains("panic!()") {
                found.push(format!("{}:{number}: {}", file.name, line.trim()));
            }
        }
    }
    none("outside of tests, say with `expect` why it cannot fail", &found);
}

#[test]
fn the_model_names_each_panic() {
    // A program that uses the model reads these names: an invariant is a bug of ours, a limit is one of the model.
    let mut found = Vec::new();
    for file in files(&["rs"]).iter().filter(|file| file.name.starts_with("model/src/") && !file.is_test()) {
        for (number, line) in file.code() {
            for call in [".expect(\"", "panic!(\""] {
                let Some((_, message)) = line.split_once(call) else { continue };
                if !["invariant: ", "limit: "].iter().any(|name| message.starts_with(name)) {
                    found.push(format!("{}:{number}: {}", file.name, line.trim()));
                }
            }
        }
    }
    none("panics of the model begin with `invariant: ` or `limit: `", &found);
}

#[test]
fn nothing_of_the_machine_it_was_written_on() {
    let homes = ["/home", "/root", "/Users", "/work"].map(|home| format!("{home}/"));
    let mut found = Vec::new();
    for file in files(&["rs", "toml", "md", "sh", "txt", "yml", "winaccept"]) {
        for (number, line) in file.text.lines().enumerate() {
            let absolute = |home: &String| {
                line.match_indices(home.as_str()).any(|(at, _)| {
                    // At the start of a path, not in the middle of one.
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "/._-}$".contains(c))
                })
            };
            if homes.iter().any(absolute) {
                found.push(format!("{}:{}: {}", file.name, number + 1, line.trim()));
            }
        }
    }
    none("absolute paths", &found);
}

#[test]
fn only_what_speaks_with_windows_is_unsafe() {
    let mut found = Vec::new();
    for file in files(&["rs"]).iter().filter(|file| !UNSAFE.iter().any(|place| file.name.starts_with(place))) {
        for (number, line) in file.code() {
            let code = line.split("//").next().unwrap_or(line);
            let word = code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
            if word && file.name != "tests/tidy.rs" {
                found.push(format!("{}:{number}: {}", file.name, line.trim()));
            }
        }
    }
    none("unsafe code", &found);
}

#[test]
fn every_crate_forbids_or_confines_unsafe_code() {
    for root in [
        "model/src/lib.rs",
        "sim/src/lib.rs",
        "conformance/lang/src/lib.rs",
        "conformance/chart/src/lib.rs",
        "tests/src/lib.rs",
    ] {
        let file = files(&["rs"]).into_iter().find(|file| file.name == root).expect("the crate has this root");
        assert!(file.text.contains("#![forbid(unsafe_code)]"), "{root}");
    }
}

#[test]
fn text_files_end_with_a_line_and_lines_without_blanks() {
    let mut found = Vec::new();
    for file in files(&["rs", "toml", "md", "sh", "winaccept"]) {
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            found.push(format!("{}: the last line does not end", file.name));
        }
        for (number, line) in file.text.lines().enumerate() {
            if line.ends_with([' ', '\t']) {
                found.push(format!("{}:{}: blanks at the end", file.name, number + 1));
            }
        }
    }
    none("blanks", &found);
}
