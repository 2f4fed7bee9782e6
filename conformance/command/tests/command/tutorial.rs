//! docs/tutorial.md: every command in it is run, and prints what stands there.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::running::folder;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The blocks of the page: what stands behind the fence, and the lines.
fn blocks(page: &str) -> Vec<(String, Vec<String>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, Vec<String>)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => open = Some((kind.to_owned(), Vec::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, lines)), None) => lines.push(line.to_owned()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    blocks
}

/// The example worker, built as this test was.
fn worker() -> PathBuf {
    let built = Path::new(env!("CARGO_BIN_EXE_winaccept")).parent().unwrap();
    let profile = match built.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").expect("cargo runs the tests"));
    cargo.args([
        "build",
        "--quiet",
        "--offline",
        // As the tests of the workspace were built, so that nothing is compiled a second time with other features.
        "--workspace",
        "--example",
        "worker",
        "--profile",
        profile,
    ]);
    assert!(cargo.current_dir(repository()).status().unwrap().success());
    built.join("examples/worker")
}

/// Is this what the page shows? `…` stands for any lines.
fn shows(shown: &[String], printed: &[&str]) -> bool {
    match shown {
        [] => printed.is_empty(),
        [dots, rest @ ..] if dots == "…" => (0..=printed.len()).any(|skipped| shows(rest, &printed[skipped..])),
        [line, rest @ ..] => printed.first() == Some(&line.as_str()) && shows(rest, &printed[1..]),
    }
}

#[test]
fn every_command_prints_what_is_shown() {
    let page = fs::read_to_string(repository().join("docs/tutorial.md")).unwrap();
    let home = folder("tutorial");
    fs::create_dir_all(home.join("target/release/examples")).unwrap();
    std::os::unix::fs::symlink(worker(), home.join("target/release/examples/worker")).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_winaccept")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut commands = 0;
    for (kind, lines) in blocks(&page) {
        match kind.split_once(' ').unwrap_or((&kind, "")) {
            ("winaccept", file) => fs::write(home.join(file), lines.join("\n") + "\n").unwrap(),
            ("console", "") => {
                assert!(lines[0].starts_with("$ "), "{lines:?}");
                for session in lines.chunk_by(|_, next| !next.starts_with("$ ")) {
                    let command = session[0].strip_prefix("$ ").unwrap();
                    let mut shell = Command::new("sh");
                    shell.args(["-c", &format!("{command} 2>&1")]).current_dir(&home);
                    let output = shell.env("PATH", &path).env("COLUMNS", "80").output().unwrap();
                    let printed = String::from_utf8(output.stdout).unwrap();
                    assert!(
                        shows(&session[1..], &printed.lines().collect::<Vec<_>>()),
                        "{command} prints:\n{printed}\ninstead of:\n{}",
                        session[1..].join("\n")
                    );
                    commands += 1;
                }
            }
            // What compiles for a minute is not run here, but it is what compiles.
            ("sh", "") => assert!(lines.iter().all(|line| builds(line)), "{lines:?}"),
            _ => panic!("a block of `{kind}` is neither file nor command"),
        }
    }
    assert!(commands > 10, "{commands}");
}

/// Does this build something that there is?
fn builds(command: &str) -> bool {
    match command.split(' ').collect::<Vec<_>>()[..] {
        ["cargo", "install", "--path", package] => {
            let manifest = fs::read_to_string(repository().join(package).join("Cargo.toml")).unwrap();
            manifest.contains("[[bin]]\nname = \"winaccept\"\n")
        }
        // As the worker of this test was built.
        ["cargo", "build", "--release", "--example", "worker"] => true,
        _ => false,
    }
}
