//! Text fits the terminal, from 40 to 200 columns.

use std::process::Command;

/// What a command writes on a terminal of this width.
fn on_a_terminal(columns: usize, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_winaccept"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env("COLUMNS", columns.to_string());
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Lines that stand out, though they could be broken.
fn too_long(text: &str, columns: usize) -> Vec<&str> {
    // Lines of a scenario stay whole.
    let text = text.split("the same as a scenario:").next().unwrap_or(text);
    // What clap writes of the usage is a word to it.
    let breaks = |line: &str| line.split_whitespace().count() > 1 && !line.starts_with("Usage: ");
    text.lines().filter(|line| line.chars().count() > columns && breaks(line)).collect()
}

#[test]
fn lines_fit() {
    const STORY: &str = "tests/show/race.winaccept";
    let quick = [
        &["--help"][..],
        &["run", "--help"],
        &["run", "--profile", "windows", "--only", "reset"],
        &["explain", "accept"],
        &["explain", "WSAECONNRESET"],
        &["explain", "reset-while-queued"],
        &["explain", "windows"],
        &["graph"],
        &["graph", "accept"],
        &["list"],
        &["explore", STORY],
        &["explore", "accept-against-close", "--profile", "windows"],
        &["show", STORY],
        &["show", "peer-reset-while-queued", "--profile", "windows"],
    ];
    let slow = [
        &["--matrix"][..],
        &["run", "--profile", "wine-8.0"],
        &["coverage"],
        &["evidence", "--halves"],
        &["evidence", "--corners"],
    ];
    let on = |columns: usize| move |arguments: &'static [&'static str]| (columns, arguments);
    let quick = [40, 57, 80, 132, 200].into_iter().flat_map(|columns| quick.map(on(columns)));
    for (columns, arguments) in quick.chain(slow.map(on(40))) {
        let text = on_a_terminal(columns, arguments);
        assert!(!text.is_empty(), "{arguments:?}");
        let long = too_long(&text, columns);
        assert!(long.is_empty(), "{arguments:?} on {columns} columns: {long:#?}");
    }
}

#[test]
fn the_bare_command_fits_a_small_terminal() {
    let text = on_a_terminal(80, &[]);
    // The prompt takes a line, too.
    assert!(text.lines().count() < 24, "{}", text.lines().count());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn no_columns_at_all_are_no_width() {
    let of = |columns| on_a_terminal(columns, &["explain", "accept"]);
    let longest = |text: &str| text.lines().map(|line| line.chars().count()).max();
    assert!(longest(&of(0)) > longest(&of(1)));
    let mut plain = Command::new(env!("CARGO_BIN_EXE_winaccept"));
    let plain = plain.args(["explain", "accept"]).env_remove("COLUMNS").output().unwrap();
    assert_eq!(of(0), String::from_utf8(plain.stdout).unwrap());
}
