//! The JSON Schemas in `conformance/schemas` are those of the types that the commands write.
//!
//! `UPDATE_SCHEMAS=1 cargo test --test schemas` writes them anew.

use std::fs;
use std::path::Path;

#[test]
fn schemas_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut names = Vec::new();
    for (name, schema) in winaccept::schemas::all() {
        let path = folder.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(kept == text, "{name}.json is out of date; UPDATE_SCHEMAS=1 cargo test --test schemas writes it anew");
        names.push(format!("{name}.json"));
    }
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "{name} is the schema of nothing");
    }
}
