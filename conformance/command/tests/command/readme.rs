//! The README shows what the program prints today.

use std::fs;
use std::path::Path;

use crate::running::winaccept;

#[test]
fn the_readme_begins_with_the_output_of_its_first_command() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let block = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let shown = block.strip_suffix(" …\n").expect("the README says that the output goes on");
    let run = winaccept(&[]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert!(shown.lines().count() > 20);
    assert!(run.out.starts_with(shown), "copy the beginning of this into README.md:\n{}", run.out);
}
