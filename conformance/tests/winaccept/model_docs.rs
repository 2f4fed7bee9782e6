//! What the page of the model names is there.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that stand for something else, or that are no name of ours.
const NO_NAMES: [&str; 5] = ["POINT", "NAME", "language.md", "worker.md", "1"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of every source and every file of notes.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "cache" && name != "evidence" {
                sources(&path, text);
            }
        } else if path
            .extension()
            .is_some_and(|ending| ["rs", "toml", "winaccept", "run"].iter().any(|of| ending == *of))
        {
            // Bytes that are no text are in no source of ours.
            *text += &fs::read_to_string(&path).unwrap_or_default();
        }
    }
}

/// What stands in backticks outside of blocks of code.
fn quoted(page: &str) -> Vec<&str> {
    let prose = page.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || "_-.".contains(c)
}

/// Does this stand in the text as a whole word, or as several?
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

#[test]
fn everything_in_backticks_is_there() {
    let page = fs::read_to_string(root().join("docs/model.md")).unwrap();
    let mut text = String::new();
    for folder in ["model", "sim", "conformance", "tests", "spec-notes"] {
        sources(&root().join(folder), &mut text);
    }
    let mut missing = Vec::new();
    for name in quoted(&page) {
        // A commit, or a command that names one.
        let commit = name.len() == 7 && name.chars().all(|c| c.is_ascii_hexdigit());
        if commit || name.starts_with("git ") {
            continue;
        }
        if name.contains('/') {
            let path = name.trim_end_matches("*.rs").trim_end_matches('/');
            if !root().join(path).exists() {
                missing.push(format!("no file `{name}`"));
            }
            continue;
        }
        let words = name.split(|c: char| !is_part(c)).map(|word| word.trim_matches(|c| "-.".contains(c)));
        for word in words.filter(|word| !word.is_empty() && !NO_NAMES.contains(word)) {
            if !has_word(&text, word) && !root().join("spec-notes").join(word).exists() {
                missing.push(format!("`{word}` of `{name}` stands in no source"));
            }
        }
    }
    assert!(missing.is_empty(), "docs/model.md names what is not there:\n  {}", missing.join("\n  "));
    assert!(quoted(&page).len() > 100, "a page is there, and says names");
}

#[test]
fn the_table_of_columns_has_them_all() {
    let page = fs::read_to_string(root().join("docs/model.md")).unwrap();
    let source = fs::read_to_string(root().join("model/src/rule.rs")).unwrap();
    let rule = source.split("pub struct Rule {").nth(1).unwrap().split("\n}").next().unwrap();
    let (_, table) = page.split_once("| column | says |").unwrap();
    let table = table.split("\n\n").next().unwrap();
    for line in rule.lines().filter_map(|line| line.trim().strip_prefix("pub ")) {
        let column = line.split(':').next().unwrap();
        assert!(table.contains(&format!("`{column}`")), "docs/model.md does not tell of the column `{column}`");
    }
}
