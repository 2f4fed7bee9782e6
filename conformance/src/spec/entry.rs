//! One entry of the inventory: a clause of a seed document or a rule of a related one.

use std::fmt;

use serde::Deserialize;

/// The five documents whose clauses are inventoried one by one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
pub enum Document {
    /// The reference page of `accept`.
    #[serde(rename = "accept")]
    Accept,
    /// The reference page of `WSAAccept`.
    #[serde(rename = "WSAAccept")]
    WsaAccept,
    /// The reference page of `AcceptEx`.
    #[serde(rename = "AcceptEx")]
    AcceptEx,
    /// The reference page of the provider function `WSPAccept`.
    #[serde(rename = "WSPAccept")]
    WspAccept,
    /// The tutorial page "Accepting a Connection (Windows Sockets 2)".
    #[serde(rename = "Accepting a Connection")]
    Tutorial,
}

impl Document {
    /// Every document, in the order of the inventory.
    pub const ALL: [Document; 5] =
        [Document::Accept, Document::WsaAccept, Document::AcceptEx, Document::WspAccept, Document::Tutorial];

    /// The name as the inventory writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Document::Accept => "accept",
            Document::WsaAccept => "WSAAccept",
            Document::AcceptEx => "AcceptEx",
            Document::WspAccept => "WSPAccept",
            Document::Tutorial => "Accepting a Connection",
        }
    }

    /// The first segment of every clause id of this document, without the dot.
    #[must_use]
    pub const fn id_prefix(self) -> &'static str {
        match self {
            Document::Accept => "accept",
            Document::WsaAccept => "wsaaccept",
            Document::AcceptEx => "acceptex",
            Document::WspAccept => "wspaccept",
            Document::Tutorial => "tutorial",
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The part of its page an entry stands in. Description text counts as remarks; metadata, alerts
/// and the QoS, ATM and version paragraphs count as notes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the name is the heading of the page
pub enum Section {
    Parameters,
    Returns,
    Remarks,
    Notes,
    Example,
    SeeAlso,
}

/// What sort of statement an entry makes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What must hold, or may be passed, before a call.
    Precondition,
    /// What holds after a call.
    Postcondition,
    /// Which code a call fails with, and when.
    Error,
    /// What state an object is in, or which states permit what.
    StateRule,
    /// What comes before what.
    Ordering,
    /// What an accepted socket takes over from its listener.
    Inheritance,
    /// Which functions may be called on a socket.
    AllowedFunction,
    /// When something happens, or what waits for it.
    Timing,
    /// What the document leaves without a defined result.
    UndefinedBehaviour,
    /// A recommendation that binds nobody.
    Advice,
    /// A fact of the platform, the build or the version.
    Platform,
}

impl Kind {
    /// Every kind, in the order of the inventory's table.
    pub const ALL: [Kind; 11] = [
        Kind::Precondition,
        Kind::Postcondition,
        Kind::Error,
        Kind::StateRule,
        Kind::Ordering,
        Kind::Inheritance,
        Kind::AllowedFunction,
        Kind::Timing,
        Kind::UndefinedBehaviour,
        Kind::Advice,
        Kind::Platform,
    ];
}

/// Where a statement can be put to the test.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
pub enum Testable {
    /// On the model only: it needs an injected fault, the provider's view or an undefined outcome.
    #[serde(rename = "model")]
    Model,
    /// On the model and on a real stack.
    #[serde(rename = "model+real")]
    ModelAndReal,
    /// Nowhere; the entry gives the reason.
    #[serde(rename = "not-testable")]
    No,
}

impl Testable {
    /// Every class, in the order of the inventory's table.
    pub const ALL: [Testable; 3] = [Testable::Model, Testable::ModelAndReal, Testable::No];

    /// Whether a scenario can show the statement at all.
    #[must_use]
    pub const fn is_testable(self) -> bool {
        !matches!(self, Testable::No)
    }
}

/// One testable or normative statement of a seed document.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The id, such as `accept.err.WSAECONNRESET`; unique over clauses and related rules.
    pub id: String,
    /// The document that makes the statement.
    pub doc: Document,
    /// The part of the page.
    pub section: Section,
    /// The sort of statement.
    pub kind: Kind,
    /// The statement in this project's words.
    pub statement: String,
    /// An exact fragment of the document, markup removed, at most [`MAX_QUOTE_WORDS`] words.
    pub quote: String,
    /// The line of the document's text on which the quote begins, counted from 1.
    pub line: u32,
    /// Where the statement can be tested.
    pub testable: Testable,
    /// Why it cannot be tested; present exactly when [`Testable::No`].
    pub reason: Option<String>,
    /// Ids that disagree with this one; symmetric.
    pub contradicts: Vec<String>,
    /// Related rules that disagree with or qualify this clause.
    #[serde(default)]
    pub related: Vec<String>,
}

/// One statement of a related function's or topic's page.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelatedRule {
    /// The id, such as `listen.err.WSAEINVAL.unbound`; unique over clauses and related rules.
    pub id: String,
    /// The function or topic, such as `listen` or `I/O completion ports`.
    pub doc: String,
    /// The document inside its public documentation repository.
    pub source: String,
    /// The part of the page.
    pub section: Section,
    /// The sort of statement.
    pub kind: Kind,
    /// The statement in this project's words.
    pub statement: String,
    /// An exact fragment of the page, markup removed, at most [`MAX_QUOTE_WORDS`] words.
    pub quote: String,
    /// Where the statement can be tested.
    pub testable: Testable,
    /// Why it cannot be tested; present exactly when [`Testable::No`].
    pub reason: Option<String>,
    /// Why no step shows it although one could, or why none can demand what it leaves open.
    pub open: Option<String>,
    /// Ids, of clauses too, that disagree with this one.
    pub contradicts: Vec<String>,
}

/// The longest quote an entry may carry, in words.
pub const MAX_QUOTE_WORDS: usize = 15;

/// A clause or a related rule, found by its id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry<'a> {
    /// A clause of a seed document.
    Clause(&'a Clause),
    /// A rule of a related document.
    Related(&'a RelatedRule),
}

impl<'a> Entry<'a> {
    /// The id.
    #[must_use]
    pub fn id(self) -> &'a str {
        match self {
            Entry::Clause(clause) => &clause.id,
            Entry::Related(rule) => &rule.id,
        }
    }

    /// The name of the document or topic.
    #[must_use]
    pub fn doc(self) -> &'a str {
        match self {
            Entry::Clause(clause) => clause.doc.name(),
            Entry::Related(rule) => &rule.doc,
        }
    }

    /// The statement in this project's words.
    #[must_use]
    pub fn statement(self) -> &'a str {
        match self {
            Entry::Clause(clause) => &clause.statement,
            Entry::Related(rule) => &rule.statement,
        }
    }

    /// The locating fragment.
    #[must_use]
    pub fn quote(self) -> &'a str {
        match self {
            Entry::Clause(clause) => &clause.quote,
            Entry::Related(rule) => &rule.quote,
        }
    }

    /// The sort of statement.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Entry::Clause(clause) => clause.kind,
            Entry::Related(rule) => rule.kind,
        }
    }

    /// Where the statement can be tested.
    #[must_use]
    pub fn testable(self) -> Testable {
        match self {
            Entry::Clause(clause) => clause.testable,
            Entry::Related(rule) => rule.testable,
        }
    }

    /// Why the statement cannot be tested, if it cannot.
    #[must_use]
    pub fn reason(self) -> Option<&'a str> {
        match self {
            Entry::Clause(clause) => clause.reason.as_deref(),
            Entry::Related(rule) => rule.reason.as_deref(),
        }
    }

    /// The ids that disagree with this entry.
    #[must_use]
    pub fn contradicts(self) -> &'a [String] {
        match self {
            Entry::Clause(clause) => &clause.contradicts,
            Entry::Related(rule) => &rule.contradicts,
        }
    }
}
