//! Every example of the grammar page is what it says it is.

use std::fs;
use std::path::Path;

use winaccept::judge;
use winaccept::lang::{format_source, parse};
use winaccept::profiles::Choices;
use winaccept::suite::Scenario;
use winaccept::verdict::Verdict;
use winaccept_model::step::Machine;

struct Example {
    /// What stands behind the fence.
    kind: String,
    text: String,
    line: usize,
}

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language.md")).unwrap()
}

fn examples() -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut open = false;
    for (number, line) in page().lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(kind) => {
                open = true;
                examples.push(Example { kind: kind.to_owned(), text: String::new(), line: number + 1 });
            }
            None if open => examples.last_mut().unwrap().text += &format!("{line}\n"),
            None => {}
        }
    }
    examples
}

#[test]
fn every_example_is_formatted_and_holds_on_the_model() {
    let examples = examples();
    let prelude = examples[0].text.clone();
    for Example { kind, text, line } in &examples {
        let file = format!("language.md:{line}");
        let whole = if kind.contains("fragment") { format!("{prelude}{text}") } else { text.clone() };
        let parsed = parse(whole.as_bytes(), &file, &|_| true);
        match kind.as_str() {
            "winaccept" | "winaccept fragment" => {
                if let Err(diagnostics) = parsed {
                    panic!("{diagnostics}");
                }
                assert_eq!(format_source(&whole, &file).unwrap(), whole, "{file} is not laid out as `fmt` does");
                let scenario = Scenario::read(whole.as_bytes(), &file).unwrap_or_else(|problem| panic!("{problem}"));
                let documented = Choices::bundled().profile("documented").unwrap();
                let judged = judge::model(&scenario, &Machine::new(documented));
                assert_eq!(judged.verdict, Verdict::Pass, "{file}: {}", judged.reason);
            }
            "winaccept fragment broken" => {
                // What the page shows beside it is what is said, but for the name of the file.
                let said = parsed.unwrap_err().to_string().replace(&file, "FILE");
                let shown = &examples.iter().find(|other| other.kind == "text" && other.line > *line).unwrap().text;
                assert_eq!(said.trim(), shown.trim());
            }
            "text" => {}
            other => panic!("{file}: unknown kind of example `{other}`"),
        }
    }
    assert!(examples.len() > 10);
}

#[test]
fn the_page_names_every_limit() {
    use winaccept::lang::limits::{MAX_ACTORS, MAX_LINE, MAX_NAMES, MAX_STEPS};
    let page = page();
    for limit in [MAX_LINE, MAX_ACTORS, MAX_NAMES, MAX_STEPS] {
        assert!(page.contains(&format!("| {limit}")), "{limit}");
    }
}

#[test]
fn every_call_has_a_row() {
    let page = page();
    let (_, calls) = page.split_once("| call |").expect("the table of calls");
    let calls = calls.split("\n\n").next().expect("it ends");
    for function in winaccept_model::call::Function::ALL {
        let begin = format!("`{}(", function.name());
        assert!(calls.contains(&begin), "docs/language.md has no row of {}", function.name());
    }
}

#[test]
fn what_the_model_does_not_know_is_listed() {
    let row = |(_, rule): (winaccept_model::rule::Table, &winaccept_model::rule::Rule)| {
        let sources: Vec<String> = rule.sources().map(|source| format!("`{source}`")).collect();
        rule.name.ends_with("-not-modelled").then(|| format!("| `{}` | {} |\n", rule.name, sources.join(", ")))
    };
    let rows: String = winaccept_model::rules::all().filter_map(row).collect();
    let list = format!("| rule | what the documents say there |\n|---|---|\n{rows}\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language.md");
    let page = fs::read_to_string(&path).expect("a page of this repository");
    let (before, rest) = page.split_once("(A test keeps this list.)\n\n").expect("the list has its place");
    let (kept, after) = rest.split_once("## Errors\n").expect("the next section");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let text = format!("{before}(A test keeps this list.)\n\n{list}## Errors\n{after}");
        fs::write(&path, text).expect("the page can be written");
    }
    assert_eq!(kept, list, "UPDATE_DOCS=1 cargo test writes the list anew");
}
