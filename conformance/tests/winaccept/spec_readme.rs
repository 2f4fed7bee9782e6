//! `spec-notes/README.md` says what the data says: its tables and lists are made from the data here
//! and must stand in it word for word.

use winaccept::spec::{Clause, Document, Entry, Kind, NoteKind, Spec, Testable};

const README: &str = include_str!("../../../spec-notes/README.md");

/// Asserts that the README holds `part`, and shows what to paste if it does not.
#[track_caller]
fn says(part: &str) {
    assert!(README.contains(part), "spec-notes/README.md should contain:\n\n{part}\n");
}

fn row<'a>(name: &str, entries: impl Iterator<Item = Entry<'a>>) -> String {
    let entries: Vec<Entry<'_>> = entries.collect();
    let kinds = Kind::ALL.map(|kind| entries.iter().filter(|entry| entry.kind() == kind).count());
    let classes = Testable::ALL.map(|class| entries.iter().filter(|entry| entry.testable() == class).count());
    let cells = [entries.len()].into_iter().chain(kinds).chain(classes).map(|count| count.to_string());
    format!("| {name} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

#[test]
fn the_counts_are_current() {
    let spec = Spec::bundled();
    let clauses = |keep: &dyn Fn(&Clause) -> bool| {
        spec.clauses().iter().filter(|clause| keep(clause)).map(Entry::Clause).collect::<Vec<_>>()
    };
    let mut table = String::new();
    for document in Document::ALL {
        table += &row(document.name(), clauses(&|clause| clause.doc == document).into_iter());
    }
    table += &row("**five documents**", clauses(&|_| true).into_iter());
    table += &row("**related rules**", spec.related().iter().map(Entry::Related));
    says(&table);
}

#[test]
fn the_topics_are_current() {
    let spec = Spec::bundled();
    let topics = spec.topics();
    let counts: Vec<String> = topics.iter().map(|topic| format!("{topic} {}", spec.rules_of(topic).count())).collect();
    let folded: String = README.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = format!("Rules by topic ({}): {}.", topics.len(), counts.join(", "));
    assert!(folded.contains(&expected), "spec-notes/README.md should contain:\n\n{expected}\n");
}

#[test]
fn the_sums_are_current() {
    let spec = Spec::bundled();
    let pairs = |both_clauses: bool| {
        let links =
            spec.entries().flat_map(|entry| entry.contradicts().iter().map(move |other| (entry.id(), other.as_str())));
        let links = links.filter(|(a, b)| (spec.clause(a).is_some() && spec.clause(b).is_some()) == both_clauses);
        let mut pairs: Vec<_> = links.map(|(a, b)| if a < b { (a, b) } else { (b, a) }).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs.len()
    };
    says(&format!("{} pairs of clauses contradict each other", pairs(true)));
    says(&format!("{} pairs involve a related rule", pairs(false)));
    says(&format!("{} error codes", spec.codes().len()));
    says(&format!("{} header constants", spec.constants().len()));
    says(&format!("{} observations", spec.observations().len()));
}

#[test]
fn the_notes_are_listed() {
    let spec = Spec::bundled();
    for kind in [NoteKind::Contradiction, NoteKind::Silence] {
        let lines = spec.notes().iter().filter(|note| note.kind == kind);
        says(&lines.map(|note| format!("* `{}`: {} {}\n", note.id, end(&note.title), note.says)).collect::<String>());
    }
}

/// A title as a sentence.
fn end(title: &str) -> String {
    if title.ends_with('?') { title.into() } else { format!("{title}.") }
}
