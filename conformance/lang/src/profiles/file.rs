//! A profile as a file: what one stack is known to do, choice point by choice point.
//!
//! The profiles of stacks that can be run are such files, in `spec-notes/profiles`; `winaccept profile learn` writes them.

use serde::Deserialize;

use super::{Entry, Order};

/// A profile as it is written in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    schema: u32,
    /// The name of the profile: that of the stack and its version, `wine-8.0`.
    pub name: String,
    /// What is known, in the order of the file. A choice point that is not here keeps what is documented.
    #[serde(default, rename = "choice")]
    pub choices: Vec<Said>,
    /// The order in which the stack makes its checks; without one, that of the documents.
    #[serde(default)]
    pub order: Option<SaidOrder>,
}

/// What is known of a stack at one choice point.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The choice point.
    pub name: String,
    /// The allowed alternatives.
    pub allows: Vec<String>,
    /// Why.
    pub because: String,
    /// Where that is known from.
    pub source: String,
    /// How well.
    pub grade: String,
}

/// The order in which a stack makes its checks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaidOrder {
    /// Why.
    pub because: String,
    /// Names of checks, first made first; `*.name` stands for that check of every call.
    pub checks: Vec<String>,
}

impl ProfileFile {
    /// Reads a profile.
    ///
    /// # Errors
    /// When the text is not of this form, says nothing or something twice, or names what the model does not have.
    pub fn parse(source: &str) -> Result<ProfileFile, String> {
        let file: ProfileFile = toml::from_str(source).map_err(|error| error.to_string())?;
        if file.schema != 1 {
            return Err(format!("schema {} is not known; this program reads schema 1", file.schema));
        }
        for (at, said) in file.choices.iter().enumerate() {
            if file.choices[..at].iter().any(|other| other.name == said.name) {
                return Err(format!("`{}` occurs twice", said.name));
            }
        }
        Ok(file)
    }

    /// What it says of this choice point.
    pub(super) fn entry(&self, choice: &str) -> Option<Entry> {
        let said = self.choices.iter().find(|said| said.name == choice)?;
        Some(Entry {
            allows: said.allows.clone(),
            because: said.because.clone(),
            source: Some(said.source.clone()),
            grade: Some(said.grade.clone()),
        })
    }

    /// Its order of checks, as that of its profile.
    pub(super) fn order(&self) -> Option<Order> {
        let SaidOrder { because, checks } = self.order.clone()?;
        Some(Order { profile: self.name.clone(), because, checks })
    }
}
