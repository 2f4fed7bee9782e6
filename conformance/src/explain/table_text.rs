//! The table of a call's outcomes for people.

use super::table::{Loop, Row, Source, SpeaksOf, TablePage, Under};
use crate::page::Page;

/// The table as text: an outcome, what to do, and what each profile says of it.
pub(super) fn page(page: &mut Page, table: &TablePage) {
    page.line(&format!("{}: what each outcome says to a loop that accepts", table.call));
    page.paragraph(
        2,
        "What to do is advice of this project; what can come, and why, is what the rules of the model say.",
    );
    for row in &table.outcomes {
        page.gap();
        let (of, then) = (speaks_of(row.speaks_of), then(row.then));
        let whose = if row.of_request { "how the request ends: " } else { "" };
        page.hanging(0, &row.outcome, 24, &format!("{whose}{of}; the loop {then}"));
        if let Some(code) = &row.at_port {
            page.paragraph(2, &format!("GetQueuedCompletionStatus and GetOverlappedResult tell it as {code}."));
        }
        page.paragraph(2, &row.advice);
        for (profiles, text) in grouped(row) {
            page.hanging(2, &profiles, 24, &text);
        }
        page.paragraph(2, &format!("rules: {}", row.rules.join(", ")));
    }
}

/// Profiles that say the same, together.
fn grouped(row: &Row) -> Vec<(String, String)> {
    let mut groups: Vec<(String, String)> = Vec::new();
    for under in &row.profiles {
        let text = said(under);
        match groups.iter_mut().find(|(_, known)| *known == text) {
            Some((profiles, _)) => *profiles += &format!(", {}", under.profile),
            None => groups.push((under.profile.to_owned(), text)),
        }
    }
    groups
}

fn said(under: &Under) -> String {
    let mut text = if under.possible { "can come" } else { "never" }.to_owned();
    text += match under.connection {
        Some("kept") => "; the connection stays queued",
        Some("lost") => "; the connection is lost",
        Some(_) => "; the connection stays queued or is lost",
        None => "",
    };
    if !under.known {
        text += "; not known of this stack, the documented set is kept";
    }
    if under.profile != "documented" && !under.sources.is_empty() {
        text += &format!(" ({})", sources(&under.sources));
    }
    text
}

/// Choices that are known from the same place, together.
fn sources(sources: &[Source]) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for Source { source, grade, choice } in sources {
        let grade =
            grade.as_ref().filter(|grade| *grade != "run").map_or(String::new(), |grade| format!(", grade {grade}"));
        let from = format!("{source}{grade}");
        match groups.iter_mut().find(|(known, _)| *known == from) {
            Some((_, choices)) => choices.push(choice),
            None => groups.push((from, vec![choice])),
        }
    }
    groups.iter().map(|(from, choices)| format!("{}: {from}", choices.join(", "))).collect::<Vec<_>>().join("; ")
}

fn speaks_of(of: SpeaksOf) -> &'static str {
    match of {
        SpeaksOf::Nothing => "nothing went wrong",
        SpeaksOf::Connection => "one connection, no other",
        SpeaksOf::Resources => "resources",
        SpeaksOf::Network => "the network",
        SpeaksOf::Listener => "this listener",
        SpeaksOf::Caller => "a mistake of the caller",
        SpeaksOf::Process => "the process",
    }
}

fn then(then: Loop) -> &'static str {
    match then {
        Loop::GoesOn => "goes on at once",
        Loop::Waits => "waits, then tries again",
        Loop::Ends => "ends",
    }
}
