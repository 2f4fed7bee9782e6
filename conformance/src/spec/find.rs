//! Finding entries by words, and the id that was probably meant.

use super::{Entry, Spec};

/// How many near misses are offered at most.
const MAX_SUGGESTIONS: usize = 3;

impl Spec {
    /// Entries in whose id, document, statement or quote every word of `text` occurs, whatever the
    /// case, in the order of the inventory. No words find nothing.
    #[must_use]
    pub fn search(&self, text: &str) -> Vec<Entry<'_>> {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        if words.is_empty() {
            return Vec::new();
        }
        let matches = |entry: &Entry<'_>| {
            let hay = [entry.id(), entry.doc(), entry.statement(), entry.quote()].join("\n").to_lowercase();
            words.iter().all(|word| hay.contains(word))
        };
        self.entries().filter(matches).collect()
    }

    /// Ids of clauses, related rules and notes that resemble `id`, most alike first, at most three.
    /// An id that is a whole trailing or leading part of a known one counts as very alike.
    #[must_use]
    pub fn suggest(&self, id: &str) -> Vec<&str> {
        similar(id, self.entries().map(Entry::id).chain(self.notes().iter().map(|note| note.id.as_str())))
    }
}

/// Of the known names those that resemble `name`, most alike first, at most three.
pub(crate) fn similar<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let limit = 2.max(wanted.len() / 4);
    let mut near: Vec<(usize, &str)> =
        known.map(|known| (unlikeness(&wanted, &known.to_lowercase()), known)).filter(|(by, _)| *by <= limit).collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(MAX_SUGGESTIONS).map(|(_, known)| known).collect()
}

/// How unlike two ids are: 0 for the same, 1 if the first is a part of the second cut at a dot, else
/// the number of characters to insert, delete or replace.
fn unlikeness(wanted: &str, known: &str) -> usize {
    let cut_at_dot = |rest: Option<&str>, dot: fn(&str) -> bool| rest.is_some_and(dot);
    if wanted == known {
        0
    } else if cut_at_dot(known.strip_suffix(wanted), |rest| rest.ends_with('.'))
        || cut_at_dot(known.strip_prefix(wanted), |rest| rest.starts_with('.'))
    {
        1
    } else {
        edits(wanted.as_bytes(), known.as_bytes())
    }
}

/// The Levenshtein distance. Ids are ASCII, so bytes are characters.
fn edits(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replace = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::edits;

    #[test]
    fn edits_are_counted() {
        for (from, to, by) in [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("accept", "acept", 1)] {
            assert_eq!(edits(from.as_bytes(), to.as_bytes()), by, "{from} {to}");
            assert_eq!(edits(to.as_bytes(), from.as_bytes()), by, "{to} {from}");
        }
    }
}
