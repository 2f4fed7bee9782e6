//! The numbers behind the names: error codes and header constants.

use serde::Deserialize;

/// A Winsock or system error code that a clause or rule mentions.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorCode {
    /// The name, such as `WSAECONNRESET`; unique.
    pub name: String,
    /// The number. Two names may share one, as `WSA_IO_PENDING` and `ERROR_IO_PENDING` do.
    pub value: u16,
    /// What the code says, in this project's words.
    pub meaning: String,
}

/// A header constant that a model needs. Exactly one of `value` and `expression` is present.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The name; a macro is written with its parameter, as in `SOMAXCONN_HINT(b)`.
    pub name: String,
    /// The number.
    pub value: Option<u32>,
    /// For a macro, what it expands to.
    pub expression: Option<String>,
    /// What it is for, and whether a page gives the number.
    pub meaning: String,
}
