//! `winaccept fmt`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde::Serialize;

use super::{Format, beside, json, print, print_source};
use crate::lang::limits::MAX_FILE;
use crate::lang::{self, format_source};
use crate::problem::ProblemOutput;
use crate::problem::{Problem, Problems};
use crate::suite;

/// Arguments of `fmt`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept fmt conformance/scenarios    every scenario below that folder, in place
  winaccept fmt --check .                changes nothing, lists what is not laid out so
  winaccept fmt - < my.winaccept         from standard input to standard output

Exit status: 0 when all is laid out, 1 when --check found a file that is not, 2 when a file could not be read, written or
parsed. A file that cannot be parsed stays as it is, and the others are still formatted.")]
pub(super) struct Args {
    /// Scenario files, or folders of them; `-` is standard input; without any, the current folder
    paths: Vec<PathBuf>,
    /// Changes nothing; lists the files that would change
    #[arg(long)]
    check: bool,
}

/// What `winaccept fmt --format json` writes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct FmtOutput {
    /// Nothing was written: it only looked.
    pub check: bool,
    /// How many files were laid out already.
    pub unchanged: usize,
    /// The files that changed, or would.
    pub changed: Vec<String>,
    /// What could not be laid out; left out where there is nothing of the kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemOutput>,
}

pub(super) fn fmt(args: &Args, format: Format) -> Result<u8, Problems> {
    if !matches!(format, Format::Text | Format::Json) {
        return Err(Problem::new("fmt writes text or json").into());
    }
    if args.paths.iter().any(|path| path == Path::new("-")) {
        return match args.paths.len() {
            1 => standard_input(args.check, format),
            _ => Err(Problem::new("`-` stands alone: standard input has one scenario").into()),
        };
    }
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() { &here[..] } else { &args.paths };
    let mut output = FmtOutput { check: args.check, unchanged: 0, changed: Vec::new(), errors: Vec::new() };
    let mut problems = Problems::default();
    for path in paths {
        match suite::files_under(path) {
            Ok(files) if files.is_empty() => {
                problems
                    .add(Problem::new(format!("no file here ends in .{}", suite::EXTENSION)).in_file(path.display()));
            }
            Ok(files) => files.iter().for_each(|file| match format_file(file, args.check) {
                Ok(true) => output.changed.push(file.display().to_string()),
                Ok(false) => output.unchanged += 1,
                Err(problem) => problems.add(problem),
            }),
            Err(problem) => problems.add(problem),
        }
    }
    output.errors = problems.outputs();
    print(&told(&output, format))?;
    if !problems.is_empty() {
        return Ok(beside(&problems));
    }
    Ok(u8::from(args.check && !output.changed.is_empty()))
}

/// The files that changed or would, a line each.
fn told(output: &FmtOutput, format: Format) -> String {
    match format {
        Format::Json => json(output),
        _ => output.changed.iter().map(|file| format!("{file}\n")).collect(),
    }
}

/// What a file holds, if it is text.
fn text(bytes: Vec<u8>, name: &str) -> Result<String, Problem> {
    String::from_utf8(bytes).map_err(|_| Problem::new("this is no UTF-8 text").in_file(name).help("save it as UTF-8"))
}

fn standard_input(check: bool, format: Format) -> Result<u8, Problems> {
    if format == Format::Json && !check {
        return Err(Problem::new("`fmt -` writes the scenario itself").help("with --check it writes json").into());
    }
    let name = "standard input";
    let source = text(lang::file::bytes(Path::new("-"), MAX_FILE)?, name)?;
    let formatted = format_source(&source, name)?;
    if check {
        let changed: Vec<String> = (formatted != source).then(|| name.to_owned()).into_iter().collect();
        let output = FmtOutput { check, unchanged: 1 - changed.len(), changed, errors: Vec::new() };
        print(&told(&output, format))?;
        return Ok(u8::from(!output.changed.is_empty()));
    }
    print_source(&formatted)?;
    Ok(0)
}

/// Formats a file, unless it only looks; says whether there was something to change.
fn format_file(path: &Path, check: bool) -> Result<bool, Problems> {
    let explain = |error: std::io::Error| Problem::new(error).in_file(path.display());
    if !fs::metadata(path).map_err(explain)?.is_file() {
        let help = "`winaccept fmt -` formats standard input";
        return Err(Problem::new("this is no file that could be replaced").in_file(path.display()).help(help).into());
    }
    let source = text(lang::file::bytes(path, MAX_FILE)?, &path.display().to_string())?;
    let formatted = format_source(&source, &path.display().to_string())?;
    if formatted == source {
        return Ok(false);
    }
    if !check {
        replace(path, &formatted).map_err(explain)?;
    }
    Ok(true)
}

/// Puts the whole text in the file's place at once, so that whatever goes wrong leaves the old file.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let path = fs::canonicalize(path)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::write(&temporary, text)
        .and_then(|()| fs::set_permissions(&temporary, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // Nothing more can be done about a leftover than to try.
        let _ = fs::remove_file(&temporary);
    }
    written
}
