//! A Wine as a stack: our worker, built for Windows, run by it.

use std::path::Path;

use super::CommandStack;

/// The stack of this Wine (its loader, or a wrapper around it), played by this build of `winaccept` for Windows.
///
/// # Errors
/// When one of the two is missing or the worker does not answer; the text says how to get it.
pub fn wine(wine: &Path, exe: &Path) -> Result<CommandStack, String> {
    if !exe.is_file() {
        let what = if exe.exists() { "is no file" } else { "does not exist" };
        return Err(format!("{} {what}; tools/build-windows.sh builds it", exe.display()));
    }
    let found = if wine.components().count() > 1 { wine.is_file() } else { true }; // a bare name is looked up in PATH
    if !found {
        let what = if wine.exists() { "is no file" } else { "does not exist" };
        return Err(format!("{} {what}; tools/setup-wine.sh sets it up", wine.display()));
    }
    CommandStack::start(vec![wine.into(), exe.into(), "worker".into()])
}
