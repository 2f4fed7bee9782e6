//! Files that a user names: read only where they have an end, and what is wrong told with what to do about it.

use std::fmt;
use std::fs::{File, FileType};
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

/// What is wrong with a file, or with what it says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wrong {
    /// What, in one line.
    pub message: String,
    /// The file.
    pub file: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Wrong {
    /// Something wrong, so far without a place.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Wrong {
        Wrong { message: message.into(), ..Wrong::default() }
    }

    /// In this file.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Wrong {
        let is_input = file.as_os_str() == "-";
        self.file = Some(if is_input { "standard input".to_owned() } else { file.display().to_string() });
        self
    }

    /// This is what to do about it, where nothing better was said.
    #[must_use]
    pub fn or_help(mut self, help: &str) -> Wrong {
        self.help.get_or_insert_with(|| help.to_owned());
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            f.write_str(file)?;
            self.line.iter().try_for_each(|line| write!(f, ":{line}"))?;
            f.write_str(": ")?;
        }
        f.write_str(&self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

impl std::error::Error for Wrong {}

/// All of it in one line.
impl From<Wrong> for String {
    fn from(wrong: Wrong) -> String {
        wrong.to_string()
    }
}

/// Why nothing is read from or written to something that is no plain file.
const ENDLESS: &str = "this is no plain file, and who opens it may wait for ever";

/// May it be opened? A plain file may, and so may what is open already or always answers, below `/dev` and `/proc`: `/dev/stdin`, a
/// shell's `<(...)`, `/dev/null`. A pipe with a name waits for somebody at its other end, and a socket cannot be opened at all.
///
/// # Errors
/// When it is neither, or is not there.
pub fn may_open(path: &Path) -> Result<(), Error> {
    let kind = std::fs::metadata(path)?.file_type();
    let opened = path.starts_with("/dev") || path.starts_with("/proc");
    match kind.is_file() || kind.is_dir() || (opened && !is_named_pipe(path, kind)) {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::InvalidInput, ENDLESS)),
    }
}

/// Has this pipe a name of its own? One without leads nowhere in the file system.
#[cfg(unix)]
fn is_named_pipe(path: &Path, kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    (kind.is_fifo() && std::fs::canonicalize(path).is_ok()) || kind.is_socket()
}

#[cfg(not(unix))]
fn is_named_pipe(_: &Path, _: FileType) -> bool {
    false
}

/// Is this the standard input, `-` on a command line? That is open already, and is not opened again: who wrote to it may have gone by now.
fn is_standard_input(path: &Path) -> bool {
    let own = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
    own[..if cfg!(unix) { own.len() } else { 1 }].iter().any(|own| path.as_os_str() == *own)
}

/// What a file holds, or standard input, but no more than one byte above `most`: enough to see that it is too large.
///
/// # Errors
/// When it cannot be read, or may never end.
pub fn bytes(path: &Path, most: usize) -> Result<Vec<u8>, Wrong> {
    let (mut bytes, most) = (Vec::new(), most as u64 + 1);
    if is_standard_input(path) {
        let read = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
        return read.map(|_| bytes).map_err(|error| unread(path, &error));
    }
    let read = may_open(path).and_then(|()| File::open(path)?.take(most).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| unread(path, &error))
}

/// The text in a file, without a mark of its byte order.
///
/// # Errors
/// When it cannot be read, may never end, is longer than `most` bytes, or is no text.
pub fn text(path: &Path, most: usize) -> Result<String, Wrong> {
    let bytes = bytes(path, most)?;
    if bytes.len() > most {
        return Err(Wrong::new(format!("this is too large: at most {most} bytes are read")).in_file(path));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Wrong::new("this is no UTF-8 text").in_file(path).or_help("save it as UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

/// What is wrong where a file cannot be read, and what to do.
#[must_use]
pub fn unread(path: &Path, error: &Error) -> Wrong {
    let wrong = Wrong::new(error.to_string()).in_file(path);
    match error.kind() {
        ErrorKind::IsADirectory => wrong.or_help("this is a folder; name a file in it"),
        ErrorKind::PermissionDenied => wrong.or_help("this may not be read; copy it to a place of your own"),
        ErrorKind::InvalidInput => wrong
            .or_help("write what comes from it into a file, or name /dev/stdin and redirect: `... /dev/stdin < THIS`"),
        _ => wrong,
    }
}

/// Writes a file, but not into what may wait for ever for a reader.
///
/// # Errors
/// The system's, or that it is no plain file.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Error> {
    match may_open(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => std::fs::write(path, content),
    }
}
