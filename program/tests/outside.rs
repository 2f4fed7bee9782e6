//! Crates as anybody has them, with one dependency: what they need has a name there, and what they show is so.

use std::path::Path;
use std::process::Command;

/// Builds a crate of `examples`, which is none of this workspace, and runs its tests.
fn passes(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--locked", "--quiet", "--lib", "--target-dir"])
        .arg(&target)
        .current_dir(&folder)
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}:\n{out}\n{err}");
}

#[test]
fn a_crate_with_one_dependency_names_all_that_it_needs() {
    passes("outside");
    passes("outside-windows");
}
