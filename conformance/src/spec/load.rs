//! From the text of `spec-notes/` to typed tables. Ids are checked for being unique here; every
//! other property of the data is checked by the tests.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use winaccept_lang::bundle::text;

use super::entry::{Clause, RelatedRule};
use super::note::{Note, Observation};
use super::number::{Constant, ErrorCode};
use super::{Place, Spec};

/// The only layout of the files this code reads.
const SCHEMA: u32 = 1;

/// The text of the data files, one field per file of `spec-notes/`.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// `clauses.toml`
    pub clauses: &'a str,
    /// `related-rules.toml`
    pub related: &'a str,
    /// `notes.toml`
    pub notes: &'a str,
    /// `observations.toml`
    pub observations: &'a str,
}

impl Sources<'static> {
    /// The data files that come with the program.
    #[must_use]
    pub fn bundled() -> Self {
        Sources {
            clauses: text("spec-notes/clauses.toml"),
            related: text("spec-notes/related-rules.toml"),
            notes: text("spec-notes/notes.toml"),
            observations: text("spec-notes/observations.toml"),
        }
    }
}

/// Why data files could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoadError {
    /// A file is not TOML, or not of the expected shape. The message names line and column.
    Shape {
        /// The file's name inside `spec-notes/`.
        file: &'static str,
        /// What the parser says.
        message: String,
    },
    /// A file declares a layout this code does not know.
    Schema {
        /// The file's name inside `spec-notes/`.
        file: &'static str,
        /// The declared layout.
        found: u32,
    },
    /// An id occurs twice, in one file or in two.
    DuplicateId(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Shape { file, message } => write!(f, "{file}: {message}"),
            LoadError::Schema { file, found } => write!(f, "{file}: schema {found}, expected {SCHEMA}"),
            LoadError::DuplicateId(id) => write!(f, "the id `{id}` occurs twice"),
        }
    }
}

impl std::error::Error for LoadError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClauseFile {
    schema: u32,
    clause: Vec<Clause>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RelatedFile {
    schema: u32,
    rule: Vec<RelatedRule>,
    error_code: Vec<ErrorCode>,
    constant: Vec<Constant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteFile {
    schema: u32,
    note: Vec<Note>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObservationFile {
    schema: u32,
    observation: Vec<Observation>,
}

fn parse<T: DeserializeOwned>(file: &'static str, text: &str, schema: fn(&T) -> u32) -> Result<T, LoadError> {
    let content: T = toml::from_str(text).map_err(|error| LoadError::Shape { file, message: error.to_string() })?;
    match schema(&content) {
        SCHEMA => Ok(content),
        found => Err(LoadError::Schema { file, found }),
    }
}

impl Spec {
    /// Reads an inventory from text.
    ///
    /// # Errors
    /// When a file does not parse, holds a field or value that is not known, declares another
    /// schema, or repeats an id.
    pub fn parse(sources: Sources<'_>) -> Result<Spec, LoadError> {
        let ClauseFile { clause: clauses, .. } =
            parse("clauses.toml", sources.clauses, |file: &ClauseFile| file.schema)?;
        let RelatedFile { rule: related, error_code: codes, constant: constants, .. } =
            parse("related-rules.toml", sources.related, |file: &RelatedFile| file.schema)?;
        let NoteFile { note: notes, .. } = parse("notes.toml", sources.notes, |file: &NoteFile| file.schema)?;
        let ObservationFile { observation: observations, .. } =
            parse("observations.toml", sources.observations, |file: &ObservationFile| file.schema)?;

        let mut places = BTreeMap::new();
        let ids = clauses.iter().enumerate().map(|(at, clause)| (&clause.id, Place::Clause(at)));
        let ids = ids.chain(related.iter().enumerate().map(|(at, rule)| (&rule.id, Place::Related(at))));
        let ids = ids.chain(notes.iter().enumerate().map(|(at, note)| (&note.id, Place::Note(at))));
        let ids = ids.chain(observations.iter().enumerate().map(|(at, seen)| (&seen.id, Place::Observation(at))));
        for (id, place) in ids {
            if places.insert(id.clone(), place).is_some() {
                return Err(LoadError::DuplicateId(id.clone()));
            }
        }
        Ok(Spec { clauses, related, codes, constants, notes, observations, places })
    }
}
