//! The inventory and the notes are consistent in themselves and with the model.

use std::collections::BTreeMap;

use winaccept::coverage::Shown;
use winaccept::spec::{
    Constant, Document, Entry, MAX_QUOTE_WORDS, MAX_STATEMENT_WORDS, Note, NoteKind, Observation, Reach, Spec, Testable,
};
use winaccept_model::code::{CODES, Code};

/// Asserts that nothing was found, and lists what was.
#[track_caller]
fn none<T: std::fmt::Debug>(what: &str, found: impl IntoIterator<Item = T>) {
    let found: Vec<T> = found.into_iter().collect();
    assert!(found.is_empty(), "{what}: {found:#?}");
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

#[test]
fn the_inventory_is_complete() {
    let spec = Spec::bundled();
    assert_eq!(spec.clauses().len(), 478);
    assert_eq!(spec.related().len(), 460);
    let counts =
        [("accept", 78), ("WSAAccept", 153), ("AcceptEx", 128), ("WSPAccept", 92), ("Accepting a Connection", 27)];
    for (document, (name, clauses)) in Document::ALL.into_iter().zip(counts) {
        assert_eq!(document.name(), name);
        assert_eq!(spec.clauses_of(document).count(), clauses, "{document}");
    }
    let of_topics: usize = spec.topics().into_iter().map(|topic| spec.rules_of(topic).count()).sum();
    assert_eq!(of_topics, spec.related().len());
}

#[test]
fn ids_begin_with_their_document() {
    let spec = Spec::bundled();
    none(
        "wrong prefix",
        spec.clauses().iter().filter(|clause| clause.id.split('.').next() != Some(clause.doc.id_prefix())),
    );
    let mut prefixes = BTreeMap::new();
    for rule in spec.related() {
        let prefix = rule.id.split('.').next();
        assert_eq!(*prefixes.entry(prefix).or_insert(&rule.doc), &rule.doc, "{}", rule.id);
    }
    none(
        "not lower-case words and code names joined by dots",
        spec.entries().map(Entry::id).filter(|id| {
            id.split('.')
                .any(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)))
        }),
    );
}

#[test]
fn ids_are_found_again() {
    let spec = Spec::bundled();
    for entry in spec.entries() {
        assert_eq!(spec.entry(entry.id()), Some(entry));
        assert!(spec.knows(entry.id()));
    }
    for clause in spec.clauses() {
        assert_eq!(spec.clause(&clause.id), Some(clause));
        assert_eq!(spec.rule(&clause.id), None);
    }
    for rule in spec.related() {
        assert_eq!(spec.rule(&rule.id), Some(rule));
        assert_eq!(spec.clause(&rule.id), None);
    }
    assert!(!spec.knows("accept.err.WSAEVERYTHING"));
    assert!(!spec.knows("C5"), "an observation is no clause");
    assert!(!spec.knows("silent.01-order-of-checks"), "a note is no clause");
}

#[test]
fn contradictions_are_mutual() {
    let spec = Spec::bundled();
    for entry in spec.entries() {
        for other in entry.contradicts() {
            let id = entry.id();
            let other = spec.entry(other).unwrap_or_else(|| panic!("{id} contradicts the unknown `{other}`"));
            let back = match (entry, other) {
                (Entry::Related(rule), Entry::Clause(clause)) => clause.related.contains(&rule.id),
                (Entry::Clause(_), Entry::Related(_)) => panic!("{id} lists a rule; `related` is the place for it"),
                _ => other.contradicts().iter().any(|back| back == id),
            };
            assert!(back, "`{id}` contradicts `{}`, but not the other way round", other.id());
            assert_ne!(id, other.id(), "contradicts itself");
        }
    }
}

#[test]
fn related_names_rules() {
    let spec = Spec::bundled();
    for clause in spec.clauses() {
        none(&clause.id, clause.related.iter().filter(|id| spec.rule(id).is_none()));
    }
}

#[test]
fn references_are_not_repeated() {
    let spec = Spec::bundled();
    let repeats = |ids: &[String]| ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id));
    none("repeated contradicts", spec.entries().filter(|entry| repeats(entry.contradicts())));
    none("repeated related", spec.clauses().iter().filter(|clause| repeats(&clause.related)));
    none("repeated in notes", spec.notes().iter().filter(|note| repeats(&note.clauses) || repeats(&note.observations)));
}

#[test]
fn quotes_are_short() {
    let spec = Spec::bundled();
    none("quote", spec.entries().filter(|entry| !(1..=MAX_QUOTE_WORDS).contains(&words(entry.quote()))));
}

#[test]
fn what_no_step_shows_says_why() {
    let shown = Shown::of(&winaccept::suite::bundled().unwrap_or_else(|problems| panic!("{problems}")));
    for rule in Spec::bundled().related().iter().filter(|rule| rule.testable.is_testable()) {
        let is_shown = shown.by_clause.contains_key(&rule.id);
        assert_ne!(is_shown, rule.open.is_some(), "{}: shown, or open with a reason, and not both", rule.id);
    }
}

#[test]
fn reasons_stand_where_nothing_can_be_tested() {
    let spec = Spec::bundled();
    none("reason", spec.entries().filter(|entry| (entry.testable() == Testable::No) != entry.reason().is_some()));
}

#[test]
fn texts_are_tidy() {
    let spec = Spec::bundled();
    let untidy = |text: &str| text.is_empty() || text.trim() != text || text.contains('\n') || text.contains("  ");
    none("statement", spec.entries().filter(|entry| untidy(entry.statement()) || untidy(entry.quote())));
    none("meaning", spec.codes().iter().filter(|code| untidy(&code.meaning)));
    none("note", spec.notes().iter().filter(|note| untidy(&note.says) || untidy(&note.title)));
    none("observation", spec.observations().iter().filter(|seen| untidy(&seen.statement) || untidy(&seen.source)));
}

#[test]
fn codes_are_those_of_the_model() {
    let spec = Spec::bundled();
    let mut seen = BTreeMap::new();
    for code in spec.codes() {
        assert_eq!(seen.insert(&code.name, code.value), None, "{} occurs twice", code.name);
        assert_eq!(Code::by_name(&code.name), Some(Code(code.value)), "{} in the model", code.name);
    }
    for (name, code) in CODES {
        if let Some(known) = spec.code(name) {
            assert_eq!(Code(known.value), *code, "{name}");
        }
    }
}

#[test]
fn every_code_in_the_text_has_a_number() {
    let spec = Spec::bundled();
    let is_code = |word: &&str| {
        let error = word.strip_prefix("WSAE").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_uppercase()));
        error || word.starts_with("ERROR_") || ["WSANOTINITIALISED", "WSATRY_AGAIN", "WAIT_TIMEOUT"].contains(word)
    };
    for entry in spec.entries() {
        // A slip of its page for ERROR_IO_PENDING, kept in the quote.
        if entry.id() == "sfcnm.skip-conditions" {
            continue;
        }
        let text = format!("{} {} {}", entry.id(), entry.statement(), entry.quote());
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(is_code) {
            assert!(spec.code(word).is_some(), "{}: {word}", entry.id());
        }
    }
}

#[test]
fn constants_have_a_value_or_an_expression() {
    let both_or_none = |constant: &&Constant| constant.value.is_some() == constant.expression.is_some();
    none("constant", Spec::bundled().constants().iter().filter(both_or_none));
}

#[test]
fn notes_are_numbered_by_kind() {
    let spec = Spec::bundled();
    for kind in [NoteKind::Contradiction, NoteKind::Silence] {
        for (at, note) in spec.notes().iter().filter(|note| note.kind == kind).enumerate() {
            let start = format!("{}.{:02}-", kind.id_prefix(), at + 1);
            assert!(note.id.starts_with(&start), "{} should begin with {start}", note.id);
            assert_eq!(spec.note(&note.id), Some(note));
        }
    }
}

#[test]
fn notes_refer_to_what_is_known() {
    let spec = Spec::bundled();
    for note in spec.notes() {
        assert!(!note.clauses.is_empty(), "{}", note.id);
        none(&note.id, note.clauses.iter().filter(|id| !spec.knows(id)));
        none(&note.id, note.observations.iter().filter(|id| spec.observation(id).is_none()));
        let seen = note.observations.iter().filter_map(|id| spec.observation(id)).any(|seen| seen.grade.is_seen());
        assert_eq!(note.windows().is_some(), seen, "{}: what is known rests on what was seen", note.id);
    }
}

#[test]
fn every_contradiction_has_a_note() {
    let spec = Spec::bundled();
    let explained = |a: &str, b: &str| {
        let names = |note: &Note, id: &str| note.clauses.iter().any(|clause| clause == id);
        spec.notes_on(a).any(|note| note.kind == NoteKind::Contradiction && names(note, b))
    };
    for entry in spec.entries() {
        none(entry.id(), entry.contradicts().iter().filter(|other| !explained(entry.id(), other)));
    }
}

/// Every observation is sorted: it can be shown, waits for something, or is not to be shown.
#[test]
fn observations_say_what_they_are_about() {
    let all = Spec::bundled().observations();
    assert!(all.len() >= 300, "{} observations", all.len());
    none("about no call", all.iter().filter(|seen| seen.calls.is_empty()));
    none("a call twice", all.iter().filter(|seen| seen.also.iter().any(|call| seen.calls.contains(call))));
    none(
        "open, although not to be shown",
        all.iter().filter(|seen| seen.open.is_some() && seen.reach() != Reach::Modelled),
    );
    let modelled = all.iter().filter(|seen| seen.reach() == Reach::Modelled).count();
    let later = all.iter().filter(|seen| matches!(seen.reach(), Reach::Later(_))).count();
    assert!(modelled > 150 && later > 30, "{modelled} can be shown, {later} wait");
    let reach = |id: &str| Spec::bundled().observation(id).map(Observation::reach);
    assert_eq!(reach("WT-AFD-001"), Some(Reach::Later("NtOpenFile".to_owned())), "a call that the model has not got");
    assert_eq!(reach("WT-ACC-001"), Some(Reach::Modelled));
    assert!(matches!(reach("WT-LIS-030"), Some(Reach::OutOfScope(_))), "grade I");
}

#[test]
fn observations_are_short() {
    none(
        "statement",
        Spec::bundled().observations().iter().filter(|seen| words(&seen.statement) > MAX_STATEMENT_WORDS),
    );
}

#[test]
fn words_find_entries() {
    let spec = Spec::bundled();
    let ids: Vec<&str> = spec.search("wsaemfile descriptor entry").into_iter().map(Entry::id).collect();
    assert_eq!(ids, ["accept.err.WSAEMFILE", "wsaaccept.err.WSAEMFILE", "wspaccept.err.WSAEMFILE"]);
    assert!(spec.search("  ").is_empty());
    assert!(spec.search("no such words anywhere").is_empty());
}

#[test]
fn near_misses_are_suggested() {
    let spec = Spec::bundled();
    assert_eq!(spec.suggest("accept.err.WSAECONRESET").first(), Some(&"accept.err.WSAECONNRESET"));
    assert_eq!(
        spec.suggest("Accept.Err.wsaeconnreset").first(),
        Some(&"accept.err.WSAECONNRESET"),
        "case does not matter"
    );
    assert!(spec.suggest("accept.err.WSAEFAULT").contains(&"accept.err.WSAEFAULT.addr-invalid"));
    assert_eq!(spec.suggest("silent.02-wsaefault-consume").first(), Some(&"silent.02-wsaefault-consumes"));
    assert!(spec.suggest("entirely different").is_empty());
}
