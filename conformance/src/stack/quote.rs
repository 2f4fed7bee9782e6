//! What a worker wrote, made fit for a message: a worker may be any program and write anything.

/// The most characters of a worker's text that a message repeats.
const ENOUGH: usize = 200;

/// The beginning of the text, with everything escaped that a terminal would not simply show.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == ENOUGH {
            shown.push('…');
            break;
        }
        match c {
            '"' | '\'' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// The beginning of a line as it may be shown.
pub(super) fn beginning(line: &[u8]) -> String {
    // More bytes than can be shown; a character cut in two at the end is beyond them.
    const PLENTY: usize = 1000;
    quoted(String::from_utf8_lossy(&line[..line.len().min(PLENTY)]).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let build = "wine-10.0 (Debian 10.0~repack-6) \"it's\" café";
        assert_eq!(quoted(build), build);
    }

    #[test]
    fn nothing_reaches_the_terminal_but_characters_to_read() {
        assert_eq!(quoted("\u{1b}[2J\n\0\u{202e}\\"), r"\u{1b}[2J\n\0\u{202e}\\");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(quoted(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(quoted(&"é".repeat(201)), "é".repeat(200) + "…");
    }
}
