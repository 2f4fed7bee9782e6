//! Every clause's quote stands in its document, on the line the clause states.

use std::env;
use std::path::Path;

use winaccept::spec::quotes;

/// Names the folder with copies of the five documents, which are not part of this repository.
const FOLDER: &str = "WINACCEPT_SEEDS";

#[test]
fn every_quote_stands_in_its_document() {
    let Some(folder) = env::var_os(FOLDER) else {
        println!("quote check: not run, because {FOLDER} is not set");
        return;
    };
    let report = match quotes::check(Path::new(&folder)) {
        Ok(report) => report,
        Err(error) => {
            println!("quote check: not run, because {} cannot be read: {error}", folder.display());
            return;
        }
    };
    println!("{report}");
    assert!(report.is_clean(), "{report}");
}
