//! What the loader takes and what it refuses.

use winaccept::spec::{LoadError, Sources, Spec};

const CLAUSES: &str = r#"
schema = 1
[[clause]]
id = "accept.ret.descriptor"
doc = "accept"
section = "returns"
kind = "postcondition"
statement = "A descriptor is returned."
quote = "a descriptor"
line = 1
testable = "model+real"
contradicts = []
"#;
const RELATED: &str = "schema = 1\nrule = []\nerror_code = []\nconstant = []\n";
const NOTES: &str = "schema = 1\nnote = []\n";
const OBSERVATIONS: &str = "schema = 1\nobservation = []\n";

fn parse(clauses: &str) -> Result<Spec, LoadError> {
    Spec::parse(Sources { clauses, related: RELATED, notes: NOTES, observations: OBSERVATIONS })
}

#[test]
fn bundled_data_parses() {
    // The one place where a broken file shows as a test failure with the parser's own message.
    assert!(Spec::parse(Sources::bundled()).map_err(|error| panic!("{error}")).is_ok());
}

#[test]
fn a_clause_is_read() {
    let spec = parse(CLAUSES).expect("the sample is well-formed");
    assert!(spec.knows("accept.ret.descriptor"));
    assert_eq!(spec.clauses().len(), 1);
}

#[test]
fn unknown_fields_and_values_are_refused() {
    let changes = [
        ("line = 1", "line = 1\ncolumn = 2", "column"),
        ("\"accept\"", "\"Accept\"", "Accept"),
        ("postcondition", "aftermath", "aftermath"),
        ("model+real", "real", "real"),
        ("\"returns\"", "\"somewhere\"", "somewhere"),
        ("line = 1", "line = -1", "-1"),
    ];
    for (from, to, named) in changes {
        match parse(&CLAUSES.replacen(from, to, 1)) {
            Err(LoadError::Shape { file: "clauses.toml", message }) => assert!(message.contains(named), "{message}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn other_schemas_are_refused() {
    let error = parse(&CLAUSES.replace("schema = 1", "schema = 2")).expect_err("schema 2 is not known");
    assert_eq!(error, LoadError::Schema { file: "clauses.toml", found: 2 });
    assert_eq!(error.to_string(), "clauses.toml: schema 2, expected 1");
}

#[test]
fn ids_occur_once() {
    let twice = format!("{CLAUSES}{}", CLAUSES.replace("schema = 1", ""));
    assert_eq!(parse(&twice).expect_err("the id occurs twice"), LoadError::DuplicateId("accept.ret.descriptor".into()));
}
