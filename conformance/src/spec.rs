//! The specification as data: what the documents say, clause by clause, read from `spec-notes/`.
//!
//! ```
//! use winaccept::spec::{Document, Spec};
//!
//! let spec = Spec::bundled();
//! let clause = spec.clause("accept.err.WSAECONNRESET").expect("a clause of the accept page");
//! assert_eq!(clause.doc, Document::Accept);
//! assert!(spec.knows("listen.backlog.max-pending"));
//! ```

mod entry;
mod find;
mod load;
mod note;
mod number;
mod plain;
pub mod quotes;

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub(crate) use find::similar;

pub use entry::{Clause, Document, Entry, Kind, MAX_QUOTE_WORDS, RelatedRule, Section, Testable};
pub use load::{LoadError, Sources};
pub use note::{Grade, MAX_STATEMENT_WORDS, Note, NoteKind, Observation, Reach};
pub use number::{Constant, ErrorCode};
pub use plain::Plain;

/// The inventory: clauses, related rules, the numbers behind their names, the notes on what the
/// documents leave open, and what real Windows was seen to do.
#[derive(Debug)]
pub struct Spec {
    clauses: Vec<Clause>,
    related: Vec<RelatedRule>,
    codes: Vec<ErrorCode>,
    constants: Vec<Constant>,
    notes: Vec<Note>,
    observations: Vec<Observation>,
    places: BTreeMap<String, Place>,
}

/// Where an id's entry is kept.
#[derive(Clone, Copy, Debug)]
enum Place {
    Clause(usize),
    Related(usize),
    Note(usize),
    Observation(usize),
}

impl Spec {
    /// The inventory that comes with the program.
    #[must_use]
    pub fn bundled() -> &'static Spec {
        static BUNDLED: OnceLock<Spec> = OnceLock::new();
        BUNDLED.get_or_init(|| {
            Spec::parse(Sources::bundled())
                .expect("invariant: the bundled files parse, as the test `bundled_data_parses` shows")
        })
    }

    /// Every clause of the five documents, in the order of the inventory.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Every rule of the related documents, in the order of the inventory.
    #[must_use]
    pub fn related(&self) -> &[RelatedRule] {
        &self.related
    }

    /// The error codes that clauses and rules mention.
    #[must_use]
    pub fn codes(&self) -> &[ErrorCode] {
        &self.codes
    }

    /// The header constants a model needs.
    #[must_use]
    pub fn constants(&self) -> &[Constant] {
        &self.constants
    }

    /// The contradictions and silent spots, in the order of their numbers.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What real Windows was seen to do.
    #[must_use]
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// Every clause and then every related rule, in the order of the inventory.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.clauses.iter().map(Entry::Clause).chain(self.related.iter().map(Entry::Related))
    }

    /// The clause or related rule of this id.
    #[must_use]
    pub fn entry(&self, id: &str) -> Option<Entry<'_>> {
        match *self.places.get(id)? {
            Place::Clause(at) => Some(Entry::Clause(&self.clauses[at])),
            Place::Related(at) => Some(Entry::Related(&self.related[at])),
            Place::Note(_) | Place::Observation(_) => None,
        }
    }

    /// The clause of this id.
    #[must_use]
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        match self.entry(id)? {
            Entry::Clause(clause) => Some(clause),
            Entry::Related(_) => None,
        }
    }

    /// The related rule of this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&RelatedRule> {
        match self.entry(id)? {
            Entry::Related(rule) => Some(rule),
            Entry::Clause(_) => None,
        }
    }

    /// Whether a clause or a related rule has this id.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.entry(id).is_some()
    }

    /// The contradiction or silent spot of this id, written without the `?` of a scenario.
    #[must_use]
    pub fn note(&self, id: &str) -> Option<&Note> {
        match *self.places.get(id)? {
            Place::Note(at) => Some(&self.notes[at]),
            _ => None,
        }
    }

    /// The notes that name this clause or related rule.
    pub fn notes_on<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Note> {
        self.notes.iter().filter(move |note| note.clauses.iter().any(|clause| clause == id))
    }

    /// The observation of this id.
    #[must_use]
    pub fn observation(&self, id: &str) -> Option<&Observation> {
        match *self.places.get(id)? {
            Place::Observation(at) => Some(&self.observations[at]),
            _ => None,
        }
    }

    /// The error code of this name.
    #[must_use]
    pub fn code(&self, name: &str) -> Option<&ErrorCode> {
        self.codes.iter().find(|code| code.name == name)
    }

    /// The clauses of one document, in the order of the inventory.
    pub fn clauses_of(&self, document: Document) -> impl Iterator<Item = &Clause> {
        self.clauses.iter().filter(move |clause| clause.doc == document)
    }

    /// The rules of one related function or topic, in the order of the inventory.
    pub fn rules_of<'a>(&'a self, topic: &str) -> impl Iterator<Item = &'a RelatedRule> {
        self.related.iter().filter(move |rule| rule.doc == topic)
    }

    /// The related functions and topics, each once, in the order of the inventory.
    #[must_use]
    pub fn topics(&self) -> Vec<&str> {
        let mut topics: Vec<&str> = Vec::new();
        for rule in &self.related {
            if !topics.contains(&rule.doc.as_str()) {
                topics.push(&rule.doc);
            }
        }
        topics
    }
}
