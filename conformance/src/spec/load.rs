//! From the text of `spec-notes/` to typed tables. Ids are checked for being unique here; every
//! other property of the data is checked by the tests.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::entry::{Clause, RelatedRule};
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
}

/// The data files as they were when this crate was compiled.
pub(super) const BUNDLED: Sources<'static> = Sources {
    clauses: include_str!("../../../spec-notes/clauses.toml"),
    related: include_str!("../../../spec-notes/related-rules.toml"),
};

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

fn parse<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, LoadError> {
    toml::from_str(text).map_err(|error| LoadError::Shape { file, message: error.to_string() })
}

fn check_schema(file: &'static str, found: u32) -> Result<(), LoadError> {
    if found == SCHEMA { Ok(()) } else { Err(LoadError::Schema { file, found }) }
}

impl Spec {
    /// Reads an inventory from text.
    ///
    /// # Errors
    /// When a file does not parse, holds a field or value that is not known, declares another
    /// schema, or repeats an id.
    pub fn parse(sources: Sources<'_>) -> Result<Spec, LoadError> {
        let clauses: ClauseFile = parse("clauses.toml", sources.clauses)?;
        check_schema("clauses.toml", clauses.schema)?;
        let related: RelatedFile = parse("related-rules.toml", sources.related)?;
        check_schema("related-rules.toml", related.schema)?;

        let mut spec = Spec {
            clauses: clauses.clause,
            related: related.rule,
            codes: related.error_code,
            constants: related.constant,
            places: BTreeMap::new(),
        };
        let clauses = spec.clauses.iter().enumerate().map(|(at, clause)| (&clause.id, Place::Clause(at)));
        let related = spec.related.iter().enumerate().map(|(at, rule)| (&rule.id, Place::Related(at)));
        for (id, place) in clauses.chain(related) {
            if spec.places.insert(id.clone(), place).is_some() {
                return Err(LoadError::DuplicateId(id.clone()));
            }
        }
        Ok(spec)
    }
}
