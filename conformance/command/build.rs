//! Packs the files that come with the program, for `main.rs` to embed: as they are, they would be a fifth of the executable.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use miniz_oxide::deflate::compress_to_vec;

// The one list of what comes with the program. A build dependency would compile the whole language first.
#[path = "../lang/src/bundle/list.rs"]
mod list;

/// How hard to try: the level that `gzip -9` means.
const BEST: u8 = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = fs::canonicalize(PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../.."))?;
    for (folder, _) in list::FOLDERS {
        // cargo looks at each file below it, so that a new one is noticed too.
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
    }
    let mut index = String::from("&[\n");
    let mut all = Vec::new();
    for (name, path) in list::list(&root)? {
        let content = fs::read(&path)?;
        writeln!(index, "    ({name:?}, {}),", content.len())?;
        all.extend(content);
    }
    index += "]\n";
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("index.rs"), index)?;
    fs::write(out.join("packed"), compress_to_vec(&all, BEST))?;
    Ok(())
}
