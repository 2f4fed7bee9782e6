//! What goes wrong, as data: where, what, and what to do about it. The text for people and the JSON for programs are made of it.

use std::fmt;
use std::io::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::lang::file::Wrong;
use crate::lang::{Diagnostic, Diagnostics};
use crate::page::printable;

/// Tells people something beside the output, with the control characters of a file's name as symbols. Where nobody can read it
/// any more nothing is lost, and the work goes on.
pub(crate) fn aside(what: impl fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{}", printable(&what.to_string()));
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What is wrong, in one line.
    pub message: String,
    /// The file in which it is.
    pub file: Option<String>,
    /// The line of the file, from 1.
    pub line: Option<u32>,
    /// The character of the line, from 1.
    pub column: Option<u32>,
    /// What to do about it.
    pub help: Option<String>,
    /// How people are shown it where that is more than the above: with the lines of the source.
    shown: Option<String>,
}

impl Problem {
    /// Something wrong, so far without a place.
    #[must_use]
    pub fn new(message: impl ToString) -> Problem {
        Problem { message: message.to_string(), file: None, line: None, column: None, help: None, shown: None }
    }

    /// In this file, or in what is read instead.
    #[must_use]
    pub fn in_file(mut self, file: impl ToString) -> Problem {
        self.file = Some(file.to_string());
        self
    }

    /// On this line of its file, from 1.
    #[must_use]
    pub fn on_line(mut self, line: usize) -> Problem {
        self.line = u32::try_from(line).ok();
        self
    }

    /// This is what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl ToString) -> Problem {
        self.help = Some(help.to_string());
        self
    }

    /// People are shown this instead.
    pub(crate) fn shown(mut self, text: impl ToString) -> Problem {
        self.shown = Some(text.to_string());
        self
    }

    /// As JSON.
    #[must_use]
    pub fn output(&self) -> ProblemOutput {
        ProblemOutput {
            message: self.message.clone(),
            file: self.file.clone(),
            line: self.line.map(|line| line as usize),
            column: self.column.map(|column| column as usize),
            help: self.help.clone(),
            text: self.to_string(),
        }
    }
}

/// As people read it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(shown) = &self.shown {
            return f.write_str(shown);
        }
        f.write_str("error: ")?;
        if let Some(file) = &self.file {
            f.write_str(file)?;
            for number in [self.line, self.column].into_iter().flatten() {
                write!(f, ":{number}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }
}

/// What is wrong with a file that somebody has named.
impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Problem {
        let mut problem = Problem::new(wrong.message);
        (problem.file, problem.help) = (wrong.file, wrong.help);
        problem.line = wrong.line.and_then(|line| u32::try_from(line).ok());
        problem
    }
}

impl From<Wrong> for Problems {
    fn from(wrong: Wrong) -> Problems {
        Problem::from(wrong).into()
    }
}

/// Everything that is wrong, in order; at least one problem where it is an error.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Problems(pub Vec<Problem>);

/// How many of one file are shown. Later ones are mostly consequences of earlier ones.
const SHOWN: usize = 20;

impl Problems {
    /// As JSON.
    #[must_use]
    pub fn output(&self) -> ErrorOutput {
        ErrorOutput { errors: self.outputs() }
    }

    /// The same, for outputs that have more to tell.
    #[must_use]
    pub fn outputs(&self) -> Vec<ProblemOutput> {
        self.0.iter().map(Problem::output).collect()
    }

    /// Is nothing wrong?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This, too, is wrong.
    pub(crate) fn add(&mut self, more: impl Into<Problems>) {
        self.0.extend(more.into().0);
    }
}

/// As people read it: one below the other, apart where lines of a source are shown.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, of_file) in self.0.chunk_by(|one, next| one.file.is_some() && one.file == next.file).enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            for (number, problem) in of_file.iter().take(SHOWN).enumerate() {
                let apart = if problem.shown.is_some() { "\n\n" } else { "\n" };
                write!(f, "{}{problem}", if number > 0 { apart } else { "" })?;
            }
            if of_file.len() > SHOWN {
                write!(f, "\n\nand {} more", of_file.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(one: Problem) -> Problems {
        Problems(vec![one])
    }
}

/// What is wrong with a scenario.
impl From<Diagnostics> for Problems {
    fn from(found: Diagnostics) -> Problems {
        let problem = |wrong: &Diagnostic| {
            let mut problem = Problem::new(&wrong.title).in_file(found.file()).shown(found.shown(wrong));
            // A scenario is shorter than 1 MiB.
            (problem.line, problem.column) =
                found.place(wrong).map(|(line, column)| (line as u32, column as u32)).unzip();
            problem.help = wrong.help.first().cloned();
            problem
        };
        Problems(found.list().iter().map(problem).collect())
    }
}

/// What any command writes where nothing else came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorOutput {
    /// What is wrong; at least one.
    pub errors: Vec<ProblemOutput>,
}

/// Something wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemOutput {
    /// What is wrong, in one line.
    pub message: String,
    /// The file in which it is, where it is in a scenario.
    pub file: Option<String>,
    /// The line of the file, from 1.
    pub line: Option<usize>,
    /// The character of the line, from 1.
    pub column: Option<usize>,
    /// What to do about it.
    pub help: Option<String>,
    /// All of it as people read it.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_say_the_same() {
        let problem = Problem::new("not there").in_file("a b").on_line(7).help("name another");
        assert_eq!(problem.to_string(), "error: a b:7: not there\nhelp: name another");
        let output = problem.output();
        assert_eq!((output.message.as_str(), output.file.as_deref()), ("not there", Some("a b")));
        assert_eq!((output.line, output.column, output.help.as_deref()), (Some(7), None, Some("name another")));
        assert_eq!(output.text, problem.to_string());
    }
}
