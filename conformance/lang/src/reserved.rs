//! Words that mean something and therefore name no actor or variable.

use super::signature::means_something;

/// Words that begin a line or stand behind an actor.
pub(super) const KEYWORDS: &[&str] = &[
    "scenario", "process", "winsock", "model", "any", "clients", "either", "or", "repeat", "never", "nobody", "hold",
    "release", "drop", "deliver", "lose", "may", "timer", "fault", "mend", "choose", "shows", "confirms", "with", "in",
    "resumes", "prints", "exits", "ends", "if", "else", "until", "fails", "succeeds",
];

/// Words that stand for a value, beside those of arguments and out-parameters.
const VALUES: &[&str] = &[
    "handle",
    "existing",
    "address",
    "unchanged",
    "undefined",
    "unmodelled",
    "crashes",
    "of",
    "done",
    "not",
    "iResult",
    "WAIT_IO_COMPLETION",
    "WAIT_TIMEOUT",
];

/// Beginnings of Winsock's own names.
const PREFIXES: &[&str] = &[
    "WSA", "ERROR_", "INVALID_", "SOCKET_", "AF_", "SOCK_", "IPPROTO_", "SOL_", "SO_", "TCP_", "IPV6_", "FD_", "POLL",
    "SD_",
];

/// May a variable have this name?
pub(super) fn is_free(word: &str) -> bool {
    let reserved = KEYWORDS.contains(&word) || VALUES.contains(&word) || means_something(word);
    !reserved && !PREFIXES.iter().any(|prefix| word.starts_with(prefix))
}
