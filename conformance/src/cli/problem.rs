//! Errors as data: what stands on standard error, for programs that read standard output.

use crate::output::{ErrorOutput, Problem};

impl ErrorOutput {
    /// What a message says: one error or several, each as it is shown to people.
    pub(super) fn of(message: &str) -> ErrorOutput {
        ErrorOutput { errors: problems(message) }
    }
}

/// The errors in a message, in order.
pub(super) fn problems(message: &str) -> Vec<Problem> {
    let mut all: Vec<Vec<&str>> = Vec::new();
    for line in message.lines() {
        match all.last_mut() {
            Some(problem) if !line.starts_with(ERROR) => problem.push(line),
            _ => all.push(vec![line]),
        }
    }
    all.iter().map(|lines| problem(lines)).collect()
}

/// How a message begins.
const ERROR: &str = "error: ";

fn problem(lines: &[&str]) -> Problem {
    let said = |mark: &'static str| lines.iter().find_map(move |line| line.trim_start().strip_prefix(mark));
    // `file:line:column`, as a scenario's problems name their place.
    let place = said("--> ").map(|place| {
        let mut parts = place.rsplitn(3, ':');
        let (column, line) = (parts.next().and_then(|n| n.parse().ok()), parts.next().and_then(|n| n.parse().ok()));
        match (column, line, parts.next()) {
            (Some(column), Some(line), Some(file)) => (file.to_owned(), Some(line), Some(column)),
            _ => (place.to_owned(), None, None),
        }
    });
    let (file, line, column) = place.map_or((None, None, None), |(file, line, column)| (Some(file), line, column));
    let first = lines.first().copied().unwrap_or_default();
    Problem {
        message: first.strip_prefix(ERROR).unwrap_or(first).to_owned(),
        file,
        line,
        column,
        help: said("help: ").or_else(|| said("= help: ")).map(str::to_owned),
        text: lines.join("\n").trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Scenario;

    #[test]
    fn places_and_remedies_are_read_off() {
        let source = b"scenario \"t\"\n\nserver  acept(L, NULL, NULL) = A\nserver  listn(L, 5)\n";
        let message =
            Scenario::read(source, "a:b.winaccept").unwrap_err() + "error: nope: not there\nhelp: name a file";
        let [call, other, file] = &problems(&message)[..] else { panic!("{message}") };
        assert_eq!(call.message, "unknown call `acept`");
        assert_eq!((call.file.as_deref(), call.line, call.column), (Some("a:b.winaccept"), Some(3), Some(9)));
        assert_eq!(call.help.as_deref(), Some("did you mean `accept`?"));
        assert!(call.text.contains("3 | server  acept(L, NULL, NULL) = A"), "{}", call.text);
        assert_eq!((other.message.as_str(), other.line), ("unknown call `listn`", Some(4)));
        assert_eq!((file.message.as_str(), file.help.as_deref()), ("nope: not there", Some("name a file")));
        assert_eq!((&file.file, file.line, file.column), (&None, None, None));
    }
}
