//! A profile as a file: what one stack is known to do, choice point by choice point.
//!
//! The profiles of stacks that can be run are such files, in `spec-notes/profiles`; `winaccept profile learn` writes them.

use serde::Deserialize;
use winaccept_model::profile::Profile;

use super::{Entry, NAMES, Order, expand};

/// A profile as it is written in a file.
#[derive(Clone, Debug)]
pub struct ProfileFile {
    /// The name of the profile: that of the stack and its version, `wine-8.0`.
    pub name: String,
    /// What it says.
    pub known: Known,
}

/// What is known of a stack.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Each choice point once, in the order of the file. One that is not here keeps what is documented.
    pub choices: Vec<Said>,
    /// The order in which the stack makes its checks; without one, that of the documents.
    pub order: Option<SaidOrder>,
}

/// Either of them, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: u32,
    name: Option<String>,
    #[serde(default, rename = "choice")]
    choices: Vec<Said>,
    order: Option<SaidOrder>,
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

impl Written {
    fn read(source: &str) -> Result<(Option<String>, Known), String> {
        if source.trim().is_empty() {
            return Err("this file is empty".to_owned());
        }
        let Written { schema, name, choices, order } =
            toml::from_str(source).map_err(|error| in_line(source, &error))?;
        if schema != 1 {
            return Err(format!("schema {schema} is not known; this program reads schema 1"));
        }
        for (at, said) in choices.iter().enumerate() {
            if choices[..at].iter().any(|other| other.name == said.name) {
                return Err(format!("`{}` occurs twice", said.name));
            }
        }
        let known = Known { choices, order };
        known.narrow(&mut Profile::widest("any"))?;
        Ok((name, known))
    }
}

/// What is wrong, in one line, with the number of its line where it has one.
fn in_line(source: &str, error: &toml::de::Error) -> String {
    let what = error.message();
    match error.span() {
        // What is missing is nowhere.
        Some(span) if !what.starts_with("missing field") => {
            let line = source[..span.start.min(source.len())].matches('\n').count() + 1;
            format!("line {line}: {what}")
        }
        _ => what.to_owned(),
    }
}

impl ProfileFile {
    /// Reads a profile.
    ///
    /// # Errors
    /// When the text is not of this form, says something twice, names what the model does not have, or its name cannot be that of a
    /// stack.
    pub fn parse(source: &str) -> Result<ProfileFile, String> {
        let (name, known) = Written::read(source)?;
        let name =
            name.ok_or("missing field `name`: that of the stack and its version, as in `name = \"mine-1.0\"`")?;
        check_name(&name)?;
        Ok(ProfileFile { name, known })
    }

    /// What it says of this choice point.
    pub(super) fn entry(&self, choice: &str) -> Option<Entry> {
        let said = self.known.said(choice)?;
        Some(Entry {
            allows: said.allows.clone(),
            because: said.because.clone(),
            source: Some(said.source.clone()),
            grade: Some(said.grade.clone()),
        })
    }

    /// Its order of checks, as that of its profile.
    pub(super) fn order(&self) -> Option<Order> {
        let SaidOrder { because, checks } = self.known.order.clone()?;
        Some(Order { profile: self.name.clone(), because, checks })
    }
}

impl Known {
    /// Reads what is known of a stack whose profile has no file yet: the same without a name.
    ///
    /// # Errors
    /// As of a profile, and when there is a name.
    pub fn parse(source: &str) -> Result<Known, String> {
        match Written::read(source)? {
            (None, known) => Ok(known),
            (Some(name), _) => {
                Err(format!("this is the profile `{name}`; what is known beside recordings has no name"))
            }
        }
    }

    /// What it says of this choice point.
    #[must_use]
    pub fn said(&self, choice: &str) -> Option<&Said> {
        self.choices.iter().find(|said| said.name == choice)
    }

    /// The checks in their order, by the names of rules; none where no order is known.
    ///
    /// # Errors
    /// When a name stands for no rule.
    pub fn checks(&self) -> Result<Vec<String>, String> {
        self.order.as_ref().map_or_else(|| Ok(Vec::new()), |order| expand(&order.checks))
    }

    /// Narrows a profile to what is known.
    ///
    /// # Errors
    /// When it names a choice point, an alternative or a check that the model does not have, or allows nothing.
    pub fn narrow(&self, profile: &mut Profile) -> Result<(), String> {
        for said in &self.choices {
            profile.narrow(&said.name, said.allows.iter().map(String::as_str))?;
        }
        if self.order.is_some() {
            profile.set_order(self.checks()?);
        }
        Ok(())
    }
}

/// Can this name a stack, or its version, and so a profile and a file of evidence?
#[must_use]
pub fn is_plain(name: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    !name.is_empty() && name.chars().all(known) && !name.starts_with('.')
}

/// Can this be the name of a profile that is in a file?
///
/// # Errors
/// Says what it may be made of, or that it is taken.
pub fn check_name(name: &str) -> Result<(), String> {
    if !is_plain(name) {
        return Err(format!("`{}` cannot name a profile; letters, digits, `.`, `-` and `_` can", name.escape_debug()));
    }
    if NAMES[..2].contains(&name) {
        return Err(format!("`{name}` is no stack that a file could be the profile of"));
    }
    Ok(())
}
