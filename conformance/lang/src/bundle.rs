//! The files that come with the program: scenarios, recordings, and what is known of the documents and the stacks.
//!
//! An executable that has to stand alone embeds them and [brings](bring) them along, as the `winaccept` command does.
//! Everything else, tests, benchmarks and other crates, reads them from the repository that it was compiled from. So a
//! changed scenario compiles nothing but the list of files in the command.

mod list;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use list::{FOLDERS, list};

/// A file: its name relative to the root of the repository, with `/`, and what it holds.
pub type File = (&'static str, &'static [u8]);

static FILES: OnceLock<Vec<File>> = OnceLock::new();
static SOURCE: OnceLock<fn() -> Vec<File>> = OnceLock::new();

/// Takes what this returns, sorted by names, for the files that come with the program. Once, before anything asks for one;
/// later it changes nothing. It is called when the first file is asked for.
pub fn bring(files: fn() -> Vec<File>) {
    // Whoever asked before has read the same files from the repository.
    let _ = SOURCE.set(files);
}

/// The text of a file.
///
/// # Panics
/// When it is not there, or is no text; tests read each of them.
#[must_use]
pub fn text(name: &str) -> &'static str {
    let files = files();
    let Ok(at) = files.binary_search_by_key(&name, |(name, _)| name) else {
        panic!("invariant: `{name}` comes with the program");
    };
    std::str::from_utf8(files[at].1).unwrap_or_else(|_| panic!("invariant: `{name}` is UTF-8, as the tests show"))
}

/// The files of a folder and below it whose names have this ending, in their order: names relative to the folder.
pub fn under(folder: &str, ending: &str) -> impl Iterator<Item = File> {
    let inside = move |&(name, content): &File| {
        let name = name.strip_prefix(folder)?.strip_prefix('/')?;
        let wanted = Path::new(name).extension().is_some_and(|found| found == ending);
        wanted.then_some((name, content))
    };
    files().iter().filter_map(inside)
}

fn files() -> &'static [File] {
    FILES.get_or_init(|| SOURCE.get().map_or_else(read, |files| files()))
}

/// The files as they are in the repository now.
fn read() -> Vec<File> {
    let root = root();
    let leaked = |(name, path): (String, PathBuf)| {
        let content = std::fs::read(&path)?;
        Ok((&*name.leak(), &*content.leak()))
    };
    let files = list(&root).and_then(|files| files.into_iter().map(leaked).collect::<std::io::Result<Vec<File>>>());
    files.unwrap_or_else(|error| {
        panic!(
            "limit: a program that does not embed the scenarios needs the repository it was compiled from, at {} or \
             around the current folder: {error}",
            root.display()
        )
    })
}

/// The repository: where it was when this was compiled, or else around the current folder, for a test program that was
/// taken to another machine.
fn root() -> PathBuf {
    let compiled = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let whole = |root: &Path| FOLDERS.iter().all(|(folder, _)| root.join(folder).is_dir());
    let around = std::env::current_dir().ok().and_then(|now| now.ancestors().find(|at| whole(at)).map(Path::to_owned));
    if whole(&compiled) { compiled } else { around.unwrap_or(compiled) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_name_and_by_folder() {
        assert!(
            text("spec-notes/choices.toml").starts_with('#') || text("spec-notes/choices.toml").contains("[[choice]]")
        );
        let scenarios: Vec<&str> = under("conformance/scenarios", "winaccept").map(|(name, _)| name).collect();
        assert!(scenarios.contains(&"accept/example.winaccept"));
        assert!(scenarios.is_sorted());
        assert!(under("conformance/scen", "winaccept").next().is_none());
    }
}
