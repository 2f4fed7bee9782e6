//! Where the documents disagree or are silent, and what real Windows was seen to do there.

use std::fmt;

use serde::Deserialize;
use winaccept_model::call::Function;

/// Why a note exists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// The documents disagree with each other or with themselves.
    Contradiction,
    /// No document says what happens.
    Silence,
}

impl NoteKind {
    /// The first segment of the ids of these notes, without the dot.
    #[must_use]
    pub const fn id_prefix(self) -> &'static str {
        match self {
            NoteKind::Contradiction => "contradiction",
            NoteKind::Silence => "silent",
        }
    }
}

/// A contradiction or a silent spot. A scenario refers to it by `?` and its id.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The id, such as `silent.02-wsaefault-consumes`; unique.
    pub id: String,
    /// Why the note exists.
    pub kind: NoteKind,
    /// One line.
    pub title: String,
    /// What the documents say or leave out.
    pub says: String,
    /// The clauses and related rules concerned.
    pub clauses: Vec<String>,
    /// What real Windows is known to do; see [`Note::windows`].
    windows: String,
    /// The observations on which that rests.
    pub observations: Vec<String>,
}

impl Note {
    /// What real Windows is known to do. `None` where nothing is known.
    #[must_use]
    pub fn windows(&self) -> Option<&str> {
        Some(self.windows.as_str()).filter(|text| *text != "unknown")
    }
}

/// How well an observation is supported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
pub enum Grade {
    /// Asserted by a test that runs on real Windows by default.
    T,
    /// Asserted by a test that runs there only on request.
    TI,
    /// Implied by a sequence of asserted calls.
    D,
    /// Stated in a comment of a test.
    C,
    /// Inferred by the reader of a test, or found to be untested.
    I,
    /// A test on real Windows, a statement of Microsoft or a packet capture, collected elsewhere.
    S,
    /// Several independent reports.
    M,
    /// One report or a code comment.
    W,
    /// No evidence was found.
    N,
}

impl Grade {
    /// Every grade, in the order of the list above.
    pub const ALL: [Grade; 9] =
        [Grade::T, Grade::TI, Grade::D, Grade::C, Grade::I, Grade::S, Grade::M, Grade::W, Grade::N];

    /// What the grade says of an observation.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Grade::T => "asserted by a test that runs on real Windows by default",
            Grade::TI => "asserted by a test that runs on real Windows only on request",
            Grade::D => "implied by a sequence of asserted calls",
            Grade::C => "stated in a comment of a test",
            Grade::I => "inferred by the reader of a test, or found to be untested",
            Grade::S => "a test on real Windows, a statement of Microsoft or a packet capture",
            Grade::M => "several independent reports",
            Grade::W => "one report or a code comment",
            Grade::N => "no evidence was found",
        }
    }

    /// Whether somebody saw it, rather than inferred or missed it.
    #[must_use]
    pub const fn is_seen(self) -> bool {
        !matches!(self, Grade::I | Grade::N)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variants are the letters by which grades are written.
        f.pad(&format!("{self:?}"))
    }
}

/// What real Windows was seen to do, by people who ran something on it. Not measured here.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The id, such as `WT-ACC-005` or `C5`; unique.
    pub id: String,
    /// How well it is supported.
    pub grade: Grade,
    /// What was seen, at most [`MAX_STATEMENT_WORDS`] words.
    pub statement: String,
    /// What is known of the Windows version; `None` if nothing.
    pub windows: Option<String>,
    /// Where it can be looked up.
    pub source: String,
    /// The calls that it is about, without which it cannot be shown, by their names.
    pub calls: Vec<String>,
    /// Calls of which it says something besides, which need not be shown.
    #[serde(default)]
    pub also: Vec<String>,
    /// What scenarios would have to have, besides its calls, to show it.
    later: Option<String>,
    /// Why it is not to be shown.
    out_of_scope: Option<String>,
    /// Why no step confirms it yet, although one could.
    pub open: Option<String>,
}

/// Whether a scenario can show an observation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// It is about calls that the model has.
    Modelled,
    /// It waits for this.
    Later(String),
    /// It is not to be shown; why.
    OutOfScope(String),
}

impl Observation {
    /// Whether a scenario can show it: what nobody saw is not to be shown, and what is about a call that the model has not got
    /// waits for that call.
    #[must_use]
    pub fn reach(&self) -> Reach {
        if let Some(reason) = &self.out_of_scope {
            return Reach::OutOfScope(reason.clone());
        }
        if !self.grade.is_seen() {
            return Reach::OutOfScope("nobody saw it: it is inferred, or says what is not known".to_owned());
        }
        let missing: Vec<&str> =
            self.calls.iter().map(String::as_str).filter(|call| Function::named(call).next().is_none()).collect();
        match (&self.later, missing.as_slice()) {
            (_, [_, ..]) => Reach::Later(missing.join(", ")),
            (Some(reason), []) => Reach::Later(reason.clone()),
            (None, []) => Reach::Modelled,
        }
    }
}

/// The longest statement of an observation, in words.
pub const MAX_STATEMENT_WORDS: usize = 60;
