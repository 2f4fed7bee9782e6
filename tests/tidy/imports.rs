//! Imports run one way: a file that needs another is not needed by it, directly or around corners.

use std::collections::{BTreeMap, BTreeSet};

use super::{File, files, none};

/// The circles that there are, each with its reason: crate, files, why.
const CIRCLES: &[(&str, &[&str], &str)] = &[
    (
        "model",
        &[
            "at",
            "bytes",
            "call",
            "kind",
            "machine",
            "operation",
            "outcome",
            "rule",
            "rules",
            "world",
            "world::conn",
            "world::index",
            "world::socket",
        ],
        "a call has values, and values are of calls; the world holds operations, and operations name what the world holds; a rule \
         names the type that it asks and changes, which ends in rules",
    ),
    (
        "conformance",
        &["stack::protocol::function", "stack::wire"],
        "a function is written down kind by kind, and kinds are of functions",
    ),
    (
        "conformance",
        &["stack::windows::actor", "stack::windows::pass", "stack::windows::perform", "stack::windows::worker"],
        "a call that a thread makes may begin another thread, and both write to the one who asked",
    ),
    (
        "program",
        &["condition", "interface", "overlapped", "routine", "sign", "sync", "winsock"],
        "what a program calls are methods of one type, by topic, and what each of them asks the scheduler stands with its topic",
    ),
    (
        "program",
        &["engine", "outcomes", "phase", "requests"],
        "a run is one type, and what is looked at after each of its steps are methods of it, by topic",
    ),
    ("program", &["load::client", "load::run"], "a client makes its calls through the run, which keeps all clients"),
    (
        "program/windows-sys",
        &["address", "flight", "here", "pool", "windows"],
        "what a thread has here knows its requests in flight, its windows and its pool, and these whose they are",
    ),
    (
        "conformance/lang",
        &["kind", "render", "signature"],
        "a kind of parameter writes itself, and a call is written kind by kind",
    ),
];

/// The folders of the crates.
const CRATES: [&str; 10] = [
    "model",
    "sim",
    "program",
    "program/windows-sys",
    "conformance",
    "conformance/chart",
    "conformance/lang",
    "conformance/command",
    "bench",
    "fuzz/cases",
];

/// Which module names which in its `use` lines.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn imports_run_one_way() {
    let all = files(&["rs"]);
    let mut found = Vec::new();
    let mut excused: BTreeSet<usize> = BTreeSet::new();
    for name in CRATES {
        for circle in circles(&imports(name, &all)) {
            let covers = |&(of, files, _): &(&str, &[&str], &str)| {
                of == name && circle.iter().all(|module| files.contains(&module.as_str()))
            };
            match CIRCLES.iter().position(covers) {
                Some(entry) => drop(excused.insert(entry)),
                None => found.push(format!("{name}: {}", circle.join(", "))),
            }
        }
    }
    none("files that import each other in a circle", &found);
    let gone = CIRCLES.iter().enumerate().filter(|(entry, _)| !excused.contains(entry));
    let gone: Vec<String> = gone.map(|(_, (name, files, _))| format!("{name}: {}", files.join(", "))).collect();
    none("circles that are no more, to be taken from the list", &gone);
}

/// The modules of a crate and what they import from each other.
fn imports(name: &str, all: &[File]) -> Imports {
    let source = format!("{name}/src/");
    let module = |file: &File| -> Option<String> {
        let path = file.name.strip_prefix(&source)?.strip_suffix(".rs")?;
        let path = path.strip_suffix("/mod").unwrap_or(path);
        Some(if path == "lib" || path == "main" { String::new() } else { path.replace('/', "::") })
    };
    let used: BTreeMap<String, Vec<String>> = all.iter().filter_map(|file| Some((module(file)?, used(file)))).collect();
    // What a file passes on from one below it, by the name under which it does.
    let mut passed: BTreeMap<String, String> = BTreeMap::new();
    for (module, paths) in &used {
        for path in paths {
            let (child, full) = (path.split("::").next().unwrap_or(path), inside(module, path));
            if used.contains_key(&inside(module, child)) {
                passed.insert(inside(module, full.rsplit("::").next().unwrap_or(path)), full);
            }
        }
    }
    let file_of = |path: String| {
        let mut path = passed.get(&path).cloned().unwrap_or(path);
        while !used.contains_key(&path) {
            path = path.rsplit_once("::")?.0.to_owned();
        }
        Some(path)
    };
    let of = |module: &String, paths: &[String]| -> BTreeSet<String> {
        let named = paths.iter().filter_map(|path| absolute(module, path)).filter_map(file_of);
        named.filter(|other| other != module && !other.is_empty()).collect()
    };
    used.iter().map(|(module, paths)| (module.clone(), of(module, paths))).collect()
}

fn inside(module: &str, path: &str) -> String {
    if module.is_empty() { path.to_owned() } else { format!("{module}::{path}") }
}

/// A path that begins with `crate` or `super`, from the crate's root.
fn absolute(module: &str, path: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix("crate::") {
        return Some(rest.to_owned());
    }
    let (mut above, mut rest) = (module, path);
    while let Some(higher) = rest.strip_prefix("super::") {
        above = above.rsplit_once("::").map_or("", |(higher, _)| higher);
        rest = higher;
    }
    (rest != path).then(|| inside(above, rest))
}

/// The paths that a file's `use` lines name.
fn used(file: &File) -> Vec<String> {
    let without_comment = |(_, line)| str::split(line, "//").next().unwrap_or_default().to_owned();
    let code: Vec<String> = file.code().map(without_comment).collect();
    let mut paths = Vec::new();
    for statement in code.join("\n").split(';') {
        let line = statement.lines().position(|line| {
            let line = line.trim_start();
            line.starts_with("use ") || line.starts_with("pub") && line.contains(" use ")
        });
        let Some(line) = line else { continue };
        let tree: String = statement.lines().skip(line).collect::<Vec<_>>().join(" ");
        let Some((_, tree)) = tree.split_once("use ") else { continue };
        // A name that something is given here changes nothing about where it comes from.
        let mut parts = tree.split(" as ");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        parts.for_each(|part| plain += part.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'));
        spread("", &plain.split_whitespace().collect::<String>(), &mut paths);
    }
    paths
}

/// Writes out `a::{b, c::{d, e}}` as `a::b`, `a::c::d` and `a::c::e`.
fn spread(before: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((start, inside)) = tree.split_once('{') else {
        paths.push(format!("{before}{tree}"));
        return;
    };
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let (mut depth, mut from) = (0, 0);
    for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if at > from {
                    spread(&format!("{before}{start}"), &inside[from..at], paths);
                }
                from = at + 1;
            }
            _ => {}
        }
    }
}

/// The sets of modules that reach each other.
fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> =
        imports.keys().map(|from| (from, reachable(imports, from))).collect();
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for (module, others) in &reach {
        if others.contains(module) {
            let circle = others.iter().filter(|other| reach[*other].contains(module));
            circles.insert(circle.map(|other| (*other).clone()).collect());
        }
    }
    circles.into_iter().collect()
}

fn reachable<'a>(imports: &'a Imports, from: &String) -> BTreeSet<&'a String> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&String> = imports[from].iter().collect();
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(&imports[module]);
        }
    }
    seen
}

#[test]
fn a_circle_is_found() {
    let file = |name: &str, text: &str| File { name: name.to_owned(), text: text.to_owned() };
    let all = [
        file("model/src/lib.rs", "//! x\nmod a;\n"),
        file("model/src/a.rs", "use std::fs;\nuse crate::{b::{self, c::D as E, }, other};\n"),
        file("model/src/b.rs", "mod c;\npub use c::{D, E};\n"),
        file("model/src/b/c.rs", "pub(crate) use super::super::a::X;\n// use crate::d;\n"),
        file("model/src/d.rs", "use crate::a;\nuse crate::b::E;\n#[cfg(test)]\nuse crate::e;\n"),
    ];
    let found = imports("model", &all);
    let names = |module: &str| found[module].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(names("a"), ["b", "b::c"]);
    assert_eq!(names("d"), ["a", "b::c"]);
    assert_eq!(circles(&found), [["a", "b::c"]]);
}
