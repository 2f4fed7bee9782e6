//! Explanations for people.

use super::parts::{ChoicePart, ClausePart, NotePart, ObservationPart, ProfilePart, RulePart};
use super::{
    CallPage, Cause, ChoicePage, ClausePage, CodePage, Explanation, NotePage, ObservationPage, ProfilePage, RulePage,
    TopicPage,
};
use crate::graph::legal::LegalityData;
use crate::page::{Page, fitted};

/// An explanation as a page of text.
#[must_use]
pub fn render(explanation: &Explanation) -> String {
    let mut page = Page::new();
    match explanation {
        Explanation::Code(code) => code_page(&mut page, code),
        Explanation::Clause(clause) => clause_page(&mut page, clause),
        Explanation::Rule(rule) => rule_page(&mut page, rule),
        Explanation::Call(call) => call_page(&mut page, call),
        Explanation::Choice(choice) => choice_page(&mut page, choice),
        Explanation::Note(note) => note_page(&mut page, note),
        Explanation::Observation(seen) => observation_page(&mut page, seen),
        Explanation::Profile(profile) => profile_page(&mut page, profile),
        Explanation::Topic(topic) => topic_page(&mut page, topic),
        Explanation::Table(table) => super::table_text::page(&mut page, table),
    }
    fitted(&page.finish())
}

fn code_page(page: &mut Page, code: &CodePage) {
    let also = if code.also.is_empty() { String::new() } else { format!(", also {}", code.also.join(", ")) };
    page.line(&format!("{} ({}{also})", code.name, code.value));
    match &code.meaning {
        Some(meaning) => page.paragraph(2, meaning),
        None => page.paragraph(2, "No document of the inventory gives its meaning."),
    }
    if code.causes.is_empty() {
        page.gap();
        page.line("No call of the model gives it.");
    }
    causes(page, code);
    choices(page, "What the stacks do where it rests on a choice", &code.choices);
    if !code.other_clauses.is_empty() {
        page.heading("Clauses that speak of it and that no rule of the model gives");
        for part in &code.other_clauses {
            page.hanging(2, &part.id, 4, &part.statement);
        }
    }
    notes(page, &code.notes);
    observations(page, "Seen on real Windows", &code.observations);
}

/// When each call gives the code. Rules that differ only in their call are told together.
fn causes(page: &mut Page, code: &CodePage) {
    let mut groups: Vec<Vec<&Cause>> = Vec::new();
    for cause in &code.causes {
        let alike = |other: &Cause| {
            circumstances(&other.rule) == circumstances(&cause.rule) && other.rule.sources().eq(cause.rule.sources())
        };
        match groups.iter_mut().find(|group| alike(group[0])) {
            Some(group) => group.push(cause),
            None => groups.push(vec![cause]),
        }
    }
    let calls = |group: &[&Cause]| {
        let mut calls: Vec<&str> = Vec::new();
        for call in group.iter().flat_map(|cause| &cause.rule.calls) {
            if !calls.contains(call) {
                calls.push(call);
            }
        }
        calls.join(", ")
    };
    let mut told: Vec<&str> = Vec::new();
    let mut headings: Vec<String> = Vec::new();
    for group in &groups {
        let heading = calls(group);
        if !headings.contains(&heading) {
            page.gap();
            page.paragraph(0, &format!("{heading}: when"));
            for group in groups.iter().filter(|group| calls(group) == heading) {
                cause(page, code, group, &mut told);
            }
            headings.push(heading);
        }
    }
}

fn cause<'c>(page: &mut Page, code: &CodePage, group: &[&'c Cause], told: &mut Vec<&'c str>) {
    let names: Vec<&str> = group.iter().map(|cause| cause.rule.name).collect();
    page.paragraph(2, &names.join(", "));
    page.paragraph(4, &circumstances(&group[0].rule));
    let clauses = &group[0].clauses;
    let names_it = |part: &&ClausePart| part.id.split('.').any(|word| word == code.name);
    let main = clauses.iter().find(names_it).or(clauses.first()).filter(|part| !told.contains(&part.id.as_str()));
    if let Some(part) = main {
        told.push(&part.id);
        clause(page, 4, part);
    }
    let ids = clauses.iter().map(|part| part.id.as_str());
    let also: Vec<&str> = ids.filter(|id| main.is_none_or(|part| part.id != *id)).collect();
    if !also.is_empty() {
        page.paragraph(4, &format!("cites {}", also.join(", ")));
    }
}

/// From where, and under which choice.
fn circumstances(rule: &RulePart) -> String {
    let mut text = rule.stage.to_owned();
    text += &format!("; {}", from(rule));
    if !rule.under.is_empty() {
        text += &format!("; if {}", rule.under.join(" and "));
    }
    if !rule.asks.is_empty() {
        text += &format!("; asks {}", rule.asks.join(", "));
    }
    if rule.consumes {
        text += match rule.may_keep {
            true => "; the connection is kept, or taken off the queue and closed",
            false => "; the connection is taken off the queue and closed",
        };
    }
    text
}

fn from(rule: &RulePart) -> String {
    match rule.from.len() {
        8 => "whatever the state of the socket".to_owned(),
        7 if !rule.from.iter().any(|state| state == "NotASocket") => "from any state of a socket".to_owned(),
        _ => format!("from {}", rule.from.join(", ")),
    }
}

fn topic_page(page: &mut Page, found: &TopicPage) {
    let value = found.value.map_or(String::new(), |value| format!(" = {value}"));
    page.line(&format!("{}{value}", found.name));
    page.paragraph(2, &found.what);
    if let Some(meaning) = &found.meaning {
        page.paragraph(2, meaning);
    }
    let mut heading = "";
    for mention in &found.mentioned {
        if mention.of != heading {
            heading = mention.of;
            page.heading(titled(heading));
        }
        page.hanging(2, &mention.name, 36, &mention.says);
    }
}

/// What stands above mentions of one sort.
fn titled(of: &str) -> &'static str {
    match of {
        "clause" => "Clauses",
        "related" => "Rules of related pages",
        "rule" => "Rules of the model",
        "choice" => "Choice points",
        "note" => "Notes",
        "observation" => "Seen on real Windows",
        "constant" => "Constants",
        "profile" => "Profiles",
        _ => "Scenarios",
    }
}

fn clause(page: &mut Page, indent: usize, part: &ClausePart) {
    page.line(&format!("{:indent$}{}", "", part.id));
    page.paragraph(indent + 2, &part.statement);
    let line = part.line.map_or(String::new(), |line| format!(", line {line}"));
    page.paragraph(indent + 2, &format!("\"{}\" ({}{line})", part.quote, part.document));
}

fn choices(page: &mut Page, title: &str, all: &[ChoicePart]) {
    if all.is_empty() {
        return;
    }
    page.heading(title);
    for choice in all {
        page.hanging(2, &choice.name, 4, &choice.question);
        choice.profiles.iter().for_each(|part| profile(page, part.profile, part));
    }
}

fn profile(page: &mut Page, label: &str, part: &ProfilePart) {
    let reason = match (&part.because, &part.source, &part.grade) {
        (Some(because), Some(source), Some(grade)) => format!("{because} ({source}, grade {grade})"),
        (Some(because), ..) => because.clone(),
        (None, ..) => "unknown, keeps the documented set".to_owned(),
    };
    page.hanging(4, label, 16, &format!("{}: {reason}", part.allows.join(" or ")));
}

fn notes(page: &mut Page, all: &[NotePart]) {
    if all.is_empty() {
        return;
    }
    page.heading("Notes");
    for note in all {
        page.hanging(2, &note.id, 4, &note.title);
        let windows = note.windows.as_deref().unwrap_or("unknown");
        page.paragraph(4, &format!("Windows: {windows}{}", in_brackets(&note.observations)));
    }
}

fn in_brackets(ids: &[String]) -> String {
    if ids.is_empty() { String::new() } else { format!(" ({})", ids.join(", ")) }
}

fn observation_page(page: &mut Page, found: &ObservationPage) {
    observations(page, "Real Windows was seen to do this", std::slice::from_ref(&found.observation));
    page.gap();
    page.hanging(0, "calls", 14, &found.calls.join(", "));
    if !found.also.is_empty() {
        page.hanging(0, "also", 14, &found.also.join(", "));
    }
    if !found.choices.is_empty() {
        page.hanging(0, "decides", 14, &found.choices.join(", "));
    }
    let reason = found.reason.as_ref().map_or(String::new(), |reason| match found.standing {
        "later" => format!(": it waits for {reason}"),
        _ => format!(": {reason}"),
    });
    page.hanging(0, "in scenarios", 14, &format!("{}{reason}", found.standing));
    if !found.confirmed_by.is_empty() {
        page.heading("Steps that confirm it");
        for step in &found.confirmed_by {
            page.line(&format!("  {}, line {}", step.scenario, step.line));
            page.paragraph(4, &step.step);
        }
    }
}

fn observations(page: &mut Page, title: &str, all: &[ObservationPart]) {
    if all.is_empty() {
        return;
    }
    page.heading(title);
    for seen in all {
        page.hanging(2, &format!("{}, {}", seen.id, seen.grade), 18, &seen.statement);
        if all.len() == 1 {
            let version = seen.windows.as_deref().unwrap_or("version unknown");
            page.paragraph(18, &format!("{version}; {}", seen.source));
        }
    }
}

fn clause_page(page: &mut Page, found: &ClausePage) {
    let part = &found.clause;
    page.line(&format!("{}  ({})", part.id, part.document));
    page.paragraph(2, &part.statement);
    let line = part.line.map_or(String::new(), |line| format!(", line {line} of its text"));
    page.paragraph(2, &format!("\"{}\"{line}", part.quote));
    page.gap();
    let reason = found.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
    page.hanging(0, "testable", 14, &format!("{}{reason}", found.testable));
    listed(page, "contradicts", &found.contradicts);
    listed(page, "shown by", &found.scenarios);
    rules(page, "Rules that implement it", &found.rules);
    notes(page, &found.notes);
}

fn listed(page: &mut Page, label: &str, all: &[String]) {
    for (number, one) in all.iter().enumerate() {
        page.hanging(0, if number == 0 { label } else { "" }, 14, one);
    }
}

fn rules(page: &mut Page, title: &str, all: &[RulePart]) {
    if all.is_empty() {
        return;
    }
    page.heading(title);
    for rule in all {
        page.hanging(2, rule.name, 36, &format!("{}; {}", rule.gives, circumstances(rule)));
    }
}

fn rule_page(page: &mut Page, found: &RulePage) {
    let rule = &found.rule;
    let kind = match (rule.check, rule.consumes) {
        (true, false) if rule.gives.contains("crashes") => "a check that brings the process down",
        (true, false) if rule.changes => "a check that also changes what its name tells",
        (true, true) if rule.may_keep => "a check that may also take the connection off the queue and close it",
        (true, true) => "a check that also takes the connection off the queue and closes it",
        (true, false) => "a check: all that hold compete, the documents give no order",
        (false, _) => "a case: the first that holds fires, when no check does",
    };
    page.line(rule.name);
    page.hanging(2, "of", 10, &format!("{}: {}", rule.calls.join(", "), rule.stage));
    page.hanging(2, "is", 10, kind);
    page.hanging(2, "from", 10, from(rule).trim_start_matches("from "));
    if let Some(to) = &rule.to {
        page.hanging(2, "to", 10, to);
    }
    if !rule.under.is_empty() {
        page.hanging(2, "if", 10, &rule.under.join(" and "));
    }
    if !rule.asks.is_empty() {
        page.hanging(2, "asks", 10, &rule.asks.join(", "));
    }
    page.hanging(2, "gives", 10, &rule.gives);
    for (title, ids) in
        [("What it implements of its own page", &rule.cites), ("What it takes from other pages", &rule.rests_on)]
    {
        if !ids.is_empty() {
            page.heading(title);
            let parts = found.clauses.iter().filter(|part| ids.contains(&part.id.as_str()));
            parts.for_each(|part| clause(page, 2, part));
        }
    }
    choices(page, "What the stacks do", &found.choices);
    if !found.scenarios.is_empty() {
        page.gap();
        listed(page, "shown by", &found.scenarios);
    }
}

fn call_page(page: &mut Page, call: &CallPage) {
    page.line(&format!("{}: {} clauses of its own page", call.name, call.clauses));
    page.heading("What it gives");
    gives(page, &call.gives);
    rules(page, "Its errors", &matching(&call.rules, true));
    rules(page, "What it does", &matching(&call.rules, false));
    if !call.choices.is_empty() {
        let names: Vec<&str> = call.choices.iter().map(|choice| choice.name.as_str()).collect();
        page.gap();
        page.hanging(0, "rests on", 14, &names.join(", "));
    }
    page.gap();
    page.line(&format!("winaccept graph {} draws it; winaccept explain NAME says more of each.", call.name));
}

fn matching(rules: &[RulePart], check: bool) -> Vec<RulePart> {
    rules.iter().filter(|rule| rule.check == check).cloned().collect()
}

fn gives(page: &mut Page, row: &LegalityData) {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for cell in &row.states {
        let illegal = if cell.legal { "" } else { "illegal: " };
        let text = format!("{illegal}{}", cell.gives.join(", "));
        match groups.iter_mut().find(|(_, known)| *known == text) {
            Some((states, _)) => states.push(&cell.state),
            None => groups.push((vec![&cell.state], text)),
        }
    }
    for (states, text) in groups {
        let states = if row.about_a_socket { states.join(", ") } else { "at once".to_owned() };
        page.hanging(2, &states, 28, &text);
    }
    if !row.after_waiting.is_empty() {
        page.hanging(2, "after it waited", 28, &row.after_waiting.join(", "));
    }
    if !row.always.is_empty() {
        page.hanging(2, "whatever the state", 28, &row.always.join(", "));
    }
}

fn choice_page(page: &mut Page, found: &ChoicePage) {
    let choice = &found.choice;
    page.line(&format!("{}  ({})", choice.name, choice.why));
    page.paragraph(2, &choice.question);
    page.gap();
    page.hanging(0, "documents", 14, &choice.documents);
    page.hanging(0, "Windows", 14, &choice.known);
    page.heading("Its alternatives");
    for (alternative, means) in choice.alternatives.iter().zip(&choice.means) {
        let means = if means == alternative { "" } else { means };
        page.hanging(2, alternative, 28, means);
    }
    page.heading("What each profile allows");
    choice.profiles.iter().for_each(|part| profile(page, part.profile, part));
    rules(page, "Rules that rest on it", &found.rules);
    notes(page, &found.notes);
}

fn note_page(page: &mut Page, found: &NotePage) {
    let note = &found.note;
    page.line(&format!("{}  ({})", note.id, note.why));
    page.paragraph(2, &note.title);
    page.gap();
    page.paragraph(0, &note.says);
    page.gap();
    page.hanging(0, "Windows", 14, note.windows.as_deref().unwrap_or("unknown"));
    page.heading("Clauses concerned");
    found.clauses.iter().for_each(|part| clause(page, 2, part));
    observations(page, "Seen on real Windows", &found.observations);
}

fn profile_page(page: &mut Page, found: &ProfilePage) {
    let known = found.choices.iter().filter(|choice| choice.part.known).count();
    page.line(&format!("{}: {known} of {} choice points are known", found.name, found.choices.len()));
    page.gap();
    for choice in &found.choices {
        page.line(&format!("  {}", choice.choice));
        profile(page, "", &choice.part);
    }
    page.heading("Order of checks");
    if let Some(because) = &found.order_because {
        page.paragraph(2, because);
    }
    page.paragraph(2, &found.order.join(", "));
}
