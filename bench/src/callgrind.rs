//! Instructions, counted by valgrind's callgrind: the same number however busy the machine is.

use std::path::Path;
use std::process::{Command, Stdio};

const REMEDY: &str = "help: instructions are counted with valgrind: apt-get install valgrind, or the like";

/// Says whether instructions can be counted here.
///
/// # Errors
/// When valgrind is not there, with what to do about it.
pub(crate) fn available() -> Result<(), String> {
    let done = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match done {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("error: valgrind --version: {status}\n{REMEDY}")),
        Err(error) => Err(format!("error: valgrind does not start: {error}\n{REMEDY}")),
    }
}

/// How many instructions this program executes with these arguments.
///
/// # Errors
/// When it fails, or valgrind does.
pub(crate) fn count(program: &Path, arguments: &[&str]) -> Result<u64, String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(arguments)
        .output()
        .map_err(|error| format!("error: valgrind does not start: {error}\n{REMEDY}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    // `==4711== Collected : 66776753`
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    collected
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("error: {arguments:?} under valgrind: {}\n{said}", output.status))
}
