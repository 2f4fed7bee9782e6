//! Clauses that wait for a call which the model does not have yet: `scenarios/waiting.toml`.

use std::sync::OnceLock;

use serde::Deserialize;
use winaccept_lang::bundle::text;

/// A clause that waits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// The clause.
    pub clause: String,
    /// The call it waits for.
    pub call: String,
    /// Why.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    waiting: Vec<Waiting>,
}

impl Waiting {
    /// All of them.
    ///
    /// # Panics
    /// When the file is broken; a test reads it.
    #[must_use]
    pub fn bundled() -> &'static [Waiting] {
        static WAITING: OnceLock<Vec<Waiting>> = OnceLock::new();
        WAITING.get_or_init(|| {
            let file: File =
                toml::from_str(text("conformance/scenarios/waiting.toml")).expect("scenarios/waiting.toml is tested");
            file.waiting
        })
    }
}
