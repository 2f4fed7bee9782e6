//! `exec:COMMAND`: any program that speaks the worker protocol on its standard input and output.

use std::ffi::OsString;

use super::CommandStack;

/// The stack behind this command. Its words are separated by blanks; quotes hold a word together that has some.
///
/// # Errors
/// When a quote is not closed, or no worker answers to the command.
pub fn exec(command: &str) -> Result<CommandStack, String> {
    CommandStack::start(words(command)?)
}

fn words(command: &str) -> Result<Vec<OsString>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take().map(OsString::from)),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(format!("{open} is not closed in the command {command}"));
    }
    words.extend(word.map(OsString::from));
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words(r#" a  "b c"d ''"#).expect("closed"), ["a", "b cd", ""]);
        assert!(words("a 'b").is_err());
    }
}
