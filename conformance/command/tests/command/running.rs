//! Running the command as a user does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What the command did.
pub(crate) struct Run {
    /// Its exit status.
    pub(crate) status: i32,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

/// Runs `winaccept` with these arguments in the folder of this crate.
pub(crate) fn winaccept(arguments: &[&str]) -> Run {
    run(command(arguments).stdin(Stdio::null()).output())
}

/// The same with this standard input.
pub(crate) fn winaccept_reading(arguments: &[&str], input: &str) -> Run {
    use std::io::Write as _;
    let mut child =
        command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Where the arguments are refused nobody reads, and the pipe may be gone before everything is written.
    if let Err(error) = child.stdin.take().unwrap().write_all(input.as_bytes()) {
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe, "{error}");
    }
    run(child.wait_with_output())
}

/// Runs it, and ends it where it does not end by itself: that is a failure.
#[cfg(unix)]
pub(crate) fn winaccept_that_ends(arguments: &[&str]) -> Run {
    let mut child =
        command(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for _ in 0..600 {
        if child.try_wait().unwrap().is_some() {
            return run(child.wait_with_output());
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    child.kill().unwrap();
    panic!("{arguments:?} has not ended after half a minute");
}

/// An empty folder of this name, for one test alone.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_winaccept"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("COLUMNS");
    command
}

fn run(output: std::io::Result<Output>) -> Run {
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    Run { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}
