//! Does every clause's quote stand in its document? The documents are Microsoft's and are not part
//! of this repository, so whoever has copies names a folder.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::plain::Plain;
use super::{Clause, Document, Spec};

/// The result of [`check`]ing the quotes of all clauses against copies of the documents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The file in which each document was recognised.
    pub files: BTreeMap<Document, PathBuf>,
    /// Documents of which the folder holds no copy. Their clauses were not checked.
    pub missing: Vec<Document>,
    /// Files that are further copies of a document already found. They were not read.
    pub surplus: Vec<PathBuf>,
    /// How many quotes were compared.
    pub checked: usize,
    /// What is wrong, in the order of the inventory.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether every document was found and every quote stands where its clause says.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty() && self.findings.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let documents = self.files.len();
        writeln!(f, "{} quotes checked in {documents} of {} documents", self.checked, Document::ALL.len())?;
        for document in &self.missing {
            writeln!(f, "no copy of the document `{document}`")?;
        }
        for file in &self.surplus {
            writeln!(f, "{}: another copy, not read", file.display())?;
        }
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        Ok(())
    }
}

/// A clause whose quote is not where it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The clause.
    pub clause: String,
    /// Its document.
    pub document: Document,
    /// The line the clause states, counted from 1.
    pub line: u32,
    /// The lines on which the quote does begin, counted from 1; empty if it does not occur.
    pub found: Vec<u32>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { clause, document, line, found } = self;
        match found.as_slice() {
            [] => write!(f, "{clause}: the quote does not occur in `{document}`"),
            lines => write!(f, "{clause}: the quote is on line {lines:?} of `{document}`, not on {line}"),
        }
    }
}

/// Compares every clause of the bundled inventory with the copies of the documents in `folder`.
///
/// Files are recognised by the `title:` of their front matter, whatever their names; sub-folders
/// and files that are no such document are passed over.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn check(folder: &Path) -> io::Result<Report> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    let mut report =
        Report { files: BTreeMap::new(), missing: Vec::new(), surplus: Vec::new(), checked: 0, findings: Vec::new() };
    let mut pages = BTreeMap::new();
    for path in paths.into_iter().filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        let Some(document) = recognise(&text) else { continue };
        match report.files.entry(document) {
            Entry::Occupied(_) => report.surplus.push(path),
            Entry::Vacant(slot) => {
                slot.insert(path);
                pages.insert(document, Plain::of(&text));
            }
        }
    }
    report.missing = Document::ALL.into_iter().filter(|document| !pages.contains_key(document)).collect();
    for clause in Spec::bundled().clauses() {
        if let Some(page) = pages.get(&clause.doc) {
            report.checked += 1;
            report.findings.extend(compare(clause, page));
        }
    }
    Ok(report)
}

/// Which document a text is, told by the title in its front matter.
#[must_use]
pub fn recognise(text: &str) -> Option<Document> {
    let front_matter = text.trim_start_matches('\u{feff}').strip_prefix("---")?;
    let title =
        front_matter.lines().skip(1).take_while(|line| *line != "---").find_map(|line| line.strip_prefix("title:"))?;
    // Later versions of the pages add the header to the title: "accept function (winsock2.h)".
    let title = title.trim();
    let title = title.strip_suffix(".h)").and_then(|title| title.rsplit_once(" (")).map_or(title, |(name, _)| name);
    match title {
        "accept function" => Some(Document::Accept),
        "WSAAccept function" => Some(Document::WsaAccept),
        "AcceptEx function" => Some(Document::AcceptEx),
        "LPWSPACCEPT" => Some(Document::WspAccept),
        "Accepting a Connection (Windows Sockets 2)" => Some(Document::Tutorial),
        _ => None,
    }
}

fn compare(clause: &Clause, page: &Plain) -> Option<Finding> {
    let found = page.lines_of(&clause.quote);
    if found.contains(&clause.line) {
        return None;
    }
    Some(Finding { clause: clause.id.clone(), document: clause.doc, line: clause.line, found })
}
