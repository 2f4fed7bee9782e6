//! Lists the files that come with the program, for `main.rs` to embed.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

// The one list of what comes with the program. A build dependency would compile the whole language first.
#[path = "../lang/src/bundle/list.rs"]
mod list;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = fs::canonicalize(PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../.."))?;
    for (folder, _) in list::FOLDERS {
        // cargo looks at each file below it, so that a new one is noticed too.
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
    }
    let mut text = String::from("&[\n");
    for (name, path) in list::list(&root)? {
        let path = path.to_str().ok_or("the repository lies in a folder whose name is not UTF-8")?;
        writeln!(text, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    text += "]\n";
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("files.rs"), text)?;
    Ok(())
}
