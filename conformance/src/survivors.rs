//! Mutants that no scenario can notice, each with the reason: `spec-notes/survivors.toml`.

use std::sync::OnceLock;

use serde::Deserialize;
use winaccept_lang::bundle::text;
use winaccept_model::rule::Mutation;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    rule: String,
    mutations: Vec<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    survivor: Vec<Survivor>,
}

fn bundled() -> &'static [Survivor] {
    static SURVIVORS: OnceLock<Vec<Survivor>> = OnceLock::new();
    SURVIVORS.get_or_init(|| {
        let file: File =
            toml::from_str(text("spec-notes/survivors.toml")).expect("spec-notes/survivors.toml is tested");
        file.survivor
    })
}

/// Why nobody can notice this mutant, if somebody has said so. A rule ending in `*` speaks of all that begin so.
#[must_use]
pub fn reason(rule: &str, mutation: Mutation) -> Option<String> {
    let name = name(mutation);
    let of_rule = |survivor: &&Survivor| match survivor.rule.strip_suffix('*') {
        Some(start) => rule.starts_with(start),
        None => survivor.rule == rule,
    };
    let of_mutation = |survivor: &&Survivor| survivor.mutations.iter().any(|m| *m == name || m == "*");
    bundled().iter().filter(of_rule).find(of_mutation).map(|survivor| survivor.reason.clone())
}

/// A mutation as people write it.
#[must_use]
pub fn name(mutation: Mutation) -> String {
    match mutation {
        Mutation::Never => "never fires".to_owned(),
        Mutation::Always => "always fires".to_owned(),
        Mutation::WrongCode => "wrong code".to_owned(),
        Mutation::NoEffect => "no effect".to_owned(),
        Mutation::NotFrom(state) => format!("not from {state:?}"),
        Mutation::Stuck(column) => format!("{} without its choice", format!("{column:?}").to_lowercase()),
        Mutation::OtherAnswer(point) => format!("another answer to {}", point.name()),
    }
}
