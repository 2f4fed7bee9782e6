//! What is wrong with a scenario file, shown as rustc shows it.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// One thing wrong at one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// What is wrong, in one line.
    pub title: String,
    /// The bytes of the source that it is about.
    pub span: Range<usize>,
    /// What stands beside the marked place: usually what was expected.
    pub label: String,
    /// What to do about it.
    pub help: Vec<String>,
    /// Other places that matter, such as an earlier declaration, with what to say beside them.
    pub also: Vec<(Range<usize>, String)>,
    /// The id of a clause, fact or note that nobody knows, if that is what is wrong.
    pub unknown: Option<String>,
}

impl Diagnostic {
    pub(super) fn new(title: impl Into<String>, span: Range<usize>, label: impl Into<String>) -> Diagnostic {
        Diagnostic { title: title.into(), span, label: label.into(), help: Vec::new(), also: Vec::new(), unknown: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help.push(help.into());
        self
    }

    pub(super) fn maybe_help(mut self, help: Option<String>) -> Diagnostic {
        self.help.extend(help);
        self
    }

    pub(super) fn unknown(mut self, id: &str) -> Diagnostic {
        self.unknown = Some(id.to_owned());
        self
    }

    pub(super) fn also(mut self, span: Range<usize>, label: impl Into<String>) -> Diagnostic {
        self.also.push((span, label.into()));
        self
    }
}

/// Everything found wrong with one scenario file. [`Display`](fmt::Display) shows it to a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Diagnostics {
    file: String,
    /// `None` when the file is no text that could be shown.
    source: Option<String>,
    list: Vec<Diagnostic>,
}

/// A scenario that is sound but larger than a world can be.
#[must_use]
pub fn too_large(source: &str, file: &str, span: Range<usize>, what: &str) -> Diagnostics {
    let problem = Diagnostic::new(what, span, "here the model is full").help("show the same with less of it");
    Diagnostics::in_text(file, source, vec![problem])
}

/// How many are shown. Beyond this, later ones are mostly consequences of earlier ones.
const SHOWN: usize = 20;

impl Diagnostics {
    /// Several problems in a text, sorted by place.
    pub(super) fn in_text(file: &str, source: &str, mut list: Vec<Diagnostic>) -> Diagnostics {
        list.sort_by_key(|problem| problem.span.start);
        Diagnostics { file: file.to_owned(), source: Some(source.to_owned()), list }
    }

    /// One problem with a file whose contents are not worth showing.
    pub(super) fn in_file(file: &str, problem: Diagnostic) -> Diagnostics {
        Diagnostics { file: file.to_owned(), source: None, list: vec![problem] }
    }

    /// The file, as the caller named it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The problems in the order of their places; at least one.
    #[must_use]
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// Says of each id that nobody knows what may have been meant, in place of where all of them are.
    pub fn advise(&mut self, meant: impl Fn(&str) -> Option<String>) {
        for problem in &mut self.list {
            if let Some(help) = problem.unknown.as_deref().and_then(&meant) {
                problem.help = vec![help];
            }
        }
    }

    /// Line and column of a problem, both from 1, the column in characters.
    #[must_use]
    pub fn position(&self, problem: &Diagnostic) -> (usize, usize) {
        let before = self.source.as_deref().and_then(|source| source.get(..problem.span.start)).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The same, where the file is a text that has lines.
    #[must_use]
    pub fn place(&self, problem: &Diagnostic) -> Option<(usize, usize)> {
        self.source.as_ref().map(|_| self.position(problem))
    }

    /// One problem as people read it, without the end of its last line.
    #[must_use]
    pub fn shown(&self, problem: &Diagnostic) -> String {
        Renderer::plain().decor_style(DecorStyle::Ascii).render(&[self.report(problem)])
    }

    /// The text for people; with `color`, with terminal escape sequences.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
        let mut out = String::new();
        for problem in self.list.iter().take(SHOWN) {
            out += &renderer.render(&[self.report(problem)]);
            out += "\n\n";
        }
        if self.list.len() > SHOWN {
            out += &format!("and {} more\n\n", self.list.len() - SHOWN);
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }

    fn report<'a>(&'a self, problem: &'a Diagnostic) -> Group<'a> {
        let title = Level::ERROR.primary_title(problem.title.as_str());
        let mut group = match &self.source {
            Some(source) => title.element(snippet(&self.file, source, problem)),
            None => title.element(Origin::path(self.file.as_str())),
        };
        if self.source.is_none() && !problem.label.is_empty() {
            group = group.element(Level::NOTE.message(problem.label.as_str()));
        }
        for help in &problem.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }
}

/// The lines that matter. The whole source would do, but would be searched anew for every problem.
fn snippet<'a>(
    file: &'a str,
    source: &'a str,
    problem: &'a Diagnostic,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let spans = || std::iter::once(&problem.span).chain(problem.also.iter().map(|(span, _)| span));
    let first = spans().map(|span| span.start).min().unwrap_or(0).min(source.len());
    let last = spans().map(|span| span.end).max().unwrap_or(0).min(source.len());
    let start = source[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = source[last..].find('\n').map_or(source.len(), |at| last + at);
    let shift = |span: &Range<usize>| span.start.clamp(start, end) - start..span.end.clamp(start, end) - start;
    let mut snippet = Snippet::source(&source[start..end])
        .line_start(source[..start].matches('\n').count() + 1)
        .path(file)
        .annotation(AnnotationKind::Primary.span(shift(&problem.span)).label(problem.label.as_str()));
    for (span, label) in &problem.also {
        snippet = snippet.annotation(AnnotationKind::Context.span(shift(span)).label(label.as_str()));
    }
    snippet
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// As a failed `unwrap` in a test should show it.
impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl std::error::Error for Diagnostics {}
