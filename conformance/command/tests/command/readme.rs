//! The README shows what the program prints today.

use std::fs;
use std::path::Path;

use crate::running::winaccept;

#[test]
fn the_readme_shows_the_output_of_its_first_command() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let block = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let run = winaccept(&[]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert!(run.out == block, "copy this into README.md:\n{}", run.out);
    assert!(run.out.lines().count() <= 24, "it fits a terminal");
}
