//! Which files come with the program, and where they lie. The command's build script reads this file too, so it needs
//! nothing but the standard library.

use std::io;
use std::path::{Path, PathBuf};

/// Folders of the repository, and the endings of those files in them and below them that come with the program.
pub(crate) const FOLDERS: [(&str, &[&str]); 4] = [
    ("conformance/evidence", &["jsonl"]),
    ("conformance/machines", &["csv"]),
    ("conformance/scenarios", &["toml", "winaccept"]),
    ("spec-notes", &["toml"]),
];

/// The files that come with the program, below the root of the repository: names relative to it with `/`, and paths.
/// In the order of their names.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn list(root: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for (folder, endings) in FOLDERS {
        collect(&root.join(folder), folder, endings, &mut files)?;
    }
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, name: &str, endings: &[&str], files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
        let name = format!("{name}/{file}");
        if path.is_dir() {
            collect(&path, &name, endings, files)?;
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            files.push((name, path));
        }
    }
    Ok(())
}
