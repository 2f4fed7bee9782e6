//! Measures what is shipped: the profile `dist`. `cargo run --release` builds quickly and optimises only what a newcomer
//! notices, so a benchmark that was started that way builds itself anew and goes on there.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const PROFILE: &str = "dist";

/// Is this program built with the profile that is measured?
///
/// # Errors
/// When this program cannot find itself.
pub(crate) fn is_this() -> Result<bool, String> {
    Ok(folder()?.file_name() == Some(OsStr::new(PROFILE)))
}

/// The folder that this program and those built with it are in.
///
/// # Errors
/// When this program cannot find itself.
pub(crate) fn folder() -> Result<PathBuf, String> {
    let itself = std::env::current_exe().map_err(|error| format!("this program cannot find itself: {error}"))?;
    itself.parent().map(Path::to_owned).ok_or_else(|| "this program lies in no folder".to_owned())
}

/// Builds this package with that profile and runs it with these arguments.
///
/// # Errors
/// When it does not build, or does not start.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    // target/release/winaccept-bench, target/dist/winaccept-bench
    let target = folder()?.parent().map(Path::to_owned).ok_or("this program does not lie where cargo puts it")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    eprintln!("building with the profile {PROFILE}, which is what is measured: two minutes the first time");
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--profile", PROFILE, "--bins", "--manifest-path", manifest, "--target-dir"])
        .arg(&target)
        .status()
        .map_err(|error| format!("error: cargo does not start: {error}"))?;
    if !built.success() {
        return Err(format!("error: the profile {PROFILE} does not build: {built}"));
    }
    let program = target.join(PROFILE).join(format!("winaccept-bench{}", std::env::consts::EXE_SUFFIX));
    let done = Command::new(&program)
        .args(arguments)
        .status()
        .map_err(|error| format!("error: {} does not start: {error}", program.display()))?;
    Ok(if done.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
