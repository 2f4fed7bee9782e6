//! `winaccept fmt`: files in place, standard input, and that nothing is ever lost.

use std::fs;

use crate::running::{folder, winaccept, winaccept_reading};

const UNTIDY: &str = "scenario   \"t\"\nserver socket( AF_INET,SOCK_STREAM,0 )=L\n";
const TIDY: &str = "scenario \"t\"\nserver  socket(AF_INET, SOCK_STREAM, 0) = L\n";
const BROKEN: &str = "scenario \"t\"\nserver listn(L, 5)\n";

#[test]
fn formats_files_in_place() {
    let folder = folder("fmt-in-place");
    let (untidy, tidy) = (folder.join("untidy.winaccept"), folder.join("tidy.winaccept"));
    fs::write(&untidy, UNTIDY).unwrap();
    fs::write(&tidy, TIDY).unwrap();
    let run = winaccept(&["fmt", folder.to_str().unwrap()]);
    assert_eq!((run.status, run.out), (0, format!("{}\n", untidy.display())));
    assert_eq!(fs::read_to_string(&untidy).unwrap(), TIDY);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "no temporary file stays");
    assert_eq!(winaccept(&["fmt", "--check", folder.to_str().unwrap()]).status, 0);
}

#[test]
fn check_lists_and_changes_nothing() {
    let folder = folder("fmt-check");
    let untidy = folder.join("untidy.winaccept");
    fs::write(&untidy, UNTIDY).unwrap();
    let run = winaccept(&["fmt", "--check", untidy.to_str().unwrap()]);
    assert_eq!((run.status, run.out), (1, format!("{}\n", untidy.display())));
    assert_eq!(fs::read_to_string(&untidy).unwrap(), UNTIDY);
    let run = winaccept(&["fmt", "--check", "--format", "json", untidy.to_str().unwrap()]);
    let output: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(output["changed"], serde_json::json!([untidy.display().to_string()]));
}

#[test]
fn a_broken_file_stays_and_the_others_are_formatted() {
    let folder = folder("fmt-broken");
    let (broken, untidy) = (folder.join("a.winaccept"), folder.join("b.winaccept"));
    fs::write(&broken, BROKEN).unwrap();
    fs::write(&untidy, UNTIDY).unwrap();
    let run = winaccept(&["fmt", folder.to_str().unwrap()]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("unknown call `listn`"), "{}", run.err);
    assert_eq!(fs::read_to_string(&broken).unwrap(), BROKEN);
    assert_eq!(fs::read_to_string(&untidy).unwrap(), TIDY);
}

#[test]
fn formats_standard_input() {
    let run = winaccept_reading(&["fmt", "-"], UNTIDY);
    assert_eq!((run.status, run.out.as_str()), (0, TIDY));
    assert_eq!(winaccept_reading(&["fmt", "--check", "-"], UNTIDY).status, 1);
    assert_eq!(winaccept_reading(&["fmt", "--check", "-"], TIDY).status, 0);
    let run = winaccept_reading(&["fmt", "-"], BROKEN);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
}

#[test]
fn what_is_not_there_is_said() {
    let empty = folder("fmt-empty");
    for path in ["no/such/folder", empty.to_str().unwrap()] {
        let run = winaccept(&["fmt", path]);
        assert_eq!(run.status, 2);
        assert!(run.err.starts_with("error: "), "{}", run.err);
    }
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = folder("fmt-link");
    let (file, link) = (folder.join("file"), folder.join("link.winaccept"));
    fs::write(&file, UNTIDY).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    assert_eq!(winaccept(&["fmt", link.to_str().unwrap()]).status, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), TIDY);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn every_bundled_scenario_is_laid_out() {
    let run = winaccept(&["fmt", "--check", "../scenarios", "tests/show"]);
    assert_eq!(run.status, 0, "winaccept fmt conformance/scenarios would change:\n{}{}", run.out, run.err);
}
