//! Scenario files: the bundled ones, and those a user names.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use winaccept_lang::bundle;
use winaccept_sim::scenario;
use winaccept_sim::script::{Script, Span};

use crate::lang::{self, limits::MAX_FILE};
use crate::parallel::each;
use crate::problem::{Problem, Problems, aside};
use crate::spec::{Entry, Spec, similar};
use crate::verdict::Judged;
use crate::watch::Watch;

/// Where the bundled scenarios are.
const BUNDLED: &str = "conformance/scenarios";

/// The name of standard input on the command line.
pub const STDIN: &str = "-";

/// The ending of scenario files.
pub const EXTENSION: &str = "winaccept";

/// A scenario that can be run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its file, as shown to people: relative to the bundled folder, or as the user named it.
    pub file: String,
    /// It as data.
    pub script: Script,
    /// It made ready to run.
    pub program: scenario::Scenario,
    /// Where the lines of the file begin.
    lines: Vec<u32>,
    /// What the documents say of it, once somebody asked.
    documents: OnceLock<Judged>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// What is wrong, with place and remedy.
    pub fn read(source: &[u8], file: &str) -> Result<Scenario, Problems> {
        let spec = Spec::bundled();
        let knows = |id: &str| match (id.strip_prefix('?'), id.strip_prefix('!')) {
            (Some(note), _) => spec.note(note).is_some(),
            (_, Some(fact)) => spec.observation(fact).is_some(),
            _ => spec.knows(id),
        };
        let script = lang::parse(source, file, &knows).map_err(|mut problems| {
            problems.advise(meant);
            problems
        })?;
        let program = scenario::Scenario::new(&script).map_err(|problem| {
            let span = problem.span.start as usize..problem.span.end as usize;
            lang::too_large(&String::from_utf8_lossy(source), file, span, &problem.message)
        })?;
        let ends = source.iter().zip(1..).filter(|(byte, _)| **byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(_, next)| next)).collect();
        Ok(Scenario { file: file.to_owned(), script, program, lines, documents: OnceLock::new() })
    }

    /// What the documents, as the model reads them, say of its expectations and claims.
    pub fn documents(&self) -> &Judged {
        self.documents.get_or_init(|| crate::judge::by_documents(self))
    }

    /// Its name, as `winaccept list` tells it: the file's, without the ending.
    #[must_use]
    pub fn name(&self) -> &str {
        self.file.trim_end_matches(".winaccept")
    }

    /// The line of a step in the file, from 1.
    #[must_use]
    pub fn line(&self, step: usize) -> usize {
        self.line_at(self.program.steps[step].span)
    }

    /// The line of the file on which this begins, from 1.
    #[must_use]
    pub fn line_at(&self, span: Span) -> usize {
        self.lines.partition_point(|line| *line <= span.start)
    }

    /// Every fact that a step of this scenario confirms, in order, each once.
    #[must_use]
    pub fn facts(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for fact in self.program.steps.iter().flat_map(|step| &step.confirms) {
            if !all.contains(&fact.as_str()) {
                all.push(fact);
            }
        }
        all
    }

    /// Every clause that a step or claim of this scenario shows, in order, each once.
    #[must_use]
    pub fn clauses(&self) -> Vec<&str> {
        let steps = self.program.steps.iter().flat_map(|step| &step.shows);
        let nevers = self.program.nevers.iter().flat_map(|never| &never.shows);
        let mut all: Vec<&str> = Vec::new();
        for clause in steps.chain(nevers) {
            if !all.contains(&clause.as_str()) {
                all.push(clause);
            }
        }
        all
    }
}

/// What may have been meant by an id of a clause or a note that nobody knows.
fn meant(id: &str) -> Option<String> {
    let spec = Spec::bundled();
    if spec.knows(id) {
        return Some(format!("this is a clause: a step `shows {id}`"));
    }
    if spec.note(id).is_some() {
        return Some(format!("this is a note: the outcome is `?{id}`"));
    }
    let ids = || spec.entries().map(Entry::id).chain(spec.notes().iter().map(|note| note.id.as_str()));
    let mut near = similar(id, ids());
    if near.is_empty() {
        // What begins alike is about the same.
        let begins = id.rfind(['.', '-']).map(|at| &id[..at])?;
        near.extend(ids().filter(|known| known.starts_with(begins)));
    }
    let near: Vec<String> = near.iter().take(3).map(|near| format!("`{near}`")).collect();
    (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
}

/// The bundled scenarios, in the order of their names.
///
/// # Errors
/// The diagnostics of the first broken file; a test reads them all.
pub fn bundled() -> Result<Vec<Scenario>, Problems> {
    let files: Vec<bundle::File> = files().collect();
    each(&files, &Watch::unattended(), |_, (name, source)| Scenario::read(source, name)).into_iter().collect()
}

fn files() -> impl Iterator<Item = bundle::File> {
    bundle::under(BUNDLED, EXTENSION)
}

/// How many scenarios are bundled.
pub(crate) fn bundled_files() -> usize {
    files().count()
}

/// Keeps the scenarios whose file or title contains this text.
///
/// # Errors
/// When none is left: an empty answer would look like a good one.
pub fn keep_only(scenarios: &mut Vec<Scenario>, text: &str) -> Result<(), Problems> {
    scenarios.retain(|scenario| scenario.file.contains(text) || scenario.script.title.contains(text));
    if scenarios.is_empty() {
        Err(Problem::new(format!("no scenario's file or title contains `{text}`")).into())
    } else {
        Ok(())
    }
}

/// The scenarios in these files and folders, `-` being standard input, or bundled ones by name, and every problem: a path that
/// cannot be read, that holds no scenario, or a broken one.
#[must_use]
pub fn read(paths: &[PathBuf]) -> (Vec<Scenario>, Problems) {
    let (mut scenarios, mut problems) = (Vec::new(), Problems::default());
    if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        problems.add(Problem::new("`-` stands twice, but standard input can be read only once"));
        return (scenarios, problems);
    }
    for path in paths {
        if !is_stdin(path) && std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            match find(path) {
                Ok(scenario) => scenarios.push(scenario),
                Err(problem) => problems.add(problem),
            }
            continue;
        }
        match files_under(path) {
            Ok(files) if files.is_empty() => {
                problems.add(Problem::new(format!("no file here ends in .{EXTENSION}")).in_file(path.display()));
            }
            Ok(files) => {
                for file in files {
                    match read_file(&file) {
                        Ok(scenario) => scenarios.push(scenario),
                        Err(problem) => problems.add(problem),
                    }
                }
            }
            Err(problem) => problems.add(problem),
        }
    }
    (scenarios, problems)
}

/// The scenario in this file, or on standard input.
fn read_file(path: &Path) -> Result<Scenario, Problems> {
    let name = path.to_string_lossy();
    let source = lang::file::bytes(path, MAX_FILE)?;
    Scenario::read(&source, if is_stdin(path) { "standard input" } else { &name })
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// The scenario of this file, `-` being standard input, or, where there is no such file, the bundled one of this name.
///
/// # Errors
/// When there is neither, with bundled names that resemble it, or when it is broken.
pub fn find(path: &Path) -> Result<Scenario, Problems> {
    // Whatever is no folder can be read: a pipe, or `/dev/stdin`.
    if is_stdin(path) || std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir()) {
        return read_file(path);
    }
    bundled_as(path).map_err(|help| {
        let wanted = path.display();
        Problem::new(format!("no file and no bundled scenario is called `{wanted}`")).help(help)
    })?
}

/// The bundled scenario of this name, as `winaccept list` tells it, or of its last part where no other has that.
///
/// # Errors
/// What to do where there is none, or more than one.
fn bundled_as(path: &Path) -> Result<Result<Scenario, Problems>, String> {
    let wanted = path.to_string_lossy().replace('\\', "/");
    let wanted = wanted.strip_suffix(".winaccept").unwrap_or(&wanted);
    let stem = |name: &'static str| name.strip_suffix(".winaccept").unwrap_or(name);
    let last = |name: &'static str| stem(name).rsplit('/').next().unwrap_or(name);
    let whole = files().find(|(name, _)| stem(name) == wanted);
    let by_last: Vec<bundle::File> = files().filter(|(name, _)| last(name) == wanted).collect();
    match (whole, by_last.as_slice()) {
        (Some((name, source)), _) => Ok(Scenario::read(source, name)),
        (None, [(name, source)]) => Ok(Scenario::read(source, name)),
        (None, []) => Err(match similar(wanted, files().flat_map(|(name, _)| [last(name), stem(name)])).first() {
            Some(near) => format!("did you mean the bundled scenario `{near}`?"),
            None => "name a file, or a bundled scenario as `winaccept list` tells them".to_owned(),
        }),
        (None, several) => {
            let names: Vec<String> = several.iter().map(|(name, _)| format!("`{}`", stem(name))).collect();
            Err(format!("several bundled scenarios are called so: {}", names.join(", ")))
        }
    }
}

/// The scenario files below a folder; anything that is no folder stands for itself.
pub(crate) fn files_under(path: &Path) -> Result<Vec<PathBuf>, Problems> {
    if is_stdin(path) {
        return Ok(vec![path.to_owned()]);
    }
    let explain = |error: std::io::Error| Problem::new(error).in_file(path.display());
    let metadata = std::fs::metadata(path).map_err(explain)?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let (mut files, mut entered) = (Vec::new(), BTreeSet::new());
    below(path, &mut entered, &mut files).map_err(explain)?;
    files.sort();
    // One file under two names is one file.
    let mut known = BTreeSet::new();
    files.retain(|file| std::fs::canonicalize(file).is_ok_and(|real| known.insert(real)));
    Ok(files)
}

/// The plain files with our ending below a folder. A folder that was entered before, through a link, is not entered again; what
/// is neither file nor folder may never end, and is passed over.
fn below(folder: &Path, entered: &mut BTreeSet<PathBuf>, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !entered.insert(std::fs::canonicalize(folder)?) {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?.path();
        let is_ours = entry.extension().is_some_and(|ending| ending == EXTENSION);
        match std::fs::metadata(&entry) {
            Ok(metadata) if metadata.is_dir() => below(&entry, entered, files)?,
            Ok(metadata) if is_ours && metadata.is_file() => files.push(entry),
            Ok(_) if is_ours => aside(format_args!("{}: not read: it is no plain file", entry.display())),
            Err(error) if is_ours => aside(format_args!("{}: not read: {error}", entry.display())),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}
